//! The stores that a thread has, each at an address: several addresses may lead to the same one.

use super::space::Space;
use crate::address::Address;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

thread_local! {
    static SPACES: RefCell<HashMap<Address, Weak<Space>>> = RefCell::new(HashMap::new());
    /// The spaces without a handle that stay connected, the last used one last.
    static IDLE: RefCell<Vec<Rc<Space>>> = const { RefCell::new(Vec::new()) };
    static IDLE_LIMIT: Cell<usize> = const { Cell::new(0) };
}

impl Space {
    /// All that this thread knows of a store.
    pub fn of(address: &Address) -> Rc<Self> {
        SPACES.with_borrow_mut(|spaces| {
            if let Some(space) = spaces.get(address).and_then(Weak::upgrade) {
                return space;
            }
            spaces.retain(|_, space| space.strong_count() > 0);
            let space = Rc::new(Self::new(address.clone()));
            spaces.insert(address.clone(), Rc::downgrade(&space));
            space
        })
    }

    /// Keeps the connection for the next handle, as far as the limit allows.
    pub fn leave(self: &Rc<Self>) {
        // (The thread may be at its end.)
        let _ = IDLE.try_with(|idle| {
            let Ok(mut idle) = idle.try_borrow_mut() else { return };
            idle.retain(|space| !Rc::ptr_eq(space, self));
            idle.push(self.clone());
        });
        Self::close_idle();
    }

    /// Sets the number of stores without a handle that stay connected.
    pub fn set_idle_limit(limit: usize) {
        IDLE_LIMIT.set(limit);
    }

    /// Closes the connections beyond that number.
    pub fn close_idle() {
        let limit = IDLE_LIMIT.try_with(Cell::get).unwrap_or(0);
        let closed: Vec<_> = IDLE
            .try_with(|idle| {
                let Ok(mut idle) = idle.try_borrow_mut() else { return Vec::new() };
                let unused = idle.iter().filter(|space| Rc::strong_count(space) == 1).count();
                let mut left = unused.saturating_sub(limit);
                let close = |space: &mut Rc<Self>| {
                    let closes = left > 0 && Rc::strong_count(space) == 1;
                    left -= usize::from(closes);
                    closes
                };
                idle.extract_if(.., close).collect()
            })
            .unwrap_or_default();
        drop(closed);
    }

    /// Whether a handle of this thread keeps others from writing, at whichever address.
    pub fn is_held_by_thread(&self) -> bool {
        self.keeps_others_out()
            || SPACES.with_borrow(|spaces| {
                let mut others = spaces.values().filter_map(Weak::upgrade).filter(|space| space.keeps_others_out());
                others.any(|other| {
                    // (Only a server that was met says which one it is.)
                    let _ = self.identity();
                    self.is_of_same_store(&other)
                })
            })
    }

    /// Whether another address leads to the same store, as far as is known without asking.
    fn is_of_same_store(&self, other: &Self) -> bool {
        let (mine, its) = (&self.address, &other.address);
        let is_same_run = || {
            let run =
                |space: &Self| space.inner().last.as_ref().map(|(_, run)| run.clone()).filter(|run| !run.is_empty());
            run(self).is_some_and(|mine| Some(mine) == run(other))
        };
        (&mine.prefix, mine.server.database) == (&its.prefix, its.server.database)
            && (mine.server.place == its.server.place || is_same_run())
    }

    /// All that other addresses of this thread know of the same store is behind this one's change, until the server has answered something there: its word of
    /// the change comes before that.
    pub fn others_fall_behind(&self) {
        SPACES.with_borrow(|spaces| {
            if spaces.len() == 1 {
                return;
            }
            let others = spaces.values().filter_map(Weak::upgrade).filter(|other| !std::ptr::eq(&**other, self));
            others.filter(|other| self.is_of_same_store(other)).for_each(|other| other.fall_behind());
        });
    }

    /// Whether a store of this thread has this opening.
    pub fn is_open(opening: u64) -> bool {
        let has = |space: &Weak<Self>| space.upgrade().is_some_and(|space| space.opening() == opening);
        SPACES.try_with(|spaces| spaces.try_borrow().is_ok_and(|spaces| spaces.values().any(has))).unwrap_or(false)
    }
}
