//! The words by which a lease takes something: the write lock, or the hold.
//!
//! The low half names the lease, the high half counts how often the word was taken: without that, a waiter that found
//! lease 7 dead could swap away the word of a *new* owner that was given number 7 in between.

/// A lease number that no process can claim. Writing it to the lock word abandons the lock: the next waiter
/// recovers as if the owner had died.
pub const NOBODY: u32 = (1 << 31) - 2;
/// Somebody sleeps on the lock word.
pub const WAITERS: u32 = 1 << 31;

/// The lease that a word names.
pub fn lease_of(word: u64) -> Option<u32> {
    (word as u32 & !WAITERS).checked_sub(1)
}

/// The word by which a lease takes something, after `previous`.
pub fn taken_by(lease: u32, previous: u64) -> u64 {
    ((previous >> 32) + 1) << 32 | u64::from(lease + 1)
}
