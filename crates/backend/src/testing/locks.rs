//! The named locks of a store in memory.

use std::collections::VecDeque;

use crate::{HeldLock, LockName, LockSpace, Occupied, Taking};

/// All locks of a store.
#[derive(Default)]
pub struct Locks {
    held: Vec<Held>,
    /// Handles that stand in line, for a lock each; a handle twice, for two locks.
    line: VecDeque<(Name, u64)>,
    last_token: u64,
}

type Name = (LockSpace, Vec<u8>);

struct Held {
    name: Name,
    handle: u64,
    token: u64,
    depth: u32,
}

fn name_of(lock: LockName) -> Name {
    (lock.space, lock.name.to_vec())
}

impl Locks {
    /// A token that is greater than all before.
    pub fn token(&mut self) -> u64 {
        self.last_token += 1;
        self.last_token
    }

    /// Takes a lock, or takes it again. A handle that stands in line has it when it is the first there.
    pub fn take(&mut self, lock: LockName, handle: u64, wait: bool) -> Taking {
        let name = name_of(lock);
        let token = self.last_token + 1;
        if let Some(held) = self.held.iter_mut().find(|held| held.name == name) {
            if held.handle == handle {
                held.depth += 1;
                return Taking::Taken(held.token);
            }
            let occupied = Occupied { same_thread: true, owner: None, token: held.token, note: 0 };
            self.line_up(name, handle, wait);
            return Taking::Occupied(occupied);
        }
        match self.line.iter().find(|(its, _)| *its == name) {
            Some(&(_, first)) if first != handle => {
                self.line_up(name, handle, wait);
                Taking::Occupied(Occupied { same_thread: true, owner: None, token, note: 0 })
            }
            _ => {
                self.leave(lock, handle);
                let token = self.token();
                self.held.push(Held { name, handle, token, depth: 1 });
                Taking::Taken(token)
            }
        }
    }

    fn line_up(&mut self, name: Name, handle: u64, wait: bool) {
        let place = (name, handle);
        if wait && !self.line.contains(&place) {
            self.line.push_back(place);
        }
    }

    /// Gives a lock back, once.
    pub fn release(&mut self, lock: LockName, handle: u64) -> bool {
        let name = name_of(lock);
        let Some(at) = self.held.iter().position(|held| held.name == name && held.handle == handle) else {
            return false;
        };
        self.held[at].depth -= 1;
        if self.held[at].depth == 0 {
            self.held.swap_remove(at);
        }
        true
    }

    /// The token of a handle's lock, and how often it has taken it.
    pub fn held(&self, lock: LockName, handle: u64) -> Option<(u64, u32)> {
        let name = name_of(lock);
        let held = self.held.iter().find(|held| held.name == name && held.handle == handle)?;
        Some((held.token, held.depth))
    }

    /// Whether any value is being computed.
    pub fn is_computing(&self) -> bool {
        self.held.iter().any(|held| held.name.0 == LockSpace::Computed)
    }

    /// Leaves the line for a lock.
    pub fn leave(&mut self, lock: LockName, handle: u64) {
        let name = name_of(lock);
        self.line.retain(|(its, other)| *its != name || *other != handle);
    }

    /// A handle ends.
    pub fn end(&mut self, handle: u64) {
        self.held.retain(|held| held.handle != handle);
        self.line.retain(|(_, other)| *other != handle);
    }

    /// The store ends.
    pub fn forget_all(&mut self) {
        self.held.clear();
        self.line.clear();
    }

    /// The locks that programs have named.
    pub fn named(&self) -> Vec<HeldLock> {
        let named = self.held.iter().filter(|held| held.name.0 == LockSpace::Named);
        named
            .map(|held| HeldLock { name: Some(held.name.1.clone()), pid: None, since: 0, token: Some(held.token) })
            .collect()
    }

    /// How many stand in line.
    pub fn waiters(&self) -> u64 {
        self.line.len() as u64
    }
}
