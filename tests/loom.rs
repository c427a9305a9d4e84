//! The orders of memory accesses, checked: under `loom`, which lets a relaxed load give any value that the
//! memory model of the language allows. The models in `src/store/lock/model.rs` and
//! `src/store/read/model.rs` try every order of steps, and deaths, as if memory were sequentially consistent; this
//! one knows no deaths, and asks whether the steps are *seen* in that order, on aarch64, too.
//!
//! Each function below is the shared accesses of the one that its comment names, in their order and with
//! their orderings; what a writer copies in and a reader copies out by `memcpy` is relaxed atomics here. Each
//! ordering that carries weight is a field of [`Orders`], and is weakened once, to see that the test notices.
//!
//! Not in here: taking over from the dead. Their stores are seen because the kernel says that their lease is
//! gone: it has been through a lock of its own on both sides.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::thread;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

/// The orderings of the store. `None` for a fence: there is none.
#[derive(Debug, Clone, Copy)]
struct Orders {
    /// `log.rs`, `publish`: storing `commit`.
    publish: Ordering,
    /// `index.rs`, `point` and `insert`: storing a slot's record.
    point: Ordering,
    /// `log.rs`, `settle`: storing `indexed`.
    settle: Ordering,
    /// `blocks.rs`, `release`: the fence behind a generation that has become 0.
    freed: Option<Ordering>,
    /// `read.rs`, `is_same_record`, `look_up`: loading `indexed`.
    indexed: Ordering,
    /// `read.rs`, `compare`: loading a generation before its record is looked at.
    generation: Ordering,
    /// `index.rs`, `search_block`, and `read.rs`, `compare`: loading a slot's record.
    slot: Ordering,
    /// `read.rs`, `copy_out`: the fence between a copy and the last look at the generation.
    copied: Option<Ordering>,
    /// `lock.rs`, `own` and `Owner::drop`: taking the lock, giving it back.
    take: Ordering,
    give: Ordering,
    /// `lock.rs`, `wait_for_hold` and `end_hold`: the fences between saying something and looking.
    sleeper: Option<Ordering>,
    waker: Option<Ordering>,
}

const ORDERS: Orders = Orders {
    publish: Release,
    point: Release,
    settle: Release,
    freed: Some(Release),
    indexed: Acquire,
    generation: Acquire,
    slot: Acquire,
    copied: Some(Acquire),
    take: AcqRel,
    give: AcqRel,
    sleeper: Some(SeqCst),
    waker: Some(SeqCst),
};

fn maybe(order: Option<Ordering>) {
    if let Some(order) = order {
        fence(order);
    }
}

/// Whether nothing is found wrong in any execution.
fn holds_up(model: impl Fn() + Send + Sync + 'static) -> bool {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    catch_unwind(AssertUnwindSafe(|| builder.check(model))).is_ok()
}

#[track_caller]
fn notices(model: fn(Orders), without: &[(&str, Orders)]) {
    assert!(holds_up(move || model(ORDERS)), "as it is");
    // Of the panics to come each is what is asked for.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let blind: Vec<_> = without
        .iter()
        .filter(|(_, orders)| {
            holds_up({
                let orders = *orders;
                move || model(orders)
            })
        })
        .collect();
    std::panic::set_hook(hook);
    assert!(blind.is_empty(), "nothing is wrong without {blind:?}");
}

// ---- reading without a lock ------------------------------------------------------------------------

/// A segment with room for one record: its position, and what it says.
struct Segment {
    generation: AtomicU64,
    position: AtomicU64,
    value: AtomicU64,
}

/// One key of a store with two segments. A record's position and value are the number of its write.
struct Shared {
    commit: AtomicU64,
    indexed: AtomicU64,
    pending: AtomicU64,
    slot: AtomicU64,
    segments: [Segment; 2],
}

impl Shared {
    /// After the first write, into segment 0.
    fn new() -> Self {
        let segment = |number| Segment {
            generation: AtomicU64::new(number),
            position: AtomicU64::new(number),
            value: AtomicU64::new(number),
        };
        Self {
            commit: AtomicU64::new(1),
            indexed: AtomicU64::new(1),
            pending: AtomicU64::new(0),
            slot: AtomicU64::new(0),
            segments: [segment(1), segment(0)],
        }
    }

    /// `Owner::put` of a value that has a segment to itself: `append`, `publish`, `supersede`, `settle`.
    /// The segment of the old one is free then, unless something else lives there.
    fn write(&self, number: u64, frees: bool, orders: &Orders) {
        let old = self.slot.load(Relaxed) as usize;
        let at = 1 - old;
        self.segments[at].generation.store(number, Release);
        self.segments[at].position.store(number, Relaxed);
        self.segments[at].value.store(number, Relaxed);
        self.pending.store(at as u64, Relaxed);
        self.commit.store(number, orders.publish);
        self.slot.store(at as u64, orders.point);
        if frees {
            self.segments[old].generation.store(0, Relaxed);
            maybe(orders.freed);
        }
        self.indexed.store(number, orders.settle);
    }

    /// `File::get`, once: `None` where it starts over.
    fn read(&self, orders: &Orders) -> Option<(u64, u64)> {
        // (That this acquires makes starting over rarer; what is needed is acquired below.)
        let commit = self.commit.load(Acquire);
        let indexed = self.indexed.load(orders.indexed);
        let (at, generation) = if indexed >= commit { self.look_up(orders)? } else { self.pending(indexed)? };
        // `copy_out`
        let segment = &self.segments[at];
        let position = segment.position.load(Acquire);
        let value = segment.value.load(Relaxed);
        maybe(orders.copied);
        if segment.generation.load(Relaxed) != generation {
            return None;
        }
        assert_eq!(position, value, "half of one value, half of another");
        assert!(value >= commit, "an old value: {value} at commit {commit}");
        Some((commit, value))
    }

    /// `search_block`, `compare`
    fn look_up(&self, orders: &Orders) -> Option<(usize, u64)> {
        let at = self.slot.load(orders.slot) as usize;
        let generation = self.segments[at].generation.load(orders.generation);
        (generation != 0 && self.slot.load(orders.slot) as usize == at).then_some((at, generation))
    }

    /// `look_among_pending`
    fn pending(&self, indexed: u64) -> Option<(usize, u64)> {
        let at = self.pending.load(Acquire) as usize;
        if self.segments[at].position.load(Acquire) != indexed + 1 {
            return None;
        }
        let generation = self.segments[at].generation.load(Acquire);
        fence(Acquire);
        (self.indexed.load(Relaxed) == indexed).then_some((at, generation))
    }
}

fn reading(orders: Orders) {
    let shared = Arc::new(Shared::new());
    let reader = thread::spawn({
        let shared = shared.clone();
        move || shared.read(&orders)
    });
    for number in 2..=3 {
        shared.write(number, true, &orders);
    }
    reader.join().unwrap();
}

/// As [`reading`], while nothing is freed: no fence of that comes to anybody's help.
fn reading_what_stays(orders: Orders) {
    let shared = Arc::new(Shared::new());
    let reader = thread::spawn({
        let shared = shared.clone();
        move || shared.read(&orders)
    });
    shared.write(2, false, &orders);
    reader.join().unwrap();
}

#[test]
fn a_reader_sees_a_whole_value_that_is_no_older_than_the_commit_that_it_saw() {
    notices(
        reading,
        &[
            ("a release of `commit`", Orders { publish: Relaxed, ..ORDERS }),
            ("a fence behind what is freed", Orders { freed: None, ..ORDERS }),
            ("a fence behind the copy", Orders { copied: None, ..ORDERS }),
            ("an acquired slot", Orders { slot: Relaxed, generation: Relaxed, ..ORDERS }),
        ],
    );
}

#[test]
fn what_is_indexed_can_be_found_in_the_index() {
    notices(
        reading_what_stays,
        &[
            ("a release of `indexed`", Orders { settle: Relaxed, ..ORDERS }),
            ("an acquired `indexed`", Orders { indexed: Relaxed, ..ORDERS }),
            ("a release of a slot's record", Orders { point: Relaxed, ..ORDERS }),
        ],
    );
}

// ---- the lock, and the hold under it ----------------------------------------------------------------

/// `Owner::own` (spinning), an action, `Owner::drop`.
fn owning(lock: &AtomicU64, orders: &Orders, action: impl FnOnce()) {
    // One that does not get it looks again when the other has given it back.
    while lock.compare_exchange(0, 1, orders.take, Relaxed).is_err() {
        thread::yield_now();
    }
    action();
    lock.swap(0, orders.give);
}

/// A writer that adds to a number, unless somebody holds the store; a holder that reads it twice.
fn holding(orders: Orders) {
    let words: Arc<[AtomicU64; 3]> = Arc::new(std::array::from_fn(|_| AtomicU64::new(0)));
    let writer = thread::spawn({
        let words = words.clone();
        move || {
            let [lock, hold, number] = &*words;
            owning(lock, &orders, || {
                if hold.load(Relaxed) == 0 {
                    number.store(number.load(Relaxed) + 1, Relaxed);
                }
            });
        }
    });
    let [lock, hold, number] = &*words;
    owning(lock, &orders, || {
        number.store(number.load(Relaxed) + 10, Relaxed);
        hold.store(1, Release);
    });
    let first = number.load(Relaxed);
    assert!(first == 10 || first == 11, "a write is lost");
    writer.join().unwrap();
    assert_eq!(number.load(Relaxed), first, "somebody writes under a hold");
}

#[test]
fn who_takes_the_lock_sees_all_that_was_done_under_it() {
    notices(
        holding,
        &[
            ("an acquiring take", Orders { take: Release, ..ORDERS }),
            ("a releasing give", Orders { give: Acquire, ..ORDERS }),
        ],
    );
}

// ---- the end of a hold -------------------------------------------------------------------------------

/// `wait_for_hold` against `end_hold`: who goes to sleep is woken, or sees that the hold has ended.
fn waking(orders: Orders) {
    let words: Arc<[AtomicU64; 3]> = Arc::new([1, 0, 0].map(AtomicU64::new));
    let sleeper = thread::spawn({
        let words = words.clone();
        move || {
            let [hold, ended, waiters] = &*words;
            let before = ended.load(Acquire);
            waiters.store(1, Relaxed);
            maybe(orders.sleeper);
            // The kernel looks at the futex under a lock of its own: `ended` is the newest then.
            hold.load(Relaxed) == 1 && ended.fetch_add(0, AcqRel) == before
        }
    });
    let [hold, ended, waiters] = &*words;
    hold.store(0, Release);
    ended.store(ended.load(Relaxed) + 1, Relaxed);
    maybe(orders.waker);
    let woken = waiters.swap(0, AcqRel) != 0;
    let slept = sleeper.join().unwrap();
    assert!(woken || !slept, "it sleeps, and nobody wakes it");
}

#[test]
fn the_end_of_a_hold_is_missed_by_nobody() {
    notices(
        waking,
        &[
            ("the sleeper's fence", Orders { sleeper: None, ..ORDERS }),
            ("the waker's fence", Orders { waker: None, ..ORDERS }),
        ],
    );
}
