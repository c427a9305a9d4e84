//! Many processes on one file, nine reads to a write: how many operations, how long each takes, and
//! whether an update is lost.

use super::Random;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};
use sync_store::testing::shared_memory;
use sync_store::{Found, Options, Store, Version};

/// The most processes that can be measured.
const MOST: usize = 1000;
/// Latencies are counted in buckets: four for each power of two.
const BUCKETS: usize = 64 * 4;

/// Memory that all processes share.
struct Board {
    start: AtomicU64,
    stop: AtomicU64,
    /// How many increments of its number have returned to each process.
    returned: [AtomicU64; MOST],
    /// Reads and writes, by duration.
    durations: [[AtomicU64; BUCKETS]; 2],
    stale: AtomicU64,
}

fn bucket(nanoseconds: u64) -> usize {
    let n = nanoseconds.max(4);
    let log = n.ilog2();
    (log as usize) * 4 + (n >> (log - 2) & 3) as usize
}

/// The shortest duration that falls into a bucket.
fn shortest(bucket: usize) -> u64 {
    (4 + bucket as u64 % 4) << (bucket / 4).saturating_sub(2)
}

fn name(n: usize) -> Vec<u8> {
    format!("process{n}").into_bytes()
}

fn read(store: &Store, n: usize, seen: &mut Version) -> Option<u64> {
    let mut out = Vec::new();
    match store.retry(|store| store.get(&name(n), seen, &mut out)).unwrap() {
        Found::Missing => Some(0),
        Found::Unchanged => None,
        Found::Value => Some(u64::from_le_bytes(out[..].try_into().unwrap())),
        found => panic!("{found:?}, of a number that is only ever put"),
    }
}

pub fn run(processes: u64, duration: Duration) -> ExitCode {
    let processes = (processes as usize).clamp(1, MOST);
    let path = PathBuf::from(format!("/dev/shm/sync-crowd-{}.sync", std::process::id()));
    let _ = std::fs::remove_file(&path);
    // SAFETY: made of atomics.
    let board: &'static Board = unsafe { shared_memory() };
    let children: Vec<libc::pid_t> = (0..processes)
        .map(|n| {
            // SAFETY: this process has one thread; the child leaves by `_exit`.
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                let store = Store::new(path.clone(), Options::default());
                work(n, processes, &store, board);
                // SAFETY: ends this process.
                unsafe { libc::_exit(0) };
            }
            pid
        })
        .collect();
    board.start.store(1, SeqCst);
    let start = Instant::now();
    std::thread::sleep(duration);
    board.stop.store(1, SeqCst);
    let elapsed = start.elapsed();
    let mut failed = 0;
    for pid in children {
        let mut status = 0;
        // SAFETY: our child.
        unsafe { libc::waitpid(pid, &mut status, 0) };
        failed += u64::from(status != 0);
    }

    let store = Store::new(path.clone(), Options::default());
    let lost: u64 = (0..processes)
        .map(|n| board.returned[n].load(SeqCst).abs_diff(read(&store, n, &mut Version::default()).unwrap_or(0)))
        .sum();
    let problems = store.retry(Store::check).unwrap().problems;
    let _ = std::fs::remove_file(&path);
    let total: u64 = board.durations.iter().flatten().map(|count| count.load(Relaxed)).sum();
    println!(
        "{processes} processes, nine reads to a write: {:.0} operations a second",
        total as f64 / elapsed.as_secs_f64()
    );
    for (what, durations) in ["reads", "writes"].iter().zip(&board.durations) {
        let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|part| quantile(durations, part));
        println!("  {what}: p50 {p50} ns, p99 {p99} ns, p99.9 {p999} ns");
    }
    let stale = board.stale.load(Relaxed);
    println!("  {lost} updates lost, {stale} stale reads, {} problems, {failed} processes failed", problems.len());
    ExitCode::from(u8::from(lost + stale + failed > 0 || !problems.is_empty()))
}

fn quantile(durations: &[AtomicU64; BUCKETS], part: f64) -> u64 {
    let total: u64 = durations.iter().map(|count| count.load(Relaxed)).sum();
    let mut sum = 0;
    let at = durations.iter().position(|count| {
        sum += count.load(Relaxed);
        sum as f64 >= total as f64 * part
    });
    shortest(at.unwrap_or(0))
}

/// Increments its own number, and reads those of others, which must not be older than the increments
/// that had returned before.
fn work(n: usize, processes: usize, store: &Store, board: &Board) {
    let mut random = Random::new(n as u64 + 1);
    let mut seen = vec![Version::default(); processes];
    let mut known = vec![0; processes];
    let mut durations = [[0u64; BUCKETS]; 2];
    while board.start.load(SeqCst) == 0 {
        std::thread::yield_now();
    }
    let mut count = 0u64;
    while board.stop.load(Relaxed) == 0 {
        let write = random.below(10) == 0;
        let other = random.below(processes as u64) as usize;
        let before = board.returned[other].load(SeqCst);
        let start = Instant::now();
        if write {
            count += 1;
            let (name, value) = (name(n), count.to_le_bytes());
            store.retry(|store| store.put(&name, &value, &mut seen[n])).unwrap();
            known[n] = count;
        } else if !store.is_current(&seen[other])
            && let Some(value) = read(store, other, &mut seen[other])
        {
            known[other] = value;
        }
        durations[usize::from(write)][bucket(start.elapsed().as_nanos() as u64)] += 1;
        if write {
            board.returned[n].store(count, SeqCst);
        } else if known[other] < before {
            board.stale.fetch_add(1, Relaxed);
        }
    }
    for (sums, counts) in board.durations.iter().zip(&durations) {
        for (sum, count) in sums.iter().zip(counts) {
            sum.fetch_add(*count, Relaxed);
        }
    }
}
