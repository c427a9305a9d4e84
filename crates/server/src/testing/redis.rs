//! A Redis of a test's own.

use super::super::address::{Address, Host};
use super::super::connection::{Connection, Endpoint};
use super::super::failure::Failure;
use super::super::message::Value;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The time in which a server has to be there.
const PATIENCE: Duration = Duration::from_secs(20);
/// The time after which a state has not come that was waited for.
const LONGEST: Duration = Duration::from_secs(60);
/// How many free ports are tried, each of which somebody else may take first.
const TRIES: usize = 20;

/// A server at a socket in a folder of its own; it ends with this, and with the thread that started it.
pub struct Redis {
    folder: TempDir,
    options: Vec<String>,
    /// 0: it has none.
    port: u16,
    server: Option<Child>,
}

/// The files by which servers and sentinels speak TLS: to any client, and among each other.
pub struct Encryption {
    /// The certificate of the authority that vouches for all of them.
    pub ca: PathBuf,
    /// The servers' own certificate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Encryption {
    /// The settings, as words of a command line.
    pub fn options(&self) -> Vec<String> {
        let file = |path: &PathBuf| path.to_str().expect("a path of a test").to_owned();
        let [yes, no] = ["yes", "no"].map(str::to_owned);
        [
            ("--tls-ca-cert-file", file(&self.ca)),
            ("--tls-cert-file", file(&self.cert)),
            ("--tls-key-file", file(&self.key)),
            ("--tls-auth-clients", no),
            ("--tls-replication", yes.clone()),
            ("--tls-cluster", yes),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value])
        .collect()
    }

    /// The settings, as lines of a configuration.
    fn lines(&self) -> String {
        self.options().chunks(2).map(|pair| format!("{} {}\n", pair[0].trim_start_matches('-'), pair[1])).collect()
    }
}

/// Waits until something is so, and fails where it never is.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LONGEST, "it never came: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Says that it is over when it is dropped, so that threads that go on until then end where a test fails, too.
pub struct Ending<'a>(pub &'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Starts something at a port that nobody has, as far as is known.
pub(super) fn at_free_port<T>(mut start: impl FnMut(u16) -> Option<T>) -> T {
    let free =
        || TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a port").port();
    let started = (0..TRIES).find_map(|_| start(free()));
    started.expect("redis-server has found no port, or did not start; scripts/need.sh --install test installs it")
}

impl Redis {
    /// Starts a server that keeps nothing on the disk, with more options for its command line.
    pub fn start(options: &[&str]) -> Self {
        Self::try_start(options).expect("redis-server did not start; scripts/need.sh --install test installs it")
    }

    /// The same; `None`: it has ended by itself, as where a port of its options is another's.
    pub fn try_start(options: &[&str]) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("sync-redis-").tempdir().expect("a folder");
        let options = options.iter().map(|&option| option.to_owned()).collect();
        Self { folder, options, port: 0, server: None }.launched()
    }

    /// Starts a server that is at a port of this machine as well.
    pub fn start_at_port(options: &[&str]) -> Self {
        Self::start_at_port_with(None, options)
    }

    /// The same; it speaks TLS there where it is told how.
    pub fn start_at_port_with(encryption: Option<&Encryption>, options: &[&str]) -> Self {
        let of_tls = encryption.map(Encryption::options).unwrap_or_default();
        let of_tls: Vec<&str> = of_tls.iter().map(String::as_str).collect();
        let kind = if encryption.is_some() { "--tls-port" } else { "--port" };
        at_free_port(|port| {
            let text = port.to_string();
            let mut redis = Self::try_start(&[&["--bind", "127.0.0.1", kind, &text], &of_tls[..], options].concat())?;
            redis.port = port;
            Some(redis)
        })
    }

    /// Starts a sentinel, which is at a port as well, with the lines of its configuration.
    pub fn start_sentinel(lines: &str) -> Self {
        Self::start_sentinel_with(None, lines)
    }

    /// The same; it speaks TLS there, and with the servers, where it is told how.
    pub fn start_sentinel_with(encryption: Option<&Encryption>, lines: &str) -> Self {
        let of_tls = encryption.map(Encryption::lines).unwrap_or_default();
        let kind = if encryption.is_some() { "port 0\ntls-port" } else { "port" };
        at_free_port(|port| {
            let folder = tempfile::Builder::new().prefix("sync-sentinel-").tempdir().expect("a folder");
            // (It writes there.)
            let file = folder.path().join("sentinel.conf");
            std::fs::write(&file, format!("bind 127.0.0.1\n{kind} {port}\n{of_tls}{lines}\n")).expect("a file");
            let file = file.to_str().expect("a path of a test").to_owned();
            Self { folder, options: vec![file, "--sentinel".to_owned()], port, server: None }.launched()
        })
    }

    fn launched(mut self) -> Option<Self> {
        self.launch();
        self.awaits_answer().then_some(self)
    }

    /// Its port; 0: it has none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its end of that port.
    pub fn host(&self) -> Host {
        Host { name: "127.0.0.1".to_owned(), port: self.port }
    }

    /// The address of a store at that port, with some text behind the database.
    pub fn at(&self, options: &str) -> Address {
        let text = format!("redis://127.0.0.1:{}/0{options}", self.port);
        Address::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// Asks it something over a connection of its own, without a log-in.
    pub fn ask(&self, words: &[&str]) -> Result<Value, Failure> {
        self.connect().ask(&words.iter().map(|word| word.as_bytes()).collect::<Vec<_>>(), &mut |_| ())
    }

    /// The same, of what has to be done.
    pub fn tell(&self, words: &[&str]) -> Value {
        self.ask(words).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// A text that it tells, as of `INFO`, without anything in it that is no line.
    pub fn lines(&self, words: &[&str]) -> Vec<String> {
        let Value::Text(text) = self.tell(words) else { panic!("{words:?}: no text") };
        String::from_utf8_lossy(&text).lines().map(|line| line.trim().to_owned()).collect()
    }

    /// The path of its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// Its end.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::Socket(self.socket())
    }

    /// Its address with some text behind it, as `?db=1`, and a user and a password before it, as `user:password`.
    pub fn address(&self, login: &str, options: &str) -> Address {
        let at = if login.is_empty() { "" } else { "@" };
        let text = format!("unix://{login}{at}{}{options}", self.socket().display());
        Address::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// A new connection, without a log-in.
    pub fn connect(&self) -> Connection {
        Connection::open(&self.endpoint(), &self.address("", "").server).expect("a connection")
    }

    /// Whether it was started, and not killed.
    pub fn is_running(&self) -> bool {
        self.server.is_some()
    }

    /// Kills the server, whatever it is doing.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Starts it once more, after [`Redis::kill`].
    pub fn start_again(&mut self) {
        self.launch();
        assert!(self.awaits_answer(), "redis-server did not start again");
    }

    fn launch(&mut self) {
        self.kill();
        let _ = std::fs::remove_file(self.socket());
        // The first command ends the server where the test is killed.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "redis-server"]);
        let is_sentinel = self.options.get(1).is_some_and(|option| option == "--sentinel");
        if is_sentinel {
            command.args(&self.options);
        } else {
            command.args(["--port", "0", "--save", "", "--appendonly", "no"]);
        }
        command.arg("--unixsocket").arg(self.socket()).arg("--dir").arg(self.folder.path());
        if !is_sentinel {
            command.args(&self.options);
        }
        let server = command.stdout(Stdio::null()).spawn().expect("setpriv of util-linux");
        self.server = Some(server);
    }

    /// Waits until the server answers: then it is at its ports as well, some of which come after the socket. False: it has ended.
    fn awaits_answer(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while !self.answers() {
            let status = self.server.as_mut().and_then(|server| server.try_wait().expect("a child of ours"));
            if status.is_some() {
                return false;
            }
            assert!(Instant::now() < deadline, "redis-server did not start within {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// Whether it answers anything, be that a refusal.
    fn answers(&self) -> bool {
        let Ok(mut stream) = UnixStream::connect(self.socket()) else { return false };
        stream.set_read_timeout(Some(PATIENCE)).expect("a time");
        stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut [0]).is_ok()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
