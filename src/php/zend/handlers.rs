//! Calls of an object's handlers, which may run user code: the caller holds the object.

use std::ptr;

use ext_php_rs::ffi;

use super::calls::method;
use super::declaration::Declaration;
use super::errors::{raise, throw_error};
use super::executor::{Thrown, check};
use super::objects::{Object, typed_declaration};
use super::references::unwrap_reference;
use super::strings::ZStr;
use super::types::{ARRAY, OBJECT, REFERENCE, ZendReference};
use super::values::{Local, Slot, Value};
use super::zvals::reference_of;

/// The mode of a fetch: `BP_VAR_R` and its kin.
type Mode = u32;

impl Object {
    /// Reads a property: its value, or a reference.
    pub fn read_property(&self, name: &ZStr, mode: Mode) -> Result<Local, Thrown> {
        let Some(read) = self.handlers().read_property else { return Err(refuse_property()) };
        let mut returned = Local::new();
        // SAFETY: the object lives, and so does the place for the result; the engine returns that one, or another live
        // zval, which is copied at once.
        unsafe {
            let at = read(self.as_ptr(), name.as_ptr(), mode as i32, ptr::null_mut(), returned.as_ptr());
            check()?;
            if at != returned.as_ptr() {
                returned.slot().copy(Value::from_ptr(at));
            }
        }
        Ok(returned)
    }

    /// Writes a property. Returns its new value, as a typed property has converted it.
    pub fn write_property(&self, name: &ZStr, value: &Value) -> Result<Local, Thrown> {
        let Some(write) = self.handlers().write_property else { return Err(refuse_property()) };
        // Held, so that the destructor of the old value, which may take the place away, runs when the new one was copied.
        // (After an operator that has failed, the engine writes all the same.)
        let place = if self.has_standard_places() && check().is_ok() {
            self.property_place_again(name, ffi::BP_VAR_W)?
        } else {
            None
        };
        let former = place.map(|place| (Local::copy_of(place.value()), Local::copy_of(place.value().dereference())));
        // SAFETY: object and value live; the engine returns a live zval, which is copied at once.
        let written = unsafe {
            let written = write(self.as_ptr(), name.as_ptr(), value.as_ptr(), ptr::null_mut());
            check()?;
            Local::copy_of(Value::from_ptr(written).dereference())
        };
        drop(former);
        check().map(|()| written)
    }

    /// Removes a property.
    pub fn unset_property(&self, name: &ZStr) -> Result<(), Thrown> {
        let Some(unset) = self.handlers().unset_property else { return Err(refuse_property()) };
        // SAFETY: object and name live.
        unsafe { unset(self.as_ptr(), name.as_ptr(), ptr::null_mut()) };
        check()
    }

    /// The place of a property, where the object lets others have it.
    pub fn property_place(&self, name: &ZStr, mode: Mode) -> Result<Option<Slot<'_>>, Thrown> {
        let Some(place) = self.handlers().get_property_ptr_ptr else { return Ok(None) };
        // An operator on what is missing: the engine makes the place first and warns then, which may take it away.
        let is_missing = mode == ffi::BP_VAR_RW && self.has_standard_places() && !self.has_property(name);
        // SAFETY: object and name live. The engine returns null or a place in the object, and has run all user code
        // before that, but for the one warning: after that the place is looked up again.
        unsafe {
            let mut at = place(self.as_ptr(), name.as_ptr(), mode as i32, ptr::null_mut());
            check()?;
            if is_missing && !at.is_null() {
                if !self.has_property(name) {
                    return Ok(None);
                }
                at = place(self.as_ptr(), name.as_ptr(), mode as i32, ptr::null_mut());
                check()?;
            }
            Ok((!at.is_null()).then(|| Slot::new(at)))
        }
    }

    /// The place of a property once more, after user code has run. `None`: the property has none any more.
    pub fn property_place_again(&self, name: &ZStr, mode: Mode) -> Result<Option<Slot<'_>>, Thrown> {
        if self.has_standard_places() && !self.has_property(name) {
            return check().map(|()| None);
        }
        self.property_place(name, mode)
    }

    /// Whether it is the engine that gives the places of its properties away.
    fn has_standard_places(&self) -> bool {
        // SAFETY: the engine's own table of handlers is a constant.
        let standard = unsafe { ffi::std_object_handlers.get_property_ptr_ptr };
        matches!((self.handlers().get_property_ptr_ptr, standard), (Some(own), Some(standard)) if ptr::fn_addr_eq(own, standard))
    }

    /// Whether it has a property, by no method of its class. (A lazy object is made for that.)
    fn has_property(&self, name: &ZStr) -> bool {
        let Some(has) = self.handlers().has_property else { return false };
        // SAFETY: object and name live.
        unsafe { has(self.as_ptr(), name.as_ptr(), ffi::ZEND_PROPERTY_EXISTS as i32, ptr::null_mut()) != 0 }
    }

    /// The declaration of the property in a place of this object's, from [`property_place`](Self::property_place), if it has a type.
    pub fn declaration_at<'a>(&'a self, place: &Slot<'a>) -> Option<Declaration<'a>> {
        // SAFETY: the object lives, and the place is one of its own. A declaration lives as long as its class.
        unsafe { Declaration::of(typed_declaration(self.as_ptr(), place.as_ptr())) }
    }

    /// Refuses to make an array of a null, a false or nothing in a property whose type has none, in the engine's words. (The engine
    /// itself lets `['key'] += 1` and `['key']++` do so, but such an object can be unserialized by nobody.)
    pub fn check_array_at<'a>(&'a self, place: &Slot<'a>) -> Result<(), Thrown> {
        match self.declaration_at(place) {
            Some(declaration) if !declaration.takes(ARRAY) => Err(declaration.throw_no_array()),
            _ => Ok(()),
        }
    }

    /// Reads an element: its value, or a reference; `None` where it has nothing to give. `offset`: `None` for `[]`.
    pub fn read_element(&self, offset: Option<&Value>, mode: Mode) -> Result<Option<Local>, Thrown> {
        let Some(read) = self.handlers().read_dimension else { return Err(refuse_element()) };
        let mut returned = Local::new();
        // SAFETY: object, offset and the place for the result live; the engine returns null, that place, or another live
        // zval, which is copied at once.
        unsafe {
            let at = read(self.as_ptr(), pointer(offset), mode as i32, returned.as_ptr());
            if at.is_null() || at == returned.as_ptr() {
                check()?;
                return Ok((!at.is_null()).then_some(returned));
            }
            let value = Value::from_ptr(at);
            if let Err(Thrown) = check() {
                // ArrayObject makes a reference of the engine's own mark of an error, and relies on this.
                if mode != ffi::BP_VAR_R && value.kind() == REFERENCE && is_sole(reference_of(at)) {
                    unwrap_reference(at);
                }
                return Err(Thrown);
            }
            returned.slot().copy(value);
            Ok(Some(returned))
        }
    }

    /// Reads an element that is going to be changed: an object, a reference, or, with PHP's notice, a copy.
    pub fn fetch_element(&self, offset: Option<&Value>, mode: Mode) -> Result<Local, Thrown> {
        let element = self.read_element(offset, mode)?;
        if !element.as_ref().is_some_and(|element| matches!(element.kind(), REFERENCE | OBJECT)) {
            let text = c"Indirect modification of overloaded element of %s has no effect";
            raise(ffi::E_NOTICE, text, self.class_name(), b"");
            check()?;
        }
        Ok(element.unwrap_or_else(Local::null))
    }

    /// Calls a method of its class, which has one of this name (in lower case).
    pub fn call_method(&self, name: &str, arguments: &[Local]) -> Result<Local, Thrown> {
        // SAFETY: the class of a live object.
        let method = unsafe { method(self.class(), name) };
        debug_assert!(!method.is_null(), "callers name methods of Sync's, which no class can take away");
        // SAFETY: just found in the class.
        unsafe { self.call(method, arguments) }
    }

    /// Calls a method.
    ///
    /// # Safety
    /// `method` is one of the object's class.
    pub unsafe fn call(&self, method: *mut ffi::zend_function, arguments: &[Local]) -> Result<Local, Thrown> {
        let mut result = Local::new();
        // SAFETY: the caller promises a method of the class; the engine copies the arguments, and writes the result to a free place.
        unsafe {
            ffi::zend_call_known_function(
                method,
                self.as_ptr(),
                self.class(),
                result.slot().as_ptr(),
                arguments.len() as u32,
                arguments.as_ptr().cast_mut().cast(),
                ptr::null_mut(),
            );
        }
        check().map(|()| result)
    }

    /// Writes an element. `offset`: `None` for `[]`.
    pub fn write_element(&self, offset: Option<&Value>, value: &Value) -> Result<(), Thrown> {
        let Some(write) = self.handlers().write_dimension else { return Err(refuse_element()) };
        // SAFETY: object, offset and value live.
        unsafe { write(self.as_ptr(), pointer(offset), value.as_ptr()) };
        check()
    }

    /// Removes an element.
    pub fn unset_element(&self, offset: Option<&Value>) -> Result<(), Thrown> {
        let Some(unset) = self.handlers().unset_dimension else { return Err(refuse_element()) };
        // SAFETY: object and offset live.
        unsafe { unset(self.as_ptr(), pointer(offset)) };
        check()
    }
}

fn pointer(offset: Option<&Value>) -> *mut ext_php_rs::types::Zval {
    offset.map_or(ptr::null_mut(), Value::as_ptr)
}

/// # Safety
/// `reference` is alive.
unsafe fn is_sole(reference: *const ZendReference) -> bool {
    // SAFETY: the caller promises a live reference.
    unsafe { (*reference).gc.refcount == 1 }
}

#[cold]
fn refuse_property() -> Thrown {
    throw_error(c"Cannot change properties of this object", b"", b"");
    Thrown
}

#[cold]
fn refuse_element() -> Thrown {
    throw_error(c"Cannot use this object as array", b"", b"");
    Thrown
}
