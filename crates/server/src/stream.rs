//! The stream of a connection: a socket, encrypted or not.

use super::address::{Host, Server};
use super::failure::{Cause, NoConnection};
use super::socket::{Arrival, Ready, Socket};
#[cfg(feature = "tls")]
use super::tls::Encrypted;
use rustix::io::Errno;
use std::io;
use std::path::Path;
use std::time::Instant;

/// A stream. Dropping it sends nothing, as the process that this one was forked from may go on with it.
#[derive(Debug)]
pub(crate) enum Stream {
    /// As it is.
    Plain(Socket),
    /// By TLS.
    #[cfg(feature = "tls")]
    Encrypted(Box<Encrypted>),
}

/// Runs an expression with the stream of either kind.
macro_rules! with {
    ($stream:expr, $it:pat => $body:expr) => {
        match $stream {
            Stream::Plain($it) => $body,
            #[cfg(feature = "tls")]
            Stream::Encrypted($it) => $body,
        }
    };
}

impl Stream {
    /// Connects to a host, encrypted if the server's address wants it. What the server says right behind the agreement on that is appended to
    /// `into`.
    pub fn to_host(host: &Host, server: &Server, deadline: Instant, into: &mut Vec<u8>) -> Result<Self, NoConnection> {
        if !server.place.is_encrypted() {
            return Self::plain(Socket::connect_host(host, deadline, server.timeout));
        }
        Self::encrypted(host, server, deadline, into)
    }

    /// Connects to a socket on this machine.
    pub fn to_socket(path: &Path, server: &Server, deadline: Instant) -> Result<Self, NoConnection> {
        Self::plain(Socket::connect_path(path, deadline, server.timeout))
    }

    fn plain(socket: io::Result<Socket>) -> Result<Self, NoConnection> {
        socket.map(Self::Plain).map_err(NoConnection::Unreachable)
    }

    #[cfg(feature = "tls")]
    fn encrypted(host: &Host, server: &Server, deadline: Instant, into: &mut Vec<u8>) -> Result<Self, NoConnection> {
        // (Before anything is connected to: a file that cannot be used is no failure of the network's.)
        let config = super::tls::config(&server.tls).map_err(NoConnection::Tls)?;
        let socket = Socket::connect_host(host, deadline, server.timeout).map_err(NoConnection::Unreachable)?;
        let stream = Encrypted::begin(socket, config, &host.name, deadline, into)?;
        Ok(Self::Encrypted(Box::new(stream)))
    }

    #[cfg(not(feature = "tls"))]
    fn encrypted(_: &Host, _: &Server, _: Instant, _: &mut Vec<u8>) -> Result<Self, NoConnection> {
        Err(NoConnection::NoTls)
    }

    /// As [`Socket::is_own`].
    #[inline]
    pub fn is_own(&self) -> bool {
        with!(self, stream => stream.is_own())
    }

    /// As [`Socket::send`]. After a failure by `AGAIN` or `INTR` the next call has to be with the same bytes.
    pub fn send(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        with!(self, stream => stream.send(bytes))
    }

    /// As [`Socket::receive`]; all that has been decrypted is in `into` then.
    pub fn receive(&mut self, into: &mut Vec<u8>, may_wait: bool) -> Result<Arrival, Cause> {
        with!(self, stream => stream.receive(into, may_wait))
    }

    /// As [`Socket::has_arrived`].
    pub fn has_arrived(&self) -> Result<bool, Errno> {
        with!(self, stream => stream.has_arrived())
    }

    /// As [`Socket::wait`].
    pub fn wait(&self, is_sending: bool, deadline: Instant) -> Result<Ready, Errno> {
        with!(self, stream => stream.wait(is_sending, deadline))
    }
}
