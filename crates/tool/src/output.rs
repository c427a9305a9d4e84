//! Standard output, which may be a terminal: that gets nothing that it would obey. Anything else gets the bytes that were asked for.

use std::io::{self, BufWriter, IsTerminal, Write, stdout};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::Errno;
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::printable::{HarmlessJson, Printable};
use crate::standard::Out;

/// Standard output.
pub struct Output {
    out: BufWriter<Out>,
    is_terminal: bool,
}

impl Output {
    pub fn new() -> Self {
        let is_terminal = stdout().is_terminal();
        Self { out: BufWriter::with_capacity(1 << 18, Out), is_terminal }
    }

    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Fails where nobody takes what is written: it cannot be written to, or those who would read it are gone. For a command that writes
    /// seldom.
    pub fn check_reader(&self) -> io::Result<()> {
        let out = rustix::stdio::stdout();
        if fcntl_getfl(out)? & OFlags::RWMODE == OFlags::RDONLY {
            return Err(Errno::BADF.into());
        }
        let mut polled = [PollFd::from_borrowed_fd(out, PollFlags::empty())];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        match poll(&mut polled, Some(&at_once)) {
            Ok(1..) if polled[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) => Err(Errno::PIPE.into()),
            _ => Ok(()),
        }
    }

    /// For much at once: whoever reads the other end of a pipe is to be woken seldom.
    pub fn of_much() -> Self {
        widen(rustix::stdio::stdout());
        Self::new()
    }

    /// Writes a string as JSON. (Most have nothing in them to be escaped, which is found out many bytes at once.)
    pub fn json_string(&mut self, text: &str) -> io::Result<()> {
        if self.is_terminal
            || text.bytes().fold(false, |found, byte| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\'))
        {
            return self.json(&text, false);
        }
        self.out.write_all(b"\"")?;
        self.out.write_all(text.as_bytes())?;
        self.out.write_all(b"\"")
    }

    /// Writes JSON.
    pub fn json(&mut self, value: &impl Serialize, pretty: bool) -> io::Result<()> {
        if !self.is_terminal {
            return write_json(value, pretty, &mut self.out);
        }
        let mut json = Vec::new();
        write_json(value, pretty, &mut json)?;
        write!(self.out, "{}", HarmlessJson(&String::from_utf8_lossy(&json)))
    }

    /// Writes bytes of somebody else's: as they are, but to a terminal as lines of text.
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.is_terminal {
            return self.out.write_all(bytes);
        }
        for (number, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            write!(self.out, "{}{}", if number == 0 { "" } else { "\n" }, Printable(line))?;
        }
        Ok(())
    }
}

/// A screen, where nobody says how large it is.
const SIZE: [u16; 2] = [120, 40];
/// No screen has more columns and rows: a terminal may say anything, and each cell takes memory.
const MOST: [u16; 2] = [1_000, 500];

/// The columns and rows of a screen for which a terminal says that it has so many.
pub fn screen_size(columns: u16, rows: u16) -> (u16, u16) {
    let one = |said: u16, axis: usize| if said == 0 { SIZE[axis] } else { said.min(MOST[axis]) };
    (one(columns, 0), one(rows, 1))
}

/// The columns and rows of the terminal at standard output; 0 where there is none, or it does not say.
pub fn reported_size() -> (u16, u16) {
    rustix::termios::tcgetwinsize(rustix::stdio::stdout()).map_or((0, 0), |size| (size.ws_col, size.ws_row))
}

/// Whether a terminal says how large it is, and that can be.
pub fn is_measured(terminal: impl AsFd) -> bool {
    rustix::termios::tcgetwinsize(terminal)
        .is_ok_and(|size| (1..=MOST[0]).contains(&size.ws_col) && (1..=MOST[1]).contains(&size.ws_row))
}

/// Lets a pipe have room for as much as any user may ask for; of anything else, nothing happens.
pub fn widen(pipe: impl AsFd) {
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, 1 << 20);
}

fn write_json(value: &impl Serialize, pretty: bool, out: &mut impl Write) -> io::Result<()> {
    let written = if pretty {
        value.serialize(&mut Serializer::with_formatter(out, PrettyFormatter::with_indent(b"    ")))
    } else {
        value.serialize(&mut Serializer::new(out))
    };
    written.map_err(Into::into)
}

/// Text of our own.
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
