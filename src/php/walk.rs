//! Assigning, changing and unsetting in the depth of a value: what `$a['b']->c[] = 1` means to PHP,
//! done to a value in memory, with PHP's own errors and warnings.

use std::ptr;

use ext_php_rs::ffi::{
    self, BP_VAR_R, BP_VAR_RW, BP_VAR_UNSET, BP_VAR_W, IS_ARRAY, IS_FALSE, IS_NULL, IS_OBJECT, IS_REFERENCE, IS_STRING,
    IS_UNDEF, zend_array, zend_object, zval,
};

use super::errors::throw_error as throw;
use super::object::SyncObject;
use super::operation::Running;
use super::step::{ArrayKey, Step, array_key};
use super::string_offset::{put_byte, string_offset};
use super::zend::{self, Alive, Str, Thrown};

/// The act at the end of the steps. It is used up by being done, so that it is done once.
pub enum Act<'a> {
    /// Put a value there.
    Assign(*mut zval),
    /// Apply an operator to what is there.
    Operate(Running<'a>),
    /// Remove what is there.
    Unset,
}

impl Act<'_> {
    /// How the engine fetches what stands before the last step.
    fn fetch(&self) -> u32 {
        match self {
            Act::Assign(_) => BP_VAR_W,
            Act::Operate(_) => BP_VAR_RW,
            Act::Unset => BP_VAR_UNSET,
        }
    }
}

/// The outcome of a walk.
pub struct Acted<'a, 's> {
    /// Whether anything may have changed.
    pub changed: bool,
    /// It has not been done: the steps lead into the store of a handle.
    pub continuation: Option<Continuation<'a, 's>>,
}

impl Acted<'_, '_> {
    fn here(changed: bool) -> Self {
        Self { changed, continuation: None }
    }
}

/// An act that is still to be done, in another store: not before this one's writers may go on, or two
/// processes that go opposite ways would wait for each other.
pub struct Continuation<'a, 's> {
    /// The handle, a Sync object.
    pub handle: Alive,
    /// The step into its store.
    pub step: &'s Step,
    /// The steps that follow.
    pub rest: &'s [Step],
    pub act: Act<'a>,
}

/// Walks from `place` by `steps` and acts there.
///
/// # Safety
/// `place` holds a valid value that nothing else can change meanwhile.
pub unsafe fn act<'a, 's>(place: *mut zval, steps: &'s [Step], act: Act<'a>) -> Result<Acted<'a, 's>, Thrown> {
    // SAFETY: valid by contract, also for what is further inside.
    unsafe {
        if let [step, rest @ ..] = steps
            && let Some(handle) = handle(zend::deref(place), step)
        {
            let continuation = Continuation { handle: handle.hold(), step, rest, act };
            return Ok(Acted { changed: false, continuation: Some(continuation) });
        }
        match steps {
            [] => at_place(place, act).map(Acted::here),
            [step] => {
                let changed = last(place, step, act)?;
                zend::check()?;
                Ok(Acted::here(changed))
            }
            [step, rest @ ..] => inner(place, step, rest, act),
        }
    }
}

/// The Sync object in a place, where a step from it leads into its store, not to a property that its
/// class declares.
///
/// # Safety
/// `place` holds a valid value, and keeps it while the result is used.
unsafe fn handle<'a>(place: *mut zval, step: &Step) -> Option<&'a SyncObject> {
    // SAFETY: valid by contract.
    unsafe {
        if !SyncObject::is_sync(place) {
            return None;
        }
        let this = SyncObject::of((*place).value.obj);
        let shared = match step {
            Step::Property(name) => !this.declares(name.as_ptr()),
            // Its class does as it likes with these.
            _ => !this.overrides.offsets,
        };
        shared.then_some(this)
    }
}

/// Acts on the place itself.
unsafe fn at_place(place: *mut zval, act: Act) -> Result<bool, Thrown> {
    // SAFETY: callers pass a valid place.
    unsafe {
        match act {
            Act::Assign(value) => assign(place, value)?,
            Act::Operate(operation) => operate(place, operation)?,
            Act::Unset => zend::release(place),
        }
    }
    zend::check()?;
    Ok(true)
}

/// Puts a value into a place, through a reference if there is one.
///
/// # Safety
/// Both are valid, and nothing else changes the place meanwhile.
pub unsafe fn assign(place: *mut zval, value: *mut zval) -> Result<(), Thrown> {
    // SAFETY: callers pass valid values; the old one is given up last, as that may run a destructor.
    unsafe {
        let mut new = zend::empty();
        zend::copy(&raw mut new, zend::deref(value));
        if zend::kind(place) == IS_REFERENCE && is_typed((*place).value.ref_) {
            let mut new = std::mem::ManuallyDrop::new(new);
            ffi::zend_try_assign_typed_ref_zval((*place).value.ref_, &raw mut *new);
            return zend::check();
        }
        zend::swap(zend::deref(place), &raw mut new);
    }
    Ok(())
}

/// Applies an operator to what is in a place, through a reference if there is one.
unsafe fn operate(place: *mut zval, operation: Running) -> Result<(), Thrown> {
    // SAFETY: callers pass a valid place.
    unsafe {
        if zend::kind(place) == IS_REFERENCE && is_typed((*place).value.ref_) {
            let mut new = zend::empty();
            zend::copy(&raw mut new, zend::deref(place));
            operation.run(&raw mut new)?;
            return assign(place, &raw mut new);
        }
        operation.run(zend::deref(place))
    }
}

/// Whether a typed property shares the reference.
unsafe fn is_typed(reference: *mut ffi::zend_reference) -> bool {
    // SAFETY: callers pass a valid reference.
    unsafe { !(*reference).sources.ptr.is_null() }
}

/// Makes the place an array, as PHP does for null, false and what is not there.
unsafe fn become_array(place: *mut zval) -> Result<(), Thrown> {
    // SAFETY: callers pass a valid place that holds nothing counted.
    unsafe {
        let was_false = zend::kind(place) == IS_FALSE;
        zend::set_array(place, ffi::_zend_new_array(8));
        if was_false {
            ffi::zend_false_to_array_deprecated();
        }
    }
    zend::check()
}

/// The array in a place, which it does not share with another.
unsafe fn separate(place: *mut zval) -> *mut zend_array {
    // SAFETY: callers pass a place that holds an array.
    unsafe {
        let array = (*place).value.arr;
        if (*array).gc.refcount > 1 || (*array).gc.u.type_info & ffi::GC_IMMUTABLE != 0 {
            let own = ffi::zend_array_dup(array);
            zend::release(place);
            zend::set_array(place, own);
        }
        (*place).value.arr
    }
}

/// Walks one step that is not the last.
unsafe fn inner<'a, 's>(
    place: *mut zval,
    step: &Step,
    rest: &'s [Step],
    what: Act<'a>,
) -> Result<Acted<'a, 's>, Thrown> {
    let fetch = what.fetch();
    // SAFETY: callers pass a valid place. A slot of an array or object is used up before anything
    // else can touch its container; a value that an object returns lives in this frame.
    unsafe {
        let place = zend::deref(place);
        match step {
            Step::Property(name) => {
                if zend::kind(place) != IS_OBJECT {
                    if fetch == BP_VAR_UNSET {
                        return Ok(Acted::here(false));
                    }
                    return Err(no_object(c"Attempt to modify property \"%s\" on %s", name, place));
                }
                let object = (*place).value.obj;
                let mut returned = zend::empty();
                let slot = property_slot(object, name, fetch, &raw mut returned)?;
                Ok(Acted { changed: true, ..act(slot, rest, what)? })
            }
            Step::Element(_) | Step::Append => match zend::kind(place) {
                IS_UNDEF | IS_NULL | IS_FALSE => {
                    if fetch == BP_VAR_UNSET {
                        if zend::kind(place) == IS_FALSE {
                            ffi::zend_false_to_array_deprecated();
                        }
                        return Ok(Acted::here(false));
                    }
                    become_array(place)?;
                    inner(place, step, rest, what)
                }
                IS_ARRAY => {
                    let Some(slot) = element_slot(separate(place), step, fetch)? else {
                        return Ok(Acted::here(false));
                    };
                    act(slot, rest, what)
                }
                IS_OBJECT => {
                    let mut returned = zend::empty();
                    let slot = element_of_object((*place).value.obj, step, fetch, &raw mut returned)?;
                    Ok(Acted { changed: true, ..act(slot, rest, what)? })
                }
                IS_STRING => Err(match step {
                    Step::Append => throw("[] operator not supported for strings"),
                    Step::Element(key) if string_offset(key, fetch).is_err() => Thrown,
                    _ if matches!(rest.first(), Some(Step::Property(_))) => {
                        throw("Cannot use string offset as an object")
                    }
                    _ => throw("Cannot use string offset as an array"),
                }),
                _ => Err(no_array(fetch)),
            },
        }
    }
}

/// Walks the last step, and acts.
unsafe fn last(place: *mut zval, step: &Step, act: Act) -> Result<bool, Thrown> {
    // SAFETY: callers pass a valid place.
    unsafe {
        let place = zend::deref(place);
        match step {
            Step::Property(name) => last_property(place, name, act),
            Step::Element(_) | Step::Append => match zend::kind(place) {
                IS_UNDEF | IS_NULL | IS_FALSE => {
                    if let Act::Unset = act {
                        if zend::kind(place) == IS_FALSE {
                            ffi::zend_false_to_array_deprecated();
                        }
                        return Ok(false);
                    }
                    become_array(place)?;
                    last(place, step, act)
                }
                IS_ARRAY => last_element(separate(place), step, act),
                IS_OBJECT => last_element_of_object((*place).value.obj, step, act),
                IS_STRING => last_of_string(place, step, act),
                _ => Err(no_array(act.fetch())),
            },
        }
    }
}

unsafe fn last_property(place: *mut zval, name: &Str, act: Act) -> Result<bool, Thrown> {
    // SAFETY: callers pass a valid place; the handlers of an object are those of its class.
    unsafe {
        if zend::kind(place) != IS_OBJECT {
            return match act {
                Act::Assign(_) => Err(no_object(c"Attempt to assign property \"%s\" on %s", name, place)),
                Act::Operate(operation) if operation.is_step() => {
                    Err(no_object(c"Attempt to increment/decrement property \"%s\" on %s", name, place))
                }
                Act::Operate(_) => Err(no_object(c"Attempt to assign property \"%s\" on %s", name, place)),
                Act::Unset => Ok(false),
            };
        }
        let object = (*place).value.obj;
        let handlers = &*(*object).handlers;
        let (Some(read), Some(write), Some(unset)) =
            (handlers.read_property, handlers.write_property, handlers.unset_property)
        else {
            return Err(throw("Cannot change properties of this object"));
        };
        match act {
            Act::Assign(value) => {
                let written = write(object, name.as_ptr(), value, ptr::null_mut());
                zend::check()?;
                copy_back(value, written);
            }
            Act::Operate(mut operation) => {
                let stored = operation.result();
                let mut returned = zend::empty();
                let old = read(object, name.as_ptr(), BP_VAR_R as i32, ptr::null_mut(), &raw mut returned);
                zend::check()?;
                let mut new = zend::empty();
                zend::copy(&raw mut new, zend::deref(old));
                operation.run(&raw mut new)?;
                let written = write(object, name.as_ptr(), &raw mut new, ptr::null_mut());
                zend::check()?;
                copy_back(stored, written);
            }
            Act::Unset => unset(object, name.as_ptr(), ptr::null_mut()),
        }
    }
    zend::check()?;
    Ok(true)
}

/// Makes the value that an assignment gives the one that a typed property has made of it.
unsafe fn copy_back(value: *mut zval, written: *mut zval) {
    // SAFETY: callers pass valid values; the old one is given up last.
    unsafe {
        let mut copy = zend::empty();
        zend::copy(&raw mut copy, zend::deref(written));
        zend::swap(value, &raw mut copy);
    }
}

unsafe fn last_element(array: *mut zend_array, step: &Step, act: Act) -> Result<bool, Thrown> {
    // SAFETY: callers pass an array that nothing else changes.
    unsafe {
        match act {
            Act::Unset => {
                let Step::Element(key) = step else { return Ok(false) };
                let removed = match array_key(key, true)? {
                    ArrayKey::Index(index) => ffi::zend_hash_index_del(array, index as u64),
                    ArrayKey::Name(name) => ffi::zend_hash_del(array, name.as_ptr()),
                };
                zend::check()?;
                Ok(removed == ffi::ZEND_RESULT_CODE_SUCCESS)
            }
            _ => {
                let fetch = act.fetch();
                match element_slot(array, step, fetch)? {
                    Some(slot) => at_place(slot, act),
                    None => Ok(false),
                }
            }
        }
    }
}

unsafe fn last_element_of_object(object: *mut zend_object, step: &Step, act: Act) -> Result<bool, Thrown> {
    // SAFETY: callers pass a valid object; its handlers are those of its class.
    unsafe {
        let _alive = zend::Alive::hold(object);
        let handlers = &*(*object).handlers;
        let (Some(read), Some(write), Some(unset)) =
            (handlers.read_dimension, handlers.write_dimension, handlers.unset_dimension)
        else {
            return Err(throw("Cannot use this object as array"));
        };
        let offset = match step {
            Step::Element(key) => key.as_ptr(),
            _ => ptr::null_mut(),
        };
        match act {
            Act::Assign(value) => write(object, offset, value),
            // The engine fetches the element, and changes what it got.
            Act::Operate(operation) if operation.is_step() => {
                let mut returned = zend::empty();
                let slot = element_of_object(object, step, BP_VAR_RW, &raw mut returned)?;
                return at_place(slot, Act::Operate(operation));
            }
            Act::Operate(operation) => {
                let mut returned = zend::empty();
                let old = read(object, offset, BP_VAR_R as i32, &raw mut returned);
                zend::check()?;
                let mut new = zend::empty();
                if !old.is_null() {
                    zend::copy(&raw mut new, zend::deref(old));
                }
                operation.run(&raw mut new)?;
                write(object, offset, &raw mut new);
            }
            Act::Unset => unset(object, offset),
        }
    }
    zend::check()?;
    Ok(true)
}

/// `$string[0] = 'x'`, and what cannot be done to a string.
unsafe fn last_of_string(place: *mut zval, step: &Step, act: Act) -> Result<bool, Thrown> {
    let Step::Element(key) = step else { return Err(throw("[] operator not supported for strings")) };
    let value = match act {
        Act::Assign(value) => value,
        Act::Operate(operation) => {
            string_offset(key, BP_VAR_RW)?;
            return Err(throw(if operation.is_step() {
                "Cannot increment/decrement string offsets"
            } else {
                "Cannot use assign-op operators with string offsets"
            }));
        }
        Act::Unset => return Err(throw("Cannot unset string offsets")),
    };
    // SAFETY: callers pass a place that holds a string.
    unsafe { put_byte(place, key, value) }
}

/// The slot of an array's element; made where it is missing, except for unsetting. The array is not
/// one that user code could change meanwhile.
unsafe fn element_slot(array: *mut zend_array, step: &Step, fetch: u32) -> Result<Option<*mut zval>, Thrown> {
    // SAFETY: callers pass an array that nothing else changes; the engine copies null into new slots.
    unsafe {
        let Step::Element(key) = step else {
            let slot = ffi::zend_hash_next_index_insert(array, zend::uninitialized());
            if slot.is_null() {
                ffi::zend_cannot_add_element();
                return Err(Thrown);
            }
            return Ok(Some(slot));
        };
        let slot = match array_key(key, false)? {
            ArrayKey::Index(index) => {
                let slot = ffi::zend_hash_index_find(array, index as u64);
                if !slot.is_null() {
                    slot
                } else if fetch == BP_VAR_W {
                    ffi::zend_hash_index_add_new(array, index as u64, zend::uninitialized())
                } else if fetch == BP_VAR_RW {
                    ffi::zend_undefined_offset_write(array, index)
                } else {
                    return Ok(None);
                }
            }
            ArrayKey::Name(name) => {
                let slot = ffi::zend_hash_find(array, name.as_ptr());
                if !slot.is_null() {
                    slot
                } else if fetch == BP_VAR_W {
                    ffi::zend_hash_add_new(array, name.as_ptr(), zend::uninitialized())
                } else if fetch == BP_VAR_RW {
                    ffi::zend_undefined_index_write(array, name.as_ptr())
                } else {
                    return Ok(None);
                }
            }
        };
        zend::check()?;
        Ok((!slot.is_null()).then_some(slot))
    }
}

/// The value of `$object['key']` where it is about to be changed: in `returned`, or a place of the
/// object's own.
unsafe fn element_of_object(
    object: *mut zend_object,
    step: &Step,
    fetch: u32,
    returned: *mut zval,
) -> Result<*mut zval, Thrown> {
    // SAFETY: callers pass a valid object, and a slot that outlives the use of what is returned.
    unsafe {
        let _alive = zend::Alive::hold(object);
        let offset = match step {
            Step::Element(key) => key.as_ptr(),
            _ => ptr::null_mut(),
        };
        let Some(read) = (*(*object).handlers).read_dimension else {
            return Err(throw("Cannot use this object as array"));
        };
        let value = read(object, offset, fetch as i32, returned);
        if zend::check().is_err() {
            // ArrayObject makes a reference of the engine's own mark of an error, and relies on this.
            let is_sole = || zend::kind(value) == IS_REFERENCE && (*(*value).value.ref_).gc.refcount == 1;
            if !value.is_null() && value != returned && is_sole() {
                zend::unwrap_reference(value);
            }
            return Err(Thrown);
        }
        if value.is_null() || (zend::kind(value) != IS_REFERENCE && zend::kind(value) != IS_OBJECT) {
            ffi::zend_error(
                ffi::E_NOTICE as i32,
                c"Indirect modification of overloaded element of %s has no effect".as_ptr(),
                &raw const (*(*(*object).ce).name).val,
            );
            zend::check()?;
            if value.is_null() {
                zend::set_null(returned);
                return Ok(returned);
            }
            if value != returned {
                zend::copy(returned, value);
            }
            return Ok(returned);
        }
        if value != returned {
            zend::copy(returned, value);
        }
        Ok(returned)
    }
}

/// The place of an object's property that is about to be changed: the object's own, or `returned`.
unsafe fn property_slot(
    object: *mut zend_object,
    name: &Str,
    fetch: u32,
    returned: *mut zval,
) -> Result<*mut zval, Thrown> {
    // SAFETY: callers pass a valid object, and a slot that outlives the use of what is returned.
    unsafe {
        let handlers = &*(*object).handlers;
        if let Some(place) = handlers.get_property_ptr_ptr {
            let slot = place(object, name.as_ptr(), fetch as i32, ptr::null_mut());
            zend::check()?;
            if !slot.is_null() {
                return Ok(slot);
            }
        }
        let Some(read) = handlers.read_property else {
            return Err(throw("Cannot read properties of this object"));
        };
        let value = read(object, name.as_ptr(), fetch as i32, ptr::null_mut(), returned);
        zend::check()?;
        if value != returned {
            zend::copy(returned, value);
        }
        Ok(returned)
    }
}

#[cold]
fn no_array(fetch: u32) -> Thrown {
    throw(if fetch == BP_VAR_UNSET {
        "Cannot unset offset in a non-array variable"
    } else {
        "Cannot use a scalar value as an array"
    })
}

#[cold]
unsafe fn no_object(message: &std::ffi::CStr, name: &Str, place: *mut zval) -> Thrown {
    // SAFETY: callers pass a message with two `%s`, and a valid place.
    unsafe {
        #[cfg(not(php83))]
        let kind = ffi::zend_zval_type_name(place);
        #[cfg(php83)]
        let kind = zend_zval_value_name(place);
        ffi::zend_throw_error(ptr::null_mut(), message.as_ptr(), &raw const (*name.as_ptr()).val, kind);
    }
    Thrown
}

#[cfg(php83)]
unsafe extern "C" {
    fn zend_zval_value_name(value: *const zval) -> *const std::ffi::c_char;
}
