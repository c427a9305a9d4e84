//! A tmpfs that is nearly full: one process after the other stores, appends, removes and replaces values of all sizes,
//! most of which do not fit, and dies at a crash point or by a kill. After each death the store has to be sound, and to hold
//! what had returned. Needs root's right to mount.

use super::herd;
use super::journal::Failures;
use super::{Ground, Outcome, Random};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};
use sync_store::testing::{SmallDisk, fork, shared_memory};
use sync_store::{Appended, Error, ErrorKind, Options, Store, Version, torture};

/// Sizes of the file system, in pages.
const PAGES: [u64; 16] = [4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 256];
/// Lengths of values: on both sides of what fits a segment of each class, and of a run.
const LENGTHS: [u64; 14] = [0, 1, 10, 100, 500, 1500, 4000, 8000, 8150, 16_000, 16_300, 16_500, 30_000, 70_000];
/// The lives of the writer on one file.
const LIVES: u64 = 12;
/// The most operations in one life.
const OPERATIONS: usize = 400;

/// A value: pieces, each so many times the same byte.
type Value = Vec<(u8, u64)>;
type Model = BTreeMap<Vec<u8>, Value>;

/// One of the things that a writer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Put { key: u64, byte: u8, length: u64 },
    Append { key: u64, byte: u8, length: u64 },
    Remove { key: u64 },
    Replace { keep: u64 },
}

/// The journal of one life: how each operation ended, which follow from the seed.
struct Journals {
    outcomes: [AtomicU64; OPERATIONS],
    begun: AtomicU64,
    /// Which model the check has found to be true: 1: the last operation did not happen; 2: it did.
    truth: AtomicU64,
    failures: Failures,
}

const DONE: u64 = 1;
const REFUSED: u64 = 2;

pub fn run(mut ground: Ground) -> Outcome {
    // SAFETY: made of atomics.
    let journals: &'static Journals = unsafe { shared_memory() };
    let mut outcome = Outcome::default();
    let (mut files, mut lives, mut operations, mut refused) = (0, 0, 0, 0);
    while Instant::now() < ground.until && journals.failures.are_none() {
        let seed = ground.random.number();
        let mut random = Random::new(seed);
        let pages = PAGES[random.index(PAGES.len())];
        let disk = match SmallDisk::new(&ground.folder.join(format!("disk-{files}")), pages << 12) {
            Ok(disk) => disk,
            Err(why) => return Outcome { done: format!("left out, as root alone may mount: {why}"), ..outcome },
        };
        files += 1;
        let path = disk.0.join("store.sync");
        let mut model = Model::new();
        for _ in 0..LIVES {
            lives += 1;
            let life = random.number();
            let killed = live(&path, pages, life, journals);
            outcome.blows.kills += u64::from(killed.is_some_and(|by_us| by_us));
            outcome.blows.crashes += u64::from(killed.is_some_and(|by_us| !by_us));
            let begun = journals.begun.load(SeqCst) as usize;
            let ends: Vec<u64> = journals.outcomes[..begun].iter().map(|end| end.load(SeqCst)).collect();
            operations += begun;
            refused += ends.iter().filter(|&&end| end == REFUSED).count();
            let (before, after) = replay(model, pages, life, &ends);
            herd::apart(&journals.failures, || verify(&path, &before, &after, journals));
            model = if journals.truth.load(SeqCst) == 2 { after } else { before };
            if journals.failures.are_none() && random.once_in(3) {
                herd::apart(&journals.failures, || empty(&path));
                model.clear();
            }
            if !journals.failures.are_none() {
                let when = format!("on {pages} pages, seed {seed:#x}, life {life:#x}, after {begun} operations");
                journals.failures.add(&when);
                let _ = std::fs::copy(&path, ground.folder.join("store.sync"));
                break;
            }
        }
    }
    outcome.done =
        format!("{files} file systems, {lives} lives, {operations} operations, {refused} refused for want of space");
    outcome.failures = journals.failures.all();
    outcome
}

/// The operations of a life: the same for the process that does them and for the one that looks at what came of it.
struct Script {
    random: Random,
    longest: u64,
}

impl Script {
    fn new(life: u64, pages: u64) -> Self {
        Self { random: Random::new(life), longest: (pages << 12) / 10 * 7 }
    }

    fn length(&mut self) -> u64 {
        loop {
            let length = LENGTHS[self.random.index(LENGTHS.len())] + self.random.below(9);
            if length <= self.longest {
                return length;
            }
        }
    }

    fn next(&mut self) -> Operation {
        let keys = if self.random.once_in(4) { 300 } else { 12 };
        let (key, byte) = (self.random.below(keys), b'a' + self.random.below(26) as u8);
        match self.random.below(200) {
            0..=99 => Operation::Put { key, byte, length: self.length() },
            100..=169 => Operation::Remove { key },
            170..=196 => Operation::Append { key, byte, length: self.length().min(20_000) },
            _ => Operation::Replace { keep: self.random.below(4) },
        }
    }
}

fn name(operation: Operation) -> Vec<u8> {
    match operation {
        Operation::Put { key, .. } | Operation::Remove { key } => format!("key{key}").into_bytes(),
        Operation::Append { key, .. } => format!("list{}", key % 12).into_bytes(),
        Operation::Replace { .. } => vec![],
    }
}

/// Makes of a content what an operation does.
fn apply(model: &mut Model, operation: Operation) {
    let name = name(operation);
    match operation {
        Operation::Put { byte, length, .. } => drop(model.insert(name, vec![(byte, length)])),
        Operation::Append { byte, length, .. } => model.entry(name).or_default().push((byte, length)),
        Operation::Remove { .. } => drop(model.remove(&name)),
        // Every so-many-th value stays.
        Operation::Replace { keep } => {
            let mut n = 0;
            model.retain(|_, _| {
                n += 1;
                keep != 0 && n % (keep + 1) == 0
            });
        }
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    value.iter().flat_map(|&(byte, length)| std::iter::repeat_n(byte, length as usize)).collect()
}

/// Lets a process live through a script. How it was killed: by a signal from here (true), or at a crash point.
fn live(path: &Path, pages: u64, life: u64, journals: &'static Journals) -> Option<bool> {
    let mut fate = Random::new(life ^ 0x5eed);
    let (kind, when) = (fate.below(4), fate.number());
    journals.begun.store(0, SeqCst);
    let child = fork(|| {
        herd::die_with_parent();
        std::panic::set_hook(Box::new(move |info| journals.failures.add(&format!("writing: {info}"))));
        if kind < 2 {
            // Most crash points that matter are few among very many.
            torture::crash_after(when % if kind == 0 { 3_000 } else { 60_000 });
        }
        let store = Store::new(path.to_owned(), Options::default());
        let mut script = Script::new(life, pages);
        for n in 0..OPERATIONS {
            journals.outcomes[n].store(0, SeqCst);
            journals.begun.store(n as u64 + 1, SeqCst);
            let end = match perform(&store, script.next()) {
                Ok(()) => DONE,
                Err(error) => {
                    assert!(matches!(error.kind, ErrorKind::NoSpace), "operation {n}: {error}");
                    REFUSED
                }
            };
            journals.outcomes[n].store(end, SeqCst);
            if end == REFUSED || n % 8 == 0 {
                let problems = store.retry(Store::check).map(|report| report.problems).unwrap();
                assert!(problems.is_empty(), "after operation {n}: {problems:?}");
            }
        }
        std::mem::forget(store);
    });
    if kind == 2 {
        std::thread::sleep(Duration::from_micros(when % 20_000));
        child.kill();
        return Some(true);
    }
    let status = child.wait();
    if !status.success()
        && journals.failures.are_none()
        && std::os::unix::process::ExitStatusExt::signal(&status) != Some(9)
    {
        journals.failures.add(&format!("the writer ended with {status}"));
    }
    (!status.success()).then_some(false)
}

fn perform(store: &Store, operation: Operation) -> Result<(), Error> {
    let key = name(operation);
    match operation {
        Operation::Put { byte, length, .. } => {
            let value = bytes(&vec![(byte, length)]);
            store.retry(|store| store.put(&key, &value, &mut Version::default()))
        }
        Operation::Remove { .. } => store.retry(|store| store.remove(&key)).map(drop),
        Operation::Append { byte, length, .. } => append(store, &key, &bytes(&vec![(byte, length)])),
        Operation::Replace { .. } => {
            let all = store.retry(Store::snapshot)?;
            let mut names = Model::new();
            all.iter().for_each(|(name, _)| drop(names.insert(name.to_vec(), vec![])));
            apply(&mut names, operation);
            let entries: Vec<(&[u8], &[u8])> = all.iter().filter(|(name, _)| names.contains_key(*name)).collect();
            store.retry(|store| store.replace(&entries))
        }
    }
}

fn append(store: &Store, key: &[u8], more: &[u8]) -> Result<(), Error> {
    let mut merged = false;
    loop {
        let (mut seen, mut value) = (Version::default(), vec![]);
        store.retry(|store| {
            value.clear();
            store.get(key, &mut seen, &mut value)
        })?;
        if value.is_empty() {
            return store.retry(|store| store.put(key, more, &mut seen));
        }
        match store.retry(|store| store.append(key, more, 0, &mut seen))? {
            Appended::Done => return Ok(()),
            // The remedy for a full disk has moved it.
            Appended::Changed => {}
            Appended::Full if merged || value.len() % 2 == 0 => {
                value.extend(more);
                return store.retry(|store| store.put(key, &value, &mut seen));
            }
            Appended::Full => {
                store.retry(|store| store.merge_all_pieces(key, &mut seen))?;
                merged = true;
            }
        }
    }
}

/// The contents that there may be after a life: without its last operation, if that did not return, and with it.
fn replay(mut model: Model, pages: u64, life: u64, ends: &[u64]) -> (Model, Model) {
    let mut script = Script::new(life, pages);
    for &end in ends {
        let operation = script.next();
        if end == DONE {
            apply(&mut model, operation);
        } else if end != REFUSED {
            let mut after = model.clone();
            apply(&mut after, operation);
            return (model, after);
        }
    }
    (model.clone(), model)
}

/// Finds out which of the two contents the store has, that it is sound, and that a copy of it has the same.
fn verify(path: &Path, before: &Model, after: &Model, journals: &'static Journals) {
    let fail = |what: &str| journals.failures.add(what);
    let Some(found) = content(path, fail) else { return };
    let is = |model: &Model| {
        found.len() == model.len() && model.iter().all(|(name, value)| found.get(name) == Some(&bytes(value)))
    };
    journals.truth.store(
        if is(before) {
            1
        } else if is(after) {
            2
        } else {
            0
        },
        SeqCst,
    );
    if journals.truth.load(SeqCst) == 0 {
        let expected = before.iter().map(|(name, value)| (name.clone(), bytes(value))).collect();
        return fail(&difference(&found, &expected));
    }
    // Where it may grow.
    let copy = path.parent().unwrap_or(path).with_extension("copy.sync");
    match std::fs::copy(path, &copy) {
        Ok(_) => {
            let copied = content(&copy, |what| fail(&format!("a copy: {what}")));
            if let Some(copied) = copied.filter(|copied| *copied != found) {
                fail(&format!("a copy: {}", difference(&copied, &found)));
            }
            let _ = std::fs::remove_file(&copy);
        }
        // No store was made yet, as there was no room for one.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => fail(&format!("copying: {error}")),
    }
}

/// Whatever was in a store, and however full the disk is: all of it can be removed, and then there is room for a little.
fn empty(path: &Path) {
    let store = Store::new(path.to_owned(), Options::default());
    let all = store.retry(Store::snapshot).unwrap();
    for (name, _) in all.iter() {
        let removed = store.retry(|store| store.remove(name));
        assert!(removed.is_ok_and(|was_there| was_there), "emptying");
    }
    let again = store.retry(|store| store.put(b"again", b"1", &mut Version::default()));
    assert!(again.is_ok(), "an emptied store: {again:?}");
    store.retry(|store| store.remove(b"again")).unwrap();
}

type Content = BTreeMap<Vec<u8>, Vec<u8>>;

/// All that a store holds, if it is sound.
fn content(path: &Path, fail: impl Fn(&str)) -> Option<Content> {
    let store = Store::new(path.to_owned(), Options::default());
    match store.retry(Store::check) {
        Err(error) => fail(&format!("the check: {error}")),
        Ok(report) => {
            report.problems.iter().for_each(|problem| fail(problem));
            if report.allocated < report.used {
                fail(&format!("no memory is behind a part of what is used: {report:?}"));
            }
        }
    }
    match store.retry(Store::snapshot) {
        Ok(all) => Some(all.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()),
        Err(error) => {
            fail(&format!("reading: {error}"));
            None
        }
    }
}

fn difference(found: &Content, expected: &Content) -> String {
    let names = |one: &Content, which: &dyn Fn(&Vec<u8>) -> bool| -> Vec<String> {
        one.keys().filter(|name| which(name)).map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    };
    let lost = names(expected, &|name| !found.contains_key(name));
    let more = names(found, &|name| !expected.contains_key(name));
    let other = names(expected, &|name| found.get(name).is_some_and(|it| expected.get(name) != Some(it)));
    format!("{} values of {}; lost {lost:?}, more {more:?}, other {other:?}", found.len(), expected.len())
}
