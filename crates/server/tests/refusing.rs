//! A server that takes no writes for a while: nothing that may be left for later waits for it.

use std::thread;
use std::time::{Duration, Instant};

use sync_backend::{Backend, LockName, LockSpace, Patience, Since, Taken, Taking, Wanted};
use sync_server::testing::{Faults, Proxy, Redis, put, read, until};
use sync_server::{Address, Endpoint, ErrorKind, ServerStore, ServerVersion, Value};

const LIST: &[u8] = &[0x95, 1, 2, 3, 4, 5];
/// The time for which a write waits for the server to take it.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The time after which somebody asks again after the owner of an item.
const ASKS: Duration = Duration::from_millis(15);

fn on(address: &str) -> ServerStore {
    ServerStore::new(&Address::parse(address.as_bytes()).unwrap(), || 0)
}

fn address(redis: &Redis) -> String {
    redis.address("", &format!("?prefix=app&timeout={}", TIMEOUT.as_secs())).to_string()
}

/// Lets a thread, which has a connection of its own, do something with the store, and leave everything as it is then.
fn by_another(redis: &Redis, action: impl Fn(&ServerStore) + Send + 'static) {
    let address = address(redis);
    let act = move || {
        let store = on(&address);
        action(&store);
        std::mem::forget(store);
    };
    thread::spawn(act).join().unwrap();
}

/// Ends all connections.
fn end_all(redis: &Redis) {
    redis.tell(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    until("they are gone", || redis.lines(&["CLIENT", "LIST", "TYPE", "normal"]).len() == 1);
}

fn take_one(store: &ServerStore) {
    assert!(matches!(store.take(b"list", &mut Vec::new()).unwrap(), Taken::Item(_)));
}

fn take_writes(redis: &Redis, takes: bool) {
    redis.tell(&["CONFIG", "SET", "min-replicas-to-write", if takes { "0" } else { "1" }]);
}

#[track_caller]
fn at_once<T>(action: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = action();
    assert!(start.elapsed() < TIMEOUT, "{:?}", start.elapsed());
    done
}

#[test]
fn readers_and_those_who_wait_leave_the_marks_of_the_dead_for_later() {
    let redis = Redis::start(&[]);
    let store = on(&address(&redis));
    put(&store, b"list", LIST);
    put(&store, b"other", &[5]);
    by_another(&redis, |store| (0..3).for_each(|_| take_one(store)));
    let Value::Map(items) = redis.tell(&["HGETALL", "{app}:consumers"]) else { panic!("a hash has pairs") };
    let owner = std::str::from_utf8(items[0].1.text().unwrap()).unwrap().split(' ').next().unwrap().to_owned();
    redis.tell(&["ZADD", "{app}:watching", "1", &owner]);
    redis.tell(&["ZADD", "{app}:waiting", "1", &owner]);
    take_writes(&redis, false);
    end_all(&redis);
    at_once(|| {
        for _ in 0..3 {
            thread::sleep(ASKS);
            assert_eq!(read(&store, b"list").unwrap(), Some(vec![0x92, 4, 5]));
            assert_eq!(store.snapshot().unwrap().iter().count(), 2);
        }
        assert_eq!(store.stats().unwrap().waiters, 0);
        let mut wanted = [Wanted::key(b"other")];
        store.watch(&mut wanted, Since::Now).unwrap();
        assert!(!store.has_changed(&mut wanted, Duration::from_millis(50)).unwrap());
    });
    take_writes(&redis, true);
    until("the items are back", || read(&store, b"list").unwrap().as_deref() == Some(LIST));
    store.stats().unwrap();
    assert_eq!(redis.tell(&["ZCARD", "{app}:watching"]).integer(), Some(0));
}

#[test]
fn a_reader_passes_a_dead_owners_lock_at_once_and_a_line_is_left_without_a_word() {
    let redis = Redis::start(&[]);
    by_another(&redis, |store| {
        put(store, b"x", &[1]);
        store.lock(Patience::default()).unwrap();
    });
    take_writes(&redis, false);
    end_all(&redis);
    let store = on(&address(&redis));
    at_once(|| assert_eq!(read(&store, b"x").unwrap(), Some(vec![1])));
    at_once(|| store.stop_waiting_for_lock(LockName { space: LockSpace::Named, name: b"lock" }));
    // A writer waits for the server, as without that lock.
    let writer = on(&redis.address("", "?prefix=app&timeout=0.3").to_string());
    let start = Instant::now();
    let refused = writer.retry(|store| store.put(b"x", &[2], &mut ServerVersion::default())).unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::Refused(_)), "{refused}");
    assert!(start.elapsed() >= Duration::from_millis(300));
    take_writes(&redis, true);
    put(&writer, b"x", &[2]);
    assert!(matches!(
        store.take_lock(LockName { space: LockSpace::Named, name: b"lock" }, false),
        Ok(Taking::Taken(_))
    ));
}

/// An item is fetched once it can go, and not at each look before.
#[test]
fn an_item_that_cannot_go_back_is_not_fetched() {
    const LONG: usize = 1 << 20;
    let redis = Redis::start(&[]);
    let proxy = Proxy::start(redis.socket(), Faults::default());
    let Endpoint::Host(host) = proxy.endpoint() else { panic!("a proxy has a port") };
    let store = on(&format!("redis://127.0.0.1:{}?prefix=app", host.port));
    let element = [&[0xc6][..], &(LONG as u32).to_be_bytes(), &vec![b'x'; LONG]].concat();
    let list = [&[0x92][..], &element, &[2]].concat();
    let direct = on(&address(&redis));
    put(&direct, b"list", &list);
    by_another(&redis, take_one);
    let clients = |redis: &Redis| redis.lines(&["CLIENT", "LIST"]);
    put(&direct, b"list", &[5]);
    let Value::Map(items) = redis.tell(&["HGETALL", "{app}:consumers"]) else { panic!("a hash has pairs") };
    let owner = std::str::from_utf8(items[0].1.text().unwrap()).unwrap().split(':').next().unwrap().to_owned();
    redis.tell(&["CLIENT", "KILL", "ID", &owner]);
    until("it is gone", || !clients(&redis).iter().any(|line| line.starts_with(&format!("id={owner} "))));
    let assert_few = |what: &str, list: &[u8]| {
        let before = proxy.answers() + proxy.requests();
        for _ in 0..4 {
            assert_eq!(read(&store, b"list").unwrap().as_deref(), Some(list), "{what}");
            thread::sleep(ASKS);
        }
        let moved = proxy.answers() + proxy.requests() - before;
        assert!(moved < LONG as u64, "{what}: {moved}");
    };
    assert_few("its list is something else", &[5]);
    let hold = direct.lock_writers().unwrap();
    direct.put(b"list", &[0x91, 2], &mut ServerVersion::default()).unwrap();
    until("it is seen", || read(&store, b"list").unwrap() == Some(vec![0x91, 2]));
    assert_few("somebody keeps others from writing", &[0x91, 2]);
    direct.unlock_writers(hold);
    until("it is back", || read(&store, b"list").unwrap().as_deref() == Some(&list));
}

/// As after a fail-over, where the new master has no replica yet: it has to give other numbers than the former one before it changes anything.
#[test]
fn a_server_that_has_begun_anew_is_read_while_it_takes_no_writes() {
    let mut redis = Redis::start(&[]);
    put(&on(&address(&redis)), b"x", &[1]);
    let number = |redis: &Redis| redis.tell(&["HGET", "{app}:counters", "change"]).number().unwrap();
    redis.tell(&["SAVE"]);
    let before = number(&redis);
    redis.kill();
    redis.start_again();
    take_writes(&redis, false);
    // (A thread begins anew, too.)
    let address = address(&redis);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let store = on(&address);
            at_once(|| assert_eq!(read(&store, b"x").unwrap(), Some(vec![1])));
            assert_eq!(number(&redis), before);
            take_writes(&redis, true);
            put(&store, b"x", &[2]);
            assert!(number(&redis) > before + 1_000_000, "the numbers that may be lost do not come again");
            assert_eq!(read(&store, b"x").unwrap(), Some(vec![2]));
        });
        reader.join().unwrap();
    });
}
