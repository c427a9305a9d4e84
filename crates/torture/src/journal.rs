//! The journals of the operations that the processes have begun, and of those that returned to them, in memory
//! that outlives them.

use super::herd::{Bell, MOST};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU8, AtomicU64};
use sync_store::testing::shared_memory;

/// The processes under torture.
pub const WORKERS: usize = 16;
/// Owners of keys: the processes, and the children they fork.
pub const OWNERS: usize = WORKERS * 2;
/// Keys of each owner, which no other owner writes.
pub const KEYS: usize = 48;
/// Kinds of counters that all processes increment: under `lock()`, under `lock_writers()`.
pub const COUNTERS: usize = 2;
/// In a round of long lists: the number of processes with a long list, and its length at the start.
pub const LONG_LISTS: usize = 3;
pub const LONG: usize = 5 << 20;

const _: () = assert!(WORKERS <= MOST);

/// The expected state of a key: a number that only grows, and whether it stands for a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    pub number: u64,
    pub removed: bool,
}

impl State {
    fn of(word: u64) -> Self {
        // A key that was never stored counts as removed.
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

/// The operations of one owner.
pub struct Owner {
    pub keys: [Entry; KEYS],
    /// A key that is appended to; the number is how often that happened.
    pub list: Entry,
    /// Increments begun, returned, and cut off by a death.
    pub increments: [[AtomicU64; 3]; COUNTERS],
    pub forks: AtomicU64,
    /// The child that an owner has forked. The second half of the owners are such children.
    pub child: AtomicU64,
}

/// The failures so far.
pub struct Failures {
    count: AtomicU64,
    texts: [[AtomicU8; 400]; 16],
}

impl Failures {
    /// Records a failure; the run ends soon after the first.
    pub fn add(&self, what: &str) {
        let n = self.count.fetch_add(1, SeqCst) as usize;
        let Some(place) = self.texts.get(n) else { return };
        for (to, from) in place.iter().zip(what.bytes()) {
            to.store(from, Relaxed);
        }
    }

    pub fn are_none(&self) -> bool {
        self.count.load(Relaxed) == 0
    }

    pub fn all(&self) -> Vec<String> {
        let count = self.count.load(SeqCst) as usize;
        let text = |place: &[AtomicU8; 400]| {
            let bytes: Vec<u8> = place.iter().map(|byte| byte.load(Relaxed)).take_while(|&byte| byte != 0).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        self.texts.iter().take(count).map(text).collect()
    }
}

/// The journals of a round.
pub struct Arena {
    pub owners: [Owner; OWNERS],
    pub bell: Bell,
    /// Bytes that the long lists begin with.
    pub long: AtomicU64,
}

impl Arena {
    pub fn new() -> &'static Self {
        // SAFETY: made of atomics.
        unsafe { shared_memory() }
    }

    pub fn fail(&self, what: &str) {
        self.bell.failures.add(what);
    }

    /// The beginning of an owner's list.
    pub fn list_start(&self, owner: usize) -> Vec<u8> {
        let length = if owner < LONG_LISTS { self.long.load(Relaxed) } else { 0 };
        (0..length).map(|n| (n % 251) as u8 ^ owner as u8).collect()
    }

    /// The number of increments of a counter that returned, and the most that may have happened.
    pub fn count(&self, counter: usize) -> (u64, u64) {
        let sum = |which: usize| self.owners.iter().map(|owner| owner.increments[counter][which].load(SeqCst)).sum();
        let (begun, returned, cut): (u64, u64, u64) = (sum(0), sum(1), sum(2));
        (returned, begun.max(returned) + cut)
    }
}
