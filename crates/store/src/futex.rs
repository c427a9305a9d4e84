//! Futexes in the file: how a thread sleeps until a word changes, and how others wake it.

use super::header::Word;
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// By somebody, by a signal, or because the word had changed: look again.
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
    let timeout =
        libc::timespec { tv_sec: at_most.as_secs() as libc::time_t, tv_nsec: at_most.subsec_nanos() as libc::c_long };
    // SAFETY: the word is in a live mapping; shared between processes, so not FUTEX_PRIVATE.
    let result = unsafe {
        libc::syscall(libc::SYS_futex, word.low_half().as_ptr(), libc::FUTEX_WAIT, expected.to_le(), &raw const timeout)
    };
    if result == 0 {
        return Woken::Maybe;
    }
    match std::io::Error::last_os_error().raw_os_error() {
        Some(libc::ETIMEDOUT) => Woken::TimedOut,
        Some(libc::EFAULT) => Woken::Fault,
        _ => Woken::Maybe,
    }
}

#[cfg(feature = "loom")]
pub fn futex_wake(word: &Word, count: i32) {
    super::memory::modelled::futex_wake(word.atomic(), count);
}

#[cfg(not(feature = "loom"))]
pub fn futex_wake(word: &Word, count: i32) {
    // SAFETY: as in `futex_wait`.
    unsafe { libc::syscall(libc::SYS_futex, word.low_half().as_ptr(), libc::FUTEX_WAKE, count) };
}
