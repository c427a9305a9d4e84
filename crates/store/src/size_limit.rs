//! The limit on the size of files (`ulimit -f`, systemd's `LimitFSIZE=`): a system call that would go
//! beyond it fails, and the kernel sends SIGXFSZ with it, which ends a process that does not handle it.

use rustix::process::{Resource, getrlimit};
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// Runs a system call that may make a file longer. Where that is beyond the limit it fails with EFBIG, and nothing
/// else happens: the signal is this thread's, and is taken away before anybody gets it.
pub fn without_signal<T>(action: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    if !is_limited() {
        return action();
    }
    // SAFETY: valid sets of signals, and places for answers; changes this thread's mask alone, and back.
    unsafe {
        let mut signal = MaybeUninit::<libc::sigset_t>::zeroed().assume_init();
        libc::sigemptyset(&mut signal);
        libc::sigaddset(&mut signal, libc::SIGXFSZ);
        let mut pending = MaybeUninit::<libc::sigset_t>::zeroed().assume_init();
        libc::sigpending(&mut pending);
        let mut mask = MaybeUninit::<libc::sigset_t>::zeroed();
        libc::pthread_sigmask(libc::SIG_BLOCK, &signal, mask.as_mut_ptr());
        let result = action();
        // One that has waited before is somebody else's; there is never more than one.
        let is_ours = libc::sigismember(&pending, libc::SIGXFSZ) == 0;
        if let Err(error) = &result
            && error.raw_os_error() == Some(libc::EFBIG)
            && is_ours
        {
            let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            libc::sigtimedwait(&signal, ptr::null_mut(), &at_once);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, mask.as_ptr(), ptr::null_mut());
        result
    }
}

fn is_limited() -> bool {
    getrlimit(Resource::Fsize).current.is_some()
}
