//! Reading, storing and removing a property by the methods of a class that overrides them.
//!
//! A method of Sync's, and `$sync['x']`, mean the shared property also where the class declares one of that name, to which
//! `__get`, `__set` and `__unset` do not lead: then `get`, `set` and `remove` are called, the class's own or Sync's.

use ext_php_rs::ffi::BP_VAR_R;

use super::lifetime::Lifetime;
use super::object::{IN_GET, IN_SET, IN_UNSET, SyncObject};
use super::pending::Stays;
use super::property::{self, Observed};
use super::running::{is_running, store_pending};
use super::zend::{self, Local, Slot, Str, Thrown, Value};

/// Reads the value of `name`, by the method that the object's class overrides, and tells when that was.
pub fn get(this: &SyncObject, name: &Str, mut into: Slot) -> Result<Observed, Thrown> {
    if !this.overrides.accessors() {
        return property::observe(this, name, into);
    }
    // The stored value, if the methods keep it under the same name. (Before: it is the one that was read, unless that has changed since.)
    let mut observed = property::peek(this, name.bytes())?;
    loop {
        let value = match means(this, name, IN_GET) {
            // (The engine would compare the answer of `__get` with the type of a property that was unset, and a null is not of that.)
            Meaning::Property if this.declares(name) && !is_running(this, name, IN_GET) => {
                call(this, name, IN_GET, "__get", &[])?
            }
            Meaning::Property => this.hold().read_property(name, BP_VAR_R)?,
            Meaning::Shared => return property::observe(this, name, into),
            Meaning::Method => call(this, name, IN_GET, "get", &[])?,
        };
        let value = value.dereference();
        // A null may be that of no value, where the one that was there has expired since.
        if value.kind() == zend::NULL && observed.there && observed.has_expired() {
            observed = property::peek(this, name.bytes())?;
            if observed.there {
                continue;
            }
        }
        into.copy(value);
        return Ok(observed);
    }
}

/// The way to the value of a name.
enum Meaning {
    /// As `$this->$name`: the class's magic methods, or Sync's, are asked.
    Property,
    /// A method, as the class declares a property of that name.
    Method,
    /// It is shared: the method runs for this very name, and asks its parent.
    Shared,
}

fn means(this: &SyncObject, name: &Str, guard: u32) -> Meaning {
    match this.has_own(name) {
        false => Meaning::Property,
        true if is_running(this, name, guard) => Meaning::Shared,
        true => Meaning::Method,
    }
}

/// Calls a method for a name, with more arguments behind that.
fn call(this: &SyncObject, name: &Str, guard: u32, method: &str, more: &[Local]) -> Result<Local, Thrown> {
    let mut arguments = vec![Local::of_string(name.clone())];
    arguments.extend(more.iter().map(|more| Local::copy_of(more)));
    this.guarding(name, guard, || this.hold().call_method(method, &arguments))
}

/// As [`put`], a value that stays so long.
///
/// Where the method itself stores its value so, by another one of Sync's, that stays as long as the operation wants for which the method was called, if the
/// method does not say it.
pub fn put_for(this: &SyncObject, name: &Str, value: &Value, lifetime: Lifetime) -> Result<(), Thrown> {
    if !this.overrides.accessors() {
        return property::write_for(this, name, value, lifetime);
    }
    put_as(this, name, value, Stays { under_its_name: lifetime, renamed: lifetime }, lifetime != Lifetime::ForEver)
}

/// As [`put`], a value that comes of the one that was read: it stays as long as that would have. (Under another name, to which the methods have changed
/// this one, as long as what is there.)
pub fn put_changed(this: &SyncObject, name: &Str, value: &Value, before: Observed) -> Result<(), Thrown> {
    if !this.overrides.accessors() {
        return property::write_for(this, name, value, before.lifetime());
    }
    let stays = match before.there {
        true => Stays { under_its_name: before.lifetime(), renamed: Lifetime::ForEver },
        false => Stays { under_its_name: Lifetime::AsBefore, renamed: Lifetime::AsBefore },
    };
    put_as(this, name, value, stays, false)
}

/// As [`put`], a value that stays so long. `is_said`: by the program, which then means it in a method of the class, too.
fn put_as(this: &SyncObject, name: &Str, value: &Value, stays: Stays, is_said: bool) -> Result<(), Thrown> {
    if !is_running(this, name, IN_SET) {
        return this.pending.within(name, stays, || put(this, name, value));
    }
    store_pending(this, name, |pending| {
        let lifetime = if is_said || pending == Lifetime::ForEver { stays.under_its_name } else { pending };
        property::write_for(this, name, value.dereference(), lifetime)
    })
}

/// Stores the value of `name`, by the method that the object's class overrides. (It stays as long as `this.pending` says.)
fn put(this: &SyncObject, name: &Str, value: &Value) -> Result<(), Thrown> {
    match means(this, name, IN_SET) {
        Meaning::Property => this.hold().write_property(name, value).map(drop),
        Meaning::Shared => property::write(this, name, value),
        Meaning::Method => call(this, name, IN_SET, "set", &[Local::copy_of(value)]).map(drop),
    }
}

/// Removes the value of `name`, by the method that the object's class overrides.
pub fn remove(this: &SyncObject, name: &Str) -> Result<(), Thrown> {
    if !this.overrides.remove {
        return property::remove(this, name);
    }
    match means(this, name, IN_UNSET) {
        Meaning::Property => this.hold().unset_property(name),
        Meaning::Shared => property::remove(this, name),
        Meaning::Method => call(this, name, IN_UNSET, "remove", &[]).map(drop),
    }
}
