//! The memory of a thread's entries and values, and the end of each.
//!
//! | value | lives until |
//! | --- | --- |
//! | a scalar, "missing" | its name is forgotten |
//! | a string or an array that goes with the request | the request's very end: then no PHP code runs, and its memory is still there |
//! | one that outlives the request | it is superseded or evicted, and then until the *next* request begins |
//!
//! Values that outlive the request are handed out without being counted. Nobody can have one any more when a request begins. (At
//! a request's end some do: the engine forgets its stream wrappers, whose names may be such strings, after its extensions have
//! ended.)
//!
//! No function here calls code that may leave by `longjmp`, or run user code: nothing is ever half done.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

use ext_php_rs::ffi::zval;

use super::account::Account;
use super::block::Block;
use super::entry::Entry;
use super::keys::{self, Keys};
use super::pool::Pool;
use super::seen::{Seen, Sight};
use super::slot::STAMPED;
use crate::php::handle::{Backend, Handle};
use crate::php::value::SharedKeys;
use crate::php::zend::{self, Local, Value};

/// The memory of a thread's entries and values. It stays where it is while there is a table.
#[derive(Default)]
pub struct Keeper {
    pub account: Account,
    /// The records that were met once.
    seen: Seen,
    pool: Pool,
    /// Keys of arrays that outlive the request.
    keys: Keys,
    /// Those of the array that is being decoded.
    found_keys: RefCell<SharedKeys>,
    /// Blocks that no entry has any more, and that the request may use.
    buried: RefCell<Vec<Block>>,
    /// Entries whose value goes with the request, or has done so.
    passing: RefCell<Vec<NonNull<Entry>>>,
    /// The stamp that was given last.
    stamp: Cell<u64>,
}

/// Tells keys of arrays from what else is met.
const KEY: u64 = 0xA076_1D64_78BD_642F;

/// Bytes that a string or an array takes besides its content.
const HEADER: usize = 32;

impl Keeper {
    /// Frees the blocks that no entry has any more. No PHP code has one of the values.
    pub fn free_buried(&self) {
        for block in self.buried.take() {
            self.account.free(block.size());
        }
    }

    /// Ends a request: gives up the values that go with it, as long as their memory is there. No PHP code runs any more.
    pub fn end_request(&self) {
        for mut entry in self.passing.take() {
            // SAFETY: the memory of an entry stays for as long as the thread, and no other reference to it is in use.
            let entry = unsafe { entry.as_mut() };
            entry.set_listed(false);
            if entry.passes() {
                let record = Handle::record_of(&entry.version);
                self.clear(entry);
                entry.note_record(record);
            }
        }
    }

    /// Makes an entry that no table knows yet, for a table of values or another one; `None` where there is no memory.
    pub fn add(&self, name: &[u8], is_value: bool) -> Option<NonNull<Entry>> {
        self.stamp.set(self.stamp.get() + 1);
        let entry = self.pool.take()?;
        // SAFETY: the place is free, and nothing refers to it.
        unsafe {
            if !Entry::write(entry, name, is_value, STAMPED | self.stamp.get(), self.account.now()) {
                self.pool.remove(entry);
                return None;
            }
        }
        self.account.add_name(Entry::cost(name.len()));
        Some(entry)
    }

    /// Takes an entry back, to which no table leads any more.
    pub fn remove(&self, mut entry: NonNull<Entry>) {
        // SAFETY: an entry of this thread's, which nothing else refers to.
        unsafe {
            self.clear(entry.as_mut());
            self.account.remove_name(Entry::cost(entry.as_ref().name().len()));
            entry.as_mut().leave();
            self.pool.remove(entry);
        }
    }

    /// Tells when something was met before, and notes that it was met now: see [`Seen::meet`].
    #[inline]
    pub fn meet(&self, what: u64, among: u64) -> Sight {
        self.seen.meet(what, among, &self.account)
    }

    /// Begins a request. No PHP code has one of the values.
    pub fn begin_request(&self, limit: usize, outlives: bool) {
        self.free_buried();
        self.account.begin_request(limit, outlives);
        if !outlives {
            self.seen.clear(&self.account);
        }
    }

    /// Gives up the value of an entry.
    pub fn clear(&self, entry: &mut Entry) {
        let (block, size) = entry.clear();
        self.account.has_passed(size);
        if let Some(block) = block {
            self.buried.borrow_mut().push(block);
        }
    }

    /// Hands over the value of an entry.
    pub fn take(&self, entry: &mut Entry) -> Local {
        if entry.passes() {
            let (value, size) = entry.take_passing();
            self.account.has_passed(size);
            return value;
        }
        let value = Local::copy_of(entry.value());
        self.clear(entry);
        value
    }

    /// Puts a value in place of an entry's.
    ///
    /// # Safety
    /// The value is free of objects and references.
    pub unsafe fn put(&self, entry: &mut Entry, value: &Value, size: usize) {
        if !entry.is_plain() {
            self.clear(entry);
        }
        if !matches!(value.kind(), zend::STRING | zend::ARRAY) {
            return entry.set_scalar(value);
        }
        let size = size.saturating_add(HEADER);
        if size > self.account.may_pass() {
            return entry.note_record(0);
        }
        if !entry.is_listed() {
            let mut passing = self.passing.borrow_mut();
            if passing.try_reserve(1).is_err() {
                return entry.note_record(0);
            }
            passing.push(NonNull::from(&mut *entry));
            entry.set_listed(true);
        }
        let excess = self.account.passing_excess(size);
        if excess > 0 {
            self.forget_oldest(excess);
        }
        if self.account.is_to_look(size) {
            self.look_at_memory();
        }
        entry.set_passing(value, size as u32);
        entry.set_decoded(0);
        self.account.pass(size);
    }

    /// As [`put`](Self::put), a copy that outlives the request, which becomes `value`, too. False: there is no room for it.
    ///
    /// # Safety
    /// As for [`put`](Self::put); `into` is where `value` is, which owns it.
    pub unsafe fn put_lasting(&self, entry: &mut Entry, value: &Value, into: *mut zval) -> bool {
        if !matches!(value.kind(), zend::STRING | zend::ARRAY) {
            return false;
        }
        let mut copy = zend::scratch();
        // SAFETY: the caller promises a plain value; the copy is used no longer than its block.
        let Some(block) = (unsafe { Block::copy(value, &raw mut *copy, self.account.left()) }) else { return false };
        self.account.keep(block.as_ref().map_or(0, Block::size));
        self.clear(entry);
        // SAFETY: the caller's place, which owns the value that is given up; it is a plain one.
        unsafe {
            zend::release(into);
            zend::copy_value(into, &raw const *copy);
        }
        entry.set_lasting(Value::of(&copy), block);
        true
    }

    /// A value out of its bytes, in memory that outlives the request: see [`Block::decode`]. `None`, too: there is no room for it.
    ///
    /// # Safety
    /// As for [`Block::decode`].
    pub unsafe fn decode(&self, bytes: &[u8], into: &mut zval) -> Option<Block> {
        let find = |key: &[u8]| {
            if key.len() > keys::LONGEST {
                return None;
            }
            let hash = zend::hash_of(key);
            self.keys.find(hash, key).or_else(|| {
                let is_common = self.meet(hash ^ KEY, hash ^ KEY) != Sight::First;
                if is_common { self.keys.add(hash, key, &self.account) } else { None }
            })
        };
        let mut found = self.found_keys.borrow_mut();
        // SAFETY: the caller promises that `into` owns nothing and is used no longer than the block; the keys stay for as long as the thread.
        unsafe { Block::decode(bytes, into, self.account.left(), &mut found, find) }
    }

    /// Gives an entry that has no value one that outlives the request.
    pub fn keep(&self, entry: &mut Entry, value: &Value, block: Block) {
        self.account.keep(block.size());
        entry.set_lasting(value, Some(block));
    }

    /// Forgets all values that go with the request where they may have taken a quarter of what `memory_limit` leaves the program: it
    /// would not know what it has run out of. (Some of that may be its own. It counts as such from here on.)
    #[cold]
    fn look_at_memory(&self) {
        if zend::memory_and_limit().is_some_and(|(in_use, limit)| self.account.takes_too_much(in_use, limit)) {
            self.forget_passing();
        }
    }

    /// Forgets all values that go with the request where there may not be memory to decode one of so many bytes.
    pub fn leave_memory(&self, size: usize) {
        /// As an array's bytes that are mostly small ints.
        const DECODED: usize = 32;
        if self.account.has_passing() && zend::memory_left() < size.saturating_mul(DECODED) {
            self.forget_passing();
        }
    }

    fn forget_passing(&self) {
        self.forget_oldest(usize::MAX);
        zend::give_back_memory();
        self.account.note_own(zend::memory_and_limit().map_or(0, |(in_use, _)| in_use));
    }

    /// Forgets values that go with the request, of so many bytes: those kept for longest first.
    #[cold]
    fn forget_oldest(&self, bytes: usize) {
        let mut freed = 0;
        for entry in self.passing.borrow().iter() {
            if freed >= bytes {
                return;
            }
            // SAFETY: the memory of an entry stays for as long as the thread. The one entry that a caller has in hand has no value.
            unsafe {
                let entry = entry.as_ptr();
                if (*entry).passes() {
                    freed += (*entry).size();
                    self.clear(&mut *entry);
                    (*entry).note_record(0);
                }
            }
        }
    }
}
