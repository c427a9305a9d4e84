//! The words for a failed system call, and for a permission that a process lacks. The file system is asked
//! anew, when the error is about to be told: nothing here decides anything.

use rustix::fs::{StatVfsMountFlags, statfs, statvfs};
use rustix::process::{getegid, geteuid, getgroups};
use std::ffi::CStr;
use std::fs::Metadata;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// As many symbolic links as the kernel follows.
const LINKS: usize = 40;
/// No more of a process's groups are named.
const GROUPS: usize = 8;

const READ: u32 = 4;
const WRITE: u32 = 2;
const SEARCH: u32 = 1;
const STICKY: u32 = 0o1000;

/// Why a system call has failed, as the end of a sentence.
pub fn reason(error: &io::Error) -> String {
    let known = match error.raw_os_error() {
        Some(libc::EISDIR) => "it is a directory",
        Some(libc::ENOTDIR) => "a part of its path is no directory",
        Some(libc::ELOOP) => "its path goes through too many symbolic links, or in circles",
        Some(libc::ENAMETOOLONG) => "its path, or a name in it, is too long",
        Some(libc::EMFILE) => "this process has as many files open as it may (ulimit -n)",
        Some(libc::ENFILE) => "all processes together have as many files open as they may (fs.file-max)",
        Some(libc::ENOMEM) => "there is no memory or address space left for it",
        Some(libc::EBUSY) => "it is in use (a mount point, say, or something that may be open once only)",
        Some(libc::ETXTBSY) => "it is a program that runs",
        Some(libc::ENXIO | libc::ENODEV) => "it is a socket, or a device that is not there",
        Some(libc::ENOLCK) => "the system has no locks left",
        Some(libc::EACCES | libc::EPERM) => {
            "the system forbids it (its owner and mode, or SELinux, AppArmor, a sandbox)"
        }
        Some(libc::EROFS) => "its file system is mounted for reading only",
        Some(libc::EIO) => "its disk has failed",
        _ => {
            let text = error.to_string();
            return match text.split_once(" (os error") {
                Some((text, _)) => format!("the system says: {text}"),
                None => text,
            };
        }
    };
    known.into()
}

/// The reason why this process may not read, or (`write`) write, a file that is there: sentences to go
/// behind another one, or nothing.
pub fn of_file(path: &Path, write: bool) -> String {
    if let Some(directory) = first_unsearchable(path) {
        return directory;
    }
    let Ok(metadata) = path.metadata() else { return String::new() };
    if write && is_read_only(path) {
        return " Its file system is mounted for reading only.".into();
    }
    // A file is always read, too.
    let wanted = if write { READ | WRITE } else { READ };
    format!(
        " {}. {}",
        standing("It", &metadata),
        if allows(&metadata, wanted) {
            SOMETHING_ELSE
        } else {
            "Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program \
             that makes them)."
        }
    )
}

/// The directory in which a file can be neither made nor removed, and what keeps this process from that: as
/// `of_file`; nothing where it does not exist.
pub fn of_directory(path: &Path) -> (PathBuf, String) {
    let target = followed(path);
    let directory = target.parent().unwrap_or(Path::new("/")).to_owned();
    let why = || {
        if let Some(other) = first_unsearchable(&target) {
            return other;
        }
        let Ok(metadata) = directory.metadata() else { return String::new() };
        if !metadata.is_dir() {
            return " It is no directory.".into();
        }
        if is_read_only(&directory) {
            return " Its file system is mounted for reading only.".into();
        }
        let standing = standing("It", &metadata);
        if !allows(&metadata, WRITE) {
            return format!(" {standing}. Let this process in by chmod or chgrp, or choose another directory.");
        }
        match path.symlink_metadata() {
            // Anybody may make files there, and remove their own.
            Ok(file) if metadata.mode() & STICKY != 0 && ![file.uid(), metadata.uid()].contains(&effective_user()) => {
                format!(
                    " {standing}: nobody may remove somebody else's file there, and this one is {}'s.",
                    user(file.uid())
                )
            }
            _ => format!(" {standing}. {SOMETHING_ELSE}"),
        }
    };
    let why = why();
    (directory, why)
}

/// The remedy where the file system of a file is full: as `of_file`.
pub fn of_space(path: &Path) -> String {
    let target = followed(path);
    // The file may not be there yet.
    let about = statfs(&target).or_else(|_| statfs(target.parent().unwrap_or(Path::new("/"))));
    match about {
        Ok(about) if about.f_type as u64 == TMPFS => {
            let mib = (about.f_blocks * about.f_bsize as u64) >> 20;
            format!(
                " It is in memory, a tmpfs of {mib} MiB, which mount -o remount,size=… makes larger; Docker makes /dev/shm \
                 as large as --shm-size says (64 MB without it)."
            )
        }
        _ => String::new(),
    }
}

/// Whether a page that a file should have, and that cannot be read, is one for which there is no memory: it was freed, or was never
/// there (a copy has left it out). Else its disk cannot be read.
pub fn is_for_want_of_space(path: &Path) -> bool {
    statfs(followed(path).as_path()).is_ok_and(|about| about.f_type as u64 == TMPFS || about.f_bavail == 0)
}

/// The kernel's number of tmpfs.
const TMPFS: u64 = 0x0102_1994;

const SOMETHING_ELSE: &str =
    "The mode would allow it: something else forbids it (an access control list, SELinux, AppArmor, chattr).";

/// The file that a path means in the end, be it there or not.
pub fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let Ok(target) = path.read_link() else { break };
        path = path.parent().unwrap_or(Path::new("/")).join(target);
    }
    path
}

/// The first directory on the way to a file in which this process may not look for names.
fn first_unsearchable(path: &Path) -> Option<String> {
    let target = followed(path);
    let mut directories: Vec<&Path> = target.ancestors().skip(1).collect();
    directories.reverse();
    let closed = directories.into_iter().find_map(|directory| {
        let metadata = directory.metadata().ok().filter(|metadata| metadata.is_dir() && !allows(metadata, SEARCH))?;
        Some((directory, metadata))
    });
    let (directory, metadata) = closed?;
    let name = directory.display();
    Some(format!(" {}, so that it may not be searched.", standing(&format!("The directory '{name}'"), &metadata)))
}

/// A sentence on its owner and mode, and on the process that asks.
fn standing(it: &str, metadata: &Metadata) -> String {
    let mode = metadata.mode() & 0o7777;
    format!(
        "{it} belongs to {}:{} with mode {mode:04o}, and this process runs as {}",
        user(metadata.uid()),
        group(metadata.gid()),
        this_process()
    )
}

/// Whether owner, group and mode of a file let this process do what these bits stand for.
fn allows(metadata: &Metadata, wanted: u32) -> bool {
    let mode = metadata.mode();
    let bits = if effective_user() == 0 {
        return true;
    } else if metadata.uid() == effective_user() {
        mode >> 6
    } else if groups().contains(&metadata.gid()) {
        mode >> 3
    } else {
        mode
    };
    bits & wanted == wanted
}

fn is_read_only(path: &Path) -> bool {
    statvfs(path).is_ok_and(|about| about.f_flag.contains(StatVfsMountFlags::RDONLY))
}

// ---- users and groups -----------------------------------------------------------------------------------------

fn effective_user() -> u32 {
    geteuid().as_raw()
}

/// The groups of this process, the effective one first.
fn groups() -> Vec<u32> {
    let first = getegid().as_raw();
    let mut others: Vec<_> = getgroups().unwrap_or_default().into_iter().map(|group| group.as_raw()).collect();
    others.retain(|&group| group != first);
    others.insert(0, first);
    others
}

fn this_process() -> String {
    let groups = groups();
    let mut text = format!("{}:{}", user(effective_user()), group(groups[0]));
    let others: Vec<_> = groups[1..].iter().take(GROUPS).map(|&id| group(id)).collect();
    if !others.is_empty() {
        text += &format!(" (and in {}{})", others.join(", "), if groups.len() > GROUPS + 1 { " …" } else { "" });
    }
    text
}

/// The name of a user, or its number where it has none.
fn user(id: u32) -> String {
    name(id, |buffer| {
        let mut entry = MaybeUninit::<libc::passwd>::zeroed();
        let mut found = std::ptr::null_mut();
        // SAFETY: places for the entry, for its strings, as long as they are, and for the answer.
        unsafe {
            libc::getpwuid_r(id, entry.as_mut_ptr(), buffer.as_mut_ptr(), buffer.len(), &raw mut found);
            (!found.is_null()).then(|| (*found).pw_name)
        }
    })
}

/// The name of a group, or its number where it has none.
fn group(id: u32) -> String {
    name(id, |buffer| {
        let mut entry = MaybeUninit::<libc::group>::zeroed();
        let mut found = std::ptr::null_mut();
        // SAFETY: as in `user`.
        unsafe {
            libc::getgrgid_r(id, entry.as_mut_ptr(), buffer.as_mut_ptr(), buffer.len(), &raw mut found);
            (!found.is_null()).then(|| (*found).gr_name)
        }
    })
}

/// The name that `look_up` finds, in a buffer that it is given.
fn name(id: u32, look_up: impl FnOnce(&mut [libc::c_char]) -> Option<*mut libc::c_char>) -> String {
    let mut buffer = vec![0; 1 << 16];
    match look_up(&mut buffer) {
        // SAFETY: a C string in the buffer.
        Some(name) if !name.is_null() => unsafe { CStr::from_ptr(name).to_string_lossy().into_owned() },
        _ => id.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_words_and_no_number() {
        for code in 1..134 {
            let words = reason(&io::Error::from_raw_os_error(code));
            assert!(!words.is_empty() && !words.contains("os error"), "{code}: {words}");
        }
        assert_eq!(reason(&io::Error::other("too many of them")), "too many of them");
        for (code, word) in [
            (libc::EISDIR, "directory"),
            (libc::ELOOP, "symbolic links"),
            (libc::ENAMETOOLONG, "too long"),
            (libc::EMFILE, "ulimit -n"),
            (libc::ENOMEM, "memory"),
            (libc::EBUSY, "in use"),
            (libc::EACCES, "forbids"),
        ] {
            assert!(reason(&io::Error::from_raw_os_error(code)).contains(word), "{word}");
        }
    }

    #[test]
    fn users_and_groups_without_a_name_have_a_number() {
        assert_eq!((user(0), group(0)), ("root".into(), "root".into()));
        assert_eq!((user(4_000_000_000), group(4_000_000_000)), ("4000000000".into(), "4000000000".into()));
    }
}
