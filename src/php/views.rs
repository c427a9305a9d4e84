//! Handlers of a Sync object as a whole: `count`, `var_dump`, `(array)`, `==` and their kin.
//!
//! All of it looks at one moment of the store: values that others write meanwhile are not in it.

use std::mem::{ManuallyDrop, MaybeUninit};
use std::os::raw::c_int;
use std::ptr;

use ext_php_rs::ffi::{self, HashTable, IS_OBJECT, zend_array, zend_object, zend_prop_purpose, zval};

#[cfg(php84)]
use super::declared::PURPOSE_GET_OBJECT_VARS;
use super::declared::{add_declared, declared_table, new_table};
use super::errors::{self, contain};
use super::handle::Backend;
use super::object::SyncObject;
use super::opline::Opline;
use super::whole::{self, add_shared, add_shown};
use super::zend::{self, Thrown};

unsafe extern "C" {
    /// Exported by PHP's core, and not among what ext-php-rs binds.
    fn zend_release_fcall_info_cache(cache: *mut ffi::zend_fcall_info_cache);
}

/// `count($sync)`
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn count_elements(object: *mut zend_object, result: *mut i64) -> c_int {
    contain(ffi::ZEND_RESULT_CODE_FAILURE, || {
        // SAFETY: the engine passes an object of ours and a place for the number.
        unsafe {
            let this = SyncObject::of(object);
            let _alive = this.hold();
            // After a failure the exception is pending; the engine looks for it.
            *result = whole::count(this).unwrap_or(0);
        }
        ffi::ZEND_RESULT_CODE_SUCCESS
    })
}

/// For `(array)`, `var_dump`, `var_export` …: what the class declares, then what is shared. The table
/// is the caller's, and goes with its use.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn get_properties_for(object: *mut zend_object, purpose: zend_prop_purpose) -> *mut zend_array {
    contain(ptr::null_mut(), || {
        // SAFETY: the engine passes an object of ours; the table has no other owner.
        unsafe {
            let this = SyncObject::of(object);
            let _alive = this.hold();
            // A subclass describes itself: `__debugInfo()`.
            if purpose == ffi::_zend_prop_purpose_ZEND_PROP_PURPOSE_DEBUG && !(*(*object).ce).__debugInfo.is_null() {
                return ffi::zend_std_get_properties_for(object, purpose);
            }
            let mut table = zend::empty();
            zend::set_array(&raw mut table, declared_table(object, purpose));
            let shows = shows_nested(purpose);
            // An exception is pending.
            let _ = if shows { add_shown(this, table.value.arr) } else { add_shared(this, table.value.arr) };
            // Decoding may have run user code that released the object; return null in that case.
            let lost = Opline::current().is_some_and(|instruction| instruction.has_lost_its_object());
            if lost || is_last_hold(object) { ptr::null_mut() } else { ManuallyDrop::new(table).value.arr }
        }
    })
}

/// For `get_object_vars`, `array_walk`, `reset` …, which look at the same and hold nothing: the table
/// belongs to the object, and is filled anew each time, in place, as there may be iterators on it.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn get_properties(object: *mut zend_object) -> *mut HashTable {
    contain(no_properties(), || {
        // SAFETY: the engine passes an object of ours.
        unsafe {
            let this = SyncObject::of(object);
            let _alive = this.hold();
            let function = running_function();
            if walks_by_reference(function) {
                errors::throw_error(BY_REFERENCE);
                return no_properties();
            }
            let mut table = this.shown.get();
            let mut position = 0;
            if table.is_null() || (*table).gc.refcount > 1 {
                forget_shown(this);
                table = new_table();
            } else {
                // While it is filled it has no owner: reading may run code that asks for it again.
                this.shown.set(ptr::null_mut());
                position = (*table).nInternalPointer;
                ffi::zend_hash_clean(table);
            }
            add_declared(object, table);
            // An exception is pending.
            let _ = match function {
                // It marks the table while it calls `jsonSerialize()`, and does not look into it.
                b"json_encode" => Ok(()),
                b"get_object_vars" => add_shared(this, table),
                // The others may go on into what they find.
                _ => add_shown(this, table),
            };
            (*table).nInternalPointer = position;
            forget_shown(this);
            this.shown.set(table);
            if is_last_hold(object) { no_properties() } else { table }
        }
    })
}

/// The refusal to change a Sync object by reference.
const BY_REFERENCE: &str = "Cannot iterate by reference over a Sync object, which lives in shared memory: assign to its properties instead: foreach ($sync as $name => $value) { $sync->$name = …; }";

/// For `foreach ($sync as &$value)`.
#[cold]
pub fn refuse_references() -> Thrown {
    errors::throw_error(BY_REFERENCE)
}

/// The empty table, which cannot be changed.
fn no_properties() -> *mut HashTable {
    (&raw const ffi::zend_empty_array).cast_mut()
}

/// Whether only the calling handler holds the object.
///
/// # Safety
/// The caller holds the object.
unsafe fn is_last_hold(object: *mut zend_object) -> bool {
    // SAFETY: callers hold the object.
    unsafe { (*object).gc.refcount == 1 }
}

/// The name of the internal function that runs; empty where none does.
fn running_function<'a>() -> &'a [u8] {
    // SAFETY: the engine keeps the frame that runs, and in it the function.
    unsafe {
        let frame = (*zend::executor()).current_execute_data;
        if frame.is_null() || (*frame).func.is_null() {
            return b"";
        }
        let function = &(*(*frame).func).common;
        if u32::from(function.type_) != ffi::ZEND_INTERNAL_FUNCTION || function.function_name.is_null() {
            return b"";
        }
        zend::bytes(function.function_name)
    }
}

/// Whether a function would change what it walks over, by references into a table that is only a
/// copy of what is shared.
///
/// # Safety
/// It is the function that runs.
unsafe fn walks_by_reference(function: &[u8]) -> bool {
    match function {
        b"mb_convert_variables" => true,
        // SAFETY: it has checked its second argument, the callback.
        b"array_walk" | b"array_walk_recursive" => unsafe { takes_reference(zend::argument(1)) },
        _ => false,
    }
}

/// Whether a callback takes its first argument by reference.
///
/// # Safety
/// `callback` is alive.
unsafe fn takes_reference(callback: *mut zval) -> bool {
    // SAFETY: callers pass a valid value; the engine fills the cache, where it answers yes.
    unsafe {
        let mut found = MaybeUninit::<ffi::zend_fcall_info_cache>::zeroed();
        let callable = ffi::zend_is_callable_ex(
            callback,
            ptr::null_mut(),
            0,
            ptr::null_mut(),
            found.as_mut_ptr(),
            ptr::null_mut(),
        );
        let mut found = found.assume_init();
        if !callable {
            return false;
        }
        let by_reference = zend::takes_reference(found.function_handler);
        zend_release_fcall_info_cache(&raw mut found);
        by_reference
    }
}

/// Whether the caller goes on into the objects that the table holds.
fn shows_nested(purpose: zend_prop_purpose) -> bool {
    #[cfg(php84)]
    if purpose == PURPOSE_GET_OBJECT_VARS {
        return false;
    }
    purpose != ffi::_zend_prop_purpose_ZEND_PROP_PURPOSE_ARRAY_CAST
}

/// Lets go of the table that `get_properties` made.
pub fn forget_shown(this: &SyncObject) {
    let table = this.shown.replace(ptr::null_mut());
    if !table.is_null() {
        let mut last = zend::empty();
        // SAFETY: the object owned a count of it.
        unsafe { zend::set_array(&raw mut last, table) };
    }
}

/// Declared properties alone, for the garbage collector. Reading the store for it would
/// find nothing that could be part of a cycle.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn get_gc(object: *mut zend_object, table: *mut *mut zval, n: *mut c_int) -> *mut HashTable {
    // SAFETY: the engine passes an object of ours and places for the answer.
    unsafe {
        *table = (&raw mut (*object).properties_table).cast();
        *n = (*(*object).ce).default_properties_count;
        (*object).properties
    }
}

/// `==`: handles on one file, of one class, whose declared properties are the same. The contents of two
/// files are not compared.
///
/// # Safety
/// Only the engine calls it, as a handler: with two live values, one of which is an object of this class.
pub unsafe extern "C" fn compare(left: *mut zval, right: *mut zval) -> c_int {
    const UNCOMPARABLE: c_int = 1;
    contain(UNCOMPARABLE, || {
        // SAFETY: the engine passes two values, at least one of which is an object of ours.
        unsafe {
            if zend::kind(left) != IS_OBJECT || zend::kind(right) != IS_OBJECT {
                return ffi::zend_std_compare_objects(left, right);
            }
            let (left_value, right_value) = (left, right);
            let (left, right) = ((*left).value.obj, (*right).value.obj);
            if ptr::eq(left, right) {
                return 0;
            }
            if !ptr::eq((*left).ce, (*right).ce) {
                return UNCOMPARABLE;
            }
            let (one, other) = (SyncObject::of(left), SyncObject::of(right));
            let same_file = match (one.constructed(), other.constructed()) {
                (Some(one), Some(other)) => one.store.address() == other.store.address(),
                _ => false,
            };
            if !same_file {
                return UNCOMPARABLE;
            }
            ffi::zend_std_compare_objects(left_value, right_value)
        }
    })
}
