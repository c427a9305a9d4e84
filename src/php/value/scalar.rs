//! The short way for scalars and strings: most values are one, and neither serde nor bookkeeping
//! has anything to add to them.

use ext_php_rs::types::Zval;
use rmp::Marker;

use super::vec::ZendVec;
use super::wire;
use super::writer::{self, Scalar};
use crate::php::zend::{self, Str};

/// Appends `value` to `out` if it is a scalar or a string, and there is memory for it; else returns
/// false.
#[inline]
pub fn encode(value: &Zval, out: &mut ZendVec<u8>) -> bool {
    let at: *const Zval = value;
    if let Some(scalar) = small(value) {
        scalar.write(out);
        return !out.is_cut();
    }
    // SAFETY: a live zval, read as the type that it says.
    unsafe {
        if zend::kind(at) != zend::STRING {
            return false;
        }
        let bytes = zend::bytes(zend::string_of(at));
        if bytes.len() > wire::MAX_LENGTH {
            return false;
        }
        writer::write_string(out, bytes);
    }
    !out.is_cut()
}

/// Appends an int as MessagePack to `out`.
#[inline]
pub fn write_int(out: &mut ZendVec<u8>, value: i64) {
    let int = Scalar::int(value);
    out.extend_from_slice(int.bytes());
}

/// Encodes a scalar other than a string; `None` for anything else.
#[inline(always)]
pub fn small(value: &Zval) -> Option<Scalar> {
    let at: *const Zval = value;
    // SAFETY: a live zval, read as the type that it says.
    unsafe {
        Some(match zend::kind(at) {
            zend::LONG => Scalar::int((*at).value.lval),
            zend::NULL | zend::UNDEF => Scalar::nil(),
            zend::FALSE => Scalar::bool(false),
            zend::TRUE => Scalar::bool(true),
            zend::DOUBLE => Scalar::float((*at).value.dval),
            _ => return None,
        })
    }
}

/// A string too long to be copied more often than need be.
pub const LONG: usize = 32 * 1024;

/// Appends `value` to `out` if it is a scalar, or a string that is not long, and there is memory for it; else leaves
/// `out`, which is empty, as it is, and returns false.
#[inline(always)]
pub fn encode_short(value: &Zval, out: &mut ZendVec<u8>) -> bool {
    let at: *const Zval = value;
    if let Some(scalar) = small(value) {
        scalar.write(out);
    } else {
        // SAFETY: a live zval, read as the type that it says.
        unsafe {
            if zend::kind(at) != zend::STRING {
                return false;
            }
            let bytes = zend::bytes(zend::string_of(at));
            if bytes.len() >= LONG {
                return false;
            }
            writer::write_string(out, bytes);
        }
    }
    if out.is_cut() {
        out.clear();
        return false;
    }
    true
}

/// If `value` is a long string: appends the head that its bytes, left where they are, need.
pub fn encode_long(value: &Zval, head: &mut ZendVec<u8>) -> Option<*const [u8]> {
    let at: *const Zval = value;
    // SAFETY: a live zval, read as the type that it says.
    let bytes = unsafe {
        if zend::kind(at) != zend::STRING {
            return None;
        }
        zend::bytes(zend::string_of(at))
    };
    if !(LONG..=wire::MAX_LENGTH).contains(&bytes.len()) {
        return None;
    }
    writer::write_string_head(head, bytes);
    (!head.is_cut()).then_some(bytes)
}

/// If `start` are the first bytes of an encoded value of `length` bytes that is one long string:
/// how long its head is. The string's bytes are the rest.
pub fn long_head(start: &[u8], length: u64) -> Option<usize> {
    let (head, bytes) = match (Marker::from_u8(*start.first()?), start) {
        (Marker::Str32 | Marker::Bin32, &[_, a, b, c, d, ..]) => (5, u64::from(u32::from_be_bytes([a, b, c, d]))),
        (Marker::Str16 | Marker::Bin16, &[_, a, b, ..]) => (3, u64::from(u16::from_be_bytes([a, b]))),
        _ => return None,
    };
    (head + bytes == length).then_some(head as usize)
}

/// True if these bytes begin what is neither null nor short: an array, a map, an object or another ext, or a
/// string of more than 255 bytes.
pub fn is_more_than_short(bytes: &[u8]) -> bool {
    let long = |first| matches!(first, 0x80..=0x9f | 0xc5..=0xc9 | 0xd4..=0xd8 | 0xda..=0xdf);
    bytes.first().is_some_and(|&first| long(first))
}

/// Decodes `bytes` into `into` if they are exactly one scalar or string; else leaves `into` alone
/// and returns false.
#[inline]
pub fn decode(bytes: &[u8], into: &mut Zval) -> bool {
    let Some((&first, rest)) = bytes.split_first() else { return false };
    let at: *mut Zval = into;
    // SAFETY: the caller gives a zval to overwrite.
    unsafe {
        match Marker::from_u8(first) {
            Marker::FixPos(value) if rest.is_empty() => zend::set_long(at, i64::from(value)),
            Marker::FixNeg(value) if rest.is_empty() => zend::set_long(at, i64::from(value)),
            Marker::Null if rest.is_empty() => zend::set_null(at),
            Marker::False if rest.is_empty() => zend::set_bool(at, false),
            Marker::True if rest.is_empty() => zend::set_bool(at, true),
            Marker::U8 => return whole(rest, |b: [u8; 1]| zend::set_long(at, u8::from_be_bytes(b).into())),
            Marker::U16 => return whole(rest, |b| zend::set_long(at, u16::from_be_bytes(b).into())),
            Marker::U32 => return whole(rest, |b| zend::set_long(at, u32::from_be_bytes(b).into())),
            Marker::U64 => return whole(rest, |b| set_unsigned(at, u64::from_be_bytes(b))),
            Marker::I8 => return whole(rest, |b| zend::set_long(at, i8::from_be_bytes(b).into())),
            Marker::I16 => return whole(rest, |b| zend::set_long(at, i16::from_be_bytes(b).into())),
            Marker::I32 => return whole(rest, |b| zend::set_long(at, i32::from_be_bytes(b).into())),
            Marker::I64 => return whole(rest, |b| zend::set_long(at, i64::from_be_bytes(b))),
            Marker::F32 => return whole(rest, |b| zend::set_double(at, f32::from_be_bytes(b).into())),
            Marker::F64 => return whole(rest, |b| zend::set_double(at, f64::from_be_bytes(b))),
            Marker::FixStr(len) => return exactly(rest, usize::from(len), at),
            Marker::Str8 | Marker::Bin8 => return sized::<1>(rest, at),
            Marker::Str16 | Marker::Bin16 => return sized::<2>(rest, at),
            Marker::Str32 | Marker::Bin32 => return sized::<4>(rest, at),
            _ => return false,
        }
    }
    true
}

/// An unsigned int, which is a float where PHP has no such int.
///
/// # Safety
/// As for [`zend::set_undef`].
pub unsafe fn set_unsigned(at: *mut Zval, value: u64) {
    // SAFETY: the caller's promise.
    unsafe {
        match i64::try_from(value) {
            Ok(value) => zend::set_long(at, value),
            Err(_) => zend::set_double(at, value as f64),
        }
    }
}

/// Calls `f` if `rest` is as long as it wants.
#[inline]
fn whole<const N: usize>(rest: &[u8], f: impl FnOnce([u8; N])) -> bool {
    rest.try_into().map(f).is_ok()
}

/// A string behind a length of `N` bytes.
///
/// # Safety
/// As for [`zend::set_undef`].
#[inline]
unsafe fn sized<const N: usize>(rest: &[u8], at: *mut Zval) -> bool {
    match rest.split_first_chunk::<N>() {
        // SAFETY: the caller's promise.
        Some((len, rest)) => unsafe { exactly(rest, len.iter().fold(0, |len, &b| len << 8 | usize::from(b)), at) },
        None => false,
    }
}

/// A string of that length.
///
/// # Safety
/// As for [`zend::set_undef`].
#[inline]
unsafe fn exactly(rest: &[u8], len: usize, at: *mut Zval) -> bool {
    if rest.len() == len {
        // SAFETY: the caller's promise.
        unsafe { zend::set_string(at, Str::new(rest)) };
        true
    } else {
        false
    }
}
