//! The commands.

mod copy;
mod edit;
mod export;
mod import;
mod item;
mod look;
mod stat;
mod summed;
mod watch;
mod whole;

pub use copy::copy;
pub use edit::{rm, set};
pub use export::export;
pub use import::import;
pub use look::{get, ls};
pub use stat::stat;
pub use watch::{Watched, watch};
pub use whole::{check, compact, completion, manual};
