//! The memory of vectors that are made again and again.

use std::cell::Cell;

/// Bytes that are kept at most.
const MOST: usize = 1 << 20;

/// The memory of a vector that is out of use, for the next one. (Else what is large goes back to the system each time, and
/// comes anew page by page, which takes longer than filling it.) `T`: an item that is as large as those in the vectors, which may borrow
/// something for a while.
pub struct Spare<T>(Cell<Vec<T>>);

impl<T> Spare<T> {
    /// None yet.
    pub const fn new() -> Self {
        Self(Cell::new(Vec::new()))
    }

    /// An empty vector, with the memory that there is.
    pub fn take<U>(&self) -> Vec<U> {
        emptied(self.0.take())
    }

    /// Keeps the memory of a vector, unless it is very large.
    pub fn keep<U>(&self, vector: Vec<U>) {
        if size_of::<U>() * vector.capacity() <= MOST {
            self.0.set(emptied(vector));
        }
    }
}

impl<T> Default for Spare<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The memory of a vector, for items of another type. (Collecting from a vector into one of items as large stays in its memory.)
fn emptied<T, U>(mut vector: Vec<T>) -> Vec<U> {
    vector.clear();
    vector.into_iter().map(|_| unreachable!("there are none")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_vector_lies_where_the_last_one_did() {
        let spare: Spare<&'static [u8]> = Spare::new();
        let bytes = [1, 2, 3];
        let mut vector: Vec<&[u8]> = spare.take();
        assert_eq!(vector.capacity(), 0);
        vector.extend([&bytes[..]; 100]);
        let (at, room) = (vector.as_ptr().addr(), vector.capacity());
        spare.keep(vector);
        let next: Vec<&[u8]> = spare.take();
        assert_eq!((next.len(), next.as_ptr().addr(), next.capacity()), (0, at, room));
        spare.keep(Vec::<&[u8]>::with_capacity(MOST));
        assert_eq!(spare.take::<&[u8]>().capacity(), 0, "that was too much");
    }
}
