//! When values expire, and the clock that says so.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The moment at which a value expires: from then on it is missing, for every operation. In milliseconds of the wall clock, as a
/// store may outlive a boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry(NonZeroU64);

impl Expiry {
    /// A moment that is over on any clock.
    pub const PAST: Self = Self(NonZeroU64::MIN);

    /// So many milliseconds after the beginning of 1970. (0 is taken for 1.)
    #[inline]
    pub fn at(milliseconds: u64) -> Self {
        Self(NonZeroU64::new(milliseconds).unwrap_or(NonZeroU64::MIN))
    }

    /// How many milliseconds after the beginning of 1970 it is.
    #[inline]
    pub fn milliseconds(self) -> u64 {
        self.0.get()
    }

    /// Whether a value that expires then has expired by now.
    #[inline]
    pub fn has_come(self, now: Now) -> bool {
        self.0.get() <= now.0
    }

    /// How long it is until then; nothing where it has come.
    #[inline]
    pub fn left(self, now: Now) -> Duration {
        Duration::from_millis(self.0.get().saturating_sub(now.0))
    }
}

/// A reading of the clock by which values expire, in milliseconds since 1970.
///
/// The wall clock may be set back, and what was seen to have expired is not to come back by that: a process never uses an
/// earlier time than one it has used. No store keeps that time: a single process with a wrong clock would let everything expire
/// for all others, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now(u64);

/// The latest time that this process has used.
static LATEST: AtomicU64 = AtomicU64::new(0);

impl Now {
    /// Reads the clock: no system call. It moves every few milliseconds.
    #[inline]
    pub fn read() -> Self {
        #[cfg(feature = "testing")]
        if let Some(now) = testing::shown() {
            return Self(now);
        }
        let now = clock_gettime(ClockId::RealtimeCoarse);
        let now = (now.tv_sec.max(0) as u64).saturating_mul(1000).saturating_add(now.tv_nsec as u64 / 1_000_000);
        Self(latest(&LATEST, now))
    }

    /// The milliseconds since 1970.
    #[inline]
    pub fn milliseconds(self) -> u64 {
        self.0
    }

    /// The moment so much later. `None`: beyond all that can be counted, which is never.
    #[inline]
    pub fn after(self, milliseconds: u64) -> Option<Expiry> {
        self.0.checked_add(milliseconds).map(Expiry::at)
    }
}

/// The later one of the latest time and this one, which it is from here on.
#[inline]
fn latest(word: &AtomicU64, now: u64) -> u64 {
    let latest = word.load(Ordering::Relaxed);
    if now > latest { word.fetch_max(now, Ordering::Relaxed).max(now) } else { latest }
}

/// The clock in the hands of a test.
#[cfg(feature = "testing")]
pub mod testing {
    use std::cell::Cell;
    use std::sync::atomic::AtomicU64;

    thread_local! {
        static SHOWS: Cell<Option<u64>> = const { Cell::new(None) };
        static LATEST: AtomicU64 = const { AtomicU64::new(0) };
    }

    /// Lets the clock of this thread stand still at a time, in milliseconds since 1970. (It may be set back: what was seen by then
    /// counts.)
    pub fn set(milliseconds: u64) {
        SHOWS.set(Some(milliseconds));
    }

    /// Lets the clock of this thread go again, by what all others show.
    pub fn unset() {
        SHOWS.set(None);
    }

    /// Whether that was done.
    pub fn is_set() -> bool {
        SHOWS.get().is_some()
    }

    /// As [`set`], for a thread that starts anew: it forgets the latest time that it has used.
    pub fn start_at(milliseconds: u64) {
        LATEST.with(|word| word.store(0, std::sync::atomic::Ordering::Relaxed));
        set(milliseconds);
    }

    /// The time that it shows, for the clock of another thread.
    pub fn now() -> u64 {
        super::Now::read().milliseconds()
    }

    pub(super) fn shown() -> Option<u64> {
        let shown = SHOWS.get()?;
        Some(LATEST.with(|word| super::latest(word, shown)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_shows_the_latest_time_that_was_used() {
        let word = AtomicU64::new(0);
        assert_eq!([5, 3, 6, 6, 1].map(|now| latest(&word, now)), [5, 5, 6, 6, 6]);
    }

    #[test]
    fn a_moment_comes_and_stays() {
        let expiry = Now(10).after(5).unwrap();
        assert_eq!((expiry.has_come(Now(14)), expiry.left(Now(14))), (false, Duration::from_millis(1)));
        for now in [15, 16, u64::MAX].map(Now) {
            assert_eq!((expiry.has_come(now), expiry.left(now)), (true, Duration::ZERO));
        }
        assert_eq!(Now(10).after(u64::MAX), None);
        assert!(Expiry::PAST.has_come(Now::read()) && Expiry::at(0) == Expiry::PAST);
    }

    #[test]
    fn the_clock_goes_on() {
        let start = Now::read();
        assert!(start.milliseconds() > 1_500_000_000_000);
        while Now::read() == start {
            std::hint::spin_loop();
        }
        assert!(Now::read() > start);
    }
}
