//! Values as the store keeps them: the bytes of a zval, with the patches that were appended to an array.
//!
//! A patch is a MessagePack array: the way (an array of keys) and the value to put there; or the way exclusive, to unset
//! the element there. A value with patches is read by applying them in order.

use serde::ser::Serializer as _;

use super::act::Act;
use super::buffers::Buffer;
use super::globals::GLOBALS;
use super::handle::{self, Backend, Handle, Version};
use super::legacy::retry_importing;
use super::lifetime::Lifetime;
use super::object::SyncObject;
use super::refusal::{cannot_compare, cannot_read, cannot_store};
use super::step::{Key, Step};
use super::value::{self, Sharing, ValueError, ZendVec, scalar};
use super::walk;
use super::zend::{self, Array, Held, Local, Own, Slot, Str, Thrown, Value, ZStr};

/// A value on its way to the store. Making it may run user code, storing it does not: so it is made once, and
/// stored when the time has come.
pub struct Encoded<'v> {
    bytes: Buffer,
    /// The rest of a long string, whose bytes go to the file from where they are.
    body: Option<&'v [u8]>,
    sharing: Sharing,
}

impl<'v> Encoded<'v> {
    /// Encodes a value of the property with this name. May run user code.
    #[inline(always)]
    pub fn of(this: &SyncObject, name: &ZStr, value: &'v Value) -> Result<Self, Thrown> {
        Self::within(this, name, value, 0)
    }

    /// Encodes a value that the one of the property with this name is going to be compared with. May run user code.
    pub fn to_compare(this: &SyncObject, name: &ZStr, value: &'v Value) -> Result<Self, Thrown> {
        let mut bytes = GLOBALS.get().buffers.take();
        if scalar::encode_short(value.as_zval(), &mut bytes) {
            return Ok(Self { bytes, body: None, sharing: Sharing::Shareable });
        }
        Self::made(value, 0, bytes).map_err(|error| cannot_compare(this, name.bytes(), error))
    }

    /// Encodes a value that is going to lie within so many containers. May run user code.
    #[inline(always)]
    pub fn within(this: &SyncObject, name: &ZStr, value: &'v Value, within: usize) -> Result<Self, Thrown> {
        let mut bytes = GLOBALS.get().buffers.take();
        if scalar::encode_short(value.as_zval(), &mut bytes) {
            return Ok(Self { bytes, body: None, sharing: Sharing::Shareable });
        }
        Self::of_any(this, name, value, within, bytes)
    }

    /// As [`within`](Self::within), for a value that is not encoded at once; into `bytes`, which are empty.
    fn of_any(this: &SyncObject, name: &ZStr, value: &'v Value, within: usize, bytes: Buffer) -> Result<Self, Thrown> {
        Self::made(value, within, bytes).map_err(|error| cannot_store(this, Some(name.bytes()), error))
    }

    /// Encodes any value, into `bytes`, which are empty. May run user code.
    fn made(value: &'v Value, within: usize, mut bytes: Buffer) -> Result<Self, ValueError> {
        if let Some(body) = scalar::encode_long(value.as_zval(), &mut bytes) {
            // SAFETY: the bytes of the string that `value` holds.
            let body = Some(unsafe { &*body });
            return Ok(Self { bytes, body, sharing: Sharing::Shareable });
        }
        let sharing = value::encode(value.as_zval(), within, &mut bytes)?;
        Ok(Self { bytes, body: None, sharing })
    }

    /// Its bytes, in two pieces.
    pub fn parts(&self) -> (&[u8], &[u8]) {
        (&self.bytes, self.body.unwrap_or_default())
    }

    /// Appends its bytes to others.
    pub fn write_to(&self, bytes: &mut ZendVec<u8>) -> Result<(), ValueError> {
        let length = self.len();
        if !bytes.try_reserve(length) {
            return Err(ValueError::Refused(format!("it takes {length} bytes, more than memory_limit leaves.")));
        }
        bytes.extend_from_slice(&self.bytes);
        if let Some(body) = self.body {
            bytes.extend_from_slice(body);
        }
        Ok(())
    }

    /// The number of its bytes.
    pub fn len(&self) -> usize {
        self.bytes.len() + self.body.map_or(0, <[u8]>::len)
    }

    /// Whether these are its bytes.
    pub fn is(&self, bytes: &[u8]) -> bool {
        let body = self.body.unwrap_or_default();
        bytes.len() == self.bytes.len() + body.len() && bytes.starts_with(&self.bytes) && bytes.ends_with(body)
    }

    /// Whether another value has the same bytes.
    pub fn is_same_as(&self, other: &Encoded) -> bool {
        match (self.body, other.body) {
            (None, None) => self.bytes[..] == other.bytes[..],
            (Some(_), Some(_)) => self.bytes[..] == other.bytes[..] && self.body == other.body,
            _ => false,
        }
    }

    /// Stores it under `name`, if the version is that of the newest value. `value` is the one that was encoded.
    pub fn store_if_unchanged(
        &self,
        this: &SyncObject,
        name: &ZStr,
        value: &Value,
        version: &mut Version,
    ) -> Result<bool, Thrown> {
        let mut whole = GLOBALS.get().buffers.take();
        let bytes = match self.body {
            Some(_) => {
                self.write_to(&mut whole).map_err(|error| cannot_store(this, Some(name.bytes()), error))?;
                &*whole
            }
            None => &*self.bytes,
        };
        let (spot, _) = this.seek(name);
        let is_stored = retry_importing(this, |store| store.put_if_unchanged(name.bytes(), bytes, version))?;
        if is_stored {
            // SAFETY: nothing runs meanwhile; encoding has said whether the value is shareable.
            unsafe { this.cache().keep_written(self.sharing, (name, spot), value, *version, bytes.len()) };
        }
        Ok(is_stored)
    }

    /// Stores it under `name`, unless `may` says no at the last moment: then `None`, else where it is now. `value` is the one that was
    /// encoded; how long it stays says who knows what it takes the place of. One that has expired by now takes the old one along.
    /// Runs no user code but signal handlers.
    #[inline(always)]
    pub fn store(
        &self,
        this: &SyncObject,
        name: &ZStr,
        (value, lifetime): (&Value, Lifetime),
        mut may: impl FnMut(&Handle) -> handle::Result<bool>,
    ) -> Result<Option<Version>, Thrown> {
        // The place where the name was seen last spares the store the search for it.
        let (spot, mut version) = this.seek(name);
        let stored = retry_importing(this, |store| {
            if !may(store)? {
                return Ok(false);
            }
            match (lifetime.expiry(), self.body) {
                (expiry @ Some(_), body) => {
                    store.put_until(name.bytes(), (&self.bytes, body.unwrap_or_default()), expiry, &mut version)?;
                }
                (None, Some(body)) => store.put_parts(name.bytes(), &self.bytes, body, &mut version)?,
                (None, None) => store.put(name.bytes(), &self.bytes, &mut version)?,
            }
            Ok(true)
        })?;
        if !stored {
            return Ok(None);
        }
        if lifetime != Lifetime::ForEver && Handle::opening_of(&version) == 0 {
            this.forget(name);
            return Ok(Some(version));
        }
        let length = self.body.map_or(self.bytes.len(), <[u8]>::len);
        // SAFETY: nothing runs meanwhile; encoding has said whether the value is shareable.
        unsafe { this.cache().keep_written(self.sharing, (name, spot), value, version, length) };
        Ok(Some(version))
    }
}

impl Encoded<'_> {
    /// Stores it under `name`, to stay so long, if there is no value; tells whether it did. `value` is the one that was encoded.
    pub fn add(&self, this: &SyncObject, name: &ZStr, value: &Value, lifetime: Lifetime) -> Result<bool, Thrown> {
        let (parts, mut version) = ((&self.bytes[..], self.body.unwrap_or_default()), Version::default());
        if !retry_importing(this, |store| store.add(name.bytes(), parts, lifetime.expiry(), &mut version))? {
            return Ok(false);
        }
        if Handle::opening_of(&version) != 0 {
            let (spot, _) = this.seek(name);
            let length = self.body.map_or(self.bytes.len(), <[u8]>::len);
            // SAFETY: nothing runs meanwhile; encoding has said whether the value is shareable.
            unsafe { this.cache().keep_written(self.sharing, (name, spot), value, version, length) };
        }
        Ok(true)
    }
}

/// Decodes a value of the property with this name as the object's policy allows; `into` is overwritten, and null after
/// an error.
pub fn decode(this: &SyncObject, name: &[u8], bytes: &[u8], mut into: Slot) -> Result<Sharing, Thrown> {
    // SAFETY: the slot's place, which decoding overwrites: no other reference to it is in use.
    let decoded = value::decode(bytes, 0, this.policy()?, unsafe { &mut *into.as_ptr() });
    let (sharing, rest) = decoded.map_err(|error| cannot_read(this, Some(name), error))?;
    if rest == 0 {
        return Ok(sharing);
    }
    match apply_patches(this, name, &bytes[bytes.len() - rest..], into.reborrow()) {
        Ok(Sharing::Shareable) => Ok(sharing),
        Ok(Sharing::Fresh) => Ok(Sharing::Fresh),
        Err(Thrown) => {
            into.reborrow().release();
            into.set_null();
            Err(Thrown)
        }
    }
}

/// Applies the patches that `bytes` consist of, in order, to the value in `at`, which is the property's with this name.
pub fn apply_patches(this: &SyncObject, name: &[u8], bytes: &[u8], mut at: Slot) -> Result<Sharing, Thrown> {
    let refuse = |error| cannot_read(this, Some(name), error);
    let mut rest = bytes;
    let mut sharing = Sharing::Shareable;
    // The elements that were taken off go all at once, when something else is done than to put others at the end.
    let mut taken = Taken(0);
    while !rest.is_empty() {
        if let Some((count, behind)) = taken_off(rest) {
            taken.more(count, &at).map_err(refuse)?;
            rest = behind;
            continue;
        }
        if let Some((key, element)) = put_first(rest) {
            taken.apply(&mut at);
            let (its_sharing, behind) = unshift(this, key, element, at.reborrow()).map_err(refuse)?;
            if its_sharing == Sharing::Fresh {
                sharing = Sharing::Fresh;
            }
            rest = &rest[rest.len() - behind..];
            continue;
        }
        let patch = Patch::of(rest).map_err(refuse)?;
        if at.value().array().is_none() {
            return Err(refuse(damaged()));
        }
        let (mut value, mut left) = (Local::new(), patch.rest.len());
        if patch.assigns {
            // The numbers in it refer to its own objects.
            let (its_sharing, behind) =
                value::decode(patch.rest, patch.steps, this.policy()?, value.zval()).map_err(refuse)?;
            if its_sharing == Sharing::Fresh {
                sharing = Sharing::Fresh;
            }
            left = behind;
        }
        let act = if patch.assigns { Act::Assign(&value) } else { Act::Unset };
        // SAFETY: no program has a value before it was read.
        let change = |at: Slot, steps: &[Step]| walk::act(unsafe { Own::new(at) }, steps, act).map(drop);
        match patch.only_step() {
            Some(number) if patch.assigns && taken.is_next(number, &at) => change(at.reborrow(), &[Step::Append])?,
            Some(number) => {
                taken.apply(&mut at);
                change(at.reborrow(), &[Step::Element(Key::int(number))])?;
            }
            None => {
                taken.apply(&mut at);
                change(at.reborrow(), &patch.way().map_err(refuse)?)?;
            }
        }
        rest = &rest[rest.len() - left..];
    }
    taken.apply(&mut at);
    Ok(sharing)
}

/// How many elements a patch takes off the head of a list, if it is such a one, and what follows it.
fn taken_off(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut rest = bytes;
    let is_one = rmp::decode::read_array_len(&mut rest).is_ok_and(|parts| parts == 1);
    let count = if is_one { rmp::decode::read_int(&mut rest).ok()? } else { return None };
    Some((count, rest))
}

/// The key that is a string, if it has one, and what follows, of a patch that puts an element before all others.
fn put_first(bytes: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let mut rest = bytes;
    let is_one = rmp::decode::read_array_len(&mut rest).is_ok_and(|parts| parts == 3);
    let is_first = is_one && rmp::decode::read_int::<i64, _>(&mut rest).is_ok_and(|way| way == -1);
    if is_first { handle::read_key(rest) } else { None }
}

/// Puts the element that `bytes` begin with before all others of an array, whose numbers begin behind it; how many bytes follow.
fn unshift(this: &SyncObject, key: Option<&[u8]>, bytes: &[u8], mut at: Slot) -> Result<(Sharing, usize), ValueError> {
    let policy = this.policy().map_err(|_| ValueError::Thrown)?;
    let mut element = Local::new();
    let decoded = value::decode(bytes, 1, policy, element.zval())?;
    let array = at.value().array().ok_or_else(damaged)?;
    let mut all = Held::<Array>::new();
    match key.map(Str::new).filter(|key| array.find(zend::Key::String(key)).is_none()) {
        Some(key) => all.update(&key, element),
        None => all.push(element),
    }
    for (key, value) in array.entries() {
        match key {
            zend::Key::Int(_) => all.push(Local::copy_of(value)),
            zend::Key::String(key) => all.update(key, Local::copy_of(value)),
        }
    }
    let mut all = Local::of_array(all);
    at.swap(&mut all.slot());
    Ok(decoded)
}

/// Whether an array's keys are 0, 1, 2 … in this order, however the engine keeps it: one that has had another key before is a hash.
fn is_list(array: &Array) -> bool {
    let is_its = |(number, (key, _)): (i64, (zend::Key, &Value))| matches!(key, zend::Key::Int(key) if key == number);
    array.is_full_list() || (0..).zip(array.entries()).all(is_its)
}

/// So many elements are gone from the head of a list that still has them.
struct Taken(usize);

impl Taken {
    /// More of them are gone.
    fn more(&mut self, count: u64, at: &Slot) -> Result<(), ValueError> {
        let count = usize::try_from(count).ok().and_then(|count| count.checked_add(self.0));
        match at.value().array().filter(|array| is_list(array)).zip(count) {
            Some((array, count)) if count <= array.len() => {
                self.0 = count;
                Ok(())
            }
            _ => Err(damaged()),
        }
    }

    /// Whether an element under this number comes behind all others.
    fn is_next(&self, number: i64, at: &Slot) -> bool {
        let list = at.value().array().filter(|array| self.0 > 0 && array.is_full_list());
        list.is_some_and(|list| number == (list.len() - self.0) as i64 && list.next_free() == list.len() as i64)
    }

    /// Lets the others move up.
    fn apply(&mut self, at: &mut Slot) {
        let count = std::mem::take(&mut self.0);
        if count == 0 {
            return;
        }
        let Some(list) = at.value().array() else { return };
        let mut rest = Held::<Array>::new();
        list.values().skip(count).for_each(|value| rest.push(Local::copy_of(value)));
        // (What goes is plain, or nobody else's: giving it up may run destructors, as any read of a newer value may.)
        let mut rest = Local::of_array(rest);
        at.swap(&mut rest.slot());
    }
}

/// A patch, as far as it is read without running user code.
struct Patch<'a> {
    assigns: bool,
    /// How many steps its way has, and their bytes.
    steps: usize,
    way: &'a [u8],
    /// The value that it assigns, and what follows.
    rest: &'a [u8],
}

impl<'a> Patch<'a> {
    /// Reads the start of `bytes`.
    fn of(bytes: &'a [u8]) -> Result<Self, ValueError> {
        let mut rest = bytes;
        let (Ok(parts @ 1..=2), Ok(steps @ 1..)) =
            (rmp::decode::read_array_len(&mut rest), rmp::decode::read_array_len(&mut rest))
        else {
            return Err(damaged());
        };
        let steps = steps as usize;
        value::check_depth(steps)?;
        let start = rest;
        for _ in 0..steps {
            rest = value::split_key(rest).ok_or_else(damaged)?.1;
        }
        Ok(Self { assigns: parts == 2, steps, way: &start[..start.len() - rest.len()], rest })
    }

    /// The step, if it is one and that is an int, as of nearly all patches.
    fn only_step(&self) -> Option<i64> {
        if self.steps == 1 { rmp::decode::read_int(&mut &*self.way).ok() } else { None }
    }

    /// All steps.
    fn way(&self) -> Result<Vec<Step>, ValueError> {
        let (mut steps, mut rest) = (Vec::with_capacity(self.steps), self.way);
        while let Some((key, behind)) = value::split_key(rest) {
            let mut value = Local::new();
            if !value::scalar::decode(key, value.zval()) {
                return Err(damaged());
            }
            let key = Key::new(&value);
            if !key.is_plain() {
                return Err(damaged());
            }
            steps.push(Step::Element(key));
            rest = behind;
        }
        Ok(steps)
    }
}

/// Starts a patch: announces the steps of its way, and a value, if it assigns.
pub fn write_head(out: &mut ZendVec<u8>, steps: usize, assigns: bool) {
    let mut serializer = value::Serializer::new(out);
    // Writing into a vector cannot fail.
    let _ = serializer.serialize_tuple(1 + usize::from(assigns)).map(drop);
    let _ = serializer.serialize_seq(Some(steps)).map(drop);
}

pub fn write_number(out: &mut ZendVec<u8>, number: i64) {
    value::write_int(out, number);
}

pub fn write_name(out: &mut ZendVec<u8>, name: &ZStr) -> Result<(), ValueError> {
    // (Encoding a string runs no user code.)
    value::encode(&Local::of_string(Str::of(name)).into_inner(), 0, out).map(drop)
}

#[cold]
fn damaged() -> ValueError {
    ValueError::Unknown("A stored value is damaged: it has bytes after its end.".into())
}
