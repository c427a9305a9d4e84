//! Files that somebody cuts short while they are in use.

use super::*;

/// A use of a store, which tells whether it found something missing.
type Access = (&'static str, fn(&Store) -> Result<bool>);

const ACCESSES: [Access; 8] = [
    ("a short value", |store| store.put(b"new", b"1", &mut Version::default()).map(|()| false)),
    ("a long value", |store| store.put(b"new", &vec![1; 300_000], &mut Version::default()).map(|()| false)),
    ("a removal", |store| Ok(!store.remove(b"key0")?)),
    ("replacing", |store| store.replace(&[(b"new", &[1; 50_000])]).map(|()| false)),
    ("a value", |store| Ok(store.get(b"key0", &mut Version::default(), &mut Vec::new())? == Found::Missing)),
    ("all values", |store| Ok(store.snapshot()?.is_empty())),
    ("a lock and a value", |store| {
        store.lock(Patience::default())?;
        let put = store.put(b"new", &vec![1; 300_000], &mut Version::default());
        store.unlock();
        put.map(|()| false)
    }),
    ("many values", |store| {
        (0..200u8).try_for_each(|n| store.put(&[n; 9], &[n; 20_000], &mut Version::default())).map(|()| false)
    }),
];

/// It was once made as long as before by the next write, and passed for a store without content from then on.
#[test]
fn a_file_that_was_cut_short_is_never_made_whole_with_zeros() {
    for (keys, size) in [(1, 100_000), (60, 100_000), (300, 3_000), (3_000, 50)] {
        let full = TemporaryPath::new();
        for n in 0..keys {
            put(&full.store(), format!("key{n}").as_bytes(), &vec![5; size]);
        }
        for part in [0, 1, 3, 10, 100] {
            for access in ACCESSES {
                for (looked, is_known) in [(false, true), (true, true), (true, false)] {
                    let path = TemporaryPath::new();
                    std::fs::copy(&full.0, &path.0).unwrap();
                    cut_and_use(&path, part, access, looked, is_known);
                }
            }
        }
    }
}

fn cut_and_use(path: &TemporaryPath, part: u64, (name, access): Access, looked: bool, is_known: bool) {
    let (store, other) = (path.store(), path.store());
    get(&store, b"key0");
    get(&other, b"key1");
    let file = OpenOptions::new().read(true).write(true).open(&path.0).unwrap();
    let whole = file.metadata().unwrap().len();
    // At the end of a page: the rest of one reads as zeros, which in the tick in which it was cut may be a key that is
    // not there.
    let length = (4096 + part * 66_000).next_multiple_of(4096).min(whole - 4096);
    file.set_len(length).unwrap();
    if looked {
        Store::paths_have_changed();
    } else {
        do_not_look_yet(&store);
        do_not_look_yet(&other);
    }
    let case = format!("cut from {whole} to {length}, {name}, {looked}, {is_known}");
    let unknown = path.store();
    for store in if is_known { [&store, &other] } else { [&unknown, &other] } {
        match access(store) {
            // In the tick in which it was cut, what needs nothing of what is gone goes on.
            Ok(missing) => return assert!(!missing && !looked, "{case}"),
            Err(error) => {
                let known = matches!(error.kind, ErrorKind::NotAStore(_) | ErrorKind::LockLost);
                assert!(known && error.to_string().contains("cut short"), "{case}: {error}");
            }
        }
    }
    assert_eq!(file.metadata().unwrap().len(), length, "{case}");
}
