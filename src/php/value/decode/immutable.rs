//! Plain values on their way into memory that outlives the request: what they need is reckoned first, then they are written there
//! at once, without a value in the request's memory.
//!
//! For what nearly all values are. What is rare ([`immutable_size`]) goes the way of all values, and is copied.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ptr::NonNull;

use ext_php_rs::types::Zval;
use serde::de::{DeserializeSeed, Deserializer as _, Error, MapAccess, SeqAccess, Visitor};

use super::key::MapKey;
use crate::php::value::depth::check_depth;
use crate::php::value::scalar;
use crate::php::value::wire::Deserializer;
use crate::php::zend::{self, HashTable, NewKey, Room, zend_string};

/// Levels of arrays within each other.
const LEVELS: usize = 16;

/// The immutable strings that the keys of a value are already, in the order of the bytes; `None` for those that are to lie in the
/// value's own memory, and for ints.
pub type SharedKeys = Vec<Option<NonNull<zend_string>>>;

/// The bytes that an immutable value takes, if these are exactly one string or array. `None`, too: it takes more than `limit`, has
/// something else in it than scalars, strings and arrays, or keys that are neither ints nor strings, or is nested deeply.
/// `find` tells which string a key is already; `keys`, which is empty, becomes what it has told.
pub fn immutable_size(
    bytes: &[u8],
    limit: usize,
    keys: &mut SharedKeys,
    find: impl Fn(&[u8]) -> Option<NonNull<zend_string>>,
) -> Option<usize> {
    let mut reader = Deserializer::new(bytes);
    let size = Size { left: Cell::new(limit), deepest: Cell::new(0), keys: RefCell::new(keys), find };
    reader.deserialize_any(Sized { size: &size, depth: 0 }).ok()?;
    let taken = limit - size.left.get();
    (taken > 0 && reader.rest().is_empty() && check_depth(size.deepest.get()).is_ok()).then_some(taken)
}

/// Decodes a value into a block, and makes `into` that value. False: a key comes twice; then `into` is to be forgotten.
///
/// # Safety
/// `bytes` are what [`immutable_size`] was asked about, and `keys` what became of them there; the block has as many bytes as that
/// said, and is aligned to 8. `into` owns nothing, and its value is used no longer than the block and the keys stay.
pub unsafe fn decode_immutable(bytes: &[u8], keys: &SharedKeys, block: *mut u8, into: &mut Zval) -> bool {
    // SAFETY: the caller promises a block as long as `Size` has counted, and this goes through the same bytes.
    let room = unsafe { Room::new(block) };
    let block = Block { room, keys, next: Cell::new(0) };
    Deserializer::new(bytes).deserialize_any(Fill { at: into, block: &block }).is_ok()
}

/// The reckoning of what a value needs.
struct Size<'k, F> {
    left: Cell<usize>,
    deepest: Cell<usize>,
    keys: RefCell<&'k mut SharedKeys>,
    find: F,
}

/// A value that is reckoned with.
struct Sized<'a, 'k, F> {
    size: &'a Size<'k, F>,
    depth: usize,
}

impl<F> Clone for Sized<'_, '_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Sized<'_, '_, F> {}

impl<F> Sized<'_, '_, F> {
    fn take<E: Error>(self, size: usize) -> Result<(), E> {
        let left = &self.size.left;
        left.set(left.get().checked_sub(size).ok_or_else(|| E::custom("too large"))?);
        Ok(())
    }

    /// For elements of an array of so many, which takes so much by itself.
    fn deeper<E: Error>(self, count: usize, size: fn(usize) -> usize) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > LEVELS || count > zend::MAX_ELEMENTS {
            return Err(E::custom("too deep, or too long"));
        }
        let deepest = &self.size.deepest;
        deepest.set(deepest.get().max(depth));
        if count > 0 {
            self.take(size(count))?;
        }
        Ok(Self { depth, ..self })
    }
}

impl<'de, F: Fn(&[u8]) -> Option<NonNull<zend_string>>> DeserializeSeed<'de> for Sized<'_, '_, F> {
    type Value = ();

    #[inline(always)]
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: Fn(&[u8]) -> Option<NonNull<zend_string>>> Visitor<'de> for Sized<'_, '_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a plain value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_borrowed_bytes<E: Error>(self, value: &'de [u8]) -> Result<(), E> {
        self.take(zend::immutable_string_size(value.len()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let inner = self.deeper(elements.size_hint().unwrap_or(0), zend::immutable_list_size)?;
        while elements.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.deeper(map.size_hint().unwrap_or(0), zend::immutable_map_size)?;
        while let Some(key) = map.next_key_seed(Key)? {
            let shared = key.as_index().err().and_then(&self.size.find);
            if let (Err(bytes), None) = (key.as_index(), shared) {
                self.take(zend::immutable_string_size(bytes.len()))?;
            }
            self.size.keys.borrow_mut().push(shared);
            map.next_value_seed(inner)?;
        }
        Ok(())
    }

    // An ext is an object, or leads to one, by `visit_newtype_struct`, which refuses everything by itself.
}

/// A key that is an int or a string.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = MapKey<'de>;

    #[inline(always)]
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<MapKey<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = MapKey<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an int or a string")
    }

    fn visit_i64<E: Error>(self, key: i64) -> Result<MapKey<'de>, E> {
        Ok(MapKey::Int(key))
    }

    fn visit_borrowed_bytes<E: Error>(self, key: &'de [u8]) -> Result<MapKey<'de>, E> {
        Ok(MapKey::Bytes(key))
    }
}

/// A block that is written to.
struct Block<'a> {
    room: Room,
    keys: &'a SharedKeys,
    /// Which of the keys is next.
    next: Cell<usize>,
}

/// A place for a value in a block.
#[derive(Clone, Copy)]
struct Fill<'a> {
    at: *mut Zval,
    block: &'a Block<'a>,
}

impl<'de> DeserializeSeed<'de> for Fill<'_> {
    type Value = ();

    #[inline(always)]
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Fill<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a plain value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        // SAFETY: a `Fill` has a place in the block, or the caller's, which is to be written.
        unsafe { zend::set_null(self.at) };
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        // SAFETY: as in `visit_unit`.
        unsafe { zend::set_bool(self.at, value) };
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        // SAFETY: as in `visit_unit`.
        unsafe { zend::set_long(self.at, value) };
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        // SAFETY: as in `visit_unit`.
        unsafe { scalar::set_unsigned(self.at, value) };
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        // SAFETY: as in `visit_unit`.
        unsafe { zend::set_double(self.at, value) };
        Ok(())
    }

    fn visit_borrowed_bytes<E: Error>(self, value: &'de [u8]) -> Result<(), E> {
        // SAFETY: as in `visit_unit`; `Size` has counted the string.
        unsafe { self.block.room.set_string(self.at, value) };
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let count = elements.size_hint().unwrap_or(0);
        if count == 0 {
            // SAFETY: as in `visit_unit`.
            unsafe { zend::set_empty_array(self.at) };
            return Ok(());
        }
        // SAFETY: as in `visit_unit`; `Size` has counted the list, and found so many elements.
        let first = unsafe { self.block.room.set_list(self.at, count) };
        for place in 0..count {
            // SAFETY: the list has so many places.
            elements.next_element_seed(Fill { at: unsafe { first.add(place) }, ..self })?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let count = map.size_hint().unwrap_or(0);
        if count == 0 {
            // SAFETY: as in `visit_unit`.
            unsafe { zend::set_empty_array(self.at) };
            return Ok(());
        }
        // SAFETY: as in `visit_unit`; `Size` has counted the array, its keys, and so many elements.
        let table: *mut HashTable = unsafe { self.block.room.set_map(self.at, count) };
        while let Some(key) = map.next_key_seed(Key)? {
            let shared = self.block.keys.get(self.block.next.get()).copied().flatten();
            self.block.next.set(self.block.next.get() + 1);
            let key = match (shared, key.as_index()) {
                (Some(string), _) => NewKey::Shared(string),
                (None, Ok(index)) => NewKey::Int(index),
                (None, Err(bytes)) => NewKey::Bytes(bytes),
            };
            // SAFETY: the array was just made, and `Size` has counted each of its elements.
            let place = unsafe { self.block.room.add(table, key) };
            map.next_value_seed(Fill { at: place.ok_or_else(|| A::Error::custom("a key comes twice"))?, ..self })?;
        }
        Ok(())
    }
}
