//! Steps into a value: `['key']`, `[]`, `->name`.

use std::ptr;

use ext_php_rs::ffi::{
    self, BP_VAR_UNSET, BP_VAR_W, IS_ARRAY, IS_DOUBLE, IS_FALSE, IS_LONG, IS_NULL, IS_RESOURCE, IS_STRING, IS_TRUE,
    IS_UNDEF, zval,
};

use super::names::{illegal_offset, resource_number};
use super::zend::{self, Str, Thrown};

/// A value that a step holds.
pub struct Key(zval);

impl Key {
    /// Another owner of `value`, which may be a reference.
    ///
    /// # Safety
    /// `value` is valid.
    pub unsafe fn new(value: *mut zval) -> Self {
        let mut key = Self(zend::empty());
        // SAFETY: valid by contract.
        unsafe { zend::copy(&raw mut key.0, zend::deref(value)) };
        key
    }

    /// An int.
    pub fn int(value: i64) -> Self {
        let mut key = zend::empty();
        // SAFETY: a slot of this frame.
        unsafe { zend::set_long(&raw mut key, value) };
        Self(key)
    }

    /// The value.
    pub fn as_ptr(&self) -> *mut zval {
        (&raw const self.0).cast_mut()
    }

    /// Whether it is an int or a string: an array takes it without a warning.
    pub fn is_plain(&self) -> bool {
        // SAFETY: the key holds a valid value.
        matches!(unsafe { zend::kind(self.as_ptr()) }, IS_LONG | IS_STRING)
    }

    /// The int or string that an array takes it for. Says nothing of what is lost by that.
    pub fn normalized(&self) -> Self {
        let value = self.as_ptr();
        // SAFETY: the key holds a valid value.
        unsafe {
            match zend::kind(value) {
                IS_FALSE | IS_TRUE | IS_DOUBLE => Self::int(ffi::zval_get_long_func(value, false)),
                IS_RESOURCE => Self::int((*(*value).value.res).handle),
                IS_UNDEF | IS_NULL => {
                    let mut key = Self(zend::empty());
                    zend::set_string(&raw mut key.0, Str::new(b""));
                    key
                }
                _ => self.clone(),
            }
        }
    }

    /// The element that an array has under it, or null. The key [is plain](Key::is_plain).
    ///
    /// # Safety
    /// `array` holds an array.
    pub unsafe fn find(&self, array: *const zval) -> *mut zval {
        // SAFETY: valid by contract.
        unsafe {
            let table = (*array).value.arr;
            match array_key(self, false) {
                Ok(ArrayKey::Index(index)) => ffi::zend_hash_index_find(table, index as u64),
                Ok(ArrayKey::Name(name)) => ffi::zend_hash_find(table, name.as_ptr()),
                Err(Thrown) => ptr::null_mut(),
            }
        }
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        // SAFETY: a valid value.
        unsafe { Self::new(self.as_ptr()) }
    }
}

/// One step into a value.
#[derive(Clone)]
pub enum Step {
    /// `['key']`
    Element(Key),
    /// `[]`
    Append,
    /// `->name`
    Property(Str),
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Property(name) => write!(f, "->{}", String::from_utf8_lossy(name.bytes())),
            Step::Append => write!(f, "[]"),
            Step::Element(key) => {
                let value = key.as_ptr();
                // SAFETY: the key holds a valid value.
                unsafe {
                    match zend::kind(value) {
                        IS_LONG => write!(f, "[{}]", (*value).value.lval),
                        IS_STRING => write!(f, "['{}']", String::from_utf8_lossy(zend::bytes((*value).value.str_))),
                        _ => write!(f, "[…]"),
                    }
                }
            }
        }
    }
}

/// The steps as they were done: whatever a key is, an array takes it for an int or a string. Says nothing, as that
/// has been said already.
pub fn normalized(steps: &[Step]) -> Vec<Step> {
    steps
        .iter()
        .map(|step| match step {
            Step::Element(key) => Step::Element(key.normalized()),
            step => step.clone(),
        })
        .collect()
}

/// The element of an array at the end of the steps, if there is one; `value` itself, where there are no steps.
///
/// # Safety
/// `value` is valid, and nothing changes it meanwhile.
pub unsafe fn find(value: *const zval, steps: &[Step]) -> Option<*const zval> {
    let mut at = value;
    for step in steps {
        let Step::Element(key) = step else { return None };
        // SAFETY: valid by contract.
        unsafe {
            if zend::kind(at) != IS_ARRAY {
                return None;
            }
            at = key.find(at);
        }
        if at.is_null() {
            return None;
        }
    }
    Some(at)
}

/// A key as an array takes it.
pub enum ArrayKey {
    Index(i64),
    Name(Str),
}

pub fn array_key(key: &Key, unset: bool) -> Result<ArrayKey, Thrown> {
    let value = key.as_ptr();
    // SAFETY: the key holds a valid value.
    unsafe {
        Ok(match zend::kind(value) {
            IS_LONG => ArrayKey::Index((*value).value.lval),
            IS_STRING => {
                let string = (*value).value.str_;
                let mut index = 0;
                let start = (&raw const (*string).val).cast();
                let looks_numeric = matches!(zend::bytes(string), [b'0'..=b'9' | b'-', ..]);
                if looks_numeric && ffi::_zend_handle_numeric_str_ex(start, (*string).len, &raw mut index) {
                    ArrayKey::Index(index as i64)
                } else {
                    ArrayKey::Name(Str::share(string))
                }
            }
            IS_UNDEF | IS_NULL => ArrayKey::Name(Str::new(b"")),
            IS_FALSE => ArrayKey::Index(0),
            IS_TRUE => ArrayKey::Index(1),
            IS_DOUBLE => {
                let double = (*value).value.dval;
                let index = ffi::zval_get_long_func(value, false);
                if index as f64 != double {
                    ffi::zend_incompatible_double_to_long_error(double);
                    zend::check()?;
                }
                ArrayKey::Index(index)
            }
            IS_RESOURCE => ArrayKey::Index(resource_number(value)?),
            _ => return Err(illegal_offset(b"array", value, if unset { BP_VAR_UNSET } else { BP_VAR_W })),
        })
    }
}
