//! Pages that have nothing behind them, in a whole file on a disk that is full: to touch one raises SIGBUS.

use super::*;
use crate::testing::SmallDisk;
use rustix::fs::{FallocateFlags, fallocate};
use std::io::Write as _;
use sync_backend::testing::queues;
use sync_backend::{LockName, Taken};

const DISK: u64 = 4 << 20;
const LENGTH: usize = 512 << 10;

/// A disk, and a file on it with a long value of zeros.
struct Full {
    file: TemporaryPath,
    /// Takes the rest of the disk.
    filler: TemporaryPath,
    _disk: SmallDisk,
}

impl Full {
    /// `None`: this user may not mount one.
    fn new(name: &str) -> Option<Self> {
        let folder = PathBuf::from(format!("/dev/shm/sync-fault-{}-{name}", std::process::id()));
        let disk = match SmallDisk::new(&folder, DISK) {
            Ok(disk) => disk,
            Err(why) => {
                // Not `eprintln!`, whose output is shown only if the test fails.
                let _ = writeln!(std::io::stderr(), "SKIP {name}: this user may not mount a tmpfs ({why})");
                return None;
            }
        };
        let (file, filler) = (TemporaryPath::in_folder(&folder), TemporaryPath::in_folder(&folder));
        put(&file.store(), b"zeros", &[0; LENGTH]);
        put(&file.store(), b"short", b"1");
        Some(Self { file, filler, _disk: disk })
    }

    /// Takes the memory behind the middle of the value, as if it had been freed, and all that the disk has.
    fn take_memory(&self) {
        let bytes = std::fs::read(&self.file.0).unwrap();
        let zeros = bytes.windows(LENGTH).position(|bytes| bytes.iter().all(|&byte| byte == 0)).unwrap() as u64;
        let start = (zeros + LENGTH as u64 / 4).next_multiple_of(64 << 10);
        let descriptor = OpenOptions::new().write(true).open(&self.file.0).unwrap();
        let mode = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        fallocate(&descriptor, mode, start, LENGTH as u64 / 4).unwrap();
        let mut filler = Descriptor::create(&self.filler.0).unwrap();
        while filler.write(&[1; 4096]).is_ok_and(|written| written > 0) {}
    }

    fn give_memory(&self) {
        std::fs::remove_file(&self.filler.0).unwrap();
    }
}

fn read(store: &Store) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    store.get(b"zeros", &mut Version::default(), &mut out).map(|_| out)
}

fn take(store: &Store, name: &[u8]) -> Option<u64> {
    store.retry(|store| store.take_lock(LockName::named(name), false)).unwrap().token()
}

#[track_caller]
fn assert_no_space(result: Result<Vec<u8>>) {
    let error = result.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::NoSpace), "{error}");
    assert!(error.to_string().contains("free some space"), "{error}");
}

/// Each of these was given up with the mapping, and whoever had a named lock or an item was not told.
#[test]
fn a_reader_that_finds_no_memory_behind_a_page_keeps_all_that_it_has_in_the_file() {
    let Some(disk) = Full::new("keeps") else { return };
    let (store, beside) = (disk.file.store(), disk.file.store());
    store.retry(|store| Ok(queues::push(store, b"list", &[queues::element(1, 30)]))).unwrap();
    let token = take(&store, b"job").unwrap();
    let Taken::Item(item) = store.retry(|store| store.take(b"list", &mut Vec::new())).unwrap() else { panic!() };
    assert!(take(&beside, b"beside").is_some());
    let (life, lease) = (store.opening(), store.file().my_lease());
    disk.take_memory();
    for _ in 0..3 {
        assert_no_space(read(&store));
        assert_no_space(read(&beside));
        assert_eq!(get(&store, b"short").as_deref(), Some(&b"1"[..]));
    }
    // A store that this thread opens now is beside these in the same opening, and no other process gets what they have.
    let new = disk.file.store();
    assert_no_space(read(&new));
    for of in [&store, &beside, &new] {
        assert_eq!((of.opening(), of.file().my_lease()), (life, lease));
        assert_eq!(get(of, b"short").as_deref(), Some(&b"1"[..]));
    }
    let child = in_child(|| {
        let other = disk.file.store();
        assert_no_space(read(&other));
        assert!(take(&other, b"job").is_none() && take(&other, b"beside").is_none());
        assert!(matches!(other.retry(|other| other.take(b"list", &mut Vec::new())).unwrap(), Taken::Nothing));
        // One of the parent's, in a mapping that is the child's as well.
        assert_no_space(read(&store));
        assert!(take(&store, b"job").is_none());
    });
    assert!(child.success());
    disk.give_memory();
    for of in [&beside, &store, &new] {
        assert_eq!(read(of).unwrap(), [0; LENGTH]);
    }
    assert_eq!(store.held_lock(LockName::named(b"job")), Some((token, 1)));
    assert!(store.release_lock(LockName::named(b"job")) && beside.release_lock(LockName::named(b"beside")));
    assert!(store.retry(|store| store.finish(item)).unwrap());
    assert!(take(&new, b"job").is_some(), "it was given back");
    assert_sound(&new);
}

#[test]
fn the_lock_of_all_stays_with_a_reader_that_finds_no_memory_behind_a_page() {
    let Some(disk) = Full::new("lock") else { return };
    let store = disk.file.store();
    store.lock(Patience::default()).unwrap();
    disk.take_memory();
    assert_no_space(read(&store));
    let look = || disk.file.store().get(b"short", &mut Version::default(), &mut Vec::new());
    assert!(in_child(|| assert!(is_refused(look()))).success());
    store.unlock();
    assert!(in_child(|| assert!(look().is_ok())).success());
    disk.give_memory();
    assert_eq!(read(&store).unwrap(), [0; LENGTH]);
}
