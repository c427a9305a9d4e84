//! The stores that a handle was read out of.

use std::path::PathBuf;
use std::rc::Rc;

/// A store that is being shown, perhaps inside of another one: what handles that come out of it
/// remember, so that one that leads back is not shown for ever.
pub struct Provenance {
    /// The store.
    pub path: PathBuf,
    /// What that is inside of.
    pub outer: Option<Rc<Provenance>>,
}
