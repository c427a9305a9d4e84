//! Waiting for a lock: the lock, and the time limits.

use std::time::Duration;

/// A lock that another handle holds.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// The time that others may wait for it.
    pub patience: Patience,
    /// The holder is another handle of the asking thread, so that the wait may be endless.
    pub same_thread: bool,
    /// No `lock()` but a change that is under way ([`Backend::lock_writers`](super::Backend::lock_writers)).
    pub change: bool,
    /// The holder's process, if its number is valid for the asking process.
    pub holder: Option<u32>,
    /// The operation only reads.
    pub reading: bool,
    /// The store's name for this acquisition.
    pub ticket: u64,
}

/// The time that others wait for a lock, set by its holder. Counted in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The time after which a waiter gives up; `None`: never.
    pub timeout: Option<Duration>,
    /// The time that a waiter may sleep between two checks.
    pub interval: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { timeout: None, interval: Duration::from_millis(50) }
    }
}

impl Patience {
    /// As `default`, but a waiter gives up after `timeout`.
    pub fn until(timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..Self::default() }
    }
}

impl Held {
    /// The holder, for a sentence.
    pub fn holder(&self) -> String {
        match self.holder {
            _ if self.same_thread => "another object of this same process".into(),
            Some(pid) if pid == std::process::id() => "another thread of this same process".into(),
            Some(pid) => format!("process {pid}"),
            None => "another process".into(),
        }
    }
}

/// The notes of a waiter while it waits for one operation. Plain data: dropping it does no harm.
pub trait Waiting: Default {
    /// The rest of the time that the holder allows for its own lock; `None`: no wait at all.
    fn left(&mut self, held: &Held) -> Option<Duration>;
}
