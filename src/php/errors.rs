//! `SyncException`, `SyncTimeoutException`, `SyncLockTimeoutException`, and how a failure of the store becomes one.

use std::ffi::CString;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use ext_php_rs::ffi::{self, zend_class_entry};

use super::handle::{self, BackendError, Error, Remedy};
use super::signatures;
use super::zend::{self, Str, Thrown};

static SYNC_EXCEPTION: AtomicPtr<zend_class_entry> = AtomicPtr::new(ptr::null_mut());

static TIMEOUT_EXCEPTION: AtomicPtr<zend_class_entry> = AtomicPtr::new(ptr::null_mut());

static LOCK_TIMEOUT_EXCEPTION: AtomicPtr<zend_class_entry> = AtomicPtr::new(ptr::null_mut());

/// Registers the three classes. Called once, at module startup.
pub fn register() -> ext_php_rs::error::Result<()> {
    let sync_exception = signatures::register_sync_exception()?;
    SYNC_EXCEPTION.store(sync_exception.as_ptr(), Ordering::Relaxed);
    let timeout = signatures::register_sync_timeout_exception(sync_exception)?;
    TIMEOUT_EXCEPTION.store(timeout.as_ptr(), Ordering::Relaxed);
    let lock_timeout = signatures::register_sync_lock_timeout_exception(timeout)?;
    LOCK_TIMEOUT_EXCEPTION.store(lock_timeout.as_ptr(), Ordering::Relaxed);
    Ok(())
}

fn throw(class: *mut zend_class_entry, message: &str) -> Thrown {
    // A NUL would cut the message short: it cannot be in a path, and is dropped elsewhere.
    let message = CString::new(message.replace('\0', "")).unwrap_or_default();
    // SAFETY: the engine copies the message.
    unsafe { ffi::zend_throw_exception(class, message.as_ptr(), 0) };
    Thrown
}

/// Throws a `SyncException`.
#[cold]
pub fn throw_sync(message: &str) -> Thrown {
    throw(SYNC_EXCEPTION.load(Ordering::Relaxed), message)
}

/// Throws a `SyncTimeoutException`.
#[cold]
pub fn throw_timeout(message: &str) -> Thrown {
    throw(TIMEOUT_EXCEPTION.load(Ordering::Relaxed), message)
}

/// Throws an `Error`, for what is a mistake in the program.
#[cold]
pub fn throw_error(message: &str) -> Thrown {
    // SAFETY: the class is registered by the core and lives as long as the process.
    throw(unsafe { ffi::zend_ce_error }, message)
}

/// Raises an E_WARNING, which a program's error handler may turn into an exception. Runs user code, or may not return.
#[cold]
pub fn warn(message: &str) -> Result<(), Thrown> {
    warn_of(message.to_owned())
}

/// As [`warn`], with words that were put together: nothing of them stays on Rust's heap meanwhile.
#[cold]
pub fn warn_of(message: String) -> Result<(), Thrown> {
    let words = Str::new(message.replace('\0', "").as_bytes());
    drop(message);
    // SAFETY: the format takes one string, which ends with a NUL byte as all of the engine's do, and is copied.
    unsafe { ffi::zend_error(ffi::E_WARNING as i32, c"%s".as_ptr(), words.bytes().as_ptr()) };
    zend::check()
}

/// Throws what a failure of the store means to a PHP program.
#[cold]
pub fn throw_store(error: &Error) -> Thrown {
    match error.remedy() {
        Remedy::Wait(held) if held.same_thread && held.change => throw_sync(&format!(
            "Can't access shared object: an operator, an update or a transaction of this same process is at work on '{}', in a fiber that is suspended or in the code that called this, so that waiting would never end. Let it finish first.",
            String::from_utf8_lossy(error.address())
        )),
        Remedy::Wait(held) if held.same_thread && held.patience.timeout.is_none() => throw_sync(&format!(
            "Can't access shared object: another Sync object of this same process holds the lock on '{}', so that waiting would never end. Call its unlock() first.",
            String::from_utf8_lossy(error.address())
        )),
        Remedy::Wait(_) => throw(LOCK_TIMEOUT_EXCEPTION.load(Ordering::Relaxed), &error.to_string()),
        _ => match handle::refused_file_system(error) {
            Some(name) => throw_sync(&format!(
                "{error} Choose a file on one of those that the setting sync.file_systems lists, such as /dev/shm; or, where \
                 nobody uses it from another machine, add {name} to that setting.",
            )),
            None => throw_sync(&error.to_string()),
        },
    }
}

/// Throws the Error that a stdClass gives for a name that starts with a NUL byte.
#[cold]
pub fn throw_bad_name() -> Thrown {
    throw_error("Cannot access property starting with \"\\0\"")
}

/// Runs the body of a handler so that no panic leaves it: a panic is a defect of this library,
/// and reaches the program as an Error. Nothing is caught on the way of a bailout.
pub fn contain<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(panic) => {
            let what = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("unknown");
            if zend::exception().is_null() {
                throw_error(&format!("Internal error in the sync extension: {what}"));
            }
            otherwise
        }
    }
}
