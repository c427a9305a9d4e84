//! MessagePack into a zval, as serde's `DeserializeSeed`.

use std::fmt;

use ext_php_rs::types::Zval;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::classes;
use super::decoder::{Decoder, MANY, Stop};
use super::ext::ext;
use super::key::{KeySeed, MapKey};
use super::object::{Body, SerializedBody};
use super::serializable::Whole;
use crate::php::value::error::ValueError;
use crate::php::value::policy::Policy;
use crate::php::value::scalar;
use crate::php::value::shape;
use crate::php::value::sharing::Sharing;
use crate::php::value::wire::{self, Number};
use crate::php::zend::{self, HashTable, Str};

/// Decodes the MessagePack value that `bytes` start with into `into`, which is overwritten without
/// being released, and holds null after an error. Returns how many bytes there are behind it, too. `within`: as
/// for [`encode`](fn@crate::php::value::encode).
///
/// May run user code (autoloaders, `__unserialize`, `__wakeup`, `unserialize`, error handlers).
///
/// # Errors
/// [`ValueError::Refused`] if the bytes are no such value, contain what `policy` forbids, or are
/// nested deeper than `unserialize_max_depth`; [`ValueError::Thrown`] if user code throws. No
/// destructor runs for what had been made until then.
#[inline]
pub fn decode(bytes: &[u8], within: usize, policy: &Policy, into: &mut Zval) -> Result<(Sharing, usize), ValueError> {
    if scalar::decode(bytes, into) {
        return Ok((Sharing::Shareable, 0));
    }
    decode_any(bytes, within, policy, into)
}

/// Decodes any value.
fn decode_any(bytes: &[u8], within: usize, policy: &Policy, into: &mut Zval) -> Result<(Sharing, usize), ValueError> {
    let decoder = Decoder::new(bytes.len(), within, policy);
    let at: *mut Zval = into;
    // SAFETY: the caller gives a zval to overwrite.
    unsafe { zend::set_null(at) };
    let mut reader = wire::Deserializer::new(bytes);
    let slot = Slot { at, decoder: &decoder };
    let read =
        if shape::is_among(bytes) { reader.deserialize_any(Whole { slot }) } else { slot.deserialize(&mut reader) };
    let rest = reader.rest().len();
    // SAFETY: `at` holds what has been decoded, whole or in part.
    unsafe { decoder.finish(read, at) }.map(|sharing| (sharing, rest))
}

/// A place to decode a value into: it holds null, stays where it is until the end of the decoding, and
/// owns what it comes to hold.
/// Two words, so that it travels in registers.
#[derive(Clone, Copy)]
pub struct Slot<'a, 'de, 'p> {
    pub at: *mut Zval,
    pub decoder: &'a Decoder<'de, 'p>,
}

impl<'de> DeserializeSeed<'de> for Slot<'_, 'de, '_> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Slot<'_, '_, '_> {
    #[inline]
    fn number(&self) {
        self.decoder.numbered.number(self.at);
    }

    fn decode_ext(self, code: i8, body: &[u8]) -> Result<(), Stop> {
        let decoder = self.decoder;
        // A reference met again takes no number.
        if code != wire::SAME_REFERENCE {
            self.number();
        }
        let number = || Number::parse(body).ok_or_else(|| decoder.damaged("an ext type of the wrong length"));
        let present =
            |found: bool| if found { Ok(()) } else { Err(decoder.damaged("a pointer to something that is not there")) };
        // SAFETY: the place is kept where it is until the end of the decoding.
        unsafe {
            match code {
                wire::SAME_OBJECT | wire::SAME_REFERENCE if self.decoder.among.became_null(number()?) => Ok(()),
                wire::ENUM_CASE => {
                    decoder.not_shareable();
                    classes::enum_case(body, self.at, decoder)
                }
                wire::SAME_OBJECT => present(decoder.numbered.copy_object(number()?, self.at)),
                wire::SAME_REFERENCE => {
                    decoder.not_shareable();
                    present(decoder.numbered.refer(number()?, self.at))
                }
                wire::AMONG => Err(decoder.damaged("strings of objects in its middle")),
                wire::OBJECT | wire::SERIALIZABLE => Err(decoder.damaged("a class name that no object follows")),
                _ => Err(decoder
                    .unknown(format!("A stored value has the MessagePack ext type {code}, which Sync does not know."))),
            }
        }
    }
}

impl<'de> Visitor<'de> for Slot<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.number();
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.number();
        // SAFETY: a `Slot` points into the unfinished value, which only the decoder has.
        unsafe { zend::set_bool(self.at, value) };
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.number();
        // SAFETY: a `Slot` points into the unfinished value, which only the decoder has.
        unsafe { zend::set_long(self.at, value) };
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.number();
        // SAFETY: a `Slot` points into the unfinished value, which only the decoder has.
        unsafe { scalar::set_unsigned(self.at, value) };
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.number();
        // SAFETY: a `Slot` points into the unfinished value, which only the decoder has.
        unsafe { zend::set_double(self.at, value) };
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<(), E> {
        self.visit_borrowed_bytes(value.as_bytes())
    }

    fn visit_borrowed_bytes<E: Error>(self, value: &'de [u8]) -> Result<(), E> {
        self.number();
        if value.len() >= 64 * MANY {
            self.decoder.check_memory(value.len()).map_err(Stop::into)?;
        }
        // SAFETY: a `Slot` points into the unfinished value, which only the decoder has.
        unsafe { zend::set_string(self.at, Str::new(value)) };
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        self.number();
        let count = elements.size_hint().unwrap_or(0);
        if count == 0 {
            // SAFETY: a `Slot` points into the unfinished value, which only the decoder has.
            unsafe { zend::set_empty_array(self.at) };
            return Ok(());
        }
        self.decoder.expect(count).map_err(Stop::into)?;
        self.decoder.deeper(|| {
            if count == 2 {
                return match elements.next_element_seed(First { of: self })? {
                    Some(FirstIs::Value { second }) => next(&mut elements, second),
                    Some(FirstIs::ClassOf(class)) => next(&mut elements, Body { slot: self, class }),
                    Some(FirstIs::SerializedClassOf(class)) => {
                        next(&mut elements, SerializedBody { slot: self, class })
                    }
                    None => Err(A::Error::custom("an array of two without a first")),
                };
            }
            fill_list(self, count, elements)
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.number();
        let count = map.size_hint().unwrap_or(0);
        self.decoder.expect(count).and_then(|()| self.decoder.expect(count)).map_err(Stop::into)?;
        if count == 0 {
            // SAFETY: a `Slot` points into the unfinished value, which only the decoder has.
            unsafe { zend::set_empty_array(self.at) };
            return Ok(());
        }
        let table = zend::new_map(count);
        // SAFETY: a `Slot` points into the unfinished value, which only the decoder has.
        unsafe { zend::set_array(self.at, table) };
        self.decoder.numbered.reserve(count);
        self.decoder.deeper(|| fill_map(self.decoder, table, map))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let (code, body) = ext(deserializer)?;
        self.decode_ext(code, body).map_err(Stop::into)
    }
}

fn next<'de, A: SeqAccess<'de>, S: DeserializeSeed<'de, Value = ()>>(
    elements: &mut A,
    seed: S,
) -> Result<(), A::Error> {
    elements.next_element_seed(seed)?.ok_or_else(|| A::Error::custom("an array shorter than it says"))
}

/// Puts a list of `count` nulls into the slot; returns the slot of its first element.
fn begin_list<'a, 'de, 'p>(slot: Slot<'a, 'de, 'p>, count: usize) -> Slot<'a, 'de, 'p> {
    let (list, first) = zend::new_list(count);
    // SAFETY: the slot is a place to write to.
    unsafe { zend::set_array(slot.at, list) };
    slot.decoder.numbered.reserve(count);
    Slot { at: first, ..slot }
}

/// Decodes `count` elements into a list.
fn fill_list<'de, A: SeqAccess<'de>>(slot: Slot<'_, 'de, '_>, count: usize, mut elements: A) -> Result<(), A::Error> {
    let first = begin_list(slot, count);
    for start in (0..count).step_by(MANY) {
        if start > 0 {
            slot.decoder.check_memory(MANY * size_of::<Zval>()).map_err(Stop::into)?;
        }
        for place in start..count.min(start + MANY) {
            // SAFETY: the list was made with so many places, and is not moved.
            let at = unsafe { first.at.add(place) };
            next(&mut elements, Slot { at, ..first })?;
        }
    }
    Ok(())
}

/// Decodes the entries of a map into an array that has room for all of them.
pub fn fill_map<'de, A: MapAccess<'de>>(
    decoder: &Decoder<'de, '_>,
    table: *mut HashTable,
    mut map: A,
) -> Result<(), A::Error> {
    let mut key = MapKey::Int(0);
    let mut left = MANY;
    while map.next_key_seed(KeySeed { decoder, into: &mut key })?.is_some() {
        left -= 1;
        if left == 0 {
            decoder.check_memory(MANY * size_of::<Zval>()).map_err(Stop::into)?;
            left = MANY;
        }
        // SAFETY: the table is ours alone until the end.
        let at = unsafe {
            let at = match key.as_index() {
                Ok(index) => zend::place_of_int(table, index),
                Err(bytes) => {
                    let key = zend::new_string(bytes);
                    let at = zend::place_of_string(table, key);
                    zend::release_string(key);
                    at
                }
            };
            if zend::kind(at) != zend::NULL {
                decoder.replace(at);
            }
            at
        };
        map.next_value_seed(Slot { at, decoder })?;
    }
    Ok(())
}

/// The first of two elements: a value like any other, or the class of an object.
struct First<'a, 'de, 'p> {
    of: Slot<'a, 'de, 'p>,
}

enum FirstIs<'a, 'de, 'p> {
    /// A value; it is decoded, and this is the place of the second.
    Value {
        second: Slot<'a, 'de, 'p>,
    },
    ClassOf(&'de [u8]),
    SerializedClassOf(&'de [u8]),
}

impl<'a, 'de, 'p> First<'a, 'de, 'p> {
    /// It is a list after all: makes it, and has its first element decoded.
    fn decode<E>(self, decode: impl FnOnce(Slot<'a, 'de, 'p>) -> Result<(), E>) -> Result<FirstIs<'a, 'de, 'p>, E> {
        let first = begin_list(self.of, 2);
        decode(first)?;
        // SAFETY: made with two places.
        let second = unsafe { first.at.add(1) };
        Ok(FirstIs::Value { second: Slot { at: second, ..first } })
    }
}

impl<'a, 'de, 'p> DeserializeSeed<'de> for First<'a, 'de, 'p> {
    type Value = FirstIs<'a, 'de, 'p>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a, 'de, 'p> Visitor<'de> for First<'a, 'de, 'p> {
    type Value = FirstIs<'a, 'de, 'p>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value or a class")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_unit())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_i64(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_u64(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_f64(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_borrowed_str(value))
    }

    fn visit_borrowed_bytes<E: Error>(self, value: &'de [u8]) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_borrowed_bytes(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        self.decode(|first| first.visit_seq(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        self.decode(|first| first.visit_map(map))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let (code, body) = ext(deserializer)?;
        match code {
            wire::OBJECT if body.is_empty() => Ok(FirstIs::ClassOf(wire::DEFAULT_CLASS)),
            wire::OBJECT => Ok(FirstIs::ClassOf(body)),
            wire::SERIALIZABLE => Ok(FirstIs::SerializedClassOf(body)),
            _ => self.decode(|first| first.decode_ext(code, body)).map_err(Stop::into),
        }
    }
}
