//! Names on their way through MessagePack.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A name as `export --msgpack` writes it: an array of three.
#[derive(Clone, Serialize, Deserialize)]
pub struct Item(
    #[serde(with = "bin")] pub Vec<u8>,
    /// The value as it is stored: its first form, and all changes to it.
    #[serde(with = "bin")]
    pub Vec<u8>,
    /// When it expires (ms since 1970).
    pub Option<u64>,
);

/// The end of what `export --msgpack` writes: a map. A stream without it was cut off.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// The number of names before it.
    pub names: u64,
    /// The sum of all bytes before it. (Streams from before 2.0 have none.)
    #[serde(default)]
    pub crc32c: Option<u32>,
}

/// A part of what `export --msgpack` writes: one name after the other, and the end.
pub enum Part {
    Name(Item),
    End(End),
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Part;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an array of a name, its value and its expiry, or a map of the number of names")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, parts: A) -> Result<Part, A::Error> {
                Item::deserialize(SeqAccessDeserializer::new(parts)).map(Part::Name)
            }

            fn visit_map<A: MapAccess<'de>>(self, end: A) -> Result<Part, A::Error> {
                End::deserialize(MapAccessDeserializer::new(end)).map(Part::End)
            }
        }
        deserializer.deserialize_any(Parts)
    }
}

/// Bytes as a bin.
mod bin {
    use serde::de::{Deserializer, Visitor};
    use serde::ser::Serializer;
    use std::fmt;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }

            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }

            fn visit_str<E>(self, text: &str) -> Result<Vec<u8>, E> {
                Ok(text.as_bytes().to_vec())
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}
