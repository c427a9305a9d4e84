//! Other processes, and threads that count as such.

use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitStatus;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// How long something that is about to happen may take on a busy machine, before it counts as never.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that this one has forked. It is killed when this is dropped before it was waited for.
#[must_use]
pub struct Child(libc::pid_t);

impl Child {
    pub fn pid(&self) -> libc::pid_t {
        self.0
    }

    /// Waits for its end, and tells how it came.
    pub fn wait(self) -> ExitStatus {
        let status = reap(self.0);
        std::mem::forget(self);
        status
    }

    /// Kills it, and waits until it is dead.
    pub fn kill(self) {
        drop(self);
    }

    pub fn signal(&self, signal: i32) {
        // SAFETY: a child of this process that was not waited for yet, so that the number is its own.
        assert_eq!(unsafe { libc::kill(self.0, signal) }, 0);
    }

    /// Stops it while it sleeps for a word to change: then it has none of the store's own locks.
    pub fn stop_asleep(&self) {
        until("it is stopped in its sleep", || {
            self.signal(libc::SIGSTOP);
            // SAFETY: as in `signal`; no status is asked for.
            assert_eq!(unsafe { libc::waitpid(self.0, std::ptr::null_mut(), libc::WUNTRACED) }, self.0);
            let call = std::fs::read_to_string(format!("/proc/{}/syscall", self.0)).unwrap();
            let number = call.split(' ').next().unwrap().trim().parse();
            let sleeps = [libc::SYS_futex, libc::SYS_restart_syscall].map(Ok).contains(&number);
            if !sleeps {
                self.signal(libc::SIGCONT);
            }
            sleeps
        });
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // SAFETY: as in `signal`.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
        reap(self.0);
    }
}

fn reap(pid: libc::pid_t) -> ExitStatus {
    let mut status = 0;
    // SAFETY: a place for the status.
    assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
    ExitStatus::from_raw(status)
}

/// Starts a process that ends after `action` (with the status 101 if that panics), at a crash point, or when it is killed.
pub fn fork(action: impl FnOnce()) -> Child {
    // SAFETY: the child needs no lock that another thread may have held: it uses files, memory (glibc's allocator survives
    // a fork) and atomics, and leaves by `_exit`.
    unsafe {
        let pid = libc::fork();
        assert!(pid >= 0, "fork: {}", std::io::Error::last_os_error());
        if pid == 0 {
            // Ends a child that hangs.
            libc::alarm(PATIENCE.as_secs() as u32);
            let result = catch_unwind(AssertUnwindSafe(action));
            libc::_exit(if result.is_ok() { 0 } else { 101 });
        }
        Child(pid)
    }
}

/// Runs `action` in a process of its own, and tells how that ended.
pub fn in_child(action: impl FnOnce()) -> ExitStatus {
    fork(action).wait()
}

/// Memory that children share with their parent, and that outlives them: zeros at first.
///
/// # Safety
/// `T` is made of atomics, for which zeros are values.
pub unsafe fn shared_memory<T>() -> &'static T {
    // SAFETY: anonymous memory, zeroed, never unmapped; the caller has chosen a `T` for which zeros are a value and which
    // processes may share.
    unsafe {
        let memory = libc::mmap(
            std::ptr::null_mut(),
            size_of::<T>(),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        assert!(memory != libc::MAP_FAILED, "{}", std::io::Error::last_os_error());
        &*memory.cast::<T>()
    }
}

/// A number that children share with their parent.
pub fn shared() -> &'static AtomicU64 {
    // SAFETY: an atomic.
    unsafe { shared_memory() }
}

/// Waits for something that is about to be so.
#[track_caller]
pub fn until(event: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "in vain: {event}");
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// From here on this thread has no more rights to files than any user; if root runs this: another one may write to its own.
pub fn become_a_reader() {
    // SAFETY: concerns this thread's access to files only.
    unsafe { libc::syscall(libc::SYS_setfsuid, 65534) };
}

/// Runs `action` in a thread that has become a reader, with handles on files of its own.
pub fn as_a_reader<T: Send>(action: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            become_a_reader();
            action()
        });
        thread.join().unwrap()
    })
}
