//! The places of the values decoded so far, by number: what ext 4 and ext 5 point back to.

use std::cell::UnsafeCell;
use std::ptr;

use ext_php_rs::types::Zval;

use crate::php::value::vec::ZendVec;
use crate::php::zend::{self, zend_property_info};

#[derive(Clone, Copy)]
struct Place {
    at: *mut Zval,
    /// The declaration of the typed property that this place is, or null: a reference to it must
    /// know that type.
    info: *mut zend_property_info,
}

/// Places stay valid until the end of the decoding: containers are made with all the room that
/// they need, and no other code sees them before.
pub struct Numbered {
    places: UnsafeCell<ZendVec<Place>>,
}

impl Numbered {
    pub fn new() -> Self {
        Self { places: UnsafeCell::new(ZendVec::new()) }
    }

    /// Gives the value that is about to be decoded into `at` the next number.
    #[inline]
    pub fn number(&self, at: *mut Zval) {
        // SAFETY: no reference to the vector outlives a statement in here.
        unsafe { (*self.places.get()).push(Place { at, info: ptr::null_mut() }) }
    }

    /// How many numbers have been given.
    #[inline]
    pub fn given(&self) -> usize {
        // SAFETY: no reference to the vector outlives a statement in here.
        unsafe { (&*self.places.get()).len() }
    }

    /// The value in this typed property has been decoded, and is none of a reference met before: it
    /// took the number after `given`.
    pub fn is_typed(&self, given: usize, at: *mut Zval, info: *mut zend_property_info) {
        // SAFETY: no reference to the vector outlives a statement in here.
        if let Some(place) = unsafe { (&mut *self.places.get()).get_mut(given) } {
            debug_assert_eq!(place.at, at);
            place.info = info;
        }
    }

    /// Makes room for as many numbers as a container has elements.
    pub fn reserve(&self, more: usize) {
        // SAFETY: no reference to the vector outlives a statement in here.
        unsafe { (*self.places.get()).reserve(more) }
    }

    fn get(&self, number: u32) -> Option<Place> {
        // SAFETY: no reference to the vector outlives a statement in here.
        let places = unsafe { &**self.places.get() };
        places.get((number as usize).checked_sub(1)?).copied()
    }

    /// Copies the object under that number into `into`. False if there is none.
    ///
    /// # Safety
    /// `into` is one of the places.
    pub unsafe fn copy_object(&self, number: u32, into: *mut Zval) -> bool {
        // SAFETY: places hold live zvals.
        unsafe {
            let Some(Place { mut at, .. }) = self.get(number) else { return false };
            at = zend::deref(at);
            if at == into || zend::kind(at) != zend::OBJECT {
                return false;
            }
            zend::set_object_copy(into, zend::object_of(at));
            true
        }
    }

    /// Makes the place under that number a reference. False if there is none.
    ///
    /// # Safety
    /// The places hold live zvals.
    pub unsafe fn make_reference(&self, number: u32) -> bool {
        // SAFETY: the caller promises that the places hold live zvals, of the kind that is looked at.
        unsafe {
            let Some(Place { at, info }) = self.get(number) else { return false };
            if zend::kind(at) != zend::REFERENCE {
                let reference = zend::make_reference(at);
                if !info.is_null() {
                    zend::add_type_source(reference, info);
                }
            }
            true
        }
    }

    /// All places, in the order of their numbers.
    pub fn all(&self) -> impl Iterator<Item = *mut Zval> {
        // SAFETY: no number is given while they are walked over: the iterator borrows `self`, and its users decode nothing.
        let places = unsafe { &**self.places.get() };
        places.iter().map(|place| place.at)
    }

    /// Makes the place under that number a reference, and `into` another name of it. False if
    /// there is no such place, or it is `into` itself.
    ///
    /// # Safety
    /// As for [`copy_object`](Self::copy_object).
    pub unsafe fn refer(&self, number: u32, into: *mut Zval) -> bool {
        // SAFETY: places hold live zvals.
        unsafe {
            let Some(Place { at, .. }) = self.get(number) else { return false };
            if at == into {
                return false;
            }
            self.make_reference(number);
            zend::copy(into, at);
            true
        }
    }
}
