//! The way to an object that cannot be stored, for the message that says so.

use std::collections::HashSet;

use ext_php_rs::ffi;

use crate::php::zend::{self, Key, Object, Value};

/// Values nested deeper than this are not searched.
const LEVELS: usize = 100;

/// The first object of a class that the engine serializes nothing of: the steps to it, as a program writes them, and the name of the class.
/// `None` where there is none to be seen: a method of a class may have made it. Runs no user code.
#[cold]
pub fn find_refused(value: &Value) -> Option<(String, String)> {
    let mut search = Search { way: String::new(), seen: HashSet::new() };
    let class = search.look(value, LEVELS)?;
    Some((search.way, class))
}

struct Search {
    /// The steps to the value that is looked at.
    way: String,
    /// The objects that have been looked at: they may contain each other.
    seen: HashSet<*mut ffi::zend_object>,
}

impl Search {
    /// Looks at a value, and into it: the name of the refused class, if there is one. The steps then lead to its object.
    fn look(&mut self, value: &Value, levels: usize) -> Option<String> {
        let value = value.dereference();
        if let Some(array) = value.array() {
            return array.entries().find_map(|(key, element)| {
                let step = match key {
                    Key::Int(number) => format!("[{number}]"),
                    Key::String(name) => format!("['{}']", String::from_utf8_lossy(name.bytes())),
                };
                self.enter(&step, element, levels)
            });
        }
        let object = value.object()?;
        // SAFETY: the class of a live object.
        if unsafe { (*object.class()).ce_flags } & ffi::ZEND_ACC_NOT_SERIALIZABLE != 0 {
            // (That of an anonymous class goes on with its place, behind a NUL.)
            let name = object.class_name().split(|&byte| byte == 0).next().unwrap_or_default();
            return Some(String::from_utf8_lossy(name).into_owned());
        }
        if !is_written_by_properties(object) || !self.seen.insert(object.as_ptr()) {
            return None;
        }
        self.look_at_properties(object, levels)
    }

    fn enter(&mut self, step: &str, value: &Value, levels: usize) -> Option<String> {
        let length = self.way.len();
        self.way.push_str(step);
        let found = levels.checked_sub(1).and_then(|levels| self.look(value, levels));
        if found.is_none() {
            self.way.truncate(length);
        }
        found
    }

    fn look_at_properties(&mut self, object: &Object, levels: usize) -> Option<String> {
        let at = object.as_ptr();
        // SAFETY: a live object with standard properties: it has a slot for each declared one, and a table, if one was made yet, which leads
        // to these and to all others. Nothing runs meanwhile. Names are alive as long as their declarations, or the table.
        unsafe {
            let name = |name| zend::unmangle(name).map_or(zend::bytes(name), |(_, name)| name);
            let step = |name: &[u8]| format!("->{}", String::from_utf8_lossy(name));
            let table = (*at).properties;
            if !table.is_null() {
                return zend::Elements::of(table).find_map(|(key, place)| {
                    let text = key.text();
                    self.enter(&step(name(text.as_ptr())), Value::from_ptr(place), levels)
                });
            }
            let declared = zend::declared(object.class()).iter().enumerate();
            declared
                .filter_map(|(index, &info)| Some((zend::slot(at, index), info.as_ref()?)))
                .find_map(|(place, info)| self.enter(&step(name(info.name)), Value::from_ptr(place), levels))
        }
    }
}

/// Whether an object is written as the values of its properties, by no method or handler of its class.
fn is_written_by_properties(object: &Object) -> bool {
    // SAFETY: a live object, and its class.
    unsafe {
        let class = object.class();
        (*class).ce_flags & ffi::ZEND_ACC_ENUM == 0
            && (*class).__serialize.is_null()
            && (*class).serialize.is_none()
            && zend::method(class, "__sleep").is_null()
            && zend::has_standard_properties(object.as_ptr())
    }
}
