//! How deeply values may nest: as `unserialize_max_depth` says, and never deeper than the stack
//! can bear, whatever it says.

use std::cell::{Cell, OnceCell};

use super::error::ValueError;
use super::stack::Floor;
use crate::php::zend;

/// A value nested deeper than this is not kept: the engine frees it level by level, on whatever stack it then
/// happens to be.
const SHALLOW: i64 = 100;

/// Counts the containers that the value at hand is in.
pub struct Depth {
    now: Cell<i64>,
    deepest: Cell<i64>,
    max: OnceCell<i64>,
    floor: OnceCell<Cell<Floor>>,
}

/// The most of a stack that the engine takes for each level of a value that it goes through: to free it, for
/// one.
const LEVEL: usize = 400;

/// Whether a value may lie within so many containers, whatever made them.
///
/// # Errors
/// [`ValueError::Refused`] as for [`encode`](fn@super::encode).
pub fn check_depth(levels: usize) -> Result<(), ValueError> {
    if levels <= 1 {
        return Ok(());
    }
    Depth::new(levels).check(levels as i64).map_err(ValueError::Refused)?;
    if levels as i64 > SHALLOW && Floor::here().is_within(levels.saturating_mul(LEVEL)) {
        return Err(ValueError::Refused(too_deep(levels as i64)));
    }
    Ok(())
}

#[cold]
fn too_deep(depth: i64) -> String {
    format!("A value is nested {depth} levels deep, more than the stack that is left can bear.")
}

impl Depth {
    /// A counter for a value inside of `within` containers, or on its way there.
    pub fn new(within: usize) -> Self {
        Self { now: Cell::new(within as i64), deepest: Cell::new(0), max: OnceCell::new(), floor: OnceCell::new() }
    }

    /// Enters a container.
    ///
    /// # Errors
    /// The reason, as a text for the user, why this one is too deep; then it has not been entered.
    #[inline]
    pub fn enter(&self) -> Result<(), String> {
        let depth = self.now.get() + 1;
        // The first level is within any limit.
        if depth > 1 {
            self.check(depth)?;
        }
        self.now.set(depth);
        Ok(())
    }

    /// Leaves the container that was entered last.
    #[inline]
    pub fn leave(&self) {
        let depth = self.now.get();
        if depth > SHALLOW {
            self.deepest.set(self.deepest.get().max(depth));
        }
        self.now.set(depth - 1);
    }

    /// Whether the value is nested too deeply to be kept.
    pub fn was_deep(&self) -> bool {
        self.deepest.get() > 0
    }

    fn check(&self, depth: i64) -> Result<(), String> {
        let max = *self.max.get_or_init(|| zend::ini_long("unserialize_max_depth"));
        if max > 0 && depth > max {
            return Err(format!(
                "Maximum depth of {max} exceeded. The depth limit can be changed using the unserialize_max_depth ini setting."
            ));
        }
        if Floor::is_near(self.floor.get_or_init(|| Cell::new(Floor::here()))) {
            return Err(too_deep(depth));
        }
        Ok(())
    }
}
