//! The file's space: taking runs of pages, growing, giving back.

use super::block_table::Entry;
use super::error::Failure;
use super::format::*;
use super::header::{DURABLE, HELD, Root, SMALL_TABLE};
use super::lease::MORE_LEASES;
use super::lock::WriteGuard;
use super::memory::fence;
use super::pages::{Found, Pages};
use super::reference::{Class, Ref};
use super::runs::Run;
use super::torture::crash_point;
use std::ops::Deref;
use std::sync::atomic::Ordering;

/// Allocations between two looks at how much memory the file really has: a look is a system call, and
/// a busy writer fills some forty segments in a tick of the clock.
const RECLAIM_EVERY: u64 = 128;

/// The most pages by which a file grows at once beyond what is needed.
const MOST_GROWTH: u64 = (4 << 20) / PAGE;
/// Pages that an empty store gets at once: for an index, a segment and the reserve.
const FIRST_GROWTH: u64 = 3;

/// The reason for which space is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Something new to store.
    Write,
    /// Something that will free more than it takes: on a full disk it may have the reserve.
    Reclaim,
    /// Something that can be done without space, if there is none.
    Spare,
}

/// The space of a file whose write lock is held, as long as its guard is borrowed.
#[derive(Clone, Copy)]
pub struct Space<'g> {
    pages: Pages<'g>,
}

impl<'g> Deref for Space<'g> {
    type Target = Pages<'g>;

    #[inline(always)]
    fn deref(&self) -> &Pages<'g> {
        &self.pages
    }
}

impl<'g> Space<'g> {
    #[inline(always)]
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { pages: Pages::of(guard) }
    }

    /// The log's end.
    #[inline]
    pub fn end(&self) -> u64 {
        self.header().end()
    }

    /// Waits until all that was committed, and what was appended behind it, is on the disk.
    pub fn sync(&self) -> Result<(), Failure> {
        self.file.sync()?;
        self.header().durable.set(self.end());
        // Runs that were freed before are free on the disk, too, by now: their memory can go.
        if self.is_durable() && self.has_too_much() {
            self.reclaim();
        }
        Ok(())
    }

    // ---- taking ----------------------------------------------------------------------------------

    /// Takes a run for a segment or a block of the index, with real memory behind it (a full disk is an error here, not
    /// a SIGBUS later). Its generation is 0: nobody believes it yet. For a segment it may be larger than it was asked for.
    pub fn allocate_block(&self, kind: Kind, class: Class, purpose: Purpose) -> Result<Ref, Failure> {
        let is_segment = kind == Kind::Segment;
        self.prepare(purpose, is_segment.then_some(class))?;
        let (page, class) = match self.take(class.pages(), class.pages()) {
            Err(failure @ (Failure::NoSpace | Failure::SizeLimit | Failure::Outgrown(_)))
                if is_segment && purpose == Purpose::Reclaim =>
            {
                self.take_reserve(class).ok_or(failure)?
            }
            other => (other?, class),
        };
        self.enter(Run { kind, page, pages: class.pages() }, Entry::block(kind, class, 0))?;
        if is_segment {
            self.header().segments.add(class.pages() as i64);
        }
        Ok(Ref::to_block(page, class))
    }

    /// As [`Space::allocate_block`], a run of so many pages for anything else.
    pub fn allocate_run(&self, kind: Kind, pages: u64, purpose: Purpose) -> Result<u64, Failure> {
        self.prepare(purpose, None)?;
        let page = self.take(pages, 1)?;
        let entry = if kind == Kind::Large { Entry::large(0) } else { Entry::run(kind, pages) };
        self.enter(Run { kind, page, pages }, entry)?;
        Ok(page)
    }

    /// Makes the lease slots that the header page has no room for, unless they are there.
    pub fn make_slots(&self) -> Result<(), Failure> {
        let header = self.header();
        if header.more_leases.get() != 0 || header.directory.get() == 0 {
            return Ok(());
        }
        let page = self.allocate_run(Kind::Leases, (BLOCK_HEAD + MORE_LEASES).div_ceil(PAGE), Purpose::Write)?;
        self.file.map.zero(page_offset(page) + BLOCK_HEAD, MORE_LEASES);
        self.begin(page);
        self.file.check_sound()?;
        header.more_leases.store(page_offset(page), Ordering::Release);
        Ok(())
    }

    /// The steps before taking space. `segment`: of which class, if it is for one.
    fn prepare(&self, purpose: Purpose, segment: Option<Class>) -> Result<(), Failure> {
        let header = self.header();
        if self.is_durable() && header.durable.get() < header.commit.get() & !HELD {
            // Runs that were freed since may hold all that a power loss would leave of a value.
            self.sync()?;
        }
        if header.generation.get().is_multiple_of(RECLAIM_EVERY) {
            self.reclaim_all();
        }
        if purpose == Purpose::Write {
            self.fill_reserve(segment.unwrap_or(Class::SMALLEST))?;
        }
        Ok(())
    }

    /// Turns a run that was taken into one of its kind.
    fn enter(&self, run: Run, entry: Entry) -> Result<(), Failure> {
        for page in run.page + 1..run.end() {
            self.set_entry(page, Entry::INSIDE);
        }
        self.set_entry(run.page, entry);
        self.file.map.word(page_offset(run.page) + GENERATION).set(0);
        self.set_run(run.page, run.kind, run.pages);
        self.file.check_sound()?;
        // A reader that sees anything that is written into the run from here on also sees what the table says of its
        // pages.
        fence(Ordering::Release);
        Ok(())
    }

    /// Gives a run a generation that no run had before: from here on what is in it can be believed.
    #[inline]
    pub fn begin(&self, page: u64) {
        let word = self.next_generation();
        self.set_entry(page, self.entry(page).in_life(self.header().generation.get()));
        self.file.map.word(page_offset(page) + GENERATION).store(word, Ordering::Release);
    }

    /// Takes a run, which begins at a multiple of `align`, off the free extents; it still says that it is free.
    fn take(&self, pages: u64, align: u64) -> Result<u64, Failure> {
        let Found { page, extent } = match self.find_free(pages, align) {
            Some(found) => found,
            None => {
                self.grow(pages, align)?;
                self.file.check_sound()?;
                let damaged = || Failure::Damaged("its table of pages does not tell what is free".into());
                self.find_free(pages, align).ok_or_else(damaged)?
            }
        };
        let header = self.header();
        let (left, end) = (page - extent.page, page + pages);
        let right = extent.end() - end;
        // The rest behind it needs its first page, for its head.
        let needed = if right > 0 { end + 1 } else { end };
        let mut without = (page..needed).filter(|&page| !self.entry(page).is_backed());
        if let Some(first) = without.next() {
            let last = without.next_back().unwrap_or(first);
            let (at, length) = (page_offset(first), (last + 1 - first) * PAGE);
            self.file.allocate(at, length)?;
            if pages > Class::LARGEST.pages() {
                self.file.map.populate(at, length);
            }
        }
        let backed = (page..end).filter(|&page| self.entry(page).is_backed()).count() as i64;
        // Each of these stores leaves a stream of runs.
        if right > 0 {
            let entry = self.entry(end);
            header.free_backed.add(i64::from(!entry.is_backed()));
            self.set_entry(end, entry.backed(true));
            self.set_run(end, Kind::Free, right);
            self.tag_extent(end, right);
        }
        if left > 0 {
            self.set_run(page, Kind::Free, pages);
            self.set_run(extent.page, Kind::Free, left);
            self.tag_extent(extent.page, left);
        }
        header.free_extents.add(i64::from(right > 0) + i64::from(left > 0) - 1);
        header.free_backed.add(-backed);
        header.free.add(-(pages as i64));
        Ok(page)
    }

    /// Makes sure of the reserve, as long as that is possible: it has to hold what is moved out of any segment, one of
    /// this class as well.
    fn fill_reserve(&self, class: Class) -> Result<(), Failure> {
        let header = self.header();
        let class = Class::new(header.reserve_class.get()).map_or(class, |largest| largest.max(class));
        let old = header.reserve.reference();
        if !old.is_none() && old.class() >= Some(class) {
            return Ok(());
        }
        let page = self.take(class.pages(), class.pages())?;
        self.keep(page, class);
        self.free_reserve(old);
        header.reserve_class.set(class.number());
        Ok(())
    }

    /// Keeps a free run as the reserve.
    fn keep(&self, page: u64, class: Class) {
        self.set_run(page, Kind::Free, class.pages());
        for inner in page + 1..page + class.pages() {
            self.set_entry(inner, Entry::INSIDE);
        }
        self.set_entry(page, Entry::reserved(class.pages()));
        self.header().reserve.set(Ref::to_block(page, class).word());
    }

    /// Frees what was the reserve.
    fn free_reserve(&self, reserve: Ref) {
        if let Some(class) = reserve.class().filter(|_| !reserve.is_none()) {
            self.free_run(reserve.page(), class.pages(), true);
        }
    }

    /// Lets the reserve be no larger than the largest segment that there is: what it was beyond that is free.
    pub fn shrink_reserve(&self) {
        let header = self.header();
        let (mut page, mut largest) = (self.file.first_page(), Class::SMALLEST);
        while page < self.file.pages() {
            let entry = self.entry(page);
            if entry.is(Kind::Segment) {
                largest = largest.max(entry.class());
            }
            page += self.step(page, entry);
        }
        header.reserve_class.set(header.reserve_class.get().min(largest.number()));
        let reserve = header.reserve.reference();
        if !reserve.is_none() && reserve.class() > Some(largest) {
            header.reserve.set(0);
            self.free_reserve(reserve);
        }
    }

    /// Takes the reserve for a segment of this class, or a larger one.
    fn take_reserve(&self, class: Class) -> Option<(u64, Class)> {
        let reserve = self.header().reserve.reference();
        let its = reserve.class().filter(|&its| !reserve.is_none() && its >= class)?;
        self.header().reserve.set(0);
        (reserve.page() + its.pages() <= self.file.pages()).then_some((reserve.page(), its))
    }

    /// The word of a generation that no run had before.
    fn next_generation(&self) -> u64 {
        let header = self.header();
        loop {
            header.generation.add(1);
            match self.file.identity.generations().word(header.generation.get()) {
                // Says that nothing is to be trusted: this number is left out.
                0 => {}
                word => return word,
            }
        }
    }

    // ---- growing ---------------------------------------------------------------------------------

    /// Makes the file long enough for a free run of `pages` pages, at a multiple of `align`, at its end. On a full disk
    /// nothing has changed.
    fn grow(&self, pages: u64, align: u64) -> Result<(), Failure> {
        let header = self.header();
        // In proportion, so that growing costs few system calls.
        let live_pages = (header.live.count() + header.live_large.count()) / PAGE;
        let first = if self.file.pages() == 1 { FIRST_GROWTH } else { 1 };
        let generous = (live_pages / 4).clamp(first, MOST_GROWTH);
        // Free pages at the end count, but they may not begin at such a multiple.
        let needed = || {
            let old = self.file.pages();
            let left =
                Some(self.free_extent_ending_at(old)).filter(|left| left + generous + pages + align <= MAX_EXTENT);
            let left = left.unwrap_or(0);
            (old, left, ((old - left).next_multiple_of(align) + pages).saturating_sub(old).max(1))
        };
        let (old, _, wanted) = needed();
        if old + generous.max(wanted) > 1 << Root::open(header.table.get()).log2 {
            self.move_table(generous.max(wanted))?;
        }
        let (old, left, wanted) = needed();
        let generous = generous.max(wanted);
        // The mapping is used up before there is another one.
        let room = self.file.pages_that_fit() - old;
        let generous = if (wanted..generous).contains(&room) { room } else { generous };
        let added = match self.file.extend(page_offset(old), generous * PAGE) {
            Ok(()) => generous,
            Err(Failure::NoSpace | Failure::SizeLimit) if generous > wanted => {
                self.file.extend(page_offset(old), wanted * PAGE)?;
                wanted
            }
            Err(failure) => return Err(failure),
        };
        self.file.check_sound()?;
        let extent = Run { kind: Kind::Free, page: old - left, pages: left + added };
        for page in old..extent.end() {
            self.set_entry(page, Entry::free(true));
        }
        self.set_run(extent.page, Kind::Free, extent.pages);
        self.tag_extent(extent.page, extent.pages);
        header.pages.store(extent.end(), Ordering::Release);
        header.free.add(added as i64);
        header.free_backed.add(added as i64);
        header.free_extents.add(i64::from(left == 0));
        self.hint_at(extent);
        Ok(())
    }

    /// Moves the table of pages to the end of the file, with room for `more` pages and as many again.
    pub fn move_table(&self, more: u64) -> Result<(), Failure> {
        let header = self.header();
        let old = Root::open(header.table.get());
        let place = self.file.pages();
        let log2 = ((place + more) * 2).next_power_of_two().trailing_zeros();
        let root = self.new_table_at(place, log2)?;
        self.file.map.copy_within(old.offset, root.offset, place * 8);
        let run = self.table_run(root);
        self.file.check_sound()?;
        header.table.store(root.seal(self.file.identity.store_id), Ordering::Release);
        self.set_entry(run.page, Entry::run(Kind::Table, run.pages));
        for page in run.page + 1..run.end() {
            self.set_entry(page, Entry::INSIDE);
        }
        header.pages.store(run.end(), Ordering::Release);
        self.release_array(old);
        Ok(())
    }

    /// Makes the file longer by a run for a table of zeros, which begins with page `place`.
    fn new_table_at(&self, place: u64, log2: u32) -> Result<Root, Failure> {
        let root = Root { offset: page_offset(place) + BLOCK_HEAD, log2 };
        let run = self.table_run(root);
        self.file.extend(page_offset(place), run.pages * PAGE)?;
        self.file.check_sound()?;
        self.file.map.zero(root.offset, 8 << log2);
        self.set_run(place, Kind::Table, run.pages);
        Ok(root)
    }

    /// The run that a table at this place takes.
    fn table_run(&self, root: Root) -> Run {
        Run { kind: Kind::Table, page: page_of(root.offset), pages: (BLOCK_HEAD + (8 << root.log2)).div_ceil(PAGE) }
    }

    /// An empty table for all pages that there are: in the header page, or, for a long file, at its end. (The header of a
    /// file that is being imported is not in the mapping.)
    pub fn new_table(&self) -> Result<(), Failure> {
        let (header, pages) = (self.header(), self.file.pages());
        let root = if pages <= 1 << SMALL_TABLE_LOG2 && !self.file.map.is_draft() {
            self.file.map.zero(SMALL_TABLE, 8 << SMALL_TABLE_LOG2);
            Root { offset: SMALL_TABLE, log2: SMALL_TABLE_LOG2 }
        } else {
            let root =
                self.new_table_at(pages, (pages * 2).next_power_of_two().trailing_zeros().max(SMALL_TABLE_LOG2))?;
            header.pages.store(self.table_run(root).end(), Ordering::Release);
            root
        };
        header.table.store(root.seal(self.file.identity.store_id), Ordering::Release);
        Ok(())
    }

    // ---- giving back -----------------------------------------------------------------------------

    /// Gives a run back. Nothing refers to it any more; readers that are still inside notice by
    /// its generation.
    pub fn release(&self, page: u64) {
        let Some(run) = self.run(page) else { return self.file.map.poison() };
        let header = self.header();
        if run.holds_records() {
            self.add_live(page, -(self.entry(page).live() as i64));
        }
        if run.kind == Kind::Segment {
            header.segments.add(-(run.pages as i64));
        }
        self.file.map.word(page_offset(page) + GENERATION).set(0);
        // Whatever is written here next must not be seen before the generation has moved.
        fence(Ordering::Release);
        let reserve = header.reserve.reference();
        if run.kind == Kind::Segment
            && let Some(class) = Class::of_pages(run.pages)
            && (reserve.is_none() || reserve.class() < Some(class) && class.number() <= header.reserve_class.get())
        {
            self.keep(page, class);
            return self.free_reserve(reserve);
        }
        self.free_run(page, run.pages, true);
    }

    /// Gives back the run of a directory or a table that has moved, unless it was one in the header page.
    pub fn release_array(&self, old: Root) {
        if old.offset >= PAGE {
            self.release(page_of(old.offset));
        }
    }

    /// From here on every change that has returned is on the disk. A process that finds the mark relies on all steps before it
    /// in here.
    #[cold]
    pub fn make_durable(&self) -> Result<(), Failure> {
        self.file.sync_directory()?;
        self.file.check_sound()?;
        self.sync()?;
        self.header().flags.set(self.header().flags.get() | DURABLE);
        crash_point();
        self.sync()
    }

    /// Gives back the pages up to `end` in which a file of the pure-PHP class was. Where the disk fails they stay.
    pub fn release_filler(&self, end: u64) {
        if end > 1 {
            // The header that makes it a store has to be on the disk before the old bytes are freed, and the head of the
            // run that takes their place before a header counts that run: the old bytes could look like anything.
            if self.file.sync().is_err() || self.file.allocate(PAGE, PAGE).is_err() {
                return;
            }
            self.set_run(1, Kind::Free, end - 1);
            self.free_run(1, end - 1, false);
            if end > 2 {
                self.file.punch(page_offset(2), page_offset(end - 2));
            }
            // Where that fails the table knows the run already: there is no way back.
            let _ = self.file.sync();
        }
        self.set_filler(1);
    }

    /// Lets the header's ext reach over the first `pages` pages.
    pub fn set_filler(&self, pages: u64) {
        self.header().ext.store(ext_word(Kind::Header, pages * PAGE, 0, 0), Ordering::Release);
    }

    /// Adds a run to the free extents. There is memory behind its first page, and behind the others as it is said.
    fn free_run(&self, page: u64, pages: u64, backed: bool) {
        let header = self.header();
        let end = page + pages;
        for inner in page + 1..end {
            self.set_entry(inner, Entry::free(backed));
        }
        self.set_entry(page, Entry::free(true));
        header.free.add(pages as i64);
        header.free_backed.add(if backed { pages } else { 1 } as i64);

        let mut left = self.free_extent_ending_at(page);
        if left + pages > MAX_EXTENT {
            left = 0;
        }
        let mut right = self.free_extent_starting_at(end);
        if left + pages + right > MAX_EXTENT {
            right = 0;
        }
        let extent = Run { kind: Kind::Free, page: page - left, pages: left + pages + right };
        self.set_run(extent.page, Kind::Free, extent.pages);
        self.tag_extent(extent.page, extent.pages);
        header.free_extents.add(1 - i64::from(left > 0) - i64::from(right > 0));
        self.hint_at(extent);
        // The disk may not know yet that these pages are free. After the next sync it does.
        if !self.is_durable() && self.has_too_much() {
            // The former head of the extent on the right goes, too.
            self.punch(page.max(extent.page + 1), if right > 0 { end + 1 } else { end });
            self.reclaim();
        }
    }

    // ---- making it anew --------------------------------------------------------------------------

    /// Makes the table anew after a crash, from the runs that there are, in their order; between them, and behind them,
    /// nothing is used. `used` tells which of them are still referred to, and how many live bytes they hold; it finds a
    /// run's entry as it was.
    pub fn rebuild_table(
        &self,
        runs: impl Iterator<Item = Run>,
        used: impl Fn(Run) -> Option<u64>,
    ) -> Result<(), Failure> {
        let header = self.header();
        let pages = self.file.pages();
        let counts = [&header.live, &header.live_large, &header.segments, &header.free, &header.free_backed];
        for word in counts.into_iter().chain([&header.free_extents]).chain(&header.free_hints) {
            word.set(0);
        }
        let first = self.file.first_page();
        for page in 0..first {
            self.set_entry(page, Entry::INSIDE);
        }
        let reserve = header.reserve.reference();
        let mut free_from = first;
        let mut has_reserve = false;
        for run in runs {
            let Run { kind, page, .. } = run;
            let reserved =
                kind == Kind::Free && page == reserve.page() && reserve.class() == Class::of_pages(run.pages);
            let live = if kind == Kind::Free || reserved { None } else { used(run) };
            if live.is_none() && !reserved {
                self.file.map.word(page_offset(page) + GENERATION).set(0);
                continue;
            }
            self.free_gap(free_from, page)?;
            for inner in page + 1..run.end() {
                self.set_entry(inner, Entry::INSIDE);
            }
            free_from = run.end();
            let Some(live) = live else {
                self.set_entry(page, Entry::reserved(run.pages));
                has_reserve = true;
                continue;
            };
            let entry = match (kind, Class::of_pages(run.pages)) {
                (Kind::Segment | Kind::Index, Some(class)) => Entry::block(kind, class, live),
                (Kind::Large, _) => Entry::large(live),
                _ => Entry::run(kind, run.pages),
            };
            // One store: a death here must not leave an entry that tells of no live bytes.
            self.set_entry(page, entry.in_life(self.view().generation_of(page).unwrap_or(0)));
            let total = if kind == Kind::Large { &header.live_large } else { &header.live };
            total.add(live as i64);
            if kind == Kind::Segment {
                header.segments.add(run.pages as i64);
            }
        }
        self.free_gap(free_from, pages)?;
        if !has_reserve {
            header.reserve.set(0);
        }
        // Whatever is written into a freed run must not be seen before its generation has moved.
        fence(Ordering::Release);
        self.file.check_sound()
    }

    /// Frees all pages from `from` to `to`, whatever they were.
    fn free_gap(&self, from: u64, to: u64) -> Result<(), Failure> {
        let mut page = from;
        while page < to {
            let pages = (to - page).min(MAX_EXTENT);
            // A copy may have come with holes.
            self.file.allocate(page_offset(page), PAGE)?;
            // Nothing must look like an extent on the right yet.
            if page + pages < self.file.pages() {
                self.set_entry(page + pages, Entry::INSIDE);
            }
            // Memory behind the others is not known here: counting none is the safe side.
            self.free_run(page, pages, false);
            page += pages;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::File;
    use super::super::options::Options;
    use super::super::tests::TemporaryPath;
    use super::super::version::Version;
    use super::*;

    /// Its root and the file's end are two stores: somebody has died between them.
    #[test]
    fn a_table_of_pages_that_has_moved_behind_the_files_end_is_found_there() {
        let path = TemporaryPath::new();
        let store = path.store();
        store.put(b"x", b"1", &mut Version::default()).unwrap();
        let file = File::open(&path.0, &Options::default(), true).unwrap().unwrap();
        let owner = file.lock().unwrap();
        let end = file.pages();
        Space::of(&owner).move_table(4).unwrap();
        assert!(file.pages() > end);
        owner.header().pages.set(end);
        owner.abandon();
        store.put(b"y", b"1", &mut Version::default()).unwrap();
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
        assert_eq!(store.len().unwrap(), 2);
    }
}
