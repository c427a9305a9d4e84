//! Classes: their names, their declared properties, the cases of enums; and how PHP mangles the names of properties.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;
use std::slice;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::strings::bytes;
use super::types::{
    OBJECT, REFERENCE, zend_class_constant, zend_class_entry, zend_object, zend_property_info, zend_string,
};
use super::zvals::{kind, object_of};

/// `ZEND_CLASS_CONST_IS_CASE`, as kept in the `u2` of a class constant's value.
const CLASS_CONST_IS_CASE: u32 = 1 << 6;

/// `ZEND_ACC_*` of a class, where `ext-php-rs` has no name for it.
pub const ACC_ALLOW_DYNAMIC_PROPERTIES: u32 = 1 << 15;

unsafe extern "C" {
    fn zend_verify_prop_assignable_by_ref(info: *mut zend_property_info, value: *mut Zval, strict: bool) -> bool;
    fn zend_is_valid_class_name(name: *mut zend_string) -> bool;
    fn zend_unmangle_property_name_ex(
        name: *const zend_string,
        class: *mut *const c_char,
        property: *mut *const c_char,
        property_len: *mut usize,
    ) -> c_int;
    fn zend_mangle_property_name(
        class: *const c_char,
        class_len: usize,
        property: *const c_char,
        property_len: usize,
        persistent: bool,
    ) -> *mut zend_string;
    fn zend_get_class_constant_ex(
        class: *mut zend_string,
        constant: *mut zend_string,
        scope: *mut zend_class_entry,
        flags: u32,
    ) -> *mut Zval;
    static php_ce_incomplete_class: *mut zend_class_entry;
}

/// The name of a class.
///
/// # Safety
/// `class` is a class of this request.
pub unsafe fn class_name<'a>(class: *const zend_class_entry) -> &'a [u8] {
    // SAFETY: a class owns its name.
    unsafe { bytes((*class).name) }
}

/// The name of a class as a C string: classes that can be written have no NUL byte in it.
///
/// # Safety
/// As for [`class_name`].
pub unsafe fn class_name_c<'a>(class: *const zend_class_entry) -> &'a CStr {
    // SAFETY: a zend_string ends in a NUL byte.
    unsafe { CStr::from_ptr((&raw const (*(*class).name).val).cast()) }
}

/// The class whose objects stand for those of classes that are not there.
pub fn incomplete_class() -> *mut zend_class_entry {
    // SAFETY: set at module startup, constant from then on.
    unsafe { php_ce_incomplete_class }
}

/// The declared properties of a class, in slot order; null where a slot has none.
///
/// # Safety
/// `class` is a class of this request.
#[inline]
pub unsafe fn declared<'a>(class: *const zend_class_entry) -> &'a [*mut zend_property_info] {
    // SAFETY: the table has that many entries, and lives as long as the class.
    unsafe {
        let count = (*class).default_properties_count as usize;
        if count == 0 { &[] } else { slice::from_raw_parts((*class).properties_info_table.cast(), count) }
    }
}

/// Beside the place of a typed property: it was neither given a value yet nor unset.
pub const IS_PROP_UNINIT: u32 = 1 << 0;

/// The declaration of a property, if it has a type.
///
/// # Safety
/// `info` is null or a declaration of a class of this request.
#[inline]
pub unsafe fn typed(info: *mut zend_property_info) -> *mut zend_property_info {
    // ZEND_TYPE_IS_SET: any bit of the mask that is not one of the internal flags above it.
    const TYPE_MASK: u32 = (1 << 25) - 1;
    // SAFETY: the caller promises null or a declaration that lives as long as its class.
    unsafe { if !info.is_null() && (*info).type_.type_mask & TYPE_MASK != 0 { info } else { ptr::null_mut() } }
}

/// True if a value may be assigned to a typed property, else a TypeError is pending.
///
/// # Safety
/// Both are alive.
#[inline]
pub unsafe fn is_assignable(info: *mut zend_property_info, value: *mut Zval) -> bool {
    // SAFETY: the caller promises that both are alive. The bit of a plain type in the mask is its number.
    unsafe {
        let kind = kind(value);
        kind != REFERENCE && (*info).type_.type_mask & (1 << kind) != 0
            || zend_verify_prop_assignable_by_ref(info, value, true)
    }
}

/// The two parts of a mangled property name: the class (`None`: public; `*`: protected) and the
/// name proper. `None` if it is not a possible name.
///
/// # Safety
/// `name` is alive for as long as the result is used.
#[allow(clippy::type_complexity)]
pub unsafe fn unmangle<'a>(name: *const zend_string) -> Option<(Option<&'a CStr>, &'a [u8])> {
    let (mut class, mut property, mut len) = (ptr::null(), ptr::null(), 0);
    // SAFETY: on success both point into the name, which is NUL-terminated, as is the class part.
    unsafe {
        if zend_unmangle_property_name_ex(name, &raw mut class, &raw mut property, &raw mut len) != 0 {
            return None;
        }
        let class = if class.is_null() { None } else { Some(CStr::from_ptr(class)) };
        Some((class, slice::from_raw_parts(property.cast(), len)))
    }
}

/// The mangled name of a private (`class` is its class) or protected (`*`) property; the caller
/// owns it.
///
/// # Safety
/// `property` is alive.
pub unsafe fn mangle(class: &CStr, property: *const zend_string) -> *mut zend_string {
    // SAFETY: the engine copies the NUL bytes behind both parts too, so both have to have one.
    unsafe {
        let (property, len) = ((&raw const (*property).val).cast(), (*property).len);
        zend_mangle_property_name(class.as_ptr(), class.count_bytes(), property, len, false)
    }
}

/// True if the string could be the name of a class.
///
/// # Safety
/// `name` is alive.
pub unsafe fn is_valid_class_name(name: *mut zend_string) -> bool {
    // SAFETY: the caller promises a live string.
    unsafe { zend_is_valid_class_name(name) }
}

/// Finds a class by its name, autoloading it: may run user code. Null if there is none; then an
/// exception may be pending. `lower` is the name in lower case.
///
/// # Safety
/// Both names are alive.
pub unsafe fn lookup_class(name: *mut zend_string, lower: *mut zend_string) -> *mut zend_class_entry {
    // SAFETY: the caller promises that both names are alive; the engine holds them while an autoloader runs.
    unsafe { ffi::zend_lookup_class_ex(name, lower, 0) }
}

/// The case of an enum, or `None` if it has none of that name or an exception is pending.
///
/// # Safety
/// `class` is an enum of this request; `case` is alive.
pub unsafe fn enum_case(class: *mut zend_class_entry, case: *mut zend_string) -> Option<*mut zend_object> {
    // SAFETY: the constants table holds pointers to class constants. That of the class itself
    // suffices to tell cases from other constants; the value comes from the engine, which
    // evaluates it first where need be.
    unsafe {
        let entry = ffi::zend_hash_find(&raw const (*class).constants_table, case);
        if entry.is_null() {
            return None;
        }
        let constant = (*entry).value.ptr.cast::<zend_class_constant>();
        if (*constant).value.u2.constant_flags & CLASS_CONST_IS_CASE == 0 {
            return None;
        }
        let value = zend_get_class_constant_ex((*class).name, case, class, 0);
        if value.is_null() || kind(value) != OBJECT { None } else { Some(object_of(value)) }
    }
}
