//! Reading, writing, asking for and removing one name of a shared object; waiting for a lock.
//!
//! Every function here may run user code (encoding and decoding do, and so do signal handlers
//! during a wait): callers hold the object and the name.

use std::mem::MaybeUninit;
use std::time::{Duration, Instant};

use ext_php_rs::ffi::{self, IS_NULL, IS_UNDEF, zend_string, zval};

use super::buffers::Buffer;
use super::errors;
use super::moment::{Extent, Moment};
use super::object::{SyncObject, check_name};
use super::value::{self, Sharing, ValueError, ZendVec, scalar};
use super::wait::{self, Rounds};
use super::zend::{self, Key, Str, Thrown};
use super::{GLOBALS, legacy, patch};
use crate::store::{self, ErrorKind, Found, OUTLINE, Outline, Places, Room, Seen, Store, Unread, Waiter};

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
    unsafe { look(this, name, into).map(|known| known.there) }
}

/// As [`read`], for who has to know later whether the value is still the same.
///
/// # Safety
/// As there.
pub unsafe fn look(this: &SyncObject, name: *mut zend_string, into: *mut zval) -> Result<Known, Thrown> {
    // SAFETY: valid by contract.
    match unsafe { look_for(this, name, Wanted::Anything, into)? } {
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
    unsafe { look_for(this, name, Wanted::Plain, &raw mut newer).map(|known| known.is_some()) }
}

/// What the value of `name` is known by, without reading it.
pub fn look_up(this: &SyncObject, name: &[u8]) -> Result<Known, Thrown> {
    let mut seen = Seen::default();
    let mut start = [MaybeUninit::uninit(); OUTLINE];
    match patiently_reading(this, |store| store.outline(name, &mut seen, &mut Places::new(&mut start))) {
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

/// What [`look`] and [`refresh`] do. `None`: it is not what is wanted.
unsafe fn look_for(
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
            return Ok(Some(Known { seen: entry.seen, there: hand_out(&raw const entry.value, into) }));
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
            let found = patiently_into(this, &mut bytes, |store, bytes| {
                store.get_short(zend::bytes(name), long, &mut seen, bytes)
            });
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
                        return known(hand_out(&raw const entry.value, into));
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
                    let sharing = decode(this, zend::bytes(name), &bytes, into)?;
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
        match patch::apply_all(this, zend::bytes(name), bytes, &raw mut value)? {
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
            let read = patiently_reading(this, |store| store.read_unread(left, head as u64, room));
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
        if !patiently_reading(this, |store| store.read_unread(left, 0, room)).map_err(|_| Thrown)? {
            return Ok(Long::Gone);
        }
        bytes.advance(length as usize);
        if !wanted.takes(bytes) {
            return Ok(Long::Unwanted);
        }
        decode(this, zend::bytes(name), bytes, into).map(Long::Read)
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

/// Hands a cached value out; `false` (and null) where the name is known to be missing.
///
/// # Safety
/// Both are valid; `into` is overwritten.
#[inline]
pub unsafe fn hand_out(value: *const zval, into: *mut zval) -> bool {
    // SAFETY: valid by contract.
    unsafe {
        if zend::kind(value) == ffi::IS_UNDEF {
            zend::set_null(into);
            return false;
        }
        zend::copy(into, value);
        true
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

/// A value on its way to the store. Making it may run user code, storing it does not: so it is made once, and
/// stored when the time has come.
pub struct Encoded {
    bytes: Buffer,
    /// The rest of a long string, whose bytes go to the file from where they are.
    body: Option<*const [u8]>,
    sharing: Sharing,
}

impl Encoded {
    /// Encodes a value of the property with this name. May run user code.
    ///
    /// # Safety
    /// Name and value are valid, and held by the caller for as long as the result lives.
    #[inline(always)]
    pub unsafe fn of(this: &SyncObject, name: *mut zend_string, value: *mut zval) -> Result<Self, Thrown> {
        // SAFETY: valid by contract.
        unsafe { Self::within(this, name, value, 0) }
    }

    /// Encodes a value that is going to lie within so many containers. May run user code.
    ///
    /// # Safety
    /// As for [`of`](Self::of).
    #[inline(always)]
    pub unsafe fn within(
        this: &SyncObject,
        name: *mut zend_string,
        value: *mut zval,
        within: usize,
    ) -> Result<Self, Thrown> {
        let mut bytes = GLOBALS.get().buffers.take();
        // SAFETY: valid by contract.
        unsafe {
            if scalar::encode_short(&*value, &mut bytes) {
                return Ok(Self { bytes, body: None, sharing: Sharing::Shareable });
            }
            Self::of_any(this, name, value, within, bytes)
        }
    }

    /// As [`within`](Self::within), for what is not encoded at once; into `bytes`, which are empty.
    ///
    /// # Safety
    /// As for [`of`](Self::of).
    unsafe fn of_any(
        this: &SyncObject,
        name: *mut zend_string,
        value: *mut zval,
        within: usize,
        mut bytes: Buffer,
    ) -> Result<Self, Thrown> {
        // SAFETY: valid by contract.
        unsafe {
            if let Some(body) = scalar::encode_long(&*value, &mut bytes) {
                return Ok(Self { bytes, body: Some(body), sharing: Sharing::Shareable });
            }
            let sharing = value::encode(&*value, within, &mut bytes)
                .map_err(|error| errors::cannot_store(this, Some(zend::bytes(name)), error))?;
            Ok(Self { bytes, body: None, sharing })
        }
    }

    /// Appends its bytes to others.
    ///
    /// # Safety
    /// The value that was encoded is still there.
    pub unsafe fn write_to(&self, bytes: &mut ZendVec<u8>) -> Result<(), ValueError> {
        let length = self.bytes.len() + self.body.map_or(0, |body| body.len());
        if !bytes.try_reserve(length) {
            return Err(ValueError::Refused(format!("it takes {length} bytes, more than memory_limit leaves.")));
        }
        bytes.extend_from_slice(&self.bytes);
        if let Some(body) = self.body {
            // SAFETY: valid by contract.
            bytes.extend_from_slice(unsafe { &*body });
        }
        Ok(())
    }

    /// Stores it under `name`, unless `may` says no at the last moment: then `None`, else where it is now. Runs no
    /// user code but signal handlers.
    ///
    /// # Safety
    /// `name` is valid; `value` is the one that was encoded.
    #[inline(always)]
    pub unsafe fn store(
        &self,
        this: &SyncObject,
        name: *mut zend_string,
        value: *mut zval,
        mut may: impl FnMut(&Store) -> store::Result<bool>,
    ) -> Result<Option<Seen>, Thrown> {
        // SAFETY: valid by contract.
        unsafe {
            // What is known of the name spares the store the search for it.
            let mut seen = this.cache().look_up(name).map_or(Seen::default(), |entry| entry.seen);
            let stored = patiently(this, |store| {
                if !may(store)? {
                    return Ok(false);
                }
                match self.body {
                    Some(body) => store.put_parts(zend::bytes(name), &self.bytes, &*body, &mut seen)?,
                    None => store.put(zend::bytes(name), &self.bytes, &mut seen)?,
                }
                Ok(true)
            })?;
            if !stored {
                return Ok(None);
            }
            let length = self.body.map_or(self.bytes.len(), |body| body.len());
            match self.sharing {
                Sharing::Shareable => this.cache().store(name, Some(value), seen, length),
                Sharing::Fresh => this.cache().forget(name),
            }
            Ok(Some(seen))
        }
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
    if is_unnameable(name) {
        return Ok(false);
    }
    // SAFETY: valid by contract; see `read`.
    unsafe {
        if let Some(entry) = this.cache().look_up(name)
            && let Some(instance) = this.constructed()
            && instance.store.is_current(&entry.seen)
        {
            return Ok(!matches!(zend::kind(&raw const entry.value), IS_UNDEF | IS_NULL));
        }
        let mut bytes = [MaybeUninit::uninit(); OUTLINE];
        let mut start = Places::new(&mut bytes);
        let outline =
            patiently_reading(this, |store| store.outline(zend::bytes(name), &mut Seen::default(), &mut start));
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
    if is_unnameable(name) {
        return Ok(false);
    }
    let mut value = zend::empty();
    // SAFETY: valid by contract.
    unsafe { read(this, name, &raw mut value) }
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
                (sharing.map_err(|error| errors::cannot_store(this, None, error))?, &[][..])
            }
        };
        let mut seen = Seen::default();
        let number = patiently(this, |store| store.put_next(&bytes, string, LEAST_NUMBER, &mut seen))?;
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
    name_of_number(patiently(this, |store| store.next_number(LEAST_NUMBER))?)
}

fn name_of_number(number: Option<i64>) -> Result<Str, Thrown> {
    match number {
        Some(number) => Ok(Str::new(number.to_string().as_bytes())),
        None => Err(errors::throw_error("Cannot add element to the array as the next element is already occupied")),
    }
}

/// Names for which a stdClass answers "no" to `isset` instead of complaining.
pub fn is_unnameable(name: *mut zend_string) -> bool {
    // SAFETY: callers pass a valid name.
    matches!(unsafe { zend::bytes(name) }, [0, ..])
}

/// Removes `name`, if it is there.
///
/// # Safety
/// `name` is valid, and held by the caller.
pub unsafe fn remove(this: &SyncObject, name: *mut zend_string) -> Result<(), Thrown> {
    // SAFETY: valid by contract.
    unsafe {
        check_name(name)?;
        patiently(this, |store| store.remove(zend::bytes(name)))?;
        this.cache().forget(name);
        Ok(())
    }
}

/// Everything at one moment, in order, decoded: `each` is called with a name and its value, which
/// it may take over.
pub fn each(this: &SyncObject, each: &mut dyn FnMut(Str, *mut zval) -> Result<(), Thrown>) -> Result<(), Thrown> {
    // Handles may lead from one store to another, and who looks at all of them, on and on.
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
        with_entries(this, array, |store, entries| store.replace(entries))?;
        this.cache().clear();
    }
    Ok(())
}

/// Runs an operation of the store with the names and encoded values of an array.
///
/// # Safety
/// `array` is valid, and held by the caller so that user code that encoding runs cannot change it.
pub unsafe fn with_entries(
    this: &SyncObject,
    array: *mut ffi::zend_array,
    operation: impl Fn(&Store, &[(&[u8], &[u8])]) -> store::Result<()>,
) -> Result<(), Thrown> {
    // Where names and values end in `bytes`.
    let mut ends = ZendVec::new();
    let mut bytes = GLOBALS.get().buffers.take();
    // SAFETY: valid by contract.
    unsafe {
        for (key, value) in zend::Elements::of(array) {
            if let Key::String(name) = key {
                check_name(name)?;
            }
            let text = key.text();
            bytes.extend_from_slice(text.bytes());
            let name = bytes.len();
            if let Err(error) = value::encode(&*value, 0, &mut bytes) {
                // (Where there was no memory, the bytes are cut.)
                return Err(errors::cannot_store(this, Some(text.bytes()), error));
            }
            ends.push((name, bytes.len()));
        }
    }
    let mut entries = ZendVec::new();
    let mut start = 0;
    for &(name, value) in ends.iter() {
        entries.push((&bytes[start..name], &bytes[name..value]));
        start = value;
    }
    patiently(this, |store| operation(store, &entries))
}

/// Decodes a value of the property with this name as the object's policy allows; `into` is overwritten.
///
/// # Safety
/// `into` is a slot of the caller's.
pub unsafe fn decode(this: &SyncObject, name: &[u8], bytes: &[u8], into: *mut zval) -> Result<Sharing, Thrown> {
    // SAFETY: callers pass a slot that is theirs.
    let decoded = value::decode(bytes, 0, this.policy()?, unsafe { &mut *into });
    let (sharing, rest) = decoded.map_err(|error| errors::cannot_read(this, Some(name), error))?;
    if rest == 0 {
        return Ok(sharing);
    }
    // SAFETY: as above.
    match unsafe { patch::apply_all(this, name, &bytes[bytes.len() - rest..], into) } {
        Ok(Sharing::Shareable) => Ok(sharing),
        Ok(Sharing::Fresh) => Ok(Sharing::Fresh),
        Err(Thrown) => {
            // SAFETY: as above.
            unsafe {
                zend::release(into);
                zend::set_null(into);
            }
            Err(Thrown)
        }
    }
}

/// How long a waiter sleeps at most before it looks for signals and at the clock.
const SLICE: Duration = Duration::from_millis(50);

/// Why an operation that only reads has not been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// An exception is pending.
    Thrown,
    /// The file was written by the pure-PHP class: the answer is in [`legacy`].
    Legacy,
}

impl From<Thrown> for Stop {
    fn from(_: Thrown) -> Self {
        Self::Thrown
    }
}

/// Runs an operation of the store, and again while somebody else holds the lock, until it is done
/// or the waiting is over. A file of the pure-PHP class is turned into a store first.
pub fn patiently<T>(this: &SyncObject, mut operation: impl FnMut(&Store) -> store::Result<T>) -> Result<T, Thrown> {
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        match patiently_reading(this, &mut operation) {
            Ok(done) => return Ok(done),
            Err(Stop::Thrown) => return Err(Thrown),
            Err(Stop::Legacy) => legacy::import(this)?,
        }
    }
}

/// As [`patiently`], but waits no longer than this; then `None`.
pub fn patiently_for<T>(
    this: &SyncObject,
    patience: Duration,
    mut operation: impl FnMut(&Store) -> store::Result<T>,
) -> Result<Option<T>, Thrown> {
    let start = Instant::now();
    patiently(this, |store| match operation(store) {
        Err(error) if matches!(error.kind, ErrorKind::Held(_) | ErrorKind::Busy) && start.elapsed() >= patience => {
            Ok(None)
        }
        outcome => outcome.map(Some),
    })
}

/// As [`patiently_reading`], for operations that copy something into memory of the engine's: `make` makes as
/// much room as one says that it takes, or is false where there is no memory for it.
pub fn patiently_making_room<R, T>(
    this: &SyncObject,
    room: &mut R,
    make: impl Fn(&mut R, u64) -> bool,
    mut operation: impl FnMut(&Store, &mut R) -> store::Result<T>,
) -> Result<T, Stop> {
    loop {
        let done = patiently_reading(this, |store| match operation(store, room) {
            Err(store::Error { kind: ErrorKind::NoRoom(wanted), .. }) => Ok(Err(wanted)),
            other => other.map(Ok),
        });
        match done? {
            Ok(done) => return Ok(done),
            Err(wanted) if make(room, wanted) => {}
            Err(wanted) => return Err(throw_no_memory(this, None, wanted).into()),
        }
    }
}

/// As [`patiently_making_room`], in a buffer whose content is of no use any more.
pub fn patiently_into<T>(
    this: &SyncObject,
    buffer: &mut ZendVec<u8>,
    operation: impl FnMut(&Store, &mut ZendVec<u8>) -> store::Result<T>,
) -> Result<T, Stop> {
    let make = |buffer: &mut ZendVec<u8>, wanted: u64| {
        buffer.clear();
        buffer.try_reserve(wanted as usize)
    };
    patiently_making_room(this, buffer, make, operation)
}

/// Throws where reading a property, or something else in the file, takes more memory than the limit leaves.
#[cold]
pub fn throw_no_memory(this: &SyncObject, name: Option<&[u8]>, wanted: u64) -> Thrown {
    let why = format!("it takes {wanted} bytes, more than memory_limit leaves.");
    errors::cannot_read(this, name, ValueError::Refused(why))
}

/// As [`patiently`], for operations that change nothing: a file of the pure-PHP class stays as it
/// is.
pub fn patiently_reading<T>(
    this: &SyncObject,
    mut operation: impl FnMut(&Store) -> store::Result<T>,
) -> Result<T, Stop> {
    let result = try_and_wait(this, &mut operation);
    // It may have been given up. (Where the engine leaves by `longjmp`, the object's end does this; until
    // then, others pass over a waiter that does not come when it is called.)
    if let Some(instance) = this.constructed() {
        instance.store.stop_waiting();
    }
    result
}

fn try_and_wait<T>(this: &SyncObject, operation: &mut impl FnMut(&Store) -> store::Result<T>) -> Result<T, Stop> {
    let mut waiter = Waiter::default();
    let mut since: Option<Instant> = None;
    loop {
        let store = &this.instance()?.store;
        let outcome = operation(store);
        if outcome.is_ok() {
            // Others do not wait for what runs now.
            store.stop_waiting();
        }
        if let Some(warning) = store.take_warning() {
            errors::warn(&warning)?;
        }
        let error = match outcome {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        match error.kind {
            ErrorKind::Held(held) => {
                if held.same_thread && held.patience.timeout.is_none() {
                    return Err(errors::throw_store(&error).into());
                }
                let waited = since.get_or_insert_with(Instant::now).elapsed();
                let Some(left) = waiter.left(&held) else { return Err(errors::throw_store(&error).into()) };
                // Nothing of Rust's heap is kept across what may run user code, or leave for good.
                drop(error);
                wait::look_up(this, waited)?;
                this.instance()?.store.wait(&mut waiter, &held, left.min(SLICE));
            }
            ErrorKind::Busy => {
                drop(error);
                wait::look_up(this, since.get_or_insert_with(Instant::now).elapsed())?;
            }
            ErrorKind::Legacy => return Err(Stop::Legacy),
            ErrorKind::LockLost => {
                // Told once. (Not by the short ways to write, which leave all that is unusual to this.)
                store.unlock();
                return Err(errors::throw_store(&error).into());
            }
            _ => return Err(errors::throw_store(&error).into()),
        }
    }
}
