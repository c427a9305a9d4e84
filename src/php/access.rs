//! Reading, writing, asking for and removing one name of a shared object; waiting for a lock.
//!
//! Every function here may run user code (encoding and decoding do, and so do signal handlers
//! during a wait): callers hold the object and the name.

use std::time::{Duration, Instant};

use ext_php_rs::ffi::{self, IS_NULL, IS_UNDEF, zend_string, zval};

use super::errors;
use super::object::{SyncObject, check_name};
use super::value::scalar;
use super::value::{self, Sharing, ValueError};
use super::wait::{self, Rounds};
use super::zend::Str;
use super::zend::{self, Thrown};
use super::{GLOBALS, legacy, patch};
use crate::store::{self, ErrorKind, Found, Seen, Store};

/// The newest value of `name` in `into`, which is overwritten; `false` (and null) if there is none.
///
/// # Safety
/// `name` and `into` are valid, and held by the caller.
pub unsafe fn read(this: &SyncObject, name: *mut zend_string, into: *mut zval) -> Result<bool, Thrown> {
    // SAFETY: valid by contract. The cache is looked at between calls that may run user code, and
    // never kept across one.
    unsafe {
        if let Some(entry) = this.cache().look_up(name)
            && let Some(instance) = this.constructed()
            && instance.store.is_current(&entry.seen)
        {
            return Ok(hand_out(&raw const entry.value, into));
        }
        zend::set_null(into);
        check_name(name)?;
        let mut bytes = GLOBALS.get().buffers.take();
        let mut rounds = Rounds::new();
        loop {
            rounds.begin(this)?;
            let before = this.cache().look_up(name).map_or(Seen::default(), |entry| entry.seen);
            let mut seen = before;
            // A long value that is always gone when it is to be copied is found and copied in one operation.
            let long = if rounds.are_many() { u64::MAX } else { scalar::LONG as u64 };
            let found =
                patiently_reading(this, |store| store.get_short(zend::bytes(name), long, &mut seen, &mut bytes));
            match found {
                Ok(Found::Long(length)) => {
                    let Some(sharing) = read_long(this, length, &seen, &mut bytes, into)? else { continue };
                    match sharing {
                        Sharing::Shareable => this.cache().store(name, Some(into), seen, length as usize),
                        Sharing::Fresh => this.cache().forget(name),
                    }
                    return Ok(true);
                }
                Err(Stop::Thrown) => return Err(Thrown),
                Err(Stop::Legacy) => {
                    if let Some(there) = read_legacy(this, name, into)? {
                        return Ok(there);
                    }
                }
                Ok(Found::Missing) => {
                    this.cache().store(name, None, seen, 0);
                    return Ok(false);
                }
                Ok(Found::Unchanged) => {
                    if let Some(entry) = this.cache().look_up(name).filter(|entry| entry.seen == before) {
                        entry.seen = seen;
                        return Ok(hand_out(&raw const entry.value, into));
                    }
                    // User code ran in between, and the cache knows another value, or none.
                    this.cache().forget(name);
                }
                Ok(Found::Appended) => {
                    if let Some(there) = read_appended(this, name, before, seen, &bytes, into)? {
                        return Ok(there);
                    }
                    // What it goes on from is not there: all of it, then.
                    this.cache().forget(name);
                }
                Ok(Found::Value) => {
                    let sharing = decode(this, &bytes, into)?;
                    match sharing {
                        Sharing::Shareable => this.cache().store(name, Some(into), seen, bytes.len()),
                        Sharing::Fresh => this.cache().forget(name),
                    }
                    return Ok(true);
                }
            }
        }
    }
}

/// Lets the cached value follow the patches that have been appended to it since. `None`: the cache
/// knows another value by now.
unsafe fn read_appended(
    this: &SyncObject,
    name: *mut zend_string,
    before: Seen,
    seen: Seen,
    bytes: &[u8],
    into: *mut zval,
) -> Result<Option<bool>, Thrown> {
    // SAFETY: as for `read`. The cache lets go of the value, so that an array is changed in place.
    unsafe {
        let Some(mut value) = this.cache().take(name, before) else { return Ok(None) };
        match patch::apply_all(this, bytes, &raw mut value)? {
            Sharing::Shareable => this.cache().store(name, Some(&raw const value), seen, bytes.len()),
            Sharing::Fresh => this.cache().forget(name),
        }
        zend::copy(into, &raw const value);
        Ok(Some(true))
    }
}

/// Reads a value that is long: a string straight into its place. `bytes` are its first ones. `None`:
/// it is gone already.
#[cold]
unsafe fn read_long(
    this: &SyncObject,
    length: u64,
    seen: &Seen,
    bytes: &mut Vec<u8>,
    into: *mut zval,
) -> Result<Option<Sharing>, Thrown> {
    // SAFETY: valid by contract. The string is `into`'s before anything else can happen; without
    // memory for it the engine does not return, and nothing here needs a drop.
    unsafe {
        if let Some(head) = scalar::long_head(bytes, length) {
            let room = scalar::set_unwritten_string(into, length as usize - head);
            let read = patiently_reading(this, |store| store.read_long(seen, head as u64, room));
            if let Ok(true) = read {
                return Ok(Some(Sharing::Shareable));
            }
            zend::release(into);
            zend::set_null(into);
            return read.map(|_| None).map_err(|_| Thrown);
        }
        bytes.clear();
        bytes.reserve_exact(length as usize);
        let room = &mut bytes.spare_capacity_mut()[..length as usize];
        if !patiently_reading(this, |store| store.read_long(seen, 0, room)).map_err(|_| Thrown)? {
            return Ok(None);
        }
        bytes.set_len(length as usize);
        decode(this, bytes, into).map(Some)
    }
}

/// Reads from a file of the pure-PHP class; `None` if it is no longer one.
#[cold]
unsafe fn read_legacy(this: &SyncObject, name: *mut zend_string, into: *mut zval) -> Result<Option<bool>, Thrown> {
    let mut there = false;
    let answered = legacy::each(this, &mut |other, value| {
        // SAFETY: as for `read`; `into` holds null or a value of this frame.
        unsafe {
            if zend::bytes(other.as_ptr()) == zend::bytes(name) {
                zend::release(into);
                zend::copy(into, value);
                there = true;
            }
        }
        Ok(())
    })?;
    Ok(answered.then_some(there))
}

/// Hands a cached value out; `false` (and null) where the name is known to be missing.
///
/// # Safety
/// Both are valid; `into` is overwritten.
#[inline]
pub unsafe fn hand_out(value: *const zval, into: *mut zval) -> bool {
    // SAFETY: valid by contract.
    unsafe {
        if zend::kind(value) == ffi::IS_UNDEF {
            zend::set_null(into);
            return false;
        }
        zend::copy(into, value);
        true
    }
}

/// Stores `value` under `name`.
///
/// # Safety
/// `name` and `value` are valid, and held by the caller.
pub unsafe fn write(this: &SyncObject, name: *mut zend_string, value: *mut zval) -> Result<(), Thrown> {
    // SAFETY: valid by contract.
    unsafe {
        check_name(name)?;
        let mut bytes = GLOBALS.get().buffers.take();
        if let Some(string) = scalar::encode_long(&*value, &mut bytes) {
            return write_long(this, name, value, &bytes, &*string);
        }
        let sharing = encode(value, &mut bytes)?;
        // What is known of the name spares the store the search for it.
        let mut seen = this.cache().look_up(name).map_or(Seen::default(), |entry| entry.seen);
        patiently(this, |store| store.put(zend::bytes(name), &bytes, &mut seen))?;
        match sharing {
            Sharing::Shareable => this.cache().store(name, Some(value), seen, bytes.len()),
            Sharing::Fresh => this.cache().forget(name),
        }
        Ok(())
    }
}

/// Stores a long string, whose bytes go to the file from where they are. No user code runs but
/// signal handlers, and the caller holds the value.
#[cold]
unsafe fn write_long(
    this: &SyncObject,
    name: *mut zend_string,
    value: *mut zval,
    head: &[u8],
    string: &[u8],
) -> Result<(), Thrown> {
    // SAFETY: as for `write`.
    unsafe {
        let mut seen = this.cache().look_up(name).map_or(Seen::default(), |entry| entry.seen);
        patiently(this, |store| store.put_parts(zend::bytes(name), head, string, &mut seen))?;
        this.cache().store(name, Some(value), seen, string.len());
        Ok(())
    }
}

/// Stores a scalar under a name that the cache knows, which most writes are: nothing here can run
/// user code, so nothing has to be held. `false`: nothing has happened, go the long way.
///
/// # Safety
/// `name` and `value` are valid.
#[inline]
pub unsafe fn write_known(this: &SyncObject, name: *mut zend_string, value: *mut zval) -> bool {
    // SAFETY: valid by contract; the entry is used before anything else is done to the cache, and
    // plain values are released without running user code.
    unsafe {
        if let Some(entry) = this.cache().find(name)
            && let Some(instance) = this.constructed()
            && let Some(encoded) = scalar::small(&*value)
            && instance.store.put(zend::bytes(name), encoded.bytes(), &mut entry.seen).is_ok()
        {
            zend::release(&raw mut entry.value);
            zend::copy(&raw mut entry.value, value);
            return true;
        }
        false
    }
}

/// True if there is a value under `name`, and it is not null.
///
/// # Safety
/// `name` is valid, and held by the caller.
pub unsafe fn is_set(this: &SyncObject, name: *mut zend_string) -> Result<bool, Thrown> {
    if is_unnameable(name) {
        return Ok(false);
    }
    // SAFETY: valid by contract; see `read`.
    unsafe {
        if let Some(entry) = this.cache().look_up(name)
            && let Some(instance) = this.constructed()
            && instance.store.is_current(&entry.seen)
        {
            return Ok(!matches!(zend::kind(&raw const entry.value), IS_UNDEF | IS_NULL));
        }
        let mut bytes = GLOBALS.get().buffers.take();
        let mut seen = Seen::default();
        let limit = scalar::LONG as u64;
        let found = patiently_reading(this, |store| store.get_short(zend::bytes(name), limit, &mut seen, &mut bytes));
        match found {
            // Whatever it is, it is not null; asking does not make objects, nor run their hooks.
            Ok(Found::Long(_)) => return Ok(true),
            Ok(Found::Value) if scalar::is_compound(&bytes) => return Ok(true),
            Err(Stop::Thrown) => return Err(Thrown),
            _ => {}
        }
    }
    let mut value = zend::empty();
    // SAFETY: valid by contract. Null and scalars are kept for who reads them next.
    unsafe { Ok(read(this, name, &raw mut value)? && zend::kind(&raw const value) != IS_NULL) }
}

/// True if there is a value under `name`, be it null.
///
/// # Safety
/// `name` is valid, and held by the caller.
pub unsafe fn exists(this: &SyncObject, name: *mut zend_string) -> Result<bool, Thrown> {
    if is_unnameable(name) {
        return Ok(false);
    }
    let mut value = zend::empty();
    // SAFETY: valid by contract.
    unsafe { read(this, name, &raw mut value) }
}

/// The name that `$sync[] =` appends under: the number after the highest, as in an array. Nobody
/// else takes it before the caller has, if the caller keeps other writers out.
pub fn next_number(this: &SyncObject) -> Result<Str, Thrown> {
    let names = patiently(this, Store::len)?;
    // As long as there are as many names as after the last append, the highest number is the same.
    let (known, next) = this.next_number.get();
    let mut next = next;
    if known != Some(names) {
        let highest = patiently(this, |store| {
            let snapshot = store.snapshot()?;
            Ok(snapshot.iter().filter_map(|(name, _)| canonical_number(name)).max())
        })?;
        next = next.max(highest.map_or(0, |highest| highest.saturating_add(1)));
    }
    loop {
        let name = Str::new(next.to_string().as_bytes());
        // SAFETY: the name is held.
        if !unsafe { exists(this, name.as_ptr())? } {
            this.next_number.set((Some(names + 1), next.saturating_add(1)));
            return Ok(name);
        }
        next = next.saturating_add(1);
    }
}

/// The number that a name is to an array: `7`, but not `07`, and none below zero, since these do not
/// count for what comes next.
fn canonical_number(name: &[u8]) -> Option<i64> {
    let number: i64 = std::str::from_utf8(name).ok()?.parse().ok()?;
    (number >= 0 && number.to_string().as_bytes() == name).then_some(number)
}

/// Names for which a stdClass answers "no" to `isset` instead of complaining.
pub fn is_unnameable(name: *mut zend_string) -> bool {
    // SAFETY: callers pass a valid name.
    matches!(unsafe { zend::bytes(name) }, [0, ..])
}

/// Removes `name`, if it is there.
///
/// # Safety
/// `name` is valid, and held by the caller.
pub unsafe fn remove(this: &SyncObject, name: *mut zend_string) -> Result<(), Thrown> {
    // SAFETY: valid by contract.
    unsafe {
        check_name(name)?;
        patiently(this, |store| store.remove(zend::bytes(name)))?;
        this.cache().forget(name);
        Ok(())
    }
}

/// Everything at one moment, in order, decoded: `each` is called with a name and its value, which
/// it may take over.
pub fn each(this: &SyncObject, each: &mut dyn FnMut(Str, *mut zval) -> Result<(), Thrown>) -> Result<(), Thrown> {
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        let snapshot = match patiently_reading(this, Store::snapshot) {
            Ok(snapshot) => GLOBALS.get().buffers.park(snapshot),
            Err(Stop::Legacy) if legacy::each(this, each)? => return Ok(()),
            Err(Stop::Legacy) => continue,
            Err(Stop::Thrown) => return Err(Thrown),
        };
        for (name, bytes) in snapshot.iter() {
            let mut value = zend::empty();
            // SAFETY: `value` is a slot of this frame.
            unsafe { decode(this, bytes, &raw mut value)? };
            each(Str::new(name), &raw mut value)?;
        }
        return Ok(());
    }
}

/// Replaces everything by the entries of `array`.
///
/// # Safety
/// `array` is valid, and held by the caller.
pub unsafe fn replace(this: &SyncObject, array: *mut ffi::zend_array) -> Result<(), Thrown> {
    // SAFETY: valid by contract; nothing runs while the cache is emptied.
    unsafe {
        with_entries(this, array, |store, entries| store.replace(entries))?;
        this.cache().clear();
    }
    Ok(())
}

/// Runs an operation of the store with the names and encoded values of an array.
///
/// # Safety
/// `array` is valid, and held by the caller so that user code that encoding runs cannot change it.
pub unsafe fn with_entries(
    this: &SyncObject,
    array: *mut ffi::zend_array,
    operation: impl Fn(&Store, &[(&[u8], &[u8])]) -> store::Result<()>,
) -> Result<(), Thrown> {
    // Where names and values end in `bytes`, as numbers of eight bytes.
    let mut ends = GLOBALS.get().buffers.take();
    let mut bytes = GLOBALS.get().buffers.take();
    // SAFETY: valid by contract.
    unsafe {
        for (key, index, value) in zend::entries(array) {
            let value = if zend::kind(value) == ffi::IS_INDIRECT { (*value).value.zv } else { value };
            if zend::kind(value) == ffi::IS_UNDEF {
                continue;
            }
            if key.is_null() {
                bytes.extend_from_slice((index as i64).to_string().as_bytes());
            } else {
                check_name(key)?;
                bytes.extend_from_slice(zend::bytes(key));
            }
            ends.extend_from_slice(&bytes.len().to_ne_bytes());
            encode(zend::deref(value), &mut bytes)?;
            ends.extend_from_slice(&bytes.len().to_ne_bytes());
        }
    }
    patiently(this, |store| {
        let (ends, _) = ends.as_chunks::<{ size_of::<usize>() }>();
        let mut parts = ends.iter().scan(0, |start, end| {
            let part = &bytes[*start..usize::from_ne_bytes(*end)];
            *start = usize::from_ne_bytes(*end);
            Some(part)
        });
        let mut entries = Vec::with_capacity(ends.len() / 2);
        while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            entries.push((name, value));
        }
        operation(store, &entries)
    })
}

/// Appends the encoded value to `bytes`.
pub unsafe fn encode(value: *mut zval, bytes: &mut Vec<u8>) -> Result<Sharing, Thrown> {
    // SAFETY: callers pass a valid value that they hold.
    value::encode(unsafe { &*value }, bytes).map_err(throw_value_error)
}

/// Decodes a value as the object's policy allows; `into` is overwritten.
///
/// # Safety
/// `into` is a slot of the caller's.
pub unsafe fn decode(this: &SyncObject, bytes: &[u8], into: *mut zval) -> Result<Sharing, Thrown> {
    // SAFETY: callers pass a slot that is theirs.
    let decoded = value::decode(bytes, this.policy()?, unsafe { &mut *into }).map_err(throw_value_error);
    let (sharing, rest) = decoded?;
    if rest == 0 {
        return Ok(sharing);
    }
    // SAFETY: as above.
    match unsafe { patch::apply_all(this, &bytes[bytes.len() - rest..], into) } {
        Ok(Sharing::Shareable) => Ok(sharing),
        Ok(Sharing::Fresh) => Ok(Sharing::Fresh),
        Err(Thrown) => {
            // SAFETY: as above.
            unsafe {
                zend::release(into);
                zend::set_null(into);
            }
            Err(Thrown)
        }
    }
}

#[cold]
pub fn throw_value_error(error: ValueError) -> Thrown {
    match error {
        ValueError::Thrown => Thrown,
        ValueError::Refused(why) => errors::throw_sync(&why),
    }
}

/// How long a waiter sleeps at most before it looks for signals and at the clock.
const SLICE: Duration = Duration::from_millis(50);

/// Why an operation that only reads has not been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// An exception is pending.
    Thrown,
    /// The file was written by the pure-PHP class: the answer is in [`legacy`].
    Legacy,
}

impl From<Thrown> for Stop {
    fn from(_: Thrown) -> Self {
        Self::Thrown
    }
}

/// Runs an operation of the store, and again while somebody else holds the lock, until it is done
/// or the waiting is over. A file of the pure-PHP class is turned into a store first.
pub fn patiently<T>(this: &SyncObject, mut operation: impl FnMut(&Store) -> store::Result<T>) -> Result<T, Thrown> {
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        match patiently_reading(this, &mut operation) {
            Ok(done) => return Ok(done),
            Err(Stop::Thrown) => return Err(Thrown),
            Err(Stop::Legacy) => legacy::import(this)?,
        }
    }
}

/// As [`patiently`], for operations that change nothing: a file of the pure-PHP class stays as it
/// is.
pub fn patiently_reading<T>(
    this: &SyncObject,
    mut operation: impl FnMut(&Store) -> store::Result<T>,
) -> Result<T, Stop> {
    let mut since: Option<Instant> = None;
    loop {
        let store = &this.instance()?.store;
        let outcome = operation(store);
        if let Some(warning) = store.take_warning() {
            errors::warn(&warning)?;
        }
        let error = match outcome {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        match error.kind {
            ErrorKind::Held(held) => {
                if held.same_thread && held.patience.timeout.is_none() {
                    return Err(errors::throw_store(&error).into());
                }
                let waited = since.get_or_insert_with(Instant::now).elapsed();
                let left = held.patience.timeout.map_or(SLICE, |timeout| timeout.saturating_sub(waited));
                if left.is_zero() {
                    return Err(errors::throw_store(&error).into());
                }
                // Nothing of Rust's heap is kept across what may run user code, or leave for good.
                drop(error);
                wait::look_up(this, waited)?;
                this.instance()?.store.wait(&held, left.min(SLICE));
            }
            ErrorKind::Busy => {
                drop(error);
                wait::look_up(this, since.get_or_insert_with(Instant::now).elapsed())?;
            }
            ErrorKind::Legacy => return Err(Stop::Legacy),
            ErrorKind::LockLost => {
                // Told once. (Not by the short ways to write, which leave all that is unusual to this.)
                store.unlock();
                return Err(errors::throw_store(&error).into());
            }
            _ => return Err(errors::throw_store(&error).into()),
        }
    }
}
