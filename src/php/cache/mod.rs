//! Values that were decoded before: what makes reading an unchanged property as cheap as looking at one word of shared
//! memory.
//!
//! Each thread has one table from name to value for each file that it has open ([`table`]), which all objects on that file
//! share ([`shelf`]). A value in it is free of objects and references ([`Sharing::Shareable`](super::value::Sharing)), so that
//! it can be handed out again; PHP copies on write. Whether it is still right is the store's business:
//! [`Version`](super::handle::Version) is asked at every read.
//!
//! A value belongs to the request, is counted, and goes with it. A value that a later request decodes again is copied
//! to one block of memory of the process's ([`block`]), immutable and not counted, which requests after it find there.

mod account;
mod block;
mod caches;
mod entry;
mod keeper;
mod keys;
mod places;
mod pool;
mod seen;
mod shelf;
mod slot;
mod table;

pub use caches::Caches;
pub use entry::Entry;
pub use shelf::{Shelf, nowhere};
pub use slot::CacheSlot;
pub use table::{Keeping, Spot, Table};
