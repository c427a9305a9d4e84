//! Locks on the file by a process with read-only access: no writer notices them.
#![cfg(feature = "torture")]

use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use sync_store::testing::{Child, TemporaryPath, assert_sound, fork, get, in_child, put, shared, until};
use sync_store::{ErrorKind, Options, Store, Version, torture};

fn number(store: &Store, key: &str) -> u64 {
    get(store, key).map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().unwrap()))
}

/// Locks a range for reading, and tells whether that was possible.
fn lock_for_reading(file: &std::fs::File, from: i64, length: i64) -> bool {
    // SAFETY: an open descriptor and a valid range.
    unsafe {
        let mut range: libc::flock = std::mem::zeroed();
        (range.l_type, range.l_start, range.l_len) = (libc::F_RDLCK as i16, from, length);
        libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &mut range) == 0
    }
}

/// A process that locks the file in this way, until it is dropped.
fn process_that_locks(file: &TemporaryPath, lock: impl FnOnce(&std::fs::File)) -> Child {
    std::fs::set_permissions(&file.0, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ready = shared();
    let process = fork(|| {
        lock(&std::fs::File::open(&file.0).unwrap());
        ready.store(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_secs(50));
    });
    until("it has locked", || ready.load(Ordering::SeqCst) != 0);
    process
}

/// One with read-only access that locks everything that a descriptor for reading can lock: all bytes, and the file as a
/// whole.
fn reader_that_locks_everything(file: &TemporaryPath) -> Child {
    process_that_locks(file, |open| {
        // SAFETY: concerns this process alone; root becomes nobody, others are not the file's owner either way.
        unsafe {
            libc::setgid(65534);
            libc::setuid(65534);
        }
        // All bytes that can be locked, except the few that a writer holds.
        let (first, many) = (1 << 62, 1024);
        assert!(lock_for_reading(open, 0, first) && lock_for_reading(open, first + many, 0));
        let refused = (first..first + many).filter(|&byte| !lock_for_reading(open, byte, 1)).count();
        assert!(refused < 8, "{refused}");
        // SAFETY: an open descriptor.
        assert_eq!(unsafe { libc::flock(open.as_raw_fd(), libc::LOCK_EX) }, 0);
    })
}

/// One with as many locks as a process may have, each of a byte by itself, so that the kernel keeps all of them.
fn reader_that_locks_every_other_byte(file: &TemporaryPath, many: i64) -> Child {
    process_that_locks(file, |open| {
        for n in 0..many {
            lock_for_reading(open, (1 << 62) + 2 * n, 1);
        }
    })
}

#[test]
fn tens_of_thousands_of_locks_cost_a_first_write_no_more_than_a_few_queries_of_one() {
    let file = TemporaryPath::new();
    put(&file.store(), "x", b"1");
    let open = std::fs::File::open(&file.0).unwrap();
    // Queries a byte that no process has locked: the kernel examines all locks for that.
    let question = || {
        let start = Instant::now();
        // SAFETY: an open descriptor and a valid range.
        unsafe {
            let mut range: libc::flock = std::mem::zeroed();
            (range.l_type, range.l_start, range.l_len) = (libc::F_RDLCK as i16, 1 << 50, 1);
            assert_eq!(libc::fcntl(open.as_raw_fd(), libc::F_OFD_GETLK, &mut range), 0);
        }
        start.elapsed()
    };
    let first_write = || {
        let path = file.0.clone();
        let writer = std::thread::spawn(move || {
            let store = Store::new(path, Options::default());
            assert_eq!(number(&store, "n"), 0);
            let start = Instant::now();
            put(&store, "y", b"2");
            start.elapsed()
        });
        writer.join().unwrap()
    };
    let fastest = |of: &dyn Fn() -> Duration| (0..40).map(|_| of()).min().unwrap();
    let alone = fastest(&first_write);
    let _reader = reader_that_locks_every_other_byte(&file, 20_000);
    let (question, beside) = (fastest(&question), fastest(&first_write));
    eprintln!("a first write: {alone:?}; beside locks: {beside:?}; one question: {question:?}");
    assert!(beside < 3 * alone + 3 * question, "{alone:?}, {beside:?} beside locks, one question {question:?}");
}

#[test]
fn a_read_only_process_blocks_no_writer_however_much_it_locks() {
    let file = TemporaryPath::new();
    put(&file.store(), "x", b"1");
    // In a thread of its own, which counts like a process: the main thread has a lease already.
    let first_write = || {
        let path = file.0.clone();
        let writer = std::thread::spawn(move || {
            let store = Store::new(path, Options::default());
            let start = Instant::now();
            put(&store, "y", b"2");
            let took = start.elapsed();
            store.lock(Default::default()).unwrap();
            store.unlock();
            assert_sound(&store);
            took
        });
        writer.join().unwrap()
    };
    // The fastest of several, since other load on the machine is not the reader's doing.
    let fastest = || (0..20).map(|_| first_write()).min().unwrap();
    let alone = fastest();
    let _reader = reader_that_locks_everything(&file);
    let beside = fastest();
    assert!(beside < 10 * alone, "{alone:?}, {beside:?} beside a reader that locks");
    assert_eq!(file.store().len().unwrap(), 2);
}

#[test]
fn writers_without_the_kernels_locks_lose_nothing_and_recover_from_each_others_deaths() {
    let file = TemporaryPath::new();
    put(&file.store(), "x", b"1");
    let _reader = reader_that_locks_everything(&file);
    let writers: Vec<_> = (0..4)
        .map(|n| {
            fork(|| {
                let store = file.store();
                for i in 0..3000 {
                    let change = store.retry(Store::lock_writers).unwrap();
                    let next = number(&store, "count") + 1;
                    put(&store, "count", &next.to_le_bytes());
                    if n == 0 && i == 1500 {
                        // In the middle of a change, and of a write.
                        torture::crash_after(9);
                        put(&store, "dying", b"1");
                    }
                    store.unlock_writers(change);
                }
            })
        })
        .collect();
    let killed = writers.into_iter().filter_map(|writer| writer.wait().signal()).count();
    assert_eq!(killed, 1);
    let store = file.store();
    assert_eq!(number(&store, "count"), 3 * 3000 + 1501);
    assert_sound(&store);
}

#[test]
fn a_hold_without_the_kernels_lock_lasts_as_long_as_its_process_lives() {
    let file = TemporaryPath::new();
    put(&file.store(), "x", b"1");
    let _reader = reader_that_locks_everything(&file);
    let held = shared();
    let holder = fork(|| {
        let store = file.store();
        store.lock(Default::default()).unwrap();
        held.store(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_secs(50));
    });
    until("the lock is held", || held.load(Ordering::SeqCst) != 0);
    // It is only stopped.
    holder.signal(libc::SIGSTOP);
    let store = file.store();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(200) {
        let error = store.put(b"x", b"2", &mut Version::default()).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Held(_)), "{error}");
    }
    holder.kill();
    put(&store, "x", b"3");
}

/// The structural steps, once done under `flock`: making a store of an empty file, repairing one, removing one.
#[test]
fn a_read_only_process_delays_no_structural_step() {
    for content in ["none", "a copy", "a store"] {
        let file = TemporaryPath::new();
        let other = TemporaryPath::new();
        match content {
            "none" => drop(std::fs::File::create(&file.0).unwrap()),
            "a copy" => {
                put(&other.store(), "x", b"1");
                std::fs::copy(&other.0, &file.0).unwrap();
            }
            _ => put(&file.store(), "x", b"1"),
        }
        let _reader = reader_that_locks_everything(&file);
        let start = Instant::now();
        let store = file.store();
        put(&store, "y", b"1");
        assert_eq!(store.len().unwrap(), if content == "none" { 1 } else { 2 }, "{content}");
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new(), "{content}");
        store.destroy().unwrap();
        assert!(!file.0.exists());
        put(&store, "z", b"1");
        assert_eq!(store.len().unwrap(), 1, "{content}");
        let took = start.elapsed();
        assert!(took < Duration::from_secs(2), "{content}: {took:?}");
    }
}

/// The same steps by processes that die in the middle, at each point.
#[test]
fn steps_begun_without_the_kernels_locks_are_completed_after_a_death() {
    let other = TemporaryPath::new();
    put(&other.store(), "x", b"1");
    let mut point = 0;
    loop {
        let file = TemporaryPath::new();
        std::fs::copy(&other.0, &file.0).unwrap();
        let _reader = reader_that_locks_everything(&file);
        let status = in_child(|| {
            let store = file.store();
            torture::crash_after(point);
            put(&store, "y", b"1");
            store.destroy().unwrap();
            torture::crash_after(u64::MAX);
        });
        let store = file.store();
        put(&store, "z", b"1");
        let keys = store.len().unwrap();
        assert!((1..=3).contains(&keys), "{keys} keys");
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new(), "killed at {point}");
        if status.signal().is_none() {
            break;
        }
        point = point + 1 + point / 20;
    }
    assert!(point > 30, "{point}");
}

/// More processes in turn than there are slots.
#[test]
fn slots_of_dead_processes_are_reused() {
    let file = TemporaryPath::new();
    put(&file.store(), "x", b"1");
    let _reader = reader_that_locks_everything(&file);
    for n in 0..600u64 {
        assert!(in_child(|| put(&file.store(), "x", &n.to_le_bytes())).success(), "{n}");
    }
    assert_eq!(number(&file.store(), "x"), 599);
}

/// Threads that open and close the file one after the other, more of them than there are slots.
#[test]
fn a_slot_is_released_when_the_file_is_closed() {
    let file = TemporaryPath::new();
    put(&file.store(), "x", b"1");
    let _reader = reader_that_locks_everything(&file);
    for n in 0..600u64 {
        let path = file.0.clone();
        std::thread::spawn(move || put(&Store::new(path, Options::default()), "x", &n.to_le_bytes())).join().unwrap();
    }
}
