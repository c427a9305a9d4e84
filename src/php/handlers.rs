//! What the engine calls for `$sync->x`, `$sync['x']`, isset, unset and their kin.
//!
//! Reading goes: cached value still current? hand it out · else `access::read`. Writing goes
//! through `access::write`. Objects of a subclass that declares properties or overrides methods
//! have another table ([`fill_derived`]), which asks first whose business a name is: the class's,
//! and then the engine's standard handlers do what they do for any class, or ours.

use std::os::raw::{c_int, c_void};
use std::ptr;

use ext_php_rs::ffi::{
    self, BP_VAR_IS, BP_VAR_R, BP_VAR_RW, BP_VAR_UNSET, BP_VAR_W, IS_NULL, IS_STRING, zend_object,
    zend_object_handlers, zend_string, zval,
};

use super::access;
use super::errors::contain;
use super::nested::{self, Fetch};
use super::object::{SyncObject, check_name, is_bad_name, offset_name};
use super::views;
use super::zend::{self, Str, Thrown};

pub use derived::declares;

/// The handlers of objects that are just Sync.
pub fn fill(table: &mut zend_object_handlers) {
    table.read_property = Some(read_property);
    table.write_property = Some(write_property);
    table.has_property = Some(has_property);
    table.unset_property = Some(unset_property);
    table.get_property_ptr_ptr = Some(get_property_ptr_ptr);
    table.read_dimension = Some(read_dimension);
    table.write_dimension = Some(write_dimension);
    table.has_dimension = Some(has_dimension);
    table.unset_dimension = Some(unset_dimension);
    table.count_elements = Some(views::count_elements);
    table.get_properties = Some(views::get_properties);
    table.get_properties_for = Some(views::get_properties_for);
    table.get_gc = Some(views::get_gc);
    table.compare = Some(views::compare);
}

/// The handlers of objects whose class declares properties or overrides methods.
pub fn fill_derived(table: &mut zend_object_handlers) {
    table.read_property = Some(derived::read_property);
    table.write_property = Some(derived::write_property);
    table.has_property = Some(derived::has_property);
    table.unset_property = Some(derived::unset_property);
    table.get_property_ptr_ptr = Some(derived::get_property_ptr_ptr);
    table.read_dimension = Some(derived::read_dimension);
    table.write_dimension = Some(derived::write_dimension);
    table.has_dimension = Some(derived::has_dimension);
    table.unset_dimension = Some(derived::unset_dimension);
    // `count($sync)` calls the method, which may be overridden.
    table.count_elements = None;
}

/// `$sync->x`. The value is always put into `result`, never handed out by address: user code might
/// change or free what a cache holds before the engine has copied it.
unsafe extern "C" fn read_property(
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
            if kind as u32 == BP_VAR_IS && is_bad_name(name) {
                return zend::uninitialized();
            }
            return read_uncached(this, name, result);
        }
        read_for_writing(this, name, kind, result)
    }
}

/// `$sync->x` where something inside of it is about to be changed.
#[inline(never)]
unsafe fn read_for_writing(this: &SyncObject, name: *mut zend_string, kind: c_int, result: *mut zval) -> *mut zval {
    contain(zend::uninitialized(), || {
        // SAFETY: as for `read_property`.
        unsafe {
            let fetched = this
                .instance()
                .and_then(|_| check_name(name))
                .and_then(|()| nested::property_fetch(kind, name, String::new));
            match fetched {
                Ok(Fetch::Value | Fetch::Operand) => return read_uncached(this, name, result),
                Ok(Fetch::Place) => nested::fetch_place(this.zend(), Some(Str::share(name)), result),
                Err(Thrown) => return zend::uninitialized(),
            }
            result
        }
    })
}

/// The whole of a read that finds nothing changed: no system call, no lock, no bytes copied.
#[inline]
unsafe fn read_cached(this: &SyncObject, name: *mut zend_string, result: *mut zval) -> bool {
    // SAFETY: as for `read_property`. Nothing runs while the entry is borrowed.
    unsafe {
        if let Some(entry) = this.cache().find(name)
            && let Some(instance) = this.constructed()
            && instance.store.is_current(&entry.seen)
        {
            access::hand_out(&raw const entry.value, result);
            return true;
        }
        false
    }
}

#[inline(never)]
unsafe fn read_uncached(this: &SyncObject, name: *mut zend_string, result: *mut zval) -> *mut zval {
    contain(zend::uninitialized(), || {
        let _alive = this.hold();
        // SAFETY: as for `read_property`; both references are held until the end.
        unsafe {
            let name = Str::share(name);
            match access::read(this, name.as_ptr(), result) {
                Ok(_) => result,
                Err(Thrown) => zend::uninitialized(),
            }
        }
    })
}

/// `$sync->x = $value`.
unsafe extern "C" fn write_property(
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
            if access::write_known(this, name, value) {
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
unsafe fn write(this: &SyncObject, name: *mut zend_string, value: *mut zval) -> Result<(), Thrown> {
    // SAFETY: as for `write_property`.
    unsafe {
        let _alive = this.hold();
        let name = Str::share(name);
        let mut held = zend::empty();
        zend::copy(&raw mut held, value);
        access::write(this, name.as_ptr(), &raw mut held)
    }
}

/// `isset($sync->x)`, `empty($sync->x)` and `property_exists($sync, 'x')`.
unsafe extern "C" fn has_property(
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
unsafe fn has(this: &SyncObject, name: *mut zend_string, question: c_int) -> Result<bool, Thrown> {
    // SAFETY: the caller holds object and name.
    unsafe {
        match question as u32 {
            ffi::ZEND_PROPERTY_EXISTS => access::exists(this, name),
            ffi::ZEND_ISEMPTY if access::is_unnameable(name) => Ok(false),
            ffi::ZEND_ISEMPTY => {
                let mut value = zend::empty();
                access::read(this, name, &raw mut value)?;
                Ok(zend::is_true(&raw mut value))
            }
            _ => access::is_set(this, name),
        }
    }
}

/// `unset($sync->x)`.
unsafe extern "C" fn unset_property(object: *mut zend_object, name: *mut zend_string, _slot: *mut *mut c_void) {
    contain((), || {
        // SAFETY: the engine passes an object of ours and a valid name; both are held.
        unsafe {
            let this = SyncObject::of(object);
            let _alive = this.hold();
            let name = Str::share(name);
            let _ = access::remove(this, name.as_ptr());
        }
    });
}

/// There is no place in this process that holds the property: the engine reads and writes instead.
/// Operators (`$sync->n++`) are done here.
unsafe extern "C" fn get_property_ptr_ptr(
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
            if this.instance().and_then(|_| check_name(name)).is_err() {
                return zend::error_zval();
            }
            nested::operate(object, name, slot)
        }
    })
}

/// `$sync['x']`.
unsafe extern "C" fn read_dimension(
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
            let failed = if nested::is_operator() { zend::uninitialized() } else { ptr::null_mut() };
            let Ok(fetch) = this.instance().and_then(|_| nested::element_fetch(kind, offset, String::new)) else {
                return failed;
            };
            if offset.is_null()
                && let Fetch::Place = fetch
            {
                nested::fetch_place(object, None, result);
                return result;
            }
            // As in `read_property`.
            if kind as u32 == BP_VAR_IS && zend::kind(offset) == IS_STRING && is_bad_name((*offset).value.str_) {
                return zend::uninitialized();
            }
            // (Before PHP 8.3 its words for what is no offset were the same for all of these.)
            let kind = if cfg!(php83) { kind as u32 } else { BP_VAR_R };
            let Ok(name) = shared_name(this, offset, kind) else { return failed };
            match fetch {
                Fetch::Value => {}
                Fetch::Place => {
                    nested::fetch_place(object, Some(name), result);
                    return result;
                }
                Fetch::Operand => {
                    nested::fetch_operand(object, name, result);
                    return result;
                }
            }
            if read_cached(this, name.as_ptr(), result) {
                return result;
            }
            match access::read(this, name.as_ptr(), result) {
                Ok(_) => result,
                Err(Thrown) => ptr::null_mut(),
            }
        }
    })
}

/// `$sync['x'] = $value`.
unsafe extern "C" fn write_dimension(object: *mut zend_object, offset: *mut zval, value: *mut zval) {
    contain((), || {
        // SAFETY: the engine passes an object of ours, an offset or null for `[]`, and a value.
        unsafe {
            let this = SyncObject::of(object);
            // `$sync[[]] += 1` writes even after its TypeError.
            if this.echo.is_due() || zend::check().is_err() {
                return;
            }
            let _alive = this.hold();
            // What an ArrayAccess is told for `[]`.
            let offset =
                if !offset.is_null() && zend::kind(zend::deref(offset)) == IS_NULL { ptr::null_mut() } else { offset };
            // What was thrown is pending.
            let _ = if offset.is_null() {
                let mut held = zend::empty();
                zend::copy(&raw mut held, zend::deref(value));
                access::append(this, &raw mut held)
            } else {
                shared_name(this, offset, BP_VAR_W).and_then(|name| write(this, name.as_ptr(), zend::deref(value)))
            };
        }
    });
}

/// `isset($sync['x'])` and `empty($sync['x'])`.
unsafe extern "C" fn has_dimension(object: *mut zend_object, offset: *mut zval, check_empty: c_int) -> c_int {
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
unsafe extern "C" fn unset_dimension(object: *mut zend_object, offset: *mut zval) {
    contain((), || {
        // SAFETY: the engine passes an object of ours and an offset.
        unsafe {
            let this = SyncObject::of(object);
            let _alive = this.hold();
            if let Ok(name) = shared_name(this, offset, BP_VAR_UNSET) {
                let _ = access::remove(this, name.as_ptr());
            }
        }
    });
}

/// The name that an offset means, if a property can have it; for `[]`, the next free number.
unsafe fn shared_name(this: &SyncObject, offset: *mut zval, fetch: u32) -> Result<Str, Thrown> {
    if offset.is_null() {
        return access::next_number(this);
    }
    // SAFETY: not null, so the engine passed a valid value.
    let name = unsafe { offset_name(this, offset, fetch)? };
    // SAFETY: held.
    unsafe { check_name(name.as_ptr())? };
    Ok(name)
}

/// The same questions to objects of classes that declare properties or override methods.
mod derived {
    use super::*;

    /// Whether `name` is a property that the class declares and that the running code may access.
    /// Others, private ones out of reach too, are in the store, as with `__get`.
    ///
    /// # Safety
    /// `name` is valid.
    pub unsafe fn declares(this: &SyncObject, name: *mut zend_string) -> bool {
        if !this.overrides.properties {
            return false;
        }
        // SAFETY: the object has a class; the engine answers null or -1 for "no".
        unsafe {
            let info = ffi::zend_get_property_info((*this.zend()).ce, name, 1);
            !info.is_null() && info.addr() != usize::MAX && (*info).flags & ffi::ZEND_ACC_STATIC == 0
        }
    }

    /// The engine's guards against a magic method that asks for what it was asked for.
    const IN_GET: u32 = 1 << 0;
    const IN_SET: u32 = 1 << 1;
    const IN_UNSET: u32 = 1 << 2;
    const IN_ISSET: u32 = 1 << 3;

    /// Whether an overridden method is to be asked: not while it runs for this very name, when
    /// `$this->$name` in it means what is shared.
    unsafe fn asks(this: &SyncObject, name: *mut zend_string, overridden: bool, guard: u32) -> bool {
        // SAFETY: callers pass a valid name; the class has magic methods, so its objects have guards.
        overridden && unsafe { *ffi::zend_get_property_guard(this.zend(), name) & guard == 0 }
    }

    pub unsafe extern "C" fn read_property(
        object: *mut zend_object,
        name: *mut zend_string,
        kind: c_int,
        slot: *mut *mut c_void,
        result: *mut zval,
    ) -> *mut zval {
        // SAFETY: the engine passes what the functions called expect.
        unsafe {
            let this = SyncObject::of(object);
            if declares(this, name) {
                return ffi::zend_std_read_property(object, name, kind, slot, result);
            }
            let overridden = match kind as u32 {
                BP_VAR_R => asks(this, name, this.overrides.get, IN_GET),
                BP_VAR_IS => {
                    asks(this, name, this.overrides.get, IN_GET) || asks(this, name, this.overrides.has, IN_ISSET)
                }
                // To be changed further inside: a method that returns a reference is for that, and
                // else what is overridden is called by `nested::change`.
                _ => asks(this, name, this.overrides.get, IN_GET) && gives_reference(this),
            };
            if overridden {
                ffi::zend_std_read_property(object, name, kind, ptr::null_mut(), result)
            } else {
                super::read_property(object, name, kind, slot, result)
            }
        }
    }

    /// Whether the class overrides `__get` by a method that returns a reference.
    unsafe fn gives_reference(this: &SyncObject) -> bool {
        // SAFETY: the class inherits a `__get`.
        unsafe { (*(*(*this.zend()).ce).__get).common.fn_flags & ffi::ZEND_ACC_RETURN_REFERENCE != 0 }
    }

    pub unsafe extern "C" fn write_property(
        object: *mut zend_object,
        name: *mut zend_string,
        value: *mut zval,
        slot: *mut *mut c_void,
    ) -> *mut zval {
        // SAFETY: the engine passes what the functions called expect.
        unsafe {
            let this = SyncObject::of(object);
            if declares(this, name) {
                ffi::zend_std_write_property(object, name, value, slot)
            } else if asks(this, name, this.overrides.set, IN_SET) {
                ffi::zend_std_write_property(object, name, value, ptr::null_mut())
            } else {
                super::write_property(object, name, value, slot)
            }
        }
    }

    pub unsafe extern "C" fn has_property(
        object: *mut zend_object,
        name: *mut zend_string,
        question: c_int,
        slot: *mut *mut c_void,
    ) -> c_int {
        // SAFETY: the engine passes what the functions called expect.
        unsafe {
            let this = SyncObject::of(object);
            if declares(this, name) {
                return ffi::zend_std_has_property(object, name, question, slot);
            }
            let overridden = match question as u32 {
                // `property_exists()` asks no method.
                ffi::ZEND_PROPERTY_EXISTS => false,
                _ if this.overrides.has => asks(this, name, true, IN_ISSET),
                // What reading gives is what is asked for, then.
                _ => asks(this, name, this.overrides.get, IN_GET),
            };
            if overridden {
                ffi::zend_std_has_property(object, name, question, ptr::null_mut())
            } else {
                super::has_property(object, name, question, slot)
            }
        }
    }

    pub unsafe extern "C" fn unset_property(object: *mut zend_object, name: *mut zend_string, slot: *mut *mut c_void) {
        // SAFETY: the engine passes what the functions called expect.
        unsafe {
            let this = SyncObject::of(object);
            if declares(this, name) {
                ffi::zend_std_unset_property(object, name, slot);
            } else if asks(this, name, this.overrides.remove, IN_UNSET) {
                ffi::zend_std_unset_property(object, name, ptr::null_mut());
            } else {
                super::unset_property(object, name, slot);
            }
        }
    }

    pub unsafe extern "C" fn get_property_ptr_ptr(
        object: *mut zend_object,
        name: *mut zend_string,
        kind: c_int,
        slot: *mut *mut c_void,
    ) -> *mut zval {
        // SAFETY: the engine passes what the functions called expect.
        unsafe {
            if declares(SyncObject::of(object), name) {
                ffi::zend_std_get_property_ptr_ptr(object, name, kind, slot)
            } else {
                super::get_property_ptr_ptr(object, name, kind, slot)
            }
        }
    }

    /// Whether `$sync['x']` goes through methods of the class.
    fn offsets(this: &SyncObject) -> bool {
        let o = this.overrides;
        o.offsets || o.get || o.set || o.has || o.remove
    }

    pub unsafe extern "C" fn read_dimension(
        object: *mut zend_object,
        offset: *mut zval,
        kind: c_int,
        result: *mut zval,
    ) -> *mut zval {
        // SAFETY: the engine passes what the functions called expect.
        unsafe {
            if offsets(SyncObject::of(object)) {
                ffi::zend_std_read_dimension(object, offset, kind, result)
            } else {
                super::read_dimension(object, offset, kind, result)
            }
        }
    }

    pub unsafe extern "C" fn write_dimension(object: *mut zend_object, offset: *mut zval, value: *mut zval) {
        // SAFETY: the engine passes what the functions called expect.
        unsafe {
            if offsets(SyncObject::of(object)) {
                ffi::zend_std_write_dimension(object, offset, value);
            } else {
                super::write_dimension(object, offset, value);
            }
        }
    }

    pub unsafe extern "C" fn has_dimension(object: *mut zend_object, offset: *mut zval, check_empty: c_int) -> c_int {
        // SAFETY: the engine passes what the functions called expect.
        unsafe {
            if offsets(SyncObject::of(object)) {
                ffi::zend_std_has_dimension(object, offset, check_empty)
            } else {
                super::has_dimension(object, offset, check_empty)
            }
        }
    }

    pub unsafe extern "C" fn unset_dimension(object: *mut zend_object, offset: *mut zval) {
        // SAFETY: the engine passes what the functions called expect.
        unsafe {
            if offsets(SyncObject::of(object)) {
                ffi::zend_std_unset_dimension(object, offset);
            } else {
                super::unset_dimension(object, offset);
            }
        }
    }
}
