//! Bytes that are kept in place as long as they are few.

use smallvec::SmallVec;

/// Bytes of a key or value: short ones, which most are, take no memory of their own.
pub type Short = SmallVec<[u8; SHORT]>;
const SHORT: usize = 24;

/// These bytes, one behind the other. `None`: there is no memory for them.
#[inline(always)]
pub fn short(head: &[u8], body: &[u8]) -> Option<Short> {
    let length = head.len() + body.len();
    if length <= SHORT {
        let mut bytes = [0; SHORT];
        let rest = &mut bytes[head.len()..];
        // SAFETY: both are shorter than the limit, as they have room here, one behind the other: that was looked at above.
        unsafe {
            sync_short::copy(body, rest.as_mut_ptr());
            sync_short::copy(head, bytes.as_mut_ptr());
        }
        return Some(Short::from_buf_and_len(bytes, length));
    }
    let mut bytes = Short::new();
    bytes.try_reserve_exact(length).ok()?;
    bytes.extend_from_slice(head);
    bytes.extend_from_slice(body);
    Some(bytes)
}
