//! New stores on files that this thread has open.

use super::super::clock::Moment;
use super::super::registry::{self, Asked, Validity};
use super::*;

/// Waits for another tick of the clock.
fn tick() {
    let now = Moment::now();
    while Moment::now() == now {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn spelled(path: &TemporaryPath, times: usize) -> Store {
    let name = path.0.file_name().unwrap().to_str().unwrap();
    Store::new(path.0.with_file_name(format!("{}{name}", "./".repeat(times))), Options::default())
}

#[test]
fn a_file_is_open_once_however_its_path_is_spelled_and_few_spellings_are_remembered() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    for times in 0..1000 {
        let other = spelled(&path, times);
        assert_eq!(get(&other, b"x"), Some(b"1".to_vec()));
        assert!(Rc::ptr_eq(&store.file(), &other.file()));
    }
    assert_eq!(open_files(), (1, 0));
    assert!(registry::places() <= 128, "{}", registry::places());
}

#[test]
fn a_new_store_finds_the_file_that_has_come_to_lie_at_the_path() {
    let (path, other) = (TemporaryPath::new(), TemporaryPath::new());
    let store = path.store();
    put(&store, b"x", b"1");
    put(&other.store(), b"x", b"2");
    std::fs::rename(&other.0, &path.0).unwrap();
    // Nobody announces that.
    tick();
    assert_eq!(get(&path.store(), b"x"), Some(b"2".to_vec()));
    std::fs::remove_file(&path.0).unwrap();
    tick();
    assert_eq!(get(&path.store(), b"x"), None);
}

#[test]
fn a_store_that_finds_its_file_gone_finds_that_for_new_ones_too() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    put(&store, b"x", b"1");
    assert_eq!(get(&other, b"x"), Some(b"1".to_vec()));
    let places = registry::places();
    std::fs::remove_file(&path.0).unwrap();
    tick();
    assert_eq!(get(&store, b"x"), None);
    assert_eq!(registry::places(), places - 1);
}

#[test]
fn a_file_that_is_not_allowed_by_the_list_of_one_store_is_not_taken_over_from_another() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    let options = Options { file_systems: FileSystems::listed("ext4"), ..Options::default() };
    for _ in 0..2 {
        let other = Store::new(path.0.clone(), options.clone());
        let error = other.get(b"x", &mut Version::default(), &mut Vec::new()).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::FileSystem(_)), "{error}");
        assert_eq!(get(&path.store(), b"x"), Some(b"1".to_vec()));
    }
}

#[test]
fn a_destroyed_file_is_not_taken_over() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    for n in 0..100u8 {
        put(&store, b"x", &[n]);
        assert_eq!(get(&path.store(), b"x"), Some(vec![n]));
        if n % 2 == 0 { &other } else { &store }.destroy().unwrap();
        assert_eq!(get(&path.store(), b"x"), None);
    }
    assert_eq!(open_files().1, 0);
}

#[test]
fn idle_files_are_closed_in_the_order_of_their_last_use_and_their_paths_forgotten() {
    let paths: Vec<_> = (0..5).map(|_| TemporaryPath::new()).collect();
    for path in &paths {
        put(&path.store(), b"x", b"1");
    }
    assert_eq!(open_files(), (0, 5));
    // By its path alone, without opening it.
    get(&paths[1].store(), b"x");
    set_idle_limit(2);
    close_idle();
    assert_eq!((open_files(), registry::places()), ((0, 2), 2));
    let is_open = |path: &TemporaryPath| registry::at(&path.0, Asked::now()).is_some();
    assert_eq!(paths.iter().map(is_open).collect::<Vec<_>>(), [false, true, false, false, true]);
    set_idle_limit(0);
    close_idle();
    assert_eq!((open_files(), registry::places()), ((0, 0), 0));
}

#[test]
fn a_new_store_asks_anew_for_what_may_have_changed() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    let validity = || registry::at(&path.0, Asked::now()).unwrap().1;
    let expect = |expected| {
        // Another test may announce a change at any time, and the clock may tick.
        for _ in 0..1000 {
            assert_eq!(get(&path.store(), b"x"), Some(b"1".to_vec()));
            let before = validity();
            match expected {
                Validity::Whole => {}
                Validity::Meaning => Store::ask_for_rights(),
                Validity::Nothing => Store::ask_anew(),
            }
            if before == Validity::Whole && validity() == expected {
                return;
            }
        }
        panic!("{expected:?}");
    };
    expect(Validity::Whole);
    expect(Validity::Meaning);
    expect(Validity::Whole);
    expect(Validity::Nothing);
    expect(Validity::Whole);
}
