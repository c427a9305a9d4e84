//! Encrypted connections: certificates that are accepted and those that are not, a faulty network, and a forked process.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};
use sync_backend::{Backend, Found};
use sync_server::testing::{Authority, Certificate, EncryptedRedis, Faults, Proxy, Validity};
use sync_server::{
    Address, Batch, Cause, Connection, Delivery, Endpoint, Failure, Host, Lost, Message, NoConnection, Push,
    ServerStore, ServerVersion, TlsFailure, Value,
};

/// The names of a server on this machine.
const LOCAL: &[&str] = &["localhost", "127.0.0.1"];

/// A server with a certificate for this machine.
fn server(authority: &Authority, options: &[&str]) -> EncryptedRedis {
    EncryptedRedis::start(authority, &authority.certify("server", LOCAL, Validity::Now), options)
}

fn ca(authority: &Authority) -> String {
    format!("?ca={}", authority.ca().display())
}

fn open_at(host: Host, address: &Address) -> Result<Connection, NoConnection> {
    Connection::open(&Endpoint::Host(host), &address.server)
}

/// A connection by a name of the server.
fn open(server: &EncryptedRedis, name: &str, options: &str) -> Result<Connection, NoConnection> {
    open_at(Host { name: name.to_owned(), ..server.host() }, &server.address(name, options))
}

/// A connection through a proxy.
fn open_through(
    proxy: &Proxy,
    server: &EncryptedRedis,
    authority: &Authority,
    options: &str,
) -> Result<Connection, NoConnection> {
    let Endpoint::Host(host) = proxy.endpoint() else { panic!("a proxy has a port") };
    open_at(host, &server.address("127.0.0.1", &(ca(authority) + options)))
}

fn refusal<T: std::fmt::Debug>(result: Result<T, NoConnection>) -> TlsFailure {
    match result {
        Err(NoConnection::Tls(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

fn lost(result: Result<Value, Failure>) -> Lost {
    match result {
        Err(Failure::Lost(lost)) => lost,
        other => panic!("{other:?}"),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.as_bytes().to_vec())
}

fn number(server: &EncryptedRedis) -> i64 {
    match server.redis.connect().ask(&[b"GET", b"n"], &mut |_| ()).unwrap() {
        Value::Text(text) => String::from_utf8(text).unwrap().parse().unwrap(),
        Value::Nil => 0,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_whose_certificate_the_named_authority_vouches_for_is_connected_to() {
    let authority = Authority::new();
    let server = server(&authority, &["--requirepass", "sesame"]);
    for name in LOCAL {
        let mut address = server.address(name, &ca(&authority));
        address.server.password = Address::parse(b"redis://:sesame@h").unwrap().server.password;
        let mut connection = open_at(Host { name: (*name).to_owned(), ..server.host() }, &address).unwrap();
        assert_eq!(connection.ask(&[b"PING"], &mut |_| ()).unwrap(), text("PONG"));
    }
    // Of both versions of the protocol.
    for version in ["TLSv1.2", "TLSv1.3"] {
        let server = self::server(&authority, &["--tls-protocols", version]);
        let mut connection = open(&server, "localhost", &ca(&authority)).unwrap();
        let long: Vec<u8> = (0..5_000_000_u32).map(|number| (number / 7) as u8).collect();
        connection.ask(&[b"SET", b"long", &long], &mut |_| ()).unwrap();
        assert!(connection.ask(&[b"GET", b"long"], &mut |_| ()).unwrap() == Value::Text(long));
    }
}

#[test]
fn certificates_that_cannot_be_trusted_are_refused_and_the_message_says_what_to_do() {
    let authority = Authority::new();
    let good = server(&authority, &[]);
    let stranger = Authority::named("one of two");
    let namesake = server(&Authority::named("one of two"), &[]);
    let of =
        |names: &[&str], validity| EncryptedRedis::start(&authority, &authority.certify("other", names, validity), &[]);
    assert_eq!(refusal(open(&good, "localhost", &ca(&stranger))), TlsFailure::UnknownIssuer);
    assert_eq!(refusal(open(&namesake, "localhost", &ca(&stranger))), TlsFailure::UnknownIssuer);
    // (The authority of the test is none of the system's.)
    let by_system = refusal(open(&good, "localhost", ""));
    assert!(matches!(by_system, TlsFailure::UnknownIssuer | TlsFailure::NobodyTrusted), "{by_system:?}");
    assert!(by_system.to_string().contains("ca"));

    let elsewhere = of(&["elsewhere.example"], Validity::Now);
    let wrong = refusal(open(&elsewhere, "localhost", &ca(&authority)));
    assert_eq!(wrong, TlsFailure::WrongName(vec!["elsewhere.example".to_owned()]));
    assert!(wrong.to_string().contains("for elsewhere.example"), "{wrong}");
    assert!(matches!(refusal(open(&elsewhere, "127.0.0.1", &ca(&authority))), TlsFailure::WrongName(_)));

    assert_eq!(refusal(open(&of(LOCAL, Validity::Past), "localhost", &ca(&authority))), TlsFailure::Expired);
    assert_eq!(refusal(open(&of(LOCAL, Validity::Future), "localhost", &ca(&authority))), TlsFailure::NotYetValid);
    // An authority that stands for itself.
    let own = Certificate { cert: authority.ca(), key: authority.folder().join("none") };
    assert!(matches!(
        refusal(open(&good, "localhost", &format!("?ca={}&cert={}", own.cert.display(), own.cert.display()))),
        TlsFailure::File(path, _) if path == own.cert
    ));
}

#[test]
fn a_server_that_wants_to_know_its_clients_is_shown_a_certificate() {
    let authority = Authority::new();
    let stranger = Authority::new();
    for version in ["TLSv1.2", "TLSv1.3"] {
        let server = server(&authority, &["--tls-auth-clients", "yes", "--tls-protocols", version]);
        let option = |certificate: &Certificate| {
            format!("{}&cert={}&key={}", ca(&authority), certificate.cert.display(), certificate.key.display())
        };
        let known = authority.certify("client", &["client"], Validity::Now);
        let mut connection = open(&server, "localhost", &option(&known)).unwrap();
        assert_eq!(connection.ask(&[b"PING"], &mut |_| ()).unwrap(), text("PONG"));
        // The key may be in the same file.
        let both = authority.folder().join("both.pem");
        let read = |path: &Path| std::fs::read(path).unwrap();
        std::fs::write(&both, [read(&known.cert), read(&known.key)].concat()).unwrap();
        open(&server, "localhost", &format!("{}&cert={}", ca(&authority), both.display())).unwrap();

        let none = refusal(open(&server, "localhost", &ca(&authority)));
        assert!(matches!(none, TlsFailure::Unwelcome(_)), "{version}: {none:?}");
        assert!(none.to_string().contains("cert and key"), "{none}");
        let unknown = stranger.certify("client", &["client"], Validity::Now);
        let unknown = refusal(open(&server, "localhost", &option(&unknown)));
        assert!(matches!(unknown, TlsFailure::Unwelcome(_)), "{version}: {unknown:?}");
    }
}

#[test]
fn files_that_cannot_be_used_are_named_and_changed_ones_are_read_again() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let file = authority.folder().join("changing.pem");
    let with = format!("?ca={}", file.display());
    let reason = |result| match refusal(result) {
        TlsFailure::File(path, reason) if path == file => reason,
        other => panic!("{other:?}"),
    };
    assert!(reason(open(&server, "localhost", &with)).contains("No such file"));
    std::fs::write(&file, "no certificate").unwrap();
    assert!(reason(open(&server, "localhost", &with)).contains("no certificate in PEM"));
    std::fs::write(&file, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap();
    assert!(reason(open(&server, "localhost", &with)).contains("PEM"));
    std::fs::copy(Authority::new().ca(), &file).unwrap();
    assert_eq!(refusal(open(&server, "localhost", &with)), TlsFailure::UnknownIssuer);
    std::fs::copy(authority.ca(), &file).unwrap();
    open(&server, "localhost", &with).unwrap();
    // A key that is that of another certificate.
    let [one, other] = ["one", "other"].map(|name| authority.certify(name, &["client"], Validity::Now));
    let options = format!("{}&cert={}&key={}", ca(&authority), one.cert.display(), other.key.display());
    assert!(matches!(refusal(open(&server, "localhost", &options)), TlsFailure::File(path, _) if path == other.key));
}

#[test]
fn an_end_that_speaks_something_else_is_told_of() {
    // It answers each connection at once, and then is silent.
    let listen = |says: &'static [u8]| {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let mut all = Vec::new();
            for client in listener.incoming() {
                let mut client = client.unwrap();
                let _ = client.read(&mut [0; 1000]);
                client.write_all(says).unwrap();
                all.push(client);
            }
        });
        Host { name: "localhost".to_owned(), port }
    };
    let authority = Authority::new();
    let address = |options: &str| {
        Address::parse(format!("rediss://localhost{}&connect_timeout={options}", ca(&authority)).as_bytes()).unwrap()
    };
    let plain = listen(b"-ERR unknown command\r\n");
    assert_eq!(refusal(open_at(plain, &address("10"))), TlsFailure::NotTls);
    let silent = listen(b"");
    let begin = Instant::now();
    assert_eq!(refusal(open_at(silent, &address("0.2"))), TlsFailure::Silent);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    // And the other way round.
    let server = server(&authority, &[]);
    let unencrypted = Address::parse(b"redis://localhost").unwrap();
    let refused = open_at(server.host(), &unencrypted).unwrap_err();
    assert!(matches!(refused, NoConnection::HungUp(_)), "{refused:?}");
    assert!(refused.to_string().contains("rediss://"), "{refused}");
}

/// Whole answers, pushes behind them, and pushes by themselves, however the bytes are cut.
#[test]
fn answers_in_pieces_are_the_same_answers_and_a_push_behind_one_is_seen() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    for piece in [0, 1, 7, 100] {
        let proxy = Proxy::before_port(server.host(), Faults { piece, ..Faults::default() });
        let mut connection = open_through(&proxy, &server, &authority, "").unwrap();
        let mut batch = Batch::new();
        batch.add(&[b"DEL", b"k"]);
        batch.add(&[b"CLIENT", b"TRACKING", b"ON"]);
        batch.add(&[b"GET", b"k"]);
        batch.add(&[b"SET", b"k", b"v"]);
        batch.add(&[b"MGET", b"k", b"none"]);
        let mut messages = Vec::new();
        connection.ask_all(&batch, &mut |message| messages.push(message)).unwrap();
        let push = Message::Push(Push::Changed(vec![b"k".to_vec()]));
        assert_eq!(messages.iter().filter(|message| **message == push).count(), 1);
        messages.retain(|message| *message != push);
        let answers = [text("OK"), Value::Nil, text("OK"), Value::List(vec![text("v"), Value::Nil])];
        assert_eq!(messages[1..], answers.map(|value| Message::Answer(Ok(value))));
        // A change of its own, which the server tells of behind the answer, in the same record: the answer is waited for, and the push is in the
        // process already, where no system call tells of it.
        let mut seen = 0;
        connection.ask(&[b"SET", b"k", b"w"], &mut |_| seen += 1).unwrap();
        if seen == 0 && piece == 0 {
            std::thread::sleep(Duration::from_millis(20));
            let before = proxy.answers();
            connection.look(&mut |_| seen += 1).unwrap();
            assert_eq!(proxy.answers(), before);
        }
        let deadline = Instant::now() + Duration::from_secs(10);
        while seen == 0 && Instant::now() < deadline {
            connection.wait(deadline, &mut |_| seen += 1).unwrap();
        }
        assert_eq!(seen, 1);
    }
}

/// The bytes of the log-in, and of one request and its answer: (requests, answers) after each.
fn lengths(server: &EncryptedRedis, authority: &Authority, words: &[&[u8]]) -> [(u64, u64); 2] {
    while server.redis.connect().greeting().id < 100 {}
    let proxy = Proxy::before_port(server.host(), Faults::default());
    let mut connection = open_through(&proxy, server, authority, "").unwrap();
    let log_in = (proxy.requests(), proxy.answers());
    connection.ask(words, &mut |_| ()).unwrap();
    [log_in, (proxy.requests(), proxy.answers())]
}

/// At bytes of the agreement, of the log-in's answer, and of the answer to a request: an error, never a wrong value.
#[test]
fn an_answer_that_is_cut_at_any_byte_leaves_its_request_in_doubt() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let [(_, log_in), (_, whole)] = lengths(&server, &authority, &[b"INCRBY", b"n", b"0"]);
    assert!(log_in > 500 && whole > log_in + 20, "{log_in} {whole}");
    // (The lengths of signatures differ by some bytes.)
    for cut in (0..log_in - 10).step_by(29).chain(log_in - 10..whole - 10) {
        let proxy = Proxy::before_port(server.host(), Faults { cut_answers: Some(cut), ..Faults::default() });
        match open_through(&proxy, &server, &authority, "") {
            Err(NoConnection::Lost(Cause::Closed | Cause::System(_))) => {}
            Err(other) => panic!("cut at {cut}: {other:?}"),
            Ok(mut connection) => {
                let lost = lost(connection.ask(&[b"INCRBY", b"n", b"0"], &mut |_| ()));
                assert!(matches!(lost.cause, Cause::Closed | Cause::System(_)), "cut at {cut}: {lost:?}");
                assert!(!connection.is_open());
            }
        }
    }
}

/// The server can read no part of a record.
#[test]
fn a_request_that_is_cut_at_any_byte_is_never_applied() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let [(log_in, _), (whole, _)] = lengths(&server, &authority, &[b"INCR", b"n"]);
    let before = number(&server);
    for cut in log_in + 10..whole - 10 {
        let proxy = Proxy::before_port(server.host(), Faults { cut_requests: Some(cut), ..Faults::default() });
        let mut connection = open_through(&proxy, &server, &authority, "").unwrap();
        assert_eq!(lost(connection.ask(&[b"INCR", b"n"], &mut |_| ())).delivery(0), Delivery::Unknown, "cut at {cut}");
    }
    assert_eq!(number(&server), before);
}

#[test]
fn a_request_that_the_network_does_not_take_whole_was_not_sent() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let [(log_in, _), _] = lengths(&server, &authority, &[b"PING"]);
    let long = vec![b'x'; 64 << 20];
    for faults in [
        Faults { stall_requests: Some(log_in + 100_000), ..Faults::default() },
        Faults { cut_requests: Some(log_in + 100_000), ..Faults::default() },
    ] {
        let proxy = Proxy::before_port(server.host(), faults);
        let mut connection = open_through(&proxy, &server, &authority, "&timeout=0.5").unwrap();
        let mut batch = Batch::new();
        batch.add(&[b"SET", b"long", &long]);
        batch.add(&[b"INCR", b"n"]);
        let lost = connection.ask_all(&batch, &mut |message| panic!("{message:?}")).unwrap_err();
        assert_eq!([lost.delivery(0), lost.delivery(1)], [Delivery::NotSent; 2], "{faults:?}: {lost:?}");
    }
    assert_eq!(number(&server), 0);
    assert_eq!(server.redis.connect().ask(&[b"EXISTS", b"long"], &mut |_| ()).unwrap(), Value::Integer(0));
}

#[test]
fn an_answer_that_does_not_come_is_waited_for_as_long_as_the_address_says() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let [(_, log_in), _] = lengths(&server, &authority, &[b"PING"]);
    // Some bytes of the answer's record come, and not all; or none.
    for (stall, piece) in [(log_in + 20, 0), (log_in + 600, 1)] {
        let delay = Duration::from_millis(if piece == 0 { 0 } else { 2 });
        let faults = Faults { stall_answers: Some(stall), piece, delay, ..Faults::default() };
        let proxy = Proxy::before_port(server.host(), faults);
        let mut connection = open_through(&proxy, &server, &authority, "&timeout=0.2&connect_timeout=60").unwrap();
        let begin = Instant::now();
        let lost = lost(connection.ask(&[b"ECHO", &[b'x'; 5000]], &mut |_| ()));
        assert!(matches!(lost.cause, Cause::TimedOut), "{faults:?}: {lost:?}");
        assert_eq!(lost.delivery(0), Delivery::Unknown);
        let time = begin.elapsed();
        assert!((Duration::from_millis(200)..Duration::from_secs(5)).contains(&time), "{time:?}");
    }
}

/// The child's use fails, and its drop sends nothing, not even the end of the session.
#[test]
fn a_forked_child_sends_not_a_byte() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let proxy = Proxy::before_port(server.host(), Faults::default());
    let mut connection = open_through(&proxy, &server, &authority, "").unwrap();
    connection.ask(&[b"INCR", b"n"], &mut |_| ()).unwrap();
    let sent = proxy.requests();
    // SAFETY: the child uses what is its own, in the one thread that it has, and ends without running the parent's exit handlers.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let first = connection.ask(&[b"INCR", b"n"], &mut |_| ());
            drop(connection);
            matches!(first, Err(Failure::Lost(Lost { cause: Cause::Forked, sent: 0, .. })))
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

#[test]
fn a_look_notices_the_end_of_the_server() {
    let authority = Authority::new();
    let mut server = server(&authority, &[]);
    let mut connection = open(&server, "localhost", &ca(&authority)).unwrap();
    connection.look(&mut |_| ()).unwrap();
    server.redis.kill();
    assert!(connection.look(&mut |_| ()).is_err());
}

/// The connection ends in the middle of records: at another byte of the answers each time, or of the requests.
#[test]
fn each_change_is_made_once_although_records_are_cut() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let direct = ServerStore::new(&server.redis.address("", ""), || 0);
    direct.put_next(&[7], &[], 0, &mut ServerVersion::default()).unwrap();
    let behind = |proxy: &Proxy| {
        let Endpoint::Host(host) = proxy.endpoint() else { panic!("a proxy has a port") };
        let text = format!("rediss://127.0.0.1:{}{}&timeout=0.05", host.port, ca(&authority));
        ServerStore::new(&Address::parse(text.as_bytes()).unwrap(), || 0)
    };
    let proxy = Proxy::before_port(server.host(), Faults::default());
    let store = behind(&proxy);
    assert_eq!(store.len().unwrap(), 1);
    let log_in = (proxy.requests(), proxy.answers());
    store.put_next(&[7], &[], 0, &mut ServerVersion::default()).unwrap();
    store.put_next(&[7], &[], 0, &mut ServerVersion::default()).unwrap();
    let end = (proxy.requests(), proxy.answers());
    drop(store);
    let mut next = 3;
    let (mut made, mut not_known) = (0, 0);
    let mut try_with = |faults: Faults| {
        let proxy = Proxy::before_port(server.host(), faults);
        let store = behind(&proxy);
        for _ in 0..2 {
            match store.put_next(&[7], &[], 0, &mut ServerVersion::default()) {
                Ok(number) => {
                    assert_eq!(number, Some(next), "{faults:?}");
                    next += 1;
                    made += 1;
                }
                Err(error) => {
                    let now = direct.next_number(0).unwrap().unwrap();
                    let is_doubtful = matches!(error.kind(), sync_server::ErrorKind::NotKnown(_));
                    assert!(now == next || is_doubtful && now == next + 1, "{faults:?}: {error}");
                    not_known += usize::from(is_doubtful);
                    next = now;
                }
            }
        }
        assert_eq!(direct.next_number(0).unwrap(), Some(next), "{faults:?}");
    };
    for cut in (log_in.1 - 20..end.1 + 20).step_by(11) {
        try_with(Faults { cut_answers: Some(cut), ..Faults::default() });
    }
    for cut in (log_in.0 - 20..end.0 + 20).step_by(400) {
        try_with(Faults { cut_requests: Some(cut), ..Faults::default() });
    }
    assert!(made > 10 && not_known > 0, "{made} {not_known}");
    assert_eq!(direct.len().unwrap(), next as u64);
}

/// A value that another connection changes is not current after the server's word of it.
#[test]
fn a_value_that_others_change_is_read_anew() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let store = ServerStore::new(&server.address("localhost", &ca(&authority)), || 0);
    let mut version = ServerVersion::default();
    store.put(b"a", &[1], &mut version).unwrap();
    assert!(store.is_current(&version));
    let other = ServerStore::new(&server.redis.address("", ""), || 0);
    other.put(b"a", &[2], &mut ServerVersion::default()).unwrap();
    let begin = Instant::now();
    while store.is_current(&version) {
        assert!(begin.elapsed() < Duration::from_secs(10));
    }
    let mut bytes = Vec::new();
    assert!(matches!(store.get(b"a", &mut version, &mut bytes).unwrap(), Found::Value));
    assert_eq!(bytes, [2]);
}
