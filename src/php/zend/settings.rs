//! Settings of the ini files.

use std::ffi::{CStr, c_char, c_int};

use ext_php_rs::ffi;

use super::strings::Str;
use super::types::zend_string;

unsafe extern "C" {
    fn zend_ini_long(name: *const c_char, len: usize, orig: c_int) -> i64;
}

/// An int from the ini settings, as it is now.
pub fn ini_long(name: &str) -> i64 {
    // SAFETY: pointer and length come from one slice, and the engine only reads it.
    unsafe { zend_ini_long(name.as_ptr().cast(), name.len(), 0) }
}

unsafe extern "C" {
    fn zend_ini_parse_quantity(value: *mut zend_string, error: *mut *mut zend_string) -> i64;
}

/// A number as settings have it: `8M` is 8 << 20. `None` where PHP would warn of it.
pub fn parse_quantity(value: &[u8]) -> Option<i64> {
    let mut error = std::ptr::null_mut();
    let value = Str::new(value);
    // SAFETY: the engine reads the string, and gives another one, which is the caller's, where there is something wrong.
    unsafe {
        let number = zend_ini_parse_quantity(value.as_ptr(), &raw mut error);
        if error.is_null() {
            return Some(number);
        }
        drop(Str::from_owned(error));
        None
    }
}

/// Whether the process serves requests, one after the other in each thread; a command-line program has one.
pub fn serves_requests() -> bool {
    // SAFETY: the engine has set it before any request, to a C string.
    let name = unsafe { CStr::from_ptr(ffi::sapi_module.name) };
    name != c"cli"
}

/// The setting `unserialize_callback_func`, if it names a function.
pub fn unserialize_callback<'a>() -> Option<&'a CStr> {
    // SAFETY: the engine keeps the setting in the globals of this thread, as null or a C string.
    unsafe {
        let name = (*ffi::ext_php_rs_process_globals()).unserialize_callback_func;
        if name.is_null() || *name == 0 { None } else { Some(CStr::from_ptr(name)) }
    }
}
