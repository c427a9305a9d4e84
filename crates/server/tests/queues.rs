//! Long lists as queues, and lists that are followed: the length of a list is of no matter to those who push, take or follow.

use std::thread;
use std::time::Duration;
use sync_backend::list::{Head, Item, Walk};
use sync_backend::{
    Appended, Backend, BackendError, Change, Found, Peeked, Remedy, Rewrite, Shifted, Taken, list_note,
};
use sync_server::testing::{Redis, put, read, until};
use sync_server::{ServerStore, ServerVersion, Value};

/// The number of elements of a long list, and the bytes of each.
const LONG: u32 = 20_000;
const ELEMENT: usize = 100;
/// The bytes that are sent for an element of it, and all that belongs to that, at most.
const SENT_FOR_ONE: u64 = 2_000;

fn on(redis: &Redis) -> ServerStore {
    ServerStore::new(&redis.address("", "?prefix=app"), || 0)
}

/// An element, which tells its number.
fn element(number: u32) -> Vec<u8> {
    let mut bytes = [&[0xc4, ELEMENT as u8][..], &number.to_be_bytes()].concat();
    bytes.resize(2 + ELEMENT, 7);
    bytes
}

fn list(numbers: std::ops::Range<u32>) -> Vec<u8> {
    let elements = numbers.clone().flat_map(element);
    Head::of_list(numbers.len() as u32).bytes().iter().copied().chain(elements).collect()
}

/// The patch that puts an element at the end of a list of so many.
fn patch(length: u32, number: u32) -> Vec<u8> {
    [Head::of_put(length.into()).bytes(), &element(number)].concat()
}

/// Appends an element to a list that has so many, as somebody who has not read it.
fn push(store: &ServerStore, key: &[u8], number: u32) {
    loop {
        let (mut version, mut start) = (ServerVersion::default(), Vec::new());
        let bytes = element(number);
        if store.push(key, &bytes, 1, &mut version).unwrap().is_some() {
            return;
        }
        let length = match store.peek(key, &mut version, &mut start).unwrap() {
            Peeked::Noted(note) => sync_backend::listed(note).unwrap() as u32,
            Peeked::Whole => Walk::new(&start[..], 0, start.len() as u64).list().unwrap(),
            other => panic!("{other:?}"),
        };
        let note = list_note(u64::from(length) + 1);
        let patch = patch(length, number);
        if store.append(key, &patch, note, Rewrite::Store, &mut version).unwrap() == Appended::Done {
            return;
        }
    }
}

fn shift(store: &ServerStore, key: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match store.retry(|store| store.shift(key, &mut ServerVersion::default(), &mut out)).unwrap() {
        Shifted::Nothing => None,
        Shifted::Element(_) => Some(out),
        other => panic!("{other:?}"),
    }
}

fn take(store: &ServerStore, key: &[u8]) -> Option<(u64, Vec<u8>)> {
    let mut out = Vec::new();
    match store.retry(|store| store.take(key, &mut out)).unwrap() {
        Taken::Nothing => None,
        Taken::Item(token) => Some((token, out)),
        Taken::Whole => panic!("it is a list"),
    }
}

/// The bytes that the server sends and gets for what is done.
fn sent(redis: &Redis, done: impl FnOnce()) -> u64 {
    let bytes = || -> u64 {
        let lines = redis.lines(&["INFO", "stats"]);
        let of = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name)?.parse::<u64>().ok()).unwrap();
        of("total_net_output_bytes:") + of("total_net_input_bytes:")
    };
    let before = bytes();
    done();
    bytes() - before
}

#[test]
fn a_long_list_is_not_sent_to_those_who_push_and_take() {
    let redis = Redis::start(&[]);
    let (producer, consumer, other) = (on(&redis), on(&redis), on(&redis));
    put(&producer, b"q", &list(0..LONG));
    // The first who takes one makes a queue of the list.
    assert_eq!(shift(&consumer, b"q"), Some(element(0)));
    let mut first = 1;
    let bytes = sent(&redis, || {
        for n in 0..100 {
            push(&producer, b"q", LONG + n);
            push(&consumer, b"q", LONG + 100 + n);
            assert_eq!(shift(&consumer, b"q"), Some(element(first)));
            let (token, bytes) = take(&other, b"q").unwrap();
            assert_eq!(bytes, element(first + 1));
            assert!(other.finish(token).unwrap());
            first += 2;
        }
    });
    assert!(bytes < 400 * SENT_FOR_ONE, "{bytes} bytes");
    // Nor to one that has never seen it.
    let bytes = sent(&redis, || {
        thread::scope(|scope| {
            scope.spawn(|| {
                let store = on(&redis);
                assert_eq!(shift(&store, b"q"), Some(element(first)));
            });
            scope.spawn(|| push(&on(&redis), b"q", LONG + 200));
        });
    });
    // (The scripts are sent with each connection.)
    assert!(bytes < 100_000, "{bytes} bytes");
    // All others are there, in their order.
    let mut rest: Vec<Vec<u8>> = std::iter::from_fn(|| shift(&consumer, b"q")).collect();
    let mut last = rest.split_off((LONG - first - 1) as usize);
    assert_eq!(rest, (first + 1..LONG).map(element).collect::<Vec<_>>());
    last.sort();
    assert_eq!(last, (LONG..LONG + 201).map(element).collect::<Vec<_>>());
    assert_eq!(read(&other, b"q").unwrap().unwrap(), [0x90]);
}

#[test]
fn the_memory_of_what_was_taken_is_given_back() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    put(&store, b"q", &list(0..2));
    let stored = || redis.tell(&["STRLEN", "{app}:v:q"]).integer().unwrap();
    let mut longest = 0;
    for n in 2..5_000 {
        push(&store, b"q", n);
        assert_eq!(shift(&store, b"q"), Some(element(n - 2)));
        longest = longest.max(stored());
    }
    assert!(longest < 10_000, "{longest}");
    assert_eq!(read(&store, b"q").unwrap().unwrap(), list(4_998..5_000));
}

#[test]
fn an_item_that_goes_back_is_the_first_again_also_where_others_have_been_taken_meanwhile() {
    let redis = Redis::start(&[]);
    let (store, other) = (on(&redis), on(&redis));
    put(&store, b"q", &list(0..60));
    let mut version = ServerVersion::default();
    let (first, _) = take(&store, b"q").unwrap();
    let (second, _) = take(&other, b"q").unwrap();
    assert_eq!(store.get(b"q", &mut version, &mut Vec::new()).unwrap(), Found::Value);
    assert!(other.finish(second).unwrap());
    store.give_back(first);
    // (So many bytes as after the first one was taken, and another list.)
    assert!(!store.is_current(&version));
    let expected = [Head::of_list(59).bytes(), &element(0), &list(2..60)[1 + 2..]].concat();
    assert_eq!(read(&other, b"q").unwrap().unwrap(), expected);
    // Many are taken, the bytes of them go, and only then do some go back.
    let taken: Vec<u64> = (0..50).map(|_| take(&store, b"q").unwrap().0).collect();
    for token in taken.iter().rev().take(45) {
        store.give_back(*token);
    }
    taken.iter().take(5).for_each(|token| assert!(store.finish(*token).unwrap()));
    assert_eq!(read(&other, b"q").unwrap().unwrap(), list(6..60));
}

#[test]
fn a_queue_that_is_changed_in_any_other_way_is_a_list_again() {
    let redis = Redis::start(&[]);
    let (store, other) = (on(&redis), on(&redis));
    let is_queue = || {
        let head = redis.tell(&["GETRANGE", "{app}:v:q", "0", "1"]);
        head.text().unwrap()[1] & 2 != 0
    };
    let begin = || {
        put(&store, b"q", &[0x93, 1, 2, 3]);
        assert_eq!(shift(&store, b"q").unwrap(), [1]);
        assert!(is_queue());
        let mut version = ServerVersion::default();
        assert_eq!(store.peek(b"q", &mut version, &mut Vec::new()).unwrap(), Peeked::Noted(list_note(2)));
        version
    };
    // An element gets another value, by one that has not read the queue.
    let replace = [0x92, 0x91, 0, 9];
    let mut version = begin();
    let appended = store.append(b"q", &replace, list_note(2), Rewrite::Store, &mut version).unwrap();
    assert_eq!(appended, Appended::Done);
    assert!(!is_queue() && store.is_current(&version));
    assert_eq!(read(&other, b"q").unwrap().unwrap(), [&[0x92, 2, 3][..], &replace].concat());
    // An element comes, by one that cannot tell that it is a list.
    let mut version = begin();
    let push = [Head::of_put(2).bytes(), &[8]].concat();
    assert_eq!(store.append(b"q", &push, 3, Rewrite::Store, &mut version).unwrap(), Appended::Done);
    assert!(!is_queue());
    assert_eq!(shift(&store, b"q").unwrap(), [2]);
    assert_eq!(read(&other, b"q").unwrap().unwrap(), [0x92, 3, 8]);
    // In a transaction, beside an element that is pushed to another queue.
    put(&store, b"p", &[0x92, 1, 2]);
    shift(&store, b"p").unwrap();
    let mut of_p = ServerVersion::default();
    store.peek(b"p", &mut of_p, &mut Vec::new()).unwrap();
    let version = begin();
    let push = [Head::of_put(1).bytes(), &[8]].concat();
    let changes = [
        Change::Append { key: b"q", bytes: &replace, note: list_note(2), version },
        Change::Append { key: b"p", bytes: &push, note: list_note(2), version: of_p },
    ];
    assert!(store.commit(&changes, None).unwrap());
    assert_eq!(read(&other, b"q").unwrap().unwrap(), [&[0x92, 2, 3][..], &replace].concat());
    assert_eq!(read(&other, b"p").unwrap().unwrap(), [0x92, 2, 8]);
    assert!(!is_queue());
    // Where somebody else was faster, nothing happens.
    let mut version = begin();
    assert_eq!(shift(&other, b"q").unwrap(), [2]);
    assert_eq!(store.append(b"q", &replace, list_note(2), Rewrite::Store, &mut version).unwrap(), Appended::Changed);
    assert_eq!(read(&other, b"q").unwrap().unwrap(), [0x91, 3]);
    // An element with a key goes back.
    begin();
    let map = [0x82, 0xa1, b'k', 1, 0xa1, b'l', 2];
    let mut version = put(&store, b"q", &map);
    let first = Item { key: Some(b"k"), element: &[1] };
    let token = store.take_read(b"q", first, (&[0x81, 0xa1, b'l', 2], &[]), &mut version).unwrap().unwrap();
    put(&store, b"q", &[0x92, 5, 6]);
    shift(&other, b"q").unwrap();
    store.give_back(token);
    assert!(!is_queue());
    assert_eq!(read(&other, b"q").unwrap().unwrap(), [&[0x91, 6, 0x93, 0xff, 0xa1, b'k'][..], &[1]].concat());
}

#[test]
fn a_queue_expires_as_its_list_would_have() {
    let redis = Redis::start(&[]);
    let (store, other) = (on(&redis), on(&redis));
    let expiry = sync_backend::Now::read().after(3_600_000);
    let mut version = ServerVersion::default();
    store.put_until(b"q", (&list(0..100), &[]), expiry, &mut version).unwrap();
    for n in 0..90 {
        assert_eq!(shift(&store, b"q"), Some(element(n)));
    }
    let (token, _) = take(&other, b"q").unwrap();
    push(&other, b"q", 100);
    other.give_back(token);
    let facts = store.facts(b"q").unwrap().unwrap();
    assert_eq!(facts.expiry.map(|at| at.milliseconds()), expiry.map(|at| at.milliseconds()));
    assert!(redis.tell(&["PTTL", "{app}:v:q"]).integer().unwrap() > 3_500_000);
    assert_eq!(read(&store, b"q").unwrap().unwrap(), list(90..101));
}

#[test]
fn a_reader_that_follows_a_long_list_is_sent_what_is_new() {
    let redis = Redis::start(&[]);
    let (writer, reader) = (on(&redis), on(&redis));
    put(&writer, b"log", &list(0..LONG));
    push(&writer, b"log", LONG);
    let (mut version, mut bytes) = (ServerVersion::default(), Vec::new());
    assert_eq!(reader.get(b"log", &mut version, &mut bytes).unwrap(), Found::Value);
    let sent = sent(&redis, || {
        for n in 1..100 {
            push(&writer, b"log", LONG + n);
            assert_eq!(reader.get(b"log", &mut version, &mut bytes).unwrap(), Found::Appended);
            assert_eq!(bytes, patch(LONG + n, LONG + n));
            assert_eq!(reader.get(b"log", &mut version, &mut bytes).unwrap(), Found::Unchanged);
        }
    });
    assert!(sent < 100 * SENT_FOR_ONE, "{sent} bytes");
    // Another list in its place, a shorter and a longer one, and none, are found as well.
    for other in [list(0..10), list(5..LONG), list(0..LONG + 500)] {
        put(&writer, b"log", &other);
        push(&writer, b"log", 1);
        assert_eq!(reader.get(b"log", &mut version, &mut bytes).unwrap(), Found::Value);
        assert!(bytes.starts_with(&other));
    }
    writer.remove(b"log").unwrap();
    assert_eq!(reader.get(b"log", &mut version, &mut bytes).unwrap(), Found::Missing);
}

#[test]
fn a_server_without_memory_lets_go_of_what_it_has() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    put(&store, b"q", &list(0..40));
    put(&store, b"a", &[1]);
    put(&store, b"b", &[1]);
    assert_eq!(shift(&store, b"q"), Some(element(0)));
    redis.tell(&["CONFIG", "SET", "maxmemory", "1"]);
    assert!(store.put(b"a", &[2], &mut ServerVersion::default()).is_err(), "it has none");
    // Reading goes on, in all ways.
    let uncached = ServerStore::new(&redis.address("", "?prefix=app&cache=0"), || 0);
    for store in [&store, &on(&redis), &uncached] {
        assert_eq!(store.len().unwrap(), 3);
        assert_eq!(store.snapshot().unwrap().len(), 3);
        assert_eq!(
            store.peek(b"q", &mut ServerVersion::default(), &mut Vec::new()).unwrap(),
            Peeked::Noted(list_note(39))
        );
        assert_eq!(read(store, b"q").unwrap().unwrap(), list(1..40));
    }
    // By one that knows the queue, and by one that does not.
    for store in [&store, &on(&redis)] {
        let first = read(store, b"q").unwrap().unwrap();
        let first = &first[if first[0] == 0xdc { 3 } else { 1 }..][..2 + ELEMENT];
        assert_eq!(shift(store, b"q").as_deref(), Some(first));
        let (token, _) = take(store, b"q").unwrap();
        assert!(store.finish(token).unwrap());
        let (token, _) = take(store, b"q").unwrap();
        store.give_back(token);
    }
    assert_eq!(read(&store, b"q").unwrap().unwrap(), list(5..40));
    assert!(store.remove(b"a").unwrap());
    assert!(store.commit(&[Change::Remove { key: b"b" }], None).unwrap());
    store.replace(&[]).unwrap();
    assert_eq!(store.len().unwrap(), 0);
    redis.tell(&["CONFIG", "SET", "maxmemory", "0"]);
    put(&store, b"a", &[3]);
    assert_eq!(read(&store, b"a").unwrap(), Some(vec![3]));
}

/// Where nobody has taken an element off before, and where somebody is in the way.
#[test]
fn a_server_without_memory_lets_elements_go_of_any_array_and_locks_be_taken() {
    let redis = Redis::start(&[]);
    let (store, other) = (on(&redis), ServerStore::new(&redis.address("", "?prefix=app&timeout=6"), || 0));
    for name in ["a", "b", "c", "d"] {
        put(&store, name.as_bytes(), &list(0..10));
    }
    put(&store, b"map", b"\x82\xa1x\x01\xa1y\x02");
    put(&other, b"x", &[1]);
    let mut version = ServerVersion::default();
    store.get(b"map", &mut version, &mut Vec::new()).unwrap();
    redis.tell(&["CONFIG", "SET", "maxmemory", "1"]);
    assert!(store.put(b"x", &[2], &mut ServerVersion::default()).is_err(), "it has none");
    assert_eq!(shift(&store, b"a"), Some(element(0)));
    let (token, bytes) = take(&store, b"b").unwrap();
    assert_eq!((store.finish(token).unwrap(), bytes), (true, element(0)));
    let (token, _) = take(&store, b"c").unwrap();
    store.give_back(token);
    assert_eq!(
        [b"a", b"b", b"c"].map(|name| read(&other, name).unwrap().unwrap().len()),
        [list(1..10).len(), list(1..10).len(), list(0..10).len()]
    );
    let first = Item { key: Some(b"\xa1x"), element: &[1] };
    let token = store.take_read(b"map", first, (&[], b"\x81\xa1y\x02"), &mut version).unwrap().unwrap();
    assert!(store.finish(token).unwrap());
    // Others are waited for, of whom the first one in the line does not come.
    other.lock(Default::default()).unwrap();
    let held = store.lock(Default::default()).unwrap_err();
    let Remedy::Wait(held) = held.remedy() else { panic!("{held}") };
    let mut waiter = Default::default();
    store.wait(&mut waiter, &held, Duration::from_millis(1));
    let Value::List(line) = redis.tell(&["ZRANGE", "{app}:waiting", "0", "-1"]) else { panic!() };
    assert_eq!(line.len(), 1, "it stands in the line");
    other.unlock();
    let stopped = redis.connect();
    let run =
        redis.lines(&["INFO", "server"]).into_iter().find_map(|line| Some(line.strip_prefix("run_id:")?.to_owned()));
    let mark = format!("{}:{}:1:0", stopped.greeting().id, run.unwrap());
    redis.tell(&["CONFIG", "SET", "maxmemory", "0"]);
    redis.tell(&["ZADD", "{app}:waiting", "1", &mark]);
    redis.tell(&["CONFIG", "SET", "maxmemory", "1"]);
    until("the lock", || match store.lock(Default::default()) {
        Ok(()) => true,
        Err(error) if matches!(error.remedy(), Remedy::Wait(_)) => false,
        Err(error) => panic!("{error}"),
    });
    store.unlock();
}

#[test]
fn an_item_that_has_gone_back_from_under_its_consumer_is_not_finished() {
    let redis = Redis::start(&[]);
    let (store, other) = (on(&redis), on(&redis));
    put(&store, b"q", &[0x93, 1, 2, 3]);
    let end_all = || drop(redis.connect().ask(&[b"CLIENT", b"KILL", b"TYPE", b"normal"], &mut |_| ()).unwrap());
    // Nobody has looked meanwhile.
    let (token, _) = take(&store, b"q").unwrap();
    end_all();
    assert!(store.finish(token).unwrap());
    // Somebody has.
    let (token, bytes) = take(&store, b"q").unwrap();
    end_all();
    until("the item goes back", || read(&other, b"q").unwrap().unwrap() == [0x92, 2, 3]);
    assert_eq!(bytes, [2]);
    assert!(!store.finish(token).unwrap() && store.has_gone_back());
    // Everything was replaced.
    let (token, _) = take(&store, b"q").unwrap();
    other.replace(&[]).unwrap();
    assert!(!store.finish(token).unwrap() && !store.has_gone_back());
}

#[test]
fn a_store_whose_life_was_removed_by_somebody_else_is_one_again() {
    let redis = Redis::start(&[]);
    let (store, other) = (on(&redis), on(&redis));
    put(&store, b"q", &list(0..3));
    redis.tell(&["DEL", "{app}:life"]);
    let mut version = ServerVersion::default();
    let append = |version: &mut ServerVersion| {
        other.peek(b"q", version, &mut Vec::new()).unwrap();
        other.append(b"q", &patch(3, 3), list_note(4), Rewrite::Store, version).unwrap()
    };
    let is_done = append(&mut version) == Appended::Done;
    store.lock(sync_backend::Patience::default()).unwrap();
    store.unlock();
    until("it can be appended to", || is_done || append(&mut version) == Appended::Done);
    assert_eq!(read(&store, b"q").unwrap().unwrap(), [&list(0..3)[..], &patch(3, 3)].concat());
}
