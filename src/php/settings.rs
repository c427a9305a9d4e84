//! The settings of one object: its options, and `allowedClasses` as a PHP value.

use ext_php_rs::ffi;

use super::handle::{Durability, Options};
use super::ini;
use super::value::{AllowedClasses, Policy};
use super::zend::{self, Array, Held, Local, Str, Thrown, Value, ZStr};

/// The options of a store with this durability; the settings say the rest.
pub fn options(durability: Durability) -> Options {
    Options {
        file_mode: ini::file_mode(),
        durability,
        fiber: zend::fiber,
        file_systems: ini::file_systems(),
        ..Options::default()
    }
}

/// The policy that `allowedClasses` asks for: true: any class; false: none; an array: the classes named in
/// it; left out: as the setting says.
pub fn policy(given: Option<&Value>) -> Result<Policy, Thrown> {
    let Some(given) = given else { return Ok(ini::policy()) };
    if let Some(allowed_classes) = allowed_classes(given) {
        return Ok(Policy { allowed_classes });
    }
    let given = given.dereference();
    // SAFETY: the engine copies the words, which are C strings; the name of a type is one.
    unsafe {
        if given.array().is_some() {
            ffi::zend_argument_type_error(2, c"must be an array of class names, or a bool".as_ptr());
        } else {
            let kind = ffi::zend_zval_type_name(given.as_ptr());
            ffi::zend_argument_type_error(2, c"must be of type array|bool|null, %s given".as_ptr(), kind);
        }
    }
    Err(Thrown)
}

/// The classes that a bool or an array of names allows; `None` for anything else.
pub fn allowed_classes(given: &Value) -> Option<AllowedClasses> {
    let given = given.dereference();
    match given.kind() {
        zend::TRUE => Some(AllowedClasses::All),
        zend::FALSE => Some(AllowedClasses::only::<&[u8]>([])),
        _ => {
            let names = given.array()?.values().map(|name| name.dereference().string().map(ZStr::bytes));
            Some(AllowedClasses::only(names.collect::<Option<Vec<_>>>()?))
        }
    }
}

/// The other way round: true, or an array of names.
pub fn allowed_classes_value(allowed: &AllowedClasses) -> Local {
    let AllowedClasses::Only(names) = allowed else { return Local::of_bool(true) };
    let mut sorted: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    sorted.sort_unstable();
    let mut array = Held::<Array>::new();
    for name in sorted {
        array.push(Local::of_string(Str::new(name)));
    }
    Local::of_array(array)
}
