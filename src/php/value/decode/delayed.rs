//! `__wakeup` and `__unserialize` run when everything else is in place, in the order in which
//! their objects were completed.

use std::cell::UnsafeCell;
use std::ptr;

use crate::php::value::vec::ZendVec;
use crate::php::zend::{self, HashTable, zend_function, zend_object};

#[derive(Clone, Copy)]
struct Call {
    /// Held.
    object: *mut zend_object,
    method: *mut zend_function,
    /// The argument of `__unserialize`, owned; null for `__wakeup`.
    data: *mut HashTable,
}

pub struct Delayed {
    calls: UnsafeCell<ZendVec<Call>>,
}

impl Delayed {
    pub fn new() -> Self {
        Self { calls: UnsafeCell::new(ZendVec::new()) }
    }

    /// Puts off `object.method(data)`; takes over `data`, which may be null.
    ///
    /// # Safety
    /// `object` is alive and its class has the method.
    pub unsafe fn push(&self, object: *mut zend_object, method: *mut zend_function, data: *mut HashTable) {
        // SAFETY: no reference to the vector outlives a statement; the object is held from here on.
        unsafe {
            zend::hold_object(object);
            (*self.calls.get()).push(Call { object, method, data });
        }
    }

    /// Makes the calls, unless `failed`; after the first that throws, and if `failed`, only keeps
    /// the destructors of the objects from running, for they are not whole. Lets go of everything.
    ///
    /// Returns whether all calls were made and none threw.
    pub fn finish(self, mut failed: bool) -> bool {
        let calls = self.calls.into_inner();
        for &Call { object, method, data } in calls.iter() {
            // SAFETY: held since they were put off. What the calls do to the rest of the value is
            // no concern of anybody here any more.
            unsafe {
                let mut argument = zend::scratch();
                let argument = &raw mut *argument;
                if !data.is_null() {
                    zend::set_array(argument, data);
                }
                if !failed {
                    let mut result = zend::scratch();
                    let result = &raw mut *result;
                    zend::call_method(object, method, result, if data.is_null() { ptr::null_mut() } else { argument });
                    zend::release(result);
                    failed = zend::exception_pending();
                }
                if failed {
                    zend::forbid_destructor(object);
                }
                zend::release_object(object);
                if !data.is_null() {
                    zend::release(argument);
                }
            }
        }
        !failed
    }
}
