//! Callables that a program passes as arguments, what has to follow a call of one, and arguments of a scalar type.

use std::ffi::{c_char, c_void};
use std::panic::AssertUnwindSafe;
use std::ptr;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;
use ext_php_rs::zend::{CatchError, bailout, try_catch};

use super::counted::Held;
use super::executor::{Thrown, check, executor};
use super::objects::Object;
use super::types::{DOUBLE, LONG, NULL};
use super::values::{Local, Value};

unsafe extern "C" {
    fn zend_parse_arg_double_slow(argument: *const Zval, into: *mut f64, number: u32) -> bool;
    fn zend_parse_arg_number_slow(argument: *mut Zval, into: *mut *mut Zval, number: u32) -> bool;
    fn zend_parse_arg_long_slow(argument: *const Zval, into: *mut i64, number: u32) -> bool;
}

/// A callable, as of the moment when it was passed.
pub struct Callback(Local);

impl Callback {
    /// Another owner of argument `number` (counted from 1) of the method that runs; throws a TypeError where that cannot be called.
    pub fn of(argument: &Value, number: u32) -> Result<Self, Thrown> {
        let callable = Local::copy_of(argument.dereference());
        let mut why: *mut c_char = ptr::null_mut();
        // SAFETY: a live value; the engine writes a string of its own to the one place that is given, where it says no.
        let is_callable = unsafe {
            ffi::zend_is_callable_ex(
                callable.as_ptr(),
                ptr::null_mut(),
                0,
                ptr::null_mut(),
                ptr::null_mut(),
                &raw mut why,
            )
        };
        if !is_callable {
            let reason = if why.is_null() { c"no array or string given".as_ptr() } else { why.cast_const() };
            // SAFETY: a format with one `%s`, and a C string.
            unsafe { ffi::zend_argument_type_error(number, c"must be a valid callback, %s".as_ptr(), reason) };
        }
        if !why.is_null() {
            // SAFETY: the engine allocated it, and left it to the caller.
            unsafe { ext_php_rs::alloc::efree(why.cast::<c_void>().cast()) };
        }
        check()?;
        if is_callable { Ok(Self(callable)) } else { Err(Thrown) }
    }

    /// Calls it, which runs user code.
    pub fn call(&self, arguments: &[Local]) -> Result<Local, Thrown> {
        let mut result = Local::new();
        // SAFETY: a live callable, which this holds; the engine copies the arguments, and writes the result to a free place.
        unsafe {
            ffi::_call_user_function_impl(
                ptr::null_mut(),
                self.0.as_ptr(),
                result.slot().as_ptr(),
                arguments.len() as u32,
                arguments.as_ptr().cast_mut().cast(),
                ptr::null_mut(),
            );
        }
        check()?;
        Ok(result)
    }
}

/// Argument `number` (counted from 1) as a `?float` of the method that runs, by the rules of the calling file (`strict_types`).
/// `None`: null. Throws a TypeError.
pub fn float_argument(argument: &Value, number: u32) -> Result<Option<f64>, Thrown> {
    let argument = argument.dereference();
    match (argument.kind(), argument.double(), argument.long()) {
        (NULL, ..) => return Ok(None),
        (DOUBLE, Some(float), _) => return Ok(Some(float)),
        (LONG, _, Some(int)) => return Ok(Some(int as f64)),
        _ => {}
    }
    let mut float = 0.0;
    // SAFETY: a live value, and a place for a float.
    let fits = unsafe { zend_parse_arg_double_slow(argument.as_ptr(), &raw mut float, number) };
    refuse_unless(fits, number, c"must be of type ?float, %s given".as_ptr(), argument).map(|()| Some(float))
}

/// As [`float_argument`], a `?int`.
pub fn int_argument(argument: &Value, number: u32) -> Result<Option<i64>, Thrown> {
    let argument = argument.dereference();
    match (argument.kind(), argument.long()) {
        (NULL, _) => return Ok(None),
        (_, Some(int)) => return Ok(Some(int)),
        _ => {}
    }
    let mut int = 0;
    // SAFETY: a live value, and a place for an int.
    let fits = unsafe { zend_parse_arg_long_slow(argument.as_ptr(), &raw mut int, number) };
    refuse_unless(fits, number, c"must be of type ?int, %s given".as_ptr(), argument).map(|()| Some(int))
}

/// As [`float_argument`], an `int|float`, which may not be null.
pub fn number_argument(argument: &Value, number: u32) -> Result<Local, Thrown> {
    if matches!(argument.kind(), LONG | DOUBLE) {
        return Ok(Local::copy_of(argument));
    }
    let copy = Local::copy_of(argument.dereference());
    let mut converted = copy.as_ptr();
    // SAFETY: a value of this frame, which the engine may convert where it is.
    let fits = unsafe { zend_parse_arg_number_slow(copy.as_ptr(), &raw mut converted, number) };
    refuse_unless(fits, number, c"must be of type int|float, %s given".as_ptr(), argument)?;
    Ok(copy)
}

/// Throws the TypeError of an argument that does not fit its type.
fn refuse_unless(fits: bool, number: u32, format: *const c_char, argument: &Value) -> Result<(), Thrown> {
    check()?;
    if fits {
        return Ok(());
    }
    // SAFETY: a format with one `%s`, and the name of a type, a C string.
    unsafe { ffi::zend_argument_type_error(number, format, argument.type_name().as_ptr()) };
    Err(Thrown)
}

/// Runs `body`, and then `after`, whichever way `body` ends: it returns, or the engine leaves it by `longjmp`, which goes on then.
/// Nothing in the caller's frame is dropped in that case.
pub fn finally<T>(body: impl FnOnce() -> T, after: impl FnOnce(Option<&T>)) -> T {
    let outcome = try_catch(AssertUnwindSafe(body));
    after(outcome.as_ref().ok());
    match outcome {
        Ok(result) => result,
        // SAFETY: the engine catches it further out; nothing in this frame needs dropping any more.
        Err(CatchError::Bailout) => unsafe { bailout() },
        Err(defect) => panic!("{defect}"),
    }
}

/// Runs `body`, of whose warnings neither the user's error handler nor the log hears: they have been given before.
pub fn without_warnings<T>(body: impl FnOnce() -> T) -> T {
    // SAFETY: the globals belong to this thread, and no reference to them is ever made.
    let (reported, handled) = unsafe {
        let executor = executor();
        let former = ((*executor).error_reporting, (*executor).user_error_handler_error_reporting);
        (*executor).error_reporting = 0;
        (*executor).user_error_handler_error_reporting = 0;
        former
    };
    finally(body, |_| {
        // SAFETY: two numbers in the globals of this thread.
        unsafe {
            (*executor()).error_reporting = reported;
            (*executor()).user_error_handler_error_reporting = handled;
        }
    })
}

/// Runs `body` as if no exception were pending. The one that is pending is again afterwards, in place of any of `body`'s.
pub fn setting_exception_aside<T>(body: impl FnOnce() -> T) -> T {
    // SAFETY: the pointer in this thread's own globals owns one count of the exception, which waits in `pending` meanwhile.
    let pending = unsafe { ptr::replace(&raw mut (*executor()).exception, ptr::null_mut()) };
    finally(body, |_| {
        if pending.is_null() {
            return;
        }
        // SAFETY: the globals own the exception that waited, again; one of `body`'s, whose count is left over then, is let go of only when
        // nothing points to it any more.
        unsafe {
            let newer = ptr::replace(&raw mut (*executor()).exception, pending);
            if !newer.is_null() {
                drop(Held::<Object>::from_owned(newer));
            }
        }
    })
}
