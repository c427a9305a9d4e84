//! Looks at many names that read no values.

use std::collections::HashMap;
use sync_backend::{Backend, BackendError, Change, Now, Remedy, Stats, list_note};
use sync_server::testing::{Redis, put};
use sync_server::{Changes, SeenName, ServerStore, ServerVersion};

fn on(redis: &Redis, options: &str) -> ServerStore {
    ServerStore::new(&redis.address("", options), || 0)
}

/// All names, part by part.
fn survey(store: &ServerStore) -> (HashMap<Vec<u8>, SeenName>, usize) {
    let (mut all, mut parts, mut from) = (HashMap::new(), 0, Some(0));
    while let Some(place) = from {
        let (names, next) = store.survey_part(place).unwrap();
        for name in names {
            assert!(all.insert(name.name.clone(), name).is_none(), "a name is in two parts");
        }
        (parts, from) = (parts + 1, next);
    }
    (all, parts)
}

/// The names that are there, in their order, and those that are gone.
fn names(changes: Changes) -> (Vec<String>, Vec<String>) {
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let mut there = changes.there;
    there.sort_by_key(|name| name.place);
    let mut gone: Vec<_> = changes.gone.iter().map(|name| text(name)).collect();
    gone.sort();
    (there.iter().map(|changed| text(&changed.name)).collect(), gone)
}

#[test]
fn all_names_are_seen_part_by_part_with_the_start_of_their_values() {
    let redis = Redis::start(&[]);
    for options in ["", "?cache=0"] {
        let store = on(&redis, options);
        store.destroy().unwrap();
        assert_eq!(survey(&store).0.len(), 0);
        for part in 0..3 {
            let names: Vec<_> = (0..1_000).map(|n| format!("{part} {n}")).collect();
            let body = [b'\x01'];
            let puts = names.iter().map(|name| Change::Put {
                key: name.as_bytes(),
                head: &[],
                body: &body,
                note: None,
                expiry: None,
                anew: false,
            });
            assert!(store.commit(&puts.collect::<Vec<_>>(), None).unwrap());
        }
        let long = [&b"\xdb\x00\x01\x00\x00"[..], &vec![b'x'; 1 << 16]].concat();
        put(&store, b"long", &long);
        let expiry = Now::read().after(1_000_000);
        store.put_until(b"expires", (b"\xa1v", b""), expiry, &mut ServerVersion::default()).unwrap();
        store.put_until(b"over", (b"\xa1v", b""), Now::read().after(1), &mut ServerVersion::default()).unwrap();
        store.put_first(b"jobs", b"\x92\x01\x02", list_note(2), &mut ServerVersion::default()).unwrap();
        store.shift(b"jobs", &mut ServerVersion::default(), &mut Vec::new()).unwrap();
        while store.get(b"over", &mut ServerVersion::default(), &mut Vec::new()).unwrap()
            != sync_backend::Found::Missing
        {}
        redis.tell(&["DEL", "{sync}:v:0 0"]);
        redis.tell(&["LPUSH", "{sync}:v:0 0", "foreign"]);
        let (all, parts) = survey(&store);
        assert!(parts > 2, "{parts}");
        assert_eq!(all.len(), 2_999 + 3);
        let one = |name: &str| &all[name.as_bytes()];
        assert_eq!((one("2 999").bytes, &one("2 999").start[..]), (1, &[1][..]));
        assert_eq!((one("long").bytes, &one("long").start[..10]), (long.len() as u64, &long[..10]));
        assert!(one("long").start.len() < 200);
        assert!(one("expires").expiry.unwrap().milliseconds().abs_diff(expiry.unwrap().milliseconds()) < 100);
        assert_eq!((one("jobs").listed, &one("jobs").start[..]), (Some(1), &[][..]));
        // Nobody is waited for.
        let other = on(&redis, "");
        other.lock(Default::default()).unwrap();
        assert!(matches!(store.survey_part(0).unwrap_err().remedy(), Remedy::Wait(_)));
        assert_eq!(store.glance().unwrap().locks.len(), 1);
        other.unlock();
        let (glance, stats) = (store.glance().unwrap(), store.stats().unwrap());
        assert_eq!((glance.keys, glance.live_bytes), (3_003, 0));
        assert!(stats.live_bytes > long.len() as u64);
        assert_eq!(glance, Stats { live_bytes: 0, memory_bytes: 0, ..stats });
    }
}

#[test]
fn names_that_have_changed_are_told_of_from_any_change_on() {
    let redis = Redis::start(&[]);
    for options in ["", "?cache=0"] {
        let (store, other) = (on(&redis, options), on(&redis, ""));
        store.destroy().unwrap();
        let nothing = store.changes(None).unwrap();
        assert!(nothing.is_all && nothing.there.is_empty() && nothing.gone.is_empty());
        assert_eq!((store.life().unwrap(), store.last_change(b"a").unwrap()), (0, None));
        for name in [b"c", b"b", b"a"] {
            put(&other, name, b"\x01");
        }
        let life = store.life().unwrap();
        assert_ne!(life, 0);
        let all = store.changes(None).unwrap();
        let (state, time) = (store.state().unwrap(), all.time);
        assert!(all.is_all && all.there.iter().all(|it| Some(it.change) == store.last_change(&it.name).unwrap()));
        assert_eq!(names(all).0, ["c", "b", "a"]);
        let since = || store.changes(Some((state, time))).unwrap();
        assert_eq!(names(since()), (vec![], vec![]));
        other.remove(b"b").unwrap();
        put(&other, b"d", b"\x01");
        put(&other, b"a", b"\x02");
        put(&other, b"moment", b"\x02");
        other.remove(b"moment").unwrap();
        let changes = since();
        assert!(!changes.is_all);
        assert_eq!(names(changes), (vec!["a".into(), "d".into()], vec!["b".into(), "moment".into()]));
        // The time of one that expires is no change, but that it has expired is told.
        let (state, time) = (store.state().unwrap(), since().time);
        let soon = Now::read().after(30).unwrap();
        other.touch(b"d", Some(soon), &mut ServerVersion::default()).unwrap();
        let next = store.next_expiry(time).unwrap().unwrap();
        assert!(next.milliseconds().abs_diff(soon.milliseconds()) < 100);
        let has_gone = || names(store.changes(Some((state, time))).unwrap()).1.contains(&"d".to_owned());
        sync_server::testing::until("that it has expired", has_gone);
        let after = store.changes(Some((store.state().unwrap(), time))).unwrap().time;
        assert_eq!(store.next_expiry(after).unwrap(), None);
        assert_eq!(names(store.changes(Some((store.state().unwrap(), after))).unwrap()), (vec![], vec![]));
        // The inside of a locked section is not told of.
        other.lock(Default::default()).unwrap();
        assert!(matches!(store.changes(None).unwrap_err().remedy(), Remedy::Wait(_)));
        other.unlock();
        assert_eq!(store.life().unwrap(), life);
    }
}

#[test]
fn the_number_of_changes_leaves_out_those_numbers_that_a_server_skips_when_it_was_started_anew() {
    let redis = Redis::start(&[]);
    let commits = || {
        std::thread::scope(|scope| {
            let client = scope.spawn(|| {
                let store = ServerStore::new(&redis.address("", "?prefix=app"), || 0);
                put(&store, b"a", &[1]);
                store.glance().unwrap().commits
            });
            client.join().unwrap()
        })
    };
    assert_eq!([commits(), commits()], [1, 2]);
    let before = redis.tell(&["HGET", "{app}:counters", "change"]).number().unwrap();
    redis.tell(&["HSET", "{app}:counters", "run", "another"]);
    assert_eq!([commits(), commits()], [3, 4]);
    assert!(redis.tell(&["HGET", "{app}:counters", "change"]).number().unwrap() > before + 1_000_000);
}
