//! The files that this thread has open, shared by its stores: each is opened and mapped once, and stays open for a while
//! after its last store. A new store finds the file of its path here, without opening it again.

use super::clock::Moment;
use super::error::Failure;
use super::file::File;
use super::format::MAX_FILE;
use super::inode::Inode;
use super::sigbus;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;
use xxhash_rust::xxh3::xxh3_64;

thread_local! {
    static REGISTRY: RefCell<Registry> = RefCell::new(Registry::default());
}

thread_local! {
    /// How many files stay open that no `Store` uses.
    static IDLE_LIMIT: Cell<u64> = const { Cell::new(16) };
}

thread_local! {
    /// How often something happened after which the kernel is to be asked anew: [`ask_anew`], [`ask_for_rights`].
    static PERIODS: Cell<Periods> = const { Cell::new(Periods { of_meanings: 0, of_rights: 0 }) };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Periods {
    /// In one period a path keeps its meaning,
    of_meanings: u64,
    /// and the process its rights.
    of_rights: u64,
}

/// While a thread has no more files open, each opening looks whether any of them was destroyed.
const FEW: usize = 32;

#[derive(Default)]
struct Registry {
    files: HashMap<Inode, Known, BuildHasherDefault<Mixed>>,
    /// The paths by which they were opened, by their hashes.
    places: HashMap<u64, Place, BuildHasherDefault<Mixed>>,
    /// How often a file was asked for.
    uses: u64,
    /// With more files than this, unused ones are closed.
    crowded: usize,
}

impl Drop for Registry {
    /// The end of the thread. A server's thread may end in the middle of a request, so that nothing of the request is ever freed: without this
    /// its locks would last for as long as the process.
    fn drop(&mut self) {
        for known in self.files.values().filter(|known| !known.is_idle()) {
            known.file.abandon();
        }
    }
}

struct Known {
    file: Rc<File>,
    /// When it was asked for last, counted in uses.
    used: u64,
}

/// A path by which a file was opened.
struct Place {
    path: Box<[u8]>,
    id: Inode,
    /// When the kernel said that the path means the file, and that this process may open it.
    asked: Asked,
}

/// When the kernel was asked about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub moment: Moment,
    periods: Periods,
}

/// The part of the kernel's answer about a path that still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// All of it.
    Whole,
    /// The path means the file. Whether this process may open it is to be asked.
    Meaning,
    /// Nothing.
    Nothing,
}

impl Asked {
    /// It is asked at once.
    pub fn now() -> Self {
        Self { moment: Moment::now(), periods: PERIODS.get() }
    }

    fn validity(&self, now: &Self) -> Validity {
        if self.moment != now.moment || self.periods.of_meanings != now.periods.of_meanings {
            Validity::Nothing
        } else if self.periods.of_rights != now.periods.of_rights {
            Validity::Meaning
        } else {
            Validity::Whole
        }
    }
}

impl Registry {
    fn idle_files(&self) -> usize {
        self.files.values().filter(|known| known.is_idle()).count()
    }

    /// The next count of files at which unused ones are looked for: looking at all is rare, however many are in use.
    fn set_crowded(&mut self) {
        self.crowded = 2 * self.files.len().max(IDLE_LIMIT.get() as usize).max(16);
    }

    fn take(&mut self, file: &File) -> Option<Known> {
        let is_known = self.files.get(&file.id).is_some_and(|known| known.file.shares_opening_with(file));
        is_known.then(|| self.files.remove(&file.id))?
    }

    fn forget_places_of_closed_files(&mut self) {
        let files = &self.files;
        self.places.retain(|_, place| files.contains_key(&place.id));
    }
}

/// Hashes one number: that of a file, or what is a hash already.
#[derive(Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }

    fn write_u64(&mut self, number: u64) {
        // The table uses the highest and the lowest bits.
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

impl Known {
    fn is_idle(&self) -> bool {
        Rc::strong_count(&self.file) == 1
    }
}

/// Sets how many files this thread keeps open and mapped while no store uses them (default 16).
pub fn set_idle_limit(files: u64) {
    IDLE_LIMIT.set(files);
}

/// Closes a file that was destroyed, as soon as no store uses it: nobody opens it any more.
pub fn close_destroyed(id: Inode) {
    let known = REGISTRY.with_borrow_mut(|registry| registry.files.remove(&id));
    drop(known);
}

/// Closes the files that no store uses and nobody can open any more: the last names of them are gone, and what they take of the
/// disk goes with the last process that has them open. Tells whether there were any. A system call for each file that is
/// not in use.
pub fn close_deleted() -> bool {
    let deleted: Vec<Known> = REGISTRY.with_borrow_mut(|registry| {
        registry
            .files
            .extract_if(|_, known| known.is_idle() && known.file.is_deleted())
            .map(|(_, known)| known)
            .collect()
    });
    !deleted.is_empty()
}

/// This thread's handle on a file, if it has one that can still be used.
pub fn registered(id: Inode) -> Option<Rc<File>> {
    let faulted = REGISTRY.with_borrow(|registry| {
        registry.files.get(&id).map(|known| known.file.clone()).filter(|file| file.map.has_faulted())
    });
    // Else this thread would open it once more, beside what it has in it.
    let _ = faulted.and_then(|file| mend(&file));
    REGISTRY.with_borrow_mut(|registry| {
        if registry.files.len() <= FEW {
            registry.files.retain(|_, known| !known.is_idle() || known.file.still_good());
        }
        registry.uses += 1;
        let known = registry.files.get_mut(&id).filter(|known| known.file.still_good())?;
        known.used = registry.uses;
        Some(known.file.clone())
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
    let is_crowded = REGISTRY.with_borrow_mut(|registry| {
        registry.uses += 1;
        registry.files.insert(file.id, Known { file: file.clone(), used: registry.uses });
        registry.files.len() > registry.crowded.max(FEW)
    });
    // A request may go through thousands of files, and last for as long as the process.
    if is_crowded {
        close_idle();
    }
    file
}

// ---- paths that lead to an open file -------------------------------------------------------------------

/// The file that was opened by this path; and how much still stands of what the kernel said then. Nothing: it is to be asked
/// before anything of the file is touched.
pub fn at(path: &Path, now: Asked) -> Option<(Rc<File>, Validity)> {
    REGISTRY.with_borrow_mut(|registry| {
        let place = registry.places.get(&xxh3_64(bytes(path))).filter(|place| *place.path == *bytes(path))?;
        let validity = place.asked.validity(&now);
        let known = registry.files.get_mut(&place.id)?;
        registry.uses += 1;
        known.used = registry.uses;
        Some((known.file.clone(), validity))
    })
}

/// Notes that the path meant this file, and that this process might open it: when the kernel was asked.
pub fn place(path: &Path, file: &File, asked: Asked) {
    REGISTRY.with_borrow_mut(|registry| {
        let (hash, id) = (xxh3_64(bytes(path)), file.id);
        if let Some(place) = registry.places.get_mut(&hash).filter(|place| *place.path == *bytes(path)) {
            (place.id, place.asked) = (id, asked);
            return;
        }
        // A file has any number of paths (`x`, `./x`).
        if registry.places.len() >= 4 * registry.files.len().max(FEW) {
            registry.places.clear();
        }
        registry.places.insert(hash, Place { path: bytes(path).into(), id, asked });
    });
}

/// Whatever the path means now is to be opened.
pub fn forget_place(path: &Path) {
    REGISTRY.with_borrow_mut(|registry| registry.places.remove(&xxh3_64(bytes(path))));
}

/// The kernel is asked anew about what is open, by each store that is made from here on: others may have had their turn.
#[inline]
pub fn ask_anew() {
    let periods = PERIODS.get();
    PERIODS.set(Periods { of_meanings: periods.of_meanings.wrapping_add(1), ..periods });
}

/// The kernel is asked anew whether this process may open what is open, by each store that is made from here on: it may have other
/// rights than before.
pub fn ask_for_rights() {
    let periods = PERIODS.get();
    PERIODS.set(Periods { of_rights: periods.of_rights.wrapping_add(1), ..periods });
}

// ---- mappings -----------------------------------------------------------------------------------------

/// Lets a file show `size` bytes at least. Where no other store of this thread uses its mapping, that
/// grows; else there are two, with the same descriptor and lease, until they have noticed.
pub fn reach(file: &mut Rc<File>, size: u64) -> Result<(), Failure> {
    // A header may tell of anything.
    if file.told_length().max(size) > MAX_FILE || file.told_length() > file.length()? {
        file.map.poison();
        return Err(Failure::Stale);
    }
    let known = REGISTRY.with_borrow_mut(|registry| registry.take(file));
    let used = known.as_ref().map(|known| known.used);
    let result = match known {
        Some(known) if known.file.map.length() >= size => {
            *file = known.file;
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
    if let Some(used) = used {
        REGISTRY.with_borrow_mut(|registry| registry.files.insert(file.id, Known { file: file.clone(), used }));
    }
    result
}

/// Another mapping of a file in which an access has raised a signal, where the file itself is as it should be: the lease, and all that
/// this thread has in the file, is what it was. `None`: it is not all there, or is another one.
pub fn mend(file: &File) -> Option<Rc<File>> {
    let known =
        REGISTRY.with_borrow(|registry| registry.files.get(&file.id).map(|known| (known.file.clone(), known.used)));
    let known = known.filter(|(known, _)| known.shares_opening_with(file));
    if let Some((sound, _)) = known.as_ref().filter(|(known, _)| !known.map.is_poisoned()) {
        // Another store of this thread was here before.
        return Some(sound.clone());
    }
    if file.is_private_copy() {
        return None;
    }
    let sound = Rc::new(file.mapped_again(file.length().ok()?).ok()?);
    // (Should it be cut short between the two, the look at its length finds the mapping poisoned. It may also have grown.)
    if !sound.shows_our_header() || !matches!(sound.check_long(), Ok(()) | Err(Failure::Outgrown(_))) {
        return None;
    }
    if let Some((_, used)) = known {
        REGISTRY.with_borrow_mut(|registry| registry.files.insert(file.id, Known { file: sound.clone(), used }));
    }
    Some(sound)
}

/// The longest mapping of a file, if another one is.
pub fn longest(file: &Rc<File>) -> Option<Rc<File>> {
    (!file.is_longest_mapping()).then_some(())?;
    REGISTRY.with_borrow(|registry| {
        registry.files.get(&file.id).map(|known| known.file.clone()).filter(|known| known.shares_opening_with(file))
    })
}

/// Whether this thread has a file open, by the number of its opening. (Nothing of the file is touched.)
pub fn is_open(life: u64) -> bool {
    REGISTRY.with_borrow(|registry| registry.files.values().any(|known| known.file.life() == life))
}

// ---- closing ------------------------------------------------------------------------------------------

/// For how long nobody looks again whether unused files are gone, where no change is announced: nanoseconds. Each look is a system
/// call, and a server's requests end more often than that.
const UNSEEN: u64 = 100_000_000;

/// Closes the files unused for longest, beyond the limit. Now and then, and after each change that was announced, all unused ones
/// that are gone, too.
pub fn close_idle() {
    thread_local! {
        static LOOKED: Cell<Moment> = const { Cell::new(Moment::NEVER) };
    }
    let limit = IDLE_LIMIT.get() as usize;
    let is_due = !LOOKED.get().is_at_most_ago(UNSEEN);
    let _ = REGISTRY.try_with(|registry| {
        let Ok(mut registry) = registry.try_borrow_mut() else { return };
        let mut idle: Vec<(u64, Inode)> =
            registry.files.iter().filter(|(_, known)| known.is_idle()).map(|(id, known)| (known.used, *id)).collect();
        idle.sort_unstable_by_key(|(used, _)| *used);
        if is_due {
            LOOKED.set(Moment::now());
            sigbus::stand_ready_at_times();
        }
        let mut closed = false;
        let mut beyond = idle.len().saturating_sub(limit);
        for (_, id) in idle {
            let is_gone = |file: &File| is_due && !file.is_still_at(file.path());
            if beyond > 0 || registry.files.get(&id).is_some_and(|known| is_gone(&known.file)) {
                registry.files.remove(&id);
                beyond = beyond.saturating_sub(1);
                closed = true;
            }
        }
        if closed {
            registry.forget_places_of_closed_files();
        }
        registry.set_crowded();
    });
}

/// Counts the files that this thread has open: `(open and in use, open and idle)`.
pub fn open_files() -> (usize, usize) {
    REGISTRY.with_borrow(|registry| {
        let idle = registry.idle_files();
        (registry.files.len() - idle, idle)
    })
}

/// How many paths are remembered that lead to open files.
#[cfg(test)]
pub fn places() -> usize {
    REGISTRY.with_borrow(|registry| registry.places.len())
}
