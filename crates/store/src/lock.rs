//! The write lock.
//!
//! The lock word names the lease of its owner, so a waiter that has waited for milliseconds asks whether
//! that lease is alive ([`super::lease`]), and takes over if not.

use super::error::Failure;
use super::file::File;
use super::format::MAGIC;
use super::futex::{Woken, futex_wait, futex_wake};
use super::header::{HELD, Header};
use super::lock_word::{NOBODY, WAITERS, lease_of, taken_by};
use super::memory::{Instant, spin_loop};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often a waiter looks at the word before it sleeps.
const SPINS: u32 = if cfg!(feature = "loom") { 1 } else { 60 };
/// How long a waiter sleeps before it asks whether the owner lives, and how long at most when it has been told
/// that it does: an owner that waits for a processor is not to wait for a hundred others that ask.
const LOOK_AFTER: Duration = Duration::from_millis(2);
const LOOK_AGAIN: Duration = Duration::from_millis(16);
/// The write lock, held. Dropping it gives the lock back.
pub struct WriteGuard<'f> {
    pub(super) file: &'f File,
    _taken: Taken,
}

/// Made in this file alone: so is each guard.
struct Taken;

/// The write lock, held, over a file that its last owner may have left in the middle of a change. Nothing can be done
/// with it but to put that right: [`super::recover::recover`] makes a [`WriteGuard`] of it. Dropping it leaves the file
/// to the next waiter, as it is.
pub struct Unrecovered<'f>(Option<WriteGuard<'f>>);

/// The write lock, as it was found.
pub enum Acquired<'f> {
    /// The last owner gave it back.
    Clean(WriteGuard<'f>),
    /// The last owner died, or gave up.
    Orphaned(Unrecovered<'f>),
}

impl<'f> Unrecovered<'f> {
    fn new(file: &'f File) -> Self {
        Self(Some(WriteGuard::new(file)))
    }

    /// The guard, when `recovery` has completed all that was left half done. Where that breaks off, as this process's
    /// mapping shows too little of the file, say, or the disk fails, the next waiter has to try again.
    pub fn complete(
        mut self,
        recovery: impl FnOnce(&WriteGuard<'f>) -> Result<(), Failure>,
    ) -> Result<WriteGuard<'f>, Failure> {
        let guard = self.0.take().expect("there until it is dropped");
        match recovery(&guard) {
            Ok(()) => Ok(guard),
            Err(failure) => {
                guard.abandon();
                Err(failure)
            }
        }
    }
}

impl Drop for Unrecovered<'_> {
    fn drop(&mut self) {
        if let Some(guard) = self.0.take() {
            guard.abandon();
        }
    }
}

impl File {
    /// Takes the write lock for a lease of this thread. [`Failure::Busy`] where a live owner keeps it for longer than
    /// `at_most`.
    #[inline]
    pub fn acquire(&self, lease: u32, at_most: Duration) -> Result<Acquired<'_>, Failure> {
        let header = self.map.header();
        // No lock is taken in what is no store (any more).
        if header.magic.get() != MAGIC || self.map.is_poisoned() {
            return Err(Failure::Stale);
        }
        let word = header.lock.get();
        let guard = if word as u32 == 0 && header.lock.compare_exchange(word, taken_by(lease, word)).is_ok() {
            WriteGuard::new(self)
        } else {
            match self.acquire_slowly(lease, at_most)? {
                Acquired::Clean(guard) => guard,
                orphaned => return Ok(orphaned),
            }
        };
        // Checked again: the file may have changed before the lock was taken.
        match self.check_ours() {
            // A recovery that could not finish (a full disk, say) is tried again.
            Ok(()) if header.indexed.get() != header.commit.get() & !HELD => {
                Ok(Acquired::Orphaned(Unrecovered(Some(guard))))
            }
            Ok(()) => Ok(Acquired::Clean(guard)),
            // The guard gives the lock back: should only some other page have been poisoned, others
            // must not wait until this thread closes the file.
            Err(failure) => Err(failure),
        }
    }

    /// Takes over the lock that the last owner of this lease, which is new to this thread, may have left. To all others
    /// its owner lives now.
    pub fn acquire_inherited(&self, lease: u32) -> Option<Unrecovered<'_>> {
        let lock = &self.map.header().lock;
        let mut word = lock.get();
        // Again where another process has only marked that it waits.
        while lease_of(word) == Some(lease) {
            let new = taken_by(lease, word) | u64::from(word as u32 & WAITERS);
            match lock.compare_exchange(word, new) {
                Ok(()) => return Some(Unrecovered::new(self)),
                Err(now) => word = now,
            }
        }
        None
    }

    /// The lock's word while nobody is in the middle of a change: it is free, or its owner has died. As long as that
    /// word stays, nothing moves.
    #[cold]
    pub fn at_rest(&self) -> Option<u64> {
        let word = self.map.header().lock.load(Ordering::Acquire);
        lease_of(word).is_none_or(|owner| !self.is_alive(owner, true)).then_some(word)
    }

    #[cold]
    fn acquire_slowly(&self, lease: u32, at_most: Duration) -> Result<Acquired<'_>, Failure> {
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
                    // A thread that has slept does not know whether others sleep: let unlock() wake the next.
                    let new = taken_by(lease, word) | if slept > 0 { u64::from(WAITERS) } else { 0 };
                    if lock.compare_exchange(word, new).is_ok() {
                        return Ok(Acquired::Clean(WriteGuard::new(self)));
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
                    return Ok(Acquired::Orphaned(Unrecovered::new(self)));
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

impl<'f> WriteGuard<'f> {
    /// The log's end.
    #[inline]
    pub fn end(&self) -> u64 {
        self.header().end()
    }

    /// Whether all that returns is to be on the disk.
    #[inline]
    pub fn is_durable(&self) -> bool {
        self.header().is_durable()
    }

    /// For a file whose lock this thread has just taken.
    #[inline]
    fn new(file: &'f File) -> Self {
        Self { file, _taken: Taken }
    }

    /// A guard of a file that no other process uses, or believes: one that is being adopted under the claim, or is not
    /// yet a store. The lock's word is left alone until it is dropped.
    pub fn of_unshared(file: &'f File) -> Self {
        Self::new(file)
    }

    #[inline]
    pub fn header(&self) -> &Header {
        self.file.map.header()
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
        self.file.tell();
    }
}

#[cfg(test)]
pub(super) mod model;
