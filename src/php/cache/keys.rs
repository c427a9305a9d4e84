//! The keys of arrays that outlive the request, each of them once: arrays of a kind have the same ones, which take a third of
//! their memory.
//!
//! A key is taken in when it is met for the second time, and stays for as long as the thread: nobody counts who has it. Their part
//! of the cache's limit bounds them. Keys for which there is no room lie in their arrays, as keys that are long do.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

use super::account::Account;
use crate::php::zend::{self, zend_string};

/// Bytes of the longest key that is taken in.
pub const LONGEST: usize = 64;
/// The part of the cache's limit that keys may take.
const SHARE: usize = 8;
/// Bytes of a place, or of a key's in the list of all.
const EACH: usize = size_of::<Option<NonNull<zend_string>>>();
/// Places at the start.
const INITIAL: usize = 64;
/// Places at which a key is looked for. Names come from strangers.
const WINDOW: usize = 8;

/// The keys of a thread.
#[derive(Default)]
pub struct Keys {
    /// A power of two of them, or none.
    places: RefCell<Vec<Option<NonNull<zend_string>>>>,
    /// All of them, also those that have lost their place to others when there were to be more.
    all: RefCell<Vec<NonNull<zend_string>>>,
    /// Bytes of memory that all this takes.
    bytes: Cell<usize>,
}

impl Keys {
    /// The key with these bytes, and this hash, if it was taken in.
    #[inline]
    pub fn find(&self, hash: u64, bytes: &[u8]) -> Option<NonNull<zend_string>> {
        let places = self.places.borrow();
        // SAFETY: the keys live for as long as the thread, and do not change.
        let is_it =
            |key: &NonNull<zend_string>| unsafe { key.as_ref().h == hash && zend::bytes(key.as_ptr()) == bytes };
        Self::window(places.len(), hash).find_map(|at| places[at].filter(is_it))
    }

    /// Takes in a key that is not there; `None` where there is no room for it.
    pub fn add(&self, hash: u64, bytes: &[u8], account: &Account) -> Option<NonNull<zend_string>> {
        let size = zend::immutable_string_size(bytes.len());
        let mut all = self.all.borrow_mut();
        if !self.may_take(size + EACH, account) || all.try_reserve(1).is_err() {
            return None;
        }
        if 2 * all.len() >= self.places.borrow().len() && !self.grow(account) {
            return None;
        }
        let mut places = self.places.borrow_mut();
        let free = Self::window(places.len(), hash).find(|&at| places[at].is_none())?;
        // SAFETY: the layout is not empty; the string is written to as many bytes as it takes.
        let key = unsafe {
            let key = NonNull::new(alloc(Self::layout(size)))?;
            zend::Room::new(key.as_ptr()).string_of(bytes, hash)
        };
        self.take(size + EACH, account);
        all.push(key);
        places[free] = Some(key);
        Some(key)
    }

    fn may_take(&self, bytes: usize, account: &Account) -> bool {
        SHARE * (self.bytes.get() + bytes) <= account.limit() && account.has_room_for(bytes)
    }

    fn take(&self, bytes: usize, account: &Account) {
        account.keep(bytes);
        self.bytes.set(self.bytes.get() + bytes);
    }

    /// Makes twice as many places; false where there is no memory for that.
    #[cold]
    fn grow(&self, account: &Account) -> bool {
        let mut places = self.places.borrow_mut();
        let count = INITIAL.max(2 * places.len());
        let more = (count - places.len()) * EACH;
        let mut new = Vec::new();
        if !self.may_take(more, account) || new.try_reserve_exact(count).is_err() {
            return false;
        }
        new.resize(count, None);
        self.take(more, account);
        for key in places.iter().flatten() {
            // SAFETY: as in `find`.
            let hash = unsafe { key.as_ref().h };
            // (Where many have chosen to have the same place, one may find none: arrays keep it.)
            if let Some(free) = Self::window(count, hash).find(|&at| new[at].is_none()) {
                new[free] = Some(*key);
            }
        }
        *places = new;
        true
    }

    /// Where a key may be, among so many places.
    fn window(places: usize, hash: u64) -> impl Iterator<Item = usize> {
        let home = (hash ^ hash >> 29) as usize;
        (0..WINDOW.min(places)).map(move |n| home.wrapping_add(n) & (places - 1))
    }

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, align_of::<zend_string>()).expect("a short string")
    }
}

impl Drop for Keys {
    /// The thread ends: no PHP code can have a key.
    fn drop(&mut self) {
        for key in self.all.take() {
            // SAFETY: allocated by `add`, with this layout; freed once.
            unsafe { dealloc(key.as_ptr().cast(), Self::layout(zend::immutable_string_size(key.as_ref().len))) };
        }
    }
}
