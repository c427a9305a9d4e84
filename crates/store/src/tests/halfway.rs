//! Files that are cut short in the middle of a change, at each of its steps.

use super::*;
use std::os::unix::fs::FileExt;

/// After how many crash points (of this thread) something happens, and what.
type Next = (u32, Box<dyn FnOnce()>);

thread_local! {
    static NEXT: RefCell<Option<Next>> = const { RefCell::new(None) };
}

/// Called at each crash point.
pub fn pass() {
    let next = NEXT.with(|next| next.try_borrow_mut().ok().and_then(|mut next| next.take()));
    match next {
        Some((0, action)) => action(),
        Some((left, action)) => NEXT.set(Some((left - 1, action))),
        None => {}
    }
}

thread_local! {
    static FAILURES: Cell<u32> = const { Cell::new(0) };
}

/// So many syncs from now on (of this thread) fail.
pub fn let_the_disk_fail(times: u32) {
    FAILURES.set(times);
}

/// Asked at each sync.
pub fn disk_fails() -> bool {
    FAILURES.replace(FAILURES.get().saturating_sub(1)) > 0
}

/// Runs `change`; after so many of its steps `action` comes in between. `None`: it has fewer.
pub fn after_steps<T>(steps: u32, action: impl FnOnce() + 'static, change: impl FnOnce() -> T) -> Option<T> {
    NEXT.set(Some((steps, Box::new(action))));
    let result = change();
    NEXT.take().is_none().then_some(result)
}

/// Lets something come in between at the first step from now on at which this is so.
pub fn at_the_step_where(mut is_so: impl FnMut() -> bool + 'static, action: impl FnOnce() + 'static) {
    NEXT.set(Some((0, Box::new(move || if is_so() { action() } else { at_the_step_where(is_so, action) }))));
}

/// So much of the file is left: its header.
const HEADER: u64 = format::PAGE;
/// Offset of the log's end.
const COMMIT: u64 = 128;

fn end_of_log(file: &Descriptor) -> u64 {
    let mut word = [0; 8];
    file.read_exact_at(&mut word, COMMIT).unwrap();
    u64::from_le_bytes(word) & !HELD
}

/// Tells whether it has happened.
type Change = fn(&Store) -> Result<bool>;

const CHANGES: [Change; 5] = [
    |store| store.put(b"new", b"value", &mut Version::default()).map(|()| true),
    |store| store.put(b"old", &vec![1; 100_000], &mut Version::default()).map(|()| true),
    |store| store.remove(b"old"),
    |store| store.replace(&[(b"old", b"replaced"), (b"new", b"value")]).map(|()| true),
    |store| {
        let mut seen = Version::default();
        store.get(b"list", &mut seen, &mut Vec::new())?;
        store.append(b"list", b"more", 1, &mut seen).map(|appended| appended == Appended::Done)
    },
];

/// A store in which each of the changes does something, and the same as a file.
fn some_store() -> (TemporaryPath, Store, Rc<Descriptor>) {
    // So that the log's end moves with what is published alone, and not where the file's times have changed.
    draw_identities_from(1);
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"old", b"value");
    put(&store, b"list", b"whole");
    // So that no change makes the file longer, which would put zeros where it was cut in that very moment.
    put(&store, b"spare", &vec![1; 600_000]);
    assert!(store.remove(b"spare").unwrap());
    let file = OpenOptions::new().read(true).write(true).open(&path.0).unwrap();
    (path, store, Rc::new(file))
}

/// After how many steps a change has happened. A change that meets another tick of the clock notes that, too, and has a step
/// more: so the fewest of three times.
fn steps_until_it_has_happened(change: Change) -> u32 {
    (0..3).map(|_| count_steps_until_it_has_happened(change)).min().expect("three times")
}

fn count_steps_until_it_has_happened(change: Change) -> u32 {
    for steps in 0.. {
        let (_path, store, file) = some_store();
        let (before, then) = (end_of_log(&file), Rc::new(Cell::new(0)));
        let look = {
            let then = then.clone();
            move || then.set(end_of_log(&file))
        };
        after_steps(steps, look, || change(&store)).expect("it happens").unwrap();
        if then.get() != before {
            return steps;
        }
    }
    unreachable!()
}

#[test]
fn a_change_that_loses_its_file_before_it_has_happened_is_an_error() {
    /// The last steps, which touch nothing but the header, that is still there: bytes that live, `pending`, `commit`.
    const IN_THE_HEADER: u32 = 3;
    for (number, change) in CHANGES.into_iter().enumerate() {
        for steps in 0..steps_until_it_has_happened(change) - IN_THE_HEADER {
            let (_path, store, file) = some_store();
            let before = end_of_log(&file);
            let cut = {
                let file = file.clone();
                move || file.set_len(HEADER).unwrap()
            };
            let result = after_steps(steps, cut, || change(&store)).expect("it has more steps");
            let case = format!("change {number}, after {steps} steps");
            assert!(!matches!(result, Ok(true)), "{case}: it says that it has happened");
            assert_eq!(end_of_log(&file), before, "{case}");
        }
    }
}

#[test]
fn a_change_that_loses_its_file_after_it_has_happened_is_there_when_that_comes_back() {
    for (number, change) in CHANGES.into_iter().enumerate() {
        for steps in 0.. {
            let (path, store, file) = some_store();
            let (before, as_it_was) = (end_of_log(&file), Rc::new(RefCell::new(Vec::new())));
            let happened = Rc::new(Cell::new(false));
            let cut = {
                let (file, happened, as_it_was) = (file.clone(), happened.clone(), as_it_was.clone());
                let path = path.0.clone();
                move || {
                    happened.set(end_of_log(&file) != before);
                    *as_it_was.borrow_mut() = std::fs::read(&path).unwrap();
                    file.set_len(HEADER).unwrap();
                }
            };
            if after_steps(steps, cut, || change(&store)).is_none() {
                break;
            }
            if !happened.get() {
                continue;
            }
            drop(store);
            file.write_all_at(&as_it_was.borrow()[HEADER as usize..], HEADER).unwrap();
            let case = format!("change {number}, after {steps} steps");
            // The next writer puts right what was not finished. (That bytes of the old value are counted as living is
            // all that may be left of it.)
            let store = path.store();
            put(&store, b"another", b"1");
            let there = ["old", "new", "list"].map(|key| get(&store, key.as_bytes()).map(|value| value.len()));
            let expected = match number {
                0 => [Some(5), Some(5), Some(5)],
                1 => [Some(100_000), None, Some(5)],
                2 => [None, None, Some(5)],
                3 => [Some(8), Some(5), None],
                _ => [Some(5), None, Some(9)],
            };
            assert_eq!(there, expected, "{case}");
        }
    }
}

/// A reader may find a record before the index names it. Whoever takes its version for current afterwards can change the value.
#[test]
fn a_version_that_is_current_is_good_for_a_change() {
    let mut found = 0;
    for steps in 0.. {
        let (path, store, _file) = some_store();
        let other = Rc::new(path.store());
        let seen = Rc::new(RefCell::new(Version::default()));
        let (reader, note) = (other.clone(), seen.clone());
        let read = move || drop(reader.get(b"list", &mut note.borrow_mut(), &mut Vec::new()).unwrap());
        let mut mine = Version::default();
        store.get(b"list", &mut mine, &mut Vec::new()).unwrap();
        let change = || store.append(b"list", b"more", 1, &mut mine).unwrap();
        if after_steps(steps, read, change).is_none() {
            break;
        }
        let mut seen = seen.take();
        if other.is_current(&seen) {
            found += 1;
            assert_eq!(
                other.append(b"list", b"even more", 1, &mut seen).unwrap(),
                Appended::Done,
                "after {steps} steps"
            );
        }
    }
    assert!(found > 0, "some step is behind the change");
}
