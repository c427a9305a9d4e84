//! `remember()`: a value that is there, or the result of a function, which one caller runs for all.
//!
//! One caller has the lock of the value while it computes; the others wait for the value or the lock, whichever comes first, and
//! nobody else waits for anything. A waiter does not wait without end: two callers may each need a value that the other one is
//! computing.

use std::time::{Duration, Instant};

use ext_php_rs::ffi::zval;
use ext_php_rs::zend::ExecuteData;

use super::accessors;
use super::call::{arguments, run};
use super::errors::throw_sync;
use super::expiring::lifetime;
use super::handle::{Backend, LockName, Taking};
use super::legacy::retry_importing;
use super::locking::{sleep, stop_waiting_for, while_held};
use super::names::check_name;
use super::object::SyncObject;
use super::timeout::Timeout;
use super::zend::{self, Callback, Local, Str, Thrown, Value, ZStr};

/// How long a caller waits for the value that another one computes, before it computes one for itself.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same, for a caller that is computing a value itself: the other one may be waiting for that.
const PATIENCE_INSIDE: Duration = Duration::from_secs(1);

/// The number of the argument `$ttl`.
const TTL: u32 = 3;

pub extern "C" fn remember(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"Sz|z", name: ZStr, callback: Value; ttl: Value);
        let (callback, name) = (Callback::of(callback, 2)?, Str::of(name));
        let ttl = ttl.map(|ttl| Local::copy_of(ttl.dereference()));
        // One that is none is refused before anything is computed.
        lifetime(ttl.as_deref(), TTL)?;
        check_name(&name)?;
        let value = Remembered { this: call.this(), name: &name, callback: &callback, ttl: ttl.as_deref() }.value()?;
        call.result().copy(&value);
        Ok(())
    });
}

/// A call of the method.
struct Remembered<'a> {
    this: &'a SyncObject,
    name: &'a Str,
    callback: &'a Callback,
    /// Counted from the moment when the value is stored.
    ttl: Option<&'a Value>,
}

impl Remembered<'_> {
    fn value(&self) -> Result<Local, Thrown> {
        if let Some(value) = self.known()? {
            return Ok(value);
        }
        let outcome = self.compute_or_wait();
        stop_waiting_for(self.this, self.lock());
        outcome
    }

    /// The lock that a computation has.
    fn lock(&self) -> LockName<'_> {
        LockName::computed(self.name.bytes())
    }

    /// The value, if it is there. A stored null is one.
    fn known(&self) -> Result<Option<Local>, Thrown> {
        let (this, name) = (self.this, self.name);
        loop {
            let mut value = Local::new();
            let observed = accessors::get(this, name, value.slot())?;
            // (Where a method of the class gives null, that may be of what was stored or removed meanwhile.)
            let is_certain = value.kind() != zend::NULL
                || !this.overrides.accessors()
                || retry_importing(this, |store| observed.is_newest(store, name.bytes()))?;
            if is_certain {
                return Ok((observed.there || value.kind() != zend::NULL).then_some(value));
            }
        }
    }

    fn compute_or_wait(&self) -> Result<Local, Thrown> {
        let (this, lock, since) = (self.this, self.lock(), Instant::now());
        let is_inside = this.instance()?.store.is_computing();
        let timeout = Timeout::after(if is_inside { PATIENCE_INSIDE } else { PATIENCE });
        loop {
            let by = match retry_importing(this, |store| store.take_lock(lock, true))? {
                Taking::Taken(token) => {
                    // Another caller may have been through with it just before.
                    return while_held(this, Some(lock), token, || self.known()?.map_or_else(|| self.compute(), Ok));
                }
                Taking::Occupied(by) => by,
            };
            if by.same_thread || timeout.is_over() {
                // It will not come while this thread waits, or not soon.
                return self.compute();
            }
            sleep(this, lock, &by, timeout, &since)?;
            if let Some(value) = self.known()? {
                return Ok(value);
            }
        }
    }

    /// Computes the value, and stores it.
    fn compute(&self) -> Result<Local, Thrown> {
        let process = std::process::id();
        let value = Local::copy_of(self.callback.call(&[])?.dereference());
        if std::process::id() != process {
            return Err(throw_forked(self.name));
        }
        accessors::put_for(self.this, self.name, &value, lifetime(self.ttl, TTL)?)?;
        Ok(value)
    }
}

#[cold]
fn throw_forked(name: &Str) -> Thrown {
    throw_sync(&format!(
        "Can't remember property '{}': this process was forked inside of the function that computes it. The value is the parent's; end the child in there.",
        String::from_utf8_lossy(name.bytes())
    ))
}
