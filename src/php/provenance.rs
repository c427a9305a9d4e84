//! The stores that a handle was read out of.

use std::rc::Rc;

/// A store that is being shown, perhaps inside of another one. Handles that were read out of it remember it, so that one
/// that leads back is not shown for ever.
pub struct Provenance {
    /// The address of the store.
    pub address: Vec<u8>,
    /// The store that it is inside of.
    pub outer: Option<Rc<Provenance>>,
}
