//! Looks at many names that read no values: at the sizes of all, part by part, and at those that have changed since an earlier look.

use super::error::ErrorKind;
use super::handle::{Result, ServerStore};
use super::inner::Outcome;
use super::layout::{Key, Stored};
use super::order::score_in;
use super::place::Asker;
use super::script::Script;
use super::space::Space;
use crate::batch::Batch;
use crate::message::Value;
use std::collections::{HashMap, HashSet};
use sync_backend::{Expiry, Now, listed};

/// The names of a part.
const PART: &[u8] = b"2000";
/// The last one of the first bytes that are read of what is stored for a name: those of the value tell its kind, and mostly its class.
const LAST: &[u8] = b"127";

/// A name, as a look from outside has seen it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenName {
    pub name: Vec<u8>,
    /// The number of bytes of its value, as they are stored.
    pub bytes: u64,
    /// When it expires; `None`: never.
    pub expiry: Option<Expiry>,
    /// The first bytes of its value, unless that is a list of which the length is known.
    pub start: Vec<u8>,
    /// The length of such a list.
    pub listed: Option<u64>,
}

/// A name that has changed, and has a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedName {
    pub name: Box<[u8]>,
    /// Its place in insertion order.
    pub place: u64,
    /// The number of its last change. (That it expires at another time is none.)
    pub change: u64,
}

/// The names that have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Those that have a value.
    pub there: Vec<ChangedName>,
    /// Those that may have had one, and have none. All others but those that are there, if `is_all`.
    pub gone: Vec<Box<[u8]>>,
    /// Whether all names are told of that have a value.
    pub is_all: bool,
    /// The time of the look by the server's clock (ms).
    pub time: u64,
}

impl ServerStore {
    /// The names that have changed since a change, by its number, or expired since an earlier look, by its time; all, where the server does not
    /// know of so early a change any more, or none is given. The cost depends on how many those are.
    pub fn changes(&self, since: Option<(u64, u64)>) -> Result<Changes> {
        self.space.changes(since, self.asker()).map_err(|kind| self.error(kind))
    }

    /// The number of the last change of a name; `None`: nothing is known of one.
    pub fn last_change(&self, name: &[u8]) -> Result<Option<u64>> {
        let words: [&[u8]; 3] = [b"ZSCORE", self.space.keys.kind(Key::Changes), name];
        Ok(score_in(&self.space.ask(&words).map_err(|kind| self.error(kind))?))
    }

    /// A number that tells a life of the store from each other one; 0: it is not there.
    pub fn life(&self) -> Result<u64> {
        let life = self.space.ask(&[b"GET", self.space.keys.kind(Key::Life)]).map_err(|kind| self.error(kind))?;
        Ok(life.number().unwrap_or(0))
    }

    /// When the first one of all values expires that had not at a time by the server's clock (ms); `None`: none does. (The server tells a handle
    /// that waits for a change when that is another one.)
    pub fn next_expiry(&self, after: u64) -> Result<Option<Expiry>> {
        self.space.next_expiry(after).map_err(|kind| self.error(kind))
    }

    /// Some thousand names: a part that begins with 0, or with the number that came with the part before. `None` comes with the last one. A name
    /// that is there all the time, and keeps its place, is in one part.
    pub fn survey_part(&self, from: u64) -> Result<(Vec<SeenName>, Option<u64>)> {
        self.space.survey_part(from, self.asker()).map_err(|kind| self.error(kind))
    }
}

/// Names with their numbers, as a sorted set has them in an answer of a script.
fn scored(list: Value) -> Outcome<Vec<(Box<[u8]>, u64)>> {
    let Value::List(words) = list else { return Err(ErrorKind::Senseless) };
    let mut scored = Vec::with_capacity(words.len() / 2);
    let mut words = words.into_iter();
    while let (Some(Value::Text(name)), Some(score)) = (words.next(), words.next()) {
        scored.push((name.into(), score_in(&score).ok_or(ErrorKind::Senseless)?));
    }
    Ok(scored)
}

impl Space {
    fn changes(&self, since: Option<(u64, u64)>, asker: Asker) -> Outcome<Changes> {
        let mut inner = self.inner();
        inner.look(self)?;
        let (since, from) = since.map_or_else(Default::default, |(change, time)| (change.to_string(), time));
        let from = from.to_string();
        let words = [self.keys.start(), since.as_bytes(), from.as_bytes()];
        let Value::List(parts) = inner.run_on_all(self, Script::Changes, &words)? else {
            return Err(ErrorKind::Senseless);
        };
        let [lock, life, is_all, time, changed, order, due, over] =
            <[Value; 8]>::try_from(parts).map_err(|_| ErrorKind::Senseless)?;
        let time = time.integer().and_then(|time| u64::try_from(time).ok()).ok_or(ErrorKind::Senseless)?;
        inner.learn_lock(self, &lock, &life)?;
        inner.check_lock(asker, true)?;
        let due: HashMap<_, _> = scored(due)?.into_iter().filter(|(_, at)| *at <= time).collect();
        let changed: HashMap<_, _> = scored(changed)?.into_iter().collect();
        let order = scored(order)?.into_iter().filter(|(name, _)| !due.contains_key(name));
        let of_place = |(name, place)| {
            let change = changed.get(&name).copied().unwrap_or(0);
            ChangedName { name, place, change }
        };
        let there: Vec<_> = order.map(of_place).collect();
        let is_all = is_all.integer() == Some(1);
        let mut gone = Vec::new();
        if !is_all {
            let names: HashSet<_> = there.iter().map(|name| &name.name).collect();
            gone.extend(changed.keys().filter(|name| !names.contains(name)).cloned());
            gone.extend(scored(over)?.into_iter().map(|(name, _)| name));
        }
        Ok(Changes { there, gone, is_all, time })
    }

    fn next_expiry(&self, after: u64) -> Outcome<Option<Expiry>> {
        let after = format!("({after}");
        let due = self.keys.kind(Key::Due);
        let words: [&[u8]; 8] = [b"ZRANGEBYSCORE", due, after.as_bytes(), b"+inf", b"WITHSCORES", b"LIMIT", b"0", b"1"];
        let Value::List(next) = self.ask(&words)? else { return Err(ErrorKind::Senseless) };
        let Some((_, at)) = pairs(&next)?.pop() else { return Ok(None) };
        Ok(Some(Expiry::at(at.saturating_add_signed(-self.ahead()))))
    }

    fn survey_part(&self, from: u64, asker: Asker) -> Outcome<(Vec<SeenName>, Option<u64>)> {
        let after = format!("({from}");
        let order = self.keys.kind(Key::Order);
        let words: [&[u8]; 8] =
            [b"ZRANGEBYSCORE", order, after.as_bytes(), b"+inf", b"WITHSCORES", b"LIMIT", b"0", PART];
        let mut inner = self.inner();
        inner.begin_reading(self);
        inner.look_to_read(self)?;
        // (Somebody who keeps others out from here on has changed little by the end of the part.)
        inner.fetch(self, &[])?;
        inner.check_lock(asker, true)?;
        drop(inner);
        let Value::List(part) = self.ask(&words)? else { return Err(ErrorKind::Senseless) };
        let part = pairs(&part)?;
        let Some((_, last)) = part.last() else { return Ok((Vec::new(), None)) };
        let last = *last;
        let mut batch = Batch::new();
        let keys: Vec<Vec<u8>> = part.iter().map(|(name, _)| self.keys.value(name)).collect();
        for key in &keys {
            batch.add(&[b"GETRANGE", key, b"0", LAST]);
            batch.add(&[b"STRLEN", key]);
        }
        let mut answers = Vec::with_capacity(batch.len());
        self.inner().exchange(self, &batch, &mut |_, answer, _| {
            // (Somebody else may have put something there that has no such bytes.)
            answers.push(answer.unwrap_or(Value::Nil));
            Ok(())
        })?;
        let (ahead, now) = (self.ahead(), Now::read());
        let seen = part.into_iter().zip(answers.chunks_exact(2)).filter_map(|((name, _), answers)| {
            let [Value::Text(head), length] = answers else { return None };
            let length = u64::try_from(length.integer()?).ok()?;
            let value = Stored::read_head(head.clone(), length).or_else(|| Stored::read(head.clone()).ok())?;
            let expiry = value.expiry(ahead);
            let is_there = expiry.is_none_or(|expiry| !expiry.has_come(now));
            let (bytes, listed) = (value.length(), value.note.and_then(listed));
            let start = if listed.is_some() { Vec::new() } else { value.bytes().to_vec() };
            is_there.then_some(SeenName { name, bytes, expiry, start, listed })
        });
        Ok((seen.collect(), Some(last)))
    }
}

/// Names with their numbers, as a sorted set has them.
fn pairs(list: &[Value]) -> Outcome<Vec<(Vec<u8>, u64)>> {
    let pair = |pair: &Value| match pair {
        Value::List(pair) => Some((pair.first()?.text()?.to_vec(), score_in(pair.get(1)?)?)),
        _ => None,
    };
    list.iter().map(|it| pair(it).ok_or(ErrorKind::Senseless)).collect()
}
