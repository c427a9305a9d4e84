//! From a class name in the bytes to a class of this request: allowed, autoloaded, or incomplete.

use std::ptr;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::super::vec::ZendVec;
use super::super::wire;
use super::class::Class;
use super::decoder::{Decoder, Stop};
use crate::php::zend::{self, zend_class_entry, zend_string};

/// The class of that name. May run autoloaders and `unserialize_callback_func`.
#[inline]
pub fn find<'de>(name: &'de [u8], decoder: &Decoder<'de, '_>) -> Result<Class, Stop> {
    if let Some(class) = decoder.last_class.get(name) {
        return Ok(class);
    }
    let class = look_up(name, decoder)?;
    decoder.last_class.set(name, class);
    Ok(class)
}

fn look_up(name: &[u8], decoder: &Decoder) -> Result<Class, Stop> {
    // Names of classes made at run time start with a NUL byte, and are not for others to name.
    if matches!(name, [] | [0, ..] | [b'\\', ..]) {
        return Err(decoder.damaged("a class name that cannot be one"));
    }
    let string = zend::new_string(name);
    // SAFETY: the name and its lower case are ours; if the engine leaves, so do they.
    unsafe {
        let lower = zend::lower_case(string);
        let found = if decoder.policy.allowed_classes.contains(zend::bytes(lower)) {
            load(string, lower, decoder)
        } else {
            Ok(ptr::null_mut())
        };
        let valid = zend::is_valid_class_name(string);
        zend::release_string(lower);
        zend::release_string(string);
        let entry = found?;
        if entry.is_null() {
            if !valid {
                return Err(decoder.damaged("a class name that cannot be one"));
            }
            return Ok(Class { entry: zend::incomplete_class(), hook: ptr::null_mut(), incomplete: true });
        }
        if (*entry).ce_flags & ffi::ZEND_ACC_NOT_SERIALIZABLE != 0 {
            zend::throw_exception(c"Unserialization of '%s' is not allowed", zend::class_name(entry));
            return Err(decoder.refused_by_engine());
        }
        let hook = if !(*entry).__unserialize.is_null() {
            (*entry).__unserialize
        } else if entry == zend::incomplete_class() {
            ptr::null_mut()
        } else {
            zend::method(entry, "__wakeup")
        };
        Ok(Class { entry, hook, incomplete: false })
    }
}

/// Finds or autoloads a class. Null if there is none.
///
/// # Safety
/// Both names are alive.
unsafe fn load(
    name: *mut zend_string,
    lower: *mut zend_string,
    decoder: &Decoder,
) -> Result<*mut zend_class_entry, Stop> {
    // SAFETY: the caller holds both names.
    unsafe {
        if !zend::is_valid_class_name(name) {
            return Ok(ptr::null_mut());
        }
        let entry = zend::lookup_class(name, lower);
        if zend::exception_pending() {
            return Err(decoder.thrown());
        }
        if !entry.is_null() {
            return Ok(entry);
        }
        let Some(callback) = zend::unserialize_callback() else { return Ok(ptr::null_mut()) };
        zend::call_function(callback, name);
        if zend::exception_pending() {
            return Err(decoder.thrown());
        }
        let entry = zend::lookup_class(name, lower);
        if zend::exception_pending() {
            return Err(decoder.thrown());
        }
        if entry.is_null() {
            let text = c"Function %s() hasn't defined the class it was called for";
            zend::raise(ffi::E_WARNING, text, callback.to_bytes(), b"");
            if zend::exception_pending() {
                return Err(decoder.thrown());
            }
        }
        Ok(entry)
    }
}

/// Puts the enum case of that name (`Class:Case`) at `at`; where its enum is not among the allowed classes, an incomplete object of
/// the name `Class::Case`, which no class has.
///
/// # Safety
/// `at` is a place to write to.
pub unsafe fn enum_case(name: &[u8], at: *mut Zval, decoder: &Decoder) -> Result<(), Stop> {
    let Some(colon) = name.iter().position(|&byte| byte == b':') else {
        return Err(decoder.damaged("an enum case without a name"));
    };
    let (class, case) = (&name[..colon], &name[colon + 1..]);
    let (class_string, case_string) = (zend::new_string(class), zend::new_string(case));
    // SAFETY: the names are ours.
    unsafe {
        let lower = zend::lower_case(class_string);
        let result = if decoder.policy.allowed_classes.contains(zend::bytes(lower)) {
            find_case(class_string, lower, case_string, decoder).map(|found| zend::set_object_copy(at, found))
        } else if zend::is_valid_class_name(class_string) && zend::is_valid_class_name(case_string) {
            incomplete_case(class, case, at, decoder)
        } else {
            Err(decoder.damaged("an enum case whose name cannot be one"))
        };
        zend::release_string(lower);
        zend::release_string(class_string);
        zend::release_string(case_string);
        result
    }
}

/// Puts an incomplete object in the place of an enum case. Stored again, it is the case.
///
/// # Safety
/// `at` is a place to write to.
unsafe fn incomplete_case(class: &[u8], case: &[u8], at: *mut Zval, decoder: &Decoder) -> Result<(), Stop> {
    // From Zend's memory: nothing to drop if the engine leaves.
    let mut name = ZendVec::new();
    class.iter().chain(wire::BETWEEN_ENUM_AND_CASE).chain(case).for_each(|&byte| name.push(byte));
    // SAFETY: the caller's place; the object is new, and of the class that remembers a name.
    unsafe {
        if !zend::new_object(at, zend::incomplete_class()) {
            return Err(decoder.refused_by_engine());
        }
        decoder.made_object(at);
        let name = zend::new_string(&name);
        zend::remember_class_name(at, name);
        zend::release_string(name);
    }
    Ok(())
}

/// The case of an enum.
///
/// # Safety
/// The caller holds the names.
unsafe fn find_case(
    class: *mut zend_string,
    lower: *mut zend_string,
    case: *mut zend_string,
    decoder: &Decoder,
) -> Result<*mut zend::zend_object, Stop> {
    // SAFETY: the names are held by the caller.
    unsafe {
        let entry = if zend::is_valid_class_name(class) { zend::lookup_class(class, lower) } else { ptr::null_mut() };
        let found = if !entry.is_null() && (*entry).ce_flags & ffi::ZEND_ACC_ENUM != 0 {
            zend::enum_case(entry, case)
        } else {
            None
        };
        if zend::exception_pending() {
            return Err(decoder.thrown());
        }
        found.ok_or_else(|| {
            let name = |string| String::from_utf8_lossy(zend::bytes(string));
            let (class, case) = (name(class), name(case));
            decoder.refuse_class(if entry.is_null() {
                format!("Class '{class}' not found.")
            } else if (*entry).ce_flags & ffi::ZEND_ACC_ENUM == 0 {
                format!("Class '{class}' is not an enum.")
            } else {
                format!("{class}::{case} is not an enum case.")
            })
        })
    }
}
