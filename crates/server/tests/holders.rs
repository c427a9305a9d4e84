//! Those who hold locks and items: others that see them otherwise than they see themselves, and a server that refuses to let go.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use sync_backend::list::Item;
use sync_backend::{
    Backend, BackendError, LockName, LockSpace, Patience, Remedy, Shifted, Since, Standing, Taken, Wanted,
};
use sync_server::testing::{Faults, Proxy, Redis, put, read};
use sync_server::{Address, Endpoint, ServerStore, ServerVersion, Value};

/// The time after which a test has hung.
const PATIENCE: Duration = Duration::from_secs(60);

const NAME: LockName = LockName { space: LockSpace::Named, name: b"name" };

const LIST: &[u8] = &[0x93, 1, 2, 3];

fn on(redis: &Redis) -> ServerStore {
    of(redis, "")
}

/// A store of a user; empty: of the default one.
fn of(redis: &Redis, login: &str) -> ServerStore {
    ServerStore::new(&redis.address(login, "?prefix=app&timeout=0.2"), || 0)
}

fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "it never came");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The first element, for a consumer.
fn take(store: &ServerStore) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match store.take(b"list", &mut out).unwrap() {
        Taken::Item(_) => Some(out),
        Taken::Nothing => None,
        other => panic!("{other:?}"),
    }
}

/// The first element, for good.
fn shift(store: &ServerStore) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match store.shift(b"list", &mut ServerVersion::default(), &mut out).unwrap() {
        Shifted::Element(_) => Some(out),
        Shifted::Nothing => None,
        other => panic!("{other:?}"),
    }
}

/// Tries to write, and asks whether the holder lives where that is to wait.
fn writes(store: &ServerStore) -> bool {
    let Err(error) = store.put(b"a", &[1], &mut ServerVersion::default()) else { return true };
    let Remedy::Wait(held) = error.remedy() else { panic!("{error}") };
    store.wait(&mut Default::default(), &held, Duration::from_millis(20));
    store.stop_waiting();
    false
}

/// Does something in another thread, which has a connection of its own, and keeps that until `then` is through.
fn while_another<T>(acts: impl FnOnce() -> T + Send, then: impl FnOnce()) {
    let (done, is_done) = mpsc::channel();
    let (over, is_over) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let kept = acts();
            done.send(()).unwrap();
            let _ = is_over.recv();
            drop(kept);
        });
        // (It ends where this fails, too.)
        let _over = over;
        is_done.recv_timeout(PATIENCE).expect("the other thread does its part");
        then();
    });
}

/// A user who may not see which run of the server it is knows less of an owner than the owner itself, or more.
#[test]
fn an_owner_that_may_not_see_the_run_of_the_server_lives_for_those_that_may_and_they_for_it() {
    let redis = Redis::start(&[]);
    redis.tell(&["ACL", "SETUSER", "blind", "on", ">p", "~{app}:*", "resetchannels", "+@all", "-info"]);
    for (holder, other) in [("blind:p", ""), ("", "blind:p"), ("blind:p", "blind:p")] {
        let other = of(&redis, other);
        put(&other, b"list", LIST);
        let holds = || {
            let store = of(&redis, holder);
            assert_eq!(take(&store), Some(vec![1]));
            store.take_lock(NAME, false).unwrap().token().unwrap();
            store.lock(Patience::default()).unwrap();
            store
        };
        while_another(holds, || {
            for _ in 0..3 {
                assert!(!writes(&other), "it lives");
                assert_eq!(other.take_lock(NAME, false).unwrap().token(), None);
            }
            let stats = other.stats().unwrap();
            assert_eq!((stats.locks.len(), stats.consuming.len()), (2, 1));
        });
        until(|| writes(&other));
        assert_eq!(shift(&other), Some(vec![1]));
        assert!(other.take_lock(NAME, false).unwrap().token().is_some());
        other.destroy().unwrap();
    }
}

/// Does something while the server takes no writes.
fn while_refused<T>(redis: &Redis, acts: impl FnOnce() -> T) -> T {
    redis.tell(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    let done = acts();
    redis.tell(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    done
}

/// Asks a store of another thread, which has a connection of its own.
fn elsewhere<T: Send>(redis: &Redis, asks: impl FnOnce(&ServerStore) -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(|| asks(&on(redis))).join().unwrap())
}

#[test]
fn a_hold_whose_end_is_refused_ends_with_its_connection() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    put(&store, b"a", &[1]);
    let is_free = || {
        assert!(store.state().is_ok(), "the program goes on, by a connection that stands");
        elsewhere(&redis, |other| {
            until(|| writes(other));
            put(other, b"a", &[2]);
        });
        assert!(!store.keeps_others_out());
        put(&store, b"a", &[3]);
    };
    store.lock(Patience::default()).unwrap();
    while_refused(&redis, || store.unlock());
    is_free();
    store.enter_lock().unwrap();
    while_refused(&redis, || assert!(store.leave_lock()));
    is_free();
    let hold = store.lock_writers().unwrap();
    while_refused(&redis, || store.unlock_writers(hold));
    is_free();
    // A part of it: the rest is gone with that, and its owner is told.
    for enters in [false, true] {
        let hold = store.lock_writers().unwrap();
        if enters {
            store.enter_lock().unwrap();
        } else {
            store.lock(Patience::default()).unwrap();
        }
        while_refused(&redis, || if enters { assert!(store.leave_lock()) } else { store.unlock() });
        assert_eq!(store.standing(&hold), Standing::Ended);
        is_free();
    }
    let ended = on(&redis);
    ended.lock(Patience::default()).unwrap();
    while_refused(&redis, || drop(ended));
    is_free();
}

#[test]
fn a_named_lock_whose_release_is_refused_ends_with_its_connection_as_the_others_do() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    let is_free = || elsewhere(&redis, |other| until(|| other.take_lock(NAME, false).unwrap().token().is_some()));
    let other = LockName { name: b"other", ..NAME };
    store.take_lock(NAME, false).unwrap().token().unwrap();
    store.take_lock(other, false).unwrap().token().unwrap();
    assert!(while_refused(&redis, || store.release_lock(NAME)), "it was this one's up to then");
    is_free();
    assert_eq!(store.held_lock(other), None, "its owner is told");
    let ended = on(&redis);
    ended.take_lock(NAME, false).unwrap().token().unwrap();
    while_refused(&redis, || drop(ended));
    is_free();
}

#[test]
fn an_item_that_is_refused_to_go_back_does_so_with_its_connection() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    let goes_back = || {
        elsewhere(&redis, |other| until(|| shift(other) == Some(vec![1])));
        assert_eq!(redis.tell(&["HLEN", "{app}:items"]), Value::Integer(0));
    };
    let item = || {
        put(&store, b"list", LIST);
        let Taken::Item(item) = store.take(b"list", &mut Vec::new()).unwrap() else { panic!("there is one") };
        item
    };
    let given = item();
    while_refused(&redis, || store.give_back(given));
    goes_back();
    // As of a consumer that is through.
    let unfinished = item();
    while_refused(&redis, || {
        store.finish(unfinished).unwrap_err();
        store.give_back(unfinished);
    });
    goes_back();
    let ended = on(&redis);
    put(&ended, b"list", LIST);
    take(&ended).unwrap();
    while_refused(&redis, || drop(ended));
    goes_back();
}

/// Ends all connections but its own.
fn end_all(redis: &Redis) {
    redis.tell(&["CLIENT", "KILL", "TYPE", "normal"]);
}

#[test]
fn all_that_is_taken_first_after_the_end_of_a_connection_is_of_the_next_one() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    put(&store, b"list", LIST);
    end_all(&redis);
    store.take_lock(NAME, false).unwrap().token().unwrap();
    elsewhere(&redis, |other| assert_eq!(other.take_lock(NAME, false).unwrap().token(), None));
    assert!(store.release_lock(NAME));
    end_all(&redis);
    store.lock(Patience::default()).unwrap();
    elsewhere(&redis, |other| assert!((0..3).all(|_| !writes(other))));
    put(&store, b"a", &[1]);
    store.unlock();
    end_all(&redis);
    let hold = store.lock_writers().unwrap();
    elsewhere(&redis, |other| assert!((0..3).all(|_| !writes(other))));
    assert_eq!(store.standing(&hold), Standing::Kept);
    put(&store, b"a", &[1]);
    store.unlock_writers(hold);
    end_all(&redis);
    assert_eq!(take(&store), Some(vec![1]));
    elsewhere(&redis, |other| assert_eq!(shift(other), Some(vec![2])));
}

/// A way to take the first element, which gives its token.
type Take = fn(&ServerStore) -> u64;

/// Takes an element over connections that end after so many bytes of answers. Gives the number of these bytes before that and behind it.
fn take_through(redis: &Redis, cut: Option<u64>, takes: Take, then: impl FnOnce(&ServerStore, u64)) -> [u64; 2] {
    let proxy = Proxy::start(redis.socket(), Faults { cut_answers: cut, ..Faults::default() });
    let Endpoint::Host(host) = proxy.endpoint() else { panic!("a proxy has a port") };
    let address = Address::parse(format!("redis://127.0.0.1:{}?prefix=app", host.port).as_bytes()).unwrap();
    let store = ServerStore::new(&address, || 0);
    // (So much goes over the first connection alone.)
    read(&store, b"long").unwrap();
    read(&store, b"list").unwrap();
    let before = proxy.answers();
    let item = takes(&store);
    let after = proxy.answers();
    then(&store, item);
    [before, after]
}

/// The token of the element that a consumer has taken.
fn taken(store: &ServerStore) -> u64 {
    let mut out = Vec::new();
    let Taken::Item(token) = store.take(b"list", &mut out).unwrap() else { panic!("there is one") };
    assert_eq!(out, [1]);
    token
}

/// The same of one that takes the list apart by itself.
fn taken_read(store: &ServerStore) -> u64 {
    loop {
        let mut version = ServerVersion::default();
        store.get(b"list", &mut version, &mut Vec::new()).unwrap();
        let first = Item { key: None, element: &[1] };
        if let Some(token) = store.take_read(b"list", first, (&[0x92, 2, 3], &[]), &mut version).unwrap() {
            return token;
        }
    }
}

#[test]
fn a_consumer_whose_answer_was_lost_begins_with_an_element_that_is_its_own() {
    let start = |is_queue: bool| {
        let redis = Redis::start(&[]);
        let store = on(&redis);
        put(&store, b"long", &[&[0xc5, 0x40, 0][..], &[b'x'; 0x4000]].concat());
        put(&store, b"list", if is_queue { &[0x94, 0, 1, 2, 3] } else { LIST });
        if is_queue {
            assert_eq!(shift(&store), Some(vec![0]));
        }
        redis
    };
    let kinds: [(bool, Take); 3] = [(true, taken), (false, taken), (false, taken_read)];
    for (is_queue, takes) in kinds {
        let [before, after] = take_through(&start(is_queue), None, takes, |_, _| ());
        // (Not at the very ends: what a server tells of itself differs by a few digits from one to the next.)
        for cut in [before + 8, after - 8] {
            let redis = start(is_queue);
            take_through(&redis, Some(cut), takes, |store, item| {
                elsewhere(&redis, |other| assert_eq!(shift(other), Some(vec![2]), "cut at {cut}"));
                assert!(store.finish(item).unwrap(), "cut at {cut}");
            });
            assert_eq!(shift(&on(&redis)), Some(vec![3]));
        }
    }
}

/// As after a fail-over: what was asked for over the former connection is asked for again over the next one.
#[test]
fn all_that_is_taken_from_a_server_that_has_just_become_the_master_is_of_the_connection_to_that() {
    let redis = Redis::start(&[]);
    put(&on(&redis), b"list", LIST);
    let takes: [fn(&ServerStore) -> bool; 4] = [
        |store| store.retry(|store| store.lock(Patience::default())).is_ok(),
        |store| store.retry(ServerStore::lock_writers).is_ok(),
        |store| store.retry(|store| store.take_lock(NAME, false)).unwrap().token().is_some(),
        |store| take(store) == Some(vec![1]),
    ];
    for (kind, takes) in takes.into_iter().enumerate() {
        let connections = || redis.lines(&["CLIENT", "LIST"]).into_iter().filter(|line| line.contains(" name=sync:"));
        let (ready, is_ready) = mpsc::channel();
        let (taken, is_taken) = mpsc::channel();
        let (over, is_over) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let redis = &redis;
            scope.spawn(move || {
                let store = ServerStore::new(&redis.address("", "?prefix=app"), || 0);
                store.state().unwrap();
                // (It listens no longer than that.)
                redis.tell(&["REPLICAOF", "127.0.0.1", "1"]);
                ready.send(connections().next().unwrap()).unwrap();
                taken.send(takes(&store)).unwrap();
                let _ = is_over.recv();
            });
            let _over = over;
            let first = is_ready.recv_timeout(PATIENCE).unwrap();
            let id = first.split(' ').next().unwrap();
            until(|| connections().any(|line| line.split(' ').next() != Some(id)));
            redis.tell(&["REPLICAOF", "NO", "ONE"]);
            assert!(is_taken.recv_timeout(PATIENCE).unwrap(), "kind {kind}");
            let other = on(redis);
            match kind {
                0 | 1 => assert!((0..3).all(|_| !writes(&other)), "kind {kind}"),
                2 => assert_eq!(other.take_lock(NAME, false).unwrap().token(), None),
                _ => assert_eq!(shift(&other), Some(vec![2])),
            }
        });
    }
}

#[test]
fn a_waiter_that_is_kept_out_meanwhile_is_none_any_more() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    put(&store, b"a", &[1]);
    let watching = || redis.tell(&["ZCARD", "{app}:watching"]);
    thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let waiter = on(&redis);
            let mut wanted = [Wanted::key(b"a")];
            waiter.watch(&mut wanted, Since::Now).unwrap();
            let error = waiter.has_changed(&mut wanted, PATIENCE).unwrap_err();
            assert!(matches!(error.remedy(), Remedy::Wait(_)), "{error}");
            // (Its connection stands.)
            assert_eq!(watching(), Value::Integer(0));
        });
        until(|| watching() == Value::Integer(1));
        store.lock(Patience::default()).unwrap();
        waits.join().unwrap();
    });
}
