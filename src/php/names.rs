//! Names of properties: made of offsets and numbers, and checked.

use ext_php_rs::ffi::{self, BP_VAR_IS, BP_VAR_UNSET};

use super::errors;
use super::object::SyncObject;
use super::zend::{self, Local, Str, Thrown, Value, ZStr, series};

/// The name that any value means, as `(string)` makes one of it: `$s[5]`, `get(1.5)`.
pub fn name_of(value: &Value) -> Result<Str, Thrown> {
    value.dereference().to_string()
}

/// The name that an element of an array of names is: a string, or a value that becomes one without a warning.
pub fn listed_name(element: &Value) -> Result<Str, Thrown> {
    // SAFETY: an object that a value holds lives, and its class as long.
    let is_stringable = element.object().is_some_and(|object| unsafe { !(*object.class()).__tostring.is_null() });
    if !element.is_scalar() && !is_stringable {
        let format = c"must be an array of names, one of type %s given".as_ptr();
        // SAFETY: a format with one `%s`, and the name of a type, a C string.
        unsafe { ffi::zend_argument_type_error(1, format, element.type_name().as_ptr()) };
        return Err(Thrown);
    }
    element.to_string()
}

/// The name that an offset means, `$sync[5]`: what `(string)` makes of it, as for `$sync->{5}`. `fetch`: how the engine
/// fetches it.
pub fn offset_name(this: &SyncObject, offset: &Value, fetch: u32) -> Result<Str, Thrown> {
    // (A copy, which is held while it is converted.)
    name_of(&*legal_offset(this, offset, fetch)?)
}

/// An offset of which a name can be made. Throws for an array, and for an object that is no string either: to an array,
/// too, these are illegal. A resource is its number, with a warning, as to an array.
pub fn legal_offset(this: &SyncObject, offset: &Value, fetch: u32) -> Result<Local, Thrown> {
    let (offset, class) = (offset.dereference(), this.object().class_name());
    // SAFETY: an object that a value holds lives, and its class as long.
    let has_no_string = |object: &zend::Object| unsafe { (*object.class()).__tostring.is_null() };
    if offset.array().is_some() || offset.object().is_some_and(has_no_string) {
        return Err(illegal_offset(class, offset, fetch));
    }
    Ok(match offset.resource() {
        Some(number) => Local::of_long(resource_number(number)?),
        None => Local::copy_of(offset),
    })
}

/// Throws for a name that a property cannot have.
#[inline]
pub fn check_name(name: &ZStr) -> Result<(), Thrown> {
    if is_bad_name(name) { Err(errors::throw_bad_name()) } else { Ok(()) }
}

/// Whether no property can have this name.
#[inline]
pub fn is_bad_name(name: &ZStr) -> bool {
    name.bytes().first() == Some(&0)
}

/// The name of the next element, by its number; throws what an array throws where there is none.
pub fn name_of_number(number: Option<i64>) -> Result<Str, Thrown> {
    match number {
        Some(number) => Ok(Str::new(number.to_string().as_bytes())),
        None => Err(errors::throw_error("Cannot add element to the array as the next element is already occupied")),
    }
}

/// Warns of a resource that is taken for its number, as an offset.
pub fn resource_number(number: i64) -> Result<i64, Thrown> {
    errors::warn_of(format!("Resource ID#{number} used as offset, casting to integer ({number})")).map(|()| number)
}

/// The TypeError for an offset of a kind that its container (`array`, `string`, a class) does not take.
#[cold]
pub fn illegal_offset(container: &[u8], offset: &Value, fetch: u32) -> Thrown {
    if series::WORDS_TELL_FETCH && container == b"string" && fetch == BP_VAR_UNSET {
        return errors::throw_error("Cannot unset string offsets");
    }
    let kind = Str::new(container);
    // SAFETY: both live.
    if unsafe { series::throw_illegal_offset(kind.as_ptr(), offset.as_ptr(), fetch) } {
        return Thrown;
    }
    match (container, fetch) {
        (b"string", _) => {
            zend::throw_type_error(c"Cannot access offset of type %s on string", offset.type_name().to_bytes())
        }
        (_, BP_VAR_UNSET) => zend::throw_type_error(c"Illegal offset type in unset", b""),
        (_, BP_VAR_IS) => zend::throw_type_error(c"Illegal offset type in isset or empty", b""),
        _ => zend::throw_type_error(c"Illegal offset type", b""),
    }
    Thrown
}
