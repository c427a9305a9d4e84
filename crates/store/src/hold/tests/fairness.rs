//! Turns are given in order, and nobody is left out.

use super::*;

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
        become_a_reader();
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
