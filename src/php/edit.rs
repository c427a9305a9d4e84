//! What a statement does at the end of its steps, as long as it has not been done.

use ext_php_rs::ffi::{BP_VAR_RW, BP_VAR_UNSET, BP_VAR_W, zval};

use super::exclusive::Turn;
use super::operation::{Due, Operation};
use super::walk::Act;

/// What a statement does at the end of its steps. Whoever gives it back has not done it.
pub enum Edit<'o> {
    /// Puts a value there.
    Assign(*mut zval),
    /// Applies an operator to what is there.
    Operate(Due<'o>),
    /// Removes what is there.
    Unset,
}

impl<'o> Edit<'o> {
    /// To be done now, while others are kept out.
    pub fn during(self, turn: &Turn) -> Act<'o> {
        match self {
            Self::Assign(value) => Act::Assign(value),
            Self::Operate(due) => Act::Operate(due.during(turn)),
            Self::Unset => Act::Unset,
        }
    }

    /// Not now, after all.
    pub fn defer(act: Act<'o>) -> Self {
        match act {
            Act::Assign(value) => Self::Assign(value),
            Act::Operate(operation) => Self::Operate(operation.defer()),
            Act::Unset => Self::Unset,
        }
    }

    /// How the engine fetches what stands before it.
    pub fn fetch(&self) -> u32 {
        match self {
            Self::Assign(_) => BP_VAR_W,
            Self::Operate(_) => BP_VAR_RW,
            Self::Unset => BP_VAR_UNSET,
        }
    }

    /// What it will have done.
    pub fn done(&mut self) -> Applied {
        match self {
            Self::Assign(value) => Applied::Put(*value),
            Self::Operate(due) => Applied::Operated(due.operation()),
            Self::Unset => Applied::Removed,
        }
    }
}

/// What a statement has done at the end of its steps.
#[derive(Clone, Copy)]
pub enum Applied {
    Put(*mut zval),
    Operated(*mut Operation),
    Removed,
}

/// What came of trying to do it one way.
#[must_use]
pub enum Attempt<'o> {
    Done,
    /// This is not the way, and it has not been done.
    Declined(Edit<'o>),
}

/// How often a compare and swap is tried again because another process was faster, before the other writers
/// are kept out.
pub const ATTEMPTS: usize = 20;

/// The outcome of a compare and swap.
pub enum Swap {
    Done,
    /// This is not the way.
    Impossible,
    /// Another process was faster.
    Lost,
}
