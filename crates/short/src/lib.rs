//! Copying and comparing short strings, which are most of what PHP stores: a call of `memcpy` or
//! `memcmp` costs more than they do.

/// [`copy`] takes strings shorter than this.
pub const LIMIT: usize = 32;

/// `a == b`, for what is likely to be equal and short.
#[inline]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    let len = a.len();
    if len != b.len() {
        return false;
    }
    // As in `copy`, words that overlap in the middle.
    let (a, b) = (a.as_ptr(), b.as_ptr());
    // SAFETY: no word reaches beyond `len`, which is the length of both.
    unsafe {
        match len {
            8..=16 => differ(a, b) | differ(a.add(len - 8), b.add(len - 8)) == 0,
            4..8 => {
                let last = len - 4;
                let half = |at: *const u8| at.cast::<u32>().read_unaligned();
                (half(a) ^ half(b)) | (half(a.add(last)) ^ half(b.add(last))) == 0
            }
            ..4 => (0..len).all(|i| *a.add(i) == *b.add(i)),
            17..=24 => {
                let last = len - 8;
                differ(a, b) | differ(a.add(8), b.add(8)) | differ(a.add(last), b.add(last)) == 0
            }
            _ => std::slice::from_raw_parts(a, len) == std::slice::from_raw_parts(b, len),
        }
    }
}

/// The bits in which two words differ.
///
/// # Safety
/// There are 8 bytes at both.
#[inline(always)]
unsafe fn differ(a: *const u8, b: *const u8) -> u64 {
    // SAFETY: the caller has 8 bytes at both.
    unsafe { a.cast::<u64>().read_unaligned() ^ b.cast::<u64>().read_unaligned() }
}

/// Copies `from` to `to`. Words that overlap in the middle cover any length between theirs and twice theirs.
///
/// # Safety
/// There is room for `from` at `to`, which is elsewhere.
#[inline(always)]
pub unsafe fn copy(from: &[u8], to: *mut u8) {
    let len = from.len();
    debug_assert!(len < LIMIT);
    let from = from.as_ptr();
    // SAFETY: no word reaches beyond `len`.
    unsafe {
        match len {
            16.. => {
                let last = len - 16;
                word::<u64>(from, to);
                word::<u64>(from.add(8), to.add(8));
                word::<u64>(from.add(last), to.add(last));
                word::<u64>(from.add(last + 8), to.add(last + 8));
            }
            8.. => {
                word::<u64>(from, to);
                word::<u64>(from.add(len - 8), to.add(len - 8));
            }
            4.. => {
                word::<u32>(from, to);
                word::<u32>(from.add(len - 4), to.add(len - 4));
            }
            2.. => {
                word::<u16>(from, to);
                word::<u16>(from.add(len - 2), to.add(len - 2));
            }
            1 => word::<u8>(from, to),
            0 => {}
        }
    }
}

/// Copies one word.
///
/// # Safety
/// Both sides have room for it.
#[inline(always)]
unsafe fn word<T: Copy>(from: *const u8, to: *mut u8) {
    // SAFETY: the caller has room for a word on both sides; nothing is asked of the alignment.
    unsafe { to.cast::<T>().write_unaligned(from.cast::<T>().read_unaligned()) }
}

/// Whether the bytes are ASCII, and fewer than [`LIMIT`].
#[inline(always)]
pub fn is_ascii(bytes: &[u8]) -> bool {
    const NOT_ASCII: u64 = 0x8080_8080_8080_8080;
    let len = bytes.len();
    let at = bytes.as_ptr();
    // SAFETY: as in `copy`, no word reaches beyond `len`.
    let seen = unsafe {
        match len {
            LIMIT.. => return false,
            16.. => {
                let last = len - 16;
                load::<u64>(at) | load::<u64>(at.add(8)) | load::<u64>(at.add(last)) | load::<u64>(at.add(last + 8))
            }
            8.. => load::<u64>(at) | load::<u64>(at.add(len - 8)),
            4.. => load::<u32>(at) | load::<u32>(at.add(len - 4)),
            2.. => load::<u16>(at) | load::<u16>(at.add(len - 2)),
            1 => load::<u8>(at),
            0 => 0,
        }
    };
    seen & NOT_ASCII == 0
}

/// A word.
///
/// # Safety
/// There is one at `at`.
#[inline(always)]
unsafe fn load<T: Into<u64>>(at: *const u8) -> u64 {
    // SAFETY: the caller has a word there; nothing is asked of the alignment.
    unsafe { at.cast::<T>().read_unaligned() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_the_string_and_any_byte_beyond_ascii_is_seen() {
        for len in 0..LIMIT {
            for odd in 0..=len {
                let mut bytes = vec![b'a'; len];
                bytes.iter_mut().skip(odd).take(1).for_each(|byte| *byte = 0x80);
                let mut copied = [0; LIMIT];
                // SAFETY: there is room for any that is shorter than the limit.
                unsafe { copy(&bytes, copied.as_mut_ptr()) };
                assert_eq!((&copied[..len], is_ascii(&bytes)), (&bytes[..], odd == len));
            }
        }
    }
}
