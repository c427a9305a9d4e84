//! A section under `lock()` is seen as a whole, or not at all: sums are right for readers of all kinds.
//!
//! Processes move amounts between accounts, one write after the other, or by replacing everything twice, and
//! remove a key and put another one in its place; between the writes the sums are wrong. A holder that is
//! killed leaves a section half done, and the lock ends: its remaining steps are in a journal, and the next
//! holder of the lock performs them. Until then readers may see the middle of that section, and of no other.

use super::herd::{self, Bell, Herd, Torment};
use super::{Ground, Outcome, Random};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};
use sync_store::testing::shared_memory;
use sync_store::{Found, Options, Patience, Snapshot, Store, Version};

const ACCOUNTS: usize = 8;
const START: i64 = 1000;
/// Accounts, the parity, and one of two keys.
const NAMES: usize = ACCOUNTS + 2;
/// Holders; readers, the last two of which have read-only access; the last holder is shut in. (If run by root.)
const HOLDERS: usize = 6;
const READERS: usize = 6;
/// The number of sections that are remembered.
const REMEMBERED: usize = 1 << 16;

/// The states of a section.
const BEGUN: u64 = 0;
const DONE: u64 = 1;
const REPAIRED: u64 = 2;

struct Arena {
    bell: Bell,
    /// The number of the section that was begun last.
    begun: AtomicU64,
    /// For each of the last ones: its number × 4 + its state.
    sections: [AtomicU64; REMEMBERED],
    /// The section that is under way: its number, the two accounts, and their amounts at its end.
    under_way: [AtomicU64; 5],
    repairs: AtomicU64,
    looks: AtomicU64,
}

pub fn run(mut ground: Ground, kills: bool) -> Outcome {
    let path = ground.folder.join("store.sync");
    // SAFETY: made of atomics.
    let arena: &'static Arena = unsafe { shared_memory() };
    herd::apart(&arena.bell.failures, || {
        let store = Store::new(path.clone(), Options::default());
        let value = amount(START, 10);
        for account in 0..ACCOUNTS {
            put(&store, &name(account), &value);
        }
        put(&store, b"parity", &amount(0, 0));
        put(&store, b"here", &amount(0, 3));
    });
    let body = |n: usize, random: Random| work(n, &path, arena, random);
    let mut herd = Herd::new(HOLDERS + READERS, &arena.bell, &mut ground.random, &body);
    herd.torment(Torment { pause: 20, kills }, ground.until, &mut ground.random);
    let blows = herd.finish();
    herd::apart(&arena.bell.failures, || {
        let store = Store::new(path.clone(), Options::default());
        store.retry(|store| store.lock(Patience::default())).unwrap();
        arena.repair(&store);
        store.unlock();
        if let Some(wrong) = wrong_with(&store.retry(Store::snapshot).unwrap()) {
            panic!("at the end {wrong}");
        }
        super::check(&store, |problem| arena.bell.failures.add(problem));
    });
    let done = format!(
        "{} sections, {} of them by their successors, {} looks",
        arena.begun.load(Relaxed),
        arena.repairs.load(Relaxed),
        arena.looks.load(Relaxed)
    );
    Outcome { blows, done, failures: arena.bell.failures.all() }
}

fn work(n: usize, path: &Path, arena: &'static Arena, mut random: Random) {
    let mut path = path.to_owned();
    if herd::is_root() {
        match n {
            _ if n == HOLDERS - 1 => path = herd::shut_in(&path),
            _ if n >= HOLDERS + READERS - 2 => herd::become_nobody(),
            _ => {}
        }
    }
    let store = Store::new(path, Options::default());
    let mut seen = vec![Version::default(); NAMES];
    while !arena.bell.rings() {
        if n < HOLDERS {
            section(&store, arena, &mut random);
            if random.once_in(4) {
                // Time for the waiting processes.
                std::thread::sleep(Duration::from_micros(random.below(300)));
            }
        } else {
            look(&store, arena, &mut seen, &mut random);
        }
        arena.bell.beats[n].fetch_add(1, Relaxed);
    }
    std::mem::forget(store);
}

// ---- values ----------------------------------------------------------------------------------------

fn name(account: usize) -> Vec<u8> {
    format!("account{account}").into_bytes()
}

/// An amount, and bytes that make its record long.
fn amount(amount: i64, length: usize) -> Vec<u8> {
    let mut value = amount.to_le_bytes().to_vec();
    value.resize(8 + length, amount as u8);
    value
}

fn amount_in(value: &[u8]) -> i64 {
    let amount = i64::from_le_bytes(value[..8].try_into().unwrap());
    assert!(value[8..].iter().all(|&byte| byte == amount as u8), "the value {amount} is torn");
    amount
}

fn length(random: &mut Random) -> usize {
    match random.below(20) {
        0 => random.below(40_000),
        1..=4 => random.below(2_000),
        _ => random.below(40),
    }
    .try_into()
    .unwrap()
}

fn put(store: &Store, name: &[u8], value: &[u8]) {
    store.retry(|store| store.put(name, value, &mut Version::default())).unwrap();
}

fn get(store: &Store, name: &[u8], seen: &mut Version) -> Option<i64> {
    let mut out = Vec::new();
    match store.retry(|store| store.get(name, seen, &mut out)).unwrap() {
        Found::Missing | Found::Unchanged => None,
        _ => Some(amount_in(&out)),
    }
}

// ---- sections --------------------------------------------------------------------------------------

/// The key of the two that is there between sections, after the section with this number.
fn place(number: u64) -> (&'static [u8], &'static [u8]) {
    if number.is_multiple_of(2) { (b"here", b"there") } else { (b"there", b"here") }
}

impl Arena {
    /// Completes the section of a killed holder. The caller holds the lock.
    fn repair(&self, store: &Store) {
        let [number, from, to, from_amount, to_amount] = self.under_way.each_ref().map(|word| word.load(SeqCst));
        if number == 0 {
            return;
        }
        put(store, &name(from as usize), &amount(from_amount as i64, 10));
        put(store, &name(to as usize), &amount(to_amount as i64, 10));
        let (now, before) = place(number);
        put(store, now, &amount(number as i64, 3));
        store.retry(|store| store.remove(before)).unwrap();
        put(store, b"parity", &amount(2 * number as i64, 0));
        self.repairs.fetch_add(1, SeqCst);
        self.end(number, REPAIRED);
    }

    fn end(&self, number: u64, how: u64) {
        self.sections[number as usize % REMEMBERED].store(number << 2 | how, SeqCst);
        self.under_way[0].store(0, SeqCst);
    }
}

fn section(store: &Store, arena: &Arena, random: &mut Random) {
    store.retry(|store| store.lock(Patience::default())).unwrap();
    arena.repair(store);
    let from = random.below(ACCOUNTS as u64) as usize;
    let to = (from + 1 + random.below(ACCOUNTS as u64 - 1) as usize) % ACCOUNTS;
    let read = |account: usize| get(store, &name(account), &mut Version::default()).expect("accounts are there");
    let by = random.below(100) as i64;
    let (from_amount, to_amount) = (read(from) - by, read(to) + by);
    let number = arena.begun.load(SeqCst) + 1;
    arena.sections[number as usize % REMEMBERED].store(number << 2 | BEGUN, SeqCst);
    for (word, value) in arena.under_way[1..].iter().zip([from as u64, to as u64, from_amount as u64, to_amount as u64])
    {
        word.store(value, SeqCst);
    }
    arena.under_way[0].store(number, SeqCst);
    arena.begun.store(number, SeqCst);
    let (now, before) = place(number);
    let (from_value, to_value) = (amount(from_amount, length(random)), amount(to_amount, length(random)));
    if random.once_in(10) {
        // Everything is replaced, twice.
        let all = store.retry(Store::snapshot).unwrap();
        let parity = amount(2 * number as i64 - 1, 0);
        let half: Vec<(&[u8], &[u8])> = all
            .iter()
            .filter(|(key, _)| *key != before)
            .map(|(key, value)| match key {
                b"parity" => (key, &parity[..]),
                _ if key == name(from) => (key, &from_value[..]),
                _ => (key, value),
            })
            .collect();
        store.retry(|store| store.replace(&half)).unwrap();
        pause(random);
        let (parity, here) = (amount(2 * number as i64, 0), amount(number as i64, 3));
        let mut whole: Vec<(&[u8], &[u8])> = half
            .iter()
            .map(|&(key, value)| match key {
                b"parity" => (key, &parity[..]),
                _ if key == name(to) => (key, &to_value[..]),
                _ => (key, value),
            })
            .collect();
        whole.push((now, &here));
        store.retry(|store| store.replace(&whole)).unwrap();
    } else {
        put(store, b"parity", &amount(2 * number as i64 - 1, 0));
        put(store, &name(from), &from_value);
        pause(random);
        store.retry(|store| store.remove(before)).unwrap();
        put(store, &name(to), &to_value);
        pause(random);
        put(store, now, &amount(number as i64, 3));
        put(store, b"parity", &amount(2 * number as i64, 0));
    }
    arena.end(number, DONE);
    store.unlock();
}

fn pause(random: &mut Random) {
    if random.once_in(50) {
        std::thread::sleep(Duration::from_micros(random.below(2000)));
    }
}

// ---- checks ----------------------------------------------------------------------------------------

/// Describes sums that are wrong; `None` if all are right.
fn wrong_with(all: &Snapshot) -> Option<String> {
    let find = |wanted: &[u8]| all.iter().find(|(key, _)| *key == wanted).map(|(_, value)| amount_in(value));
    let accounts: Vec<Option<i64>> = (0..ACCOUNTS).map(|account| find(&name(account))).collect();
    let sum: i64 = accounts.iter().flatten().sum();
    let (parity, here, there) = (find(b"parity"), find(b"here"), find(b"there"));
    let good = all.len() == NAMES
        && sum == START * ACCOUNTS as i64
        && parity.is_some_and(|parity| parity % 2 == 0)
        && here.is_some() != there.is_some();
    (!good).then(|| format!("{accounts:?} have {sum}, parity {parity:?}, here {here:?}, there {there:?}"))
}

fn look(store: &Store, arena: &Arena, seen: &mut [Version], random: &mut Random) {
    let before = arena.begun.load(SeqCst);
    let wrong = match random.below(4) {
        0 => wrong_with(&store.retry(Store::snapshot).unwrap()),
        1 => {
            let count = store.retry(Store::len).unwrap();
            (count != NAMES as u64).then(|| format!("{count} keys"))
        }
        2 => {
            let parity = get(store, b"parity", &mut Version::default());
            (parity.is_none_or(|parity| parity % 2 != 0)).then(|| format!("parity {parity:?}"))
        }
        _ => {
            // With the version of the last read: the value is unchanged, or whole.
            let parity = get(store, b"parity", &mut seen[ACCOUNTS]);
            let account = random.below(ACCOUNTS as u64) as usize;
            get(store, &name(account), &mut seen[account]);
            (parity.is_some_and(|parity| parity % 2 != 0)).then(|| format!("parity {parity:?}, seen before"))
        }
    };
    let after = arena.begun.load(SeqCst);
    arena.looks.fetch_add(1, Relaxed);
    let Some(wrong) = wrong else { return };
    if after - before >= REMEMBERED as u64 / 2 {
        // This process was stopped for so long that the sections are no longer remembered.
        return;
    }
    // A dead holder may have left one of the sections in that time.
    let deadline = Instant::now() + herd::PATIENCE;
    for number in before.max(1)..=after {
        loop {
            let section = arena.sections[number as usize % REMEMBERED].load(SeqCst);
            if section >> 2 > number {
                return;
            }
            match section & 3 {
                REPAIRED => return,
                DONE => break,
                _ if Instant::now() > deadline || arena.bell.rings() => return,
                _ => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }
    panic!("in the middle of one of the sections {before} to {after}: {wrong}");
}
