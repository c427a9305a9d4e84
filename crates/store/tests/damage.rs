//! Files that come damaged from a power loss or a bad copy.

use sync_store::Change;
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

/// Several values that were stored at once are there together or not at all, whichever of them is damaged, or did not reach the disk with
/// all of its segment.
#[test]
fn what_was_stored_at_once_is_missed_as_a_whole() {
    let whole = TemporaryPath::new();
    let store = whole.store();
    put(&store, b"a", b"first value");
    let values: Vec<Vec<u8>> = (0..9u8).map(|n| vec![b'0' + n; if n == 4 { 90_000 } else { 9_000 }]).collect();
    for count in [9, 2] {
        // Together in a segment, or in several.
        let names: Vec<[u8; 1]> =
            (b'b'..b'b' + count).map(|name| [if count == 2 { name + 20 } else { name }]).collect();
        let length = if count == 2 { 100 } else { usize::MAX };
        let puts = names.iter().zip(&values).map(|(key, value)| {
            let body = &value[..value.len().min(length)];
            Change::Put { key, head: b"", body, note: None, expiry: None, anew: false }
        });
        assert!(store.commit(&puts.collect::<Vec<_>>(), None).unwrap());
        let image = std::fs::read(&whole.0).unwrap();
        for (value, is_torn) in values[..usize::from(count)].iter().zip([false, true].into_iter().cycle()) {
            let (mut image, damaged) = (image.clone(), TemporaryPath::new());
            // The newest.
            let value = &value[..value.len().min(length)];
            let at = image.windows(value.len()).rposition(|window| window == value).unwrap();
            if is_torn && count == 9 {
                // All of the pages, but for the head of the run, which says nothing without its generation.
                let run = (0..=at / 4096)
                    .rev()
                    .map(|page| page * 4096)
                    .find(|&run| image[run] == 0xc9 && [22, 23].contains(&image[run + 5]));
                image[run.unwrap() + 8..run.unwrap() + 16].fill(0);
            } else {
                image[at + 20] ^= 0x55;
            }
            std::fs::write(&damaged.0, &image).unwrap();
            let store = damaged.store();
            let expected = if count == 9 { 1 } else { 10 };
            assert_eq!(store.len().unwrap(), expected, "{count} values, {:?} is damaged, {is_torn}", value[0] as char);
            assert_eq!(get(&store, b"a").as_deref(), Some(&b"first value"[..]));
            assert_sound(&store);
        }
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
