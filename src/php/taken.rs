//! Elements that were taken off an array, and that the store keeps until this process is done with them.
//!
//! The store keeps such an element for as long as this process lives, and puts it back where it ends. Whatever ends a call here puts
//! it back as well, and so does the end of the object, where the engine leaves by `longjmp` for good.

use std::panic::AssertUnwindSafe;

use ext_php_rs::zend::{CatchError, bailout, try_catch};

use super::handle::{Backend, Handle, Result};
use super::legacy::{import, retry_importing};
use super::object::SyncObject;
use super::retry::{Stop, retry_into};
use super::value::ZendVec;
use super::zend::Thrown;

/// Retries an operation that takes something off an array into `bytes`, as [`retry_importing`] does.
pub fn take_into<T>(
    this: &SyncObject,
    bytes: &mut ZendVec<u8>,
    mut operation: impl FnMut(&Handle, &mut ZendVec<u8>) -> Result<T>,
) -> std::result::Result<T, Thrown> {
    loop {
        match retry_into(this, bytes, &mut operation) {
            Ok(taken) => return Ok(taken),
            Err(Stop::Legacy) => import(this)?,
            Err(Stop::Thrown) => return Err(Thrown),
        }
    }
}

/// Runs `body` on an element that the store keeps under this token, which it has for good when it returns a result. In any other case
/// the element goes back.
pub fn finish_after<T>(
    this: &SyncObject,
    token: u64,
    body: impl FnOnce() -> std::result::Result<T, Thrown>,
) -> std::result::Result<T, Thrown> {
    let outcome = try_catch(AssertUnwindSafe(|| {
        let result = body()?;
        retry_importing(this, |store| store.finish(token))?;
        Ok(result)
    }));
    if !matches!(outcome, Ok(Ok(_)))
        && let Some(instance) = this.constructed()
    {
        instance.store.give_back(token);
    }
    match outcome {
        Ok(result) => result,
        // SAFETY: the engine catches it further out; nothing in this frame needs dropping.
        Err(CatchError::Bailout) => unsafe { bailout() },
        Err(defect) => panic!("{defect}"),
    }
}
