//! Named locks.

use super::error::ErrorKind;
use super::handle::{Result, ServerStore};
use super::layout::Key;
use super::mark::{ASKS, Owner, machine, visible, wall_clock};
use super::own::OwnLock;
use super::thread;
use crate::message::Value;
use std::time::{Duration, Instant};
use sync_backend::{HeldLock, LockName, LockSpace, Occupied, Taking};
use sync_fork::OfProcess;

/// The number of locks that a handle remembers to have lost. (Somebody asks, who is still at what it wanted them for.)
const MOST_LOST: usize = 64;

thread_local! {
    /// How many locks of values that are being computed this thread has.
    static COMPUTING: OfProcess<u32> = OfProcess::default();
}

/// Whether this thread has any lock of a value that is being computed.
pub fn is_computing() -> bool {
    COMPUTING.with(|computing| *computing.borrow() > 0)
}

/// The owner of a lock, as the server has it.
struct Held {
    owner: Owner,
    process: u32,
    machine: String,
    since: u64,
    token: u64,
}

impl Held {
    fn read(mark: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(mark).ok()?.split(' ');
        Some(Self {
            owner: Owner::read(words.next()?)?,
            process: words.next()?.parse().ok()?,
            machine: words.next()?.to_owned(),
            since: words.next()?.parse().ok()?,
            token: words.next()?.parse().ok()?,
        })
    }

    fn pid(&self) -> Option<u32> {
        visible(&self.machine, self.process)
    }
}

/// A lock's field at the server.
fn field(lock: LockName) -> Vec<u8> {
    [&[b'0' + lock.space as u8], lock.name].concat()
}

impl ServerStore {
    fn own_lock(&self, lock: LockName) -> Option<usize> {
        let fiber = (self.fiber)() as u64;
        let locks = self.locks.borrow();
        locks.iter().position(|own| own.space == lock.space && own.name == lock.name && own.owner.fiber == fiber)
    }

    fn ask_named(&self, words: &[&[u8]]) -> Result<Vec<Value>> {
        let mut all: [&[u8]; 5] = [b""; 5];
        all[..words.len()].copy_from_slice(words);
        self.space.named(all).map_err(|kind| self.error(kind))
    }

    pub(super) fn take_named(&self, lock: LockName, wait: bool) -> Result<Taking> {
        if let Some(at) = self.own_lock(lock) {
            // (The connection may stand to a server that is no master any longer, and has the mark of another owner.)
            if self.still_has(at) && self.server_has(at) {
                let own = &mut self.locks.borrow_mut()[at];
                own.depth += 1;
                return Ok(Taking::Taken(own.token));
            }
            self.lose_own(at);
        }
        self.ask_for_named(lock, wait, false)
    }

    /// Asks for a lock. `has_looked`: whether its owner lives is known.
    fn ask_for_named(&self, lock: LockName, wait: bool, has_looked: bool) -> Result<Taking> {
        let owner = self.owner_to_be()?;
        let asker = owner.text();
        let more = format!("{} {} {}", std::process::id(), machine(), wall_clock());
        let waits: &[u8] = if wait { b"wait" } else { b"" };
        let field = field(lock);
        let answer = self.ask_named(&[b"take", &field, asker.as_bytes(), waits, more.as_bytes()])?;
        let senseless = || self.error(ErrorKind::Senseless);
        let text = answer.get(1).and_then(Value::text);
        match answer.first().and_then(Value::text) {
            Some(b"done") if !self.is_own(&owner) => Err(self.interrupted()),
            Some(b"done") => {
                let token = answer.get(1).and_then(Value::integer).ok_or_else(senseless)? as u64;
                let mark = answer.get(2).and_then(Value::text).ok_or_else(senseless)?.to_vec();
                if lock.space == LockSpace::Computed {
                    COMPUTING.with(|computing| *computing.borrow_mut() += 1);
                }
                self.space.count_kept(1);
                self.locks.borrow_mut().push(OwnLock {
                    space: lock.space,
                    name: lock.name.to_vec(),
                    mark,
                    owner,
                    opening: self.space.opening(),
                    token,
                    depth: 1,
                });
                self.clear_remains();
                Ok(Taking::Taken(token))
            }
            Some(b"held") => {
                let held = text.and_then(Held::read).ok_or_else(senseless)?;
                if !has_looked && self.is_dead(&held.owner) {
                    self.space.at_once(|| self.pass_over_the_late(lock));
                    return self.ask_for_named(lock, wait, true);
                }
                let same_thread = thread::has(&held.owner, &held.machine, held.process);
                let (token, pid) = (held.token, held.pid());
                Ok(Taking::Occupied(Occupied { same_thread, owner: pid, token, note: 0 }))
            }
            Some(b"called") if !has_looked && !wait => {
                self.space.at_once(|| self.pass_over_the_late(lock));
                self.ask_for_named(lock, wait, true)
            }
            // It is somebody's turn who has not come yet.
            Some(b"called") => Ok(Taking::Occupied(Occupied { same_thread: false, owner: None, token: 0, note: 1 })),
            _ => Err(senseless()),
        }
    }

    /// Whether a lock is this handle's still, as far as is known without asking: a connection that ended has lost it, whether somebody else has it by now or not.
    fn still_has(&self, at: usize) -> bool {
        let (opening, owner) = {
            let own = &self.locks.borrow()[at];
            (own.opening, own.owner.clone())
        };
        let entered = self.space.enter();
        self.is_own(&owner) && (opening != 0 && entered == opening || self.server_has(at))
    }

    /// Whether the server has a lock as this handle's.
    fn server_has(&self, at: usize) -> bool {
        let (field, mark, owner) = {
            let own = &self.locks.borrow()[at];
            let field = field(LockName { space: own.space, name: &own.name });
            (field, own.mark.clone(), own.owner.clone())
        };
        let key = self.space.keys.kind(Key::Named);
        match self.space.ask(&[b"HGET", key, &field]) {
            Ok(Value::Text(its)) => its == mark,
            Ok(_) => false,
            // A server that does not say has it as long as the connection stands.
            Err(_) => self.is_own(&owner),
        }
    }

    fn drop_own(&self, at: usize) -> OwnLock {
        let own = self.locks.borrow_mut().swap_remove(at);
        self.space.count_kept(-1);
        if own.space == LockSpace::Computed {
            COMPUTING.with(|computing| *computing.borrow_mut() -= 1);
        }
        own
    }

    /// A lock has ended with its connection.
    fn lose_own(&self, at: usize) {
        let lost = self.drop_own(at).token;
        self.note_lost(Some(lost));
    }

    /// A lock of this token, by name or of the whole, has ended without this handle's doing.
    pub(super) fn note_lost(&self, token: Option<u64>) {
        let Some(token) = token else { return };
        let mut all = self.lost.borrow_mut();
        if all.len() == MOST_LOST {
            all.remove(0);
        }
        all.push(token);
    }

    pub(super) fn has_lost_named(&self, lock: LockName, token: u64) -> bool {
        // (It notes what it finds.)
        self.held_named(lock);
        self.lost.borrow().contains(&token)
    }

    pub(super) fn release_named(&self, lock: LockName) -> bool {
        let Some(at) = self.own_lock(lock) else { return false };
        let depth = {
            let own = &mut self.locks.borrow_mut()[at];
            own.depth -= 1;
            own.depth
        };
        if depth > 0 {
            return true;
        }
        let own = self.drop_own(at);
        self.let_go(&own)
    }

    /// Tells the server that a lock is free. False: it was another one's by now.
    fn let_go(&self, own: &OwnLock) -> bool {
        let field = field(LockName { space: own.space, name: &own.name });
        match self.ask_named(&[b"release", &field, &own.mark]) {
            Ok(answer) => answer.first().and_then(Value::text) == Some(b"done"),
            // Where the server refuses, the lock ends with the connection; where it cannot be told, that has ended already.
            Err(_) => self.space.hang_up(&own.owner),
        }
    }

    pub(super) fn held_named(&self, lock: LockName) -> Option<(u64, u32)> {
        let at = self.own_lock(lock)?;
        if !self.still_has(at) {
            self.lose_own(at);
            return None;
        }
        let own = &self.locks.borrow()[at];
        Some((own.token, own.depth))
    }

    /// The handle ends.
    pub(super) fn end_locks(&self) {
        while !self.locks.borrow().is_empty() {
            let own = self.drop_own(0);
            self.let_go(&own);
        }
    }

    /// The store has ended, and the locks with it.
    pub(super) fn forget_locks(&self) {
        while !self.locks.borrow().is_empty() {
            self.drop_own(0);
        }
    }

    pub(super) fn leave_line(&self, lock: LockName) {
        // (Where there is no connection, nobody stands there by it.)
        if self.space.is_connected()
            && let Ok(owner) = self.owner()
        {
            let _ = self.space.at_once(|| self.ask_named(&[b"leave", &field(lock), owner.text().as_bytes()]));
        }
    }

    pub(super) fn wait_for_named(&self, lock: LockName, by: &Occupied, at_most: Duration) {
        let Some(deadline) = Instant::now().checked_add(at_most.min(ASKS)) else { return };
        let (named, lines) = (self.space.keys.kind(Key::Named), self.space.keys.kind(Key::Lines));
        let field = field(lock);
        let armed = self.space.arm(Key::Named, &[b"HGET", named, &field]);
        // (The line does not count as known anew: the lock may have changed since it was asked for.)
        let lines = self.space.ask(&[b"HGET", lines, &field]);
        // (It may be free by now, and this one's turn.)
        if armed.is_err() || lines.is_err() || matches!(armed, Ok(Value::Nil)) && by.note == 0 {
            return;
        }
        while !self.space.may_have_changed(Key::Named) {
            if Instant::now() >= deadline {
                self.space.at_once(|| self.pass_over_the_late(lock));
                return;
            }
            if self.space.wait(deadline).is_err() {
                return;
            }
        }
    }

    /// Frees the lock of an owner whose connection is gone, and lets the line go on past such, and past those that do not come when it is
    /// their turn.
    fn pass_over_the_late(&self, lock: LockName) {
        let field = field(lock);
        let (named, lines) = (self.space.keys.kind(Key::Named), self.space.keys.kind(Key::Lines));
        if let Ok(Value::Text(mark)) = self.space.ask(&[b"HGET", named, &field]) {
            if Held::read(&mark).is_some_and(|held| self.is_dead(&held.owner)) {
                let _ = self.ask_named(&[b"release", &field, &mark]);
            }
            return;
        }
        let Ok(Value::Text(line)) = self.space.ask(&[b"HGET", lines, &field]) else { return };
        let first = line.split(|byte| *byte == b';').next().unwrap_or_default();
        let Some(owner) = Owner::of(first) else { return };
        // (One that lives may be stopped: it has its time.)
        let word: &[u8] = if self.is_dead(&owner) { b"leave" } else { b"pass" };
        let _ = self.ask_named(&[word, &field, first]);
    }

    /// The locks that programs have named, and whose owners live.
    pub(super) fn named_locks(&self) -> Result<Vec<HeldLock>> {
        let all = self.space.ask(&[b"HGETALL", self.space.keys.kind(Key::Named)]).map_err(|kind| self.error(kind))?;
        let Value::Map(pairs) = all else { return Ok(Vec::new()) };
        let mut locks = Vec::new();
        for (field, mark) in &pairs {
            let (Some([b'0', name @ ..]), Some(mark)) = (field.text(), mark.text()) else { continue };
            if let Some(held) = Held::read(mark).filter(|held| !self.is_dead(&held.owner)) {
                let (name, pid) = (Some(name.to_vec()), held.pid());
                locks.push(HeldLock { name, pid, since: held.since, token: Some(held.token) });
            }
        }
        Ok(locks)
    }
}
