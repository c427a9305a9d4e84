//! Strings: PHP does not tell text from other bytes, MessagePack does.

use serde::ser::{Serialize, Serializer};
use sync_short as short;

use crate::output::Output;

/// A string of PHP: a str if it is UTF-8, else a bin.
pub struct Text<'a>(pub &'a [u8]);

impl Serialize for Text<'_> {
    #[inline(always)]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.len() < short::LIMIT && short::is_ascii(self.0) {
            // SAFETY: ASCII is UTF-8.
            return serializer.serialize_str(unsafe { std::str::from_utf8_unchecked(self.0) });
        }
        serialize_any(self.0, serializer)
    }
}

/// Apart from the rest: most strings are short and ASCII.
#[inline(never)]
fn serialize_any<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => serializer.serialize_str(text),
        Err(_) => serializer.serialize_bytes(bytes),
    }
}

/// A string that is always a bin.
pub struct Bytes<'a>(pub &'a [u8]);

impl Serialize for Bytes<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Appends the head of a [`Text`]'s MessagePack, without the bytes themselves.
pub fn write_head(text: &Text, out: &mut impl Output) {
    let length = text.0.len() as u32;
    // An output takes all bytes, or says later that it has not.
    let _ = match simdutf8::basic::from_utf8(text.0) {
        Ok(_) => rmp::encode::write_str_len(out, length),
        Err(_) => rmp::encode::write_bin_len(out, length),
    };
}
