//! The hash table that all processes share: from a key's hash to the offset of its newest record.
//!
//! Extendible hashing: a directory, indexed by the leading bits of the hash, names index blocks; a
//! block that fills up is replaced by a larger one, or, where it is one of the largest, by two, so that no operation
//! ever pays for more than one block.
//! Blocks are replaced by copies, never rearranged: a reader in the old block finds everything
//! that was there when it came. Before the old block is freed `index_epoch` moves, and a reader
//! that sees it moved starts over.
//!
//! In a block: linear probing over slots of hash and offset. A slot's hash is written while its
//! offset says "nobody"; storing the offset publishes both.

use super::error::Failure;
use super::format::*;
use super::header::Root;
use super::header::small_directory;
use super::lock::WriteGuard;
use super::log::record::Records;
use super::reference::{Class, Ref};
use super::space::{Purpose, Space};
use super::view::View;
use std::ops::Deref;
use std::sync::atomic::Ordering;

/// Slots that may be in use (or have been) before a block is replaced: three quarters.
#[inline]
fn full(class: Class) -> u64 {
    class.slots() / 4 * 3
}

/// A pair of blocks with fewer keys than this, taken together, becomes one; one with fewer than half of that, a smaller one.
fn sparse(class: Class) -> u64 {
    class.slots() / 4
}

/// The smallest block of an index for so many keys, and some more; `None`: one is not enough.
pub fn smallest_for(keys: u64) -> Option<Class> {
    Class::all().find(|&class| keys < full(class))
}
/// The directory's limit: 2^24 blocks of some two thousand keys.
const MAX_DEPTH: u32 = 24;

/// A record that was found, and everything to check that it was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The slot that names it.
    pub slot: Ref,
    /// The record.
    pub record: Ref,
}

/// Where a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    Hit(Hit),
    /// Not there; the slot is where it would go, `None` in a block without any room.
    Miss(Option<Ref>),
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
    pub fn index_block(&self, hash: u64, root: Root) -> Option<Ref> {
        let entry = hash.checked_shr(64 - root.log2).unwrap_or(0);
        let block = Ref::of_word(self.word(root.offset + entry * 8)?.load(Ordering::Acquire));
        self.has_block(block).then_some(block)
    }

    /// Looks for a key in one index block. `is_key` decides whether the
    /// record that a slot names is the key's.
    #[inline]
    pub fn search_block(&self, block: Ref, hash: u64, mut is_key: impl FnMut(Hit) -> bool) -> Option<Search> {
        let (first, slots) = (block.plus(BLOCK_HEAD), block.class()?.slots());
        let mut slot = home_slot(hash, slots);
        let mut gap = None;
        for _ in 0..slots {
            let at = first.plus(slot * SLOT);
            let record = self.word(at.offset() + 8)?.load(Ordering::Acquire);
            if record == EMPTY {
                return Some(Search::Miss(gap.or(Some(at))));
            }
            if record == REMOVED {
                gap = gap.or(Some(at));
            } else if self.word(at.offset())?.get() == hash {
                let hit = Hit { slot: at, record: Ref::of_word(record) };
                if is_key(hit) {
                    return Some(Search::Hit(hit));
                }
            }
            slot = if slot + 1 == slots { 0 } else { slot + 1 };
        }
        Some(Search::Miss(gap))
    }

    /// How many entries a directory has: whatever its root says, they fit the file.
    pub fn entries(&self, root: Root) -> u64 {
        let end = self.end().min(page_offset(self.file.pages()));
        (1 << root.log2.min(MAX_DEPTH)).min(end.saturating_sub(root.offset) / 8)
    }

    /// Every block once of the index with this root. `None`: there are none, or some twice.
    fn for_each_block_of(&self, root: Root, mut visit: impl FnMut(Ref) -> Option<()>) -> Option<()> {
        let mut last = Ref::NONE;
        let mut left = self.pages();
        let entries = self.entries(root);
        if entries < 1 << root.log2.min(MAX_DEPTH) {
            // It lies beyond the view, in part at least: in pages that have come since.
            return None;
        }
        for entry in 0..entries {
            let block = Ref::of_word(self.word(root.offset + entry * 8)?.load(Ordering::Acquire));
            if block != last {
                if !self.has_block(block) || self.file.map.is_poisoned() {
                    return None;
                }
                // More than there are: the directory names some of them time and again.
                left = left.checked_sub(block.class()?.pages())?;
                visit(block)?;
            }
            last = block;
        }
        Some(())
    }

    /// Every slot in use: `(slot, hash, record)` of the index with this root. `None`: there is no whole index.
    pub fn for_each_slot_of(&self, root: Root, mut visit: impl FnMut(Ref, u64, Ref)) -> Option<()> {
        self.for_each_block_of(root, |block| {
            for slot in 0..block.class()?.slots() {
                let at = block.plus(BLOCK_HEAD + slot * SLOT);
                let record = self.word(at.offset() + 8)?.load(Ordering::Acquire);
                let hash = self.word(at.offset())?.get();
                // In the middle of a split the old block still names what the new one does.
                if record > REMOVED && self.index_block(hash, root)? == block {
                    visit(at, hash, Ref::of_word(record));
                }
            }
            Some(())
        })
    }

    /// Every slot in use of the block that a hash belongs to, from that hash on: `(slot, record)`. Returns the hash with which the next block
    /// begins; no hash: this was the last one. `None`: there is no such block.
    pub fn for_each_slot_from(&self, from: u64, root: Root, mut visit: impl FnMut(Ref, Ref)) -> Option<Option<u64>> {
        let block = self.index_block(from, root)?;
        for slot in 0..block.class()?.slots() {
            let at = block.plus(BLOCK_HEAD + slot * SLOT);
            let record = self.word(at.offset() + 8)?.load(Ordering::Acquire);
            let hash = self.word(at.offset())?.get();
            if record > REMOVED && hash >= from && self.index_block(hash, root)? == block {
                visit(at, Ref::of_word(record));
            }
        }
        let entries = self.entries(root);
        let mut next = from.checked_shr(64 - root.log2).unwrap_or(0) + 1;
        while next < entries && Ref::of_word(self.word(root.offset + next * 8)?.load(Ordering::Acquire)) == block {
            next += 1;
        }
        Some(if next < entries { next.checked_shl(64 - root.log2) } else { None })
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

    /// The index block of a hash; none, in a mapping that is poisoned then, where there is none.
    #[inline]
    fn index_block(&self, hash: u64) -> Ref {
        self.view().index_block(hash, self.root()).unwrap_or_else(|| {
            self.file.map.poison();
            Ref::NOWHERE
        })
    }

    #[inline]
    fn search_block(&self, block: Ref, hash: u64, is_key: impl FnMut(Hit) -> bool) -> Search {
        self.view().search_block(block, hash, is_key).unwrap_or_else(|| {
            self.file.map.poison();
            Search::Miss(None)
        })
    }

    /// Every block of the index once.
    pub fn for_each_index_block(&self, mut visit: impl FnMut(Ref)) {
        let visit = |block| {
            visit(block);
            Some(())
        };
        if self.view().for_each_block_of(self.root(), visit).is_none() {
            self.file.map.poison();
        }
    }

    /// Every slot in use: `(slot, hash, record)`.
    pub fn for_each_slot(&self, visit: impl FnMut(Ref, u64, Ref)) {
        if self.view().for_each_slot_of(self.root(), visit).is_none() {
            self.file.map.poison();
        }
    }

    fn root(&self) -> Root {
        Root::open(self.header().directory.get())
    }

    fn counts(&self, block: Ref) -> Counts {
        Counts::of(self.file.map.word(block.offset() + INDEX_COUNTS).get())
    }

    fn set_counts(&self, block: Ref, counts: Counts) {
        self.file.map.word(block.offset() + INDEX_COUNTS).set(counts.word());
    }

    fn prefix(&self, block: Ref) -> Prefix {
        Prefix::of(self.file.map.word(block.offset() + INDEX_PREFIX).get())
    }

    /// The class of a block that was found by the directory.
    #[inline]
    fn class(block: Ref) -> Class {
        block.class().unwrap_or(Class::LARGEST)
    }

    /// Looks a key up. The record that is found is the newest, as nobody else writes now.
    #[inline]
    pub fn search(&self, hash: u64, key: &EncodedKey) -> Search {
        self.search_block(self.index_block(hash), hash, |hit| self.view().is_record_of(hit.record, key))
    }

    /// As [`Index::search`], where nobody has left the file half done.
    #[inline]
    pub fn find(&self, hash: u64, key: &EncodedKey) -> Search {
        self.search_block(self.index_block(hash), hash, |hit| self.view().is_written_of(hit.record, key))
    }

    /// Makes sure that a key that is not there can be inserted without asking for space: done
    /// before its record is published, so that nothing after that can fail. True: it had to move others, so
    /// that a slot that was found for the key is none of it any more.
    #[inline]
    pub fn make_room(&self, hash: u64) -> Result<bool, Failure> {
        let block = self.index_block(hash);
        let is_full = self.counts(block).filled >= full(Self::class(block));
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
            if self.counts(block).filled < full(Self::class(block)) {
                return Ok(());
            }
            self.replace_by_larger(block, 1, purpose)?;
        }
        Err(Failure::Damaged("its index does not divide".into()))
    }

    /// As [`Index::make_room`], for many keys, whose hashes are sorted.
    pub fn make_room_for(&self, hashes: &[u64]) -> Result<(), Failure> {
        let mut rest = hashes;
        let mut tries = 0;
        while let Some(&hash) = rest.first() {
            let block = self.index_block(hash);
            let prefix = self.prefix(block);
            let count = rest.partition_point(|&hash| prefix.holds(hash));
            if self.counts(block).filled + count as u64 <= full(Self::class(block)) && count > 0 {
                rest = &rest[count..];
                tries = 0;
                continue;
            }
            if count == 0 || tries > MAX_DEPTH + Class::COUNT as u32 {
                return Err(Failure::Damaged("its index does not divide".into()));
            }
            tries += 1;
            self.replace_by_larger(block, count as u64, Purpose::Write)?;
        }
        Ok(())
    }

    /// Puts a block with more room in the place of one that has too little for so many more keys, or two.
    fn replace_by_larger(&self, block: Ref, more: u64, purpose: Purpose) -> Result<(), Failure> {
        let (counts, class, prefix) = (self.counts(block), Self::class(block), self.prefix(block));
        if counts.used + more <= full(class) / 2 {
            return self.replace_blocks(&[block], &[(prefix, class)], purpose);
        }
        if let Some(larger) = class.larger() {
            return self.replace_blocks(&[block], &[(prefix, larger)], purpose);
        }
        if prefix.depth == self.root().log2 {
            self.double_directory(purpose)?;
        }
        self.replace_blocks(&[block], &[(prefix.child(0), class), (prefix.child(1), class)], purpose)
    }

    /// Enters a key that is not there.
    #[inline]
    pub fn insert(&self, hash: u64, slot: Ref, record: Ref) {
        let map = &self.file.map;
        let block = Self::block_of(slot);
        let was_empty = map.word(slot.offset() + 8).get() == EMPTY;
        map.word(slot.offset()).set(hash);
        map.word(slot.offset() + 8).store(record.word(), Ordering::Release);
        let counts = self.counts(block);
        self.set_counts(block, Counts { used: counts.used + 1, filled: counts.filled + u64::from(was_empty) });
        if !self.is_item(record) {
            self.header().keys.add(1);
        }
    }

    /// Whether a record is that of an item in consumption, which is no key of a program's.
    #[inline]
    fn is_item(&self, record: Ref) -> bool {
        self.header().consuming.get() != 0 && self.view().is_item(record) == Some(true)
    }

    /// Lets a key's slot name another record.
    #[inline]
    pub fn point(&self, slot: Ref, record: Ref) {
        self.file.map.word(slot.offset() + 8).store(record.word(), Ordering::Release);
    }

    /// The block that a slot is in.
    #[inline]
    fn block_of(slot: Ref) -> Ref {
        Ref::to_block(slot.page(), Self::class(slot))
    }

    /// Takes a key out.
    pub fn delete(&self, slot: Ref) {
        let map = &self.file.map;
        let (block, class) = (Self::block_of(slot), Self::class(slot));
        let is_item = self.is_item(map.word(slot.offset() + 8).reference());
        map.word(slot.offset() + 8).store(REMOVED, Ordering::Release);
        let mut counts = self.counts(block);
        counts.used = counts.used.saturating_sub(1);
        // Behind the last key of a chain nobody needs to look on: such slots are empty again.
        let slots = block.offset() + BLOCK_HEAD;
        let neighbour = |at: u64, by: u64| slots + ((at - slots) / SLOT + by) % class.slots() * SLOT;
        let mut at = slot.offset();
        while map.word(at + 8).get() == REMOVED && map.word(neighbour(at, 1) + 8).get() == EMPTY {
            map.word(at + 8).store(EMPTY, Ordering::Release);
            counts.filled = counts.filled.saturating_sub(1);
            at = neighbour(at, class.slots() - 1);
        }
        self.set_counts(block, counts);
        let header = self.header();
        if is_item {
            header.consuming.add(-1)
        } else {
            header.keys.add(-1)
        }
        if counts.used < sparse(class) / 2 {
            self.shrink(block);
        }
    }

    /// Puts a block that has become sparse and the one it was split from together again, if that is sparse, too; a block
    /// that was never split becomes a smaller one. Without space for that it is left for another time.
    #[cold]
    fn shrink(&self, block: Ref) {
        let prefix = self.prefix(block);
        if prefix.depth == 0 {
            if let Some(smaller) = Self::class(block).smaller() {
                let _ = self.replace_blocks(&[block], &[(prefix, smaller)], Purpose::Spare);
            }
            return;
        }
        let sibling_bits = (prefix.bits ^ 1) << (64 - prefix.depth);
        let sibling = self.index_block(sibling_bits);
        let used = self.counts(sibling).used + self.counts(block).used;
        if sibling == block || self.prefix(sibling).depth != prefix.depth || used > sparse(Class::LARGEST) {
            return;
        }
        let parent = Prefix { depth: prefix.depth - 1, bits: prefix.bits >> 1 };
        let _ = self.replace_blocks(&[block, sibling], &[(parent, Class::LARGEST)], Purpose::Spare);
    }

    /// Puts new blocks with these prefixes in the place of old ones, with the same keys.
    fn replace_blocks(&self, old: &[Ref], new: &[(Prefix, Class)], purpose: Purpose) -> Result<(), Failure> {
        let header = self.header();
        let mut blocks = [Ref::NONE; 2];
        for (n, &(prefix, class)) in new.iter().enumerate() {
            match self.new_index_block(prefix, class, purpose) {
                Ok(block) => blocks[n] = block,
                Err(failure) => {
                    blocks[..n].iter().for_each(|block| self.release(block.page()));
                    return Err(failure);
                }
            }
        }
        let blocks = &blocks[..new.len()];
        for &from in old {
            for slot in 0..Self::class(from).slots() {
                let at = from.offset() + BLOCK_HEAD + slot * SLOT;
                let (hash, record) = (self.file.map.word(at).get(), self.file.map.word(at + 8).get());
                if record > REMOVED
                    && let Some(n) = new.iter().position(|(prefix, _)| prefix.holds(hash))
                {
                    self.copy_slot(blocks[n], hash, Ref::of_word(record));
                }
            }
        }
        // Where a page of the new blocks was missing, what was written there has gone nowhere.
        self.file.check_sound()?;
        for n in 0..2 {
            header.replacements[n].set(blocks.get(n).map_or(0, |block| block.word()));
        }
        header.replacing[1].set(old.get(1).map_or(0, |block| block.word()));
        // From here on a process that takes over finishes this.
        header.replacing[0].store(old[0].word(), Ordering::Release);
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
        for block in header.replacements.iter().map(|word| word.reference()).filter(|block| !block.is_none()) {
            self.enter_in_directory(block);
        }
        let old = header.replacing.each_ref().map(|word| word.reference());
        header.replacing[0].store(0, Ordering::Release);
        header.index_epoch.store(header.index_epoch.get().wrapping_add(1), Ordering::Release);
        for block in old.into_iter().filter(|block| !block.is_none()) {
            self.release(block.page());
        }
    }

    /// Lets every directory entry of a block's prefix name it.
    fn enter_in_directory(&self, block: Ref) {
        let root = self.root();
        let prefix = self.prefix(block);
        let wide = root.log2.saturating_sub(prefix.depth);
        let first = prefix.bits << wide;
        for entry in first..first.saturating_add(1 << wide).min(self.view().entries(root)) {
            self.file.map.word(root.offset + entry * 8).store(block.word(), Ordering::Release);
        }
    }

    fn new_index_block(&self, prefix: Prefix, class: Class, purpose: Purpose) -> Result<Ref, Failure> {
        let block = self.allocate_block(Kind::Index, class, purpose)?;
        let (offset, map) = (block.offset(), &self.file.map);
        map.zero(offset + INDEX_COUNTS, class.size() - INDEX_COUNTS);
        map.word(offset + INDEX_PREFIX).set(prefix.word());
        self.begin(block.page());
        Ok(block)
    }

    fn copy_slot(&self, block: Ref, hash: u64, record: Ref) {
        if let Search::Miss(Some(slot)) = self.search_block(block, hash, |_| false) {
            self.file.map.word(slot.offset()).set(hash);
            self.file.map.word(slot.offset() + 8).set(record.word());
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
        let offset = self.place_for_directory(log2, purpose)?;
        for entry in 0..1u64 << old.log2 {
            let block = map.word(old.offset + entry * 8).get();
            map.word(offset + entry * 16).set(block);
            map.word(offset + entry * 16 + 8).set(block);
        }
        let root = Root { offset, log2 }.seal(self.file.identity.store_id);
        self.file.check_sound()?;
        header.directory.store(root, Ordering::Release);
        header.index_epoch.store(header.index_epoch.get().wrapping_add(1), Ordering::Release);
        self.release_array(old);
        Ok(())
    }

    /// Room for a directory that replaces the one in use: in the header page, or in a run of its own.
    fn place_for_directory(&self, log2: u32, purpose: Purpose) -> Result<u64, Failure> {
        // In the header page the two copies lie side by side: the entries of depth n at the n-th power of two, so that
        // they never overlap. (The header of a file that is being imported is not in the mapping.)
        if log2 <= SMALL_DEPTH && !self.file.map.is_draft() {
            return Ok(small_directory(log2));
        }
        self.run_for_directory(log2, purpose)
    }

    fn run_for_directory(&self, log2: u32, purpose: Purpose) -> Result<u64, Failure> {
        let page = self.allocate_run(Kind::Directory, (BLOCK_HEAD + (8 << log2)).div_ceil(PAGE), purpose)?;
        self.begin(page);
        Ok(page_offset(page) + BLOCK_HEAD)
    }

    /// Makes the index of a store without keys, and uses it.
    pub fn make_first_index(&self) -> Result<(), Failure> {
        let offset = self.place_for_directory(0, Purpose::Spare)?;
        let block = self.new_index_block(Prefix { depth: 0, bits: 0 }, Class::SMALLEST, Purpose::Spare)?;
        self.file.map.word(offset).set(block.word());
        self.file.check_sound()?;
        let root = Root { offset, log2: 0 }.seal(self.file.identity.store_id);
        self.header().directory.store(root, Ordering::Release);
        Ok(())
    }

    /// Makes an empty index of blocks of this class beside the one in use; returns its root.
    pub fn new_index(&self, depth: u32, class: Class, purpose: Purpose) -> Result<Root, Failure> {
        let map = &self.file.map;
        let offset = self.run_for_directory(depth, purpose)?;
        map.zero(offset, 8 << depth);
        let root = Root { offset, log2: depth };
        for entry in 0..1u64 << depth {
            match self.new_index_block(Prefix { depth, bits: entry }, class, purpose) {
                Ok(block) => map.word(offset + entry * 8).set(block.word()),
                Err(failure) => {
                    self.free_index(root);
                    return Err(failure);
                }
            }
        }
        Ok(root)
    }

    /// Enters a key into an index that nobody else sees yet; false where its block is full.
    pub fn insert_into(&self, root: Root, hash: u64, record: Ref) -> bool {
        let Some(block) = self.view().index_block(hash, root) else {
            self.file.map.poison();
            return true;
        };
        let fits = self.counts(block).filled < full(Self::class(block));
        if fits {
            self.copy_slot(block, hash, record);
        }
        fits
    }

    /// Gives back all blocks of an index that is no longer the one in use.
    pub fn free_index(&self, root: Root) {
        let mut last = Ref::NONE;
        for entry in 0..self.view().entries(root) {
            let block = self.file.map.word(root.offset + entry * 8).reference();
            if !block.is_none() && block != last {
                self.release(block.page());
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
            for slot in 0..Self::class(block).slots() {
                let record = self.file.map.word(block.offset() + BLOCK_HEAD + slot * SLOT + 8).get();
                counts.used += u64::from(record > REMOVED);
                counts.filled += u64::from(record != EMPTY);
            }
            self.set_counts(block, counts);
            keys += counts.used;
        });
        let (header, mut items) = (self.header(), 0);
        if header.consuming.get() != 0 {
            self.for_each_slot(|_, _, record| items += u64::from(self.is_item(record)));
        }
        header.keys.set(keys - items.min(keys));
        header.consuming.set(items);
    }
}
