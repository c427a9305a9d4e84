//! All that a process knows of a store is as the server has it, whoever has changed it, also where values have expired in between.
//!
//! The server tells a connection of nothing that this connection has done itself, and of what it has done away with by the way of nothing that
//! comes later.

use proptest::prelude::*;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sync_backend::{Backend, Change, Now, Taken, clock};
use sync_server::testing::{Redis, read};
use sync_server::{ServerStore, ServerVersion};

/// The time after which a change has surely been heard of.
const PATIENCE: Duration = Duration::from_secs(3);
const NAMES: [&[u8]; 4] = [b"a", b"b", b"c", b"7"];
const LIST: &[u8] = &[0x93, 1, 2, 3];

/// The time that a value lives, in milliseconds of the tests' clock; `None`: for ever.
type Life = Option<u64>;

#[derive(Debug, Clone)]
enum Action {
    Put(usize, Life),
    Add(usize, Life),
    Touch(usize, Life),
    Remove(usize),
    AddNumber(usize),
    PutIfUnchanged(usize),
    PutList(usize, Life),
    Shift(usize),
    Push(usize),
    Consume(usize, bool),
    PutNext,
    Commit(usize, usize, Life),
    Clear,
    /// The clock moves on.
    Pass(u64),
}

fn action() -> impl Strategy<Value = Action> {
    let name = || 0..NAMES.len();
    let life = || prop_oneof![2 => Just(None), 3 => (0..20_u64).prop_map(Some), 1 => Just(Some(1_000_000))];
    prop_oneof![
        4 => (name(), life()).prop_map(|(name, life)| Action::Put(name, life)),
        2 => (name(), life()).prop_map(|(name, life)| Action::Add(name, life)),
        2 => (name(), life()).prop_map(|(name, life)| Action::Touch(name, life)),
        2 => name().prop_map(Action::Remove),
        2 => name().prop_map(Action::AddNumber),
        1 => name().prop_map(Action::PutIfUnchanged),
        2 => (name(), life()).prop_map(|(name, life)| Action::PutList(name, life)),
        1 => name().prop_map(Action::Shift),
        1 => name().prop_map(Action::Push),
        1 => (name(), any::<bool>()).prop_map(|(name, is_done)| Action::Consume(name, is_done)),
        1 => Just(Action::PutNext),
        1 => (name(), name(), life()).prop_map(|(one, other, life)| Action::Commit(one, other, life)),
        1 => Just(Action::Clear),
        3 => (1..30_u64).prop_map(Action::Pass),
    ]
}

fn make(action: &Action, store: &ServerStore, value: u8) {
    let version = &mut ServerVersion::default();
    let out = &mut Vec::new();
    let now = Now::read();
    let expiry = |life: &Life| life.and_then(|life| now.after(life));
    let value = [value % 100];
    match action {
        Action::Put(name, life) => store.put_until(NAMES[*name], (&value, &[]), expiry(life), version).unwrap(),
        Action::Add(name, life) => drop(store.add(NAMES[*name], (&value, &[]), expiry(life), version)),
        Action::Touch(name, life) => drop(store.touch(NAMES[*name], expiry(life), version).unwrap()),
        Action::Remove(name) => drop(store.remove(NAMES[*name]).unwrap()),
        Action::AddNumber(name) => drop(store.add_number(NAMES[*name], 1, version).unwrap()),
        Action::PutIfUnchanged(name) => {
            store.get(NAMES[*name], version, out).unwrap();
            store.put_if_unchanged(NAMES[*name], &value, version).unwrap();
        }
        Action::PutList(name, life) => store.put_until(NAMES[*name], (LIST, &[]), expiry(life), version).unwrap(),
        // (Of what is no list it fails.)
        Action::Shift(name) => drop(store.shift(NAMES[*name], version, out)),
        Action::Push(name) => drop(store.push(NAMES[*name], &value, 1, version).unwrap()),
        Action::Consume(name, is_done) => {
            if let Ok(Taken::Item(item)) = store.take(NAMES[*name], out) {
                if *is_done {
                    assert!(store.finish(item).unwrap());
                } else {
                    store.give_back(item);
                }
            }
        }
        Action::PutNext => drop(store.put_next(&value, &[], 0, version).unwrap()),
        Action::Commit(one, other, life) => {
            let put = |name: &usize, expiry| Change::Put {
                key: NAMES[*name],
                head: &value,
                body: &[],
                note: None,
                expiry,
                anew: false,
            };
            let changes = [put(one, expiry(life)), put(other, None)];
            store.commit(&changes[usize::from(one == other)..], None).unwrap();
        }
        Action::Clear => store.replace(&[]).unwrap(),
        Action::Pass(milliseconds) => clock::set(now.milliseconds() + milliseconds),
    }
}

/// All that can be read.
#[derive(Debug, PartialEq, Eq)]
struct Content {
    /// The names in their order, with their values.
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
    count: u64,
    /// The value of each of the names, by itself.
    values: Vec<Option<Vec<u8>>>,
}

fn all(store: &ServerStore) -> Content {
    let snapshot = store.snapshot().unwrap();
    Content {
        pairs: snapshot.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect(),
        count: store.len().unwrap(),
        values: NAMES.iter().map(|name| read(store, name).unwrap()).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_time: 60_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_that_change_a_store_in_turn_know_all_of_it(actions in proptest::collection::vec((any::<bool>(), action()), 1..80)) {
        static PREFIX: AtomicU32 = AtomicU32::new(0);
        static REDIS: OnceLock<Redis> = OnceLock::new();
        let redis = REDIS.get_or_init(|| Redis::start(&[]));
        // (A thread has a clock of its own.)
        thread::scope(|scope| scope.spawn(|| {
            let prefix = PREFIX.fetch_add(1, Ordering::Relaxed);
            // (Each address has a connection of its own, and what was read over it.)
            let on = |options: &str| ServerStore::new(&redis.address("", &format!("?prefix=p{prefix}{options}")), || 0);
            let (one, other, judge) = (on(""), on("&timeout=6"), on("&cache=0"));
            for store in [&one, &other, &judge] {
                assert_eq!(store.len().unwrap(), 0);
            }
            clock::start_at(Now::read().milliseconds());
            for (at, (is_one, action)) in actions.iter().enumerate() {
                make(action, if *is_one { &one } else { &other }, at as u8);
                let expected = all(&judge);
                prop_assert_eq!(expected.pairs.len() as u64, expected.count);
                for (name, store) in [("the one", &one), ("the other", &other)] {
                    let start = Instant::now();
                    let mut known = all(store);
                    while known != expected && start.elapsed() < PATIENCE {
                        thread::sleep(Duration::from_millis(1));
                        known = all(store);
                    }
                    prop_assert_eq!(&known, &expected, "{} after {}: {:?}", name, at, action);
                }
            }
            Ok(())
        }).join().unwrap())?;
    }
}
