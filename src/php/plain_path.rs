//! Ways into a value on which no user code can run.

use ext_php_rs::ffi::{self, BP_VAR_IS};

use super::act::Act;
use super::step::{Step, array_key};
use super::string_offset::is_put_silently;
use super::zend::{self, Local, Object, Thrown, Value, series};

/// The part of a value that a statement has changed.
pub struct Part {
    /// How many of the statement's steps lead to it, all of them ways on which no user code runs.
    pub depth: usize,
    /// It is one value, which changes as a whole: an object in which user code has a say, or a string with another byte. `None`: the
    /// statement's operand, at the end of its steps.
    pub whole: Option<Local>,
}

/// The part of `value` that a statement has changed that took the steps.
pub fn changed_part(value: &Value, steps: &[Step]) -> Result<Part, Thrown> {
    let value = value.dereference();
    let operand = Part { depth: steps.len(), whole: None };
    let [step, rest @ ..] = steps else { return Ok(operand) };
    let part = match plain_child(value, step)? {
        Child::Element(child) => changed_part(child, rest)?,
        Child::Given(child) => changed_part(&child, rest)?,
        Child::Unknown if value.object().is_some() || value.string().is_some() => {
            return Ok(Part { depth: 0, whole: Some(Local::copy_of(value)) });
        }
        Child::Missing | Child::Unknown => return Ok(operand),
    };
    Ok(Part { depth: part.depth + 1, ..part })
}

/// The end of steps in a value.
pub enum End {
    There(Local),
    /// Nothing, but there is room for it.
    Missing,
    /// User code could have a say on the way, or there is none.
    Unreachable,
}

/// Takes the steps in `value`, where a value is to be put. The first `there` of them lead from arrays and objects that must be
/// there; the arrays from which the others lead can be made.
pub fn find_end(value: &Value, steps: &[Step], there: usize) -> Result<End, Thrown> {
    let value = value.dereference();
    let [step, rest @ ..] = steps else { return Ok(End::There(Local::copy_of(value))) };
    if is_nothing(value) {
        let is_made = there == 0 && steps.iter().all(|step| !matches!(step, Step::Property(_)));
        return Ok(if is_made { End::Missing } else { End::Unreachable });
    }
    match plain_child(value, step)? {
        Child::Element(child) => find_end(child, rest, there.saturating_sub(1)),
        Child::Given(child) => find_end(&child, rest, there.saturating_sub(1)),
        Child::Missing if rest.is_empty() => Ok(End::Missing),
        Child::Missing => find_end(&Local::null(), rest, there.saturating_sub(1)),
        Child::Unknown => Ok(End::Unreachable),
    }
}

/// Whether acting at the end of the steps runs no user code for as long as the place in which `value` is, or one inside of its arrays, is in
/// use; an object and a reference, which have places of their own, end that. (A destructor runs after all else.) Where this says no, it
/// may still be so.
pub fn is_silent(value: &Value, steps: &[Step], act: &Act) -> bool {
    let [step, rest @ ..] = steps else {
        return match act {
            Act::Operate(operation) => value.kind() == zend::REFERENCE || operation.is_silent(value),
            Act::Assign(_) | Act::Unset => true,
        };
    };
    if let Some(array) = value.array() {
        return match step {
            Step::Element(key) if !key.is_plain() => false,
            Step::Element(key) => match key.find(array) {
                Some(child) => is_silent(child, rest, act),
                None => is_silent_in_nothing(rest, act),
            },
            Step::Append => is_silent_in_nothing(rest, act),
            // (No array has properties, which is an exception.)
            Step::Property(_) => true,
        };
    }
    match (value.kind(), step, value.string()) {
        (zend::UNDEF | zend::NULL, ..) => is_silent_in_nothing(steps, act),
        (_, Step::Property(_), _) => true,
        (zend::FALSE, ..) => false,
        (_, Step::Element(key), Some(string)) => match (rest, act) {
            ([], Act::Assign(new)) => is_put_silently(string, key, new),
            _ => false,
        },
        _ => true,
    }
}

/// As [`is_silent`], where there is nothing yet.
fn is_silent_in_nothing(steps: &[Step], act: &Act) -> bool {
    let is_plain = |step: &Step| if let Step::Element(key) = step { key.is_plain() } else { true };
    match act {
        Act::Assign(_) => steps.iter().all(is_plain),
        // (Of what it misses, an operator warns.)
        Act::Operate(_) => false,
        Act::Unset => true,
    }
}

/// Whether the steps lead through an object or a reference in `value`, which are changed where they are: nothing of `value` itself is.
pub fn leads_away(value: &Value, steps: &[Step]) -> bool {
    match (value.kind(), steps) {
        (zend::REFERENCE, _) => true,
        (zend::OBJECT, [_, ..]) => true,
        (zend::ARRAY, [step, rest @ ..]) => match zend::without_warnings(|| plain_child(value, step)) {
            Ok(Child::Element(child)) => leads_away(child, rest),
            _ => false,
        },
        _ => false,
    }
}

/// Whether PHP makes an array of it when an element is put there.
fn is_nothing(value: &Value) -> bool {
    matches!(value.kind(), zend::UNDEF | zend::NULL | zend::FALSE)
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
    if let Some(array) = value.array() {
        return Ok(match step {
            Step::Element(key) => array.find(array_key(key, false)?).map_or(Child::Missing, Child::Element),
            Step::Append => Child::Missing,
            Step::Property(_) => Child::Unknown,
        });
    }
    let Some(object) = value.object() else { return Ok(Child::Unknown) };
    let given = match step {
        Step::Property(name) if has_plain_properties(object) => Some(object.read_property(name, BP_VAR_IS)?),
        Step::Element(key) if has_plain_elements(object) => object.read_element(Some(key.value()), BP_VAR_IS)?,
        Step::Append if has_plain_elements(object) => None,
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
