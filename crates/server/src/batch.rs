//! Requests, as they are sent.

/// The end of each line, and of each word.
const END: &[u8] = b"\r\n";
/// The bytes of a line with a length, at most.
const HEAD: usize = 1 + 20 + END.len();
/// The memory that is kept for the next requests, at most.
const KEPT: usize = 64 * 1024;

/// The length from which on a word is sent from where it lies. (A shorter one is copied faster than it is sent by itself.)
const LONG: usize = 16 * 1024;

/// A word of a request, in two pieces that need not lie behind one another.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Word<'w> {
    /// The first piece.
    pub head: &'w [u8],
    /// The second one.
    pub body: &'w [u8],
}

impl<'w> Word<'w> {
    /// A word of two pieces.
    pub fn new(head: &'w [u8], body: &'w [u8]) -> Self {
        Self { head, body }
    }

    /// The number of its bytes.
    pub fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy behind other bytes. `None`: there is no memory for it.
    pub fn copy_behind(&self, before: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(before.len() + self.len()).ok()?;
        bytes.extend_from_slice(before);
        self.copy_into(&mut bytes)?;
        Some(bytes)
    }

    /// Copies it behind the bytes that are there. `None`: there is no memory for it, and nothing was copied.
    pub fn copy_into(&self, bytes: &mut Vec<u8>) -> Option<()> {
        bytes.try_reserve(self.len()).ok()?;
        [self.head, self.body].iter().for_each(|piece| bytes.extend_from_slice(piece));
        Some(())
    }
}

impl<'w> From<&'w [u8]> for Word<'w> {
    fn from(bytes: &'w [u8]) -> Self {
        Self { head: bytes, body: &[] }
    }
}

impl<'w> From<&'w Vec<u8>> for Word<'w> {
    fn from(bytes: &'w Vec<u8>) -> Self {
        Self::from(&bytes[..])
    }
}

/// Requests that are sent one behind the other, without waiting for answers between them. Long words are not copied.
#[derive(Debug, Default)]
pub struct Batch<'w> {
    /// All but the long pieces of words.
    bytes: Vec<u8>,
    long: Vec<Long<'w>>,
    /// The end of each request.
    ends: Vec<usize>,
    /// The bytes for which there was no memory. Then nothing is sent.
    refused: Option<u64>,
}

/// A long piece of a word.
#[derive(Debug, Clone, Copy)]
struct Long<'w> {
    /// Its place among the bytes.
    at: usize,
    /// Its place among all that is sent.
    start: usize,
    piece: &'w [u8],
}

impl Long<'_> {
    fn end(&self) -> usize {
        self.start + self.piece.len()
    }
}

impl<'w> Batch<'w> {
    /// No requests.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a request: its name and its arguments.
    pub fn add(&mut self, words: &[&'w [u8]]) {
        self.add_all(words.iter().copied());
    }

    /// The same, of words that lie in several places.
    pub fn add_all(&mut self, words: impl Iterator<Item = &'w [u8]> + Clone) {
        self.add_words(words.map(Word::from));
    }

    /// The same, of words in two pieces each.
    pub fn add_words(&mut self, words: impl Iterator<Item = Word<'w>> + Clone) {
        let copied = |piece: &[u8]| if piece.len() < LONG { piece.len() } else { 0 };
        let size = |word: Word| HEAD + copied(word.head) + copied(word.body) + END.len();
        let (count, bytes) = words.clone().fold((0, HEAD), |(count, bytes), word| (count + 1, bytes + size(word)));
        if self.has_room(bytes) {
            self.head(b'*', count);
            for word in words {
                self.head(b'$', word.len());
                self.piece(word.head);
                self.piece(word.body);
                self.bytes.extend_from_slice(END);
            }
        }
        self.ends.push(self.size());
    }

    /// Adds the requests of another one.
    pub fn add_batch(&mut self, other: &Batch<'w>) {
        let (at, start) = (self.bytes.len(), self.size());
        if self.has_room(other.bytes.len()) {
            self.bytes.extend_from_slice(&other.bytes);
            self.long.extend(other.long.iter().map(|long| Long {
                at: at + long.at,
                start: start + long.start,
                ..*long
            }));
        }
        self.refused = self.refused.or(other.refused);
        self.ends.extend(other.ends.iter().map(|end| start + end));
    }

    /// The kind of what follows, and its length.
    fn head(&mut self, kind: u8, length: usize) {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
        self.bytes.extend_from_slice(END);
    }

    fn piece(&mut self, piece: &'w [u8]) {
        if piece.len() < LONG {
            self.bytes.extend_from_slice(piece);
        } else {
            self.long.push(Long { at: self.bytes.len(), start: self.size(), piece });
        }
    }

    /// Whether so many more bytes have room.
    fn has_room(&mut self, more: usize) -> bool {
        let has_room = self.refused.is_none() && self.bytes.try_reserve(more).is_ok();
        if !has_room {
            self.refused.get_or_insert((self.bytes.len() + more) as u64);
        }
        has_room
    }

    /// The number of requests.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Another one, without requests, in the same memory, but for that of long ones.
    pub fn emptied<'n>(mut self) -> Batch<'n> {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.ends.clear();
        Batch { bytes: self.bytes, ends: self.ends, ..Batch::default() }
    }

    /// The number of bytes for which there was no memory, if there are such: then it is not to be sent.
    pub(crate) fn refused(&self) -> Option<u64> {
        self.refused
    }

    /// The number of bytes to send.
    pub(crate) fn size(&self) -> usize {
        self.long.last().map_or(self.bytes.len(), |last| last.end() + (self.bytes.len() - last.at))
    }

    /// The next bytes to send, after so many: those that lie together. Empty: there are no more.
    pub(crate) fn rest(&self, sent: usize) -> &[u8] {
        let begun = self.long.partition_point(|long| long.start <= sent);
        let from = match begun.checked_sub(1).map(|last| &self.long[last]) {
            None => sent,
            Some(last) if sent < last.end() => return &last.piece[sent - last.start..],
            Some(last) => last.at + (sent - last.end()),
        };
        let to = self.long.get(begun).map_or(self.bytes.len(), |next| next.at);
        &self.bytes[from..to]
    }

    /// How many requests are within so many first bytes, from the first to the last byte.
    pub(crate) fn whole(&self, bytes: usize) -> usize {
        self.ends.partition_point(|end| *end <= bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All bytes, as they are sent by so many at a time.
    fn sent(batch: &Batch, at_most: usize) -> Vec<u8> {
        let mut sent = Vec::new();
        while sent.len() < batch.size() {
            let rest = batch.rest(sent.len());
            sent.extend_from_slice(&rest[..rest.len().min(at_most)]);
        }
        assert!(batch.rest(sent.len()).is_empty());
        sent
    }

    #[test]
    fn a_request_is_a_list_of_strings_with_their_lengths() {
        let mut batch = Batch::new();
        batch.add(&[b"SET", b"k", b"\r\n\0\xff"]);
        batch.add(&[b"GET", b""]);
        assert_eq!(sent(&batch, 7), b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n\0\xff\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n");
        assert_eq!(batch.len(), 2);
        let batch = batch.emptied();
        assert!(batch.is_empty() && batch.size() == 0);
    }

    #[test]
    fn a_request_counts_as_sent_with_its_last_byte() {
        let mut batch = Batch::new();
        batch.add(&[b"PING"]);
        let first = batch.size();
        batch.add(&[b"PING"]);
        let whole: Vec<usize> = [0, first - 1, first, 2 * first - 1, 2 * first].map(|sent| batch.whole(sent)).into();
        assert_eq!(whole, [0, 0, 1, 1, 2]);
    }

    #[test]
    fn long_pieces_are_sent_from_where_they_lie_in_their_places() {
        let (long, longer) = (vec![b'l'; LONG], vec![b'L'; LONG + 1]);
        let mut batch = Batch::new();
        batch.add_words([Word::new(b"ab", &long), Word::new(&longer, b"c"), Word::new(&long, &longer)].into_iter());
        batch.add(&[&long]);
        assert!(batch.bytes.len() < 200);
        let (one, two, three) = (LONG + 2, LONG + 2, 2 * LONG + 1);
        let all = [
            format!("*3\r\n${one}\r\nab").as_bytes(),
            &long,
            format!("\r\n${two}\r\n").as_bytes(),
            &longer,
            format!("c\r\n${three}\r\n").as_bytes(),
            &long,
            &longer,
            format!("\r\n*1\r\n${LONG}\r\n").as_bytes(),
            &long,
            b"\r\n",
        ]
        .concat();
        for at_most in [usize::MAX, 4099, 5] {
            assert!(sent(&batch, at_most) == all, "by {at_most} bytes");
        }
        let mut twice = Batch::new();
        twice.add_batch(&batch);
        twice.add_batch(&batch);
        assert!(sent(&twice, 4099) == all.repeat(2));
        assert_eq!([2 * all.len() - 1, 2 * all.len()].map(|sent| twice.whole(sent)), [3, 4]);
        let first = all.len() - (format!("*1\r\n${LONG}\r\n").len() + LONG + 2);
        assert_eq!([first - 1, first, all.len() - 1, all.len()].map(|sent| batch.whole(sent)), [0, 1, 1, 2]);
    }
}
