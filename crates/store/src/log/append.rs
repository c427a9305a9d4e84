//! Appending a record, publishing it, letting the index know.

use super::pieces::Pieces;
use super::segments::{Segments, fits};
use crate::error::Failure;
use crate::format::*;
use crate::header::{HELD, REMOVAL};
use crate::index::{Hit, Index, Search};
use crate::lock::WriteGuard;
use crate::number::Numbers;
use crate::reference::Ref;
use crate::space::Purpose;
use std::ops::Deref;
use std::sync::atomic::Ordering;
use sync_backend::{Expiry, Now};

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    pub record: Ref,
    pub length: u64,
    pub position: u64,
}

/// Records that are published: from here on the change has happened, and nothing that is left to do can fail.
#[derive(Debug)]
#[must_use = "the index is to be told"]
pub struct Published {
    last: Placed,
}

impl Published {
    /// Its last record.
    #[inline]
    pub fn record(&self) -> Ref {
        self.last.record
    }

    /// The receipt for the value that the slot names now.
    #[inline]
    pub fn receipt(&self, slot: Ref) -> Receipt {
        let Placed { record, position, length } = self.last;
        Receipt { hit: Hit { slot, record }, position, end: position + length }
    }
}

/// The proof that a value has been stored: only what is [`Published`] gives one.
#[derive(Debug, Clone, Copy)]
pub struct Receipt {
    hit: Hit,
    position: u64,
    end: u64,
}

impl Receipt {
    /// The value's record, and the slot that names it.
    #[inline]
    pub fn hit(&self) -> Hit {
        self.hit
    }

    /// The record's position.
    #[inline]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The log's end behind it.
    #[inline]
    pub fn end(&self) -> u64 {
        self.end
    }
}

/// The change that a publication makes, as those see it who wait for one.
#[derive(Debug, Clone, Copy)]
pub enum Effect {
    /// The value of the name with this hash is another one.
    Value(u64),
    /// So are some: who publishes notes each of them ([`Pages::changed`](crate::pages::Pages::changed)).
    Values,
    /// All may be.
    All,
    /// None is: records are moved, or merged.
    None,
}

/// By how much the log's end moves when something is published without a record.
const UNRECORDED: u64 = 8;

/// The log of a file whose write lock is held.
#[derive(Clone, Copy)]
pub struct Log<'g> {
    index: Index<'g>,
}

impl<'g> Deref for Log<'g> {
    type Target = Index<'g>;

    #[inline(always)]
    fn deref(&self) -> &Index<'g> {
        &self.index
    }
}

impl<'g> Log<'g> {
    #[inline(always)]
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { index: Index::of(guard) }
    }

    #[inline(always)]
    pub fn segments(&self) -> Segments<'g> {
        Segments::in_space(*self.index)
    }

    #[inline(always)]
    pub fn numbers(&self) -> Numbers<'g> {
        Numbers::in_index(self.index)
    }

    /// Stores a value: append, publish, apply, mark as indexed. On an error nothing has changed.
    #[inline(always)]
    pub fn put(
        &self,
        key: &EncodedKey,
        hash: u64,
        (value, expiry): (Value, Option<Expiry>),
        hint: Option<Hit>,
    ) -> Result<Receipt, Failure> {
        let record = NewRecord { expiry, ..NewRecord::new(Op::Set, key, value) };
        let mut search = match hint {
            Some(hit) => Search::Hit(hit),
            None => self.search(hash, key),
        };
        if matches!(search, Search::Miss(_)) && self.make_room(hash)? {
            search = self.search(hash, key);
        }
        let order = match search {
            Search::Hit(hit) => self.kept_place(hit.record).unwrap_or_else(|| self.end()),
            Search::Miss(Some(_)) => self.end(),
            Search::Miss(None) => return Err(Failure::Damaged("its index has no room where it must".into())),
        };
        let published = self.publish_record(&record, order, Purpose::Write, Effect::Value(hash))?;
        let record = published.record();
        let slot = match search {
            Search::Hit(hit) => {
                self.replace_record(hit, record, Ref::NONE);
                hit.slot
            }
            Search::Miss(slot) => {
                // There is one, as was seen above.
                let slot = slot.unwrap_or_default();
                self.numbers().count_name(key.bytes());
                self.insert(hash, slot, record);
                slot
            }
        };
        self.mark_indexed(&published);
        Ok(published.receipt(slot))
    }

    /// Appends a record that holds a value, and publishes it. On an error nothing has changed.
    #[inline(always)]
    pub fn publish_record(
        &self,
        record: &NewRecord,
        order: u64,
        purpose: Purpose,
        effect: Effect,
    ) -> Result<Published, Failure> {
        let place = self.segments().space_for(record.length(), purpose)?;
        let placed = self.append(record, place, self.end(), order, Company::NONE);
        self.add_live(place.page(), placed.length as i64);
        if placed.record.is_large() {
            // (It may have taken long to copy, and the next store to a page changes the file's times.)
            self.file.touch();
        }
        match self.publish(place, placed, effect) {
            Ok(published) => Ok(published),
            Err(failure) => Err(self.take_back(placed, failure)),
        }
    }

    /// Gives up a record that nobody has seen.
    #[cold]
    #[inline(never)]
    fn take_back(&self, Placed { record, length, .. }: Placed, failure: Failure) -> Failure {
        self.add_live(record.page(), -(length as i64));
        if record.is_large() {
            self.release(record.page());
        }
        failure
    }

    /// The place in insertion order that a key keeps which gets a new value in place of this record's. `None`: it keeps none, as a value
    /// that has expired is none.
    #[inline(always)]
    pub fn kept_place(&self, record: Ref) -> Option<u64> {
        // One load for nearly all: neither appended to nor expiring.
        let word = self.file.map.word(record.offset()).get();
        if expires(word) && self.has_expired(record) {
            return None;
        }
        let order = || self.file.map.word(record.offset() + RECORD_ORDER).get();
        Some(if is_append(word) { self.order(record) } else { order() })
    }

    /// Whether the value that ends with this record has expired.
    #[cold]
    #[inline(never)]
    pub fn has_expired(&self, record: Ref) -> bool {
        let head = self.view().record_head(record);
        let expiry = head.and_then(|head| self.view().expiry(record, head)).flatten();
        expiry.is_some_and(|expiry| expiry.has_come(Now::read()))
    }

    /// The place in insertion order of a record's key.
    #[inline]
    pub fn order(&self, record: Ref) -> u64 {
        let whole = match self.before(record) {
            Ref::NONE => record,
            _ => Pieces::of(*self.view(), record, None).map_or(record, |value| value.whole),
        };
        self.file.map.word(whole.offset() + RECORD_ORDER).get()
    }

    /// Removes a key; tells whether it was there, and had not expired.
    pub fn remove(&self, key: &EncodedKey, hash: u64) -> Result<bool, Failure> {
        let Search::Hit(hit) = self.search(hash, key) else {
            // Nor where the index has gone with a part of the file. (The rest of the page in which it ends now reads as zeros.)
            return self.file.check_long().map(|()| false);
        };
        let was_there = !self.has_expired(hit.record);
        self.remove_hit(key, hit, self.change_of(hit)).map(|()| was_there)
    }

    /// Removes a key whose record was found.
    pub fn remove_hit(&self, key: &EncodedKey, hit: Hit, effect: Effect) -> Result<(), Failure> {
        let record = NewRecord::new(Op::Remove, key, Value::whole(&[0xc0]));
        let purpose = if self.is_durable() { Purpose::Reclaim } else { Purpose::Spare };
        let place = match self.segments().space_for(record.length(), purpose) {
            Err(Failure::NoSpace | Failure::SizeLimit | Failure::Outgrown(_)) if !self.is_durable() => {
                return self.remove_without_record(hit, effect);
            }
            other => other?,
        };
        self.note_removal(effect);
        let placed = self.append(&record, place, self.end(), self.order(hit.record), Company::NONE);
        let published = self.publish(placed.record, placed, effect);
        if let Ok(published) = &published {
            self.forget(hit);
            self.mark_indexed(published);
        }
        self.drop_large_removal(placed);
        published.map(drop)
    }

    /// The change that is one of the value that a slot names.
    #[inline]
    pub fn change_of(&self, hit: Hit) -> Effect {
        Effect::Value(self.file.map.word(hit.slot.offset()).get())
    }

    /// Notes where a name is removed, before anybody can see that. (Should it come to nothing, some names count as removed that were
    /// not there.)
    fn note_removal(&self, effect: Effect) {
        if let Effect::Value(hash) = effect {
            self.header().removed_at(hash).set(self.end());
        }
    }

    /// Removes a key where there is no space for a record that says so: what is published is the old record itself, as
    /// removed. What is left of that is the mark that it is dead. (In a durable file a power loss while the pieces of a
    /// value are marked could bring back a part of it.)
    #[cold]
    pub fn remove_without_record(&self, hit: Hit, effect: Effect) -> Result<(), Failure> {
        if self.file.map.is_poisoned() {
            return Err(Failure::Stale);
        }
        let header = self.header();
        // A record that was not published behind the last one is not to be taken for one that was.
        self.segments().end_walks_at_tail();
        self.note_removal(effect);
        header.pending.set(hit.record.word() | REMOVAL);
        let end = self.end() + UNRECORDED;
        header.commit.store(header.commit.get() & HELD | end, Ordering::Release);
        header.commits.add(1);
        if let Effect::Value(hash) = effect {
            self.changed(hash, end);
        }
        self.forget(hit);
        if !self.file.map.is_poisoned() {
            header.indexed.store(end, Ordering::Release);
        }
        Ok(())
    }

    /// A removal counts as nothing that lives, so nobody's death frees the run that one with a very
    /// long key has to itself: it goes as soon as it is applied, or has failed.
    fn drop_large_removal(&self, removal: Placed) {
        // After a power loss the removal may be gone and has to have left its mark.
        if removal.record.is_large() && (!self.is_durable() || self.sync().is_ok()) {
            self.release(removal.record.page());
        }
    }

    /// Writes a record into space of its own; nobody sees it yet.
    #[inline(always)]
    pub fn append(&self, record: &NewRecord, place: Ref, position: u64, order: u64, company: Company) -> Placed {
        let map = &self.file.map;
        let (offset, length) = (place.offset(), record.length());
        let key = offset + RECORD_HEAD;
        let name = key + record.key.head().len() as u64;
        let body = name + record.key.bytes().len() as u64;
        let value = body + if record.expiry.is_some() { EXPIRY } else { 0 };
        let placed = Placed { record: place, length, position };
        if !map.is_inside(offset, length) {
            map.poison();
            return placed;
        }
        // SAFETY: inside the mapping, as was just checked; `NewRecord::length` counts the fixed part and all that is
        // written here, and makes the sum a multiple of eight.
        unsafe {
            // The last word first: it holds the padding, and whatever covers it comes later.
            map.word_inside(offset + length - 8).set(0);
            map.word_inside(offset).set(record.first_word());
            map.word_inside(offset + RECORD_POSITION).set(position);
            map.word_inside(offset + RECORD_ORDER).set(order);
            map.write_inside(key, record.key.head());
            map.write_inside(name, record.key.bytes());
            if let Some(expiry) = record.expiry {
                map.write_inside(body, &expiry_bytes(expiry));
            }
            if !record.value.head.is_empty() {
                map.write_inside(value, record.value.head);
            }
            map.write_inside(value + record.value.head.len() as u64, record.value.body);
        }
        let beside = record.origin.map_or_else(|| company.word(), |origin| distance_back(origin, position));
        self.seal(placed, record.op, beside);
        self.mark_end(placed);
        if let Some(expiry) = record.expiry {
            self.segments().note_expiry(place, length, expiry);
        }
        placed
    }

    /// Computes a record's CRC and writes it down, with what stands beside it: which records are published together with this
    /// one ([`Company`]), or how far back it was first ([`distance_back`]).
    #[inline(always)]
    pub fn seal(&self, placed: Placed, op: Op, beside: u32) {
        let map = &self.file.map;
        let (record, offset) = (placed.record, placed.record.offset());
        let generation = map.word(record.run() + GENERATION).get();
        let crc_word = map.word(offset + RECORD_CRC);
        crc_word.set(u64::from(beside) << 32);
        let seed = crc_seed(self.file.identity.store_id, generation, offset, map.word(offset).get());
        let crc = self.view().sealed(seed, record, placed.length, op).unwrap_or(0);
        crc_word.set((u64::from(beside) << 32) | u64::from(crc));
    }

    /// Makes sure that a walk through the segment ends behind this record, whatever an earlier life
    /// of the block left there.
    #[inline]
    pub fn mark_end(&self, placed: Placed) {
        let end = placed.record.plus(placed.length);
        if fits(end, 8) {
            self.file.map.word(end.offset()).set(0);
        }
    }

    /// Makes everything up to the record `last` true; `first` is the first of the new records. On an error
    /// nothing has happened.
    #[inline]
    pub fn publish(&self, first: Ref, last: Placed, effect: Effect) -> Result<Published, Failure> {
        self.publish_as(first, (first, last), effect)
    }

    /// As [`Log::publish`], where `pending` shall name another record than the first one.
    #[inline]
    pub fn publish_as(&self, pending: Ref, (first, last): (Ref, Placed), effect: Effect) -> Result<Published, Failure> {
        let header = self.header();
        if self.is_durable() {
            self.sync_before_publishing(first)?;
        }
        if self.file.map.is_poisoned() {
            return Err(Failure::Stale);
        }
        let end = last.position + last.length;
        header.pending.set(pending.word());
        header.commit.store(header.commit.get() & HELD | end, Ordering::Release);
        header.commits.add(1);
        match effect {
            Effect::Value(hash) => self.changed(hash, end),
            Effect::All => self.all_changed(),
            Effect::Values | Effect::None => {}
        }
        Ok(Published { last })
    }

    #[cold]
    fn sync_before_publishing(&self, first: Ref) -> Result<(), Failure> {
        let result = self.sync();
        if result.is_err() {
            // The record is not to be found by a check after a power loss either.
            self.file.map.word(first.offset()).set(0);
        }
        result
    }

    /// The new record at `record` is its key's now, the old one is dead; so are those that it was
    /// appended to, down to `kept`, which the new one goes on from ([`Ref::NONE`]: from none).
    #[inline(always)]
    pub fn replace_record(&self, old: Hit, record: Ref, kept: Ref) {
        self.header().superseding.set(old.record.word());
        self.point(old.slot, record);
        self.mark_value_dead(old.record, kept);
    }

    /// The key's record is dead and nothing takes its place.
    pub fn forget(&self, old: Hit) {
        self.header().superseding.set(old.record.word());
        self.delete(old.slot);
        self.mark_value_dead(old.record, Ref::NONE);
    }

    /// Marks a value's record dead, and those that it was appended to, down to `kept`. `superseding`
    /// names it.
    #[inline(always)]
    fn mark_value_dead(&self, record: Ref, kept: Ref) {
        let rest = self.mark_one_dead(record, kept);
        if !rest.is_none() {
            self.mark_rest_dead(rest, kept);
        }
    }

    #[inline(never)]
    fn mark_rest_dead(&self, mut record: Ref, kept: Ref) {
        for _ in 1..MAX_APPENDS {
            record = self.mark_one_dead(record, kept);
            if record.is_none() {
                return;
            }
        }
        self.header().superseding.set(0);
    }

    /// Marks one of the records of a value dead. Gives the one that it was appended to, unless that is `kept`.
    #[inline(always)]
    fn mark_one_dead(&self, record: Ref, kept: Ref) -> Ref {
        // Once its segment is free, a record no longer tells what it was appended to.
        let rest = match self.before(record) {
            before if before == kept => Ref::NONE,
            before => before,
        };
        self.header().superseding_rest.set(rest.word());
        self.segments().mark_dead(record);
        self.header().superseding.set(rest.word());
        rest
    }

    /// The record that this one was appended to; [`Ref::NONE`] if it stands for itself.
    #[inline]
    pub fn before(&self, record: Ref) -> Ref {
        self.view().before(record).unwrap_or_else(|| {
            self.file.map.poison();
            Ref::NONE
        })
    }

    /// The append at `record`, which goes on from `kept`, is its key's newest record now.
    pub fn follow(&self, old: Hit, record: Ref, kept: Ref) {
        if kept == old.record { self.point(old.slot, record) } else { self.replace_record(old, record, kept) }
    }

    /// The index knows everything; the tail moves behind what was appended.
    #[inline]
    pub fn mark_indexed(&self, published: &Published) {
        let last = published.last;
        let header = self.header();
        if self.file.map.is_poisoned() {
            // The stores to the index may have gone nowhere: the next owner repeats them.
            return;
        }
        header.indexed.store(last.position + last.length, Ordering::Release);
        if !last.record.is_large() {
            header.tail.set(last.record.plus(last.length).word());
        }
    }
}
