//! `$string[0] = 'x'`, in the depth of a value.

use std::mem::MaybeUninit;
use std::ptr;

use ext_php_rs::ffi::{
    self, BP_VAR_UNSET, BP_VAR_W, E_WARNING, IS_DOUBLE, IS_FALSE, IS_LONG, IS_NULL, IS_STRING, IS_TRUE, IS_UNDEF, zval,
};

use super::errors;
use super::names::illegal_offset;
use super::step::Key;
use super::zend::{self, Str, Thrown};

/// Puts the first byte of a value into the string in `place`; false (with a warning) where the offset is before its start.
///
/// # Safety
/// `place` holds a string; all are valid, and nothing else changes them meanwhile.
pub unsafe fn put_byte(place: *mut zval, key: &Key, value: *mut zval) -> Result<bool, Thrown> {
    // SAFETY: valid by contract.
    unsafe {
        let length = zend::bytes((*place).value.str_).len() as i64;
        let offset = string_offset(key, BP_VAR_W)?;
        if offset < -length {
            ffi::zend_error(E_WARNING as i32, c"Illegal string offset %ld".as_ptr(), offset);
            zend::check()?;
            return Ok(false);
        }
        let offset = if offset < 0 { offset + length } else { offset } as usize;
        let new = zend::to_string(zend::deref(value))?;
        let [first, rest @ ..] = new.bytes() else {
            return Err(errors::throw_error("Cannot assign an empty string to a string offset"));
        };
        if !rest.is_empty() {
            ffi::zend_error(E_WARNING as i32, c"Only the first byte will be assigned to the string offset".as_ptr());
            zend::check()?;
        }
        let old = zend::bytes((*place).value.str_);
        if offset < old.len() && zend::set_byte((*place).value.str_, offset, *first) {
            return Ok(true);
        }
        let mut changed = zend::empty();
        if old.len() < 2 && offset == 0 {
            zend::set_string(&raw mut changed, Str::new(&[*first]));
        } else {
            let length = old.len().max(offset + 1);
            if !zend::has_memory(length) {
                return Err(errors::throw_sync(&format!(
                    "Can't change a string: it takes {length} bytes, more than memory_limit leaves."
                )));
            }
            let room = zend::set_unwritten_string(&raw mut changed, length);
            room.fill(MaybeUninit::new(b' '));
            for (to, &byte) in room.iter_mut().zip(old) {
                to.write(byte);
            }
            room[offset].write(*first);
        }
        zend::swap(place, &raw mut changed);
    }
    Ok(true)
}

/// The offset in a string that a key means, with PHP's own warnings.
pub fn string_offset(key: &Key, fetch: u32) -> Result<i64, Thrown> {
    let value = key.as_ptr();
    // SAFETY: the key holds a valid value.
    unsafe {
        match zend::kind(value) {
            IS_LONG => return Ok((*value).value.lval),
            IS_STRING => {
                let string = (*value).value.str_;
                let (mut offset, mut trailing) = (0, false);
                let kind = ffi::_is_numeric_string_ex(
                    (&raw const (*string).val).cast(),
                    (*string).len,
                    &raw mut offset,
                    ptr::null_mut(),
                    true,
                    ptr::null_mut(),
                    &raw mut trailing,
                );
                if u32::from(kind) == IS_LONG {
                    if trailing && fetch != BP_VAR_UNSET {
                        ffi::zend_error(
                            E_WARNING as i32,
                            c"Illegal string offset \"%s\"".as_ptr(),
                            &raw const (*string).val,
                        );
                    }
                    zend::check()?;
                    return Ok(offset);
                }
                return Err(illegal_offset(b"string", value, fetch));
            }
            IS_UNDEF | IS_NULL | IS_FALSE | IS_TRUE | IS_DOUBLE => {
                ffi::zend_error(E_WARNING as i32, c"String offset cast occurred".as_ptr());
            }
            _ => {
                return Err(illegal_offset(b"string", value, fetch));
            }
        }
        zend::check()?;
        Ok(ffi::zval_get_long_func(value, false))
    }
}
