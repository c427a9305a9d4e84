//! Changes to a part of a shared array, stored as what they change.
//!
//! `$sync->list[] = 1` on a list of ten thousand appends a *patch* to the list's record, instead of
//! writing the list again. A patch is a MessagePack array: the way (an array of keys) and the value
//! to put there; or the way alone, to unset what is there. A value with patches is read by applying
//! them in order. They are for arrays free of objects and references, which the cache keeps: what
//! another process appended is applied to the copy that is there.

use ext_php_rs::ffi::{self, IS_ARRAY, IS_DOUBLE, IS_FALSE, IS_LONG, IS_NULL, IS_STRING, IS_TRUE, zval};

use super::GLOBALS;
use super::access;
use super::errors;
use super::object::SyncObject;
use super::place::{self, Act, ArrayKey, Key, Step};
use super::value::{self, Sharing};
use super::zend::{self, Str, Thrown};
use crate::store::Appended;

/// How often a change is tried again because another process was faster, before the other writers
/// are kept out.
const ATTEMPTS: usize = 20;

/// Assigns, operates or unsets in the depth of a cached array by appending a patch; `false` where this is not
/// the way, and nothing has happened.
///
/// # Safety
/// The object and the values in `act` are valid, and held by the caller.
pub unsafe fn change(this: &SyncObject, name: &Str, steps: &[Step], act: &mut Act) -> Result<bool, Thrown> {
    // SAFETY: valid by contract. Whatever is looked at in the cache is used before anything else can
    // happen to it: encoding and changing plain values runs no user code.
    unsafe {
        if steps.is_empty() {
            return Ok(false);
        }
        let mut computed = zend::empty();
        for _ in 0..ATTEMPTS {
            // What a change is computed from is what the store is asked about, whatever an error
            // handler does to the cache meanwhile.
            let Some(entry) = this.cache().look_up(name.as_ptr()) else { return Ok(false) };
            let before = entry.seen;
            let value = match act {
                Act::Assign(value) if is_plain(*value, DEPTH) => Some(*value),
                Act::Unset => None,
                Act::Modify { modify, pure: true, .. } => {
                    let Some(old) = scalar_at(&raw const entry.value, steps)? else { return Ok(false) };
                    zend::release(&raw mut computed);
                    zend::copy(&raw mut computed, old);
                    modify(&raw mut computed)?;
                    if !is_plain(&raw const computed, DEPTH) {
                        return Ok(false);
                    }
                    Some(&raw mut computed)
                }
                _ => return Ok(false),
            };
            let Some(entry) = this.cache().look_up(name.as_ptr()) else { return Ok(false) };
            let mut patch = GLOBALS.get().buffers.take();
            if !encode(&raw const entry.value, steps, value, &mut patch)? {
                return Ok(false);
            }
            let mut seen = before;
            let Some(instance) = this.constructed() else { return Ok(false) };
            // Held, busy, full: the long way waits, or says what is wrong.
            let Ok(done) = instance.store.append(name.bytes(), &patch, &mut seen) else { return Ok(false) };
            if done == Appended::Changed {
                refresh(this, name)?;
                continue;
            }
            let Some(mut array) = this.cache().take(name.as_ptr(), before) else { return Ok(false) };
            match value {
                Some(value) => place::act(&raw mut array, steps, &mut Act::Assign(value))?,
                None => place::act(&raw mut array, steps, &mut Act::Unset)?,
            };
            if done == Appended::Full {
                // As much has been appended as there was: time to write it whole.
                patch.clear();
                access::encode(&raw mut array, &mut patch)?;
                match instance.store.put_if_unchanged(name.bytes(), &patch, &mut seen) {
                    Ok(true) => {}
                    Ok(false) => {
                        refresh(this, name)?;
                        continue;
                    }
                    Err(_) => return Ok(false),
                }
            }
            this.cache().store(name.as_ptr(), Some(&raw const array), seen, patch.len());
            return Ok(true);
        }
        Ok(false)
    }
}

/// Values nested deeper than this go the long way.
const DEPTH: usize = 32;

/// Whether a value is free of objects and references: encoding it runs no user code.
unsafe fn is_plain(value: *const zval, depth: usize) -> bool {
    // SAFETY: callers pass a valid value; nothing changes it meanwhile.
    unsafe {
        match zend::kind(value) {
            IS_NULL | IS_FALSE | IS_TRUE | IS_LONG | IS_DOUBLE | IS_STRING => true,
            IS_ARRAY => depth > 0 && (*(*value).value.arr).values().all(|element| is_plain(element, depth - 1)),
            _ => false,
        }
    }
}

/// The scalar that steps lead to in an array, if they lead to one.
unsafe fn scalar_at(array: *const zval, steps: &[Step]) -> Result<Option<*const zval>, Thrown> {
    let mut at = array;
    // SAFETY: callers pass a valid value; nothing changes it meanwhile.
    unsafe {
        for step in steps {
            let Step::Element(key) = step else { return Ok(None) };
            if zend::kind(at) != IS_ARRAY || !matches!(zend::kind(key.as_ptr()), IS_LONG | IS_STRING) {
                return Ok(None);
            }
            let table = (*at).value.arr;
            at = match place::array_key(key, false)? {
                ArrayKey::Index(index) => ffi::zend_hash_index_find(table, index as u64),
                ArrayKey::Name(name) => ffi::zend_hash_find(table, name.as_ptr()),
            };
            if at.is_null() {
                return Ok(None);
            }
        }
        Ok((zend::kind(at) != IS_ARRAY && is_plain(at, 0)).then_some(at))
    }
}

/// Another process was faster: brings the newer value into the cache.
unsafe fn refresh(this: &SyncObject, name: &Str) -> Result<(), Thrown> {
    let mut newer = zend::empty();
    // SAFETY: callers hold both.
    unsafe { access::read(this, name.as_ptr(), &raw mut newer).map(drop) }
}

/// Appends the patch for a change to `array` to `out`; false where a patch cannot say it, or where
/// PHP would do more than change one element.
unsafe fn encode(
    array: *const zval,
    steps: &[Step],
    value: Option<*mut zval>,
    out: &mut Vec<u8>,
) -> Result<bool, Thrown> {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    // Writing into a vector cannot fail.
    let _ = rmp::encode::write_array_len(out, 1 + u32::from(value.is_some()));
    let _ = rmp::encode::write_array_len(out, count(steps.len()));
    let mut at = array;
    // SAFETY: callers pass valid values; elements are looked at while nothing can change them.
    unsafe {
        for (n, step) in steps.iter().enumerate() {
            let last = n + 1 == steps.len();
            if zend::kind(at) != IS_ARRAY {
                return Ok(false);
            }
            let table = (*at).value.arr;
            let element = match step {
                Step::Element(key) if matches!(zend::kind(key.as_ptr()), IS_LONG | IS_STRING) => {
                    match place::array_key(key, false)? {
                        // A decoded array counts on from its highest key, one in memory from the
                        // highest that it ever had: who comes after must not see the difference.
                        ArrayKey::Index(index) if last && value.is_none() && index + 1 == (*table).nNextFreeElement => {
                            return Ok(false);
                        }
                        ArrayKey::Index(index) => {
                            let _ = rmp::encode::write_sint(out, index);
                            ffi::zend_hash_index_find(table, index as u64)
                        }
                        ArrayKey::Name(name) => {
                            let mut key = zend::empty();
                            zend::set_string(&raw mut key, name);
                            access::encode(&raw mut key, out)?;
                            ffi::zend_hash_find(table, key.value.str_)
                        }
                    }
                }
                // The number itself: every reader comes to the same, whatever it has unset before.
                Step::Append if last && value.is_some() => match (*table).nNextFreeElement {
                    i64::MAX => return Ok(false),
                    next => {
                        // The engine's mark for "no number yet"; below zero it counts on from there.
                        let next = if next == i64::MIN { 0 } else { next };
                        let _ = rmp::encode::write_sint(out, next);
                        return finish(value, out);
                    }
                },
                _ => return Ok(false),
            };
            if !last || value.is_none() {
                // What is not there is PHP's business: a new array, a warning, or nothing to do.
                if element.is_null() {
                    return Ok(false);
                }
            }
            at = element;
        }
        finish(value, out)
    }
}

unsafe fn finish(value: Option<*mut zval>, out: &mut Vec<u8>) -> Result<bool, Thrown> {
    if let Some(value) = value {
        // SAFETY: callers pass a plain value.
        unsafe { access::encode(value, out)? };
    }
    Ok(true)
}

/// Applies the patches that `bytes` consist of, in order, to the value in `at`.
///
/// # Safety
/// `at` holds a valid value that nobody else changes.
pub unsafe fn apply_all(this: &SyncObject, bytes: &[u8], at: *mut zval) -> Result<Sharing, Thrown> {
    let mut rest = bytes;
    let mut sharing = Sharing::Shareable;
    while !rest.is_empty() {
        let element = element_of(rest);
        let (number, body) = element.unwrap_or((0, rest));
        let mut patch = zend::empty();
        let decoded = value::decode(body, this.policy()?, &mut patch).map_err(access::throw_value_error)?;
        if decoded.0 == Sharing::Fresh {
            sharing = Sharing::Fresh;
        }
        // SAFETY: valid by contract.
        unsafe {
            match element {
                Some(_) if zend::kind(at) == IS_ARRAY => {
                    place::act(at, &[Step::Element(Key::int(number))], &mut Act::Assign(&raw mut patch))?;
                }
                Some(_) => return Err(damaged()),
                None => apply(&raw const patch, at)?,
            }
        }
        rest = &rest[rest.len() - decoded.1..];
    }
    Ok(sharing)
}

/// If the patch at the start of `bytes` assigns an element of a list, as nearly all do: its number, and
/// where the value starts. Others are put together as arrays first.
fn element_of(bytes: &[u8]) -> Option<(i64, &[u8])> {
    const PAIR: u8 = 0x92;
    const ONE_STEP: u8 = 0x91;
    let [PAIR, ONE_STEP, rest @ ..] = bytes else { return None };
    let mut rest = rest;
    let number = rmp::decode::read_int(&mut rest).ok()?;
    Some((number, rest))
}

#[cold]
fn damaged() -> Thrown {
    errors::throw_sync("A stored value is damaged: it has bytes after its end.")
}

unsafe fn apply(patch: *const zval, at: *mut zval) -> Result<(), Thrown> {
    // SAFETY: callers pass valid values; what is in the patch lives as long as it does.
    unsafe {
        if zend::kind(patch) != IS_ARRAY || zend::kind(at) != IS_ARRAY {
            return Err(damaged());
        }
        let table = (*patch).value.arr;
        let way = ffi::zend_hash_index_find(table, 0);
        if way.is_null() || zend::kind(way) != IS_ARRAY {
            return Err(damaged());
        }
        let keys = (*way).value.arr;
        let mut steps = Vec::new();
        for n in 0..u64::from((*keys).nNumOfElements) {
            let key = ffi::zend_hash_index_find(keys, n);
            if key.is_null() || !matches!(zend::kind(key), IS_LONG | IS_STRING) {
                return Err(damaged());
            }
            steps.push(Step::Element(Key::new(key)));
        }
        let value = ffi::zend_hash_index_find(table, 1);
        let mut act = if value.is_null() { Act::Unset } else { Act::Assign(value) };
        place::act(at, &steps, &mut act).map(drop)
    }
}
