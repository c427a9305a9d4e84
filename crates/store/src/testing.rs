//! Help for tests: of this crate, and of those that are built upon it. Behind the feature `testing`, which no build for
//! users has.

pub use super::machine::draw_identities_from;

use super::options::Options;
use super::store::Store;
use std::fs::OpenOptions;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// A path of its own on tmpfs, removed afterwards.
pub struct TemporaryPath(pub PathBuf);

impl Default for TemporaryPath {
    fn default() -> Self {
        Self::new()
    }
}

impl TemporaryPath {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = PathBuf::from(format!("/dev/shm/sync-test-{}-{n}.sync", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Self(path)
    }

    /// A store at this path.
    pub fn store(&self) -> Store {
        Store::new(self.0.clone(), Options { file_mode: 0o644, ..Options::default() })
    }

    /// Cuts the file short.
    pub fn cut(&self, length: u64) {
        OpenOptions::new().write(true).open(&self.0).unwrap().set_len(length).unwrap();
    }
}

impl Drop for TemporaryPath {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Starts a process that ends after `action`, at a crash point, or when it is killed.
pub fn fork(action: impl FnOnce()) -> libc::pid_t {
    // SAFETY: the child needs no lock that another thread may have held, and leaves by `_exit`.
    unsafe {
        let pid = libc::fork();
        assert!(pid >= 0);
        if pid == 0 {
            // Ends a child that hangs.
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
