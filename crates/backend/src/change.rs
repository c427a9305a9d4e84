//! The parts of a change to several keys.

use super::Expiry;

/// A change to one key, of several that happen at once ([`Backend::commit`](super::Backend::commit)). `V` is the store's
/// [`Version`](super::Backend::Version).
#[derive(Debug, Clone, Copy)]
pub enum Change<'a, V> {
    /// Nothing of what is there remains. It is the first change, and all others are puts.
    Clear,
    /// The key has this value, in two pieces: a long string need not be copied behind its head first.
    Put {
        key: &'a [u8],
        head: &'a [u8],
        body: &'a [u8],
        /// A note for the next append ([`Backend::peek`](super::Backend::peek)), of a value that goes on behind its start.
        note: Option<i64>,
        /// When it expires; `None`: never.
        expiry: Option<Expiry>,
        /// Whether the key goes to the end of the order, as one does that was removed and stored again.
        anew: bool,
    },
    /// The key's value continues with these bytes, as by [`Backend::append`](super::Backend::append), if the version stands for
    /// it; the store rewrites it where that is due.
    Append { key: &'a [u8], bytes: &'a [u8], note: i64, version: V },
    /// The key is gone, if it was there.
    Remove { key: &'a [u8] },
}

impl<'a, V> Change<'a, V> {
    /// The key that it is about; none, if it is about all.
    #[inline]
    pub fn key(&self) -> &'a [u8] {
        match self {
            Self::Clear => &[],
            Self::Put { key, .. } | Self::Append { key, .. } | Self::Remove { key } => key,
        }
    }

    /// The number of bytes of the key and of what is stored with it.
    #[inline]
    pub fn length(&self) -> u64 {
        let stored = match self {
            Self::Put { head, body, .. } => head.len() + body.len(),
            Self::Append { bytes, .. } => bytes.len(),
            Self::Clear | Self::Remove { .. } => 0,
        };
        (self.key().len() + stored) as u64
    }
}
