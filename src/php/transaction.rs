//! `transaction()`, and what changes several names in one step: `setMultiple`, `removeMultiple`, `clear`.
//!
//! A transaction keeps its changes in the handle ([`super::handle`]), over the store, until they are made at one moment. From its
//! beginning on other writers wait; readers go on with what was there before. Of the rest of this extension only those have to know of it that
//! keep something of a value beside the store (the short ways of access, what is known of names), and methods that cannot be part of one
//! ([`super::refusal`]).

use ext_php_rs::ffi::{self, zval};
use ext_php_rs::zend::ExecuteData;

use super::accessors::{self, put_for};
use super::call::{arguments, run};
use super::entries::with_entries;
use super::errors::throw_sync;
use super::expiring::lifetime;
use super::handle::{Backend, Change, Committed, Handle, Version};
use super::legacy::retry_importing;
use super::lifetime::Lifetime;
use super::names::{check_name, listed_name};
use super::object::SyncObject;
use super::several::page;
use super::value::ZendVec;
use super::whole;
use super::zend::{Array, Callback, Held, Key, Local, Thrown, Value, ZStr, elements_of, finally};

/// Runs `body` as a transaction, or as a part of the one that is under way.
///
/// Whichever way `body` ends: other writers go on then. Only when it returns have its changes happened.
pub fn within<T>(this: &SyncObject, body: impl FnOnce() -> Result<T, Thrown>) -> Result<T, Thrown> {
    if this.in_transaction() {
        return body();
    }
    retry_importing(this, Handle::begin)?;
    let end = |_: Option<&_>| {
        if let Some(instance) = this.constructed() {
            instance.store.end();
        }
    };
    finally(|| body().and_then(|result| commit(this).map(|()| result)), end)
}

/// Runs `body`, which calls methods of the class for several names, as one step. A transaction in such a method is as in any other: it is taken back
/// by itself, as the program has begun none around it.
fn in_one_step<T>(this: &SyncObject, body: impl FnOnce() -> Result<T, Thrown>) -> Result<T, Thrown> {
    if this.in_transaction() {
        return body();
    }
    this.in_step.set(true);
    finally(|| within(this, body), |_| this.in_step.set(false))
}

/// Runs `body` as a transaction of the program's.
fn of_program<T>(this: &SyncObject, body: impl FnOnce() -> Result<T, Thrown>) -> Result<T, Thrown> {
    if !this.in_step.get() || !this.in_transaction() {
        return within(this, body);
    }
    retry_importing(this, Handle::begin_part)?;
    let outcome = body();
    this.instance()?.store.end_part(outcome.is_ok());
    outcome
}

fn commit(this: &SyncObject) -> Result<(), Thrown> {
    match retry_importing(this, Handle::commit_transaction)? {
        Committed::Done => Ok(()),
        Committed::Lost => {
            let store = &this.instance()?.store;
            let address = store.display_address();
            Err(throw_sync(&if store.is_on_server() {
                format!(
                    "The connection to '{address}' ended during a transaction, or the store was destroyed: it has changed nothing. Begin it anew."
                )
            } else {
                format!("File '{address}' was removed or replaced during a transaction, which has changed nothing.")
            }))
        }
        Committed::Forked => Err(throw_sync(
            "The transaction is that of the parent of this process, which was forked within it. This process's own writes since were no part of any: each was made by itself.",
        )),
    }
}

pub extern "C" fn transaction(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z", callback: Value);
        let (callback, this) = (Callback::of(callback, 1)?, call.this());
        let returned = of_program(this, || callback.call(&[Local::of_object(this.object())]))?;
        call.result().copy(returned.dereference());
        Ok(())
    });
}

/// The elements of an argument that is an array or Traversable: under their keys (of a Traversable those that it gives last), or in
/// a list. Runs user code.
fn elements(argument: &Value, by_key: bool) -> Result<Held<Array>, Thrown> {
    let argument = argument.dereference();
    if let Some(array) = argument.array() {
        return Ok(Held::of(array));
    }
    if let Some(traversable) = argument.object().filter(|object| object.is_traversable()) {
        return elements_of(traversable, by_key);
    }
    // SAFETY: a format with one `%s`, and the name of a type, a C string.
    unsafe {
        let format = c"must be of type Traversable|array, %s given".as_ptr();
        ffi::zend_argument_type_error(1, format, argument.type_name().as_ptr());
    }
    Err(Thrown)
}

pub extern "C" fn set_multiple(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z|z", values: Value; ttl: Value);
        let lifetime = lifetime(ttl, 2)?;
        let (this, values) = (call.this(), elements(values, true)?);
        if this.overrides.accessors() {
            in_one_step(this, || {
                let lifetime = lifetime.begun();
                values.entries().try_for_each(|(name, value)| put_for(this, &name.text(), value, lifetime))
            })?;
        } else {
            put_all(this, &values, lifetime)?;
        }
        call.return_this();
        Ok(())
    });
}

/// Stores the elements of an array under their keys, in one step.
fn put_all(this: &SyncObject, values: &Held<Array>, lifetime: Lifetime) -> Result<(), Thrown> {
    with_entries(this, values, |entries| {
        let mut changes: ZendVec<Change<Version>> = ZendVec::new();
        changes.reserve(entries.len());
        for &(key, body) in entries {
            changes.push(Change::Put { key, head: &[], body, note: None, expiry: None, anew: false });
        }
        retry_importing(this, |store| {
            let its = lifetime.expiry();
            for change in changes.iter_mut() {
                if let Change::Put { expiry, .. } = change {
                    *expiry = its;
                }
            }
            store.commit(&changes, None)
        })
        .map(drop)
    })
}

/// Makes changes in one step; none of them appends.
fn make(this: &SyncObject, changes: &[Change<Version>]) -> Result<(), Thrown> {
    retry_importing(this, |store| store.commit(changes, None)).map(drop)
}

pub extern "C" fn remove_multiple(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z", names: Value);
        let (this, elements) = (call.this(), elements(names, false)?);
        let mut names = Held::<Array>::new();
        for element in elements.values() {
            let name = listed_name(element.dereference())?;
            check_name(&name)?;
            names.set(Key::String(&name), Local::of_bool(true));
        }
        remove_all(this, &names)?;
        call.return_this();
        Ok(())
    });
}

/// Removes the names that are the keys of an array, in one step.
fn remove_all(this: &SyncObject, names: &Held<Array>) -> Result<(), Thrown> {
    if this.overrides.remove {
        return in_one_step(this, || names.entries().try_for_each(|(name, _)| accessors::remove(this, &name.text())));
    }
    let mut removed = ZendVec::new();
    for (name, _) in names.entries() {
        if let Key::String(name) = name {
            removed.push(Change::Remove { key: name.bytes() });
        }
    }
    make(this, &removed)
}

pub extern "C" fn clear(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"|S"; prefix: ZStr);
        let this = call.this();
        let prefix = prefix.map_or(&[][..], ZStr::bytes);
        // A file that is not there is not made.
        if whole::count(this)? > 0 {
            if prefix.is_empty() && !this.overrides.remove {
                retry_importing(this, |store| store.replace(&[]))?;
            } else {
                // Nobody adds a name in between.
                in_one_step(this, || names_with(this, prefix).and_then(|names| remove_all(this, &names)))?;
            }
        }
        call.return_this();
        Ok(())
    });
}

/// The names that begin with certain bytes, as the keys of an array. No file of the pure-PHP class is there.
fn names_with(this: &SyncObject, prefix: &[u8]) -> Result<Held<Array>, Thrown> {
    let mut names = Held::<Array>::new();
    for name in page(this, prefix, None, u64::MAX)?.values().filter_map(Value::string) {
        names.set(Key::String(name), Local::of_bool(true));
    }
    Ok(names)
}
