//! MessagePack out, as a serde `Serializer`.
//!
//! `rmp-serde`'s would do, but for its price: three appends and as many checks for a string of a few bytes, and results
//! that travel through memory.

use std::fmt;

use rmp::Marker;
use serde::Serialize;
use serde::ser::{self, Impossible, SerializeMap, SerializeSeq, SerializeTuple};
use sync_short as short;

use crate::output::{Output, SHORT};
use crate::packed::Packed;

/// Writing has stopped. The reason is kept elsewhere; a value that PHP does not have needs none.
#[derive(Debug)]
pub struct Error;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("this is no PHP value")
    }
}

impl std::error::Error for Error {}

impl ser::Error for Error {
    #[cold]
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Appends MessagePack. Lengths and counts have to fit in 32 bits.
pub struct Writer<'o, O> {
    out: &'o mut O,
}

impl<'o, O: Output> Writer<'o, O> {
    pub fn new(out: &'o mut O) -> Self {
        Self { out }
    }

    /// For all that is not worth a method of its own.
    fn plain(&mut self) -> rmp_serde::Serializer<&mut O> {
        rmp_serde::Serializer::new(&mut *self.out)
    }

    /// Up to 31 bytes, in one go.
    #[inline(always)]
    fn write_short(&mut self, text: &str) {
        const FIXSTR: u8 = Marker::FixStr(0).to_u8();
        self.out.reserve(SHORT);
        // SAFETY: there is room, as it is short, of which `1 + len` bytes are written before the length says so.
        unsafe {
            let to = self.out.end();
            to.write(FIXSTR | text.len() as u8);
            short::copy(text.as_bytes(), to.add(1));
            self.out.advance(1 + text.len());
        }
    }

    #[inline(never)]
    fn write_long(&mut self, text: &str) {
        // At once for head and bytes, so that there is one look at the memory.
        if self.out.reserve(text.len() + 5) {
            let _ = rmp::encode::write_str(self.out, text);
        }
    }
}

/// Methods that leave their value to `rmp-serde`.
macro_rules! plainly {
    ($($name:ident($type:ty))*) => {
        $(fn $name(self, value: $type) -> Result<(), Error> {
            self.plain().$name(value).map_err(|_| Error)
        })*
    };
}

impl<O: Output> ser::Serializer for &mut Writer<'_, O> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeMap = Self;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeStruct = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    #[inline(always)]
    fn serialize_unit(self) -> Result<(), Error> {
        Packed::nil().write(self.out);
        Ok(())
    }

    #[inline(always)]
    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        Packed::bool(value).write(self.out);
        Ok(())
    }

    #[inline(always)]
    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        Packed::int(value).write(self.out);
        Ok(())
    }

    #[inline(always)]
    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        Packed::float(value).write(self.out);
        Ok(())
    }

    #[inline(always)]
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        if text.len() < short::LIMIT {
            self.write_short(text);
        } else {
            self.write_long(text);
        }
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self, Error> {
        let len = len.ok_or(Error)?;
        Packed::array(len as u32).write(self.out);
        Ok(self)
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Self, Error> {
        self.serialize_seq(Some(len))
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Self, Error> {
        let len = len.ok_or(Error)?;
        Packed::map(len as u32).write(self.out);
        Ok(self)
    }

    plainly! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
        serialize_f32(f32) serialize_char(char) serialize_bytes(&[u8]) serialize_unit_struct(&'static str)
    }

    /// An ext, if the name is [`rmp_serde::MSGPACK_EXT_STRUCT_NAME`].
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), Error> {
        self.plain().serialize_newtype_struct(name, value).map_err(|_| Error)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<(), Error> {
        self.plain().serialize_unit_variant(name, index, variant).map_err(|_| Error)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.plain().serialize_newtype_variant(name, index, variant, value).map_err(|_| Error)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Impossible<(), Error>, Error> {
        Err(Error)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>, Error> {
        Err(Error)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Impossible<(), Error>, Error> {
        Err(Error)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>, Error> {
        Err(Error)
    }
}

impl<O: Output> SerializeSeq for &mut Writer<'_, O> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut **self)
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

impl<O: Output> SerializeTuple for &mut Writer<'_, O> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut **self)
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

impl<O: Output> SerializeMap for &mut Writer<'_, O> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        key.serialize(&mut **self)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut **self)
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}
