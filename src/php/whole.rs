//! All of a shared object at once: counted, read, replaced.

use std::mem::ManuallyDrop;
use std::rc::Rc;

use ext_php_rs::ffi::{self, zend_array, zval};

use super::entries::with_entries;
use super::errors;
use super::globals::GLOBALS;
use super::handle::{Backend, Handle};
use super::legacy::{self, retry_importing};
use super::moment::{Extent, Moment};
use super::object::SyncObject;
use super::provenance::Provenance;
use super::retry::{Stop, retry};
use super::value;
use super::wait::Rounds;
use super::zend::{self, Str, Thrown};

/// How many names there are.
pub fn count(this: &SyncObject) -> Result<i64, Thrown> {
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        match retry(this, Handle::len) {
            Ok(names) => return Ok(names as i64),
            Err(Stop::Thrown) => return Err(Thrown),
            Err(Stop::Legacy) => {
                let mut names = 0;
                let counted = legacy::each(this, &mut |_, _| {
                    names += 1;
                    Ok(())
                })?;
                if counted {
                    return Ok(names);
                }
            }
        }
    }
}

/// Everything at one moment, in order, decoded: `each` is called with a name and its value, which
/// it may take over.
pub fn each(this: &SyncObject, each: &mut dyn FnMut(Str, *mut zval) -> Result<(), Thrown>) -> Result<(), Thrown> {
    // Handles may lead from one store to another, and a function that follows all of them, on and on.
    if value::is_stack_short() {
        return Err(errors::throw_sync("A Sync object is inside of more others than the stack that is left can bear."));
    }
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        let mut moment = match Moment::of(this, Extent::All) {
            Ok(moment) => moment,
            Err(Stop::Legacy) if legacy::each(this, each)? => return Ok(()),
            Err(Stop::Legacy) => continue,
            Err(Stop::Thrown) => return Err(Thrown),
        };
        for at in 0..moment.len() {
            let mut value = zend::empty();
            // SAFETY: `value` is a slot of this frame.
            let there = unsafe { moment.value(this, at, &raw mut value)? };
            moment.forget(at);
            if let Some(name) = moment.name(at).filter(|_| there) {
                each(name, &raw mut value)?;
            }
        }
        return Ok(());
    }
}

/// Replaces everything by the entries of `array`.
///
/// # Safety
/// `array` is valid, and held by the caller.
pub unsafe fn replace(this: &SyncObject, array: *mut ffi::zend_array) -> Result<(), Thrown> {
    // SAFETY: valid by contract; nothing runs while the cache is emptied.
    unsafe {
        with_entries(this, array, |entries| retry_importing(this, |store| store.replace(entries)))?;
        this.cache().clear();
    }
    Ok(())
}

/// Everything as a stdClass, into `result`.
///
/// # Safety
/// `result` is a slot, which is overwritten.
pub unsafe fn as_std_class(this: &SyncObject, result: *mut zval) -> Result<(), Thrown> {
    // SAFETY: passed on.
    unsafe { std_class_of(result, |table| add_shared(this, table)) }
}

/// As [`as_std_class`], for a caller that goes on into handles that it finds.
///
/// # Safety
/// As there.
pub unsafe fn shown_as_std_class(this: &SyncObject, result: *mut zval) -> Result<(), Thrown> {
    // SAFETY: passed on.
    unsafe { std_class_of(result, |table| add_shown(this, table)) }
}

/// A stdClass, into `result`, with the properties that `fill` adds to its table.
///
/// # Safety
/// As for [`as_std_class`].
unsafe fn std_class_of(
    result: *mut zval,
    fill: impl FnOnce(*mut zend_array) -> Result<(), Thrown>,
) -> Result<(), Thrown> {
    // SAFETY: the engine makes an object, whose property table is filled before it has another owner.
    unsafe {
        let mut data = zend::empty();
        ffi::object_init_ex(&raw mut data, ffi::zend_standard_class_def);
        fill(ffi::zend_std_get_properties(data.value.obj))?;
        zend::copy(result, &raw const data);
    }
    Ok(())
}

/// Adds the shared names and values to a table of properties, which has precedence.
///
/// # Safety
/// `table` is alive, and the caller owns it.
pub unsafe fn add_shared(this: &SyncObject, table: *mut zend_array) -> Result<(), Thrown> {
    each(this, &mut |name, value| {
        // SAFETY: callers pass a table that is theirs; it takes a count of the value over.
        unsafe {
            let mut copy = ManuallyDrop::new(zend::empty());
            zend::copy(&raw mut *copy, value);
            if ffi::zend_hash_add(table, name.as_ptr(), &raw mut *copy).is_null() {
                ffi::zval_ptr_dtor(&raw mut *copy);
            }
        }
        Ok(())
    })
}

/// As [`add_shared`], for a caller that goes on into handles that it finds. A store may lead to itself through
/// these: one inside of itself is shown as the handle that it is.
///
/// # Safety
/// As for [`add_shared`].
pub unsafe fn add_shown(this: &SyncObject, table: *mut zend_array) -> Result<(), Thrown> {
    // SAFETY: callers pass a table that is theirs; it takes the file's name over.
    unsafe {
        let instance = this.instance()?;
        if !this.is_inside_itself() {
            return with_provenance(this, || add_shared(this, table));
        }
        let mut file = ManuallyDrop::new(zend::empty());
        zend::set_string(&raw mut *file, Str::new(&instance.file));
        ffi::zend_hash_update(table, Str::new(b"file").as_ptr(), &raw mut *file);
    }
    Ok(())
}

/// Lets handles that `read` makes know that they come out of this one.
fn with_provenance<T>(this: &SyncObject, read: impl FnOnce() -> Result<T, Thrown>) -> Result<T, Thrown> {
    let address = this.instance()?.store.address().to_vec();
    let provenance = Rc::new(Provenance { address, outer: this.provenance() });
    let showing = &GLOBALS.get().showing;
    let outer = GLOBALS.get().buffers.park(showing.replace(Some(provenance)));
    let done = read();
    drop(showing.replace(outer.clone()));
    done
}
