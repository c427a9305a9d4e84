//! Exceptions, warnings and settings.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::*;

unsafe extern "C" {
    fn zend_ini_long(name: *const c_char, len: usize, orig: c_int) -> i64;
    fn zval_get_string_func(value: *mut Zval) -> *mut zend_string;
    fn zend_error(level: c_int, format: *const c_char, ...);
    fn zend_type_error(format: *const c_char, ...);
}

/// True if an exception is pending.
#[inline]
pub fn exception_pending() -> bool {
    // SAFETY: the executor globals of this thread.
    unsafe { !(*ffi::ext_php_rs_executor_globals()).exception.is_null() }
}

/// An int from the ini settings, as it is now.
pub fn ini_long(name: &str) -> i64 {
    // SAFETY: pointer and length of a string.
    unsafe { zend_ini_long(name.as_ptr().cast(), name.len(), 0) }
}

/// The start of what the engine keeps of a fiber, which it leaves opaque in part.
#[repr(C)]
struct FiberContext {
    handle: *mut c_void,
    kind: *mut c_void,
    function: *mut c_void,
    cleanup: *mut c_void,
    /// Null in the main program.
    stack: *const FiberStack,
}

#[repr(C)]
struct FiberStack {
    pointer: *mut c_void,
    size: usize,
}

/// The stack of the fiber that runs, from its lowest to its highest address; `None` in the main program.
pub fn fiber_stack() -> Option<(usize, usize)> {
    // SAFETY: the executor globals of this thread. A context and its stack begin with these fields in all
    // releases that have fibers, and live as long as the fiber runs.
    unsafe {
        let context = (*ffi::ext_php_rs_executor_globals()).current_fiber_context.cast::<FiberContext>();
        let stack = context.as_ref()?.stack.as_ref()?;
        let low = stack.pointer.addr();
        Some((low, low.checked_add(stack.size)?))
    }
}

/// The setting `unserialize_callback_func`, if it names a function.
pub fn unserialize_callback<'a>() -> Option<&'a CStr> {
    // SAFETY: the core globals of this thread; the setting is null or a C string.
    unsafe {
        let name = (*ffi::ext_php_rs_process_globals()).unserialize_callback_func;
        if name.is_null() || *name == 0 { None } else { Some(CStr::from_ptr(name)) }
    }
}

/// Calls a function by its name with one string.
///
/// # Safety
/// `argument` is alive.
pub unsafe fn call_function(name: &CStr, argument: *mut zend_string) {
    let (mut function, mut result, mut parameter) = (scratch(), scratch(), scratch());
    // SAFETY: the name is a string of our own; the argument is held during the call.
    unsafe {
        set_string(&raw mut *function, name.to_bytes());
        parameter.value.str_ = argument;
        parameter.u1.type_info = if is_interned(argument) { ffi::IS_INTERNED_STRING_EX } else { ffi::IS_STRING_EX };
        ffi::_call_user_function_impl(
            ptr::null_mut(),
            &raw mut *function,
            &raw mut *result,
            1,
            &raw mut *parameter,
            ptr::null_mut(),
        );
        release(&raw mut *result);
        release(&raw mut *function);
    }
}

/// The string a value converts to; the caller owns one count of it. May run user code.
///
/// # Safety
/// `at` is a live zval.
pub unsafe fn to_string(at: *mut Zval) -> *mut zend_string {
    // SAFETY: the caller's promise.
    unsafe { zval_get_string_func(at) }
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

/// Calls `f` with a NUL-terminated copy, from Zend's allocator: `f` may not return.
fn with_c_string(bytes: &[u8], f: impl FnOnce(*const c_char)) {
    let string = new_string(bytes);
    // SAFETY: a zend_string ends in a NUL byte; it is ours.
    unsafe {
        f((&raw const (*string).val).cast());
        release_string(string);
    }
}
