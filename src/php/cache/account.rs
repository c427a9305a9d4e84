//! The size of a thread's cache, and the limits of it.

use std::cell::Cell;

/// Bytes that the values of one request may take, encoded, where the setting does not allow more. Decoded, an array of small
/// ints is sixteen times larger; it lies in the request's memory then, which `memory_limit` counts.
const PASSING: usize = 8 << 20;

/// Names of one file that are kept where nothing outlives the request.
const NAMES: usize = 1 << 17;

/// The size of a thread's cache, and the limits of it.
#[derive(Default)]
pub struct Account {
    /// Bytes that may outlive a request (`sync.cache_size`).
    limit: Cell<usize>,
    /// Whether anything does.
    outlives: Cell<bool>,
    /// The number of the request; from 1 on.
    now: Cell<u32>,
    /// Bytes of memory of the process's.
    lasting: Cell<usize>,
    /// Encoded bytes of the values that go with the request.
    passing: Cell<usize>,
    /// Encoded bytes of them that came since the last look at the request's memory.
    unseen: Cell<usize>,
    /// Bytes that the program had asked the system for when nothing here went with the request.
    own: Cell<usize>,
    names: Cell<usize>,
    hits: Cell<u64>,
    misses: Cell<u64>,
}

/// The figures in `phpinfo()`.
pub struct Figures {
    /// Names that are known.
    pub names: usize,
    /// Bytes of memory of the process's that they take, with their values.
    pub bytes: usize,
    /// Encoded bytes of the values that go with the request.
    pub passing: usize,
    /// How often a value was found, and how often not.
    pub hits: u64,
    pub misses: u64,
}

impl Account {
    /// Begins a request.
    pub fn begin_request(&self, limit: usize, outlives: bool) {
        self.limit.set(limit);
        self.outlives.set(outlives);
        self.own.set(0);
        self.now.set(self.now.get().checked_add(1).unwrap_or(1));
    }

    /// The number of the request.
    #[inline]
    pub fn now(&self) -> u32 {
        self.now.get()
    }

    /// Whether anything outlives a request.
    #[inline]
    pub fn outlives(&self) -> bool {
        self.outlives.get()
    }

    /// Bytes that may outlive a request.
    pub fn limit(&self) -> usize {
        self.limit.get()
    }

    /// Bytes that may still be kept beyond the request.
    pub fn left(&self) -> usize {
        if self.outlives() { self.limit.get().saturating_sub(self.lasting.get()) } else { 0 }
    }

    /// Bytes to be freed at the start of a request, so that there is room for what it brings.
    pub fn excess(&self) -> usize {
        let limit = self.limit.get();
        if self.lasting.get() > limit - limit / 8 { self.lasting.get() - (limit - limit / 4) } else { 0 }
    }

    /// Whether so many bytes more may be taken for the tables.
    pub fn has_room_for(&self, bytes: usize) -> bool {
        !self.outlives() || bytes <= self.left()
    }

    /// Whether one more name may be kept, which takes so many bytes, in a table with so many.
    pub fn has_room_for_name(&self, bytes: usize, names: usize) -> bool {
        self.has_room_for(bytes) && (self.outlives() || names < NAMES)
    }

    /// Bytes that the values of a request may take, encoded: one alone, or all.
    pub fn may_pass(&self) -> usize {
        self.limit.get().clamp(PASSING, u32::MAX as usize)
    }

    /// Whether all that is kept is so little that it does no harm for a while.
    pub fn is_little(&self) -> bool {
        const NAMES: usize = 32 << 10;
        const VALUES: usize = 4 << 10;
        self.lasting.get() <= NAMES && self.passing.get() <= VALUES
    }

    /// Encoded bytes of values to be forgotten before there are so many more.
    pub fn passing_excess(&self, more: usize) -> usize {
        let (may, wanted) = (self.may_pass(), self.passing.get() + more);
        if wanted > may { wanted - (may - may / 4).max(more) } else { 0 }
    }

    /// Whether any value goes with the request.
    pub fn has_passing(&self) -> bool {
        self.passing.get() > 0
    }

    /// Whether to look, after so many more encoded bytes, at how much memory the request has left: an array may take a hundred
    /// times as much when it is decoded.
    #[inline]
    pub fn is_to_look(&self, more: usize) -> bool {
        /// Encoded bytes from one look to the next one.
        const UNSEEN: usize = 16 << 10;
        self.unseen.set(self.unseen.get() + more);
        self.unseen.get() >= UNSEEN
    }

    /// Looks: whether the program has asked for a quarter of its limit more than it did without the values that go with the request.
    pub fn takes_too_much(&self, in_use: usize, limit: usize) -> bool {
        self.unseen.set(0);
        // It has given some back.
        self.own.set(self.own.get().min(in_use));
        in_use.saturating_sub(self.own.get()) > limit.saturating_sub(self.own.get()) / 4
    }

    /// Notes how much the program has asked for, as nothing here goes with the request.
    pub fn note_own(&self, in_use: usize) {
        self.own.set(in_use);
    }

    #[inline]
    pub fn pass(&self, bytes: usize) {
        self.passing.set(self.passing.get() + bytes);
    }

    #[inline]
    pub fn has_passed(&self, bytes: usize) {
        self.passing.set(self.passing.get() - bytes);
    }

    pub fn keep(&self, bytes: usize) {
        self.lasting.set(self.lasting.get() + bytes);
    }

    pub fn free(&self, bytes: usize) {
        self.lasting.set(self.lasting.get() - bytes);
    }

    /// A name more.
    pub fn add_name(&self, bytes: usize) {
        self.keep(bytes);
        self.names.set(self.names.get() + 1);
    }

    /// A name less.
    pub fn remove_name(&self, bytes: usize) {
        self.free(bytes);
        self.names.set(self.names.get() - 1);
    }

    /// Counts lookups.
    pub fn count(&self, hits: u64, misses: u64) {
        self.hits.set(self.hits.get() + hits);
        self.misses.set(self.misses.get() + misses);
    }

    pub fn figures(&self) -> Figures {
        Figures {
            names: self.names.get(),
            bytes: self.lasting.get(),
            passing: self.passing.get(),
            hits: self.hits.get(),
            misses: self.misses.get(),
        }
    }
}
