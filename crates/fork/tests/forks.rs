//! The things that a forked child has, and those that it does not have.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use sync_fork::{OfProcess, Tracked, count_forks_in, fork_generation};

/// Forks; the child ends with 0 if the action says so.
fn forked(fork: impl FnOnce() -> libc::pid_t, action: impl FnOnce() -> bool) -> libc::pid_t {
    let pid = fork();
    assert!(pid >= 0, "{}", std::io::Error::last_os_error());
    if pid == 0 {
        let is_so = std::panic::catch_unwind(std::panic::AssertUnwindSafe(action)).unwrap_or(false);
        // SAFETY: it ends the process.
        unsafe { libc::_exit(if is_so { 0 } else { 1 }) };
    }
    pid
}

/// As programs do.
fn by_the_library() -> libc::pid_t {
    // SAFETY: the child uses descriptors and memory (glibc's allocator survives a fork), and leaves by `_exit`.
    unsafe { libc::fork() }
}

/// Without the C library, which runs no handlers then. (Another thread may have had the allocator's lock: the child allocates nothing.)
fn by_the_kernel() -> libc::pid_t {
    // SAFETY: as above; all other arguments of a `clone` that shares nothing are zeros.
    unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) as libc::pid_t }
}

fn ends_well(pid: libc::pid_t) -> bool {
    let mut status = 0;
    // SAFETY: a child of ours, and room for its status.
    assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
    status == 0
}

/// The other ends of what is left open tell: each reads the end once nobody has its own any more.
#[test]
fn a_connection_ends_with_the_process_that_has_it_although_its_child_lives() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let (mut until, lives) = UnixStream::pair().unwrap();
    let ours = Tracked::new(ours);
    // The child does nothing at all, until it is told to end.
    let child = forked(by_the_library, || {
        // SAFETY: this end is the parent's, whose copy of it stays open.
        unsafe { libc::close(until.as_raw_fd()) };
        (&lives).read(&mut [0]).is_ok_and(|count| count == 1)
    });
    // Its close has ended nothing.
    ours.get().unwrap().write_all(b"!").unwrap();
    theirs.read_exact(&mut [0]).unwrap();
    theirs.write_all(b"!").unwrap();
    ours.get().unwrap().read_exact(&mut [0]).unwrap();
    drop(ours);
    assert_eq!(theirs.read(&mut [0]).unwrap(), 0, "the child has kept it open");
    until.write_all(b"!").unwrap();
    assert!(ends_well(child));
}

#[test]
fn a_child_does_not_close_what_has_got_the_number_of_its_parents_descriptor() {
    let mut tracked = Tracked::new(File::open("/dev/null").unwrap());
    let number = tracked.get().unwrap().as_raw_fd();
    let child = forked(by_the_library, || {
        let is_gone = tracked.get().is_none() && !tracked.is_own();
        // The lowest number that is free is the next one.
        let mut files = Vec::new();
        while !files.iter().any(|file: &File| file.as_raw_fd() == number) {
            files.push(File::open("/proc/self/stat").unwrap());
        }
        tracked.close();
        is_gone && files.iter().all(|file| file.metadata().is_ok())
    });
    assert!(ends_well(child));
    assert!(tracked.get().unwrap().metadata().is_ok());
}

#[test]
fn each_child_has_another_number_and_nothing_of_its_parents() {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    // Twice, and counted once.
    count_forks_in(&COUNTER);
    count_forks_in(&COUNTER);
    let (value, generation) = (OfProcess::<u64>::default(), fork_generation());
    *value.borrow_mut() = 1;
    for fork in [by_the_library, by_the_kernel] {
        let child = forked(fork, || {
            let its = fork_generation();
            let was_empty = value.replace(2) == 0;
            let grandchild = forked(fork, || {
                ![generation, its].contains(&fork_generation())
                    && value.take() == 0
                    && COUNTER.load(Ordering::Relaxed) == 2
            });
            let is_counted = COUNTER.load(Ordering::Relaxed) == 1;
            its != generation && was_empty && is_counted && ends_well(grandchild) && *value.borrow() == 2
        });
        assert!(ends_well(child));
    }
    assert_eq!((fork_generation(), *value.borrow()), (generation, 1));
    assert_eq!(COUNTER.load(Ordering::Relaxed), 0);
}

/// Its first question closes them.
#[test]
fn a_child_that_ran_no_handlers_has_no_descriptor_either() {
    let tracked = Tracked::new(File::open("/dev/null").unwrap());
    let number = tracked.get().unwrap().as_raw_fd();
    let child = forked(by_the_kernel, || {
        let is_gone = tracked.get().is_none();
        // SAFETY: it asks, whether or not there is such a descriptor.
        is_gone && unsafe { libc::fcntl(number, libc::F_GETFD) } == -1
    });
    assert!(ends_well(child));
}
