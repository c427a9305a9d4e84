//! PHP references, and the cycle collector.

use std::ptr;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::types::{ARRAY, GC_NOT_COLLECTABLE, OBJECT, REFERENCE, ZendReference, zend_property_info};
use super::zvals::{copy, copy_value, is_refcounted, kind, reference_of, release, scratch, take};

const GC_INFO_MASK: u32 = 0xffff_fc00;

unsafe extern "C" {
    fn zend_ref_add_type_source(sources: *mut ffi::zend_property_info_source_list, info: *mut zend_property_info);
    fn zend_ref_del_type_source(sources: *mut ffi::zend_property_info_source_list, info: *mut zend_property_info);
}

/// Turns the value at `at` into a reference to it, if it is none yet.
///
/// # Safety
/// `at` is a live zval in a place that may hold a reference.
pub unsafe fn make_reference(at: *mut Zval) -> *mut ZendReference {
    // SAFETY: the caller promises a live zval. Its value moves into a new reference, of which `at` owns the one count.
    unsafe {
        if kind(at) == REFERENCE {
            return reference_of(at);
        }
        let layout = std::alloc::Layout::new::<ZendReference>();
        let reference = ext_php_rs::alloc::emalloc(layout).cast::<ZendReference>();
        (*reference).gc.refcount = 1;
        (*reference).gc.u.type_info = REFERENCE | GC_NOT_COLLECTABLE;
        copy_value(&raw mut (*reference).val, at);
        (*reference).sources.ptr = ptr::null_mut();
        (*at).value.ref_ = reference.cast();
        (*at).u1.type_info = ffi::IS_REFERENCE_EX;
        reference
    }
}

/// If `at` is a reference, replaces it by the value behind it.
///
/// # Safety
/// `at` is a live zval.
pub unsafe fn unwrap_reference(at: *mut Zval) {
    // SAFETY: the caller promises a live zval. The value is counted once more before the reference is given up.
    unsafe {
        if kind(at) == REFERENCE {
            let mut reference = scratch();
            let reference = &raw mut *reference;
            take(reference, at);
            copy(at, &raw const (*reference_of(reference)).val);
            release(reference);
        }
    }
}

/// Registers that a reference is bound to a typed property.
///
/// # Safety
/// Both are alive.
pub unsafe fn add_type_source(reference: *mut ZendReference, info: *mut zend_property_info) {
    // SAFETY: the caller promises that both are alive.
    unsafe { zend_ref_add_type_source(&raw mut (*reference).sources, info) }
}

/// Takes back [`add_type_source`].
///
/// # Safety
/// Both are alive, and so registered.
pub unsafe fn remove_type_source(reference: *mut ZendReference, info: *mut zend_property_info) {
    // SAFETY: the caller promises that both are alive and registered.
    unsafe { zend_ref_del_type_source(&raw mut (*reference).sources, info) }
}

/// Tells the cycle collector to look at a value that nothing else may ever decrement.
///
/// # Safety
/// `at` is a live zval.
pub unsafe fn possible_root(at: *mut Zval) {
    // SAFETY: the caller promises a live zval, which points to something counted if its flags say so. Only arrays and
    // objects can be part of a cycle.
    unsafe {
        if is_refcounted(at) && matches!(kind(at), ARRAY | OBJECT) {
            let counted = (*at).value.counted;
            if (*counted).gc.u.type_info & (GC_INFO_MASK | GC_NOT_COLLECTABLE) == 0 {
                ffi::gc_possible_root(counted);
            }
        }
    }
}
