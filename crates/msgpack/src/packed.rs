//! Scalars, and the heads of arrays and maps.

use rmp::Marker;

use crate::output::Output;

/// The MessagePack of a scalar, or the head of an array's or a map's, made in registers: a copy of bytes that were just
/// written one by one waits for them. At most nine bytes count.
#[derive(Clone, Copy)]
pub struct Packed {
    bytes: [u8; 16],
    length: u8,
}

impl Packed {
    /// A byte that says all.
    #[inline(always)]
    fn byte(byte: u8) -> Self {
        Self { bytes: u128::from(byte).to_le_bytes(), length: 1 }
    }

    /// A marker, and the last `width` bytes of `value` behind it.
    #[inline(always)]
    fn number(marker: u8, width: u8, value: u64) -> Self {
        // The marker is the lowest byte here, and the number's bytes come highest first.
        let number = (value << (64 - 8 * u32::from(width))).swap_bytes();
        let bytes = (u128::from(number) << 8 | u128::from(marker)).to_le_bytes();
        Self { bytes, length: 1 + width }
    }

    #[inline(always)]
    pub fn nil() -> Self {
        Self::byte(const { Marker::Null.to_u8() })
    }

    #[inline(always)]
    pub fn bool(value: bool) -> Self {
        Self::byte(if value { const { Marker::True.to_u8() } } else { const { Marker::False.to_u8() } })
    }

    /// An int in its shortest form.
    #[inline(always)]
    pub fn int(value: i64) -> Self {
        let bits = value as u64;
        match value {
            -32..=0x7f => Self::byte(value as u8),
            0x80..=0xff => Self::number(const { Marker::U8.to_u8() }, 1, bits),
            0x100..=0xffff => Self::number(const { Marker::U16.to_u8() }, 2, bits),
            0x1_0000..=0xffff_ffff => Self::number(const { Marker::U32.to_u8() }, 4, bits),
            0x1_0000_0000.. => Self::number(const { Marker::U64.to_u8() }, 8, bits),
            -0x80..=-33 => Self::number(const { Marker::I8.to_u8() }, 1, bits),
            -0x8000..=-0x81 => Self::number(const { Marker::I16.to_u8() }, 2, bits),
            -0x8000_0000..=-0x8001 => Self::number(const { Marker::I32.to_u8() }, 4, bits),
            ..=-0x8000_0001 => Self::number(const { Marker::I64.to_u8() }, 8, bits),
        }
    }

    /// A float 64.
    #[inline(always)]
    pub fn float(value: f64) -> Self {
        Self::number(const { Marker::F64.to_u8() }, 8, value.to_bits())
    }

    /// The head of an array of so many elements.
    #[inline(always)]
    pub fn array(len: u32) -> Self {
        match len {
            0..=0xf => Self::byte(const { Marker::FixArray(0).to_u8() } | len as u8),
            0x10..=0xffff => Self::number(const { Marker::Array16.to_u8() }, 2, len.into()),
            0x1_0000.. => Self::number(const { Marker::Array32.to_u8() }, 4, len.into()),
        }
    }

    /// The head of a map of so many entries.
    #[inline(always)]
    pub fn map(len: u32) -> Self {
        match len {
            0..=0xf => Self::byte(const { Marker::FixMap(0).to_u8() } | len as u8),
            0x10..=0xffff => Self::number(const { Marker::Map16.to_u8() }, 2, len.into()),
            0x1_0000.. => Self::number(const { Marker::Map32.to_u8() }, 4, len.into()),
        }
    }

    /// The MessagePack.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Appends it.
    #[inline(always)]
    pub fn write(self, out: &mut impl Output) {
        out.reserve(self.bytes.len());
        // SAFETY: there is room for all of the bytes, so also for those that count: they are short.
        unsafe {
            out.end().cast::<[u8; 16]>().write_unaligned(self.bytes);
            out.advance(usize::from(self.length));
        }
    }
}
