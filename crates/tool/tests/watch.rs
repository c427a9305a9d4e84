//! `syncctl watch`: changes, as they come.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use common::{Place, Scratch, Served, fails, text};
use rustix::process::{Pid, Signal, kill_process};
use sync_backend::{Backend, Change, Rewrite};
use sync_store::{Expiry, Now, Version};

/// A change that does not come by then never comes.
const NEVER: Duration = Duration::from_secs(60);

/// A watch that runs.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn of(file: &impl Place, arguments: &[&str]) -> Self {
        let mut child = file.start("watch", arguments);
        let lines = lines(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// As [`Watch::of`], when it has begun: it has told of a change of `name`.
    fn begun(file: &impl Place, arguments: &[&str], name: &str) -> Self {
        let watch = Self::of(file, arguments);
        for n in 0.. {
            file.put(name.as_bytes(), &[n as u8 & 0x7f]);
            if watch.lines.recv_timeout(Duration::from_millis(20)).is_ok() {
                return watch;
            }
            assert!(n < 3_000, "it says nothing");
        }
        unreachable!()
    }

    /// Waits for a line.
    #[track_caller]
    fn tells(&self, line: &str) {
        let mut told = Vec::new();
        while told.last().is_none_or(|last: &String| last != line) {
            match self.lines.recv_timeout(NEVER) {
                Ok(next) => told.push(next),
                Err(_) => panic!("it never says {line}, but {told:?}"),
            }
        }
    }

    /// Waits for a line in which these words are.
    #[track_caller]
    fn tells_of(&self, words: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(NEVER).expect(words);
            if line.contains(words) {
                return line;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Its status, and what is left of its lines.
    fn ends(mut self) -> (Option<i32>, Vec<String>) {
        let status = self.child.wait().unwrap();
        (status.code(), self.lines.iter().collect())
    }

    /// As [`Watch::ends`], by a signal.
    fn ends_by(mut self, signal: Signal) -> Vec<String> {
        self.signal(signal);
        let status = self.child.wait().unwrap();
        assert_eq!(common::signal_of(status), Some(signal.as_raw()), "{status}");
        self.lines.iter().collect()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines() {
            let Ok(()) = sender.send(line.unwrap()) else { return };
        }
    });
    receiver
}

/// A test of a store in a file and of those on a server, one that tells of changes and one that is asked.
macro_rules! of_all_stores {
    ($($test:ident),*) => {
        mod of_files {
            $(#[test]
            fn $test() {
                super::$test(super::Scratch::new);
            })*
        }
        mod of_servers {
            $(#[test]
            fn $test() {
                super::$test(super::Served::new);
            })*
        }
        mod of_servers_without_a_cache {
            $(#[test]
            fn $test() {
                super::$test(|| super::Served::with("?cache=0"));
            })*
        }
    };
}

of_all_stores!(
    a_name_is_told_of_when_it_comes_changes_and_goes,
    without_names_all_are_told_of,
    a_value_that_expires_is_told_of_though_nobody_writes,
    a_store_may_go_and_come,
    it_ends_after_a_time_or_so_many_changes,
    a_lock_is_waited_for_and_a_signal_ends_that_too
);

fn a_name_is_told_of_when_it_comes_changes_and_goes<P: Place>(new: fn() -> P) {
    let file = new();
    let watch = Watch::begun(&file, &["x", "y", ""], "y");
    file.put(b"other", b"\x01");
    file.put(b"x", b"\x92\x01\xa1a");
    watch.tells("x = [1,\"a\"]");
    let store = file.store();
    let mut version = Default::default();
    store.get(b"x", &mut version, &mut Vec::new()).unwrap();
    Backend::append(&store, b"x", b"\x92\x91\x02\xc0", -4, Rewrite::Store, &mut version).unwrap();
    watch.tells("x = [1,\"a\",null]");
    store.remove(b"x").unwrap();
    watch.tells("x removed");
    file.put(b"x", b"\x92\xc7\x01\x01C\x81\xa1a\x01");
    watch.tells("x = (an object of C)");
    file.put(b"", b"\x01");
    watch.tells("\\& = 1");
    assert_eq!(watch.ends_by(Signal::INT), [""; 0]);
}

fn without_names_all_are_told_of<P: Place>(new: fn() -> P) {
    let file = new();
    for n in 0..100u8 {
        file.put(&[b'n', n], b"\x01");
    }
    let watch = Watch::begun(&file, &[], "begin");
    file.put(b"a", b"\x01");
    watch.tells("a = 1");
    file.put(b"nz", b"\x02");
    watch.tells("nz = 2");
    file.store().remove(b"a").unwrap();
    watch.tells("a removed");
    // Two at once, in their order.
    let (a, b) = (put_in::<P>(b"c", b"\x01"), put_in::<P>(b"b", b"\x02"));
    assert!(file.store().commit(&[a, b], None).unwrap());
    watch.tells("c = 1");
    watch.tells("b = 2");
    let store = file.store();
    store.commit(&[Change::Clear, put_in::<P>(b"nz", b"\x02"), put_in::<P>(b"c", b"\x03")], None).unwrap();
    watch.tells("b removed");
    watch.tells("c = 3");
    file.put(b"last", b"\x01");
    assert_eq!(watch.tells_of("="), "last = 1");
    assert_eq!(watch.ends_by(Signal::TERM), [""; 0]);
}

fn put_in<'a, P: Place>(key: &'a [u8], body: &'a [u8]) -> Change<'a, <P::Store as Backend>::Version> {
    Change::Put { key, head: &[], body, note: None, expiry: None, anew: false }
}

#[test]
fn a_value_that_was_only_moved_is_not_told_again() {
    let file = Scratch::new();
    for n in 0..100u8 {
        file.put(&[b'n', n], b"\x01");
    }
    let watch = Watch::begun(&file, &["x", "y"], "y");
    for n in 0..5u8 {
        file.put(b"x", &[n]);
        assert_eq!(watch.tells_of("="), format!("x = {n}"));
        file.store().remove(b"n\0").unwrap();
        file.fine("compact", &[]);
        file.put(b"y", &[n]);
        assert_eq!(watch.tells_of("="), format!("y = {n}"));
    }
    assert_eq!(watch.ends_by(Signal::TERM), [""; 0]);
}

#[test]
fn what_is_moved_while_it_is_told_is_not_told_again() {
    let file = Scratch::new();
    let watch = Watch::begun(&file, &[], "begin");
    let end = std::time::Instant::now() + Duration::from_secs(3);
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let file = &file;
            scope.spawn(move || {
                let store = file.store();
                for n in (0u32..).take_while(|_| std::time::Instant::now() < end) {
                    // Each value is stored once.
                    let value = [&[0xce][..], &(writer << 24 | n).to_be_bytes()].concat();
                    let name = format!("{writer} {}", n % 53);
                    store.put(name.as_bytes(), &value, &mut Version::default()).unwrap();
                    std::thread::sleep(Duration::from_micros(u64::from(n % 7) * 100));
                }
            });
        }
        scope.spawn(|| {
            let store = file.store();
            while std::time::Instant::now() < end {
                while store.compact().is_err() {}
                std::thread::sleep(Duration::from_millis(2));
            }
        });
    });
    let mut told = watch.ends_by(Signal::TERM);
    told.retain(|line| !line.starts_with("begin"));
    let all = told.len();
    told.sort();
    told.dedup();
    assert!(all > 100, "it has told of {all}");
    assert_eq!(all, told.len());
}

fn a_value_that_expires_is_told_of_though_nobody_writes<P: Place>(new: fn() -> P) {
    for names in [&["x"][..], &[]] {
        let file = new();
        let watch = Watch::begun(&file, &[names, &["--json"]].concat(), "x");
        let expiry: Option<Expiry> = Now::read().after(200);
        file.store().put_until(b"x", (b"\xa1v", b""), expiry, &mut Default::default()).unwrap();
        let line = watch.tells_of("\"v\"");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        // (By a server's clock, which is known to some milliseconds.)
        let expires = line["expires"].as_f64().unwrap() * 1e3 - expiry.unwrap().milliseconds() as f64;
        assert!(expires.abs() < 100.0, "{line}");
        let line: serde_json::Value = serde_json::from_str(&watch.tells_of("removed")).unwrap();
        assert_eq!((&line["name"], &line["removed"]), (&"x".into(), &true.into()));
    }
}

fn a_store_may_go_and_come<P: Place>(new: fn() -> P) {
    for names in [&["x"][..], &[]] {
        let file = new();
        let watch = Watch::begun(&file, names, "x");
        file.store().destroy().unwrap();
        watch.tells("x removed");
        file.put(b"x", b"\x09");
        watch.tells("x = 9");
        assert_eq!(watch.ends_by(Signal::TERM), [""; 0]);
    }
}

#[test]
fn a_file_may_be_another_one() {
    for names in [&["x"][..], &[]] {
        let (file, other) = (Scratch::new(), Scratch::new());
        let watch = Watch::begun(&file, names, "x");
        other.put(b"x", b"\x0a");
        std::fs::rename(&other.0, &file.0).unwrap();
        watch.tells("x = 10");
        std::fs::remove_file(&file.0).unwrap();
        watch.tells("x removed");
        file.put(b"x", b"\x0b");
        watch.tells("x = 11");
    }
}

fn it_ends_after_a_time_or_so_many_changes<P: Place>(new: fn() -> P) {
    let file = new();
    for names in [&["--timeout", "0.2", "x"][..], &["--timeout", "0.2"]] {
        let nothing = file.run("watch", names);
        assert_eq!((nothing.status.code(), text(&nothing.stdout)), (Some(1), String::new()));
    }
    assert_eq!(file.store().state().unwrap(), 0, "it makes no store");
    fails(&file.run("watch", &["--timeout=-1"]), 2, "--timeout");
    let watch = Watch::of(&file, &["x", "-n", "2"]);
    let mut told = 0;
    for n in 0..3_000 {
        file.put(b"x", &[n as u8 & 0x7f]);
        told += usize::from(watch.lines.recv_timeout(Duration::from_millis(20)).is_ok());
        if told == 2 {
            break;
        }
    }
    assert_eq!(watch.ends(), (Some(0), vec![]));
}

fn a_lock_is_waited_for_and_a_signal_ends_that_too<P: Place>(new: fn() -> P) {
    let file = new();
    let watch = Watch::begun(&file, &["x"], "x");
    file.put(b"x", b"\x54");
    watch.tells("x = 84");
    let store = file.store();
    store.lock(sync_store::Patience::default()).unwrap();
    store.put(b"x", b"\x55", &mut Default::default()).unwrap();
    assert!(watch.lines.recv_timeout(Duration::from_millis(300)).is_err(), "the inside of a locked section is seen");
    store.put(b"x", b"\x56", &mut Default::default()).unwrap();
    store.unlock();
    watch.tells("x = 86");
    store.lock(sync_store::Patience::default()).unwrap();
    watch.ends_by(Signal::HUP);
}

#[test]
fn what_is_no_store_is_refused() {
    let file = Scratch::new();
    std::fs::write(&file.0, b"something else altogether").unwrap();
    fails(&file.run("watch", &[]), 1, "is not a Sync store");
}

#[test]
fn signals_that_were_ignored_still_are() {
    let file = Scratch::new();
    // As `nohup` starts it.
    let mut child = std::process::Command::new("sh")
        .args(["-c", "trap '' HUP; exec \"$0\" watch \"$1\" x --count 2", env!("CARGO_BIN_EXE_syncctl")])
        .arg(&file.0)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let watch = Watch { lines: lines(child.stdout.take().unwrap()), child };
    for n in 0.. {
        file.put(b"x", &[n as u8 & 0x7f]);
        if watch.lines.recv_timeout(Duration::from_millis(20)).is_ok() {
            break;
        }
        assert!(n < 3_000, "it says nothing");
    }
    watch.signal(Signal::HUP);
    std::thread::sleep(Duration::from_millis(300));
    file.put(b"x", b"\xc3");
    assert_eq!(watch.ends().0, Some(0));
}

#[test]
fn a_copy_or_another_link_is_no_change_of_what_is_in_it() {
    for names in [&["a", "b", "new"][..], &[]] {
        let (file, copy) = (Scratch::new(), Scratch::new());
        file.put(b"a", b"\x01");
        file.put(b"b", b"\x02");
        std::fs::copy(&file.0, &copy.0).unwrap();
        let watch = Watch::of(&copy, names);
        // It has a private copy of the file, as nobody has put that right yet.
        common::waits_for(|| {
            std::fs::read_dir(format!("/proc/{}/fd", watch.child.id())).unwrap().flatten().any(|entry| {
                std::fs::read_link(entry.path()).is_ok_and(|target| target.to_string_lossy().starts_with("/memfd:sync"))
            })
        });
        let tells = |expected: &str| {
            let line = watch.lines.iter().find(|line| !line.starts_with("new = "));
            assert_eq!(line.as_deref(), Some(expected));
        };
        for n in 0..3_000 {
            copy.put(b"new", &[n as u8 & 0x7f]);
            if let Ok(line) = watch.lines.recv_timeout(Duration::from_millis(20)) {
                assert!(line.starts_with("new = "), "{line}");
                break;
            }
            assert!(n < 2_999, "it says nothing");
        }
        let link = Scratch::new();
        std::fs::hard_link(&copy.0, &link.0).unwrap();
        link.put(b"b", b"\x04");
        tells("b = 4");
        drop(link);
        copy.put(b"a", b"\x05");
        tells("a = 5");
        // A copy in its place has one value that differs.
        let other = Scratch::new();
        std::fs::copy(&copy.0, &other.0).unwrap();
        other.put(b"b", b"\x06");
        std::fs::rename(&other.0, &copy.0).unwrap();
        tells("b = 6");
        assert_eq!(watch.ends_by(Signal::TERM), [""; 0]);
    }
}

#[test]
fn a_watch_ends_when_nobody_reads_it_any_more() {
    for (names, seconds) in [(&["x"][..], 2), (&[], 2), (&["x", "--timeout", "60"], 2)] {
        let file = Scratch::new();
        let mut child = file.start("watch", names);
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        // It watches when it tells of a change.
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (path, ended) = (file.0.clone(), stop.clone());
        let writer = std::thread::spawn(move || {
            let store = sync_store::Store::new(path, sync_store::Options::default());
            for n in 0.. {
                if ended.load(std::sync::atomic::Ordering::Relaxed) {
                    return;
                }
                store.put(b"x", &[n as u8 & 0x7f], &mut Version::default()).unwrap();
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        lines.read_line(&mut String::new()).unwrap();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.join().unwrap();
        // Nothing changes any more.
        let start = std::time::Instant::now();
        drop(lines);
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
        assert!(start.elapsed() < Duration::from_secs(seconds), "{:?}", start.elapsed());
    }
}

#[test]
fn a_second_signal_ends_a_watch_whose_reader_has_stopped() {
    let file = Scratch::new();
    let mut child = file.start("watch", &["x"]);
    let stdout = child.stdout.take().unwrap();
    let value = [&[0xda, 0xff, 0xff][..], &[b'x'; 0xffff]].concat();
    // It is stuck when its pipe, of 64 KiB, is full.
    common::waits_for(|| {
        file.put(b"x", &value);
        rustix::io::ioctl_fionread(&stdout).unwrap() >= 0x10000
    });
    let signal = |signal| kill_process(Pid::from_child(&child), signal).unwrap();
    signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(100));
    signal(Signal::TERM);
    let status = child.wait().unwrap();
    assert_eq!(common::signal_of(status), Some(Signal::TERM.as_raw()), "{status}");
    drop(stdout);
}

/// Ends all connections of clients but the one that asks.
fn end_all(served: &Served) {
    served.redis.tell(&["CLIENT", "KILL", "TYPE", "normal"]);
}

#[test]
fn connections_to_a_server_may_end_and_nothing_is_told_twice_for_that() {
    for options in ["", "?cache=0"] {
        for names in [&["x", "text", "new"][..], &[]] {
            let served = Served::with(options);
            served.put(b"text", b"\xa1t");
            let watch = Watch::begun(&served, names, "x");
            for n in 0..20u8 {
                end_all(&served);
                if n % 2 == 0 {
                    served.put(b"x", &[n + 100]);
                    assert_eq!(watch.tells_of("1"), format!("x = {}", n + 100));
                }
                end_all(&served);
                served.put(b"new", &[n]);
                assert_eq!(watch.tells_of("new"), format!("new = {n}"));
            }
            assert_eq!(watch.ends_by(Signal::TERM), [""; 0]);
        }
    }
}

#[test]
fn a_value_that_a_server_gets_while_another_is_read_is_told_of_once() {
    const NAMES: u32 = 300;
    for options in ["", "?cache=0"] {
        let served = Served::with(options);
        let watch = Watch::begun(&served, &[], "begin");
        std::thread::scope(|scope| {
            for writer in 0..2 {
                let served = &served;
                scope.spawn(move || {
                    let store = served.store();
                    for n in 0..NAMES {
                        // The second value comes when the first one is being told of.
                        for value in [2 * n, 2 * n + 1] {
                            let value = [&[0xce][..], &value.to_be_bytes()].concat();
                            store.put(format!("{writer} {n}").as_bytes(), &value, &mut Default::default()).unwrap();
                            std::thread::sleep(Duration::from_micros(u64::from(n % 5) * 50));
                        }
                    }
                });
            }
        });
        served.put(b"end", b"\x01");
        let mut told = Vec::new();
        while told.last().is_none_or(|last| last != "end = 1") {
            told.push(watch.tells_of("="));
        }
        told.retain(|line| line.contains(' ') && !line.starts_with("begin"));
        let all = told.len();
        let told: std::collections::HashSet<_> = told.into_iter().collect();
        assert_eq!(all, told.len(), "some are told twice");
        for (writer, n) in (0..2).flat_map(|writer| (0..NAMES).map(move |n| (writer, n))) {
            assert!(told.contains(&format!("{writer} {n} = {}", 2 * n + 1)), "{writer} {n}");
        }
        assert_eq!(watch.ends_by(Signal::TERM), [""; 0]);
    }
}

#[test]
fn a_value_of_a_server_that_is_to_expire_sooner_is_told_of_then() {
    for (options, names) in [("", &["x"][..]), ("", &[]), ("?cache=0", &["x"]), ("?cache=0", &[])] {
        let served = Served::with(options);
        let watch = Watch::begun(&served, names, "x");
        let store = served.store();
        store.put_until(b"x", (b"\xa1v", b""), Now::read().after(1_000_000), &mut Default::default()).unwrap();
        watch.tells_of("\"v\"");
        store.touch(b"x", Now::read().after(300), &mut Default::default()).unwrap();
        watch.tells("x removed");
        assert_eq!(watch.ends_by(Signal::TERM), [""; 0]);
    }
}

#[test]
fn a_server_that_forgets_changes_or_has_many_at_once_is_followed() {
    let served = Served::new();
    let watch = Watch::begun(&served, &[], "begin");
    let store = served.store();
    let names: Vec<_> = (0..3_000).map(|n| format!("name {n}")).collect();
    for part in names.chunks(100) {
        let puts: Vec<_> = part.iter().map(|name| put_in::<Served>(name.as_bytes(), b"\x01")).collect();
        store.commit(&puts, None).unwrap();
    }
    names.iter().for_each(|name| watch.tells(&format!("{name} = 1")));
    // While it sleeps, the server forgets names that are gone.
    watch.signal(Signal::STOP);
    let state = store.state().unwrap();
    names.iter().for_each(|name| assert!(store.remove(name.as_bytes()).unwrap()));
    common::waits_for(|| {
        served.put(b"x", b"\x01");
        store.changes(Some((state, 0))).unwrap().is_all
    });
    watch.signal(Signal::CONT);
    let mut gone: Vec<String> = names.iter().map(|_| watch.tells_of("removed")).collect();
    gone.sort();
    let mut all: Vec<_> = names.iter().map(|name| format!("{name} removed")).collect();
    all.sort();
    assert_eq!(gone, all);
    watch.tells("x = 1");
    assert_eq!(watch.ends_by(Signal::TERM), [""; 0]);
}

#[test]
fn an_integer_that_another_program_counts_on_a_server_is_told_of() {
    let served = Served::new();
    let watch = Watch::begun(&served, &["x", "n"], "x");
    served.put(b"n", b"\x07");
    watch.tells("n = 7");
    served.redis.tell(&["INCR", "{sync}:v:n"]);
    watch.tells("n = 8");
    assert_eq!(watch.ends_by(Signal::TERM), [""; 0]);
}

#[test]
fn a_watch_ends_with_its_server_and_says_why() {
    for names in [&["x"][..], &[]] {
        let mut served = Served::new();
        let mut watch = Watch::begun(&served, names, "x");
        let mut stderr = watch.child.stderr.take().unwrap();
        served.redis.kill();
        let (status, _) = watch.ends();
        let mut said = String::new();
        std::io::Read::read_to_string(&mut stderr, &mut said).unwrap();
        assert!(status == Some(3) && said.contains("Can't connect to 'unix://"), "{status:?} {said}");
    }
}

#[test]
fn a_warning_about_a_server_is_told_when_a_watch_begins() {
    let served = Served::new();
    served.redis.tell(&["CONFIG", "SET", "maxmemory", "100mb"]);
    served.redis.tell(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let mut watch = Watch::of(&served, &[]);
    let mut said = String::new();
    BufReader::new(watch.child.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("maxmemory-policy is allkeys-lru"), "{said}");
    // And only then.
    let ended = served.run("watch", &["--timeout", "0.1"]);
    assert_eq!(text(&ended.stderr).matches("maxmemory-policy is allkeys-lru").count(), 1, "{ended:?}");
}
