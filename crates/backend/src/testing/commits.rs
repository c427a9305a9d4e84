//! The tests of changes to several keys at once that every store has to pass.

use super::Fixture;
use super::suite::{VersionOf, content, is_held, keys, put, value, version_of};
use crate::{Appended, Backend, Change, Found, Peeked, Rewrite};

/// Stores a value, where several change.
fn storing<'a, V>(key: &'a [u8], body: &'a [u8]) -> Change<'a, V> {
    Change::Put { key, head: b"", body, note: None, expiry: None, anew: false }
}

pub fn several_changes_happen_at_once<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    assert!(store.commit(&[], None).unwrap());
    assert!(store.commit(&[Change::Remove { key: b"a" }], None).unwrap());
    let list = put(&store, b"list", b"1");
    put(&store, b"gone", b"x");
    let mut seen = version_of(&other, b"list");
    let append = |version| Change::Append { key: b"list", bytes: b"23", note: 7, version };
    let changes = |version| {
        [storing(b"a", b"A"), append(version), Change::Remove { key: b"gone" }, Change::Remove { key: b"no" }]
    };
    assert!(!store.commit(&changes(VersionOf::<F>::default()), None).unwrap(), "no version");
    assert_eq!(keys(&store), ["list", "gone"]);
    assert!(store.commit(&changes(list), None).unwrap());
    let expected = [(b"list".to_vec(), b"123".to_vec()), (b"a".to_vec(), b"A".to_vec())];
    assert_eq!(content(&other), expected);
    assert!(!store.commit(&changes(list), None).unwrap(), "it was appended to since");
    assert_eq!(content(&store), expected);
    // A handle that knows the value gets the rest, or all.
    let mut bytes = Vec::new();
    match other.get(b"list", &mut seen, &mut bytes).unwrap() {
        Found::Appended => assert_eq!(bytes, b"23"),
        Found::Value => assert_eq!(bytes, b"123"),
        found => panic!("{found:?}"),
    }
    let noted = other.peek(b"list", &mut VersionOf::<F>::default(), &mut Vec::new()).unwrap();
    assert!(matches!(noted, Peeked::Noted(7) | Peeked::Whole), "{noted:?}");
}

pub fn a_change_of_several_keys_may_be_large<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let names: Vec<Vec<u8>> = (0..3000).map(|n| format!("name{n}").into_bytes()).collect();
    let value = |n: usize| vec![n as u8; if n.is_multiple_of(500) { 70_000 } else { n % 90 }];
    for round in 0..3 {
        let values: Vec<Vec<u8>> = (0..names.len()).map(|n| value(n + round)).collect();
        let changes: Vec<Change<_>> = names.iter().zip(&values).map(|(name, value)| storing(name, value)).collect();
        assert!(store.commit(&changes, None).unwrap());
        assert_eq!(other.len().unwrap(), 3000);
        let expected: Vec<_> = names.iter().cloned().zip(values).collect();
        assert!(content(&other) == expected, "round {round}");
    }
    // Half of them go, and as many new ones come.
    let new: Vec<Vec<u8>> = (0..1500).map(|n| format!("new{n}").into_bytes()).collect();
    let removals = names.iter().step_by(2).map(|key| Change::Remove { key });
    let changes: Vec<Change<_>> = removals.chain(new.iter().map(|name| storing(name, b"!"))).collect();
    assert!(store.commit(&changes, None).unwrap());
    let left = names.iter().skip(1).step_by(2).chain(&new);
    let expected: Vec<_> = left.map(|name| String::from_utf8(name.clone()).unwrap()).collect();
    assert_eq!(keys(&other), expected);
    let all: Vec<Change<_>> = names.iter().chain(&new).map(|key| Change::Remove { key }).collect();
    assert!(store.commit(&all, None).unwrap());
    assert_eq!((other.len().unwrap(), content(&other)), (0, vec![]));
}

pub fn a_change_of_several_keys_counts_numbers_and_keeps_the_order<F: Fixture>() {
    let place = F::new();
    let store = place.handle();
    let anew = |key| Change::Put { key, head: b"h", body: b"b", note: None, expiry: None, anew: true };
    assert!(store.commit(&[storing(b"x", b"1"), storing(b"5", b"2"), storing(b"y", b"3")], None).unwrap());
    assert!(store.commit(&[anew(b"x"), storing(b"y", b"4"), anew(b"z")], None).unwrap());
    assert_eq!(keys(&store), ["5", "y", "x", "z"]);
    assert_eq!(value(&store, b"x").unwrap(), b"hb");
    let mut version = VersionOf::<F>::default();
    assert_eq!(store.put_next(b"", b"", 0, &mut version).unwrap(), Some(6));
    // With a note a value goes on like one that was appended to.
    let noted = Change::Put { key: b"n", head: b"1", body: b"2", note: Some(-7), expiry: None, anew: false };
    assert!(store.commit(&[noted, storing(b"y", b"5")], None).unwrap());
    let mut version = version_of(&store, b"n");
    let peeked = place.handle().peek(b"n", &mut VersionOf::<F>::default(), &mut Vec::new()).unwrap();
    assert!(matches!(peeked, Peeked::Noted(-7)), "{peeked:?}");
    assert_eq!(store.append(b"n", b"3", 9, Rewrite::Store, &mut version).unwrap(), Appended::Done);
    assert_eq!(value(&store, b"n").unwrap(), b"123");
}

pub fn a_change_of_several_keys_waits_for_others<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let hold = other.lock_writers().unwrap();
    assert!(is_held(store.commit(&[storing(b"a", b"1"), storing(b"b", b"2")], None)));
    assert!(other.commit(&[storing(b"a", b"3"), storing(b"b", b"4")], Some(&hold)).unwrap());
    other.unlock_writers(hold);
    let ended = other.lock_writers().unwrap();
    other.destroy().unwrap();
    assert!(!other.commit(&[storing(b"a", b"5")], Some(&ended)).unwrap());
    assert_eq!((content(&other), value(&store, b"a")), (vec![], None), "the hold went with what it was on");
    other.unlock_writers(ended);
    assert!(other.commit(&[storing(b"a", b"3"), storing(b"b", b"4")], None).unwrap());
    assert!(store.commit(&[storing(b"a", b"1"), Change::Remove { key: b"b" }], None).unwrap());
    assert_eq!(content(&other), [(b"a".to_vec(), b"1".to_vec())]);
}
