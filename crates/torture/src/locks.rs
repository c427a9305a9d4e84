//! A named lock is never two owners', whoever is killed or stopped, and tokens grow.
//!
//! Processes take locks of a few names, by asking once or by waiting, again while they have them, and many others of one use, so
//! that the table of locks grows and shrinks. The owner of a lock writes itself down in memory that outlives it. The
//! next owner finds nobody there, or a process that has died; and a token that is less than its own.

use super::herd::{self, Bell, Herd, Torment};
use super::{Ground, Outcome, Random};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;
use sync_store::testing::shared_memory;
use sync_store::{LockName, Options, Store, Taking, Version};

/// The contended locks: the last one is that of the whole.
const LOCKS: usize = 4;
const PROCESSES: usize = 14;
/// The longest that a waiter waits before it gives up.
const PATIENCE: Duration = Duration::from_millis(20);

struct Arena {
    bell: Bell,
    /// For each lock: the pid of its owner, or 0; and the token that was given last.
    owners: [AtomicU64; LOCKS],
    tokens: [AtomicU64; LOCKS],
    taken: AtomicU64,
    inherited: AtomicU64,
    given_up: AtomicU64,
}

/// `crashes`: processes kill themselves at crash points, too.
pub fn run(mut ground: Ground, crashes: bool) -> Outcome {
    let path = ground.folder.join("store.sync");
    // SAFETY: made of atomics.
    let arena: &'static Arena = unsafe { shared_memory() };
    let body = |n: usize, random: Random| work(n, &path, arena, random, crashes);
    let mut herd = Herd::new(PROCESSES, &arena.bell, &mut ground.random, &body);
    herd.torment(Torment { pause: if crashes { 100 } else { 20 }, kills: true }, ground.until, &mut ground.random);
    let blows = herd.finish();
    herd::apart(&arena.bell.failures, || {
        let store = Store::new(path.clone(), Options::default());
        for lock in 0..LOCKS {
            take(&store, lock, &mut None).expect("all others are dead");
        }
        assert_eq!(store.stats().unwrap().locks.len(), LOCKS, "the dead have none");
        super::check(&store, |problem| arena.bell.failures.add(problem));
    });
    let done = format!(
        "{} locks, {} of them from the dead, {} waits given up",
        arena.taken.load(Relaxed),
        arena.inherited.load(Relaxed),
        arena.given_up.load(Relaxed)
    );
    Outcome { blows, done, failures: arena.bell.failures.all() }
}

fn work(n: usize, path: &Path, arena: &'static Arena, mut random: Random, crashes: bool) {
    let path = if herd::is_root() && n == PROCESSES - 1 { herd::shut_in(path) } else { path.to_owned() };
    crash_within(crashes, &mut random);
    let mut store = Store::new(path.clone(), Options::default());
    while !arena.bell.rings() {
        match random.below(20) {
            0 => many(&store, &mut random),
            1 => store
                .retry(|store| store.put(b"x", &vec![1; random.below(3000) as usize], &mut Version::default()))
                .unwrap(),
            2 => store = Store::new(path.clone(), Options::default()),
            3 => store.retry(|store| store.replace(&[])).unwrap(),
            _ => one(&store, arena, &mut random),
        }
        arena.bell.beats[n].fetch_add(1, Relaxed);
    }
    std::mem::forget(store);
}

#[cfg(feature = "torture")]
fn crash_within(crashes: bool, random: &mut Random) {
    if crashes {
        sync_store::torture::crash_after(random.below(20_000));
    }
}

#[cfg(not(feature = "torture"))]
fn crash_within(_: bool, _: &mut Random) {}

fn name(lock: usize) -> [u8; 1] {
    [b'a' + lock as u8]
}

/// Takes a lock, if it is free; with some time, waits for it.
fn take(store: &Store, lock: usize, time: &mut Option<Duration>) -> Option<u64> {
    if lock == LOCKS - 1 {
        // Those who wait for the whole wait for as long as it takes.
        return Some(store.retry(Store::enter_lock).unwrap());
    }
    let name = name(lock);
    let lock = LockName::named(&name);
    loop {
        match store.retry(|store| store.take_lock(lock, time.is_some())).unwrap() {
            Taking::Taken(token) => return Some(token),
            Taking::Occupied(by) => match time {
                Some(left) if !left.is_zero() => {
                    let slice = (*left).min(Duration::from_millis(5));
                    store.wait_for_lock(lock, &by, slice);
                    *left -= slice;
                }
                _ => {
                    store.stop_waiting_for_lock(lock);
                    return None;
                }
            },
        }
    }
}

fn give_back(store: &Store, lock: usize) {
    let given = if lock == LOCKS - 1 { store.leave_lock() } else { store.release_lock(LockName::named(&name(lock))) };
    assert!(given, "it has the lock");
}

fn one(store: &Store, arena: &Arena, random: &mut Random) {
    let lock = random.below(LOCKS as u64) as usize;
    let mut time = random.once_in(2).then_some(PATIENCE);
    let Some(token) = take(store, lock, &mut time) else {
        arena.given_up.fetch_add(1, Relaxed);
        return;
    };
    let me = u64::from(std::process::id());
    let before = arena.owners[lock].swap(me, SeqCst);
    if before != 0 {
        assert!(before != me && !is_alive(before), "lock {lock} is process {before}'s and this one's ({me})");
        arena.inherited.fetch_add(1, Relaxed);
    }
    let last = arena.tokens[lock].fetch_max(token, SeqCst);
    assert!(last < token, "lock {lock}: token {token} after {last}");
    let again = random.once_in(4);
    if again {
        assert_eq!(take(store, lock, &mut None), Some(token), "the same lock again");
    }
    if random.once_in(10) {
        std::thread::sleep(Duration::from_micros(random.below(3000)));
    }
    if again {
        give_back(store, lock);
    }
    assert_eq!(arena.owners[lock].swap(0, SeqCst), me, "somebody else was here");
    if random.once_in(20) && lock == LOCKS - 1 {
        store.unlock();
    } else {
        give_back(store, lock);
    }
    arena.taken.fetch_add(1, Relaxed);
}

/// Locks that nobody else wants, some of them with long names.
fn many(store: &Store, random: &mut Random) {
    let me = std::process::id();
    let names: Vec<Vec<u8>> = (0..random.below(40))
        .map(|n| format!("{me} {n} {}", "x".repeat(if random.once_in(10) { 300 } else { 0 })).into_bytes())
        .collect();
    for name in &names {
        let lock = LockName::named(name);
        let taken = store.retry(|store| store.take_lock(lock, false)).unwrap();
        assert!(taken.token().is_some(), "nobody else wants it");
    }
    for name in &names {
        assert!(store.release_lock(LockName::named(name)), "it has the lock");
    }
}

/// Whether a process has not been killed yet. (One that was is a zombie, until the herd has noticed.)
fn is_alive(pid: u64) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with(['Z', 'X']))
}
