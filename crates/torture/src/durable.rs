//! Processes that write durably, and the values that a loss of power has to leave: `durability = commit` promises
//! that every write that returned is there.

use super::Random;
use super::herd::Bell;
use super::journal::{Entry, State};
use super::worker::{number_in, value};
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::Ordering::Relaxed;
use sync_store::{Appended, Durability, Found, Options, Store, Version, torture};

pub const PROCESSES: usize = 4;
const KEYS: usize = 10;

/// The writes that each process began, and those that returned to it.
pub struct Journals {
    keys: [[Entry; KEYS]; PROCESSES],
    /// How many entries of a list were begun, and returned.
    lists: [Entry; PROCESSES],
    pub bell: Bell,
}

fn options() -> Options {
    Options { durability: Durability::Commit, ..Options::default() }
}

fn name(n: usize, key: usize) -> Vec<u8> {
    format!("{n}.{key}").into_bytes()
}

fn list_name(n: usize) -> Vec<u8> {
    format!("list{n}").into_bytes()
}

/// Writes durably until it is killed, or told to stop.
pub fn work(n: usize, path: &Path, journals: &'static Journals, mut random: Random) {
    static SLACK: Once = Once::new();
    // The space of dead records is freed at once, which is when a lost write would miss them.
    if n.is_multiple_of(2) {
        SLACK.call_once(|| torture::set_slack(0));
    }
    let store = Store::new(path.to_owned(), options());
    // The write that a predecessor had begun has either happened or not.
    for key in 0..KEYS {
        let state = journals.compare_key(&store, n, key);
        journals.keys[n][key].finish(state);
    }
    let state = journals.compare_list(&store, n);
    journals.lists[n].finish(state);
    while !journals.bell.rings() {
        let key = random.below(KEYS as u64) as usize;
        match random.below(100) {
            0..=69 => {
                let entry = &journals.keys[n][key];
                let state = State { number: entry.begun().number + 1, removed: random.once_in(8) };
                entry.begin(state);
                if state.removed {
                    store.retry(|store| store.remove(&name(n, key))).unwrap();
                } else {
                    let value = value(n, key, state.number, length(&mut random));
                    store.retry(|store| store.put(&name(n, key), &value, &mut Version::default())).unwrap();
                }
                entry.finish(state);
            }
            70..=94 => append(&store, &journals.lists[n], n),
            _ => {
                // Replaces everything by itself.
                store.retry(|store| store.lock(Default::default())).unwrap();
                let all = store.retry(Store::snapshot).unwrap();
                let entries: Vec<(&[u8], &[u8])> = all.iter().collect();
                store.retry(|store| store.replace(&entries)).unwrap();
                store.unlock();
            }
        }
        journals.bell.beats[n].fetch_add(1, Relaxed);
    }
    std::mem::forget(store);
}

fn append(store: &Store, entry: &Entry, n: usize) {
    let state = State { number: entry.begun().number + 1, removed: false };
    entry.begin(state);
    let (name, next) = (list_name(n), state.number.to_le_bytes());
    loop {
        let (mut seen, mut out) = (Version::default(), Vec::new());
        let found = store.retry(|store| store.get(&name, &mut seen, &mut out)).unwrap();
        if found == Found::Missing || out.len() > 20_000 {
            store.retry(|store| store.put(&name, &next, &mut seen)).unwrap();
            break;
        }
        match store.retry(|store| store.append(&name, &next, 0, &mut seen)).unwrap() {
            Appended::Done => break,
            Appended::Changed => {}
            Appended::Full => {
                store.retry(|store| store.merge_all_pieces(&name, &mut seen)).unwrap();
            }
        }
    }
    entry.finish(state);
}

fn length(random: &mut Random) -> u64 {
    match random.below(100) {
        0..=59 => random.below(300),
        60..=84 => random.below(9_000),
        85..=96 => random.below(100_000),
        _ => random.below(2 << 20),
    }
}

// ---- the check after a loss ---------------------------------------------------------------------------

impl Journals {
    /// Checks, while no process writes, that the file at a path holds all writes that had returned, can be written
    /// to, and is sound.
    pub fn compare(&self, path: &Path) {
        let store = Store::new(path.to_owned(), options());
        for n in 0..PROCESSES {
            for key in 0..KEYS {
                self.compare_key(&store, n, key);
            }
            self.compare_list(&store, n);
        }
        store.retry(|store| store.put(b"new", b"value", &mut Version::default())).unwrap();
        let problems = store.retry(Store::check).unwrap().problems;
        assert!(problems.is_empty(), "{problems:?}");
    }

    /// Checks that a key has its last returned state, or the one begun then; returns the state it has.
    fn compare_key(&self, store: &Store, n: usize, key: usize) -> State {
        let entry = &self.keys[n][key];
        let (begun, returned) = (entry.begun(), entry.returned());
        let mut out = Vec::new();
        let found = store.retry(|store| store.get(&name(n, key), &mut Version::default(), &mut out)).unwrap();
        let number = (found != Found::Missing).then(|| number_in(&out, n, key));
        let is = |state: &State| match number {
            Some(number) => !state.removed && state.number == number,
            None => state.removed,
        };
        let state = [begun, returned].into_iter().find(is);
        state.unwrap_or_else(|| panic!("{n}.{key} is {number:?}; {returned:?} had returned, {begun:?} was begun"))
    }

    fn compare_list(&self, store: &Store, n: usize) -> State {
        let entry = &self.lists[n];
        let (begun, returned) = (entry.begun(), entry.returned());
        let mut out = Vec::new();
        store.retry(|store| store.get(&list_name(n), &mut Version::default(), &mut out)).unwrap();
        let entries: Vec<u64> = out.chunks(8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap())).collect();
        assert!(entries.windows(2).all(|pair| pair[0] < pair[1]), "list{n}: {entries:?}");
        let last = entries.last().copied().unwrap_or(0);
        let state = [begun, returned].into_iter().find(|state| state.number == last);
        state.unwrap_or_else(|| panic!("list{n} ends with {last}; {returned:?} had returned, {begun:?} was begun"))
    }
}
