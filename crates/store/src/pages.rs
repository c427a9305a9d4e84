//! The table of pages: what each page is, where there are free ones, and how much memory lies behind these.
//!
//! The truth about a run is its ext header, one word at its start, that changes at once. The table, a word a page,
//! mirrors it so that nobody has to walk the file, and counts the live bytes of each segment; after a crash it is made
//! anew from the headers.
//!
//! A run that is used has memory behind all of its pages before its header says so, and a free one behind its first page.
//! Behind each other free page there is memory or none: no page is ever backed in part.

use super::block_table::Entry;
use super::file::File;
use super::format::*;
use super::header::{Header, Root};
use super::lock::WriteGuard;
use super::reference::Class;
use super::runs::Run;
use super::view::View;
use std::sync::atomic::Ordering;

/// A large run takes up to one part in this many more than its record, as it consists of whole pages.
const ROUNDED: u64 = 8;

/// A free run, and the free extent that it is a part of.
pub struct Found {
    pub page: u64,
    pub extent: Run,
}

/// The pages of a file whose write lock is held, as long as its guard is borrowed.
#[derive(Clone, Copy)]
pub struct Pages<'g> {
    pub(super) file: &'g File,
}

impl<'g> Pages<'g> {
    #[inline(always)]
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { file: guard.file }
    }

    #[inline]
    pub fn header(&self) -> &'g Header {
        self.file.map.header()
    }

    /// The part of the file that the owner of the write lock may look at: all that the mapping shows.
    #[inline]
    pub fn view(&self) -> View<'g> {
        View::under_the_lock(self.file)
    }

    /// A change that has just been published, up to this end of the log, is one of the value of the name with this hash: whoever waits
    /// for that is told when the lock is free. (Moves of records inside of the log are no such changes.)
    #[inline]
    pub fn changed(&self, hash: u64, end: u64) {
        self.file.note_change(hash, end);
    }

    /// As [`Pages::changed`], of all names, or of nobody knows which.
    #[cold]
    pub fn all_changed(&self) {
        self.header().changed.store(self.header().end(), Ordering::Release);
        self.let_all_look();
    }

    /// Lets everybody look who waits for anything: somebody who has died may have told nobody.
    #[cold]
    pub fn let_all_look(&self) {
        self.file.watching().change_all();
    }

    /// Whether all that returns is to be on the disk.
    #[inline]
    pub fn is_durable(&self) -> bool {
        self.header().is_durable()
    }

    #[inline]
    fn entry_offset(&self, page: u64) -> u64 {
        Root::open(self.header().table.get()).offset + page * 8
    }

    #[inline]
    pub fn entry(&self, page: u64) -> Entry {
        Entry(self.file.map.word(self.entry_offset(page)).get())
    }

    #[inline]
    pub fn set_entry(&self, page: u64, entry: Entry) {
        self.file.map.word(self.entry_offset(page)).set(entry.0);
    }

    /// Counts bytes of the segment or large run at `page` as live (or, below zero, as dead); gives its entry.
    #[inline]
    pub fn add_live(&self, page: u64, bytes: i64) -> Entry {
        let word = self.file.map.word(self.entry_offset(page));
        let entry = Entry(word.get().wrapping_add_signed(bytes));
        word.set(entry.0);
        let header = self.header();
        let total = if entry.is(Kind::Large) { &header.live_large } else { &header.live };
        total.add(bytes);
        entry
    }

    pub fn set_run(&self, page: u64, kind: Kind, pages: u64) {
        let word = ext_word(kind, pages * PAGE, 0, 0);
        self.file.map.word(page_offset(page)).store(word, Ordering::Release);
    }

    /// The run at `page`, by its ext header.
    pub fn run(&self, page: u64) -> Option<Run> {
        let (kind, length, ..) = parse_ext_word(self.file.map.word(page_offset(page)).load(Ordering::Acquire))?;
        let run = Run { kind, page, pages: length / PAGE };
        let fits = length % PAGE == 0 && run.pages > 0 && run.end() <= self.file.pages();
        fits.then_some(run)
    }

    /// From the first page of something to the first of what follows: a walk through the table goes on there.
    #[inline]
    pub fn step(&self, page: u64, entry: Entry) -> u64 {
        let pages = if entry.is(Kind::Large) { self.run(page).map(|run| run.pages) } else { entry.pages() };
        pages.unwrap_or(1)
    }

    // ---- free extents ----------------------------------------------------------------------------

    /// Finds a free run of `pages` pages, at a multiple of `align`.
    pub fn find_free(&self, pages: u64, align: u64) -> Option<Found> {
        let fits = |extent: &Run, pages: u64, align: u64| {
            extent.page.next_multiple_of(align).checked_add(pages).is_some_and(|end| end <= extent.end())
        };
        let number = Self::hint_for(pages, align);
        let (hint, block) = (&self.header().free_hints[number], 1 << number);
        let all = self.file.pages();
        let mut page = hint.count().max(1);
        // The first that has room for the run that the hint is for.
        let mut first = None;
        while page < all {
            let entry = self.entry(page);
            if !entry.is(Kind::Free) {
                page += self.step(page, entry);
                continue;
            }
            let extent = Run { kind: Kind::Free, page, pages: entry.extent().clamp(1, all - page) };
            if first.is_none() && fits(&extent, block, block) {
                first = Some(page);
            }
            if fits(&extent, pages, align) {
                hint.set(first.unwrap_or(page));
                return Some(Found { page: page.next_multiple_of(align), extent });
            }
            page = extent.end();
        }
        hint.set(first.unwrap_or(all));
        None
    }

    /// Where the search for so many pages begins: behind which of the hints.
    fn hint_for(pages: u64, align: u64) -> usize {
        // An extent of that many pages has certainly room for a run of this class, wherever it begins.
        let sure = if align > 1 { pages } else { pages.div_ceil(2).max(1) };
        (sure.ilog2() as usize).min(Class::COUNT - 1)
    }

    /// Lets the hints know of a free extent. None of them may lie inside of it, whether it has room or not: a search that
    /// begins there would take its end for the start of another one.
    pub fn hint_at(&self, extent: Run) {
        for (class, hint) in Class::all().zip(&self.header().free_hints) {
            let fits = extent.page.next_multiple_of(class.pages()) + class.pages() <= extent.end();
            if extent.page < hint.count() && (fits || hint.count() < extent.end()) {
                hint.set(extent.page);
            }
        }
    }

    /// Notes an extent's length at both its ends.
    pub fn tag_extent(&self, start: u64, extent: u64) {
        for page in [start, start + extent - 1] {
            self.set_entry(page, self.entry(page).at_end_of(extent));
        }
    }

    pub fn free_extent_ending_at(&self, page: u64) -> u64 {
        if page <= 1 {
            return 0;
        }
        let entry = self.entry(page - 1);
        if entry.is(Kind::Free) { entry.extent().min(page - 1) } else { 0 }
    }

    pub fn free_extent_starting_at(&self, page: u64) -> u64 {
        let pages = self.file.pages();
        if page >= pages {
            return 0;
        }
        let entry = self.entry(page);
        if entry.is(Kind::Free) { entry.extent().min(pages - page) } else { 0 }
    }

    /// Visits all free extents, as long as the visitor goes on.
    fn for_each_extent(&self, mut visit: impl FnMut(Run) -> bool) {
        let all = self.file.pages();
        let mut page = self.header().free_hints[0].count().max(1);
        while page < all {
            let entry = self.entry(page);
            let extent = Run { kind: Kind::Free, page, pages: self.step(page, entry).clamp(1, all - page) };
            if entry.is(Kind::Free) && !visit(extent) {
                return;
            }
            page = extent.end();
        }
    }

    // ---- memory behind them ----------------------------------------------------------------------

    /// Whether more memory lies behind free pages than the space promised allows: all that is
    /// allocated stays below twice what lives plus a MiB.
    pub fn has_too_much(&self) -> bool {
        let header = self.header();
        let large = header.live_large.count();
        let live = header.live.count() + large;
        let allocated = (header.segments.count() + header.free_backed.count()) * PAGE + large + large / ROUNDED;
        allocated > live + live / 8 * 7 + slack(live) && self.punchable() > 0
    }

    /// Free pages with memory that could be given back: all but the first one of each extent.
    pub fn punchable(&self) -> u64 {
        self.header().free_backed.count().saturating_sub(self.header().free_extents.count())
    }

    /// Gives back the memory behind free pages from `from` to `to`, none of which is an extent's first.
    pub fn punch(&self, from: u64, to: u64) {
        if from >= to {
            return;
        }
        self.file.punch(page_offset(from), (to - from) * PAGE);
        for page in from..to {
            let entry = self.entry(page);
            if entry.is_backed() {
                self.header().free_backed.add(-1);
                self.set_entry(page, entry.backed(false));
            }
        }
    }

    /// Gives back memory behind free pages until no more is there than may be. In a durable file the disk has to know
    /// by then that they are free: only an owner that has just synced the file, and freed nothing since, does this.
    #[cold]
    pub fn reclaim(&self) {
        self.punch_while(|| self.has_too_much());
    }

    /// Gives back all memory behind free pages.
    pub fn punch_all(&self) {
        self.punch_while(|| self.punchable() > 0);
    }

    fn punch_while(&self, more: impl Fn() -> bool) {
        self.for_each_extent(|extent| {
            let go_on = more();
            let has_memory = || (extent.page + 1..extent.end()).any(|page| self.entry(page).is_backed());
            if go_on && has_memory() {
                self.punch(extent.page + 1, extent.end());
            }
            go_on
        });
    }

    /// Gives back memory behind free pages that nobody counted. On tmpfs it is enough to read: a
    /// reader that was still inside a run when that was freed puts pages behind it again.
    #[cold]
    pub fn reclaim_all(&self) {
        let header = self.header();
        let live = header.live.count() + header.live_large.count();
        let may = |index: u64| 2 * (live + index * PAGE) + slack(live) + 2 * Class::LARGEST.size();
        let Ok(allocated) = self.file.allocated() else { return };
        if allocated <= may(0) {
            return;
        }
        let (all, mut page, mut index) = (self.file.pages(), 1, 0);
        while page < all {
            let entry = self.entry(page);
            if entry.is(Kind::Index) || entry.is(Kind::Directory) || entry.is(Kind::Locks) {
                index += self.step(page, entry);
            }
            page += self.step(page, entry);
        }
        if allocated > may(index) {
            self.for_each_extent(|extent| {
                self.punch(extent.page + 1, extent.end());
                true
            });
        }
    }
}

/// How much more than what lives may be allocated for segments, and free pages that are kept: in proportion, up to a
/// limit.
fn slack(live: u64) -> u64 {
    const LEAST: u64 = 64 << 10;
    const MOST: u64 = 640 << 10;
    (5 * live + LEAST).min(MOST)
}
