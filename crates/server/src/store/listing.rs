//! Many names at one moment: their order, their number, and what they have.
//!
//! A connection that is told of changes learns what it misses piece by piece: once an answer has left nothing unknown, all that is known is of
//! the moment of that answer. One without a cache is told nothing: it asks for everything in one transaction of the server, and for the names
//! that were there the last time, which mostly are all.

use super::cache::{Known, Look, Wish};
use super::error::ErrorKind;
use super::inner::{Inner, Lock, Outcome, lock_of};
use super::layout::Key;
use super::order::{Count, Everything, Named, Order, Part, score_in};
use super::place::{Asker, Place};
use super::script::Script;
use super::space::Space;
use crate::batch::Batch;
use crate::message::Value;
use crate::refusal::{Reason, Refusal};
use std::collections::HashSet;
use std::rc::Rc;

/// How often names are asked for that others change all the time, before all are fetched at one moment, by a script.
const ROUNDS: usize = 8;
/// How often names are asked for before the caller looks whether it is to go on: for signals, and at the time.
const MOST_ROUNDS: usize = 64;
/// The number of a value's first bytes that are read where they are enough, and of the last byte that is asked for: one more says that the value is longer.
const FIRST_BYTES: u64 = 255;
const LAST: &[u8] = b"255";

/// Something that the server is asked for.
enum Question {
    /// The store's own keys, and values, together.
    Values,
    /// The first bytes of the value of a name in the order, and, behind that, how long it is.
    Head(u32),
    Length(u32),
    /// The number of names in the order, and, behind that, the last one.
    Count,
    LastPlace,
}

impl Inner {
    /// Asks for the names in their order.
    fn fetch_order(&mut self, place: &Place) -> Outcome<()> {
        let mut batch = Batch::new();
        batch.add(&[b"MGET", place.keys.kind(Key::Lock), place.keys.kind(Key::Life)]);
        batch.add(&[b"ZRANGE", place.keys.kind(Key::Order), b"0", b"-1", b"WITHSCORES"]);
        self.exchange(place, &batch, &mut |number, answer, inner| {
            let Value::List(pairs) = answer.map_err(ErrorKind::Refused)? else { return Err(ErrorKind::Senseless) };
            if number == 0 {
                let [lock, life] = &pairs[..] else { return Err(ErrorKind::Senseless) };
                return inner.learn_lock(place, lock, life);
            }
            let mut order = Vec::with_capacity(pairs.len());
            for pair in pairs {
                let Value::List(pair) = pair else { return Err(ErrorKind::Senseless) };
                let [Value::Text(name), score] = &pair[..] else { return Err(ErrorKind::Senseless) };
                order.push(inner.named(place, name, score)?);
            }
            inner.set_order(Rc::new(order));
            Ok(())
        })
    }

    fn named(&mut self, place: &Place, name: &[u8], score: &Value) -> Outcome<Named> {
        let key = place.keys.value(name).into_boxed_slice();
        let score = score_in(score).ok_or(ErrorKind::Senseless)?;
        Ok(Named { start: key.len() - name.len(), key, place: score, slot: self.cache.slot(name) })
    }

    fn set_order(&mut self, order: Order) {
        self.last_order = Some(order.clone());
        self.order = Some(order);
    }

    /// Asks for the lock and for what some names have; and where it is not known, whether an order is the newest one. `long`: the numbers of the names whose values
    /// are longer than the first bytes that are wanted, as far as that has turned out: only of those it is asked how long they are.
    fn fetch_part(
        &mut self,
        place: &Place,
        order: &Order,
        (wanted, wish): (&[u32], Wish),
        long: &mut HashSet<u32>,
    ) -> Outcome<()> {
        let (asks_for_lock, asks_for_order) = (!self.is_sure(), self.order.is_none());
        // Two answers that mean something together are to be of one moment: the server may tell of a change between them, once.
        let has_pairs =
            asks_for_order || wish == Wish::Head && wanted.iter().any(|at| long.contains(&order[*at as usize].slot));
        let is_transaction = !place.caches() || has_pairs;
        let mut batch = Batch::new();
        if is_transaction {
            batch.add(&[b"MULTI"]);
        }
        let mut questions = Vec::new();
        let own: &[Key] = if asks_for_lock { &[Key::Lock, Key::Life] } else { &[] };
        let by_one = if wish == Wish::Whole { wanted } else { &[] };
        if own.len() + by_one.len() > 0 {
            let own = own.iter().map(|key| place.keys.kind(*key));
            let keys = own.chain(by_one.iter().map(|at| &order[*at as usize].key[..]));
            batch.add_all(std::iter::once(&b"MGET"[..]).chain(keys));
            questions.push(Question::Values);
        }
        if wish == Wish::Head {
            for at in wanted {
                let Named { key, slot, .. } = &order[*at as usize];
                batch.add(&[b"GETRANGE", key, b"0", LAST]);
                questions.push(Question::Head(*at));
                if long.contains(slot) {
                    batch.add(&[b"STRLEN", key]);
                    questions.push(Question::Length(*at));
                }
            }
        }
        if asks_for_order {
            // No place comes twice: an order of the same length with the same last place is the same.
            batch.add(&[b"ZCARD", place.keys.kind(Key::Order)]);
            batch.add(&[b"ZRANGE", place.keys.kind(Key::Order), b"-1", b"-1", b"WITHSCORES"]);
            questions.extend([Question::Count, Question::LastPlace]);
        }
        if is_transaction {
            batch.add(&[b"EXEC"]);
        }
        if questions.is_empty() {
            return Ok(());
        }
        let last = batch.len() - 1;
        let life = self.last_life.clone();
        let (mut count, mut head) = (0, Vec::new());
        let mut learn = |number: usize, answer: Value, inner: &mut Self| match (questions.get(number), answer) {
            (Some(Question::Values), Value::List(mut values)) if values.len() == own.len() + by_one.len() => {
                if asks_for_lock {
                    inner.learn_lock(place, &values[0], &values[1])?;
                }
                for (at, value) in by_one.iter().zip(values.drain(own.len()..)) {
                    let named = &order[*at as usize];
                    inner.learn_at(place, named.slot, named.name(), value)?;
                }
                Ok(())
            }
            (Some(Question::Head(at)), Value::Text(bytes)) => {
                let named = &order[*at as usize];
                if long.contains(&named.slot) {
                    head = bytes;
                    return Ok(());
                }
                let stored = bytes.len() as u64;
                if stored > FIRST_BYTES {
                    long.insert(named.slot);
                    return Ok(());
                }
                inner.learn_head(place, named.slot, named.name(), (bytes, stored))
            }
            (Some(Question::Length(at)), Value::Integer(stored)) => {
                let named = &order[*at as usize];
                let stored = u64::try_from(stored).map_err(|_| ErrorKind::Senseless)?;
                inner.learn_head(place, named.slot, named.name(), (std::mem::take(&mut head), stored))
            }
            // (Something else than a value, which others have put there, is none, as to MGET.)
            (
                Some(Question::Head(at) | Question::Length(at)),
                Value::Refused(Refusal { reason: Reason::WrongType, .. }),
            ) => {
                let named = &order[*at as usize];
                inner.learn_at(place, named.slot, named.name(), Value::Nil)
            }
            (_, Value::Refused(refusal)) => Err(ErrorKind::Refused(refusal)),
            (Some(Question::Count), Value::Integer(names)) => {
                count = names;
                Ok(())
            }
            (Some(Question::LastPlace), Value::List(pairs)) => {
                let place = match &pairs[..] {
                    [] => None,
                    [Value::List(pair)] => pair.get(1).and_then(score_in),
                    _ => return Err(ErrorKind::Senseless),
                };
                let is_same = order.len() as i64 == count
                    && order.last().map(|named| named.place) == place
                    && inner.last_life == life;
                if is_same {
                    inner.order = Some(order.clone());
                } else {
                    (inner.order, inner.last_order) = (None, None);
                }
                Ok(())
            }
            _ => Err(ErrorKind::Senseless),
        };
        self.exchange(place, &batch, &mut |number, answer, inner| {
            if !is_transaction {
                return learn(number, answer.unwrap_or_else(Value::Refused), inner);
            }
            if number < last {
                return answer.map(drop).map_err(ErrorKind::Refused);
            }
            let Value::List(answers) = answer.map_err(ErrorKind::Refused)? else { return Err(ErrorKind::Senseless) };
            answers.into_iter().enumerate().try_for_each(|(at, answer)| learn(at, answer, inner))
        })
    }

    /// Asks for everything at one moment. (The server does not tell of later changes to what a script finds by itself.)
    fn fetch_all(&mut self, place: &Place) -> Outcome<Everything> {
        let Value::List(mut all) = self.run_on_all(place, Script::All, &[place.keys.start()])? else {
            return Err(ErrorKind::Senseless);
        };
        if all.is_empty() {
            return Err(ErrorKind::Senseless);
        }
        let mut rest = all.split_off(1).into_iter();
        self.lock = lock_of(&all[0])?;
        let (mut order, mut found) = (Vec::new(), Vec::new());
        while let (Some(name), Some(score), Some(value)) = (rest.next(), rest.next(), rest.next()) {
            let Value::Text(name) = name else { return Err(ErrorKind::Senseless) };
            let named = self.named(place, &name, &score)?;
            self.learn_at(place, named.slot, &name, value)?;
            if let Look::Known(known) = self.cache.look_at(named.slot) {
                found.push((order.len() as u32, known));
            }
            self.cache.ask_again(&name);
            order.push(named);
        }
        Ok(Everything { order: Rc::new(order), found, content: None })
    }

    /// The values of some names, if all is known. The failure: a page of them could have more, as so many names have turned out to have nothing.
    fn everything(
        &self,
        order: &Order,
        (part, wish): (Part, Wish),
        chosen: &[u32],
        skipped: usize,
    ) -> Result<Option<Everything>, usize> {
        let mut found = Vec::with_capacity(chosen.len());
        let mut missing = 0;
        for at in chosen {
            match self.cache.look_at_as(order[*at as usize].slot, wish) {
                Look::Known(known) => found.push((*at, known)),
                Look::Missing(_) => missing += 1,
                Look::Unknown => return Ok(None),
            }
        }
        if let Part::Page { limit, .. } = part {
            if found.len() < limit && chosen.len() == limit.saturating_add(skipped) {
                return Err(missing);
            }
            found.truncate(limit);
        }
        Ok(Some(Everything { order: order.clone(), found, content: Some(self.content) }))
    }

    /// The part, of everything.
    fn part_of_all(&mut self, place: &Place, part: Part, asker: Asker) -> Outcome<Everything> {
        let mut all = self.fetch_all(place)?;
        if self.cache.found_expired {
            self.make_sure_of_expired(place)?;
            all = self.fetch_all(place)?;
        }
        self.check_lock(asker, true)?;
        if let Part::Page { limit, .. } = part {
            let chosen = part.of(&all.order, usize::MAX);
            all.found.retain(|(at, _)| chosen.binary_search(at).is_ok());
            all.found.truncate(limit);
        }
        Ok(all)
    }

    fn fetch_count(&mut self, place: &Place) -> Outcome<()> {
        let (now, ahead) = (self.now().to_string(), self.ahead());
        let (order, due) = (place.keys.kind(Key::Order), place.keys.kind(Key::Due));
        let after = format!("({now}");
        let answers = self.ask_together(
            place,
            &[
                &[b"ZCARD", order],
                &[b"ZCOUNT", due, b"-inf", now.as_bytes()],
                &[b"ZRANGEBYSCORE", due, after.as_bytes(), b"+inf", b"WITHSCORES", b"LIMIT", b"0", b"1"],
            ],
        )?;
        let [Value::Integer(names), Value::Integer(over), Value::List(next)] = &answers[..] else {
            return Err(ErrorKind::Senseless);
        };
        let until = match &next[..] {
            [] => 0,
            [Value::List(pair)] => pair.get(1).and_then(score_in).ok_or(ErrorKind::Senseless)?,
            _ => return Err(ErrorKind::Senseless),
        };
        self.cache.found_expired |= *over > 0;
        // (Where it was reckoned by the wrong time, it is asked for once more.)
        self.count = (self.ahead() == ahead).then_some(Count { names: (names - over).max(0) as u64, until });
        Ok(())
    }
}

impl Space {
    /// Names and what they have, or the first bytes of that, all of one moment.
    pub fn read_part(&self, part: Part, wish: Wish, asker: Asker) -> Outcome<Everything> {
        let mut inner = self.inner();
        inner.begin_reading(self);
        let (mut skipped, mut long) = (0, HashSet::new());
        for round in 0..MOST_ROUNDS {
            inner.look_to_read(self)?;
            if !self.caches() {
                inner.doubt_all();
            }
            let Some(order) = inner.order.clone().or_else(|| inner.last_order.clone()) else {
                inner.fetch_order(self)?;
                continue;
            };
            let chosen = part.of(&order, skipped);
            let is_unknown = |at: &u32| matches!(inner.cache.look_at_as(order[*at as usize].slot, wish), Look::Unknown);
            let unknown: Vec<u32> = chosen.iter().copied().filter(is_unknown).collect();
            if round >= ROUNDS && !unknown.is_empty() {
                return inner.part_of_all(self, part, asker);
            }
            match inner.fetch_part(self, &order, (&unknown, wish), &mut long) {
                Err(error) if error.is_full() => return inner.part_of_all(self, part, asker),
                fetched => fetched?,
            }
            inner.make_sure_of_expired(self)?;
            // All that is known now is of this moment, as nothing has been read behind the last answer.
            if inner.order.as_ref().is_some_and(|newest| Rc::ptr_eq(newest, &order)) && inner.is_sure() {
                inner.check_lock(asker, true)?;
                match inner.everything(&order, (part, wish), &chosen, skipped) {
                    Ok(Some(mut everything)) => {
                        everything.content.take_if(|_| !self.caches());
                        return Ok(everything);
                    }
                    Ok(None) => {}
                    Err(missing) => skipped = missing,
                }
            }
        }
        Err(ErrorKind::Busy)
    }

    /// The values of those of some names that have one, all of one moment, by their index.
    pub fn read_some(&self, names: &[&[u8]], asker: Asker) -> Outcome<Vec<(usize, Known)>> {
        let mut inner = self.inner();
        inner.begin_reading(self);
        for round in 0..MOST_ROUNDS {
            inner.look_to_read(self)?;
            let is_unknown = |name: &&&[u8]| round >= ROUNDS || matches!(inner.cache.look(name), Look::Unknown);
            let unknown: Vec<&[u8]> = names.iter().filter(is_unknown).copied().collect();
            if round >= ROUNDS {
                // All of it, then, in one answer.
                inner.lock = Lock::Unknown;
            }
            inner.fetch(self, &unknown)?;
            inner.make_sure_of_expired(self)?;
            if !inner.is_sure() {
                continue;
            }
            inner.check_lock(asker, true)?;
            let mut found = Vec::with_capacity(names.len());
            let is_whole = names.iter().enumerate().all(|(at, name)| match inner.cache.look(name) {
                Look::Known(known) => {
                    found.push((at, known));
                    true
                }
                Look::Missing(_) => true,
                Look::Unknown => false,
            });
            if is_whole {
                return Ok(found);
            }
        }
        Err(ErrorKind::Busy)
    }

    /// How many names there were when their order was last known.
    pub fn last_count(&self) -> u64 {
        self.inner().last_order.as_ref().map_or(0, |order| order.len() as u64)
    }

    /// How many names there are.
    pub fn count(&self, asker: Asker) -> Outcome<u64> {
        let mut inner = self.inner();
        inner.begin_reading(self);
        loop {
            inner.look_to_read(self)?;
            let is_over = |count: &Count| count.until != 0 && count.until <= inner.now();
            if inner.count.is_none_or(|count| is_over(&count)) || !inner.is_sure() {
                match inner.fetch_count(self) {
                    Err(error) if error.is_full() => {
                        return Ok(inner.part_of_all(self, Part::All, asker)?.found.len() as u64);
                    }
                    fetched => fetched?,
                }
                inner.make_sure_of_expired(self)?;
            }
            if let Some(count) = inner.count.filter(|_| inner.is_sure()) {
                inner.check_lock(asker, true)?;
                return Ok(count.names);
            }
        }
    }
}
