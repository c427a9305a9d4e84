//! The index while its blocks are replaced.

use super::*;

/// A key that was looked at before its index block was split: the slot that it was found in still names its old
/// record, in a block that is free now.
#[test]
fn a_slot_of_an_index_block_that_is_gone_says_nothing() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    put(&store, b"x", b"old");
    let (mut seen, mut out) = (Version::default(), Vec::new());
    assert_eq!(other.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
    for n in 0..3100u32 {
        put(&store, format!("key{n}").as_bytes(), b"1");
    }
    put(&store, b"x", b"new");
    let file = other.file();
    assert!(Reader::of(&file).hint(&seen).is_none());
    assert_eq!(other.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"new");
}

#[test]
fn a_key_is_found_while_its_block_of_the_index_is_replaced_and_used_for_something_else() {
    let path = TemporaryPath::new();
    let (store, writer) = (path.store(), path.store());
    put(&store, b"x", b"value");
    let action = move || {
        for n in 0..7000u32 {
            put(&writer, format!("key{n}").as_bytes(), &[1; 40]);
        }
    };
    let found = while_somebody("searching a block of the index", action, || get(&store, b"x"));
    assert_eq!(found, Some(b"value".to_vec()));
}

/// An offset in a block of the index, or in a directory, that holds a value by now is no reason to
/// believe that the file is damaged, be it outside of the mapping or only of the file.
#[test]
fn an_offset_out_of_a_block_that_was_reused_says_nothing_of_the_file() {
    for (place, offset) in [
        ("searching a block of the index", u64::MAX),
        ("searching a block of the index", 8 << 30),
        ("following the directory", u64::MAX),
        ("following the directory", 8 << 30),
    ] {
        // The slot of the key is one that the bytes of a value can lie over.
        draw_identities_from(1);
        let path = TemporaryPath::new();
        let (store, writer) = (path.store(), path.store());
        // Each gives the directory a run of its own, and all of that lies side by side.
        for _ in 0..2 {
            store.replace(&[(b"large", &[1; 100_000]), (b"x", b"value")]).unwrap();
        }
        let file = store.follower().current_file().unwrap().unwrap();
        let directory = Root::open(file.map.header().directory.get());
        let hash = format::hash(file.identity.hash_seed, b"x");
        let looked_at = if place == "following the directory" {
            directory.offset
        } else {
            let block = IndexView::of(file.view()).index_block(hash, directory).unwrap();
            let slot = format::home_slot(hash, block.class().unwrap().slots());
            block.offset() + format::BLOCK_HEAD + slot * format::SLOT + 8
        };
        let theirs = file.clone();
        let action = move || {
            writer.replace(&[(b"x", b"value")]).unwrap();
            // Hash and offset, as a slot has them; the name lets the value start at a multiple of 16.
            let words = if place == "following the directory" { [offset; 2] } else { [hash, offset] };
            let value = words.map(u64::to_le_bytes).concat().repeat(7000);
            let found = (0..20u8).any(|n| {
                put(&writer, [n; 15], &value);
                theirs.map.word(looked_at).get() == offset
            });
            assert!(found, "the block is used again");
        };
        assert_eq!(while_somebody(place, action, || get(&store, b"x")), Some(b"value".to_vec()), "{place}");
        assert!(!file.map.is_poisoned(), "{place}: {offset}");
        assert!(Rc::ptr_eq(&file, &store.follower().current_file().unwrap().unwrap()), "{place}: {offset}");
        assert_sound(&store);
    }
}
