//! The bytes that have arrived, and the messages in them.

use super::extent::{Extent, Malformed, Search};
use super::failure::Cause;
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
    /// The first message, where there is no memory for it: it is passed over as it arrives.
    passed: Option<Passed>,
    /// The memory that there is for it in a test.
    #[cfg(test)]
    memory: Option<usize>,
}

/// A message that is passed over.
#[derive(Debug)]
struct Passed {
    is_push: bool,
    /// The number of its bytes, as far as they are known.
    bytes: usize,
    /// The number of bytes that are still to come of the string that it is in the middle of.
    left: usize,
    /// Whether the message ends with that string.
    is_last: bool,
}

/// Whether there is memory for an answer with a string of so many bytes, as it arrives and copied out. For those who lose something where they cannot read
/// it. (Other threads may take it meanwhile.)
pub(crate) fn has_memory_for(bytes: u64) -> bool {
    // (The bytes that have arrived are kept in up to twice the room.)
    let room = usize::try_from(bytes).ok().and_then(|bytes| bytes.checked_mul(3)?.checked_add(4 * LEAST_ROOM));
    room.is_some_and(|room| Vec::<u8>::new().try_reserve_exact(room).is_ok())
}

impl Inbox {
    /// Takes the next message out; `None` where it has not arrived whole.
    pub fn take(&mut self) -> Result<Option<Message>, Malformed> {
        if let Some(passed) = self.passed.take() {
            return self.pass_over(passed);
        }
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
                if length > MOST_ROOM {
                    self.tidy();
                }
                Ok(Some(message))
            }
        }
    }

    /// Lets go of what has arrived of a message. Gives another one in its place, once it has come to an end.
    fn pass_over(&mut self, mut passed: Passed) -> Result<Option<Message>, Malformed> {
        loop {
            let arrived = passed.left.min(self.bytes.len() - self.start);
            self.start += arrived;
            passed.left -= arrived;
            if passed.left > 0 {
                break;
            }
            if passed.is_last {
                return Ok(Some(Message::without_memory(passed.is_push, passed.bytes)));
            }
            match self.search.go_on(&self.bytes[self.start..])? {
                Extent::Whole(length) => {
                    self.start += length;
                    passed.bytes += length;
                    passed.is_last = true;
                }
                Extent::Missing(count) => {
                    let before = self.search.forget();
                    self.start += before;
                    passed.bytes += before;
                    self.missing = count;
                    if count <= LEAST_ROOM {
                        break;
                    }
                    // (So much is missing of strings alone.)
                    passed.left = self.bytes.len() - self.start + count;
                    passed.bytes += passed.left;
                    passed.is_last = self.search.pass();
                }
            }
        }
        self.passed = Some(passed);
        Ok(None)
    }

    /// The place for bytes that arrive: a caller appends them. There is room for as many as should be read at once. A message for which there
    /// is no memory is passed over: the connection stays, and what comes behind it.
    pub fn room(&mut self) -> Result<&mut Vec<u8>, Cause> {
        self.tidy();
        let most = MOST_ROOM.max(self.bytes.len());
        let more = if self.passed.is_some() { LEAST_ROOM } else { self.missing.clamp(LEAST_ROOM, most) };
        if !self.reserve(more) {
            if self.passed.is_none()
                && let Some(first) = self.bytes.get(self.start)
            {
                let passed = Passed { is_push: *first == b'>', bytes: 0, left: 0, is_last: false };
                let message = self.pass_over(passed).map_err(Cause::Malformed)?;
                debug_assert!(message.is_none(), "a message that misses something has no end");
                self.tidy();
            }
            if !self.reserve(LEAST_ROOM) {
                return Err(Cause::NoMemory(more as u64));
            }
        }
        Ok(&mut self.bytes)
    }

    /// Gives back the memory of what was taken out.
    fn tidy(&mut self) {
        if self.start > self.bytes.len() / 2 || self.start == self.bytes.len() {
            self.bytes.drain(..self.start);
            self.bytes.shrink_to(MOST_ROOM);
            self.start = 0;
        }
    }

    /// Makes room for so many more bytes, and for others behind them as far as there is memory. False: there is none.
    fn reserve(&mut self, more: usize) -> bool {
        #[cfg(test)]
        if self.memory.is_some_and(|memory| self.bytes.len() + more > memory) {
            return false;
        }
        self.bytes.try_reserve(more).or_else(|_| self.bytes.try_reserve_exact(more)).is_ok()
    }
}

/// Help for the tests of the stream.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use proptest::test_runner::TestCaseError;

    /// All messages of a stream that arrives in these pieces, each taken out as early as it can be.
    pub fn messages<'s>(pieces: impl IntoIterator<Item = &'s [u8]>) -> Result<Vec<Message>, TestCaseError> {
        messages_within(None, pieces)
    }

    /// The same where there is no more memory than that.
    pub fn messages_within<'s>(
        memory: Option<usize>,
        pieces: impl IntoIterator<Item = &'s [u8]>,
    ) -> Result<Vec<Message>, TestCaseError> {
        let mut inbox = Inbox { memory, ..Inbox::default() };
        let mut messages = Vec::new();
        for piece in pieces {
            inbox.room().expect("there is memory for a test").extend_from_slice(piece);
            while let Some(message) = inbox.take().map_err(|error| TestCaseError::fail(error.reason()))? {
                messages.push(message);
            }
        }
        Ok(messages)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::messages_within;
    use super::*;
    use crate::message::{Push, Value};
    use crate::refusal::Refusal;

    #[test]
    fn a_message_for_which_there_is_no_memory_is_passed_over_alone() {
        const MEMORY: usize = 64 * 1024;
        let string = |bytes: usize| format!("${bytes}\r\n{}\r\n", "x".repeat(bytes));
        let list = format!("*4\r\n:1\r\n{}*1\r\n{}{}", string(3 * MEMORY), string(5), string(2 * MEMORY));
        let pushed = format!(">2\r\n+invalidate\r\n*1\r\n{}", string(2 * MEMORY));
        let many = format!("*30000\r\n{}", ":1\r\n".repeat(30_000));
        let fits = string(MEMORY / 4);
        let stream = ["+a\r\n", &list, &pushed, "+b\r\n", &many, &fits, &string(2 * MEMORY), "+c\r\n"].concat();
        let text = |text: &str| Message::Answer(Ok(Value::Text(text.into())));
        let none = |bytes: usize| Message::Answer(Err(Refusal::no_memory(bytes)));
        let (long, short) = (none(string(2 * MEMORY).len()), text(&"x".repeat(MEMORY / 4)));
        let changed = Message::Push(Push::AllChanged);
        let all = [text("a"), none(list.len()), changed, text("b"), none(many.len()), short, long, text("c")];
        for size in [1, 7, 1000, 16 * 1024] {
            let found = messages_within(Some(MEMORY), stream.as_bytes().chunks(size)).unwrap();
            assert!(found == all, "by {size} bytes");
        }
    }
}
