//! One open file: its mapping and its descriptor, and questions that its header answers alone.

use super::byte_lock::is_in_use;
use super::clock::{now, tick};
use super::error::Failure;
use super::file_system::FileSystems;
use super::format::{MAGIC, MAX_FILE, PAGE, page_of, page_offset};
use super::header::{DESTROYED, HELD, Identity, State};
use super::inode::{Inode, Status};
use super::map::Map;
use super::notes::Which;
use super::opening::{Due, EndedLock, Opening, PlaceInLine};
use super::sigbus;
use super::size_limit;
use super::torture::{crash_point, disk_fails, synced, synced_name};
use super::watching::Watching;
use rustix::fs::{FallocateFlags, SeekFrom, fallocate, fdatasync, seek, syncfs};
use rustix::io::Errno;
use std::cell::{Cell, RefCell};
use std::fs::{File as Descriptor, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::fs::{FileExt as _, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use sync_fork::fork_generation;

/// A store's file, open and mapped in this thread.
pub struct File {
    pub map: Map,
    opening: Rc<Opening>,
    pub identity: Identity,
    /// Whether this user may write to it.
    pub writable: bool,
    /// The file itself, whatever its path.
    pub id: Inode,
    /// The path it was opened by.
    path: PathBuf,
    /// A note of what a check after a boot or a copy had to drop; told once.
    pub warning: Cell<Option<String>>,
    /// The log's end after this thread has compacted all for want of space, and found nothing more to do.
    pub compacted: Cell<u64>,
    /// When items in consumption could not go back to their lists the last time, as a tick of the clock, and how many.
    pub stuck: Cell<(u64, usize)>,
    /// When this thread looked last whether all consumers live, as a tick of the clock.
    looked_after: Cell<u64>,
    /// Bytes of records of values that expire which this thread has written since it last looked for what has expired, and when
    /// that was, as a tick of the clock.
    pub expiring: Cell<u64>,
    pub expired: Cell<u64>,
    /// For a private copy: what it is one of.
    copied_from: Option<Rc<Original>>,
    /// Whether a reader of this thread looks at it while the lock has no living owner (see `read/stillness.rs`).
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

impl Drop for File {
    fn drop(&mut self) {
        if Rc::strong_count(&self.opening) == 1 {
            self.release_lease();
        }
    }
}

/// How often a file may outgrow its mapping while it is opened: each time there is room for some times more.
const GROWTHS: usize = 16;

impl File {
    /// Whether a store that opens its path now may use it.
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

    /// A file that was mapped and whose header was checked. (Six parameters: each is a field, and one place calls this.)
    pub fn new(map: Map, file: Descriptor, identity: Identity, id: Inode, writable: bool, path: &Path) -> Self {
        let opening = Opening::new(file);
        opening.reach.set(map.length());
        let path = path.to_owned();
        Self {
            map,
            opening,
            identity,
            writable,
            id,
            path,
            warning: Cell::new(None),
            compacted: Cell::new(0),
            stuck: Cell::new((0, 0)),
            looked_after: Cell::new(0),
            expiring: Cell::new(0),
            expired: Cell::new(0),
            copied_from: None,
            resting: Cell::new(false),
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

    /// Lets its mapping show `size` bytes.
    pub fn grow_mapping(&mut self, size: u64) -> Result<(), Failure> {
        self.map.grow(size)?;
        self.opening.reach.set(self.map.length());
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
        self.opening.duplicate()
    }

    /// In a child: this is its descriptor.
    pub fn renew(&self, file: Descriptor) {
        self.opening.renew(file);
    }

    /// Whether its file system is one of these, as was found when it was opened. (What it is does not change.)
    pub fn is_allowed_by(&self, file_systems: &FileSystems) -> bool {
        self.opening.allowed_by.borrow().as_ref() == Some(file_systems)
    }

    /// Its file system is one of these.
    pub fn set_allowed_by(&self, file_systems: &FileSystems) {
        self.opening.allowed_by.replace(Some(file_systems.clone()));
    }

    /// Whether it was opened for a store that only reads: to others it is open no farther than that by choice.
    pub fn is_read_only(&self) -> bool {
        self.opening.read_only.get()
    }

    /// It was opened for such a store.
    pub fn set_read_only(&self, read_only: bool) {
        self.opening.read_only.set(read_only);
    }

    /// The incarnation of the file that is open; see [`Header::incarnation`].
    #[inline]
    pub fn incarnation(&self) -> u64 {
        self.opening.incarnation.get()
    }

    pub fn set_incarnation(&self, incarnation: u64) {
        self.opening.incarnation.set(incarnation);
    }

    /// The farthest end of the log that this thread has seen.
    #[inline]
    pub fn seen(&self) -> u64 {
        self.opening.seen.get()
    }

    /// Notes the log's end.
    #[inline]
    pub fn see(&self, end: u64) {
        // A model begins again and again with the file as it was.
        if !cfg!(feature = "loom") {
            self.opening.seen.set(end);
        }
    }

    /// The thread's knowledge of those who wait for a change.
    #[inline]
    pub fn watching(&self) -> &Watching {
        &self.opening.watching
    }

    /// The file that notes about its names are about.
    pub fn which(&self) -> Which {
        let Identity { store_id, hash_seed } = self.identity;
        Which { store_id, hash_seed, incarnation: self.incarnation() }
    }

    /// Whether the log ends before what this thread has seen of it: the file has older content than it had.
    pub fn has_gone_back(&self) -> bool {
        self.map.header().commit.load(Ordering::Acquire) & !HELD < self.seen()
    }

    /// Whether anything is due before the next write.
    #[inline]
    pub fn is_anything_due(&self) -> bool {
        self.opening.due.get() != 0
    }

    pub fn is_due(&self, what: Due) -> bool {
        self.opening.due.get() & what as u8 != 0
    }

    pub fn set_due(&self, what: Due) {
        self.opening.due.set(self.opening.due.get() | what as u8);
    }

    pub fn set_done(&self, what: Due) {
        self.opening.due.set(self.opening.due.get() & !(what as u8));
    }

    /// For how long the file is seen to have gone back.
    pub fn gone_back_for(&self) -> Duration {
        let since = self.opening.gone_back.get().unwrap_or_else(Instant::now);
        self.opening.gone_back.set(Some(since));
        since.elapsed()
    }

    /// Whether the file was changed, as its times tell, since this was asked last.
    pub fn is_changed_since_last(&self, status: &Status) -> bool {
        self.opening.modified.replace(status.modified) != status.modified
    }

    /// The kernel's word on the file.
    pub fn status(&self) -> Result<Status, Failure> {
        self.opening.with(|file| Ok(Status::of(file)?))
    }

    /// This thread's place in line for the hold.
    pub fn place_note(&self) -> &Cell<Option<PlaceInLine>> {
        &self.opening.place
    }

    /// The named locks that have ended, and of which the file is not told yet.
    pub fn ended_locks(&self) -> &RefCell<Vec<EndedLock>> {
        &self.opening.ended_locks
    }

    /// Whether it is time to look whether all consumers live: once in a tick of the clock.
    pub fn is_due_to_look(&self) -> bool {
        let now = tick();
        self.looked_after.replace(now) != now
    }

    /// A hold that is over and could not be ended.
    pub fn over(&self) -> &Cell<u64> {
        &self.opening.over
    }

    /// Tells this opening of the file from all others of this process, the same file's as well.
    #[inline]
    pub fn life(&self) -> u64 {
        self.opening.life
    }

    /// The same file in a mapping of its own, which shows `size` bytes.
    pub fn mapped_again(&self, size: u64) -> Result<Self, Failure> {
        let map =
            self.opening.with(|file| Map::new(file.as_fd(), size, self.writable || self.copied_from.is_some()))?;
        self.opening.reach.set(map.length());
        Ok(Self {
            map,
            opening: self.opening.clone(),
            path: self.path.clone(),
            warning: Cell::new(self.warning.take()),
            compacted: Cell::new(0),
            stuck: Cell::new((0, 0)),
            looked_after: Cell::new(0),
            expiring: Cell::new(0),
            expired: Cell::new(0),
            resting: Cell::new(false),
            copied_from: self.copied_from.clone(),
            ..*self
        })
    }

    /// Whether both are one opening, in two mappings perhaps.
    pub fn shares_opening_with(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.opening, &other.opening)
    }

    /// Whether no other mapping of this opening is longer.
    pub fn is_longest_mapping(&self) -> bool {
        self.map.length() == self.opening.reach.get()
    }

    /// The path it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether some store has asked for durability ([`super::Durability::Commit`]).
    #[inline]
    pub fn is_durable(&self) -> bool {
        self.map.header().is_durable()
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
        let look = || Status::at(path).ok().filter(|status| status.inode == self.id);
        let status = look()?;
        let good = match &self.copied_from {
            Some(original) => original.stands_still(&status),
            None => {
                self.has_what_it_says(status.size) || {
                    // It may have grown between the two looks. Else it was cut short: as somebody may have taken the signal, that
                    // is seen to before anything more of it is touched.
                    let has_grown = look().is_some_and(|status| self.has_what_it_says(status.size));
                    if !has_grown {
                        sigbus::stand_ready();
                    }
                    has_grown
                }
            }
        };
        good.then_some(status)
    }

    /// Whether a file of `size` bytes has all that its header, if it has one, tells of.
    fn has_what_it_says(&self, size: u64) -> bool {
        // In this order: where the header page is gone, touching it raises SIGBUS.
        size >= PAGE && size >= page_offset(self.pages())
    }

    /// The lease that this thread, of this process, has on the file.
    #[inline]
    pub fn my_lease(&self) -> Option<u32> {
        self.opening.lease.get().filter(|(_, generation)| *generation == fork_generation()).map(|(lease, _)| lease)
    }

    /// Notes that this thread has a lease.
    pub fn set_lease(&self, lease: Option<u32>) {
        self.opening.lease.set(lease.map(|lease| (lease, fork_generation())));
    }

    /// Closes the descriptor.
    pub(super) fn close(&self) {
        self.opening.close();
    }

    /// In a child, the parent's description must not be shared: its locks are the parent's, and the child's
    /// handler has closed it already. Opens the file anew by a path that means it.
    pub fn reopen(&self, path: &Path) {
        if self.copied_from.is_some() || self.opening.fd().is_ok() {
            return;
        }
        let flags = libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;
        // Where that cannot be, because of a limit, say, reading goes on without; an operation that needs the descriptor fails with the reason.
        if let Ok(file) = OpenOptions::new().read(true).write(self.writable).custom_flags(flags).open(path)
            && Status::of(&file).is_ok_and(|status| status.inode == self.id)
        {
            self.opening.renew(file);
        }
    }

    /// A descriptor that this process may lock with.
    pub(super) fn writable_fd(&self) -> Result<RawFd, Failure> {
        if self.copied_from.is_some() || !self.writable {
            return Err(Failure::NotWritable);
        }
        self.opening.fd()
    }

    /// Any descriptor, for asking.
    pub(super) fn any_fd(&self) -> Option<RawFd> {
        self.opening.fd().ok()
    }

    /// Does something with a descriptor that the file can be changed by.
    fn with_own<T>(&self, action: impl FnOnce(&Descriptor) -> Result<T, Failure>) -> Result<T, Failure> {
        if self.writable || self.copied_from.is_some() { self.opening.with(action) } else { Err(Failure::NotWritable) }
    }

    /// Fails where some access found no file, or the mapping does not show all of it.
    pub fn check_sound(&self) -> Result<(), Failure> {
        if self.map.is_poisoned() { Err(Failure::Stale) } else { self.check_reach() }
    }

    /// As [`File::check_sound`]; also where no access found that something is missing. A system call.
    pub fn check_long(&self) -> Result<(), Failure> {
        if self.opening.with(|file| self.is_as_long_as_it_says(file))? {
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
        // One that was cut short must not get zeros in place of what it has lost.
        if !self.with_own(|file| self.is_as_long_as_it_says(file))? {
            return Err(Failure::Stale);
        }
        crash_point();
        let allocated = self.with_own(|file| Ok(allocate(file, FallocateFlags::empty(), end, length)?));
        if allocated.is_ok() {
            crash_point();
            // (Of a file that is being adopted the header is not this opening's yet.)
            if self.map.header().magic.get() != MAGIC {
                self.empty_again();
                return Err(Failure::Stale);
            }
            self.touch();
        } else {
            self.cut_behind(end);
        }
        allocated
    }

    /// Where, from `offset` on, the file has anything; the offset itself where nobody knows.
    pub fn next_data(&self, offset: u64) -> u64 {
        // (Nothing uses the descriptor's position, which this moves.)
        match self.with_own(|file| Ok(seek(file, SeekFrom::Data(offset)))) {
            Ok(Ok(at)) => at,
            Ok(Err(Errno::NXIO)) => u64::MAX,
            _ => offset,
        }
    }

    /// Gives back what the file has behind `end`; nothing refers to it.
    pub fn cut_behind(&self, end: u64) {
        let _ = self.opening.with(|file| {
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
        self.with_own(|file| Ok(allocate(file, FallocateFlags::KEEP_SIZE, offset, length)?))?;
        self.touch();
        Ok(())
    }

    /// Gives the memory behind a range back; it then reads as zeros. Where the file system cannot,
    /// the memory stays.
    pub fn punch(&self, offset: u64, length: u64) {
        let mode = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let punched = self.with_own(|file| {
            let _ = fallocate(file, mode, offset, length);
            Ok(())
        });
        if punched.is_ok() {
            crash_point();
            self.touch();
        }
    }

    /// How long the file is.
    pub fn length(&self) -> Result<u64, Failure> {
        self.opening.length()
    }

    /// Whether no name leads to the file any more.
    pub fn is_deleted(&self) -> bool {
        self.opening.with(|file| Ok(file.metadata()?.nlink() == 0)).unwrap_or(false)
    }

    /// Bytes of memory or disk behind the file.
    pub fn allocated(&self) -> Result<u64, Failure> {
        self.opening.with(|file| Ok(file.metadata()?.blocks() * 512))
    }

    /// Waits until everything written so far is on the disk.
    pub fn sync(&self) -> Result<(), Failure> {
        let done = self.with_own(|file| match sync_data(file).map_err(|error| Failure::from(io::Error::from(error))) {
            Err(Failure::Io(error)) => Err(Failure::CannotDo("sync", error)),
            other => other,
        });
        // (It may have taken long, and the next store to a page that it has written changes the file's times.)
        self.touch();
        done?;
        synced();
        Ok(())
    }

    /// Waits until the name of the file is on the disk, or that it has none any more: without it, a power loss takes the
    /// file with all that was synced. Where its directory may not be opened, that is all of the file system.
    pub fn sync_directory(&self) -> Result<(), Failure> {
        let file = self.with_own(|file| Ok(file.try_clone()?))?;
        let fd = file.as_raw_fd();
        let name = std::fs::read_link(format!("/proc/self/fd/{fd}")).or_else(|_| std::fs::canonicalize(&self.path));
        let directory = name.ok().and_then(|name| Descriptor::open(name.parent()?).ok());
        let result = match directory {
            Some(directory) => directory.sync_all(),
            None => syncfs(&file).map_err(io::Error::from),
        };
        match result {
            // A file system that has nothing to do for it.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
            result => result.map_err(|error| Failure::CannotDo("sync", error))?,
        }
        synced_name();
        Ok(())
    }

    /// How many pages there are: never more than fit the mapping. (Where there are more,
    /// [`File::check_reach`] says so.)
    #[inline]
    pub fn pages(&self) -> u64 {
        // (There is a header page, whatever that says.)
        self.map.header().pages.load(Ordering::Acquire).clamp(1, self.pages_that_fit())
    }

    #[inline]
    pub fn pages_that_fit(&self) -> u64 {
        page_of(self.map.length())
    }

    /// Fails where the file has grown beyond the mapping: what has been read since, whatever that says, may
    /// lack what lies there. (A page is counted before anything refers to it.)
    #[inline]
    pub fn check_reach(&self) -> Result<(), Failure> {
        if self.shows_all() { Ok(()) } else { Err(self.outgrown()) }
    }

    /// Whether the mapping shows all of the file, as its header tells of it.
    #[inline]
    pub fn shows_all(&self) -> bool {
        self.map.header().pages.load(Ordering::Acquire) <= self.pages_that_fit()
    }

    #[cold]
    fn outgrown(&self) -> Failure {
        Failure::Outgrown(self.told_length())
    }

    /// How long the file is at least, as its header tells. (While a file is imported, its header is somewhere
    /// else.)
    pub fn told_length(&self) -> u64 {
        if self.map.is_draft() { 0 } else { self.map.header().pages.load(Ordering::Acquire).saturating_mul(PAGE) }
    }

    /// Whether the mapping still shows the store that was opened, and all of it.
    #[inline(always)]
    pub fn check_ours(&self) -> Result<(), Failure> {
        if self.shows_our_header() && self.shows_all() && !self.map.is_poisoned() {
            Ok(())
        } else {
            Err(self.not_ours())
        }
    }

    #[cold]
    fn not_ours(&self) -> Failure {
        let is_ours = self.shows_our_header() && !self.map.is_poisoned();
        self.check_reach().err().filter(|_| is_ours).unwrap_or(Failure::Stale)
    }

    #[inline]
    pub fn shows_our_header(&self) -> bool {
        let header = self.map.header();
        header.flags.get() & DESTROYED == 0
            && header.magic.get() == MAGIC
            && header.page_end.get() == MAGIC
            && header.store_id.get() == self.identity.store_id
            && header.incarnation.get() == self.incarnation()
    }

    /// Notes that the store is about to change the file's times, or has just done so.
    pub fn touch(&self) {
        let touched = &self.map.header().touched;
        let (before, now) = (touched.get(), now());
        // Nothing is noted in what somebody else has put in its place.
        if now > before && self.shows_our_header() {
            // Unless the word comes from somebody else since: that is not to be lost.
            let _ = touched.compare_exchange(before, now);
        }
    }
}

/// Waits until the content of a file is on the disk.
fn sync_data(file: &Descriptor) -> rustix::io::Result<()> {
    if disk_fails() { Err(Errno::IO) } else { fdatasync(file) }
}

/// Puts memory behind a range, which may make the file longer, as `mode` says.
fn allocate(file: &Descriptor, mode: FallocateFlags, offset: u64, length: u64) -> io::Result<()> {
    in_pieces(offset, length, |at, piece| size_limit::without_signal(|| allocate_at_once(file, mode, at, piece)))
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

fn allocate_at_once(file: &Descriptor, mode: FallocateFlags, offset: u64, length: u64) -> io::Result<()> {
    match fallocate(file, mode, offset, length) {
        Err(Errno::OPNOTSUPP) => {}
        other => return Ok(other?),
    }
    // The file system has no fallocate: glibc's posix_fallocate writes to every page.
    // SAFETY: `file` keeps the descriptor open; no memory is touched.
    match unsafe { libc::posix_fallocate(file.as_raw_fd(), offset as libc::off_t, length as libc::off_t) } {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
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
