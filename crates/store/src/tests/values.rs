//! Values come back as they were stored, under any key.

use super::*;

#[test]
fn nothing_is_created_until_something_is_stored() {
    let path = TemporaryPath::new();
    let store = path.store();
    assert_eq!(get(&store, b"x"), None);
    assert!(!store.remove(b"x").unwrap());
    assert!(store.snapshot().unwrap().is_empty());
    store.destroy().unwrap();
    assert!(!path.0.exists());
    put(&store, b"x", b"\x2a");
    assert!(path.0.exists());
    assert_sound(&store);
}

#[test]
fn a_value_comes_back_whatever_its_size() {
    let path = TemporaryPath::new();
    let (one, other) = (path.store(), path.store());
    for length in [0usize, 1, 7, 8, 100, 16_000, 16_400, 65_536, 70_000, 1_700_000, 20_000_000] {
        let value: Vec<u8> = (0..length).map(|n| (n * 7 + length) as u8).collect();
        put(&one, b"name", &value);
        assert_eq!(get(&other, b"name").as_deref(), Some(&value[..]), "{length} bytes");
        assert_eq!(get(&one, b"name").as_deref(), Some(&value[..]), "{length} bytes");
        assert_sound(&one);
    }
}

#[test]
fn a_key_may_be_any_bytes() {
    let path = TemporaryPath::new();
    let store = path.store();
    let keys: Vec<Vec<u8>> =
        vec![b"".to_vec(), b"0".to_vec(), vec![0xff; 3], "重庆".as_bytes().to_vec(), vec![b'k'; 70_000], vec![0; 40]];
    for (n, key) in keys.iter().enumerate() {
        put(&store, key, &[n as u8]);
    }
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(get(&store, key), Some(vec![n as u8]));
    }
    assert_sound(&store);
}

#[test]
fn a_name_or_value_that_no_record_can_hold_is_refused_and_never_found() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"", b"1");
    let mut seen = Version::default();
    store.put(b"list", b"1", &mut seen).unwrap();
    // Memory of zeros that nobody touches is none. As 32 bits, both lengths are those of names that are there.
    for length in [1 << 32, (1 << 32) + 4] {
        let long = vec![0; length];
        assert_eq!(store.get(&long, &mut Version::default(), &mut Vec::new()).unwrap(), Found::Missing);
        assert_eq!(store.peek(&long, &mut Version::default(), &mut Vec::new()).unwrap(), Peeked::Missing);
        assert!(!store.remove(&long).unwrap());
        for refused in [
            store.put(&long, b"1", &mut Version::default()),
            store.put(b"long", &long, &mut Version::default()),
            store.put_if_unchanged(&long, b"1", &mut seen.clone()).map(drop),
            store.put_if_unchanged(b"list", &long, &mut seen.clone()).map(drop),
            store.append(b"list", &long, 0, &mut seen.clone()).map(drop),
            store.append(&long, b"2", 0, &mut seen.clone()).map(drop),
            store.merge_pieces(&long, 0, &mut seen.clone()).map(drop),
            store.replace(&[(&long, b"1")]),
            store.replace(&[(b"long", &long)]),
        ] {
            let error = refused.unwrap_err();
            assert!(matches!(error.kind, ErrorKind::TooLarge), "{error}");
        }
    }
    assert_eq!(get(&store, b"list").as_deref(), Some(&b"1"[..]));
    assert_eq!(assert_sound(&store).keys, 2);
}

#[test]
fn many_keys_come_and_go() {
    let path = TemporaryPath::new();
    let store = path.store();
    for n in 0..50_000u32 {
        put(&store, format!("key{n}").as_bytes(), &n.to_le_bytes());
    }
    assert_eq!(store.len().unwrap(), 50_000);
    assert_sound(&store);
    for n in (0..50_000u32).filter(|n| n % 10 != 0) {
        assert!(store.remove(format!("key{n}").as_bytes()).unwrap());
    }
    let report = assert_in_proportion(&store);
    assert_eq!(report.keys, 5_000);
    for n in 0..50_000u32 {
        assert_eq!(get(&store, format!("key{n}").as_bytes()).is_some(), n % 10 == 0);
    }
}

#[test]
fn overwriting_does_not_make_the_file_grow() {
    let path = TemporaryPath::new();
    let store = path.store();
    for n in 0..400_000u32 {
        put(&store, format!("key{}", n % 1000).as_bytes(), &n.to_le_bytes());
    }
    let report = assert_in_proportion(&store);
    assert_eq!(report.keys, 1000);
}

#[test]
fn insertion_order_stays_when_a_key_is_overwritten() {
    let path = TemporaryPath::new();
    let store = path.store();
    for key in [b"c", b"a", b"b", b"c"] {
        put(&store, key, b"1");
    }
    store.remove(b"a").unwrap();
    put(&store, b"a", b"2");
    let snapshot = store.snapshot().unwrap();
    let keys: Vec<&[u8]> = snapshot.iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [&b"c"[..], b"b", b"a"]);
}

#[test]
fn replacing_everything_leaves_nothing_else() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    for n in 0..10_000u32 {
        put(&store, format!("old{n}").as_bytes(), &[7; 100]);
    }
    assert_eq!(get(&other, b"old5"), Some(vec![7; 100]));
    let large = vec![1; 100_000];
    let names: Vec<String> = (0..5_000).map(|n| format!("new{n}")).collect();
    let entries: Vec<(&[u8], &[u8])> =
        names.iter().enumerate().map(|(n, name)| (name.as_bytes(), if n == 9 { &large[..] } else { b"v" })).collect();
    store.replace(&entries).unwrap();
    assert_eq!(get(&other, b"old5"), None);
    assert_eq!(get(&other, b"new9"), Some(large.clone()));
    assert_eq!(store.len().unwrap(), 5_000);
    assert_sound(&store);
    put(&store, b"more", b"x");
    store.replace(&[]).unwrap();
    assert_eq!(store.len().unwrap(), 0);
    assert_eq!(get(&other, b"more"), None);
    assert_in_proportion(&store);
}

#[test]
fn an_unchanged_key_is_recognised() {
    let path = TemporaryPath::new();
    let (one, other) = (path.store(), path.store());
    let (mut seen, mut out) = (Version::default(), Vec::new());
    put(&one, b"a", b"1");
    assert_eq!(other.get(b"a", &mut seen, &mut out).unwrap(), Found::Value);
    assert!(other.is_current(&seen));
    put(&one, b"b", b"1");
    assert!(!other.is_current(&seen));
    assert_eq!(other.get(b"a", &mut seen, &mut out).unwrap(), Found::Unchanged);
    assert!(other.is_current(&seen));
    put(&one, b"a", b"2");
    assert_eq!(other.get(b"a", &mut seen, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"2");
    one.remove(b"a").unwrap();
    assert_eq!(other.get(b"a", &mut seen, &mut out).unwrap(), Found::Missing);
    assert!(other.is_current(&seen));
}

#[test]
fn a_value_is_swapped_only_if_it_is_still_the_one_that_was_seen() {
    let path = TemporaryPath::new();
    let (one, other) = (path.store(), path.store());
    let mut seen = Version::default();
    assert!(!one.put_if_unchanged(b"n", b"1", &mut seen).unwrap(), "never looked at");
    assert_eq!(one.len().unwrap(), 0);
    one.put(b"n", b"1", &mut seen).unwrap();
    assert!(one.put_if_unchanged(b"n", b"2", &mut seen).unwrap());
    put(&other, b"m", b"1");
    assert!(one.put_if_unchanged(b"n", b"3", &mut seen).unwrap(), "another key changed");
    put(&other, b"n", b"3");
    assert!(!one.put_if_unchanged(b"n", b"4", &mut seen).unwrap(), "the same value, but another write");
    assert_eq!(get(&other, b"n"), Some(b"3".to_vec()));
    other.remove(b"n").unwrap();
    assert!(!one.put_if_unchanged(b"n", b"4", &mut seen).unwrap(), "removed");
    assert_sound(&one);
}
