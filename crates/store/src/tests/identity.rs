//! Files that are taken for what they are: of another boot, copies, restored from a backup, in use by somebody.

use super::super::clock::now;
use super::super::header::LeaseSlot;
use super::super::machine::{Process, hide_the_boot};
use super::*;
use std::os::unix::fs::FileExt as _;
use std::sync::mpsc::{Sender, channel};

/// Where words of the header page are (docs/format.md).
const BOOT: u64 = 64;
const FILE: u64 = 80;
const TOUCHED: u64 = 488;
const LEASES: u64 = 2048;

/// A store that nobody has open, with keys `k0` to `k99`, each its own value.
fn filled() -> TemporaryPath {
    let path = TemporaryPath::new();
    let file = path.0.clone();
    let fill = move || {
        let store = Store::new(file, Options::default());
        (0..100).for_each(|n| put(&store, format!("k{n}").as_bytes(), format!("k{n}").as_bytes()));
    };
    std::thread::spawn(fill).join().unwrap();
    path
}

fn assert_is_whole(store: &Store) {
    for n in 0..100 {
        let key = format!("k{n}");
        assert_eq!(get(store, key.as_bytes()).as_deref(), Some(key.as_bytes()));
    }
    assert_sound(store);
}

fn set_word(path: &TemporaryPath, at: u64, word: u64) {
    let file = OpenOptions::new().write(true).open(&path.0).unwrap();
    file.write_all_at(&word.to_le_bytes(), at).unwrap();
}

fn word(path: &TemporaryPath, at: u64) -> u64 {
    let mut word = [0; 8];
    Descriptor::open(&path.0).unwrap().read_exact_at(&mut word, at).unwrap();
    u64::from_le_bytes(word)
}

/// Empties the index, as in a copy that was made while somebody wrote: its parts are from different moments.
fn tear(image: &mut [u8]) {
    let mut at = 0;
    while at < image.len() {
        let length = 6 + u32::from_be_bytes(image[at + 1..at + 5].try_into().unwrap()) as usize;
        if image[at + 5] == format::Kind::Index as u8 {
            image[at + 64..at + length].fill(0);
        }
        at += length;
    }
}

/// As [`tear`], in the file; the store is to think that it was the last to write to it.
fn tear_file(path: &TemporaryPath) {
    let mut image = std::fs::read(&path.0).unwrap();
    tear(&mut image);
    image[TOUCHED as usize..][..8].copy_from_slice(&u64::MAX.to_le_bytes());
    OpenOptions::new().write(true).open(&path.0).unwrap().write_all_at(&image, 0).unwrap();
}

#[test]
fn the_index_of_a_file_that_its_header_does_not_name_is_not_believed() {
    // Its device, what the file system calls it, its number and birth, its boot.
    for at in [FILE, FILE + 8, FILE + 16, BOOT, BOOT + 8] {
        let path = filled();
        tear_file(&path);
        set_word(&path, at, word(&path, at) ^ 1 << 20);
        assert_is_whole(&path.store());
        // Once is enough.
        let incarnation = word(&path, 368);
        std::thread::spawn({
            let path = path.0.clone();
            move || assert_is_whole(&Store::new(path, Options::default()))
        })
        .join()
        .unwrap();
        assert_eq!(word(&path, 368), incarnation);
    }
}

#[test]
fn nothing_is_put_right_while_it_is_in_use_whatever_its_header_says() {
    let path = filled();
    let (store, other) = (path.store(), path.0.clone());
    store.lock(Patience::default()).unwrap();
    for at in [FILE, FILE + 8, FILE + 16, BOOT] {
        set_word(&path, at, word(&path, at) ^ 1 << 20);
        let other = other.clone();
        let kept_out = move || {
            let store = Store::new(other, Options::default());
            matches!(store.put(b"x", b"1", &mut Version::default()).unwrap_err().kind, ErrorKind::Held(_))
        };
        assert!(std::thread::spawn(kept_out).join().unwrap(), "{at}");
        put(&store, b"y", b"1");
    }
    store.unlock();
    assert_is_whole(&store);
}

/// A thread that does what it is told, and says when it is done.
struct Worker(Sender<Action>);

type Action = Box<dyn FnOnce(&Store) + Send>;

impl Worker {
    fn new(path: &TemporaryPath) -> Self {
        let (sender, receiver) = channel::<Action>();
        let path = path.0.clone();
        std::thread::spawn(move || {
            let store = Store::new(path, Options::default());
            receiver.into_iter().for_each(|action| action(&store));
        });
        Self(sender)
    }

    fn run<T: Send + 'static>(&self, action: impl FnOnce(&Store) -> T + Send + 'static) -> T {
        let (sender, receiver) = channel();
        self.0.send(Box::new(move |store| sender.send(action(store)).unwrap())).unwrap();
        receiver.recv().unwrap()
    }
}

#[test]
fn nobody_begins_to_write_between_the_question_who_does_and_the_putting_right() {
    let path = filled();
    let worker = Worker::new(&path);
    worker.run(assert_is_whole_but_for_checks);
    // It has read so far, and is nobody who writes.
    set_word(&path, BOOT, 1);
    set_word(&path, TOUCHED, u64::MAX);
    let store = path.store();
    let (sender, receiver) = channel();
    let (outcome, told) = (sender, worker.0.clone());
    let begin = move || {
        let (done, is_done) = channel();
        let write = move |store: &Store| {
            done.send(store.put(b"x", b"1", &mut Version::default()).map_err(|error| error.kind)).unwrap();
        };
        told.send(Box::new(write)).unwrap();
        outcome.send(is_done.recv().unwrap()).unwrap();
    };
    while_somebody("deciding", begin, || put(&store, b"y", b"1"));
    let outcome = receiver.recv().unwrap();
    assert!(matches!(outcome, Err(ErrorKind::Busy)), "{outcome:?}");
    worker.run(|store| put(store, b"x", b"2"));
    assert_eq!(get(&store, b"x").as_deref(), Some(&b"2"[..]));
    assert_is_whole(&store);
}

/// As [`assert_is_whole`], by who is not to have a lease.
fn assert_is_whole_but_for_checks(store: &Store) {
    (0..100).for_each(|n| assert!(get(store, format!("k{n}").as_bytes()).is_some()));
}

/// A slot of a lockless lease, as a process leaves it that is killed, or that lives.
fn sign_lockless(path: &TemporaryPath, process: Process) {
    for (n, part) in [process.pid | 1 << 63, process.pidfs, process.start, process.namespaces].into_iter().enumerate() {
        set_word(path, LEASES + 64 * 3 + 8 * n as u64, part);
    }
    set_word(path, TOUCHED, u64::MAX);
    assert_eq!(size_of::<LeaseSlot>(), 64);
}

#[test]
fn a_process_that_the_kernel_does_not_know_of_is_asked_about_where_the_boot_is_hidden() {
    let this = Process::this();
    let elsewhere = Process { namespaces: this.namespaces ^ 1, ..this };
    for (process, may_live) in [(this, true), (elsewhere, true), (Process { pid: i32::MAX as u64, ..this }, false)] {
        let path = filled();
        sign_lockless(&path, process);
        let incarnation = word(&path, 368);
        hide_the_boot(true);
        let put = path.store().put(b"x", b"1", &mut Version::default());
        hide_the_boot(false);
        match put {
            Ok(()) => assert!(!may_live),
            Err(error) => {
                assert!(may_live && matches!(error.kind, ErrorKind::MayBeInUse(_)), "{error}");
                assert_eq!(word(&path, 368), incarnation);
            }
        }
        // A boot that is known, and the same, leaves nothing to ask; the process lives on as far as others know.
        assert_is_whole(&path.store());
        // (The slot may be the store's own by now.)
        assert_eq!(word(&path, LEASES + 64 * 3) == process.pid | 1 << 63, may_live);
    }
}

#[test]
fn a_claimant_that_has_died_is_taken_over_from_and_one_that_lives_is_waited_for() {
    let path = filled();
    let mut worker = Process::this();
    for (pid, lives) in [(worker.pid, true), (i32::MAX as u64, false)] {
        worker.pid = pid;
        // By its slot, marked as one that decides (docs/format.md); and one by a byte that nobody has locked.
        sign_lockless(&path, worker);
        set_word(&path, LEASES + 64 * 3, pid | 1 << 63 | 1 << 61);
        for (claimant, lives) in [((1 << 20) + 3, lives), (17, false)] {
            set_word(&path, 360, claimant + 1);
            set_word(&path, BOOT, 1);
            set_word(&path, TOUCHED, u64::MAX);
            let file = path.0.clone();
            let put = move || Store::new(file, Options::default()).put(b"x", b"1", &mut Version::default());
            match std::thread::spawn(put).join().unwrap() {
                Ok(()) => assert!(!lives, "{claimant}"),
                Err(error) => assert!(lives && matches!(error.kind, ErrorKind::Busy), "{error}"),
            }
        }
    }
    assert_is_whole(&path.store());
}

/// Copies an image into a file's place, as `cp` does; the store's own mark of its last change is as old as it is.
fn restore(path: &TemporaryPath, image: &[u8]) {
    let mut image = image.to_vec();
    image[TOUCHED as usize..][..8].copy_from_slice(&(now() - 2_000_000_000).to_le_bytes());
    std::fs::write(&path.0, &image).unwrap();
    Store::paths_have_changed();
}

#[test]
fn a_torn_backup_that_is_restored_in_place_is_put_right_before_anybody_reads_in_it() {
    for (in_use, destroyed) in [(false, false), (true, false), (true, true)] {
        let path = filled();
        let mut image = std::fs::read(&path.0).unwrap();
        tear(&mut image);
        let (writer, reader) = (Worker::new(&path), Worker::new(&path));
        reader.run(assert_is_whole_but_for_checks);
        if in_use {
            writer.run(|store| put(store, b"x", b"1"));
        }
        if destroyed {
            writer.run(|store| (0..100).for_each(|n| assert!(store.remove(format!("k{n}").as_bytes()).unwrap())));
        }
        restore(&path, &image);
        let unknown = path.store();
        assert_is_whole_but_for_checks(&unknown);
        reader.run(assert_is_whole_but_for_checks);
        writer.run(assert_is_whole_but_for_checks);
        put(&unknown, b"x", b"2");
        for worker in [writer, reader] {
            assert_eq!(worker.run(|store| get(store, b"x")).as_deref(), Some(&b"2"[..]));
        }
        assert_is_whole(&unknown);
    }
}

/// Records of one length: where the log goes on from the same end twice, it ends at the same position twice.
#[test]
fn no_position_is_used_twice_after_a_backup_was_restored_in_place() {
    let path = filled();
    put(&path.store(), b"x", b"00");
    close_idle();
    let image = std::fs::read(&path.0).unwrap();
    let mut values = std::collections::HashSet::new();
    for n in 10..40u8 {
        let (writer, reader) = (Worker::new(&path), Worker::new(&path));
        let value = [n, n];
        writer.run(move |store| put(store, b"x", &value));
        assert_eq!(reader.run(|store| get(store, b"x")), Some(value.to_vec()));
        assert!(values.insert(word(&path, 128)), "the log's end");
        restore(&path, &image);
        let other = [n, 0];
        // Now and then by one who has written before.
        let again = if n % 3 == 0 { writer.0.clone() } else { Worker::new(&path).0 };
        Worker(again).run(move |store| put(store, b"x", &other));
        for worker in [&reader, &writer] {
            assert_eq!(worker.run(|store| get(store, b"x")), Some(other.to_vec()), "{n}");
        }
        assert!(values.insert(word(&path, 128)), "the log's end");
    }
    assert_is_whole(&path.store());
}

#[test]
fn one_that_has_seen_nothing_since_the_backup_was_made_uses_no_position_twice_either() {
    let path = filled();
    let (idle, busy) = (Worker::new(&path), Worker::new(&path));
    let mut ends = std::collections::HashSet::new();
    for n in 0..20u8 {
        idle.run(move |store| put(store, b"x", &[n, 0]));
        let image = std::fs::read(&path.0).unwrap();
        busy.run(move |store| put(store, b"x", &[n, 1]));
        assert!(ends.insert(word(&path, 128)), "the log's end");
        std::fs::write(&path.0, &image).unwrap();
        Store::paths_have_changed();
        idle.run(move |store| put(store, b"x", &[n, 2]));
        assert!(ends.insert(word(&path, 128)), "the log's end, {n}");
        assert_eq!(busy.run(|store| get(store, b"x")), Some(vec![n, 2]));
    }
    assert_is_whole(&path.store());
}

#[test]
fn a_lock_that_a_restored_backup_does_not_know_is_lost() {
    for change in [false, true] {
        let path = filled();
        let store = path.store();
        if change {
            put(&store, b"x", b"0");
        }
        let image = std::fs::read(&path.0).unwrap();
        store.lock(Patience::default()).unwrap();
        if change {
            put(&store, b"x", b"1");
        }
        restore(&path, &image);
        let error = store.retry(|store| store.put(b"x", b"2", &mut Version::default())).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::LockLost), "{error}");
        store.unlock();
        put(&store, b"x", b"3");
        assert_is_whole(&store);
    }
}

#[test]
fn a_file_that_was_only_renamed_or_given_another_mode_is_what_it_was() {
    let path = filled();
    let store = path.store();
    put(&store, b"x", b"1");
    store.lock(Patience::default()).unwrap();
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path.0, permissions).unwrap();
    set_word(&path, TOUCHED, 1);
    Store::paths_have_changed();
    put(&store, b"x", b"2");
    assert!(word(&path, TOUCHED) > 1, "it has been looked at");
    let worker = Worker::new(&path);
    let kind = worker.run(|store| store.put(b"x", b"3", &mut Version::default()).unwrap_err().kind);
    assert!(matches!(kind, ErrorKind::Held(_)), "its lock is kept: {kind:?}");
    store.unlock();
    assert_is_whole(&store);
}

#[test]
fn opening_and_writing_make_no_work_for_who_opens_the_file_next() {
    let path = filled();
    for n in 0..20u8 {
        let incarnation = word(&path, 368);
        let file = path.0.clone();
        let write = move || put(&Store::new(file, Options::default()), [n; 3], &vec![n; 100_000]);
        std::thread::spawn(write).join().unwrap();
        assert_eq!(word(&path, 368), incarnation, "it was put right");
    }
    assert_is_whole(&path.store());
}
