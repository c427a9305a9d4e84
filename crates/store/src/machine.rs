//! What the store asks of the machine: which boot this is, whether a process lives, clock and random numbers.

use super::file::Failure;
use std::cell::Cell;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A boot of the machine, as far as a process can see which one.
///
/// Not `PartialEq`: an unknown boot is equal to nothing, another unknown one included.
#[derive(Debug, Clone, Copy)]
pub struct Boot(Option<[u64; 2]>);

impl Boot {
    pub const UNKNOWN: Self = Self(None);

    /// The boot that two words of a header name; zeros name none.
    pub fn from_words(words: [u64; 2]) -> Self {
        Self((words != [0, 0]).then_some(words))
    }

    /// As a header says it.
    pub fn words(self) -> [u64; 2] {
        self.0.unwrap_or([0, 0])
    }

    /// This boot; an unknown one where the system hides that (a `chroot` without /proc, say). An error where this
    /// process may just now open no more files: it can see it in a moment.
    pub fn current() -> Result<Self, Failure> {
        #[cfg(test)]
        if tests::BOOT_HIDDEN.get() {
            return Ok(Self::UNKNOWN);
        }
        static WORDS: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
        static IS_KNOWN: AtomicBool = AtomicBool::new(false);
        // No `OnceLock`: see `watch_forks`.
        if !IS_KNOWN.load(Ordering::Acquire) {
            let text = match std::fs::read_to_string("/proc/sys/kernel/random/boot_id") {
                Err(error) if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM)) => {
                    return Err(error.into());
                }
                other => other.unwrap_or_default(),
            };
            let Some(words) = Self::parse(&text) else { return Ok(Self(None)) };
            WORDS[0].store(words[0], Ordering::Relaxed);
            WORDS[1].store(words[1], Ordering::Relaxed);
            IS_KNOWN.store(true, Ordering::Release);
        }
        Ok(Self(Some([WORDS[0].load(Ordering::Relaxed), WORDS[1].load(Ordering::Relaxed)])))
    }

    /// Reads an id as the kernel writes it: 32 hexadecimal digits, and dashes.
    fn parse(text: &str) -> Option<[u64; 2]> {
        let digits: String = text.trim().chars().filter(|&c| c != '-').collect();
        if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let half = |range| u64::from_str_radix(&digits[range], 16).ok();
        Self::from_words([half(0..16)?, half(16..32)?]).0
    }

    pub fn is_known(self) -> bool {
        self.0.is_some()
    }

    /// A number by which most boots can be told apart; 0: not known.
    pub fn digest(self) -> u16 {
        self.0.map_or(0, |[first, second]| (first ^ second ^ second >> 16) as u16 | 1)
    }

    /// Whether both are known, and not the same.
    pub fn is_not(self, other: Self) -> bool {
        matches!((self.0, other.0), (Some(one), Some(two)) if one != two)
    }

    /// Whether both are known, and the same.
    pub fn is(self, other: Self) -> bool {
        matches!((self.0, other.0), (Some(one), Some(two)) if one == two)
    }
}

// ---- random numbers ----------------------------------------------------------------------------

thread_local! {
    /// The number that [`draw_identities_from`] set.
    static SEED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Lets the identities and first positions of the stores that this thread makes follow from a
/// number instead of coming from the system: a test whose cases are to be the same each time.
#[doc(hidden)]
pub fn draw_identities_from(seed: u64) {
    SEED.set(Some(seed));
}

/// Whether this thread's stores are to be the same each time: then nothing in them may follow the clock.
pub fn are_identities_drawn() -> bool {
    SEED.get().is_some()
}

/// A random number.
pub fn random() -> u64 {
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

// ---- processes ---------------------------------------------------------------------------------

/// What tells a process from another one that was later given the same pid; 0 for what is not known.
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

/// What one process can tell of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Lives,
    Died,
    /// In another pid namespace, say, or hidden from this user.
    Unknown,
}

impl Process {
    /// This process. Nothing of it is kept: a forked child may be in other namespaces.
    pub fn this() -> Self {
        let pid = u64::from(std::process::id());
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
            Err(libc::ESRCH) => return Fate::Died,
            Err(_) => {}
        }
        // SAFETY: signal 0 only asks.
        if unsafe { libc::kill(self.pid as libc::pid_t, 0) } != 0
            && std::io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
        {
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

    /// The error is the system's number for it.
    fn open(pid: u64) -> Result<Self, i32> {
        #[cfg(test)]
        if tests::WITHOUT_PIDFD.get() {
            return Err(libc::ENOSYS);
        }
        // SAFETY: a system call that touches no memory; what it returns is a new descriptor, owned at once.
        unsafe {
            let fd = libc::syscall(libc::SYS_pidfd_open, pid as libc::pid_t, 0);
            if fd < 0 {
                return Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(0));
            }
            Ok(Self(OwnedFd::from_raw_fd(fd as i32)))
        }
    }

    /// The number that no other process of this boot has; `None` where the kernel has no such numbers.
    fn inode(&self) -> Option<u64> {
        // SAFETY: an open descriptor, and places for the answers.
        unsafe {
            let mut about: libc::statfs = std::mem::zeroed();
            let known = libc::fstatfs(self.0.as_raw_fd(), &mut about) == 0;
            if !known || about.f_type as u64 & 0xffff_ffff != Self::PIDFS {
                return None;
            }
        }
        inode_of(&self.0)
    }

    /// Whether all threads of the process have ended, waited for by its parent or not.
    fn has_ended(&self) -> bool {
        let mut asked = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid entry; with a timeout of 0 this does not wait.
        unsafe { libc::poll(&mut asked, 1, 0) == 1 && asked.revents & libc::POLLIN != 0 }
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
    // SAFETY: an open descriptor, and a place for the answer.
    unsafe {
        let mut about: libc::stat = std::mem::zeroed();
        (libc::fstat(file.as_raw_fd(), &mut about) == 0).then_some(about.st_ino)
    }
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

/// What /proc says of a process.
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

/// Hides from this thread which boot this is.
#[cfg(test)]
pub fn hide_the_boot(hidden: bool) {
    tests::BOOT_HIDDEN.set(hidden);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// As on a kernel that has no pidfds.
        pub static WITHOUT_PIDFD: Cell<bool> = const { Cell::new(false) };
        /// As where there is no /proc.
        pub static BOOT_HIDDEN: Cell<bool> = const { Cell::new(false) };
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
    fn a_boot_is_known_by_the_id_that_the_kernel_writes() {
        let text = "3f1c1d5e-8d3a-4a25-b1cc-0f4f3a2b1c0d\n";
        let boot = Boot(Boot::parse(text));
        assert!(boot.is(Boot::from_words(boot.words())));
        assert!(!boot.is(Boot::from_words([1, 2])));
        for hidden in ["", "3f1c1d5e", "00000000-0000-0000-0000-000000000000", &text.replace('3', "x")] {
            assert_eq!(Boot::parse(hidden), None, "{hidden}");
        }
    }

    #[test]
    fn an_unknown_boot_is_equal_to_nothing() {
        let unknown = Boot::from_words([0, 0]);
        assert!(!unknown.is(unknown));
        assert!(!unknown.is(Boot::from_words([1, 2])));
        assert_eq!(unknown.words(), [0, 0]);
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
            // SAFETY: as above.
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
