//! The tests that every store has to pass: each is a function of a [`Fixture`].

use std::mem::MaybeUninit;
use std::time::Duration;

pub use super::commits::*;
pub use super::waits::*;
use super::{Fixture, in_fiber};
use crate::{
    Appended, Backend, BackendError, Found, PEEK, Patience, Peeked, Places, Remedy, Rewrite, Selection, Snapshot,
    Standing, Stored,
};

mod consume;
mod locks;
mod queues;

pub use consume::*;
pub use locks::*;
pub use queues::*;

pub(super) type VersionOf<F> = <<F as Fixture>::Store as Backend>::Version;

/// The value that a handle without a version of the key reads.
pub(super) fn value<B: Backend>(store: &B, key: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    match store.get(key, &mut B::Version::default(), &mut bytes).unwrap() {
        Found::Missing => None,
        Found::Value => Some(bytes),
        other => panic!("a first look gives {other:?}"),
    }
}

pub(super) fn put<B: Backend>(store: &B, key: &[u8], value: &[u8]) -> B::Version {
    let mut version = B::Version::default();
    store.put(key, value, &mut version).unwrap();
    version
}

pub(super) fn content<B: Backend>(store: &B) -> Vec<(Vec<u8>, Vec<u8>)> {
    store.snapshot().unwrap().iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

pub(super) fn keys<B: Backend>(store: &B) -> Vec<String> {
    store.snapshot().unwrap().keys().map(|key| String::from_utf8_lossy(key).into_owned()).collect()
}

pub(super) fn is_held<T, E: BackendError>(result: Result<T, E>) -> bool {
    matches!(result.err().map(|error| error.remedy()), Some(Remedy::Wait(_)))
}

pub fn nothing_is_there_at_first<F: Fixture>() {
    let place = F::new();
    let store = place.handle();
    assert_eq!(value(&store, b"a"), None);
    assert_eq!(
        store.peek(b"a", &mut <F::Store as Backend>::Version::default(), &mut Vec::new()).unwrap(),
        Peeked::Missing
    );
    assert_eq!((store.len().unwrap(), store.is_empty().unwrap(), content(&store)), (0, true, vec![]));
    assert!(!store.remove(b"a").unwrap());
    assert!(!store.is_current(&VersionOf::<F>::default()), "a value never seen is not current");
    store.destroy().unwrap();
    store.unlock();
}

pub fn order_is_that_of_the_first_put<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    for (handle, key) in [(&store, "b"), (&other, "a"), (&store, "c"), (&other, "b")] {
        put(handle, key.as_bytes(), key.as_bytes());
    }
    assert_eq!(keys(&other), ["b", "a", "c"]);
    other.remove(b"b").unwrap();
    put(&other, b"b", b"again");
    assert_eq!(keys(&store), ["a", "c", "b"]);
    assert_eq!(store.len().unwrap(), 3);
}

pub fn a_selection_is_of_one_moment_and_in_order<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let select = |selection: &Selection| {
        let mut snapshot = Snapshot::default();
        store.select(selection, &mut snapshot, u64::MAX).unwrap();
        (
            snapshot.keys().map(|key| String::from_utf8_lossy(key).into_owned()).collect::<Vec<_>>(),
            snapshot.last_place(),
        )
    };
    let all = Selection::Page { prefix: b"", after: None, limit: u64::MAX };
    assert_eq!(select(&Selection::Keys(&[b"a"])), (vec![], None), "there is no store");
    assert_eq!((select(&all), store.facts(b"a").unwrap()), ((vec![], None), None));
    for key in ["user 2", "other", "user 1", "user 10", "user"] {
        put(&other, key.as_bytes(), key.as_bytes());
    }
    put(&other, b"user 2", b"keeps its place");
    let keys: [&[u8]; 4] = [b"other", b"nobody", b"user 2", &[7; 100_000]];
    let mut some = select(&Selection::Keys(&keys)).0;
    some.sort();
    assert_eq!(some, ["other", "user 2"]);
    let users = |after, limit| select(&Selection::Page { prefix: b"user", after, limit });
    assert_eq!(users(None, u64::MAX).0, ["user 2", "user 1", "user 10", "user"]);
    let (first, place_of_last) = users(None, 2);
    assert_eq!((first, place_of_last), (vec!["user 2".into(), "user 1".into()], place_of(&store, b"user 1")));
    other.remove(b"user 1").unwrap();
    assert_eq!(users(place_of_last, 2).0, ["user 10", "user"], "a page goes on where the last one ended");
    assert_eq!(users(place_of(&store, b"user"), 2), (vec![], None));
    assert_eq!((users(None, 0).0, select(&all).0.len()), (vec![], 4));
    let mut snapshot = Snapshot::default();
    store.select(&Selection::Keys(&[b"other"]), &mut snapshot, u64::MAX).unwrap();
    assert_eq!(snapshot.iter().collect::<Vec<_>>(), [(&b"other"[..], &b"other"[..])]);
}

/// The place of a key in insertion order.
fn place_of<B: Backend>(store: &B, key: &[u8]) -> Option<u64> {
    store.facts(key).unwrap().map(|facts| facts.place)
}

pub fn facts_are_known_without_reading<F: Fixture>() {
    let place = F::new();
    let store = place.handle();
    let mut version = put(&store, b"a", b"12345");
    let facts = store.facts(b"a").unwrap().unwrap();
    assert_eq!((facts.bytes, facts.pieces, store.facts(b"b").unwrap()), (5, 1, None));
    assert_eq!(store.append(b"a", b"678", 0, Rewrite::Store, &mut version).unwrap(), Appended::Done);
    let after = store.facts(b"a").unwrap().unwrap();
    assert_eq!((after.place, after.bytes), (facts.place, 8));
    store.remove(b"a").unwrap();
    put(&store, b"a", b"1");
    assert!(store.facts(b"a").unwrap().unwrap().place > facts.place, "a key that comes again is behind all others");
}

pub fn any_bytes_are_a_key_and_a_value<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [&b""[..], b"\0", b"0", b"00", "重庆".as_bytes(), &all, &vec![7; 100_000]] {
        put(&store, &bytes[..bytes.len().min(1000)], bytes);
        assert_eq!(value(&other, &bytes[..bytes.len().min(1000)]).unwrap(), bytes);
    }
    let mut version = VersionOf::<F>::default();
    store.put_parts(b"parts", b"head ", b"and body", &mut version).unwrap();
    assert_eq!(value(&other, b"parts").unwrap(), b"head and body");
}

pub fn a_version_tells_whether_a_value_has_changed<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let mut version = put(&store, b"a", b"1");
    let mut out = Vec::new();
    assert!(store.is_current(&version));
    assert_eq!(store.get(b"a", &mut version, &mut out).unwrap(), Found::Unchanged);
    put(&other, b"b", b"2");
    assert_eq!(store.get(b"a", &mut version, &mut out).unwrap(), Found::Unchanged, "another key is not this one");
    assert!(store.is_current(&version), "and after that look it is current again");
    put(&other, b"a", b"1");
    assert!(!store.is_current(&version));
    assert_eq!(store.get(b"a", &mut version, &mut out).unwrap(), Found::Value, "the same bytes, put again, are new");
    assert_eq!(out, b"1");
}

/// Whether a version is confirmed. (Not where the clock has ticked since the store was last looked at.)
fn confirms<B: Backend>(store: &B, version: &mut B::Version) -> bool {
    (0..100).any(|_| {
        store.len().unwrap();
        store.confirm(version)
    })
}

pub fn a_version_is_confirmed_while_its_value_is_the_newest<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    assert!(!store.confirm(&mut VersionOf::<F>::default()), "a value never seen");
    let mut version = put(&store, b"a", b"1");
    assert!(confirms(&store, &mut version));
    put(&other, b"b", b"2");
    assert!(confirms(&store, &mut version), "another key is not this one");
    assert!(store.is_current(&version));
    other.lock(Patience::default()).unwrap();
    put(&other, b"b", b"3");
    let known = version;
    assert!(!store.confirm(&mut version), "a lock is waited for");
    assert_eq!(version, known);
    other.unlock();
    assert!(confirms(&store, &mut version));
    put(&other, b"a", b"1");
    let known = version;
    assert!(!store.confirm(&mut version), "the same bytes, put again, are new");
    assert_eq!(version, known);
    let mut version = version_of(&store, b"a");
    other.remove(b"a").unwrap();
    assert!(!store.confirm(&mut version));
    let mut version = put(&store, b"a", b"4");
    other.destroy().unwrap();
    put(&other, b"a", b"4");
    assert!(!store.confirm(&mut version), "the store is another one");
}

pub fn an_opening_has_a_number_and_each_value_another_one<F: Fixture>() {
    type S<F> = <F as Fixture>::Store;
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    assert_eq!((store.opening(), store.enter()), (0, 0), "there is none yet");
    let first = put(&other, b"a", b"1");
    let opening = store.enter();
    assert!(opening != 0);
    assert_eq!(store.opening(), opening);
    assert_eq!((S::<F>::opening_of(&first), S::<F>::opening_of(&version_of(&store, b"a"))), (opening, opening));
    assert_eq!(S::<F>::opening_of(&VersionOf::<F>::default()), 0);
    let second = put(&store, b"a", b"1");
    assert!(S::<F>::record_of(&first) != S::<F>::record_of(&second));
    assert_eq!(S::<F>::record_of(&second), S::<F>::record_of(&version_of(&other, b"a")));
    assert_eq!(S::<F>::record_of(&version_of(&other, b"b")), 0);
    other.destroy().unwrap();
    put(&other, b"a", b"1");
    let _ = value(&store, b"a");
    assert!(store.opening() != opening, "the store is another one");
}

pub fn a_version_of_a_removed_key_is_not_current<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let mut version = put(&store, b"a", b"1");
    assert!(other.remove(b"a").unwrap());
    assert!(!store.is_current(&version));
    assert_eq!(store.get(b"a", &mut version, &mut Vec::new()).unwrap(), Found::Missing);
    put(&other, b"a", b"2");
    let mut out = Vec::new();
    assert!(!store.is_current(&version), "nor is a missing one, once it is there");
    assert_eq!(store.get(b"a", &mut version, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"2");
}

pub fn too_little_room_changes_nothing<F: Fixture>() {
    let place = F::new();
    let store = place.handle();
    put(&store, b"a", b"four");
    let mut version = VersionOf::<F>::default();
    let mut small = [MaybeUninit::uninit(); 3];
    let error = store.get(b"a", &mut version, &mut Places::new(&mut small)).unwrap_err();
    assert!(matches!(error.remedy(), Remedy::MakeRoom(4)), "{error}");
    assert!(!store.put_if_unchanged(b"a", b"", &mut version).unwrap(), "the value has not been seen");
    let mut enough = [MaybeUninit::uninit(); 4];
    assert_eq!(store.get(b"a", &mut version, &mut Places::new(&mut enough)).unwrap(), Found::Value);
}

pub fn a_long_value_may_be_left_where_it_is<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let long: Vec<u8> = (0..50_000u32).map(|n| n as u8).collect();
    put(&store, b"long", &long);
    let mut version = VersionOf::<F>::default();
    let mut out = Vec::new();
    match other.get_short(b"long", 1000, &mut version, &mut out).unwrap() {
        Found::Value => assert_eq!(out, long, "a store may as well copy it"),
        Found::Long(left) => {
            assert_eq!((out.as_slice(), left.length), (&long[..PEEK], long.len() as u64));
            let mut rest = vec![MaybeUninit::uninit(); long.len() - 100];
            assert!(other.read_unread(&left, 100, &mut rest).unwrap());
            // SAFETY: the store has filled it.
            let rest: Vec<u8> = rest.iter().map(|byte| unsafe { byte.assume_init() }).collect();
            assert_eq!(rest, long[100..]);
            store.replace(&[]).unwrap();
            let mut rest = vec![MaybeUninit::uninit(); long.len()];
            // (It may still be there, and then is what it was.)
            if other.read_unread(&left, 0, &mut rest).unwrap() {
                // SAFETY: the store has filled it.
                assert!(rest.iter().zip(&long).all(|(byte, known)| unsafe { byte.assume_init() } == *known));
            }
        }
        other => panic!("{other:?}"),
    }
}

pub fn compare_and_set_takes_the_newest_version_alone<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let mut never = VersionOf::<F>::default();
    assert!(!store.put_if_unchanged(b"a", b"0", &mut never).unwrap(), "a value never seen");
    let mut version = put(&store, b"a", b"1");
    let mut theirs = VersionOf::<F>::default();
    other.get(b"a", &mut theirs, &mut Vec::new()).unwrap();
    assert!(other.put_if_unchanged(b"a", b"2", &mut theirs).unwrap());
    assert!(!store.put_if_unchanged(b"a", b"3", &mut version).unwrap());
    assert_eq!(value(&store, b"a").unwrap(), b"2");
    assert!(other.put_if_unchanged(b"a", b"4", &mut theirs).unwrap(), "its own write is the newest");
    assert!(other.is_current(&theirs));
    put(&store, b"b", b"between");
    assert!(other.put_if_unchanged(b"a", b"5", &mut theirs).unwrap(), "another key is not this one");
    store.remove(b"a").unwrap();
    assert!(!other.put_if_unchanged(b"a", b"6", &mut theirs).unwrap());
    assert_eq!(value(&store, b"a"), None);
}

pub fn an_append_goes_on_from_the_newest_version_alone<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let mut never = VersionOf::<F>::default();
    assert_eq!(store.append(b"a", b"x", 0, Rewrite::Caller, &mut never).unwrap(), Appended::Changed);
    assert_eq!(value(&store, b"a"), None);
    let long = vec![b'-'; 1000];
    let mut version = put(&store, b"a", &long);
    let mut theirs = version_of(&other, b"a");
    assert_eq!(store.append(b"a", b"one", 1, Rewrite::Caller, &mut version).unwrap(), Appended::Done);
    assert!(store.is_current(&version));
    assert_eq!(other.append(b"a", b"two", 2, Rewrite::Caller, &mut theirs).unwrap(), Appended::Changed);
    let mut out = Vec::new();
    match other.get(b"a", &mut theirs, &mut out).unwrap() {
        Found::Appended => assert_eq!(out, b"one"),
        Found::Value => assert_eq!(out, [&long[..], b"one"].concat()),
        found => panic!("{found:?}"),
    }
    assert_eq!(other.append(b"a", b"two", 2, Rewrite::Caller, &mut theirs).unwrap(), Appended::Done);
    assert_eq!(value(&store, b"a").unwrap(), [&long[..], b"onetwo"].concat());
    assert!(!store.put_if_unchanged(b"a", b"", &mut version).unwrap(), "an append is a change");
}

pub(super) fn version_of<B: Backend>(store: &B, key: &[u8]) -> B::Version {
    let mut version = B::Version::default();
    store.get(key, &mut version, &mut Vec::new()).unwrap();
    version
}

pub fn appends_without_end_keep_every_byte<F: Fixture>() {
    let place = F::new();
    let (store, reader) = (place.handle(), place.handle());
    let mut known = vec![b'-'; 200];
    let mut version = put(&store, b"a", &known);
    let (mut theirs, mut copy, mut full) = (VersionOf::<F>::default(), Vec::new(), 0);
    for n in 0..200u32 {
        let bytes = n.to_be_bytes();
        known.extend(bytes);
        match store.append(b"a", &bytes, i64::from(n), Rewrite::Caller, &mut version).unwrap() {
            Appended::Done => {}
            Appended::Changed => panic!("nobody else writes"),
            Appended::Full => {
                full += 1;
                assert!(store.put_if_unchanged(b"a", &known, &mut version).unwrap());
            }
        }
        let mut out = Vec::new();
        match reader.get(b"a", &mut theirs, &mut out).unwrap() {
            Found::Value => copy = out,
            Found::Appended => copy.extend(out),
            found => panic!("{found:?}"),
        }
        assert_eq!(copy, known);
    }
    assert!(full > 0, "a store has to ask for the whole value now and then");
}

pub fn a_store_that_rewrites_keeps_every_byte<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let mut known = vec![b'-'; 20];
    let mut version = put(&store, b"a", &known);
    for n in 0..100u8 {
        known.push(n);
        assert_eq!(store.append(b"a", &[n], n.into(), Rewrite::Store, &mut version).unwrap(), Appended::Done);
        let mut start = Vec::new();
        let peeked = other.peek(b"a", &mut VersionOf::<F>::default(), &mut start).unwrap();
        assert_eq!(peeked, Peeked::Noted(n.into()));
    }
    assert_eq!(value(&other, b"a").unwrap(), known);
}

pub fn a_peek_tells_whether_there_is_a_value_and_what_was_noted<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let mut version = put(&store, b"a", b"0123456789abcdefg");
    let (mut theirs, mut start) = (VersionOf::<F>::default(), Vec::new());
    assert_eq!(other.peek(b"a", &mut theirs, &mut start).unwrap(), Peeked::Whole);
    assert_eq!(start, b"0123456789abcdef");
    assert_eq!(other.peek(b"a", &mut theirs, &mut start).unwrap(), Peeked::Unchanged);
    store.append(b"a", b"!", -5, Rewrite::Caller, &mut version).unwrap();
    assert_eq!(other.peek(b"a", &mut theirs, &mut start).unwrap(), Peeked::Noted(-5));
    assert_eq!(other.append(b"a", b"?", 7, Rewrite::Caller, &mut theirs).unwrap(), Appended::Done, "a peek is enough");
    store.remove(b"a").unwrap();
    assert_eq!(other.peek(b"a", &mut theirs, &mut start).unwrap(), Peeked::Missing);
}

pub fn numbers_go_on_after_the_highest<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let mut version = VersionOf::<F>::default();
    assert_eq!(store.next_number(0).unwrap(), Some(0));
    assert_eq!(store.put_next(b"he", b"ad", 0, &mut version).unwrap(), Some(0));
    assert!(store.is_current(&version));
    assert_eq!(value(&other, b"0").unwrap(), b"head");
    for name in ["07", "-0", "+9", "9a", "99999999999999999999"] {
        put(&store, name.as_bytes(), b"no number");
    }
    assert_eq!(other.put_next(b"", b"", 0, &mut version).unwrap(), Some(1));
    put(&store, b"41", b"a number");
    assert_eq!(other.put_next(b"", b"", 0, &mut version).unwrap(), Some(42));
    store.remove(b"42").unwrap();
    assert_eq!(other.next_number(0).unwrap(), Some(43), "a number that was removed is not given again");
    store.replace(&[(b"5", b"")]).unwrap();
    assert_eq!(other.next_number(0).unwrap(), Some(6), "unless everything was replaced");
}

pub fn numbers_begin_at_the_least<F: Fixture>() {
    let place = F::new();
    let store = place.handle();
    put(&store, b"-10", b"");
    assert_eq!(store.next_number(i64::MIN).unwrap(), Some(-9));
    assert_eq!(store.next_number(0).unwrap(), Some(0));
    let mut version = VersionOf::<F>::default();
    assert_eq!(store.put_next(b"", b"", i64::MIN, &mut version).unwrap(), Some(-9));
}

pub fn there_is_no_number_after_the_last<F: Fixture>() {
    let place = F::new();
    let store = place.handle();
    put(&store, i64::MAX.to_string().as_bytes(), b"");
    let mut version = VersionOf::<F>::default();
    assert_eq!(store.next_number(0).unwrap(), None);
    assert_eq!(store.put_next(b"", b"", 0, &mut version).unwrap(), None);
    assert_eq!(store.len().unwrap(), 1);
    // But for itself, where nothing has it any more.
    store.remove(i64::MAX.to_string().as_bytes()).unwrap();
    assert_eq!(store.next_number(0).unwrap(), Some(i64::MAX));
    assert_eq!(store.put_next(b"1", b"", 0, &mut version).unwrap(), Some(i64::MAX));
    assert_eq!(value(&store, i64::MAX.to_string().as_bytes()), Some(b"1".to_vec()));
    assert_eq!((store.next_number(0).unwrap(), store.put_next(b"", b"", 0, &mut version).unwrap()), (None, None));
}

pub fn removing_tells_whether_it_was_there<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    put(&store, b"a", b"1");
    assert!(other.remove(b"a").unwrap());
    assert!(!store.remove(b"a").unwrap());
    assert_eq!((value(&store, b"a"), store.len().unwrap()), (None, 0));
}

pub fn replacing_leaves_nothing_else<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let mut version = put(&store, b"kept", b"1");
    put(&store, b"gone", b"2");
    other.replace(&[(b"new", b"3"), (b"kept", b"1")]).unwrap();
    assert!(!store.is_current(&version));
    assert!(!store.put_if_unchanged(b"kept", b"", &mut version).unwrap());
    let expected: [(&[u8], &[u8]); 2] = [(b"new", b"3"), (b"kept", b"1")];
    assert_eq!(content(&store), expected.map(|(key, value)| (key.to_vec(), value.to_vec())));
    other.replace(&[]).unwrap();
    assert!(store.is_empty().unwrap());
}

pub fn a_snapshot_is_filled_in_the_callers_memory<F: Fixture>() {
    let place = F::new();
    let store = place.handle();
    let long = vec![b'x'; 5000];
    put(&store, b"short", b"1");
    put(&store, b"long", &long);
    let mut small = [MaybeUninit::uninit(); 16];
    let mut snapshot = Snapshot::new(Places::new(&mut small), Vec::new());
    let error = store.fill(&mut snapshot, u64::MAX).unwrap_err();
    assert!(matches!(error.remedy(), Remedy::MakeRoom(_)), "{error}");
    assert_eq!(snapshot.wanted(), ("short1long".len() as u64 + 5000, 2));
    let mut snapshot = Snapshot::default();
    store.fill(&mut snapshot, 1000).unwrap();
    assert_eq!(snapshot.len(), 2);
    match snapshot.get(1).unwrap() {
        (key, Stored::Bytes(bytes)) => assert_eq!((key, bytes, snapshot.left()), (&b"long"[..], &long[..], 0)),
        (key, Stored::Left(left)) => {
            assert!(snapshot.is_left(1) && !snapshot.is_left(0));
            assert_eq!((key, left.length, snapshot.left()), (&b"long"[..], 5000, 5000));
            let mut copy = vec![MaybeUninit::uninit(); 5000];
            assert!(store.read_unread(&left, 0, &mut copy).unwrap());
        }
    }
}

pub fn destroying_ends_everything<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let version = put(&store, b"a", b"1");
    store.lock(Patience::default()).unwrap();
    store.destroy().unwrap();
    assert!(!store.is_current(&version));
    assert_eq!(value(&other, b"a"), None, "and nobody holds a lock");
    put(&other, b"b", b"2");
    assert_eq!(keys(&store), ["b"]);
    assert_eq!(store.next_number(0).unwrap(), Some(0));
}

pub fn a_lock_keeps_others_out_until_it_ends<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let mut version = put(&other, b"a", b"1");
    store.lock(Patience::until(Duration::from_millis(1))).unwrap();
    assert!(is_held(other.get(b"a", &mut VersionOf::<F>::default(), &mut Vec::new())));
    assert!(!other.is_current(&version));
    assert!(is_held(other.put(b"a", b"2", &mut version)));
    assert!(is_held(other.len()) && is_held(other.snapshot()) && is_held(other.remove(b"a")));
    assert!(is_held(other.replace(&[])) && is_held(other.destroy()) && is_held(other.lock(Patience::default())));
    let waited = other.retry(|other| other.len()).unwrap_err();
    let Remedy::Wait(held) = waited.remedy() else { panic!("{waited}") };
    assert!(held.same_thread && !held.change && held.patience.timeout == Some(Duration::from_millis(1)));
    put(&store, b"a", b"3");
    store.unlock();
    assert_eq!(value(&other, b"a").unwrap(), b"3");
    store.unlock();
    other.lock(Patience::default()).unwrap();
    other.lock(Patience::default()).unwrap();
    other.unlock();
    put(&store, b"a", b"4");
}

pub fn a_lock_ends_with_its_handle<F: Fixture>() {
    let place = F::new();
    let other = place.handle();
    {
        let store = place.handle();
        store.lock(Patience::default()).unwrap();
        assert!(is_held(other.len()));
    }
    assert_eq!(other.len().unwrap(), 0);
}

pub fn a_hold_on_writers_lets_readers_go_on<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    put(&store, b"a", b"1");
    let hold = store.lock_writers().unwrap();
    assert_eq!(value(&other, b"a").unwrap(), b"1");
    assert!(is_held(other.put(b"a", b"2", &mut VersionOf::<F>::default())));
    assert!(is_held(other.lock_writers()));
    put(&store, b"a", b"3");
    assert_eq!(store.standing(&hold), Standing::Kept);
    store.unlock_writers(hold);
    assert_eq!(value(&other, b"a").unwrap(), b"3");
    put(&other, b"a", b"4");
}

pub fn holds_on_writers_are_counted<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let outer = store.lock_writers().unwrap();
    let inner = store.lock_writers().unwrap();
    store.unlock_writers(inner);
    assert_eq!(store.standing(&outer), Standing::Kept);
    assert!(is_held(other.lock_writers()));
    other.unlock_writers(outer);
    assert!(is_held(other.lock_writers()), "a hold is ended by its own handle alone");
    drop(store);
    let hold = other.lock_writers().unwrap();
    other.destroy().unwrap();
    assert_eq!(other.standing(&hold), Standing::Ended);
}

pub fn a_lock_outlasts_a_hold_on_writers_inside_of_it<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    store.lock(Patience::default()).unwrap();
    let hold = store.lock_writers().unwrap();
    store.unlock();
    assert_eq!(other.len().unwrap(), 0, "readers go on");
    assert!(is_held(other.put(b"any", b"", &mut VersionOf::<F>::default())), "writers do not");
    store.unlock_writers(hold);
    store.lock(Patience::default()).unwrap();
    let hold = store.lock_writers().unwrap();
    store.unlock_writers(hold);
    assert!(is_held(other.len()));
}

pub fn a_lock_is_its_handles_in_whichever_fiber<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    in_fiber(1, || store.lock(Patience::default()).unwrap());
    put(&store, b"a", b"1");
    in_fiber(2, || put(&store, b"b", b"2"));
    assert_eq!((value(&store, b"b"), store.len().unwrap()), (Some(b"2".to_vec()), 2));
    assert!(store.keeps_others_out() && is_held(other.len()));
    store.unlock();
    assert_eq!((value(&other, b"a"), other.len().unwrap()), (Some(b"1".to_vec()), 2));
    in_fiber(1, || store.unlock());
    // So is the end of a hold on writers.
    let hold = in_fiber(1, || store.lock_writers().unwrap());
    assert_eq!(store.standing(&hold), Standing::Kept);
    store.unlock_writers(hold);
    put(&other, b"a", b"3");
    in_fiber(1, || store.enter_lock().unwrap());
    store.unlock();
    assert_eq!(value(&other, b"a"), Some(b"3".to_vec()), "`unlock` ends all");
}

pub fn a_change_and_a_counted_lock_are_one_fibers<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let any = || store.put(b"any", b"", &mut VersionOf::<F>::default());
    put(&store, b"a", b"1");
    let hold = in_fiber(1, || store.lock_writers().unwrap());
    assert_eq!(value(&store, b"a"), Some(b"1".to_vec()), "readers go on");
    assert!(is_held(any()) && is_held(store.lock_writers()) && is_held(store.lock(Patience::default())));
    assert!(is_held(store.enter_lock()) && is_held(store.remove(b"a")));
    in_fiber(1, || any().unwrap());
    // A lock that goes on outlasts nothing of that.
    in_fiber(1, || store.lock(Patience::default()).unwrap());
    assert!(is_held(any()));
    store.unlock();
    assert!(is_held(any()) && is_held(other.remove(b"a")) && other.len().unwrap() == 2);
    store.unlock_writers(hold);
    any().unwrap();
    let token = in_fiber(1, || store.enter_lock().unwrap());
    assert!(is_held(store.enter_lock()) && !store.leave_lock() && store.entered_lock().is_none());
    any().unwrap();
    assert_eq!(in_fiber(1, || store.entered_lock()), Some((token, 1)));
    assert!(is_held(other.len()) && in_fiber(1, || store.leave_lock()));
    assert!(store.enter_lock().unwrap() > token);
}

pub fn another_handle_is_on_the_same_store<F: Fixture>() {
    let place = F::new();
    let store = place.handle();
    put(&store, b"a", b"1");
    let other = store.another();
    assert_eq!((value(&other, b"a").unwrap().as_slice(), other.address()), (&b"1"[..], store.address()));
    store.lock(Patience::default()).unwrap();
    assert!(is_held(other.len()), "and holds nothing");
}

pub fn nothing_is_there_to_import<F: Fixture>() {
    let place = F::new();
    let store = place.handle();
    let mut out = vec![1];
    assert!(!store.copy_legacy(&mut out).unwrap());
    put(&store, b"a", b"1");
    assert!(!store.copy_legacy(&mut out).unwrap());
    assert!(!store.import(b"a:0:{}", &[(b"b", b"2")]).unwrap());
    assert_eq!(keys(&store), ["a"]);
    assert_eq!(store.take_warning(), None);
    assert!(F::Store::format_version().starts_with(|first: char| first.is_ascii_digit()));
}
