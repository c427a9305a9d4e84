//! The meaning of a value's bytes beyond plain MessagePack: the ext types. `docs/format.md` says
//! the same in words.

use super::vec::ZendVec;

/// Where values are encoded to. `rmp_serde::Serializer<&'a mut ZendVec<u8>>` fits as well, and writes the same bytes more
/// slowly: see [`sync_msgpack`].
pub type Serializer<'a> = sync_msgpack::Writer<'a, ZendVec<u8>>;
/// As it stops.
pub type NotWritten = <&'static mut Serializer<'static> as serde::Serializer>::Error;

/// Where values are decoded from. `rmp-serde`'s does not fit: it does not tell where the value ended.
pub type Deserializer<'de> = sync_msgpack::Reader<'de>;

/// First of an array of two: the class of an object, whose properties follow as a map.
pub const OBJECT: i8 = 1;
/// First of an array of two: the class of an object, whose own `serialize()` made the bin that follows. Where nil
/// follows, the bin is the next of those before the whole value: see [`AMONG`].
pub const SERIALIZABLE: i8 = 2;
/// First of an array of two around a whole value: what the value is, and the numbers of the references in it, 4 bytes
/// each, big-endian. The second is an array of what the `serialize()`s of its objects returned, and, last, the value.
pub const AMONG: i8 = 6;
/// A case of an enum, as `Class:Case`.
pub const ENUM_CASE: i8 = 3;
/// Stands between the two in the class name of an incomplete object that is in the place of a case. No class has it in its name.
pub const BETWEEN_ENUM_AND_CASE: &[u8] = b"::";
/// An object met before, by its number.
pub const SAME_OBJECT: i8 = 4;
/// A PHP reference met before, by its number.
pub const SAME_REFERENCE: i8 = 5;

/// The class whose name is written as the empty string, for it is in every other value.
pub const DEFAULT_CLASS: &[u8] = b"stdClass";

/// The number of something met before, as the body of an ext: 1, 2 or 4 bytes, big-endian.
pub struct Number([u8; 4], usize);

impl Number {
    pub fn new(number: u32) -> Self {
        let width = if number <= 0xff {
            1
        } else if number <= 0xffff {
            2
        } else {
            4
        };
        Self(number.to_be_bytes(), width)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0[4 - self.1..]
    }

    /// The number that an ext body says, if it is one.
    pub fn parse(body: &[u8]) -> Option<u32> {
        matches!(body.len(), 1 | 2 | 4).then(|| body.iter().fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }
}
