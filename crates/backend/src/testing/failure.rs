//! The failures of a store in memory.

use std::fmt;

use crate::{BackendError, Held, Remedy};

/// Every one of these stores has the same address.
pub(super) const ADDRESS: &[u8] = b"memory";

/// A failure.
#[derive(Debug)]
pub enum MemoryError {
    Held(Held),
    NoRoom(u64),
    NoMemory(u64),
}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(held) => write!(f, "{} holds the lock.", held.holder()),
            Self::NoMemory(bytes) => write!(f, "There is no memory for {bytes} bytes."),
            Self::NoRoom(bytes) => write!(f, "There is no room for {bytes} bytes."),
        }
    }
}

impl BackendError for MemoryError {
    fn address(&self) -> &[u8] {
        ADDRESS
    }

    fn remedy(&self) -> Remedy {
        match *self {
            Self::Held(held) => Remedy::Wait(held),
            Self::NoRoom(bytes) => Remedy::MakeRoom(bytes),
            Self::NoMemory(_) => Remedy::Report,
        }
    }
}
