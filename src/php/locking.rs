//! Locks by name: `tryLock`, `release`, `synchronized`.
//!
//! A lock that is waited for is asked for again and again, as any operation of the store; between two looks the program's signal
//! handlers run, and its time limit counts.

use std::time::{Duration, Instant};

use ext_php_rs::ffi::zval;
use ext_php_rs::zend::ExecuteData;

use super::call::{arguments, run};
use super::errors;
use super::handle::{Backend, Handle, LockName, LockSpace, Occupied, Taking};
use super::legacy::{and_import, retry_importing_for};
use super::object::SyncObject;
use super::refusal::refuse_in_transaction;
use super::retry::{SLICE, retry_change_until};
use super::timeout::Timeout;
use super::wait;
use super::zend::{Callback, Thrown, Value, ZStr, finally};

/// So long does one that has waited for long. (A signal ends the sleep, unless it came right before that.)
const LONG_SLICE: Duration = Duration::from_millis(500);

/// So long one who does not wait for a lock waits for the file.
const SHORTLY: Duration = Duration::from_millis(200);

pub extern "C" fn try_lock(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"|S!z"; name: ZStr, timeout: Value);
        let timeout = Timeout::of(timeout, 2, Some(0.0))?;
        match take(call.this(), named(name), timeout, "tryLock")? {
            // (A token is below 2^63: a number of microseconds.)
            Some(token) => call.result().set_long(token as i64),
            None => call.result().set_bool(false),
        }
        Ok(())
    });
}

pub extern "C" fn release(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"|S!"; name: ZStr);
        give_back(&call.this().instance()?.store, named(name));
        call.return_this();
        Ok(())
    });
}

pub extern "C" fn synchronized(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z|S!z", callback: Value; name: ZStr, timeout: Value);
        let callback = Callback::of(callback, 1)?;
        let timeout = Timeout::of(timeout, 3, None)?;
        let (this, lock) = (call.this(), named(name));
        let Some(token) = take(this, lock, timeout, "synchronized")? else { return Err(too_late(this, name)) };
        let (value, has_ended) = until_given_back(this, lock, token, || {
            let value = callback.call(&[])?;
            if this.instance()?.store.has_lost_lock(lock, token) { Err(was_lost(this, name)) } else { Ok(value) }
        });
        let value = value?;
        if has_ended {
            return Err(was_lost(this, name));
        }
        call.result().copy(value.dereference());
        Ok(())
    });
}

/// Runs `body` in a lock that this fiber has just taken, and gives it back then, whichever way `body` ends: it returns, throws, or the
/// engine leaves it by `longjmp`. Where the body has given the lock back itself, nothing more is.
pub fn while_held<T>(
    this: &SyncObject,
    lock: Option<LockName>,
    token: u64,
    body: impl FnOnce() -> Result<T, Thrown>,
) -> Result<T, Thrown> {
    until_given_back(this, lock, token, body).0
}

/// The same, and whether the lock had ended by itself when it was to be given back.
fn until_given_back<T>(
    this: &SyncObject,
    lock: Option<LockName>,
    token: u64,
    body: impl FnOnce() -> Result<T, Thrown>,
) -> (Result<T, Thrown>, bool) {
    let taken = held(this, lock);
    let mut has_ended = false;
    let outcome = finally(body, |_| {
        if let (Some((_, depth)), Some((now, still))) = (taken, held(this, lock))
            && now == token
            && still >= depth
            && let Some(instance) = this.constructed()
        {
            has_ended = !give_back(&instance.store, lock);
        }
    });
    (outcome, has_ended)
}

/// The token of a lock that this object has in this fiber, and how often it was taken.
fn held(this: &SyncObject, lock: Option<LockName>) -> Option<(u64, u32)> {
    let store = &this.constructed()?.store;
    match lock {
        Some(lock) => store.held_lock(lock),
        None => store.entered_lock(),
    }
}

/// Gives a lock back, once. False: nothing has happened, as this object does not have it, or in another fiber.
fn give_back(store: &Handle, lock: Option<LockName>) -> bool {
    match lock {
        Some(lock) => store.release_lock(lock),
        None => store.leave_lock(),
    }
}

/// The lock that a program means; `None`: that of the whole.
fn named(name: Option<&ZStr>) -> Option<LockName<'_>> {
    name.map(|name| LockName::named(name.bytes()))
}

/// Takes the lock of a name, or of the whole, for a method. `None`: it did not come in time.
fn take(this: &SyncObject, lock: Option<LockName>, timeout: Timeout, method: &str) -> Result<Option<u64>, Thrown> {
    match lock {
        Some(lock) => take_named(this, lock, timeout),
        None => {
            refuse_in_transaction(this, method)?;
            // (What a holder says of how long others wait for it does not count: this caller says itself.)
            and_import(this, || retry_change_until(this, timeout, Handle::enter_lock))
        }
    }
}

/// Takes a lock of a name; waits for its owner as long as that may take.
fn take_named(this: &SyncObject, lock: LockName, timeout: Timeout) -> Result<Option<u64>, Thrown> {
    let outcome = wait_for(this, lock, timeout);
    stop_waiting_for(this, lock);
    outcome
}

/// Leaves the line. (Where the engine leaves by `longjmp`, the object's end does this; until then, others pass over a waiter that does
/// not come when it is called.)
pub fn stop_waiting_for(this: &SyncObject, lock: LockName) {
    if let Some(instance) = this.constructed() {
        instance.store.stop_waiting_for_lock(lock);
    }
}

/// Asks for a lock until it is there, or the time is over.
fn wait_for(this: &SyncObject, lock: LockName, timeout: Timeout) -> Result<Option<u64>, Thrown> {
    let mut since: Option<Instant> = None;
    loop {
        let wait = !timeout.is_over();
        // (Another process may be stopped in the middle of a write.)
        let patience = timeout.left().max(SHORTLY);
        let by = match retry_importing_for(this, patience, |store| store.take_lock(lock, wait))? {
            Some(Taking::Taken(token)) => return Ok(Some(token)),
            Some(Taking::Occupied(by)) => by,
            None => return Ok(None),
        };
        if !wait {
            return Ok(None);
        }
        if by.same_thread && timeout.is_never() {
            return Err(errors::throw_sync(&format!(
                "Can't lock '{}': another Sync object, or fiber, of this same process has that lock, so that waiting would never \
                 end. Let it call release() first; where that fiber has ended, its object's end does.",
                String::from_utf8_lossy(lock.name)
            )));
        }
        sleep(this, lock, &by, timeout, since.get_or_insert_with(Instant::now))?;
    }
}

/// Waits for a moment for the owner of a lock. Throws where this object keeps others out, who could not go on then. May run user code.
pub fn sleep(
    this: &SyncObject,
    lock: LockName,
    by: &Occupied,
    timeout: Timeout,
    since: &Instant,
) -> Result<(), Thrown> {
    if this.instance()?.store.keeps_others_out() {
        return Err(cannot_wait(this, lock));
    }
    wait::poll(this, since.elapsed())?;
    let slice = (since.elapsed() / 2).clamp(SLICE, LONG_SLICE).min(wait::until_limit(since.elapsed()));
    this.instance()?.store.wait_for_lock(lock, by, timeout.left().min(slice));
    Ok(())
}

#[cold]
fn cannot_wait(this: &SyncObject, lock: LockName) -> Thrown {
    let name = String::from_utf8_lossy(lock.name);
    let file = this.constructed().map(|instance| instance.store.display_address()).unwrap_or_default();
    match lock.space {
        LockSpace::Named => errors::throw_sync(&format!(
            "Can't wait for the lock '{name}' on '{file}', which another object or fiber has, while this object keeps all others out, by \
             lock(), a transaction or an update: the other one could not go on. Take it before that, or end that first."
        )),
        // (Nobody waits for an item that is being consumed.)
        LockSpace::Computed | LockSpace::Consumed => errors::throw_sync(&format!(
            "Can't wait for the value of '{name}' in '{file}', which another object or fiber is computing, while this object keeps all others \
             out, by lock(), a transaction or an update: the other one could not go on. Call remember() before that, or end that first."
        )),
    }
}

/// The function has run, and not alone perhaps.
#[cold]
fn was_lost(this: &SyncObject, name: Option<&ZStr>) -> Thrown {
    let address = this.constructed().map(|instance| instance.store.display_address()).unwrap_or_default();
    let lock =
        name.map_or_else(String::new, |name| format!("the lock '{}' on ", String::from_utf8_lossy(name.bytes())));
    errors::throw_sync(&format!(
        "Can't finish synchronized() of {lock}'{address}': the lock ended while its function ran, as it does with the connection to the server, so \
         that others may have had it since. Let what the function changes be compared, or in a transaction."
    ))
}

#[cold]
fn too_late(this: &SyncObject, name: Option<&ZStr>) -> Thrown {
    let file = this.constructed().map(|instance| String::from_utf8_lossy(instance.file()).into_owned());
    let file = file.unwrap_or_default();
    errors::throw_timeout(&match name {
        Some(name) => format!("The lock '{}' on '{file}' did not come in time.", String::from_utf8_lossy(name.bytes())),
        None => format!("The lock on '{file}' did not come in time."),
    })
}
