//! The tests of expiry that every store has to pass, by a clock that stands still until they set it.

use super::Fixture;
use crate::{Appended, Backend, Expiry, Found, Now, Peeked, Rewrite, Selection, Snapshot, clock};

type VersionOf<F> = <<F as Fixture>::Store as Backend>::Version;

/// The time at which each test begins.
const START: u64 = 1_700_000_000_000;

/// The moment so many milliseconds after the beginning.
fn at(milliseconds: u64) -> Option<Expiry> {
    Some(Expiry::at(START + milliseconds))
}

fn set_clock(milliseconds: u64) {
    clock::set(START + milliseconds);
}

fn begin<F: Fixture>() -> F {
    clock::start_at(START);
    F::new()
}

fn put<B: Backend>(store: &B, key: &[u8], value: &[u8], expiry: Option<Expiry>) -> B::Version {
    let mut version = B::Version::default();
    store.put_until(key, (value, b""), expiry, &mut version).unwrap();
    version
}

fn value<B: Backend>(store: &B, key: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    match store.get(key, &mut B::Version::default(), &mut bytes).unwrap() {
        Found::Missing => None,
        Found::Value => Some(bytes),
        other => panic!("a first look gives {other:?}"),
    }
}

fn expiry<B: Backend>(store: &B, key: &[u8]) -> Option<Expiry> {
    let mut version = B::Version::default();
    store.peek(key, &mut version, &mut Vec::new()).unwrap();
    B::expiry_of(&version)
}

fn keys<B: Backend>(store: &B) -> Vec<String> {
    let keys: Vec<_> = store.snapshot().unwrap().keys().map(|key| String::from_utf8_lossy(key).into_owned()).collect();
    assert_eq!(store.len().unwrap(), keys.len() as u64, "the number of keys and the keys");
    keys
}

pub fn an_expired_value_is_missing_for_every_operation<F: Fixture>() {
    let place: F = begin();
    let (store, other) = (place.handle(), place.handle());
    let mut own = put(&store, b"a", b"1", at(10));
    let mut seen = VersionOf::<F>::default();
    assert_eq!(other.get(b"a", &mut seen, &mut Vec::new()).unwrap(), Found::Value);
    set_clock(9);
    for version in [&mut own, &mut seen] {
        assert_eq!(F::Store::expiry_of(version), at(10));
        assert!(store.is_current(version) && store.confirm(version));
        assert_eq!(store.get(b"a", version, &mut Vec::new()).unwrap(), Found::Unchanged);
    }
    assert_eq!((keys(&store), value(&other, b"a")), (vec!["a".into()], Some(b"1".to_vec())));
    assert_eq!(other.facts(b"a").unwrap().unwrap().expiry, at(10));
    set_clock(10);
    for (handle, version) in [(&store, &mut own), (&other, &mut seen)] {
        assert!(!handle.is_current(version) && !handle.confirm(version));
        assert!(!handle.put_if_unchanged(b"a", b"2", version).unwrap());
        assert_eq!(handle.append(b"a", b"2", 0, Rewrite::Store, version).unwrap(), Appended::Changed);
        assert!(!handle.touch(b"a", at(50), version).unwrap());
        assert_eq!(handle.get(b"a", version, &mut Vec::new()).unwrap(), Found::Missing);
        assert_eq!(handle.peek(b"a", version, &mut Vec::new()).unwrap(), Peeked::Missing);
        assert_eq!((keys(handle), value(handle, b"a"), handle.is_empty().unwrap()), (vec![], None, true));
        let mut some = Snapshot::default();
        handle.select(&Selection::Keys(&[b"a"]), &mut some, u64::MAX).unwrap();
        assert!(some.is_empty());
        handle.select(&Selection::Page { prefix: b"a", after: None, limit: 9 }, &mut some, u64::MAX).unwrap();
        assert_eq!((some.len(), handle.facts(b"a").unwrap()), (0, None));
    }
    assert!(!store.remove(b"a").unwrap(), "it was not there any more");
    put(&store, b"b", b"1", at(20));
    put(&store, b"c", b"1", None);
    set_clock(20);
    assert_eq!(keys(&other), ["c"]);
    assert!(!other.remove(b"b").unwrap());
    assert!(other.remove(b"c").unwrap());
}

pub fn a_change_keeps_the_expiry_and_a_new_value_has_its_own<F: Fixture>() {
    let place: F = begin();
    let store = place.handle();
    let mut version = put(&store, b"a", b"1", at(10));
    assert!(store.put_if_unchanged(b"a", b"2", &mut version).unwrap());
    assert_eq!((expiry(&store, b"a"), F::Store::expiry_of(&version)), (at(10), at(10)));
    for n in 0..100 {
        while store.append(b"a", &[n; 50], 7, Rewrite::Store, &mut version).unwrap() != Appended::Done {
            store.get(b"a", &mut version, &mut Vec::new()).unwrap();
        }
        assert_eq!((expiry(&store, b"a"), F::Store::expiry_of(&version)), (at(10), at(10)));
    }
    assert_eq!(value(&store, b"a").unwrap().len(), 5001);
    for (expires, then) in [(at(30), at(30)), (None, None), (at(20), at(20))] {
        put(&store, b"a", b"3", expires);
        assert_eq!(expiry(&store, b"a"), then);
    }
    let mut version = VersionOf::<F>::default();
    store.put(b"a", b"4", &mut version).unwrap();
    assert_eq!((expiry(&store, b"a"), F::Store::expiry_of(&version)), (None, None));
    put(&store, b"a", b"5", at(20));
    store.replace(&[(b"a", b"6")]).unwrap();
    assert_eq!(expiry(&store, b"a"), None);
    set_clock(1_000_000);
    assert_eq!(keys(&store), ["a"]);
}

pub fn a_name_that_has_expired_is_a_new_one<F: Fixture>() {
    let place: F = begin();
    let store = place.handle();
    for key in [b"1", b"2", b"3", b"4"] {
        put(&store, key, b"1", at(10));
    }
    put(&store, b"a", b"1", None);
    set_clock(10);
    put(&store, b"2", b"2", None);
    assert!(store.add(b"1", (b"2", b""), at(20), &mut VersionOf::<F>::default()).unwrap());
    store.put(b"3", b"2", &mut VersionOf::<F>::default()).unwrap();
    assert_eq!(keys(&store), ["a", "2", "1", "3"]);
    // A name that has been there counts, though it is gone.
    assert_eq!(store.put_next(b"x", b"", 0, &mut VersionOf::<F>::default()).unwrap(), Some(5));
    put(&store, b"2", b"3", at(30));
    assert_eq!(keys(&store), ["a", "2", "1", "3", "5"], "a value that replaces one stays where that was");
}

pub fn adding_stores_where_nothing_is<F: Fixture>() {
    let place: F = begin();
    let (store, other) = (place.handle(), place.handle());
    let add = |store: &F::Store, value: &[u8], expiry| {
        let mut version = VersionOf::<F>::default();
        let added = store.add(b"a", (value, b"!"), expiry, &mut version).unwrap();
        assert_eq!(store.is_current(&version), added && expiry != Some(Expiry::PAST));
        added
    };
    assert!(add(&store, b"1", at(10)));
    assert!(!add(&other, b"2", None) && !add(&store, b"2", at(5)));
    assert_eq!((value(&store, b"a"), expiry(&store, b"a")), (Some(b"1!".to_vec()), at(10)));
    set_clock(10);
    assert!(add(&other, b"3", None));
    assert!(!add(&store, b"4", None));
    assert_eq!((value(&store, b"a"), expiry(&store, b"a")), (Some(b"3!".to_vec()), None));
    put(&store, b"a", b"4", at(20));
    assert!(!store.put_first(b"a", b"5", 1, &mut VersionOf::<F>::default()).unwrap());
    set_clock(20);
    assert!(other.put_first(b"a", b"5", 1, &mut VersionOf::<F>::default()).unwrap());
    assert_eq!(
        (value(&store, b"a"), expiry(&store, b"a"), keys(&store)),
        (Some(b"5".to_vec()), None, vec!["a".into()])
    );
    store.remove(b"a").unwrap();
    assert!(add(&store, b"5", Some(Expiry::PAST)), "nothing was there");
    assert_eq!(keys(&store), [""; 0]);
}

pub fn touching_gives_a_value_another_expiry<F: Fixture>() {
    let place: F = begin();
    let (store, other) = (place.handle(), place.handle());
    assert!(!store.touch(b"a", at(10), &mut VersionOf::<F>::default()).unwrap());
    assert_eq!(store.opening(), 0, "it makes no store");
    for length in [1, 100_000] {
        let bytes = vec![7; length];
        let mut version = put(&store, b"a", &bytes, at(10));
        assert!(store.touch(b"a", at(20), &mut version).unwrap());
        assert_eq!(F::Store::expiry_of(&version), at(20));
        assert!(store.is_current(&version), "the value is the same");
        assert_eq!((value(&other, b"a"), expiry(&other, b"a")), (Some(bytes.clone()), at(20)));
        assert!(other.touch(b"a", None, &mut VersionOf::<F>::default()).unwrap());
        assert_eq!((value(&store, b"a"), expiry(&store, b"a")), (Some(bytes.clone()), None));
        assert!(!store.is_current(&version), "when the value expires is another time now");
        // One in pieces, so often that they have to become fewer.
        version = put(&store, b"a", &bytes, None);
        assert_eq!(store.append(b"a", b"more", 3, Rewrite::Store, &mut version).unwrap(), Appended::Done);
        let whole = [&bytes[..], b"more"].concat();
        for n in 0..20_000 / length.isqrt() as u64 {
            assert!(store.touch(b"a", at(100 + n), &mut version).unwrap());
            assert!(store.is_current(&version) && expiry(&other, b"a") == at(100 + n));
        }
        assert_eq!(value(&other, b"a"), Some(whole));
        assert_eq!(store.peek(b"a", &mut VersionOf::<F>::default(), &mut Vec::new()).unwrap(), Peeked::Noted(3));
    }
    assert!(store.touch(b"a", Some(Expiry::PAST), &mut VersionOf::<F>::default()).unwrap(), "it was there");
    assert_eq!(keys(&other), [""; 0]);
    assert!(!store.touch(b"a", None, &mut VersionOf::<F>::default()).unwrap());
}

pub fn a_value_that_has_expired_already_is_not_stored<F: Fixture>() {
    let place: F = begin();
    let store = place.handle();
    set_clock(10);
    put(&store, b"a", b"1", None);
    for past in [Some(Expiry::PAST), at(9), at(10)] {
        put(&store, b"a", b"1", None);
        let version = put(&store, b"a", b"2", past);
        assert!(!store.is_current(&version));
        assert_eq!((value(&store, b"a"), keys(&store)), (None, vec![]));
    }
}

pub fn a_clock_that_is_set_back_revives_nothing<F: Fixture>() {
    let place: F = begin();
    let store = place.handle();
    let version = put(&store, b"a", b"1", at(10));
    put(&store, b"b", b"1", at(1000));
    set_clock(10);
    assert_eq!(value(&store, b"a"), None);
    clock::set(START - 100_000);
    assert!(!store.is_current(&version));
    assert_eq!((value(&store, b"a"), keys(&store)), (None, vec!["b".into()]));
    assert_eq!(Now::read().milliseconds(), START + 10);
    // Where the clock was wrong for a while, everything that has been stored is still there, for others.
    clock::start_at(START - 100_000);
    assert_eq!(value(&store, b"b"), Some(b"1".to_vec()));
}

pub fn counting_and_listing_agree_at_any_moment<F: Fixture>() {
    let place: F = begin();
    let (store, other) = (place.handle(), place.handle());
    const KEYS: u64 = 3000;
    for n in 0..KEYS {
        let expires = if n % 3 == 0 { None } else { at(10 + n) };
        put(&store, format!("k{n}").as_bytes(), &[1; 30], expires);
    }
    for now in (0..KEYS + 20).step_by(97) {
        set_clock(now);
        let left: Vec<_> = (0..KEYS).filter(|n| n % 3 == 0 || 10 + n > now).map(|n| format!("k{n}")).collect();
        assert_eq!(keys(&other), left);
        if now % 2 == 0 {
            // (Who writes may give the space back.)
            put(&store, b"k0", b"2", None);
            assert_eq!(keys(&other), left);
        }
    }
}
