//! The failures of a store, and the sentences that tell the user about them.

use super::diagnosis;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use sync_backend::Held;

/// The result of every operation of a store.
pub type Result<T> = std::result::Result<T, Error>;

/// An operation that did not happen: what went wrong, with which file.
///
/// `Display` is the whole sentence for the user; the wording of the original class is kept where
/// it had one.
#[derive(Debug)]
pub struct Error {
    /// The store's path, as it was given.
    pub path: PathBuf,
    /// The failure.
    pub kind: ErrorKind,
}

/// The kinds of failure, so that a caller can react to one without reading its sentence.
#[derive(Debug)]
pub enum ErrorKind {
    /// The file exists and this user may not read it, or may not look whether it exists; the text says what
    /// keeps the user away.
    NotReadable(String),
    /// The file exists and this user may not write to it.
    NotWritable(String),
    /// The file cannot be made, or not be removed: its directory is missing or not writable. Which one that is,
    /// and why.
    NoDirectory(PathBuf, String),
    /// `open`, `mmap` or another system call failed.
    CannotOpen(io::Error),
    /// A system call failed by which something else was to be done to the file than opening it.
    CannotDo(&'static str, io::Error),
    /// The file is not a store, or a damaged one; the text says what is wrong with it. It was
    /// left untouched.
    NotAStore(String),
    /// The file was written by the pure-PHP class (see [`super::Store::legacy`]).
    Legacy,
    /// The disk or the quota is full; the store is as it was.
    NoSpace,
    /// The file would become longer than files may be; the store is as it was.
    SizeLimit,
    /// There is no room for a mapping of so many bytes in the address space of this process; nothing was changed.
    NoAddressSpace(u64),
    /// The caller's memory ([`super::Room`]) has no room for so many bytes: make it, and try again.
    NoRoom(u64),
    /// The process has no memory for so many bytes. Nothing has changed.
    NoMemory(u64),
    /// A key or value beyond what the format can express (4 GiB).
    TooLarge,
    /// The file system is none of those on which a store may lie ([`super::FileSystems`]).
    FileSystem(Refused),
    /// The file was last used in another boot of the machine, or in this one, which cannot be found out, as the
    /// system hides from this process which boot this is; and a process may be using it (its pid, where that is
    /// known) that would be in the way of putting the file right.
    MayBeInUse(Option<u32>),
    /// Another object holds `lock()`: wait ([`super::Store::wait`]) and try again.
    Held(Held),
    /// This object's `lock()` is gone, with the file that it was on: others may have gone on since. After
    /// [`super::Store::unlock`] operations are what they are without a lock.
    LockLost,
    /// Another process has been in the middle of a write for some milliseconds (it may be stopped), or this
    /// user may only read, and writers have not paused for long enough: look for signals, then try again. The call
    /// that returned it has already waited.
    Busy,
}

/// A file system on which a store may not lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its name, or the kernel's number where it has no name here.
    pub name: String,
    /// It is the upper layer of an overlay, where the file is.
    pub is_upper: bool,
}

impl Error {
    pub(super) fn new(path: &Path, kind: ErrorKind) -> Self {
        Self { path: path.to_owned(), kind }
    }
}

impl fmt::Display for Error {
    // (A sentence for each kind, in one place: that takes more than sixty lines.)
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            ErrorKind::NotReadable(why) => write!(f, "File '{path}' is not readable.{why}"),
            ErrorKind::NotWritable(why) => write!(f, "File '{path}' is not writable.{why}"),
            ErrorKind::NoDirectory(directory, why) => {
                write!(f, "Directory '{}' does not exist or is not writable.{why}", directory.display())
            }
            ErrorKind::CannotOpen(error) => write!(f, "Can't open '{path}' file: {}.", diagnosis::reason(error)),
            ErrorKind::CannotDo(what, error) => write!(f, "Can't {what} '{path}' file: {}.", diagnosis::reason(error)),
            ErrorKind::NotAStore(why) => write!(
                f,
                "File '{path}' is not a Sync store: {why}. It was left untouched; move it away or choose another file."
            ),
            ErrorKind::Legacy => write!(f, "File '{path}' was written by the pure-PHP class."),
            ErrorKind::NoSpace => write!(
                f,
                "Can't write to '{path}': no space left on its file system. Nothing was changed; free some space and try again.{}",
                diagnosis::of_space(&self.path)
            ),
            ErrorKind::SizeLimit => write!(
                f,
                "Can't write to '{path}': it would become longer than files may be, on its file system or for this process \
                 (ulimit -f, LimitFSIZE= of systemd). Nothing was changed; raise the limit, or remove something."
            ),
            ErrorKind::NoAddressSpace(bytes) => write!(
                f,
                "Can't map '{path}': this process has no address space left for {} KiB. Nothing was changed; raise its \
                 limit (ulimit -v, LimitAS= of systemd), or use fewer files at once.",
                bytes.div_ceil(1 << 10)
            ),
            ErrorKind::NoRoom(bytes) | ErrorKind::NoMemory(bytes) => write!(
                f,
                "Can't use '{path}': there is no memory for {bytes} bytes. Nothing was changed; free some and try again."
            ),
            ErrorKind::TooLarge => write!(f, "Can't store a name or value of 4 GiB or more in '{path}'."),
            ErrorKind::FileSystem(Refused { name, is_upper }) => write!(
                f,
                "Can't open '{path}' file: it is on {}{name}, a file system that is not known to show every process at \
                 once what another one writes.",
                if *is_upper { "an overlay whose upper layer is on " } else { "" }
            ),
            ErrorKind::MayBeInUse(process) => {
                let process = process.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
                write!(
                    f,
                    "Can't open '{path}' file: {process} may be using it, which cannot be found out without knowing which \
                     boot of the machine this is. Make /proc/sys/kernel/random/boot_id readable for this process, or end \
                     the other one."
                )
            }
            ErrorKind::Held(held) => {
                let seconds = held.patience.timeout.map_or(0.0, |timeout| timeout.as_secs_f64());
                write!(
                    f,
                    "Can't access shared object, it is still locked after {seconds} second(s). The lock on '{path}' is \
                     held by {}.",
                    held.holder()
                )
            }
            ErrorKind::LockLost => write!(
                f,
                "The lock on '{path}' is lost: the file was deleted, replaced or cut short while this object held it. \
                 Nothing was changed; call lock() again, and read anew what was read under the lost one."
            ),
            ErrorKind::Busy => write!(f, "Can't write to '{path}': another process is in the middle of a write."),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            ErrorKind::CannotOpen(cause) | ErrorKind::CannotDo(_, cause) => Some(cause),
            _ => None,
        }
    }
}

/// Why an operation on an open file did not happen.
#[derive(Debug)]
pub enum Failure {
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
    FileSystem(Refused),
    /// A process may be using the file, and whether it is cannot be found out: its pid, where that is known.
    MayBeInUse(Option<u32>),
    Io(io::Error),
    /// As `Io`, where something else than opening the file has failed.
    CannotDo(&'static str, io::Error),
}

impl From<io::Error> for Failure {
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

impl Failure {
    /// The failure to open a file for reading. Where its directory may not be searched, nobody knows whether it is
    /// there: that is no empty store.
    pub fn unreadable(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::PermissionDenied { Self::NotReadable } else { error.into() }
    }
}
