//! Which file a descriptor or a path means, now and from one opening to the next.

use super::clock::nanoseconds;
use super::error::Failure;
use rustix::fs::{Access, AtFlags, CWD, FileType, StatxFlags, StatxTimestamp, accessat, makedev, statx};
use rustix::path;
use std::fs::File as Descriptor;
use std::hash::{Hash, Hasher};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// A file, for as long as some process has it open.
///
/// Device and number would do, were it not for overlayfs: a file that is copied up, as somebody opens it for
/// writing, keeps both. A process that has opened it before to read maps the old one for ever; the time of birth is the new one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inode {
    device: u64,
    number: u64,
    /// Nanoseconds since 1970, where the file system tells.
    birth: Option<u64>,
}

impl Hash for Inode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The rest hardly ever tells two apart.
        state.write_u64(self.number);
    }
}

/// The kernel's word on a file.
#[derive(Debug, Clone, Copy)]
pub struct Status {
    pub inode: Inode,
    pub is_file: bool,
    pub size: u64,
    /// When its content was last changed by a system call; on a disk, also when a page was first stored to. Nanoseconds
    /// since 1970.
    pub modified: u64,
    /// When anything was last changed.
    pub changed: u64,
}

impl Status {
    /// Of an open file.
    pub fn of(file: &Descriptor) -> io::Result<Self> {
        match status(file, c"", AtFlags::EMPTY_PATH) {
            Err(error) if is_refused(&error) => Ok(Self::without_birth(&file.metadata()?)),
            other => other,
        }
    }

    /// Of what a path leads to.
    pub fn at(path: &Path) -> io::Result<Self> {
        match status(CWD, path, AtFlags::empty()) {
            Err(error) if is_refused(&error) => Ok(Self::without_birth(&std::fs::metadata(path)?)),
            other => other,
        }
    }

    /// Of what a path names, be it a symbolic link.
    pub fn of_link(path: &Path) -> io::Result<Self> {
        match status(CWD, path, AtFlags::SYMLINK_NOFOLLOW) {
            Err(error) if is_refused(&error) => Ok(Self::without_birth(&path.symlink_metadata()?)),
            other => other,
        }
    }

    /// As an old kernel tells, or a sandbox that knows `stat` alone.
    fn without_birth(metadata: &std::fs::Metadata) -> Self {
        Self {
            inode: Inode { device: metadata.dev(), number: metadata.ino(), birth: None },
            is_file: metadata.is_file(),
            size: metadata.len(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

fn is_refused(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM | libc::EINVAL))
}

fn status(directory: impl AsFd, path: impl path::Arg, flags: AtFlags) -> io::Result<Status> {
    let about = statx(directory, path, flags, StatxFlags::BASIC_STATS | StatxFlags::BTIME)?;
    let time = |at: StatxTimestamp| nanoseconds(at.tv_sec, i64::from(at.tv_nsec));
    Ok(Status {
        inode: Inode {
            device: makedev(about.stx_dev_major, about.stx_dev_minor),
            number: about.stx_ino,
            birth: (about.stx_mask & StatxFlags::BTIME.bits() != 0).then(|| time(about.stx_btime)),
        },
        is_file: FileType::from_raw_mode(about.stx_mode.into()).is_file(),
        size: about.stx_size,
        modified: time(about.stx_mtime),
        changed: time(about.stx_ctime),
    })
}

/// Why it cannot be seen whether there is anything at a path; `None` where it can.
pub fn hidden(path: &Path) -> Option<Failure> {
    let error = path.metadata().err()?;
    (!matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory))
        .then(|| Failure::unreadable(error))
}

/// Whether this process, with the rights that it has now, may open the file at a path: also to write, if that is asked. The
/// kernel's own answer, in one system call: it knows of users, groups, capabilities, access lists, modes, owners and mounts, and
/// of what has changed in any of them. (Linux 5.8. False where it does not tell: then the file is opened to find out.)
pub fn may_open(path: &Path, write: bool) -> bool {
    let access = if write { Access::READ_OK | Access::WRITE_OK } else { Access::READ_OK };
    accessat(CWD, path, access, AtFlags::EACCESS).is_ok()
}

/// The file for which an index is right, as its header has it: device, digest of what the file system calls the
/// file, digest of its number and birth. 0 for what is not known.
///
/// The file system's own name for a file (`name_to_handle_at`) holds a random number of each inode's, so that a
/// number that is used again, or is the same on another file system or in a snapshot, is not mistaken for the
/// file. Where that cannot be had, as in some sandboxes, number and birth have to do.
///
/// Not `PartialEq`: what is not known is equal to nothing.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    device: u64,
    /// A digest of the file system's own name for the file.
    handle: u64,
    /// A digest of its number and birth.
    birth: u64,
}

impl Mark {
    /// That of no file.
    pub const NONE: Self = Self { device: 0, handle: 0, birth: 0 };

    pub fn of(file: &Descriptor, inode: Inode) -> Self {
        let birth =
            inode.birth.map_or(0, |birth| xxh3_64(&[inode.number.to_le_bytes(), birth.to_le_bytes()].concat()) | 1);
        Self { device: inode.device, handle: handle(file).map_or(0, |handle| xxh3_64(&handle) | 1), birth }
    }

    pub fn from_words([device, handle, birth]: [u64; 3]) -> Self {
        Self { device, handle, birth }
    }

    pub fn words(self) -> [u64; 3] {
        [self.device, self.handle, self.birth]
    }

    /// Whether both are certainly of the same file.
    pub fn is(self, other: Self) -> bool {
        self.agrees(other) == Some(true)
    }

    /// Whether they are certainly of two files.
    pub fn is_not(self, other: Self) -> bool {
        self.agrees(other) == Some(false)
    }

    /// `None`: too little is known.
    fn agrees(self, other: Self) -> Option<bool> {
        let both = |one: u64, two: u64| (one != 0 && two != 0).then_some(one == two);
        match (both(self.handle, other.handle), both(self.birth, other.birth)) {
            (None, None) => None,
            (handle, birth) => Some(self.device == other.device && handle != Some(false) && birth != Some(false)),
        }
    }
}

/// The file system's name for a file; `None` where it has no such names, or a sandbox forbids to ask.
fn handle(file: &Descriptor) -> Option<Vec<u8>> {
    /// As the kernel's `struct file_handle`, with room for the longest handle there is.
    #[repr(C)]
    struct Handle {
        length: u32,
        kind: i32,
        bytes: [u8; ROOM],
    }
    const ROOM: usize = 128;
    let mut handle = Handle { length: ROOM as u32, kind: 0, bytes: [0; ROOM] };
    let mut mount = 0;
    // SAFETY: an open descriptor, an empty path, and places for the answers; the handle says how much room it has.
    let result = unsafe {
        libc::syscall(
            libc::SYS_name_to_handle_at,
            file.as_raw_fd(),
            c"".as_ptr(),
            &raw mut handle,
            &raw mut mount,
            libc::AT_EMPTY_PATH,
        )
    };
    let bytes = handle.bytes.get(..handle.length as usize).filter(|_| result == 0)?;
    Some([&handle.kind.to_le_bytes(), bytes].concat())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TemporaryPath, temporary_file};
    use super::*;

    #[test]
    fn a_file_is_itself_by_whatever_path_and_descriptor() {
        let path = TemporaryPath::new();
        let file = Descriptor::create(&path.0).unwrap();
        let again = Descriptor::open(&path.0).unwrap();
        let inode = Status::of(&file).unwrap().inode;
        assert_eq!(inode, Status::at(&path.0).unwrap().inode);
        assert!(Mark::of(&file, inode).is(Mark::of(&again, Status::of(&again).unwrap().inode)));
    }

    #[test]
    fn another_file_is_another_one_though_it_has_the_number_of_one_that_is_gone() {
        let other = temporary_file();
        let (one, other) = (temporary_file(), Mark::of(&other, Status::of(&other).unwrap().inode));
        let inode = Status::of(&one).unwrap().inode;
        let mark = Mark::of(&one, inode);
        assert!(mark.is_not(other));
        let reborn = Inode { birth: inode.birth.map(|birth| birth + 1), ..inode };
        assert_ne!(inode, reborn);
        let by_birth = |mark: Mark| Mark { handle: 0, ..mark };
        assert!(by_birth(mark).is_not(by_birth(Mark::of(&one, reborn))));
    }

    #[test]
    fn what_is_known_of_two_marks_decides_and_nothing_is_equal_to_nothing() {
        let (by_all, by_handle, by_birth) =
            (Mark::from_words([5, 1, 3]), Mark::from_words([5, 1, 0]), Mark::from_words([5, 0, 3]));
        assert!(by_all.is(by_handle) && by_all.is(by_birth) && by_all.is(by_all));
        for (one, other) in [
            (by_handle, by_birth),
            (Mark::NONE, Mark::NONE),
            (Mark::from_words([5, 0, 0]), Mark::from_words([5, 0, 0])),
        ] {
            assert!(!one.is(other) && !one.is_not(other), "{one:?} {other:?}");
        }
        for other in [Mark::from_words([6, 1, 3]), Mark::from_words([5, 7, 3]), Mark::from_words([5, 1, 7])] {
            assert!(by_all.is_not(other), "{other:?}");
        }
    }
}
