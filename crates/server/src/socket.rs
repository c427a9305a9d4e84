//! Sockets: connecting, sending, receiving and waiting, each in a time that is limited.

use super::address::Host;
use super::failure::Cause;
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::sockopt::{
    Timeout, set_socket_keepalive, set_socket_timeout, set_tcp_keepcnt, set_tcp_keepidle, set_tcp_keepintvl,
    set_tcp_nodelay, socket_error,
};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, recv, send};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};
use sync_fork::Tracked;

/// The silence after which the kernel asks whether the other machine is there, and the time between two such questions.
const KEEPALIVE: Duration = Duration::from_secs(5);
/// The number of questions without an answer that end a connection.
const KEEPALIVE_TRIES: u32 = 3;

/// A connected socket. A forked child closes it at its first instruction, without a byte: the connection is the parent's alone, and ends with it.
#[derive(Debug)]
pub(crate) struct Socket {
    socket: Tracked<OwnedFd>,
    /// An epoll that has the socket alone: a look costs less by it than by `poll`.
    events: Tracked<OwnedFd>,
}

/// The outcome of receiving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Bytes have come.
    Some,
    /// Nothing has come yet that means anything.
    Nothing,
    /// The other end has closed the connection.
    End,
}

/// The end of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    /// There is something to read (or the end of the connection).
    Reading,
    /// There is room for writing, and nothing to read.
    Writing,
    /// The time is over.
    TimedOut,
    /// A signal has come.
    Interrupted,
}

impl Socket {
    /// Connects to a host, by each of its addresses in turn. (The look for its name takes as long as the system's resolver lets it take.)
    pub fn connect_host(host: &Host, deadline: Instant, timeout: Duration) -> io::Result<Self> {
        let addresses: Vec<_> = (host.name.as_str(), host.port).to_socket_addrs()?.collect();
        let mut error = io::Error::from(io::ErrorKind::NotFound);
        for (index, address) in addresses.iter().enumerate() {
            // An address that does not answer leaves time for the others.
            let share = left(deadline) / (addresses.len() - index) as u32;
            if share.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match Self::connect_address(address, share, timeout) {
                Ok(socket) => return Ok(socket),
                Err(failure) => error = failure,
            }
        }
        Err(error)
    }

    /// Connects to an address, in so much time.
    fn connect_address(address: &SocketAddr, within: Duration, timeout: Duration) -> io::Result<Self> {
        let deadline = Instant::now() + within;
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = Self::new(family, SocketFlags::NONBLOCK, timeout)?;
        match rustix::net::connect(socket.own()?, address) {
            Err(Errno::INPROGRESS) => {
                while let state @ (Ready::Interrupted | Ready::TimedOut) = socket.wait(true, deadline)? {
                    if state == Ready::TimedOut {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                socket_error(socket.own()?)??;
            }
            connected => connected?,
        }
        let descriptor = socket.own()?;
        ioctl_fionbio(descriptor, false)?;
        set_tcp_nodelay(descriptor, true)?;
        set_socket_keepalive(descriptor, true)?;
        set_tcp_keepidle(descriptor, KEEPALIVE)?;
        set_tcp_keepintvl(descriptor, KEEPALIVE)?;
        set_tcp_keepcnt(descriptor, KEEPALIVE_TRIES)?;
        Ok(socket)
    }

    /// Connects to a socket on this machine.
    pub fn connect_path(path: &Path, deadline: Instant, timeout: Duration) -> io::Result<Self> {
        let socket = Self::new(AddressFamily::UNIX, SocketFlags::empty(), timeout)?;
        // It waits while the server's queue of connections is full.
        set_socket_timeout(socket.own()?, Timeout::Send, Some(left(deadline).max(Duration::from_millis(1))))?;
        match rustix::net::connect(socket.own()?, &SocketAddrUnix::new(path)?) {
            Err(Errno::AGAIN) => Err(io::ErrorKind::TimedOut.into()),
            connected => connected.map(|()| socket).map_err(io::Error::from),
        }
    }

    /// A socket that is to be connected. Children close it from now on: one that is forked meanwhile, by another thread, keeps no connection.
    fn new(family: AddressFamily, flags: SocketFlags, timeout: Duration) -> io::Result<Self> {
        let flags = flags | SocketFlags::CLOEXEC;
        let socket = Tracked::new(rustix::net::socket_with(family, SocketType::STREAM, flags, None)?);
        let events = Tracked::new(epoll::create(epoll::CreateFlags::CLOEXEC)?);
        let socket = Self { socket, events };
        set_socket_timeout(socket.own()?, Timeout::Recv, Some(timeout))?;
        epoll::add(own(&socket.events)?, socket.own()?, epoll::EventData::new_u64(0), epoll::EventFlags::IN)?;
        Ok(socket)
    }

    /// Whether it is this process's.
    #[inline]
    pub fn is_own(&self) -> bool {
        self.socket.is_own()
    }

    /// Its descriptor.
    #[inline]
    fn own(&self) -> Result<&OwnedFd, Errno> {
        own(&self.socket)
    }

    /// Sends as much as there is room for.
    pub fn send(&self, bytes: &[u8]) -> Result<usize, Errno> {
        send(self.own()?, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)
    }

    /// Appends bytes that have arrived, as many as there is room for. It may wait for the first one, up to the time-out of the socket.
    pub fn receive(&self, into: &mut Vec<u8>, may_wait: bool) -> Result<Arrival, Cause> {
        let flags = if may_wait { RecvFlags::empty() } else { RecvFlags::DONTWAIT };
        match self.own().and_then(|socket| recv(socket, spare_capacity(into), flags)) {
            Ok((_, 0)) => Ok(Arrival::End),
            Ok(_) => Ok(Arrival::Some),
            Err(Errno::INTR | Errno::AGAIN) => Ok(Arrival::Nothing),
            Err(error) => Err(Cause::System(error)),
        }
    }

    /// Whether something has arrived, be it the end of the connection.
    pub fn has_arrived(&self) -> Result<bool, Errno> {
        let mut events = [epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) }];
        match epoll::wait(own(&self.events)?, &mut events, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
            Ok(count) => Ok(count > 0),
            // Without waiting there is no look that a signal could end; the next one tells.
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits for something to read and, if the caller has something to send, for room to do so.
    pub fn wait(&self, is_sending: bool, deadline: Instant) -> Result<Ready, Errno> {
        // Otherwise an end that sends without a pause would be waited for without an end.
        let left = left(deadline);
        if left.is_zero() {
            return Ok(Ready::TimedOut);
        }
        let interest = if is_sending { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        let mut descriptors = [PollFd::new(self.own()?, interest)];
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        match poll(&mut descriptors, Some(&timeout)) {
            Ok(0) => Ok(Ready::TimedOut),
            Ok(_) if descriptors[0].revents() == PollFlags::OUT => Ok(Ready::Writing),
            Ok(_) => Ok(Ready::Reading),
            Err(Errno::INTR) => Ok(Ready::Interrupted),
            Err(error) => Err(error),
        }
    }
}

/// A descriptor of this process.
#[inline]
fn own(tracked: &Tracked<OwnedFd>) -> Result<&OwnedFd, Errno> {
    tracked.get().ok_or(Errno::BADF)
}

/// The time that is left.
fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
