//! The command with stores on a server, and copies between all kinds of store.

mod common;

use std::process::{Command, Output, Stdio};

use common::{Place, Scratch, fails, put, text};
use sync_backend::{Backend, Change, Expiry, Now, Rewrite, Snapshot, list_note};
use sync_server::testing::Redis;
use sync_server::{ServerStore, ServerVersion};
use sync_store::Version;

/// An object of the class C with the property a = 1.
const OBJECT: &[u8] = b"\x92\xc7\x01\x01C\x81\xa1a\x01";

fn syncctl(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_syncctl")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[track_caller]
fn fine(arguments: &[&str]) -> String {
    let output = syncctl(arguments);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()), "{arguments:?}");
    text(&output.stdout)
}

fn address(redis: &Redis, options: &str) -> String {
    format!("unix://{}{options}", redis.socket().display())
}

fn store(redis: &Redis, options: &str) -> ServerStore {
    ServerStore::new(&redis.address("", options), || 0)
}

type Kept = (Vec<u8>, Vec<u8>, String, Option<Expiry>);

/// Each name, its value, its note and its expiry, in their order.
fn everything<B: Backend>(store: &B) -> Vec<Kept> {
    let snapshot: Snapshot = store.snapshot().unwrap();
    let entries = snapshot.iter().map(|(name, value)| {
        let mut version = B::Version::default();
        let note = match store.peek(name, &mut version, &mut Vec::new()).unwrap() {
            sync_backend::Peeked::Noted(note) => format!("{note}"),
            _ => String::new(),
        };
        (name.to_vec(), value.to_vec(), note, B::expiry_of(&version))
    });
    entries.collect()
}

/// That two stores have the same, and that it expires at the same time: the clocks of a server and of its clients differ by some ms.
#[track_caller]
fn are_the_same<A: Backend, B: Backend>(one: &A, other: &B) {
    let (one, other) = (everything(one), everything(other));
    assert_eq!(one.len(), other.len());
    for (one, other) in one.into_iter().zip(other) {
        assert!((&one.0, &one.1, &one.2) == (&other.0, &other.1, &other.2), "{}", text(&one.0));
        are_close(one.3, other.3);
    }
}

#[track_caller]
fn are_close(one: Option<Expiry>, other: Option<Expiry>) {
    let [one, other] = [one, other].map(|expiry| expiry.map_or(u64::MAX, Expiry::milliseconds));
    assert!(one.abs_diff(other) < 100, "{one} {other}");
}

/// Fills a store with everything that one can have.
fn fill<B: Backend>(store: &B) {
    let changes: Vec<Vec<u8>> = (0..2_500).map(|n| format!("name {n}").into_bytes()).collect();
    for part in changes.chunks(1_000) {
        let puts = part.iter().map(|name| Change::Put {
            key: name,
            head: &[],
            body: b"\x07",
            note: None,
            expiry: None,
            anew: false,
        });
        store.commit(&puts.collect::<Vec<_>>(), None).unwrap();
    }
    let mut version = B::Version::default();
    store.put(b"\xff\x00bytes", b"\xc4\x03\xff\x00\r", &mut version).unwrap();
    let long = [&b"\xdb\x00\x20\x00\x00"[..], &vec![b'x'; 2 << 20]].concat();
    store.put(b"long", &long, &mut B::Version::default()).unwrap();
    store.put(b"", b"\xc0", &mut B::Version::default()).unwrap();
    let expiry = Now::read().after(1_000_000);
    store.put_until(b"expires", (b"\x2a", b""), expiry, &mut B::Version::default()).unwrap();
    let mut version = B::Version::default();
    store.put_first(b"list", b"\x91\x01", list_note(1), &mut version).unwrap();
    store.append(b"list", b"\x92\x91\x01\x02", list_note(2), Rewrite::Store, &mut version).unwrap();
    let mut version = B::Version::default();
    store.put(b"objects", &[b"\x91", OBJECT].concat(), &mut version).unwrap();
    store.append(b"objects", &[b"\x92\x91\x01", OBJECT].concat(), i64::MIN, Rewrite::Store, &mut version).unwrap();
    store.remove(b"name 3").unwrap();
    store.put(b"name 3", b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", &mut B::Version::default()).unwrap();
}

#[test]
fn a_copy_to_a_server_and_back_is_the_same_store() {
    let redis = Redis::start(&[]);
    let (from, back) = (Scratch::new(), Scratch::new());
    fill(&from.store());
    let (from_path, back_path) = (from.0.to_str().unwrap(), back.0.to_str().unwrap());
    let server = address(&redis, "?prefix=copy");
    let other = address(&redis, "?db=1&prefix=other");
    assert_eq!(fine(&["copy", from_path, &server]), "");
    are_the_same(&store(&redis, "?prefix=copy"), &from.store());
    // From server to server, without a cache.
    fine(&["copy", &format!("{server}&cache=0"), &other]);
    fine(&["copy", &other, back_path]);
    are_the_same(&back.store(), &from.store());
    fine(&["check", back_path]);
    // From file to file.
    let third = Scratch::new();
    fine(&["copy", back_path, third.0.to_str().unwrap()]);
    are_the_same(&third.store(), &from.store());
    assert_eq!(fine(&["export", "--lock", &server, "name 24"]), fine(&["export", from_path, "name 24"]));
    assert_eq!(fine(&["ls", "-0", &server]), fine(&["ls", "-0", from_path]));
    let names = syncctl(&["export", &server]);
    fails(&names, 4, "2 names are left out");
    fails(&names, 4, "1 value expires");
}

#[test]
fn a_copy_replaces_names_and_all_where_it_is_to() {
    let redis = Redis::start(&[]);
    let (from, server) = (Scratch::new(), address(&redis, ""));
    let file = from.0.to_str().unwrap();
    from.fine_with("import", &[], b"{\"b\": 1, \"a\": 2, \"c\": 3}");
    for (name, value) in [("a", "0"), ("stays", "true")] {
        fine(&["set", "--ttl", "1000", &server, name, value]);
    }
    fine(&["copy", file, &server]);
    assert_eq!(fine(&["ls", &server]), "a\nstays\nb\nc\n");
    assert_eq!(fine(&["get", &server, "a"]), "2\n");
    assert!(fine(&["stat", &server, "a"]).contains("expires      never"));
    fine(&["copy", "--replace", file, &server]);
    assert_eq!(fine(&["ls", &server]), "b\na\nc\n");
    // Nothing is removed for a store that is not there.
    let missing = Scratch::new();
    fails(&syncctl(&["copy", "--replace", missing.0.to_str().unwrap(), &server]), 1, "There is no file");
    let nowhere = address(&redis, "?prefix=nowhere");
    fails(&syncctl(&["copy", "--replace", &nowhere, &server]), 1, "There is no store at 'unix://");
    fails(&syncctl(&["copy", &server, &address(&redis, "?cache=0")]), 2, "are the same store");
    fails(&syncctl(&["copy", file, file]), 2, "are the same store");
    assert_eq!(fine(&["ls", &server]), "b\na\nc\n");
    // An empty one makes an empty one.
    from.fine("rm", &["a", "b", "c"]);
    fine(&["copy", file, &nowhere]);
    assert_eq!(fine(&["ls", &nowhere]), "");
}

#[test]
fn items_in_consumption_are_carried_by_files_and_told_of_by_servers() {
    let redis = Redis::start(&[]);
    let (from, to) = (Scratch::new(), Scratch::new());
    from.fine("set", &["jobs", "[1,2,3]"]);
    let consumer = from.store();
    consumer.take(b"jobs", &mut Vec::new()).unwrap();
    let server = address(&redis, "");
    fine(&["copy", from.0.to_str().unwrap(), &server]);
    assert_eq!(fine(&["get", &server, "jobs"]), "[1,2,3]\n");
    let consumer = store(&redis, "");
    consumer.take(b"jobs", &mut Vec::new()).unwrap();
    let copied = syncctl(&["copy", &server, to.0.to_str().unwrap()]);
    fails(&copied, 4, "1 item that 'jobs' had, and that are being consumed, are left out: the server keeps them");
    fails(&copied, 4, "1 item is left out.");
    assert_eq!(to.fine("get", &["jobs"]), "[2,3]\n");
}

#[test]
fn a_copy_is_of_one_moment_while_others_write() {
    let redis = Redis::start(&[]);
    let server = address(&redis, "");
    let file = Scratch::new();
    file.store().commit(&[put(b"a", b"\x00"), put(b"b", b"\x00")], None).unwrap();
    let (path, stop) = (file.0.clone(), std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)));
    let stopped = stop.clone();
    let writer = std::thread::spawn(move || {
        let store = sync_store::Store::new(path, Default::default());
        let mut n = 0u8;
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            n = (n + 1) % 100;
            store.retry(|store| store.commit(&[put(b"a", &[n]), put(b"b", &[n])], None)).unwrap();
        }
    });
    for _ in 0..2 {
        fine(&["copy", file.0.to_str().unwrap(), &server]);
        assert_eq!(fine(&["get", &server, "a"]), fine(&["get", &server, "b"]));
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    writer.join().unwrap();
}

#[test]
fn a_failure_in_the_middle_tells_how_much_is_stored() {
    let redis = Redis::start(&["--maxmemory", "8mb", "--maxmemory-policy", "noeviction"]);
    let from = Scratch::new();
    for n in 0..16 {
        from.put(format!("{n}").as_bytes(), &[&b"\xdb\x00\x10\x00\x00"[..], &vec![b'x'; 1 << 20]].concat());
    }
    let failed = syncctl(&["copy", from.0.to_str().unwrap(), &address(&redis, "")]);
    fails(&failed, 3, "has no memory left");
    fails(&failed, 3, "before that were stored.");
}

#[test]
fn values_on_a_server_are_read_and_written_as_in_a_file() {
    let redis = Redis::start(&[]);
    let server = address(&redis, "");
    for command in ["ls", "stat", "export", "get x", "rm x"] {
        let (command, name) = command.split_once(' ').map_or((command, None), |(command, name)| (command, Some(name)));
        let arguments: Vec<&str> = [command, &server].into_iter().chain(name).collect();
        fails(&syncctl(&arguments), 1, "There is no store at 'unix://");
    }
    fine(&["set", &server, "x", "{\"a\":[1,2.0]}"]);
    fine(&["set", &server, "n", "7"]);
    assert_eq!(fine(&["get", &server, "x"]), "{\"a\":[1,2.0]}\n");
    assert_eq!(fine(&["ls", "--long", &server]).lines().count(), 2);
    assert!(fine(&["stat", &server]).starts_with("names        2\n"));
    assert!(fine(&["stat", &server, "n"]).contains("type         int"));
    fails(&syncctl(&["get", &server, "y"]), 1, "There is no 'y' in 'unix://");
    fails(&syncctl(&["rm", &server, "y", "n"]), 1, "There is no 'y' in 'unix://");
    assert_eq!(fine(&["export", &server]), "{\n\"x\":{\"a\":[1,2.0]}\n}\n");
    let file = Scratch::new();
    file.fine("set", &["y", "1", "--ttl", "1000"]);
    let mut import = Command::new(env!("CARGO_BIN_EXE_syncctl"));
    import.args(["import", "--msgpack", "--replace", &server]).stdin(Stdio::piped());
    let mut import = import.spawn().unwrap();
    let exported = file.run("export", &["--msgpack"]).stdout;
    std::io::Write::write_all(&mut import.stdin.take().unwrap(), &exported).unwrap();
    assert!(import.wait().unwrap().success());
    let again = syncctl(&["export", "--msgpack", &server]).stdout;
    assert!(again.starts_with(b"\x93\xc4\x01y\xc4\x01\x01\xcf") && again.len() == exported.len());
    let mut version = ServerVersion::default();
    store(&redis, "").get(b"y", &mut version, &mut Vec::new()).unwrap();
    let mut in_file = Version::default();
    file.store().get(b"y", &mut in_file, &mut Vec::new()).unwrap();
    assert!(ServerStore::expiry_of(&version).is_some());
    are_close(ServerStore::expiry_of(&version), sync_store::Store::expiry_of(&in_file));
    let closed = syncctl(&["get", "redis://localhost:1/0", "x"]);
    fails(&closed, 3, "redis://localhost:1/0");
    assert!(text(&closed.stderr).ends_with("its address?\n"), "{closed:?}");
    for command in ["check", "compact"] {
        fails(&syncctl(&[command, &server]), 2, "takes files alone");
    }
}

#[test]
fn no_message_shows_a_password() {
    let redis = Redis::start(&["--requirepass", "right"]);
    let socket = redis.socket().display().to_string();
    let with = |password: &str| format!("unix://:{password}@{socket}");
    fine(&["set", &with("right"), "x", "1"]);
    let file = Scratch::new();
    file.fine("set", &["x", "1"]);
    let file = file.0.to_str().unwrap();
    let (wrong, no_address) = (with("wr0ng"), "rdis://user:wr0ng@host");
    let nowhere = "redis://user:wr0ng@127.0.0.1:1/0";
    for (status, arguments) in [
        (3, vec!["ls", &wrong]),
        (3, vec!["copy", file, &wrong]),
        (3, vec!["copy", &wrong, file]),
        (3, vec!["get", nowhere, "x"]),
        (2, vec!["ls", no_address]),
        (3, vec!["watch", &wrong]),
        (3, vec!["top", &wrong]),
        (3, vec!["top", &wrong, "--once"]),
        (2, vec!["check", &wrong]),
        (2, vec!["copy", &wrong, &wrong]),
        (2, vec![&wrong]),
        (2, vec!["ls", file, "x", &wrong]),
        (1, vec!["get", file, &wrong]),
        (1, vec!["rm", file, no_address]),
    ] {
        let output = syncctl(&arguments);
        let said = [text(&output.stdout), text(&output.stderr)].concat();
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(!said.is_empty() && !said.contains("wr0ng"), "{said}");
    }
    let frame = fine(&["top", &with("right"), "--once"]);
    assert!(frame.contains("unix://:***@/") && !frame.contains("right@"), "{frame}");
    fails(&syncctl(&["get", &with("right"), "y"]), 1, "There is no 'y' in 'unix://:***@/");
}

#[test]
fn a_server_that_would_lose_values_is_told_of_and_the_command_does_what_it_is_to_do() {
    let redis = Redis::start(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let at = address(&redis, "");
    for arguments in
        [&["set", &at, "a", "1"][..], &["get", &at, "a"], &["ls", &at], &["export", &at], &["export", "--lock", &at]]
    {
        let output = syncctl(arguments);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {told}");
        assert_eq!(told.matches("maxmemory-policy is allkeys-lru").count(), 1, "{arguments:?}: {told}");
        assert!(told.starts_with("syncctl: Sync server 'unix://") && !told.contains("put right"), "{told}");
    }
}
