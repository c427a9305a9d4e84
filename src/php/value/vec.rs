//! A vector in Zend's memory.

use std::alloc::Layout;
use std::io;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::slice;

use ext_php_rs::alloc::{efree, emalloc};
use sync_msgpack::{Output, SHORT};

use super::super::handle::Room;
use crate::php::zend;

/// The bytes that a vector takes at first, and up to which it doubles. A longer one grows by a quarter: old
/// and new memory together are what `memory_limit` counts meanwhile.
const SMALLEST: usize = 256;
const DOUBLED: usize = 1 << 20;

/// A growing list of plain values whose memory the end of the request frees if the engine leaves
/// by `longjmp`, so that `Drop` does not run.
pub struct ZendVec<T: Copy> {
    data: *mut T,
    len: usize,
    capacity: usize,
    /// As [`Output`]: something is missing.
    cut: bool,
}

impl<T: Copy> ZendVec<T> {
    pub const fn new() -> Self {
        Self { data: ptr::null_mut(), len: 0, capacity: 0, cut: false }
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
        self.allocate(self.next_capacity(more));
    }

    /// As [`reserve`](Self::reserve); false where that would take more memory than the limit leaves.
    #[inline]
    pub fn try_reserve(&mut self, more: usize) -> bool {
        self.capacity - self.len >= more || self.try_grow(more)
    }

    #[cold]
    fn try_grow(&mut self, more: usize) -> bool {
        let likely = self.next_capacity(more);
        [likely, self.len + more].into_iter().any(|capacity| self.try_allocate(capacity))
    }

    /// Makes room for `more` values and no more, as many are known to come; false where that would take
    /// more memory than the limit leaves.
    pub fn try_reserve_exact(&mut self, more: usize) -> bool {
        self.capacity - self.len >= more || self.try_allocate(self.len + more)
    }

    /// As [`Output::reserve`], for a vector of bytes.
    #[cold]
    fn grow_or_cut(&mut self, more: usize) -> bool {
        let grown = !self.cut && self.try_grow(more);
        if !grown {
            (self.len, self.cut) = (0, true);
            if self.capacity < SHORT {
                self.allocate(SHORT.max(SMALLEST));
                self.cut = true;
            }
        }
        grown
    }

    fn try_allocate(&mut self, capacity: usize) -> bool {
        let fits = zend::has_memory(capacity.saturating_mul(size_of::<T>()));
        if fits {
            self.allocate(capacity);
        }
        fits
    }

    fn next_capacity(&self, more: usize) -> usize {
        let next = if self.capacity * size_of::<T>() < DOUBLED { 2 * self.capacity } else { self.capacity / 4 * 5 };
        next.max(self.len + more).max(SMALLEST / size_of::<T>())
    }

    fn allocate(&mut self, capacity: usize) {
        if self.len == 0 {
            self.free();
        }
        // Out of memory ends the request, here as everywhere in PHP. The sizes cannot overflow: the vector
        // fits the address space by now.
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

    /// Appends values.
    #[inline]
    pub fn extend_from_slice(&mut self, values: &[T]) {
        self.reserve(values.len());
        // SAFETY: there is room for them, in memory that is this vector's alone.
        unsafe { ptr::copy_nonoverlapping(values.as_ptr(), self.data.add(self.len), values.len()) };
        self.len += values.len();
    }

    /// Forgets the values, and keeps the memory.
    #[inline]
    pub fn clear(&mut self) {
        (self.len, self.cut) = (0, false);
    }

    /// True if some of what was written is missing: there was no memory for it.
    #[inline]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// How many values there is memory for.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The places that have memory and no value yet.
    #[inline]
    pub fn spare_capacity_mut(&mut self) -> &mut [MaybeUninit<T>] {
        if self.data.is_null() {
            return &mut [];
        }
        // SAFETY: the memory behind the values is the vector's own.
        unsafe { slice::from_raw_parts_mut(self.data.add(self.len).cast(), self.capacity - self.len) }
    }

    /// Takes the next `more` places in.
    ///
    /// # Safety
    /// There are so many, and they have been written.
    #[inline]
    pub unsafe fn advance(&mut self, more: usize) {
        self.len += more;
    }

    /// Gives the memory back. The vector is empty afterwards.
    pub fn free(&mut self) {
        let data = std::mem::replace(&mut self.data, ptr::null_mut());
        (self.len, self.capacity, self.cut) = (0, 0, false);
        if !data.is_null() {
            // SAFETY: allocated by `allocate`, freed once.
            unsafe { efree(data.cast()) };
        }
    }
}

impl<T: Copy> Drop for ZendVec<T> {
    fn drop(&mut self) {
        self.free();
    }
}

impl<T: Copy> Default for ZendVec<T> {
    fn default() -> Self {
        Self::new()
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

/// For the store, which must not call Zend's allocator: only the room that was made beforehand.
impl<T: Copy> Room<T> for ZendVec<T> {
    #[inline]
    fn items(&self) -> &[T] {
        self
    }

    #[inline]
    fn items_mut(&mut self) -> &mut [T] {
        self
    }

    #[inline]
    fn clear(&mut self) {
        self.len = 0;
    }

    #[inline]
    fn spare(&mut self, more: usize) -> Option<&mut [MaybeUninit<T>]> {
        let spare = self.spare_capacity_mut();
        (spare.len() >= more).then_some(spare)
    }

    #[inline]
    unsafe fn take(&mut self, more: usize) {
        self.len += more;
    }
}

impl Output for ZendVec<u8> {
    #[inline]
    fn reserve(&mut self, more: usize) -> bool {
        self.capacity - self.len >= more || self.grow_or_cut(more)
    }

    #[inline]
    fn end(&mut self) -> *mut u8 {
        // SAFETY: at most the end of the memory.
        unsafe { self.data.add(self.len) }
    }

    #[inline]
    unsafe fn advance(&mut self, more: usize) {
        self.len += more;
    }
}

impl io::Write for ZendVec<u8> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.append(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
