//! Operations of the store, tried again while another process holds the lock.

use std::time::{Duration, Instant};

use super::errors;
use super::handle::{self, Backend, BackendError, Handle, Remedy, Waiter, Waiting};
use super::instance::Instance;
use super::object::SyncObject;
use super::refusal::throw_no_memory;
use super::timeout::Timeout;
use super::value::ZendVec;
use super::wait;
use super::zend::Thrown;

/// The time that a waiter sleeps at most before it looks for signals and at the clock.
pub const SLICE: Duration = Duration::from_millis(50);

/// Why an operation that only reads has not been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// An exception is pending.
    Thrown,
    /// The file was written by the pure-PHP class: the answer is in [`super::legacy`].
    Legacy,
}

impl From<Thrown> for Stop {
    fn from(_: Thrown) -> Self {
        Self::Thrown
    }
}

/// The effect of an operation on the store, and so what becomes of a warning that comes up while it is at work: about the file that it
/// has found in the place of another, or the server that was started anew. Its handler may throw.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It only reads: the warning comes right after it, and an exception in place of what was read.
    Reads,
    /// It may change something, and its result must not be lost: a warning comes before it, or with the object's next operation.
    Changes,
    /// It completes what user code was a part of, which would be done twice if it failed for a warning: that waits for the next operation.
    Completes,
}

/// Runs an operation of the store that only reads, and again while another process holds the lock, until it is done or the waiting is
/// over. A file of the pure-PHP class stays as it is ([`super::legacy::retry_importing`] turns it into a store).
///
/// A warning about the state in which the store was found comes after it.
pub fn retry<T>(this: &SyncObject, mut operation: impl FnMut(&Handle) -> handle::Result<T>) -> Result<T, Stop> {
    with_wait_over(this, try_and_wait(this, Effect::Reads, None, &mut operation))
}

/// As [`retry`], for an operation that may change something. A warning comes before it: once it is done, no user code runs before the caller has the result.
pub fn retry_change<T>(this: &SyncObject, mut operation: impl FnMut(&Handle) -> handle::Result<T>) -> Result<T, Stop> {
    with_wait_over(this, try_and_wait(this, Effect::Changes, None, &mut operation))
}

/// As [`retry_change`], for an operation that completes what user code was a part of: no warning comes before it either.
pub fn retry_completion<T>(
    this: &SyncObject,
    mut operation: impl FnMut(&Handle) -> handle::Result<T>,
) -> Result<T, Stop> {
    with_wait_over(this, try_and_wait(this, Effect::Completes, None, &mut operation))
}

/// As [`retry_change`], but waits as long as the caller says, whatever the holder of the lock says of that; then `None`.
pub fn retry_change_until<T>(
    this: &SyncObject,
    timeout: Timeout,
    mut operation: impl FnMut(&Handle) -> handle::Result<T>,
) -> Result<Option<T>, Stop> {
    let mut operation = |store: &Handle| unless_over(operation(store), || timeout.is_over());
    with_wait_over(this, try_and_wait(this, Effect::Changes, Some(timeout), &mut operation))
}

/// The outcome of an operation, or `None` where others keep it from being done and the time for that is over.
pub fn unless_over<T>(outcome: handle::Result<T>, is_over: impl FnOnce() -> bool) -> handle::Result<Option<T>> {
    match outcome {
        Err(error) if matches!(error.remedy(), Remedy::Wait(_) | Remedy::Retry) && is_over() => Ok(None),
        outcome => outcome.map(Some),
    }
}

/// Gives the result of an operation that has waited, or not.
fn with_wait_over<T>(this: &SyncObject, result: T) -> T {
    // The wait may have been given up. (Where the engine leaves by `longjmp`, the object's end does this; until
    // then, other processes pass over a waiter that does not come when it is called.)
    if let Some(instance) = this.constructed() {
        instance.store.stop_waiting();
    }
    result
}

/// The loop of all of these. `timeout`: the caller's own, in place of what the holder of the lock says.
fn try_and_wait<T>(
    this: &SyncObject,
    effect: Effect,
    timeout: Option<Timeout>,
    operation: &mut impl FnMut(&Handle) -> handle::Result<T>,
) -> Result<T, Stop> {
    let mut waiter = Waiter::default();
    let mut since: Option<Instant> = None;
    loop {
        let store = match effect {
            Effect::Changes => store_after_warning(this)?,
            Effect::Reads | Effect::Completes => &this.instance()?.store,
        };
        let outcome = operation(store);
        if outcome.is_ok() {
            // Other processes need not wait while the result is put to use.
            store.stop_waiting();
        }
        let error = match outcome {
            Ok(done) => {
                if effect == Effect::Reads
                    && let Some(warning) = store.take_warning()
                {
                    errors::warn_of(warning)?;
                }
                return Ok(done);
            }
            Err(error) => error,
        };
        match error.remedy() {
            Remedy::Wait(held) => {
                let is_for_ever = timeout.map_or(held.patience.timeout.is_none(), Timeout::is_never);
                let left = match timeout {
                    _ if held.same_thread && is_for_ever => None,
                    Some(timeout) => Some(timeout.left()),
                    None => waiter.left(&held),
                };
                let Some(left) = left else { return Err(errors::throw_store(&error).into()) };
                // Nothing of Rust's heap is kept across what may run user code, or leave for good.
                drop(error);
                wait::poll(this, since.get_or_insert_with(Instant::now).elapsed())?;
                this.instance()?.store.wait(&mut waiter, &held, left.min(SLICE));
            }
            Remedy::Retry => {
                drop(error);
                wait::poll(this, since.get_or_insert_with(Instant::now).elapsed())?;
            }
            Remedy::Import => return Err(Stop::Legacy),
            Remedy::Unlock => {
                // Told once. (Not by the short ways to write, which leave all that is unusual to this.)
                store.unlock();
                return Err(errors::throw_store(&error).into());
            }
            _ => return Err(errors::throw_store(&error).into()),
        }
    }
}

/// Opens the store before an object's first operation, if it is there and is not open, and gives the warning about the state in which it was found, if there is one that was
/// not given yet. May run user code then, which may exchange the store: so again, until there is none.
#[inline]
fn store_after_warning(this: &SyncObject) -> Result<&Handle, Thrown> {
    loop {
        let Instance { store, is_used, .. } = this.instance()?;
        // (Not later: to reconnect is a part of an operation, which may have a lock of the connection that has ended.)
        if !is_used.replace(true) && store.opening() == 0 {
            store.enter();
        }
        let Some(warning) = store.take_warning() else { return Ok(store) };
        errors::warn_of(warning)?;
    }
}

/// Goes on after a short way has failed. `Ok`: nothing has happened, and the long way waits, or says what is wrong. The failure: it may have
/// happened, or would take as long once more, and is not done again.
#[cold]
pub fn leave_to_the_long_way(error: &handle::Error) -> Result<(), Thrown> {
    if error.is_final() { Err(errors::throw_store(error)) } else { Ok(()) }
}

/// As [`retry`], for operations that copy something into memory of the engine's: `make` makes as
/// much room as one says that it takes, or is false where there is no memory for it.
pub fn retry_making_room<R, T>(
    this: &SyncObject,
    room: &mut R,
    make: impl Fn(&mut R, u64) -> bool,
    operation: impl FnMut(&Handle, &mut R) -> handle::Result<T>,
) -> Result<T, Stop> {
    make_room(this, Effect::Reads, room, make, operation)
}

fn make_room<R, T>(
    this: &SyncObject,
    effect: Effect,
    room: &mut R,
    make: impl Fn(&mut R, u64) -> bool,
    mut operation: impl FnMut(&Handle, &mut R) -> handle::Result<T>,
) -> Result<T, Stop> {
    loop {
        let mut attempt = |store: &Handle| match operation(store, room) {
            Ok(done) => Ok(Ok(done)),
            Err(error) => match error.remedy() {
                Remedy::MakeRoom(wanted) => Ok(Err(wanted)),
                _ => Err(error),
            },
        };
        match with_wait_over(this, try_and_wait(this, effect, None, &mut attempt))? {
            Ok(done) => return Ok(done),
            Err(wanted) if make(room, wanted) => {}
            Err(wanted) => return Err(throw_no_memory(this, None, wanted).into()),
        }
    }
}

/// As [`retry_making_room`], in a buffer whose content is of no use any more.
pub fn retry_into<T>(
    this: &SyncObject,
    buffer: &mut ZendVec<u8>,
    operation: impl FnMut(&Handle, &mut ZendVec<u8>) -> handle::Result<T>,
) -> Result<T, Stop> {
    make_room(this, Effect::Reads, buffer, empty_and_reserve, operation)
}

/// As [`retry_into`], for an operation that may change something.
pub fn retry_change_into<T>(
    this: &SyncObject,
    buffer: &mut ZendVec<u8>,
    operation: impl FnMut(&Handle, &mut ZendVec<u8>) -> handle::Result<T>,
) -> Result<T, Stop> {
    make_room(this, Effect::Changes, buffer, empty_and_reserve, operation)
}

fn empty_and_reserve(buffer: &mut ZendVec<u8>, wanted: u64) -> bool {
    buffer.clear();
    buffer.try_reserve(wanted as usize)
}
