//! Changes to several keys at one moment.

use super::{Existence, Store};
use crate::error::{Failure, Result};
use crate::file::File;
use crate::format::{EncodedKey, hash};
use crate::lock::WriteGuard;
use crate::log::append::Log;
use crate::log::batch::Batches;
use crate::log::compact::Compactor;
use crate::log::replace::{Item, Replace};
use crate::read::Reader;
use crate::session::WriterHold;
use crate::version::Version;
use sync_backend::{Change, Standing};

impl Store {
    /// Makes several changes at one moment, to keys that differ from each other; keys that are new come in this order. False: the
    /// value of an append is another one by now, or its version is none, or `hold` was given and has not lasted until now; nothing
    /// has happened. Creates the file, unless there is nothing to store.
    ///
    /// Removals alone need no space: where there is none, they happen one by one, still before anybody else writes.
    pub fn commit(&self, changes: &[Change<'_, Version>], hold: Option<&WriterHold>) -> Result<bool> {
        let has_ended = || hold.is_some_and(|hold| self.standing(hold) != Standing::Kept);
        let mut stores = changes.iter().filter(|change| !matches!(change, Change::Remove { .. })).peekable();
        // (A hold ends with the look at the path that finds another file there, or none: that is not to be made for nothing.)
        if (stores.peek().is_none() || hold.is_some()) && self.exists_or_held()? == Existence::Missing {
            return Ok(!has_ended());
        }
        let only_removes = stores.peek().is_none();
        stores.try_for_each(|change| self.check_length(change.length()))?;
        let mut attempts = 0;
        self.write(|file, owner| {
            attempts += 1;
            if has_ended() {
                return Ok(false);
            }
            if let [Change::Clear, ..] = changes {
                if changes.len() == 1 {
                    Replace::of(owner).clear()?;
                } else {
                    Replace::of(owner).replace(&Item::of_changes(changes)?)?;
                }
                self.note_changes(file, changes, owner);
                return Ok(true);
            }
            let noted = |hash, is_there| self.follower().notes.note(hash, owner.end(), is_there);
            let done = match Batches::of(owner).commit(changes, |version| Reader::of(file).hint(version), noted) {
                // (Once all that is dead has given what it had.)
                Err(Failure::NoSpace | Failure::SizeLimit) if only_removes && attempts > 1 => {
                    Self::remove_each(file, owner, changes)?;
                    self.note_changes(file, changes, owner);
                    true
                }
                done => done?,
            };
            Compactor::of(owner).clean_up();
            Ok(done)
        })
    }

    /// Removes the keys of these changes, one after the other.
    #[cold]
    fn remove_each(
        file: &File,
        owner: &WriteGuard,
        changes: &[Change<'_, Version>],
    ) -> std::result::Result<(), Failure> {
        for key in changes.iter().filter_map(|change| EncodedKey::new(change.key())) {
            Log::of(owner).remove(&key, hash(file.identity.hash_seed, key.bytes()))?;
        }
        Ok(())
    }
}
