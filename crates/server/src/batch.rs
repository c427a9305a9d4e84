//! Requests, as they are sent.

use std::io::Write;

/// Requests that are sent one behind the other, without waiting for answers between them.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    /// The end of each request.
    ends: Vec<usize>,
}

impl Batch {
    /// No requests.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a request: its name and its arguments. (The codec's own encoder counts digits by a logarithm: the extension would need libm for
    /// nothing else.)
    pub fn add(&mut self, words: &[&[u8]]) {
        self.add_all(words.iter().copied());
    }

    /// The same, of words that lie in several places.
    pub fn add_all<'w>(&mut self, words: impl Iterator<Item = &'w [u8]> + Clone) {
        self.head(b'*', words.clone().count());
        for word in words {
            self.head(b'$', word.len());
            self.bytes.extend_from_slice(word);
            self.bytes.extend_from_slice(b"\r\n");
        }
        self.ends.push(self.bytes.len());
    }

    /// The kind of what follows, and its length.
    fn head(&mut self, kind: u8, length: usize) {
        self.bytes.push(kind);
        write!(self.bytes, "{length}\r\n").expect("a vector takes all bytes");
    }

    /// The number of requests.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Forgets all requests, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// All of them, as they are sent.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many requests are within so many first bytes, from the first to the last byte.
    pub(crate) fn whole(&self, bytes: usize) -> usize {
        self.ends.partition_point(|end| *end <= bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_a_list_of_strings_with_their_lengths() {
        let mut batch = Batch::new();
        batch.add(&[b"SET", b"k", b"\r\n\0\xff"]);
        batch.add(&[b"GET", b""]);
        assert_eq!(batch.bytes(), b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n\0\xff\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n");
        assert_eq!(batch.len(), 2);
        batch.clear();
        assert!(batch.is_empty() && batch.bytes().is_empty());
    }

    #[test]
    fn a_request_counts_as_sent_with_its_last_byte() {
        let mut batch = Batch::new();
        batch.add(&[b"PING"]);
        let first = batch.bytes().len();
        batch.add(&[b"PING"]);
        let whole: Vec<usize> = [0, first - 1, first, 2 * first - 1, 2 * first].map(|sent| batch.whole(sent)).into();
        assert_eq!(whole, [0, 0, 1, 1, 2]);
    }
}
