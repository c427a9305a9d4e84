//! The policy of the bytes that the engine's own `unserialize()` is reading for this code: an object that it makes is bound by it.

use std::cell::RefCell;

use super::policy::Policy;

thread_local! {
    /// One for each call that has not returned, the newest last. Here and not in the frames of these calls, because the
    /// engine may leave them by `longjmp`, past every `Drop`.
    static POLICIES: RefCell<Vec<Policy>> = const { RefCell::new(Vec::new()) };
}

/// Runs `call`, in which the engine unserializes by this policy.
pub fn under<R>(policy: &Policy, call: impl FnOnce() -> R) -> R {
    let outer = POLICIES.with_borrow_mut(|policies| {
        policies.push(policy.clone());
        policies.len() - 1
    });
    let result = call();
    POLICIES.with_borrow_mut(|policies| policies.truncate(outer));
    result
}

/// The policy by which the engine unserializes at this moment, if it does.
pub fn current() -> Option<Policy> {
    POLICIES.with_borrow(|policies| policies.last().cloned())
}

/// Forgets the calls that the engine has left: at the end of a request.
pub fn reset() {
    POLICIES.with_borrow_mut(Vec::clear);
}
