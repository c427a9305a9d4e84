//! How much memory there is: where a value takes more than `memory_limit` leaves, it is an exception that
//! says so, rather than the end of the program.
//!
//! The engine's allocator either ends the request by `longjmp` when the limit is exceeded; or, as later
//! releases do, goes on up to twice the limit, ends the request at the next instruction, and the process
//! where even that is not enough.

use std::os::raw::c_void;

use ext_php_rs::ffi;

unsafe extern "C" {
    fn zend_memory_usage(real: bool) -> usize;
    fn zend_mm_get_heap() -> *mut c_void;
    fn zend_mm_gc(heap: *mut c_void) -> usize;
}

/// The allocator asks the system for chunks of this size, out of which smaller blocks come; from this size
/// on, less a page, for a block of its own.
const CHUNK: usize = 2 << 20;
const HUGE: usize = CHUNK - 4096;

/// How much memory the program may still ask the system for.
pub fn memory_left() -> usize {
    memory_limit().map_or(usize::MAX, |limit| limit.saturating_sub(used(true)))
}

/// How much the program has asked the system for, and how much it may; `None`: there is no limit.
pub fn memory_and_limit() -> Option<(usize, usize)> {
    memory_limit().map(|limit| (used(true), limit))
}

/// Gives memory back to the system that was asked for and is free, as the allocator does before it reports that the limit is reached.
#[cold]
pub fn give_back_memory() {
    // SAFETY: the allocator's own heap of this thread.
    unsafe { zend_mm_gc(zend_mm_get_heap()) };
}

/// Whether a block of this size can be had without exceeding the limit, as far as one can tell.
pub fn has_memory(size: usize) -> bool {
    let Some(limit) = memory_limit() else { return true };
    let asked_for = used(true);
    let may_ask_for = |more| asked_for.checked_add(more).is_some_and(|total| total <= limit);
    if size >= HUGE {
        return may_ask_for(size);
    }
    // Out of another chunk, or of one that is there: what is free in those is in pieces.
    let free = asked_for.saturating_sub(used(false));
    may_ask_for(CHUNK) || size < CHUNK / 8 && free >= size && may_ask_for(0)
}

/// The setting; `None`: there is no limit.
fn memory_limit() -> Option<usize> {
    // Below zero there is none.
    // SAFETY: the engine keeps the setting in the globals of this thread.
    usize::try_from(unsafe { (*ffi::ext_php_rs_process_globals()).memory_limit }).ok()
}

/// How much the program uses; `real`: how much it has asked the system for.
fn used(real: bool) -> usize {
    // SAFETY: the function only reads the counters of this thread's allocator.
    unsafe { zend_memory_usage(real) }
}
