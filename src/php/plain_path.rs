//! Ways into a value on which no user code can run.

use std::ptr;

use ext_php_rs::ffi::{self, BP_VAR_IS, IS_ARRAY, IS_OBJECT, IS_UNDEF, zend_class_entry, zend_object, zval};

use super::object::method;
use super::step::Step;
use super::zend::{self, Thrown};

/// Whether the steps (the last one apart) lead through arrays, and objects in which user code has no say, up to the first that
/// makes something: so that a value can be put at their end without running any. `found` is called with what is there.
///
/// # Safety
/// `value` is valid, and nothing changes it meanwhile; the steps are [`normalized`].
pub unsafe fn is_plain_path(
    value: *mut zval,
    steps: &[Step],
    found: &mut dyn FnMut(*const zval) -> Result<(), Thrown>,
) -> Result<bool, Thrown> {
    // SAFETY: valid by contract, also for what is further inside.
    unsafe {
        let value = zend::deref(value);
        match steps {
            [] => found(value).map(|()| true),
            [Step::Append, ..] => Ok(zend::kind(value) == IS_ARRAY),
            [step, rest @ ..] => {
                let mut returned = zend::empty();
                match plain_child(value, step, &raw mut returned)? {
                    Child::There(child) => is_plain_path(child, rest, found),
                    Child::Missing => Ok(rest.is_empty()),
                    Child::Unknown => Ok(false),
                }
            }
        }
    }
}

/// The place one step further.
enum Child {
    There(*mut zval),
    Missing,
    /// Only user code could tell, or there can be nothing.
    Unknown,
}

unsafe fn plain_child(value: *mut zval, step: &Step, returned: *mut zval) -> Result<Child, Thrown> {
    // SAFETY: callers pass a valid value, and a slot that outlives the use of what is returned.
    unsafe {
        let child = match (zend::kind(value), step) {
            (IS_ARRAY, Step::Element(key)) => key.find(value),
            (IS_OBJECT, Step::Property(name)) if has_plain_properties((*value).value.obj) => {
                let object = (*value).value.obj;
                ffi::zend_std_read_property(object, name.as_ptr(), BP_VAR_IS as i32, ptr::null_mut(), returned)
            }
            (IS_OBJECT, Step::Element(key)) if has_plain_elements((*(*value).value.obj).ce) => {
                let object = (*value).value.obj;
                match (*(*object).handlers).read_dimension {
                    Some(read) => read(object, key.as_ptr(), BP_VAR_IS as i32, returned),
                    None => return Ok(Child::Unknown),
                }
            }
            _ => return Ok(Child::Unknown),
        };
        zend::check()?;
        let missing = child.is_null() || ptr::eq(child, zend::uninitialized()) || zend::kind(child) == IS_UNDEF;
        Ok(if missing { Child::Missing } else { Child::There(child) })
    }
}

/// Whether an object's properties are what the engine alone reads and writes.
unsafe fn has_plain_properties(object: *mut zend_object) -> bool {
    // SAFETY: callers pass a valid object.
    unsafe {
        let class = &*(*object).ce;
        #[cfg(php84)]
        if class.num_hooked_props > 0 {
            return false;
        }
        let standard = &ffi::std_object_handlers;
        let same = |one: Option<_>, other: Option<_>| match (one, other) {
            (Some(one), Some(other)) => std::ptr::fn_addr_eq(one, other),
            _ => false,
        };
        same((*(*object).handlers).read_property, standard.read_property)
            && [class.__get, class.__set, class.__isset, class.__unset].iter().all(|method| method.is_null())
    }
}

/// Whether no method written in PHP has a say in the elements of a class's objects.
unsafe fn has_plain_elements(class: *mut zend_class_entry) -> bool {
    // SAFETY: callers pass a linked class.
    unsafe {
        ["offsetget", "offsetset", "offsetexists", "offsetunset"].into_iter().all(|name| {
            let method = method(class, name);
            !method.is_null() && u32::from((*method).type_) == ffi::ZEND_INTERNAL_FUNCTION
        })
    }
}
