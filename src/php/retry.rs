//! Operations of the store, tried again while another process holds the lock.

use std::time::{Duration, Instant};

use super::errors;
use super::handle::{self, Backend, BackendError, Handle, Remedy, Waiter, Waiting};
use super::object::SyncObject;
use super::refusal::throw_no_memory;
use super::value::ZendVec;
use super::wait;
use super::zend::Thrown;

/// The time that a waiter sleeps at most before it looks for signals and at the clock.
const SLICE: Duration = Duration::from_millis(50);

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

/// Runs an operation of the store, and again while another process holds the lock, until it is done or the waiting is
/// over. A file of the pure-PHP class stays as it is ([`super::legacy::retry_importing`] turns it into a store).
pub fn retry<T>(this: &SyncObject, mut operation: impl FnMut(&Handle) -> handle::Result<T>) -> Result<T, Stop> {
    let result = try_and_wait(this, &mut operation);
    // The wait may have been given up. (Where the engine leaves by `longjmp`, the object's end does this; until
    // then, other processes pass over a waiter that does not come when it is called.)
    if let Some(instance) = this.constructed() {
        instance.store.stop_waiting();
    }
    result
}

fn try_and_wait<T>(this: &SyncObject, operation: &mut impl FnMut(&Handle) -> handle::Result<T>) -> Result<T, Stop> {
    let mut waiter = Waiter::default();
    let mut since: Option<Instant> = None;
    loop {
        let store = &this.instance()?.store;
        let outcome = operation(store);
        if outcome.is_ok() {
            // Other processes need not wait while the result is put to use.
            store.stop_waiting();
        }
        if let Some(warning) = store.take_warning() {
            errors::warn(&warning)?;
        }
        let error = match outcome {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        match error.remedy() {
            Remedy::Wait(held) => {
                if held.same_thread && held.patience.timeout.is_none() {
                    return Err(errors::throw_store(&error).into());
                }
                let waited = since.get_or_insert_with(Instant::now).elapsed();
                let Some(left) = waiter.left(&held) else { return Err(errors::throw_store(&error).into()) };
                // Nothing of Rust's heap is kept across what may run user code, or leave for good.
                drop(error);
                wait::poll(this, waited)?;
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

/// Goes on after a short way has failed. `Ok`: nothing has happened, and the long way waits, or says what is wrong. The failure: it may have
/// happened, and is not done again.
#[cold]
pub fn leave_to_the_long_way(error: &handle::Error) -> Result<(), Thrown> {
    if error.may_be_done() { Err(errors::throw_store(error)) } else { Ok(()) }
}

/// As [`retry`], for operations that copy something into memory of the engine's: `make` makes as
/// much room as one says that it takes, or is false where there is no memory for it.
pub fn retry_making_room<R, T>(
    this: &SyncObject,
    room: &mut R,
    make: impl Fn(&mut R, u64) -> bool,
    mut operation: impl FnMut(&Handle, &mut R) -> handle::Result<T>,
) -> Result<T, Stop> {
    loop {
        let done = retry(this, |store| match operation(store, room) {
            Ok(done) => Ok(Ok(done)),
            Err(error) => match error.remedy() {
                Remedy::MakeRoom(wanted) => Ok(Err(wanted)),
                _ => Err(error),
            },
        });
        match done? {
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
    let make = |buffer: &mut ZendVec<u8>, wanted: u64| {
        buffer.clear();
        buffer.try_reserve(wanted as usize)
    };
    retry_making_room(this, buffer, make, operation)
}
