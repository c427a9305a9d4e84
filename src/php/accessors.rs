//! Reading and storing a property by the methods of a class that overrides them.

use ext_php_rs::ffi::BP_VAR_R;

use super::object::SyncObject;
use super::property::{self, Observed};
use super::zend::{Slot, Str, Thrown, Value};

/// Reads the value of `name`, by the method that the object's class overrides, and tells when that was.
pub fn get(this: &SyncObject, name: &Str, mut into: Slot) -> Result<Observed, Thrown> {
    if !this.overrides.accessors() {
        return property::observe(this, name, into);
    }
    let value = this.hold().read_property(name, BP_VAR_R)?;
    into.copy(value.dereference());
    // The stored value, if the methods keep it under the same name.
    property::peek(this, name.bytes())
}

/// Stores the value of `name`, by the method that the object's class overrides.
pub fn put(this: &SyncObject, name: &Str, value: &Value) -> Result<(), Thrown> {
    if !this.overrides.accessors() {
        return property::write(this, name, value);
    }
    this.hold().write_property(name, value).map(drop)
}
