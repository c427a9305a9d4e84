//! The write lock.
//!
//! The lock word names the lease of its owner, so a waiter that has waited for milliseconds asks whether
//! that lease is alive ([`super::lease`]), and takes over if not.
//!
//! The word also counts how often it was taken: without that, a waiter that found lease 7 dead
//! could swap away the word of a *new* owner who was given number 7 in between.

use super::error::Failure;
use super::file::File;
use super::format::MAGIC;
use super::futex::{Woken, futex_wait, futex_wake};
use super::header::{HELD, Header};
use super::memory::{Instant, spin_loop};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A lease number that no process can claim. Writing it to the lock word abandons the lock: the next waiter
/// recovers as if the owner had died.
pub(super) const NOBODY: u32 = (1 << 31) - 2;
/// Somebody sleeps on the lock word.
pub(super) const WAITERS: u32 = 1 << 31;
/// How often a waiter looks at the word before it sleeps.
const SPINS: u32 = if cfg!(feature = "loom") { 1 } else { 60 };
/// How long a waiter sleeps before it asks whether the owner lives, and how long at most when it has been told
/// that it does: an owner that waits for a processor is not to wait for a hundred others who ask.
const LOOK_AFTER: Duration = Duration::from_millis(2);
const LOOK_AGAIN: Duration = Duration::from_millis(16);
/// How long one call waits before it lets its caller look for signals.
const BUSY_AFTER: Duration = Duration::from_millis(50);

/// The write lock, held. Dropping it gives the lock back.
pub struct WriteGuard<'f> {
    pub(super) file: &'f File,
}

/// The lease that a word names.
pub(super) fn lease_of(word: u64) -> Option<u32> {
    (word as u32 & !WAITERS).checked_sub(1)
}

/// The word by which a lease takes something, after `previous`.
pub(super) fn taken_by(lease: u32, previous: u64) -> u64 {
    ((previous >> 32) + 1) << 32 | u64::from(lease + 1)
}

impl File {
    /// Takes the write lock, from a dead owner too (then everything it left half done has been
    /// completed). [`Failure::Busy`] after some milliseconds with a live owner.
    #[inline]
    pub fn lock(&self) -> Result<WriteGuard<'_>, Failure> {
        self.lock_within(BUSY_AFTER)
    }

    /// As [`File::lock`], but a live owner is waited for no longer than this.
    #[inline]
    pub fn lock_within(&self, at_most: Duration) -> Result<WriteGuard<'_>, Failure> {
        let owner = self.acquire(at_most)?;
        if owner.end() < self.seen() || self.is_anything_due() { owner.catch_up() } else { Ok(owner) }
    }

    #[inline]
    fn acquire(&self, at_most: Duration) -> Result<WriteGuard<'_>, Failure> {
        let lease = self.lease()?;
        let header = self.map.header();
        // No lock is taken in what is no store (any more).
        if header.magic.get() != MAGIC || self.map.is_poisoned() {
            return Err(Failure::Stale);
        }
        let word = header.lock.get();
        let owner = if word as u32 == 0 && header.lock.compare_exchange(word, taken_by(lease, word)).is_ok() {
            WriteGuard { file: self }
        } else {
            self.lock_slowly(lease, at_most)?
        };
        // What was true before the lock was taken may no longer be.
        match self.check_ours() {
            // A takeover that could not finish (a full disk, say) is tried again.
            Ok(()) if header.indexed.get() != header.commit.get() & !HELD => owner.recovered(),
            Ok(()) => Ok(owner),
            // `owner` gives the lock back: should only some other page have been poisoned, others
            // must not wait until this thread closes the file.
            Err(failure) => Err(failure),
        }
    }

    /// The lock's word while nobody is in the middle of a change: it is free, or its owner has died. As long as that
    /// word stays, nothing moves.
    #[cold]
    pub fn at_rest(&self) -> Option<u64> {
        let word = self.map.header().lock.load(Ordering::Acquire);
        lease_of(word).is_none_or(|owner| !self.is_alive(owner, true)).then_some(word)
    }

    #[cold]
    fn lock_slowly(&self, lease: u32, at_most: Duration) -> Result<WriteGuard<'_>, Failure> {
        let lock = &self.map.header().lock;
        let start = Instant::now();
        let mut looked = start;
        let mut patience = LOOK_AFTER;
        let mut kept_by = lock.get();
        let mut slept = 0;
        loop {
            for _ in 0..SPINS {
                let word = lock.get();
                if word as u32 == 0 {
                    // A thread that has slept does not know who else sleeps: let unlock() wake the next.
                    let new = taken_by(lease, word) | if slept > 0 { u64::from(WAITERS) } else { 0 };
                    if lock.compare_exchange(word, new).is_ok() {
                        return Ok(WriteGuard { file: self });
                    }
                }
                spin_loop();
            }
            let word = lock.get();
            if word as u32 == 0 {
                continue;
            }
            if word as u32 & WAITERS == 0 && lock.compare_exchange(word, word | u64::from(WAITERS)).is_err() {
                continue;
            }
            let woken = futex_wait(lock, word as u32 | WAITERS, patience);
            slept += 1;
            self.check_ours()?;
            if woken == Woken::Fault {
                return Err(Failure::Stale);
            }
            // By the clock, not by what ended the sleep: signals that come all the time must not
            // keep anybody from looking.
            if looked.elapsed() >= patience {
                looked = Instant::now();
                let word = lock.get();
                let moves_on = (word ^ kept_by) & !u64::from(WAITERS) != 0;
                // Waiters without an owner: nobody leaves that, but a file may say anything.
                if !moves_on
                    && word as u32 != 0
                    && lease_of(word).is_none_or(|owner| !self.is_alive(owner, patience > LOOK_AFTER))
                    && lock.compare_exchange(word, taken_by(lease, word) | u64::from(WAITERS)).is_ok()
                {
                    return WriteGuard { file: self }.recovered();
                }
                patience = if moves_on { LOOK_AFTER } else { (2 * patience).min(LOOK_AGAIN) };
                kept_by = word;
            }
            if start.elapsed() >= at_most {
                return Err(Failure::Busy);
            }
        }
    }
}

impl WriteGuard<'_> {
    #[inline]
    pub fn header(&self) -> &Header {
        self.file.map.header()
    }

    /// Completes what a dead owner left, as the new owner. Where that breaks off, as this process's
    /// mapping shows too little of the file, say, somebody else has to try again. (So it will where the
    /// log's end is damaged, as the index does not know that.)
    pub(super) fn recovered(self) -> Result<Self, Failure> {
        match self.recover() {
            Ok(()) => Ok(self),
            Err(failure) => {
                if self.file.map.is_poisoned() || matches!(failure, Failure::Outgrown(_)) {
                    self.abandon();
                }
                Err(failure)
            }
        }
    }

    /// Gives the lock back in a file that has begun another life: there it may be somebody else's.
    #[cold]
    fn leave(&self) {
        let lock = &self.header().lock;
        loop {
            let word = lock.get();
            if lease_of(word).is_none() || lease_of(word) != self.file.my_lease() {
                return;
            }
            if lock.compare_exchange(word, word & !u64::from(u32::MAX)).is_ok() {
                if word as u32 & WAITERS != 0 {
                    futex_wake(lock, 1);
                }
                return;
            }
        }
    }

    /// Gives the lock up in the middle of a change: the next owner takes it over, and recovers.
    #[cold]
    pub fn abandon(self) {
        let lock = &self.header().lock;
        lock.swap(taken_by(NOBODY, lock.get()));
        std::mem::forget(self);
    }
}

impl File {
    /// Whether the write lock has an owner that may live.
    pub fn is_owned(&self) -> bool {
        lease_of(self.map.header().lock.load(Ordering::Acquire)).is_some_and(|lease| self.is_alive(lease, true))
    }
}

impl Drop for WriteGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        self.file.see(self.end());
        if self.header().incarnation.get() != self.file.incarnation() {
            return self.leave();
        }
        let lock = &self.header().lock;
        // The counter stays: it is what makes every taking different.
        let word = lock.swap(lock.get() & !u64::from(u32::MAX));
        if word as u32 & WAITERS != 0 {
            futex_wake(lock, 1);
        }
    }
}

#[cfg(test)]
pub(super) mod model;
