//! Connections that do not come about: whatever the other end does, an operation opens them for no longer than the address says.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use sync_backend::Backend;
use sync_server::testing::{Redis, put, read};
use sync_server::{Address, ErrorKind, ServerStore};

/// An end that does something with each connection, and the number of these.
fn end(each: impl Fn(TcpStream) + Send + 'static) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicU32::new(0));
    let counted = count.clone();
    // (It goes on until the tests end.)
    thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::Relaxed);
            each(stream.unwrap());
        }
    });
    (port, count)
}

fn store(port: u16, options: &str) -> ServerStore {
    let address = format!("redis://127.0.0.1:{port}?prefix=app{options}");
    ServerStore::new(&Address::parse(address.as_bytes()).unwrap(), || 0)
}

/// As a statement of a program does: it enters, and enters once more, and then does what it is there for.
fn fails(store: &ServerStore) {
    store.enter();
    store.enter();
    let error = read(store, b"x").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoConnection(_)), "{error}");
}

#[test]
fn an_end_that_accepts_and_closes_late_is_tried_again_for_as_long_as_the_address_says() {
    let (port, count) = end(|stream| {
        thread::sleep(Duration::from_millis(150));
        drop(stream);
    });
    fails(&store(port, "&timeout=0.2&connect_timeout=60"));
    let tries = count.load(Ordering::Relaxed);
    assert!((2..=3).contains(&tries), "{tries}");
}

#[test]
fn an_end_that_accepts_and_closes_at_once_is_tried_several_times() {
    let (port, count) = end(drop);
    fails(&store(port, "&timeout=60"));
    assert_eq!(count.load(Ordering::Relaxed), 10);
}

#[test]
fn an_end_that_says_nothing_is_waited_for_once() {
    let held = std::sync::Mutex::new(Vec::new());
    let (port, count) = end(move |stream| held.lock().unwrap().push(stream));
    let store = store(port, "&connect_timeout=0.1");
    fails(&store);
    assert_eq!(count.load(Ordering::Relaxed), 1);
    // The next operation tries anew.
    read(&store, b"x").unwrap_err();
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[test]
fn connections_that_are_ended_one_by_one_stand_at_last() {
    let redis = Redis::start(&[]);
    let address = redis.address("", "?prefix=app&timeout=60");
    let store = ServerStore::new(&address, || 0);
    put(&store, b"x", &[1]);
    let is_over = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        let killer = scope.spawn(|| {
            // (An administrator's own is skipped.)
            (0..5).for_each(|_| drop(redis.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])));
            is_over.store(true, Ordering::Release);
        });
        while !is_over.load(Ordering::Acquire) {
            assert_eq!(read(&store, b"x").unwrap(), Some(vec![1]));
        }
        killer.join().unwrap();
    });
    assert_eq!(read(&store, b"x").unwrap(), Some(vec![1]));
}
