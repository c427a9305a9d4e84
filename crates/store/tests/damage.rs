//! Files that come damaged from a power loss or a bad copy.

use sync_store::testing::{TemporaryPath, assert_sound, get, put};

/// Where these bytes are in an image.
fn find(image: &[u8], bytes: &[u8]) -> usize {
    image.windows(bytes.len()).position(|window| window == bytes).expect("it was stored")
}

#[test]
fn values_written_after_damage_was_cut_off_survive_the_next_check() {
    // A byte of the record's value, and one of its first word.
    for into_first_word in [false, true] {
        let (whole, damaged) = (TemporaryPath::new(), TemporaryPath::new());
        let store = whole.store();
        for (key, value) in [(b"a", b"first value"), (b"b", b"other value"), (b"c", b"third value")] {
            put(&store, key, value);
        }
        put(&store, b"large", &[7; 100_000]);
        let mut image = std::fs::read(&whole.0).unwrap();
        let at = find(&image, b"other value");
        image[if into_first_word { at - 34 } else { at }] ^= 0x55;
        std::fs::write(&damaged.0, &image).unwrap();

        let store = damaged.store();
        assert_eq!(get(&store, b"a").as_deref(), Some(&b"first value"[..]));
        for key in [&b"b"[..], b"c", b"large"] {
            assert_eq!(get(&store, key), None, "what came after the damage");
        }
        assert!(store.take_warning().unwrap().contains("damaged or incomplete"));
        put(&store, b"d", b"fourth value");
        assert_sound(&store);

        let copy = damaged.copy();
        let store = copy.store();
        assert_eq!(get(&store, b"d").as_deref(), Some(&b"fourth value"[..]));
        assert_eq!(store.len().unwrap(), 2);
        assert_eq!(store.take_warning(), None);
        assert_sound(&store);
    }
}

/// With `durability = commit` a power loss may come while a record is being synced: of its two pages (or
/// sectors) only the first is there. The record was never published; records published before it are unaffected.
#[test]
fn a_record_that_is_torn_before_its_position_takes_nothing_with_it() {
    let (whole, torn) = (TemporaryPath::new(), TemporaryPath::new());
    let store = whole.store();
    put(&store, b"a", b"first value");
    put(&store, b"large", &[7; 100_000]);
    let before = std::fs::read(&whole.0).unwrap();
    put(&store, b"c", b"torn value");
    let after = std::fs::read(&whole.0).unwrap();
    let record = find(&after, b"torn value") - 34;
    let mut image = before;
    image[record..record + 8].copy_from_slice(&after[record..record + 8]);
    std::fs::write(&torn.0, &image).unwrap();

    let store = torn.store();
    assert_eq!(get(&store, b"a").as_deref(), Some(&b"first value"[..]));
    assert_eq!(get(&store, b"large").as_deref(), Some(&[7; 100_000][..]));
    assert_eq!(get(&store, b"c"), None);
    assert_eq!(store.take_warning(), None);
    put(&store, b"d", b"fourth value");
    assert_sound(&store);
}
