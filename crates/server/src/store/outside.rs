//! A look at a store from outside: its size, and those who use it, hold it, or wait for it.

use super::error::ErrorKind;
use super::handle::{Result, ServerStore};
use super::layout::Key;
use super::mark::{Mark, Owner, visible};
use super::name::Listed;
use super::order::Part;
use crate::message::Value;
use std::collections::HashSet;
use sync_backend::{Connected, HeldLock, Stats};

/// The connections of a server, at one moment.
struct Clients {
    /// The run of the server; empty: not known.
    run: Vec<u8>,
    /// Their numbers; `None`: the server does not say.
    all: Option<HashSet<i64>>,
    /// The processes that use the store.
    users: Vec<Connected>,
}

impl Clients {
    /// Whether the connection of an owner has not ended, as far as the server says.
    fn has(&self, owner: &Owner) -> bool {
        let is_of_run = self.run.is_empty() || owner.run == self.run;
        owner.client != 0 && is_of_run && self.all.as_ref().is_none_or(|all| all.contains(&owner.client))
    }
}

/// Reads an owner.
fn owner(text: &[u8]) -> Option<Owner> {
    Owner::read(std::str::from_utf8(text).ok()?)
}

impl ServerStore {
    fn clients(&self) -> Result<Clients> {
        let (_, run, _) = self.space.identity().map_err(|kind| self.error(kind))?;
        let Ok(Value::Text(list)) = self.space.ask(&[b"CLIENT", b"LIST"]) else {
            return Ok(Clients { run, all: None, users: Vec::new() });
        };
        let (database, prefix) = (self.space.address.server.database, &self.space.address.prefix);
        let list = String::from_utf8_lossy(&list);
        let (mut all, mut users) = (HashSet::new(), Vec::new());
        for listed in list.lines().filter_map(Listed::read) {
            all.insert(listed.client);
            users.extend(listed.user_of(database, prefix).map(|(pid, since)| Connected { pid, since }));
        }
        Ok(Clients { run, all: Some(all), users })
    }

    /// Those that stand in line for named locks.
    fn lines(&self) -> Result<Vec<Owner>> {
        let all = self.space.ask(&[b"HVALS", self.space.keys.kind(Key::Lines)]).map_err(|kind| self.error(kind))?;
        let Value::List(lines) = all else { return Ok(Vec::new()) };
        let askers = lines.iter().filter_map(Value::text).flat_map(|line| line.split(|byte| *byte == b';'));
        Ok(askers.filter_map(owner).collect())
    }

    /// Those that wait for a hold to end, or for a change.
    fn waiting(&self, which: Key) -> Result<Vec<Owner>> {
        match self.space.ask(&[b"ZRANGE", self.space.keys.kind(which), b"0", b"-1"]).map_err(|kind| self.error(kind))? {
            Value::List(all) => Ok(all.iter().filter_map(Value::text).filter_map(owner).collect()),
            _ => Ok(Vec::new()),
        }
    }

    pub(super) fn look_from_outside(&self) -> Result<Stats> {
        let ask = |words: &[&[u8]]| self.space.ask(words).map_err(|kind| self.error(kind));
        let keys = &self.space.keys;
        let now = sync_backend::Now::read().milliseconds().saturating_add_signed(self.space.ahead()).to_string();
        let count = ask(&[b"ZCARD", keys.kind(Key::Order)])?.integer().unwrap_or(0) as u64;
        let due = ask(&[b"ZCOUNT", keys.kind(Key::Due), b"-inf", now.as_bytes()])?.integer().unwrap_or(0) as u64;
        let commits = match ask(&[b"HMGET", keys.kind(Key::Counters), b"change", b"first"])? {
            Value::List(words) => {
                let number = |at: usize| words.get(at).and_then(Value::number).unwrap_or(0);
                number(0).saturating_sub(number(1))
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
        // (Nobody waits for those who keep others from reading: this only looks.)
        let live: u64 = match self.part(Part::All) {
            Ok(all) => all.iter().map(|(named, known)| named.name().len() as u64 + known.value.stored).sum(),
            Err(error) if matches!(error.kind(), ErrorKind::Held(_)) => 0,
            Err(error) => return Err(error),
        };
        let (in_line, waiting) = ([self.lines()?, self.waiting(Key::Waiting)?].concat(), self.waiting(Key::Watching)?);
        // (Behind all these, each of which was connected before: one that is not listed is gone.)
        let clients = self.clients()?;
        let living = |owners: &[Owner]| owners.iter().filter(|owner| clients.has(owner)).count() as u64;
        let waiters = living(&in_line) + living(&waiting);
        for gone in waiting.iter().filter(|owner| !clients.has(owner)) {
            // (It was killed while it waited, and nobody else takes it off.)
            let _ = ask(&[b"ZREM", keys.kind(Key::Watching), gone.text().as_bytes()]);
        }
        Ok(Stats {
            keys: count.saturating_sub(due),
            live_bytes: live,
            memory_bytes: live,
            commits,
            locks,
            waiters,
            processes: clients.users,
            consuming: self.consumers()?,
            ..Stats::default()
        })
    }
}
