//! Changes, as the users of a store ask for them: its state, and waiting until it is another one.

use super::error::{Failure, Result};
use super::file::File;
use super::format::hash;
use super::lock::WriteGuard;
use super::read::Reader;
use super::store::Store;
use super::version::Version;
use super::waiting::{Waiting, Watch};
use std::time::Duration;
use sync_backend::{Change, Since, Wanted};

impl Store {
    /// The state of the store as a number: the position in the log behind the last record that has changed a value. It does not move
    /// where records are only moved. 0: there is no file.
    pub fn state(&self) -> Result<u64> {
        let object = self.session().object();
        Ok(self.follower().with_file(false, |file| Reader::of(file).last_change(object))?.unwrap_or(0))
    }

    /// A number that a store has in common with its copies alone; 0: there is no file. What two of them tell of when a value was stored
    /// can be compared: a copy goes on at another position before it is changed.
    pub fn lineage(&self) -> Result<u64> {
        Ok(self.follower().with_file(false, |file| Ok(file.identity.store_id))?.unwrap_or(0))
    }

    /// The state in which the value of a key was stored, wherever its record has been moved since, or a later one if that was very long
    /// ago; `None`: it has none. It tells a value that was stored anew from one that was moved, which a [`Version`] does not.
    pub fn stored(&self, key: &[u8]) -> Result<Option<u64>> {
        let object = self.session().object();
        let origin = self
            .follower()
            .with_file(false, |file| Reader::of(file).origin(object, key, hash(file.identity.hash_seed, key)))?;
        Ok(origin.and_then(|origin| origin.stored))
    }

    /// Notes that the value that `seen` tells of has been seen by whoever uses this store, though another one had looked.
    #[inline]
    pub fn see(&self, key: &[u8], seen: &Version) {
        if seen.is_of(self.follower().opening())
            && let Some(hash) = seen.hash().or_else(|| Some(hash(self.follower().open_file()?.identity.hash_seed, key)))
        {
            self.follower().notes.note(hash, seen.end(), seen.position().is_some());
        }
    }

    /// Whether this store, or another one of its thread, keeps others out, or keeps them from writing.
    pub fn keeps_all_from_writing(&self) -> bool {
        self.session().is_held() || self.follower().open_file().is_some_and(|file| file.my_hold().is_some())
    }

    /// Begins to wait for a change of any of these: notes since when it counts.
    pub fn watch(&self, wanted: &mut [Wanted<Watch>], since: Since) -> Result<()> {
        let waiting = self.waiting();
        self.with_or_without_file(|file| waiting.begin(file, wanted, since))
    }

    /// Whether one of these has changed. If not, this sleeps until one may have, at most for `at_most`, or until a signal comes. The
    /// caller looks again by calling it again, after a second at the latest: a writer may have died before it woke anybody, and
    /// another file may lie at the path.
    pub fn has_changed(&self, wanted: &mut [Wanted<Watch>], at_most: Duration) -> Result<bool> {
        let waiting = self.waiting();
        if at_most.is_zero() {
            return self.with_or_without_file(|file| waiting.look(file, wanted));
        }
        // Others are not to wait for one who waits.
        self.stop_waiting();
        self.with_or_without_file(|file| {
            // (Only to be seen by those who look who waits: without one, it waits all the same.)
            let lease = file.filter(|file| file.writable).and_then(|file| file.any_lease().ok());
            let has_no_slot = |file: &File| lease.is_some_and(|lease| file.lease_slot(lease).is_none());
            if let Some(file) = file.filter(|file| wanted.iter().all(Waiting::begins) && has_no_slot(file)) {
                // As with a first write: those that come later find more.
                drop(file.lock());
            }
            waiting.look_or_sleep(file, lease, wanted, at_most)
        })
    }

    /// Notes that these changes, of this store's own, were seen.
    pub(super) fn note_changes(&self, file: &File, changes: &[Change<'_, Version>], owner: &WriteGuard) {
        let (notes, end) = (&self.follower().notes, owner.end());
        for change in changes {
            match change {
                Change::Clear => notes.note_all(end, owner.header().changed.get()),
                change => {
                    let is_there = !matches!(change, Change::Remove { .. });
                    notes.note(hash(file.identity.hash_seed, change.key()), end, is_there);
                }
            }
        }
    }

    fn waiting(&self) -> Waiting<'_> {
        Waiting { object: self.session().object(), notes: &self.follower().notes }
    }

    /// Does something with the file, or without, where there is none.
    fn with_or_without_file<T>(
        &self,
        mut operation: impl FnMut(Option<&File>) -> std::result::Result<T, Failure>,
    ) -> Result<T> {
        match self.follower().with_file(false, |file| operation(Some(file)))? {
            Some(done) => Ok(done),
            None => operation(None).map_err(|failure| self.error(failure)),
        }
    }
}
