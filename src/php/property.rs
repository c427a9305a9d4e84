//! Reading, writing, asking for and removing one name of a shared object.
//!
//! Every function here may run user code (encoding and decoding do, and so do signal handlers
//! during a wait): callers hold the object and the name.

use std::mem::MaybeUninit;

use ext_php_rs::ffi::{IS_NULL, IS_UNDEF, zend_string, zval};

use super::cache::copy_cached;
use super::globals::GLOBALS;
use super::legacy::{self, retry_importing};
use super::names::{check_name, is_bad_name, name_of_number};
use super::object::SyncObject;
use super::refusal::{cannot_store, throw_no_memory};
use super::retry::{Stop, retry, retry_into};
use super::stored::{self, Encoded};
use super::value::{self, Sharing, ZendVec, scalar};
use super::wait::Rounds;
use super::zend::{self, Str, Thrown};
use crate::store::{self, ErrorKind, Found, OUTLINE, Outline, Places, Room, Seen, Store, Unread};

/// What a value that was read is known by.
#[derive(Clone, Copy)]
pub struct Known {
    /// When and where it was seen.
    pub seen: Seen,
    /// Whether there is one (the value read is null where there is none).
    pub there: bool,
}

impl Known {
    /// Whether the value is still the one that was read. Runs no user code.
    pub fn is_newest(&self, store: &Store, name: &[u8]) -> store::Result<bool> {
        if store.is_current(&self.seen) {
            return Ok(true);
        }
        let mut seen = self.seen;
        match store.get_short(name, 0, &mut seen, &mut Places::new(&mut [MaybeUninit::uninit(); OUTLINE])) {
            Ok(Found::Unchanged) => Ok(true),
            Ok(Found::Missing) => Ok(!self.there),
            Ok(Found::Value | Found::Appended | Found::Long(_)) => Ok(false),
            // The change takes more than the buffer has room for.
            Err(error) if matches!(error.kind, ErrorKind::NoRoom(_)) => Ok(false),
            // The file of the pure-PHP class that it came from.
            Err(error) if matches!(error.kind, ErrorKind::Legacy) => Ok(self.seen == Seen::default()),
            Err(error) => Err(error),
        }
    }
}

/// The newest value of `name` in `into`, which is overwritten; `false` (and null) if there is none.
///
/// # Safety
/// `name` and `into` are valid, and held by the caller.
pub unsafe fn read(this: &SyncObject, name: *mut zend_string, into: *mut zval) -> Result<bool, Thrown> {
    // SAFETY: valid by contract.
    unsafe { observe(this, name, into).map(|known| known.there) }
}

/// As [`read`], for who has to know later whether the value is still the same.
///
/// # Safety
/// As there.
pub unsafe fn observe(this: &SyncObject, name: *mut zend_string, into: *mut zval) -> Result<Known, Thrown> {
    // SAFETY: valid by contract.
    match unsafe { find(this, name, Wanted::Anything, into)? } {
        Some(known) => Ok(known),
        None => unreachable!("anything is wanted"),
    }
}

/// Brings the newest value of `name` into the cache, if it is one that the cache keeps: an object is not even
/// made, so that no user code runs. False: it is not, or nobody knows.
///
/// # Safety
/// `name` is valid, and held by the caller.
pub unsafe fn refresh(this: &SyncObject, name: *mut zend_string) -> Result<bool, Thrown> {
    let mut newer = zend::empty();
    // SAFETY: valid by contract; `newer` is a slot of this frame.
    unsafe { find(this, name, Wanted::Plain, &raw mut newer).map(|known| known.is_some()) }
}

/// What the value of `name` is known by, without reading it.
pub fn peek(this: &SyncObject, name: &[u8]) -> Result<Known, Thrown> {
    let mut seen = Seen::default();
    let mut start = [MaybeUninit::uninit(); OUTLINE];
    match retry(this, |store| store.outline(name, &mut seen, &mut Places::new(&mut start))) {
        Ok(outline) => Ok(Known { seen, there: outline != Outline::Missing }),
        Err(Stop::Legacy) => Ok(Known { seen: Seen::default(), there: false }),
        Err(Stop::Thrown) => Err(Thrown),
    }
}

/// What a reader can use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Anything,
    /// Nothing with objects or references in it, and nothing of a file of the pure-PHP class.
    Plain,
}

impl Wanted {
    fn takes(self, bytes: &[u8]) -> bool {
        self == Self::Anything || value::is_plain(bytes)
    }
}

/// What [`observe`] and [`refresh`] do. `None`: it is not what is wanted.
unsafe fn find(
    this: &SyncObject,
    name: *mut zend_string,
    wanted: Wanted,
    into: *mut zval,
) -> Result<Option<Known>, Thrown> {
    // SAFETY: valid by contract. The cache is looked at between calls that may run user code, and
    // never kept across one.
    unsafe {
        if let Some(entry) = this.cache().look_up(name)
            && let Some(instance) = this.constructed()
            && instance.store.is_current(&entry.seen)
        {
            return Ok(Some(Known { seen: entry.seen, there: copy_cached(&raw const entry.value, into) }));
        }
        zend::set_null(into);
        check_name(name)?;
        let mut bytes = GLOBALS.get().buffers.take();
        let mut rounds = Rounds::new();
        loop {
            rounds.begin(this)?;
            let before = this.cache().look_up(name).map_or(Seen::default(), |entry| entry.seen);
            let mut seen = before;
            // A long value that is always gone when it is to be copied is found and copied in one operation.
            let long = if rounds.are_many() { u64::MAX } else { scalar::LONG as u64 };
            let found =
                retry_into(this, &mut bytes, |store, bytes| store.get_short(zend::bytes(name), long, &mut seen, bytes));
            let known = |there| Ok(Some(Known { seen, there }));
            match found {
                Ok(Found::Long(left)) => {
                    let sharing = match read_long(this, name, &left, &mut bytes, wanted, into)? {
                        Long::Read(sharing) => sharing,
                        Long::Gone => continue,
                        Long::Unwanted => return Ok(None),
                    };
                    match sharing {
                        Sharing::Shareable => this.cache().store(name, Some(into), seen, left.length as usize),
                        Sharing::Fresh => this.cache().forget(name),
                    }
                    return known(true);
                }
                Err(Stop::Thrown) => return Err(Thrown),
                Err(Stop::Legacy) if wanted == Wanted::Plain => return Ok(None),
                Err(Stop::Legacy) => {
                    if let Some(there) = read_legacy(this, name, into)? {
                        return Ok(Some(Known { seen: Seen::default(), there }));
                    }
                }
                Ok(Found::Missing) => {
                    this.cache().store(name, None, seen, 0);
                    return known(false);
                }
                Ok(Found::Unchanged) => {
                    if let Some(entry) = this.cache().look_up(name).filter(|entry| entry.seen == before) {
                        entry.seen = seen;
                        return known(copy_cached(&raw const entry.value, into));
                    }
                    // User code ran in between, and the cache knows another value, or none.
                    this.cache().forget(name);
                }
                Ok(Found::Appended | Found::Value) if !wanted.takes(&bytes) => return Ok(None),
                Ok(Found::Appended) => {
                    if let Some(there) = read_appended(this, name, before, seen, &bytes, into)? {
                        return known(there);
                    }
                    // What it goes on from is not there: all of it, then.
                    this.cache().forget(name);
                }
                Ok(Found::Value) => {
                    let sharing = stored::decode(this, zend::bytes(name), &bytes, into)?;
                    match sharing {
                        Sharing::Shareable => this.cache().store(name, Some(into), seen, bytes.len()),
                        Sharing::Fresh => this.cache().forget(name),
                    }
                    return known(true);
                }
            }
        }
    }
}

/// Lets the cached value follow the patches that have been appended to it since. `None`: the cache
/// knows another value by now.
unsafe fn read_appended(
    this: &SyncObject,
    name: *mut zend_string,
    before: Seen,
    seen: Seen,
    bytes: &[u8],
    into: *mut zval,
) -> Result<Option<bool>, Thrown> {
    // SAFETY: as for `read`. The cache lets go of the value, so that an array is changed in place.
    unsafe {
        let Some(mut value) = this.cache().take(name, before) else { return Ok(None) };
        match stored::apply_patches(this, zend::bytes(name), bytes, &raw mut value)? {
            Sharing::Shareable => this.cache().store(name, Some(&raw const value), seen, bytes.len()),
            Sharing::Fresh => this.cache().forget(name),
        }
        zend::copy(into, &raw const value);
        Ok(Some(true))
    }
}

/// What came of reading a long value.
enum Long {
    Read(Sharing),
    /// It is gone already.
    Gone,
    /// It is not what is wanted.
    Unwanted,
}

/// Reads a value that is long: a string straight into its place. `bytes` are its first ones.
#[cold]
unsafe fn read_long(
    this: &SyncObject,
    name: *mut zend_string,
    left: &Unread,
    bytes: &mut ZendVec<u8>,
    wanted: Wanted,
    into: *mut zval,
) -> Result<Long, Thrown> {
    let length = left.length;
    // SAFETY: valid by contract. The string is `into`'s before anything else can happen; without
    // memory for it the engine does not return, and nothing here needs a drop.
    unsafe {
        if !zend::has_memory(length as usize) {
            return Err(throw_no_memory(this, Some(zend::bytes(name)), length));
        }
        if let Some(head) = scalar::long_head(bytes, length) {
            let room = zend::set_unwritten_string(into, length as usize - head);
            let read = retry(this, |store| store.read_unread(left, head as u64, room));
            if let Ok(true) = read {
                return Ok(Long::Read(Sharing::Shareable));
            }
            zend::release(into);
            zend::set_null(into);
            return read.map(|_| Long::Gone).map_err(|_| Thrown);
        }
        bytes.clear();
        if !bytes.try_reserve_exact(length as usize) {
            return Err(throw_no_memory(this, Some(zend::bytes(name)), length));
        }
        let room = &mut bytes.spare_capacity_mut()[..length as usize];
        if !retry(this, |store| store.read_unread(left, 0, room)).map_err(|_| Thrown)? {
            return Ok(Long::Gone);
        }
        bytes.advance(length as usize);
        if !wanted.takes(bytes) {
            return Ok(Long::Unwanted);
        }
        stored::decode(this, zend::bytes(name), bytes, into).map(Long::Read)
    }
}

/// Reads from a file of the pure-PHP class; `None` if it is no longer one.
#[cold]
unsafe fn read_legacy(this: &SyncObject, name: *mut zend_string, into: *mut zval) -> Result<Option<bool>, Thrown> {
    let mut there = false;
    let answered = legacy::each(this, &mut |other, value| {
        // SAFETY: as for `read`; `into` holds null or a value of this frame.
        unsafe {
            if zend::bytes(other.as_ptr()) == zend::bytes(name) {
                zend::release(into);
                zend::copy(into, value);
                there = true;
            }
        }
        Ok(())
    })?;
    Ok(answered.then_some(there))
}

/// Stores `value` under `name`.
///
/// # Safety
/// `name` and `value` are valid, and held by the caller.
pub unsafe fn write(this: &SyncObject, name: *mut zend_string, value: *mut zval) -> Result<(), Thrown> {
    // SAFETY: valid by contract.
    unsafe {
        check_name(name)?;
        let encoded = Encoded::of(this, name, value)?;
        encoded.store(this, name, value, |_| Ok(true)).map(drop)
    }
}

/// Stores a scalar under a name that the cache knows, which most writes are: nothing here can run
/// user code, so nothing has to be held. `false`: nothing has happened, go the long way.
///
/// # Safety
/// `name` and `value` are valid.
#[inline]
pub unsafe fn write_known(this: &SyncObject, name: *mut zend_string, value: *mut zval) -> bool {
    // SAFETY: valid by contract; the entry is used before anything else is done to the cache, and
    // plain values are released without running user code.
    unsafe {
        if let Some(entry) = this.cache().find(name)
            && let Some(instance) = this.constructed()
            && let Some(encoded) = scalar::small(&*value)
            && instance.store.put(zend::bytes(name), encoded.bytes(), &mut entry.seen).is_ok()
        {
            zend::release(&raw mut entry.value);
            zend::copy(&raw mut entry.value, value);
            return true;
        }
        false
    }
}

/// True if there is a value under `name`, and it is not null.
///
/// # Safety
/// `name` is valid, and held by the caller.
pub unsafe fn is_set(this: &SyncObject, name: *mut zend_string) -> Result<bool, Thrown> {
    // SAFETY: valid by contract; see `read`.
    unsafe {
        if is_bad_name(name) {
            return Ok(false);
        }
        if let Some(entry) = this.cache().look_up(name)
            && let Some(instance) = this.constructed()
            && instance.store.is_current(&entry.seen)
        {
            return Ok(!matches!(zend::kind(&raw const entry.value), IS_UNDEF | IS_NULL));
        }
        let mut bytes = [MaybeUninit::uninit(); OUTLINE];
        let mut start = Places::new(&mut bytes);
        let outline = retry(this, |store| store.outline(zend::bytes(name), &mut Seen::default(), &mut start));
        match outline {
            // Whatever it is, it is not null; asking does not make objects, nor run their hooks.
            Ok(Outline::Noted(_)) => return Ok(true),
            Ok(Outline::Whole) if scalar::is_more_than_short(start.items()) => return Ok(true),
            Err(Stop::Thrown) => return Err(Thrown),
            _ => {}
        }
    }
    let mut value = zend::empty();
    // SAFETY: valid by contract. Null and scalars are kept for who reads them next.
    unsafe { Ok(read(this, name, &raw mut value)? && zend::kind(&raw const value) != IS_NULL) }
}

/// True if there is a value under `name`, be it null.
///
/// # Safety
/// `name` is valid, and held by the caller.
pub unsafe fn exists(this: &SyncObject, name: *mut zend_string) -> Result<bool, Thrown> {
    let mut value = zend::empty();
    // SAFETY: valid by contract.
    unsafe { Ok(!is_bad_name(name) && read(this, name, &raw mut value)?) }
}

/// From which number on an array appends. Before PHP 8.3 there was none below 0 in one that started empty.
const LEAST_NUMBER: i64 = if cfg!(php83) { i64::MIN } else { 0 };

/// `$sync[] = $value`: stores it under the number after the highest, as in an array, in one step.
///
/// # Safety
/// `value` is valid, and held by the caller.
pub unsafe fn append(this: &SyncObject, value: *mut zval) -> Result<(), Thrown> {
    // SAFETY: valid by contract.
    unsafe {
        let mut bytes = GLOBALS.get().buffers.take();
        let (sharing, string) = match scalar::encode_long(&*value, &mut bytes) {
            Some(string) => (Sharing::Shareable, &*string),
            None => {
                let sharing = value::encode(&*value, 0, &mut bytes);
                (sharing.map_err(|error| cannot_store(this, None, error))?, &[][..])
            }
        };
        let mut seen = Seen::default();
        let number = retry_importing(this, |store| store.put_next(&bytes, string, LEAST_NUMBER, &mut seen))?;
        let name = name_of_number(number)?;
        match sharing {
            Sharing::Shareable => this.cache().store(name.as_ptr(), Some(value), seen, bytes.len() + string.len()),
            Sharing::Fresh => this.cache().forget(name.as_ptr()),
        }
        Ok(())
    }
}

/// The name that [`append`] would store under. Nobody else takes it before the caller has, if the caller keeps
/// other writers out.
pub fn next_number(this: &SyncObject) -> Result<Str, Thrown> {
    name_of_number(retry_importing(this, |store| store.next_number(LEAST_NUMBER))?)
}

/// Removes `name`, if it is there.
///
/// # Safety
/// `name` is valid, and held by the caller.
pub unsafe fn remove(this: &SyncObject, name: *mut zend_string) -> Result<(), Thrown> {
    // SAFETY: valid by contract.
    unsafe {
        check_name(name)?;
        retry_importing(this, |store| store.remove(zend::bytes(name)))?;
        this.cache().forget(name);
        Ok(())
    }
}
