//! Bytes that are kept in place as long as they are few.

use smallvec::SmallVec;

/// Bytes of a key or value: short ones, which most are, take no memory of their own.
pub type Short = SmallVec<[u8; SHORT]>;
/// So many are short.
pub const SHORT: usize = 24;

/// These bytes, one behind the other. `None`: there is no memory for them.
pub fn short(head: &[u8], body: &[u8]) -> Option<Short> {
    let length = head.len() + body.len();
    let mut bytes = Short::new();
    if length <= SHORT {
        set(&mut bytes, head, body);
        return Some(bytes);
    }
    bytes.try_reserve_exact(length).ok()?;
    bytes.extend_from_slice(head);
    bytes.extend_from_slice(body);
    Some(bytes)
}

/// Puts bytes that are few, one behind the other, in the place of others.
///
/// # Panics
/// They are too many to be kept in place.
#[inline(always)]
pub fn set(bytes: &mut Short, head: &[u8], body: &[u8]) {
    assert!(head.len() <= SHORT && body.len() <= SHORT - head.len());
    if bytes.spilled() {
        *bytes = Short::new();
    }
    let to = bytes.as_mut_ptr();
    // SAFETY: both are shorter than the limit, as they have room in place, one behind the other: that was looked at above. So many
    // bytes are written then.
    unsafe {
        sync_short::copy(body, to.add(head.len()));
        sync_short::copy(head, to);
        bytes.set_len(head.len() + body.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_bytes_come_in_the_place_of_many_and_of_others() {
        let mut bytes = short(&[1; 20], &[2; 5]).unwrap();
        assert!(bytes.spilled());
        for (head, body) in [(24, 0), (0, 24), (10, 14), (0, 0), (1, 1)] {
            set(&mut bytes, &vec![3; head], &vec![4; body]);
            assert!(!bytes.spilled());
            assert_eq!(bytes[..], [vec![3; head], vec![4; body]].concat());
        }
    }
}
