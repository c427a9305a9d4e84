//! The handlers of objects whose class declares properties or overrides methods.
//!
//! A name is the business of the class, and then the engine's standard handlers do what they do for
//! any class; or else of [`super::handlers`].

use std::os::raw::{c_int, c_void};
use std::ptr;

use ext_php_rs::ffi::{self, BP_VAR_IS, BP_VAR_R, zend_object, zend_string, zval};

use super::fetch::is_operator;
use super::handlers;
use super::object::{IN_GET, IN_ISSET, IN_SET, IN_UNSET, SyncObject};
use super::running::is_running;
use super::zend::{self, Local, Slot, Str, Value, ZStr};

/// Whether an overridden method is to be asked: not while it runs for this very name, whoever has called it, when
/// `$this->$name` in it means what is shared.
fn asks(this: &SyncObject, name: &ZStr, overridden: bool, guard: u32) -> bool {
    overridden && !is_running(this, name, guard)
}

/// `$sync->x`, by `__get` where the class overrides it.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of a class that extends Sync, and values that live until it
/// returns.
pub unsafe extern "C" fn read_property(
    object: *mut zend_object,
    name: *mut zend_string,
    kind: c_int,
    slot: *mut *mut c_void,
    result: *mut zval,
) -> *mut zval {
    // SAFETY: the engine passes a live object of a class that extends Sync, a live name, and a place for the result where the instruction has one. One
    // function that may run user code gets all of it, as the engine would pass it, and is the last to use it.
    unsafe {
        let this = SyncObject::of(object);
        if this.has_own(ZStr::from_ptr(name)) {
            return ffi::zend_std_read_property(object, name, kind, slot, result);
        }
        let overridden = match kind as u32 {
            BP_VAR_R => asks(this, ZStr::from_ptr(name), this.overrides.get, IN_GET),
            BP_VAR_IS => {
                asks(this, ZStr::from_ptr(name), this.overrides.get, IN_GET)
                    || asks(this, ZStr::from_ptr(name), this.overrides.has, IN_ISSET)
            }
            // To be changed further inside: a method that returns a reference may be for that, and
            // else what is overridden is called by `change::change`.
            _ if asks(this, ZStr::from_ptr(name), this.overrides.get, IN_GET) && gives_reference(this) => {
                return read_reference(this, name, kind, result);
            }
            _ => false,
        };
        if overridden {
            ffi::zend_std_read_property(object, name, kind, ptr::null_mut(), result)
        } else {
            handlers::read_property(object, name, kind, slot, result)
        }
    }
}

/// `$sync->x` where something inside of it is about to be changed, and `__get` returns a reference: to something that stays, which the
/// engine changes, as in any class; or else to a copy that nobody else has, whose change would be lost. Then the value is changed as the
/// one of a `__get` that returns a value is.
///
/// # Safety
/// As for [`read_property`].
unsafe fn read_reference(this: &SyncObject, name: *mut zend_string, kind: c_int, result: *mut zval) -> *mut zval {
    // SAFETY: the engine passes a live name and a place for the result; the object and the name are held while user code runs.
    unsafe {
        let (_alive, name) = (this.hold(), Str::share(name));
        let read = ffi::zend_std_read_property(this.zend(), name.as_ptr(), kind, ptr::null_mut(), result);
        if !ptr::eq(read, result) || !Value::from_ptr(read).is_sole_reference() || zend::check().is_err() {
            return read;
        }
        Slot::new(result).release();
        handlers::read_property(this.zend(), name.as_ptr(), kind, ptr::null_mut(), result)
    }
}

/// Whether the class overrides `__get` by a method that returns a reference.
fn gives_reference(this: &SyncObject) -> bool {
    // SAFETY: the class of a live object, which inherits a `__get`.
    unsafe { (*(*this.object().class()).__get).common.fn_flags & ffi::ZEND_ACC_RETURN_REFERENCE != 0 }
}

/// `$sync->x = 1`, by `__set` where the class overrides it.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of a class that extends Sync, and values that live until it
/// returns.
pub unsafe extern "C" fn write_property(
    object: *mut zend_object,
    name: *mut zend_string,
    value: *mut zval,
    slot: *mut *mut c_void,
) -> *mut zval {
    // SAFETY: the engine passes a live object of a class that extends Sync, a live name and a live value. One function that may run user code gets
    // all of it, and is the last to use it; the cache slot goes only to a function that keeps there what its kind of name has.
    unsafe {
        let this = SyncObject::of(object);
        if this.has_own(ZStr::from_ptr(name)) {
            ffi::zend_std_write_property(object, name, value, slot)
        } else if asks(this, ZStr::from_ptr(name), this.overrides.set, IN_SET) {
            let held = Local::copy_of(Value::from_ptr(value));
            let written = ffi::zend_std_write_property(object, name, value, ptr::null_mut());
            // (The method may change the variable that the value is in.)
            if ptr::eq(written, value) { handlers::assigned(value, held) } else { written }
        } else if this.pending.is_any() {
            handlers::write_property_long(object, name, value)
        } else {
            handlers::write_property(object, name, value, slot)
        }
    }
}

/// `isset($sync->x)`, by `__isset` where the class overrides it.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of a class that extends Sync, and values that live until it
/// returns.
pub unsafe extern "C" fn has_property(
    object: *mut zend_object,
    name: *mut zend_string,
    question: c_int,
    slot: *mut *mut c_void,
) -> c_int {
    // SAFETY: the engine passes a live object of a class that extends Sync, and a live name. One function that may run user code gets both, and is
    // the last to use them.
    unsafe {
        let this = SyncObject::of(object);
        if this.has_own(ZStr::from_ptr(name)) {
            return ffi::zend_std_has_property(object, name, question, slot);
        }
        let overridden = match question as u32 {
            // `property_exists()` asks no method.
            ffi::ZEND_PROPERTY_EXISTS => false,
            _ if this.overrides.has => asks(this, ZStr::from_ptr(name), true, IN_ISSET),
            // The answer is then whether reading gives a value.
            _ => asks(this, ZStr::from_ptr(name), this.overrides.get, IN_GET),
        };
        if overridden {
            ffi::zend_std_has_property(object, name, question, ptr::null_mut())
        } else {
            handlers::has_property(object, name, question, slot)
        }
    }
}

/// `unset($sync->x)`, by `__unset` where the class overrides it.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of a class that extends Sync, and values that live until it
/// returns.
pub unsafe extern "C" fn unset_property(object: *mut zend_object, name: *mut zend_string, slot: *mut *mut c_void) {
    // SAFETY: the engine passes a live object of a class that extends Sync, and a live name. One function that may run user code gets both, and is
    // the last to use them.
    unsafe {
        let this = SyncObject::of(object);
        if this.has_own(ZStr::from_ptr(name)) {
            ffi::zend_std_unset_property(object, name, slot);
        } else if asks(this, ZStr::from_ptr(name), this.overrides.remove, IN_UNSET) {
            ffi::zend_std_unset_property(object, name, ptr::null_mut());
        } else {
            handlers::unset_property(object, name, slot);
        }
    }
}

/// `$sync->x += 1`, by `__get` and `__set` where the class overrides them.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of a class that extends Sync, and values that live until it
/// returns.
pub unsafe extern "C" fn get_property_ptr_ptr(
    object: *mut zend_object,
    name: *mut zend_string,
    kind: c_int,
    slot: *mut *mut c_void,
) -> *mut zval {
    // SAFETY: the engine passes a live object of a class that extends Sync, and a live name. To ask for a declaration runs no user code; what the
    // function called gives is the engine's to use, as from its own handler.
    unsafe {
        if SyncObject::of(object).has_own(ZStr::from_ptr(name)) {
            ffi::zend_std_get_property_ptr_ptr(object, name, kind, slot)
        } else {
            handlers::get_property_ptr_ptr(object, name, kind, slot)
        }
    }
}

/// Whether `$sync['x']` as a whole goes through the methods for offsets: the class's own, or Sync's, which call those that it
/// overrides.
fn offsets(this: &SyncObject) -> bool {
    let o = this.overrides;
    o.offsets || o.get || o.set || o.has || o.remove
}

/// Whether what is fetched with `kind` is going to be changed, further inside or by an operator, where the class has no methods of
/// its own for offsets: then [`change`](super::change) calls what it overrides, as for `$sync->x`.
fn changes(this: &SyncObject, kind: c_int) -> bool {
    !this.overrides.offsets && (!matches!(kind as u32, BP_VAR_R | BP_VAR_IS) || is_operator())
}

/// `$sync['x']`, by `offsetGet` where the class overrides it.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of a class that extends Sync, and values that live until it
/// returns.
pub unsafe extern "C" fn read_dimension(
    object: *mut zend_object,
    offset: *mut zval,
    kind: c_int,
    result: *mut zval,
) -> *mut zval {
    // SAFETY: the engine passes a live object of a class that extends Sync, a live offset or null, and a place for the result. Neither question
    // runs user code; the function that may gets all of it, and is the last to use it.
    unsafe {
        let this = SyncObject::of(object);
        if offsets(this) && !changes(this, kind) {
            ffi::zend_std_read_dimension(object, offset, kind, result)
        } else {
            handlers::read_dimension(object, offset, kind, result)
        }
    }
}

/// `$sync['x'] = 1`, by `offsetSet` where the class overrides it.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of a class that extends Sync, and values that live until it
/// returns.
pub unsafe extern "C" fn write_dimension(object: *mut zend_object, offset: *mut zval, value: *mut zval) {
    // SAFETY: the engine passes a live object of a class that extends Sync, a live offset or null, and a live value. The function that may run
    // user code gets all of it, and is the last to use it.
    unsafe {
        let this = SyncObject::of(object);
        if !offsets(this) {
            handlers::write_dimension(object, offset, value);
        } else if !this.write_back.is_due() && zend::check().is_ok() {
            // (An operator that has failed writes all the same.)
            ffi::zend_std_write_dimension(object, offset, value);
        }
    }
}

/// `isset($sync['x'])`, by `offsetExists` where the class overrides it.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of a class that extends Sync, and values that live until it
/// returns.
pub unsafe extern "C" fn has_dimension(object: *mut zend_object, offset: *mut zval, check_empty: c_int) -> c_int {
    // SAFETY: the engine passes a live object of a class that extends Sync, and a live offset. The function that may run user code gets both, and
    // is the last to use them.
    unsafe {
        if offsets(SyncObject::of(object)) {
            ffi::zend_std_has_dimension(object, offset, check_empty)
        } else {
            handlers::has_dimension(object, offset, check_empty)
        }
    }
}

/// `unset($sync['x'])`, by `offsetUnset` where the class overrides it.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of a class that extends Sync, and values that live until it
/// returns.
pub unsafe extern "C" fn unset_dimension(object: *mut zend_object, offset: *mut zval) {
    // SAFETY: the engine passes a live object of a class that extends Sync, and a live offset. The function that may run user code gets both, and
    // is the last to use them.
    unsafe {
        if offsets(SyncObject::of(object)) {
            ffi::zend_std_unset_dimension(object, offset);
        } else {
            handlers::unset_dimension(object, offset);
        }
    }
}
