//! A call of one of the class's methods.

use std::ptr;

use ext_php_rs::ffi::{zend_object, zval};
use ext_php_rs::zend::ExecuteData;

use super::errors::contain;
use super::object::{self, SyncObject};
use super::zend::{self, Thrown};

/// A method call: `$this`, the arguments, and where the result goes.
pub struct Call<'a> {
    pub data: &'a mut ExecuteData,
    pub result: *mut zval,
}

/// Runs the body of a method: what it throws is pending when it returns, and no panic leaves it.
pub fn run(data: &mut ExecuteData, result: *mut zval, body: impl FnOnce(&mut Call) -> Result<(), Thrown>) {
    contain((), || {
        let _ = body(&mut Call { data, result });
    });
}

/// Parses the arguments of a call, as PHP's own methods do, into variables of the C types that the
/// format asks for.
macro_rules! arguments {
    ($call:expr, $format:literal $(, $variable:expr)*) => {{
        // SAFETY: the format matches the variables; the engine throws where the arguments do not.
        let outcome = unsafe {
            ffi::zend_parse_parameters($call.data.This.u2.num_args, $format.as_ptr() $(, &raw mut $variable)*)
        };
        if outcome != 0 {
            return Err(Thrown);
        }
    }};
}

impl Call<'_> {
    /// The object that the method was called on. The caller of a method holds it.
    pub fn this(&self) -> &'static SyncObject {
        // SAFETY: methods of this class are only ever called on objects of it.
        unsafe { SyncObject::of(self.object()) }
    }

    pub fn object(&self) -> *mut zend_object {
        // SAFETY: a method that is not static has an object.
        unsafe { self.data.This.value.obj }
    }

    /// Returns the object itself.
    pub fn return_this(&self) {
        // SAFETY: the engine passes a slot for the result.
        unsafe { zend::set_object_copy(self.result, self.object()) };
    }

    /// Returns true or false.
    pub fn return_bool(&self, value: bool) {
        // SAFETY: the engine passes a slot for the result.
        unsafe { zend::set_bool(self.result, value) };
    }

    /// Whether a subclass overrides `name`.
    pub fn overrides(&self, name: &str) -> bool {
        // SAFETY: the object has a class; the method exists in it.
        unsafe {
            let method = object::method((*self.object()).ce, name);
            !method.is_null() && !ptr::eq((*method).common.scope, object::class())
        }
    }

    /// Calls `name` where a subclass overrides it, since the original's methods called each other;
    /// `false` if none does.
    pub fn overridden(&self, name: &str, arguments: &mut [zval], result: *mut zval) -> Result<bool, Thrown> {
        if !self.overrides(name) {
            return Ok(false);
        }
        // SAFETY: the object has a class; the method exists in it.
        unsafe {
            object::call(self.object(), name, arguments, result)?;
            Ok(true)
        }
    }
}

pub(super) use arguments;
