//! The keys that an operation on several is about.

use super::Expiry;

/// The keys that a [`Snapshot`](super::Snapshot) is of.
#[derive(Debug, Clone, Copy)]
pub enum Selection<'a> {
    /// All.
    All,
    /// Those of these that are there, in any order. They differ from each other.
    Keys(&'a [&'a [u8]]),
    /// The first ones that begin with certain bytes.
    Page {
        prefix: &'a [u8],
        /// Only those behind this place in insertion order: [`Facts::place`].
        after: Option<u64>,
        /// At most so many.
        limit: u64,
    },
}

/// A store's content at a moment, without the content itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// The opening of the store.
    pub opening: u64,
    /// A number that each change moves on.
    pub number: u64,
    /// When the first of the values expires.
    pub until: Option<Expiry>,
}

/// The facts about a value that are known without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The place of its key in insertion order, which stays the same as long as the key is there: a number that grows.
    pub place: u64,
    /// The number of its bytes.
    pub bytes: u64,
    /// The number of pieces in which it is stored.
    pub pieces: u64,
    /// Whether it was written as a whole: nothing was appended to it since, nor taken off.
    pub whole: bool,
    /// When it expires; `None`: never.
    pub expiry: Option<Expiry>,
}
