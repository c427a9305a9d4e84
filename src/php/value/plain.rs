//! Values without objects told from others, by their bytes.

use super::item::{Item, item};

/// Whether there is neither an object nor a reference in the values that `bytes` consist of: then decoding them
/// runs no user code. False, too, where they are no values.
///
/// Not recursive: depth is no matter.
pub fn is_plain(bytes: &[u8]) -> bool {
    let (mut announced, mut rest): (usize, _) = (0, bytes);
    while announced > 0 || !rest.is_empty() {
        let Some((item, behind)) = item(rest) else { return false };
        let elements = match item {
            Item::Array(elements) => elements,
            Item::Map(entries) => entries.saturating_mul(2),
            Item::Ext(..) => return false,
            _ => 0,
        };
        (announced, rest) = (announced.saturating_sub(1).saturating_add(elements), behind);
    }
    true
}

/// Splits off the int or the string that `bytes` start with: its bytes, and what follows. `None` where they
/// start with anything else.
pub fn split_key(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match item(bytes)? {
        (Item::Int(_) | Item::Text(_), rest) => Some(bytes.split_at(bytes.len() - rest.len())),
        _ => None,
    }
}
