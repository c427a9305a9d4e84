//! Sentinels and clusters that speak TLS, to their clients and among each other.

use std::time::{Duration, Instant};
use sync_backend::{Backend, Patience};
use sync_server::testing::{Authority, Cluster, Encryption, Redis, Validity, Watched, put, read, until};
use sync_server::{Address, ErrorKind, Host, NoConnection, ServerError, ServerStore, ServerVersion, TlsFailure, Value};

/// Files for servers on this machine.
fn encryption(authority: &Authority) -> Encryption {
    authority.encryption(&authority.certify("server", &["localhost", "127.0.0.1"], Validity::Now))
}

/// A store by the hosts of several servers.
fn on(scheme: &str, servers: &[&Redis], behind: &str) -> ServerStore {
    let hosts: Vec<String> =
        servers.iter().map(|server| server.host()).map(|Host { name, port }| format!("{name}:{port}")).collect();
    let text = format!("{scheme}://{}{behind}", hosts.join(","));
    ServerStore::new(&Address::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}")), || 0)
}

fn ca(authority: &Authority) -> String {
    format!("ca={}", authority.ca().display())
}

/// The reason why there is no connection, at all of the hosts or at the one that they name, and the message.
fn reason(result: Result<Option<Vec<u8>>, ServerError>) -> (NoConnection, String) {
    let error = result.expect_err("no connection");
    let text = error.to_string();
    let ErrorKind::NoConnection(mut why) = error.into_kind() else { panic!("{text}") };
    while let NoConnection::At(_, inner) | NoConnection::NoSentinel(_, inner) = why {
        why = *inner;
    }
    (why, text)
}

#[test]
fn sentinels_and_the_servers_that_they_name_are_spoken_to_in_tls() {
    let authority = Authority::new();
    let watched = Watched::start_with(Some(&encryption(&authority)), 2, &[], "");
    let sentinels: Vec<&Redis> = watched.sentinels.iter().collect();
    let store = on("rediss+sentinel", &sentinels, &format!("/main/0?timeout=20&{}", ca(&authority)));
    let version = put(&store, b"a", &[1]);
    assert_eq!(read(&store, b"a").unwrap(), Some(vec![1]));
    assert_ne!(version, ServerVersion::default());
    store.lock(Patience::default()).unwrap();
    store.unlock();

    // The other server takes over, and has the same certificate.
    let has = |server: &Redis, key: &str| server.tell(&["EXISTS", key]) == Value::Integer(1);
    until("the replica has all", || has(&watched.servers[1], "{sync}:v:a"));
    let before = watched.master(&watched.sentinels[0]);
    watched.fail_over();
    let start = Instant::now();
    until("the store goes on at the new master", || {
        store.retry(|store| store.put(b"b", &[2], &mut ServerVersion::default())).is_ok()
            && has(watched.at(watched.master(&watched.sentinels[0])), "{sync}:v:b")
    });
    assert!(start.elapsed() < Duration::from_secs(50), "{:?}", start.elapsed());
    assert_ne!(watched.master(&watched.sentinels[0]), before);
    assert_eq!(read(&store, b"b").unwrap(), Some(vec![2]));

    // The authority is asked for at the sentinels already, and an address without TLS is told of it.
    let stranger = Authority::new();
    let (why, text) =
        reason(read(&on("rediss+sentinel", &sentinels, &format!("/main/0?timeout=1&{}", ca(&stranger))), b"a"));
    assert!(matches!(why, NoConnection::Tls(TlsFailure::UnknownIssuer)), "{text}");
    let (why, text) = reason(read(&on("redis+sentinel", &sentinels, "/main/0?timeout=1"), b"a"));
    assert!(matches!(why, NoConnection::HungUp(_)) && text.contains("rediss"), "{text}");
}

#[test]
fn a_cluster_is_spoken_to_in_tls_at_each_node_that_it_names() {
    let authority = Authority::new();
    let cluster = Cluster::start_with(Some(&encryption(&authority)), 1);
    let options = format!("?timeout=20&prefix=app&{}", ca(&authority));
    for node in 0..3 {
        let store = on("rediss+cluster", &[&cluster.nodes[node]], &options);
        put(&store, b"a", &[node as u8]);
        assert_eq!(read(&store, b"a").unwrap(), Some(vec![node as u8]));
        assert_eq!(store.snapshot().unwrap().len(), 1);
    }
    // Its slot goes to the first node, and from there to that node's replica.
    let store = on("rediss+cluster", &[&cluster.nodes[1]], &options);
    assert_eq!(read(&store, b"a").unwrap(), Some(vec![2]));
    let at = cluster.node_of("app");
    if at != 0 {
        cluster.move_slot("app", at, 0);
    }
    put(&store, b"b", &[3]);
    assert_eq!(cluster.node_of("app"), 0);
    cluster.fail_over("app", 3);
    put(&store, b"c", &[4]);
    assert_eq!(read(&store, b"b").unwrap(), Some(vec![3]));
    assert_eq!(store.len().unwrap(), 3);

    let (why, text) = reason(read(&on("redis+cluster", &[&cluster.nodes[1]], "?timeout=1&prefix=app"), b"a"));
    assert!(matches!(why, NoConnection::HungUp(_)) && text.contains("rediss"), "{text}");
}
