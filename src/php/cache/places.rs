//! The places of a table: from hash to entry.
//!
//! A name lies in one of the [`WINDOW`] places from its home on, wherever in there: a search looks at so many and no more, for
//! whatever names.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::Cell;
use std::ops::Range;
use std::ptr::{self, NonNull};

use super::entry::Entry;

/// Places that a name may lie in.
pub const WINDOW: usize = 8;
/// Spreads PHP's hash, whose low bits alone tell short names apart, to the high ones.
pub const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// A place. PHP's hashes are not 0: that is a free place.
#[repr(C)]
#[derive(Clone, Copy)]
struct Place {
    hash: u64,
    entry: *mut Entry,
}

const FREE: Place = Place { hash: 0, entry: ptr::null_mut() };

/// A window in which there is nothing.
#[repr(C, align(64))]
struct Nothing([Place; WINDOW]);
// SAFETY: it is never written to.
unsafe impl Sync for Nothing {}
static NOTHING: Nothing = Nothing([FREE; WINDOW]);

/// The places of a table. They do not own the entries.
pub struct Places {
    first: Cell<*mut Place>,
    /// How far a spread hash is shifted to give a home, less one: 63 where nothing was allocated.
    shift: Cell<u32>,
    used: Cell<usize>,
}

impl Places {
    /// Only a window in which there is nothing.
    pub const fn none() -> Self {
        Self { first: Cell::new((&raw const NOTHING).cast_mut().cast()), shift: Cell::new(63), used: Cell::new(0) }
    }

    /// So many homes, as a power of two; `None` where there is no memory for that.
    pub fn new(bits: u32) -> Option<Self> {
        // SAFETY: the layout is not empty; all bits zero is a free place.
        let first: *mut Place = unsafe { alloc_zeroed(Self::layout(bits)) }.cast();
        (!first.is_null()).then(|| Self { first: Cell::new(first), shift: Cell::new(63 - bits), used: Cell::new(0) })
    }

    #[inline(always)]
    fn home(&self, hash: u64) -> usize {
        ((hash.wrapping_mul(SPREAD) >> 1) >> self.shift.get()) as usize
    }

    /// Home places, as a power of two.
    pub fn bits(&self) -> u32 {
        63 - self.shift.get()
    }

    /// Home places.
    pub fn homes(&self) -> usize {
        1 << self.bits()
    }

    pub fn is_allocated(&self) -> bool {
        self.shift.get() < 63
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        if self.is_allocated() { self.homes() + WINDOW - 1 } else { 0 }
    }

    /// How many of them have an entry.
    pub fn used(&self) -> usize {
        self.used.get()
    }

    /// Their bytes.
    pub fn size(&self) -> usize {
        if self.is_allocated() { Self::size_of(self.bits()) } else { 0 }
    }

    /// The bytes of so many homes, as a power of two.
    pub fn size_of(bits: u32) -> usize {
        Self::layout(bits).size()
    }

    /// The places where an entry with this hash may be.
    pub fn window(&self, hash: u64) -> Range<usize> {
        let home = self.home(hash);
        home..home + WINDOW
    }

    /// The entry with this hash that is the wanted one.
    ///
    /// # Safety
    /// The entries live, and no reference to one is in use.
    #[inline(always)]
    pub unsafe fn find(&self, hash: u64, is_wanted: impl Fn(&Entry) -> bool) -> Option<NonNull<Entry>> {
        // SAFETY: a window lies in the table from each home on; a place that has a hash has an entry.
        unsafe {
            let window = &*self.first.get().add(self.home(hash)).cast::<[Place; WINDOW]>();
            let first = window.iter().position(|place| place.hash == hash)?;
            // (Names that have the same hash were meant to.)
            let found = window[first..].iter().find(|place| place.hash == hash && is_wanted(&*place.entry))?;
            NonNull::new(found.entry)
        }
    }

    /// Puts an entry that is not there into a free place; false where its window has none.
    #[inline]
    pub fn insert(&self, hash: u64, entry: NonNull<Entry>) -> bool {
        for at in if self.is_allocated() { self.window(hash) } else { 0..0 } {
            // SAFETY: a window lies in the table from each home on; no reference to a place is in use.
            let place = unsafe { &mut *self.first.get().add(at) };
            if place.hash == 0 {
                *place = Place { hash, entry: entry.as_ptr() };
                self.used.set(self.used.get() + 1);
                return true;
            }
        }
        false
    }

    /// A place, which is free where there is no such.
    fn get(&self, at: usize) -> Place {
        // SAFETY: there are so many places.
        if at < self.len() { unsafe { *self.first.get().add(at) } } else { FREE }
    }

    /// The entry in a place.
    pub fn at(&self, at: usize) -> Option<NonNull<Entry>> {
        NonNull::new(self.get(at).entry)
    }

    /// Empties a place: the entry that was in it.
    pub fn take(&self, at: usize) -> Option<NonNull<Entry>> {
        let entry = self.at(at)?;
        // SAFETY: it has an entry, so it is one of the places.
        unsafe { self.first.get().add(at).write(FREE) };
        self.used.set(self.used.get() - 1);
        Some(entry)
    }

    /// All entries, with their hashes.
    pub fn all(&self) -> impl Iterator<Item = (u64, NonNull<Entry>)> {
        (0..self.len()).map(|at| self.get(at)).filter_map(|place| Some((place.hash, NonNull::new(place.entry)?)))
    }

    /// Takes the place of others, which are returned.
    pub fn replace(&self, new: Self) -> Self {
        self.first.swap(&new.first);
        self.shift.swap(&new.shift);
        self.used.swap(&new.used);
        new
    }

    fn layout(bits: u32) -> Layout {
        Layout::array::<Place>((1 << bits) + WINDOW - 1).expect("fewer places than there are bytes")
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        if self.is_allocated() {
            // SAFETY: allocated by `new`, with this layout; nothing refers to it any more.
            unsafe { dealloc(self.first.get().cast(), Self::layout(self.bits())) };
        }
    }
}
