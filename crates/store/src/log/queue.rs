//! Lists that are consumed from the head.
//!
//! A list keeps its records while elements are taken off: the newest record has a cursor, which tells where the first element
//! lies. Taking it off appends a record that moves the cursor by one, whatever the length of the list. What was taken is given
//! back when it is as much as the rest: that is written as one record then. So each element is copied once, on average.

use super::append::Receipt;
use super::pieces::Pieces;
use super::record::{Newest, Span};
use super::values::{NewPiece, Values, lost_piece};
use crate::error::Failure;
use crate::format::*;
use crate::index::Hit;
use crate::lock::WriteGuard;
use crate::reference::Ref;
use crate::space::Purpose;
use std::ops::Deref;
use sync_backend::list::{self, Patch, Walk};
use sync_backend::{Room, list_note};

/// So many pieces are gone through for the next element. Where there are more, they are united first.
const HOPS: u64 = 16;
/// A list of so many bytes is written as one record whenever room for more appends is needed.
const SHORT: u64 = 64 << 10;

/// So many bytes of appends a list gets from its first shift on: an element takes little room, the record that moves the cursor by one
/// takes a hundred bytes, and a short list would be written as a whole time and again.
const ROOM: u64 = 64 << 10;

/// The outcome of taking the first element off.
pub enum Shifting {
    /// So many elements are left.
    Done(Receipt, u32),
    /// The list has no elements.
    Empty,
    /// There are objects in the first element: it is where it was.
    Objects,
    /// Only a program that reads the value can tell, or take its elements apart.
    Whole,
}

/// The outcome of finding the first element, before it is taken off.
pub(super) enum Finding<'q> {
    /// Its bytes are copied out; how it is taken off, and whether there are objects in it.
    Element {
        removal: Removal<'q>,
        has_objects: bool,
    },
    /// As for [`Shifting`].
    Empty,
    Whole,
}

/// The way in which the first element is taken off a list.
pub(super) enum Removal<'q> {
    /// By this piece, which leaves so many elements; where the first one lies.
    Piece(NewPiece<'q>, u32, Place),
    /// It is the last one: an empty list replaces all that is there.
    Last,
}

/// The first element of a list, and where the next one lies.
struct First {
    element: Span,
    next: Cursor,
    has_objects: bool,
}

/// The patch of each shift.
static TAKE_ONE: [u8; 2] = list::take_one();

/// The outcome of looking for it.
enum Search {
    Found(First),
    /// There are so many pieces that they are to be united first, or a long one is used up, so that there is something to give
    /// back.
    Untidy(Untidy),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Untidy {
    ManyPieces,
    LongPiece,
}

/// Whether a list was tidied up before an element is taken off.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tidied {
    No,
    Done,
    Failed,
}

/// The lists of a file whose write lock is held.
#[derive(Clone, Copy)]
pub struct Queue<'g> {
    values: Values<'g>,
}

impl<'g> Deref for Queue<'g> {
    type Target = Values<'g>;

    #[inline(always)]
    fn deref(&self) -> &Values<'g> {
        &self.values
    }
}

impl<'g> Queue<'g> {
    #[inline(always)]
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { values: Values::of(guard) }
    }

    /// Takes the first element off the list at `hit`, unless there are objects in it; its bytes replace what is in `out`. Where that has
    /// no room for it, or on any other failure, nothing has happened.
    pub fn shift(&self, key: &EncodedKey, mut hit: Hit, out: &mut impl Room<u8>) -> Result<Shifting, Failure> {
        Ok(match self.find_first(key, &mut hit, out)? {
            Finding::Element { has_objects: true, .. } => Shifting::Objects,
            Finding::Element { removal: Removal::Piece(take, left, _), .. } => {
                Shifting::Done(self.put_small_piece(key, hit, take)?, left)
            }
            Finding::Element { removal: Removal::Last, .. } => Shifting::Done(self.put_empty(key, hit)?, 0),
            Finding::Empty => Shifting::Empty,
            Finding::Whole => Shifting::Whole,
        })
    }

    /// Copies the first element out, and says how it is taken off. The list may have been tidied up for that: `hit` is the value then.
    pub(super) fn find_first(
        &self,
        key: &EncodedKey,
        hit: &mut Hit,
        out: &mut impl Room<u8>,
    ) -> Result<Finding<'static>, Failure> {
        let mut tidied = Tidied::No;
        loop {
            let Newest { budget, expiry, cursor } = self.view().newest(hit.record).ok_or_else(lost_piece)?;
            let (cursor, budget) = match cursor {
                Some(cursor) => (cursor, budget),
                None => match self.scan(&self.pieces(*hit)?) {
                    Some(cursor) => (cursor, budget.max(ROOM)),
                    None => return Ok(Finding::Whole),
                },
            };
            if cursor.length == 0 {
                return Ok(Finding::Empty);
            }
            let body = &TAKE_ONE[..];
            let note = list_note(u64::from(cursor.length) - 1);
            let take = NewPiece { kept: hit.record, left: 0, note, expiry, cursor: Some(cursor), body, origin: None };
            let length = take.length(key);
            let found = match tidied {
                Tidied::No if budget < length => Search::Untidy(Untidy::ManyPieces),
                _ => self.first(*hit, cursor, tidied != Tidied::No).ok_or_else(lost_piece)?,
            };
            let First { element: Span { at, length: bytes }, next, has_objects } = match found {
                Search::Found(first) => first,
                Search::Untidy(why) => {
                    tidied = self.tidy(key, hit, cursor, why)?;
                    continue;
                }
            };
            out.clear();
            if !out.has_room(bytes) {
                return Err(Failure::NoRoom(bytes));
            }
            self.view().copy(at, bytes, out).ok_or_else(lost_piece)?;
            if next.length == 0 {
                return Ok(Finding::Element { removal: Removal::Last, has_objects });
            }
            let budget = if tidied == Tidied::Done && budget < length { MAX_BUDGET } else { budget };
            let left = budget.saturating_sub(length) as u32;
            let take = NewPiece { left, cursor: Some(next), ..take };
            return Ok(Finding::Element { removal: Removal::Piece(take, next.length, cursor.place()), has_objects });
        }
    }

    /// Gives back what was taken, where it is as much as the rest, or makes one piece of many. `hit` is the value then.
    fn tidy(&self, key: &EncodedKey, hit: &mut Hit, cursor: Cursor, why: Untidy) -> Result<Tidied, Failure> {
        let value = self.pieces(*hit)?;
        let stored = value.stored();
        let value = value.from(*self.view(), cursor).ok_or_else(lost_piece)?;
        let united = if stored >= 2 * value.length || why == Untidy::ManyPieces && value.length <= SHORT {
            self.unite_list(key, *hit, &value, self.expiry(*hit)?, Purpose::Write).map(Some)
        } else if why == Untidy::ManyPieces {
            self.merge_pieces(key, *hit)
        } else {
            Ok(None)
        };
        match united {
            Ok(receipt) => {
                *hit = receipt.map_or(*hit, |receipt| receipt.hit());
                Ok(Tidied::Done)
            }
            // A full disk, or a list too long for one record: nothing is given back for now.
            Err(Failure::NoSpace | Failure::SizeLimit | Failure::TooLarge | Failure::NoMemory(_)) => Ok(Tidied::Failed),
            Err(failure) => Err(failure),
        }
    }

    /// The cursor at the start of a value that has none yet; `None` where it is no list, or its elements cannot be taken apart: they
    /// may tell of each other, or patches do more than to put elements at the end.
    pub(super) fn scan(&self, value: &Pieces) -> Option<Cursor> {
        let records = *self.view();
        let mut spans = value.spans();
        let Span { at, length } = spans.next()?;
        let mut walk = Walk::new(records, at, at + length);
        let inside = walk.list()?;
        let start = walk.at();
        (0..inside).try_for_each(|_| walk.skip())?;
        if walk.refers() {
            return None;
        }
        let (mut count, mut bytes) = (inside, walk.at() - start);
        loop {
            while !walk.is_over() {
                let Patch::Put { number, from, to } = walk.patch()? else { return None };
                (number == count.into()).then_some(())?;
                count = count.checked_add(1)?;
                bytes += to - from;
            }
            let Some(Span { at, length }) = spans.next() else { break };
            walk = Walk::new(records, at, at + length);
        }
        let byte = u32::try_from(start - at).ok()?;
        let position = records.position(value.whole)?;
        Some(Cursor { position, record: value.whole.word(), byte, inside, length: count, bytes })
    }

    /// Whether just these elements lie between two places in the list at `hit`.
    pub(super) fn leads_to<'e>(
        &self,
        hit: Hit,
        from: Cursor,
        to: Cursor,
        elements: impl Iterator<Item = &'e [u8]>,
    ) -> bool {
        let mut at = from;
        for bytes in elements {
            let Some(Search::Found(First { element, next, .. })) = self.first(hit, at, true) else { return false };
            if element.length != bytes.len() as u64 || !self.view().equals(element.at, bytes) {
                return false;
            }
            at = next;
        }
        at == to
    }

    /// Finds the first element. `None`: it is not there. `any`: it may lie behind any number of pieces.
    fn first(&self, hit: Hit, mut cursor: Cursor, any: bool) -> Option<Search> {
        let records = *self.view();
        loop {
            let record = Ref::of_word(cursor.record);
            let head = records.record_head(record).filter(|head| head.op.holds_value())?;
            (records.position(record)? == cursor.position).then_some(())?;
            let Span { at, length } = records.layout(record, head)?.value;
            let mut walk = Walk::new(records, at.checked_add(cursor.byte.into())?, at + length);
            while !walk.is_over() {
                let from = walk.at();
                let element = if cursor.inside > 0 {
                    walk.skip()?;
                    cursor.inside -= 1;
                    Span { at: from, length: walk.at() - from }
                } else {
                    match walk.patch()? {
                        Patch::Put { from, to, .. } => Span { at: from, length: to - from },
                        Patch::Take(_) | Patch::First { .. } => continue,
                        Patch::Other => return None,
                    }
                };
                cursor.byte = u32::try_from(walk.at() - at).ok()?;
                cursor.length -= 1;
                cursor.bytes = cursor.bytes.checked_sub(element.length)?;
                return Some(Search::Found(First { element, next: cursor, has_objects: walk.has_objects() }));
            }
            // The piece is used up: the element lies in a newer one.
            (cursor.inside == 0 && record != hit.record).then_some(())?;
            let newer = Pieces::of(records, hit.record, Some(cursor.position)).filter(|newer| newer.whole.is_none())?;
            match () {
                () if any => {}
                () if head.length > MAX_SMALL => return Some(Search::Untidy(Untidy::LongPiece)),
                () if newer.count() > HOPS => return Some(Search::Untidy(Untidy::ManyPieces)),
                () => {}
            }
            let next = newer.oldest()?;
            (cursor.record, cursor.byte) = (next.word(), 0);
            cursor.position = records.position(next)?;
        }
    }
}
