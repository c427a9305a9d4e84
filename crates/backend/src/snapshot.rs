//! Every key and value at one moment.

use super::Room;

/// A value that was left in the store, which copies it by [`Backend::read_unread`](super::Backend::read_unread) for as long
/// as it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread {
    /// The number of its bytes.
    pub length: u64,
    /// The store's own words for finding the value.
    pub place: [u64; 4],
}

/// Every key and value at one moment, in insertion order, in memory of the caller's choice.
#[derive(Debug)]
pub struct Snapshot<B = Vec<u8>, E = Vec<Entry>> {
    bytes: B,
    entries: E,
    /// Values from this length on are left in the store.
    limit: u64,
    /// The room that everything needs, in bytes and in entries; and the size of the store's keys and values.
    wanted: (u64, u64),
    total: u64,
    /// The number of bytes of the values that were left in the store.
    left: u64,
    /// Whether everything had room.
    fits: bool,
}

/// The place of a key and its value in the bytes of a [`Snapshot`].
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    order: u64,
    key: u64,
    /// The start of the value: of its bytes, or of the words to find it by.
    value: u64,
    length: u64,
    left: bool,
}

/// A value of a [`Snapshot`].
#[derive(Debug, Clone, Copy)]
pub enum Stored<'a> {
    Bytes(&'a [u8]),
    /// It was left in the store.
    Left(Unread),
}

impl Default for Snapshot {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

impl<B: Room<u8>, E: Room<Entry>> Snapshot<B, E> {
    /// An empty one that uses this memory.
    pub fn new(bytes: B, entries: E) -> Self {
        Self { bytes, entries, limit: u64::MAX, wanted: (0, 0), total: 0, left: 0, fits: true }
    }

    /// The memory for bytes and for entries.
    pub fn room(&mut self) -> (&mut B, &mut E) {
        (&mut self.bytes, &mut self.entries)
    }

    /// The bytes and entries that the last attempt to fill it needed.
    pub fn wanted(&self) -> (u64, u64) {
        self.wanted
    }

    /// The number of bytes of the values that were left in the store.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// True if the value at a place in insertion order was left in the store.
    pub fn is_left(&self, index: usize) -> bool {
        self.entries.items().get(index).is_some_and(|entry| entry.left)
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.entries.items().len()
    }

    /// True if it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key and value at a place in insertion order.
    pub fn get(&self, index: usize) -> Option<(&[u8], Stored<'_>)> {
        let entry = self.entries.items().get(index)?;
        let bytes = self.bytes.items();
        let key = &bytes[entry.key as usize..entry.value as usize];
        let value = &bytes[entry.value as usize..];
        if !entry.left {
            return Some((key, Stored::Bytes(&value[..entry.length as usize])));
        }
        let (words, _) = value.as_chunks::<8>();
        let place = [0, 1, 2, 3].map(|n| u64::from_ne_bytes(words[n]));
        Some((key, Stored::Left(Unread { length: entry.length, place })))
    }

    /// The place in the order ([`Facts::place`](super::Facts::place)) of the key that is so many behind the first one.
    pub fn place(&self, index: usize) -> Option<u64> {
        self.entries.items().get(index).map(|entry| entry.order)
    }

    /// The place of the last key in insertion order ([`Facts::place`](super::Facts::place)).
    pub fn last_place(&self) -> Option<u64> {
        self.entries.items().last().map(|entry| entry.order)
    }

    /// The keys, in insertion order.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|index| Some(self.get(index)?.0))
    }

    /// `(key, value)` in insertion order, without those that were left in the store.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        (0..self.len()).filter_map(|index| match self.get(index)? {
            (key, Stored::Bytes(value)) => Some((key, value)),
            (_, Stored::Left(_)) => None,
        })
    }
}

/// Filling one: for stores.
impl<B: Room<u8>, E: Room<Entry>> Snapshot<B, E> {
    /// Removes everything, and keeps the memory. Values from `limit` bytes on will be left in the store.
    pub fn begin(&mut self, limit: u64) {
        self.limit = limit;
        self.clear();
    }

    /// The length from which on values are to be left in the store.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Removes everything, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        (self.wanted, self.total, self.left, self.fits) = ((0, 0), 0, 0, true);
    }

    /// Counts so many bytes of key and value; gives how many there have been.
    pub fn count(&mut self, more: u64) -> u64 {
        self.total = self.total.saturating_add(more);
        self.total
    }

    /// Whether there was room for all that was added.
    pub fn fits(&self) -> bool {
        self.fits
    }

    /// Adds a key with its value, which the two functions append, if there is room: else it only counts them.
    /// `None` where one of them fails. `order` is the key's place in insertion order.
    pub fn add(
        &mut self,
        order: u64,
        (key_length, key): (u64, impl FnOnce(&mut B) -> Option<()>),
        (length, value): (u64, impl FnOnce(&mut B) -> Option<()>),
    ) -> Option<()> {
        self.add_entry(order, (key_length, key), (length, length, value), false)
    }

    /// As [`add`](Self::add), for a value that is left in the store.
    pub fn add_left(
        &mut self,
        order: u64,
        (key_length, key): (u64, impl FnOnce(&mut B) -> Option<()>),
        left: Unread,
    ) -> Option<()> {
        let words = |bytes: &mut B| left.place.iter().all(|word| bytes.extend(&word.to_ne_bytes())).then_some(());
        let added =
            self.add_entry(order, (key_length, key), (left.length, size_of_val(&left.place) as u64, words), true);
        self.left += left.length;
        added
    }

    /// The value has so many bytes, of which so many are in the snapshot.
    fn add_entry(
        &mut self,
        order: u64,
        (key_length, key): (u64, impl FnOnce(&mut B) -> Option<()>),
        (length, size, value): (u64, u64, impl FnOnce(&mut B) -> Option<()>),
        left: bool,
    ) -> Option<()> {
        let size = key_length + size;
        self.wanted = (self.wanted.0 + size, self.wanted.1 + 1);
        self.fits = self.fits && self.bytes.has_room(size) && self.entries.has_room(1);
        if !self.fits {
            return Some(());
        }
        let start = self.bytes.items().len() as u64;
        key(&mut self.bytes)?;
        let middle = self.bytes.items().len() as u64;
        value(&mut self.bytes)?;
        self.entries.push(Entry { order, key: start, value: middle, length, left }).then_some(())
    }

    /// Puts what was added in insertion order.
    pub fn sort(&mut self) {
        self.entries.items_mut().sort_unstable_by_key(|entry| entry.order);
    }
}
