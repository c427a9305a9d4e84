//! Those who hold locks and items: others that see them otherwise than they see themselves, and a server that refuses to let go.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use sync_backend::{Backend, BackendError, LockName, LockSpace, Patience, Remedy, Shifted, Standing, Taken};
use sync_server::testing::{Redis, put};
use sync_server::{ServerStore, ServerVersion, Value};

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
