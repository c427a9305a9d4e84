//! MessagePack one item at a time: what a value is, and where it ends, without decoding it.

use serde::de::Deserialize as _;
pub use sync_msgpack::Item;

use super::wire::Deserializer;

/// The item that `bytes` start with, and what follows. `None` where there is none.
pub fn item(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let mut reader = Deserializer::new(bytes);
    let item = Item::deserialize(&mut reader).ok()?;
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
