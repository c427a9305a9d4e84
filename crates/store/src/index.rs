//! The hash table that all processes share: from a key's hash to the offset of its newest record.
//!
//! Extendible hashing: a directory, indexed by the leading bits of the hash, names index blocks; a
//! block that fills up is replaced by two, so that no operation ever pays for more than one block.
//! Blocks are replaced by copies, never rearranged: a reader in the old block finds everything
//! that was there when it came. Before the old block is freed `index_epoch` moves, and a reader
//! that sees it moved starts over.
//!
//! In a block: linear probing over slots of hash and offset. A slot's hash is written while its
//! offset says "nobody"; storing the offset publishes both.

use super::error::Failure;
use super::format::*;
use super::header::Root;
use super::lock::WriteGuard;
use super::log::record::Records;
use super::space::{Purpose, Space};
use super::view::View;
use std::ops::Deref;
use std::sync::atomic::Ordering;

/// Slots that may be in use (or have been) before a block is replaced: three quarters.
const FULL: u64 = SLOTS / 4 * 3;
/// A pair of blocks with fewer keys than this, taken together, becomes one.
const SPARSE: u64 = SLOTS / 4;
/// The directory's limit: 2^24 blocks of some two thousand keys.
const MAX_DEPTH: u32 = 24;

/// A record that was found, and everything to check that it was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Offset of the slot that names it.
    pub slot: u64,
    /// Offset of the record.
    pub record: u64,
}

/// Where a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    Hit(Hit),
    /// Not there; the slot is where it would go, `None` in a block without any room.
    Miss(Option<u64>),
}

/// The index in a view of a file, to look things up.
#[derive(Clone, Copy)]
pub struct IndexView<'g> {
    records: Records<'g>,
}

impl<'g> Deref for IndexView<'g> {
    type Target = Records<'g>;

    #[inline(always)]
    fn deref(&self) -> &Records<'g> {
        &self.records
    }
}

impl<'f> IndexView<'f> {
    #[inline(always)]
    pub fn of(view: View<'f>) -> Self {
        Self { records: Records::of(view) }
    }

    /// The index block that a hash belongs to.
    #[inline]
    pub fn index_block(&self, hash: u64, root: Root) -> Option<u64> {
        let entry = hash.checked_shr(64 - root.log2).unwrap_or(0);
        let block = self.word(root.offset + entry * 8)?.load(Ordering::Acquire);
        self.has_block(block).then_some(block)
    }

    /// Looks for a key in one index block (the offset of its start). `is_key` decides whether the
    /// record that a slot names is the key's.
    #[inline]
    pub fn search_block(&self, block: u64, hash: u64, mut is_key: impl FnMut(Hit) -> bool) -> Option<Search> {
        let slots = block + BLOCK_HEAD;
        let mut slot = home_slot(hash);
        let mut gap = None;
        for _ in 0..SLOTS {
            let at = slots + slot * SLOT;
            let record = self.word(at + 8)?.load(Ordering::Acquire);
            if record == EMPTY {
                return Some(Search::Miss(gap.or(Some(at))));
            }
            if record == REMOVED {
                gap = gap.or(Some(at));
            } else if self.word(at)?.get() == hash && is_key(Hit { slot: at, record }) {
                return Some(Search::Hit(Hit { slot: at, record }));
            }
            slot = if slot + 1 == SLOTS { 0 } else { slot + 1 };
        }
        Some(Search::Miss(gap))
    }

    /// How many entries a directory has: whatever its root says, they fit the file.
    pub fn entries(&self, root: Root) -> u64 {
        let end = self.end().min(block_offset(self.file.blocks()));
        (1 << root.log2.min(MAX_DEPTH)).min(end.saturating_sub(root.offset) / 8)
    }

    /// Every block once (its offset) of the index with this root. `None`: there are none, or some twice.
    fn for_each_block_of(&self, root: Root, mut visit: impl FnMut(u64) -> Option<()>) -> Option<()> {
        let mut last = 0;
        let mut left = self.blocks();
        let entries = self.entries(root);
        if entries < 1 << root.log2.min(MAX_DEPTH) {
            // It lies beyond the view, in part at least: in blocks that have come since.
            return None;
        }
        for entry in 0..entries {
            let block = self.word(root.offset + entry * 8)?.load(Ordering::Acquire);
            if block != last {
                if !self.has_block(block) || self.file.map.is_poisoned() {
                    return None;
                }
                // More than there are: the directory names some of them time and again.
                left = left.checked_sub(1)?;
                visit(block)?;
            }
            last = block;
        }
        Some(())
    }

    /// Every slot in use: `(slot, hash, record)` of the index with this root. `None`: there is no whole index.
    pub fn for_each_slot_of(&self, root: Root, mut visit: impl FnMut(u64, u64, u64)) -> Option<()> {
        self.for_each_block_of(root, |block| {
            for slot in 0..SLOTS {
                let at = block + BLOCK_HEAD + slot * SLOT;
                let record = self.word(at + 8)?.load(Ordering::Acquire);
                let hash = self.word(at)?.get();
                // In the middle of a split the old block still names what the new one does.
                if record > REMOVED && self.index_block(hash, root)? == block {
                    visit(at, hash, record);
                }
            }
            Some(())
        })
    }
}

/// Slots in use, and slots that are not empty.
#[derive(Debug, Clone, Copy)]
struct Counts {
    used: u64,
    filled: u64,
}

impl Counts {
    fn of(word: u64) -> Self {
        Self { used: word & 0xffff_ffff, filled: word >> 32 }
    }

    fn word(self) -> u64 {
        self.filled << 32 | self.used
    }
}

/// Which hashes an index block is for: those that start with `bits` (`depth` of them).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Prefix {
    depth: u32,
    bits: u64,
}

impl Prefix {
    fn of(word: u64) -> Self {
        Self { depth: ((word & 0xff) as u32).min(MAX_DEPTH), bits: word >> 8 }
    }

    fn word(self) -> u64 {
        self.bits << 8 | u64::from(self.depth)
    }

    fn child(self, bit: u64) -> Self {
        Self { depth: self.depth + 1, bits: self.bits << 1 | bit }
    }

    fn holds(self, hash: u64) -> bool {
        self.depth == 0 || hash >> (64 - self.depth) == self.bits
    }
}

/// The index of a file whose write lock is held.
#[derive(Clone, Copy)]
pub struct Index<'g> {
    space: Space<'g>,
}

impl<'g> Deref for Index<'g> {
    type Target = Space<'g>;

    #[inline(always)]
    fn deref(&self) -> &Space<'g> {
        &self.space
    }
}

impl<'g> Index<'g> {
    #[inline(always)]
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { space: Space::of(guard) }
    }

    /// The index, to look things up.
    #[inline]
    pub fn view(&self) -> IndexView<'g> {
        IndexView::of(self.space.view())
    }

    /// The index block of a hash; the header page, in a mapping that is poisoned then, where there is none.
    #[inline]
    fn index_block(&self, hash: u64) -> u64 {
        self.view().index_block(hash, self.root()).unwrap_or_else(|| {
            self.file.map.poison();
            PAGE
        })
    }

    #[inline]
    fn search_block(&self, block: u64, hash: u64, is_key: impl FnMut(Hit) -> bool) -> Search {
        self.view().search_block(block, hash, is_key).unwrap_or_else(|| {
            self.file.map.poison();
            Search::Miss(None)
        })
    }

    /// Every block of the index once (its offset).
    pub fn for_each_index_block(&self, mut visit: impl FnMut(u64)) {
        let visit = |block| {
            visit(block);
            Some(())
        };
        if self.view().for_each_block_of(self.root(), visit).is_none() {
            self.file.map.poison();
        }
    }

    /// Every slot in use: `(slot, hash, record)`.
    pub fn for_each_slot(&self, visit: impl FnMut(u64, u64, u64)) {
        if self.view().for_each_slot_of(self.root(), visit).is_none() {
            self.file.map.poison();
        }
    }

    fn root(&self) -> Root {
        Root::open(self.header().directory.get())
    }

    fn counts(&self, block: u64) -> Counts {
        Counts::of(self.file.map.word(block + INDEX_COUNTS).get())
    }

    fn set_counts(&self, block: u64, counts: Counts) {
        self.file.map.word(block + INDEX_COUNTS).set(counts.word());
    }

    fn prefix(&self, block: u64) -> Prefix {
        Prefix::of(self.file.map.word(block + INDEX_PREFIX).get())
    }

    /// Looks a key up. The record that is found is the newest, as nobody else writes now.
    #[inline]
    pub fn search(&self, hash: u64, key: &EncodedKey) -> Search {
        self.search_block(self.index_block(hash), hash, |hit| self.view().is_record_of(hit.record, key))
    }

    /// Makes sure that a key that is not there can be inserted without asking for space: done
    /// before its record is published, so that nothing after that can fail. True: it had to move others, so
    /// that a slot that was found for the key is none of it any more.
    #[inline]
    pub fn make_room(&self, hash: u64) -> Result<bool, Failure> {
        let is_full = self.counts(self.index_block(hash)).filled >= FULL;
        if is_full {
            self.replace_full(hash, Purpose::Write)?;
        }
        Ok(is_full)
    }

    #[cold]
    fn replace_full(&self, hash: u64, purpose: Purpose) -> Result<(), Failure> {
        // One split may leave all keys on one side, but not time after time.
        for _ in 0..MAX_DEPTH {
            let block = self.index_block(hash);
            let counts = self.counts(block);
            if counts.filled < FULL {
                return Ok(());
            }
            let prefix = self.prefix(block);
            if counts.used < FULL / 2 {
                self.replace_blocks(&[block], &[prefix], purpose)?;
            } else {
                if prefix.depth == self.root().log2 {
                    self.double_directory(purpose)?;
                }
                self.replace_blocks(&[block], &[prefix.child(0), prefix.child(1)], purpose)?;
            }
        }
        Err(Failure::Damaged("its index does not divide".into()))
    }

    /// Enters a key that is not there.
    #[inline]
    pub fn insert(&self, hash: u64, slot: u64, record: u64) {
        let map = &self.file.map;
        let block = block_offset(block_of(slot));
        let was_empty = map.word(slot + 8).get() == EMPTY;
        map.word(slot).set(hash);
        map.word(slot + 8).store(record, Ordering::Release);
        let counts = self.counts(block);
        self.set_counts(block, Counts { used: counts.used + 1, filled: counts.filled + u64::from(was_empty) });
        self.header().keys.add(1);
    }

    /// Lets a key's slot name another record.
    #[inline]
    pub fn point(&self, slot: u64, record: u64) {
        self.file.map.word(slot + 8).store(record, Ordering::Release);
    }

    /// Takes a key out.
    pub fn delete(&self, slot: u64) {
        let map = &self.file.map;
        let block = block_offset(block_of(slot));
        map.word(slot + 8).store(REMOVED, Ordering::Release);
        let mut counts = self.counts(block);
        counts.used = counts.used.saturating_sub(1);
        // Behind the last key of a chain nobody needs to look on: such slots are empty again.
        let slots = block + BLOCK_HEAD;
        let neighbour = |at: u64, by: u64| slots + ((at - slots) / SLOT + by) % SLOTS * SLOT;
        let mut at = slot;
        while map.word(at + 8).get() == REMOVED && map.word(neighbour(at, 1) + 8).get() == EMPTY {
            map.word(at + 8).store(EMPTY, Ordering::Release);
            counts.filled = counts.filled.saturating_sub(1);
            at = neighbour(at, SLOTS - 1);
        }
        self.set_counts(block, counts);
        self.header().keys.add(-1);
        if counts.used < SPARSE / 2 {
            self.merge(block);
        }
    }

    /// Puts a block and the one it was split from together again, if both have become sparse.
    /// Without space for that it is left for another time.
    fn merge(&self, block: u64) {
        let prefix = self.prefix(block);
        if prefix.depth == 0 {
            return;
        }
        let sibling_bits = (prefix.bits ^ 1) << (64 - prefix.depth);
        let sibling = self.index_block(sibling_bits);
        if self.prefix(sibling).depth != prefix.depth || self.counts(sibling).used + self.counts(block).used > SPARSE {
            return;
        }
        let parent = Prefix { depth: prefix.depth - 1, bits: prefix.bits >> 1 };
        let _ = self.replace_blocks(&[block, sibling], &[parent], Purpose::Reclaim);
    }

    /// Puts new blocks with these prefixes in the place of old ones, with the same keys.
    fn replace_blocks(&self, old: &[u64], new: &[Prefix], purpose: Purpose) -> Result<(), Failure> {
        let header = self.header();
        let mut blocks = [0; 2];
        for (n, prefix) in new.iter().enumerate() {
            match self.new_index_block(*prefix, purpose) {
                Ok(block) => blocks[n] = block,
                Err(failure) => {
                    blocks[..n].iter().for_each(|&block| self.release(block_of(block)));
                    return Err(failure);
                }
            }
        }
        let blocks = &blocks[..new.len()];
        for &from in old {
            for slot in 0..SLOTS {
                let at = from + BLOCK_HEAD + slot * SLOT;
                let (hash, record) = (self.file.map.word(at).get(), self.file.map.word(at + 8).get());
                if record > REMOVED
                    && let Some(n) = new.iter().position(|prefix| prefix.holds(hash))
                {
                    self.copy_slot(blocks[n], hash, record);
                }
            }
        }
        for n in 0..2 {
            header.replacements[n].set(blocks.get(n).copied().unwrap_or(0));
        }
        header.replacing[1].set(old.get(1).copied().unwrap_or(0));
        // From here on a process that takes over finishes this.
        header.replacing[0].store(old[0], Ordering::Release);
        self.finish_replacing();
        Ok(())
    }

    /// Enters the replacements that the header names into the directory and frees what they
    /// replace. Doing it twice does no harm.
    pub fn finish_replacing(&self) {
        let header = self.header();
        if header.replacing[0].get() == 0 {
            return;
        }
        for block in header.replacements.iter().map(|word| word.get()).filter(|&block| block != 0) {
            self.enter(block);
        }
        let old = header.replacing.each_ref().map(|word| word.get());
        header.replacing[0].store(0, Ordering::Release);
        header.index_epoch.store(header.index_epoch.get().wrapping_add(1), Ordering::Release);
        for block in old.into_iter().filter(|&block| block != 0) {
            self.release(block_of(block));
        }
    }

    /// Lets every directory entry of a block's prefix name it.
    fn enter(&self, block: u64) {
        let root = self.root();
        let prefix = self.prefix(block);
        let wide = root.log2.saturating_sub(prefix.depth);
        let first = prefix.bits << wide;
        for entry in first..first.saturating_add(1 << wide).min(self.view().entries(root)) {
            self.file.map.word(root.offset + entry * 8).store(block, Ordering::Release);
        }
    }

    fn new_index_block(&self, prefix: Prefix, purpose: Purpose) -> Result<u64, Failure> {
        let run = self.allocate(Kind::Index, 1, BLOCK, purpose)?;
        let (block, map) = (block_offset(run), &self.file.map);
        map.zero(block + INDEX_COUNTS, BLOCK - INDEX_COUNTS);
        map.word(block + INDEX_PREFIX).set(prefix.word());
        self.begin(run);
        Ok(block)
    }

    fn copy_slot(&self, block: u64, hash: u64, record: u64) {
        if let Search::Miss(Some(slot)) = self.search_block(block, hash, |_| false) {
            self.file.map.word(slot).set(hash);
            self.file.map.word(slot + 8).set(record);
            let counts = self.counts(block);
            self.set_counts(block, Counts { used: counts.used + 1, filled: counts.filled + 1 });
        }
    }

    /// Makes the directory twice as long, as a copy.
    fn double_directory(&self, purpose: Purpose) -> Result<(), Failure> {
        let header = self.header();
        let old = self.root();
        if old.log2 >= MAX_DEPTH {
            return Err(Failure::Damaged("its index is full".into()));
        }
        let map = &self.file.map;
        let log2 = old.log2 + 1;
        let bytes = 8u64 << log2;
        // Within the system block the two copies lie side by side: the entries of depth n at the
        // n-th power of two, so that they never overlap.
        let offset = if log2 < FIRST_DIRECTORY_DEPTH {
            header.system.count() + directory_in_system_block(log2)
        } else {
            let blocks = (PAGE + bytes).div_ceil(BLOCK);
            let block = self.allocate(Kind::Directory, blocks, blocks * BLOCK, purpose)?;
            self.begin(block);
            block_offset(block) + PAGE
        };
        for entry in 0..1u64 << old.log2 {
            let block = map.word(old.offset + entry * 8).get();
            map.word(offset + entry * 16).set(block);
            map.word(offset + entry * 16 + 8).set(block);
        }
        let root = Root { offset, log2 }.seal(self.file.identity.store_id);
        header.directory.store(root, Ordering::Release);
        header.index_epoch.store(header.index_epoch.get().wrapping_add(1), Ordering::Release);
        self.release_array(old);
        Ok(())
    }

    /// The index block of an index without keys.
    pub fn first_index_block(&self) -> Result<u64, Failure> {
        self.new_index_block(Prefix { depth: 0, bits: 0 }, Purpose::Reclaim)
    }

    /// Makes an empty index beside the one in use; returns its root.
    pub fn new_index(&self, depth: u32, purpose: Purpose) -> Result<Root, Failure> {
        let blocks = (PAGE + (8u64 << depth)).div_ceil(BLOCK);
        let directory = self.allocate(Kind::Directory, blocks, blocks * BLOCK, purpose)?;
        let map = &self.file.map;
        self.begin(directory);
        let offset = block_offset(directory) + PAGE;
        map.zero(offset, 8 << depth);
        let root = Root { offset, log2: depth };
        for entry in 0..1u64 << depth {
            match self.new_index_block(Prefix { depth, bits: entry }, purpose) {
                Ok(block) => map.word(offset + entry * 8).set(block),
                Err(failure) => {
                    self.free_index(root);
                    return Err(failure);
                }
            }
        }
        Ok(root)
    }

    /// Enters a key into an index that nobody else sees yet; false where its block is full.
    pub fn insert_into(&self, root: Root, hash: u64, record: u64) -> bool {
        let Some(block) = self.view().index_block(hash, root) else {
            self.file.map.poison();
            return true;
        };
        let fits = self.counts(block).filled < FULL;
        if fits {
            self.copy_slot(block, hash, record);
        }
        fits
    }

    /// Gives back all blocks of an index that is no longer the one in use.
    pub fn free_index(&self, root: Root) {
        let mut last = 0;
        for entry in 0..self.view().entries(root) {
            let block = self.file.map.word(root.offset + entry * 8).get();
            if block != 0 && block != last {
                self.release(block_of(block));
            }
            last = block;
        }
        self.release_array(root);
    }

    /// Counts again what an interrupted operation may have left miscounted.
    pub fn recount_index(&self) {
        let mut keys = 0;
        self.for_each_index_block(|block| {
            let mut counts = Counts { used: 0, filled: 0 };
            for slot in 0..SLOTS {
                let record = self.file.map.word(block + BLOCK_HEAD + slot * SLOT + 8).get();
                counts.used += u64::from(record > REMOVED);
                counts.filled += u64::from(record != EMPTY);
            }
            self.set_counts(block, counts);
            keys += counts.used;
        });
        self.header().keys.set(keys);
    }
}

/// Where in the system block a directory of this depth lies: one behind the other.
pub fn directory_in_system_block(depth: u32) -> u64 {
    FIRST_DIRECTORY_AT + if depth == 0 { 0 } else { 8 << depth }
}
