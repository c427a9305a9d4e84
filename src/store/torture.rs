//! What the torture tests ask of the store: to die between any two steps of a change, and to clean
//! all the time. Compiled in with the feature `torture` only.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

static COUNTDOWN: AtomicI64 = AtomicI64::new(i64::MAX);
static PASSED: AtomicU64 = AtomicU64::new(0);
static SLACK: AtomicU64 = AtomicU64::new(u64::MAX);

/// Lets the process die by SIGKILL at the crash point that is passed `after` others.
pub fn crash_after(after: u64) {
    COUNTDOWN.store(after as i64, Ordering::Relaxed);
}

/// How many crash points this process has passed.
pub fn passed() -> u64 {
    PASSED.load(Ordering::Relaxed)
}

/// Lets the cleaner start when that many bytes are dead, instead of the usual number.
pub fn set_slack(bytes: u64) {
    SLACK.store(bytes, Ordering::Relaxed);
}

pub(super) fn slack() -> Option<u64> {
    let slack = SLACK.load(Ordering::Relaxed);
    (slack != u64::MAX).then_some(slack)
}

pub(super) fn crash_point() {
    PASSED.fetch_add(1, Ordering::Relaxed);
    if COUNTDOWN.fetch_sub(1, Ordering::Relaxed) == 0 {
        // SAFETY: a signal to ourselves, which does not return.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    }
}
