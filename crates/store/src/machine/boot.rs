//! Which boot of the machine this is.

use crate::error::Failure;
#[cfg(test)]
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A boot of the machine, as far as a process can see which one.
///
/// Not `PartialEq`: an unknown boot is equal to nothing, another unknown one included.
#[derive(Debug, Clone, Copy)]
pub struct Boot(Option<[u64; 2]>);

impl Boot {
    pub const UNKNOWN: Self = Self(None);

    /// The boot that two words of a header name; zeros name none.
    pub fn from_words(words: [u64; 2]) -> Self {
        Self((words != [0, 0]).then_some(words))
    }

    /// As a header says it.
    pub fn words(self) -> [u64; 2] {
        self.0.unwrap_or([0, 0])
    }

    /// This boot; an unknown one where the system hides that (a `chroot` without /proc, say). An error where this
    /// process may just now open no more files: it can see it in a moment.
    pub fn current() -> Result<Self, Failure> {
        #[cfg(test)]
        if IS_HIDDEN.get() {
            return Ok(Self::UNKNOWN);
        }
        static WORDS: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
        static IS_KNOWN: AtomicBool = AtomicBool::new(false);
        // No `OnceLock`: a child that is forked meanwhile would wait for a thread that it does not have.
        if !IS_KNOWN.load(Ordering::Acquire) {
            let text = match std::fs::read_to_string("/proc/sys/kernel/random/boot_id") {
                Err(error) if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM)) => {
                    return Err(error.into());
                }
                other => other.unwrap_or_default(),
            };
            let Some(words) = Self::parse(&text) else { return Ok(Self(None)) };
            WORDS[0].store(words[0], Ordering::Relaxed);
            WORDS[1].store(words[1], Ordering::Relaxed);
            IS_KNOWN.store(true, Ordering::Release);
        }
        Ok(Self(Some([WORDS[0].load(Ordering::Relaxed), WORDS[1].load(Ordering::Relaxed)])))
    }

    /// Reads an id as the kernel writes it: 32 hexadecimal digits, and dashes.
    fn parse(text: &str) -> Option<[u64; 2]> {
        let digits: String = text.trim().chars().filter(|&c| c != '-').collect();
        if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let half = |range| u64::from_str_radix(&digits[range], 16).ok();
        Self::from_words([half(0..16)?, half(16..32)?]).0
    }

    pub fn is_known(self) -> bool {
        self.0.is_some()
    }

    /// A number by which most boots can be told apart; 0: not known.
    pub fn digest(self) -> u16 {
        self.0.map_or(0, |[first, second]| (first ^ second ^ second >> 16) as u16 | 1)
    }

    /// Whether both are known, and not the same.
    pub fn is_not(self, other: Self) -> bool {
        matches!((self.0, other.0), (Some(one), Some(two)) if one != two)
    }

    /// Whether both are known, and the same.
    pub fn is(self, other: Self) -> bool {
        matches!((self.0, other.0), (Some(one), Some(two)) if one == two)
    }
}

#[cfg(test)]
thread_local! {
    /// As where there is no /proc.
    static IS_HIDDEN: Cell<bool> = const { Cell::new(false) };
}

/// Hides from this thread which boot this is.
#[cfg(test)]
pub fn hide_the_boot(hidden: bool) {
    IS_HIDDEN.set(hidden);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_is_known_by_the_id_that_the_kernel_writes() {
        let text = "3f1c1d5e-8d3a-4a25-b1cc-0f4f3a2b1c0d\n";
        let boot = Boot(Boot::parse(text));
        assert!(boot.is(Boot::from_words(boot.words())));
        assert!(!boot.is(Boot::from_words([1, 2])));
        for hidden in ["", "3f1c1d5e", "00000000-0000-0000-0000-000000000000", &text.replace('3', "x")] {
            assert_eq!(Boot::parse(hidden), None, "{hidden}");
        }
    }

    #[test]
    fn an_unknown_boot_is_equal_to_nothing() {
        let unknown = Boot::from_words([0, 0]);
        assert!(!unknown.is(unknown));
        assert!(!unknown.is(Boot::from_words([1, 2])));
        assert_eq!(unknown.words(), [0, 0]);
    }
}
