//! Zvals: what they are, what they own, and how they come by it.

use std::ptr;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::*;

const INDIRECT: u8 = 12;
const GC_INFO_MASK: u32 = 0xffff_fc00;

/// The type byte of a zval.
///
/// # Safety
/// `at` points to a zval.
#[inline(always)]
pub unsafe fn type_of(at: *const Zval) -> u8 {
    // SAFETY: the caller's promise; both views of the union are plain integers.
    unsafe { (*at).u1.v.type_ }
}

/// Follows an `IS_INDIRECT` zval, as property tables hold for declared properties.
///
/// # Safety
/// `at` points to a zval.
#[inline(always)]
pub unsafe fn follow_indirect(at: *mut Zval) -> *mut Zval {
    // SAFETY: an indirect zval's value is a pointer to a zval.
    unsafe { if type_of(at) == INDIRECT { (*at).value.zv } else { at } }
}

/// The payload of a string, array, object or reference zval. One function for each, so that the
/// type that was checked is read off the call.
///
/// # Safety
/// `at` points to a zval of that type.
#[inline(always)]
pub unsafe fn string_of(at: *const Zval) -> *mut zend_string {
    // SAFETY: the caller's promise.
    unsafe { (*at).value.str_ }
}
/// See [`string_of`].
///
/// # Safety
/// `at` points to an array.
#[inline(always)]
pub unsafe fn array_of(at: *const Zval) -> *mut HashTable {
    // SAFETY: the caller's promise.
    unsafe { (*at).value.arr }
}
/// See [`string_of`].
///
/// # Safety
/// `at` points to an object.
#[inline(always)]
pub unsafe fn object_of(at: *const Zval) -> *mut zend_object {
    // SAFETY: the caller's promise.
    unsafe { (*at).value.obj }
}
/// See [`string_of`].
///
/// # Safety
/// `at` points to a reference.
#[inline(always)]
pub unsafe fn reference_of(at: *const Zval) -> *mut ZendReference {
    // SAFETY: the caller's promise.
    unsafe { (*at).value.ref_.cast() }
}

/// Makes `at` a null, false or true. The `u2` word is left alone: in property slots it holds flags.
///
/// # Safety
/// `at` points to writable memory for a zval whose old value nobody owns any more.
#[inline(always)]
pub unsafe fn set_simple(at: *mut Zval, kind: u8) {
    // SAFETY: the caller's promise.
    unsafe { (*at).u1.type_info = u32::from(kind) }
}

/// Makes `at` an int. See [`set_simple`].
///
/// # Safety
/// As for [`set_simple`].
#[inline(always)]
pub unsafe fn set_long(at: *mut Zval, value: i64) {
    // SAFETY: the caller's promise.
    unsafe {
        (*at).value.lval = value;
        (*at).u1.type_info = u32::from(LONG);
    }
}

/// Makes `at` a float. See [`set_simple`].
///
/// # Safety
/// As for [`set_simple`].
#[inline(always)]
pub unsafe fn set_double(at: *mut Zval, value: f64) {
    // SAFETY: the caller's promise.
    unsafe {
        (*at).value.dval = value;
        (*at).u1.type_info = u32::from(DOUBLE);
    }
}

/// Makes `at` a string with these bytes. The empty string and single bytes are the engine's own.
///
/// # Safety
/// As for [`set_simple`].
#[inline]
pub unsafe fn set_string(at: *mut Zval, bytes: &[u8]) {
    // SAFETY: a new string, or an interned one, whose flags say which.
    unsafe {
        let string = new_string(bytes);
        (*at).value.str_ = string;
        (*at).u1.type_info = if is_interned(string) { ffi::IS_INTERNED_STRING_EX } else { ffi::IS_STRING_EX };
    }
}

/// Makes `at` an empty array: the engine's immutable one.
///
/// # Safety
/// As for [`set_simple`].
pub unsafe fn set_empty_array(at: *mut Zval) {
    // SAFETY: the engine's constant is never written, whatever the pointer's type says.
    unsafe {
        (*at).value.arr = (&raw const ffi::zend_empty_array).cast_mut();
        (*at).u1.type_info = u32::from(ARRAY);
    }
}

/// Makes `at` the owner of `array`.
///
/// # Safety
/// As for [`set_simple`]; the caller gives away its count of `array`, which is not immutable.
pub unsafe fn set_array(at: *mut Zval, array: *mut HashTable) {
    // SAFETY: the caller's promise.
    unsafe {
        (*at).value.arr = array;
        (*at).u1.type_info = ffi::IS_ARRAY_EX;
    }
}

/// Makes `at` another owner of `object`.
///
/// # Safety
/// As for [`set_simple`]; `object` is alive.
pub unsafe fn set_object_copy(at: *mut Zval, object: *mut zend_object) {
    // SAFETY: the caller's promise.
    unsafe {
        (*object).gc.refcount += 1;
        (*at).value.obj = object;
        (*at).u1.type_info = ffi::IS_OBJECT_EX;
    }
}

/// Makes `to` a copy of `from`: another owner of what it points to. Leaves `to`'s `u2` alone.
///
/// # Safety
/// `from` is a live zval; `to` as for [`set_simple`].
pub unsafe fn copy(to: *mut Zval, from: *const Zval) {
    // SAFETY: a zval with type flags points to something counted.
    unsafe {
        (*to).value = (*from).value;
        (*to).u1.type_info = (*from).u1.type_info;
        if (*from).u1.v.type_flags != 0 {
            (*(*from).value.ref_.cast::<ZendReference>()).gc.refcount += 1;
        }
    }
}

/// Moves the value of `from` into `to`, leaving `from` null.
///
/// # Safety
/// As for [`copy`].
pub unsafe fn take(to: *mut Zval, from: *mut Zval) {
    // SAFETY: the caller's promise.
    unsafe {
        (*to).value = (*from).value;
        (*to).u1.type_info = (*from).u1.type_info;
        set_simple(from, NULL);
    }
}

/// True if the zval owns a count of something.
///
/// # Safety
/// `at` points to a zval.
#[inline(always)]
pub unsafe fn is_counted(at: *const Zval) -> bool {
    // SAFETY: the caller's promise.
    unsafe { (*at).u1.v.type_flags != 0 }
}

/// Gives up what a zval owns. May run destructors, that is, user code.
///
/// # Safety
/// `at` is a live zval, and is not used again before it is written.
pub unsafe fn release(at: *mut Zval) {
    // SAFETY: the caller's promise.
    unsafe { ffi::zval_ptr_dtor(at) }
}

/// A value that moved out of its place, to be let go of later. As a zval, but for who lets go of it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawValue {
    value: ffi::zend_value,
    type_info: u32,
}

const _: () = assert!(size_of::<RawValue>() == size_of::<Zval>());

impl RawValue {
    /// # Safety
    /// `at` is a live zval, whose count of the value moves here.
    pub unsafe fn of(at: *const Zval) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self { value: (*at).value, type_info: (*at).u1.type_info } }
    }

    /// Lets go of the value, once. May run destructors.
    pub fn release(&self) {
        let mut holder = scratch();
        holder.value = self.value;
        holder.u1.type_info = self.type_info;
        // SAFETY: the count that `of` moved here.
        unsafe { release(&raw mut *holder) };
    }
}

/// A zval on the stack, without a value yet. `ext-php-rs`'s `Zval` would run `zval_ptr_dtor` when
/// dropped; wrapped so, it does not, and a `longjmp` past it loses nothing either.
pub type Scratch = std::mem::ManuallyDrop<Zval>;

/// An undefined [`Scratch`].
pub fn scratch() -> Scratch {
    std::mem::ManuallyDrop::new(Zval::new())
}

/// Turns the value at `at` into a reference to it, if it is none yet.
///
/// # Safety
/// `at` is a live zval in a place that may hold a reference.
pub unsafe fn make_reference(at: *mut Zval) -> *mut ZendReference {
    // SAFETY: the new reference owns the value from here on, and `at` owns the reference.
    unsafe {
        if type_of(at) == REFERENCE {
            return reference_of(at);
        }
        let layout = std::alloc::Layout::new::<ZendReference>();
        let reference = ext_php_rs::alloc::emalloc(layout).cast::<ZendReference>();
        (*reference).gc.refcount = 1;
        (*reference).gc.u.type_info = u32::from(REFERENCE) | GC_NOT_COLLECTABLE;
        (*reference).val.value = (*at).value;
        (*reference).val.u1.type_info = (*at).u1.type_info;
        (*reference).sources.ptr = ptr::null_mut();
        (*at).value.ref_ = reference.cast();
        (*at).u1.type_info = ffi::IS_REFERENCE_EX;
        reference
    }
}

/// If `at` is a reference, replaces it by what it refers to.
///
/// # Safety
/// `at` is a live zval.
pub unsafe fn unwrap_reference(at: *mut Zval) {
    // SAFETY: the value is copied, with a count of its own, before the reference is given up.
    unsafe {
        if type_of(at) == REFERENCE {
            let mut reference = scratch();
            let reference = &raw mut *reference;
            take(reference, at);
            copy(at, &raw const (*reference_of(reference)).val);
            release(reference);
        }
    }
}

/// Tells the cycle collector to look at a value that nothing else may ever decrement.
///
/// # Safety
/// `at` is a live zval.
pub unsafe fn possible_root(at: *mut Zval) {
    // SAFETY: arrays and objects are what can be part of a cycle.
    unsafe {
        if is_counted(at) && matches!(type_of(at), ARRAY | OBJECT) {
            let counted = (*at).value.counted;
            if (*counted).gc.u.type_info & (GC_INFO_MASK | GC_NOT_COLLECTABLE) == 0 {
                ffi::gc_possible_root(counted);
            }
        }
    }
}
