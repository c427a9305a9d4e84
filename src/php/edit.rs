//! The change that a statement makes at the end of its steps, as long as it has not been done.

use ext_php_rs::ffi::{BP_VAR_RW, BP_VAR_UNSET, BP_VAR_W};

use super::act::Act;
use super::exclusive::Turn;
use super::operation::Due;
use super::zend::Local;

/// The change that a statement makes at the end of its steps. A function that returns it has not done it.
pub enum Edit<'o> {
    /// Puts a value there.
    Assign(&'o Local),
    /// Applies an operator to the value there.
    Operate(Due<'o>),
    /// Removes the value there.
    Unset,
}

impl<'o> Edit<'o> {
    /// Allows it to be done now, while other writers are kept out.
    pub fn during(self, turn: &Turn) -> Act<'o> {
        match self {
            Self::Assign(value) => Act::Assign(value),
            Self::Operate(due) => Act::Operate(due.during(turn)),
            Self::Unset => Act::Unset,
        }
    }

    /// Takes that back: it has not been done.
    pub fn defer(act: Act<'o>) -> Self {
        match act {
            Act::Assign(value) => Self::Assign(value),
            Act::Operate(operation) => Self::Operate(operation.defer()),
            Act::Unset => Self::Unset,
        }
    }

    /// The mode in which the engine fetches the container of the last step.
    pub fn fetch(&self) -> u32 {
        match self {
            Self::Assign(_) => BP_VAR_W,
            Self::Operate(_) => BP_VAR_RW,
            Self::Unset => BP_VAR_UNSET,
        }
    }
}

/// The outcome of trying to do it one way.
#[must_use]
pub enum Attempt<'o> {
    Done,
    /// This way does not fit; it has not been done.
    Declined(Edit<'o>),
}

/// The number of times that a compare and swap is tried again because another process was faster, before other writers
/// are kept out.
pub const ATTEMPTS: usize = 20;

/// The outcome of a compare and swap.
pub enum Swap {
    Done,
    /// This way does not fit; nothing has happened.
    Impossible,
    /// Another process was faster.
    Lost,
}
