//! Objects, their properties and their classes; PHP's own `serialize()` of some.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;
use std::slice;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::*;

const OBJ_DESTRUCTOR_CALLED: u32 = 1 << 8;
/// `ZEND_CLASS_CONST_IS_CASE`, as kept in the `u2` of a class constant's value.
const CLASS_CONST_IS_CASE: u32 = 1 << 6;

/// `IS_OBJ_LAZY_…`: no initialiser has run yet; another object stands behind this one.
#[cfg(php84)]
const OBJ_LAZY_UNINITIALIZED: u32 = 1 << 31;
#[cfg(php84)]
const OBJ_LAZY_PROXY: u32 = 1 << 30;

const PURPOSE_SERIALIZE: u32 = 2;
/// `ZEND_ACC_*` of a class, where `ext-php-rs` has no name for it.
pub const ACC_ALLOW_DYNAMIC_PROPERTIES: u32 = 1 << 15;

#[cfg(php84)]
unsafe extern "C" {
    fn zend_lazy_object_get_property_info_for_slot(object: *mut zend_object, at: *mut Zval) -> *mut zend_property_info;
}

unsafe extern "C" {
    fn zend_get_properties_for(object: *mut Zval, purpose: u32) -> *mut HashTable;
    fn object_init_ex(into: *mut Zval, class: *mut zend_class_entry) -> c_int;
    fn zend_verify_prop_assignable_by_ref(info: *mut zend_property_info, value: *mut Zval, strict: bool) -> bool;
    fn zend_ref_add_type_source(sources: *mut ffi::zend_property_info_source_list, info: *mut zend_property_info);
    fn zend_ref_del_type_source(sources: *mut ffi::zend_property_info_source_list, info: *mut zend_property_info);
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
    fn php_var_serialize_init() -> *mut zend_serialize_data;
    fn php_var_serialize_destroy(data: *mut zend_serialize_data);
    fn php_var_unserialize_init() -> *mut zend_unserialize_data;
    fn php_var_unserialize_destroy(data: *mut zend_unserialize_data);
    fn php_store_class_name(object: *mut Zval, name: *mut zend_string);
    fn php_lookup_class_name(object: *mut zend_object) -> *mut zend_string;
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

/// The class name that an object of [`incomplete_class`] remembers; the caller owns one count of
/// it. Null if it was made by other means and has none.
///
/// # Safety
/// `object` is alive.
pub unsafe fn remembered_class_name(object: *mut zend_object) -> *mut zend_string {
    // SAFETY: the caller's promise.
    unsafe { php_lookup_class_name(object) }
}

/// Makes an object of [`incomplete_class`] remember a class name.
///
/// # Safety
/// `at` is such an object; `name` is alive.
pub unsafe fn remember_class_name(at: *mut Zval, name: *mut zend_string) {
    // SAFETY: the caller's promise.
    unsafe { php_store_class_name(at, name) }
}

/// Makes a new object at `at`. False if the class forbids it; then an exception is pending.
///
/// # Safety
/// As for [`set_simple`]; `class` is a class of this request.
#[inline]
pub unsafe fn new_object(at: *mut Zval, class: *mut zend_class_entry) -> bool {
    // SAFETY: the caller's promise.
    unsafe { object_init_ex(at, class) == 0 }
}

/// Takes a count of an object.
///
/// # Safety
/// `object` is alive.
pub unsafe fn hold_object(object: *mut zend_object) {
    // SAFETY: the caller's promise.
    unsafe { (*object).gc.refcount += 1 };
}

/// Gives up a count of an object. May run its destructor.
///
/// # Safety
/// The caller owns the count.
pub unsafe fn let_go_of_object(object: *mut zend_object) {
    // SAFETY: the zval takes the count over.
    unsafe {
        let mut holder = scratch();
        let holder: *mut Zval = &raw mut *holder;
        set_object_copy(holder, object);
        (*object).gc.refcount -= 1;
        release(holder);
    }
}

/// Keeps the object's destructor from ever running.
///
/// # Safety
/// `object` is alive.
pub unsafe fn forbid_destructor(object: *mut zend_object) {
    // SAFETY: the caller's promise.
    unsafe { (*object).gc.u.type_info |= OBJ_DESTRUCTOR_CALLED }
}

/// True if the object's properties are as the engine keeps them by default, so that its slots can
/// be read and written directly. Those of a lazy object are not there yet, or another object's.
///
/// # Safety
/// `object` is alive.
#[inline]
pub unsafe fn has_standard_properties(object: *const zend_object) -> bool {
    // SAFETY: every object has handlers.
    unsafe {
        let handlers = &*(*object).handlers;
        lazy(object) == 0
            && handlers.get_properties_for.is_none()
            && handlers
                .get_properties
                .is_some_and(|f| ptr::fn_addr_eq(f, ffi::zend_std_get_properties as unsafe extern "C" fn(_) -> _))
    }
}

/// What of a lazy object is still to come, in bits; 0 for all others.
unsafe fn lazy(object: *const zend_object) -> u32 {
    #[cfg(php84)]
    {
        // SAFETY: the caller's promise.
        unsafe { (*object).extra_flags & (OBJ_LAZY_UNINITIALIZED | OBJ_LAZY_PROXY) }
    }
    #[cfg(not(php84))]
    {
        let _ = object;
        0
    }
}

/// True if a property without a value, as the object's table points to it, has a type.
///
/// # Safety
/// `object` is alive, and `at` one of its slots, or of the object for which it is a lazy proxy.
pub unsafe fn is_typed_slot(object: *mut zend_object, at: *mut Zval) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        #[cfg(php84)]
        if lazy(object) & OBJ_LAZY_PROXY != 0 {
            return !typed(zend_lazy_object_get_property_info_for_slot(object, at)).is_null();
        }
        let index = at.offset_from(slot(object, 0)) as usize;
        declared((*object).ce).get(index).is_some_and(|&info| !typed(info).is_null())
    }
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

/// The slot of the object's `index`-th declared property.
///
/// # Safety
/// `object` is alive; its class declares so many.
#[inline(always)]
pub unsafe fn slot(object: *mut zend_object, index: usize) -> *mut Zval {
    // SAFETY: the caller's promise.
    unsafe { (&raw mut (*object).properties_table).cast::<Zval>().add(index) }
}

/// The declaration of a property, if it has a type.
///
/// # Safety
/// `info` is null or a declaration of a class of this request.
#[inline]
pub unsafe fn typed(info: *mut zend_property_info) -> *mut zend_property_info {
    // ZEND_TYPE_IS_SET: any bit of the mask that is not one of the internal flags above it.
    const TYPE_MASK: u32 = (1 << 25) - 1;
    // SAFETY: the caller's promise.
    unsafe { if !info.is_null() && (*info).type_.type_mask & TYPE_MASK != 0 { info } else { ptr::null_mut() } }
}

/// True if a value may be assigned to a typed property, else a TypeError is pending.
///
/// # Safety
/// Both are alive.
#[inline]
pub unsafe fn is_assignable(info: *mut zend_property_info, value: *mut Zval) -> bool {
    // SAFETY: the caller's promise. The bit of a plain type in the mask is its number.
    unsafe {
        let kind = type_of(value);
        kind != REFERENCE && (*info).type_.type_mask & (1 << kind) != 0
            || zend_verify_prop_assignable_by_ref(info, value, true)
    }
}

/// Registers that a reference is bound to a typed property.
///
/// # Safety
/// Both are alive.
pub unsafe fn add_type_source(reference: *mut ZendReference, info: *mut zend_property_info) {
    // SAFETY: the caller's promise.
    unsafe { zend_ref_add_type_source(&raw mut (*reference).sources, info) }
}

/// Takes back [`add_type_source`].
///
/// # Safety
/// Both are alive, and so registered.
pub unsafe fn remove_type_source(reference: *mut ZendReference, info: *mut zend_property_info) {
    // SAFETY: the caller's promise.
    unsafe { zend_ref_del_type_source(&raw mut (*reference).sources, info) }
}

/// The properties that `serialize` would write; give them back with [`release_array`]. Null if the
/// class has none to give. May run user code.
///
/// # Safety
/// `object` is a live object zval.
pub unsafe fn properties_to_serialize(object: *mut Zval) -> *mut HashTable {
    // SAFETY: the caller's promise.
    unsafe { zend_get_properties_for(object, PURPOSE_SERIALIZE) }
}

/// The table of an object's properties, made if there is none yet.
///
/// # Safety
/// `object` is alive.
pub unsafe fn property_table(object: *mut zend_object) -> *mut HashTable {
    // SAFETY: every class has this handler.
    unsafe {
        match (*(*object).handlers).get_properties {
            Some(get) => get(object),
            None => ptr::null_mut(),
        }
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
    // SAFETY: the caller's promise.
    unsafe { zend_is_valid_class_name(name) }
}

/// Finds a class by its name, autoloading it: may run user code. Null if there is none; then an
/// exception may be pending. `lower` is the name in lower case.
///
/// # Safety
/// Both names are alive.
pub unsafe fn lookup_class(name: *mut zend_string, lower: *mut zend_string) -> *mut zend_class_entry {
    // SAFETY: the caller's promise.
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
        if value.is_null() || type_of(value) != OBJECT { None } else { Some(object_of(value)) }
    }
}

/// A method of a class by its lower-case name, or null.
///
/// # Safety
/// `class` is a class of this request.
pub unsafe fn method(class: *mut zend_class_entry, lower_case_name: &str) -> *mut zend_function {
    // SAFETY: the function table holds pointers to functions.
    unsafe {
        let name = lower_case_name;
        let entry = ffi::zend_hash_str_find(&raw const (*class).function_table, name.as_ptr().cast(), name.len());
        if entry.is_null() { ptr::null_mut() } else { (*entry).value.func }
    }
}

/// Calls a method with one argument or none. The result is at `into`, undefined if an exception is
/// pending.
///
/// # Safety
/// `object` is alive and of a class that has the method; `into` is writable; `argument` is null or
/// a live zval.
pub unsafe fn call_method(object: *mut zend_object, method: *mut zend_function, into: *mut Zval, argument: *mut Zval) {
    // SAFETY: the caller's promise.
    unsafe {
        set_simple(into, UNDEF);
        let arguments = u32::from(!argument.is_null());
        ffi::zend_call_known_function(method, object, (*object).ce, into, arguments, argument, ptr::null_mut());
    }
}

/// The engine's own bookkeeping, which the `serialize` handler of a class expects; for the length of
/// one call, since meanwhile every `serialize()` that user code calls shares it.
pub fn begin_serialize() -> *mut zend_serialize_data {
    // SAFETY: no precondition.
    unsafe { php_var_serialize_init() }
}

/// The end of [`begin_serialize`].
///
/// # Safety
/// `data` is from there, and not used again.
pub unsafe fn end_serialize(data: *mut zend_serialize_data) {
    // SAFETY: the caller's promise.
    unsafe { php_var_serialize_destroy(data) }
}

/// As [`begin_serialize`], for the `unserialize` handler.
pub fn begin_unserialize() -> *mut zend_unserialize_data {
    // SAFETY: no precondition.
    unsafe { php_var_unserialize_init() }
}

/// The end of [`begin_unserialize`]. Runs the `__wakeup`s that it put off.
///
/// # Safety
/// As for [`end_serialize`].
pub unsafe fn end_unserialize(data: *mut zend_unserialize_data) {
    // SAFETY: the caller's promise.
    unsafe { php_var_unserialize_destroy(data) }
}
