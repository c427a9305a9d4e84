//! The orders of memory accesses, checked: the store itself under `loom`, which lets a relaxed load give any
//! value that the memory model of the language allows. (`src/memory/modelled.rs` explains how.) The models in
//! `src/lock/model.rs`, `src/hold/model.rs`, `src/named/model.rs` and `src/read/model.rs` try every order of steps, and deaths, as if
//! memory were sequentially consistent; this one has no deaths, and checks that other threads *see* the steps in
//! that order, on aarch64, too.
//!
//!     cargo test -p sync-store --features loom --test loom [-- --nocapture]
//!
//! Each ordering that matters is weakened once, at its place in the source, to prove that the test notices.
//!
//! Recovery after a death is not part of this. The stores of a dead process are visible because the kernel reports
//! that its lease is gone: a lock inside the kernel orders both sides.

use loom::thread;
use std::any::Any;
use std::cell::Cell;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};
use std::time::Duration;
use sync_store::memory::modelled::{self, Conflicts, Weaker};
use sync_store::{Options, Patience, Since, Store, Version, Wanted};

// ---- the search ----------------------------------------------------------------------------------

/// A file, and its content at the beginning of an execution.
struct Scene {
    path: PathBuf,
    file: std::fs::File,
    image: Vec<u8>,
}

impl Scene {
    fn new(name: &str, prepare: impl FnOnce(&Store)) -> Self {
        let path = PathBuf::from(format!("/dev/shm/sync-loom-{}-{name}.sync", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let store = Store::new(path.clone(), Options::default());
        prepare(&store);
        drop(store);
        let image = std::fs::read(&path).unwrap();
        let file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        Self { path, file, image }
    }

    /// A store that has the file open, and a lease on it, for all executions of an exploration.
    fn store(&self) -> &'static Store {
        let store = Store::new(self.path.clone(), Options::default());
        let change = store.lock_writers().unwrap();
        store.unlock_writers(change);
        // Leaked, since a thread that never ends, as intended in some models, keeps it.
        Box::leak(Box::new(store))
    }

    /// Restores the file's initial content.
    fn restore(&self, image: &[u8]) {
        const PAGE: usize = 4096;
        let mut now = vec![0; image.len()];
        if self.file.metadata().unwrap().len() != image.len() as u64 {
            self.file.set_len(image.len() as u64).unwrap();
        }
        self.file.read_exact_at(&mut now, 0).unwrap();
        for (at, (now, image)) in now.chunks(PAGE).zip(image.chunks(PAGE)).enumerate() {
            if now != image {
                self.file.write_all_at(image, (at * PAGE) as u64).unwrap();
            }
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// One thread of a model; returns the numbers that it saw.
type Thread = fn(&Store) -> Vec<u64>;

/// Threads that run at once, and a check of the numbers that they saw (and of the store afterwards): `None`, or
/// the fault in words.
#[derive(Clone, Copy)]
struct Model {
    threads: &'static [Thread],
    check: fn(&[Vec<u64>], &Store) -> Option<String>,
    /// The most preemptions in an execution.
    preemptions: usize,
    /// Runs before the threads begin.
    before: fn(&[&Store]),
}

const MODEL: Model = Model { threads: &[], check: |_, _| None, preemptions: 2, before: |_| () };

thread_local! {
    /// The stores of the threads of a model. (To loom's threads `thread_local!` is one and the same.)
    static STORES: Cell<&'static [&'static Store]> = const { Cell::new(&[]) };
}

/// The reasons for which an exploration ends early.
enum Early {
    /// These words have to be watched as well.
    Conflicts(Conflicts),
    Wrong(String),
}

/// Goes through all executions and returns their number, or the fault of one of them.
fn explore(scene: &Arc<Scene>, model: Model, weaker: &[Weaker]) -> Result<usize, String> {
    let mut watched = Conflicts::new();
    loop {
        scene.restore(&scene.image);
        STORES.set(Box::leak(model.threads.iter().map(|_| scene.store()).collect()));
        let image = std::fs::read(&scene.path).unwrap();
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(model.preemptions);
        builder.max_branches = 100_000;
        let executions = Arc::new(AtomicUsize::new(0));
        let run = {
            let (scene, executions, watched) = (scene.clone(), executions.clone(), watched.clone());
            move || {
                executions.fetch_add(1, Relaxed);
                execute(&scene, &image, model, &watched);
            }
        };
        modelled::weaken(weaker);
        let ended = catch_unwind(AssertUnwindSafe(|| builder.check(run)));
        let trace = modelled::trace();
        let conflicts = modelled::end();
        let Err(panic) = ended else { return Ok(executions.load(Relaxed)) };
        match panic.downcast::<Early>().map(|early| *early) {
            Ok(Early::Conflicts(conflicts)) => watched.extend(conflicts),
            Ok(Early::Wrong(wrong)) => return Err(wrong),
            // Loom's own: a deadlock, say. It counts where all words are watched that threads share.
            Err(_) if !conflicts.is_empty() => watched.extend(conflicts),
            Err(panic) => return Err(format!("{}\n{trace}", text(&*panic))),
        }
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

fn execute(scene: &Scene, image: &[u8], model: Model, watched: &Conflicts) {
    scene.restore(image);
    modelled::begin(image, watched);
    let stores = STORES.get();
    (model.before)(stores);
    modelled::set_parallel(true);
    let threads: Vec<_> =
        model.threads.iter().zip(stores).map(|(&body, store)| thread::spawn(move || body(store))).collect();
    let saw: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    modelled::set_parallel(false);
    let wrong = (model.check)(&saw, stores[0]).map(|wrong| format!("{wrong}\n{}", modelled::trace()));
    let conflicts = modelled::end();
    // Not `panic!`, whose hook would print a message: there are many of them.
    if !conflicts.is_empty() {
        resume_unwind(Box::new(Early::Conflicts(conflicts)));
    }
    if let Some(wrong) = wrong {
        resume_unwind(Box::new(Early::Wrong(wrong)));
    }
}

/// An access, weakened: a file, words of a line in a function of it, and what remains of the order.
type Weak = (&'static str, &'static str, &'static str, Ordering);

/// The access that stands in a function's first line with these words.
#[track_caller]
fn find(&(file, function, words, order): &Weak) -> Weaker {
    let path = format!("{}/src/{file}", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(path).unwrap();
    let mut lines = source.lines().enumerate().skip_while(|(_, line)| !line.contains(&format!("fn {function}")));
    let (number, _) = lines
        .find(|(_, line)| line.contains(words))
        .unwrap_or_else(|| panic!("{file}, {function}: there is no {words}"));
    Weaker { file: format!("crates/store/src/{file}"), line: number as u32 + 1, order }
}

/// The model has no fault as it is, and one with any of these accesses weakened. It has to see at least that many
/// executions: a model that sees fewer has lost its threads.
#[track_caller]
fn notices(scene: Scene, model: Model, at_least: usize, without: &[&[Weak]]) {
    let scene = Arc::new(scene);
    match explore(&scene, model, &[]) {
        Ok(executions) => {
            println!("{executions} executions");
            assert!(executions >= at_least, "only {executions} executions");
        }
        Err(wrong) => panic!("as it is: {wrong}"),
    }
    let mut blind = vec![];
    for weak in without {
        let result = explore(&scene, model, &weak.iter().map(find).collect::<Vec<_>>());
        let how = result.as_ref().map_err(|wrong| wrong.lines().next().unwrap_or_default());
        println!("without {weak:?}: {how:?}");
        assert_eq!(modelled::weakened(), weak.len(), "it never comes to {weak:?}");
        if result.is_ok() {
            blind.push(weak);
        }
    }
    assert!(blind.is_empty(), "nothing is wrong without {blind:?}");
}

// ---- the threads -------------------------------------------------------------------------------------

/// The value of `x`, a number that was written twice, and the log's end when the reader came.
fn read(store: &Store, seen: &mut Version) -> Vec<u64> {
    let mut out = Vec::new();
    store.retry(|store| store.get(b"x", seen, &mut out)).unwrap();
    let mut saw: Vec<u64> = out.chunks(4).map(number).collect();
    saw.push(seen.version());
    saw
}

/// A number in which each byte counts.
fn number(bytes: &[u8]) -> u64 {
    let same = bytes.iter().all(|&byte| byte == bytes[0]);
    if same { bytes[0].into() } else { u64::MAX }
}

/// Writes a number; the log's end behind it.
fn write(store: &Store, key: &[u8], number: u8) -> u64 {
    let mut seen = Version::default();
    store.retry(|store| store.put(key, &[number; 8], &mut seen)).unwrap();
    seen.version()
}

fn reader(store: &Store) -> Vec<u64> {
    read(store, &mut Version::default())
}

fn one_write(store: &Store) -> Vec<u64> {
    vec![write(store, b"x", 2)]
}

fn unlock(store: &Store) -> Vec<u64> {
    store.unlock();
    vec![]
}

fn two_writes(store: &Store) -> Vec<u64> {
    vec![write(store, b"x", 2), write(store, b"x", 3)]
}

/// Half of one value and half of another? An older one than the log's end said?
fn whole_and_fresh(saw: &[Vec<u64>], _: &Store) -> Option<String> {
    let (reader, writer) = (&saw[0], &saw[1]);
    let &[first, second, version] = &reader[..] else { return Some(format!("it saw {reader:?}")) };
    if first != second {
        return Some("half of one value, half of another".into());
    }
    // The writes that the reader knew to have happened.
    let known = writer.iter().filter(|&&end| end <= version).count() as u64;
    (first < 1 + known).then(|| format!("an old value: {first} after {known} writes"))
}

// ---- the scenes ------------------------------------------------------------------------------------------

/// The bytes of a record in the log.
fn length(key: &[u8], value: usize) -> usize {
    (32 + 1 + key.len() + value).next_multiple_of(8)
}

/// `x` shares its segment with others.
fn among_others(name: &str) -> Scene {
    Scene::new(name, |store| {
        write(store, b"y", 1);
        write(store, b"x", 1);
        write(store, b"z", 1);
    })
}

/// `x` is alone in its segment, which will be free once it is overwritten; the segment in use has room for one
/// more version of it, and the records after that go into the free one.
fn alone(name: &str) -> Scene {
    const ROOM: usize = 4096 - 64;
    Scene::new(name, |store| {
        write(store, b"x", 1);
        let filler = vec![7; 1_000];
        let full = length(b"f", filler.len());
        let put = |value: &[u8]| store.put(b"f", value, &mut Version::default()).unwrap();
        let mut room = ROOM - length(b"x", 8);
        while room >= full {
            put(&filler);
            room -= full;
        }
        // Into the next segment.
        let mut room = ROOM;
        while room >= full + length(b"x", 8) {
            put(&filler);
            room -= full;
        }
        put(&filler[..room - length(b"x", 8) - 16 - length(b"f", 0)]);
    })
}

// ---- reading without a lock ------------------------------------------------------------------------

#[test]
fn a_reader_sees_a_whole_value_that_is_no_older_than_the_commit_that_it_saw() {
    let model = Model { threads: &[reader, two_writes], check: whole_and_fresh, preemptions: 1, ..MODEL };
    notices(
        alone("reused"),
        model,
        2_000,
        // A weaker order of publishing, or of freeing, alone does no harm here: a reader also looks whether the log
        // ends where it did, and allocating has a fence of its own before anything is written.
        &[&[("read/value.rs", "copy_out(", "fence(", Relaxed)]],
    );
}

/// Nothing is freed meanwhile, so that no fence of freeing hides a missing order.
#[test]
fn an_indexed_record_can_be_found_in_the_index() {
    let model = Model { threads: &[reader, one_write], check: whole_and_fresh, ..MODEL };
    notices(
        among_others("indexed"),
        model,
        20,
        &[
            &[("log/append.rs", "mark_indexed(", "header.indexed.store", Relaxed)],
            &[("view.rs", "view_since(", "header().indexed.load", Relaxed)],
            &[("index.rs", "point(", "store", Relaxed)],
            &[
                ("index.rs", "search_block(", "load", Relaxed),
                ("read/lookup.rs", "compare(", "hit.slot.offset() + 8", Relaxed),
            ],
        ],
    );
}

/// A reader with a cached value asks whether it is still current.
#[test]
fn a_value_reported_as_unchanged_is_current() {
    fn twice(store: &Store) -> Vec<u64> {
        let mut seen = Version::default();
        let first = read(store, &mut seen);
        let second = read(store, &mut seen);
        // "Unchanged" leaves the buffer empty.
        if second.len() == 1 { [&first[..2], &second].concat() } else { second }
    }
    let model = Model { threads: &[twice, one_write], check: whole_and_fresh, ..MODEL };
    notices(
        among_others("unchanged"),
        model,
        60,
        &[&[("read/reader.rs", "is_same_record(", "header.indexed.load", Relaxed)]],
    );
}

// ---- the lock, and the hold under it ----------------------------------------------------------------

#[test]
fn the_next_lock_owner_sees_all_stores_of_the_previous_one() {
    fn another(store: &Store) -> Vec<u64> {
        vec![write(store, b"new", 2)]
    }
    fn all_there(_: &[Vec<u64>], store: &Store) -> Option<String> {
        let keys = store.len().unwrap();
        (keys != 4 || reader(store)[0] != 2).then(|| format!("{keys} keys, x is {}", reader(store)[0]))
    }
    let model = Model { threads: &[one_write, another], check: all_there, ..MODEL };
    notices(
        among_others("lock"),
        model,
        25,
        &[
            &[("lock.rs", "acquire(", "header.lock.compare_exchange", Release)],
            &[("lock.rs", "acquire_slowly(", "if lock.compare_exchange(word, new)", Release)],
            &[("lock.rs", "drop(", "let word = lock.swap", Acquire)],
        ],
    );
}

fn lock(store: &Store) {
    store.retry(|store| store.lock(Patience::default())).unwrap();
}

#[test]
fn no_other_process_writes_under_a_hold() {
    fn holder(store: &Store) -> Vec<u64> {
        lock(store);
        let first = reader(store)[0];
        write(store, b"x", first as u8 + 10);
        let second = reader(store)[0];
        store.unlock();
        vec![first, second]
    }
    fn check(saw: &[Vec<u64>], store: &Store) -> Option<String> {
        let &[first, second] = &saw[0][..] else { unreachable!() };
        let last = reader(store)[0];
        let right = second == first + 10 && matches!((first, last), (1, 2) | (2, 12));
        (!right).then(|| format!("it saw {first} and {second}, and then {last} was there"))
    }
    let model = Model { threads: &[holder, one_write], check, preemptions: 1, ..MODEL };
    // The lock's order guarantees this; the test above weakens it.
    notices(among_others("hold"), model, 300, &[]);
}

/// A waiter that goes to sleep is woken, or has seen that the hold has ended: else it would sleep for ever here,
/// as no time passes.
#[test]
fn no_waiter_misses_the_end_of_a_hold() {
    fn check(_: &[Vec<u64>], store: &Store) -> Option<String> {
        (reader(store)[0] != 2).then(|| "a write is lost".into())
    }
    let model = Model { threads: &[unlock, one_write], check, preemptions: 5, before: |stores| lock(stores[0]) };
    notices(
        among_others("end"),
        model,
        5_000,
        &[&[("wait.rs", "sleep_until_it_ends(", "fence(", Relaxed)], &[("hold.rs", "end_hold(", "fence(", Relaxed)]],
    );
}

/// A section writes 2 and then 3; no reader sees the 2.
fn whole_sections(saw: &[Vec<u64>], store: &Store) -> Option<String> {
    if saw[0][0] == 2 { Some("the middle of a section".into()) } else { whole_and_fresh(saw, store) }
}

#[test]
fn a_reader_sees_no_intermediate_state_of_a_hold() {
    fn section(store: &Store) -> Vec<u64> {
        lock(store);
        let ends = two_writes(store);
        store.unlock();
        ends
    }
    let model = Model { threads: &[reader, section], check: whole_sections, ..MODEL };
    notices(
        among_others("section"),
        model,
        300,
        &[
            &[("look.rs", "begin_looking(", "header.holds.load", Relaxed)],
            &[("hold.rs", "hold(", "header.holds.store", Relaxed)],
        ],
    );
}

#[test]
fn a_hold_abandoned_without_the_write_lock_shows_readers_all_its_stores() {
    fn section(store: &Store) -> Vec<u64> {
        lock(store);
        let ends = two_writes(store);
        store.unlock_without_the_write_lock();
        ends
    }
    let model = Model { threads: &[reader, section], check: whole_sections, ..MODEL };
    notices(among_others("left"), model, 300, &[]);
}

// ---- waiting for a change ----------------------------------------------------------------------------

/// Waits until `x` is another one than this store has seen, and reads it.
fn waiter(store: &Store) -> Vec<u64> {
    let mut wanted = [Wanted::key(b"x".as_slice())];
    store.retry(|store| store.watch(&mut wanted, Since::Seen)).unwrap();
    while !store.retry(|store| store.has_changed(&mut wanted, Duration::MAX)).unwrap() {}
    reader(store)
}

/// It ends, as the other thread's write wakes it, or has been seen: else it would sleep for ever here, as no time passes.
fn sees_the_change(saw: &[Vec<u64>], _: &Store) -> Option<String> {
    (saw[0][0] != 2).then(|| format!("it was told of a change, and saw {}", saw[0][0]))
}

fn has_seen(stores: &[&Store]) {
    reader(stores[0]);
}

#[test]
fn no_waiter_misses_a_change() {
    let model = Model { threads: &[waiter, one_write], check: sees_the_change, before: has_seen, ..MODEL };
    notices(
        among_others("change"),
        model,
        500,
        &[
            &[("watchers.rs", "wait_for(", "fence(", Relaxed)],
            &[("watchers.rs", "tell(", "fence_behind_exchange(", Relaxed)],
        ],
    );
}

/// Whether the first thread's store is told of a change, after all: if it has not read the new value, and only then.
fn only_news(saw: &[Vec<u64>], store: &Store) -> Option<String> {
    let mut wanted = [Wanted::key(b"x".as_slice())];
    store.watch(&mut wanted, Since::Seen).unwrap();
    let has_changed = store.has_changed(&mut wanted, Duration::ZERO).unwrap();
    (has_changed == (saw[0][0] == 2))
        .then(|| format!("it has read {}, and is told of a change: {has_changed}", saw[0][0]))
}

#[test]
fn a_value_that_was_read_while_it_was_published_is_no_news() {
    let model = Model { threads: &[reader, one_write], check: only_news, before: has_seen, ..MODEL };
    notices(among_others("news"), model, 20, &[]);
}
