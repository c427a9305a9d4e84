//! Values that a forked child does not have.

use super::fork_generation;
use std::cell::{Cell, Ref, RefCell, RefMut};

/// A value of the process that made it. In a forked child it is as it was at the beginning: nothing of the parent's can be taken for the
/// child's own.
#[derive(Debug)]
pub struct OfProcess<T> {
    value: RefCell<T>,
    generation: Cell<u64>,
}

impl<T: Default> Default for OfProcess<T> {
    fn default() -> Self {
        Self { value: RefCell::default(), generation: Cell::new(fork_generation()) }
    }
}

impl<T: Default> OfProcess<T> {
    /// The value, to look at.
    ///
    /// # Panics
    /// While it is borrowed to be changed; in a child, while it is borrowed at all from before the fork.
    #[inline]
    pub fn borrow(&self) -> Ref<'_, T> {
        self.begin();
        self.value.borrow()
    }

    /// The value, to be changed.
    ///
    /// # Panics
    /// While it is borrowed.
    #[inline]
    pub fn borrow_mut(&self) -> RefMut<'_, T> {
        self.begin();
        self.value.borrow_mut()
    }

    /// Puts another value in its place, and hands it over.
    pub fn replace(&self, value: T) -> T {
        std::mem::replace(&mut *self.borrow_mut(), value)
    }

    /// Hands the value over. What is left is as at the beginning.
    pub fn take(&self) -> T {
        self.replace(T::default())
    }

    /// Once in each child: forgets the parent's.
    #[inline]
    fn begin(&self) {
        let generation = fork_generation();
        if self.generation.get() != generation {
            // (Known before: the end of the parent's value may ask for this one.)
            self.generation.set(generation);
            let its = self.value.take();
            drop(its);
        }
    }
}
