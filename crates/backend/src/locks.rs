//! Named locks: their names, and the outcome of taking one.

/// The spaces of names: a lock of one is never one of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LockSpace {
    /// The names that programs give.
    Named = 0,
    /// Names of values that are being computed.
    Computed = 1,
    /// Items in consumption.
    Consumed = 2,
}

impl LockSpace {
    /// The space with this number, if there is one.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Named, Self::Computed, Self::Consumed].into_iter().find(|space| *space as u8 == number)
    }
}

/// The name of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockName<'a> {
    pub space: LockSpace,
    pub name: &'a [u8],
}

impl<'a> LockName<'a> {
    /// A name that a program gives.
    pub fn named(name: &'a [u8]) -> Self {
        Self { space: LockSpace::Named, name }
    }

    /// The lock of a value that is being computed.
    pub fn computed(name: &'a [u8]) -> Self {
        Self { space: LockSpace::Computed, name }
    }
}

/// A lock that another handle, or another fiber, has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occupied {
    /// It belongs to the asking thread, so that the wait may be endless.
    pub same_thread: bool,
    /// The owner's process, if its number is valid for the asking process.
    pub owner: Option<u32>,
    /// The token of the owner.
    pub token: u64,
    /// A note of the store's on the owner.
    pub note: u64,
}

/// The outcome of taking a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taking {
    /// It is the caller's. The token is greater than that of any owner before, of any name.
    Taken(u64),
    /// Nothing has happened.
    Occupied(Occupied),
}

impl Taking {
    /// The token, where the lock was taken.
    pub fn token(self) -> Option<u64> {
        match self {
            Self::Taken(token) => Some(token),
            Self::Occupied(_) => None,
        }
    }
}
