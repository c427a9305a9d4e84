//! Objects on their way in: into their slots, their property table, or their own hands.

use std::fmt;
use std::io::Write;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::among;
use super::class::Class;
use super::classes;
use super::decoder::{Decoder, Stop};
use super::key::{KeySeed, MapKey};
use super::made;
use super::value::{Slot, fill_map};
use crate::php::value::importing;
use crate::php::value::vec::ZendVec;
use crate::php::zend::{self, HashTable, zend_object, zend_property_info, zend_string};
use sync_short as short;

/// The second of `[ext 1 (class), map]`.
pub struct Body<'a, 'de, 'p> {
    pub slot: Slot<'a, 'de, 'p>,
    pub class: &'de [u8],
}

impl<'de> DeserializeSeed<'de> for Body<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Body<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the properties of an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let decoder = self.slot.decoder;
        let count = map.size_hint().unwrap_or(0);
        decoder.expect(count).and_then(|()| decoder.expect(count)).map_err(Stop::into)?;
        let class = make(self.slot, self.class).map_err(Stop::into)?;
        // SAFETY: `make` put an object there. A reference may take its place later, not move it.
        let object = unsafe { zend::object_of(self.slot.at) };
        if class.has_unserialize() {
            return fill_by_method(object, class, count, decoder, map);
        }
        let mut properties = Properties { object, expected: count, next: 0, reserved: false, decoder };
        properties.fill(map)?;
        if !class.hook.is_null() {
            // SAFETY: the object is alive, and the hook its class's.
            unsafe { decoder.delayed.push(object, class.hook, std::ptr::null_mut()) };
        }
        Ok(())
    }
}

/// Makes an object of that class in the slot.
fn make<'de>(slot: Slot<'_, 'de, '_>, name: &'de [u8]) -> Result<Class, Stop> {
    let decoder = slot.decoder;
    let class = classes::find(name, decoder)?;
    // SAFETY: the slot is a place to write to.
    unsafe {
        if (*class.entry).serialize.is_some() && !class.has_unserialize() {
            let class = String::from_utf8_lossy(name);
            return Err(
                decoder.refuse_class(format!("A stored object of '{class}' has not the form that its class reads."))
            );
        }
        if !zend::new_object(slot.at, class.entry) {
            return Err(decoder.refused_by_engine());
        }
        decoder.made_object(slot.at);
        if class.incomplete {
            remember_class(slot.at, name);
        }
        // A Sync leads to a file that the writer of this value has chosen.
        made::tell(zend::Object::from_ptr(zend::object_of(slot.at)), decoder.policy);
    }
    Ok(class)
}

/// # Safety
/// There is an incomplete object at `at`.
unsafe fn remember_class(at: *mut Zval, name: &[u8]) {
    // SAFETY: the caller has an incomplete object there.
    unsafe {
        let name = zend::new_string(name);
        zend::remember_class_name(at, name);
        zend::release_string(name);
    }
}

/// Decodes the argument of `__unserialize`, which is called when all is in place.
fn fill_by_method<'de, A: MapAccess<'de>>(
    object: *mut zend_object,
    class: Class,
    count: usize,
    decoder: &Decoder<'de, '_>,
    map: A,
) -> Result<(), A::Error> {
    let data = zend::new_map(count);
    let filled = fill_map(decoder, data, map);
    // SAFETY: the object is alive, and the hook its class's; the data is ours.
    unsafe {
        if filled.is_err() {
            decoder.keep_until_the_end(data);
        } else {
            decoder.delayed.push(object, class.hook, data);
        }
    }
    filled
}

/// The properties of an object that is being filled.
struct Properties<'a, 'de, 'p> {
    object: *mut zend_object,
    /// How many are announced.
    expected: usize,
    /// The declared property that is likely to come next: they are written in order.
    next: usize,
    /// Room for properties without a declaration has been made.
    reserved: bool,
    decoder: &'a Decoder<'de, 'p>,
}

impl<'de> Properties<'_, 'de, '_> {
    fn fill<A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        let decoder = self.decoder;
        // SAFETY: the object is alive until the end.
        let standard = unsafe { zend::has_standard_properties(self.object) };
        let mut key = MapKey::Int(0);
        while map.next_key_seed(KeySeed { decoder, into: &mut key })?.is_some() {
            let mut digits = [0; 20];
            let name = match key {
                MapKey::Bytes(name) => name,
                MapKey::Int(number) => decimal(number, &mut digits),
            };
            let (at, info) = self.place(name, standard).map_err(Stop::into)?;
            let given = decoder.numbered.given();
            map.next_value_seed(Slot { at, decoder })?;
            if !info.is_null() {
                // SAFETY: a slot of the object and its declaration.
                unsafe { self.check_type(at, info) }.map_err(Stop::into)?;
                decoder.numbered.is_typed(given, at, info);
            }
        }
        Ok(())
    }

    /// The emptied place of a property, and its declaration if that has a type.
    #[inline]
    fn place(&mut self, name: &[u8], standard: bool) -> Result<(*mut Zval, *mut zend_property_info), Stop> {
        // SAFETY: the object is alive until the end; indexes are of its declarations.
        unsafe {
            let declared = zend::declared((*self.object).ce);
            let is = |index: usize| {
                declared
                    .get(index)
                    .is_some_and(|&info| !info.is_null() && short::equal(zend::bytes((*info).name), name))
            };
            if standard {
                let found = if is(self.next) { Some(self.next) } else { (0..declared.len()).find(|&index| is(index)) };
                if let Some(index) = found {
                    self.next = index + 1;
                    return Ok(self.empty_slot(index, declared[index]));
                }
            }
            self.place_in_table(name)
        }
    }

    /// # Safety
    /// `info` declares the property in slot `index` of the object.
    #[inline]
    unsafe fn empty_slot(&self, index: usize, info: *mut zend_property_info) -> (*mut Zval, *mut zend_property_info) {
        // SAFETY: `index` is that of a declaration, so the object has such a slot.
        unsafe {
            let at = zend::slot(self.object, index);
            let info = zend::typed(info);
            if !info.is_null() && zend::kind(at) == zend::REFERENCE {
                zend::remove_type_source(zend::reference_of(at), info);
            }
            self.decoder.replace(at);
            (at, info)
        }
    }

    /// A property that is not declared under this name: declared with another visibility by now,
    /// or dynamic.
    fn place_in_table(&mut self, name: &[u8]) -> Result<(*mut Zval, *mut zend_property_info), Stop> {
        let key = zend::key_string(name);
        // SAFETY: the key is ours, the object alive until the end.
        unsafe {
            let result = self.place_of_key(key);
            zend::release_string(key);
            result
        }
    }

    /// As [`place_in_table`](Self::place_in_table), by a string of the engine.
    ///
    /// # Safety
    /// The caller holds the key.
    unsafe fn place_of_key(&mut self, key: *mut zend_string) -> Result<(*mut Zval, *mut zend_property_info), Stop> {
        // SAFETY: the caller holds the key.
        unsafe {
            let table = self.table();
            let found = zend::find(table, key);
            if !found.is_null() && zend::follow_indirect(found) != found {
                return Ok(self.declared_place(found));
            }
            if let Some(info) = self.redeclared(key)? {
                let found = zend::place_of_string(table, (*info).name);
                if zend::follow_indirect(found) != found {
                    return Ok(self.declared_place(found));
                }
                self.decoder.replace(found);
                return Ok((found, std::ptr::null_mut()));
            }
            let at = if found.is_null() {
                self.allow_dynamic(key)?;
                zend::place_of_string(table, key)
            } else {
                found
            };
            self.decoder.replace(at);
            Ok((at, std::ptr::null_mut()))
        }
    }

    /// The table of the object's properties, with room for all that may come: places must not move.
    ///
    /// # Safety
    /// The object is alive.
    unsafe fn table(&mut self) -> *mut HashTable {
        // SAFETY: the object is alive until the end of the decoding, and no other code has it yet.
        unsafe {
            let table = zend::property_table(self.object);
            if !self.reserved {
                zend::reserve(table, self.expected);
                self.reserved = true;
            }
            table
        }
    }

    /// # Safety
    /// `found` is in the object's table, and points to a slot.
    unsafe fn declared_place(&mut self, found: *mut Zval) -> (*mut Zval, *mut zend_property_info) {
        // SAFETY: the caller has found a pointer to a slot of the object.
        unsafe {
            let at = zend::follow_indirect(found);
            let index = at.offset_from(zend::slot(self.object, 0)) as usize;
            self.empty_slot(index, zend::declared((*self.object).ce)[index])
        }
    }

    /// The declaration of a property whose visibility has changed since it was written.
    ///
    /// # Safety
    /// The object is alive, and the caller holds the key.
    unsafe fn redeclared(&self, key: *mut zend_string) -> Result<Option<*mut zend_property_info>, Stop> {
        // SAFETY: the caller holds the key.
        unsafe {
            let class = (*self.object).ce;
            let declarations = &raw const (*class).properties_info;
            if (*declarations).nNumOfElements == 0 {
                return Ok(None);
            }
            let Some((of, name)) = zend::unmangle(key) else {
                return Err(self.decoder.damaged("a property name that cannot be one"));
            };
            if let Some(of) = of {
                let of = of.to_bytes();
                if of != b"*" && !of.eq_ignore_ascii_case(zend::class_name(class)) {
                    return Ok(None);
                }
            }
            let entry = ffi::zend_hash_str_find(declarations, name.as_ptr().cast(), name.len());
            Ok((!entry.is_null()).then(|| (*entry).value.ptr.cast()))
        }
    }

    /// A property without a declaration: an Error, a deprecation, or nothing, as the class wants.
    ///
    /// # Safety
    /// The object is alive, and the caller holds the key.
    unsafe fn allow_dynamic(&self, key: *mut zend_string) -> Result<(), Stop> {
        // SAFETY: the caller holds the key.
        unsafe {
            let class = (*self.object).ce;
            if (*class).ce_flags & (ffi::ZEND_ACC_NO_DYNAMIC_PROPERTIES | zend::ACC_ALLOW_DYNAMIC_PROPERTIES)
                == zend::ACC_ALLOW_DYNAMIC_PROPERTIES
            {
                return Ok(());
            }
            let name = zend::unmangle(key).map_or(zend::bytes(key), |(_, name)| name);
            if (*class).ce_flags & ffi::ZEND_ACC_NO_DYNAMIC_PROPERTIES != 0 {
                zend::throw_error(c"Cannot create dynamic property %s::$%s", zend::class_name(class), name);
                return Err(self.decoder.refused_by_engine());
            } else {
                let text = c"Creation of dynamic property %s::$%s is deprecated";
                zend::raise(ffi::E_DEPRECATED, text, zend::class_name(class), name);
            }
            if zend::exception_pending() { Err(self.decoder.thrown()) } else { Ok(()) }
        }
    }

    /// Checks a value against its property's type; a reference remembers the type.
    ///
    /// # Safety
    /// `at` is the slot of the property that `info` declares.
    #[inline]
    unsafe fn check_type(&self, at: *mut Zval, info: *mut zend_property_info) -> Result<(), Stop> {
        // SAFETY: the slot is the object's, and its declaration says its type.
        unsafe {
            if !zend::is_assignable(info, at) {
                self.decoder.replace(at);
                zend::set_undef(at);
                return Err(self.decoder.refused_by_engine());
            }
            if zend::kind(at) == zend::REFERENCE {
                zend::add_type_source(zend::reference_of(at), info);
            }
            Ok(())
        }
    }
}

/// A number as the name of a property: they are never ints.
fn decimal(number: i64, digits: &mut [u8; 20]) -> &[u8] {
    let mut rest = &mut digits[..];
    // The longest int has 19 digits and a sign.
    write!(rest, "{number}").expect("an int longer than any");
    let unused = rest.len();
    &digits[..20 - unused]
}

/// The second of `[ext 2 (class), bin]`, or of `[ext 2 (class), nil]`.
pub struct SerializedBody<'a, 'de, 'p> {
    pub slot: Slot<'a, 'de, 'p>,
    pub class: &'de [u8],
}

impl<'de> DeserializeSeed<'de> for SerializedBody<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SerializedBody<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("what an object's serialize() returned")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        unserialize_later(self.slot, self.class).map_err(Stop::into)
    }

    fn visit_borrowed_str<E: Error>(self, bytes: &'de str) -> Result<(), E> {
        self.visit_borrowed_bytes(bytes.as_bytes())
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<(), E> {
        unserialize(self.slot, self.class, bytes).map_err(Stop::into)
    }
}

/// Makes an object that reads the next of the strings before the value when all else is there; or null, where it chose
/// to be that.
fn unserialize_later<'de>(slot: Slot<'_, 'de, '_>, name: &'de [u8]) -> Result<(), Stop> {
    let decoder = slot.decoder;
    let among = &decoder.among;
    let Some(bytes) = among.next() else { return Err(decoder.damaged("an object without its string")) };
    let Some(bytes) = bytes else {
        // The slot has been numbered last.
        among.is_null(decoder.numbered.given());
        return Ok(());
    };
    let class = classes::find(name, decoder)?;
    // SAFETY: a class of this request; the slot is a place to write to.
    unsafe {
        if !zend::has_unserialize_method(class.entry) {
            return unserialize(slot, name, bytes);
        }
        if !zend::can_share() {
            return Err(decoder.refuse("This PHP keeps elsewhere than others what unserialize() has met.".into()));
        }
        if !zend::new_object(slot.at, class.entry) {
            return Err(decoder.refused_by_engine());
        }
        decoder.made_object(slot.at);
        among.read_later(zend::object_of(slot.at), bytes);
    }
    Ok(())
}

fn unserialize<'de>(slot: Slot<'_, 'de, '_>, name: &'de [u8], bytes: &[u8]) -> Result<(), Stop> {
    let decoder = slot.decoder;
    let class = classes::find(name, decoder)?;
    // SAFETY: the slot is a place to write to. The handler makes the object itself.
    unsafe {
        let done = match (*class.entry).unserialize {
            Some(handler) => {
                // The handler may read one byte too many: PHP's own data ends in a brace.
                let copy = zend::new_string(bytes);
                let data = zend::bytes(copy);
                let call = |own| handler(slot.at, class.entry, data.as_ptr(), data.len(), own);
                let outcome = if zend::can_share() {
                    among::unserialize_among(decoder.policy, 0, ZendVec::new(), call)
                } else {
                    let mut classes = zend::scratch();
                    let own = zend::begin_unserialize(decoder.policy.allowed_classes.table(&mut classes));
                    let outcome = importing::under(decoder.policy, || {
                        let outcome = call(own);
                        zend::end_unserialize(own);
                        outcome
                    });
                    zend::release(&raw mut *classes);
                    outcome
                };
                zend::release_string(copy);
                outcome == 0
            }
            None => {
                zend::raise(ffi::E_WARNING, c"Class %s has no unserializer", zend::class_name(class.entry), b"");
                !zend::exception_pending() && zend::new_object(slot.at, class.entry)
            }
        };
        if zend::kind(slot.at) == zend::OBJECT {
            decoder.made_object(slot.at);
            if class.incomplete {
                remember_class(slot.at, name);
            }
        }
        if zend::exception_pending() {
            return Err(decoder.thrown());
        }
        if !done {
            return Err(decoder.refuse_class(format!("{}::unserialize() failed.", String::from_utf8_lossy(name))));
        }
    }
    Ok(())
}
