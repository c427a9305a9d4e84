//! A hash table from name to entry.
//!
//! A search looks at a few places and no more, for whatever names (PHP's hash has no secret: names may be chosen to have the
//! same). Where those are full the table grows; where they are full although the table is nearly empty, one of the names in
//! them goes.
//!
//! Programs look names up in the same order again and again: in a loop, and each request like the one before. So each entry
//! leads to the one that was looked up after it. Where that has proved right it is looked at first: then nothing of the table is
//! read, whose places are in no order that the processor could foresee, and the memory of the entry after it is asked for ahead.

use std::cell::{Cell, RefCell};
use std::ptr::{self, NonNull};

use ext_php_rs::ffi;

use super::entry::{Entry, LONGEST};
use super::keeper::Keeper;
use super::places::Places;
use super::seen::Sight;
use crate::php::handle::{Backend, Handle, Version};
use crate::php::value::Sharing;
use crate::php::zend::{self, Local, Slot, Value, ZStr};

/// Home places of a table at its start, as a power of two.
const INITIAL: u32 = 4;
/// Homes up to which a table grows to four times as many, not twice.
const FEW: usize = 1024;
/// Tells records apart that have the same number in different files.
const OTHER_SPREAD: u64 = 0xD6E8_FEB8_6659_FD93;
/// Places that may be looked at for each name that is freed: a walk through a sparse table frees one name in sixteen.
const WORTH: usize = 64;
/// Names known to be missing that a table keeps. They come from strangers.
const MISSING: usize = 512;

/// Asks for the memory of an entry ahead.
#[inline(always)]
fn prefetch(entry: *const Entry) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: asking ahead reads nothing, whatever the address is.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(entry.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = entry;
}

/// A table of names.
pub struct Table {
    places: Places,
    /// Which request looks names up.
    now: Cell<u32>,
    /// How often a name was found by a search, and was still right; how often not.
    hits: Cell<u64>,
    misses: Cell<u64>,
    /// The opening of the file that it is about; 0: none.
    opening: u64,
    /// Whether it has values, and its entries lead to each other.
    has_values: bool,
    /// The entry that was looked up last, or null.
    last: Cell<*mut Entry>,
    /// How far it has proved right that names follow each other as they did.
    trust: Cell<u8>,
    /// How many names were added.
    added: Cell<u64>,
    /// How often all of them were forgotten.
    cleared: Cell<u64>,
    /// Null in the table of objects that have no file open.
    keeper: *const Keeper,
    /// The next place to be freed where there is no room for another name.
    hand: Cell<usize>,
    /// The request in which too few names were found that it has not looked up.
    all_used: Cell<u32>,
    /// Places that were looked at in search of names to free, beyond what the names that were freed are worth.
    searched: Cell<usize>,
    missing: RefCell<Missing>,
}

/// Where a search ended: at an entry that does not have the newest value, or nowhere. It is good for as long as that can be told.
#[derive(Clone, Copy)]
pub struct Spot {
    /// The opening of the table; 0: there was no search.
    pub opening: u64,
    entry: *mut Entry,
    /// The entry's stamp; without one, how many names the table had been given.
    mark: u64,
}

impl Spot {
    /// No search.
    pub const NONE: Self = Self { opening: 0, entry: ptr::null_mut(), mark: 0 };
}

/// How a value is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// It is not.
    Not,
    /// As one of this request's.
    Here,
    /// As one that outlives the request, if it can be.
    Beyond,
}

/// How much trust lets [`Table::find`] look at an entry because of the one before, and how much there can be.
const ENOUGH: u8 = 2;
const FULL: u8 = 6;

/// Encoded bytes of a value from which on it is kept when it is met for the first time: to decode it again would cost more.
const LARGE: usize = 4096;

/// The names found missing last: the oldest goes with the next one.
struct Missing {
    entries: Vec<(NonNull<Entry>, u64)>,
    next: usize,
}

impl Table {
    /// An empty table of a thread's, for the values of an opening of a file.
    pub fn new(keeper: &Keeper, opening: u64) -> Self {
        Self { has_values: true, ..Self::of_others(keeper, opening) }
    }

    /// An empty table of a thread's, for something else that is known of that.
    pub fn of_others(keeper: &Keeper, opening: u64) -> Self {
        let table = Self::nowhere();
        table.now.set(keeper.account.now());
        Self { keeper, opening, ..table }
    }

    /// A table that stays empty.
    pub const fn nowhere() -> Self {
        Self {
            places: Places::none(),
            now: Cell::new(0),
            hits: Cell::new(0),
            misses: Cell::new(0),
            opening: 0,
            has_values: false,
            last: Cell::new(ptr::null_mut()),
            trust: Cell::new(0),
            added: Cell::new(0),
            cleared: Cell::new(0),
            keeper: ptr::null(),
            hand: Cell::new(0),
            all_used: Cell::new(0),
            searched: Cell::new(0),
            missing: RefCell::new(Missing { entries: Vec::new(), next: 0 }),
        }
    }

    fn keeper(&self) -> Option<&Keeper> {
        // SAFETY: null, or the thread's, which owns the table.
        unsafe { self.keeper.as_ref() }
    }

    /// The entry of a name.
    ///
    /// # Safety
    /// The entry is not used after anything else was done to the thread's cache: before any call into the engine that might
    /// run user code.
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "entries are shared, and the caller promises to use one at a time")]
    pub unsafe fn find(&self, name: &ZStr) -> Option<&mut Entry> {
        match self.expected(name) {
            Some(entry) => Some(entry),
            None => self.search(name),
        }
    }

    /// The entry of a name, if it is the one that was looked up after the last one before.
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "as for `find`")]
    fn expected(&self, name: &ZStr) -> Option<&mut Entry> {
        if self.trust.get() < ENOUGH {
            return None;
        }
        // SAFETY: there is trust where there was an entry before. The memory of entries stays readable for as long as the thread
        // lives. One that is of this opening, with this name, is in this table: those that are free are of none.
        unsafe {
            let next = (*self.last.get()).next;
            if next.is_null() || !(*next).is_of(name, self.opening) {
                return None;
            }
            prefetch((*next).next);
            self.last.set(next);
            Some(&mut *next)
        }
    }

    /// As [`find`](Self::find), in the table itself.
    #[inline(never)]
    #[expect(clippy::mut_from_ref, reason = "as for `find`")]
    fn search(&self, name: &ZStr) -> Option<&mut Entry> {
        if self.places.used() == 0 {
            return None;
        }
        // SAFETY: the table's entries live; the caller uses one at a time.
        let entry = unsafe { self.places.find(name.hash(), |entry| entry.is_named(name)) }?.as_ptr();
        self.follow(entry);
        // SAFETY: `follow` lets go of no entry, and keeps no reference to one.
        Some(unsafe { &mut *entry })
    }

    /// Notes that an entry was looked up after the last one.
    #[inline]
    fn follow(&self, entry: *mut Entry) {
        let last = self.last.replace(entry);
        if !self.has_values || last.is_null() {
            return;
        }
        // SAFETY: the memory of entries stays for as long as the thread lives, and nobody reads where free ones lead.
        unsafe {
            if (*last).next == entry {
                self.trust.set((self.trust.get() + 1).min(FULL));
            } else {
                (*last).next = entry;
                self.trust.set(self.trust.get().saturating_sub(ENOUGH));
            }
        }
    }

    /// Where a search ended that has found an entry without the newest value, or none.
    #[inline]
    pub fn spot(&self, found: Option<&mut Entry>) -> Spot {
        match found {
            Some(entry) => Spot { opening: self.opening, mark: entry.stamp, entry },
            None => Spot { opening: self.opening, mark: self.added.get(), entry: ptr::null_mut() },
        }
    }

    /// As [`find`](Self::find), after a search for the same name that has ended at `spot`, perhaps in another table, whatever has
    /// happened since.
    ///
    /// # Safety
    /// As for [`find`](Self::find).
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "as for `find`")]
    unsafe fn find_from(&self, spot: Spot, name: &ZStr) -> Option<&mut Entry> {
        // SAFETY: the memory of entries stays readable for as long as the thread lives; one with this stamp is this name's. The
        // rest is as the caller promises.
        unsafe {
            let holds = if spot.entry.is_null() { self.added.get() } else { (*spot.entry).stamp };
            if spot.opening == self.opening && spot.mark == holds { spot.entry.as_mut() } else { self.find(name) }
        }
    }

    /// The version that the entry at a spot has; the default where there is none.
    pub fn version_at(&self, spot: Spot) -> Version {
        // SAFETY: as in `find_from`.
        let entry = unsafe { spot.entry.as_ref() };
        entry.filter(|entry| entry.stamp == spot.mark).map_or(Version::default(), |entry| entry.version)
    }

    /// Tells when a record was met before, and notes that it was met now. Records that were written one after another are
    /// noted beside each other.
    #[inline]
    fn meet(&self, keeper: &Keeper, version: &Version) -> Sight {
        let place = self.place();
        keeper.meet(place ^ Handle::record_of(version), place ^ Handle::vicinity_of(version))
    }

    /// As [`meet`](Self::meet), a name under which a value is written, or there is none.
    #[inline]
    fn meet_name(&self, keeper: &Keeper, name: &ZStr) -> Sight {
        let what = self.place() ^ !name.hash();
        keeper.meet(what, what)
    }

    /// A number of its own for each table, as long as the names in it are not all forgotten.
    #[inline]
    fn place(&self) -> u64 {
        self.opening.wrapping_add(self.cleared.get() << 32).wrapping_mul(OTHER_SPREAD)
    }

    /// Notes that an entry was found, and was right.
    #[inline]
    pub fn hit(&self, entry: &mut Entry) {
        entry.set_used(self.now.get());
        self.hits.set(self.hits.get() + 1);
    }

    /// Notes that none was.
    pub fn miss(&self) {
        if !self.keeper.is_null() {
            self.misses.set(self.misses.get() + 1);
        }
    }

    /// Keeps `value` for `name`, as of `version`. `size`: bytes of the encoded value.
    ///
    /// # Safety
    /// The value is free of objects and references (`Sharing::Shareable`).
    pub unsafe fn store(&self, name: &ZStr, value: &Value, version: Version, size: usize) {
        let Some((keeper, entry)) = self.entry_for(name, &version) else { return };
        entry.version = version;
        // SAFETY: the caller promises a value that can be released without running user code.
        unsafe { keeper.put(entry, value, size) };
    }

    /// Keeps that there is no value for `name`, where that is found again.
    pub fn store_missing(&self, name: &ZStr, spot: Spot, version: Version) {
        let Some(keeper) = self.keeper_for(name, &version) else { return };
        // SAFETY: nothing else is done to the table before the entry is out of use.
        let known = unsafe { self.find_from(spot, name) };
        if known.is_none() && self.meet_name(keeper, name) == Sight::First {
            return;
        }
        let Some(entry) = known.or_else(|| self.new_entry(keeper, name)) else { return };
        entry.version = version;
        keeper.clear(entry);
        self.note_missing(entry);
    }

    /// Keeps a value that may be kept, and forgets the name of another.
    ///
    /// # Safety
    /// As for [`Table::store`]; `sharing` is the value's.
    #[inline]
    pub unsafe fn keep(&self, sharing: Sharing, name: &ZStr, value: &Value, version: Version, size: usize) {
        // SAFETY: the caller promises that a value is shareable if `sharing` says so.
        unsafe {
            match sharing {
                Sharing::Shareable => self.store(name, value, version, size),
                Sharing::Fresh => self.forget(name),
            }
        }
    }

    /// As [`Table::keep`], for a value that has just been written, after a search that has ended at `spot`. A short one under a
    /// name that is not known is kept where that is written again.
    ///
    /// # Safety
    /// As for [`Table::keep`].
    pub unsafe fn keep_written(
        &self,
        sharing: Sharing,
        (name, spot): (&ZStr, Spot),
        value: &Value,
        version: Version,
        size: usize,
    ) {
        if sharing == Sharing::Fresh {
            return self.forget(name);
        }
        let Some(keeper) = self.keeper_for(name, &version) else { return };
        // SAFETY: nothing else is done to the table before the entry is out of use.
        let known = unsafe { self.find_from(spot, name) };
        if known.is_none() && size < LARGE && self.meet_name(keeper, name) == Sight::First {
            return;
        }
        let Some(entry) = known.or_else(|| self.new_entry(keeper, name)) else { return };
        entry.version = version;
        // SAFETY: the caller promises a plain value.
        unsafe { keeper.put(entry, value, size) };
    }

    /// How a value is kept that was found after a search that has ended at `spot`: a short one where its record is met again, or
    /// where it is `wanted`. `size`: as for [`store`](Self::store).
    pub fn keeping(&self, (name, spot): (&ZStr, Spot), version: &Version, size: usize, wanted: bool) -> Keeping {
        let Some(keeper) = self.keeper_for(name, version) else { return Keeping::Not };
        // SAFETY: nothing else is done to the table before the entry is out of use.
        if let Some(entry) = unsafe { self.find_from(spot, name) } {
            let again = entry.was_decoded_before(version, keeper.account.now());
            return if again { Keeping::Beyond } else { Keeping::Here };
        }
        match self.meet(keeper, version) {
            Sight::Earlier => Keeping::Beyond,
            Sight::First if size < LARGE && !wanted => Keeping::Not,
            Sight::First | Sight::Again => Keeping::Here,
        }
    }

    /// Decodes a value into memory that outlives the request, and keeps it: `into`, which is overwritten, is the value then.
    /// False: nothing has happened.
    pub fn decode_lasting(&self, (name, spot): (&ZStr, Spot), bytes: &[u8], version: Version, mut into: Slot) -> bool {
        let Some(keeper) = self.keeper_for(name, &version) else { return false };
        let mut value = zend::scratch();
        // SAFETY: the value is used no longer than its block.
        let Some(block) = (unsafe { keeper.decode(bytes, &mut value) }) else { return false };
        // SAFETY: nothing else is done to the table before the entry is out of use.
        let known = unsafe { self.find_from(spot, name) };
        let Some(entry) = known.or_else(|| self.new_entry(keeper, name)) else { return false };
        keeper.clear(entry);
        keeper.keep(entry, Value::of(&value), block);
        into.copy(Value::of(&value));
        entry.version = version;
        entry.set_decoded(keeper.account.now());
        true
    }

    /// As [`Table::keep`], for a value that has just been decoded, in the way that was found.
    ///
    /// # Safety
    /// As for [`Table::keep`].
    pub unsafe fn keep_decoded(
        &self,
        (sharing, keeping): (Sharing, Keeping),
        (name, spot): (&ZStr, Spot),
        value: Slot,
        version: Version,
        size: usize,
    ) {
        if sharing == Sharing::Fresh {
            return self.forget(name);
        }
        let Some(keeper) = self.keeper_for(name, &version).filter(|_| keeping != Keeping::Not) else { return };
        // SAFETY: nothing else is done to the table before the entry is out of use.
        let known = unsafe { self.find_from(spot, name) };
        let Some(entry) = known.or_else(|| self.new_entry(keeper, name)) else { return };
        entry.version = version;
        // SAFETY: the caller promises a plain value.
        unsafe {
            if keeping != Keeping::Beyond || !keeper.put_lasting(entry, value.value(), value.as_ptr()) {
                keeper.put(entry, value.value(), size);
            }
        }
        entry.set_decoded(keeper.account.now());
    }

    /// Puts a value under a name, whose version is right already.
    ///
    /// # Safety
    /// As for [`Table::store`]; the entry is the table's.
    pub unsafe fn put(&self, entry: &mut Entry, value: &Value, size: usize) {
        if let Some(keeper) = self.keeper() {
            // SAFETY: the caller promises a plain value.
            unsafe { keeper.put(entry, value, size) };
        }
    }

    /// Hands over the value of a name, if it is an array of this version, and forgets it: the array, and the bytes that it was
    /// said to take.
    pub fn take(&self, name: &ZStr, version: Version) -> Option<(Local, usize)> {
        // SAFETY: nothing else is done to the table before the entry is out of use.
        let entry = unsafe { self.find(name) }.filter(|entry| entry.version == version)?;
        self.take_from(entry)
    }

    /// As [`Table::take`], from an entry of the table.
    pub fn take_from(&self, entry: &mut Entry) -> Option<(Local, usize)> {
        entry.value().array()?;
        let (keeper, size) = (self.keeper()?, entry.size());
        let array = keeper.take(entry);
        entry.note_record(0);
        Some((array, size))
    }

    /// Forgets a name.
    pub fn forget(&self, name: &ZStr) {
        let Some(keeper) = self.keeper() else { return };
        // SAFETY: nothing else is done to the table before the entry is out of use.
        if let Some(entry) = unsafe { self.find(name) } {
            keeper.clear(entry);
            entry.note_record(0);
        }
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.cleared.set(self.cleared.get() + 1);
        for at in 0..self.places.len() {
            self.remove_at(at);
        }
        self.missing.borrow_mut().entries = Vec::new();
    }

    /// Gives its memory back. It may be used again.
    pub fn empty(&self) {
        self.clear();
        self.drop_places();
        if let Some(keeper) = self.keeper() {
            keeper.account.count(self.hits.take(), self.misses.take());
        }
    }

    /// Begins a request.
    pub fn begin_request(&self, now: u32) {
        self.now.set(now);
        if let Some(keeper) = self.keeper() {
            keeper.account.count(self.hits.take(), self.misses.take());
        }
    }

    /// How often a name was found, and how often not, since that was counted last.
    pub fn counts(&self) -> (u64, u64) {
        (self.hits.get(), self.misses.get())
    }

    /// Calls `each` with all entries; removes those for which it is false.
    pub fn retain(&self, mut each: impl FnMut(&mut Entry) -> bool) {
        for at in 0..self.places.len() {
            // SAFETY: an entry of the table, and no other reference to it is in use.
            if self.places.at(at).is_some_and(|mut entry| !each(unsafe { entry.as_mut() })) {
                self.remove_at(at);
            }
        }
    }

    /// As large as what is left in it wants.
    pub fn fit(&self) {
        let used = self.places.used();
        if used == 0 {
            self.drop_places();
        } else if self.places.homes() > 64 * used {
            self.resize(used.ilog2() + 2);
        }
    }

    /// The owner of the entries, if a value of this version may be kept here. Else the name is forgotten.
    fn keeper_for(&self, name: &ZStr, version: &Version) -> Option<&Keeper> {
        let keeper = self.keeper()?;
        if Handle::opening_of(version) != self.opening {
            self.forget(name);
            return None;
        }
        Some(keeper)
    }

    /// The entry of a name, made where there is none, for a value of a version. `None`: it cannot be kept.
    #[expect(clippy::mut_from_ref, reason = "as for `find`; callers use the entry before anything else")]
    fn entry_for(&self, name: &ZStr, version: &Version) -> Option<(&Keeper, &mut Entry)> {
        let keeper = self.keeper_for(name, version)?;
        // SAFETY: nothing else is done to the table before the entry is out of use.
        let known = unsafe { self.find(name) };
        Some((keeper, known.or_else(|| self.new_entry(keeper, name))?))
    }

    /// An entry for a name that is not there. `None`: it cannot be kept.
    #[expect(clippy::mut_from_ref, reason = "as for `find`; callers use the entry before anything else")]
    fn new_entry(&self, keeper: &Keeper, name: &ZStr) -> Option<&mut Entry> {
        let length = name.bytes().len();
        if length > LONGEST {
            return None;
        }
        let has_room = || keeper.account.has_room_for_name(Entry::cost(length), self.places.used());
        if !has_room() {
            // A search that has found little is paid for by names that are not kept.
            let left = self.searched.get();
            if left > 0 {
                self.searched.set(left - 1);
                return None;
            }
            self.sweep();
            if !has_room() {
                return None;
            }
        }
        if !self.make_room() {
            return None;
        }
        let entry = keeper.add(name.bytes(), self.has_values)?;
        self.added.set(self.added.get() + 1);
        self.insert(name.hash(), entry);
        self.follow(entry.as_ptr());
        // SAFETY: the entry is new.
        Some(unsafe { &mut *entry.as_ptr() })
    }

    /// Keeps at most every second place in use, where there is memory for that; false: it has no places at all.
    fn make_room(&self) -> bool {
        if !self.places.is_allocated() {
            return self.grow(INITIAL);
        }
        if 2 * self.places.used() >= self.places.homes() {
            let more = if self.places.homes() < FEW { 2 } else { 1 };
            self.grow(self.places.bits() + more);
        }
        true
    }

    /// Makes it one of so many homes; false where there is no memory for that, or it would be more than the cache may take.
    fn grow(&self, bits: u32) -> bool {
        self.keeper().is_some_and(|keeper| keeper.account.has_room_for(Places::size_of(bits))) && self.resize(bits)
    }

    /// Puts a name that is not there into its window.
    fn insert(&self, hash: u64, new: NonNull<Entry>) {
        while !self.places.insert(hash, new) {
            // A window that is full in a table that is not was meant to be.
            if 8 * self.places.used() < self.places.homes() || !self.grow(self.places.bits() + 1) {
                let now = self.now.get();
                let age = |&at: &usize| self.entry_at(at).map_or(0, |entry| now.wrapping_sub(entry.used()));
                self.places.window(hash).max_by_key(age).inspect(|&at| self.remove_at(at));
            }
        }
    }

    /// The entry in a place. It is used before anything else is done to the table.
    fn entry_at(&self, at: usize) -> Option<&Entry> {
        // SAFETY: an entry of the table, and no reference to change it is in use.
        self.places.at(at).map(|entry| unsafe { entry.as_ref() })
    }

    /// Removes the name in a place, if there is one.
    fn remove_at(&self, at: usize) {
        // (The place is empty before its entry is given up, to which nothing else leads.)
        if let (Some(entry), Some(keeper)) = (self.places.take(at), self.keeper()) {
            keeper.remove(entry);
        }
    }

    /// Frees some names, in no order, where there is no room for another one: those that this request has looked up only where
    /// there are too few others. Values that outlive the request stay: their memory would not be free before it ends. However many
    /// these are, a new name costs no more than some dozens of places looked at, taken all together.
    #[cold]
    fn sweep(&self) {
        let now = self.now.get();
        let mut wanted = self.places.used() / 16 + 1;
        if self.all_used.get() != now {
            wanted -= self.free(wanted, |entry| entry.used() != now);
        }
        if wanted > 0 {
            // (They are not looked for again and again.)
            self.all_used.set(now);
            self.free(wanted, |_| true);
        }
    }

    /// Frees at most so many names of values that do not outlive the request; how many it were.
    fn free(&self, wanted: usize, goes: impl Fn(&Entry) -> bool) -> usize {
        let (mut freed, mut looked) = (0, 0);
        for _ in 0..self.places.len() {
            if freed == wanted {
                break;
            }
            let at = self.hand.get() % self.places.len();
            self.hand.set(at + 1);
            looked += 1;
            if self.entry_at(at).is_some_and(|entry| !entry.has_block() && goes(entry)) {
                self.remove_at(at);
                freed += 1;
            }
        }
        self.searched.set((self.searched.get() + looked).saturating_sub(WORTH * freed));
        freed
    }

    /// Counts a name among those that are missing; the one that has been among them for longest goes.
    fn note_missing(&self, entry: &mut Entry) {
        let mut missing = self.missing.borrow_mut();
        let new = (NonNull::from(&mut *entry), entry.stamp);
        if missing.entries.len() < MISSING {
            if missing.entries.try_reserve(1).is_ok() {
                missing.entries.push(new);
            }
            return;
        }
        let next = missing.next;
        missing.next = (next + 1) % MISSING;
        let (old, stamp) = std::mem::replace(&mut missing.entries[next], new);
        drop(missing);
        // SAFETY: the memory of an entry stays readable for as long as the thread lives; with this stamp it is one of this table.
        unsafe {
            if old != new.0 && old.as_ref().stamp == stamp && old.as_ref().is_missing() {
                self.remove(old);
            }
        }
    }

    /// Removes an entry of the table.
    ///
    /// # Safety
    /// The entry is one of this table, and no reference to it is in use.
    unsafe fn remove(&self, entry: NonNull<Entry>) {
        // SAFETY: the caller promises an entry, which has a name.
        let hash = unsafe {
            let name = entry.as_ref().name();
            ffi::zend_hash_func(name.as_ptr().cast(), name.len())
        };
        if let Some(at) = self.places.window(hash).find(|&at| self.places.at(at) == Some(entry)) {
            self.remove_at(at);
        }
    }

    /// Makes it one of so many homes; false where there is no memory for that. Names for which there is no room any more go.
    fn resize(&self, bits: u32) -> bool {
        let (Some(new), Some(keeper)) = (Places::new(bits), self.keeper()) else { return false };
        keeper.account.keep(new.size());
        let old = self.places.replace(new);
        for (hash, entry) in old.all() {
            if !self.places.insert(hash, entry) {
                keeper.remove(entry);
            }
        }
        keeper.account.free(old.size());
        true
    }

    /// Leaves it without places.
    fn drop_places(&self) {
        self.hand.set(0);
        let old = self.places.replace(Places::none());
        if let Some(keeper) = self.keeper() {
            keeper.account.free(old.size());
        }
    }
}
