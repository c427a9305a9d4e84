//! The keys of arrays and the names of properties on their way in.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::decoder::Decoder;
use crate::php::zend;

/// A key of an array, as it is in the bytes.
pub enum MapKey<'de> {
    Int(i64),
    Bytes(&'de [u8]),
}

impl<'de> MapKey<'de> {
    /// As PHP casts it: an index where it is or looks like an int, else a string.
    #[inline]
    pub fn as_index(&self) -> Result<i64, &'de [u8]> {
        match *self {
            Self::Int(index) => Ok(index),
            Self::Bytes(bytes) => zend::numeric_key(bytes).ok_or(bytes),
        }
    }
}

/// Reads a key into a place of the caller's: results that travel through memory are slow.
pub struct KeySeed<'a, 'de, 'p> {
    pub decoder: &'a Decoder<'de, 'p>,
    pub into: &'a mut MapKey<'de>,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_, 'de, '_> {
    type Value = ();

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> KeySeed<'_, 'de, '_> {
    #[inline(always)]
    fn is<E>(self, key: MapKey<'de>) -> Result<(), E> {
        *self.into = key;
        Ok(())
    }

    #[cold]
    fn impossible<E: Error>(self) -> Result<(), E> {
        Err(self.decoder.damaged("a key that is neither an int nor a string").into())
    }
}

impl<'de> Visitor<'de> for KeySeed<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.is(MapKey::Bytes(b""))
    }

    fn visit_bool<E: Error>(self, key: bool) -> Result<(), E> {
        self.is(MapKey::Int(i64::from(key)))
    }

    fn visit_i64<E: Error>(self, key: i64) -> Result<(), E> {
        self.is(MapKey::Int(key))
    }

    fn visit_u64<E: Error>(self, key: u64) -> Result<(), E> {
        match i64::try_from(key) {
            Ok(key) => self.is(MapKey::Int(key)),
            Err(_) => self.impossible(),
        }
    }

    fn visit_f64<E: Error>(self, key: f64) -> Result<(), E> {
        // 2^63: the first that is too large for an int.
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        if (-LIMIT..LIMIT).contains(&key) { self.is(MapKey::Int(key as i64)) } else { self.impossible() }
    }

    #[inline(always)]
    fn visit_borrowed_bytes<E: Error>(self, key: &'de [u8]) -> Result<(), E> {
        self.is(MapKey::Bytes(key))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        self.impossible()
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        self.impossible()
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        self.impossible()
    }
}
