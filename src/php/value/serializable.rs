//! Objects that write and read themselves by a string of their own (`Serializable`), among the other objects of a
//! value.
//!
//! In such a string `serialize()` and `unserialize()` are user code's business. The engine lets these share what they
//! have met with those around them, and so does this. The strings are made when all else is written and read when all else
//! is there: what is both in such a string and outside of it is outside first, and has a number, whatever the order.
//!
//! `[ext 6 (end, numbers of references), [bin or nil, …, value]]`: the strings come before the value, so that who reads knows
//! at once which objects chose to be null.

use std::alloc::Layout;
use std::cell::Cell;
use std::fmt;
use std::ptr;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::Serialize;

use super::Policy;
use super::decode::{Decoder, Slot, Stop, ext};
use super::encode::{Encoder, check_length};
use super::engine::{self, RawValue, Serialized, zend_object, zend_unserialize_data};
use super::slots::Slots;
use super::vec::ZendVec;
use super::wire::{self, Bytes, Ext};
use super::writer::{self, Output, Writer};
use crate::php::GLOBALS;

/// Has the objects that were put off write themselves, before the value that starts there.
pub fn write_before(encoder: &Encoder, start: usize, out: &mut ZendVec<u8>) -> Result<(), writer::Error> {
    let objects = encoder.take_later();
    let mut references = ZendVec::new();
    references.extend_from_slice(&End::of(&out[start..]).0.to_be_bytes());
    encoder.identity.references(|number| references.extend_from_slice(&number.to_be_bytes()));
    check_length::<&mut Writer<ZendVec<u8>>>(encoder, references.len())?;
    let length = out.len() - start;
    // An array of two: MessagePack's marker.
    out.append(&[0x92]);
    Ext { code: wire::AMONG, body: &references }.serialize(&mut Writer::new(out))?;
    let _ = rmp::encode::write_array_len(out, objects.len() as u32 + 1);
    encoder.identity.among(|among| {
        for &object in objects.iter() {
            let mut at = engine::scratch();
            // SAFETY: the identity holds them all.
            unsafe {
                engine::set_object_copy(&raw mut *at, object);
                let serialized = among.serialize(&raw mut *at);
                engine::release(&raw mut *at);
                match serialized {
                    Serialized::As(bytes, len) => {
                        let result = check_length::<&mut Writer<ZendVec<u8>>>(encoder, len).and_then(|()| {
                            let bytes = std::slice::from_raw_parts(bytes, len);
                            Bytes(bytes).serialize(&mut Writer::new(out))
                        });
                        ext_php_rs::alloc::efree(bytes);
                        result?;
                    }
                    Serialized::Null => {
                        among.became_null(object);
                        ().serialize(&mut Writer::new(out))?;
                    }
                    Serialized::Thrown => return Err(encoder.thrown()),
                }
            }
        }
        Ok(())
    })?;
    if !out.is_cut() {
        out[start..].rotate_left(length);
    }
    Ok(())
}

/// The kind of the value, for an append that has not read it: the length of a list, or one of the others.
#[derive(Clone, Copy, PartialEq, Eq)]
struct End(u32);

impl End {
    const OF_A_MAP: Self = Self(u32::MAX);
    const OF_NO_ARRAY: Self = Self(u32::MAX - 1);

    /// Of the value that starts with these bytes.
    fn of(start: &[u8]) -> Self {
        match super::array_at(start) {
            Some(Some(count)) if count < Self::OF_NO_ARRAY.0 => Self(count),
            Some(_) => Self::OF_A_MAP,
            None => Self::OF_NO_ARRAY,
        }
    }
}

/// As [`super::array_at`], for a value that strings stand before.
pub fn array_behind(start: &[u8]) -> Option<Option<u32>> {
    const AMONG: u8 = wire::AMONG as u8;
    let end = match *start {
        [0x92, 0xd6..=0xd8, AMONG, a, b, c, d, ..]
        | [0x92, 0xc7, _, AMONG, a, b, c, d, ..]
        | [0x92, 0xc8, _, _, AMONG, a, b, c, d, ..]
        | [0x92, 0xc9, _, _, _, _, AMONG, a, b, c, d, ..] => End(u32::from_be_bytes([a, b, c, d])),
        _ => return None,
    };
    match end {
        End::OF_NO_ARRAY => None,
        End::OF_A_MAP => Some(None),
        End(count) => Some(Some(count)),
    }
}

/// Whether these bytes start with `[ext 6`.
#[inline]
pub fn is_among(bytes: &[u8]) -> bool {
    const AMONG: u8 = wire::AMONG as u8;
    bytes.first() == Some(&0x92)
        && matches!(
            bytes[1..],
            [0xd4..=0xd8, AMONG, ..] | [0xc7, _, AMONG, ..] | [0xc8, _, _, AMONG, ..] | [0xc9, _, _, _, _, AMONG, ..]
        )
}

/// An object that is going to read its string.
#[derive(Clone, Copy)]
struct Reads<'de> {
    object: *mut zend_object,
    bytes: &'de [u8],
}

/// All that is known of them while a value is decoded: nothing, for nearly all values.
pub struct Among<'de> {
    known: Cell<*mut Known<'de>>,
}

struct Known<'de> {
    references: &'de [u8],
    /// The strings; nothing for objects that chose to be null.
    strings: ZendVec<Option<&'de [u8]>>,
    used: usize,
    later: ZendVec<Reads<'de>>,
    /// The numbers of objects that chose to be null, in order.
    nulls: ZendVec<u32>,
}

impl<'de> Among<'de> {
    pub const fn new() -> Self {
        Self { known: Cell::new(ptr::null_mut()) }
    }

    /// There are strings before the value.
    fn begin(&self, references: &'de [u8]) {
        let known = ext_php_rs::alloc::emalloc(Layout::new::<Known>()).cast::<Known>();
        let (strings, later, nulls) = (ZendVec::new(), ZendVec::new(), ZendVec::new());
        // SAFETY: new memory, that `drop` frees.
        unsafe { known.write(Known { references, strings, used: 0, later, nulls }) };
        self.known.set(known);
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut Known<'de>) -> R) -> Option<R> {
        // SAFETY: no `f` in here runs user code, or comes back to this.
        unsafe { self.known.get().as_mut() }.map(f)
    }

    /// The next of the strings.
    pub fn next(&self) -> Option<Option<&'de [u8]>> {
        self.with(|known| {
            known.used += 1;
            known.strings.get(known.used - 1).copied()
        })?
    }

    /// Whether all strings have been asked for.
    fn is_used_up(&self) -> bool {
        self.with(|known| known.used == known.strings.len()).unwrap_or(true)
    }

    /// Has an object read its string when all else is there.
    pub fn read_later(&self, object: *mut zend_object, bytes: &'de [u8]) {
        self.with(|known| known.later.push(Reads { object, bytes }));
    }

    /// Notes that what has this number is null, though it was an object.
    pub fn is_null(&self, number: usize) {
        self.with(|known| known.nulls.push(number as u32));
    }

    /// Whether it is.
    #[inline]
    pub fn became_null(&self, number: u32) -> bool {
        self.with(|known| known.nulls.binary_search(&number).is_ok()).unwrap_or(false)
    }

    /// Whether there are objects that have to read their strings.
    #[inline]
    pub fn is_used(&self) -> bool {
        self.with(|known| !known.later.is_empty()).unwrap_or(false)
    }

    /// Has the objects read their strings, until one of them throws; whether none has.
    ///
    /// # Safety
    /// The objects are held. The places hold live zvals; they may be anywhere afterwards.
    pub unsafe fn read(&self, policy: &Policy, slots: &Slots) -> bool {
        // SAFETY: the caller's promise. Nothing of what is called gets to this decoder.
        unsafe {
            let known = self.with(|known| (known.references, std::mem::take(&mut known.later)));
            let Some((references, later)) = known else { return true };
            for number in references.chunks_exact(4) {
                slots.make_reference(u32::from_be_bytes(number.try_into().expect("chunks of four")));
            }
            let is_known = |at: *mut _| matches!(engine::type_of(at), engine::OBJECT | engine::REFERENCE);
            let mut known = ZendVec::new();
            known.reserve(slots.all().filter(|&at| is_known(at)).count() + 1);
            for (n, at) in slots.all().enumerate().filter(|&(_, at)| is_known(at)) {
                let mut value = engine::scratch();
                engine::copy(&raw mut *value, at);
                known.push((n + 1, RawValue::of(&raw const *value)));
            }
            unserialize_among(policy, slots.given(), known, |_| {
                for &Reads { object, bytes } in later.iter() {
                    let mut data = engine::scratch();
                    engine::set_string(&raw mut *data, bytes);
                    let mut result = engine::scratch();
                    let method = engine::method((*object).ce, "unserialize");
                    engine::call_method(object, method, &raw mut *result, &raw mut *data);
                    engine::release(&raw mut *result);
                    engine::release(&raw mut *data);
                    if engine::exception_pending() {
                        break;
                    }
                }
            });
        }
        !engine::exception_pending()
    }
}

impl Drop for Among<'_> {
    #[inline]
    fn drop(&mut self) {
        let known = self.known.get();
        if !known.is_null() {
            // SAFETY: made by `begin`, and not used any more.
            unsafe {
                drop(known.read());
                ext_php_rs::alloc::efree(known.cast());
            }
        }
    }
}

/// Runs `call`, in which the engine's `unserialize()` has met these values, by their numbers, and trusts what it reads
/// as `policy` says.
///
/// # Safety
/// [`engine::can_share`] has said so. The values are owned, and released by this.
pub unsafe fn unserialize_among<R>(
    policy: &Policy,
    numbers: usize,
    known: ZendVec<(usize, RawValue)>,
    call: impl FnOnce(*mut zend_unserialize_data) -> R,
) -> R {
    let mut classes = engine::scratch();
    let allowed = policy.allowed_classes.table(&mut classes);
    // A handle that is found in a string leads where who wrote it wanted.
    let importing = &GLOBALS.get().importing;
    let outer = GLOBALS.get().buffers.park(importing.replace(Some(policy.clone())));
    // SAFETY: the caller's promise.
    unsafe {
        let result = engine::unserialize_among(numbers, known, allowed, call);
        drop(importing.replace(outer.clone()));
        engine::release(&raw mut *classes);
        result
    }
}

/// `[ext 6, [bin or nil, …, value]]`
pub struct Whole<'a, 'de, 'p> {
    pub slot: Slot<'a, 'de, 'p>,
}

impl<'de> Visitor<'de> for Whole<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("strings of objects, and a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut both: A) -> Result<(), A::Error> {
        let decoder = self.slot.decoder;
        if both.next_element_seed(References { decoder })?.is_none()
            || both.next_element_seed(Strings { slot: self.slot })?.is_none()
        {
            return Err(decoder.damaged("less than it says").into());
        }
        // Strings are left over: who wrote them had other objects.
        if !decoder.among.is_used_up() {
            return Err(decoder.damaged("strings of objects that are not there").into());
        }
        Ok(())
    }
}

/// The ext.
struct References<'a, 'de, 'p> {
    decoder: &'a Decoder<'de, 'p>,
}

impl<'de> DeserializeSeed<'de> for References<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for References<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the numbers of references")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let (_, numbers) = ext(deserializer)?;
        let Some((_, numbers)) = numbers.split_at_checked(size_of::<End>()).filter(|(_, rest)| rest.len() % 4 == 0)
        else {
            return Err(self.decoder.damaged("an ext type of the wrong length").into());
        };
        self.decoder.among.begin(numbers);
        Ok(())
    }
}

/// The array of strings, and of the value.
struct Strings<'a, 'de, 'p> {
    slot: Slot<'a, 'de, 'p>,
}

impl<'de> DeserializeSeed<'de> for Strings<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strings<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("strings of objects, and a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let decoder = self.slot.decoder;
        let count = elements.size_hint().unwrap_or(0);
        decoder.expect(count).map_err(Stop::into)?;
        for _ in 1..count {
            elements.next_element_seed(OneString { decoder })?;
        }
        if elements.next_element_seed(self.slot)?.is_none() {
            return Err(decoder.damaged("strings of objects without a value").into());
        }
        Ok(())
    }
}

/// One of the strings, or nil.
struct OneString<'a, 'de, 'p> {
    decoder: &'a Decoder<'de, 'p>,
}

impl<'de> OneString<'_, 'de, '_> {
    fn is(&self, string: Option<&'de [u8]>) {
        self.decoder.among.with(|known| known.strings.push(string));
    }
}

impl<'de> DeserializeSeed<'de> for OneString<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneString<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("what an object's serialize() returned")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.is(None);
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(self, string: &'de str) -> Result<(), E> {
        self.visit_borrowed_bytes(string.as_bytes())
    }

    fn visit_borrowed_bytes<E: Error>(self, string: &'de [u8]) -> Result<(), E> {
        self.is(Some(string));
        Ok(())
    }
}
