//! How long a value stays, from the moment on at which it is stored.

use super::handle::{Expiry, Now};

/// How long a value stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lifetime {
    #[default]
    ForEver,
    /// It is gone at once.
    Over,
    /// So many milliseconds.
    For(u64),
    /// As long as the one in whose place it comes.
    Until(Expiry),
    /// The same, of the value that is there by the name under which a method of the class stores it: known when it is stored.
    AsBefore,
}

impl Lifetime {
    /// When a value expires that is stored now. Storing it may have to wait for others: to be asked at each attempt.
    #[inline]
    pub fn expiry(self) -> Option<Expiry> {
        match self {
            Self::ForEver | Self::AsBefore => None,
            Self::Over => Some(Expiry::PAST),
            Self::For(milliseconds) => Now::read().after(milliseconds),
            Self::Until(expiry) => Some(expiry),
        }
    }

    /// The same, counted from now on, for several values that are to expire at one moment.
    pub fn begun(self) -> Self {
        match self {
            Self::For(milliseconds) => Now::read().after(milliseconds).into(),
            other => other,
        }
    }
}

impl From<Option<Expiry>> for Lifetime {
    fn from(expiry: Option<Expiry>) -> Self {
        expiry.map_or(Self::ForEver, Self::Until)
    }
}
