//! The log: appending a record, publishing it, letting the index know; and the cleaner.
//!
//! A change goes through four steps, each of which whoever takes over from a dead owner can finish
//! or ignore:
//!
//! 1. *append*: the record lies behind the log's end, where nobody looks;
//! 2. *publish*: one store of `commit`. Before it nothing has happened, after it everything;
//! 3. *apply*: the index names the record, the one it supersedes is marked dead and counted;
//! 4. *settle*: `indexed` catches up with `commit`, the tail moves on.

use super::blocks::Purpose;
use super::error::Failure;
use super::file::File;
use super::format::*;
use super::header::{HELD, Root, Word};
use super::index::{Hit, Search};
use super::lock::WriteGuard;
use super::number::NextNumber;
use super::read::{Part, ValueParts};
use super::view::View;
use std::sync::atomic::Ordering;

/// Segments beyond the live bytes (and three quarters of them again) that may stand before the
/// cleaner starts.
const SLACK: u64 = 6 * BLOCK;
/// How many blocks the cleaner compares to find an empty one.
const WINDOW: u64 = 1024;
/// A segment with more live bytes than this is not worth cleaning.
const MOSTLY_LIVE: u64 = BLOCK / 8 * 7;

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    pub offset: u64,
    pub length: u64,
    pub position: u64,
}

/// What a change did.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    pub slot: u64,
    pub record: u64,
    pub position: u64,
}

/// What of its key's value a live record is.
enum Living {
    /// All of it; the slot names it.
    Whole(u64),
    /// A piece. The key, and where the value is named.
    Piece(Name, Hit),
}

/// A piece that is appended to a value.
#[derive(Clone, Copy)]
struct Piece<'a> {
    /// The record that it goes on from.
    kept: u64,
    /// Bytes of appends that the value may still get.
    left: u32,
    note: i64,
    body: &'a [u8],
}

/// The record that takes the place of all pieces of a value.
struct United<'a> {
    /// The record that they began with.
    whole: u64,
    /// Of the newest append, if there was one.
    note: Option<i64>,
    /// Their bytes, behind room for the start of a united value; and the bytes that follow.
    before: Vec<u8>,
    bytes: &'a [u8],
}

fn lost_piece() -> Failure {
    Failure::Damaged("a value in it has lost a piece".into())
}

/// A new content that was prepared beside the old one.
struct Replacement {
    root: Root,
    clear: Placed,
    last: Placed,
    /// Where its last segment goes on.
    tail: u64,
    next_number: NextNumber,
}

impl View<'_> {
    /// Whether the record at an offset has this key. A record that makes no sense has none.
    #[inline]
    pub fn is_record_of(&self, record: u64, key: &EncodedKey) -> bool {
        self.head_of(record, key).is_some()
    }

    /// The fixed part of the record at an offset, if it has this key.
    #[inline]
    pub fn head_of(&self, record: u64, key: &EncodedKey) -> Option<RecordHead> {
        let head = self.record_head(record)?;
        let at = record + RECORD_HEAD;
        let (first, rest) = key.head().split_first()?;
        let is_key = self.read(at)? == [*first]
            && (rest.is_empty() || self.equals(at + 1, rest))
            && self.equals(at + 1 + rest.len() as u64, key.bytes());
        is_key.then_some(head)
    }

    /// Where the value of a record with this key lies, and how long it is, its head left out.
    #[inline]
    pub fn value_behind(&self, key: &EncodedKey, record: u64, head: RecordHead) -> Option<(u64, u64)> {
        let value = record + RECORD_HEAD + key.len() + head.op.value_head();
        Some((value, (record + head.length - head.padding).checked_sub(value)?))
    }

    /// The fixed part of the record at an offset, if there can be one: it fits its segment.
    #[inline]
    pub fn record_head(&self, record: u64) -> Option<RecordHead> {
        let room = self.room(record)?;
        parse_record_word(self.word(record)?.load(Ordering::Acquire), room)
    }

    /// Bytes from an offset to the end of its segment or large run.
    #[inline]
    fn room(&self, record: u64) -> Option<u64> {
        let block = block_offset(block_of(record));
        if record < block_offset(0) || !record.is_multiple_of(8) || record - block < BLOCK_HEAD {
            return None;
        }
        let (kind, length, ..) = parse_ext_word(self.word(block)?.load(Ordering::Acquire))?;
        if !matches!(kind, Kind::Segment | Kind::Large) || block + length > self.end() {
            return None;
        }
        (block + length).checked_sub(record)
    }

    /// Where a record's key and value lie: `(key, its length, value, its length)`, heads of both left out.
    #[inline]
    pub fn parts(&self, record: u64, head: RecordHead) -> Option<(u64, u64, u64, u64)> {
        let at = record + RECORD_HEAD;
        let (key_head, key_length) = parse_key_head(self.read(at)?)?;
        let key = at + key_head;
        let value = key.checked_add(key_length)?.checked_add(head.op.value_head())?;
        let end = record + head.length - head.padding;
        Some((key, key_length, value, end.checked_sub(value)?))
    }

    /// The word of the generation of the run that an offset lies in.
    #[inline]
    pub fn generation(&self, offset: u64) -> Option<&Word> {
        self.word(block_offset(block_of(offset)) + GENERATION)
    }

    /// The number of the generation of the run at `block`; later runs have higher ones.
    pub fn generation_of(&self, block: u64) -> Option<u64> {
        let word = self.word(block_offset(block) + GENERATION)?.get();
        (word != 0).then(|| self.file.identity.generations().number(word))
    }

    /// A record's position in the log.
    #[inline]
    pub fn position(&self, record: u64) -> Option<u64> {
        Some(self.word(record.checked_add(RECORD_POSITION)?)?.load(Ordering::Acquire))
    }

    /// Whether the record at an offset is whole: what its CRC says. The caller owns the write lock.
    pub fn is_whole(&self, record: u64, head: RecordHead) -> bool {
        let (Some(generation), Some(first)) = (self.generation(record), self.word(record)) else { return false };
        let seed = crc_seed(self.file.identity.store_id, generation.get(), record, first.get());
        let crc = self.word(record + RECORD_CRC).map(|word| word.get() as u32);
        crc.is_some() && self.file.sealed(seed, record, head.length, head.op) == crc
    }

    /// The record that this one was appended to; 0 if it stands for itself. Looks at the first word alone.
    #[inline]
    pub fn before(&self, record: u64) -> Option<u64> {
        if is_append(self.word(record)?.load(Ordering::Acquire)) {
            Some(self.word(record + APPEND_BEFORE)?.load(Ordering::Acquire))
        } else {
            Some(0)
        }
    }

    /// What the append at `record` says before what it appends; `None` if it is none.
    pub fn append_head(&self, record: u64) -> Option<AppendHead> {
        let head = self.record_head(record).filter(|head| head.op == Op::Append)?;
        let (_, _, value, _) = self.parts(record, head)?;
        Some(AppendHead::parse(self.read(value - APPEND_HEAD)?))
    }

    /// How many bytes of appends a value may still get that ends with this append.
    #[inline]
    fn append_budget_left(&self, record: u64, head: RecordHead) -> Option<u64> {
        let (_, _, value, _) = self.parts(record, head)?;
        Some(u64::from(u32::from_be_bytes(self.read(value - APPEND_HEAD + APPEND_LEFT)?)))
    }

    /// The note that the newest append to a value made, which ends with the record at `record`. `Some(None)` if nothing
    /// was appended to it.
    pub fn note(&self, record: u64) -> Option<Option<i64>> {
        let head = self.record_head(record)?;
        let (_, _, value, _) = self.parts(record, head)?;
        Some(match head.op {
            Op::Append => Some(AppendHead::parse(self.read(value - APPEND_HEAD)?).note),
            Op::United => Some(parse_united_head(self.read(value - UNITED_HEAD)?)),
            Op::Set | Op::Remove | Op::Clear => None,
        })
    }

    /// The root of the index that a `Clear` record brought along.
    pub fn prepared_root(&self, record: u64, head: RecordHead) -> Option<Root> {
        let (_, _, value, length) = self.parts(record, head)?;
        let bytes: [u8; 9] = self.read(value)?;
        let word = u64::from_be_bytes(bytes[1..].try_into().expect("eight bytes"));
        let is_root = length == 9 && bytes[0] == 0xcf && Root::is_sealed(word, self.file.identity.store_id);
        is_root.then(|| Root::open(word))
    }
}

impl File {
    /// The CRC of all that is under it.
    #[inline(always)]
    fn sealed(&self, seed: u32, record: u64, length: u64, op: Op) -> Option<u32> {
        if op != Op::Append {
            return self.map.record_crc(seed, record + RECORD_SEALED, length - RECORD_SEALED);
        }
        self.sealed_append(seed, record, length)
    }

    fn sealed_append(&self, seed: u32, record: u64, length: u64) -> Option<u32> {
        let crc = self.map.record_crc(seed, record + RECORD_SEALED, APPEND_BEFORE - RECORD_SEALED)?;
        self.map.record_crc(crc, record + RECORD_HEAD, length - RECORD_HEAD)
    }
}

impl WriteGuard<'_> {
    /// The log's end.
    #[inline]
    pub fn end(&self) -> u64 {
        // Not `!HELD`: should somebody scribble over the header, this still adds up.
        self.header().commit.get() & (MAX_POSITION - 1)
    }

    /// Where the next small record goes; 0: into a new segment, also where the header points to
    /// somewhere outside the blocks.
    #[inline]
    pub fn tail(&self) -> u64 {
        let tail = self.header().tail.get();
        if tail > PAGE && tail <= block_offset(self.file.blocks()) { tail } else { 0 }
    }

    /// Stores a value: append, publish, apply, settle. On an error nothing has changed.
    #[inline(always)]
    pub fn put(&self, key: &EncodedKey, hash: u64, value: Value, hint: Option<Hit>) -> Result<Written, Failure> {
        let record = NewRecord { op: Op::Set, key, value };
        let mut search = match hint {
            Some(hit) => Search::Hit(hit),
            None => self.search(hash, key),
        };
        if matches!(search, Search::Miss(_)) && self.make_room(hash)? {
            search = self.search(hash, key);
        }
        let place = match search {
            Search::Hit(hit) => self.place(hit.record),
            Search::Miss(_) => self.end(),
        };
        let placed = self.publish_record(&record, place, Purpose::Write)?;
        let offset = placed.offset;
        let slot = match search {
            Search::Hit(hit) => {
                self.replace_record(hit, offset, 0);
                hit.slot
            }
            Search::Miss(Some(slot)) => {
                self.count_name(key.bytes());
                self.insert(hash, slot, offset);
                slot
            }
            Search::Miss(None) => return Err(Failure::Damaged("its index has no room where it must".into())),
        };
        self.mark_indexed(placed);
        Ok(Written { slot, record: offset, position: placed.position })
    }

    /// Appends a record that holds a value, and publishes it. On an error nothing has changed.
    #[inline(always)]
    fn publish_record(&self, record: &NewRecord, place: u64, purpose: Purpose) -> Result<Placed, Failure> {
        let offset = self.space_for(record.length(), purpose)?;
        let placed = self.append(record, offset, self.end(), place, Company::NONE);
        self.add_live(block_of(offset), placed.length as i64);
        if let Err(failure) = self.publish(offset, placed.position + placed.length) {
            self.add_live(block_of(offset), -(placed.length as i64));
            if placed.length > MAX_SMALL {
                self.release(block_of(offset));
            }
            return Err(failure);
        }
        Ok(placed)
    }

    /// The place of a record's key.
    #[inline]
    fn place(&self, record: u64) -> u64 {
        let whole = match self.before(record) {
            0 => record,
            _ => self.view().parts_of_value(record, None).map_or(record, |value| value.whole),
        };
        self.file.map.word(whole + RECORD_PLACE).get()
    }

    /// Lets a key's value go on with `bytes`. `None`: enough has been appended to it, it is time to
    /// write it whole, or to unite its pieces.
    pub fn append_to(&self, key: &EncodedKey, hit: Hit, note: i64, bytes: &[u8]) -> Result<Option<Written>, Failure> {
        let head = self.view().record_head(hit.record).ok_or_else(lost_piece)?;
        let budget = match head.op {
            Op::Append => self.view().append_budget_left(hit.record, head).ok_or_else(lost_piece)?,
            _ => append_budget(head.length),
        };
        let length =
            NewRecord { op: Op::Append, key, value: Value { head: &[0; APPEND_HEAD as usize], body: bytes } }.length();
        // The number of pieces is what costs; of those that are not united there are few.
        let Some(left) = budget.checked_sub(if length > MAX_UNITED { 0 } else { length }) else { return Ok(None) };
        let piece = Piece { kept: hit.record, left: left as u32, note, body: bytes };
        if length <= MAX_SMALL {
            return self.put_piece(key, hit, piece, [0; APPEND_HEAD as usize], Purpose::Write).map(Some);
        }
        // It gets a run of its own. The small pieces before it come along: the cleaner counts on small
        // ones being the newest. A value that is small altogether is written whole.
        let value = self.pieces(hit)?;
        let (small, Some(kept)) = value.split_where(|piece, _| piece > MAX_SMALL) else { return Ok(None) };
        let small = self.copied(APPEND_HEAD, small)?;
        self.put_piece(key, hit, Piece { kept, ..piece }, small, Purpose::Write).map(Some)
    }

    /// Appends a piece to a value, in place of all that comes after the record that it goes on from. Room for
    /// what an append starts with, and what of the value comes along, are in `head`.
    fn put_piece(
        &self,
        key: &EncodedKey,
        hit: Hit,
        piece: Piece,
        mut head: impl AsMut<[u8]>,
        purpose: Purpose,
    ) -> Result<Written, Failure> {
        let before = self.view().position(piece.kept).ok_or_else(lost_piece)?;
        let link = AppendHead { before, left: piece.left, note: piece.note };
        let head = head.as_mut();
        head[..APPEND_HEAD as usize].copy_from_slice(&link.bytes());
        let record = NewRecord { op: Op::Append, key, value: Value { head, body: piece.body } };
        let placed = self.publish_record(&record, piece.kept, purpose)?;
        self.follow(hit, placed.offset, piece.kept);
        self.mark_indexed(placed);
        Ok(Written { slot: hit.slot, record: placed.offset, position: placed.position })
    }

    /// All pieces of a value.
    fn pieces(&self, hit: Hit) -> Result<ValueParts, Failure> {
        self.view().parts_of_value(hit.record, None).ok_or_else(lost_piece)
    }

    /// The bytes of some of a value's pieces, one behind the other, behind `head` zeros. (At most some MiB: what
    /// is longer is not copied.)
    fn copied(&self, head: u64, parts: &[Part]) -> Result<Vec<u8>, Failure> {
        let length = head + parts.iter().map(|part| part.length).sum::<u64>();
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(length as usize).is_err() {
            return Err(Failure::NoMemory(length));
        }
        bytes.resize(head as usize, 0);
        self.view().copy_parts(parts, &mut bytes).ok_or_else(lost_piece)?;
        Ok(bytes)
    }

    /// The append at `record`, which goes on from `kept`, is its key's newest record now.
    fn follow(&self, old: Hit, record: u64, kept: u64) {
        if kept == old.record { self.point(old.slot, record) } else { self.replace_record(old, record, kept) }
    }

    /// Removes a key; tells whether it was there.
    pub fn remove(&self, key: &EncodedKey, hash: u64) -> Result<bool, Failure> {
        let Search::Hit(hit) = self.search(hash, key) else {
            // Nor where the index has gone with a part of the file. (The rest of the page in which it ends now reads as zeros.)
            return self.file.check_long().map(|()| false);
        };
        let record = NewRecord { op: Op::Remove, key, value: Value::whole(&[0xc0]) };
        let offset = self.space_for(record.length(), Purpose::Reclaim)?;
        let placed = self.append(&record, offset, self.end(), self.place(hit.record), Company::NONE);
        let published = self.publish(placed.offset, placed.position + placed.length);
        if published.is_ok() {
            self.forget(hit);
            self.mark_indexed(placed);
        }
        self.drop_large_removal(placed);
        published.map(|()| true)
    }

    /// A removal counts as nothing that lives, so nobody's death frees the run that one with a very
    /// long key has to itself: it goes as soon as it is applied, or has failed.
    fn drop_large_removal(&self, removal: Placed) {
        // After a power loss the removal may be gone and has to have left its mark.
        if removal.length > MAX_SMALL && (!self.is_durable() || self.sync().is_ok()) {
            self.release(block_of(removal.offset));
        }
    }

    /// Room for a record of this length: the offset at which it goes. The tail has not moved yet.
    #[inline]
    fn space_for(&self, length: u64, purpose: Purpose) -> Result<u64, Failure> {
        if length > MAX_SMALL {
            return self.large_run(length, purpose);
        }
        let tail = self.tail();
        if fits(tail, length) { Ok(tail) } else { self.new_segment(purpose) }
    }

    #[cold]
    fn large_run(&self, length: u64, purpose: Purpose) -> Result<u64, Failure> {
        if length > MAX_RECORD {
            return Err(Failure::TooLarge);
        }
        let blocks = (BLOCK_HEAD + length).div_ceil(BLOCK);
        let block = self.allocate(Kind::Large, blocks, BLOCK_HEAD + length, purpose)?;
        self.begin(block);
        Ok(block_offset(block) + BLOCK_HEAD)
    }

    #[cold]
    fn new_segment(&self, purpose: Purpose) -> Result<u64, Failure> {
        let header = self.header();
        let offset = self.empty_segment(purpose)?;
        let old = self.tail();
        header.tail.set(offset);
        if old != 0 {
            let block = block_of(old - 1);
            if self.entry(block).is(Kind::Segment) && self.entry(block).number() == 0 {
                self.release(block);
            }
        }
        Ok(offset)
    }

    /// A segment without records; returns where its first one goes.
    fn empty_segment(&self, purpose: Purpose) -> Result<u64, Failure> {
        let block = self.allocate(Kind::Segment, 1, BLOCK, purpose)?;
        let offset = block_offset(block) + BLOCK_HEAD;
        // What a walk finds behind the last record: no record.
        self.file.map.word(offset).set(0);
        self.begin(block);
        Ok(offset)
    }

    /// Writes a record into space of its own; nobody sees it yet.
    #[inline(always)]
    fn append(&self, record: &NewRecord, offset: u64, position: u64, place: u64, company: Company) -> Placed {
        let map = &self.file.map;
        let length = record.length();
        let key = offset + RECORD_HEAD;
        let name = key + record.key.head().len() as u64;
        let value = name + record.key.bytes().len() as u64;
        let placed = Placed { offset, length, position };
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
            map.word_inside(offset + RECORD_PLACE).set(place);
            map.write_inside(key, record.key.head());
            map.write_inside(name, record.key.bytes());
            if !record.value.head.is_empty() {
                map.write_inside(value, record.value.head);
            }
            map.write_inside(value + record.value.head.len() as u64, record.value.body);
        }
        self.seal(placed, record.op, company);
        self.mark_end(placed);
        placed
    }

    /// Computes a record's CRC and writes it down, with the records that are published together with it.
    #[inline(always)]
    fn seal(&self, placed: Placed, op: Op, company: Company) {
        let map = &self.file.map;
        let generation = map.word(block_offset(block_of(placed.offset)) + GENERATION).get();
        let crc_word = map.word(placed.offset + RECORD_CRC);
        crc_word.set(u64::from(company.word()) << 32);
        let seed = crc_seed(self.file.identity.store_id, generation, placed.offset, map.word(placed.offset).get());
        let crc = self.file.sealed(seed, placed.offset, placed.length, op).unwrap_or(0);
        crc_word.set((u64::from(company.word()) << 32) | u64::from(crc));
    }

    /// Makes sure that a walk through the segment ends behind this record, whatever an earlier life
    /// of the block left there.
    #[inline]
    fn mark_end(&self, placed: Placed) {
        let end = placed.offset + placed.length;
        if placed.length <= MAX_SMALL && !(end - PAGE).is_multiple_of(BLOCK) {
            self.file.map.word(end).set(0);
        }
    }

    /// Makes everything up to `end` true; `first` is where the first of the new records lies.
    #[inline]
    fn publish(&self, first: u64, end: u64) -> Result<(), Failure> {
        let header = self.header();
        if self.is_durable() {
            self.sync_before_publishing(first)?;
        }
        if self.file.map.is_poisoned() {
            return Err(Failure::Stale);
        }
        header.pending.set(first);
        header.commit.store(header.commit.get() & HELD | end, Ordering::Release);
        Ok(())
    }

    #[cold]
    fn sync_before_publishing(&self, first: u64) -> Result<(), Failure> {
        let result = self.sync();
        if result.is_err() {
            // The record is not to be found by a check after a power loss either.
            self.file.map.word(first).set(0);
        }
        result
    }

    /// Waits until all that was committed, and what was appended behind it, is on the disk.
    pub fn sync(&self) -> Result<(), Failure> {
        self.file.sync()?;
        self.header().durable.set(self.end());
        // Blocks that were freed before are free on the disk, too, by now: their memory can go.
        if self.is_durable() && self.has_too_much() {
            self.reclaim();
        }
        Ok(())
    }

    /// The new record at `record` is its key's now, the old one is dead; so are those that it was
    /// appended to, down to `kept`, which the new one goes on from (0: none).
    #[inline(always)]
    fn replace_record(&self, old: Hit, record: u64, kept: u64) {
        self.header().superseding.set(old.record);
        self.point(old.slot, record);
        self.bury_value(old.record, kept);
    }

    /// The key's record is dead and nothing takes its place.
    fn forget(&self, old: Hit) {
        self.header().superseding.set(old.record);
        self.delete(old.slot);
        self.bury_value(old.record, 0);
    }

    /// Marks a value's record dead, and those that it was appended to, down to `kept`. `superseding`
    /// names it.
    #[inline(always)]
    fn bury_value(&self, record: u64, kept: u64) {
        let header = self.header();
        let mut record = record;
        for _ in 0..MAX_APPENDS {
            // Once its segment is free, a record no longer tells what it was appended to.
            let rest = match self.before(record) {
                before if before == kept => 0,
                before => before,
            };
            header.superseding_rest.set(rest);
            self.mark_dead(record);
            header.superseding.set(rest);
            if rest == 0 {
                return;
            }
            record = rest;
        }
        header.superseding.set(0);
    }

    /// The record that this one was appended to; 0 if it stands for itself.
    #[inline]
    pub fn before(&self, record: u64) -> u64 {
        self.view().before(record).unwrap_or_else(|| {
            self.file.map.poison();
            0
        })
    }

    /// Marks a record dead and frees its segment, if it was the last that lived there.
    #[inline]
    pub fn mark_dead(&self, record: u64) {
        let word = self.file.map.word(record);
        let value = word.get();
        let Some(head) = parse_record_word(value, MAX_RECORD) else { return };
        if value & DEAD != 0 {
            return;
        }
        word.set(value | DEAD);
        let block = block_of(record);
        self.add_live(block, -(head.length as i64));
        if self.entry(block).number() == 0 && !self.is_tail(block) {
            self.release(block);
        }
    }

    fn is_tail(&self, block: u64) -> bool {
        let tail = self.tail();
        tail != 0 && block_of(tail - 1) == block
    }

    /// The index knows everything; the tail moves behind what was appended.
    #[inline]
    fn mark_indexed(&self, last: Placed) {
        let header = self.header();
        if self.file.map.is_poisoned() {
            // What was told to the index may have gone nowhere: the next owner tells it again.
            return;
        }
        header.indexed.store(last.position + last.length, Ordering::Release);
        if last.length <= MAX_SMALL {
            header.tail.set(last.offset + last.length);
        }
    }

    // ---- taking over -------------------------------------------------------------------------

    /// Applies to the index what was published and not applied: the records from `pending` on.
    /// Doing it twice does no harm. (That it is done the caller says, in `indexed`.)
    pub fn finish_pending(&self) -> Result<(), Failure> {
        let header = self.header();
        let (mut position, end) = (header.indexed.get(), self.end());
        let mut record = header.pending.get();
        if record == 0 {
            // The log's end has moved on alone.
            return Ok(());
        }
        while position < end {
            let damaged = || Failure::Damaged("the end of its log is damaged".into());
            let head = self.view().record_head(record).ok_or_else(damaged)?;
            if self.view().position(record) != Some(position) {
                return Err(damaged());
            }
            if head.op == Op::Clear {
                let root = self.view().prepared_root(record, head).ok_or_else(damaged)?;
                self.finish_clear(root, record, None);
                return Ok(());
            }
            let (name, hash) = self.read_key(record, head).ok_or_else(damaged)?;
            let key = name.encoded();
            match (head.op, self.search(hash, &key)) {
                (_, Search::Hit(hit)) if head.op.holds_value() && hit.record == record => {}
                (Op::Set | Op::United, Search::Hit(hit)) => self.replace_record(hit, record, 0),
                (Op::Append, Search::Hit(hit)) => self.follow(hit, record, self.before(record)),
                (Op::Append, Search::Miss(_)) => return Err(damaged()),
                (_, Search::Miss(None)) => {}
                (Op::Set | Op::United, Search::Miss(Some(slot))) => {
                    self.count_name(key.bytes());
                    self.insert(hash, slot, record);
                }
                (_, Search::Hit(hit)) => self.forget(hit),
                (_, Search::Miss(_)) => {}
            }
            position += head.length;
            record += head.length;
        }
        Ok(())
    }

    /// A record's key and its hash.
    pub fn read_key(&self, record: u64, head: RecordHead) -> Option<(Name, u64)> {
        let (key, length, ..) = self.view().parts(record, head)?;
        let mut name: Vec<u8> = Vec::new();
        self.view().copy(key, length, &mut name)?;
        let hash = hash(self.file.identity.hash_seed, &name);
        Some((Name::new(name)?, hash))
    }

    // ---- replacing everything --------------------------------------------------------------------

    /// Replaces all keys and values by others: an index is prepared beside the one in use, and one
    /// publication switches over. On an error nothing has changed.
    pub fn replace(&self, entries: &[(&[u8], &[u8])]) -> Result<(), Failure> {
        let start = self.empty_segment(Purpose::Write)?;
        let publish = |new: Replacement| {
            self.publish(new.clear.offset, new.last.position + new.last.length)
                .inspect_err(|_| self.free_index(new.root))?;
            Ok(new)
        };
        match self.prepare_replacement(start, entries).and_then(publish) {
            Ok(new) => {
                self.finish_clear(new.root, new.clear.offset, Some(new.next_number));
                self.header().tail.set(new.tail);
                Ok(())
            }
            Err(failure) => {
                // Whatever was allocated from that first segment on was for nothing.
                let generation = self.view().generation_of(block_of(start));
                self.release_segments(|other| Some(other) >= generation);
                Err(failure)
            }
        }
    }

    /// Appends a `Clear` at `first` and all entries, into segments of their own, and indexes them.
    fn prepare_replacement(&self, first: u64, entries: &[(&[u8], &[u8])]) -> Result<Replacement, Failure> {
        let count =
            u32::try_from(entries.len()).ok().filter(|&count| count < Company::MOST).ok_or(Failure::TooLarge)? + 1;
        let start = self.end();
        // The Clear comes first, with the root of an index that is not there yet: any is as long.
        let (clear_key, no_root) = (EncodedKey::none(), uint(0));
        let clear_record = NewRecord { op: Op::Clear, key: &clear_key, value: Value::whole(&no_root) };
        let clear = self.append(&clear_record, first, start, start, Company::of(0, count));
        let mut tail = first + clear.length;
        let mut last = clear;
        let mut placed = Vec::new();
        if placed.try_reserve_exact(entries.len()).is_err() {
            return Err(Failure::NoMemory(size_of::<(u64, u64)>() as u64 * entries.len() as u64));
        }
        for (place, (key, value)) in (1..count).zip(entries) {
            let key = EncodedKey::new(key).ok_or(Failure::TooLarge)?;
            let record = NewRecord { op: Op::Set, key: &key, value: Value::whole(value) };
            let length = record.length();
            let offset = if length > MAX_SMALL {
                self.large_run(length, Purpose::Write)?
            } else if fits(tail, length) {
                tail
            } else {
                self.empty_segment(Purpose::Write)?
            };
            if length <= MAX_SMALL {
                tail = offset + length;
            }
            let position = last.position + last.length;
            last = self.append(&record, offset, position, position, Company::of(place, count));
            self.add_live(block_of(offset), length as i64);
            placed.push((hash(self.file.identity.hash_seed, key.bytes()), offset));
        }
        let root = self.index_for(&placed)?;
        let value = uint(root.seal(self.file.identity.store_id));
        self.file.map.write(first + RECORD_HEAD + clear_record.key.len(), &value);
        self.seal(clear, Op::Clear, Company::of(0, count));
        let next_number = entries.iter().map(|(key, _)| NextNumber::after(key)).max().unwrap_or_default();
        Ok(Replacement { root, clear, last, tail, next_number })
    }

    /// An index of these `(hash, record)`, that nobody uses yet.
    fn index_for(&self, entries: &[(u64, u64)]) -> Result<Root, Failure> {
        let mut depth = (entries.len() as u64 / 1800).next_power_of_two().trailing_zeros();
        loop {
            let root = self.new_index(depth, Purpose::Write)?;
            if entries.iter().all(|&(hash, record)| self.insert_into(root, hash, record)) {
                return Ok(root);
            }
            self.free_index(root);
            depth += 1;
        }
    }

    fn release_segments(&self, goes: impl Fn(u64) -> bool) {
        let mut block = 0;
        while block < self.file.blocks() {
            let entry = self.entry(block);
            // Free blocks are not even looked at: that would put memory behind them.
            let is_ours = entry.is(Kind::Segment) || entry.is(Kind::Large);
            let run = if is_ours { self.run(block).map_or(1, |(_, blocks)| blocks) } else { 1 };
            if is_ours && self.view().generation_of(block).is_none_or(&goes) {
                self.release(block);
            }
            block += run;
        }
    }

    /// After a `Clear` was published: its index is the index, all older segments are free. The number that comes
    /// next is that of the new names; whoever takes over has to find it out.
    fn finish_clear(&self, root: Root, clear: u64, next_number: Option<NextNumber>) {
        let header = self.header();
        let old = header.directory.get();
        let new = root.seal(self.file.identity.store_id);
        header.directory.store(new, Ordering::Release);
        header.index_epoch.store(header.index_epoch.get().wrapping_add(1), Ordering::Release);
        let generation = self.view().generation_of(block_of(clear));
        // (A tail whose segment is gone is also found out by whoever takes over: this spares it that.)
        header.tail.set(0);
        self.release_segments(|other| Some(other) < generation);
        if old != new {
            self.free_index(Root::open(old));
        }
        let mut keys = 0;
        self.for_each_slot(|_, _, _| keys += 1);
        header.keys.set(keys);
        header.next_number.set(next_number.unwrap_or_else(|| self.counted_next_number()).word());
        // Last: until then whoever takes over does all of this again.
        header.indexed.store(self.end(), Ordering::Release);
    }

    // ---- cleaning ----------------------------------------------------------------------------

    /// Moves the live records out of the emptiest segment, if there is too much that is dead: a
    /// bounded piece of work, done by whoever writes.
    #[inline]
    pub fn clean(&self) {
        let header = self.header();
        let live = header.live.count();
        if header.segments.count() * BLOCK > live + live / 4 * 3 + slack() {
            self.clean_a_segment();
        }
    }

    #[cold]
    fn clean_a_segment(&self) {
        let header = self.header();
        let blocks = self.file.blocks();
        let mut cursor = header.clean_cursor.count();
        let mut emptiest: Option<(u64, u64)> = None;
        for _ in 0..WINDOW.min(blocks) {
            cursor = if cursor + 1 < blocks { cursor + 1 } else { 0 };
            let entry = self.entry(cursor);
            if entry.is(Kind::Segment)
                && !self.is_tail(cursor)
                && entry.number() < emptiest.map_or(MOSTLY_LIVE, |(live, _)| live)
            {
                emptiest = Some((entry.number(), cursor));
            }
        }
        header.clean_cursor.set(cursor);
        if let Some((_, block)) = emptiest {
            // Without space for the copies the segment stays as it is.
            let _ = self.evacuate(block);
        }
    }

    /// On a full disk: empties every segment in which enough is dead, and gives back the memory
    /// behind all free blocks. Tells whether that may have helped.
    #[cold]
    pub fn compact_all(&self) -> bool {
        let before = self.file.allocated().unwrap_or(0);
        for block in 0..self.file.blocks() {
            let entry = self.entry(block);
            if entry.is(Kind::Segment)
                && !self.is_tail(block)
                && entry.number() < MOSTLY_LIVE
                && self.evacuate(block).is_err()
            {
                break;
            }
        }
        if !self.is_durable() || self.sync().is_ok() {
            self.punch_all();
        }
        self.file.allocated().unwrap_or(0) < before
    }

    /// Moves a segment's live records behind the log's end; it is free then.
    fn evacuate(&self, block: u64) -> Result<(), Failure> {
        let mut record = block_offset(block) + BLOCK_HEAD;
        let mut moves: Vec<(Hit, Placed)> = Vec::new();
        let (mut to, mut position) = (self.tail(), self.end());
        while record < block_offset(block + 1)
            && let Some(head) = self.view().record_head(record)
        {
            let living = self.living(record, head);
            if let Some(Living::Piece(name, hit)) = living {
                // What is small of the value moves as a whole, and becomes one record.
                self.publish_moves(&mut moves)?;
                self.merge_pieces(&name.encoded(), hit)?;
                (to, position) = (self.tail(), self.end());
            } else if let Some(Living::Whole(slot)) = living {
                if !fits(to, head.length) {
                    // What was copied so far ends with the tail's segment.
                    self.publish_moves(&mut moves)?;
                    (to, position) = (self.new_segment(Purpose::Reclaim)?, self.end());
                }
                moves.push((Hit { slot, record }, self.copy_record(record, head, to, position)));
                to += head.length;
                position += head.length;
            }
            record += head.length;
        }
        self.publish_moves(&mut moves)?;
        // A segment in which nothing lived is freed by nobody's death.
        if self.entry(block).is(Kind::Segment) && self.entry(block).number() == 0 && !self.is_tail(block) {
            self.release(block);
        }
        Ok(())
    }

    /// What of its key's value a record is; `None` if it is dead.
    fn living(&self, record: u64, head: RecordHead) -> Option<Living> {
        let dead = self.file.map.word(record).get() & DEAD != 0;
        if !head.op.holds_value() || dead {
            return None;
        }
        let (name, hash) = self.read_key(record, head)?;
        match self.search(hash, &name.encoded()) {
            Search::Hit(hit) if self.before(hit.record) != 0 => Some(Living::Piece(name, hit)),
            Search::Hit(hit) if hit.record == record => Some(Living::Whole(hit.slot)),
            _ => None,
        }
    }

    /// Writes the newest pieces of a value as one record: all small ones, and larger ones while that
    /// does not copy more than as much again. What is left lies in runs of its own, and stays.
    pub fn merge_pieces(&self, key: &EncodedKey, hit: Hit) -> Result<Written, Failure> {
        let value = self.pieces(hit)?;
        let stays = |piece, newer| piece > MAX_SMALL && newer > 0 && piece > newer || piece > MAX_UNITED;
        let (newest, kept) = value.split_where(stays);
        if newest.is_empty() {
            let position = self.view().position(hit.record).ok_or_else(lost_piece)?;
            return Ok(Written { slot: hit.slot, record: hit.record, position });
        }
        let note = self.view().note(hit.record).ok_or_else(lost_piece)?;
        if let Some(kept) = kept {
            let bytes = self.copied(APPEND_HEAD, newest)?;
            let piece = Piece { kept, left: MAX_BUDGET as u32, note: note.ok_or_else(lost_piece)?, body: &[] };
            return self.put_piece(key, hit, piece, bytes, Purpose::Reclaim);
        }
        let bytes = self.copied(UNITED_HEAD, newest)?;
        let united = United { whole: value.whole, note, before: bytes, bytes: &[] };
        self.put_united(key, hit, united, Purpose::Reclaim)
    }

    /// Lets a key's value go on with `bytes`, and writes all of it as one record.
    pub fn append_whole(&self, key: &EncodedKey, hit: Hit, note: i64, bytes: &[u8]) -> Result<Written, Failure> {
        let value = self.pieces(hit)?;
        let (all, _) = value.split_where(|_, _| false);
        let before = self.copied(UNITED_HEAD, all)?;
        if key.len() + (before.len() + bytes.len()) as u64 > MAX_RECORD - PAGE {
            return Err(Failure::TooLarge);
        }
        let united = United { whole: value.whole, note: Some(note), before, bytes };
        self.put_united(key, hit, united, Purpose::Write)
    }

    /// Puts one record in the place of all pieces of a value.
    fn put_united(&self, key: &EncodedKey, hit: Hit, united: United, purpose: Purpose) -> Result<Written, Failure> {
        let United { whole, note, mut before, bytes } = united;
        let record = match note {
            Some(note) => {
                before[..UNITED_HEAD as usize].copy_from_slice(&united_head(note));
                NewRecord { op: Op::United, key, value: Value { head: &before, body: bytes } }
            }
            // Nothing was ever appended to it.
            None => NewRecord { op: Op::Set, key, value: Value { head: &before[UNITED_HEAD as usize..], body: bytes } },
        };
        let place = self.file.map.word(whole + RECORD_PLACE).get();
        let placed = self.publish_record(&record, place, purpose)?;
        self.replace_record(hit, placed.offset, 0);
        self.mark_indexed(placed);
        Ok(Written { slot: hit.slot, record: placed.offset, position: placed.position })
    }

    fn copy_record(&self, from: u64, head: RecordHead, to: u64, position: u64) -> Placed {
        let map = &self.file.map;
        map.copy_within(from, to, head.length);
        map.word(to + RECORD_POSITION).set(position);
        let placed = Placed { offset: to, length: head.length, position };
        self.seal(placed, head.op, Company::NONE);
        self.mark_end(placed);
        placed
    }

    /// Publishes copies that lie one behind the other.
    fn publish_moves(&self, moves: &mut Vec<(Hit, Placed)>) -> Result<(), Failure> {
        let (Some(&(_, first)), Some(&(_, last))) = (moves.first(), moves.last()) else { return Ok(()) };
        let bytes = last.position + last.length - first.position;
        self.add_live(block_of(first.offset), bytes as i64);
        if let Err(failure) = self.publish(first.offset, last.position + last.length) {
            self.add_live(block_of(first.offset), -(bytes as i64));
            return Err(failure);
        }
        for (hit, placed) in moves.drain(..) {
            self.replace_record(hit, placed.offset, 0);
        }
        self.mark_indexed(last);
        Ok(())
    }

    /// Live bytes of a run, counted.
    pub fn count_live(&self, block: u64) -> u64 {
        let mut live = 0;
        self.for_each_record(block, |record, head| {
            let dead = self.file.map.word(record).get() & DEAD != 0;
            if head.op.holds_value() && !dead {
                live += head.length;
            }
        });
        live
    }

    /// Every record of the run at `block` that lies before the log's end.
    pub fn for_each_record(&self, block: u64, mut visit: impl FnMut(u64, RecordHead)) {
        let Some((kind, blocks)) = self.run(block) else { return };
        let mut record = block_offset(block) + BLOCK_HEAD;
        while record < block_offset(block + blocks)
            && let Some(head) = self.view().record_head(record)
            && self.view().position(record).is_some_and(|position| position < self.end())
        {
            visit(record, head);
            if kind == Kind::Large {
                // It holds one record; what lies behind that was left by an earlier life.
                break;
            }
            record += head.length;
        }
    }
}

/// Whether a record of this length fits behind a tail. One that ends its segment (or 0, before
/// there is any) has no room.
#[inline]
fn fits(tail: u64, length: u64) -> bool {
    let used = tail.wrapping_sub(PAGE) % BLOCK;
    tail != 0 && used != 0 && used + length <= BLOCK
}

/// A MessagePack uint 64.
fn uint(word: u64) -> [u8; 9] {
    let mut value = [0xcf; 9];
    value[1..].copy_from_slice(&word.to_be_bytes());
    value
}

/// How much may be dead; the torture tests clean much more often.
#[inline]
fn slack() -> u64 {
    super::torture::slack().unwrap_or(SLACK)
}
