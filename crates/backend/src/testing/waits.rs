//! The part of the [suite](super::suite) about waiting for a change.

use std::time::Duration;

use super::Fixture;
use super::suite::{VersionOf, is_held, put, value};
use crate::{Appended, Backend, Entry, Patience, Rewrite, Selection, Since, Snapshot, Wanted};

fn watch<'k, B: Backend>(store: &B, key: Option<&'k [u8]>, since: Since) -> [Wanted<'k, B::Watch>; 1] {
    let mut wanted = [Wanted { key, watch: B::Watch::default() }];
    store.watch(&mut wanted, since).unwrap();
    wanted
}

fn look<B: Backend>(store: &B, wanted: &mut [Wanted<B::Watch>]) -> bool {
    store.has_changed(wanted, Duration::ZERO).unwrap()
}

/// Whether a wait that begins now is over at once.
fn has_changed<B: Backend>(store: &B, key: &[u8], since: Since) -> bool {
    look(store, &mut watch(store, Some(key), since))
}

fn anything_has_changed<B: Backend>(store: &B, since: Since) -> bool {
    look(store, &mut watch(store, None, since))
}

pub fn a_change_counts_from_when_the_handle_saw_the_key<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    put(&other, b"a", b"1");
    put(&other, b"b", b"1");
    assert!(!has_changed(&store, b"a", Since::Seen), "never seen: from now on");
    put(&other, b"a", b"2");
    assert!(has_changed(&store, b"a", Since::Seen));
    assert!(!has_changed(&store, b"a", Since::Seen), "told, and seen by that");
    value(&store, b"b");
    assert!(!has_changed(&store, b"b", Since::Seen));
    put(&other, b"a", b"3");
    assert!(!has_changed(&store, b"b", Since::Seen), "another key");
    put(&other, b"b", b"1");
    assert!(has_changed(&store, b"b", Since::Seen), "the same bytes, but stored again");
    value(&store, b"b");
    other.remove(b"b").unwrap();
    assert!(has_changed(&store, b"b", Since::Seen));
    assert_eq!(value(&store, b"missing"), None);
    assert!(!has_changed(&store, b"missing", Since::Seen));
    put(&other, b"missing", b"1");
    assert!(has_changed(&store, b"missing", Since::Seen));
    store.snapshot().unwrap();
    assert!(!has_changed(&store, b"a", Since::Seen), "seen with everything");
    put(&other, b"a", b"4");
    assert!(has_changed(&store, b"a", Since::Seen));
    let version = &mut VersionOf::<F>::default();
    other.peek(b"b", version, &mut Vec::new()).unwrap();
    store.select(&Selection::Keys(&[b"a", b"b"]), &mut Snapshot::<Vec<u8>, Vec<Entry>>::default(), u64::MAX).unwrap();
    put(&other, b"b", b"1");
    assert!(has_changed(&store, b"b", Since::Seen) && !has_changed(&store, b"a", Since::Seen));
    other.replace(&[(b"a", b"5")]).unwrap();
    assert!(has_changed(&store, b"a", Since::Seen) && has_changed(&store, b"b", Since::Seen));
}

pub fn own_changes_are_seen<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let mut version = put(&store, b"a", b"1");
    assert!(!has_changed(&store, b"a", Since::Seen));
    assert!(!anything_has_changed(&store, Since::Seen));
    put(&other, b"b", b"1");
    assert!(!has_changed(&store, b"a", Since::Seen));
    assert!(store.put_if_unchanged(b"a", b"2", &mut version).unwrap());
    assert!(!has_changed(&store, b"a", Since::Seen));
    store.append(b"a", b"3", 0, Rewrite::Store, &mut version).unwrap();
    assert!(!has_changed(&store, b"a", Since::Seen));
    put(&other, b"a", b"4");
    assert!(has_changed(&store, b"a", Since::Seen));
    store.remove(b"a").unwrap();
    assert!(!has_changed(&store, b"a", Since::Seen));
    assert!(anything_has_changed(&store, Since::Seen), "the other's");
    store.replace(&[(b"a", b"5")]).unwrap();
    assert!(!has_changed(&store, b"a", Since::Seen) && !has_changed(&store, b"b", Since::Seen));
    assert!(!anything_has_changed(&store, Since::Seen));
    store.put_next(b"x", b"", 0, &mut version).unwrap();
    assert!(!has_changed(&store, b"0", Since::Seen) && !anything_has_changed(&store, Since::Seen));
    store.destroy().unwrap();
    assert!(!has_changed(&store, b"a", Since::Seen) && !anything_has_changed(&store, Since::Seen));
    // The first one, which makes the store, and a lock, which makes it as well.
    put(&store, b"a", b"6");
    assert!(!has_changed(&store, b"a", Since::Seen) && !anything_has_changed(&store, Since::Seen));
    store.destroy().unwrap();
    assert!(!anything_has_changed(&store, Since::Seen));
    store.lock(Patience::default()).unwrap();
    store.unlock();
    assert!(!anything_has_changed(&store, Since::Seen));
    put(&store, b"a", b"7");
    assert!(!anything_has_changed(&store, Since::Seen));
    store.destroy().unwrap();
    assert!(!anything_has_changed(&store, Since::Seen));
    put(&other, b"a", b"8");
    assert!(anything_has_changed(&store, Since::Seen), "the other's");
}

pub fn a_change_counts_from_a_state_that_was_noted<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    assert_eq!(store.state().unwrap(), 0, "there is no store");
    put(&other, b"a", b"1");
    put(&other, b"b", b"1");
    let first = store.state().unwrap();
    assert_eq!(first, other.state().unwrap());
    assert!(!has_changed(&store, b"a", Since::State(first)) && !anything_has_changed(&store, Since::State(first)));
    put(&other, b"a", b"2");
    let second = store.state().unwrap();
    assert!(second > first);
    for _ in 0..2 {
        assert!(has_changed(&store, b"a", Since::State(first)), "whatever was told before");
        assert!(!has_changed(&store, b"b", Since::State(first)));
        assert!(anything_has_changed(&store, Since::State(first)));
        assert!(!has_changed(&store, b"a", Since::State(second)));
    }
    other.remove(b"b").unwrap();
    assert!(has_changed(&store, b"b", Since::State(second)));
    let third = store.state().unwrap();
    assert!(!has_changed(&store, b"b", Since::State(third)));
    other.replace(&[]).unwrap();
    assert!(has_changed(&store, b"a", Since::State(third)));
    // Two users of one handle.
    value(&store, b"a");
    put(&other, b"a", b"3");
    assert!(has_changed(&store, b"a", Since::Seen));
    assert!(has_changed(&store, b"a", Since::State(third)));
    assert!(has_changed(&store, b"a", Since::State(0)), "there was no store");
    assert!(!has_changed(&store, b"missing", Since::State(0)));
    assert!(has_changed(&store, b"a", Since::State(store.state().unwrap() + 800)), "another store's");
}

pub fn a_change_of_anything_counts_from_when_everything_was_seen<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    put(&other, b"a", b"1");
    assert!(!anything_has_changed(&store, Since::Seen), "from now on");
    put(&other, b"a", b"2");
    value(&store, b"a");
    put(&other, b"b", b"1");
    value(&store, b"a");
    assert!(anything_has_changed(&store, Since::Seen), "one key was seen, and not the other");
    assert!(!anything_has_changed(&store, Since::Seen));
    put(&other, b"b", b"2");
    store.snapshot().unwrap();
    assert!(!anything_has_changed(&store, Since::Seen));
    other.remove(b"b").unwrap();
    assert!(anything_has_changed(&store, Since::Seen));
}

pub fn a_wait_goes_on_from_where_it_began<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    put(&other, b"a", b"1");
    let mut one = watch(&store, Some(b"a"), Since::Now);
    let mut all = watch(&store, None, Since::Now);
    let mut some = [Wanted::key(b"b".as_slice()), Wanted::key(b"a".as_slice())];
    store.watch(&mut some, Since::Now).unwrap();
    let mut missing = watch(&store, Some(b"missing"), Since::Now);
    assert!(!look(&store, &mut one) && !look(&store, &mut all) && !look(&store, &mut some));
    assert!(!store.has_changed(&mut one, Duration::from_millis(1)).unwrap());
    put(&other, b"c", b"1");
    assert!(!look(&store, &mut one) && !look(&store, &mut some) && look(&store, &mut all));
    put(&other, b"a", b"2");
    assert!(store.has_changed(&mut one, Duration::from_secs(100)).unwrap() && look(&store, &mut some));
    assert!(!look(&store, &mut missing));
    put(&other, b"missing", b"1");
    assert!(look(&store, &mut missing));
    // A value that is merged, or moved, has not changed.
    let mut version = put(&other, b"list", b"1");
    let mut wait = watch(&store, Some(b"list"), Since::Now);
    assert!(!look(&store, &mut wait));
    while other.append(b"list", &[7; 500], 0, Rewrite::Caller, &mut version).unwrap() == Appended::Done {
        assert!(look(&store, &mut wait));
        wait = watch(&store, Some(b"list"), Since::Now);
    }
    for _ in 0..2_000 {
        put(&other, b"c", &[1; 100]);
        assert!(!look(&store, &mut wait));
    }
}

pub fn a_store_that_comes_or_goes_is_a_change<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    assert!(!has_changed(&store, b"a", Since::Seen) && !anything_has_changed(&store, Since::Seen));
    let (mut a, mut b) = (watch(&store, Some(b"a"), Since::Now), watch(&store, Some(b"b"), Since::Now));
    let mut all = watch(&store, None, Since::Now);
    put(&other, b"a", b"1");
    assert!(look(&store, &mut a) && !look(&store, &mut b) && look(&store, &mut all));
    assert!(has_changed(&store, b"a", Since::Seen), "it was seen to be missing");
    let state = store.state().unwrap();
    let (mut a, mut b) = (watch(&store, Some(b"a"), Since::Now), watch(&store, Some(b"b"), Since::Now));
    value(&store, b"a");
    other.destroy().unwrap();
    assert!(look(&store, &mut a) && !look(&store, &mut b));
    assert!(has_changed(&store, b"a", Since::Seen) && anything_has_changed(&store, Since::State(state)));
    assert_eq!(store.state().unwrap(), 0);
    put(&other, b"a", b"1");
    assert!(has_changed(&store, b"a", Since::Seen) && anything_has_changed(&store, Since::State(state)));
    let mut a = watch(&store, Some(b"a"), Since::Now);
    other.destroy().unwrap();
    put(&other, b"a", b"1");
    assert!(look(&store, &mut a), "it is another one");
}

pub fn a_key_seen_through_another_handle_is_seen<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    put(&store, b"a", b"1");
    let version = put(&other, b"a", b"2");
    store.enter();
    store.see(b"a", &version);
    assert!(!has_changed(&store, b"a", Since::Seen));
    put(&other, b"a", b"3");
    assert!(has_changed(&store, b"a", Since::Seen));
}

pub fn nobody_waits_who_keeps_others_out<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    put(&store, b"a", b"1");
    assert!(!store.keeps_all_from_writing());
    store.lock(Patience::default()).unwrap();
    assert!(store.keeps_all_from_writing());
    assert!(is_held(other.watch(&mut [Wanted::key(b"a")], Since::Seen)));
    store.unlock();
    let hold = store.lock_writers().unwrap();
    assert!(store.keeps_all_from_writing());
    store.unlock_writers(hold);
    assert!(!store.keeps_all_from_writing());
    // A change under a lock counts when that ends.
    let mut wait = watch(&other, Some(b"a"), Since::Now);
    store.lock(Patience::default()).unwrap();
    put(&store, b"a", b"2");
    assert!(is_held(other.has_changed(&mut wait, Duration::ZERO)));
    store.unlock();
    assert!(look(&other, &mut wait));
}
