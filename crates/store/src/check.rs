//! The full check: whether everything in a file agrees with everything else.

use super::error::Failure;
use super::format::*;
use super::header::Root;
use super::index::Search;
use super::lock::WriteGuard;
use super::log::append::Log;
use super::log::pieces::Pieces;
use super::log::segments::{first_record, is_no_later};
use super::reference::{Class, Ref};
use super::runs::Run;
use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use sync_backend::Expiry;

/// The findings of a full check.
#[derive(Debug, Default)]
pub struct Report {
    /// The disagreements; none in a sound store.
    pub problems: Vec<String>,
    /// Keys in the index.
    pub keys: u64,
    /// Bytes of live records, framing included.
    pub live: u64,
    /// Bytes of the index: its blocks and its directory, where that has a run of its own.
    pub index: u64,
    /// Bytes of the file's runs that are in use for anything.
    pub used: u64,
    /// Bytes of memory or disk behind the file.
    pub allocated: u64,
}

/// Checks everything that the file of this guard says.
pub fn check_all(guard: &WriteGuard, report: &mut Report) -> Result<(), Failure> {
    let check = Check { log: Log::of(guard) };
    check.check_runs(report)?;
    check.check_index(report);
    Ok(())
}

/// The sums of what the runs of a file say.
#[derive(Default)]
struct Counted {
    live: u64,
    live_large: u64,
    segments: u64,
    extents: u64,
    free: u64,
    backed: u64,
    reserves: u64,
}

/// A file to be checked, whose write lock is held.
struct Check<'g> {
    log: Log<'g>,
}

impl<'g> Deref for Check<'g> {
    type Target = Log<'g>;

    fn deref(&self) -> &Log<'g> {
        &self.log
    }
}

impl Check<'_> {
    /// The stream of runs, the table of pages, and the content of the segments. (More than sixty lines: one walk, which compares
    /// all three at each run.)
    fn check_runs(&self, report: &mut Report) -> Result<(), Failure> {
        let header = self.header();
        let pages = self.file.pages();
        let mut problem = |text: String| report.problems.push(text);
        if header.indexed.get() != self.end() {
            problem("the index lags behind the log".into());
        }
        if header.superseding.get() != 0 || header.replacing[0].get() != 0 {
            problem("an operation was not finished".into());
        }
        if self.segments().tail_page().is_some_and(|page| !self.entry(page).is(Kind::Segment)) {
            problem("the next record would go into what is no segment".into());
        }
        let referred = self.referred();
        let mut counted = Counted::default();
        let mut page = self.file.first_page();
        while page < pages {
            let Some(run) = self.run(page) else {
                problem(format!("page {page} does not start a run"));
                break;
            };
            let entry = self.entry(page);
            match run.kind {
                Kind::Free if self.is_reserve(run) => counted.reserves += 1,
                Kind::Free => {
                    counted.free += run.pages;
                    counted.extents += 1;
                    counted.backed += (page..run.end()).filter(|&page| self.entry(page).is_backed()).count() as u64;
                    if !entry.is(Kind::Free) || entry.extent() != run.pages || !entry.is_backed() {
                        problem(format!("page {page}: a free run of {}, the table says {entry:?}", run.pages));
                    }
                    self.check_hints(run, &mut problem);
                }
                Kind::Segment | Kind::Large => {
                    let live = self.segments().count_live(page);
                    if run.kind == Kind::Large {
                        counted.live_large += live;
                    } else {
                        counted.live += live;
                        counted.segments += run.pages;
                    }
                    self.check_records(run, live, &mut problem);
                }
                kind if !referred.contains(&page) => problem(format!("page {page} ({kind:?}) is used by nobody")),
                _ => {}
            }
            if run.kind != Kind::Free {
                report.used += run.pages * PAGE;
            }
            page = run.end();
        }
        for (name, word, counted) in [
            ("live bytes", &header.live, counted.live),
            ("live bytes in large runs", &header.live_large, counted.live_large),
            ("pages of segments", &header.segments, counted.segments),
            ("free extents", &header.free_extents, counted.extents),
            ("free pages", &header.free, counted.free),
            ("free pages with memory", &header.free_backed, counted.backed),
        ] {
            if word.get() != counted {
                problem(format!("{counted} {name}, the header says {}", word.get()));
            }
        }
        if counted.reserves != u64::from(header.reserve.get() != 0) {
            problem("the reserve is not free".into());
        }
        report.live = counted.live + counted.live_large;
        self.file.check_sound()
    }

    /// Whether a free run is the reserve.
    fn is_reserve(&self, run: Run) -> bool {
        let reserve = self.header().reserve.reference();
        let its = !reserve.is_none() && reserve.page() == run.page && reserve.class() == Class::of_pages(run.pages);
        its && self.entry(run.page).is_reserved()
    }

    /// No free extent lies below a hint for a class that it has room for, nor around one.
    fn check_hints(&self, run: Run, problem: &mut impl FnMut(String)) {
        for (class, hint) in Class::all().zip(&self.header().free_hints) {
            let fits = run.page.next_multiple_of(class.pages()) + class.pages() <= run.end();
            if run.page < hint.get() && (fits || hint.get() < run.end()) {
                problem(format!("page {}: free, below the hint for {class:?}", run.page));
            }
        }
    }

    /// The records of a run, of which `counted` bytes live.
    fn check_records(&self, run: Run, counted: u64, problem: &mut impl FnMut(String)) {
        let page = run.page;
        if self.file.map.word(page_offset(page) + GENERATION).get() == 0 {
            problem(format!("page {page}: a {:?} that was never begun", run.kind));
        }
        if first_record(run).is_none() {
            problem(format!("page {page}: a {:?} of {} pages", run.kind, run.pages));
        }
        let entry = self.entry(page);
        let generation = self.view().generation_of(page).unwrap_or(0);
        if !entry.is(run.kind)
            || entry.live() != counted
            || !entry.holds_records_of(generation)
            || entry.pages().is_some_and(|pages| pages != run.pages)
        {
            problem(format!("page {page}: {counted} live bytes, the table says {entry:?}"));
        }
        if counted == 0 && run.kind == Kind::Large {
            problem(format!("page {page}: nothing lives there and it is not free"));
        }
        self.segments().for_each_record(page, |record, head| {
            if !self.view().is_whole(record, head) {
                problem(format!("the record at {record:?} has a wrong CRC"));
            }
        });
    }

    /// A value expires when the words say that the first does, or later.
    fn check_expiry(&self, record: Ref, expiry: Expiry, problems: &mut Vec<String>) {
        let header = self.header();
        let run = self.file.map.word(record.run() + SEGMENT_EXPIRES).get();
        let is_searched = record.page() < header.expiry_cursor.get();
        let searched = if is_searched { header.expires_next.get() } else { 1 };
        for (which, word) in [("header", header.expires.get()), ("run", run), ("search", searched)] {
            if !is_no_later(word, expiry) {
                problems.push(format!("the value at {record:?} expires at {expiry:?}, the {which} says {word}"));
            }
        }
    }

    /// The first pages of runs that hold the index, a table or leases.
    fn referred(&self) -> HashSet<u64> {
        let header = self.header();
        let arrays = [Root::open(header.table.get()).offset, Root::open(header.directory.get()).offset];
        let mut pages: HashSet<u64> =
            arrays.into_iter().chain([header.more_leases.get(), header.lock_table.get()]).map(page_of).collect();
        self.for_each_index_block(|block| {
            pages.insert(block.page());
        });
        pages
    }

    /// Every slot names a whole, live record that is found by its key, and every live record has
    /// a slot.
    fn check_index(&self, report: &mut Report) {
        let mut slots: HashMap<Ref, Ref> = HashMap::new();
        let (mut bytes, mut items) = (0, 0);
        self.for_each_slot(|slot, hash, record| {
            items += u64::from(self.view().is_item(record) == Some(true));
            if let Some(other) = slots.insert(record, slot) {
                report.problems.push(format!("slots {slot:?} and {other:?} name the same record"));
            }
            let Some(head) = self.view().record_head(record) else {
                report.problems.push(format!("slot {slot:?} names no record"));
                return;
            };
            if let Some(Some(expiry)) = self.view().expiry(record, head) {
                self.check_expiry(record, expiry, &mut report.problems);
            }
            bytes += head.length;
            let mut piece = self.before(record);
            for _ in 0..MAX_APPENDS {
                let Some(head) = self.view().record_head(piece).filter(|_| !piece.is_none()) else { break };
                bytes += head.length;
                piece = self.before(piece);
            }
            if head.op == Op::Append {
                match Pieces::of(*self.view(), record, None) {
                    None => report.problems.push(format!("the value of slot {slot:?} has lost a piece")),
                    Some(value) if value.cursor().is_some() && value.copy(*self.view(), &mut Vec::new()).is_none() => {
                        report.problems.push(format!("the list of slot {slot:?} does not have what its cursor says"));
                    }
                    Some(_) => {}
                }
            }
            let Some((name, real_hash)) = self.view().read_key(record, head) else {
                report.problems.push(format!("the record at {record:?} has no key"));
                return;
            };
            if real_hash != hash {
                report.problems.push(format!("slot {slot:?} has another hash than its key"));
            }
            match self.search(hash, &name.encoded()) {
                Search::Hit(hit) if hit.slot == slot && hit.record == record => {}
                other => report.problems.push(format!("the key of slot {slot:?} is found as {other:?}")),
            }
        });
        report.keys = slots.len() as u64 - items;
        if self.header().consuming.get() != items {
            report
                .problems
                .push(format!("{items} items in consumption, the header says {}", self.header().consuming.get()));
        }
        let (next, counted) = (self.header().next_number.get(), self.numbers().counted_next_number().word());
        if next < counted {
            report.problems.push(format!("the next number is {next:#x}, one is in use below {counted:#x}"));
        }
        if bytes != report.live {
            report.problems.push(format!("{} bytes live, the index knows of {bytes}", report.live));
        }
        if self.header().keys.get() != report.keys {
            report.problems.push(format!("{} keys, the header says {}", report.keys, self.header().keys.get()));
        }
        self.for_each_index_block(|block| report.index += block.class().map_or(0, Class::size));
        let directory = Root::open(self.header().directory.get()).offset;
        if directory >= PAGE {
            report.index += self.run(page_of(directory)).map_or(0, |run| run.pages * PAGE);
        }
    }
}
