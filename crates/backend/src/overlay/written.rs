//! The values that were written under keys, as an overlay keeps them.

use std::cell::Cell;

use super::short::Short;
use crate::{Expiry, Now};

/// A key that was written. (As small as it can be, and in one piece for most: there may be many, and each costs what making the changes
/// at one moment saves.)
#[derive(Clone)]
pub struct Written<V> {
    /// The bytes of its value; those that were appended to one in the store below.
    pub bytes: Short,
    /// The number of its newest state.
    pub made: u64,
    /// Its place in the order, if it comes behind all keys of the store below.
    pub place: u64,
    /// `None`: its value is these bytes, without a note, and never expires.
    pub more: Option<Box<More<V>>>,
    /// Whether there is a value: else it was removed.
    pub is_there: bool,
    /// Whether it was removed and stored again.
    pub anew: bool,
    /// Whether the store below has the key, once that is known.
    pub below: Cell<Option<bool>>,
}

/// All that a value may have besides its bytes.
#[derive(Clone)]
pub struct More<V> {
    /// The value in the store below from which it goes on.
    pub from: Option<V>,
    /// Its states: the number of each, and where it ends in its bytes.
    pub states: Vec<(u64, usize)>,
    pub note: Option<i64>,
    /// When it expires.
    pub expiry: Option<Expiry>,
}

impl<V> Written<V> {
    /// A value of no bytes, in this state.
    #[inline(always)]
    pub fn new(made: u64) -> Self {
        let (bytes, more, below) = (Short::new(), None, Cell::new(None));
        Self { bytes, made, place: made, more, is_there: true, anew: false, below }
    }

    /// Where in its bytes the state with this number ends.
    pub fn end_of(&self, made: u64) -> Option<usize> {
        match &self.more {
            None => (self.made == made).then_some(self.bytes.len()),
            Some(more) => more.states.iter().rev().find(|state| state.0 == made).map(|state| state.1),
        }
    }

    /// Bytes that were appended since it was written as a whole.
    pub fn appended(&self) -> usize {
        self.bytes.len() - self.whole()
    }

    /// Bytes that were written as a whole.
    pub fn whole(&self) -> usize {
        match &self.more {
            None => self.bytes.len(),
            Some(more) if more.from.is_some() => 0,
            Some(more) => more.states.first().map_or(0, |state| state.1),
        }
    }

    /// The value in the store below from which its own goes on.
    pub fn from(&self) -> Option<&V> {
        self.more.as_ref()?.from.as_ref()
    }

    pub fn note(&self) -> Option<i64> {
        self.more.as_ref()?.note
    }

    pub fn expiry(&self) -> Option<Expiry> {
        self.more.as_ref()?.expiry
    }

    /// Whether there is a value that has not expired.
    #[inline]
    pub fn is_seen(&self) -> bool {
        self.is_there && self.expiry().is_none_or(|expiry| !expiry.has_come(Now::read()))
    }

    /// The pieces of its value that were written.
    pub fn pieces(&self) -> usize {
        self.more.as_ref().map_or(1, |more| more.states.len())
    }
}
