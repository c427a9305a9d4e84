//! What the processes have begun and what has returned to them: memory that outlives them.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU8, AtomicU64};

/// Processes that are tortured.
pub const WORKERS: usize = 16;
/// Owners of keys: the processes, and the children they fork.
pub const OWNERS: usize = WORKERS * 2;
/// Keys of each owner, which nobody else writes.
pub const KEYS: usize = 48;
/// Kinds of counter that all increment: under `lock()`, under `lock_writers()`.
pub const COUNTERS: usize = 2;

/// What a key should hold: a number that only grows, and whether it stands for a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    pub number: u64,
    pub removed: bool,
}

impl State {
    fn of(word: u64) -> Self {
        // Nothing was ever stored: as if removed.
        Self { number: word >> 1, removed: word & 1 != 0 || word == 0 }
    }

    fn word(self) -> u64 {
        self.number << 1 | u64::from(self.removed)
    }
}

/// The journal of one key: written by its owner alone.
pub struct Entry {
    begun: AtomicU64,
    returned: AtomicU64,
}

impl Entry {
    pub fn begun(&self) -> State {
        State::of(self.begun.load(SeqCst))
    }

    pub fn returned(&self) -> State {
        State::of(self.returned.load(SeqCst))
    }

    pub fn begin(&self, state: State) {
        self.begun.store(state.word(), SeqCst);
    }

    pub fn finish(&self, state: State) {
        self.returned.store(state.word(), SeqCst);
    }
}

/// What one owner did.
pub struct Owner {
    pub keys: [Entry; KEYS],
    /// A key that is appended to; the number is how often that happened.
    pub list: Entry,
    /// Increments begun, returned, and cut off by a death.
    pub increments: [[AtomicU64; 3]; COUNTERS],
    pub operations: AtomicU64,
    pub forks: AtomicU64,
    /// The child that an owner has forked: it alone uses the second half of the owners.
    pub child: AtomicU64,
}

/// Memory that all processes share.
pub struct Arena {
    pub owners: [Owner; OWNERS],
    /// The round is over.
    pub stop: AtomicU64,
    failure_count: AtomicU64,
    failures: [[AtomicU8; 400]; 16],
}

impl Arena {
    pub fn new() -> &'static Self {
        // SAFETY: anonymous memory, zeroed, never unmapped; the type is made of atomics.
        unsafe {
            let memory = libc::mmap(
                std::ptr::null_mut(),
                size_of::<Self>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            assert!(memory != libc::MAP_FAILED);
            &*memory.cast::<Self>()
        }
    }

    /// Writes a failure down; everything ends soon.
    pub fn fail(&self, what: &str) {
        let n = self.failure_count.fetch_add(1, SeqCst) as usize;
        let Some(place) = self.failures.get(n) else { return };
        for (to, from) in place.iter().zip(what.bytes()) {
            to.store(from, Relaxed);
        }
    }

    pub fn has_failed(&self) -> bool {
        self.failure_count.load(Relaxed) > 0
    }

    pub fn failures(&self) -> Vec<String> {
        let count = self.failure_count.load(SeqCst) as usize;
        let text = |place: &[AtomicU8; 400]| {
            let bytes: Vec<u8> = place.iter().map(|byte| byte.load(Relaxed)).take_while(|&byte| byte != 0).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        self.failures.iter().take(count).map(text).collect()
    }

    /// How many increments of a counter returned, and how many may have happened at most.
    pub fn count(&self, counter: usize) -> (u64, u64) {
        let sum = |which: usize| self.owners.iter().map(|owner| owner.increments[counter][which].load(SeqCst)).sum();
        let (begun, returned, cut): (u64, u64, u64) = (sum(0), sum(1), sum(2));
        (returned, begun.max(returned) + cut)
    }
}
