//! Waiting for a change: who is told, and of what.

use super::*;
use crate::testing::until;
use crate::waiting::Watch;
use std::sync::mpsc;
use sync_backend::{Rewrite, Since, Wanted};

const FOR_EVER: Duration = Duration::from_secs(1_000);

fn names_written_down(file: &File) -> usize {
    let words = file.map.header().watched.iter().map(|word| word.load(std::sync::atomic::Ordering::Relaxed));
    words.map(|word| usize::from(word as u32 != 0) + usize::from(word >> 32 != 0)).sum()
}

/// Waits for a change of these names, or of anything, in a thread of its own, and tells how it has slept by then: how often it was woken
/// for nothing.
struct Waiter {
    thread: std::thread::JoinHandle<()>,
    looks: mpsc::Receiver<()>,
}

impl Waiter {
    fn of(path: &TemporaryPath, keys: &[&str]) -> Self {
        Self::looking(path, keys, FOR_EVER)
    }

    /// One that looks by itself so often.
    fn looking(path: &TemporaryPath, keys: &[&str], slice: Duration) -> Self {
        let (path, (found, looks), (begin, begun)) = (path.0.clone(), mpsc::channel(), mpsc::channel());
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let thread = std::thread::spawn(move || {
            let store = Store::new(path, Options::default());
            let mut wanted: Vec<Wanted<Watch>> = keys.iter().map(|key| Wanted::key(key.as_bytes())).collect();
            if keys.is_empty() {
                wanted.push(Wanted::anything());
            }
            store.retry(|store| store.watch(&mut wanted, Since::Seen)).unwrap();
            begin.send(()).unwrap();
            while !store.retry(|store| store.has_changed(&mut wanted, slice)).unwrap() {}
            found.send(()).unwrap();
        });
        begun.recv().unwrap();
        Self { thread, looks }
    }

    fn is_waiting(&self) -> bool {
        self.looks.try_recv().is_err()
    }

    #[track_caller]
    fn ends(self) {
        self.thread.join().unwrap();
    }
}

#[test]
fn every_change_of_a_name_wakes_its_waiters_and_strikes_it_out() {
    type Change = fn(&Store);
    let changes: [(&str, Change); 9] = [
        ("put", |store| put(store, b"x", b"2")),
        ("put if unchanged", |store| {
            let mut seen = Version::default();
            store.get(b"x", &mut seen, &mut Vec::new()).unwrap();
            assert!(store.put_if_unchanged(b"x", b"2", &mut seen).unwrap());
        }),
        ("append", |store| {
            let mut seen = Version::default();
            store.get(b"x", &mut seen, &mut Vec::new()).unwrap();
            assert_eq!(Backend::append(store, b"x", b"2", 0, Rewrite::Store, &mut seen).unwrap(), Appended::Done);
        }),
        ("append to what is full", |store| {
            let mut seen = Version::default();
            store.get(b"x", &mut seen, &mut Vec::new()).unwrap();
            assert!(store.append_whole(b"x", b"2", 0, &mut seen).unwrap());
        }),
        ("remove", |store| assert!(store.remove(b"x").unwrap())),
        ("replace", |store| store.replace(&[(b"y", b"2")]).unwrap()),
        ("destroy", |store| store.destroy().unwrap()),
        ("under a lock", |store| {
            store.lock(Patience::default()).unwrap();
            put(store, b"x", b"2");
            put(store, b"x", b"3");
            store.unlock();
        }),
        ("under a hold on writers", |store| {
            let hold = store.lock_writers().unwrap();
            put(store, b"x", b"2");
            store.unlock_writers(hold);
        }),
    ];
    for (what, change) in changes {
        for names in [&["x"][..], &["a", "x", "b"], &[]] {
            let path = TemporaryPath::new();
            let store = path.store();
            put(&store, b"x", b"1");
            let file = store.file();
            let waiter = Waiter::of(&path, names);
            until("it is written down", || names_written_down(&file) == names.len().max(1));
            change(&store);
            waiter.ends();
            let left = names.len().saturating_sub(1);
            assert!(names_written_down(&file) <= left, "{what}: {}", names_written_down(&file));
        }
    }
}

#[test]
fn a_number_that_is_put_wakes_its_waiters() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"4", b"1");
    let file = store.file();
    let waiter = Waiter::of(&path, &["5"]);
    until("it is written down", || names_written_down(&file) == 1);
    assert_eq!(put_next(&store, 0), Some(5));
    waiter.ends();
}

#[test]
fn waiters_for_other_names_are_left_alone() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    let file = store.file();
    let waiters: Vec<_> = (0..20).map(|n| Waiter::of(&path, &[&format!("other{n}")])).collect();
    until("all are written down", || names_written_down(&file) == 20);
    let watchers = file.map.header().watchers.get();
    let states = || file.map.header().waits.each_ref().map(super::header::Word::get);
    let before = states();
    for n in 0..1000 {
        put(&store, b"x", &[n as u8]);
        put(&store, format!("another{n}").as_bytes(), b"1");
    }
    assert!(store.remove(b"another7").unwrap());
    assert_eq!(names_written_down(&file), 20);
    assert_eq!((states(), file.map.header().watchers.get()), (before, watchers), "nobody was woken");
    assert!(waiters.iter().all(Waiter::is_waiting));
    for (n, waiter) in waiters.into_iter().enumerate() {
        put(&store, format!("other{n}").as_bytes(), b"1");
        waiter.ends();
    }
    assert_eq!(names_written_down(&file), 0);
}

#[test]
fn a_change_under_a_lock_is_told_when_it_ends() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    let file = store.file();
    let waiters = [Waiter::of(&path, &["x"]), Waiter::of(&path, &["y"])];
    until("both are written down", || names_written_down(&file) == 2);
    store.lock(Patience::default()).unwrap();
    put(&store, b"x", b"2");
    assert_eq!(names_written_down(&file), 2, "nobody could see it");
    store.unlock();
    let [x, y] = waiters;
    x.ends();
    assert!(y.is_waiting());
    // The lock ends with the object.
    let holder = path.store();
    holder.lock(Patience::default()).unwrap();
    put(&holder, b"y", b"2");
    drop(holder);
    y.ends();
}

#[test]
fn moved_and_merged_values_have_not_changed() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    put(&store, b"x", b"1");
    let mut list = Version::default();
    store.put(b"list", b"1", &mut list).unwrap();
    for _ in 0..20 {
        store.append(b"list", &[7; 30], 0, &mut list).unwrap();
    }
    let state = store.state().unwrap();
    let mut wanted = [b"x".as_slice(), b"list", b"missing"].map(|key| [Wanted::<Watch>::key(key)]);
    for wanted in &mut wanted {
        other.watch(wanted, Since::Now).unwrap();
    }
    let position = |key: &[u8]| {
        let mut seen = Version::default();
        other.get(key, &mut seen, &mut Vec::new()).unwrap();
        seen.position().unwrap()
    };
    let before = [position(b"x"), position(b"list")];
    // Twice: what was moved is moved again.
    for _ in 0..2 {
        let moved = [position(b"x"), position(b"list")];
        let file = store.file();
        let owner = file.lock().unwrap();
        owner.file.compacted.set(0);
        while [position(b"x"), position(b"list")].iter().zip(&moved).any(|(now, before)| now == before) {
            assert!(crate::log::compact::Compactor::of(&owner).compact_all(), "nothing moves");
        }
    }
    assert_ne!([position(b"x"), position(b"list")], before);
    assert_eq!(store.state().unwrap(), state);
    for wanted in &mut wanted {
        assert!(!other.has_changed(wanted, Duration::ZERO).unwrap());
        other.watch(wanted, Since::State(state)).unwrap();
        assert!(!other.has_changed(wanted, Duration::ZERO).unwrap());
        other.watch(wanted, Since::State(state - 100)).unwrap();
    }
    assert!(other.has_changed(&mut wanted[1], Duration::ZERO).unwrap(), "its last piece is from then");
    put(&store, b"x", b"1");
    assert!(other.has_changed(&mut wanted[0], Duration::ZERO).unwrap());
    assert_sound(&store);
}

#[test]
fn there_is_room_for_any_number_of_names() {
    let path = TemporaryPath::new();
    let (store, waiter) = (path.store(), path.store());
    put(&store, b"x", b"1");
    let file = store.file();
    // Left by waiters that are gone.
    for n in 0..200 {
        let name = format!("name{n}");
        let mut wanted = [Wanted::key(name.as_bytes())];
        waiter.watch(&mut wanted, Since::Now).unwrap();
        assert!(!waiter.has_changed(&mut wanted, Duration::from_nanos(1)).unwrap());
        assert!(names_written_down(&file) > 0 && names_written_down(&file) <= 128);
    }
    // One for more names than are told apart.
    let names: Vec<String> = (0..40).map(|n| format!("many{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let many = Waiter::of(&path, &names);
    put(&store, b"many39", b"1");
    many.ends();
}

#[test]
fn names_left_by_the_dead_cost_one_look() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    let file = store.file();
    assert!(
        in_child(|| {
            let waiter = path.store();
            let mut wanted = [Wanted::key(b"x".as_slice())];
            waiter.watch(&mut wanted, Since::Now).unwrap();
            assert!(!waiter.has_changed(&mut wanted, Duration::from_nanos(1)).unwrap());
            // Nothing is cleared up.
            std::mem::forget(waiter);
        })
        .success()
    );
    assert_eq!(names_written_down(&file), 1);
    put(&store, b"x", b"2");
    assert_eq!(names_written_down(&file), 0);
    let watchers = file.map.header().watchers.get();
    assert!(file.watching().is_quiet(watchers), "one look, and no more");
}

#[test]
fn a_waiter_that_may_only_read_looks_by_itself() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    let ready = crate::testing::shared();
    let child = crate::testing::fork(|| {
        crate::testing::as_a_reader(|| {
            let waiter = path.store();
            let mut wanted = [Wanted::key(b"x".as_slice())];
            waiter.watch(&mut wanted, Since::Now).unwrap();
            ready.store(1, std::sync::atomic::Ordering::SeqCst);
            while !waiter.has_changed(&mut wanted, FOR_EVER).unwrap() {}
        });
    });
    until("it waits", || ready.load(std::sync::atomic::Ordering::SeqCst) == 1);
    assert_eq!(names_written_down(&store.file()), 0);
    put(&store, b"x", b"2");
    assert!(child.wait().success());
}

#[test]
fn whoever_takes_over_from_a_dead_writer_lets_all_waiters_look() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    let file = store.file();
    let waiter = Waiter::of(&path, &["x"]);
    until("it is written down", || names_written_down(&file) == 1);
    leave_the_lock_to_the_dead(&file);
    let word = file.map.header().waits.each_ref().map(super::header::Word::get);
    put(&store, b"y", b"1");
    assert_ne!(file.map.header().waits.each_ref().map(super::header::Word::get), word, "it was woken");
    put(&store, b"x", b"2");
    waiter.ends();
}

#[test]
fn a_file_that_is_exchanged_during_a_wait_is_a_change() {
    let path = TemporaryPath::new();
    let other = TemporaryPath::new();
    put(&path.store(), b"x", b"1");
    put(&other.store(), b"x", b"1");
    let waiter = Waiter::looking(&path, &["x"], Duration::from_millis(10));
    std::fs::rename(&other.0, &path.0).unwrap();
    waiter.ends();
    let waiter = Waiter::looking(&path, &["x"], Duration::from_millis(10));
    std::fs::remove_file(&path.0).unwrap();
    waiter.ends();
    let waiter = Waiter::looking(&path, &["x"], Duration::from_millis(10));
    put(&path.store(), b"y", b"1");
    assert!(waiter.is_waiting());
    put(&path.store(), b"x", b"1");
    waiter.ends();
}

#[test]
fn the_store_that_makes_the_file_has_seen_its_own_first_changes() {
    let path = TemporaryPath::new();
    let store = path.store();
    let any_change = |store: &Store| {
        let mut wanted = [Wanted::anything()];
        store.retry(|store| store.watch(&mut wanted, Since::Seen)).unwrap();
        store.retry(|store| store.has_changed(&mut wanted, Duration::ZERO)).unwrap()
    };
    assert!(!any_change(&store));
    store.get(b"x", &mut Version::default(), &mut Vec::new()).unwrap();
    put(&store, b"x", b"1");
    assert!(!any_change(&store));
    let other = path.store();
    assert!(!any_change(&other), "it has not used the file before");
    put(&other, b"x", b"2");
    assert!(any_change(&store) && !any_change(&store) && !any_change(&other));
    store.destroy().unwrap();
    assert!(any_change(&other));
}
