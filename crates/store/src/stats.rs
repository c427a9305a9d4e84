//! A look at a store from outside: without any lock, so that it waits for nobody.

use super::clock::{now, tick};
use super::error::Result;
use super::file::File;
use super::format::PAGE;
use super::hold::{OVER, Strength};
use super::line::{CALLED, Line, WAITING};
use super::lock_table::{INLINE, ITEM_TOKEN, LockKey, LockSlot, Owner};
use super::lock_word::lease_of;
use super::read::{Reader, Sight};
use super::store::Store;
use std::sync::atomic::Ordering;
use sync_backend::{Connected, Consumer, HeldLock, LockName, LockSpace, Stats};

/// Behind a name of which only the beginning is kept.
const CUT: &str = "…";

impl Store {
    /// The state of the store, about now. It waits for nobody, not for a lock either. A missing file is an empty store.
    pub fn stats(&self) -> Result<Stats> {
        // (The keys are counted, where something is due.)
        let counted = |file: &File| {
            let stats = glance_at(file);
            Ok(Stats { keys: Reader::of(file).count().unwrap_or(stats.keys), ..stats })
        };
        Ok(self.follower.with_file(false, counted)?.unwrap_or_default())
    }

    /// As [`Store::stats`], at a cost that does not depend on how much is stored: keys count as well whose values have expired, and that
    /// no writer has removed yet, and those that a writer is about to count do not.
    pub fn glance(&self) -> Result<Stats> {
        Ok(self.follower.with_file(false, |file| Ok(glance_at(file)))?.unwrap_or_default())
    }

    /// Goes through all keys, without a lock, while others write; `see` adds what it is shown to a result, which starts anew where
    /// the file turns out to be another one. With the result: whether each key that was there all the time has been seen. A missing
    /// file has none. Only a `lock()` of others is waited for.
    pub fn survey<T: Default>(&self, mut see: impl FnMut(&mut T, Sight)) -> Result<(T, bool)> {
        let object = self.session().object();
        let survey = |file: &File| {
            let mut result = T::default();
            let whole = Reader::of(file).survey(object, &mut |sight| see(&mut result, sight))?;
            Ok((result, whole))
        };
        Ok(self.follower.with_file(false, survey)?.unwrap_or((T::default(), true)))
    }

    /// As [`Store::survey`], of a few thousand keys: a part that begins with 0, or with the number that came with the part before. `None`
    /// comes with the last one. Each key is in one part. With it comes the number of keys that could not be read: in a sound file they moved
    /// too fast.
    pub fn survey_part<T: Default>(
        &self,
        from: u64,
        mut see: impl FnMut(&mut T, Sight),
    ) -> Result<(T, Option<u64>, u64)> {
        let object = self.session().object();
        let survey = |file: &File| {
            let mut result = T::default();
            let (next, unread) = Reader::of(file).survey_part(object, from, &mut |sight| see(&mut result, sight))?;
            Ok((result, next, unread))
        };
        Ok(self.follower.with_file(false, survey)?.unwrap_or_default())
    }
}

/// The state of a file; the number of keys as the header tells it.
fn glance_at(file: &File) -> Stats {
    let header = file.map.header();
    let connected = |lease: u32| Connected {
        pid: file.process_of(lease),
        since: file.lease_since(File::slot_of(lease)).map_or(0, |since| since.get()),
    };
    let named = file.lock_table().into_iter().flat_map(|table| table.slots());
    Stats {
        keys: header.keys.get(),
        live_bytes: header.live.count() + header.live_large.count(),
        dead_bytes: (header.segments.count() * PAGE).saturating_sub(header.live.count()),
        file_bytes: file.length().unwrap_or(0),
        memory_bytes: file.allocated().unwrap_or(0),
        commits: header.commits.get(),
        compactions: header.compactions.get(),
        processes: file.living_leases().map(connected).collect(),
        locks: hold(file).into_iter().chain(named.filter_map(|slot| lock_in(file, slot, LockSpace::Named))).collect(),
        waiters: waiters(file),
        consuming: consumers(file),
    }
}

/// The lock of the whole store, if somebody holds it.
fn hold(file: &File) -> Option<HeldLock> {
    let header = file.map.header();
    let word = header.hold.load(Ordering::Acquire);
    let lease = lease_of(word).filter(|_| word & OVER == 0)?;
    let (strength, token, since) = (header.hold_strength.get(), header.hold_token.get(), header.hold_since.get());
    let pid = file.process_of(lease);
    let stands = header.hold.load(Ordering::Acquire) == word && file.is_alive(lease, true);
    (stands && strength == Strength::All as u64).then(|| HeldLock {
        name: None,
        pid,
        since: now().saturating_sub(tick().saturating_sub(since)),
        token: (token != 0).then_some(token),
    })
}

/// The lock of a slot in this space, if somebody has it.
fn lock_in(file: &File, slot: LockSlot, its: LockSpace) -> Option<HeldLock> {
    let owner = slot.owner();
    let Owner::Has(lease) = owner else { return None };
    let (token, since, slot_pid) = (slot.token().get(), slot.since().get(), slot.pid().get());
    let (space, length, mut name) = slot.read_name()?;
    let hash = slot.hash().get();
    let is_its = length > INLINE || {
        let lock = LockName { space, name: &name };
        LockKey::new(file.identity.hash_seed, lock).hash == hash
    };
    // It may have changed hands meanwhile, or the table have moved.
    let stands = slot.owner() == owner && slot.token().get() == token && is_its && space == its;
    if !stands || !file.is_alive(lease, true) || ![0, slot_pid].contains(&file.slot_pid(lease)) {
        return None;
    }
    if length > INLINE {
        name.extend(CUT.as_bytes());
    }
    Some(HeldLock { name: Some(name), pid: file.process_of(lease), since, token: Some(token) })
}

/// The consumers, in the order in which they have begun.
fn consumers(file: &File) -> Vec<Consumer> {
    let slots = file.lock_table().into_iter().flat_map(|table| table.slots());
    let mut items: Vec<_> = slots.filter_map(|slot| lock_in(file, slot, LockSpace::Consumed)).collect();
    items.sort_by_key(|item| item.token);
    let consumer = |item: HeldLock| {
        let name = item.name?.get(ITEM_TOKEN..)?.to_vec();
        Some(Consumer { name, pid: item.pid })
    };
    items.into_iter().filter_map(consumer).collect()
}

/// How many threads stand in line for a lock, or sleep until something changes.
fn waiters(file: &File) -> u64 {
    let sleepers = file.living_leases().filter_map(|lease| file.lease_slot(lease)).filter(|slot| slot.waits.get() != 0);
    let places = Line::of(file).places().filter(|(_, place)| matches!(place.state(), WAITING | CALLED));
    let is_alive = |lease: u32| file.is_alive(lease, false);
    places.filter(|(_, place)| (place.lease.get() as u32).checked_sub(1).is_some_and(is_alive)).count() as u64
        + sleepers.count() as u64
}
