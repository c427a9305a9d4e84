//! Collecting all that a Traversable gives.

use std::ffi::{c_int, c_void};
use std::ptr;

use ext_php_rs::ffi::zend_object_iterator;
use ext_php_rs::types::Zval;

use super::arrays::Array;
use super::counted::Held;
use super::executor::{Thrown, check, exception_pending};
use super::objects::Object;
use super::types::HashTable;
use super::values::{Local, Value};
use super::zvals::{release, scratch};

type Apply = unsafe extern "C" fn(*mut zend_object_iterator, *mut c_void) -> c_int;

unsafe extern "C" {
    fn spl_iterator_apply(traversable: *mut Zval, apply: Apply, with: *mut c_void) -> c_int;
    fn array_set_zval_key(array: *mut HashTable, key: *mut Zval, value: *mut Zval) -> c_int;
}

/// The array that is being filled.
struct Filled {
    array: Held<Array>,
    by_key: bool,
}

/// All that a Traversable gives, as `iterator_to_array()` collects it: under its keys, of which the last counts, or in a list. Runs user
/// code.
pub fn elements_of(traversable: &Object, by_key: bool) -> Result<Held<Array>, Thrown> {
    let object = Local::of_object(traversable);
    let mut filled = Filled { array: Held::<Array>::new(), by_key };
    // SAFETY: a live object of a class that has an iterator, which the local holds; `add` gets what it expects, for as long as this runs.
    unsafe { spl_iterator_apply(object.as_ptr(), add, (&raw mut filled).cast()) };
    check().map(|()| filled.array)
}

/// Adds what the iterator is at.
///
/// # Safety
/// Only [`elements_of`] has it called: `iterator` is valid, and `filled` is its [`Filled`], which nobody else uses meanwhile.
unsafe extern "C" fn add(iterator: *mut zend_object_iterator, filled: *mut c_void) -> c_int {
    /// `ZEND_HASH_APPLY_KEEP` and `ZEND_HASH_APPLY_STOP`: go on, or not.
    const ON: c_int = 0;
    const STOP: c_int = 1 << 1;
    // SAFETY: the caller's promise. Every iterator gives its value, which stays until it is moved on, and lets go of a key that it has given; user
    // code does not get to the array.
    unsafe {
        let filled = &mut *filled.cast::<Filled>();
        let functions = &*(*iterator).funcs;
        let value = functions.get_current_data.map_or(ptr::null_mut(), |get| get(iterator));
        if value.is_null() || exception_pending() {
            return STOP;
        }
        match functions.get_current_key.filter(|_| filled.by_key) {
            None => filled.array.push(Local::copy_of(Value::from_ptr(value))),
            Some(get) => {
                let mut key = scratch();
                get(iterator, &raw mut *key);
                if exception_pending() {
                    return STOP;
                }
                // (It refuses a key that an array cannot have by an exception, which ends the iteration.)
                array_set_zval_key(filled.array.as_ptr(), &raw mut *key, value);
                release(&raw mut *key);
            }
        }
    }
    ON
}
