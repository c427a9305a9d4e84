//! Recovery after a death: memory is as the dead owner left it, whole and coherent; only the steps after publishing may
//! be missing.

use super::error::Failure;
use super::format::*;
use super::header::{HELD, Root};
use super::index::Search;
use super::lock::{Unrecovered, WriteGuard};
use super::log::replay::Replay;
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
        self.repair_held_bit();
        if header.directory.get() == 0 {
            // It died while giving the store its first blocks: that starts over.
            header.indexed.set(self.end());
            return Ok(());
        }
        self.finish_moving_table()?;
        // Readers inside blocks that will be freed must notice.
        header.index_epoch.store(header.index_epoch.get().wrapping_add(1), Ordering::Release);
        self.rebuild_table_in_use()?;
        // Blocks that the dead owner had added to the file and not entered yet.
        let end = block_offset(self.file.blocks());
        self.file.check_ours()?;
        self.file.cut_behind(end);
        self.finish_replacing();
        self.finish_superseding();
        self.finish_pending()?;
        self.find_tail();
        self.recount_index();
        self.file.check_sound()?;
        // Only now: until then the next owner does all of this again, and readers do not believe the
        // number of keys. Before the segments are counted, which may free the one of a removal.
        header.indexed.store(self.end(), Ordering::Release);
        self.recount_segments();
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

    /// A block table that has moved to the end of the file, and the file that ends behind it, are
    /// two stores.
    fn finish_moving_table(&self) -> Result<(), Failure> {
        let header = self.header();
        let table = Root::open(header.table.get()).offset;
        if table < PAGE {
            return Err(Failure::Damaged("its header is damaged (bad root)".into()));
        }
        let place = block_of(table);
        if place < self.file.blocks() {
            return Ok(());
        }
        if block_offset(place + 1) > self.file.map.length() {
            return Err(Failure::Outgrown(block_offset(place + 1)));
        }
        if let Some((Kind::Table, length, ..)) = parse_ext_word(self.file.map.word(block_offset(place)).get()) {
            header.blocks.store(place + length / BLOCK, Ordering::Release);
        }
        self.file.check_sound()
    }

    /// The blocks that something refers to; and, where everything was replaced and that is not indexed yet, the
    /// generation since which runs belong to what replaces it.
    fn referred_blocks(&self) -> (HashSet<u64>, Option<u64>) {
        let header = self.header();
        let mut referred: HashSet<u64> = HashSet::new();
        let refer_index = |root: Root, referred: &mut HashSet<u64>| {
            referred.insert(block_of(root.offset));
            for entry in 0..self.view().entries(root) {
                referred.insert(block_of(self.file.map.word(root.offset + entry * 8).get()));
            }
        };
        refer_index(Root::open(header.directory.get()), &mut referred);
        referred.insert(block_of(Root::open(header.table.get()).offset));
        for word in header.replacing.iter().chain(&header.replacements) {
            if header.replacing[0].get() != 0 && word.get() != 0 {
                referred.insert(block_of(word.get()));
            }
        }
        let pending = header.pending.get();
        let unindexed = header.indexed.get() < self.end();
        let mut since_clear = None;
        if unindexed {
            referred.insert(block_of(pending));
            if let Some(head) = self.view().record_head(pending)
                && head.op == Op::Clear
                && let Some(root) = self.view().prepared_root(pending, head)
            {
                refer_index(root, &mut referred);
                since_clear = self.view().generation_of(block_of(pending));
            }
        }
        let tail = self.segments().tail();
        if tail != 0 {
            // (Were it freed as nothing lives in it, the next record would go into a new one: that is all.)
            referred.insert(block_of(tail - 1));
        }
        (referred, since_clear)
    }

    /// Makes the block table anew: what is still referred to is in use.
    fn rebuild_table_in_use(&self) -> Result<(), Failure> {
        let header = self.header();
        let blocks = self.file.blocks();
        let entries: Vec<_> = (0..blocks).map(|block| self.entry(block)).collect();
        let (referred, since_clear) = self.referred_blocks();
        self.rebuild_table(|block, kind| {
            let begun = self.file.map.word(block_offset(block) + GENERATION).get() != 0;
            match kind {
                Kind::System => (block == block_of(header.system.count())).then_some(0),
                Kind::Index | Kind::Directory | Kind::Table => referred.contains(&block).then_some(0),
                Kind::Segment | Kind::Large if begun => {
                    let entry = entries[block as usize];
                    let first = block_offset(block) + BLOCK_HEAD;
                    // An owner that died in here before may have left any entry; one that tells of
                    // live bytes was written whole, and so were the records that it counts.
                    let live = if entry.is(kind) && entry.number() > 0 {
                        entry.number()
                    } else if self.view().record_head(first).is_some_and(|head| self.view().is_whole(first, head)) {
                        self.segments().count_live(block)
                    } else {
                        0
                    };
                    // Appended for a publication that did not come: counted, but nobody's.
                    let is_since = since_clear.is_some_and(|since| self.view().generation_of(block) >= Some(since));
                    let published = is_since || self.view().position(first).is_some_and(|first| first < self.end());
                    ((live > 0 && published) || referred.contains(&block)).then_some(live)
                }
                _ => None,
            }
        })
    }

    /// A value may have lost its slot, and its records not been marked dead yet. Leaves the same trail as
    /// `bury_value`, for the process that takes over from a death in here.
    fn finish_superseding(&self) {
        let header = self.header();
        let (mut record, rest) = (header.superseding.get(), header.superseding_rest.get());
        let newest = self.newest_record_of(record).or_else(|| self.newest_record_of(rest)).unwrap_or(0);
        if newest == record {
            record = 0;
        }
        // Where pieces were united, the new record goes on from one that lives.
        let kept = self.before(newest);
        for _ in 0..MAX_APPENDS {
            if record == 0 || record == kept {
                break;
            }
            let head = self.view().record_head(record);
            // Freed with its segment, a record does not tell any more what it was appended to.
            let before = if head.is_some() { self.before(record) } else { header.superseding_rest.get() };
            let rest = if before == kept || before == record { 0 } else { before };
            header.superseding_rest.set(rest);
            if head.is_some_and(|head| head.op.holds_value()) {
                let word = self.file.map.word(record);
                word.set(word.get() | DEAD);
                self.recount(block_of(record));
            }
            header.superseding.set(rest);
            record = rest;
        }
        header.superseding.set(0);
    }

    /// The record that the slot of a record's key names; `None` where there is no such record or slot.
    fn newest_record_of(&self, record: u64) -> Option<u64> {
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
        if tail == 0 {
            return;
        }
        let block = block_of(tail - 1);
        if block >= self.file.blocks() || !self.entry(block).is(Kind::Segment) {
            header.tail.set(0);
            return;
        }
        while tail < block_offset(block + 1)
            && let Some(head) = self.view().record_head(tail)
            && self.view().position(tail).is_some_and(|position| position < self.end())
            && self.view().is_whole(tail, head)
        {
            tail += head.length;
        }
        // A record that the dead owner appended and did not publish must not be found there when the log
        // has grown past its position elsewhere, in a large run.
        if tail < block_offset(block + 1) {
            self.file.map.word(tail).set(0);
        }
        header.tail.set(tail);
    }

    /// Counts the segments again that the dead owner may have miscounted, and frees what is empty.
    fn recount_segments(&self) {
        let header = self.header();
        let tail = self.segments().tail();
        if tail != 0 {
            self.recount(block_of(tail - 1));
        }
        if header.pending.get() != 0 {
            self.recount(block_of(header.pending.get()));
        }
    }

    fn recount(&self, block: u64) {
        let entry = self.entry(block);
        if block < self.file.blocks() && (entry.is(Kind::Segment) || entry.is(Kind::Large)) {
            let live = self.segments().count_live(block) as i64;
            self.add_live(block, live - entry.number() as i64);
            let tail = self.segments().tail();
            if live == 0 && (tail == 0 || block_of(tail - 1) != block) {
                self.release(block);
            }
        }
    }
}
