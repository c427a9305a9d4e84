//! Strings, and their meaning as keys.

use std::cell::UnsafeCell;
use std::ffi::c_char;
use std::ptr;
use std::slice;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::counted::{Counted, Held};
use super::types::{DOUBLE, GC_IMMUTABLE, GC_NOT_COLLECTABLE, LONG, STRING, zend_string};
use sync_short as short;

unsafe extern "C" {
    fn _zend_handle_numeric_str_ex(key: *const c_char, len: usize, index: *mut u64) -> bool;
    static zend_empty_string: *mut zend_string;
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
    // SAFETY: the engine keeps `len` bytes from `val` on; the caller promises that they stay.
    unsafe { slice::from_raw_parts((&raw const (*string).val).cast(), (*string).len) }
}

/// True for a string that is shared by all, and not counted.
///
/// # Safety
/// `string` is alive.
#[inline(always)]
pub unsafe fn is_interned(string: *const zend_string) -> bool {
    // SAFETY: the caller promises a live string.
    unsafe { (*string).gc.u.type_info & GC_IMMUTABLE != 0 }
}

/// The hash of a string, computed if it is not known yet.
///
/// # Safety
/// `string` is alive.
#[inline]
pub unsafe fn hash(string: *mut zend_string) -> u64 {
    // SAFETY: the caller promises a live string; the function stores the hash in it.
    unsafe { if (*string).h != 0 { (*string).h } else { ffi::zend_string_hash_func(string) } }
}

/// Changes a byte of a string where it is, if it has one owner, so that a long one is not copied. False if it has
/// several.
///
/// # Safety
/// `string` is alive, and has a byte at `offset`; no slice of its bytes is in use.
pub unsafe fn set_byte(string: *mut zend_string, offset: usize, byte: u8) -> bool {
    /// `IS_STR_VALID_UTF8`, since PHP 8.3.
    const VALID_UTF8: u32 = 1 << 9;
    // SAFETY: the caller promises a live string that is long enough. It has one owner, the caller; the hash and the
    // flag that the engine derived from the old bytes are reset.
    unsafe {
        let is_ours = (*string).gc.refcount == 1 && !is_interned(string);
        if is_ours {
            (*string).h = 0;
            (*string).gc.u.type_info &= !VALID_UTF8;
            (&raw mut (*string).val).cast::<u8>().add(offset).write(byte);
        }
        is_ours
    }
}

/// A new string with these bytes; the caller owns one count of it.
#[inline]
pub fn new_string(bytes: &[u8]) -> *mut zend_string {
    if bytes.len() < 2 {
        // The empty string and single bytes are interned.
        // SAFETY: pointer and length come from one slice, and the engine only reads it.
        return unsafe { ffi::ext_php_rs_zend_string_init(bytes.as_ptr().cast(), bytes.len(), false) };
    }
    let string = allocate_string(bytes.len());
    // SAFETY: `allocate_string` has made room for the bytes, in memory that nothing else points to yet.
    unsafe {
        let to = (&raw mut (*string).val).cast::<u8>();
        if bytes.len() < short::LIMIT {
            short::copy(bytes, to);
        } else {
            ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
        }
        string
    }
}

/// A string of this length, whose bytes are still to be written. (Callers have the bytes already, or have looked that there may be so many.)
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
        (*string).gc.u.type_info = STRING | GC_NOT_COLLECTABLE;
        (*string).h = 0;
        (*string).len = len;
        (&raw mut (*string).val).cast::<u8>().add(len).write(0);
        string
    }
}

/// Makes `at` a string of this length (two or more) and returns the place for its bytes, to be filled before PHP code
/// can see the string.
///
/// # Safety
/// As for [`set_null`](super::zvals::set_null); the place lives as long as the string does.
pub unsafe fn set_unwritten_string<'s>(at: *mut Zval, len: usize) -> &'s mut [std::mem::MaybeUninit<u8>] {
    // SAFETY: `allocate_string` has made room for `len` bytes, in memory that only `at` points to.
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
    // SAFETY: pointer and length come from one slice; the engine sets the function at startup.
    unsafe { zend_string_init_existing_interned(bytes.as_ptr().cast(), bytes.len(), false) }
}

/// Takes another count of a string; interned ones have none.
///
/// # Safety
/// `string` is alive.
#[inline]
pub unsafe fn hold_string(string: *mut zend_string) {
    // SAFETY: the caller promises a live string.
    unsafe {
        if !is_interned(string) {
            (*string).gc.refcount += 1;
        }
    }
}

/// Gives up a count of a string.
///
/// # Safety
/// The caller owns it.
#[inline]
pub unsafe fn release_string(string: *mut zend_string) {
    // SAFETY: the caller owns a count, so the string is alive until here.
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
    // SAFETY: the caller promises a live string.
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
    // SAFETY: `text` is longer than the key, so that a NUL byte follows it.
    unsafe { _zend_handle_numeric_str_ex(text.as_ptr().cast(), key.len(), &raw mut index) }.then_some(index as i64)
}

/// A string, behind a reference: it lives for as long as the reference, and its bytes do not change.
#[repr(transparent)]
pub struct ZStr(UnsafeCell<zend_string>);

/// A number that a string is.
#[derive(Clone, Copy)]
pub enum Number {
    Int(i64),
    Float(f64),
}

/// An owned reference to a string.
pub type Str = Held<ZStr>;

// SAFETY: transparent over the cell; the engine counts strings that are not interned.
unsafe impl Counted for ZStr {
    type Raw = zend_string;

    #[inline]
    unsafe fn hold(raw: *mut zend_string) {
        // SAFETY: the caller promises a live string.
        unsafe { hold_string(raw) };
    }

    #[inline]
    unsafe fn release(raw: *mut zend_string) {
        // SAFETY: the caller promises that it owns a count.
        unsafe { release_string(raw) };
    }
}

impl ZStr {
    /// # Safety
    /// `string` is alive for `'a`, and its bytes are not changed meanwhile.
    #[inline]
    pub unsafe fn from_ptr<'a>(string: *const zend_string) -> &'a Self {
        // SAFETY: transparent; the caller promises a live string.
        unsafe { &*string.cast() }
    }

    /// The engine's structure.
    #[inline]
    pub fn as_ptr(&self) -> *mut zend_string {
        self.0.get()
    }

    /// Its bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: `from_ptr` was promised that the string lives and its bytes stay as they are.
        unsafe { bytes(self.as_ptr()) }
    }

    /// Its bytes, with the NUL byte that the engine keeps behind them; they may hold others.
    #[inline]
    pub fn as_c_ptr(&self) -> *const c_char {
        // SAFETY: only the address of a field is taken.
        unsafe { (&raw const (*self.as_ptr()).val).cast() }
    }

    /// Its hash, computed if it is not known yet.
    #[inline]
    pub fn hash(&self) -> u64 {
        // SAFETY: `from_ptr` was promised that the string lives.
        unsafe { hash(self.as_ptr()) }
    }

    /// The number that it is, with spaces around it at most. `prefix`: as the start of the string, and `true` if more follows.
    pub fn number(&self, prefix: bool) -> Option<(Number, bool)> {
        let (mut int, mut float, mut trailing) = (0, 0.0, false);
        // SAFETY: `from_ptr` was promised that the string lives; a NUL byte follows its bytes.
        let kind = unsafe {
            ffi::_is_numeric_string_ex(
                self.as_c_ptr(),
                self.bytes().len(),
                &raw mut int,
                &raw mut float,
                prefix,
                ptr::null_mut(),
                &raw mut trailing,
            )
        };
        match u32::from(kind) {
            LONG => Some((Number::Int(int), trailing)),
            DOUBLE => Some((Number::Float(float), trailing)),
            _ => None,
        }
    }

    /// The empty string.
    pub fn empty() -> &'static Self {
        // SAFETY: the engine sets it at startup, once, to an interned string.
        unsafe { Self::from_ptr(zend_empty_string) }
    }

    /// The int that an array takes it for, as a key.
    #[inline]
    pub fn numeric(&self) -> Option<i64> {
        numeric_key(self.bytes())
    }
}

impl Str {
    /// A new string.
    #[inline]
    pub fn new(bytes: &[u8]) -> Self {
        // SAFETY: the caller owns a count of a new string.
        unsafe { Self::from_owned(new_string(bytes)) }
    }
}
