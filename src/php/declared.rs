//! The properties that an object's class declares.

use std::mem::ManuallyDrop;
use std::ptr;

use ext_php_rs::ffi::{self, IS_UNDEF, zend_array, zend_object, zend_prop_purpose, zval};

use super::zend::{self, Str, Thrown};
#[cfg(php84)]
#[cfg(php84)]
use super::zend::{Local, Slot, Value};

/// Some of the pointers in a table lead to no value.
const HASH_FLAG_HAS_EMPTY_IND: u32 = 1 << 5;

/// A typed property has not been initialised yet.
const IS_PROP_UNINIT: u32 = 1;

/// The bits of a type, which one has that is declared.
const TYPE_MASK: u32 = (1 << 25) - 1;

/// The declared properties of an object, in a table of its own. For `get_object_vars` and `var_export` property hooks give
/// the values, where the class has any.
///
/// # Safety
/// `object` is alive. The caller owns the table.
pub unsafe fn declared_table(object: *mut zend_object, purpose: zend_prop_purpose) -> *mut zend_array {
    // SAFETY: callers pass an object of ours, and take the table over.
    unsafe {
        #[cfg(php84)]
        if matches!(purpose, PURPOSE_VAR_EXPORT | PURPOSE_GET_OBJECT_VARS) && (*(*object).ce).num_hooked_props > 0 {
            return zend_hooked_object_build_properties(object);
        }
        let _ = purpose;
        let table = new_table();
        add_declared(object, table);
        table
    }
}

#[cfg(php84)]
pub use ext_php_rs::ffi::{
    _zend_prop_purpose_ZEND_PROP_PURPOSE_GET_OBJECT_VARS as PURPOSE_GET_OBJECT_VARS,
    _zend_prop_purpose_ZEND_PROP_PURPOSE_VAR_EXPORT as PURPOSE_VAR_EXPORT,
};

/// Adds the properties that the object's class declares: pointers to where they are. Of those without a
/// value only what has not been initialised yet, as `var_dump` says so; a name that was unset leads to
/// `__get`, and so into the store.
///
/// # Safety
/// Both are alive, and the table does not outlive the object.
pub unsafe fn add_declared(object: *mut zend_object, table: *mut zend_array) {
    // SAFETY: callers pass a valid object; its class lists a property, or null, for each slot.
    unsafe {
        let class = (*object).ce;
        for i in 0..(*class).default_properties_count as usize {
            let property = *(*class).properties_info_table.add(i);
            if property.is_null() {
                continue;
            }
            let slot: *mut zval = object.cast::<u8>().add((*property).offset as usize).cast();
            let uninitialized = zend::kind(slot) == IS_UNDEF;
            if uninitialized && !is_expected(property, slot) {
                continue;
            }
            if uninitialized {
                // Code that counts the elements has to look.
                (*table).u.flags |= HASH_FLAG_HAS_EMPTY_IND;
            }
            let mut pointer = ManuallyDrop::new(zend::empty());
            pointer.value.zv = slot;
            pointer.u1.type_info = ffi::IS_INDIRECT;
            ffi::zend_hash_update(table, (*property).name, &raw mut *pointer);
        }
    }
}

/// Whether a property without a value is a typed one that has been neither initialised nor unset.
///
/// # Safety
/// The declaration is alive, and `slot` is the slot of that property in a live object.
unsafe fn is_expected(property: *const ffi::zend_property_info, slot: *const zval) -> bool {
    // SAFETY: callers pass a declaration and its slot, which keeps flags beside the value.
    unsafe { (*property).type_.type_mask & TYPE_MASK != 0 && (*slot).u2.extra & IS_PROP_UNINIT != 0 }
}

/// A new array with the values of the properties that the object's class declares.
///
/// # Safety
/// `object` is a valid object of ours. The caller owns the array.
pub unsafe fn declared_values(object: *mut zend_object) -> *mut zend_array {
    // SAFETY: valid by contract; copying an array of pointers copies what they point to.
    unsafe {
        let mut pointers = zend::empty();
        zend::set_array(&raw mut pointers, ffi::_zend_new_array(0));
        add_declared(object, pointers.value.arr);
        ffi::zend_array_dup(pointers.value.arr)
    }
}

/// Sets the properties that the object's class declares, where `values` has them.
///
/// # Safety
/// Both are valid, and `values` is held by the caller.
pub unsafe fn set_declared(object: *mut zend_object, values: *mut zend_array) -> Result<(), Thrown> {
    // SAFETY: valid by contract; the engine's functions check types and readonly as for any class.
    unsafe {
        let class = (*object).ce;
        let executor = zend::executor();
        for i in 0..(*class).default_properties_count as usize {
            let property = *(*class).properties_info_table.add(i);
            if property.is_null() {
                continue;
            }
            let value = ffi::zend_hash_find(values, (*property).name);
            #[cfg(php84)]
            if !value.is_null() && !(*property).hooks.is_null() {
                set_behind_hooks(object, property, value)?;
                continue;
            }
            if !value.is_null() {
                let full = zend::bytes((*property).name);
                let name = Str::new(full.rsplit(|&b| b == 0).next().unwrap_or(full));
                let scope = std::mem::replace(&mut (*executor).fake_scope, (*property).ce);
                ffi::zend_std_write_property(object, name.as_ptr(), zend::deref(value), ptr::null_mut());
                (*executor).fake_scope = scope;
                zend::check()?;
            }
        }
    }
    Ok(())
}

/// Sets the value that a property with hooks keeps, without calling them, as `unserialize` does.
#[cfg(php84)]
unsafe fn set_behind_hooks(
    object: *mut zend_object,
    property: *mut ffi::zend_property_info,
    value: *mut zval,
) -> Result<(), Thrown> {
    // SAFETY: callers pass valid values, and a property that has a slot in the object.
    unsafe {
        let own = Local::copy_of(Value::from_ptr(value).dereference());
        if (*property).type_.type_mask & TYPE_MASK != 0 && !ffi::zend_verify_property_type(property, own.as_ptr(), true)
        {
            return Err(Thrown);
        }
        Slot::new(object.cast::<u8>().add((*property).offset as usize).cast()).assign(own)
    }
}

/// A table that points into an object without owning what is there: nothing for the garbage
/// collector to count.
pub fn new_table() -> *mut zend_array {
    // SAFETY: a new array, which has no other owner.
    unsafe {
        let table = ffi::_zend_new_array(8);
        (*table).gc.u.type_info |= ffi::GC_NOT_COLLECTABLE;
        table
    }
}

#[cfg(php84)]
unsafe extern "C" {
    pub fn zend_hooked_object_build_properties(object: *mut zend_object) -> *mut zend_array;
}
