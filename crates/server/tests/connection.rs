//! A connection to a real server: answers, errors, pushes, the log-in.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};
use sync_server::testing::Redis;
use sync_server::{
    Batch, Cause, Connection, Delivery, Endpoint, Failure, Message, NoConnection, Push, Reason, Refusal, Value,
};

/// An answer to a request that no push comes before.
fn ask(connection: &mut Connection, words: &[&str]) -> Result<Value, Failure> {
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    connection.ask(&words, &mut |push| panic!("{push:?}"))
}

fn text(text: &str) -> Value {
    Value::Text(text.as_bytes().to_vec())
}

fn refusal(result: Result<Value, Failure>) -> Refusal {
    match result {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn looked(connection: &mut Connection) -> Vec<Push> {
    let mut pushes = Vec::new();
    connection.look(&mut |push| pushes.push(push)).unwrap();
    pushes
}

/// All pushes up to the first ones that come.
fn waited(connection: &mut Connection) -> Vec<Push> {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut pushes = Vec::new();
    while pushes.is_empty() && Instant::now() < deadline {
        connection.wait(deadline, &mut |push| pushes.push(push)).unwrap();
    }
    pushes
}

#[test]
fn answers_of_all_kinds_come_as_they_are() {
    let redis = Redis::start(&[]);
    let mut connection = redis.connect();
    assert_eq!(connection.greeting().role, "master");
    assert!(connection.greeting().version.starts_with(|digit: char| digit.is_ascii_digit()));
    assert_eq!(ask(&mut connection, &["CLIENT", "ID"]).unwrap(), Value::Integer(connection.greeting().id));
    assert_eq!(ask(&mut connection, &["CLIENT", "GETNAME"]).unwrap(), text("sync"));
    assert_eq!(ask(&mut connection, &["SET", "a", "\r\n$5\r\n"]).unwrap(), text("OK"));
    assert_eq!(ask(&mut connection, &["GET", "a"]).unwrap(), text("\r\n$5\r\n"));
    assert_eq!(ask(&mut connection, &["GET", "b"]).unwrap(), Value::Nil);
    assert_eq!(ask(&mut connection, &["MGET", "a", "b"]).unwrap(), Value::List(vec![text("\r\n$5\r\n"), Value::Nil]));
    assert_eq!(ask(&mut connection, &["INCRBY", "n", "-9223372036854775807"]).unwrap(), Value::Integer(-i64::MAX));
    ask(&mut connection, &["ZADD", "z", "1.5", "x"]).unwrap();
    assert_eq!(ask(&mut connection, &["ZSCORE", "z", "x"]).unwrap(), Value::Double(1.5));
    ask(&mut connection, &["HSET", "h", "k", "v"]).unwrap();
    assert_eq!(ask(&mut connection, &["HGETALL", "h"]).unwrap().get("k"), Some(&text("v")));
    ask(&mut connection, &["SADD", "s", "x"]).unwrap();
    assert_eq!(ask(&mut connection, &["SMEMBERS", "s"]).unwrap(), Value::List(vec![text("x")]));
    // A verbatim string, without its kind.
    assert!(ask(&mut connection, &["INFO", "server"]).unwrap().text().unwrap().starts_with(b"# Server"));
    let of_script =
        ask(&mut connection, &["EVAL", "redis.setresp(3) return {true, {map = {a = 1}}, {double = 0.5}}", "0"]);
    let map = Value::Map(vec![(text("a"), Value::Integer(1))]);
    assert_eq!(of_script.unwrap(), Value::List(vec![Value::Bool(true), map, Value::Double(0.5)]));
}

#[test]
fn a_value_of_many_megabytes_goes_both_ways() {
    let redis = Redis::start(&[]);
    let mut connection = redis.connect();
    let long: Vec<u8> = (0..20_000_000_u32).map(|number| (number / 7) as u8).collect();
    connection.ask(&[b"SET", b"long", &long], &mut |_| ()).unwrap();
    assert!(connection.ask(&[b"GET", b"long"], &mut |_| ()).unwrap() == Value::Text(long));
}

#[test]
fn errors_are_told_apart_and_leave_the_connection_as_it_was() {
    let redis = Redis::start(&[]);
    let mut connection = redis.connect();
    let sha = "0".repeat(40);
    assert_eq!(refusal(ask(&mut connection, &["EVALSHA", &sha, "0"])).reason, Reason::NoScript);
    ask(&mut connection, &["SET", "k", "v"]).unwrap();
    assert_eq!(refusal(ask(&mut connection, &["LPUSH", "k", "v"])).reason, Reason::WrongType);
    assert_eq!(refusal(ask(&mut connection, &["NONSENSE"])).reason, Reason::Other);
    ask(&mut connection, &["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    assert_eq!(refusal(ask(&mut connection, &["SET", "k", "w"])).reason, Reason::OutOfMemory);
    let in_script = ["EVAL", "return redis.call('SET', KEYS[1], 'w')", "1", "k"];
    assert_eq!(refusal(ask(&mut connection, &in_script)).reason, Reason::OutOfMemory);
    ask(&mut connection, &["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    ask(&mut connection, &["REPLICAOF", "127.0.0.1", "1"]).unwrap();
    assert_eq!(refusal(ask(&mut connection, &["SET", "k", "w"])).reason, Reason::ReadOnly);
    ask(&mut connection, &["CONFIG", "SET", "replica-serve-stale-data", "no"]).unwrap();
    assert_eq!(refusal(ask(&mut connection, &["GET", "k"])).reason, Reason::MasterDown);
    ask(&mut connection, &["REPLICAOF", "NO", "ONE"]).unwrap();
    // One request of a transaction that fails is an answer among the others.
    for words in [&["MULTI"][..], &["LPUSH", "k", "v"], &["GET", "k"]] {
        ask(&mut connection, words).unwrap();
    }
    let Value::List(answers) = ask(&mut connection, &["EXEC"]).unwrap() else { panic!("a list") };
    assert!(
        matches!(&answers[..], [Value::Refused(refusal), last] if refusal.reason == Reason::WrongType && *last == text("v"))
    );
    assert!(connection.is_open());
}

#[test]
fn many_requests_are_answered_in_their_order() {
    let redis = Redis::start(&[]);
    let mut connection = redis.connect();
    let mut batch = Batch::new();
    let numbers: Vec<String> = (0..10_000).map(|number| number.to_string()).collect();
    for number in &numbers {
        batch.add(&[b"ECHO", number.as_bytes()]);
    }
    batch.add(&[b"NONSENSE"]);
    let mut answers = Vec::new();
    connection.ask_all(&batch, &mut |message| answers.push(message)).unwrap();
    assert!(matches!(answers.pop(), Some(Message::Answer(Err(_)))));
    let echoes = (0..10_000).map(|number: i32| Message::Answer(Ok(text(&number.to_string()))));
    assert!(echoes.eq(answers));
}

/// A server that reads nothing while its answers are not read: all that it gets, it sends back, and that is a list for each request.
#[test]
fn requests_go_on_while_answers_come() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("echo.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 4096];
        // The log-in comes in one piece: the client's socket has room for it.
        let _ = stream.read(&mut buffer).unwrap();
        stream.write_all(b"%4\r\n+version\r\n+1\r\n+id\r\n:1\r\n+mode\r\n+m\r\n+role\r\n+r\r\n").unwrap();
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
    });
    let address = sync_server::Address::parse(b"unix:///x").unwrap();
    let mut connection = Connection::open(&Endpoint::Socket(path), &address.server).unwrap();
    let word = vec![b'x'; 1 << 20];
    let mut batch = Batch::new();
    (0..8).for_each(|_| batch.add(&[b"ECHO", &word]));
    let echo = Message::Answer(Ok(Value::List(vec![text("ECHO"), Value::Text(word.clone())])));
    let mut count = 0;
    connection.ask_all(&batch, &mut |message| count += usize::from(message == echo)).unwrap();
    assert_eq!(count, 8);
    drop(connection);
    server.join().unwrap();
}

#[test]
fn a_change_by_another_is_pushed_and_a_look_finds_it() {
    let redis = Redis::start(&[]);
    let (mut reader, mut writer) = (redis.connect(), redis.connect());
    ask(&mut reader, &["CLIENT", "TRACKING", "ON", "NOLOOP"]).unwrap();
    ask(&mut reader, &["GET", "k"]).unwrap();
    assert_eq!(looked(&mut reader), []);
    ask(&mut writer, &["SET", "k", "1"]).unwrap();
    assert_eq!(waited(&mut reader), [Push::Changed(vec![b"k".to_vec()])]);
    assert_eq!(looked(&mut reader), []);
    ask(&mut writer, &["FLUSHALL"]).unwrap();
    assert_eq!(waited(&mut reader), [Push::AllChanged]);
}

/// The answer is older than the push, so the caller has the answer first: it can keep the value, and then drop it.
#[test]
fn a_push_behind_an_answer_stays_for_the_next_look() {
    let redis = Redis::start(&[]);
    let mut connection = redis.connect();
    // Without NOLOOP, the connection is told of its own change, behind the answer to it.
    ask(&mut connection, &["CLIENT", "TRACKING", "ON"]).unwrap();
    ask(&mut connection, &["GET", "k"]).unwrap();
    assert_eq!(ask(&mut connection, &["SET", "k", "1"]).unwrap(), text("OK"));
    assert_eq!(waited(&mut connection), [Push::Changed(vec![b"k".to_vec()])]);
    // Between the answers of several requests it stands where it came.
    ask(&mut connection, &["GET", "k"]).unwrap();
    let mut batch = Batch::new();
    batch.add(&[b"SET", b"k", b"2"]);
    batch.add(&[b"GET", b"k"]);
    let mut messages = Vec::new();
    connection.ask_all(&batch, &mut |message| messages.push(message)).unwrap();
    let changed = Message::Push(Push::Changed(vec![b"k".to_vec()]));
    assert_eq!(messages, [Message::Answer(Ok(text("OK"))), changed, Message::Answer(Ok(text("2")))]);
}

/// Something always arrives, and never the answer.
#[test]
fn pushes_without_a_pause_do_not_keep_a_request_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flood.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"%4\r\n+version\r\n+1\r\n+id\r\n:1\r\n+mode\r\n+m\r\n+role\r\n+r\r\n").unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        while stream.write_all(&b">2\r\n+invalidate\r\n_\r\n".repeat(1000)).is_ok() {}
    });
    let address = sync_server::Address::parse(b"unix:///x?timeout=0.1").unwrap();
    let mut connection = Connection::open(&Endpoint::Socket(path), &address.server).unwrap();
    let result = connection.ask(&[b"PING"], &mut |_| ());
    assert!(matches!(&result, Err(Failure::Lost(lost)) if matches!(lost.cause, Cause::TimedOut)), "{result:?}");
    server.join().unwrap();
}

#[test]
fn a_wait_ends_at_its_deadline() {
    let redis = Redis::start(&[]);
    let mut connection = redis.connect();
    let begin = Instant::now();
    connection.wait(begin + Duration::from_millis(30), &mut |push| panic!("{push:?}")).unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(30));
}

#[test]
fn user_password_and_database_are_those_of_the_address() {
    let redis = Redis::start(&["--requirepass", "s e/cret", "--user", "app", "on", ">p@ss", "+@all", "~*"]);
    let open = |login: &str, options: &str| Connection::open(&redis.endpoint(), &redis.address(login, options).server);
    let mut connection = open(":s%20e%2Fcret", "?db=3").unwrap();
    ask(&mut connection, &["SET", "k", "3"]).unwrap();
    assert_eq!(ask(&mut connection, &["ACL", "WHOAMI"]).unwrap(), text("default"));
    let mut connection = open("app:p%40ss", "").unwrap();
    assert_eq!(ask(&mut connection, &["ACL", "WHOAMI"]).unwrap(), text("app"));
    assert_eq!(ask(&mut connection, &["GET", "k"]).unwrap(), Value::Nil);
    for (login, reason) in
        [("", Reason::NoAuth), (":wrong", Reason::WrongPassword), ("app:wrong", Reason::WrongPassword)]
    {
        match open(login, "") {
            Err(NoConnection::Refused(refusal)) => assert_eq!(refusal.reason, reason),
            other => panic!("{login}: {other:?}"),
        }
    }
    assert!(matches!(open("app:p%40ss", "?db=99"), Err(NoConnection::Refused(_))));
}

#[test]
fn a_request_beyond_the_rights_of_the_user_is_refused() {
    let redis = Redis::start(&["--user", "few", "on", ">p", "+get", "+hello", "~a*"]);
    let mut connection = Connection::open(&redis.endpoint(), &redis.address("few:p", "").server).unwrap();
    ask(&mut connection, &["GET", "a"]).unwrap();
    assert_eq!(refusal(ask(&mut connection, &["GET", "b"])).reason, Reason::NoPermission);
    assert_eq!(refusal(ask(&mut connection, &["SET", "a", "1"])).reason, Reason::NoPermission);
}

/// A server that does not know HELLO repeats what it was sent.
#[test]
fn a_server_that_is_too_old_is_named_as_such_without_the_password() {
    // (Without a password of its own: Valkey 9 would ask for that before it says that it does not know the request.)
    let redis = Redis::start(&["--rename-command", "HELLO", ""]);
    let error = Connection::open(&redis.endpoint(), &redis.address(":hunter2", "").server).unwrap_err();
    assert!(matches!(error, NoConnection::TooOld), "{error:?}");
}

#[test]
fn a_server_without_room_for_a_connection_says_so() {
    let redis = Redis::start(&[]);
    let mut first = redis.connect();
    ask(&mut first, &["CONFIG", "SET", "maxclients", "1"]).unwrap();
    match Connection::open(&redis.endpoint(), &redis.address("", "").server) {
        Err(NoConnection::Refused(refusal)) => assert_eq!(refusal.reason, Reason::TooManyClients),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_killed_connection_is_noticed_before_a_request_is_sent() {
    let redis = Redis::start(&[]);
    let (mut killed, mut killer) = (redis.connect(), redis.connect());
    let id = killed.greeting().id.to_string();
    ask(&mut killer, &["CLIENT", "KILL", "ID", &id]).unwrap();
    let Err(Failure::Lost(lost)) = ask(&mut killed, &["INCR", "n"]) else { panic!("it lives") };
    assert_eq!(lost.delivery(0), Delivery::NotSent);
    assert!(matches!(lost.cause, Cause::Closed), "{lost:?}");
    assert!(!killed.is_open());
    assert_eq!(ask(&mut killer, &["GET", "n"]).unwrap(), Value::Nil);
}

#[test]
fn a_look_notices_the_end_of_the_server_and_a_new_connection_its_start() {
    let mut redis = Redis::start(&[]);
    let mut connection = redis.connect();
    redis.kill();
    assert!(connection.look(&mut |_| ()).is_err());
    assert!(matches!(
        Connection::open(&redis.endpoint(), &redis.address("", "").server),
        Err(NoConnection::Unreachable(_))
    ));
    redis.start_again();
    assert_eq!(ask(&mut redis.connect(), &["PING"]).unwrap(), text("PONG"));
}

/// The answers of a server of a version to a log-in.
fn opened_with(version: &'static str) -> Result<Connection, NoConnection> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        let answer = format!("%4\r\n+version\r\n+{version}\r\n+id\r\n:1\r\n+mode\r\n+m\r\n+role\r\n+r\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let address = sync_server::Address::parse(b"unix:///x").unwrap();
    let opened = Connection::open(&Endpoint::Socket(path), &address.server);
    server.join().unwrap();
    opened
}

#[test]
fn a_server_that_lacks_a_command_is_too_old() {
    for version in ["6.0.20", "6.1.240", "5.9.9"] {
        let error = opened_with(version).unwrap_err();
        assert!(matches!(&error, NoConnection::OldVersion(told) if told == version), "{error:?}");
        assert!(error.to_string().contains("Redis 6.2"), "{error}");
    }
    for version in ["6.2.0", "7.0.15", "10.0", "1", "unstable"] {
        assert!(opened_with(version).is_ok(), "{version}");
    }
}
