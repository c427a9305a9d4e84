//! Locks: whom they keep out, and how they end.

use super::*;

#[test]
fn a_lock_keeps_others_out_until_it_is_given_back() {
    let path = TemporaryPath::new();
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
    let path = TemporaryPath::new();
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
    let path = TemporaryPath::new();
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
fn unlocking_wakes_a_waiter_of_another_thread() {
    let path = TemporaryPath::new();
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
    let path = TemporaryPath::new();
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
fn a_lock_stays_while_its_file_outgrows_the_mapping() {
    let path = TemporaryPath::new();
    let name = path.0.clone();
    put(&path.store(), b"x", b"1");
    let holder = std::thread::spawn(move || {
        let store = Store::new(name.clone(), Options::default());
        with_a_short_mapping(&store);
        store.lock(Patience::until(Duration::from_secs(1))).unwrap();
        for n in 0..40u8 {
            put(&store, [n], &[n; 100_000]);
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

/// Found by the fuzzer: no process leaves such a word, but a file may say anything.
#[test]
fn a_lock_with_waiters_and_no_owner_is_taken_over() {
    let path = TemporaryPath::new();
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
            let other = TemporaryPath::new();
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
            let path = TemporaryPath::new();
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
    let path = TemporaryPath::new();
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

#[test]
fn a_thread_that_ends_without_its_stores_leaves_nothing_locked() {
    let path = TemporaryPath::new();
    put(&path.store(), b"x", b"0");
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().filter(|fd| leads_to(fd, &path)).count();
    for way in 0..3u8 {
        let name = path.0.clone();
        let vanishing = std::thread::spawn(move || {
            let store = Store::new(name, Options::default());
            put(&store, b"x", &[way]);
            match way {
                0 => store.lock(Patience::default()).unwrap(),
                1 => drop(store.lock_writers().unwrap()),
                _ => put(&store, b"y", &[way]),
            }
            // As in a request that is never ended.
            std::mem::forget(store);
        });
        vanishing.join().unwrap();
        let store = path.store();
        assert_eq!(get(&store, b"x"), Some(vec![way]));
        put(&store, b"x", b"next");
        assert_eq!(descriptors(), 1, "that of this thread, after a thread that ended in way {way}");
    }
    assert_sound(&path.store());
}

fn leads_to(entry: &std::io::Result<std::fs::DirEntry>, path: &TemporaryPath) -> bool {
    entry.as_ref().is_ok_and(|entry| std::fs::read_link(entry.path()).is_ok_and(|target| target == path.0))
}
