//! MessagePack in, as a serde `Deserializer`.
//!
//! Not `rmp-serde`'s, which checks that every str is UTF-8 (PHP does not care; it is twenty times
//! the cost of copying the bytes), and does not tell where a value ended whose strings are borrowed.

use std::fmt;

use rmp::Marker;
use serde::de::value::{BorrowedBytesDeserializer, I8Deserializer};
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Why reading stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The bytes end before the value does.
    Truncated,
    /// The one marker that MessagePack does not use.
    Reserved,
    /// The visitor has stopped, and kept the reason; or it cannot use what was there.
    Stopped,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "it ends too early",
            Self::Reserved => "it is not MessagePack",
            Self::Stopped => "it is not made of what it should be",
        })
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    #[cold]
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Stopped
    }
}

/// Visits the value that `bytes` are, if they are one scalar or string and no more. An error else, without a visit.
#[inline(always)]
pub fn read_whole<'de, V: Visitor<'de>>(bytes: &'de [u8], visitor: V) -> Result<V::Value, Error> {
    Reader { rest: bytes }.scalar::<true, V>(visitor, |_, _, _| Err(Error::Stopped))
}

/// Reads one value after the other from a slice. Strings are visited as borrowed bytes, be they str
/// or bin; an ext as a newtype struct of its type and its body.
pub struct Reader<'de> {
    rest: &'de [u8],
}

impl<'de> Reader<'de> {
    pub fn new(bytes: &'de [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes that have not been read yet.
    pub fn rest(&self) -> &'de [u8] {
        self.rest
    }

    #[inline]
    fn take(&mut self, len: usize) -> Result<&'de [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Error::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn number<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Error::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A length of `N` bytes.
    #[inline(always)]
    fn len<const N: usize>(&mut self) -> Result<usize, Error> {
        Ok(self.number::<N>()?.iter().fold(0, |len, &byte| len << 8 | usize::from(byte)))
    }

    /// A string of that length, which is all of the rest if `WHOLE`.
    #[inline(always)]
    fn string<const WHOLE: bool, V: Visitor<'de>>(&mut self, len: usize, visitor: V) -> Result<V::Value, Error> {
        if WHOLE && self.rest.len() != len {
            return Err(Error::Stopped);
        }
        visitor.visit_borrowed_bytes(self.take(len)?)
    }

    /// Nothing is left, if `WHOLE`.
    #[inline(always)]
    fn end<const WHOLE: bool>(&self) -> Result<(), Error> {
        if WHOLE && !self.rest.is_empty() { Err(Error::Stopped) } else { Ok(()) }
    }

    /// The last bytes of a scalar.
    #[inline(always)]
    fn last<const WHOLE: bool, const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let number = self.number()?;
        self.end::<WHOLE>()?;
        Ok(number)
    }

    /// Visits a scalar or a string; has `other` visit anything else. If `WHOLE`, there is nothing behind it.
    #[inline(always)]
    fn scalar<const WHOLE: bool, V: Visitor<'de>>(
        &mut self,
        visitor: V,
        other: impl FnOnce(&mut Self, Marker, V) -> Result<V::Value, Error>,
    ) -> Result<V::Value, Error> {
        let [marker] = self.number()?;
        match Marker::from_u8(marker) {
            Marker::FixStr(len) => self.string::<WHOLE, V>(len.into(), visitor),
            Marker::FixPos(value) => self.end::<WHOLE>().and_then(|()| visitor.visit_i64(value.into())),
            Marker::FixNeg(value) => self.end::<WHOLE>().and_then(|()| visitor.visit_i64(value.into())),
            Marker::Null => self.end::<WHOLE>().and_then(|()| visitor.visit_unit()),
            Marker::False => self.end::<WHOLE>().and_then(|()| visitor.visit_bool(false)),
            Marker::True => self.end::<WHOLE>().and_then(|()| visitor.visit_bool(true)),
            Marker::U8 => visitor.visit_i64(u8::from_be_bytes(self.last::<WHOLE, _>()?).into()),
            Marker::U16 => visitor.visit_i64(u16::from_be_bytes(self.last::<WHOLE, _>()?).into()),
            Marker::U32 => visitor.visit_i64(u32::from_be_bytes(self.last::<WHOLE, _>()?).into()),
            Marker::U64 => visitor.visit_u64(u64::from_be_bytes(self.last::<WHOLE, _>()?)),
            Marker::I8 => visitor.visit_i64(i8::from_be_bytes(self.last::<WHOLE, _>()?).into()),
            Marker::I16 => visitor.visit_i64(i16::from_be_bytes(self.last::<WHOLE, _>()?).into()),
            Marker::I32 => visitor.visit_i64(i32::from_be_bytes(self.last::<WHOLE, _>()?).into()),
            Marker::I64 => visitor.visit_i64(i64::from_be_bytes(self.last::<WHOLE, _>()?)),
            Marker::F32 => visitor.visit_f64(f32::from_be_bytes(self.last::<WHOLE, _>()?).into()),
            Marker::F64 => visitor.visit_f64(f64::from_be_bytes(self.last::<WHOLE, _>()?)),
            marker => self.long_string::<WHOLE, V>(marker, visitor, other),
        }
    }

    /// A string that is not short, or `other`.
    #[inline(always)]
    fn long_string<const WHOLE: bool, V: Visitor<'de>>(
        &mut self,
        marker: Marker,
        visitor: V,
        other: impl FnOnce(&mut Self, Marker, V) -> Result<V::Value, Error>,
    ) -> Result<V::Value, Error> {
        let len = match marker {
            Marker::Str8 | Marker::Bin8 => self.len::<1>()?,
            Marker::Str16 | Marker::Bin16 => self.len::<2>()?,
            Marker::Str32 | Marker::Bin32 => self.len::<4>()?,
            _ => return other(self, marker, visitor),
        };
        self.string::<WHOLE, V>(len, visitor)
    }

    #[inline]
    fn array<V: Visitor<'de>>(&mut self, left: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { reader: self, left })
    }

    #[inline]
    fn map<V: Visitor<'de>>(&mut self, left: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Items { reader: self, left })
    }

    fn ext<V: Visitor<'de>>(&mut self, len: usize, visitor: V) -> Result<V::Value, Error> {
        let [code] = self.number()?;
        let body = self.take(len)?;
        visitor.visit_newtype_struct(Ext { code: code as i8, body, next: ExtField::Code })
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Error;

    #[inline(always)]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.scalar::<false, V>(visitor, Reader::compound)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> Reader<'de> {
    /// An array, a map or an ext.
    #[inline]
    fn compound<V: Visitor<'de>>(&mut self, marker: Marker, visitor: V) -> Result<V::Value, Error> {
        let array = match marker {
            Marker::FixArray(len) => Some(len.into()),
            Marker::Array16 => Some(self.len::<2>()?),
            Marker::Array32 => Some(self.len::<4>()?),
            _ => None,
        };
        if let Some(len) = array {
            return self.array(len, visitor);
        }
        let map = match marker {
            Marker::FixMap(len) => Some(len.into()),
            Marker::Map16 => Some(self.len::<2>()?),
            Marker::Map32 => Some(self.len::<4>()?),
            _ => None,
        };
        if let Some(len) = map {
            return self.map(len, visitor);
        }
        let len = match marker {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => self.len::<1>()?,
            Marker::Ext16 => self.len::<2>()?,
            Marker::Ext32 => self.len::<4>()?,
            _ => return Err(Error::Reserved),
        };
        self.ext(len, visitor)
    }
}

/// The elements of an array or the entries of a map that are still to come.
struct Items<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    #[inline(always)]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    #[inline(always)]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.next_element_seed(seed)
    }

    #[inline(always)]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(&mut *self.reader)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// An ext, as a sequence of its type and its body.
struct Ext<'de> {
    code: i8,
    body: &'de [u8],
    next: ExtField,
}

enum ExtField {
    Code,
    Body,
    None,
}

impl<'de> Deserializer<'de> for Ext<'de> {
    type Error = Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Ext<'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        match self.next {
            ExtField::Code => {
                self.next = ExtField::Body;
                let code: I8Deserializer<Error> = self.code.into_deserializer();
                seed.deserialize(code).map(Some)
            }
            ExtField::Body => {
                self.next = ExtField::None;
                seed.deserialize(BorrowedBytesDeserializer::new(self.body)).map(Some)
            }
            ExtField::None => Ok(None),
        }
    }
}
