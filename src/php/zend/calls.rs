//! Calls of functions and methods, and their arguments.

use std::ffi::CStr;
use std::ptr;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::executor::executor;
use super::frames::FRAME;
use super::strings::Str;
use super::types::{zend_class_entry, zend_function, zend_object, zend_string};
use super::zvals::{release, scratch, set_string, set_undef};

/// An argument of the internal function that runs.
///
/// # Safety
/// An internal function runs, and was given more than `n` arguments.
pub unsafe fn argument(n: usize) -> *mut Zval {
    // SAFETY: the engine stores the arguments of a call behind its frame; the caller promises that there are enough.
    unsafe {
        let frame = (*executor()).current_execute_data;
        frame.cast::<Zval>().add(FRAME + n)
    }
}

/// Whether a function takes its first argument by reference.
///
/// # Safety
/// `function` is alive.
pub unsafe fn takes_reference(function: *const zend_function) -> bool {
    // SAFETY: the caller promises a live function. The engine keeps a description for each of its arguments, and one
    // more for a variadic one.
    unsafe {
        let function = &(*function).common;
        let described = function.num_args > 0 || function.fn_flags & ffi::ZEND_ACC_VARIADIC != 0;
        described && (*function.arg_info).type_.type_mask >> ffi::_ZEND_SEND_MODE_SHIFT & 3 != 0
    }
}

/// Calls a function by its name with one string.
///
/// # Safety
/// `argument` is alive.
pub unsafe fn call_function(name: &CStr, argument: *mut zend_string) {
    let (mut function, mut result, mut parameter) = (scratch(), scratch(), scratch());
    // SAFETY: the three zvals live in this frame, and own the two strings during the call.
    unsafe {
        set_string(&raw mut *function, Str::new(name.to_bytes()));
        set_string(&raw mut *parameter, Str::share(argument));
        ffi::_call_user_function_impl(
            ptr::null_mut(),
            &raw mut *function,
            &raw mut *result,
            1,
            &raw mut *parameter,
            ptr::null_mut(),
        );
        release(&raw mut *result);
        release(&raw mut *parameter);
        release(&raw mut *function);
    }
}

/// A method of a class by its lower-case name, or null.
///
/// # Safety
/// `class` is a class of this request.
pub unsafe fn method(class: *mut zend_class_entry, lower_case_name: &str) -> *mut zend_function {
    // SAFETY: the caller promises a live class; the engine's function tables hold pointers to functions only.
    unsafe {
        let name = lower_case_name;
        let entry = ffi::zend_hash_str_find(&raw const (*class).function_table, name.as_ptr().cast(), name.len());
        if entry.is_null() { ptr::null_mut() } else { (*entry).value.func }
    }
}

/// Calls a method with one argument or none. The result is at `into`, undefined if an exception is pending.
///
/// # Safety
/// `object` is alive and of a class that has the method; `into` is writable, and its old value not owned by it;
/// `argument` is null or a live zval.
pub unsafe fn call_method(object: *mut zend_object, method: *mut zend_function, into: *mut Zval, argument: *mut Zval) {
    // SAFETY: the caller promises what the engine asks for; it holds the object during the call.
    unsafe {
        set_undef(into);
        let arguments = u32::from(!argument.is_null());
        ffi::zend_call_known_function(method, object, (*object).ce, into, arguments, argument, ptr::null_mut());
    }
}
