//! A few words of the Zend engine, as Rust says them: what the C macros do that bindings cannot
//! carry, and owners that give back what they hold.

use std::ptr;

use ext_php_rs::ffi::{
    self, IS_ARRAY, IS_FALSE, IS_LONG, IS_NULL, IS_REFERENCE, IS_STRING, IS_TRUE, IS_UNDEF, zend_array, zend_object,
    zend_string, zval,
};

/// An exception is pending in the engine; whoever gets this returns to the engine without delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thrown;

/// The executor's globals of this thread.
#[inline]
pub fn executor() -> *mut ffi::zend_executor_globals {
    #[cfg(not(php_zts))]
    {
        &raw mut ffi::executor_globals
    }
    #[cfg(php_zts)]
    {
        // SAFETY: the engine runs on this thread, so its globals exist.
        unsafe { ffi::ext_php_rs_executor_globals() }
    }
}

/// Which fiber runs, or the main program: a number that no other one has as long as it lives.
pub fn fiber() -> usize {
    // SAFETY: the globals are this thread's own.
    unsafe { (*executor()).current_fiber_context.addr() }
}

/// The object of the pending exception, or null.
#[inline]
pub fn exception() -> *mut zend_object {
    // SAFETY: the globals are this thread's own.
    unsafe { (*executor()).exception }
}

/// `Err(Thrown)` if an exception is pending.
#[inline]
pub fn check() -> Result<(), Thrown> {
    if exception().is_null() { Ok(()) } else { Err(Thrown) }
}

/// The message of the pending exception; nothing, where there is none.
pub fn pending_message() -> String {
    let (exception, mut slot) = (exception(), empty());
    if exception.is_null() {
        return String::new();
    }
    // SAFETY: a live object, which is an exception or an error, and whose property runs no user code: it is declared by
    // the one or the other.
    unsafe {
        let class = (*exception).ce;
        let is_exception =
            ptr::eq(class, ffi::zend_ce_exception) || ffi::instanceof_function_slow(class, ffi::zend_ce_exception);
        let scope = if is_exception { ffi::zend_ce_exception } else { ffi::zend_ce_error };
        let message = ffi::zend_read_property(scope, exception, c"message".as_ptr(), 7, true, &raw mut slot);
        if kind(message) != IS_STRING {
            return String::new();
        }
        String::from_utf8_lossy(bytes((*message).value.str_)).into_owned()
    }
}

/// The zval that stands for "no value" (null). Never to be written to.
pub fn uninitialized() -> *mut zval {
    // SAFETY: only the address is taken.
    unsafe { &raw mut (*executor()).uninitialized_zval }
}

/// The zval that stands for "an exception was thrown". Never to be written to.
pub fn error_zval() -> *mut zval {
    // SAFETY: only the address is taken.
    unsafe { &raw mut (*executor()).error_zval }
}

/// The bytes of a string.
///
/// # Safety
/// `string` is valid for as long as the bytes are used.
#[inline]
pub unsafe fn bytes<'a>(string: *const zend_string) -> &'a [u8] {
    // SAFETY: a zend_string holds `len` bytes from `val` on.
    unsafe { std::slice::from_raw_parts((&raw const (*string).val).cast::<u8>(), (*string).len) }
}

/// Changes a byte of a string where it is, if nobody else has that string; so a long one is not there twice.
///
/// # Safety
/// `string` is valid, and has a byte at `offset`; nobody uses its bytes meanwhile.
pub unsafe fn set_byte(string: *mut zend_string, offset: usize, byte: u8) -> bool {
    /// `IS_STR_VALID_UTF8`, since PHP 8.3.
    const VALID_UTF8: u32 = 1 << 9;
    // SAFETY: valid by contract; what the engine knows of the old bytes is forgotten.
    unsafe {
        let is_ours = (*string).gc.refcount == 1 && (*string).gc.u.type_info & INTERNED == 0;
        if is_ours {
            (*string).h = 0;
            (*string).gc.u.type_info &= !VALID_UTF8;
            (&raw mut (*string).val).cast::<u8>().add(offset).write(byte);
        }
        is_ours
    }
}

/// The hash of a string, computed if it is not known yet.
///
/// # Safety
/// `string` is valid.
#[inline]
pub unsafe fn hash(string: *mut zend_string) -> u64 {
    // SAFETY: valid by contract; the function stores the hash in the string.
    unsafe { if (*string).h != 0 { (*string).h } else { ffi::zend_string_hash_func(string) } }
}

/// Flag of strings that live as long as the process or the request, and are not counted.
const INTERNED: u32 = 1 << 6;

/// One more owner of a string.
///
/// # Safety
/// `string` is valid.
#[inline]
pub unsafe fn string_addref(string: *mut zend_string) {
    // SAFETY: valid by contract; the count of an interned string is not touched.
    unsafe {
        if (*string).gc.u.type_info & INTERNED == 0 {
            (*string).gc.refcount += 1;
        }
    }
}

/// A reference to a string, given back on drop.
pub struct Str(*mut zend_string);

impl Str {
    /// A new string.
    pub fn new(bytes: &[u8]) -> Self {
        // SAFETY: the engine copies the bytes; an allocation that fails does not return.
        Self(unsafe { ffi::ext_php_rs_zend_string_init(bytes.as_ptr().cast(), bytes.len(), false) })
    }

    /// Takes over a reference.
    ///
    /// # Safety
    /// `string` is valid, and the caller gives a count away.
    pub unsafe fn from_owned(string: *mut zend_string) -> Self {
        Self(string)
    }

    /// One more reference.
    ///
    /// # Safety
    /// `string` is valid.
    pub unsafe fn share(string: *mut zend_string) -> Self {
        // SAFETY: valid by contract.
        unsafe { string_addref(string) };
        Self(string)
    }

    /// The string, still owned by `self`.
    pub fn as_ptr(&self) -> *mut zend_string {
        self.0
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: valid while `self` holds a reference.
        unsafe { bytes(self.0) }
    }

    /// The string, and the duty to release it.
    pub fn into_raw(self) -> *mut zend_string {
        let string = self.0;
        std::mem::forget(self);
        string
    }
}

impl Clone for Str {
    fn clone(&self) -> Self {
        // SAFETY: valid while `self` holds a reference.
        unsafe { Self::share(self.0) }
    }
}

impl Drop for Str {
    fn drop(&mut self) {
        // SAFETY: `self` owns a reference.
        unsafe { ffi::ext_php_rs_zend_string_release(self.0) };
    }
}

/// Keeps an object alive while code runs that might let go of it.
pub struct Alive(*mut zend_object);

impl Alive {
    /// Holds `object`.
    ///
    /// # Safety
    /// `object` is valid.
    #[inline]
    pub unsafe fn hold(object: *mut zend_object) -> Self {
        // SAFETY: valid by contract.
        unsafe { (*object).gc.refcount += 1 };
        Self(object)
    }

    /// The object, which lives as long as `self`.
    pub fn object(&self) -> *mut zend_object {
        self.0
    }
}

impl Drop for Alive {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `self` owns a reference.
        unsafe { ffi::ext_php_rs_zend_object_release(self.0) };
    }
}

/// An argument of the internal function that runs.
///
/// # Safety
/// It runs, and was given that many.
pub unsafe fn argument(n: usize) -> *mut zval {
    // SAFETY: arguments lie behind the frame.
    unsafe {
        let frame = (*executor()).current_execute_data;
        frame.cast::<zval>().add(size_of::<ffi::zend_execute_data>().div_ceil(size_of::<zval>()) + n)
    }
}

/// Whether a function takes its first argument by reference.
///
/// # Safety
/// `function` is valid.
pub unsafe fn takes_reference(function: *const ffi::zend_function) -> bool {
    // SAFETY: valid by contract; what takes any number of arguments has one more description.
    unsafe {
        let function = &(*function).common;
        let described = function.num_args > 0 || function.fn_flags & ffi::ZEND_ACC_VARIADIC != 0;
        described && (*function.arg_info).type_.type_mask >> ffi::_ZEND_SEND_MODE_SHIFT & 3 != 0
    }
}

/// `IS_LONG` and its kin.
///
/// # Safety
/// `value` is valid.
#[inline]
pub unsafe fn kind(value: *const zval) -> u32 {
    // SAFETY: valid by contract.
    unsafe { u32::from((*value).u1.v.type_) }
}

/// Whether the value counts its owners.
///
/// # Safety
/// `value` is valid.
#[inline]
pub unsafe fn is_refcounted(value: *const zval) -> bool {
    // SAFETY: valid by contract.
    unsafe { (*value).u1.v.type_flags != 0 }
}

/// Makes `to`, whose old content is not looked at, another owner of `from`'s value.
///
/// # Safety
/// Both are valid; `to` may be uninitialised.
#[inline]
pub unsafe fn copy(to: *mut zval, from: *const zval) {
    // SAFETY: valid by contract; the value is counted if its flags say so.
    unsafe {
        copy_value(to, from);
        if is_refcounted(from) {
            (*(*from).value.counted).gc.refcount += 1;
        }
    }
}

/// Moves the value, leaving `from` as it is: one of the two must be forgotten.
///
/// # Safety
/// Both are valid; `to` may be uninitialised.
#[inline]
pub unsafe fn copy_value(to: *mut zval, from: *const zval) {
    // SAFETY: valid by contract. `u2` belongs to the slot, not to the value.
    unsafe {
        (*to).value = (*from).value;
        (*to).u1.type_info = (*from).u1.type_info;
    }
}

/// Exchanges two values; what else their slots hold (an array's slot: where its hash chain goes on)
/// stays where it is.
///
/// # Safety
/// Both are valid.
#[inline]
pub unsafe fn swap(one: *mut zval, other: *mut zval) {
    let mut between = std::mem::ManuallyDrop::new(empty());
    // SAFETY: valid by contract; each value ends up in one slot.
    unsafe {
        copy_value(&raw mut *between, one);
        copy_value(one, other);
        copy_value(other, &raw const *between);
    }
}

/// Looks through a PHP reference.
///
/// # Safety
/// `value` is valid.
#[inline]
pub unsafe fn deref(value: *mut zval) -> *mut zval {
    // SAFETY: valid by contract.
    unsafe { if kind(value) == IS_REFERENCE { &raw mut (*(*value).value.ref_).val } else { value } }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident = $kind:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `to` is valid for writing; its old content is not looked at.
        #[inline]
        pub unsafe fn $name(to: *mut zval) {
            // SAFETY: valid by contract.
            unsafe { (*to).u1.type_info = $kind };
        }
    )*};
}

setters! {
    /// Nothing at all.
    set_undef = IS_UNDEF;
    /// null
    set_null = IS_NULL;
}

/// true or false
///
/// # Safety
/// `to` is valid for writing; its old content is not looked at.
#[inline]
pub unsafe fn set_bool(to: *mut zval, value: bool) {
    // SAFETY: valid by contract.
    unsafe { (*to).u1.type_info = if value { IS_TRUE } else { IS_FALSE } };
}

/// An int.
///
/// # Safety
/// `to` is valid for writing; its old content is not looked at.
#[inline]
pub unsafe fn set_long(to: *mut zval, value: i64) {
    // SAFETY: valid by contract.
    unsafe {
        (*to).value.lval = value;
        (*to).u1.type_info = IS_LONG;
    }
}

/// A string, whose reference moves into `to`.
///
/// # Safety
/// `to` is valid for writing; its old content is not looked at.
pub unsafe fn set_string(to: *mut zval, string: Str) {
    let string = string.into_raw();
    // SAFETY: valid by contract.
    unsafe {
        let interned = (*string).gc.u.type_info & INTERNED != 0;
        (*to).value.str_ = string;
        (*to).u1.type_info = if interned { ffi::IS_INTERNED_STRING_EX } else { ffi::IS_STRING_EX };
    }
}

/// An array, whose reference moves into `to`.
///
/// # Safety
/// Both are valid, and the caller gives a count of `array` away; `to`'s old content is not looked at.
pub unsafe fn set_array(to: *mut zval, array: *mut zend_array) {
    // SAFETY: valid by contract.
    unsafe {
        let immutable = (*array).gc.u.type_info & ffi::GC_IMMUTABLE != 0;
        (*to).value.arr = array;
        (*to).u1.type_info = if immutable { IS_ARRAY } else { ffi::IS_ARRAY_EX };
    }
}

/// An object; counts one more owner.
///
/// # Safety
/// Both are valid; `to`'s old content is not looked at.
pub unsafe fn set_object_copy(to: *mut zval, object: *mut zend_object) {
    // SAFETY: valid by contract.
    unsafe {
        (*object).gc.refcount += 1;
        (*to).value.obj = object;
        (*to).u1.type_info = ffi::IS_OBJECT_EX;
    }
}

/// Gives up a value and leaves nothing.
///
/// # Safety
/// `value` is valid and initialised.
#[inline]
pub unsafe fn release(value: *mut zval) {
    // SAFETY: valid by contract. The slot is emptied first: freeing may run code that sees it.
    unsafe {
        if is_refcounted(value) {
            let mut old = std::mem::ManuallyDrop::new(empty());
            copy_value(&raw mut *old, value);
            set_undef(value);
            ffi::zval_ptr_dtor(&raw mut *old);
        } else {
            set_undef(value);
        }
    }
}

/// An empty zval, for a value to be put into. Dropping it gives the value up.
#[inline]
pub fn empty() -> zval {
    zval::new()
}

/// The value as a string, as `(string)` would make it.
///
/// # Safety
/// `value` is valid and stays so while user code (`__toString`) may run.
pub unsafe fn to_string(value: *mut zval) -> Result<Str, Thrown> {
    // SAFETY: valid by contract; the engine returns a counted string, or null after throwing.
    unsafe {
        if kind(value) == IS_STRING {
            return Ok(Str::share((*value).value.str_));
        }
        let string = ffi::zval_try_get_string_func(value);
        if string.is_null() { Err(Thrown) } else { Ok(Str::from_owned(string)) }
    }
}

/// Whether the value counts as true. May run user code.
///
/// # Safety
/// `value` is valid.
pub unsafe fn is_true(value: *mut zval) -> bool {
    // SAFETY: valid by contract.
    #[allow(clippy::useless_conversion, reason = "an int before PHP 8.4, a bool from there on")]
    unsafe {
        i32::from(ffi::zend_is_true(value)) != 0
    }
}

/// Every entry of an array, in order: its key (a string, or else an int) and its value.
///
/// # Safety
/// `array` is valid, and neither freed nor changed while the iterator lives.
pub unsafe fn entries(array: *const zend_array) -> impl Iterator<Item = (*mut zend_string, u64, *mut zval)> {
    // SAFETY: valid by contract. PHP 8.2 keeps packed arrays as bare zvals, others as buckets.
    unsafe {
        let used = (*array).nNumUsed as usize;
        let packed = is_packed(array);
        (0..used).filter_map(move |i| {
            let (key, index, value) = if packed {
                (ptr::null_mut(), i as u64, packed_slots(array).add(i))
            } else {
                let bucket = (*array).__bindgen_anon_1.arData.add(i);
                ((*bucket).key, (*bucket).h, &raw mut (*bucket).val)
            };
            (kind(value) != IS_UNDEF).then_some((key, index, value))
        })
    }
}

/// Whether the array is a packed one.
///
/// # Safety
/// `array` is valid.
#[inline]
pub unsafe fn is_packed(array: *const zend_array) -> bool {
    const HASH_FLAG_PACKED: u32 = 1 << 2;
    // SAFETY: valid by contract.
    unsafe { (*array).u.flags & HASH_FLAG_PACKED != 0 }
}

/// # Safety
/// `array` is a valid packed array.
unsafe fn packed_slots(array: *const zend_array) -> *mut zval {
    // SAFETY: valid by contract.
    unsafe { (*array).__bindgen_anon_1.arPacked }
}
