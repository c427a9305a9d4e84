//! A proxy that hands a server one request after the other, so that something else can happen between any two of a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Something to do before a request, of which these are the words.
type Before = Box<dyn FnMut(&[Vec<u8>]) + Send>;

/// The proxy. Its connections go on after it was dropped.
pub struct Steps {
    socket: PathBuf,
    before: Arc<Mutex<Before>>,
}

impl Steps {
    /// Listens at a socket beside that of the server.
    pub fn start(server: &Path) -> Self {
        let socket = server.with_extension("steps");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let before = Arc::new(Mutex::new(Box::new(|_: &[Vec<u8>]| ()) as Before));
        let (server, of_thread) = (server.to_owned(), before.clone());
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, UnixStream::connect(&server)) else { continue };
                let before = of_thread.clone();
                thread::spawn(move || forward(&client, &server, &before));
            }
        });
        Self { socket, before }
    }

    /// The socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Does this before each request from now on.
    pub fn before(&self, action: impl FnMut(&[Vec<u8>]) + Send + 'static) {
        *self.before.lock().expect("no action has failed") = Box::new(action);
    }

    /// Does this once, before the first request that has such a word.
    pub fn once_before(&self, word: &'static str, action: impl FnOnce() + Send + 'static) {
        let mut action = Some(action);
        self.before(move |words| {
            if words.iter().any(|each| each == word.as_bytes())
                && let Some(action) = action.take()
            {
                action();
            }
        });
    }
}

/// Forwards requests, each when the one before it has an answer, until the end of either side.
fn forward(client: &UnixStream, server: &UnixStream, before: &Mutex<Before>) {
    let answered = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut from, mut to, mut buffer) = (server, client, [0; 16 * 1024]);
            while let Ok(read @ 1..) = from.read(&mut buffer)
                && to.write_all(&buffer[..read]).is_ok()
            {
                answered.fetch_add(1, Ordering::AcqRel);
            }
            let _ = client.shutdown(Shutdown::Both);
        });
        let (mut from, mut to) = (BufReader::new(client), server);
        while let Some((bytes, words)) = request(&mut from) {
            (before.lock().expect("no action has failed"))(&words);
            let answers = answered.load(Ordering::Acquire);
            if to.write_all(&bytes).is_err() {
                break;
            }
            while answered.load(Ordering::Acquire) == answers && client.take_error().is_ok_and(|error| error.is_none())
            {
                thread::sleep(Duration::from_micros(50));
            }
        }
        let _ = server.shutdown(Shutdown::Both);
    });
}

/// The next request: its bytes, and its words.
fn request(from: &mut impl BufRead) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let mut bytes = Vec::new();
    let number = |bytes: &mut Vec<u8>, from: &mut dyn BufRead| {
        let start = bytes.len();
        from.read_until(b'\n', bytes).ok()?;
        std::str::from_utf8(bytes.get(start + 1..)?).ok()?.trim_end().parse::<usize>().ok()
    };
    let words = number(&mut bytes, from)?;
    let mut all = Vec::new();
    for _ in 0..words {
        let length = number(&mut bytes, from)?;
        let start = bytes.len();
        bytes.resize(start + length + 2, 0);
        from.read_exact(&mut bytes[start..]).ok()?;
        all.push(bytes[start..start + length].to_vec());
    }
    Some((bytes, all))
}
