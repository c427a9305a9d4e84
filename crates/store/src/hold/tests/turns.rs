//! A turn that is taken up, put off, or not taken up at all.

use super::*;

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
        let file = take_turn_to_read(&store);
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
        let file = take_turn_to_read(&store);
        let _ = told.recv();
        Line::of(&file).put_turn_off();
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
        assert!(!Line::of(&file).is_in_line());
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
