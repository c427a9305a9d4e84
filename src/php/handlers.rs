//! Handlers that the engine calls for `$sync->x`, `$sync['x']`, isset, unset and their kin.
//!
//! Reading goes: cached value still current? copy it · else `property::read`. Writing goes
//! through `property::write`. Objects of a subclass that declares properties or overrides methods
//! have another table ([`super::subclass`]).

use std::os::raw::{c_int, c_void};
use std::ptr;

use ext_php_rs::ffi::{
    self, BP_VAR_IS, BP_VAR_R, BP_VAR_RW, BP_VAR_UNSET, BP_VAR_W, IS_NULL, zend_object, zend_string, zval,
};

use super::errors::contain;
use super::fetch::{Fetch, element_fetch, is_operator, property_fetch};
use super::handle::Backend;
use super::names::{check_name, is_bad_name, offset_name};
use super::object::SyncObject;
use super::operate::operate;
use super::property;
use super::proxy::{fetch_operand, fetch_proxy};
use super::zend::{self, Local, Slot, Str, Thrown, Value, ZStr};

/// `$sync->x`. The value is always put into `result`, never handed out by address: user code might
/// change or free what a cache holds before the engine has copied it.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn read_property(
    object: *mut zend_object,
    name: *mut zend_string,
    kind: c_int,
    _slot: *mut *mut c_void,
    result: *mut zval,
) -> *mut zval {
    // SAFETY: the engine passes an object of ours, a valid name and a slot for the result.
    unsafe {
        let this = SyncObject::of(object);
        if matches!(kind as u32, BP_VAR_R | BP_VAR_IS) {
            if read_cached(this, name, result) {
                return result;
            }
            // `??` asks; that nothing has such a name is an answer, as it is to isset().
            if kind as u32 == BP_VAR_IS && is_bad_name(ZStr::from_ptr(name)) {
                return zend::uninitialized();
            }
            return read_uncached(this, name, result);
        }
        read_for_writing(this, name, kind, result)
    }
}

/// `$sync->x` where something inside of it is about to be changed.
///
/// # Safety
/// As for [`read_property`].
#[inline(never)]
unsafe fn read_for_writing(this: &SyncObject, name: *mut zend_string, kind: c_int, result: *mut zval) -> *mut zval {
    contain(zend::uninitialized(), || {
        // SAFETY: as for `read_property`.
        unsafe {
            let fetched = this
                .instance()
                .and_then(|_| check_name(ZStr::from_ptr(name)))
                .and_then(|()| property_fetch(kind, name, String::new));
            match fetched {
                Ok(Fetch::Value | Fetch::Operand) => return read_uncached(this, name, result),
                Ok(Fetch::Proxy) => fetch_proxy(this.zend(), Some(Str::share(name)), result),
                Err(Thrown) => return zend::uninitialized(),
            }
            result
        }
    })
}

/// The whole of a read that finds nothing changed: no system call, no lock, no bytes copied.
///
/// # Safety
/// As for [`read_property`].
#[inline(always)]
unsafe fn read_cached(this: &SyncObject, name: *mut zend_string, result: *mut zval) -> bool {
    // SAFETY: as for `read_property`. Nothing runs while the entry is borrowed.
    unsafe {
        if let Some(entry) = this.cache().find(ZStr::from_ptr(name))
            && let Some(instance) = this.constructed()
            && instance.store.is_current(&entry.version)
        {
            entry.copy_to(&mut Slot::new(result));
            return true;
        }
        false
    }
}

/// `$sync->x`, where the cache does not know the newest value.
///
/// # Safety
/// As for [`read_property`].
#[inline(never)]
unsafe fn read_uncached(this: &SyncObject, name: *mut zend_string, result: *mut zval) -> *mut zval {
    contain(zend::uninitialized(), || {
        let _alive = this.hold();
        // SAFETY: as for `read_property`; both references are held until the end.
        unsafe {
            let name = Str::share(name);
            match property::read(this, &name, Slot::new(result)) {
                Ok(_) => result,
                Err(Thrown) => zend::uninitialized(),
            }
        }
    })
}

/// `$sync->x = $value`.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn write_property(
    object: *mut zend_object,
    name: *mut zend_string,
    value: *mut zval,
    _slot: *mut *mut c_void,
) -> *mut zval {
    contain(zend::error_zval(), || {
        // SAFETY: the engine passes an object of ours, a valid name and a value that is not a
        // reference; all are held, as user code may run.
        unsafe {
            // `$array_property++` writes even after its TypeError.
            if zend::check().is_err() {
                return zend::error_zval();
            }
            let this = SyncObject::of(object);
            if property::write_known(this, ZStr::from_ptr(name), Value::from_ptr(value)) {
                return value;
            }
            match write(this, name, value) {
                Ok(()) => value,
                Err(Thrown) => zend::error_zval(),
            }
        }
    })
}

/// Stores a value while holding on to everything that user code might let go of.
///
/// # Safety
/// As for [`write_property`].
unsafe fn write(this: &SyncObject, name: *mut zend_string, value: *mut zval) -> Result<(), Thrown> {
    // SAFETY: as for `write_property`.
    unsafe {
        let _alive = this.hold();
        let name = Str::share(name);
        let held = Local::copy_of(Value::from_ptr(value));
        property::write(this, &name, &held)
    }
}

/// `isset($sync->x)`, `empty($sync->x)` and `property_exists($sync, 'x')`.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn has_property(
    object: *mut zend_object,
    name: *mut zend_string,
    question: c_int,
    _slot: *mut *mut c_void,
) -> c_int {
    contain(0, || {
        // SAFETY: the engine passes an object of ours and a valid name; both are held.
        unsafe {
            let this = SyncObject::of(object);
            let _alive = this.hold();
            let name = Str::share(name);
            c_int::from(has(this, name.as_ptr(), question).unwrap_or(false))
        }
    })
}

/// Answers the three questions that the engine asks about a property.
///
/// # Safety
/// As for [`has_property`].
unsafe fn has(this: &SyncObject, name: *mut zend_string, question: c_int) -> Result<bool, Thrown> {
    // SAFETY: the caller holds object and name.
    unsafe {
        match question as u32 {
            ffi::ZEND_PROPERTY_EXISTS => property::exists(this, ZStr::from_ptr(name)),
            ffi::ZEND_ISEMPTY if is_bad_name(ZStr::from_ptr(name)) => Ok(false),
            ffi::ZEND_ISEMPTY => {
                let mut value = zend::empty();
                property::read(this, ZStr::from_ptr(name), Slot::new(&raw mut value))?;
                Ok(zend::is_true(&raw mut value))
            }
            _ => property::is_set(this, ZStr::from_ptr(name)),
        }
    }
}

/// `unset($sync->x)`.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn unset_property(object: *mut zend_object, name: *mut zend_string, _slot: *mut *mut c_void) {
    contain((), || {
        // SAFETY: the engine passes an object of ours and a valid name; both are held.
        unsafe {
            let this = SyncObject::of(object);
            let _alive = this.hold();
            let name = Str::share(name);
            let _ = property::remove(this, &name);
        }
    });
}

/// There is no place in this process that holds the property: the engine reads and writes instead.
/// Operators (`$sync->n++`) are done here.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn get_property_ptr_ptr(
    object: *mut zend_object,
    name: *mut zend_string,
    kind: c_int,
    slot: *mut *mut c_void,
) -> *mut zval {
    if kind as u32 != BP_VAR_RW {
        return ptr::null_mut();
    }
    contain(ptr::null_mut(), || {
        // SAFETY: the engine passes an object of ours, a valid name, and a cache slot or null.
        unsafe {
            let this = SyncObject::of(object);
            if this.instance().and_then(|_| check_name(ZStr::from_ptr(name))).is_err() {
                return zend::error_zval();
            }
            operate(object, name, slot)
        }
    })
}

/// `$sync['x']`.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn read_dimension(
    object: *mut zend_object,
    offset: *mut zval,
    kind: c_int,
    result: *mut zval,
) -> *mut zval {
    contain(ptr::null_mut(), || {
        // SAFETY: the engine passes an object of ours, and an offset or null for `[]`.
        unsafe {
            let this = SyncObject::of(object);
            let _alive = this.hold();
            // Of nothing, an operator says that there is no array; the null that it gets instead is not stored.
            let failed = if is_operator() { zend::uninitialized() } else { ptr::null_mut() };
            let Ok(fetch) = this.instance().and_then(|_| element_fetch(kind, offset, String::new)) else {
                return failed;
            };
            if offset.is_null()
                && let Fetch::Proxy = fetch
            {
                fetch_proxy(object, None, result);
                return result;
            }
            // As in `read_property`.
            if kind as u32 == BP_VAR_IS && Value::from_ptr(offset).string().is_some_and(is_bad_name) {
                return zend::uninitialized();
            }
            // (Before PHP 8.3 its words for what is no offset were the same for all of these.)
            let kind = if cfg!(php83) { kind as u32 } else { BP_VAR_R };
            let Ok(name) = shared_name(this, offset, kind) else { return failed };
            match fetch {
                Fetch::Value => {}
                Fetch::Proxy => {
                    fetch_proxy(object, Some(name), result);
                    return result;
                }
                Fetch::Operand => {
                    fetch_operand(object, name, result);
                    return result;
                }
            }
            if read_cached(this, name.as_ptr(), result) {
                return result;
            }
            match property::read(this, &name, Slot::new(result)) {
                Ok(_) => result,
                Err(Thrown) => ptr::null_mut(),
            }
        }
    })
}

/// `$sync['x'] = $value`.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn write_dimension(object: *mut zend_object, offset: *mut zval, value: *mut zval) {
    contain((), || {
        // SAFETY: the engine passes an object of ours, an offset or null for `[]`, and a value.
        unsafe {
            let this = SyncObject::of(object);
            // `$sync[[]] += 1` writes even after its TypeError.
            if this.write_back.is_due() || zend::check().is_err() {
                return;
            }
            let _alive = this.hold();
            // As an ArrayAccess, `[]` is null.
            let offset =
                if !offset.is_null() && zend::kind(zend::deref(offset)) == IS_NULL { ptr::null_mut() } else { offset };
            // An exception is pending.
            let _ = if offset.is_null() {
                let mut held = zend::empty();
                zend::copy(&raw mut held, zend::deref(value));
                property::append(this, Value::of(&held))
            } else {
                shared_name(this, offset, BP_VAR_W).and_then(|name| write(this, name.as_ptr(), zend::deref(value)))
            };
        }
    });
}

/// `isset($sync['x'])` and `empty($sync['x'])`.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn has_dimension(object: *mut zend_object, offset: *mut zval, check_empty: c_int) -> c_int {
    contain(0, || {
        // SAFETY: the engine passes an object of ours and an offset.
        unsafe {
            let this = SyncObject::of(object);
            let _alive = this.hold();
            let question = if check_empty != 0 { ffi::ZEND_ISEMPTY } else { ffi::ZEND_PROPERTY_ISSET };
            let answer =
                offset_name(this, offset, BP_VAR_IS).and_then(|name| has(this, name.as_ptr(), question as c_int));
            c_int::from(answer.unwrap_or(false))
        }
    })
}

/// `unset($sync['x'])`.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn unset_dimension(object: *mut zend_object, offset: *mut zval) {
    contain((), || {
        // SAFETY: the engine passes an object of ours and an offset.
        unsafe {
            let this = SyncObject::of(object);
            let _alive = this.hold();
            if let Ok(name) = shared_name(this, offset, BP_VAR_UNSET) {
                let _ = property::remove(this, &name);
            }
        }
    });
}

/// The name that an offset means, if a property can have it; for `[]`, the next free number.
///
/// # Safety
/// `offset` is null, or a live value.
unsafe fn shared_name(this: &SyncObject, offset: *mut zval, fetch: u32) -> Result<Str, Thrown> {
    if offset.is_null() {
        return property::next_number(this);
    }
    // SAFETY: not null, so the engine passed a valid value.
    let name = unsafe { offset_name(this, offset, fetch)? };
    check_name(&name)?;
    Ok(name)
}
