//! Methods that read a value and write it back as one step: `increment`, `compareAndSet`, `pull`, `update`.

use std::mem::MaybeUninit;

use ext_php_rs::ffi::{self, zval};
use ext_php_rs::zend::ExecuteData;

use super::accessors;
use super::call::{arguments, run};
use super::change::{change, store_changed};
use super::edit::{ATTEMPTS, Edit, Swap};
use super::errors::throw_sync;
use super::exclusive::{Standing, Turn, after_parent, exclusive};
use super::expiring::lifetime;
use super::globals::GLOBALS;
use super::handle::{Backend, Found, PEEK, Peeked, Places, Version};
use super::legacy::{import, retry_importing};
use super::lifetime::Lifetime;
use super::names::check_name;
use super::object::SyncObject;
use super::operate::operate_on_number;
use super::operation::{Operation, Operator};
use super::property::Observed;
use super::retry::{Stop, retry, retry_into};
use super::stored::{self, Encoded};
use super::value;
use super::zend::{self, Callback, Local, Str, Thrown, Value, ZStr, number_argument};

pub extern "C" fn increment(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"S|zz", name: ZStr; by: Value, ttl: Value);
        let by = match by {
            Some(by) => number_argument(by, 2)?,
            None => Local::of_long(1),
        };
        let lifetime = if ttl.is_some() { lifetime(ttl, 3)? } else { Lifetime::ForEver };
        let name = Str::of(name);
        let new = match lifetime {
            Lifetime::ForEver => add(call.this(), &name, &by)?,
            lifetime => add_or_create(call.this(), &name, &by, lifetime)?,
        };
        call.result().copy(&new);
        Ok(())
    });
}

/// As [`add`]; where there is no value, the sum stays so long. (No value is taken for one that is there and turns out to have expired: the
/// sum would stay for ever.)
fn add_or_create(this: &SyncObject, name: &Str, by: &Value, lifetime: Lifetime) -> Result<Local, Thrown> {
    check_name(name)?;
    let operator = Operator::Binary(ffi::ZEND_ADD);
    let first = || operator.silently(&Local::of_long(0), by)?.ok_or_else(|| no_sum(b"null", by));
    if !this.overrides.accessors() {
        if let Some(new) = operate_on_number(this, name, operator, by)? {
            return Ok(new);
        }
        let new = first()?;
        if Encoded::of(this, name, &new)?.add(this, name, &new, lifetime)? {
            return Ok(new);
        }
    }
    let new = exclusive(this, |turn| {
        let (old, observed) = newest(this, name)?;
        if !observed.there && old.kind() == zend::NULL {
            let new = first()?;
            return accessors::put_for(this, name, &new, lifetime).map(|()| Some(new));
        }
        refuse_object(&old, by)?;
        let Some(new) = operator.silently(&old, by)? else { return Ok(None) };
        store_changed(turn, name, observed, &new)?;
        Ok(Some(new))
    })?;
    match new {
        Some(new) => Ok(new),
        // It makes a warning, or an exception.
        None => add(this, name, by),
    }
}

/// Adds a number to the value of a name, and gives the sum.
fn add(this: &SyncObject, name: &Str, by: &Value) -> Result<Local, Thrown> {
    check_name(name)?;
    let operator = Operator::Binary(ffi::ZEND_ADD);
    if !this.overrides.accessors()
        && let Some(new) = operate_on_number(this, name, operator, by)?
    {
        return Ok(new);
    }
    let mut old = Local::new();
    accessors::get(this, name, old.slot())?;
    refuse_object(&old, by)?;
    let operation = Operation::new(operator, Some(by));
    change(this, name, &[], Edit::Operate(operation.due()))?;
    // (Another process may have stored an object meanwhile.)
    refuse_object(operation.result(), by)?;
    Ok(Local::copy_of(operation.result()))
}

/// Throws where a value is an object, whose sum with a number need not be a number.
fn refuse_object(value: &Value, by: &Value) -> Result<(), Thrown> {
    value.object().map_or(Ok(()), |object| Err(no_sum(object.class_name(), by)))
}

#[cold]
fn no_sum(kind: &[u8], by: &Value) -> Thrown {
    zend::throw_type_error(c"Unsupported operand types: %s", &[kind, b" + ", by.type_name().to_bytes()].concat());
    Thrown
}

pub extern "C" fn compare_and_set(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"Szz", name: ZStr, expected: Value, new: Value);
        let (expected, new) = (expected.dereference(), new.dereference());
        let is_done = swap(call.this(), &Str::of(name), expected, new)?;
        call.result().set_bool(is_done);
        Ok(())
    });
}

/// Puts a value in the place of another, if that is there; null stands for none, too.
fn swap(this: &SyncObject, name: &Str, expected: &Value, new: &Value) -> Result<bool, Thrown> {
    check_name(name)?;
    let wanted = Encoded::to_compare(this, name, expected)?;
    let or_missing = expected.kind() == zend::NULL;
    if this.overrides.accessors() {
        return exclusive(this, |turn| {
            let (old, observed) = newest(this, name)?;
            let is_equal = Encoded::to_compare(this, name, &old)?.is_same_as(&wanted);
            if is_equal {
                store_changed(turn, name, observed, &Local::copy_of(new))?;
            }
            Ok(is_equal)
        });
    }
    let swapping = Swapping { this, name, wanted: &wanted, or_missing, new, encoded: Encoded::of(this, name, new)? };
    for _ in 0..ATTEMPTS {
        match swapping.attempt(false)? {
            Swap::Done => return Ok(true),
            Swap::Impossible => return Ok(false),
            Swap::Lost => {}
        }
    }
    exclusive(this, |_| swapping.attempt(true)).map(|swapped| matches!(swapped, Swap::Done))
}

/// One compare and set.
struct Swapping<'a> {
    this: &'a SyncObject,
    name: &'a Str,
    wanted: &'a Encoded<'a>,
    or_missing: bool,
    new: &'a Value,
    encoded: Encoded<'a>,
}

impl Swapping<'_> {
    /// Tries it once. `Impossible`: another value is there. `Lost`: another process was faster, or would have to be kept out first.
    fn attempt(&self, alone: bool) -> Result<Swap, Thrown> {
        let Self { this, name, .. } = *self;
        let mut version = Version::default();
        let mut bytes = GLOBALS.get().buffers.take();
        // A value that is longer than the expected one is read only if something was appended to it.
        let mut limit = self.wanted.len() as u64 + 1;
        let found = loop {
            match retry_into(this, &mut bytes, |store, bytes| store.get_short(name.bytes(), limit, &mut version, bytes))
            {
                Ok(Found::Long(_)) => match retry(this, |store| store.facts(name.bytes())) {
                    Ok(Some(facts)) if facts.whole => return Ok(Swap::Impossible),
                    Err(Stop::Thrown) => return Err(Thrown),
                    _ => (version, limit) = (Version::default(), u64::MAX),
                },
                Ok(found) => break found,
                Err(Stop::Legacy) => import(this)?,
                Err(Stop::Thrown) => return Err(Thrown),
            }
        };
        if matches!(found, Found::Missing) {
            return match (self.or_missing, alone) {
                (false, _) => Ok(Swap::Impossible),
                // There is no version of a value that is not there: others are kept out.
                (true, false) => exclusive(this, |_| self.attempt(true)),
                (true, true) => {
                    self.encoded.store(this, name, (self.new, Lifetime::ForEver), |_| Ok(true)).map(|_| Swap::Done)
                }
            };
        }
        if !self.wanted.is(&bytes) && !self.is_another_form(&bytes)? {
            return Ok(Swap::Impossible);
        }
        let is_done = self.encoded.store_if_unchanged(this, name, self.new, &mut version)?;
        Ok(if is_done { Swap::Done } else { Swap::Lost })
    }

    /// Whether other bytes mean the same value: it was changed in part, or was written by another program.
    fn is_another_form(&self, bytes: &[u8]) -> Result<bool, Thrown> {
        let Self { this, name, .. } = *self;
        // Of one that this class has written as a whole there is no other form. (It is not decoded in vain: that may run
        // user code. Where it has been replaced since it was read, the answer does not matter.)
        if !value::is_plain(bytes) && !matches!(peek(this, name)?, Some(Peeked::Noted(_))) {
            return Ok(false);
        }
        let mut value = Local::new();
        stored::decode(this, name.bytes(), bytes, value.slot())?;
        Ok(Encoded::to_compare(this, name, &value)?.is_same_as(self.wanted))
    }
}

/// The kind of value that a name has. `None`: the file is one of the pure-PHP class.
fn peek(this: &SyncObject, name: &Str) -> Result<Option<Peeked>, Thrown> {
    let (mut version, mut start) = (Version::default(), [MaybeUninit::uninit(); PEEK]);
    match retry(this, |store| store.peek(name.bytes(), &mut version, &mut Places::new(&mut start))) {
        Ok(peeked) => Ok(Some(peeked)),
        Err(Stop::Legacy) => Ok(None),
        Err(Stop::Thrown) => Err(Thrown),
    }
}

pub extern "C" fn pull(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"S|z", name: ZStr; default: Value);
        let name = Str::of(name);
        check_name(&name)?;
        match (pulled(call.this(), &name)?, default) {
            (Some(value), _) => call.result().copy(&value),
            (None, Some(default)) => call.result().copy(default.dereference()),
            (None, None) => {}
        }
        Ok(())
    });
}

/// The value of a name, which is removed, if there is one.
fn pulled(this: &SyncObject, name: &Str) -> Result<Option<Local>, Thrown> {
    if !this.overrides.accessors() && peek(this, name)? == Some(Peeked::Missing) {
        return Ok(None);
    }
    Ok(match exclusive(this, |turn| take(turn, name))? {
        Some(taken) => taken,
        // A child that was forked while the value was read, which is the parent's.
        None => after_parent(this, |turn| take(turn, name))?.flatten().flatten(),
    })
}

/// Reads a value, and removes it, while others are kept out. `Some(None)`: there is none; `None`: they are not kept out any more.
fn take(turn: &Turn, name: &Str) -> Result<Option<Option<Local>>, Thrown> {
    let this = turn.object();
    let (value, observed) = newest(this, name)?;
    if !observed.there && value.kind() == zend::NULL {
        return Ok(Some(None));
    }
    match turn.standing() {
        Standing::Forked => Ok(None),
        Standing::Kept | Standing::Ended => {
            accessors::remove(this, name)?;
            Ok(Some(Some(value)))
        }
    }
}

/// The number of times that a value is read again which reading it has changed, by user code.
const READINGS_AGAIN: u32 = 3;

/// The newest value of a name, by the method of a class that overrides it, while others are kept out.
fn newest(this: &SyncObject, name: &Str) -> Result<(Local, Observed), Thrown> {
    let mut value = Local::new();
    let mut observed = accessors::get(this, name, value.slot())?;
    for _ in 0..READINGS_AGAIN {
        if retry_importing(this, |store| observed.is_newest(store, name.bytes()))? {
            break;
        }
        value = Local::new();
        observed = accessors::get(this, name, value.slot())?;
    }
    Ok((value, observed))
}

pub extern "C" fn update(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"Sz|z", name: ZStr, callback: Value; default: Value);
        let (callback, name) = (Callback::of(callback, 2)?, Str::of(name));
        check_name(&name)?;
        let new = exclusive(call.this(), |turn| {
            let (mut old, observed) = newest(turn.object(), &name)?;
            if let Some(default) = default.filter(|_| !observed.there && old.kind() == zend::NULL) {
                old = Local::copy_of(default.dereference());
            }
            let new = Local::copy_of(callback.call(&[old])?.dereference());
            if matches!(turn.standing(), Standing::Forked) {
                return Err(throw_forked(&name));
            }
            store_changed(turn, &name, observed, &new)?;
            Ok(new)
        })?;
        call.result().copy(&new);
        Ok(())
    });
}

#[cold]
fn throw_forked(name: &Str) -> Thrown {
    throw_sync(&format!(
        "Can't update property '{}': this process was forked inside of the function that updates it. The update is the parent's; end the child in there.",
        String::from_utf8_lossy(name.bytes())
    ))
}
