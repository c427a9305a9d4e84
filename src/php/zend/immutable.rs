//! Immutable copies of plain values, in memory that outlives requests.
//!
//! The engine takes them for the literals of a compiled script: nothing counts their owners, and whoever changes one
//! makes a copy first. A string is interned, but never permanent (`IS_STR_PERMANENT`): code that keeps a string beyond the
//! request copies it then, as it does with the request's own interned strings. Nothing in a copy points out of it.

use std::cell::Cell;
use std::mem::offset_of;
use std::ptr::{self, NonNull};

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::arrays::{HASH_FLAG_PACKED, is_packed};
use super::strings::{bytes, hash};
use super::types::{
    ARRAY, DOUBLE, FALSE, GC_IMMUTABLE, GC_NOT_COLLECTABLE, HashTable, LONG, NULL, STRING, TRUE, UNDEF, zend_string,
};
use super::zvals::{array_of, copy_value, kind, set_empty_array, string_of};

/// Flag of what does not lie in a request's memory.
const GC_PERSISTENT: u32 = 1 << 7;
const IMMUTABLE: u32 = GC_IMMUTABLE | GC_NOT_COLLECTABLE | GC_PERSISTENT;

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
    // SAFETY: the caller promises a block as long as the copy takes, a live value, and a writable `into`.
    unsafe { Room::new(block).copy(into, value) }
}

/// The bytes of an immutable string of this length, as `zend_string_alloc` reckons: a header, the bytes, a NUL, to a multiple of 8.
pub const fn immutable_string_size(length: usize) -> usize {
    (offset_of!(zend_string, val) + length + 1).next_multiple_of(8)
}

/// The bytes of an immutable list of so many elements, without what these need.
pub const fn immutable_list_size(count: usize) -> usize {
    size_of::<HashTable>() + LIST_HEADS * size_of::<u32>() + count * size_of::<Zval>()
}

/// The bytes of an immutable array of so many elements under keys, without what these need.
pub const fn immutable_map_size(count: usize) -> usize {
    size_of::<HashTable>() + 2 * table_size(count) * size_of::<u32>() + count * size_of::<ffi::Bucket>()
}

/// Heads of chains that a list has, though it has no chains.
const LIST_HEADS: usize = 2;

/// The places for which the engine allocates an array of so many elements.
const fn table_size(count: usize) -> usize {
    if count <= 8 { 8 } else { count.next_power_of_two() }
}

/// # Safety
/// `string` is alive.
unsafe fn string_size(string: *const zend_string) -> usize {
    // SAFETY: the caller promises a live string.
    immutable_string_size(unsafe { (*string).len })
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

/// Whether two keys with the same hash are the same: the string keys, null for ints.
///
/// # Safety
/// Both are alive, or null.
unsafe fn is_same_key(a: *const zend_string, b: *const zend_string) -> bool {
    if a.is_null() || b.is_null() {
        return a.is_null() && b.is_null();
    }
    // SAFETY: the caller promises live strings.
    unsafe { bytes(a) == bytes(b) }
}

/// A key of an immutable array.
#[derive(Clone, Copy)]
pub enum NewKey<'a> {
    Int(i64),
    /// A string of its own.
    Bytes(&'a [u8]),
    /// An immutable string that other arrays have as well.
    Shared(NonNull<zend_string>),
}

/// The engine's hash of a string of these bytes.
pub fn hash_of(bytes: &[u8]) -> u64 {
    // SAFETY: so many bytes are read.
    unsafe { ffi::zend_hash_func(bytes.as_ptr().cast(), bytes.len()) }
}

/// The part of a block that nothing was written to yet.
pub struct Room {
    next: Cell<*mut u8>,
}

impl Room {
    /// # Safety
    /// `block` is aligned to 8 bytes. No more is written to it than it has room for, by the functions above that reckon sizes.
    pub unsafe fn new(block: *mut u8) -> Self {
        Self { next: Cell::new(block) }
    }

    fn take<T>(&self, size: usize) -> *mut T {
        let at = self.next.get();
        // SAFETY: `new` was promised a block that is large enough.
        self.next.set(unsafe { at.add(size) });
        at.cast()
    }

    /// Makes `into` an immutable string of these bytes.
    ///
    /// # Safety
    /// `into` is writable, and owns nothing.
    pub unsafe fn set_string(&self, into: *mut Zval, bytes: &[u8]) {
        // SAFETY: the caller promises a writable `into` that owns nothing; `new` was promised room for the string.
        unsafe {
            (*into).value.str_ = self.string_of(bytes, hash_of(bytes)).as_ptr();
            (*into).u1.type_info = STRING;
        }
    }

    /// An immutable string of these bytes, with this hash, which is theirs.
    ///
    /// # Safety
    /// There is room for it.
    pub unsafe fn string_of(&self, bytes: &[u8], hash: u64) -> NonNull<zend_string> {
        // SAFETY: `new` was promised room for it; the NUL byte lies before the end that the string's size has.
        unsafe {
            let string: *mut zend_string = self.take(immutable_string_size(bytes.len()));
            (*string).gc.refcount = 2;
            (*string).gc.u.type_info = STRING | IMMUTABLE;
            (*string).len = bytes.len();
            let to = (&raw mut (*string).val).cast::<u8>();
            if bytes.len() < sync_short::LIMIT {
                sync_short::copy(bytes, to);
            } else {
                ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
            }
            to.add(bytes.len()).write(0);
            (*string).h = hash;
            NonNull::new_unchecked(string)
        }
    }

    /// Makes `into` an immutable array of so many elements, of which there are none yet, or, if it `is_list`, all, undefined.
    ///
    /// # Safety
    /// As for [`set_string`](Self::set_string).
    unsafe fn set_array(&self, into: *mut Zval, count: usize, is_list: bool) -> *mut HashTable {
        let heads = if is_list { LIST_HEADS } else { 2 * table_size(count) };
        // SAFETY: the caller promises a writable `into` that owns nothing, and writes the elements of a list; `new` was promised room for all of it.
        unsafe {
            let table: *mut HashTable = self.take(size_of::<HashTable>());
            let place = if is_list { size_of::<Zval>() } else { size_of::<ffi::Bucket>() };
            let data: *mut u32 = self.take(heads * size_of::<u32>() + count * place);
            ptr::write_bytes(data, 0xFF, heads);
            (*table).gc.refcount = 2;
            (*table).gc.u.type_info = ARRAY | IMMUTABLE;
            (*table).u.flags = if is_list { HASH_FLAG_PACKED } else { 0 } | HASH_FLAG_STATIC_KEYS;
            (*table).nTableMask = (heads as u32).wrapping_neg();
            (*table).__bindgen_anon_1.arData = data.add(heads).cast();
            (*table).nNumUsed = if is_list { count as u32 } else { 0 };
            (*table).nNumOfElements = (*table).nNumUsed;
            (*table).nTableSize = table_size(count) as u32;
            (*table).nInternalPointer = 0;
            // (As in any array that the engine makes; its constant that is the empty one has another number in some releases.)
            (*table).nNextFreeElement = if is_list { count as i64 } else { i64::MIN };
            (*table).pDestructor = Some(ffi::zval_ptr_dtor);
            (*into).value.arr = table;
            (*into).u1.type_info = ARRAY;
            table
        }
    }

    /// Makes `into` an immutable list of so many elements, which are to be written: the first of them.
    ///
    /// # Safety
    /// As for [`set_string`](Self::set_string); there are fewer than [`MAX_ELEMENTS`](super::MAX_ELEMENTS), and one at least.
    pub unsafe fn set_list(&self, into: *mut Zval, count: usize) -> *mut Zval {
        // SAFETY: the caller promises a writable `into`, and a number of elements for which there is room.
        unsafe { (*self.set_array(into, count, true)).__bindgen_anon_1.arPacked }
    }

    /// Makes `into` an immutable array with room for so many elements under keys, which are to be added.
    ///
    /// # Safety
    /// As for [`set_list`](Self::set_list).
    pub unsafe fn set_map(&self, into: *mut Zval, count: usize) -> *mut HashTable {
        // SAFETY: the caller promises a writable `into`, and a number of elements for which there is room.
        unsafe { self.set_array(into, count, false) }
    }

    /// The place for the value under a new key; `None` if the key is there already.
    ///
    /// # Safety
    /// `table` was made by [`set_map`](Self::set_map), with room for one more.
    pub unsafe fn add(&self, table: *mut HashTable, key: NewKey) -> Option<*mut Zval> {
        let string = match key {
            NewKey::Int(_) => ptr::null_mut(),
            // SAFETY: the caller promises room for it.
            NewKey::Bytes(bytes) => unsafe { self.string_of(bytes, hash_of(bytes)).as_ptr() },
            NewKey::Shared(string) => string.as_ptr(),
        };
        // SAFETY: just made, or alive.
        let hash = if let NewKey::Int(index) = key { index as u64 } else { unsafe { (*string).h } };
        // SAFETY: the caller promises room for one more. The heads lie before the places, by negative indices, of which the mask is
        // the lowest; chains lead from place to place.
        unsafe {
            let places = (*table).__bindgen_anon_1.arData;
            let head = places.cast::<u32>().offset((hash as u32 | (*table).nTableMask) as i32 as isize);
            let mut next = *head;
            while next != u32::MAX {
                let place = places.add(next as usize);
                if (*place).h == hash && is_same_key((*place).key, string) {
                    return None;
                }
                next = (*place).val.u2.next;
            }
            let place = places.add((*table).nNumUsed as usize);
            (*place).h = hash;
            (*place).key = string;
            (*place).val.u2.next = *head;
            *head = (*table).nNumUsed;
            (*table).nNumUsed += 1;
            (*table).nNumOfElements += 1;
            if let NewKey::Int(index) = key {
                (*table).nNextFreeElement = (*table).nNextFreeElement.max(index.saturating_add(1));
            }
            Some(&raw mut (*place).val)
        }
    }

    /// Makes `into` an immutable copy of a value.
    ///
    /// # Safety
    /// As for [`set_immutable`].
    unsafe fn copy(&self, into: *mut Zval, value: *const Zval) {
        // SAFETY: the caller promises a live value, which is of the kind that it says, a writable `into`, and room for the copy.
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
    unsafe fn string(&self, string: *mut zend_string) -> *mut zend_string {
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
    unsafe fn array(&self, array: *const HashTable) -> *mut HashTable {
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
                self.copy(element_copy, element);
                if !key.is_null() {
                    (*(*copy).__bindgen_anon_1.arData.add(place)).key = self.string(key);
                }
            }
            copy
        }
    }
}
