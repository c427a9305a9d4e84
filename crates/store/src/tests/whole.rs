//! A value that goes on in one record, and what has become of a change by the time it is to be stored.

use super::*;
use sync_backend::Change;

#[test]
fn a_value_that_goes_on_in_one_record_is_what_it_would_be_in_pieces() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    let (mut seen, mut theirs, mut out) = (Version::default(), Version::default(), Vec::new());
    let mut whole = b"first".to_vec();
    store.put(b"list", &whole, &mut seen).unwrap();
    let mut old = seen;
    for (n, length) in [1, 5_000, 20_000, 3, 300_000].into_iter().enumerate() {
        store.append(b"list", b"piece", 1, &mut seen).unwrap();
        whole.extend_from_slice(b"piece");
        let bytes = vec![n as u8; length];
        assert!(store.append_whole(b"list", &bytes, n as i64, &mut seen).unwrap());
        whole.extend_from_slice(&bytes);
        assert_eq!(get(&other, b"list").as_ref(), Some(&whole));
        assert_eq!(other.peek(b"list", &mut theirs, &mut out).unwrap(), Peeked::Noted(n as i64));
    }
    assert_eq!(store.append(b"list", b"more", 9, &mut seen).unwrap(), Appended::Done, "there is room again");
    whole.extend_from_slice(b"more");
    assert!(!store.append_whole(b"list", b"lost", 0, &mut old).unwrap(), "it is another record by now");
    assert_eq!(get(&other, b"list").as_ref(), Some(&whole));
    let report = assert_sound(&store);
    assert_eq!(report.keys, 1);
}

#[test]
fn a_change_stands_until_it_ends_or_the_store_does() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    put(&store, b"key", b"value");
    let change = store.lock_writers().unwrap();
    assert_eq!(store.standing(&change), Standing::Kept);
    assert_eq!(other.standing(&change), Standing::Ended, "it is another store's");
    store.lock(Patience::default()).unwrap();
    store.unlock();
    assert_eq!(store.standing(&change), Standing::Kept, "it is weaker again, and still there");
    store.destroy().unwrap();
    assert_eq!(store.standing(&change), Standing::Ended);
    put(&store, b"key", b"value");
    assert_eq!(store.standing(&change), Standing::Ended, "nobody was kept out of the new file");
    let inner = store.lock_writers().unwrap();
    assert_eq!(store.standing(&inner), Standing::Kept);
    store.unlock_writers(inner);
    store.unlock_writers(change);
    put(&other, b"key", b"free");
}

#[test]
fn a_child_that_was_forked_in_a_change_is_told_that_it_is_its_parents() {
    let path = TemporaryPath::new();
    let store = path.store();
    let change = store.lock_writers().unwrap();
    let told = in_child(|| {
        assert_eq!(store.standing(&change), Standing::Forked);
        assert!(store.lock_writers().is_err());
    });
    assert!(told.success(), "{told}");
    assert_eq!(store.standing(&change), Standing::Kept);
    store.unlock_writers(change);
}

/// The records of removals are freed with their segments: that is no gap in the batch to a copy of the file.
#[test]
fn a_copy_has_a_commit_that_removed_many_names() {
    for names in [10, 600, 1_100, 1_300, 3_000u32] {
        let path = TemporaryPath::new();
        let store = path.store();
        let keys: Vec<_> = (0..names).map(|n| format!("name {n} {}", "-".repeat(60)).into_bytes()).collect();
        for key in &keys {
            put(&store, key, b"1");
        }
        let added = Change::Put { key: b"added", head: b"", body: b"value", note: None, expiry: None, anew: false };
        let changes: Vec<_> = [added].into_iter().chain(keys.iter().map(|key| Change::Remove { key })).collect();
        assert!(store.commit(&changes, None).unwrap());
        let copy = path.copy();
        let copied = copy.store();
        assert_eq!(
            copied.snapshot().unwrap().iter().collect::<Vec<_>>(),
            [(&b"added"[..], &b"value"[..])],
            "{names} names"
        );
        assert_eq!(copied.take_warning(), None);
    }
}
