//! How an address is written: in one form, without its password.

use super::super::secret::HIDDEN;
use super::{Address, CONNECT_TIMEOUT, Host, PREFIX, Place, Server, TIMEOUT};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

/// All that is encoded in users, names and options.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// All that is encoded in paths, and in prefixes.
const ENCODED_IN_PATHS: &AsciiSet = &ENCODED.remove(b'/').remove(b':');

impl Place {
    /// The text before `://`.
    fn scheme(&self) -> &'static str {
        match self {
            Self::Host { tls: false, .. } => "redis",
            Self::Host { tls: true, .. } => "rediss",
            Self::Socket(_) => "unix",
            Self::Sentinel { tls: false, .. } => "redis+sentinel",
            Self::Sentinel { tls: true, .. } => "rediss+sentinel",
            Self::Cluster { tls: false, .. } => "redis+cluster",
            Self::Cluster { tls: true, .. } => "rediss+cluster",
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only an address of IP version 6 has colons.
        if self.name.contains(':') {
            write!(f, "[{}]:{}", self.name, self.port)
        } else {
            write!(f, "{}:{}", self.name, self.port)
        }
    }
}

/// Several hosts.
fn write_hosts(f: &mut fmt::Formatter<'_>, hosts: &[Host]) -> fmt::Result {
    for (number, host) in hosts.iter().enumerate() {
        write!(f, "{}{host}", if number == 0 { "" } else { "," })?;
    }
    Ok(())
}

impl Server {
    /// The address up to its options.
    fn write_server(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.place.scheme())?;
        if let Some(user) = &self.user {
            write!(f, "{}", percent_encode(user, ENCODED))?;
        }
        if self.password.is_some() {
            write!(f, ":{HIDDEN}@")?;
        }
        match &self.place {
            Place::Host { host, .. } => write!(f, "{host}/{}", self.database),
            Place::Socket(path) => write!(f, "{}", percent_encode(path.as_os_str().as_bytes(), ENCODED_IN_PATHS)),
            Place::Sentinel { sentinels, master, .. } => {
                write_hosts(f, sentinels)?;
                write!(f, "/{}/{}", percent_encode(master, ENCODED), self.database)
            }
            Place::Cluster { nodes, .. } => write_hosts(f, nodes),
        }
    }

    /// The options of the server, each with the sign before it.
    fn write_options(&self, f: &mut fmt::Formatter<'_>, sign: &mut Sign) -> fmt::Result {
        if matches!(self.place, Place::Socket(_)) {
            write!(f, "{}db={}", sign.next(), self.database)?;
        }
        if self.connect_timeout != CONNECT_TIMEOUT {
            write!(f, "{}connect_timeout={}", sign.next(), self.connect_timeout.as_secs_f64())?;
        }
        if self.timeout != TIMEOUT {
            write!(f, "{}timeout={}", sign.next(), self.timeout.as_secs_f64())?;
        }
        for (name, path) in [("ca", &self.tls.ca), ("cert", &self.tls.cert), ("key", &self.tls.key)] {
            if let Some(path) = path {
                let path = percent_encode(path.as_os_str().as_bytes(), ENCODED_IN_PATHS);
                write!(f, "{}{name}={path}", sign.next())?;
            }
        }
        Ok(())
    }
}

/// The sign before the next option.
struct Sign(char);

impl Sign {
    fn next(&mut self) -> char {
        std::mem::replace(&mut self.0, '&')
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_server(f)?;
        self.write_options(f, &mut Sign('?'))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sign = Sign('?');
        self.server.write_server(f)?;
        self.server.write_options(f, &mut sign)?;
        if self.prefix != PREFIX {
            write!(f, "{}prefix={}", sign.next(), percent_encode(&self.prefix, ENCODED_IN_PATHS))?;
        }
        if !self.caches {
            write!(f, "{}cache=0", sign.next())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
