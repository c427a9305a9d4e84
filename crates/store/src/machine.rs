//! The machine's answers: which boot this is, whether a process lives, random numbers.

mod boot;
mod process;
mod random;

pub use boot::Boot;
#[cfg(test)]
pub use boot::hide_the_boot;
pub use process::{Fate, Process};
pub use random::{are_identities_drawn, draw_identities_from, random};
