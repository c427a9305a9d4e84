//! `$sync->n++`, `$sync->n += 1`, … on numbers and short strings, by compare and swap.

use std::mem::ManuallyDrop;
use std::os::raw::c_void;
use std::ptr;

use ext_php_rs::ffi::{IS_DOUBLE, IS_LONG, IS_STRING, zend_object, zend_string, zval};

use super::edit::{ATTEMPTS, Swap};
use super::exclusive::exclusive;
use super::fetch::forget_type;
use super::globals::GLOBALS;
use super::handle::{Backend, BackendError, Found, Handle, Remedy, Version};
use super::object::SyncObject;
use super::operation::Operator;
use super::opline::Opline;
use super::proxy::fetch_proxy;
use super::retry::{Stop, retry};
use super::value::scalar;
use super::zend::{self, Slot, Str, Thrown, Value};

/// `$sync->n++`, `$sync->n += 1`, … by way of `get_property_ptr_ptr(BP_VAR_RW)`; null where the
/// instruction is none of these.
///
/// Where it has no side effects (numbers, mostly), the whole of it is done here, and the engine
/// repeats it on a scratch copy of the old value, for its own result. Else the scratch value is a
/// proxy, whose `do_operation` the engine calls.
///
/// # Safety
/// The object and the name are valid; `slot` is the engine's, or null.
pub unsafe fn operate(root: *mut zend_object, name: *mut zend_string, slot: *mut *mut c_void) -> *mut zval {
    let Some(instruction) = Opline::current() else { return ptr::null_mut() };
    let Some(operator) = instruction.operator() else { return ptr::null_mut() };
    // SAFETY: valid by contract. The scratch value is the thread's, and stays until it is used again.
    unsafe {
        forget_type(slot);
        let scratch = GLOBALS.get().scratch.get();
        zend::release(scratch);
        let this = SyncObject::of(root);
        let operand = match operator {
            Operator::Binary(_) => instruction.operand(),
            _ => Some(zend::uninitialized()),
        };
        if let Some(operand) = operand
            && Value::from_ptr(operand).is_scalar()
            && !this.overrides.accessors()
        {
            let _alive = this.hold();
            let name = Str::share(name);
            match operate_on_known_number(this, &name, operator, operand, scratch) {
                Ok(true) => return scratch,
                Ok(false) => {}
                Err(Thrown) => return zend::error_zval(),
            }
            match operate_on_scalar(this, &name, operator, operand, scratch) {
                Ok(true) => return scratch,
                Ok(false) => zend::release(scratch),
                Err(Thrown) => return zend::error_zval(),
            }
        }
        fetch_proxy(root, Some(Str::share(name)), scratch);
        scratch
    }
}

/// As [`operate_on_scalar`], in the usual case: the cache knows a number, and no other process was faster.
///
/// # Safety
/// As for [`operate`]; operand and scratch value are alive.
#[inline(always)]
unsafe fn operate_on_known_number(
    this: &SyncObject,
    name: &Str,
    operator: Operator,
    operand: *mut zval,
    scratch: *mut zval,
) -> Result<bool, Thrown> {
    // SAFETY: the caller holds all; numbers are not counted. Nothing runs between looking at the entry and storing.
    unsafe {
        let Some(entry) = this.cache().find(name.as_ptr()) else { return Ok(false) };
        let mut version = entry.version;
        let mut value = ManuallyDrop::new(zend::empty());
        zend::copy_value(&raw mut *value, &raw const entry.value);
        if !operator.apply_to_number(Slot::new(&raw mut *value), Value::from_ptr(operand))? {
            return Ok(false);
        }
        zend::copy_value(scratch, &raw const entry.value);
        let Some(number) = scalar::small(&value) else { return Ok(false) };
        Ok(matches!(put_if_unchanged(this, name, number.bytes(), &mut version, &raw const *value), Swap::Done))
    }
}

/// Does all of an operator on a number or a short string, where it has no side effects ([`Operator::silently`]), by
/// compare and swap, and leaves the old value in `scratch`. False: this way does not fit; nothing has happened.
///
/// # Safety
/// As for [`operate`]; operand and scratch value are alive.
#[inline(never)]
unsafe fn operate_on_scalar(
    this: &SyncObject,
    name: &Str,
    operator: Operator,
    operand: *const zval,
    scratch: *mut zval,
) -> Result<bool, Thrown> {
    let mut held = zend::empty();
    // SAFETY: the caller holds all but the operand, which is held here: waiting may run signal handlers.
    unsafe {
        zend::copy(&raw mut held, operand);
        let operand = &raw const held;
        let swapped = match swap_scalar(this, name, operator, operand, scratch)? {
            Swap::Lost => exclusive(this, |_| swap_scalar(this, name, operator, operand, scratch))?,
            swapped => swapped,
        };
        // (While other writers are kept out, none is faster.)
        Ok(matches!(swapped, Swap::Done))
    }
}

/// As [`operate_on_scalar`]; no writer is kept out. Runs no user code but signal handlers.
///
/// # Safety
/// As for [`operate_on_scalar`]; the operand is held.
unsafe fn swap_scalar(
    this: &SyncObject,
    name: &Str,
    operator: Operator,
    operand: *const zval,
    scratch: *mut zval,
) -> Result<Swap, Thrown> {
    // SAFETY: as for `operate_on_scalar`. Nothing runs between looking at the entry and storing.
    unsafe {
        for _ in 0..ATTEMPTS {
            let Some(entry) = this.cache().find(name.as_ptr()) else {
                if refresh_scalar(this, name)? { continue } else { return Ok(Swap::Impossible) }
            };
            let mut version = entry.version;
            let old = &raw const entry.value;
            if !is_short(old) {
                return Ok(Swap::Impossible);
            }
            let Some(mut new) = operator.silently(Value::from_ptr(old), Value::from_ptr(operand))? else {
                return Ok(Swap::Impossible);
            };
            let new = new.zval();
            zend::release(scratch);
            zend::copy(scratch, old);
            let swapped = match scalar::small(new) {
                Some(number) => put_if_unchanged(this, name, number.bytes(), &mut version, new),
                None => {
                    let mut bytes = GLOBALS.get().buffers.take();
                    if scalar::encode(new, &mut bytes) {
                        put_if_unchanged(this, name, &bytes, &mut version, new)
                    } else {
                        Swap::Impossible
                    }
                }
            };
            match swapped {
                // Look again, and try again.
                Swap::Lost if refresh_scalar(this, name)? => {}
                Swap::Lost => return Ok(Swap::Impossible),
                swapped => return Ok(swapped),
            }
        }
        Ok(Swap::Lost)
    }
}

/// Stores the bytes of a value, if the name's value is still the one that was seen.
///
/// # Safety
/// `value` is alive, and plain.
#[inline]
unsafe fn put_if_unchanged(
    this: &SyncObject,
    name: &Str,
    bytes: &[u8],
    version: &mut Version,
    value: *const zval,
) -> Swap {
    let Some(instance) = this.constructed() else { return Swap::Impossible };
    match instance.store.put_if_unchanged(name.bytes(), bytes, version) {
        Ok(true) => {
            // SAFETY: callers pass a plain value, and hold the name.
            unsafe { this.cache().store(name.as_ptr(), Some(value), *version, bytes.len()) };
            Swap::Done
        }
        Ok(false) => Swap::Lost,
        // Held, busy, full: the long way waits, or says what is wrong.
        Err(_) => Swap::Impossible,
    }
}

/// Bytes of the longest string that is copied for a compare and swap.
const SHORT: usize = 1024;

/// Whether a value is a number or a short string.
///
/// # Safety
/// `value` is alive.
unsafe fn is_short(value: *const zval) -> bool {
    // SAFETY: callers pass a valid value.
    unsafe {
        match zend::kind(value) {
            IS_LONG | IS_DOUBLE => true,
            IS_STRING => zend::bytes((*value).value.str_).len() <= SHORT,
            _ => false,
        }
    }
}

/// Brings the value of `name` into the cache, if it is a number or a short string; else it is not even decoded, so that no
/// user code runs.
///
/// # Safety
/// The caller holds the object.
unsafe fn refresh_scalar(this: &SyncObject, name: &Str) -> Result<bool, Thrown> {
    /// The most that a string's length takes.
    const HEAD: u64 = 5;
    // SAFETY: the caller holds the name; entries are not kept across calls.
    unsafe {
        let before = this.cache().look_up(name.as_ptr()).map_or(Version::default(), |entry| entry.version);
        let mut version = before;
        let mut bytes = GLOBALS.get().buffers.take();
        bytes.reserve(SHORT + HEAD as usize);
        let read = |store: &Handle| match store.get_short(name.bytes(), SHORT as u64 + HEAD, &mut version, &mut *bytes)
        {
            // In several pieces: an array.
            Err(error) if matches!(error.remedy(), Remedy::MakeRoom(_)) => Ok(None),
            found => found.map(Some),
        };
        let found = match retry(this, read) {
            Ok(Some(found)) => found,
            Ok(None) | Err(Stop::Legacy) => return Ok(false),
            Err(Stop::Thrown) => return Err(Thrown),
        };
        let mut value = zend::empty();
        match found {
            Found::Unchanged => {
                // Unless a signal handler ran in between, and the cache knows another value, or none.
                let Some(entry) = this.cache().look_up(name.as_ptr()).filter(|entry| entry.version == before) else {
                    return Ok(false);
                };
                zend::copy(&raw mut value, &raw const entry.value);
            }
            Found::Value if scalar::decode(&bytes, &mut value) => {}
            _ => return Ok(false),
        }
        let short = is_short(&raw const value);
        if short {
            this.cache().store(name.as_ptr(), Some(&raw const value), version, bytes.len());
        }
        Ok(short)
    }
}
