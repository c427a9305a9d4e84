//! Exceptions and warnings.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use ext_php_rs::ffi;

use super::executor::{Thrown, check, exception};
use super::strings::{Str, bytes};
use super::types::STRING;
use super::zvals::{empty, kind, string_of};

unsafe extern "C" {
    fn zend_error(level: c_int, format: *const c_char, ...);
    fn zend_type_error(format: *const c_char, ...);
}

/// The message of the pending exception; empty where there is none.
pub fn pending_message() -> String {
    let (exception, mut slot) = (exception(), empty());
    if exception.is_null() {
        return String::new();
    }
    // SAFETY: the engine holds the pending exception, whose class is `Exception`, `Error` or derived from one of them.
    // They declare the property, so that reading it runs no user code.
    unsafe {
        let class = (*exception).ce;
        let is_exception =
            ptr::eq(class, ffi::zend_ce_exception) || ffi::instanceof_function_slow(class, ffi::zend_ce_exception);
        let scope = if is_exception { ffi::zend_ce_exception } else { ffi::zend_ce_error };
        let message = ffi::zend_read_property(scope, exception, c"message".as_ptr(), 7, true, &raw mut slot);
        if kind(message) != STRING {
            return String::new();
        }
        String::from_utf8_lossy(bytes(string_of(message))).into_owned()
    }
}

/// Throws an `Exception`; `%s` in `format` is the name.
pub fn throw_exception(format: &CStr, name: &[u8]) {
    // SAFETY: a format with one `%s` and a C string.
    with_c_string(name, |name| unsafe {
        ffi::zend_throw_exception_ex(ptr::null_mut(), 0, format.as_ptr(), name);
    });
}

/// Throws a `TypeError`; as [`throw_exception`].
pub fn throw_type_error(format: &CStr, name: &[u8]) {
    // SAFETY: a format with one `%s` and a C string.
    with_c_string(name, |name| unsafe { zend_type_error(format.as_ptr(), name) });
}

/// Throws an `Error`; two `%s` in `format` are the names.
pub fn throw_error(format: &CStr, first: &[u8], second: &[u8]) {
    with_c_string(first, |first| {
        // SAFETY: a format with two `%s` and two C strings.
        with_c_string(second, |second| unsafe {
            ffi::zend_throw_error(ptr::null_mut(), format.as_ptr(), first, second);
        });
    });
}

/// Raises an E_WARNING, E_NOTICE or E_DEPRECATED; up to two `%s` in `format` are the names. May run
/// the user's error handler.
pub fn raise(level: u32, format: &CStr, first: &[u8], second: &[u8]) {
    with_c_string(first, |first| {
        // SAFETY: a format with at most two `%s` and two C strings.
        with_c_string(second, |second| unsafe { zend_error(level as c_int, format.as_ptr(), first, second) });
    });
}

/// Warns that a false is about to become an array. May run the user's error handler.
pub fn deprecate_false_to_array() -> Result<(), Thrown> {
    // SAFETY: the function has no precondition.
    unsafe { ffi::zend_false_to_array_deprecated() };
    check()
}

/// Warns that a float loses its fraction as a key of an array. May run the user's error handler.
pub fn deprecate_float_to_int(float: f64) -> Result<(), Thrown> {
    // SAFETY: the function has no precondition.
    unsafe { ffi::zend_incompatible_double_to_long_error(float) };
    check()
}

/// Calls `f` with a NUL-terminated copy, from Zend's allocator: `f` may not return.
fn with_c_string(bytes: &[u8], f: impl FnOnce(*const c_char)) {
    let string = Str::new(bytes);
    // SAFETY: the engine ends each string with a NUL byte, and `string` holds a count of it during the call.
    f(unsafe { (&raw const (*string.as_ptr()).val).cast() });
}
