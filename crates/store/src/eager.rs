//! A short look at a word, before a thread sleeps until that changes.
//!
//! Processes that answer each other take a few microseconds for their turns, and the kernel tens to put one to sleep and to wake it
//! on another processor. So a waiter looks for a moment before it sleeps. It gives its processor to others meanwhile, as the one
//! that it waits for may need that.
//!
//! This pays where answers come fast and processors are idle. Where the answer is slow, the look is wasted; where others want the
//! processor, the scheduler gives it back milliseconds later, long after a sleeping thread would have been woken. So each look that was in
//! vain doubles the number of waits before the next one, and one that took so long makes it the largest.

use super::memory::Instant;
use std::cell::Cell;
use std::time::Duration;

/// How long a thread looks at most. Longer than two processes take to answer each other; a wake-up on another processor takes about as
/// long.
const LOOK: Duration = Duration::from_micros(50);
/// How often it looks between two times that it gives the processor away.
const LOOKS_AT_A_TIME: u32 = 8;
/// A look that took this long found the processor wanted by others.
const LONG: Duration = Duration::from_micros(500);
/// At most 2 to the power of this many waits go by between two looks.
const MOST_IN_VAIN: u32 = 10;

/// A thread's experience with short looks: plain notes.
#[derive(Debug, Default)]
pub struct Eager {
    /// Looks in vain; one that was not takes one off.
    in_vain: Cell<u32>,
    /// Waits that are to go by before the next look.
    waits: Cell<u32>,
}

impl Eager {
    /// Looks for a moment whether `has_come`, where that promises anything. False: this has not looked, and the thread is to sleep. (After
    /// a look it is not, even where nothing has come: a signal may have, which a sleep would not notice.)
    pub fn has_looked(&self, has_come: impl Fn() -> bool) -> bool {
        if let Some(waits) = self.waits.get().checked_sub(1) {
            self.waits.set(waits);
            return false;
        }
        let start = Instant::now();
        loop {
            for _ in 0..LOOKS_AT_A_TIME {
                if has_come() {
                    self.in_vain.set(self.in_vain.get().saturating_sub(1));
                    return true;
                }
                std::hint::spin_loop();
            }
            if start.elapsed() >= LOOK {
                break;
            }
            std::thread::yield_now();
        }
        let in_vain = if start.elapsed() < LONG { self.in_vain.get() + 1 } else { MOST_IN_VAIN };
        self.in_vain.set(in_vain.min(MOST_IN_VAIN));
        self.waits.set(1 << self.in_vain.get());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many waits in a row were begun with a look.
    fn looks(eager: &Eager, waits: usize, has_come: bool) -> usize {
        (0..waits).filter(|_| eager.has_looked(|| has_come)).count()
    }

    #[test]
    fn what_comes_at_once_is_always_looked_for() {
        assert_eq!(looks(&Eager::default(), 1000, true), 1000);
    }

    #[test]
    fn looks_in_vain_become_rare() {
        let eager = Eager::default();
        // One, then 2 waits without, one, 4 without, and so on. (More, where the machine took one's processor for long.)
        assert!(looks(&eager, 2046 + 10 + 10 * 1025, false) <= 20);
    }

    #[test]
    fn a_look_for_which_the_processor_was_gone_is_the_last_for_long() {
        let eager = Eager::default();
        let is_late = || {
            std::thread::sleep(LONG);
            false
        };
        assert!(eager.has_looked(is_late));
        assert_eq!(looks(&eager, 1 << MOST_IN_VAIN, true), 0);
        assert_eq!(looks(&eager, 100, true), 100);
    }
}
