//! Random numbers, and how a test draws the same ones each time.

use rustix::rand::{GetRandomFlags, getrandom};
use std::cell::Cell;

thread_local! {
    /// The number that [`draw_identities_from`] set.
    static SEED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Lets the identities and first positions of the stores that this thread makes follow from a
/// number instead of coming from the system: a test whose cases are to be the same each time.
#[cfg(any(test, feature = "testing"))]
pub fn draw_identities_from(seed: u64) {
    SEED.set(Some(seed));
}

/// Whether this thread's stores are to be the same each time: then nothing in them may follow the clock.
pub fn are_identities_drawn() -> bool {
    SEED.get().is_some()
}

/// A random number.
pub fn random() -> u64 {
    if let Some(seed) = SEED.get() {
        let next = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        SEED.set(Some(next));
        return (next ^ next >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    let mut bytes = [0; 8];
    // Eight bytes are never delivered in part.
    if getrandom(&mut bytes, GetRandomFlags::empty()) == Ok(8) {
        return u64::from_ne_bytes(bytes);
    }
    // No getrandom (a very strict sandbox): still different from store to store.
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}
