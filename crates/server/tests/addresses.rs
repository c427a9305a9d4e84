//! Several addresses, connections and servers of one store: what one of them has done, the others know; and of what none of them can know, none believes anything.

use std::time::Duration;
use sync_backend::{Backend, Found, Patience, Shifted, Taken};
use sync_server::testing::{Faults, Proxy, Redis, put, read, until};
use sync_server::{Address, Endpoint, ErrorKind, ServerStore, ServerVersion};

fn on(redis: &Redis, options: &str) -> ServerStore {
    ServerStore::new(&redis.address("", &format!("?prefix=app{options}")), || 0)
}

/// Another address of the same store, where all that the server says comes late.
fn late(redis: &Redis) -> (Proxy, ServerStore) {
    let faults = Faults { delay: Duration::from_millis(30), ..Faults::default() };
    let proxy = Proxy::start(redis.socket(), faults);
    let Endpoint::Host(host) = proxy.endpoint() else { panic!("it is at a port") };
    let text = format!("redis://{}:{}/0?prefix=app", host.name, host.port);
    (proxy, ServerStore::new(&Address::parse(text.as_bytes()).unwrap(), || 0))
}

#[test]
fn a_change_by_a_thread_shows_at_once_at_all_of_its_addresses() {
    let redis = Redis::start(&[]);
    let (store, (_proxy, other)) = (on(&redis, ""), late(&redis));
    for n in 1..5 {
        put(&store, b"x", &[n]);
        assert_eq!(read(&other, b"x").unwrap(), Some(vec![n]));
    }
    store.remove(b"x").unwrap();
    assert_eq!(read(&other, b"x").unwrap(), None);
    put(&store, b"x", &[1]);
    assert_eq!(read(&other, b"x").unwrap(), Some(vec![1]));
    store.lock(Patience::default()).unwrap();
    let kept_out = other.get(b"x", &mut ServerVersion::default(), &mut Vec::new());
    assert!(kept_out.is_err_and(|error| matches!(error.kind(), ErrorKind::Held(_))));
    store.unlock();
    store.destroy().unwrap();
    assert_eq!(read(&other, b"x").unwrap(), None);
}

#[test]
fn a_connection_that_comes_back_ends_no_lock_of_another_one_that_has_its_number_in_a_new_run() {
    let mut redis = Redis::start(&[]);
    let (store, other) = (on(&redis, ""), on(&redis, "&timeout=6"));
    put(&store, b"x", &[1]);
    redis.kill();
    redis.start_again();
    // (It is the first one of this run, as that of the other store was of the last one.)
    other.lock(Patience::default()).unwrap();
    let mark = redis.tell(&["GET", "{app}:hold"]);
    let kept_out = store.get(b"x", &mut ServerVersion::default(), &mut Vec::new());
    assert!(kept_out.is_err_and(|error| matches!(error.kind(), ErrorKind::Held(_))));
    assert_eq!(redis.tell(&["GET", "{app}:hold"]), mark);
    put(&other, b"x", &[2]);
    other.unlock();
    assert_eq!(read(&store, b"x").unwrap(), Some(vec![2]));
}

#[test]
fn a_replica_takes_no_owner_of_its_masters_for_dead() {
    let master = Redis::start_at_port(&["--repl-diskless-sync-delay", "0"]);
    let replica = Redis::start(&["--replicaof", &format!("127.0.0.1 {}", master.port())]);
    let store = on(&master, "");
    put(&store, b"x", &[1]);
    store.put(b"list", &[0x92, 1, 2], &mut ServerVersion::default()).unwrap();
    let Taken::Item(item) = store.take(b"list", &mut Vec::new()).unwrap() else { panic!("it is there") };
    let reader = on(&replica, "&timeout=0.2");
    until("the copy", || read(&reader, b"list").is_ok_and(|list| list.is_some_and(|list| list.len() < 40)));
    store.lock(Patience::default()).unwrap();
    until("the lock there", || replica.tell(&["EXISTS", "{app}:lock"]).integer() == Some(1));
    for _ in 0..5 {
        let mut waiter = Default::default();
        let error = reader.get(b"x", &mut ServerVersion::default(), &mut Vec::new()).unwrap_err();
        let ErrorKind::Held(held) = error.kind() else { panic!("{error}") };
        reader.wait(&mut waiter, held, Duration::from_millis(10));
    }
    put(&store, b"x", &[2]);
    store.unlock();
    until("the end of the lock", || read(&reader, b"x").is_ok_and(|x| x == Some(vec![2])));
    // Nobody has given it back meanwhile.
    assert!(store.finish(item).unwrap());
}

/// In the same run, with the numbers of its former state.
#[test]
fn nothing_is_taken_for_the_same_after_a_server_has_read_its_data_anew() {
    let redis = Redis::start(&["--enable-debug-command", "yes"]);
    let (store, other) = (on(&redis, ""), on(&redis, "&timeout=6"));
    put(&store, b"x", b"\xa2aa");
    redis.tell(&["SAVE"]);
    put(&store, b"x", b"\xa2bb");
    let (mut seen, mut bytes) = (ServerVersion::default(), Vec::new());
    other.get(b"x", &mut seen, &mut bytes).unwrap();
    assert_eq!(bytes, b"\xa2bb");
    redis.tell(&["DEBUG", "RELOAD", "NOSAVE"]);
    put(&store, b"x", b"\xa2cc");
    let found = other.get(b"x", &mut seen, &mut bytes).unwrap();
    assert_eq!((found, &bytes[..]), (Found::Value, &b"\xa2cc"[..]));
}

#[test]
fn numbers_do_not_come_again_where_a_server_has_been_another_ones_copy() {
    let redis = Redis::start_at_port(&["--repl-diskless-sync-delay", "0"]);
    let store = on(&redis, "");
    put(&store, b"x", &[1]);
    let change_anew = |n| {
        redis.tell(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        put(&store, b"x", &[n]);
        redis.tell(&["HGET", "{app}:counters", "change"]).number().unwrap()
    };
    let before = change_anew(2);
    assert!(change_anew(3) - before < 10);
    // The first copy of one is no reason.
    let copy = Redis::start(&["--replicaof", &format!("127.0.0.1 {}", redis.port())]);
    until("the copy", || copy.tell(&["EXISTS", "{app}:counters"]).integer() == Some(1));
    assert!(change_anew(4) - before < 10);
    drop(copy);
    redis.tell(&["REPLICAOF", "127.0.0.1", "1"]);
    redis.tell(&["REPLICAOF", "NO", "ONE"]);
    assert!(change_anew(4) - before > 1000);
}

#[test]
fn items_go_back_in_their_order_whichever_was_finished() {
    let redis = Redis::start(&[]);
    let store = on(&redis, "");
    put(&store, b"list", &[0x95, 1, 2, 3, 4, 5]);
    let take = || match store.take(b"list", &mut Vec::new()).unwrap() {
        Taken::Item(item) => item,
        taken => panic!("{taken:?}"),
    };
    let items: Vec<u64> = (0..4).map(|_| take()).collect();
    assert!(store.finish(items[0]).unwrap());
    drop(store);
    let store = on(&redis, "");
    for n in 2..=5 {
        let mut first = Vec::new();
        assert!(matches!(
            store.shift(b"list", &mut ServerVersion::default(), &mut first).unwrap(),
            Shifted::Element(_)
        ));
        assert_eq!(first, [n]);
    }
}
