//! Settings of the ini files.

use std::ffi::{CStr, c_char, c_int};

use ext_php_rs::ffi;

unsafe extern "C" {
    fn zend_ini_long(name: *const c_char, len: usize, orig: c_int) -> i64;
}

/// An int from the ini settings, as it is now.
pub fn ini_long(name: &str) -> i64 {
    // SAFETY: pointer and length come from one slice, and the engine only reads it.
    unsafe { zend_ini_long(name.as_ptr().cast(), name.len(), 0) }
}

/// The setting `unserialize_callback_func`, if it names a function.
pub fn unserialize_callback<'a>() -> Option<&'a CStr> {
    // SAFETY: the engine keeps the setting in the globals of this thread, as null or a C string.
    unsafe {
        let name = (*ffi::ext_php_rs_process_globals()).unserialize_callback_func;
        if name.is_null() || *name == 0 { None } else { Some(CStr::from_ptr(name)) }
    }
}
