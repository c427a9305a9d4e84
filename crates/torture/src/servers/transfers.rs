//! Transactions that move amounts between accounts: the sum of all is the same at every moment, to all who look.
//!
//! Each process counts its transactions in one of the names that they change: none was lost, and none made twice.

use super::super::herd::MOST;
use super::{Site, Tally, Work, Worker};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use sync_backend::{Backend, Committed, Selection, Snapshot, Surroundings, Transactional};
use sync_server::{ServerError, ServerStore, ServerVersion};

const ACCOUNTS: u64 = 12;
const START: i64 = 1000;
/// Processes of a lower number move amounts; the others look.
const MOVERS: usize = 6;

pub struct Transfers {
    moves: [Tally; MOST],
    looks: AtomicU64,
}

impl Work for Transfers {
    fn begin(&self, store: &ServerStore) {
        for account in 0..ACCOUNTS {
            store.put(&name(account), &START.to_le_bytes(), &mut ServerVersion::default()).unwrap();
        }
        for n in 0..MOVERS {
            store.put(&count(n), &0_i64.to_le_bytes(), &mut ServerVersion::default()).unwrap();
        }
    }

    fn turn(&self, worker: &mut Worker) {
        if worker.n < MOVERS {
            return self.transfer(worker);
        }
        let looks = match worker.random.below(3) {
            // As one who keeps all others out.
            0 => worker.store.retry(|store| store.lock(Default::default())).and_then(|()| {
                let found = worker.store.retry(accounts);
                worker.store.unlock();
                found
            }),
            1 => worker.store.retry(accounts),
            _ => worker.store.retry(|store| {
                let everything = store.snapshot()?;
                Ok(everything
                    .iter()
                    .filter(|(key, _)| key.starts_with(b"account"))
                    .map(|(_, value)| amount(value))
                    .collect())
            }),
        };
        let Some(amounts) = worker.settle(looks, None) else { return };
        self.looks.fetch_add(1, Relaxed);
        if (amounts.len() as u64, amounts.iter().sum()) != (ACCOUNTS, START * ACCOUNTS as i64) {
            worker.fail(&format!("accounts do not add up: {amounts:?}"));
        }
    }

    fn end(&self, store: &ServerStore, site: &Site) {
        let amounts = store.retry(accounts).unwrap();
        if (amounts.len() as u64, amounts.iter().sum()) != (ACCOUNTS, START * ACCOUNTS as i64) {
            site.fail(&format!("accounts do not add up in the end: {amounts:?}"));
        }
        for (n, moves) in self.moves[..MOVERS].iter().enumerate() {
            let (found, range) = (store.retry(|store| read(store, &count(n))).unwrap() as u64, moves.range());
            if !range.contains(&found) {
                site.fail(&format!("process {n} has made {found} transactions, of {range:?}"));
            }
        }
    }

    fn done(&self) -> String {
        let moves: u64 = self.moves.iter().map(Tally::made).sum();
        format!("{moves} transactions, {} looks", self.looks.load(Relaxed))
    }
}

impl Transfers {
    fn transfer(&self, worker: &mut Worker) {
        let tally = &self.moves[worker.n];
        tally.begin();
        let surroundings = Surroundings { fiber: || 0, has_memory: |_| true };
        let store = Transactional::new(worker.store.another(), surroundings);
        let outcome = store.retry(|store| store.begin()).and_then(|()| {
            let outcome = move_some(&store, worker).and_then(|()| store.retry(|store| store.commit_transaction()));
            store.end();
            outcome
        });
        match outcome {
            // (Its connection has ended, and its hold with that.)
            Ok(Committed::Lost) => tally.leave(),
            Ok(Committed::Forked) => worker.fail(&"its transaction is another process's"),
            outcome => drop(worker.settle(outcome, Some(tally))),
        }
    }
}

/// Moves something between some accounts.
fn move_some(store: &Transactional<ServerStore>, worker: &mut Worker) -> Result<(), ServerError> {
    let change = |key: &[u8], by: i64| -> Result<(), ServerError> {
        let now = store.retry(|store| read(store, key))?;
        store.retry(|store| store.put(key, &(now + by).to_le_bytes(), &mut ServerVersion::default()))
    };
    let (first, others) = (worker.random.below(ACCOUNTS), 1 + worker.random.below(4));
    let mut sum = 0;
    for n in 1..=others {
        let by = worker.random.below(21) as i64 - 10;
        change(&name((first + n) % ACCOUNTS), by)?;
        sum += by;
    }
    worker.dawdle();
    change(&name(first), -sum)?;
    change(&count(worker.n), 1)
}

fn read<B: Backend>(store: &B, key: &[u8]) -> Result<i64, B::Error> {
    let mut bytes = Vec::new();
    store.get(key, &mut B::Version::default(), &mut bytes)?;
    Ok(amount(&bytes))
}

/// The amounts of all accounts, as of one moment.
fn accounts(store: &ServerStore) -> Result<Vec<i64>, ServerError> {
    let names: Vec<Vec<u8>> = (0..ACCOUNTS).map(name).collect();
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    let mut found = Snapshot::<Vec<u8>, _>::default();
    store.select(&Selection::Keys(&names), &mut found, u64::MAX)?;
    Ok(found.iter().map(|(_, value)| amount(value)).collect())
}

fn amount(value: &[u8]) -> i64 {
    i64::from_le_bytes(value.try_into().expect("an amount"))
}

fn name(account: u64) -> Vec<u8> {
    format!("account{account}").into_bytes()
}

/// The name that counts the transactions of a process.
fn count(n: usize) -> Vec<u8> {
    format!("moves{n}").into_bytes()
}
