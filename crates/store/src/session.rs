//! The reasons for which one store keeps others out of the file that it has open.

use super::error::Failure;
use super::file::File;
use super::line::Line;
use super::own_items::OwnItems;
use super::own_locks::OwnLocks;
use super::wait::Waiter;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use sync_backend::{Held, Patience, Standing};
use sync_fork::fork_generation;

/// The reasons for which a store keeps others out.
#[derive(Debug, Clone, Copy, Default)]
struct Holding {
    /// In which process: a forked child holds nothing.
    generation: u64,
    /// The file says so.
    held: bool,
    /// `lock` was called.
    locked: bool,
    /// How often `enter_lock` was called, and not `leave_lock`; by which fiber; and the token.
    entered: u32,
    entered_by: usize,
    token: u64,
    /// That was lost with the file, and `unlock` not called since.
    lost: bool,
    /// How many changes of `lock_writers` are under way, one inside of the other.
    changes: u32,
    /// In which fiber they are.
    fiber: usize,
}

impl Holding {
    /// It is `lock`'s, or `enter_lock`'s.
    fn is_locked(self) -> bool {
        self.locked || self.entered > 0
    }
}

/// Another fiber of this thread keeps others out; by a change, or by the lock.
fn held_by_this_thread(change: bool) -> Failure {
    let patience = Patience::default();
    Failure::Held(Held { patience, same_thread: true, change, holder: None, reading: false, ticket: 0 })
}

/// A change that [`Store::lock_writers`](super::Store::lock_writers) began, for
/// [`Store::unlock_writers`](super::Store::unlock_writers) to end.
#[derive(Debug)]
#[must_use]
pub struct WriterHold {
    /// Which store's it is, in which process.
    object: u64,
    generation: u64,
}

/// The holds of one store, and its place in line. The functions that end a hold are given the file that is open, if
/// there is one.
pub struct Session {
    /// Tells the store from others of its thread.
    object: u64,
    /// Tells which fiber runs.
    fiber: fn() -> usize,
    holding: Cell<Holding>,
    /// Whether it waits in line: in which generation of forks, or 0.
    in_line: Cell<u64>,
    /// Its named locks.
    pub locks: OwnLocks,
    /// Items that it is consuming.
    pub items: OwnItems,
}

impl Session {
    pub fn new(fiber: fn() -> usize) -> Self {
        static OBJECTS: AtomicU64 = AtomicU64::new(1);
        let object = OBJECTS.fetch_add(1, Ordering::Relaxed);
        Self {
            object,
            fiber,
            holding: Cell::new(Holding::default()),
            in_line: Cell::new(0),
            locks: OwnLocks::default(),
            items: OwnItems::default(),
        }
    }

    /// The number that tells the store from others of its thread.
    #[inline]
    pub fn object(&self) -> u64 {
        self.object
    }

    fn holding(&self) -> Holding {
        let (holding, generation) = (self.holding.get(), fork_generation());
        if holding.generation == generation { holding } else { Holding { generation, ..Holding::default() } }
    }

    /// True between `lock` and `unlock`, in the process that called it; and between `enter_lock` and `leave_lock`.
    pub fn is_locked(&self) -> bool {
        self.holding().is_locked()
    }

    /// The fiber that runs.
    pub fn running_fiber(&self) -> usize {
        (self.fiber)()
    }

    /// Fails while another fiber is between `enter_lock` and `leave_lock`.
    pub fn check_entered(&self) -> std::result::Result<(), Failure> {
        let Holding { entered, entered_by, .. } = self.holding();
        if entered == 0 || entered_by == (self.fiber)() { Ok(()) } else { Err(held_by_this_thread(false)) }
    }

    /// Ends a hold that turned out to be of no use, but for changes that are under way.
    pub fn end_hold(&self, file: impl FnOnce() -> Option<Rc<File>>) {
        self.weaken(self.holding(), file);
    }

    /// The token of the lock that `enter_lock` took, if it has been taken.
    pub fn entered_token(&self) -> Option<u64> {
        let holding = self.holding();
        (holding.is_locked() && holding.token != 0).then_some(holding.token)
    }

    /// The token of `enter_lock`, and how often this fiber has called it, and not `leave_lock`.
    pub fn entered(&self) -> Option<(u64, u32)> {
        let Holding { entered, entered_by, token, .. } = self.holding();
        (entered > 0 && entered_by == (self.fiber)()).then_some((token, entered))
    }

    /// The lock is `enter_lock`'s, once more.
    pub fn enter(&self, token: u64) {
        let holding = self.holding();
        let entered_by = (self.fiber)();
        self.holding.set(Holding { entered: holding.entered + 1, entered_by, token, ..holding });
    }

    /// Ends one `enter_lock`, of this fiber; with the last one the lock, unless `lock` was called as well. False: there is none.
    pub fn leave_entered(&self, file: impl FnOnce() -> Option<Rc<File>>) -> bool {
        let holding = self.holding();
        if holding.entered == 0 || holding.entered_by != (self.fiber)() {
            return false;
        }
        let left = Holding { entered: holding.entered - 1, ..holding };
        if left.is_locked() {
            self.holding.set(left);
        } else {
            self.weaken(Holding { token: 0, ..left }, file);
        }
        true
    }

    /// Whether `lock()` was lost with the file, and `unlock` not called since.
    pub fn is_lost(&self) -> bool {
        self.holding().lost
    }

    /// Whether the file says that this store keeps others out.
    pub fn is_held(&self) -> bool {
        self.holding().held
    }

    /// Whether a change is under way.
    pub fn is_changing(&self) -> bool {
        self.holding().changes > 0
    }

    /// The file says so from now on.
    pub fn hold(&self) {
        self.holding.set(Holding { held: true, ..self.holding() });
    }

    /// So it does because of `lock()`.
    pub fn lock(&self) {
        self.holding.set(Holding { locked: true, ..self.holding() });
    }

    /// The file was destroyed by the holder itself: the lock is over, and not lost.
    pub fn destroy(&self) {
        self.holding.set(Holding { locked: false, entered: 0, token: 0, ..self.holding() });
        self.locks.end(self.object, || None);
        self.items.end(self.object, || true, || None);
    }

    /// Gives the lock back. Changes that are under way keep other writers out until they end.
    pub fn unlock(&self, file: impl FnOnce() -> Option<Rc<File>>) {
        let holding = self.holding();
        if holding.is_locked() || holding.lost {
            self.weaken(Holding { locked: false, entered: 0, token: 0, lost: false, ..holding }, file);
        }
    }

    /// As [`Session::unlock`], where the hold was left without the write lock.
    #[cfg(feature = "loom")]
    pub fn leave(&self) {
        self.holding.set(Holding { held: false, locked: false, entered: 0, token: 0, ..self.holding() });
    }

    /// Begins a change; others are kept out already.
    pub fn begin_change(&self) -> WriterHold {
        let holding = self.holding();
        self.holding.set(Holding { changes: holding.changes + 1, fiber: (self.fiber)(), ..holding });
        WriterHold { object: self.object, generation: holding.generation }
    }

    /// Ends a change. Nothing happens where that was another store's, or the parent's of this process.
    pub fn end_change(&self, change: &WriterHold, file: impl FnOnce() -> Option<Rc<File>>) {
        let mut holding = self.holding();
        if change.object == self.object && change.generation == holding.generation && holding.changes > 0 {
            holding.changes -= 1;
            if holding.changes == 0 && !holding.is_locked() {
                self.weaken(holding, file)
            } else {
                self.holding.set(holding)
            }
        }
    }

    /// Whether a change still keeps other writers out.
    pub fn standing(&self, change: &WriterHold) -> Standing {
        if change.generation != fork_generation() {
            Standing::Forked
        } else if change.object == self.object && self.holding().held {
            Standing::Kept
        } else {
            Standing::Ended
        }
    }

    /// Keeps nobody out any more, for whatever reason.
    pub fn end(&self, file: impl Fn() -> Option<Rc<File>>) {
        self.locks.end(self.object, &file);
        self.items.end(self.object, || self.check_fiber().is_ok(), &file);
        if self.holding().held {
            self.give_back(0, file);
        }
        self.holding.set(Holding { held: false, locked: false, entered: 0, token: 0, ..self.holding() });
    }

    /// As [`Session::end`], where the file is gone: the holder of a `lock()` will be told.
    pub fn lose(&self, file: impl Fn() -> Option<Rc<File>>) {
        let holding = self.holding();
        self.end(file);
        self.holding.set(Holding { lost: holding.lost || holding.is_locked(), ..self.holding() });
    }

    /// Makes the hold as weak as what goes on needs: changes, or nothing.
    fn weaken(&self, holding: Holding, file: impl FnOnce() -> Option<Rc<File>>) {
        if holding.held {
            self.give_back(holding.changes, file);
        }
        self.holding.set(Holding { held: holding.held && holding.changes > 0, ..holding });
    }

    /// Ends the hold in the file; while there are `changes`, it goes on keeping writers out.
    fn give_back(&self, changes: u32, file: impl FnOnce() -> Option<Rc<File>>) {
        file().inspect(|file| file.give_hold_back(self.object, changes > 0));
    }

    /// Fails while another fiber is in the middle of a change.
    pub fn check_fiber(&self) -> std::result::Result<(), Failure> {
        let Holding { changes, fiber, .. } = self.holding();
        if changes == 0 || fiber == (self.fiber)() {
            return Ok(());
        }
        Err(held_by_this_thread(true))
    }

    /// Waits in the file as [`Store::wait`](super::Store::wait) says.
    pub fn wait(&self, file: &File, waiter: &mut Waiter, held: &Held, at_most: Duration) {
        file.wait(self.object, waiter, held, at_most);
        self.in_line.set(if Line::of(file).is_in_line() { fork_generation() } else { 0 });
    }

    /// Whether it waits in line.
    #[inline]
    pub fn is_in_line(&self) -> bool {
        self.in_line.get() != 0
    }

    /// Ends a wait: the operation is done, or given up.
    #[inline]
    pub fn stop_waiting(&self, file: impl FnOnce() -> Option<Rc<File>>) {
        if self.in_line.get() != 0 {
            self.leave_line(file);
        }
    }

    #[cold]
    fn leave_line(&self, file: impl FnOnce() -> Option<Rc<File>>) {
        if self.in_line.replace(0) == fork_generation() {
            file().inspect(|file| file.leave_line());
        }
    }
}
