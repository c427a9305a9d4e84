//! The keys that an overlay keeps, each with what was written.

use hashbrown::HashTable;

use super::seeded::Seeded;
use super::short::{SHORT, Short, set, short};
use super::written::Written;

/// Keys in the order in which they were entered, and a table by which they are found.
///
/// (An `IndexMap` does the same. Here a new key is written where it stays, at once: a key and a value that are put together elsewhere
/// a few bytes at a time, and then moved in larger pieces, have the processor wait at each move.)
#[derive(Clone)]
pub struct Names<V> {
    seed: Seeded,
    /// The places of the keys in the list.
    table: HashTable<u32>,
    list: Vec<Named<V>>,
}

/// A key, and what was written.
#[derive(Clone)]
struct Named<V> {
    hash: u64,
    key: Short,
    written: Written<V>,
}

impl<V> Names<V> {
    /// No keys.
    pub fn new() -> Self {
        Self { seed: Seeded::new(), table: HashTable::new(), list: Vec::new() }
    }

    /// Forgets all keys; the memory for them stays.
    pub fn clear(&mut self) {
        self.table.clear();
        self.list.clear();
    }

    /// How many keys there is memory for.
    pub fn capacity(&self) -> usize {
        self.list.capacity().max(self.table.capacity())
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The place of a key in the list.
    #[inline]
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        self.find_hashed(self.seed.hash(key), key)
    }

    #[inline]
    fn find_hashed(&self, hash: u64, key: &[u8]) -> Option<usize> {
        let is_its = |&at: &u32| {
            self.list.get(at as usize).is_some_and(|named| named.hash == hash && sync_short::equal(&named.key, key))
        };
        self.table.find(hash, is_its).map(|&at| at as usize)
    }

    #[inline]
    pub fn get(&self, key: &[u8]) -> Option<&Written<V>> {
        Some(&self.list.get(self.find(key)?)?.written)
    }

    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut Written<V>> {
        let at = self.find(key)?;
        Some(&mut self.list.get_mut(at)?.written)
    }

    /// The key at a place in the list.
    pub fn at(&self, at: usize) -> Option<(&[u8], &Written<V>)> {
        self.list.get(at).map(|named| (&named.key[..], &named.written))
    }

    /// The key, with what was written; if it is new (as the second one tells), it is entered with a value of no bytes. `None`: there is
    /// no memory for it, and nothing has happened.
    #[inline(always)]
    pub fn enter(&mut self, key: &[u8], made: u64) -> Option<(&mut Written<V>, bool)> {
        let hash = self.seed.hash(key);
        let known = self.find_hashed(hash, key);
        let is_new = known.is_none();
        let at = match known {
            Some(at) => at,
            None => self.add(hash, key, made)?,
        };
        Some((&mut self.list.get_mut(at)?.written, is_new))
    }

    #[inline(always)]
    fn add(&mut self, hash: u64, key: &[u8], made: u64) -> Option<usize> {
        let at = self.list.len();
        let number = u32::try_from(at).ok()?;
        let list = &self.list;
        self.table.try_reserve(1, |&at| hash_at(list, at)).ok()?;
        self.list.try_reserve(1).ok()?;
        // (The memory of a long one. A short one has none, and is written where it stays.)
        let long = if key.len() > SHORT { Some(short(key, &[])?) } else { None };
        let written = Written::new(made);
        self.list.push(Named { hash, key: Short::new(), written });
        let named = self.list.last_mut()?;
        match long {
            Some(long) => named.key = long,
            None => set(&mut named.key, key, &[]),
        }
        let list = &self.list;
        self.table.insert_unique(hash, number, |&at| hash_at(list, at));
        Some(at)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Written<V>)> {
        self.list.iter().map(|named| (&named.key[..], &named.written))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&[u8], &mut Written<V>)> {
        self.list.iter_mut().map(|named| (&named.key[..], &mut named.written))
    }

    /// Brings them into the order of these numbers, which differ.
    pub fn sort_by(&mut self, number: impl Fn(&Written<V>) -> u64) {
        self.list.sort_unstable_by_key(|named| number(&named.written));
        self.table.clear();
        for (at, named) in (0..).zip(&self.list) {
            // (There is room for as many as there were.)
            self.table.insert_unique(named.hash, at, |&at| hash_at(&self.list, at));
        }
    }
}

/// The hash of the key at a place in the list.
#[inline]
fn hash_at<V>(list: &[Named<V>], at: u32) -> u64 {
    list.get(at as usize).map_or(0, |named| named.hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_whichever_order_they_stand() {
        let mut names: Names<()> = Names::new();
        let keys: Vec<String> = (0..100).map(|n| "k".repeat(n)).collect();
        for (key, made) in keys.iter().zip(1..) {
            assert!(names.enter(key.as_bytes(), made).is_some_and(|(written, is_new)| is_new && written.made == made));
            assert!(names.enter(key.as_bytes(), 0).is_some_and(|(written, is_new)| !is_new && written.made == made));
        }
        names.sort_by(|written| u64::MAX - written.made);
        for (key, made) in keys.iter().zip(1..) {
            assert_eq!(names.find(key.as_bytes()), Some(100 - made as usize));
            assert!(names.get(key.as_bytes()).is_some_and(|written| written.made == made));
        }
        assert!(names.find(b"another").is_none());
        names.clear();
        assert!(names.is_empty() && names.find(b"k").is_none() && names.capacity() >= 100);
    }
}
