//! Files that are opened, made, deleted, cut short, copied or are none of the store's.

use super::*;
use crate::testing::as_a_reader;

#[test]
fn a_destroyed_file_is_closed_at_once() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    assert_eq!(open_files(), (1, 0));
    store.destroy().unwrap();
    assert_eq!(open_files(), (0, 0), "its memory would not be free");
}

#[test]
fn a_deleted_file_is_an_empty_store_at_once() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"1");
    std::fs::remove_file(&path.0).unwrap();
    Store::paths_have_changed();
    assert_eq!(get(&store, b"x"), None);
    assert!(!path.0.exists());
    put(&store, b"y", b"2");
    assert!(path.0.exists());
    assert_eq!(get(&store, b"y"), Some(b"2".to_vec()));
}

#[test]
fn a_destroyed_store_is_noticed_by_others_at_once() {
    let path = TemporaryPath::new();
    let (one, other) = (path.store(), path.store());
    put(&one, b"x", b"1");
    assert_eq!(get(&other, b"x"), Some(b"1".to_vec()));
    one.destroy().unwrap();
    assert!(!path.0.exists());
    assert_eq!(get(&other, b"x"), None);
    put(&other, b"x", b"2");
    assert_eq!(get(&one, b"x"), Some(b"2".to_vec()));
}

#[test]
fn a_file_cut_short_is_an_error_or_empty_never_a_signal() {
    for length in [0u64, 1, 100, 4096, 5000, 70_000] {
        let path = TemporaryPath::new();
        let store = path.store();
        for n in 0..3000 {
            put(&store, format!("key{n}").as_bytes(), &[5; 50]);
        }
        // Far longer than what a mapping of the rest shows.
        put(&store, b"large", &[7; 20 << 20]);
        path.cut(length);
        let mut out = Vec::new();
        let read = store.get(b"key1", &mut Version::default(), &mut out);
        let write = store.put(b"key1", b"1", &mut Version::default());
        if length == 0 {
            assert_eq!(read.unwrap(), Found::Missing);
            write.unwrap();
            assert_sound(&store);
        } else {
            let error = write.expect_err(&format!("cut to {length} bytes, and read {read:?}"));
            assert!(matches!(error.kind, ErrorKind::NotAStore(_)), "{length}");
        }
    }
}

#[test]
fn a_file_that_is_no_store_is_left_untouched() {
    let path = TemporaryPath::new();
    for content in [&b"hello"[..], &[0; 5000], &[0xc9; 70_000]] {
        std::fs::write(&path.0, content).unwrap();
        let store = path.store();
        let error = store.put(b"x", b"1", &mut Version::default()).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NotAStore(_)), "{error}");
        assert!(error.to_string().contains(path.0.to_str().unwrap()));
        assert_eq!(std::fs::read(&path.0).unwrap(), content);
    }
}

#[test]
fn a_copy_is_put_right_and_does_not_disturb_the_original() {
    let path = TemporaryPath::new();
    let store = path.store();
    for n in 0..9_000u32 {
        put(&store, format!("key{}", n % 3000).as_bytes(), &n.to_le_bytes());
    }
    put(&store, b"large", &[9; 200_000]);
    store.remove(b"key7").unwrap();
    let copy = path.copy();
    let other = copy.store();
    assert_eq!(get(&other, b"key8"), Some(6008u32.to_le_bytes().to_vec()));
    assert_eq!(get(&other, b"key7"), None);
    assert_eq!(get(&other, b"large"), Some(vec![9; 200_000]));
    assert_eq!(other.take_warning(), None);
    put(&other, b"new", b"1");
    assert_sound(&other);
    assert_sound(&store);
    assert_eq!(other.len().unwrap(), 3001);
}

#[test]
fn a_legacy_file_becomes_a_store_with_the_first_write() {
    for size in [100usize, 5_000, 300_000] {
        let path = TemporaryPath::new();
        let mut old = b"O:8:\"stdClass\":4:{...".to_vec();
        old.resize(size, b'x');
        std::fs::write(&path.0, &old).unwrap();
        let store = path.store();
        let error = store.get(b"x", &mut Version::default(), &mut Vec::new()).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Legacy));
        assert_eq!(store.legacy().unwrap().unwrap(), old);
        assert!(!store.import(b"something else", &[]).unwrap());
        assert_eq!(std::fs::read(&path.0).unwrap(), old);
        assert!(store.import(&old, &[(b"a", b"1"), (b"b", &[2; 30_000])]).unwrap());
        assert_eq!(get(&store, b"a"), Some(b"1".to_vec()));
        assert_eq!(get(&store, b"b"), Some(vec![2; 30_000]));
        assert_eq!(store.legacy().unwrap(), None);
        put(&store, b"c", b"3");
        assert_in_proportion(&store);
    }
}

#[test]
fn a_file_whose_destroyer_died_before_deleting_it_is_empty() {
    let path = TemporaryPath::new();
    let store = path.store();
    let mut seen = Version::default();
    store.put(b"x", b"1", &mut seen).unwrap();
    let flags = std::mem::offset_of!(Header, flags) as u64;
    let file = OpenOptions::new().write(true).open(&path.0).unwrap();
    std::os::unix::fs::FileExt::write_at(&file, &[DESTROYED as u8], flags).unwrap();
    // As after a tick of the clock.
    Store::paths_have_changed();
    assert!(!store.is_current(&seen), "who has it in mind sees it, too");
    assert_eq!(get(&store, b"x"), None);
    assert_eq!(get(&path.store(), b"x"), None);
    put(&store, b"y", b"2");
    assert_eq!(get(&path.store(), b"y"), Some(b"2".to_vec()));
    assert_eq!(get(&path.store(), b"x"), None);
    assert_sound(&store);
}

#[test]
fn a_store_is_found_whole_by_whoever_opens_it_while_others_write() {
    for (place, is_empty) in [
        ("checking whether a store is furnished", false),
        ("checking whether a store is furnished", true),
        ("checking how long a file is", false),
        ("checking how long a file is", true),
        ("checking where a log ends", false),
        ("checking where a log ends", true),
        ("checking where things are", false),
    ] {
        let path = TemporaryPath::new();
        let name = path.0.clone();
        let action = move || {
            let other = std::thread::spawn(move || {
                let store = Store::new(name, Options::default());
                (0..40u8).for_each(|n| put(&store, [n], &[n; 100_000]));
                store.replace(&[(b"x", b"1")]).unwrap();
            });
            other.join().unwrap();
        };
        if is_empty {
            // A header alone: its first blocks come meanwhile.
            File::open(&path.0, &Options::default(), true).unwrap().unwrap();
            assert_eq!(std::fs::metadata(&path.0).unwrap().len(), format::PAGE);
        } else {
            put(&path.store(), b"y", b"1");
        }
        set_idle_limit(0);
        close_idle();
        assert_eq!(while_somebody(place, action, || get(&path.store(), b"x")), Some(b"1".to_vec()), "{place}");
    }
}

/// Lets `action` come in between at a place as often as somebody comes by, up to `times`.
fn each_time(place: &'static str, times: u32, action: Rc<dyn Fn()>) {
    if times > 0 {
        let again = move || {
            action();
            each_time(place, times - 1, action);
        };
        MEANWHILE.set(Some((place, Box::new(again))));
    }
}

#[test]
fn a_store_that_others_destroy_and_make_anew_all_the_time_is_not_called_damaged() {
    // Where a file is given the number of the one that was deleted (ext4), and where it is not.
    let folder = std::env::temp_dir();
    for path in
        [TemporaryPath::new(), TemporaryPath(folder.join(format!("sync-test-{}-anew.sync", std::process::id())))]
    {
        let (store, other) = (path.store(), path.store());
        put(&other, b"x", b"1");
        let destroy = move || {
            other.destroy().unwrap();
            put(&other, b"x", b"1");
        };
        each_time("searching a block of the index", 60, Rc::new(destroy));
        let result = store.get(b"x", &mut Version::default(), &mut Vec::new());
        assert!(matches!(result, Err(Error { kind: ErrorKind::Busy, .. })), "{result:?}");
        // A caller that is told to try again gets it in the end.
        assert_eq!(get(&store, b"x"), Some(b"1".to_vec()));
        MEANWHILE.take();
    }
}

/// It is told so, and nothing is noted in there.
#[test]
fn a_header_that_somebody_has_written_over_is_left_as_it_is() {
    use std::os::unix::fs::FileExt;
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"x", b"value");
    let file = OpenOptions::new().read(true).write(true).open(&path.0).unwrap();
    file.write_all_at(b"text of somebody else, who does not know what this is", 0).unwrap();
    let before = std::fs::read(&path.0).unwrap();
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(5));
        Store::paths_have_changed();
        let _ = store.get(b"x", &mut Version::default(), &mut Vec::new());
        assert!(store.put(b"x", b"new", &mut Version::default()).is_err());
        assert!(std::fs::read(&path.0).unwrap() == before);
    }
}

/// One who may not put the file right has a copy in memory. (To read all of it takes minutes.)
#[test]
fn a_reader_of_a_file_that_is_far_longer_than_its_store_copies_only_what_is_there() {
    let path = TemporaryPath::new();
    put(&path.store(), b"x", b"1");
    let copy = path.copy();
    std::fs::File::options().write(true).open(&copy.0).unwrap().set_len(1 << 40).unwrap();
    as_a_reader(|| assert_eq!(get(&copy.store(), b"x"), Some(b"1".to_vec())));
}

/// To read is enough on tmpfs, as one who is still inside a run that was freed does.
#[test]
fn memory_behind_free_pages_goes_with_a_compaction_although_nothing_has_changed_since_the_last_one() {
    let path = TemporaryPath::new();
    let store = path.store();
    for key in [&b"first"[..], b"large", b"last"] {
        put(&store, key, &vec![7; if key == b"large" { 8 << 20 } else { 1 << 20 }]);
    }
    store.remove(b"large").unwrap();
    store.compact().unwrap();
    let before = store.check().unwrap().allocated;
    let file = store.file();
    for page in 0..file.pages() {
        file.map.word(page * crate::format::PAGE).get();
    }
    let with_memory = store.check().unwrap().allocated;
    store.compact().unwrap();
    let after = store.check().unwrap().allocated;
    // (Elsewhere a hole stays one.)
    assert!(with_memory >= before && after < before + (1 << 20), "{before} {with_memory} {after}");
    assert_sound(&store);
}
