//! Another program changes values, as by `INCR`: nothing that was stored is lost by that, and what it has made is found a place for.

use sync_backend::{Backend, Now, Selection, Snapshot, clock};
use sync_server::testing::{Redis, put, read};
use sync_server::{ErrorKind, ServerStore, ServerVersion, Value};

fn on(redis: &Redis) -> ServerStore {
    ServerStore::new(&redis.address("", "?prefix=app"), || 0)
}

/// All names in their order.
fn names(store: &ServerStore) -> Vec<String> {
    let mut snapshot = Snapshot::new(Vec::new(), Vec::new());
    store.retry(|store| store.select(&Selection::All, &mut snapshot, u64::MAX)).unwrap();
    snapshot.keys().map(|name| String::from_utf8(name.to_vec()).unwrap()).collect()
}

fn number(redis: &Redis, name: &str) -> Option<u64> {
    redis.tell(&["GET", &format!("{{app}}:v:{name}")]).number()
}

#[test]
fn a_name_that_another_program_has_made_gets_a_place_by_the_next_change() {
    type Change = fn(&ServerStore, &[u8]);
    let changes: [(&str, u64, Change); 4] = [
        ("put", 50, |store, name| {
            put(store, name, &[50]);
        }),
        ("add", 6, |store, name| {
            store.add_number(name, 5, &mut ServerVersion::default()).unwrap();
        }),
        ("touch", 1, |store, name| assert!(store.touch(name, None, &mut ServerVersion::default()).unwrap())),
        ("commit", 9, |store, name| {
            let put =
                sync_backend::Change::Put { key: name, head: &[9], body: &[], note: None, expiry: None, anew: false };
            assert!(store.commit(&[put], None).unwrap());
        }),
    ];
    for (kind, left, change) in changes {
        for is_known in [false, true] {
            let redis = Redis::start(&[]);
            let store = on(&redis);
            put(&store, b"a", &[1]);
            assert_eq!((names(&store).len(), store.len().unwrap()), (1, 1));
            for name in ["hits", "7"] {
                redis.tell(&["INCR", &format!("{{app}}:v:{name}")]);
                if is_known {
                    assert_eq!(read(&store, name.as_bytes()).unwrap(), Some(vec![1]), "{kind}");
                }
                change(&store, name.as_bytes());
                assert_eq!(number(&redis, name), Some(left), "{kind}");
            }
            for store in [&store, &on(&redis)] {
                assert_eq!(
                    (names(store), store.len().unwrap()),
                    (["a", "hits", "7"].map(String::from).to_vec(), 3),
                    "{kind}"
                );
            }
            // It is a number like any other.
            assert_eq!(store.put_next(&[], &[1], 0, &mut ServerVersion::default()).unwrap(), Some(8), "{kind}");
        }
    }
}

#[test]
fn the_next_number_is_one_that_nothing_has() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    put(&store, b"a", &[1]);
    let next = |value: u8| store.put_next(&[], &[value], 0, &mut ServerVersion::default());
    for taken in ["0", "2", "3"] {
        redis.tell(&["INCR", &format!("{{app}}:v:{taken}")]);
    }
    assert_eq!(store.next_number(0).unwrap(), Some(1));
    assert_eq!([next(7).unwrap(), next(8).unwrap(), next(9).unwrap()], [1, 4, 5].map(Some));
    assert_eq!(["0", "1", "2", "3", "4", "5"].map(|name| number(&redis, name).unwrap()), [1, 7, 1, 1, 8, 9]);
    assert_eq!(store.next_number(0).unwrap(), Some(6));
    // Here nobody can tell what it is.
    redis.tell(&["SADD", "{app}:v:6", "member"]);
    let before = redis.tell(&["HGETALL", "{app}:counters"]);
    let is_foreign = |kind: &ErrorKind| matches!(kind, ErrorKind::Foreign(key) if key == b"{app}:v:6");
    assert!(is_foreign(next(10).unwrap_err().kind()) && is_foreign(store.next_number(0).unwrap_err().kind()));
    assert_eq!(redis.tell(&["TYPE", "{app}:v:6"]), Value::Text(b"set".to_vec()));
    assert_eq!(redis.tell(&["HGETALL", "{app}:counters"]), before);
    assert_eq!(names(&store), ["a", "1", "4", "5"].map(String::from).to_vec());
}

#[test]
fn what_another_program_has_made_where_a_value_had_expired_stays() {
    for sync_changes_it in [None, Some("put"), Some("add")] {
        let redis = Redis::start(&[]);
        clock::start_at(clock::now());
        let start = clock::now();
        let store = on(&redis);
        put(&store, b"a", &[1]);
        let mut version = ServerVersion::default();
        store.put_until(b"hits", (&[], &[5]), Now::read().after(50), &mut version).unwrap();
        clock::set(start + 1_000);
        // (As the server does itself, a minute after the value has expired.)
        redis.tell(&["DEL", "{app}:v:hits"]);
        redis.tell(&["INCR", "{app}:v:hits"]);
        let expected = match sync_changes_it {
            None => 1,
            Some("put") => {
                // (Known, it is put in the short way.)
                read(&store, b"hits").unwrap();
                put(&store, b"hits", &[77]);
                77
            }
            Some(_) => {
                read(&store, b"hits").unwrap();
                store.add_number(b"hits", 3, &mut version).unwrap().unwrap() as u64
            }
        };
        if sync_changes_it.is_some() {
            assert_eq!(store.len().unwrap(), 2, "{sync_changes_it:?}");
        }
        for number in 0..100 {
            let name = format!("y{number}");
            store.put_until(name.as_bytes(), (&[], &[1]), Now::read().after(100_000), &mut version).unwrap();
        }
        assert_eq!(number(&redis, "hits"), Some(expected), "{sync_changes_it:?}");
        assert_eq!((store.len().unwrap(), names(&store).len()), (102, 102), "{sync_changes_it:?}");
        assert_eq!(on(&redis).len().unwrap(), 102, "{sync_changes_it:?}");
    }
}
