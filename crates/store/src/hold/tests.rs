//! The line of those who wait for a hold, with threads for processes: each has a lease of its own.

use super::*;
use crate::format::LEASE_SLOTS;
use crate::line::{FREE, WAITING};
use crate::memory::Instant;
use crate::tests::{TemporaryPath, next_lease};
use crate::wait::{TURN, Waiter};
use crate::{Error, ErrorKind, Options, Result, Store, Version};
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{JoinHandle, spawn};

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

/// Waits for something that is about to be.
#[track_caller]
fn until(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(20), "in vain: {what}");
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// How many stand in line.
fn waiting(file: &File) -> usize {
    file.places().filter(|(_, place)| place.state() == WAITING).count()
}

fn taken(file: &File) -> usize {
    file.places().filter(|(_, place)| place.state() != FREE).count()
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
                        file.is_in_line()
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

#[test]
fn whoever_has_waited_longest_goes_next_whatever_it_waits_for() {
    #[derive(Clone, Copy, PartialEq)]
    enum Wants {
        Read,
        Change,
        Lock,
    }
    use Wants::{Change, Lock, Read};
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    for accesses in [[Lock, Lock, Lock, Lock], [Change, Lock, Read, Change], [Read, Change, Read, Lock]] {
        lock(&holder);
        let order: &'static Mutex<Vec<usize>> = Box::leak(Box::default());
        let note = move |n| order.lock().unwrap().push(n);
        let threads: Vec<_> = accesses
            .into_iter()
            .enumerate()
            .map(|(n, access)| {
                let thread = thread(&path, move |store| match access {
                    Read => {
                        store.retry(READ).unwrap();
                        note(n);
                    }
                    Change => {
                        let change = store.retry(Store::lock_writers).unwrap();
                        note(n);
                        store.unlock_writers(change);
                    }
                    Lock => {
                        lock(&store);
                        note(n);
                        store.unlock();
                    }
                });
                until("a place in line", || waiting(&file) == n + 1);
                thread
            })
            .collect();
        holder.unlock();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let order = order.lock().unwrap();
        // (Readers go with any other who goes.)
        assert!(order.iter().filter(|&&n| accesses[n] != Read).is_sorted(), "{order:?}");
        assert_eq!(
            (order.len(), taken(&file), file.map.header().hold.get(), file.map.header().queue.get()),
            (4, 0, 0, 0)
        );
    }
}

/// As it was when `lock()` was first measured: the holder comes back before any sleeper has woken up.
#[test]
fn a_holder_that_comes_back_at_once_gets_every_other_turn() {
    for access in [LOCK, WRITE, READ, CHANGE] {
        let path = TemporaryPath::new();
        let (greedy, _) = with_x(&path);
        static STOP: AtomicBool = AtomicBool::new(false);
        STOP.store(false, Ordering::Relaxed);
        let other = thread(&path, move |store| {
            let mut turns = 0;
            while !STOP.load(Ordering::Relaxed) {
                store.retry(&access).unwrap();
                turns += 1;
                // It wants each turn anew, and none in between.
                std::thread::sleep(Duration::from_micros(300));
            }
            turns
        });
        let mut holds = 0;
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(1500) {
            lock(&greedy);
            std::thread::sleep(Duration::from_millis(3));
            greedy.unlock();
            holds += 1;
        }
        STOP.store(true, Ordering::Relaxed);
        let turns = other.join().unwrap();
        assert!(turns * 3 > holds, "{turns} turns, {holds} holds");
    }
}

#[test]
fn many_who_come_back_at_once_get_as_many_turns_as_each_other() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let path = TemporaryPath::new();
    with_x(&path);
    let threads: Vec<_> = (0..9)
        .map(|n| {
            thread(&path, move |store| {
                let mut turns = 0u32;
                while !STOP.load(Ordering::Relaxed) {
                    match n {
                        0..4 => {
                            lock(&store);
                            std::thread::sleep(Duration::from_millis(2));
                            store.unlock();
                        }
                        4..6 => store.retry(WRITE).unwrap(),
                        6..8 => store.retry(READ).unwrap(),
                        _ => store.retry(|store| store.snapshot().map(drop)).unwrap(),
                    }
                    turns += 1;
                }
                turns
            })
        })
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    STOP.store(true, Ordering::Relaxed);
    let turns: Vec<u32> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    // Readers and writers may have more: what they do takes no time.
    let most = turns[..4].iter().max().unwrap();
    assert!(turns.iter().all(|n| 2 * n > *most), "{turns:?}");
}

/// A process that may only read cannot line up: of a long chain of holds it gets a moment all the same.
#[test]
fn a_reader_that_may_only_read_gets_its_turns_among_holds_that_follow_each_other_closely() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let path = TemporaryPath::new();
    let options = Options { file_mode: 0o644, ..Options::default() };
    let first = Store::new(path.0.clone(), options);
    put(&first, b"x", b"1").unwrap();
    let name = path.0.clone();
    let reader = spawn(move || {
        // SAFETY: concerns this thread's access to files only.
        unsafe { libc::syscall(libc::SYS_setfsuid, 65534) };
        let store = Store::new(name, Options::default());
        let mut turns = 0;
        while !STOP.load(Ordering::Relaxed) {
            store.retry(READ).unwrap();
            assert!(!store.file().writable);
            turns += 1;
            std::thread::sleep(Duration::from_millis(1));
        }
        turns
    });
    let lockers: Vec<_> = (0..2)
        .map(|_| {
            thread(&path, |store| {
                let mut turns = 0;
                while !STOP.load(Ordering::Relaxed) {
                    lock(&store);
                    std::thread::sleep(Duration::from_millis(10));
                    store.unlock();
                    turns += 1;
                }
                turns
            })
        })
        .collect();
    std::thread::sleep(Duration::from_secs(3));
    STOP.store(true, Ordering::Relaxed);
    let holds: u32 = lockers.into_iter().map(|thread| thread.join().unwrap()).sum();
    let turns: u32 = reader.join().unwrap();
    assert!(10 * turns > holds, "{turns} turns, {holds} holds");
}

#[test]
fn patience_is_for_one_hold_and_not_for_all_that_go_before() {
    static LONGEST: AtomicU32 = AtomicU32::new(0);
    let path = TemporaryPath::new();
    with_x(&path);
    let threads: Vec<_> = (0..8)
        .map(|n| {
            thread(&path, move |store| {
                for _ in 0..12 {
                    let start = Instant::now();
                    let patience = Patience::until(Duration::from_millis(300));
                    if n < 6 {
                        store.retry(|store| store.lock(patience)).unwrap();
                        LONGEST.fetch_max(start.elapsed().as_millis() as u32, Ordering::Relaxed);
                        std::thread::sleep(Duration::from_millis(60));
                        store.unlock();
                    } else {
                        store.retry(|store| if n == 6 { READ(store) } else { WRITE(store) }).unwrap();
                    }
                }
            })
        })
        .collect();
    // With one patience for the whole line, they would have given up.
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(LONGEST.load(Ordering::Relaxed) >= 300, "nobody has waited for long");
}

#[test]
fn a_holder_that_locks_again_and_again_does_not_make_others_wait_for_longer() {
    let path = TemporaryPath::new();
    let (holder, _) = with_x(&path);
    let patience = Patience::until(Duration::from_millis(400));
    holder.lock(patience).unwrap();
    let waiter = thread(&path, |store| store.retry(WRITE));
    let start = Instant::now();
    while !waiter.is_finished() {
        holder.lock(patience).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        assert!(start.elapsed() < Duration::from_secs(20), "it waits on and on");
    }
    assert!(matches!(waiter.join().unwrap().unwrap_err().kind, ErrorKind::Held(_)));
    assert!(start.elapsed() >= Duration::from_millis(400));
}

#[test]
fn a_waiter_that_gives_up_leaves_the_line_and_lets_the_next_one_go() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    lock(&holder);
    let puppets: [Puppet; 4] = std::array::from_fn(|_| Puppet::new(&path));
    let [first, second, third, fourth] = &puppets;
    for (puppet, access) in [(first, LOCK), (second, READ), (third, WRITE), (fourth, LOCK)] {
        puppet.lines_up_to(access);
    }
    // While it waits.
    assert!(second.ask(Order::StopWaiting));
    assert_eq!(waiting(&file), 3);
    holder.unlock();
    // When its turn has come.
    assert!(!fourth.may(LOCK) && !third.may(WRITE), "it is the first one's turn");
    assert!(fourth.may(READ), "a turn keeps nobody from reading");
    assert!(first.ask(Order::StopWaiting));
    assert!(!fourth.may(LOCK) && third.may(WRITE), "it is the third one's turn");
    assert!(fourth.may(LOCK) && first.may(WRITE) && holder.lock(Patience::default()).is_ok());
    assert_eq!(taken(&file), 0);
}

#[test]
fn a_store_that_is_dropped_while_it_waits_leaves_the_line() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    for in_turn in [false, true] {
        lock(&holder);
        let puppet = Puppet::new(&path);
        puppet.lines_up_to(WRITE);
        if in_turn {
            holder.unlock();
            assert!(holder.lock(Patience::default()).is_err(), "it is its turn");
        }
        drop(puppet);
        assert_eq!(taken(&file), 0);
        lock(&holder);
        holder.unlock();
    }
}

#[test]
fn a_turn_that_nobody_takes_up_goes_to_the_next_and_is_not_lost_for_good() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    for access in [READ, WRITE, LOCK] {
        lock(&holder);
        // As if it were stopped.
        let stopped = Puppet::new(&path);
        stopped.lines_up_to(access);
        let next = thread(&path, move |store| store.retry(&access).unwrap());
        until("a place in line", || waiting(&file) == 2);
        holder.unlock();
        next.join().unwrap();
        // It is not in line any more; where it goes on waiting it lines up anew.
        assert!(waiting(&file) == 0 && taken(&file) <= 1);
        lock(&holder);
        assert!(!stopped.may(access));
        assert!(stopped.ask(Order::LineUp));
        holder.unlock();
        assert!(stopped.may(access));
        assert!(stopped.ask(Order::StopWaiting));
        assert_eq!(taken(&file), 0);
    }
}

#[test]
fn a_reader_that_has_taken_its_turn_up_is_not_passed_over() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    lock(&holder);
    let reader = thread(&path, |store| {
        let mut waiter = Waiter::default();
        let Err(Error { kind: ErrorKind::Held(held), .. }) = READ(&store) else { panic!("nobody holds it") };
        let file = store.file();
        while !file.take_turn() {
            store.wait(&mut waiter, &held, Duration::from_secs(1));
        }
        // It reads for long.
        std::thread::sleep(5 * TURN);
        let still = file.has_turn();
        store.stop_waiting();
        still
    });
    until("a place in line", || waiting(&file) == 1);
    holder.unlock();
    lock(&holder);
    assert!(reader.join().unwrap());
    assert_eq!(taken(&file), 0);
}

#[test]
fn a_reader_that_stops_in_the_middle_of_its_turn_keeps_nobody_waiting_for_good() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    lock(&holder);
    let (go_on, told) = channel::<()>();
    let reader = thread(&path, move |store| {
        let mut waiter = Waiter::default();
        let Err(Error { kind: ErrorKind::Held(held), .. }) = READ(&store) else { panic!("nobody holds it") };
        let file = store.file();
        while !file.take_turn() {
            store.wait(&mut waiter, &held, Duration::from_secs(1));
        }
        let _ = told.recv();
        file.put_turn_off();
        store.stop_waiting();
        store.retry(READ).unwrap();
    });
    until("a place in line", || waiting(&file) == 1);
    holder.unlock();
    lock(&holder);
    go_on.send(()).unwrap();
    until("a place in line", || reader.is_finished() || waiting(&file) == 1);
    holder.unlock();
    reader.join().unwrap();
    assert_eq!((taken(&file), file.map.header().hold.get()), (0, 0));
}

#[test]
fn the_operations_of_a_thread_that_waits_for_one_take_its_turn() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    lock(&holder);
    let (send, told) = channel();
    let thread = thread(&path, move |store| {
        let other = Store::new(store.path().to_owned(), Options::default());
        let mut waiter = Waiter::default();
        let Err(Error { kind: ErrorKind::Held(held), .. }) = LOCK(&store) else { panic!("nobody holds it") };
        store.wait(&mut waiter, &held, Duration::from_millis(5));
        // A signal handler, which waits for the same hold: there is no second place for it.
        let file = store.file();
        send.send(taken(&file)).unwrap();
        other.retry(WRITE).unwrap();
        assert!(!file.is_in_line());
        // And it may do more.
        other.retry(LOCK).unwrap();
        store.retry(LOCK).unwrap();
        taken(&file)
    });
    assert_eq!(told.recv().unwrap(), 1);
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(taken(&file), 1);
    holder.unlock();
    assert_eq!(thread.join().unwrap(), 0);
}

#[test]
fn a_thread_whose_turn_it_is_may_do_something_else_first() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    lock(&holder);
    let puppet = Puppet::new(&path);
    puppet.lines_up_to(LOCK);
    holder.unlock();
    assert!(holder.lock(Patience::default()).is_err());
    // Another operation: it is the thread's turn, whatever it does with it.
    assert!(puppet.may(WRITE));
    assert_eq!((taken(&file), file.map.header().hold.get()), (0, 0));
    assert!(puppet.ask(Order::StopWaiting));
}

// ---- the leavings of the dead, made by hand -----------------------------------------------------------------

/// Somebody in a place, with a ticket.
fn stand_in_line(file: &File, number: u32, ticket: u64, lease: u32, state: u32) {
    let place = file.lease_slot(number).unwrap();
    let header = file.map.header();
    header.tickets.set(header.tickets.get().max(ticket));
    place.ticket.set(ticket);
    place.lease.set(u64::from(lease) + 1);
    place.wait.set((ticket << 1) << 32 | u64::from(state));
    header.queue.set(1);
}

/// The lease of another thread that lives for as long as the test.
fn living(path: &TemporaryPath) -> u32 {
    let (send, lease) = channel();
    thread(path, move |store| {
        put(&store, b"y", b"1").unwrap();
        send.send(store.file().my_lease().unwrap()).unwrap();
        std::thread::sleep(Duration::from_secs(3600));
    });
    lease.recv().unwrap()
}

#[test]
fn the_dead_in_line_are_passed_over() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    lock(&holder);
    for n in 0..5 {
        stand_in_line(&file, 300 + n, 1 + u64::from(n), DEAD + n, WAITING);
    }
    let puppet = Puppet::new(&path);
    puppet.lines_up_to(LOCK);
    stand_in_line(&file, 310, 100, DEAD, WAITING);
    holder.unlock();
    assert!(holder.lock(Patience::default()).is_err(), "it is the living one's turn");
    assert!(puppet.may(LOCK));
    // When nobody is left who lives, nobody has it.
    lock(&holder);
    holder.unlock();
    assert_eq!((taken(&file), file.map.header().hold.get(), file.map.header().queue.get()), (0, 0, 0));
}

#[test]
fn somebody_who_dies_when_its_turn_has_come_keeps_nobody_waiting() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    let header = file.map.header();
    for (state, given) in [(CALLED, true), (READING, true), (CALLED, false)] {
        lock(&holder);
        let puppet = Puppet::new(&path);
        puppet.lines_up_to(LOCK);
        stand_in_line(&file, 300, 0, DEAD, state);
        // The hold is the dead one's, or its end broke off before that.
        header.commit.set(header.commit.get() & !HELD);
        header.hold_object.set(300);
        header.hold_strength.set(TURN_GIVEN);
        let lease = if given { DEAD } else { DEAD + 1 };
        header.hold.set(7 << 32 | u64::from(lease + 1));
        assert!(Puppet::new(&path).may(READ));
        assert!(puppet.may(LOCK), "state {state}, given: {given}");
        holder.unlock();
        assert!(puppet.ask(Order::StopWaiting));
        assert_eq!((taken(&file), header.hold.get()), (0, 0));
    }
}

#[test]
fn a_waiter_that_was_called_and_not_given_the_hold_is_called_again() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    let header = file.map.header();
    lock(&holder);
    let puppet = Puppet::new(&path);
    puppet.lines_up_to(LOCK);
    // The holder called it, and died.
    let (_, place) = file.places().find(|(_, place)| place.state() == WAITING).unwrap();
    assert!(place.change(place.mark(), WAITING, CALLED));
    header.hold.set(7 << 32 | u64::from(DEAD + 1));
    let other = Puppet::new(&path);
    assert!(!other.may(LOCK), "it is the waiter's turn");
    assert!(puppet.may(LOCK) && other.may(LOCK));
    assert_eq!(taken(&file), 0);
}

/// The hold names a thread that does not know of it: whoever passed it over died before calling the next.
#[test]
fn a_turn_without_a_place_is_passed_over() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    let header = file.map.header();
    let living = living(&path);
    header.hold_object.set(300);
    header.hold_strength.set(TURN_GIVEN);
    header.hold.set(7 << 32 | u64::from(living + 1));
    assert!(holder.lock(Patience::default()).is_err());
    lock(&holder);
    holder.unlock();
    assert_eq!((taken(&file), header.hold.get()), (0, 0));
}

#[test]
fn a_process_that_is_given_a_dead_ones_lease_does_not_stand_in_line() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    let next = next_lease(&file);
    stand_in_line(&file, 300, 1, next, WAITING);
    lock(&holder);
    let heir = Puppet::new(&path);
    assert!(!heir.may(WRITE));
    assert_eq!(taken(&file), 0);
    holder.unlock();
    assert_eq!(file.map.header().hold.get(), 0);
    assert!(heir.may(WRITE));
}

#[test]
fn where_all_places_are_taken_a_waiter_gets_its_turn_all_the_same() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    let living = living(&path);
    for access in [LOCK, WRITE, READ] {
        lock(&holder);
        for n in 0..LEASE_SLOTS as u32 {
            // Of these nobody comes, and in the end all are dead.
            stand_in_line(&file, n, 1, if n < 2 { living } else { DEAD }, WAITING);
        }
        let waiter = thread(&path, move |store| store.retry(access).unwrap());
        std::thread::sleep(Duration::from_millis(20));
        assert!(!waiter.is_finished());
        holder.unlock();
        waiter.join().unwrap();
        until("an empty line", || {
            holder.retry(LOCK).unwrap();
            taken(&file) == 0
        });
    }
}

// ---- a process that is stopped while it has the write lock ---------------------------------------------------

/// Lets another thread have the write lock until the second function is called.
fn stop_with_the_lock(path: &TemporaryPath) -> (JoinHandle<()>, Sender<()>) {
    let (send, received) = channel::<()>();
    let (ready, is_ready) = channel();
    let thread = thread(path, move |store| {
        READ(&store).ok();
        let file = store.file();
        let owner = file.lock().unwrap();
        ready.send(()).unwrap();
        let _ = received.recv();
        drop(owner);
    });
    is_ready.recv().unwrap();
    (thread, send)
}

#[test]
fn a_lock_is_given_back_while_another_process_is_stopped_in_the_middle_of_a_write() {
    type End = fn(Store);
    let ends: [(&str, End); 3] = [
        ("unlock", |store| {
            store.unlock();
            assert!(!store.holds_lock());
            std::mem::forget(store);
        }),
        ("the end of the object", drop),
        ("a change that ends", |store| {
            let change = store.lock_writers().unwrap();
            store.unlock();
            store.unlock_writers(change);
            std::mem::forget(store);
        }),
    ];
    for (how, end) in ends {
        let path = TemporaryPath::new();
        let (other, file) = with_x(&path);
        let holder = store(&path);
        holder.lock(Patience::default()).unwrap();
        put(&holder, b"x", b"2").unwrap();
        let waiter = Puppet::new(&path);
        waiter.lines_up_to(READ);
        let (stopped, go_on) = stop_with_the_lock(&path);
        end(holder);
        assert_ne!(file.map.header().hold.get() & OVER, 0, "{how}");
        // It keeps readers out no more, also such as look again and again.
        let start = Instant::now();
        for _ in 0..200 {
            assert_eq!(get(&other, b"x").unwrap(), b"2", "{how}");
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{how}: each waits anew");
        assert!(waiter.may(READ), "{how}");
        assert!(matches!(other.lock(Patience::default()).unwrap_err().kind, ErrorKind::Busy), "{how}");
        go_on.send(()).unwrap();
        stopped.join().unwrap();
        other.retry(LOCK).unwrap();
        assert!(waiter.ask(Order::StopWaiting));
        assert_eq!((file.map.header().hold.get(), taken(&file)), (0, 0), "{how}");
        assert_eq!(file.map.header().commit.get() & HELD, 0, "{how}");
    }
}

#[test]
fn a_lock_that_becomes_a_change_while_another_process_is_stopped_keeps_writers_out_alone() {
    let path = TemporaryPath::new();
    let (other, file) = with_x(&path);
    let holder = store(&path);
    holder.lock(Patience::default()).unwrap();
    let change = holder.lock_writers().unwrap();
    let (stopped, go_on) = stop_with_the_lock(&path);
    holder.unlock();
    assert_eq!(get(&other, b"x").unwrap(), b"1");
    go_on.send(()).unwrap();
    stopped.join().unwrap();
    assert!(WRITE(&other).is_err() && LOCK(&other).is_err());
    holder.unlock_writers(change);
    LOCK(&other).unwrap();
    assert_eq!(file.map.header().commit.get() & HELD, 0);
}

#[test]
fn whoever_has_given_a_lock_back_like_that_takes_it_again_as_anybody_else() {
    let path = TemporaryPath::new();
    let (other, file) = with_x(&path);
    let holder = store(&path);
    holder.lock(Patience::default()).unwrap();
    let waiter = Puppet::new(&path);
    waiter.lines_up_to(LOCK);
    let (stopped, go_on) = stop_with_the_lock(&path);
    holder.unlock();
    go_on.send(()).unwrap();
    stopped.join().unwrap();
    assert!(holder.lock(Patience::default()).is_err(), "it is the waiter's turn");
    assert!(waiter.may(LOCK));
    holder.lock(Patience::default()).unwrap();
    assert!(READ(&other).is_err());
    holder.unlock();
    assert_eq!((file.map.header().hold.get(), taken(&file)), (0, 0));
}

#[test]
fn a_turn_is_passed_on_while_another_process_is_stopped_in_the_middle_of_a_write() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    holder.lock(Patience::default()).unwrap();
    let (first, second) = (Puppet::new(&path), Puppet::new(&path));
    first.lines_up_to(LOCK);
    second.lines_up_to(LOCK);
    holder.unlock();
    let (stopped, go_on) = stop_with_the_lock(&path);
    assert!(first.ask(Order::StopWaiting));
    go_on.send(()).unwrap();
    stopped.join().unwrap();
    assert!(holder.lock(Patience::default()).is_err(), "it is the second one's turn");
    assert!(second.may(LOCK) && LOCK(&holder).is_ok());
    assert_eq!((file.map.header().hold.get(), taken(&file)), (0, 0));
}

// ---- chains of holds -------------------------------------------------------------------------------------

#[test]
fn a_long_chain_of_holds_rests_and_others_do_not() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    let header = file.map.header();
    let owner = file.lock().unwrap();
    let rests = |ended: u64, since: u64| {
        // Again where the clock has moved meanwhile.
        loop {
            let now = tick();
            header.hold_ended_at.set(now.wrapping_sub(ended));
            header.chain_since.set(now.wrapping_sub(since));
            let rests = owner.should_rest();
            if tick() == now {
                return rests;
            }
        }
    };
    let (second, day) = (1_000_000_000, 86_400_000_000_000);
    assert!(rests(0, CHAIN) && rests(0, second));
    assert!(!rests(0, CHAIN - 1), "not long");
    assert!(!rests(1, second) && !rests(day, second), "there was a gap");
    assert!(tick() - header.chain_since.get() < second, "another chain has begun");
    // A clock of another time namespace, or of another boot.
    assert!(!rests(0u64.wrapping_sub(day), second));
    drop(owner);
    // After a rest the lock is taken, whatever the clock says, and a chain begins.
    for since in [second, 0u64.wrapping_sub(day)] {
        let now = tick();
        header.hold_ended_at.set(now);
        header.chain_since.set(now.wrapping_sub(since));
        holder.lock(Patience::default()).unwrap();
        assert!(tick() - header.chain_since.get() < second);
        holder.unlock();
    }
}
