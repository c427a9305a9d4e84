//! The store, used as PHP uses it: through its face, by several threads and processes.

use super::error::{Error, ErrorKind, Result};
use super::file::File;
use super::format::RECORD_FLAGS;
use super::header::{DESTROYED, HELD, Header, Root};
use super::hold::Strength;
use super::index::{Index, IndexView};
use super::lock::WriteGuard;
use super::log::pieces::Pieces;
use super::log::record::Records;
use super::log::segments::Segments;
use super::open_files;
use super::options::{Durability, Options};
use super::read::Reader;
use super::space::Space;
use super::store::Store;
use super::version::Version;
use super::{check, close_idle, draw_identities_from, format, header, lease, set_idle_limit};
use std::cell::{Cell, RefCell};
use std::fs::{File as Descriptor, OpenOptions};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use sync_backend::{Appended, Found, Patience, Peeked, Places, Room, Snapshot, Standing, Stored, Unread};

mod cut;
mod dead;
pub mod halfway;
mod identity;
mod lives;
mod outgrown;
mod whole;

/// A path of its own on tmpfs, removed afterwards.
pub struct Path0(pub PathBuf);

impl Path0 {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = PathBuf::from(format!("/dev/shm/sync-test-{}-{n}.sync", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Self(path)
    }

    pub fn store(&self) -> Store {
        Store::new(self.0.clone(), Options::default())
    }
}

impl Drop for Path0 {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// An open file without a name.
pub fn temporary_file() -> Descriptor {
    let path = Path0::new();
    OpenOptions::new().read(true).write(true).create_new(true).open(&path.0).unwrap()
}

fn get(store: &Store, key: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match store.retry(|store| store.get(key, &mut Version::default(), &mut out)).unwrap() {
        Found::Missing => None,
        _ => Some(out),
    }
}

fn put(store: &Store, key: &[u8], value: &[u8]) {
    store.retry(|store| store.put(key, value, &mut Version::default())).unwrap();
}

#[track_caller]
fn assert_sound(store: &Store) -> check::Report {
    let report = store.retry(Store::check).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    report
}

#[test]
fn nothing_is_created_until_something_is_stored() {
    let path = Path0::new();
    let store = path.store();
    assert_eq!(get(&store, b"x"), None);
    assert!(!store.remove(b"x").unwrap());
    assert!(store.snapshot().unwrap().is_empty());
    store.destroy().unwrap();
    assert!(!path.0.exists());
    put(&store, b"x", b"\x2a");
    assert!(path.0.exists());
    assert_sound(&store);
}

#[test]
fn a_value_comes_back_whatever_its_size() {
    let path = Path0::new();
    let (one, other) = (path.store(), path.store());
    for length in [0usize, 1, 7, 8, 100, 16_000, 16_400, 65_536, 70_000, 1_700_000, 20_000_000] {
        let value: Vec<u8> = (0..length).map(|n| (n * 7 + length) as u8).collect();
        put(&one, b"name", &value);
        assert_eq!(get(&other, b"name").as_deref(), Some(&value[..]), "{length} bytes");
        assert_eq!(get(&one, b"name").as_deref(), Some(&value[..]), "{length} bytes");
        assert_sound(&one);
    }
}

#[test]
fn a_key_may_be_any_bytes() {
    let path = Path0::new();
    let store = path.store();
    let keys: Vec<Vec<u8>> =
        vec![b"".to_vec(), b"0".to_vec(), vec![0xff; 3], "重庆".as_bytes().to_vec(), vec![b'k'; 70_000], vec![0; 40]];
    for (n, key) in keys.iter().enumerate() {
        put(&store, key, &[n as u8]);
    }
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(get(&store, key), Some(vec![n as u8]));
    }
    assert_sound(&store);
}

#[test]
fn a_name_or_value_that_no_record_can_hold_is_refused_and_never_found() {
    let path = Path0::new();
    let store = path.store();
    put(&store, b"", b"1");
    let mut seen = Version::default();
    store.put(b"list", b"1", &mut seen).unwrap();
    // Memory of zeros that nobody touches is none. As 32 bits, both lengths are those of names that are there.
    for length in [1 << 32, (1 << 32) + 4] {
        let long = vec![0; length];
        assert_eq!(store.get(&long, &mut Version::default(), &mut Vec::new()).unwrap(), Found::Missing);
        assert_eq!(store.peek(&long, &mut Version::default(), &mut Vec::new()).unwrap(), Peeked::Missing);
        assert!(!store.remove(&long).unwrap());
        for refused in [
            store.put(&long, b"1", &mut Version::default()),
            store.put(b"long", &long, &mut Version::default()),
            store.put_if_unchanged(&long, b"1", &mut seen.clone()).map(drop),
            store.put_if_unchanged(b"list", &long, &mut seen.clone()).map(drop),
            store.append(b"list", &long, 0, &mut seen.clone()).map(drop),
            store.append(&long, b"2", 0, &mut seen.clone()).map(drop),
            store.unite(&long, 0, &mut seen.clone()).map(drop),
            store.replace(&[(&long, b"1")]),
            store.replace(&[(b"long", &long)]),
        ] {
            let error = refused.unwrap_err();
            assert!(matches!(error.kind, ErrorKind::TooLarge), "{error}");
        }
    }
    assert_eq!(get(&store, b"list").as_deref(), Some(&b"1"[..]));
    assert_eq!(assert_sound(&store).keys, 2);
}

#[test]
fn many_keys_come_and_go() {
    let path = Path0::new();
    let store = path.store();
    for n in 0..50_000u32 {
        put(&store, format!("key{n}").as_bytes(), &n.to_le_bytes());
    }
    assert_eq!(store.len().unwrap(), 50_000);
    assert_sound(&store);
    for n in (0..50_000u32).filter(|n| n % 10 != 0) {
        assert!(store.remove(format!("key{n}").as_bytes()).unwrap());
    }
    let report = assert_sound(&store);
    assert_eq!(report.keys, 5_000);
    for n in 0..50_000u32 {
        assert_eq!(get(&store, format!("key{n}").as_bytes()).is_some(), n % 10 == 0);
    }
    assert!(report.allocated < 2 * (report.live + report.index) + (1 << 20), "{report:?}");
}

#[test]
fn overwriting_does_not_make_the_file_grow() {
    let path = Path0::new();
    let store = path.store();
    for n in 0..400_000u32 {
        put(&store, format!("key{}", n % 1000).as_bytes(), &n.to_le_bytes());
    }
    let report = assert_sound(&store);
    assert_eq!(report.keys, 1000);
    assert!(report.allocated < 2 * (report.live + report.index) + (1 << 20), "{report:?}");
}

#[test]
fn insertion_order_stays_when_a_key_is_overwritten() {
    let path = Path0::new();
    let store = path.store();
    for key in [b"c", b"a", b"b", b"c"] {
        put(&store, key, b"1");
    }
    store.remove(b"a").unwrap();
    put(&store, b"a", b"2");
    let snapshot = store.snapshot().unwrap();
    let keys: Vec<&[u8]> = snapshot.iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [&b"c"[..], b"b", b"a"]);
}

#[test]
fn replacing_everything_leaves_nothing_else() {
    let path = Path0::new();
    let (store, other) = (path.store(), path.store());
    for n in 0..10_000u32 {
        put(&store, format!("old{n}").as_bytes(), &[7; 100]);
    }
    assert_eq!(get(&other, b"old5"), Some(vec![7; 100]));
    let large = vec![1; 100_000];
    let names: Vec<String> = (0..5_000).map(|n| format!("new{n}")).collect();
    let entries: Vec<(&[u8], &[u8])> =
        names.iter().enumerate().map(|(n, name)| (name.as_bytes(), if n == 9 { &large[..] } else { b"v" })).collect();
    store.replace(&entries).unwrap();
    assert_eq!(get(&other, b"old5"), None);
    assert_eq!(get(&other, b"new9"), Some(large.clone()));
    assert_eq!(store.len().unwrap(), 5_000);
    assert_sound(&store);
    put(&store, b"more", b"x");
    store.replace(&[]).unwrap();
    assert_eq!(store.len().unwrap(), 0);
    assert_eq!(get(&other, b"more"), None);
    let report = assert_sound(&store);
    assert!(report.allocated < 2 * (report.live + report.index) + (1 << 20), "{report:?}");
}

#[test]
fn an_unchanged_key_is_recognised() {
    let path = Path0::new();
    let (one, other) = (path.store(), path.store());
    let (mut seen, mut out) = (Version::default(), Vec::new());
    put(&one, b"a", b"1");
    assert_eq!(other.get(b"a", &mut seen, &mut out).unwrap(), Found::Value);
    assert!(other.is_current(&seen));
    put(&one, b"b", b"1");
    assert!(!other.is_current(&seen));
    assert_eq!(other.get(b"a", &mut seen, &mut out).unwrap(), Found::Unchanged);
    assert!(other.is_current(&seen));
    put(&one, b"a", b"2");
    assert_eq!(other.get(b"a", &mut seen, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"2");
    one.remove(b"a").unwrap();
    assert_eq!(other.get(b"a", &mut seen, &mut out).unwrap(), Found::Missing);
    assert!(other.is_current(&seen));
}

#[test]
fn a_value_is_swapped_only_if_it_is_still_the_one_that_was_seen() {
    let path = Path0::new();
    let (one, other) = (path.store(), path.store());
    let mut seen = Version::default();
    assert!(!one.put_if_unchanged(b"n", b"1", &mut seen).unwrap(), "never looked at");
    assert_eq!(one.len().unwrap(), 0);
    one.put(b"n", b"1", &mut seen).unwrap();
    assert!(one.put_if_unchanged(b"n", b"2", &mut seen).unwrap());
    put(&other, b"m", b"1");
    assert!(one.put_if_unchanged(b"n", b"3", &mut seen).unwrap(), "another key changed");
    put(&other, b"n", b"3");
    assert!(!one.put_if_unchanged(b"n", b"4", &mut seen).unwrap(), "the same value, but another write");
    assert_eq!(get(&other, b"n"), Some(b"3".to_vec()));
    other.remove(b"n").unwrap();
    assert!(!one.put_if_unchanged(b"n", b"4", &mut seen).unwrap(), "removed");
    assert_sound(&one);
}

#[test]
fn a_lock_keeps_others_out_until_it_is_given_back() {
    let path = Path0::new();
    let (holder, other) = (path.store(), path.store());
    holder.lock(Patience::until(Duration::from_millis(1500))).unwrap();
    put(&holder, b"x", b"1");
    for result in [
        other.get(b"x", &mut Version::default(), &mut Vec::new()).map(drop),
        other.put(b"x", b"2", &mut Version::default()),
        other.remove(b"x").map(drop),
        other.lock(Patience::default()),
        other.snapshot().map(drop),
        other.len().map(drop),
    ] {
        match result.unwrap_err().kind {
            ErrorKind::Held(held) => {
                assert_eq!(held.patience, Patience::until(Duration::from_millis(1500)));
                assert_eq!((held.same_thread, held.holder), (true, Some(std::process::id())));
            }
            other => panic!("{other:?}"),
        }
    }
    holder.unlock();
    assert_eq!(get(&other, b"x"), Some(b"1".to_vec()));
    assert_sound(&other);
}

#[test]
fn a_lock_ends_with_its_store() {
    let path = Path0::new();
    let other = path.store();
    let holder = path.store();
    holder.lock(Patience::default()).unwrap();
    drop(holder);
    put(&other, b"x", b"1");
}

thread_local! {
    static STRAND: Cell<usize> = const { Cell::new(0) };
}

#[test]
fn a_change_keeps_other_strands_and_stores_from_writing_until_its_end() {
    let path = Path0::new();
    let options = Options { fiber: || STRAND.get(), ..Options::default() };
    let (store, other) = (Store::new(path.0.clone(), options), path.store());
    put(&store, b"x", b"1");
    let refused = |result: Result<()>| match result.unwrap_err().kind {
        ErrorKind::Held(held) => assert!(held.same_thread && held.change, "{held:?}"),
        other => panic!("{other:?}"),
    };
    let write = |store: &Store| store.put(b"x", b"2", &mut Version::default());
    let change = store.lock_writers().unwrap();
    STRAND.set(1);
    // Nor does unlock() end what it has not begun.
    store.unlock();
    for store in [&store, &other] {
        refused(write(store));
        refused(store.lock_writers().map(drop));
        refused(store.lock(Patience::default()));
        refused(store.destroy());
        assert_eq!(get(store, b"x"), Some(b"1".to_vec()));
    }
    STRAND.set(0);
    // One inside of the other, under a lock that ends before both do.
    let inner = store.lock_writers().unwrap();
    store.lock(Patience::default()).unwrap();
    assert!(other.len().is_err());
    store.unlock();
    assert_eq!(other.len().unwrap(), 1);
    write(&store).unwrap();
    store.unlock_writers(inner);
    refused(write(&other));
    store.unlock_writers(change);
    write(&other).unwrap();
    // Of another store, which holds something itself.
    let theirs = other.lock_writers().unwrap();
    store.unlock_writers(theirs);
    refused(write(&store));
}

#[test]
fn a_destroyed_file_is_closed_at_once() {
    let path = Path0::new();
    let store = path.store();
    put(&store, b"x", b"1");
    assert_eq!(open_files(), (1, 0));
    store.destroy().unwrap();
    assert_eq!(open_files(), (0, 0), "its memory would not be free");
}

#[test]
fn unlocking_wakes_a_waiter_of_another_thread() {
    let path = Path0::new();
    let holder = path.store();
    holder.lock(Patience::default()).unwrap();
    let name = path.0.clone();
    let waiter = std::thread::spawn(move || {
        let store = Store::new(name, Options::default());
        put(&store, b"x", b"1");
    });
    assert_eq!(get(&holder, b"x"), None);
    holder.unlock();
    waiter.join().unwrap();
    assert_eq!(get(&holder, b"x"), Some(b"1".to_vec()));
}

#[test]
fn threads_do_not_lose_each_others_writes() {
    let path = Path0::new();
    let threads: Vec<_> = (0..4u32)
        .map(|thread| {
            let name = path.0.clone();
            std::thread::spawn(move || {
                let store = Store::new(name, Options::default());
                for n in 0..5_000u32 {
                    put(&store, format!("{thread}-{}", n % 500).as_bytes(), &n.to_le_bytes());
                    if n % 3 == 0 {
                        assert!(get(&store, format!("{thread}-{}", n % 500).as_bytes()).is_some());
                    }
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let store = path.store();
    assert_eq!(store.len().unwrap(), 2000);
    for thread in 0..4 {
        for n in 4_500..5_000u32 {
            assert_eq!(get(&store, format!("{thread}-{}", n % 500).as_bytes()), Some(n.to_le_bytes().to_vec()));
        }
    }
    assert_sound(&store);
}

#[test]
fn a_deleted_file_is_an_empty_store_at_once() {
    let path = Path0::new();
    let store = path.store();
    put(&store, b"x", b"1");
    std::fs::remove_file(&path.0).unwrap();
    Store::paths_have_changed();
    assert_eq!(get(&store, b"x"), None);
    assert!(!path.0.exists());
    put(&store, b"y", b"2");
    assert!(path.0.exists());
    assert_eq!(get(&store, b"y"), Some(b"2".to_vec()));
}

#[test]
fn a_destroyed_store_is_noticed_by_others_at_once() {
    let path = Path0::new();
    let (one, other) = (path.store(), path.store());
    put(&one, b"x", b"1");
    assert_eq!(get(&other, b"x"), Some(b"1".to_vec()));
    one.destroy().unwrap();
    assert!(!path.0.exists());
    assert_eq!(get(&other, b"x"), None);
    put(&other, b"x", b"2");
    assert_eq!(get(&one, b"x"), Some(b"2".to_vec()));
}

#[test]
fn a_file_cut_short_is_an_error_or_empty_never_a_signal() {
    for length in [0u64, 1, 100, 4096, 5000, 70_000] {
        let path = Path0::new();
        let store = path.store();
        for n in 0..3000 {
            put(&store, format!("key{n}").as_bytes(), &[5; 50]);
        }
        // Far longer than what a mapping of the rest shows.
        put(&store, b"large", &[7; 20 << 20]);
        OpenOptions::new().write(true).open(&path.0).unwrap().set_len(length).unwrap();
        let mut out = Vec::new();
        let read = store.get(b"key1", &mut Version::default(), &mut out);
        let write = store.put(b"key1", b"1", &mut Version::default());
        if length == 0 {
            assert_eq!(read.unwrap(), Found::Missing);
            write.unwrap();
            assert_sound(&store);
        } else {
            let error = write.expect_err(&format!("cut to {length} bytes, and read {read:?}"));
            assert!(matches!(error.kind, ErrorKind::NotAStore(_)), "{length}");
        }
    }
}

#[test]
fn a_file_that_is_no_store_is_left_untouched() {
    let path = Path0::new();
    for content in [&b"hello"[..], &[0; 5000], &[0xc9; 70_000]] {
        std::fs::write(&path.0, content).unwrap();
        let store = path.store();
        let error = store.put(b"x", b"1", &mut Version::default()).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NotAStore(_)), "{error}");
        assert!(error.to_string().contains(path.0.to_str().unwrap()));
        assert_eq!(std::fs::read(&path.0).unwrap(), content);
    }
}

#[test]
fn a_copy_is_put_right_and_does_not_disturb_the_original() {
    let (path, copy) = (Path0::new(), Path0::new());
    let store = path.store();
    for n in 0..9_000u32 {
        put(&store, format!("key{}", n % 3000).as_bytes(), &n.to_le_bytes());
    }
    put(&store, b"large", &[9; 200_000]);
    store.remove(b"key7").unwrap();
    std::fs::copy(&path.0, &copy.0).unwrap();
    let other = copy.store();
    assert_eq!(get(&other, b"key8"), Some(6008u32.to_le_bytes().to_vec()));
    assert_eq!(get(&other, b"key7"), None);
    assert_eq!(get(&other, b"large"), Some(vec![9; 200_000]));
    assert_eq!(other.take_warning(), None);
    put(&other, b"new", b"1");
    assert_sound(&other);
    assert_sound(&store);
    assert_eq!(other.len().unwrap(), 3001);
}

fn put_next(store: &Store, least: i64) -> Option<i64> {
    store.put_next(b"v", b"alue", least, &mut Version::default()).unwrap()
}

#[test]
fn what_is_stored_without_a_name_comes_after_the_highest_number() {
    let path = Path0::new();
    let (one, other) = (path.store(), path.store());
    for n in 0..3 {
        assert_eq!(put_next(&one, 0), Some(2 * n));
        assert_eq!(put_next(&other, 0), Some(2 * n + 1));
    }
    assert_eq!(get(&one, b"4").as_deref(), Some(&b"value"[..]));
    for name in ["10", "007", "-3", "x", "1e9", "7"] {
        put(&other, name.as_bytes(), b"1");
    }
    assert_eq!(one.next_number(0).unwrap(), Some(11));
    assert_eq!(put_next(&one, 0), Some(11));
    // A name that is gone is not used again.
    assert!(one.remove(b"11").unwrap());
    assert_eq!(put_next(&other, 0), Some(12));
    assert_sound(&one);
    // Other content, other numbers.
    one.replace(&[(b"4", b"1"), (b"x", b"1"), (b"-9", b"1")]).unwrap();
    assert_eq!(put_next(&other, 0), Some(5));
    one.replace(&[]).unwrap();
    assert_eq!(put_next(&other, 0), Some(0));
    one.destroy().unwrap();
    assert_eq!(put_next(&other, 0), Some(0));
    assert_sound(&other);
}

#[test]
fn numbers_below_zero_and_the_highest_one_count_as_in_an_array() {
    let path = Path0::new();
    let store = path.store();
    put(&store, b"-5", b"1");
    assert_eq!((store.next_number(i64::MIN).unwrap(), store.next_number(0).unwrap()), (Some(-4), Some(0)));
    assert_eq!(put_next(&store, i64::MIN), Some(-4));
    assert_eq!(put_next(&store, 0), Some(0));
    put(&store, b"9223372036854775806", b"1");
    assert_eq!(put_next(&store, 0), Some(i64::MAX));
    let before = store.snapshot().unwrap().len();
    assert_eq!((put_next(&store, 0), store.next_number(0).unwrap()), (None, None));
    assert_eq!(store.snapshot().unwrap().len(), before);
    assert!(store.remove(b"9223372036854775807").unwrap());
    assert_eq!(put_next(&store, 0), Some(i64::MAX));
    assert_sound(&store);
}

#[test]
fn the_next_number_of_a_copy_and_of_a_damaged_header_is_that_of_the_names() {
    let (path, copy) = (Path0::new(), Path0::new());
    let store = path.store();
    for n in 0..5000 {
        assert_eq!(put_next(&store, 0), Some(n));
    }
    std::fs::copy(&path.0, &copy.0).unwrap();
    assert_eq!(put_next(&copy.store(), 0), Some(5000));
    assert_sound(&copy.store());
    // Too low a word takes no name that is there.
    let file = OpenOptions::new().write(true).open(&path.0).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &(17u64 | 1 << 63).to_le_bytes(), 352).unwrap();
    // As if the store had written that itself: else all is made anew.
    std::os::unix::fs::FileExt::write_all_at(&file, &u64::MAX.to_le_bytes(), 488).unwrap();
    assert!(!store.check().unwrap().problems.is_empty());
    assert_eq!(put_next(&store, 0), Some(5000));
    assert_sound(&store);
}

#[test]
fn threads_that_append_without_names_take_no_number_twice() {
    let path = Path0::new();
    let each = 3000;
    let numbers: Vec<i64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let store = path.store();
                    let append = || store.retry(|store| store.put_next(b"1", b"", 0, &mut Version::default()));
                    (0..each).map(|_| append().unwrap().unwrap()).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..4 * each).collect::<Vec<_>>());
    assert_sound(&path.store());
}

#[test]
fn a_legacy_file_becomes_a_store_with_the_first_write() {
    for size in [100usize, 5_000, 300_000] {
        let path = Path0::new();
        let mut old = b"O:8:\"stdClass\":4:{...".to_vec();
        old.resize(size, b'x');
        std::fs::write(&path.0, &old).unwrap();
        let store = path.store();
        let error = store.get(b"x", &mut Version::default(), &mut Vec::new()).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Legacy));
        assert_eq!(store.legacy().unwrap().unwrap(), old);
        assert!(!store.import(b"something else", &[]).unwrap());
        assert_eq!(std::fs::read(&path.0).unwrap(), old);
        assert!(store.import(&old, &[(b"a", b"1"), (b"b", &[2; 30_000])]).unwrap());
        assert_eq!(get(&store, b"a"), Some(b"1".to_vec()));
        assert_eq!(get(&store, b"b"), Some(vec![2; 30_000]));
        assert_eq!(store.legacy().unwrap(), None);
        put(&store, b"c", b"3");
        let report = assert_sound(&store);
        assert!(report.allocated < 2 * (report.live + report.index) + (1 << 20), "{report:?}");
    }
}

#[test]
fn a_file_whose_destroyer_died_before_deleting_it_is_empty() {
    let path = Path0::new();
    let store = path.store();
    let mut seen = Version::default();
    store.put(b"x", b"1", &mut seen).unwrap();
    let flags = std::mem::offset_of!(Header, flags) as u64;
    let file = OpenOptions::new().write(true).open(&path.0).unwrap();
    std::os::unix::fs::FileExt::write_at(&file, &[DESTROYED as u8], flags).unwrap();
    // As after a tick of the clock.
    Store::paths_have_changed();
    assert!(!store.is_current(&seen), "who has it in mind sees it, too");
    assert_eq!(get(&store, b"x"), None);
    assert_eq!(get(&path.store(), b"x"), None);
    put(&store, b"y", b"2");
    assert_eq!(get(&path.store(), b"y"), Some(b"2".to_vec()));
    assert_eq!(get(&path.store(), b"x"), None);
    assert_sound(&store);
}

#[test]
fn a_value_goes_on_with_what_is_appended_to_it() {
    let path = Path0::new();
    let (one, other, third) = (path.store(), path.store(), path.store());
    let (mut mine, mut theirs, mut out) = (Version::default(), Version::default(), Vec::new());
    assert_eq!(one.append(b"list", b"x", 0, &mut mine).unwrap(), Appended::Changed, "nothing to append to");
    one.put(b"first", b"1", &mut Version::default()).unwrap();
    one.put(b"list", b"start", &mut mine).unwrap();
    one.put(b"last", b"1", &mut Version::default()).unwrap();
    assert_eq!(other.get(b"list", &mut theirs, &mut out).unwrap(), Found::Value);
    let mut whole = b"start".to_vec();
    let mut times = 0;
    while one.append(b"list", format!(",{times}").as_bytes(), times, &mut mine).unwrap() == Appended::Done {
        whole.extend_from_slice(format!(",{times}").as_bytes());
        times += 1;
        if times % 7 == 0 {
            assert_eq!(other.get(b"list", &mut theirs, &mut out).unwrap(), Found::Appended);
            assert!(whole.ends_with(&out) && out.len() < whole.len());
            assert_eq!(other.get(b"list", &mut theirs, &mut out).unwrap(), Found::Unchanged);
        }
    }
    assert!((50..200).contains(&times), "{times}");
    assert_eq!(get(&third, b"list").as_ref(), Some(&whole));
    assert_sound(&one);
    let snapshot = third.snapshot().unwrap();
    let entries: Vec<_> = snapshot.iter().collect();
    assert_eq!(entries, [(&b"first"[..], &b"1"[..]), (b"list", &whole), (b"last", b"1")], "order, too");
    assert_eq!(other.append(b"list", b"x", 0, &mut theirs).unwrap(), Appended::Changed, "not up to date");

    let copy = Path0::new();
    std::fs::copy(&path.0, &copy.0).unwrap();
    assert_eq!(get(&copy.store(), b"list").as_ref(), Some(&whole));
    assert_sound(&copy.store());

    assert!(one.put_if_unchanged(b"list", b"new", &mut mine).unwrap());
    assert_eq!(one.append(b"list", b"er", 0, &mut mine).unwrap(), Appended::Done);
    assert_eq!(other.get(b"list", &mut theirs, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"newer");
    assert_sound(&one);
    one.remove(b"list").unwrap();
    assert_eq!(get(&other, b"list"), None);
    assert_eq!(assert_sound(&one).keys, 2);
}

#[test]
fn the_cleaner_keeps_values_whole_that_were_appended_to() {
    let path = Path0::new();
    let store = path.store();
    let mut lists: Vec<(Version, Vec<u8>)> = vec![(Version::default(), Vec::new()); 40];
    for (n, (seen, whole)) in lists.iter_mut().enumerate() {
        *whole = vec![n as u8; 500 + 900 * n];
        store.put(format!("list{n}").as_bytes(), whole, seen).unwrap();
    }
    for round in 0..20_000u32 {
        let n = (round % 40) as usize;
        let key = format!("list{n}");
        let bytes = round.to_le_bytes();
        let (seen, whole) = &mut lists[n];
        if round % 5 == 0 {
            put(&store, format!("other{}", round % 3000).as_bytes(), &[1; 300]);
        }
        // The cleaner writes values anew, too: then it is no longer the record that was seen.
        let mut out = Vec::new();
        store.get(key.as_bytes(), seen, &mut out).unwrap();
        match store.append(key.as_bytes(), &bytes, 0, seen).unwrap() {
            Appended::Done => whole.extend_from_slice(&bytes),
            Appended::Full => {
                whole.truncate(500);
                assert!(store.put_if_unchanged(key.as_bytes(), whole, seen).unwrap());
            }
            Appended::Changed => panic!("nobody else writes"),
        }
    }
    for (n, (_, whole)) in lists.iter().enumerate() {
        assert_eq!(get(&store, format!("list{n}").as_bytes()).as_ref(), Some(whole), "list {n}");
    }
    let report = assert_sound(&store);
    assert!(report.allocated < 2 * (report.live + report.index) + (1 << 20), "{report:?}");
}

/// Appends `count` pieces of `length` bytes, uniting where it is due; what the value is then.
fn append_many(store: &Store, key: &[u8], count: u32, length: usize, seen: &mut Version, whole: &mut Vec<u8>) -> u32 {
    let mut united = 0;
    for n in 0..count {
        let bytes = vec![n as u8; length];
        while store.append(key, &bytes, i64::from(n), seen).unwrap() == Appended::Full {
            assert!(store.unite(key, 0, seen).unwrap());
            united += 1;
        }
        whole.extend_from_slice(&bytes);
    }
    united
}

#[test]
fn uniting_what_was_appended_leaves_a_long_value_where_it_is() {
    let path = Path0::new();
    let (store, other) = (path.store(), path.store());
    let (mut seen, mut theirs, mut out) = (Version::default(), Version::default(), Vec::new());
    let mut whole = vec![7; 6 << 20];
    store.put(b"list", &whole, &mut seen).unwrap();
    assert_eq!(other.get(b"list", &mut theirs, &mut out).unwrap(), Found::Value);
    let mut knows_a_piece = theirs;
    append_many(&store, b"list", 3, 100, &mut seen, &mut whole);
    assert_eq!(other.get(b"list", &mut knows_a_piece, &mut out).unwrap(), Found::Appended);
    let base = assert_sound(&store);
    assert!(!store.unite(b"list", 7 << 20, &mut seen).unwrap(), "shorter than that");
    let united = append_many(&store, b"list", 60_000, 100, &mut seen, &mut whole);
    assert!((5..20).contains(&united), "{united}: once a megabyte of records");
    assert_eq!(get(&path.store(), b"list").as_ref(), Some(&whole));
    assert_eq!(other.get(b"list", &mut theirs, &mut out).unwrap(), Found::Appended);
    assert!(out == whole[6 << 20..], "what was known is there still: all that came after it");
    assert_eq!(other.get(b"list", &mut knows_a_piece, &mut out).unwrap(), Found::Value);
    assert!(out == whole, "the piece that was known has become part of another: all of it");
    let report = assert_sound(&store);
    assert!(report.live < base.live + 2 * 6_000_000, "{report:?}");
    assert!(report.allocated < 2 * (report.live + report.index) + (1 << 20), "{report:?}");
    // A copy is put together from the records alone.
    let copy = Path0::new();
    std::fs::copy(&path.0, &copy.0).unwrap();
    assert_eq!(get(&copy.store(), b"list").as_ref(), Some(&whole));
    assert_sound(&copy.store());
    // All of it goes when it is overwritten.
    put(&store, b"list", b"short");
    assert!(assert_sound(&store).live < 100);
}

#[test]
fn the_cleaner_does_not_copy_a_long_value_that_is_appended_to() {
    let path = Path0::new();
    let store = path.store();
    let mut seen = Version::default();
    let mut whole = vec![7; 3 << 20];
    store.put(b"list", &whole, &mut seen).unwrap();
    let mut offset = None;
    for n in 0..30_000u32 {
        put(&store, format!("other{}", n % 50).as_bytes(), &[1; 300]);
        if n % 10 == 0 {
            store.get(b"list", &mut seen, &mut Vec::new()).unwrap();
            assert_eq!(store.append(b"list", b"piece", 0, &mut seen).unwrap(), Appended::Done);
            whole.extend_from_slice(b"piece");
            let file = store.follower().current_file().unwrap().unwrap();
            let base = Pieces::of(Records::of(file.view()), seen.hit().record, None).unwrap().whole;
            assert_eq!(*offset.get_or_insert(base), base, "it stays where it is");
        }
    }
    assert_eq!(get(&path.store(), b"list").as_ref(), Some(&whole));
    let report = assert_sound(&store);
    assert!(report.allocated < 2 * (report.live + report.index) + (1 << 20), "{report:?}");
}

#[test]
fn a_peek_tells_what_is_to_be_known_before_appending() {
    let path = Path0::new();
    let (store, other) = (path.store(), path.store());
    let (mut seen, mut start) = (Version::default(), Vec::new());
    let mut peeked = |store: &Store| store.peek(b"list", &mut seen, &mut start).map(|o| (o, start.clone())).unwrap();
    assert_eq!(peeked(&store).0, Peeked::Missing);
    let mut mine = Version::default();
    other.put(b"list", b"0123456789abcdefghij", &mut mine).unwrap();
    assert_eq!(peeked(&store), (Peeked::Whole, b"0123456789abcdef".to_vec()));
    assert_eq!(peeked(&store).0, Peeked::Unchanged);
    other.append(b"list", b"k", -5, &mut mine).unwrap();
    assert_eq!(peeked(&store).0, Peeked::Noted(-5));
    other.unite(b"list", 0, &mut mine).unwrap();
    assert_eq!(peeked(&store).0, Peeked::Noted(-5), "a united value keeps the note");
    assert_eq!(get(&store, b"list").as_deref(), Some(&b"0123456789abcdefghijk"[..]));
    other.put(b"list", &[7; 100_000], &mut mine).unwrap();
    assert_eq!(peeked(&store).0, Peeked::Whole);
    other.append(b"list", b"k", 7, &mut mine).unwrap();
    other.append(b"list", b"l", 8, &mut mine).unwrap();
    other.unite(b"list", 0, &mut mine).unwrap();
    assert_eq!(peeked(&store).0, Peeked::Noted(8), "the newest note stays");
    // A value that was peeked at may be appended to.
    assert_eq!(store.append(b"list", b"m", 9, &mut seen).unwrap(), Appended::Done);
    assert_eq!(get(&other, b"list").unwrap()[100_000..], *b"klm");
}

/// The mark "united" was once a flag that a moved record lost: its end then passed for that of its first object.
#[test]
fn a_united_value_is_still_one_after_the_cleaner_has_moved_it() {
    let path = Path0::new();
    let (store, other) = (path.store(), path.store());
    let (mut seen, mut start) = (Version::default(), Vec::new());
    store.put(b"list", b"first", &mut seen).unwrap();
    store.append(b"list", b"second", 7, &mut seen).unwrap();
    store.unite(b"list", 0, &mut seen).unwrap();
    let united = seen.position().unwrap();
    let mut random = 1u64;
    for n in 0..60_000u32 {
        // In no order, so that no segment dies as a whole.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        put(&store, format!("other{}", random >> 52).as_bytes(), &n.to_le_bytes());
    }
    assert_eq!(other.peek(b"list", &mut seen, &mut start).unwrap(), Peeked::Noted(7));
    assert_ne!(seen.position().unwrap(), united, "the cleaner has moved it");
    assert_eq!(get(&other, b"list").as_deref(), Some(&b"firstsecond"[..]));
    assert_sound(&store);
}

#[test]
fn after_a_power_loss_pieces_that_were_united_count_once_marked_or_not() {
    let path = Path0::new();
    let store = path.store();
    let mut seen = Version::default();
    let mut whole = vec![7; 100_000];
    store.put(b"list", &whole, &mut seen).unwrap();
    let mut pieces = Vec::new();
    for n in 0..3u8 {
        store.append(b"list", &[n], 0, &mut seen).unwrap();
        whole.push(n);
        pieces.push(seen.hit().record);
    }
    store.unite(b"list", 0, &mut seen).unwrap();
    store.append(b"list", b"after", 0, &mut seen).unwrap();
    whole.extend_from_slice(b"after");
    // The marks that were not on the disk, in any combination.
    for unmarked in 0..8 {
        let copy = Path0::new();
        std::fs::copy(&path.0, &copy.0).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&copy.0).unwrap();
        for (n, piece) in pieces.iter().enumerate() {
            if unmarked >> n & 1 == 1 {
                std::os::unix::fs::FileExt::write_at(&file, &[0], piece + RECORD_FLAGS).unwrap();
            }
        }
        assert!(get(&copy.store(), b"list").as_ref() == Some(&whole), "{unmarked}");
        assert_sound(&copy.store());
    }
}

/// As if a process had died in the middle of an operation under the write lock: no lease has this
/// number.
fn leave_the_lock_to_the_dead(file: &File) {
    file.map.header().lock.set(7 << 32 | 90_000);
}

/// Opens the file in a mapping that has no room for what it will have grown to.
fn with_a_short_mapping(store: &Store) {
    super::map::tests::DESIRED.set(Some(1 << 20));
    get(store, b"x");
    super::map::tests::DESIRED.set(None);
}

/// Once a tick a store looks at its file, and would notice: that tick is not over.
fn do_not_look_yet(store: &Store) {
    store.follower().do_not_look_yet();
}

#[test]
fn a_takeover_that_fails_is_made_good_by_whoever_comes_next() {
    let path = Path0::new();
    let name = path.0.clone();
    let store = path.store();
    put(&store, b"x", b"1");
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let (tell, opened) = std::sync::mpsc::channel::<()>();
    let successor = std::thread::spawn(move || {
        let store = Store::new(name, Options::default());
        with_a_short_mapping(&store);
        tell.send(()).unwrap();
        wait.recv().unwrap();
        // Takes over, finds that its mapping is too short, maps the file anew, and goes on.
        do_not_look_yet(&store);
        put(&store, b"y", b"1");
    });
    opened.recv().unwrap();
    for n in 0..40u8 {
        put(&store, &[n], &[n; 100_000]);
    }
    // Somebody dies between letting a key's slot name a new record and marking the old one dead.
    let file = store.file();
    let mut seen = Version::default();
    store.put(b"x", b"2", &mut seen).unwrap();
    let old = seen.hit().record;
    store.put(b"x", b"3", &mut seen).unwrap();
    let owner = file.lock().unwrap();
    let word = file.map.word(old);
    word.set(word.get() & !format::DEAD);
    Space::of(&owner).add_live(format::block_of(old), Records::of(file.view()).record_head(old).unwrap().length as i64);
    owner.header().superseding.set(old);
    drop(owner);
    leave_the_lock_to_the_dead(&file);
    go_on.send(()).unwrap();
    successor.join().unwrap();
    assert_sound(&store);
    assert_eq!(get(&store, b"x"), Some(b"3".to_vec()));
}

#[test]
fn a_lock_stays_while_its_file_outgrows_the_mapping() {
    let path = Path0::new();
    let name = path.0.clone();
    put(&path.store(), b"x", b"1");
    let holder = std::thread::spawn(move || {
        let store = Store::new(name.clone(), Options::default());
        with_a_short_mapping(&store);
        store.lock(Patience::until(Duration::from_secs(1))).unwrap();
        for n in 0..40u8 {
            put(&store, &[n], &[n; 100_000]);
        }
        assert!(store.holds_lock());
        let other = Store::new(name, Options::default());
        let error = other.get(b"x", &mut Version::default(), &mut Vec::new()).unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::Held(held) if held.same_thread && held.patience.timeout.is_some()),
            "{error}"
        );
        store.unlock();
        put(&other, b"x", b"2");
    });
    holder.join().unwrap();
    assert_sound(&path.store());
}

#[test]
fn a_change_that_fails_halfway_is_made_good_by_whoever_comes_next() {
    let path = Path0::new();
    let name = path.0.clone();
    let store = path.store();
    put(&store, b"x", b"1");
    put(&store, b"room", &[0; 300_000]);
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let (tell, opened) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || {
        let store = Store::new(name, Options::default());
        with_a_short_mapping(&store);
        tell.send(()).unwrap();
        wait.recv().unwrap();
        // Takes the room, finds that its mapping is too short, maps the file anew, and goes on.
        do_not_look_yet(&store);
        put(&store, b"y", &[1; 100_000]);
    });
    opened.recv().unwrap();
    for n in 0..40u8 {
        put(&store, &[n], &[n; 100_000]);
    }
    store.remove(b"room").unwrap();
    go_on.send(()).unwrap();
    other.join().unwrap();
    assert_sound(&store);
}

/// Found by the fuzzer: no process leaves such a word, but a file may say anything.
#[test]
fn a_lock_with_waiters_and_no_owner_is_taken_over() {
    let path = Path0::new();
    let store = path.store();
    put(&store, b"x", b"1");
    store.file().map.header().lock.set(7 << 32 | 1 << 31);
    store.put(b"x", b"2", &mut Version::default()).unwrap();
    assert_sound(&store);
}

#[test]
fn whoever_loses_the_lock_with_its_file_is_told_until_it_unlocks() {
    let lose: [fn(&Path); 4] = [
        |path| std::fs::remove_file(path).unwrap(),
        |path| {
            let other = Path0::new();
            put(&other.store(), b"x", b"other");
            std::fs::rename(&other.0, path).unwrap();
        },
        |path| OpenOptions::new().write(true).open(path).unwrap().set_len(0).unwrap(),
        |path| OpenOptions::new().write(true).open(path).unwrap().set_len(5000).unwrap(),
    ];
    type Access = fn(&Store) -> Result<()>;
    let accesses: [Access; 7] = [
        |store| store.get(b"x", &mut Version::default(), &mut Vec::new()).map(drop),
        |store| store.put(b"x", b"2", &mut Version::default()),
        |store| store.remove(b"x").map(drop),
        |store| store.snapshot().map(drop),
        |store| store.len().map(drop),
        |store| store.lock(Patience::default()),
        |store| store.destroy(),
    ];
    for (how, lose) in lose.into_iter().enumerate() {
        for (which, access) in accesses.into_iter().enumerate() {
            let path = Path0::new();
            let store = path.store();
            store.lock(Patience::default()).unwrap();
            put(&store, b"x", b"1");
            let mut seen = Version::default();
            store.get(b"x", &mut seen, &mut Vec::new()).unwrap();
            lose(&path.0);
            Store::paths_have_changed();
            assert!(!store.is_current(&seen));
            let error = access(&store).unwrap_err();
            assert!(matches!(error.kind, ErrorKind::LockLost), "{how}, {which}: {error}");
            assert!(error.to_string().contains(path.0.to_str().unwrap()));
            assert!(!store.holds_lock());
            let error = store.put(b"x", b"2", &mut Version::default()).unwrap_err();
            assert!(matches!(error.kind, ErrorKind::LockLost), "{how}, {which}: {error}");
            store.unlock();
            match access(&store) {
                Err(error) if how == 3 => assert!(matches!(error.kind, ErrorKind::NotAStore(_)), "{how}, {which}"),
                result => result.unwrap_or_else(|error| panic!("{how}, {which}: {error}")),
            }
        }
    }
}

#[test]
fn a_lock_is_not_lost_by_unlocking_or_destroying_nor_one_that_nobody_asked_for() {
    let path = Path0::new();
    let store = path.store();
    store.lock(Patience::default()).unwrap();
    std::fs::remove_file(&path.0).unwrap();
    Store::paths_have_changed();
    store.unlock();
    put(&store, b"x", b"1");
    store.lock(Patience::default()).unwrap();
    store.destroy().unwrap();
    assert_eq!(get(&store, b"x"), None);
    // A hold of a moment goes with the file, as the program never heard of it.
    put(&store, b"x", b"1");
    let _change = store.lock_writers().unwrap();
    std::fs::remove_file(&path.0).unwrap();
    Store::paths_have_changed();
    assert_eq!(get(&store, b"x"), None);
}

/// A key that was looked at before its index block was split: the slot that it was found in still names its old
/// record, in a block that is free now.
#[test]
fn a_slot_of_an_index_block_that_is_gone_says_nothing() {
    let path = Path0::new();
    let (store, other) = (path.store(), path.store());
    put(&store, b"x", b"old");
    let (mut seen, mut out) = (Version::default(), Vec::new());
    assert_eq!(other.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
    for n in 0..3100u32 {
        put(&store, format!("key{n}").as_bytes(), b"1");
    }
    put(&store, b"x", b"new");
    let file = other.file();
    assert!(Reader::of(&file).hint(&seen).is_none());
    assert_eq!(other.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"new");
}

// ---- writers between two looks of a reader --------------------------------------------

/// Where somebody comes in between, and what it does.
type Meanwhile = (&'static str, Box<dyn FnOnce()>);

thread_local! {
    static MEANWHILE: RefCell<Option<Meanwhile>> = const { RefCell::new(None) };
}

/// Called by a reader (of this thread) between two of its looks.
pub fn meanwhile(place: &str) {
    let mut what = MEANWHILE.take();
    if let Some((_, action)) = what.take_if(|(at, _)| *at == place) {
        action();
    }
    MEANWHILE.with_borrow_mut(|now| *now = now.take().or(what));
}

/// Runs `read` while, at this place, `action` comes in between, once.
fn while_somebody<T>(place: &'static str, action: impl FnOnce() + 'static, read: impl FnOnce() -> T) -> T {
    MEANWHILE.set(Some((place, Box::new(action))));
    let result = read();
    assert!(MEANWHILE.take().is_none(), "nobody came by the place: {place}");
    result
}

/// Overwrites a key until other bytes lie wherever its value may have been.
fn overwrite(path: &Path, key: &'static [u8], length: usize) -> impl FnOnce() + 'static {
    let store = Store::new(path.to_owned(), Options::default());
    move || (0..200).for_each(|n: u8| put(&store, key, &vec![n; length]))
}

#[test]
fn a_value_that_is_overwritten_while_it_is_copied_is_read_anew() {
    let path = Path0::new();
    let (store, mut seen, mut out) = (path.store(), Version::default(), Vec::new());
    put(&store, b"x", &[255; 5000]);
    let found =
        while_somebody("copying a value", overwrite(&path.0, b"x", 5000), || store.get(b"x", &mut seen, &mut out));
    assert_eq!(found.unwrap(), Found::Value);
    assert!(out == [199; 5000], "{} and {}", out[0], out[4999]);
}

#[test]
fn a_long_value_that_is_overwritten_before_or_while_it_is_copied_is_not_read() {
    let path = Path0::new();
    let (store, mut seen, mut out) = (path.store(), Version::default(), Vec::new());
    let mut room = vec![MaybeUninit::uninit(); 5000];
    put(&store, b"x", &[255; 5000]);
    let left = long(store.get_short(b"x", 1000, &mut seen, &mut out).unwrap());
    assert_eq!(left.length, 5000);
    assert!(store.read_unread(&left, 0, &mut room).unwrap());
    let read = while_somebody("copying a long value", overwrite(&path.0, b"x", 5000), || {
        store.read_unread(&left, 0, &mut room)
    });
    assert!(!read.unwrap());
    // For as long as others lie there.
    for _ in 0..200 {
        put(&store, b"x", &[1; 5000]);
        assert!(!store.read_unread(&left, 0, &mut room).unwrap());
    }
}

fn long(found: Found) -> Unread {
    match found {
        Found::Long(left) => *left,
        found => panic!("{found:?}"),
    }
}

/// A value could be made to look like the record that is asked for, by whoever supplies values.
#[test]
fn the_bytes_of_a_value_do_not_pass_for_one_that_was_left_where_it_is() {
    let path = Path0::new();
    let (store, mut seen, mut out) = (path.store(), Version::default(), Vec::new());
    let mut room = vec![MaybeUninit::uninit(); 40_000];
    put(&store, b"before", &[0; 60_000]);
    put(&store, b"x", &[b'x'; 40_000]);
    let before = long(store.get_short(b"before", 1000, &mut Version::default(), &mut out).unwrap());
    let left = long(store.get_short(b"x", 1000, &mut seen, &mut out).unwrap());
    assert!(store.read_unread(&left, 0, &mut room).unwrap());
    // A value that comes to lie over both of their runs looks like the second one, generation and all.
    let start = (before.place[1] + format::RECORD_HEAD) as usize + 2;
    let run = (left.place[1] - format::BLOCK_HEAD) as usize;
    assert_eq!(run - (before.place[1] - format::BLOCK_HEAD) as usize, format::BLOCK as usize);
    let mut forged = vec![b'y'; 120_000];
    let file = std::fs::read(&path.0).unwrap();
    forged[run - start..][..41_000].copy_from_slice(&file[run..][..41_000]);
    store.remove(b"before").unwrap();
    store.remove(b"x").unwrap();
    put(&store, b"y", &forged);
    let file = std::fs::read(&path.0).unwrap();
    assert_eq!(file[start..][..forged.len()], forged);
    assert!(!store.read_unread(&left, 0, &mut room).unwrap());
}

#[test]
fn a_value_in_pieces_that_was_left_where_it_is_is_read_as_it_was() {
    let path = Path0::new();
    let (store, mut seen) = (path.store(), Version::default());
    store.put(b"x", &[1; 5000], &mut seen).unwrap();
    assert_eq!(store.append(b"x", &[2; 100], 0, &mut seen).unwrap(), Appended::Done);
    let mut snapshot = Snapshot::default();
    store.fill(&mut snapshot, 1000).unwrap();
    let Some((b"x", Stored::Left(left))) = snapshot.get(0) else { panic!("{snapshot:?}") };
    let mut room = vec![MaybeUninit::uninit(); left.length as usize];
    store.append(b"x", &[3; 100], 0, &mut seen).unwrap();
    assert!(store.read_unread(&left, 0, &mut room).unwrap());
    // SAFETY: it says that all was read.
    let read: Vec<u8> = room.iter().map(|byte| unsafe { byte.assume_init() }).collect();
    assert_eq!(read, [[1; 5000].as_slice(), &[2; 100]].concat());
    assert!(store.read_unread(&left, 4990, &mut room[..20]).unwrap());
    // SAFETY: as above.
    assert_eq!(unsafe { (room[9].assume_init(), room[10].assume_init(), room[19].assume_init()) }, (1, 2, 2));
    assert!(!store.read_unread(&left, 5090, &mut room[..20]).unwrap());
    store.remove(b"x").unwrap();
    overwrite(&path.0, b"y", 5000)();
    assert!(!store.read_unread(&left, 0, &mut room).unwrap());
}

/// Nothing is copied, and nothing is known of the value afterwards that was not known before.
#[test]
fn a_value_for_which_there_is_no_room_says_how_much_it_takes() {
    let path = Path0::new();
    let (store, mut seen) = (path.store(), Version::default());
    let wanted = |result: Result<Found>| match result {
        Err(Error { kind: ErrorKind::NoRoom(bytes), .. }) => bytes,
        other => panic!("{other:?}"),
    };
    let mut few = [MaybeUninit::uninit(); 10];
    let mut many = [MaybeUninit::uninit(); 300];
    put(&store, b"x", &[1; 100]);
    assert_eq!(wanted(store.get(b"x", &mut seen, &mut Places::new(&mut few))), 100);
    assert!(!store.is_current(&seen));
    let mut out = Places::new(&mut many);
    assert_eq!(store.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
    assert!(store.is_current(&seen) && out.items() == [1; 100]);
    // Another one, and pieces of it.
    store.put(b"x", &[2; 50], &mut Version::default()).unwrap();
    assert_eq!(wanted(store.get(b"x", &mut seen, &mut Places::new(&mut few))), 50);
    assert!(!store.is_current(&seen));
    assert_eq!(store.get(b"x", &mut seen, &mut Places::new(&mut many)).unwrap(), Found::Value);
    let mut writer = Version::default();
    store.get(b"x", &mut writer, &mut Vec::new()).unwrap();
    assert_eq!(store.append(b"x", &[3; 200], 0, &mut writer).unwrap(), Appended::Done);
    assert_eq!(wanted(store.get(b"x", &mut seen, &mut Places::new(&mut few))), 200);
    assert!(!store.is_current(&seen));
    let mut out = Places::new(&mut many);
    assert_eq!(store.get(b"x", &mut seen, &mut out).unwrap(), Found::Appended);
    assert_eq!(out.items(), [3; 200]);
    assert_eq!(wanted(store.get(b"x", &mut Version::default(), &mut Places::new(&mut few))), 250);
    // Everything at once.
    let mut snapshot = Snapshot::new(Places::new(&mut few), Vec::new());
    assert!(matches!(store.fill(&mut snapshot, u64::MAX), Err(Error { kind: ErrorKind::NoRoom(251), .. })));
    assert_eq!(snapshot.wanted(), (251, 1));
    let mut snapshot = Snapshot::new(Places::new(&mut many), Vec::new());
    store.fill(&mut snapshot, u64::MAX).unwrap();
    assert_eq!(snapshot.iter().map(|(key, value)| (key.len(), value.len())).collect::<Vec<_>>(), [(1, 250)]);
}

#[test]
fn a_value_in_pieces_that_is_overwritten_while_it_is_collected_or_copied_is_read_anew() {
    for place in ["collecting pieces", "copying pieces"] {
        let path = Path0::new();
        let (store, mut seen, mut out) = (path.store(), Version::default(), Vec::new());
        store.put(b"x", &[254; 5000], &mut seen).unwrap();
        // In another segment.
        for n in 0..20u8 {
            put(&store, &[n], &[n; 5000]);
        }
        assert_eq!(store.append(b"x", &[255; 1000], 0, &mut seen).unwrap(), Appended::Done);
        let read = || store.get(b"x", &mut Version::default(), &mut out);
        let action = overwrite(&path.0, b"x", 5000);
        let others = path.store();
        let action = move || {
            (0..20u8).for_each(|n| assert!(others.remove(&[n]).unwrap()));
            action();
        };
        assert_eq!(while_somebody(place, action, read).unwrap(), Found::Value, "{place}");
        assert!(out == [199; 5000], "{place}: {} bytes", out.len());
    }
}

#[test]
fn a_key_is_found_while_its_block_of_the_index_is_replaced_and_used_for_something_else() {
    let path = Path0::new();
    let (store, writer) = (path.store(), path.store());
    put(&store, b"x", b"value");
    let action = move || {
        for n in 0..7000u32 {
            put(&writer, format!("key{n}").as_bytes(), &[1; 40]);
        }
    };
    let found = while_somebody("searching a block of the index", action, || get(&store, b"x"));
    assert_eq!(found, Some(b"value".to_vec()));
}

/// An offset in a block of the index, or in a directory, that holds a value by now is no reason to
/// believe that the file is damaged, be it outside of the mapping or only of the file.
#[test]
fn an_offset_out_of_a_block_that_was_reused_says_nothing_of_the_file() {
    for (place, offset) in [
        ("searching a block of the index", u64::MAX),
        ("searching a block of the index", 8 << 30),
        ("following the directory", u64::MAX),
        ("following the directory", 8 << 30),
    ] {
        // The slot of the key is one that the bytes of a value can lie over.
        draw_identities_from(1);
        let path = Path0::new();
        let (store, writer) = (path.store(), path.store());
        // Each gives the directory a run of its own, the last one in place of what the first one left.
        for _ in 0..2 {
            store.replace(&[(b"x", b"value")]).unwrap();
        }
        let file = store.follower().current_file().unwrap().unwrap();
        let directory = Root::open(file.map.header().directory.get());
        let hash = format::hash(file.identity.hash_seed, b"x");
        let looked_at = if place == "following the directory" {
            directory.offset
        } else {
            let block = IndexView::of(file.view()).index_block(hash, directory).unwrap();
            block + format::BLOCK_HEAD + format::home_slot(hash) * format::SLOT + 8
        };
        let theirs = file.clone();
        let action = move || {
            writer.replace(&[(b"x", b"value")]).unwrap();
            // Hash and offset, as a slot has them; the name lets the value start at a multiple of 16.
            let words = if place == "following the directory" { [offset; 2] } else { [hash, offset] };
            let value = words.map(u64::to_le_bytes).concat().repeat(4000);
            let found = (0..20u8).any(|n| {
                put(&writer, &[n; 15], &value);
                theirs.map.word(looked_at).get() == offset
            });
            assert!(found, "the block is used again");
        };
        assert_eq!(while_somebody(place, action, || get(&store, b"x")), Some(b"value".to_vec()), "{place}");
        assert!(!file.map.is_poisoned(), "{place}: {offset}");
        assert!(Rc::ptr_eq(&file, &store.follower().current_file().unwrap().unwrap()), "{place}: {offset}");
        assert_sound(&store);
    }
}

#[test]
fn a_store_is_found_whole_by_whoever_opens_it_while_others_write() {
    for (place, is_empty) in [
        ("checking whether a store is furnished", false),
        ("checking whether a store is furnished", true),
        ("checking how long a file is", false),
        ("checking how long a file is", true),
        ("checking where a log ends", false),
        ("checking where a log ends", true),
        ("checking where things are", false),
    ] {
        let path = Path0::new();
        let name = path.0.clone();
        let action = move || {
            let other = std::thread::spawn(move || {
                let store = Store::new(name, Options::default());
                (0..40u8).for_each(|n| put(&store, &[n], &[n; 100_000]));
                store.replace(&[(b"x", b"1")]).unwrap();
            });
            other.join().unwrap();
        };
        if is_empty {
            // A header alone: its first blocks come meanwhile.
            File::open(&path.0, &Options::default(), true).unwrap().unwrap();
            assert_eq!(std::fs::metadata(&path.0).unwrap().len(), format::PAGE);
        } else {
            put(&path.store(), b"y", b"1");
        }
        set_idle_limit(0);
        close_idle();
        assert_eq!(while_somebody(place, action, || get(&path.store(), b"x")), Some(b"1".to_vec()), "{place}");
    }
}

/// Lets `action` come in between at a place as often as somebody comes by, up to `times`.
fn each_time(place: &'static str, times: u32, action: Rc<dyn Fn()>) {
    if times > 0 {
        let again = move || {
            action();
            each_time(place, times - 1, action);
        };
        MEANWHILE.set(Some((place, Box::new(again))));
    }
}

#[test]
fn a_store_that_others_destroy_and_make_anew_all_the_time_is_not_called_damaged() {
    // Where a file is given the number of the one that was deleted (ext4), and where it is not.
    let folder = std::env::temp_dir();
    for path in [Path0::new(), Path0(folder.join(format!("sync-test-{}-anew.sync", std::process::id())))] {
        let (store, other) = (path.store(), path.store());
        put(&other, b"x", b"1");
        let destroy = move || {
            other.destroy().unwrap();
            put(&other, b"x", b"1");
        };
        each_time("searching a block of the index", 60, Rc::new(destroy));
        let result = store.get(b"x", &mut Version::default(), &mut Vec::new());
        assert!(matches!(result, Err(Error { kind: ErrorKind::Busy, .. })), "{result:?}");
        // A caller that is told to try again gets it in the end.
        assert_eq!(get(&store, b"x"), Some(b"1".to_vec()));
        MEANWHILE.take();
    }
}

#[test]
fn a_snapshot_is_of_one_moment_whatever_is_written_meanwhile() {
    let path = Path0::new();
    let (store, writer) = (path.store(), path.store());
    let keys: Vec<[u8; 1]> = (0..20).map(|n| [n]).collect();
    keys.iter().for_each(|key| put(&store, key, b"old"));
    let action = move || keys.iter().for_each(|key| put(&writer, key, b"new"));
    let snapshot = while_somebody("visiting all", action, || store.snapshot()).unwrap();
    let values: Vec<_> = snapshot.iter().map(|(_, value)| value).collect();
    assert_eq!(values, [b"new"; 20]);
}

/// Somebody takes the lock and is in the middle of what it does under it.
#[test]
fn a_snapshot_of_a_store_that_is_destroyed_meanwhile_is_empty() {
    let path = Path0::new();
    let (store, other) = (path.store(), path.store());
    (0..20u8).for_each(|n| put(&store, &[n], b"value"));
    let action = move || other.destroy().unwrap();
    let snapshot = while_somebody("visiting all", action, || store.snapshot()).unwrap();
    assert_eq!(snapshot.iter().count(), 0);
}

#[test]
fn a_snapshot_has_everything_also_where_the_index_has_moved_to_new_blocks() {
    let path = Path0::new();
    let (store, writer) = (path.store(), path.store());
    put(&store, b"first", b"1");
    let action = move || {
        // They take the blocks that there were, so that the index comes into new ones.
        (0..6u8).for_each(|n| put(&writer, &[n], &[1; 60_000]));
        writer.replace(&[(b"a", b"1"), (b"b", b"2")]).unwrap();
    };
    let snapshot = while_somebody("beginning to visit all", action, || store.snapshot()).unwrap();
    assert_eq!(snapshot.iter().count(), 2);
}

/// It is told so, and nothing is noted in there.
#[test]
fn a_header_that_somebody_has_written_over_is_left_as_it_is() {
    use std::os::unix::fs::FileExt;
    let path = Path0::new();
    let store = path.store();
    put(&store, b"x", b"value");
    let file = OpenOptions::new().read(true).write(true).open(&path.0).unwrap();
    file.write_all_at(b"text of somebody else, who does not know what this is", 0).unwrap();
    let before = std::fs::read(&path.0).unwrap();
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(5));
        Store::paths_have_changed();
        let _ = store.get(b"x", &mut Version::default(), &mut Vec::new());
        assert!(store.put(b"x", b"new", &mut Version::default()).is_err());
        assert!(std::fs::read(&path.0).unwrap() == before);
    }
}

fn hold_and(path: &Path, action: impl FnOnce(&Store) + 'static) -> impl FnOnce() + 'static {
    let holder = Store::new(path.to_owned(), Options::default());
    move || {
        holder.lock(Patience::default()).unwrap();
        action(&holder);
        std::mem::forget(holder);
    }
}

fn is_refused<T: std::fmt::Debug>(result: Result<T>) -> bool {
    matches!(&result, Err(Error { kind: ErrorKind::Held(_), .. })) || panic!("{result:?}")
}

#[test]
fn the_middle_of_what_another_does_under_its_lock_is_not_seen_however_one_looks() {
    type Look = fn(&Store) -> bool;
    let looks: [(&str, Look); 5] = [
        ("a value", |store| is_refused(store.get(b"a", &mut Version::default(), &mut Vec::new()))),
        ("its outline", |store| is_refused(store.peek(b"a", &mut Version::default(), &mut Vec::new()))),
        ("a missing value", |store| is_refused(store.get(b"gone", &mut Version::default(), &mut Vec::new()))),
        ("all values", |store| is_refused(store.snapshot())),
        ("their number", |store| is_refused(store.len())),
    ];
    for (name, look) in looks {
        let path = Path0::new();
        let store = path.store();
        for key in [&b"a"[..], b"b", b"gone"] {
            put(&store, key, b"1");
        }
        let action = hold_and(&path.0, |holder| {
            put(holder, b"a", b"0");
            assert!(holder.remove(b"gone").unwrap());
        });
        assert!(while_somebody("beginning to look", action, || look(&store)), "{name}");
    }
}

#[test]
fn a_value_from_the_middle_of_a_section_that_has_ended_meanwhile_is_read_anew() {
    let path = Path0::new();
    let (store, holder) = (path.store(), Rc::new(path.store()));
    put(&store, b"a", b"before");
    let ends = holder.clone();
    let begin = move || {
        holder.lock(Patience::default()).unwrap();
        put(&holder, b"a", b"middle");
        let end = move || {
            put(&ends, b"a", b"after");
            ends.unlock();
        };
        MEANWHILE.set(Some(("copying a value", Box::new(end))));
    };
    let found = while_somebody("beginning to look", begin, || get(&store, b"a"));
    assert_eq!(found.as_deref(), Some(&b"after"[..]));
}

/// Each time that somebody looks at all, another has written; and then has the lock.
fn disturb(path: PathBuf, times: usize) {
    let store = Store::new(path.clone(), Options::default());
    put(&store, b"a", &[times as u8]);
    if times == 0 {
        hold_and(&path, |holder| put(holder, b"a", b"0"))();
    } else {
        MEANWHILE.set(Some(("visiting all", Box::new(move || disturb(path, times - 1)))));
    }
}

#[test]
fn a_look_that_keeps_writers_away_waits_for_the_holder_of_a_lock_too() {
    let path = Path0::new();
    let store = path.store();
    // One key: one place to come in between each time.
    put(&store, b"a", b"1");
    let disturbed = path.0.clone();
    assert!(while_somebody("visiting all", move || disturb(disturbed, 2), || is_refused(store.snapshot())));
}

#[test]
fn the_holder_of_a_lock_sees_its_own_writes_and_the_dead_keep_nobody_out() {
    let path = Path0::new();
    let (store, file, _) = with_x(&path);
    store.lock(Patience::default()).unwrap();
    put(&store, b"x", b"2");
    assert_eq!((get(&store, b"x"), store.len().unwrap()), (Some(b"2".to_vec()), 2));
    assert_eq!(store.snapshot().unwrap().iter().map(|(_, value)| value).collect::<Vec<_>>(), [b"1", b"2"]);
    // As if it had died: nobody has that lease.
    file.map.header().hold.set(7 << 32 | 90_000);
    let other = path.store();
    assert_eq!((get(&other, b"x"), other.len().unwrap()), (Some(b"2".to_vec()), 2));
    assert_eq!(file.map.header().hold.get(), 0);
}

// ---- generations: what shows a reader that a record is still there ------------------------------------------

/// A store in which the block of one segment is about to become the inside of a large value.
struct Trap {
    path: Path0,
    store: Store,
    /// The segment's block. `x` is the first in it, and all that lives there; before it is `big`.
    block: u64,
    x: Version,
}

impl Trap {
    fn new() -> Self {
        let path = Path0::new();
        let store = path.store();
        let mut x = Version::default();
        put(&store, b"first", b"1");
        put(&store, b"big", &[1; 3 * format::BLOCK as usize - 200]);
        let mut trap = Self { block: format::block_of(Self::tail(&store) - 1), path, store, x };
        trap.fill_segment();
        trap.store.put(b"x", &[255; 5000], &mut x).unwrap();
        (trap.block, trap.x) = (format::block_of(x.hit().record), x);
        trap.fill_segment();
        trap
    }

    fn file(store: &Store) -> Rc<File> {
        store.follower().current_file().unwrap().unwrap()
    }

    fn tail(store: &Store) -> u64 {
        Self::file(store).map.header().tail.get()
    }

    /// Stores what nobody needs until the tail is in another segment.
    fn fill_segment(&self) {
        let block = format::block_of(Self::tail(&self.store) - 1);
        while format::block_of(Self::tail(&self.store) - 1) == block {
            put(&self.store, b"filler", &[7; 900]);
        }
        assert!(Self::tail(&self.store) < format::block_offset(format::block_of(Self::tail(&self.store) - 1)) + 2000);
    }

    /// The bytes of the segment's block now, but with other bytes in the place of the value that starts with these.
    fn image_with(&self, old: u8, new: u8) -> Vec<u8> {
        let mut image = Vec::new();
        Self::file(&self.store).view().copy(format::block_offset(self.block), format::BLOCK, &mut image).unwrap();
        image.iter_mut().filter(|byte| **byte == old).for_each(|byte| *byte = new);
        image
    }

    /// Overwrites `x`, which frees the segment, and puts these bytes there, as the inside of a value.
    fn spring(path: &Path, block: u64, image: &[u8]) {
        let store = Store::new(path.to_owned(), Options::default());
        put(&store, b"x", b"newest");
        assert!(store.remove(b"big").unwrap());
        let before = (block - 3..block).map(|_| format::BLOCK).sum::<u64>() - format::BLOCK_HEAD - format::RECORD_HEAD;
        let mut value = vec![2; before as usize - b"\xa6forged".len()];
        value.extend_from_slice(&image[..image.len() - 1000]);
        put(&store, b"forged", &value);
        let mut there = Vec::new();
        Self::file(&store).view().copy(format::block_offset(block), image.len() as u64 - 1000, &mut there).unwrap();
        assert!(there == image[..image.len() - 1000], "the value lies elsewhere");
    }

    /// The action that comes in between.
    fn action(&self, image: Vec<u8>) -> impl FnOnce() + 'static {
        let (path, block) = (self.path.0.clone(), self.block);
        move || Self::spring(&path, block, &image)
    }
}

/// Small numbers once were generations: any value could hold one.
#[test]
fn no_number_in_a_value_passes_for_the_generation_of_a_segment_that_was_there() {
    for number in 0..12u64 {
        let trap = Trap::new();
        let image = number.to_le_bytes().repeat(format::BLOCK as usize / 8);
        let mut out = Vec::new();
        let read = || trap.store.get(b"x", &mut Version::default(), &mut out);
        let found = while_somebody("copying a value", trap.action(image), read);
        assert_eq!(found.unwrap(), Found::Value);
        assert!(out == b"newest", "{} bytes like {}", out.len(), out[0]);
    }
}

/// A user who may read the file can make a value of it. The block table tells what is a segment and what is a value.
#[test]
fn no_copy_of_a_segment_in_a_value_passes_for_it() {
    let trap = Trap::new();
    let (mut seen, mut out) = (Version::default(), Vec::new());
    let image = trap.image_with(255, 254);
    let read = || trap.store.get(b"x", &mut seen, &mut out);
    let found = while_somebody("copying a value", trap.action(image), read);
    assert_eq!(found.unwrap(), Found::Value);
    assert!(out == b"newest", "{} bytes like {}", out.len(), out[0]);
    assert_sound(&trap.store);

    // Where it was known before.
    let trap = Trap::new();
    let mut seen = trap.x;
    let mut room = vec![MaybeUninit::uninit(); 5000];
    let left = long(trap.store.get_short(b"x", 1, &mut Version::default(), &mut out).unwrap());
    assert!(trap.store.read_unread(&left, 0, &mut room).unwrap());
    let image = trap.image_with(255, 254);
    let read = || trap.store.read_unread(&left, 0, &mut room);
    assert!(!while_somebody("copying a long value", trap.action(image), read).unwrap(), "changed meanwhile");
    assert!(!trap.store.read_unread(&left, 0, &mut room).unwrap(), "changed before");
    assert_eq!(trap.store.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"newest");
}

#[test]
fn no_copy_of_a_segment_in_a_value_passes_for_a_piece_of_another() {
    for place in ["collecting pieces", "copying pieces"] {
        let mut trap = Trap::new();
        assert_eq!(trap.store.append(b"x", &[253; 1000], 0, &mut trap.x).unwrap(), Appended::Done);
        let image = trap.image_with(255, 254);
        let mut out = Vec::new();
        let read = || trap.store.get(b"x", &mut Version::default(), &mut out);
        let found = while_somebody(place, trap.action(image), read);
        assert_eq!(found.unwrap(), Found::Value);
        assert!(out == b"newest", "{place}: {} bytes like {}", out.len(), out[0]);
    }
}

/// Between two looks a slot named another record at the same offset, and there is a copy of the first one now.
#[test]
fn no_copy_of_a_record_in_a_value_is_the_same_record() {
    let mut trap = Trap::new();
    let (mut known, image) = (trap.x, trap.image_with(0, 0));
    trap.store.put(b"x", b"another", &mut trap.x).unwrap();
    while trap.x.hit().record != known.hit().record {
        trap.fill_segment();
        trap.store.put(b"x", &[250; 5000], &mut trap.x).unwrap();
    }
    trap.fill_segment();
    let mut out = Vec::new();
    let read = || trap.store.get(b"x", &mut known, &mut out);
    let found = while_somebody("looking at a position", trap.action(image), read);
    assert_eq!(found.unwrap(), Found::Value);
    assert_eq!(out, b"newest");
}

// ---- the leavings of the dead, made by hand: the sampled deaths of tests/crash.rs do not meet all of it each time ---

/// A store with a key `x`, its file, and what is known of the key.
fn with_x(path: &Path0) -> (Store, Rc<File>, Version) {
    let (store, mut seen) = (path.store(), Version::default());
    put(&store, b"first", b"1");
    store.put(b"x", b"1", &mut seen).unwrap();
    let file = store.file();
    (store, file, seen)
}

/// Lets a dead record look as before its death.
fn revive(owner: &WriteGuard, record: u64) {
    let word = owner.file.map.word(record);
    assert_ne!(word.get() & format::DEAD, 0);
    word.set(word.get() & !format::DEAD);
    Space::of(owner)
        .add_live(format::block_of(record), Records::of(owner.file.view()).record_head(record).unwrap().length as i64);
}

#[test]
fn what_was_published_and_not_indexed_is_indexed_by_the_next_owner_whoever_had_the_lock() {
    let path = Path0::new();
    let (store, file, seen) = with_x(&path);
    let owner = file.lock().unwrap();
    // As if the mapping of its writer had been poisoned after publishing: it gave the lock back.
    Index::of(&owner).delete(seen.hit().slot);
    owner.header().pending.set(seen.hit().record);
    owner.header().indexed.set(seen.position().unwrap());
    drop(owner);
    assert_eq!(get(&store, b"x"), Some(b"1".to_vec()));
    put(&store, b"y", b"1");
    assert_eq!(get(&store, b"x"), Some(b"1".to_vec()));
    assert_eq!(assert_sound(&store).keys, 3);
}

#[test]
fn a_value_that_was_about_to_be_superseded_and_was_not_stays() {
    let path = Path0::new();
    let (store, file, seen) = with_x(&path);
    file.map.header().superseding.set(seen.hit().record);
    leave_the_lock_to_the_dead(&file);
    put(&store, b"y", b"1");
    assert_sound(&store);
    assert_eq!(get(&store, b"x"), Some(b"1".to_vec()));
}

#[test]
fn what_a_freed_record_was_appended_to_dies_with_it() {
    let path = Path0::new();
    let (store, file, mut seen) = with_x(&path);
    let old = seen.hit().record;
    store.put(b"x", b"2", &mut seen).unwrap();
    let owner = file.lock().unwrap();
    revive(&owner, old);
    // The one at hand is gone with its segment: nothing is there.
    owner.header().superseding.set(8);
    owner.header().superseding_rest.set(old);
    drop(owner);
    leave_the_lock_to_the_dead(&file);
    put(&store, b"y", b"1");
    assert_sound(&store);
}

/// The lease that the next thread of this process is given.
pub fn next_lease(file: &File) -> u32 {
    let first = lease::first_choice(format::LEASE_SLOTS as u32);
    if file.my_lease() == Some(first) { (first + 1) % format::LEASE_SLOTS as u32 } else { first }
}

#[test]
fn who_is_given_the_lease_of_a_dead_owner_does_what_he_left() {
    let path = Path0::new();
    let (store, file, mut seen) = with_x(&path);
    let old = seen.hit().record;
    store.put(b"x", b"2", &mut seen).unwrap();
    let owner = file.lock().unwrap();
    revive(&owner, old);
    owner.header().superseding.set(old);
    drop(owner);
    let next = next_lease(&file);
    file.map.header().lock.set(7 << 32 | u64::from(next + 1));
    let name = path.0.clone();
    let successor = std::thread::spawn(move || {
        let store = Store::new(name, Options::default());
        store.put(b"y", b"1", &mut Version::default()).unwrap();
        store.file().my_lease().unwrap()
    });
    assert_eq!(successor.join().unwrap(), next);
    assert_sound(&store);
}

#[test]
fn who_is_given_the_lease_of_a_dead_holder_does_not_hold_the_store() {
    let path = Path0::new();
    let (_store, file, _) = with_x(&path);
    let next = next_lease(&file);
    let owner = file.lock().unwrap();
    let header = owner.header();
    owner.hold(u64::MAX, Strength::All, Patience::default());
    header.hold.set(7 << 32 | u64::from(next + 1));
    drop(owner);
    let name = path.0.clone();
    let successor = std::thread::spawn(move || {
        let store = Store::new(name, Options::default());
        store.put(b"y", b"1", &mut Version::default()).unwrap();
        store.file().my_lease().unwrap()
    });
    assert_eq!(successor.join().unwrap(), next);
    assert_eq!((file.map.header().hold.get(), file.map.header().commit.get() & HELD), (0, 0));
}

#[test]
fn what_was_counted_and_not_published_is_not_counted() {
    let path = Path0::new();
    let (store, file, _) = with_x(&path);
    let owner = file.lock().unwrap();
    Space::of(&owner).add_live(format::block_of(Segments::of(&owner).tail() - 1), 480);
    // Whatever was published last lies elsewhere.
    owner.header().pending.set(0);
    drop(owner);
    leave_the_lock_to_the_dead(&file);
    put(&store, b"y", b"1");
    assert_sound(&store);
}

#[test]
fn what_was_added_to_the_file_and_not_entered_is_given_back() {
    let path = Path0::new();
    let (store, file, _) = with_x(&path);
    let end = format::block_offset(file.blocks());
    OpenOptions::new().write(true).open(&path.0).unwrap().set_len(end + (1 << 20)).unwrap();
    leave_the_lock_to_the_dead(&file);
    put(&store, b"y", b"1");
    assert_eq!(std::fs::metadata(&path.0).unwrap().len(), end);
}

#[test]
fn a_value_is_not_unchanged_while_the_index_does_not_know_the_new_one() {
    let path = Path0::new();
    let (store, file, mut seen) = with_x(&path);
    let (mut known, mut out) = (seen, Vec::new());
    store.put(b"x", b"2", &mut seen).unwrap();
    let owner = file.lock().unwrap();
    Index::of(&owner).point(seen.hit().slot, known.hit().record);
    owner.header().pending.set(seen.hit().record);
    owner.header().indexed.set(seen.position().unwrap());
    drop(owner);
    assert_eq!(store.get(b"x", &mut known, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"2");
}

#[test]
fn another_record_at_the_same_offset_under_the_same_key_is_another_one() {
    let path = Path0::new();
    let store = path.store();
    let (mut known, mut seen, mut out) = (Version::default(), Version::default(), Vec::new());
    store.put(b"x", &[255; 5000], &mut known).unwrap();
    let again = (0..2000u32).find(|n| {
        store.put(b"x", &[*n as u8 & 127; 5000], &mut seen).unwrap();
        seen.hit().record == known.hit().record
    });
    assert!(again.is_some(), "space is used again");
    assert_eq!(store.get(b"x", &mut known, &mut out).unwrap(), Found::Value);
    assert_eq!(out, [again.unwrap() as u8 & 127; 5000]);
}

#[test]
fn a_piece_whose_place_is_another_records_now_is_not_read() {
    let path = Path0::new();
    let (store, writer) = (path.store(), path.store());
    let (mut seen, mut out) = (Version::default(), Vec::new());
    // The value's segment has nothing else that lives; what is appended lies in another, with what stays.
    store.put(b"x", &[254; 5000], &mut seen).unwrap();
    (0..12u8).for_each(|n| put(&store, b"filler", &[n; 5000]));
    assert_eq!(store.append(b"x", &[255; 1000], 0, &mut seen).unwrap(), Appended::Done);
    put(&store, b"stays", &[1; 100]);
    let first = format::block_offset(format::block_of(seen.hit().record)) - format::BLOCK + format::BLOCK_HEAD;
    assert_eq!(Records::of(store.file().view()).before(seen.hit().record), Some(first), "two segments");
    let action = move || {
        let mut seen = Version::default();
        while seen.hit().record != first {
            writer.put(b"x", &[7; 5000], &mut seen).unwrap();
        }
    };
    let read = || store.get(b"x", &mut Version::default(), &mut out);
    assert_eq!(while_somebody("collecting pieces", action, read).unwrap(), Found::Value);
    assert!(out == [7; 5000], "{} bytes", out.len());
}
