//! The end of the command.

use std::io;
use std::process::ExitCode;

use sync_store::ErrorKind::{Legacy, NotAStore};

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
}

impl From<sync_store::Error> for Failure {
    fn from(error: sync_store::Error) -> Self {
        match &error.kind {
            NotAStore(_) => Self::new(Status::NotThere, error.to_string()),
            Legacy => Self::new(
                Status::CannotOpen,
                format!("{error} It becomes a store with the first write of a PHP script that has the extension."),
            ),
            _ => Self::new(Status::CannotOpen, error.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    /// Of the output, or the input.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // Nobody reads any more: `syncctl ls FILE | head`.
            io::ErrorKind::BrokenPipe => Self::new(Status::Fine, ""),
            _ => Self::new(Status::CannotOpen, error.to_string()),
        }
    }
}

pub type Outcome<T = Status> = Result<T, Failure>;
