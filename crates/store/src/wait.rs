//! Waiting for the hold: by sleeping until it ends, and then in line.

use super::error::Failure;
use super::file::File;
use super::format::LEASE_SLOTS;
use super::futex::{Woken, futex_wait};
use super::header::Word;
use super::hold::{OVER, Strength, TURN_GIVEN};
use super::line::{CALLED, FREE, Line, READING, TO_READ, WAITING};
use super::lock_word::lease_of;
use super::memory::{Instant, fence};
use super::opening::PlaceInLine;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sync_backend::{Held, Waiting};
use sync_fork::fork_generation;

/// How long the end of a hold waits for the write lock.
const GIVE_BACK_WITHIN: Duration = Duration::from_millis(5);

/// How long a waiter waits for one and the same hold, and for one after the other, before it takes its place in line.
/// Within that, the first to come is next: of operations that take microseconds each, thousands fit into the time
/// in which a sleeper wakes up.
const LINE_UP_AFTER: Duration = Duration::from_micros(200);
const LINE_UP_AFTER_ALL: Duration = Duration::from_millis(20);
/// How long a waiter sleeps at most before it looks whether the holder lives.
const LOOK_AFTER: Duration = Duration::from_millis(10);
/// The shortest interval of a holder's that is believed.
const LEAST_INTERVAL: Duration = Duration::from_millis(1);
/// How long a thread has time to take up its turn, and a reader to read in it.
pub const TURN: Duration = Duration::from_millis(20);
const READ: Duration = Duration::from_secs(2);

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
        let mut place = Line::of(self).place();
        if place.is_none() && waited < LINE_UP_AFTER_ALL {
            let at_most = at_most.min(LINE_UP_AFTER);
            if self.sleep_until_it_ends(held.ticket, at_most) != Woken::TimedOut {
                return;
            }
        }
        // (Of one that was called, and not given the hold, somebody died in the middle.)
        if !place.is_some_and(|taken| Line::of(self).waits_in(taken)) {
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
        // Says that it waits, then looks; the thread that ends the hold says so, then looks for waiters. With a fence
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
        if !Line::of(self).waits_in(taken) {
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
        // (A turn without a place: the thread that passed it over died in the middle, or the one that was called left.)
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
        let (number, ticket) = match Line::of(self).place() {
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

    /// Leaves the line; if it is this thread's turn, the next one is called.
    pub fn leave_line(&self) {
        if Line::of(self).is_in_line() && !Line::of(self).change_place(WAITING, FREE) {
            // Kept until the place is free: nobody is to call it again in between.
            let owner = self.lock_within(GIVE_BACK_WITHIN);
            match &owner {
                Ok(owner) if owner.has_turn() => owner.end_hold(),
                Err(_) if self.has_turn() => self.leave_hold(),
                _ => {}
            }
            // Its caller died before it gave the hold.
            Line::of(self).change_place(CALLED, FREE);
            Line::of(self).change_place(READING, FREE);
        }
        self.place_note().set(None);
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
}
