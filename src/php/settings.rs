//! The settings of one object: its options, and `allowedClasses` as a PHP value.

use ext_php_rs::ffi::{self, IS_ARRAY, IS_FALSE, IS_STRING, IS_TRUE, zval};

use super::handle::{Durability, Options};
use super::ini;
use super::value::{AllowedClasses, Policy};
use super::zend::{self, Str, Thrown};

/// The options of a store with this durability; the settings say the rest.
pub fn options(durability: Durability) -> Options {
    Options { file_mode: ini::file_mode(), durability, fiber: zend::fiber, file_systems: ini::file_systems() }
}

/// The policy that `allowedClasses` asks for: true: any class; false: none; an array: the classes named in
/// it; left out: as the setting says.
pub fn policy(allowed_classes: *mut zval) -> Result<Policy, Thrown> {
    if allowed_classes.is_null() {
        return Ok(ini::policy());
    }
    // SAFETY: parsed, and held by the caller of the method.
    unsafe {
        if let Some(allowed_classes) = self::allowed_classes(allowed_classes) {
            return Ok(Policy { allowed_classes });
        }
        let given = zend::deref(allowed_classes);
        if zend::kind(given) == IS_ARRAY {
            ffi::zend_argument_type_error(2, c"must be an array of class names, or a bool".as_ptr());
        } else {
            let kind = ffi::zend_zval_type_name(given);
            ffi::zend_argument_type_error(2, c"must be of type array|bool|null, %s given".as_ptr(), kind);
        }
    }
    Err(Thrown)
}

/// The classes that a bool or an array of names allows; `None` for anything else.
///
/// # Safety
/// The value is valid, or the pointer is null.
pub unsafe fn allowed_classes(given: *mut zval) -> Option<AllowedClasses> {
    if given.is_null() {
        return None;
    }
    // SAFETY: the caller promises null or a live value.
    unsafe {
        let given = zend::deref(given);
        match zend::kind(given) {
            IS_TRUE => Some(AllowedClasses::All),
            IS_FALSE => Some(AllowedClasses::only::<&[u8]>([])),
            IS_ARRAY => {
                let names = zend::Elements::of((*given).value.arr).map(|(_, name)| {
                    let name = zend::deref(name);
                    (zend::kind(name) == IS_STRING).then(|| zend::bytes((*name).value.str_))
                });
                Some(AllowedClasses::only(names.collect::<Option<Vec<_>>>()?))
            }
            _ => None,
        }
    }
}

/// The other way round: true, or an array of names.
///
/// # Safety
/// `into` is a slot, which is overwritten.
pub unsafe fn set_allowed_classes(allowed: &AllowedClasses, into: *mut zval) {
    // SAFETY: a slot by contract; the array is new, and takes its strings over.
    unsafe {
        let AllowedClasses::Only(names) = allowed else { return zend::set_bool(into, true) };
        let mut sorted: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        sorted.sort_unstable();
        let array = ffi::_zend_new_array(sorted.len() as u32);
        zend::set_array(into, array);
        for name in sorted {
            let mut element = std::mem::ManuallyDrop::new(zend::empty());
            zend::set_string(&raw mut *element, Str::new(name));
            ffi::zend_hash_next_index_insert(array, &raw mut *element);
        }
    }
}
