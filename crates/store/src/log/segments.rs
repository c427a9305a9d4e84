//! Segments and large runs: where records go, and what lives there.

use crate::error::Failure;
use crate::format::*;
use crate::lock::WriteGuard;
use crate::log::record::{Records, record_length};
use crate::reference::{Class, Ref};
use crate::runs::Run;
use crate::space::{Purpose, Space};
use std::ops::Deref;
use std::sync::atomic::Ordering;
use sync_backend::Expiry;

/// A new segment takes at most one part in this many of what lives in the store.
const SHARE: u64 = 8;

/// The segments of a file whose write lock is held.
#[derive(Clone, Copy)]
pub struct Segments<'g> {
    space: Space<'g>,
}

impl<'g> Deref for Segments<'g> {
    type Target = Space<'g>;

    #[inline(always)]
    fn deref(&self) -> &Space<'g> {
        &self.space
    }
}

impl<'g> Segments<'g> {
    #[inline(always)]
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { space: Space::of(guard) }
    }

    #[inline(always)]
    pub fn in_space(space: Space<'g>) -> Self {
        Self { space }
    }

    /// The records in them.
    #[inline]
    pub fn view(&self) -> Records<'g> {
        Records::of(self.space.view())
    }

    /// Room for a record of this length: where it goes. The tail has not moved yet.
    #[inline]
    pub fn space_for(&self, length: u64, purpose: Purpose) -> Result<Ref, Failure> {
        if length > MAX_SMALL {
            return self.large_run(length, purpose);
        }
        let tail = self.tail();
        if fits(tail, length) { Ok(tail) } else { self.new_segment(length, purpose) }
    }

    #[cold]
    pub fn large_run(&self, length: u64, purpose: Purpose) -> Result<Ref, Failure> {
        if length > MAX_RECORD {
            return Err(Failure::TooLarge);
        }
        let page = self.allocate_run(Kind::Large, (BLOCK_HEAD + length).div_ceil(PAGE), purpose)?;
        self.file.map.word(page_offset(page) + SEGMENT_EXPIRES).set(0);
        self.begin(page);
        Ok(Ref::to_large(page))
    }

    /// A new segment, with room for a record of this length: where that goes.
    #[cold]
    pub fn new_segment(&self, length: u64, purpose: Purpose) -> Result<Ref, Failure> {
        let header = self.header();
        let first = self.segment_for(length, header.live.count(), purpose);
        let first = first.or_else(|failure| self.renewed_tail(length, purpose).ok_or(failure))?;
        let old = self.tail_page();
        header.tail.set(first.word());
        if let Some(page) = old
            && page != first.page()
        {
            self.release_if_dead(page);
        }
        Ok(first)
    }

    /// A segment without records, with room for one of this length, where so many bytes live in the store.
    pub fn segment_for(&self, length: u64, live: u64, purpose: Purpose) -> Result<Ref, Failure> {
        let (class, least) = (self.class_for(length, live), self.class_for(length, 0));
        match self.empty_segment(class, purpose) {
            // Pages that are left.
            Err(Failure::NoSpace | Failure::SizeLimit) if class > least => self.empty_segment(least, purpose),
            other => other,
        }
    }

    /// Frees a segment, or the run of a large record, in which nothing lives.
    pub fn release_if_dead(&self, page: u64) {
        let entry = self.entry(page);
        if (entry.is(Kind::Segment) || entry.is(Kind::Large)) && entry.live() == 0 {
            self.release(page);
        }
    }

    /// Lets the next record go into another segment. On an error it may go into any.
    pub fn leave_tail(&self) -> Result<(), Failure> {
        self.new_segment(RECORD_HEAD, Purpose::Reclaim).map(drop)
    }

    /// Where there is no space: the segment of the tail, anew, if nothing lives in it. (In a durable file it may hold
    /// removals.)
    fn renewed_tail(&self, length: u64, purpose: Purpose) -> Option<Ref> {
        let page = self.tail_page()?;
        let entry = self.entry(page);
        if purpose != Purpose::Reclaim || !entry.is(Kind::Segment) || entry.live() > 0 {
            return None;
        }
        self.header().tail.set(0);
        self.release(page);
        self.empty_segment(self.class_for(length, 0), purpose).ok()
    }

    /// The class of a new segment, for a record of this length, while so many bytes live.
    pub fn class_for(&self, length: u64, live: u64) -> Class {
        let least = Class::with_room_for(length).unwrap_or(Class::LARGEST);
        least.max(Class::within(live / SHARE))
    }

    /// A segment without records; returns where its first one goes.
    pub fn empty_segment(&self, class: Class, purpose: Purpose) -> Result<Ref, Failure> {
        let segment = self.allocate_block(Kind::Segment, class, purpose)?;
        let first = segment.plus(BLOCK_HEAD);
        // A walk finds no record behind the last one.
        self.file.map.word(first.offset()).set(0);
        self.file.map.word(segment.offset() + SEGMENT_EXPIRES).set(0);
        self.begin(segment.page());
        Ok(first)
    }

    /// Notes that a record of a value that expires comes to lie in the run of `place`: before it is published.
    #[cold]
    #[inline(never)]
    pub fn note_expiry(&self, place: Ref, length: u64, expiry: Expiry) {
        let header = self.header();
        let words = [self.file.map.word(place.run() + SEGMENT_EXPIRES), &header.expires_next, &header.expires];
        for word in words.into_iter().filter(|word| !is_no_later(word.get(), expiry)) {
            word.store(expiry.milliseconds(), Ordering::Release);
        }
        self.file.expiring.set(self.file.expiring.get() + length);
    }

    /// Where the next small record goes; [`Ref::NONE`]: into a new segment, also where the header points to
    /// somewhere outside the pages.
    #[inline]
    pub fn tail(&self) -> Ref {
        let tail = self.header().tail.reference();
        if tail.offset() > PAGE && tail.offset() <= page_offset(self.file.pages()) { tail } else { Ref::NONE }
    }

    /// The first page of the segment that the tail is in, or at the end of.
    #[inline]
    pub fn tail_page(&self) -> Option<u64> {
        self.tail().segment_before().map(|(run, _)| page_of(run))
    }

    /// Nothing is to be found where the next record goes.
    pub fn end_walks_at_tail(&self) {
        let tail = self.tail();
        if fits(tail, 8) {
            self.file.map.word(tail.offset()).set(0);
        }
    }

    /// Marks a record dead and frees its segment, if it was the last that lived there.
    #[inline]
    pub fn mark_dead(&self, record: Ref) {
        let word = self.file.map.word(record.offset());
        let value = word.get();
        let Some(length) = record_length(value) else { return };
        if value & DEAD != 0 {
            return;
        }
        word.set(value | DEAD);
        let page = record.page();
        let entry = self.add_live(page, -(length as i64));
        if entry.live() == 0 && !self.is_tail(page) {
            self.release(page);
        }
    }

    /// Whether the segment that begins with this page is the tail's.
    pub fn is_tail(&self, page: u64) -> bool {
        self.tail_page() == Some(page)
    }

    pub fn release_segments(&self, goes: impl Fn(u64) -> bool) {
        let mut page = 1;
        while page < self.file.pages() {
            let entry = self.entry(page);
            // Free pages are not even looked at: that would put memory behind them. (And how long an extent is that page
            // may have ended, not begun, since a neighbour was freed.)
            let is_ours = entry.is(Kind::Segment) || entry.is(Kind::Large);
            let step = if entry.is(Kind::Free) { 1 } else { self.step(page, entry) };
            if is_ours && self.view().generation_of(page).is_none_or(&goes) {
                self.release(page);
            }
            page += step;
        }
    }

    /// When the first value of all expires, as the runs say; 0: none does.
    pub fn earliest(&self) -> u64 {
        let (mut page, mut earliest) = (self.file.first_page(), 0);
        while page < self.file.pages() {
            let entry = self.entry(page);
            if (entry.is(Kind::Segment) || entry.is(Kind::Large)) && entry.live() > 0 {
                let word = self.file.map.word(page_offset(page) + SEGMENT_EXPIRES).get();
                earliest = if word == 0 || is_no_later(earliest, Expiry::at(word)) { earliest } else { word };
            }
            // (The page of a free extent may have come to be its last one.)
            page += if entry.is(Kind::Free) { 1 } else { self.step(page, entry) };
        }
        earliest
    }

    /// Live bytes of a run, counted.
    pub fn count_live(&self, page: u64) -> u64 {
        let mut live = 0;
        self.for_each_record(page, |record, head| {
            let dead = self.file.map.word(record.offset()).get() & DEAD != 0;
            if head.op.holds_value() && !dead {
                live += head.length;
            }
        });
        live
    }

    /// Every record of the run at `page` that lies before the log's end.
    pub fn for_each_record(&self, page: u64, mut visit: impl FnMut(Ref, RecordHead)) {
        let Some(first) = self.run(page).and_then(first_record) else { return };
        let mut record = first;
        // (A walk that goes on behind the segment's end is in another one, by its reference.)
        while record.page() == page
            && let Some(head) = self.view().record_head(record)
            && self.view().position(record).is_some_and(|position| position < self.end())
        {
            visit(record, head);
            if record.is_large() {
                // It holds one record; what lies behind that was left by an earlier life.
                break;
            }
            record = record.plus(head.length);
        }
    }
}

/// Whether a word that tells when the first of some values expires (0: none does) says so of one that expires then.
#[inline]
pub fn is_no_later(word: u64, expiry: Expiry) -> bool {
    word != 0 && word <= expiry.milliseconds()
}

/// The first record of a run, if it may hold any.
pub fn first_record(run: Run) -> Option<Ref> {
    match run.kind {
        Kind::Large => Some(Ref::to_large(run.page)),
        Kind::Segment => {
            let class = Class::of_pages(run.pages).filter(|class| run.page.is_multiple_of(class.pages()))?;
            Some(Ref::to_block(run.page, class).plus(BLOCK_HEAD))
        }
        _ => None,
    }
}

/// Whether a record of this length fits behind a tail. One that ends its segment ([`Ref::NONE`], before
/// there is any) has no room.
#[inline]
pub fn fits(tail: Ref, length: u64) -> bool {
    tail.segment_before().is_some_and(|(_, end)| tail.offset() + length <= end)
}
