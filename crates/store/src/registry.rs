//! The files that this thread has open, shared by its stores: each is opened and mapped once, and stays open for a while
//! after its last store.

use super::error::Failure;
use super::file::File;
use super::format::MAX_FILE;
use super::inode::Inode;
use super::sigbus;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

thread_local! {
    static REGISTRY: RefCell<Vec<Rc<File>>> = const { RefCell::new(Vec::new()) };
}

thread_local! {
    /// How many files stay open that no `Store` uses.
    static IDLE_LIMIT: Cell<u64> = const { Cell::new(16) };
}

/// Sets how many files this thread keeps open and mapped while no store uses them (default 16).
pub fn set_idle_limit(files: u64) {
    IDLE_LIMIT.set(files);
}

/// Closes the files that no `Store` uses and nobody will use any more, as they were destroyed.
pub fn close_destroyed() {
    REGISTRY.with_borrow_mut(|files| files.retain(|file| Rc::strong_count(file) > 1 || file.still_good()));
}

/// This thread's handle on a file, if it has one that can still be used.
pub fn registered(id: Inode) -> Option<Rc<File>> {
    close_destroyed();
    REGISTRY.with_borrow_mut(|files| {
        let at = files.iter().position(|file| file.id == id && file.still_good())?;
        // The most recently used is last.
        let file = files.remove(at);
        files.push(file.clone());
        Some(file)
    })
}

/// Shares a file that was opened with the other stores of this thread, and with those that open it next. It is the
/// caller's own until then, so that nothing is registered twice.
pub fn register(file: File) -> Rc<File> {
    let file = Rc::new(file);
    if cfg!(feature = "loom") {
        // The threads of a model are one thread to `thread_local!`.
        return file;
    }
    let open = REGISTRY.with_borrow_mut(|files| {
        files.retain(|known| known.id != file.id);
        files.push(file.clone());
        files.len() as u64
    });
    // A request may go through thousands of files, and last for as long as the process.
    if open > 2 * IDLE_LIMIT.get().max(16) {
        close_idle();
    }
    file
}

/// Lets a file show `size` bytes at least. Where no other store of this thread uses its mapping, that
/// grows; else there are two, with the same descriptor and lease, until they have noticed.
pub fn reach(file: &mut Rc<File>, size: u64) -> Result<(), Failure> {
    // A header may tell of anything.
    if file.told_length().max(size) > MAX_FILE || file.told_length() > file.length()? {
        file.map.poison();
        return Err(Failure::Stale);
    }
    let known = REGISTRY.with_borrow_mut(|files| {
        let at = files.iter().position(|known| known.shares_opening_with(file))?;
        Some(files.remove(at))
    });
    let was_known = known.is_some();
    let result = match known {
        Some(known) if known.map.length() >= size => {
            *file = known;
            Ok(())
        }
        known => {
            drop(known);
            match Rc::get_mut(file) {
                Some(sole) => sole.grow_mapping(size),
                None => file.mapped_again(size).map(|again| *file = Rc::new(again)),
            }
        }
    };
    if was_known {
        REGISTRY.with_borrow_mut(|files| files.push(file.clone()));
    }
    result
}

/// The longest mapping of a file, if another one is.
pub fn longest(file: &Rc<File>) -> Option<Rc<File>> {
    (!file.is_longest_mapping()).then_some(())?;
    REGISTRY.with_borrow(|files| files.iter().find(|known| known.shares_opening_with(file)).cloned())
}

/// Closes the files unused for longest, beyond the limit; all unused ones that are gone, too.
pub fn close_idle() {
    let limit = IDLE_LIMIT.get() as usize;
    let _ = REGISTRY.try_with(|files| {
        let Ok(mut files) = files.try_borrow_mut() else { return };
        let mut idle = files.iter().filter(|file| Rc::strong_count(file) == 1).count();
        if idle > 0 {
            sigbus::stand_ready_at_times();
        }
        files.retain(|file| {
            if Rc::strong_count(file) > 1 {
                return true;
            }
            if idle > limit || !file.is_still_at(file.path()) {
                idle -= 1;
                return false;
            }
            true
        });
    });
}

/// Counts the files that this thread has open: `(open and in use, open and idle)`.
pub fn open_files() -> (usize, usize) {
    REGISTRY.with_borrow(|files| {
        let used = files.iter().filter(|file| Rc::strong_count(file) > 1).count();
        (used, files.len() - used)
    })
}
