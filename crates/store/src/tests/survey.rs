//! Looks from outside: stores that may only read, and going through all keys while others write.

use super::*;
use crate::read::Sight;
use std::collections::BTreeMap;

type Seen = BTreeMap<Vec<u8>, (u64, u64)>;

fn see(seen: &mut Seen, sight: Sight) {
    seen.insert(sight.name.to_vec(), (sight.bytes, sight.stored));
}

fn names(seen: &Seen) -> Vec<&[u8]> {
    seen.keys().map(Vec::as_slice).collect()
}

fn looking(path: &TemporaryPath) -> Store {
    path.store_with(Options { read_only: true, ..Options::default() })
}

#[test]
fn a_survey_shows_each_key_that_has_a_value_and_when_that_was_stored() {
    let path = TemporaryPath::new();
    let store = path.store();
    assert_eq!(store.survey(see).unwrap(), (Seen::new(), true));
    put(&store, b"a", b"\x01");
    put(&store, b"gone", b"\x01");
    store.remove(b"gone").unwrap();
    let between = store.state().unwrap();
    let mut version = Version::default();
    store.put(b"list", b"\x91\x01", &mut version).unwrap();
    assert_eq!(store.append(b"list", b"\x92\x91\x01\x02", -2, &mut version).unwrap(), Appended::Done);
    store.put_until(b"expired", (b"\x01", b""), Some(sync_backend::Expiry::PAST), &mut Version::default()).unwrap();
    store.take(b"list", &mut Vec::new()).unwrap();
    let (seen, whole) = store.survey(see).unwrap();
    assert!(whole);
    assert_eq!(names(&seen), [b"a".as_slice(), b"list"]);
    assert_eq!(seen[b"a".as_slice()].0, 1);
    assert!(seen[b"a".as_slice()].1 < between && seen[b"list".as_slice()].1 >= between);
}

#[test]
fn a_survey_sees_what_is_there_all_the_time_whatever_is_written_meanwhile() {
    let path = TemporaryPath::new();
    let store = path.store();
    for n in 0..500u32 {
        put(&store, n.to_be_bytes(), &[1; 50]);
    }
    let writer = Store::new(path.0.clone(), Options::default());
    let mut round = 0u8;
    // Just before a record is looked at, all values are replaced.
    let replace = move || {
        for n in 0..500u32 {
            round = round.wrapping_add(1);
            put(&writer, n.to_be_bytes(), &[round; 60]);
        }
    };
    let (seen, whole) = while_somebody("surveying a record", replace, || store.survey(see).unwrap());
    assert!(whole);
    assert_eq!(seen.len(), 500);
    assert!(seen.values().all(|(bytes, _)| [50, 60].contains(bytes)));
    assert_sound(&store);
}

#[test]
fn a_survey_says_that_it_was_not_whole_where_the_index_has_moved() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"\x01");
    let writer = Store::new(path.0.clone(), Options::default());
    let grow = move || (0..3_000u32).for_each(|n| put(&writer, n.to_be_bytes(), b"\x01"));
    let (_, whole) = while_somebody("surveying a record", grow, || store.survey(see).unwrap());
    assert!(!whole);
    let (seen, whole) = store.survey(see).unwrap();
    assert_eq!((seen.len(), whole), (3_001, true));
}

#[test]
fn a_glance_counts_what_is_there_without_going_through_it() {
    let path = TemporaryPath::new();
    let store = path.store();
    assert_eq!(store.glance().unwrap(), store.stats().unwrap());
    put(&store, b"x", b"\x01");
    assert_eq!(store.glance().unwrap(), store.stats().unwrap());
    let mut soon = None;
    // (Again where it has expired before it was stored.)
    while store.glance().unwrap().keys == 1 {
        soon = sync_backend::Now::read().after(5);
        store.put_until(b"expired", (b"\x01", b""), soon, &mut Version::default()).unwrap();
    }
    while !soon.unwrap().has_come(sync_backend::Now::read()) {
        std::thread::yield_now();
    }
    // (Nobody has removed it.)
    assert_eq!((store.glance().unwrap().keys, store.stats().unwrap().keys), (2, 1));
}

#[test]
fn the_parts_of_a_survey_have_each_key_once() {
    let path = TemporaryPath::new();
    let store = path.store();
    assert_eq!(store.survey_part(0, see).unwrap(), (Seen::new(), None, 0));
    for count in [1, 100, 30_000u32] {
        for n in 0..count {
            put(&store, n.to_be_bytes(), b"\x01");
        }
        let (mut all, mut from, mut parts) = (Seen::new(), Some(0), 0);
        while let Some(at) = from {
            let (part, next, unread) = store.survey_part(at, see).unwrap();
            assert_eq!(unread, 0);
            assert!(part.keys().all(|key| !all.contains_key(key)));
            all.extend(part);
            assert!(next.is_none_or(|next| next > at));
            (from, parts) = (next, parts + 1);
        }
        assert_eq!((all.len() as u32, parts > 5), (count, count > 20_000));
    }
}

#[test]
fn a_store_that_only_reads_changes_nothing_of_the_file_and_takes_no_lock() {
    let path = TemporaryPath::new();
    let store = looking(&path);
    assert_eq!((get(&store, b"x"), store.len().unwrap()), (None, 0));
    let error = store.put(b"x", b"\x01", &mut Version::default()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::NotWritable(_)), "{error}");
    assert!(!path.0.exists());
    put(&path.store(), b"x", b"\x01");
    let before = std::fs::read(&path.0).unwrap();
    assert_eq!(get(&store, b"x").as_deref(), Some(b"\x01".as_slice()));
    assert_eq!(store.snapshot().unwrap().len(), 1);
    assert_eq!(names(&store.survey(see).unwrap().0), [b"x"]);
    assert_eq!(store.stats().unwrap().keys, 1);
    assert!(store.remove(b"x").is_err() && store.lock(Patience::default()).is_err());
    assert!(std::fs::read(&path.0).unwrap() == before);
    // Nobody else of this thread gets a file that was opened so.
    let other = path.store();
    assert!(other.check().unwrap().problems.is_empty());
    put(&other, b"z", b"\x03");
    // Names that come later are seen.
    put(&path.store(), b"y", b"\x02");
    assert_eq!(get(&store, b"y").as_deref(), Some(b"\x02".as_slice()));
}

#[test]
fn a_copy_that_may_only_be_read_is_checked_as_it_was_put_right_and_stays_as_it_is() {
    let path = TemporaryPath::new();
    for n in 0..100u32 {
        put(&path.store(), n.to_be_bytes(), &[7; 100]);
    }
    let copy = path.copy();
    let store = looking(&copy);
    assert_eq!(store.check().unwrap().problems, [] as [String; 0]);
    assert_eq!((store.check().unwrap().keys, store.take_warning()), (100, None));
    // A damaged one tells what is missing.
    let damaged = path.copy();
    let mut image = std::fs::read(&damaged.0).unwrap();
    let at = image.windows(100).rposition(|window| window == [7; 100]).unwrap();
    image[at + 50] ^= 1;
    std::fs::write(&damaged.0, &image).unwrap();
    let store = looking(&damaged);
    assert_eq!(store.check().unwrap().keys, 99);
    assert!(store.take_warning().is_some());
    assert!(std::fs::read(&damaged.0).unwrap() == image);
}
