//! MessagePack's markers, as they stand in the file.

use rmp::Marker;

/// An ext with a 32-bit length.
pub const EXT32: u8 = Marker::Ext32.to_u8();
/// An ext of eight bytes.
pub const FIXEXT8: u8 = Marker::FixExt8.to_u8();
/// A str of up to 31 bytes, but for its length.
pub const FIXSTR: u8 = Marker::FixStr(0).to_u8();
pub const LAST_FIXSTR: u8 = Marker::FixStr(31).to_u8();
pub const STR8: u8 = Marker::Str8.to_u8();
pub const STR16: u8 = Marker::Str16.to_u8();
pub const STR32: u8 = Marker::Str32.to_u8();
pub const BIN8: u8 = Marker::Bin8.to_u8();
pub const BIN16: u8 = Marker::Bin16.to_u8();
pub const BIN32: u8 = Marker::Bin32.to_u8();
pub const U32: u8 = Marker::U32.to_u8();
pub const U64: u8 = Marker::U64.to_u8();
pub const I64: u8 = Marker::I64.to_u8();
