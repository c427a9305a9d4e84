//! From a path to the file that it means: opened at first use, closed where the path means another one, and an operation
//! started over where it turned out to be another one meanwhile.

use super::clock::Moment;
use super::error::{Error, ErrorKind, Failure, Result};
use super::file::File;
use super::header::{Header, Word};
use super::line::Line;
use super::notes::Notes;
use super::options::Options;
use super::read::Reader;
use super::registry::{Asked, Validity};
use super::session::Session;
use super::version::Version;
use super::{diagnosis, inode, memory, registry, sigbus};
use std::cell::{Cell, RefCell};
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sync_backend::Now;

/// How often an operation is started over because its file was exchanged or cut short meanwhile.
const ATTEMPTS: usize = 50;
/// How many of these at once; the others pause.
const AT_ONCE: usize = 10;
const PAUSE: Duration = Duration::from_micros(200);
/// How often with one and the same file.
const SAME_FILE: usize = 3;
/// How often with one in which an access raised SIGBUS, though it is whole. (Each time but where something is missing that is in use,
/// somebody must have freed what was just being read.)
const FAULTS: usize = 20;

/// The `commit` where no file is open: an end of the log that no version has.
fn nowhere() -> *const Word {
    static NOWHERE: memory::AtomicU64 = memory::AtomicU64::new(u64::MAX);
    std::ptr::from_ref(&NOWHERE).cast()
}

/// A path, and the file that it means.
pub struct Follower {
    pub path: PathBuf,
    pub options: Options,
    pub session: Session,
    file: RefCell<Option<Rc<File>>>,
    /// The open file's `commit`, or that of [`nowhere`]; and its [`File::life`], or 0.
    commit: Cell<*const Word>,
    life: Cell<u64>,
    /// While it is set, these two are as if no file were open.
    aside: Cell<bool>,
    /// Whether to look after items in consumption before the next operation.
    are_items: Cell<bool>,
    /// When the path was last looked at.
    looked: Cell<Moment>,
    /// The time that was read after that.
    now: Cell<(Moment, Option<Now>)>,
    warning: RefCell<Option<String>>,
    /// Notes on the names that its store has seen.
    pub notes: Notes,
}

impl Follower {
    pub fn new(path: PathBuf, options: Options) -> Self {
        Self {
            path,
            session: Session::new(options.fiber),
            options,
            file: RefCell::new(None),
            commit: Cell::new(nowhere()),
            life: Cell::new(0),
            aside: Cell::new(false),
            are_items: Cell::new(false),
            looked: Cell::new(Moment::NEVER),
            now: Cell::new((Moment::NEVER, None)),
            warning: RefCell::new(None),
            notes: Notes::default(),
        }
    }

    /// The file that is open, whatever the path means now.
    pub fn open_file(&self) -> Option<Rc<File>> {
        self.file.borrow().clone()
    }

    /// As [`Follower::open_file`], to be touched before anybody looks at the path: the signal of a file that was cut
    /// short may be somebody else's by now.
    pub fn safe_file(&self) -> Option<Rc<File>> {
        if self.looked.get().precedes_a_change() {
            sigbus::stand_ready_at_times();
        }
        self.open_file().map(|file| self.mend(file))
    }

    /// The open file; in another mapping, if an access to this one raised a signal though the file is whole. A hold on it stays, and
    /// all else that this thread has in it.
    fn mend(&self, file: Rc<File>) -> Rc<File> {
        if !file.map.has_faulted() {
            return file;
        }
        // (In a child, the descriptor to map it by is its own.)
        file.reopen(&self.path);
        let Some(sound) = registry::mend(&file) else { return file };
        self.point_to(sound.clone());
        sound
    }

    /// Lets `end` end a hold in the file that it is given. Where it asks for that, items that were given up meanwhile go back, for those
    /// that wait for them.
    pub fn release<T>(&self, end: impl FnOnce(&Session, &dyn Fn() -> Option<Rc<File>>) -> T) -> T {
        let released = RefCell::new(None);
        let outcome = end(&self.session, &|| {
            released.replace(self.safe_file());
            released.borrow().clone()
        });
        if let Some(file) = released.take() {
            file.look_after_items(self.session.object());
        }
        outcome
    }

    /// The path is not to be looked at within this tick of the clock.
    #[cfg(test)]
    pub fn do_not_look_yet(&self) {
        self.looked.set(Moment::now());
    }

    /// A message for the user about how the file was found: once.
    pub fn take_warning(&self) -> Option<String> {
        self.warning.borrow_mut().take()
    }

    /// See [`Store::is_current`](super::Store::is_current).
    #[inline(always)]
    pub fn is_current(&self, seen: &Version) -> bool {
        let looked = self.looked.get();
        if looked.precedes_a_change() {
            // Before anything of the file is touched: the signal of a file that was cut short may be somebody
            // else's by now.
            return self.look_again(seen);
        }
        // SAFETY: `point_to` and `point_nowhere` let `commit` point into the mapping of the file that `self.file`
        // keeps alive, or to `NOWHERE`, which is static.
        let commit = unsafe { &*self.commit.get() };
        let (commit, life) = (commit.load(Ordering::Acquire), self.life.get());
        if !seen.is_at(commit, life) {
            // (All the rest of it apart, which the registers that it takes would cost here.)
            return seen.expires() && self.has_not_expired(seen);
        }
        looked.is_this_tick() || self.look_again(seen)
    }

    /// As [`Follower::is_current`], where a few loads tell; false also where something else does. `None`: only the clock has moved on.
    #[inline(always)]
    pub fn is_current_at_once(&self, seen: &Version) -> Option<bool> {
        let looked = self.looked.get();
        if looked.precedes_a_change() {
            return Some(false);
        }
        // SAFETY: as in `is_current`.
        let commit = unsafe { &*self.commit.get() };
        if !seen.is_at(commit.load(Ordering::Acquire), self.life.get()) {
            return Some(false);
        }
        looked.is_this_tick().then_some(true)
    }

    /// As [`Follower::is_current`], for a value that expires.
    #[cold]
    #[inline(never)]
    fn has_not_expired(&self, seen: &Version) -> bool {
        // SAFETY: as in `is_current`.
        if !seen.is_at_or_expired(unsafe { &*self.commit.get() }.load(Ordering::Acquire), self.life.get()) {
            return false;
        }
        let looked = self.looked.get();
        if !looked.is_this_tick() {
            return self.look_again(seen);
        }
        // Both clocks move in the same tick: within one, the wall clock is read once. (But a test may set it at any time.)
        let (at, mut now) = self.now.get();
        if at != looked || now.is_none() || cfg!(feature = "testing") {
            now = Some(Now::read());
            self.now.set((looked, now));
        }
        seen.expiry().zip(now).is_none_or(|(expiry, now)| !expiry.has_come(now))
    }

    #[cold]
    fn look_again(&self, seen: &Version) -> bool {
        if !matches!(self.current_file(), Ok(Some(_))) {
            return false;
        }
        // Items are looked after by an operation: here by one that does nothing else, as the next question in this tick is not asked
        // again, and may be the last one before the next tick, time and again.
        if self.are_items.get() && !matches!(self.with_file(false, |_| Ok(())), Ok(Some(()))) {
            return false;
        }
        // SAFETY: as in `is_current`.
        let (commit, life) = (unsafe { &*self.commit.get() }.load(Ordering::Acquire), self.life.get());
        seen.is_at(commit, life) || seen.is_at_or_expired(commit, life) && !seen.has_expired()
    }

    /// See [`Store::confirm`](super::Store::confirm).
    #[inline]
    pub fn confirm(&self, seen: &mut Version) -> bool {
        let looked = self.looked.get();
        if looked.precedes_a_change() || self.are_items.get() || !seen.is_of(self.life.get()) || !looked.is_this_tick()
        {
            return false;
        }
        self.file.borrow().as_ref().is_some_and(|file| Reader::of(file).confirm(seen))
    }

    /// The number of the opening of the file that is open; 0: none is.
    #[inline]
    pub fn opening(&self) -> u64 {
        self.life.get()
    }

    /// As [`Follower::opening`], after opening a file that is there. A failure comes again in the operation that follows.
    pub fn enter(&self) -> u64 {
        if self.life.get() == 0 {
            let _ = self.with_file(false, |_| Ok(()));
        }
        self.life.get()
    }

    /// A page of the file, which is whole, cannot be read.
    #[cold]
    fn unreadable(&self) -> Error {
        self.error(match diagnosis::is_for_want_of_space(&self.path) {
            true => Failure::NoSpace,
            false => Failure::CannotDo("read", io::Error::from_raw_os_error(libc::EIO)),
        })
    }

    pub fn error(&self, failure: Failure) -> Error {
        let kind = match failure {
            Failure::Stale => ErrorKind::NotAStore("it is damaged, or somebody keeps changing it".into()),
            Failure::Busy => ErrorKind::Busy,
            Failure::Held(held) => ErrorKind::Held(held),
            Failure::NoSpace => ErrorKind::NoSpace,
            Failure::SizeLimit => ErrorKind::SizeLimit,
            Failure::NoRoom(bytes) => ErrorKind::NoRoom(bytes),
            Failure::NoMemory(bytes) => ErrorKind::NoMemory(bytes),
            // The one that runs operations gives it a longer mapping first.
            Failure::Outgrown(bytes) | Failure::NoAddressSpace(bytes) => ErrorKind::NoAddressSpace(bytes),
            Failure::TooLarge => ErrorKind::TooLarge,
            Failure::Damaged(why) => ErrorKind::NotAStore(why),
            Failure::Legacy => ErrorKind::Legacy,
            Failure::NotReadable => ErrorKind::NotReadable(diagnosis::of_file(&self.path, false)),
            Failure::NotWritable => ErrorKind::NotWritable(diagnosis::of_file(&self.path, true)),
            Failure::NoDirectory => {
                let (directory, why) = diagnosis::of_directory(&self.path);
                ErrorKind::NoDirectory(directory, why)
            }
            Failure::FileSystem(refused) => ErrorKind::FileSystem(refused),
            Failure::MayBeInUse(process) => ErrorKind::MayBeInUse(process),
            Failure::Io(error) => ErrorKind::CannotOpen(error),
            Failure::CannotDo(what, error) => ErrorKind::CannotDo(what, error),
        };
        Error::new(&self.path, kind)
    }

    /// The file that the path means now, if it is open: looks at the path once a clock tick.
    #[inline]
    pub fn current_file(&self) -> std::result::Result<Option<Rc<File>>, Failure> {
        let now = Moment::now();
        let file = self.file.borrow().clone();
        let Some(mut file) = file else { return Ok(None) };
        if self.looked.get() != now {
            sigbus::stand_ready_at_times();
            file = self.mend(file);
            if file.map.has_faulted() {
                drop(file);
                self.close();
                return Ok(None);
            }
            // (A process that destroys it says so with a new `commit`, too, if it lives that long.)
            let Some(status) = file.look_at(&self.path).filter(|_| !file.is_destroyed()) else {
                // Nobody may look (the folder is closed, say): that is not to say that the file is gone.
                if let Some(failure) = inode::hidden(&self.path)
                    && !file.is_destroyed()
                {
                    return Err(failure);
                }
                drop(file);
                self.close();
                return Ok(None);
            };
            match file.watch(&status) {
                // (Its mapping is too short: the operation gives it a longer one first.)
                Ok(()) | Err(Failure::Outgrown(_)) => {}
                Err(Failure::Stale) => {
                    drop(file);
                    self.close();
                    return Ok(None);
                }
                Err(failure) => return Err(failure),
            }
            if self.session.is_locked() && file.my_hold() != Some(self.session.object()) {
                // The file is one from before that: it was restored.
                drop(file);
                self.close();
                return Ok(None);
            }
            file.reopen(&self.path);
            self.looked.set(now);
            self.are_items.set(file.map.header().consuming.get() != 0);
            if let Some(longest) = registry::longest(&file) {
                self.point_to(longest.clone());
                return Ok(Some(longest));
            }
        }
        Ok(Some(file))
    }

    /// Forgets the file; a hold on it ends. Where that was `lock()`, its holder will be told.
    #[cold]
    pub fn close(&self) {
        // It is opened for others, too, before it is used again: it was found to be another one, or not as it should be.
        registry::forget_place(&self.path);
        self.session.stop_waiting(|| self.open_file());
        self.session.lose(|| self.safe_file());
        self.looked.set(Moment::NEVER);
        self.point_nowhere();
    }

    /// Lets the file that is open show `size` bytes. A hold on it stays.
    #[cold]
    fn reach(&self, mut file: Rc<File>, size: u64) -> std::result::Result<(), Failure> {
        // The mapping may go, or move, if this store is the only one in it.
        self.point_nowhere();
        let result = registry::reach(&mut file, size);
        self.point_to(file);
        result
    }

    /// From here on this is the store's file.
    fn point_to(&self, file: Rc<File>) {
        let header: *const Header = file.map.header();
        if !self.aside.get() {
            // SAFETY: the header lies in the mapping of `file`, which lives on in `self.file` for as long as `commit` points
            // there.
            self.commit.set(unsafe { &raw const (*header).commit });
            self.life.set(file.life());
        }
        let is_bare = file.map.header().directory.load(Ordering::Acquire) == 0;
        let changed = file.map.header().changed.load(Ordering::Acquire);
        if is_bare {
            self.notes.enter_bare(file.which(), changed)
        } else {
            self.notes.enter(file.which(), changed)
        }
        *self.file.borrow_mut() = Some(file);
    }

    /// See [`Backend::step_aside`](sync_backend::Backend::step_aside).
    pub fn step_aside(&self, aside: bool) {
        self.aside.set(aside);
        let file = self.open_file();
        self.point_nowhere();
        file.into_iter().for_each(|file| self.point_to(file));
    }

    fn point_nowhere(&self) {
        self.commit.set(nowhere());
        self.life.set(0);
        *self.file.borrow_mut() = None;
    }

    fn open(&self, write: bool) -> std::result::Result<Option<Rc<File>>, Failure> {
        let now = Asked::now();
        if let Some(file) = self.open_known(write, now) {
            return Ok(Some(file));
        }
        let Some(file) = File::open(&self.path, &self.options, write)? else { return Ok(None) };
        self.looked.set(now.moment);
        registry::place(&self.path, &file, now);
        if let Some(why) = file.warning.take() {
            *self.warning.borrow_mut() = Some(format!("Sync file '{}': {why}", self.path.display()));
        }
        self.point_to(file.clone());
        self.are_items.set(file.map.header().consuming.get() != 0);
        Ok(Some(file))
    }

    /// The file that another store of this thread has opened by the same path, if opening it would lead to it: without a system
    /// call where the kernel has said so at this very moment; else it is asked, by two. A store that is open does not ask for one
    /// thing that matters here: whether this process may open the file.
    fn open_known(&self, write: bool, now: Asked) -> Option<Rc<File>> {
        let (file, validity) = registry::at(&self.path, now)?;
        let unfit = match self.options.read_only {
            true => file.writable,
            false => write && !file.writable || file.is_read_only(),
        };
        if unfit || !file.is_allowed_by(&self.options.file_systems) {
            return None;
        }
        if validity != Validity::Whole && !inode::may_open(&self.path, file.writable) {
            return None;
        }
        // Or it is looked at, before anything of it is touched.
        self.looked.set(if validity == Validity::Nothing { Moment::NEVER } else { now.moment });
        self.point_to(file);
        match self.current_file() {
            Ok(Some(file)) if file.still_good() => {
                if validity != Validity::Whole {
                    registry::place(&self.path, &file, now);
                }
                Some(file)
            }
            _ => {
                self.close();
                None
            }
        }
    }

    /// Runs an operation on the file, opening it first, and again where it turned out to be another
    /// one. `None`: there is none, and `write` does not ask for one.
    pub fn with_file<T>(
        &self,
        write: bool,
        mut operation: impl FnMut(&File) -> std::result::Result<T, Failure>,
    ) -> Result<Option<T>> {
        let (mut last, mut same, mut faults) = (None, 0, 0);
        for attempt in 0..ATTEMPTS {
            if attempt > AT_ONCE {
                std::thread::sleep(PAUSE);
            }
            let file = match self.current_file() {
                Ok(Some(file)) if !write || file.writable => Ok(Some(file)),
                Ok(_) if self.session.is_lost() => return Err(Error::new(&self.path, ErrorKind::LockLost)),
                Ok(_) => self.open(write),
                Err(failure) => Err(failure),
            };
            let file = match file {
                Err(Failure::NoSpace) if registry::close_deleted() => continue,
                file => file.map_err(|failure| self.error(failure))?,
            };
            let Some(file) = file else { return Ok(None) };
            if self.are_items.replace(false) {
                file.look_after_items(self.session.object());
            }
            let turn = !write && self.session.is_in_line() && Line::of(&file).take_turn();
            let outcome = operation(&file);
            if turn && outcome.is_err() {
                Line::of(&file).put_turn_off();
            }
            let failure = match outcome {
                Ok(result) => return Ok(Some(result)),
                Err(failure) => failure,
            };
            let (which, has_faulted) = ((file.id, file.identity), file.map.has_faulted());
            let reached = match failure {
                Failure::Outgrown(size) => self.reach(file, size),
                failure => Err(failure),
            };
            match reached {
                Ok(()) => continue,
                Err(Failure::NoSpace) if registry::close_deleted() => continue,
                // Whether the file is whole, the next look at it tells: it is mapped anew, or closed.
                Err(Failure::Stale) if has_faulted => {
                    self.looked.set(Moment::NEVER);
                    faults += 1;
                    match faults {
                        FAULTS => return Err(self.unreadable()),
                        _ => continue,
                    }
                }
                Err(Failure::Stale) => self.close(),
                Err(failure) => return Err(self.error(failure)),
            }
            // Somebody else's doing is over when the file is opened anew; damage is still there. (The next file may
            // have the number of one that was deleted; its store is another one.)
            same = if last.replace(which) == Some(which) { same + 1 } else { 0 };
            if same == SAME_FILE {
                return Err(self.error(Failure::Stale));
            }
        }
        // Each time it was another one: others delete or replace it faster than this process gets its turn.
        Err(self.error(Failure::Busy))
    }
}
