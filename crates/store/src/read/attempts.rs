//! The pace of a reader that starts over.

use crate::memory::again;
use std::time::{Duration, Instant};

/// As many bytes, copied in vain, count as an attempt.
const BYTES_PER_ATTEMPT: usize = 256 << 10;
/// How long a reader that cannot ask for quiet, as it may only read, starts over at once; how long it then
/// pauses, at first and at most, and for how many times as long as an attempt takes; after which time its
/// caller looks for signals.
const AT_ONCE: Duration = Duration::from_millis(1);
const FIRST_PAUSE: Duration = Duration::from_micros(250);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
const PAUSE_FACTOR: u32 = 3;
const BUSY_AFTER: Duration = Duration::from_millis(50);

/// The attempts of a reader to find everything standing still.
pub struct Attempts {
    /// Whether it may ask for quiet when they are over.
    writable: bool,
    most: u32,
    made: u32,
    /// When the first one had failed, and when the last one began.
    since: Option<Instant>,
    last: Option<Instant>,
    pause: Duration,
}

impl Attempts {
    pub fn new(most: u32, writable: bool) -> Self {
        Self { writable, most, made: 0, since: None, last: None, pause: FIRST_PAUSE }
    }

    /// Whether to make one (more). A reader that cannot ask for quiet needs luck, and pauses longer and
    /// longer meanwhile: more attempts would take time from those who write.
    #[inline]
    pub fn go_on(&mut self) -> bool {
        self.made += 1;
        if self.made > 1 {
            again();
        }
        self.made == 1 || if self.writable { self.made <= self.most } else { self.go_on_reading() }
    }

    /// Counts what an attempt copied in vain: an attempt that takes milliseconds is not made a thousand times.
    pub fn have_copied(&mut self, bytes: usize) {
        self.made += u32::try_from(bytes / BYTES_PER_ATTEMPT).unwrap_or(self.most);
    }

    #[cold]
    fn go_on_reading(&mut self) -> bool {
        let now = Instant::now();
        let elapsed = now - *self.since.get_or_insert(now);
        let attempt = now - self.last.replace(now).unwrap_or(now);
        if elapsed < AT_ONCE {
            return true;
        }
        // Before its caller looks for signals, too: that one tries again at once.
        pause(self.pause.max(PAUSE_FACTOR * attempt).min(LONGEST_PAUSE));
        self.pause = 2 * self.pause;
        self.last = Some(Instant::now());
        elapsed < BUSY_AFTER
    }
}

/// Sleeps, until a signal comes at the latest.
fn pause(time: Duration) {
    let time = libc::timespec { tv_sec: time.as_secs() as libc::time_t, tv_nsec: time.subsec_nanos() as libc::c_long };
    // SAFETY: `time` lives on this stack during the call; a null pointer for the rest is allowed.
    unsafe { libc::nanosleep(&time, std::ptr::null_mut()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time that this thread has had a processor.
    fn worked() -> Duration {
        // SAFETY: a valid clock and a valid place for the answer.
        unsafe {
            let mut time: libc::timespec = std::mem::zeroed();
            libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time);
            Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
        }
    }

    #[test]
    fn a_reader_that_cannot_ask_for_quiet_pauses_between_its_attempts() {
        for attempt in [0, 300, 2_000, 40_000].map(Duration::from_micros) {
            let (start, before, mut calls) = (Instant::now(), worked(), 0);
            while start.elapsed() < Duration::from_millis(1500) {
                let mut attempts = Attempts::new(3, false);
                while attempts.go_on() {
                    let from = worked();
                    while worked() - from < attempt {}
                }
                calls += 1;
            }
            let (elapsed, worked) = (start.elapsed(), worked() - before);
            assert!(2 * worked < elapsed, "{attempt:?}: at work for {worked:?} of {elapsed:?}");
            // So that its caller can look for signals. (Each takes some 50 ms, or two long attempts.)
            assert!(calls > 1, "{attempt:?}: {calls} calls in {elapsed:?}");
        }
    }

    #[test]
    fn a_reader_that_can_ask_for_quiet_does_not_pause() {
        let mut attempts = Attempts::new(3, true);
        assert_eq!(std::iter::from_fn(|| attempts.go_on().then_some(())).count(), 3);
    }
}
