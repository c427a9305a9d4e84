//! The keys of a store, and how a value lies in one.
//!
//! A store's keys begin with its prefix in braces, so that a cluster keeps all of them on one node, where scripts need them. A value is a
//! string key of its own: [`HEAD`] bytes of facts, and then the value's bytes, to which appends append. An integer that does not expire, and
//! was never appended to, is its decimal digits instead: people and other programs can read it.

use crate::batch::Word;
use rmp::Marker;
use smallvec::SmallVec;
use std::rc::Rc;
use sync_backend::Expiry;

/// The kinds of keys, behind the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A hash of counters.
    Counters,
    /// The names by their places in insertion order, a sorted set.
    Order,
    /// The names by the number of their last change, those that were removed as well; a sorted set.
    Changes,
    /// The lock of the whole, as long as it is held.
    Lock,
    /// The hold on writers, as long as there is one; a lock of the whole is one.
    Hold,
    /// The names of what expires, by when that is (ms); a sorted set.
    Due,
    /// The items in consumption by their tokens, a hash.
    Items,
    /// The owners and lists of these, by the same tokens; a hash that all read whose lists are used.
    Consumers,
    /// The owners of named locks, a hash.
    Named,
    /// The lines for named locks, a hash.
    Lines,
    /// The first ones in lines that have not come when it was their turn, and since when they are waited for, a hash.
    Calls,
    /// Those that wait for the lock of the whole, or for a hold to end, by the time at which they have begun; a sorted set.
    Waiting,
    /// Those that wait for a change, by the time since which they are seen from outside (ms); a sorted set.
    Watching,
    /// The life of the store: another one after it was ended, and made again.
    Life,
}

impl Key {
    /// All of them, as they are counted.
    pub const ALL: [Self; 14] = [
        Self::Counters,
        Self::Order,
        Self::Changes,
        Self::Lock,
        Self::Hold,
        Self::Due,
        Self::Items,
        Self::Consumers,
        Self::Named,
        Self::Lines,
        Self::Calls,
        Self::Waiting,
        Self::Watching,
        Self::Life,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Counters => "counters",
            Self::Order => "order",
            Self::Changes => "changes",
            Self::Lock => "lock",
            Self::Hold => "hold",
            Self::Due => "due",
            Self::Items => "items",
            Self::Consumers => "consumers",
            Self::Named => "locks",
            Self::Lines => "lines",
            Self::Calls => "calls",
            Self::Waiting => "waiting",
            Self::Watching => "watching",
            Self::Life => "life",
        }
    }
}

/// The keys of one store.
#[derive(Debug)]
pub struct Keys {
    /// `{prefix}:`
    start: Vec<u8>,
    /// `{prefix}:v:`, before a name.
    values: Vec<u8>,
    kinds: [Vec<u8>; 14],
    never: Vec<u8>,
}

/// A key that the server tells about.
#[derive(Debug, PartialEq, Eq)]
pub enum Told<'k> {
    /// That of a value, with this name.
    Value(&'k [u8]),
    /// Another one of the store's.
    Kind(Key),
    /// None of the store's.
    Foreign,
}

impl Keys {
    /// The keys of the store with this prefix.
    pub fn new(prefix: &[u8]) -> Self {
        let start = [b"{", prefix, b"}:"].concat();
        let values = [&start[..], b"v:"].concat();
        let kinds = Key::ALL.map(|key| [&start[..], key.name().as_bytes()].concat());
        let never = [&start[..], b"never"].concat();
        Self { start, values, kinds, never }
    }

    /// The key of a kind.
    pub fn kind(&self, key: Key) -> &[u8] {
        &self.kinds[key as usize]
    }

    /// A key that is never there.
    pub fn never(&self) -> &[u8] {
        &self.never
    }

    /// The bytes that all keys begin with.
    pub fn start(&self) -> &[u8] {
        &self.start
    }

    /// The key of a value.
    pub fn value(&self, name: &[u8]) -> Vec<u8> {
        [&self.values[..], name].concat()
    }

    /// The key in which a process keeps the number and the answer of its last change.
    pub fn process(&self, process: &[u8]) -> Vec<u8> {
        [&self.start[..], b"process:", process].concat()
    }

    /// Tells what a key is.
    pub fn tell<'k>(&self, key: &'k [u8]) -> Told<'k> {
        if let Some(name) = key.strip_prefix(&self.values[..]) {
            return Told::Value(name);
        }
        let kind = self.kinds.iter().position(|kind| kind == key);
        kind.map_or(Told::Foreign, |kind| Told::Kind(Key::ALL[kind]))
    }
}

/// The bytes before a value.
pub const HEAD: usize = 32;
/// The first bytes of a stored value that change with each change but that of its expiry; a value that appends have made longer is
/// another one by its length, too.
pub const MARK: usize = 20;
/// The first byte of a stored value that is no integer: MessagePack has no use for it.
const MAGIC: u8 = 0xc1;

/// The number of bytes that a plain integer has at most.
const DIGITS: usize = 20;

/// The first bytes of a stored value; all of them, of an integer in digits.
pub type First = SmallVec<[u8; MARK]>;

/// A value, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The number of the change that stored it as a whole, which no other value of the store has; of a plain integer 0.
    pub base: u64,
    /// The note of the last append; `None`: nothing was appended, nor noted.
    pub note: Option<i64>,
    /// The number of pieces: one, and the appends.
    pub pieces: u64,
    /// The number of bytes that were stored as a whole, before the appends.
    pub whole: u64,
    /// When it expires, by the server's clock (ms); 0: never.
    pub due: u64,
    /// The first bytes of it, by which a script finds it unchanged.
    pub mark: First,
    /// The length of what is stored, by which a script finds that nothing was appended.
    pub stored: u64,
    /// The value's bytes, behind others that are none of it.
    raw: Vec<u8>,
    start: usize,
}

impl Stored {
    /// Reads what a key has. `None`: it was not stored by a store of this format.
    pub fn read(raw: Vec<u8>) -> Option<Self> {
        let stored = raw.len() as u64;
        if raw.first() != Some(&MAGIC) {
            let bytes = integer(&raw)?;
            let whole = bytes.len() as u64;
            let mark = First::from_slice(&raw);
            return Some(Self { base: 0, note: None, pieces: 1, whole, due: 0, mark, stored, raw: bytes, start: 0 });
        }
        let word = |at: usize| Some(u64::from_be_bytes(raw.get(at..at + 8)?.try_into().ok()?));
        let (base, note, due) = (word(4)?, word(12)? as i64, word(20)?);
        let pieces = u16::from_be_bytes(raw.get(2..4)?.try_into().ok()?);
        let whole = u64::from(u32::from_be_bytes(raw.get(28..32)?.try_into().ok()?));
        let note = (raw[1] != 0).then_some(note);
        let mark = First::from_slice(&raw[..MARK]);
        Some(Self { base, note, pieces: u64::from(pieces), whole, due, mark, stored, raw, start: HEAD })
    }

    /// As a script stores it under a number: with a note for the next append, or without one. `None`: there is no memory for it.
    pub fn put(base: u64, bytes: Word, note: Option<i64>, due: u64) -> Option<Self> {
        let mark = mark(base, note, 1);
        let (stored, whole) = ((HEAD + bytes.len()) as u64, bytes.len() as u64);
        Some(Self { base, note, pieces: 1, whole, due, mark, stored, raw: bytes.copy_behind(&[])?, start: 0 })
    }

    /// Whether nothing was appended to it, nor noted for that.
    pub fn is_as_put(&self) -> bool {
        self.pieces == 1 && self.note.is_none()
    }

    /// The value's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.raw[self.start..]
    }

    /// A value after an append, which is made where the value lies if nobody else keeps it: so the length of a list says nothing about the cost. `None`: it
    /// is an integer, to which none is made, or there is no memory for it.
    pub fn appended(value: Rc<Self>, bytes: Word, note: i64) -> Option<Self> {
        (value.base != 0).then_some(())?;
        let mut value = match Rc::try_unwrap(value) {
            Ok(mut own) => {
                bytes.copy_into(&mut own.raw)?;
                own
            }
            Err(kept) => {
                let raw = bytes.copy_behind(kept.bytes())?;
                Self { raw, start: 0, mark: First::new(), ..*kept }
            }
        };
        value.note = Some(note);
        value.pieces = (value.pieces + 1).min(u64::from(u16::MAX));
        value.mark = mark(value.base, value.note, value.pieces as u16);
        value.stored += bytes.len() as u64;
        Some(value)
    }

    /// When it expires, by this process's clock, which differs from the server's by so much (ms).
    pub fn expiry(&self, ahead: i64) -> Option<Expiry> {
        (self.due != 0).then(|| Expiry::at(self.due.saturating_add_signed(-ahead)))
    }
}

/// The first bytes of a stored value.
fn mark(base: u64, note: Option<i64>, pieces: u16) -> First {
    let mut mark = First::from_slice(&[MAGIC, note.is_some().into()]);
    mark.extend_from_slice(&pieces.to_be_bytes());
    mark.extend_from_slice(&base.to_be_bytes());
    mark.extend_from_slice(&note.unwrap_or(0).to_be_bytes());
    mark
}

/// The bytes of an integer that is stored as digits.
fn integer(digits: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.len() <= DIGITS)?;
    let number: i64 = text.parse().ok().filter(|number: &i64| number.to_string() == text)?;
    let mut bytes = Vec::with_capacity(9);
    rmp::encode::write_sint(&mut bytes, number).ok()?;
    Some(bytes)
}

/// The digits of a value that is nothing but an integer, in the one form that [`Stored::read`] gives back.
pub fn digits(value: Word) -> Option<String> {
    let is_integer = |marker| {
        matches!(
            marker,
            Marker::FixPos(_)
                | Marker::FixNeg(_)
                | Marker::U8
                | Marker::U16
                | Marker::U32
                | Marker::U64
                | Marker::I8
                | Marker::I16
                | Marker::I32
                | Marker::I64
        )
    };
    if value.len() > 9 {
        return None;
    }
    let value: SmallVec<[u8; 9]> = value.head.iter().chain(value.body).copied().collect();
    value.first().filter(|first| is_integer(Marker::from_u8(**first)))?;
    let number: i64 = rmp::decode::read_int(&mut &value[..]).ok()?;
    let digits = number.to_string();
    (integer(digits.as_bytes()).as_deref() == Some(&value)).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_its_digits_only_in_the_form_in_which_it_comes_back() {
        for number in [0, 1, -1, 127, 128, -32, -33, 255, 256, 65_536, i64::from(u32::MAX) + 1, i64::MAX, i64::MIN] {
            let mut value = Vec::new();
            rmp::encode::write_sint(&mut value, number).unwrap();
            let digits = digits(Word::from(&value)).unwrap();
            assert_eq!(digits, number.to_string());
            assert_eq!(Stored::read(digits.into_bytes()).unwrap().bytes(), value);
        }
        // Longer than need be; cut short; with something behind it; of another type; too large.
        let others: [&[u8]; 7] =
            [&[0xcc, 1], &[0xd0, 1], &[0xcd, 1], &[1, 1], &[0xc0], &[], &[0xcf, 0xff, 0, 0, 0, 0, 0, 0, 0]];
        assert!(others.iter().all(|value| digits(Word::from(*value)).is_none()));
    }

    #[test]
    fn a_key_that_others_have_filled_is_no_value() {
        let others: [&[u8]; 7] = [b"", b"x", b"+1", b"01", b"-0", b"9223372036854775808", b"\xc1short"];
        assert!(others.iter().all(|raw| Stored::read(raw.to_vec()).is_none()));
    }

    #[test]
    fn a_key_is_told_by_its_name() {
        let keys = Keys::new(b"app");
        assert_eq!(keys.tell(b"{app}:v:a"), Told::Value(b"a"));
        assert_eq!(keys.tell(b"{app}:v:"), Told::Value(b""));
        for kind in Key::ALL {
            assert_eq!(keys.tell(keys.kind(kind)), Told::Kind(kind));
        }
        assert_eq!(keys.tell(b"{apple}:v:a"), Told::Foreign);
        assert_eq!(keys.tell(b"{app}:lock2"), Told::Foreign);
    }

    #[test]
    fn an_append_is_made_where_the_value_lies_if_nobody_else_keeps_it() {
        let of = |bytes: &'static [u8]| Rc::new(Stored::put(7, bytes.into(), Some(1), 0).unwrap());
        let (mut value, mut moves) = (of(b"list"), 0);
        for piece in 0..10_000 {
            let before = value.bytes().as_ptr();
            value = Rc::new(Stored::appended(value, b"piece"[..].into(), piece).unwrap());
            moves += usize::from(value.bytes().as_ptr() != before);
        }
        assert!(moves < 50, "{moves}");
        assert_eq!((value.bytes().len(), value.stored, value.note), (50_004, 50_004 + HEAD as u64, Some(9_999)));
        let kept = of(b"kept");
        let longer = Stored::appended(kept.clone(), b" and"[..].into(), 2).unwrap();
        assert_eq!((kept.bytes(), longer.bytes(), longer.pieces), (&b"kept"[..], &b"kept and"[..], 2));
        assert!(Stored::appended(Rc::new(Stored::read(b"5".to_vec()).unwrap()), b"x"[..].into(), 1).is_none());
    }
}
