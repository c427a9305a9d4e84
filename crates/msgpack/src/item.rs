//! MessagePack one item at a time.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// One item of MessagePack, as PHP means it. The elements of a container follow it, and stay to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Item<'v> {
    Null,
    Bool(bool),
    Int(i64),
    /// And unsigned numbers that no int can be.
    Float(f64),
    /// A str or a bin: PHP's strings are bytes.
    Text(&'v [u8]),
    /// So many elements follow.
    Array(usize),
    /// So many keys and values follow.
    Map(usize),
    /// The type, and the bytes.
    Ext(i8, &'v [u8]),
}

impl<'v> Deserialize<'v> for Item<'v> {
    fn deserialize<D: Deserializer<'v>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Items)
    }
}

struct Items;

impl<'v> Visitor<'v> for Items {
    type Value = Item<'v>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_unit<E: Error>(self) -> Result<Item<'v>, E> {
        Ok(Item::Null)
    }

    fn visit_bool<E: Error>(self, is: bool) -> Result<Item<'v>, E> {
        Ok(Item::Bool(is))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Item<'v>, E> {
        Ok(Item::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Item<'v>, E> {
        Ok(i64::try_from(number).map_or(Item::Float(number as f64), Item::Int))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Item<'v>, E> {
        Ok(Item::Float(number))
    }

    fn visit_borrowed_bytes<E: Error>(self, text: &'v [u8]) -> Result<Item<'v>, E> {
        Ok(Item::Text(text))
    }

    fn visit_seq<A: SeqAccess<'v>>(self, elements: A) -> Result<Item<'v>, A::Error> {
        Ok(Item::Array(elements.size_hint().unwrap_or(0)))
    }

    fn visit_map<A: MapAccess<'v>>(self, entries: A) -> Result<Item<'v>, A::Error> {
        Ok(Item::Map(entries.size_hint().unwrap_or(0)))
    }

    fn visit_newtype_struct<D: Deserializer<'v>>(self, ext: D) -> Result<Item<'v>, D::Error> {
        <(i8, &[u8])>::deserialize(ext).map(|(code, body)| Item::Ext(code, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reader;

    #[test]
    fn items_come_one_by_one_and_containers_before_their_elements() {
        let mut reader = Reader::new(b"\x93\x81\xa1k\xc3\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xd4\x05\x07\xc0");
        let items: Vec<Item> = (0..6).map(|_| Item::deserialize(&mut reader).unwrap()).collect();
        let largest = u64::MAX as f64;
        let expected = [
            Item::Array(3),
            Item::Map(1),
            Item::Text(b"k"),
            Item::Bool(true),
            Item::Float(largest),
            Item::Ext(5, &[7]),
        ];
        assert_eq!((&items[..], reader.rest()), (&expected[..], &b"\xc0"[..]));
        assert_eq!(Item::deserialize(&mut reader), Ok(Item::Null));
        assert!(Item::deserialize(&mut reader).is_err());
    }
}
