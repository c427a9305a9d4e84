//! Items in consumption, and what becomes of them.

use super::halfway;
use super::*;
use crate::testing::{Child, as_a_reader, fork, shared, until};
use std::sync::atomic::{AtomicU64, Ordering};
use sync_backend::Taken;
use sync_backend::testing::queues::{self, element, read};

const LIST: &[u8] = b"list";

fn push(store: &Store, numbers: std::ops::Range<u32>) {
    let elements: Vec<Vec<u8>> = numbers.map(|number| element(number, 30)).collect();
    store.retry(|store| Ok(queues::push(store, LIST, &elements))).unwrap();
}

/// The number of an element.
fn number(element: &[u8]) -> u32 {
    u32::from_be_bytes(*element[2..].first_chunk().unwrap())
}

fn take(store: &Store) -> Option<(u64, u32)> {
    let mut out = Vec::new();
    match store.retry(|store| store.take(LIST, &mut out)).unwrap() {
        Taken::Item(item) => Some((item, number(&out))),
        Taken::Nothing => None,
        Taken::Whole => panic!("it can be taken apart"),
    }
}

/// Takes an item with this number.
#[track_caller]
fn take_number(store: &Store, expected: u32) -> u64 {
    let (item, found) = take(store).unwrap();
    assert_eq!(found, expected);
    item
}

fn finish(store: &Store, item: u64) -> bool {
    store.retry(|store| store.finish(item)).unwrap()
}

/// The numbers in the list.
fn numbers(store: &Store) -> Vec<u32> {
    get(store, LIST).map_or_else(Vec::new, |bytes| read(&bytes).iter().map(|element| number(element)).collect())
}

fn pids(store: &Store) -> Vec<u32> {
    store.stats().unwrap().consuming.iter().map(|consumer| consumer.pid.unwrap()).collect()
}

/// A process that has taken so many items, and does something else when the number becomes 1.
fn consumer(path: &TemporaryPath, count: u32, then: impl FnOnce(&Store)) -> (Child, &'static AtomicU64) {
    let go_on = shared();
    let child = fork(|| {
        let store = path.store();
        for _ in 0..count {
            take(&store).unwrap();
        }
        go_on.store(100, Ordering::SeqCst);
        until("the parent says so", || go_on.load(Ordering::SeqCst) == 1);
        then(&store);
        until("the end", || go_on.load(Ordering::SeqCst) == 2);
    });
    until("the child has it", || go_on.load(Ordering::SeqCst) == 100);
    (child, go_on)
}

#[test]
fn items_of_a_dead_process_are_back_for_the_next_that_takes() {
    let path = TemporaryPath::new();
    let store = path.store();
    push(&store, 0..10);
    let (one, _) = consumer(&path, 2, |_| ());
    let (two, _) = consumer(&path, 3, |_| ());
    assert_eq!(numbers(&store), [5, 6, 7, 8, 9]);
    assert_eq!(pids(&store).len(), 5);
    assert!(pids(&store).contains(&(one.pid() as u32)));
    let item = take_number(&store, 5);
    two.kill();
    assert_eq!(pids(&store).len(), 3, "the dead consume nothing");
    // (It looks whoever takes.)
    let mine = take_number(&store, 2);
    assert_eq!(numbers(&store), [3, 4, 6, 7, 8, 9]);
    one.kill();
    let mut out = Vec::new();
    store.shift(LIST, &mut Version::default(), &mut out).unwrap();
    assert_eq!((number(&out), numbers(&store)), (0, vec![1, 3, 4, 6, 7, 8, 9]));
    assert!(finish(&store, item) && finish(&store, mine));
    assert_eq!(store.file().map.header().consuming.get(), 0);
    assert_sound(&store);
}

#[test]
fn whoever_only_looks_sees_them_come_back() {
    let path = TemporaryPath::new();
    let store = path.store();
    push(&store, 0..3);
    let mut seen = Version::default();
    let looks: [fn(&Store, &mut Version) -> bool; 4] = [
        |store, _| numbers(store) == [0, 1, 2],
        // As a cache does that has the list.
        |store, seen| {
            let mut out = Vec::new();
            !store.is_current(seen) && !store.confirm(seen) && {
                store.get(LIST, seen, &mut out).unwrap();
                // (All of it, or what was put back.)
                !out.is_empty()
            }
        },
        |store, _| entries(store).len() == 1 && store.len().unwrap() == 1 && numbers(store).len() == 3,
        |store, _| store.facts(LIST).unwrap().unwrap().bytes > 90,
    ];
    for looks_whole in looks {
        let (child, _) = consumer(&path, 2, |_| ());
        assert_eq!(numbers(&store), [2]);
        store.get(LIST, &mut seen, &mut Vec::new()).unwrap();
        assert!(!looks_whole(&store, &mut seen.clone()));
        child.kill();
        until("they are back", || looks_whole(&store, &mut seen));
    }
    assert_sound(&store);
}

#[test]
fn a_process_that_may_only_read_sees_what_another_one_puts_back() {
    let path = TemporaryPath::new();
    let store = path.store();
    push(&store, 0..3);
    let (child, _) = consumer(&path, 1, |_| ());
    child.kill();
    as_a_reader(|| {
        let store = path.store();
        for _ in 0..3 {
            assert_eq!((numbers(&store), store.len().unwrap(), pids(&store).len()), (vec![1, 2], 1, 0));
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    until("a writer looks", || numbers(&store) == [0, 1, 2]);
    as_a_reader(|| assert_eq!(numbers(&path.store()), [0, 1, 2]));
}

#[test]
fn an_item_that_is_given_up_while_nobody_can_write_goes_back_though_its_owner_does_nothing_more() {
    let path = TemporaryPath::new();
    let store = path.store();
    push(&store, 0..3);
    let item = take_number(&store, 0);
    let step = shared();
    let child = fork(|| {
        let store = path.store();
        store.put(b"y", b"1", &mut Version::default()).unwrap();
        let file = store.file();
        let guard = file.lock().unwrap();
        step.store(1, Ordering::SeqCst);
        until("it was given up", || step.load(Ordering::SeqCst) == 2);
        drop(guard);
        take_number(&store, 0);
    });
    until("it has the write lock", || step.load(Ordering::SeqCst) == 1);
    store.give_back(item);
    step.store(2, Ordering::SeqCst);
    assert!(child.wait().success());
}

#[test]
fn a_forked_child_does_not_own_an_item() {
    let path = TemporaryPath::new();
    let store = path.store();
    push(&store, 0..3);
    let item = take_number(&store, 0);
    let status = in_child(|| {
        assert!(!finish(&store, item));
        store.give_back(item);
        assert_eq!(numbers(&store), [1, 2]);
        let own = take_number(&store, 1);
        assert!(finish(&store, own));
        drop(path.store());
    });
    assert!(status.success(), "{status}");
    assert_eq!((numbers(&store), pids(&store)), (vec![2], vec![std::process::id()]));
    // A parent that dies while a child of it lives.
    let (child, go_on) = consumer(&path, 1, |_| {
        let grandchild = fork(|| until("never", || false));
        std::mem::forget(grandchild);
    });
    go_on.store(1, Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(20));
    child.kill();
    until("it is back", || numbers(&store) == [2]);
    assert!(finish(&store, item));
    assert_sound(&store);
}

#[test]
fn a_lease_that_is_somebody_elses_now_is_no_consumer() {
    let path = TemporaryPath::new();
    let store = path.store();
    push(&store, 0..3);
    let (child, _) = consumer(&path, 2, |_| ());
    child.kill();
    // The next writer has its number.
    let (next, _) = consumer(&path, 0, |_| ());
    let status = in_child(|| put(&path.store(), b"x", b"1"));
    assert!(status.success());
    assert_eq!((numbers(&store), pids(&store).len()), (vec![0, 1, 2], 0));
    drop(next);
    assert_sound(&store);
}

#[test]
fn items_go_back_with_their_store_also_where_another_process_is_stopped_with_the_write_lock() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    push(&store, 0..4);
    take_number(&other, 0);
    take_number(&other, 1);
    drop(other);
    assert_eq!(numbers(&store), [0, 1, 2, 3]);
    let other = path.store();
    take_number(&other, 0);
    let go_on = shared();
    let child = fork(|| {
        let store = path.store();
        put(&store, b"x", b"1");
        let wait = || {
            go_on.store(1, Ordering::SeqCst);
            until("the parent says so", || go_on.load(Ordering::SeqCst) == 2);
        };
        halfway::after_steps(3, wait, || put(&store, b"x", b"2"));
    });
    until("the child has the write lock", || go_on.load(Ordering::SeqCst) == 1);
    drop(other);
    go_on.store(2, Ordering::SeqCst);
    assert!(child.wait().success());
    take_number(&store, 0);
    assert_sound(&store);
}

#[test]
fn all_items_are_back_in_a_copy_and_after_a_boot() {
    let path = TemporaryPath::new();
    let store = path.store();
    push(&store, 0..40);
    let (child, _) = consumer(&path, 30, |_| ());
    take_number(&store, 30);
    put(&store, b"x", b"1");
    let copy = TemporaryPath::new();
    std::fs::copy(&path.0, &copy.0).unwrap();
    // A reader has a private copy.
    as_a_reader(|| assert_eq!(numbers(&copy.store()), (0..40).collect::<Vec<_>>()));
    let copied = copy.store();
    assert_eq!((numbers(&copied), copied.len().unwrap(), pids(&copied).len()), ((0..40).collect(), 2, 0));
    assert_eq!(copied.file().map.header().consuming.get(), 0);
    assert!(finish(&copied, take_number(&copied, 0)));
    assert_sound(&copied);
    // The original goes on.
    assert_eq!(numbers(&store).len(), 9);
    drop(child);
    until("they are back", || numbers(&store).len() == 39);
    assert_sound(&store);
}

#[test]
fn an_item_that_goes_back_before_others_are_taken_costs_no_more_than_it_is_long() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    push(&store, 0..3000);
    let item = take_number(&store, 0);
    assert!(finish(&store, item));
    let all: Vec<u32> = (1..3000).collect();
    let (mut seen, mut known) = (Version::default(), Vec::new());
    other.get(LIST, &mut seen, &mut known).unwrap();
    let mut known = read(&known);
    let before = store.stats().unwrap();
    for _ in 0..20 {
        let items = [take_number(&store, 1), take_number(&store, 2), take_number(&store, 3)];
        items.iter().rev().for_each(|&item| store.give_back(item));
        // As a cache does that has the list.
        let mut patches = Vec::new();
        assert_eq!(other.get(LIST, &mut seen, &mut patches).unwrap(), Found::Appended);
        queues::follow(&mut known, &patches);
        assert_eq!(known.iter().map(|element| number(element)).collect::<Vec<_>>(), all);
        assert_eq!(numbers(&other), all);
    }
    // Six small records each time, beside a list of a hundred thousand bytes.
    let grown = store.stats().unwrap().live_bytes - before.live_bytes;
    assert!(grown < 20 * 6 * 300, "{grown} bytes");
    assert_sound(&store);
    // All at once of a dead process, too; and not where somebody has taken one since.
    for others in [0, 1] {
        let (child, _) = consumer(&path, 3, |_| ());
        let taken: Vec<_> = (0..others).map(|_| take(&store).unwrap()).collect();
        let before = store.stats().unwrap();
        child.kill();
        let expected: Vec<u32> =
            all.iter().copied().filter(|number| taken.iter().all(|(_, it)| it != number)).collect();
        until("they are back", || numbers(&store) == expected);
        let grown = store.stats().unwrap().live_bytes as i64 - before.live_bytes as i64;
        assert_eq!(grown.abs() < 1000, others == 0, "{grown} bytes");
        assert_sound(&store);
    }
}

/// Something that a process does with the items that it has.
type Step = fn(&Store, &mut Vec<u64>);

/// The steps of a process that dies in between, and how many of the first elements are done with after each.
const STEPS: [(Step, u32); 9] = [
    (|store, items| items.push(take_number(store, 0)), 0),
    (|store, items| items.push(take_number(store, 1)), 0),
    (|store, items| assert!(finish(store, items.remove(0))), 1),
    (|store, items| store.give_back(items.remove(0)), 1),
    (|store, items| items.push(take_number(store, 1)), 1),
    (|store, items| items.push(take_number(store, 2)), 1),
    (|store, items| items.drain(..).rev().for_each(|item| store.give_back(item)), 1),
    (|store, items| items.push(take(store).unwrap().0), 1),
    (|store, items| items.push(take(store).unwrap().0), 1),
];

/// The last step of those who die leaves the list empty, or has long elements, which have runs of their own; `last`: how many
/// elements there are.
/// `stride`: of so many steps one is tried, another one in each run.
fn die_at_each_step(length: u32, last: u32, stride: u32, second: fn(u32) -> Option<u32>) {
    for steps in (std::process::id() % stride..).step_by(stride as usize) {
        let path = TemporaryPath::new();
        let store = path.store();
        let elements: Vec<Vec<u8>> = (0..last).map(|number| element(number, length)).collect();
        queues::push(&store, LIST, &elements);
        let done = shared();
        // SAFETY: ends the child, with nothing more done.
        let die = || unsafe { libc::_exit(1) };
        let child = fork(|| {
            let store = path.store();
            put(&store, b"x", b"1");
            let mut items = Vec::new();
            halfway::after_steps(steps, die, || {
                for (step, _) in STEPS {
                    step(&store, &mut items);
                    done.fetch_add(1, Ordering::SeqCst);
                }
            });
            std::mem::forget(store);
        });
        let has_finished = child.wait().success();
        if let Some(second) = second(steps) {
            in_child(|| {
                let store = path.store();
                halfway::after_steps(second, die, || numbers(&store));
                std::mem::forget(store);
            });
        }
        let done = done.load(Ordering::SeqCst) as usize;
        let before = done.checked_sub(1).map_or(0, |step| STEPS[step].1);
        let after = STEPS.get(done).map_or(before, |(_, finished)| *finished);
        let numbers = |store: &Store| -> Vec<u32> {
            let list = get(store, LIST).map(|bytes| read(&bytes)).unwrap_or_default();
            list.iter()
                .map(|element| {
                    element
                        .windows(4)
                        .take(6)
                        .find_map(|bytes| {
                            let number = u32::from_be_bytes(bytes.try_into().unwrap());
                            (queues::element(number, length) == *element).then_some(number)
                        })
                        .unwrap()
                })
                .collect()
        };
        as_a_reader(|| {
            let (there, all) = (numbers(&path.store()), (0..last).collect::<Vec<_>>());
            assert!(all.ends_with(&there), "{there:?} after {steps}");
        });
        let legal = [(before..last).collect::<Vec<_>>(), (after..last).collect()];
        until("all are back", || {
            store.file().map.header().consuming.get() == 0 || {
                numbers(&store);
                false
            }
        });
        let found = numbers(&store);
        assert!(legal.contains(&found), "{found:?} after {steps} steps, {done} done");
        assert_eq!((pids(&store).len(), store.len().unwrap()), (0, 2), "after {steps} steps");
        assert_sound(&store);
        put(&store, b"y", b"1");
        assert!(finish(&store, take(&store).unwrap().0));
        assert_eq!(numbers(&store), found[1..]);
        assert_sound(&store);
        if has_finished {
            assert!(steps > 100, "only {steps} steps");
            break;
        }
    }
}

#[test]
fn whoever_dies_at_any_step_of_consuming_loses_nothing() {
    die_at_each_step(30, 5, 2, |_| None);
}

#[test]
fn nor_where_the_last_elements_are_taken() {
    die_at_each_step(30, 4, 3, |_| None);
}

#[test]
#[ignore = "minutes: run it when consumption changes"]
fn nor_with_elements_that_have_runs_of_their_own() {
    die_at_each_step(20_000, 5, 61, |_| None);
}

#[test]
#[ignore = "minutes: run it when consumption changes"]
fn nor_whoever_dies_while_it_puts_back_what_the_dead_had() {
    // (Another one each time.)
    die_at_each_step(30, 5, 13, |steps| Some(steps * 7 % 120));
    die_at_each_step(20_000, 4, 83, |steps| Some(steps * 11 % 150));
}

#[test]
fn the_key_of_an_item_is_no_name_whatever_its_bytes() {
    for token in [[0; 8], *b"12345678", [0xff; 8]] {
        let (item, name) = (format::EncodedKey::of_item(&token), format::EncodedKey::new(&token).unwrap());
        assert_ne!((item.head(), item.bytes()), (name.head(), name.bytes()));
        let mut head = [0; 5];
        head[..2].copy_from_slice(item.head());
        assert_eq!(format::parse_key_head(head), Some((2, 8)));
        let copy = format::Name::new(token.to_vec(), true).unwrap();
        assert_eq!((copy.encoded().head(), copy.encoded().bytes()), (item.head(), item.bytes()));
        assert_ne!(copy.to_encoded(), format::Name::new(token.to_vec(), false).unwrap().to_encoded());
    }
    assert_eq!(format::parse_key_head([crate::marker::FIXEXT8, 1, 0, 0, 0]), None);
}
