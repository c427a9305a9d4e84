//! How a thread comes to write: it claims a lease, takes the lock, recovers where the last owner died, and does what is
//! due before anything is written.

use super::error::Failure;
use super::file::File;
use super::foreign::catch_up;
use super::lock::{Acquired, Unrecovered, WriteGuard};
use super::lock_word::lease_of;
use super::named::NamedLocks;
use super::recover::recover;
use std::time::Duration;

/// How long one call waits before it lets its caller look for signals.
const BUSY_AFTER: Duration = Duration::from_millis(50);

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
        let lease = self.any_lease()?;
        let guard = match self.acquire(lease, at_most)? {
            Acquired::Clean(guard) => guard,
            Acquired::Orphaned(left) => self.take_over(left)?,
        };
        if guard.end() < self.seen() || self.is_anything_due() { catch_up(guard) } else { Ok(guard) }
    }

    /// This thread's lease, which it claims if it has none.
    #[inline]
    pub fn any_lease(&self) -> Result<u32, Failure> {
        match self.my_lease() {
            Some(lease) => Ok(lease),
            None => self.claim_lease(),
        }
    }

    #[cold]
    fn take_over<'f>(&'f self, left: Unrecovered<'f>) -> Result<WriteGuard<'f>, Failure> {
        let guard = recover(left)?;
        self.check_ours()?;
        Ok(guard)
    }

    #[cold]
    fn claim_lease(&self) -> Result<u32, Failure> {
        self.set_lease(None);
        let lease = self.free_lease()?;
        // The lease is there for all to see; a claimant that decides about the file has said so before it looked for
        // leases. One of them sees the other.
        let decided = match self.wait_for_claim() {
            Ok(true) if self.shows_our_header() => self.take_on(lease),
            // It has been put right.
            Ok(true) => Err(Failure::Stale),
            Ok(false) => Err(Failure::Busy),
            Err(failure) => Err(failure),
        };
        self.keep_or_give_back(lease, decided)
    }

    /// Claims a lease while this thread has the claim.
    pub fn claim_undecided(&self) -> Result<u32, Failure> {
        self.set_lease(None);
        let lease = self.free_lease()?;
        self.keep_or_give_back(lease, self.take_on(lease))
    }

    fn take_on(&self, lease: u32) -> Result<(), Failure> {
        self.inherit(lease)?;
        self.begin_to_write()
    }

    fn keep_or_give_back(&self, lease: u32, taken: Result<(), Failure>) -> Result<u32, Failure> {
        if taken.is_err() {
            self.give_back(lease);
        }
        taken.map(|()| lease)
    }

    /// A recycled lease number may still be recorded in the lock or in the hold: the thread that claims it
    /// takes over the work of its predecessor, as any waiter would have.
    fn inherit(&self, lease: u32) -> Result<(), Failure> {
        if let Some(left) = self.acquire_inherited(lease) {
            drop(recover(left)?);
        }
        // (A hold that another process left must not pass for one of this thread's own: on an error the lease goes.)
        self.set_lease(Some(lease));
        self.end_inherited_hold(lease)
    }

    fn end_inherited_hold(&self, lease: u32) -> Result<(), Failure> {
        let header = self.map.header();
        let words = [&header.queue, &header.lock_queue, &header.lock_table];
        if lease_of(header.hold.get()) == Some(lease) || words.iter().any(|word| word.get() != 0) {
            let owner = self.lock()?;
            owner.clear_places(lease);
            NamedLocks::of(&owner).end_all_of(lease);
            if lease_of(header.hold.get()) == Some(lease) {
                owner.end_hold();
            }
        }
        Ok(())
    }
}
