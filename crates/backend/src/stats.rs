//! A look at a store from outside.

/// The state of a store, about now. Its parts may be of slightly different moments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// The number of keys.
    pub keys: u64,
    /// Bytes of what is stored, with all that goes with it.
    pub live_bytes: u64,
    /// Bytes that were of use once, or will be, and wait for that.
    pub dead_bytes: u64,
    /// The length of the store's file.
    pub file_bytes: u64,
    /// Bytes of memory, or disk, that the store takes.
    pub memory_bytes: u64,
    /// The number of changes that were made since the store exists.
    pub commits: u64,
    /// The number of times that a part of the store was tidied up.
    pub compactions: u64,
    /// The processes that have written to the store, and have it open; once for each of their threads.
    pub processes: Vec<Connected>,
    /// The locks that are held now.
    pub locks: Vec<HeldLock>,
    /// The number of threads that wait for a lock.
    pub waiters: u64,
    /// The items in consumption whose consumers live.
    pub consuming: Vec<Consumer>,
}

/// One that has taken an item off a list, and is not through with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// The list's key.
    pub name: Vec<u8>,
    /// The consumer's process, if its number is valid for the asking process.
    pub pid: Option<u32>,
}

/// A process that uses a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connected {
    /// Its number, if it is valid for the asking process.
    pub pid: Option<u32>,
    /// Since when, in nanoseconds since 1970; 0: not known.
    pub since: u64,
}

/// A lock that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLock {
    /// Its name; `None`: that of the whole store.
    pub name: Option<Vec<u8>>,
    /// The owner's process, if its number is valid for the asking process.
    pub pid: Option<u32>,
    /// Since when, in nanoseconds since 1970.
    pub since: u64,
    /// Its token; `None`: it was taken without one.
    pub token: Option<u64>,
}
