//! The hash by which an overlay finds the keys that it keeps.

use std::hash::{BuildHasher, Hasher, RandomState};

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Hashes keys with a seed that nobody outside of the process knows, as they may be chosen by somebody who wants them to collide. (The
/// hash of the standard library takes four times as long for keys as short as most are.)
#[derive(Clone, Copy)]
pub struct Seeded(u64);

impl Seeded {
    /// A seed of its own.
    pub fn new() -> Self {
        Self(RandomState::new().build_hasher().finish())
    }

    /// The hash of a key.
    #[inline]
    pub fn hash(self, key: &[u8]) -> u64 {
        xxh3_64_with_seed(key, self.0)
    }
}

impl BuildHasher for Seeded {
    type Hasher = Hashing;

    #[inline]
    fn build_hasher(&self) -> Hashing {
        Hashing(self.0)
    }
}

/// The hash of what was written so far, which is the seed for what comes next.
pub struct Hashing(u64);

impl Hasher for Hashing {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    /// The length of what follows: the hash of that knows it.
    #[inline]
    fn write_usize(&mut self, _: usize) {}

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_hash_a_key_are_the_same() {
        let (seeded, other) = (Seeded::new(), Seeded::new());
        for key in
            [&b""[..], b"a", b"some longer key, which is more than a line of the processor's cache takes: 64 bytes"]
        {
            assert_eq!(seeded.hash(key), seeded.hash_one(key));
            assert_ne!(seeded.hash(key), other.hash(key), "the seeds differ");
        }
    }
}
