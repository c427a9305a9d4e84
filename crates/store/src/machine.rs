//! The machine's answers: which boot this is, whether a process lives, random numbers.

mod boot;
mod process;
mod random;

pub use boot::Boot;
#[cfg(test)]
pub use boot::hide_the_boot;
pub use process::{Fate, Process};
#[cfg(any(test, feature = "testing"))]
pub use random::draw_identities_from;
pub use random::{are_identities_drawn, random};
