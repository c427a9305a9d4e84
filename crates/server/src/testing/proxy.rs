//! A network with faults: a proxy at a port of TCP, before a server at a socket or at another port.

use super::super::address::Host;
use super::super::connection::Endpoint;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// The faults on the way. The default is none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Both connections end after so many bytes of requests.
    pub cut_requests: Option<u64>,
    /// Both connections end after so many bytes of answers and pushes.
    pub cut_answers: Option<u64>,
    /// No bytes of answers arrive after so many, and no end.
    pub stall_answers: Option<u64>,
    /// No bytes of requests are taken after so many.
    pub stall_requests: Option<u64>,
    /// Each piece of an answer has so many bytes at most (0: any number), and comes by itself.
    pub piece: usize,
    /// The time between two pieces of an answer, and before the first.
    pub delay: Duration,
}

/// A proxy. Its connections go on after it was dropped; it takes no more.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

/// The bytes that were forwarded, and the end.
#[derive(Default)]
struct Shared {
    requests: AtomicU64,
    answers: AtomicU64,
    has_ended: AtomicBool,
}

impl Proxy {
    /// Begins to listen, before a server at a socket. All connections have the same faults, counted for each of them.
    pub fn start(server: PathBuf, faults: Faults) -> Self {
        Self::before(faults, move || UnixStream::connect(&server))
    }

    /// The same, before a server at a port.
    pub fn before_port(server: Host, faults: Faults) -> Self {
        // (Only what all streams can do is done with it.)
        let connect = move || TcpStream::connect((server.name.as_str(), server.port)).map(OwnedFd::from);
        Self::before(faults, move || connect().map(UnixStream::from))
    }

    fn before(faults: Faults, connect: impl Fn() -> io::Result<UnixStream> + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                if of_thread.has_ended.load(Ordering::Acquire) {
                    break;
                }
                let (Ok(client), Ok(server)) = (client, connect()) else { continue };
                let _ = client.set_nodelay(true);
                forward(client, server, faults, of_thread.clone());
            }
        });
        Self { port, shared }
    }

    /// Its end.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::Host(Host { name: "127.0.0.1".to_owned(), port: self.port })
    }

    /// The bytes of requests that it has forwarded, or is forwarding.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Acquire)
    }

    /// The bytes of answers and pushes that it has forwarded, or is forwarding.
    pub fn answers(&self) -> u64 {
        self.shared.answers.load(Ordering::Acquire)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.has_ended.store(true, Ordering::Release);
        // The listener wakes up, and looks.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Two threads, one for each direction.
fn forward(client: TcpStream, server: UnixStream, faults: Faults, shared: Arc<Shared>) {
    let end = {
        let (client, server) = (client.try_clone().expect("a descriptor"), server.try_clone().expect("a descriptor"));
        Arc::new(move || {
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        })
    };
    let (mut from_client, mut to_client) = (client.try_clone().expect("a descriptor"), client);
    let (mut from_server, mut to_server) = (server.try_clone().expect("a descriptor"), server);
    let (end_of_requests, of_requests) = (end.clone(), shared.clone());
    thread::spawn(move || {
        let limits = Limits { cut: faults.cut_requests, stall: faults.stall_requests, piece: 0, delay: Duration::ZERO };
        limits.copy(&mut from_client, &mut to_server, &of_requests.requests);
        end_of_requests();
    });
    thread::spawn(move || {
        let Faults { cut_answers: cut, stall_answers: stall, piece, delay, .. } = faults;
        Limits { cut, stall, piece, delay }.copy(&mut from_server, &mut to_client, &shared.answers);
        end();
    });
}

/// The faults of one direction.
struct Limits {
    cut: Option<u64>,
    stall: Option<u64>,
    piece: usize,
    delay: Duration,
}

impl Limits {
    /// Copies until the end of either side, or to the cut.
    fn copy(&self, from: &mut impl Read, to: &mut impl Write, count: &AtomicU64) {
        let mut buffer = [0; 16 * 1024];
        let mut copied = 0_u64;
        loop {
            let mut room = if self.piece == 0 { buffer.len() } else { self.piece };
            for limit in [self.cut, self.stall].into_iter().flatten() {
                room = room.min((limit - copied) as usize);
            }
            if room == 0 {
                if self.cut == Some(copied) {
                    return;
                }
                // Nothing more comes this way; the other one ends the connection.
                thread::park();
                continue;
            }
            let Ok(read @ 1..) = from.read(&mut buffer[..room]) else { return };
            thread::sleep(self.delay);
            // Counted before: a reader who has the bytes finds them counted.
            count.fetch_add(read as u64, Ordering::AcqRel);
            if to.write_all(&buffer[..read]).is_err() {
                return;
            }
            copied += read as u64;
        }
    }
}
