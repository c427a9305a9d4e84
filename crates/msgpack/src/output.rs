//! The bytes that are written to.

use sync_short as short;

use crate::packed::Packed;

/// Bytes of a number, or of a short string and its head.
pub const SHORT: usize = 1 + short::LIMIT;
const _: () = assert!(SHORT >= size_of::<Packed>());

/// Bytes that grow.
pub trait Output: std::io::Write {
    /// Makes room for `more` bytes. Where there is no memory for them it is false, and everything written so far
    /// is lost: there is room for some [`SHORT`] bytes then, so that what is short can go on as if nothing had
    /// happened, without a look at the result. A reader of the bytes asks the output whether they are all.
    fn reserve(&mut self, more: usize) -> bool;

    /// The place behind the last byte.
    fn end(&mut self) -> *mut u8;

    /// Takes the next `more` bytes in.
    ///
    /// # Safety
    /// They have been written, to [`end`](Self::end) and behind, where room for them had been made.
    unsafe fn advance(&mut self, more: usize);

    /// Appends bytes, where there is memory for them.
    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        if !self.reserve(bytes.len()) {
            return;
        }
        // SAFETY: `reserve` has made room for them, in memory that is this output's alone.
        unsafe {
            self.end().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            self.advance(bytes.len());
        }
    }
}

impl Output for Vec<u8> {
    #[inline]
    fn reserve(&mut self, more: usize) -> bool {
        Vec::reserve(self, more);
        true
    }

    #[inline]
    fn end(&mut self) -> *mut u8 {
        self.spare_capacity_mut().as_mut_ptr().cast()
    }

    #[inline]
    unsafe fn advance(&mut self, more: usize) {
        // SAFETY: the caller has written so many bytes, behind room that it made.
        unsafe { self.set_len(self.len() + more) };
    }
}
