//! Ways into a value on which no user code can run.

use ext_php_rs::ffi::{self, BP_VAR_IS};

use super::step::{Step, array_key};
use super::zend::{self, Local, Object, Thrown, Value, series};

/// Whether the steps (the last one apart) lead through arrays, and objects in which user code has no say, up to the first that
/// makes something: so that a value can be put at their end without running any. `found` is called with what is there.
/// The steps are [normalized](super::step::normalized).
pub fn is_plain_path(
    value: &Value,
    steps: &[Step],
    found: &mut dyn FnMut(&Value) -> Result<(), Thrown>,
) -> Result<bool, Thrown> {
    let value = value.dereference();
    match steps {
        [] => found(value).map(|()| true),
        [Step::Append, ..] => Ok(value.array().is_some()),
        [step, rest @ ..] => match plain_child(value, step)? {
            Child::Element(child) => is_plain_path(child, rest, found),
            Child::Given(child) => is_plain_path(&child, rest, found),
            Child::Missing => Ok(rest.is_empty()),
            Child::Unknown => Ok(false),
        },
    }
}

/// The value one step further.
enum Child<'a> {
    Element(&'a Value),
    /// By an object.
    Given(Local),
    Missing,
    /// Only user code could tell, or there can be nothing.
    Unknown,
}

fn plain_child<'a>(value: &'a Value, step: &Step) -> Result<Child<'a>, Thrown> {
    if let (Some(array), Step::Element(key)) = (value.array(), step) {
        return Ok(array.find(array_key(key, false)?).map_or(Child::Missing, Child::Element));
    }
    let Some(object) = value.object() else { return Ok(Child::Unknown) };
    let given = match step {
        Step::Property(name) if has_plain_properties(object) => Some(object.read_property(name, BP_VAR_IS)?),
        Step::Element(key) if has_plain_elements(object) => object.read_element(Some(key.value()), BP_VAR_IS)?,
        _ => return Ok(Child::Unknown),
    };
    Ok(given.filter(|given| given.kind() != zend::UNDEF).map_or(Child::Missing, Child::Given))
}

/// Whether an object's properties are read and written by the engine alone.
fn has_plain_properties(object: &Object) -> bool {
    // SAFETY: the class of a live object lives; the engine's own table of handlers is a constant.
    unsafe {
        let class = &*object.class();
        if series::has_hooks(class) {
            return false;
        }
        let standard = &ffi::std_object_handlers;
        let same = |one: Option<_>, other: Option<_>| match (one, other) {
            (Some(one), Some(other)) => std::ptr::fn_addr_eq(one, other),
            _ => false,
        };
        same(object.handlers().read_property, standard.read_property)
            && [class.__get, class.__set, class.__isset, class.__unset].iter().all(|method| method.is_null())
    }
}

/// Whether no method written in PHP has a say in the elements of an object.
fn has_plain_elements(object: &Object) -> bool {
    ["offsetget", "offsetset", "offsetexists", "offsetunset"].into_iter().all(|name| {
        // SAFETY: the class of a live object is linked, and keeps its methods.
        unsafe {
            let method = zend::method(object.class(), name);
            !method.is_null() && u32::from((*method).type_) == ffi::ZEND_INTERNAL_FUNCTION
        }
    })
}
