//! The locks and items that a handle has.

use super::mark::Owner;
use sync_backend::{LockSpace, Patience};

/// A handle's way to keep others out.
#[derive(Debug, Clone)]
pub struct Hold {
    pub ticket: u64,
    /// As the server has it.
    pub mark: Vec<u8>,
    /// The owner.
    pub owner: Owner,
    pub since: u64,
    /// `lock()` was called.
    pub locked: Option<Patience>,
    /// The number of holds on writers, and of `enter_lock`s; the token of these.
    pub writers: u32,
    pub entered: u32,
    pub token: Option<u64>,
}

impl Hold {
    pub fn keeps_all_out(&self) -> bool {
        self.locked.is_some() || self.entered > 0
    }

    pub fn is_over(&self) -> bool {
        !self.keeps_all_out() && self.writers == 0
    }
}

/// A hold on writers.
#[derive(Debug)]
pub struct ServerWriterHold {
    pub object: u64,
    pub ticket: u64,
    /// The process that has it: in a forked child it is the parent's.
    pub generation: u64,
}

/// A lock that a handle has.
#[derive(Debug)]
pub struct OwnLock {
    pub space: LockSpace,
    pub name: Vec<u8>,
    /// As the server has it.
    pub mark: Vec<u8>,
    pub owner: Owner,
    /// In which opening of the store it was taken.
    pub opening: u64,
    pub token: u64,
    pub depth: u32,
}

/// An item that a handle has taken, and is not through with.
#[derive(Debug)]
pub struct OwnItem {
    pub token: u64,
    pub owner: Owner,
}
