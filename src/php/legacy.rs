//! Files that the pure-PHP class wrote: read as they are, and turned into a store by the first
//! write.
//!
//! Version 1.5 serialized a stdClass, 2.x a `Fuz\Component\SharedMemory\Entity\StoredEntity`; both
//! have a property `data` with the shared object, and others that tell of its lock. A lock in such
//! a file means nothing: it does not say whether its owner is alive.

use std::ptr;
use std::time::{Duration, Instant};

use ext_php_rs::ffi::{self, IS_ARRAY, IS_OBJECT, zend_array, zval};

use super::entries::with_entries;
use super::errors;
use super::globals::GLOBALS;
use super::handle::{self, Backend, BackendError, Handle, Remedy};
use super::object::SyncObject;
use super::retry::{Stop, retry, retry_into};
use super::value::{AllowedClasses, ZendVec, importing};
use super::wait::Rounds;
use super::zend::{self, Key, Str, Thrown};

/// Calls `each` with the names and values of a legacy file, in order; `false` if the file is no
/// longer one: start over.
pub fn each(this: &SyncObject, each: &mut dyn FnMut(Str, *mut zval) -> Result<(), Thrown>) -> Result<bool, Thrown> {
    let mut file = GLOBALS.get().buffers.take();
    if !content(this, &mut file)? {
        return Ok(false);
    }
    let data = unserialize(this, &file)?;
    // SAFETY: `data` keeps the array while it is walked; values are those of its slots.
    unsafe {
        for (key, value) in zend::Elements::of(properties(&raw const data)) {
            each(key.text(), zend::deref(value))?;
        }
    }
    Ok(true)
}

/// Turns the file into a store with the same content, at once and for good.
pub fn import(this: &SyncObject) -> Result<(), Thrown> {
    let mut file = GLOBALS.get().buffers.take();
    if !content(this, &mut file)? {
        return Ok(());
    }
    let data = unserialize(this, &file)?;
    // SAFETY: `data` keeps the array while it is walked.
    unsafe {
        with_entries(this, properties(&raw const data), |entries| {
            match retry(this, |store| store.import(&file, entries)) {
                // Done, or another process was faster: the operation starts over in any case.
                Ok(_) | Err(Stop::Legacy) => Ok(()),
                Err(Stop::Thrown) => Err(Thrown),
            }
        })
    }
}

/// Copies the file into `file`; false if it is no longer one of these.
fn content(this: &SyncObject, file: &mut ZendVec<u8>) -> Result<bool, Thrown> {
    match retry_into(this, file, |store, file| store.copy_legacy(file)) {
        Ok(copied) => Ok(copied),
        Err(Stop::Legacy) => Ok(false),
        Err(Stop::Thrown) => Err(Thrown),
    }
}

/// The shared object in the file: an object or an array.
fn unserialize(this: &SyncObject, bytes: &[u8]) -> Result<zval, Thrown> {
    let damaged = |why: &str| -> Thrown {
        let file = this.instance().map(|instance| String::from_utf8_lossy(&instance.file).into_owned());
        errors::throw_sync(&format!(
            "File '{}' is not a Sync store: it looks like one of the pure-PHP class, but {why}. It was left untouched; move it away or choose another file.",
            file.unwrap_or_default()
        ))
    };
    let mut whole = zend::empty();
    let policy = this.policy()?;
    // SAFETY: the bytes outlive the call; the engine's table of what was met is given back.
    let complete = importing::under(policy, || unsafe {
        let mut table = ffi::php_var_unserialize_init();
        let mut classes = class_table(&policy.allowed_classes);
        if let Some(classes) = &mut classes {
            ffi::php_var_unserialize_set_allowed_classes(table, classes.value.arr);
        }
        let mut at = bytes.as_ptr();
        let done = ffi::php_var_unserialize(&raw mut whole, &raw mut at, bytes.as_ptr_range().end, &raw mut table);
        ffi::php_var_unserialize_destroy(table);
        done != 0
    });
    zend::check()?;
    if !complete {
        return Err(damaged("it is damaged"));
    }
    // SAFETY: `whole` is a value of this frame.
    unsafe {
        let found = property(&raw const whole, b"data");
        if found.is_null() || zend::kind(found) != IS_OBJECT {
            return Err(damaged("it has no object with the data"));
        }
        // Any other serialized object is not to be turned into a store.
        if [b"timeout".as_slice(), b"interval"].iter().any(|name| property(&raw const whole, name).is_null()) {
            return Err(damaged("it tells nothing of a lock"));
        }
        let mut data = zend::empty();
        zend::copy(&raw mut data, found);
        Ok(data)
    }
}

/// The classes that values may contain, as `unserialize` wants to know it: `None` for any. The
/// stdClass that the data itself is in is always allowed.
fn class_table(allowed: &AllowedClasses) -> Option<zval> {
    let AllowedClasses::Only(names) = allowed else { return None };
    let mut table = zend::empty();
    // SAFETY: a new array, which has no other owner; its keys get owners of their own.
    unsafe {
        zend::set_array(&raw mut table, ffi::_zend_new_array(names.len() as u32 + 1));
        for name in names.iter().map(Vec::as_slice).chain([b"stdclass".as_slice()]) {
            ffi::zend_hash_add_empty_element(table.value.arr, Str::new(name).as_ptr());
        }
    }
    Some(table)
}

/// The properties of an object, or the entries of an array.
///
/// # Safety
/// `data` is a live value, which keeps the result.
unsafe fn properties(data: *const zval) -> *mut zend_array {
    // SAFETY: callers pass a valid value.
    unsafe {
        match zend::kind(data) {
            IS_ARRAY => (*data).value.arr,
            IS_OBJECT => ffi::zend_std_get_properties((*data).value.obj),
            _ => &raw const ffi::zend_empty_array as *mut zend_array,
        }
    }
}

/// A property by its name, whatever its visibility; null if there is none.
///
/// # Safety
/// `object` is a live value, which keeps the result.
unsafe fn property(object: *const zval, name: &[u8]) -> *mut zval {
    // SAFETY: callers pass a valid value.
    unsafe {
        for (key, value) in zend::Elements::of(properties(object)) {
            // Private and protected names are stored as "\0class\0name".
            if let Key::String(key) = key
                && key.bytes().rsplit(|&b| b == 0).next() == Some(name)
            {
                return zend::deref(value);
            }
        }
        ptr::null_mut()
    }
}

/// Runs an operation of the store, and again while another process holds the lock, until it is done
/// or the waiting is over. A file of the pure-PHP class is turned into a store first.
pub fn retry_importing<T>(
    this: &SyncObject,
    mut operation: impl FnMut(&Handle) -> handle::Result<T>,
) -> Result<T, Thrown> {
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        match retry(this, &mut operation) {
            Ok(done) => return Ok(done),
            Err(Stop::Thrown) => return Err(Thrown),
            Err(Stop::Legacy) => import(this)?,
        }
    }
}

/// As [`retry_importing`], but waits no longer than this; then `None`.
pub fn retry_importing_for<T>(
    this: &SyncObject,
    patience: Duration,
    mut operation: impl FnMut(&Handle) -> handle::Result<T>,
) -> Result<Option<T>, Thrown> {
    let start = Instant::now();
    retry_importing(this, |store| match operation(store) {
        Err(error) if matches!(error.remedy(), Remedy::Wait(_) | Remedy::Retry) && start.elapsed() >= patience => {
            Ok(None)
        }
        outcome => outcome.map(Some),
    })
}
