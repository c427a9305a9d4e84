//! The failures of operations on a server's store, in sentences for users.

use crate::failure::{Cause, NoConnection, RIGHTS};
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
    /// The connection ended while something was asked for of which nothing is left then, as a lock, or which has changed nothing: ask again.
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

impl ErrorKind {
    /// Whether something that was to be given up was nobody's, or another one's, anyway. Else it may still be there.
    pub(super) fn is_given_up(&self) -> bool {
        matches!(self, Self::Held(_) | Self::LockGone)
    }

    /// Whether the server has no memory. It takes no transaction then, be that of reads alone; scripts that read, and reads by themselves, it does.
    pub(super) fn is_full(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.reason == Reason::OutOfMemory)
    }
}

impl ServerError {
    pub(super) fn new(address: &Rc<[u8]>, kind: ErrorKind) -> Self {
        Self { address: address.clone(), kind }
    }

    /// The kind.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The kind alone.
    pub fn into_kind(self) -> ErrorKind {
        self.kind
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

    fn may_be_done(&self) -> bool {
        matches!(self.kind, ErrorKind::NotKnown(_))
    }

    fn is_final(&self) -> bool {
        match &self.kind {
            ErrorKind::NotKnown(_) | ErrorKind::Lost(_) | ErrorKind::NoConnection(_) => true,
            ErrorKind::Refused(refusal) => refusal.takes_nothing(),
            _ => false,
        }
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = String::from_utf8_lossy(&self.address);
        match &self.kind {
            // (As of a file, to the word.)
            ErrorKind::Held(held) => {
                let seconds = held.patience.timeout.map_or(0.0, |timeout| timeout.as_secs_f64());
                write!(
                    f,
                    "Can't access shared object, it is still locked after {seconds} second(s). The lock on '{address}' is \
                     held by {}.",
                    held.holder()
                )
            }
            ErrorKind::NoRoom(bytes) | ErrorKind::NoMemory(bytes) => write!(
                f,
                "Can't use '{address}': there is no memory for {bytes} bytes. Nothing was changed; free some and try again."
            ),
            ErrorKind::NoConnection(why) => {
                let why = why.to_string();
                let end = if why.ends_with('?') { "" } else { "." };
                write!(f, "Can't connect to '{address}': {why}{end}")
            }
            ErrorKind::Lost(cause) | ErrorKind::Interrupted(cause) => {
                write!(f, "The connection to '{address}' has ended: {cause}. Nothing was changed; try again.")
            }
            ErrorKind::NotKnown(cause) => write!(
                f,
                "It is not known whether '{address}' has stored the change: the connection ended before the answer came \
                 ({cause}). Read the value to find out."
            ),
            ErrorKind::Refused(refusal) => match refusal.reason {
                Reason::OutOfMemory => write!(
                    f,
                    "Can't write to '{address}': the server has no memory left. Nothing was changed; raise its maxmemory, or \
                     remove something."
                ),
                Reason::TooLong => write!(
                    f,
                    "Can't write to '{address}': a value is longer than the server takes any (its proto-max-bulk-len, as a rule 512 MB). \
                     Nothing was changed; store it in parts, or raise that."
                ),
                Reason::NoPermission => write!(
                    f,
                    "Can't use '{address}': the server does not allow its user to do that ('{refusal}'). Give the user the rights that it \
                     needs: {RIGHTS}."
                ),
                Reason::ReadOnly => write!(
                    f,
                    "Can't write to '{address}': the server is a replica, which takes no changes. Nothing was changed; name its master, or sentinels."
                ),
                Reason::NoReplicas => write!(
                    f,
                    "Can't write to '{address}': the server has fewer replicas than it is to have for that (its min-replicas-to-write). Nothing \
                     was changed; try again when they are there."
                ),
                Reason::Misconfigured => write!(
                    f,
                    "Can't write to '{address}': the server cannot save its data, and takes no changes until it can. Nothing was changed; \
                     its log says why."
                ),
                Reason::Ask(..) | Reason::Moved(..) | Reason::TryAgain | Reason::ClusterDown => write!(
                    f,
                    "Can't use '{address}': the store is on its way to another node of the cluster, or its node is gone ('{refusal}'). \
                     Nothing was changed; try again."
                ),
                Reason::Loading | Reason::MasterDown | Reason::Busy => {
                    write!(f, "Can't use '{address}': the server said '{refusal}'. Nothing was changed; try again.")
                }
                _ => write!(f, "Can't use '{address}': the server said '{refusal}'."),
            },
            ErrorKind::LockGone => write!(
                f,
                "The lock on '{address}' is lost: the connection ended, which counts as the end of its holder (lock(), or a \
                 statement in several steps). Nothing was changed; do it again, and read anew what was read under the lost one."
            ),
            ErrorKind::Foreign(key) => write!(
                f,
                "Can't use '{address}': its key '{}' was not written by Sync. Choose another prefix.",
                String::from_utf8_lossy(key)
            ),
            ErrorKind::Senseless => {
                write!(
                    f,
                    "Can't use '{address}': the server gave an answer that makes no sense; it may be no Redis or Valkey."
                )
            }
            ErrorKind::Busy => write!(f, "Can't read '{address}': others change it all the time. Try again."),
        }
    }
}

impl std::error::Error for ServerError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_has_been_waited_for_is_not_tried_in_another_way() {
        let refused = |words: &str| ErrorKind::Refused(Refusal::read(words.as_bytes()));
        let cases = [
            (refused("NOREPLICAS Not enough good replicas to write."), true),
            (refused("READONLY You can't write against a read only replica."), true),
            (refused("OOM command not allowed when used memory > 'maxmemory'."), false),
            (ErrorKind::NotKnown(Cause::Closed), true),
            (ErrorKind::Lost(Cause::Closed), true),
            (ErrorKind::LockGone, false),
            (ErrorKind::Busy, false),
        ];
        for (kind, is_final) in cases {
            let error = ServerError::new(&Rc::from(&b"redis://host"[..]), kind);
            assert_eq!(error.is_final(), is_final, "{error}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let cases = [
            ("READONLY You can't write against a read only replica.", "name its master"),
            ("NOREPLICAS Not enough good replicas to write.", "try again when they are there"),
            ("MISCONF Redis is configured to save RDB snapshots", "its log says why"),
            ("TRYAGAIN Multiple keys request during rehashing of slot", "try again"),
            ("ASK 1 127.0.0.1:7000", "try again"),
            ("CLUSTERDOWN The cluster is down", "try again"),
            ("BUSY Redis is busy running a script.", "try again"),
            ("OOM command not allowed when used memory > 'maxmemory'.", "raise its maxmemory"),
            ("ERR string exceeds maximum allowed size (proto-max-bulk-len)", "store it in parts"),
        ];
        for (words, remedy) in cases {
            let error =
                ServerError::new(&Rc::from(&b"redis://host"[..]), ErrorKind::Refused(Refusal::read(words.as_bytes())));
            assert!(error.to_string().contains(remedy), "{error}");
        }
    }
}
