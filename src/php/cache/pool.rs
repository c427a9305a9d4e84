//! The memory of entries. It is never given back before the thread ends, so that an entry's address stays one: see
//! [`super::slot`].

use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, RefCell};
use std::ptr::{self, NonNull};

use super::entry::Entry;

/// Entries that are allocated at once.
const CHUNK: usize = 32;

/// Entries that are free, and all that there are.
pub struct Pool {
    chunks: RefCell<Vec<NonNull<Entry>>>,
    /// The first free entry; each leads to the next one.
    free: Cell<*mut Entry>,
}

impl Default for Pool {
    fn default() -> Self {
        Self { chunks: RefCell::default(), free: Cell::new(ptr::null_mut()) }
    }
}

impl Pool {
    /// A free place, for an entry that is to be written there; `None` where there is no memory.
    pub fn take(&self) -> Option<NonNull<Entry>> {
        let place = NonNull::new(self.free.get()).or_else(|| self.grow())?;
        // SAFETY: a free place leads to the next one.
        self.free.set(unsafe { *Self::link(place.as_ptr()) });
        Some(place)
    }

    /// Makes the place of an entry free.
    ///
    /// # Safety
    /// The place is of this pool. Its entry is one that has left ([`Entry::leave`]), and no table leads to it.
    pub unsafe fn remove(&self, entry: NonNull<Entry>) {
        // SAFETY: the caller promises a place of the pool.
        unsafe { Self::link(entry.as_ptr()).write(self.free.replace(entry.as_ptr())) };
    }

    /// Where a free place says which one is next: at its start, where an entry has its value.
    fn link(place: *mut Entry) -> *mut *mut Entry {
        place.cast()
    }

    /// Allocates some more; returns the first free one.
    fn grow(&self) -> Option<NonNull<Entry>> {
        let mut chunks = self.chunks.borrow_mut();
        chunks.try_reserve(1).ok()?;
        // SAFETY: the layout is not empty.
        let first = NonNull::new(unsafe { alloc(Self::layout()) }.cast::<Entry>())?;
        chunks.push(first);
        for n in (0..CHUNK).rev() {
            // SAFETY: the chunk has so many places; the fields are written before anything reads them.
            unsafe {
                let place = first.as_ptr().add(n);
                Entry::prepare(place);
                Self::link(place).write(self.free.replace(place));
            }
        }
        Some(first)
    }

    fn layout() -> Layout {
        Layout::array::<Entry>(CHUNK).expect("a small chunk")
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for chunk in self.chunks.take() {
            // SAFETY: allocated by `grow`, freed once. Nothing refers to an entry: the thread ends.
            unsafe { dealloc(chunk.as_ptr().cast(), Self::layout()) };
        }
    }
}
