//! A change that was sent again, as its answer was lost, leaves nothing in the cache that the server would not tell of.

use std::time::Duration;
use sync_backend::{Backend, list_note};
use sync_server::testing::{Faults, Proxy, Redis, put, read, until};
use sync_server::{Address, Endpoint, ServerError, ServerStore, ServerVersion, Value};

type Change = fn(&ServerStore) -> Result<(), ServerError>;

/// Kinds of changes, of a value that is 5 before.
const CHANGES: [(&str, Change); 3] = [
    ("add", |store| store.add_number(b"n", 1, &mut ServerVersion::default()).map(drop)),
    ("put", |store| store.put(b"n", &[0xa1, b'x'], &mut ServerVersion::default())),
    ("put of a new name", |store| store.put(b"new", &[1], &mut ServerVersion::default())),
];

/// A store behind a proxy, which has read the value that is there.
fn behind(proxy: &Proxy, options: &str) -> ServerStore {
    let Endpoint::Host(host) = proxy.endpoint() else { panic!("a proxy has a port") };
    let address = Address::parse(format!("redis://127.0.0.1:{}{options}", host.port).as_bytes()).unwrap();
    let store = ServerStore::new(&address, || 0);
    read(&store, b"n").unwrap();
    store
}

#[test]
fn the_server_tells_of_later_changes_to_a_value_whose_change_was_sent_again() {
    for (kind, change) in CHANGES {
        // The bytes of answers before the change and behind it, for a cut at each of those between.
        let start = || {
            let redis = Redis::start(&[]);
            put(&ServerStore::new(&redis.address("", ""), || 0), b"n", &[5]);
            redis
        };
        let (before, after) = {
            let redis = start();
            let proxy = Proxy::start(redis.socket(), Faults::default());
            let store = behind(&proxy, "");
            let before = proxy.answers();
            change(&store).unwrap();
            (before, proxy.answers())
        };
        for cut in (before + 1..after).step_by(20) {
            let redis = start();
            let proxy = Proxy::start(redis.socket(), Faults { cut_answers: Some(cut), ..Faults::default() });
            let store = behind(&proxy, "");
            change(&store).unwrap();
            let other = ServerStore::new(&redis.address("", ""), || 0);
            for name in [&b"n"[..], b"new"] {
                let mut version = ServerVersion::default();
                // (What is in the cache is what has to be told of.)
                store.retry(|store| store.get(name, &mut version, &mut Vec::new())).unwrap();
                put(&other, name, &[42]);
                let start = std::time::Instant::now();
                until("the word of the other's change", || {
                    assert!(start.elapsed() < Duration::from_secs(5), "{kind}, cut at {cut} of {before} to {after}");
                    read(&store, name).unwrap() == Some(vec![42])
                });
            }
        }
    }
}

#[test]
fn the_record_of_a_request_lives_longer_than_the_request_is_sent_again() {
    let redis = Redis::start(&[]);
    let store = ServerStore::new(&redis.address("", "?timeout=600"), || 0);
    let mut version = ServerVersion::default();
    let lives = |kind: &str| {
        let Value::List(keys) = redis.tell(&["KEYS", "{sync}:process:*"]) else { panic!() };
        let own = String::from_utf8(keys[0].text().unwrap().to_vec()).unwrap();
        let left = redis.tell(&["PTTL", &own]).integer().unwrap();
        assert!(left > 4 * 600_000, "{kind}: {left}");
        // The next one is to begin anew.
        redis.tell(&["PEXPIRE", &own, "100000"]);
    };
    store.put(b"n", &[5], &mut version).unwrap();
    lives("put of a new name");
    store.put(b"n", &[6], &mut version).unwrap();
    lives("put");
    store.add_number(b"n", 1, &mut version).unwrap();
    lives("add");
    store.put_first(b"list", b"\x93\x01\x02\x03", list_note(3), &mut version).unwrap();
    store.shift(b"list", &mut version, &mut Vec::new()).unwrap();
    lives("the first shift");
    store.shift(b"list", &mut version, &mut Vec::new()).unwrap();
    lives("shift");
}
