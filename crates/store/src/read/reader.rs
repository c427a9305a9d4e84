//! A reader of an open file.

use super::attempts::Attempts;
use super::lookup::{Keys, Lookup, SPINS};
use super::snapshot::{All, Page};
use super::stillness::Stillness;
use super::value::{Bytes, Copied, Want};
use crate::error::Failure;
use crate::file::File;
use crate::format::*;
use crate::header::HELD;
use crate::index::Hit;
use crate::log::record::Records;
use crate::memory::{fence, spin_loop};
use crate::torture::meanwhile;
use crate::version::Version;
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering;
use sync_backend::{Entry, Facts, Found, Now, Room, Selection, Snapshot, Unread};

/// How often a reader starts over before it asks for quiet. (Each time somebody must have written that very
/// key, or have made room, within a few instructions.)
pub(super) const ATTEMPTS: u32 = 1_000;
/// How often where it looks at everything, which any write disturbs.
const ATTEMPTS_AT_ALL: u32 = 3;

/// A file, to be read without its lock.
#[derive(Clone, Copy)]
pub struct Reader<'f> {
    file: &'f File,
}

impl<'f> Reader<'f> {
    #[inline(always)]
    pub fn of(file: &'f File) -> Self {
        Self { file }
    }

    /// The file.
    pub(super) fn file(&self) -> &'f File {
        self.file
    }

    /// Looks a key up for `object`; see [`crate::Store::get_short`] and [`crate::Store::peek`].
    #[inline]
    pub fn get(
        &self,
        object: u64,
        key: &[u8],
        want: Want,
        seen: &mut Version,
        out: &mut impl Room<u8>,
    ) -> Result<Found, Failure> {
        match self.attempt(object, key, want, seen, out)? {
            Some(found) => Ok(found),
            None => self.get_in_the_end(object, key, want, seen, out),
        }
    }

    /// As [`Reader::get`], where the first attempt has failed.
    #[cold]
    fn get_in_the_end(
        &self,
        object: u64,
        key: &[u8],
        want: Want,
        seen: &mut Version,
        out: &mut impl Room<u8>,
    ) -> Result<Found, Failure> {
        let mut attempts = Attempts::new(ATTEMPTS, self.file.writable);
        // The one that has failed.
        let _ = attempts.go_on();
        loop {
            attempts.have_copied(out.items().len());
            let stillness = if attempts.go_on() { None } else { Some(Stillness::of(self.file, object)?) };
            let known = *seen;
            let found = self.attempt(object, key, want, seen, out)?;
            match (found, stillness) {
                (Some(found), None) => return Ok(found),
                (Some(found), Some(stillness)) if stillness.held() => return Ok(found),
                (Some(_), Some(_)) => {
                    *seen = known;
                    return Err(Failure::Busy);
                }
                (None, None) => {}
                (None, Some(stillness)) => {
                    return Err(stillness.blame("what it says of a key makes no sense"));
                }
            }
        }
    }

    /// One attempt to look a key up. `None`: something moved meanwhile, or makes no sense.
    fn attempt(
        &self,
        object: u64,
        key: &[u8],
        want: Want,
        seen: &mut Version,
        out: &mut impl Room<u8>,
    ) -> Result<Option<Found>, Failure> {
        let header = self.file.map.header();
        // Its version is without the mark of a hold: under a hold every read looks.
        let looking = self.file.begin_looking(object)?;
        if !seen.is_of(self.file.life()) {
            *seen = Version::default();
            self.file.check_ours()?;
            // A name that is too long for any record has none.
            if header.directory.load(Ordering::Acquire) == 0 || key.len() as u64 > MAX_NAME {
                return Ok(Some(Found::Missing));
            }
            *seen = Version::of_key(self.file.life(), hash(self.file.identity.hash_seed, key));
        } else if seen.position().is_some() && self.is_unchanged(seen, looking.commit) {
            // Nobody held the store when the log's end was loaded, and the slot named this record then.
            if self.file.map.is_poisoned() || header.incarnation.load(Ordering::Relaxed) != self.file.incarnation() {
                return Err(Failure::Stale);
            }
            if seen.has_expired() {
                let hash = hash(self.file.identity.hash_seed, key);
                seen.miss(hash, header.index_epoch.load(Ordering::Acquire), looking.commit);
                return Ok(Some(Found::Missing));
            }
            seen.confirm(looking.commit);
            return Ok(Some(Found::Unchanged));
        }
        let epoch = header.index_epoch.load(Ordering::Acquire);
        let Some(encoded) = EncodedKey::new(key) else { return Ok(Some(Found::Missing)) };
        let view = self.file.view_since(looking.commit);
        let hash = seen.hash().unwrap_or_else(|| hash(self.file.identity.hash_seed, key));
        // The caller's knowledge stays as it is until it is certain that it gets something else.
        let mut expiry = None;
        let copied = match Keys::of(view).look_up(hash, &encoded, looking.commit) {
            Lookup::Found(candidate) if Bytes::of(view).has_expired(&candidate, &mut expiry) => {
                Bytes::of(view).has_stood(candidate.hit.record, candidate.generation).then_some(Copied::Missing)
            }
            Lookup::Found(candidate) => Bytes::of(view).copy_out(&encoded, &candidate, want, seen, out),
            Lookup::Missing => Some(Copied::Missing),
            Lookup::Again => None,
        };
        let undisturbed = self.file.has_seen_no_section(looking) && header.index_epoch.load(Ordering::Relaxed) == epoch;
        let ours = self.file.check_ours();
        let (Some(copied), true, Ok(())) = (copied, undisturbed, &ours) else {
            return ours.map(|()| None);
        };
        match copied {
            Copied::Is { found, hit, position } => {
                seen.find(hash, (hit, position), epoch, looking.commit);
                *seen = seen.until(expiry);
                Ok(Some(found))
            }
            Copied::NoRoom(length) => Err(Failure::NoRoom(length)),
            Copied::Missing => {
                seen.miss(hash, epoch, looking.commit);
                Ok(Some(Found::Missing))
            }
        }
    }

    /// Looks at all of the file, for `object`, until it has stood still meanwhile: `look` gives `None` where
    /// it has not.
    pub fn look_at_all<T>(&self, object: u64, mut look: impl FnMut() -> Option<T>) -> Result<T, Failure> {
        let mut attempts = Attempts::new(ATTEMPTS_AT_ALL, self.file.writable);
        while attempts.go_on() {
            let looking = self.file.begin_looking(object)?;
            self.file.check_ours()?;
            let seen = look().filter(|_| self.file.has_seen_no_section(looking));
            self.file.check_ours()?;
            if let Some(seen) = seen {
                return Ok(seen);
            }
        }
        let stillness = Stillness::of(self.file, object)?;
        let looking = self.file.begin_looking(object)?;
        let seen = look().filter(|_| self.file.has_seen_no_section(looking));
        self.file.check_ours()?;
        match seen {
            Some(seen) if stillness.held() => Ok(seen),
            _ => Err(stillness.blame("its index and its log do not agree")),
        }
    }

    /// Whether the value that `seen` tells of is still the newest, or was when `commit` was the log's end.
    #[inline]
    fn is_unchanged(&self, seen: &Version, commit: u64) -> bool {
        // Only if the log ends where it did is it certain that nothing was freed, and that the position was one.
        self.is_same_record(seen, commit) && self.file.map.header().commit.load(Ordering::Relaxed) & !HELD == commit
    }

    /// See [`crate::Store::confirm`]: the part of [`Reader::attempt`] that needs neither the key nor its bytes.
    #[inline]
    pub fn confirm(&self, seen: &mut Version) -> bool {
        let header = self.file.map.header();
        let commit = header.commit.load(Ordering::Acquire);
        // A hold is waited for, and a log that has gone back is looked into, by those that can fail.
        if commit & HELD != 0 || commit < self.file.seen() || seen.position().is_none() {
            return false;
        }
        self.file.see(commit);
        let is_newest = self.is_unchanged(seen, commit)
            && !seen.has_expired()
            && !self.file.map.is_poisoned()
            && header.incarnation.load(Ordering::Relaxed) == self.file.incarnation();
        if is_newest {
            seen.confirm(commit);
        }
        is_newest
    }

    /// Whether the slot still names the very record that `seen` tells of. Positions are never used
    /// twice, so there is no other record with this position at this offset.
    #[inline]
    fn is_same_record(&self, seen: &Version, commit: u64) -> bool {
        let (header, view, hit) = (self.file.map.header(), Records::of(self.file.view()), seen.hit());
        header.indexed.load(Ordering::Acquire) >= commit
            && view.word(hit.slot.offset() + 8).is_some_and(|slot| slot.load(Ordering::Acquire) == hit.record.word())
            && {
                meanwhile("looking at a position");
                true
            }
            && view.position(hit.record) == seen.position()
            && seen.is_of_epoch(header.index_epoch.load(Ordering::Acquire))
    }

    /// A hint that a writer may take from `seen`: the slot that names the record, if it still does, and the value has not expired.
    #[inline(always)]
    pub fn hint(&self, seen: &Version) -> Option<Hit> {
        let good = seen.is_of(self.file.life())
            && seen.position().is_some()
            && self.is_same_record(seen, 0)
            && !seen.has_expired();
        good.then_some(seen.hit())
    }

    /// Copies a part of a value that was left where it is, to fill `target`; false if it is gone. (Nobody
    /// looks whether the key has a newer one: this was the newest when it was found.)
    pub fn read_unread(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> bool {
        let [life, ..] = value.place;
        let is_known = life == self.file.life();
        is_known
            && Bytes::of(self.file.view()).copy_unread(value, from, target).is_some()
            && self.file.check_ours().is_ok()
    }

    /// How many keys there are. Waits for nobody: where a writer has stopped or died before it has
    /// counted what it published, or where values have expired that nobody has removed yet, the index and that are gone through
    /// instead. `None`: they changed meanwhile.
    pub fn count(&self) -> Option<u64> {
        let header = self.file.map.header();
        for _ in 0..3 {
            let commit = header.commit.load(Ordering::Acquire) & !HELD;
            if header.due().is_some() {
                return self.count_all();
            }
            for _ in 0..SPINS {
                if header.indexed.load(Ordering::Acquire) >= commit {
                    return Some(header.keys.load(Ordering::Acquire));
                }
                spin_loop();
            }
            if let Some(keys) = self.count_all() {
                return Some(keys);
            }
        }
        // Somebody is writing all the time, and counting.
        Some(header.keys.load(Ordering::Acquire))
    }

    #[cold]
    fn count_all(&self) -> Option<u64> {
        let mut keys = 0;
        let mut count = |_| {
            keys += 1;
            true
        };
        All::of(self.file.view()).visit_all(&mut count)?;
        Some(keys)
    }

    /// Copies what is selected, as it was at one moment, as far as there is room. `None`: it changed meanwhile.
    pub fn copy_selected<B: Room<u8>, E: Room<Entry>>(
        &self,
        selection: &Selection,
        snapshot: &mut Snapshot<B, E>,
    ) -> Option<()> {
        snapshot.clear();
        let view = All::of(self.file.view());
        match selection {
            Selection::All => view.visit_all(&mut |record| view.copy_entry(record, snapshot).is_some())?,
            Selection::Keys(keys) => self.copy_keys(view, keys, snapshot)?,
            Selection::Page { prefix, after, limit } => view.at_rest(|| {
                let mut page = Page::new(after.map_or(0, |after| after.saturating_add(1)), *limit);
                view.visit_all(&mut |record| view.is_named(record, prefix, &mut page).is_some())?;
                page.records().iter().try_for_each(|&(_, record)| view.copy_entry(record, snapshot))
            })?,
        }
        snapshot.sort();
        Some(())
    }

    /// Copies those of these keys that are there. `None`: something changed meanwhile.
    fn copy_keys<B: Room<u8>, E: Room<Entry>>(
        &self,
        view: All,
        keys: &[&[u8]],
        snapshot: &mut Snapshot<B, E>,
    ) -> Option<()> {
        view.at_rest(|| {
            let due = self.file.map.header().due();
            for key in keys {
                match self.newest_record(key) {
                    Lookup::Found(candidate)
                        if due.is_some_and(|now| view.has_expired(candidate.hit.record, now) == Some(true)) => {}
                    Lookup::Found(candidate) => view.copy_entry(candidate.hit.record, snapshot)?,
                    Lookup::Missing => {}
                    Lookup::Again => return None,
                }
            }
            Some(())
        })
    }

    /// The facts about a key's value. The outer `None`: something changed meanwhile.
    pub fn facts(&self, key: &[u8]) -> Option<Option<Facts>> {
        match self.newest_record(key) {
            Lookup::Found(candidate) => {
                let view = All::of(self.file.view());
                let facts = view.facts_of(candidate.hit.record)?;
                fence(Ordering::Acquire);
                let has_expired = facts.expiry.is_some_and(|expiry| expiry.has_come(Now::read()));
                let facts = if has_expired { None } else { Some(facts) };
                view.has_stood(candidate.hit.record, candidate.generation).then_some(facts)
            }
            Lookup::Missing => Some(None),
            Lookup::Again => None,
        }
    }

    /// Looks a key's newest record up.
    fn newest_record(&self, key: &[u8]) -> Lookup {
        // A name that is too long for any record has none.
        let Some(encoded) = EncodedKey::new(key) else { return Lookup::Missing };
        let commit = self.file.map.header().commit.load(Ordering::Acquire) & !HELD;
        Keys::of(self.file.view()).look_up(hash(self.file.identity.hash_seed, key), &encoded, commit)
    }
}
