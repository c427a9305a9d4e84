//! The end of the command.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use sync_server::ServerError;
use sync_store::ErrorKind::{Legacy, NotAStore};

use crate::printable::Harmless;

/// The meaning of the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Fine = 0,
    /// The file or the name is not there, or the file is not sound.
    NotThere = 1,
    Usage = 2,
    /// The file cannot be opened, read or written.
    CannotOpen = 3,
    /// Something could not be carried over; all else was.
    NotCarried = 4,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        ExitCode::from(status as u8)
    }
}

/// Says something on stderr. (Where nobody can be told, there is nobody to tell of that either.)
pub fn say(text: &str) {
    let _ = writeln!(io::stderr(), "syncctl: {}", Harmless(&without_passwords(text)));
}

/// A text in which an argument may be quoted, without the users and passwords of arguments that are written as addresses are, be they
/// some or not, and wherever they stand.
pub fn without_passwords(text: &str) -> String {
    std::env::args_os().fold(text.to_owned(), |text, argument| hide_login(&text, &argument.to_string_lossy()))
}

/// A text without what an address has before its last `@`.
fn hide_login(text: &str, address: &str) -> String {
    match address.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')) {
        Some((login, _)) => text.replace(&format!("://{login}@"), "://***@"),
        None => text.to_owned(),
    }
}

/// Whether a file has turned out not to be sound.
static IS_UNSOUND: AtomicBool = AtomicBool::new(false);

/// Says why a file is, or was, not sound: whatever else the command comes to, its status tells of that.
pub fn say_unsound(text: &str) {
    say(text);
    IS_UNSOUND.store(true, Ordering::Relaxed);
}

/// The status with which the command ends that has come to this one.
pub fn in_the_end(status: Status) -> Status {
    match status {
        Status::Fine | Status::NotCarried if IS_UNSOUND.load(Ordering::Relaxed) => Status::NotThere,
        status => status,
    }
}

/// The reason why the command has not done what it was to do: its status, and a sentence for stderr, if there is something to say.
#[derive(Debug)]
pub struct Failure {
    pub status: Status,
    pub text: String,
}

impl Failure {
    pub fn new(status: Status, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// Standard input cannot be read.
    pub fn of_input(error: &io::Error) -> Self {
        Self::new(Status::CannotOpen, format!("Can't read standard input: {}.", reason(error)))
    }

    /// Input cannot be kept in this folder.
    pub fn of_folder(folder: &Path, error: &io::Error) -> Self {
        let (folder, reason) = (folder.display(), reason(error));
        let remedy = match error.kind() {
            io::ErrorKind::FileTooLarge => "Raise the limit (ulimit -f)",
            _ => "Choose another folder by TMPDIR",
        };
        let text = format!("Can't keep the input in '{folder}': {reason}. {remedy}, or let the input be a file.");
        Self::new(Status::CannotOpen, text)
    }

    /// The manual cannot be written into this folder.
    pub fn of_manual(folder: &Path, error: &io::Error) -> Self {
        Self::new(Status::CannotOpen, format!("Can't write to '{}': {}.", folder.display(), reason(error)))
    }

    /// The terminal is not what a screen needs.
    pub fn of_terminal(error: &io::Error) -> Self {
        Self::new(Status::CannotOpen, format!("Can't use the terminal: {}.", reason(error)))
    }
}

/// Why the system has refused something.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(text, _)| text).to_owned()
}

impl From<sync_store::Error> for Failure {
    fn from(error: sync_store::Error) -> Self {
        let is_file = |path: &Path| path.metadata().is_ok_and(|metadata| metadata.is_file());
        match &error.kind {
            // (What is no regular file, a folder say, cannot be opened, whether it was to be read or to be written.)
            NotAStore(_) if is_file(&error.path) => Self::new(Status::NotThere, error.to_string()),
            Legacy => Self::new(
                Status::CannotOpen,
                format!("{error} It becomes a store with the first write of a PHP script that has the extension."),
            ),
            _ => Self::new(Status::CannotOpen, error.to_string()),
        }
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        let text = error.to_string();
        let mut rest = text.chars();
        let first = rest.next().into_iter().flat_map(char::to_uppercase);
        let mut text: String = first.chain(rest).collect();
        if !text.ends_with(['.', '?']) {
            text.push('.');
        }
        Self::new(Status::CannotOpen, text)
    }
}

impl From<io::Error> for Failure {
    /// Of standard output.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // Nobody reads any more: `syncctl ls FILE | head`.
            io::ErrorKind::BrokenPipe => Self::new(Status::Fine, ""),
            _ => Self::new(Status::CannotOpen, format!("Can't write to standard output: {}.", reason(&error))),
        }
    }
}

pub type Outcome<T = Status> = Result<T, Failure>;
