//! Files in which a single bit was flipped, by a disk or on the way: whatever that takes away is told.

use sync_store::testing::{Random, TemporaryPath, entries, put};
use sync_store::{Durability, Options, Version};

/// Where the header's flags are (docs/format.md), the lowest of which says that the store was destroyed. That is no damage.
const DESTROYED: (usize, u8) = (104, 0);

/// A store with values of all kinds.
fn image(durability: Durability) -> Vec<u8> {
    let path = TemporaryPath::new();
    let store = path.store_with(Options { durability, ..Options::default() });
    (0..4u8).for_each(|n| put(&store, [b'a' + n], &[n; 20]));
    put(&store, b"large", &[7; 70_000]);
    let mut seen = Version::default();
    store.get(b"b", &mut seen, &mut Vec::new()).unwrap();
    for element in [b"one", b"two"] {
        store.append(b"b", element, 0, &mut seen).unwrap();
    }
    put(&store, b"a", b"newer");
    store.remove(b"c").unwrap();
    std::fs::read(&path.0).unwrap()
}

/// A store in a file with this content, as it comes with a copy.
fn copied(image: &[u8]) -> TemporaryPath {
    let path = TemporaryPath::new();
    std::fs::write(&path.0, image).unwrap();
    path
}

#[test]
fn nothing_that_a_flipped_bit_takes_away_is_missed_silently() {
    let mut random = Random::new(1);
    for durability in [Durability::None, Durability::Commit] {
        let image = image(durability);
        let whole = entries(&copied(&image).store());
        assert_eq!(whole.len(), 4);
        let mut told = 0;
        // All bytes that say anything, and some of those that do not.
        for at in (0..image.len().min(24_000)).filter(|&at| image[at] != 0 || at % 61 == 0) {
            let bit = random.number() as u8 % 8;
            let mut damaged = image.clone();
            damaged[at] ^= 1 << bit;
            let path = copied(&damaged);
            let store = path.store();
            if store.len().is_err() || store.take_warning().is_some() {
                told += 1;
            } else {
                assert!(entries(&store) == whole || (at, bit) == DESTROYED, "byte {at}, bit {bit}, {durability:?}");
            }
        }
        assert!(told > 100, "{told}");
    }
}
