//! The failures of operations on a server's store, in sentences for users.

use crate::failure::{Cause, NoConnection};
use crate::refusal::{Reason, Refusal};
use std::fmt;
use std::rc::Rc;
use sync_backend::{BackendError, Held, Remedy};

/// A failed operation on a store of a server.
#[derive(Debug)]
pub struct ServerError {
    address: Rc<[u8]>,
    kind: ErrorKind,
}

/// The kinds of failures.
#[derive(Debug)]
pub enum ErrorKind {
    /// Somebody else keeps others out.
    Held(Held),
    /// The caller's memory has no room for so many bytes.
    NoRoom(u64),
    /// The process has no memory for so many bytes.
    NoMemory(u64),
    /// There is no connection; nothing has happened.
    NoConnection(NoConnection),
    /// The connection ended while a read was under way, again and again.
    Lost(Cause),
    /// The connection ended while a lock was asked for, which has ended with it: ask again.
    Interrupted(Cause),
    /// The connection ended in a change, and no server that could tell whether it was made answers in time.
    NotKnown(Cause),
    /// The server refused.
    Refused(Refusal),
    /// The lock of this handle is gone.
    LockGone,
    /// A key of the store has something in it that no store has put there.
    Foreign(Vec<u8>),
    /// The server's answer makes no sense.
    Senseless,
    /// Others change the store all the time.
    Busy,
}

impl ServerError {
    pub(super) fn new(address: &Rc<[u8]>, kind: ErrorKind) -> Self {
        Self { address: address.clone(), kind }
    }

    /// The kind.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }
}

impl BackendError for ServerError {
    fn address(&self) -> &[u8] {
        &self.address
    }

    fn remedy(&self) -> Remedy {
        match &self.kind {
            ErrorKind::Held(held) => Remedy::Wait(*held),
            ErrorKind::NoRoom(bytes) => Remedy::MakeRoom(*bytes),
            ErrorKind::LockGone => Remedy::Unlock,
            ErrorKind::Busy | ErrorKind::Interrupted(_) => Remedy::Retry,
            _ => Remedy::Report,
        }
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = String::from_utf8_lossy(&self.address);
        match &self.kind {
            ErrorKind::Held(held) if held.change => {
                write!(f, "{address} is being changed by {} at the moment", held.holder())
            }
            ErrorKind::Held(held) => write!(f, "{address} is locked by {}", held.holder()),
            ErrorKind::NoRoom(bytes) => write!(f, "{bytes} bytes of {address} do not fit into this process's memory"),
            ErrorKind::NoMemory(bytes) => {
                write!(f, "there is no memory for {bytes} bytes of {address}; raise memory_limit or store less")
            }
            ErrorKind::NoConnection(why) => write!(f, "cannot connect to {address}: {why}"),
            ErrorKind::Lost(cause) | ErrorKind::Interrupted(cause) => {
                write!(f, "the connection to {address} has ended: {cause}")
            }
            ErrorKind::NotKnown(cause) => {
                write!(
                    f,
                    "it is not known whether {address} has stored the change, as the connection ended before the answer came \
                     ({cause}); read the value to find out"
                )
            }
            ErrorKind::Refused(refusal) => match refusal.reason {
                Reason::OutOfMemory => {
                    write!(f, "the server of {address} has no memory left: raise its maxmemory or remove something")
                }
                Reason::NoPermission => {
                    write!(
                        f,
                        "the user of {address} may not do that: {refusal} (docs/server.md has the rights that it needs)"
                    )
                }
                _ => write!(f, "the server of {address} said '{refusal}'"),
            },
            ErrorKind::LockGone => {
                write!(f, "the lock of {address} is gone: the server has taken it for a dead process's")
            }
            ErrorKind::Foreign(key) => write!(
                f,
                "the key {} of {address} was not written by Sync: choose another prefix",
                String::from_utf8_lossy(key)
            ),
            ErrorKind::Senseless => write!(f, "the server of {address} gave an answer that makes no sense"),
            ErrorKind::Busy => write!(f, "{address} changes all the time"),
        }
    }
}

impl std::error::Error for ServerError {}
