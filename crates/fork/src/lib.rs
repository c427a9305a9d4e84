//! Forks: a number that is another one in each child, and things that a child does not have: descriptors, which it closes at its first
//! instruction, and values.
//!
//! A child closes before anything of it runs, so that a file's lock or a server's connection ends with the process that has it, however long
//! its children live. A program that another one becomes (`exec`) has only descriptors without `FD_CLOEXEC`: each [`Tracked`] one is to have it.

mod own;
mod static_table;

pub use own::OfProcess;
pub use static_table::{StaticTable, Unused};

use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering};

/// Descriptors to close in a forked child: their descriptions, and the leases on them, are the
/// parent's.
static DESCRIPTORS: StaticTable<AtomicI32> = StaticTable::new();
/// Counters that go up in each child.
static COUNTERS: StaticTable<AtomicPtr<AtomicU64>> = StaticTable::new();

impl Unused for AtomicI32 {
    const UNUSED: Self = AtomicI32::new(-1);
}

impl Unused for AtomicPtr<AtomicU64> {
    const UNUSED: Self = AtomicPtr::new(std::ptr::null_mut());
}

/// How often this process is a child of a process that asked.
static FORKS: AtomicU64 = AtomicU64::new(1);
/// A word in a page that the kernel empties in every child, also in one that runs no handlers.
static FAMILY: AtomicPtr<AtomicU64> = AtomicPtr::new(std::ptr::null_mut());

/// A descriptor that a forked child closes, without touching the locks or the connection behind it, which are the parent's.
#[derive(Debug)]
pub struct Tracked<D: AsRawFd> {
    /// `None` once it is closed.
    descriptor: Option<D>,
    slot: &'static AtomicI32,
    generation: u64,
}

impl<D: AsRawFd> Tracked<D> {
    /// Has it closed in children from now on. (One that another thread forks between its opening and this has it, and does not know.)
    pub fn new(descriptor: D) -> Self {
        let generation = fork_generation();
        let fd = descriptor.as_raw_fd();
        let slot = DESCRIPTORS.take(|slot| slot.compare_exchange(-1, fd, Ordering::AcqRel, Ordering::Relaxed).is_ok());
        Self { descriptor: Some(descriptor), slot, generation }
    }

    /// The descriptor; `None` where it is closed, as in a child.
    #[inline]
    pub fn get(&self) -> Option<&D> {
        self.descriptor.as_ref().filter(|_| self.is_own())
    }

    /// Whether it is this process's, and not that of one that this one was forked from.
    #[inline]
    pub fn is_own(&self) -> bool {
        self.generation == fork_generation()
    }

    /// Closes the descriptor. (A file's locks last as long as something is mapped by it.)
    pub fn close(&mut self) {
        let Some(descriptor) = self.descriptor.take() else { return };
        if self.is_own() {
            self.slot.store(-1, Ordering::Release);
            drop(descriptor);
        } else {
            // Closed in the child already: the number may be somebody else's by now.
            std::mem::forget(descriptor);
        }
    }
}

impl<D: AsRawFd> Drop for Tracked<D> {
    fn drop(&mut self) {
        self.close();
    }
}

/// From now on the counter goes up by one in each child, before anything of it runs. (It may be named any number of times.)
pub fn count_forks_in(counter: &'static AtomicU64) {
    // So that forks are noticed.
    fork_generation();
    let new = std::ptr::from_ref(counter).cast_mut();
    COUNTERS.take(|slot| {
        let is_free = slot.compare_exchange(std::ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire);
        is_free.is_ok() || is_free == Err(new)
    });
}

/// A number that is another one in a forked child: a few nanoseconds, and no system call.
#[inline]
pub fn fork_generation() -> u64 {
    let family = FAMILY.load(Ordering::Acquire);
    // SAFETY: null, or the page that `watch_forks` mapped for ever.
    match unsafe { family.as_ref() } {
        Some(word) if word.load(Ordering::Relaxed) != 0 => FORKS.load(Ordering::Relaxed),
        _ => after_fork(),
    }
}

#[cold]
fn after_fork() -> u64 {
    if FAMILY.load(Ordering::Acquire).is_null() {
        watch_forks();
    }
    in_child();
    FORKS.load(Ordering::Relaxed)
}

/// Several threads may do this at the same time, as everything that a process does once here: none
/// waits for another to have done it, since a child that is forked meanwhile has no such other, and
/// would wait for ever.
fn watch_forks() {
    // SAFETY: a private page of our own, unmapped only where nobody knows of it; `madvise` may fail
    // on old kernels, then only the handler below notices forks. `in_child` may run in any child,
    // and more than once.
    unsafe {
        let page = libc::mmap(
            std::ptr::null_mut(),
            4096,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        /// Where there is no address space for a page: as where `madvise` fails.
        static WORD: AtomicU64 = AtomicU64::new(0);
        let has_page = page != libc::MAP_FAILED;
        let word = if has_page { page.cast::<AtomicU64>() } else { (&raw const WORD).cast_mut() };
        if has_page {
            libc::madvise(page, 4096, libc::MADV_WIPEONFORK);
        }
        (*word).store(1, Ordering::Relaxed);
        libc::pthread_atfork(None, None, Some(forked));
        if FAMILY.compare_exchange(std::ptr::null_mut(), word, Ordering::AcqRel, Ordering::Relaxed).is_err() && has_page
        {
            libc::munmap(page, 4096);
        }
    }
}

extern "C" fn forked() {
    /// The last process in which it has run: several threads may have registered it at once, and a child counts once.
    static LAST: AtomicI32 = AtomicI32::new(0);
    // SAFETY: it has no preconditions, and may be called in a handler.
    let process = unsafe { libc::getpid() };
    let has_run = LAST.swap(process, Ordering::Relaxed) == process;
    // SAFETY: as in `fork_generation`.
    if let Some(word) = unsafe { FAMILY.load(Ordering::Acquire).as_ref() } {
        // (In another namespace a child may have its parent's number: but the kernel has emptied its page then.)
        if has_run && word.load(Ordering::Relaxed) != 0 {
            return;
        }
        // The kernel may not have emptied the page (see above).
        word.store(0, Ordering::Relaxed);
    }
    in_child();
}

/// Closes what was inherited, once in each child. Async-signal-safe: atomics and `close`.
fn in_child() {
    // SAFETY: as in `fork_generation`.
    let Some(word) = (unsafe { FAMILY.load(Ordering::Acquire).as_ref() }) else { return };
    if word.swap(1, Ordering::AcqRel) != 0 {
        return;
    }
    FORKS.fetch_add(1, Ordering::Relaxed);
    for counter in COUNTERS.iter() {
        // SAFETY: unused, or a counter that is there for ever (`count_forks_in`).
        if let Some(counter) = unsafe { counter.load(Ordering::Acquire).as_ref() } {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
    for slot in DESCRIPTORS.iter() {
        let fd = slot.swap(-1, Ordering::AcqRel);
        if fd >= 0 {
            // SAFETY: a descriptor of ours, inherited; its `Tracked` knows that it is gone. Closing
            // leaves the parent's locks alone, which an unlock would not.
            unsafe { libc::close(fd) };
        }
    }
}
