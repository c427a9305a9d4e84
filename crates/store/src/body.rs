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
        assert_eq!(parse_expiry(expiry_bytes(Expiry::at(1 << 50))), Expiry::at(1 << 50));
    }
}
