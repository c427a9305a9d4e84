//! Objects on their way out: what of them is written, and by whom that is decided.

use std::ptr;

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;
use serde::ser::{Serialize, SerializeMap, SerializeTuple, Serializer};
use sync_msgpack::{Bytes, Ext, Text};

use super::encoder::{Encoder, changed_meanwhile, check_length};
use super::value::{Members, Value, sole_target};
use crate::php::value::vec::ZendVec;
use crate::php::value::wire;
use crate::php::zend::{self, Elements, HashTable, series, zend_class_entry, zend_function, zend_object, zend_string};

/// The property in which an object of a class that is not there remembers its class.
pub const MAGIC_MEMBER: &[u8] = b"__PHP_Incomplete_Class_Name";

/// Writes an object, in the order of decisions of `serialize`.
///
/// # Safety
/// `value` is a live object zval.
pub unsafe fn serialize<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    // SAFETY: the object is held here, so that user code may drop it.
    unsafe {
        let mut held = zend::scratch();
        let held = &raw mut *held;
        zend::copy(held, value.at);
        let result = value.encoder.deeper(|| serialize_held(&Value { at: held, ..*value }, serializer));
        zend::release(held);
        result
    }
}

/// Writes an object by the first way that its class has.
///
/// # Safety
/// `value` is an object zval, which the caller holds.
unsafe fn serialize_held<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    // SAFETY: a live object, held by the caller; likewise in the functions below.
    unsafe {
        let object = zend::object_of(value.at);
        let class = (*object).ce;
        if (*class).ce_flags & ffi::ZEND_ACC_NOT_SERIALIZABLE != 0 {
            zend::throw_exception(c"Serialization of '%s' is not allowed", zend::class_name(class));
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
        if class != zend::incomplete_class() {
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
    check_length(encoder, class.len())?;
    let class = if class == wire::DEFAULT_CLASS { b"" } else { class };
    let mut pair = serializer.serialize_tuple(2)?;
    pair.serialize_element(&Ext { code: wire::OBJECT, body: class })?;
    pair.serialize_element(members)?;
    pair.end()
}

/// Writes `[ext 3 (Class:Case)]`.
///
/// # Safety
/// `value` is a zval of an enum case.
unsafe fn serialize_enum_case<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    // SAFETY: an enum case's first property is its name.
    unsafe {
        let object = zend::object_of(value.at);
        let class = zend::class_name((*object).ce);
        write_enum_case(class, zend::bytes(zend::string_of(zend::slot(object, 0))), serializer)
    }
}

/// Writes `[ext 3 (Class:Case)]`. (A class name and an identifier are far shorter than what can be written.)
fn write_enum_case<S: Serializer>(class: &[u8], case: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    // From Zend's memory: nothing to drop if the engine leaves.
    let mut name = ZendVec::new();
    class.iter().chain(b":").chain(case).for_each(|&byte| name.push(byte));
    Ext { code: wire::ENUM_CASE, body: &name }.serialize(serializer)
}

/// Enum and case, where a reader that does not allow the enum has got an incomplete object of this name in its place.
fn case_in_place_of(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let between = name.windows(2).position(|two| two == wire::BETWEEN_ENUM_AND_CASE)?;
    Some((&name[..between], &name[between + 2..]))
}

/// The array that `__serialize` returns, as members.
///
/// # Safety
/// As for [`serialize_held`], and its class has a method `__serialize`.
unsafe fn serialize_by_method<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    // SAFETY: the result is held until it is written; what is met in it, until the end.
    unsafe {
        let object = zend::object_of(value.at);
        let class = (*object).ce;
        let mut returned = zend::scratch();
        let returned = &raw mut *returned;
        zend::call_method(object, (*class).__serialize, returned, ptr::null_mut());
        if zend::exception_pending() {
            zend::release(returned);
            return Err(value.encoder.thrown());
        }
        if zend::kind(returned) != zend::ARRAY {
            zend::release(returned);
            zend::throw_type_error(c"%s::__serialize() must return an array", zend::class_name(class));
            return Err(value.encoder.refused_by_engine());
        }
        let table = zend::array_of(returned);
        let shared = (*table).gc.refcount > 1;
        let members = Members { table, skip: None, nested: false, value: Value { shared, root: false, ..*value } };
        let result = write(value.encoder, zend::class_name(class), &members, serializer);
        zend::release(returned);
        result
    }
}

/// `[ext 2 (class), nil]`, where the class has a method `serialize`, which is called when all else is written: what
/// leads out of its string has then been met, whatever the order.
///
/// `[ext 2 (class), bin]`, where it has a handler of another kind. What its string contains is its own business: it
/// shares no objects and references with the rest of the value.
///
/// # Safety
/// As for [`serialize_held`], and its class has a handler `serialize`.
unsafe fn serialize_by_handler<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    // SAFETY: the handler returns memory of Zend's allocator, or none.
    unsafe {
        let class = (*zend::object_of(value.at)).ce;
        if zend::has_serialize_method(class) && zend::can_share() {
            value.encoder.serialize_later(zend::object_of(value.at));
            let name = zend::class_name(class);
            check_length(value.encoder, name.len())?;
            let mut pair = serializer.serialize_tuple(2)?;
            pair.serialize_element(&Ext { code: wire::SERIALIZABLE, body: name })?;
            pair.serialize_element(&())?;
            return pair.end();
        }
        let handler = (*class).serialize.expect("the caller has looked");
        let (mut buffer, mut len) = (ptr::null_mut(), 0);
        let data = zend::begin_serialize();
        let outcome = handler(value.at, &raw mut buffer, &raw mut len, data);
        zend::end_serialize(data);
        let bytes = if buffer.is_null() { &[] } else { std::slice::from_raw_parts(buffer, len) };
        let result = if zend::exception_pending() {
            Err(value.encoder.thrown())
        } else if outcome != 0 {
            value.encoder.identity.became_null(value.at);
            serializer.serialize_unit()
        } else {
            write_serializable(value.encoder, zend::class_name(class), bytes, serializer)
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
    check_length(encoder, bytes.len())?;
    let mut pair = serializer.serialize_tuple(2)?;
    pair.serialize_element(&Ext { code: wire::SERIALIZABLE, body: class })?;
    pair.serialize_element(&Bytes(bytes))?;
    pair.end()
}

/// The properties that `__sleep` names.
///
/// # Safety
/// As for [`serialize_held`], and `sleep` is a method of its class.
unsafe fn serialize_by_sleep<S: Serializer>(
    value: &Value,
    sleep: *mut zend_function,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    // SAFETY: the names are held until they are looked up, the properties until they are written.
    unsafe {
        let object = zend::object_of(value.at);
        let class = (*object).ce;
        let mut names = zend::scratch();
        let names = &raw mut *names;
        zend::call_method(object, sleep, names, ptr::null_mut());
        if zend::kind(names) != zend::ARRAY {
            zend::release(names);
            if !zend::exception_pending() {
                warn_about_sleep(class);
            }
            if zend::exception_pending() {
                return Err(value.encoder.thrown());
            }
            // As `serialize` does, after its warning.
            return serializer.serialize_unit();
        }
        let mut chosen = zend::new_table(true);
        let result = if choose(value.at, zend::array_of(names), &raw mut chosen) {
            let members = Members {
                table: &raw mut chosen,
                skip: None,
                nested: true,
                value: Value { shared: false, root: false, ..*value },
            };
            write(value.encoder, zend::class_name(class), &members, serializer)
        } else {
            Err(value.encoder.thrown())
        };
        zend::destroy_table(&raw mut chosen);
        zend::release(names);
        result
    }
}

fn warn_about_sleep(class: *const zend_class_entry) {
    // SAFETY: a class of this request.
    let name = unsafe { zend::class_name(class) };
    let text = c"%s::__sleep() should return an array only containing the names of instance-variables to serialize";
    zend::raise(ffi::E_WARNING, text, name, b"");
}

/// Copies the properties with these names into `chosen`. False if an exception is pending.
///
/// # Safety
/// `object` is an object zval, `names` an array; the caller holds both, and owns `chosen`.
unsafe fn choose(object: *mut Zval, names: *const HashTable, chosen: *mut HashTable) -> bool {
    // SAFETY: the properties are held while names are converted, which may run user code.
    unsafe {
        let class = (*zend::object_of(object)).ce;
        let properties = zend::properties_to_serialize(object);
        for (_, name) in Elements::of(names) {
            let name = zend::deref(name);
            if zend::kind(name) != zend::STRING {
                warn_about_sleep(class);
            }
            let Ok(name) = zend::to_string(name) else { break };
            if !zend::exception_pending() && !choose_one(object, properties, name.as_ptr(), chosen) {
                let text = c"\"%s\" returned as member variable from __sleep() but does not exist";
                zend::raise(ffi::E_WARNING, text, name.bytes(), b"");
            }
            if zend::exception_pending() {
                break;
            }
        }
        if !properties.is_null() {
            zend::release_array(properties);
        }
        !zend::exception_pending()
    }
}

/// Finds a property as public, private to the class, or protected, and copies it. False if there
/// is none.
///
/// # Safety
/// As for [`choose`]; `properties` is a table of the object, or null; all are held by the caller.
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
        let plain = zend::bytes(name);
        if try_property(object, properties, name, plain, chosen) {
            return true;
        }
        for class in [zend::class_name_c((*zend::object_of(object)).ce), c"*"] {
            let mangled = zend::mangle(class, name);
            let found = try_property(object, properties, mangled, plain, chosen);
            zend::release_string(mangled);
            if found {
                return true;
            }
        }
        false
    }
}

/// Copies the property under that key, if there is one.
///
/// # Safety
/// As for [`choose_one`], of which `properties` is not null.
unsafe fn try_property(
    object: *mut Zval,
    properties: *const HashTable,
    key: *mut zend_string,
    name: &[u8],
    chosen: *mut HashTable,
) -> bool {
    // SAFETY: all are held by the caller.
    unsafe {
        let found = zend::find(properties, key);
        if found.is_null() {
            return false;
        }
        let at = zend::follow_indirect(found);
        if zend::kind(at) == zend::UNDEF {
            // A typed property without a value yet exists, and is left out.
            return zend::is_typed_slot(zend::object_of(object), at);
        }
        if !zend::add(chosen, key, at) {
            zend::raise(series::REPEATED_NAME, c"\"%s\" is returned from __sleep() multiple times", name, b"");
        }
        true
    }
}

/// All properties.
///
/// # Safety
/// As for [`serialize_held`].
unsafe fn serialize_properties<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    // SAFETY: the object is held; its table, where it has one, as well.
    unsafe {
        let object = zend::object_of(value.at);
        let class = (*object).ce;
        if (*object).properties.is_null() && zend::has_standard_properties(object) {
            let properties = DeclaredProperties { object, value: Value { shared: false, root: false, ..*value } };
            return write(value.encoder, zend::class_name(class), &properties, serializer);
        }
        let table = zend::properties_to_serialize(value.at);
        if zend::exception_pending() {
            if !table.is_null() {
                zend::release_array(table);
            }
            return Err(value.encoder.thrown());
        }
        let mut empty = zend::new_table(false);
        let shared = !table.is_null() && (*table).gc.refcount > 2;
        let mut members = Members {
            table: if table.is_null() { &raw mut empty } else { table },
            skip: None,
            nested: true,
            value: Value { shared, root: false, ..*value },
        };
        let result = if class == zend::incomplete_class() {
            members.skip = Some(MAGIC_MEMBER);
            let name = zend::remembered_class_name(object);
            if name.is_null() {
                write(value.encoder, zend::class_name(class), &members, serializer)
            } else {
                let result = match case_in_place_of(zend::bytes(name)) {
                    Some((class, case)) => write_enum_case(class, case, serializer),
                    None => write(value.encoder, zend::bytes(name), &members, serializer),
                };
                zend::release_string(name);
                result
            }
        } else {
            write(value.encoder, zend::class_name(class), &members, serializer)
        };
        if !table.is_null() {
            zend::release_array(table);
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
    ///
    /// # Safety
    /// The object is held by the maker of this, and its properties are declared by its class.
    unsafe fn iter(&self) -> impl Iterator<Item = (*const zend_string, *mut Zval)> {
        // SAFETY: the object is held; a slot with a declaration is a zval.
        unsafe {
            let object = self.object;
            zend::declared((*object).ce).iter().enumerate().filter_map(move |(index, &info)| {
                if info.is_null() {
                    return None;
                }
                let at = zend::slot(object, index);
                (zend::kind(at) != zend::UNDEF).then(|| ((*info).name.cast_const(), at))
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
                map.serialize_key(&Text(zend::bytes(name)))?;
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
