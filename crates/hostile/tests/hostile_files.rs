//! Two thousand cases of the fuzzer, the same ones each time: see `src/lib.rs`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::Range;
use std::panic::catch_unwind;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};
use sync_store::testing::Random;

/// The largest allocation that is allowed, whatever a file says about lengths.
const LARGEST: usize = 64 << 20;

struct Bounded;

// SAFETY: `System`, but for refusing what is too large.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        assert!(layout.size() <= LARGEST, "an allocation of {} bytes", layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Bounded = Bounded;

/// Bytes that are the same for the same seed.
fn bytes(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    (0..256).map(|_| (random.number() >> 56) as u8).collect()
}

/// How long a case may take before it counts as endless.
const PATIENCE: Duration = Duration::from_secs(15);

/// Ends the process if a case does not end by itself.
fn watch() -> &'static Mutex<(u64, Instant)> {
    static CASE: OnceLock<Mutex<(u64, Instant)>> = OnceLock::new();
    CASE.get_or_init(|| {
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(Duration::from_millis(200));
                let (seed, since) = *watch().lock().unwrap();
                if since.elapsed() > PATIENCE {
                    eprintln!("seed {seed} does not end");
                    std::process::abort();
                }
            }
        });
        Mutex::new((0, Instant::now()))
    })
}

fn run(seeds: Range<u64>) {
    let mut failed = Vec::new();
    for seed in seeds {
        *watch().lock().unwrap() = (seed, Instant::now());
        if catch_unwind(|| sync_hostile::run(&bytes(seed))).is_err() {
            eprintln!("^ seed {seed}");
            failed.push(seed);
        }
    }
    assert!(failed.is_empty(), "seeds {failed:?}");
}

/// `HOSTILE_SEEDS=from..to` selects other cases than the usual ones.
#[test]
fn no_file_crashes_a_process_or_keeps_it_busy() {
    let asked = std::env::var("HOSTILE_SEEDS").ok();
    let asked = asked.as_deref().and_then(|text| text.split_once(".."));
    match asked.map(|(from, to)| (from.parse(), to.parse())) {
        Some((Ok(from), Ok(to))) => run(from..to),
        _ => run(0..2_000),
    }
}

#[test]
fn a_case_starts_from_the_same_bytes_each_time() {
    assert_eq!(sync_hostile::fingerprint(), sync_hostile::fingerprint());
}
