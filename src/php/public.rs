//! The public properties of any object, as `foreach` shows them outside of its class.

use ext_php_rs::ffi::{self, zend_object, zend_string, zval};

#[cfg(php84)]
use super::declared::zend_hooked_object_build_properties;
use super::zend::{self, Key, Thrown};

/// The properties that `foreach` shows outside of the class, in a table of its own; those with hooks as these give them.
///
/// # Safety
/// The object is held, and this is the table of its properties, held as well.
pub unsafe fn public_properties(
    object: *mut zend_object,
    table: *mut ffi::zend_array,
) -> Result<*mut ffi::zend_array, Thrown> {
    // SAFETY: the caller holds the object and its table. The new table takes over the values that are put into it,
    // and is freed where it is not handed out.
    unsafe {
        let mut public = zend::empty();
        zend::set_array(&raw mut public, ffi::_zend_new_array(0));
        let mut behind_hooks = zend::empty();
        let table = match hooked_properties(object) {
            Some(table) => {
                zend::set_array(&raw mut behind_hooks, table);
                table
            }
            None => table,
        };
        let mut elements = zend::Elements::of(table);
        while let Some((key, value)) = elements.next_stored() {
            let kind = zend::kind(value);
            let value = zend::follow_indirect(value);
            // (A name of any kind may have been given to an object at run time: that one is refused, not left out.)
            let hidden = matches!(kind, ffi::IS_INDIRECT | ffi::IS_PTR) && key.text().bytes().first() == Some(&0);
            if hidden || zend::kind(value) == ffi::IS_UNDEF {
                continue;
            }
            let mut copy = std::mem::ManuallyDrop::new(zend::empty());
            if zend::kind(value) == ffi::IS_PTR {
                // (Only declared properties have hooks, and these have names.)
                let Some(given) = ask_hook(object, key.text().as_ptr(), value)? else { continue };
                copy = std::mem::ManuallyDrop::new(given);
            } else {
                zend::copy(&raw mut *copy, zend::deref(value));
            }
            match key {
                Key::Int(index) => ffi::zend_hash_index_update(public.value.arr, index as u64, &raw mut *copy),
                Key::String(name) => ffi::zend_hash_update(public.value.arr, name.as_ptr(), &raw mut *copy),
            };
        }
        zend::check()?;
        let public = std::mem::ManuallyDrop::new(public);
        Ok(public.value.arr)
    }
}

/// A new table of the properties of an object whose class has property hooks (PHP 8.4): pointers to the declarations of those
/// that have them. `None` for other objects.
///
/// # Safety
/// The object is held.
unsafe fn hooked_properties(object: *mut zend_object) -> Option<*mut ffi::zend_array> {
    // SAFETY: the caller holds the object.
    #[cfg(php84)]
    unsafe {
        ((*(*object).ce).num_hooked_props > 0).then(|| zend_hooked_object_build_properties(object))
    }
    #[cfg(not(php84))]
    {
        let _ = object;
        None
    }
}

/// The value that the hook of a public property gives; `None` where it has none to read by.
///
/// # Safety
/// All are held; the value points to the declaration of the property with this name.
unsafe fn ask_hook(
    object: *mut zend_object,
    name: *mut zend_string,
    declaration: *mut zval,
) -> Result<Option<zval>, Thrown> {
    // SAFETY: the caller holds the object and the name; the slot outlives the use of the value that the hook
    // returned.
    #[cfg(php84)]
    unsafe {
        let property = (*declaration).value.ptr.cast::<ffi::zend_property_info>();
        // The first of the hooks is the one to read by; a virtual property keeps no value.
        const VIRTUAL: u32 = 1 << 9;
        if (*property).flags & VIRTUAL != 0 && (*(*property).hooks).is_null() {
            return Ok(None);
        }
        let (mut slot, mut value) = (zend::empty(), zend::empty());
        let name = zend::bytes(name);
        let given =
            ffi::zend_read_property((*property).ce, object, name.as_ptr().cast(), name.len(), true, &raw mut slot);
        zend::check()?;
        zend::copy(&raw mut value, zend::deref(given));
        Ok(Some(value))
    }
    #[cfg(not(php84))]
    {
        let _ = (object, name, declaration);
        Ok(None)
    }
}
