//! Values that are appended to, and pieces that become one record.

use super::*;

#[test]
fn a_value_goes_on_with_what_is_appended_to_it() {
    let path = TemporaryPath::new();
    let (one, other, third) = (path.store(), path.store(), path.store());
    let (mut mine, mut theirs, mut out) = (Version::default(), Version::default(), Vec::new());
    assert_eq!(one.append(b"list", b"x", 0, &mut mine).unwrap(), Appended::Changed, "nothing to append to");
    one.put(b"first", b"1", &mut Version::default()).unwrap();
    one.put(b"list", b"start", &mut mine).unwrap();
    one.put(b"last", b"1", &mut Version::default()).unwrap();
    assert_eq!(other.get(b"list", &mut theirs, &mut out).unwrap(), Found::Value);
    let mut whole = b"start".to_vec();
    let mut times = 0;
    while one.append(b"list", format!(",{times}").as_bytes(), times, &mut mine).unwrap() == Appended::Done {
        whole.extend_from_slice(format!(",{times}").as_bytes());
        times += 1;
        if times % 7 == 0 {
            assert_eq!(other.get(b"list", &mut theirs, &mut out).unwrap(), Found::Appended);
            assert!(whole.ends_with(&out) && out.len() < whole.len());
            assert_eq!(other.get(b"list", &mut theirs, &mut out).unwrap(), Found::Unchanged);
        }
    }
    assert!((50..200).contains(&times), "{times}");
    assert_eq!(get(&third, b"list").as_ref(), Some(&whole));
    assert_sound(&one);
    let snapshot = third.snapshot().unwrap();
    let entries: Vec<_> = snapshot.iter().collect();
    assert_eq!(entries, [(&b"first"[..], &b"1"[..]), (b"list", &whole), (b"last", b"1")], "order, too");
    assert_eq!(other.append(b"list", b"x", 0, &mut theirs).unwrap(), Appended::Changed, "not up to date");

    let copy = path.copy();
    assert_eq!(get(&copy.store(), b"list").as_ref(), Some(&whole));
    assert_sound(&copy.store());

    assert!(one.put_if_unchanged(b"list", b"new", &mut mine).unwrap());
    assert_eq!(one.append(b"list", b"er", 0, &mut mine).unwrap(), Appended::Done);
    assert_eq!(other.get(b"list", &mut theirs, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"newer");
    assert_sound(&one);
    one.remove(b"list").unwrap();
    assert_eq!(get(&other, b"list"), None);
    assert_eq!(assert_sound(&one).keys, 2);
}

#[test]
fn the_cleaner_keeps_values_whole_that_were_appended_to() {
    let path = TemporaryPath::new();
    let store = path.store();
    let mut lists: Vec<(Version, Vec<u8>)> = vec![(Version::default(), Vec::new()); 40];
    for (n, (seen, whole)) in lists.iter_mut().enumerate() {
        *whole = vec![n as u8; 500 + 900 * n];
        store.put(format!("list{n}").as_bytes(), whole, seen).unwrap();
    }
    for round in 0..20_000u32 {
        let n = (round % 40) as usize;
        let key = format!("list{n}");
        let bytes = round.to_le_bytes();
        let (seen, whole) = &mut lists[n];
        if round % 5 == 0 {
            put(&store, format!("other{}", round % 3000).as_bytes(), &[1; 300]);
        }
        // The cleaner writes values anew, too: then it is no longer the record that was seen.
        let mut out = Vec::new();
        store.get(key.as_bytes(), seen, &mut out).unwrap();
        match store.append(key.as_bytes(), &bytes, 0, seen).unwrap() {
            Appended::Done => whole.extend_from_slice(&bytes),
            Appended::Full => {
                whole.truncate(500);
                assert!(store.put_if_unchanged(key.as_bytes(), whole, seen).unwrap());
            }
            Appended::Changed => panic!("nobody else writes"),
        }
    }
    for (n, (_, whole)) in lists.iter().enumerate() {
        assert_eq!(get(&store, format!("list{n}").as_bytes()).as_ref(), Some(whole), "list {n}");
    }
    assert_in_proportion(&store);
}

/// Appends `count` pieces of `length` bytes, uniting where it is due, and to `whole`; the number of
/// times that was due. (Six parameters: each test turns others.)
fn append_many(store: &Store, key: &[u8], count: u32, length: usize, seen: &mut Version, whole: &mut Vec<u8>) -> u32 {
    let mut united = 0;
    for n in 0..count {
        let bytes = vec![n as u8; length];
        loop {
            match store.append(key, &bytes, i64::from(n), seen).unwrap() {
                Appended::Done => break,
                Appended::Full => {
                    assert!(store.merge_pieces(key, 0, seen).unwrap());
                    united += 1;
                }
                // The cleaner has moved it.
                Appended::Changed => drop(store.get(key, seen, &mut Vec::new()).unwrap()),
            }
        }
        whole.extend_from_slice(&bytes);
    }
    united
}

#[test]
fn uniting_what_was_appended_leaves_a_long_value_where_it_is() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    let (mut seen, mut theirs, mut out) = (Version::default(), Version::default(), Vec::new());
    let mut whole = vec![7; 6 << 20];
    store.put(b"list", &whole, &mut seen).unwrap();
    assert_eq!(other.get(b"list", &mut theirs, &mut out).unwrap(), Found::Value);
    let mut knows_a_piece = theirs;
    append_many(&store, b"list", 3, 100, &mut seen, &mut whole);
    assert_eq!(other.get(b"list", &mut knows_a_piece, &mut out).unwrap(), Found::Appended);
    let base = assert_sound(&store);
    assert!(!store.merge_pieces(b"list", 7 << 20, &mut seen).unwrap(), "shorter than that");
    let united = append_many(&store, b"list", 60_000, 100, &mut seen, &mut whole);
    assert!((5..20).contains(&united), "{united}: once a megabyte of records");
    assert_eq!(get(&path.store(), b"list").as_ref(), Some(&whole));
    assert_eq!(other.get(b"list", &mut theirs, &mut out).unwrap(), Found::Appended);
    assert!(out == whole[6 << 20..], "what was known is there still: all that came after it");
    assert_eq!(other.get(b"list", &mut knows_a_piece, &mut out).unwrap(), Found::Value);
    assert!(out == whole, "the piece that was known has become part of another: all of it");
    let report = assert_in_proportion(&store);
    assert!(report.live < base.live + 2 * 6_000_000, "{report:?}");
    // A copy is put together from the records alone.
    let copy = path.copy();
    assert_eq!(get(&copy.store(), b"list").as_ref(), Some(&whole));
    assert_sound(&copy.store());
    // All of it goes when it is overwritten.
    put(&store, b"list", b"short");
    assert!(assert_sound(&store).live < 100);
}

#[test]
fn the_cleaner_does_not_copy_a_long_value_that_is_appended_to() {
    let path = TemporaryPath::new();
    let store = path.store();
    let mut seen = Version::default();
    let mut whole = vec![7; 3 << 20];
    store.put(b"list", &whole, &mut seen).unwrap();
    let mut offset = None;
    for n in 0..30_000u32 {
        put(&store, format!("other{}", n % 50).as_bytes(), &[1; 300]);
        if n % 10 == 0 {
            store.get(b"list", &mut seen, &mut Vec::new()).unwrap();
            assert_eq!(store.append(b"list", b"piece", 0, &mut seen).unwrap(), Appended::Done);
            whole.extend_from_slice(b"piece");
            let file = store.follower().current_file().unwrap().unwrap();
            let base = Pieces::of(Records::of(file.view()), seen.hit().record, None).unwrap().whole;
            assert_eq!(*offset.get_or_insert(base), base, "it stays where it is");
        }
    }
    assert_eq!(get(&path.store(), b"list").as_ref(), Some(&whole));
    assert_in_proportion(&store);
}

#[test]
fn a_peek_tells_what_is_to_be_known_before_appending() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    let (mut seen, mut start) = (Version::default(), Vec::new());
    let mut peeked = |store: &Store| store.peek(b"list", &mut seen, &mut start).map(|o| (o, start.clone())).unwrap();
    assert_eq!(peeked(&store).0, Peeked::Missing);
    let mut mine = Version::default();
    other.put(b"list", b"0123456789abcdefghij", &mut mine).unwrap();
    assert_eq!(peeked(&store), (Peeked::Whole, b"0123456789abcdef".to_vec()));
    assert_eq!(peeked(&store).0, Peeked::Unchanged);
    other.append(b"list", b"k", -5, &mut mine).unwrap();
    assert_eq!(peeked(&store).0, Peeked::Noted(-5));
    other.merge_pieces(b"list", 0, &mut mine).unwrap();
    assert_eq!(peeked(&store).0, Peeked::Noted(-5), "a united value keeps the note");
    assert_eq!(get(&store, b"list").as_deref(), Some(&b"0123456789abcdefghijk"[..]));
    other.put(b"list", &[7; 100_000], &mut mine).unwrap();
    assert_eq!(peeked(&store).0, Peeked::Whole);
    other.append(b"list", b"k", 7, &mut mine).unwrap();
    other.append(b"list", b"l", 8, &mut mine).unwrap();
    other.merge_pieces(b"list", 0, &mut mine).unwrap();
    assert_eq!(peeked(&store).0, Peeked::Noted(8), "the newest note stays");
    // A value that was peeked at may be appended to.
    assert_eq!(store.append(b"list", b"m", 9, &mut seen).unwrap(), Appended::Done);
    assert_eq!(get(&other, b"list").unwrap()[100_000..], *b"klm");
}

/// The mark "united" was once a flag that a moved record lost: its end then passed for that of its first object.
#[test]
fn a_united_value_is_still_one_after_the_cleaner_has_moved_it() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    let (mut seen, mut start) = (Version::default(), Vec::new());
    store.put(b"list", b"first", &mut seen).unwrap();
    store.append(b"list", b"second", 7, &mut seen).unwrap();
    store.merge_pieces(b"list", 0, &mut seen).unwrap();
    let united = seen.position().unwrap();
    let mut random = 1u64;
    for n in 0..60_000u32 {
        // In no order, so that no segment dies as a whole.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        put(&store, format!("other{}", random >> 52).as_bytes(), &n.to_le_bytes());
    }
    assert_eq!(other.peek(b"list", &mut seen, &mut start).unwrap(), Peeked::Noted(7));
    assert_ne!(seen.position().unwrap(), united, "the cleaner has moved it");
    assert_eq!(get(&other, b"list").as_deref(), Some(&b"firstsecond"[..]));
    assert_sound(&store);
}

#[test]
fn after_a_power_loss_pieces_that_were_united_count_once_marked_or_not() {
    let path = TemporaryPath::new();
    let store = path.store();
    let mut seen = Version::default();
    let mut whole = vec![7; 100_000];
    store.put(b"list", &whole, &mut seen).unwrap();
    let mut pieces = Vec::new();
    for n in 0..3u8 {
        store.append(b"list", &[n], 0, &mut seen).unwrap();
        whole.push(n);
        pieces.push(seen.hit().record);
    }
    store.merge_pieces(b"list", 0, &mut seen).unwrap();
    store.append(b"list", b"after", 0, &mut seen).unwrap();
    whole.extend_from_slice(b"after");
    // The marks that were not on the disk, in any combination.
    for unmarked in 0..8 {
        let copy = path.copy();
        let file = std::fs::OpenOptions::new().write(true).open(&copy.0).unwrap();
        for (n, piece) in pieces.iter().enumerate() {
            if unmarked >> n & 1 == 1 {
                std::os::unix::fs::FileExt::write_at(&file, &[0], piece.offset() + RECORD_FLAGS).unwrap();
            }
        }
        assert!(get(&copy.store(), b"list").as_ref() == Some(&whole), "{unmarked}");
        assert_sound(&copy.store());
    }
}
