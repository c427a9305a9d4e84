//! Values that expire, under fire: none is seen after its time, none is gone before it, and the number of keys is that of the names.
//!
//! Each key has one owner, which notes in shared memory when its value expires, before and after each change. A process that is
//! killed in between leaves a key of which nothing is known until its owner has stored it anew. All processes look at all keys.

use super::herd::{self, Bell, Herd, Torment};
use super::{Ground, Outcome, Random};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};
use sync_store::testing::shared_memory;
use sync_store::{Appended, Expiry, Found, Now, Options, Patience, Snapshot, Store, Version};

const WORKERS: usize = 6;
const KEYS: usize = 60;

/// The state of a key, as far as it is known: nothing; else when its value expires, in milliseconds since 1970.
const UNKNOWN: u64 = 0;
/// Removed: expired since the beginning of time.
const REMOVED: u64 = 1;
const NEVER: u64 = u64::MAX;

struct Arena {
    bell: Bell,
    known: [[AtomicU64; KEYS]; WORKERS],
    /// How often a value was seen, how often one that had expired was not.
    seen: AtomicU64,
    missed: AtomicU64,
}

pub fn run(mut ground: Ground) -> Outcome {
    let path = ground.folder.join("store.sync");
    // SAFETY: made of atomics.
    let arena: &'static Arena = unsafe { shared_memory() };
    let body = |n: usize, random: Random| work(n, &path, arena, random);
    let mut herd = Herd::new(WORKERS, &arena.bell, &mut ground.random, &body);
    herd.torment(Torment { pause: 20, kills: true }, ground.until, &mut ground.random);
    let blows = herd.finish();
    herd::apart(&arena.bell.failures, || finish(&path, arena));
    let (seen, missed) = (arena.seen.load(Relaxed), arena.missed.load(Relaxed));
    let operations: u64 = arena.bell.beats.iter().map(|count| count.load(Relaxed)).sum();
    let done = format!("{operations} operations, {seen} values seen, {missed} expired");
    Outcome { blows, done, failures: arena.bell.failures.all() }
}

fn work(n: usize, path: &Path, arena: &'static Arena, mut random: Random) {
    let store = Store::new(path.to_owned(), Options::default());
    let mut versions = vec![Version::default(); WORKERS * KEYS];
    while !arena.bell.rings() {
        let key = random.below(KEYS as u64) as usize;
        let owner = if random.once_in(2) { n } else { random.below(WORKERS as u64) as usize };
        look(&store, arena, (owner, key), owner == n, &mut versions[owner * KEYS + key]);
        if random.once_in(3) {
            change(&store, arena, (n, key), &mut random, &mut versions[n * KEYS + key]);
        }
        if random.once_in(500) {
            count(&store, arena);
        }
        arena.bell.beats[n].fetch_add(1, Relaxed);
    }
    std::mem::forget(store);
}

fn name((owner, key): (usize, usize)) -> Vec<u8> {
    format!("{owner} {key}").into_bytes()
}

/// Looks at a key: as its owner, who knows what there is, or not.
fn look(store: &Store, arena: &Arena, key: (usize, usize), is_owner: bool, version: &mut Version) {
    let before = Now::read();
    let found = store.retry(|store| store.get(&name(key), version, &mut Vec::new())).unwrap();
    let after = Now::read();
    let known = if is_owner { arena.known[key.0][key.1].load(SeqCst) } else { UNKNOWN };
    let fail = |what: &str| {
        arena.bell.failures.add(&format!("key {key:?} ({known}): {found:?} between {before:?} and {after:?}: {what}"));
    };
    if found == Found::Missing {
        arena.missed.fetch_add(1, Relaxed);
        if known > after.milliseconds() {
            fail("it is gone before its time");
        }
        return;
    }
    arena.seen.fetch_add(1, Relaxed);
    let expires = version.expiry().map_or(NEVER, Expiry::milliseconds);
    if expires <= before.milliseconds() {
        fail("it was seen after its time");
    }
    if known != UNKNOWN && known != expires {
        fail("it expires at another time");
    }
}

/// Changes a key of one's own.
fn change(store: &Store, arena: &Arena, key: (usize, usize), random: &mut Random, version: &mut Version) {
    let (name, known) = (name(key), &arena.known[key.0][key.1]);
    let expires = match random.below(8) {
        0 => NEVER,
        1 => Now::read().milliseconds() + 5_000,
        _ => Now::read().milliseconds() + 1 + random.below(40),
    };
    let expiry = (expires != NEVER).then(|| Expiry::at(expires));
    let length = if random.once_in(30) { 40_000 } else { random.below(2_000) };
    let value = vec![key.1 as u8; length as usize];
    let before = known.swap(UNKNOWN, SeqCst);
    let after = match random.below(6) {
        0..=1 => {
            store.retry(|store| store.put_until(&name, (&value, b""), expiry, version)).unwrap();
            expires
        }
        2 => {
            let is_added = store.retry(|store| store.add(&name, (&value, b""), expiry, version)).unwrap();
            if is_added { expires } else { before }
        }
        3 => {
            let is_touched = store.retry(|store| store.touch(&name, expiry, version)).unwrap();
            if is_touched { expires } else { REMOVED }
        }
        4 => {
            let appended = store.retry(|store| {
                store.get(&name, version, &mut Vec::new())?;
                store.append(&name, &value[..value.len().min(100)], 0, version)
            });
            // (It keeps its time, as far as that is known. Where it is full or has expired, nothing happened.)
            let _: Appended = appended.unwrap();
            before
        }
        _ => {
            store.retry(|store| store.remove(&name)).unwrap();
            REMOVED
        }
    };
    // One that was passed before it was stored was not.
    known.store(after, SeqCst);
}

/// While nobody writes, values only become fewer.
fn count(store: &Store, arena: &Arena) {
    store.retry(|store| store.lock(Patience::default())).unwrap();
    let before = store.retry(Store::len).unwrap();
    let names = store.retry(Store::snapshot).unwrap().len() as u64;
    let after = store.retry(Store::len).unwrap();
    store.unlock();
    if !(before >= names && names >= after) {
        arena.bell.failures.add(&format!("{before} keys, then {names} names, then {after} keys"));
    }
}

/// At the end: the file is sound, everything known is there, and what has expired leaves it.
fn finish(path: &Path, arena: &Arena) {
    let store = Store::new(path.to_owned(), Options::default());
    for owner in 0..WORKERS {
        for key in 0..KEYS {
            look(&store, arena, (owner, key), true, &mut Version::default());
        }
    }
    super::check(&store, |problem| arena.bell.failures.add(problem));
    let start = Instant::now();
    loop {
        store.retry(|store| store.put(b"last", b"", &mut Version::default())).unwrap();
        let (report, names) = (store.retry(Store::check).unwrap(), names(&store));
        if report.keys == names {
            break;
        }
        if start.elapsed() > Duration::from_secs(20) {
            return arena.bell.failures.add(&format!("{} keys are left of {names}", report.keys));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    super::check(&store, |problem| arena.bell.failures.add(problem));
}

fn names(store: &Store) -> u64 {
    let snapshot: Snapshot = store.retry(Store::snapshot).unwrap();
    snapshot.len() as u64
}
