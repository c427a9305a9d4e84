//! Locks on the file by a user who may only read it: no writer notices them.
#![cfg(feature = "torture")]

mod common;

use common::{fork, shared, wait};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use sync_store::{ErrorKind, Found, Options, Store, Version, torture};

struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(format!("/dev/shm/sync-readers-{}-{name}.sync", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Self(path)
    }

    fn store(&self) -> Store {
        Store::new(self.0.clone(), Options { file_mode: 0o644, ..Options::default() })
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn put(store: &Store, key: &str, value: &[u8]) {
    store.retry(|store| store.put(key.as_bytes(), value, &mut Version::default())).unwrap();
}

fn number(store: &Store, key: &str) -> u64 {
    let mut out = Vec::new();
    match store.retry(|store| store.get(key.as_bytes(), &mut Version::default(), &mut out)).unwrap() {
        Found::Missing => 0,
        _ => u64::from_le_bytes(out.try_into().unwrap()),
    }
}

fn kill(pid: libc::pid_t) {
    // SAFETY: a child of this process.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    wait(pid);
}

fn wait_for(number: &AtomicU64, value: u64) {
    while number.load(Ordering::SeqCst) < value {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A process of a user who may only read the file, and locks whatever can be locked with a descriptor for
/// reading: all bytes, and the file as a whole. Killed when this goes.
struct Reader(libc::pid_t);

impl Reader {
    fn of(file: &File) -> Self {
        std::fs::set_permissions(&file.0, std::fs::Permissions::from_mode(0o644)).unwrap();
        let ready = shared();
        let pid = fork(|| {
            // SAFETY: concerns this process alone; root becomes nobody, others are not the file's owner either way.
            unsafe {
                libc::setgid(65534);
                libc::setuid(65534);
            }
            let open = std::fs::File::open(&file.0).unwrap();
            // SAFETY: an open descriptor and valid ranges.
            let lock = |from: i64, length: i64| unsafe {
                let mut range: libc::flock = std::mem::zeroed();
                (range.l_type, range.l_start, range.l_len) = (libc::F_RDLCK as i16, from, length);
                libc::fcntl(open.as_raw_fd(), libc::F_OFD_SETLK, &mut range) == 0
            };
            // All there can be, but for the few that a writer has.
            let (first, many) = (1 << 62, 1024);
            assert!(lock(0, first) && lock(first + many, 0));
            let refused = (first..first + many).filter(|&byte| !lock(byte, 1)).count();
            assert!(refused < 8, "{refused}");
            // SAFETY: an open descriptor.
            assert_eq!(unsafe { libc::flock(open.as_raw_fd(), libc::LOCK_EX) }, 0);
            ready.store(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_secs(50));
        });
        wait_for(ready, 1);
        Self(pid)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        kill(self.0);
    }
}

/// As [`Reader::of`], with as many locks as a process may have, each of a byte by itself, so that the kernel keeps
/// all of them.
impl Reader {
    fn of_every_other_byte(file: &File, many: i64) -> Self {
        std::fs::set_permissions(&file.0, std::fs::Permissions::from_mode(0o644)).unwrap();
        let ready = shared();
        let pid = fork(|| {
            let open = std::fs::File::open(&file.0).unwrap();
            for n in 0..many {
                // SAFETY: an open descriptor and a valid range.
                unsafe {
                    let mut range: libc::flock = std::mem::zeroed();
                    (range.l_type, range.l_start, range.l_len) = (libc::F_RDLCK as i16, (1 << 62) + 2 * n, 1);
                    libc::fcntl(open.as_raw_fd(), libc::F_OFD_SETLK, &mut range);
                }
            }
            ready.store(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_secs(50));
        });
        wait_for(ready, 1);
        Self(pid)
    }
}

#[test]
fn tens_of_thousands_of_locks_cost_a_first_write_no_more_than_a_few_questions_about_one() {
    let file = File::new("many");
    put(&file.store(), "x", b"1");
    let open = std::fs::File::open(&file.0).unwrap();
    // Whether somebody has locked a byte that nobody has: the kernel looks at all locks.
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
    let _reader = Reader::of_every_other_byte(&file, 20_000);
    let (question, beside) = (fastest(&question), fastest(&first_write));
    eprintln!("a first write: {alone:?}; beside locks: {beside:?}; one question: {question:?}");
    assert!(beside < 3 * alone + 3 * question, "{alone:?}, {beside:?} beside locks, one question {question:?}");
}

#[test]
fn whoever_only_reads_keeps_no_writer_out_however_much_it_locks() {
    let file = File::new("out");
    put(&file.store(), "x", b"1");
    // (Threads are like processes; this one has had a lease since before.)
    let first_write = || {
        let path = file.0.clone();
        let writer = std::thread::spawn(move || {
            let store = Store::new(path, Options::default());
            let start = Instant::now();
            put(&store, "y", b"2");
            let took = start.elapsed();
            store.lock(Default::default()).unwrap();
            store.unlock();
            assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
            took
        });
        writer.join().unwrap()
    };
    // Of several the fastest: what else the machine has to do is not the reader's doing.
    let fastest = || (0..20).map(|_| first_write()).min().unwrap();
    let alone = fastest();
    let _reader = Reader::of(&file);
    let beside = fastest();
    assert!(beside < 10 * alone, "{alone:?}, {beside:?} beside a reader that locks");
    assert_eq!(file.store().len().unwrap(), 2);
}

#[test]
fn writers_without_the_kernels_locks_lose_nothing_and_take_over_from_each_other() {
    let file = File::new("count");
    put(&file.store(), "x", b"1");
    let _reader = Reader::of(&file);
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
    let killed = writers.into_iter().map(wait).filter(|&status| libc::WIFSIGNALED(status)).count();
    assert_eq!(killed, 1);
    let store = file.store();
    assert_eq!(number(&store, "count"), 3 * 3000 + 1501);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_holder_without_the_kernels_lock_is_waited_for_while_it_lives_and_not_when_it_is_killed() {
    let file = File::new("holder");
    put(&file.store(), "x", b"1");
    let _reader = Reader::of(&file);
    let held = shared();
    let holder = fork(|| {
        let store = file.store();
        store.lock(Default::default()).unwrap();
        held.store(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_secs(50));
    });
    wait_for(held, 1);
    // SAFETY: a child of this process: it is stopped, and does not even run.
    unsafe { libc::kill(holder, libc::SIGSTOP) };
    let store = file.store();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(200) {
        let error = store.put(b"x", b"2", &mut Version::default()).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Held(_)), "{error}");
    }
    kill(holder);
    put(&store, "x", b"3");
}

/// The steps that were done under `flock` once: making a store of an empty file, putting one right, removing one.
#[test]
fn whoever_only_reads_delays_no_structural_step() {
    for content in ["none", "a copy", "a store"] {
        let file = File::new("steps");
        let other = File::new("steps-other");
        match content {
            "none" => drop(std::fs::File::create(&file.0).unwrap()),
            "a copy" => {
                put(&other.store(), "x", b"1");
                std::fs::copy(&other.0, &file.0).unwrap();
            }
            _ => put(&file.store(), "x", b"1"),
        }
        let _reader = Reader::of(&file);
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

/// As above, by processes that die in the middle, at each point.
#[test]
fn what_the_dead_began_without_the_kernels_locks_is_taken_over() {
    let other = File::new("begun-other");
    put(&other.store(), "x", b"1");
    let mut point = 0;
    loop {
        let file = File::new("begun");
        std::fs::copy(&other.0, &file.0).unwrap();
        let _reader = Reader::of(&file);
        let status = wait(fork(|| {
            let store = file.store();
            torture::crash_after(point);
            put(&store, "y", b"1");
            store.destroy().unwrap();
            torture::crash_after(u64::MAX);
        }));
        let store = file.store();
        put(&store, "z", b"1");
        let keys = store.len().unwrap();
        assert!((1..=3).contains(&keys), "{keys} keys");
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new(), "killed at {point}");
        if !libc::WIFSIGNALED(status) {
            break;
        }
        point = point + 1 + point / 20;
    }
    assert!(point > 30, "{point}");
}

/// More processes in turn than there are slots: those of the dead are used again.
#[test]
fn slots_of_the_dead_are_used_again() {
    let file = File::new("slots");
    put(&file.store(), "x", b"1");
    let _reader = Reader::of(&file);
    for n in 0..600u64 {
        assert_eq!(wait(fork(|| put(&file.store(), "x", &n.to_le_bytes()))), 0, "{n}");
    }
    assert_eq!(number(&file.store(), "x"), 599);
}

/// A process that opens and closes the file again and again has its slot back each time.
#[test]
fn a_slot_is_given_back_when_the_file_is_closed() {
    let file = File::new("again");
    put(&file.store(), "x", b"1");
    let _reader = Reader::of(&file);
    for n in 0..600u64 {
        let path = file.0.clone();
        std::thread::spawn(move || put(&Store::new(path, Options::default()), "x", &n.to_le_bytes())).join().unwrap();
    }
}
