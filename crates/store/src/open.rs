//! Opening a file, making one, and removing one.

use super::adopt::Unadopted;
use super::byte_lock::while_beginning;
use super::clock::now;
use super::diagnosis;
use super::error::Failure;
use super::file::File;
use super::file_system;
use super::format::PAGE;
use super::header::{DESTROYED, Identity, NewStore, UncheckedHeader};
use super::inode::{Inode, Mark, Status};
use super::legacy::is_legacy;
use super::lock::WriteGuard;
use super::machine::{Boot, random};
use super::map::Map;
use super::options::Options;
use super::registry::{register, registered};
use super::sigbus;
use super::size_limit;
use super::torture::{crash_point, synced};
use rustix::fs::{AtFlags, CWD, OFlags, fcntl_getfl, fcntl_setfl, fdatasync, linkat};
use rustix::io::Errno;
use std::fs::{File as Descriptor, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// O_NONBLOCK: a FIFO or a device in the file's place is refused, not waited for.
const FLAGS: i32 = libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;

/// How often an opening starts over, as the file was changed meanwhile; the last of them pause.
const OPENINGS: u32 = 20;
const OPENING_PAUSE: Duration = Duration::from_micros(200);

/// The outcome of opening a path.
enum Opened {
    /// The descriptor, and whether it may be written to.
    File(Descriptor, bool),
    Missing,
    /// Something else has just come to lie there: open it again.
    Again,
}

impl File {
    /// Opens the file at `path`. `None`: it is empty, or (`write` false) missing.
    /// With `write` a missing or empty file becomes an empty store.
    pub fn open(path: &Path, options: &Options, write: bool) -> Result<Option<Rc<Self>>, Failure> {
        // Others that are open are looked at, too.
        sigbus::stand_ready_at_times();
        for attempt in 0..OPENINGS {
            if attempt > OPENINGS / 4 {
                std::thread::sleep(OPENING_PAUSE);
            }
            let (file, writable) = match open_descriptor(path, options, write)? {
                Opened::File(file, writable) => (file, writable),
                Opened::Again => continue,
                Opened::Missing if !write => return Ok(None),
                Opened::Missing => {
                    create(path, options)?;
                    continue;
                }
            };
            let status = Status::of(&file)?;
            if !status.is_file {
                return Err(Failure::Damaged("it is not a regular file".into()));
            }
            let known = registered(status.inode);
            // Also where this thread has it open: another list may have allowed that.
            if !known.as_ref().is_some_and(|known| known.is_allowed_by(&options.file_systems)) {
                file_system::check(&file, &options.file_systems)?;
            }
            if let Some(known) = known
                && is_usable(&known, &file, &status, writable)?
            {
                known.set_allowed_by(&options.file_systems);
                known.renew(file);
                return Ok(Some(known));
            }
            if status.size == 0 {
                if !write {
                    return Ok(None);
                }
                begin(&file, status.inode)?;
                continue;
            }
            let Some(mut opened) = map_file(path, file, status, writable)? else { continue };
            if !opened.is_destroyed() {
                match opened.adopt() {
                    // It has grown since it was mapped: map more of it. Or somebody else is putting it right.
                    Err(Failure::Outgrown(_) | Failure::Stale) => continue,
                    other => {
                        let opened = other?;
                        opened.set_read_only(options.read_only);
                        opened.set_allowed_by(&options.file_systems);
                        return Ok(Some(register(opened)));
                    }
                }
            }
            if !write {
                return Ok(None);
            }
            opened.finish_destroying(path)?;
        }
        // Somebody empties it, cuts it short or destroys it all the time.
        Err(Failure::Busy)
    }

    /// Opens a file that is not a store yet, with the header of an empty one in memory.
    /// The mapping shows `size` bytes of it.
    pub fn draft(path: &Path, file: &Descriptor, size: u64) -> Result<Self, Failure> {
        let status = Status::of(file)?;
        let page = fresh_page(Mark::of(file, status.inode))?;
        let identity = UncheckedHeader(page.clone()).check().map_err(Failure::Damaged)?;
        let map = Map::new(file.as_fd(), size.max(status.size), true)?.with_draft(&page);
        let draft = Self::new(map, file.try_clone()?, identity, status.inode, true, path);
        draft.set_incarnation(draft.map.header().incarnation.get());
        Ok(draft)
    }
}

/// Whether a store that opens a file may use the one that this thread has open already.
fn is_usable(known: &File, file: &Descriptor, status: &Status, writable: bool) -> Result<bool, Failure> {
    if known.writable != writable || !known.still_good() {
        return Ok(false);
    }
    // It may have grown since it was asked for its size.
    Ok(known.told_length() <= status.size || known.is_as_long_as_it_says(file)?)
}

/// Maps a file that is not empty. `None`: it has just been cut short, or overwritten.
fn map_file(path: &Path, file: Descriptor, status: Status, writable: bool) -> Result<Option<Unadopted>, Failure> {
    let mut page = Box::new([0; PAGE as usize]);
    let got = read_fully(&file, &mut page[..])?;
    let unchecked = UncheckedHeader(page);
    if got < PAGE as usize || unchecked.check().is_err() {
        if is_legacy(&unchecked.0[..got]) {
            return Err(Failure::Legacy);
        }
        if got == 0 {
            return Ok(None);
        }
    }
    if got < PAGE as usize {
        return Err(Failure::Damaged(format!("it is only {got} bytes long")));
    }
    let identity = unchecked.check().map_err(Failure::Damaged)?;
    let map = Map::new(file.as_fd(), file.metadata()?.len(), writable)?;
    let why = map.header().check_layout(identity, || Ok(file.metadata()?.len()))?;
    let mark = Mark::of(&file, status.inode);
    let opened = File::new(map, file, identity, status.inode, writable, path);
    opened.set_incarnation(opened.map.header().incarnation.get());
    if !opened.is_destroyed() && !opened.still_good() {
        return Ok(None);
    }
    if let Some(why) = &why
        && opened.map.header().missing(opened.length()?).is_err()
    {
        return Err(Failure::Damaged(why.clone()));
    }
    Unadopted::new(opened, mark, status, why).map(Some)
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

fn is_denied(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EACCES | libc::EPERM | libc::EROFS))
}

/// Opens for writing if that is allowed, else (unless `write` asks for it) for reading.
fn open_descriptor(path: &Path, options: &Options, write: bool) -> Result<Opened, Failure> {
    if options.read_only {
        return if write { Err(Failure::NotWritable) } else { open_to_read(path) };
    }
    match OpenOptions::new().read(true).write(true).custom_flags(FLAGS).open(path) {
        Ok(file) => return Ok(Opened::File(file, true)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Opened::Missing),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return if write { Err(Failure::NoDirectory) } else { Ok(Opened::Missing) };
        }
        Err(error) if is_denied(&error) && !write => {}
        Err(error) if is_denied(&error) => {
            // May the file not be written to, or may its directory not even be searched?
            return Err(if path.symlink_metadata().is_ok() { Failure::NotWritable } else { Failure::NoDirectory });
        }
        Err(error) => return Err(error.into()),
    }
    open_to_read(path)
}

fn open_to_read(path: &Path) -> Result<Opened, Failure> {
    // overlayfs: what is opened to read stays the lower file, though it be copied up in the next moment, and its
    // descriptor tells of the new one then.
    let before = Status::at(path).ok();
    match OpenOptions::new().read(true).custom_flags(FLAGS).open(path) {
        Ok(file) => {
            let same = before.is_some_and(|before| Status::of(&file).is_ok_and(|now| now.inode == before.inode));
            Ok(if same { Opened::File(file, false) } else { Opened::Again })
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Opened::Missing)
        }
        Err(error) => Err(Failure::unreadable(error)),
    }
}

// ---- making a store ------------------------------------------------------------------------------

/// Makes a store where there is no file, unless somebody else is faster. It has its name when it is whole: nobody
/// ever sees half of one, and nobody waits.
fn create(path: &Path, options: &Options) -> Result<(), Failure> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut open = OpenOptions::new();
    open.read(true).write(true).mode(options.file_mode).custom_flags(libc::O_TMPFILE | libc::O_CLOEXEC);
    // Where the file system has no files without a name, or something is wrong with the directory: that is
    // found out below, too.
    let Ok(file) = open.open(directory) else { return create_by_name(path, options) };
    file_system::check(&file, &options.file_systems)?;
    let page = fresh_page(Mark::of(&file, Status::of(&file)?.inode))?;
    size_limit::without_signal(|| file.write_all_at(&page[..], 0))?;
    sync(&file)?;
    crash_point();
    match link(&file, path) {
        Ok(()) => {
            crash_point();
            Ok(())
        }
        // A symbolic link that leads nowhere is no file.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.exists() => Ok(()),
        Err(_) => create_by_name(path, options),
    }
}

/// Waits until the first page of a new file is on the disk, whatever the durability: a file system may put a new length there long before the
/// bytes, and a file that has a length without a header is no store to anybody after a loss of power.
fn sync(file: &Descriptor) -> io::Result<()> {
    match fdatasync(file) {
        // A file system that has nothing to do for it.
        Err(Errno::INVAL) => {}
        done => done?,
    }
    synced();
    Ok(())
}

/// Gives a file without a name one.
fn link(file: &Descriptor, path: &Path) -> io::Result<()> {
    match linkat(file, c"", CWD, path, AtFlags::EMPTY_PATH) {
        // Before Linux 6.10 that is root's.
        Err(error) if error != Errno::EXIST => {
            let old = format!("/proc/self/fd/{}", file.as_raw_fd());
            Ok(linkat(CWD, old, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
        }
        other => Ok(other?),
    }
}

/// As [`create`], by way of an empty file, which is an empty store to all others.
fn create_by_name(path: &Path, options: &Options) -> Result<(), Failure> {
    // Before there is a file that cannot be used.
    let directory = OpenOptions::new().read(true).custom_flags(libc::O_CLOEXEC | libc::O_PATH).clone();
    if let Some(Ok(directory)) = diagnosis::followed(path).parent().map(|parent| directory.open(parent)) {
        file_system::check(&directory, &options.file_systems)?;
    }
    let mut open = OpenOptions::new();
    open.read(true).write(true).create(true).mode(options.file_mode).custom_flags(FLAGS);
    let file = match open.open(path) {
        Ok(file) => file,
        Err(error) if is_denied(&error) || error.kind() == io::ErrorKind::NotFound => return Err(Failure::NoDirectory),
        Err(error) => return Err(error.into()),
    };
    let status = Status::of(&file)?;
    if status.is_file && status.size == 0 { begin(&file, status.inode) } else { Ok(()) }
}

/// Makes an empty file a store: one write of a page, behind whatever is in the file by then. The kernel lets
/// one such write end before the next begins, so of several processes the first one's page is the header, and
/// the others' are in nobody's way. A crash leaves an empty file or a valid one.
///
/// One at a time all the same, with those that have just lengthened a file that had been emptied: the page would come behind their
/// zeros ([`File::extend`]).
fn begin(file: &Descriptor, inode: Inode) -> Result<(), Failure> {
    while_beginning(file.as_raw_fd(), |_| match file.metadata()?.len() {
        0 => begin_empty(file, inode),
        _ => Ok(()),
    })
}

fn begin_empty(file: &Descriptor, inode: Inode) -> Result<(), Failure> {
    let page = fresh_page(Mark::of(file, inode))?;
    crash_point();
    append_only(file, true)?;
    let written = size_limit::without_signal(|| file.write_all_at(&page[..], 0));
    append_only(file, false)?;
    crash_point();
    if let Err(error) = written.and_then(|()| sync(file)) {
        if file.metadata().is_ok_and(|metadata| metadata.len() < PAGE) {
            let _ = file.set_len(0);
        }
        return Err(error.into());
    }
    Ok(())
}

/// Lets writes go to the end of the file, wherever they ask to go.
fn append_only(file: &Descriptor, append: bool) -> io::Result<()> {
    let mut flags = fcntl_getfl(file)?;
    flags.set(OFlags::APPEND, append);
    Ok(fcntl_setfl(file, flags)?)
}

/// The header page of a new store, ready for use on this machine.
fn fresh_page(mark: Mark) -> Result<Box<[u8; PAGE as usize]>, Failure> {
    let store = NewStore {
        identity: Identity { store_id: random() | 1, hash_seed: random() },
        // Positions start anywhere, so that a file deleted and made anew never looks unchanged.
        start: (random() >> 17 | 1 << 32) & !7,
        incarnation: random() | 1,
        boot: Boot::current()?,
        mark,
        touched: now(),
    };
    Ok(store.page())
}

impl File {
    /// Takes back that this process has made a file longer which somebody had emptied in that moment: zeros would stand where a store
    /// begins, for good.
    #[cold]
    pub fn empty_again(&self) {
        let Ok(file) = self.duplicate() else { return };
        while_beginning(file.as_raw_fd(), |is_alone| {
            let mut page = [1; PAGE as usize];
            let got = file.read_at(&mut page, 0).unwrap_or(0);
            // (In the place of what was there somebody may have begun another store.)
            if is_alone && got > 0 && page.iter().all(|&byte| byte == 0) {
                let _ = file.set_len(0);
            }
        });
    }
}

// ---- removing one --------------------------------------------------------------------------------

impl File {
    /// Removes the file. The tombstone comes first: nobody writes into a file that is about to go. All under
    /// the write lock, so that a process that finds the tombstone can tell whether the one that is at it lives.
    pub fn destroy(&self, owner: &WriteGuard, path: &Path) -> Result<(), Failure> {
        if !self.is_still_at(path) {
            return Err(Failure::Stale);
        }
        let name = self.real_name(path).ok_or(Failure::Stale)?;
        let header = self.map.header();
        let flags = header.flags.get();
        self.watching().change_all();
        header.flags.set(flags | DESTROYED);
        // Readers look, too.
        owner.move_end(8);
        crash_point();
        if let Err(error) = std::fs::remove_file(&name)
            && error.kind() != io::ErrorKind::NotFound
        {
            // The end of the log stays where it is now: it never goes back.
            header.flags.set(flags);
            header.indexed.store(owner.end(), Ordering::Release);
            return Err(match error.kind() {
                io::ErrorKind::PermissionDenied => Failure::NoDirectory,
                _ => Failure::CannotDo("remove", error),
            });
        }
        crash_point();
        owner.end_hold();
        // Or the file would be back after a power loss.
        if owner.is_durable() { self.sync_directory() } else { Ok(()) }
    }

    /// Makes way for a new file where one was destroyed that is still there: the process that was at it has died, or could not
    /// delete it. [`Failure::Busy`] while that is not certain.
    pub fn finish_destroying(&mut self, mark: Mark, path: &Path) -> Result<(), Failure> {
        let header = self.map.header();
        let is_ours = !header.boot().is_not(Boot::current()?) && !header.mark().is_not(mark);
        self.under_claim(|file| {
            // The lock's owner may be about to delete it, or to take the mark back. (Unless it is one of another boot,
            // or of the file that this one is a copy of.)
            if is_ours && file.is_owned() {
                std::thread::sleep(std::time::Duration::from_millis(1));
                return Err(Failure::Busy);
            }
            if file.is_destroyed()
                && let Some(name) = file.real_name(path)
                && std::fs::remove_file(&name).is_err()
            {
                // The directory may not be written to: the file is emptied instead.
                file.duplicate()?.set_len(0)?;
            }
            Ok(())
        })
    }

    /// The file's own name, where `path` leads to it through symbolic links: removing these would leave it.
    /// `None`: the path leads elsewhere.
    fn real_name(&self, path: &Path) -> Option<PathBuf> {
        let is_ours = |name: &PathBuf| Status::of_link(name).is_ok_and(|status| status.inode == self.id);
        let name = path.to_owned();
        if is_ours(&name) {
            // No link: the usual case, in one system call.
            return Some(name);
        }
        let target = OpenOptions::new().read(true).custom_flags(libc::O_PATH | libc::O_CLOEXEC).open(path).ok()?;
        let by_kernel = std::fs::read_link(format!("/proc/self/fd/{}", target.as_raw_fd())).ok();
        // Where there is no /proc, or it names the file in a way that does not lead there from here.
        by_kernel.filter(is_ours).or_else(|| std::fs::canonicalize(path).ok().filter(is_ours))
    }
}
