//! The numbers of openings: one tells which kind of store it is of, and whether an overlay lies over that.
//!
//! An opening is counted from 1 up, in the low bits; a store adds its [`OPENINGS`](crate::Backend::OPENINGS), and an
//! [`Overlay`](crate::Overlay) adds [`OVERLAY`] to those of the store below.

/// The bit of all openings of stores on servers. Files have none.
pub const SERVER: u64 = 1 << 62;
/// The bit of all openings of overlays, which no store has.
pub const OVERLAY: u64 = 1 << 63;
/// The bits in which openings are counted.
pub const COUNTED: u64 = SERVER - 1;
