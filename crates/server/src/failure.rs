//! The failures of a connection, and what they mean for requests. Their `Display` is a clause, for a sentence that names the address.

mod tls;

use super::address::Host;
use super::extent::Malformed;
use super::refusal::{Reason, Refusal};
use rustix::io::Errno;
use std::fmt;
use std::io;

pub use tls::TlsFailure;

/// The reason why a connection ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The other end has closed it.
    Closed,
    /// The server took longer than it may take.
    TimedOut,
    /// A system call failed.
    System(Errno),
    /// The other end sent something that is not RESP3, or an answer that nobody asked for.
    Malformed(Malformed),
    /// The server said why, and closed it.
    Refused(Refusal),
    /// It is the parent's: this process was forked from it.
    Forked,
    /// The encryption has failed.
    Tls(TlsFailure),
    /// This process has no memory for so many bytes.
    NoMemory(u64),
}

/// The fate of a request, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It was answered.
    Answered,
    /// The server may have done it, or not.
    Unknown,
    /// The server has not had all of it, and so has not done it.
    NotSent,
}

/// A connection that ended in the middle of requests, or before them.
#[derive(Debug)]
pub struct Lost {
    /// The number of requests that were answered: the first ones.
    pub answered: usize,
    /// The number of requests that were sent, those included.
    pub sent: usize,
    /// The reason.
    pub cause: Cause,
}

impl Lost {
    /// The fate of one of the requests, by its number from 0.
    pub fn delivery(&self, request: usize) -> Delivery {
        if request < self.answered {
            Delivery::Answered
        } else if request < self.sent {
            Delivery::Unknown
        } else {
            Delivery::NotSent
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the server has closed the connection"),
            Self::TimedOut => f.write_str("the server took longer than it may take (the address's option timeout)"),
            Self::System(error) => write!(f, "{}", io::Error::from(*error)),
            Self::Malformed(malformed) => write!(f, "the server does not speak RESP3: {}", malformed.reason()),
            Self::Refused(refusal) => write!(f, "the server said '{refusal}' and closed the connection"),
            Self::Forked => f.write_str("the connection is that of the process that this one was forked from"),
            Self::Tls(failure) => failure.fmt(f),
            Self::NoMemory(bytes) => write!(f, "there is no memory for {bytes} bytes"),
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl std::error::Error for Lost {}

/// The failure of one request.
#[derive(Debug)]
pub enum Failure {
    /// The server answered with an error.
    Refused(Refusal),
    /// The connection has ended.
    Lost(Lost),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Lost(lost) => lost.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Lost> for Failure {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

/// The reason why there is no connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum NoConnection {
    /// The address asks for encryption, which this build does not have.
    NoTls,
    /// The encryption that the address asks for does not come about.
    Tls(TlsFailure),
    /// The host was not found, or nothing answers there.
    Unreachable(io::Error),
    /// The connection ended before it stood.
    Lost(Cause),
    /// The same, of one that is not encrypted: the server ended it.
    HungUp(Cause),
    /// The server is older than Redis 6, or is no server of this kind: it does not know `HELLO 3`.
    TooOld,
    /// The server is of this version, which is too old.
    OldVersion(String),
    /// The server refused the log-in, or the database. Its text has no password.
    Refused(Refusal),
    /// The server is a sentinel, which has no values.
    IsSentinel,
    /// The server is no master, or none yet.
    NotMaster,
    /// None of the sentinels that answer knows a master of this name.
    UnknownMaster,
    /// No sentinel answers, this one for that reason.
    NoSentinel(Host, Box<NoConnection>),
    /// There is none to this server, to which sentinels or the nodes of a cluster have sent us.
    At(Host, Box<NoConnection>),
}

impl From<Failure> for NoConnection {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Lost(lost) => Self::Lost(lost.cause),
        }
    }
}

impl NoConnection {
    /// Whether that passes: the server is late, or another one is about to take its place.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.may_pass() || refusal.is_elsewhere(),
            Self::NotMaster => true,
            Self::At(_, why) => {
                use Cause::{Closed, System, TimedOut};
                let is_gone =
                    matches!(**why, Self::Unreachable(_) | Self::Lost(Closed | TimedOut | System(_)) | Self::HungUp(_));
                is_gone || why.may_pass()
            }
            _ => false,
        }
    }
}

/// The rights that a store needs, behind the user and the keys, as docs/server.md has them.
pub(crate) const RIGHTS: &str = "-@all +@read +@write +@scripting +@transaction +@connection +client +info +time";

/// The clause for each way of not being there in time.
const NOT_IN_TIME: &str = "the server did not answer in time (the address's option connect_timeout)";

impl fmt::Display for NoConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTls => f.write_str(
                "this build has no TLS: build Sync with FEATURES=tls (docs/install.md says how), or use redis:// in a network that \
                 you trust",
            ),
            Self::Tls(failure) => failure.fmt(f),
            Self::Unreachable(error) if error.kind() == io::ErrorKind::TimedOut => f.write_str(NOT_IN_TIME),
            Self::Unreachable(error) => write!(f, "{error}; is the server running, and is this its address?"),
            Self::Lost(Cause::TimedOut) => f.write_str(NOT_IN_TIME),
            Self::Lost(cause) => cause.fmt(f),
            Self::HungUp(cause) => write!(f, "{cause}; if this is a port for TLS, write rediss://"),
            Self::TooOld => {
                f.write_str("the server does not know HELLO 3: use Redis 6.2 or newer, or Valkey, without a proxy")
            }
            Self::OldVersion(version) => {
                write!(f, "the server is of version {version}: use Redis 6.2 or newer, or Valkey")
            }
            Self::Refused(refusal) => match refusal.reason {
                Reason::NoAuth => f.write_str("the server wants a password: write it as in redis://:password@host"),
                Reason::WrongPassword => f.write_str("the server does not know this user with this password"),
                Reason::NoPermission => write!(f, "the server said '{refusal}'; give its user the rights that it needs: {RIGHTS}"),
                _ => write!(f, "the server said '{refusal}'"),
            },
            Self::IsSentinel => f.write_str("it is a sentinel: write redis+sentinel://host:26379/master"),
            Self::NotMaster => f.write_str("it is not a master (any longer, or yet)"),
            Self::UnknownMaster => f.write_str("none of the sentinels that answer knows a master of this name"),
            Self::NoSentinel(host, why) => write!(f, "no sentinel answers; of {host}: {why}"),
            Self::At(host, why) => write!(f, "they sent us to {host}, and of that: {why}"),
        }
    }
}

impl std::error::Error for NoConnection {}
