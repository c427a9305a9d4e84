//! The edge to the Zend engine: the handful of macros and functions of its C API that the mapping
//! needs and `ext-php-rs` does not bind. Nothing here knows about MessagePack.
//!
//! Everything that allocates goes through Zend's allocator, and nothing relies on `Drop`: the
//! engine may leave any of its functions by `longjmp`, and then the end of the request frees it.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;
use std::slice;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

pub use ext_php_rs::ffi::{
    Bucket, HashTable, zend_class_constant, zend_class_entry, zend_function, zend_object, zend_property_info,
    zend_serialize_data, zend_string, zend_unserialize_data,
};

/// The body of a PHP reference; not among the types that `ext-php-rs` exports under their C name.
pub type ZendReference = ffi::_zend_reference;

// Types and flags of a zval (Zend/zend_types.h), in the width in which `u1.type_info` holds them.
pub const UNDEF: u8 = 0;
pub const NULL: u8 = 1;
pub const FALSE: u8 = 2;
pub const TRUE: u8 = 3;
pub const LONG: u8 = 4;
pub const DOUBLE: u8 = 5;
pub const STRING: u8 = 6;
pub const ARRAY: u8 = 7;
pub const OBJECT: u8 = 8;
pub const REFERENCE: u8 = 10;
const INDIRECT: u8 = 12;

const GC_NOT_COLLECTABLE: u32 = 1 << 4;
const GC_IMMUTABLE: u32 = 1 << 6;
const GC_INFO_MASK: u32 = 0xffff_fc00;
const OBJ_DESTRUCTOR_CALLED: u32 = 1 << 8;
const HASH_FLAG_PACKED: u32 = 1 << 2;

/// `ZEND_ACC_*` of a class, where `ext-php-rs` has no name for it.
pub const ACC_ALLOW_DYNAMIC_PROPERTIES: u32 = 1 << 15;
/// `ZEND_CLASS_CONST_IS_CASE`, as kept in the `u2` of a class constant's value.
const CLASS_CONST_IS_CASE: u32 = 1 << 6;

/// The most elements an array may be asked to hold at once: far below the engine's own limit, at
/// which it ends the process with a fatal error.
pub const MAX_ELEMENTS: usize = 1 << 28;

const PURPOSE_SERIALIZE: u32 = 2;

unsafe extern "C" {
    fn zend_hash_real_init_mixed(table: *mut HashTable);
    fn zend_hash_real_init_packed(table: *mut HashTable);
    fn zend_hash_extend(table: *mut HashTable, size: u32, packed: bool);
    fn zend_hash_lookup(table: *mut HashTable, key: *mut zend_string) -> *mut Zval;
    fn zend_hash_index_lookup(table: *mut HashTable, index: u64) -> *mut Zval;
    fn zend_hash_destroy(table: *mut HashTable);
    fn _zend_hash_init(
        table: *mut HashTable,
        size: u32,
        destructor: Option<unsafe extern "C" fn(*mut Zval)>,
        persistent: bool,
    );
    fn _zend_handle_numeric_str_ex(key: *const c_char, len: usize, index: *mut u64) -> bool;
    fn zend_get_properties_for(object: *mut Zval, purpose: u32) -> *mut HashTable;
    fn object_init_ex(into: *mut Zval, class: *mut zend_class_entry) -> c_int;
    fn zend_verify_prop_assignable_by_ref(info: *mut zend_property_info, value: *mut Zval, strict: bool) -> bool;
    fn zend_ref_add_type_source(sources: *mut ffi::zend_property_info_source_list, info: *mut zend_property_info);
    fn zend_ref_del_type_source(sources: *mut ffi::zend_property_info_source_list, info: *mut zend_property_info);
    fn zend_is_valid_class_name(name: *mut zend_string) -> bool;
    fn zend_unmangle_property_name_ex(
        name: *const zend_string,
        class: *mut *const c_char,
        property: *mut *const c_char,
        property_len: *mut usize,
    ) -> c_int;
    fn zend_mangle_property_name(
        class: *const c_char,
        class_len: usize,
        property: *const c_char,
        property_len: usize,
        persistent: bool,
    ) -> *mut zend_string;
    fn zend_get_class_constant_ex(
        class: *mut zend_string,
        constant: *mut zend_string,
        scope: *mut zend_class_entry,
        flags: u32,
    ) -> *mut Zval;
    fn zend_string_tolower_ex(string: *mut zend_string, persistent: bool) -> *mut zend_string;
    fn zend_ini_long(name: *const c_char, len: usize, orig: c_int) -> i64;
    fn zval_get_string_func(value: *mut Zval) -> *mut zend_string;
    fn zend_error(level: c_int, format: *const c_char, ...);
    fn zend_type_error(format: *const c_char, ...);
    fn php_var_serialize_init() -> *mut zend_serialize_data;
    fn php_var_serialize_destroy(data: *mut zend_serialize_data);
    fn php_var_unserialize_init() -> *mut zend_unserialize_data;
    fn php_var_unserialize_destroy(data: *mut zend_unserialize_data);
    fn php_store_class_name(object: *mut Zval, name: *mut zend_string);
    fn php_lookup_class_name(object: *mut zend_object) -> *mut zend_string;

    static zend_string_init_existing_interned:
        unsafe extern "C" fn(bytes: *const c_char, len: usize, persistent: bool) -> *mut zend_string;
    static php_ce_incomplete_class: *mut zend_class_entry;
}

// ---- zvals ----------------------------------------------------------------------------------

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

/// A value that moved out of its place, to be let go of later.
#[derive(Clone, Copy)]
pub struct RawValue {
    value: ffi::zend_value,
    type_info: u32,
}

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

// ---- strings --------------------------------------------------------------------------------

/// The bytes of a string.
///
/// # Safety
/// `string` is alive for as long as the result is used, and is not changed meanwhile.
#[inline(always)]
pub unsafe fn bytes<'a>(string: *const zend_string) -> &'a [u8] {
    // SAFETY: the caller's promise; `val` is the first of `len` bytes.
    unsafe { slice::from_raw_parts((&raw const (*string).val).cast(), (*string).len) }
}

#[inline(always)]
unsafe fn is_interned(string: *const zend_string) -> bool {
    // SAFETY: called with a live string.
    unsafe { (*string).gc.u.type_info & GC_IMMUTABLE != 0 }
}

/// A new string with these bytes; the caller owns one count of it.
#[inline]
pub fn new_string(bytes: &[u8]) -> *mut zend_string {
    if bytes.len() < 2 {
        // The empty string and single bytes are interned.
        // SAFETY: the pointer and length of a slice.
        return unsafe { ffi::ext_php_rs_zend_string_init(bytes.as_ptr().cast(), bytes.len(), false) };
    }
    let string = allocate_string(bytes.len());
    // SAFETY: there is room for the bytes.
    unsafe {
        let to = (&raw mut (*string).val).cast::<u8>();
        if bytes.len() < 32 {
            super::short::copy(bytes, to);
        } else {
            ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
        }
        string
    }
}

/// A string of this length, whose bytes are still to be written.
#[inline]
fn allocate_string(len: usize) -> *mut zend_string {
    // As `zend_string_alloc` does: a header, the bytes, a NUL, to a multiple of 8.
    const HEADER: usize = std::mem::offset_of!(zend_string, val);
    let size = (HEADER + len + 1).next_multiple_of(8);
    let layout = std::alloc::Layout::from_size_align(size, 8).expect("longer than the address space");
    // SAFETY: Zend's allocator returns memory of that size, or does not return.
    unsafe {
        let string = ext_php_rs::alloc::emalloc(layout).cast::<zend_string>();
        (*string).gc.refcount = 1;
        (*string).gc.u.type_info = u32::from(STRING) | GC_NOT_COLLECTABLE;
        (*string).h = 0;
        (*string).len = len;
        (&raw mut (*string).val).cast::<u8>().add(len).write(0);
        string
    }
}

/// Makes `at` a string of this length (two or more) and returns the place for its bytes, to be
/// filled before anybody sees the string.
///
/// # Safety
/// As for [`set_simple`]; the place lives as long as the string does.
pub unsafe fn set_unwritten_string<'s>(at: *mut Zval, len: usize) -> &'s mut [std::mem::MaybeUninit<u8>] {
    // SAFETY: a new string, with room for `len` bytes.
    unsafe {
        let string = allocate_string(len);
        (*at).value.str_ = string;
        (*at).u1.type_info = ffi::IS_STRING_EX;
        slice::from_raw_parts_mut((&raw mut (*string).val).cast(), len)
    }
}

/// A string with these bytes, the interned one where there is one; the caller owns one count.
#[inline]
pub fn key_string(bytes: &[u8]) -> *mut zend_string {
    // SAFETY: the pointer and length of a slice; the engine sets the function before any request.
    unsafe { zend_string_init_existing_interned(bytes.as_ptr().cast(), bytes.len(), false) }
}

/// Gives up a count of a string.
///
/// # Safety
/// The caller owns it.
#[inline]
pub unsafe fn release_string(string: *mut zend_string) {
    // SAFETY: the caller's promise.
    unsafe {
        if !is_interned(string) {
            if (*string).gc.refcount > 1 {
                (*string).gc.refcount -= 1;
            } else {
                ffi::ext_php_rs_zend_string_release(string);
            }
        }
    }
}

/// The string in lower case; the caller owns one count of it.
///
/// # Safety
/// `string` is alive.
pub unsafe fn lower_case(string: *mut zend_string) -> *mut zend_string {
    // SAFETY: the caller's promise.
    unsafe { zend_string_tolower_ex(string, false) }
}

/// The integer that PHP makes of such an array key: `"12"` is 12, `"012"` and `"1.5"` stay strings.
#[inline]
pub fn numeric_key(key: &[u8]) -> Option<i64> {
    let starts_like_a_number = match key {
        [first, ..] if first.is_ascii_digit() => true,
        [b'-', second, ..] => second.is_ascii_digit(),
        _ => false,
    };
    if !starts_like_a_number || key.len() > 20 {
        return None;
    }
    // The engine's parser reads up to a NUL byte, which a slice of the input does not have.
    let mut text = [0_u8; 21];
    text[..key.len()].copy_from_slice(key);
    let mut index = 0;
    // SAFETY: a NUL-terminated copy and its length.
    unsafe { _zend_handle_numeric_str_ex(text.as_ptr().cast(), key.len(), &raw mut index) }.then_some(index as i64)
}

// ---- arrays ---------------------------------------------------------------------------------

/// A key of an array.
#[derive(Clone, Copy)]
pub enum Key {
    Int(i64),
    /// Owned by the array.
    String(*mut zend_string),
}

/// The used places of an array, in order. The array must not change meanwhile: hold a count of it
/// where user code may run, so that whoever changes it changes a copy.
pub struct Elements {
    /// Bare zvals of packed arrays, buckets of others.
    places: *mut u8,
    packed: bool,
    next: u32,
    end: u32,
}

impl Elements {
    /// # Safety
    /// `table` stays alive and as it is for as long as the iterator is used.
    #[inline]
    pub unsafe fn of(table: *const HashTable) -> Self {
        // SAFETY: the caller's promise.
        unsafe {
            Self {
                places: (*table).__bindgen_anon_1.arPacked.cast(),
                packed: is_packed(table),
                next: 0,
                end: (*table).nNumUsed,
            }
        }
    }
}

impl Iterator for Elements {
    type Item = (Key, *mut Zval);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: `of` was promised that the places stay, and those below `nNumUsed` are
        // initialised.
        unsafe {
            while self.next < self.end {
                let place = self.next as usize;
                self.next += 1;
                let (key, at) = if self.packed {
                    (Key::Int(place as i64), self.places.cast::<Zval>().add(place))
                } else {
                    let bucket = self.places.cast::<Bucket>().add(place);
                    let key = (*bucket).key;
                    let key = if key.is_null() { Key::Int((*bucket).h as i64) } else { Key::String(key) };
                    (key, follow_indirect(&raw mut (*bucket).val))
                };
                if type_of(at) != UNDEF {
                    return Some((key, at));
                }
            }
            None
        }
    }
}

/// True if the array has no keys stored: its places are its keys.
///
/// # Safety
/// `table` is alive.
#[inline(always)]
pub unsafe fn is_packed(table: *const HashTable) -> bool {
    // SAFETY: the caller's promise.
    unsafe { (*table).u.flags & HASH_FLAG_PACKED != 0 }
}

/// True if the array's keys are 0, 1, 2 … in this order.
///
/// # Safety
/// `table` is alive.
#[inline]
pub unsafe fn is_list(table: *const HashTable) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        if is_packed(table) && (*table).nNumUsed == (*table).nNumOfElements {
            return true;
        }
        Elements::of(table).enumerate().all(|(i, (key, _))| matches!(key, Key::Int(k) if k == i as i64))
    }
}

/// How many elements the array has, not counting declared properties without a value.
///
/// # Safety
/// `table` is alive.
#[inline]
pub unsafe fn count(table: *const HashTable) -> usize {
    // SAFETY: the caller's promise; the function does not write.
    unsafe { ffi::zend_array_count(table.cast_mut()) as usize }
}

/// A new array with room for `size` elements with keys of any kind, whose places stay where they
/// are until more are added. The caller owns it.
pub fn new_map(size: usize) -> *mut HashTable {
    debug_assert!(size <= MAX_ELEMENTS);
    // SAFETY: a new array, initialised once.
    unsafe {
        let table = ffi::_zend_new_array(size as u32);
        zend_hash_real_init_mixed(table);
        table
    }
}

/// A new array of `size` nulls with the keys 0, 1, 2 …, and its first place. The caller owns it.
pub fn new_list(size: usize) -> (*mut HashTable, *mut Zval) {
    debug_assert!(size <= MAX_ELEMENTS);
    // SAFETY: a new array with room for so many, initialised once.
    unsafe {
        let table = ffi::_zend_new_array(size as u32);
        zend_hash_real_init_packed(table);
        let first = (*table).__bindgen_anon_1.arPacked;
        for place in 0..size {
            set_simple(first.add(place), NULL);
        }
        (*table).nNumUsed = size as u32;
        (*table).nNumOfElements = size as u32;
        (*table).nNextFreeElement = size as i64;
        (table, first)
    }
}

/// The place of a key; a new one holds null. What a string key looks like does not matter here.
///
/// # Safety
/// `table` is alive and has one owner.
#[inline]
pub unsafe fn place_of_string(table: *mut HashTable, key: *mut zend_string) -> *mut Zval {
    // SAFETY: the caller's promise.
    unsafe { zend_hash_lookup(table, key) }
}

/// As [`place_of_string`], for an integer key.
///
/// # Safety
/// `table` is alive and has one owner.
#[inline]
pub unsafe fn place_of_int(table: *mut HashTable, key: i64) -> *mut Zval {
    // SAFETY: the caller's promise.
    unsafe { zend_hash_index_lookup(table, key as u64) }
}

/// The value under a string key, or null.
///
/// # Safety
/// `table` and `key` are alive.
pub unsafe fn find(table: *const HashTable, key: *mut zend_string) -> *mut Zval {
    // SAFETY: the caller's promise.
    unsafe { ffi::zend_hash_find(table, key) }
}

/// Adds a copy of a value under a new key. False if the key is there already.
///
/// # Safety
/// All are alive; `table` has one owner.
pub unsafe fn add(table: *mut HashTable, key: *mut zend_string, value: *mut Zval) -> bool {
    // SAFETY: the caller's promise. The table takes over the count that the copy owns.
    unsafe {
        let place = ffi::zend_hash_add(table, key, value);
        if !place.is_null() {
            copy(place, value);
        }
        !place.is_null()
    }
}

/// Makes room for `more` elements, so that adding them moves nothing.
///
/// # Safety
/// `table` is alive and has one owner.
pub unsafe fn reserve(table: *mut HashTable, more: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let size = (*table).nNumUsed as usize + more;
        debug_assert!(size <= 2 * MAX_ELEMENTS);
        zend_hash_extend(table, size as u32, is_packed(table));
    }
}

/// Takes another count of an array; immutable ones have none.
///
/// # Safety
/// `table` is alive.
#[inline]
pub unsafe fn hold_array(table: *mut HashTable) {
    // SAFETY: the caller's promise.
    unsafe {
        if (*table).gc.u.type_info & GC_IMMUTABLE == 0 {
            (*table).gc.refcount += 1;
        }
    }
}

/// Gives up a count of an array. May run destructors.
///
/// # Safety
/// The caller owns it.
#[inline]
pub unsafe fn release_array(table: *mut HashTable) {
    // SAFETY: the caller's promise.
    unsafe {
        if (*table).gc.u.type_info & GC_IMMUTABLE == 0 {
            (*table).gc.refcount -= 1;
            if (*table).gc.refcount == 0 {
                ffi::zend_array_destroy(table);
            }
        }
    }
}

/// A hash table for bookkeeping, on the stack. Owns its values if `owning`.
pub fn new_table(owning: bool) -> HashTable {
    let mut table = std::mem::MaybeUninit::<HashTable>::uninit();
    let destructor: Option<unsafe extern "C" fn(*mut Zval)> = if owning { Some(ffi::zval_ptr_dtor) } else { None };
    // SAFETY: the engine initialises every field. An empty table holds no pointer into itself, so
    // it may be moved.
    unsafe {
        _zend_hash_init(table.as_mut_ptr(), 8, destructor, false);
        table.assume_init()
    }
}

/// Frees what a table from [`new_table`] holds. May run destructors.
///
/// # Safety
/// The table is not used again.
pub unsafe fn destroy_table(table: *mut HashTable) {
    // SAFETY: the caller's promise.
    unsafe { zend_hash_destroy(table) }
}

// ---- objects and classes --------------------------------------------------------------------

/// The name of a class.
///
/// # Safety
/// `class` is a class of this request.
pub unsafe fn class_name<'a>(class: *const zend_class_entry) -> &'a [u8] {
    // SAFETY: a class owns its name.
    unsafe { bytes((*class).name) }
}

/// The name of a class as a C string: classes that can be written have no NUL byte in it.
///
/// # Safety
/// As for [`class_name`].
pub unsafe fn class_name_c<'a>(class: *const zend_class_entry) -> &'a CStr {
    // SAFETY: a zend_string ends in a NUL byte.
    unsafe { CStr::from_ptr((&raw const (*(*class).name).val).cast()) }
}

/// The class whose objects stand for those of classes that are not there.
pub fn incomplete_class() -> *mut zend_class_entry {
    // SAFETY: set at module startup, constant from then on.
    unsafe { php_ce_incomplete_class }
}

/// The class name that an object of [`incomplete_class`] remembers; the caller owns one count of
/// it. Null if it was made by other means and has none.
///
/// # Safety
/// `object` is alive.
pub unsafe fn remembered_class_name(object: *mut zend_object) -> *mut zend_string {
    // SAFETY: the caller's promise.
    unsafe { php_lookup_class_name(object) }
}

/// Makes an object of [`incomplete_class`] remember a class name.
///
/// # Safety
/// `at` is such an object; `name` is alive.
pub unsafe fn remember_class_name(at: *mut Zval, name: *mut zend_string) {
    // SAFETY: the caller's promise.
    unsafe { php_store_class_name(at, name) }
}

/// Makes a new object at `at`. False if the class forbids it; then an exception is pending.
///
/// # Safety
/// As for [`set_simple`]; `class` is a class of this request.
#[inline]
pub unsafe fn new_object(at: *mut Zval, class: *mut zend_class_entry) -> bool {
    // SAFETY: the caller's promise.
    unsafe { object_init_ex(at, class) == 0 }
}

/// Keeps the object's destructor from ever running.
///
/// # Safety
/// `object` is alive.
pub unsafe fn forbid_destructor(object: *mut zend_object) {
    // SAFETY: the caller's promise.
    unsafe { (*object).gc.u.type_info |= OBJ_DESTRUCTOR_CALLED }
}

/// True if the object's properties are as the engine keeps them by default, so that its slots can
/// be read and written directly.
///
/// # Safety
/// `object` is alive.
#[inline]
pub unsafe fn has_standard_properties(object: *const zend_object) -> bool {
    // SAFETY: every object has handlers.
    unsafe {
        let handlers = &*(*object).handlers;
        handlers.get_properties_for.is_none()
            && handlers
                .get_properties
                .is_some_and(|f| ptr::fn_addr_eq(f, ffi::zend_std_get_properties as unsafe extern "C" fn(_) -> _))
    }
}

/// The declared properties of a class, in slot order; null where a slot has none.
///
/// # Safety
/// `class` is a class of this request.
#[inline]
pub unsafe fn declared<'a>(class: *const zend_class_entry) -> &'a [*mut zend_property_info] {
    // SAFETY: the table has that many entries, and lives as long as the class.
    unsafe {
        let count = (*class).default_properties_count as usize;
        if count == 0 { &[] } else { slice::from_raw_parts((*class).properties_info_table.cast(), count) }
    }
}

/// The slot of the object's `index`-th declared property.
///
/// # Safety
/// `object` is alive; its class declares so many.
#[inline(always)]
pub unsafe fn slot(object: *mut zend_object, index: usize) -> *mut Zval {
    // SAFETY: the caller's promise.
    unsafe { (&raw mut (*object).properties_table).cast::<Zval>().add(index) }
}

/// The declaration of a property, if it has a type.
///
/// # Safety
/// `info` is null or a declaration of a class of this request.
#[inline]
pub unsafe fn typed(info: *mut zend_property_info) -> *mut zend_property_info {
    // ZEND_TYPE_IS_SET: any bit of the mask that is not one of the internal flags above it.
    const TYPE_MASK: u32 = (1 << 25) - 1;
    // SAFETY: the caller's promise.
    unsafe { if !info.is_null() && (*info).type_.type_mask & TYPE_MASK != 0 { info } else { ptr::null_mut() } }
}

/// True if a value may be assigned to a typed property, else a TypeError is pending.
///
/// # Safety
/// Both are alive.
#[inline]
pub unsafe fn is_assignable(info: *mut zend_property_info, value: *mut Zval) -> bool {
    // SAFETY: the caller's promise. The bit of a plain type in the mask is its number.
    unsafe {
        let kind = type_of(value);
        kind != REFERENCE && (*info).type_.type_mask & (1 << kind) != 0
            || zend_verify_prop_assignable_by_ref(info, value, true)
    }
}

/// Registers that a reference is bound to a typed property.
///
/// # Safety
/// Both are alive.
pub unsafe fn add_type_source(reference: *mut ZendReference, info: *mut zend_property_info) {
    // SAFETY: the caller's promise.
    unsafe { zend_ref_add_type_source(&raw mut (*reference).sources, info) }
}

/// Takes back [`add_type_source`].
///
/// # Safety
/// Both are alive, and so registered.
pub unsafe fn remove_type_source(reference: *mut ZendReference, info: *mut zend_property_info) {
    // SAFETY: the caller's promise.
    unsafe { zend_ref_del_type_source(&raw mut (*reference).sources, info) }
}

/// The properties that `serialize` would write; give them back with [`release_array`]. Null if the
/// class has none to give. May run user code.
///
/// # Safety
/// `object` is a live object zval.
pub unsafe fn properties_to_serialize(object: *mut Zval) -> *mut HashTable {
    // SAFETY: the caller's promise.
    unsafe { zend_get_properties_for(object, PURPOSE_SERIALIZE) }
}

/// The table of an object's properties, made if there is none yet.
///
/// # Safety
/// `object` is alive.
pub unsafe fn property_table(object: *mut zend_object) -> *mut HashTable {
    // SAFETY: every class has this handler.
    unsafe {
        match (*(*object).handlers).get_properties {
            Some(get) => get(object),
            None => ptr::null_mut(),
        }
    }
}

/// The two parts of a mangled property name: the class (`None`: public; `*`: protected) and the
/// name proper. `None` if it is not a possible name.
///
/// # Safety
/// `name` is alive for as long as the result is used.
#[allow(clippy::type_complexity)]
pub unsafe fn unmangle<'a>(name: *const zend_string) -> Option<(Option<&'a CStr>, &'a [u8])> {
    let (mut class, mut property, mut len) = (ptr::null(), ptr::null(), 0);
    // SAFETY: on success both point into the name, which is NUL-terminated, as is the class part.
    unsafe {
        if zend_unmangle_property_name_ex(name, &raw mut class, &raw mut property, &raw mut len) != 0 {
            return None;
        }
        let class = if class.is_null() { None } else { Some(CStr::from_ptr(class)) };
        Some((class, slice::from_raw_parts(property.cast(), len)))
    }
}

/// The mangled name of a private (`class` is its class) or protected (`*`) property; the caller
/// owns it.
///
/// # Safety
/// `property` is alive.
pub unsafe fn mangle(class: &CStr, property: *const zend_string) -> *mut zend_string {
    // SAFETY: the engine copies the NUL bytes behind both parts too, so both have to have one.
    unsafe {
        let (property, len) = ((&raw const (*property).val).cast(), (*property).len);
        zend_mangle_property_name(class.as_ptr(), class.count_bytes(), property, len, false)
    }
}

/// True if the string could be the name of a class.
///
/// # Safety
/// `name` is alive.
pub unsafe fn is_valid_class_name(name: *mut zend_string) -> bool {
    // SAFETY: the caller's promise.
    unsafe { zend_is_valid_class_name(name) }
}

/// Finds a class by its name, autoloading it: may run user code. Null if there is none; then an
/// exception may be pending. `lower` is the name in lower case.
///
/// # Safety
/// Both names are alive.
pub unsafe fn lookup_class(name: *mut zend_string, lower: *mut zend_string) -> *mut zend_class_entry {
    // SAFETY: the caller's promise.
    unsafe { ffi::zend_lookup_class_ex(name, lower, 0) }
}

/// The case of an enum, or `None` if it has none of that name or an exception is pending.
///
/// # Safety
/// `class` is an enum of this request; `case` is alive.
pub unsafe fn enum_case(class: *mut zend_class_entry, case: *mut zend_string) -> Option<*mut zend_object> {
    // SAFETY: the constants table holds pointers to class constants. That of the class itself
    // suffices to tell cases from other constants; the value comes from the engine, which
    // evaluates it first where need be.
    unsafe {
        let entry = ffi::zend_hash_find(&raw const (*class).constants_table, case);
        if entry.is_null() {
            return None;
        }
        let constant = (*entry).value.ptr.cast::<zend_class_constant>();
        if (*constant).value.u2.constant_flags & CLASS_CONST_IS_CASE == 0 {
            return None;
        }
        let value = zend_get_class_constant_ex((*class).name, case, class, 0);
        if value.is_null() || type_of(value) != OBJECT { None } else { Some(object_of(value)) }
    }
}

/// A method of a class by its lower-case name, or null.
///
/// # Safety
/// `class` is a class of this request.
pub unsafe fn method(class: *mut zend_class_entry, lower_case_name: &str) -> *mut zend_function {
    // SAFETY: the function table holds pointers to functions.
    unsafe {
        let name = lower_case_name;
        let entry = ffi::zend_hash_str_find(&raw const (*class).function_table, name.as_ptr().cast(), name.len());
        if entry.is_null() { ptr::null_mut() } else { (*entry).value.func }
    }
}

/// Calls a method with one argument or none. The result is at `into`, undefined if an exception is
/// pending.
///
/// # Safety
/// `object` is alive and of a class that has the method; `into` is writable; `argument` is null or
/// a live zval.
pub unsafe fn call_method(object: *mut zend_object, method: *mut zend_function, into: *mut Zval, argument: *mut Zval) {
    // SAFETY: the caller's promise.
    unsafe {
        set_simple(into, UNDEF);
        let arguments = u32::from(!argument.is_null());
        ffi::zend_call_known_function(method, object, (*object).ce, into, arguments, argument, ptr::null_mut());
    }
}

/// The engine's own bookkeeping, which the `serialize` handler of a class expects; for the length of
/// one call, since meanwhile every `serialize()` that user code calls shares it.
pub fn begin_serialize() -> *mut zend_serialize_data {
    // SAFETY: no precondition.
    unsafe { php_var_serialize_init() }
}

/// The end of [`begin_serialize`].
///
/// # Safety
/// `data` is from there, and not used again.
pub unsafe fn end_serialize(data: *mut zend_serialize_data) {
    // SAFETY: the caller's promise.
    unsafe { php_var_serialize_destroy(data) }
}

/// As [`begin_serialize`], for the `unserialize` handler.
pub fn begin_unserialize() -> *mut zend_unserialize_data {
    // SAFETY: no precondition.
    unsafe { php_var_unserialize_init() }
}

/// The end of [`begin_unserialize`]. Runs the `__wakeup`s that it put off.
///
/// # Safety
/// As for [`end_serialize`].
pub unsafe fn end_unserialize(data: *mut zend_unserialize_data) {
    // SAFETY: the caller's promise.
    unsafe { php_var_unserialize_destroy(data) }
}

// ---- errors and settings --------------------------------------------------------------------

/// True if an exception is pending.
#[inline]
pub fn exception_pending() -> bool {
    // SAFETY: the executor globals of this thread.
    unsafe { !(*ffi::ext_php_rs_executor_globals()).exception.is_null() }
}

/// An int from the ini settings, as it is now.
pub fn ini_long(name: &str) -> i64 {
    // SAFETY: pointer and length of a string.
    unsafe { zend_ini_long(name.as_ptr().cast(), name.len(), 0) }
}

/// The size of a fiber's stack in bytes, as new fibers get it.
pub fn fiber_stack_size() -> usize {
    // SAFETY: the executor globals of this thread.
    unsafe { (*ffi::ext_php_rs_executor_globals()).fiber_stack_size as usize }
}

/// The setting `unserialize_callback_func`, if it names a function.
pub fn unserialize_callback<'a>() -> Option<&'a CStr> {
    // SAFETY: the core globals of this thread; the setting is null or a C string.
    unsafe {
        let name = (*ffi::ext_php_rs_process_globals()).unserialize_callback_func;
        if name.is_null() || *name == 0 { None } else { Some(CStr::from_ptr(name)) }
    }
}

/// Calls a function by its name with one string.
///
/// # Safety
/// `argument` is alive.
pub unsafe fn call_function(name: &CStr, argument: *mut zend_string) {
    let (mut function, mut result, mut parameter) = (scratch(), scratch(), scratch());
    // SAFETY: the name is a string of our own; the argument is held during the call.
    unsafe {
        set_string(&raw mut *function, name.to_bytes());
        parameter.value.str_ = argument;
        parameter.u1.type_info = if is_interned(argument) { ffi::IS_INTERNED_STRING_EX } else { ffi::IS_STRING_EX };
        ffi::_call_user_function_impl(
            ptr::null_mut(),
            &raw mut *function,
            &raw mut *result,
            1,
            &raw mut *parameter,
            ptr::null_mut(),
        );
        release(&raw mut *result);
        release(&raw mut *function);
    }
}

/// The string a value converts to; the caller owns one count of it. May run user code.
///
/// # Safety
/// `at` is a live zval.
pub unsafe fn to_string(at: *mut Zval) -> *mut zend_string {
    // SAFETY: the caller's promise.
    unsafe { zval_get_string_func(at) }
}

/// Throws an `Exception`; `%s` in `format` is the name.
pub fn throw_exception(format: &CStr, name: &[u8]) {
    // SAFETY: a format with one `%s` and a C string.
    with_c_string(name, |name| unsafe {
        ffi::zend_throw_exception_ex(ptr::null_mut(), 0, format.as_ptr(), name);
    });
}

/// Throws a `TypeError`; as [`throw_exception`].
pub fn throw_type_error(format: &CStr, name: &[u8]) {
    // SAFETY: a format with one `%s` and a C string.
    with_c_string(name, |name| unsafe { zend_type_error(format.as_ptr(), name) });
}

/// Throws an `Error`; two `%s` in `format` are the names.
pub fn throw_error(format: &CStr, first: &[u8], second: &[u8]) {
    with_c_string(first, |first| {
        // SAFETY: a format with two `%s` and two C strings.
        with_c_string(second, |second| unsafe {
            ffi::zend_throw_error(ptr::null_mut(), format.as_ptr(), first, second);
        });
    });
}

/// Raises an E_WARNING, E_NOTICE or E_DEPRECATED; up to two `%s` in `format` are the names. May run
/// the user's error handler.
pub fn raise(level: u32, format: &CStr, first: &[u8], second: &[u8]) {
    with_c_string(first, |first| {
        // SAFETY: a format with at most two `%s` and two C strings.
        with_c_string(second, |second| unsafe { zend_error(level as c_int, format.as_ptr(), first, second) });
    });
}

/// Calls `f` with a NUL-terminated copy, from Zend's allocator: `f` may not return.
fn with_c_string(bytes: &[u8], f: impl FnOnce(*const c_char)) {
    let string = self::new_string(bytes);
    // SAFETY: a zend_string ends in a NUL byte; it is ours.
    unsafe {
        f((&raw const (*string).val).cast());
        release_string(string);
    }
}
