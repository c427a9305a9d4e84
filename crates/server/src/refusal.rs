//! The errors that a server answers with, by kind.

use super::address::Host;
use std::fmt;

/// An error that a server answered with, or that comes in the place of its answer. It has not done what it was asked for, unless [`Reason`] says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of error.
    pub reason: Reason,
    /// The server's own words, without control characters.
    pub text: String,
}

/// The kind of an error that a server answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The server is a replica, and was to write: find the master.
    ReadOnly,
    /// The server is reading its data from its disk: try again.
    Loading,
    /// The server is a replica that has lost its master: find another, or try again.
    MasterDown,
    /// The server has been in a script for too long: try again.
    Busy,
    /// The server does not have the script: send it.
    NoScript,
    /// The server has fewer replicas than it is to have for writing: try again.
    NoReplicas,
    /// The slot is on another node from now on. `None`: which one, the server does not say.
    Moved(u16, Option<Node>),
    /// This one request is for another node, after ASKING. `None`: which one, the server does not say.
    Ask(u16, Option<Node>),
    /// Some of the keys are on their way to another node: try again.
    TryAgain,
    /// The cluster has no node for the slot: try again.
    ClusterDown,
    /// The keys are not all of one slot.
    CrossSlot,
    /// The server has no memory left for writing.
    OutOfMemory,
    /// The server cannot save to its disk, and accepts no writes meanwhile.
    Misconfigured,
    /// The server wants a password, and was given none.
    NoAuth,
    /// The user, or the password, is not right.
    WrongPassword,
    /// The user may not do that.
    NoPermission,
    /// The transaction was not executed, as one of its requests was no right one.
    ExecAborted,
    /// The key holds another kind of value.
    WrongType,
    /// The server has as many connections as it may have.
    TooManyClients,
    /// A value is longer than the server takes any, or would become so (`proto-max-bulk-len`). If the request itself was, the connection has ended with it.
    TooLong,
    /// It is this process that has no memory for the answer, which has so many bytes at least. The server has done what it was asked for.
    NoMemory(u64),
    /// Another one; the text says which.
    Other,
}

/// The node of a cluster to which another one sends us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// The node at this host and port.
    At(Host),
    /// The node at this port of the host that answered.
    SameHost(u16),
}

/// The error of Redis 7.0 about a command in a script that the user may not run.
const NOT_IN_SCRIPTS: &str = "ERR The user executing the script can't ";

/// The errors about values that are too long: in a request, and in a command that would make one.
const TOO_LONG: [&str; 2] = ["ERR Protocol error: invalid bulk length", "ERR string exceeds maximum allowed size"];

impl Refusal {
    /// Reads an error as it came, without the byte before it.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        // A transaction may be refused for a reason that has nothing to do with it.
        let why = text.strip_prefix("EXECABORT Transaction discarded because of: ").unwrap_or(&text);
        // Redis 6.2 puts the error that has ended a script behind the place in it.
        let of_script = why.strip_prefix("ERR Error running script").and_then(|behind| behind.split_once(": -"));
        let why = of_script.map_or(why, |(_, its)| its);
        let mut words = why.split(' ');
        let reason = match words.next().unwrap_or("") {
            "READONLY" => Reason::ReadOnly,
            "LOADING" => Reason::Loading,
            "MASTERDOWN" => Reason::MasterDown,
            "BUSY" => Reason::Busy,
            "NOREPLICAS" => Reason::NoReplicas,
            "NOSCRIPT" => Reason::NoScript,
            word @ ("MOVED" | "ASK") => match (words.next().and_then(|slot| slot.parse().ok()), words.next()) {
                (Some(slot), Some(to)) if word == "MOVED" => Reason::Moved(slot, Node::read(to)),
                (Some(slot), Some(to)) => Reason::Ask(slot, Node::read(to)),
                _ => Reason::Other,
            },
            "TRYAGAIN" => Reason::TryAgain,
            "CLUSTERDOWN" => Reason::ClusterDown,
            "CROSSSLOT" => Reason::CrossSlot,
            "OOM" => Reason::OutOfMemory,
            "MISCONF" => Reason::Misconfigured,
            "NOAUTH" => Reason::NoAuth,
            "WRONGPASS" => Reason::WrongPassword,
            "NOPERM" => Reason::NoPermission,
            "EXECABORT" => Reason::ExecAborted,
            "WRONGTYPE" => Reason::WrongType,
            "ERR" if text.starts_with("ERR max number of clients reached") => Reason::TooManyClients,
            "ERR" if why.starts_with(NOT_IN_SCRIPTS) => Reason::NoPermission,
            "ERR" if TOO_LONG.iter().any(|begin| why.starts_with(begin)) => Reason::TooLong,
            _ => Reason::Other,
        };
        let text = text.chars().map(|sign| if sign.is_control() { '\u{fffd}' } else { sign }).collect();
        Self { reason, text }
    }
}

impl Refusal {
    /// In the place of an answer of so many bytes, for which there is no memory.
    pub(crate) fn no_memory(bytes: usize) -> Self {
        Self {
            reason: Reason::NoMemory(bytes as u64),
            text: format!("there is no memory for an answer of {bytes} bytes"),
        }
    }

    /// Whether the server is in a state that passes: it has done nothing, and may be asked again. (A slot that is on its way to another node is
    /// waited for: scripts need all keys of a store in one place, and nothing is kept of one that tells of half of them.)
    pub(crate) fn may_pass(&self) -> bool {
        use Reason::*;
        matches!(self.reason, Loading | TryAgain | Ask(..) | Busy | ClusterDown | MasterDown | NoReplicas)
    }

    /// Whether the server will never do that for this user: it may not, or there is no such command.
    pub(crate) fn is_for_good(&self) -> bool {
        self.reason == Reason::NoPermission || self.text.starts_with("ERR unknown ")
    }

    /// Whether a script that it has ended may have made a part of its changes. (A server without memory says so at the first one, or not at all.)
    pub(crate) fn may_be_half(&self) -> bool {
        !self.may_pass() && !self.is_elsewhere() && self.reason != Reason::OutOfMemory
    }

    /// Whether it is as good as one of all that is written now.
    pub(crate) fn takes_nothing(&self) -> bool {
        self.may_pass() || self.is_elsewhere() || self.reason == Reason::Misconfigured
    }

    /// Whether another server is to be asked: it has done nothing.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(self.reason, Reason::ReadOnly | Reason::Moved(..))
    }
}

impl Node {
    /// Reads `host:port`. The host is empty where it is the one that answered, and `?` where it is not known.
    fn read(text: &str) -> Option<Self> {
        let (name, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        match name {
            "" => Some(Self::SameHost(port)),
            "?" => None,
            name => Some(Self::At(Host { name: name.to_owned(), port })),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> Reason {
        Refusal::read(text.as_bytes()).reason
    }

    #[test]
    fn the_first_word_of_an_error_is_its_kind() {
        assert_eq!(reason("READONLY You can't write against a read only replica."), Reason::ReadOnly);
        assert_eq!(reason("NOSCRIPT No matching script. Please use EVAL."), Reason::NoScript);
        assert_eq!(reason("EXECABORT Transaction discarded because of previous errors."), Reason::ExecAborted);
        assert_eq!(reason("EXECABORT Transaction discarded because of: BUSY Redis is busy."), Reason::Busy);
        assert_eq!(reason("OOM command not allowed when used memory > 'maxmemory'."), Reason::OutOfMemory);
        let old = "ERR Error running script (call to f_0a): @user_script:7: @user_script: 7: -READONLY You can't write";
        assert_eq!(reason(old), Reason::ReadOnly);
        assert_eq!(reason("ERR Error running script (call to f_0a): @user_script:7: attempt"), Reason::Other);
        assert_eq!(reason("ERR max number of clients reached"), Reason::TooManyClients);
        assert_eq!(reason("ERR Protocol error: invalid bulk length"), Reason::TooLong);
        assert_eq!(reason("ERR string exceeds maximum allowed size (proto-max-bulk-len)"), Reason::TooLong);
        let in_script =
            "ERR The user executing the script can't run this command or subcommand script: 8a, on @user_script:22.";
        assert_eq!(reason(in_script), Reason::NoPermission);
        assert_eq!(reason("ERR READONLY is not the first word"), Reason::Other);
        assert_eq!(reason(""), Reason::Other);
    }

    #[test]
    fn a_redirection_names_a_slot_and_a_node() {
        let at = |name: &str, port| Some(Node::At(Host { name: name.to_owned(), port }));
        assert_eq!(reason("MOVED 3999 127.0.0.1:6381"), Reason::Moved(3999, at("127.0.0.1", 6381)));
        assert_eq!(reason("ASK 1 ::1:6381"), Reason::Ask(1, at("::1", 6381)));
        assert_eq!(reason("MOVED 1 :6381"), Reason::Moved(1, Some(Node::SameHost(6381))));
        assert_eq!(reason("MOVED 1 ?:6381"), Reason::Moved(1, None));
        assert_eq!(reason("MOVED 1 host:0"), Reason::Moved(1, None));
        assert_eq!(reason("MOVED 99999 host:1"), Reason::Other);
        assert_eq!(reason("MOVED"), Reason::Other);
    }

    #[test]
    fn the_text_obeys_no_terminal_and_may_be_no_utf_8() {
        assert_eq!(Refusal::read(b"ERR \x1b[2J\xff").text, "ERR \u{fffd}[2J\u{fffd}");
    }
}
