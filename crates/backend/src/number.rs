//! Names that are numbers.

/// The number that a name is: `7` and `-7` are numbers, `07`, `-0` and `+7` are not.
#[inline(always)]
pub fn number_of(name: &[u8]) -> Option<i64> {
    // (Most names begin with a letter.)
    if matches!(name.first(), Some(b'0'..=b'9' | b'-')) { parse(name) } else { None }
}

/// The number that a name is which may be one.
#[inline(never)]
fn parse(name: &[u8]) -> Option<i64> {
    match name {
        [b'0'] => Some(0),
        [b'1'..=b'9', ..] | [b'-', b'1'..=b'9', ..] if name.len() <= 20 => std::str::from_utf8(name).ok()?.parse().ok(),
        _ => None,
    }
}
