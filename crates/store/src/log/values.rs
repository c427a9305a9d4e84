//! Values that grow: appending to them, and merging the pieces.

use super::append::{Effect, Log, Receipt};
use super::pieces::{Piece, Pieces, copy_pieces};
use super::record::Newest;
use crate::error::Failure;
use crate::format::*;
use crate::index::{Hit, Search};
use crate::lock::WriteGuard;
use crate::reference::Ref;
use crate::space::Purpose;
use std::ops::Deref;
use sync_backend::list::{self, Patch, Walk};
use sync_backend::{Expiry, list_note};

/// A piece that is appended to a value.
#[derive(Clone, Copy)]
pub(super) struct NewPiece<'a> {
    /// The record that it goes on from.
    pub kept: Ref,
    /// Bytes of appends that the value may still get.
    pub left: u32,
    pub note: i64,
    /// When the value expires, as the record before it says.
    pub expiry: Option<Expiry>,
    /// Where the first element of the list lies then, if any was taken.
    pub cursor: Option<Cursor>,
    pub body: &'a [u8],
    /// Where the newest of it was stored, if nothing of it is new.
    pub origin: Option<u64>,
}

impl NewPiece<'_> {
    /// Bytes before what it appends.
    fn head(&self) -> u64 {
        append_head(self.cursor)
    }

    /// Bytes of its record, under a key.
    #[inline]
    pub fn length(&self, key: &EncodedKey) -> u64 {
        let expiry = if self.expiry.is_some() { EXPIRY } else { 0 };
        (RECORD_HEAD + key.len() + expiry + self.head() + self.body.len() as u64).next_multiple_of(8)
    }
}

/// Bytes of an append's body before what it appends, where the list was consumed up to there.
fn append_head(cursor: Option<Cursor>) -> u64 {
    APPEND_HEAD + if cursor.is_some() { CURSOR } else { 0 }
}

/// Writes the start of an append's body to where there is room for it.
fn write_append_head(head: &mut [u8], link: AppendHead, cursor: Option<Cursor>) {
    let (start, rest) = head.split_at_mut(APPEND_HEAD as usize);
    start.copy_from_slice(&link.bytes());
    if let Some(cursor) = cursor {
        rest[..CURSOR as usize].copy_from_slice(&cursor.encoded());
    }
}

/// The record that takes the place of all pieces of a value.
struct United<'a> {
    /// The record that they began with.
    whole: Ref,
    /// Of the newest append, if there was one.
    note: Option<i64>,
    /// When the value expires, as the newest of them says.
    expiry: Option<Expiry>,
    /// Their bytes, behind room for the start of a united value; and the bytes that follow.
    before: Vec<u8>,
    bytes: &'a [u8],
    /// As in [`NewPiece`].
    origin: Option<u64>,
}

/// A record by which a value goes on, before it has a place.
pub struct Grown {
    pub op: Op,
    /// When the value expires, as before.
    pub expiry: Option<Expiry>,
    /// Whether a cursor is a part of its head.
    pub is_taken: bool,
    /// The start of its body; what is appended follows.
    pub head: Vec<u8>,
    /// The word for the key's place in the order.
    pub order: u64,
    /// The record that it goes on from; [`Ref::NONE`]: from none.
    pub kept: Ref,
}

/// The length in bytes from which on a value is not copied for an append: its newest pieces are merged.
pub const LONG: u64 = 4 << 20;

/// A list that was consumed from its head, with what is appended to it. `None` where that is anything but elements at its end.
fn with_elements(mut cursor: Cursor, bytes: &[u8]) -> Option<Cursor> {
    let mut walk = Walk::new(bytes, 0, bytes.len() as u64);
    while !walk.is_over() {
        let Patch::Put { number, from, to } = walk.patch()? else { return None };
        (number == cursor.length.into()).then_some(())?;
        cursor.length = cursor.length.checked_add(1)?;
        cursor.bytes += to - from;
    }
    Some(cursor)
}

pub(super) fn lost_piece() -> Failure {
    Failure::Damaged("a value in it has lost a piece".into())
}

/// How much a value may grow.
struct Budget {
    /// Bytes of appends that it may still get.
    left: u32,
    /// The length of the record of the one at hand.
    length: u64,
    expiry: Option<Expiry>,
    /// Where the first element of the list lies, if any was taken.
    cursor: Option<Cursor>,
}

/// The outcome of appending to a value.
pub enum Appending {
    Done(Receipt),
    /// Nothing has happened: enough has been appended to the value, it is time to write it whole, or to merge its
    /// pieces.
    Full,
}

/// The values of a file whose write lock is held.
#[derive(Clone, Copy)]
pub struct Values<'g> {
    log: Log<'g>,
}

impl<'g> Deref for Values<'g> {
    type Target = Log<'g>;

    #[inline(always)]
    fn deref(&self) -> &Log<'g> {
        &self.log
    }
}

impl<'g> Values<'g> {
    #[inline(always)]
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { log: Log::of(guard) }
    }

    /// How long a value is; `None` where it has lost a piece.
    pub fn length(&self, hit: Hit) -> Option<u64> {
        Pieces::of(*self.view(), hit.record, None).map(|value| value.length)
    }

    /// Stores a value that may be appended to at once, with a note, under a key that has none; `None` if it has one.
    pub fn put_first(&self, key: &EncodedKey, hash: u64, note: i64, bytes: &[u8]) -> Result<Option<Receipt>, Failure> {
        let mut search = self.search(hash, key);
        if matches!(search, Search::Miss(_)) && self.make_room(hash)? {
            search = self.search(hash, key);
        }
        let (slot, old) = match search {
            Search::Hit(hit) if self.has_expired(hit.record) => (hit.slot, Some(hit)),
            Search::Hit(_) => return Ok(None),
            Search::Miss(Some(slot)) => (slot, None),
            Search::Miss(None) => return Err(Failure::Damaged("its index has no room where it must".into())),
        };
        let head = united_head(note);
        let record = NewRecord::new(Op::United, key, Value { head: &head, body: bytes });
        let published = self.publish_record(&record, self.end(), Purpose::Write, Effect::Value(hash))?;
        match old {
            Some(old) => self.replace_record(old, published.record(), Ref::NONE),
            None => {
                self.numbers().count_name(key.bytes());
                self.insert(hash, slot, published.record());
            }
        }
        self.mark_indexed(&published);
        Ok(Some(published.receipt(slot)))
    }

    /// Lets a key's value go on with `bytes`.
    pub fn append_to(&self, key: &EncodedKey, hit: Hit, note: i64, bytes: &[u8]) -> Result<Appending, Failure> {
        let Some(Budget { left, length, expiry, cursor }) = self.budget_left(key, hit, bytes)? else {
            return self.append_too_much(key, hit, note, bytes);
        };
        let piece = NewPiece { kept: hit.record, left, note, expiry, cursor, body: bytes, origin: None };
        if length <= MAX_SMALL {
            return self.put_small_piece(key, hit, piece).map(Appending::Done);
        }
        // It gets a run of its own. The small pieces before it come along: the cleaner counts on small
        // ones being the newest. A value that is small altogether is written whole.
        let value = self.pieces(hit)?;
        let (small, Some(kept)) = value.split_where(|piece, _| piece > MAX_SMALL) else { return Ok(Appending::Full) };
        if value.begins_among(small.len()) {
            return Ok(Appending::Full);
        }
        let small = self.copied(piece.head(), small)?;
        self.put_piece(key, hit, NewPiece { kept, ..piece }, small, Purpose::Write).map(Appending::Done)
    }

    /// As [`append_to`](Self::append_to), where the value does not go on with another piece.
    #[cold]
    fn append_too_much(&self, key: &EncodedKey, hit: Hit, note: i64, bytes: &[u8]) -> Result<Appending, Failure> {
        let head = self.view().record_head(hit.record).ok_or_else(lost_piece)?;
        match self.view().cursor(hit.record, head).ok_or_else(lost_piece)? {
            // The patches say where elements are, of which some are gone.
            Some(cursor) if with_elements(cursor, bytes).is_none() => {
                self.append_whole(key, hit, note, bytes).map(Appending::Done)
            }
            _ => Ok(Appending::Full),
        }
    }

    /// How much a value may still grow behind an append of these bytes. `None`: that is one too many, or does more to a list that
    /// was consumed than to put elements at its end.
    #[inline(always)]
    fn budget_left(&self, key: &EncodedKey, hit: Hit, bytes: &[u8]) -> Result<Option<Budget>, Failure> {
        let Newest { budget, expiry, cursor, .. } = self.view().newest(hit.record).ok_or_else(lost_piece)?;
        let cursor = match cursor {
            None => None,
            Some(cursor) => match with_elements(cursor, bytes) {
                None => return Ok(None),
                cursor => cursor,
            },
        };
        let length =
            NewPiece { kept: hit.record, left: 0, note: 0, expiry, cursor, body: bytes, origin: None }.length(key);
        // The number of pieces is what costs; of those that are not united there are few.
        let left = budget.checked_sub(if length > MAX_UNITED { 0 } else { length });
        Ok(left.map(|left| Budget { left: left as u32, length, expiry, cursor }))
    }

    /// Appends a piece to the newest one.
    #[inline]
    pub(super) fn put_small_piece(&self, key: &EncodedKey, hit: Hit, piece: NewPiece) -> Result<Receipt, Failure> {
        match piece.cursor {
            None => self.put_piece(key, hit, piece, [0; APPEND_HEAD as usize], Purpose::Write),
            Some(_) => self.put_piece(key, hit, piece, [0; (APPEND_HEAD + CURSOR) as usize], Purpose::Write),
        }
    }

    /// Appends a piece to a value, in place of all that comes after the record that it goes on from. Room for
    /// what an append starts with, and what of the value comes along, are in `head`.
    fn put_piece(
        &self,
        key: &EncodedKey,
        hit: Hit,
        piece: NewPiece,
        mut head: impl AsMut<[u8]>,
        purpose: Purpose,
    ) -> Result<Receipt, Failure> {
        let before = self.view().position(piece.kept).ok_or_else(lost_piece)?;
        let link = AppendHead { before, left: piece.left, note: piece.note };
        let head = head.as_mut();
        write_append_head(head, link, piece.cursor);
        let (expiry, is_taken) = (piece.expiry, piece.cursor.is_some());
        let value = Value { head, body: piece.body };
        let record = NewRecord { op: Op::Append, key, expiry, is_taken, value, origin: piece.origin };
        let published = self.publish_record(&record, piece.kept.word(), purpose, self.effect(&record, hit))?;
        self.follow(hit, published.record(), piece.kept);
        self.mark_indexed(&published);
        Ok(published.receipt(hit.slot))
    }

    /// The effect of a record that takes the place of another: none if it only says again what there was.
    #[inline]
    fn effect(&self, record: &NewRecord, hit: Hit) -> Effect {
        match record.origin {
            None => self.change_of(hit),
            Some(_) => Effect::None,
        }
    }

    /// When a value expires: its newest piece says so.
    pub fn expiry(&self, hit: Hit) -> Result<Option<Expiry>, Failure> {
        let head = self.view().record_head(hit.record).ok_or_else(lost_piece)?;
        self.view().expiry(hit.record, head).ok_or_else(lost_piece)
    }

    /// All pieces of a value.
    pub fn pieces(&self, hit: Hit) -> Result<Pieces, Failure> {
        Pieces::of(*self.view(), hit.record, None).ok_or_else(lost_piece)
    }

    /// The bytes of some of a value's pieces, one behind the other, behind `head` zeros. (At most some MiB: what
    /// is longer is not copied.)
    fn copied(&self, head: u64, pieces: &[Piece]) -> Result<Vec<u8>, Failure> {
        let length = head + pieces.iter().map(|piece| piece.length).sum::<u64>();
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(length as usize).is_err() {
            return Err(Failure::NoMemory(length));
        }
        bytes.resize(head as usize, 0);
        copy_pieces(*self.view(), pieces, &mut bytes).ok_or_else(lost_piece)?;
        Ok(bytes)
    }

    /// Writes the newest pieces of a value as one record: all small ones, and larger ones while that
    /// does not copy more than as much again. The others lie in runs of their own, and stay. `None`: all of them do.
    pub fn merge_pieces(&self, key: &EncodedKey, hit: Hit) -> Result<Option<Receipt>, Failure> {
        self.merge(key, hit, self.expiry(hit)?, Purpose::Reclaim)
    }

    /// As [`Values::merge_pieces`], for a value that expires then.
    fn merge(
        &self,
        key: &EncodedKey,
        hit: Hit,
        expiry: Option<Expiry>,
        purpose: Purpose,
    ) -> Result<Option<Receipt>, Failure> {
        let value = self.pieces(hit)?;
        let stays = |piece, newer| piece > MAX_SMALL && newer > 0 && piece > newer || piece > MAX_UNITED;
        let (newest, kept) = value.split_where(stays);
        if newest.is_empty() {
            return Ok(None);
        }
        if value.cursor().is_some() && (kept.is_none() || value.begins_among(newest.len())) {
            // Nothing before them is left of the value.
            return self.unite_list(key, hit, &value, expiry, purpose).map(Some);
        }
        let note = self.view().note(hit.record).ok_or_else(lost_piece)?;
        let origin = Some(self.view().origin(hit.record).ok_or_else(lost_piece)?);
        if let Some(kept) = kept {
            let (note, cursor) = (note.ok_or_else(lost_piece)?, value.cursor());
            let piece = NewPiece { kept, left: MAX_BUDGET as u32, note, expiry, cursor, body: &[], origin };
            let bytes = self.copied(piece.head(), newest)?;
            return self.put_piece(key, hit, piece, bytes, purpose).map(Some);
        }
        let bytes = self.copied(UNITED_HEAD, newest)?;
        let united = United { whole: value.whole, note, expiry, before: bytes, bytes: &[], origin };
        self.put_united(key, hit, united, purpose).map(Some)
    }

    /// Lets a key's value go on with `bytes`, and writes all of it as one record.
    pub fn append_whole(&self, key: &EncodedKey, hit: Hit, note: i64, bytes: &[u8]) -> Result<Receipt, Failure> {
        let (whole, before) = self.united(key, hit, bytes)?;
        let united = United { whole, note: Some(note), expiry: self.expiry(hit)?, before, bytes, origin: None };
        self.put_united(key, hit, united, Purpose::Write)
    }

    /// The record that a value began with, and all its bytes, behind room for the start of a united value; `bytes` are to
    /// follow them.
    fn united(&self, key: &EncodedKey, hit: Hit, bytes: &[u8]) -> Result<(Ref, Vec<u8>), Failure> {
        let value = self.pieces(hit)?;
        let before = self.all_of(&value)?;
        if key.len() + (before.len() + bytes.len()) as u64 > MAX_RECORD - PAGE {
            return Err(Failure::TooLarge);
        }
        Ok((value.whole, before))
    }

    /// The record by which a key's value goes on with `bytes`, for one that gets its place later. Where the newest pieces are
    /// to be merged first, that happens now, by a publication of its own which changes no value: so the value may
    /// have another newest record then.
    pub fn grow(&self, key: &EncodedKey, hit: Hit, note: i64, bytes: &[u8]) -> Result<(Hit, Grown), Failure> {
        if let Some(grown) = self.grow_by_a_piece(key, hit, note, bytes)? {
            return Ok((hit, grown));
        }
        if self.length(hit).ok_or_else(lost_piece)? >= LONG
            && let Some(merged) = self.merge_pieces(key, hit)?
            && let Some(grown) = self.grow_by_a_piece(key, merged.hit(), note, bytes)?
        {
            return Ok((merged.hit(), grown));
        }
        let hit = Hit { record: self.file.map.word(hit.slot.offset() + 8).reference(), ..hit };
        let (whole, mut head) = self.united(key, hit, bytes)?;
        head[..UNITED_HEAD as usize].copy_from_slice(&united_head(note));
        let order = self.file.map.word(whole.offset() + RECORD_ORDER).get();
        Ok((hit, Grown { op: Op::United, expiry: self.expiry(hit)?, is_taken: false, head, order, kept: Ref::NONE }))
    }

    /// `None`: enough has been appended to the value.
    fn grow_by_a_piece(&self, key: &EncodedKey, hit: Hit, note: i64, bytes: &[u8]) -> Result<Option<Grown>, Failure> {
        let Some(Budget { left, length, expiry, cursor }) = self.budget_left(key, hit, bytes)? else { return Ok(None) };
        let mut head = vec![0; append_head(cursor) as usize];
        let mut kept = hit.record;
        if length > MAX_SMALL {
            let value = self.pieces(hit)?;
            let (small, Some(large)) = value.split_where(|piece, _| piece > MAX_SMALL) else { return Ok(None) };
            if value.begins_among(small.len()) {
                return Ok(None);
            }
            (head, kept) = (self.copied(append_head(cursor), small)?, large);
        }
        let before = self.view().position(kept).ok_or_else(lost_piece)?;
        write_append_head(&mut head, AppendHead { before, left, note }, cursor);
        Ok(Some(Grown { op: Op::Append, expiry, is_taken: cursor.is_some(), head, order: kept.word(), kept }))
    }

    /// Lets a value expire at another time, or never. A value that was appended to gets a piece that says no more than that; another one
    /// is written anew.
    pub fn touch(&self, key: &EncodedKey, hit: Hit, expiry: Option<Expiry>) -> Result<Receipt, Failure> {
        // (No other value: nobody who waits for one is told.)
        let origin = Some(self.view().origin(hit.record).ok_or_else(lost_piece)?);
        let note = self.view().note(hit.record).ok_or_else(lost_piece)?;
        if let Some(note) = note {
            if let Some(Budget { left, length, cursor, .. }) = self.budget_left(key, hit, &[])?
                && length + EXPIRY < MAX_SMALL
            {
                let piece = NewPiece { kept: hit.record, left, note, expiry, cursor, body: &[], origin };
                return self.put_small_piece(key, hit, piece);
            }
            if let Some(receipt) = self.merge(key, hit, expiry, Purpose::Write)? {
                return Ok(receipt);
            }
        }
        let value = self.pieces(hit)?;
        if key.len() + value.length > MAX_RECORD - PAGE {
            return Err(Failure::TooLarge);
        }
        let united = United { whole: value.whole, note, expiry, before: self.all_of(&value)?, bytes: &[], origin };
        self.put_united(key, hit, united, Purpose::Write)
    }

    /// Writes a list without elements in the place of one.
    pub(super) fn put_empty(&self, key: &EncodedKey, hit: Hit) -> Result<Receipt, Failure> {
        let whole = self.pieces(hit)?.whole;
        let (note, expiry) = (Some(list_note(0)), self.expiry(hit)?);
        let before = [&[0; UNITED_HEAD as usize][..], &list::empty_list()].concat();
        self.put_united(key, hit, United { whole, note, expiry, before, bytes: &[], origin: None }, Purpose::Write)
    }

    /// As [`put_empty`](Self::put_empty), for a record that gets its place later.
    pub(super) fn emptied(&self, hit: Hit) -> Result<Grown, Failure> {
        let head = [&united_head(list_note(0))[..], &list::empty_list()].concat();
        self.instead_of(hit, head)
    }

    /// The record that takes the place of all pieces of a value; `head` is a united value.
    pub(super) fn instead_of(&self, hit: Hit, head: Vec<u8>) -> Result<Grown, Failure> {
        let (order, expiry) = (self.order(hit.record), self.expiry(hit)?);
        Ok(Grown { op: Op::United, expiry, is_taken: false, head, order, kept: Ref::NONE })
    }

    /// The record of a piece that gets its place later.
    pub(super) fn grown_by(&self, piece: NewPiece) -> Result<Grown, Failure> {
        let NewPiece { kept, left, note, expiry, cursor, .. } = piece;
        let mut head = vec![0; append_head(cursor) as usize];
        let before = self.view().position(kept).ok_or_else(lost_piece)?;
        write_append_head(&mut head, AppendHead { before, left, note }, cursor);
        Ok(Grown { op: Op::Append, expiry, is_taken: cursor.is_some(), head, order: kept.word(), kept })
    }

    /// A list with other elements before its own, as one united value; `None`: its elements tell of each other.
    pub(super) fn unshifted(&self, value: &Pieces, others: (&[u8], u32)) -> Result<Option<Vec<u8>>, Failure> {
        let length = value.length + others.0.len() as u64;
        if length > MAX_RECORD - 2 * PAGE {
            return Err(Failure::TooLarge);
        }
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(value.length as usize).is_err() {
            return Err(Failure::NoMemory(length));
        }
        value.copy(*self.view(), &mut bytes).ok_or_else(lost_piece)?;
        Ok(list::unshift(&bytes, UNITED_HEAD as usize, others))
    }

    /// Writes a list that was consumed from its head as one record, without what was taken.
    pub(super) fn unite_list(
        &self,
        key: &EncodedKey,
        hit: Hit,
        value: &Pieces,
        expiry: Option<Expiry>,
        purpose: Purpose,
    ) -> Result<Receipt, Failure> {
        let note = value.cursor().map(|cursor| list_note(cursor.length.into()));
        let before = self.all_of(value)?;
        if key.len() + before.len() as u64 > MAX_RECORD - PAGE {
            return Err(Failure::TooLarge);
        }
        let origin = Some(self.view().origin(hit.record).ok_or_else(lost_piece)?);
        self.put_united(key, hit, United { whole: value.whole, note, expiry, before, bytes: &[], origin }, purpose)
    }

    /// All bytes of a value, behind room for the start of a united one; of a list, those of the elements that are left.
    fn all_of(&self, value: &Pieces) -> Result<Vec<u8>, Failure> {
        if value.cursor().is_none() {
            return self.copied(UNITED_HEAD, value.split_where(|_, _| false).0);
        }
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact((UNITED_HEAD + list::LONGEST_HEAD + value.length) as usize).is_err() {
            return Err(Failure::NoMemory(value.length));
        }
        bytes.resize(UNITED_HEAD as usize, 0);
        value.fold(*self.view(), &mut bytes).ok_or_else(lost_piece)?;
        Ok(bytes)
    }

    /// Puts one record in the place of all pieces of a value.
    fn put_united(&self, key: &EncodedKey, hit: Hit, united: United, purpose: Purpose) -> Result<Receipt, Failure> {
        let United { whole, note, expiry, mut before, bytes, origin } = united;
        let record = match note {
            Some(note) => {
                before[..UNITED_HEAD as usize].copy_from_slice(&united_head(note));
                let value = Value { head: &before, body: bytes };
                NewRecord { expiry, origin, ..NewRecord::new(Op::United, key, value) }
            }
            // Nothing was ever appended to it.
            None => {
                let value = Value { head: &before[UNITED_HEAD as usize..], body: bytes };
                NewRecord { expiry, origin, ..NewRecord::new(Op::Set, key, value) }
            }
        };
        let order = self.file.map.word(whole.offset() + RECORD_ORDER).get();
        let published = self.publish_record(&record, order, purpose, self.effect(&record, hit))?;
        self.replace_record(hit, published.record(), Ref::NONE);
        self.mark_indexed(&published);
        Ok(published.receipt(hit.slot))
    }
}
