//! MessagePack as PHP means it, through serde.
//!
//! [`Writer`] and [`Reader`] stand in for the `Serializer` and the `Deserializer` of `rmp-serde`, and keep its contract:
//! `serialize_str` makes a str, `serialize_bytes` a bin, and a newtype struct of the name
//! [`rmp_serde::MSGPACK_EXT_STRUCT_NAME`] an ext. The same bytes come out of either, and the same values. They are here
//! because they are faster where PHP's time goes, at the elements of arrays: `benches/gain.rs` says by how much, and fails
//! where that is too little to keep them. All else is `rmp-serde`'s business, and what bytes mean is `rmp`'s.

mod ext;
mod item;
mod output;
mod packed;
mod reader;
mod text;
mod writer;

pub use ext::Ext;
pub use item::Item;
pub use output::{Output, SHORT};
pub use packed::Packed;
pub use reader::{Error as ReadError, Reader, read_whole};
pub use text::{Bytes, Text, write_head};
pub use writer::{Error as WriteError, Writer};

/// Lengths and counts have at most 32 bits.
pub const MAX_LENGTH: usize = u32::MAX as usize;
