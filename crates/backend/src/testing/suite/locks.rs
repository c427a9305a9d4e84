//! The tests of named locks, and of a look from outside.

use super::{is_held, keys, put, value, version_of};
use crate::testing::Fixture;
use crate::{Backend, LockName, Patience};

/// The token, if a lock can be had.
fn take<B: Backend>(store: &B, lock: LockName, wait: bool) -> Option<u64> {
    store.take_lock(lock, wait).unwrap().token()
}

pub fn a_named_lock_is_one_handles_until_it_is_given_back_as_often_as_it_was_taken<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let (a, b) = (LockName::named(b"a"), LockName::named(b"b"));
    let token = take(&store, a, false).unwrap();
    assert!(token > 0);
    assert_eq!(take(&store, a, false), Some(token), "the same lock, again");
    assert_eq!(take(&other, a, false), None);
    assert!(take(&other, LockName::computed(b"a"), false).is_some(), "another space");
    let next = take(&other, b, false).unwrap();
    assert!(next > token, "tokens grow, whatever the name");
    assert!(!other.release_lock(a), "it is another handle's");
    assert_eq!((store.held_lock(a), other.held_lock(a)), (Some((token, 2)), None));
    assert!(store.release_lock(a));
    assert_eq!(take(&other, a, false), None, "once is not twice");
    assert!(store.release_lock(a));
    assert!(!store.release_lock(a));
    assert!(take(&other, a, false).unwrap() > next);
}

pub fn named_locks_are_no_content_and_outlast_it<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    put(&store, b"a", b"1");
    take(&store, LockName::named(b"a"), false).unwrap();
    take(&store, LockName::named(b"new"), false).unwrap();
    let takes_without_a_change = |n: i32| {
        let version = version_of(&other, b"a");
        take(&store, LockName::named(format!("{n}").as_bytes()), false).unwrap();
        other.is_current(&version)
    };
    // (A store may take a value for changed that is not: once in a tick of the clock, the one in a file.)
    assert!((0..50).any(takes_without_a_change));
    assert_eq!((keys(&other), value(&other, b"new")), (vec!["a".to_owned()], None));
    put(&other, b"a", b"2");
    store.replace(&[]).unwrap();
    assert_eq!(take(&other, LockName::named(b"a"), false), None);
}

pub fn named_locks_end_with_their_handle_and_their_store<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let (a, b) = (LockName::named(b"a"), LockName::named(b"b"));
    let token = take(&store, a, false).unwrap();
    drop(store);
    let next = take(&other, a, false).unwrap();
    assert!(next > token);
    let store = place.handle();
    take(&store, b, false).unwrap();
    store.destroy().unwrap();
    assert!(!other.release_lock(a) || take(&other, a, false).is_some());
    assert!(take(&other, b, false).unwrap() > next);
}

pub fn the_first_in_line_has_a_named_lock_next<F: Fixture>() {
    let place = F::new();
    let (store, first, second, third) = (place.handle(), place.handle(), place.handle(), place.handle());
    let a = LockName::named(b"a");
    take(&store, a, false).unwrap();
    for waiter in [&first, &second, &third] {
        assert_eq!(take(waiter, a, true), None);
    }
    assert_eq!(store.stats().unwrap().waiters, 3);
    second.stop_waiting_for_lock(a);
    store.release_lock(a);
    assert_eq!(take(&store, a, false), None, "others have waited");
    assert_eq!(take(&third, a, true), None, "not as long");
    assert!(take(&first, a, true).is_some());
    first.release_lock(a);
    assert!(take(&third, a, true).is_some());
    assert_eq!(store.stats().unwrap().waiters, 0);
    // One that waits no more, though its turn has come, lets the next have it.
    assert_eq!((take(&first, a, true), take(&second, a, true)), (None, None));
    third.release_lock(a);
    first.stop_waiting_for_lock(a);
    assert!(take(&second, a, true).is_some());
}

pub fn the_lock_of_the_whole_can_be_counted_and_has_a_token<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let before = take(&store, LockName::named(b"a"), false).unwrap();
    let token = store.enter_lock().unwrap();
    assert!(token > before);
    assert_eq!((store.enter_lock().unwrap(), store.entered_lock()), (token, Some((token, 2))));
    assert!(store.keeps_others_out() && !other.keeps_others_out());
    assert!(is_held(other.len()) && is_held(other.enter_lock()));
    assert!(store.leave_lock());
    assert!(is_held(other.len()), "once is not twice");
    assert!(store.leave_lock() && !store.leave_lock());
    assert_eq!(other.len().unwrap(), 0);
    assert!(other.enter_lock().unwrap() > token);
    other.unlock();
    assert!(!other.leave_lock(), "it has ended");
    store.lock(Patience::default()).unwrap();
    store.enter_lock().unwrap();
    assert!(store.leave_lock());
    assert!(is_held(other.len()), "what `lock` began goes on");
    store.unlock();
    assert_eq!(other.len().unwrap(), 0);
}

pub fn a_look_at_the_store_waits_for_nobody<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    assert_eq!(other.stats().unwrap().keys, 0);
    put(&store, b"a", b"1");
    put(&store, b"b", &[1; 1000]);
    let before = other.stats().unwrap();
    let token = take(&store, LockName::named("重庆".as_bytes()), false);
    store.lock(Patience::default()).unwrap();
    put(&store, b"b", b"2");
    let stats = other.stats().unwrap();
    assert_eq!(stats.keys, 2);
    assert!(stats.commits > before.commits);
    assert!(
        before.live_bytes >= 1000 && before.memory_bytes >= before.live_bytes && stats.live_bytes < before.live_bytes
    );
    let mut locks: Vec<_> = stats.locks.iter().map(|lock| (lock.name.clone(), lock.token)).collect();
    locks.sort();
    assert_eq!(locks, [(None, None), (Some("重庆".as_bytes().to_vec()), token)]);
}
