//! The line of those that wait for the hold: places in lease slots, of any thread.
//!
//! A thread leaves the line without any lock, by one compare and swap of its place's state; so does a reader that takes
//! its turn up.

use super::file::File;
use super::format::LEASE_SLOTS;
use super::header::LeaseSlot;
use super::lock::WriteGuard;
use super::lock_word::NOBODY;
use super::opening::PlaceInLine;
use std::sync::atomic::Ordering;
use sync_fork::fork_generation;

/// The state of a place in line: the low half of its word, a futex of its thread, where that waits to write. The high half tells one
/// use of the place from the next: the ticket's low bits, and [`TO_READ`].
pub const FREE: u32 = 0;
pub const WAITING: u32 = 1;
/// Its turn has come.
pub const CALLED: u32 = 2;
/// A reader has taken its turn up.
pub const READING: u32 = 3;
/// In the high half: it waits to read, and sleeps on `hold_ended`, as all readers do.
pub const TO_READ: u32 = 1;

impl LeaseSlot {
    pub fn state(&self) -> u32 {
        self.wait.load(Ordering::Acquire) as u32
    }

    pub fn mark(&self) -> u32 {
        (self.wait.load(Ordering::Acquire) >> 32) as u32
    }

    /// Half of the hash of the named lock that its thread waits for; 0: it waits for the hold.
    pub fn named(&self) -> u32 {
        (self.lease.get() >> 32) as u32
    }

    /// Changes the state, if it is still `from` in this use of the place.
    pub fn change(&self, mark: u32, from: u32, to: u32) -> bool {
        let word = |state: u32| u64::from(mark) << 32 | u64::from(state);
        self.wait.compare_exchange(word(from), if to == FREE { 0 } else { word(to) }).is_ok()
    }
}

/// The one that is called next.
pub struct Next<'f> {
    pub number: u32,
    pub place: &'f LeaseSlot,
    pub lease: u32,
    /// Nobody waits behind it.
    pub is_last: bool,
}

impl WriteGuard<'_> {
    /// Calls the first living thread in line.
    #[cold]
    pub fn call_next(&self) -> Option<Next<'_>> {
        loop {
            let mut first: Option<(u64, u32, &LeaseSlot)> = None;
            let mut waiting = 0;
            for (number, place) in Line::of(self.file).places() {
                // One that was called, and does not have the hold: its caller died in the middle.
                if place.named() == 0 && matches!(place.state(), WAITING | CALLED) {
                    waiting += 1;
                    let ticket = place.ticket.get();
                    if first.is_none_or(|(lowest, ..)| ticket < lowest) {
                        first = Some((ticket, number, place));
                    }
                }
            }
            let (_, number, place) = first?;
            let lease = u32::try_from(place.lease.get().wrapping_sub(1)).unwrap_or(NOBODY);
            if !self.file.is_alive(lease, false) {
                place.wait.set(0);
            } else if place.change(place.mark(), WAITING, CALLED) || place.state() == CALLED {
                return Some(Next { number, place, lease, is_last: waiting == 1 });
            }
        }
    }

    /// Empties the line.
    pub fn clear_line(&self) {
        self.header().queue.set(0);
        self.header().lock_queue.set(0);
        for (_, place) in Line::of(self.file).places() {
            place.wait.set(0);
        }
    }

    /// Takes all places from a lease whose owner has died, for the thread that has it now.
    pub fn clear_places(&self, lease: u32) {
        for (_, place) in Line::of(self.file).places() {
            if place.state() != FREE && place.lease.get() as u32 == lease + 1 {
                place.wait.set(0);
            }
        }
    }
}

/// The line of a file, seen by this thread, which may stand in it.
#[derive(Clone, Copy)]
pub struct Line<'f> {
    file: &'f File,
}

impl<'f> Line<'f> {
    #[inline]
    pub fn of(file: &'f File) -> Self {
        Self { file }
    }

    /// This thread's place in line.
    pub fn place(self) -> Option<PlaceInLine> {
        let taken = self.file.place_note().get().filter(|taken| taken.generation == fork_generation())?;
        let place = self.file.lease_slot(taken.number)?;
        (place.mark() == taken.mark && place.state() != FREE).then_some(taken)
    }

    /// Whether that place, in that use of it, waits.
    pub fn waits_in(self, taken: PlaceInLine) -> bool {
        let word = u64::from(taken.mark) << 32 | u64::from(WAITING);
        self.file.lease_slot(taken.number).is_some_and(|place| place.wait.load(Ordering::Acquire) == word)
    }

    /// Whether this thread stands in line.
    pub fn is_in_line(self) -> bool {
        self.place().is_some()
    }

    /// All places, taken or not, with their numbers.
    pub fn places(self) -> impl Iterator<Item = (u32, &'f LeaseSlot)> {
        let file = self.file;
        (0..LEASE_SLOTS as u32).map_while(move |number| Some((number, file.lease_slot(number)?)))
    }

    /// Takes this thread's turn up, to read, if it has come. It is not passed over for a while then;
    /// [`Line::put_turn_off`], or [`File::leave_line`] ends that.
    pub fn take_turn(self) -> bool {
        self.change_place(CALLED, READING)
    }

    /// As if the turn had not been taken up: it was not possible to read.
    pub fn put_turn_off(self) {
        self.change_place(READING, CALLED);
    }

    /// Changes the state of this thread's place, if it is `from`.
    pub fn change_place(self, from: u32, to: u32) -> bool {
        let place = self.place().and_then(|taken| Some((self.file.lease_slot(taken.number)?, taken.mark)));
        place.is_some_and(|(place, mark)| place.change(mark, from, to))
    }
}
