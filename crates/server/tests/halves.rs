//! Changes that the server does not take are not made by a half; and where others have seen to it that one is, nobody goes on with what was before.

use std::fmt::Debug;
use sync_backend::{Backend, Change, Expiry, Now, list_note};
use sync_server::testing::{Redis, put, read, until};
use sync_server::{ErrorKind, ServerError, ServerStore, ServerVersion};

/// The most that the server lets a value become.
const MOST: usize = 1 << 20;
/// The bytes before a value, and an element that fills two thirds of what is left.
const HEAD: usize = 32;
const LONG: usize = (MOST - HEAD) * 2 / 3;

fn put_of<'a>(key: &'a [u8], head: &'a [u8], expiry: Option<Expiry>) -> Change<'a, ServerVersion> {
    Change::Put { key, head, body: &[], note: None, expiry, anew: false }
}

fn refused<T: Debug>(outcome: Result<T, ServerError>) {
    let error = outcome.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Refused(_)), "{error}");
}

#[test]
fn a_value_that_would_be_too_long_keeps_all_changes_of_its_moment_from_being_made() {
    let redis = Redis::start(&["--proto-max-bulk-len", &MOST.to_string()]);
    let store = ServerStore::new(&redis.address("", ""), || 0);
    put(&store, b"n", &[1]);
    let mut version = ServerVersion::default();
    let list = [&[0x91, 0xc6][..], &(LONG as u32).to_be_bytes(), &vec![b'x'; LONG]].concat();
    store.put_first(b"log", &list, list_note(1), &mut version).unwrap();
    let grown = |bytes: &[u8], length| {
        let mut version = ServerVersion::default();
        store.get(b"log", &mut version, &mut Vec::new()).unwrap();
        let append = Change::Append { key: b"log", bytes, note: list_note(length), version };
        store.commit(&[put_of(b"n", &[2], None), put_of(b"new", &[3], None), append], None)
    };
    let left = MOST - HEAD - list.len();
    refused(grown(&vec![0xc0; left + 1], 1));
    assert_eq!([read(&store, b"n").unwrap(), read(&store, b"new").unwrap()], [Some(vec![1]), None]);
    assert!(grown(&vec![0xc0; left], 1).unwrap());
    assert_eq!([read(&store, b"n").unwrap(), read(&store, b"new").unwrap()], [Some(vec![2]), Some(vec![3])]);
}

/// One that is a little longer is sent whole before the server has seen its length, one that is much longer is not.
#[test]
fn a_value_that_is_too_long_by_itself_is_refused_at_once() {
    let redis = Redis::start(&["--proto-max-bulk-len", &MOST.to_string()]);
    let store = ServerStore::new(&redis.address("", ""), || 0);
    put(&store, b"x", &[1]);
    for length in [MOST + 1, 8 * MOST] {
        let mut version = ServerVersion::default();
        let error = store.put(b"x", &vec![b'x'; length], &mut version).unwrap_err();
        assert!(error.to_string().contains("store it in parts"), "{error}");
        assert_eq!(read(&store, b"x").unwrap(), Some(vec![1]));
    }
    let logins = redis.tell(&["INFO", "stats"]).text().map(|info| String::from_utf8_lossy(info).into_owned()).unwrap();
    let number = logins.lines().find_map(|line| line.strip_prefix("total_connections_received:")).unwrap();
    // (It is not sent again.)
    assert!(number.trim().parse::<u32>().unwrap() < 10, "{number}");
}

#[test]
fn a_script_that_ends_in_its_middle_leaves_nothing_in_the_cache_that_the_server_would_not_tell_of() {
    let redis = Redis::start(&[]);
    let store = ServerStore::new(&redis.address("", ""), || 0);
    put(&store, b"n", &[1]);
    assert_eq!(read(&store, b"n").unwrap(), Some(vec![1]));
    // (Another program has put something there.)
    redis.tell(&["SET", "{sync}:due", "foreign"]);
    let expiry = Now::read().after(3_600_000);
    refused(store.commit(&[put_of(b"n", &[2], None), put_of(b"new", &[3], expiry)], None));
    redis.tell(&["DEL", "{sync}:due"]);
    let other = ServerStore::new(&redis.address("", "?timeout=6"), || 0);
    assert_eq!(read(&store, b"n").unwrap(), read(&other, b"n").unwrap());
    put(&other, b"n", &[4]);
    until("the word of the other's change", || read(&store, b"n").unwrap() == Some(vec![4]));
}
