//! Changes to a part of a shared array, stored as what they change.
//!
//! `$sync->list[] = 1` on a list of ten thousand appends a *patch* to the list's record, instead of
//! writing the list again. A patch is a MessagePack array: the way (an array of keys) and the value
//! to put there; or the way alone, to unset what is there. A value with patches is read by applying
//! them in order. What another process appended is applied to the copy that the cache keeps.
//!
//! An element that is put in the first level of an array needs nothing of what is there: so an array that
//! the cache does not keep (none has read it yet, it is too long, or there are objects in it) is not read
//! for it, however long it is. All that has to be known is where it ends ([`End`]); who appended
//! last has noted that in the store.

use ext_php_rs::ffi::{self, IS_ARRAY, IS_DOUBLE, IS_FALSE, IS_LONG, IS_NULL, IS_STRING, IS_TRUE, zval};

use super::GLOBALS;
use super::access;
use super::cache::LARGEST_VALUE;
use super::errors;
use super::nested;
use super::object::SyncObject;
use super::place::{self, Act, ArrayKey, Key, Step};
use super::value::{self, Sharing};
use super::zend::{self, Str, Thrown};
use crate::store::{Appended, Outline, Seen, Store};

/// How often a change is tried again because another process was faster, before the other writers
/// are kept out.
const ATTEMPTS: usize = 20;

/// Assigns, operates or unsets in the depth of an array by appending a patch; `false` where this is not
/// the way, and nothing has happened.
///
/// # Safety
/// The object and the values in `act` are valid, and held by the caller.
pub unsafe fn change(this: &SyncObject, name: &Str, steps: &[Step], act: &mut Act) -> Result<bool, Thrown> {
    // SAFETY: valid by contract.
    unsafe {
        if steps.is_empty() {
            return Ok(false);
        }
        if change_cached(this, name, steps, act)? {
            return Ok(true);
        }
        match (steps, act) {
            ([step], Act::Assign(value)) => assign_unread(this, name, step, *value),
            _ => Ok(false),
        }
    }
}

/// As [`change`], for an array that the cache knows.
unsafe fn change_cached(this: &SyncObject, name: &Str, steps: &[Step], act: &mut Act) -> Result<bool, Thrown> {
    // SAFETY: as for `change`. Whatever is looked at in the cache is used before anything else can
    // happen to it: encoding and changing plain values runs no user code.
    unsafe {
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
            let Some(end) = encode(&raw const entry.value, steps, value, &mut patch)? else { return Ok(false) };
            let mut seen = before;
            let Some(instance) = this.constructed() else { return Ok(false) };
            // Held, busy, full: the long way waits, or says what is wrong.
            let Ok(done) = instance.store.append(name.bytes(), &patch, end.0, &mut seen) else { return Ok(false) };
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

/// Where an array ends: the number that `[] =` would use next. The note that the store keeps for who
/// appends next.
#[derive(Clone, Copy, PartialEq, Eq)]
struct End(i64);

impl End {
    /// Of an array of which that cannot be said without reading it.
    const UNKNOWN: Self = Self(i64::MIN);

    /// Of an array in memory.
    unsafe fn of(table: *const ffi::zend_array) -> Self {
        // SAFETY: callers pass a valid array.
        match unsafe { (*table).nNextFreeElement } {
            // The engine's mark for "no number yet".
            i64::MIN => Self(0),
            next if next >= 0 => Self(next),
            _ => Self::UNKNOWN,
        }
    }

    /// Of an array that starts with these bytes, and has no patches; `None` if it is no array.
    fn of_encoded(start: &[u8]) -> Option<Self> {
        let (count, rest) = match *start {
            [first @ 0x90..=0x9f, ref rest @ ..] => (i64::from(first & 0xf), rest),
            [0xdc, a, b, ref rest @ ..] => (i64::from(u16::from_be_bytes([a, b])), rest),
            [0xdd, a, b, c, d, ref rest @ ..] => (i64::from(u32::from_be_bytes([a, b, c, d])), rest),
            [0x80..=0x8f | 0xde..=0xdf, ..] => return Some(Self::UNKNOWN),
            _ => return None,
        };
        // An object is an array of two, the first of which is an ext.
        let is_ext = matches!(rest, [0xc7..=0xc9 | 0xd4..=0xd8, ..]);
        (count != 2 || !is_ext).then_some(Self(count))
    }

    /// What it is when there is an element with this number.
    fn after(self, number: i64) -> Self {
        match self {
            // From PHP 8.3 on an array without numbers goes on behind a negative one.
            Self(0) if number < 0 => Self::UNKNOWN,
            Self::UNKNOWN => Self::UNKNOWN,
            Self(next) => Self(next.max(number.saturating_add(1))),
        }
    }

    /// The number that `[] =` uses; `None` if it is not known, or there is none left.
    fn number(self) -> Option<i64> {
        (0..i64::MAX).contains(&self.0).then_some(self.0)
    }
}

/// Puts a value into an array that is not read; `false` where this is not the way, and nothing has
/// happened.
unsafe fn assign_unread(this: &SyncObject, name: &Str, step: &Step, value: *mut zval) -> Result<bool, Thrown> {
    // SAFETY: as for `change`. Encoding may run user code, and so may waiting: nothing is kept across them
    // but what the caller holds.
    unsafe {
        let key = match step {
            Step::Append => None,
            Step::Element(key) if matches!(zend::kind(key.as_ptr()), IS_LONG | IS_STRING) => {
                Some(place::array_key(key, false)?)
            }
            _ => return Ok(false),
        };
        let goes = |end: Option<End>| end.filter(|end| key.is_some() || end.number().is_some());
        if goes(look_at_end(this, name)?).is_none() {
            return Ok(false);
        }
        let mut encoded = GLOBALS.get().buffers.take();
        access::encode(value, &mut encoded)?;
        let try_it = |attempts: usize| {
            for _ in 0..attempts {
                let Some(end) = goes(look_at_end(this, name)?) else { return Ok(Some(false)) };
                if let Some(done) = append(this, name, key.as_ref(), end, &encoded)? {
                    return Ok(Some(done));
                }
            }
            Ok(None)
        };
        if let Some(done) = try_it(ATTEMPTS)? {
            return Ok(done);
        }
        // Others are always faster: they wait.
        nested::alone(this, || Ok(try_it(ATTEMPTS)?.unwrap_or(false)))
    }
}

/// Where the array under `name` ends, as of now; `None` where there is none. The store then knows which
/// value is appended to.
unsafe fn look_at_end(this: &SyncObject, name: &Str) -> Result<Option<End>, Thrown> {
    // SAFETY: the caller holds the name; entries are not kept across calls.
    unsafe {
        let mut seen = this.ends().look_up(name.as_ptr()).map_or(Seen::default(), |entry| entry.seen);
        let mut start = GLOBALS.get().buffers.take();
        let outline = access::patiently(this, |store| store.outline(name.bytes(), &mut seen, &mut start))?;
        let end = match outline {
            Outline::Unchanged => match this.ends().look_up(name.as_ptr()) {
                Some(entry) => Some(End(entry.value.value.lval)),
                None => None,
            },
            Outline::Whole => End::of_encoded(&start),
            Outline::Noted(end) => Some(End(end)),
            Outline::Missing => None,
        };
        match end {
            Some(end) => remember_end(this, name, end, seen),
            None => this.ends().forget(name.as_ptr()),
        }
        Ok(end)
    }
}

unsafe fn remember_end(this: &SyncObject, name: &Str, end: End, seen: Seen) {
    let mut number = zend::empty();
    // SAFETY: the caller holds the name; the int is a slot of this frame.
    unsafe {
        zend::set_long(&raw mut number, end.0);
        this.ends().store(name.as_ptr(), Some(&raw const number), seen, 0);
    }
}

/// Appends the patch that puts an encoded value under a key (or, without one, at the end) of the array
/// that [`look_at_end`] saw. `None`: it is another one by now; `false`: it is time to write it whole.
unsafe fn append(
    this: &SyncObject,
    name: &Str,
    key: Option<&ArrayKey>,
    end: End,
    value: &[u8],
) -> Result<Option<bool>, Thrown> {
    // SAFETY: as for `look_at_end`.
    unsafe {
        let Some(entry) = this.ends().look_up(name.as_ptr()) else { return Ok(None) };
        let mut seen = entry.seen;
        let mut patch = GLOBALS.get().buffers.take();
        write_head(&mut patch, 1, true);
        let end = match key {
            None => {
                let Some(number) = end.number() else { return Ok(Some(false)) };
                write_number(&mut patch, number);
                end.after(number)
            }
            Some(ArrayKey::Index(number)) => {
                write_number(&mut patch, *number);
                end.after(*number)
            }
            Some(ArrayKey::Name(key)) => {
                write_name(&mut patch, key)?;
                end
            }
        };
        patch.extend_from_slice(value);
        let appended = access::patiently(this, |store| store.append(name.bytes(), &patch, end.0, &mut seen))?;
        match appended {
            Appended::Done => {
                remember_end(this, name, end, seen);
                Ok(Some(true))
            }
            Appended::Changed => Ok(None),
            // A long value stays as it is, with one more piece.
            Appended::Full => {
                let unites = |store: &Store| store.unite(name.bytes(), LARGEST_VALUE as u64, &mut seen);
                Ok(if access::patiently(this, unites)? { None } else { Some(false) })
            }
        }
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

/// Appends the patch for a change to `array` to `out`, and tells where the array ends then; `None` where a
/// patch cannot say it, or where PHP would do more than change one element.
unsafe fn encode(
    array: *const zval,
    steps: &[Step],
    value: Option<*mut zval>,
    out: &mut Vec<u8>,
) -> Result<Option<End>, Thrown> {
    write_head(out, steps.len(), value.is_some());
    let mut at = array;
    let mut end = End::UNKNOWN;
    // SAFETY: callers pass valid values; elements are looked at while nothing can change them.
    unsafe {
        for (n, step) in steps.iter().enumerate() {
            let last = n + 1 == steps.len();
            if zend::kind(at) != IS_ARRAY {
                return Ok(None);
            }
            let table = (*at).value.arr;
            if n == 0 {
                end = End::of(table);
            }
            let first = n == 0 && value.is_some();
            let element = match step {
                Step::Element(key) if matches!(zend::kind(key.as_ptr()), IS_LONG | IS_STRING) => {
                    match place::array_key(key, false)? {
                        // A decoded array counts on from its highest key, one in memory from the
                        // highest that it ever had: who comes after must not see the difference.
                        ArrayKey::Index(index) if last && value.is_none() && index + 1 == (*table).nNextFreeElement => {
                            return Ok(None);
                        }
                        ArrayKey::Index(index) => {
                            write_number(out, index);
                            if first {
                                end = end.after(index);
                            }
                            ffi::zend_hash_index_find(table, index as u64)
                        }
                        ArrayKey::Name(name) => {
                            write_name(out, &name)?;
                            ffi::zend_hash_find(table, name.as_ptr())
                        }
                    }
                }
                // The number itself: every reader comes to the same, whatever it has unset before.
                Step::Append if last && value.is_some() => match (*table).nNextFreeElement {
                    i64::MAX => return Ok(None),
                    next => {
                        // The engine's mark for "no number yet"; below zero it counts on from there.
                        let next = if next == i64::MIN { 0 } else { next };
                        write_number(out, next);
                        if first {
                            end = end.after(next);
                        }
                        break;
                    }
                },
                _ => return Ok(None),
            };
            // What is not there is PHP's business: a new array, a warning, or nothing to do.
            if element.is_null() && (!last || value.is_none()) {
                return Ok(None);
            }
            at = element;
        }
        if let Some(value) = value {
            access::encode(value, out)?;
        }
        Ok(Some(end))
    }
}

/// What a patch starts with: how many steps its way has are to follow, and a value, if it assigns.
fn write_head(out: &mut Vec<u8>, steps: usize, assigns: bool) {
    if steps == 1 {
        out.extend_from_slice(&[if assigns { PAIR } else { ONE_STEP }, ONE_STEP]);
        return;
    }
    // Writing into a vector cannot fail.
    let _ = rmp::encode::write_array_len(out, 1 + u32::from(assigns));
    let _ = rmp::encode::write_array_len(out, u32::try_from(steps).unwrap_or(u32::MAX));
}

/// MessagePack's markers of arrays of one and of two.
const ONE_STEP: u8 = 0x91;
const PAIR: u8 = 0x92;

fn write_number(out: &mut Vec<u8>, number: i64) {
    value::write_int(out, number);
}

fn write_name(out: &mut Vec<u8>, name: &Str) -> Result<(), Thrown> {
    let mut key = zend::empty();
    // SAFETY: a string, which runs no user code.
    unsafe {
        zend::set_string(&raw mut key, name.clone());
        access::encode(&raw mut key, out).map(drop)
    }
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
