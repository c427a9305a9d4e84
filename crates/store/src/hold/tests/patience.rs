//! Waiters that give up, and for how long they are patient.

use super::*;

#[test]
fn patience_is_for_one_hold_and_not_for_all_that_go_before() {
    /// Of six, the last waits for five holds: longer than its patience with one, each of which is far shorter, on a busy machine,
    /// too.
    const PATIENCE: Duration = Duration::from_millis(1000);
    const HOLD: Duration = Duration::from_millis(250);
    static LONGEST: AtomicU32 = AtomicU32::new(0);
    let path = TemporaryPath::new();
    with_x(&path);
    let threads: Vec<_> = (0..8)
        .map(|n| {
            thread(&path, move |store| {
                for _ in 0..3 {
                    let start = Instant::now();
                    let patience = Patience::until(PATIENCE);
                    if n < 6 {
                        store.retry(|store| store.lock(patience)).unwrap();
                        LONGEST.fetch_max(start.elapsed().as_millis() as u32, Ordering::Relaxed);
                        std::thread::sleep(HOLD);
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
    assert!(u128::from(LONGEST.load(Ordering::Relaxed)) >= PATIENCE.as_millis(), "nobody has waited for long");
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
