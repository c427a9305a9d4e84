//! Tables that a signal handler or a forked child goes through, whatever other threads are doing:
//! there is no lock, a slot never moves, and there are always enough.

use std::iter::successors;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// How many slots there are more each time.
const CHUNK: usize = 512;

/// The value of a slot that is not in use.
pub trait Unused: Sync + 'static {
    /// It.
    const UNUSED: Self;
}

/// A table that grows.
pub struct StaticTable<T> {
    slots: [T; CHUNK],
    more: AtomicPtr<StaticTable<T>>,
}

impl<T: Unused> Default for StaticTable<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Unused> StaticTable<T> {
    /// A table of unused slots.
    pub const fn new() -> Self {
        Self { slots: [const { T::UNUSED }; CHUNK], more: AtomicPtr::new(ptr::null_mut()) }
    }

    /// All slots there are, used and unused.
    pub fn iter(&'static self) -> impl Iterator<Item = &'static T> {
        successors(Some(self), |table| table.next()).flat_map(|table| &table.slots)
    }

    /// The first slot that `take` takes, of those there are or of new ones.
    pub fn take(&'static self, take: impl Fn(&T) -> bool) -> &'static T {
        let mut table = self;
        loop {
            if let Some(slot) = table.slots.iter().find(|slot| take(slot)) {
                return slot;
            }
            table = table.next().unwrap_or_else(|| table.grow());
        }
    }

    fn next(&self) -> Option<&'static Self> {
        // SAFETY: null, or what `grow` put there for ever.
        unsafe { self.more.load(Ordering::Acquire).as_ref() }
    }

    #[cold]
    fn grow(&self) -> &'static Self {
        let new = Box::into_raw(Box::new(Self::new()));
        match self.more.compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: from a box, and nobody frees it any more.
            Ok(_) => unsafe { &*new },
            // SAFETY: another thread was faster: ours is unknown to everybody, and its one is for ever.
            Err(theirs) => unsafe {
                drop(Box::from_raw(new));
                &*theirs
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::sync::atomic::AtomicBool;

    impl Unused for AtomicBool {
        const UNUSED: Self = AtomicBool::new(false);
    }

    #[test]
    fn threads_take_slots_of_their_own_and_there_are_always_more() {
        static TABLE: StaticTable<AtomicBool> = StaticTable::new();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(|| {
                    let take = |slot: &AtomicBool| !slot.swap(true, Ordering::AcqRel);
                    (0..CHUNK).map(|_| ptr::from_ref(TABLE.take(take)).addr()).collect::<Vec<_>>()
                })
            })
            .collect();
        let taken: HashSet<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(taken.len(), 4 * CHUNK);
        assert_eq!(TABLE.iter().filter(|slot| slot.load(Ordering::Relaxed)).count(), 4 * CHUNK);
    }
}
