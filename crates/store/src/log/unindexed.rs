//! The records that are published and that the index does not know yet.

use super::list::*;
use super::record::{Records, Span};
use crate::format::*;
use crate::reference::Ref;
use std::ops::Range;

/// A walk through the records of the last publication: as one that looks them up, one that looks at everything and one that tells
/// the index would else each have to know how a publication lies in the file.
///
/// They follow each other in one segment, or a batch lists them.
pub struct Unindexed<'f> {
    records: Records<'f>,
    way: Way,
    /// The positions between which they are, and the bytes of records that may still come.
    positions: Range<u64>,
    left: u64,
}

enum Way {
    /// The next record, and its position.
    Along(Ref, u64),
    /// The next one in the list, and the one behind the last.
    Listed { list: u64, next: u64, end: u64 },
}

impl<'f> Unindexed<'f> {
    /// The records between two positions, the first of which `pending` names, or a batch there. `None`: there are no such.
    pub fn of(records: Records<'f>, pending: Ref, indexed: u64, end: u64) -> Option<Self> {
        let way = match Self::list(records, pending, end) {
            Some((list, count)) => Way::Listed { list, next: 0, end: count },
            None => Way::Along(pending, indexed),
        };
        Some(Self { records, way, positions: indexed..end, left: end.checked_sub(indexed)? })
    }

    /// The list of the batch at `pending`, which is the last record before the log's end: where it is, and how many
    /// members it has.
    fn list(records: Records, pending: Ref, end: u64) -> Option<(u64, u64)> {
        let head = records.record_head(pending).filter(|head| head.op == Op::Batch)?;
        let is_last = records.position(pending)?.checked_add(head.length)? == end;
        let Span { at, length } = records.layout(pending, head)?.value;
        let members = parse_list_head(records.read(at)?, length).filter(|_| is_last)?;
        Some((at + LIST_HEAD, members))
    }

    /// Leaves those out that cannot be about a key with this hash, as far as that is quick.
    pub fn narrow_to(&mut self, hash: u64) -> Option<()> {
        let Way::Listed { list, next, end } = self.way else { return Some(()) };
        let hash = listed_hash(hash);
        let first = |from: u64, is_before: &dyn Fn(u32) -> bool| {
            let (mut low, mut high) = (from, end);
            while low < high {
                let middle = low + (high - low) / 2;
                if is_before(self.member(list, middle)?.0) { low = middle + 1 } else { high = middle }
            }
            Some(low)
        };
        let next = first(next, &|other| other < hash)?;
        let end = first(next, &|other| other <= hash)?;
        self.way = Way::Listed { list, next, end };
        Some(())
    }

    fn member(&self, list: u64, n: u64) -> Option<(u32, Ref)> {
        let (hash, reference) = parse_listed(self.records.read(list + n * LISTED)?);
        Some((hash, Ref::of_word(reference)))
    }

    /// The next one; `Some(None)`: that was all. `None`: what is there makes no sense, or something has moved.
    pub fn next(&mut self) -> Option<Option<(Ref, RecordHead)>> {
        let (record, position) = match &self.way {
            Way::Along(..) if self.left == 0 => return Some(None),
            Way::Listed { next, end, .. } if next == end => return Some(None),
            Way::Along(record, position) => (*record, Some(*position)),
            Way::Listed { list, next, .. } => (self.member(*list, *next)?.1, None),
        };
        let (head, at) = (self.records.record_head(record)?, self.records.position(record)?);
        let is_its = match position {
            Some(position) => at == position,
            None => self.positions.contains(&at) && !matches!(head.op, Op::Clear | Op::Batch),
        };
        if !is_its {
            return None;
        }
        // No more than there is between the two positions: a list that names a record time and again is none.
        self.left = self.left.checked_sub(head.length)?;
        match &mut self.way {
            Way::Along(record, position) => {
                *record = record.plus(head.length);
                *position += head.length;
            }
            Way::Listed { next, .. } => *next += 1,
        }
        Some(Some((record, head)))
    }
}
