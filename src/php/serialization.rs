//! `__serialize` and `__unserialize`: a serialized Sync object is a handle on its file.

use std::ptr;

use ext_php_rs::ffi::{self, IS_ARRAY, IS_STRING, zval};
use ext_php_rs::zend::ExecuteData;

use super::call::{arguments, run};
use super::declared::{declared_values, set_declared};
use super::errors;
use super::globals::GLOBALS;
use super::handle::Backend;
use super::ini;
use super::instance::Instance;
use super::settings::{allowed_classes, options, set_allowed_classes};
use super::value::{Policy, importing};
use super::zend::{self, Object, Str, Thrown};

/// A handle: the file's absolute path, what a subclass declares, and what the constructor was told, or the settings said.
pub extern "C" fn serialize(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        let instance = call.this().instance()?;
        // SAFETY: new arrays, which have no other owner; they take the values over.
        unsafe {
            let mut file = std::mem::ManuallyDrop::new(zend::empty());
            zend::set_string(&raw mut *file, Str::new(instance.store.address()));
            let handle = ffi::_zend_new_array(2);
            zend::set_array(call.result, handle);
            ffi::zend_hash_str_update(handle, c"file".as_ptr(), 4, &raw mut *file);
            let mut declared = std::mem::ManuallyDrop::new(zend::empty());
            zend::set_array(&raw mut *declared, declared_values(Object::from_ptr(call.object())).into_raw());
            ffi::zend_hash_str_update(handle, c"properties".as_ptr(), 10, &raw mut *declared);
            let mut allowed = std::mem::ManuallyDrop::new(zend::empty());
            set_allowed_classes(&call.this().policy()?.allowed_classes, &raw mut *allowed);
            ffi::zend_hash_str_update(handle, c"allowedClasses".as_ptr(), 14, &raw mut *allowed);
            let mut durability = std::mem::ManuallyDrop::new(zend::empty());
            let name = ini::durability_name(instance.options.durability);
            zend::set_string(&raw mut *durability, Str::new(name.as_bytes()));
            ffi::zend_hash_str_update(handle, c"durability".as_ptr(), 10, &raw mut *durability);
        }
        Ok(())
    });
}

pub extern "C" fn unserialize(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let mut handle: *mut zval = ptr::null_mut();
        arguments!(call, c"a", handle);
        let this = call.this();
        // SAFETY: parsed as an array, which the caller of the method holds.
        unsafe {
            let handle = (*handle).value.arr;
            let file = ffi::zend_hash_str_find(handle, c"file".as_ptr(), 4);
            let declared = ffi::zend_hash_str_find(handle, c"properties".as_ptr(), 10);
            if file.is_null() || zend::kind(file) != IS_STRING || zend::bytes((*file).value.str_).contains(&0) {
                return Err(errors::throw_sync("This is no serialized Sync object: it names no file."));
            }
            // The settings say the rest.
            let unknown = |what: &str| {
                Err(errors::throw_sync(&format!("This is no serialized Sync object: its {what} is not one.")))
            };
            let durability = ffi::zend_hash_str_find(handle, c"durability".as_ptr(), 10);
            let durability = match durability {
                _ if durability.is_null() => ini::durability(),
                _ if zend::kind(durability) != IS_STRING => return unknown("durability"),
                _ => match ini::parse_durability(zend::bytes((*durability).value.str_)) {
                    Some(durability) => durability,
                    None => return unknown("durability"),
                },
            };
            let allowed = ffi::zend_hash_str_find(handle, c"allowedClasses".as_ptr(), 14);
            let policy = match allowed_classes(allowed) {
                _ if allowed.is_null() => ini::policy(),
                Some(allowed_classes) => Policy { allowed_classes },
                None => return unknown("allowedClasses"),
            };
            let instance = Instance::named(zend::bytes((*file).value.str_), options(durability))?;
            if let Some(policy) = importing::current() {
                this.set_bounds(policy);
            }
            this.set_policy(this.within_bounds(policy));
            this.set_instance(instance);
            this.set_provenance(GLOBALS.get().showing.borrow().clone());
            if !declared.is_null() && zend::kind(declared) == IS_ARRAY {
                set_declared(call.object(), (*declared).value.arr)?;
            }
        }
        Ok(())
    });
}
