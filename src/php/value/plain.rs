//! Telling values without objects from others, by their bytes.

use std::fmt;

use rmp::Marker;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::reader::Reader;

/// Whether there is neither an object nor a reference in the values that `bytes` consist of: then decoding them
/// runs no user code. False, too, where they are no values.
///
/// Not recursive: depth is no matter.
pub fn is_plain(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    let mut announced: usize = 0;
    while announced > 0 || !reader.rest().is_empty() {
        let Ok(elements) = reader.deserialize_any(Elements) else { return false };
        announced = announced.saturating_sub(1).saturating_add(elements);
    }
    true
}

/// Splits off the int or the string that `bytes` start with: its bytes, and what follows. `None` where they
/// start with anything else.
pub fn split_key(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_key = matches!(
        Marker::from_u8(*bytes.first()?),
        Marker::FixPos(_)
            | Marker::FixNeg(_)
            | Marker::FixStr(_)
            | Marker::U8
            | Marker::U16
            | Marker::U32
            | Marker::U64
            | Marker::I8
            | Marker::I16
            | Marker::I32
            | Marker::I64
            | Marker::Str8
            | Marker::Str16
            | Marker::Str32
            | Marker::Bin8
            | Marker::Bin16
            | Marker::Bin32
    );
    let mut reader = Reader::new(bytes);
    (is_key && reader.deserialize_any(Elements).is_ok()).then(|| bytes.split_at(bytes.len() - reader.rest().len()))
}

/// How many values a value announces that come behind it, as its elements.
struct Elements;

impl<'de> Visitor<'de> for Elements {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value that is no object")
    }

    fn visit_unit<E: Error>(self) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_borrowed_bytes<E: Error>(self, _: &'de [u8]) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<usize, A::Error> {
        Ok(elements.size_hint().unwrap_or(0))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<usize, A::Error> {
        Ok(entries.size_hint().unwrap_or(0).saturating_mul(2))
    }

    // An ext is an object, or leads to one, by `visit_newtype_struct`, which refuses everything by itself.
}
