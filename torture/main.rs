//! Kills writers at random and looks for what was lost.
//!
//!     make torture                        two minutes (TORTURE_SECONDS), in /dev/shm (TORTURE_DIRECTORY)
//!     cargo run --release --no-default-features --example torture -- crowd [PROCESSES [SECONDS]]
//!
//! Sixteen processes write, remove, increment under `lock()`, replace everything, fork and read, on
//! one file. Meanwhile they are killed and stopped, and most kill themselves at a crash point. What
//! each of them began and what returned to it stands in a journal outside the store, in memory
//! that outlives it. Whoever reads compares with the journals; at the end of each round every
//! acknowledged write has to be there, every increment counted once, the store sound and small.
//!
//! `crowd` measures: many processes, nine reads to a write, and no update lost.

mod crowd;
mod journal;
mod worker;

use journal::{Arena, COUNTERS, KEYS, OWNERS, WORKERS};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};
use sync::store::{Options, Store};

/// How long a process that is not stopped may go without finishing an operation.
const PATIENCE: Duration = Duration::from_secs(8);

/// How the processes of a round behave.
struct Round {
    name: &'static str,
    /// The cleaner starts with so many dead bytes.
    slack: Option<u64>,
    /// Processes die by themselves, at one of so many crash points.
    crash_within: Option<u64>,
    /// Milliseconds between two kills, at most.
    pause: u64,
}

const ROUNDS: [Round; 4] = [
    Round { name: "kills", slack: None, crash_within: None, pause: 20 },
    Round { name: "kills, cleaning all the time", slack: Some(0), crash_within: None, pause: 10 },
    Round { name: "crash points", slack: None, crash_within: Some(3_000), pause: 200 },
    Round { name: "crash points, cleaning all the time", slack: Some(0), crash_within: Some(30_000), pause: 50 },
];

/// What happened in all rounds.
#[derive(Default)]
struct Tally {
    kills: u64,
    stops: u64,
    crashes: u64,
    operations: u64,
    forks: u64,
    failures: Vec<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |n: usize, default| arguments.get(n).and_then(|text| text.parse().ok()).unwrap_or(default);
    if arguments.first().is_some_and(|mode| mode == "crowd") {
        return crowd::run(number(1, 150), Duration::from_secs(number(2, 10)));
    }
    let seconds = std::env::var("TORTURE_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(120.0);
    sync::store::set_idle_limit(0);
    let mut tally = Tally::default();
    for round in &ROUNDS {
        if cfg!(not(feature = "torture")) && (round.slack.is_some() || round.crash_within.is_some()) {
            continue;
        }
        run(round, Duration::from_secs_f64(seconds / ROUNDS.len() as f64), &mut tally);
    }
    println!(
        "{} kills, {} stops, {} deaths at crash points, {} forks; {} operations; {} losses or other failures",
        tally.kills,
        tally.stops,
        tally.crashes,
        tally.forks,
        tally.operations,
        tally.failures.len()
    );
    tally.failures.iter().for_each(|failure| println!("FAILED: {failure}"));
    ExitCode::from(u8::from(!tally.failures.is_empty()))
}

/// A process that is being tortured.
struct Victim {
    pid: libc::pid_t,
    stopped: bool,
    beat: u64,
    beat_at: Instant,
}

fn run(round: &Round, duration: Duration, tally: &mut Tally) {
    let directory = std::env::var("TORTURE_DIRECTORY").unwrap_or_else(|_| "/dev/shm".into());
    let path = Path::new(&directory).join(format!("sync-torture-{}.sync", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let arena = Arena::new();
    let mut random = Random::new(std::process::id().into());
    let mut victims: Vec<Victim> = (0..WORKERS).map(|n| start(n, &path, arena, round, &mut random)).collect();
    let end = Instant::now() + duration;
    let (mut kills, mut stops, mut crashes) = (0, 0, 0);
    while Instant::now() < end && !arena.has_failed() {
        std::thread::sleep(Duration::from_micros(random.below(round.pause * 1000)));
        let n = random.below(WORKERS as u64) as usize;
        match random.below(10) {
            0..=5 => {
                // SAFETY: a child of ours that was not waited for yet.
                unsafe { libc::kill(victims[n].pid, libc::SIGKILL) };
                wait_for(victims[n].pid);
                kills += 1;
                victims[n] = start(n, &path, arena, round, &mut random);
            }
            6..=7 => {
                stops += 1;
                victims[n].stopped = true;
                // SAFETY: as above.
                unsafe { libc::kill(victims[n].pid, libc::SIGSTOP) };
            }
            _ => resume(&mut victims),
        }
        for (n, victim) in victims.iter_mut().enumerate() {
            match look(victim.pid) {
                None => {}
                Some(status) if libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL => {
                    crashes += 1;
                    *victim = start(n, &path, arena, round, &mut random);
                }
                Some(status) => {
                    arena.fail(&format!("process {n} ended with status {status:#x}"));
                    *victim = start(n, &path, arena, round, &mut random);
                }
            }
            let beat = arena.owners[n].operations.load(Relaxed);
            if beat != victim.beat || victim.stopped {
                (victim.beat, victim.beat_at) = (beat, Instant::now());
            } else if victim.beat_at.elapsed() > PATIENCE {
                arena.fail(&format!("process {n} waits: {}", describe(victim.pid)));
                break;
            }
        }
        // Somebody stopped in the middle of a write is waited for: not for long.
        if stops % 3 == 2 {
            resume(&mut victims);
        }
    }
    arena.stop.store(1, SeqCst);
    resume(&mut victims);
    let deadline = Instant::now() + PATIENCE;
    for (n, victim) in victims.iter().enumerate() {
        while look(victim.pid).is_none() {
            if Instant::now() > deadline {
                arena.fail(&format!("process {n} does not come to an end: {}", describe(victim.pid)));
                // SAFETY: as above.
                unsafe { libc::kill(victim.pid, libc::SIGKILL) };
                wait_for(victim.pid);
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    verify(&path, arena);
    let operations: u64 = arena.owners.iter().map(|owner| owner.operations.load(Relaxed)).sum();
    let forks: u64 = arena.owners.iter().map(|owner| owner.forks.load(Relaxed)).sum();
    let failures = arena.failures();
    println!(
        "{}: {kills} kills, {stops} stops, {crashes} deaths at crash points, {forks} forks; {operations} operations; \
         {} failures",
        round.name,
        failures.len()
    );
    tally.kills += kills;
    tally.stops += stops;
    tally.crashes += crashes;
    tally.forks += forks;
    tally.operations += operations;
    let kept = path.with_extension("failed");
    if failures.is_empty() {
        let _ = std::fs::remove_file(&path);
    } else {
        let _ = std::fs::rename(&path, &kept);
        tally.failures.push(format!("({}) the file is kept as {}", round.name, kept.display()));
    }
    tally.failures.extend(failures.into_iter().map(|failure| format!("({}) {failure}", round.name)));
}

fn start(n: usize, path: &Path, arena: &'static Arena, round: &Round, random: &mut Random) -> Victim {
    let seed = random.number();
    // SAFETY: this process has one thread; the child leaves by `_exit`.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork: {}", std::io::Error::last_os_error());
    if pid == 0 {
        worker::work(n, path, arena, round, Random::new(seed));
    }
    Victim { pid, stopped: false, beat: 0, beat_at: Instant::now() }
}

fn resume(victims: &mut [Victim]) {
    for victim in victims.iter_mut().filter(|victim| victim.stopped) {
        // SAFETY: a child of ours that was not waited for yet.
        unsafe { libc::kill(victim.pid, libc::SIGCONT) };
        (victim.stopped, victim.beat_at) = (false, Instant::now());
    }
}

fn wait_for(pid: libc::pid_t) {
    let mut status = 0;
    // SAFETY: a child of ours.
    unsafe { libc::waitpid(pid, &mut status, 0) };
}

/// How the child ended, if it has.
fn look(pid: libc::pid_t) -> Option<i32> {
    let mut status = 0;
    // SAFETY: a child of ours.
    (unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) } == pid).then_some(status)
}

/// Where a process that waits waits.
fn describe(pid: libc::pid_t) -> String {
    let read = |what: &str| std::fs::read_to_string(format!("/proc/{pid}/{what}")).unwrap_or_default();
    let state = read("status").lines().find(|line| line.starts_with("State")).map(str::to_owned);
    format!("{} in {}", state.unwrap_or_default(), read("syscall").trim())
}

/// Everything that was acknowledged is there, and all is in order.
fn verify(path: &Path, arena: &Arena) {
    let store = Store::new(path.to_owned(), Options::default());
    let start = Instant::now();
    if let Err(error) = store.patiently(|store| store.remove(b"nothing")) {
        return arena.fail(&format!("the last write: {error}"));
    }
    if start.elapsed() > Duration::from_secs(2) {
        arena.fail(&format!("the last write took {:?}", start.elapsed()));
    }
    for owner in 0..OWNERS {
        for key in 0..KEYS {
            worker::compare(&store, arena, owner, key);
        }
    }
    std::panic::set_hook(Box::new(|_| {}));
    for owner in 0..WORKERS {
        let compare = || worker::compare_list(&store, arena, owner, true);
        if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(compare)) {
            arena.fail(panic.downcast_ref::<String>().map_or("a list does not fit", |text| text));
        }
    }
    let _ = std::panic::take_hook();
    for counter in 0..COUNTERS {
        let (acknowledged, begun) = arena.count(counter);
        let found = worker::read_counter(&store, counter);
        if !(acknowledged..=begun).contains(&found) {
            arena.fail(&format!("counter {counter}: {found}, and {acknowledged} to {begun} increments"));
        }
    }
    match store.patiently(Store::check) {
        Err(error) => arena.fail(&format!("the check: {error}")),
        Ok(report) => {
            report.problems.iter().for_each(|problem| arena.fail(problem));
            if report.allocated >= 2 * (report.live + report.index) + (1 << 20) {
                arena.fail(&format!("too large: {report:?}"));
            }
        }
    }
}

/// xorshift64*: good enough, and the same everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        (self.number() >> 11) % limit.max(1)
    }
}
