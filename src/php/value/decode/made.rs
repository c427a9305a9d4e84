//! Objects that have to know which policy they were decoded under.

use std::sync::OnceLock;

use crate::php::value::policy::Policy;
use crate::php::zend::zend_object;

/// Tells a new object of a class with a `create_object` handler which policy it was decoded under.
pub type OnMade = unsafe fn(*mut zend_object, &Policy);

static ON_MADE: OnceLock<OnMade> = OnceLock::new();

/// Has `tell` called for each such object, before its properties are there. Once per process.
pub fn on_made(tell: OnMade) {
    let _ = ON_MADE.set(tell);
}

/// Tells an object, if its class may want to know.
///
/// # Safety
/// The object is alive.
#[inline]
pub unsafe fn tell(object: *mut zend_object, policy: &Policy) {
    // SAFETY: the caller's object; every object has a class, which is not changed while it is used.
    unsafe {
        if (*(*object).ce).__bindgen_anon_2.create_object.is_some()
            && let Some(tell) = ON_MADE.get()
        {
            tell(object, policy);
        }
    }
}
