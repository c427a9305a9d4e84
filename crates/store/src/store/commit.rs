//! Changes to several keys at one moment.

use super::{Existence, Store};
use crate::error::Result;
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
    pub fn commit(&self, changes: &[Change<'_, Version>], hold: Option<&WriterHold>) -> Result<bool> {
        let has_ended = || hold.is_some_and(|hold| self.standing(hold) != Standing::Kept);
        let mut stores = changes.iter().filter(|change| !matches!(change, Change::Remove { .. })).peekable();
        // (A hold ends with the look at the path that finds another file there, or none: that is not to be made for nothing.)
        if (stores.peek().is_none() || hold.is_some()) && self.exists_or_held()? == Existence::Missing {
            return Ok(!has_ended());
        }
        stores.try_for_each(|change| self.check_length(change.length()))?;
        self.write(|file, owner| {
            if has_ended() {
                return Ok(false);
            }
            if let [Change::Clear, ..] = changes {
                Replace::of(owner).replace(&Item::of_changes(changes)?)?;
                self.note_changes(file, changes, owner);
                return Ok(true);
            }
            let noted = |hash, is_there| self.follower().notes.note(hash, owner.end(), is_there);
            let done = Batches::of(owner).commit(changes, |version| Reader::of(file).hint(version), noted)?;
            Compactor::of(owner).clean_up();
            Ok(done)
        })
    }
}
