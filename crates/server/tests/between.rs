//! Something else happens between two requests of a connection: what is learned of both is still true.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sync_backend::{Backend, BackendError, Now, Patience, Remedy, Selection, Shifted, Since, Snapshot, Taken, Wanted};
use sync_server::testing::{Redis, Steps, put, read};
use sync_server::{Address, Connection, Endpoint, ErrorKind, Place, ServerError, ServerStore, ServerVersion, Value};

/// The time after which a test has hung.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often others change something before they leave off.
const MOST: u32 = 200;

/// A string of so many bytes, as MessagePack has it.
fn long(bytes: u8) -> Vec<u8> {
    [&[0xd9, bytes][..], &vec![b'x'; bytes.into()]].concat()
}

/// A server, a proxy before it, and a store behind that.
fn stage(options: &str) -> (Redis, Steps, ServerStore) {
    let redis = Redis::start(&[]);
    let steps = Steps::start(&redis.socket());
    let address = format!("unix://{}?prefix=app{options}", steps.socket().display());
    let store = ServerStore::new(&Address::parse(address.as_bytes()).unwrap(), || 0);
    (redis, steps, store)
}

/// Lets another thread, which has a connection of its own, do something.
fn other(redis: &Redis, action: impl Fn(&ServerStore) + Send + 'static) -> impl Fn() + Send + 'static {
    let address = redis.address("", "?prefix=app").to_string();
    move || {
        let store = ServerStore::new(&Address::parse(address.as_bytes()).unwrap(), || 0);
        action(&store);
    }
}

/// A connection by itself.
fn connect(address: &Address) -> Connection {
    let Place::Socket(path) = &address.server.place else { panic!("it is at a socket") };
    Connection::open(&Endpoint::Socket(path.clone()), &address.server).expect("a connection")
}

fn names(store: &ServerStore) -> Result<usize, ServerError> {
    let mut snapshot = Snapshot::new(Vec::new(), Vec::new());
    let selection = Selection::Page { prefix: b"", after: None, limit: 100 };
    store.retry(|store| store.select(&selection, &mut snapshot, 0))?;
    Ok(snapshot.keys().count())
}

fn shift(store: &ServerStore) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match store.retry(|store| store.shift(b"q", &mut ServerVersion::default(), &mut out)).unwrap() {
        Shifted::Element(_) => Some(out),
        _ => None,
    }
}

/// A list of so many elements of 100 bytes.
fn list(elements: u8) -> Vec<u8> {
    [&[0x90 | elements][..], &long(100).repeat(elements.into())].concat()
}

#[test]
fn the_first_bytes_of_a_value_and_its_length_are_of_one_moment() {
    let (redis, steps, store) = stage("");
    let writer = ServerStore::new(&redis.address("", "?prefix=app"), || 0);
    put(&writer, b"q", &list(4));
    for _ in 0..4 {
        assert!(shift(&writer).is_some());
    }
    let push = other(&redis, |store| {
        assert_eq!(shift(store), None);
        assert!(store.push(b"q", &[7], 1, &mut ServerVersion::default()).unwrap().is_some());
    });
    steps.once_before("STRLEN", push);
    assert_eq!(names(&store).unwrap(), 1);
    assert_eq!(shift(&store), Some(vec![7]));
}

#[test]
fn the_word_of_a_change_counts_behind_an_answer_that_is_a_failure() {
    let (redis, steps, store) = stage("");
    for name in [&b"a"[..], b"b", b"c"] {
        put(&store, name, &long(1));
    }
    assert_eq!(read(&store, b"b").unwrap(), Some(long(1)));
    // Somebody else puts something foreign there, and another value behind it.
    redis.tell(&["SET", "{app}:v:a", "foreign"]);
    redis.tell(&["TOUCH", "{app}:v:a"]);
    let change = other(&redis, |store| _ = put(store, b"c", &long(2)));
    change();
    let change = other(&redis, |store| _ = put(store, b"b", &long(2)));
    steps.once_before("{app}:v:c", change);
    assert!(names(&store).is_err());
    assert_eq!(read(&store, b"b").unwrap(), Some(long(2)));
}

#[test]
fn a_consumer_that_comes_and_goes_while_a_server_is_met_leaves_nothing_behind() {
    let (redis, steps, store) = stage("");
    let writer = ServerStore::new(&redis.address("", "?prefix=app"), || 0);
    put(&writer, b"q", &[0x91, 7]);
    drop(writer);
    let address = redis.address("", "?prefix=app");
    // (Behind the question for the items in consumption.)
    steps.once_before("memory", move || {
        let store = ServerStore::new(&address, || 0);
        assert!(matches!(store.take(b"q", &mut Vec::new()).unwrap(), Taken::Item(_)));
        // (It gives nothing back, as it is to die.)
        std::mem::forget(store);
        let mut connection = connect(&address);
        let Value::Map(consumers) = connection.ask(&[b"HGETALL", b"{app}:consumers"], &mut |_| ()).unwrap() else {
            panic!("a hash has pairs")
        };
        let owner = consumers[0].1.text().unwrap();
        let client = owner.split(|byte| *byte == b':').next().unwrap();
        connection.ask(&[b"CLIENT", b"KILL", b"ID", client], &mut |_| ()).unwrap();
    });
    let start = Instant::now();
    loop {
        match shift(&store) {
            Some(element) => break assert_eq!(element, [7]),
            None => assert!(start.elapsed() < PATIENCE, "the item has not come back"),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn several_names_are_read_however_fast_others_change_them() {
    let (redis, steps, store) = stage("");
    let writer = ServerStore::new(&redis.address("", "?prefix=app"), || 0);
    put(&writer, b"a", &[0]);
    put(&writer, b"b", &[0]);
    assert!(read(&store, b"a").unwrap().is_some());
    let rounds = Arc::new(AtomicU32::new(0));
    let changes = rounds.clone();
    // The name that is not asked for has changed by the time of the answer.
    let [one, two] = [&b"a"[..], b"b"].map(|name| other(&redis, move |store| _ = put(store, name, &long(2))));
    steps.before(move |words| {
        let asks_for = |key: &[u8]| words.iter().any(|word| word == key);
        let is_read = [&b"GET"[..], b"MGET"].contains(&&words[0][..]);
        if is_read && changes.fetch_add(1, Ordering::Relaxed) < MOST {
            if !asks_for(b"{app}:v:a") {
                one();
            }
            if !asks_for(b"{app}:v:b") {
                two();
            }
        }
    });
    let mut snapshot = Snapshot::new(Vec::new(), Vec::new());
    store.retry(|store| store.select(&Selection::Keys(&[b"a", b"b"]), &mut snapshot, 0)).unwrap();
    assert_eq!(snapshot.keys().count(), 2);
    let changes = rounds.load(Ordering::Relaxed);
    assert!((2..MOST).contains(&changes), "{changes}");
}

#[test]
fn an_integer_gets_an_expiry_however_fast_others_count() {
    let (redis, steps, store) = stage("");
    put(&store, b"n", &[5]);
    let rounds = Arc::new(AtomicU32::new(0));
    let changes = rounds.clone();
    // (While others are kept from writing, it fails.)
    let count = other(&redis, |store| drop(store.add_number(b"n", 1, &mut ServerVersion::default())));
    steps.before(move |words| {
        if words.iter().any(|word| word == b"put") && changes.fetch_add(1, Ordering::Relaxed) < MOST {
            count();
        }
    });
    let expiry = Now::read().after(100_000);
    assert!(store.retry(|store| store.touch(b"n", expiry, &mut ServerVersion::default())).unwrap());
    let changes = rounds.load(Ordering::Relaxed);
    assert!((1..MOST).contains(&changes), "{changes}");
    assert!(store.facts(b"n").unwrap().unwrap().expiry.is_some());
    assert!(read(&store, b"n").unwrap().unwrap()[0] > 5);
}

#[test]
fn the_first_element_of_an_assigned_array_is_taken_however_fast_others_assign_it() {
    type Take = fn(&ServerStore) -> bool;
    let shifts: Take = |store| shift(store) == Some(vec![7]);
    let consumes: Take = |store| {
        let mut out = Vec::new();
        let taken = store.retry(|store| store.take(b"q", &mut out)).unwrap();
        matches!(taken, Taken::Item(item) if out == [7] && store.finish(item).unwrap())
    };
    for take in [shifts, consumes] {
        let (redis, steps, store) = stage("");
        put(&store, b"q", &[0x92, 7, 8]);
        let rounds = Arc::new(AtomicU32::new(0));
        let changes = rounds.clone();
        // (While others are kept from writing, it fails.)
        let assign = other(&redis, |store| drop(store.put(b"q", &[0x92, 7, 8], &mut ServerVersion::default())));
        steps.before(move |words| {
            if words.iter().any(|word| word == b"put") && changes.fetch_add(1, Ordering::Relaxed) < MOST {
                assign();
            }
        });
        assert!(take(&store));
        let changes = rounds.load(Ordering::Relaxed);
        assert!((1..MOST).contains(&changes), "{changes}");
        assert_eq!(shift(&store), Some(vec![8]));
    }
}

#[test]
fn a_lock_whose_answers_are_all_lost_is_asked_for_no_longer_than_a_time_out() {
    let (redis, steps, store) = stage("&timeout=0.5");
    put(&store, b"x", &[1]);
    let address = redis.address("", "");
    let end = move || {
        let _ = connect(&address).ask(&[b"CLIENT", b"KILL", b"TYPE", b"normal", b"SKIPME", b"yes"], &mut |_| ());
    };
    steps.before(move |words| {
        if words.iter().any(|word| word.starts_with(b"-- Takes, changes or ends a hold") || word == b"all") {
            end();
        }
    });
    let start = Instant::now();
    let error = loop {
        match store.lock(Patience::default()) {
            Err(error) if matches!(error.remedy(), Remedy::Retry) => {
                assert!(start.elapsed() < PATIENCE, "it is asked for again and again");
            }
            outcome => break outcome.unwrap_err(),
        }
    };
    assert!(matches!(error.kind(), ErrorKind::Lost(_)), "{error}");
}

#[test]
fn a_change_of_one_name_that_is_told_with_the_answer_about_another_one_ends_a_wait() {
    let (redis, steps, store) = stage("");
    for name in [&b"x"[..], b"y"] {
        put(&store, name, &long(1));
        assert!(read(&store, name).unwrap().is_some());
    }
    let (is_told, is_over, is_late) = (AtomicBool::new(false), Arc::default(), Arc::new(AtomicBool::new(false)));
    let (over, late): (Arc<AtomicBool>, _) = (is_over, is_late.clone());
    let touch = other(&redis, |store| {
        store.touch(b"y", Now::read().after(1_000_000), &mut ServerVersion::default()).unwrap();
    });
    let change = other(&redis, |store| _ = put(store, b"x", &long(2)));
    let again = other(&redis, |store| _ = put(store, b"x", &long(3)));
    let mut again = Some(again);
    steps.before(move |words| {
        let has = |word: &[u8]| words.iter().any(|each| each == word);
        if words[0] == b"ZADD" {
            // The second name is asked for now, as its value might be another one.
            touch();
            is_told.store(true, Ordering::Relaxed);
        } else if has(b"{app}:v:y") && is_told.swap(false, Ordering::Relaxed) {
            change();
            let (over, late, again) = (over.clone(), late.clone(), again.take());
            thread::spawn(move || {
                let start = Instant::now();
                while !over.load(Ordering::Relaxed) && start.elapsed() < PATIENCE / 3 {
                    thread::sleep(Duration::from_millis(1));
                }
                if !over.load(Ordering::Relaxed) {
                    late.store(true, Ordering::Relaxed);
                    again.inspect(|again| again());
                }
            });
        } else if words[0] == b"ZREM" {
            over.store(true, Ordering::Relaxed);
        }
    });
    let mut wanted = [Wanted::key(b"x"), Wanted::key(b"y")];
    store.watch(&mut wanted, Since::Seen).unwrap();
    while !store.has_changed(&mut wanted, PATIENCE).unwrap() {}
    assert!(!is_late.load(Ordering::Relaxed), "it slept on");
}

/// Nobody sweeps it meanwhile, so that nobody tells.
#[test]
fn a_waiter_for_a_value_wakes_up_when_that_expires_whatever_the_wait() {
    for options in ["", "&cache=0"] {
        let redis = Redis::start(&[]);
        let store = ServerStore::new(&redis.address("", &format!("?prefix=app{options}")), || 0);
        let expiry = Now::read().after(300);
        store.put_until(b"x", (&[], &[1]), expiry, &mut ServerVersion::default()).unwrap();
        assert_eq!(read(&store, b"x").unwrap(), Some(vec![1]));
        let mut wanted = [Wanted::key(b"x")];
        store.watch(&mut wanted, Since::Now).unwrap();
        let start = Instant::now();
        // (Each look may take as long as that, where nobody tells.)
        while !store.has_changed(&mut wanted, PATIENCE).unwrap() {}
        assert!(start.elapsed() < PATIENCE / 2, "{options}");
    }
}
