//! The store, used as PHP uses it: through its face, by several threads and processes.

use super::error::{Error, ErrorKind, Result};
use super::file::File;
use super::file_system::FileSystems;
use super::format::RECORD_FLAGS;
use super::header::{DESTROYED, HELD, Header, Root};
use super::hold::Strength;
use super::index::{Index, IndexView};
use super::lock::WriteGuard;
use super::log::pieces::Pieces;
use super::log::record::Records;
use super::log::segments::Segments;
use super::open_files;
use super::options::{Durability, Options};
use super::read::Reader;
use super::reference::{Class, Ref};
use super::space::Space;
use super::store::Store;
pub use super::testing::TemporaryPath;
use super::testing::{assert_in_proportion, assert_sound, draw_identities_from, entries, get, in_child, put};
use super::version::Version;
use super::{close_idle, format, header, lease, set_idle_limit};
use std::cell::{Cell, RefCell};
use std::fs::{File as Descriptor, OpenOptions};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use sync_backend::{Appended, Backend, Found, Patience, Peeked, Places, Room, Snapshot, Standing, Stored, Unread};

mod append;
mod consume;
mod consumed;
mod cut;
mod dead;
mod expire;
mod fault;
mod files;
pub mod halfway;
mod identity;
mod index;
mod lives;
mod lock;
mod named;
mod number;
mod outgrown;
mod read;
mod recover;
mod reopen;
mod reuse;
mod section;
mod snapshot;
mod survey;
mod values;
mod waiting;
mod whole;

/// An open file without a name.
pub fn temporary_file() -> Descriptor {
    let path = TemporaryPath::new();
    OpenOptions::new().read(true).write(true).create_new(true).open(&path.0).unwrap()
}

fn put_next(store: &Store, least: i64) -> Option<i64> {
    store.put_next(b"v", b"alue", least, &mut Version::default()).unwrap()
}

/// As if a process had died in the middle of an operation under the write lock: no lease has this
/// number.
fn leave_the_lock_to_the_dead(file: &File) {
    file.map.header().lock.set(7 << 32 | 90_000);
}

/// Opens the file in a mapping that has no room for what it will have grown to.
fn with_a_short_mapping(store: &Store) {
    super::map::tests::DESIRED.set(Some(1 << 20));
    get(store, b"x");
    super::map::tests::DESIRED.set(None);
}

/// Once a tick a store looks at its file, and would notice: that tick is not over.
fn do_not_look_yet(store: &Store) {
    store.follower().do_not_look_yet();
}

// ---- writers between two looks of a reader --------------------------------------------

/// Where somebody comes in between, and what it does.
type Meanwhile = (&'static str, Box<dyn FnOnce()>);

thread_local! {
    static MEANWHILE: RefCell<Option<Meanwhile>> = const { RefCell::new(None) };
}

/// Called by a reader (of this thread) between two of its looks.
pub fn meanwhile(place: &str) {
    let mut what = MEANWHILE.take();
    if let Some((_, action)) = what.take_if(|(at, _)| *at == place) {
        action();
    }
    MEANWHILE.with_borrow_mut(|now| *now = now.take().or(what));
}

/// Runs `read` while, at this place, `action` comes in between, once.
fn while_somebody<T>(place: &'static str, action: impl FnOnce() + 'static, read: impl FnOnce() -> T) -> T {
    MEANWHILE.set(Some((place, Box::new(action))));
    let result = read();
    assert!(MEANWHILE.take().is_none(), "nobody came by the place: {place}");
    result
}

fn long(found: Found) -> Unread {
    match found {
        Found::Long(left) => *left,
        found => panic!("{found:?}"),
    }
}

fn hold_and(path: &Path, action: impl FnOnce(&Store) + 'static) -> impl FnOnce() + 'static {
    let holder = Store::new(path.to_owned(), Options::default());
    move || {
        holder.lock(Patience::default()).unwrap();
        action(&holder);
        std::mem::forget(holder);
    }
}

fn is_refused<T: std::fmt::Debug>(result: Result<T>) -> bool {
    matches!(&result, Err(Error { kind: ErrorKind::Held(_), .. })) || panic!("{result:?}")
}

/// Each time that somebody looks at all, another has written; and then has the lock.
fn disturb(path: PathBuf, times: usize) {
    let store = Store::new(path.clone(), Options::default());
    put(&store, b"a", &[times as u8]);
    if times == 0 {
        hold_and(&path, |holder| put(holder, b"a", b"0"))();
    } else {
        MEANWHILE.set(Some(("visiting all", Box::new(move || disturb(path, times - 1)))));
    }
}

// ---- the leavings of the dead, made by hand: the sampled deaths of tests/crash.rs do not meet all of it each time ---

/// A store with a key `x`, its file, and what is known of the key.
fn with_x(path: &TemporaryPath) -> (Store, Rc<File>, Version) {
    let (store, mut seen) = (path.store(), Version::default());
    put(&store, b"first", b"1");
    store.put(b"x", b"1", &mut seen).unwrap();
    let file = store.file();
    (store, file, seen)
}

/// The lease that the next thread of this process is given.
pub fn next_lease(file: &File) -> u32 {
    let first = lease::first_choice(file.lease_slots());
    if file.my_lease() == Some(first) { (first + 1) % file.lease_slots() } else { first }
}
