//! Forks: a number that changes in each child, and the descriptors that a child closes.

use super::clock::announce_change;
use super::static_table::{StaticTable, Unused};
use std::fs::File as Descriptor;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering};

/// Descriptors to close in a forked child: their descriptions, and the leases on them, are the
/// parent's.
static DESCRIPTORS: StaticTable<AtomicI32> = StaticTable::new();

impl Unused for AtomicI32 {
    const UNUSED: Self = AtomicI32::new(-1);
}

/// How often this process is a child of a process that had files open.
static FORKS: AtomicU64 = AtomicU64::new(1);
/// A word in a page that the kernel empties in every child, also in one that runs no handlers.
static FAMILY: AtomicPtr<AtomicU64> = AtomicPtr::new(std::ptr::null_mut());

/// A descriptor that a forked child closes without touching its locks.
pub struct Tracked {
    /// `None` once it is closed.
    file: Option<Descriptor>,
    slot: &'static AtomicI32,
    generation: u64,
}

impl Tracked {
    pub fn new(file: Descriptor) -> Self {
        let generation = fork_generation();
        let fd = file.as_raw_fd();
        let slot = DESCRIPTORS.take(|slot| slot.compare_exchange(-1, fd, Ordering::AcqRel, Ordering::Relaxed).is_ok());
        Self { file: Some(file), slot, generation }
    }

    /// The descriptor; `None` where it is closed, as in a child.
    pub fn get(&self) -> Option<&Descriptor> {
        self.file.as_ref().filter(|_| self.generation == fork_generation())
    }

    /// Closes the descriptor. (Its locks last as long as something is mapped by it.)
    pub fn close(&mut self) {
        let Some(file) = self.file.take() else { return };
        if self.generation != fork_generation() {
            // Closed in the child already: the number may be somebody else's by now.
            std::mem::forget(file);
        } else {
            self.slot.store(-1, Ordering::Release);
            drop(file);
        }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.close();
    }
}

/// A number that is another one in a forked child.
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
    // The kernel may not have emptied the page (see above).
    // SAFETY: as in `fork_generation`.
    if let Some(word) = unsafe { FAMILY.load(Ordering::Acquire).as_ref() } {
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
    // Each store finds its file by its own path.
    announce_change();
    for slot in DESCRIPTORS.iter() {
        let fd = slot.swap(-1, Ordering::AcqRel);
        if fd >= 0 {
            // SAFETY: a descriptor of ours, inherited; its `Tracked` knows that it is gone. Closing
            // leaves the parent's locks alone, which an unlock would not.
            unsafe { libc::close(fd) };
        }
    }
}
