//! What a PHP program expects to go on while it waits: signal handlers run, and its time limit
//! ends it.

use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ext_php_rs::ffi;

use super::object::SyncObject;
use super::zend::{self, Thrown};

/// Between two sleeps: runs signal handlers that are due (`pcntl_async_signals`), and ends the
/// script when it has waited longer than `max_execution_time`, which PHP itself counts in CPU time
/// that a sleeper does not use. May run user code; may not return.
pub fn look_up(this: &SyncObject, waited: Duration) -> Result<(), Thrown> {
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
        }
        zend::check()?;
        let limit = (*executor).timeout_seconds;
        if limit > 0 && waited >= Duration::from_secs(limit as u64) {
            ffi::zend_timeout();
        }
    }
    zend::check()
}
