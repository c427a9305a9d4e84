//! `lock()`'s hold: how it begins, weakens and ends, and whom it keeps out.
//!
//! All but a few steps are done by the owner of the write lock. The hold names the lease of its holder, as the lock
//! does. A thread that has waited for a moment takes a *place* in line: a ticket, in any free lease slot. The end of a
//! hold gives it to the lowest ticket: the hold then names that thread's lease, as a *turn* that keeps others from
//! writing and nobody from reading, until the thread takes it up or is passed over. A thread leaves the line without
//! any lock, by one compare and swap of its place's state; so does a reader that takes its turn up.

use super::clock::tick;
use super::error::Failure;
use super::file::File;
use super::futex::futex_wake;
use super::header::{HELD, LeaseSlot};
use super::line::{CALLED, READING, TO_READ};
use super::lock::WriteGuard;
use super::lock_word::lease_of;
use super::memory::fence;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sync_backend::{Held, Patience};

/// In the hold: it is over, and anybody may end it. For a holder that cannot have the write lock, as another process
/// is stopped with it.
pub const OVER: u64 = 1 << 31;
/// Holds are a chain where the (coarse) clock does not move between one and the next, so that nobody else could come in
/// between. A chain that has lasted for so long, in nanoseconds, rests before its next hold: for threads that cannot line
/// up.
const CHAIN: u64 = 16_000_000;
const REST: Duration = Duration::from_micros(100);

/// How strong a hold is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// Writers wait.
    Writers = 0,
    /// Everybody waits: `lock()`.
    All = 1,
}

/// In the place of a [`Strength`]: a turn, which is as strong as [`Strength::Writers`]; the hold's object is the
/// number of the place.
pub const TURN_GIVEN: u64 = 2;

/// How an object sees the hold when it looks for a hold.
pub enum Hold {
    None,
    Mine,
    /// It is this thread's turn.
    MyTurn,
    /// Its holder has died, or given it up.
    Over,
    Other(Held),
}

/// A patience as the header keeps it: 0 for a lock that is waited for without end.
fn words_of_patience(patience: Patience) -> [u64; 2] {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    // However short a time is, it is not "for ever".
    [patience.timeout.map_or(0, |timeout| micros(timeout).max(1)), micros(patience.interval)]
}

fn patience_of_words([timeout, interval]: [u64; 2]) -> Patience {
    Patience {
        timeout: (timeout != 0).then(|| Duration::from_micros(timeout)),
        interval: Duration::from_micros(interval),
    }
}

impl File {
    /// How `object` sees the hold.
    pub fn hold_seen_by(&self, object: u64) -> Hold {
        let header = self.map.header();
        let word = header.hold.load(Ordering::Acquire);
        let Some(lease) = lease_of(word) else { return Hold::None };
        if word & OVER != 0 {
            return Hold::Over;
        }
        let strength = header.hold_strength.get();
        let same_thread = self.my_lease() == Some(lease);
        if same_thread && strength == TURN_GIVEN {
            return Hold::MyTurn;
        }
        if same_thread && header.hold_object.get() == object {
            return Hold::Mine;
        }
        if !same_thread && !self.is_alive(lease, true) {
            return Hold::Over;
        }
        Hold::Other(Held {
            patience: self.hold_patience(),
            same_thread,
            change: strength != Strength::All as u64,
            holder: self.process_of(lease),
            ticket: word,
            reading: false,
        })
    }

    fn hold_patience(&self) -> Patience {
        let header = self.map.header();
        patience_of_words([header.hold_timeout.get(), header.hold_interval.get()])
    }

    /// The object of this thread that holds the store.
    pub fn my_hold(&self) -> Option<u64> {
        let header = self.map.header();
        let word = header.hold.load(Ordering::Acquire);
        let lease = lease_of(word).filter(|_| word & OVER == 0 && header.hold_strength.get() != TURN_GIVEN)?;
        (self.my_lease() == Some(lease)).then(|| header.hold_object.get())
    }
}

impl WriteGuard<'_> {
    /// Whether anybody holds the store.
    #[inline]
    pub fn is_held(&self) -> bool {
        self.header().hold.get() != 0
    }

    /// Refuses where another object holds the store. A hold that is over is ended.
    #[cold]
    pub fn check_hold(&self, object: u64) -> Result<(), Failure> {
        loop {
            match self.file.hold_seen_by(object) {
                Hold::Other(held) => return Err(Failure::Held(held)),
                // It may be somebody's turn then.
                Hold::Over => self.end_hold(),
                Hold::None | Hold::Mine | Hold::MyTurn => return Ok(()),
            }
        }
    }

    /// Whether a hold is under way, be it this object's own. One that is over is ended. A turn is none: whoever it was given to has read
    /// nothing yet, and may be stopped, or not be scheduled, for as long as others wait.
    pub fn is_in_a_hold(&self, object: u64) -> bool {
        if !self.is_held() {
            return false;
        }
        let _ = self.check_hold(object);
        self.is_held() && self.header().hold_strength.get() != TURN_GIVEN
    }

    /// Whether a hold of this object is under way.
    pub fn is_my_hold(&self, object: u64) -> bool {
        self.file.my_hold() == Some(object)
    }

    /// As [`WriteGuard::check_hold`], for an access that only reads.
    #[cold]
    pub fn check_hold_on_readers(&self, object: u64) -> Result<(), Failure> {
        match self.check_hold(object) {
            Err(Failure::Held(held)) if held.change => Ok(()),
            Err(Failure::Held(held)) => Err(Failure::Held(Held { reading: true, ..held })),
            result => result,
        }
    }
}

impl WriteGuard<'_> {
    /// Begins a hold, or gives the one that this object has another strength and other times. A turn is taken
    /// up by that.
    pub fn hold(&self, object: u64, strength: Strength, patience: Patience) {
        let header = self.header();
        let goes_on = strength == Strength::All
            && header.hold_strength.get() == Strength::All as u64
            && self.file.my_hold() == Some(object);
        if goes_on {
            // To waiters it is the same hold.
            return self.set_patience(patience);
        }
        let lease = self.file.my_lease().expect("the owner of the lock has a lease");
        if let Some(place) = self.called() {
            place.wait.set(0);
        }
        header.hold_object.set(object);
        self.set_patience(patience);
        if strength == Strength::All {
            header.hold_token.set(0);
        }
        header.hold_strength.set(strength as u64);
        header.hold.store(self.ticket(lease), Ordering::Release);
        if strength == Strength::Writers {
            self.end_section();
        } else {
            drop(self.file.watching().take_hidden());
            header.commit.store(header.commit.get() | HELD, Ordering::Release);
            // As `File::has_seen_no_section` says: after the mark, before the section's first write.
            header.holds.store(header.holds.get().wrapping_add(1), Ordering::Release);
            fence(Ordering::Release);
        }
    }

    fn set_patience(&self, patience: Patience) {
        let header = self.header();
        let [timeout, interval] = words_of_patience(patience);
        header.hold_timeout.set(timeout);
        header.hold_interval.set(interval);
    }

    /// The word for a hold of this lease that begins now: no two are alike.
    fn ticket(&self, lease: u32) -> u64 {
        self.header().lock.get() >> 32 << 32 | u64::from(lease + 1)
    }

    /// Lets readers go on, from a hold of this thread that keeps them out.
    pub fn weaken_hold(&self) {
        let header = self.header();
        self.end_section();
        header.hold_strength.set(Strength::Writers as u64);
        self.set_patience(Patience::default());
        self.file.wake_all_who_wait();
    }

    pub fn end_section(&self) {
        let header = self.header();
        let commit = header.commit.get();
        if commit & HELD != 0 {
            header.hold_ended_at.set(tick());
            header.commit.store(commit & !HELD, Ordering::Release);
            self.file.watching().show(self.file.my_hold().is_some());
        }
    }

    /// Ends whatever hold there is, gives it to the first in line, and wakes its waiters.
    ///
    /// Death in here leaves the hold to a lease that is dead, or over: the next owner does this again. A place
    /// whose turn was called then, and to whom the hold was not given, is still in line.
    pub fn end_hold(&self) {
        let header = self.header();
        self.end_section();
        if let Some(place) = self.called() {
            place.wait.set(0);
        }
        let next = if header.queue.get() != 0 { self.call_next() } else { None };
        match &next {
            None => header.hold.store(0, Ordering::Release),
            Some(next) => {
                header.hold_object.set(u64::from(next.number));
                self.set_patience(Patience::default());
                header.hold_strength.set(TURN_GIVEN);
                header.hold.store(self.ticket(next.lease), Ordering::Release);
            }
        }
        if next.as_ref().is_none_or(|next| next.is_last) && header.queue.get() != 0 {
            header.queue.set(0);
        }
        // As in `File::sleep_until_it_ends`.
        fence(Ordering::SeqCst);
        let to_read = next.as_ref().is_some_and(|next| next.place.mark() & TO_READ != 0);
        if to_read || header.hold_waiters.get() != 0 {
            self.file.wake_all_who_wait();
        }
        if let Some(next) = next.filter(|_| !to_read) {
            futex_wake(&next.place.wait, 1);
        }
    }

    /// Whether it is this thread's turn.
    pub fn has_turn(&self) -> bool {
        self.file.has_turn()
    }

    /// Ends a change that was made under a hold.
    #[cold]
    pub fn finish_under_hold(&self) {
        if self.has_turn() {
            // The hold was its turn in line, and lasts for this one operation.
            self.end_hold();
        } else if self.header().commit.get() & HELD != 0 {
            self.file.watching().hide();
        }
    }

    /// The place whose turn the hold is, as long as the thread that has the hold is in it.
    pub fn called(&self) -> Option<&LeaseSlot> {
        let header = self.header();
        if header.hold_strength.get() != TURN_GIVEN {
            return None;
        }
        let place = self.file.lease_slot(u32::try_from(header.hold_object.get()).ok()?)?;
        let is_in_it = matches!(place.state(), CALLED | READING)
            && place.lease.get().checked_sub(1) == lease_of(header.hold.get()).map(u64::from);
        is_in_it.then_some(place)
    }

    /// Whether the hold that is to keep readers out should give others a moment first: it would be one of a long
    /// chain. If not, notes since when it is, and which chain it belongs to.
    #[inline]
    pub fn should_rest(&self) -> bool {
        let header = self.header();
        let now = tick();
        header.hold_since.set(now);
        if header.hold_ended_at.get() != now {
            self.begin_chain();
        }
        now.wrapping_sub(header.chain_since.get()) >= CHAIN
    }

    /// The next hold does not follow another one closely.
    pub fn begin_chain(&self) {
        let header = self.header();
        header.chain_since.set(header.hold_since.get());
    }
}

impl File {
    pub fn has_turn(&self) -> bool {
        let header = self.map.header();
        let word = header.hold.get();
        header.hold_strength.get() == TURN_GIVEN
            && word & OVER == 0
            && lease_of(word).is_some()
            && lease_of(word) == self.my_lease()
    }

    /// Says that the hold that this thread has is over, without the write lock.
    pub fn leave_hold(&self) {
        let header = self.map.header();
        let word = header.hold.get();
        // Nobody but this thread may have changed it, unless this thread passed for dead, or the file has begun another
        // life.
        if self.shows_our_header()
            && lease_of(word).is_some()
            && lease_of(word) == self.my_lease()
            && header.hold.compare_exchange(word, word | OVER).is_ok()
        {
            self.wake_all_who_wait();
            // (The section's last store may be that of its end: a fence, as there is no lock that becomes free.)
            fence(Ordering::SeqCst);
            self.tell_all(&self.watching().take_hidden());
        }
    }

    /// Wakes all readers in line, and all waiters that are not in line.
    pub fn wake_all_who_wait(&self) {
        let header = self.map.header();
        header.hold_waiters.set(0);
        let ended = &header.hold_ended;
        let mut word = ended.get();
        while let Err(now) = ended.compare_exchange(word, word.wrapping_add(1)) {
            word = now;
        }
        futex_wake(ended, i32::MAX);
    }

    /// Gives readers that cannot line up, as they may only read, a moment to look.
    #[cold]
    pub fn rest(&self) {
        self.wake_all_who_wait();
        std::thread::sleep(REST);
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
