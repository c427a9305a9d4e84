//! Changes, as a thread sends them, and as it learns what has come of them.

use super::cache::Look;
use super::error::ErrorKind;
use super::inner::{Inner, Lock, Outcome, Sending};
use super::layout::{Key, Stored};
use super::mark::Mark;
use super::order::score_in;
use super::record::{Doubt, Sent};
use super::script::Script;
use super::space::Space;
use super::step::{Changed, Due, Numbers, Step};
use crate::batch::Word;
use crate::failure::Cause;
use crate::message::Value;
use std::rc::Rc;
use sync_backend::Now;

/// The number of values that a script declares at most: with each call in it, Redis 7.0 goes through all of them.
const DECLARED: usize = 16;

/// The outcome of a change of one value in the usual case.
enum One {
    /// It has been made.
    Changed(Changed),
    /// There is more to it; nothing has happened.
    More,
    /// Its answer was lost.
    Unknown(Cause),
}

impl Space {
    /// Makes changes at one moment. `hold`: the mark of the asker's hold, empty without one. The connection has been looked at.
    pub fn change(&self, hold: &[u8], make: bool, steps: &[Step]) -> Outcome<Changed> {
        let changed = self.change_here(hold, make, steps);
        self.others_fall_behind();
        changed
    }

    fn change_here(&self, hold: &[u8], make: bool, steps: &[Step]) -> Outcome<Changed> {
        let mut inner = self.inner();
        inner.trim_names(self);
        inner.connected(self)?;
        inner.requests += 1;
        let mut number = itoa::Buffer::new();
        let number = number.format(inner.requests).as_bytes();
        let looks = inner.lock == Lock::Unknown || !matches!(inner.life, Some(Some(_)));
        let first = Sent::now();
        let unknown = match (steps, looks) {
            ([step], false) => match self.change_one(&mut inner, number, hold, step)? {
                One::Changed(changed) => return Ok(changed),
                One::More => None,
                One::Unknown(cause) => Some(Doubt { cause, history: inner.history.clone(), first }),
            },
            _ => None,
        };
        let process = inner.process.clone();
        let wishes: &[u8] = match (make, looks) {
            (false, false) => b"",
            (true, false) => b"m",
            (false, true) => b"l",
            (true, true) => b"ml",
        };
        let head = [number, hold, self.keys.start()].map(Word::from);
        let numbers: Vec<Numbers> = steps.iter().map(Step::numbers).collect();
        let all = steps.iter().zip(&numbers).flat_map(|(step, numbers)| step.words(numbers));
        let words: Vec<Word> = head
            .into_iter()
            .chain([wishes.into(), process[..].into(), self.records.life.as_bytes().into()])
            .chain(all)
            .collect();
        let names: Vec<&[u8]> = steps.iter().filter(|step| step.is_of_value()).map(|step| step.name).collect();
        let is_declared = names.len() <= DECLARED;
        let declared = if is_declared { &names[..] } else { &[] };
        let values: Vec<Vec<u8>> = declared.iter().map(|name| self.keys.value(name)).collect();
        let own_keys = [Key::Lock, Key::Life].map(|key| self.keys.kind(key));
        let keys: Vec<&[u8]> = own_keys.into_iter().chain(values.iter().map(|key| &key[..])).collect();
        let before = Now::read();
        let answer = inner.run(self, Script::Change, &keys, &words, Sending::Again(first, unknown))?;
        let Value::List(answer) = answer else { return Err(ErrorKind::Senseless) };
        let mut parts = answer.into_iter();
        match parts.next().as_ref().and_then(Value::text) {
            Some(state @ (b"done" | b"again")) => {
                // (Made before, by a request whose answer was lost: what it has found may be another by now.)
                let is_fresh = state == b"done";
                let existed = parts.next().as_ref().and_then(Value::integer) == Some(1);
                let change = parts.next().as_ref().and_then(Value::integer).unwrap_or(0) as u64;
                let life = parts.next();
                inner.learn_gone(parts.next())?;
                inner.learn_time(parts.next().filter(|_| is_fresh).as_ref().and_then(score_in), before);
                if looks
                    && is_fresh
                    && let Some(Value::Text(life)) = life
                {
                    inner.set_life(self, Some(life));
                    inner.lock = match Mark::read(hold) {
                        Some(mark) if mark.all => Lock::Held(Rc::new(mark)),
                        _ => Lock::Free,
                    };
                } else if !existed {
                    inner.life = None;
                }
                let results: Vec<Value> = parts.collect();
                for (step, result) in steps.iter().zip(&results) {
                    inner.changed(step, result, change);
                }
                if !is_declared || !is_fresh {
                    // (The server does not tell of later changes to them.)
                    names.iter().for_each(|name| inner.cache.ask_again(name));
                }
                inner.counters_known = false;
                Ok(if existed { Changed::Done(change, results) } else { Changed::NoStore })
            }
            Some(b"foreign") => {
                let key = parts.next().as_ref().and_then(Value::text).unwrap_or_default().to_vec();
                inner.learn_gone(parts.next())?;
                Err(ErrorKind::Foreign(key))
            }
            Some(b"differs") => {
                inner.learn_gone(parts.nth(1))?;
                inner.learn_time(parts.next().as_ref().and_then(score_in), before);
                steps.iter().for_each(|step| inner.cache.ask_again(step.name));
                Ok(Changed::Differs)
            }
            Some(b"held") => {
                let mark = parts.next();
                Err(inner.held(mark.as_ref(), false)?)
            }
            Some(b"ended") => Err(ErrorKind::LockGone),
            _ => Err(ErrorKind::Senseless),
        }
    }

    /// Makes a change of one value that is there and never expires, as far as is known here.
    fn change_one(&self, inner: &mut Inner, number: &[u8], hold: &[u8], step: &Step) -> Outcome<One> {
        let is_usual = match step.kind {
            "add" | "push" | "shift" => true,
            "put" => step.due == Due::Never && step.mark != b"!" && !step.flags.contains(['a', 'q']),
            _ => false,
        };
        if !is_usual || inner.cache.last(step.name).1.is_none_or(|known| known.expiry.is_some()) {
            return Ok(One::More);
        }
        let (value, process) = (self.keys.value(step.name), inner.process.clone());
        // Several that add to a number are not told of each other's changes: each would have to hear of all, and needs to know of none before it
        // reads.
        let is_told = step.kind != "add" || matches!(inner.cache.look(step.name), Look::Known(_));
        let key = if is_told { &value[..] } else { self.keys.kind(Key::Lock) };
        let numbers = step.numbers();
        let head = [self.keys.start(), step.name, number, &process, hold].map(Word::from);
        let words: Vec<Word> =
            head.into_iter().chain(step.words_of_one(&numbers)).chain([self.records.life.as_bytes().into()]).collect();
        let answer = match inner.run(self, Script::One, &[key], &words, Sending::Once) {
            Ok(answer) => answer,
            Err(ErrorKind::Interrupted(cause)) => return Ok(One::Unknown(cause)),
            Err(error) => return Err(error),
        };
        if let Value::List(parts) = answer {
            let [change, result] = <[Value; 2]>::try_from(parts).map_err(|_| ErrorKind::Senseless)?;
            let change = change.number().ok_or(ErrorKind::Senseless)?;
            inner.changed(step, &result, change);
            inner.counters_known = false;
            return Ok(One::Changed(Changed::Done(change, vec![result])));
        }
        let text = answer.text().ok_or(ErrorKind::Senseless)?;
        if text == b"differs" {
            inner.cache.ask_again(step.name);
            return Ok(One::Changed(Changed::Differs));
        }
        let (change, sum) = match text.iter().position(|byte| *byte == b' ') {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        let change = Value::Text(change.to_vec()).number().ok_or(ErrorKind::Senseless)?;
        if change == 0 {
            return Ok(One::More);
        }
        // (A value that is put like this never expires.)
        let result = sum.map_or(Value::Integer(0), |sum| Value::Text(sum.to_vec()));
        inner.changed(step, &result, change);
        if !is_told {
            inner.cache.is_not_told(step.name, change);
        }
        inner.counters_known = false;
        Ok(One::Changed(Changed::Done(change, vec![result])))
    }
}

impl Inner {
    /// A change of one's own, which the server tells nothing about.
    pub fn changed(&mut self, step: &Step, result: &Value, change: u64) {
        if step.kind == "following" {
            return;
        }
        self.content += 1;
        match step.kind {
            "clear" => {
                self.cache.clear();
                (self.order, self.count) = (None, None);
                self.consuming.doubt();
            }
            "keep" | "finish" => self.consuming.doubt(),
            "push" | "shift" | "take" | "unshift" => {
                if step.kind == "take" {
                    self.consuming.doubt();
                }
                self.changed_queue(step.name, result);
            }
            "remove" => {
                if result.integer() != Some(0) {
                    (self.order, self.count) = (None, None);
                }
                self.cache.learn(step.name, None, 0);
            }
            "touch" => {
                self.count = None;
                self.cache.ask_again(step.name);
            }
            "add" => {
                let value = result.text().map(<[u8]>::to_vec).and_then(|digits| Stored::read(digits).ok());
                self.cache.doubt(step.name);
                self.stored(step.name, value);
            }
            "append" => {
                let before = self.cache.take(step.name);
                let value = before.and_then(|value| Stored::appended(value, step.bytes, step.note?));
                self.stored(step.name, value);
            }
            "next" => {
                if let Some(name) = result.text() {
                    // (The script has found the name by itself: the server does not tell of later changes to it.)
                    (self.order, self.count) = (None, None);
                    self.cache.doubt(name);
                }
            }
            _ => {
                // (A name that was there stays where it is: only one that is known to have been there is certain.)
                let before = if let Look::Known(known) = self.cache.look(step.name) { Some(known) } else { None };
                if before.is_none() || step.flags.contains('a') {
                    (self.order, self.count) = (None, None);
                }
                // (What the server has reckoned, and has kept: it may be another time than was asked for.)
                let due = result.integer().and_then(|due| u64::try_from(due).ok()).unwrap_or(0);
                if due != 0 || before.is_some_and(|known| known.expiry.is_some()) {
                    self.count = None;
                }
                let is_plain = !step.more.is_empty() && due == 0;
                let value = match is_plain {
                    true => Stored::read(step.more.clone().into_bytes()).ok(),
                    false if step.flags.contains('q') => Some(Stored::put_queue(change, step.bytes, step.note, due)),
                    false => Stored::put(change, step.bytes, step.note, due),
                };
                self.cache.doubt(step.name);
                self.stored(step.name, value);
            }
        }
    }

    /// A script has told of a queue, after a change of one's own.
    fn changed_queue(&mut self, name: &[u8], result: &Value) {
        self.cache.doubt(name);
        let Value::List(parts) = result else { return };
        let [_, Value::Text(head), stored, ..] = &parts[..] else { return };
        if head.is_empty() {
            self.cache.learn(name, None, 0);
        } else {
            let stored = stored.integer().and_then(|stored| u64::try_from(stored).ok());
            self.stored(name, stored.and_then(|stored| Stored::read_head(head.clone(), stored)));
        }
    }
}
