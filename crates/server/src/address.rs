//! Addresses of stores on a server: `redis://user:password@host:6379/0?prefix=app`, and its relatives.
//!
//! They look like URLs, and no crate for URLs reads all of them: `h1:7000,h2:7001` is no host by RFC 3986. So the few cuts are made
//! here, and `percent-encoding` does the rest. An error quotes nothing of the address: where a password holds a character that
//! should have been encoded, any part may be a piece of it.

mod error;
mod parse;
mod show;

use super::secret::Secret;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::AddressError;

/// The port of a server where an address names none.
const PORT: u16 = 6379;
/// The port of a sentinel where an address names none.
const SENTINEL_PORT: u16 = 26379;
/// The prefix of keys where an address names none.
const PREFIX: &[u8] = b"sync";
/// The time to connect in, where an address names none.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The time for an answer, where an address names none.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The address of a store on a server. Equal addresses name the same store, used in the same way.
///
/// `Display` writes it in one form, in which a password is `***`; so does `Debug`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// The server, and how to log in. Stores that differ in nothing of this can share a connection.
    pub server: Server,
    /// The first part of all keys of the store. It has no braces, and is never empty.
    pub prefix: Vec<u8>,
    /// Whether values may be kept in the process until the server says that they have changed (`cache=0`: no).
    pub caches: bool,
}

/// A server, and how to log in: all that makes two connections differ.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Server {
    /// Where it is.
    pub place: Place,
    /// The user; `None`: the server's default one.
    pub user: Option<Vec<u8>>,
    /// The password; `None`: no log-in.
    pub password: Option<Secret>,
    /// The number of the database.
    pub database: u32,
    /// The files of an encrypted connection; of any other, none.
    pub tls: TlsFiles,
    /// The longest time in which a connection has to stand.
    pub connect_timeout: Duration,
    /// The longest time for a request and its answer.
    pub timeout: Duration,
}

/// The files of an encrypted connection, by absolute paths.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TlsFiles {
    /// The certificates of those who may vouch for the server (`ca`); `None`: those whom the system trusts.
    pub ca: Option<PathBuf>,
    /// The certificate by which the server knows the client (`cert`), with those of the ones that vouch for it.
    pub cert: Option<PathBuf>,
    /// The private key of that certificate (`key`); `None`: it is in the same file.
    pub key: Option<PathBuf>,
}

impl TlsFiles {
    /// All that are named.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        [&self.ca, &self.cert, &self.key].into_iter().flatten().map(PathBuf::as_path)
    }
}

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// One server.
    Host {
        /// Its name and port.
        host: Host,
        /// Whether the connection is encrypted (`rediss`).
        tls: bool,
    },
    /// One server on this machine, at a socket of this path.
    Socket(PathBuf),
    /// The server that these sentinels call the master of this name.
    Sentinel {
        /// The sentinels, in the order in which they are asked.
        sentinels: Vec<Host>,
        /// The name of the master.
        master: Vec<u8>,
        /// Whether connections are encrypted (`rediss+sentinel`).
        tls: bool,
    },
    /// A cluster, of which these are some nodes.
    Cluster {
        /// The nodes that are asked first.
        nodes: Vec<Host>,
        /// Whether connections are encrypted (`rediss+cluster`).
        tls: bool,
    },
}

impl Place {
    /// Whether connections are encrypted.
    pub fn is_encrypted(&self) -> bool {
        match self {
            Self::Host { tls, .. } | Self::Sentinel { tls, .. } | Self::Cluster { tls, .. } => *tls,
            Self::Socket(_) => false,
        }
    }

    /// Whether connections are neither encrypted nor by a socket on this machine.
    pub(crate) fn is_plain_port(&self) -> bool {
        !self.is_encrypted() && !matches!(self, Self::Socket(_))
    }
}

/// The name or number of a machine, and a port on it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Host {
    /// A name in small letters, or an address of IP in its usual form (of version 6: without brackets).
    pub name: String,
    /// The port, never 0.
    pub port: u16,
}

#[cfg(test)]
mod tests;
