//! The standard streams, as they were given. Rust's own take a stream that was closed for one that gives and takes nothing, without a
//! word: `syncctl export FILE >&-` would be fine, and `syncctl import FILE <&-` empty.

use std::ffi::c_int;
use std::io::{self, Read, Write};

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, fcntl_getfd};

/// Runs before anything else of the process.
#[used]
// SAFETY: the C library calls what this section lists before `main`, in the main thread; the function fits, and uses no more of Rust
// than system calls.
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = open_the_closed;

/// Opens what was closed, the wrong way: so no file that the command opens gets its number, and reading and writing fail as they would
/// have. (Rust's start, which comes next, opens only what is closed.)
extern "C" fn open_the_closed() {
    const STREAMS: [(c_int, OFlags); 3] = [(0, OFlags::WRONLY), (1, OFlags::RDONLY), (2, OFlags::RDONLY)];
    for (number, flags) in STREAMS {
        // SAFETY: the number is only asked about, and stays as it is.
        let stream = unsafe { rustix::fd::BorrowedFd::borrow_raw(number) };
        if fcntl_getfd(stream) == Err(Errno::BADF)
            // (The lowest number that is free: this one.)
            && let Ok(opened) = rustix::fs::open(c"/dev/null", flags, Mode::empty())
        {
            std::mem::forget(opened);
        }
    }
}

/// Standard input.
pub struct Input;

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(rustix::stdio::stdin(), buffer)?)
    }
}

/// Standard output, unbuffered.
pub struct Out;

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(rustix::stdio::stdout(), bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
