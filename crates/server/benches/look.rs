//! The cost of a read that the cache answers: the question whether a value is still the newest one, beside the one system call in it.
//!
//! It fails where the question costs more than [`MOST`] times that call: then it has come to make another one. It is no test, since a busy
//! machine may make either look slow.

use rustix::event::{Timespec, epoll};
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;
use sync_backend::Backend;
use sync_server::testing::Redis;
use sync_server::{ServerStore, ServerVersion};

/// The time of the question, with the call in it, in times of the call: no other call has room in there.
const MOST: f64 = 2.0;

const ROUNDS: usize = 40;
const PASSES: u32 = 10_000;

/// Nanoseconds of one pass, the best of all rounds.
fn time(best: &mut f64, mut action: impl FnMut()) {
    let start = Instant::now();
    (0..PASSES).for_each(|_| action());
    *best = best.min(start.elapsed().as_nanos() as f64 / f64::from(PASSES));
}

fn main() -> ExitCode {
    let redis = Redis::start(&[]);
    let store = ServerStore::new(&redis.address("", ""), || 0);
    let mut version = ServerVersion::default();
    store.put(b"a", &[1], &mut version).expect("a server");
    // The same call, on a socket that is as silent.
    let (socket, _other) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let events = epoll::create(epoll::CreateFlags::CLOEXEC).expect("an epoll");
    epoll::add(&events, &socket, epoll::EventData::new_u64(0), epoll::EventFlags::IN).expect("an epoll");
    let (mut question, mut call, mut process) = (f64::MAX, f64::MAX, f64::MAX);
    // In turns, so that each has the machine in the same state.
    for _ in 0..ROUNDS {
        time(&mut question, || assert!(store.is_current(black_box(&version))));
        time(&mut call, || {
            let mut found = [epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) }];
            let now = Timespec { tv_sec: 0, tv_nsec: 0 };
            assert_eq!(epoll::wait(&events, black_box(&mut found), Some(&now)), Ok(0));
        });
        time(&mut process, || {
            black_box(std::process::id());
        });
    }
    println!("| | ns | of the look |\n| --- | ---: | ---: |");
    for (name, nanoseconds) in [("is_current", question), ("a look: epoll_wait", call), ("getpid", process)] {
        println!("| {name} | {nanoseconds:.0} | {:.2} |", nanoseconds / call);
    }
    if question <= MOST * call {
        return ExitCode::SUCCESS;
    }
    eprintln!("More than {MOST} times a look: something asks more than it has to.");
    ExitCode::FAILURE
}
