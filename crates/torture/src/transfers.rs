//! Several keys changed at one moment: whoever looks sees all of a change or none of it, also when its process is killed within it.
//!
//! Processes move amounts between accounts: each reads some of them while it keeps other writers out, and commits all of the new
//! amounts at once, with values of all sizes beside them, appends to journals, and removals. The sum of all accounts is the same
//! at every moment, to readers of all kinds; each journal has as many entries as its account says.

use super::herd::{self, Bell, Herd, Torment};
use super::{Ground, Outcome, Random};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use sync_store::testing::shared_memory;
use sync_store::{Change, Options, Result, Store, Version};

const ACCOUNTS: usize = 40;
const START: i64 = 1000;
/// Processes that move amounts, and that look.
const MOVERS: usize = 6;
const READERS: usize = 5;

struct Arena {
    bell: Bell,
    moves: AtomicU64,
    looks: AtomicU64,
}

pub fn run(mut ground: Ground) -> Outcome {
    let path = ground.folder.join("store.sync");
    // SAFETY: made of atomics.
    let arena: &'static Arena = unsafe { shared_memory() };
    herd::apart(&arena.bell.failures, || {
        let store = Store::new(path.clone(), Options::default());
        for account in 0..ACCOUNTS {
            store.put(&name(account), &amount(START, 0, 0), &mut Version::default()).unwrap();
            store.put(&journal(account), b"", &mut Version::default()).unwrap();
        }
    });
    let body = |n: usize, random: Random| work(n, &path, arena, random);
    let mut herd = Herd::new(MOVERS + READERS, &arena.bell, &mut ground.random, &body);
    herd.torment(Torment { pause: 20, kills: true }, ground.until, &mut ground.random);
    let blows = herd.finish();
    herd::apart(&arena.bell.failures, || {
        let store = Store::new(path.clone(), Options::default());
        look(&store);
        super::check(&store, |problem| arena.bell.failures.add(problem));
    });
    let done = format!("{} moves, {} looks", arena.moves.load(Relaxed), arena.looks.load(Relaxed));
    Outcome { blows, done, failures: arena.bell.failures.all() }
}

fn work(n: usize, path: &Path, arena: &'static Arena, mut random: Random) {
    if herd::is_root() && n == MOVERS + READERS - 1 {
        herd::become_nobody();
    }
    let store = Store::new(path.to_owned(), Options::default());
    while !arena.bell.rings() {
        if n < MOVERS {
            store.retry(|store| move_some(store, &mut random)).unwrap();
            arena.moves.fetch_add(1, Relaxed);
        } else {
            look(&store);
            arena.looks.fetch_add(1, Relaxed);
        }
        arena.bell.beats[n].fetch_add(1, Relaxed);
    }
    std::mem::forget(store);
}

fn name(account: usize) -> Vec<u8> {
    format!("account{account}").into_bytes()
}

fn journal(account: usize) -> Vec<u8> {
    format!("journal{account}").into_bytes()
}

/// An amount, how many entries its journal has, and bytes that make its record long.
fn amount(amount: i64, entries: u64, length: usize) -> Vec<u8> {
    let mut value = [amount.to_le_bytes(), entries.to_le_bytes()].concat();
    value.resize(16 + length, amount as u8);
    value
}

fn amount_in(value: &[u8]) -> (i64, u64) {
    let (amount, entries) = (i64::from_le_bytes(value[..8].try_into().unwrap()), value[8..16].try_into().unwrap());
    assert!(value[16..].iter().all(|&byte| byte == amount as u8), "the value {amount} is torn");
    (amount, u64::from_le_bytes(entries))
}

/// Moves something between some accounts, in one commit.
fn move_some(store: &Store, random: &mut Random) -> Result<()> {
    let hold = store.lock_writers()?;
    let mut done = Ok(false);
    // (A version may be taken for old where a process has died while it looked at the hold: then what it left is put right.)
    for _ in 0..100 {
        done = move_under(store, random);
        if !matches!(done, Ok(false)) {
            break;
        }
    }
    store.unlock_writers(hold);
    done.map(|done| assert!(done, "nobody else writes"))
}

fn move_under(store: &Store, random: &mut Random) -> Result<bool> {
    let most = if random.once_in(6) { ACCOUNTS as u64 - 2 } else { 3 };
    let count = 2 + random.below(most) as usize;
    let first = random.below(ACCOUNTS as u64) as usize;
    let mut parts = Vec::new();
    let mut sum = 0;
    for n in 0..count {
        let account = (first + n) % ACCOUNTS;
        let (mut value, mut journal_version) = (Vec::new(), Version::default());
        store.get(&name(account), &mut Version::default(), &mut value)?;
        store.peek(&journal(account), &mut journal_version, &mut Vec::new())?;
        let (old, entries) = amount_in(&value);
        let by = if n + 1 == count { -sum } else { random.below(21) as i64 - 10 };
        sum += by;
        let writes = random.once_in(2);
        let length = match random.below(20) {
            0 => random.below(40_000),
            1..=4 => random.below(3_000),
            _ => random.below(40),
        };
        let value = amount(old + by, entries + u64::from(writes), length as usize);
        parts.push((name(account), value, journal(account), writes.then_some(journal_version)));
    }
    let passing = format!("passing{}", random.below(200)).into_bytes();
    let mut changes: Vec<Change<Version>> = Vec::new();
    for (key, body, journal, version) in &parts {
        changes.push(Change::Put { key, head: b"", body, note: None, expiry: None, anew: false });
        if let Some(version) = *version {
            changes.push(Change::Append { key: journal, bytes: b"entry...", note: 0, version });
        }
    }
    changes.push(match random.below(3) {
        0 => Change::Remove { key: &passing },
        _ => Change::Put { key: &passing, head: &passing, body: b"!", note: None, expiry: None, anew: true },
    });
    store.commit(&changes, None)
}

/// Looks at everything, as of one moment.
fn look(store: &Store) {
    let snapshot = store.retry(Store::snapshot).unwrap();
    let (mut sum, mut accounts) = (0, Vec::new());
    for (key, value) in snapshot.iter() {
        if key.starts_with(b"account") {
            let (amount, entries) = amount_in(value);
            sum += amount;
            accounts.push((key[b"account".len()..].to_vec(), entries));
        }
    }
    assert_eq!((sum, accounts.len()), (START * ACCOUNTS as i64, ACCOUNTS), "accounts do not add up");
    for (key, value) in snapshot.iter().filter(|(key, _)| key.starts_with(b"journal")) {
        let entries = accounts.iter().find(|(number, _)| *number == key[b"journal".len()..]).expect("an account").1;
        assert_eq!(value.len() as u64, 8 * entries, "the journal {:?}", String::from_utf8_lossy(key));
    }
}
