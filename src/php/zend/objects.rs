//! Objects and their properties.

use std::cell::UnsafeCell;
use std::ffi::c_int;
use std::ptr;

use ext_php_rs::ffi::{self, zend_object_handlers};
use ext_php_rs::types::Zval;

use super::arrays::Array;
use super::classes::{class_name, declared, typed};
use super::counted::{Counted, Held};
use super::executor::{Thrown, check};
use super::series;
use super::types::{HashTable, zend_class_entry, zend_object, zend_property_info, zend_string};

const OBJ_DESTRUCTOR_CALLED: u32 = 1 << 8;

const PURPOSE_SERIALIZE: u32 = 2;

unsafe extern "C" {
    fn zend_get_properties_for(object: *mut Zval, purpose: u32) -> *mut HashTable;
    fn object_init_ex(into: *mut Zval, class: *mut zend_class_entry) -> c_int;
    fn php_store_class_name(object: *mut Zval, name: *mut zend_string);
    fn php_lookup_class_name(object: *mut zend_object) -> *mut zend_string;
}

/// Makes a new object at `at`. False if the class forbids it; then an exception is pending.
///
/// # Safety
/// As for `set_undef`; `class` is a class of this request.
#[inline]
pub unsafe fn new_object(at: *mut Zval, class: *mut zend_class_entry) -> bool {
    // SAFETY: the caller promises writable memory and a class of this request.
    unsafe { object_init_ex(at, class) == 0 }
}

/// Takes a count of an object.
///
/// # Safety
/// `object` is alive.
#[inline]
pub unsafe fn hold_object(object: *mut zend_object) {
    // SAFETY: the caller promises a live object.
    unsafe { (*object).gc.refcount += 1 };
}

/// Gives up a count of an object. May run its destructor.
///
/// # Safety
/// The caller owns the count.
#[inline]
pub unsafe fn release_object(object: *mut zend_object) {
    // SAFETY: the caller owns a count, so the object is alive until here.
    unsafe { ffi::ext_php_rs_zend_object_release(object) };
}

/// An object, behind a reference: it lives for as long as the reference.
#[repr(transparent)]
pub struct Object(UnsafeCell<zend_object>);

// SAFETY: transparent over the cell; the engine counts all objects.
unsafe impl Counted for Object {
    type Raw = zend_object;

    #[inline]
    unsafe fn hold(raw: *mut zend_object) {
        // SAFETY: the caller promises a live object.
        unsafe { hold_object(raw) };
    }

    #[inline]
    unsafe fn release(raw: *mut zend_object) {
        // SAFETY: the caller promises that it owns a count.
        unsafe { release_object(raw) };
    }
}

impl Object {
    /// Whether it can be iterated over.
    pub fn is_traversable(&self) -> bool {
        // SAFETY: the class of a live object; what is Traversable has an iterator, and nothing else has.
        unsafe { (*self.class()).get_iterator.is_some() }
    }

    /// # Safety
    /// `object` is alive for `'a`.
    #[inline]
    pub unsafe fn from_ptr<'a>(object: *mut zend_object) -> &'a Self {
        // SAFETY: transparent; the caller promises a live object.
        unsafe { &*object.cast() }
    }

    /// The engine's structure.
    #[inline]
    pub fn as_ptr(&self) -> *mut zend_object {
        self.0.get()
    }

    /// Its class.
    #[inline]
    pub fn class(&self) -> *mut zend_class_entry {
        // SAFETY: `from_ptr` was promised that the object lives, and each has a class.
        unsafe { (*self.as_ptr()).ce }
    }

    /// The name of its class.
    #[inline]
    pub fn class_name(&self) -> &[u8] {
        // SAFETY: the class of a live object lives, too.
        unsafe { class_name(self.class()) }
    }

    /// The table of its properties, as the engine makes it of an object without handlers of its own.
    pub fn properties(&self) -> &Array {
        // SAFETY: `from_ptr` was promised that the object lives; it keeps the table.
        unsafe { Array::from_ptr(ffi::zend_std_get_properties(self.as_ptr())) }
    }

    /// The table of its properties as the handler of its class gives it, with a count, so that user code changes a copy;
    /// `None` for a class without any. May run user code.
    pub fn given_properties(&self) -> Result<Option<Held<Array>>, Thrown> {
        // SAFETY: `from_ptr` was promised that the object lives.
        let table = unsafe { property_table(self.as_ptr()) };
        check()?;
        // SAFETY: the object keeps the table that its handler has returned, and nothing has run since.
        Ok((!table.is_null()).then(|| unsafe { Held::share(table) }))
    }

    /// True if one count is left, the caller's.
    #[inline]
    pub fn is_last_hold(&self) -> bool {
        // SAFETY: `from_ptr` was promised that the object lives.
        unsafe { (*self.as_ptr()).gc.refcount == 1 }
    }

    /// The handlers of its class.
    #[inline]
    pub fn handlers(&self) -> &zend_object_handlers {
        // SAFETY: `from_ptr` was promised that the object lives; tables of handlers outlive all objects, unchanged.
        unsafe { &*(*self.as_ptr()).handlers }
    }
}

impl Held<Object> {
    /// A new stdClass with these properties.
    pub fn std_class(properties: Held<Array>) -> Self {
        // SAFETY: the engine returns a new object, whose count is the caller's, and which has no properties yet.
        unsafe {
            let object = ffi::zend_objects_new(ffi::zend_standard_class_def);
            (*object).properties = properties.into_raw();
            Self::from_owned(object)
        }
    }
}

/// The class name that an object of `incomplete_class` remembers; the caller owns one count of
/// it. Null if it was made by other means and has none.
///
/// # Safety
/// `object` is alive.
pub unsafe fn remembered_class_name(object: *mut zend_object) -> *mut zend_string {
    // SAFETY: the caller promises a live object.
    unsafe { php_lookup_class_name(object) }
}

/// Makes an object of `incomplete_class` remember a class name.
///
/// # Safety
/// `at` is such an object; `name` is alive.
pub unsafe fn remember_class_name(at: *mut Zval, name: *mut zend_string) {
    // SAFETY: the caller promises a live object of that class, and a live name.
    unsafe { php_store_class_name(at, name) }
}

/// Keeps the object's destructor from ever running.
///
/// # Safety
/// `object` is alive.
pub unsafe fn forbid_destructor(object: *mut zend_object) {
    // SAFETY: the caller promises a live object.
    unsafe { (*object).gc.u.type_info |= OBJ_DESTRUCTOR_CALLED }
}

/// True if the object's properties are as the engine keeps them by default, so that its slots can
/// be read and written directly. Those of a lazy object are not there yet, or another object's.
///
/// # Safety
/// `object` is alive.
#[inline]
pub unsafe fn has_standard_properties(object: *const zend_object) -> bool {
    // SAFETY: every object has handlers.
    unsafe {
        let handlers = &*(*object).handlers;
        !series::is_lazy(object)
            && handlers.get_properties_for.is_none()
            && handlers
                .get_properties
                .is_some_and(|f| ptr::fn_addr_eq(f, ffi::zend_std_get_properties as unsafe extern "C" fn(_) -> _))
    }
}

/// True if a property without a value, as the object's table points to it, has a type.
///
/// # Safety
/// `object` is alive, and `at` one of its slots, or of the object for which it is a lazy proxy.
pub unsafe fn is_typed_slot(object: *mut zend_object, at: *mut Zval) -> bool {
    // SAFETY: the caller promises a live object.
    unsafe { !typed_declaration(object, at).is_null() }
}

/// The declaration of the property that has its value at `at`, if it has a type; else null, as for a property that no class declares.
///
/// # Safety
/// `object` is alive, and `at` is where it, or the object for which it is a lazy proxy, has a property.
pub unsafe fn typed_declaration(object: *mut zend_object, at: *mut Zval) -> *mut zend_property_info {
    // SAFETY: the caller promises a live object. (Only addresses are compared: a property that no class declares is elsewhere.)
    unsafe {
        if let Some(property) = series::behind_proxy(object, at) {
            return typed(property);
        }
        let index = (at as usize).wrapping_sub(slot(object, 0) as usize) / size_of::<Zval>();
        declared((*object).ce).get(index).map_or(ptr::null_mut(), |&info| typed(info))
    }
}

/// The slot of the object's `index`-th declared property.
///
/// # Safety
/// `object` is alive; its class declares so many.
#[inline(always)]
pub unsafe fn slot(object: *mut zend_object, index: usize) -> *mut Zval {
    // SAFETY: the caller promises a live object with so many slots.
    unsafe { (&raw mut (*object).properties_table).cast::<Zval>().add(index) }
}

/// The properties that `serialize` would write; give them back with `release_array`. Null if the
/// class has none to give. May run user code.
///
/// # Safety
/// `object` is a live object zval.
pub unsafe fn properties_to_serialize(object: *mut Zval) -> *mut HashTable {
    // SAFETY: the caller promises a zval with a live object.
    unsafe { zend_get_properties_for(object, PURPOSE_SERIALIZE) }
}

/// The table of an object's properties, made if there is none yet.
///
/// # Safety
/// `object` is alive.
pub unsafe fn property_table(object: *mut zend_object) -> *mut HashTable {
    // SAFETY: every class has this handler.
    unsafe {
        match (*(*object).handlers).get_properties {
            Some(get) => get(object),
            None => ptr::null_mut(),
        }
    }
}
