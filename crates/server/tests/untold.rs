//! A server that can tell of few names only: nobody takes what it could not tell of for the newest.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use sync_backend::{Backend, LockName, Now, Patience, Taken, clock};
use sync_server::testing::{Faults, Proxy, Redis, put, read, until};
use sync_server::{Address, Endpoint, ServerStore, ServerVersion};

/// The time after which a test has hung.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_server_that_can_tell_of_few_names_only_is_asked_for_everything() {
    let redis = Redis::start(&["--tracking-table-max-keys", "50"]);
    let store = ServerStore::new(&redis.address("", "?prefix=app"), || 0);
    let writer = ServerStore::new(&redis.address("", "?prefix=app&cache=0"), || 0);
    let names: Vec<String> = (0..200).map(|number| format!("n{number}")).collect();
    let write = |value: u8| names.iter().for_each(|name| _ = put(&writer, name.as_bytes(), &[value]));
    let stale =
        |value: u8| names.iter().filter(|name| read(&store, name.as_bytes()).unwrap() != Some(vec![value])).count();
    write(1);
    assert_eq!(stale(1), 0);
    write(2);
    // (A look comes soon, and then nothing is late any more.)
    let assert_it_looks = |value: u8| {
        let start = Instant::now();
        while stale(value) > 0 {
            assert!(start.elapsed() < PATIENCE, "{} are stale", stale(value));
            thread::sleep(Duration::from_millis(10));
        }
    };
    assert_it_looks(2);
    for value in 3..6 {
        write(value);
        assert_eq!(stale(value), 0);
    }
    // Where there is room again, values are kept as before.
    redis.tell(&["CONFIG", "SET", "tracking-table-max-keys", "1000"]);
    let start = Instant::now();
    let mut version = ServerVersion::default();
    while !store.is_current(&version) {
        assert!(start.elapsed() < PATIENCE, "nothing is kept");
        thread::sleep(Duration::from_millis(10));
        store.get(b"n0", &mut version, &mut Vec::new()).unwrap();
    }
    // And the other way round.
    redis.tell(&["CONFIG", "SET", "tracking-table-max-keys", "50"]);
    assert_eq!(stale(5), 0);
    write(6);
    assert_it_looks(6);
}

/// A reader and a writer of 200 names, at a server that can tell of few of them only, and the tests' clock, by which a look at the server is due when they say so.
struct Forgetful {
    redis: Redis,
    store: ServerStore,
    writer: ServerStore,
    names: Vec<String>,
}

impl Forgetful {
    fn new() -> Self {
        let redis = Redis::start(&["--tracking-table-max-keys", "50"]);
        clock::start_at(Now::read().milliseconds());
        let store = ServerStore::new(&redis.address("", "?prefix=app"), || 0);
        let writer = ServerStore::new(&redis.address("", "?prefix=app&cache=0"), || 0);
        let names = (0..200).map(|number| format!("n{number}")).collect();
        let forgetful = Self { redis, store, writer, names };
        forgetful.write(1);
        // (The first look asks nothing, and the second one finds room.)
        for _ in 0..3 {
            forgetful.read_some();
            forgetful.pass();
        }
        forgetful
    }

    /// A second and more.
    fn pass(&self) {
        clock::set(Now::read().milliseconds() + 2_000);
    }

    fn read_some(&self) {
        for name in ["n0", "n1"] {
            read(&self.store, name.as_bytes()).unwrap();
        }
    }

    fn write(&self, value: u8) {
        self.names.iter().for_each(|name| _ = put(&self.writer, name.as_bytes(), &[value]));
    }

    fn stale(&self, value: u8) -> usize {
        let is_stale = |name: &&String| read(&self.store, name.as_bytes()).unwrap() != Some(vec![value]);
        self.names.iter().filter(is_stale).count()
    }

    /// After a change that it may have to look for once more.
    fn assert_it_looks(&self, value: u8) {
        let start = Instant::now();
        while self.stale(value) > 0 {
            assert!(start.elapsed() < PATIENCE, "{} are stale", self.stale(value));
            self.pass();
            thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn a_look_that_a_busy_server_refuses_changes_nothing() {
    let forgetful = Forgetful::new();
    let redis = &forgetful.redis;
    redis.tell(&["CONFIG", "SET", "lua-time-limit", "1"]);
    read(&forgetful.store, b"n9").unwrap();
    forgetful.pass();
    thread::scope(|scope| {
        scope.spawn(|| redis.ask(&["EVAL", "while true do end", "0"]));
        until("the server is busy", || redis.ask(&["PING"]).is_err());
        // (It is known, and a look is due.)
        read(&forgetful.store, b"n0").unwrap();
        redis.tell(&["SCRIPT", "KILL"]);
    });
    forgetful.stale(1);
    forgetful.write(2);
    forgetful.assert_it_looks(2);
}

#[test]
fn values_of_which_a_server_could_not_tell_are_asked_for_once_where_it_can_tell_of_more_by_now() {
    let forgetful = Forgetful::new();
    forgetful.stale(1);
    forgetful.redis.tell(&["CONFIG", "SET", "tracking-table-max-keys", "1000"]);
    forgetful.pass();
    forgetful.read_some();
    forgetful.write(2);
    forgetful.assert_it_looks(2);
}

#[test]
fn nobody_looks_at_the_server_by_whose_connection_it_has_a_lock_or_an_element() {
    let redis = Redis::start(&[]);
    let proxy = Proxy::start(redis.socket(), Faults::default());
    let Endpoint::Host(host) = proxy.endpoint() else { panic!("a proxy has a port") };
    let address = Address::parse(format!("redis://127.0.0.1:{}?prefix=app", host.port).as_bytes()).unwrap();
    clock::start_at(Now::read().milliseconds());
    let pass = || clock::set(Now::read().milliseconds() + 2_000);
    let store = ServerStore::new(&address, || 0);
    put(&store, b"x", &[1]);
    let read = || assert_eq!(read(&store, b"x").unwrap(), Some(vec![1]));
    read();
    let (is_asked, item) = (|| proxy.requests(), Cell::new(0));
    let name = LockName::named(b"job");
    type Step<'a> = &'a dyn Fn();
    let kept: [(&str, Step, Step); 3] = [
        ("lock()", &|| store.lock(Patience::default()).unwrap(), &|| store.unlock()),
        ("a lock by name", &|| _ = store.take_lock(name, false).unwrap(), &|| _ = store.release_lock(name)),
        (
            "an element",
            &|| {
                put(&store, b"list", &[0x92, 1, 2]);
                let Taken::Item(taken) = store.take(b"list", &mut Vec::new()).unwrap() else { panic!("it is there") };
                item.set(taken);
            },
            &|| assert!(store.finish(item.get()).unwrap()),
        ),
    ];
    for (what, begin, end) in kept {
        begin();
        read();
        let before = is_asked();
        pass();
        read();
        assert_eq!(is_asked(), before, "{what}: it is known");
        end();
        let before = is_asked();
        pass();
        read();
        assert!(is_asked() > before, "{what}");
    }
}
