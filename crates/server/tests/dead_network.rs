//! A network that has died: nothing arrives any more, and no word of that does either.
//!
//! The network is a namespace of the test's own, whose one interface goes down and comes up again.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use sync_backend::{Backend, BackendError};
use sync_server::testing::{Redis, put, read, until};
use sync_server::{ErrorKind, ServerStore, ServerVersion, Value};

/// The time within which a connection is known to have ended, as docs/server.md says.
const NOTICED: Duration = Duration::from_secs(20);
/// The time that a busy machine takes more.
const BUSY: Duration = Duration::from_secs(20);

/// Runs something in a network of its own, in a thread, which is the only one in it. It is skipped where this user may not make one.
fn in_own_network(name: &str, action: impl FnOnce() + Send) {
    let enter = || {
        // SAFETY: it concerns this thread alone, which shares no files by that, and ends with the action.
        if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
            return Err(format!("this user may not make a network ({})", std::io::Error::last_os_error()));
        }
        set_network("up")
    };
    thread::scope(|scope| {
        scope.spawn(|| match enter() {
            Ok(()) => action(),
            Err(why) => drop(writeln!(std::io::stderr(), "SKIP {name}: {why}")),
        });
    });
}

/// Has the network of this thread live or die.
fn set_network(state: &str) -> Result<(), String> {
    let ip = Command::new("ip").args(["link", "set", "lo", state]).stderr(Stdio::null()).status();
    match ip {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("ip link set lo {state}: {status}")),
        Err(error) => Err(format!("ip of iproute2 does not run: {error}")),
    }
}

/// One that reads from its cache alone sends nothing that could be missed: the kernel asks whether the server is there.
#[test]
fn a_cache_does_not_outlive_a_network_that_has_died_without_a_word() {
    in_own_network("a_cache_does_not_outlive_a_network_that_has_died_without_a_word", || {
        let redis = Redis::start_at_port(&[]);
        let store = ServerStore::new(&redis.at(""), || 0);
        put(&store, b"a", &[1]);
        let mut version = ServerVersion::default();
        store.get(b"a", &mut version, &mut Vec::new()).unwrap();
        assert!(store.is_current(&version));
        set_network("down").unwrap();
        let died = Instant::now();
        // (By its socket, which is no network, the server is there.)
        put(&ServerStore::new(&redis.address("", ""), || 0), b"a", &[2]);
        until("the end of the connection is known", || !store.is_current(&version));
        let noticed = died.elapsed();
        assert!(noticed < NOTICED + BUSY, "{noticed:?}");
        set_network("up").unwrap();
        assert_eq!(read(&store, b"a").unwrap(), Some(vec![2]));
    });
}

#[test]
fn an_operation_in_a_network_that_has_died_takes_no_longer_than_its_time_out() {
    in_own_network("an_operation_in_a_network_that_has_died_takes_no_longer_than_its_time_out", || {
        let redis = Redis::start_at_port(&[]);
        let store = ServerStore::new(&redis.at("?timeout=1&connect_timeout=1"), || 0);
        put(&store, b"n", &[5]);
        set_network("down").unwrap();
        for round in 0..2 {
            let start = Instant::now();
            let error = store.add_number(b"n", 1, &mut ServerVersion::default()).unwrap_err();
            assert!(start.elapsed() < Duration::from_secs(3) + BUSY, "{:?}", start.elapsed());
            // The first one was sent, and the other has found no connection.
            assert_eq!(error.may_be_done(), round == 0, "{error}");
            assert!(round == 0 || matches!(error.kind(), ErrorKind::NoConnection(_)), "{error}");
        }
        set_network("up").unwrap();
        // The former connection's request may arrive yet, once.
        let sum = store.add_number(b"n", 1, &mut ServerVersion::default()).unwrap();
        assert!(matches!(sum, Some(6 | 7)), "{sum:?}");
        let Value::Text(n) = redis.tell(&["GET", "{sync}:v:n"]) else { panic!("a number is text") };
        assert_eq!(String::from_utf8(n).unwrap().parse(), Ok(sum.unwrap()));
    });
}
