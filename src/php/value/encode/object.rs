//! Objects on their way out: what of them is written, and by whom that is decided.

use std::ptr;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;
use serde::ser::{Serialize, SerializeMap, SerializeTuple, Serializer};

use super::encoder::{Encoder, changed_meanwhile, check_length};
use super::value::{Members, Value, sole_target};
use crate::php::value::engine::{self, Elements, HashTable, zend_class_entry, zend_function, zend_object, zend_string};
use crate::php::value::vec::ZendVec;
use crate::php::value::wire::{self, Bytes, Ext, Text};

/// The property in which an object of a class that is not there remembers its class.
pub const MAGIC_MEMBER: &[u8] = b"__PHP_Incomplete_Class_Name";

/// Writes an object, in the order of decisions of `serialize`.
///
/// # Safety
/// `value` is a live object zval.
pub unsafe fn serialize<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    // SAFETY: the object is held here, so that user code may drop it.
    unsafe {
        let mut held = engine::scratch();
        let held = &raw mut *held;
        engine::copy(held, value.at);
        let result = value.encoder.deeper(|| serialize_held(&Value { at: held, ..*value }, serializer));
        engine::release(held);
        result
    }
}

unsafe fn serialize_held<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    // SAFETY: a live object, held by the caller; likewise in the functions below.
    unsafe {
        let object = engine::object_of(value.at);
        let class = (*object).ce;
        if (*class).ce_flags & ffi::ZEND_ACC_NOT_SERIALIZABLE != 0 {
            engine::throw_exception(c"Serialization of '%s' is not allowed", engine::class_name(class));
            return Err(value.encoder.refused_by_engine());
        }
        if (*class).ce_flags & ffi::ZEND_ACC_ENUM != 0 {
            return serialize_enum_case(value, serializer);
        }
        if !(*class).__serialize.is_null() {
            return serialize_by_method(value, serializer);
        }
        if (*class).serialize.is_some() {
            return serialize_by_handler(value, serializer);
        }
        if class != engine::incomplete_class() {
            let sleep = value.encoder.sleep(class);
            if !sleep.is_null() {
                return serialize_by_sleep(value, sleep, serializer);
            }
        }
        serialize_properties(value, serializer)
    }
}

/// `[ext 1 (class), map of members]`
fn write<S: Serializer>(
    encoder: &Encoder,
    class: &[u8],
    members: &impl Serialize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    check_length::<S>(encoder, class.len())?;
    let class = if class == wire::DEFAULT_CLASS { b"" } else { class };
    let mut pair = serializer.serialize_tuple(2)?;
    pair.serialize_element(&Ext { code: wire::OBJECT, body: class })?;
    pair.serialize_element(members)?;
    pair.end()
}

unsafe fn serialize_enum_case<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    // SAFETY: an enum case's first property is its name. A class name and an identifier are far
    // shorter than what can be written.
    unsafe {
        let object = engine::object_of(value.at);
        let class = engine::class_name((*object).ce);
        let case = engine::bytes(engine::string_of(engine::slot(object, 0)));
        // From Zend's memory: nothing to drop if the engine leaves.
        let mut name = ZendVec::new();
        class.iter().chain(b":").chain(case).for_each(|&byte| name.push(byte));
        Ext { code: wire::ENUM_CASE, body: &name }.serialize(serializer)
    }
}

/// What `__serialize` returns.
unsafe fn serialize_by_method<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    // SAFETY: the result is held until it is written; what is met in it, until the end.
    unsafe {
        let object = engine::object_of(value.at);
        let class = (*object).ce;
        let mut returned = engine::scratch();
        let returned = &raw mut *returned;
        engine::call_method(object, (*class).__serialize, returned, ptr::null_mut());
        if engine::exception_pending() {
            engine::release(returned);
            return Err(value.encoder.thrown());
        }
        if engine::type_of(returned) != engine::ARRAY {
            engine::release(returned);
            engine::throw_type_error(c"%s::__serialize() must return an array", engine::class_name(class));
            return Err(value.encoder.refused_by_engine());
        }
        let table = engine::array_of(returned);
        let shared = (*table).gc.refcount > 1;
        let members = Members { table, skip: None, nested: false, value: Value { shared, root: false, ..*value } };
        let result = write(value.encoder, engine::class_name(class), &members, serializer);
        engine::release(returned);
        result
    }
}

/// `[ext 2 (class), nil]`, where the class has a method `serialize`, which is called when all else is written: what
/// leads out of its string has then been met, whatever the order.
///
/// `[ext 2 (class), bin]`, where it has a handler of another kind. What its string contains is its own business: it
/// shares no objects and references with the rest of the value.
unsafe fn serialize_by_handler<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    // SAFETY: the handler returns memory of Zend's allocator, or none.
    unsafe {
        let class = (*engine::object_of(value.at)).ce;
        if engine::has_serialize_method(class) && engine::can_share() {
            value.encoder.serialize_later(engine::object_of(value.at));
            let name = engine::class_name(class);
            check_length::<S>(value.encoder, name.len())?;
            let mut pair = serializer.serialize_tuple(2)?;
            pair.serialize_element(&Ext { code: wire::SERIALIZABLE, body: name })?;
            pair.serialize_element(&())?;
            return pair.end();
        }
        let handler = (*class).serialize.expect("the caller has looked");
        let (mut buffer, mut len) = (ptr::null_mut(), 0);
        let data = engine::begin_serialize();
        let outcome = handler(value.at, &raw mut buffer, &raw mut len, data);
        engine::end_serialize(data);
        let bytes = if buffer.is_null() { &[] } else { std::slice::from_raw_parts(buffer, len) };
        let result = if engine::exception_pending() {
            Err(value.encoder.thrown())
        } else if outcome != 0 {
            value.encoder.identity.became_null(value.at);
            serializer.serialize_unit()
        } else {
            write_serializable(value.encoder, engine::class_name(class), bytes, serializer)
        };
        if !buffer.is_null() {
            ext_php_rs::alloc::efree(buffer);
        }
        result
    }
}

fn write_serializable<S: Serializer>(
    encoder: &Encoder,
    class: &[u8],
    bytes: &[u8],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    check_length::<S>(encoder, bytes.len())?;
    let mut pair = serializer.serialize_tuple(2)?;
    pair.serialize_element(&Ext { code: wire::SERIALIZABLE, body: class })?;
    pair.serialize_element(&Bytes(bytes))?;
    pair.end()
}

/// The properties that `__sleep` names.
unsafe fn serialize_by_sleep<S: Serializer>(
    value: &Value,
    sleep: *mut zend_function,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    // SAFETY: the names are held until they are looked up, the properties until they are written.
    unsafe {
        let object = engine::object_of(value.at);
        let class = (*object).ce;
        let mut names = engine::scratch();
        let names = &raw mut *names;
        engine::call_method(object, sleep, names, ptr::null_mut());
        if engine::type_of(names) != engine::ARRAY {
            engine::release(names);
            if !engine::exception_pending() {
                warn_about_sleep(class);
            }
            if engine::exception_pending() {
                return Err(value.encoder.thrown());
            }
            // As `serialize` does, after its warning.
            return serializer.serialize_unit();
        }
        let mut chosen = engine::new_table(true);
        let result = if choose(value.at, engine::array_of(names), &raw mut chosen) {
            let members = Members {
                table: &raw mut chosen,
                skip: None,
                nested: true,
                value: Value { shared: false, root: false, ..*value },
            };
            write(value.encoder, engine::class_name(class), &members, serializer)
        } else {
            Err(value.encoder.thrown())
        };
        engine::destroy_table(&raw mut chosen);
        engine::release(names);
        result
    }
}

fn warn_about_sleep(class: *const zend_class_entry) {
    // SAFETY: a class of this request.
    let name = unsafe { engine::class_name(class) };
    let text = c"%s::__sleep() should return an array only containing the names of instance-variables to serialize";
    engine::raise(ffi::E_WARNING, text, name, b"");
}

/// Copies the properties with these names into `chosen`. False if an exception is pending.
unsafe fn choose(object: *mut Zval, names: *const HashTable, chosen: *mut HashTable) -> bool {
    // SAFETY: the properties are held while names are converted, which may run user code.
    unsafe {
        let class = (*engine::object_of(object)).ce;
        let properties = engine::properties_to_serialize(object);
        for (_, name) in Elements::of(names) {
            let name = if engine::type_of(name) == engine::REFERENCE {
                &raw mut (*engine::reference_of(name)).val
            } else {
                name
            };
            if engine::type_of(name) != engine::STRING {
                warn_about_sleep(class);
            }
            let name = engine::to_string(name);
            if !engine::exception_pending() && !choose_one(object, properties, name, chosen) {
                let text = c"\"%s\" returned as member variable from __sleep() but does not exist";
                engine::raise(ffi::E_WARNING, text, engine::bytes(name), b"");
            }
            engine::release_string(name);
            if engine::exception_pending() {
                break;
            }
        }
        if !properties.is_null() {
            engine::release_array(properties);
        }
        !engine::exception_pending()
    }
}

/// Finds a property as public, private to the class, or protected, and copies it. False if there
/// is none.
unsafe fn choose_one(
    object: *mut Zval,
    properties: *const HashTable,
    name: *mut zend_string,
    chosen: *mut HashTable,
) -> bool {
    // SAFETY: all are held by the caller.
    unsafe {
        if properties.is_null() {
            return false;
        }
        let plain = engine::bytes(name);
        if try_property(object, properties, name, plain, chosen) {
            return true;
        }
        for class in [engine::class_name_c((*engine::object_of(object)).ce), c"*"] {
            let mangled = engine::mangle(class, name);
            let found = try_property(object, properties, mangled, plain, chosen);
            engine::release_string(mangled);
            if found {
                return true;
            }
        }
        false
    }
}

unsafe fn try_property(
    object: *mut Zval,
    properties: *const HashTable,
    key: *mut zend_string,
    name: &[u8],
    chosen: *mut HashTable,
) -> bool {
    // SAFETY: all are held by the caller.
    unsafe {
        let found = engine::find(properties, key);
        if found.is_null() {
            return false;
        }
        let at = engine::follow_indirect(found);
        if engine::type_of(at) == engine::UNDEF {
            // A typed property without a value yet exists, and is left out.
            return engine::is_typed_slot(engine::object_of(object), at);
        }
        if !engine::add(chosen, key, at) {
            let level = if cfg!(php84) { ffi::E_WARNING } else { ffi::E_NOTICE };
            engine::raise(level, c"\"%s\" is returned from __sleep() multiple times", name, b"");
        }
        true
    }
}

/// All properties.
unsafe fn serialize_properties<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    // SAFETY: the object is held; its table, where it has one, as well.
    unsafe {
        let object = engine::object_of(value.at);
        let class = (*object).ce;
        if (*object).properties.is_null() && engine::has_standard_properties(object) {
            let properties = DeclaredProperties { object, value: Value { shared: false, root: false, ..*value } };
            return write(value.encoder, engine::class_name(class), &properties, serializer);
        }
        let table = engine::properties_to_serialize(value.at);
        if engine::exception_pending() {
            if !table.is_null() {
                engine::release_array(table);
            }
            return Err(value.encoder.thrown());
        }
        let mut empty = engine::new_table(false);
        let shared = !table.is_null() && (*table).gc.refcount > 2;
        let mut members = Members {
            table: if table.is_null() { &raw mut empty } else { table },
            skip: None,
            nested: true,
            value: Value { shared, root: false, ..*value },
        };
        let result = if class == engine::incomplete_class() {
            members.skip = Some(MAGIC_MEMBER);
            let name = engine::remembered_class_name(object);
            if name.is_null() {
                write(value.encoder, engine::class_name(class), &members, serializer)
            } else {
                let result = write(value.encoder, engine::bytes(name), &members, serializer);
                engine::release_string(name);
                result
            }
        } else {
            write(value.encoder, engine::class_name(class), &members, serializer)
        };
        if !table.is_null() {
            engine::release_array(table);
        }
        result
    }
}

/// The declared properties of an object without others, straight from its slots.
struct DeclaredProperties<'a> {
    object: *mut zend_object,
    value: Value<'a>,
}

impl DeclaredProperties<'_> {
    /// Name and place of each property that has a value, at the time it is asked for.
    unsafe fn iter(&self) -> impl Iterator<Item = (*const zend_string, *mut Zval)> {
        // SAFETY: the object is held; a slot with a declaration is a zval.
        unsafe {
            let object = self.object;
            engine::declared((*object).ce).iter().enumerate().filter_map(move |(index, &info)| {
                if info.is_null() {
                    return None;
                }
                let at = engine::slot(object, index);
                (engine::type_of(at) != engine::UNDEF).then(|| ((*info).name.cast_const(), at))
            })
        }
    }
}

impl Serialize for DeclaredProperties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // SAFETY: the object is held; names belong to its class.
        unsafe {
            let count = self.iter().count();
            let mut map = serializer.serialize_map(Some(count))?;
            let mut written = 0;
            for (name, at) in self.iter() {
                map.serialize_key(&Text(engine::bytes(name)))?;
                map.serialize_value(&Value { at: sole_target(at), guarded: false, ..self.value })?;
                written += 1;
            }
            if written != count {
                return Err(changed_meanwhile(self.value.encoder));
            }
            map.end()
        }
    }
}
