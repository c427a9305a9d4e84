//! Everything, or several keys, at one moment.

use super::Store;
use crate::error::{Failure, Result};
use crate::file::File;
use crate::format;
use crate::read::Reader;
use std::sync::atomic::Ordering;
use sync_backend::{Entry, Facts, Room, Selection, Snapshot};

impl Store {
    /// How many keys there are.
    pub fn len(&self) -> Result<u64> {
        let keys = self.follower.with_file(false, |file| {
            Reader::of(file).look_at_all(self.session().object(), || {
                if file.map.header().directory.load(Ordering::Acquire) == 0 {
                    Some(0)
                } else {
                    Reader::of(file).count()
                }
            })
        })?;
        Ok(keys.unwrap_or(0))
    }

    /// True if there is no key.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Everything, at one moment. A missing file is an empty snapshot.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let mut snapshot = Snapshot::default();
        self.fill(&mut snapshot, u64::MAX)?;
        Ok(snapshot)
    }

    /// Fills a snapshot anew, with everything. Values of at least `limit` bytes are left where they are. Where there is too
    /// little room, [`ErrorKind::NoRoom`](crate::ErrorKind::NoRoom): [`Snapshot::wanted`] says how much it takes.
    pub fn fill<B: Room<u8>, E: Room<Entry>>(&self, snapshot: &mut Snapshot<B, E>, limit: u64) -> Result<()> {
        self.select(&Selection::All, snapshot, limit)
    }

    /// As [`Store::fill`], with the keys that are selected.
    pub fn select<B: Room<u8>, E: Room<Entry>>(
        &self,
        selection: &Selection,
        snapshot: &mut Snapshot<B, E>,
        limit: u64,
    ) -> Result<()> {
        snapshot.begin(limit);
        let filled = self.follower.with_file(false, |file| {
            // Before the look: what changes after that counts as not seen.
            let header = file.map.header();
            let (end, changed) = (header.end(), header.changed.load(Ordering::Acquire));
            Reader::of(file).look_at_all(self.session().object(), || {
                if file.map.header().directory.load(Ordering::Acquire) == 0 {
                    snapshot.clear();
                    return Some(());
                }
                Reader::of(file).copy_selected(selection, snapshot)
            })?;
            if !snapshot.fits() {
                return Err(Failure::NoRoom(snapshot.wanted().0));
            }
            self.note_selected(file, selection, snapshot, (end, changed));
            Ok(())
        })?;
        if filled.is_none() {
            // There is no file any more: what was copied of it meanwhile is no moment's content.
            snapshot.clear();
        }
        Ok(())
    }

    /// Notes that what is in a snapshot was seen, at an end of the log and with a last change before the snapshot's moment.
    fn note_selected<B: Room<u8>, E: Room<Entry>>(
        &self,
        file: &File,
        selection: &Selection,
        snapshot: &Snapshot<B, E>,
        (end, changed): (u64, u64),
    ) {
        let note = |key: &[u8], there| self.follower.notes.note(format::hash(file.identity.hash_seed, key), end, there);
        match selection {
            Selection::All => self.follower.notes.note_all(end, changed),
            Selection::Keys(keys) => {
                keys.iter().for_each(|key| note(key, false));
                snapshot.keys().for_each(|key| note(key, true));
            }
            // The names alone were asked for.
            Selection::Page { .. } => {}
        }
    }

    /// The facts about the value of a key; `None` if there is none.
    pub fn facts(&self, key: &[u8]) -> Result<Option<Facts>> {
        let facts = self.follower.with_file(false, |file| {
            Reader::of(file).look_at_all(self.session().object(), || {
                if file.map.header().directory.load(Ordering::Acquire) == 0 {
                    Some(None)
                } else {
                    Reader::of(file).facts(key)
                }
            })
        })?;
        Ok(facts.flatten())
    }
}
