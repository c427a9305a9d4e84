//! The names that a thread knows of one file that it has open: shared by all its objects on that file.

use std::cell::Cell;

use super::keeper::Keeper;
use super::table::Table;

/// The names that a thread knows of one opening of a file.
pub struct Shelf {
    /// The number of the opening; 0: none.
    pub opening: u64,
    /// How many objects use it.
    pub(super) users: Cell<usize>,
    /// Another object has used it before, so that an object finds values here that its own store has not looked at.
    pub has_more: Cell<bool>,
    /// The values.
    pub values: Table,
    /// Where arrays end that are appended to without being read ([`super::super::patch`]): ints.
    pub ends: Table,
}

impl Shelf {
    /// An empty one of a thread's.
    pub(super) fn new(opening: u64, keeper: &Keeper) -> Self {
        Self {
            opening,
            users: Cell::new(0),
            has_more: Cell::new(false),
            values: Table::new(keeper, opening),
            ends: Table::of_others(keeper, opening),
        }
    }

    /// Whether a single object uses it.
    #[inline]
    pub fn has_one_user(&self) -> bool {
        self.users.get() <= 1
    }

    /// Both tables.
    pub(super) fn tables(&self) -> [&Table; 2] {
        [&self.values, &self.ends]
    }
}

/// The shelf of objects that have no file open.
struct Nowhere(Shelf);
// SAFETY: tables that have no thread are never written to.
unsafe impl Sync for Nowhere {}
static NOWHERE: Nowhere = Nowhere(Shelf {
    opening: 0,
    users: Cell::new(0),
    has_more: Cell::new(false),
    values: Table::nowhere(),
    ends: Table::nowhere(),
});

/// The shelf of objects that have no file open: nothing is on it, and nothing is put there.
pub fn nowhere() -> *const Shelf {
    &raw const NOWHERE.0
}
