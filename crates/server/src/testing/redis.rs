//! A Redis of a test's own.

use super::super::address::Address;
use super::super::connection::{Connection, Endpoint};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The time in which a server has to be there.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server at a socket in a folder of its own; it ends with this, and with the thread that started it.
pub struct Redis {
    folder: TempDir,
    options: Vec<String>,
    server: Option<Child>,
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
        let mut redis = Self { folder, options, server: None };
        redis.launch();
        redis.awaits_socket().then_some(redis)
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
        assert!(self.awaits_socket(), "redis-server did not start again");
    }

    fn launch(&mut self) {
        self.kill();
        let _ = std::fs::remove_file(self.socket());
        // The first command ends the server where the test is killed.
        let server = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "redis-server", "--port", "0", "--save", "", "--appendonly", "no"])
            .arg("--unixsocket")
            .arg(self.socket())
            .arg("--dir")
            .arg(self.folder.path())
            .args(&self.options)
            .stdout(Stdio::null())
            .spawn()
            .expect("setpriv of util-linux");
        self.server = Some(server);
    }

    /// Waits until the server accepts connections. False: it has ended.
    fn awaits_socket(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while std::os::unix::net::UnixStream::connect(self.socket()).is_err() {
            let status = self.server.as_mut().and_then(|server| server.try_wait().expect("a child of ours"));
            if status.is_some() {
                return false;
            }
            assert!(Instant::now() < deadline, "redis-server did not start within {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
