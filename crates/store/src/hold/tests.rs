//! The line of those who wait for a hold, with threads for processes: each has a lease of its own.

use super::*;
use crate::format::LEASE_SLOTS;
use crate::line::{FREE, Line, WAITING};
use crate::memory::Instant;
use crate::space::Space;
use crate::testing::{become_a_reader, until};
use crate::tests::{TemporaryPath, next_lease};
use crate::wait::{TURN, Waiter};
use crate::{Error, ErrorKind, Options, Result, Store, Version};
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{JoinHandle, spawn};

mod dead;
mod fairness;
mod patience;
mod stopped;
mod turns;

/// A lease that nobody has.
const DEAD: u32 = 90_000;

fn store(path: &TemporaryPath) -> Store {
    path.store()
}

fn put(store: &Store, key: &[u8], value: &[u8]) -> Result<()> {
    store.put(key, value, &mut Version::default())
}

fn get(store: &Store, key: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    store.get(key, &mut Version::default(), &mut out).map(|_| out)
}

/// A store with something in it, and its file.
fn with_x(path: &TemporaryPath) -> (Store, Rc<File>) {
    let store = store(path);
    put(&store, b"x", b"1").unwrap();
    let file = store.file();
    (store, file)
}

fn lock(store: &Store) {
    store.retry(|store| store.lock(Patience::default())).unwrap();
}

/// How many stand in line.
fn waiting(file: &File) -> usize {
    Line::of(file).places().filter(|(_, place)| place.state() == WAITING).count()
}

fn taken(file: &File) -> usize {
    Line::of(file).places().filter(|(_, place)| place.state() != FREE).count()
}

/// A thread with a store of its own on the same file.
fn thread<T: Send + 'static>(path: &TemporaryPath, action: impl FnOnce(Store) -> T + Send + 'static) -> JoinHandle<T> {
    let path = path.0.clone();
    spawn(move || action(Store::new(path, Options::default())))
}

type Access = fn(&Store) -> Result<()>;
const READ: Access = |store| get(store, b"x").map(drop);
const WRITE: Access = |store| put(store, b"x", b"2");
const LOCK: Access = |store| {
    store.lock(Patience::default())?;
    store.unlock();
    Ok(())
};
const CHANGE: Access = |store| {
    let change = store.lock_writers()?;
    store.unlock_writers(change);
    Ok(())
};

/// A thread that does what it is told, access by access, and no more: it does not come back by itself.
struct Puppet {
    orders: Sender<Order>,
    answers: Receiver<bool>,
    thread: Option<JoinHandle<()>>,
}

enum Order {
    /// Whether this access is possible now.
    Try(Access),
    /// To wait for the hold that the last one met, until this thread is in line.
    LineUp,
    StopWaiting,
}

impl Puppet {
    fn new(path: &TemporaryPath) -> Self {
        let (orders, received) = channel();
        let (send, answers) = channel();
        let thread = thread(path, move |store| {
            let mut waiter = Waiter::default();
            let mut met = None;
            for order in received {
                let answer = match order {
                    Order::Try(access) => match access(&store) {
                        Ok(()) => true,
                        Err(Error { kind: ErrorKind::Held(held), .. }) => {
                            met = Some(held);
                            false
                        }
                        Err(error) => panic!("{error}"),
                    },
                    Order::LineUp => {
                        let file = store.file();
                        for _ in 0..20 {
                            store.wait(&mut waiter, &met.unwrap(), Duration::from_millis(1));
                        }
                        Line::of(&file).is_in_line()
                    }
                    Order::StopWaiting => {
                        store.stop_waiting();
                        waiter = Waiter::default();
                        true
                    }
                };
                send.send(answer).unwrap();
            }
        });
        Self { orders, answers, thread: Some(thread) }
    }

    fn ask(&self, order: Order) -> bool {
        self.orders.send(order).unwrap();
        self.answers.recv().unwrap()
    }

    fn may(&self, access: Access) -> bool {
        self.ask(Order::Try(access))
    }

    /// It meets a hold, and lines up for it.
    #[track_caller]
    fn lines_up_to(&self, access: Access) {
        assert!(!self.may(access), "nobody holds the store");
        assert!(self.ask(Order::LineUp));
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        self.orders = channel().0;
        if let Err(panic) = self.thread.take().unwrap().join()
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Waits until it is this thread's turn to read, and takes it up.
fn take_turn_to_read(store: &Store) -> Rc<File> {
    let mut waiter = Waiter::default();
    let Err(Error { kind: ErrorKind::Held(held), .. }) = READ(store) else { panic!("nobody holds it") };
    let file = store.file();
    while !Line::of(&file).take_turn() {
        store.wait(&mut waiter, &held, Duration::from_secs(1));
    }
    file
}
