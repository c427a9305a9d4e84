//! The locks and items that a handle has.

use super::error::ErrorKind;
use super::mark::Owner;
use sync_backend::{Held, LockSpace, Patience};

/// A handle's way to keep others out: the handle's, in whichever fiber it was begun, as far as it does not say otherwise.
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
    /// The number of holds on writers, and their fiber: others are kept from writing, too.
    pub writers: u32,
    pub writers_in: usize,
    /// The number of `enter_lock`s, their fiber, and their token.
    pub entered: u32,
    pub entered_in: usize,
    pub token: Option<u64>,
}

impl Hold {
    pub fn keeps_all_out(&self) -> bool {
        self.locked.is_some() || self.entered > 0
    }

    pub fn is_over(&self) -> bool {
        !self.keeps_all_out() && self.writers == 0
    }

    /// Whether a fiber may write under it.
    pub fn lets_write(&self, fiber: usize) -> bool {
        self.writers == 0 || self.writers_in == fiber
    }

    /// Whether a fiber may take the lock of the whole, counted.
    pub fn lets_enter(&self, fiber: usize) -> bool {
        self.entered == 0 || self.entered_in == fiber
    }

    /// The failure of a fiber that this hold keeps out, by a change or by the lock.
    pub fn keeps_fiber_out(&self, change: bool) -> ErrorKind {
        ErrorKind::Held(Held {
            patience: Patience::default(),
            same_thread: true,
            change,
            holder: None,
            reading: false,
            ticket: self.ticket,
        })
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
