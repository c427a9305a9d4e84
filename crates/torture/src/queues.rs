//! Items in are items out, each once, whoever is killed or stopped.
//!
//! Processes push numbered items to a few queues, and take items off; some queues stay short, others grow. Memory that outlives them
//! says of each item whether it was on its way in, whether it was in, and whether somebody has taken it. An item that
//! is taken was pushed, and nobody has taken it before. In the end the queues are drained: of the items that were in, no more are gone
//! than processes have died, as each had at most one in its hands.
//!
//! One queue is consumed instead: of that none may be gone that was not done with. An item that somebody takes while another one
//! has it is one whose consumer has died; nothing is in consumption in the end.

use super::herd::{self, Bell, Herd, Torment};
use super::{Ground, Outcome, Random};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use sync_backend::testing::queues::{element, patches, read};
use sync_store::testing::shared_memory;
use sync_store::{Appended, Options, Peeked, Shifted, Store, Taken, Version};

const QUEUES: u64 = 4;
/// The one that is consumed.
const CONSUMED: u64 = QUEUES - 1;
const PROCESSES: usize = 10;
/// The most items; then the round ends.
const ITEMS: usize = 1 << 20;

struct Arena {
    bell: Bell,
    next: AtomicU64,
    /// For each item, a bit each: on its way in, in, taken.
    items: [AtomicU64; ITEMS / 16],
    /// Whether somebody has it, of those that are consumed.
    held: [AtomicU64; ITEMS / 64],
    whole: AtomicU64,
    /// How many were done with by a consumer, and how many were taken from the dead.
    consumed: AtomicU64,
    again: AtomicU64,
}

const COMING: u64 = 1;
const IN: u64 = 2;
const TAKEN: u64 = 4;
/// A consumer was through with it, and about to say so.
const DONE: u64 = 8;

impl Arena {
    /// Notes whether somebody has an item; whether somebody had it before.
    fn hold(&self, item: u64, holds: bool) -> bool {
        let (word, bit) = (&self.held[item as usize / 64], 1 << (item % 64));
        let before = if holds { word.fetch_or(bit, SeqCst) } else { word.fetch_and(!bit, SeqCst) };
        before & bit != 0
    }

    /// Sets a bit of an item; those that were set before.
    fn mark(&self, item: u64, bit: u64) -> u64 {
        let shift = item % 16 * 4;
        self.items[item as usize / 16].fetch_or(bit << shift, SeqCst) >> shift & 15
    }
}

/// `crashes`: processes kill themselves at crash points, too.
pub fn run(mut ground: Ground, crashes: bool) -> Outcome {
    let path = ground.folder.join("store.sync");
    // SAFETY: made of atomics.
    let arena: &'static Arena = unsafe { shared_memory() };
    let body = |n: usize, random: Random| work(n, &path, arena, random, crashes);
    let mut herd = Herd::new(PROCESSES, &arena.bell, &mut ground.random, &body);
    herd.torment(Torment { pause: if crashes { 100 } else { 20 }, kills: true }, ground.until, &mut ground.random);
    let blows = herd.finish();
    herd::apart(&arena.bell.failures, || {
        let store = Store::new(path.clone(), Options::default());
        super::check(&store, |problem| arena.bell.failures.add(problem));
        for queue in 0..QUEUES {
            while take(&store, arena, queue) {}
        }
        let consuming = store.stats().unwrap().consuming.len();
        if consuming > 0 {
            arena.bell.failures.add(&format!("{consuming} items are in consumption"));
        }
        super::check(&store, |problem| arena.bell.failures.add(problem));
        let items = arena.next.load(SeqCst).min(ITEMS as u64);
        let is_lost = |item: &u64| arena.mark(*item, 0) & (IN | TAKEN | DONE) == IN;
        let (lost, of_consumed): (Vec<u64>, Vec<u64>) =
            (0..items).filter(is_lost).partition(|item| item % QUEUES != CONSUMED);
        let (lost, deaths, again) = (lost.len() as u64, blows.kills + blows.crashes, arena.again.load(SeqCst));
        if !of_consumed.is_empty() {
            arena
                .bell
                .failures
                .add(&format!("{} items of the queue that is consumed are lost: {of_consumed:?}", of_consumed.len()));
        }
        if again > deaths {
            arena
                .bell
                .failures
                .add(&format!("{again} items were taken while others had them, {deaths} processes have died"));
        }
        if lost > deaths {
            arena.bell.failures.add(&format!("{lost} items are lost, {deaths} processes have died"));
        }
    });
    let done = format!(
        "{} items, {} lists read, {} items consumed, {} of them again after a death",
        arena.next.load(Relaxed),
        arena.whole.load(Relaxed),
        arena.consumed.load(Relaxed),
        arena.again.load(Relaxed)
    );
    Outcome { blows, done, failures: arena.bell.failures.all() }
}

fn name(queue: u64) -> Vec<u8> {
    format!("queue {queue}").into_bytes()
}

fn work(n: usize, path: &Path, arena: &'static Arena, mut random: Random, crashes: bool) {
    crash_within(crashes, &mut random);
    let mut store = Store::new(path.to_owned(), Options::default());
    while !arena.bell.rings() {
        let queue = random.below(QUEUES);
        match random.below(40) {
            0 => store = Store::new(path.to_owned(), Options::default()),
            1 => {
                let mut bytes = Vec::new();
                if matches!(
                    store.retry(|store| store.get(&name(queue), &mut Version::default(), &mut bytes)).unwrap(),
                    sync_store::Found::Value
                ) {
                    read(&bytes);
                    arena.whole.fetch_add(1, Relaxed);
                }
            }
            2 => store
                .retry(|store| store.put(b"x", &vec![1; random.below(30_000) as usize], &mut Version::default()))
                .unwrap(),
            // The first queue is emptied as fast as it can be, the last one grows.
            turn if turn % 2 == 0 => push(&store, arena, &mut random),
            _ if queue == CONSUMED => consume(&store, arena, &mut random),
            turn if queue < CONSUMED - 1 || turn % 3 == 0 => drop(take(&store, arena, queue)),
            _ => {}
        }
        arena.bell.beats[n].fetch_add(1, Relaxed);
    }
    std::mem::forget(store);
}

#[cfg(feature = "torture")]
fn crash_within(crashes: bool, random: &mut Random) {
    if crashes {
        sync_store::torture::crash_after(random.below(20_000));
    }
}

#[cfg(not(feature = "torture"))]
fn crash_within(_: bool, _: &mut Random) {}

fn push(store: &Store, arena: &Arena, random: &mut Random) {
    let item = arena.next.fetch_add(1, SeqCst);
    if item >= ITEMS as u64 {
        return;
    }
    arena.mark(item, COMING);
    let length = if random.below(50) == 0 { 20_000 } else { random.below(40) };
    let element = element(item as u32, length as u32);
    let key = name(item % QUEUES);
    let done = store.retry(|store| {
        loop {
            let (mut version, mut start) = (Version::default(), Vec::new());
            let length = match store.peek(&key, &mut version, &mut start)? {
                Peeked::Missing => {
                    let list = [&[0x90][..], &patches(0, [&element])].concat();
                    if store.put_first(&key, &list, sync_backend::list_note(1), &mut version)? {
                        return Ok(());
                    }
                    continue;
                }
                Peeked::Noted(note) => sync_backend::listed(note).expect("the note of a list"),
                other => panic!("a queue looks like {other:?}"),
            };
            let (bytes, note) = (patches(length, [&element]), sync_backend::list_note(length + 1));
            let rewrite = sync_backend::Rewrite::Store;
            if sync_backend::Backend::append(store, &key, &bytes, note, rewrite, &mut version)? == Appended::Done {
                return Ok(());
            }
        }
    });
    done.unwrap();
    arena.mark(item, IN);
}

/// Takes an item; false: there is none.
fn take(store: &Store, arena: &Arena, queue: u64) -> bool {
    let mut out = Vec::new();
    match store.retry(|store| store.shift(&name(queue), &mut Version::default(), &mut out)).unwrap() {
        Shifted::Nothing => return false,
        Shifted::Element(_) => {}
        Shifted::Whole | Shifted::Objects => arena.bell.failures.add(&format!("queue {queue} cannot be taken apart")),
    }
    let item = item_in(&out, arena);
    let before = arena.mark(item, TAKEN);
    // (The rest of those that are consumed may have been done with by one who died.)
    if before & (COMING | TAKEN) != COMING {
        arena.bell.failures.add(&format!("queue {queue}: item {item} was taken, marked {before:b} before"));
    }
    true
}

/// Consumes an item: that is done with, or given back; or its consumer dies.
fn consume(store: &Store, arena: &Arena, random: &mut Random) {
    let mut out = Vec::new();
    let token = match store.retry(|store| store.take(&name(CONSUMED), &mut out)).unwrap() {
        Taken::Nothing => return,
        Taken::Item(token) => token,
        Taken::Whole => return arena.bell.failures.add("the queue that is consumed cannot be taken apart"),
    };
    let item = item_in(&out, arena);
    if arena.hold(item, true) {
        arena.again.fetch_add(1, SeqCst);
    }
    let before = arena.mark(item, 0);
    if before & (COMING | TAKEN) != COMING || item % QUEUES != CONSUMED {
        arena.bell.failures.add(&format!("item {item} was taken to be consumed, marked {before:b} before"));
    }
    match random.below(8) {
        0 => std::thread::sleep(std::time::Duration::from_micros(random.below(2000))),
        1 => std::thread::yield_now(),
        _ => {}
    }
    if random.below(4) == 0 {
        arena.hold(item, false);
        return store.give_back(token);
    }
    arena.mark(item, DONE);
    arena.hold(item, false);
    // (Not its own any more where it was adopted, as in a restored file, which does not happen here.)
    if !store.retry(|store| store.finish(token)).unwrap() {
        arena.bell.failures.add(&format!("item {item} was no more its consumer's"));
    }
    arena.consumed.fetch_add(1, Relaxed);
}

/// The number of an item with these bytes.
fn item_in(out: &[u8], arena: &Arena) -> u64 {
    let length = u32::from_be_bytes(*out.first_chunk().expect("the head of an item"));
    let at = match length.to_be_bytes() {
        [0xc4, ..] => 2,
        [0xc5, ..] => 3,
        _ => 5,
    };
    let item = u64::from(u32::from_be_bytes(*out[at..].first_chunk().expect("its number")));
    if out != element(item as u32, (out.len() - at) as u32) {
        arena.bell.failures.add(&format!("item {item} has other bytes than were pushed"));
    }
    item
}
