//! One open file: its mapping, its descriptor, this thread's lease; and how files are opened,
//! created, shared between the stores of a thread, and given up after a fork.

use super::clock::announce_change;
use super::error::Failure;
use super::file_system::FileSystems;
use super::format::MAX_FILE;
use super::format::PAGE;
use super::format::block_offset;
use super::header::{DESTROYED, HELD, Identity, State};
use super::hold::Place;
use super::inode::{Inode, Status};
use super::lease::is_in_use;
use super::map::Map;
use super::sigbus;
use super::size_limit;
use super::static_table::{StaticTable, Unused};
use super::torture::{crash_point, synced, synced_name};
use std::cell::{Cell, RefCell};
use std::fs::{File as Descriptor, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::fs::{FileExt as _, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A store's file, open and mapped in this thread.
pub struct File {
    pub map: Map,
    handle: Rc<Handle>,
    pub identity: Identity,
    /// Whether this user may write to it.
    pub writable: bool,
    /// The file itself, whatever its path.
    pub id: Inode,
    /// The path it was opened by.
    path: PathBuf,
    /// What a check after a boot or a copy had to drop; told once.
    pub warning: Cell<Option<String>>,
    /// For a private copy: what it is one of.
    copied_from: Option<Rc<Original>>,
    /// Whether a reader of this thread looks at it while the lock has no living owner (see `read.rs`).
    pub resting: Cell<bool>,
}

/// The file that a private copy was made of.
pub struct Original {
    pub file: Descriptor,
    /// The words of its header, then.
    pub words: State,
    /// When it had been written to, as the kernel says.
    pub modified: u64,
}

impl Original {
    /// Whether nobody has put the original right since, and nobody uses it. Else that is what is to be read.
    fn stands_still(&self, status: &Status) -> bool {
        let mut page = [0; PAGE as usize];
        status.modified == self.modified
            && self.file.read_exact_at(&mut page, 0).is_ok()
            && State::of(&page) == self.words
            && !is_in_use(self.file.as_raw_fd())
    }
}

/// What this thread has of an open file, however often that is mapped: a file that has outgrown its
/// mapping stays in it, too, for as long as some store of the thread has not noticed.
struct Handle {
    descriptor: RefCell<Tracked>,
    /// This thread's lease, and in which generation of forks it was claimed: a child has none.
    lease: Cell<Option<(u32, u64)>>,
    /// This thread's place in line for the hold.
    place: Place,
    /// A hold that is over and could not be ended.
    over: Cell<u64>,
    /// A number that nothing else that this process opens has.
    life: u64,
    /// How long the longest of its mappings is.
    reach: Cell<u64>,
    /// The file's incarnation: it is another file when that moves.
    incarnation: Cell<u64>,
    /// The farthest end of the log that was seen: it never goes back.
    seen: Cell<u64>,
    /// Things to be done before the next write, as bits ([`Due`]).
    due: Cell<u8>,
    /// When it was written to, as the kernel said at the last look at its path.
    modified: Cell<u64>,
    /// Since when the file is seen to have gone back.
    gone_back: Cell<Option<Instant>>,
    /// The last list of file systems that its own was found to be in.
    allowed_by: RefCell<Option<FileSystems>>,
}

/// Something to be done with the lock, before anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Due {
    /// Letting the log go on elsewhere: what this thread writes is nothing that anybody has seen before, whatever
    /// the file was in between.
    Jump = 1,
    /// Looking whether what somebody else has written to the file left it whole.
    Examination = 2,
    /// As [`Due::Jump`], less far: the file's times have changed, so that it may have been replaced by what it was a
    /// moment ago.
    Nudge = 4,
}

impl Handle {
    fn new(file: Descriptor) -> Rc<Self> {
        static LIVES: AtomicU64 = AtomicU64::new(1);
        Rc::new(Self {
            descriptor: RefCell::new(Tracked::new(file)),
            lease: Cell::new(None),
            place: Place::default(),
            over: Cell::new(0),
            life: LIVES.fetch_add(1, Ordering::Relaxed),
            reach: Cell::new(0),
            incarnation: Cell::new(0),
            seen: Cell::new(0),
            due: Cell::new(0),
            modified: Cell::new(0),
            gone_back: Cell::new(None),
            allowed_by: RefCell::new(None),
        })
    }

    /// The descriptor. In a child it is gone, as the parent's locks belong to it: who opens the file anew
    /// gives this one another.
    fn fd(&self) -> Result<RawFd, Failure> {
        self.with(|file| Ok(file.as_raw_fd()))
    }

    /// Does something with the descriptor.
    fn with<T>(&self, action: impl FnOnce(&Descriptor) -> Result<T, Failure>) -> Result<T, Failure> {
        self.descriptor.borrow().get().ok_or(Failure::Stale).and_then(action)
    }

    /// A second descriptor of the same description, for what is done while nothing may be borrowed.
    fn duplicate(&self) -> Result<Descriptor, Failure> {
        self.with(|file| Ok(file.try_clone()?))
    }

    fn length(&self) -> Result<u64, Failure> {
        self.with(|file| Ok(file.metadata()?.len()))
    }

    /// In a child: this is its descriptor.
    fn renew(&self, file: Descriptor) {
        let is_gone = self.descriptor.borrow().get().is_none();
        if is_gone {
            self.descriptor.replace(Tracked::new(file));
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if Rc::strong_count(&self.handle) == 1 {
            self.release_lease();
        }
    }
}

/// How often a file may outgrow its mapping while it is opened: each time there is room for some times more.
const GROWTHS: usize = 16;

impl File {
    /// Whether it can still be used by whoever opens its path.
    pub fn still_good(&self) -> bool {
        self.shows_our_header() && !self.map.is_poisoned() && self.copied_from.is_none() && !self.is_outdated()
    }

    /// Whether the file's content is not what it was, and this user may not look whether it is whole: it is to be
    /// opened anew.
    fn is_outdated(&self) -> bool {
        self.has_gone_back() || !self.writable && self.is_due(Due::Examination)
    }

    /// Whether the file has what its header tells of. If not, it was cut short, which all who have mapped it are to
    /// notice.
    pub fn is_as_long_as_it_says(&self, file: &Descriptor) -> Result<bool, Failure> {
        // In this order: a file is made longer before it tells so.
        let told = self.told_length();
        let is_whole = told <= file.metadata()?.len();
        if !is_whole {
            self.map.poison();
        }
        Ok(is_whole)
    }

    pub fn new(map: Map, file: Descriptor, identity: Identity, id: Inode, writable: bool, path: &Path) -> Self {
        let handle = Handle::new(file);
        handle.reach.set(map.length());
        let path = path.to_owned();
        Self {
            map,
            handle,
            identity,
            writable,
            id,
            path,
            warning: Cell::new(None),
            copied_from: None,
            resting: Cell::new(false),
        }
    }

    /// Frees what the bytes of the pure-PHP class took in a file that was one of its: done by the
    /// first who opens it to write, as whoever imported it may have died.
    pub fn release_imported(&self) {
        if self.writable
            && self.first_block() > 0
            && let Ok(owner) = self.lock()
        {
            // Somebody may have been quicker.
            owner.release_filler(self.first_block());
        }
    }

    /// Does what makes the file longer, and again in a longer mapping where that is due. (Nobody else uses
    /// it yet.)
    pub fn while_it_grows(&mut self, action: impl Fn(&Self) -> Result<(), Failure>) -> Result<(), Failure> {
        for _ in 0..GROWTHS {
            match action(self) {
                Err(Failure::Outgrown(size)) => self.grow_mapping(size)?,
                other => return other,
            }
        }
        Err(Failure::NoAddressSpace(self.map.length()))
    }

    fn grow_mapping(&mut self, size: u64) -> Result<(), Failure> {
        self.map.grow(size)?;
        self.handle.reach.set(self.map.length());
        Ok(())
    }

    /// A private copy of this file, in a mapping of its own.
    pub fn copied(&self, map: Map, copy: Descriptor, original: Original) -> Self {
        let mut copied = Self::new(map, copy, self.identity, self.id, false, &self.path);
        copied.copied_from = Some(Rc::new(original));
        copied
    }

    pub fn is_private_copy(&self) -> bool {
        self.copied_from.is_some()
    }

    /// A second descriptor of the same description.
    pub fn duplicate(&self) -> Result<Descriptor, Failure> {
        self.handle.duplicate()
    }

    /// In a child: this is its descriptor.
    pub fn renew(&self, file: Descriptor) {
        self.handle.renew(file);
    }

    /// Whether its file system is one of these, as was found when it was opened. (What it is does not change.)
    pub fn is_allowed_by(&self, file_systems: &FileSystems) -> bool {
        self.handle.allowed_by.borrow().as_ref() == Some(file_systems)
    }

    /// Its file system is one of these.
    pub fn set_allowed_by(&self, file_systems: &FileSystems) {
        self.handle.allowed_by.replace(Some(file_systems.clone()));
    }

    /// The incarnation of the file that is open; see [`Header::incarnation`].
    #[inline]
    pub fn incarnation(&self) -> u64 {
        self.handle.incarnation.get()
    }

    pub fn set_incarnation(&self, incarnation: u64) {
        self.handle.incarnation.set(incarnation);
    }

    /// The farthest end of the log that this thread has seen.
    #[inline]
    pub fn seen(&self) -> u64 {
        self.handle.seen.get()
    }

    /// Notes the log's end.
    #[inline]
    pub fn see(&self, end: u64) {
        // A model begins again and again with the file as it was.
        if !cfg!(feature = "loom") {
            self.handle.seen.set(end);
        }
    }

    /// Whether the log ends before what this thread has seen of it: the file has older content than it had.
    pub fn has_gone_back(&self) -> bool {
        self.map.header().commit.load(Ordering::Acquire) & !HELD < self.seen()
    }

    /// Whether anything is due before the next write.
    #[inline]
    pub fn is_anything_due(&self) -> bool {
        self.handle.due.get() != 0
    }

    pub fn is_due(&self, what: Due) -> bool {
        self.handle.due.get() & what as u8 != 0
    }

    pub fn set_due(&self, what: Due) {
        self.handle.due.set(self.handle.due.get() | what as u8);
    }

    pub fn set_done(&self, what: Due) {
        self.handle.due.set(self.handle.due.get() & !(what as u8));
    }

    /// For how long the file is seen to have gone back.
    pub fn gone_back_for(&self) -> Duration {
        let since = self.handle.gone_back.get().unwrap_or_else(Instant::now);
        self.handle.gone_back.set(Some(since));
        since.elapsed()
    }

    /// Whether the file was changed, as its times tell, since this was asked last.
    pub fn is_changed_since_last(&self, status: &Status) -> bool {
        self.handle.modified.replace(status.modified) != status.modified
    }

    /// The kernel's word on the file.
    pub fn status(&self) -> Result<Status, Failure> {
        self.handle.with(|file| Ok(Status::of(file)?))
    }

    /// Where this thread notes its place in line for the hold.
    pub fn place_note(&self) -> &Place {
        &self.handle.place
    }

    /// A hold that is over and could not be ended.
    pub fn over(&self) -> &Cell<u64> {
        &self.handle.over
    }

    /// Tells this opening of the file from all others of this process, the same file's as well.
    #[inline]
    pub fn life(&self) -> u64 {
        self.handle.life
    }

    /// The same file in a mapping of its own, which shows `size` bytes.
    fn mapped_again(&self, size: u64) -> Result<Self, Failure> {
        let map = self.handle.with(|file| Map::new(file.as_fd(), size, self.writable || self.copied_from.is_some()))?;
        self.handle.reach.set(map.length());
        Ok(Self {
            map,
            handle: self.handle.clone(),
            path: self.path.clone(),
            warning: Cell::new(self.warning.take()),
            resting: Cell::new(false),
            copied_from: self.copied_from.clone(),
            ..*self
        })
    }

    /// Whether `destroy()` has put its mark on it.
    pub fn is_destroyed(&self) -> bool {
        self.map.header().flags.get() & DESTROYED != 0
    }

    /// Whether the file at the path is still the one that is open, as long as it should be, and
    /// (for a private copy) has neither been put right by somebody else nor come into use. A few system calls.
    pub fn is_still_at(&self, path: &Path) -> bool {
        self.look_at(path).is_some()
    }

    /// The kernel's word on the file at the path, if [that is](File::is_still_at) still the one that is open.
    pub fn look_at(&self, path: &Path) -> Option<Status> {
        // Before the look at the file, which may be growing.
        let needs = block_offset(self.blocks());
        let status = Status::at(path).ok().filter(|status| status.inode == self.id)?;
        let good = match &self.copied_from {
            Some(original) => original.stands_still(&status),
            None => status.size >= needs,
        };
        good.then_some(status)
    }

    /// The lease that this thread, of this process, has on the file.
    #[inline]
    pub fn my_lease(&self) -> Option<u32> {
        self.handle.lease.get().filter(|(_, generation)| *generation == fork_generation()).map(|(lease, _)| lease)
    }

    /// Notes that this thread has a lease.
    pub fn set_lease(&self, lease: Option<u32>) {
        self.handle.lease.set(lease.map(|lease| (lease, fork_generation())));
    }

    /// In a child, the parent's description must not be shared: its locks are the parent's, and the child's
    /// handler has closed it already. Opens the file anew by a path that means it.
    pub fn reopen(&self, path: &Path) {
        if self.copied_from.is_some() || self.handle.fd().is_ok() {
            return;
        }
        let flags = libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;
        // Where that cannot be, because of a limit, say, reading goes on without; who needs it is told why.
        if let Ok(file) = OpenOptions::new().read(true).write(self.writable).custom_flags(flags).open(path)
            && Status::of(&file).is_ok_and(|status| status.inode == self.id)
        {
            self.handle.renew(file);
        }
    }

    /// A descriptor that this process may lock with.
    pub(super) fn writable_fd(&self) -> Result<RawFd, Failure> {
        if self.copied_from.is_some() || !self.writable {
            return Err(Failure::NotWritable);
        }
        self.handle.fd()
    }

    /// Any descriptor, for asking.
    pub(super) fn any_fd(&self) -> Option<RawFd> {
        self.handle.fd().ok()
    }

    fn own_fd(&self) -> Result<RawFd, Failure> {
        if self.copied_from.is_some() { self.handle.fd() } else { self.writable_fd() }
    }

    /// Fails where some access found no file, or the mapping does not show all of it.
    pub fn check_sound(&self) -> Result<(), Failure> {
        if self.map.is_poisoned() { Err(Failure::Stale) } else { self.check_reach() }
    }

    /// As [`File::check_sound`]; also where no access found that something is missing. A system call.
    pub fn check_long(&self) -> Result<(), Failure> {
        if self.handle.with(|file| self.is_as_long_as_it_says(file))? {
            self.check_sound()
        } else {
            Err(Failure::Stale)
        }
    }

    /// Makes the file `length` bytes longer than `end`, with memory behind them. (Not through
    /// `fs2`: on a full disk its `allocate` leaves the file extended.)
    pub fn extend(&self, end: u64, length: u64) -> Result<(), Failure> {
        if end + length > MAX_FILE {
            return Err(Failure::SizeLimit);
        }
        if end + length > self.map.length() {
            return Err(Failure::Outgrown(end + length));
        }
        let fd = self.own_fd()?;
        // One that was cut short must not get zeros in place of what it has lost.
        if !self.handle.with(|file| self.is_as_long_as_it_says(file))? {
            return Err(Failure::Stale);
        }
        crash_point();
        match allocate(fd, 0, end, length) {
            Ok(()) => {
                crash_point();
                self.touch();
                Ok(())
            }
            Err(error) => {
                self.cut_behind(end);
                Err(error.into())
            }
        }
    }

    /// Where, from `offset` on, the file has anything; the offset itself where nobody knows.
    pub fn next_data(&self, offset: u64) -> u64 {
        let Ok(fd) = self.own_fd() else { return offset };
        // SAFETY: an open descriptor. Its file position, which this moves, nobody uses.
        match unsafe { libc::lseek(fd, offset as libc::off_t, libc::SEEK_DATA) } {
            at if at >= 0 => at as u64,
            _ if io::Error::last_os_error().raw_os_error() == Some(libc::ENXIO) => u64::MAX,
            _ => offset,
        }
    }

    /// Gives back what the file has behind `end`; nothing refers to it.
    pub fn cut_behind(&self, end: u64) {
        let _ = self.handle.with(|file| {
            if file.metadata()?.len() > end {
                file.set_len(end)?;
            }
            Ok(())
        });
        self.touch();
    }

    /// Puts memory behind a range of the file, which stays as long as it is.
    pub fn allocate(&self, offset: u64, length: u64) -> Result<(), Failure> {
        crash_point();
        allocate(self.own_fd()?, libc::FALLOC_FL_KEEP_SIZE, offset, length)?;
        self.touch();
        Ok(())
    }

    /// Gives the memory behind a range back; it then reads as zeros. Where the file system cannot,
    /// the memory stays.
    pub fn punch(&self, offset: u64, length: u64) {
        if let Ok(fd) = self.own_fd() {
            let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
            // SAFETY: an open descriptor.
            unsafe { libc::fallocate(fd, mode, offset as libc::off_t, length as libc::off_t) };
            crash_point();
            self.touch();
        }
    }

    /// How long the file is.
    pub fn length(&self) -> Result<u64, Failure> {
        self.handle.length()
    }

    /// Bytes of memory or disk behind the file.
    pub fn allocated(&self) -> Result<u64, Failure> {
        self.handle.with(|file| Ok(file.metadata()?.blocks() * 512))
    }

    /// Waits until everything written so far is on the disk.
    pub fn sync(&self) -> Result<(), Failure> {
        // SAFETY: an open descriptor.
        if unsafe { libc::fdatasync(self.own_fd()?) } != 0 {
            return Err(match Failure::from(io::Error::last_os_error()) {
                Failure::Io(error) => Failure::CannotDo("sync", error),
                other => other,
            });
        }
        synced();
        Ok(())
    }

    /// Waits until the name of the file is on the disk, or that it has none any more: without it, a power loss takes the
    /// file with all that was synced. Where its directory may not be opened, that is all of the file system.
    pub fn sync_directory(&self) -> Result<(), Failure> {
        let fd = self.own_fd()?;
        let name = std::fs::read_link(format!("/proc/self/fd/{fd}")).or_else(|_| std::fs::canonicalize(&self.path));
        let directory = name.ok().and_then(|name| Descriptor::open(name.parent()?).ok());
        let result = match directory {
            Some(directory) => directory.sync_all(),
            // SAFETY: an open descriptor.
            None if unsafe { libc::syncfs(fd) } == 0 => Ok(()),
            None => Err(io::Error::last_os_error()),
        };
        match result {
            // A file system that has nothing to do for it.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
            result => result.map_err(|error| Failure::CannotDo("sync", error))?,
        }
        synced_name();
        Ok(())
    }
}

/// Puts memory behind a range, which may make the file longer, as `mode` says.
fn allocate(fd: RawFd, mode: i32, offset: u64, length: u64) -> io::Result<()> {
    in_pieces(offset, length, |at, piece| size_limit::without_signal(|| allocate_at_once(fd, mode, at, piece)))
}

/// Does something with a range, piece by piece. On tmpfs (before Linux 6.11) a signal undoes all that a call has
/// allocated: so each does little, and less after each signal, and signals that come all the time (a profiler's)
/// do not keep it from ever coming to an end.
fn in_pieces(offset: u64, length: u64, mut action: impl FnMut(u64, u64) -> io::Result<()>) -> io::Result<()> {
    const MOST: u64 = 16 << 20;
    let (mut at, end, mut most) = (offset, offset + length, MOST);
    while at < end {
        let piece = most.min(end - at);
        match action(at, piece) {
            Ok(()) => at += piece,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => most = (piece / 2).max(PAGE),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn allocate_at_once(fd: RawFd, mode: i32, offset: u64, length: u64) -> io::Result<()> {
    // SAFETY: an open descriptor.
    if unsafe { libc::fallocate(fd, mode, offset as libc::off_t, length as libc::off_t) } == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    if error.raw_os_error() != Some(libc::EOPNOTSUPP) {
        return Err(error);
    }
    // The file system has no fallocate: glibc's posix_fallocate writes to every page.
    // SAFETY: as above.
    match unsafe { libc::posix_fallocate(fd, offset as libc::off_t, length as libc::off_t) } {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

/// Why it cannot be seen whether there is anything at a path; `None` where it can.
pub fn hidden(path: &Path) -> Option<Failure> {
    let error = path.metadata().err()?;
    (!matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)).then(|| unreadable(error))
}

/// A file that could not be opened for reading. Where its directory may not be searched, nobody knows whether
/// it is there: that is no empty store.
pub fn unreadable(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::PermissionDenied { Failure::NotReadable } else { error.into() }
}

// ---- one handle a file and thread ---------------------------------------------------------------

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

/// Keeps a handle for whoever opens the file next.
pub fn register(file: &Rc<File>) {
    if cfg!(feature = "loom") {
        // The threads of a model are one thread to `thread_local!`.
        return;
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
}

/// Lets a file show `size` bytes at least. Where no other store of this thread uses its mapping, that
/// grows; else there are two, with the same descriptor and lease, until they have noticed.
pub fn reach(file: &mut Rc<File>, size: u64) -> Result<(), Failure> {
    // A header may tell of anything.
    if file.told_length().max(size) > MAX_FILE || file.told_length() > file.handle.length()? {
        file.map.poison();
        return Err(Failure::Stale);
    }
    let known = REGISTRY.with_borrow_mut(|files| {
        let at = files.iter().position(|known| Rc::ptr_eq(&known.handle, &file.handle))?;
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
    let is_longest = file.map.length() == file.handle.reach.get();
    (!is_longest).then_some(())?;
    REGISTRY.with_borrow(|files| files.iter().find(|known| Rc::ptr_eq(&known.handle, &file.handle)).cloned())
}

/// Closes the files unused for longest, beyond the limit; all unused ones that are gone, too.
pub fn close_idle() {
    let limit = IDLE_LIMIT.get() as usize;
    let _ = REGISTRY.try_with(|files| {
        let Ok(mut files) = files.try_borrow_mut() else { return };
        let mut idle = files.iter().filter(|file| Rc::strong_count(file) == 1).count();
        if idle > 0 {
            sigbus::stand_ready();
        }
        files.retain(|file| {
            if Rc::strong_count(file) > 1 {
                return true;
            }
            if idle > limit || !file.is_still_at(&file.path) {
                idle -= 1;
                return false;
            }
            true
        });
    });
}

/// What this thread has open: `(open and in use, open and idle)`.
pub fn open_files() -> (usize, usize) {
    REGISTRY.with_borrow(|files| {
        let used = files.iter().filter(|file| Rc::strong_count(file) > 1).count();
        (used, files.len() - used)
    })
}

// ---- fork --------------------------------------------------------------------------------------

/// Descriptors to close in a forked child: their descriptions, and the leases on them, are the
/// parent's.
static DESCRIPTORS: StaticTable<AtomicI32> = StaticTable::new();

impl Unused for AtomicI32 {
    const UNUSED: Self = AtomicI32::new(-1);
}

/// How often this process is a child of a process that had files open.
static FORKS: AtomicU64 = AtomicU64::new(1);
/// A word in a page that the kernel empties in every child, also in one that runs no handlers.
static FAMILY: AtomicPtr<AtomicU64> = AtomicPtr::new(std::ptr::null_mut());

/// A descriptor that a forked child closes without touching its locks.
struct Tracked {
    file: Option<Descriptor>,
    slot: &'static AtomicI32,
    generation: u64,
}

impl Tracked {
    fn new(file: Descriptor) -> Self {
        let generation = fork_generation();
        let fd = file.as_raw_fd();
        let slot = DESCRIPTORS.take(|slot| slot.compare_exchange(-1, fd, Ordering::AcqRel, Ordering::Relaxed).is_ok());
        Self { file: Some(file), slot, generation }
    }

    /// The descriptor; `None` in a child, which has closed it.
    fn get(&self) -> Option<&Descriptor> {
        self.file.as_ref().filter(|_| self.generation == fork_generation())
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        let file = self.file.take().expect("only here");
        if self.generation != fork_generation() {
            // Closed in the child already: the number may be somebody else's by now.
            std::mem::forget(file);
        } else {
            self.slot.store(-1, Ordering::Release);
            drop(file);
        }
    }
}

/// A number that is another one in a forked child.
#[inline]
pub fn fork_generation() -> u64 {
    let family = FAMILY.load(Ordering::Acquire);
    // SAFETY: null, or the page that `watch_forks` mapped for ever.
    match unsafe { family.as_ref() } {
        Some(word) if word.load(Ordering::Relaxed) != 0 => FORKS.load(Ordering::Relaxed),
        _ => after_fork(),
    }
}

#[cold]
fn after_fork() -> u64 {
    if FAMILY.load(Ordering::Acquire).is_null() {
        watch_forks();
    }
    in_child();
    FORKS.load(Ordering::Relaxed)
}

/// Several threads may do this at the same time, as everything that a process does once here: none
/// waits for another to have done it, since a child that is forked meanwhile has no such other, and
/// would wait for ever.
fn watch_forks() {
    // SAFETY: a private page of our own, unmapped only where nobody knows of it; `madvise` may fail
    // on old kernels, then only the handler below notices forks. `in_child` may run in any child,
    // and more than once.
    unsafe {
        let page = libc::mmap(
            std::ptr::null_mut(),
            4096,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        /// Where there is no address space for a page: as where `madvise` fails.
        static WORD: AtomicU64 = AtomicU64::new(0);
        let has_page = page != libc::MAP_FAILED;
        let word = if has_page { page.cast::<AtomicU64>() } else { (&raw const WORD).cast_mut() };
        if has_page {
            libc::madvise(page, 4096, libc::MADV_WIPEONFORK);
        }
        (*word).store(1, Ordering::Relaxed);
        libc::pthread_atfork(None, None, Some(forked));
        if FAMILY.compare_exchange(std::ptr::null_mut(), word, Ordering::AcqRel, Ordering::Relaxed).is_err() && has_page
        {
            libc::munmap(page, 4096);
        }
    }
}

extern "C" fn forked() {
    // The kernel may not have emptied the page (see above).
    // SAFETY: as in `fork_generation`.
    if let Some(word) = unsafe { FAMILY.load(Ordering::Acquire).as_ref() } {
        word.store(0, Ordering::Relaxed);
    }
    in_child();
}

/// Closes what was inherited, once in each child. Async-signal-safe: atomics and `close`.
fn in_child() {
    // SAFETY: as in `fork_generation`.
    let Some(word) = (unsafe { FAMILY.load(Ordering::Acquire).as_ref() }) else { return };
    if word.swap(1, Ordering::AcqRel) != 0 {
        return;
    }
    FORKS.fetch_add(1, Ordering::Relaxed);
    // Each store finds its file by its own path.
    announce_change();
    for slot in DESCRIPTORS.iter() {
        let fd = slot.swap(-1, Ordering::AcqRel);
        if fd >= 0 {
            // SAFETY: a descriptor of ours, inherited; its `Tracked` knows that it is gone. Closing
            // leaves the parent's locks alone, which an unlock would not.
            unsafe { libc::close(fd) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_at_each_long_call_does_not_keep_a_range_from_being_done() {
        let (mut done, mut calls) = (PAGE, 0);
        let action = |at, length| {
            calls += 1;
            if length > 100_000 {
                return Err(io::Error::from_raw_os_error(libc::EINTR));
            }
            assert_eq!(std::mem::replace(&mut done, at + length), at, "piece by piece");
            Ok(())
        };
        in_pieces(PAGE, 200 << 20, action).unwrap();
        assert_eq!(done, PAGE + (200 << 20));
        assert!(calls < 5000, "{calls}");
        let full = |_, _| Err(io::Error::from_raw_os_error(libc::ENOSPC));
        assert_eq!(in_pieces(0, 1, full).unwrap_err().raw_os_error(), Some(libc::ENOSPC));
    }
}
