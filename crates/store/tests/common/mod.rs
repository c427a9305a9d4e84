//! Processes that tests start.

use std::sync::atomic::AtomicU64;

/// Starts a process that ends after `action`, at a crash point, or when it is killed.
pub fn fork(action: impl FnOnce()) -> libc::pid_t {
    // SAFETY: the child needs no lock that another thread may have held, and leaves by `_exit`.
    unsafe {
        let pid = libc::fork();
        assert!(pid >= 0);
        if pid == 0 {
            libc::alarm(60);
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(action));
            libc::_exit(i32::from(result.is_err()));
        }
        pid
    }
}

/// Waits for a process; returns its status.
pub fn wait(pid: libc::pid_t) -> i32 {
    let mut status = 0;
    // SAFETY: a child of this process.
    assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
    status
}

/// A number that children share with their parent.
pub fn shared() -> &'static AtomicU64 {
    // SAFETY: anonymous memory, zeroed, never unmapped.
    unsafe {
        let memory = libc::mmap(
            std::ptr::null_mut(),
            4096,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        assert!(memory != libc::MAP_FAILED);
        &*memory.cast::<AtomicU64>()
    }
}
