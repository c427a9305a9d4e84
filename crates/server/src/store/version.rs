//! The version of a value: when it was last seen, and what it was.

use super::cache::Known;
use sync_backend::{Expiry, Now};

/// The number of words of a version, its opening aside.
const WORDS: usize = 6;

/// When a value was last seen, and what it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ServerVersion {
    /// The opening of the store; 0: it was never seen.
    opening: u64,
    /// The number of the value in this process; 0: there was none.
    record: u64,
    /// When it expires (ms); 0: never.
    expiry: u64,
    /// The number of the change that stored it as a whole; 0: the value that follows it is read anew, as it is an integer or a queue, or was not read.
    base: u64,
    /// The number of its bytes.
    length: u64,
    /// The number of its name.
    slot: u32,
}

impl ServerVersion {
    /// Of a value, or of none under the name with this number.
    pub fn of(opening: u64, slot: u32, known: Option<&Known>) -> Self {
        let Some(known) = known else { return Self { opening, slot, ..Self::default() } };
        let is_followed = known.value.is_read && !known.value.is_queue;
        Self {
            opening,
            record: known.record,
            expiry: known.expiry.map_or(0, Expiry::milliseconds),
            base: if is_followed { known.value.base } else { 0 },
            length: known.value.bytes().len() as u64,
            slot,
        }
    }

    /// Of no value at any server: an overlay's.
    pub fn of_overlay(opening: u64, record: u64, expiry: Option<Expiry>) -> Self {
        Self { opening, record, expiry: expiry.map_or(0, Expiry::milliseconds), ..Self::default() }
    }

    /// From its words ([`ServerVersion::words`]), of this opening.
    #[inline]
    pub fn of_words(opening: u64, words: [u64; WORDS]) -> Self {
        let [_, record, expiry, base, length, slot] = words;
        // (Only numbers of names have gone in there.)
        Self { opening, record, expiry, base, length, slot: slot as u32 }
    }

    /// All of it but the opening, for those who keep versions of several kinds of stores in one place.
    #[inline]
    pub fn words(&self) -> [u64; WORDS] {
        [0, self.record, self.expiry, self.base, self.length, self.slot.into()]
    }

    /// See [`Backend::opening_of`](sync_backend::Backend::opening_of).
    #[inline]
    pub fn opening(&self) -> u64 {
        self.opening
    }

    /// See [`Backend::record_of`](sync_backend::Backend::record_of).
    #[inline]
    pub fn record(&self) -> u64 {
        self.record
    }

    /// The number of its name.
    #[inline]
    pub fn slot(&self) -> u32 {
        self.slot
    }

    /// When it expires.
    #[inline]
    pub fn expiry(&self) -> Option<Expiry> {
        (self.expiry != 0).then(|| Expiry::at(self.expiry))
    }

    /// Whether it has expired by now.
    #[inline]
    pub fn has_expired(&self) -> bool {
        self.expiry != 0 && Expiry::at(self.expiry).has_come(Now::read())
    }

    /// Whether it stands for a value that is the newest one.
    pub fn is_of(&self, opening: u64, known: &Known) -> bool {
        self.opening == opening && self.slot == known.slot && self.record == known.record && self.record != 0
    }

    /// From which byte on a value is new to somebody who has seen this version; `None`: from the first on.
    pub fn continues(&self, opening: u64, known: &Known) -> Option<usize> {
        let is_same = self.opening == opening && self.slot == known.slot && self.record != 0;
        let length = usize::try_from(self.length).ok()?;
        (is_same && self.base != 0 && self.base == known.value.base && length < known.value.bytes().len())
            .then_some(length)
    }
}
