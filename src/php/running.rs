//! Which methods of a class run for a name.

use super::lifetime::Lifetime;
use super::object::{IN_GET, IN_ISSET, IN_SET, IN_UNSET, SyncObject, class};
use super::zend::{self, Frame, Thrown, Value, ZStr};

/// Whether a method of the object's class runs for this very name, in which that means what is shared: reading it, storing it, removing it or asking
/// whether it is there, as `guard` says.
///
/// The engine's guards know of methods that it has called for a property. Those that a program, or Sync, has called are in the frames.
pub fn is_running(this: &SyncObject, name: &ZStr, guard: u32) -> bool {
    this.is_guarded(name, guard) || is_called(this, name, methods(guard))
}

/// The methods that are for a name what the engine's guard says.
fn methods(guard: u32) -> &'static [&'static str] {
    match guard {
        IN_GET => &["get", "__get"],
        IN_SET => &["set", "__set"],
        IN_UNSET => &["remove", "__unset"],
        IN_ISSET => &["has", "__isset"],
        _ => unreachable!("the engine has no other guards"),
    }
}

/// Whether one of these methods runs for `name`, and has called what runs now: itself, by another of the object's methods, or by a function
/// of PHP's or Sync's. Code of others in between asks anew.
fn is_called(this: &SyncObject, name: &ZStr, methods: &[&str]) -> bool {
    // SAFETY: nothing here returns to the engine.
    unsafe { Frame::running() }
        .take_while(|frame| !frame.is_of_program() || std::ptr::eq(frame.object(), this.zend()))
        .any(|frame| {
            is_of_class(frame, this, methods) && frame.first_argument().is_some_and(|first| is_name(first, name))
        })
}

/// Whether a frame is that of a method of a subclass that has one of these names, and runs for the object.
pub fn is_of_class(frame: Frame, this: &SyncObject, methods: &[&str]) -> bool {
    std::ptr::eq(frame.object(), this.zend())
        && frame.method().is_some_and(|(scope, name)| {
            !std::ptr::eq(scope, class())
                && methods.iter().any(|method| method.as_bytes().eq_ignore_ascii_case(name.bytes()))
        })
}

/// Whether one of the class's own methods that store a value has been called, since a frame, within a run of itself: for another value, then. (A method of a class
/// that the object's class extends is called by that for the same one.)
fn has_called_itself(this: &SyncObject, since: usize) -> bool {
    let runs = |name: &str| {
        // SAFETY: the class of a live object, which keeps its methods; nothing here returns to the engine.
        unsafe {
            let method = zend::method(this.object().class(), name);
            let Some(scope) = method.as_ref().map(|method| method.common.scope) else { return 0 };
            let is_its = |frame: &Frame| {
                is_of_class(*frame, this, &[name]) && frame.method().is_some_and(|(its, _)| std::ptr::eq(its, scope))
            };
            Frame::running().take_while(|frame| frame.address() != since).filter(is_its).count()
        }
    };
    methods(IN_SET).iter().any(|name| runs(name) > 1)
}

/// Stores a value under a name, for so long as it is to stay if a method of the class does so for an operation that knows it. (One that is refused is not the
/// value that the method was called for.)
pub fn store_pending(
    this: &SyncObject,
    name: &ZStr,
    store: impl FnOnce(Lifetime) -> Result<(), Thrown>,
) -> Result<(), Thrown> {
    let lifetime = this.pending.lifetime(name, |since| has_called_itself(this, since));
    store(lifetime)?;
    this.pending.has_stored(name, lifetime);
    Ok(())
}

/// Whether a value is given as a name, and means this one.
fn is_name(given: &Value, name: &ZStr) -> bool {
    match given.string() {
        Some(given) => given.bytes() == name.bytes(),
        // (Making a string of an object would run its code.)
        None => given.is_scalar() && given.to_string().is_ok_and(|given| given.bytes() == name.bytes()),
    }
}
