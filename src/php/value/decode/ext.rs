//! A MessagePack ext on its way in.

use std::fmt;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};

/// The code and the body of an ext.
pub fn ext<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(i8, &'de [u8]), D::Error> {
    struct Fields;
    impl<'de> Visitor<'de> for Fields {
        type Value = (i8, &'de [u8]);

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("an ext")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
            match (fields.next_element::<i8>()?, fields.next_element::<&[u8]>()?) {
                (Some(code), Some(body)) => Ok((code, body)),
                _ => Err(A::Error::custom("an ext without a body")),
            }
        }
    }
    deserializer.deserialize_any(Fields)
}
