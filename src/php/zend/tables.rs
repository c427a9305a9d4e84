//! Arrays that are changed.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::arrays::{Array, Key};
use super::counted::Held;
use super::executor::{Thrown, check, uninitialized};
use super::strings::{Str, ZStr};
use super::types::HashTable;
use super::values::{Local, Own, Slot, Value};
use super::zvals::set_array;

impl Array {
    /// The keys and values, in order.
    #[inline]
    pub fn entries(&self) -> impl Iterator<Item = (Key<'_>, &Value)> {
        // SAFETY: places of a live array, which is not changed while its elements are in use.
        self.elements().map(|(key, at)| (key, unsafe { Value::from_ptr(at) }))
    }

    /// The values, in order.
    #[inline]
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.entries().map(|(_, value)| value)
    }

    /// The value under a name.
    pub fn find_name(&self, name: &[u8]) -> Option<&Value> {
        self.find(Key::String(&Str::new(name)))
    }

    /// The value under a key.
    #[inline]
    pub fn find(&self, key: Key) -> Option<&Value> {
        let at = find(self.as_ptr(), key);
        // SAFETY: the place of a live array, which is not changed while its elements are in use.
        (!at.is_null()).then(|| unsafe { Value::from_ptr(at) })
    }
}

#[inline]
fn find(table: *mut HashTable, key: Key) -> *mut Zval {
    // SAFETY: callers pass a table that lives; the function only reads it.
    unsafe {
        match key {
            Key::Int(index) => ffi::zend_hash_index_find(table, index as u64),
            Key::String(name) => ffi::zend_hash_find(table, name.as_ptr()),
        }
    }
}

impl Held<Array> {
    /// Adds a value under a new name; false (and the value is given up) where there is one already. The array has no
    /// other owner.
    pub fn add(&mut self, name: &ZStr, value: Local) -> bool {
        debug_assert!(!self.is_shared());
        let value = ManuallyDrop::new(value);
        // SAFETY: `&mut self` keeps all others from the array, which takes the value over.
        let is_new = unsafe { !ffi::zend_hash_add(self.as_ptr(), name.as_ptr(), value.as_ptr()).is_null() };
        if !is_new {
            drop(ManuallyDrop::into_inner(value));
        }
        is_new
    }

    /// Puts a value under a name. The array has no other owner.
    pub fn update(&mut self, name: &ZStr, value: Local) {
        debug_assert!(!self.is_shared());
        let value = ManuallyDrop::new(value);
        // SAFETY: `&mut self` keeps all others from the array, which takes the value over.
        unsafe { ffi::zend_hash_update(self.as_ptr(), name.as_ptr(), value.as_ptr()) };
    }

    /// Puts a value under a key. The array has no other owner.
    pub fn set(&mut self, key: Key, value: Local) {
        debug_assert!(!self.is_shared());
        match key {
            Key::String(name) => self.update(name, value),
            Key::Int(index) => {
                let value = ManuallyDrop::new(value);
                // SAFETY: `&mut self` keeps all others from the array, which takes the value over.
                unsafe { ffi::zend_hash_index_update(self.as_ptr(), index as u64, value.as_ptr()) };
            }
        }
    }

    /// Puts a value under the next free number; the array has one, and no other owner.
    pub fn push(&mut self, value: Local) {
        debug_assert!(!self.is_shared());
        let value = ManuallyDrop::new(value);
        // SAFETY: `&mut self` keeps all others from the array, which takes the value over.
        unsafe { ffi::zend_hash_next_index_insert(self.as_ptr(), value.as_ptr()) };
    }
}

/// The element to give where an array has none under a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// None.
    None,
    /// A new one, null.
    Null,
    /// As `Null`, with PHP's warning, which may run user code.
    Warned,
}

/// An array with one owner, for one writer: one that user code cannot reach, as the place of an [`Own`].
pub struct Table<'a> {
    table: *mut HashTable,
    lives: PhantomData<&'a mut Array>,
}

impl<'a> Table<'a> {
    /// The array that a place holds: a copy of its own, where others share the old one.
    pub fn of(slot: Own<'a>) -> Option<Self> {
        let array = slot.value().array()?;
        let mut table = array.as_ptr();
        if array.is_shared() {
            let own = Held::duplicate(array);
            // SAFETY: the slot owns a count of the old array, which moves to `old`. Others own it as well, so that
            // giving it up runs nothing.
            unsafe {
                let old = Held::<Array>::from_owned(table);
                table = own.into_raw();
                set_array(slot.as_ptr(), table);
                drop(old);
            }
        }
        Some(Self { table, lives: PhantomData })
    }

    /// The element under a key.
    pub fn element(self, key: Key, missing: Missing) -> Result<Option<Own<'a>>, Thrown> {
        let mut at = find(self.table, key);
        if at.is_null() {
            if let (Missing::Null | Missing::Warned, Key::Int(..0)) = (missing, key) {
                self.go_on_behind_highest();
            }
            // SAFETY: `of` has made sure that the array lives and has one owner; the engine copies null into new places.
            at = unsafe {
                match (missing, key) {
                    (Missing::None, _) => return Ok(None),
                    (Missing::Null, Key::Int(index)) => {
                        ffi::zend_hash_index_add_new(self.table, index as u64, uninitialized())
                    }
                    (Missing::Null, Key::String(name)) => {
                        ffi::zend_hash_add_new(self.table, name.as_ptr(), uninitialized())
                    }
                    (Missing::Warned, Key::Int(index)) => ffi::zend_undefined_offset_write(self.table, index),
                    (Missing::Warned, Key::String(name)) => ffi::zend_undefined_index_write(self.table, name.as_ptr()),
                }
            };
            check()?;
        }
        // SAFETY: a place of the array, which is used up with `self`, and which user code cannot reach.
        Ok((!at.is_null()).then(|| unsafe { Own::new(Slot::new(at)) }))
    }

    /// Before an element comes under a number below zero: the array goes on behind its highest number from then on, as a decoded one does,
    /// whoever has made it. (Before PHP 8.3 the engine's empty array goes on with 0, and so does all that it becomes.)
    fn go_on_behind_highest(&self) {
        // SAFETY: `of` has made sure that the array lives and has one owner.
        unsafe {
            let next = &raw mut (*self.table).nNextFreeElement;
            if *next == 0 && find(self.table, Key::Int(-1)).is_null() {
                let numbers = Array::from_ptr(self.table).entries().filter_map(|(key, _)| match key {
                    Key::Int(number) => Some(number + 1),
                    Key::String(_) => None,
                });
                // (All of them are below -1. The last is the engine's mark for "no number yet".)
                *next = numbers.max().unwrap_or(i64::MIN);
            }
        }
    }

    /// A new element under the next free number.
    pub fn append(self) -> Result<Own<'a>, Thrown> {
        // SAFETY: `of` has made sure that the array lives and has one owner, and that user code cannot reach it; the engine copies null into
        // the new place.
        unsafe {
            let at = ffi::zend_hash_next_index_insert(self.table, uninitialized());
            if at.is_null() {
                ffi::zend_cannot_add_element();
                return Err(Thrown);
            }
            Ok(Own::new(Slot::new(at)))
        }
    }

    /// Removes the element under a key; false if there is none. May run destructors.
    pub fn remove(self, key: Key) -> bool {
        // SAFETY: `of` has made sure that the array lives and has one owner.
        let removed = unsafe {
            match key {
                Key::Int(index) => ffi::zend_hash_index_del(self.table, index as u64),
                Key::String(name) => ffi::zend_hash_del(self.table, name.as_ptr()),
            }
        };
        removed == ffi::ZEND_RESULT_CODE_SUCCESS
    }
}
