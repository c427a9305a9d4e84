//! Immutable copies of plain values, in memory that outlives requests.
//!
//! The engine takes them for the literals of a compiled script: nothing counts their owners, and whoever changes one
//! makes a copy first. A string is interned, but never permanent (`IS_STR_PERMANENT`): code that keeps a string beyond the
//! request copies it then, as it does with the request's own interned strings. Nothing in a copy points out of it.

use std::mem::offset_of;
use std::ptr;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::arrays::is_packed;
use super::strings::hash;
use super::types::{
    ARRAY, DOUBLE, FALSE, GC_IMMUTABLE, GC_NOT_COLLECTABLE, HashTable, LONG, NULL, STRING, TRUE, UNDEF, zend_string,
};
use super::zvals::{array_of, copy_value, kind, set_empty_array, string_of};

/// Flag of what does not lie in a request's memory.
const GC_PERSISTENT: u32 = 1 << 7;
const IMMUTABLE: u32 = GC_IMMUTABLE | GC_NOT_COLLECTABLE | GC_PERSISTENT;

const HASH_FLAG_PACKED: u32 = 1 << 2;
/// Flag of arrays without keys that are counted.
const HASH_FLAG_STATIC_KEYS: u32 = 1 << 4;

/// The bytes that an immutable copy of a value takes; 0 for a value that needs none. `None`: more than `limit`, or there is
/// something else in it than scalars, strings and arrays.
///
/// # Safety
/// `value` is alive, and no deeper than the stack can bear.
pub unsafe fn immutable_size(value: *const Zval, limit: usize) -> Option<usize> {
    // SAFETY: the caller promises a live value, whose elements live as well.
    unsafe {
        let size = match kind(value) {
            UNDEF | NULL | FALSE | TRUE | LONG | DOUBLE => return Some(0),
            STRING => string_size(string_of(value)),
            ARRAY if (*array_of(value)).nNumOfElements == 0 => return Some(0),
            ARRAY => {
                let table = array_of(value);
                let mut size = size_of::<HashTable>() + hash_size(table) + places_size(table);
                for place in 0..(*table).nNumUsed as usize {
                    let (element, key) = place_of(table, place);
                    if !key.is_null() {
                        size += string_size(key);
                    }
                    size += immutable_size(element, limit.checked_sub(size)?)?;
                }
                size
            }
            _ => return None,
        };
        (size <= limit).then_some(size)
    }
}

/// Writes an immutable copy of a value to `block`, and makes `into` that copy.
///
/// # Safety
/// `value` is alive; `block` is aligned to 8 bytes, and has as many as [`immutable_size`] says. `into` is writable, owns
/// nothing, and its copy is used no longer than the block stays.
pub unsafe fn set_immutable(into: *mut Zval, value: *const Zval, block: *mut u8) {
    // SAFETY: as the caller promises; `Writer` takes no more than was said.
    unsafe { Writer { next: block }.value(into, value) }
}

/// As `zend_string_alloc` reckons: a header, the bytes, a NUL, to a multiple of 8.
///
/// # Safety
/// `string` is alive.
unsafe fn string_size(string: *const zend_string) -> usize {
    // SAFETY: the caller promises a live string.
    unsafe { (offset_of!(zend_string, val) + (*string).len + 1).next_multiple_of(8) }
}

/// The bytes of the heads of chains, which lie before the first place.
///
/// # Safety
/// `table` is alive, and has been initialised.
unsafe fn hash_size(table: *const HashTable) -> usize {
    // SAFETY: the caller promises a live array. The mask is minus their number.
    unsafe { (*table).nTableMask.wrapping_neg() as usize * size_of::<u32>() }
}

/// The bytes of the places in use.
///
/// # Safety
/// `table` is alive.
unsafe fn places_size(table: *const HashTable) -> usize {
    // SAFETY: the caller promises a live array.
    unsafe {
        let place = if is_packed(table) { size_of::<Zval>() } else { size_of::<ffi::Bucket>() };
        (*table).nNumUsed as usize * place
    }
}

/// The value in a place, and its key, or null.
///
/// # Safety
/// `table` is alive, and has that place.
unsafe fn place_of(table: *const HashTable, place: usize) -> (*mut Zval, *mut zend_string) {
    // SAFETY: the caller promises the place; packed tables have bare zvals, others buckets.
    unsafe {
        if is_packed(table) {
            return ((*table).__bindgen_anon_1.arPacked.add(place), ptr::null_mut());
        }
        let bucket = (*table).__bindgen_anon_1.arData.add(place);
        (&raw mut (*bucket).val, (*bucket).key)
    }
}

/// Writes to a block from its start on.
struct Writer {
    next: *mut u8,
}

impl Writer {
    fn take<T>(&mut self, size: usize) -> *mut T {
        let at = self.next;
        // SAFETY: `set_immutable` was promised a block that is large enough.
        self.next = unsafe { at.add(size) };
        at.cast()
    }

    /// # Safety
    /// As for [`set_immutable`].
    unsafe fn value(&mut self, into: *mut Zval, value: *const Zval) {
        // SAFETY: as the caller promises.
        unsafe {
            match kind(value) {
                STRING => {
                    (*into).value.str_ = self.string(string_of(value));
                    (*into).u1.type_info = STRING;
                }
                ARRAY if (*array_of(value)).nNumOfElements == 0 => set_empty_array(into),
                ARRAY => {
                    (*into).value.arr = self.array(array_of(value));
                    (*into).u1.type_info = ARRAY;
                }
                _ => copy_value(into, value),
            }
        }
    }

    /// # Safety
    /// `string` is alive, and was counted in.
    unsafe fn string(&mut self, string: *mut zend_string) -> *mut zend_string {
        // SAFETY: the caller promises a live string; the block has room for it.
        unsafe {
            let copy: *mut zend_string = self.take(string_size(string));
            ptr::copy_nonoverlapping(string.cast::<u8>(), copy.cast(), offset_of!(zend_string, val) + (*string).len);
            (&raw mut (*copy).val).cast::<u8>().add((*string).len).write(0);
            (*copy).gc.refcount = 2;
            (*copy).gc.u.type_info = STRING | IMMUTABLE;
            // Interned strings have theirs.
            (*copy).h = hash(string);
            copy
        }
    }

    /// # Safety
    /// `array` is alive, not empty, and was counted in.
    unsafe fn array(&mut self, array: *const HashTable) -> *mut HashTable {
        // SAFETY: the caller promises a live array; the block has room for it. All that is copied is written over where it
        // points out of the block.
        unsafe {
            let copy: *mut HashTable = self.take(size_of::<HashTable>());
            ptr::copy_nonoverlapping(array, copy, 1);
            (*copy).gc.refcount = 2;
            (*copy).gc.u.type_info = ARRAY | IMMUTABLE;
            (*copy).u.flags = ((*array).u.flags & HASH_FLAG_PACKED) | HASH_FLAG_STATIC_KEYS;
            (*copy).nInternalPointer = 0;
            let (hashes, places) = (hash_size(array), places_size(array));
            let data: *mut u8 = self.take(hashes + places);
            let from = (*array).__bindgen_anon_1.arData.cast::<u8>().sub(hashes);
            ptr::copy_nonoverlapping(from, data, hashes + places);
            (*copy).__bindgen_anon_1.arData = data.add(hashes).cast();
            for place in 0..(*array).nNumUsed as usize {
                let (element, key) = place_of(array, place);
                let (element_copy, _) = place_of(copy, place);
                self.value(element_copy, element);
                if !key.is_null() {
                    (*(*copy).__bindgen_anon_1.arData.add(place)).key = self.string(key);
                }
            }
            copy
        }
    }
}
