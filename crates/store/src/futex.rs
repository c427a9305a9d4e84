//! Futexes in the file: how a thread sleeps until a word changes, and how others wake it.

use super::header::Word;
#[cfg(not(feature = "loom"))]
use rustix::{
    io::Errno,
    thread::futex::{self, Flags},
    time::Timespec,
};
use std::time::Duration;

/// The end of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Another process or a signal ended it, or the word had changed before: the caller looks again.
    Maybe,
    TimedOut,
    /// There is no file behind the word any more.
    Fault,
}

/// Sleeps while the low half of `word` is `expected`.
#[cfg(feature = "loom")]
pub fn futex_wait(word: &Word, expected: u32, at_most: Duration) -> Woken {
    if at_most.is_zero() {
        return Woken::TimedOut;
    }
    super::memory::modelled::futex_wait(word.atomic(), expected);
    Woken::Maybe
}

/// Sleeps while the low half of `word` is `expected`.
#[cfg(not(feature = "loom"))]
pub fn futex_wait(word: &Word, expected: u32, at_most: Duration) -> Woken {
    let timeout = Timespec { tv_sec: at_most.as_secs() as i64, tv_nsec: at_most.subsec_nanos().into() };
    // Shared between processes, so not PRIVATE.
    match futex::wait(word.low_half(), Flags::empty(), expected.to_le(), Some(&timeout)) {
        Err(Errno::TIMEDOUT) => Woken::TimedOut,
        Err(Errno::FAULT) => Woken::Fault,
        _ => Woken::Maybe,
    }
}

#[cfg(feature = "loom")]
pub fn futex_wake(word: &Word, count: i32) {
    super::memory::modelled::futex_wake(word.atomic(), count);
}

#[cfg(not(feature = "loom"))]
pub fn futex_wake(word: &Word, count: i32) {
    let _ = futex::wake(word.low_half(), Flags::empty(), count as u32);
}
