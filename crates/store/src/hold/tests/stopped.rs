//! Holds that end while another process is stopped with the write lock.

use super::*;

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
