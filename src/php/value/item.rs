//! MessagePack one item at a time: what a value is, and where it ends, without decoding it.

use std::fmt;

use super::decode::ext;
use super::wire::Deserializer;
use serde::de::{Deserializer as _, Error, MapAccess, SeqAccess, Visitor};

/// One item of MessagePack. The elements of a container follow it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Item<'a> {
    Null,
    Bool,
    Int(i64),
    /// And unsigned numbers that no int can be.
    Float,
    Text(&'a [u8]),
    /// So many elements follow.
    Array(usize),
    /// So many keys and values follow.
    Map(usize),
    Ext(i8, &'a [u8]),
}

/// The item that `bytes` start with, and what follows. `None` where there is none.
pub fn item(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let mut reader = Deserializer::new(bytes);
    let item = reader.deserialize_any(Items).ok()?;
    Some((item, reader.rest()))
}

/// The bytes behind so many values that `bytes` start with. `None` where there are not so many.
///
/// Not recursive: depth is no matter.
pub fn skip(bytes: &[u8], values: usize) -> Option<&[u8]> {
    let (mut left, mut rest) = (values, bytes);
    while left > 0 {
        let (item, behind) = item(rest)?;
        let elements = match item {
            Item::Array(elements) => elements,
            Item::Map(entries) => entries.saturating_mul(2),
            _ => 0,
        };
        (left, rest) = ((left - 1).saturating_add(elements), behind);
    }
    Some(rest)
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Item<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_unit<E: Error>(self) -> Result<Item<'de>, E> {
        Ok(Item::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Item<'de>, E> {
        Ok(Item::Bool)
    }

    fn visit_i64<E: Error>(self, int: i64) -> Result<Item<'de>, E> {
        Ok(Item::Int(int))
    }

    fn visit_u64<E: Error>(self, int: u64) -> Result<Item<'de>, E> {
        Ok(i64::try_from(int).map_or(Item::Float, Item::Int))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Item<'de>, E> {
        Ok(Item::Float)
    }

    fn visit_borrowed_bytes<E: Error>(self, text: &'de [u8]) -> Result<Item<'de>, E> {
        Ok(Item::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Item<'de>, A::Error> {
        Ok(Item::Array(elements.size_hint().unwrap_or(0)))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Item<'de>, A::Error> {
        Ok(Item::Map(entries.size_hint().unwrap_or(0)))
    }

    fn visit_newtype_struct<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Item<'de>, D::Error> {
        ext(deserializer).map(|(code, body)| Item::Ext(code, body))
    }
}
