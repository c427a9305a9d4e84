//! Items in consumption whose consumers are gone go back for all who use their lists.

use std::thread;
use std::time::{Duration, Instant};
use sync_backend::{Backend, Found, Shifted, Since, Taken, Wanted};
use sync_server::testing::{Faults, Proxy, Redis};
use sync_server::{Address, Endpoint, ServerStore, ServerVersion, Value};

/// The time after which a test has hung.
const PATIENCE: Duration = Duration::from_secs(60);

const LIST: &[u8] = &[0x93, 1, 2, 3];

/// The time after which somebody asks again.
const ASKS: Duration = Duration::from_millis(15);

fn on(redis: &Redis, options: &str) -> ServerStore {
    ServerStore::new(&redis.address("", &format!("?prefix=app{options}")), || 0)
}

fn get(store: &ServerStore, key: &[u8]) -> Option<Vec<u8>> {
    let (mut version, mut bytes) = (ServerVersion::default(), Vec::new());
    match store.retry(|store| store.get(key, &mut version, &mut bytes)).unwrap() {
        Found::Missing => None,
        _ => Some(bytes),
    }
}

fn put(store: &ServerStore, key: &[u8], value: &[u8]) {
    store.retry(|store| store.put(key, value, &mut ServerVersion::default())).unwrap();
}

fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "it never came");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The numbers of the connections of consumers, one for each item.
fn consumers(redis: &Redis) -> Vec<String> {
    let Value::Map(all) = redis.connect().ask(&[b"HGETALL", b"{app}:consumers"], &mut |_| ()).unwrap() else {
        panic!("a hash has pairs")
    };
    let client =
        |text: &Value| String::from_utf8(text.text().unwrap().to_vec()).unwrap().split_once(':').unwrap().0.to_owned();
    all.iter().map(|(_, text)| client(text)).collect()
}

/// Lets a consumer take so many items off the list: one of another thread, and so with a connection of its own, of which this is the number.
fn consumer(redis: &Redis, items: usize) -> String {
    let before = consumers(redis);
    let take = || {
        let store = on(redis, "");
        for _ in 0..items {
            assert!(matches!(store.take(b"list", &mut Vec::new()).unwrap(), Taken::Item(_)));
        }
        // (It gives nothing back, as it is to die.)
        std::mem::forget(store);
    };
    thread::scope(|scope| scope.spawn(take).join().unwrap());
    let after = consumers(redis);
    assert_eq!(after.len(), before.len() + items);
    after.into_iter().find(|its| !before.contains(its)).unwrap()
}

/// Ends it.
fn end(redis: &Redis, consumer: &str) {
    redis.connect().ask(&[b"CLIENT", b"KILL", b"ID", consumer.as_bytes()], &mut |_| ()).unwrap();
}

#[test]
fn reads_counts_and_shifts_find_the_items_of_a_consumer_that_is_gone() {
    let redis = Redis::start(&[]);
    for options in ["", "&cache=0"] {
        let store = on(&redis, options);
        put(&store, b"list", LIST);
        let its = consumer(&redis, 2);
        for _ in 0..30 {
            assert_eq!(get(&store, b"list"), Some(vec![0x91, 3]), "it lives");
            thread::sleep(Duration::from_millis(1));
        }
        end(&redis, &its);
        until(|| get(&store, b"list").as_deref() == Some(LIST));
        // Neither the list nor its name is there when they come back.
        let its = consumer(&redis, 3);
        assert!(store.remove(b"list").unwrap());
        assert_eq!(store.len().unwrap(), 0);
        end(&redis, &its);
        until(|| store.len().unwrap() == 1);
        assert_eq!(get(&store, b"list").as_deref(), Some(LIST));
        // Of whoever takes something they are at the head at once.
        let its = consumer(&redis, 2);
        end(&redis, &its);
        let mut out = Vec::new();
        let shifted = store.shift(b"list", &mut ServerVersion::default(), &mut out).unwrap();
        assert_eq!((shifted, &out[..]), (Shifted::Element(2), &[1][..]));
        store.destroy().unwrap();
    }
}

#[test]
fn an_item_goes_back_before_its_list_is_assigned() {
    let redis = Redis::start(&[]);
    let store = on(&redis, "");
    put(&store, b"list", LIST);
    let its = consumer(&redis, 1);
    end(&redis, &its);
    thread::sleep(ASKS);
    put(&store, b"list", &[0x91, 9]);
    thread::sleep(ASKS);
    assert_eq!(get(&store, b"list"), Some(vec![0x91, 9]), "it belongs to the list that was there before");
    assert!(matches!(store.take(b"list", &mut Vec::new()).unwrap(), Taken::Item(_)));
    assert_eq!(get(&store, b"list"), Some(vec![0x90]));
}

#[test]
fn items_go_back_when_a_hold_begins_and_when_it_has_ended_but_not_within() {
    let redis = Redis::start(&[]);
    let store = on(&redis, "");
    let reader = store.another();
    put(&store, b"list", LIST);
    let its = consumer(&redis, 1);
    let other = consumer(&redis, 1);
    end(&redis, &its);
    let hold = store.lock_writers().unwrap();
    assert_eq!(get(&store, b"list"), Some(vec![0x92, 1, 3]), "at once");
    end(&redis, &other);
    for _ in 0..3 {
        thread::sleep(ASKS);
        assert_eq!(get(&store, b"list"), Some(vec![0x92, 1, 3]));
        assert_eq!(get(&reader, b"list"), Some(vec![0x92, 1, 3]));
    }
    put(&store, b"list", &[0x92, 1, 4]);
    store.unlock_writers(hold);
    assert_eq!(get(&reader, b"list"), Some(vec![0x93, 2, 1, 4]), "at once");
    assert_eq!(store.stats().unwrap().consuming.len(), 0);
}

#[test]
fn an_item_that_cannot_go_back_costs_no_requests_until_something_changes() {
    let redis = Redis::start(&[]);
    let store = on(&redis, "");
    put(&store, b"list", LIST);
    let gone = consumer(&redis, 1);
    put(&store, b"list", &[0xa1, b'x']);
    end(&redis, &gone);
    let scripts = || {
        let lines = redis.lines(&["INFO", "commandstats"]);
        let calls = |name: &str| {
            let line = lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(":calls="));
            line.map_or(0, |line| line.split(',').next().unwrap().parse::<u64>().unwrap())
        };
        calls("cmdstat_evalsha") + calls("cmdstat_eval")
    };
    let other = on(&redis, "&timeout=6");
    assert_eq!(get(&other, b"list"), Some(vec![0xa1, b'x']));
    let before = scripts();
    for _ in 0..5 {
        thread::sleep(ASKS);
        assert_eq!(get(&other, b"list"), Some(vec![0xa1, b'x']));
    }
    assert_eq!(scripts(), before);
    // It is there as soon as that is a list again.
    put(&store, b"list", &[0x90]);
    until(|| get(&other, b"list").is_some_and(|list| list.len() > 1));
}

#[test]
fn a_waiter_is_told_of_an_item_that_has_come_back() {
    let redis = Redis::start(&[]);
    let store = on(&redis, "");
    put(&store, b"list", LIST);
    for key in [Some(&b"list"[..]), None] {
        let its = consumer(&redis, 1);
        let mut wanted = [Wanted { key, watch: Default::default() }];
        store.watch(&mut wanted, Since::Now).unwrap();
        assert!(!store.has_changed(&mut wanted, Duration::ZERO).unwrap());
        end(&redis, &its);
        until(|| store.has_changed(&mut wanted, PATIENCE).unwrap());
        assert_eq!(get(&store, b"list").as_deref(), Some(LIST));
    }
}

#[test]
fn nobody_asks_after_items_of_lists_that_it_does_not_use() {
    let redis = Redis::start(&[]);
    let proxy = Proxy::start(redis.socket(), Faults::default());
    let Endpoint::Host(host) = proxy.endpoint() else { panic!("a proxy has a port") };
    let address = Address::parse(format!("redis://127.0.0.1:{}?prefix=app", host.port).as_bytes()).unwrap();
    let store = ServerStore::new(&address, || 0);
    put(&store, b"list", LIST);
    put(&store, b"other", &[1]);
    consumer(&redis, 1);
    thread::sleep(ASKS);
    let mut versions = [ServerVersion::default(); 2];
    for (key, version) in [&b"list"[..], b"other"].iter().zip(&mut versions) {
        store.get(key, version, &mut Vec::new()).unwrap();
    }
    thread::sleep(ASKS);
    let bytes = proxy.requests();
    assert!(store.is_current(&versions[1]));
    assert_eq!(get(&store, b"other"), Some(vec![1]));
    assert_eq!(proxy.requests(), bytes);
    assert!(!store.is_current(&versions[0]), "its consumer may be gone");
    get(&store, b"list");
    assert!(proxy.requests() > bytes);
    assert!(store.is_current(&versions[0]));
}
