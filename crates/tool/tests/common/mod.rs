//! Help for the tests: stores of a test's own, and the command.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use sync_backend::Backend;
use sync_server::ServerStore;
use sync_server::testing::Redis;
use sync_store::{Options, Store, Version};

/// A place for a store of this test's own, which is gone with it.
pub trait Place {
    type Store: Backend;

    /// As it is written on the command line.
    fn argument(&self) -> OsString;

    fn store(&self) -> Self::Store;

    fn put(&self, name: &[u8], value: &[u8]) {
        self.store().put(name, value, &mut Default::default()).unwrap();
    }

    /// `syncctl COMMAND STORE ARGUMENTS…`, not started yet. The tests may themselves be started by `nohup`: no signal is ignored.
    fn command(&self, command: &str, arguments: &[&str]) -> Command {
        let mut it = Command::new("env");
        it.args(["--default-signal=HUP,INT,QUIT,TERM", env!("CARGO_BIN_EXE_syncctl")]);
        it.arg(command).arg(self.argument()).args(arguments);
        it
    }

    /// Starts it, with pipes.
    fn start(&self, command: &str, arguments: &[&str]) -> Child {
        self.command(command, arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs `syncctl COMMAND STORE ARGUMENTS…`.
    fn run(&self, command: &str, arguments: &[&str]) -> Output {
        self.run_with(command, arguments, b"")
    }

    fn run_with(&self, command: &str, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = self.start(command, arguments);
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        let _ = writer.join();
        output
    }

    /// As [`Place::run`], of a command that ends well and says nothing else.
    #[track_caller]
    fn fine(&self, command: &str, arguments: &[&str]) -> String {
        self.fine_with(command, arguments, b"")
    }

    #[track_caller]
    fn fine_with(&self, command: &str, arguments: &[&str], input: &[u8]) -> String {
        let output = self.run_with(command, arguments, input);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()), "{command} {arguments:?}");
        text(&output.stdout)
    }
}

/// A file.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(PathBuf::from(format!("/dev/shm/syncctl-test-{}-{number}.sync", std::process::id())))
    }

    /// A script of a shell, in which `syncctl` is the command, and `FILE` the file; not started yet.
    pub fn shell(&self, script: &str) -> Command {
        let mut it = Command::new("bash");
        let script = script.replace("syncctl", "\"$0\"").replace("FILE", "\"$1\"");
        it.args(["-c", &script, env!("CARGO_BIN_EXE_syncctl")]).arg(&self.0);
        it
    }
}

impl Place for Scratch {
    type Store = Store;

    fn argument(&self) -> OsString {
        self.0.clone().into()
    }

    fn store(&self) -> Store {
        Store::new(self.0.clone(), Options::default())
    }
}

/// A store on a server.
pub struct Served {
    pub redis: Redis,
    options: &'static str,
}

impl Served {
    pub fn new() -> Self {
        Self::with("")
    }

    /// As [`Served::new`], with some options in its address.
    pub fn with(options: &'static str) -> Self {
        Self { redis: Redis::start(&[]), options }
    }
}

impl Place for Served {
    type Store = ServerStore;

    fn argument(&self) -> OsString {
        format!("unix://{}{}", self.redis.socket().display(), self.options).into()
    }

    fn store(&self) -> ServerStore {
        ServerStore::new(&self.redis.address("", ""), || 0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
pub fn fails(output: &Output, status: i32, words: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(said.contains(words), "{said}");
}

/// Waits until something is so.
#[track_caller]
pub fn waits_for(mut is_so: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("it never is so");
}

/// The signal by which it has ended.
pub fn signal_of(status: std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

/// A change that puts a value.
pub fn put<'a>(key: &'a [u8], body: &'a [u8]) -> sync_store::Change<'a, Version> {
    sync_store::Change::Put { key, head: &[], body, note: None, expiry: None, anew: false }
}
