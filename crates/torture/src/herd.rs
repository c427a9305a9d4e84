//! The processes under torture: starting, killing, stopping and watching them.

use super::Random;
use super::journal::Failures;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};

/// How long a process that is not stopped may go without finishing an operation.
pub const PATIENCE: Duration = Duration::from_secs(8);

/// The most processes in a herd.
pub const MOST: usize = 32;

/// Memory that the processes of a herd share with the one that watches them, and that outlives them.
pub struct Bell {
    /// Whether the processes are to end.
    pub stop: AtomicU64,
    /// Operations that each process has finished.
    pub beats: [AtomicU64; MOST],
    pub failures: Failures,
}

impl Bell {
    pub fn rings(&self) -> bool {
        self.stop.load(Relaxed) != 0
    }
}

/// The kinds and the frequency of blows.
#[derive(Debug, Clone, Copy)]
pub struct Torment {
    /// Milliseconds between two blows, at most.
    pub pause: u64,
    pub kills: bool,
}

/// The counts of blows so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Blows {
    pub kills: u64,
    pub stops: u64,
    /// Processes that have killed themselves at a crash point.
    pub crashes: u64,
}

struct Victim {
    pid: libc::pid_t,
    stopped: bool,
    beat: u64,
    beat_at: Instant,
}

/// Processes, each with its number; one that dies is replaced by one with the same number.
pub struct Herd<'a> {
    bell: &'static Bell,
    body: &'a dyn Fn(usize, Random),
    victims: Vec<Victim>,
    pub blows: Blows,
}

impl<'a> Herd<'a> {
    /// Starts `count` processes that run `body`; that returns when the bell rings.
    pub fn new(count: usize, bell: &'static Bell, random: &mut Random, body: &'a dyn Fn(usize, Random)) -> Self {
        assert!(count <= MOST);
        let mut herd = Self { bell, body, victims: vec![], blows: Blows::default() };
        herd.victims = (0..count).map(|n| herd.start(n, random)).collect();
        herd
    }

    fn start(&self, n: usize, random: &mut Random) -> Victim {
        let seed = random.number();
        // SAFETY: this process has one thread; the child leaves by `_exit`.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "fork: {}", std::io::Error::last_os_error());
        if pid == 0 {
            let failures = &self.bell.failures;
            die_with_parent();
            std::panic::set_hook(Box::new(move |info| failures.add(&format!("process {n}: {info}"))));
            let body = || (self.body)(n, Random::new(seed));
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
            // Ends without running destructors, as a killed process does.
            // SAFETY: ends this process.
            unsafe { libc::_exit(if result.is_ok() { 0 } else { 1 }) }
        }
        Victim { pid, stopped: false, beat: 0, beat_at: Instant::now() }
    }

    /// Kills and stops processes until the time has come, or something has failed.
    pub fn torment(&mut self, torment: Torment, until: Instant, random: &mut Random) {
        while Instant::now() < until && self.bell.failures.are_none() {
            std::thread::sleep(Duration::from_micros(random.below(torment.pause * 1000)));
            let n = random.below(self.victims.len() as u64) as usize;
            match random.below(10) {
                0..=5 if torment.kills => {
                    self.blows.kills += 1;
                    self.kill(n);
                    self.victims[n] = self.start(n, random);
                }
                6..=7 => self.stop(n),
                _ => self.resume(),
            }
            self.look_after(random);
            // Resumes a process that was stopped in the middle of a write soon, as the others wait for it.
            if self.blows.stops % 3 == 2 {
                self.resume();
            }
        }
    }

    fn look_after(&mut self, random: &mut Random) {
        for n in 0..self.victims.len() {
            match look(self.victims[n].pid) {
                None => {}
                Some(status) => {
                    if libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL {
                        self.blows.crashes += 1;
                    } else {
                        self.bell.failures.add(&format!("process {n} ended with status {status:#x}"));
                    }
                    self.victims[n] = self.start(n, random);
                }
            }
            let anybody_stopped = self.victims.iter().any(|victim| victim.stopped);
            let victim = &mut self.victims[n];
            let beat = self.bell.beats[n].load(Relaxed);
            if beat != victim.beat || anybody_stopped {
                (victim.beat, victim.beat_at) = (beat, Instant::now());
            } else if victim.beat_at.elapsed() > PATIENCE {
                self.bell.failures.add(&format!("process {n} waits: {}", describe(victim.pid)));
            }
        }
    }

    pub fn kill(&mut self, n: usize) {
        // SAFETY: a child of ours that was not waited for yet.
        unsafe { libc::kill(self.victims[n].pid, libc::SIGKILL) };
        wait_for(self.victims[n].pid);
    }

    fn stop(&mut self, n: usize) {
        self.blows.stops += 1;
        self.victims[n].stopped = true;
        // SAFETY: as above.
        unsafe { libc::kill(self.victims[n].pid, libc::SIGSTOP) };
    }

    /// Stops all of them; returns when none moves any more.
    #[cfg(feature = "torture")]
    pub fn freeze(&mut self) {
        for n in 0..self.victims.len() {
            self.stop(n);
        }
        for victim in &self.victims {
            let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::uninit();
            // A process that has died meanwhile is left for `look_after`.
            let state = libc::WSTOPPED | libc::WEXITED | libc::WNOWAIT;
            // SAFETY: a child of ours, and a place for the answer.
            unsafe { libc::waitid(libc::P_PID, victim.pid as u32, info.as_mut_ptr(), state) };
        }
    }

    pub fn resume(&mut self) {
        for victim in self.victims.iter_mut().filter(|victim| victim.stopped) {
            // SAFETY: a child of ours that was not waited for yet.
            unsafe { libc::kill(victim.pid, libc::SIGCONT) };
            (victim.stopped, victim.beat_at) = (false, Instant::now());
        }
    }

    /// Rings the bell and waits until all have heard it.
    pub fn finish(mut self) -> Blows {
        self.bell.stop.store(1, SeqCst);
        self.resume();
        let deadline = Instant::now() + PATIENCE;
        for n in 0..self.victims.len() {
            let pid = self.victims[n].pid;
            while look(pid).is_none() {
                if Instant::now() > deadline {
                    self.bell.failures.add(&format!("process {n} does not come to an end: {}", describe(pid)));
                    self.kill(n);
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        self.blows
    }
}

/// Lets this process die when its parent does, as no other process would stop it then. (A change of user clears
/// this: call it again.)
pub fn die_with_parent() {
    // SAFETY: a plain system call.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

pub fn wait_for(pid: libc::pid_t) -> i32 {
    let mut status = 0;
    // SAFETY: a child of ours.
    unsafe { libc::waitpid(pid, &mut status, 0) };
    status
}

/// How the child ended, if it has.
fn look(pid: libc::pid_t) -> Option<i32> {
    let mut status = 0;
    // SAFETY: a child of ours.
    (unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) } == pid).then_some(status)
}

/// The state of a process and the system call in which it waits.
fn describe(pid: libc::pid_t) -> String {
    let read = |what: &str| std::fs::read_to_string(format!("/proc/{pid}/{what}")).unwrap_or_default();
    let state = read("status").lines().find(|line| line.starts_with("State")).map(str::to_owned);
    format!("{} in {}", state.unwrap_or_default(), read("syscall").trim())
}

/// Runs something in a process of its own, so that the children of this process inherit nothing that the check
/// learns about the machine and the file.
pub fn apart(failures: &'static Failures, action: impl FnOnce()) {
    // SAFETY: this process has one thread; the child leaves by `_exit`.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork: {}", std::io::Error::last_os_error());
    if pid == 0 {
        std::panic::set_hook(Box::new(move |info| failures.add(&format!("looking: {info}"))));
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(action));
        // SAFETY: ends this process.
        unsafe { libc::_exit(i32::from(result.is_err())) }
    }
    let status = wait_for(pid);
    if status != 0 && failures.are_none() {
        failures.add(&format!("the checking process ended with status {status:#x}"));
    }
}

// ---- users and roots -----------------------------------------------------------------------------

pub fn is_root() -> bool {
    // SAFETY: only asks.
    unsafe { libc::geteuid() == 0 }
}

/// Gives up root's privileges, for good.
pub fn become_nobody() {
    // SAFETY: concerns this process alone, which has one thread.
    let done =
        unsafe { libc::setgroups(0, std::ptr::null()) == 0 && libc::setgid(65534) == 0 && libc::setuid(65534) == 0 };
    assert!(done, "becoming nobody: {}", std::io::Error::last_os_error());
    die_with_parent();
}

/// Shuts this process into a folder without /proc, so that it cannot see the id of the boot. Returns the file's
/// path there.
pub fn shut_in(path: &Path) -> PathBuf {
    let folder = path.parent().expect("an absolute path");
    std::os::unix::fs::chroot(folder).unwrap_or_else(|error| panic!("chroot: {error}"));
    std::env::set_current_dir("/").unwrap();
    Path::new("/").join(path.file_name().expect("a file"))
}
