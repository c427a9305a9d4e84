//! Deaths that are hard to notice, and what an operation costs in system calls.
#![cfg(feature = "torture")]

use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use sync_store::testing::{Child, TemporaryPath, assert_sound, fork, get, in_child, put, shared, until};
use sync_store::{ErrorKind, Options, Patience, Since, Store, Version, Wanted, torture};

/// Waits for a process that dies at a crash point.
#[track_caller]
fn assert_dies(child: Child) {
    assert_eq!(child.wait().signal(), Some(libc::SIGKILL));
}

/// Dies in the middle of a write.
fn die_writing(store: &Store) {
    torture::crash_after(12);
    put(store, "dying", b"1");
    unreachable!("it died");
}

/// Recovery takes about the same time as with one key: going through 300,000 takes a hundred times as long.
#[test]
fn the_time_to_recover_from_a_dead_writer_does_not_depend_on_how_much_is_stored() {
    let files = [1, 300_000].map(|keys| {
        let file = TemporaryPath::new();
        let store = file.store();
        for n in 0..keys {
            put(&store, format!("key{n}"), &[1; 30]);
        }
        (file, store)
    });
    // The best of several tries, in turns, since other load on the machine slows some of them.
    let mut best = [Duration::MAX; 2];
    for _ in 0..5 {
        for ((file, store), best) in files.iter().zip(&mut best) {
            assert_dies(fork(|| die_writing(&file.store())));
            let start = Instant::now();
            put(store, "next", b"1");
            *best = start.elapsed().min(*best);
        }
    }
    for (_, store) in &files {
        assert_sound(store);
    }
    let [few, many] = best;
    eprintln!("{few:?}, {many:?} with many keys");
    assert!(many < 8 * few, "{few:?}, {many:?} with many keys");
}

#[test]
fn waiters_notice_that_the_holder_of_a_lock_was_killed() {
    let file = TemporaryPath::new();
    put(&file.store(), "x", b"1");
    let ready = shared();
    let holder = fork(|| {
        let store = file.store();
        store.lock(Patience { interval: Duration::from_secs(50), ..Patience::default() }).unwrap();
        ready.store(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_secs(50));
    });
    until("the lock is held", || ready.load(Ordering::SeqCst) != 0);
    let path = file.0.clone();
    let waiter = std::thread::spawn(move || {
        put(&Store::new(path, Options::default()), "x", b"2");
        Instant::now()
    });
    std::thread::sleep(Duration::from_millis(50));
    assert!(!waiter.is_finished());
    let killed = Instant::now();
    holder.kill();
    let waited = waiter.join().unwrap() - killed;
    // Long before the interval that the holder has set.
    assert!(waited < Duration::from_secs(10), "{waited:?}");
}

#[test]
fn frequent_signals_do_not_delay_noticing_a_death() {
    let file = TemporaryPath::new();
    put(&file.store(), "x", b"1");
    assert_dies(fork(|| die_writing(&file.store())));
    let status = in_child(|| {
        extern "C" fn nothing(_: i32) {}
        // SAFETY: a handler that does nothing; a timer of this process.
        unsafe {
            libc::signal(libc::SIGPROF, nothing as *const () as usize);
            let often = libc::timeval { tv_sec: 0, tv_usec: 500 };
            let timer = libc::itimerval { it_interval: often, it_value: often };
            libc::signal(libc::SIGALRM, nothing as *const () as usize);
            libc::setitimer(libc::ITIMER_REAL, &timer, std::ptr::null_mut());
        }
        let start = Instant::now();
        put(&file.store(), "x", b"2");
        assert!(start.elapsed() < Duration::from_secs(10));
    });
    assert!(status.success(), "{status}");
}

/// The pure-PHP class takes `flock` for each access, and so does a process that turns its file into a store. A process
/// that waits for that lock can handle signals meanwhile.
#[test]
fn a_locked_old_file_is_busy_instead_of_an_endless_wait() {
    let file = TemporaryPath::new();
    let old = b"O:8:\"stdClass\":0:{}";
    std::fs::write(&file.0, old).unwrap();
    let other = std::fs::File::open(&file.0).unwrap();
    // SAFETY: an open descriptor.
    assert_eq!(unsafe { libc::flock(other.as_raw_fd(), libc::LOCK_EX) }, 0);
    let store = file.store();
    for error in [store.legacy().unwrap_err(), store.import(old, &[]).unwrap_err()] {
        assert!(matches!(error.kind, ErrorKind::Busy), "{error}");
    }
    drop(other);
    assert!(store.import(old, &[(b"x", b"1")]).unwrap());
    put(&store, "y", b"1");
    assert_eq!(store.len().unwrap(), 2);
}

/// A child that runs no handlers, and not a single instruction after the fork, keeps the kernel's
/// lock on the lease of a parent that is dead.
#[test]
fn a_child_stopped_at_its_fork_does_not_keep_its_dead_parents_lease_alive() {
    let file = TemporaryPath::new();
    put(&file.store(), "x", b"1");
    let orphan = shared();
    let parent = fork(|| {
        let store = file.store();
        put(&store, "y", b"1");
        // SAFETY: a fork without libc's handlers; the child only waits.
        unsafe {
            let child = libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0);
            if child == 0 {
                libc::prctl(libc::PR_SET_PDEATHSIG, 0);
                loop {
                    libc::pause();
                }
            }
            orphan.store(child as u64, Ordering::SeqCst);
        }
        die_writing(&store);
    });
    assert_dies(parent);
    let start = Instant::now();
    put(&file.store(), "x", b"2");
    let waited = start.elapsed();
    // SAFETY: the orphan, which only this test knows.
    unsafe { libc::kill(orphan.load(Ordering::SeqCst) as libc::pid_t, libc::SIGKILL) };
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    assert_sound(&file.store());
}

/// A dead process whose parent has not waited for it yet counts as dead.
#[test]
fn a_zombie_holds_nothing() {
    let file = TemporaryPath::new();
    put(&file.store(), "x", b"1");
    let orphan = shared();
    let parent = fork(|| {
        let store = file.store();
        put(&store, "y", b"1");
        // SAFETY: as above.
        unsafe {
            let child = libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0);
            if child == 0 {
                loop {
                    libc::pause();
                }
            }
            orphan.store(child as u64, Ordering::SeqCst);
        }
        die_writing(&store);
    });
    let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::uninit();
    // SAFETY: waits for the death of a child and leaves it a zombie.
    unsafe { libc::waitid(libc::P_PID, parent.pid() as u32, info.as_mut_ptr(), libc::WEXITED | libc::WNOWAIT) };
    let start = Instant::now();
    put(&file.store(), "x", b"2");
    let waited = start.elapsed();
    // SAFETY: as above.
    unsafe { libc::kill(orphan.load(Ordering::SeqCst) as libc::pid_t, libc::SIGKILL) };
    assert_dies(parent);
    assert!(waited < Duration::from_secs(10), "{waited:?}");
}

/// Limits this process's address space to so many bytes more than it has; returns the limit that it had.
fn leave_address_space(bytes: u64) -> libc::rlimit {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").unwrap().split(' ').next().unwrap().parse().unwrap();
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: limits of this process; a valid place for the answer.
    unsafe {
        libc::getrlimit(libc::RLIMIT_AS, &mut limit);
        let small = libc::rlimit { rlim_cur: pages * 4096 + bytes, ..limit };
        assert_eq!(libc::setrlimit(libc::RLIMIT_AS, &small), 0);
    }
    limit
}

/// The process goes on where the store can map no more: as PHP does, with a chunk of 2 MiB placed by a mapping of 4 MiB,
/// and one of the C library's.
#[test]
fn files_that_fill_a_limited_address_space_leave_some_to_the_process() {
    let takes_more = || {
        let mut places = [std::ptr::null_mut(); 2];
        for (place, bytes) in places.iter_mut().zip([4 << 20, 1 << 20]) {
            // SAFETY: a mapping of its own.
            *place = unsafe {
                let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
                libc::mmap(std::ptr::null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0)
            };
        }
        assert!(!places.contains(&libc::MAP_FAILED), "{places:?}");
    };
    let is_full = |error: &sync_store::Error| matches!(error.kind, ErrorKind::NoAddressSpace(_));
    let paths: Vec<_> = (0..100).map(|_| TemporaryPath::new()).collect();
    let status = in_child(|| {
        leave_address_space(40 << 20);
        let stores: Vec<_> = paths.iter().map(TemporaryPath::store).collect();
        let results: Vec<_> =
            stores.iter().map(|store| store.put(b"x", b"1", &mut Version::default()).map(drop)).collect();
        let many = results.iter().take_while(|result| result.is_ok()).count();
        assert!((10..100).contains(&many), "{many}");
        assert!(is_full(results[many].as_ref().unwrap_err()), "{:?}", results[many]);
        takes_more();
    });
    assert!(status.success(), "many files: {status}");
    let status = in_child(|| {
        leave_address_space(40 << 20);
        let store = paths[0].store();
        let value = vec![1; 100_000];
        let full = (0..1000u32).find_map(|n| store.put(&n.to_le_bytes(), &value, &mut Version::default()).err());
        assert!(is_full(full.as_ref().expect("100 MB do not fit")), "{full:?}");
        takes_more();
    });
    assert!(status.success(), "a file that grows: {status}");
}

#[test]
fn a_file_outgrows_a_mapping_that_had_to_be_small() {
    let file = TemporaryPath::new();
    put(&file.store(), "x", b"1");
    let status = in_child(|| {
        // Another path, another file: the parent's own mapping would be found otherwise.
        let other = TemporaryPath::new();
        let limit = leave_address_space(100 << 20);
        let store = other.store();
        put(&store, "x", b"1");
        // SAFETY: a limit of this process.
        unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) };
        for n in 0..12 {
            put(&store, format!("large{n}"), &vec![n; 20 << 20]);
        }
        assert_eq!(store.len().unwrap(), 13);
        assert_sound(&store);
    });
    assert!(status.success(), "{status}");
}

/// A clock tick is 4 ms or 10: one system call for each, which looks at the path. Each 100 ms two more look whose SIGBUS is
/// (`sigbus::PERIOD`), and some allocate a segment's space and free another's.
#[test]
fn reads_and_writes_make_no_system_calls() {
    const CHILD: &str = "SYNC_DEATH_STRACED";
    const MARK: i32 = 4711;
    if std::env::var_os(CHILD).is_some() {
        let file = TemporaryPath::new();
        let store = file.store();
        let (mut seen, mut out) = (Version::default(), Vec::new());
        put(&store, "x", b"1");
        // Under strace these lines are found again.
        // SAFETY: fails, and does nothing else.
        unsafe { libc::close(MARK) };
        let start = Instant::now();
        for n in 0..200_000u32 {
            store.put(b"x", &n.to_le_bytes(), &mut seen).unwrap();
            assert!(store.is_current(&seen));
            store.get(b"y", &mut Version::default(), &mut out).unwrap();
        }
        let elapsed = start.elapsed();
        // SAFETY: as above.
        unsafe { libc::close(MARK) };
        eprintln!("elapsed {} ns", elapsed.as_nanos());
        return;
    }
    let log = std::env::temp_dir().join(format!("sync-death-{}.strace", std::process::id()));
    let strace = std::process::Command::new("strace")
        .args(["-f", "-o"])
        .arg(&log)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "reads_and_writes_make_no_system_calls", "--nocapture"])
        .env(CHILD, "1")
        .output();
    let output = strace.expect("strace, which counts the calls, has to be installed: apt-get install strace");
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    let _ = std::fs::remove_file(&log);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "strace may not trace here, so nothing was counted: {errors}");
    let (_, after) = errors.split_once("elapsed ").expect(&errors);
    let nanoseconds: u64 = after.split(' ').next().unwrap().parse().unwrap();
    let mark = format!("close({MARK})");
    let calls =
        text.lines().skip_while(|line| !line.contains(&mark)).skip(1).take_while(|line| !line.contains(&mark)).count()
            as u64;
    let ticks = nanoseconds / 4_000_000 + 1;
    let periods = nanoseconds / 100_000_000 + 1;
    assert!(calls <= ticks + 2 * periods + 30, "{calls} system calls in {ticks} ticks of 4 ms");
    eprintln!("{calls} system calls in {ticks} ticks of 4 ms, 600,000 operations");
}

/// At each of its steps: the waiter is woken by nobody, as nobody else writes.
#[test]
fn a_waiter_sees_the_change_of_a_writer_that_died_before_it_told_anybody() {
    for point in 0.. {
        let file = TemporaryPath::new();
        put(&file.store(), "x", b"1");
        let ready = shared();
        let waiter = fork(|| {
            let store = file.store();
            let mut wanted = [Wanted::key(b"x".as_slice())];
            store.watch(&mut wanted, Since::Seen).unwrap();
            ready.store(1, Ordering::SeqCst);
            while !store.retry(|store| store.has_changed(&mut wanted, Duration::from_millis(20))).unwrap() {}
        });
        until("it waits", || ready.load(Ordering::SeqCst) != 0);
        let status = in_child(|| {
            let store = file.store();
            put(&store, "y", b"1");
            torture::crash_after(point);
            put(&store, "x", b"2");
            torture::crash_after(u64::MAX);
        });
        if get(&file.store(), "x") == Some(b"1".to_vec()) {
            put(&file.store(), "x", b"3");
        }
        assert!(waiter.wait().success(), "killed at {point}");
        if status.success() {
            assert!(point > 10, "{point} steps");
            return;
        }
    }
}
