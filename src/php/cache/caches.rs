//! All that a thread keeps: its shelves, from request to request.
//!
//! A command-line program has one request. For it nothing outlives that, and what a file's last object kept goes with it; a
//! little of it stays until there is an object on another file.
//!
//! No function here calls code that may leave by `longjmp`, or run user code: nothing is ever half done.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::hash::{BuildHasherDefault, Hasher};
use std::ptr;

use super::account::Figures;
use super::entry::Entry;
use super::keeper::Keeper;
use super::places::SPREAD;
use super::shelf::{Shelf, nowhere};
use crate::php::handle::{Backend, Handle};

/// All that a thread keeps. It stays where it is while there is a shelf.
#[derive(Default)]
pub struct Caches {
    keeper: Keeper,
    /// By the number of the opening. Boxed: objects point to them.
    shelves: RefCell<HashMap<u64, Box<Shelf>, BuildHasherDefault<Spread>>>,
    /// Shelves at which those that nobody can use any more are looked for.
    many: Cell<usize>,
    /// The shelf that its last object has left, if that is there still, by the number of the opening: the next object is likely to
    /// be on the same file. 0: none.
    spare: Cell<u64>,
}

/// Hashes the numbers of openings, which are counted by this process.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, _: &[u8]) {
        unreachable!("the keys are numbers");
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(SPREAD);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Shelves that nobody uses, from which on they are looked for within a request.
const MANY: usize = 64;

impl Caches {
    /// Begins a request. `limit`: bytes that may outlive it (`sync.cache_size`). `serves`: other requests of this thread follow.
    /// No object is alive, and no PHP code has one of the values.
    pub fn begin_request(&self, limit: usize, serves: bool) {
        self.keeper.begin_request(limit, serves && limit > 0);
        self.many.set(MANY);
        for shelf in self.shelves.borrow().values() {
            // (Where the engine has ended a request in the middle of ending it, objects have not let go of theirs.)
            shelf.users.set(0);
        }
        self.drop_unused();
        let excess = self.keeper.account.excess();
        if excess > 0 {
            self.evict(excess);
        }
        for shelf in self.shelves.borrow().values() {
            for table in shelf.tables() {
                table.begin_request(self.keeper.account.now());
            }
        }
        self.keeper.free_buried();
    }

    /// Ends a request: gives up the values that go with it, as long as their memory is there. No PHP code runs any more.
    pub fn end_request(&self) {
        self.keeper.end_request();
    }

    /// The shelf for an opening of a file, for one more object.
    pub fn take_shelf(&self, opening: u64) -> *const Shelf {
        if opening == 0 {
            return nowhere();
        }
        self.spare(0, opening);
        let mut shelves = self.shelves.borrow_mut();
        if shelves.len() >= self.many.get() && !shelves.contains_key(&opening) {
            drop(shelves);
            self.drop_unused();
            shelves = self.shelves.borrow_mut();
            self.many.set(MANY.max(2 * shelves.len()));
        }
        let shelf = match shelves.entry(opening) {
            Place::Occupied(shelf) => {
                shelf.get().has_more.set(true);
                shelf.into_mut()
            }
            Place::Vacant(place) => place.insert(Box::new(Shelf::new(opening, &self.keeper))),
        };
        shelf.users.set(shelf.users.get() + 1);
        &raw const **shelf
    }

    /// An object less uses a shelf.
    ///
    /// # Safety
    /// The shelf is from [`take_shelf`](Self::take_shelf), and the object does not use it again.
    pub unsafe fn give_back(&self, shelf: *const Shelf) {
        if ptr::eq(shelf, nowhere()) {
            return;
        }
        // SAFETY: the caller promises a shelf that an object uses, so that it is there.
        let (opening, users) = unsafe { ((*shelf).opening, &(*shelf).users) };
        users.set(users.get().saturating_sub(1));
        if users.get() == 0 && !self.keeper.account.outlives() {
            if self.keeper.account.is_little() {
                self.spare(opening, opening);
            } else {
                self.drop_unused_shelf(opening);
            }
        }
    }

    /// Lets a shelf that nobody uses stay (0: none), and drops the one that has stayed so far, unless it is `wanted`.
    fn spare(&self, opening: u64, wanted: u64) {
        let before = self.spare.replace(opening);
        if before != 0 && before != wanted {
            self.drop_unused_shelf(before);
        }
    }

    fn drop_unused_shelf(&self, opening: u64) {
        let mut shelves = self.shelves.borrow_mut();
        if shelves.get(&opening).is_some_and(|shelf| shelf.users.get() == 0) {
            let shelf = shelves.remove(&opening);
            drop(shelves);
            shelf.inspect(|shelf| Self::empty(shelf));
        }
    }

    /// Forgets all values that go with the request where there may not be memory to decode one of so many bytes. No entry is in
    /// use.
    #[inline]
    pub fn leave_memory(&self, size: usize) {
        /// Bytes up to which that is not looked at.
        const SHORT: usize = 4 << 10;
        if size > SHORT {
            self.keeper.leave_memory(size);
        }
    }

    /// The figures in `phpinfo()`.
    pub fn figures(&self) -> Figures {
        let mut figures = self.keeper.account.figures();
        for table in self.shelves.borrow().values().flat_map(|shelf| shelf.tables()) {
            let (hits, misses) = table.counts();
            figures.hits += hits;
            figures.misses += misses;
        }
        figures
    }

    /// Drops the shelves of files that are not open any more, and that no object uses. (Where nothing outlives the request:
    /// all that no object uses.)
    fn drop_unused(&self) {
        let outlives = self.keeper.account.outlives();
        self.shelves.borrow_mut().retain(|&opening, shelf| {
            let is_used = shelf.users.get() > 0 || outlives && Handle::is_open(opening);
            if !is_used {
                Self::empty(shelf);
            }
            is_used
        });
    }

    fn empty(shelf: &Shelf) {
        for table in shelf.tables() {
            table.empty();
        }
    }

    /// Frees so many bytes: the names that have not been looked up for longest. Of those that were looked up in the same
    /// requests, the ones that no other request has looked up go first: a request that looks at much, once, does not drive out
    /// what each request needs.
    fn evict(&self, bytes: usize) {
        let now = self.keeper.account.now();
        let age = |entry: &Entry| {
            let requests = (u32::BITS - now.wrapping_sub(entry.used()).leading_zeros()) as usize;
            2 * requests + usize::from(!entry.was_met_again())
        };
        let shelves = self.shelves.borrow();
        let tables = || shelves.values().flat_map(|shelf| shelf.tables());
        let mut weights = [0; 2 * (u32::BITS as usize + 1)];
        for table in tables() {
            table.retain(|entry| {
                weights[age(entry)] += entry.weight();
                true
            });
        }
        let (mut youngest, mut whole) = (weights.len(), 0);
        while youngest > 0 && whole < bytes {
            youngest -= 1;
            whole += weights[youngest];
        }
        // Of the youngest that go, as many as it takes.
        let mut left = bytes.saturating_sub(whole - weights[youngest.min(weights.len() - 1)]);
        for table in tables() {
            table.retain(|entry| {
                let stays = age(entry) < youngest || age(entry) == youngest && left == 0;
                if !stays && age(entry) == youngest {
                    left = left.saturating_sub(entry.weight());
                }
                stays
            });
            table.fit();
        }
    }
}

impl Drop for Caches {
    /// The thread ends: no PHP code can have a value. The request's values are gone.
    fn drop(&mut self) {
        for (_, shelf) in self.shelves.take() {
            Self::empty(&shelf);
        }
    }
}
