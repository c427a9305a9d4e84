//! Stores on a server: no change is lost, none is made twice, and nobody waits for ever.
//!
//! Processes work on one store. They are killed and stopped; the server ends connections at random (`CLIENT KILL`); and every other
//! process has a network between it and the server, which ends connections after so many bytes, in the middle of a request or of an
//! answer, and delays or stops answers. Memory that outlives the processes says how often each of them has begun something, and how
//! often that was made, or surely was not: all else, be it of a process that was killed or of an operation whose outcome is not known, may
//! have been made once.

mod numbers;
mod queues;
mod transfers;

pub use numbers::Numbers;
pub use queues::Queues;
pub use transfers::Transfers;

use super::herd::{self, Bell, Herd, Torment};
use super::{Ground, Outcome, Random};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Duration;
use sync_backend::{Backend, BackendError, Remedy};
use sync_server::testing::{Faults, Proxy, Redis};
use sync_server::{Address, Endpoint, ErrorKind, ServerError, ServerStore, Value};
use sync_store::testing::{shared_memory, until};

/// The processes that work.
const WORKERS: usize = 10;
/// Seconds in which the server has to answer. An operation whose connection has ended takes as long again, at most: less than a herd
/// waits for one of its processes.
const TIMEOUT: u32 = 2;

/// A kind of work on one store. All of it is atomics, in memory that the processes share.
pub trait Work: Sync + 'static {
    /// Prepares the store.
    fn begin(&self, store: &ServerStore);
    /// Does something, as a process of this number.
    fn turn(&self, worker: &mut Worker);
    /// Looks whether all is as it has to be; nobody works any more.
    fn end(&self, store: &ServerStore, site: &Site);
    /// The work that was done, in a few words.
    fn done(&self) -> String;
}

/// The memory of a part.
struct Arena<W> {
    site: Site,
    work: W,
}

/// Everything that the kinds of work share.
pub struct Site {
    bell: Bell,
    /// That of the process that ends connections and is the network.
    of_network: Bell,
    /// The port of the network; 0: there is none yet.
    port: AtomicUsize,
    /// Connections that the server has ended at our word.
    ended: AtomicU64,
    /// Operations that failed: not made, and not known.
    failed: AtomicU64,
    doubtful: AtomicU64,
}

impl Site {
    pub fn fail(&self, what: &str) {
        self.bell.failures.add(what);
    }
}

/// A process that works.
pub struct Worker<'a> {
    /// Its number.
    pub n: usize,
    pub store: ServerStore,
    pub random: Random,
    pub site: &'static Site,
    redis: &'a Redis,
    /// Turns that the store has left.
    turns: u64,
}

impl<'a> Worker<'a> {
    fn new(n: usize, redis: &'a Redis, site: &'static Site, mut random: Random) -> Self {
        let store = open(n, redis, site, &mut random);
        Self { n, store, random, site, redis, turns: 0 }
    }

    /// Has another store now and then: with a connection that is found again, or by the network's present port.
    fn renew(&mut self) {
        if self.turns == 0 {
            self.store = open(self.n, self.redis, self.site, &mut self.random);
            self.turns = 1 + self.random.below(300);
        }
        self.turns -= 1;
    }

    /// The outcome of an operation. `None`: nothing has happened, or that is not known, as the tally says. One that failed for a reason
    /// that is none here is a failure.
    pub fn settle<T>(&mut self, result: Result<T, ServerError>, tally: Option<&Tally>) -> Option<T> {
        let error = match result {
            Ok(done) => {
                if let Some(tally) = tally {
                    tally.made.fetch_add(1, SeqCst);
                }
                return Some(done);
            }
            Err(error) => error,
        };
        if error.may_be_done() {
            self.site.doubtful.fetch_add(1, Relaxed);
        } else {
            if let Some(tally) = tally {
                tally.not_made.fetch_add(1, SeqCst);
            }
            self.site.failed.fetch_add(1, Relaxed);
        }
        if matches!(error.remedy(), Remedy::Unlock) {
            self.store.unlock();
        }
        match error.kind() {
            // (A network that lets no log-in through comes to an end, as its port does.)
            ErrorKind::NoConnection(_) => self.turns = 0,
            ErrorKind::Lost(_) | ErrorKind::Interrupted(_) | ErrorKind::NotKnown(_) | ErrorKind::LockGone => {}
            _ => self.site.fail(&format!("process {}: {error}", self.n)),
        }
        None
    }

    /// Takes its time now and then, so that others find that it is gone while it goes on.
    pub fn dawdle(&mut self) {
        if self.random.once_in(8) {
            std::thread::sleep(Duration::from_micros(self.random.below(30_000)));
        }
    }

    /// A failure, which ends the run.
    pub fn fail(&self, what: &impl Display) {
        self.site.fail(&format!("process {}: {what}", self.n));
    }
}

/// How often something was begun, made, and surely not made.
pub struct Tally {
    begun: AtomicU64,
    made: AtomicU64,
    not_made: AtomicU64,
}

impl Tally {
    pub fn begin(&self) {
        self.begun.fetch_add(1, SeqCst);
    }

    /// It was begun, and came to nothing by itself.
    pub fn leave(&self) {
        self.not_made.fetch_add(1, SeqCst);
    }

    pub fn made(&self) -> u64 {
        self.made.load(SeqCst)
    }

    /// How often it may have been made.
    pub fn range(&self) -> RangeInclusive<u64> {
        // (In this order: what is made meanwhile was begun before.)
        let (made, not_made) = (self.made(), self.not_made.load(SeqCst));
        made..=self.begun.load(SeqCst) - not_made
    }
}

/// The ranges of all, added up.
pub fn sum<'a>(tallies: impl Iterator<Item = &'a Tally>) -> RangeInclusive<u64> {
    tallies.map(Tally::range).fold(0..=0, |all, one| all.start() + one.start()..=all.end() + one.end())
}

/// A store of the server: by its socket or, for every other process, through the network; with a cache or without.
fn open(n: usize, redis: &Redis, site: &Site, random: &mut Random) -> ServerStore {
    let options = format!("timeout={TIMEOUT}&connect_timeout=1&cache={}", random.below(4).min(1));
    let port = site.port.load(SeqCst);
    let text = if n % 2 == 1 {
        format!("redis://127.0.0.1:{port}?{options}")
    } else {
        format!("unix://{}?{options}", redis.socket().display())
    };
    ServerStore::new(&Address::parse(text.as_bytes()).expect("an address"), || 0)
}

/// Ends connections at random, and is the network: each of a few proxies has faults of its own, and is there for a while.
fn network(redis: &Redis, site: &Site, mut random: Random) {
    let mut proxies: Vec<Proxy> = Vec::new();
    while !site.of_network.rings() {
        if proxies.is_empty() || random.once_in(30) {
            let proxy = Proxy::start(redis.socket(), faults(&mut random));
            let Endpoint::Host(host) = proxy.endpoint() else { unreachable!("a proxy has a port") };
            site.port.store(host.port.into(), SeqCst);
            proxies.push(proxy);
            if proxies.len() > 3 {
                proxies.remove(0);
            }
        }
        std::thread::sleep(Duration::from_micros(random.below(20_000)));
        end_one(redis, site, &mut random);
    }
}

/// Faults: an end or a silence, mostly after enough for a log-in and some scripts.
fn faults(random: &mut Random) -> Faults {
    let mut faults = Faults::default();
    let bytes = |random: &mut Random| {
        let most = 2_000 << random.below(7);
        Some(random.below(most))
    };
    match random.below(8) {
        0..=2 => faults.cut_requests = bytes(random),
        3..=5 => faults.cut_answers = bytes(random),
        6 => faults.stall_answers = bytes(random),
        _ => faults.stall_requests = bytes(random),
    }
    if random.once_in(3) {
        faults.delay = Duration::from_micros(random.below(2_000));
    }
    if random.once_in(4) {
        faults.piece = 1 + random.below(100) as usize;
    }
    faults
}

/// Has the server end a connection of a client.
fn end_one(redis: &Redis, site: &Site, random: &mut Random) {
    let Value::Text(list) = redis.tell(&["CLIENT", "LIST", "TYPE", "NORMAL"]) else { return };
    let list = String::from_utf8_lossy(&list).into_owned();
    // (Not this one.)
    let clients: Vec<&str> = list.lines().filter(|line| line.contains(" name=sync:")).collect();
    if clients.is_empty() {
        return;
    }
    let client = clients[random.index(clients.len())];
    let id = client.strip_prefix("id=").and_then(|rest| rest.split(' ').next()).expect("its number");
    // (It may be gone.)
    if redis.ask(&["CLIENT", "KILL", "ID", id]).is_ok() {
        site.ended.fetch_add(1, Relaxed);
    }
}

pub fn run<W: Work>(mut ground: Ground) -> Outcome {
    // SAFETY: made of atomics.
    let arena: &'static Arena<W> = unsafe { shared_memory() };
    let Arena { site, work } = arena;
    let redis = Redis::start(&[]);
    let network = |_: usize, random: Random| network(&redis, site, random);
    // (Nobody torments this one.)
    let network = Herd::new(1, &site.of_network, &mut ground.random, &network);
    until("the network", || site.port.load(SeqCst) != 0);
    let direct = || open(0, &redis, site, &mut Random::new(1));
    herd::apart(&site.bell.failures, || work.begin(&direct()));
    let body = |n: usize, random: Random| {
        let mut worker = Worker::new(n, &redis, site, random);
        while !site.bell.rings() {
            worker.renew();
            work.turn(&mut worker);
            site.bell.beats[n].fetch_add(1, Relaxed);
        }
        std::mem::forget(worker);
    };
    let mut herd = Herd::new(WORKERS, &site.bell, &mut ground.random, &body);
    herd.torment(Torment { pause: 20, kills: true }, ground.until, &mut ground.random);
    let blows = herd.finish();
    network.finish();
    herd::apart(&site.bell.failures, || work.end(&direct(), site));
    let [ended, failed, doubtful] = [&site.ended, &site.failed, &site.doubtful].map(|count| count.load(Relaxed));
    let done = format!("{}; {ended} connections ended, {failed} operations failed, {doubtful} in doubt", work.done());
    let failures = [&site.bell, &site.of_network].map(|bell| bell.failures.all()).concat();
    Outcome { blows, done, failures }
}
