//! A waiter never sleeps past a change, whoever is killed or stopped.
//!
//! Waiters sleep, for as long as it takes, until one of a few names has changed; and write others down that nobody ever changes, so that the
//! header has no room for all. A writer looks for a waiter that sleeps, changes the name that this one alone waits for, and goes on when
//! it has woken up: the next write of that name may be its own. So a change that wakes nobody is two processes that wait for ever, which
//! the herd finds out. What a waiter is told of is another value than it had read.

use super::herd::{self, Bell, Herd, MOST, Torment};
use super::{Ground, Outcome, Random};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;
use sync_store::testing::{get, shared_memory};
use sync_store::{Change, Options, Patience, Since, Store, Version, Wanted};

const PROCESSES: usize = 15;
/// Processes with a lower number write.
const WRITERS: usize = 5;
/// The process that may only read, if this is run by root.
const READER: usize = PROCESSES - 1;
/// Names that anybody may wait for.
const COMMON: u64 = 12;

struct Arena {
    bell: Bell,
    /// Of each process: how often it has begun to sleep, and has woken up. Odd: it sleeps.
    sleeps: [AtomicU64; MOST],
    /// No two values are the same.
    values: AtomicU64,
    woken: AtomicU64,
    answered: AtomicU64,
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
        super::check(&store, |problem| arena.bell.failures.add(problem));
        assert_eq!(store.stats().unwrap().waiters, 0, "nobody sleeps any more");
    });
    let (woken, answered) = (arena.woken.load(Relaxed), arena.answered.load(Relaxed));
    Outcome {
        blows,
        done: format!("{woken} waits, {answered} of them waited for"),
        failures: arena.bell.failures.all(),
    }
}

fn work(n: usize, path: &Path, arena: &'static Arena, mut random: Random, crashes: bool) {
    // The one that had the number before may have died in its sleep.
    arena.sleeps[n].fetch_add(arena.sleeps[n].load(SeqCst) & 1, SeqCst);
    if n == READER && herd::is_root() {
        herd::become_nobody();
    }
    crash_within(crashes, &mut random);
    let store = Store::new(path.to_owned(), Options::default());
    while !arena.bell.rings() {
        match n < WRITERS {
            true if random.once_in(2) => wake_one(&store, arena, &mut random),
            true => change(&store, arena, &mut random),
            false if random.once_in(10) && n != READER => litter(&store, &mut random),
            false => wait(n, &store, arena, &mut random),
        }
        arena.bell.beats[n].fetch_add(1, Relaxed);
    }
    if n < WRITERS {
        // Those who sleep would not hear the bell.
        crash_within(false, &mut random);
        store.retry(|store| store.replace(&[])).unwrap();
    }
    std::mem::forget(store);
}

#[cfg(feature = "torture")]
fn crash_within(crashes: bool, random: &mut Random) {
    sync_store::torture::crash_after(if crashes { random.below(20_000) } else { u64::MAX });
}

#[cfg(not(feature = "torture"))]
fn crash_within(_: bool, _: &mut Random) {}

fn common(n: u64) -> Vec<u8> {
    format!("common{n}").into_bytes()
}

/// The name that process `n` alone waits for.
fn own(n: usize) -> Vec<u8> {
    format!("own{n}").into_bytes()
}

fn put(store: &Store, arena: &Arena, name: &[u8]) {
    let value = arena.values.fetch_add(1, SeqCst).to_le_bytes();
    store.retry(|store| store.put(name, &value, &mut Version::default())).unwrap();
}

/// Wakes a waiter that sleeps: the write has returned, so it wakes up.
fn wake_one(store: &Store, arena: &Arena, random: &mut Random) {
    let n = WRITERS + random.below((PROCESSES - WRITERS) as u64) as usize;
    let before = arena.sleeps[n].load(SeqCst);
    if before.is_multiple_of(2) {
        return;
    }
    put(store, arena, &own(n));
    while arena.sleeps[n].load(SeqCst) == before {
        if arena.bell.rings() {
            return;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    arena.answered.fetch_add(1, Relaxed);
}

/// Changes names that several wait for.
fn change(store: &Store, arena: &Arena, random: &mut Random) {
    let name = common(random.below(COMMON));
    match random.below(20) {
        0 => store.retry(|store| store.remove(&name)).map(drop).unwrap(),
        1 => store.retry(|store| store.replace(&[])).unwrap(),
        2..=4 => {
            let values: Vec<(Vec<u8>, [u8; 8])> = (0..1 + random.below(COMMON - 1))
                .map(|n| (common(n), arena.values.fetch_add(1, SeqCst).to_le_bytes()))
                .collect();
            let put = |key, head| Change::Put { key, head, body: &[], note: None, expiry: None, anew: false };
            let changes: Vec<Change<Version>> = values.iter().map(|(key, value)| put(key, value)).collect();
            assert!(store.retry(|store| store.commit(&changes, None)).unwrap());
        }
        5..=7 => {
            store.retry(|store| store.lock(Patience::default())).unwrap();
            put(store, arena, &name);
            put(store, arena, &common(0));
            store.unlock();
        }
        _ => put(store, arena, &name),
    }
}

/// Writes names down that nobody changes, and goes away.
fn litter(store: &Store, random: &mut Random) {
    for _ in 0..random.below(30) {
        let name = format!("nothing{}", random.below(1_000)).into_bytes();
        let mut wanted = [Wanted::key(&name)];
        store.retry(|store| store.watch(&mut wanted, Since::Now)).unwrap();
        store.retry(|store| store.has_changed(&mut wanted, Duration::from_nanos(1))).unwrap();
    }
}

/// Waits until one of some names has changed, of which one is its own.
fn wait(n: usize, store: &Store, arena: &'static Arena, random: &mut Random) {
    let count = match random.below(10) {
        0..=4 => 0,
        5..=8 => 1 + random.below(3),
        // With so many it is woken by every change.
        _ => 20,
    };
    let names: Vec<Vec<u8>> = (0..count).map(|_| common(random.below(COMMON))).chain([own(n)]).collect();
    let seen: Vec<_> = names.iter().map(|name| get(store, name)).collect();
    let mut wanted: Vec<_> = names.iter().map(|name| Wanted::key(name)).collect();
    store.retry(|store| store.watch(&mut wanted, Since::Seen)).unwrap();
    arena.sleeps[n].fetch_add(1, SeqCst);
    // (After the watch has begun: the last writers write when the bell has rung.)
    while !arena.bell.rings() {
        if store.retry(|store| store.has_changed(&mut wanted, Duration::from_secs(1_000))).unwrap() {
            let now: Vec<_> = names.iter().map(|name| get(store, name)).collect();
            // (A value that came and went may have been noticed.)
            let is_news = now != seen || seen.contains(&None) || arena.bell.rings();
            assert!(is_news, "told of a change of {names:?}, which are still {now:?}");
            arena.woken.fetch_add(1, Relaxed);
            break;
        }
    }
    arena.sleeps[n].fetch_add(1, SeqCst);
}
