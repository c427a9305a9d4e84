//! Going through all keys while others write, without a lock, for a look from outside: each key is seen as it was at some moment.

use super::reader::Reader;
use super::snapshot::All;
use crate::error::Failure;
use crate::format::*;
use crate::header::Root;
use crate::memory::fence;
use crate::reference::Ref;
use crate::torture::meanwhile;
use std::sync::atomic::Ordering;
use sync_backend::{Expiry, Facts, Now};

/// How often a slot is looked at again whose record was replaced meanwhile.
const LOOKS: u32 = 100;

/// A key, as a look from outside has seen it.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    pub name: &'a [u8],
    /// The place of the key in insertion order.
    pub place: u64,
    /// The number of bytes of its value.
    pub bytes: u64,
    /// When it expires; `None`: never.
    pub expiry: Option<Expiry>,
    /// The state ([`crate::Store::state`]) in which its value was stored, or a later one if that was very long ago.
    pub stored: u64,
}

impl Reader<'_> {
    /// Shows all keys to `visit`, but for those that have expired, for `object`. True: each key that was there all the time has been seen.
    /// False: somebody moved too much at once.
    pub fn survey(&self, object: u64, visit: &mut dyn FnMut(Sight)) -> Result<bool, Failure> {
        let file = self.file();
        let looking = file.begin_looking(object)?;
        file.check_ours()?;
        let header = file.map.header();
        if header.directory.load(Ordering::Acquire) == 0 {
            return Ok(true);
        }
        let (view, now, mut name) = (All::of(file.view_since(looking.commit)), Now::read(), Vec::new());
        let mut all = true;
        let epoch = header.index_epoch.load(Ordering::Acquire);
        let visited = view.visit_loosely(&mut |slot, record| {
            all &= view.see(slot, record, now, &mut name, visit).is_some();
        });
        let undisturbed = file.has_seen_no_section(looking) && header.index_epoch.load(Ordering::Relaxed) == epoch;
        file.check_ours()?;
        Ok(all && visited.is_some() && undisturbed)
    }
}

impl Reader<'_> {
    /// Shows a few thousand keys to `visit`, those whose hashes follow `from`, for `object`. Returns from where to go on, or `None`, as these
    /// were the last; and the number of keys that could not be read, in a sound file because they moved too fast. A writer that is between
    /// publishing and indexing, or has died there, has its news left out.
    pub fn survey_part(
        &self,
        object: u64,
        from: u64,
        visit: &mut dyn FnMut(Sight),
    ) -> Result<(Option<u64>, u64), Failure> {
        let file = self.file();
        let looking = file.begin_looking(object)?;
        file.check_ours()?;
        let root = file.map.header().directory.load(Ordering::Acquire);
        if root == 0 {
            return Ok((None, 0));
        }
        let (view, now, mut name) = (All::of(file.view_since(looking.commit)), Now::read(), Vec::new());
        let mut unread = 0;
        let next = view.for_each_slot_from(from, Root::open(root), |slot, record| {
            unread += u64::from(view.see(Some(slot), record, now, &mut name, visit).is_none());
        });
        file.check_ours()?;
        // (The directory has just become another one.)
        next.map(|next| (next, unread)).ok_or(Failure::Busy)
    }
}

/// The outcome of a look at a record.
enum Looked {
    Done,
    /// It was replaced meanwhile, or lies in pages that have just come: look again at the slot that names it.
    Again,
}

impl All<'_> {
    /// Shows the key of a slot, as its newest record tells of it. `None`: it could not be read. (Five parameters and itself: the walk's
    /// own, and those of its caller.)
    fn see(
        &self,
        slot: Option<Ref>,
        record: Ref,
        now: Now,
        name: &mut Vec<u8>,
        visit: &mut dyn FnMut(Sight),
    ) -> Option<()> {
        let (mut view, mut record) = (*self, record);
        for _ in 0..LOOKS {
            if let Some(Looked::Done) = view.see_record(slot, record, now, name, visit) {
                return Some(());
            }
            view = All::of(self.file.view());
            let newest = view.word(slot?.offset() + 8)?.load(Ordering::Acquire);
            if newest <= REMOVED {
                return Some(());
            }
            record = Ref::of_word(newest);
        }
        None
    }

    fn see_record(
        &self,
        slot: Option<Ref>,
        record: Ref,
        now: Now,
        name: &mut Vec<u8>,
        visit: &mut dyn FnMut(Sight),
    ) -> Option<Looked> {
        let generation = self.generation(record)?.load(Ordering::Acquire);
        meanwhile("surveying a record");
        // Only now is it certain that the record belongs to this generation, as with a look-up.
        let is_named = match slot {
            Some(slot) => self.word(slot.offset() + 8)?.load(Ordering::Acquire) == record.word(),
            None => true,
        };
        if generation == 0 || !is_named {
            return Some(Looked::Again);
        }
        let seen = self.sight_of(record, name);
        fence(Ordering::Acquire);
        if !self.has_stood(record, generation) {
            return Some(Looked::Again);
        }
        let (facts, stored, is_item) = seen?;
        if !is_item && !facts.expiry.is_some_and(|expiry| expiry.has_come(now)) {
            let Facts { place, bytes, expiry, .. } = facts;
            visit(Sight { name, place, bytes, expiry, stored });
        }
        Some(Looked::Done)
    }

    /// A record's key, and what is known of its value; whether it is an item in consumption.
    fn sight_of(&self, record: Ref, name: &mut Vec<u8>) -> Option<(Facts, u64, bool)> {
        let key = self.layout(record, self.record_head(record)?)?.key;
        name.clear();
        self.copy(key.at, key.length, name)?;
        Some((self.facts_of(record)?, self.origin(record)?, self.is_item(record)?))
    }
}
