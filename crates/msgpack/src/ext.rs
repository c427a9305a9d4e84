//! Ext types.

use rmp_serde::MSGPACK_EXT_STRUCT_NAME;
use serde::ser::{Serialize, SerializeTuple, Serializer};

use crate::text::Bytes;

/// A MessagePack ext, on its way out.
pub struct Ext<'a> {
    pub code: i8,
    pub body: &'a [u8],
}

impl Serialize for Ext<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(MSGPACK_EXT_STRUCT_NAME, &Fields(self))
    }
}

struct Fields<'a>(&'a Ext<'a>);

impl Serialize for Fields<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_tuple(2)?;
        fields.serialize_element(&self.0.code)?;
        fields.serialize_element(&Bytes(self.0.body))?;
        fields.end()
    }
}
