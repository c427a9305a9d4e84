//! A change that was sent again, as its answer was lost, leaves nothing in the cache that the server would not tell of.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use sync_backend::{Backend, Patience, Rewrite, list, list_note};
use sync_server::testing::{Faults, Proxy, Redis, Steps, put, read, until};
use sync_server::{Address, Connection, Endpoint, ServerError, ServerStore, ServerVersion, Value};

type Change = fn(&ServerStore) -> Result<(), ServerError>;

/// Kinds of changes, of a value that is 5 before.
const CHANGES: [(&str, Change); 3] = [
    ("add", |store| store.add_number(b"n", 1, &mut ServerVersion::default()).map(drop)),
    ("put", |store| store.put(b"n", &[0xa1, b'x'], &mut ServerVersion::default())),
    ("put of a new name", |store| store.put(b"new", &[1], &mut ServerVersion::default())),
];

/// A store behind a proxy, which has read the value that is there.
fn behind(proxy: &Proxy, options: &str) -> ServerStore {
    let Endpoint::Host(host) = proxy.endpoint() else { panic!("a proxy has a port") };
    let address = Address::parse(format!("redis://127.0.0.1:{}{options}", host.port).as_bytes()).unwrap();
    let store = ServerStore::new(&address, || 0);
    read(&store, b"n").unwrap();
    store
}

#[test]
fn the_server_tells_of_later_changes_to_a_value_whose_change_was_sent_again() {
    for (kind, change) in CHANGES {
        // The bytes of answers before the change and behind it, for a cut at each of those between.
        let start = || {
            let redis = Redis::start(&[]);
            put(&ServerStore::new(&redis.address("", ""), || 0), b"n", &[5]);
            redis
        };
        let (before, after) = {
            let redis = start();
            let proxy = Proxy::start(redis.socket(), Faults::default());
            let store = behind(&proxy, "");
            let before = proxy.answers();
            change(&store).unwrap();
            (before, proxy.answers())
        };
        for cut in (before + 1..after).step_by(20) {
            let redis = start();
            let proxy = Proxy::start(redis.socket(), Faults { cut_answers: Some(cut), ..Faults::default() });
            let store = behind(&proxy, "");
            change(&store).unwrap();
            let other = ServerStore::new(&redis.address("", ""), || 0);
            for name in [&b"n"[..], b"new"] {
                let mut version = ServerVersion::default();
                // (What is in the cache is what has to be told of.)
                store.retry(|store| store.get(name, &mut version, &mut Vec::new())).unwrap();
                put(&other, name, &[42]);
                let start = std::time::Instant::now();
                until("the word of the other's change", || {
                    assert!(start.elapsed() < Duration::from_secs(5), "{kind}, cut at {cut} of {before} to {after}");
                    read(&store, name).unwrap() == Some(vec![42])
                });
            }
        }
    }
}

#[test]
fn the_record_of_a_request_lives_longer_than_the_request_is_sent_again() {
    let redis = Redis::start(&[]);
    let store = ServerStore::new(&redis.address("", "?timeout=600"), || 0);
    let mut version = ServerVersion::default();
    let lives = |kind: &str| {
        let Value::List(keys) = redis.tell(&["KEYS", "{sync}:process:*"]) else { panic!() };
        let own = String::from_utf8(keys[0].text().unwrap().to_vec()).unwrap();
        let left = redis.tell(&["PTTL", &own]).integer().unwrap();
        assert!(left > 4 * 600_000, "{kind}: {left}");
        // The next one is to begin anew.
        redis.tell(&["PEXPIRE", &own, "100000"]);
    };
    store.put(b"n", &[5], &mut version).unwrap();
    lives("put of a new name");
    store.put(b"n", &[6], &mut version).unwrap();
    lives("put");
    store.add_number(b"n", 1, &mut version).unwrap();
    lives("add");
    store.put_first(b"list", b"\x93\x01\x02\x03", list_note(3), &mut version).unwrap();
    store.shift(b"list", &mut version, &mut Vec::new()).unwrap();
    lives("the first shift");
    store.shift(b"list", &mut version, &mut Vec::new()).unwrap();
    lives("shift");
}

/// A change, and whether it was made.
type Attempt = fn(&ServerStore) -> Result<bool, ServerError>;

/// Asks a server something over a connection of its own.
fn ask(address: &Address, words: &[&[u8]]) -> Value {
    let sync_server::Place::Socket(path) = &address.server.place else { panic!("it is at a socket") };
    let mut connection = Connection::open(&Endpoint::Socket(path.clone()), &address.server).unwrap();
    connection.ask(words, &mut |_| ()).unwrap()
}

/// The same, of requests in words with a space between them.
fn ask_all(address: &Address, requests: &[String]) {
    for request in requests {
        ask(address, &request.splitn(3, ' ').map(str::as_bytes).collect::<Vec<_>>());
    }
}

/// Lets the request of a change be lost on its way: what is in its way by then lets it be refused when it is sent again. Once that is no more, the first
/// one arrives.
fn arrives_behind_its_refusal(name: &str, attempt: Attempt, in_its_way: &[&str], no_more: &[&str]) {
    let redis = Redis::start(&[]);
    let steps = Steps::start(&redis.socket());
    let address = format!("unix://{}", steps.socket().display());
    let store = ServerStore::new(&Address::parse(address.as_bytes()).unwrap(), || 0);
    let mut version = ServerVersion::default();
    put(&store, b"n", &[5]);
    put(&store, b"x", &[0xa1, b'x']);
    store.put_first(b"q", b"\x93\x01\x02\x03", list_note(3), &mut version).unwrap();
    store.shift(b"q", &mut version, &mut Vec::new()).unwrap();
    [&b"n"[..], b"x", b"q"].iter().for_each(|name| drop(read(&store, name).unwrap()));
    // A lock as it looks at the server.
    let other = ServerStore::new(&redis.address("", ""), || 0);
    other.lock(Patience::default()).unwrap();
    let Value::Text(mark) = redis.tell(&["GET", "{sync}:hold"]) else { panic!() };
    let mark = String::from_utf8(mark).unwrap();
    other.unlock();
    let requests = |all: &[&str]| all.iter().map(|request| request.replace("MARK", &mark)).collect::<Vec<_>>();
    let (in_its_way, no_more) = (requests(in_its_way), requests(no_more));

    let lost: Arc<Mutex<Option<Vec<Vec<u8>>>>> = Arc::default();
    let (direct, first) = (redis.address("", ""), lost.clone());
    steps.before(move |words| {
        let mut first = first.lock().unwrap();
        if words[0].starts_with(b"EVAL") && first.is_none() {
            *first = Some(words.to_vec());
            ask(&direct, &[b"CLIENT", b"KILL", b"TYPE", b"normal", b"SKIPME", b"yes"]);
            ask_all(&direct, &in_its_way);
        }
    });
    let outcome = attempt(&store);
    assert!(!matches!(outcome, Ok(true)), "{name}: it was to be refused");
    let direct = redis.address("", "");
    ask_all(&direct, &no_more);
    let state = || redis.tell(&["MGET", "{sync}:v:n", "{sync}:v:x", "{sync}:v:q", "{sync}:v:new", "{sync}:v:0"]);
    let (before, lost) = (state(), lost.lock().unwrap().take().unwrap());
    ask(&direct, &lost.iter().map(|word| &word[..]).collect::<Vec<_>>());
    assert_eq!(state(), before, "{name}: {outcome:?}");
}

#[test]
fn a_request_that_arrives_behind_its_own_refusal_does_nothing() {
    let changes: [(&str, Attempt); 8] = [
        ("add", |store| Ok(store.add_number(b"n", 1, &mut ServerVersion::default())?.is_some())),
        ("put", |store| store.put(b"x", &[1], &mut ServerVersion::default()).map(|()| true)),
        ("push", |store| {
            let mut version = ServerVersion::default();
            store.get(b"q", &mut version, &mut Vec::new())?;
            let element = list::Head::of_put(2);
            store.append(b"q", &[element.bytes(), &[4]].concat(), list_note(3), Rewrite::Store, &mut version)?;
            Ok(true)
        }),
        ("shift", |store| store.shift(b"q", &mut ServerVersion::default(), &mut Vec::new()).map(|_| true)),
        ("put of a new name", |store| store.put(b"new", &[1], &mut ServerVersion::default()).map(|()| true)),
        ("put of the next number", |store| {
            store.put_next(&[], &[1], 0, &mut ServerVersion::default()).map(|number| number.is_some())
        }),
        ("remove", |store| store.remove(b"x")),
        ("clear", |store| store.replace(&[]).map(|()| true)),
    ];
    for (name, attempt) in changes {
        arrives_behind_its_refusal(name, attempt, &["SET {sync}:hold MARK"], &["DEL {sync}:hold"]);
    }
    let unless_changed: Attempt = |store| {
        let mut version = ServerVersion::default();
        store.get(b"x", &mut version, &mut Vec::new())?;
        store.put_if_unchanged(b"x", &[1], &mut version)
    };
    let there = ["RENAME {sync}:v:x {sync}:v:kept"];
    let back = ["DEL {sync}:v:x", "RENAME {sync}:v:kept {sync}:v:x"];
    for other in ["SET {sync}:v:x other", "SADD {sync}:v:x other"] {
        arrives_behind_its_refusal("put_if_unchanged", unless_changed, &[there[0], other], &back);
    }
    let put: Attempt = |store| store.put(b"x", &[1], &mut ServerVersion::default()).map(|()| true);
    arrives_behind_its_refusal("put over a foreign key", put, &[there[0], "SADD {sync}:v:x other"], &back);
    let ended = ["RENAME {sync}:counters {sync}:kept"];
    let begun = ["RENAME {sync}:kept {sync}:counters"];
    arrives_behind_its_refusal("remove without a store", |store| store.remove(b"x"), &ended, &begun);
}

/// An element that was shifted is in the record of that. The next change looks at the record, and takes no longer for the element.
#[test]
fn the_answer_in_a_record_is_read_only_where_it_is_asked_for() {
    use std::io::{BufRead, BufReader, Write};
    let redis = Redis::start(&[]);
    let store = ServerStore::new(&redis.address("", "?prefix=app"), || 0);
    put(&store, b"list", &[0x93, 1, 2, 3]);
    put(&store, b"n", &[5]);
    let mut stream = std::os::unix::net::UnixStream::connect(redis.socket()).unwrap();
    stream.write_all(b"MONITOR\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "+OK");
    let version = &mut ServerVersion::default();
    for change in 0..3 {
        store.shift(b"list", version, &mut Vec::new()).unwrap();
        match change {
            0 => drop(store.add_number(b"n", 1, version).unwrap()),
            1 => store.put(b"n", &[7], version).unwrap(),
            _ => store.put(b"new", &[7], version).unwrap(),
        }
    }
    redis.tell(&["ECHO", "that was all"]);
    let own: Vec<String> = lines
        .map(Result::unwrap)
        .take_while(|line| !line.contains("that was all"))
        .filter(|line| line.contains(" lua]") && line.contains("\"{app}:process:"))
        .collect();
    let count = |word: &str| own.iter().filter(|line| line.contains(word)).count();
    assert_eq!([count("\"SET\""), count("\"GETRANGE\""), own.len()], [6, 6, 12], "{own:#?}");
}
