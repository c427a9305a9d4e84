//! Locks of the kernel (`F_OFD_SETLK`) on bytes far past the end of the file: a process that has locked one lives.

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

/// Where the bytes are: beyond any size a file can have in practice.
const LEASE_BASE: i64 = 1 << 62;
/// More leases than processes can be.
pub const LEASES: u32 = 1 << 20;
/// Where the claimants' bytes are: behind those of the leases.
pub const CLAIMS_AT: u32 = 1 << 21;

/// The byte that a process has locked while it makes an empty file a store, or empties one again that it should not have lengthened.
const BEGIN_AT: u32 = 1 << 22;
/// How often, and how long each time, such a process waits for another one.
const BEGIN_PATIENCE: (u32, Duration) = (50, Duration::from_micros(200));

/// Runs `begin` while no other process does such a thing, and tells it whether that is so: it is not where another one is stopped in
/// the middle of it.
pub fn while_beginning<T>(fd: RawFd, begin: impl FnOnce(bool) -> T) -> T {
    let (times, pause) = BEGIN_PATIENCE;
    let is_alone = (0..times).any(|_| {
        let is_locked = matches!(lock_byte(fd, BEGIN_AT), Ok(Locked::Yes));
        if !is_locked {
            std::thread::sleep(pause);
        }
        is_locked
    });
    let result = begin(is_alone);
    if is_alone {
        unlock_byte(fd, BEGIN_AT);
    }
    result
}

/// The outcome of locking a lease's byte.
pub enum Locked {
    Yes,
    /// Another lease has it.
    NoForWriter,
    /// Somebody has locked it for reading, which no lease does.
    NoForReader,
}

pub fn lock_byte(fd: RawFd, byte: u32) -> io::Result<Locked> {
    let mut range = lock_range(byte, 1, libc::F_WRLCK);
    // SAFETY: `range` is a valid `flock`, `fd` an open descriptor.
    if unsafe { libc::fcntl(fd, libc::F_OFD_SETLK, &mut range) } == 0 {
        return Ok(Locked::Yes);
    }
    let error = io::Error::last_os_error();
    if !matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) {
        return Err(error);
    }
    // The kernel tells of one lock that is in the way, the first of perhaps tens of thousands, so that it need not look at
    // all of them: a byte that is locked for reading has no lock of another kind.
    let mut range = lock_range(byte, 1, libc::F_WRLCK);
    // SAFETY: `range` is a valid `flock`, and a place for the answer; `fd` is the caller's open descriptor.
    let told = unsafe { libc::fcntl(fd, libc::F_OFD_GETLK, &mut range) } == 0;
    Ok(if told && range.l_type == libc::F_RDLCK as i16 { Locked::NoForReader } else { Locked::NoForWriter })
}

pub fn unlock_byte(fd: RawFd, byte: u32) {
    let mut range = lock_range(byte, 1, libc::F_UNLCK);
    // SAFETY: `range` is a valid `flock`, `fd` the caller's open descriptor.
    unsafe { libc::fcntl(fd, libc::F_OFD_SETLK, &mut range) };
}

/// Whether the byte is locked as leases lock it. (On the description that has locked it, the kernel says no.)
pub fn is_locked(fd: RawFd, byte: u32) -> bool {
    is_any_locked(fd, byte, 1)
}

/// Whether anybody has a lease that the kernel knows of.
pub fn is_in_use(fd: RawFd) -> bool {
    is_any_locked(fd, 0, LEASES)
}

/// Where nothing can be asked, the answer is yes.
fn is_any_locked(fd: RawFd, first: u32, count: u32) -> bool {
    // Asking for a read lock: a read lock of somebody else's must not pass for a life.
    let mut range = lock_range(first, count, libc::F_RDLCK);
    // SAFETY: `range` is a valid `flock`, and a place for the answer; `fd` is the caller's open descriptor.
    unsafe { libc::fcntl(fd, libc::F_OFD_GETLK, &mut range) != 0 || range.l_type != libc::F_UNLCK as i16 }
}

fn lock_range(first: u32, count: u32, kind: i32) -> libc::flock {
    // SAFETY: all zeros is a valid `flock`; `l_pid` has to be 0.
    let mut range: libc::flock = unsafe { std::mem::zeroed() };
    range.l_type = kind as i16;
    range.l_whence = libc::SEEK_SET as i16;
    range.l_start = LEASE_BASE + i64::from(first);
    range.l_len = i64::from(count);
    range
}
