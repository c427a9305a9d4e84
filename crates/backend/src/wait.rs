//! Waiting for a lock: how long, and for which.

use std::time::Duration;

/// A lock that another handle holds.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// How long others may wait for it.
    pub patience: Patience,
    /// The holder is another handle of the very thread that asks, so that waiting may be for ever.
    pub same_thread: bool,
    /// No `lock()` but a change that is under way ([`Backend::lock_writers`](super::Backend::lock_writers)).
    pub change: bool,
    /// The holder's process, where its number means the same to the process that asks.
    pub holder: Option<u32>,
    /// The operation only reads.
    pub reading: bool,
    /// The store's name for this very acquisition.
    pub ticket: u64,
}

/// How long others wait for a lock, as its holder says. Counted in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The time after which a waiter gives up; `None`: never.
    pub timeout: Option<Duration>,
    /// How long a waiter may sleep between two looks.
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

/// The notes of a waiter while it waits for one operation. Plain data: to forget it does no harm.
pub trait Waiting: Default {
    /// How much longer it may wait, as the holder says, which speaks for its own lock only; `None`: not at all.
    fn left(&mut self, held: &Held) -> Option<Duration>;
}
