//! Changes to several keys that happen at once.
//!
//! Their records get positions that follow each other, and are published by one store of `commit`. Those that have room beside
//! each other lie there, as the copies of the cleaner do. Others go wherever there is room, and one more record lists them.

use super::append::{Effect, Placed, Published};
use super::list::*;
use super::replace::united_start;
use super::values::{Grown, Values};
use crate::error::Failure;
use crate::format::*;
use crate::index::{Hit, Search};
use crate::lock::WriteGuard;
use crate::reference::Ref;
use crate::space::Purpose;
use crate::torture::crash_point;
use crate::watching::MOST as MOST_CHANGES;
use std::borrow::Cow;
use std::ops::Deref;
use sync_backend::{Change, Expiry, Now, Spare};

thread_local! {
    /// Memory for the members of the next batch of this thread.
    static MEMBERS: Spare<Member<'static>> = const { Spare::new() };
}

/// A change, as far as it is decided before it has a place.
pub(super) struct Member<'c> {
    pub op: Op,
    pub expiry: Option<Expiry>,
    key: EncodedKey<'c>,
    hash: u64,
    /// The slot and record of the key, while the index has the epoch of the plan.
    pub hit: Option<Hit>,
    /// Whether a cursor is a part of its head.
    pub is_taken: bool,
    /// The start of the record's body, and the rest.
    pub head: Cow<'c, [u8]>,
    pub body: &'c [u8],
    /// The word for the key's place in the order; `None`: the record's position.
    pub order: Option<u64>,
    /// The record that it goes on from.
    pub kept: Ref,
    /// Where it was put, and its bytes there.
    record: Ref,
    length: u64,
}

impl<'c> Member<'c> {
    /// A value of no bytes, under a key that the index does not have.
    #[inline(always)]
    pub fn new(key: EncodedKey<'c>, hash: u64) -> Self {
        let (head, body) = (Cow::Borrowed(&[][..]), &[][..]);
        let (kept, record) = (Ref::NONE, Ref::NONE);
        let (op, expiry, hit, is_taken, order, length) = (Op::Set, None, None, false, None, 0);
        Self { op, expiry, key, hash, hit, is_taken, head, body, order, kept, record, length }
    }

    /// As [`Member::new`], of a value that goes on.
    pub fn grown(key: EncodedKey<'c>, hash: u64, (hit, grown): (Hit, Grown), body: &'c [u8]) -> Self {
        let Grown { op, expiry, is_taken, head, order, kept } = grown;
        let (hit, head, order) = (Some(hit), Cow::Owned(head), Some(order));
        Self { op, expiry, hit, is_taken, head, body, order, kept, ..Self::new(key, hash) }
    }

    /// The removal of a key, which has this place in the order.
    #[inline(always)]
    pub fn removal(key: EncodedKey<'c>, hash: u64, hit: Hit, order: u64) -> Self {
        Self { op: Op::Remove, hit: Some(hit), order: Some(order), body: &[0xc0], ..Self::new(key, hash) }
    }

    #[inline(always)]
    fn new_record(&self) -> NewRecord<'_> {
        let value = Value { head: &self.head, body: self.body };
        NewRecord { op: self.op, key: &self.key, expiry: self.expiry, is_taken: self.is_taken, value, origin: None }
    }
}

/// All members, those that hold values first: what the index gets room for is not to be taken from it by a removal.
struct Plan<'c> {
    members: Vec<Member<'c>>,
    /// Bytes of their records, and of those that share segments.
    length: u64,
    small: u64,
    /// The epoch of the index.
    epoch: u64,
    purpose: Purpose,
}

/// Records that were written beside each other, or apart with a list of them; nobody sees them yet.
struct Written {
    first: Ref,
    /// The record that `pending` is to name, and the last one.
    pending: Ref,
    last: Placed,
    /// Where the next small record goes, and where its segment ends.
    tail: Ref,
    tail_end: u64,
    /// A run, and bytes of records there that are yet to be counted as live: before anything else looks at that.
    uncounted: (u64, u64),
    /// Bytes that count as live at the old tail.
    at_tail: i64,
    /// The runs that were taken.
    taken: Vec<u64>,
}

/// The batches of a file whose write lock is held.
#[derive(Clone, Copy)]
pub struct Batches<'g> {
    values: Values<'g>,
}

impl<'g> Deref for Batches<'g> {
    type Target = Values<'g>;

    #[inline(always)]
    fn deref(&self) -> &Values<'g> {
        &self.values
    }
}

/// Where the segment of a tail ends; 0: there is none.
fn segment_end(tail: Ref) -> u64 {
    tail.segment_before().map_or(0, |(_, end)| end)
}

/// Room for so many in a vector.
fn reserve<T>(vector: &mut Vec<T>, count: usize) -> Result<(), Failure> {
    vector.try_reserve(count).map_err(|_| Failure::NoMemory((size_of::<T>() * count) as u64))
}

impl<'g> Batches<'g> {
    #[inline(always)]
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { values: Values::of(guard) }
    }

    /// Makes these changes, to keys that differ from each other, at one moment. `hint` gives the slot and record that a version
    /// stands for; `noted` is told of each key's hash, and whether it is there then. False: one of the versions stands for nothing that is
    /// there, and nothing has happened. On an error nothing has changed.
    pub fn commit<V>(
        &self,
        changes: &[Change<V>],
        hint: impl Fn(&V) -> Option<Hit>,
        noted: impl Fn(u64, bool),
    ) -> Result<bool, Failure> {
        let Some(members) = self.members(changes, hint, &noted)? else { return Ok(false) };
        let mut plan = self.plan(members);
        let done = self.carry_out(&mut plan);
        if done.is_ok() {
            plan.members.iter().for_each(|member| noted(member.hash, member.op != Op::Remove));
        }
        let _ = MEMBERS.try_with(|spare| spare.keep(plan.members));
        done.map(|()| true)
    }

    /// Makes changes that are decided, at one moment: those that store something, then those that remove. On an error nothing has
    /// changed.
    pub(super) fn make(&self, members: Vec<Member>) -> Result<(), Failure> {
        self.carry_out(&mut self.plan(members))
    }

    fn carry_out(&self, plan: &mut Plan) -> Result<(), Failure> {
        match &plan.members[..] {
            // Nor would anything be there where the index has gone with a part of the file.
            [] => self.file.check_long(),
            [Member { op: Op::Remove, key, hash, .. }] => self.remove(key, *hash).map(drop),
            members => {
                self.make_room_for_new(members)?;
                if members.len() == 1 || plan.length <= MAX_SMALL {
                    self.commit_together(plan)
                } else {
                    self.commit_apart(plan)
                }
            }
        }
    }

    // ---- before anything is written --------------------------------------------------------------

    /// `None`: a version stands for nothing that is there.
    fn members<'c, V>(
        &self,
        changes: &[Change<'c, V>],
        hint: impl Fn(&V) -> Option<Hit>,
        noted: impl Fn(u64, bool),
    ) -> Result<Option<Vec<Member<'c>>>, Failure> {
        let mut members = MEMBERS.try_with(Spare::take).unwrap_or_default();
        reserve(&mut members, changes.len())?;
        let (seed, now) = (self.file.identity.hash_seed, Now::read());
        // (A value that has expired by now is not stored.)
        let is_removed = |change: &Change<V>| match change {
            Change::Put { expiry, .. } => expiry.is_some_and(|expiry| expiry.has_come(now)),
            Change::Remove { .. } => true,
            Change::Append { .. } | Change::Clear => false,
        };
        let mut are_removals = false;
        for change in changes {
            if is_removed(change) {
                are_removals = true;
                continue;
            }
            let Some(key) = EncodedKey::new(change.key()) else { continue };
            let hash = hash(seed, key.bytes());
            match *change {
                Change::Put { head, body, note, expiry, anew, .. } => {
                    let hit = self.hit(hash, &key);
                    let order = hit.filter(|_| !anew).and_then(|hit| self.kept_place(hit.record));
                    let (op, head) = match note {
                        None => (Op::Set, Cow::Borrowed(head)),
                        Some(note) => (Op::United, Cow::Owned(united_start(note, head)?)),
                    };
                    members.push(Member { op, expiry, hit, head, body, order, ..Member::new(key, hash) });
                }
                Change::Append { bytes, note, ref version, .. } => {
                    let Some(hit) = hint(version) else { return Ok(None) };
                    let grown = self.grow(&key, hit, note, bytes)?;
                    members.push(Member::grown(key, hash, grown, bytes));
                }
                // (All that is there is replaced by other means.)
                Change::Clear | Change::Remove { .. } => {}
            }
        }
        for change in changes.iter().filter(|change| are_removals && is_removed(change)) {
            let Some(key) = EncodedKey::new(change.key()) else { continue };
            let hash = hash(seed, key.bytes());
            match self.hit(hash, &key) {
                Some(hit) => members.push(Member::removal(key, hash, hit, self.order(hit.record))),
                None => noted(hash, false),
            }
        }
        Ok(Some(members))
    }

    fn plan<'c>(&self, mut members: Vec<Member<'c>>) -> Plan<'c> {
        let purpose = match () {
            () if members.iter().any(|member| member.op != Op::Remove) => Purpose::Write,
            () if self.is_durable() => Purpose::Reclaim,
            () => Purpose::Spare,
        };
        let (mut length, mut small) = (0, 0);
        for member in &mut members {
            member.length = member.new_record().length();
            length += member.length;
            small += if member.length <= MAX_SMALL { member.length } else { 0 };
        }
        let epoch = self.header().index_epoch.get();
        Plan { members, length, small, epoch, purpose }
    }

    #[inline(always)]
    fn hit(&self, hash: u64, key: &EncodedKey) -> Option<Hit> {
        match self.find(hash, key) {
            Search::Hit(hit) => Some(hit),
            Search::Miss(_) => None,
        }
    }

    /// Lets the index have room for the keys that it does not have: after the publication nothing can fail.
    fn make_room_for_new(&self, members: &[Member]) -> Result<(), Failure> {
        let mut hashes = Vec::new();
        reserve(&mut hashes, members.len())?;
        hashes.extend(members.iter().filter(|member| member.hit.is_none()).map(|member| member.hash));
        hashes.sort_unstable();
        self.make_room_for(&hashes)
    }

    // ---- records beside each other -----------------------------------------------------------------

    fn commit_together(&self, plan: &mut Plan) -> Result<(), Failure> {
        let place = self.segments().space_for(plan.length, plan.purpose)?;
        let (mut position, mut at, mut live) = (self.end(), place, 0);
        let (first, count) = (place, plan.members.len() as u32);
        let mut last = None;
        for (n, member) in (0..).zip(&mut plan.members) {
            let placed = self.append_member(member, at, position, Company::of(n, count));
            live += if member.op.holds_value() { placed.length as i64 } else { 0 };
            position += placed.length;
            at = at.plus(placed.length);
            last = Some(placed);
        }
        self.add_live(place.page(), live);
        let Some(last) = last else { return Ok(()) };
        let published = self.publish(first, last, Effect::Values).inspect_err(|_| {
            self.add_live(place.page(), -live);
            if place.is_large() {
                self.release(place.page());
            }
        })?;
        self.apply(plan);
        self.mark_indexed(&published);
        Ok(())
    }

    /// Writes the record of a member. It is yet to be counted.
    #[inline(always)]
    fn append_member(&self, member: &mut Member, place: Ref, position: u64, company: Company) -> Placed {
        if member.op == Op::Remove {
            self.header().removed_at(member.hash).set(position);
        }
        let order = member.order.unwrap_or(position);
        let placed = self.append(&member.new_record(), place, position, order, company);
        member.record = place;
        placed
    }

    // ---- records apart from each other ---------------------------------------------------------------

    fn commit_apart(&self, plan: &mut Plan) -> Result<(), Failure> {
        let tail = self.segments().tail();
        let mut written = Written {
            first: Ref::NONE,
            pending: Ref::NONE,
            last: Placed { record: Ref::NONE, length: 0, position: self.end() },
            tail,
            tail_end: segment_end(tail),
            uncounted: (0, 0),
            at_tail: 0,
            taken: Vec::new(),
        };
        let done = self.write_apart(plan, &mut written);
        self.count(&mut written);
        let published =
            done.and_then(|()| self.publish_as(written.pending, (written.first, written.last), Effect::Values));
        match published {
            Ok(published) => self.finish_apart(plan, &written, &published),
            Err(failure) => {
                for &page in &written.taken {
                    self.release(page);
                }
                if let Some(page) = self.segments().tail_page() {
                    self.add_live(page, -written.at_tail);
                }
                // A record there was not published behind the last one.
                self.segments().end_walks_at_tail();
                return Err(failure);
            }
        }
        Ok(())
    }

    fn write_apart(&self, plan: &mut Plan, written: &mut Written) -> Result<(), Failure> {
        let count = u32::try_from(plan.members.len()).ok().filter(|&count| count < Company::MOST);
        let count = count.ok_or(Failure::TooLarge)?;
        reserve(&mut written.taken, plan.members.len() + 1)?;
        // The hashes, and behind each its member.
        let mut listed: Vec<u64> = Vec::new();
        reserve(&mut listed, plan.members.len())?;
        let old_tail = self.segments().tail_page();
        for (n, member) in (0..).zip(&mut plan.members) {
            let length = member.length;
            let place = self.place(length, plan.small, plan.purpose, written)?;
            let position = written.last.position + written.last.length;
            written.last = self.append_member(member, place, position, Company::of(n, count));
            if member.op.holds_value() {
                let page = place.page();
                if written.uncounted.0 != page {
                    self.count(written);
                    written.uncounted.0 = page;
                }
                written.uncounted.1 += length;
                if Some(page) == old_tail {
                    written.at_tail += length as i64;
                }
            }
            if n == 0 {
                written.first = place;
            }
            listed.push(u64::from(listed_hash(member.hash)) << 32 | u64::from(n));
        }
        sort_hashes(&mut listed);
        self.write_list(&listed, plan, written)
    }

    /// Writes the list of the members, which are sorted by the upper halves of these words; the lower ones are their numbers.
    fn write_list(&self, sorted: &[u64], plan: &Plan, written: &mut Written) -> Result<(), Failure> {
        let head = list_head(sorted.len() as u64).ok_or(Failure::TooLarge)?;
        let mut body = Vec::new();
        reserve(&mut body, sorted.len() * LISTED as usize)?;
        body.resize(sorted.len() * LISTED as usize, 0);
        for (word, bytes) in sorted.iter().zip(body.as_chunks_mut().0) {
            let record = plan.members.get(*word as u32 as usize).map_or(Ref::NONE, |member| member.record);
            *bytes = listed((word >> 32) as u32, record.word());
        }
        let key = EncodedKey::none();
        let record = NewRecord::new(Op::Batch, &key, Value { head: &head, body: &body });
        let place = self.place(record.length(), plan.small, plan.purpose, written)?;
        let position = written.last.position + written.last.length;
        // Not in the company of the others: they are found without it after a power loss.
        written.last = self.append(&record, place, position, position, Company::NONE);
        written.pending = place;
        Ok(())
    }

    /// Room for a record of this length, where so many bytes of small ones are written in all.
    #[inline(always)]
    fn place(&self, length: u64, small: u64, purpose: Purpose, written: &mut Written) -> Result<Ref, Failure> {
        if length > MAX_SMALL || written.tail.offset() + length > written.tail_end {
            return self.place_in_new_run(length, small, purpose, written);
        }
        let place = written.tail;
        written.tail = place.plus(length);
        Ok(place)
    }

    #[cold]
    fn place_in_new_run(
        &self,
        length: u64,
        small: u64,
        purpose: Purpose,
        written: &mut Written,
    ) -> Result<Ref, Failure> {
        self.count(written);
        if length > MAX_SMALL {
            let place = self.segments().large_run(length, purpose)?;
            written.taken.push(place.page());
            return Ok(place);
        }
        let place = self.segments().segment_for(length, self.header().live.count() + small, purpose)?;
        written.taken.push(place.page());
        (written.tail, written.tail_end) = (place.plus(length), segment_end(place));
        Ok(place)
    }

    /// Counts the records as live that were written.
    fn count(&self, written: &mut Written) {
        let (page, bytes) = written.uncounted;
        if bytes > 0 {
            self.add_live(page, bytes as i64);
            written.uncounted.1 = 0;
        }
    }

    fn finish_apart(&self, plan: &Plan, written: &Written, published: &Published) {
        self.apply(plan);
        self.mark_indexed(published);
        if self.file.map.is_poisoned() {
            return;
        }
        // Only now: until the index knows, nothing is freed in which such a record lies, and the old tail is not, as long as it is one.
        let old_tail = self.segments().tail_page();
        self.header().tail.set(written.tail.word());
        crash_point();
        let pages = written.taken.iter().copied().chain(old_tail);
        let is_dead = |page: &u64| self.entry(*page).live() == 0 && !self.segments().is_tail(*page);
        let list = Some(published.record().page()).filter(|_| published.record().is_large());
        let mut dead = pages.filter(is_dead).filter(|&page| Some(page) != list).peekable();
        // The list has had its day. Removals, and what they removed, have to be found together by a check after a power loss.
        if dead.peek().is_some() && (!self.is_durable() || self.sync().is_ok()) {
            // The gap that they leave would pass for a batch that did not make it, as long as `pending` names one of its records.
            self.header().pending.set(0);
            crash_point();
            dead.for_each(|page| self.segments().release_if_dead(page));
        }
        list.into_iter().for_each(|page| self.release(page));
    }

    // ---- after the publication -------------------------------------------------------------------

    /// Tells the index of all members. Nothing of it can fail.
    fn apply(&self, plan: &Plan) {
        // (Of more than are told one by one, one is enough.)
        let told = if plan.members.len() > MOST_CHANGES { 1 } else { plan.members.len() };
        let end = self.end();
        plan.members.iter().take(told).for_each(|member| self.changed(member.hash, end));
        if plan.members.len() > told {
            self.let_all_look();
        }
        for member in &plan.members {
            let hit = match member.hit {
                // Nothing has moved since the key was looked up.
                Some(hit) if self.header().index_epoch.get() == plan.epoch => Search::Hit(hit),
                _ => self.find(member.hash, &member.key),
            };
            match (member.op, hit) {
                (Op::Remove, Search::Hit(hit)) => self.forget(hit),
                (Op::Append, Search::Hit(hit)) => self.follow(hit, member.record, member.kept),
                (Op::Set | Op::United, Search::Hit(hit)) => self.replace_record(hit, member.record, Ref::NONE),
                (Op::Set | Op::United, Search::Miss(slot)) => {
                    // There is one, as room was made.
                    let slot = slot.unwrap_or_default();
                    self.numbers().count_name(member.key.bytes());
                    self.insert(member.hash, slot, member.record);
                }
                _ => self.file.map.poison(),
            }
        }
    }
}
