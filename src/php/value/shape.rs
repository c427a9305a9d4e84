//! The kind of an encoded value, by its first bytes.

use super::wire;

/// Whether the value that starts with these bytes (16, or all) is an array, and, if it is a list, how many elements it
/// has. `None`, too, for some arrays.
pub fn array_at(start: &[u8]) -> Option<Option<u32>> {
    let (count, rest) = match *start {
        [first @ 0x90..=0x9f, ref rest @ ..] => (u32::from(first & 0xf), rest),
        [0xdc, a, b, ref rest @ ..] => (u32::from(u16::from_be_bytes([a, b])), rest),
        [0xdd, a, b, c, d, ref rest @ ..] => (u32::from_be_bytes([a, b, c, d]), rest),
        [0x80..=0x8f | 0xde..=0xdf, ..] => return Some(None),
        _ => return None,
    };
    // An object is an array of two, the first of which is an ext.
    let is_ext = matches!(rest, [0xc7..=0xc9 | 0xd4..=0xd8, ..]);
    if count == 2 && is_ext { array_behind(start) } else { Some(Some(count)) }
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
}

/// As [`array_at`], for a value that strings stand before.
fn array_behind(start: &[u8]) -> Option<Option<u32>> {
    const AMONG: u8 = wire::AMONG as u8;
    let end = match *start {
        [0x92, 0xd6..=0xd8, AMONG, a, b, c, d, ..]
        | [0x92, 0xc7, _, AMONG, a, b, c, d, ..]
        | [0x92, 0xc8, _, _, AMONG, a, b, c, d, ..]
        | [0x92, 0xc9, _, _, _, _, AMONG, a, b, c, d, ..] => End(u32::from_be_bytes([a, b, c, d])),
        _ => return None,
    };
    match end {
        End::OF_NO_ARRAY => None,
        End::OF_A_MAP => Some(None),
        End(count) => Some(Some(count)),
    }
}

/// Whether these bytes start with `[ext 6`.
#[inline]
pub fn is_among(bytes: &[u8]) -> bool {
    const AMONG: u8 = wire::AMONG as u8;
    bytes.first() == Some(&0x92)
        && matches!(
            bytes[1..],
            [0xd4..=0xd8, AMONG, ..] | [0xc7, _, AMONG, ..] | [0xc8, _, _, AMONG, ..] | [0xc9, _, _, _, _, AMONG, ..]
        )
}
