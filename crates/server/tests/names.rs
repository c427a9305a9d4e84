//! Names, sizes and what has changed, without the values: that costs the same however long these are.

use std::time::Duration;
use sync_backend::{Backend, Expiry, Now, Selection, Since, Snapshot, Wanted, list_note};
use sync_server::testing::{Faults, Proxy, Redis, put, read, until};
use sync_server::{Address, Endpoint, ServerStore, ServerVersion};

/// The names of a page.
fn names(store: &ServerStore, prefix: &[u8], limit: u64) -> Vec<String> {
    let mut snapshot = Snapshot::new(Vec::new(), Vec::new());
    let selection = Selection::Page { prefix, after: None, limit };
    store.retry(|store| store.select(&selection, &mut snapshot, 0)).unwrap();
    snapshot.keys().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

/// A string of so many bytes, as MessagePack has it.
fn long(bytes: usize) -> Vec<u8> {
    [&[0xdb][..], &u32::try_from(bytes).unwrap().to_be_bytes(), &vec![b'x'; bytes]].concat()
}

#[test]
fn names_and_sizes_come_without_long_values_and_these_are_whole_when_they_are_read() {
    let redis = Redis::start_at_port(&[]);
    let writer = ServerStore::new(&redis.at(""), || 0);
    let sizes = [0, 1, 200, 210, 211, 212, 213, 214, 215, 216, 217, 250, 255, 256, 1000, 5000, 300_000];
    let mut expected = Vec::new();
    for size in sizes {
        put(&writer, format!("s{size}").as_bytes(), &long(size));
        expected.push(format!("s{size}"));
    }
    put(&writer, b"int", &[7]);
    let queue = [&[0x91][..], &long(20_000)].concat();
    assert!(writer.put_first(b"queue", &queue, list_note(1), &mut ServerVersion::default()).unwrap());
    expected.extend(["int", "queue"].map(str::to_owned));
    let mut gone = ServerVersion::default();
    let soon = Now::read().after(1).unwrap();
    writer.retry(|store| store.put_until(b"gone", (&long(9000), &[]), Some(soon), &mut gone)).unwrap();
    while !Expiry::has_come(soon, Now::read()) {}
    // Others have put something there that is no value.
    put(&writer, b"other", &[1]);
    redis.tell(&["DEL", "{sync}:v:other"]);
    redis.tell(&["RPUSH", "{sync}:v:other", "x"]);
    let whole: u64 = writer.stats().unwrap().live_bytes;
    assert!(whole > 300_000, "{whole}");

    for options in ["", "?cache=0"] {
        let proxy = Proxy::before_port(redis.host(), Faults::default());
        let Endpoint::Host(host) = proxy.endpoint() else { panic!("a proxy has a port") };
        let address = format!("redis://127.0.0.1:{}{options}", host.port);
        let store = ServerStore::new(&Address::parse(address.as_bytes()).unwrap(), || 0);
        assert_eq!(names(&store, b"", u64::MAX), expected, "{options}");
        assert_eq!(names(&store, b"s2", 3), ["s200", "s210", "s211"], "{options}");
        assert_eq!(store.stats().unwrap().live_bytes, whole, "{options}");
        assert!(proxy.answers() < 60_000, "{options}: {} bytes", proxy.answers());
        for size in sizes {
            assert_eq!(read(&store, format!("s{size}").as_bytes()).unwrap(), Some(long(size)), "{options}");
        }
        assert_eq!(read(&store, b"queue").unwrap().as_ref(), Some(&queue), "{options}");
        assert_eq!(names(&store, b"", u64::MAX), expected, "{options}");
        assert_eq!(store.snapshot().unwrap().len(), expected.len(), "{options}");
    }
}

#[test]
fn a_waiter_for_any_change_of_what_it_has_read_is_not_sent_the_values() {
    let redis = Redis::start_at_port(&[]);
    let writer = ServerStore::new(&redis.at(""), || 0);
    let proxy = Proxy::before_port(redis.host(), Faults::default());
    let Endpoint::Host(host) = proxy.endpoint() else { panic!("a proxy has a port") };
    let address = Address::parse(format!("redis://127.0.0.1:{}", host.port).as_bytes()).unwrap();
    let store = ServerStore::new(&address, || 0);
    put(&writer, b"a", &long(1_000_000));
    put(&writer, b"b", &[1]);
    assert_eq!(store.snapshot().unwrap().len(), 2);
    let before = proxy.answers();
    put(&writer, b"a", &long(1_000_001));
    let mut wanted = [Wanted::anything()];
    store.watch(&mut wanted, Since::Seen).unwrap();
    until("it is told", || store.has_changed(&mut wanted, Duration::from_secs(1)).unwrap());
    assert!(proxy.answers() - before < 20_000, "{} bytes", proxy.answers() - before);
    assert_eq!(read(&store, b"a").unwrap(), Some(long(1_000_001)));
}
