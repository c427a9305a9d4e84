//! Reading, writing, asking for and removing one name of a shared object.
//!
//! Every function here may run user code (encoding and decoding do, and so do signal handlers
//! during a wait): callers hold the object and the name.

use std::mem::MaybeUninit;

use ext_php_rs::ffi::{IS_NULL, IS_UNDEF, zend_string, zval};

use super::cache::copy_cached;
use super::globals::GLOBALS;
use super::handle::{self, Backend, BackendError, Found, Handle, PEEK, Peeked, Places, Remedy, Room, Unread, Version};
use super::legacy::{self, retry_importing};
use super::names::{check_name, is_bad_name, name_of_number};
use super::object::SyncObject;
use super::refusal::{cannot_store, throw_no_memory};
use super::retry::{Stop, retry, retry_into};
use super::stored::{self, Encoded};
use super::value::{self, Sharing, ZendVec, scalar};
use super::wait::Rounds;
use super::zend::{self, Str, Thrown};

/// When a value was read, and whether there was one.
#[derive(Clone, Copy)]
pub struct Observed {
    /// The version that was read.
    pub version: Version,
    /// Whether there is one (the value read is null where there is none).
    pub there: bool,
}

impl Observed {
    /// Whether the value is still the one that was read. Runs no user code.
    pub fn is_newest(&self, store: &Handle, name: &[u8]) -> handle::Result<bool> {
        if store.is_current(&self.version) {
            return Ok(true);
        }
        let mut version = self.version;
        match store.get_short(name, 0, &mut version, &mut Places::new(&mut [MaybeUninit::uninit(); PEEK])) {
            Ok(Found::Unchanged) => Ok(true),
            Ok(Found::Missing) => Ok(!self.there),
            Ok(Found::Value | Found::Appended | Found::Long(_)) => Ok(false),
            // The change takes more than the buffer has room for.
            Err(error) if matches!(error.remedy(), Remedy::MakeRoom(_)) => Ok(false),
            // The file of the pure-PHP class that it came from.
            Err(error) if matches!(error.remedy(), Remedy::Import) => Ok(self.version == Version::default()),
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
    unsafe { observe(this, name, into).map(|observed| observed.there) }
}

/// As [`read`], for a caller that has to know later whether the value is still the same.
///
/// # Safety
/// As there.
pub unsafe fn observe(this: &SyncObject, name: *mut zend_string, into: *mut zval) -> Result<Observed, Thrown> {
    // SAFETY: valid by contract.
    match unsafe { find(this, name, Wanted::Anything, into)? } {
        Some(observed) => Ok(observed),
        None => unreachable!("anything is wanted"),
    }
}

/// Brings the newest value of `name` into the cache, if it is one that the cache keeps: an object is not even
/// made, so that no user code runs. False: it is not, or that is not known.
///
/// # Safety
/// `name` is valid, and held by the caller.
pub unsafe fn refresh(this: &SyncObject, name: *mut zend_string) -> Result<bool, Thrown> {
    let mut newer = zend::empty();
    // SAFETY: valid by contract; `newer` is a slot of this frame.
    unsafe { find(this, name, Wanted::Plain, &raw mut newer).map(|observed| observed.is_some()) }
}

/// When the value of `name` was written, without reading it.
pub fn peek(this: &SyncObject, name: &[u8]) -> Result<Observed, Thrown> {
    let mut version = Version::default();
    let mut start = [MaybeUninit::uninit(); PEEK];
    match retry(this, |store| store.peek(name, &mut version, &mut Places::new(&mut start))) {
        Ok(peeked) => Ok(Observed { version, there: peeked != Peeked::Missing }),
        Err(Stop::Legacy) => Ok(Observed { version: Version::default(), there: false }),
        Err(Stop::Thrown) => Err(Thrown),
    }
}

/// The values that a reader can use.
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

/// Finds the newest value of `name`, for [`observe`] and [`refresh`]. `None`: it is not what is wanted.
///
/// # Safety
/// As for [`observe`].
unsafe fn find(
    this: &SyncObject,
    name: *mut zend_string,
    wanted: Wanted,
    into: *mut zval,
) -> Result<Option<Observed>, Thrown> {
    // SAFETY: valid by contract. The cache is looked at between calls that may run user code, and
    // never kept across one.
    unsafe {
        if let Some(entry) = this.cache().look_up(name)
            && let Some(instance) = this.constructed()
            && instance.store.is_current(&entry.version)
        {
            return Ok(Some(Observed { version: entry.version, there: copy_cached(&raw const entry.value, into) }));
        }
        zend::set_null(into);
        check_name(name)?;
        let reading = Reading { this, name, wanted, into };
        let mut bytes = GLOBALS.get().buffers.take();
        let mut rounds = Rounds::new();
        loop {
            rounds.begin(this)?;
            let before = this.cache().look_up(name).map_or(Version::default(), |entry| entry.version);
            let mut version = before;
            // A long value that is always gone when it is to be copied is found and copied in one operation.
            let long = if rounds.are_many() { u64::MAX } else { scalar::LONG as u64 };
            let found = retry_into(this, &mut bytes, |store, bytes| {
                store.get_short(zend::bytes(name), long, &mut version, bytes)
            });
            let taken = match found {
                Ok(found) => reading.take(found, before, version, &mut bytes)?,
                Err(Stop::Legacy) => reading.take_legacy()?,
                Err(Stop::Thrown) => return Err(Thrown),
            };
            match taken {
                Taken::Observed(observed) => return Ok(Some(observed)),
                Taken::Unwanted => return Ok(None),
                Taken::Changed => {}
            }
        }
    }
}

/// One reading of a property. The caller of [`find`] holds all of it.
#[derive(Clone, Copy)]
struct Reading<'a> {
    this: &'a SyncObject,
    name: *mut zend_string,
    wanted: Wanted,
    into: *mut zval,
}

/// The outcome of taking over a value that the store has found.
enum Taken {
    Observed(Observed),
    /// It is not what is wanted.
    Unwanted,
    /// The value, or the cache, has changed meanwhile: look again.
    Changed,
}

impl Reading<'_> {
    /// Takes over what the store has found at `version`, where the cache knew the value of `before`. `bytes`: the value, its
    /// first bytes, or those appended to it.
    ///
    /// # Safety
    /// As for [`find`].
    unsafe fn take(
        &self,
        found: Found,
        before: Version,
        version: Version,
        bytes: &mut ZendVec<u8>,
    ) -> Result<Taken, Thrown> {
        let Self { this, name, wanted, into } = *self;
        let observed = |there| Ok(Taken::Observed(Observed { version, there }));
        // SAFETY: as for `find`.
        unsafe {
            match found {
                Found::Missing => {
                    this.cache().store(name, None, version, 0);
                    observed(false)
                }
                Found::Unchanged => {
                    if let Some(entry) = this.cache().look_up(name).filter(|entry| entry.version == before) {
                        entry.version = version;
                        return observed(copy_cached(&raw const entry.value, into));
                    }
                    // User code ran in between, and the cache knows another value, or none.
                    this.cache().forget(name);
                    Ok(Taken::Changed)
                }
                Found::Long(left) => self.take_long(&left, version, bytes),
                Found::Appended | Found::Value if !wanted.takes(bytes) => Ok(Taken::Unwanted),
                Found::Appended => self.take_appended(before, version, bytes),
                Found::Value => {
                    let sharing = stored::decode(this, zend::bytes(name), bytes, into)?;
                    this.cache().keep(sharing, name, into, version, bytes.len());
                    observed(true)
                }
            }
        }
    }

    /// Lets the cached value follow the patches that have been appended to it since.
    ///
    /// # Safety
    /// As for [`find`].
    unsafe fn take_appended(&self, before: Version, version: Version, bytes: &[u8]) -> Result<Taken, Thrown> {
        let Self { this, name, into, .. } = *self;
        // SAFETY: as for `find`. The cache lets go of the value, so that an array is changed in place.
        unsafe {
            let Some(mut value) = this.cache().take(name, before) else {
                // The cache knows another value by now: all of it, then.
                this.cache().forget(name);
                return Ok(Taken::Changed);
            };
            let sharing = stored::apply_patches(this, zend::bytes(name), bytes, &raw mut value)?;
            this.cache().keep(sharing, name, &raw const value, version, bytes.len());
            zend::copy(into, &raw const value);
        }
        Ok(Taken::Observed(Observed { version, there: true }))
    }

    /// Reads a value that is long: a string straight into its place. `bytes` are its first ones.
    ///
    /// # Safety
    /// As for [`find`].
    #[cold]
    unsafe fn take_long(&self, left: &Unread, version: Version, bytes: &mut ZendVec<u8>) -> Result<Taken, Thrown> {
        let Self { this, name, wanted, into } = *self;
        let length = left.length as usize;
        // SAFETY: as for `find`. The string is `into`'s before anything else can happen; without
        // memory for it the engine does not return, and nothing here needs a drop.
        let sharing = unsafe {
            if !zend::has_memory(length) {
                return Err(throw_no_memory(this, Some(zend::bytes(name)), left.length));
            }
            if let Some(head) = value::long_head(bytes, left.length) {
                let room = zend::set_unwritten_string(into, length - head);
                let read = retry(this, |store| store.read_unread(left, head as u64, room));
                if read != Ok(true) {
                    zend::release(into);
                    zend::set_null(into);
                    return read.map(|_| Taken::Changed).map_err(|_| Thrown);
                }
                Sharing::Shareable
            } else {
                bytes.clear();
                if !bytes.try_reserve_exact(length) {
                    return Err(throw_no_memory(this, Some(zend::bytes(name)), left.length));
                }
                let room = &mut bytes.spare_capacity_mut()[..length];
                if !retry(this, |store| store.read_unread(left, 0, room)).map_err(|_| Thrown)? {
                    return Ok(Taken::Changed);
                }
                bytes.advance(length);
                if !wanted.takes(bytes) {
                    return Ok(Taken::Unwanted);
                }
                stored::decode(this, zend::bytes(name), bytes, into)?
            }
        };
        // SAFETY: as for `find`; `into` holds the value.
        unsafe { this.cache().keep(sharing, name, into, version, length) };
        Ok(Taken::Observed(Observed { version, there: true }))
    }

    /// Reads from a file of the pure-PHP class.
    ///
    /// # Safety
    /// As for [`find`].
    #[cold]
    unsafe fn take_legacy(&self) -> Result<Taken, Thrown> {
        let Self { this, name, wanted, into } = *self;
        if wanted == Wanted::Plain {
            return Ok(Taken::Unwanted);
        }
        let mut there = false;
        let answered = legacy::each(this, &mut |other, value| {
            // SAFETY: as for `find`; `into` holds null or a value of this frame.
            unsafe {
                if zend::bytes(other.as_ptr()) == zend::bytes(name) {
                    zend::release(into);
                    zend::copy(into, value);
                    there = true;
                }
            }
            Ok(())
        })?;
        Ok(if answered { Taken::Observed(Observed { version: Version::default(), there }) } else { Taken::Changed })
    }
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
            && instance.store.put(zend::bytes(name), encoded.bytes(), &mut entry.version).is_ok()
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
            && instance.store.is_current(&entry.version)
        {
            return Ok(!matches!(zend::kind(&raw const entry.value), IS_UNDEF | IS_NULL));
        }
        let mut bytes = [MaybeUninit::uninit(); PEEK];
        let mut start = Places::new(&mut bytes);
        let peeked = retry(this, |store| store.peek(zend::bytes(name), &mut Version::default(), &mut start));
        match peeked {
            // Whatever it is, it is not null; asking does not make objects, nor run their hooks.
            Ok(Peeked::Noted(_)) => return Ok(true),
            Ok(Peeked::Whole) if value::is_more_than_short(start.items()) => return Ok(true),
            Err(Stop::Thrown) => return Err(Thrown),
            _ => {}
        }
    }
    let mut value = zend::empty();
    // SAFETY: valid by contract. Null and scalars are kept for the next read.
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
        let mut version = Version::default();
        let number = retry_importing(this, |store| store.put_next(&bytes, string, LEAST_NUMBER, &mut version))?;
        let name = name_of_number(number)?;
        match sharing {
            Sharing::Shareable => this.cache().store(name.as_ptr(), Some(value), version, bytes.len() + string.len()),
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
