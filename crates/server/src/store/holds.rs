//! The lock of the whole, and holds on writers.

use super::consuming::Lists;
use super::error::{ErrorKind, ServerError};
use super::handle::{Result, ServerStore};
use super::inner::Outcome;
use super::layout::Key;
use super::mark::{ASKS, Mark, Owner, machine, wall_clock};
use super::own::{Hold, ServerWriterHold};
use crate::message::Value;
use std::time::{Duration, Instant};
use sync_backend::{Held, Patience, Standing};
use sync_fork::fork_generation;

impl ServerStore {
    /// The hold of this handle.
    pub(super) fn my_hold(&self) -> Option<Hold> {
        self.hold.borrow().clone()
    }

    /// The mark of that for a change, as the server has it: empty without one. Fails in a fiber that may not change anything.
    pub(super) fn mark_for_change(&self) -> Result<Vec<u8>> {
        match &*self.hold.borrow() {
            // (Most handles have none.)
            None => Ok(Vec::new()),
            // (A look, before a step of it is made without the lock. What is one step at its end needs nothing but that nobody has written since.)
            Some(hold) if hold.keeps_all_out() && (self.space.heed().is_err() || !self.is_own(&hold.owner)) => {
                Err(self.error(ErrorKind::LockGone))
            }
            Some(hold) if hold.lets_write((self.fiber)()) => Ok(hold.mark.clone()),
            Some(hold) => Err(self.error(hold.keeps_fiber_out(true))),
        }
    }

    /// Fails where somebody else keeps this handle from writing.
    pub(super) fn check_hold(&self) -> Result<()> {
        self.make(false, &[]).map(drop)
    }

    /// Brings the server to what a hold is to be.
    fn keep(&self, mut hold: Hold, new_token: bool) -> Result<Hold> {
        let before = std::mem::take(&mut hold.mark);
        let mark = Mark {
            owner: hold.owner.clone(),
            process: std::process::id(),
            machine: machine().to_string(),
            since: hold.since,
            ticket: hold.ticket,
            all: hold.keeps_all_out(),
            patience: hold.locked.unwrap_or_default(),
            token: hold.token,
        };
        let text = mark.whole_text();
        let (token, mark) =
            (self.space.hold(&before, text.as_bytes(), mark.all, new_token)).map_err(|kind| self.error(kind))?;
        if before.is_empty() && !self.is_own(&hold.owner) {
            return Err(self.interrupted());
        }
        hold.mark = mark;
        if new_token {
            hold.token = Some(token);
        }
        if self.hold.replace(Some(hold.clone())).is_none() {
            self.space.count_hold(true);
            // (Not later: whoever holds the store may be about to store a list that it has read without them.)
            self.let_items_go_back(Lists::All);
        }
        Ok(hold)
    }

    /// Ends the hold. False: it had ended, or was another one's.
    fn release(&self, hold: &Hold) -> bool {
        self.forget_hold();
        let was_its = self.give_up(hold, self.space.hold(&hold.mark, b"", false, false).map(drop));
        // Items that have waited for the end of the hold go back with the next look.
        self.space.hurry_items();
        was_its
    }

    /// Lets go of a part of the hold. False: it had ended, or was another one's.
    fn keep_less(&self, less: Hold) -> bool {
        let told = self.keep(less.clone(), false);
        if told.is_err() {
            self.forget_hold();
        }
        self.give_up(&less, told.map(drop).map_err(ServerError::into_kind))
    }

    /// The server was asked to end a hold, or a part of it. Where it refuses, or cannot be told, the hold ends with the connection. False: it had ended, or
    /// was another one's.
    fn give_up(&self, hold: &Hold, told: Outcome<()>) -> bool {
        match told {
            Ok(()) => true,
            Err(kind) if kind.is_given_up() => false,
            Err(_) => self.space.hang_up(&hold.owner),
        }
    }

    pub(super) fn forget_hold(&self) {
        if self.hold.take().is_some() {
            self.space.count_hold(false);
        }
    }

    /// The hold as it is, or a new one; for more than there is.
    fn hold_or_new(&self) -> Result<Hold> {
        self.mark_for_change()?;
        if let Some(hold) = self.my_hold() {
            return Ok(hold);
        }
        Ok(Hold {
            ticket: self.space.ticket(),
            mark: Vec::new(),
            owner: self.owner_to_be()?,
            since: wall_clock(),
            locked: None,
            writers: 0,
            writers_in: 0,
            entered: 0,
            entered_in: 0,
            token: None,
        })
    }

    pub(super) fn lock_all(&self, patience: Patience) -> Result<()> {
        let hold = self.hold_or_new()?;
        self.keep(Hold { locked: Some(patience), ..hold }, false).map(drop)
    }

    pub(super) fn unlock_all(&self) {
        let Some(hold) = self.my_hold().filter(Hold::keeps_all_out) else { return };
        let token = hold.token;
        let less = Hold { locked: None, entered: 0, token: None, ..hold };
        let was_its = if less.is_over() { self.release(&less) } else { self.keep_less(less) };
        self.note_lost(token.filter(|_| !was_its));
    }

    pub(super) fn hold_writers(&self) -> Result<ServerWriterHold> {
        let hold = self.hold_or_new()?;
        let is_new = hold.mark.is_empty();
        let more = Hold { writers: hold.writers + 1, writers_in: (self.fiber)(), ..hold };
        let ticket = more.ticket;
        if is_new {
            self.keep(more, false)?;
        } else {
            self.hold.replace(Some(more));
        }
        Ok(ServerWriterHold { object: self.object, ticket, generation: fork_generation() })
    }

    pub(super) fn let_writers_go_on(&self, ended: ServerWriterHold) {
        let is_its = |hold: &Hold| hold.ticket == ended.ticket && hold.writers > 0 && ended.object == self.object;
        let Some(hold) = self.my_hold().filter(is_its) else { return };
        let less = Hold { writers: hold.writers - 1, ..hold };
        if less.is_over() {
            self.release(&less);
        } else {
            self.hold.replace(Some(less));
        }
    }

    pub(super) fn standing_of(&self, kept: &ServerWriterHold) -> Standing {
        if kept.generation != fork_generation() {
            return Standing::Forked;
        }
        match self.my_hold() {
            Some(hold) if kept.object == self.object && kept.ticket == hold.ticket => Standing::Kept,
            _ => Standing::Ended,
        }
    }

    pub(super) fn enter_all(&self) -> Result<u64> {
        let fiber = (self.fiber)();
        if let Some(hold) = self.my_hold().filter(|hold| !hold.lets_enter(fiber)) {
            return Err(self.error(hold.keeps_fiber_out(false)));
        }
        let hold = self.hold_or_new()?;
        let more = Hold { entered: hold.entered + 1, entered_in: fiber, ..hold.clone() };
        if let (Some(token), true) = (hold.token, hold.keeps_all_out()) {
            self.hold.replace(Some(more));
            return Ok(token);
        }
        let hold = self.keep(more, hold.token.is_none())?;
        hold.token.ok_or_else(|| self.error(ErrorKind::Senseless))
    }

    /// The hold, if this fiber is between `enter_lock` and `leave_lock`.
    fn entered_hold(&self) -> Option<Hold> {
        self.my_hold().filter(|hold| hold.entered > 0 && hold.lets_enter((self.fiber)()))
    }

    pub(super) fn leave_all(&self) -> bool {
        let Some(hold) = self.entered_hold() else { return false };
        let token = hold.token.filter(|_| hold.entered > 1 || hold.locked.is_some());
        let less = Hold { entered: hold.entered - 1, token, ..hold.clone() };
        let was_its = if less.is_over() {
            self.release(&less)
        } else if less.keeps_all_out() {
            self.hold.replace(Some(less));
            true
        } else {
            self.keep_less(less)
        };
        self.note_lost(hold.token.filter(|_| !was_its));
        was_its
    }

    pub(super) fn has_lost_all(&self, token: u64) -> bool {
        let is_lost = |hold: Hold| self.space.heed().is_err() || !self.is_own(&hold.owner);
        // (It may have been told so by a change that was refused, and have gone on without it.)
        self.lost.borrow().contains(&token)
            || self.entered_hold().filter(|hold| hold.token == Some(token)).is_some_and(is_lost)
    }

    pub(super) fn entered(&self) -> Option<(u64, u32)> {
        let hold = self.entered_hold()?;
        Some((hold.token?, hold.entered))
    }

    /// The handle ends.
    pub(super) fn end_hold(&self) {
        let hold = self.hold.borrow().clone();
        if let Some(hold) = hold {
            self.release(&hold);
        }
    }

    pub(super) fn wait_for_hold(&self, held: &Held, at_most: Duration) {
        let which = if held.reading { Key::Lock } else { Key::Hold };
        let Some(deadline) = Instant::now().checked_add(at_most.min(held.patience.interval).min(ASKS)) else { return };
        if !self.stand_among_waiters() {
            // (It may refuse all that is written: then nobody else looks whether the owner lives.)
            self.break_the_dead();
        }
        if which == Key::Hold {
            match self.space.arm(which, &[b"GET", self.space.keys.kind(which)]) {
                Ok(Value::Text(_)) => {}
                // It may be the turn of somebody else.
                Ok(Value::Nil) if matches!(self.first_waiter(), Some(first) if !self.is_own(&first)) => {}
                _ => return,
            }
        }
        while !self.space.may_have_changed(which) {
            let now = Instant::now();
            if now >= deadline {
                self.break_the_dead();
                return;
            }
            if self.space.wait(deadline).is_err() {
                return;
            }
        }
    }

    /// Stands in line; false: it cannot. (One that was passed over, as its process was stopped, stands there anew.)
    fn stand_among_waiters(&self) -> bool {
        let Ok(owner) = self.owner() else { return false };
        let text = owner.text();
        if self.waits.borrow().as_ref().is_some_and(|before| *before != text) {
            self.leave_waiters();
        }
        let stands = self.space.at_once(|| self.space.stand_in_line(&text)).is_ok();
        if stands {
            self.waits.replace(Some(text));
            self.clear_remains();
        }
        stands
    }

    /// The one that has waited longest for a hold to end. Of a change of that the server tells as of one of the hold.
    fn first_waiter(&self) -> Option<Owner> {
        // (It does not count as known anew: the hold may have changed since it was asked for.)
        let first = self.space.ask(&[b"ZRANGE", self.space.keys.kind(Key::Waiting), b"0", b"0"]);
        let Ok(Value::List(first)) = first else { return None };
        Owner::of(first.first()?.text()?)
    }

    pub(super) fn leave_waiters(&self) {
        self.refused.take();
        // (One whose connection is gone is not counted.)
        if let Some(text) = self.waits.take().filter(|_| self.space.is_connected()) {
            let words: [&[u8]; 3] = [b"ZREM", self.space.keys.kind(Key::Waiting), text.as_bytes()];
            let _ = self.space.at_once(|| self.space.ask(&words));
        }
    }

    /// Ends the hold of an owner whose connection is gone, and a lock that is there without the hold that it is; where there is none, lets the line go on past
    /// those that are gone.
    pub(super) fn break_the_dead(&self) {
        self.space.at_once(|| self.try_to_break_the_dead());
    }

    fn try_to_break_the_dead(&self) {
        let before = self.refused.take();
        let [hold, lock] = [Key::Hold, Key::Lock].map(|key| self.space.keys.kind(key));
        let Ok(Value::List(marks)) = self.space.ask(&[b"MGET", hold, lock]) else { return };
        let [hold, lock] = [0, 1].map(|at| marks.get(at).and_then(Value::text));
        let Some(mark) = hold.or(lock) else {
            if let Some(first) = self.first_waiter().filter(|first| self.is_dead(first)) {
                let _ = self.space.ask(&[b"ZREM", self.space.keys.kind(Key::Waiting), first.text().as_bytes()]);
            }
            return;
        };
        let Some(dead) = Mark::read(mark).filter(|mark| hold.is_none() || self.is_dead(&mark.owner)) else { return };
        // (Only if it is still that one.)
        if let Err(ErrorKind::Refused(refusal)) = self.space.hold(mark, b"", false, false) {
            self.space.pass(dead);
            self.refused.replace(Some((before.map_or_else(Instant::now, |(since, _)| since), refusal)));
        }
    }
}
