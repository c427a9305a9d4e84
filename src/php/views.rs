//! Handlers of a Sync object as a whole: `count`, `var_dump`, `(array)`, `==` and their kin.
//!
//! All of it looks at one moment of the store: values that others write meanwhile are not in it.

use std::mem::MaybeUninit;
use std::os::raw::c_int;
use std::ptr;

use ext_php_rs::ffi::{self, HashTable, zend_array, zend_object, zend_prop_purpose, zval};

use super::declared::{add_declared, declared_table, new_table};
use super::errors::{self, contain};
use super::handle::Backend;
use super::object::SyncObject;
use super::opline::Opline;
use super::whole::{self, add_shared, add_shown};
use super::zend::{self, Array, Held, Object, Thrown, Value, series};

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
        // SAFETY: the engine passes an object of ours, which is held at once.
        let this = unsafe { SyncObject::of(object) };
        let _alive = this.hold();
        // After a failure the exception is pending; the engine looks for it.
        let count = whole::count(this).unwrap_or(0);
        // SAFETY: the engine passes a place for the number.
        unsafe { *result = count };
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
        // SAFETY: the engine passes an object of ours, which is held at once.
        let this = unsafe { SyncObject::of(object) };
        let alive = this.hold();
        // SAFETY: the object is held, and so is its class.
        let describes_itself = unsafe { !(*alive.class()).__debugInfo.is_null() };
        if purpose == ffi::_zend_prop_purpose_ZEND_PROP_PURPOSE_DEBUG && describes_itself {
            // SAFETY: the object is held; the function calls `__debugInfo()`.
            return unsafe { ffi::zend_std_get_properties_for(object, purpose) };
        }
        let mut table = declared_table(&alive, purpose);
        // An exception is pending.
        let _ =
            if shows_nested(purpose) { add_shown(this, &mut table) } else { add_shared(this, &mut table).map(drop) };
        // Decoding may have run user code that released the object; return null in that case.
        let lost = Opline::current().is_some_and(|instruction| instruction.has_lost_its_object());
        if lost || alive.is_last_hold() { ptr::null_mut() } else { table.into_raw() }
    })
}

/// For `get_object_vars`, `array_walk`, `reset` …, which look at the same and hold nothing: the table
/// belongs to the object, and is filled anew each time, in place, as there may be iterators on it.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn get_properties(object: *mut zend_object) -> *mut HashTable {
    contain(no_properties(), || {
        // SAFETY: the engine passes an object of ours, which is held at once.
        let this = unsafe { SyncObject::of(object) };
        let alive = this.hold();
        let function = running_function();
        // SAFETY: it is the one that runs.
        if unsafe { walks_by_reference(function) } {
            errors::throw_error(BY_REFERENCE);
            return no_properties();
        }
        let (mut table, position) = take_shown(this);
        add_declared(&alive, &mut table);
        // An exception is pending.
        let _ = match function {
            // It marks the table while it calls `jsonSerialize()`, and does not look into it.
            b"json_encode" => Ok(()),
            b"get_object_vars" => add_shared(this, &mut table).map(drop),
            // The others may go on into what they find.
            _ => add_shown(this, &mut table),
        };
        // SAFETY: the table has no other owner yet.
        unsafe { (*table.as_ptr()).nInternalPointer = position };
        forget_shown(this);
        let table = table.into_raw();
        this.shown.set(table);
        if alive.is_last_hold() { no_properties() } else { table }
    })
}

/// An empty table to show the object by, and the position of `next()` in it: the last one, unless that has another owner.
/// While it is filled the object does not have it: reading may run code that asks for it again.
fn take_shown(this: &SyncObject) -> (Held<Array>, u32) {
    let table = this.shown.replace(ptr::null_mut());
    if table.is_null() {
        return (new_table(), 0);
    }
    // SAFETY: the object has owned a count of it, which moves here.
    let table = unsafe { Held::<Array>::from_owned(table) };
    if table.is_shared() {
        return (new_table(), 0);
    }
    // SAFETY: the table has no other owner. Emptying it may run destructors, which do not find it.
    let position = unsafe {
        let position = (*table.as_ptr()).nInternalPointer;
        ffi::zend_hash_clean(table.as_ptr());
        position
    };
    (table, position)
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

/// The name of the internal function that runs; empty where none does.
fn running_function<'a>() -> &'a [u8] {
    // SAFETY: the engine keeps the frame that runs as long as it runs, or null.
    let Some(frame) = (unsafe { (*zend::executor()).current_execute_data.as_ref() }) else { return b"" };
    // SAFETY: a frame keeps its function.
    let Some(function) = (unsafe { frame.func.as_ref() }) else { return b"" };
    // SAFETY: functions of all kinds begin with these fields.
    let function = unsafe { &function.common };
    if u32::from(function.type_) != ffi::ZEND_INTERNAL_FUNCTION || function.function_name.is_null() {
        return b"";
    }
    // SAFETY: an internal function's name lives as long as its module.
    unsafe { zend::bytes(function.function_name) }
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
    let mut found = MaybeUninit::<ffi::zend_fcall_info_cache>::zeroed();
    // SAFETY: the caller's value is alive; the engine writes into the cache alone.
    let callable = unsafe {
        ffi::zend_is_callable_ex(callback, ptr::null_mut(), 0, ptr::null_mut(), found.as_mut_ptr(), ptr::null_mut())
    };
    if !callable {
        return false;
    }
    // SAFETY: all zeros are a value of this type, which the engine has filled.
    let mut found = unsafe { found.assume_init() };
    // SAFETY: the engine answered yes, and so named a function, which lives until the cache is released.
    let by_reference = unsafe { zend::takes_reference(found.function_handler) };
    // SAFETY: the engine filled the cache; it is not used any more.
    unsafe { zend_release_fcall_info_cache(&raw mut found) };
    by_reference
}

/// Whether the caller goes on into the objects that the table holds.
fn shows_nested(purpose: zend_prop_purpose) -> bool {
    !series::is_for_object_vars(purpose) && purpose != ffi::_zend_prop_purpose_ZEND_PROP_PURPOSE_ARRAY_CAST
}

/// Lets go of the table that `get_properties` made.
pub fn forget_shown(this: &SyncObject) {
    let table = this.shown.replace(ptr::null_mut());
    if !table.is_null() {
        // SAFETY: the object has owned a count of it, which is given up here.
        drop(unsafe { Held::<Array>::from_owned(table) });
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
        // SAFETY: the engine passes two live values.
        let (left_value, right_value) = unsafe { (Value::from_ptr(left), Value::from_ptr(right)) };
        if let (Some(one), Some(other)) = (left_value.object(), right_value.object()) {
            if ptr::eq(one, other) {
                return 0;
            }
            if !ptr::eq(one.class(), other.class()) || !are_on_one_file(one, other) {
                return UNCOMPARABLE;
            }
        }
        // SAFETY: the two live values, between which no user code has run.
        unsafe { ffi::zend_std_compare_objects(left, right) }
    })
}

/// Whether two objects are handles on one file.
fn are_on_one_file(one: &Object, other: &Object) -> bool {
    let instance = |object| SyncObject::find(object).and_then(SyncObject::constructed);
    match (instance(one), instance(other)) {
        (Some(one), Some(other)) => one.store.address() == other.store.address(),
        _ => false,
    }
}
