//! The named locks of one store: those that it has, how often it has taken each of them, and the lines in which it stands.

use super::file::File;
use super::lock::WriteGuard;
use super::named::{Asker, NamedLocks, Standing};
use super::opening::{Due, EndedLock};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use sync_backend::{LockName, LockSpace};
use sync_fork::fork_generation;

/// How long the end of a lock waits for the write lock. (Another process may be stopped with that.)
const END_WITHIN: Duration = Duration::from_millis(50);

/// A lock that a store has.
struct OwnLock {
    space: LockSpace,
    name: Box<[u8]>,
    fiber: u64,
    token: u64,
    /// How often it was taken, and not given back.
    depth: u32,
    /// In which process: a forked child has none of its parent's.
    generation: u64,
}

impl OwnLock {
    fn is(&self, lock: LockName, fiber: u64) -> bool {
        self.space == lock.space
            && self.fiber == fiber
            && *self.name == *lock.name
            && self.generation == fork_generation()
    }

    fn ended(self, object: u64) -> EndedLock {
        EndedLock { space: self.space, name: self.name, object, token: self.token }
    }
}

/// How many slots of lock tables are this thread's, of all files.
#[derive(Clone, Copy)]
struct Owned {
    /// In which process: a forked child has none of its parent's.
    generation: u64,
    all: usize,
    /// Those of values that are being computed.
    computing: usize,
}

thread_local! {
    static OWNED: Cell<Owned> = const { Cell::new(Owned { generation: 0, all: 0, computing: 0 }) };
}

fn owned() -> Owned {
    let (owned, generation) = (OWNED.get(), fork_generation());
    if owned.generation == generation { owned } else { Owned { generation, all: 0, computing: 0 } }
}

/// Whether this thread has any lock of a value that is being computed.
pub fn is_computing() -> bool {
    owned().computing > 0
}

/// Notes that this thread has so many locks of a space more, or less.
pub fn count_owned(space: LockSpace, more: isize) {
    let mut owned = owned();
    owned.all = owned.all.saturating_add_signed(more);
    if space == LockSpace::Computed {
        owned.computing = owned.computing.saturating_add_signed(more);
    }
    OWNED.set(owned);
}

/// The locks that a store has, and the lines in which it stands.
#[derive(Default)]
pub struct OwnLocks {
    locks: RefCell<Vec<OwnLock>>,
    standing: RefCell<Vec<Standing>>,
}

impl OwnLocks {
    /// Notes that a lock was taken, again perhaps.
    pub fn took(&self, lock: LockName, fiber: u64, token: u64) {
        let mut locks = self.locks.borrow_mut();
        match locks.iter_mut().find(|own| own.is(lock, fiber)) {
            Some(own) if own.token == token => own.depth += 1,
            Some(own) => (own.token, own.depth) = (token, 1),
            None => {
                // (Those of a parent are of no use any more.)
                locks.retain(|own| own.generation == fork_generation());
                count_owned(lock.space, 1);
                locks.push(OwnLock {
                    space: lock.space,
                    name: lock.name.into(),
                    fiber,
                    token,
                    depth: 1,
                    generation: fork_generation(),
                });
            }
        }
    }

    /// The token of a lock, and how often it was taken; `None`: it is not this store's, or another fiber's.
    pub fn find(&self, lock: LockName, fiber: u64) -> Option<(u64, u32)> {
        self.locks.borrow().iter().find(|own| own.is(lock, fiber)).map(|own| (own.token, own.depth))
    }

    /// Gives a lock back, once; with the last time it ends, in the file as well. False: it is not this store's, or another fiber's.
    pub fn release(&self, lock: LockName, asker: Asker, file: impl FnOnce() -> Option<Rc<File>>) -> bool {
        let mut locks = self.locks.borrow_mut();
        let Some(at) = locks.iter().position(|own| own.is(lock, asker.fiber)) else { return false };
        locks[at].depth -= 1;
        if locks[at].depth == 0 {
            let ended = locks.swap_remove(at).ended(asker.object);
            count_owned(lock.space, -1);
            drop(locks);
            file().inspect(|file| drop(end_in(file, vec![ended])));
        }
        true
    }

    /// The place in line for a lock.
    pub fn standing(&self, hash: u64) -> Option<Standing> {
        self.standing.borrow().iter().find(|standing| standing.hash == hash && standing.is_ours()).copied()
    }

    /// Notes the place in line for a lock.
    pub fn set_standing(&self, hash: u64, standing: Option<Standing>) {
        let mut all = self.standing.borrow_mut();
        all.retain(|other| other.hash != hash && other.is_ours());
        all.extend(standing);
    }

    /// Has none any more, and stands nowhere. `file`: where they are.
    pub fn end(&self, object: u64, file: impl FnOnce() -> Option<Rc<File>>) {
        let locks = std::mem::take(&mut *self.locks.borrow_mut());
        let standing = std::mem::take(&mut *self.standing.borrow_mut());
        if locks.is_empty() && standing.is_empty() {
            return;
        }
        for own in locks.iter().filter(|own| own.generation == fork_generation()) {
            count_owned(own.space, -1);
        }
        let Some(file) = file() else { return };
        for standing in standing.into_iter().filter(|standing| standing.is_ours()) {
            // (A turn without its place is over: whoever asks next for that lock passes it on.)
            file.leave_line_for_name(standing);
        }
        let ours = locks.into_iter().filter(|own| own.generation == fork_generation());
        drop(end_in(&file, ours.map(|own| own.ended(object)).collect()));
    }
}

/// Tells the file of locks that have ended. `None`: it could not be told, and finds out by itself, as soon as this thread has no
/// lock any more.
///
/// Those in line ask whether the lease lives that a lock names. So a thread that has nothing else gives its lease up, and
/// claims another one when it needs that; else it tells the file with its next write, or when the last of its locks ends.
pub fn end_in(file: &File, mut ended: Vec<EndedLock>) -> Option<WriteGuard<'_>> {
    if ended.is_empty() || !file.shows_our_header() {
        return None;
    }
    if let Ok(owner) = file.lock_within(END_WITHIN) {
        NamedLocks::of(&owner).end_all(&ended);
        return Some(owner);
    }
    ended.append(&mut file.take_ended());
    if owned().all > 0 || !file.leave_lease() {
        file.note_ended(ended);
    }
    None
}

impl File {
    /// Notes that named locks have ended, for this thread's next write.
    fn note_ended(&self, ended: Vec<EndedLock>) {
        self.ended_locks().borrow_mut().extend(ended);
        self.set_due(Due::EndedLocks);
    }

    /// The named locks that were noted.
    pub fn take_ended(&self) -> Vec<EndedLock> {
        self.set_done(Due::EndedLocks);
        self.ended_locks().take()
    }
}
