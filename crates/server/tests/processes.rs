//! Stores on a server in processes that fork, start programs, and die.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use sync_backend::{
    Backend, BackendError, Found, LockName, LockSpace, Patience, Remedy, Shifted, Since, Standing, Taken, Taking,
    Wanted,
};
use sync_server::testing::{Faults, Proxy, Redis};
use sync_server::{Address, Endpoint, ErrorKind, ServerError, ServerStore, ServerVersion, Value};

/// The seconds that a process is left to itself.
const LIFE: u32 = 120;
/// The time after which something that does not wait for the end of such a process has surely come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A name of a lock.
const NAME: LockName = LockName { space: LockSpace::Named, name: b"name" };

fn on(redis: &Redis) -> ServerStore {
    ServerStore::new(&redis.address("", ""), || 0)
}

fn get(store: &ServerStore, key: &[u8]) -> Option<Vec<u8>> {
    let (mut version, mut bytes) = (ServerVersion::default(), Vec::new());
    match store.retry(|store| store.get(key, &mut version, &mut bytes)).unwrap() {
        Found::Missing => None,
        _ => Some(bytes),
    }
}

fn put(store: &ServerStore, key: &[u8], value: &[u8]) -> ServerVersion {
    let mut version = ServerVersion::default();
    store.retry(|store| store.put(key, value, &mut version)).unwrap();
    version
}

fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "it never came");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A process that this one has forked, and a line to it. It is killed with this.
struct Child {
    pid: libc::pid_t,
    line: UnixStream,
}

impl Child {
    /// Starts one.
    fn fork(action: impl FnOnce(UnixStream)) -> Self {
        let (line, its) = UnixStream::pair().unwrap();
        // SAFETY: the child uses sockets and memory (glibc's allocator survives a fork), and leaves by `_exit` or a signal.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0);
        if pid == 0 {
            // SAFETY: it concerns this process alone, and ends it.
            unsafe {
                libc::alarm(LIFE);
                let acts = catch_unwind(AssertUnwindSafe(|| action(its)));
                libc::_exit(if acts.is_ok() { 0 } else { 101 });
            }
        }
        Self { pid, line }
    }

    fn tell(&mut self) {
        say(&mut self.line, 0);
    }

    fn hear(&mut self) -> i32 {
        listen(&mut self.line)
    }

    /// Waits for its end, which is to be a good one.
    fn ends_well(mut self) {
        assert_eq!(self.reap(), 0, "the child has failed");
    }

    fn reap(&mut self) -> i32 {
        let mut status = 0;
        // SAFETY: the child is ours and was not waited for yet, and there is room for its status.
        assert_eq!(unsafe { libc::waitpid(std::mem::take(&mut self.pid), &mut status, 0) }.min(0), 0);
        status
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.pid != 0 {
            // SAFETY: the child is ours, and was not waited for yet.
            unsafe { libc::kill(self.pid, libc::SIGKILL) };
            self.reap();
        }
    }
}

/// Says a number. (The end of a line says nothing: some other test's child may have it, too.)
fn say(line: &mut UnixStream, number: i32) {
    line.write_all(&number.to_ne_bytes()).unwrap();
}

fn listen(line: &mut UnixStream) -> i32 {
    let mut number = [0; 4];
    line.set_read_timeout(Some(PATIENCE)).unwrap();
    line.read_exact(&mut number).unwrap();
    i32::from_ne_bytes(number)
}

fn is_held(error: &ServerError) -> bool {
    matches!(error.remedy(), Remedy::Wait(_))
}

/// A server that lists its connections to nobody.
fn secretive() -> Redis {
    let redis = Redis::start(&[]);
    redis.connect().ask(&[b"ACL", b"SETUSER", b"default", b"-client|list"], &mut |_| ()).unwrap();
    redis
}

/// Kills the process that has everything, and takes it all. `leaves`: starts one that lives on, and gives its number.
fn kill_and_inherit(redis: &Redis, leaves: fn() -> i32) {
    let store = on(redis);
    put(&store, b"list", &[0x93, 1, 2, 3]);
    let mut child = Child::fork(|mut line| {
        let store = on(redis);
        assert!(matches!(store.take(b"list", &mut Vec::new()).unwrap(), Taken::Item(_)));
        store.take_lock(NAME, false).unwrap().token().unwrap();
        store.lock(Patience::default()).unwrap();
        say(&mut line, leaves());
        thread::sleep(Duration::from_secs(LIFE.into()));
    });
    let left = child.hear();
    let pid = child.pid;
    let held = store.put(b"a", &[1], &mut ServerVersion::default()).unwrap_err();
    assert!(is_held(&held) && held.to_string().contains(&pid.to_string()), "{held}");
    assert!(is_held(&store.get(b"list", &mut ServerVersion::default(), &mut Vec::new()).unwrap_err()));
    assert_eq!(store.stats().unwrap().locks.iter().filter(|lock| lock.pid == Some(pid as u32)).count(), 2);
    assert_eq!(store.stats().unwrap().consuming.len(), 1);
    // (Whoever waits asks whether it lives.)
    let Remedy::Wait(held) = held.remedy() else { unreachable!("it is held") };
    let mut waiter = Default::default();
    (0..50).for_each(|_| store.wait(&mut waiter, &held, Duration::from_millis(2)));
    store.stop_waiting();
    assert!(is_held(&store.put(b"a", &[1], &mut ServerVersion::default()).unwrap_err()), "it lives");
    assert!(!has_come(&store));
    drop(child);
    let start = Instant::now();
    put(&store, b"a", &[1]);
    until(|| has_come(&store));
    let mut out = Vec::new();
    assert!(matches!(store.take(b"list", &mut out).unwrap(), Taken::Item(_)));
    assert_eq!(out, [1], "the item has gone back");
    assert_eq!(store.stats().unwrap().consuming.len(), 1);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    if left != 0 {
        // SAFETY: nobody has waited for it: the number is its own. Signal 0 asks whether it is there.
        unsafe {
            assert_eq!(libc::kill(left, 0), 0, "it was to live on");
            libc::kill(left, libc::SIGKILL);
        }
    }
}

#[test]
fn all_that_a_killed_process_holds_is_free_within_a_moment() {
    kill_and_inherit(&Redis::start(&[]), || 0);
}

#[test]
fn all_that_a_killed_process_holds_is_free_where_a_server_does_not_list_its_connections() {
    let redis = secretive();
    let store = on(&redis);
    put(&store, b"a", &[1]);
    assert_eq!((store.take_warning(), store.stats().unwrap().processes.len()), (None, 0));
    kill_and_inherit(&redis, || 0);
}

#[test]
fn all_that_a_killed_process_holds_is_free_although_its_child_lives() {
    kill_and_inherit(&Redis::start(&[]), || {
        let child = Child::fork(|_| thread::sleep(Duration::from_secs(LIFE.into())));
        std::mem::ManuallyDrop::new(child).pid
    });
}

#[test]
fn all_that_a_killed_process_holds_is_free_although_a_program_lives_that_it_started() {
    kill_and_inherit(&Redis::start(&[]), || {
        Command::new("sleep").arg(LIFE.to_string()).spawn().expect("sleep").id() as i32
    });
}

/// Whether a waiter has a named lock now; waits a moment else.
fn has_come(store: &ServerStore) -> bool {
    match store.take_lock(NAME, true).unwrap() {
        Taking::Taken(_) => true,
        Taking::Occupied(occupied) => {
            store.wait_for_lock(NAME, &occupied, Duration::from_millis(50));
            false
        }
    }
}

#[test]
fn a_waiter_for_a_named_lock_that_does_not_come_is_passed_over_and_stands_in_line_anew() {
    let redis = Redis::start(&[]);
    let (store, third, fourth) = (on(&redis), on(&redis), on(&redis));
    store.take_lock(NAME, false).unwrap().token().unwrap();
    // (As one that is stopped: its connection stands, and it asks for nothing.)
    let mut stopped = Child::fork(|mut line| {
        let store = on(&redis);
        assert_eq!(store.take_lock(NAME, true).unwrap().token(), None);
        say(&mut line, 0);
        listen(&mut line);
        until(|| has_come(&store));
        say(&mut line, 0);
        store.release_lock(NAME);
        listen(&mut line);
    });
    stopped.hear();
    for waiter in [&third, &fourth] {
        assert_eq!(waiter.take_lock(NAME, true).unwrap().token(), None);
    }
    assert_eq!(store.stats().unwrap().waiters, 3);
    store.release_lock(NAME);
    assert!(!has_come(&third), "it is not its turn yet");
    let start = Instant::now();
    until(|| has_come(&third));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(store.stats().unwrap().waiters, 1);
    stopped.tell();
    until(|| store.stats().unwrap().waiters == 2);
    third.release_lock(NAME);
    assert!(
        fourth.take_lock(NAME, true).unwrap().token().is_some(),
        "it has waited longer than one that was passed over"
    );
    fourth.release_lock(NAME);
    stopped.hear();
    stopped.tell();
    stopped.ends_well();
}

/// Tries to take the lock of the whole, and stands in line where it is somebody else's, or somebody else's turn.
fn locks(store: &ServerStore) -> bool {
    match store.lock(Patience::default()) {
        Ok(()) => true,
        Err(error) => {
            let Remedy::Wait(held) = error.remedy() else { panic!("{error}") };
            store.wait(&mut Default::default(), &held, Duration::from_millis(1));
            false
        }
    }
}

#[test]
fn the_lock_goes_to_those_that_have_waited_longest_and_its_holder_is_the_last_of_them() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    store.lock(Patience::default()).unwrap();
    let work = |mut line: UnixStream| {
        let store = on(&redis);
        until(|| locks(&store));
        store.stop_waiting();
        say(&mut line, 0);
        listen(&mut line);
        store.unlock();
        say(&mut line, i32::from(locks(&store)));
        store.unlock();
        store.stop_waiting();
        listen(&mut line);
    };
    let mut children = Vec::new();
    for waiters in 1..=3 {
        children.push(Child::fork(work));
        until(|| store.stats().unwrap().waiters == waiters);
    }
    store.unlock();
    assert!(!locks(&store), "others have waited");
    for child in &mut children {
        child.hear();
        assert!(!locks(&store), "it is in line behind them");
        child.tell();
        assert_eq!(child.hear(), 0, "others have waited longer");
    }
    until(|| locks(&store));
    store.unlock();
    for mut child in children {
        child.tell();
        child.ends_well();
    }
    assert_eq!(store.stats().unwrap().waiters, 0);
}

#[test]
fn a_waiter_for_the_lock_that_does_not_come_is_passed_over_and_stands_in_line_anew() {
    let redis = Redis::start(&[]);
    let store = on(&redis);
    store.lock(Patience::default()).unwrap();
    // (As one that is stopped: its connection stands, and it asks for nothing.)
    let mut stopped = Child::fork(|mut line| {
        let store = on(&redis);
        assert!(!locks(&store));
        say(&mut line, 0);
        listen(&mut line);
        until(|| locks(&store));
        store.stop_waiting();
        say(&mut line, 0);
        store.unlock();
        listen(&mut line);
    });
    stopped.hear();
    store.unlock();
    // Neither are those kept waiting that do not stand in line.
    let start = Instant::now();
    assert!(is_held(&store.lock(Patience::default()).unwrap_err()), "it is not its turn yet");
    until(|| store.lock(Patience::default()).is_ok());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(store.stats().unwrap().waiters, 0);
    stopped.tell();
    until(|| store.stats().unwrap().waiters == 1);
    store.unlock();
    stopped.hear();
    stopped.tell();
    stopped.ends_well();
}

/// The number of the connections that stores have at a server.
fn connections(redis: &Redis) -> usize {
    match redis.connect().ask(&[b"CLIENT", b"LIST"], &mut |_| ()).unwrap() {
        Value::Text(list) => String::from_utf8(list).unwrap().matches(" name=sync:").count(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_forked_child_and_its_parent_go_on_by_connections_of_their_own() {
    const ROUNDS: u8 = 20;
    let redis = Redis::start(&[]);
    let store = on(&redis);
    let version = put(&store, b"a", &[1]);
    until(|| connections(&redis) == 1);
    let mut child = Child::fork(|mut line| {
        assert!(!store.is_current(&version), "it is the parent's knowledge");
        assert!(!ServerStore::is_open(version.opening()));
        let mine = {
            let mut mine = version;
            store.get(b"a", &mut mine, &mut Vec::new()).unwrap();
            mine
        };
        for n in 0..ROUNDS {
            listen(&mut line);
            assert!(store.is_current(&mine));
            until(|| get(&store, b"parent") == Some(vec![n]));
            put(&store, b"child", &[n]);
            say(&mut line, 0);
        }
    });
    for n in 0..ROUNDS {
        put(&store, b"parent", &[n]);
        child.tell();
        child.hear();
        until(|| get(&store, b"child") == Some(vec![n]));
        assert!(store.is_current(&version), "the connection has ended");
        if n + 1 < ROUNDS {
            until(|| connections(&redis) == 2);
        }
    }
    child.ends_well();
    until(|| connections(&redis) == 1);
    assert!(store.is_current(&version));
}

#[test]
fn a_forked_child_has_nothing_of_its_parents_and_cannot_end_it() {
    let computed = LockName { space: LockSpace::Computed, name: b"value" };
    let redis = Redis::start(&[]);
    let mut handle = Some(on(&redis));
    let store = handle.as_ref().unwrap();
    put(store, b"list", &[0x93, 1, 2, 3]);
    let Taken::Item(item) = store.take(b"list", &mut Vec::new()).unwrap() else { panic!("there is one") };
    store.take_lock(NAME, false).unwrap().token().unwrap();
    store.take_lock(computed, false).unwrap().token().unwrap();
    store.enter_lock().unwrap();
    let hold = store.lock_writers().unwrap();
    let list = get(store, b"list");
    let child = Child::fork(|_| {
        let store = handle.as_ref().unwrap();
        assert_eq!(store.standing(&hold), Standing::Forked);
        assert!(!store.keeps_others_out() && !store.keeps_all_from_writing() && !store.is_computing());
        assert_eq!((store.held_lock(NAME), store.held_lock(computed), store.entered_lock()), (None, None, None));
        assert!(!store.release_lock(NAME) && !store.leave_lock() && !store.finish(item).unwrap());
        store.unlock();
        store.give_back(item);
        let mut version = ServerVersion::default();
        assert!(is_held(&store.put(b"a", &[1], &mut version).unwrap_err()));
        assert!(is_held(&store.get(b"list", &mut version, &mut Vec::new()).unwrap_err()));
        assert!(store.take_lock(NAME, false).unwrap().token().is_none());
        drop(handle.take());
    });
    child.ends_well();
    // (The parent has its own.)
    let store = handle.as_ref().unwrap();
    assert_eq!(store.standing(&hold), Standing::Kept);
    assert!(store.keeps_others_out() && store.keeps_all_from_writing() && store.is_computing());
    assert!(store.held_lock(NAME).is_some() && store.held_lock(computed).is_some() && store.entered_lock().is_some());
    assert_eq!(get(store, b"list"), list);
    store.unlock_writers(hold);
    assert!(store.finish(item).unwrap() && store.leave_lock() && store.release_lock(NAME));
    assert!(store.release_lock(computed) && !store.keeps_all_from_writing() && !store.is_computing());
    put(&on(&redis), b"a", &[1]);
}

/// One that has asked nothing: neither what it has forked with nor its end is told to the server.
#[test]
fn the_end_of_a_forked_child_sends_no_byte() {
    let redis = Redis::start(&[]);
    let proxy = Proxy::start(redis.socket(), Faults::default());
    let Endpoint::Host(host) = proxy.endpoint() else { panic!("a proxy has a port") };
    let address = Address::parse(format!("redis://127.0.0.1:{}", host.port).as_bytes()).unwrap();
    let mut handle = Some(ServerStore::new(&address, || 0));
    let store = handle.as_ref().unwrap();
    put(store, b"list", &[0x93, 1, 2, 3]);
    let Taken::Item(item) = store.take(b"list", &mut Vec::new()).unwrap() else { panic!("there is one") };
    store.take_lock(NAME, false).unwrap().token().unwrap();
    store.lock(Patience::default()).unwrap();
    // The same bytes each time: others would be sent before them, or on a connection that was greeted before the child's end.
    let question = |store: &ServerStore| {
        let before = proxy.requests();
        store.state().unwrap();
        proxy.requests() - before
    };
    let bytes = question(store);
    let before = proxy.requests();
    Child::fork(|_| drop(handle.take())).ends_well();
    // (The parent has its own.)
    let store = handle.as_ref().unwrap();
    assert_eq!(question(store), bytes);
    assert_eq!(proxy.requests(), before + bytes);
    assert!(store.finish(item).unwrap() && store.release_lock(NAME));
    store.unlock();
}

#[test]
fn those_that_use_a_store_and_wait_are_seen_while_they_live() {
    let redis = Redis::start(&[]);
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let store = on(&redis);
    put(&store, b"a", &[1]);
    // (It uses another store of the same server.)
    put(&ServerStore::new(&redis.address("", "?prefix=another"), || 0), b"a", &[1]);
    let pids = || {
        let mut pids: Vec<_> = store.stats().unwrap().processes.iter().map(|process| process.pid).collect();
        pids.sort();
        pids
    };
    let own = Some(std::process::id());
    assert_eq!(pids(), [own]);
    let since = store.stats().unwrap().processes[0].since;
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    assert!(since >= before && since <= after, "{before} {since} {after}");

    store.take_lock(NAME, false).unwrap().token().unwrap();
    let waiters = || store.stats().unwrap().waiters;
    let in_line = Child::fork(|_| {
        let store = on(&redis);
        while let Taking::Occupied(occupied) = store.take_lock(NAME, true).unwrap() {
            store.wait_for_lock(NAME, &occupied, PATIENCE);
        }
    });
    until(|| waiters() == 1);
    let wait = |key: Option<&'static [u8]>| {
        let redis = &redis;
        move |_: UnixStream| {
            let store = on(redis);
            let mut wanted = [key.map_or(Wanted::anything(), Wanted::key)];
            store.watch(&mut wanted, Since::Now).unwrap();
            while !store.has_changed(&mut wanted, PATIENCE).unwrap() {}
        }
    };
    let (told, killed) = (Child::fork(wait(None)), Child::fork(wait(Some(b"never"))));
    until(|| waiters() == 3);
    let key = [b"{", &redis.address("", "").prefix[..], b"}:watching"].concat();
    let is_noted = || redis.connect().ask(&[b"EXISTS", &key], &mut |_| ()).unwrap() == Value::Integer(1);
    // (One that looks at what others have left is woken by their next marks, once, and takes its own away for a moment.)
    until(is_noted);
    let mut all = [&in_line, &told, &killed].map(|child| Some(child.pid as u32)).to_vec();
    all.push(own);
    all.sort();
    assert_eq!(pids(), all);
    drop(killed);
    until(|| waiters() == 2);
    put(&store, b"a", &[2]);
    told.ends_well();
    until(|| waiters() == 1);
    drop(in_line);
    until(|| waiters() == 0 && pids() == [own]);
    // (None that was killed is left at the server.)
    assert!(!is_noted());
}

/// A connection that ends takes the locks with it, although its program lives: this is told when it asks for one of them.
#[test]
fn a_named_lock_is_lost_with_its_connection_whether_somebody_else_has_it_or_not() {
    let redis = Redis::start(&[]);
    let mine = on(&redis);
    let take = |store: &ServerStore| match store.take_lock(NAME, false).unwrap() {
        Taking::Taken(token) => Some(token),
        Taking::Occupied(_) => None,
    };
    let end_all = || drop(redis.tell(&["CLIENT", "KILL", "TYPE", "normal"]));
    let first = take(&mine).unwrap();
    assert_eq!(take(&mine), Some(first), "it has it twice");
    end_all();
    let second = take(&mine).unwrap();
    assert!(second > first, "another holding of it, though nobody else had it meanwhile");
    assert_eq!(mine.held_lock(NAME), Some((second, 1)));
    end_all();
    // Another thread has a connection of its own.
    let (taken, is_taken) = std::sync::mpsc::channel();
    let (over, is_over) = std::sync::mpsc::channel::<()>();
    thread::scope(|scope| {
        let (redis, take) = (&redis, &take);
        scope.spawn(move || {
            let store = on(redis);
            taken.send(take(&store)).unwrap();
            let _ = is_over.recv();
        });
        let over = over;
        let third = is_taken.recv().unwrap().unwrap();
        assert!(third > second);
        assert_eq!(take(&mine), None, "it is another one's");
        assert_eq!(mine.held_lock(NAME), None);
        assert!(!mine.release_lock(NAME));
        drop(over);
    });
    assert!(take(&mine).is_some());
}

/// Lets this process have no more memory than it has now, but for so much. Gives the limit back to what it was.
fn with_memory<T>(more: u64, acts: impl FnOnce() -> T) -> T {
    let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: there is a place for it, which the call writes.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut before) }, 0);
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").unwrap().split(' ').next().unwrap().parse().unwrap();
    let limited = libc::rlimit { rlim_cur: pages * 4096 + more, ..before };
    // SAFETY: the call reads it, and the limit is this process's alone.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limited) }, 0);
    let done = acts();
    // SAFETY: as above.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const before) }, 0);
    done
}

#[test]
fn an_element_for_whose_answer_there_is_no_memory_stays_where_it_is() {
    const BYTES: usize = 32 << 20;
    let redis = Redis::start(&[]);
    let store = on(&redis);
    let long = [&[0xc6][..], &(BYTES as u32).to_be_bytes(), &vec![b'x'; BYTES]].concat();
    put(&store, b"list", &[&[0x94, 0][..], &long, &[2, 3]].concat());
    let first = |store: &ServerStore, out: &mut Vec<u8>| {
        store.shift(b"list", &mut ServerVersion::default(), out).map(|shifted| (shifted, out.len()))
    };
    first(&store, &mut Vec::new()).unwrap();
    Child::fork(|_| {
        let store = on(&redis);
        get(&store, b"none");
        let mut out = Vec::with_capacity(long.len());
        // From too little for one copy to too little for two.
        for more in [8 << 20, 48 << 20, 60 << 20] {
            for takes in [false, true] {
                let refused = with_memory(more, || match takes {
                    true => store.take(b"list", &mut out).map(drop),
                    false => first(&store, &mut out).map(drop),
                });
                let error = refused.unwrap_err();
                assert!(matches!(error.kind(), ErrorKind::NoMemory(_)), "{more}, {takes}: {error}");
            }
        }
        assert_eq!(first(&store, &mut out).unwrap(), (Shifted::Element(2), long.len()));
    })
    .ends_well();
    assert_eq!(first(&store, &mut Vec::new()).unwrap(), (Shifted::Element(1), 1));
}

/// Two addresses of one store have a connection each, and are of one thread: neither goes on while the other waits.
#[test]
fn a_holder_at_another_address_of_the_store_is_of_the_same_thread_and_no_forked_child_nor_other_thread_is() {
    let redis = Redis::start_at_port(&[]);
    let holder = on(&redis);
    let others = || [redis.address("", "?timeout=4"), redis.at("")].map(|address| ServerStore::new(&address, || 0));
    // The answers to a write, to a question for a named lock, and to whether a wait would end.
    let is_same_thread = |store: &ServerStore| {
        let Err(error) = store.put(b"a", &[2], &mut ServerVersion::default()) else { panic!("it is held") };
        let Remedy::Wait(held) = error.remedy() else { panic!("{error}") };
        let Taking::Occupied(occupied) = store.take_lock(NAME, false).unwrap() else { panic!("it is held") };
        let answers = [held.same_thread, occupied.same_thread, store.keeps_all_from_writing()];
        assert!(answers == [true; 3] || answers == [false; 3], "{answers:?}");
        answers[0]
    };
    holder.take_lock(NAME, false).unwrap().token().unwrap();
    holder.lock(Patience::default()).unwrap();
    assert!(others().iter().all(is_same_thread));
    Child::fork(|_| assert!(!others().iter().any(is_same_thread))).ends_well();
    thread::scope(|scope| scope.spawn(|| assert!(!others().iter().any(is_same_thread))).join().unwrap());
    let another_store = ServerStore::new(&redis.address("", "?prefix=other"), || 0);
    assert!(!another_store.keeps_all_from_writing());
    holder.unlock();
    assert!(holder.release_lock(NAME));
    assert!(others().iter().all(|store| !store.keeps_all_from_writing()));
}

#[test]
fn whoever_leaves_a_mark_over_a_new_connection_takes_away_those_of_the_dead() {
    const DEAD: i64 = 5;
    let redis = Redis::start(&[]);
    let marks = || {
        let kinds = [("HLEN", "locks"), ("HLEN", "lines"), ("ZCARD", "waiting"), ("ZCARD", "watching")];
        kinds.map(|(how_many, kind)| redis.tell(&[how_many, &format!("{{sync}}:{kind}")]).integer().unwrap())
    };
    let store = on(&redis);
    put(&store, b"a", &[1]);
    store.take_lock(NAME, false).unwrap().token().unwrap();
    let _hold = store.lock_writers().unwrap();
    let leaves: [fn(&ServerStore); 3] = [
        |store| assert!(store.take_lock(LockName { name: b"other", ..NAME }, false).unwrap().token().is_some()),
        |store| assert!(!locks(store)),
        |store| {
            let mut wanted = [Wanted::key(b"a")];
            store.watch(&mut wanted, Since::Now).unwrap();
            // (It is seen after a moment.)
            assert!(!store.has_changed(&mut wanted, Duration::from_millis(12)).unwrap());
        },
    ];
    for leaves in leaves {
        let children = (0..DEAD).map(|number| {
            let redis = &redis;
            Child::fork(move |mut line| {
                let store = on(redis);
                let name = format!("of {number}");
                store.take_lock(LockName { name: name.as_bytes(), ..NAME }, false).unwrap().token().unwrap();
                assert_eq!(store.take_lock(NAME, true).unwrap().token(), None);
                assert!(!locks(&store));
                say(&mut line, 0);
                let mut wanted = [Wanted::key(b"a")];
                store.watch(&mut wanted, Since::Now).unwrap();
                while !store.has_changed(&mut wanted, PATIENCE).unwrap() {}
            })
        });
        let mut children: Vec<_> = children.collect();
        children.iter_mut().for_each(|child| assert_eq!(child.hear(), 0));
        until(|| marks() == [DEAD + 1, 1, DEAD, DEAD]);
        drop(children);
        // (The server may not have noticed their end yet.)
        until(|| {
            thread::scope(|scope| scope.spawn(|| leaves(&on(&redis))).join().unwrap());
            marks() == [1, 0, 0, 0]
        });
        assert!(store.held_lock(NAME).is_some(), "its owner lives");
    }
}
