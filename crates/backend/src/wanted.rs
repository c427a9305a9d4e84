//! Waiting for a change: what is waited for, and since when.

/// Something that a caller waits for a change of, with the store's notes on the wait: plain data, of which to drop it does no harm.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'k, W> {
    /// A key; `None`: anything in the store.
    pub key: Option<&'k [u8]>,
    /// The notes, the default at first.
    pub watch: W,
}

impl<'k, W: Default> Wanted<'k, W> {
    /// A key.
    pub fn key(key: &'k [u8]) -> Self {
        Self { key: Some(key), watch: W::default() }
    }

    /// Anything in the store.
    pub fn anything() -> Self {
        Self { key: None, watch: W::default() }
    }
}

/// The moment since which a change counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// When the handle saw it last: when it read or wrote a key, or was told of a change of it; when it looked at everything, or was told
    /// of a change of anything. What a handle has never seen counts from now on. Own changes are seen.
    Seen,
    /// Now.
    Now,
    /// When the store's [`state`](super::Backend::state) was this.
    State(u64),
}
