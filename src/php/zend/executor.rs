//! The executor's globals of this thread: the pending exception, and the fiber that runs.

use std::ffi::c_void;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::types::zend_object;

/// An exception is pending in the engine. The receiver returns to the engine without delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thrown;

/// The executor's globals of this thread.
#[inline]
pub fn executor() -> *mut ffi::zend_executor_globals {
    #[cfg(not(php_zts))]
    {
        &raw mut ffi::executor_globals
    }
    #[cfg(php_zts)]
    {
        // SAFETY: this code runs only on threads that the engine has started, and it gives each its globals first.
        unsafe { ffi::ext_php_rs_executor_globals() }
    }
}

/// The object of the pending exception, or null.
#[inline]
pub fn exception() -> *mut zend_object {
    // SAFETY: the globals belong to this thread, and no reference to them is ever made.
    unsafe { (*executor()).exception }
}

/// True if an exception is pending.
#[inline]
pub fn exception_pending() -> bool {
    !exception().is_null()
}

/// `Err(Thrown)` if an exception is pending.
#[inline]
pub fn check() -> Result<(), Thrown> {
    if exception_pending() { Err(Thrown) } else { Ok(()) }
}

/// Whether the request is shutting down: its main script has ended.
pub fn is_in_shutdown() -> bool {
    /// `EG_FLAGS_IN_SHUTDOWN`.
    const IN_SHUTDOWN: u8 = 1;
    // SAFETY: the globals belong to this thread, and no reference to them is ever made.
    unsafe { (*executor()).flags & IN_SHUTDOWN != 0 }
}

/// The zval that stands for "no value" (null). Never to be written to.
pub fn uninitialized() -> *mut Zval {
    // SAFETY: only the address of a field is taken, of globals that live as long as the thread.
    unsafe { &raw mut (*executor()).uninitialized_zval }
}

/// The zval that stands for "an exception was thrown". Never to be written to.
pub fn error_zval() -> *mut Zval {
    // SAFETY: only the address of a field is taken, of globals that live as long as the thread.
    unsafe { &raw mut (*executor()).error_zval }
}

/// The address of the running fiber, or of the main program, which is one, too: no other fiber has it while this one
/// lives.
#[inline]
pub fn fiber() -> usize {
    fiber_context().addr()
}

fn fiber_context() -> *mut FiberContext {
    // SAFETY: the globals belong to this thread, and no reference to them is ever made.
    unsafe { (*executor()).current_fiber_context.cast() }
}

/// The start of the engine's structure of a fiber, which `ext-php-rs` leaves opaque.
#[repr(C)]
struct FiberContext {
    handle: *mut c_void,
    kind: *mut c_void,
    function: *mut c_void,
    cleanup: *mut c_void,
    /// Null in the main program.
    stack: *const FiberStack,
}

#[repr(C)]
struct FiberStack {
    pointer: *mut c_void,
    size: usize,
}

/// The stack of the running fiber, from its lowest to its highest address; `None` in the main program.
pub fn fiber_stack() -> Option<(usize, usize)> {
    // SAFETY: a context and its stack begin with these fields in all releases that have fibers, and the engine keeps
    // them for as long as the fiber runs.
    unsafe {
        let stack = fiber_context().as_ref()?.stack.as_ref()?;
        let low = stack.pointer.addr();
        Some((low, low.checked_add(stack.size)?))
    }
}
