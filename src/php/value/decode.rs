//! MessagePack into a zval, as serde's `DeserializeSeed`.

use std::cell::{Cell, UnsafeCell};
use std::fmt;

use ext_php_rs::types::Zval;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::classes::{self, Classes};
use super::delayed::Delayed;
use super::depth::Depth;
use super::engine::{self, HashTable, RawValue, zend_object};
use super::object_decode::{Body, SerializedBody};
use super::reader::{self, Reader};
use super::serializable::{self, Among};
use super::slots::Slots;
use super::vec::ZendVec;
use super::wire::{self, Number};
use super::{Policy, Sharing, ValueError, scalar};

/// Decodes any value. See [`super::decode`].
pub fn decode(bytes: &[u8], within: usize, policy: &Policy, into: &mut Zval) -> Result<(Sharing, usize), ValueError> {
    let decoder = Decoder::new(bytes.len(), within, policy);
    let at: *mut Zval = into;
    // SAFETY: the caller gives a zval to overwrite.
    unsafe { engine::set_simple(at, engine::NULL) };
    let mut reader = Reader::new(bytes);
    let slot = Slot { at, decoder: &decoder };
    let read = if serializable::is_among(bytes) {
        reader.deserialize_any(serializable::Whole { slot })
    } else {
        slot.deserialize(&mut reader)
    };
    let rest = reader.rest().len();
    // SAFETY: `at` holds what has been decoded, whole or in part.
    unsafe { decoder.finish(read, at) }.map(|sharing| (sharing, rest))
}

/// After so many elements the memory is looked at; before a string of 64 times as many bytes, too.
const MANY: usize = 1024;

/// Decoding cannot go on; why is kept in the [`Decoder`].
pub struct Stop;

impl Stop {
    /// As serde wants it.
    #[cold]
    pub fn into<E: Error>(self) -> E {
        E::custom("")
    }
}

/// What is known across one call of [`decode`].
pub struct Decoder<'de, 'p> {
    pub policy: &'p Policy,
    pub classes: Classes<'de>,
    pub slots: Slots,
    pub delayed: Delayed,
    pub depth: Depth,
    /// How many elements may still be announced: an element takes a byte at least, so whoever
    /// announces more than there are bytes lies, and gets no memory for it.
    budget: Cell<usize>,
    /// Values that others have taken the place of. They go at the end: no user code before.
    replaced: UnsafeCell<ZendVec<RawValue>>,
    /// The strings before the value, and the objects that read them.
    pub among: Among<'de>,
    /// All objects, none of them held: nobody can let go of them before the end.
    objects: UnsafeCell<ZendVec<*mut zend_object>>,
    sharing: Cell<Sharing>,
    failure: Cell<Option<ValueError>>,
}

impl<'p> Decoder<'_, 'p> {
    fn new(len: usize, within: usize, policy: &'p Policy) -> Self {
        Self {
            policy,
            classes: Classes::new(),
            slots: Slots::new(),
            delayed: Delayed::new(),
            depth: Depth::new(within),
            budget: Cell::new(len),
            replaced: UnsafeCell::new(ZendVec::new()),
            among: Among::new(),
            objects: UnsafeCell::new(ZendVec::new()),
            sharing: Cell::new(Sharing::Shareable),
            failure: Cell::new(None),
        }
    }

    /// Stops with a reason for the caller to throw.
    #[cold]
    pub fn refuse(&self, why: String) -> Stop {
        self.failure.set(Some(ValueError::Refused(why)));
        Stop
    }

    /// Stops for bytes that no encoder wrote.
    #[cold]
    pub fn damaged(&self, what: &str) -> Stop {
        self.refuse(format!("A stored value is damaged: it has {what}."))
    }

    /// Stops for an exception of the engine's that is pending.
    #[cold]
    pub fn refused_by_engine(&self) -> Stop {
        self.failure.set(Some(ValueError::ByEngine));
        Stop
    }

    /// Stops for an exception that is pending.
    #[cold]
    pub fn thrown(&self) -> Stop {
        self.failure.set(Some(ValueError::Thrown));
        Stop
    }

    /// Announces `elements` more elements.
    #[inline]
    pub fn expect(&self, elements: usize) -> Result<(), Stop> {
        let budget = self.budget.get();
        match budget.checked_sub(elements) {
            Some(left) if elements <= engine::MAX_ELEMENTS => {
                self.budget.set(left);
                if left / MANY == budget / MANY { Ok(()) } else { self.check_memory(elements * size_of::<Zval>()) }
            }
            _ => Err(self.damaged("a length beyond its end")),
        }
    }

    /// Stops where there is no memory for a block of this size.
    #[cold]
    pub fn check_memory(&self, size: usize) -> Result<(), Stop> {
        if engine::has_memory(size) {
            return Ok(());
        }
        Err(self.refuse("it takes more memory than memory_limit leaves.".into()))
    }

    /// Runs `f` one level deeper, if that is not too deep.
    #[inline]
    pub fn deeper<T, E: Error>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if let Err(why) = self.depth.enter() {
            return Err(self.refuse(why).into());
        }
        let result = f();
        self.depth.leave();
        result
    }

    /// The value is not one that may be returned twice.
    pub fn not_shareable(&self) {
        self.sharing.set(Sharing::Fresh);
    }

    /// Notes an object that was made, at `at`.
    ///
    /// # Safety
    /// There is an object.
    pub unsafe fn made_object(&self, at: *const Zval) {
        self.not_shareable();
        // SAFETY: the caller's promise; no reference to the vector outlives the statement.
        unsafe { (*self.objects.get()).push(engine::object_of(at)) };
    }

    /// Empties a place that has a value already.
    ///
    /// # Safety
    /// `at` is a live zval.
    #[inline]
    pub unsafe fn replace(&self, at: *mut Zval) {
        // SAFETY: the caller's promise; the value moves.
        unsafe {
            if engine::is_counted(at) {
                (*self.replaced.get()).push(RawValue::of(at));
            }
            engine::set_simple(at, engine::NULL);
        }
    }

    /// Keeps an array that is of no use any more until the end, since its places have numbers.
    pub fn keep_until_the_end(&self, array: *mut HashTable) {
        let mut holder = engine::scratch();
        // SAFETY: the count of the array moves along.
        unsafe {
            engine::set_array(&raw mut *holder, array);
            self.replace(&raw mut *holder);
        }
    }

    /// Makes the delayed calls if all went well, and clears up.
    ///
    /// # Safety
    /// `at` is where the value was decoded to.
    unsafe fn finish(self, read: Result<(), reader::Error>, at: *mut Zval) -> Result<Sharing, ValueError> {
        let mut failed = read.is_err();
        let objects = self.objects.into_inner();
        let mut held = false;
        if !failed && self.among.is_used() {
            // From here on user code may let go of any of them.
            for &object in objects.iter() {
                // SAFETY: still alive, see `objects`.
                unsafe { engine::hold_object(object) };
            }
            held = true;
            // SAFETY: the value is whole, and its places are where they were made.
            failed = unsafe { !self.among.read(self.policy, &self.slots) };
        }
        if failed || held {
            for &object in objects.iter() {
                // SAFETY: still alive, see `objects`, or held above.
                unsafe {
                    if failed {
                        engine::forbid_destructor(object);
                    }
                    if held {
                        engine::let_go_of_object(object);
                    }
                }
            }
        }
        drop(objects);
        drop(self.slots);
        let called = self.delayed.finish(failed);
        let replaced = self.replaced.into_inner();
        for value in replaced.iter() {
            value.release();
        }
        drop(replaced);
        // SAFETY: the caller's promise.
        unsafe {
            if called && !engine::exception_pending() {
                engine::unwrap_reference(at);
                engine::possible_root(at);
                return Ok(if self.depth.was_deep() { Sharing::Fresh } else { self.sharing.get() });
            }
            engine::release(at);
            engine::set_simple(at, engine::NULL);
        }
        if engine::exception_pending() {
            return Err(match self.failure.into_inner() {
                Some(ValueError::ByEngine) => ValueError::ByEngine,
                _ => ValueError::Thrown,
            });
        }
        let why = read.err().unwrap_or(reader::Error::Stopped);
        Err(self
            .failure
            .into_inner()
            .unwrap_or_else(|| ValueError::Refused(format!("A stored value is damaged: {why}."))))
    }
}

/// A place to decode a value into: it holds null, stays where it is until the end of the decoding, and
/// owns what it comes to hold.
/// Two words, so that it travels in registers.
#[derive(Clone, Copy)]
pub struct Slot<'a, 'de, 'p> {
    pub at: *mut Zval,
    pub decoder: &'a Decoder<'de, 'p>,
}

impl<'de> DeserializeSeed<'de> for Slot<'_, 'de, '_> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Slot<'_, '_, '_> {
    #[inline]
    fn number(&self) {
        self.decoder.slots.number(self.at);
    }

    fn decode_ext(self, code: i8, body: &[u8]) -> Result<(), Stop> {
        let decoder = self.decoder;
        // A reference met again takes no number.
        if code != wire::SAME_REFERENCE {
            self.number();
        }
        let number = || Number::parse(body).ok_or_else(|| decoder.damaged("an ext type of the wrong length"));
        let present =
            |found: bool| if found { Ok(()) } else { Err(decoder.damaged("a pointer to something that is not there")) };
        // SAFETY: the place is kept where it is until the end of the decoding.
        unsafe {
            match code {
                wire::SAME_OBJECT | wire::SAME_REFERENCE if self.decoder.among.became_null(number()?) => Ok(()),
                wire::ENUM_CASE => {
                    decoder.not_shareable();
                    classes::enum_case(body, self.at, decoder)
                }
                wire::SAME_OBJECT => present(decoder.slots.copy_object(number()?, self.at)),
                wire::SAME_REFERENCE => {
                    decoder.not_shareable();
                    present(decoder.slots.refer(number()?, self.at))
                }
                wire::AMONG => Err(decoder.damaged("strings of objects in its middle")),
                wire::OBJECT | wire::SERIALIZABLE => Err(decoder.damaged("a class name that no object follows")),
                _ => Err(decoder
                    .refuse(format!("A stored value has the MessagePack ext type {code}, which Sync does not know."))),
            }
        }
    }
}

impl<'de> Visitor<'de> for Slot<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.number();
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.number();
        // SAFETY: a `Slot` is a place to write to.
        unsafe { engine::set_simple(self.at, if value { engine::TRUE } else { engine::FALSE }) };
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.number();
        // SAFETY: a `Slot` is a place to write to.
        unsafe { engine::set_long(self.at, value) };
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.number();
        // SAFETY: a `Slot` is a place to write to.
        unsafe { scalar::set_unsigned(self.at, value) };
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.number();
        // SAFETY: a `Slot` is a place to write to.
        unsafe { engine::set_double(self.at, value) };
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<(), E> {
        self.visit_borrowed_bytes(value.as_bytes())
    }

    fn visit_borrowed_bytes<E: Error>(self, value: &'de [u8]) -> Result<(), E> {
        self.number();
        if value.len() >= 64 * MANY {
            self.decoder.check_memory(value.len()).map_err(Stop::into)?;
        }
        // SAFETY: a `Slot` is a place to write to.
        unsafe { engine::set_string(self.at, value) };
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        self.number();
        let count = elements.size_hint().unwrap_or(0);
        if count == 0 {
            // SAFETY: a `Slot` is a place to write to.
            unsafe { engine::set_empty_array(self.at) };
            return Ok(());
        }
        self.decoder.expect(count).map_err(Stop::into)?;
        self.decoder.deeper(|| {
            if count == 2 {
                return match elements.next_element_seed(First { of: self })? {
                    Some(FirstIs::Value { second }) => next(&mut elements, second),
                    Some(FirstIs::ClassOf(class)) => next(&mut elements, Body { slot: self, class }),
                    Some(FirstIs::SerializedClassOf(class)) => {
                        next(&mut elements, SerializedBody { slot: self, class })
                    }
                    None => Err(A::Error::custom("an array of two without a first")),
                };
            }
            fill_list(self, count, elements)
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.number();
        let count = map.size_hint().unwrap_or(0);
        self.decoder.expect(count).and_then(|()| self.decoder.expect(count)).map_err(Stop::into)?;
        if count == 0 {
            // SAFETY: a `Slot` is a place to write to.
            unsafe { engine::set_empty_array(self.at) };
            return Ok(());
        }
        let table = engine::new_map(count);
        // SAFETY: a `Slot` is a place to write to.
        unsafe { engine::set_array(self.at, table) };
        self.decoder.slots.reserve(count);
        self.decoder.deeper(|| fill_map(self.decoder, table, map))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let (code, body) = ext(deserializer)?;
        self.decode_ext(code, body).map_err(Stop::into)
    }
}

/// The code and the body of an ext.
pub fn ext<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(i8, &'de [u8]), D::Error> {
    struct Fields;
    impl<'de> Visitor<'de> for Fields {
        type Value = (i8, &'de [u8]);

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("an ext")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
            match (fields.next_element::<i8>()?, fields.next_element::<&[u8]>()?) {
                (Some(code), Some(body)) => Ok((code, body)),
                _ => Err(A::Error::custom("an ext without a body")),
            }
        }
    }
    deserializer.deserialize_any(Fields)
}

fn next<'de, A: SeqAccess<'de>, S: DeserializeSeed<'de, Value = ()>>(
    elements: &mut A,
    seed: S,
) -> Result<(), A::Error> {
    elements.next_element_seed(seed)?.ok_or_else(|| A::Error::custom("an array shorter than it says"))
}

/// Puts a list of `count` nulls into the slot; returns the slot of its first element.
fn begin_list<'a, 'de, 'p>(slot: Slot<'a, 'de, 'p>, count: usize) -> Slot<'a, 'de, 'p> {
    let (list, first) = engine::new_list(count);
    // SAFETY: the slot is a place to write to.
    unsafe { engine::set_array(slot.at, list) };
    slot.decoder.slots.reserve(count);
    Slot { at: first, ..slot }
}

/// Decodes `count` elements into a list.
fn fill_list<'de, A: SeqAccess<'de>>(slot: Slot<'_, 'de, '_>, count: usize, mut elements: A) -> Result<(), A::Error> {
    let first = begin_list(slot, count);
    for start in (0..count).step_by(MANY) {
        if start > 0 {
            slot.decoder.check_memory(MANY * size_of::<Zval>()).map_err(Stop::into)?;
        }
        for place in start..count.min(start + MANY) {
            // SAFETY: the list was made with so many places, and is not moved.
            let at = unsafe { first.at.add(place) };
            next(&mut elements, Slot { at, ..first })?;
        }
    }
    Ok(())
}

/// Decodes the entries of a map into an array that has room for all of them.
pub fn fill_map<'de, A: MapAccess<'de>>(
    decoder: &Decoder<'de, '_>,
    table: *mut HashTable,
    mut map: A,
) -> Result<(), A::Error> {
    let mut key = MapKey::Int(0);
    let mut left = MANY;
    while map.next_key_seed(KeySeed { decoder, into: &mut key })?.is_some() {
        left -= 1;
        if left == 0 {
            decoder.check_memory(MANY * size_of::<Zval>()).map_err(Stop::into)?;
            left = MANY;
        }
        // SAFETY: the table is ours alone until the end.
        let at = unsafe {
            let at = match key.as_index() {
                Ok(index) => engine::place_of_int(table, index),
                Err(bytes) => {
                    let key = engine::new_string(bytes);
                    let at = engine::place_of_string(table, key);
                    engine::release_string(key);
                    at
                }
            };
            if engine::type_of(at) != engine::NULL {
                decoder.replace(at);
            }
            at
        };
        map.next_value_seed(Slot { at, decoder })?;
    }
    Ok(())
}

/// The first of two elements: a value like any other, or the class of an object.
struct First<'a, 'de, 'p> {
    of: Slot<'a, 'de, 'p>,
}

enum FirstIs<'a, 'de, 'p> {
    /// A value; it is decoded, and this is the place of the second.
    Value {
        second: Slot<'a, 'de, 'p>,
    },
    ClassOf(&'de [u8]),
    SerializedClassOf(&'de [u8]),
}

impl<'a, 'de, 'p> First<'a, 'de, 'p> {
    /// It is a list after all: makes it, and has its first element decoded.
    fn decode<E>(self, decode: impl FnOnce(Slot<'a, 'de, 'p>) -> Result<(), E>) -> Result<FirstIs<'a, 'de, 'p>, E> {
        let first = begin_list(self.of, 2);
        decode(first)?;
        // SAFETY: made with two places.
        let second = unsafe { first.at.add(1) };
        Ok(FirstIs::Value { second: Slot { at: second, ..first } })
    }
}

impl<'a, 'de, 'p> DeserializeSeed<'de> for First<'a, 'de, 'p> {
    type Value = FirstIs<'a, 'de, 'p>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a, 'de, 'p> Visitor<'de> for First<'a, 'de, 'p> {
    type Value = FirstIs<'a, 'de, 'p>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value or a class")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_unit())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_i64(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_u64(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_f64(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_borrowed_str(value))
    }

    fn visit_borrowed_bytes<E: Error>(self, value: &'de [u8]) -> Result<Self::Value, E> {
        self.decode(|first| first.visit_borrowed_bytes(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        self.decode(|first| first.visit_seq(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        self.decode(|first| first.visit_map(map))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let (code, body) = ext(deserializer)?;
        match code {
            wire::OBJECT if body.is_empty() => Ok(FirstIs::ClassOf(wire::DEFAULT_CLASS)),
            wire::OBJECT => Ok(FirstIs::ClassOf(body)),
            wire::SERIALIZABLE => Ok(FirstIs::SerializedClassOf(body)),
            _ => self.decode(|first| first.decode_ext(code, body)).map_err(Stop::into),
        }
    }
}

/// A key of an array, as it is in the bytes.
pub enum MapKey<'de> {
    Int(i64),
    Bytes(&'de [u8]),
}

impl<'de> MapKey<'de> {
    /// As PHP casts it: an index where it is or looks like an int, else a string.
    #[inline]
    pub fn as_index(&self) -> Result<i64, &'de [u8]> {
        match *self {
            Self::Int(index) => Ok(index),
            Self::Bytes(bytes) => engine::numeric_key(bytes).ok_or(bytes),
        }
    }
}

/// Reads a key into a place of the caller's: results that travel through memory are slow.
pub struct KeySeed<'a, 'de, 'p> {
    pub decoder: &'a Decoder<'de, 'p>,
    pub into: &'a mut MapKey<'de>,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_, 'de, '_> {
    type Value = ();

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> KeySeed<'_, 'de, '_> {
    #[inline(always)]
    fn is<E>(self, key: MapKey<'de>) -> Result<(), E> {
        *self.into = key;
        Ok(())
    }

    #[cold]
    fn impossible<E: Error>(self) -> Result<(), E> {
        Err(self.decoder.damaged("a key that is neither an int nor a string").into())
    }
}

impl<'de> Visitor<'de> for KeySeed<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.is(MapKey::Bytes(b""))
    }

    fn visit_bool<E: Error>(self, key: bool) -> Result<(), E> {
        self.is(MapKey::Int(i64::from(key)))
    }

    fn visit_i64<E: Error>(self, key: i64) -> Result<(), E> {
        self.is(MapKey::Int(key))
    }

    fn visit_u64<E: Error>(self, key: u64) -> Result<(), E> {
        match i64::try_from(key) {
            Ok(key) => self.is(MapKey::Int(key)),
            Err(_) => self.impossible(),
        }
    }

    fn visit_f64<E: Error>(self, key: f64) -> Result<(), E> {
        // 2^63: the first that is too large for an int.
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        if (-LIMIT..LIMIT).contains(&key) { self.is(MapKey::Int(key as i64)) } else { self.impossible() }
    }

    #[inline(always)]
    fn visit_borrowed_bytes<E: Error>(self, key: &'de [u8]) -> Result<(), E> {
        self.is(MapKey::Bytes(key))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        self.impossible()
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        self.impossible()
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        self.impossible()
    }
}
