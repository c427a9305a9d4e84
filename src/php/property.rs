//! Reading, writing, asking for and removing one name of a shared object.
//!
//! Every function here may run user code (encoding and decoding do, and so do signal handlers
//! during a wait): callers hold the object and the name.
//!
//! An entry of the cache is used up before anything else is called, since user code may change the cache.

use std::mem::MaybeUninit;

use super::cache::{CacheSlot, Keeping, Spot};
use super::globals::GLOBALS;
use super::handle::{
    self, Backend, BackendError, Expiry, Found, Handle, Now, PEEK, Peeked, Places, Remedy, Room, Unread, Version,
};
use super::legacy::{self, retry_importing};
use super::lifetime::Lifetime;
use super::names::{check_name, is_bad_name, name_of_number};
use super::object::SyncObject;
use super::refusal::{cannot_store, throw_no_memory};
use super::retry::{Stop, retry, retry_into};
use super::running::store_pending;
use super::stored::{self, Encoded};
use super::value::{self, Sharing, ZendVec, scalar};
use super::wait::Rounds;
use super::zend::{self, Local, Slot, Str, Thrown, Value, ZStr, series};

/// When a value was read, and whether there was one.
#[derive(Clone, Copy)]
pub struct Observed {
    /// The version that was read.
    pub version: Version,
    /// Whether there is one (the value read is null where there is none).
    pub there: bool,
}

impl Observed {
    fn expiry(&self) -> Option<Expiry> {
        Handle::expiry_of(&self.version)
    }

    /// How long the value stays that comes in its place, as a change of it.
    pub fn lifetime(&self) -> Lifetime {
        self.expiry().into()
    }

    /// Whether the value has expired since.
    pub fn has_expired(&self) -> bool {
        self.expiry().is_some_and(|expiry| expiry.has_come(Now::read()))
    }

    /// Whether the value is still the one that was read. Runs no user code.
    pub fn is_newest(&self, store: &Handle, name: &[u8]) -> handle::Result<bool> {
        if store.is_current(&self.version) {
            return Ok(true);
        }
        let mut version = self.version;
        match store.get_short(name, 0, &mut version, &mut Places::new(&mut [MaybeUninit::uninit(); PEEK])) {
            Ok(Found::Unchanged) => Ok(true),
            // (One that has expired in the meantime has not been replaced.)
            Ok(Found::Missing) => Ok(!self.there || self.has_expired()),
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
pub fn read(this: &SyncObject, name: &ZStr, into: Slot) -> Result<bool, Thrown> {
    observe(this, name, into).map(|observed| observed.there)
}

/// As [`read`], after a search in the cache that has ended at `spot`.
pub fn read_from(this: &SyncObject, name: &ZStr, spot: Spot, into: Slot) -> Result<bool, Thrown> {
    find(this, (name, spot), Wanted::Anything, into).map(|observed| observed.is_some_and(|observed| observed.there))
}

/// As [`read`], for a caller that has to know later whether the value is still the same.
pub fn observe(this: &SyncObject, name: &ZStr, into: Slot) -> Result<Observed, Thrown> {
    match find(this, (name, Spot::NONE), Wanted::Anything, into)? {
        Some(observed) => Ok(observed),
        None => unreachable!("anything is wanted"),
    }
}

/// Brings the newest value of `name` into the cache, if it is one that the cache keeps: an object is not even
/// made, so that no user code runs. False: it is not, or that is not known.
pub fn refresh(this: &SyncObject, name: &ZStr) -> Result<bool, Thrown> {
    find(this, (name, Spot::NONE), Wanted::Plain, Local::new().slot()).map(|observed| observed.is_some())
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
fn find(
    this: &SyncObject,
    (name, mut spot): (&ZStr, Spot),
    wanted: Wanted,
    mut into: Slot,
) -> Result<Option<Observed>, Thrown> {
    this.enter();
    let mut before = match this.version_at(spot) {
        Some(version) => version,
        // SAFETY: nothing runs before the entry is out of use.
        None => match unsafe { this.newest(name) } {
            Ok(entry) => return Ok(Some(Observed { version: entry.version, there: entry.copy_to(&mut into) })),
            Err(at) => {
                spot = at;
                this.version_at(spot).unwrap_or_default()
            }
        },
    };
    // SAFETY: the reference ends here.
    unsafe { this.cache() }.miss();
    into.set_null();
    check_name(name)?;
    let mut reading = Reading { this, name, spot, wanted, into };
    let mut bytes = GLOBALS.get().buffers.take();
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        let mut version = before;
        // A long value that is always gone when it is to be copied is found and copied in one operation.
        let long = if rounds.are_many() { u64::MAX } else { scalar::LONG as u64 };
        let found =
            retry_into(this, &mut bytes, |store, bytes| store.get_short(name.bytes(), long, &mut version, bytes));
        let taken = match found {
            Ok(found) => reading.take(found, before, version, &mut bytes)?,
            Err(Stop::Legacy) => reading.take_legacy()?,
            Err(Stop::Thrown) => return Err(Thrown),
        };
        match taken {
            Taken::Observed(observed) => return Ok(Some(observed)),
            Taken::Unwanted => return Ok(None),
            Taken::Changed => (reading.spot, before) = this.seek(name),
        }
    }
}

/// One reading of a property.
struct Reading<'a> {
    this: &'a SyncObject,
    name: &'a ZStr,
    /// Where the search in the cache has ended.
    spot: Spot,
    wanted: Wanted,
    /// Null, or the value that was read.
    into: Slot<'a>,
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
    fn take(
        &mut self,
        found: Found,
        before: Version,
        version: Version,
        bytes: &mut ZendVec<u8>,
    ) -> Result<Taken, Thrown> {
        let Self { this, name, wanted, .. } = *self;
        let observed = |there| Ok(Taken::Observed(Observed { version, there }));
        match found {
            Found::Missing => {
                // SAFETY: nothing runs meanwhile.
                unsafe { this.cache() }.store_missing(name, self.spot, version);
                observed(false)
            }
            Found::Unchanged => {
                // SAFETY: nothing runs before the entry is out of use.
                if let Some(entry) = unsafe { this.cache().find(name) }.filter(|entry| entry.version == before) {
                    entry.version = version;
                    return observed(entry.copy_to(&mut self.into));
                }
                // User code ran in between, and the cache knows another value, or none.
                this.forget(name);
                Ok(Taken::Changed)
            }
            Found::Long(left) => self.take_long(&left, version, bytes),
            Found::Appended | Found::Value if !wanted.takes(bytes) => Ok(Taken::Unwanted),
            Found::Appended => self.take_appended(before, version, bytes),
            Found::Value => {
                let keeping = self.keeping(&version, bytes.len());
                GLOBALS.get().caches.leave_memory(bytes.len());
                if keeping != Keeping::Beyond || !self.decode_lasting(bytes, version) {
                    let sharing = stored::decode(this, name.bytes(), bytes, self.into.reborrow())?;
                    if keeping != Keeping::Not {
                        self.keep_decoded((sharing, keeping), version, bytes.len());
                    }
                }
                observed(true)
            }
        }
    }

    /// How a value is to be kept that takes so many bytes, encoded.
    fn keeping(&self, version: &Version, size: usize) -> Keeping {
        // SAFETY: the reference ends here.
        unsafe { self.this.cache() }.keeping((self.name, self.spot), version, size, self.wanted == Wanted::Plain)
    }

    /// Decodes a value to where later requests will find it, if it is one of those for which that can be done.
    fn decode_lasting(&mut self, bytes: &[u8], version: Version) -> bool {
        // SAFETY: nothing runs meanwhile: what is decoded so has no objects.
        unsafe { self.this.cache() }.decode_lasting((self.name, self.spot), bytes, version, self.into.reborrow())
    }

    /// Keeps the value that was decoded.
    fn keep_decoded(&mut self, how: (Sharing, Keeping), version: Version, size: usize) {
        // SAFETY: nothing runs meanwhile; decoding has said whether the value is shareable.
        unsafe {
            let into = self.into.reborrow();
            self.this.cache().keep_decoded(how, (self.name, self.spot), into, version, size);
        }
    }

    /// Lets the cached value follow the patches that have been appended to it since.
    fn take_appended(&mut self, before: Version, version: Version, bytes: &[u8]) -> Result<Taken, Thrown> {
        let Self { this, name, .. } = *self;
        // The cache lets go of the value, so that an array is changed in place.
        // SAFETY: nothing runs meanwhile.
        let Some((mut value, size)) = (unsafe { this.cache().take(name, before) }) else {
            // The cache knows another value by now: all of it, then.
            this.forget(name);
            return Ok(Taken::Changed);
        };
        let sharing = stored::apply_patches(this, name.bytes(), bytes, value.slot())?;
        self.into.swap(&mut value.slot());
        // SAFETY: nothing runs meanwhile; decoding has said whether the value is shareable.
        unsafe { this.cache().keep(sharing, name, self.into.value(), version, size + bytes.len()) };
        Ok(Taken::Observed(Observed { version, there: true }))
    }

    /// Reads a value that is long: a string straight into its place. `bytes` are its first ones.
    #[cold]
    fn take_long(&mut self, left: &Unread, version: Version, bytes: &mut ZendVec<u8>) -> Result<Taken, Thrown> {
        let Self { this, name, wanted, .. } = *self;
        let length = left.length as usize;
        GLOBALS.get().caches.leave_memory(length);
        if !zend::has_memory(length) {
            return Err(throw_no_memory(this, Some(name.bytes()), left.length));
        }
        let sharing = if let Some(head) = value::long_head(bytes, left.length) {
            // (The string is `into`'s before anything else can happen: without memory for it the engine does not return.)
            let room = self.into.set_unwritten_string(length - head);
            let read = retry(this, |store| store.read_unread(left, head as u64, room));
            if read != Ok(true) {
                self.into.reborrow().release();
                self.into.set_null();
                return read.map(|_| Taken::Changed).map_err(|_| Thrown);
            }
            Sharing::Shareable
        } else {
            bytes.clear();
            if !bytes.try_reserve_exact(length) {
                return Err(throw_no_memory(this, Some(name.bytes()), left.length));
            }
            let room = &mut bytes.spare_capacity_mut()[..length];
            if !retry(this, |store| store.read_unread(left, 0, room)).map_err(|_| Thrown)? {
                return Ok(Taken::Changed);
            }
            // SAFETY: the store has filled the room.
            unsafe { bytes.advance(length) };
            if !wanted.takes(bytes) {
                return Ok(Taken::Unwanted);
            }
            stored::decode(this, name.bytes(), bytes, self.into.reborrow())?
        };
        let keeping = self.keeping(&version, length);
        self.keep_decoded((sharing, keeping), version, length);
        Ok(Taken::Observed(Observed { version, there: true }))
    }

    /// Reads from a file of the pure-PHP class.
    #[cold]
    fn take_legacy(&mut self) -> Result<Taken, Thrown> {
        let Self { this, name, wanted, .. } = *self;
        if wanted == Wanted::Plain {
            return Ok(Taken::Unwanted);
        }
        let mut there = false;
        let answered = legacy::each(this, &mut |other, value| {
            if other.bytes() == name.bytes() {
                self.into.reborrow().release();
                self.into.copy(&value);
                there = true;
            }
            Ok(())
        })?;
        Ok(if answered { Taken::Observed(Observed { version: Version::default(), there }) } else { Taken::Changed })
    }
}

/// Stores `value` under `name`.
pub fn write(this: &SyncObject, name: &ZStr, value: &Value) -> Result<(), Thrown> {
    store_pending(this, name, |lifetime| write_for(this, name, value, lifetime))
}

/// As [`write`], a value that stays so long.
pub fn write_for(this: &SyncObject, name: &ZStr, value: &Value, lifetime: Lifetime) -> Result<(), Thrown> {
    check_name(name)?;
    let lifetime = if lifetime == Lifetime::AsBefore { peek(this, name.bytes())?.lifetime() } else { lifetime };
    Encoded::of(this, name, value)?.store(this, name, (value, lifetime), |_| Ok(true)).map(drop)
}

/// Stores a scalar, or a string that is not long, in a file that is open, as most writes do: nothing here can run user code, so
/// nothing has to be held. `false`: nothing has happened, go the long way.
#[inline]
pub fn write_short(this: &SyncObject, slot: CacheSlot, name: &ZStr, value: &Value) -> bool {
    let Some(encoded) = scalar::small(value.as_zval()) else {
        return value.kind() == zend::STRING && write_string(this, slot, name, value);
    };
    let Some(instance) = this.constructed() else { return false };
    // SAFETY: nothing runs before the entry and the table, which is the entry's, are out of use.
    unsafe {
        if let Some(entry) = this.entry(slot, name) {
            let table = if entry.is_plain() { None } else { Some(this.cache()) };
            let is_stored = instance.store.put_short(name.bytes(), encoded.bytes(), &mut entry.version);
            match table {
                _ if !is_stored => {}
                Some(table) => table.put(entry, value, 0),
                None => entry.set_scalar(value),
            }
            return is_stored;
        }
    }
    write_new(this, name, value, encoded.bytes())
}

/// As [`write_short`], a string.
#[inline(never)]
fn write_string(this: &SyncObject, slot: CacheSlot, name: &ZStr, value: &Value) -> bool {
    let Some(instance) = this.constructed() else { return false };
    let mut bytes = GLOBALS.get().buffers.take();
    if !scalar::encode_short(value.as_zval(), &mut bytes) {
        return false;
    }
    // SAFETY: nothing runs before the entry and the table, which is the entry's, are out of use; strings are plain.
    unsafe {
        let table = this.cache();
        if let Some(entry) = this.entry(slot, name) {
            let is_stored = instance.store.put_short(name.bytes(), &bytes, &mut entry.version);
            if is_stored {
                table.put(entry, value, bytes.len());
            }
            return is_stored;
        }
    }
    write_new(this, name, value, &bytes)
}

/// As [`write_short`], under a name that the cache does not know.
#[inline(never)]
fn write_new(this: &SyncObject, name: &ZStr, value: &Value, encoded: &[u8]) -> bool {
    let Some(instance) = this.constructed() else { return false };
    let mut version = Version::default();
    if instance.store.short_opening() == 0 {
        // Within a transaction the cache knows the value when it is read.
        return !is_bad_name(name)
            && matches!(instance.store.put_within(name.bytes(), encoded, &mut version), Some(Ok(())));
    }
    // SAFETY: the reference ends here.
    let spot = unsafe { this.cache() }.spot(None);
    let is_stored = !is_bad_name(name) && instance.store.put_short(name.bytes(), encoded, &mut version);
    if is_stored {
        // SAFETY: the reference ends here; scalars and strings are plain.
        unsafe { this.cache().keep_written(Sharing::Shareable, (name, spot), value, version, encoded.len()) };
    }
    is_stored
}

/// True if there is a value under `name`, and it is not null.
pub fn is_set(this: &SyncObject, name: &ZStr) -> Result<bool, Thrown> {
    if is_bad_name(name) {
        return Ok(false);
    }
    this.enter();
    // SAFETY: nothing runs before the entry is out of use.
    if let Some(entry) = unsafe { this.known(name) } {
        return Ok(entry.is_set());
    }
    let mut bytes = [MaybeUninit::uninit(); PEEK];
    let mut start = Places::new(&mut bytes);
    match retry(this, |store| store.peek(name.bytes(), &mut Version::default(), &mut start)) {
        // Whatever it is, it is not null; asking does not make objects, nor run their hooks.
        Ok(Peeked::Noted(_)) => return Ok(true),
        Ok(Peeked::Whole) if value::is_more_than_short(start.items()) => return Ok(true),
        Err(Stop::Thrown) => return Err(Thrown),
        _ => {}
    }
    // Null and scalars are kept for the next read.
    let mut value = Local::new();
    Ok(read(this, name, value.slot())? && value.kind() != zend::NULL)
}

/// True if there is a value under `name`, be it null; asking does not make objects, nor run their hooks. (In a file of the pure-PHP class all
/// of them are made.)
pub fn exists(this: &SyncObject, name: &ZStr) -> Result<bool, Thrown> {
    if is_bad_name(name) {
        return Ok(false);
    }
    this.enter();
    // SAFETY: nothing runs before the entry is out of use.
    if let Some(entry) = unsafe { this.known(name) } {
        return Ok(entry.value().kind() != zend::UNDEF);
    }
    let mut start = [MaybeUninit::uninit(); PEEK];
    match retry(this, |store| store.peek(name.bytes(), &mut Version::default(), &mut Places::new(&mut start))) {
        Ok(peeked) => Ok(peeked != Peeked::Missing),
        Err(Stop::Legacy) => read(this, name, Local::new().slot()),
        Err(Stop::Thrown) => Err(Thrown),
    }
}

/// `$sync[] = $value`: stores it under the number after the highest, as in an array, in one step.
pub fn append(this: &SyncObject, value: &Value) -> Result<(), Thrown> {
    let mut bytes = GLOBALS.get().buffers.take();
    let string = match scalar::encode_long(value.as_zval(), &mut bytes) {
        // SAFETY: the bytes of the string that `value` holds.
        Some(string) => unsafe { &*string },
        None => {
            value::encode(value.as_zval(), 0, &mut bytes).map_err(|error| cannot_store(this, None, error))?;
            &[][..]
        }
    };
    let mut version = Version::default();
    // (The cache does not keep the value: most of what is appended is for others to read.)
    let number = retry_importing(this, |store| store.put_next(&bytes, string, series::LEAST_NUMBER, &mut version))?;
    if number.is_some() { Ok(()) } else { name_of_number(number).map(drop) }
}

/// The name that [`append`] would store under. Nobody else takes it before the caller has, if the caller keeps
/// other writers out.
pub fn next_number(this: &SyncObject) -> Result<Str, Thrown> {
    name_of_number(retry_importing(this, |store| store.next_number(series::LEAST_NUMBER))?)
}

/// Removes `name`, if it is there.
pub fn remove(this: &SyncObject, name: &ZStr) -> Result<(), Thrown> {
    check_name(name)?;
    retry_importing(this, |store| store.remove(name.bytes()))?;
    this.forget(name);
    Ok(())
}
