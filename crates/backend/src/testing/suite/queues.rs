//! The tests of lists that are pushed to and taken from.

use std::collections::VecDeque;
use std::mem::MaybeUninit;

use super::{VersionOf, is_held, keys, put, value, version_of};
use crate::testing::Fixture;
use crate::testing::queues::{Reader, array, element, push, read, shift};
use crate::{
    Appended, Backend, BackendError, Found, Patience, Peeked, Places, Remedy, Rewrite, Shifted, list_note, listed,
};

pub fn a_shift_takes_the_first_element_of_a_list<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    assert_eq!(shift(&store, b"a"), None);
    store.remove(b"nothing").unwrap();
    assert_eq!(shift(&store, b"a"), None, "neither where there is a store");
    let elements: Vec<Vec<u8>> = (0..6).map(|n| element(n, 4)).collect();
    assert_eq!(push(&store, b"a", &elements[..2]), 2);
    put(&store, b"b", &array(&elements[2..4].iter().cloned().collect()));
    assert_eq!(push(&other, b"b", &elements[4..]), 4);
    for (key, expected) in [(b"a", &elements[..2]), (b"b", &elements[2..])] {
        let mut reader = Reader::new(place.handle());
        for (n, element) in expected.iter().enumerate() {
            assert_eq!(reader.get(key).unwrap(), &expected[n..].iter().cloned().collect::<VecDeque<_>>());
            let mut version = version_of(&store, key);
            let mut out = Vec::new();
            let taker = if n % 2 == 0 { &store } else { &other };
            let left = (expected.len() - n - 1) as u64;
            assert_eq!(taker.shift(key, &mut version, &mut out).unwrap(), Shifted::Element(left));
            assert_eq!(&out, element);
            assert_eq!(other.peek(key, &mut Default::default(), &mut out).unwrap(), Peeked::Noted(list_note(left)));
        }
        assert_eq!((shift(&store, key), reader.get(key)), (None, Some(&VecDeque::new())));
        assert_eq!(push(&other, key, &elements[..1]), 1, "an empty list is there");
        assert_eq!(shift(&store, key).as_ref(), Some(&elements[0]));
    }
    assert_eq!(keys(&store), ["a", "b"]);
    push(&store, b"a", &elements);
    other
        .lock_writers()
        .map(|hold| {
            let (mut version, mut out) = (VersionOf::<F>::default(), Vec::new());
            assert!(is_held(store.shift(b"a", &mut version, &mut out)));
            other.unlock_writers(hold);
        })
        .unwrap();
    assert_eq!(shift(&store, b"a").as_ref(), Some(&elements[0]));
}

pub fn elements_that_tell_of_others_are_not_taken_apart<F: Fixture>() {
    let place = F::new();
    let store = place.handle();
    let (object, met_before, case) = ([0x92, 0xd4, 1, b'C', 0x80], [0xd4, 4, 2], [0xd4, 3, b'E']);
    let list = |elements: &[&[u8]]| {
        let mut bytes = vec![0x90 + elements.len() as u8];
        elements.iter().for_each(|element| bytes.extend_from_slice(element));
        bytes
    };
    let mut out = Vec::new();
    for (value, shifted) in [
        (list(&[&[1], &object]), Shifted::Element(1)),
        (list(&[&object, &object, &[1]]), Shifted::Objects),
        (list(&[&case, &[1]]), Shifted::Objects),
        (list(&[&list(&[&[1], &case])]), Shifted::Objects),
        (list(&[&object, &met_before]), Shifted::Whole),
        (list(&[&[1], &list(&[&object, &met_before])]), Shifted::Whole),
        // No lists: an object, a map, others.
        (object.to_vec(), Shifted::Whole),
        (list(&[&[0xd4, 6, 0], &[1]]), Shifted::Whole),
        (vec![0x81, 0, 1], Shifted::Whole),
        (vec![0xc0], Shifted::Whole),
        (b"\xa4text".to_vec(), Shifted::Whole),
        // Lists with other patches than those of a queue.
        ([&list(&[&[1], &[2]])[..], &[0x92, 0x91, 0, 9]].concat(), Shifted::Whole),
        ([&list(&[&[1], &[2]])[..], &[0x91, 0x91, 1]].concat(), Shifted::Whole),
        ([&list(&[&list(&[&[1]])])[..], &[0x92, 0x92, 0, 1, 9]].concat(), Shifted::Whole),
        // Damaged ones.
        (vec![0x92, 1], Shifted::Whole),
        (vec![0x91, 1, 0x92], Shifted::Whole),
        (vec![0xdd, 0xff, 0xff, 0xff, 0xff], Shifted::Whole),
        (Vec::new(), Shifted::Whole),
    ] {
        put(&store, b"a", &value);
        let known = version_of(&store, b"a");
        assert_eq!(store.shift(b"a", &mut known.clone(), &mut out).unwrap(), shifted, "{value:x?}");
        if !matches!(shifted, Shifted::Element(_)) {
            let found = store.get(b"a", &mut known.clone(), &mut out).unwrap();
            assert_eq!(found, Found::Unchanged, "{value:x?}: nothing has happened");
        }
    }
    // An element that was pushed counts its objects by itself, wherever it comes to lie.
    let itself = list(&[&object, &met_before]);
    store.remove(b"a").unwrap();
    for _ in 0..50 {
        push(&store, b"a", &[itself.clone(), vec![7]]);
        assert_eq!(shift(&store, b"a").as_ref(), Some(&itself));
        push(&store, b"a", std::slice::from_ref(&itself));
        assert_eq!(shift(&store, b"a"), Some(vec![7]));
        for _ in 0..40 {
            assert_eq!(shift(&store, b"a").as_ref(), Some(&itself));
            push(&store, b"a", std::slice::from_ref(&itself));
        }
        assert_eq!(shift(&store, b"a").as_ref(), Some(&itself));
    }
    // A change to the inside of a list that was consumed is kept.
    push(&store, b"a", &[vec![1], vec![2], vec![3]]);
    shift(&store, b"a");
    let mut version = version_of(&store, b"a");
    let appended = store.append(b"a", &[0x92, 0x91, 1, 9], list_note(2), Rewrite::Store, &mut version).unwrap();
    assert_eq!(appended, Appended::Done);
    let changed = value(&store, b"a").unwrap();
    let list = changed.strip_suffix(&[0x92, 0x91, 1, 9]).expect("the change is the last thing in it");
    assert_eq!(read(list), [[2], [3]]);
    assert_eq!(store.shift(b"a", &mut version, &mut out).unwrap(), Shifted::Whole);
}

pub fn a_shift_without_room_takes_nothing<F: Fixture>() {
    let place = F::new();
    let store = place.handle();
    let elements = [element(1, 100), element(2, 8)];
    push(&store, b"a", &elements);
    let mut places = [MaybeUninit::uninit(); 20];
    let mut version = VersionOf::<F>::default();
    for _ in 0..2 {
        let error = store.shift(b"a", &mut version, &mut Places::new(&mut places)).unwrap_err();
        assert!(matches!(error.remedy(), Remedy::MakeRoom(102)), "{error}");
    }
    assert_eq!(shift(&store, b"a").as_ref(), Some(&elements[0]));
    assert_eq!(store.shift(b"a", &mut version, &mut Places::new(&mut places)).unwrap(), Shifted::Element(0));
}

pub fn the_note_of_a_list_tells_its_length<F: Fixture>() {
    for length in [0, 1, 1 << 32, i64::MAX as u64 - 1] {
        assert_eq!(listed(list_note(length)), Some(length));
    }
    for note in [0, 1, i64::MAX, i64::MIN] {
        assert_eq!(listed(note), None);
    }
}

pub fn a_first_value_is_put_where_there_is_none<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let (mut version, mut theirs) = (VersionOf::<F>::default(), VersionOf::<F>::default());
    put(&store, b"before", b"");
    assert!(store.put_first(b"a", b"first", -3, &mut version).unwrap());
    assert!(store.is_current(&version));
    assert!(!other.put_first(b"a", b"second", 1, &mut theirs).unwrap());
    assert_eq!(value(&other, b"a").unwrap(), b"first");
    assert_eq!(other.peek(b"a", &mut theirs, &mut Vec::new()).unwrap(), Peeked::Noted(-3));
    assert_eq!(other.append(b"a", b", more", 7, Rewrite::Caller, &mut theirs).unwrap(), Appended::Done);
    let mut out = Vec::new();
    assert_eq!(store.get(b"a", &mut version, &mut out).unwrap(), Found::Appended);
    assert_eq!(out, b", more");
    assert_eq!(keys(&other), ["before", "a"]);
    store.remove(b"a").unwrap();
    assert!(other.put_first(b"a", b"third", 1, &mut theirs).unwrap(), "removed, it may be put again");
    assert!(store.put_first(b"17", b"", 0, &mut version).unwrap());
    assert_eq!(store.next_number(0).unwrap(), Some(18), "its name counts among the numbers");
    other.lock(Patience::default()).unwrap();
    assert!(is_held(store.put_first(b"b", b"", 0, &mut version)));
    other.unlock();
    store.destroy().unwrap();
    assert!(store.put_first(b"b", b"", 0, &mut version).unwrap(), "it makes the store");
}
