//! `$sync->n++`, `$sync->n += 1`, … on numbers and short strings, by compare and swap.

use std::mem::ManuallyDrop;
use std::os::raw::c_void;
use std::ptr;

use ext_php_rs::ffi::zval;

use super::cache::{CacheSlot, Entry, Table};
use super::change::change;
use super::edit::{ATTEMPTS, Edit, Swap};
use super::exclusive::exclusive;
use super::globals::GLOBALS;
use super::handle::{Backend, BackendError, Found, Handle, Remedy};
use super::object::SyncObject;
use super::operation::{Operation, Operator};
use super::opline::Opline;
use super::proxy::fetch_proxy;
use super::retry::{Stop, leave_to_the_long_way, retry};
use super::value::scalar;
use super::zend::{self, Local, Slot, Str, Thrown, Value, ZStr};

/// `$sync->n++`, `$sync->n += 1`, … by way of `get_property_ptr_ptr(BP_VAR_RW)`; null where the
/// instruction is none of these.
///
/// Where it has no side effects (numbers, mostly), the whole of it is done here, and the engine
/// repeats it on a scratch copy of the old value, for its own result. Else the scratch value is a
/// proxy, whose `do_operation` the engine calls.
///
/// # Safety
/// `slot` is null, or the cache slot of a property in the running instruction.
pub unsafe fn operate(this: &SyncObject, name: &ZStr, slot: *mut *mut c_void) -> *mut zval {
    let Some(instruction) = Opline::current() else { return ptr::null_mut() };
    let Some(operator) = instruction.operator() else { return ptr::null_mut() };
    // SAFETY: the caller promises null or such a slot.
    let cache_slot = unsafe { CacheSlot::new(slot) };
    cache_slot.forget_type();
    let scratch = GLOBALS.get().scratch.get();
    // SAFETY: a zval of the thread's, which is live and in nobody's use until the engine has used it.
    let mut slot = unsafe { Slot::new(scratch) };
    slot.reborrow().release();
    let operand = match operator {
        // SAFETY: an instruction with such an operator is a compound one.
        Operator::Binary(_) => unsafe { instruction.operand() },
        _ => Some(zend::uninitialized()),
    };
    // SAFETY: an operand of the running instruction, or a constant of the engine's.
    let operand = operand.map(|operand| unsafe { Value::from_ptr(operand) });
    // (Held to the end, as waiting may run signal handlers.)
    let (alive, name) = (this.hold(), Str::of(name));
    if let Some(operand) = operand.filter(|operand| operand.is_scalar() && !this.overrides.accessors()) {
        if is_at_server(this) {
            match operate_at_server(this, &name, operator, operand, &mut slot) {
                Ok(true) => return scratch,
                Ok(false) => {}
                Err(Thrown) => return zend::error_zval(),
            }
        }
        match operate_on_known_number(this, (cache_slot, &name), operator, operand, &mut slot) {
            Ok(true) => return scratch,
            Ok(false) => {}
            Err(Thrown) => return zend::error_zval(),
        }
        let operand = Local::copy_of(operand);
        let Ok(is_done) = operate_on_scalar(this, &name, operator, &operand, &mut slot) else {
            return zend::error_zval();
        };
        // Given a place, the engine looks at the object again, but where the name is a constant. If that is gone, the operator has to be
        // through here; there is no result.
        if !instruction.names_by_constant() && (instruction.has_lost_its_object() || alive.is_last_hold()) {
            if !is_done {
                let operation = Operation::new(operator, Some(&operand));
                // An exception is pending, then.
                let _ = change(this, &name, &[], Edit::Operate(operation.due()));
            }
            return zend::error_zval();
        }
        if is_done {
            return scratch;
        }
        slot.reborrow().release();
    }
    fetch_proxy(this, Some(name), slot)
}

/// Applies an operator to a number or a short string, and gives the new value. `None`: it has side effects, or there is no such
/// value; nothing has happened.
pub fn operate_on_number(
    this: &SyncObject,
    name: &Str,
    operator: Operator,
    operand: &Value,
) -> Result<Option<Local>, Thrown> {
    let mut old = Local::new();
    if is_at_server(this) && operate_at_server(this, name, operator, operand, &mut old.slot())? {
        return operator.silently(&old, operand);
    }
    if !operate_on_known_number(this, (CacheSlot::NONE, name), operator, operand, &mut old.slot())? {
        old = Local::new();
        if !operate_on_scalar(this, name, operator, operand, &mut old.slot())? {
            return Ok(None);
        }
    }
    operator.silently(&old, operand)
}

/// As [`operate_on_scalar`], in the usual case: the cache knows a number, and no other process was faster.
#[inline(always)]
fn operate_on_known_number(
    this: &SyncObject,
    (cache_slot, name): (CacheSlot, &Str),
    operator: Operator,
    operand: &Value,
    scratch: &mut Slot,
) -> Result<bool, Thrown> {
    // SAFETY: nothing runs before the entry is out of use: neither applying an operator to a number, nor storing one.
    let Some(entry) = (unsafe { this.entry(cache_slot, name) }) else { return Ok(false) };
    let mut value = ManuallyDrop::new(zend::empty());
    // SAFETY: a place of this frame. The value is copied without being counted, and never dropped; it is changed only if
    // it is a number, which is not counted.
    let slot = unsafe {
        zend::copy_value(&raw mut *value, entry.value().as_ptr());
        Slot::new(&raw mut *value)
    };
    if !operator.apply_to_number(slot, operand)? {
        return Ok(false);
    }
    scratch.copy(entry.value());
    let (Some(number), Some(instance)) = (scalar::small(&value), this.constructed()) else { return Ok(false) };
    match instance.store.put_if_unchanged(name.bytes(), number.bytes(), &mut entry.version) {
        Ok(is_done) => {
            if is_done {
                // (It was a number before.)
                entry.set_scalar(Value::of(&value));
            }
            Ok(is_done)
        }
        // Held, busy, full: the long way waits, or says what is wrong.
        Err(error) => leave_to_the_long_way(&error).map(|()| false),
    }
}

/// Lets a server add to an integer: one step for it, whoever else adds meanwhile. Leaves the old value in `scratch`. False: this
/// way does not fit; nothing has happened.
#[cold]
#[inline(never)]
fn operate_at_server(
    this: &SyncObject,
    name: &Str,
    operator: Operator,
    operand: &Value,
    scratch: &mut Slot,
) -> Result<bool, Thrown> {
    let (Some(by), Some(instance)) = (operator.addend(operand), this.constructed()) else { return Ok(false) };
    // SAFETY: nothing runs while the table is borrowed.
    let known = unsafe { this.cache().find(name) };
    // (The server is not asked about a value that was something else.)
    if name.bytes().is_empty() || known.is_some_and(|entry| entry.is_set() && entry.value().kind() != zend::LONG) {
        return Ok(false);
    }
    let mut version = this.known_version(name);
    let sum = match instance.store.add_number(name.bytes(), by, &mut version) {
        Ok(Some(sum)) => sum,
        Ok(None) => return Ok(false),
        Err(error) => return leave_to_the_long_way(&error).map(|()| false),
    };
    // (The server adds where the sum is an integer alone: so the old value is one.)
    scratch.copy(&Local::of_long(sum.wrapping_sub(by)));
    let sum = Local::of_long(sum);
    // SAFETY: nothing runs meanwhile; an integer is plain.
    unsafe { this.cache().store(name, &sum, version, size_of::<i64>()) };
    Ok(true)
}

/// Whether the store of an object is on a server.
#[inline(always)]
fn is_at_server(this: &SyncObject) -> bool {
    this.constructed().is_some_and(|instance| instance.store.is_on_server())
}

/// Does all of an operator on a number or a short string, where it has no side effects ([`Operator::silently`]), by
/// compare and swap, and leaves the old value in `scratch`. False: this way does not fit; nothing has happened. Waiting may run signal
/// handlers: the caller holds the object and the operand.
#[inline(never)]
fn operate_on_scalar(
    this: &SyncObject,
    name: &Str,
    operator: Operator,
    operand: &Value,
    scratch: &mut Slot,
) -> Result<bool, Thrown> {
    let swapped = match swap_scalar(this, name, operator, operand, scratch)? {
        Swap::Lost => exclusive(this, |_| swap_scalar(this, name, operator, operand, scratch))?,
        swapped => swapped,
    };
    // (While other writers are kept out, none is faster.)
    Ok(matches!(swapped, Swap::Done))
}

/// As [`operate_on_scalar`]; no writer is kept out. Runs no user code but signal handlers.
fn swap_scalar(
    this: &SyncObject,
    name: &Str,
    operator: Operator,
    operand: &Value,
    scratch: &mut Slot,
) -> Result<Swap, Thrown> {
    for _ in 0..ATTEMPTS {
        // SAFETY: nothing runs before the table and its entry are out of use: an operator without side effects runs no user code.
        let table = unsafe { this.cache() };
        // SAFETY: as above.
        let Some(entry) = (unsafe { table.find(name) }) else {
            if refresh_scalar(this, name)? { continue } else { return Ok(Swap::Impossible) }
        };
        if !is_short(entry.value()) {
            return Ok(Swap::Impossible);
        }
        let Some(new) = operator.silently(entry.value(), operand)? else { return Ok(Swap::Impossible) };
        // (The old value of an earlier attempt is a scalar as well: giving it up runs no user code.)
        scratch.reborrow().release();
        scratch.copy(entry.value());
        let swapped = match scalar::small(new.as_zval()) {
            Some(number) => put_if_unchanged(this, name, number.bytes(), (table, entry), &new)?,
            None => {
                let mut bytes = GLOBALS.get().buffers.take();
                if scalar::encode(new.as_zval(), &mut bytes) {
                    put_if_unchanged(this, name, &bytes, (table, entry), &new)?
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

/// Stores the bytes of a scalar, if the name's value is still the one that was seen: the table's entry of the name.
#[inline]
fn put_if_unchanged(
    this: &SyncObject,
    name: &Str,
    bytes: &[u8],
    (table, entry): (&Table, &mut Entry),
    value: &Value,
) -> Result<Swap, Thrown> {
    let Some(instance) = this.constructed() else { return Ok(Swap::Impossible) };
    Ok(match instance.store.put_if_unchanged(name.bytes(), bytes, &mut entry.version) {
        Ok(true) => {
            // SAFETY: nothing runs meanwhile; scalars are plain.
            unsafe { table.put(entry, value, bytes.len()) };
            Swap::Done
        }
        Ok(false) => Swap::Lost,
        // Held, busy, full: the long way waits, or says what is wrong.
        Err(error) => return leave_to_the_long_way(&error).map(|()| Swap::Impossible),
    })
}

/// Bytes of the longest string that is copied for a compare and swap.
const SHORT: usize = 1024;

/// Whether a value is a number or a short string.
fn is_short(value: &Value) -> bool {
    matches!(value.kind(), zend::LONG | zend::DOUBLE)
        || value.string().is_some_and(|string| string.bytes().len() <= SHORT)
}

/// Brings the value of `name` into the cache, if it is a number or a short string; else it is not even decoded, so that no
/// user code runs.
fn refresh_scalar(this: &SyncObject, name: &Str) -> Result<bool, Thrown> {
    /// The most that a string's length takes.
    const HEAD: u64 = 5;
    let before = this.known_version(name);
    let mut version = before;
    let mut bytes = GLOBALS.get().buffers.take();
    bytes.reserve(SHORT + HEAD as usize);
    let read = |store: &Handle| match store.get_short(name.bytes(), SHORT as u64 + HEAD, &mut version, &mut *bytes) {
        // In several pieces: an array.
        Err(error) if matches!(error.remedy(), Remedy::MakeRoom(_)) => Ok(None),
        found => found.map(Some),
    };
    let found = match retry(this, read) {
        Ok(Some(found)) => found,
        Ok(None) | Err(Stop::Legacy) => return Ok(false),
        Err(Stop::Thrown) => return Err(Thrown),
    };
    let mut value = Local::new();
    match found {
        Found::Unchanged => {
            // Unless a signal handler ran in between, and the cache knows another value, or none.
            // SAFETY: nothing runs before the entry is out of use.
            let entry = unsafe { this.cache().find(name) }.filter(|entry| entry.version == before);
            let Some(entry) = entry else { return Ok(false) };
            value.slot().copy(entry.value());
        }
        Found::Value if scalar::decode(&bytes, value.zval()) => {}
        _ => return Ok(false),
    }
    let short = is_short(&value);
    if short {
        // SAFETY: nothing runs meanwhile; scalars are plain.
        unsafe { this.cache().store(name, &value, version, bytes.len()) };
    }
    Ok(short)
}
