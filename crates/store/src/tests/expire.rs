//! Values that have expired leave the file.

use super::super::check::check_all;
use super::super::log::compact::Compactor;
use super::*;
use std::os::unix::fs::FileExt as _;
use sync_backend::{Expiry, clock};

/// The time at which each test begins.
const START: u64 = 1_700_000_000_000;

fn at(milliseconds: u64) -> Option<Expiry> {
    Some(Expiry::at(START + milliseconds))
}

fn put_until(store: &Store, key: &str, value: &[u8], expiry: Option<Expiry>) {
    store.put_until(key.as_bytes(), (value, b""), expiry, &mut Version::default()).unwrap();
}

fn append(store: &Store, key: &str, bytes: &[u8]) {
    let mut seen = Version::default();
    store.get(key.as_bytes(), &mut seen, &mut Vec::new()).unwrap();
    assert_eq!(store.append(key.as_bytes(), bytes, 0, &mut seen).unwrap(), Appended::Done);
}

/// The number of keys in the index: those that have expired, too, until they are removed.
fn indexed(store: &Store) -> u64 {
    assert_sound(store).keys
}

/// Lets this thread's next write look for what has expired, though it is still the same tick of the clock.
fn forget_the_tick(store: &Store) {
    store.file().expired.set(0);
}

#[test]
fn who_writes_removes_what_has_expired() {
    clock::start_at(START);
    let path = TemporaryPath::new();
    let store = path.store();
    for n in 0..5000 {
        put_until(&store, &format!("k{n}"), &[1; 100], at(10));
    }
    put_until(&store, "large", &[1; 300_000], at(10));
    put_until(&store, "list", &[1; 30_000], at(10));
    append(&store, "list", &[1; 20_000]);
    append(&store, "list", &[1; 10]);
    put(&store, b"stays", b"1");
    clock::set(START + 10);
    assert_eq!(indexed(&store), 5003, "nobody has written yet");
    let mut writes = 0;
    while indexed(&store) > 1 {
        forget_the_tick(&store);
        put(&store, b"stays", b"2");
        writes += 1;
        assert!(writes < 100, "each write looks through a segment");
    }
    let report = assert_in_proportion(&store);
    assert!(writes > 5 && report.live < 100, "{writes} writes: {report:?}");
    assert_eq!(store.file().map.header().expires.get(), 0, "from here on it costs nothing");
}

#[test]
fn one_who_writes_what_expires_removes_as_much_whatever_the_clock_says() {
    clock::start_at(START);
    let path = TemporaryPath::new();
    let store = path.store();
    for n in 0..200_000u64 {
        clock::set(START + n);
        put_until(&store, &n.to_string(), &[1; 60], at(n + 1000));
    }
    assert_eq!(store.len().unwrap(), 1000);
    let report = assert_in_proportion(&store);
    assert!(report.keys < 5000, "{report:?}");
}

#[test]
fn a_newer_value_is_not_removed_for_an_older_one() {
    clock::start_at(START);
    let path = TemporaryPath::new();
    let store = path.store();
    for (n, newer) in [None, at(100)].into_iter().enumerate() {
        let list = format!("list{n}");
        put_until(&store, &list, &[1; 100], at(10));
        append(&store, &list, &[1; 100]);
        assert!(store.touch(list.as_bytes(), newer, &mut Version::default()).unwrap());
        put_until(&store, &format!("value{n}"), &[1; 100], at(10));
        put_until(&store, &format!("value{n}"), &[2; 100], newer);
    }
    put_until(&store, "gone", &[1; 100], at(10));
    clock::set(START + 10);
    Compactor::of(&store.file().lock().unwrap()).expired().remove_all();
    assert_eq!((indexed(&store), store.len().unwrap()), (4, 4));
    assert_eq!(
        store.file().map.header().expires.get(),
        START + 100,
        "that of a piece which another one goes on from does not count"
    );
    clock::set(START + 100);
    Compactor::of(&store.file().lock().unwrap()).expired().remove_all();
    assert_eq!((indexed(&store), store.len().unwrap()), (2, 2));
}

#[test]
fn a_record_that_moves_takes_its_time_along() {
    clock::start_at(START);
    let path = TemporaryPath::new();
    let store = path.store();
    for n in 0..600u64 {
        put_until(&store, &format!("k{n}"), &[1; 500], if n % 20 == 0 { at(100 + n) } else { None });
        put_until(&store, &format!("l{n}"), &[1; 100], at(1000 + n));
    }
    (0..100).for_each(|n| append(&store, &format!("l{n}"), b"more"));
    for n in (0..600).filter(|n| n % 20 != 0) {
        store.remove(format!("k{n}").as_bytes()).unwrap();
    }
    let owner = store.file();
    let owner = owner.lock().unwrap();
    let moved = owner.end();
    assert!(Compactor::of(&owner).compact_all() && owner.end() != moved);
    let mut report = Default::default();
    check_all(&owner, &mut report).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    drop(owner);
    for (now, left) in [(100, 629), (1000, 599), (1599, 0)] {
        clock::set(START + now);
        assert_eq!(store.len().unwrap(), left);
    }
}

#[test]
fn replacing_everything_leaves_nothing_that_expires() {
    clock::start_at(START);
    let path = TemporaryPath::new();
    let store = path.store();
    put_until(&store, "a", b"1", at(10));
    store.replace(&[(b"a", b"2"), (b"b", b"3")]).unwrap();
    assert_eq!(store.file().map.header().expires.get(), 0);
    clock::set(START + 10);
    assert_eq!((indexed(&store), store.len().unwrap()), (2, 2));
}

#[test]
fn a_file_that_is_put_right_keeps_the_times() {
    clock::start_at(START);
    let path = TemporaryPath::new();
    let durable = Options { durability: Durability::Commit, ..Options::default() };
    for options in [Options::default(), durable] {
        let store = Store::new(path.0.clone(), options);
        put_until(&store, "a", b"1", at(10));
        put_until(&store, "b", &[1; 100], at(20));
        append(&store, "b", b"2");
        put_until(&store, "c", &[1; 100_000], at(30));
        put(&store, b"d", b"1");
        store.touch(b"d", at(40), &mut Version::default()).unwrap();
        put(&store, b"e", b"1");
        let copy = TemporaryPath::new();
        std::fs::copy(&path.0, &copy.0).unwrap();
        for now in [0, 10, 20, 30, 40] {
            clock::start_at(START + now);
            let copy = copy.store();
            assert_eq!(copy.len().unwrap(), 5 - now / 10);
            assert_sound(&copy);
            forget_the_tick(&store);
        }
        clock::start_at(START);
        store.destroy().unwrap();
    }
}

#[test]
fn a_part_of_a_value_does_not_come_back() {
    // The piece that said that the value expires is gone; the one before it says nothing of the kind.
    clock::start_at(START);
    let path = TemporaryPath::new();
    let store = Store::new(path.0.clone(), Options { durability: Durability::Commit, ..Options::default() });
    put(&store, b"a", &[1; 100]);
    append(&store, "a", b"2");
    store.touch(b"a", at(10), &mut Version::default()).unwrap();
    clock::set(START + 10);
    let file = store.file();
    let whole = std::fs::read(&path.0).unwrap();
    Compactor::of(&file.lock().unwrap()).expired().remove_all();
    assert_eq!(indexed(&store), 0);
    // Power is lost, and of the marks none has reached the disk but that of the newest piece.
    let mut image = std::fs::read(&path.0).unwrap();
    let changed: Vec<usize> = (4096..image.len().min(whole.len())).filter(|&at| image[at] != whole[at]).collect();
    let mut marks: Vec<usize> =
        changed.into_iter().filter(|&at| whole[at] == 0 && image[at] == 1 && at % 8 == 6).collect();
    assert!(marks.len() > 1 && marks.pop().is_some());
    marks.into_iter().for_each(|at| image[at] = 0);
    let copy = TemporaryPath::new();
    std::fs::write(&copy.0, image).unwrap();
    clock::start_at(START);
    assert_eq!(entries(&copy.store()), []);
}

#[test]
fn any_time_that_a_file_tells_is_some_time() {
    clock::start_at(START);
    let path = TemporaryPath::new();
    let store = path.store();
    for key in ["a", "b", "c"] {
        put_until(&store, key, b"1", at(10));
    }
    drop(store);
    close_idle();
    let image = std::fs::read(&path.0).unwrap();
    let time = (START + 10).to_be_bytes();
    let places: Vec<u64> = (0..image.len() - 8).filter(|&at| image[at..at + 8] == time).map(|at| at as u64).collect();
    assert_eq!(places.len(), 3);
    let file = OpenOptions::new().write(true).open(&path.0).unwrap();
    // Nobody checks the CRC of what is read.
    for (at, bytes) in places.into_iter().zip([[0; 8], [255; 8], [0, 0, 0, 0, 0, 0, 0, 9]]) {
        file.write_all_at(&bytes, at).unwrap();
    }
    for word in [0u64, 1, START, u64::MAX] {
        file.write_all_at(&word.to_le_bytes(), 184).unwrap();
        file.write_all_at(&u64::MAX.to_le_bytes(), 3112).unwrap();
        let store = path.store();
        assert_eq!(["a", "b", "c"].map(|key| get(&store, key)), [None, Some(b"1".to_vec()), None]);
        put(&store, b"d", b"1");
        store.len().unwrap();
        store.snapshot().unwrap();
    }
}
