//! The life of an object: the class's entry points, the handler tables, making, cloning and freeing.

use ext_php_rs::ffi::{self, zend_class_entry, zend_object, zend_object_handlers};

use super::errors;
use super::globals::GLOBALS;
use super::object::{self, Handlers, SyncObject};
use super::value::importing;
use super::{handlers, iterator, subclass, views};

/// Makes `class` the one whose objects these are. Called at module startup, while there is one thread.
pub fn set_class(class: &mut zend_class_entry) {
    class.__bindgen_anon_2.create_object = Some(create_object);
    class.get_iterator = Some(iterator::get_iterator);
    // SAFETY: the engine's own table is a constant.
    let mut plain = unsafe { ffi::std_object_handlers };
    plain.offset = object::OFFSET;
    plain.free_obj = Some(free_object);
    plain.clone_obj = Some(clone_object);
    fill(&mut plain);
    let mut derived = plain;
    fill_derived(&mut derived);
    object::register(class, Handlers { plain, derived });
}

/// The handlers of objects that are just Sync.
fn fill(table: &mut zend_object_handlers) {
    table.read_property = Some(handlers::read_property);
    table.write_property = Some(handlers::write_property);
    table.has_property = Some(handlers::has_property);
    table.unset_property = Some(handlers::unset_property);
    table.get_property_ptr_ptr = Some(handlers::get_property_ptr_ptr);
    table.read_dimension = Some(handlers::read_dimension);
    table.write_dimension = Some(handlers::write_dimension);
    table.has_dimension = Some(handlers::has_dimension);
    table.unset_dimension = Some(handlers::unset_dimension);
    table.count_elements = Some(views::count_elements);
    table.get_properties = Some(views::get_properties);
    table.get_properties_for = Some(views::get_properties_for);
    table.get_gc = Some(views::get_gc);
    table.compare = Some(views::compare);
}

/// The handlers of objects whose class declares properties or overrides methods.
fn fill_derived(table: &mut zend_object_handlers) {
    table.read_property = Some(subclass::read_property);
    table.write_property = Some(subclass::write_property);
    table.has_property = Some(subclass::has_property);
    table.unset_property = Some(subclass::unset_property);
    table.get_property_ptr_ptr = Some(subclass::get_property_ptr_ptr);
    table.read_dimension = Some(subclass::read_dimension);
    table.write_dimension = Some(subclass::write_dimension);
    table.has_dimension = Some(subclass::has_dimension);
    table.unset_dimension = Some(subclass::unset_dimension);
    // `count($sync)` calls the method, which may be overridden.
    table.count_elements = None;
}

/// Makes an object of Sync or of a subclass; the constructor gives it its store.
///
/// # Safety
/// Only the engine calls it, for Sync or a class that extends it.
unsafe extern "C" fn create_object(class: *mut zend_class_entry) -> *mut zend_object {
    // SAFETY: the engine passes a linked class.
    unsafe {
        let object = SyncObject::allocate(class);
        let this = SyncObject::of(object);
        if let Some(policy) = importing::current() {
            this.narrow(policy);
        }
        if let Some(provenance) = GLOBALS.get().showing.current() {
            this.set_provenance(provenance);
        }
        let derives = this.overrides.any();
        let handlers = object::handlers();
        (*object).handlers = if derives { &raw const handlers.derived } else { &raw const handlers.plain };
        object
    }
}

/// Frees what the object holds. The engine calls it for every object, also after a fatal error.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns. It is
/// not used again.
unsafe extern "C" fn free_object(object: *mut zend_object) {
    // SAFETY: the engine passes an object of ours, once.
    unsafe {
        errors::contain((), || {
            let this = SyncObject::of(object);
            views::forget_shown(this);
            this.empty();
        });
        ffi::zend_object_std_dtor(object);
    }
}

/// `clone`: another handle on the same file, that does not hold the lock.
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
unsafe extern "C" fn clone_object(object: *mut zend_object) -> *mut zend_object {
    // SAFETY: the engine passes an object of ours; the class is that of the clone as well.
    unsafe {
        let clone = create_object((*object).ce);
        let (original, copy) = (SyncObject::of(object), SyncObject::of(clone));
        copy.narrow_as(original);
        if let (Some(instance), Ok(policy)) = (original.constructed(), original.policy()) {
            copy.set_policy(policy.clone());
            copy.set_instance(instance.another());
        }
        ffi::zend_objects_clone_members(clone, object);
        clone
    }
}
