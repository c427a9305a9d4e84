//! The end of a command that finds no memory. Rust would abort it, which is a status that says nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Cursor, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::outcome::Status;

#[global_allocator]
static MEMORY: Memory = Memory;

/// The system's memory; without it, the process ends.
struct Memory;

// SAFETY: all is the system's, whose contract this is; where that gives nothing, no caller goes on.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        given(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        given(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        given(unsafe { System.realloc(at, layout, size) })
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }
}

#[inline]
fn given(memory: *mut u8) -> *mut u8 {
    if memory.is_null() {
        end();
    }
    memory
}

/// The names that have been stored so far.
static STORED: AtomicU64 = AtomicU64::new(0);
/// The terminal as it was, while it is a screen.
static TERMINAL: OnceLock<Termios> = OnceLock::new();

/// Notes what has been done, which is told where there is no memory to go on.
pub fn has_stored(names: u64) {
    STORED.store(names, Ordering::Relaxed);
}

/// The terminal is about to be a screen: it is given back where there is no memory to go on.
pub fn keep_terminal() {
    if let Ok(modes) = tcgetattr(rustix::stdio::stdin()) {
        let _ = TERMINAL.set(modes);
    }
}

/// Says why, and ends the process, at once and without memory. (A change that was under way is put right by whoever comes next to the
/// file, as after any death.)
#[cold]
fn end() -> ! {
    if let Some(modes) = TERMINAL.get() {
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, modes);
        // The screen before, with its cursor.
        let _ = rustix::io::write(rustix::stdio::stdout(), b"\x1b[?1049l\x1b[?25h");
    }
    let mut text = Cursor::new([0; 256]);
    let _ = write!(text, "syncctl: There is no memory to go on: free some, or raise the limit (ulimit -v).");
    let _ = match STORED.load(Ordering::Relaxed) {
        0 => Ok(()),
        1 => write!(text, " 1 name has been stored."),
        names => write!(text, " {names} names have been stored."),
    };
    let _ = writeln!(text);
    let length = text.position() as usize;
    let _ = rustix::io::write(rustix::stdio::stderr(), &text.get_ref()[..length]);
    signal_hook::low_level::exit(Status::CannotOpen as i32)
}
