//! All that differs between the series of PHP, in one place: no other file asks which one this is built for (`scripts/check-layers.php`
//! looks). `php83` stands for 8.3 and newer ones, `php84` for 8.4 and newer ones; `build.rs` sets them.
//!
//! A thing that a series does not have is an answer here (no class has hooks, no object is lazy), so that the code which asks is one for
//! all, and is compiled for all.

use std::ffi::CStr;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::types::{HashTable, zend_class_entry, zend_object, zend_property_info, zend_string};

/// The level at which the engine says that `__sleep()` gave a name twice.
pub const REPEATED_NAME: u32 = if cfg!(php84) { ffi::E_WARNING } else { ffi::E_NOTICE };

/// From which number on an array appends. Before PHP 8.3 there was none below 0 in one that started empty.
pub const LEAST_NUMBER: i64 = if cfg!(php83) { i64::MIN } else { 0 };

/// Whether `.=` on a string looks at it once more after the text to append was made, as the code that makes it may have changed the string
/// meanwhile. From PHP 8.3 on it keeps the old one.
pub const APPENDS_TO_CHANGED: bool = !cfg!(php83);

/// Whether the engine's words for what is no offset tell what it was wanted for: a read, `isset`, `unset`. Before PHP 8.3 they were the same.
pub const WORDS_TELL_FETCH: bool = cfg!(php83);

/// In a declared type: it is a class, by a name that is a C string.
#[cfg(php83)]
pub const NAMED_BY_LITERAL: u32 = ffi::_ZEND_TYPE_LITERAL_NAME_BIT;
#[cfg(not(php83))]
pub const NAMED_BY_LITERAL: u32 = ffi::_ZEND_TYPE_NAME_BIT;

/// A property that keeps no value of its own.
#[cfg(php84)]
const VIRTUAL: u32 = 1 << 9;

/// `IS_OBJ_LAZY_…`: no initialiser has run yet; another object stands behind this one.
#[cfg(php84)]
const LAZY_UNINITIALIZED: u32 = 1 << 31;
#[cfg(php84)]
const LAZY_PROXY: u32 = 1 << 30;

unsafe extern "C" {
    #[cfg(php83)]
    fn zend_zval_value_name(value: *const Zval) -> *const std::ffi::c_char;
    #[cfg(php83)]
    fn zend_illegal_container_offset(container: *const zend_string, offset: *const Zval, fetch: i32);
    #[cfg(php84)]
    fn zend_hooked_object_build_properties(object: *mut zend_object) -> *mut HashTable;
    #[cfg(php84)]
    fn zend_lazy_object_get_property_info_for_slot(object: *mut zend_object, at: *mut Zval) -> *mut zend_property_info;
}

/// The name of a value's type, as messages have it.
///
/// # Safety
/// `value` is alive.
pub unsafe fn type_name<'a>(value: *const Zval) -> &'a CStr {
    // SAFETY: the caller promises a live value; the engine answers with a literal of its own.
    unsafe {
        #[cfg(php83)]
        let name = zend_zval_value_name(value);
        #[cfg(not(php83))]
        let name = ffi::zend_zval_type_name(value);
        CStr::from_ptr(name)
    }
}

/// Throws that a value is no offset of a container of this kind, in the engine's own words. False: it has none that a program could ask
/// for, and nothing is thrown.
///
/// # Safety
/// Both are alive.
pub unsafe fn throw_illegal_offset(container: *const zend_string, offset: *const Zval, fetch: u32) -> bool {
    #[cfg(php83)]
    // SAFETY: the caller promises live values, which the engine only reads.
    unsafe {
        zend_illegal_container_offset(container, offset, fetch as i32);
    }
    let _ = (container, offset, fetch);
    cfg!(php83)
}

/// Whether properties of a class have hooks.
///
/// # Safety
/// `class` is alive.
pub unsafe fn has_hooks(class: *const zend_class_entry) -> bool {
    #[cfg(php84)]
    // SAFETY: the caller promises a live class.
    return unsafe { (*class).num_hooked_props > 0 };
    #[cfg(not(php84))]
    {
        let _ = class;
        false
    }
}

/// A new table of an object's properties, with a count that is the caller's: pointers to their places, and to the declarations of those with
/// hooks. `None`: its class has none.
///
/// # Safety
/// `object` is alive.
pub unsafe fn hooked_properties(object: *mut zend_object) -> Option<*mut HashTable> {
    #[cfg(php84)]
    // SAFETY: the caller promises a live object.
    return unsafe { has_hooks((*object).ce).then(|| zend_hooked_object_build_properties(object)) };
    #[cfg(not(php84))]
    {
        let _ = object;
        None
    }
}

/// Whether a declared property has hooks.
pub fn is_hooked(property: &zend_property_info) -> bool {
    #[cfg(php84)]
    return !property.hooks.is_null();
    #[cfg(not(php84))]
    {
        let _ = property;
        false
    }
}

/// Whether a declared property gives a value: one that keeps none, and has no hook to read by, does not.
pub fn gives_value(property: &zend_property_info) -> bool {
    #[cfg(php84)]
    // SAFETY: a property with hooks has a place for each; the first is the one to read by.
    return property.flags & VIRTUAL == 0 || is_hooked(property) && unsafe { !(*property.hooks).is_null() };
    #[cfg(not(php84))]
    {
        let _ = property;
        true
    }
}

/// Whether an object is lazy: one that is not there yet, or that stands for another one.
///
/// # Safety
/// `object` is alive.
pub unsafe fn is_lazy(object: *const zend_object) -> bool {
    #[cfg(php84)]
    // SAFETY: the caller promises a live object.
    return unsafe { (*object).extra_flags & (LAZY_UNINITIALIZED | LAZY_PROXY) != 0 };
    #[cfg(not(php84))]
    {
        let _ = object;
        false
    }
}

/// The declaration of the property in a slot of the object that a lazy one stands for; null where no class declares it. `None`: `object` stands for no other.
///
/// # Safety
/// `object` is alive, and `at` is where the one that it stands for, if it does, has a property.
pub unsafe fn behind_proxy(object: *mut zend_object, at: *mut Zval) -> Option<*mut zend_property_info> {
    #[cfg(php84)]
    // SAFETY: the caller promises a live object; the engine only compares the address.
    return unsafe {
        ((*object).extra_flags & LAZY_PROXY != 0).then(|| zend_lazy_object_get_property_info_for_slot(object, at))
    };
    #[cfg(not(php84))]
    {
        let _ = (object, at);
        None
    }
}

/// Whether properties are asked for by `get_object_vars()`, which tells so from PHP 8.4 on.
pub fn is_for_object_vars(purpose: ffi::zend_prop_purpose) -> bool {
    #[cfg(php84)]
    return purpose == ffi::_zend_prop_purpose_ZEND_PROP_PURPOSE_GET_OBJECT_VARS;
    #[cfg(not(php84))]
    {
        let _ = purpose;
        false
    }
}
