//! Death between any two steps of a change, enumerated: for every kind of operation a process performs
//! it and dies by SIGKILL at the k-th store to the shared file (or system call that changes it),
//! for every k. The file then has to hold the old state or the new one, for readers at once, and be
//! whole for the next writer.
//!
//!     cargo test -p sync-store --features torture --test crash
//!
//! With `SYNC_CRASH_ALL=1` in the environment every k is tried; else some dozens of them, different ones
//! in each run.
#![cfg(feature = "torture")]

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use sync_backend::Shifted;
use sync_backend::testing::queues;
use sync_backend::{Expiry, clock};
use sync_store::testing::{TemporaryPath, as_a_reader, entries, get, in_child, is_in_proportion, shared_memory};
use sync_store::{
    Appended, Change, ErrorKind, Found, LockName, Options, Patience, Since, Store, Version, Wanted, torture,
};

/// The content that a store should have.
type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// The time at which each case begins.
const START: u64 = 1_700_000_000_000;

fn at(milliseconds: u64) -> Option<Expiry> {
    Some(Expiry::at(START + milliseconds))
}

/// One operation.
#[derive(Clone)]
enum Step {
    Put(Vec<u8>, Vec<u8>),
    /// Puts under the next number, which has to be this one.
    PutNext(i64, Vec<u8>),
    /// Puts where there is nothing, to be appended to.
    PutFirst(Vec<u8>, Vec<u8>),
    /// Appends to the value.
    Append(Vec<u8>, Vec<u8>),
    Unite(Vec<u8>),
    /// Pushes elements of these numbers and lengths to the list under a name that begins with "queue".
    Push(Vec<u8>, Vec<(u32, u32)>),
    /// Takes the first element off, of this number.
    Shift(Vec<u8>, u32),
    Remove(Vec<u8>),
    /// Puts a value that expires after so many milliseconds.
    PutUntil(Vec<u8>, Vec<u8>, u64),
    /// Lets a value expire then, or never.
    Touch(Vec<u8>, Option<u64>),
    /// Sets the clock to so many milliseconds after the beginning: only before the steps. The keys that have expired by then.
    Clock(u64, Vec<Vec<u8>>),
    Replace(Vec<(Vec<u8>, Vec<u8>)>),
    /// Puts, appends and removals at one moment.
    Commit(Vec<Step>),
    Lock,
    Unlock,
    /// Takes so many named locks, or gives them back.
    Take(u32),
    GiveBack(u32),
    Destroy,
    /// Reads everything by the slow path: opens, adopts, recovers.
    Read,
}
use Step::*;

fn key(n: u32) -> Vec<u8> {
    format!("key{n}").into_bytes()
}

fn put(n: u32, length: usize) -> Step {
    Put(key(n), vec![n as u8; length])
}

fn elements(which: &[(u32, u32)]) -> Vec<Vec<u8>> {
    which.iter().map(|&(number, length)| queues::element(number, length)).collect()
}

/// A value as the model has it: a list in one array, however the store has put it together.
fn as_modelled((key, value): (Vec<u8>, Vec<u8>)) -> (Vec<u8>, Vec<u8>) {
    let value = if key.starts_with(b"queue") { queues::array(&queues::read(&value)) } else { value };
    (key, value)
}

fn apply(store: &Store, step: &Step) {
    match step {
        Put(key, value) => store.retry(|store| store.put(key, value, &mut Version::default())).unwrap(),
        PutNext(number, value) => {
            let put = store.retry(|store| store.put_next(value, b"", 0, &mut Version::default()));
            assert_eq!(put.unwrap(), Some(*number));
        }
        PutFirst(key, value) => {
            let put = store.retry(|store| store.put_first(key, value, 0, &mut Version::default()));
            assert!(put.unwrap());
        }
        Append(key, bytes) => {
            let done = store.retry(|store| {
                let mut seen = Version::default();
                store.get(key, &mut seen, &mut Vec::new())?;
                store.append(key, bytes, 0, &mut seen)
            });
            assert_eq!(done.unwrap(), Appended::Done);
        }
        Unite(key) => {
            let done = store.retry(|store| {
                let mut seen = Version::default();
                store.get(key, &mut seen, &mut Vec::new())?;
                store.merge_all_pieces(key, &mut seen)
            });
            assert!(done.unwrap());
        }
        Push(key, which) => drop(store.retry(|store| Ok(queues::push(store, key, &elements(which)))).unwrap()),
        Shift(key, number) => {
            let mut out = Vec::new();
            let shifted = store.retry(|store| store.shift(key, &mut Version::default(), &mut out)).unwrap();
            assert!(matches!(shifted, Shifted::Element(_)));
            // (Any head, and then the number.)
            assert!(out.windows(4).take(6).any(|bytes| bytes == number.to_be_bytes()), "{number}: {out:x?}");
        }
        Remove(key) => drop(store.retry(|store| store.remove(key)).unwrap()),
        PutUntil(key, value, time) => {
            let put = store.retry(|store| store.put_until(key, (value, b""), at(*time), &mut Version::default()));
            put.unwrap();
        }
        Touch(key, time) => {
            let time = time.and_then(at);
            assert!(store.retry(|store| store.touch(key, time, &mut Version::default())).unwrap());
        }
        Clock(time, _) => clock::set(START + time),
        Replace(entries) => {
            let entries: Vec<(&[u8], &[u8])> = entries.iter().map(|(key, value)| (&key[..], &value[..])).collect();
            store.retry(|store| store.replace(&entries)).unwrap();
        }
        Commit(steps) => store.retry(|store| commit(store, steps)).unwrap(),
        Lock => store.retry(|store| store.lock(Patience::default())).unwrap(),
        Unlock => store.unlock(),
        Take(count) => assert!(take(store, *count)),
        GiveBack(count) => {
            assert!((0..*count).all(|n| store.release_lock(LockName::named(&key(n)))));
        }
        Destroy => store.retry(Store::destroy).unwrap(),
        Read => drop(store.retry(Store::snapshot).unwrap()),
    }
}

fn commit(store: &Store, steps: &[Step]) -> sync_store::Result<()> {
    let changes = steps.iter().map(|step| {
        Ok(match step {
            Put(key, body) => Change::Put { key, head: b"", body, note: None, expiry: None, anew: false },
            Append(key, bytes) => {
                let mut version = Version::default();
                store.get(key, &mut version, &mut Vec::new())?;
                Change::Append { key, bytes, note: 0, version }
            }
            Remove(key) => Change::Remove { key },
            _ => unreachable!("no part of a commit"),
        })
    });
    let changes: Vec<Change<Version>> = changes.collect::<sync_store::Result<_>>()?;
    assert!(store.commit(&changes, None)?);
    Ok(())
}

/// Takes named locks; whether all of them could be had.
fn take(store: &Store, count: u32) -> bool {
    let take = |n| store.retry(|store| store.take_lock(LockName::named(&key(n)), false)).unwrap().token().is_some();
    (0..count).all(take)
}

fn change(model: &mut Model, step: &Step) {
    match step {
        Put(key, value) | PutFirst(key, value) | PutUntil(key, value, _) => {
            drop(model.insert(key.clone(), value.clone()))
        }
        Clock(_, expired) => model.retain(|key, _| !expired.contains(key)),
        PutNext(number, value) => drop(model.insert(number.to_string().into_bytes(), value.clone())),
        Append(key, bytes) => model.get_mut(key).expect("a value to append to").extend_from_slice(bytes),
        Push(key, which) => {
            let mut queue = model.get(key).map_or_else(VecDeque::new, |list| queues::read(list));
            queue.extend(elements(which));
            model.insert(key.clone(), queues::array(&queue));
        }
        Shift(key, _) => {
            let mut queue = queues::read(&model[key]);
            queue.pop_front();
            model.insert(key.clone(), queues::array(&queue));
        }
        Remove(key) => drop(model.remove(key)),
        Replace(entries) => *model = entries.iter().cloned().collect(),
        Commit(steps) => steps.iter().for_each(|step| change(model, step)),
        Destroy => model.clear(),
        Unite(_) | Touch(..) | Lock | Unlock | Read | Take(_) | GiveBack(_) => {}
    }
}

/// Whether to die at every single crash point, however long it takes.
fn all() -> bool {
    std::env::var_os("SYNC_CRASH_ALL").is_some()
}

// ---- processes ---------------------------------------------------------------------------------

/// How a process ended that may die at a crash point.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Killed,
    Finished,
}

/// Runs `action` in a process of its own until it ends or is killed at a crash point.
fn run(action: impl FnOnce()) -> End {
    let status = in_child(action);
    if status.signal() == Some(libc::SIGKILL) {
        return End::Killed;
    }
    assert!(status.success(), "the child ended with {status}");
    End::Finished
}

/// Memory that a child shares with its parent.
struct Shared {
    /// How many steps have returned.
    done: AtomicU64,
    passed: AtomicU64,
    trace: [AtomicU32; 1 << 18],
}

fn shared() -> &'static Shared {
    // SAFETY: the type is made of atomics.
    unsafe { shared_memory() }
}

// ---- a case --------------------------------------------------------------------------------------

#[derive(Default)]
struct Case {
    name: &'static str,
    /// Steps that are completed first.
    prepare: Vec<Step>,
    /// The steps of the process that dies.
    steps: Vec<Step>,
    /// The number of dead bytes at which that process starts compaction.
    slack: Option<u64>,
    /// Whether the process that recovers dies as well, at each of its steps.
    twice: bool,
    /// Puts another file into place before the steps: a copy, a file of the pure-PHP class.
    exchange: Option<fn(&Path)>,
    /// Whether the file may not become longer in the process that dies, as on a full disk.
    is_full: bool,
}

const PROBE: &[u8] = b"probe";

/// All of `keys`, one read each; no lock, no write.
fn read_keys(store: &Store, keys: &BTreeSet<Vec<u8>>) -> Model {
    keys.iter().filter_map(|key| Some(as_modelled((key.clone(), get(store, key)?)))).collect()
}

fn read_snapshot(store: &Store) -> Model {
    let entries = entries(store);
    let mut model: Model = entries.iter().cloned().map(as_modelled).collect();
    assert_eq!(model.len(), entries.len(), "a key twice");
    model.remove(PROBE);
    model
}

impl Case {
    fn run(self) {
        static WARM: Once = Once::new();
        // Work that happens once in a process happens before the first fork.
        WARM.call_once(|| {
            let file = TemporaryPath::new();
            apply(&file.store(), &put(0, 1));
        });
        let mut models = vec![Model::new()];
        self.prepare.iter().for_each(|step| change(&mut models[0], step));
        for step in &self.steps {
            let mut next = models.last().unwrap().clone();
            change(&mut next, step);
            models.push(next);
        }
        let shared = shared();
        let (points, once, twice) = self.crash_points(shared);
        let mut deaths = 0;
        for &point in &once {
            self.die_at(shared, &models, point, None);
            deaths += 1;
        }
        for &point in &twice {
            let mut second = 0;
            while self.die_at(shared, &models, point, Some(second)) == End::Killed {
                deaths += 1;
                second = if all() { second + 1 } else { second * 2 + 1 + point % 3 };
            }
        }
        eprintln!("{}: {points} crash points, {deaths} deaths", self.name);
    }

    /// The number of crash points that the steps pass, and the points to die at: the first and the last of
    /// each pair of consecutive lines of the source. For one death, and for one followed by another.
    fn crash_points(&self, shared: &'static Shared) -> (u64, Vec<u64>, Vec<u64>) {
        let file = TemporaryPath::new();
        let _open = self.set_up(&file);
        let end = run(|| {
            torture::trace_into(&shared.trace);
            self.act(&file, shared, u64::MAX);
        });
        assert_eq!(end, End::Finished, "{}", self.name);
        let points = shared.passed.load(Ordering::Relaxed);
        assert!(points > 0, "{}: no crash points", self.name);
        if all() {
            let every: Vec<u64> = (0..points).collect();
            return (points, every.clone(), if self.twice { every } else { Vec::new() });
        }
        let lines: Vec<u32> = shared.trace.iter().take(points as usize).map(|n| n.load(Ordering::Relaxed)).collect();
        let mut pairs: HashMap<(u32, u32), (u64, u64)> = HashMap::new();
        for (n, pair) in lines.windows(2).enumerate() {
            let at = n as u64 + 1;
            pairs.entry((pair[0], pair[1])).or_insert((at, at)).1 = at;
        }
        let mut chosen: Vec<u64> = pairs.into_values().flat_map(|(first, last)| [first, last]).collect();
        chosen.push(0);
        chosen.sort_unstable();
        chosen.dedup();
        // A case with long preparations, or with two deaths, tries only some points in one run, and others in
        // the next.
        let some = |most: usize| {
            let step = chosen.len().div_ceil(most);
            let start = std::process::id() as usize % step;
            chosen.iter().copied().skip(start).step_by(step).collect()
        };
        let once = match self.prepare.len() {
            2000.. => some(16),
            200.. => some(50),
            _ => chosen.clone(),
        };
        (points, once, if self.twice { some(14) } else { Vec::new() })
    }

    /// Whether the steps store a value under this key, be it the same one, or remove it.
    fn may_change(&self, key: &[u8]) -> bool {
        fn may_change(step: &Step, key: &[u8]) -> bool {
            match step {
                Put(name, _) | PutFirst(name, _) | PutUntil(name, ..) | Append(name, _) | Remove(name) => name == key,
                Push(name, _) | Shift(name, _) => name == key,
                // (The time may have come already.)
                Touch(name, until) => until.is_some() && name == key,
                Clock(_, expired) => expired.iter().any(|name| name == key),
                PutNext(number, _) => number.to_string().as_bytes() == key,
                Commit(steps) => steps.iter().any(|step| may_change(step, key)),
                Replace(_) | Destroy => true,
                Unite(_) | Lock | Unlock | Read | Take(_) | GiveBack(_) => false,
            }
        }
        self.exchange.is_some() || self.steps.iter().any(|step| may_change(step, key))
    }

    fn set_up(&self, file: &TemporaryPath) -> Store {
        // Closes the files of earlier deaths.
        sync_store::close_idle();
        clock::start_at(START);
        let store = file.store();
        self.prepare.iter().for_each(|step| apply(&store, step));
        if let Some(exchange) = self.exchange {
            exchange(&file.0);
            Store::paths_have_changed();
        }
        store
    }

    /// The actions of the process that dies.
    fn act(&self, file: &TemporaryPath, shared: &Shared, crash_after: u64) {
        if let Some(slack) = self.slack {
            torture::set_slack(slack);
        }
        shared.done.store(0, Ordering::Relaxed);
        let store = file.store();
        if self.is_full {
            let most = std::fs::metadata(&file.0).unwrap().len();
            // SAFETY: a limit of this process, which is a child.
            unsafe {
                assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &libc::rlimit { rlim_cur: most, rlim_max: most }), 0)
            };
        }
        torture::crash_after(crash_after);
        for step in &self.steps {
            apply(&store, step);
            shared.done.fetch_add(1, Ordering::Relaxed);
        }
        shared.passed.store(torture::passed(), Ordering::Relaxed);
        // A process that dies from here on has completed all steps.
        torture::crash_after(u64::MAX);
    }

    /// One death (and, with `second`, that of the first process that recovers), and a check of the file then.
    /// (More than sixty lines: one story, told in its order.)
    fn die_at(&self, shared: &'static Shared, models: &[Model], point: u64, second: Option<u64>) -> End {
        let about = format!("{} killed at crash point {point}, takeover at {second:?}", self.name);
        let file = TemporaryPath::new();
        let open = self.set_up(&file);
        let names: BTreeSet<Vec<u8>> = models.iter().flat_map(|model| model.keys().cloned()).collect();
        let waiter = file.store();
        let before = read_keys(&waiter, &names);
        let mut waits: Vec<_> = names.iter().map(|key| [Wanted::key(key)]).collect();
        for wait in &mut waits {
            waiter.retry(|store| store.watch(wait, Since::Now)).unwrap();
        }
        run(|| self.act(&file, shared, point));
        let done = shared.done.load(Ordering::Relaxed) as usize;
        let mut end = End::Finished;
        if let Some(second) = second {
            end = run(|| {
                let store = file.store();
                torture::crash_after(second);
                apply(&store, &Put(PROBE.to_vec(), b"0".to_vec()));
            });
        }
        let legal = &models[done..models.len().min(done + 2)];
        let keys: BTreeSet<Vec<u8>> = legal.iter().flat_map(|model| model.keys().cloned()).collect();
        let is_legal = |found: &Model, how: &str| {
            if let Some(n) = legal.iter().position(|model| model == found) {
                return done + n;
            }
            let differences: Vec<_> = legal
                .iter()
                .map(|model| {
                    let differs = |key: &&Vec<u8>| model.get(*key) != found.get(*key);
                    keys.iter()
                        .chain(found.keys())
                        .filter(differs)
                        .take(5)
                        .map(|key| String::from_utf8_lossy(key).into_owned())
                        .collect::<Vec<_>>()
                })
                .collect();
            panic!("{about}: {how}: neither the old state nor the new one: differences {differences:?}")
        };

        // Readers: one with read-only access, and one that has had the file open before.
        let now = clock::now();
        let at_first = as_a_reader(|| {
            clock::start_at(now);
            let store = file.store();
            let by_key = is_legal(&read_keys(&store, &keys), "reading keys, read-only");
            assert_eq!(is_legal(&read_snapshot(&store), "reading all, read-only"), by_key, "{about}");
            let length = store.retry(Store::len).unwrap();
            assert_eq!(length, store.retry(Store::snapshot).unwrap().len() as u64, "{about}: counting, read-only");
            by_key
        });
        assert_eq!(is_legal(&read_keys(&open, &keys), "reading keys"), at_first, "{about}");

        // A waiter: each value that is another one has changed, and no other where that is certain.
        let after = read_keys(&waiter, &names);
        for wait in &mut waits {
            let (key, has_changed) = (wait[0].key.unwrap(), waiter.has_changed(wait, Duration::ZERO).unwrap());
            let (is_another, about) = (after.get(key) != before.get(key), String::from_utf8_lossy(key));
            assert!(has_changed || !is_another, "{} killed at {point}: a change of {about} is missed", self.name);
            assert!(!has_changed || self.may_change(key), "{} killed at {point}: {about} has not changed", self.name);
        }

        // A writer recovers, within a bounded time.
        let start = Instant::now();
        apply(&open, &Put(PROBE.to_vec(), b"1".to_vec()));
        assert!(start.elapsed() < Duration::from_secs(10), "{about}: a write took {:?}", start.elapsed());
        assert_eq!(is_legal(&read_keys(&open, &keys), "reading keys after a write"), at_first, "{about}");
        assert_eq!(is_legal(&read_snapshot(&open), "reading all after a write"), at_first, "{about}");
        self.check(&open, &about);

        // Named locks have ended with their owner.
        let locks = self.steps.iter().map(|step| if let Take(count) = step { *count } else { 0 }).max().unwrap_or(0);
        assert!(take(&open, locks), "{about}: a lock of the dead");
        assert!((0..locks).all(|n| open.release_lock(LockName::named(&key(n)))), "{about}");

        // The remaining steps work as usual.
        for step in &self.steps[at_first..] {
            // (Those that are given back may be the dead process's.)
            if !matches!(step, GiveBack(_)) {
                apply(&open, step);
            }
        }
        open.unlock();
        (0..locks).for_each(|n| while open.release_lock(LockName::named(&key(n))) {});
        apply(&open, &Remove(PROBE.to_vec()));
        assert_eq!(&read_snapshot(&open), models.last().unwrap(), "{about}: after the rest");
        self.check(&open, &about);
        end
    }

    fn check(&self, store: &Store, about: &str) {
        let report = store.retry(Store::check).unwrap();
        assert!(report.problems.is_empty() && is_in_proportion(&report), "{about}: {report:?}");
    }
}

// ---- the cases -----------------------------------------------------------------------------------

#[test]
fn the_first_put_of_a_new_file() {
    Case { name: "first-put", steps: vec![put(1, 10)], twice: true, ..Case::default() }.run();
}

#[test]
fn the_first_value_to_append_to() {
    let first = |n: u32, length| PutFirst(key(n), vec![n as u8; length]);
    let prepare = (0..20).map(|n| put(n, 40)).collect();
    let steps = vec![first(30, 9), append(30, 5), first(31, 20_000), Remove(key(30)), first(30, 1)];
    Case { name: "put-first", prepare, steps, twice: true, ..Case::default() }.run();
}

/// Pushes and shifts: each may be a record of its own, a list written as a whole, or pieces that are merged.
fn queue_steps(lengths: &[u32], pushed: usize) -> (Vec<Step>, Vec<Step>) {
    let key = b"queue".to_vec();
    let each: Vec<(u32, u32)> = lengths.iter().enumerate().map(|(n, &length)| (n as u32, length)).collect();
    let push = |which: &[(u32, u32)]| Push(b"queue".to_vec(), which.to_vec());
    let prepare = each[..pushed].iter().map(|which| push(&[*which])).collect();
    let mut steps = Vec::new();
    for n in 0..each.len() {
        steps.push(Shift(key.clone(), n as u32));
        if let Some(which) = each.get(pushed + n) {
            steps.push(push(&[*which]));
        }
    }
    (prepare, steps)
}

#[test]
fn a_queue_that_runs_empty() {
    let (prepare, steps) = queue_steps(&[4, 30, 7], 2);
    Case { name: "queue-empty", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn a_queue_of_many_pieces() {
    let (prepare, steps) = queue_steps(&[8; 44], 40);
    let steps = steps.into_iter().take(22).collect();
    Case { name: "queue-pieces", prepare, steps, ..Case::default() }.run();
}

#[test]
fn a_queue_of_long_elements() {
    let (prepare, steps) = queue_steps(&[20_000, 100, 30_000, 50, 18_000, 18_000, 9], 5);
    Case { name: "queue-long", prepare, steps, ..Case::default() }.run();
}

#[test]
fn a_queue_that_makes_room() {
    // As much has been appended as the list may get, and it is too long to be written as a whole each time.
    let key = b"queue".to_vec();
    let many: Vec<(u32, u32)> = (0..30).map(|n| (n, 15_000)).collect();
    let mut prepare: Vec<Step> = many.chunks(3).map(|which| Push(key.clone(), which.to_vec())).collect();
    prepare.extend((0..3).map(|n| Shift(key.clone(), n)));
    let more = |from: u32, count| Push(key.clone(), (from..from + count).map(|n| (n, 15_000)).collect());
    let steps = vec![
        more(30, 20),
        Shift(key.clone(), 3),
        more(50, 20),
        Shift(key.clone(), 4),
        more(70, 20),
        Shift(key.clone(), 5),
        Shift(key.clone(), 6),
    ];
    Case { name: "queue-room", prepare, steps, ..Case::default() }.run();
}

#[test]
fn a_queue_that_is_cleaned_away_underneath() {
    let (mut prepare, steps) = queue_steps(&[40; 60], 50);
    // Much that is dead lies around its pieces.
    let between: Vec<Step> = (0..200).map(|n| put(n % 20, 400)).collect();
    prepare = prepare.into_iter().zip(between).flat_map(|(one, other)| [one, other]).collect();
    let steps = steps.into_iter().take(12).collect();
    Case { name: "queue-cleaned", prepare, steps, slack: Some(0), ..Case::default() }.run();
}

#[test]
fn overwriting_and_inserting_small_values() {
    let prepare = (0..20).map(|n| put(n, 40)).collect();
    let steps = vec![put(3, 50), put(30, 10), put(3, 0), put(3, 7)];
    Case { name: "overwrite", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn removing() {
    let prepare = (0..20).map(|n| put(n, 40)).collect();
    let steps = vec![Remove(key(3)), Remove(key(4)), put(3, 5), Remove(key(3))];
    Case { name: "remove", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn removing_keys_so_long_that_their_removal_needs_a_run() {
    let (one, other) = (vec![b'a'; 20_000], vec![b'b'; 40_000]);
    let prepare = vec![put(1, 40), Put(one.clone(), vec![1; 9]), Put(other.clone(), vec![2; 9])];
    let steps = vec![Remove(one), put(1, 50), Remove(other)];
    Case { name: "remove-long", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn a_new_segment() {
    let prepare = (0..9).map(|n| put(n, 7000)).collect();
    let steps = vec![put(3, 7000), put(4, 7000), put(20, 7000)];
    Case { name: "new-segment", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn named_locks() {
    let prepare = vec![put(1, 10)];
    let steps = vec![Take(1), put(1, 20), GiveBack(1), Take(3), GiveBack(3)];
    Case { name: "locks", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn a_table_of_named_locks_that_grows_and_shrinks() {
    let prepare = vec![put(1, 10)];
    let steps = vec![Take(100), put(1, 20), GiveBack(100), Replace(vec![(key(2), vec![1; 10])])];
    Case { name: "many-locks", prepare, steps, ..Case::default() }.run();
}

#[test]
fn large_values() {
    let prepare = vec![put(1, 10), put(2, 100_000), put(3, 20_000)];
    let steps = vec![put(4, 70_000), put(2, 200_000), put(3, 20_001), put(1, 17_000), Remove(key(4)), put(2, 3)];
    Case { name: "large", prepare, steps, ..Case::default() }.run();
}

#[test]
fn large_values_and_a_second_death() {
    let prepare = vec![put(1, 10), put(2, 100_000)];
    let steps = vec![put(2, 70_000), Remove(key(2))];
    Case { name: "large-twice", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn compacting() {
    let prepare = (0..700).map(|n| put(n % 300, 500)).collect();
    let steps = (0..6).map(|n| put(n * 7, 500)).collect();
    Case { name: "clean", prepare, steps, slack: Some(0), ..Case::default() }.run();
}

#[test]
fn compacting_and_a_second_death() {
    // Fifteen values in a segment, of which a few stay alive.
    let prepare = (0..120).map(|n| put(n, 4000)).chain((0..120).filter(|n| n % 15 > 2).map(|n| put(n, 1))).collect();
    let steps = vec![put(200, 1)];
    Case { name: "clean-twice", prepare, steps, slack: Some(0), twice: true, ..Case::default() }.run();
}

fn append(n: u32, length: usize) -> Step {
    Append(key(n), vec![n as u8 + 1; length])
}

#[test]
fn appending() {
    let prepare = vec![put(1, 10), put(2, 3000), append(2, 100), put(3, 70_000)];
    let steps = vec![
        append(1, 5),
        append(2, 9),
        append(1, 6),
        append(3, 50),
        put(1, 4),
        Remove(key(2)),
        append(1, 1),
        put(3, 20),
        append(3, 1),
    ];
    Case { name: "append", prepare, steps, ..Case::default() }.run();
}

#[test]
fn appending_and_a_second_death() {
    let prepare = vec![put(1, 10), append(1, 4), append(1, 5), put(2, 90_000), append(2, 7)];
    let steps = vec![append(1, 6), put(1, 4), Remove(key(2))];
    Case { name: "append-twice", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn merging_pieces() {
    let small = [put(1, 10), append(1, 4), append(1, 5)];
    // Appends to a value that stays alive, and to pieces that do.
    let large = [put(2, 90_000), append(2, 7), append(2, 8)];
    let pieces = (0..5).map(|_| append(2, 9000));
    let prepare = small.into_iter().chain(large).chain(pieces).collect();
    let steps = vec![Unite(key(1)), Unite(key(2)), append(2, 6), append(2, 7), Unite(key(2)), append(2, 8), put(2, 1)];
    Case { name: "unite", prepare, steps, ..Case::default() }.run();
}

#[test]
fn appending_a_value_that_gets_a_run_of_its_own() {
    let prepare = vec![put(2, 90_000), append(2, 7), append(2, 8)];
    let steps = vec![append(2, 20_000), append(2, 9), append(2, 30_000), append(2, 20_001), Unite(key(2)), put(2, 1)];
    Case { name: "append-large", prepare, steps, ..Case::default() }.run();
}

#[test]
fn several_keys_at_once() {
    let prepare = (0..20).map(|n| put(n, 40)).chain([append(5, 9), put(30, 70_000)]).collect();
    let steps = vec![
        Commit(vec![put(1, 50), put(40, 3), Remove(key(2)), append(5, 7), append(30, 9)]),
        Commit(vec![Remove(key(1)), Remove(key(3)), put(3000, 1)]),
        Commit(vec![Remove(key(5)), put(30, 1)]),
    ];
    Case { name: "commit", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn several_keys_in_several_runs_at_once() {
    let prepare = (0..30).map(|n| put(n, 1000)).chain([put(30, 70_000), append(4, 9)]).collect();
    let large = (0..20).map(|n| put(n, 3000)).chain([put(31, 90_000), append(4, 800), append(30, 50)]);
    let large = large.filter(|step| !matches!(step, Put(name, _) if *name == key(4)));
    let steps = vec![
        Commit(large.chain([Remove(key(25)), Remove(key(26))]).collect()),
        Commit((0..20).map(|n| put(n + 40, 2000)).chain((0..10).map(|n| Remove(key(n)))).collect()),
        put(1, 7),
    ];
    Case { name: "commit-apart", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn removing_keys_so_long_at_once_that_each_removal_needs_a_run() {
    let long = |n: u8| vec![n; 17_000];
    let prepare = (0..6).map(|n| Put(long(n), vec![n; 9])).chain([put(1, 40)]).collect();
    let steps = vec![
        Commit((0..3).map(|n| Remove(long(n))).chain([put(2, 5)]).collect()),
        Commit((3..6).map(|n| Remove(long(n))).collect()),
        put(3, 9),
    ];
    Case { name: "commit-long", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn many_keys_at_once_for_which_the_index_has_to_grow() {
    let prepare = (0..150).map(|n| put(n, 3)).collect();
    let many = |from| (from..from + 700).map(|n| put(n, 4));
    let steps = vec![
        Commit((0..140).map(|n| Remove(key(n))).chain(many(200)).collect()),
        Commit((200..890).map(|n| Remove(key(n))).collect()),
    ];
    Case { name: "commit-many", prepare, steps, ..Case::default() }.run();
}

#[test]
fn several_keys_at_once_on_a_full_disk() {
    let prepare = (0..40).map(|n| put(n, 900)).collect();
    let steps = vec![Commit((0..3).map(|n| put(n, 10)).chain((5..20).map(|n| Remove(key(n)))).collect()), put(4, 1)];
    Case { name: "commit-full", prepare, steps, is_full: true, twice: true, ..Case::default() }.run();
}

#[test]
fn merging_pieces_and_a_second_death() {
    let prepare = vec![put(2, 90_000), append(2, 7), append(2, 8), append(2, 9000), append(2, 9000)];
    let steps = vec![Unite(key(2)), append(2, 6), Unite(key(2)), Remove(key(2))];
    Case { name: "unite-twice", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn compacting_values_that_were_appended_to() {
    let lists = (0..40).flat_map(|n| [put(n, 1000), append(n, 300), put(100 + n, 800)]);
    let prepare = lists.chain((0..40).flat_map(|n| [append(n, 200), put(100 + n, 1)])).collect();
    let steps = (0..6).flat_map(|n| [put(200, 900), append(n, 10)]).collect();
    Case { name: "clean-appended", prepare, steps, slack: Some(0), ..Case::default() }.run();
}

#[test]
fn storing_what_expires() {
    let until = |n: u32, length, time| PutUntil(key(n), vec![n as u8 + 1; length], time);
    let prepare = vec![put(1, 10), until(2, 40, 50), put(3, 3000), append(3, 7), until(4, 20_000, 60), until(5, 9, 10)];
    let prepare = [prepare, vec![Clock(10, vec![key(5)])]].concat();
    let steps = vec![
        until(1, 12, 40),
        until(5, 5, 70),
        Touch(key(2), None),
        Touch(key(3), Some(30)),
        append(3, 9),
        Touch(key(4), Some(50)),
        put(2, 6),
        Remove(key(3)),
        until(4, 30_000, 90),
    ];
    Case { name: "expiring", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn removing_what_has_expired() {
    // A value in pieces, a large one, one of which the newest piece tells another time, and what lives among them.
    let values = (0..9).map(|n| PutUntil(key(n), vec![n as u8; 400], if n % 2 == 0 { 10 } else { 90 }));
    let lists = [put(20, 500), append(20, 40), Touch(key(20), Some(10)), put(21, 100), append(21, 1)];
    let large = PutUntil(key(22), vec![1; 20_000], 10);
    let prepare: Vec<Step> =
        values.chain(lists).chain([Touch(key(21), Some(10)), Touch(key(21), None), large]).collect();
    let expired = [0, 2, 4, 6, 8, 20, 22].map(key).to_vec();
    let prepare = [prepare, vec![Clock(10, expired)]].concat();
    let steps = vec![put(30, 5), put(31, 5), put(0, 7)];
    Case { name: "expired", prepare: prepare.clone(), steps: steps.clone(), twice: true, ..Case::default() }.run();
    Case { name: "expired-clean", prepare, steps, slack: Some(0), ..Case::default() }.run();
}

#[test]
fn an_index_block_that_splits() {
    let prepare = (0..3068).map(|n| put(n, 1)).collect();
    let steps = (3068..3071).map(|n| put(n, 1)).collect();
    Case { name: "split", prepare, steps, ..Case::default() }.run();
}

/// Blocks of the smallest classes, each the only one of its index.
#[test]
fn an_index_block_that_grows() {
    let prepare = (0..187).map(|n| put(n, 1)).collect();
    let steps = (187..192).map(|n| put(n, 1)).collect();
    Case { name: "grow", prepare, steps, ..Case::default() }.run();
    let prepare = (0..760).map(|n| put(n, 1)).collect();
    let steps = (760..768).map(|n| put(n, 1)).collect();
    Case { name: "grow-more", prepare, steps, ..Case::default() }.run();
}

#[test]
fn an_index_block_that_grows_and_a_second_death() {
    let prepare = (0..188).map(|n| put(n, 1)).collect();
    Case { name: "grow-twice", prepare, steps: vec![put(188, 1), put(189, 1)], twice: true, ..Case::default() }.run();
}

#[test]
fn an_index_block_that_shrinks() {
    let prepare = (0..400).map(|n| put(n, 1)).chain((0..272).map(|n| Remove(key(n)))).collect();
    let steps = (272..276).map(|n| Remove(key(n))).collect();
    Case { name: "shrink", prepare, steps, twice: true, ..Case::default() }.run();
}

/// Segments of all classes side by side, with free runs of all sizes between them, and a reserve that has to become
/// larger.
#[test]
fn segments_of_several_classes() {
    let grow = (0..60).flat_map(|n| [put(n, 3000 + n as usize * 200), put(100 + n % 7, 300)]);
    let holes = (0..60).filter(|n| n % 3 == 1).map(|n| Remove(key(n)));
    let prepare: Vec<Step> = grow.chain(holes).collect();
    let steps = (0..6).flat_map(|n| [put(200 + n, 15_000), put(n * 9, 7_000), put(n * 9 + 2, 5)]).collect();
    Case { name: "classes", prepare: prepare.clone(), steps, ..Case::default() }.run();
    let steps = (0..4).flat_map(|n| [put(n * 9, 9_000), Remove(key(n * 9 + 3))]).collect();
    Case { name: "clean-classes", prepare, steps, slack: Some(0), ..Case::default() }.run();
}

/// Values that fill the smallest segment to its last byte.
fn a_full_segment() -> Vec<Step> {
    (0..84).map(|n| put(n, if n < 10 { 11 } else { 10 })).collect()
}

#[test]
fn removing_where_there_is_no_space() {
    let steps = vec![Remove(key(3)), Remove(key(83)), Remove(key(0)), Remove(key(44))];
    Case { name: "remove-full", prepare: a_full_segment(), steps, is_full: true, twice: true, ..Case::default() }.run();
    // All that lives in a segment, and values in pieces.
    let lists = [put(1, 3000), put(2, 900), put(3, 10), append(2, 1500), append(2, 20), append(3, 9)];
    let prepare = lists.into_iter().chain((100..180).map(|n| put(n, 9))).collect();
    let steps = vec![Remove(key(1)), Remove(key(2)), Remove(key(3))];
    Case { name: "remove-full-lists", prepare, steps, is_full: true, twice: true, ..Case::default() }.run();
}

#[test]
fn index_blocks_that_merge() {
    let mut prepare: Vec<Step> = (0..3075).map(|n| put(n, 1)).collect();
    prepare.extend((0..2070).map(|n| Remove(key(n))));
    let steps = (2070..2130).map(|n| Remove(key(n))).collect();
    Case { name: "merge", prepare, steps, ..Case::default() }.run();
}

#[test]
fn a_directory_with_a_run_of_its_own_that_doubles() {
    let entries = (0..3060).map(|n| (key(n), vec![1])).collect();
    let prepare = vec![put(0, 1), Replace(entries)];
    let steps = (3060..3072).map(|n| put(n, 1)).collect();
    Case { name: "double", prepare, steps, ..Case::default() }.run();
}

#[test]
fn a_table_of_pages_that_moves() {
    // Out of the header page, and from one run to another.
    let prepare = (0..19).map(|n| put(n, 16_400)).collect();
    let steps = (19..26).map(|n| put(n, 16_400)).collect();
    Case { name: "table", prepare, steps, twice: true, ..Case::default() }.run();
    let prepare = (0..90).map(|n| put(n, 16_400)).collect();
    let steps = (90..106).map(|n| put(n, 16_400)).collect();
    Case { name: "table-again", prepare, steps, ..Case::default() }.run();
}

#[test]
fn replacing_everything() {
    let prepare = (0..40).map(|n| put(n, 400)).chain([put(50, 30_000)]).collect();
    let entries = (30..60).map(|n| (key(n), vec![9; 100])).chain([(key(70), vec![8; 50_000])]).collect();
    let steps = vec![Replace(entries), Replace(vec![]), Replace(vec![(key(1), vec![1])])];
    Case { name: "replace", prepare, steps, ..Case::default() }.run();
}

#[test]
fn replacing_everything_and_a_second_death() {
    let prepare = (0..4).map(|n| put(n, 400)).collect();
    let steps = vec![Replace(vec![(key(3), vec![1]), (key(7), vec![2; 20_000])])];
    Case { name: "replace-twice", prepare, steps, twice: true, ..Case::default() }.run();
}

fn next(number: i64) -> Step {
    PutNext(number, number.to_le_bytes().to_vec())
}

fn number(n: i64) -> Vec<u8> {
    n.to_string().into_bytes()
}

#[test]
fn appending_under_the_next_number() {
    let prepare = vec![put(1, 1), next(0), next(1), next(2), Remove(number(2))];
    let steps = vec![
        next(3),
        Remove(number(3)),
        next(4),
        Put(number(10), vec![1]),
        Put(number(7), vec![1]),
        Put(b"0012".to_vec(), vec![1]),
        next(11),
        Replace(vec![(number(-8), vec![1]), (number(5), vec![2]), (key(3), vec![3])]),
        next(6),
        Replace(vec![]),
        next(0),
        Destroy,
        next(0),
    ];
    Case { name: "next", prepare, steps, ..Case::default() }.run();
}

#[test]
fn appending_under_the_next_number_and_a_second_death() {
    let prepare = vec![next(0), next(1), Remove(number(1))];
    let steps = vec![next(2), Replace(vec![(number(5), vec![2])]), next(6), Remove(number(6)), next(7)];
    Case { name: "next-twice", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn locking() {
    let prepare = vec![put(1, 1)];
    let steps = vec![Lock, put(1, 2), put(2, 2), Unlock, Lock, Lock, Unlock];
    Case { name: "lock", prepare, steps, twice: true, ..Case::default() }.run();
}

#[test]
fn destroying() {
    let prepare = vec![put(1, 1), put(2, 20_000)];
    let steps = vec![Destroy, put(3, 1)];
    Case { name: "destroy", prepare, steps, ..Case::default() }.run();
}

#[test]
fn destroying_and_a_second_death() {
    let prepare = vec![put(1, 1)];
    Case { name: "destroy-twice", prepare, steps: vec![Destroy, put(3, 1)], twice: true, ..Case::default() }.run();
}

#[test]
fn making_a_store_of_an_empty_file() {
    let exchange: fn(&Path) = |path| {
        std::fs::write(path, b"").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    };
    let steps = vec![put(1, 1), Destroy, put(2, 1)];
    Case { name: "empty", steps, twice: true, exchange: Some(exchange), ..Case::default() }.run();
}

/// Replaces the file by a copy of it.
fn copy(path: &Path) {
    let copy = path.with_extension("copy");
    std::fs::copy(path, &copy).unwrap();
    std::fs::rename(&copy, path).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn adopting_a_copy() {
    let prepare = (0..900).map(|n| put(n % 400, 300)).chain([put(1, 30_000), Remove(key(2))]).collect();
    Case { name: "adopt", prepare, steps: vec![Read, put(5, 1)], exchange: Some(copy), ..Case::default() }.run();
}

#[test]
fn adopting_a_copy_and_a_second_death() {
    let prepare = (0..20).map(|n| put(n, 300)).chain([put(1, 30_000), Remove(key(2))]).collect();
    let steps = vec![Read, put(5, 1), Destroy, put(6, 1)];
    Case { name: "adopt-twice", prepare, steps, twice: true, exchange: Some(copy), ..Case::default() }.run();
}

/// Copies an image of the file over it, into the same inode; the image says that the store was last changed in 1970.
fn restore(path: &Path, mut image: Vec<u8>) {
    image[488..496].fill(0);
    std::fs::write(path, image).unwrap();
}

#[test]
fn checking_a_file_that_was_overwritten_with_its_own_bytes() {
    let exchange: fn(&Path) = |path| restore(path, std::fs::read(path).unwrap());
    let prepare = (0..20).map(|n| put(n, 300)).collect();
    let steps = vec![Read, put(5, 1), put(6, 1)];
    Case { name: "examine", prepare, steps, twice: true, exchange: Some(exchange), ..Case::default() }.run();
}

#[test]
fn going_back_to_an_earlier_image_of_the_file() {
    let exchange: fn(&Path) = |path| {
        let image = std::fs::read(path).unwrap();
        let store = Store::new(path.to_owned(), Options::default());
        apply(&store, &put(7, 5000));
        apply(&store, &put(70, 5));
        restore(path, image);
    };
    let prepare = (0..20).map(|n| put(n, 300)).collect();
    let steps = vec![Read, put(5, 1), Destroy, put(6, 1)];
    Case { name: "back", prepare, steps, twice: true, exchange: Some(exchange), ..Case::default() }.run();
}

/// The file is the pure-PHP class's until the page with the new header is written, and a store from then on.
#[test]
fn importing_a_file_of_the_pure_php_class() {
    let shared = shared();
    let mut old = b"O:8:\"stdClass\":4:{...".to_vec();
    old.resize(150_000, b'x');
    let value = vec![2; 30_000];
    let entries: Vec<(&[u8], &[u8])> = vec![(b"a", b"1"), (b"b", &value)];
    let mut point = 0;
    loop {
        let file = TemporaryPath::new();
        std::fs::write(&file.0, &old).unwrap();
        let end = run(|| {
            let store = file.store();
            torture::crash_after(point);
            assert!(store.import(&old, &entries).unwrap());
        });
        if point % 5 == 3 {
            // Another process dies in the same import before one completes it.
            run(|| {
                let store = file.store();
                torture::crash_after(point / 2);
                if let Some(legacy) = store.legacy().unwrap() {
                    store.import(&legacy, &entries).unwrap();
                }
                apply(&store, &put(1, 1));
            });
        }
        let store = file.store();
        let before = match store.retry(|store| store.get(b"a", &mut Version::default(), &mut Vec::new())) {
            Err(error) if matches!(error.kind, ErrorKind::Legacy) => {
                let bytes = std::fs::read(&file.0).unwrap();
                assert!(bytes.starts_with(&old), "killed at {point}");
                // A half-made store behind the old bytes does not prevent the next import.
                let legacy = store.legacy().unwrap().unwrap();
                assert!(store.retry(|store| store.import(&legacy, &entries)).unwrap());
                true
            }
            found => {
                assert_eq!(found.unwrap(), Found::Value);
                false
            }
        };
        shared.done.store(u64::from(before), Ordering::Relaxed);
        apply(&store, &put(1, 1));
        let expected = Model::from([(b"a".to_vec(), b"1".to_vec()), (b"b".to_vec(), value.clone()), (key(1), vec![1])]);
        assert_eq!(read_snapshot(&store), expected, "killed at {point}");
        let report = store.check().unwrap();
        assert!(report.problems.is_empty() && is_in_proportion(&report), "killed at {point}: {report:?}");
        if end == End::Finished {
            break;
        }
        point = (point + 1).max(point * 21 / 20);
    }
    assert!(point > 50);
}
