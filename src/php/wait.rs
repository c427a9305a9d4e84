//! While a PHP program waits, its signal handlers run, and its time limit ends it.

use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ext_php_rs::ffi;

use super::object::SyncObject;
use super::zend::{self, Thrown};

/// Between two sleeps: runs signal handlers that are due (`pcntl_async_signals`), and ends the
/// script when it has waited longer than `max_execution_time`, which PHP itself counts in CPU time
/// that a sleeper does not use. May run user code; may not return.
pub fn poll(this: &SyncObject, waited: Duration) -> Result<(), Thrown> {
    let executor = zend::executor();
    // SAFETY: the globals are this thread's own; the flag in them is set by signal handlers and
    // timers, and is only ever accessed atomically. No Rust value that owns anything but memory of
    // the request lives in the frames that `zend_timeout` jumps over.
    unsafe {
        let interrupted = AtomicBool::from_ptr(&raw mut (*executor).vm_interrupt.value);
        let timed_out = AtomicBool::from_ptr(&raw mut (*executor).timed_out.value);
        if interrupted.swap(false, Ordering::SeqCst) {
            if timed_out.load(Ordering::SeqCst) {
                ffi::zend_timeout();
            } else if let Some(interrupt) = *ptr::addr_of!(ffi::zend_interrupt_function) {
                let _alive = this.hold();
                interrupt((*executor).current_execute_data);
            }
            if !zend::has_memory(0) {
                // The engine wanted to stop for this, at the next instruction.
                interrupted.store(true, Ordering::SeqCst);
            }
        }
        zend::check()?;
        let limit = (*executor).timeout_seconds;
        if limit > 0 && waited >= Duration::from_secs(limit as u64) {
            ffi::zend_timeout();
        }
    }
    zend::check()
}

/// How long a thread that has waited so long may sleep: it is to be awake when the script's time is over.
pub fn until_limit(waited: Duration) -> Duration {
    // SAFETY: the globals are this thread's own.
    let limit = unsafe { (*zend::executor()).timeout_seconds };
    match u64::try_from(limit) {
        Ok(limit @ 1..) => Duration::from_secs(limit).saturating_sub(waited).max(PAUSE),
        _ => Duration::MAX,
    }
}

/// How often something starts over at once.
const AT_ONCE: u32 = 8;
/// How long it pauses between two rounds from then on.
const PAUSE: Duration = Duration::from_millis(1);

/// The rounds of work that starts over because other processes have changed something meanwhile. However long that goes
/// on, the program's signal handlers run and its time limit counts.
pub struct Rounds {
    begun: u32,
    since: Option<Instant>,
}

impl Rounds {
    /// None has begun.
    pub const fn new() -> Self {
        Self { begun: 0, since: None }
    }

    /// Begins one. May run user code, and may not return, from the second one on.
    #[inline]
    pub fn begin(&mut self, this: &SyncObject) -> Result<(), Thrown> {
        self.begun += 1;
        if self.begun == 1 { Ok(()) } else { self.begin_again(this) }
    }

    #[cold]
    fn begin_again(&mut self, this: &SyncObject) -> Result<(), Thrown> {
        if self.are_many() {
            std::thread::sleep(PAUSE);
        }
        poll(this, self.since.get_or_insert_with(Instant::now).elapsed())
    }

    /// Whether so many have begun that the short way will not do.
    pub fn are_many(&self) -> bool {
        self.begun > AT_ONCE
    }
}
