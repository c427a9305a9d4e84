//! A vector in Zend's memory.

use std::alloc::Layout;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::slice;

use ext_php_rs::alloc::{efree, emalloc};

/// A growing list of plain values whose memory the end of the request frees if the engine leaves
/// by `longjmp`; otherwise [`free`](Self::free) does. Deliberately without a `Drop`.
pub struct ZendVec<T: Copy> {
    data: *mut T,
    len: usize,
    capacity: usize,
}

impl<T: Copy> ZendVec<T> {
    pub const fn new() -> Self {
        Self { data: ptr::null_mut(), len: 0, capacity: 0 }
    }

    #[inline]
    pub fn push(&mut self, value: T) {
        if self.len == self.capacity {
            self.grow(1);
        }
        // SAFETY: there is room for one more.
        unsafe { self.data.add(self.len).write(value) };
        self.len += 1;
    }

    /// Makes room for `more` values that are likely to come.
    #[inline]
    pub fn reserve(&mut self, more: usize) {
        if self.capacity - self.len < more {
            self.grow(more);
        }
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let capacity = (2 * self.capacity).max(self.len + more).max(16);
        // Out of memory ends the request, here as everywhere in PHP. The sizes cannot overflow:
        // what is there already fits the address space.
        let layout = Layout::array::<T>(capacity).expect("a vector larger than the address space");
        let data = emalloc(layout).cast::<T>();
        // SAFETY: the new memory is larger than the old, which is freed once.
        unsafe {
            if !self.data.is_null() {
                ptr::copy_nonoverlapping(self.data, data, self.len);
                efree(self.data.cast());
            }
        }
        (self.data, self.capacity) = (data, capacity);
    }

    /// Gives the memory back. The vector is empty afterwards.
    pub fn free(&mut self) {
        if !self.data.is_null() {
            // SAFETY: allocated by `grow`, freed once.
            unsafe { efree(self.data.cast()) };
        }
        *self = Self::new();
    }
}

impl<T: Copy> Deref for ZendVec<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: `len` values have been written.
        unsafe { slice::from_raw_parts(self.data, self.len) }
    }
}

impl<T: Copy> DerefMut for ZendVec<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        if self.len == 0 {
            return &mut [];
        }
        // SAFETY: `len` values have been written.
        unsafe { slice::from_raw_parts_mut(self.data, self.len) }
    }
}
