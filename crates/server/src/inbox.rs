//! The bytes that have arrived, and the messages in them.

use super::extent::{Extent, Malformed, Search};
use super::message::Message;

/// The room for arriving bytes, at least.
const LEAST_ROOM: usize = 16 * 1024;
/// The room that is made at once for a long message, at most: a length may be said that never comes.
const MOST_ROOM: usize = 1024 * 1024;

/// The bytes that have arrived and were not taken out as messages.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    /// The first byte that is not taken out.
    start: usize,
    search: Search,
    /// The number of bytes that the first message misses, at least.
    missing: usize,
}

impl Inbox {
    /// Takes the next message out; `None` where it has not arrived whole.
    pub fn take(&mut self) -> Result<Option<Message>, Malformed> {
        let rest = &self.bytes[self.start..];
        if rest.is_empty() {
            self.missing = 0;
            return Ok(None);
        }
        match self.search.go_on(rest)? {
            Extent::Missing(count) => {
                self.missing = count;
                Ok(None)
            }
            Extent::Whole(length) => {
                let message = Message::read(&rest[..length])?;
                self.start += length;
                Ok(Some(message))
            }
        }
    }

    /// The place for bytes that arrive: a caller appends them. There is room for as many as should be read at once.
    pub fn room(&mut self) -> &mut Vec<u8> {
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(MOST_ROOM);
            self.start = 0;
        } else if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.reserve(self.missing.clamp(LEAST_ROOM, MOST_ROOM));
        &mut self.bytes
    }
}

/// Help for the tests of the stream.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use proptest::test_runner::TestCaseError;

    /// All messages of a stream that arrives in these pieces, each taken out as early as it can be.
    pub fn messages(pieces: &[&[u8]]) -> Result<Vec<Message>, TestCaseError> {
        let mut inbox = Inbox::default();
        let mut messages = Vec::new();
        for piece in pieces {
            inbox.room().extend_from_slice(piece);
            while let Some(message) = inbox.take().map_err(|error| TestCaseError::fail(error.reason()))? {
                messages.push(message);
            }
        }
        Ok(messages)
    }
}
