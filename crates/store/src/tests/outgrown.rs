//! Files that outgrow their mapping, and address space that is not there.

use super::super::map::tests::{AVAILABLE, DESIRED};
use super::*;

const MIB: u64 = 1 << 20;

/// Runs `action` where no mapping of this thread can be longer.
fn with_at_most<T>(length: u64, action: impl FnOnce() -> T) -> T {
    AVAILABLE.set(length);
    let result = action();
    AVAILABLE.set(u64::MAX);
    result
}

fn file_of(store: &Store) -> Rc<File> {
    store.file()
}

fn mapped(store: &Store) -> u64 {
    file_of(store).map.length()
}

#[test]
fn little_is_mapped_and_more_when_it_is_needed() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    assert_eq!(mapped(&store), MIB);
    put(&store, b"long", &vec![7; 5 << 20]);
    assert!((6 * MIB..32 * MIB).contains(&mapped(&store)), "{}", mapped(&store));
    assert_eq!(get(&store, b"long"), Some(vec![7; 5 << 20]));
    assert_sound(&store);
}

#[test]
fn a_file_that_outgrows_its_mapping_keeps_descriptor_lease_and_hold_and_nothing_is_recovered() {
    let path = TemporaryPath::new();
    let (store, mut seen) = (path.store(), Version::default());
    store.lock(Patience::default()).unwrap();
    store.put(b"x", b"1", &mut seen).unwrap();
    let before = (file_of(&store).my_lease(), file_of(&store).any_fd(), file_of(&store).life());
    let epoch = file_of(&store).map.header().index_epoch.get();
    let mut length = mapped(&store);
    let mut times = 0;
    // (Not so many that the index needs a larger block.)
    for n in 0..150u8 {
        put(&store, [n], &[n; 130_000]);
        times += u32::from(std::mem::replace(&mut length, mapped(&store)) != mapped(&store));
    }
    assert!((2..6).contains(&times), "{times}");
    let file = file_of(&store);
    assert_eq!((file.my_lease(), file.any_fd(), file.life()), before);
    assert_eq!(file.my_hold(), Some(store.follower().session.object()));
    assert_eq!(file.map.header().index_epoch.get(), epoch, "as after a death");
    assert!(!file.map.is_poisoned());
    drop(file);
    assert!(store.holds_lock());
    store.get(b"x", &mut seen, &mut Vec::new()).unwrap();
    assert!(!store.is_current(&seen), "who reads under a hold looks every time");
    store.unlock();
    assert_eq!(store.get(b"x", &mut seen, &mut Vec::new()).unwrap(), Found::Unchanged);
    assert!(store.is_current(&seen), "what was known is known");
    put(&store, b"y", b"1");
    assert!(!store.is_current(&seen), "it looks at the commit of the mapping that there is");
    assert_sound(&store);
}

#[test]
fn stores_of_one_thread_may_be_in_two_mappings_of_a_file() {
    let path = TemporaryPath::new();
    let (one, other) = (path.store(), path.store());
    let (mut seen, mut out) = (Version::default(), Vec::new());
    put(&one, b"x", b"1");
    assert_eq!(other.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
    put(&one, b"long", &vec![7; 5 << 20]);
    do_not_look_yet(&other);
    assert_eq!(mapped(&other), MIB);
    assert!(!other.is_current(&seen), "the old mapping shows what is committed");
    // Values in it need no other one.
    assert_eq!(other.get(b"x", &mut seen, &mut out).unwrap(), Found::Unchanged);
    assert_eq!(get(&other, b"long").map(|value| value.len()), Some(5 << 20));
    assert!(Rc::ptr_eq(&file_of(&one), &file_of(&other)));
    assert_eq!(open_files(), (1, 0));
    // Each grows in turn; what one holds, the other does not have.
    for n in 0..100u8 {
        let (grows, waits) = if n % 2 == 0 { (&one, &other) } else { (&other, &one) };
        grows.lock(Patience::until(Duration::from_secs(1))).unwrap();
        put(grows, [n], &[n; 200_000]);
        match waits.len().unwrap_err().kind {
            ErrorKind::Held(held) => assert!(held.same_thread && held.patience.timeout.is_some(), "{held:?}"),
            other => panic!("{other:?}"),
        }
        grows.unlock();
    }
    assert_sound(&one);
}

#[test]
fn a_mapping_that_nobody_needs_any_more_goes_with_the_next_look() {
    let path = TemporaryPath::new();
    let (one, other) = (path.store(), path.store());
    let mut seen = Version::default();
    put(&one, b"x", b"1");
    other.get(b"x", &mut seen, &mut Vec::new()).unwrap();
    put(&one, b"long", &vec![7; 5 << 20]);
    let old = Rc::downgrade(&file_of(&other));
    assert_eq!(old.strong_count(), 1);
    // As after a tick of the clock.
    Store::paths_have_changed();
    other.len().unwrap();
    assert_eq!(old.strong_count(), 0);
}

#[test]
fn readers_follow_a_file_that_others_let_grow() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    let name = path.0.clone();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let (tell, done) = std::sync::mpsc::channel::<()>();
    let writer = std::thread::spawn(move || {
        let store = Store::new(name, Options::default());
        for n in 0..3u8 {
            wait.recv().unwrap();
            for k in 0..40u8 {
                put(&store, [n, k], &[n; 100_000]);
            }
            tell.send(()).unwrap();
        }
    });
    let mut seen = Version::default();
    store.get(b"x", &mut seen, &mut Vec::new()).unwrap();
    let life = file_of(&store).life();
    let accesses: [fn(&Store); 3] = [
        |store| assert_eq!(get(store, [0, 39]), Some(vec![0; 100_000])),
        |store| assert_eq!(store.snapshot().unwrap().len(), 81),
        |store| assert_eq!(store.len().unwrap(), 121),
    ];
    for access in accesses {
        go_on.send(()).unwrap();
        done.recv().unwrap();
        do_not_look_yet(&store);
        access(&store);
    }
    assert_eq!(file_of(&store).life(), life, "it was not opened anew");
    assert_eq!(store.get(b"x", &mut seen, &mut Vec::new()).unwrap(), Found::Unchanged);
    writer.join().unwrap();
    assert_sound(&store);
}

#[test]
fn without_address_space_there_is_an_error_of_its_own_and_nothing_happens() {
    let path = TemporaryPath::new();
    let store = path.store();
    // Not even for the header. (This went on for ever.)
    with_at_most(0, || {
        let error = store.put(b"x", b"1", &mut Version::default()).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NoAddressSpace(65_536)), "{error}");
    });
    put(&store, b"x", b"1");
    let mut keys = 1;
    with_at_most(MIB, || {
        let error = loop {
            match store.put(&[keys], &[keys; 50_000], &mut Version::default()) {
                Ok(()) => keys += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error.kind, ErrorKind::NoAddressSpace(_)), "{error}");
        let text = error.to_string();
        assert!(text.contains(path.0.to_str().unwrap()) && text.contains("ulimit -v"), "{text}");
        assert!(keys > 5, "{keys}");
        assert_eq!(store.len().unwrap(), u64::from(keys));
        assert_eq!(get(&store, [keys]), None);
        assert_sound(&store);
        // Values there can be read, changed, removed, and locked.
        assert_eq!(get(&store, b"x"), Some(b"1".to_vec()));
        put(&store, b"x", b"2");
        store.lock(Patience::default()).unwrap();
        assert!(store.put(b"more", &[1; 500_000], &mut Version::default()).is_err());
        assert!(store.holds_lock(), "it is not lost");
        assert_eq!(get(&store, b"x"), Some(b"2".to_vec()));
        store.unlock();
        for key in 1..keys {
            assert!(store.remove(&[key]).unwrap());
        }
        put(&store, b"room again", &[1; 100_000]);
        assert_sound(&store);
    });
    put(&store, b"more", &vec![1; 500_000]);
    assert_sound(&store);
}

#[test]
fn a_short_mapping_is_better_than_none() {
    let path = TemporaryPath::new();
    put(&path.store(), b"long", &vec![7; 5 << 20]);
    let name = path.0.clone();
    let reader = std::thread::spawn(move || {
        let store = Store::new(name, Options::default());
        with_at_most(6 * MIB, || {
            assert_eq!(get(&store, b"long"), Some(vec![7; 5 << 20]));
            put(&store, b"x", b"1");
        });
        assert!((5 * MIB..=6 * MIB).contains(&mapped(&store)), "{}", mapped(&store));
    });
    reader.join().unwrap();
}

/// Its owner died when the table of pages had moved behind the end that the header tells of: who takes over has to
/// see it there.
#[test]
fn a_takeover_without_address_space_leaves_the_lock_to_whoever_comes_next() {
    let path = TemporaryPath::new();
    let store = path.store();
    for n in 0..40u8 {
        put(&store, [n], &[n; 100_000]);
    }
    let length = std::fs::metadata(&path.0).unwrap().len().next_multiple_of(1 << 16);
    let name = path.0.clone();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let (tell, done) = std::sync::mpsc::channel::<()>();
    let successor = std::thread::spawn(move || {
        let store = Store::new(name, Options::default());
        with_at_most(length, || {
            get(&store, b"x");
            tell.send(()).unwrap();
            wait.recv().unwrap();
            do_not_look_yet(&store);
            let error = store.put(b"x", b"1", &mut Version::default()).unwrap_err();
            assert!(matches!(error.kind, ErrorKind::NoAddressSpace(_)), "{error}");
        });
        tell.send(()).unwrap();
    });
    done.recv().unwrap();
    let file = file_of(&store);
    let owner = file.lock().unwrap();
    let end = file.pages();
    Space::of(&owner).move_table(1 << 14).unwrap();
    owner.header().pages.set(end);
    owner.abandon();
    go_on.send(()).unwrap();
    done.recv().unwrap();
    assert_ne!(file.map.header().lock.get() as u32, 0, "it was not given back as if all were well");
    put(&store, b"y", b"1");
    assert_eq!(store.len().unwrap(), 41);
    assert_sound(&store);
    successor.join().unwrap();
}

#[test]
fn a_legacy_file_may_become_a_store_many_times_as_long() {
    let path = TemporaryPath::new();
    let old = b"O:8:\"stdClass\":4:{...".to_vec();
    std::fs::write(&path.0, &old).unwrap();
    let store = path.store();
    let names: Vec<String> = (0..20_000).map(|n| format!("key{n}")).collect();
    let entries: Vec<(&[u8], &[u8])> = names.iter().map(|name| (name.as_bytes(), &b"value"[..])).collect();
    DESIRED.set(Some(0));
    let imported = store.import(&old, &entries);
    DESIRED.set(None);
    assert!(imported.unwrap());
    assert_eq!(store.len().unwrap(), 20_000);
    assert_sound(&store);
}

#[test]
fn a_copy_that_is_put_right_may_outgrow_its_mapping_meanwhile() {
    let path = TemporaryPath::new();
    let store = path.store();
    for n in 0..20_000u32 {
        put(&store, n.to_le_bytes(), b"1");
    }
    let copy = path.copy();
    let other = copy.store();
    // Not one byte more than the file has.
    DESIRED.set(Some(0));
    let first = get(&other, 7u32.to_le_bytes());
    DESIRED.set(None);
    assert_eq!(first, Some(b"1".to_vec()));
    assert_eq!(other.len().unwrap(), 20_000);
    assert_sound(&other);
}
