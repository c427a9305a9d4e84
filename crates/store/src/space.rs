//! The file's space: which run of blocks is what, finding free ones, growing, giving back.
//!
//! The truth about a run is its ext header, one word at its start, that changes at once. The
//! *block table*, a word a block, mirrors it so that nobody has to walk the file, and counts the
//! live bytes of each segment; after a crash it is made anew from the headers.

use super::block_table::{Entry, Memory};
use super::error::Failure;
use super::file::File;
use super::format::*;
use super::header::{DURABLE, HELD, Header, Root};
use super::lock::WriteGuard;
use super::memory::fence;
use super::torture::crash_point;
use super::view::View;
use std::sync::atomic::Ordering;

/// The rest of a large run's last block has memory behind it, too, if it is less than one part in
/// this many of the record: such runs are used again as they are, without a system call.
const SPARED: u64 = 8;

/// Allocations between two looks at how much memory the file really has: a look is a system call, and
/// a busy writer fills some forty segments in a tick of the clock.
const RECLAIM_EVERY: u64 = 128;

/// The reason for which space is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Something new to store.
    Write,
    /// Something that will free more than it takes: on a full disk it may have the reserve.
    Reclaim,
}

/// How far memory reaches in a run of which `bytes` are needed.
fn backed_bytes(bytes: u64) -> u64 {
    let blocks = bytes.next_multiple_of(BLOCK);
    if blocks - bytes <= bytes / SPARED { blocks } else { bytes.next_multiple_of(PAGE) }
}

/// The space of a file whose write lock is held, as long as its guard is borrowed.
#[derive(Clone, Copy)]
pub struct Space<'g> {
    pub(super) file: &'g File,
}

impl<'g> Space<'g> {
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

    /// The log's end.
    #[inline]
    pub fn end(&self) -> u64 {
        self.header().end()
    }

    /// Whether all that returns is to be on the disk.
    #[inline]
    pub fn is_durable(&self) -> bool {
        self.header().is_durable()
    }

    /// Waits until all that was committed, and what was appended behind it, is on the disk.
    pub fn sync(&self) -> Result<(), Failure> {
        self.file.sync()?;
        self.header().durable.set(self.end());
        // Blocks that were freed before are free on the disk, too, by now: their memory can go.
        if self.is_durable() && self.has_too_much() {
            self.reclaim();
        }
        Ok(())
    }

    #[inline]
    fn entry_offset(&self, block: u64) -> u64 {
        Root::open(self.header().table.get()).offset + block * 8
    }

    #[inline]
    pub fn entry(&self, block: u64) -> Entry {
        Entry(self.file.map.word(self.entry_offset(block)).get())
    }

    #[inline]
    pub fn set_entry(&self, block: u64, entry: Entry) {
        self.file.map.word(self.entry_offset(block)).set(entry.0);
    }

    /// Counts bytes of the segment at `block` as live (or, below zero, as dead).
    #[inline]
    pub fn add_live(&self, block: u64, bytes: i64) {
        let word = self.file.map.word(self.entry_offset(block));
        word.add(bytes);
        let header = self.header();
        let total = if Entry(word.get()).is(Kind::Large) { &header.live_large } else { &header.live };
        total.add(bytes);
    }

    fn set_run(&self, block: u64, kind: Kind, blocks: u64) {
        let word = ext_word(kind, blocks * BLOCK, 0, 0);
        self.file.map.word(block_offset(block)).store(word, Ordering::Release);
    }

    /// How long the run at `block` is, by its ext header.
    pub fn run(&self, block: u64) -> Option<(Kind, u64)> {
        let (kind, length, ..) = parse_ext_word(self.file.map.word(block_offset(block)).load(Ordering::Acquire))?;
        let blocks = length / BLOCK;
        let fits = length % BLOCK == 0 && blocks > 0 && block + blocks <= self.file.blocks();
        fits.then_some((kind, blocks))
    }

    /// Takes a run of `blocks`, of which the first `bytes` have real memory behind them (a full
    /// disk is an error here, not a SIGBUS later). Its generation is 0: nobody believes it yet.
    pub fn allocate(&self, kind: Kind, blocks: u64, bytes: u64, purpose: Purpose) -> Result<u64, Failure> {
        let header = self.header();
        if self.is_durable() && header.durable.get() < header.commit.get() & !HELD {
            // Blocks that were freed since may hold all that a power loss would leave of a value.
            self.sync()?;
        }
        let block = match purpose {
            Purpose::Write => {
                if header.generation.get().is_multiple_of(RECLAIM_EVERY) {
                    self.reclaim_all();
                }
                self.fill_reserve()?;
                self.take(blocks, bytes)?
            }
            Purpose::Reclaim => match self.take(blocks, bytes) {
                Err(failure @ (Failure::NoSpace | Failure::SizeLimit | Failure::Outgrown(_))) if blocks == 1 => {
                    self.take_reserve().ok_or(failure)?
                }
                other => other?,
            },
        };
        for n in 1..blocks {
            self.set_entry(block + n, Entry(Entry::INSIDE));
        }
        self.set_entry(block, Entry::used(kind, 0));
        self.file.map.word(block_offset(block) + GENERATION).set(0);
        self.set_run(block, kind, blocks);
        if kind == Kind::Segment {
            header.segments.add(1);
        }
        self.file.check_sound()?;
        // A reader that sees anything that is written into the run from here on also sees what the table says of its
        // blocks.
        fence(Ordering::Release);
        Ok(block)
    }

    /// Gives a run a generation that no run had before: from here on what is in it can be believed.
    #[inline]
    pub fn begin(&self, block: u64) {
        let word = self.next_generation();
        self.set_entry(block, self.entry(block).in_life(self.header().generation.get()));
        self.file.map.word(block_offset(block) + GENERATION).store(word, Ordering::Release);
    }

    /// Takes a run off the free extents; it still says that it is free.
    fn take(&self, blocks: u64, bytes: u64) -> Result<u64, Failure> {
        let header = self.header();
        let block = match self.find_free(blocks) {
            Some(block) => block,
            None => {
                self.grow(blocks)?;
                self.file.check_sound()?;
                let damaged = || Failure::Damaged("its block table does not tell what is free".into());
                self.find_free(blocks).ok_or_else(damaged)?
            }
        };
        let extent = self.entry(block).number();
        let count = |is: fn(Entry) -> bool| (0..blocks).filter(|&n| is(self.entry(block + n))).count() as u64;
        let (backed, with_memory) = (count(Entry::is_backed), count(Entry::has_memory));
        let pages = backed_bytes(bytes);
        if backed < blocks {
            self.file.allocate(block_offset(block), pages)?;
            if blocks > 1 {
                self.file.map.populate(block_offset(block), pages);
            }
        }
        if extent > blocks {
            // The rest of the extent becomes one of its own, before the run takes its head.
            let rest = block + blocks;
            if !self.entry(rest).is_backed() {
                self.file.allocate(block_offset(rest), PAGE)?;
            }
            self.set_run(rest, Kind::Free, extent - blocks);
            self.tag_extent(rest, extent - blocks);
        }
        if with_memory > 0 && pages < blocks * BLOCK {
            self.file.punch(block_offset(block) + pages, blocks * BLOCK - pages);
        }
        header.free_backed.add(-(with_memory as i64));
        header.free.add(-(blocks as i64));
        if header.free_hint.count() == block {
            header.free_hint.set(block + blocks);
        }
        Ok(block)
    }

    /// Makes sure of the reserve, as long as that is possible.
    fn fill_reserve(&self) -> Result<(), Failure> {
        for slot in &self.header().reserve {
            if slot.get() == 0 {
                let block = self.take(1, BLOCK)?;
                self.set_run(block, Kind::Free, 1);
                self.set_entry(block, Entry(Entry::RESERVED));
                slot.set(block + 1);
            }
        }
        Ok(())
    }

    fn take_reserve(&self) -> Option<u64> {
        let slot = self.header().reserve.iter().find(|slot| slot.get() != 0)?;
        let block = slot.get() - 1;
        slot.set(0);
        (block < self.file.blocks()).then_some(block)
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

    /// Gives a run back. Nothing refers to it any more; readers that are still inside notice by
    /// its generation.
    pub fn release(&self, block: u64) {
        let Some((kind, blocks)) = self.run(block) else { return self.file.map.poison() };
        let header = self.header();
        let map = &self.file.map;
        let live = self.entry(block).number() as i64;
        self.add_live(block, -live);
        if kind == Kind::Segment {
            header.segments.add(-1);
        }
        map.word(block_offset(block) + GENERATION).set(0);
        // Whatever is written here next must not be seen before the generation has moved.
        fence(Ordering::Release);
        if self.is_durable() {
            self.divide(block, blocks);
        }
        if blocks == 1
            && kind != Kind::Large
            && let Some(slot) = header.reserve.iter().find(|slot| slot.get() == 0)
        {
            self.set_run(block, Kind::Free, 1);
            self.set_entry(block, Entry(Entry::RESERVED));
            slot.set(block + 1);
            return;
        }
        let whole = if kind == Kind::Large { backed_bytes(self.large_bytes(block)) / BLOCK } else { blocks };
        self.free_run(block, blocks, whole.min(blocks));
    }

    /// Lets each block of a run that is about to be free, but the first, say that it is. Should the run be used again in
    /// part and a power loss leave only some of that, a walk through the file that comes by what is left of it must not
    /// take the bytes of a value for a run, which might reach over runs that hold something. Runs have memory behind
    /// the start of each of their blocks.
    fn divide(&self, block: u64, blocks: u64) {
        for inner in block + 1..block + blocks {
            self.set_run(inner, Kind::Free, 1);
        }
    }

    /// As [`Space::divide`], for a run that is only said to be one, and may have come with holes: in these there is
    /// nothing to be taken for a run.
    fn divide_where_there_is_something(&self, block: u64, blocks: u64) {
        let mut inner = block + 1;
        while inner < block + blocks {
            let data = self.file.next_data(block_offset(inner));
            if data < block_offset(inner) + PAGE {
                self.set_run(inner, Kind::Free, 1);
            }
            inner = (inner + 1).max(block_of(data));
        }
    }

    /// From here on every change that has returned is on the disk. A process that finds the mark relies on all steps before it
    /// in here.
    #[cold]
    pub fn make_durable(&self) -> Result<(), Failure> {
        self.file.sync_directory()?;
        let blocks = self.file.blocks();
        let mut block = 0;
        while block < blocks {
            let entry = self.entry(block);
            let extent = if entry.is(Kind::Free) { entry.number().clamp(1, blocks - block) } else { 1 };
            self.divide_where_there_is_something(block, extent);
            block += extent;
        }
        self.file.check_sound()?;
        self.sync()?;
        self.header().flags.set(self.header().flags.get() | DURABLE);
        crash_point();
        self.sync()
    }

    /// Gives back the run of a directory or a table that has moved, unless it was one of the first,
    /// in the system block.
    pub fn release_array(&self, old: Root) {
        if block_of(old.offset) != block_of(self.header().system.count()) {
            self.release(block_of(old.offset));
        }
    }

    /// Gives back the blocks below `block` in which a file of the pure-PHP class was. Where the disk fails they stay.
    pub fn release_filler(&self, block: u64) {
        if block > 0 {
            // The header that makes it a store has to be on the disk before the old bytes are freed, and the head of the
            // run that takes their place before a header counts that run: the old bytes could look like anything.
            if self.file.sync().is_err() {
                return;
            }
            self.set_run(0, Kind::Free, block);
            self.free_run(0, block, 0);
            // Where that fails the table knows the run already: there is no way back.
            let _ = self.file.sync();
        }
        self.set_filler(0);
    }

    /// Lets the header's ext reach over the first `blocks` blocks.
    pub fn set_filler(&self, blocks: u64) {
        self.header().ext.store(ext_word(Kind::Header, PAGE + blocks * BLOCK, 0, 0), Ordering::Release);
    }

    /// How far into a large run its record reaches.
    fn large_bytes(&self, block: u64) -> u64 {
        let at = block_offset(block) + BLOCK_HEAD;
        parse_record_word(self.file.map.word(at).get(), MAX_RECORD).map_or(0, |head| BLOCK_HEAD + head.length)
    }

    /// Adds a run, the first `whole` blocks of which have memory behind them, to the free extents.
    fn free_run(&self, block: u64, blocks: u64, whole: u64) {
        let header = self.header();
        let keeps_memory = self.is_durable();
        for n in 0..blocks {
            let memory = match n < whole {
                true => Memory::Whole,
                false if keeps_memory => Memory::Part,
                false => Memory::None,
            };
            self.set_entry(block + n, Entry::free(memory));
        }
        header.free.add(blocks as i64);
        header.free_backed.add(if keeps_memory { blocks } else { whole } as i64);
        header.free_hint.set(header.free_hint.count().min(block));

        let mut left = self.free_extent_ending_at(block);
        if left + blocks > MAX_EXTENT {
            left = 0;
        }
        let mut right = self.free_extent_starting_at(block + blocks);
        if left + blocks + right > MAX_EXTENT {
            right = 0;
        }
        let (start, extent) = (block - left, left + blocks + right);
        self.set_run(start, Kind::Free, extent);
        self.tag_extent(start, extent);

        if keeps_memory {
            // The disk may not know yet that these blocks are free. After the next sync it does.
            return;
        }
        // The part of a large run's last block that had memory goes at once.
        self.punch(start, block + whole, block + blocks, right > 0);
        if self.has_too_much() {
            self.punch(start, block, block + whole, whole == blocks && right > 0);
            self.reclaim();
        }
    }

    /// Gives back the memory behind the free blocks from `from` to `to`, in the extent that starts
    /// at `extent`. The page that says how long that is stays; the one behind `to`, if it said so
    /// for an extent that is now a part of this one (`merged`), goes too.
    fn punch(&self, extent: u64, from: u64, to: u64, merged: bool) {
        if from >= to {
            return;
        }
        let begin = block_offset(from) + if from == extent { PAGE } else { 0 };
        let end = block_offset(to) + if merged && !self.entry(to).is_backed() { PAGE } else { 0 };
        self.file.punch(begin, end - begin);
        for block in from..to {
            let entry = self.entry(block);
            if entry.has_memory() {
                self.header().free_backed.add(-1);
                self.set_entry(block, entry.without_memory());
            }
        }
    }

    /// Gives back memory behind free blocks until no more is there than may be. In a durable file the disk has to know
    /// by then that they are free: only an owner that has just synced the file, and freed nothing since, does this.
    #[cold]
    pub fn reclaim(&self) {
        self.punch_while(|| self.has_too_much());
    }

    /// Gives back all memory behind free blocks.
    pub fn punch_all(&self) {
        self.punch_while(|| true);
    }

    fn punch_while(&self, more: impl Fn() -> bool) {
        let blocks = self.file.blocks();
        let mut block = self.header().free_hint.count();
        while block < blocks && self.header().free_backed.count() > 0 && more() {
            let entry = self.entry(block);
            if entry.is(Kind::Free) {
                let extent = entry.number().clamp(1, blocks - block);
                if (block..block + extent).any(|block| self.entry(block).has_memory()) {
                    self.punch(block, block, block + extent, false);
                }
                block += extent;
            } else {
                block += 1;
            }
        }
    }

    /// Gives back memory behind free blocks that nobody counted. On tmpfs it is enough to read: a
    /// reader that was still inside a run when that was freed puts pages behind it again.
    #[cold]
    fn reclaim_all(&self) {
        let header = self.header();
        let live = header.live.count() + header.live_large.count();
        let may = |index: u64| 2 * (live + index * BLOCK) + 12 * BLOCK;
        let Ok(allocated) = self.file.allocated() else { return };
        if allocated <= may(0) {
            return;
        }
        let blocks = self.file.blocks();
        let is_index = |entry: Entry| entry.is(Kind::Index) || entry.is(Kind::Directory);
        let index = (0..blocks).filter(|&block| is_index(self.entry(block))).count() as u64;
        if allocated <= may(index) {
            return;
        }
        let mut block = header.free_hint.count();
        while block < blocks {
            let entry = self.entry(block);
            let extent = if entry.is(Kind::Free) { entry.number().clamp(1, blocks - block) } else { 1 };
            if entry.is(Kind::Free) {
                self.punch(block, block, block + extent, false);
            }
            block += extent;
        }
    }

    /// Whether more memory lies behind free blocks than the space promised allows: all that is
    /// allocated stays below twice what lives plus a MiB.
    pub fn has_too_much(&self) -> bool {
        let header = self.header();
        let live = header.live.count() + header.live_large.count();
        let large = header.live_large.count();
        let allocated = (header.segments.count() + header.free_backed.count()) * BLOCK + large + large / SPARED;
        allocated > live + live / 8 * 7 + 10 * BLOCK
    }

    fn free_extent_ending_at(&self, block: u64) -> u64 {
        match block.checked_sub(1).map(|last| self.entry(last)) {
            Some(entry) if entry.is(Kind::Free) => entry.number().min(block),
            _ => 0,
        }
    }

    fn free_extent_starting_at(&self, block: u64) -> u64 {
        let blocks = self.file.blocks();
        if block >= blocks {
            return 0;
        }
        let entry = self.entry(block);
        if entry.is(Kind::Free) { entry.number().min(blocks - block) } else { 0 }
    }

    /// Notes an extent's length at both its ends.
    fn tag_extent(&self, start: u64, extent: u64) {
        for block in [start, start + extent - 1] {
            self.set_entry(block, self.entry(block).at_end_of(extent));
        }
    }

    fn find_free(&self, wanted: u64) -> Option<u64> {
        let header = self.header();
        let blocks = self.file.blocks();
        let mut block = header.free_hint.count();
        let mut first = true;
        while block < blocks {
            let entry = self.entry(block);
            if !entry.is(Kind::Free) {
                block += 1;
                continue;
            }
            if first {
                header.free_hint.set(block);
                first = false;
            }
            let extent = entry.number().max(1);
            if extent >= wanted && block + extent <= blocks {
                return Some(block);
            }
            block += extent;
        }
        if first {
            header.free_hint.set(blocks);
        }
        None
    }

    /// Makes the file longer by at least `wanted` blocks. On a full disk nothing has changed.
    fn grow(&self, wanted: u64) -> Result<(), Failure> {
        let header = self.header();
        // In proportion, so that growing costs few system calls, within what `has_too_much` allows.
        let live_blocks = (header.live.count() + header.live_large.count()) / BLOCK;
        let generous = wanted.max((live_blocks / 4).clamp(4, 64));
        if self.file.blocks() + generous > 1 << Root::open(header.table.get()).log2 {
            self.move_table(generous)?;
        }
        let old = self.file.blocks();
        // The mapping is used up before there is another one.
        let room = self.file.blocks_that_fit() - old;
        let generous = if (wanted..generous).contains(&room) { room } else { generous };
        let added = match self.file.extend(block_offset(old), generous * BLOCK) {
            Ok(()) => generous,
            Err(Failure::NoSpace | Failure::SizeLimit) if generous > wanted => {
                self.file.extend(block_offset(old), wanted * BLOCK)?;
                wanted
            }
            Err(failure) => return Err(failure),
        };
        self.file.check_sound()?;
        let mut left = self.free_extent_ending_at(old);
        if left + added > MAX_EXTENT {
            left = 0;
        }
        for block in old..old + added {
            self.set_entry(block, Entry::free(Memory::Whole));
        }
        self.set_run(old - left, Kind::Free, left + added);
        self.tag_extent(old - left, left + added);
        header.blocks.store(old + added, Ordering::Release);
        header.free.add(added as i64);
        header.free_backed.add(added as i64);
        header.free_hint.set(header.free_hint.count().min(old - left));
        Ok(())
    }

    /// Moves the block table to the end of the file, with room for `more` blocks and as many again.
    pub fn move_table(&self, more: u64) -> Result<(), Failure> {
        let header = self.header();
        let old = Root::open(header.table.get());
        let place = self.file.blocks();
        let log2 = ((place + more) * 2).next_power_of_two().trailing_zeros().max(13);
        let bytes = 8u64 << log2;
        let blocks = (PAGE + bytes).div_ceil(BLOCK);
        self.file.extend(block_offset(place), blocks * BLOCK)?;
        self.file.check_sound()?;
        let offset = block_offset(place) + PAGE;
        self.file.map.zero(offset, bytes);
        self.file.map.copy_within(old.offset, offset, place * 8);
        self.set_run(place, Kind::Table, blocks);
        header.table.store(Root { offset, log2 }.seal(self.file.identity.store_id), Ordering::Release);
        self.set_entry(place, Entry::used(Kind::Table, 0));
        for block in place + 1..place + blocks {
            self.set_entry(block, Entry(Entry::INSIDE));
        }
        header.blocks.store(place + blocks, Ordering::Release);
        self.release_array(old);
        Ok(())
    }

    /// Makes the table anew from what the runs say of themselves, after a crash. `used` tells
    /// which of them are still referred to, and how many live bytes they hold.
    pub fn rebuild_table(&self, used: impl Fn(u64, Kind) -> Option<u64>) -> Result<(), Failure> {
        let header = self.header();
        let blocks = self.file.blocks();
        for total in [&header.live, &header.live_large, &header.segments, &header.free, &header.free_backed] {
            total.set(0);
        }
        header.free_hint.set(0);
        let reserved = header.reserve.each_ref().map(|slot| slot.get());
        let mut block = self.file.first_block();
        for n in 0..block {
            self.set_entry(n, Entry(Entry::INSIDE));
        }
        // A free run is added when its end is known, so that neighbours become one extent.
        while block < blocks {
            let (kind, run) = self.file.run_or_gap(block, blocks);
            if kind != Kind::Free
                && let Some(live) = used(block, kind)
            {
                for n in 1..run {
                    self.set_entry(block + n, Entry(Entry::INSIDE));
                }
                // One store: a death here must not leave an entry that tells of no live bytes.
                let generation = self.view().generation_of(block).unwrap_or(0);
                self.set_entry(block, Entry::used(kind, live).in_life(generation));
                let total = if kind == Kind::Large { &header.live_large } else { &header.live };
                total.add(live as i64);
                if kind == Kind::Segment {
                    header.segments.add(1);
                }
            } else if run == 1 && reserved.contains(&(block + 1)) {
                self.set_run(block, Kind::Free, 1);
                self.set_entry(block, Entry(Entry::RESERVED));
            } else {
                // Nothing must look like an extent on the right yet.
                if block + run < blocks {
                    self.set_entry(block + run, Entry(Entry::INSIDE));
                }
                self.file.map.word(block_offset(block) + GENERATION).set(0);
                if self.is_durable() && matches!(kind, Kind::Large | Kind::Directory | Kind::Table) {
                    self.divide_where_there_is_something(block, run);
                }
                // Memory behind a run is not known here: counting none is the safe side.
                self.free_run(block, run, 0);
            }
            block += run;
        }
        for slot in &header.reserve {
            let block = slot.get().wrapping_sub(1);
            if slot.get() != 0 && (block >= blocks || self.entry(block) != Entry(Entry::RESERVED)) {
                slot.set(0);
            }
        }
        // Whatever is written into a freed run must not be seen before its generation has moved.
        fence(Ordering::Release);
        self.file.check_sound()
    }
}

#[cfg(test)]
mod tests {
    use super::super::options::Options;
    use super::super::tests::TemporaryPath;
    use super::super::version::Version;
    use super::*;

    /// Its root and the file's end are two stores: somebody has died between them.
    #[test]
    fn a_block_table_that_has_moved_behind_the_files_end_is_found_there() {
        let path = TemporaryPath::new();
        let store = path.store();
        store.put(b"x", b"1", &mut Version::default()).unwrap();
        let file = File::open(&path.0, &Options::default(), true).unwrap().unwrap();
        let owner = file.lock().unwrap();
        let end = file.blocks();
        Space::of(&owner).move_table(4).unwrap();
        assert!(file.blocks() > end);
        owner.header().blocks.set(end);
        owner.abandon();
        store.put(b"y", b"1", &mut Version::default()).unwrap();
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
        assert_eq!(store.len().unwrap(), 2);
    }
}
