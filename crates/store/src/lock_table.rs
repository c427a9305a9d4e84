//! The table of named locks: a hash table in a run of its own, of slots that each have room for a name.
//!
//! The locks are no records of the log: taking one is no change of what is stored, moves no reader's `commit`, wakes nobody
//! that waits for a change, and is not lost with everything else when that is replaced. Only the owner of the write lock
//! changes the table. A slot belongs to somebody when the word of its owner says so, which is stored last; all else in it may be
//! half written by then, of somebody who died. So a slot without an owner means nothing but that the search goes on behind it.

use super::error::Failure;
use super::file::File;
use super::format::{BLOCK_HEAD, GENERATION, Kind, PAGE, home_slot, page_of, page_offset, parse_ext_word};
use super::header::Word;
use super::lock::WriteGuard;
use super::space::{Purpose, Space};
use std::ops::Deref;
use std::sync::atomic::{Ordering, fence};
use sync_backend::{LockName, LockSpace};
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

/// Bytes of a slot: words, and room for a name.
pub const SLOT: u64 = 256;
/// Bytes of a longer name that are kept, beside its length and digest.
pub const INLINE: u64 = 168;
const NAME: u64 = SLOT - INLINE;
/// Bytes before the list's key in the name of an item in consumption: its token.
pub const ITEM_TOKEN: usize = 8;

/// The name of an item in consumption.
pub fn item_name(token: u64, list: &[u8]) -> Vec<u8> {
    [&token.to_be_bytes()[..], list].concat()
}

/// Offset in the run: slots that are somebody's (low half), slots that were ever used (high half).
const COUNTS: u64 = 16;
/// One that has given its turn has all the time that this takes; then its lock is anybody's.
const TURN_GIVEN: u64 = 1 << 63;

/// The owner of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Nobody,
    /// This lease's thread has the lock.
    Has(u32),
    /// It was this lease's turn, and it has not taken it up yet.
    Called(u32),
}

impl Owner {
    fn word(self) -> u64 {
        match self {
            Self::Nobody => 0,
            Self::Has(lease) => u64::from(lease) + 1,
            Self::Called(lease) => TURN_GIVEN | (u64::from(lease) + 1),
        }
    }

    fn of(word: u64) -> Self {
        match ((word as u32).checked_sub(1), word & TURN_GIVEN) {
            (None, _) => Self::Nobody,
            (Some(lease), 0) => Self::Has(lease),
            (Some(lease), _) => Self::Called(lease),
        }
    }
}

/// A name, as the table knows it.
#[derive(Clone, Copy)]
pub struct LockKey<'a> {
    pub lock: LockName<'a>,
    /// Never 0.
    pub hash: u64,
    digest: u128,
}

impl<'a> LockKey<'a> {
    /// A lock of the store with this hash seed.
    pub fn new(hash_seed: u64, lock: LockName<'a>) -> Self {
        let seed = hash_seed ^ (lock.space as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let is_long = lock.name.len() as u64 > INLINE;
        Self {
            lock,
            hash: xxh3_64_with_seed(lock.name, seed).max(1),
            digest: if is_long { xxh3_128_with_seed(lock.name, seed) } else { 0 },
        }
    }

    /// Space and length.
    fn kind(&self) -> u64 {
        (self.lock.space as u64) << 56 | self.lock.name.len() as u64
    }

    fn kept(&self) -> &'a [u8] {
        &self.lock.name[..self.lock.name.len().min(INLINE as usize)]
    }
}

/// A slot of the table.
#[derive(Clone, Copy)]
pub struct LockSlot<'f> {
    file: &'f File,
    at: u64,
}

impl<'f> LockSlot<'f> {
    fn word(self, at: u64) -> &'f Word {
        self.file.map.word(self.at + at)
    }

    /// The hash of its name; 0: it was never used, and no search goes on behind it.
    pub fn hash(self) -> &'f Word {
        self.word(0)
    }

    /// The object of the owner.
    pub fn object(self) -> &'f Word {
        self.word(16)
    }

    /// Its fiber.
    pub fn fiber(self) -> &'f Word {
        self.word(24)
    }

    /// Its token.
    pub fn token(self) -> &'f Word {
        self.word(32)
    }

    /// Since when it is the owner, or it was called (ns since 1970).
    pub fn since(self) -> &'f Word {
        self.word(40)
    }

    /// The pid of its process: should its lease have another owner by now.
    pub fn pid(self) -> &'f Word {
        self.word(48)
    }

    /// The place in line of one that was called: its number (low half) and mark.
    pub fn place(self) -> &'f Word {
        self.word(56)
    }

    fn kind(self) -> &'f Word {
        self.word(64)
    }

    /// The space of its name.
    pub fn space(self) -> Option<LockSpace> {
        LockSpace::from_number((self.kind().get() >> 56) as u8)
    }

    pub fn owner(self) -> Owner {
        Owner::of(self.word(8).load(Ordering::Acquire))
    }

    /// Gives it to somebody, or nobody: what else the slot says of an owner comes before.
    pub fn set_owner(self, owner: Owner) {
        self.word(8).store(owner.word(), Ordering::Release);
    }

    fn is_of(self, key: &LockKey) -> bool {
        let kept = key.kept();
        self.hash().get() == key.hash
            && self.kind().get() == key.kind()
            && u128::from(self.word(72).get()) | u128::from(self.word(80).get()) << 64 == key.digest
            // SAFETY: `LockTable::of` has seen to it that the run, of which this is a slot, is inside of the mapping; no more of a
            // name is kept than there is room for.
            && unsafe { self.file.map.equals_inside(self.at + NAME, kept) }
    }

    /// Writes a name down. The slot is nobody's.
    fn name(self, key: &LockKey) {
        self.kind().set(key.kind());
        self.word(72).set(key.digest as u64);
        self.word(80).set((key.digest >> 64) as u64);
        self.file.map.write(self.at + NAME, key.kept());
        self.hash().set(key.hash);
    }

    /// The name, as far as it is kept, and how long it is. The slot may change meanwhile.
    pub fn read_name(self) -> Option<(LockSpace, u64, Vec<u8>)> {
        let kind = self.kind().get();
        let (space, length) = (LockSpace::from_number((kind >> 56) as u8)?, kind << 8 >> 8);
        let mut name = Vec::with_capacity(INLINE as usize);
        // SAFETY: as in `is_of`.
        let copied = unsafe { self.file.map.copy_inside(self.at + NAME, length.min(INLINE), &mut name) };
        copied.then_some((space, length, name))
    }
}

/// The outcome of a search.
struct Probe<'f> {
    found: Option<LockSlot<'f>>,
    /// The first slot on the way that is nobody's.
    free: Option<LockSlot<'f>>,
}

/// How far somebody has come in going through the slots of a table.
#[derive(Default)]
pub struct SlotPlace {
    run: u64,
    next: u64,
}

/// The table of a file, to look at.
#[derive(Clone, Copy)]
pub struct LockTable<'f> {
    file: &'f File,
    run: u64,
    count: u64,
    /// The run's own number in this life of it.
    generation: u64,
}

impl<'f> LockTable<'f> {
    /// The table, if there is one, for somebody who has the write lock. (A header may tell of anything.)
    pub fn of(file: &'f File) -> Option<Self> {
        Self::at(file, file.map.header().lock_table.load(Ordering::Acquire))
    }

    /// The table that begins there, if one does.
    fn at(file: &'f File, run: u64) -> Option<Self> {
        let end = page_offset(file.pages());
        if run < PAGE || !run.is_multiple_of(PAGE) || run >= end {
            return None;
        }
        let (Kind::Locks, length, ..) = parse_ext_word(file.map.word(run).load(Ordering::Acquire))? else {
            return None;
        };
        let generation = file.map.word(run + GENERATION).load(Ordering::Acquire);
        (length >= PAGE && length <= end - run).then(|| Self { file, run, count: slots_in(length), generation })
    }

    /// Looks at the table without the write lock: at no slot where there is none. `None`: the table has moved meanwhile, and its run may
    /// have become anything, another table as well; or the header lies.
    pub fn look<T>(file: &'f File, look: impl FnOnce(Option<Self>) -> T) -> Option<T> {
        let run = file.map.header().lock_table.load(Ordering::Acquire);
        let table = Self::at(file, run);
        if table.is_none() && run != 0 {
            return None;
        }
        let seen = look(table);
        // All that was read of it comes before.
        fence(Ordering::Acquire);
        let has_stayed = |table: Self| file.map.word(run + GENERATION).load(Ordering::Relaxed) == table.generation;
        let stays = file.map.header().lock_table.load(Ordering::Relaxed) == run;
        (stays && table.is_none_or(has_stayed)).then_some(seen)
    }

    /// All slots, those of nobody as well.
    pub fn slots(self) -> impl Iterator<Item = LockSlot<'f>> {
        (0..self.count).map(move |number| self.slot(number))
    }

    /// The next slot like that, behind a place; from the beginning where the table has moved since.
    pub fn next_slot(self, place: &mut SlotPlace, is_such: impl Fn(&LockSlot<'f>) -> bool) -> Option<LockSlot<'f>> {
        let first = if place.run == self.run { place.next } else { 0 };
        let number = (first..self.count).find(|number| is_such(&self.slot(*number)))?;
        *place = SlotPlace { run: self.run, next: number + 1 };
        Some(self.slot(number))
    }

    /// The items in consumption, those of dead owners as well.
    pub fn items(self) -> impl Iterator<Item = LockSlot<'f>> {
        self.slots().filter(|slot| slot.owner() != Owner::Nobody && slot.space() == Some(LockSpace::Consumed))
    }

    fn slot(self, number: u64) -> LockSlot<'f> {
        LockSlot { file: self.file, at: self.run + BLOCK_HEAD + number * SLOT }
    }

    /// The slots from the one on at which the search for a hash starts, as far as they were ever used, and one more.
    fn way(self, hash: u64) -> impl Iterator<Item = LockSlot<'f>> {
        let home = home_slot(hash, self.count);
        let mut is_last = false;
        (0..self.count)
            .map(move |n| self.slot((home + n) % self.count))
            .take_while(move |slot| !std::mem::replace(&mut is_last, slot.hash().get() == 0))
    }

    fn probe(self, key: &LockKey) -> Probe<'f> {
        let mut free = None;
        for slot in self.way(key.hash) {
            if slot.is_of(key) {
                return Probe { found: Some(slot), free };
            }
            if free.is_none() && slot.owner() == Owner::Nobody {
                free = Some(slot);
            }
        }
        Probe { found: None, free }
    }

    /// The slot of a name, whether it is somebody's or not.
    pub fn find(self, key: &LockKey) -> Option<LockSlot<'f>> {
        self.probe(key).found
    }

    fn counts(self) -> &'f Word {
        self.file.map.word(self.run + COUNTS)
    }

    fn held(self) -> u64 {
        u64::from(self.counts().get() as u32).min(self.count)
    }

    fn used(self) -> u64 {
        (self.counts().get() >> 32).min(self.count)
    }

    fn set_counts(self, held: u64, used: u64) {
        self.counts().set(used << 32 | held);
    }
}

/// How many slots a run of this length has.
fn slots_in(length: u64) -> u64 {
    (length - BLOCK_HEAD) / SLOT
}

/// How many pages have room for so many locks, and as many again.
fn pages_for(held: u64) -> u64 {
    (BLOCK_HEAD + 2 * held * SLOT).div_ceil(PAGE).next_power_of_two()
}

/// The table of a file whose write lock is held.
#[derive(Clone, Copy)]
pub struct LockTableWriter<'g> {
    space: Space<'g>,
}

impl<'g> Deref for LockTableWriter<'g> {
    type Target = Space<'g>;

    fn deref(&self) -> &Space<'g> {
        &self.space
    }
}

impl<'g> LockTableWriter<'g> {
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { space: Space::of(guard) }
    }

    /// As [`LockTableWriter::of`], for one that has the space of the file already.
    pub fn in_space(space: Space<'g>) -> Self {
        Self { space }
    }

    pub fn table(&self) -> Option<LockTable<'g>> {
        LockTable::of(self.file)
    }

    /// The slot of a name, whether it is somebody's or not.
    pub fn find(&self, key: &LockKey) -> Option<LockSlot<'g>> {
        self.table()?.find(key)
    }

    /// The slot of a name; makes one for it, which is nobody's, where there is none. On an error nothing has changed.
    pub fn slot_for(&self, key: &LockKey) -> Result<LockSlot<'g>, Failure> {
        let Some(table) = self.table() else {
            self.move_to(0)?;
            return self.table().and_then(|table| self.name_slot(table, key)).ok_or(Failure::Stale);
        };
        if let Some(slot) = table.find(key) {
            return Ok(slot);
        }
        // Searches end at a slot that was never used: there is always one.
        let is_crowded = table.used() >= table.count - table.count / 4;
        if is_crowded && table.probe(key).free.is_none_or(|free| free.hash().get() == 0) {
            match self.move_to(1) {
                Ok(()) => {
                    return self.table().and_then(|table| self.name_slot(table, key)).ok_or(Failure::Stale);
                }
                Err(failure) => return self.name_slot(table, key).ok_or(failure),
            }
        }
        self.name_slot(table, key).ok_or(Failure::Stale)
    }

    /// Gives a name a slot that is nobody's.
    fn name_slot(&self, table: LockTable<'g>, key: &LockKey) -> Option<LockSlot<'g>> {
        let slot = table.probe(key).free?;
        if slot.hash().get() == 0 {
            table.set_counts(table.held(), table.used() + 1);
        }
        slot.name(key);
        Some(slot)
    }

    /// A slot that was nobody's is somebody's now.
    pub fn count_taken(&self) {
        if let Some(table) = self.table() {
            table.set_counts(table.held() + 1, table.used());
        }
    }

    /// Lets a slot be nobody's. It may be gone then, with the room of a table that has become too large.
    pub fn free(&self, slot: LockSlot) {
        slot.set_owner(Owner::Nobody);
        let Some(table) = self.table() else { return };
        table.set_counts(table.held().saturating_sub(1), table.used());
        let fewer = pages_for(table.held());
        if table.held() * 8 < table.count && slots_in(fewer * PAGE) * 2 < table.count {
            // Without space for the smaller one the larger one stays.
            let _ = self.move_to(0);
        }
    }

    /// Moves the locks to a table that has room for them, and so many more.
    #[cold]
    fn move_to(&self, more: u64) -> Result<(), Failure> {
        let header = self.header();
        let old = self.table();
        // (Not as the table counts them: that may come from a file that lies.)
        let held =
            old.into_iter().flat_map(LockTable::slots).filter(|slot| slot.owner() != Owner::Nobody).count() as u64;
        let pages = pages_for(held + more);
        let page = self.allocate_run(Kind::Locks, pages, Purpose::Write)?;
        let (run, count) = (page_offset(page), slots_in(pages * PAGE));
        self.file.map.zero(run + COUNTS, pages * PAGE - COUNTS);
        let new = LockTable { file: self.file, run, count, generation: 0 };
        for slot in old.into_iter().flat_map(LockTable::slots).filter(|slot| slot.owner() != Owner::Nobody) {
            let free = new.way(slot.hash().get()).find(|slot| slot.hash().get() == 0);
            self.file.map.copy_within(slot.at, free.ok_or(Failure::Stale)?.at, SLOT);
        }
        new.set_counts(held, held);
        self.begin(page);
        self.file.check_sound()?;
        header.lock_table.store(run, Ordering::Release);
        if let Some(old) = old {
            self.release(page_of(old.run));
        }
        Ok(())
    }

    /// Counts the slots anew, of which somebody may have died in the middle.
    pub fn recount(&self) {
        if let Some(table) = self.table() {
            let held = table.slots().filter(|slot| slot.owner() != Owner::Nobody).count();
            let used = table.slots().filter(|slot| slot.hash().get() != 0).count();
            table.set_counts(held as u64, used as u64);
        }
    }
}
