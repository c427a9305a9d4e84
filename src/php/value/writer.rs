//! MessagePack out, as a serde `Serializer`.
//!
//! `rmp-serde` would do, but for its price: three appends and as many checks for a string of a few
//! bytes, results that travel through memory, and its own idea of str and bin. Arrays of short
//! strings are what PHP stores most, and here they are twice as fast. What the bytes mean is
//! `rmp`'s business still.

use std::fmt;

use serde::Serialize;
use serde::ser::{self, Impossible, SerializeMap, SerializeSeq, SerializeTuple, SerializeTupleVariant};

use sync_short as short;

/// Where MessagePack goes: bytes that grow.
pub trait Output: std::io::Write {
    /// Makes room for `more` bytes. Where there is no memory for them it is false, and what has been written
    /// is lost: there is room for some [`SHORT`] bytes then, so that what is short can go on as if nothing had
    /// happened, without a look at the result. Who reads the bytes looks whether they are all.
    fn reserve(&mut self, more: usize) -> bool;

    /// The place behind the last byte.
    fn end(&mut self) -> *mut u8;

    /// Takes the next `more` bytes in.
    ///
    /// # Safety
    /// They have been written, to [`end`](Self::end) and behind, where room for them had been made.
    unsafe fn advance(&mut self, more: usize);

    /// Appends bytes, where there is memory for them.
    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        if !self.reserve(bytes.len()) {
            return;
        }
        // SAFETY: there is room for them, in memory that nobody else has.
        unsafe {
            self.end().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            self.advance(bytes.len());
        }
    }
}

/// Bytes of a number, or of a short string and its head.
pub const SHORT: usize = 1 + short::LIMIT;
const _: () = assert!(SHORT >= size_of::<Scalar>());

impl Output for Vec<u8> {
    #[inline]
    fn reserve(&mut self, more: usize) -> bool {
        Vec::reserve(self, more);
        true
    }

    #[inline]
    fn end(&mut self) -> *mut u8 {
        self.spare_capacity_mut().as_mut_ptr().cast()
    }

    #[inline]
    unsafe fn advance(&mut self, more: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.set_len(self.len() + more) };
    }
}

/// The name under which `serialize_newtype_struct` makes a bin of the string inside.
pub const BIN: &str = "bin";
/// The name under which `serialize_tuple_variant` makes an ext: the index is its type, the length
/// that of its body, and the one field its body.
pub const EXT: &str = "ext";

/// Writing has stopped. The reason is kept elsewhere; what does not exist in PHP has none.
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

/// Markers, as bytes: `rmp`'s enum is translated by a call, and there is one before each number.
mod marker {
    pub const NIL: u8 = 0xc0;
    pub const FALSE: u8 = 0xc2;
    pub const TRUE: u8 = 0xc3;
    pub const F64: u8 = 0xcb;
    pub const U8: u8 = 0xcc;
    pub const U16: u8 = 0xcd;
    pub const U32: u8 = 0xce;
    pub const U64: u8 = 0xcf;
    pub const I8: u8 = 0xd0;
    pub const I16: u8 = 0xd1;
    pub const I32: u8 = 0xd2;
    pub const I64: u8 = 0xd3;
    /// Of a str of up to 31 bytes, but for its length.
    pub const FIXSTR: u8 = 0xa0;
}

/// What `serialize_bytes` makes of bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// A PHP string: a str if they are UTF-8, else a bin.
    String,
    Bin,
    /// Themselves.
    Raw,
}

/// Appends MessagePack. Lengths and counts have to fit in 32 bits.
pub struct Writer<'o, O> {
    out: &'o mut O,
    mode: Mode,
}

impl<'o, O: Output> Writer<'o, O> {
    pub fn new(out: &'o mut O) -> Self {
        Self { out, mode: Mode::String }
    }
}

/// A scalar's MessagePack, made in registers: whoever copies bytes that were just written one by one
/// waits for them. At most nine bytes count.
#[derive(Clone, Copy)]
pub struct Scalar {
    bytes: [u8; 16],
    length: u8,
}

impl Scalar {
    /// A byte that says all.
    #[inline(always)]
    fn byte(byte: u8) -> Self {
        Self { bytes: u128::from(byte).to_le_bytes(), length: 1 }
    }

    /// A marker, and the last `width` bytes of `value` behind it.
    #[inline(always)]
    fn number(marker: u8, width: u8, value: u64) -> Self {
        // What comes first is the lowest byte here, and the number's bytes come highest first.
        let number = (value << (64 - 8 * u32::from(width))).swap_bytes();
        let bytes = (u128::from(number) << 8 | u128::from(marker)).to_le_bytes();
        Self { bytes, length: 1 + width }
    }

    #[inline(always)]
    pub fn nil() -> Self {
        Self::byte(marker::NIL)
    }

    #[inline(always)]
    pub fn bool(value: bool) -> Self {
        Self::byte(if value { marker::TRUE } else { marker::FALSE })
    }

    /// An int in its shortest form.
    #[inline(always)]
    pub fn int(value: i64) -> Self {
        let bits = value as u64;
        match value {
            -32..=0x7f => Self::byte(value as u8),
            0x80..=0xff => Self::number(marker::U8, 1, bits),
            0x100..=0xffff => Self::number(marker::U16, 2, bits),
            0x1_0000..=0xffff_ffff => Self::number(marker::U32, 4, bits),
            0x1_0000_0000.. => Self::number(marker::U64, 8, bits),
            -0x80..=-33 => Self::number(marker::I8, 1, bits),
            -0x8000..=-0x81 => Self::number(marker::I16, 2, bits),
            -0x8000_0000..=-0x8001 => Self::number(marker::I32, 4, bits),
            ..=-0x8000_0001 => Self::number(marker::I64, 8, bits),
        }
    }

    /// A float 64.
    #[inline(always)]
    pub fn float(value: f64) -> Self {
        Self::number(marker::F64, 8, value.to_bits())
    }

    /// The MessagePack.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Appends it.
    #[inline(always)]
    pub fn write(self, out: &mut impl Output) {
        out.reserve(self.bytes.len());
        // SAFETY: there is room for all of the bytes, so also for those that count: they are short.
        unsafe {
            out.end().cast::<[u8; 16]>().write_unaligned(self.bytes);
            out.advance(usize::from(self.length));
        }
    }
}

/// Appends a PHP string: as a str where it is UTF-8, else as a bin.
#[inline]
pub fn write_string(out: &mut impl Output, bytes: &[u8]) {
    if bytes.len() < short::LIMIT && append_short_ascii(out, bytes) {
        return;
    }
    write_long_string(out, bytes);
}

#[inline(never)]
fn write_long_string(out: &mut impl Output, bytes: &[u8]) {
    if out.reserve(bytes.len() + 5) {
        write_string_head(out, bytes);
        out.append(bytes);
    }
}

/// Appends what stands before a string's bytes: a str's head where they are UTF-8, else a bin's.
pub fn write_string_head(out: &mut impl Output, bytes: &[u8]) {
    let len = bytes.len() as u32;
    let _ = match simdutf8::basic::from_utf8(bytes) {
        Ok(_) => rmp::encode::write_str_len(out, len).map(drop),
        Err(_) => rmp::encode::write_bin_len(out, len).map(drop),
    };
}

/// Appends up to 31 bytes as a fixstr if they are ASCII; else leaves `out` as it was.
#[inline(always)]
fn append_short_ascii(out: &mut impl Output, bytes: &[u8]) -> bool {
    out.reserve(SHORT);
    // SAFETY: there is room, as it is short, of which `1 + len` bytes are written before the length says so.
    unsafe {
        let to = out.end();
        to.write(marker::FIXSTR | bytes.len() as u8);
        let ascii = short::copy(bytes, to.add(1));
        if ascii {
            out.advance(1 + bytes.len());
        }
        ascii
    }
}

/// Values that PHP does not have.
macro_rules! unknown {
    ($($name:ident($type:ty))*) => {
        $(fn $name(self, _: $type) -> Result<(), Error> { Err(Error) })*
    };
}

impl<O: Output> ser::Serializer for &mut Writer<'_, O> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeMap = Self;
    type SerializeTupleVariant = Self;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeStruct = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    #[inline(always)]
    fn serialize_unit(self) -> Result<(), Error> {
        Scalar::nil().write(self.out);
        Ok(())
    }

    #[inline(always)]
    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        Scalar::bool(value).write(self.out);
        Ok(())
    }

    #[inline(always)]
    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        Scalar::int(value).write(self.out);
        Ok(())
    }

    #[inline(always)]
    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        Scalar::float(value).write(self.out);
        Ok(())
    }

    #[inline(always)]
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        match self.mode {
            Mode::String => write_string(self.out, bytes),
            Mode::Bin => {
                let _ = rmp::encode::write_bin(self.out, bytes);
            }
            Mode::Raw => self.out.append(bytes),
        }
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self, Error> {
        let len = len.ok_or(Error)?;
        let _ = rmp::encode::write_array_len(self.out, len as u32);
        Ok(self)
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Self, Error> {
        self.serialize_seq(Some(len))
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Self, Error> {
        let len = len.ok_or(Error)?;
        let _ = rmp::encode::write_map_len(self.out, len as u32);
        Ok(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), Error> {
        if name != BIN {
            return Err(Error);
        }
        self.mode = Mode::Bin;
        let result = value.serialize(&mut *self);
        self.mode = Mode::String;
        result
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        code: u32,
        _: &'static str,
        len: usize,
    ) -> Result<Self, Error> {
        if name != EXT {
            return Err(Error);
        }
        let code = i8::try_from(code).map_err(|_| Error)?;
        let _ = rmp::encode::write_ext_meta(self.out, len as u32, code);
        Ok(self)
    }

    unknown! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
        serialize_f32(f32) serialize_char(char) serialize_str(&str) serialize_unit_struct(&'static str)
    }

    fn serialize_none(self) -> Result<(), Error> {
        Err(Error)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), Error> {
        Err(Error)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Error> {
        Err(Error)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Err(Error)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Impossible<(), Error>, Error> {
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

impl<O: Output> SerializeTupleVariant for &mut Writer<'_, O> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, body: &T) -> Result<(), Error> {
        self.mode = Mode::Raw;
        let result = body.serialize(&mut **self);
        self.mode = Mode::String;
        result
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}
