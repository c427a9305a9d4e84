//! Which objects and references have been met while encoding, and under which number.
//!
//! Values are numbered from 1 in the order in which they are written, as `serialize` does; a
//! reference met again takes no number, an object met again does.

use std::cell::{Cell, UnsafeCell};

use ext_php_rs::types::Zval;

use crate::php::zend::{self, Elements, HashTable, Key};

/// The knowledge of a value that is about to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// Nothing: write it.
    Never,
    /// This object has been written, under this number.
    Object(u32),
    /// This reference (or the object it refers to) has been written, under this number.
    Reference(u32),
    /// This object chose to be null (`Serializable::serialize` returned it).
    AsNull,
}

/// The number of an object that became null; real ones start at 1.
const AS_NULL: i64 = -1;

pub struct Identity {
    /// From an address to its number; and from address + 1 to the thing itself, so that it is not
    /// freed, and its address not used again, before the end. Counted things are aligned to 8: address + 2 says of
    /// an object that it was met as what a reference refers to.
    met: UnsafeCell<HashTable>,
    last: Cell<u32>,
    /// User code is going to be asked, when all is written, for what leads to any of it.
    all: Cell<bool>,
}

impl Identity {
    pub fn new() -> Self {
        Self { met: UnsafeCell::new(zend::new_table(true)), last: Cell::new(0), all: Cell::new(false) }
    }

    /// Gives a value that is neither an object nor a reference the next number.
    #[inline(always)]
    pub fn count(&self) {
        self.last.set(self.last.get() + 1);
    }

    /// Numbers an object or a reference, and says if it has been met.
    ///
    /// `shared` says that it is in an array with several owners, so that even an object with one
    /// owner may be met again.
    ///
    /// # Safety
    /// `at` is one of the two, and alive.
    pub unsafe fn meet(&self, at: *mut Zval, shared: bool) -> Met {
        self.count();
        // SAFETY: the caller's zval is alive, and an object or a reference.
        unsafe {
            if zend::kind(at) == zend::REFERENCE {
                return self.look_up(at, true);
            }
            let object = zend::object_of(at);
            let properties = (*object).properties;
            let sole = (*object).gc.refcount == 1 && (properties.is_null() || (*properties).gc.refcount == 1);
            if sole && !shared && !runs_user_code(object) && !self.all.get() {
                Met::Never
            } else {
                self.look_up(at, false)
            }
        }
    }

    /// # Safety
    /// `at` is a live object or reference.
    unsafe fn look_up(&self, at: *mut Zval, is_reference: bool) -> Met {
        // SAFETY: the caller's zval is alive, and an object or a reference. No reference into the table outlives a statement.
        unsafe {
            let mut thing = at;
            if is_reference {
                // To a reference to an object the object is what counts.
                let target = &raw mut (*zend::reference_of(at)).val;
                if zend::kind(target) == zend::OBJECT {
                    thing = target;
                }
            }
            let address = (*thing).value.counted as usize as i64;
            let number = zend::place_of_int(self.met.get(), address);
            if zend::kind(number) == zend::NULL {
                zend::set_long(number, i64::from(self.last.get()));
                zend::copy(zend::place_of_int(self.met.get(), address + 1), thing);
                if thing != at {
                    zend::place_of_int(self.met.get(), address + 2);
                }
                return Met::Never;
            }
            match ((*number).value.lval, is_reference) {
                (AS_NULL, _) => Met::AsNull,
                (number, false) => Met::Object(number as u32),
                (number, true) => {
                    self.last.set(self.last.get() - 1);
                    Met::Reference(number as u32)
                }
            }
        }
    }

    /// From here on every object may be met again, by whatever way user code takes.
    pub fn expect_all(&self) {
        self.all.set(true);
    }

    /// Calls `each` with the numbers of the references that have been met.
    pub fn references(&self, mut each: impl FnMut(u32)) {
        // SAFETY: nothing in here runs user code.
        unsafe {
            for (key, thing) in Elements::of(self.met.get()) {
                let Key::Int(key) = key else { continue };
                let mark = key & 7;
                if mark == 2 || mark == 1 && zend::kind(thing) == zend::REFERENCE {
                    each((*zend::place_of_int(self.met.get(), key - mark)).value.lval as u32);
                }
            }
        }
    }

    /// Runs `call`, in which the engine's `serialize()` has met what was met here. What it meets itself is held until
    /// the end, too.
    pub fn among<R>(&self, call: impl FnOnce(zend::Among) -> R) -> R {
        debug_assert!(zend::can_share());
        // SAFETY: a value's last step: nothing is met here any more. The caller has looked whether it can be.
        unsafe { zend::serialize_among(self.met.get(), self.last.get(), call) }
    }

    /// Remembers that an object chose to be null, should it be met again.
    ///
    /// # Safety
    /// `at` is a live object.
    pub unsafe fn became_null(&self, at: *const Zval) {
        // SAFETY: the caller has a live object there, which has an address.
        unsafe {
            let address = (*at).value.counted as usize as i64;
            zend::set_long(zend::place_of_int(self.met.get(), address), AS_NULL);
        }
    }

    /// Lets go of everything. May run destructors.
    pub fn finish(self) {
        let mut met = self.met.into_inner();
        // SAFETY: not used again.
        unsafe { zend::destroy_table(&raw mut met) };
    }
}

/// True if writing the object calls its own methods: those may hand it out, so that it is met
/// again although it had a single owner.
///
/// # Safety
/// `object` is alive.
#[inline]
unsafe fn runs_user_code(object: *const zend::zend_object) -> bool {
    // SAFETY: every object has a class.
    unsafe { !(*(*object).ce).__serialize.is_null() || (*(*object).ce).serialize.is_some() }
}
