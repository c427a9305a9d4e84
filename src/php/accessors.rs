//! Reading and storing a property by the methods of a class that overrides them.

use std::os::raw::c_int;
use std::ptr;

use ext_php_rs::ffi::{BP_VAR_R, zval};

use super::object::SyncObject;
use super::property::{self, Observed};
use super::zend::{self, Slot, Str, Thrown, Value};

/// Reads the value of `name`, by the method that the object's class overrides, and tells when that was.
///
/// # Safety
/// All are valid, and held by the caller; `into` is overwritten.
pub unsafe fn get(this: &SyncObject, name: &Str, into: *mut zval) -> Result<Observed, Thrown> {
    let object = this.zend();
    // SAFETY: the caller holds the object and passes a place for the value.
    unsafe {
        match (*(*object).handlers).read_property {
            Some(read) if this.overrides.accessors() => {
                let mut returned = zend::empty();
                let value = read(object, name.as_ptr(), BP_VAR_R as c_int, ptr::null_mut(), &raw mut returned);
                zend::copy(into, zend::deref(value));
                zend::check()?;
                // The stored value, if the methods keep it under the same name.
                property::peek(this, name.bytes())
            }
            _ => property::observe(this, name, Slot::new(into)),
        }
    }
}

/// Stores the value of `name`, by the method that the object's class overrides.
///
/// # Safety
/// All are valid, and held by the caller.
pub unsafe fn put(this: &SyncObject, name: &Str, value: *mut zval) -> Result<(), Thrown> {
    let object = this.zend();
    // SAFETY: the caller holds the object and the value.
    unsafe {
        match (*(*object).handlers).write_property {
            Some(write) if this.overrides.accessors() => {
                write(object, name.as_ptr(), value, ptr::null_mut());
                zend::check()
            }
            _ => property::write(this, name, Value::from_ptr(value)),
        }
    }
}
