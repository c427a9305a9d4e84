//! Compaction: live records move out of segments in which much is dead.

use super::append::Placed;
use super::segments::fits;
use super::values::Values;
use crate::error::Failure;
use crate::format::*;
use crate::index::{Hit, Search};
use crate::lock::WriteGuard;
use crate::space::Purpose;
use crate::torture;
use std::ops::Deref;

/// Segments beyond the live bytes (and three quarters of them again) that may stand before the
/// cleaner starts.
const SLACK: u64 = 6 * BLOCK;
/// How many blocks the cleaner compares to find an empty one.
const WINDOW: u64 = 1024;
/// A segment with more live bytes than this is not worth cleaning.
const MOSTLY_LIVE: u64 = BLOCK / 8 * 7;

/// The part of its key's value that a live record is.
enum Living {
    /// All of it; the slot names it.
    Whole(u64),
    /// A piece. The key, and where the value is named.
    Piece(Name, Hit),
}

/// The segments of a file whose write lock is held, to be cleaned.
#[derive(Clone, Copy)]
pub struct Compactor<'g> {
    values: Values<'g>,
}

impl<'g> Deref for Compactor<'g> {
    type Target = Values<'g>;

    #[inline(always)]
    fn deref(&self) -> &Values<'g> {
        &self.values
    }
}

impl<'g> Compactor<'g> {
    #[inline(always)]
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { values: Values::of(guard) }
    }

    /// Moves the live records out of the emptiest segment, if there is too much that is dead: a
    /// bounded piece of work, done by every writer.
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
                && !self.segments().is_tail(cursor)
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
                && !self.segments().is_tail(block)
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
        let (mut to, mut position) = (self.segments().tail(), self.end());
        while record < block_offset(block + 1)
            && let Some(head) = self.view().record_head(record)
        {
            let living = self.living(record, head);
            if let Some(Living::Piece(name, hit)) = living {
                // The small pieces of the value move as a whole, and become one record.
                self.publish_moves(&mut moves)?;
                self.merge_pieces(&name.encoded(), hit)?;
                (to, position) = (self.segments().tail(), self.end());
            } else if let Some(Living::Whole(slot)) = living {
                if !fits(to, head.length) {
                    // The copies up to here end with the tail's segment.
                    self.publish_moves(&mut moves)?;
                    (to, position) = (self.segments().new_segment(Purpose::Reclaim)?, self.end());
                }
                moves.push((Hit { slot, record }, self.copy_record(record, head, to, position)));
                to += head.length;
                position += head.length;
            }
            record += head.length;
        }
        self.publish_moves(&mut moves)?;
        // No death of a record frees a segment in which none lived.
        if self.entry(block).is(Kind::Segment) && self.entry(block).number() == 0 && !self.segments().is_tail(block) {
            self.release(block);
        }
        Ok(())
    }

    /// The part of its key's value that a record is; `None` if it is dead.
    fn living(&self, record: u64, head: RecordHead) -> Option<Living> {
        let dead = self.file.map.word(record).get() & DEAD != 0;
        if !head.op.holds_value() || dead {
            return None;
        }
        let (name, hash) = self.view().read_key(record, head)?;
        match self.search(hash, &name.encoded()) {
            Search::Hit(hit) if self.before(hit.record) != 0 => Some(Living::Piece(name, hit)),
            Search::Hit(hit) if hit.record == record => Some(Living::Whole(hit.slot)),
            _ => None,
        }
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
        let published =
            self.publish(first.offset, last).inspect_err(|_| self.add_live(block_of(first.offset), -(bytes as i64)))?;
        for (hit, placed) in moves.drain(..) {
            self.replace_record(hit, placed.offset, 0);
        }
        self.mark_indexed(&published);
        Ok(())
    }
}

/// How much may be dead; the torture tests clean much more often.
#[inline]
fn slack() -> u64 {
    torture::slack().unwrap_or(SLACK)
}
