//! Steps into a value: `['key']`, `[]`, `->name`.

use ext_php_rs::ffi::{BP_VAR_UNSET, BP_VAR_W};

use super::names::{illegal_offset, resource_number};
use super::zend::{self, Array, Local, Str, Thrown, Value, ZStr};

/// The offset of a step into an array or an object, as the program has given it.
pub struct Key(Local);

impl Key {
    /// Another owner of `value`, which may be a reference.
    pub fn new(value: &Value) -> Self {
        Self(Local::copy_of(value.dereference()))
    }

    /// An int.
    pub fn int(value: i64) -> Self {
        Self(Local::of_long(value))
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Whether it is an int or a string: an array takes it without a warning.
    pub fn is_plain(&self) -> bool {
        matches!(self.0.kind(), zend::LONG | zend::STRING)
    }

    /// The element of an array under it. The key [is plain](Key::is_plain).
    pub fn find<'a>(&self, array: &'a Array) -> Option<&'a Value> {
        array.find(array_key(self, false).ok()?)
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        Self::new(&self.0)
    }
}

/// One step into a value.
#[derive(Clone)]
pub enum Step {
    /// `['key']`
    Element(Key),
    /// `[]`
    Append,
    /// `->name`
    Property(Str),
}

impl Step {
    /// The offset that the engine has for it: none for `[]`.
    pub fn offset(&self) -> Option<&Value> {
        match self {
            Self::Element(key) => Some(key.value()),
            _ => None,
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Property(name) => write!(f, "->{}", String::from_utf8_lossy(name.bytes())),
            Step::Append => write!(f, "[]"),
            Step::Element(key) => match (key.value().long(), key.value().string()) {
                (Some(int), _) => write!(f, "[{int}]"),
                (_, Some(string)) => write!(f, "['{}']", String::from_utf8_lossy(string.bytes())),
                _ => write!(f, "[…]"),
            },
        }
    }
}

/// The element of an array at the end of the steps, if there is one; `value` itself, where there are no steps.
pub fn find<'a>(value: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    steps.iter().try_fold(value, |at, step| match step {
        Step::Element(key) => key.find(at.array()?),
        _ => None,
    })
}

/// The key that an array takes an offset for, with PHP's own warnings and errors.
pub fn array_key(key: &Key, unset: bool) -> Result<zend::Key<'_>, Thrown> {
    let value = key.value();
    Ok(match value.kind() {
        zend::UNDEF | zend::NULL => zend::Key::String(ZStr::empty()),
        zend::FALSE => zend::Key::Int(0),
        zend::TRUE => zend::Key::Int(1),
        _ => {
            if let Some(int) = value.long() {
                zend::Key::Int(int)
            } else if let Some(string) = value.string() {
                string.numeric().map_or(zend::Key::String(string), zend::Key::Int)
            } else if let Some(double) = value.double() {
                let index = value.to_long();
                if index as f64 != double {
                    zend::deprecate_float_to_int(double)?;
                }
                zend::Key::Int(index)
            } else if let Some(number) = value.resource() {
                zend::Key::Int(resource_number(number)?)
            } else {
                return Err(illegal_offset(b"array", value, if unset { BP_VAR_UNSET } else { BP_VAR_W }));
            }
        }
    })
}
