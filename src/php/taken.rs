//! Elements that were taken off an array, and that the store keeps until this process is done with them.
//!
//! The store keeps such an element for as long as this process lives, and puts it back where it ends. Whatever ends a call here puts
//! it back as well, and so does the end of the object, where the engine leaves by `longjmp` for good.

use super::handle::{Backend, Handle, Result};
use super::legacy::and_import;
use super::object::SyncObject;
use super::retry::{retry_change_into, retry_completion, unless_over};
use super::timeout::Timeout;
use super::value::ZendVec;
use super::zend::{Thrown, finally};

/// Retries an operation that takes something off an array into `bytes`, as [`retry_importing`] does, for as long as `patience` says;
/// then `None`.
pub fn take_into<T>(
    this: &SyncObject,
    bytes: &mut ZendVec<u8>,
    patience: Timeout,
    mut operation: impl FnMut(&Handle, &mut ZendVec<u8>) -> Result<T>,
) -> std::result::Result<Option<T>, Thrown> {
    let mut operation =
        |store: &Handle, bytes: &mut ZendVec<u8>| unless_over(operation(store, bytes), || patience.is_over());
    and_import(this, || retry_change_into(this, bytes, &mut operation))
}

/// Runs `body`, which has an element in its hands.
pub fn while_taken<T>(this: &SyncObject, body: impl FnOnce() -> T) -> T {
    this.taken.set(this.taken.get() + 1);
    finally(body, |_| this.taken.set(this.taken.get().saturating_sub(1)))
}

/// The end of what was done with an element.
pub enum Finished<T> {
    /// It was this call's, with this result.
    Done(T),
    /// It was nobody's any more: everything was replaced meanwhile.
    Gone(T),
    /// It is at the head of its array again, or another caller's: the server has taken the end of a connection for that of this process.
    Back,
}

/// Runs `body` on an element that the store keeps under this token, which it has for good when it returns a result. In any other case
/// the element goes back.
pub fn finish_after<T>(
    this: &SyncObject,
    token: u64,
    body: impl FnOnce() -> std::result::Result<T, Thrown>,
) -> std::result::Result<Finished<T>, Thrown> {
    let finish = || {
        let result = body()?;
        let (is_done, is_back) =
            and_import(this, || retry_completion(this, |store| Ok((store.finish(token)?, store.has_gone_back()))))?;
        Ok(match (is_done, is_back) {
            (true, _) => Finished::Done(result),
            (false, false) => Finished::Gone(result),
            (false, true) => Finished::Back,
        })
    };
    let give_back = |outcome: Option<&_>| {
        if !matches!(outcome, Some(Ok(_)))
            && let Some(instance) = this.constructed()
        {
            instance.store.give_back(token);
        }
    };
    while_taken(this, || finally(finish, give_back))
}
