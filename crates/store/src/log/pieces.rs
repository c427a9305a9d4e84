//! The pieces of a value: the record that it began with, and what was appended to it since.

use super::record::{Records, Span};
use crate::format::*;
use crate::memory::fence;
use crate::reference::Ref;
use crate::torture::meanwhile;
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering;
use sync_backend::list::{self, Patch, Walk};
use sync_backend::{Places, Room};

/// The pieces of a value, the newest first.
pub struct Pieces {
    pieces: Vec<Piece>,
    /// Bytes of the value that is made of them.
    pub length: u64,
    /// The record that all others were appended to; [`Ref::NONE`] if only those after a known one are here.
    pub whole: Ref,
    /// Where the first element lies, and in which of them, if it is a list that was consumed from its head.
    taken: Option<(Cursor, usize)>,
}

/// A piece of a value, and what shows that it stands still.
pub struct Piece {
    /// The record, and how long that is.
    record: Ref,
    size: u64,
    /// Its bytes of the value.
    at: u64,
    pub length: u64,
    generation: u64,
}

impl Pieces {
    /// The pieces of the value that ends with the record at `last`, back to the record at position
    /// `known`, if it is one of them. `None`: something moved meanwhile, or makes no sense.
    ///
    /// A record that was appended to is freed no earlier than the append, and each append tells the
    /// position, which is never used twice, of the record before it: a record with that position
    /// whose segment's generation stands still is the right one.
    pub fn of(records: Records, last: Ref, known: Option<u64>) -> Option<Self> {
        let mut pieces: Vec<Piece> = Vec::new();
        let (mut record, mut expected, mut total, mut sizes) = (last, None, 0, 0);
        let mut cursor = None;
        while pieces.len() <= MAX_APPENDS {
            let generation = records.generation(record)?.load(Ordering::Acquire);
            let head = records.record_head(record)?;
            let position = records.position(record)?;
            if generation == 0 || expected.is_some_and(|expected| expected != position) {
                return None;
            }
            if known == Some(position) && !pieces.is_empty() {
                return Some(Self { pieces, length: total, whole: Ref::NONE, taken: None });
            }
            if pieces.is_empty() {
                cursor = records.cursor(record, head)?;
            }
            let Span { at, length } = records.layout(record, head)?.value;
            match head.op {
                Op::Set | Op::United => {
                    pieces.push(Piece { record, size: head.length, at, length, generation });
                    total += length;
                    let value = Self { pieces, length: total, whole: record, taken: None };
                    return match cursor {
                        Some(cursor) => value.from(records, cursor),
                        None => Some(value),
                    };
                }
                Op::Append => {
                    let link = AppendHead::parse(records.read(at - head.cursor() - APPEND_HEAD)?);
                    pieces.push(Piece { record, size: head.length, at, length, generation });
                    total += length;
                    sizes += head.length;
                    if sizes > records.end() {
                        // More than the file holds: the pieces lead in circles.
                        return None;
                    }
                    expected = Some(link.before);
                    record = Ref::of_word(records.word(record.offset() + APPEND_BEFORE)?.load(Ordering::Acquire));
                    meanwhile("collecting pieces");
                }
                _ => return None,
            }
        }
        None
    }

    /// The value without what stands before a cursor. `None` where that leads to none of the pieces.
    pub fn from(self, records: Records, cursor: Cursor) -> Option<Self> {
        let at = self.pieces.iter().position(|piece| piece.record.word() == cursor.record)?;
        (records.position(self.pieces[at].record)? == cursor.position).then_some(())?;
        let length = list::length_of(cursor.inside, cursor.length.into(), cursor.bytes);
        // It takes no more than there is, but for the head of its array.
        (length <= self.stored() + list::LONGEST_HEAD).then_some(())?;
        Some(Self { length, taken: Some((cursor, at)), ..self })
    }

    /// Where the first element lies, if it is a list that was consumed from its head.
    pub fn cursor(&self) -> Option<Cursor> {
        self.taken.map(|(cursor, _)| cursor)
    }

    /// Whether its first element lies in one of the newest pieces, so many.
    pub fn begins_among(&self, newest: usize) -> bool {
        self.taken.is_some_and(|(_, at)| at < newest)
    }

    /// Where the pieces lie, the oldest first.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        self.pieces.iter().rev().map(|piece| Span { at: piece.at, length: piece.length })
    }

    /// Bytes of all pieces, with those that were taken.
    pub fn stored(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.length).sum()
    }

    /// The record of the oldest piece.
    pub fn oldest(&self) -> Option<Ref> {
        self.pieces.last().map(|piece| piece.record)
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.pieces.len() as u64
    }

    /// The generation of the run of the newest piece.
    pub fn generation(&self) -> Option<u64> {
        self.pieces.first().map(|piece| piece.generation)
    }

    /// Appends the value to `out`, which has room for it, the oldest piece first. `None`: the pieces are not there
    /// any more.
    pub fn copy(&self, records: Records, out: &mut impl Room<u8>) -> Option<()> {
        let Some((cursor, at)) = self.taken else { return copy_pieces(records, &self.pieces, out) };
        meanwhile("copying pieces");
        self.copy_list(records, cursor, at, out)?;
        self.have_stood(records)
    }

    /// As [`copy`](Self::copy), of a list whose first element lies in the piece at `at`: the elements in the array that the value
    /// began with are an array again, and patches put the others behind them.
    fn copy_list(&self, records: Records, cursor: Cursor, at: usize, out: &mut impl Room<u8>) -> Option<()> {
        let start = out.items().len() as u64;
        let first = &self.pieces[at];
        let mut walk = Walk::new(records, first.at.checked_add(cursor.byte.into())?, first.at + first.length);
        out.extend(list::Head::of_list(cursor.inside).bytes()).then_some(())?;
        let from = walk.at();
        (0..cursor.inside).try_for_each(|_| walk.skip())?;
        records.copy(from, walk.at() - from, out)?;
        let mut number = u64::from(cursor.inside);
        for piece in self.pieces[..at].iter().rev().map(Some).chain([None]) {
            while !walk.is_over() {
                match walk.patch()? {
                    Patch::Put { from, to, .. } => {
                        out.extend(list::Head::of_put(number).bytes()).then_some(())?;
                        records.copy(from, to - from, out)?;
                        number += 1;
                    }
                    Patch::Take(_) | Patch::First { .. } => {}
                    Patch::Other => return None,
                }
            }
            if let Some(piece) = piece {
                walk = Walk::new(records, piece.at, piece.at + piece.length);
            }
        }
        (number == cursor.length.into() && out.items().len() as u64 - start == self.length).then_some(())
    }

    /// As [`copy`](Self::copy), of a list that was consumed from its head, with the elements that patches put there moved into its array,
    /// as far as each means the same there. `out` has room for a longest head ([`list::LONGEST_HEAD`]) more.
    pub fn fold(&self, records: Records, out: &mut Vec<u8>) -> Option<()> {
        let (cursor, at) = self.taken?;
        meanwhile("copying pieces");
        let behind = out.len();
        out.resize(behind + list::HEAD_ROOM, 0);
        let first = &self.pieces[at];
        let mut walk = Walk::new(records, first.at.checked_add(cursor.byte.into())?, first.at + first.length);
        let from = walk.at();
        (0..cursor.inside).try_for_each(|_| walk.skip())?;
        records.copy(from, walk.at() - from, out)?;
        let mut bytes = walk.at() - from;
        // (An element that may tell of those before it stays in its patch, and so do all behind it.)
        let (mut number, mut inside, mut refers) = (cursor.inside, cursor.inside, walk.refers());
        for piece in self.pieces[..at].iter().rev().map(Some).chain([None]) {
            while !walk.is_over() {
                match walk.patch()? {
                    Patch::Put { from, to, .. } => {
                        refers |= walk.refers();
                        if refers {
                            Room::extend(out, list::Head::of_put(number.into()).bytes()).then_some(())?;
                        } else {
                            inside += 1;
                        }
                        records.copy(from, to - from, out)?;
                        number = number.checked_add(1)?;
                        bytes += to - from;
                    }
                    Patch::Take(_) | Patch::First { .. } => {}
                    Patch::Other => return None,
                }
            }
            if let Some(piece) = piece {
                walk = Walk::new(records, piece.at, piece.at + piece.length);
            }
        }
        (number == cursor.length && bytes == cursor.bytes).then_some(())?;
        self.have_stood(records)?;
        list::put_head(out, behind, inside);
        Some(())
    }

    /// Fills `target` with the bytes of the value from byte `from` on.
    pub fn copy_from(&self, records: Records, from: u64, target: &mut [MaybeUninit<u8>]) -> Option<()> {
        if self.taken.is_some() {
            return self.copy_list_from(records, from, target);
        }
        let (mut skip, mut left) = (from, target.len() as u64);
        let mut out = Places::new(target);
        for piece in self.pieces.iter().rev() {
            let start = skip.min(piece.length);
            let length = left.min(piece.length - start);
            records.copy(piece.at + start, length, &mut out)?;
            skip -= start;
            left -= length;
        }
        self.have_stood(records)?;
        (left == 0).then_some(())
    }

    /// As [`copy_from`](Self::copy_from), of a list whose bytes have to be made first.
    fn copy_list_from(&self, records: Records, from: u64, target: &mut [MaybeUninit<u8>]) -> Option<()> {
        let mut bytes: Vec<u8> = Vec::new();
        bytes.try_reserve_exact(usize::try_from(self.length).ok()?).ok()?;
        self.copy(records, &mut bytes)?;
        let bytes = bytes.get(usize::try_from(from).ok()?..)?.get(..target.len())?;
        Places::new(target).extend(bytes).then_some(())
    }

    /// `None`: the pieces are not, or no longer, those of the value. Else what was concluded from them holds.
    pub fn have_stood(&self, records: Records) -> Option<()> {
        have_stood(records, &self.pieces)
    }

    /// The newest pieces, down to the first one at which to stop, and the record of that, if there is
    /// one. `stop` is asked for a record's length and how long the newer ones are, taken together.
    pub fn split_where(&self, stop: impl Fn(u64, u64) -> bool) -> (&[Piece], Option<Ref>) {
        let mut newer = 0;
        for (n, piece) in self.pieces.iter().enumerate() {
            if stop(piece.size, newer) {
                return (&self.pieces[..n], Some(piece.record));
            }
            newer += piece.size;
        }
        (&self.pieces, None)
    }
}

/// Appends some pieces of a value to `out`, which has room for them, the oldest first. `None`: they are not there
/// any more.
pub fn copy_pieces(records: Records, pieces: &[Piece], out: &mut impl Room<u8>) -> Option<()> {
    meanwhile("copying pieces");
    for piece in pieces.iter().rev() {
        records.copy(piece.at, piece.length, out)?;
    }
    have_stood(records, pieces)
}

fn have_stood(records: Records, pieces: &[Piece]) -> Option<()> {
    fence(Ordering::Acquire);
    pieces.iter().all(|piece| records.has_stood(piece.record, piece.generation)).then_some(())
}
