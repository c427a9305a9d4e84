//! A look at a store from outside: without any lock, so that it waits for nobody.

use super::clock::{now, tick};
use super::error::{Failure, Result};
use super::file::File;
use super::format::PAGE;
use super::hold::{OVER, Strength};
use super::line::{CALLED, Line, WAITING};
use super::lock_table::{INLINE, ITEM_TOKEN, LockKey, LockSlot, LockTable, Owner};
use super::lock_word::lease_of;
use super::read::{Reader, Sight};
use super::store::Store;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use sync_backend::{Connected, Consumer, HeldLock, LockName, LockSpace, Stats};

/// Behind a name of which only the beginning is kept.
const CUT: &str = "…";

impl Store {
    /// The state of the store, about now. It waits for nobody, not for a lock either. A missing file is an empty store.
    pub fn stats(&self) -> Result<Stats> {
        // (The keys are counted, where something is due.)
        let counted = |file: &File| {
            let stats = glance_at(file)?;
            Ok(Stats { keys: Reader::of(file).count().unwrap_or(stats.keys), ..stats })
        };
        Ok(self.follower.with_file(false, counted)?.unwrap_or_default())
    }

    /// As [`Store::stats`], at a cost that does not depend on how much is stored: keys count as well whose values have expired, and that
    /// no writer has removed yet, and those that a writer is about to count do not.
    pub fn glance(&self) -> Result<Stats> {
        Ok(self.follower.with_file(false, glance_at)?.unwrap_or_default())
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
fn glance_at(file: &File) -> std::result::Result<Stats, Failure> {
    let header = file.map.header();
    let connected = |lease: u32| Connected {
        pid: file.process_of(lease),
        since: file.lease_since(File::slot_of(lease)).map_or(0, |since| since.get()),
    };
    let (seen, mut owners) = (seen_locks(file)?, Owners { file, known: HashMap::new() });
    Ok(Stats {
        keys: header.keys.get(),
        live_bytes: header.live.count() + header.live_large.count(),
        dead_bytes: (header.segments.count() * PAGE).saturating_sub(header.live.count()),
        file_bytes: file.length().unwrap_or(0),
        memory_bytes: file.allocated().unwrap_or(0),
        commits: header.commits.get(),
        compactions: header.compactions.get(),
        processes: file.living_leases().map(connected).collect(),
        locks: hold(file).into_iter().chain(owners.named(&seen)).collect(),
        waiters: waiters(file),
        consuming: owners.consumers(&seen),
    })
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

/// A lock that somebody has, as its slot tells.
struct Seen {
    lease: u32,
    /// The pid of its process.
    pid: u64,
    space: LockSpace,
    name: Vec<u8>,
    token: u64,
    since: u64,
}

impl Seen {
    /// The lock of a slot, if it is somebody's. It may change hands meanwhile.
    fn in_slot(file: &File, slot: LockSlot) -> Option<Self> {
        let owner = slot.owner();
        let Owner::Has(lease) = owner else { return None };
        let (token, since, pid) = (slot.token().get(), slot.since().get(), slot.pid().get());
        let (space, length, mut name) = slot.read_name()?;
        let hash = slot.hash().get();
        let is_its = length > INLINE || {
            let lock = LockName { space, name: &name };
            LockKey::new(file.identity.hash_seed, lock).hash == hash
        };
        if slot.owner() != owner || slot.token().get() != token || !is_its {
            return None;
        }
        if length > INLINE {
            name.extend(CUT.as_bytes());
        }
        Some(Self { lease, pid, space, name, token, since })
    }
}

/// How often the table of locks is looked at again that has moved meanwhile. It moves when it has become too small, or far too large, and one look
/// takes much less time than the taking of so many locks.
const LOOKS: usize = 1000;

/// All locks by name, of the dead as well: each that somebody has all the time is among them, unless the table moved during every look.
fn seen_locks(file: &File) -> std::result::Result<Vec<Seen>, Failure> {
    for _ in 0..LOOKS {
        let seen = LockTable::look(file, |table| {
            let slots = table.into_iter().flat_map(LockTable::slots);
            slots.filter_map(|slot| Seen::in_slot(file, slot)).collect()
        });
        // (It may lie where the mapping ends.)
        file.check_reach()?;
        if let Some(seen) = seen {
            return Ok(seen);
        }
    }
    Ok(Vec::new())
}

/// The leases of owners, each of which the kernel is asked about once.
struct Owners<'f> {
    file: &'f File,
    /// By lease: whether it lives; the pid in its slot, and as it means something to this process.
    known: HashMap<u32, Option<(u64, Option<u32>)>>,
}

impl Owners<'_> {
    /// The lock, if its owner lives.
    fn held(&mut self, seen: &Seen) -> Option<HeldLock> {
        let (file, lease) = (self.file, seen.lease);
        let look = || file.is_alive(lease, true).then(|| (file.slot_pid(lease), file.process_of(lease)));
        let (slot_pid, pid) = (*self.known.entry(lease).or_insert_with(look))?;
        [0, seen.pid].contains(&slot_pid).then(|| HeldLock {
            name: Some(seen.name.clone()),
            pid,
            since: seen.since,
            token: Some(seen.token),
        })
    }

    /// The locks of names.
    fn named(&mut self, seen: &[Seen]) -> Vec<HeldLock> {
        seen.iter().filter(|lock| lock.space == LockSpace::Named).filter_map(|lock| self.held(lock)).collect()
    }

    /// The consumers, in the order in which they have begun.
    fn consumers(&mut self, seen: &[Seen]) -> Vec<Consumer> {
        let items = seen.iter().filter(|lock| lock.space == LockSpace::Consumed);
        let mut items: Vec<_> = items.filter_map(|lock| self.held(lock)).collect();
        items.sort_by_key(|item| item.token);
        let consumer = |item: HeldLock| {
            let name = item.name?.get(ITEM_TOKEN..)?.to_vec();
            Some(Consumer { name, pid: item.pid })
        };
        items.into_iter().filter_map(consumer).collect()
    }
}

/// How many threads stand in line for a lock, or sleep until something changes.
fn waiters(file: &File) -> u64 {
    let sleepers = file.living_leases().filter_map(|lease| file.lease_slot(lease)).filter(|slot| slot.waits.get() != 0);
    let places = Line::of(file).places().filter(|(_, place)| matches!(place.state(), WAITING | CALLED));
    let is_alive = |lease: u32| file.is_alive(lease, false);
    places.filter(|(_, place)| (place.lease.get() as u32).checked_sub(1).is_some_and(is_alive)).count() as u64
        + sleepers.count() as u64
}
