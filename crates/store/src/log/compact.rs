//! Compaction: live records move out of segments in which much is dead.

use super::append::{Effect, Placed};
use super::expire::Expired;
use super::segments::{first_record, fits};
use super::values::Values;
use crate::block_table::Entry;
use crate::error::Failure;
use crate::format::*;
use crate::index::{Hit, Search};
use crate::lock::WriteGuard;
use crate::reference::{Class, Ref};
use crate::space::Purpose;
use crate::torture;
use std::ops::Deref;

/// How many runs the cleaner looks at to find an empty segment.
const WINDOW: u64 = 1024;
/// Bytes of segments that it empties at once, at most: one of the largest.
const AT_ONCE: u64 = Class::LARGEST.size();

/// Whether a segment has so much that lives that cleaning it is not worth the while.
fn is_mostly_live(entry: Entry) -> bool {
    entry.live() > entry.class().size() / 8 * 7
}

/// The part of its key's value that a live record is.
enum Living {
    /// All of it; the slot names it.
    Whole(Ref),
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

    /// Removes what has expired, and moves the live records out of the emptiest segment, if there is too much that is dead: a
    /// bounded piece of work, done by every writer.
    #[inline]
    pub fn clean(&self) {
        self.expired().remove_some();
        if self.has_too_many_segments() {
            self.clean_some(AT_ONCE);
        }
    }

    /// As [`Compactor::clean`], after a change of several keys: however much it has let die, no more is left of that than may be.
    pub fn clean_up(&self) {
        self.expired().remove_some();
        if self.has_too_many_segments() {
            // Each segment once at most, of which a header that lies may tell of more than the file has room for.
            self.clean_some(self.header().segments.count().min(self.file.pages()) * PAGE);
        }
        // (Of a durable file the disk has to know first what is free.)
        if !self.is_durable() && self.has_too_much() {
            self.reclaim();
        }
    }

    /// The values that have expired.
    #[inline(always)]
    pub fn expired(&self) -> Expired<'g> {
        Expired::in_log(*self.values)
    }

    #[inline]
    fn has_too_many_segments(&self) -> bool {
        let header = self.header();
        let live = header.live.count();
        header.segments.count() * PAGE > live + live / 4 * 3 + slack(live)
    }

    /// Empties segments of so many bytes at most, beyond the last one.
    #[cold]
    fn clean_some(&self, at_most: u64) {
        // Windows of the file to be looked at: one, unless all of it is to be gone through.
        let mut windows = 1 + if at_most > AT_ONCE { self.file.pages() / WINDOW } else { 0 };
        let mut emptied = 0;
        while emptied < at_most && self.has_too_many_segments() && windows > 0 {
            let Some((page, class)) = self.emptiest() else {
                windows -= 1;
                continue;
            };
            emptied += class.size();
            // Without space for the copies the segment stays as it is.
            if self.evacuate(page).is_err() {
                return;
            }
        }
    }

    /// The segment of those in the next window of the file in which the least lives, for its size.
    fn emptiest(&self) -> Option<(u64, Class)> {
        let header = self.header();
        let (first, pages) = (self.file.first_page(), self.file.pages());
        let (mut page, mut seen) = (header.clean_cursor.count(), 0);
        let mut emptiest: Option<(u64, u64, Class)> = None;
        for _ in 0..WINDOW {
            if page >= pages || page < first {
                page = first;
            }
            let entry = self.entry(page);
            if entry.is(Kind::Segment) && !is_mostly_live(entry) && !self.segments().is_tail(page) {
                let live = entry.live() * Class::LARGEST.pages() / entry.class().pages();
                if emptiest.is_none_or(|(least, ..)| live < least) {
                    emptiest = Some((live, page, entry.class()));
                }
            }
            let step = self.step(page, entry);
            page += step;
            seen += step;
            if seen >= pages {
                break;
            }
        }
        header.clean_cursor.set(page);
        emptiest.map(|(_, page, class)| (page, class))
    }

    /// On a full disk: removes all that has expired, empties every segment in which enough is dead, and gives back the memory
    /// behind all free pages. Tells whether that may have helped: not where nothing was published since it was done last. (An
    /// operation that has to look again, as a record has moved, would else do it time and again.)
    #[cold]
    pub fn compact_all(&self) -> bool {
        if self.file.compacted.get() == self.end() {
            return false;
        }
        self.expired().remove_all();
        let (mut page, start, mut is_all) = (self.file.first_page(), self.end(), true);
        while page < self.file.pages() {
            let entry = self.entry(page);
            if entry.is(Kind::Segment) && !is_mostly_live(entry) {
                // The next record goes into another one than this.
                let left = if self.segments().is_tail(page) { self.segments().leave_tail() } else { Ok(()) };
                if left.and_then(|()| self.evacuate(page)).is_err() {
                    is_all = false;
                    break;
                }
            }
            // (The page of a free extent may have come to be its last one.)
            page += if entry.is(Kind::Free) { 1 } else { self.step(page, entry) };
        }
        self.shrink_reserve();
        // All of it, so that whatever is taken next gets memory: that which lies behind the wrong pages is of no use.
        if !self.is_durable() || self.sync().is_ok() {
            self.punch_all();
        }
        // (Where there was no space for the first copy, there may be some later, and nobody has to look again.)
        if is_all || self.end() != start {
            self.file.compacted.set(self.end());
        }
        true
    }

    /// Moves a segment's live records behind the log's end; it is free then.
    fn evacuate(&self, page: u64) -> Result<(), Failure> {
        let Some(mut record) = self.run(page).and_then(first_record) else { return Ok(()) };
        let mut moves: Vec<(Hit, Placed)> = Vec::new();
        let (mut to, mut position) = (self.segments().tail(), self.end());
        while record.page() == page
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
                    (to, position) = (self.segments().new_segment(head.length, Purpose::Reclaim)?, self.end());
                }
                moves.push((Hit { slot, record }, self.copy_record(record, head, to, position)));
                to = to.plus(head.length);
                position += head.length;
            }
            record = record.plus(head.length);
        }
        self.publish_moves(&mut moves)?;
        // No death of a record frees a segment in which none lived.
        if self.entry(page).is(Kind::Segment) && self.entry(page).live() == 0 && !self.segments().is_tail(page) {
            self.release(page);
        }
        self.header().compactions.add(1);
        Ok(())
    }

    /// The part of its key's value that a record is; `None` if it is dead.
    fn living(&self, record: Ref, head: RecordHead) -> Option<Living> {
        let dead = self.file.map.word(record.offset()).get() & DEAD != 0;
        if !head.op.holds_value() || dead {
            return None;
        }
        let (name, hash) = self.view().read_key(record, head)?;
        match self.search(hash, &name.encoded()) {
            Search::Hit(hit) if !self.before(hit.record).is_none() => Some(Living::Piece(name, hit)),
            Search::Hit(hit) if hit.record == record => Some(Living::Whole(hit.slot)),
            _ => None,
        }
    }

    fn copy_record(&self, from: Ref, head: RecordHead, to: Ref, position: u64) -> Placed {
        let map = &self.file.map;
        // (The record is in a segment, and its words are there.)
        let origin = self.view().origin(from).unwrap_or(position);
        map.copy_within(from.offset(), to.offset(), head.length);
        map.word(to.offset()).set(map.word(to.offset()).get() | MOVED);
        map.word(to.offset() + RECORD_POSITION).set(position);
        let placed = Placed { record: to, length: head.length, position };
        self.seal(placed, head.op, distance_back(origin, position));
        self.mark_end(placed);
        if let Some(Some(expiry)) = self.view().expiry(to, head) {
            self.segments().note_expiry(to, 0, expiry);
        }
        placed
    }

    /// Publishes copies that lie one behind the other.
    fn publish_moves(&self, moves: &mut Vec<(Hit, Placed)>) -> Result<(), Failure> {
        let (Some(&(_, first)), Some(&(_, last))) = (moves.first(), moves.last()) else { return Ok(()) };
        let (bytes, page) = ((last.position + last.length - first.position) as i64, first.record.page());
        self.add_live(page, bytes);
        let published = self.publish(first.record, last, Effect::None).inspect_err(|_| {
            self.add_live(page, -bytes);
        })?;
        // Nothing has changed for anybody.
        self.header().commits.add(-1);
        for (hit, placed) in moves.drain(..) {
            self.replace_record(hit, placed.record, Ref::NONE);
        }
        self.mark_indexed(&published);
        Ok(())
    }
}

/// Bytes of segments beyond the live ones (and three quarters of them again) that may stand before the cleaner
/// starts: in proportion, up to a limit. The torture tests clean much more often.
#[inline]
fn slack(live: u64) -> u64 {
    const LEAST: u64 = 16 << 10;
    const MOST: u64 = 384 << 10;
    torture::slack().unwrap_or((4 * live).clamp(LEAST, MOST))
}
