//! Recovery after a death: memory is as the dead owner left it, whole and coherent; only the steps after publishing may
//! be missing.

use super::error::Failure;
use super::format::*;
use super::header::{HELD, REMOVAL, Root};
use super::index::Search;
use super::lock::{Unrecovered, WriteGuard};
use super::lock_table::LockTableWriter;
use super::log::replay::Replay;
use super::log::segments::first_record;
use super::reference::Ref;
use std::collections::HashSet;
use std::ops::Deref;
use std::sync::atomic::Ordering;

/// Completes what a dead owner published and frees what it did not get to use. Doing it twice, or dying in it, does no
/// harm.
#[cold]
pub fn recover(left: Unrecovered) -> Result<WriteGuard, Failure> {
    left.complete(|guard| Recovery { replay: Replay::of(guard) }.run())
}

/// The work that a dead owner has left.
struct Recovery<'g> {
    replay: Replay<'g>,
}

impl<'g> Deref for Recovery<'g> {
    type Target = Replay<'g>;

    fn deref(&self) -> &Replay<'g> {
        &self.replay
    }
}

impl Recovery<'_> {
    fn run(&self) -> Result<(), Failure> {
        let header = self.header();
        self.file.check_ours()?;
        // It may have published a change and told nobody.
        if header.indexed.get() == self.end() {
            self.let_all_look()
        } else {
            self.all_changed()
        }
        self.repair_held_bit();
        if self.is_durable() {
            // A check after a power loss takes a publication only as a whole: of its records some are freed below, and others
            // have superseded older ones.
            self.file.sync()?;
        }
        if header.directory.get() == 0 {
            // It died while giving the store its first blocks: that starts over.
            header.indexed.set(self.end());
            return Ok(());
        }
        self.finish_moving_table()?;
        // Readers inside runs that will be freed must notice.
        header.index_epoch.store(header.index_epoch.get().wrapping_add(1), Ordering::Release);
        self.rebuild_table_in_use()?;
        // Pages that the dead owner had added to the file and not entered yet.
        let end = page_offset(self.file.pages());
        self.file.check_ours()?;
        self.file.cut_behind(end);
        self.finish_replacing();
        self.finish_superseding();
        let pages = self.unindexed_pages();
        self.finish_pending()?;
        self.find_tail();
        self.recount_index();
        LockTableWriter::in_space(*self.segments()).recount();
        self.file.check_sound()?;
        // Only now: until then the next owner does all of this again, and readers do not believe the
        // number of keys. Before the segments are counted, which may free the one of a removal.
        header.indexed.store(self.end(), Ordering::Release);
        self.recount_segments(&pages);
        if !self.is_durable() {
            // The memory of runs that the dead owner had freed, or not published, is counted by nobody any more. (Of a durable
            // file the disk has to know first what is free: with the next sync, and a look later on.)
            self.reclaim_all();
        }
        self.file.check_sound()
    }

    /// The mark in `commit` and the hold may differ by one store. (Nobody is led astray by that: such a hold is that of
    /// the dead owner itself, which the next access ends. Without this it would be ended a little later.)
    fn repair_held_bit(&self) {
        let header = self.header();
        let commit = header.commit.get();
        let held = header.hold.get() != 0 && header.hold_strength.get() == 1;
        header.commit.store(commit & !HELD | if held { HELD } else { 0 }, Ordering::Release);
    }

    /// A table of pages that has moved to the end of the file, and the file that ends behind it, are
    /// two stores.
    fn finish_moving_table(&self) -> Result<(), Failure> {
        let header = self.header();
        let table = Root::open(header.table.get()).offset;
        let place = page_of(table);
        if place < self.file.pages() {
            return Ok(());
        }
        if page_offset(place + 1) > self.file.map.length() {
            return Err(Failure::Outgrown(page_offset(place + 1)));
        }
        if let Some((Kind::Table, length, ..)) = parse_ext_word(self.file.map.word(page_offset(place)).get()) {
            header.pages.store(place + length / PAGE, Ordering::Release);
        }
        self.file.check_sound()
    }

    /// The first pages of runs that something refers to; and, where everything was replaced and that is not indexed yet,
    /// the generation since which runs belong to what replaces it.
    fn referred_pages(&self) -> (HashSet<u64>, Option<u64>) {
        let header = self.header();
        let mut referred: HashSet<u64> = HashSet::new();
        let refer_index = |root: Root, referred: &mut HashSet<u64>| {
            referred.insert(page_of(root.offset));
            for entry in 0..self.view().entries(root) {
                referred.insert(self.file.map.word(root.offset + entry * 8).reference().page());
            }
        };
        refer_index(Root::open(header.directory.get()), &mut referred);
        referred.insert(page_of(Root::open(header.table.get()).offset));
        referred.insert(page_of(header.more_leases.get()));
        referred.insert(page_of(header.lock_table.get()));
        for word in header.replacing.iter().chain(&header.replacements) {
            if header.replacing[0].get() != 0 && word.get() != 0 {
                referred.insert(word.reference().page());
            }
        }
        let pending = header.pending.get();
        let unindexed = header.indexed.get() < self.end();
        let mut since_clear = None;
        // (Of a record that was removed the run may be gone.)
        if unindexed && pending & REMOVAL == 0 {
            let pending = Ref::of_word(pending);
            referred.insert(pending.page());
            referred.extend(self.unindexed_pages());
            if let Some(head) = self.view().record_head(pending)
                && head.op == Op::Clear
                && let Some(root) = self.view().prepared_root(pending, head)
            {
                refer_index(root, &mut referred);
                since_clear = self.view().generation_of(pending.page());
            }
        }
        // (Were it freed as nothing lives in it, the next record would go into a new one: that is all.)
        referred.extend(self.segments().tail_page());
        (referred, since_clear)
    }

    /// Makes the table of pages anew: what is still referred to is in use.
    fn rebuild_table_in_use(&self) -> Result<(), Failure> {
        let (referred, since_clear) = self.referred_pages();
        self.rebuild_table(self.file.runs(), |run| {
            let begun = self.file.map.word(page_offset(run.page) + GENERATION).get() != 0;
            match run.kind {
                Kind::Index | Kind::Directory | Kind::Table | Kind::Leases | Kind::Locks => {
                    referred.contains(&run.page).then_some(0)
                }
                Kind::Segment | Kind::Large if begun => {
                    let first = first_record(run)?;
                    let entry = self.entry(run.page);
                    // An owner that died in here before may have left any entry; one that tells of
                    // live bytes was written whole, and so were the records that it counts.
                    let live = if entry.is(run.kind) && entry.live() > 0 {
                        entry.live()
                    } else if self.view().record_head(first).is_some_and(|head| self.view().is_whole(first, head)) {
                        self.segments().count_live(run.page)
                    } else {
                        0
                    };
                    // Appended for a publication that did not come: counted, but nobody's.
                    let is_since = since_clear.is_some_and(|since| self.view().generation_of(run.page) >= Some(since));
                    let published = is_since || self.view().position(first).is_some_and(|first| first < self.end());
                    ((live > 0 && published) || referred.contains(&run.page)).then_some(live)
                }
                _ => None,
            }
        })
    }

    /// A value may have lost its slot, and its records not been marked dead yet. Leaves the same trail as
    /// `bury_value`, for the process that takes over from a death in here.
    fn finish_superseding(&self) {
        let header = self.header();
        let (mut record, rest) = (header.superseding.reference(), header.superseding_rest.reference());
        let newest = self.newest_record_of(record).or_else(|| self.newest_record_of(rest)).unwrap_or_default();
        if newest == record {
            record = Ref::NONE;
        }
        // Where pieces were united, the new record goes on from one that lives.
        let kept = if newest.is_none() { Ref::NONE } else { self.before(newest) };
        for _ in 0..MAX_APPENDS {
            if record.is_none() || record == kept {
                break;
            }
            let head = self.view().record_head(record);
            // Freed with its segment, a record does not tell any more what it was appended to.
            let before = if head.is_some() { self.before(record) } else { header.superseding_rest.reference() };
            let rest = if before == kept || before == record { Ref::NONE } else { before };
            header.superseding_rest.set(rest.word());
            if head.is_some_and(|head| head.op.holds_value()) {
                let word = self.file.map.word(record.offset());
                word.set(word.get() | DEAD);
                self.recount(record.page());
            }
            header.superseding.set(rest.word());
            record = rest;
        }
        header.superseding.set(0);
    }

    /// The record that the slot of a record's key names; `None` where there is no such record or slot.
    fn newest_record_of(&self, record: Ref) -> Option<Ref> {
        let (name, hash) = self.view().record_head(record).and_then(|head| self.view().read_key(record, head))?;
        match self.search(hash, &name.encoded()) {
            Search::Hit(hit) => Some(hit.record),
            Search::Miss(_) => None,
        }
    }

    /// The tail stands behind the last record of its segment that was published.
    fn find_tail(&self) {
        let header = self.header();
        let mut tail = self.segments().tail();
        let Some(page) = self.segments().tail_page() else { return header.tail.set(0) };
        if page >= self.file.pages() || !self.entry(page).is(Kind::Segment) {
            header.tail.set(0);
            return;
        }
        while tail.page() == page
            && let Some(head) = self.view().record_head(tail)
            && self.view().position(tail).is_some_and(|position| position < self.end())
            && self.view().is_whole(tail, head)
        {
            tail = tail.plus(head.length);
        }
        header.tail.set(tail.word());
        // A record that the dead owner appended and did not publish must not be found there when the log
        // has grown past its position elsewhere, in a large run.
        self.segments().end_walks_at_tail();
    }

    /// The first pages of the runs in which the records lie that the index does not know, a little more at most.
    fn unindexed_pages(&self) -> HashSet<u64> {
        let (mut pages, pending) = (HashSet::new(), self.header().pending.get());
        if pending != 0 {
            pages.insert(Ref::of_word(pending & !REMOVAL).page());
        }
        if let Some(Some(mut unindexed)) = self.unindexed() {
            while let Some(Some((record, _))) = unindexed.next() {
                pages.insert(record.page());
            }
        }
        pages
    }

    /// Counts the segments again that the dead owner may have miscounted, those at these pages among them, and frees what is empty.
    fn recount_segments(&self, pages: &HashSet<u64>) {
        if let Some(page) = self.segments().tail_page() {
            self.recount(page);
        }
        // Removals, which a power loss may have to find until the disk has their marks.
        if !self.is_durable() || self.file.sync().is_ok() {
            pages.iter().for_each(|&page| self.recount(page));
        }
    }

    fn recount(&self, page: u64) {
        if page >= self.file.pages() {
            return;
        }
        let entry = self.entry(page);
        if entry.is(Kind::Segment) || entry.is(Kind::Large) {
            let live = self.segments().count_live(page) as i64;
            self.add_live(page, live - entry.live() as i64);
            if live == 0 && !self.segments().is_tail(page) {
                self.release(page);
            }
        }
    }
}
