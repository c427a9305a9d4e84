//! Numbers that all processes add to, each in all ways that there are, and elements under the next number, each of which is one process's own.
//!
//! In the end a number is the sum of what was added to it. One that reads without a cache sees, at each moment, all that was made before; with one
//! it never sees less than before.

use super::super::herd::MOST;
use super::{Site, Tally, Work, Worker, sum};
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use sync_backend::{Backend, Found, Patience};
use sync_server::{ServerError, ServerStore, ServerVersion};

const NAMES: [&[u8]; 2] = [b"one", b"other"];
/// The ways to add one.
const WAYS: [Add; 4] = [by_server, compare_and_set, under_lock, under_hold];
/// The most elements that a process, and those in its place after its death, puts under the next number.
const ELEMENTS: usize = 1 << 12;

const BEGUN: u64 = 1;
const MADE: u64 = 2;
const NOT_MADE: u64 = 4;

/// Adds one to the number of a name; false: nothing has happened, as others were faster.
type Add = fn(&mut Worker, &[u8]) -> Result<bool, ServerError>;

pub struct Numbers {
    added: [[Tally; MOST]; NAMES.len()],
    /// The next element of each process, and the state of each.
    next: [AtomicU64; MOST],
    elements: [[AtomicU64; ELEMENTS]; MOST],
    reads: AtomicU64,
}

impl Work for Numbers {
    fn begin(&self, store: &ServerStore) {
        for name in NAMES {
            store.put(name, &packed(0), &mut ServerVersion::default()).unwrap();
        }
    }

    fn turn(&self, worker: &mut Worker) {
        match worker.random.below(12) {
            0..=6 => self.add(worker),
            7..=8 => self.element(worker),
            _ => self.read(worker),
        }
    }

    fn end(&self, store: &ServerStore, site: &Site) {
        let mut found = HashMap::new();
        for (name, value) in store.retry(Backend::snapshot).unwrap().iter() {
            match NAMES.iter().position(|its| *its == name) {
                Some(at) => {
                    let (number, range) = (unpacked(value), sum(self.added[at].iter()));
                    if !range.contains(&number) {
                        site.fail(&format!("{}: {number}, of {range:?}", String::from_utf8_lossy(name)));
                    }
                }
                None => *found.entry(unpacked(value)).or_insert(0) += 1,
            }
        }
        for n in 0..MOST {
            for at in 0..self.next[n].load(SeqCst).min(ELEMENTS as u64) {
                let (state, times) =
                    (self.elements[n][at as usize].load(SeqCst), found.remove(&own(n, at)).unwrap_or(0));
                let may_be = match state {
                    MADE => 1..=1,
                    NOT_MADE => 0..=0,
                    _ => 0..=1,
                };
                if !may_be.contains(&times) {
                    site.fail(&format!("element {at} of process {n}, of state {state}, is there {times} times"));
                }
            }
        }
        if !found.is_empty() {
            site.fail(&format!("there are elements that nobody has made: {found:?}"));
        }
    }

    fn done(&self) -> String {
        let added: u64 = self.added.iter().map(|tallies| *sum(tallies.iter()).start()).sum();
        let elements: u64 = self.next.iter().map(|next| next.load(Relaxed)).sum();
        format!("{added} additions, {elements} elements, {} reads", self.reads.load(Relaxed))
    }
}

impl Numbers {
    fn add(&self, worker: &mut Worker) {
        let (at, way) = (worker.random.index(NAMES.len()), worker.random.index(WAYS.len()));
        let tally = &self.added[at][worker.n];
        tally.begin();
        match WAYS[way](worker, NAMES[at]) {
            Ok(false) => tally.leave(),
            result => drop(worker.settle(result, Some(tally))),
        }
    }

    fn element(&self, worker: &mut Worker) {
        let n = worker.n;
        let at = self.next[n].fetch_add(1, SeqCst);
        let Some(state) = self.elements[n].get(at as usize) else { return };
        state.store(BEGUN, SeqCst);
        let value = packed(own(n, at));
        let put = worker.store.retry(|store| store.put_next(&value, &[], 0, &mut ServerVersion::default()));
        let not_made = matches!(&put, Err(error) if !sync_backend::BackendError::may_be_done(error));
        if put.is_ok() {
            state.store(MADE, SeqCst);
        } else if not_made {
            state.store(NOT_MADE, SeqCst);
        }
        worker.settle(put, None);
    }

    /// A few reads by one handle.
    fn read(&self, worker: &mut Worker) {
        let at = worker.random.index(NAMES.len());
        let asks = worker.store.address().ends_with(b"cache=0");
        let (mut version, mut last) = (ServerVersion::default(), 0);
        for _ in 0..1 + worker.random.below(20) {
            let made = if asks { *sum(self.added[at].iter()).start() } else { 0 };
            let mut bytes = Vec::new();
            if !worker.store.is_current(&version) {
                let found = worker.store.retry(|store| store.get(NAMES[at], &mut version, &mut bytes));
                match worker.settle(found, None) {
                    Some(Found::Value) => {
                        let seen = unpacked(&bytes);
                        let most = *sum(self.added[at].iter()).end();
                        if seen < last || seen < made || seen > most {
                            worker.fail(&format!("{at}: {seen} after {last}, of {made} to {most}"));
                        }
                        last = seen;
                    }
                    Some(Found::Unchanged) => {}
                    Some(other) => worker.fail(&format!("a number is {other:?}")),
                    None => return,
                }
            }
            self.reads.fetch_add(1, Relaxed);
        }
    }
}

fn by_server(worker: &mut Worker, name: &[u8]) -> Result<bool, ServerError> {
    let sum = worker.store.retry(|store| store.add_number(name, 1, &mut ServerVersion::default()))?;
    assert!(sum.is_some(), "it is a number");
    Ok(true)
}

fn compare_and_set(worker: &mut Worker, name: &[u8]) -> Result<bool, ServerError> {
    worker.store.retry(|store| {
        let (mut version, mut bytes) = (ServerVersion::default(), Vec::new());
        store.get(name, &mut version, &mut bytes)?;
        store.put_if_unchanged(name, &packed(unpacked(&bytes) + 1), &mut version)
    })
}

fn under_lock(worker: &mut Worker, name: &[u8]) -> Result<bool, ServerError> {
    worker.store.retry(|store| store.lock(Patience::default()))?;
    let added = add_alone(worker, name);
    worker.store.unlock();
    added
}

fn under_hold(worker: &mut Worker, name: &[u8]) -> Result<bool, ServerError> {
    let hold = worker.store.retry(ServerStore::lock_writers)?;
    let added = add_alone(worker, name);
    worker.store.unlock_writers(hold);
    added
}

/// Adds one where nobody else may, as long as the connection stands.
fn add_alone(worker: &mut Worker, name: &[u8]) -> Result<bool, ServerError> {
    let mut bytes = Vec::new();
    worker.store.retry(|store| store.get(name, &mut ServerVersion::default(), &mut bytes))?;
    worker.dawdle();
    worker.store.retry(|store| store.put(name, &packed(unpacked(&bytes) + 1), &mut ServerVersion::default()))?;
    Ok(true)
}

/// The number that is an element's own.
fn own(n: usize, at: u64) -> u64 {
    (n as u64 + 1) << 32 | at
}

/// A number as MessagePack has it.
fn packed(number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmp::encode::write_uint(&mut bytes, number).expect("room");
    bytes
}

fn unpacked(mut bytes: &[u8]) -> u64 {
    rmp::decode::read_int(&mut bytes).expect("a number")
}
