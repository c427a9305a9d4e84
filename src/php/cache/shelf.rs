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
            values: Table::new(keeper, opening),
            ends: Table::of_others(keeper, opening),
        }
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
static NOWHERE: Nowhere =
    Nowhere(Shelf { opening: 0, users: Cell::new(0), values: Table::nowhere(), ends: Table::nowhere() });

/// The shelf of objects that have no file open: nothing is on it, and nothing is put there.
pub fn nowhere() -> *const Shelf {
    &raw const NOWHERE.0
}
