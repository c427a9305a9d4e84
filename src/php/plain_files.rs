//! `unlink()` and `rename()` of this process, noticed by the very next statement.
//!
//! PHP's functions for files go through a table of operations, which is replaced by a copy whose
//! two entries tell the store after they are done. Files deleted by anybody else are noticed within
//! a clock tick.

use std::os::raw::{c_char, c_int};
use std::sync::OnceLock;

use ext_php_rs::ffi::{self, php_stream_context, php_stream_wrapper, php_stream_wrapper_ops};

use super::handle::Handle;

struct Operations {
    original: &'static php_stream_wrapper_ops,
    watched: php_stream_wrapper_ops,
}
// SAFETY: tables of functions, written once.
unsafe impl Send for Operations {}
// SAFETY: tables of functions, written once.
unsafe impl Sync for Operations {}

static OPERATIONS: OnceLock<Operations> = OnceLock::new();

/// Puts the table in place. Called at module startup; where a process starts PHP again, the table
/// stands already.
pub fn watch() {
    OPERATIONS.get_or_init(|| {
        // SAFETY: startup is single-threaded; the table lives as long as PHP, and ours, which is
        // never unloaded (`-z nodelete`), as long as the process.
        unsafe {
            let original = &*ffi::php_plain_files_wrapper.wops;
            let mut watched = std::ptr::read(original);
            watched.unlink = original.unlink.and(Some(unlink as _));
            watched.rename = original.rename.and(Some(rename as _));
            Operations { original, watched }
        }
    });
    let operations = OPERATIONS.get().expect("initialised above");
    // SAFETY: startup is single-threaded; the table is a static, which lives as long as the process.
    unsafe { ffi::php_plain_files_wrapper.wops = &raw const operations.watched };
}

/// As the wrapper of plain files does it, after which the store is told to look.
///
/// # Safety
/// Only the engine calls it, with strings that live until it returns.
unsafe extern "C" fn unlink(
    wrapper: *mut php_stream_wrapper,
    url: *const c_char,
    options: c_int,
    context: *mut php_stream_context,
) -> c_int {
    // SAFETY: passes on what the engine passes, to the function that it meant.
    unsafe {
        let done = OPERATIONS.get().and_then(|o| o.original.unlink).map_or(0, |f| f(wrapper, url, options, context));
        Handle::paths_have_changed();
        done
    }
}

/// As the wrapper of plain files does it, after which the store is told to look.
///
/// # Safety
/// Only the engine calls it, with strings that live until it returns.
unsafe extern "C" fn rename(
    wrapper: *mut php_stream_wrapper,
    from: *const c_char,
    to: *const c_char,
    options: c_int,
    context: *mut php_stream_context,
) -> c_int {
    // SAFETY: passes on what the engine passes, to the function that it meant.
    unsafe {
        let done =
            OPERATIONS.get().and_then(|o| o.original.rename).map_or(0, |f| f(wrapper, from, to, options, context));
        Handle::paths_have_changed();
        done
    }
}
