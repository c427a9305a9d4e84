//! Memory that other processes change: atomic words, fences, pauses between two looks, and copies of bytes.
//!
//! All of the store goes through here. With the feature `loom` these are loom's instead of the machine's, so
//! that `tests/loom.rs` runs the store itself, and not a copy of its protocols; in every other build they
//! are `std`'s, and cost nothing.

#[cfg(not(feature = "loom"))]
pub use std::{
    hint::{spin_loop, spin_loop as again},
    sync::atomic::{AtomicU64, fence},
    time::Instant,
};

/// A full fence behind an exchange of a word by this thread, which on some machines is one already.
#[inline(always)]
#[track_caller]
pub fn fence_behind_exchange() {
    #[cfg(all(target_arch = "x86_64", not(feature = "loom")))]
    std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
    #[cfg(not(all(target_arch = "x86_64", not(feature = "loom"))))]
    fence(std::sync::atomic::Ordering::SeqCst);
}

#[cfg(feature = "loom")]
pub mod modelled;
#[cfg(feature = "loom")]
pub use modelled::{AtomicU64, Instant, again, copy, equals, fence, move_within, spin_loop, view, write, zero};

#[cfg(not(feature = "loom"))]
pub use bytes::*;

#[cfg(not(feature = "loom"))]
mod bytes {
    use std::ptr;
    use sync_short as short;

    /// Copies shared bytes to memory of one's own. They may change meanwhile: the caller looks afterwards
    /// whether they can have.
    ///
    /// # Safety
    /// `length` bytes can be read at `from` and written at `to`, which is elsewhere.
    #[inline(always)]
    pub unsafe fn copy(from: *const u8, to: *mut u8, length: usize) {
        // SAFETY: the caller has seen to it that both ranges are `length` bytes long and apart. No Rust reference to the shared
        // bytes is made, which others may change.
        unsafe { ptr::copy_nonoverlapping(from, to, length) };
    }

    /// Writes bytes into shared memory.
    ///
    /// # Safety
    /// They have room at `to`, which is elsewhere.
    #[inline(always)]
    pub unsafe fn write(bytes: &[u8], to: *mut u8) {
        // SAFETY: the caller has seen to it that `to` has room for `bytes`, apart from them; no reference to it is made.
        unsafe {
            if bytes.len() < short::LIMIT {
                short::copy(bytes, to);
            } else {
                ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
            }
        }
    }

    /// Copies inside shared memory.
    ///
    /// # Safety
    /// `length` bytes can be read at `from` and written at `to`; the two may overlap.
    #[inline(always)]
    pub unsafe fn move_within(from: *const u8, to: *mut u8, length: usize) {
        // SAFETY: the caller has seen to it that both ranges are `length` bytes long; they may overlap.
        unsafe { ptr::copy(from, to, length) };
    }

    /// Fills shared memory with zeros.
    ///
    /// # Safety
    /// `length` bytes can be written at `to`.
    #[inline(always)]
    pub unsafe fn zero(to: *mut u8, length: usize) {
        // SAFETY: the caller has seen to it that `to` has room for `length` bytes.
        unsafe { ptr::write_bytes(to, 0, length) };
    }

    /// Whether the shared bytes are these.
    ///
    /// # Safety
    /// As many can be read there.
    #[inline(always)]
    pub unsafe fn equals(shared: *const u8, bytes: &[u8]) -> bool {
        // SAFETY: the caller has seen to it that as many bytes are there. `memcmp` is C: what other processes do to the shared range
        // meanwhile is nothing the compiler has assumed anything about.
        unsafe { libc::memcmp(shared.cast(), bytes.as_ptr().cast(), bytes.len()) == 0 }
    }

    /// Shows shared bytes that stand still.
    ///
    /// # Safety
    /// `length` bytes can be read there, and no well-behaved process writes to them meanwhile.
    #[inline(always)]
    pub unsafe fn view<T>(shared: *const u8, length: usize, look: impl FnOnce(&[u8]) -> T) -> T {
        // SAFETY: the caller has seen to it that the bytes are there, and owns the lock without which nobody writes to them.
        look(unsafe { std::slice::from_raw_parts(shared, length) })
    }
}
