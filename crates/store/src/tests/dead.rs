//! More of what the dead leave: of a process that dies at each step of a change, and of steps that only a power loss,
//! or a reader that came before, tells apart.

use super::*;
use std::os::unix::fs::FileExt;

/// Runs a change in a child of this process, which dies where that calls the function that it is given. False: it never does.
fn dies_in(change: impl FnOnce(fn())) -> bool {
    /// The status of a child that has died as it was to.
    const DIED: i32 = 1;
    // SAFETY: ends the child, with nothing more done.
    let status = in_child(|| change(|| unsafe { libc::_exit(DIED) }));
    assert!(matches!(status.code(), Some(0 | DIED)), "{status}");
    !status.success()
}

/// Lets a child of this process die after so many steps of a change. False: it has fewer.
fn dies_after(steps: u32, path: &TemporaryPath, change: impl Fn(&Store)) -> bool {
    dies_in(|die| {
        let store = path.store();
        let passed = halfway::after_steps(steps, die, || change(&store));
        assert!(passed.is_none(), "it was to die");
    })
}

/// A record that was appended and not published stands where the next one goes. What is published elsewhere takes the
/// log's end past its position: it must not be taken for one of the log then.
#[test]
fn what_the_dead_did_not_publish_is_not_found_when_the_log_has_gone_on_elsewhere() {
    for steps in 0.. {
        let path = TemporaryPath::new();
        let store = path.store();
        put(&store, b"x", b"1");
        if !dies_after(steps, &path, |store| put(store, b"new", &[1; 500])) {
            assert!(steps > 20, "only {steps} steps");
            break;
        }
        // A look would find the file changed, and let the log go on elsewhere.
        do_not_look_yet(&store);
        put(&store, b"large", &[2; 100_000]);
        let file = store.file();
        leave_the_lock_to_the_dead(&file);
        put(&store, b"y", b"1");
        assert_sound(&store);
        assert!(matches!(get(&store, b"new").as_deref(), None | Some([1, ..])), "after {steps} steps");
        let copy = path.copy();
        assert_eq!(get(&copy.store(), b"new"), get(&store, b"new"), "after {steps} steps");
        assert_sound(&copy.store());
    }
}

/// Half of the directory names the old block then. If that stayed so, its next replacement would take those keys along
/// that have been entered into the new one since.
#[test]
fn a_block_of_the_index_that_the_dead_had_begun_to_replace_is_replaced() {
    let name = |n: u32| format!("key{n}").into_bytes();
    for steps in 0.. {
        let path = TemporaryPath::new();
        let store = path.store();
        put(&store, name(0), b"1");
        let (file, mut left) = (OpenOptions::new().read(true).open(&path.0).unwrap(), steps);
        let is_replacing = move || {
            let mut word = [0; 8];
            file.read_exact_at(&mut word, std::mem::offset_of!(header::Header, replacing) as u64).unwrap();
            let is_so = word != [0; 8] && left == 0;
            left -= u32::from(word != [0; 8] && left > 0);
            is_so
        };
        let died = dies_in(|die| {
            let store = path.store();
            halfway::at_the_step_where(is_replacing, die);
            (1..5_000).for_each(|n| put(&store, name(n), b"1"));
        });
        let there = store.len().unwrap() as u32;
        assert_eq!(there == 5_000, !died);
        for n in there..there + 9_000 {
            put(&store, name(n), b"1");
        }
        assert_eq!(assert_sound(&store).keys, u64::from(there) + 9_000, "after {steps} steps");
        for n in 0..there + 9_000 {
            assert_eq!(get(&store, name(n)), Some(b"1".to_vec()), "{n}, after {steps} steps");
        }
        if !died {
            assert!(steps >= 3, "only {steps} steps");
            break;
        }
    }
}

/// Its old block is free then, and used for something else.
#[test]
fn a_key_is_found_while_one_dies_who_has_replaced_its_block_of_the_index_and_not_told_readers() {
    let path = TemporaryPath::new();
    let (store, writer) = (path.store(), path.store());
    put(&store, b"x", b"value");
    put(&writer, b"another", b"1");
    let action = move || {
        let epoch = |store: &Store| {
            let file = store.file();
            file.map.header().index_epoch.get()
        };
        let (mut n, before) = (0u32, epoch(&writer));
        while epoch(&writer) == before {
            put(&writer, format!("key{n}").as_bytes(), &[1; 40]);
            n += 1;
        }
        let file = writer.file();
        file.map.header().index_epoch.set(before);
        leave_the_lock_to_the_dead(&file);
        // Values where the block was; not so many that the reader starts over as the file outgrows its mapping.
        for n in 0..6u32 {
            put(&writer, format!("large{n}").as_bytes(), &[0xff; 60_000]);
        }
    };
    let found = while_somebody("searching a block of the index", action, || get(&store, b"x"));
    assert_eq!(found, Some(b"value".to_vec()));
}

/// A check after a power loss takes whole records that were not published, too.
#[test]
fn what_could_not_be_synced_is_not_there_after_a_power_loss_either() {
    let path = TemporaryPath::new();
    let store = Store::new(path.0.clone(), Options { durability: Durability::Commit, ..Options::default() });
    put(&store, b"first", b"1");
    let file = store.file();
    let fd = file.any_fd().unwrap();
    let (mut pipe, cannot_be_synced) = ([0; 2], |fd, other| {
        // SAFETY: two open descriptors.
        assert_eq!(unsafe { libc::dup2(other, fd) }, fd);
    });
    // SAFETY: room for two descriptors; an open one.
    let real = unsafe {
        assert_eq!(libc::pipe2(pipe.as_mut_ptr(), libc::O_CLOEXEC), 0);
        libc::dup(fd)
    };
    do_not_look_yet(&store);
    cannot_be_synced(fd, pipe[0]);
    let result = store.put(b"second", b"2", &mut Version::default());
    cannot_be_synced(fd, real);
    // SAFETY: descriptors of this test's own.
    unsafe { [real, pipe[0], pipe[1]].iter().for_each(|&fd| assert_eq!(libc::close(fd), 0)) };
    assert!(result.is_err());
    let copy = path.copy();
    assert_eq!((get(&copy.store(), b"first"), get(&copy.store(), b"second")), (Some(b"1".to_vec()), None));
    assert_eq!(get(&store, b"second"), None);
    put(&store, b"third", b"3");
    assert_sound(&store);
}

/// More threads write than the header page has lease slots for: the others get theirs in a run.
#[test]
fn one_may_die_who_makes_more_lease_slots() {
    for steps in 0.. {
        let path = TemporaryPath::new();
        let store = path.store();
        put(&store, b"x", b"1");
        let make_slots = |store: &Store| {
            get(store, b"x");
            Space::of(&store.file().lock().unwrap()).make_slots().unwrap();
        };
        let died = dies_after(steps, &path, make_slots);
        do_not_look_yet(&store);
        put(&store, b"y", b"1");
        assert_sound(&store);
        make_slots(&store);
        let file = store.file();
        assert!(file.lease_slot(format::LEASE_SLOTS as u32 - 1).is_some_and(|slot| slot.pid.get() == 0));
        assert!(file.lease_slot(format::LEASE_SLOTS as u32).is_none());
        assert_sound(&store);
        if !died {
            assert!(steps > 10, "only {steps} steps");
            break;
        }
    }
}

/// A recovery that fails leaves everything to the next one: a change that its owner did not live to publish does not come to life later on.
#[test]
fn a_recovery_in_which_the_disk_fails_is_made_good_by_whoever_comes_next() {
    for steps in 0.. {
        let path = TemporaryPath::new();
        let options = Options { durability: Durability::Commit, ..Options::default() };
        let durable = || path.store_with(options.clone());
        let store = durable();
        put(&store, b"x", b"1");
        let has_died = dies_in(|die| {
            let store = durable();
            let passed = halfway::after_steps(steps, die, || put(&store, b"new", &[1; 100_000]));
            assert!(passed.is_none(), "it was to die");
        });
        if !has_died {
            assert!(steps > 20, "only {steps} steps");
            break;
        }
        let published = get(&store, b"new");
        halfway::let_the_disk_fail(1);
        // (A change that was complete needs no recovery.)
        let _ = store.put(b"y", b"1", &mut Version::default());
        halfway::let_the_disk_fail(0);
        put(&store, b"y", b"2");
        assert_sound(&store);
        assert_eq!(get(&store, b"new"), published, "after {steps} steps");
        let copy = path.copy();
        assert_eq!(get(&copy.store(), b"new"), published, "after {steps} steps");
        assert_sound(&copy.store());
    }
}
