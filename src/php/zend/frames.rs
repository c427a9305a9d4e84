//! Frames of running calls: which method runs, on which object, with which first argument.

use std::ptr;

use ext_php_rs::ffi::{self, zend_execute_data};
use ext_php_rs::types::Zval;

use super::executor::executor;
use super::strings::ZStr;
use super::types::{OBJECT, zend_class_entry, zend_object};
use super::values::Value;
use super::zvals::kind;

/// The size of a frame, in zvals: its arguments follow it.
pub const FRAME: usize = size_of::<zend_execute_data>().div_ceil(size_of::<Zval>());

/// A frame of this thread, which the engine keeps until its call returns.
#[derive(Clone, Copy)]
pub struct Frame<'a>(&'a zend_execute_data);

/// The address of the innermost frame of this thread.
pub fn innermost_frame() -> usize {
    // SAFETY: the globals belong to this thread, and no reference to them is ever made.
    unsafe { (*executor()).current_execute_data }.addr()
}

impl<'a> Frame<'a> {
    /// The frame at an address; none for null.
    ///
    /// # Safety
    /// `frame` is null or a frame of a call that runs for as long as the result is used.
    pub unsafe fn of(frame: *const zend_execute_data) -> Option<Self> {
        // SAFETY: the caller promises a frame.
        unsafe { frame.as_ref() }.map(Self)
    }

    /// The frames of this thread (in a fiber: of that), the innermost first.
    ///
    /// # Safety
    /// Nothing returns to the engine before the result is out of use.
    pub unsafe fn running() -> impl Iterator<Item = Self> {
        // SAFETY: the globals belong to this thread; each frame keeps the one that it was called from.
        unsafe {
            let innermost = Self::of((*executor()).current_execute_data);
            std::iter::successors(innermost, |frame| Self::of(frame.0.prev_execute_data))
        }
    }

    /// Its address.
    pub fn address(self) -> usize {
        ptr::from_ref(self.0).addr()
    }

    /// Whether it runs code that is written in PHP.
    pub fn is_of_program(self) -> bool {
        // SAFETY: the functions of frames live, and begin with their kind.
        !self.0.func.is_null() && u32::from(unsafe { (*self.0.func).type_ }) != ffi::ZEND_INTERNAL_FUNCTION
    }

    /// Whether it runs a function of the engine's or an extension's, which is no method.
    pub fn is_of_engine_function(self) -> bool {
        // SAFETY: the functions of frames live.
        !self.is_of_program()
            && unsafe { self.0.func.as_ref() }.is_none_or(|function| unsafe { function.common.scope }.is_null())
    }

    /// The object that it runs for: that of a method, or of a closure that was made in one.
    pub fn object(self) -> *mut zend_object {
        // SAFETY: a frame has a zval there, whose kind says whether it is an object.
        unsafe { if kind(&raw const self.0.This) == OBJECT { self.0.This.value.obj } else { ptr::null_mut() } }
    }

    /// The class that declares the method that runs, and its name.
    pub fn method(self) -> Option<(*mut zend_class_entry, &'a ZStr)> {
        // SAFETY: the functions of frames live; those with a scope that is not null are methods (or closures, which have names, too).
        unsafe {
            let common = &self.0.func.as_ref()?.common;
            let is_method = !common.scope.is_null() && !common.function_name.is_null();
            is_method.then(|| (common.scope, ZStr::from_ptr(common.function_name)))
        }
    }

    /// The first argument of a method that is written in PHP, as its variable is now.
    pub fn first_argument(self) -> Option<&'a Value> {
        if !self.is_of_program() {
            return None;
        }
        // SAFETY: the function is written in PHP; its variables follow the frame, first those of its arguments.
        unsafe {
            let function = &(*self.0.func).op_array;
            let is_variadic = function.fn_flags & ffi::ZEND_ACC_VARIADIC != 0;
            if function.num_args == 0 && !is_variadic {
                return None;
            }
            let first = Value::from_ptr(ptr::from_ref(self.0).cast::<Zval>().add(FRAME)).dereference();
            match first.array() {
                // (They are in an array if there is none before them.)
                Some(arguments) if function.num_args == 0 => arguments.values().next().map(Value::dereference),
                _ => Some(first),
            }
        }
    }
}
