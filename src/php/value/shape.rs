//! The kind of an encoded value, by its first bytes.

use rmp::Marker;
use rmp::decode::{read_array_len, read_bin_len, read_ext_meta, read_str_len};

use super::wire;

/// Whether the value that starts with these bytes (16, or all) is an array, and, if it is a list, how many elements it
/// has. `None`, too, for some arrays.
pub fn array_at(start: &[u8]) -> Option<Option<u32>> {
    if matches!(Marker::from_u8(*start.first()?), Marker::FixMap(_) | Marker::Map16 | Marker::Map32) {
        return Some(None);
    }
    let mut rest = start;
    let count = read_array_len(&mut rest).ok()?;
    if count == 2
        && let Ok(ext) = read_ext_meta(&mut rest)
    {
        // An object, or a value that strings stand before.
        return if ext.typeid == wire::AMONG { End::parse(rest)?.array() } else { None };
    }
    Some(Some(count))
}

/// The kind of the value, for an append that has not read it: the length of a list, or one of the others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct End(u32);

impl End {
    const OF_A_MAP: Self = Self(u32::MAX);
    const OF_NO_ARRAY: Self = Self(u32::MAX - 1);

    /// Of the value that starts with these bytes.
    pub fn of(start: &[u8]) -> Self {
        match array_at(start) {
            Some(Some(count)) if count < Self::OF_NO_ARRAY.0 => Self(count),
            Some(_) => Self::OF_A_MAP,
            None => Self::OF_NO_ARRAY,
        }
    }

    /// As it stands in the bytes of a value.
    pub fn bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }

    /// As it stands there.
    fn parse(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|&bytes| Self(u32::from_be_bytes(bytes)))
    }

    /// As [`array_at`].
    fn array(self) -> Option<Option<u32>> {
        match self {
            Self::OF_NO_ARRAY => None,
            Self::OF_A_MAP => Some(None),
            Self(count) => Some(Some(count)),
        }
    }
}

/// Whether these bytes start with `[ext 6`.
#[inline]
pub fn is_among(bytes: &[u8]) -> bool {
    const PAIR: u8 = Marker::FixArray(2).to_u8();
    bytes.split_first().is_some_and(|(&first, mut rest)| {
        first == PAIR && read_ext_meta(&mut rest).is_ok_and(|ext| ext.typeid == wire::AMONG)
    })
}

/// If `start` are the first bytes of an encoded value of `length` bytes that is one long string:
/// how long its head is. The string's bytes are the rest.
pub fn long_head(start: &[u8], length: u64) -> Option<usize> {
    let mut rest = start;
    let bytes = match Marker::from_u8(*start.first()?) {
        Marker::Str16 | Marker::Str32 => read_str_len(&mut rest),
        Marker::Bin16 | Marker::Bin32 => read_bin_len(&mut rest),
        _ => return None,
    };
    let (head, bytes) = (start.len() - rest.len(), u64::from(bytes.ok()?));
    (head as u64 + bytes == length).then_some(head)
}

/// True if these bytes begin a value that is neither null nor short: an array, a map, an object or another ext, or a
/// string of more than 255 bytes.
pub fn is_more_than_short(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|&first| {
        matches!(
            Marker::from_u8(first),
            Marker::FixMap(_)
                | Marker::Map16
                | Marker::Map32
                | Marker::FixArray(_)
                | Marker::Array16
                | Marker::Array32
                | Marker::Str16
                | Marker::Str32
                | Marker::Bin16
                | Marker::Bin32
                | Marker::FixExt1
                | Marker::FixExt2
                | Marker::FixExt4
                | Marker::FixExt8
                | Marker::FixExt16
                | Marker::Ext8
                | Marker::Ext16
                | Marker::Ext32
        )
    })
}
