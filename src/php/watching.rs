//! Sleeping until a value has changed, for all methods that wait for one.
//!
//! [`until`] is the whole of it for most: it makes an attempt, and makes it again after each change, so that none is missed in
//! between. The thread sleeps meanwhile, and with it all of its fibers. Between two sleeps, of which none is longer than two seconds,
//! signal handlers run and the time limit counts, as in every wait.

use std::time::{Duration, Instant};

use super::errors;
use super::handle::{self, Backend, Handle, Since, Wanted, Watch};
use super::legacy::retry_importing;
use super::object::SyncObject;
use super::retry::unless_over;
use super::timeout::Timeout;
use super::wait;
use super::zend::Thrown;

/// The time that a waiter sleeps at most before it looks by itself (for signals, at the clock, for another file at the path): the time
/// that it has waited, within these. Each look of a process that has slept costs some 30 to 120 µs, most of it the kernel's for the
/// wake-up: its memory is in no cache.
const SLICES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

/// Makes an attempt, and again after each change of the value under `name`, until it gives something or the time is over: `None`.
///
/// A change that comes while an attempt is under way is followed by another one. `attempt` may run user code; what it holds when it
/// runs some, or when this function sleeps, is not on Rust's heap, as the engine may leave by `longjmp`. The caller holds the object.
///
/// Throws what `attempt` throws; and where this process keeps all others from writing, so that waiting would never end. (So a
/// caller that finds what it wants at once asks without this.)
pub fn until<T>(
    this: &SyncObject,
    name: &[u8],
    timeout: Timeout,
    mut attempt: impl FnMut() -> Result<Option<T>, Thrown>,
) -> Result<Option<T>, Thrown> {
    let overrides = this.overrides.accessors();
    loop {
        // A class that overrides the accessors may keep the value elsewhere.
        let mut wanted = [Wanted::key(name), Wanted::anything()];
        let wanted = if overrides { &mut wanted[..] } else { &mut wanted[..1] };
        if !begin(this, wanted, Since::Now, timeout)? {
            return Ok(None);
        }
        if let Some(done) = attempt()? {
            return Ok(Some(done));
        }
        if overrides {
            // (Of a value that is kept elsewhere nobody tells that it has expired.)
            if !finish(this, wanted, Timeout::after(timeout.left().min(SLICES[0])))? && timeout.is_over() {
                return attempt();
            }
        } else if !finish(this, wanted, timeout)? {
            return Ok(None);
        }
    }
}

/// Begins to wait. False: that was not possible in time, as others hold the store.
pub fn begin(this: &SyncObject, wanted: &mut [Wanted<Watch>], since: Since, timeout: Timeout) -> Result<bool, Thrown> {
    refuse_if_others_are_kept_out(this)?;
    let begun = retry_until(this, timeout, |store| store.watch(wanted, since))?;
    Ok(begun.is_some())
}

/// Waits until one of them has changed. False: none has in time.
pub fn finish(this: &SyncObject, wanted: &mut [Wanted<Watch>], timeout: Timeout) -> Result<bool, Thrown> {
    let start = Instant::now();
    loop {
        let waited = start.elapsed();
        wait::poll(this, waited)?;
        // (A signal handler, or an attempt, may have locked it.)
        refuse_if_others_are_kept_out(this)?;
        let (left, slice) = (timeout.left(), waited.clamp(SLICES[0], SLICES[1]).min(wait::until_limit(waited)));
        match retry_until(this, timeout, |store| store.has_changed(wanted, left.min(slice)))? {
            Some(true) => return Ok(true),
            // This time it has only looked.
            _ if left.is_zero() => return Ok(false),
            _ => {}
        }
    }
}

/// As [`retry_importing`], until the time is over: `None`.
fn retry_until<T>(
    this: &SyncObject,
    timeout: Timeout,
    mut operation: impl FnMut(&Handle) -> handle::Result<T>,
) -> Result<Option<T>, Thrown> {
    retry_importing(this, |store| unless_over(operation(store), || timeout.is_over()))
}

/// Throws where a wait would never end, as nobody else can write before this thread goes on.
pub fn refuse_if_others_are_kept_out(this: &SyncObject) -> Result<(), Thrown> {
    let store = &this.instance()?.store;
    if !store.keeps_all_from_writing() {
        return Ok(());
    }
    Err(errors::throw_sync(&format!(
        "Can't wait for a change of '{}': this process keeps all others from writing to it, by lock(), a transaction or an update, so that waiting would never end. End that first.",
        store.display_address()
    )))
}
