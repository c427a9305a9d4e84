//! A version of a name belongs to one opening of one file: files that go away and come back, and others in
//! their place.

use super::*;

/// Names a file away while `action` runs.
fn while_away(path: &TemporaryPath, action: impl FnOnce()) {
    let away = TemporaryPath::new();
    std::fs::rename(&path.0, &away.0).unwrap();
    Store::paths_have_changed();
    action();
    std::fs::rename(&away.0, &path.0).unwrap();
    Store::paths_have_changed();
}

#[test]
fn a_key_is_missing_for_no_longer_than_its_file() {
    let path = TemporaryPath::new();
    let store = path.store();
    let (mut seen, mut out) = (Version::default(), Vec::new());
    store.put(b"x", b"1", &mut seen).unwrap();
    let known = seen;
    while_away(&path, || {
        assert_eq!(store.get(b"x", &mut seen, &mut out).unwrap(), Found::Missing);
        assert_eq!(store.peek(b"x", &mut known.clone(), &mut out).unwrap(), Peeked::Missing);
    });
    assert!(!store.is_current(&seen), "that it was missing");
    assert_eq!(store.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"1");
    assert!(store.is_current(&seen));
}

#[test]
fn a_key_that_an_empty_store_in_its_place_did_not_have_is_there_when_the_file_is_back() {
    let path = TemporaryPath::new();
    let store = path.store();
    let (mut seen, mut out) = (Version::default(), Vec::new());
    store.put(b"x", b"1", &mut seen).unwrap();
    while_away(&path, || {
        let other = path.store();
        other.lock(Patience::default()).unwrap();
        other.unlock();
        assert_eq!(store.get(b"x", &mut seen, &mut out).unwrap(), Found::Missing);
    });
    assert!(!store.is_current(&seen));
    assert_eq!(store.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
}

#[test]
fn a_copy_that_has_gone_another_way_as_far_is_another_file() {
    let path = TemporaryPath::new();
    let store = path.store();
    let (mut seen, mut out) = (Version::default(), Vec::new());
    store.put(b"x", b"1", &mut seen).unwrap();
    let copy = path.copy();
    // Records of the same length: both logs end where the other one does.
    store.put(b"x", b"2", &mut seen).unwrap();
    put(&copy.store(), b"x", b"3");
    std::fs::rename(&copy.0, &path.0).unwrap();
    // As if nobody had looked at the path yet, and then somebody else's operation has.
    Store::paths_have_changed();
    assert_eq!(store.len().unwrap(), 1);
    assert!(!store.is_current(&seen));
    assert!(!store.put_if_unchanged(b"x", b"4", &mut seen.clone()).unwrap());
    assert_eq!(store.append(b"x", b"4", 0, &mut seen.clone()).unwrap(), Appended::Changed);
    assert_eq!(store.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"3");
}

#[test]
fn stores_on_two_paths_of_one_file_each_follow_their_own() {
    let (path, link) = (TemporaryPath::new(), TemporaryPath::new());
    let store = path.store();
    let (mut seen, mut out) = (Version::default(), Vec::new());
    store.put(b"x", b"1", &mut seen).unwrap();
    std::fs::hard_link(&path.0, &link.0).unwrap();
    let (linked, mut theirs) = (link.store(), Version::default());
    assert_eq!(linked.get(b"x", &mut theirs, &mut out).unwrap(), Found::Value);
    assert_eq!(open_files(), (1, 0));
    std::fs::remove_file(&path.0).unwrap();
    Store::paths_have_changed();
    assert!(linked.is_current(&theirs));
    assert_eq!(store.get(b"x", &mut seen, &mut out).unwrap(), Found::Missing);
    put(&linked, b"x", b"2");
    std::fs::hard_link(&link.0, &path.0).unwrap();
    Store::paths_have_changed();
    assert!(!store.is_current(&seen));
    assert_eq!(store.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"2");
}

#[test]
fn a_store_that_was_destroyed_and_made_again_is_another_one() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    let (mut seen, mut out) = (Version::default(), Vec::new());
    store.put(b"x", b"1", &mut seen).unwrap();
    other.destroy().unwrap();
    assert!(!store.is_current(&seen));
    assert_eq!(store.get(b"x", &mut seen, &mut out).unwrap(), Found::Missing);
    assert!(!store.is_current(&seen), "nobody looks for a file that is missing");
    put(&other, b"x", b"2");
    assert!(!store.is_current(&seen));
    assert_eq!(store.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"2");
}
