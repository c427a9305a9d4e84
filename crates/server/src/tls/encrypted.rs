//! An encrypted connection: a socket, and the session of rustls over it.
//!
//! It keeps the properties of a bare socket. A look costs a system call, and nothing is decrypted unless something has arrived. All that has
//! been decrypted is the caller's at once: nothing that a look could miss stays behind in the session. And what is said to have been sent is
//! records that the kernel took whole, as the server can read no part of a record.

use crate::failure::{Cause, NoConnection, TlsFailure};
use crate::socket::{Arrival, Ready, Socket};
use rustix::io::Errno;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Instant;

/// The most that is sent as one record, which is as much as one can have.
const RECORD: usize = 16 * 1024;
/// The most that is received at once.
const ROOM: usize = 32 * 1024;

/// An encrypted connection. Dropping it closes the socket, and sends nothing.
#[derive(Debug)]
pub(crate) struct Encrypted {
    socket: Socket,
    session: ClientConnection,
    outbox: Outbox,
    /// Bytes that have arrived, as they came.
    arrived: Vec<u8>,
    /// The server has said that it sends nothing more.
    has_ended: bool,
}

/// Records on their way.
#[derive(Debug, Default)]
struct Outbox {
    bytes: Vec<u8>,
    /// The number of them that the kernel has taken.
    taken: usize,
    /// The number of the caller's bytes that are in them.
    held: usize,
}

impl Encrypted {
    /// Agrees with the server on a session. What it says right behind that is appended to `into`.
    pub fn begin(
        socket: Socket,
        config: Arc<ClientConfig>,
        host: &str,
        deadline: Instant,
        into: &mut Vec<u8>,
    ) -> Result<Self, NoConnection> {
        let tls = |error: rustls::Error| NoConnection::Tls(error.into());
        let name =
            ServerName::try_from(host.to_owned()).map_err(|_| NoConnection::Tls(TlsFailure::WrongName(Vec::new())))?;
        let session = ClientConnection::new(config, name).map_err(tls)?;
        let arrived = Vec::with_capacity(ROOM);
        let mut encrypted = Self { socket, session, outbox: Outbox::default(), arrived, has_ended: false };
        encrypted.agree(deadline, into).map_err(|cause| match cause {
            Cause::Tls(failure) => NoConnection::Tls(failure),
            Cause::TimedOut => NoConnection::Tls(TlsFailure::Silent),
            cause => NoConnection::Lost(cause),
        })?;
        Ok(encrypted)
    }

    fn agree(&mut self, deadline: Instant, into: &mut Vec<u8>) -> Result<(), Cause> {
        loop {
            self.collect();
            let is_sending = match self.forward() {
                Ok(()) => false,
                Err(Errno::AGAIN | Errno::INTR) => true,
                Err(error) => {
                    // The reason may have arrived before the end.
                    while self.receive(into, false)? == Arrival::Some {}
                    return Err(Cause::System(error));
                }
            };
            if !is_sending && !self.session.is_handshaking() {
                return Ok(());
            }
            match self.socket.wait(is_sending, deadline).map_err(Cause::System)? {
                Ready::TimedOut => return Err(Cause::TimedOut),
                Ready::Writing | Ready::Interrupted => {}
                Ready::Reading => match self.receive(into, false) {
                    Ok(Arrival::End) => return Err(Cause::Closed),
                    Ok(Arrival::Some | Arrival::Nothing) => {}
                    Err(cause) => {
                        // The server is told why, for its log, if there is room for it.
                        self.collect();
                        let _ = self.forward();
                        return Err(cause);
                    }
                },
            }
        }
    }

    /// Takes what the session has to send.
    fn collect(&mut self) {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.outbox.bytes).expect("memory takes everything");
        }
    }

    /// Sends what is on its way, all of it or until there is no more room.
    fn forward(&mut self) -> Result<(), Errno> {
        while self.outbox.taken < self.outbox.bytes.len() {
            self.outbox.taken += self.socket.send(&self.outbox.bytes[self.outbox.taken..])?;
        }
        self.outbox.bytes.clear();
        self.outbox.taken = 0;
        Ok(())
    }

    /// As [`Socket::send`]. After a failure by `AGAIN` or `INTR` the next call has to be with the same bytes: some may be on their way.
    pub fn send(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        if self.outbox.held == 0 {
            let record = &bytes[..bytes.len().min(RECORD)];
            self.outbox.held = self.session.writer().write(record).expect("the session has room for a record");
            self.collect();
        }
        self.forward()?;
        Ok(std::mem::take(&mut self.outbox.held))
    }

    /// As [`Socket::receive`], but that it makes room in `into` for all that was decrypted.
    pub fn receive(&mut self, into: &mut Vec<u8>, may_wait: bool) -> Result<Arrival, Cause> {
        if self.has_ended {
            return Ok(Arrival::End);
        }
        self.arrived.clear();
        match self.socket.receive(&mut self.arrived, may_wait)? {
            Arrival::Some => self.decrypt(into),
            arrival => Ok(arrival),
        }
    }

    /// Decrypts what has arrived, as far as there are whole records.
    fn decrypt(&mut self, into: &mut Vec<u8>) -> Result<Arrival, Cause> {
        let before = into.len();
        let mut rest = &self.arrived[..];
        while !rest.is_empty() && !self.has_ended {
            let other = |error: std::io::Error| Cause::Tls(TlsFailure::Other(error.to_string()));
            self.session.read_tls(&mut rest).map_err(other)?;
            let state = self.session.process_new_packets().map_err(|error| Cause::Tls(error.into()))?;
            let start = into.len();
            let more = state.plaintext_bytes_to_read();
            into.try_reserve_exact(more).map_err(|_| Cause::NoMemory(more as u64))?;
            into.resize(start + more, 0);
            self.session.reader().read_exact(&mut into[start..]).map_err(other)?;
            self.has_ended = state.peer_has_closed();
        }
        Ok(match into.len() == before {
            true if self.has_ended => Arrival::End,
            true => Arrival::Nothing,
            false => Arrival::Some,
        })
    }

    /// As [`Socket::is_own`].
    pub fn is_own(&self) -> bool {
        self.socket.is_own()
    }

    /// As [`Socket::has_arrived`].
    pub fn has_arrived(&self) -> Result<bool, Errno> {
        if self.has_ended { Ok(true) } else { self.socket.has_arrived() }
    }

    /// As [`Socket::wait`].
    pub fn wait(&self, is_sending: bool, deadline: Instant) -> Result<Ready, Errno> {
        if self.has_ended { Ok(Ready::Reading) } else { self.socket.wait(is_sending, deadline) }
    }
}
