//! Assigning, changing and unsetting in the depth of a value: what `$a['b']->c[] = 1` means to PHP,
//! done to a value in memory, with PHP's own errors and warnings.

use std::mem::MaybeUninit;
use std::ptr;

use ext_php_rs::ffi::{
    self, BP_VAR_IS, BP_VAR_R, BP_VAR_RW, BP_VAR_UNSET, BP_VAR_W, E_WARNING, IS_ARRAY, IS_DOUBLE, IS_FALSE, IS_LONG,
    IS_NULL, IS_OBJECT, IS_REFERENCE, IS_RESOURCE, IS_STRING, IS_TRUE, IS_UNDEF, zend_array, zend_class_entry,
    zend_object, zval,
};

use super::errors;
use super::nested;
use super::object::method;
use super::operation::Running;
use super::zend::{self, Alive, Str, Thrown};

/// A value that a step holds.
pub struct Key(zval);

impl Key {
    /// Another owner of `value`, which may be a reference.
    ///
    /// # Safety
    /// `value` is valid.
    pub unsafe fn new(value: *mut zval) -> Self {
        let mut key = Self(zend::empty());
        // SAFETY: valid by contract.
        unsafe { zend::copy(&raw mut key.0, zend::deref(value)) };
        key
    }

    /// An int.
    pub fn int(value: i64) -> Self {
        let mut key = zend::empty();
        // SAFETY: a slot of this frame.
        unsafe { zend::set_long(&raw mut key, value) };
        Self(key)
    }

    /// The value.
    pub fn as_ptr(&self) -> *mut zval {
        (&raw const self.0).cast_mut()
    }

    /// Whether it is an int or a string: what an array takes without a word.
    pub fn is_plain(&self) -> bool {
        // SAFETY: the key holds a valid value.
        matches!(unsafe { zend::kind(self.as_ptr()) }, IS_LONG | IS_STRING)
    }

    /// The int or string that an array takes it for. Says nothing of what is lost by that.
    fn settled(&self) -> Self {
        let value = self.as_ptr();
        // SAFETY: the key holds a valid value.
        unsafe {
            match zend::kind(value) {
                IS_FALSE | IS_TRUE | IS_DOUBLE => Self::int(ffi::zval_get_long_func(value, false)),
                IS_RESOURCE => Self::int((*(*value).value.res).handle),
                IS_UNDEF | IS_NULL => {
                    let mut key = Self(zend::empty());
                    zend::set_string(&raw mut key.0, Str::new(b""));
                    key
                }
                _ => self.clone(),
            }
        }
    }

    /// What an array has under it, or null. The key [is plain](Key::is_plain).
    ///
    /// # Safety
    /// `array` holds an array.
    pub unsafe fn find(&self, array: *const zval) -> *mut zval {
        // SAFETY: valid by contract.
        unsafe {
            let table = (*array).value.arr;
            match array_key(self, false) {
                Ok(ArrayKey::Index(index)) => ffi::zend_hash_index_find(table, index as u64),
                Ok(ArrayKey::Name(name)) => ffi::zend_hash_find(table, name.as_ptr()),
                Err(Thrown) => ptr::null_mut(),
            }
        }
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        // SAFETY: a valid value.
        unsafe { Self::new(self.as_ptr()) }
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

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Property(name) => write!(f, "->{}", String::from_utf8_lossy(name.bytes())),
            Step::Append => write!(f, "[]"),
            Step::Element(key) => {
                let value = key.as_ptr();
                // SAFETY: the key holds a valid value.
                unsafe {
                    match zend::kind(value) {
                        IS_LONG => write!(f, "[{}]", (*value).value.lval),
                        IS_STRING => write!(f, "['{}']", String::from_utf8_lossy(zend::bytes((*value).value.str_))),
                        _ => write!(f, "[…]"),
                    }
                }
            }
        }
    }
}

/// What to do at the end of the steps. It is used up by being done, so that it is done once.
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

/// What came of it.
pub struct Acted<'a, 's> {
    /// Whether anything may have changed.
    pub changed: bool,
    /// It has not been done: the steps lead into the store of a handle.
    pub onward: Option<Onward<'a, 's>>,
}

impl Acted<'_, '_> {
    fn here(changed: bool) -> Self {
        Self { changed, onward: None }
    }
}

/// An act that is still to be done, in another store: not before this one's writers may go on, or two
/// processes that go opposite ways would wait for each other.
pub struct Onward<'a, 's> {
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
/// `place` holds a valid value that nobody else can change meanwhile.
pub unsafe fn act<'a, 's>(place: *mut zval, steps: &'s [Step], act: Act<'a>) -> Result<Acted<'a, 's>, Thrown> {
    // SAFETY: valid by contract, also for what is further inside.
    unsafe {
        if let [step, rest @ ..] = steps
            && let Some(handle) = nested::handle(zend::deref(place), step)
        {
            let onward = Onward { handle: handle.hold(), step, rest, act };
            return Ok(Acted { changed: false, onward: Some(onward) });
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

/// The steps as they were done: whatever a key is, an array takes it for an int or a string. Says nothing, as that
/// has been said already.
pub fn settled(steps: &[Step]) -> Vec<Step> {
    steps
        .iter()
        .map(|step| match step {
            Step::Element(key) => Step::Element(key.settled()),
            step => step.clone(),
        })
        .collect()
}

/// What an array has at the end of the steps, if there is something; `value` itself, where there are none.
///
/// # Safety
/// `value` is valid, and nothing changes it meanwhile.
pub unsafe fn find(value: *const zval, steps: &[Step]) -> Option<*const zval> {
    let mut at = value;
    for step in steps {
        let Step::Element(key) = step else { return None };
        // SAFETY: valid by contract.
        unsafe {
            if zend::kind(at) != IS_ARRAY {
                return None;
            }
            at = key.find(at);
        }
        if at.is_null() {
            return None;
        }
    }
    Some(at)
}

/// Whether the steps (the last one apart) lead through arrays, and objects in which user code has no say, up to the first that
/// makes something: so that a value can be put at their end without running any. `found` is called with what is there.
///
/// # Safety
/// `value` is valid, and nothing changes it meanwhile; the steps are [`settled`].
pub unsafe fn leads_plainly(
    value: *mut zval,
    steps: &[Step],
    found: &mut dyn FnMut(*const zval) -> Result<(), Thrown>,
) -> Result<bool, Thrown> {
    // SAFETY: valid by contract, also for what is further inside.
    unsafe {
        let value = zend::deref(value);
        match steps {
            [] => found(value).map(|()| true),
            [Step::Append, ..] => Ok(zend::kind(value) == IS_ARRAY),
            [step, rest @ ..] => {
                let mut returned = zend::empty();
                match plain_child(value, step, &raw mut returned)? {
                    Child::There(child) => leads_plainly(child, rest, found),
                    Child::Missing => Ok(rest.is_empty()),
                    Child::Unknown => Ok(false),
                }
            }
        }
    }
}

/// The place one step further.
enum Child {
    There(*mut zval),
    Missing,
    /// Only user code could tell, or there can be nothing.
    Unknown,
}

unsafe fn plain_child(value: *mut zval, step: &Step, returned: *mut zval) -> Result<Child, Thrown> {
    // SAFETY: callers pass a valid value, and a slot that outlives the use of what is returned.
    unsafe {
        let child = match (zend::kind(value), step) {
            (IS_ARRAY, Step::Element(key)) => key.find(value),
            (IS_OBJECT, Step::Property(name)) if has_plain_properties((*value).value.obj) => {
                let object = (*value).value.obj;
                ffi::zend_std_read_property(object, name.as_ptr(), BP_VAR_IS as i32, ptr::null_mut(), returned)
            }
            (IS_OBJECT, Step::Element(key)) if has_plain_elements((*(*value).value.obj).ce) => {
                let object = (*value).value.obj;
                match (*(*object).handlers).read_dimension {
                    Some(read) => read(object, key.as_ptr(), BP_VAR_IS as i32, returned),
                    None => return Ok(Child::Unknown),
                }
            }
            _ => return Ok(Child::Unknown),
        };
        zend::check()?;
        let missing = child.is_null() || ptr::eq(child, zend::uninitialized()) || zend::kind(child) == IS_UNDEF;
        Ok(if missing { Child::Missing } else { Child::There(child) })
    }
}

/// Whether an object's properties are what the engine alone reads and writes.
unsafe fn has_plain_properties(object: *mut zend_object) -> bool {
    // SAFETY: callers pass a valid object.
    unsafe {
        let class = &*(*object).ce;
        #[cfg(php84)]
        if class.num_hooked_props > 0 {
            return false;
        }
        let standard = &ffi::std_object_handlers;
        let same = |one: Option<_>, other: Option<_>| match (one, other) {
            (Some(one), Some(other)) => std::ptr::fn_addr_eq(one, other),
            _ => false,
        };
        same((*(*object).handlers).read_property, standard.read_property)
            && [class.__get, class.__set, class.__isset, class.__unset].iter().all(|method| method.is_null())
    }
}

/// Whether no method written in PHP has a say in the elements of a class's objects.
unsafe fn has_plain_elements(class: *mut zend_class_entry) -> bool {
    // SAFETY: callers pass a linked class.
    unsafe {
        ["offsetget", "offsetset", "offsetexists", "offsetunset"].into_iter().all(|name| {
            let method = method(class, name);
            !method.is_null() && u32::from((*method).type_) == ffi::ZEND_INTERNAL_FUNCTION
        })
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
/// Both are valid, and the place is nobody else's meanwhile.
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

/// The array in a place, changed by nobody else.
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
                    Step::Append => throw(c"[] operator not supported for strings"),
                    Step::Element(key) if string_offset(key, fetch).is_err() => Thrown,
                    _ if matches!(rest.first(), Some(Step::Property(_))) => {
                        throw(c"Cannot use string offset as an object")
                    }
                    _ => throw(c"Cannot use string offset as an array"),
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
            return Err(throw(c"Cannot change properties of this object"));
        };
        match act {
            Act::Assign(value) => {
                let written = write(object, name.as_ptr(), value, ptr::null_mut());
                zend::check()?;
                put_right(value, written);
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
                put_right(stored, written);
            }
            Act::Unset => unset(object, name.as_ptr(), ptr::null_mut()),
        }
    }
    zend::check()?;
    Ok(true)
}

/// What an assignment gives is what a typed property made of the value.
unsafe fn put_right(value: *mut zval, written: *mut zval) {
    // SAFETY: callers pass valid values; the old one is given up last.
    unsafe {
        let mut copy = zend::empty();
        zend::copy(&raw mut copy, zend::deref(written));
        zend::swap(value, &raw mut copy);
    }
}

unsafe fn last_element(array: *mut zend_array, step: &Step, act: Act) -> Result<bool, Thrown> {
    // SAFETY: callers pass an array that nobody else changes.
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
            return Err(throw(c"Cannot use this object as array"));
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
    let Step::Element(key) = step else { return Err(throw(c"[] operator not supported for strings")) };
    let value = match act {
        Act::Assign(value) => value,
        Act::Operate(operation) => {
            string_offset(key, BP_VAR_RW)?;
            return Err(throw(if operation.is_step() {
                c"Cannot increment/decrement string offsets"
            } else {
                c"Cannot use assign-op operators with string offsets"
            }));
        }
        Act::Unset => return Err(throw(c"Cannot unset string offsets")),
    };
    // SAFETY: callers pass a place that holds a string.
    unsafe {
        let length = zend::bytes((*place).value.str_).len() as i64;
        let offset = string_offset(key, BP_VAR_W)?;
        if offset < -length {
            ffi::zend_error(E_WARNING as i32, c"Illegal string offset %ld".as_ptr(), offset);
            zend::check()?;
            return Ok(false);
        }
        let offset = if offset < 0 { offset + length } else { offset } as usize;
        let new = zend::to_string(zend::deref(value))?;
        let [first, rest @ ..] = new.bytes() else {
            return Err(throw(c"Cannot assign an empty string to a string offset"));
        };
        if !rest.is_empty() {
            ffi::zend_error(E_WARNING as i32, c"Only the first byte will be assigned to the string offset".as_ptr());
            zend::check()?;
        }
        let old = zend::bytes((*place).value.str_);
        if offset < old.len() && zend::set_byte((*place).value.str_, offset, *first) {
            return Ok(true);
        }
        let mut changed = zend::empty();
        if old.len() < 2 && offset == 0 {
            zend::set_string(&raw mut changed, Str::new(&[*first]));
        } else {
            let length = old.len().max(offset + 1);
            if !zend::has_memory(length) {
                return Err(errors::throw_sync(&format!(
                    "Can't change a string: it takes {length} bytes, more than memory_limit leaves."
                )));
            }
            let room = zend::set_unwritten_string(&raw mut changed, length);
            room.fill(MaybeUninit::new(b' '));
            for (to, &byte) in room.iter_mut().zip(old) {
                to.write(byte);
            }
            room[offset].write(*first);
        }
        zend::swap(place, &raw mut changed);
    }
    Ok(true)
}

fn string_offset(key: &Key, fetch: u32) -> Result<i64, Thrown> {
    let value = key.as_ptr();
    // SAFETY: the key holds a valid value.
    unsafe {
        match zend::kind(value) {
            IS_LONG => return Ok((*value).value.lval),
            IS_STRING => {
                let string = (*value).value.str_;
                let (mut offset, mut trailing) = (0, false);
                let kind = ffi::_is_numeric_string_ex(
                    (&raw const (*string).val).cast(),
                    (*string).len,
                    &raw mut offset,
                    ptr::null_mut(),
                    true,
                    ptr::null_mut(),
                    &raw mut trailing,
                );
                if u32::from(kind) == IS_LONG {
                    if trailing && fetch != BP_VAR_UNSET {
                        ffi::zend_error(
                            E_WARNING as i32,
                            c"Illegal string offset \"%s\"".as_ptr(),
                            &raw const (*string).val,
                        );
                    }
                    zend::check()?;
                    return Ok(offset);
                }
                return Err(illegal_offset(b"string", value, fetch));
            }
            IS_UNDEF | IS_NULL | IS_FALSE | IS_TRUE | IS_DOUBLE => {
                ffi::zend_error(E_WARNING as i32, c"String offset cast occurred".as_ptr());
            }
            _ => {
                return Err(illegal_offset(b"string", value, fetch));
            }
        }
        zend::check()?;
        Ok(ffi::zval_get_long_func(value, false))
    }
}

/// The slot of an array's element; made where it is missing, except for unsetting. The array is not
/// one that user code could change meanwhile.
unsafe fn element_slot(array: *mut zend_array, step: &Step, fetch: u32) -> Result<Option<*mut zval>, Thrown> {
    // SAFETY: callers pass an array that nobody else changes; the engine copies null into new slots.
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

/// What `$object['key']` gives where it is about to be changed: into `returned`, or a place of the
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
            return Err(throw(c"Cannot use this object as array"));
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
            return Err(throw(c"Cannot read properties of this object"));
        };
        let value = read(object, name.as_ptr(), fetch as i32, ptr::null_mut(), returned);
        zend::check()?;
        if value != returned {
            zend::copy(returned, value);
        }
        Ok(returned)
    }
}

/// What a key is to an array.
pub enum ArrayKey {
    Index(i64),
    Name(Str),
}

pub fn array_key(key: &Key, unset: bool) -> Result<ArrayKey, Thrown> {
    let value = key.as_ptr();
    // SAFETY: the key holds a valid value.
    unsafe {
        Ok(match zend::kind(value) {
            IS_LONG => ArrayKey::Index((*value).value.lval),
            IS_STRING => {
                let string = (*value).value.str_;
                let mut index = 0;
                let start = (&raw const (*string).val).cast();
                let looks_numeric = matches!(zend::bytes(string), [b'0'..=b'9' | b'-', ..]);
                if looks_numeric && ffi::_zend_handle_numeric_str_ex(start, (*string).len, &raw mut index) {
                    ArrayKey::Index(index as i64)
                } else {
                    ArrayKey::Name(Str::share(string))
                }
            }
            IS_UNDEF | IS_NULL => ArrayKey::Name(Str::new(b"")),
            IS_FALSE => ArrayKey::Index(0),
            IS_TRUE => ArrayKey::Index(1),
            IS_DOUBLE => {
                let double = (*value).value.dval;
                let index = ffi::zval_get_long_func(value, false);
                if index as f64 != double {
                    ffi::zend_incompatible_double_to_long_error(double);
                    zend::check()?;
                }
                ArrayKey::Index(index)
            }
            IS_RESOURCE => ArrayKey::Index(resource_number(value)?),
            _ => return Err(illegal_offset(b"array", value, if unset { BP_VAR_UNSET } else { BP_VAR_W })),
        })
    }
}

/// The number that a resource is as an offset, with the warning that arrays have for it.
///
/// # Safety
/// `value` is a resource.
pub unsafe fn resource_number(value: *const zval) -> Result<i64, Thrown> {
    // SAFETY: valid by contract.
    unsafe {
        let handle = (*(*value).value.res).handle;
        ffi::zend_error(
            E_WARNING as i32,
            c"Resource ID#%ld used as offset, casting to integer (%ld)".as_ptr(),
            handle,
            handle,
        );
        zend::check().map(|()| handle)
    }
}

#[cold]
fn throw(message: &std::ffi::CStr) -> Thrown {
    // SAFETY: a message without directives.
    unsafe { ffi::zend_throw_error(ptr::null_mut(), message.as_ptr()) };
    Thrown
}

/// The TypeError for an offset of a kind that its container (`array`, `string`, a class) does not take.
///
/// # Safety
/// `offset` is valid.
#[cold]
pub unsafe fn illegal_offset(container: &[u8], offset: *mut zval, fetch: u32) -> Thrown {
    // SAFETY: valid by contract; a message without directives, or with one `%s`.
    #[cfg(not(php83))]
    unsafe {
        match (container, fetch) {
            (b"string", _) => ffi::zend_type_error(
                c"Cannot access offset of type %s on string".as_ptr(),
                ffi::zend_zval_type_name(offset),
            ),
            (_, BP_VAR_UNSET) => ffi::zend_type_error(c"Illegal offset type in unset".as_ptr()),
            (_, BP_VAR_IS) => ffi::zend_type_error(c"Illegal offset type in isset or empty".as_ptr()),
            _ => ffi::zend_type_error(c"Illegal offset type".as_ptr()),
        }
    }
    #[cfg(php83)]
    if container == b"string" && fetch == BP_VAR_UNSET {
        return throw(c"Cannot unset string offsets");
    }
    // SAFETY: valid by contract.
    #[cfg(php83)]
    unsafe {
        zend_illegal_container_offset(Str::new(container).as_ptr(), offset, fetch as i32);
    }
    Thrown
}

#[cfg(php83)]
unsafe extern "C" {
    fn zend_illegal_container_offset(container: *const ffi::zend_string, offset: *const zval, fetch: i32);
    fn zend_zval_value_name(value: *const zval) -> *const std::ffi::c_char;
}

#[cold]
fn no_array(fetch: u32) -> Thrown {
    throw(if fetch == BP_VAR_UNSET {
        c"Cannot unset offset in a non-array variable"
    } else {
        c"Cannot use a scalar value as an array"
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
