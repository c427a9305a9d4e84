//! Strings and what they mean as keys.

use std::ffi::c_char;
use std::ptr;
use std::slice;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::*;
use sync_short as short;

unsafe extern "C" {
    fn _zend_handle_numeric_str_ex(key: *const c_char, len: usize, index: *mut u64) -> bool;
    fn zend_string_tolower_ex(string: *mut zend_string, persistent: bool) -> *mut zend_string;
    static zend_string_init_existing_interned:
        unsafe extern "C" fn(bytes: *const c_char, len: usize, persistent: bool) -> *mut zend_string;
}

/// The bytes of a string.
///
/// # Safety
/// `string` is alive for as long as the result is used, and is not changed meanwhile.
#[inline(always)]
pub unsafe fn bytes<'a>(string: *const zend_string) -> &'a [u8] {
    // SAFETY: the caller's promise; `val` is the first of `len` bytes.
    unsafe { slice::from_raw_parts((&raw const (*string).val).cast(), (*string).len) }
}

/// True for a string that is shared by all, and not counted.
///
/// # Safety
/// `string` is alive.
#[inline(always)]
pub unsafe fn is_interned(string: *const zend_string) -> bool {
    // SAFETY: the caller's promise.
    unsafe { (*string).gc.u.type_info & GC_IMMUTABLE != 0 }
}

/// A new string with these bytes; the caller owns one count of it.
#[inline]
pub fn new_string(bytes: &[u8]) -> *mut zend_string {
    if bytes.len() < 2 {
        // The empty string and single bytes are interned.
        // SAFETY: the pointer and length of a slice.
        return unsafe { ffi::ext_php_rs_zend_string_init(bytes.as_ptr().cast(), bytes.len(), false) };
    }
    let string = allocate_string(bytes.len());
    // SAFETY: there is room for the bytes.
    unsafe {
        let to = (&raw mut (*string).val).cast::<u8>();
        if bytes.len() < 32 {
            short::copy(bytes, to);
        } else {
            ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
        }
        string
    }
}

/// A string of this length, whose bytes are still to be written.
#[inline]
fn allocate_string(len: usize) -> *mut zend_string {
    // As `zend_string_alloc` does: a header, the bytes, a NUL, to a multiple of 8.
    const HEADER: usize = std::mem::offset_of!(zend_string, val);
    let size = (HEADER + len + 1).next_multiple_of(8);
    let layout = std::alloc::Layout::from_size_align(size, 8).expect("longer than the address space");
    // SAFETY: Zend's allocator returns memory of that size, or does not return.
    unsafe {
        let string = ext_php_rs::alloc::emalloc(layout).cast::<zend_string>();
        (*string).gc.refcount = 1;
        (*string).gc.u.type_info = u32::from(STRING) | GC_NOT_COLLECTABLE;
        (*string).h = 0;
        (*string).len = len;
        (&raw mut (*string).val).cast::<u8>().add(len).write(0);
        string
    }
}

/// Makes `at` a string of this length (two or more) and returns the place for its bytes, to be
/// filled before anybody sees the string.
///
/// # Safety
/// As for [`set_simple`]; the place lives as long as the string does.
pub unsafe fn set_unwritten_string<'s>(at: *mut Zval, len: usize) -> &'s mut [std::mem::MaybeUninit<u8>] {
    // SAFETY: a new string, with room for `len` bytes.
    unsafe {
        let string = allocate_string(len);
        (*at).value.str_ = string;
        (*at).u1.type_info = ffi::IS_STRING_EX;
        slice::from_raw_parts_mut((&raw mut (*string).val).cast(), len)
    }
}

/// A string with these bytes, the interned one where there is one; the caller owns one count.
#[inline]
pub fn key_string(bytes: &[u8]) -> *mut zend_string {
    // SAFETY: the pointer and length of a slice; the engine sets the function before any request.
    unsafe { zend_string_init_existing_interned(bytes.as_ptr().cast(), bytes.len(), false) }
}

/// Gives up a count of a string.
///
/// # Safety
/// The caller owns it.
#[inline]
pub unsafe fn release_string(string: *mut zend_string) {
    // SAFETY: the caller's promise.
    unsafe {
        if !is_interned(string) {
            if (*string).gc.refcount > 1 {
                (*string).gc.refcount -= 1;
            } else {
                ffi::ext_php_rs_zend_string_release(string);
            }
        }
    }
}

/// The string in lower case; the caller owns one count of it.
///
/// # Safety
/// `string` is alive.
pub unsafe fn lower_case(string: *mut zend_string) -> *mut zend_string {
    // SAFETY: the caller's promise.
    unsafe { zend_string_tolower_ex(string, false) }
}

/// The integer that PHP makes of such an array key: `"12"` is 12, `"012"` and `"1.5"` stay strings.
#[inline]
pub fn numeric_key(key: &[u8]) -> Option<i64> {
    let starts_like_a_number = match key {
        [first, ..] if first.is_ascii_digit() => true,
        [b'-', second, ..] => second.is_ascii_digit(),
        _ => false,
    };
    if !starts_like_a_number || key.len() > 20 {
        return None;
    }
    // The engine's parser reads up to a NUL byte, which a slice of the input does not have.
    let mut text = [0_u8; 21];
    text[..key.len()].copy_from_slice(key);
    let mut index = 0;
    // SAFETY: a NUL-terminated copy and its length.
    unsafe { _zend_handle_numeric_str_ex(text.as_ptr().cast(), key.len(), &raw mut index) }.then_some(index as i64)
}
