//! Named locks.

use super::halfway;
use super::*;
use crate::lock_table::{LockTable, Owner};
use crate::testing::{Child, fork, shared, until};
use std::sync::atomic::Ordering;
use std::time::Instant;
use sync_backend::{LockName, Taking};

fn named(name: &[u8]) -> LockName<'_> {
    LockName::named(name)
}

/// The token, if the lock can be had at once.
fn take(store: &Store, name: &[u8]) -> Option<u64> {
    store.retry(|store| store.take_lock(named(name), false)).unwrap().token()
}

fn release(store: &Store, name: &[u8]) -> bool {
    store.release_lock(named(name))
}

/// Waits for a lock, as PHP does.
fn wait_for(store: &Store, name: &[u8]) -> u64 {
    loop {
        match store.retry(|store| store.take_lock(named(name), true)).unwrap() {
            Taking::Taken(token) => return token,
            Taking::Occupied(by) => store.wait_for_lock(named(name), &by, Duration::from_millis(50)),
        }
    }
}

/// Stands in line.
fn line_up(store: &Store, name: &[u8]) {
    assert_eq!(store.take_lock(named(name), true).unwrap().token(), None);
}

/// A process that has taken a lock, and does something else when the number becomes 1.
fn holder(
    path: &TemporaryPath,
    name: &'static [u8],
    then: impl FnOnce(&Store),
) -> (Child, &'static std::sync::atomic::AtomicU64) {
    let go_on = shared();
    let child = fork(|| {
        let store = path.store();
        take(&store, name).expect("it is free");
        go_on.store(100, Ordering::SeqCst);
        until("the parent says so", || go_on.load(Ordering::SeqCst) == 1);
        then(&store);
        until("the end", || go_on.load(Ordering::SeqCst) == 2);
    });
    until("the child has it", || go_on.load(Ordering::SeqCst) == 100);
    (child, go_on)
}

#[test]
fn a_lock_is_one_objects_until_it_is_given_back_as_often_as_it_was_taken() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    let token = take(&store, b"a").unwrap();
    assert!(token > 0);
    assert_eq!(take(&store, b"a"), Some(token), "the same lock again");
    assert_eq!(take(&other, b"a"), None);
    assert!(!release(&other, b"a"), "it is not its lock");
    let next = take(&other, b"b").unwrap();
    assert!(next > token, "another name");
    assert!(release(&store, b"a"));
    assert_eq!(take(&other, b"a"), None, "once is not twice");
    assert!(release(&store, b"a"));
    assert!(!release(&store, b"a"));
    assert!(take(&other, b"a").unwrap() > next);
    assert_eq!(store.held_lock(named(b"a")), None);
    assert_sound(&store);
}

#[test]
fn spaces_and_names_of_any_kind_are_apart() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    let (long, longer) = (vec![b'x'; 10_000], vec![b'x'; 10_001]);
    let mut last_differs = long.clone();
    last_differs[9_999] = b'y';
    let names: Vec<&[u8]> = vec![b"", b"\0", b"a", "重庆".as_bytes(), &long, &longer, &last_differs];
    for name in &names {
        take(&store, name).unwrap();
        assert!(store.take_lock(LockName::computed(name), false).unwrap().token().is_some());
    }
    for name in &names {
        assert_eq!(take(&other, name), None);
        assert!(release(&store, name));
        assert!(take(&other, name).is_some());
    }
    assert_sound(&store);
}

#[test]
fn locks_are_no_content_and_outlive_what_is_stored() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"a", b"1");
    take(&store, b"a").unwrap();
    take(&store, b"new").unwrap();
    let takes_without_a_change = |n: i32| {
        let mut seen = Version::default();
        store.get(b"a", &mut seen, &mut Vec::new()).unwrap();
        take(&store, format!("{n}").as_bytes()).unwrap();
        store.is_current(&seen)
    };
    // (Once in a tick of the clock the file's own times may have changed, which makes a new version.)
    assert!((0..50).any(takes_without_a_change));
    assert_eq!((store.len().unwrap(), get(&store, b"new")), (1, None));
    store.replace(&[]).unwrap();
    store.remove(b"a").unwrap();
    assert_eq!(take(&path.store(), b"a"), None);
    assert!(store.stats().unwrap().locks.len() > 2);
    assert_sound(&store);
}

#[test]
fn many_locks_make_the_table_larger_and_it_becomes_small_again() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    let names: Vec<Vec<u8>> = (0..3000).map(|n| format!("name {n}").into_bytes()).collect();
    let tokens: Vec<u64> = names.iter().map(|name| take(&store, name).unwrap()).collect();
    assert!(tokens.is_sorted_by(|a, b| a < b));
    assert!(names.iter().all(|name| take(&other, name).is_none()));
    assert_sound(&store);
    let large = store.check().unwrap().used;
    assert!(names.iter().rev().all(|name| release(&store, name)));
    assert_sound(&store);
    assert!(store.check().unwrap().used < large / 20);
    // Names that come and go do not fill it.
    for n in 0..3000 {
        let name = format!("another {n}");
        take(&store, name.as_bytes()).unwrap();
        assert!(release(&store, name.as_bytes()));
    }
    assert!(store.check().unwrap().used < large / 20);
    assert_sound(&store);
}

/// The table moves as it grows and shrinks, and its old place becomes something else.
#[test]
fn a_lock_that_is_held_is_always_shown_however_the_table_moves() {
    let path = TemporaryPath::new();
    let store = path.store();
    let token = take(&store, b"mine").unwrap();
    let end = shared();
    let child = fork(|| {
        let store = path.store();
        let names: Vec<String> = (0..60).map(|n| format!("other {n}")).collect();
        while end.load(Ordering::SeqCst) == 0 {
            names.iter().for_each(|name| assert!(take(&store, name.as_bytes()).is_some()));
            put(&store, b"value", &[7; 3000]);
            names.iter().for_each(|name| assert!(release(&store, name.as_bytes())));
        }
    });
    let mut seen = [0; 2];
    for _ in 0..3000 {
        let locks = store.stats().unwrap().locks;
        assert!(locks.iter().any(|lock| lock.token == Some(token)), "after {seen:?} looks without and with others");
        seen[usize::from(locks.len() > 1)] += 1;
    }
    end.store(1, Ordering::SeqCst);
    assert!(child.wait().success());
    assert_sound(&store);
}

#[test]
fn a_lock_ends_with_its_object_and_its_process() {
    let path = TemporaryPath::new();
    let other = path.store();
    let store = path.store();
    let token = take(&store, b"a").unwrap();
    drop(store);
    assert!(take(&other, b"a").unwrap() > token);
    assert!(release(&other, b"a"));
    let (child, _) = holder(&path, b"a", |_| ());
    assert_eq!(take(&other, b"a"), None);
    assert_eq!(other.stats().unwrap().locks[0].pid, Some(child.pid() as u32));
    child.kill();
    assert!(take(&other, b"a").is_some(), "at once");
    assert_sound(&other);
}

#[test]
fn the_first_in_line_has_it_next_whoever_else_asks() {
    let path = TemporaryPath::new();
    let (store, first, second) = (path.store(), path.store(), path.store());
    take(&store, b"a").unwrap();
    line_up(&first, b"a");
    line_up(&second, b"a");
    assert_eq!(store.stats().unwrap().waiters, 2);
    assert!(release(&store, b"a"));
    assert_eq!(take(&store, b"a"), None, "it has had its turn");
    line_up(&second, b"a");
    assert!(take_in_line(&first, b"a").is_some());
    assert!(release(&first, b"a"));
    assert!(take_in_line(&second, b"a").is_some());
    assert_eq!(store.stats().unwrap().waiters, 0);
}

fn take_in_line(store: &Store, name: &[u8]) -> Option<u64> {
    store.take_lock(named(name), true).unwrap().token()
}

#[test]
fn a_waiter_that_leaves_is_not_called_and_one_that_was_called_passes_it_on() {
    let path = TemporaryPath::new();
    let (store, first, second, third) = (path.store(), path.store(), path.store(), path.store());
    take(&store, b"a").unwrap();
    for waiter in [&first, &second, &third] {
        line_up(waiter, b"a");
    }
    first.stop_waiting_for_lock(named(b"a"));
    assert!(release(&store, b"a"));
    assert_eq!(take_in_line(&third, b"a"), None, "it is the second's turn");
    second.stop_waiting_for_lock(named(b"a"));
    assert!(take_in_line(&third, b"a").is_some());
    assert!(release(&third, b"a"));
    assert!(take(&store, b"a").is_some());
    assert_eq!(store.stats().unwrap().waiters, 0);
    // So it is with one whose object ends.
    line_up(&first, b"a");
    line_up(&second, b"a");
    assert!(release(&store, b"a"));
    drop(first);
    assert!(take_in_line(&second, b"a").is_some());
}

#[test]
fn a_waiter_in_another_process_is_woken_and_one_that_was_killed_passed_over() {
    let path = TemporaryPath::new();
    let store = path.store();
    take(&store, b"a").unwrap();
    let got = shared();
    let waiter = |number: u64| {
        fork(|| {
            let store = path.store();
            wait_for(&store, b"a");
            got.store(number, Ordering::SeqCst);
            until("the end", || got.load(Ordering::SeqCst) == 100);
        })
    };
    let dead = waiter(1);
    until("it stands in line", || store.stats().unwrap().waiters == 1);
    let alive = waiter(2);
    until("both do", || store.stats().unwrap().waiters == 2);
    dead.kill();
    assert!(release(&store, b"a"));
    until("the second has it", || got.load(Ordering::SeqCst) == 2);
    assert_eq!(take(&store, b"a"), None);
    alive.kill();
    assert!(take(&store, b"a").is_some());
}

#[test]
fn a_stopped_waiter_is_passed_over_and_lines_up_anew() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    take(&store, b"a").unwrap();
    let got = shared();
    let stopped = fork(|| {
        let store = path.store();
        wait_for(&store, b"a");
        got.store(1, Ordering::SeqCst);
        until("the end", || got.load(Ordering::SeqCst) == 2);
    });
    until("it stands in line", || store.stats().unwrap().waiters == 1);
    stopped.stop_asleep();
    line_up(&other, b"a");
    assert!(release(&store, b"a"));
    let start = Instant::now();
    wait_for(&other, b"a");
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(got.load(Ordering::SeqCst), 0);
    stopped.signal(libc::SIGCONT);
    until("it stands in line again", || store.stats().unwrap().waiters == 1);
    assert!(release(&other, b"a"));
    until("it has it", || got.load(Ordering::SeqCst) == 1);
}

#[test]
fn a_holder_that_is_killed_lets_the_first_in_line_have_it() {
    let path = TemporaryPath::new();
    let (first, second) = (path.store(), path.store());
    let (child, _) = holder(&path, b"a", |_| ());
    line_up(&first, b"a");
    line_up(&second, b"a");
    child.kill();
    assert_eq!(take_in_line(&second, b"a"), None);
    assert_eq!(take(&path.store(), b"a"), None);
    assert!(take_in_line(&first, b"a").is_some());
}

#[test]
fn a_recycled_lease_does_not_own_the_locks_of_its_predecessor() {
    let path = TemporaryPath::new();
    let store = path.store();
    take(&store, b"a").unwrap();
    let file = store.file();
    let slot = LockTable::of(&file).unwrap().slots().find(|slot| slot.owner() != Owner::Nobody).unwrap();
    // As if it were that of a dead thread, whose lease the next one gets.
    let next = next_lease(&file);
    slot.pid().set(0);
    slot.set_owner(Owner::Has(next));
    let other = path.store();
    std::thread::scope(|scope| {
        let (path, (send, received)) = (&path, std::sync::mpsc::channel());
        let (ready, is_ready) = std::sync::mpsc::channel();
        scope.spawn(move || {
            let store = path.store();
            put(&store, b"x", b"1");
            ready.send(store.file().my_lease()).unwrap();
            received.recv().unwrap();
        });
        assert_eq!(is_ready.recv().unwrap(), Some(next));
        assert_eq!(slot.owner(), Owner::Nobody);
        assert!(take(&other, b"a").is_some());
        send.send(()).unwrap();
    });
}

/// The table moves again and again meanwhile.
#[test]
fn all_locks_of_a_dead_owner_end_with_its_lease_however_many_there_are() {
    let path = TemporaryPath::new();
    let store = path.store();
    take(&store, b"mine").unwrap();
    for n in 0..3000 {
        take(&store, format!("name {n}").as_bytes()).unwrap();
    }
    let large = store.check().unwrap().used;
    let file = store.file();
    let next = next_lease(&file);
    let table = LockTable::of(&file).unwrap();
    let is_its = |slot: &crate::lock_table::LockSlot| slot.read_name().is_some_and(|(.., name)| name != b"mine");
    for slot in table.slots().filter(|slot| slot.owner() != Owner::Nobody).filter(is_its) {
        slot.pid().set(0);
        slot.set_owner(Owner::Has(next));
    }
    std::thread::scope(|scope| scope.spawn(|| put(&path.store(), b"x", b"1")).join().unwrap());
    let held = LockTable::of(&file).unwrap().slots().filter(|slot| slot.owner() != Owner::Nobody);
    assert_eq!(held.map(|slot| slot.read_name().unwrap().2).collect::<Vec<_>>(), [b"mine"]);
    assert!(store.check().unwrap().used < large / 20);
    assert_sound(&store);
}

/// A process that keeps the write lock, as if it were stopped, while `during` runs; then it does `after`, whose result this is.
fn while_nobody_can_write(path: &TemporaryPath, during: impl FnOnce(), after: fn(&Store) -> bool) -> bool {
    let step = shared();
    let child = fork(|| {
        let store = path.store();
        put(&store, b"y", b"1");
        let file = store.file();
        let guard = file.lock().unwrap();
        step.store(1, Ordering::SeqCst);
        until("the other one is through", || step.load(Ordering::SeqCst) == 2);
        drop(guard);
        step.store(if after(&store) { 3 } else { 4 }, Ordering::SeqCst);
    });
    until("it has the write lock", || step.load(Ordering::SeqCst) == 1);
    during();
    step.store(2, Ordering::SeqCst);
    until("its result", || step.load(Ordering::SeqCst) > 2);
    assert!(child.wait().success());
    step.load(Ordering::SeqCst) == 3
}

#[test]
fn a_lock_that_ends_while_nobody_can_write_is_over_though_its_owner_does_nothing_more() {
    let path = TemporaryPath::new();
    let store = path.store();
    take(&store, b"a").unwrap();
    let release_it = || assert!(release(&store, b"a"));
    assert!(while_nobody_can_write(&path, release_it, |store| take(store, b"a").is_some()));
    // The end of an object, and the owner goes on as before.
    take(&store, b"b").unwrap();
    assert!(while_nobody_can_write(&path, || drop(store), |store| take(store, b"b").is_some()));
    let store = path.store();
    assert!(take(&store, b"a").is_some() && take(&store, b"b").is_some());
    // With another lock, or the hold, the owner keeps its lease: it is told with the next write, or the end of the last one.
    assert!(!while_nobody_can_write(&path, || assert!(release(&store, b"a")), |store| take(store, b"a").is_some()));
    assert!(while_nobody_can_write(
        &path,
        || assert!(release(&store, b"b")),
        |store| { take(store, b"a").is_some() && take(store, b"b").is_some() }
    ));
    // So it does with the hold.
    store.lock(Patience::default()).unwrap();
    assert!(!store.file().leave_lease());
    store.unlock();
    assert!(store.file().leave_lease());
}

#[test]
fn a_forked_child_has_none_of_its_parents_locks_and_cannot_end_them() {
    let path = TemporaryPath::new();
    let store = path.store();
    let token = take(&store, b"a").unwrap();
    let status = in_child(|| {
        assert_eq!(take(&store, b"a"), None);
        assert!(!release(&store, b"a"));
        assert!(take(&store, b"b").unwrap() > token);
        // SAFETY: the child has no other use for it, and ends without one.
        drop(unsafe { std::ptr::read(&store) });
    });
    assert!(status.success());
    let other = path.store();
    assert_eq!(take(&other, b"a"), None);
    assert!(take(&other, b"b").is_some(), "it has ended with the child");
}

#[test]
fn they_are_gone_with_their_file_and_tokens_grow_on() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    let first = take(&store, b"a").unwrap();
    assert_eq!(take(&other, b"a"), None);
    store.destroy().unwrap();
    assert!(!release(&store, b"a"));
    let second = take(&other, b"a").unwrap();
    assert!(second > first);
    // Deleted by somebody else.
    std::fs::remove_file(&path.0).unwrap();
    Store::paths_have_changed();
    let third = take(&store, b"a").unwrap();
    assert!(third > second);
    assert_eq!(take(&other, b"a"), None);
    assert!(!release(&other, b"a"), "that was another file's");
    // A copy is another file, in which nobody has anything.
    let copy = path.copy();
    let copied = copy.store();
    assert!(take(&copied, b"a").unwrap() > third);
    assert_sound(&copied);
}

#[test]
fn what_others_hold_is_no_obstacle() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    take(&other, b"a").unwrap();
    store.lock(Patience::default()).unwrap();
    assert!(release(&other, b"a"));
    assert!(take(&other, b"b").is_some());
    assert!(take(&store, b"a").is_some());
    assert!(other.stats().unwrap().locks.iter().any(|lock| lock.name.is_none()));
    store.unlock();
    assert_eq!(take(&other, b"a"), None, "unlock ends no named lock");
}

#[test]
fn the_lock_of_the_whole_is_counted_and_has_a_token() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    let before = take(&store, b"a").unwrap();
    let token = store.enter_lock().unwrap();
    assert!(token > before);
    assert_eq!(store.enter_lock().unwrap(), token);
    assert!(is_refused(other.len()) && is_refused(other.enter_lock()));
    assert_eq!(other.stats().unwrap().locks[0].token, Some(token));
    assert!(store.leave_lock());
    assert!(is_refused(other.len()));
    assert!(store.leave_lock());
    assert!(!store.leave_lock());
    assert_eq!(other.len().unwrap(), 0);
    // `unlock` ends it, too.
    assert!(other.enter_lock().unwrap() > token);
    other.unlock();
    assert!(!other.leave_lock());
    assert_eq!(store.len().unwrap(), 0);
    // That of `lock` goes on.
    store.lock(Patience::default()).unwrap();
    store.enter_lock().unwrap();
    assert!(store.leave_lock());
    assert!(is_refused(other.len()));
    store.unlock();
    assert!(!is_held_by_any(&other));
    // It is lost with the file, as that of `lock`.
    store.enter_lock().unwrap();
    std::fs::remove_file(&path.0).unwrap();
    Store::paths_have_changed();
    assert!(matches!(store.len().unwrap_err().kind, ErrorKind::LockLost));
    store.unlock();
}

fn is_held_by_any(store: &Store) -> bool {
    store.stats().unwrap().locks.iter().any(|lock| lock.name.is_none())
}

#[test]
fn whoever_dies_at_any_step_leaves_the_lock_to_the_first_in_line() {
    for steps in 0.. {
        let path = TemporaryPath::new();
        let waiter = path.store();
        put(&waiter, b"x", b"1");
        let go_on = shared();
        let child = fork(|| {
            let store = path.store();
            take(&store, b"a").unwrap();
            go_on.store(1, Ordering::SeqCst);
            until("somebody stands in line", || go_on.load(Ordering::SeqCst) == 2);
            // SAFETY: ends the child, with nothing more done.
            let die = || unsafe { libc::_exit(1) };
            halfway::after_steps(steps, die, || assert!(release(&store, b"a")));
            drop(store);
        });
        until("the child has it", || go_on.load(Ordering::SeqCst) == 1);
        line_up(&waiter, b"a");
        go_on.store(2, Ordering::SeqCst);
        let status = child.wait();
        wait_for(&waiter, b"a");
        assert_eq!(take(&path.store(), b"a"), None, "after {steps} steps");
        put(&waiter, b"y", b"1");
        assert_sound(&waiter);
        if status.success() {
            assert!(steps > 8, "only {steps} steps");
            break;
        }
    }
}

#[test]
fn whoever_dies_while_the_table_grows_leaves_a_sound_file_and_no_lock() {
    for steps in 0.. {
        let path = TemporaryPath::new();
        let store = path.store();
        put(&store, b"x", b"1");
        let mine: Vec<Vec<u8>> = (0..10).map(|n| format!("mine {n}").into_bytes()).collect();
        for name in &mine {
            take(&store, name).unwrap();
        }
        let child = fork(|| {
            let store = path.store();
            put(&store, b"x", b"2");
            // SAFETY: ends the child, with nothing more done.
            let die = || unsafe { libc::_exit(1) };
            halfway::after_steps(steps, die, || {
                for n in 0..5 {
                    take(&store, format!("its {n}").as_bytes()).unwrap();
                }
            });
            // (Its end would give them back.)
            std::mem::forget(store);
        });
        let status = child.wait();
        let other = path.store();
        put(&other, b"y", b"1");
        assert_sound(&other);
        assert!(mine.iter().all(|name| take(&other, name).is_none()), "after {steps} steps");
        for n in 0..5 {
            assert!(take(&other, format!("its {n}").as_bytes()).is_some(), "after {steps} steps");
        }
        assert_sound(&other);
        if status.success() {
            assert!(steps > 50, "only {steps} steps");
            break;
        }
    }
}
