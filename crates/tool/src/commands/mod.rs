//! The commands.

mod carry;
mod edit;
mod look;
mod whole;

pub use carry::{export, import};
pub use edit::{rm, set};
pub use look::{get, ls, stat};
pub use whole::{check, compact, completion};
