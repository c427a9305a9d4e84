//! Values expire by the server's clock, whatever that of a client shows.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use sync_backend::{Backend, Expiry, Now, clock};
use sync_server::testing::{Redis, put, read, until};
use sync_server::{ServerStore, ServerVersion, Value};

/// A client takes the server's clock for one that is so much before its own.
const AHEAD: u64 = 3_600_000;

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// A store that has met the server while the clocks differed, which they do no longer.
fn behind_its_time(redis: &Redis) -> ServerStore {
    since(redis, now() - AHEAD)
}

/// The same, by what its own clock showed then.
fn since(redis: &Redis, shown: u64) -> ServerStore {
    clock::start_at(shown);
    let store = ServerStore::new(&redis.address("", ""), || 0);
    store.get(b"x", &mut ServerVersion::default(), &mut Vec::new()).unwrap();
    clock::unset();
    store
}

/// A server with a value that lives for half an hour, and when that is over.
fn with_session() -> (Redis, Option<Expiry>) {
    let redis = Redis::start(&[]);
    let store = ServerStore::new(&redis.address("", ""), || 0);
    let expiry = Now::read().after(AHEAD / 2);
    store.put_until(b"session", (&[], &[7]), expiry, &mut ServerVersion::default()).unwrap();
    (redis, expiry)
}

#[test]
fn a_client_with_a_wrong_clock_removes_nothing_that_others_have_stored() {
    let (redis, _) = with_session();
    let ended = thread::scope(|scope| {
        scope
            .spawn(|| {
                let store = behind_its_time(&redis);
                for number in 0..100 {
                    put(&store, format!("new {number}").as_bytes(), &[1]);
                }
            })
            .join()
    });
    ended.unwrap();
    assert_eq!(redis.tell(&["EXISTS", "{sync}:v:session"]), Value::Integer(1));
    assert_eq!(read(&ServerStore::new(&redis.address("", ""), || 0), b"session").unwrap(), Some(vec![7]));
}

#[test]
fn a_client_learns_that_the_clocks_differ_by_something_else() {
    let (redis, expiry) = with_session();
    let (added, seen) = thread::scope(|scope| {
        let client = scope.spawn(|| {
            let store = behind_its_time(&redis);
            let added = store.add(b"session", (&[], &[8]), None, &mut ServerVersion::default()).unwrap();
            let mut version = ServerVersion::default();
            store.get(b"session", &mut version, &mut Vec::new()).unwrap();
            (added, version.expiry())
        });
        client.join().unwrap()
    });
    assert!(!added);
    let (seen, expiry) = (seen.unwrap().milliseconds(), expiry.unwrap().milliseconds());
    assert!(Duration::from_millis(seen.abs_diff(expiry)) < Duration::from_secs(60), "{seen} {expiry}");
}

#[test]
fn a_value_lives_for_as_long_as_was_asked_whatever_the_clocks_have_shown() {
    type Change = fn(&ServerStore, Option<Expiry>, &mut ServerVersion) -> bool;
    let changes: [(&str, Change); 4] = [
        ("put", |store, expiry, version| store.put_until(b"x", (&[], &[1]), expiry, version).is_ok()),
        ("add", |store, expiry, version| store.add(b"x", (&[], &[1]), expiry, version).unwrap()),
        ("touch", |store, expiry, version| {
            put(store, b"x", &[0xa1, b'x']);
            store.touch(b"x", expiry, version).unwrap()
        }),
        ("touch of an integer", |store, expiry, version| {
            put(store, b"x", &[1]);
            store.touch(b"x", expiry, version).unwrap()
        }),
    ];
    for (kind, change) in changes {
        for shown in [now() - AHEAD, now() + AHEAD] {
            let redis = Redis::start(&[]);
            let is_about = |left: u64| left.abs_diff(AHEAD / 2) < 60_000;
            let seen = thread::scope(|scope| {
                let client = scope.spawn(|| {
                    let store = since(&redis, shown);
                    let mut version = ServerVersion::default();
                    assert!(change(&store, Now::read().after(AHEAD / 2), &mut version), "{kind}");
                    let found = store.get(b"x", &mut version, &mut Vec::new()).unwrap();
                    version.expiry().unwrap_or_else(|| panic!("{kind}: {found:?}")).left(Now::read())
                });
                client.join().unwrap()
            });
            assert!(is_about(seen.as_millis() as u64), "{kind}: {seen:?} as its own process sees it");
            // (The server keeps it for a minute more.)
            let left = redis.tell(&["PTTL", "{sync}:v:x"]).integer().unwrap() - 60_000;
            assert!(u64::try_from(left).is_ok_and(is_about), "{kind}: {left} ms at the server");
        }
    }
}

#[test]
fn a_value_may_live_for_longer_than_the_server_can_count() {
    let redis = Redis::start(&[]);
    let store = ServerStore::new(&redis.address("", ""), || 0);
    // (As PHP's greatest `$ttl` in seconds, and all that there is.)
    for life in [i64::MAX as u64 / 1_000 * 1_000 - now(), i64::MAX as u64, u64::MAX - 2 * now()] {
        let mut version = ServerVersion::default();
        store.put_until(b"x", (&[], &[1]), Now::read().after(life), &mut version).unwrap();
        assert_eq!(read(&store, b"x").unwrap(), Some(vec![1]), "{life}");
        assert_eq!(store.len().unwrap(), 1, "{life}");
    }
}

/// The value is there for half an hour more by the server's clock, whatever its reader's was.
#[test]
fn a_client_that_only_reads_learns_that_the_clocks_differ_by_something_else() {
    for options in ["", "?cache=0"] {
        for (kind, look) in LOOKS {
            for shown in [now() - AHEAD, now() + AHEAD] {
                let (redis, expiry) = with_session();
                thread::scope(|scope| {
                    let client = scope.spawn(|| {
                        clock::start_at(shown);
                        let store = ServerStore::new(&redis.address("", options), || 0);
                        look(&store, expiry.unwrap());
                        clock::unset();
                        until("the right time", || look(&store, expiry.unwrap()));
                    });
                    client.join().unwrap_or_else(|_| panic!("{kind} {options} {shown}"));
                });
            }
        }
    }
}

/// As soon as its clock is set, not a second later: what is missing may be stored anew.
#[test]
fn a_value_is_not_taken_for_expired_that_the_server_still_has() {
    for options in ["", "?cache=0"] {
        // (Statistics may be late.)
        for (kind, look) in LOOKS.into_iter().filter(|(kind, _)| *kind != "stats") {
            let (redis, expiry) = with_session();
            thread::scope(|scope| {
                let client = scope.spawn(|| {
                    clock::start_at(now() - AHEAD);
                    let store = ServerStore::new(&redis.address("", options), || 0);
                    store.get(b"x", &mut ServerVersion::default(), &mut Vec::new()).unwrap();
                    clock::unset();
                    assert!(look(&store, expiry.unwrap()), "{kind} {options}");
                });
                client.join().unwrap();
            });
        }
    }
}

/// Whether a store has the value, which expires then.
type Look = fn(&ServerStore, Expiry) -> bool;

const LOOKS: [(&str, Look); 4] = [
    ("get", |store, expiry| {
        let mut version = ServerVersion::default();
        store.get(b"session", &mut version, &mut Vec::new()).unwrap();
        let is_about = |seen: Expiry| seen.milliseconds().abs_diff(expiry.milliseconds()) < 60_000;
        version.expiry().is_some_and(is_about)
    }),
    ("len", |store, _| store.len().unwrap() == 1),
    ("stats", |store, _| store.glance().unwrap().keys == 1),
    ("snapshot", |store, _| store.snapshot().unwrap().len() == 1),
];

/// Short changes have every other number, be it the even or the odd ones.
#[test]
fn what_has_expired_goes_in_the_end_whichever_changes_remove_it() {
    for shorts in [0, 1] {
        let redis = Redis::start(&[]);
        let left = thread::scope(|scope| {
            let client = scope.spawn(|| {
                clock::start_at(now());
                let store = ServerStore::new(&redis.address("", ""), || 0);
                let put = |name: String, life| {
                    let version = &mut ServerVersion::default();
                    store.put_until(name.as_bytes(), (&[], &[1]), Now::read().after(life), version).unwrap();
                };
                let add = || assert!(store.add_number(b"n", 1, &mut ServerVersion::default()).unwrap().is_some());
                store.put(b"n", &[1], &mut ServerVersion::default()).unwrap();
                (0..100).for_each(|number| put(format!("over {number}"), 10));
                clock::set(now() + 1_000);
                (0..shorts).for_each(|_| add());
                for number in 0..100 {
                    put(format!("new {number}"), AHEAD);
                    add();
                }
                redis.tell(&["ZCARD", "{sync}:order"])
            });
            client.join().unwrap()
        });
        assert_eq!(left, Value::Integer(101), "{shorts}");
    }
}
