//! Waiting for a change, in the header: a waiter writes down what it waits for, and sleeps; a writer that has changed that wakes
//! it.
//!
//! A writer looks *after* it has given the write lock back: one load, of the word `watchers`, as long as nobody waits. A waiter
//! that has written a name down, moves that word and then looks whether the name has changed already. With a full fence on both
//! sides (the writer's stands behind the exchange that frees the lock) one of them sees the other.
//!
//! A name that is written down stays there until a writer that has changed it finds it. So nothing has to be cleared up after
//! waiters that were killed: each name that they leave costs one look. Where there is no room for another name, all are struck out
//! and everybody is woken, to write down again what it still waits for.

use super::clock::tick;
use super::file::File;
use super::futex::{Woken, futex_wait, futex_wake};
use super::header::Word;
use super::memory::{fence, fence_behind_exchange};
use super::watching::{Changed, Changes, Mark};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// In `watchers`: where the second begins in which all names were struck out last.
const SWEPT: u32 = 48;

/// The halves of a word that can hold a mark.
const HALVES: [u32; 2] = [0, 32];

fn mark_in(word: u64, half: u32) -> Mark {
    Mark((word >> half) as u32)
}

/// Changes a word; `change` tells what it is to be, or `None` where it is to stay. Whether it was changed.
fn change(word: &Word, change: impl Fn(u64) -> Option<u64>) -> bool {
    let mut now = word.load(Ordering::Acquire);
    while let Some(new) = change(now) {
        match word.compare_exchange(now, new) {
            Ok(()) => return true,
            Err(other) => now = other,
        }
    }
    false
}

/// The word whose low half is the next one.
fn moved(word: u64) -> u64 {
    word & !u64::from(u32::MAX) | u64::from((word as u32).wrapping_add(1))
}

impl File {
    /// Says that a name is waited for. The word on which to sleep, and its state: from here on it moves with each change.
    /// `before`: the state when the waiter said so last. `None`: there is no room.
    pub fn wait_for(&self, marks: &[Mark], before: Option<u32>) -> Option<(&Word, u32)> {
        let header = self.map.header();
        let futex = &header.waits[marks.first()?.futex()];
        let state = futex.load(Ordering::Acquire) as u32;
        // (If it has moved, the name may have been struck out, and be there again by another waiter that has not moved `watchers` yet.)
        let mut is_new = before != Some(state);
        for &mark in marks {
            is_new |= self.write_down(mark)?;
        }
        if is_new {
            change(&header.watchers, |word| Some(word & !0 << SWEPT | (word + 1) & !(!0 << SWEPT)));
        }
        // As in the writer, which publishes, and then (the lock is free) looks for names.
        fence(Ordering::SeqCst);
        Some((futex, state))
    }

    /// Whether a mark was not there; `None`: there is no room for it.
    fn write_down(&self, mark: Mark) -> Option<bool> {
        let watched = &self.map.header().watched;
        let mut room = None;
        for word in watched {
            let now = word.load(Ordering::Relaxed);
            if HALVES.iter().any(|&half| mark_in(now, half) == mark) {
                return Some(false);
            }
            if room.is_none() && HALVES.iter().any(|&half| mark_in(now, half) == Mark(0)) {
                room = Some(word);
            }
        }
        let put = |word: &Word| {
            change(word, |now| {
                let half = HALVES.into_iter().find(|&half| mark_in(now, half) == Mark(0))?;
                Some(now | u64::from(mark.0) << half)
            })
        };
        let is_put = room.is_some_and(put) || watched.iter().any(put) || self.sweep() && watched.iter().any(put);
        is_put.then_some(true)
    }

    /// Strikes out all names, and lets all waiters write down theirs again. Not twice in a second: false.
    #[cold]
    fn sweep(&self) -> bool {
        let now = tick() / 1_000_000_000 % (1 << (u64::BITS - SWEPT));
        let is_due = change(&self.map.header().watchers, |word| {
            (word >> SWEPT != now).then_some(now << SWEPT | (word + 1) & !(!0 << SWEPT))
        });
        if is_due {
            self.wake_waiters(|_| true, None);
        }
        is_due
    }

    /// Looks for a moment whether `word` is not in this state any more, where that promises anything: see [`Eager`](super::eager::Eager).
    /// False: this has not looked.
    pub fn has_looked_for_change(&self, word: &Word, state: u32) -> bool {
        // (In a model no time passes.)
        cfg!(not(feature = "loom")) && self.watching().eager.has_looked(|| word.load(Ordering::Acquire) as u32 != state)
    }

    /// Sleeps until `word` is not in this state any more, at most for `at_most`.
    pub fn sleep_until_changed(&self, word: &Word, state: u32, at_most: Duration) {
        if futex_wait(word, state, at_most) == Woken::Fault {
            self.map.poison();
        }
    }

    /// The owner of the write lock has just published a change of the value of the name with this hash, which ends here.
    #[inline]
    pub fn note_change(&self, hash: u64, end: u64) {
        self.map.header().changed.store(end, Ordering::Release);
        self.watching().change(hash);
    }

    /// In a file that has been put right: nobody can say any more what has changed since when, or who waited.
    pub fn forget_changes(&self) {
        let (header, end) = (self.map.header(), self.map.header().end());
        header.changed.set(end);
        header.removed.iter().for_each(|removed| removed.set(end));
        header.watched.iter().for_each(|watched| watched.set(0));
    }

    /// Tells others what has changed under the write lock, which this thread has just freed by an exchange.
    #[inline]
    pub fn tell(&self) {
        match self.watching().take() {
            Changed::Nothing => {}
            Changed::One(hash) => {
                fence_behind_exchange();
                let watchers = self.map.header().watchers.load(Ordering::Acquire);
                if !self.watching().is_quiet(watchers) {
                    self.tell_one(watchers, hash);
                }
            }
            Changed::More => self.tell_more(),
        }
    }

    #[cold]
    #[inline(never)]
    fn tell_more(&self) {
        let changes = self.watching().take_more();
        fence_behind_exchange();
        self.tell_all(&changes);
    }

    #[cold]
    #[inline(never)]
    fn tell_one(&self, watchers: u64, hash: u64) {
        if !self.watching().is_not_waited_for(watchers, hash) {
            self.wake_waiters(|mark| mark.is_for(hash), Some(hash));
        }
    }

    /// As [`File::tell`], of any number of names, and behind a full fence.
    #[cold]
    pub fn tell_all(&self, changes: &Changes) {
        if !changes.are_none() && !self.watching().is_quiet(self.map.header().watchers.load(Ordering::Acquire)) {
            self.wake_waiters(|mark| changes.concern(mark), None);
        }
    }

    /// Strikes out the names that have changed, as `concerns` tells, and wakes who waits for one. Notes which others are waited for.
    /// `name`: the one that has changed.
    fn wake_waiters(&self, concerns: impl Fn(Mark) -> bool, name: Option<u64>) {
        let (header, watching) = (self.map.header(), self.watching());
        // First: a name that is written down after this was loaded moves it.
        watching.begin_look(header.watchers.load(Ordering::Acquire));
        let (mut left, mut woken) = (0, false);
        for word in &header.watched {
            let now = word.load(Ordering::Acquire);
            if now == 0 {
                continue;
            }
            for half in HALVES {
                let mark = mark_in(now, half);
                if mark == Mark(0) {
                    continue;
                }
                if !concerns(mark) {
                    watching.add(mark);
                    left += 1;
                    continue;
                }
                // Another writer may be at it, too.
                let strike = |now: u64| (mark_in(now, half) == mark).then_some(now & !(u64::from(u32::MAX) << half));
                // First: a waiter that still finds its name there has loaded the state that is moved then.
                if change(word, strike) {
                    woken = true;
                    let futex = &header.waits[mark.futex()];
                    change(futex, |state| Some(moved(state)));
                    futex_wake(futex, i32::MAX);
                }
            }
        }
        watching.end_look(left, name.filter(|_| !woken));
    }
}
