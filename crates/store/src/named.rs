//! Named locks: how they are taken, passed on and waited for.
//!
//! All but leaving the line is done by the owner of the write lock. A lock names the lease of its owner, as the hold does, so
//! that the kernel says whether that lives. A thread that waits has a *place* in the line of those that wait for the hold, with
//! half of the name's hash beside its lease. The end of a lock gives it to the lowest ticket of that name, as a *turn*: it names
//! that thread's lease then, until the thread takes it up or is passed over.

use super::clock::{exactly_now, now};
use super::error::Failure;
use super::file::File;
use super::format::LEASE_SLOTS;
use super::futex::{Woken, futex_wait, futex_wake};
use super::header::LeaseSlot;
use super::line::{CALLED, FREE, Line, WAITING};
use super::lock::WriteGuard;
use super::lock_table::{LockKey, LockSlot, LockTable, LockTableWriter, Owner, SlotPlace};
use super::lock_word::NOBODY;
use super::memory::Instant;
use super::opening::{EndedLock, PlaceInLine};
use std::ops::Deref;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sync_backend::{LockName, LockSpace, Occupied, Taking};
use sync_fork::fork_generation;

/// How long the first in line, and one without a place there, sleeps at most before it looks whether the owner lives. (Asking the
/// kernel takes the longer the more leases there are.)
const LOOK_AFTER: Duration = Duration::from_millis(10);
/// How long the others sleep: they are called when it is their turn. They look in case the first one is stopped.
const LOOK_BEHIND_AFTER: Duration = Duration::from_millis(100);
/// How long a thread has time to take up its turn.
const TURN: Duration = Duration::from_millis(20);
/// How far the tokens jump with an adoption: more than can have been given before the disk knew of any.
const TOKENS_APART: u64 = 1 << 32;
/// In [`Occupied::note`], above the owner's lease: the lock is a turn.
const IS_TURN: u64 = 1 << 32;

/// The one that asks for a lock, or gives it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// Which store of the thread, and which of its fibers.
    pub object: u64,
    pub fiber: u64,
}

/// A place in line for a named lock, and what its thread has seen from there. It is plain data: to forget it costs others no
/// more than a turn that nobody takes up.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    pub hash: u64,
    place: PlaceInLine,
    /// The token of the turn of somebody else that was seen last, and since when that is seen.
    turn: Option<(u64, Instant)>,
}

/// The half of a name's hash that stands in a place in line: never 0.
fn half(hash: u64) -> u32 {
    (hash >> 32) as u32 | 1
}

/// The named locks of a file whose write lock is held.
#[derive(Clone, Copy)]
pub struct NamedLocks<'g> {
    table: LockTableWriter<'g>,
}

impl<'g> Deref for NamedLocks<'g> {
    type Target = LockTableWriter<'g>;

    fn deref(&self) -> &LockTableWriter<'g> {
        &self.table
    }
}

impl<'g> NamedLocks<'g> {
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { table: LockTableWriter::of(guard) }
    }

    /// Takes a lock, unless somebody else has it, or it is somebody else's turn. With a `standing` the asker takes its place in
    /// line then. Taking it again is the same lock, with the same token.
    pub fn take(
        &self,
        key: &LockKey,
        asker: Asker,
        mut standing: Option<&mut Option<Standing>>,
    ) -> Result<Taking, Failure> {
        let me = self.file.my_lease().ok_or(Failure::Stale)?;
        while let Some(slot) = self.find(key) {
            let place = standing.as_deref().copied().flatten().map(|standing| standing.place);
            let lease = match slot.owner() {
                Owner::Nobody => break,
                Owner::Has(lease) if lease == me && self.is_of(slot, asker) => {
                    return Ok(Taking::Taken(slot.token().get()));
                }
                Owner::Called(lease)
                    if lease == me && place.is_some_and(|place| slot.place().get() == word_of(place)) =>
                {
                    return Ok(Taking::Taken(self.take_up(slot, me, asker)));
                }
                Owner::Has(lease) | Owner::Called(lease) => lease,
            };
            if self.is_over(slot, lease) {
                self.pass_on(slot);
                continue;
            }
            let by = self.occupied(slot, lease, me);
            let Some(standing) = &mut standing else { return Ok(Taking::Occupied(by)) };
            self.stand(key, me, standing);
            if !standing.as_mut().is_some_and(|standing| standing.is_tired_of(slot)) {
                return Ok(Taking::Occupied(by));
            }
            self.pass_on(slot);
        }
        let slot = self.slot_for(key)?;
        let token = self.next_token();
        self.let_have(slot, me, asker, token);
        self.count_taken();
        self.file.check_sound()?;
        Ok(Taking::Taken(token))
    }

    /// Ends a lock, if the asker has it with this token, and lets the first in line have it.
    pub fn end(&self, key: &LockKey, object: u64, token: u64) {
        if let Some(slot) = self.find(key)
            && let Some(me) = self.file.my_lease()
            && slot.owner() == Owner::Has(me)
            && slot.object().get() == object
            && slot.token().get() == token
        {
            self.pass_on(slot);
        }
    }

    /// Ends locks that their owners have given up.
    pub fn end_all(&self, ended: &[EndedLock]) {
        for lock in ended {
            let name = LockName { space: lock.space, name: &lock.name };
            self.end(&LockKey::new(self.file.identity.hash_seed, name), lock.object, lock.token);
        }
    }

    /// Ends a turn that was given to this place.
    pub fn end_turn(&self, key: &LockKey, standing: Standing) {
        if let Some(slot) = self.find(key)
            && let Some(me) = self.file.my_lease()
            && slot.owner() == Owner::Called(me)
            && slot.place().get() == word_of(standing.place)
        {
            self.pass_on(slot);
        }
    }

    /// Ends all locks that name this lease: those of its last owner.
    pub fn end_all_of(&self, lease: u32) {
        let is_its = |slot: &LockSlot| matches!(slot.owner(), Owner::Has(its) | Owner::Called(its) if its == lease);
        // (Each end may move the table, and then the slots.)
        let mut place = SlotPlace::default();
        while let Some(slot) = self.table().and_then(|table| table.next_slot(&mut place, is_its)) {
            self.pass_on(slot);
        }
    }

    /// Lets an item in consumption be this thread's, or with no object nobody's that lives.
    pub fn keep_item(&self, key: &LockKey, object: Option<u64>, token: u64) -> Result<(), Failure> {
        let lease = match object {
            Some(_) => self.file.my_lease().ok_or(Failure::Stale)?,
            None => NOBODY,
        };
        let slot = self.slot_for(key)?;
        self.let_have(slot, lease, Asker { object: object.unwrap_or(0), fiber: 0 }, token);
        self.count_taken();
        self.file.check_sound()
    }

    /// The items in consumption, those of dead owners as well.
    pub fn items(&self) -> impl Iterator<Item = LockSlot<'g>> {
        self.table().into_iter().flat_map(LockTable::items)
    }

    /// Whether the item of this token is this thread's object's.
    pub fn has_item(&self, object: u64, token: u64) -> bool {
        let me = self.file.my_lease();
        self.items().any(|slot| {
            slot.token().get() == token
                && slot.object().get() == object
                && me.is_some_and(|me| slot.owner() == Owner::Has(me))
        })
    }

    /// Forgets the item of this token.
    pub fn forget_item(&self, token: u64) {
        if let Some(slot) = self.items().find(|slot| slot.token().get() == token) {
            self.free(slot);
        }
    }

    fn is_of(&self, slot: LockSlot, asker: Asker) -> bool {
        slot.object().get() == asker.object && slot.fiber().get() == asker.fiber
    }

    /// A token that is greater than all before. It follows the clock, so that it is greater than those of a file that was in this
    /// one's place before, too, and than those of a state of the file that was lost.
    pub fn next_token(&self) -> u64 {
        let last = &self.header().lock_tokens;
        // (A number that PHP does not have comes from a file that lies: it begins again.)
        let next = last.get().checked_add(1).filter(|&next| i64::try_from(next).is_ok()).unwrap_or(1);
        last.set(next.max(exactly_now() / 1000));
        last.get()
    }

    fn let_have(&self, slot: LockSlot, lease: u32, asker: Asker, token: u64) {
        slot.object().set(asker.object);
        slot.fiber().set(asker.fiber);
        slot.token().set(token);
        slot.since().set(now());
        slot.pid().set(self.file.slot_pid(lease));
        slot.set_owner(Owner::Has(lease));
    }

    /// Takes up the turn that this slot is.
    fn take_up(&self, slot: LockSlot, me: u32, asker: Asker) -> u64 {
        let place = slot.place().get();
        let token = slot.token().get();
        self.let_have(slot, me, asker, token);
        if let Some(place) = self.file.lease_slot(place as u32).filter(|its| its.mark() == (place >> 32) as u32) {
            place.wait.set(0);
        }
        token
    }

    /// Whether nobody that lives has the lock, nor is about to take it up.
    fn is_over(&self, slot: LockSlot, lease: u32) -> bool {
        self.file.is_gone(slot, lease)
            || matches!(slot.owner(), Owner::Called(_)) && (!self.is_called(slot) || has_waited_long(slot))
    }

    /// Whether the one whose turn it is still is in its place.
    fn is_called(&self, slot: LockSlot) -> bool {
        let word = slot.place().get();
        let place = self.file.lease_slot(word as u32);
        place.is_some_and(|place| place.state() == CALLED && place.mark() == (word >> 32) as u32)
    }

    fn occupied(&self, slot: LockSlot, lease: u32, me: u32) -> Occupied {
        let is_turn = matches!(slot.owner(), Owner::Called(_));
        Occupied {
            same_thread: lease == me,
            owner: self.file.process_of(lease),
            token: slot.token().get(),
            note: u64::from(lease) | if is_turn { IS_TURN } else { 0 },
        }
    }

    /// Gives a lock to the first in line; where there is none, it is nobody's.
    ///
    /// Death in here leaves a lock that is nobody's, or whose owner is dead, or a turn: whoever wants it next does this again. A
    /// place that was called then is still in line.
    fn pass_on(&self, slot: LockSlot) {
        let header = self.header();
        let word = slot.place().get();
        // (One that has not taken up its turn for so long may still be in its place.)
        if let (Owner::Called(_), Some(place)) = (slot.owner(), self.file.lease_slot(word as u32)) {
            place.change((word >> 32) as u32, CALLED, FREE);
        }
        let half = half(slot.hash().get());
        if slot.space() == Some(LockSpace::Consumed) {
            // The slot is what is known of the item, which goes back before its slot is free.
            return slot.set_owner(Owner::Has(NOBODY));
        }
        if slot.space() == Some(LockSpace::Computed) {
            // They wait for a value more than for the lock, and all of them can have that at once.
            self.free(slot);
            return self.wake_all(half);
        }
        let next = if header.lock_queue.get() != 0 { self.call_next(half) } else { None };
        let Some((place, lease)) = next else { return self.free(slot) };
        slot.set_owner(Owner::Nobody);
        slot.token().set(self.next_token());
        slot.since().set(now());
        slot.pid().set(self.file.slot_pid(lease));
        slot.place().set(word_of(place));
        slot.set_owner(Owner::Called(lease));
        if let Some(its) = self.file.lease_slot(place.number) {
            futex_wake(&its.wait, 1);
        }
    }

    /// Wakes all that stand in line for a name; they stand there no more.
    fn wake_all(&self, half: u32) {
        if self.header().lock_queue.get() == 0 {
            return;
        }
        for (_, place) in Line::of(self.file).places() {
            if place.named() == half && place.change(place.mark(), WAITING, FREE) {
                futex_wake(&place.wait, 1);
            }
        }
    }

    /// Calls the first living thread in line for a name.
    fn call_next(&self, half: u32) -> Option<(PlaceInLine, u32)> {
        loop {
            let (mut first, mut others): (Option<(u64, u32, &LeaseSlot)>, _) = (None, false);
            for (number, place) in Line::of(self.file).places() {
                if place.named() == 0 || !matches!(place.state(), WAITING | CALLED) {
                    continue;
                }
                let ticket = place.ticket.get();
                others = true;
                if place.named() == half && first.is_none_or(|(lowest, ..)| ticket < lowest) {
                    first = Some((ticket, number, place));
                }
            }
            if !others {
                self.header().lock_queue.set(0);
            }
            let (_, number, place) = first?;
            let lease = (place.lease.get() as u32).checked_sub(1).unwrap_or(NOBODY);
            let mark = place.mark();
            if !self.file.is_alive(lease, false) {
                place.wait.set(0);
            } else if place.change(mark, WAITING, CALLED) || place.state() == CALLED {
                return Some((PlaceInLine { number, mark, generation: 0 }, lease));
            }
        }
    }

    /// Takes a place in line, unless the thread has one, or all are taken.
    fn stand(&self, key: &LockKey, me: u32, standing: &mut Option<Standing>) {
        if standing.is_some_and(|standing| self.file.stands(standing)) {
            return;
        }
        *standing = None;
        let header = self.header();
        let first = me % LEASE_SLOTS as u32;
        let mut numbers = (first..LEASE_SLOTS as u32).chain(0..first);
        let is_free = |number: &u32| self.file.lease_slot(*number).is_some_and(|place| place.state() == FREE);
        let Some((number, place)) =
            numbers.find(is_free).and_then(|number| Some((number, self.file.lease_slot(number)?)))
        else {
            return;
        };
        header.tickets.add(1);
        let ticket = header.tickets.get();
        let mark = (ticket as u32) << 1;
        // First, should this thread die: where nobody is said to be in line, nobody looks for its place.
        header.lock_queue.set(1);
        place.ticket.set(ticket);
        place.lease.set(u64::from(half(key.hash)) << 32 | (u64::from(me) + 1));
        place.wait.store(u64::from(mark) << 32 | u64::from(WAITING), Ordering::Release);
        let place = PlaceInLine { number, mark, generation: fork_generation() };
        *standing = Some(Standing { hash: key.hash, place, turn: None });
    }

    /// The file is adopted: nobody has a lock, and no token comes twice.
    pub fn forget_all(guard: &WriteGuard) {
        let header = guard.header();
        header.lock_table.set(0);
        header.hold_token.set(0);
        header.lock_tokens.set(header.lock_tokens.get().saturating_add(TOKENS_APART).min(i64::MAX as u64 >> 1));
    }
}

fn word_of(place: PlaceInLine) -> u64 {
    u64::from(place.mark) << 32 | u64::from(place.number)
}

/// Whether a turn has not been taken up for long, by the wall clock: for those that do not wait. (Should that clock be set back,
/// those that wait take it by theirs.)
fn has_waited_long(slot: LockSlot) -> bool {
    now().saturating_sub(slot.since().get()) > 10 * TURN.as_nanos() as u64
}

impl Standing {
    /// Whether this thread has seen a turn that is not taken up for as long as that may take, by its own clock.
    fn is_tired_of(&mut self, slot: LockSlot) -> bool {
        if !matches!(slot.owner(), Owner::Called(_)) {
            return false;
        }
        let token = slot.token().get();
        let known = self.turn.filter(|(seen, _)| *seen == token);
        let (_, since) = *self.turn.insert(known.unwrap_or_else(|| (token, Instant::now())));
        since.elapsed() >= TURN
    }

    /// Whether it was taken in this process.
    pub fn is_ours(&self) -> bool {
        self.place.generation == fork_generation()
    }
}

impl File {
    /// Whether a place is still in line, in that use of it.
    fn stands(&self, standing: Standing) -> bool {
        let place = self.lease_slot(standing.place.number);
        standing.is_ours() && place.is_some_and(|place| place.mark() == standing.place.mark && place.state() != FREE)
    }

    /// Sleeps until a lock that `by` tells of may have been given back, or this thread's turn may have come; else for `at_most`,
    /// or until a signal comes. Returns no result: the caller tries again.
    pub fn wait_for_name(&self, standing: Option<Standing>, by: &Occupied, at_most: Duration) {
        let start = Instant::now();
        let place = standing.filter(|standing| self.stands(*standing)).map(|standing| standing.place);
        let (lease, is_turn) = (by.note as u32, by.note & IS_TURN != 0);
        loop {
            let left = at_most.saturating_sub(start.elapsed());
            let slept = match place.and_then(|place| self.lease_slot(place.number)) {
                Some(place) => {
                    let look_after = if self.is_behind(place) { LOOK_BEHIND_AFTER } else { LOOK_AFTER };
                    futex_wait(&place.wait, WAITING, left.min(look_after))
                }
                None => {
                    std::thread::sleep(left.min(LOOK_AFTER));
                    Woken::Maybe
                }
            };
            if slept == Woken::Fault {
                self.map.poison();
            }
            let is_same = || self.check_ours().is_ok() && self.is_alive(lease, true) && !self.has_given_since(by.token);
            let is_tired = is_turn && start.elapsed() >= TURN;
            if slept != Woken::TimedOut || is_tired || !is_same() || start.elapsed() >= at_most {
                return;
            }
        }
    }

    /// Whether another thread waits for the same lock, and came before the one in this place.
    fn is_behind(&self, place: &LeaseSlot) -> bool {
        let (half, ticket) = (place.named(), place.ticket.get());
        let is_before =
            |other: &LeaseSlot| other.named() == half && other.state() == WAITING && other.ticket.get() < ticket;
        Line::of(self).places().any(|(_, other)| is_before(other))
    }

    /// Whether any lock was given to anybody since the one with this token.
    fn has_given_since(&self, token: u64) -> bool {
        self.map.header().lock_tokens.load(Ordering::Acquire) != token
    }

    /// Leaves the line for a lock. True: it was this thread's turn, which is to be [ended](NamedLocks::end_turn).
    pub fn leave_line_for_name(&self, standing: Standing) -> bool {
        let Some(place) = self.lease_slot(standing.place.number).filter(|_| standing.is_ours()) else { return false };
        !place.change(standing.place.mark, WAITING, FREE) && place.change(standing.place.mark, CALLED, FREE)
    }

    /// Whether the owner of a slot is dead.
    fn is_gone(&self, slot: LockSlot, lease: u32) -> bool {
        let pid = self.slot_pid(lease);
        // (A slot without a pid says nothing.)
        !self.is_alive(lease, true) || pid != 0 && slot.pid().get() != 0 && pid != slot.pid().get()
    }

    /// Whether nobody that lives is consuming an item.
    pub fn is_abandoned(&self, slot: LockSlot) -> bool {
        matches!(slot.owner(), Owner::Has(lease) if self.is_gone(slot, lease))
    }
}

#[cfg(test)]
mod model;
