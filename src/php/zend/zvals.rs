//! Zvals: their types, their contents, and their owners.

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::executor::Thrown;
use super::strings::{Str, is_interned};
use super::types::{
    ARRAY, DOUBLE, FALSE, GC_IMMUTABLE, HashTable, INDIRECT, LONG, NULL, REFERENCE, STRING, TRUE, UNDEF, ZendReference,
    zend_object, zend_string,
};

/// The type of a zval: [`LONG`] and its kin.
///
/// # Safety
/// `at` points to a zval.
#[inline(always)]
pub unsafe fn kind(at: *const Zval) -> u32 {
    // SAFETY: the caller promises a zval; both views of the union are plain integers.
    unsafe { u32::from((*at).u1.v.type_) }
}

/// True if the zval owns a count of something.
///
/// # Safety
/// `at` points to a zval.
#[inline(always)]
pub unsafe fn is_refcounted(at: *const Zval) -> bool {
    // SAFETY: the caller promises a zval; both views of the union are plain integers.
    unsafe { (*at).u1.v.type_flags != 0 }
}

/// Follows an `IS_INDIRECT` zval, as property tables hold for declared properties.
///
/// # Safety
/// `at` points to a zval.
#[inline(always)]
pub unsafe fn follow_indirect(at: *mut Zval) -> *mut Zval {
    // SAFETY: the caller promises a zval; the engine keeps a pointer to a zval in an indirect one.
    unsafe { if kind(at) == INDIRECT { (*at).value.zv } else { at } }
}

/// Looks through a PHP reference.
///
/// # Safety
/// `at` points to a zval.
#[inline(always)]
pub unsafe fn deref(at: *mut Zval) -> *mut Zval {
    // SAFETY: the caller promises a zval; the engine keeps a live reference in one of that type.
    unsafe { if kind(at) == REFERENCE { &raw mut (*reference_of(at)).val } else { at } }
}

/// The payload of a string, array, object or reference zval. One function for each, so that the type that was checked
/// is read off the call.
///
/// # Safety
/// `at` points to a string.
#[inline(always)]
pub unsafe fn string_of(at: *const Zval) -> *mut zend_string {
    // SAFETY: the caller promises a string, so this is the member that was written.
    unsafe { (*at).value.str_ }
}
/// See [`string_of`].
///
/// # Safety
/// `at` points to an array.
#[inline(always)]
pub unsafe fn array_of(at: *const Zval) -> *mut HashTable {
    // SAFETY: the caller promises an array, so this is the member that was written.
    unsafe { (*at).value.arr }
}
/// See [`string_of`].
///
/// # Safety
/// `at` points to an object.
#[inline(always)]
pub unsafe fn object_of(at: *const Zval) -> *mut zend_object {
    // SAFETY: the caller promises an object, so this is the member that was written.
    unsafe { (*at).value.obj }
}
/// See [`string_of`].
///
/// # Safety
/// `at` points to a reference.
#[inline(always)]
pub unsafe fn reference_of(at: *const Zval) -> *mut ZendReference {
    // SAFETY: the caller promises a reference, so this is the member that was written.
    unsafe { (*at).value.ref_.cast() }
}

/// Makes `at` nothing at all. The `u2` word is left alone: in property slots it holds flags, in arrays the chain.
///
/// # Safety
/// `at` points to writable memory for a zval, which owns nothing any more.
#[inline(always)]
pub unsafe fn set_undef(at: *mut Zval) {
    // SAFETY: the caller promises writable memory.
    unsafe { (*at).u1.type_info = UNDEF };
}

/// Makes `at` null.
///
/// # Safety
/// As for [`set_undef`].
#[inline(always)]
pub unsafe fn set_null(at: *mut Zval) {
    // SAFETY: the caller promises writable memory.
    unsafe { (*at).u1.type_info = NULL };
}

/// Makes `at` true or false.
///
/// # Safety
/// As for [`set_undef`].
#[inline(always)]
pub unsafe fn set_bool(at: *mut Zval, value: bool) {
    // SAFETY: the caller promises writable memory.
    unsafe { (*at).u1.type_info = if value { TRUE } else { FALSE } };
}

/// Makes `at` an int.
///
/// # Safety
/// As for [`set_undef`].
#[inline(always)]
pub unsafe fn set_long(at: *mut Zval, value: i64) {
    // SAFETY: the caller promises writable memory.
    unsafe {
        (*at).value.lval = value;
        (*at).u1.type_info = LONG;
    }
}

/// Makes `at` a float.
///
/// # Safety
/// As for [`set_undef`].
#[inline(always)]
pub unsafe fn set_double(at: *mut Zval, value: f64) {
    // SAFETY: the caller promises writable memory.
    unsafe {
        (*at).value.dval = value;
        (*at).u1.type_info = DOUBLE;
    }
}

/// Makes `at` the owner of a string.
///
/// # Safety
/// As for [`set_undef`].
#[inline]
pub unsafe fn set_string(at: *mut Zval, string: Str) {
    let string = string.into_raw();
    // SAFETY: the caller promises writable memory; the count that `string` owned moves there.
    unsafe {
        (*at).value.str_ = string;
        (*at).u1.type_info = if is_interned(string) { ffi::IS_INTERNED_STRING_EX } else { ffi::IS_STRING_EX };
    }
}

/// Makes `at` an empty array: the engine's immutable one.
///
/// # Safety
/// As for [`set_undef`].
pub unsafe fn set_empty_array(at: *mut Zval) {
    // SAFETY: the caller promises writable memory. The engine never writes to its constant, whatever the pointer's
    // type says.
    unsafe { set_array(at, (&raw const ffi::zend_empty_array).cast_mut()) }
}

/// Makes `at` the owner of an array; an immutable one has no owners.
///
/// # Safety
/// As for [`set_undef`]; the caller gives away its count of `array`.
#[inline]
pub unsafe fn set_array(at: *mut Zval, array: *mut HashTable) {
    // SAFETY: the caller promises writable memory and a live array.
    unsafe {
        let is_immutable = (*array).gc.u.type_info & GC_IMMUTABLE != 0;
        (*at).value.arr = array;
        (*at).u1.type_info = if is_immutable { ARRAY } else { ffi::IS_ARRAY_EX };
    }
}

/// Makes `at` the owner of an object.
///
/// # Safety
/// As for [`set_undef`]; the caller gives away its count of `object`.
#[inline]
pub unsafe fn set_object(at: *mut Zval, object: *mut zend_object) {
    // SAFETY: the caller promises writable memory; its count moves there.
    unsafe {
        (*at).value.obj = object;
        (*at).u1.type_info = ffi::IS_OBJECT_EX;
    }
}

/// Makes `at` another owner of `object`.
///
/// # Safety
/// As for [`set_undef`]; `object` is alive.
pub unsafe fn set_object_copy(at: *mut Zval, object: *mut zend_object) {
    // SAFETY: the caller promises writable memory and a live object, which is counted once more.
    unsafe {
        (*object).gc.refcount += 1;
        set_object(at, object);
    }
}

/// Makes `to` another owner of the value at `from`.
///
/// # Safety
/// `from` is a live zval; `to` as for [`set_undef`].
#[inline]
pub unsafe fn copy(to: *mut Zval, from: *const Zval) {
    // SAFETY: the caller promises a live zval: it points to something counted if its flags say so.
    unsafe {
        copy_value(to, from);
        if is_refcounted(from) {
            (*(*from).value.counted).gc.refcount += 1;
        }
    }
}

/// Copies the value without counting, leaving `from` as it is: the caller forgets one of the two. Leaves `u2` alone,
/// which belongs to the place, not to the value.
///
/// # Safety
/// As for [`copy`].
#[inline]
pub unsafe fn copy_value(to: *mut Zval, from: *const Zval) {
    // SAFETY: the caller promises a live zval and writable memory.
    unsafe {
        (*to).value = (*from).value;
        (*to).u1.type_info = (*from).u1.type_info;
    }
}

/// Moves the value of `from` into `to`, leaving `from` null.
///
/// # Safety
/// As for [`copy`].
#[inline]
pub unsafe fn take(to: *mut Zval, from: *mut Zval) {
    // SAFETY: the caller promises a live zval and writable memory; the count moves along with the value.
    unsafe {
        copy_value(to, from);
        set_null(from);
    }
}

/// Exchanges two values; the `u2` words stay where they are.
///
/// # Safety
/// Both are live zvals.
#[inline]
pub unsafe fn swap(one: *mut Zval, other: *mut Zval) {
    let mut between = scratch();
    // SAFETY: the caller promises two live zvals; each value ends up in one of them.
    unsafe {
        copy_value(&raw mut *between, one);
        copy_value(one, other);
        copy_value(other, &raw const *between);
    }
}

/// Gives up the value of a zval and leaves it undefined. May run destructors, that is, user code.
///
/// # Safety
/// `at` is a live zval.
#[inline]
pub unsafe fn release(at: *mut Zval) {
    // SAFETY: the caller promises a live zval. It is emptied first: user code may see it.
    unsafe {
        if is_refcounted(at) {
            let mut old = scratch();
            copy_value(&raw mut *old, at);
            set_undef(at);
            ffi::zval_ptr_dtor(&raw mut *old);
        } else {
            set_undef(at);
        }
    }
}

/// An undefined zval, for a value to be put into. Dropping it gives the value up.
#[inline]
pub fn empty() -> Zval {
    Zval::new()
}

/// A zval on the stack that does not give its value up when it is dropped.
pub type Scratch = std::mem::ManuallyDrop<Zval>;

/// An undefined [`Scratch`].
#[inline]
pub fn scratch() -> Scratch {
    std::mem::ManuallyDrop::new(empty())
}

/// A value that moved out of its place, to be released later. As a zval, but dropping it does nothing.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawValue {
    value: ffi::zend_value,
    type_info: u32,
}

const _: () = assert!(size_of::<RawValue>() == size_of::<Zval>());

impl RawValue {
    /// null
    pub const NULL: Self = Self { value: ffi::zend_value { lval: 0 }, type_info: NULL };

    /// # Safety
    /// `at` is a live zval, whose count of the value moves here.
    pub unsafe fn of(at: *const Zval) -> Self {
        // SAFETY: the caller promises a live zval.
        unsafe { Self { value: (*at).value, type_info: (*at).u1.type_info } }
    }

    /// Releases the value, once. May run destructors.
    pub fn release(&self) {
        let mut holder = scratch();
        holder.value = self.value;
        holder.u1.type_info = self.type_info;
        // SAFETY: `of` has moved a count of the value here, and each is released once.
        unsafe { release(&raw mut *holder) };
    }
}

/// The value as a string, as `(string)` would make it. May run user code (`__toString`).
///
/// # Safety
/// `at` is a live zval, and stays one while user code runs.
pub unsafe fn to_string(at: *mut Zval) -> Result<Str, Thrown> {
    // SAFETY: the caller promises a live zval. The engine returns a counted string, or null after it has thrown.
    unsafe {
        if kind(at) == STRING {
            return Ok(Str::share(string_of(at)));
        }
        let string = ffi::zval_try_get_string_func(at);
        if string.is_null() { Err(Thrown) } else { Ok(Str::from_owned(string)) }
    }
}

/// Whether the value counts as true. May run user code.
///
/// # Safety
/// `at` is a live zval, and stays one while user code runs.
pub unsafe fn is_true(at: *mut Zval) -> bool {
    #[allow(clippy::useless_conversion, reason = "an int before PHP 8.4, a bool from there on")]
    // SAFETY: the caller promises a live zval.
    unsafe {
        i32::from(ffi::zend_is_true(at)) != 0
    }
}
