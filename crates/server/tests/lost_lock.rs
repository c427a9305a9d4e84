//! A lock ends with its connection, whether others have noticed or not: whoever had it is told, and changes nothing.

use sync_backend::{Backend, Patience};
use sync_server::testing::{Redis, Steps, put, read};
use sync_server::{Address, ErrorKind, ServerError, ServerStore, ServerVersion};

fn on(redis: &Redis) -> ServerStore {
    ServerStore::new(&redis.address("", "?prefix=app"), || 0)
}

/// Ends all connections but that which asks for it.
fn end_all(redis: &Redis) {
    redis.tell(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
}

/// A server, and a store whose lock is lost. The value of `x` is 1.
fn lost() -> (Redis, ServerStore) {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    put(&store, b"x", &[1]);
    store.lock(Patience::default()).unwrap();
    put(&store, b"x", &[1]);
    end_all(&redis);
    (redis, store)
}

fn is_lock_gone<T>(outcome: Result<T, ServerError>) -> bool {
    outcome.is_err_and(|error| matches!(error.kind(), ErrorKind::LockGone))
}

type Change = fn(&ServerStore) -> Result<(), ServerError>;

/// Changes of all kinds.
const CHANGES: [(&str, Change); 8] = [
    ("put", |store| store.put(b"x", &[2], &mut ServerVersion::default())),
    ("add_number", |store| store.add_number(b"x", 1, &mut ServerVersion::default()).map(drop)),
    ("remove", |store| store.remove(b"x").map(drop)),
    ("replace", |store| store.replace(&[(b"y", &[2])])),
    ("destroy", |store| store.destroy()),
    ("lock_writers", |store| store.lock_writers().map(drop)),
    ("enter_lock", |store| store.enter_lock().map(drop)),
    ("lock", |store| store.lock(Patience::default())),
];

#[test]
fn the_first_change_after_the_end_of_the_connection_is_refused_although_nobody_else_has_come() {
    for (name, change) in CHANGES {
        let (redis, store) = lost();
        assert!(is_lock_gone(change(&store)), "{name}");
        assert_eq!(read(&on(&redis), b"x").unwrap(), Some(vec![1]), "{name}");
        // It is over when that was told.
        store.unlock();
        put(&store, b"x", &[3]);
        store.lock(Patience::default()).unwrap();
        put(&store, b"x", &[4]);
        store.unlock();
    }
}

#[test]
fn a_change_that_is_sent_when_the_connection_ends_is_refused_by_the_next_one() {
    for (name, change) in CHANGES {
        let redis = Redis::start(&[]);
        let steps = Steps::start(&redis.socket());
        let address = format!("unix://{}?prefix=app", steps.socket().display());
        let store = ServerStore::new(&Address::parse(address.as_bytes()).unwrap(), || 0);
        put(&store, b"x", &[1]);
        store.lock(Patience::default()).unwrap();
        // (Before it has read the change, so that this is not made over the old connection.)
        let other = redis.address("", "");
        let mut ends = Some(move || {
            let sync_server::Place::Socket(path) = &other.server.place else { panic!("it is at a socket") };
            let endpoint = sync_server::Endpoint::Socket(path.clone());
            let mut connection = sync_server::Connection::open(&endpoint, &other.server).unwrap();
            connection.ask(&[b"CLIENT", b"KILL", b"TYPE", b"normal", b"SKIPME", b"yes"], &mut |_| ()).unwrap();
        });
        steps.before(move |words| {
            if words[0].starts_with(b"EVAL")
                && let Some(ends) = ends.take()
            {
                ends();
            }
        });
        let outcome = change(&store);
        // A further hold on what is held already is no word to the server.
        if !["lock_writers", "enter_lock"].contains(&name) || outcome.is_err() {
            let error = outcome.expect_err(name);
            let is_told =
                matches!(error.kind(), ErrorKind::LockGone | ErrorKind::NotKnown(_) | ErrorKind::Interrupted(_));
            assert!(is_told, "{name}: {error}");
            assert_eq!(read(&on(&redis), b"x").unwrap(), Some(vec![1]), "{name}");
            assert_eq!(redis.tell(&["EXISTS", "{app}:hold"]).integer(), Some(0), "{name}");
        }
    }
}

/// Its owner dies, as far as the server sees, while that takes no writes.
#[test]
fn a_lock_that_the_server_refuses_to_end_keeps_no_reader_out() {
    let refusals: [[&[&str]; 2]; 2] = [
        [&["CONFIG", "SET", "min-replicas-to-write", "1"], &["CONFIG", "SET", "min-replicas-to-write", "0"]],
        [&["REPLICAOF", "127.0.0.1", "1"], &["REPLICAOF", "NO", "ONE"]],
    ];
    for (options, [refuse, allow]) in
        ["", "&cache=0"].into_iter().flat_map(|options| refusals.map(|refusal| (options, refusal)))
    {
        let redis = Redis::start(&[]);
        let address = redis.address("", "?prefix=app").to_string();
        let owner = std::thread::spawn({
            let address = address.clone();
            move || {
                let store = ServerStore::new(&Address::parse(address.as_bytes()).unwrap(), || 0);
                put(&store, b"x", &[1]);
                store.lock(Patience::default()).unwrap();
                // (It ends nothing.)
                std::mem::forget(store);
            }
        });
        owner.join().unwrap();
        let text = format!("{address}&timeout=0.2{options}");
        let reader = ServerStore::new(&Address::parse(text.as_bytes()).unwrap(), || 0);
        assert_eq!(redis.tell(&["EXISTS", "{app}:lock"]).integer(), Some(1));
        redis.tell(refuse);
        end_all(&redis);
        for _ in 0..3 {
            assert_eq!(read(&reader, b"x").unwrap(), Some(vec![1]), "{options}");
        }
        // Nor does it keep a writer waiting for longer than that server would without a lock.
        for _ in 0..2 {
            let outcome = reader.retry(|store| store.put(b"x", &[2], &mut ServerVersion::default()));
            assert!(outcome.is_err_and(|error| matches!(error.kind(), ErrorKind::Refused(_))), "{options}");
        }
        redis.tell(allow);
        put(&reader, b"x", &[2]);
        assert_eq!(redis.tell(&["EXISTS", "{app}:lock"]).integer(), Some(0), "{options}");
    }
}

/// Somebody has ended the hold by hand, and has left the lock.
#[test]
fn a_lock_without_its_hold_keeps_no_reader_out() {
    for (lives, unlocks) in [(true, false), (false, false), (true, true)] {
        let redis = Redis::start(&[]);
        let (store, reader) = (on(&redis), on(&redis));
        put(&store, b"x", &[1]);
        assert_eq!(read(&reader, b"x").unwrap(), Some(vec![1]));
        store.lock(Patience::default()).unwrap();
        redis.tell(&["DEL", "{app}:hold"]);
        if !lives {
            end_all(&redis);
        }
        if unlocks {
            store.unlock();
            assert_eq!(redis.tell(&["EXISTS", "{app}:lock"]).integer(), Some(0));
        }
        let address = redis.address("", "?prefix=app").to_string();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let reader = ServerStore::new(&Address::parse(address.as_bytes()).unwrap(), || 0);
            let _ = sender.send((read(&reader, b"x").unwrap(), reader.len().unwrap()));
        });
        let found = receiver.recv_timeout(std::time::Duration::from_secs(30));
        assert_eq!(found.expect("a read that ends"), (Some(vec![1]), 1));
        assert_eq!(redis.tell(&["EXISTS", "{app}:lock"]).integer(), Some(0));
        assert!(is_lock_gone(store.put(b"x", &[2], &mut ServerVersion::default())) != unlocks);
        // A thread that has asked in vain has not kept what it was told.
        put(&reader, b"x", &[3]);
        assert_eq!(read(&reader, b"x").unwrap(), Some(vec![3]));
    }
}

#[test]
fn the_first_in_line_that_does_not_come_is_passed_over_although_the_clock_was_set_back() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    // It stands there, is called, and does not come.
    let asker = std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            let first = on(&redis);
            first.lock(Patience::default()).unwrap();
            let mark = redis.tell(&["GET", "{app}:hold"]).text().unwrap().to_vec();
            String::from_utf8(mark).unwrap().split(' ').next().unwrap().to_string()
        });
        first.join().unwrap()
    });
    assert_eq!(redis.tell(&["EXISTS", "{app}:hold"]).integer(), Some(0));
    redis.tell(&["ZADD", "{app}:waiting", "1", &asker]);
    redis.tell(&["HSET", "{app}:calls", "", &format!("{asker} 1 9000000000000000")]);
    store.lock(Patience::default()).unwrap();
    store.unlock();
}
