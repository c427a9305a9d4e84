//! Reading, without a lock and without a system call.
//!
//! A reader loads `commit` first: what it then finds is at least as new. It follows the index to a
//! record, copies it, and looks afterwards whether what it went through was still there: the
//! segment's generation, the index's epoch, the mapping's poison. If not, it starts over.

mod attempts;
mod items;
mod lookup;
#[cfg(test)]
mod model;
mod origin;
mod reader;
mod snapshot;
mod stillness;
mod survey;
mod value;

pub use items::{ConsumedItem, Consumption, WithItems};
pub use origin::Origin;
pub use reader::Reader;
pub use survey::Sight;
pub use value::Want;
