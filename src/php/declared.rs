//! The properties that an object's class declares.

use std::ptr;

use ext_php_rs::ffi::{self, zend_object, zend_prop_purpose, zval};

use super::zend::{self, Array, Held, Key, Local, Object, Slot, Str, Thrown, Value, ZStr, series};

/// Some of the pointers in a table lead to no value.
const HASH_FLAG_HAS_EMPTY_IND: u32 = 1 << 5;

/// The declared properties of an object, in a table of its own. For `get_object_vars` and `var_export` property hooks give
/// the values, where the class has any.
pub fn declared_table(object: &Object, purpose: zend_prop_purpose) -> Held<Array> {
    let is_asked =
        purpose == ffi::_zend_prop_purpose_ZEND_PROP_PURPOSE_VAR_EXPORT || series::is_for_object_vars(purpose);
    // SAFETY: the object lives; the engine gives a new table, whose count is the caller's.
    if let Some(table) = is_asked.then(|| unsafe { series::hooked_properties(object.as_ptr()) }).flatten() {
        // SAFETY: the count that the engine has left to the caller.
        return unsafe { Held::from_owned(table) };
    }
    let mut table = new_table();
    add_declared(object, &mut table);
    table
}

/// Adds the properties that the object's class declares: pointers to their places, so that the table must not outlive the
/// object. Of those without a value only the ones that have not been initialised yet, as `var_dump` says so; a name that was
/// unset leads to `__get`, and so into the store.
pub fn add_declared(object: &Object, table: &mut Held<Array>) {
    // SAFETY: the class of a live object.
    let declared = unsafe { zend::declared(object.class()) };
    for (index, &property) in declared.iter().enumerate() {
        // SAFETY: null, or a declaration of the class, which outlives the object; the object has a slot for each.
        let (Some(property), slot) = (unsafe { (property.as_ref(), zend::slot(object.as_ptr(), index)) }) else {
            continue;
        };
        // SAFETY: slots of a live object hold live zvals, with flags beside the value.
        let (kind, flags) = unsafe { (zend::kind(slot), (*slot).u2.extra) };
        if kind == zend::UNDEF {
            // A typed property that has been neither initialised nor unset.
            // SAFETY: a declaration of the class, which outlives the object.
            let is_typed = unsafe { !zend::typed(ptr::from_ref(property).cast_mut()).is_null() };
            if !is_typed || flags & zend::IS_PROP_UNINIT == 0 {
                continue;
            }
            // Code that counts the elements has to look.
            // SAFETY: `&mut` keeps all others from the table.
            unsafe { (*table.as_ptr()).u.flags |= HASH_FLAG_HAS_EMPTY_IND };
        }
        let mut pointer = Local::new();
        pointer.slot().set_indirect(slot);
        // SAFETY: a declaration keeps its name.
        table.update(unsafe { ZStr::from_ptr(property.name) }, pointer);
    }
}

/// A new array with the values of the properties that the object's class declares.
pub fn declared_values(object: &Object) -> Held<Array> {
    let mut pointers = Held::<Array>::new();
    add_declared(object, &mut pointers);
    // Copying an array of pointers copies the values that they point to.
    Held::duplicate(&pointers)
}

/// Sets the properties that the object's class declares, where `values` has them: not by methods of the class, but as its
/// types and `readonly` allow.
pub fn set_declared(object: &Object, values: &Array) -> Result<(), Thrown> {
    // SAFETY: the class of a live object.
    let declared = unsafe { zend::declared(object.class()) };
    for &property in declared {
        // SAFETY: null, or a declaration of the class, which outlives the object, and keeps its name.
        let Some((property, full)) = (unsafe { property.as_ref().map(|of| (of, ZStr::from_ptr(of.name))) }) else {
            continue;
        };
        let Some(value) = values.find(Key::String(full)) else { continue };
        if series::is_hooked(property) {
            // SAFETY: the declaration that was just looked at; one with hooks and a value has a slot.
            unsafe { set_behind_hooks(object.as_ptr(), (&raw const *property).cast_mut(), value.as_ptr())? };
            continue;
        }
        let name = Str::new(full.bytes().rsplit(|&b| b == 0).next().unwrap_or(full.bytes()));
        // SAFETY: the globals of this thread, without a reference to them; the object, the name and the value are held. As
        // from its class's own methods, the engine's function checks types and readonly.
        unsafe {
            let executor = zend::executor();
            let scope = std::mem::replace(&mut (*executor).fake_scope, property.ce);
            ffi::zend_std_write_property(object.as_ptr(), name.as_ptr(), value.dereference().as_ptr(), ptr::null_mut());
            (*executor).fake_scope = scope;
        }
        zend::check()?;
    }
    Ok(())
}

/// Sets the value that a property with hooks keeps, without calling them, as `unserialize` does.
///
/// # Safety
/// All are alive, and the property has a slot in the object.
unsafe fn set_behind_hooks(
    object: *mut zend_object,
    property: *mut ffi::zend_property_info,
    value: *mut zval,
) -> Result<(), Thrown> {
    // SAFETY: callers pass valid values, and a property that has a slot in the object.
    unsafe {
        let own = Local::copy_of(Value::from_ptr(value).dereference());
        if !zend::typed(property).is_null() && !ffi::zend_verify_property_type(property, own.as_ptr(), true) {
            return Err(Thrown);
        }
        Slot::new(object.cast::<u8>().add((*property).offset as usize).cast()).assign(own)
    }
}

/// A table that points into an object without owning what is there: nothing for the garbage
/// collector to count.
pub fn new_table() -> Held<Array> {
    let table = Held::<Array>::new();
    // SAFETY: a new array, which has no other owner.
    unsafe { (*table.as_ptr()).gc.u.type_info |= ffi::GC_NOT_COLLECTABLE };
    table
}
