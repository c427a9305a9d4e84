//! The next owner completes the work that a dead one left.

use super::*;
use std::sync::mpsc::channel;

/// A thread that has the file open in a mapping with no room for what it will have grown to. What is returned lets it do
/// something, once, before it looks at the file again.
fn opened_in_a_short_mapping(path: &TemporaryPath, action: impl FnOnce(&Store) + Send + 'static) -> impl FnOnce() {
    let name = path.0.clone();
    let (go_on, wait) = channel::<()>();
    let (tell, opened) = channel::<()>();
    let thread = std::thread::spawn(move || {
        let store = Store::new(name, Options::default());
        with_a_short_mapping(&store);
        tell.send(()).unwrap();
        wait.recv().unwrap();
        do_not_look_yet(&store);
        action(&store);
    });
    opened.recv().unwrap();
    move || {
        go_on.send(()).unwrap();
        thread.join().unwrap();
    }
}

/// The lease that another thread is given, which counts as another process, when it writes.
fn lease_of_a_new_writer(path: &TemporaryPath) -> u32 {
    let name = path.0.clone();
    let writer = std::thread::spawn(move || {
        let store = Store::new(name, Options::default());
        put(&store, b"y", b"1");
        store.file().my_lease().unwrap()
    });
    writer.join().unwrap()
}

#[test]
fn a_takeover_that_fails_is_made_good_by_whoever_comes_next() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    // Takes over, finds that its mapping is too short, maps the file anew, and goes on.
    let successor = opened_in_a_short_mapping(&path, |store| put(store, b"y", b"1"));
    for n in 0..40u8 {
        put(&store, [n], &[n; 100_000]);
    }
    // Somebody dies between letting a key's slot name a new record and marking the old one dead.
    let file = store.file();
    let mut seen = Version::default();
    store.put(b"x", b"2", &mut seen).unwrap();
    let old = seen.hit().record;
    store.put(b"x", b"3", &mut seen).unwrap();
    let owner = file.lock().unwrap();
    revive(&owner, old);
    owner.header().superseding.set(old.word());
    drop(owner);
    leave_the_lock_to_the_dead(&file);
    successor();
    assert_sound(&store);
    assert_eq!(get(&store, b"x"), Some(b"3".to_vec()));
}

#[test]
fn a_change_that_fails_halfway_is_made_good_by_whoever_comes_next() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    put(&store, b"room", &[0; 300_000]);
    // Takes the room, finds that its mapping is too short, maps the file anew, and goes on.
    let other = opened_in_a_short_mapping(&path, |store| put(store, b"y", &[1; 100_000]));
    for n in 0..40u8 {
        put(&store, [n], &[n; 100_000]);
    }
    store.remove(b"room").unwrap();
    other();
    assert_sound(&store);
}

/// Lets a dead record look as before its death.
fn revive(owner: &WriteGuard, record: Ref) {
    let word = owner.file.map.word(record.offset());
    assert_ne!(word.get() & format::DEAD, 0);
    word.set(word.get() & !format::DEAD);
    Space::of(owner).add_live(record.page(), Records::of(owner.file.view()).record_head(record).unwrap().length as i64);
}

#[test]
fn what_was_published_and_not_indexed_is_indexed_by_the_next_owner_whoever_had_the_lock() {
    let path = TemporaryPath::new();
    let (store, file, seen) = with_x(&path);
    let owner = file.lock().unwrap();
    // As if the mapping of its writer had been poisoned after publishing: it gave the lock back.
    Index::of(&owner).delete(seen.hit().slot);
    owner.header().pending.set(seen.hit().record.word());
    owner.header().indexed.set(seen.position().unwrap());
    drop(owner);
    assert_eq!(get(&store, b"x"), Some(b"1".to_vec()));
    put(&store, b"y", b"1");
    assert_eq!(get(&store, b"x"), Some(b"1".to_vec()));
    assert_eq!(assert_sound(&store).keys, 3);
}

#[test]
fn a_value_that_was_about_to_be_superseded_and_was_not_stays() {
    let path = TemporaryPath::new();
    let (store, file, seen) = with_x(&path);
    file.map.header().superseding.set(seen.hit().record.word());
    leave_the_lock_to_the_dead(&file);
    put(&store, b"y", b"1");
    assert_sound(&store);
    assert_eq!(get(&store, b"x"), Some(b"1".to_vec()));
}

#[test]
fn what_a_freed_record_was_appended_to_dies_with_it() {
    let path = TemporaryPath::new();
    let (store, file, mut seen) = with_x(&path);
    let old = seen.hit().record;
    store.put(b"x", b"2", &mut seen).unwrap();
    let owner = file.lock().unwrap();
    revive(&owner, old);
    // The one at hand is gone with its segment: nothing is there.
    owner.header().superseding.set(8);
    owner.header().superseding_rest.set(old.word());
    drop(owner);
    leave_the_lock_to_the_dead(&file);
    put(&store, b"y", b"1");
    assert_sound(&store);
}

#[test]
fn who_is_given_the_lease_of_a_dead_owner_does_what_he_left() {
    let path = TemporaryPath::new();
    let (store, file, mut seen) = with_x(&path);
    let old = seen.hit().record;
    store.put(b"x", b"2", &mut seen).unwrap();
    let owner = file.lock().unwrap();
    revive(&owner, old);
    owner.header().superseding.set(old.word());
    drop(owner);
    let next = next_lease(&file);
    file.map.header().lock.set(7 << 32 | u64::from(next + 1));
    assert_eq!(lease_of_a_new_writer(&path), next);
    assert_sound(&store);
}

#[test]
fn who_is_given_the_lease_of_a_dead_holder_does_not_hold_the_store() {
    let path = TemporaryPath::new();
    let (_store, file, _) = with_x(&path);
    let next = next_lease(&file);
    let owner = file.lock().unwrap();
    let header = owner.header();
    owner.hold(u64::MAX, Strength::All, Patience::default());
    header.hold.set(7 << 32 | u64::from(next + 1));
    drop(owner);
    assert_eq!(lease_of_a_new_writer(&path), next);
    assert_eq!((file.map.header().hold.get(), file.map.header().commit.get() & HELD), (0, 0));
}

#[test]
fn what_was_counted_and_not_published_is_not_counted() {
    let path = TemporaryPath::new();
    let (store, file, _) = with_x(&path);
    let owner = file.lock().unwrap();
    Space::of(&owner).add_live(Segments::of(&owner).tail_page().unwrap(), 480);
    // Whatever was published last lies elsewhere.
    owner.header().pending.set(0);
    drop(owner);
    leave_the_lock_to_the_dead(&file);
    put(&store, b"y", b"1");
    assert_sound(&store);
}

#[test]
fn what_was_added_to_the_file_and_not_entered_is_given_back() {
    let path = TemporaryPath::new();
    let (store, file, _) = with_x(&path);
    let end = format::page_offset(file.pages());
    OpenOptions::new().write(true).open(&path.0).unwrap().set_len(end + (1 << 20)).unwrap();
    leave_the_lock_to_the_dead(&file);
    put(&store, b"y", b"1");
    assert_eq!(std::fs::metadata(&path.0).unwrap().len(), end);
}
