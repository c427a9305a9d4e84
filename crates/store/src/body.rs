//! The starts of records' bodies: when a value expires, and how a record goes on from those before it.

use super::marker;
use sync_backend::Expiry;

/// Bytes at the start of the body of a record that expires.
pub const EXPIRY: u64 = 9;

/// When a value expires, as a MessagePack uint 64 of milliseconds since 1970.
#[inline]
pub fn expiry_bytes(expiry: Expiry) -> [u8; EXPIRY as usize] {
    let mut bytes = [marker::U64; EXPIRY as usize];
    bytes[1..].copy_from_slice(&expiry.milliseconds().to_be_bytes());
    bytes
}

/// The time that [`expiry_bytes`] wrote down. Any bytes are some time.
#[inline]
pub fn parse_expiry(bytes: [u8; EXPIRY as usize]) -> Expiry {
    let [_, milliseconds @ ..] = bytes;
    Expiry::at(u64::from_be_bytes(milliseconds))
}

/// Bytes of an append's body before what it appends ([`AppendHead`]).
pub const APPEND_HEAD: u64 = 23;

/// Where in it the bytes of appends that are left stand, as a big-endian number of 32 bits.
pub const APPEND_LEFT: u64 = 10;

/// The start of an append's body: the position of the record before it (as a MessagePack uint 64), how
/// many bytes of appends its value may still get (a uint 32), and a note for the next append (an int 64,
/// which the store does not look at).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendHead {
    pub before: u64,
    pub left: u32,
    pub note: i64,
}

impl AppendHead {
    #[inline]
    pub fn bytes(self) -> [u8; APPEND_HEAD as usize] {
        let mut bytes = [marker::U64; APPEND_HEAD as usize];
        bytes[1..9].copy_from_slice(&self.before.to_be_bytes());
        bytes[9] = marker::U32;
        bytes[APPEND_LEFT as usize..][..4].copy_from_slice(&self.left.to_be_bytes());
        bytes[14..].copy_from_slice(&united_head(self.note));
        bytes
    }

    #[inline]
    pub fn parse(bytes: [u8; APPEND_HEAD as usize]) -> Self {
        fn piece<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
            bytes[at..at + N].try_into().expect("inside of the head")
        }
        Self {
            before: u64::from_be_bytes(piece(&bytes, 1)),
            left: u32::from_be_bytes(piece(&bytes, APPEND_LEFT as usize)),
            note: parse_united_head(piece(&bytes, 14)),
        }
    }
}

/// Bytes of a cursor, which follows the head of an append.
pub const CURSOR: u64 = 42;

/// Where the first element of a list lies that is consumed from its head. All that stands before it in the value is void, and so
/// is what says how many elements were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The position and the reference of the piece in which the first element lies; that is not the piece that the cursor is in.
    pub position: u64,
    pub record: u64,
    /// The byte in it.
    pub byte: u32,
    /// How many elements follow there that are not in patches, but in the array that the value begins with.
    pub inside: u32,
    /// How many elements the list has.
    pub length: u32,
    /// Bytes of them, taken together.
    pub bytes: u64,
}

impl Cursor {
    /// As MessagePack.
    #[inline]
    pub fn encoded(self) -> [u8; CURSOR as usize] {
        let mut bytes = [0; CURSOR as usize];
        for (n, number) in [self.position, self.record, self.bytes].into_iter().enumerate() {
            bytes[9 * n] = marker::U64;
            bytes[9 * n + 1..][..8].copy_from_slice(&number.to_be_bytes());
        }
        for (n, number) in [self.byte, self.inside, self.length].into_iter().enumerate() {
            bytes[27 + 5 * n] = marker::U32;
            bytes[28 + 5 * n..][..4].copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    #[inline]
    pub fn parse(bytes: [u8; CURSOR as usize]) -> Self {
        let long = |n: usize| u64::from_be_bytes(bytes[9 * n + 1..][..8].try_into().expect("inside of the cursor"));
        let short = |n: usize| u32::from_be_bytes(bytes[28 + 5 * n..][..4].try_into().expect("inside of the cursor"));
        Self { position: long(0), record: long(1), byte: short(0), inside: short(1), length: short(2), bytes: long(2) }
    }
}

/// A place in a list that is consumed from its head: the position and the reference of a piece, the byte in it, and how many elements
/// follow there that are in the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub position: u64,
    pub record: u64,
    pub byte: u32,
    pub inside: u32,
}

/// Bytes of a place, as it stands in the file.
pub const PLACE: usize = 24;

impl Place {
    pub fn encoded(self) -> [u8; PLACE] {
        let mut bytes = [0; PLACE];
        bytes[..8].copy_from_slice(&self.position.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.record.to_be_bytes());
        bytes[16..20].copy_from_slice(&self.byte.to_be_bytes());
        bytes[20..].copy_from_slice(&self.inside.to_be_bytes());
        bytes
    }

    pub fn parse(bytes: [u8; PLACE]) -> Self {
        let long = |at: usize| u64::from_be_bytes(bytes[at..][..8].try_into().expect("inside of the place"));
        let short = |at: usize| u32::from_be_bytes(bytes[at..][..4].try_into().expect("inside of the place"));
        Self { position: long(0), record: long(8), byte: short(16), inside: short(20) }
    }
}

impl Cursor {
    /// Where the first element lies.
    pub fn place(self) -> Place {
        Place { position: self.position, record: self.record, byte: self.byte, inside: self.inside }
    }

    /// At another place in the same list.
    pub fn at(self, place: Place) -> Self {
        let Place { position, record, byte, inside } = place;
        Self { position, record, byte, inside, ..self }
    }
}

/// Bytes of a united value's body before the value.
pub const UNITED_HEAD: u64 = 9;

/// The start of a united value's body: the note of the newest of its pieces, as a MessagePack int 64.
#[inline]
pub fn united_head(note: i64) -> [u8; UNITED_HEAD as usize] {
    let mut bytes = [marker::I64; UNITED_HEAD as usize];
    bytes[1..].copy_from_slice(&note.to_be_bytes());
    bytes
}

/// The note that [`united_head`] wrote down.
#[inline]
pub fn parse_united_head(bytes: [u8; UNITED_HEAD as usize]) -> i64 {
    let [_, note @ ..] = bytes;
    i64::from_be_bytes(note)
}

/// Bytes of appends that a value may carry before it has to be written whole again: three times as much
/// as itself, within limits, so that appending costs what it adds and reading what is there. (A record
/// of sixty bytes is mostly frame: three times the bytes of a list of numbers are a seventh of its
/// elements, and take about as long to read as the list.)
pub fn append_budget(whole: u64) -> u64 {
    (3 * whole + 4096).min(MAX_BUDGET)
}
pub const MAX_BUDGET: u64 = 1 << 20;
/// Pieces of a value that are longer than this are not copied any more when pieces are united.
pub const MAX_UNITED: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_an_append_is_read_back_as_it_was_made() {
        for head in [
            AppendHead { before: 1 << 40, left: 7, note: -1 },
            AppendHead { before: 0, left: u32::MAX, note: i64::MAX },
        ] {
            assert_eq!(AppendHead::parse(head.bytes()), head);
        }
        assert_eq!(parse_united_head(united_head(-3)), -3);
        let cursor =
            Cursor { position: 1 << 50, record: u64::MAX, byte: 7, inside: 1, length: u32::MAX, bytes: 1 << 40 };
        assert_eq!(Cursor::parse(cursor.encoded()), cursor);
        assert_eq!(Place::parse(cursor.place().encoded()), cursor.place());
        assert_eq!(Cursor { byte: 0, record: 0, ..cursor }.at(cursor.place()), cursor);
        assert_eq!(parse_expiry(expiry_bytes(Expiry::at(1 << 50))), Expiry::at(1 << 50));
    }
}
