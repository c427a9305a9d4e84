//! Items in are items out: of a queue that is shifted each at most once, and none that nobody may have in its hands; of one that is consumed
//! each until somebody was done with it.

use super::super::herd::MOST;
use super::{Site, Tally, Work, Worker, sum};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use sync_backend::testing::queues::{element, patches};
use sync_backend::{Appended, Backend, BackendError, Peeked, Rewrite, Shifted, Taken, list_note, listed};
use sync_server::{ServerError, ServerStore, ServerVersion};

const SHIFTED: [&[u8]; 2] = [b"short", b"long"];
const CONSUMED: &[u8] = b"consumed";
/// The most items; then the round goes on without more.
const ITEMS: usize = 1 << 19;

/// The states of an item, a bit each: it was surely put in; it was surely not; somebody has taken it; somebody was done with it.
const IN: u64 = 1;
const OUT: u64 = 2;
const TAKEN: u64 = 4;
const DONE: u64 = 8;

pub struct Queues {
    next: AtomicU64,
    items: [AtomicU64; ITEMS],
    /// The shifts of each process.
    shifts: [Tally; MOST],
    consumed: AtomicU64,
    /// Items whose consumer found them to be no more its own, as its connection had ended.
    gone: AtomicU64,
}

impl Work for Queues {
    fn begin(&self, _: &ServerStore) {}

    fn turn(&self, worker: &mut Worker) {
        match worker.random.below(7) {
            0..=2 => self.push(worker),
            3 => self.shift(worker, SHIFTED[0]),
            // (That one grows.)
            4 if worker.random.once_in(3) => self.shift(worker, SHIFTED[1]),
            _ => self.consume(worker),
        }
    }

    fn end(&self, store: &ServerStore, site: &Site) {
        let mut out = Vec::new();
        for queue in SHIFTED {
            loop {
                match store.retry(|store| store.shift(queue, &mut ServerVersion::default(), &mut out)).unwrap() {
                    Shifted::Nothing => break,
                    Shifted::Element(_) => self.taken(&out, queue).unwrap_or_else(|error| site.fail(&error)),
                    other => return site.fail(&format!("{other:?}")),
                }
            }
        }
        loop {
            match store.retry(|store| store.take(CONSUMED, &mut out)).unwrap() {
                Taken::Nothing => break,
                Taken::Whole => return site.fail("the queue cannot be taken apart"),
                Taken::Item(token) => {
                    match self.item_in(&out, CONSUMED) {
                        Ok(item) => drop(self.items[item].fetch_or(DONE, SeqCst)),
                        Err(error) => site.fail(&error),
                    }
                    assert!(store.finish(token).unwrap(), "its connection stands");
                }
            }
        }
        let stats = store.stats().unwrap();
        if !stats.consuming.is_empty() {
            site.fail(&format!("in consumption in the end: {}", stats.consuming.len()));
        }
        let items = self.next.load(SeqCst).min(ITEMS as u64) as usize;
        let is_lost = |item: &usize| self.items[*item].load(SeqCst) & (IN | TAKEN | DONE) == IN;
        let (lost, of_consumed): (Vec<_>, Vec<_>) =
            (0..items).filter(is_lost).partition(|item| queue_of(*item) != CONSUMED);
        if !of_consumed.is_empty() {
            site.fail(&format!("items that were to be consumed are lost: {of_consumed:?}"));
        }
        // A shift of which nobody knows may have taken one.
        let shifts = sum(self.shifts.iter());
        let in_doubt = shifts.end() - shifts.start();
        if lost.len() as u64 > in_doubt {
            site.fail(&format!("{} items are lost, by {in_doubt} shifts in doubt: {lost:?}", lost.len()));
        }
    }

    fn done(&self) -> String {
        let shifts = sum(self.shifts.iter());
        format!(
            "{} items, {} shifts, {} consumed, {} that were no more their consumer's",
            self.next.load(Relaxed),
            shifts.start(),
            self.consumed.load(Relaxed),
            self.gone.load(Relaxed)
        )
    }
}

impl Queues {
    fn push(&self, worker: &mut Worker) {
        let item = self.next.fetch_add(1, SeqCst) as usize;
        if item >= ITEMS {
            return;
        }
        let length = if worker.random.once_in(50) { 20_000 } else { worker.random.below(40) as u32 };
        let pushed = push(&worker.store, queue_of(item), &element(item as u32, length));
        match &pushed {
            Ok(()) => drop(self.items[item].fetch_or(IN, SeqCst)),
            Err(error) if error.may_be_done() => {}
            Err(_) => {
                if self.items[item].fetch_or(OUT, SeqCst) & (TAKEN | DONE) != 0 {
                    worker.fail(&format!("item {item} was there, which was said not to be"));
                }
            }
        }
        worker.settle(pushed, None);
    }

    fn shift(&self, worker: &mut Worker, queue: &[u8]) {
        let tally = &self.shifts[worker.n];
        tally.begin();
        let mut out = Vec::new();
        let shifted = worker.store.retry(|store| store.shift(queue, &mut ServerVersion::default(), &mut out));
        match shifted {
            Ok(Shifted::Nothing) => tally.leave(),
            Ok(other @ (Shifted::Whole | Shifted::Objects)) => worker.fail(&format!("{other:?}")),
            Ok(Shifted::Element(_)) => {
                if let Err(error) = self.taken(&out, queue) {
                    worker.fail(&error);
                }
                worker.settle(shifted, Some(tally));
            }
            Err(_) => drop(worker.settle(shifted, Some(tally))),
        }
    }

    fn consume(&self, worker: &mut Worker) {
        let mut out = Vec::new();
        let taken = worker.store.retry(|store| store.take(CONSUMED, &mut out));
        let token = match worker.settle(taken, None) {
            None | Some(Taken::Nothing) => return,
            Some(Taken::Whole) => return worker.fail(&"the queue cannot be taken apart"),
            Some(Taken::Item(token)) => token,
        };
        let item = match self.item_in(&out, CONSUMED) {
            Ok(item) => item,
            Err(error) => return worker.fail(&error),
        };
        worker.dawdle();
        if worker.random.once_in(8) {
            return worker.store.give_back(token);
        }
        self.items[item].fetch_or(DONE, SeqCst);
        let finished = worker.store.retry(|store| store.finish(token));
        match worker.settle(finished, None) {
            Some(true) => drop(self.consumed.fetch_add(1, Relaxed)),
            // (It goes to another one.)
            Some(false) => drop(self.gone.fetch_add(1, Relaxed)),
            None => {}
        }
    }

    /// Notes that somebody has taken an item off a queue that is shifted.
    fn taken(&self, out: &[u8], queue: &[u8]) -> Result<(), String> {
        let item = self.item_in(out, queue)?;
        let before = self.items[item].fetch_or(TAKEN, SeqCst);
        if before & TAKEN == 0 { Ok(()) } else { Err(format!("item {item} was taken twice")) }
    }

    /// The number of an item with these bytes.
    fn item_in(&self, out: &[u8], queue: &[u8]) -> Result<usize, String> {
        let at = match out.first() {
            Some(0xc4) => 2,
            Some(0xc5) => 3,
            _ => return Err(format!("no item: {out:?}")),
        };
        let number = out[at..].first_chunk().map_or(u32::MAX, |bytes| u32::from_be_bytes(*bytes));
        let item = number as usize;
        if item >= ITEMS || out != element(number, (out.len() - at) as u32) || queue_of(item) != queue {
            return Err(format!("item {item} has other bytes than were pushed, or is in another queue"));
        }
        if self.items[item].load(SeqCst) & OUT != 0 {
            return Err(format!("item {item} was said not to be pushed"));
        }
        Ok(item)
    }
}

fn queue_of(item: usize) -> &'static [u8] {
    match item % 3 {
        2 => CONSUMED,
        at => SHIFTED[at],
    }
}

/// Appends an element to a list, which it begins if there is none.
fn push(store: &ServerStore, key: &[u8], element: &Vec<u8>) -> Result<(), ServerError> {
    store.retry(|store| {
        loop {
            let (mut version, mut start) = (ServerVersion::default(), Vec::new());
            let length = match store.peek(key, &mut version, &mut start)? {
                Peeked::Missing => {
                    let list = [&[0x90][..], &patches(0, [element])].concat();
                    if store.put_first(key, &list, list_note(1), &mut version)? {
                        return Ok(());
                    }
                    continue;
                }
                Peeked::Noted(note) => listed(note).expect("the note of a list"),
                other => panic!("a queue looks like {other:?}"),
            };
            let (bytes, note) = (patches(length, [element]), list_note(length + 1));
            if store.append(key, &bytes, note, Rewrite::Store, &mut version)? == Appended::Done {
                return Ok(());
            }
        }
    })
}
