//! One open file: its mapping, its descriptor, this thread's lease; and how files are opened,
//! created, shared between the stores of a thread, and given up after a fork.

use super::Options;
use super::blocks::block_offset;
use super::diagnosis;
use super::error::Held;
use super::file_system;
use super::format::*;
use super::header::{DESTROYED, Identity, MAX_FILE, UncheckedHeader, new_page};
use super::lease::is_any_locked;
use super::lock::Owner;
use super::machine::Boot;
use super::map::Map;
use super::sigbus;
use super::size_limit;
use super::slots::{Slots, Unused};
use super::torture::crash_point;
use std::cell::{Cell, RefCell};
use std::fs::{File as Descriptor, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::fs::{FileExt as _, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering};
use std::time::Duration;

/// Why an operation on an open file did not happen.
#[derive(Debug)]
pub enum Trouble {
    /// The file is not, or no longer, what was opened: look at the path again.
    Stale,
    /// The file is, or is about to be, longer than the mapping: it has to show so many bytes. Nothing
    /// has changed.
    Outgrown(u64),
    /// There is no address space for a mapping of so many bytes.
    NoAddressSpace(u64),
    /// A live owner keeps the write lock.
    Busy,
    /// Somebody holds the store.
    Held(Held),
    NoSpace,
    /// The file would be longer than it may be.
    SizeLimit,
    /// The caller has no room for so many bytes.
    NoRoom(u64),
    /// The process has no memory for so many bytes.
    NoMemory(u64),
    TooLarge,
    /// Not a store, or a damaged one.
    Damaged(String),
    /// Written by the pure-PHP class.
    Legacy,
    NotReadable,
    NotWritable,
    NoDirectory,
    FileSystem(file_system::Refused),
    Io(io::Error),
    /// As `Io`, where something else than opening the file has failed.
    CannotDo(&'static str, io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::ENOSPC | libc::EDQUOT) => Self::NoSpace,
            Some(libc::EFBIG) => Self::SizeLimit,
            // A signal, while waiting for somebody else's `flock`: its handler first, then again.
            Some(libc::EINTR) => Self::Busy,
            _ => Self::Io(error),
        }
    }
}

/// A store's file, open and mapped in this thread.
pub struct File {
    pub map: Map,
    handle: Rc<Handle>,
    pub identity: Identity,
    /// Whether this user may write to it.
    pub writable: bool,
    /// Device and inode: what the file is, whatever its path.
    pub id: (u64, u64),
    /// The path it was opened by.
    path: PathBuf,
    /// What a check after a boot or a copy had to drop; told once.
    pub warning: Cell<Option<String>>,
    /// For a private copy: the original's boot id and inode words when it was made.
    pub copied_from: Option<[u64; 3]>,
    /// Whether a reader of this thread looks at it while the lock has no living owner (see `read.rs`).
    pub resting: Cell<bool>,
}

/// What this thread has of an open file, however often that is mapped: a file that has outgrown its
/// mapping stays in it, too, for as long as some store of the thread has not noticed.
struct Handle {
    descriptor: RefCell<Tracked>,
    /// This thread's lease, and in which generation of forks it was claimed: a child has none.
    lease: Cell<Option<(u32, u64)>>,
    /// A number that nothing else that this process opens has.
    life: u64,
    /// How long the longest of its mappings is.
    reach: Cell<u64>,
}

impl Handle {
    fn new(file: Descriptor) -> Rc<Self> {
        static LIVES: AtomicU64 = AtomicU64::new(1);
        Rc::new(Self {
            descriptor: RefCell::new(Tracked::new(file)),
            lease: Cell::new(None),
            life: LIVES.fetch_add(1, Ordering::Relaxed),
            reach: Cell::new(0),
        })
    }

    /// The descriptor. In a child it is gone, as the parent's locks belong to it: who opens the file anew
    /// gives this one another.
    fn fd(&self) -> Result<RawFd, Trouble> {
        self.with(|file| Ok(file.as_raw_fd()))
    }

    /// Does something with the descriptor.
    fn with<T>(&self, action: impl FnOnce(&Descriptor) -> Result<T, Trouble>) -> Result<T, Trouble> {
        self.descriptor.borrow().get().ok_or(Trouble::Stale).and_then(action)
    }

    /// A second descriptor of the same description, for what is done while nothing may be borrowed.
    fn duplicate(&self) -> Result<Descriptor, Trouble> {
        self.with(|file| Ok(file.try_clone()?))
    }

    fn length(&self) -> Result<u64, Trouble> {
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

/// How often an opening starts over, as the file was changed meanwhile; the last of them pause.
const OPENINGS: u32 = 20;
const OPENING_PAUSE: Duration = Duration::from_micros(200);
/// How often a file may outgrow its mapping while it is opened: each time there is room for some times more.
const GROWTHS: usize = 16;

impl File {
    /// Opens the file at `path`. `None`: it is empty, or (`create` false) missing.
    /// With `create` a missing or empty file becomes an empty store.
    pub fn open(path: &Path, options: &Options, write: bool) -> Result<Option<Rc<Self>>, Trouble> {
        // Others that are open are looked at, too.
        sigbus::stand_ready();
        for attempt in 0..OPENINGS {
            if attempt > OPENINGS / 4 {
                std::thread::sleep(OPENING_PAUSE);
            }
            let Some((file, writable)) = open_descriptor(path, options, write)? else { return Ok(None) };
            let metadata = file.metadata()?;
            if !metadata.is_file() {
                return Err(Trouble::Damaged("it is not a regular file".into()));
            }
            // Also where this thread has it open: it may be allowed to others.
            file_system::check(&file, &options.file_systems)?;
            let id = (metadata.dev(), metadata.ino());
            if let Some(known) = registered(id)
                && known.writable == writable
                && known.still_good()
                && known.is_as_long_as_it_says(&file)?
            {
                known.handle.renew(file);
                return Ok(Some(known));
            }
            if metadata.len() == 0 {
                if !write {
                    return Ok(None);
                }
                create(&file, id.1)?;
                continue;
            }
            let Some(opened) = Self::map_file(path, file, id, writable)? else { continue };
            if !opened.is_destroyed() {
                register(&opened);
                return Ok(Some(opened));
            }
            if !write {
                return Ok(None);
            }
            opened.finish_destroying(path)?;
        }
        // Somebody empties it, cuts it short or destroys it all the time.
        Err(Trouble::Busy)
    }

    fn still_good(&self) -> bool {
        self.shows_our_header() && !self.map.is_poisoned() && self.copied_from.is_none()
    }

    /// Whether the file has what its header tells of. If not, it was cut short, which all who have mapped it are to
    /// notice.
    fn is_as_long_as_it_says(&self, file: &Descriptor) -> Result<bool, Trouble> {
        // In this order: a file is made longer before it tells so.
        let told = self.told_length();
        let is_whole = told <= file.metadata()?.len();
        if !is_whole {
            self.map.poison();
        }
        Ok(is_whole)
    }

    fn new(map: Map, file: Descriptor, identity: Identity, id: (u64, u64), writable: bool, path: &Path) -> Self {
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

    fn map_file(path: &Path, file: Descriptor, id: (u64, u64), writable: bool) -> Result<Option<Rc<Self>>, Trouble> {
        let mut page = Box::new([0; PAGE as usize]);
        let got = read_fully(&file, &mut page[..])?;
        let unchecked = UncheckedHeader(page);
        if got < PAGE as usize || unchecked.check().is_err() {
            if is_legacy(&unchecked.0[..got]) {
                return Err(Trouble::Legacy);
            }
            if got == 0 {
                return Ok(None);
            }
        }
        if got < PAGE as usize {
            return Err(Trouble::Damaged(format!("it is only {got} bytes long")));
        }
        let identity = unchecked.check().map_err(Trouble::Damaged)?;
        let map = Map::new(file.as_fd(), file.metadata()?.len(), writable)?;
        let why = map.header().check_layout(identity, || Ok(file.metadata()?.len()))?;
        let mut opened = Self::new(map, file, identity, id, writable, path);
        let is_destroyed = opened.is_destroyed();
        if !is_destroyed && !opened.still_good() {
            // Cut short or overwritten in this very moment: look again.
            return Ok(None);
        }
        // Also where it says that it was destroyed: only a store can be, and only that makes way for a new one.
        if let Some(why) = why {
            return Err(Trouble::Damaged(why));
        }
        if is_destroyed {
            return Ok(Some(Rc::new(opened)));
        }
        if !opened.is_adopted()? {
            if writable {
                opened.while_it_grows(Self::adopt)?;
            } else if opened.map.header().directory.get() != 0 {
                return opened.private_copy().map(|copy| Some(Rc::new(copy)));
            }
        }
        opened.release_imported();
        Ok(Some(Rc::new(opened)))
    }

    /// Frees what the bytes of the pure-PHP class took in a file that was one of its: done by the
    /// first who opens it to write, as whoever imported it may have died.
    fn release_imported(&self) {
        if self.writable
            && self.first_block() > 0
            && let Ok(owner) = self.own()
        {
            // Somebody may have been quicker.
            owner.release_filler(self.first_block());
        }
    }

    /// Opens a file that is not a store yet, with the header of an empty one in memory.
    /// The mapping shows `size` bytes of it.
    pub fn draft(path: &Path, file: &Descriptor, size: u64) -> Result<Self, Trouble> {
        let metadata = file.metadata()?;
        let page = fresh_page(metadata.ino())?;
        let identity = UncheckedHeader(page.clone()).check().map_err(Trouble::Damaged)?;
        let map = Map::new(file.as_fd(), size.max(metadata.len()), true)?.with_draft(&page);
        Ok(Self::new(map, file.try_clone()?, identity, (metadata.dev(), metadata.ino()), true, path))
    }

    /// Does what makes the file longer, and again in a longer mapping where that is due. (Nobody else uses
    /// it yet.)
    fn while_it_grows(&mut self, action: impl Fn(&Self) -> Result<(), Trouble>) -> Result<(), Trouble> {
        for _ in 0..GROWTHS {
            match action(self) {
                Err(Trouble::Outgrown(size)) => self.grow_mapping(size)?,
                other => return other,
            }
        }
        Err(Trouble::NoAddressSpace(self.map.length()))
    }

    fn grow_mapping(&mut self, size: u64) -> Result<(), Trouble> {
        self.map.grow(size)?;
        self.handle.reach.set(self.map.length());
        Ok(())
    }

    /// Tells this opening of the file from all others of this process, the same file's as well.
    #[inline]
    pub fn life(&self) -> u64 {
        self.handle.life
    }

    /// Removes the file. The tombstone comes first: nobody writes into a file that is about to go.
    /// All under `flock`, so that whoever finds the tombstone can wait for one who is at it.
    pub fn destroy(&self, owner: &Owner, path: &Path) -> Result<(), Trouble> {
        let file = self.handle.duplicate()?;
        exclusively(&file, || {
            if !self.is_still_at(path) {
                return Err(Trouble::Stale);
            }
            let header = self.map.header();
            let (flags, commit) = (header.flags.get(), header.commit.get());
            header.flags.set(flags | DESTROYED);
            // A version that nobody has seen and the index does not know: readers look, too.
            header.commit.store(commit + 8, Ordering::Release);
            crash_point();
            if let Err(error) = std::fs::remove_file(path)
                && error.kind() != io::ErrorKind::NotFound
            {
                header.commit.store(commit, Ordering::Release);
                header.flags.set(flags);
                return Err(match error.kind() {
                    io::ErrorKind::PermissionDenied => Trouble::NoDirectory,
                    _ => Trouble::CannotDo("remove", error),
                });
            }
            crash_point();
            owner.end_hold();
            Ok(())
        })
    }

    /// Whoever destroyed the file died before it was deleted, or is just at it: makes way for a new
    /// one.
    fn finish_destroying(&self, path: &Path) -> Result<(), Trouble> {
        let file = self.handle.duplicate()?;
        exclusively(&file, || {
            let is_there = std::fs::metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == self.id);
            // He may also have failed to delete it, and taken the mark back.
            if is_there && self.is_destroyed() && std::fs::remove_file(path).is_err() {
                // The directory may not be written to: the file is emptied instead.
                file.set_len(0)?;
            }
            Ok(())
        })
    }

    /// Whether index and counters can be believed: since the machine booted only processes have
    /// died, and this is the file they worked on, not a copy.
    pub fn is_adopted(&self) -> Result<bool, Trouble> {
        let header = self.map.header();
        let matches = header.file_id[0].get() == self.id.1 && header.boot().is(Boot::current()?);
        Ok(matches || self.is_in_use())
    }

    /// Whether the kernel says that another descriptor has a lease on this very file: then processes of this boot work
    /// on it now, whatever the header or a hidden /proc says, and what they rely on must not be made anew under them.
    fn is_in_use(&self) -> bool {
        self.copied_from.is_none() && self.any_fd().is_some_and(is_any_locked)
    }

    /// What a reader of a private copy compares: another process may have put the original right.
    fn adoption(&self) -> [u64; 3] {
        let header = self.map.header();
        {
            let [first, second] = header.boot().words();
            [first, second, header.file_id[0].get()]
        }
    }

    /// Puts a file right that was last used before this boot, or is a copy. Whoever else opens it
    /// waits meanwhile.
    fn adopt(&self) -> Result<(), Trouble> {
        let file = self.handle.duplicate()?;
        exclusively(&file, || if self.is_adopted()? { Ok(()) } else { self.adopt_as(self.id.1) })
    }

    /// The same file in a mapping of its own, which shows `size` bytes.
    fn mapped_again(&self, size: u64) -> Result<Self, Trouble> {
        let map = self.handle.with(|file| Map::new(file.as_fd(), size, self.writable || self.copied_from.is_some()))?;
        self.handle.reach.set(map.length());
        Ok(Self {
            map,
            handle: self.handle.clone(),
            path: self.path.clone(),
            warning: Cell::new(self.warning.take()),
            resting: Cell::new(false),
            ..*self
        })
    }

    /// Whether `destroy()` has put its mark on it.
    pub fn is_destroyed(&self) -> bool {
        self.map.header().flags.get() & DESTROYED != 0
    }

    /// A copy in memory, for a reader who may not put the file itself right.
    fn private_copy(&self) -> Result<Self, Trouble> {
        let source = self.handle.duplicate()?;
        // SAFETY: a new descriptor, owned at once.
        let copy = unsafe {
            use std::os::fd::FromRawFd;
            let fd = libc::memfd_create(c"sync".as_ptr(), libc::MFD_CLOEXEC);
            if fd < 0 {
                return Err(io::Error::last_os_error().into());
            }
            Descriptor::from_raw_fd(fd)
        };
        let size = source.metadata()?.len();
        let mut buffer = vec![0; 1 << 20];
        let mut at = 0;
        while at < size {
            let got = source.read_at(&mut buffer, at)?;
            if got == 0 {
                break;
            }
            if buffer[..got].iter().any(|&byte| byte != 0) {
                size_limit::without_signal(|| copy.write_all_at(&buffer[..got], at))?;
            }
            at += got as u64;
        }
        size_limit::without_signal(|| copy.set_len(size))?;
        let inode = copy.metadata()?.ino();
        let map = Map::new(copy.as_fd(), size, true)?;
        let mut opened = Self::new(map, copy, self.identity, self.id, false, &self.path);
        opened.copied_from = Some(self.adoption());
        opened.while_it_grows(|copy| copy.adopt_as(inode))?;
        Ok(opened)
    }

    /// Whether the file at the path is still the one that is open, as long as it should be, and
    /// (for a private copy) has not been put right by somebody else. One or two system calls.
    pub fn is_still_at(&self, path: &Path) -> bool {
        // Before the look at the file, which may be growing.
        let needs = block_offset(self.blocks());
        let Ok(metadata) = std::fs::metadata(path) else { return false };
        let same = (metadata.dev(), metadata.ino()) == self.id;
        let Some(before) = self.copied_from else { return same && metadata.len() >= needs };
        let mut words = [0; 24];
        same && Descriptor::open(path).is_ok_and(|file| {
            file.read_exact_at(&mut words, 64).is_ok()
                && words.chunks_exact(8).zip(before).all(|(word, old)| word == old.to_le_bytes())
        })
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
            && file.metadata().is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.id)
        {
            self.handle.renew(file);
        }
    }

    /// A descriptor that this process may lock with.
    pub(super) fn writable_fd(&self) -> Result<RawFd, Trouble> {
        if self.copied_from.is_some() || !self.writable {
            return Err(Trouble::NotWritable);
        }
        self.handle.fd()
    }

    /// Any descriptor, for asking.
    pub(super) fn any_fd(&self) -> Option<RawFd> {
        self.handle.fd().ok()
    }

    fn own_fd(&self) -> Result<RawFd, Trouble> {
        if self.copied_from.is_some() { self.handle.fd() } else { self.writable_fd() }
    }

    /// Fails where some access found no file, or the mapping does not show all of it.
    pub fn check_sound(&self) -> Result<(), Trouble> {
        if self.map.is_poisoned() { Err(Trouble::Stale) } else { self.check_reach() }
    }

    /// Makes the file `length` bytes longer than `end`, with memory behind them. (Not through
    /// `fs2`: on a full disk its `allocate` leaves the file extended.)
    pub fn extend(&self, end: u64, length: u64) -> Result<(), Trouble> {
        if end + length > MAX_FILE {
            return Err(Trouble::SizeLimit);
        }
        if end + length > self.map.length() {
            return Err(Trouble::Outgrown(end + length));
        }
        let fd = self.own_fd()?;
        // One that was cut short must not get zeros in place of what it has lost.
        if !self.handle.with(|file| self.is_as_long_as_it_says(file))? {
            return Err(Trouble::Stale);
        }
        crash_point();
        match allocate(fd, 0, end, length) {
            Ok(()) => {
                crash_point();
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
    }

    /// Puts memory behind a range of the file, which stays as long as it is.
    pub fn back(&self, offset: u64, length: u64) -> Result<(), Trouble> {
        crash_point();
        Ok(allocate(self.own_fd()?, libc::FALLOC_FL_KEEP_SIZE, offset, length)?)
    }

    /// Gives the memory behind a range back; it then reads as zeros. Where the file system cannot,
    /// the memory stays.
    pub fn punch(&self, offset: u64, length: u64) {
        if let Ok(fd) = self.own_fd() {
            let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
            // SAFETY: an open descriptor.
            unsafe { libc::fallocate(fd, mode, offset as libc::off_t, length as libc::off_t) };
            crash_point();
        }
    }

    /// Bytes of memory or disk behind the file.
    pub fn allocated(&self) -> Result<u64, Trouble> {
        self.handle.with(|file| Ok(file.metadata()?.blocks() * 512))
    }

    /// Waits until everything written so far is on the disk.
    pub fn sync(&self) -> Result<(), Trouble> {
        // SAFETY: an open descriptor.
        if unsafe { libc::fdatasync(self.own_fd()?) } != 0 {
            return Err(match Trouble::from(io::Error::last_os_error()) {
                Trouble::Io(error) => Trouble::CannotDo("sync", error),
                other => other,
            });
        }
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

fn read_fully(file: &Descriptor, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match file.read_at(&mut buffer[got..], got as u64) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

// ---- opening -----------------------------------------------------------------------------------

/// Opens for writing if that is allowed, else (unless `write` asks for it) for reading.
fn open_descriptor(path: &Path, options: &Options, write: bool) -> Result<Option<(Descriptor, bool)>, Trouble> {
    // O_NONBLOCK: a FIFO or a device in the file's place is refused, not waited for.
    let flags = libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;
    let mut open = OpenOptions::new();
    open.read(true).write(true).mode(options.file_mode).custom_flags(flags);
    let denied = |error: &io::Error| matches!(error.raw_os_error(), Some(libc::EACCES | libc::EPERM | libc::EROFS));
    match open.clone().open(path) {
        Ok(file) => return Ok(Some((file, true))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if !write {
                return Ok(None);
            }
            // Before there is a file that cannot be used.
            let directory = diagnosis::followed(path).parent().map(open_directory);
            if let Some(Ok(directory)) = directory {
                file_system::check(&directory, &options.file_systems)?;
            }
            return match open.create(true).open(path) {
                Ok(file) => Ok(Some((file, true))),
                Err(error) if denied(&error) || error.kind() == io::ErrorKind::NotFound => Err(Trouble::NoDirectory),
                Err(error) => Err(error.into()),
            };
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return if write { Err(Trouble::NoDirectory) } else { Ok(None) };
        }
        Err(error) if denied(&error) && !write => {}
        Err(error) if denied(&error) => {
            // May the file not be written to, or may its directory not even be searched?
            return Err(if path.symlink_metadata().is_ok() { Trouble::NotWritable } else { Trouble::NoDirectory });
        }
        Err(error) => return Err(error.into()),
    }
    match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => Ok(Some((file, false))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(error)),
    }
}

/// A directory, for asking.
fn open_directory(path: &Path) -> io::Result<Descriptor> {
    OpenOptions::new().read(true).custom_flags(libc::O_CLOEXEC | libc::O_PATH).open(path)
}

/// Why it cannot be seen whether there is anything at a path; `None` where it can.
pub fn hidden(path: &Path) -> Option<Trouble> {
    let error = path.metadata().err()?;
    (!matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)).then(|| unreadable(error))
}

/// A file that could not be opened for reading. Where its directory may not be searched, nobody knows whether
/// it is there: that is no empty store.
pub fn unreadable(error: io::Error) -> Trouble {
    if error.kind() == io::ErrorKind::PermissionDenied { Trouble::NotReadable } else { error.into() }
}

/// Turns an empty file into an empty store: one `pwrite` of a page, under `flock`, so that a crash
/// leaves either an empty file or a valid one.
fn create(file: &Descriptor, inode: u64) -> Result<(), Trouble> {
    exclusively(file, || {
        if file.metadata()?.len() == 0 {
            let page = fresh_page(inode)?;
            crash_point();
            if let Err(error) = size_limit::without_signal(|| file.write_all_at(&page[..], 0)) {
                let _ = file.set_len(0);
                return Err(error.into());
            }
            crash_point();
        }
        Ok(())
    })
}

/// The header page of a new store, ready for use on this machine.
pub fn fresh_page(inode: u64) -> Result<Box<[u8; PAGE as usize]>, Trouble> {
    let identity = Identity { store_id: random() | 1, hash_seed: random() };
    // Positions start anywhere, so that a file deleted and made anew never looks unchanged.
    let start = (random() >> 17 | 1 << 32) & !7;
    Ok(new_page(identity, start, Boot::current()?, inode))
}

/// Runs `action` under the file's exclusive `flock`.
pub fn exclusively<T>(file: &Descriptor, action: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    // Called in full: since Rust 1.89 `File` has methods of the same names.
    fs2::FileExt::lock_exclusive(file)?;
    let result = action();
    let _ = fs2::FileExt::unlock(file);
    result
}

/// Whether the file looks like one of the pure-PHP class: a serialized stdClass (1.x) or
/// StoredEntity (2.x).
pub fn is_legacy(start: &[u8]) -> bool {
    let start = &start[..start.len().min(64)];
    start.starts_with(b"O:8:\"stdClass\":")
        || start.starts_with(b"O:46:\"Fuz\\Component\\SharedMemory\\Entity\\StoredEntity\":")
}

thread_local! {
    /// What [`draw_identities_from`] set.
    static SEED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Lets the identities and first positions of the stores that this thread makes follow from a
/// number instead of coming from the system: a test whose cases are to be the same each time.
#[doc(hidden)]
pub fn draw_identities_from(seed: u64) {
    SEED.set(Some(seed));
}

fn random() -> u64 {
    if let Some(seed) = SEED.get() {
        let next = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        SEED.set(Some(next));
        return (next ^ next >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    let mut bytes = [0; 8];
    // SAFETY: eight bytes of room. Eight bytes are never delivered in part.
    if unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), 8, 0) } == 8 {
        return u64::from_ne_bytes(bytes);
    }
    // No getrandom (a very strict sandbox): still different from store to store.
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
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

fn registered(id: (u64, u64)) -> Option<Rc<File>> {
    close_destroyed();
    REGISTRY.with_borrow_mut(|files| {
        let at = files.iter().position(|file| file.id == id && file.still_good())?;
        // The most recently used is last.
        let file = files.remove(at);
        files.push(file.clone());
        Some(file)
    })
}

fn register(file: &Rc<File>) {
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
pub fn reach(file: &mut Rc<File>, size: u64) -> Result<(), Trouble> {
    // A header may tell of anything.
    if file.told_length().max(size) > MAX_FILE || file.told_length() > file.handle.length()? {
        file.map.poison();
        return Err(Trouble::Stale);
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
static DESCRIPTORS: Slots<AtomicI32> = Slots::new();

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
    super::Store::paths_have_changed();
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
