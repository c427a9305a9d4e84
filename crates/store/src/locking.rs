//! The named locks of a store, and the lock of the whole with a token.
//!
//! Taking a named lock does not ask whether somebody holds the store: it touches nothing that is stored, and a holder who waits
//! for one must not wait for others who would give it back.

use super::error::{Failure, Result};
use super::file::File;
use super::hold::Strength;
use super::lock::WriteGuard;
use super::lock_table::LockKey;
use super::log::compact::Compactor;
use super::named::{Asker, NamedLocks};
use super::own_locks::is_computing;
use super::store::Store;
use std::time::Duration;
use sync_backend::{LockName, Occupied, Patience, Taking};

impl Store {
    /// Takes a lock, unless somebody else has it: then nothing has happened, but that with `wait` this store stands in line for it,
    /// until it has it, or [`Store::stop_waiting_for_lock`] is called. Taking it again, in the same fiber, counts; other fibers of
    /// this thread are somebody else. Creates the file. What another store holds by [`Store::lock`] is no obstacle.
    pub fn take_lock(&self, lock: LockName, wait: bool) -> Result<Taking> {
        let session = self.session();
        let asker = self.asker();
        let taking = self.follower.with_file(true, |file| {
            let owner = file.lock()?;
            self.furnish(&owner)?;
            let key = LockKey::new(file.identity.hash_seed, lock);
            let mut standing = session.locks.standing(key.hash);
            let take = |standing: &mut Option<_>| {
                NamedLocks::of(&owner).take(&key, asker, if wait { Some(standing) } else { None })
            };
            let taking = match take(&mut standing) {
                // Dead records and free blocks still have memory behind them that they could give.
                Err(Failure::NoSpace | Failure::SizeLimit) if Compactor::of(&owner).compact_all() => {
                    take(&mut standing)
                }
                taking => taking,
            };
            if taking.is_err() && file.map.is_poisoned() {
                owner.abandon();
            }
            let taking = taking?;
            if wait {
                session.locks.set_standing(key.hash, standing.filter(|_| taking.token().is_none()));
            }
            Ok(taking)
        })?;
        let taking = taking.ok_or_else(|| self.error(Failure::Stale))?;
        if let Some(token) = taking.token() {
            session.locks.took(lock, asker.fiber, token);
        }
        Ok(taking)
    }

    /// Gives a lock back that this store has taken in this fiber; one that was taken several times when that was done as often. False:
    /// it has not, and nothing has happened. (Where another process is stopped with the write lock, the file is told later.)
    pub fn release_lock(&self, lock: LockName) -> bool {
        let session = self.session();
        session.locks.release(lock, self.asker(), || self.follower.safe_file())
    }

    /// The token of a lock, and how often this store has taken it in this fiber, and not given it back.
    pub fn held_lock(&self, lock: LockName) -> Option<(u64, u32)> {
        self.session().locks.find(lock, self.asker().fiber)
    }

    /// Whether this thread has any lock of a value that is being computed.
    pub fn is_computing(&self) -> bool {
        is_computing()
    }

    /// Sleeps until a lock that `by` tells of may have been given back, or this store's turn may have come; else `at_most`, or until a
    /// signal comes. Returns no result: try again.
    pub fn wait_for_lock(&self, lock: LockName, by: &Occupied, at_most: Duration) {
        if let Some(file) = self.follower.open_file() {
            let key = LockKey::new(file.identity.hash_seed, lock);
            file.wait_for_name(self.session().locks.standing(key.hash), by, at_most);
        }
    }

    /// Leaves the line for a lock; if it is this store's turn, the next one has it.
    pub fn stop_waiting_for_lock(&self, lock: LockName) {
        let Some(file) = self.follower.open_file() else { return };
        let key = LockKey::new(file.identity.hash_seed, lock);
        let locks = &self.session().locks;
        let Some(standing) = locks.standing(key.hash) else { return };
        locks.set_standing(key.hash, None);
        if file.leave_line_for_name(standing)
            && let Ok(owner) = file.lock_within(GIVE_TURN_WITHIN)
        {
            NamedLocks::of(&owner).end_turn(&key, standing);
        }
    }

    /// As [`Store::lock`], but counted, for [`Store::leave_lock`], and with a token, which is greater than those of all locks that
    /// were taken before. Others wait for it without end, unless [`Store::lock`] says something else. Other fibers of this thread
    /// wait as other stores do.
    pub fn enter_lock(&self) -> Result<u64> {
        let session = self.session();
        session.check_entered().map_err(|failure| self.error(failure))?;
        if !session.is_locked() {
            self.hold(Strength::All, Patience::default())?;
        }
        let token = match session.entered_token() {
            Some(token) => token,
            None => self.give_token()?,
        };
        session.enter(token);
        Ok(token)
    }

    /// Ends one [`Store::enter_lock`] of this fiber; with the last one the lock, unless [`Store::lock`] was called as well. False:
    /// there is none.
    pub fn leave_lock(&self) -> bool {
        self.follower.release(|session, file| session.leave_entered(file))
    }

    /// The token of [`Store::enter_lock`], and how often this fiber has called it, and not [`Store::leave_lock`].
    pub fn entered_lock(&self) -> Option<(u64, u32)> {
        self.session().entered()
    }

    /// Whether this store makes others wait.
    pub fn keeps_others_out(&self) -> bool {
        self.session().is_locked() || self.session().is_changing()
    }

    /// Gives a token to the hold of this store.
    fn give_token(&self) -> Result<u64> {
        let token = self.write_held(|_, owner| {
            let token = NamedLocks::of(owner).next_token();
            owner.header().hold_token.set(token);
            Ok(token)
        });
        if token.is_err() && !self.session().is_locked() {
            self.session().end_hold(|| self.follower.safe_file());
        }
        token
    }

    /// Does something under the write lock, for the holder of the store.
    fn write_held<T>(&self, change: impl Fn(&File, &WriteGuard) -> std::result::Result<T, Failure>) -> Result<T> {
        let done = self.follower.with_file(true, |file| {
            let owner = self.begin_change(file)?;
            change(file, &owner)
        })?;
        done.ok_or_else(|| self.error(Failure::Stale))
    }

    fn asker(&self) -> Asker {
        let session = self.session();
        Asker { object: session.object(), fiber: session.running_fiber() as u64 }
    }
}

/// How long the one that leaves the line waits for the write lock, to pass its turn on. (Without it, others find out.)
const GIVE_TURN_WITHIN: Duration = Duration::from_millis(5);
