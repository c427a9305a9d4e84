//! The bytes of values on their way between PHP and the store, in buffers that the request reuses.
//!
//! The engine may leave through a `longjmp` while a buffer is in use (memory limit, time limit):
//! so buffers belong to the thread, not to the stack, and a request's end takes them all back.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// A buffer larger than this is not kept for the next use.
const KEPT: usize = 256 * 1024;

#[derive(Default)]
struct Slot {
    taken: Cell<bool>,
    bytes: UnsafeCell<Vec<u8>>,
}

/// The buffers of a thread.
#[derive(Default)]
pub struct Buffers {
    /// Boxed, so that a slot in use stays where it is while others are added.
    #[allow(clippy::vec_box)]
    slots: RefCell<Vec<Box<Slot>>>,
}

impl Buffers {
    /// An empty buffer. Which one it is does not follow a stack's order: fibers end in any order.
    pub fn take(&self) -> Buffer {
        let mut slots = self.slots.borrow_mut();
        let at = slots.iter().position(|slot| !slot.taken.get()).unwrap_or_else(|| {
            slots.push(Box::default());
            slots.len() - 1
        });
        slots[at].taken.set(true);
        Buffer(NonNull::from(&*slots[at]))
    }

    /// At a request's end: nobody uses a buffer any more, whatever way they went.
    pub fn reset(&self) {
        let mut slots = self.slots.borrow_mut();
        slots.truncate(1);
        for slot in slots.iter_mut() {
            slot.taken.set(false);
            let bytes = slot.bytes.get_mut();
            bytes.clear();
            bytes.shrink_to(KEPT);
        }
    }
}

/// A buffer in use; given back on drop.
pub struct Buffer(NonNull<Slot>);

impl Deref for Buffer {
    type Target = Vec<u8>;
    fn deref(&self) -> &Vec<u8> {
        // SAFETY: the slot lives until the request's end, and is taken by this `Buffer` alone.
        unsafe { &*self.0.as_ref().bytes.get() }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        // SAFETY: as above.
        unsafe { &mut *self.0.as_ref().bytes.get() }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.clear();
        self.shrink_to(KEPT);
        // SAFETY: as above.
        unsafe { self.0.as_ref() }.taken.set(false);
    }
}
