//! A process that goes on asking for other names forgets those that it has asked for before, and misses nothing by that.

use super::super::ServerStore;
use crate::testing::{Redis, put, read, until};
use std::time::Duration;
use sync_backend::{Backend, Selection, Since, Snapshot, Wanted};

fn on(redis: &Redis) -> ServerStore {
    ServerStore::new(&redis.address("", "?prefix=app"), || 0)
}

/// Asks for so many names that are not there, each of them for the first time.
fn ask_for_others(store: &ServerStore, from: usize, count: usize) {
    for start in (from..from + count).step_by(100) {
        let names: Vec<String> = (start..start + 100).map(|number| format!("other {number}")).collect();
        let keys: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        let mut snapshot = Snapshot::new(Vec::new(), Vec::new());
        store.retry(|store| store.select(&Selection::Keys(&keys), &mut snapshot, 0)).unwrap();
        assert_eq!(snapshot.keys().count(), 0);
    }
}

fn names(store: &ServerStore) -> usize {
    store.space.inner().cache.count()
}

#[test]
fn the_memory_of_names_does_not_grow_for_ever() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    put(&store, b"x", &[1]);
    let version = put(&store, b"y", &[2]);
    assert!(store.is_current(&version));
    ask_for_others(&store, 0, 10_000);
    assert!(names(&store) < 1_500, "{}", names(&store));
    assert!(!store.is_current(&version), "its name has another number");
    for number in 0..5_000 {
        put(&store, format!("new {number}").as_bytes(), &[1]);
    }
    assert!(names(&store) < 1_500, "{}", names(&store));
    // (Those that are there are kept where they have been read together.)
    assert_eq!(store.snapshot().unwrap().len(), 5_002);
    assert_eq!(store.snapshot().unwrap().len(), 5_002);
    assert_eq!(names(&store), 5_002);
    assert_eq!((read(&store, b"x").unwrap(), read(&store, b"y").unwrap()), (Some(vec![1]), Some(vec![2])));
}

#[test]
fn no_change_is_missed_of_a_name_that_was_forgotten() {
    let redis = Redis::start(&[]);
    let (store, other) = (on(&redis), on(&redis));
    let elsewhere = |name: &[u8]| put(&other, name, &[3]);
    for (round, name) in [&b"there"[..], b"missing"].into_iter().enumerate() {
        put(&other, b"there", &[1]);
        assert_eq!(read(&store, name).unwrap().is_some(), name == b"there");
        ask_for_others(&store, round * 10_000, 10_000);
        elsewhere(name);
        let mut wanted = [Wanted::key(name)];
        store.watch(&mut wanted, Since::Seen).unwrap();
        assert!(store.has_changed(&mut wanted, Duration::ZERO).unwrap(), "{round}");
        other.remove(b"missing").unwrap();
    }
    // Everything was seen before.
    assert!(!store.snapshot().unwrap().is_empty());
    ask_for_others(&store, 20_000, 10_000);
    elsewhere(b"there");
    let mut wanted = [Wanted::anything()];
    store.watch(&mut wanted, Since::Seen).unwrap();
    until("it is told", || store.has_changed(&mut wanted, Duration::from_millis(10)).unwrap());
}
