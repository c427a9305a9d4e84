//! The bytes of values on their way between PHP and the store.
//!
//! They are in the engine's memory: `memory_limit` counts them, and the end of a request takes them back
//! whatever way it came to that. The store cannot make room there (it may own the write lock, and the engine
//! leaves by `longjmp` where the limit is exceeded), so it says how much it wants, and
//! [`super::retry::retry_into`] makes it.
//!
//! Memory of Rust's heap that is held across a call into the engine belongs to the thread, not to the stack, for the
//! same reason: a `longjmp` skips every `Drop`.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::value::ZendVec;

/// A buffer larger than this is not kept for the next use.
const KEPT: usize = 256 * 1024;

#[derive(Default)]
struct Slot {
    taken: Cell<bool>,
    bytes: UnsafeCell<ZendVec<u8>>,
}

type Parked = Option<NonNull<dyn std::any::Any>>;

/// The buffers of a thread's request.
#[derive(Default)]
pub struct Buffers {
    /// Boxed, so that a slot in use stays where it is while others are added.
    #[allow(clippy::vec_box)]
    slots: RefCell<Vec<Box<Slot>>>,
    parked: RefCell<Vec<Parked>>,
}

impl Buffers {
    /// An empty buffer. Which one it is does not follow a stack's order: fibers end in any order.
    #[inline]
    pub fn take(&self) -> Buffer {
        let mut slots = self.slots.borrow_mut();
        let at = slots.iter().position(|slot| !slot.taken.get()).unwrap_or_else(|| {
            slots.push(Box::default());
            slots.len() - 1
        });
        slots[at].taken.set(true);
        Buffer(NonNull::from(&*slots[at]))
    }

    /// Keeps `value` for as long as the result lives, or the request.
    pub fn park<T: 'static>(&'static self, value: T) -> Guard<T> {
        let value = NonNull::from(Box::leak(Box::new(value)));
        let mut parked = self.parked.borrow_mut();
        let at = parked.iter().position(Option::is_none).unwrap_or_else(|| {
            parked.push(None);
            parked.len() - 1
        });
        parked[at] = Some(value);
        Guard { value, at, buffers: self }
    }

    /// Takes everything back at a request's end, while the engine's memory is still there: nothing is in use any more,
    /// not even where the request ended by `longjmp`.
    pub fn reset(&self) {
        let mut slots = self.slots.borrow_mut();
        slots.truncate(1);
        for slot in slots.iter_mut() {
            slot.taken.set(false);
            slot.bytes.get_mut().free();
        }
        for value in self.parked.take().into_iter().flatten() {
            // SAFETY: parked by `park`, and not taken back by its guard.
            drop(unsafe { Box::from_raw(value.as_ptr()) });
        }
    }
}

/// A buffer in use; given back on drop.
pub struct Buffer(NonNull<Slot>);

impl Deref for Buffer {
    type Target = ZendVec<u8>;
    #[inline]
    fn deref(&self) -> &ZendVec<u8> {
        // SAFETY: the slot lives until the request's end, and is taken by this `Buffer` alone.
        unsafe { &*self.0.as_ref().bytes.get() }
    }
}

impl DerefMut for Buffer {
    #[inline]
    fn deref_mut(&mut self) -> &mut ZendVec<u8> {
        // SAFETY: the slot lives until the request's end, and is taken by this `Buffer` alone; `&mut` keeps other borrows of the bytes away.
        unsafe { &mut *self.0.as_ref().bytes.get() }
    }
}

impl Drop for Buffer {
    #[inline]
    fn drop(&mut self) {
        self.clear();
        if self.capacity() > KEPT {
            self.free();
        }
        // SAFETY: the slot lives until the request's end, whichever buffer takes it.
        unsafe { self.0.as_ref() }.taken.set(false);
    }
}

/// A parked value; dropped with the guard, or at the request's end.
pub struct Guard<T> {
    value: NonNull<T>,
    at: usize,
    buffers: &'static Buffers,
}

impl<T> Deref for Guard<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the value lives as long as the guard does.
        unsafe { self.value.as_ref() }
    }
}

impl<T> Drop for Guard<T> {
    fn drop(&mut self) {
        self.buffers.parked.borrow_mut()[self.at] = None;
        // SAFETY: came from a box, and is not in the list any more.
        drop(unsafe { Box::from_raw(self.value.as_ptr()) });
    }
}
