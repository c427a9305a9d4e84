//! The pieces of a value: the record that it began with, and what was appended to it since.

use super::record::{Records, Span};
use crate::format::*;
use crate::memory::fence;
use crate::reference::Ref;
use crate::torture::meanwhile;
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering;
use sync_backend::{Places, Room};

/// The pieces of a value, the newest first.
pub struct Pieces {
    pieces: Vec<Piece>,
    /// Bytes of all of them.
    pub length: u64,
    /// The record that all others were appended to; [`Ref::NONE`] if only those after a known one are here.
    pub whole: Ref,
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
        let mut pieces = Vec::new();
        let (mut record, mut expected, mut total, mut sizes) = (last, None, 0, 0);
        while pieces.len() <= MAX_APPENDS {
            let generation = records.generation(record)?.load(Ordering::Acquire);
            let head = records.record_head(record)?;
            let position = records.position(record)?;
            if generation == 0 || expected.is_some_and(|expected| expected != position) {
                return None;
            }
            if known == Some(position) && !pieces.is_empty() {
                return Some(Self { pieces, length: total, whole: Ref::NONE });
            }
            let Span { at, length } = records.layout(record, head)?.value;
            match head.op {
                Op::Set | Op::United => {
                    pieces.push(Piece { record, size: head.length, at, length, generation });
                    total += length;
                    return Some(Self { pieces, length: total, whole: record });
                }
                Op::Append => {
                    let link = AppendHead::parse(records.read(at - APPEND_HEAD)?);
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
        copy_pieces(records, &self.pieces, out)
    }

    /// Fills `target` with the bytes of the value from byte `from` on.
    pub fn copy_from(&self, records: Records, from: u64, target: &mut [MaybeUninit<u8>]) -> Option<()> {
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
