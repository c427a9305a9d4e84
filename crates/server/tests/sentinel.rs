//! Stores whose server is named by sentinels, and which another server may take over.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use sync_backend::{Backend, BackendError, Patience, Remedy, Since, Wanted};
use sync_server::testing::{Ending, Redis, Watched, put, read, until};
use sync_server::{Address, ErrorKind, Host, NoConnection, ServerStore, ServerVersion};

/// The longest time for one operation: that of the address, twice (for a change that has to find another server first), on a busy machine.
const LONGEST: Duration = Duration::from_secs(60);

fn on(address: &Address) -> ServerStore {
    ServerStore::new(address, || 0)
}

/// The reason why there is no connection.
fn reason(address: &Address) -> (NoConnection, String) {
    let start = Instant::now();
    let error = read(&on(address), b"a").expect_err("there is no such server");
    assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
    let text = error.to_string();
    match error.into_kind() {
        ErrorKind::NoConnection(why) => (why, text),
        other => panic!("{other:?}"),
    }
}

/// A port at which nobody is.
fn nobody() -> Host {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    Host { name: "127.0.0.1".to_owned(), port: free.local_addr().unwrap().port() }
}

#[test]
fn the_master_is_found_past_sentinels_that_are_gone_or_know_nothing_or_name_another_server() {
    let watched = Watched::start(1, &[], "");
    let (good, idle) = (watched.sentinels[0].host(), Redis::start_sentinel(""));
    let (of_replica, of_nobody) = (Redis::start_sentinel(""), Redis::start_sentinel(""));
    Watched::point(&of_replica, &watched.servers[1].host());
    Watched::point(&of_nobody, &nobody());
    let of_itself = Redis::start_sentinel("");
    Watched::point(&of_itself, &of_itself.host());
    let of = |hosts: &[Host], options: &str| Watched::address_of(hosts, "", options);
    let store = on(&of(&[nobody(), idle.host(), of_nobody.host(), of_replica.host(), of_itself.host(), good], ""));
    put(&store, b"a", &[1]);
    assert_eq!(read(&store, b"a").unwrap(), Some(vec![1]));
    assert_eq!(read(&on(&watched.servers[0].at("")), b"a").unwrap(), Some(vec![1]), "it is the master");

    // Where nothing else comes, an exception tells why: at once, if that does not pass.
    let start = Instant::now();
    let (why, text) = reason(&of(&[idle.host(), nobody()], ""));
    assert!(matches!(why, NoConnection::UnknownMaster), "{text}");
    let (why, text) = reason(&of(&[nobody(), nobody()], ""));
    assert!(matches!(why, NoConnection::NoSentinel(..)), "{text}");
    let (why, text) = reason(&of(&[of_itself.host()], ""));
    assert!(matches!(&why, NoConnection::At(_, why) if matches!(**why, NoConnection::IsSentinel)), "{text}");
    let (why, text) = reason(&of_itself.at(""));
    assert!(matches!(why, NoConnection::IsSentinel), "{text}");
    assert!(start.elapsed() < Duration::from_secs(5), "the time for an answer was waited for: {:?}", start.elapsed());
    let (why, text) = reason(&of(&[of_replica.host()], "?timeout=0.2"));
    assert!(matches!(&why, NoConnection::At(_, why) if matches!(**why, NoConnection::NotMaster)), "{text}");
    let (why, text) = reason(&of(&[of_nobody.host()], "?timeout=0.2"));
    assert!(matches!(&why, NoConnection::At(_, why) if matches!(**why, NoConnection::Unreachable(_))), "{text}");
}

#[test]
fn the_password_is_that_of_the_servers_and_of_sentinels_that_want_one() {
    let servers = ["--requirepass", "sesame", "--masterauth", "sesame"];
    let (master, of_sentinels) = (Redis::start_at_port(&servers), "requirepass sesame");
    let lines = Watched::lines(&master.host(), "sentinel auth-pass main sesame");
    let sentinels =
        ["", of_sentinels, "requirepass another"].map(|more| Redis::start_sentinel(&format!("{lines}\n{more}")));
    for sentinel in &sentinels[..2] {
        let store = on(&Watched::address_of(&[sentinel.host()], ":sesame", ""));
        put(&store, b"a", &[1]);
        assert_eq!(read(&store, b"a").unwrap(), Some(vec![1]));
    }
    let (why, text) = reason(&Watched::address_of(&[sentinels[2].host()], ":sesame", ""));
    assert!(matches!(why, NoConnection::NoSentinel(..)) && !text.contains("sesame"), "{text}");
    let (why, text) = reason(&Watched::address_of(&[sentinels[0].host()], "", ""));
    assert!(matches!(why, NoConnection::At(..)) && text.contains("wants a password"), "{text}");
}

/// The outcomes of changes that each are made by their own number.
#[derive(Default)]
struct Outcomes {
    /// Additions to the counter: those that were made, and those of which it is not known.
    added: [u64; 2],
    made: Vec<u32>,
    /// Those of which it is not known.
    doubtful: Vec<u32>,
    /// Those that were not made.
    refused: Vec<u32>,
}

/// A number as MessagePack has it.
fn packed(number: u32) -> Vec<u8> {
    [&[0xce][..], &number.to_be_bytes()].concat()
}

/// Makes changes until it is over: a counter, and an element under the next number, which is the change's own.
fn load(address: &Address, id: u32, is_over: &AtomicBool) -> Outcomes {
    let store = on(address);
    let mut outcomes = Outcomes::default();
    for number in 0.. {
        if is_over.load(Ordering::Acquire) {
            break;
        }
        let own = 0x1000_0000 + id * 0x100_0000 + number;
        let start = Instant::now();
        match store.add_number(b"n", 1, &mut ServerVersion::default()) {
            Ok(sum) => outcomes.added[0] += u64::from(sum.is_some()),
            Err(error) => outcomes.added[1] += u64::from(error.may_be_done()),
        }
        match store.retry(|store| store.put_next(&packed(own), &[], 0, &mut ServerVersion::default())) {
            Ok(_) => outcomes.made.push(own),
            Err(error) if error.may_be_done() => outcomes.doubtful.push(own),
            Err(error) => {
                assert!(
                    matches!(error.kind(), ErrorKind::NoConnection(_) | ErrorKind::Lost(_) | ErrorKind::Refused(_)),
                    "{error}"
                );
                outcomes.refused.push(own);
            }
        }
        assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
    }
    outcomes
}

/// Has the master changed under load by something, and looks at the outcome of each change.
fn under_load(watched: &mut Watched, change: impl FnOnce(&mut Watched)) {
    let address = watched.address("", "?timeout=20");
    put(&on(&address), b"n", &[0]);
    let is_over = AtomicBool::new(false);
    let outcomes = thread::scope(|scope| {
        let loads: Vec<_> = (0..3)
            .map(|id| {
                let (address, is_over) = (address.clone(), &is_over);
                scope.spawn(move || load(&address, id, is_over))
            })
            .collect();
        let ending = Ending(&is_over);
        // (One without a cache tells that all go on, before and after.)
        let direct = on(&watched.address("", "?timeout=20&cache=0"));
        let grows = |by: u64| {
            let before = direct.len().unwrap();
            until("the load goes on", || direct.len().unwrap() >= before + by);
        };
        grows(200);
        change(watched);
        grows(200);
        drop(ending);
        let mut all = Outcomes::default();
        for load in loads {
            let its = load.join().unwrap();
            all.added = [all.added[0] + its.added[0], all.added[1] + its.added[1]];
            all.made.extend(its.made);
            all.doubtful.extend(its.doubtful);
            all.refused.extend(its.refused);
        }
        all
    });
    let mut found: HashMap<u32, usize> = HashMap::new();
    for (name, value) in on(&address).snapshot().unwrap().iter() {
        if name != b"n" {
            *found.entry(u32::from_be_bytes(value[1..].try_into().unwrap())).or_default() += 1;
        }
    }
    assert!(found.values().all(|times| *times == 1), "a change was made twice");
    assert!(outcomes.refused.iter().all(|own| !found.contains_key(own)), "a change was made that was said not to be");
    let known = outcomes.made.len() + outcomes.doubtful.len();
    assert!(found.len() <= known, "{} of {known}", found.len());
    let sum = on(&address).add_number(b"n", 0, &mut ServerVersion::default()).unwrap().unwrap_or(0) as u64;
    let [added, in_doubt] = outcomes.added;
    // (The last ones before the change may be lost, as replicas hear of them later.)
    assert!(sum <= added + in_doubt, "{sum} of {added} and {in_doubt}");
}

#[test]
fn each_change_under_a_fail_over_is_made_at_most_once_and_all_go_on() {
    let mut watched = Watched::start(3, &[], "");
    under_load(&mut watched, |watched| watched.fail_over());
}

#[test]
fn each_change_is_made_at_most_once_although_the_master_is_killed() {
    let mut watched = Watched::start(3, &[], "");
    under_load(&mut watched, |watched| {
        let before = watched.master(&watched.sentinels[0]);
        watched.servers[0].kill();
        watched.awaits_another(before);
    });
    // The former one comes back as a replica, and nobody takes it for the master.
    watched.servers[0].start_again();
    let reader = on(&watched.address("", "?prefix=other"));
    put(&reader, b"a", &[1]);
    assert_eq!(read(&on(&watched.servers[1].at("?prefix=other")), b"a").unwrap(), Some(vec![1]));
}

/// The former master goes on as a replica, and has closed no connection: nothing tells of the change but its refusal to write.
#[test]
fn a_master_that_has_become_a_replica_is_left_and_nothing_of_it_is_shown_any_longer() {
    let watched = Watched::start(1, &[], "");
    let [master, replica] = &watched.servers;
    let (store, other) = (on(&watched.address("", "?timeout=30")), on(&watched.address("", "?timeout=9")));
    let version = put(&store, b"a", &[1]);
    put(&store, b"n", &[5]);
    assert_eq!((read(&store, b"a").unwrap(), read(&other, b"a").unwrap()), (Some(vec![1]), Some(vec![1])));
    until("the replica has all", || read(&on(&replica.at("?cache=0")), b"n").unwrap() == Some(vec![5]));
    watched.sentinels[0].tell(&["SENTINEL", "REMOVE", "main"]);
    replica.tell(&["REPLICAOF", "NO", "ONE"]);
    // A change that the former master has not.
    put(&on(&replica.at("")), b"a", &[2]);
    put(&on(&replica.at("")), b"n", &[7]);
    // While no sentinel knows better, it is asked for again.
    Watched::point(&watched.sentinels[0], &master.host());
    master.tell(&["REPLICAOF", "127.0.0.1", &replica.port().to_string()]);
    let added = thread::scope(|scope| {
        let adds = scope.spawn(|| {
            on(&watched.address("", "?timeout=29")).add_number(b"n", 1, &mut ServerVersion::default()).unwrap()
        });
        thread::sleep(Duration::from_millis(300));
        Watched::point(&watched.sentinels[0], &replica.host());
        adds.join().unwrap()
    });
    assert_eq!(added, Some(8));
    assert_eq!(store.add_number(b"n", 1, &mut ServerVersion::default()).unwrap(), Some(9));
    assert!(!store.is_current(&version));
    assert_eq!(read(&store, b"a").unwrap(), Some(vec![2]));
    // Of one that writes nothing, the former master tells: it follows the new one.
    until("the word of the new value", || read(&other, b"a").unwrap() == Some(vec![2]));
}

/// The former master closes no connection, and hears nothing of the new one.
#[test]
fn one_who_only_reads_leaves_a_master_that_has_become_a_replica() {
    let watched = Watched::start(1, &[], "");
    let [master, replica] = &watched.servers;
    let readers = ["?timeout=30", "?timeout=30&cache=0"].map(|options| on(&watched.address("", options)));
    put(&readers[0], b"a", &[1]);
    readers.iter().for_each(|reader| assert_eq!(read(reader, b"a").unwrap(), Some(vec![1])));
    until("the replica has all", || read(&on(&replica.at("")), b"a").unwrap() == Some(vec![1]));
    watched.sentinels[0].tell(&["SENTINEL", "REMOVE", "main"]);
    replica.tell(&["REPLICAOF", "NO", "ONE"]);
    put(&on(&replica.at("")), b"a", &[2]);
    master.tell(&["REPLICAOF", "127.0.0.1", "1"]);
    Watched::point(&watched.sentinels[0], &replica.host());
    for reader in &readers {
        until("the new value", || read(reader, b"a").unwrap() == Some(vec![2]));
    }
}

/// A change that got lost with the former master has the number of one of the new master's, and both have the same length.
#[test]
fn a_waiter_hears_of_a_value_that_looks_like_one_that_got_lost() {
    let mut watched = Watched::start(1, &[], "");
    let waiter = on(&watched.address("", "?timeout=30"));
    put(&waiter, b"a", &[1]);
    let replica = watched.servers[1].at("");
    until("the replica has all", || read(&on(&replica), b"a").unwrap() == Some(vec![1]));
    watched.sentinels[0].tell(&["SENTINEL", "REMOVE", "main"]);
    watched.servers[1].tell(&["REPLICAOF", "NO", "ONE"]);
    put(&waiter, b"a", &[0xa1, b'x']);
    put(&on(&replica), b"a", &[0xa1, b'y']);
    let mut wanted = [Wanted { key: Some(b"a"), watch: Default::default() }];
    waiter.watch(&mut wanted, Since::Now).unwrap();
    assert!(!waiter.has_changed(&mut wanted, Duration::ZERO).unwrap());
    Watched::point(&watched.sentinels[0], &watched.servers[1].host());
    watched.servers[0].kill();
    until("the waiter wakes up", || waiter.has_changed(&mut wanted, Duration::from_secs(1)).unwrap());
    assert_eq!(read(&waiter, b"a").unwrap(), Some(vec![0xa1, b'y']));
}

#[test]
fn a_lock_on_the_former_master_ends_and_its_holder_learns_of_that() {
    let watched = Watched::start(1, &[], "");
    let address = watched.address("", "?timeout=20");
    let (holder, other) = (on(&address), on(&watched.address("", "?timeout=21")));
    put(&holder, b"a", &[1]);
    holder.lock(Patience::default()).unwrap();
    put(&holder, b"a", &[2]);
    let is_kept_out = |store: &ServerStore| {
        let read = store.get(b"a", &mut ServerVersion::default(), &mut Vec::new());
        matches!(read, Err(error) if matches!(error.remedy(), Remedy::Wait(_)))
    };
    assert!(is_kept_out(&other));
    let replica = watched.servers[1].at("");
    let has_lock = || is_kept_out(&on(&replica));
    until("the replica has the lock", has_lock);
    watched.fail_over();
    // One that waits for it finds that its owner is gone.
    let mut waiter = Default::default();
    until("the lock ends", || match other.lock(Patience::default()) {
        Ok(()) => true,
        Err(error) => {
            if let Remedy::Wait(held) = error.remedy() {
                other.wait(&mut waiter, &held, Duration::from_millis(10));
            }
            false
        }
    });
    put(&other, b"a", &[3]);
    let lost = holder.put(b"a", &[4], &mut ServerVersion::default()).unwrap_err();
    assert!(matches!(lost.remedy(), Remedy::Wait(_) | Remedy::Unlock), "{lost}");
    other.unlock();
    other.stop_waiting();
    let lost = holder.put(b"a", &[4], &mut ServerVersion::default()).unwrap_err();
    assert!(matches!(lost.remedy(), Remedy::Unlock), "{lost}");
    holder.unlock();
    assert_eq!(read(&holder, b"a").unwrap(), Some(vec![3]));
    until("it takes the lock anew", || holder.lock(Patience::default()).is_ok());
    put(&holder, b"a", &[5]);
    holder.unlock();
    assert_eq!(read(&other, b"a").unwrap(), Some(vec![5]));
}

/// A server that comes back with what it had a moment ago is one that has lost changes, as a replica may have that takes its master's place.
#[test]
fn the_numbers_of_changes_that_were_lost_do_not_come_again() {
    let mut redis = Redis::start(&[]);
    let begin = |redis: &Redis| on(&redis.address("", "?prefix=app"));
    let number = |redis: &Redis, field: &str| -> u64 {
        let text = redis.tell(&["HGET", "{app}:counters", field]);
        std::str::from_utf8(text.text().unwrap()).unwrap().parse().unwrap()
    };
    let store = begin(&redis);
    put(&store, b"a", b"\xa4kept");
    store.lock(Patience::default()).unwrap();
    store.unlock();
    let first = number(&redis, "change");
    assert!(thread::scope(|scope| scope.spawn(|| read(&begin(&redis), b"a").unwrap().is_some()).join()).unwrap());
    assert_eq!(number(&redis, "change"), first, "another connection to the same run moves nothing");
    redis.tell(&["SAVE"]);

    let version = put(&store, b"a", b"\xa4lost");
    store.lock(Patience::default()).unwrap();
    store.unlock();
    let (change, token) = (number(&redis, "change"), number(&redis, "token"));
    redis.kill();
    redis.start_again();
    assert_eq!(number(&redis, "change"), first, "it has lost a change");
    let other = thread::spawn({
        let address = redis.address("", "?prefix=app");
        move || {
            put(&on(&address), b"a", b"\xa4else");
        }
    });
    other.join().unwrap();
    assert!(number(&redis, "change") > change && number(&redis, "token") > token);
    let before = redis.tell(&["GETRANGE", "{app}:v:a", "0", "19"]);
    let mut version = version;
    assert!(!store.put_if_unchanged(b"a", b"\xa4mine", &mut version).unwrap());
    assert_eq!(read(&store, b"a").unwrap().unwrap(), b"\xa4else");
    assert_eq!(redis.tell(&["GETRANGE", "{app}:v:a", "0", "19"]), before);
    let moved = number(&redis, "change");
    put(&store, b"b", &[1]);
    assert_eq!(number(&redis, "change"), moved + 1, "once a run");
}
