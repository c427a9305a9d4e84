//! The coarse clock, and the changes that were announced: when something was looked at, and whether to look again.

use rustix::time::{ClockId, clock_gettime};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU64, Ordering};
use sync_fork::count_forks_in;

/// How often this process did something after which each store has to look at its path: deleted or renamed
/// files, forked, or changed what is done with signals.
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// When something was looked at: a tick of the clock, and how many changes had been announced by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    tick: u64,
    changes: u64,
}

impl Moment {
    /// A moment before every other.
    pub const NEVER: Self = Self { tick: 0, changes: 0 };

    #[inline]
    pub fn now() -> Self {
        Self { tick: tick(), changes: CHANGES.load(Ordering::Relaxed) }
    }

    /// Whether a change has been announced since.
    #[inline]
    pub fn precedes_a_change(self) -> bool {
        self.changes != CHANGES.load(Ordering::Relaxed)
    }

    /// Whether it is still the same tick of the clock.
    #[inline(always)]
    pub fn is_this_tick(self) -> bool {
        self.tick == tick()
    }

    /// Whether no change has been announced since, and no more than so many nanoseconds have passed.
    pub fn is_at_most_ago(self, nanoseconds: u64) -> bool {
        !self.precedes_a_change() && tick().wrapping_sub(self.tick) <= nanoseconds
    }
}

/// Ends the moment for all stores of this process: each looks at its path again.
pub fn announce_change() {
    CHANGES.fetch_add(1, Ordering::Relaxed);
}

/// Lets each forked child begin with a change: each of its stores finds its file by its own path.
pub fn announce_forks() {
    count_forks_in(&CHANGES);
}

/// The coarse clock, in nanoseconds: no system call, and it moves every few milliseconds.
///
/// (The C library's function itself: all reads ask, and what goes between is not inlined everywhere.)
#[inline(always)]
pub fn tick() -> u64 {
    if cfg!(feature = "loom") {
        // Time stands still in a model.
        return 1;
    }
    let mut now = MaybeUninit::uninit();
    // SAFETY: the kernel has this clock since 2.6.32, and writes the time where there is room for one; that it did, the result says.
    let now = unsafe {
        match libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, now.as_mut_ptr()) {
            0 => now.assume_init(),
            _ => unreachable!("there is no coarse clock"),
        }
    };
    (now.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(now.tv_nsec as u64)
}

/// The wall clock, as file systems use it, in nanoseconds since 1970.
pub fn now() -> u64 {
    let now = clock_gettime(ClockId::RealtimeCoarse);
    nanoseconds(now.tv_sec, now.tv_nsec)
}

/// As [`now`], as exactly as the machine knows it.
pub fn exactly_now() -> u64 {
    let now = clock_gettime(ClockId::Realtime);
    nanoseconds(now.tv_sec, now.tv_nsec)
}

/// Times before 1970 are 1970.
pub fn nanoseconds(seconds: i64, rest: i64) -> u64 {
    (seconds.max(0) as u64).saturating_mul(1_000_000_000).saturating_add(rest.max(0) as u64)
}
