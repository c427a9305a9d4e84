//! A look at a store from outside: its size, and those who use it, hold it, or wait for it.

use super::cache::Wish;
use super::error::ErrorKind;
use super::handle::{Result, ServerStore};
use super::layout::Key;
use super::mark::{Mark, Owner, visible};
use super::name::Listed;
use super::order::Part;
use crate::message::Value;
use sync_backend::{Connected, HeldLock, Stats};

impl ServerStore {
    /// The processes that use the store, as far as the server lists its connections.
    fn users(&self) -> Vec<Connected> {
        let Ok(Value::Text(list)) = self.space.ask(&[b"CLIENT", b"LIST"]) else { return Vec::new() };
        let (database, prefix) = (self.space.address.server.database, &self.space.address.prefix);
        let list = String::from_utf8_lossy(&list);
        let users = list.lines().filter_map(Listed::read).filter_map(|listed| listed.user_of(database, prefix));
        users.map(|(pid, since)| Connected { pid, since }).collect()
    }

    /// Those that stand in line for named locks.
    fn lines(&self) -> Result<Vec<Owner>> {
        let all = self.space.ask(&[b"HVALS", self.space.keys.kind(Key::Lines)]).map_err(|kind| self.error(kind))?;
        let Value::List(lines) = all else { return Ok(Vec::new()) };
        let askers = lines.iter().filter_map(Value::text).flat_map(|line| line.split(|byte| *byte == b';'));
        Ok(askers.filter_map(Owner::of).collect())
    }

    /// Those that wait for a hold to end, or for a change.
    fn waiting(&self, which: Key) -> Result<Vec<Owner>> {
        match self.space.ask(&[b"ZRANGE", self.space.keys.kind(which), b"0", b"-1"]).map_err(|kind| self.error(kind))? {
            Value::List(all) => Ok(all.iter().filter_map(Value::text).filter_map(Owner::of).collect()),
            _ => Ok(Vec::new()),
        }
    }

    pub(super) fn look_from_outside(&self) -> Result<Stats> {
        let stats = self.glance()?;
        // (Nobody waits for those who keep others from reading: this only looks.)
        let live: u64 = match self.part(Part::All, Wish::Head) {
            Ok(all) => all.iter().map(|(named, known)| named.name().len() as u64 + known.value.stored).sum(),
            Err(error) if matches!(error.kind(), ErrorKind::Held(_)) => 0,
            Err(error) => return Err(error),
        };
        Ok(Stats { live_bytes: live, memory_bytes: live, ..stats })
    }

    /// As [`Backend::stats`](sync_backend::Backend::stats), without the number of bytes: so the cost does not depend on how much is stored.
    pub fn glance(&self) -> Result<Stats> {
        let ask = |words: &[&[u8]]| self.space.ask(words).map_err(|kind| self.error(kind));
        let keys = &self.space.keys;
        let count = ask(&[b"ZCARD", keys.kind(Key::Order)])?.integer().unwrap_or(0) as u64;
        // (By now the difference of the clocks has been asked for, if that was due.)
        let now = self.space.inner().now().to_string();
        let due = ask(&[b"ZCOUNT", keys.kind(Key::Due), b"-inf", now.as_bytes()])?.integer().unwrap_or(0) as u64;
        let commits = match ask(&[b"HMGET", keys.kind(Key::Counters), b"change", b"first", b"skipped"])? {
            Value::List(words) => {
                let number = |at: usize| words.get(at).and_then(Value::number).unwrap_or(0);
                number(0).saturating_sub(number(1) + number(2))
            }
            _ => 0,
        };
        let mut locks: Vec<HeldLock> = Vec::new();
        if let Value::Text(mark) = ask(&[b"GET", keys.kind(Key::Lock)])?
            && let Some(mark) = Mark::read(&mark).filter(|mark| !self.is_dead(&mark.owner))
        {
            let pid = visible(&mark.machine, mark.process);
            locks.push(HeldLock { name: None, pid, since: mark.since, token: mark.token });
        }
        locks.extend(self.named_locks()?);
        let (in_line, waiting) = ([self.lines()?, self.waiting(Key::Waiting)?].concat(), self.waiting(Key::Watching)?);
        // (Behind all these, each of which was connected before.)
        let dead = self.dead(in_line.iter().chain(&waiting));
        let waiters = (in_line.len() + waiting.len() - dead.len()) as u64;
        for gone in waiting.iter().filter(|owner| dead.contains(owner)) {
            // (It was killed while it waited, and nobody else takes it off.)
            let _ = self.space.at_once(|| ask(&[b"ZREM", keys.kind(Key::Watching), gone.text().as_bytes()]));
        }
        Ok(Stats {
            keys: count.saturating_sub(due),
            commits,
            locks,
            waiters,
            processes: self.users(),
            consuming: self.consumers()?,
            ..Stats::default()
        })
    }
}
