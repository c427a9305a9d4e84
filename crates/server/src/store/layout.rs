//! The keys of a store, and how a value lies in one.
//!
//! A store's keys begin with its prefix in braces, so that a cluster keeps all of them on one node, where scripts need them. A value is a
//! string key of its own: [`HEAD`] bytes of facts, and then the value's bytes, to which appends append. An integer that does not expire, and
//! was never appended to, is its decimal digits instead: people and other programs can read it. A list from which an element was taken is a
//! queue from then on: behind the facts stand how many bytes of its elements were taken and are still there, and then its elements one by one
//! ([`super::entries`]).

use super::entries;
use super::queue::NoMemory;
use crate::batch::Word;
use rmp::Marker;
use smallvec::SmallVec;
use std::rc::Rc;
use sync_backend::{Expiry, listed};

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
/// The flags of a stored value, which follow: it has a note; it is a queue.
const NOTED: u8 = 1;
const QUEUE: u8 = 2;

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
    /// Whether it is a queue.
    pub is_queue: bool,
    /// Whether all of its bytes are here, and not only the first ones.
    pub is_read: bool,
    /// The value's bytes, behind others that are none of it.
    raw: Vec<u8>,
    start: usize,
}

/// The reason why a value is not read.
#[derive(Debug)]
pub enum Unreadable {
    /// It was not stored by a store of this format.
    Foreign,
    NoMemory(NoMemory),
}

impl From<NoMemory> for Unreadable {
    fn from(no_memory: NoMemory) -> Self {
        Self::NoMemory(no_memory)
    }
}

impl Stored {
    /// Reads what a key has.
    pub fn read(raw: Vec<u8>) -> Result<Self, Unreadable> {
        let stored = raw.len() as u64;
        if raw.first() != Some(&MAGIC) {
            return Self::integer(&raw).ok_or(Unreadable::Foreign);
        }
        let value = Self::facts(&raw, stored).ok_or(Unreadable::Foreign)?;
        if value.is_queue {
            let list = entries::list(&raw[HEAD..])?.ok_or(Unreadable::Foreign)?;
            return Ok(Self { raw: list, is_read: true, ..value });
        }
        Ok(Self { raw, start: HEAD, is_read: true, ..value })
    }

    /// Reads the first bytes of what a key has, which is so long. `None`: it was not stored by a store of this format, or is an integer.
    pub fn read_head(raw: Vec<u8>, stored: u64) -> Option<Self> {
        let value = Self::facts(&raw, stored).filter(|_| raw.first() == Some(&MAGIC))?;
        let start = if value.is_queue { raw.len() } else { HEAD };
        Some(Self { raw, start, ..value })
    }

    /// An integer in its digits.
    fn integer(digits: &[u8]) -> Option<Self> {
        let raw = integer(digits)?;
        Some(Self {
            base: 0,
            note: None,
            pieces: 1,
            whole: raw.len() as u64,
            due: 0,
            mark: First::from_slice(digits),
            stored: digits.len() as u64,
            is_queue: false,
            is_read: true,
            raw,
            start: 0,
        })
    }

    /// The facts before a value.
    fn facts(raw: &[u8], stored: u64) -> Option<Self> {
        let word = |at: usize| Some(u64::from_be_bytes(raw.get(at..at + 8)?.try_into().ok()?));
        let (base, note, due) = (word(4)?, word(12)? as i64, word(20)?);
        let pieces = u16::from_be_bytes(raw.get(2..4)?.try_into().ok()?);
        let whole = u64::from(u32::from_be_bytes(raw.get(28..32)?.try_into().ok()?));
        Some(Self {
            base,
            note: (raw[1] & NOTED != 0).then_some(note),
            pieces: u64::from(pieces),
            whole,
            due,
            mark: First::from_slice(&raw[..MARK]),
            stored,
            is_queue: raw[1] & QUEUE != 0,
            is_read: false,
            raw: Vec::new(),
            start: 0,
        })
    }

    /// As a script stores it under a number: with a note for the next append, or without one. `None`: there is no memory for it.
    pub fn put(base: u64, bytes: Word, note: Option<i64>, due: u64) -> Option<Self> {
        let raw = bytes.copy_behind(&[])?;
        Some(Self { raw, is_read: true, ..Self::head(base, bytes.len(), (note, 0), due) })
    }

    /// A queue, as a script stores it under a number. Its elements are not kept here.
    pub fn put_queue(base: u64, bytes: Word, note: Option<i64>, due: u64) -> Self {
        Self::head(base, bytes.len(), (note, QUEUE), due)
    }

    fn head(base: u64, length: usize, (note, flags): (Option<i64>, u8), due: u64) -> Self {
        Self {
            base,
            note,
            pieces: 1,
            whole: length as u64,
            due,
            mark: mark(base, (note, flags), 1),
            stored: (HEAD + length) as u64,
            is_queue: flags & QUEUE != 0,
            is_read: false,
            raw: Vec::new(),
            start: 0,
        }
    }

    /// Whether nothing was appended to it, nor noted for that.
    pub fn is_as_put(&self) -> bool {
        self.pieces == 1 && self.note.is_none()
    }

    /// The number of elements, of a queue.
    pub fn queued(&self) -> Option<u64> {
        self.note.filter(|_| self.is_queue).and_then(listed)
    }

    /// The value's bytes; where it is not read, the first ones.
    pub fn bytes(&self) -> &[u8] {
        &self.raw[self.start..]
    }

    /// Whether it was read from these very bytes.
    pub fn is_of(&self, raw: &[u8]) -> bool {
        // (Of an integer the digits are kept as its first bytes; a queue's elements are not kept as they are stored.)
        let is_integer = self.stored == self.mark.len() as u64;
        let read_from: &[u8] = if is_integer { &self.mark } else { &self.raw };
        self.is_read && !self.is_queue && (is_integer || self.start == HEAD) && read_from == raw
    }

    /// How many bytes of it are kept here.
    pub fn kept(&self) -> u64 {
        self.raw.len() as u64
    }

    /// How many bytes were stored for it, behind the facts.
    pub fn length(&self) -> u64 {
        if self.base == 0 { self.kept() } else { self.stored.saturating_sub(HEAD as u64) }
    }

    /// A value after an append, which is made where the value lies if nobody else keeps it: so the length of a list says nothing about the cost. `None`: it
    /// is an integer, to which none is made, or there is no memory for it.
    pub fn appended(value: Rc<Self>, bytes: Word, note: i64) -> Option<Self> {
        let pieces = (value.pieces + 1).min(u64::from(u16::MAX));
        let stored = value.stored + bytes.len() as u64;
        Self::longer(value, bytes, (Some(note), pieces, stored))
    }

    /// A value that others have appended to, of which these are the first bytes now, and all that follow those that it had. `None`: it is another one by now, or
    /// there is no memory for it.
    pub fn continued(value: Rc<Self>, head: &[u8], more: &[u8]) -> Option<Self> {
        let stored = value.stored + more.len() as u64;
        let new = Self::facts(head, stored).filter(|_| head.first() == Some(&MAGIC))?;
        let is_same = new.base == value.base && !new.is_queue && new.pieces >= value.pieces;
        let due = new.due;
        let longer = is_same.then(|| Self::longer(value, more.into(), (new.note, new.pieces, stored)))??;
        Some(Self { due, ..longer })
    }

    fn longer(value: Rc<Self>, bytes: Word, (note, pieces, stored): (Option<i64>, u64, u64)) -> Option<Self> {
        (value.base != 0 && !value.is_queue).then_some(())?;
        let bytes = if value.is_read { bytes } else { Word::default() };
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
        (value.note, value.pieces, value.stored) = (note, pieces, stored);
        value.mark = mark(value.base, (note, 0), pieces as u16);
        Some(value)
    }

    /// When it expires, by this process's clock, which differs from the server's by so much (ms).
    pub fn expiry(&self, ahead: i64) -> Option<Expiry> {
        (self.due != 0).then(|| Expiry::at(self.due.saturating_add_signed(-ahead)))
    }
}

/// The first bytes of a stored value.
fn mark(base: u64, (note, flags): (Option<i64>, u8), pieces: u16) -> First {
    let mut mark = First::from_slice(&[MAGIC, flags | if note.is_some() { NOTED } else { 0 }]);
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
        assert!(others.iter().all(|raw| matches!(Stored::read(raw.to_vec()), Err(Unreadable::Foreign))));
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
