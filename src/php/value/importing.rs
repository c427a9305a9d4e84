//! The policy of the bytes that the engine's own `unserialize()` is reading for this code: an object that it makes is bound by it.

use std::cell::RefCell;

use super::policy::Policy;
use crate::php::zend::{self, Frame};

/// A call in which the engine unserializes.
struct Reading {
    policy: Policy,
    /// The innermost frame when it began.
    frame: usize,
}

thread_local! {
    /// One for each call that has not returned, the newest last. Here and not in the frames of these calls, because the
    /// engine may leave them by `longjmp`, past every `Drop`.
    static READINGS: RefCell<Vec<Reading>> = const { RefCell::new(Vec::new()) };
}

/// Runs `call`, in which the engine unserializes by this policy.
pub fn under<R>(policy: &Policy, call: impl FnOnce() -> R) -> R {
    let outer = READINGS.with_borrow_mut(|readings| {
        readings.push(Reading { policy: policy.clone(), frame: zend::innermost_frame() });
        readings.len() - 1
    });
    let result = call();
    READINGS.with_borrow_mut(|readings| readings.truncate(outer));
    result
}

/// The policy by which the engine unserializes the object that is being made at this moment. `None`: it does not, or a hook of an object
/// that it has unserialized makes another one of its own.
#[inline]
pub fn current() -> Option<Policy> {
    READINGS
        .with_borrow(|readings| readings.last().filter(|reading| reading.makes()).map(|reading| reading.policy.clone()))
}

impl Reading {
    /// Whether it is this call that makes an object, by itself or in `unserialize()`, which one of its hooks has called.
    #[cold]
    fn makes(&self) -> bool {
        // SAFETY: the frame is out of use before anything returns to the engine.
        let innermost = unsafe { Frame::running().next() };
        innermost.is_none_or(|frame| frame.address() == self.frame || !frame.is_of_program())
    }
}

/// Forgets the calls that the engine has left: at the end of a request.
pub fn reset() {
    READINGS.with_borrow_mut(Vec::clear);
}
