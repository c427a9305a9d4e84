//! Waiting until something has changed: `wait`, `waitFor`, `version`.
//!
//! The thread sleeps meanwhile, and with it all of its fibers. Between two sleeps, of which none is longer than a second,
//! signal handlers run and the time limit counts, as in every wait.

use std::time::{Duration, Instant};

use ext_php_rs::ffi::{self, zval};
use ext_php_rs::zend::ExecuteData;

use super::accessors;
use super::call::{arguments, run};
use super::errors;
use super::handle::{self, Backend, BackendError, Handle, Remedy, Since, Wanted, Watch};
use super::legacy::retry_importing;
use super::names::{check_name, listed_name, name_of};
use super::object::SyncObject;
use super::timeout::Timeout;
use super::value::ZendVec;
use super::wait;
use super::zend::{self, Array, Callback, Held, Local, Str, Thrown, Value, ZStr, int_argument};

/// The time that a waiter sleeps at most before it looks by itself (for signals, at the clock, for another file at the path): a quarter of
/// the time that it has waited, within these. Each look of a process that has slept costs 30 to 90 µs, as its memory
/// is in no cache.
const SLICES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

pub extern "C" fn wait(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"|zzz"; names: Value, timeout: Value, since: Value);
        let this = call.this();
        let names = names.map(|names| names_of(names.dereference())).transpose()?.flatten();
        let timeout = Timeout::of(timeout, 2, None)?;
        let since = match since.map(|since| int_argument(since, 3)).transpose()?.flatten() {
            // (A number below 0 is a state that no store has.)
            Some(state) => Since::State(state as u64),
            None => Since::Seen,
        };
        let mut wanted = ZendVec::new();
        match &names {
            None => wanted.push(Wanted::anything()),
            Some(names) => {
                for name in names.values().filter_map(|name| name.string()) {
                    wanted.push(Wanted::key(name.bytes()));
                }
            }
        }
        let has_changed = begin(this, &mut wanted, since, timeout)? && finish(this, &mut wanted, timeout)?;
        call.result().set_bool(has_changed);
        Ok(())
    });
}

/// The names that the argument gives, as the values of an array; `None`: it is null.
fn names_of(argument: &Value) -> Result<Option<Held<Array>>, Thrown> {
    let mut names = Held::<Array>::new();
    if argument.kind() == zend::NULL {
        return Ok(None);
    }
    // (Held, so that user code changes a copy.)
    let given = Local::copy_of(argument);
    match given.array() {
        None => {
            let name = name_of(&given)?;
            check_name(&name)?;
            names.push(Local::of_string(name));
        }
        Some(array) if array.len() == 0 => {
            // SAFETY: the engine copies the words, a C string without arguments.
            unsafe { ffi::zend_argument_value_error(1, c"must not be an empty array".as_ptr()) };
            return Err(Thrown);
        }
        Some(array) => {
            for name in array.values() {
                let name = listed_name(name.dereference())?;
                check_name(&name)?;
                names.push(Local::of_string(name));
            }
        }
    }
    Ok(Some(names))
}

pub extern "C" fn wait_for(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"Sz|z", name: ZStr, condition: Value; timeout: Value);
        let (this, name) = (call.this(), Str::of(name));
        let condition = Callback::of(condition, 2)?;
        let timeout = Timeout::of(timeout, 3, None)?;
        check_name(&name)?;
        loop {
            // From before the value is read: no change of it is missed, whoever else reads it by this object.
            let mut wanted = [Wanted::key(name.bytes())];
            let mut value = Local::new();
            if begin(this, &mut wanted, Since::Now, timeout)? {
                accessors::get(this, &name, value.slot())?;
                if condition.call(&[Local::copy_of(&value)])?.is_true() {
                    call.result().swap(&mut value.slot());
                    return Ok(());
                }
                if finish(this, &mut wanted, timeout)? {
                    continue;
                }
            }
            let name = String::from_utf8_lossy(name.bytes());
            return Err(errors::throw_timeout(&format!("The value of '{name}' was not what was waited for in time.")));
        }
    });
}

pub extern "C" fn version(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        let state = retry_importing(call.this(), Handle::state)?;
        // (A position is less than 2^62.)
        call.result().set_long(state as i64);
        Ok(())
    });
}

/// Begins to wait. False: that was not possible in time, as others hold the store.
fn begin(this: &SyncObject, wanted: &mut [Wanted<Watch>], since: Since, timeout: Timeout) -> Result<bool, Thrown> {
    refuse_if_others_are_kept_out(this)?;
    let begun = retry_until(this, timeout, |store| store.watch(wanted, since))?;
    Ok(begun.is_some())
}

/// Waits until one of them has changed. False: none has in time.
fn finish(this: &SyncObject, wanted: &mut [Wanted<Watch>], timeout: Timeout) -> Result<bool, Thrown> {
    let start = Instant::now();
    loop {
        let waited = start.elapsed();
        wait::poll(this, waited)?;
        // (A signal handler, or the condition of `waitFor`, may have locked it.)
        refuse_if_others_are_kept_out(this)?;
        let (left, slice) = (timeout.left(), (waited / 4).clamp(SLICES[0], SLICES[1]));
        match retry_until(this, timeout, |store| store.has_changed(wanted, left.min(slice)))? {
            Some(true) => return Ok(true),
            // This time it has only looked.
            _ if left.is_zero() => return Ok(false),
            _ => {}
        }
    }
}

/// As [`retry_importing`], until the time is over: `None`.
fn retry_until<T>(
    this: &SyncObject,
    timeout: Timeout,
    mut operation: impl FnMut(&Handle) -> handle::Result<T>,
) -> Result<Option<T>, Thrown> {
    retry_importing(this, |store| match operation(store) {
        Err(error) if matches!(error.remedy(), Remedy::Wait(_) | Remedy::Retry) && timeout.is_over() => Ok(None),
        outcome => outcome.map(Some),
    })
}

/// Throws where a wait would never end, as nobody else can write before this thread goes on.
fn refuse_if_others_are_kept_out(this: &SyncObject) -> Result<(), Thrown> {
    let store = &this.instance()?.store;
    if !store.keeps_all_from_writing() {
        return Ok(());
    }
    Err(errors::throw_sync(&format!(
        "Can't wait for a change of '{}': this process keeps all others from writing to it, by lock(), a transaction or an update, so that waiting would never end.",
        store.display_address()
    )))
}
