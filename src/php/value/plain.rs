//! Values without objects told from others, by their bytes.

use std::fmt;

use serde::de::{Deserializer as _, Error, MapAccess, SeqAccess, Visitor};

use super::wire::Deserializer;

/// Whether there is neither an object nor a reference in the values that `bytes` consist of: then decoding them
/// runs no user code. False, too, where they are no values.
///
/// Not recursive: depth is no matter.
pub fn is_plain(bytes: &[u8]) -> bool {
    let mut reader = Deserializer::new(bytes);
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
    let mut reader = Deserializer::new(bytes);
    reader.deserialize_any(IsKey).ok()?;
    Some(bytes.split_at(bytes.len() - reader.rest().len()))
}

/// An int or a string.
struct IsKey;

impl<'de> Visitor<'de> for IsKey {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an int or a string")
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_borrowed_bytes<E: Error>(self, _: &'de [u8]) -> Result<(), E> {
        Ok(())
    }
}

/// The number of values that a value announces, as its elements, which come behind it.
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
