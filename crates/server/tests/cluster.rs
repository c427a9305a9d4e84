//! Stores on a cluster, whose slots move and whose nodes die.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use sync_backend::{Backend, BackendError, Found, LockName, LockSpace, Patience, Since, Taken, Taking, Wanted};
use sync_server::testing::{Cluster, Ending, until};
use sync_server::{Address, AddressError, ErrorKind, Reason, ServerError, ServerStore, ServerVersion, Value};

/// The longest time for one operation.
const LONGEST: Duration = Duration::from_secs(60);

fn on(address: &Address) -> ServerStore {
    ServerStore::new(address, || 0)
}

/// The value, as it is now: nobody is waited for who keeps others out.
fn read(store: &ServerStore, key: &[u8]) -> Result<Option<Vec<u8>>, ServerError> {
    let (mut version, mut bytes) = (ServerVersion::default(), Vec::new());
    Ok(match store.get(key, &mut version, &mut bytes)? {
        Found::Missing => None,
        Found::Value => Some(bytes),
        found => panic!("{found:?}"),
    })
}

fn get(store: &ServerStore, key: &[u8]) -> Option<Vec<u8>> {
    read(store, key).unwrap()
}

fn put(store: &ServerStore, key: &[u8], value: &[u8]) {
    store.put(key, value, &mut ServerVersion::default()).unwrap();
}

fn add(store: &ServerStore) -> Result<Option<i64>, ServerError> {
    store.add_number(b"n", 1, &mut ServerVersion::default())
}

/// A node that has not the store with a prefix.
fn another(cluster: &Cluster, prefix: &str) -> usize {
    (cluster.node_of(prefix) + 1) % 3
}

#[test]
fn a_store_is_found_from_any_node_and_all_of_it_is_on_one() {
    let cluster = Cluster::start(0);
    for prefix in ["app", "other", "a%20b"] {
        for node in 0..3 {
            let store = on(&cluster.address(&[node], &format!("?prefix={prefix}")));
            put(&store, b"a", &[node as u8]);
            assert_eq!(add(&store).unwrap(), if node == 0 { None } else { Some(node as i64) });
            if node == 0 {
                put(&store, b"n", &[0]);
            }
            assert_eq!(get(&store, b"a"), Some(vec![node as u8]));
            // An address of one server that is a node of a cluster is as good.
            let plain = on(&cluster.nodes[node].at(&format!("?prefix={prefix}")));
            assert_eq!(get(&plain, b"a"), Some(vec![node as u8]));
        }
        let store = on(&cluster.address(&[0, 1, 2], &format!("?prefix={prefix}")));
        store.replace(&[(b"x", &[1]), (b"y", &[2])]).unwrap();
        assert_eq!(store.snapshot().unwrap().len(), 2);
        put(&store, b"list", &[0x92, 1, 2]);
        assert!(matches!(store.take(b"list", &mut Vec::new()).unwrap(), Taken::Item(_)));
        store.lock(Patience::default()).unwrap();
        let name = LockName { space: LockSpace::Named, name: b"name" };
        assert!(matches!(store.take_lock(name, false).unwrap(), Taking::Taken(_)));
        assert_eq!(store.stats().unwrap().locks.len(), 2);
        store.unlock();
        store.release_lock(name);
        store.destroy().unwrap();
        assert_eq!(store.len().unwrap(), 0);
    }
    for (text, error) in [
        ("redis+cluster://h/1", AddressError::DatabaseOfCluster),
        ("redis+cluster://h?db=1", AddressError::DatabaseOfCluster),
    ] {
        assert_eq!(Address::parse(text.as_bytes()).unwrap_err(), error);
    }
    assert!(Address::parse(b"redis+cluster://h?prefix=%7Ba%7Db").is_err(), "braces would be another slot's");
}

/// Three that change, one that reads both parts of what changes at one moment, while the slot goes round.
#[test]
fn each_change_is_made_once_while_the_slot_moves_from_node_to_node() {
    let cluster = Cluster::start(0);
    let address = cluster.address(&[0, 1, 2], "?timeout=30");
    let store = on(&address);
    let zero = [0xce, 0, 0, 0, 0];
    store.replace(&[(b"n", &[0]), (b"a", &zero), (b"b", &zero)]).unwrap();
    let (is_over, sum, pushed) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let timed = |action: &dyn Fn()| {
        let start = Instant::now();
        action();
        assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let store = on(&address);
                while !is_over.load(Ordering::Acquire) {
                    timed(&|| assert!(add(&store).unwrap().is_some()));
                    sum.fetch_add(1, Ordering::AcqRel);
                    timed(&|| {
                        assert!(store.put_next(&[0xa1, b'x'], &[], 0, &mut ServerVersion::default()).unwrap().is_some())
                    });
                    pushed.fetch_add(1, Ordering::AcqRel);
                }
            });
        }
        scope.spawn(|| {
            let store = on(&address);
            for n in 1_u32.. {
                if is_over.load(Ordering::Acquire) {
                    break;
                }
                let value = [&[0xce][..], &n.to_be_bytes()].concat();
                let put = |key| sync_backend::Change::Put {
                    key,
                    head: &value,
                    body: &[],
                    note: None,
                    expiry: None,
                    anew: false,
                };
                timed(&|| assert!(store.commit(&[put(b"a"), put(b"b")], None).unwrap()));
            }
        });
        scope.spawn(|| {
            let (store, mut last) = (on(&address), Vec::new());
            while !is_over.load(Ordering::Acquire) {
                let mut both = sync_backend::Snapshot::<Vec<u8>, _>::default();
                let keys = sync_backend::Selection::Keys(&[b"a", b"b"]);
                timed(&|| assert!(store.len().unwrap() >= 3));
                store.select(&keys, &mut both, u64::MAX).unwrap();
                let values: Vec<_> = both.iter().map(|(_, value)| value.to_vec()).collect();
                assert!(values.len() == 2 && values[0] == values[1], "torn: {values:?}");
                assert!(values[0] >= last, "back from {last:?} to {values:?}");
                last.clone_from(&values[0]);
            }
        });
        let ending = Ending(&is_over);
        for round in 0..6 {
            let before = sum.load(Ordering::Acquire);
            until("the load goes on", || sum.load(Ordering::Acquire) > before + 20);
            let from = cluster.node_of("sync");
            let to = (from + 1 + round % 2) % 3;
            cluster.begin_to_move("sync", from, to);
            // Some of it is here and some there for a while.
            cluster.move_keys(&[["{sync}:counters", "{sync}:life", "{sync}:v:n"][round % 3]], from, to);
            thread::sleep(Duration::from_millis(50));
            cluster.move_all_keys("sync", from, to);
            cluster.end_move("sync", from, to);
        }
        drop(ending);
    });
    let (sum, pushed) = (sum.into_inner(), pushed.into_inner());
    assert_eq!(add(&store).unwrap(), Some(sum as i64 + 1));
    assert_eq!(store.len().unwrap(), 3 + pushed);
}

/// Without waiting long: the exception says why, and nothing of the change was made.
#[test]
fn nothing_is_made_in_part_while_some_of_the_keys_are_on_another_node() {
    let cluster = Cluster::start(0);
    let (from, to) = (cluster.node_of("sync"), another(&cluster, "sync"));
    let address = cluster.address(&[from], "?timeout=0.3");
    let store = on(&address);
    put(&store, b"n", &[0]);
    put(&store, b"a", &[1]);
    assert_eq!(add(&store).unwrap(), Some(1));
    // (With a lock, all keys of the scripts are there that they name by themselves.)
    store.lock(Patience::default()).unwrap();
    assert_eq!(add(&store).unwrap(), Some(2));
    for keys in [&["{sync}:counters"][..], &["{sync}:changes", "{sync}:order"], &["{sync}:life"], &["{sync}:v:n"]] {
        cluster.begin_to_move("sync", from, to);
        cluster.move_keys(keys, from, to);
        let start = Instant::now();
        let is_refused = |error: ServerError| {
            let ErrorKind::Refused(refusal) = error.kind() else { panic!("{keys:?}: {error}") };
            assert!(matches!(refusal.reason, Reason::TryAgain | Reason::Ask(..)), "{keys:?}: {error}");
        };
        is_refused(add(&store).unwrap_err());
        is_refused(store.put(b"a", &[9], &mut ServerVersion::default()).unwrap_err());
        is_refused(store.put(b"new", &[9], &mut ServerVersion::default()).unwrap_err());
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        // Back, and nothing has happened.
        cluster.take_back("sync", from, to);
        assert_eq!(add(&store).unwrap(), Some(3), "{keys:?}");
        assert_eq!(store.add_number(b"n", -1, &mut ServerVersion::default()).unwrap(), Some(2));
        assert_eq!((get(&store, b"a"), get(&store, b"new")), (Some(vec![1]), None), "{keys:?}");
    }
    store.unlock();
}

/// The node of a cluster says nothing of a name that was not there, once its slot has moved.
#[test]
fn a_name_that_was_missing_is_seen_after_the_slot_has_moved_and_another_client_has_made_it() {
    let cluster = Cluster::start(0);
    let mut nodes = [cluster.node_of("sync"), another(&cluster, "sync")];
    let address = |options: &str| cluster.address(&[0, 1, 2], options);
    let (store, waiter) = (on(&address("")), on(&address("?timeout=6")));
    let other = on(&address("?timeout=7"));
    // There is no store; then there is one without the name; then it is empty, and then it has ended.
    for round in 0..4 {
        let name = format!("name{round}");
        let name = name.as_bytes();
        for store in [&store, &waiter] {
            assert_eq!((get(store, name), get(store, name)), (None, None), "{round}");
            assert_eq!(store.len().unwrap(), u64::from(round == 1));
            let empty = store.snapshot().unwrap();
            assert_eq!(empty.len(), usize::from(round == 1));
        }
        let mut wanted = [Wanted { key: Some(name), watch: Default::default() }];
        waiter.watch(&mut wanted, Since::Now).unwrap();
        assert!(!waiter.has_changed(&mut wanted, Duration::from_millis(30)).unwrap());
        cluster.move_slot("sync", nodes[0], nodes[1]);
        nodes.reverse();
        put(&other, name, &[7]);
        let len = other.len().unwrap();
        until("the name", || get(&store, name) == Some(vec![7]));
        until("all names", || store.len().unwrap() == len && store.snapshot().unwrap().len() as u64 == len);
        until("the waiter wakes up", || waiter.has_changed(&mut wanted, Duration::from_secs(20)).unwrap());
        match round {
            1 => other.replace(&[]).unwrap(),
            2 => other.destroy().unwrap(),
            _ => {}
        }
        until("they hear of it", || {
            let is_so = |store: &ServerStore| get(store, name).is_some() == matches!(round, 0 | 3);
            is_so(&store) && is_so(&waiter)
        });
    }
}

#[test]
fn a_store_goes_on_after_a_node_has_given_it_to_its_replica_and_after_one_was_killed() {
    let mut cluster = Cluster::start(1);
    // A store of the first node, which has a replica.
    let prefix = (0..).map(|n| format!("app{n}")).find(|prefix| cluster.node_of(prefix) == 0).unwrap();
    let address = cluster.address(&[1, 2], &format!("?timeout=25&prefix={prefix}"));
    let (store, holder) = (on(&address), on(&cluster.address(&[1, 2], &format!("?timeout=26&prefix={prefix}"))));
    put(&store, b"n", &[0]);
    put(&store, b"a", &[1]);
    assert_eq!(get(&holder, b"a"), Some(vec![1]));
    holder.lock(Patience::default()).unwrap();
    let is_replicated = || {
        let mut replica = cluster.nodes[3].connect();
        replica.ask(&[b"READONLY"], &mut |_| ()).unwrap();
        replica.ask(&[b"GET", format!("{{{prefix}}}:lock").as_bytes()], &mut |_| ()).unwrap() != Value::Nil
    };
    until("the replica has the lock", is_replicated);
    cluster.fail_over(&prefix, 3);
    let mut waiter = Default::default();
    until("the lock ends", || match store.lock(Patience::default()) {
        Ok(()) => true,
        Err(error) => {
            if let sync_backend::Remedy::Wait(held) = error.remedy() {
                store.wait(&mut waiter, &held, Duration::from_millis(10));
            }
            false
        }
    });
    put(&store, b"a", &[2]);
    store.unlock();
    store.stop_waiting();
    assert!(matches!(
        holder.put(b"a", &[3], &mut ServerVersion::default()).unwrap_err().remedy(),
        sync_backend::Remedy::Unlock
    ));
    holder.unlock();
    until("the word of the new value", || get(&holder, b"a") == Some(vec![2]));
    let has_followed = |line: &String| line == "master_link_status:up";
    until("the former node follows", || cluster.nodes[0].lines(&["INFO", "replication"]).iter().any(has_followed));
    // Killed: the first one takes over again.
    assert_eq!(add(&store).unwrap(), Some(1));
    cluster.nodes[3].kill();
    let start = Instant::now();
    let (mut made, mut doubtful) = (1, 0);
    until("the other one takes over", || {
        match add(&store) {
            Ok(sum) => {
                made += 1;
                assert!((made..=made + doubtful).contains(&sum.unwrap()), "{sum:?} of {made} and {doubtful}");
                return true;
            }
            Err(error) if error.may_be_done() => doubtful += 1,
            Err(error) => assert!(matches!(error.kind(), ErrorKind::NoConnection(_) | ErrorKind::Lost(_)), "{error}"),
        }
        false
    });
    assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
    assert_eq!(cluster.node_of(&prefix), 0);
    assert_eq!(get(&holder, b"a"), Some(vec![2]));
}
