//! Handlers that the engine calls for `$sync->x`, `$sync['x']`, isset, unset and their kin.
//!
//! Reading goes: cached value still current? copy it · else `property::read`. Writing goes
//! through `property::write`. Objects of a subclass that declares properties or overrides methods
//! have another table ([`super::subclass`]).

use std::os::raw::{c_int, c_void};
use std::ptr;

use ext_php_rs::ffi::{self, BP_VAR_IS, BP_VAR_R, BP_VAR_RW, BP_VAR_UNSET, BP_VAR_W, zend_object, zend_string, zval};

use super::cache::{CacheSlot, Spot};
use super::errors::contain;
use super::fetch::{self, Fetch, element_fetch, is_operator, property_fetch};
use super::globals::GLOBALS;
use super::handle::{Backend, Handle};
use super::names::{check_name, is_bad_name, offset_name};
use super::object::SyncObject;
use super::operate::operate;
use super::opline::Opline;
use super::property;
use super::proxy::{fetch_operand, fetch_proxy};
use super::zend::{self, Local, Slot, Str, Thrown, Value, ZStr, series};

/// `$sync->x`. The value is always put into `result`, never handed out by address: user code might
/// change or free what a cache holds before the engine has copied it.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn read_property(
    object: *mut zend_object,
    name: *mut zend_string,
    kind: c_int,
    slot: *mut *mut c_void,
    result: *mut zval,
) -> *mut zval {
    // SAFETY: the engine passes an object of ours, a live name and a place for the result.
    let (this, name, mut into) = unsafe { (SyncObject::of(object), ZStr::from_ptr(name), Slot::new(result)) };
    if matches!(kind as u32, BP_VAR_R | BP_VAR_IS) {
        // SAFETY: the engine passes its slot for the name, or null.
        let slot = unsafe { CacheSlot::new(slot) };
        return match read_again(this, slot, &mut into) {
            Some(true) => result,
            Some(false) => read_longer(this, name, kind, slot, into),
            None => read_in_another_tick(this, name, kind, slot, into),
        };
    }
    read_for_writing(this, name, kind, into)
}

/// `$sync->x`, where the clock has moved on. (Apart, so that what it takes is only put where it belongs when that is so.)
#[cold]
#[inline(never)]
fn read_in_another_tick(this: &SyncObject, name: &ZStr, kind: c_int, slot: CacheSlot, into: Slot) -> *mut zval {
    read_longer(this, name, kind, slot, into)
}

/// `$sync->x`, where it is not read at once.
#[inline(never)]
fn read_longer(this: &SyncObject, name: &ZStr, kind: c_int, slot: CacheSlot, mut into: Slot) -> *mut zval {
    // SAFETY: nothing runs while the entry is borrowed. It is current in its own store alone.
    if let Some(entry) = unsafe { slot.entry(this.number()) }
        && Handle::expiry_of(&entry.version).is_some()
        && let Some(instance) = this.constructed()
        && instance.store.is_current(&entry.version)
    {
        entry.copy_to(&mut into);
        return into.as_ptr();
    }
    let Err(spot) = read_known(this, slot, name, &mut into) else { return into.as_ptr() };
    // `??` asks; that nothing has such a name is an answer, as it is to isset().
    if kind as u32 == BP_VAR_IS && is_bad_name(name) {
        return zend::uninitialized();
    }
    read_uncached(this, name, spot, into)
}

/// `$sync->x` where something inside of it is about to be changed.
#[inline(never)]
fn read_for_writing(this: &SyncObject, name: &ZStr, kind: c_int, into: Slot) -> *mut zval {
    contain(zend::uninitialized(), || {
        let fetched =
            this.instance().and_then(|_| check_name(name)).and_then(|()| property_fetch(kind, name, String::new));
        match fetched {
            Ok(Fetch::Value | Fetch::Operand) => read_uncached(this, name, Spot::NONE, into),
            Ok(Fetch::Proxy) => fetch_proxy(this, Some(Str::of(name)), into),
            Err(Thrown) => zend::uninitialized(),
        }
    })
}

/// The whole of a read that finds nothing changed, by an instruction that has met the name before: no system call, no lock,
/// no search, no bytes copied, and nothing that takes more registers than there are. `None`: only the clock has moved on.
#[inline(always)]
fn read_again(this: &SyncObject, slot: CacheSlot, into: &mut Slot) -> Option<bool> {
    // SAFETY: nothing runs while the entry is borrowed. It is current in its own store alone.
    let (Some(entry), Some(instance)) = (unsafe { slot.entry(this.number()) }, this.constructed()) else {
        return Some(false);
    };
    let is_current = instance.store.is_current_at_once(&entry.version);
    if is_current == Some(true) {
        entry.copy_to(into);
    }
    is_current
}

/// As [`read_again`], by a search among the names that the thread knows, and where other values have changed since. Else
/// where the search has ended.
#[inline(never)]
fn read_known(this: &SyncObject, slot: CacheSlot, name: &ZStr, into: &mut Slot) -> Result<(), Spot> {
    // SAFETY: nothing runs while the entry is borrowed.
    let entry = match unsafe { this.newest(name) } {
        Ok(entry) => entry,
        // SAFETY: as above.
        Err(_) if open_known(this) => unsafe { this.newest(name) }?,
        Err(spot) => return Err(spot),
    };
    this.lead(slot, entry);
    entry.copy_to(into);
    Ok(())
}

/// Opens the file of an object that has none open, which another object of the thread mostly has; whether it is open now, and was
/// not before.
#[inline(never)]
fn open_known(this: &SyncObject) -> bool {
    let is_open = || this.constructed().is_some_and(|instance| instance.store.opening() != 0);
    !is_open()
        && contain(false, || {
            this.enter();
            is_open()
        })
}

/// `$sync->x`, where the cache does not know the newest value: a search has ended at `spot`.
#[inline(never)]
fn read_uncached(this: &SyncObject, name: &ZStr, spot: Spot, into: Slot) -> *mut zval {
    contain(zend::uninitialized(), || {
        // (Held, as user code may run.)
        let (_alive, name, result) = (this.hold(), Str::of(name), into.as_ptr());
        match property::read_from(this, &name, spot, into) {
            Ok(_) => result,
            Err(Thrown) => zend::uninitialized(),
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
    slot: *mut *mut c_void,
) -> *mut zval {
    contain(zend::error_zval(), || {
        // `$array_property++` writes even after its TypeError.
        if zend::check().is_err() {
            return zend::error_zval();
        }
        // SAFETY: the engine passes an object of ours, a live name and a value that is not a reference.
        let (this, name, new) = unsafe { (SyncObject::of(object), ZStr::from_ptr(name), Value::from_ptr(value)) };
        // SAFETY: the engine passes its slot for the name, or null.
        if property::write_short(this, unsafe { CacheSlot::new(slot) }, name, new) {
            return value;
        }
        write(this, name, new)
    })
}

/// As [`write_property`], by the way that knows of values that expire.
///
/// # Safety
/// As for [`write_property`].
pub unsafe fn write_property_long(object: *mut zend_object, name: *mut zend_string, value: *mut zval) -> *mut zval {
    contain(zend::error_zval(), || {
        // SAFETY: the engine passes an object of ours, a live name and a value that is not a reference.
        let (this, name, new) = unsafe { (SyncObject::of(object), ZStr::from_ptr(name), Value::from_ptr(value)) };
        write(this, name, new)
    })
}

/// Stores a value while holding on to everything that user code might let go of. Returns what the engine takes for the result of the
/// assignment.
fn write(this: &SyncObject, name: &ZStr, value: &Value) -> *mut zval {
    let (alive, name, held) = (this.hold(), Str::of(name), Local::copy_of(value));
    if property::write(this, &name, &held).is_err() {
        return zend::error_zval();
    }
    // (Its destructor may run now, not when the value has been looked at.)
    drop(alive);
    assigned(value.as_ptr(), held)
}

/// The result of the assignment that runs, of which the engine has passed `value`: that, if it is still there, or else what was held of it,
/// where user code that ran meanwhile has changed the variable that the value is in, or freed it.
pub fn assigned(value: *mut zval, held: Local) -> *mut zval {
    if !Opline::current().is_some_and(|instruction| instruction.has_lost_its_value(value, &held)) {
        return value;
    }
    let scratch = GLOBALS.get().scratch.get();
    // SAFETY: a zval of the thread's, which is live and in nobody's use until the engine has used it. It is released first, as a destructor
    // may use it.
    unsafe {
        zend::release(scratch);
        Slot::new(scratch).assign(held).map_or(zend::error_zval(), |()| scratch)
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
    slot: *mut *mut c_void,
) -> c_int {
    // SAFETY: the engine passes an object of ours, and its slot for the name, or null. Nothing runs while the entry is borrowed.
    unsafe {
        if question as u32 == ffi::ZEND_PROPERTY_ISSET
            && let Some(entry) = CacheSlot::new(slot).entry(SyncObject::of(object).number())
            && let Some(instance) = SyncObject::of(object).constructed()
            && instance.store.is_current_at_once(&entry.version) == Some(true)
        {
            return c_int::from(entry.is_set());
        }
    }
    contain(0, || {
        // SAFETY: the engine passes an object of ours and a live name; both are held at once.
        let (this, name) = unsafe { (SyncObject::of(object), Str::share(name)) };
        let _alive = this.hold();
        let is_so = has(this, &name, question).unwrap_or(false);
        // SAFETY: the engine passes its slot for the name, or null. Nothing runs while the entry is borrowed.
        unsafe {
            if let Some(entry) = this.known(&name) {
                this.lead(CacheSlot::new(slot), entry);
            }
        }
        c_int::from(is_so)
    })
}

/// Answers the three questions that the engine asks about a property. The caller holds the object and the name.
fn has(this: &SyncObject, name: &ZStr, question: c_int) -> Result<bool, Thrown> {
    match question as u32 {
        ffi::ZEND_PROPERTY_EXISTS => property::exists(this, name),
        ffi::ZEND_ISEMPTY if is_bad_name(name) => Ok(false),
        ffi::ZEND_ISEMPTY => {
            let mut value = Local::new();
            property::read(this, name, value.slot())?;
            Ok(value.is_true())
        }
        _ => property::is_set(this, name),
    }
}

/// `unset($sync->x)`.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn unset_property(object: *mut zend_object, name: *mut zend_string, _slot: *mut *mut c_void) {
    contain((), || {
        // SAFETY: the engine passes an object of ours and a live name; both are held at once.
        let (this, name) = unsafe { (SyncObject::of(object), Str::share(name)) };
        let _alive = this.hold();
        let _ = property::remove(this, &name);
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
        // SAFETY: the engine passes an object of ours and a live name.
        let (this, name) = unsafe { (SyncObject::of(object), ZStr::from_ptr(name)) };
        if this.instance().and_then(|_| check_name(name)).is_err() {
            return zend::error_zval();
        }
        // SAFETY: the engine passes a cache slot or null.
        unsafe { operate(this, name, slot) }
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
        // SAFETY: the engine passes an object of ours, an offset or null for `[]`, and a place for the result.
        let (this, offset, mut into) = unsafe { (SyncObject::of(object), fetch::offset(offset), Slot::new(result)) };
        let _alive = this.hold();
        // Of nothing, an operator says that there is no array; the null that it gets instead is not stored.
        let failed = if is_operator() { zend::uninitialized() } else { ptr::null_mut() };
        let Ok(fetch) = this.instance().and_then(|_| element_fetch(kind, offset, String::new)) else {
            return failed;
        };
        if let (None, Fetch::Proxy) = (offset, &fetch) {
            return fetch_proxy(this, None, into);
        }
        // As in `read_property`.
        if kind as u32 == BP_VAR_IS && offset.and_then(Value::string).is_some_and(is_bad_name) {
            return zend::uninitialized();
        }
        // (Where its words for what is no offset are the same for all of these, they are those for a read.)
        let kind = if series::WORDS_TELL_FETCH { kind as u32 } else { BP_VAR_R };
        let Ok(name) = shared_name(this, offset, kind) else { return failed };
        match fetch {
            Fetch::Value => {}
            Fetch::Proxy => return fetch_proxy(this, Some(name), into),
            Fetch::Operand => return fetch_operand(this, name, into),
        }
        let Err(spot) = read_known(this, CacheSlot::NONE, &name, &mut into) else { return result };
        match property::read_from(this, &name, spot, into) {
            Ok(_) => result,
            Err(Thrown) => ptr::null_mut(),
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
        let (this, offset, value) =
            unsafe { (SyncObject::of(object), fetch::offset(offset), Value::from_ptr(value).dereference()) };
        // `$sync[[]] += 1` writes even after its TypeError.
        if this.write_back.is_due() || zend::check().is_err() {
            return;
        }
        let _alive = this.hold();
        // As an ArrayAccess, `[]` is null.
        let offset = offset.filter(|offset| offset.dereference().kind() != zend::NULL);
        // An exception is pending.
        let _ = match offset {
            None => property::append(this, &Local::copy_of(value)),
            offset => {
                // Held before the name is made, which may run user code.
                let value = Local::copy_of(value);
                shared_name(this, offset, BP_VAR_W).and_then(|name| property::write(this, &name, &value))
            }
        };
    });
}

/// `isset($sync['x'])` and `empty($sync['x'])`.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn has_dimension(object: *mut zend_object, offset: *mut zval, check_empty: c_int) -> c_int {
    contain(0, || {
        // SAFETY: the engine passes an object of ours and an offset.
        let (this, offset) = unsafe { (SyncObject::of(object), Value::from_ptr(offset)) };
        let _alive = this.hold();
        let question = if check_empty != 0 { ffi::ZEND_ISEMPTY } else { ffi::ZEND_PROPERTY_ISSET };
        let answer = offset_name(this, offset, BP_VAR_IS).and_then(|name| has(this, &name, question as c_int));
        c_int::from(answer.unwrap_or(false))
    })
}

/// `unset($sync['x'])`.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn unset_dimension(object: *mut zend_object, offset: *mut zval) {
    contain((), || {
        // SAFETY: the engine passes an object of ours and an offset.
        let (this, offset) = unsafe { (SyncObject::of(object), fetch::offset(offset)) };
        let _alive = this.hold();
        if let Ok(name) = shared_name(this, offset, BP_VAR_UNSET) {
            let _ = property::remove(this, &name);
        }
    });
}

/// The name that an offset means, if a property can have it; for `[]`, the next free number.
fn shared_name(this: &SyncObject, offset: Option<&Value>, fetch: u32) -> Result<Str, Thrown> {
    let Some(offset) = offset else { return property::next_number(this) };
    let name = offset_name(this, offset, fetch)?;
    check_name(&name)?;
    Ok(name)
}
