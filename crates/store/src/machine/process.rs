//! Whether a process lives, and how it is told from another one with its pid.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{fstat, fstatfs};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open, test_kill_process};
use rustix::time::Timespec;
use std::cell::Cell;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use sync_fork::fork_generation;

/// The numbers that tell a process from another one that was later given the same pid; 0 for what is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    pub pid: u64,
    /// The inode of its pidfd: no two processes of a boot have the same. (Since Linux 6.9.)
    pub pidfs: u64,
    /// When it started, in clock ticks after boot as its own time namespace counts. Only where the other is
    /// not known, as it takes ten times as long to find out.
    pub start: u64,
    /// The inode of the pid namespace in which the pid is meant (low half), and of the time namespace in which
    /// the start is (high half).
    pub namespaces: u64,
}

/// The fate of a process, as far as another one can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Lives,
    Died,
    /// In another pid namespace, say, or hidden from this user.
    Unknown,
}

impl Process {
    /// This process. Each thread asks the kernel once: a forked child, which may be in other namespaces, asks again.
    pub fn this() -> Self {
        thread_local! {
            static THIS: Cell<Option<(u64, Process)>> = const { Cell::new(None) };
        }
        let (pid, generation) = (u64::from(std::process::id()), fork_generation());
        // Tests change what the kernel says.
        let known = THIS.get().filter(|(of, this)| *of == generation && this.pid == pid && !cfg!(test));
        known.map_or_else(
            || {
                let this = Self::ask(pid);
                THIS.set(Some((generation, this)));
                this
            },
            |(_, this)| this,
        )
    }

    fn ask(pid: u64) -> Self {
        let pidfd = Pidfd::open(pid).ok();
        let pidfs = pidfd.as_ref().and_then(Pidfd::inode).unwrap_or(0);
        let start = if pidfs == 0 { Stat::of(pid).map_or(0, |stat| stat.start) } else { 0 };
        let time = if start == 0 { 0 } else { time_namespace(pidfd.as_ref()) };
        Self { pid, pidfs, start, namespaces: pid_namespace(pidfd.as_ref()) | time << 32 }
    }

    /// Its pid, where that means the same to this process.
    pub fn pid_here(&self) -> Option<u32> {
        let here = pid_namespace(Pidfd::open(u64::from(std::process::id())).ok().as_ref());
        self.is_of_namespace(here).then_some(self.pid as u32)
    }

    /// Whether it has a pid, and that is of this pid namespace.
    fn is_of_namespace(&self, inode: u64) -> bool {
        (1..=i32::MAX as u64).contains(&self.pid) && inode != 0 && inode == self.namespaces & 0xffff_ffff
    }

    /// Whether the process lives. Only certain proofs count: in doubt the answer is [`Fate::Unknown`].
    pub fn fate(&self) -> Fate {
        let this = Pidfd::open(u64::from(std::process::id())).ok();
        let here = pid_namespace(this.as_ref());
        if !self.is_of_namespace(here) {
            return Fate::Unknown;
        }
        // The pid means here what it means there.
        match Pidfd::open(self.pid) {
            Ok(pidfd) => {
                if pidfd.has_ended() {
                    return Fate::Died;
                }
                if let (Some(inode), 1..) = (pidfd.inode(), self.pidfs) {
                    return if inode == self.pidfs { Fate::Lives } else { Fate::Died };
                }
            }
            Err(Errno::SRCH) => return Fate::Died,
            Err(_) => {}
        }
        if Pid::from_raw(self.pid as i32).is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH)) {
            return Fate::Died;
        }
        let Some(stat) = Stat::of(self.pid) else { return Fate::Unknown };
        // Start times are told as the time namespace of the one who asks counts.
        let there = self.namespaces >> 32;
        let comparable = self.start != 0 && there != 0 && there == time_namespace(this.as_ref());
        match (stat.is_zombie, comparable) {
            (true, _) => Fate::Died,
            (_, true) if stat.start != self.start => Fate::Died,
            (_, true) => Fate::Lives,
            _ => Fate::Unknown,
        }
    }
}

/// A descriptor that stands for a process.
struct Pidfd(OwnedFd);

impl Pidfd {
    /// The kernel's number for pidfs, in which each process has an inode of its own.
    const PIDFS: u64 = 0x5049_4446;
    /// The requests that open a process's namespaces.
    const GET_PID_NAMESPACE: u64 = 0xff05;
    const GET_TIME_NAMESPACE: u64 = 0xff07;

    fn open(pid: u64) -> Result<Self, Errno> {
        #[cfg(test)]
        if tests::WITHOUT_PIDFD.get() {
            return Err(Errno::NOSYS);
        }
        let pid = Pid::from_raw(pid as i32).ok_or(Errno::INVAL)?;
        pidfd_open(pid, PidfdFlags::empty()).map(Self)
    }

    /// The number that no other process of this boot has; `None` where the kernel has no such numbers.
    fn inode(&self) -> Option<u64> {
        let about = fstatfs(&self.0).ok()?;
        (about.f_type as u64 & 0xffff_ffff == Self::PIDFS).then_some(())?;
        inode_of(&self.0)
    }

    /// Whether all threads of the process have ended, waited for by its parent or not.
    fn has_ended(&self) -> bool {
        let mut asked = [PollFd::new(&self.0, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut asked, Some(&at_once)) == Ok(1) && asked[0].revents().contains(PollFlags::IN)
    }

    /// The inode of one of the process's namespaces. (Since Linux 6.11.)
    fn namespace(&self, request: u64) -> Option<u64> {
        // SAFETY: these requests take no argument and return a new descriptor, owned at once.
        let namespace = unsafe {
            let fd = libc::ioctl(self.0.as_raw_fd(), request as _, 0);
            (fd >= 0).then(|| OwnedFd::from_raw_fd(fd))?
        };
        inode_of(&namespace)
    }
}

fn inode_of(file: &OwnedFd) -> Option<u64> {
    fstat(file).ok().map(|about| about.st_ino)
}

/// The inode of this process's pid namespace; 0 where that is not to be seen. `this` is its pidfd.
fn pid_namespace(this: Option<&Pidfd>) -> u64 {
    namespace(this, Pidfd::GET_PID_NAMESPACE, "/proc/self/ns/pid")
}

/// As [`pid_namespace`], of the time namespace.
fn time_namespace(this: Option<&Pidfd>) -> u64 {
    namespace(this, Pidfd::GET_TIME_NAMESPACE, "/proc/self/ns/time")
}

fn namespace(this: Option<&Pidfd>, request: u64, path: &str) -> u64 {
    use std::os::unix::fs::MetadataExt;
    if let Some(inode) = this.and_then(|pidfd| pidfd.namespace(request)) {
        return inode & 0xffff_ffff;
    }
    // A /proc of another pid namespace speaks of other processes.
    let speaks_of_us =
        std::fs::read_link("/proc/self").is_ok_and(|target| target.to_str() == Some(&std::process::id().to_string()));
    if speaks_of_us { std::fs::metadata(path).map_or(0, |about| about.ino() & 0xffff_ffff) } else { 0 }
}

/// The state of a process, as /proc tells it.
struct Stat {
    start: u64,
    /// Dead, and not yet waited for by its parent.
    is_zombie: bool,
}

impl Stat {
    /// `None` if it cannot be seen.
    fn of(pid: u64) -> Option<Self> {
        let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may hold anything; the state, field 3, is the first after it.
        let after = &stat[stat.iter().rposition(|&b| b == b')')? + 1..];
        let fields: Vec<&str> = std::str::from_utf8(after).ok()?.split_ascii_whitespace().collect();
        // The first thread may have ended before the others: that looks like a zombie, too.
        let is_zombie = *fields.first()? == "Z" && fields.get(17)?.parse::<u64>().ok()? <= 1;
        Some(Self { start: fields.get(19)?.parse().ok()?, is_zombie })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        /// As on a kernel that has no pidfds.
        pub static WITHOUT_PIDFD: Cell<bool> = const { Cell::new(false) };
    }

    /// Runs a test with pidfds, where the kernel has these, and without.
    fn both_ways(test: impl Fn()) {
        for without in [false, true] {
            WITHOUT_PIDFD.set(without);
            test();
        }
        WITHOUT_PIDFD.set(false);
    }

    #[test]
    fn this_process_lives_and_one_that_has_ended_does_not() {
        both_ways(|| {
            assert_eq!(Process::this().fate(), Fate::Lives);
            // SAFETY: the child only waits, and is killed and waited for below.
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                loop {
                    // SAFETY: waits for a signal.
                    unsafe { libc::pause() };
                }
            }
            let pidfs = Pidfd::open(pid as u64).ok().and_then(|pidfd| pidfd.inode()).unwrap_or(0);
            let start = Stat::of(pid as u64).unwrap().start;
            let child = Process { pid: pid as u64, pidfs, start, ..Process::this() };
            assert_eq!(child.fate(), Fate::Lives);
            // SAFETY: a child of this thread; at first it is left a zombie.
            unsafe {
                libc::kill(pid, libc::SIGKILL);
                let mut info = std::mem::zeroed();
                libc::waitid(libc::P_PID, pid as u32, &mut info, libc::WEXITED | libc::WNOWAIT);
            }
            assert_eq!(child.fate(), Fate::Died, "a zombie");
            // SAFETY: the same child, still a zombie: nothing else waits for it.
            unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
            assert_eq!(child.fate(), Fate::Died);
        });
    }

    #[test]
    fn a_process_with_the_pid_of_another_one_is_not_taken_for_it() {
        both_ways(|| {
            let this = Process::this();
            let other = match this.pidfs {
                0 => Process { start: this.start + 1, ..this },
                pidfs => Process { pidfs: pidfs + 1, ..this },
            };
            assert_eq!(other.fate(), Fate::Died);
        });
    }

    /// Numbers that another namespace gave say nothing here.
    #[test]
    fn nothing_is_concluded_from_the_numbers_of_another_namespace() {
        both_ways(|| {
            let this = Process::this();
            let elsewhere = Process { namespaces: this.namespaces ^ 1, pid: i32::MAX as u64, ..this };
            assert_eq!(elsewhere.fate(), Fate::Unknown);
            let hidden = Process { namespaces: this.namespaces & !0xffff_ffff, ..elsewhere };
            assert_eq!(hidden.fate(), Fate::Unknown);
            let start = this.start.max(1) + 1;
            for time in [0, 1 << 32] {
                let shifted = Process { pidfs: 0, start, namespaces: this.namespaces & 0xffff_ffff | time, ..this };
                assert_eq!(shifted.fate(), Fate::Unknown, "a start time in another time namespace");
            }
            assert_eq!(Process { pid: u64::from(u32::MAX), ..this }.fate(), Fate::Unknown);
        });
    }
}
