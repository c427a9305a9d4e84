//! Arrays: iterating, creating and looking up.

use std::cell::UnsafeCell;
use std::marker::PhantomData;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::counted::{Counted, Held};
use super::strings::{Str, ZStr};
use super::types::{GC_IMMUTABLE, HashTable, LONG, UNDEF, zend_string};
use super::zvals::{copy, follow_indirect, kind, set_null};

/// Flag of arrays that are lists of values without keys.
pub(super) const HASH_FLAG_PACKED: u32 = 1 << 2;

/// The most elements an array may be asked to hold at once: far below the engine's own limit, at
/// which it ends the process with a fatal error.
pub const MAX_ELEMENTS: usize = 1 << 28;

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
}

/// A key of an array, which owns the string.
#[derive(Clone, Copy)]
pub enum Key<'a> {
    Int(i64),
    String(&'a ZStr),
}

impl Key<'_> {
    /// The key as a string: an int in decimal digits.
    pub fn text(self) -> Str {
        match self {
            Self::Int(index) => Str::new(index.to_string().as_bytes()),
            Self::String(name) => Str::of(name),
        }
    }
}

/// The used places of an array, in order. Hold a count of the array where user code may run, so that a change is made
/// to a copy. Some internal classes change the table of their properties in place all the same: so each step starts
/// from the state of the table at that time.
pub struct Elements<'a> {
    table: *const HashTable,
    next: u32,
    lives: PhantomData<&'a Array>,
}

impl<'a> Elements<'a> {
    /// # Safety
    /// `table` stays alive for as long as the iterator is used; an element is used before anything can change the
    /// table.
    #[inline]
    pub unsafe fn of(table: *const HashTable) -> Self {
        Self { table, next: 0, lives: PhantomData }
    }

    /// The next element, if it is an int in an array without stored keys; else nothing happens.
    #[inline(always)]
    pub fn next_int(&mut self) -> Option<i64> {
        // SAFETY: as in `next_stored`.
        unsafe {
            if self.next < (*self.table).nNumUsed && is_packed(self.table) {
                let at = (*self.table).__bindgen_anon_1.arPacked.add(self.next as usize);
                if kind(at) == LONG {
                    self.next += 1;
                    return Some((*at).value.lval);
                }
            }
            None
        }
    }

    /// The next element as it is stored: `IS_INDIRECT` where the table only points to a declared property.
    #[inline(always)]
    pub fn next_stored(&mut self) -> Option<(Key<'a>, *mut Zval)> {
        // SAFETY: `of` was promised that the table lives. Places below `nNumUsed` are initialised; packed tables have
        // bare zvals, others buckets.
        unsafe {
            while self.next < (*self.table).nNumUsed {
                let place = self.next as usize;
                self.next += 1;
                let (key, at) = if is_packed(self.table) {
                    (Key::Int(place as i64), (*self.table).__bindgen_anon_1.arPacked.add(place))
                } else {
                    let bucket = (*self.table).__bindgen_anon_1.arData.add(place);
                    let key = (*bucket).key;
                    let key =
                        if key.is_null() { Key::Int((*bucket).h as i64) } else { Key::String(ZStr::from_ptr(key)) };
                    (key, &raw mut (*bucket).val)
                };
                if kind(at) != UNDEF {
                    return Some((key, at));
                }
            }
            None
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = (Key<'a>, *mut Zval);

    /// The next element that has a value; declared properties without one are left out.
    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (key, stored) = self.next_stored()?;
            // SAFETY: the table lives, and packed ones have no indirect elements.
            let at = if unsafe { is_packed(self.table) } { stored } else { unsafe { follow_indirect(stored) } };
            // SAFETY: `at` is a place of the table, or one that the engine keeps a pointer to in it.
            if at == stored || unsafe { kind(at) } != UNDEF {
                return Some((key, at));
            }
        }
    }
}

/// True if the array has no keys stored: its places are its keys.
///
/// # Safety
/// `table` is alive.
#[inline(always)]
pub unsafe fn is_packed(table: *const HashTable) -> bool {
    // SAFETY: the caller promises a live array.
    unsafe { (*table).u.flags & HASH_FLAG_PACKED != 0 }
}

/// True if the array's keys are 0, 1, 2 … in this order.
///
/// # Safety
/// `table` is alive.
#[inline]
pub unsafe fn is_list(table: *const HashTable) -> bool {
    // SAFETY: the caller promises a live array, which does not change meanwhile.
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
    // SAFETY: the caller promises a live table, and the function does not write.
    unsafe { ffi::zend_array_count(table.cast_mut()) as usize }
}

/// A new array with room for `size` elements with keys of any kind, whose places stay where they
/// are until more are added. The caller owns it.
pub fn new_map(size: usize) -> *mut HashTable {
    debug_assert!(size <= MAX_ELEMENTS);
    // SAFETY: the engine returns a new array, which is initialised once.
    unsafe {
        let table = ffi::_zend_new_array(size as u32);
        zend_hash_real_init_mixed(table);
        table
    }
}

/// A new array of `size` nulls with the keys 0, 1, 2 …, and its first place. The caller owns it.
pub fn new_list(size: usize) -> (*mut HashTable, *mut Zval) {
    debug_assert!(size <= MAX_ELEMENTS);
    // SAFETY: the engine returns a new array, which is initialised once, with room for so many.
    unsafe {
        let table = ffi::_zend_new_array(size as u32);
        zend_hash_real_init_packed(table);
        let first = (*table).__bindgen_anon_1.arPacked;
        for place in 0..size {
            set_null(first.add(place));
        }
        (*table).nNumUsed = size as u32;
        (*table).nNumOfElements = size as u32;
        (*table).nNextFreeElement = size as i64;
        (table, first)
    }
}

/// The place of a key; a new one holds null. A string that looks like a number is a string key here, all the same.
///
/// # Safety
/// `table` is alive and has one owner.
#[inline]
pub unsafe fn place_of_string(table: *mut HashTable, key: *mut zend_string) -> *mut Zval {
    // SAFETY: the caller promises a live array with one owner, and a live key.
    unsafe { zend_hash_lookup(table, key) }
}

/// As [`place_of_string`], for an integer key.
///
/// # Safety
/// `table` is alive and has one owner.
#[inline]
pub unsafe fn place_of_int(table: *mut HashTable, key: i64) -> *mut Zval {
    // SAFETY: the caller promises a live array with one owner.
    unsafe { zend_hash_index_lookup(table, key as u64) }
}

/// The value under a string key, or null.
///
/// # Safety
/// `table` and `key` are alive.
pub unsafe fn find(table: *const HashTable, key: *mut zend_string) -> *mut Zval {
    // SAFETY: the caller promises that both are alive.
    unsafe { ffi::zend_hash_find(table, key) }
}

/// Adds a copy of a value under a new key. False if the key is there already.
///
/// # Safety
/// All are alive; `table` has one owner.
pub unsafe fn add(table: *mut HashTable, key: *mut zend_string, value: *mut Zval) -> bool {
    // SAFETY: the caller promises that all are alive. The table takes over the count that the copy owns.
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
    // SAFETY: the caller promises a live array with one owner.
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
    // SAFETY: the caller promises a live array.
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
    // SAFETY: the caller owns a count, so the array is alive until here.
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

/// Frees the contents of a table from [`new_table`]. May run destructors.
///
/// # Safety
/// The table is not used again.
pub unsafe fn destroy_table(table: *mut HashTable) {
    // SAFETY: the caller promises that the table is not used again.
    unsafe { zend_hash_destroy(table) }
}

/// An array, behind a reference: it lives for as long as the reference.
#[repr(transparent)]
pub struct Array(UnsafeCell<HashTable>);

// SAFETY: transparent over the cell; the engine counts arrays that are not immutable.
unsafe impl Counted for Array {
    type Raw = HashTable;

    #[inline]
    unsafe fn hold(raw: *mut HashTable) {
        // SAFETY: the caller promises a live array.
        unsafe { hold_array(raw) };
    }

    #[inline]
    unsafe fn release(raw: *mut HashTable) {
        // SAFETY: the caller promises that it owns a count.
        unsafe { release_array(raw) };
    }
}

impl Array {
    /// # Safety
    /// `table` is alive for `'a`, and is not changed while something that it holds is in use.
    #[inline]
    pub unsafe fn from_ptr<'a>(table: *const HashTable) -> &'a Self {
        // SAFETY: transparent; the caller promises a live array.
        unsafe { &*table.cast() }
    }

    /// The engine's structure.
    #[inline]
    pub fn as_ptr(&self) -> *mut HashTable {
        self.0.get()
    }

    /// An array without elements, which is never changed.
    pub fn empty() -> &'static Self {
        // SAFETY: a constant of the engine's, which lives as long as the process.
        unsafe { Self::from_ptr(&raw const ffi::zend_empty_array) }
    }

    /// How many places are in use.
    #[inline]
    pub fn len(&self) -> usize {
        // SAFETY: `from_ptr` was promised that the array lives.
        unsafe { (*self.as_ptr()).nNumOfElements as usize }
    }

    /// Whether it is a list without gaps, as far as one can tell without looking at its elements.
    #[inline]
    pub fn is_full_list(&self) -> bool {
        // SAFETY: `from_ptr` was promised that the array lives.
        unsafe { is_packed(self.as_ptr()) && (*self.as_ptr()).nNumUsed == (*self.as_ptr()).nNumOfElements }
    }

    /// The number that `[]` uses next; `i64::MIN` where there has been none yet.
    #[inline]
    pub fn next_free(&self) -> i64 {
        // SAFETY: `from_ptr` was promised that the array lives.
        unsafe { (*self.as_ptr()).nNextFreeElement }
    }

    /// True if a change needs a copy: others own it as well, or it is immutable.
    #[inline]
    pub fn is_shared(&self) -> bool {
        // SAFETY: `from_ptr` was promised that the array lives.
        unsafe {
            let gc = &raw const (*self.as_ptr()).gc;
            (*gc).refcount > 1 || (*gc).u.type_info & GC_IMMUTABLE != 0
        }
    }

    /// The elements, in order.
    #[inline]
    pub fn elements(&self) -> Elements<'_> {
        // SAFETY: `from_ptr` was promised that the array lives, and that it is not changed while an element is in use.
        unsafe { Elements::of(self.as_ptr()) }
    }
}

impl Held<Array> {
    /// A new array with room for a few elements.
    pub fn new() -> Self {
        // SAFETY: the engine returns a new array, whose count is the caller's.
        unsafe { Self::from_owned(ffi::_zend_new_array(8)) }
    }

    /// A copy of `array`, whose elements are shared with it.
    pub fn duplicate(array: &Array) -> Self {
        // SAFETY: a reference is made of live arrays only; the engine returns a new one, whose count is the caller's.
        unsafe { Self::from_owned(ffi::zend_array_dup(array.as_ptr())) }
    }
}
