//! The act at the end of a statement's steps.

use ext_php_rs::ffi::{BP_VAR_RW, BP_VAR_UNSET, BP_VAR_W};

use super::operation::{Operation, Running};
use super::zend::Local;

/// The act at the end of the steps. It is used up by being done, so that it is done once.
pub enum Act<'a> {
    /// Put a value there. A typed property may convert it; then it becomes the converted one.
    Assign(&'a Local),
    /// Apply an operator to the value there.
    Operate(Running<'a>),
    /// Remove the value there.
    Unset,
}

impl<'a> Act<'a> {
    /// The mode in which the engine fetches the container of the last step.
    pub fn fetch(&self) -> u32 {
        match self {
            Self::Assign(_) => BP_VAR_W,
            Self::Operate(_) => BP_VAR_RW,
            Self::Unset => BP_VAR_UNSET,
        }
    }

    /// A note of it, for when it is done.
    pub fn done(&self) -> Applied<'a> {
        match self {
            Self::Assign(value) => Applied::Put(value),
            Self::Operate(running) => Applied::Operated(running.operation()),
            Self::Unset => Applied::Removed,
        }
    }
}

/// The change that a statement has made at the end of its steps.
#[derive(Clone, Copy)]
pub enum Applied<'o> {
    Put(&'o Local),
    Operated(&'o Operation),
    Removed,
}
