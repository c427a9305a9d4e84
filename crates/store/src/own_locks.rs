//! The named locks of one store: those that it has, how often it has taken each of them, and the lines in which it stands.

use super::file::File;
use super::fork::fork_generation;
use super::named::{Asker, NamedLocks, Standing};
use super::opening::EndedLock;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use sync_backend::{LockName, LockSpace};

/// How long the end of a store waits for the write lock to end its locks. (Where another process is stopped with that, nobody
/// else could take them, either; they end with this thread's next write, or with its lease.)
pub const END_WITHIN: Duration = Duration::from_millis(50);

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

thread_local! {
    /// How many locks of values that are being computed this thread has, of all stores, and in which process.
    static COMPUTING: Cell<(u64, usize)> = const { Cell::new((0, 0)) };
}

/// Whether this thread has any lock of a value that is being computed.
pub fn is_computing() -> bool {
    computing() > 0
}

fn computing() -> usize {
    let (generation, count) = COMPUTING.get();
    if generation == fork_generation() { count } else { 0 }
}

/// Notes that this thread has one more or less of these.
fn count_computing(space: LockSpace, more: isize) {
    if space == LockSpace::Computed {
        COMPUTING.set((fork_generation(), computing().saturating_add_signed(more)));
    }
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
                count_computing(lock.space, 1);
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
            count_computing(lock.space, -1);
            drop(locks);
            file().inspect(|file| end_in(file, vec![ended]));
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
            count_computing(own.space, -1);
        }
        let Some(file) = file() else { return };
        for standing in standing.into_iter().filter(|standing| standing.is_ours()) {
            // (A turn without its place is over: whoever asks next for that lock passes it on.)
            file.leave_line_for_name(standing);
        }
        let ours = locks.into_iter().filter(|own| own.generation == fork_generation());
        end_in(&file, ours.map(|own| own.ended(object)).collect());
    }
}

/// Tells the file of locks that have ended, or notes that for the thread's next write.
fn end_in(file: &File, ended: Vec<EndedLock>) {
    if ended.is_empty() || !file.shows_our_header() {
        return;
    }
    match file.lock_within(END_WITHIN) {
        Ok(owner) => NamedLocks::of(&owner).end_all(&ended),
        Err(_) => file.note_ended(ended),
    }
}
