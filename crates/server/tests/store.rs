//! Stores on a server: beside others, in a faulty network, and when servers die.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use sync_backend::{
    Appended, Backend, BackendError, Change, Found, Now, Patience, Remedy, Rewrite, Selection, Since, Snapshot, Wanted,
};
use sync_server::testing::{Faults, Proxy, Redis, put, read};
use sync_server::{Address, Endpoint, ServerStore, ServerVersion, Value};

/// The time after which a test has hung.
const PATIENCE: Duration = Duration::from_secs(120);

fn on(redis: &Redis) -> ServerStore {
    ServerStore::new(&redis.address("", ""), || 0)
}

/// A handle behind a proxy.
fn behind(proxy: &Proxy, options: &str) -> ServerStore {
    let Endpoint::Host(host) = proxy.endpoint() else { panic!("a proxy has a port") };
    let address = Address::parse(format!("redis://127.0.0.1:{}{options}", host.port).as_bytes()).unwrap();
    ServerStore::new(&address, || 0)
}

fn get(store: &ServerStore, key: &[u8]) -> Option<Vec<u8>> {
    read(store, key).unwrap()
}

/// A number as MessagePack has it.
fn packed(number: u32) -> Vec<u8> {
    [&[0xce][..], &number.to_be_bytes()].concat()
}

fn unpacked(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes[1..].try_into().unwrap())
}

fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "it never came");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Ends all connections of clients but the one that asks.
fn end_all(redis: &Redis) {
    redis.connect().ask(&[b"CLIENT", b"KILL", b"TYPE", b"normal"], &mut |_| ()).unwrap();
}

#[test]
fn reads_never_go_back_and_are_never_torn_although_connections_end() {
    const ROUNDS: u32 = 1500;
    let redis = Redis::start(&[]);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let store = on(&redis);
            for n in 1..=ROUNDS {
                let value = packed(n);
                let change = |key| Change::Put { key, head: &value, body: &[], note: None, expiry: None, anew: false };
                assert!(store.commit(&[change(b"a"), change(b"b")], None).unwrap());
            }
            is_over.store(true, Ordering::Release);
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let store = on(&redis);
                let (mut last, mut seen, mut reads) = (0, 0, 0_u64);
                let mut version = ServerVersion::default();
                let mut bytes = Vec::new();
                let start = Instant::now();
                while last < ROUNDS {
                    assert!(start.elapsed() < PATIENCE, "it got no further than {last}");
                    let mut both = Snapshot::<Vec<u8>, _>::default();
                    store.select(&Selection::Keys(&[b"a", b"b"]), &mut both, u64::MAX).unwrap();
                    let numbers: Vec<u32> = both.iter().map(|(_, value)| unpacked(value)).collect();
                    assert!(numbers.is_empty() || numbers.len() == 2 && numbers[0] == numbers[1], "torn: {numbers:?}");
                    let now = numbers.first().copied().unwrap_or(0);
                    assert!(now >= last, "back from {last} to {now}");
                    last = now;
                    for _ in 0..20 {
                        if !store.is_current(&version) {
                            match store.get(b"b", &mut version, &mut bytes).unwrap() {
                                Found::Missing | Found::Unchanged => {}
                                _ => seen = unpacked(&bytes),
                            }
                            assert!(seen >= last, "back from {last} to {seen}");
                            last = seen;
                        }
                        reads += 1;
                    }
                }
                assert!(reads > 0);
            });
        }
        while !is_over.load(Ordering::Acquire) && !writer.is_finished() {
            end_all(&redis);
            thread::sleep(Duration::from_millis(7));
        }
        writer.join().unwrap();
    });
}

/// Each change removes one name and puts the other: there is one of them at each moment.
#[test]
fn everything_is_read_as_of_one_moment_with_a_cache_and_without() {
    const ROUNDS: u32 = 1500;
    let redis = Redis::start(&[]);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let store = on(&redis);
            for n in 1..=ROUNDS {
                let value = packed(n);
                let names: [&[u8]; 2] = if n % 2 == 0 { [b"a", b"b"] } else { [b"b", b"a"] };
                let put = Change::Put { key: names[0], head: &value, body: &[], note: None, expiry: None, anew: false };
                assert!(store.commit(&[Change::Remove { key: names[1] }, put], None).unwrap());
            }
            is_over.store(true, Ordering::Release);
        });
        for options in ["", "?cache=0"] {
            let (redis, is_over) = (&redis, &is_over);
            scope.spawn(move || {
                let store = ServerStore::new(&redis.address("", options), || 0);
                let (mut last, mut looks) = (0, 0);
                while !is_over.load(Ordering::Acquire) || looks < 10 {
                    let all = store.snapshot().unwrap();
                    let mut page = Snapshot::<Vec<u8>, _>::default();
                    let one = Selection::Page { prefix: b"", after: None, limit: 1 };
                    store.select(&one, &mut page, u64::MAX).unwrap();
                    for found in [&all, &page] {
                        let numbers: Vec<u32> = found.iter().map(|(_, value)| unpacked(value)).collect();
                        assert!(numbers.len() == 1 || last == 0 && numbers.is_empty(), "torn: {numbers:?}");
                        let now = numbers.first().copied().unwrap_or(0);
                        assert!(now >= last, "back from {last} to {now}");
                        last = now;
                    }
                    assert!(store.len().unwrap() == 1 || last == 0);
                    looks += 1;
                }
            });
        }
    });
}

#[test]
fn the_server_adds_to_integers_alone_and_each_addition_counts() {
    const ADDERS: i64 = 4;
    const TIMES: i64 = 200;
    let redis = Redis::start(&[]);
    let store = on(&redis);
    let sum = || store.add_number(b"n", 1, &mut ServerVersion::default()).unwrap();
    assert_eq!(sum(), None, "there is no store");
    put(&store, b"n", &[0]);
    thread::scope(|scope| {
        for _ in 0..ADDERS {
            scope.spawn(|| {
                let (store, mut last) = (on(&redis), 0);
                let mut version = ServerVersion::default();
                for _ in 0..TIMES {
                    let sum = store.add_number(b"n", 2, &mut version).unwrap().expect("it is an integer");
                    assert!(sum > last);
                    last = sum;
                }
            });
        }
    });
    assert_eq!(sum(), Some(2 * ADDERS * TIMES + 1));
    // (Others have added to it as well: it is told of changes again from the next reading on.)
    assert!(get(&store, b"n").is_some());
    let mut version = ServerVersion::default();
    assert_eq!(store.add_number(b"n", -5, &mut version).unwrap(), Some(2 * ADDERS * TIMES - 4));
    assert!(store.is_current(&version), "the sum is known");
    assert!(store.put_if_unchanged(b"n", &[9], &mut version).unwrap());
    // A sum that no integer can be, another type, and an integer that expires.
    assert_eq!(store.add_number(b"n", i64::MAX, &mut version).unwrap(), None);
    assert_eq!(get(&store, b"n"), Some(vec![9]));
    for other in [&[0xc0][..], &[0xa1, b'5'], &[0xcb, 0, 0, 0, 0, 0, 0, 0, 0]] {
        put(&store, b"n", other);
        assert_eq!((sum(), get(&store, b"n")), (None, Some(other.to_vec())));
    }
    put(&store, b"n", &[9]);
    let soon = Now::read().after(3_600_000).unwrap();
    assert!(store.touch(b"n", Some(soon), &mut version).unwrap());
    assert_eq!((sum(), get(&store, b"n")), (None, Some(vec![9])));
}

#[test]
fn the_content_is_known_until_something_changes() {
    let redis = Redis::start(&[]);
    let (store, other) = (on(&redis), ServerStore::new(&redis.address("", "?timeout=9"), || 0));
    put(&store, b"a", &[1]);
    let content = || {
        store.snapshot().unwrap();
        store.content().expect("it is told of changes")
    };
    let changes: [&dyn Fn(); 6] = [
        &|| _ = put(&other, b"a", &[1]),
        &|| _ = put(&other, b"b", &[1]),
        &|| assert!(other.remove(b"b").unwrap()),
        &|| _ = put(&store, b"a", &[2]),
        &|| other.replace(&[(b"c", &[3])]).unwrap(),
        &|| other.destroy().unwrap(),
    ];
    for (number, change) in changes.iter().enumerate() {
        let before = content();
        assert!(store.has_content(&before) && store.has_content(&before), "before change {number}");
        change();
        until(|| !store.has_content(&before));
    }
    put(&store, b"a", &[1]);
    // It ends when a value expires, and is not for those who are kept out.
    let soon = Now::read().after(30).unwrap();
    store.put_until(b"b", (&[5], &[]), Some(soon), &mut ServerVersion::default()).unwrap();
    let before = content();
    until(|| !store.has_content(&before));
    let before = content();
    assert!(other.lock(Patience::default()).is_ok());
    until(|| !store.has_content(&before));
    other.unlock();
    end_all(&redis);
    until(|| !store.has_content(&before));
    let uncached = ServerStore::new(&redis.address("", "?cache=0"), || 0);
    assert_eq!((uncached.snapshot().unwrap().len(), uncached.content()), (1, None));
}

#[test]
fn a_value_that_was_there_for_a_moment_is_a_change() {
    let redis = Redis::start(&[]);
    let (store, other) = (on(&redis), ServerStore::new(&redis.address("", "?timeout=9"), || 0));
    put(&other, b"other", &[1]);
    let has_changed = |wanted: &mut [Wanted<_>]| store.has_changed(wanted, Duration::ZERO).unwrap();
    let since_seen = |key: &[u8]| {
        let mut wanted = [Wanted::key(key)];
        store.watch(&mut wanted, Since::Seen).unwrap();
        has_changed(&mut wanted)
    };
    for (key, value) in [(b"text".as_slice(), &[0xa1, b'x'][..]), (b"7", &[7])] {
        let there_for_a_moment = || {
            put(&other, key, value);
            assert!(other.remove(key).unwrap());
        };
        assert_eq!(get(&store, key), None);
        let mut waits = [Wanted::key(key)];
        store.watch(&mut waits, Since::Now).unwrap();
        assert!(!has_changed(&mut waits) && !since_seen(key));
        there_for_a_moment();
        until(|| has_changed(&mut waits));
        assert!(since_seen(key) && !since_seen(key), "once, since it was seen");
        // All that was not there when everything was seen was seen to be missing.
        store.snapshot().unwrap();
        there_for_a_moment();
        until(|| since_seen(key));
        // One's own is none, also where all is replaced.
        put(&store, key, value);
        assert!(store.remove(key).unwrap());
        assert!(!since_seen(key));
        put(&store, key, value);
        store.replace(&[(b"other", &[1])]).unwrap();
        assert!(!since_seen(key));
    }
}

#[test]
fn a_look_from_outside_waits_for_nobody_although_it_is_the_first_that_is_asked() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    put(&store, b"a", &[1]);
    store.lock(Patience::default()).unwrap();
    // (Another thread has a connection of its own, which knows nothing of the lock.)
    thread::scope(|threads| {
        threads.spawn(|| {
            let stats = on(&redis).stats().unwrap();
            assert_eq!((stats.locks.len(), stats.waiters, stats.keys), (1, 0, 1));
        });
    });
    store.unlock();
}

/// The bytes that go each way for a log-in, a script that is new to the server, and one that it knows.
fn traffic(redis: &Redis) -> [(u64, u64); 3] {
    // The server counts its connections, and says their number in three digits from here to the end.
    while redis.connect().greeting().id < 100 {}
    let proxy = Proxy::start(redis.socket(), Faults::default());
    let store = behind(&proxy, "");
    let now = || (proxy.requests(), proxy.answers());
    assert_eq!(store.len().unwrap(), 0);
    let log_in = now();
    store.put_next(&[7], &[], 0, &mut ServerVersion::default()).unwrap();
    let first = now();
    store.put_next(&[7], &[], 0, &mut ServerVersion::default()).unwrap();
    [log_in, first, now()]
}

/// The connection ends at another byte of the answers each time, or of the requests.
#[test]
fn each_change_is_made_once_although_the_connection_ends_at_any_byte() {
    let redis = Redis::start(&[]);
    let [log_in, first, second] = traffic(&redis);
    let direct = on(&redis);
    let mut next = 2;
    let (mut made, mut not_known) = (0, 0);
    let mut try_with = |faults: Faults| {
        let proxy = Proxy::start(redis.socket(), faults);
        let store = behind(&proxy, "?timeout=0.05");
        for _ in 0..3 {
            match store.put_next(&[7], &[], 0, &mut ServerVersion::default()) {
                Ok(number) => {
                    assert_eq!(number, Some(next), "{faults:?}");
                    next += 1;
                    made += 1;
                }
                // It says that it does not know, or nothing has happened.
                Err(error) => {
                    let now = direct.next_number(0).unwrap().unwrap();
                    let is_doubtful = matches!(error.kind(), sync_server::ErrorKind::NotKnown(_));
                    assert!(now == next || is_doubtful && now == next + 1, "{faults:?}: {error}");
                    not_known += usize::from(is_doubtful);
                    next = now;
                }
            }
        }
        assert_eq!(direct.next_number(0).unwrap(), Some(next), "{faults:?}");
        assert_eq!(direct.len().unwrap(), next as u64);
    };
    for cut in (log_in.1 - 20..second.1 + 200).step_by(3) {
        try_with(Faults { cut_answers: Some(cut), ..Faults::default() });
    }
    for cut in (log_in.0 - 20..first.0).step_by(400).chain((first.0..second.0 + 200).step_by(7)) {
        try_with(Faults { cut_requests: Some(cut), ..Faults::default() });
    }
    assert!(made > 50 && not_known > 0, "{made} {not_known}");
}

/// The same, of changes of one value that is known: another script makes them, and the long one answers for it where its answer was lost.
#[test]
fn each_addition_is_made_once_although_the_connection_ends_at_any_byte() {
    let redis = Redis::start(&[]);
    let direct = on(&redis);
    put(&direct, b"n", &[0]);
    while redis.connect().greeting().id < 100 {}
    // (The next connections have numbers of three digits, too.)
    let proxy = Proxy::start(redis.socket(), Faults::default());
    let store = behind(&proxy, "");
    let now = || (proxy.requests(), proxy.answers());
    get(&store, b"n");
    let known = now();
    assert_eq!(store.add_number(b"n", 1, &mut ServerVersion::default()).unwrap(), Some(1));
    let first = now();
    assert_eq!(store.add_number(b"n", 1, &mut ServerVersion::default()).unwrap(), Some(2));
    let second = now();
    let sum_now = || direct.add_number(b"n", 0, &mut ServerVersion::default()).unwrap().unwrap();
    let (mut sum, mut made, mut not_known) = (2, 0, 0);
    let mut try_with = |faults: Faults| {
        let proxy = Proxy::start(redis.socket(), faults);
        let store = behind(&proxy, "?timeout=0.05");
        for _ in 0..4 {
            let known = store.get(b"n", &mut ServerVersion::default(), &mut Vec::new());
            let added = store.add_number(b"n", 1, &mut ServerVersion::default());
            match added {
                Ok(new) => {
                    sum += 1;
                    assert_eq!(new, Some(sum), "{faults:?}, {known:?}");
                    made += 1;
                }
                Err(error) => {
                    let now = sum_now();
                    let is_doubtful = matches!(error.kind(), sync_server::ErrorKind::NotKnown(_));
                    assert!(now == sum || is_doubtful && now == sum + 1, "{faults:?}: {error}");
                    not_known += usize::from(is_doubtful);
                    sum = now;
                }
            }
        }
        assert_eq!(sum_now(), sum, "{faults:?}");
    };
    for cut in (known.1..second.1 + 200).step_by(3) {
        try_with(Faults { cut_answers: Some(cut), ..Faults::default() });
    }
    for cut in (known.0..first.0).step_by(200).chain((first.0..second.0 + 200).step_by(7)) {
        try_with(Faults { cut_requests: Some(cut), ..Faults::default() });
    }
    assert!(made > 50, "{made} {not_known}");
}

#[test]
fn a_server_that_is_silent_is_not_waited_for_without_end() {
    let redis = Redis::start(&[]);
    put(&on(&redis), b"a", &[1]);
    let proxy = Proxy::start(redis.socket(), Faults { stall_answers: Some(1500), ..Faults::default() });
    let store = behind(&proxy, "?timeout=0.3&connect_timeout=0.3");
    let start = Instant::now();
    let mut failed = false;
    for n in 0..20_u8 {
        failed |= store.put(&[n], &[0xa1, n], &mut ServerVersion::default()).is_err();
    }
    assert!(failed);
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn a_server_that_starts_anew_without_its_data_is_another_store() {
    let mut redis = Redis::start(&[]);
    let store = on(&redis);
    let version = put(&store, b"a", &[1]);
    assert!(store.is_current(&version));
    redis.kill();
    assert!(!store.is_current(&version));
    assert!(store.get(b"a", &mut version.clone(), &mut Vec::new()).is_err());
    redis.start_again();
    assert!(!store.is_current(&version));
    assert_eq!(get(&store, b"a"), None);
    let new = put(&store, b"a", &[1]);
    assert!(store.is_current(&new) && !store.is_current(&version));
}

#[test]
fn others_that_change_keys_by_themselves_are_seen() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    let mut other = redis.connect();
    let version = put(&store, b"n", &[5]);
    let ask = |other: &mut sync_server::Connection, words: &[&[u8]]| other.ask(words, &mut |_| ()).unwrap();
    assert_eq!(ask(&mut other, &[b"GET", b"{sync}:v:n"]), Value::Text(b"5".to_vec()), "an integer is readable");
    ask(&mut other, &[b"INCRBY", b"{sync}:v:n", b"37"]);
    until(|| !store.is_current(&version));
    assert_eq!(get(&store, b"n"), Some(vec![42]));
    for words in [&[&b"FLUSHALL"[..]][..], &[b"SCRIPT", b"FLUSH"]] {
        let version = put(&store, b"n", &[1]);
        ask(&mut other, words);
        if words.len() == 1 {
            until(|| !store.is_current(&version));
            assert_eq!(get(&store, b"n"), None);
        }
        put(&store, b"m", &[1]);
        assert_eq!(get(&store, b"m"), Some(vec![1]));
    }
    ask(&mut other, &[b"SET", b"{sync}:v:foreign", b"text"]);
    let error = store.get(b"foreign", &mut ServerVersion::default(), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("{sync}:v:foreign"), "{error}");
}

#[test]
fn a_former_owner_of_the_lock_is_refused() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    store.lock(Patience::default()).unwrap();
    end_all(&redis);
    // Another one finds that its connection is gone.
    thread::scope(|scope| {
        scope.spawn(|| put(&on(&redis), b"a", &[2])).join().unwrap();
    });
    let error = store.put(b"a", &[1], &mut ServerVersion::default()).unwrap_err();
    assert!(matches!(error.remedy(), Remedy::Unlock), "{error}");
    store.unlock();
    assert_eq!(get(&store, b"a"), Some(vec![2]));
    put(&store, b"a", &[3]);
}

#[test]
fn a_waiter_is_woken_by_another_client_and_an_idle_one_costs_the_server_nothing() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    put(&store, b"a", &[1]);
    let (begins, has_begun) = std::sync::mpsc::channel();
    let redis = &redis;
    thread::scope(|scope| {
        let waiter = scope.spawn(move || {
            let store = on(redis);
            let mut wanted = [Wanted::key(b"a".as_slice())];
            store.watch(&mut wanted, Since::Now).unwrap();
            begins.send(()).unwrap();
            let start = Instant::now();
            while !store.has_changed(&mut wanted, Duration::from_secs(5)).unwrap() {
                assert!(start.elapsed() < PATIENCE);
            }
            get(&store, b"a")
        });
        has_begun.recv().unwrap();
        put(&store, b"a", &[2]);
        assert_eq!(waiter.join().unwrap(), Some(vec![2]));
        // One that has read everything, and does not look any more.
        let idle = on(redis);
        get(&idle, b"a");
        scope.spawn(move || {
            let writer = on(redis);
            let mut version = put(&writer, b"list", &[0x90]);
            for n in 0..2000_u32 {
                put(&writer, b"a", &packed(n));
                if writer.append(b"list", &[0x92, 0x91, 0, 1], 0, Rewrite::Store, &mut version).unwrap()
                    != Appended::Done
                {
                    version = put(&writer, b"list", &[0x90]);
                }
            }
        });
    });
    let Value::Text(list) = redis.connect().ask(&[b"CLIENT", b"LIST"], &mut |_| ()).unwrap() else { panic!() };
    let list = String::from_utf8(list).unwrap();
    assert!(list.lines().all(|line| line.contains(" omem=0 ")), "{list}");
}

#[test]
fn a_store_without_a_cache_asks_each_time() {
    let redis = Redis::start(&[]);
    let (store, other) = (ServerStore::new(&redis.address("", "?cache=0"), || 0), on(&redis));
    let version = put(&store, b"a", &[1]);
    assert!(!store.is_current(&version));
    for n in 0..100 {
        put(&other, b"a", &[n]);
        assert_eq!(get(&store, b"a"), Some(vec![n]));
    }
}

/// Those who add to a number at once are told of no change of it before they read it, and know that they are not.
#[test]
fn those_that_add_to_one_number_see_each_others_changes_all_the_same() {
    let redis = Redis::start(&[]);
    let (store, other) = (on(&redis), ServerStore::new(&redis.address("", "?timeout=60"), || 0));
    let add = |store: &ServerStore, by: i64| {
        let mut version = ServerVersion::default();
        (store.add_number(b"n", by, &mut version).unwrap().unwrap(), version)
    };
    put(&store, b"n", &[0]);
    get(&other, b"n");
    for sum in (2..20).step_by(2) {
        assert_eq!(add(&store, 1).0, sum - 1);
        assert_eq!(add(&other, 1).0, sum);
    }
    let (sum, version) = add(&store, 1);
    assert_eq!((sum, get(&store, b"n")), (19, Some(vec![19])));
    // Where it is told, a version is current until somebody changes the number.
    let (_, told) = add(&store, 1);
    assert!(store.is_current(&told) && !store.is_current(&version));
    add(&other, 1);
    // (The server's word of a change may come a moment after that has returned elsewhere.)
    until(|| !store.is_current(&told));
    let (sum, untold) = add(&store, 1);
    assert_eq!(sum, 22);
    assert!(!store.is_current(&untold));
    // Not by its digits does a waiter find a number unchanged.
    let has_changed = || {
        let mut wanted = [Wanted::key(b"n".as_slice())];
        store.watch(&mut wanted, Since::Seen).unwrap();
        store.has_changed(&mut wanted, Duration::ZERO).unwrap()
    };
    assert!(!has_changed());
    add(&other, 1);
    add(&store, 1);
    assert!(!has_changed());
    add(&other, 1);
    add(&store, 1);
    add(&other, 1);
    add(&other, -1);
    until(has_changed);
    assert!(!has_changed());
    // Sums that a Lua number has no room for.
    let long = i64::MAX - 10;
    put(&other, b"n", &[&[0xcf][..], &long.to_be_bytes()].concat());
    for sum in long + 1..long + 4 {
        let adder = if sum % 2 == 0 { &store } else { &other };
        assert_eq!(add(adder, 1).0, sum);
    }
}

/// A program that is no helper of these tests may look at the server, too.
#[test]
fn the_tools_of_the_server_see_what_is_stored() {
    let redis = Redis::start(&[]);
    put(&on(&redis), b"progress", &[42]);
    let shown = Command::new("redis-cli")
        .arg("-s")
        .arg(redis.socket())
        .args(["GET", "{sync}:v:progress"])
        .stderr(Stdio::null())
        .output()
        .expect("redis-cli, which comes with redis-server");
    assert_eq!(String::from_utf8_lossy(&shown.stdout).trim(), "42");
}

#[test]
fn a_server_that_is_busy_with_a_script_is_waited_for() {
    let redis = Redis::start(&["--lua-time-limit", "20"]);
    let (known, uncached) = (on(&redis), ServerStore::new(&redis.address("", "?cache=0"), || 0));
    let version = put(&known, b"a", &[1]);
    assert_eq!(uncached.len().unwrap(), 1);
    // Keeps the server busy for as long as something else runs, which then has to wait.
    let while_busy = |action: &mut dyn FnMut()| {
        let started = Instant::now();
        thread::scope(|scope| {
            let redis = &redis;
            let script =
                scope.spawn(|| redis.connect().ask(&[b"EVAL", b"while true do end", b"0"], &mut |_| ()).unwrap_err());
            let mut killer = redis.connect();
            until(|| killer.ask(&[b"PING"], &mut |_| ()).is_err());
            let end = scope.spawn(move || {
                thread::sleep(Duration::from_millis(100));
                killer.ask(&[b"SCRIPT", b"KILL"], &mut |_| ()).unwrap();
            });
            action();
            assert!(started.elapsed() >= Duration::from_millis(100), "nothing kept it waiting");
            end.join().unwrap();
            script.join().unwrap();
        });
    };
    // (A thread has a connection of its own, and looks at the settings of a server that it meets.)
    while_busy(&mut || {
        thread::scope(|scope| {
            let looks = scope.spawn(|| {
                let new = on(&redis);
                (get(&new, b"a"), new.take_warning())
            });
            assert_eq!(looks.join().unwrap(), (Some(vec![1]), None));
        })
    });
    while_busy(&mut || assert_eq!(uncached.len().unwrap(), 1));
    while_busy(&mut || assert_eq!(get(&uncached, b"a"), Some(vec![1])));
    let all = || {
        let mut snapshot = Snapshot::<Vec<u8>, Vec<_>>::default();
        uncached.select(&Selection::All, &mut snapshot, u64::MAX).unwrap();
    };
    while_busy(&mut || all());
    while_busy(&mut || {
        put(&known, b"a", &[2]);
    });
    assert!(!known.is_current(&version));
    // It is not waited for without end.
    let impatient = ServerStore::new(&redis.address("", "?timeout=1"), || 0);
    get(&impatient, b"a");
    thread::scope(|scope| {
        let script = scope.spawn(|| redis.connect().ask(&[b"EVAL", b"while true do end", b"0"], &mut |_| ()));
        let mut killer = redis.connect();
        until(|| killer.ask(&[b"PING"], &mut |_| ()).is_err());
        let error = impatient.put(b"a", &[3], &mut ServerVersion::default()).unwrap_err();
        killer.ask(&[b"SCRIPT", b"KILL"], &mut |_| ()).unwrap();
        assert!(error.to_string().contains("BUSY"), "{error}");
        assert!(script.join().unwrap().is_err());
    });
    assert_eq!(get(&known, b"a"), Some(vec![2]));
}
