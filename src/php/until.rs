//! Methods that know for how long a value stays: `put`, `add`, `touch`, `ttl`.

use std::mem::MaybeUninit;

use ext_php_rs::ffi::zval;
use ext_php_rs::zend::ExecuteData;

use super::accessors;
use super::call::{arguments, run};
use super::exclusive::exclusive;
use super::expiring::{lifetime, seconds_left};
use super::handle::{Backend, Handle, PEEK, Peeked, Places, Room, Version};
use super::legacy::{self, retry_importing};
use super::lifetime::Lifetime;
use super::names::check_name;
use super::object::SyncObject;
use super::property;
use super::retry::{Stop, retry};
use super::stored::Encoded;
use super::value;
use super::zend::{self, Local, Str, Thrown, Value, ZStr};

pub extern "C" fn put(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"Sz|z", name: ZStr, value: Value; ttl: Value);
        let (lifetime, name, value) = (lifetime(ttl, 3)?, Str::of(name), Local::copy_of(value.dereference()));
        check_name(&name)?;
        store(call.this(), &name, &value, lifetime)?;
        call.result().copy(&value);
        Ok(())
    });
}

/// Stores a value that stays so long, by the methods of a class that overrides them; one that is gone at once is removed.
fn store(this: &SyncObject, name: &Str, value: &Value, lifetime: Lifetime) -> Result<(), Thrown> {
    if lifetime == Lifetime::Over {
        return accessors::remove(this, name);
    }
    accessors::put_for(this, name, value, lifetime)
}

pub extern "C" fn add(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"Sz|z", name: ZStr, value: Value; ttl: Value);
        let this = call.this();
        let lifetime = if ttl.is_some() { lifetime(ttl, 3)? } else { Lifetime::ForEver };
        check_name(name)?;
        let is_added = if this.overrides.accessors() {
            let (name, value) = (Str::of(name), Local::copy_of(value.dereference()));
            exclusive(this, |_| add_by_methods(this, &name, &value, lifetime))?
        } else if is_there(this, name)? {
            false
        } else {
            let (name, value) = (Str::of(name), Local::copy_of(value.dereference()));
            Encoded::of(this, &name, &value)?.add(this, &name, &value, lifetime)?
        };
        call.result().set_bool(is_added);
        Ok(())
    });
}

/// Whether there is a value, be it null, without reading a long one. (In a file of the pure-PHP class that is not known: false.)
fn is_there(this: &SyncObject, name: &ZStr) -> Result<bool, Thrown> {
    this.enter();
    // SAFETY: nothing runs before the entry is out of use.
    if let Some(entry) = unsafe { this.known(name) } {
        return Ok(entry.value().kind() != zend::UNDEF);
    }
    let mut bytes = [MaybeUninit::uninit(); PEEK];
    let mut start = Places::new(&mut bytes);
    let (peeked, _) = peek(this, name, &mut start)?;
    if peeked == Peeked::Whole && !value::is_more_than_short(start.items()) && !this.in_transaction() {
        // The cache answers those that try time and again, as for a lock.
        property::refresh(this, &Str::of(name))?;
    }
    Ok(peeked != Peeked::Missing)
}

/// Whether there is a value, and its version; its first bytes in `start`.
fn peek(this: &SyncObject, name: &ZStr, start: &mut Places) -> Result<(Peeked, Version), Thrown> {
    let mut version = Version::default();
    match retry(this, |store| store.peek(name.bytes(), &mut version, start)) {
        Ok(peeked) => Ok((peeked, version)),
        // (It throws where the file only looks like one of those.)
        Err(Stop::Legacy) => legacy::each(this, &mut |_, _| Ok(())).map(|_| (Peeked::Missing, Version::default())),
        Err(Stop::Thrown) => Err(Thrown),
    }
}

/// As `add`, in a class that overrides how values are read or stored, while others are kept out.
fn add_by_methods(this: &SyncObject, name: &Str, value: &Value, lifetime: Lifetime) -> Result<bool, Thrown> {
    let mut old = Local::new();
    let observed = accessors::get(this, name, old.slot())?;
    if observed.there || old.kind() != zend::NULL {
        return Ok(false);
    }
    if lifetime != Lifetime::Over {
        store(this, name, value, lifetime)?;
    }
    Ok(true)
}

pub extern "C" fn touch(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"Sz", name: ZStr, ttl: Value);
        let (lifetime, name) = (lifetime(Some(ttl), 2)?, Str::of(name));
        check_name(&name)?;
        let is_there = renew(call.this(), &name, lifetime)?;
        call.result().set_bool(is_there);
        Ok(())
    });
}

/// Lets a value stay so long from now on; false if there is none.
fn renew(this: &SyncObject, name: &Str, lifetime: Lifetime) -> Result<bool, Thrown> {
    this.enter();
    let before = this.known_version(name);
    let mut version = before;
    let is_there = retry_importing(this, |store| store.touch(name.bytes(), lifetime.expiry(), &mut version))?;
    // SAFETY: nothing runs before the entry is out of use.
    if let Some(entry) = unsafe { this.cache().find(name) }.filter(|entry| entry.version == before) {
        // It is the same value.
        entry.version = version;
    }
    Ok(is_there)
}

pub extern "C" fn ttl(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"S", name: ZStr);
        let this = call.this();
        check_name(name)?;
        this.enter();
        // SAFETY: nothing runs before the entry is out of use.
        let known = unsafe { this.known(name) }.map(|entry| entry.version);
        let version = match known {
            Some(version) => version,
            None => peek(this, &Str::of(name), &mut Places::new(&mut [MaybeUninit::uninit(); PEEK]))?.1,
        };
        call.result().copy(&seconds_left(Handle::expiry_of(&version)));
        Ok(())
    });
}
