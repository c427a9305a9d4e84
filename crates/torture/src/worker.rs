//! One of the processes under torture.

use super::journal::{Arena, Entry, KEYS, OWNERS, State, WORKERS};
use super::{Random, Round, herd};
use std::path::Path;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;
use sync_store::{Appended, Found, Options, Patience, Peeked, Store, Version};

/// One has read-only access, one is shut into the file's folder, without /proc. (If run by root; else they are
/// like the others.)
const READER: usize = WORKERS - 1;
const SHUT_IN: usize = WORKERS - 2;

/// Works until it is killed, or told to stop.
pub fn work(n: usize, path: &Path, arena: &'static Arena, round: &Round, mut random: Random) {
    #[cfg(feature = "torture")]
    {
        use sync_store::torture;
        if let Some(slack) = round.slack {
            torture::set_slack(slack);
        }
        if let Some(within) = round.crash_within {
            torture::crash_after(random.below(within));
        }
    }
    #[cfg(not(feature = "torture"))]
    let _ = round;
    let (mut path, reads) = (path.to_owned(), herd::is_root() && n == READER);
    if reads {
        herd::become_nobody();
    } else if herd::is_root() && n == SHUT_IN {
        path = herd::shut_in(&path);
    }
    let store = Store::new(path, Options::default());
    let seen = vec![vec![Version::default(); KEYS]; OWNERS];
    let mut worker = Worker { n, store: &store, arena, seen, list: (Version::default(), vec![]) };
    if !reads {
        worker.take_stock();
    }
    while !arena.bell.rings() {
        if reads {
            worker.look_at_something(&mut random)
        } else {
            worker.do_something(&mut random)
        }
        arena.bell.beats[n].fetch_add(1, Relaxed);
    }
    // Not dropped: the process ends like a killed one.
    std::mem::forget(store);
}

struct Worker<'a> {
    n: usize,
    store: &'a Store,
    arena: &'static Arena,
    seen: Vec<Vec<Version>>,
    /// This process's list, as last read.
    list: (Version, Vec<u8>),
}

impl Worker<'_> {
    /// After a predecessor's death: its last operation either happened or did not, for good.
    fn take_stock(&self) {
        for key in 0..KEYS {
            settle(self.store, self.arena, self.n, key);
        }
        compare_list(self.store, self.arena, self.n, true);
        for counter in &self.arena.owners[self.n].increments {
            let [begun, returned, cut] = counter;
            let open = begun.load(SeqCst) - returned.load(SeqCst).min(begun.load(SeqCst));
            cut.fetch_add(open, SeqCst);
            begun.store(returned.load(SeqCst), SeqCst);
        }
    }

    fn look_at_something(&mut self, random: &mut Random) {
        match random.below(100) {
            0..=89 => self.read(random.below(OWNERS as u64) as usize, random.below(KEYS as u64) as usize),
            90..=96 => compare_list(self.store, self.arena, random.below(WORKERS as u64) as usize, false),
            _ => self.read_everything(),
        }
    }

    fn do_something(&mut self, random: &mut Random) {
        match random.below(1000) {
            0..=299 => self.put(self.n, random.below(KEYS as u64) as usize, random),
            300..=329 => self.append(),
            330..=349 => self.append_unread(),
            350..=369 => compare_list(self.store, self.arena, random.below(WORKERS as u64) as usize, false),
            370..=399 => self.remove(self.n, random.below(KEYS as u64) as usize),
            400..=899 => self.read(random.below(OWNERS as u64) as usize, random.below(KEYS as u64) as usize),
            900..=949 => self.increment(0, random),
            950..=984 => self.increment(1, random),
            985..=989 => self.replace_everything(),
            990..=993 => self.read_everything(),
            _ => self.fork(random),
        }
    }

    fn put(&mut self, owner: usize, key: usize, random: &mut Random) {
        let entry = &self.arena.owners[owner].keys[key];
        let state = State { number: entry.begun().number + 1, removed: false };
        let value = value(owner, key, state.number, length(random));
        entry.begin(state);
        let seen = &mut self.seen[owner][key];
        let name = name(owner, key);
        self.store.retry(|store| store.put(&name, &value, seen)).unwrap();
        entry.finish(state);
    }

    fn remove(&mut self, owner: usize, key: usize) {
        let entry = &self.arena.owners[owner].keys[key];
        let state = State { number: entry.begun().number + 1, removed: true };
        entry.begin(state);
        self.store.retry(|store| store.remove(&name(owner, key))).unwrap();
        entry.finish(state);
    }

    /// Appends the next number to this process's list; from time to time the list starts over.
    fn append(&mut self) {
        let entry = &self.arena.owners[self.n].list;
        let name = list_name(self.n);
        let (seen, value) = &mut self.list;
        let number = entry.begun().number + 1;
        entry.begin(State { number, removed: false });
        loop {
            let mut out = Vec::new();
            match self.store.retry(|store| store.get(&name, seen, &mut out)).unwrap() {
                Found::Missing => value.clear(),
                Found::Unchanged => {}
                Found::Appended => value.extend(&out),
                Found::Value | Found::Long(_) => *value = out,
            }
            // Each entry holds the number before it, too: one begun by a dead predecessor may be missing.
            let start = self.arena.list_start(self.n);
            let next = [list_end(value, self.n, &start).to_le_bytes(), number.to_le_bytes()].concat();
            let start_over = value.is_empty() || value.len() > start.len() + 60_000;
            let done = match start_over {
                true => Appended::Full,
                false => self.store.retry(|store| store.append(&name, &next, 0, seen)).unwrap(),
            };
            if done == Appended::Changed {
                // Another process has compacted, or replaced everything by itself: read again.
                continue;
            }
            if done == Appended::Full && !start_over && !number.is_multiple_of(4) {
                self.store.retry(|store| store.merge_all_pieces(&name, seen)).unwrap();
                continue;
            }
            if start_over {
                *value = start;
            }
            value.extend(&next);
            if done == Appended::Full {
                self.store.retry(|store| store.put(&name, value, seen)).unwrap();
            }
            break;
        }
        entry.finish(State { number, removed: false });
    }

    /// As [`Worker::append`], without having read the list: only the last number that returned is known.
    fn append_unread(&mut self) {
        let entry = &self.arena.owners[self.n].list;
        let name = list_name(self.n);
        let number = entry.begun().number + 1;
        let next = [(UNREAD | entry.returned().number).to_le_bytes(), number.to_le_bytes()].concat();
        entry.begin(State { number, removed: false });
        loop {
            let (mut seen, mut start) = (Version::default(), Vec::new());
            let peeked = self.store.retry(|store| store.peek(&name, &mut seen, &mut start)).unwrap();
            if peeked == Peeked::Missing {
                let value = [self.arena.list_start(self.n), next].concat();
                self.store.retry(|store| store.put(&name, &value, &mut seen)).unwrap();
                break;
            }
            match self.store.retry(|store| store.append(&name, &next, 0, &mut seen)).unwrap() {
                Appended::Done => break,
                Appended::Changed => {}
                Appended::Full => {
                    self.store.retry(|store| store.merge_all_pieces(&name, &mut seen)).unwrap();
                }
            }
        }
        entry.finish(State { number, removed: false });
    }

    /// Checks that a read gives the state that had returned before it, or a newer one.
    fn read(&mut self, owner: usize, key: usize) {
        let entry = &self.arena.owners[owner].keys[key];
        let before = entry.returned();
        let mut out = Vec::new();
        // Without a version: the value itself has to come.
        let mut seen = Version::default();
        let found = self.store.retry(|store| store.get(&name(owner, key), &mut seen, &mut out)).unwrap();
        let after = entry.begun();
        let number = (found != Found::Missing).then(|| number_in(&out, owner, key));
        let fresh = match number {
            Some(number) => before.number <= number && number <= after.number && number != 0,
            None => before.removed || after.number > before.number,
        };
        assert!(fresh, "{owner}.{key} is {number:?}, returned before {before:?}, begun since {after:?}");
        // With the version of the last read: "unchanged" has to be true.
        let seen = &mut self.seen[owner][key];
        let before = entry.returned();
        let again = self.store.retry(|store| store.get(&name(owner, key), seen, &mut out)).unwrap();
        if again == Found::Value {
            let number = number_in(&out, owner, key);
            assert!(before.number <= number, "{owner}.{key} is {number}, returned before {before:?}");
        } else if again == Found::Missing {
            let after = entry.begun();
            assert!(before.removed || after.number > before.number, "{owner}.{key} is missing, {before:?}, {after:?}");
        }
    }

    fn increment(&mut self, counter: usize, random: &mut Random) {
        let [begun, returned, _] = &self.arena.owners[self.n].increments[counter];
        let change = self
            .store
            .retry(|store| {
                if counter == 0 {
                    store.lock(Patience::default()).map(|()| None)
                } else {
                    store.lock_writers().map(Some)
                }
            })
            .unwrap();
        let count = read_counter(self.store, counter);
        if random.below(50) == 0 {
            std::thread::sleep(Duration::from_micros(random.below(2000)));
        }
        begun.fetch_add(1, SeqCst);
        let (name, value) = (counter_name(counter), (count + 1).to_le_bytes());
        self.store.retry(|store| store.put(&name, &value, &mut Version::default())).unwrap();
        returned.fetch_add(1, SeqCst);
        if let Some(change) = change {
            self.store.unlock_writers(change);
        } else if random.below(20) != 0 {
            self.store.unlock();
        } else {
            // The child has to recognize that the lock is its parent's.
            self.fork(random);
            self.store.unlock();
        }
    }

    /// Replaces everything by itself, under `lock()`.
    fn replace_everything(&self) {
        self.store.retry(|store| store.lock(Patience::default())).unwrap();
        let all = self.store.retry(Store::snapshot).unwrap();
        let entries: Vec<(&[u8], &[u8])> = all.iter().collect();
        self.store.retry(|store| store.replace(&entries)).unwrap();
        self.store.unlock();
    }

    fn read_everything(&self) {
        let all = self.store.retry(Store::snapshot).unwrap();
        for (name, value) in all.iter() {
            if let Some((owner, key)) = parse_name(name) {
                number_in(value, owner, key);
            }
        }
    }

    /// Forks a child that writes keys of its own, whatever locks its parent holds, while the parent may
    /// be killed.
    fn fork(&mut self, random: &mut Random) {
        let owner = WORKERS + self.n;
        let child = &self.arena.owners[self.n].child;
        let last = child.load(SeqCst) as libc::pid_t;
        // SAFETY: signal 0 only asks.
        if last != 0 && unsafe { libc::kill(last, 0) } == 0 {
            // A predecessor's orphan still writes these keys.
            return;
        }
        let seed = random.number();
        // SAFETY: this process has one thread; the child leaves by `_exit`.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0);
        if pid == 0 {
            child.store(u64::from(std::process::id()), SeqCst);
            assert!(!self.store.holds_lock(), "a child holds its parent's lock");
            let mut random = Random::new(seed);
            let key = random.below(KEYS as u64) as usize;
            settle(self.store, self.arena, owner, key);
            self.put(owner, key, &mut random);
            self.read(owner, key);
            // SAFETY: ends this process.
            unsafe { libc::_exit(0) };
        }
        child.store(pid as u64, SeqCst);
        self.arena.owners[self.n].forks.fetch_add(1, Relaxed);
        if self.store.holds_lock() {
            // The child waits for this process, which must not wait for it.
            self.store.unlock();
        }
        let mut status = 0;
        // SAFETY: our child.
        unsafe { libc::waitpid(pid, &mut status, 0) };
        assert!(
            status == 0 || libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL,
            "a forked child ended with {status:#x}"
        );
    }
}

fn name(owner: usize, key: usize) -> Vec<u8> {
    format!("{owner}.{key}").into_bytes()
}

fn parse_name(name: &[u8]) -> Option<(usize, usize)> {
    let (owner, key) = std::str::from_utf8(name).ok()?.split_once('.')?;
    Some((owner.parse().ok()?, key.parse().ok()?))
}

fn list_name(owner: usize) -> Vec<u8> {
    format!("list{owner}").into_bytes()
}

/// The mark of an entry whose writer has not read the list: the entry names the last number that had returned,
/// after which there may be one that a death cut off.
const UNREAD: u64 = 1 << 63;

/// The last number of a list; checks that each entry names the one before it.
fn list_end(value: &[u8], owner: usize, start: &[u8]) -> u64 {
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
    if value.is_empty() {
        return 0;
    }
    let entries = value.strip_prefix(start).unwrap_or_else(|| panic!("list {owner} does not begin as it did"));
    assert_eq!(entries.len() % 16, 0, "list {owner} is {} bytes long", value.len());
    let mut last = None;
    for entry in entries.chunks(16) {
        let (word, this) = (number(&entry[..8]), number(&entry[8..]));
        let (before, unread) = (word & !UNREAD, word & UNREAD != 0);
        let follows = last.is_none_or(|last| if unread { last >= before } else { last == before });
        assert!(
            follows && last.is_none_or(|last| last < this) && before < this,
            "list {owner}: {last:?}, then {before} (unread: {unread}), {this}"
        );
        last = Some(this);
    }
    last.unwrap_or(0)
}

/// Checks that a list ends with the number that last returned, or a newer one. While no process
/// appends to it (`settle`), that is one of two, and the journal notes it.
pub fn compare_list(store: &Store, arena: &Arena, owner: usize, settle: bool) {
    let entry = &arena.owners[owner].list;
    let before = entry.returned();
    let mut out = Vec::new();
    store.retry(|store| store.get(&list_name(owner), &mut Version::default(), &mut out)).unwrap();
    let (last, begun) = (list_end(&out, owner, &arena.list_start(owner)), entry.begun());
    let fits = if settle { last == before.number || last == begun.number } else { last >= before.number };
    assert!(fits && last <= begun.number, "list {owner} ends with {last}: {before:?} returned, {begun:?} was begun");
    if settle {
        entry.finish(State { number: last, removed: false });
    }
}

fn counter_name(counter: usize) -> Vec<u8> {
    format!("counter{counter}").into_bytes()
}

/// Mostly small, sometimes with a run of its own.
fn length(random: &mut Random) -> u64 {
    match random.below(100) {
        0..=69 => random.below(200),
        70..=94 => random.below(5_000),
        95..=98 => random.below(40_000),
        _ => random.below(300_000),
    }
}

/// A value that names its owner, and of which every byte can be checked.
pub fn value(owner: usize, key: usize, number: u64, length: u64) -> Vec<u8> {
    let mut value = number.to_le_bytes().to_vec();
    value.extend([owner as u8, key as u8]);
    value.extend((0..length).map(|n| fill(number, n)));
    value
}

fn fill(number: u64, n: u64) -> u8 {
    (number.wrapping_mul(31) ^ n.wrapping_mul(number | 1)) as u8
}

/// The number in a value; checks every byte of the value.
pub fn number_in(value: &[u8], owner: usize, key: usize) -> u64 {
    let number = u64::from_le_bytes(value[..8].try_into().unwrap());
    assert_eq!(value[8..10], [owner as u8, key as u8], "a value of another key");
    let torn = value[10..].iter().enumerate().position(|(n, &byte)| byte != fill(number, n as u64));
    assert_eq!(torn, None, "{owner}.{key}: the value {number} is torn");
    number
}

pub fn read_counter(store: &Store, counter: usize) -> u64 {
    let mut out = Vec::new();
    let name = counter_name(counter);
    match store.retry(|store| store.get(&name, &mut Version::default(), &mut out)).unwrap() {
        Found::Missing => 0,
        _ => u64::from_le_bytes(out[..].try_into().unwrap()),
    }
}

/// Checks that a key has the state that last returned, or the one begun when its writer died.
pub fn compare(store: &Store, arena: &Arena, owner: usize, key: usize) -> Option<State> {
    let entry: &Entry = &arena.owners[owner].keys[key];
    let mut out = Vec::new();
    let found = store.retry(|store| store.get(&name(owner, key), &mut Version::default(), &mut out)).unwrap();
    let number = (found != Found::Missing).then(|| number_in(&out, owner, key));
    let (returned, begun) = (entry.returned(), entry.begun());
    let is = |state: State| match number {
        Some(number) => !state.removed && state.number == number,
        None => state.removed,
    };
    // The newer one first: of two removals the newer one counts.
    let state = [begun, returned].into_iter().find(|&state| is(state));
    if state.is_none() {
        arena.fail(&format!("{owner}.{key} is {number:?}, {returned:?} returned and {begun:?} was begun"));
    }
    state
}

/// Compares, and notes the state found in the journal.
fn settle(store: &Store, arena: &Arena, owner: usize, key: usize) {
    if let Some(state) = compare(store, arena, owner, key) {
        // The journal keeps the number that was begun, so that it is not used again.
        arena.owners[owner].keys[key].finish(state);
    }
}
