//! The end of an array, which is all that has to be known to append to it without reading it. The store keeps it, as the
//! note of the last append.

use super::globals::GLOBALS;
use super::handle::{Backend, Peeked, Version, list_note, listed};
use super::legacy::retry_importing;
use super::object::SyncObject;
use super::value;
use super::zend::{Array, Local, Str, Thrown};

/// Where an array ends: the number that `[] =` would use next, and, of a list, how many elements it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Its keys are 0, 1, 2 … in this order: so many of them.
    List(i64),
    /// Another array, which goes on with this number.
    Next(i64),
    /// Only reading the array would tell.
    Unknown,
}

impl End {
    /// The end of an array in memory.
    pub fn of(array: &Array) -> Self {
        match array.next_free() {
            next if array.is_full_list() && next == array.len() as i64 => Self::List(next),
            // The engine's mark for "no number yet".
            i64::MIN if array.len() == 0 => Self::List(0),
            i64::MIN => Self::Next(0),
            next if next >= 0 => Self::Next(next),
            _ => Self::Unknown,
        }
    }

    /// Of an array that starts with these bytes, and has no patches; `None` if it is no array.
    fn of_encoded(start: &[u8]) -> Option<Self> {
        Some(value::array_at(start)?.map_or(Self::Unknown, |count| Self::List(count.into())))
    }

    /// As the store keeps it.
    pub fn note(self) -> i64 {
        match self {
            Self::List(length) => list_note(length as u64),
            Self::Next(next) => next,
            Self::Unknown => i64::MIN,
        }
    }

    /// As it was noted.
    pub fn of_note(note: i64) -> Self {
        match note {
            i64::MIN => Self::Unknown,
            0.. => Self::Next(note),
            _ => listed(note).map_or(Self::Unknown, |length| Self::List(length as i64)),
        }
    }

    /// The end of the array when it has an element with this number.
    pub fn after(self, number: i64) -> Self {
        match self {
            Self::List(length) if number == length => Self::List(length + 1),
            Self::List(length) if (0..length).contains(&number) => self,
            // From PHP 8.3 on an array without numbers goes on behind a negative one.
            Self::List(0) | Self::Next(0) if number < 0 => Self::Unknown,
            Self::List(next) | Self::Next(next) => Self::Next(next.max(number.saturating_add(1))),
            Self::Unknown => Self::Unknown,
        }
    }

    /// The end of the array where an element with a name has come to it, or an element has gone.
    pub fn of_no_list(self) -> Self {
        match self {
            Self::List(length) => Self::Next(length),
            end => end,
        }
    }

    /// The number that `[] =` uses; `None` if it is not known, or there is none left.
    pub fn number(self) -> Option<i64> {
        match self {
            Self::List(next) | Self::Next(next) => (next < i64::MAX).then_some(next),
            Self::Unknown => None,
        }
    }
}

/// Where the array under `name` ends, as of now; `None` where there is none. The store then knows which
/// value is appended to.
pub fn observe_end(this: &SyncObject, name: &Str) -> Result<Option<End>, Thrown> {
    Ok(match observe(this, name)? {
        Observed::Array(end, _) => Some(end),
        Observed::Missing | Observed::NoArray => None,
    })
}

/// The kind of value that is found under a name.
pub enum Observed {
    Missing,
    NoArray,
    /// Where it ends, and the version that ends there.
    Array(End, Version),
}

/// As [`observe_end`], which also tells what there is if it is no array.
pub fn observe(this: &SyncObject, name: &Str) -> Result<Observed, Thrown> {
    // SAFETY: nothing runs before the entry is out of use.
    let mut version = match unsafe { this.ends().find(name) } {
        None => Version::default(),
        Some(entry) => match (this.constructed(), entry.value().long()) {
            // Nobody has changed it since.
            (Some(instance), Some(note))
                if instance.store.is_current(&entry.version) || instance.store.confirm(&mut entry.version) =>
            {
                return Ok(Observed::Array(End::of_note(note), entry.version));
            }
            _ => entry.version,
        },
    };
    let mut start = GLOBALS.get().buffers.take();
    start.reserve(16);
    let peeked = retry_importing(this, |store| store.peek(name.bytes(), &mut version, &mut *start))?;
    let end = match peeked {
        // SAFETY: nothing runs before the entry is out of use.
        Peeked::Unchanged => unsafe { this.ends().find(name) }.and_then(|entry| entry.value().long()).map(End::of_note),
        Peeked::Whole => End::of_encoded(&start),
        Peeked::Noted(note) => Some(End::of_note(note)),
        Peeked::Missing => None,
    };
    match end {
        Some(end) => remember_end(this, name, end, version),
        // SAFETY: nothing runs before the reference to the cache ends.
        None => unsafe { this.ends() }.forget(name),
    }
    Ok(match end {
        Some(end) => Observed::Array(end, version),
        None if peeked == Peeked::Missing => Observed::Missing,
        None => Observed::NoArray,
    })
}

/// Remembers where the array of this version ends, in this process.
pub fn remember_end(this: &SyncObject, name: &Str, end: End, version: Version) {
    let number = Local::of_long(end.note());
    // SAFETY: the reference to the cache ends here; an int is plain.
    unsafe { this.ends().store(name, &number, version, 0) };
}
