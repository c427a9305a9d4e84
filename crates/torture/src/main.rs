//! Kills writers at random and looks for lost values.
//!
//!     make torture                        ten minutes (TORTURE_SECONDS), in /dev/shm (TORTURE_DIRECTORY)
//!     make torture ONLY="sections moved"  some of it: the parts with these words in their names
//!     cargo run --release -p sync-torture --features torture -- [PART...]
//!     cargo run --release -p sync-torture -- crowd [PROCESSES [SECONDS]]
//!
//! In most parts sixteen processes write, remove, append, increment under `lock()`, replace everything, fork
//! and read, on one file. Meanwhile they are killed and stopped, and most kill themselves at a crash point.
//! One of them may only read, one is shut into the file's folder without /proc (if run by root). The operations
//! that each process began, and those that returned to it, are recorded in a journal outside the store, in memory
//! that outlives the process. Every read is compared with the journals; at the end of each round every
//! acknowledged write has to be there, every increment counted once, the store sound and small.
//!
//! - `transfers`: changes to several keys at one moment are seen as a whole, or not at all, by all who look.
//! - `sections`: the changes under one `lock()` are seen as a whole, or not at all.
//! - `queues`: items in are items out, each once, whoever dies.
//! - `waits`: a waiter never sleeps past a change.
//! - `locks`: a named lock has one owner, whoever dies, and its tokens grow.
//! - `moved`: the file goes away and comes back.
//! - `disk`: writes that returned with `durability = commit` are there after a loss of power, on ext4 on a loop
//!   device (if run by root).
//! - `full`: values of all sizes on a tmpfs that has no room for them (if run by root).
//! - `servers`: stores on a Redis of its own, whose connections are ended at random, behind a network that cuts and delays: no change
//!   is lost or made twice, one whose outcome is not known is made or not, and nobody waits for ever.
//!
//! `crowd` measures: many processes, nine reads to a write, and no update lost.
//!
//! The choices follow from TORTURE_SEED, which is printed; the order in which processes run does not.

mod crowd;
#[cfg(feature = "torture")]
mod disk;
#[cfg(feature = "torture")]
mod durable;
mod expiry;
#[cfg(feature = "torture")]
mod full;
mod herd;
mod journal;
mod locks;
mod moved;
mod queues;
mod sections;
mod servers;
mod transfers;
mod waits;
mod worker;

use herd::{Blows, Herd, Torment};
use journal::{Arena, COUNTERS, KEYS, OWNERS, WORKERS};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};
use sync_store::testing::{Random, is_in_proportion, uses_in_proportion};
use sync_store::{Options, Store};

/// How the processes of a round behave.
struct Round {
    name: &'static str,
    /// The number of dead bytes at which compaction starts.
    slack: Option<u64>,
    /// Processes kill themselves, at one of that many crash points.
    crash_within: Option<u64>,
    /// Milliseconds between two kills, at most.
    pause: u64,
    /// Some lists are too long for a process's cache.
    long: bool,
}

const ROUND: Round = Round { name: "", slack: None, crash_within: None, pause: 20, long: false };
const ROUNDS: [Round; 5] = [
    Round { name: "kills", ..ROUND },
    Round { name: "kills, cleaning all the time", slack: Some(0), pause: 10, ..ROUND },
    Round { name: "kills, long lists", pause: 100, long: true, ..ROUND },
    Round { name: "crash points", crash_within: Some(3_000), pause: 200, ..ROUND },
    Round {
        name: "crash points, cleaning all the time",
        slack: Some(0),
        crash_within: Some(30_000),
        pause: 50,
        ..ROUND
    },
];

/// The ground of a part: a folder of its own, and how long it may take.
pub struct Ground<'a> {
    pub folder: &'a Path,
    pub until: Instant,
    pub random: Random,
}

/// The outcome of a part.
#[derive(Default)]
pub struct Outcome {
    pub blows: Blows,
    /// The work that was done, in a few words.
    pub done: String,
    pub failures: Vec<String>,
}

type Part<'a> = (&'a str, Box<dyn Fn(Ground) -> Outcome>);

fn parts() -> Vec<Part<'static>> {
    let mut parts: Vec<Part> = vec![];
    for round in &ROUNDS {
        if cfg!(feature = "torture") || round.slack.is_none() && round.crash_within.is_none() {
            parts.push((round.name, Box::new(|ground| run(round, ground))));
        }
    }
    parts.push(("sections", Box::new(|ground| sections::run(ground, false))));
    parts.push(("sections, kills", Box::new(|ground| sections::run(ground, true))));
    parts.push(("locks", Box::new(|ground| locks::run(ground, false))));
    #[cfg(feature = "torture")]
    parts.push(("locks, crash points", Box::new(|ground| locks::run(ground, true))));
    parts.push(("transfers", Box::new(transfers::run)));
    parts.push(("queues", Box::new(|ground| queues::run(ground, false))));
    #[cfg(feature = "torture")]
    parts.push(("queues, crash points", Box::new(|ground| queues::run(ground, true))));
    parts.push(("waits", Box::new(|ground| waits::run(ground, false))));
    #[cfg(feature = "torture")]
    parts.push(("waits, crash points", Box::new(|ground| waits::run(ground, true))));
    parts.push(("moved", Box::new(moved::run)));
    parts.push(("expiry", Box::new(expiry::run)));
    parts.push(("servers, numbers", Box::new(servers::run::<servers::Numbers>)));
    parts.push(("servers, transfers", Box::new(servers::run::<servers::Transfers>)));
    parts.push(("servers, queues", Box::new(servers::run::<servers::Queues>)));
    #[cfg(feature = "torture")]
    parts.push(("disk", Box::new(disk::run)));
    #[cfg(feature = "torture")]
    parts.push(("full", Box::new(full::run)));
    parts
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |n: usize, default| arguments.get(n).and_then(|text| text.parse().ok()).unwrap_or(default);
    if arguments.first().is_some_and(|mode| mode == "crowd") {
        return crowd::run(number(1, 150), Duration::from_secs(number(2, 10)));
    }
    let variable = |name: &str| std::env::var(name).ok();
    let seconds: f64 = variable("TORTURE_SECONDS").and_then(|text| text.parse().ok()).unwrap_or(600.0);
    let seed: u64 = variable("TORTURE_SEED").and_then(|text| text.parse().ok()).unwrap_or(std::process::id().into());
    let directory = PathBuf::from(variable("TORTURE_DIRECTORY").unwrap_or_else(|| "/dev/shm".into()));
    sync_store::set_idle_limit(0);
    let mut parts = parts();
    parts.retain(|(name, _)| arguments.is_empty() || arguments.iter().any(|word| name.contains(word.as_str())));
    println!("TORTURE_SEED={seed}, {seconds} seconds, {} parts, in {}", parts.len(), directory.display());
    let each = Duration::from_secs_f64(seconds / parts.len().max(1) as f64);
    let (mut blows, mut failures) = (Blows::default(), vec![]);
    for (n, (name, part)) in parts.iter().enumerate() {
        let folder = directory.join(format!("sync-torture-{}-{n}", std::process::id()));
        std::fs::create_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let random = Random::new(seed ^ (n as u64) << 32);
        let outcome = part(Ground { folder: &folder, until: Instant::now() + each, random });
        let Blows { kills, stops, crashes } = outcome.blows;
        println!(
            "{name}: {}; {kills} kills, {stops} stops, {crashes} deaths at crash points; {} failures",
            outcome.done,
            outcome.failures.len()
        );
        blows.kills += kills;
        blows.stops += stops;
        blows.crashes += crashes;
        if outcome.failures.is_empty() {
            let _ = std::fs::remove_dir_all(&folder);
        } else {
            failures.push(format!("({name}) its files are kept in {}", folder.display()));
        }
        failures.extend(outcome.failures.into_iter().map(|failure| format!("({name}) {failure}")));
    }
    let Blows { kills, stops, crashes } = blows;
    println!(
        "{kills} kills, {stops} stops, {crashes} deaths at crash points; {} losses or other failures",
        failures.len()
    );
    failures.iter().for_each(|failure| println!("FAILED: {failure}"));
    ExitCode::from(u8::from(!failures.is_empty() || parts.is_empty()))
}

fn run(round: &'static Round, mut ground: Ground) -> Outcome {
    let path = ground.folder.join("store.sync");
    let arena = Arena::new();
    arena.long.store(if round.long { journal::LONG as u64 } else { 0 }, SeqCst);
    let body = |n: usize, random: Random| worker::work(n, &path, arena, round, random);
    let mut herd = Herd::new(WORKERS, &arena.bell, &mut ground.random, &body);
    herd.torment(Torment { pause: round.pause, kills: true }, ground.until, &mut ground.random);
    let blows = herd.finish();
    herd::apart(&arena.bell.failures, || verify(&path, arena));
    let operations: u64 = arena.bell.beats.iter().map(|count| count.load(Relaxed)).sum();
    let forks: u64 = arena.owners.iter().map(|owner| owner.forks.load(Relaxed)).sum();
    Outcome { blows, done: format!("{operations} operations, {forks} forks"), failures: arena.bell.failures.all() }
}

/// Checks that everything acknowledged is there, and that the store is sound.
fn verify(path: &Path, arena: &Arena) {
    let store = Store::new(path.to_owned(), Options::default());
    let start = Instant::now();
    if let Err(error) = store.retry(|store| store.remove(b"nothing")) {
        return arena.fail(&format!("the last write: {error}"));
    }
    if start.elapsed() > Duration::from_secs(5) {
        arena.fail(&format!("the last write took {:?}", start.elapsed()));
    }
    for owner in 0..OWNERS {
        for key in 0..KEYS {
            worker::compare(&store, arena, owner, key);
        }
    }
    for owner in 0..WORKERS {
        worker::compare_list(&store, arena, owner, true);
    }
    for counter in 0..COUNTERS {
        let (acknowledged, begun) = arena.count(counter);
        let found = worker::read_counter(&store, counter);
        if !(acknowledged..=begun).contains(&found) {
            arena.fail(&format!("counter {counter}: {found}, and {acknowledged} to {begun} increments"));
        }
    }
    check(&store, |problem| arena.fail(problem));
}

/// The full check: sound, and not too large.
pub fn check(store: &Store, fail: impl Fn(&str)) {
    match store.retry(Store::check) {
        Err(error) => fail(&format!("the check: {error}")),
        Ok(report) => {
            report.problems.iter().for_each(|problem| fail(problem));
            // (On tmpfs a reader that is still inside a run that was freed puts memory behind its pages. That counts for nothing, and goes with a later step.)
            let report = match uses_in_proportion(&report) && !is_in_proportion(&report) {
                true => store.retry(Store::compact).and_then(|()| store.retry(Store::check)).unwrap_or(report),
                false => report,
            };
            if !is_in_proportion(&report) {
                fail(&format!("too large: {report:?}"));
            }
        }
    }
}
