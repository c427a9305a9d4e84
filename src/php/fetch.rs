//! The purpose for which the engine fetches a property or an element.

use std::os::raw::c_int;

use ext_php_rs::ffi::{self, BP_VAR_R, BP_VAR_RW, BP_VAR_UNSET, BP_VAR_W, zval};

use super::errors;
use super::opline::Opline;
use super::step::{Key, Step};
use super::zend::{Str, Thrown, Value, ZStr};

/// The purpose of a fetch of a property or element.
pub enum Fetch {
    /// To be changed further inside: a proxy is wanted.
    Proxy,
    /// The compound operator that runs wants the value: a proxy is wanted that operates.
    Operand,
    /// Just the value.
    Value,
}

/// Finds out for which purpose `read_property` is called. Throws where a reference is wanted.
///
/// `way`: what leads to the object, for the message.
pub fn property_fetch(kind: c_int, name: &ZStr, way: impl FnOnce() -> String) -> Result<Fetch, Thrown> {
    if !matches!(kind as u32, BP_VAR_W | BP_VAR_RW | BP_VAR_UNSET) {
        return Ok(Fetch::Value);
    }
    let Some(instruction) = Opline::current() else { return Ok(Fetch::Value) };
    let no_reference = || no_reference(&(way() + &Step::Property(Str::of(name)).to_string()));
    match instruction.code() {
        ffi::ZEND_FETCH_OBJ_FUNC_ARG | ffi::ZEND_ASSIGN_OBJ_REF => Err(no_reference()),
        ffi::ZEND_FETCH_OBJ_W | ffi::ZEND_FETCH_OBJ_RW | ffi::ZEND_FETCH_OBJ_UNSET => {
            if instruction.op().extended_value & ffi::ZEND_FETCH_OBJ_FLAGS == ffi::ZEND_FETCH_REF {
                return Err(no_reference());
            }
            Ok(Fetch::Proxy)
        }
        _ => Ok(Fetch::Value),
    }
}

/// Whether a compound operator on an element is what runs: `$x['n'] += 1`.
pub fn is_operator() -> bool {
    Opline::current().is_some_and(|instruction| instruction.code() == ffi::ZEND_ASSIGN_DIM_OP)
}

/// Finds out for which purpose `read_dimension` is called. Throws where a reference is wanted.
///
/// `way`: what leads to the object, for the message.
pub fn element_fetch(kind: c_int, offset: Option<&Value>, way: impl FnOnce() -> String) -> Result<Fetch, Thrown> {
    let Some(instruction) = Opline::current() else { return Ok(Fetch::Value) };
    let no_reference = || no_reference(&(way() + &element(offset).to_string()));
    match (kind as u32, instruction.code()) {
        (BP_VAR_R, ffi::ZEND_ASSIGN_DIM_OP) => Ok(Fetch::Operand),
        (BP_VAR_W, ffi::ZEND_FETCH_DIM_FUNC_ARG | ffi::ZEND_FETCH_LIST_W) => Err(no_reference()),
        (
            BP_VAR_W | BP_VAR_RW | BP_VAR_UNSET,
            ffi::ZEND_FETCH_DIM_W | ffi::ZEND_FETCH_DIM_RW | ffi::ZEND_FETCH_DIM_UNSET,
        ) => {
            if instruction.op().extended_value == ffi::ZEND_FETCH_DIM_REF {
                return Err(no_reference());
            }
            Ok(Fetch::Proxy)
        }
        _ => Ok(Fetch::Value),
    }
}

/// `what`: `->x` or `['x']`.
#[cold]
fn no_reference(what: &str) -> Thrown {
    errors::throw_error(&format!(
        "Cannot make a reference to {what} in a Sync object, which lives in shared memory: copy it, change the copy and assign that: $copy = $sync{what}; …; $sync{what} = $copy; (between lock() and unlock() where others write it, too)"
    ))
}

/// An offset as the engine passes it: nothing for `[]`.
///
/// # Safety
/// `offset` is null, or a live value for as long as the result is used.
pub unsafe fn offset<'a>(offset: *const zval) -> Option<&'a Value> {
    // SAFETY: not null, so the caller promises a live value.
    (!offset.is_null()).then(|| unsafe { Value::from_ptr(offset) })
}

/// The step that an offset makes.
pub fn element(offset: Option<&Value>) -> Step {
    offset.map_or(Step::Append, |offset| Step::Element(Key::new(offset)))
}
