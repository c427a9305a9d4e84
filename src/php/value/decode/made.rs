//! Objects that have to know which policy they were decoded under.

use std::sync::OnceLock;

use crate::php::value::policy::Policy;
use crate::php::zend::Object;

/// Tells a new object of a class with a `create_object` handler which policy it was decoded under.
pub type OnMade = fn(&Object, &Policy);

static ON_MADE: OnceLock<OnMade> = OnceLock::new();

/// Has `tell` called for each such object, before its properties are there. Once per process.
pub fn on_made(tell: OnMade) {
    let _ = ON_MADE.set(tell);
}

/// Tells an object, if its class may want to know.
#[inline]
pub fn tell(object: &Object, policy: &Policy) {
    // SAFETY: a live object has a class, which is not changed while it is used.
    let is_special = unsafe { (*object.class()).__bindgen_anon_2.create_object.is_some() };
    if is_special && let Some(tell) = ON_MADE.get() {
        tell(object, policy);
    }
}
