//! Changes of this process's signal handlers, noticed by the very next statement.
//!
//! The store has to have SIGBUS for itself, or a file that is cut short kills PHP
//! (`sync_store`'s `sigbus`). It looks whether that is still so now and then. A program that takes the signal
//! away by PHP's own functions is noticed at once ([`super::announced`]); and so are handlers of PHP's that are about to run, since
//! `pcntl` blocks every signal meanwhile.

use std::sync::atomic::{AtomicPtr, Ordering};
use std::{mem, ptr};

use ext_php_rs::ffi::{self, zend_execute_data};

use super::handle::Handle;

type Interrupt = unsafe extern "C" fn(*mut zend_execute_data);

unsafe extern "C" {
    /// Called when all modules have started, and before there is compiled code. Not among what ext-php-rs binds.
    static mut zend_post_startup_cb: Option<unsafe extern "C" fn() -> i32>;
}

// ---- handlers that are about to run ----------------------------------------------------------------

static POST_STARTUP: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
static INTERRUPT: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Puts everything in place that can be, at module startup; `late` where that is not PHP's startup (`dl()`).
pub fn watch(late: bool) {
    if late {
        return watch_interrupts();
    }
    // SAFETY: startup is single-threaded.
    unsafe {
        let before = ptr::replace(&raw mut zend_post_startup_cb, Some(post_startup));
        POST_STARTUP.store(before.map_or(ptr::null_mut(), |f| f as *mut ()), Ordering::Relaxed);
    }
}

/// Wraps the functions of signals, when all extensions are there.
///
/// # Safety
/// Only the engine calls it, once at that time.
unsafe extern "C" fn post_startup() -> i32 {
    watch_interrupts();
    // SAFETY: null, or the function that was there before.
    match unsafe {
        mem::transmute::<*mut (), Option<unsafe extern "C" fn() -> i32>>(POST_STARTUP.load(Ordering::Relaxed))
    } {
        // SAFETY: called as the engine would.
        Some(before) => unsafe { before() },
        None => 0,
    }
}

fn watch_interrupts() {
    // SAFETY: startup is single-threaded, and so is what runs until a program has loaded an extension by `dl()`.
    unsafe {
        let slot = &raw mut ffi::zend_interrupt_function;
        if !(*slot).is_some_and(|known| ptr::fn_addr_eq(known, interrupt as Interrupt)) {
            let before = ptr::replace(slot, Some(interrupt));
            INTERRUPT.store(before.map_or(ptr::null_mut(), |f| f as *mut ()), Ordering::Relaxed);
        }
    }
}

/// Runs before signal handlers do.
///
/// # Safety
/// Only the engine calls it, with the running frame.
unsafe extern "C" fn interrupt(frame: *mut zend_execute_data) {
    Handle::signals_have_changed();
    // SAFETY: null, or the function that was there before; called as the engine would.
    unsafe {
        if let Some(before) = mem::transmute::<*mut (), Option<Interrupt>>(INTERRUPT.load(Ordering::Relaxed)) {
            before(frame);
        }
    }
}
