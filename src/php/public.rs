//! The public properties of any object, as `foreach` shows them outside of its class.

use ext_php_rs::ffi;

use super::zend::{self, Array, Held, Local, Object, Slot, Thrown, Value, ZStr, series};

/// The properties that `foreach` shows outside of the class, in a table of its own; those with hooks as these give them.
/// `properties`: all of the object.
pub fn public_properties(object: &Object, properties: Held<Array>) -> Result<Held<Array>, Thrown> {
    let mut public = Held::<Array>::new();
    let table = hooked_properties(object).unwrap_or(properties);
    let mut elements = table.elements();
    while let Some((key, stored)) = elements.next_stored() {
        // SAFETY: a place of the table, which is held; what it points to is in the object, or a declaration of its class.
        let (stored, value) = unsafe { (Value::from_ptr(stored), Value::from_ptr(zend::follow_indirect(stored))) };
        // (A name of any kind may have been given to an object at run time: that one is refused, not left out.)
        let hidden = matches!(stored.kind(), zend::INDIRECT | ffi::IS_PTR) && key.text().bytes().first() == Some(&0);
        if hidden || value.kind() == zend::UNDEF {
            continue;
        }
        let copy = if value.kind() == ffi::IS_PTR {
            // (Only declared properties have hooks, and these have names.)
            // SAFETY: only tables of `hooked_properties` have pointers.
            let Some(given) = (unsafe { ask_hook(object, &key.text(), value)? }) else { continue };
            given
        } else {
            Local::copy_of(value.dereference())
        };
        public.set(key, copy);
    }
    zend::check()?;
    Ok(public)
}

/// A new table of the properties of an object whose class has property hooks (PHP 8.4): pointers to the declarations of those
/// that have them. `None` for other objects.
fn hooked_properties(object: &Object) -> Option<Held<Array>> {
    // SAFETY: the object lives; the engine gives a new table, whose count is the caller's.
    unsafe { series::hooked_properties(object.as_ptr()).map(|table| Held::from_owned(table)) }
}

/// The value that the hook of a public property gives; `None` where it has none to read by. `declaration` points to that of
/// the property with this name.
///
/// # Safety
/// `declaration` is from a table of [`hooked_properties`].
unsafe fn ask_hook(object: &Object, name: &ZStr, declaration: &Value) -> Result<Option<Local>, Thrown> {
    let mut scratch = zend::empty();
    // SAFETY: the caller promises a pointer to a declaration of the object's class.
    let property = unsafe { &*(*declaration.as_ptr()).value.ptr.cast::<ffi::zend_property_info>() };
    if !series::gives_value(property) {
        return Ok(None);
    }
    let name = name.bytes();
    // SAFETY: the object and the name are held; the scratch value outlives the use of the result, which may lie in it.
    let given = unsafe {
        let given = ffi::zend_read_property(
            property.ce,
            object.as_ptr(),
            name.as_ptr().cast(),
            name.len(),
            true,
            Slot::of(&mut scratch).as_ptr(),
        );
        zend::check()?;
        Local::copy_of(Value::from_ptr(given).dereference())
    };
    Ok(Some(given))
}
