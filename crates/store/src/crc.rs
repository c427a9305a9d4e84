//! The CRC-32C of records.
//!
//! Castagnoli's polynomial, because processors have an instruction for it. The library `crc32c` uses
//! that, too, and is made for long buffers: it divides them into three to keep three instructions
//! in flight. A record of forty bytes is on every write's path, and there the dividing costs three
//! times what the instructions do; so short records, where there is such an instruction, go
//! straight to it.

/// Longer ones are the library's business, and so are all where there is no such instruction.
#[cfg(any(test, target_arch = "x86_64", target_arch = "aarch64"))]
const SHORT: usize = 256;

/// The CRC of `bytes` behind those that gave `crc`.
#[inline]
pub fn append(crc: u32, bytes: &[u8]) -> u32 {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if bytes.len() <= SHORT && hardware::is_there() {
        // SAFETY: `is_there` has just said that the processor has the instruction.
        return unsafe { short(crc, bytes) };
    }
    crc32c::crc32c_append(crc, bytes)
}

/// # Safety
/// [`hardware::is_there`].
#[inline]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "sse4.2"))]
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "crc"))]
unsafe fn short(crc: u32, bytes: &[u8]) -> u32 {
    let mut crc = !crc;
    // The sealed part of a record starts in the middle of a word, and ends with one. These words have just
    // been written: read as such they come from the store buffer, while two halves would be waited for.
    let (half, bytes) = bytes.split_at(bytes.len() & 4);
    if let Ok(half) = half.try_into() {
        crc = hardware::half(crc, u32::from_le_bytes(half));
    }
    let (words, rest) = bytes.as_chunks();
    for word in words {
        crc = hardware::word(crc, u64::from_le_bytes(*word));
    }
    for byte in rest {
        crc = hardware::byte(crc, *byte);
    }
    !crc
}

#[cfg(target_arch = "x86_64")]
mod hardware {
    use std::arch::x86_64::{_mm_crc32_u8, _mm_crc32_u32, _mm_crc32_u64};

    #[inline(always)]
    pub fn is_there() -> bool {
        std::arch::is_x86_feature_detected!("sse4.2")
    }

    /// The checksum with eight bytes more.
    ///
    /// # Safety
    /// For callers without the feature: the processor has it ([`is_there`]).
    #[inline]
    #[target_feature(enable = "sse4.2")]
    pub fn word(crc: u32, word: u64) -> u32 {
        _mm_crc32_u64(u64::from(crc), word) as u32
    }

    /// The checksum with four bytes more.
    ///
    /// # Safety
    /// For callers without the feature: the processor has it ([`is_there`]).
    #[inline]
    #[target_feature(enable = "sse4.2")]
    pub fn half(crc: u32, half: u32) -> u32 {
        _mm_crc32_u32(crc, half)
    }

    /// The checksum with one byte more.
    ///
    /// # Safety
    /// For callers without the feature: the processor has it ([`is_there`]).
    #[inline]
    #[target_feature(enable = "sse4.2")]
    pub fn byte(crc: u32, byte: u8) -> u32 {
        _mm_crc32_u8(crc, byte)
    }
}

#[cfg(target_arch = "aarch64")]
mod hardware {
    use std::arch::aarch64::{__crc32cb, __crc32cd, __crc32cw};

    #[inline(always)]
    pub fn is_there() -> bool {
        std::arch::is_aarch64_feature_detected!("crc")
    }

    /// The checksum with eight bytes more.
    ///
    /// # Safety
    /// For callers without the feature: the processor has it ([`is_there`]).
    #[inline]
    #[target_feature(enable = "crc")]
    pub fn word(crc: u32, word: u64) -> u32 {
        __crc32cd(crc, word)
    }

    /// The checksum with four bytes more.
    ///
    /// # Safety
    /// For callers without the feature: the processor has it ([`is_there`]).
    #[inline]
    #[target_feature(enable = "crc")]
    pub fn half(crc: u32, half: u32) -> u32 {
        __crc32cw(crc, half)
    }

    /// The checksum with one byte more.
    ///
    /// # Safety
    /// For callers without the feature: the processor has it ([`is_there`]).
    #[inline]
    #[target_feature(enable = "crc")]
    pub fn byte(crc: u32, byte: u8) -> u32 {
        __crc32cb(crc, byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_librarys_crc_whatever_the_length_and_what_came_before() {
        let bytes: Vec<u8> = (0..2 * SHORT).map(|n| (n * n % 251) as u8).collect();
        for start in 0..9 {
            for end in start..bytes.len() {
                for crc in [0, 1, 0x9e37_79b9, u32::MAX] {
                    let part = &bytes[start..end];
                    assert_eq!(append(crc, part), crc32c::crc32c_append(crc, part), "{start}..{end}");
                }
            }
        }
    }

    #[test]
    fn it_is_the_crc_of_the_standard() {
        assert_eq!(append(0, b"123456789"), 0xe306_9283);
    }
}
