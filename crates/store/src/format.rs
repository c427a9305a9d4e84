//! The bytes of the file. `docs/format.md` says the same in words.
//!
//! ```text
//! file    := header-page run*                      one MessagePack ext after the other
//! run     := segment | large | index | directory | table | leases | free      of whole pages
//! segment := prefix record* zeros
//! record  := ext { crc, company, position, place, key, value, padding }
//! ```
//!
//! All words are little-endian and lie on 8-byte boundaries. Every ext header is an `ext 32`
//! whose 6 bytes and the two that follow make one such word, so that a run changes its kind or
//! its length in a single store and the file is a valid stream at every moment.

use super::marker;
use sync_backend::Expiry;
use xxhash_rust::xxh3::xxh3_64_with_seed;

pub use super::body::*;

/// The header's length, and the unit of allocation: page `n` begins at `n * PAGE`.
pub const PAGE: u64 = 4096;
/// The longest file whose roots can be named (512 GiB).
pub const MAX_FILE: u64 = 8 << 36;
/// "SyncPHP" and the number of this format.
pub const MAGIC: u64 = u64::from_le_bytes(*b"SyncPHP\x03");
/// The version of the format that this code reads and writes: the number in the low half, and above
/// it, until the format is released, the number of the draft. Another draft is refused, never misread.
pub const VERSION: u64 = 3 | DRAFT << 32;
const DRAFT: u64 = 3;

/// A version word in words: `3`, or `3.1` for a draft.
pub fn version_text(word: u64) -> String {
    match (word as u32, word >> 32) {
        (version, 0) => version.to_string(),
        (version, draft) => format!("{version}.{draft}"),
    }
}

/// The file offset of a page.
#[inline]
pub fn page_offset(page: u64) -> u64 {
    page * PAGE
}

/// The page that an offset lies in.
#[inline]
pub fn page_of(offset: u64) -> u64 {
    offset / PAGE
}

/// The kind of a run: the application type of its MessagePack ext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The header page.
    Header = 16,
    /// Nothing; what its bytes are does not matter.
    Free = 17,
    /// The lease slots that do not fit the header page.
    Leases = 18,
    /// A bucket of the index.
    Index = 19,
    /// The array of buckets, once it has outgrown the header page.
    Directory = 20,
    /// The array of pages, once it has outgrown the header page.
    Table = 21,
    /// A segment of the log.
    Segment = 22,
    /// A run that holds one large record.
    Large = 23,
    /// A record, inside a segment or a large run.
    Record = 24,
    /// The table of named locks.
    Locks = 25,
}

impl Kind {
    /// The kind with this number, if there is one.
    pub fn from_byte(byte: u8) -> Option<Self> {
        use Kind::*;
        [Header, Free, Leases, Index, Directory, Table, Segment, Large, Record, Locks]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// Bytes of an ext 32 before its content.
pub const EXT_HEAD: u64 = 6;

/// The first word of an ext that occupies `length` bytes of the file, its own head included.
/// `a` and `b` are the two content bytes that share the word.
pub fn ext_word(kind: Kind, length: u64, a: u8, b: u8) -> u64 {
    let content = u32::try_from(length - EXT_HEAD).expect("runs and records stay below 4 GiB");
    // (By arithmetic, as the compiler makes an instruction or two of each byte of an array.)
    let head = u64::from(marker::EXT32) | u64::from(content.swap_bytes()) << 8 | (kind as u64) << 40;
    head | u64::from(a) << 48 | u64::from(b) << 56
}

/// Reads what [`ext_word`] made: kind, length in the file, and the two content bytes.
pub fn parse_ext_word(word: u64) -> Option<(Kind, u64, u8, u8)> {
    let [marker::EXT32, c0, c1, c2, c3, kind, a, b] = word.to_le_bytes() else { return None };
    let length = u64::from(u32::from_be_bytes([c0, c1, c2, c3])) + EXT_HEAD;
    Some((Kind::from_byte(kind)?, length, a, b))
}

/// The longest run, so that its length fits an ext.
pub const MAX_RUN: u64 = (u32::MAX as u64) / PAGE * PAGE;
/// The longest extent, so that its length fits an ext.
pub const MAX_EXTENT: u64 = MAX_RUN / PAGE;

// ---- the start of every run --------------------------------------------------------------

/// Offset in a run of its generation: a number that no other life of the page has, scrambled (see
/// [`Generations`]), 0 while its content is not to be trusted.
pub const GENERATION: u64 = 8;
/// No store gets this far: there is always another one.
pub const MAX_GENERATION: u64 = 1 << 62;
/// Bytes of a run before its content.
pub const BLOCK_HEAD: u64 = 64;
/// Offset in a segment, or a large run, of when the first value in it expires, at the earliest (ms since 1970); 0: none does.
pub const SEGMENT_EXPIRES: u64 = 16;

/// Turns the number of a generation into the word that stands in a run, and back.
///
/// A reader that follows a reference into a segment that was freed may look at the inside of a large
/// value that lies there now, where "the generation" is eight bytes of that value. Small numbers could
/// be met there by chance, or put there by a user that supplies values. The scrambled word depends on
/// the store's random hash seed, which a user that only supplies values does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generations {
    key: u64,
}

impl Generations {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    /// The inverse of `FACTOR` modulo 2^64.
    const INVERSE: u64 = {
        // Newton's method: each step doubles the number of low bits that are right, from three on.
        let mut inverse = Self::FACTOR;
        let mut right = 3;
        while right < 64 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(Self::FACTOR.wrapping_mul(inverse)));
            right *= 2;
        }
        inverse
    };

    /// Those of the store with these two random numbers.
    pub fn new(store_id: u64, hash_seed: u64) -> Self {
        Self { key: hash_seed ^ store_id.rotate_left(32) }
    }

    /// The word for a number, 0 for the one number that must not be given.
    pub fn word(self, number: u64) -> u64 {
        number.wrapping_mul(Self::FACTOR) ^ self.key
    }

    /// The number that a word stands for. Of a word that no run ever had it is any number.
    pub fn number(self, word: u64) -> u64 {
        (word ^ self.key).wrapping_mul(Self::INVERSE)
    }
}

// ---- lease slots and small arrays --------------------------------------------------------

/// Bytes of a lease slot: a cache line, so that threads that wait on their own slots do not disturb
/// each other.
pub const LEASE_SLOT: u64 = 64;
/// Leases that have a slot; higher numbers work, but only the kernel's lock tells if they live.
pub const LEASE_SLOTS: u64 = 512;
/// How deep a directory may be in the header page, and for how many pages a table is there.
pub const SMALL_DEPTH: u32 = 4;
pub const SMALL_TABLE_LOG2: u32 = 7;

// ---- index blocks ----------------------------------------------------------------------------

/// Offset in an index block: slots in use (low half), slots that are not empty (high half).
pub const INDEX_COUNTS: u64 = 16;
/// Offset in an index block: how many leading hash bits its keys share (low byte), and these
/// bits (the rest).
pub const INDEX_PREFIX: u64 = 24;
/// A slot: hash, then the reference of the newest record (0: never used, 1: removed).
pub const SLOT: u64 = 16;
pub const EMPTY: u64 = 0;
pub const REMOVED: u64 = 1;

// ---- records ---------------------------------------------------------------------------------

/// Bytes of a record before its key.
pub const RECORD_HEAD: u64 = 32;
/// Offsets in a record.
pub const RECORD_FLAGS: u64 = 6;
pub const RECORD_CRC: u64 = 8;
/// From here to its end a record is under its CRC (the first word is in the CRC's seed).
pub const RECORD_SEALED: u64 = 12;
pub const RECORD_POSITION: u64 = 16;
pub const RECORD_ORDER: u64 = 24;
/// Flag, as a bit of the first word: a newer record has taken this one's place. The one bit of a
/// record that changes, and the one its CRC leaves out.
pub const DEAD: u64 = 1 << (8 * RECORD_FLAGS);
/// Flag, as a bit of the first word: what the record says was said before, elsewhere in the log. Its [`Company`] is none, and
/// in place of that stands how far back that was ([`distance_back`]).
pub const MOVED: u64 = 2 << (8 * RECORD_FLAGS);
/// Larger records get a run of their own. A quarter of the largest segment: what stays empty at the end of
/// one because the next record does not fit is less than that.
pub const MAX_SMALL: u64 = ((64 * 1024 - BLOCK_HEAD) / 4) & !7;
/// The longest record: what a MessagePack ext and a run can hold.
pub const MAX_RECORD: u64 = MAX_RUN - BLOCK_HEAD;
/// The longest name, and the longest name and value, taken together: a record has some bytes of its own.
pub const MAX_NAME: u64 = MAX_RECORD - PAGE;

/// No log gets this far: every position plus any length is a number.
pub const MAX_POSITION: u64 = 1 << 62;

/// How far before `position` a value was stored that a record there has, as it stands in that record: in words of eight bytes, or
/// so many at least.
pub fn distance_back(origin: u64, position: u64) -> u32 {
    u32::try_from(position.saturating_sub(origin) / 8).unwrap_or(u32::MAX)
}

/// The other way round: where a value was stored, or a later position, if that is too far back.
#[inline]
pub fn origin(position: u64, back: u32) -> u64 {
    position.saturating_sub(u64::from(back) * 8)
}

/// Which other records are published together with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Company {
    /// How many come after it.
    pub followers: u32,
    /// Whether one comes before it.
    pub follows: bool,
}

impl Company {
    /// Of a record that is published alone.
    pub const NONE: Self = Self { followers: 0, follows: false };
    const FOLLOWS: u32 = 1 << 31;
    /// The most records of one publication.
    pub const MOST: u32 = Self::FOLLOWS;

    /// Of the record at a place, counted from 0, among so many.
    pub fn of(place: u32, count: u32) -> Self {
        Self { followers: count - place - 1, follows: place > 0 }
    }

    pub fn word(self) -> u32 {
        self.followers | if self.follows { Self::FOLLOWS } else { 0 }
    }

    pub fn parse(word: u32) -> Self {
        Self { followers: word & !Self::FOLLOWS, follows: word & Self::FOLLOWS != 0 }
    }
}

/// The effect of a record on its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Op {
    /// The key has this value.
    Set = 0,
    /// The key is gone.
    Remove = 1,
    /// Every record before this one is void; the value is the root of an index prepared for what
    /// follows in the same batch.
    Clear = 2,
    /// The key's value goes on with these bytes.
    Append = 3,
    /// The key has this value, which was united from pieces: it goes on behind its first object.
    United = 4,
    /// The records of its publication are those that it lists. It counts as dead from the start.
    Batch = 5,
}

impl Op {
    /// Whether such a record is a part of its key's value, as long as it is not dead.
    #[inline]
    pub fn holds_value(self) -> bool {
        matches!(self, Self::Set | Self::Append | Self::United)
    }

    /// Bytes of such a record's body between its expiry, if it has one, and the value ([`AppendHead`], [`united_head`]).
    #[inline]
    fn value_head(self) -> u64 {
        match self {
            Self::Append => APPEND_HEAD,
            Self::United => UNITED_HEAD,
            Self::Set | Self::Remove | Self::Clear | Self::Batch => 0,
        }
    }
}

/// Marks of a record that holds a value: bits beside its operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks(u8);

impl Marks {
    pub const NONE: Self = Self(0);
    /// The value expires; the start of the body tells when ([`expiry_bytes`]).
    pub const EXPIRES: Self = Self(8);
    /// The first elements of the list were taken; the head of the append goes on with a [`Cursor`].
    pub const TAKEN: Self = Self(16);
    /// All that this code understands.
    const KNOWN: u8 = Self::EXPIRES.0 | Self::TAKEN.0;
    /// The bits of the operation itself.
    const OP: u8 = 7;

    /// Whether it has all of these.
    #[inline]
    pub fn have(self, marks: Self) -> bool {
        self.0 & marks.0 == marks.0
    }
}

/// A record's fixed part, read once and checked for being plausible.
#[derive(Debug, Clone, Copy)]
pub struct RecordHead {
    pub op: Op,
    pub marks: Marks,
    /// Bytes in the file, head and padding included.
    pub length: u64,
    /// Bytes of padding at the end.
    pub padding: u64,
}

impl RecordHead {
    /// Bytes of its body before the value.
    #[inline]
    pub fn value_head(&self) -> u64 {
        self.expiry() + self.op.value_head() + self.cursor()
    }

    /// Bytes of the cursor that stands right before its value.
    #[inline]
    pub fn cursor(&self) -> u64 {
        if self.marks.have(Marks::TAKEN) { CURSOR } else { 0 }
    }

    /// Bytes of its body before the head of an append or of a united value.
    #[inline]
    pub fn expiry(&self) -> u64 {
        if self.marks.have(Marks::EXPIRES) { EXPIRY } else { 0 }
    }
}

/// The last byte of a record's first word.
#[inline]
fn op_byte(op: Op, marks: Marks, padding: u64) -> u8 {
    (op as u8 | marks.0) << 3 | padding as u8
}

/// Understands a record's first word; `room` is how many bytes there are for it.
pub fn parse_record_word(word: u64, room: u64) -> Option<RecordHead> {
    let (Kind::Record, length, _, b) = parse_ext_word(word)? else { return None };
    let marks = Marks((b >> 3) & !Marks::OP);
    let op = match b >> 3 & Marks::OP {
        0 => Op::Set,
        1 => Op::Remove,
        2 => Op::Clear,
        3 => Op::Append,
        4 => Op::United,
        5 => Op::Batch,
        _ => return None,
    };
    let padding = u64::from(b & 7);
    let is_known = marks == Marks::NONE
        || op.holds_value() && marks.0 & !Marks::KNOWN == 0 && (op == Op::Append || !marks.have(Marks::TAKEN));
    let fits = length <= room && length % 8 == 0 && length > RECORD_HEAD + padding;
    (is_known && fits).then_some(RecordHead { op, marks, length, padding })
}

/// The type of the ext that is the key of an item in consumption ([`EncodedKey::of_item`]).
const ITEM: u8 = 7;

/// A key as it stands in the file: a MessagePack str where it is UTF-8, else a bin; an ext is the key of an item in consumption, which
/// no name is. Each operation makes one of the bytes that it is given, which stay where they are. No longer than a record can have.
pub struct EncodedKey<'a> {
    head: [u8; 5],
    head_length: u8,
    bytes: &'a [u8],
}

/// A key's name, copied out of a record that may be gone when it is used: to [`EncodedKey`] as `String` is to `&str`. As
/// short, so that no user of it has to think of one that is too long.
pub struct Name {
    bytes: Vec<u8>,
    /// It is that of an item in consumption.
    is_item: bool,
}

impl Name {
    /// `None` where this code would have refused to store it.
    pub fn new(bytes: Vec<u8>, is_item: bool) -> Option<Self> {
        (bytes.len() as u64 <= MAX_NAME).then_some(Self { bytes, is_item })
    }

    /// As it stands in the file.
    pub fn encoded(&self) -> EncodedKey<'_> {
        match self.bytes.first_chunk() {
            Some(token) if self.is_item => EncodedKey::of_item(token),
            _ => EncodedKey::of_short_enough(&self.bytes),
        }
    }

    /// All bytes of the key, as it stands in the file: no two keys have the same.
    pub fn to_encoded(&self) -> Vec<u8> {
        let key = self.encoded();
        [key.head(), key.bytes()].concat()
    }
}

impl<'a> EncodedKey<'a> {
    /// `None` for a name that no record can have, as it is too long.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        (bytes.len() as u64 <= MAX_NAME).then(|| Self::of_short_enough(bytes))
    }

    /// The name of the one record that has none.
    pub fn none() -> Self {
        Self::of_short_enough(b"")
    }

    /// The key of an item in consumption that has this token (big-endian).
    pub fn of_item(token: &'a [u8; 8]) -> Self {
        Self { head: [marker::FIXEXT8, ITEM, 0, 0, 0], head_length: 2, bytes: token }
    }

    #[inline]
    fn of_short_enough(bytes: &'a [u8]) -> Self {
        let length = bytes.len();
        let text = is_text(bytes);
        let mut head = [0; 5];
        let head_length = if text && length < 32 {
            head[0] = marker::FIXSTR | length as u8;
            1
        } else if length < 256 {
            head[..2].copy_from_slice(&[if text { marker::STR8 } else { marker::BIN8 }, length as u8]);
            2
        } else if length < 65536 {
            head[0] = if text { marker::STR16 } else { marker::BIN16 };
            head[1..3].copy_from_slice(&(length as u16).to_be_bytes());
            3
        } else {
            head[0] = if text { marker::STR32 } else { marker::BIN32 };
            head[1..5].copy_from_slice(&(length as u32).to_be_bytes());
            5
        };
        Self { head, head_length, bytes }
    }

    /// Bytes before the name itself.
    #[inline]
    pub fn head(&self) -> &[u8] {
        &self.head[..usize::from(self.head_length)]
    }

    /// The name itself.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// Bytes in the file.
    #[inline]
    pub fn len(&self) -> u64 {
        u64::from(self.head_length) + self.bytes.len() as u64
    }
}

#[inline]
fn is_text(bytes: &[u8]) -> bool {
    // Names are short: a look for a high bit answers for nearly all of them.
    bytes.is_ascii() || std::str::from_utf8(bytes).is_ok()
}

/// How long an encoded key's head and name are, from its first five bytes.
pub fn parse_key_head(head: [u8; 5]) -> Option<(u64, u64)> {
    let wide = u64::from(u32::from_be_bytes([head[1], head[2], head[3], head[4]]));
    match head[0] {
        marker::FIXSTR..=marker::LAST_FIXSTR => Some((1, u64::from(head[0] & !marker::FIXSTR))),
        marker::STR8 | marker::BIN8 => Some((2, u64::from(head[1]))),
        marker::STR16 | marker::BIN16 => Some((3, u64::from(u16::from_be_bytes([head[1], head[2]])))),
        marker::STR32 | marker::BIN32 => Some((5, wide)),
        marker::FIXEXT8 if head[1] == ITEM => Some((2, 8)),
        _ => None,
    }
}

/// Everything a new record says, before it has a place in the log.
pub struct NewRecord<'a> {
    pub op: Op,
    pub key: &'a EncodedKey<'a>,
    /// When the value expires.
    pub expiry: Option<Expiry>,
    /// Whether a cursor is a part of its head.
    pub is_taken: bool,
    pub value: Value<'a>,
    /// The position at which the value was stored before, elsewhere in the log.
    pub origin: Option<u64>,
}

/// An encoded value, in two pieces so that a long string need not be copied behind its head first.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    pub head: &'a [u8],
    pub body: &'a [u8],
}

impl<'a> Value<'a> {
    /// A value in one piece.
    #[inline]
    pub fn whole(body: &'a [u8]) -> Self {
        Self { head: &[], body }
    }

    /// Bytes in the file.
    #[inline]
    pub fn len(&self) -> u64 {
        (self.head.len() + self.body.len()) as u64
    }
}

impl<'a> NewRecord<'a> {
    /// One whose value never expires.
    #[inline(always)]
    pub fn new(op: Op, key: &'a EncodedKey<'a>, value: Value<'a>) -> Self {
        Self { op, key, expiry: None, is_taken: false, value, origin: None }
    }

    /// Its marks.
    #[inline]
    pub fn marks(&self) -> Marks {
        let expires = if self.expiry.is_some() { Marks::EXPIRES } else { Marks::NONE };
        let taken = if self.is_taken { Marks::TAKEN } else { Marks::NONE };
        Marks(expires.0 | taken.0)
    }

    /// Bytes of it that say something.
    #[inline]
    fn content(&self) -> u64 {
        let expiry = if self.expiry.is_some() { EXPIRY } else { 0 };
        RECORD_HEAD + self.key.len() + expiry + self.value.len()
    }

    /// Bytes it will take in the file, padding included.
    #[inline]
    pub fn length(&self) -> u64 {
        self.content().next_multiple_of(8)
    }

    /// Bytes of padding.
    #[inline]
    pub fn padding(&self) -> u64 {
        self.length() - self.content()
    }

    /// The first word in the file.
    #[inline]
    pub fn first_word(&self) -> u64 {
        let word = ext_word(Kind::Record, self.length(), 0, op_byte(self.op, self.marks(), self.padding()));
        if self.origin.is_some() { word | MOVED } else { word }
    }
}

/// An append's place word holds the reference of the record before it. It is not under the CRC: a check
/// after a boot may find another one there.
pub const APPEND_BEFORE: u64 = RECORD_ORDER;
/// More records than a value can have: as many small ones as an append budget has room for, and
/// of those that are not united, as many as the longest file has room for.
pub const MAX_APPENDS: usize = 1 << 20;
const _: () = assert!(MAX_BUDGET / 48 + MAX_FILE / MAX_UNITED < MAX_APPENDS as u64);

/// Whether a record with this first word, of a value, has a value that expires.
#[inline]
pub fn expires(word: u64) -> bool {
    word >> 59 & u64::from(Marks::EXPIRES.0) != 0
}

/// Whether a record with this first word is an append.
#[inline]
pub fn is_append(word: u64) -> bool {
    word >> 59 & Marks::OP as u64 == Op::Append as u64 && (word >> 40) as u8 == Kind::Record as u8
}

/// The seed of a record's CRC: bytes left from an earlier life of the block, or of another
/// store, never pass for a record. `first` is the record's first word; its flags are left out.
#[inline]
pub fn crc_seed(store_id: u64, generation: u64, offset: u64, first: u64) -> u32 {
    let flags = 0xff << (8 * RECORD_FLAGS);
    let place = (store_id ^ generation.rotate_left(32) ^ offset).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (place ^ (first & !flags)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}

/// The hash of a key. XXH3 is frozen: other languages have it, and it will not change.
#[inline]
pub fn hash(seed: u64, key: &[u8]) -> u64 {
    xxh3_64_with_seed(key, seed)
}

/// The slot, of so many, at which the search for a hash starts. The leading bits have chosen the block.
#[inline]
pub fn home_slot(hash: u64, slots: u64) -> u64 {
    ((hash & 0xffff_ffff) * slots) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ext_word_is_read_back_as_it_was_made() {
        for length in [8, 64, PAGE, MAX_RUN] {
            let word = ext_word(Kind::Segment, length, 3, 250);
            assert_eq!(parse_ext_word(word), Some((Kind::Segment, length, 3, 250)));
        }
        assert_eq!(parse_ext_word(0), None);
    }

    #[test]
    fn a_key_is_read_back_whatever_its_length_and_bytes() {
        for length in [0usize, 1, 31, 32, 255, 256, 65535, 65536] {
            for byte in [b'a', 0xff] {
                let name = vec![byte; length];
                let key = EncodedKey::new(&name).unwrap();
                let mut head = [0; 5];
                head[..key.head().len()].copy_from_slice(key.head());
                assert_eq!(parse_key_head(head), Some((key.head().len() as u64, length as u64)));
                assert_eq!(key.len(), key.head().len() as u64 + length as u64);
            }
        }
    }

    #[test]
    fn a_generation_is_read_back_from_its_word_and_looks_like_no_small_number() {
        let generations = Generations::new(0x1234_5678_9abc_def1, 0xfedc_ba98_7654_3210);
        for number in [0, 1, 2, 3, 1 << 32, MAX_GENERATION, u64::MAX] {
            assert_eq!(generations.number(generations.word(number)), number);
            assert!(generations.word(number) > 1 << 32);
        }
        assert_ne!(Generations::new(1, 2), Generations::new(2, 1));
    }

    #[test]
    fn the_company_of_a_record_is_read_back_as_it_was_written() {
        for company in [Company::NONE, Company::of(0, 3), Company::of(1, 3), Company::of(2, 3)] {
            assert_eq!(Company::parse(company.word()), company);
        }
        assert_eq!(Company::of(0, 1), Company::NONE);
        assert_eq!(Company::of(2, 3), Company { followers: 0, follows: true });
    }

    #[test]
    fn a_draft_is_named_with_its_number() {
        assert_eq!(version_text(3), "3");
        assert_eq!(version_text(3 | 2 << 32), "3.2");
    }

    #[test]
    fn an_append_is_recognised_by_its_first_word() {
        for op in [Op::Set, Op::Remove, Op::Clear, Op::Append, Op::United, Op::Batch] {
            for expiry in [None, Some(Expiry::at(7))] {
                let key = EncodedKey::new(b"name").unwrap();
                let record = NewRecord { expiry, ..NewRecord::new(op, &key, Value::whole(b"\x2a")) };
                assert_eq!(is_append(record.first_word()), op == Op::Append, "{op:?}");
            }
        }
        assert!(!is_append(ext_word(Kind::Segment, PAGE, 0, 0xff)));
    }

    #[test]
    fn marks_are_read_back_where_a_record_can_have_them() {
        let key = EncodedKey::new(b"name").unwrap();
        for op in [Op::Set, Op::Remove, Op::Clear, Op::Append, Op::United] {
            let record = NewRecord { expiry: Some(Expiry::at(7)), ..NewRecord::new(op, &key, Value::whole(&[0; 32])) };
            let head = parse_record_word(record.first_word(), record.length());
            assert_eq!(head.is_some(), op.holds_value(), "{op:?}");
            if let Some(head) = head {
                assert_eq!((head.op, head.marks, head.expiry()), (op, Marks::EXPIRES, EXPIRY));
            }
            // Elements are taken off what was appended to, and nothing else.
            let taken = NewRecord { is_taken: true, ..record };
            let head = parse_record_word(taken.first_word(), taken.length());
            assert_eq!(head.is_some(), op == Op::Append, "{op:?}");
            assert!(head.is_none_or(|head| head.marks.have(Marks::TAKEN) && head.cursor() == CURSOR));
        }
    }

    #[test]
    fn a_record_that_does_not_fit_its_room_is_none() {
        let key = EncodedKey::new(b"name").unwrap();
        let record = NewRecord::new(Op::Set, &key, Value::whole(b"\x2a"));
        let word = record.first_word();
        let head = parse_record_word(word, record.length()).unwrap();
        assert_eq!((head.length, head.padding, head.op), (40, 2, Op::Set));
        assert!(parse_record_word(word, record.length() - 8).is_none());
    }
}
