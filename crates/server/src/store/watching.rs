//! Waiting for a change.

use super::cache::{Look, Moment, Wish};
use super::consuming::Lists;
use super::error::ErrorKind;
use super::handle::{Result, ServerStore};
use super::layout::Key;
use super::mark::{ASKS, wall_clock};
use super::notes::{Known, ServerWatch, Sight};
use super::order::Part;
use crate::message::Value;
use std::time::{Duration, Instant};
use sync_backend::{Now, Since, Wanted};

/// The time for which a waiter is not seen from outside: one that is answered soon pays nothing for that.
const UNSEEN: Duration = Duration::from_millis(10);
/// The time after which a store is asked for again that may come to be without a word of that.
const UNHEARD: Duration = Duration::from_millis(100);
/// The time after which one who waits for a value to expire looks once more: the clock that says so goes in steps.
const TICK: Duration = Duration::from_millis(2);
/// The longest sleep.
const LONGEST: Duration = Duration::from_secs(3600);

impl ServerStore {
    /// The number of the last change; 0: there is no store.
    pub(super) fn state_now(&self) -> Result<u64> {
        let words: [&[u8]; 3] = [b"HGET", self.space.keys.kind(Key::Counters), b"change"];
        let answer = self.space.arm(Key::Counters, &words).map_err(|kind| self.error(kind))?;
        match answer {
            Value::Nil => Ok(0),
            digits => digits.number().ok_or_else(|| self.error(ErrorKind::Senseless)),
        }
    }

    /// The number from which changes are counted; 0: there is no store.
    fn first(&self) -> Result<u64> {
        let words: [&[u8]; 3] = [b"HGET", self.space.keys.kind(Key::Counters), b"first"];
        let answer = self.space.ask(&words).map_err(|kind| self.error(kind))?;
        Ok(answer.number().unwrap_or(0))
    }

    pub(super) fn begin_to_watch(&self, wanted: &mut [Wanted<ServerWatch>], since: Since) -> Result<()> {
        for Wanted { key, watch } in wanted {
            watch.by_notes = since == Since::Seen;
            watch.known = match (key, since) {
                (None, Since::Now) => Known::All(self.state_now()?),
                (None, Since::State(state)) => Known::All(state),
                (None, Since::Seen) => {
                    let (state, has_whole) = {
                        let notes = self.notes.borrow();
                        (notes.state, notes.whole.is_some())
                    };
                    match state {
                        Some(state) => Known::All(state),
                        None if has_whole => Known::Whole,
                        None if self.notes.borrow().has_forgotten() => Known::Another,
                        None => {
                            // (In this order: what changes meanwhile counts.)
                            let state = self.state_now()?;
                            let names = self.notes.borrow().names();
                            let mut looks = names.iter().map(|(name, sight)| self.has_changed_since(name, *sight));
                            match looks.find(|look| !matches!(look, Ok(false))).transpose()? {
                                Some(_) => Known::Another,
                                None => {
                                    self.notes.borrow_mut().state = Some(state);
                                    Known::All(state)
                                }
                            }
                        }
                    }
                }
                (Some(_), Since::State(0)) => Known::Value(Sight { record: 0, at: Moment::default() }),
                (Some(_), Since::State(state)) if state > self.state_now()? => Known::Another,
                (Some(_), Since::State(state)) => Known::At(state),
                (Some(key), Since::Now) => {
                    let record = self.head(key)?.1.map_or(0, |known| known.record);
                    Known::Value(Sight { record, at: self.space.moment() })
                }
                (Some(key), Since::Seen) => {
                    let slot = self.space.slot(key);
                    let seen = self.notes.borrow().seen(key, slot, self.space.begun());
                    let sight = match seen {
                        Some(sight) => sight,
                        None => Sight { record: self.see_head(key)?.0.record(), at: self.space.moment() },
                    };
                    // (A number that has changed since, and is the same again, would look as if it had not.)
                    self.space.untold_since(slot, sight.record).map_or(Known::Value(sight), Known::At)
                }
            };
        }
        Ok(())
    }

    pub(super) fn look_for_changes(&self, wanted: &mut [Wanted<ServerWatch>], at_most: Duration) -> Result<bool> {
        let names: Vec<&[u8]> = wanted.iter().filter_map(|wanted| wanted.key).collect();
        let lists = if names.len() == wanted.len() { Lists::Named(&names) } else { Lists::All };
        self.space.listen_for_life();
        self.look_after_items(lists)?;
        let heard = self.space.heard();
        if self.has_one_changed(wanted)? {
            return Ok(true);
        }
        if at_most.is_zero() {
            return Ok(false);
        }
        // (Of the death of a consumer nobody tells.)
        let at_most = if self.space.may_have_items(lists) { at_most.min(ASKS) } else { at_most };
        let at_most = if self.space.may_come_unheard() { at_most.min(UNHEARD) } else { at_most };
        // (Nor of the end of a value's time, for as long as nobody has swept it.)
        let at_most = self.left_until_expiry(&names).map_or(at_most, |left| at_most.min(left.max(TICK)));
        let now = Instant::now();
        let deadline = now.checked_add(at_most).unwrap_or(now + LONGEST);
        let soon = now + UNSEEN;
        self.sleep(deadline.min(soon), heard)?;
        if deadline > soon && Instant::now() >= soon {
            return self.look_while_seen(wanted, deadline);
        }
        self.has_one_changed(wanted)
    }

    /// How long it is until the first of these values expires, as far as is known.
    fn left_until_expiry(&self, names: &[&[u8]]) -> Option<Duration> {
        let expiries = names.iter().filter_map(|name| match self.space.known_head(name) {
            Look::Known(known) => known.expiry,
            _ => None,
        });
        expiries.map(|expiry| expiry.left(Now::read())).min()
    }

    /// Sleeps until something arrives, a signal comes, or it is time; not where something has arrived since this was heard, while it was looked for
    /// changes: it may be about a name that had been looked at by then.
    fn sleep(&self, deadline: Instant, heard: u64) -> Result<()> {
        if self.space.heard() != heard {
            return Ok(());
        }
        self.space.wait(deadline).map_err(|kind| self.error(kind))
    }

    /// Goes on with a wait, and lets the server know of it for those that look from outside.
    fn look_while_seen(&self, wanted: &[Wanted<ServerWatch>], deadline: Instant) -> Result<bool> {
        let waiter = self.owner()?.text();
        let key = self.space.keys.kind(Key::Watching);
        let since = (wall_clock() / 1_000_000).to_string();
        // (A user that may not write there is not counted.)
        let note = [&b"ZADD"[..], key, since.as_bytes(), waiter.as_bytes()];
        let is_seen = self.space.at_once(|| self.space.ask(&note)).is_ok();
        self.clear_remains();
        // (The word of a change may have come with that answer.)
        let heard = self.space.heard();
        let outcome = match self.has_one_changed(wanted) {
            Ok(false) => self.sleep(deadline, heard).and_then(|()| self.has_one_changed(wanted)),
            outcome => outcome,
        };
        // (One that is kept out waits for something else; one whose connection has ended is not counted.)
        let is_told = outcome.as_ref().map_or_else(|error| matches!(error.kind(), ErrorKind::Held(_)), |_| true);
        if is_seen && is_told {
            let _ = self.space.at_once(|| self.space.ask(&[b"ZREM", key, waiter.as_bytes()]));
        }
        outcome
    }

    fn has_one_changed(&self, wanted: &[Wanted<ServerWatch>]) -> Result<bool> {
        for Wanted { key, watch } in wanted {
            let name = key.unwrap_or_default();
            let has_changed = match watch.known {
                Known::Nothing => false,
                Known::Another => true,
                Known::Value(seen) => self.has_changed_since(name, seen)?,
                Known::At(state) => {
                    // (So that the server tells of a change of it.)
                    self.head(name)?;
                    self.changed_since(name, state)?
                }
                // (A lock makes a store, and changes nothing.)
                Known::All(0) => ![0, self.first()?].contains(&self.state_now()?),
                Known::All(state) => self.state_now()? != state,
                Known::Whole => {
                    self.state_now()?;
                    let all = self.part(Part::All, Wish::Head)?;
                    !self.notes.borrow().is_whole(&all, self.space.begun())
                }
            };
            if !has_changed {
                continue;
            }
            if watch.by_notes {
                match key {
                    Some(key) => drop(self.see_value(key)?),
                    None => {
                        let state = self.state_now()?;
                        self.notes.borrow_mut().state = Some(state);
                    }
                }
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// Whether a name has another value than when it was seen, or had one meanwhile.
    fn has_changed_since(&self, name: &[u8], seen: Sight) -> Result<bool> {
        let (slot, known) = self.head(name)?;
        let record = known.map_or(0, |known| known.record);
        Ok(record != seen.record || record == 0 && self.space.was_there(slot, seen.at))
    }

    /// Whether a name has changed since a change of anything.
    fn changed_since(&self, name: &[u8], state: u64) -> Result<bool> {
        let keys = &self.space.keys;
        let score = self.space.ask(&[b"ZSCORE", keys.kind(Key::Changes), name]).map_err(|kind| self.error(kind))?;
        let last = match score {
            Value::Double(last) => Some(last as u64),
            Value::Integer(last) => u64::try_from(last).ok(),
            Value::Text(digits) => Value::Text(digits).number(),
            _ => None,
        };
        if let Some(last) = last {
            return Ok(last > state);
        }
        let words: [&[u8]; 3] = [b"HGET", keys.kind(Key::Counters), b"forgotten"];
        let forgotten = self.space.ask(&words).map_err(|kind| self.error(kind))?;
        Ok(forgotten.number().unwrap_or(u64::MAX) > state)
    }
}
