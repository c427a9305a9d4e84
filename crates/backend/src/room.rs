//! The caller's memory, to which the store copies values.
//!
//! A program's values count as its memory, not as the store's: PHP has a limit, and an allocator of
//! its own that leaves by `longjmp` where the limit is exceeded. The store cannot call that allocator (it may own
//! the write lock, and holds counts), so the caller makes room first. Where there is too little, an operation
//! returns the amount that it needs ([`super::Remedy::MakeRoom`]), and has done nothing.

use std::mem::MaybeUninit;

/// A growing list in memory of the caller's choice.
pub trait Room<T: Copy> {
    /// The items in it.
    fn items(&self) -> &[T];

    /// The items in it, for sorting.
    fn items_mut(&mut self) -> &mut [T];

    /// Removes all items, and keeps the memory.
    fn clear(&mut self);

    /// The spare places behind the items, at least `more` of them; `None` if there are fewer and it makes
    /// no more by itself.
    fn spare(&mut self, more: usize) -> Option<&mut [MaybeUninit<T>]>;

    /// Makes the first `more` of the spare places items.
    ///
    /// # Safety
    /// There are at least `more` spare places, and the caller has written them.
    unsafe fn take(&mut self, more: usize);

    /// Whether there is room for `more`.
    #[inline]
    fn has_room(&mut self, more: u64) -> bool {
        usize::try_from(more).is_ok_and(|more| self.spare(more).is_some())
    }

    /// Appends an item; false if there is no room.
    #[inline]
    fn push(&mut self, item: T) -> bool {
        let Some([place, ..]) = self.spare(1) else { return false };
        place.write(item);
        // SAFETY: the first spare place has just been written.
        unsafe { self.take(1) };
        true
    }

    /// Appends items; false, and none of them, if there is no room.
    fn extend(&mut self, items: &[T]) -> bool {
        let Some(places) = self.spare(items.len()) else { return false };
        for (place, item) in places.iter_mut().zip(items) {
            place.write(*item);
        }
        // SAFETY: there were so many spare places, and they have been written.
        unsafe { self.take(items.len()) };
        true
    }
}

/// Room that grows by itself, as long as there is memory.
impl<T: Copy> Room<T> for Vec<T> {
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
        Vec::clear(self);
    }

    #[inline]
    fn spare(&mut self, more: usize) -> Option<&mut [MaybeUninit<T>]> {
        self.try_reserve(more).ok()?;
        Some(self.spare_capacity_mut())
    }

    #[inline]
    unsafe fn take(&mut self, more: usize) {
        // SAFETY: the caller has written so many places of `spare`, which are the vector's next ones.
        unsafe { self.set_len(self.len() + more) };
    }
}

/// Room of a fixed number of places, which are filled one after the other.
pub struct Places<'a> {
    bytes: &'a mut [MaybeUninit<u8>],
    filled: usize,
}

impl<'a> Places<'a> {
    pub fn new(bytes: &'a mut [MaybeUninit<u8>]) -> Self {
        Self { bytes, filled: 0 }
    }
}

impl Room<u8> for Places<'_> {
    fn items(&self) -> &[u8] {
        // SAFETY: those who called `take` have written all `filled` places; a byte needs nothing else.
        unsafe { std::slice::from_raw_parts(self.bytes.as_ptr().cast(), self.filled) }
    }

    fn items_mut(&mut self) -> &mut [u8] {
        // SAFETY: those who called `take` have written all `filled` places; they are borrowed for as long as `self`.
        unsafe { std::slice::from_raw_parts_mut(self.bytes.as_mut_ptr().cast(), self.filled) }
    }

    fn clear(&mut self) {
        self.filled = 0;
    }

    fn spare(&mut self, more: usize) -> Option<&mut [MaybeUninit<u8>]> {
        self.bytes.get_mut(self.filled..).filter(|spare| spare.len() >= more)
    }

    unsafe fn take(&mut self, more: usize) {
        self.filled += more;
    }
}
