//! Reading one value: as a whole, what was appended to it since it was read, or its first bytes.

use super::cache::{Known, Look, Wish};
use super::error::ErrorKind;
use super::inner::{Inner, Outcome};
use super::layout::{HEAD, Key, Stored};
use super::place::{Asker, Place};
use super::space::Space;
use crate::batch::Batch;
use crate::message::Value;

/// The length from which on a value is not read where its first bytes are enough, and what was appended to it is read alone. (A shorter one costs hardly more
/// than those.)
const LONG: u64 = 4096;
/// The last of the first bytes that are read of a long value, and of one that may be short.
const LAST_OF_LONG: &[u8] = b"63";
const LAST_OF_SHORT: &[u8] = b"4095";

impl Inner {
    /// Asks questions at one moment, and for the lock where that is not known; the answers. (Pushes behind the last one have not been read: all that is
    /// learned of the answers holds until the next look.)
    pub fn ask_together(&mut self, place: &Place, questions: &[&[&[u8]]]) -> Outcome<Vec<Value>> {
        let asks_for_lock = !self.is_sure();
        let is_transaction = asks_for_lock || questions.len() > 1;
        let own = [&b"MGET"[..], place.keys.kind(Key::Lock), place.keys.kind(Key::Life)];
        let mut batch = Batch::new();
        if is_transaction {
            batch.add(&[b"MULTI"]);
        }
        if asks_for_lock {
            batch.add(&own);
        }
        questions.iter().for_each(|words| batch.add(words));
        if is_transaction {
            batch.add(&[b"EXEC"]);
        }
        let last = batch.len() - 1;
        let mut answers = Vec::new();
        self.exchange(place, &batch, &mut |number, answer, inner| {
            let answer = answer.map_err(ErrorKind::Refused)?;
            match answer {
                _ if number < last => return Ok(()),
                Value::List(all) if is_transaction => answers = all,
                answer if !is_transaction => answers = vec![answer],
                _ => return Err(ErrorKind::Senseless),
            }
            if let Some(at) = answers.iter().position(|answer| matches!(answer, Value::Refused(_)))
                && let Value::Refused(refusal) = answers.swap_remove(at)
            {
                return Err(ErrorKind::Refused(refusal));
            }
            if answers.len() != questions.len() + usize::from(asks_for_lock) {
                return Err(ErrorKind::Senseless);
            }
            if asks_for_lock {
                let Value::List(own) = answers.remove(0) else { return Err(ErrorKind::Senseless) };
                let [lock, life] = &own[..] else { return Err(ErrorKind::Senseless) };
                inner.learn_lock(place, lock, life)?;
            }
            Ok(())
        })?;
        Ok(answers)
    }

    /// Looks now and then whether the server is able to tell of all that changes; at an address of sentinels also whether it is the master still, where nothing else is
    /// asked for. (Not while this thread has a lock or an element there, which a server that answers late would cost it.)
    #[inline]
    pub fn look_at_tracking_in_time(&mut self, place: &Place) {
        if self.tracked.is_due(place.is_watched()) && !place.would_lose() {
            self.look_at_tracking(place);
        }
    }

    /// Looks whether the server is able to tell of all that changes. Where it may not be, nothing that was read counts, nor where it may not have been meanwhile.
    #[cold]
    fn look_at_tracking(&mut self, place: &Place) {
        let Some(batch) = self.tracked.questions() else { return };
        // (So one whose values have all expired by a wrong clock, and who asks for nothing therefore, learns of that here.)
        self.link.iter_mut().for_each(|link| link.timed = None);
        let mut answers = Vec::new();
        // (A reader waits for nothing but the answers: there is a next look.)
        let asked = place.at_once(|| {
            self.exchange(place, &batch, &mut |_, answer, _| {
                answers.push(answer);
                Ok(())
            })
        });
        if asked.is_err() {
            // (It stays as it was believed to be.)
            return;
        }
        let Some(seen) = self.tracked.look(&answers, place.is_untold()) else { return };
        if seen.was_another || seen.is_full != place.is_untold() {
            place.set_untold(seen.is_full);
            self.doubt_all();
        }
    }

    /// Does something in a transaction of the server. True: it has no memory for one.
    fn unless_full(&mut self, action: impl FnOnce(&mut Self) -> Outcome<()>) -> Outcome<bool> {
        match action(self) {
            Err(error) if error.is_full() => Ok(true),
            done => done.map(|()| false),
        }
    }

    /// Asks for the first bytes of a value. It is known then, unless it has turned out to be long.
    fn fetch_head(&mut self, place: &Place, name: &[u8], is_long: bool) -> Outcome<()> {
        let key = place.keys.value(name);
        let slot = self.cache.slot(name);
        let last = if is_long { LAST_OF_LONG } else { LAST_OF_SHORT };
        let questions: [&[&[u8]]; 2] = [&[b"GETRANGE", &key, b"0", last], &[b"STRLEN", &key]];
        let answers = self.ask_together(place, if is_long { &questions } else { &questions[..1] })?;
        let mut answers = answers.into_iter();
        let Some(Value::Text(head)) = answers.next() else { return Err(ErrorKind::Senseless) };
        let stored = match answers.next() {
            Some(stored) => {
                stored.integer().and_then(|stored| u64::try_from(stored).ok()).ok_or(ErrorKind::Senseless)?
            }
            None => head.len() as u64,
        };
        if !is_long && stored >= LONG {
            return Ok(());
        }
        self.learn_head(place, slot, name, (head, stored))
    }

    /// The server has told the first bytes of what a name has, and how long that is.
    pub fn learn_head(&mut self, place: &Place, slot: u32, name: &[u8], (head, stored): (Vec<u8>, u64)) -> Outcome<()> {
        // (A key without bytes is like none to the scripts.)
        if head.is_empty() {
            return self.learn_at(place, slot, name, Value::Nil);
        }
        if stored <= head.len() as u64 {
            return self.learn_at(place, slot, name, Value::Text(head));
        }
        let value = Stored::read_head(head, stored).ok_or_else(|| ErrorKind::Foreign(place.keys.value(name)))?;
        let ahead = self.ahead();
        self.cache.learn_at(slot, Some(value), ahead);
        Ok(())
    }

    /// Asks for what was appended to the value that was last read of a name. It is known then, unless it is another one.
    fn fetch_tail(&mut self, place: &Place, name: &[u8], (slot, stored): (u32, u64)) -> Outcome<()> {
        let key = place.keys.value(name);
        let (end, from) = ((HEAD - 1).to_string(), stored.to_string());
        let head: [&[u8]; 4] = [b"GETRANGE", &key, b"0", end.as_bytes()];
        let tail: [&[u8]; 4] = [b"GETRANGE", &key, from.as_bytes(), b"-1"];
        let answers = self.ask_together(place, &[&head, &tail])?;
        let [Value::Text(head), Value::Text(tail)] = &answers[..] else { return Err(ErrorKind::Senseless) };
        let ahead = self.ahead();
        let before = self.cache.take_last(slot);
        if let Some(value) = before.and_then(|before| Stored::continued(before, head, tail)) {
            self.cache.learn_at(slot, Some(value), ahead);
        }
        Ok(())
    }

    /// The number of a name, and the length of the value that was last read of it, if it is likely to be that one with more behind it.
    fn followed(&mut self, name: &[u8]) -> Option<(u32, u64)> {
        let last = self.cache.last_marked(name)?;
        let value = &last.value;
        let is_likely = value.is_read && !value.is_queue && value.pieces > 1 && value.stored >= LONG;
        is_likely.then_some((last.slot, value.stored))
    }
}

impl Space {
    /// The value of a name; `None`: there is none.
    pub fn read(&self, name: &[u8], asker: Asker) -> Outcome<(u32, Option<Known>)> {
        self.read_as(Wish::Whole, name, asker)
    }

    /// The same, of which only the first bytes may be read.
    pub fn read_head(&self, name: &[u8], asker: Asker) -> Outcome<(u32, Option<Known>)> {
        self.read_as(Wish::Head, name, asker)
    }

    fn read_as(&self, wish: Wish, name: &[u8], asker: Asker) -> Outcome<(u32, Option<Known>)> {
        let look = |inner: &Inner| match wish {
            Wish::Whole => inner.cache.look(name),
            Wish::Head => inner.cache.look_for_head(name),
        };
        let mut inner = self.inner();
        inner.begin_reading(self);
        let mut is_long = inner.cache.is_last_longer(name, LONG);
        let mut is_full = false;
        loop {
            inner.look_to_read(self)?;
            // (Behind the answers nothing has been read: all of them are of one moment, unless the lock has changed meanwhile.)
            match (look(&inner), wish) {
                (Look::Known(_) | Look::Missing(_), _) => inner.fetch(self, &[])?,
                (Look::Unknown, _) if is_full => inner.fetch(self, std::slice::from_ref(&name))?,
                (Look::Unknown, Wish::Head) => {
                    is_full = inner.unless_full(|inner| inner.fetch_head(self, name, is_long))?;
                    // (If it is not known now, it was long, or has changed meanwhile: then either way will do.)
                    is_long = true;
                }
                (Look::Unknown, Wish::Whole) => match inner.followed(name) {
                    Some(last) => is_full = inner.unless_full(|inner| inner.fetch_tail(self, name, last))?,
                    None => inner.fetch(self, std::slice::from_ref(&name))?,
                },
            }
            inner.make_sure_of_expired(self)?;
            if inner.is_sure() {
                inner.check_lock(asker, true)?;
                match look(&inner) {
                    Look::Known(known) => return Ok((known.slot, Some(known))),
                    Look::Missing(slot) => return Ok((slot, None)),
                    Look::Unknown => {}
                }
            }
        }
    }
}
