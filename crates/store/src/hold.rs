//! `lock()`'s hold, and the line of those who wait for it.
//!
//! All but a few steps are done by the owner of the write lock. The hold names the lease of its holder, as the lock
//! does. A thread that has waited for a moment takes a *place* in line: a ticket, in any free lease slot. The end of a
//! hold gives it to the lowest ticket: the hold then names that thread's lease, as a *turn* that keeps others from
//! writing and nobody from reading, until the thread takes it up or is passed over. A thread leaves the line without
//! any lock, by one compare and swap of its place's state; so does a reader that takes its turn up.

use super::clock::tick;
use super::error::Failure;
use super::file::File;
use super::fork::fork_generation;
use super::format::LEASE_SLOTS;
use super::futex::{Woken, futex_wait, futex_wake};
use super::header::{HELD, LeaseSlot, Word};
use super::lock::{NOBODY, WriteGuard, lease_of};
use super::memory::{Instant, fence};
use super::opening::PlaceInLine;
use super::torture::meanwhile;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sync_backend::{Held, Patience, Waiting};

/// In the hold: it is over, and anybody may end it. For a holder that cannot have the write lock, as another process
/// is stopped with it.
const OVER: u64 = 1 << 31;
/// How long the end of a hold waits for the write lock.
const GIVE_BACK_WITHIN: Duration = Duration::from_millis(5);

/// How long a waiter waits for one and the same hold, and for one after the other, before it takes its place in line.
/// Within that, whoever comes first is next: of operations that take microseconds each, thousands fit into the time
/// in which a sleeper wakes up.
const LINE_UP_AFTER: Duration = Duration::from_micros(200);
const LINE_UP_AFTER_ALL: Duration = Duration::from_millis(20);
/// How long a waiter sleeps at most before it looks whether the holder lives.
const LOOK_AFTER: Duration = Duration::from_millis(10);
/// The shortest interval of a holder's that is believed.
const LEAST_INTERVAL: Duration = Duration::from_millis(1);
/// How long a thread has time to take up its turn, and a reader to read in it.
const TURN: Duration = Duration::from_millis(20);
const READ: Duration = Duration::from_secs(2);

/// Holds are a chain where the (coarse) clock does not move between one and the next, so that nobody else could come in
/// between. A chain that has lasted for so long, in nanoseconds, rests before its next hold: for those who cannot line
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
const TURN_GIVEN: u64 = 2;

/// The state of a place in line: the low half of its word, a futex for who waits to write. The high half tells one
/// use of the place from the next: the ticket's low bits, and [`TO_READ`].
const FREE: u32 = 0;
const WAITING: u32 = 1;
/// Its turn has come.
const CALLED: u32 = 2;
/// A reader has taken its turn up.
const READING: u32 = 3;
/// In the high half: it waits to read, and sleeps on `hold_ended`, as all readers do.
const TO_READ: u32 = 1;

/// A look at the store that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Looking {
    /// The log's end, without the mark of a hold.
    pub commit: u64,
    /// The number of holds that keep readers out, up to then.
    holds: u64,
}

/// How an object sees the hold when it looks for a hold.
enum Hold {
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

/// The notes of a waiter while it waits for one operation. It is plain data: to forget it does no harm.
#[derive(Debug, Default)]
pub struct Waiter {
    /// When it began to wait, and since when for the hold with this ticket.
    since: Option<Instant>,
    hold: Option<(u64, Instant)>,
    /// The turn that it saw when it last looked, and since when it has seen that one.
    turn: Option<(u64, Instant)>,
}

impl Waiting for Waiter {
    fn left(&mut self, held: &Held) -> Option<Duration> {
        let known = self.hold.filter(|(ticket, _)| *ticket == held.ticket);
        let (_, since) = *self.hold.insert(known.unwrap_or_else(|| (held.ticket, Instant::now())));
        let left = held.patience.timeout.map_or(Duration::MAX, |timeout| timeout.saturating_sub(since.elapsed()));
        (!left.is_zero()).then_some(left)
    }
}

impl LeaseSlot {
    fn state(&self) -> u32 {
        self.wait.load(Ordering::Acquire) as u32
    }

    fn mark(&self) -> u32 {
        (self.wait.load(Ordering::Acquire) >> 32) as u32
    }

    /// Changes the state, if it is still `from` in this use of the place.
    fn change(&self, mark: u32, from: u32, to: u32) -> bool {
        let word = |state: u32| u64::from(mark) << 32 | u64::from(state);
        self.wait.compare_exchange(word(from), if to == FREE { 0 } else { word(to) }).is_ok()
    }
}

// ---- looking for a hold ----------------------------------------------------------------------------

impl File {
    /// Whether `object` may go on with a read, as far as holds are concerned. A reader that finds a hold that is
    /// over ends it, if it may write.
    #[cold]
    pub fn check_hold(&self, object: u64) -> Result<(), Failure> {
        match self.hold_seen_by(object) {
            Hold::Other(held) if !held.change => Err(Failure::Held(Held { reading: true, ..held })),
            Hold::Over if self.writable => self.end_hold_that_is_over(object),
            _ => Ok(()),
        }
    }

    fn end_hold_that_is_over(&self, object: u64) -> Result<(), Failure> {
        let header = self.map.header();
        let hold = header.hold.get();
        if self.over().get() == hold && header.lock.get() as u32 != 0 {
            // It waited for the lock once: the holder left it to a process that is stopped.
            return Ok(());
        }
        match self.lock() {
            Ok(owner) => owner.check_hold_on_readers(object),
            Err(_) => {
                self.over().set(hold);
                Ok(())
            }
        }
    }

    /// Begins to look at the store for `object`, unless another's `lock()` keeps it out. See
    /// [`File::has_seen_no_section`].
    #[inline]
    pub fn begin_looking(&self, object: u64) -> Result<Looking, Failure> {
        let header = self.map.header();
        let holds = header.holds.load(Ordering::Acquire);
        let mut commit = header.commit.load(Ordering::Acquire);
        if commit & HELD != 0 {
            self.check_hold(object)?;
            // The holder may have gone on after that was loaded, and ended or died since: the end of its work is
            // what has to be seen.
            commit = header.commit.load(Ordering::Acquire);
        }
        let commit = commit & !HELD;
        if commit < self.seen() {
            return Err(self.went_back());
        }
        self.see(commit);
        meanwhile("beginning to look");
        Ok(Looking { commit, holds })
    }

    /// Whether all that was loaded since [`File::begin_looking`] is from outside of the sections that others
    /// hold `lock()` for. A holder moves `holds` after setting [`HELD`] and before its first write. A look
    /// that sees a write of such a section sees the section's number at its end; if it saw that number at its
    /// start already, it saw the mark, too, or the section's end.
    #[inline]
    pub fn has_seen_no_section(&self, looking: Looking) -> bool {
        fence(Ordering::Acquire);
        self.map.header().holds.load(Ordering::Relaxed) == looking.holds
    }

    fn hold_seen_by(&self, object: u64) -> Hold {
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

/// The one that is called next.
struct Next<'f> {
    number: u32,
    place: &'f LeaseSlot,
    lease: u32,
    /// Nobody waits behind it.
    is_last: bool,
}

// ---- beginning and ending one ------------------------------------------------------------------------

impl WriteGuard<'_> {
    /// Begins a hold, or gives the one that this object has another strength and other times. A turn is taken
    /// up by that.
    pub fn hold(&self, object: u64, strength: Strength, patience: Patience) {
        let header = self.header();
        let goes_on = strength == Strength::All
            && header.hold_strength.get() == Strength::All as u64
            && self.file.my_hold() == Some(object);
        if goes_on {
            // For those who wait it is the same hold.
            return self.set_patience(patience);
        }
        let lease = self.file.my_lease().expect("the owner of the lock has a lease");
        if let Some(place) = self.called() {
            place.wait.set(0);
        }
        header.hold_object.set(object);
        self.set_patience(patience);
        header.hold_strength.set(strength as u64);
        header.hold.store(self.ticket(lease), Ordering::Release);
        if strength == Strength::Writers {
            self.end_section();
        } else {
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

    fn end_section(&self) {
        let header = self.header();
        let commit = header.commit.get();
        if commit & HELD != 0 {
            header.hold_ended_at.set(tick());
            header.commit.store(commit & !HELD, Ordering::Release);
        }
    }

    /// Ends whatever hold there is, gives it to the first in line, and wakes those who wait for it.
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

    /// The place whose turn the hold is, as long as the thread that has the hold is in it.
    fn called(&self) -> Option<&LeaseSlot> {
        let header = self.header();
        if header.hold_strength.get() != TURN_GIVEN {
            return None;
        }
        let place = self.file.lease_slot(u32::try_from(header.hold_object.get()).ok()?)?;
        let is_in_it = matches!(place.state(), CALLED | READING)
            && place.lease.get().checked_sub(1) == lease_of(header.hold.get()).map(u64::from);
        is_in_it.then_some(place)
    }

    /// Calls the first in line who lives.
    #[cold]
    fn call_next(&self) -> Option<Next<'_>> {
        loop {
            let mut first: Option<(u64, u32, &LeaseSlot)> = None;
            let mut waiting = 0;
            for (number, place) in self.file.places() {
                // One that was called, and does not have the hold: whoever called it died in the middle.
                if matches!(place.state(), WAITING | CALLED) {
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

    /// Sends everybody home who stands in line.
    pub fn clear_line(&self) {
        self.header().queue.set(0);
        for (_, place) in self.file.places() {
            place.wait.set(0);
        }
    }

    /// Takes all places from a lease whose owner has died, for the one who has it now.
    pub fn clear_places(&self, lease: u32) {
        for (_, place) in self.file.places() {
            if place.state() != FREE && place.lease.get() == u64::from(lease) + 1 {
                place.wait.set(0);
            }
        }
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
    fn has_turn(&self) -> bool {
        let header = self.map.header();
        let word = header.hold.get();
        header.hold_strength.get() == TURN_GIVEN
            && word & OVER == 0
            && lease_of(word).is_some()
            && lease_of(word) == self.my_lease()
    }

    /// Ends the hold that this object has, or (`keep`) lets it keep out writers alone. Where another process is stopped in
    /// the middle of a write, this waits for some milliseconds and then leaves a hold that everybody takes for
    /// over.
    pub fn give_hold_back(&self, object: u64, keep: bool) {
        let owner = self.lock_within(GIVE_BACK_WITHIN);
        if self.my_hold() != Some(object) {
            return;
        }
        match owner {
            Ok(owner) if keep => owner.weaken_hold(),
            Ok(owner) => owner.end_hold(),
            Err(_) if keep => {
                self.map.header().hold_strength.store(Strength::Writers as u64, Ordering::Release);
                self.wake_all_who_wait();
            }
            Err(_) => self.leave_hold(),
        }
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
        }
    }

    /// Wakes all readers in line, and all who wait and are not in line.
    fn wake_all_who_wait(&self) {
        let header = self.map.header();
        header.hold_waiters.set(0);
        let ended = &header.hold_ended;
        let mut word = ended.get();
        while let Err(now) = ended.compare_exchange(word, word.wrapping_add(1)) {
            word = now;
        }
        futex_wake(ended, i32::MAX);
    }

    /// Lets those look who cannot line up: readers that may only read.
    #[cold]
    pub fn rest(&self) {
        self.wake_all_who_wait();
        std::thread::sleep(REST);
    }
}

// ---- waiting -------------------------------------------------------------------------------------------

/// The outcome of the attempt to take a place in line.
enum LinedUp {
    In(PlaceInLine),
    /// All places are taken, or the lock is.
    NoPlace,
    /// There is nothing to wait for.
    NotHeld,
}

impl File {
    /// Sleeps until the hold that `held` tells `object` of may have ended, or this thread's turn may have come; else
    /// for `at_most`, or until a signal comes. Returns no result: the caller tries again.
    pub fn wait(&self, object: u64, waiter: &mut Waiter, held: &Held, at_most: Duration) {
        let at_most = at_most.min(held.patience.interval.max(LEAST_INTERVAL));
        let start = Instant::now();
        let waited = waiter.since.get_or_insert(start).elapsed();
        let mut place = self.place();
        if place.is_none() && waited < LINE_UP_AFTER_ALL {
            let at_most = at_most.min(LINE_UP_AFTER);
            if self.sleep_until_it_ends(held.ticket, at_most) != Woken::TimedOut {
                return;
            }
        }
        // (Of one that was called, and not given the hold, somebody died in the middle.)
        if !place.is_some_and(|taken| self.waits_in(taken)) {
            place = match self.line_up(object, held) {
                LinedUp::In(taken) => Some(taken),
                LinedUp::NoPlace => None,
                LinedUp::NotHeld => return,
            };
        }
        loop {
            let left = at_most.saturating_sub(start.elapsed()).min(LOOK_AFTER);
            let slept = match place {
                Some(place) => self.sleep_in(place, left),
                None => self.sleep_until_it_ends(held.ticket, left),
            };
            if slept != Woken::TimedOut || !self.is_held_still(waiter) || start.elapsed() >= at_most {
                return;
            }
        }
    }

    /// Sleeps until the hold with this ticket ends, at most for `at_most`.
    fn sleep_until_it_ends(&self, ticket: u64, at_most: Duration) -> Woken {
        let header = self.map.header();
        let ended = header.hold_ended.load(Ordering::Acquire) as u32;
        if self.writable {
            header.hold_waiters.set(1);
        }
        // Says that it waits, then looks; whoever ends the hold says so, then looks who waits. With a fence
        // in between on both sides (tests/loom.rs) one of them sees the other.
        fence(Ordering::SeqCst);
        if header.hold.load(Ordering::Relaxed) != ticket {
            return Woken::Maybe;
        }
        self.sleep(&header.hold_ended, ended, at_most)
    }

    /// Sleeps until this thread's turn comes, at most for `at_most`.
    fn sleep_in(&self, taken: PlaceInLine, at_most: Duration) -> Woken {
        let header = self.map.header();
        let Some(place) = self.lease_slot(taken.number) else { return Woken::Maybe };
        if taken.mark & TO_READ == 0 {
            return self.sleep(&place.wait, WAITING, at_most);
        }
        let ended = header.hold_ended.load(Ordering::Acquire) as u32;
        if !self.waits_in(taken) {
            return Woken::Maybe;
        }
        self.sleep(&header.hold_ended, ended, at_most)
    }

    fn sleep(&self, word: &Word, expected: u32, at_most: Duration) -> Woken {
        let woken = futex_wait(word, expected, at_most);
        if woken == Woken::Fault {
            self.map.poison();
        }
        woken
    }

    /// Whether there is still reason to wait, as far as can be seen without the lock. Passes over a thread that does
    /// not take its turn up.
    fn is_held_still(&self, waiter: &mut Waiter) -> bool {
        let header = self.map.header();
        let word = header.hold.load(Ordering::Acquire);
        let Some(lease) = lease_of(word).filter(|_| word & OVER == 0) else { return false };
        if self.check_ours().is_err() {
            return false;
        }
        if header.hold_strength.get() == TURN_GIVEN && self.my_lease() != Some(lease) {
            // By this thread's own clock: those of others may differ.
            let known = waiter.turn.filter(|(seen, _)| *seen == word);
            let (_, since) = *waiter.turn.insert(known.unwrap_or_else(|| (word, Instant::now())));
            let waited = since.elapsed();
            if waited >= TURN && self.pass_over(word, waited >= READ) {
                waiter.turn = None;
                return false;
            }
        }
        self.is_alive(lease, true)
    }

    /// Gives the turn that this is to the next in line. False: a reader is at it, and is not to be passed over
    /// `while_reading`. (One that is passed over notices if it has seen a section, as readers always do.)
    #[cold]
    fn pass_over(&self, turn: u64, while_reading: bool) -> bool {
        let Ok(owner) = self.lock() else { return true };
        let header = owner.header();
        if header.hold.get() != turn || header.hold_strength.get() != TURN_GIVEN {
            return true;
        }
        // (A turn without a place: whoever passed it over died in the middle, or whoever was called left then.)
        let is_over = owner.called().is_none_or(|place| {
            place.change(place.mark(), CALLED, FREE) || (while_reading && place.change(place.mark(), READING, FREE))
        });
        if is_over {
            owner.end_hold();
        }
        is_over
    }

    /// Takes a place in line, unless this thread has one.
    #[cold]
    fn line_up(&self, object: u64, held: &Held) -> LinedUp {
        if !self.writable {
            return LinedUp::NoPlace;
        }
        let Ok(owner) = self.lock() else { return LinedUp::NoPlace };
        let checked = if held.reading { owner.check_hold_on_readers(object) } else { owner.check_hold(object) };
        if !matches!(checked, Err(Failure::Held(_))) {
            return LinedUp::NotHeld;
        }
        let header = owner.header();
        let Some(lease) = self.my_lease() else { return LinedUp::NoPlace };
        let first = lease % LEASE_SLOTS as u32;
        let numbers = (first..LEASE_SLOTS as u32).chain(0..first);
        let is_free = |number: &u32| self.lease_slot(*number).is_some_and(|place| place.state() == FREE);
        let (number, ticket) = match self.place() {
            // For an operation inside of one that waits already: a signal handler's.
            Some(taken) => (taken.number, self.lease_slot(taken.number).map_or(0, |place| place.ticket.get())),
            None => match numbers.clone().find(is_free) {
                Some(number) => {
                    header.tickets.add(1);
                    (number, header.tickets.get())
                }
                None => return LinedUp::NoPlace,
            },
        };
        let Some(place) = self.lease_slot(number) else { return LinedUp::NoPlace };
        let mark = (ticket as u32) << 1 | if held.reading { TO_READ } else { 0 };
        // First, should this thread die: where nobody is said to be in line, nobody looks for its place.
        header.queue.set(1);
        place.ticket.set(ticket);
        place.lease.set(u64::from(lease) + 1);
        place.wait.store(u64::from(mark) << 32 | u64::from(WAITING), Ordering::Release);
        let taken = PlaceInLine { number, mark, generation: fork_generation() };
        self.place_note().set(Some(taken));
        LinedUp::In(taken)
    }

    /// This thread's place in line.
    fn place(&self) -> Option<PlaceInLine> {
        let taken = self.place_note().get().filter(|taken| taken.generation == fork_generation())?;
        let place = self.lease_slot(taken.number)?;
        (place.mark() == taken.mark && place.state() != FREE).then_some(taken)
    }

    fn waits_in(&self, taken: PlaceInLine) -> bool {
        let word = u64::from(taken.mark) << 32 | u64::from(WAITING);
        self.lease_slot(taken.number).is_some_and(|place| place.wait.load(Ordering::Acquire) == word)
    }

    /// Whether this thread stands in line.
    pub fn is_in_line(&self) -> bool {
        self.place().is_some()
    }

    fn places(&self) -> impl Iterator<Item = (u32, &LeaseSlot)> {
        (0..LEASE_SLOTS as u32).map_while(|number| Some((number, self.lease_slot(number)?)))
    }

    /// Takes this thread's turn up, to read, if it has come. It is not passed over for a while then;
    /// [`File::put_turn_off`], or [`File::leave_line`] ends that.
    pub fn take_turn(&self) -> bool {
        self.change_place(CALLED, READING)
    }

    /// As if the turn had not been taken up: it was not possible to read.
    pub fn put_turn_off(&self) {
        self.change_place(READING, CALLED);
    }

    fn change_place(&self, from: u32, to: u32) -> bool {
        let place = self.place().and_then(|taken| Some((self.lease_slot(taken.number)?, taken.mark)));
        place.is_some_and(|(place, mark)| place.change(mark, from, to))
    }

    /// Leaves the line; if it is this thread's turn, the next one is called.
    pub fn leave_line(&self) {
        if self.is_in_line() && !self.change_place(WAITING, FREE) {
            // Kept until the place is free: nobody is to call it again in between.
            let owner = self.lock_within(GIVE_BACK_WITHIN);
            match &owner {
                Ok(owner) if owner.has_turn() => owner.end_hold(),
                Err(_) if self.has_turn() => self.leave_hold(),
                _ => {}
            }
            // Its caller died before it gave the hold.
            self.change_place(CALLED, FREE);
            self.change_place(READING, FREE);
        }
        self.place_note().set(None);
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
