//! A connection in a faulty network, and in a forked process.

use std::time::{Duration, Instant};
use sync_server::testing::{Faults, Proxy, Redis};
use sync_server::{Batch, Cause, Connection, Delivery, Endpoint, Failure, Lost, Message, NoConnection, Value};

fn open(proxy: &Proxy, redis: &Redis, options: &str) -> Result<Connection, NoConnection> {
    Connection::open(&proxy.endpoint(), &redis.address("", options).server)
}

fn lost(result: Result<Value, Failure>) -> Lost {
    match result {
        Err(Failure::Lost(lost)) => lost,
        other => panic!("{other:?}"),
    }
}

fn number(redis: &Redis) -> i64 {
    match redis.connect().ask(&[b"GET", b"n"], &mut |_| ()).unwrap() {
        Value::Text(text) => String::from_utf8(text).unwrap().parse().unwrap(),
        Value::Nil => 0,
        other => panic!("{other:?}"),
    }
}

/// The bytes of the log-in, and of one request and its answer: (requests, answers) after each.
fn lengths(redis: &Redis, words: &[&[u8]]) -> [(u64, u64); 2] {
    // The server counts its connections, and says their number in three digits from here to the end.
    while redis.connect().greeting().id < 100 {}
    let proxy = Proxy::start(redis.socket(), Faults::default());
    let mut connection = open(&proxy, redis, "").unwrap();
    let log_in = (proxy.requests(), proxy.answers());
    connection.ask(words, &mut |_| ()).unwrap();
    [log_in, (proxy.requests(), proxy.answers())]
}

#[test]
fn answers_in_single_bytes_are_the_same_answers() {
    let redis = Redis::start(&[]);
    let proxy = Proxy::start(redis.socket(), Faults { piece: 1, ..Faults::default() });
    let mut connection = open(&proxy, &redis, "").unwrap();
    let mut batch = Batch::new();
    batch.add(&[b"CLIENT", b"TRACKING", b"ON"]);
    batch.add(&[b"GET", b"k"]);
    batch.add(&[b"SET", b"k", b"v"]);
    batch.add(&[b"MGET", b"k", b"none"]);
    let mut messages = Vec::new();
    connection.ask_all(&batch, &mut |message| messages.push(message)).unwrap();
    let text = |text: &str| Value::Text(text.as_bytes().to_vec());
    let push = Message::Push(sync_server::Push::Changed(vec![b"k".to_vec()]));
    assert_eq!(messages.iter().filter(|message| **message == push).count(), 1);
    messages.retain(|message| *message != push);
    let answers = [text("OK"), Value::Nil, text("OK"), Value::List(vec![text("v"), Value::Nil])];
    assert_eq!(messages, answers.map(|value| Message::Answer(Ok(value))));
}

/// At each byte of the log-in's answer, and of the answer to a request: an error, never a wrong value; and the request may have been applied.
#[test]
fn an_answer_that_is_cut_at_any_byte_leaves_its_request_in_doubt() {
    let redis = Redis::start(&[]);
    let [(_, log_in), (_, whole)] = lengths(&redis, &[b"INCRBY", b"n", b"0"]);
    for cut in 0..whole {
        let proxy = Proxy::start(redis.socket(), Faults { cut_answers: Some(cut), ..Faults::default() });
        let opened = open(&proxy, &redis, "");
        if cut < log_in {
            assert!(matches!(opened, Err(NoConnection::Lost(_))), "cut at {cut}: {opened:?}");
            continue;
        }
        let mut connection = opened.unwrap_or_else(|error| panic!("cut at {cut} of {log_in}: {error:?}"));
        let lost = lost(connection.ask(&[b"INCRBY", b"n", b"0"], &mut |_| ()));
        // A cut right behind the log-in may show before the request is sent.
        assert!(cut == log_in || lost.delivery(0) == Delivery::Unknown, "cut at {cut}: {lost:?}");
        assert!(!connection.is_open());
    }
}

#[test]
fn a_request_that_is_cut_at_any_byte_is_never_applied() {
    let redis = Redis::start(&[]);
    let [(log_in, _), (whole, _)] = lengths(&redis, &[b"INCR", b"n"]);
    let before = number(&redis);
    for cut in log_in + 1..whole {
        let proxy = Proxy::start(redis.socket(), Faults { cut_requests: Some(cut), ..Faults::default() });
        let mut connection = open(&proxy, &redis, "").unwrap();
        // The kernel took all of it, so that nobody here can know that the server has not.
        assert_eq!(lost(connection.ask(&[b"INCR", b"n"], &mut |_| ())).delivery(0), Delivery::Unknown, "cut at {cut}");
    }
    assert_eq!(number(&redis), before);
}

/// Of several requests: those that were answered, those in doubt, those that surely were not applied.
#[test]
fn a_batch_that_is_cut_says_how_far_it_came() {
    let redis = Redis::start(&[]);
    let [(_, log_in), (_, one)] = lengths(&redis, &[b"INCRBY", b"n", b"0"]);
    let answer = one - log_in;
    let proxy =
        Proxy::start(redis.socket(), Faults { cut_answers: Some(log_in + 2 * answer + 1), ..Faults::default() });
    let mut connection = open(&proxy, &redis, "").unwrap();
    let mut batch = Batch::new();
    (0..4).for_each(|_| batch.add(&[b"INCRBY", b"n", b"0"]));
    let mut answers = 0;
    let lost = connection.ask_all(&batch, &mut |_| answers += 1).unwrap_err();
    assert_eq!((answers, lost.answered, lost.sent), (2, 2, 4));
    let deliveries = [0, 2, 4].map(|request| lost.delivery(request));
    assert_eq!(deliveries, [Delivery::Answered, Delivery::Unknown, Delivery::NotSent]);
}

#[test]
fn a_request_that_the_network_does_not_take_whole_was_not_sent() {
    let redis = Redis::start(&[]);
    let [(log_in, _), _] = lengths(&redis, &[b"PING"]);
    let long = vec![b'x'; 64 << 20];
    for faults in [
        Faults { stall_requests: Some(log_in + 100_000), ..Faults::default() },
        Faults { cut_requests: Some(log_in + 100_000), ..Faults::default() },
    ] {
        let proxy = Proxy::start(redis.socket(), faults);
        let mut connection = open(&proxy, &redis, "?timeout=0.5").unwrap();
        let mut batch = Batch::new();
        batch.add(&[b"SET", b"long", &long]);
        batch.add(&[b"INCR", b"n"]);
        let lost = connection.ask_all(&batch, &mut |message| panic!("{message:?}")).unwrap_err();
        assert_eq!([lost.delivery(0), lost.delivery(1)], [Delivery::NotSent; 2], "{faults:?}: {lost:?}");
    }
    assert_eq!(number(&redis), 0);
    assert_eq!(redis.connect().ask(&[b"EXISTS", b"long"], &mut |_| ()).unwrap(), Value::Integer(0));
}

#[test]
fn an_answer_that_does_not_come_is_waited_for_as_long_as_the_address_says() {
    let redis = Redis::start(&[]);
    let [(_, log_in), _] = lengths(&redis, &[b"PING"]);
    for faults in [
        Faults { stall_answers: Some(log_in), ..Faults::default() },
        // Each byte comes in time, and all of them do not.
        Faults { piece: 1, delay: Duration::from_millis(20), ..Faults::default() },
    ] {
        let proxy = Proxy::start(redis.socket(), faults);
        let mut connection = open(&proxy, &redis, "?timeout=0.2&connect_timeout=60").unwrap();
        let begin = Instant::now();
        let lost = lost(connection.ask(&[b"ECHO", &[b'x'; 500]], &mut |_| ()));
        assert!(matches!(lost.cause, Cause::TimedOut), "{faults:?}: {lost:?}");
        assert_eq!(lost.delivery(0), Delivery::Unknown);
        let time = begin.elapsed();
        assert!((Duration::from_millis(200)..Duration::from_secs(5)).contains(&time), "{time:?}");
        assert_eq!(self::lost(connection.ask(&[b"PING"], &mut |_| ())).delivery(0), Delivery::NotSent);
    }
}

#[test]
fn a_server_that_does_not_greet_is_not_waited_for_longer_than_the_address_says() {
    let redis = Redis::start(&[]);
    let proxy = Proxy::start(redis.socket(), Faults { stall_answers: Some(0), ..Faults::default() });
    let begin = Instant::now();
    let opened = open(&proxy, &redis, "?connect_timeout=0.1&timeout=60");
    assert!(matches!(opened, Err(NoConnection::Lost(Cause::TimedOut))), "{opened:?}");
    assert!(begin.elapsed() < Duration::from_secs(30));
}

/// Nobody accepts, and the queue of connections is full.
#[test]
fn a_socket_without_room_is_not_waited_for_longer_than_the_address_says() {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.sock");
    let address = SocketAddrUnix::new(&path).unwrap();
    let new = || socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::NONBLOCK, None).unwrap();
    let listener = new();
    bind(&listener, &address).unwrap();
    listen(&listener, 1).unwrap();
    let mut waiting = Vec::new();
    loop {
        let socket = new();
        match connect(&socket, &address) {
            Ok(()) => waiting.push(socket),
            Err(error) => break assert_eq!(error, rustix::io::Errno::AGAIN),
        }
    }
    let server = sync_server::Address::parse(b"unix:///x?connect_timeout=0.1").unwrap().server;
    match Connection::open(&Endpoint::Socket(path), &server) {
        Err(NoConnection::Unreachable(error)) => assert_eq!(error.kind(), std::io::ErrorKind::TimedOut),
        other => panic!("{other:?}"),
    }
}

/// The child's use fails, and its drop sends nothing: the parent goes on as if there were no child.
#[test]
fn a_forked_child_sends_not_a_byte() {
    let redis = Redis::start(&[]);
    let proxy = Proxy::start(redis.socket(), Faults::default());
    let mut connection = open(&proxy, &redis, "").unwrap();
    connection.ask(&[b"INCR", b"n"], &mut |_| ()).unwrap();
    let sent = proxy.requests();
    // SAFETY: the child uses what is its own, in the one thread that it has, and ends without running the parent's exit handlers.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let is_open = connection.is_open();
            let mut asked = || connection.ask(&[b"INCR", b"n"], &mut |_| ());
            let first = matches!(asked(), Err(Failure::Lost(Lost { cause: Cause::Forked, sent: 0, .. })));
            let second = matches!(asked(), Err(Failure::Lost(Lost { cause: Cause::Closed, sent: 0, .. })));
            drop(connection);
            !is_open && first && second
        }));
        // SAFETY: as above.
        unsafe { libc::_exit(if matches!(asked, Ok(true)) { 0 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: a child of ours, and a place for its status.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0, "the child's own checks");
    connection.look(&mut |_| ()).unwrap();
    assert_eq!(proxy.requests(), sent);
    assert_eq!(connection.ask(&[b"INCR", b"n"], &mut |_| ()).unwrap(), Value::Integer(2));
}
