//! Help for the tests: a file of a test's own, and the command.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use sync_store::{Options, Store, Version};

/// A file of this test's own, which is gone with it.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(PathBuf::from(format!("/dev/shm/syncctl-test-{}-{number}.sync", std::process::id())))
    }

    pub fn store(&self) -> Store {
        Store::new(self.0.clone(), Options::default())
    }

    pub fn put(&self, name: &[u8], value: &[u8]) {
        self.store().put(name, value, &mut Version::default()).unwrap();
    }

    /// `syncctl COMMAND FILE ARGUMENTS…`, not started yet. The tests may themselves be started by `nohup`: no signal is ignored.
    pub fn command(&self, command: &str, arguments: &[&str]) -> Command {
        let mut it = Command::new("env");
        it.args(["--default-signal=HUP,INT,QUIT,TERM", env!("CARGO_BIN_EXE_syncctl")]);
        it.arg(command).arg(&self.0).args(arguments);
        it
    }

    /// A script of a shell, in which `syncctl` is the command, and `FILE` the file; not started yet.
    pub fn shell(&self, script: &str) -> Command {
        let mut it = Command::new("bash");
        let script = script.replace("syncctl", "\"$0\"").replace("FILE", "\"$1\"");
        it.args(["-c", &script, env!("CARGO_BIN_EXE_syncctl")]).arg(&self.0);
        it
    }

    /// Starts it, with pipes.
    pub fn start(&self, command: &str, arguments: &[&str]) -> Child {
        self.command(command, arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs `syncctl COMMAND FILE ARGUMENTS…`.
    pub fn run(&self, command: &str, arguments: &[&str]) -> Output {
        self.run_with(command, arguments, b"")
    }

    pub fn run_with(&self, command: &str, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = self.start(command, arguments);
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        let _ = writer.join();
        output
    }

    /// As [`Scratch::run`], of a command that ends well and says nothing else.
    #[track_caller]
    pub fn fine(&self, command: &str, arguments: &[&str]) -> String {
        self.fine_with(command, arguments, b"")
    }

    #[track_caller]
    pub fn fine_with(&self, command: &str, arguments: &[&str], input: &[u8]) -> String {
        let output = self.run_with(command, arguments, input);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()), "{command} {arguments:?}");
        text(&output.stdout)
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
