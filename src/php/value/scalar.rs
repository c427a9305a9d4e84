//! The short way for scalars and strings: most values are one, and neither serde nor bookkeeping
//! has anything to add to them.

use std::fmt;

use ext_php_rs::types::Zval;
use serde::de::Visitor;
use serde::ser::Serialize;
use sync_msgpack::{MAX_LENGTH, Packed, Text};

use super::vec::ZendVec;
use super::wire::Serializer;
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
        if bytes.len() > MAX_LENGTH {
            return false;
        }
        write_string(out, bytes);
    }
    !out.is_cut()
}

/// Appends an int as MessagePack to `out`.
#[inline]
pub fn write_int(out: &mut ZendVec<u8>, value: i64) {
    let int = Packed::int(value);
    out.extend_from_slice(int.bytes());
}

/// Encodes a scalar other than a string; `None` for anything else.
#[inline(always)]
pub fn small(value: &Zval) -> Option<Packed> {
    let at: *const Zval = value;
    // SAFETY: a live zval, read as the type that it says.
    unsafe {
        Some(match zend::kind(at) {
            zend::LONG => Packed::int((*at).value.lval),
            zend::NULL | zend::UNDEF => Packed::nil(),
            zend::FALSE => Packed::bool(false),
            zend::TRUE => Packed::bool(true),
            zend::DOUBLE => Packed::float((*at).value.dval),
            _ => return None,
        })
    }
}

/// Appends a string.
#[inline(always)]
fn write_string(out: &mut ZendVec<u8>, bytes: &[u8]) {
    // Cannot fail: where there is no memory for all of it, `out` says so.
    let _ = Text(bytes).serialize(&mut Serializer::new(out));
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
            write_string(out, bytes);
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
    if !(LONG..=MAX_LENGTH).contains(&bytes.len()) {
        return None;
    }
    sync_msgpack::write_head(&Text(bytes), head);
    (!head.is_cut()).then_some(bytes)
}

/// Decodes `bytes` into `into` if they are exactly one scalar or string; else leaves `into` alone
/// and returns false.
#[inline]
pub fn decode(bytes: &[u8], into: &mut Zval) -> bool {
    sync_msgpack::read_whole(bytes, Place(into)).is_ok()
}

/// A zval to overwrite with a scalar or a string.
struct Place<'a>(&'a mut Zval);

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a scalar or a string")
    }

    #[inline(always)]
    fn visit_unit<E>(self) -> Result<(), E> {
        // SAFETY: a `Place` borrows the zval that the caller of `decode` gives to overwrite.
        unsafe { zend::set_null(self.0) };
        Ok(())
    }

    #[inline(always)]
    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        // SAFETY: a `Place` is to be overwritten.
        unsafe { zend::set_bool(self.0, value) };
        Ok(())
    }

    #[inline(always)]
    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        // SAFETY: a `Place` is to be overwritten.
        unsafe { zend::set_long(self.0, value) };
        Ok(())
    }

    #[inline(always)]
    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        // SAFETY: a `Place` is to be overwritten.
        unsafe { set_unsigned(self.0, value) };
        Ok(())
    }

    #[inline(always)]
    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        // SAFETY: a `Place` is to be overwritten.
        unsafe { zend::set_double(self.0, value) };
        Ok(())
    }

    #[inline(always)]
    fn visit_borrowed_bytes<E>(self, value: &'de [u8]) -> Result<(), E> {
        // SAFETY: a `Place` is to be overwritten.
        unsafe { zend::set_string(self.0, Str::new(value)) };
        Ok(())
    }
}

/// An unsigned int, which is a float where PHP has no such int.
///
/// # Safety
/// As for [`zend::set_undef`].
pub unsafe fn set_unsigned(at: *mut Zval, value: u64) {
    // SAFETY: the caller gives a zval to overwrite.
    unsafe {
        match i64::try_from(value) {
            Ok(value) => zend::set_long(at, value),
            Err(_) => zend::set_double(at, value as f64),
        }
    }
}
