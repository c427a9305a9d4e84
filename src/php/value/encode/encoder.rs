//! The state of one call of [`encode`](super::encode).

use std::cell::{Cell, UnsafeCell};

use sync_msgpack::MAX_LENGTH;

use super::identity::Identity;
use crate::php::value::depth::Depth;
use crate::php::value::error::ValueError;
use crate::php::value::sharing::Sharing;
use crate::php::value::vec::ZendVec;
use crate::php::zend::{self, HashTable, zend_class_entry, zend_function, zend_object};

/// The state of one call of [`encode`](super::encode).
pub struct Encoder {
    pub identity: Identity,
    depth: Depth,
    /// Whether the value is what decoding it would give.
    sharing: Cell<Sharing>,
    failure: Cell<Option<ValueError>>,
    /// The class asked for last, and its `__sleep`: objects of one class come in rows.
    sleep: Cell<(*mut zend_class_entry, *mut zend_function)>,
    /// Objects that write themselves when all else is written. The identity holds them.
    later: UnsafeCell<ZendVec<*mut zend_object>>,
}

impl Encoder {
    pub fn new(within: usize) -> Self {
        Self {
            identity: Identity::new(),
            depth: Depth::new(within),
            sharing: Cell::new(Sharing::Shareable),
            failure: Cell::new(None),
            sleep: Cell::new((std::ptr::null_mut(), std::ptr::null_mut())),
            later: UnsafeCell::new(ZendVec::new()),
        }
    }

    /// Puts off calling an object's `serialize()`.
    pub fn serialize_later(&self, object: *mut zend_object) {
        self.identity.expect_all();
        // SAFETY: no reference to the vector outlives a statement.
        unsafe { (*self.later.get()).push(object) };
    }

    #[inline]
    pub fn has_more(&self) -> bool {
        // SAFETY: no reference to the vector outlives a statement in here.
        unsafe { !(&*self.later.get()).is_empty() }
    }

    /// The objects whose `serialize()` has been put off.
    pub fn take_later(&self) -> ZendVec<*mut zend_object> {
        // SAFETY: no reference to the vector outlives a statement in here.
        unsafe { std::mem::take(&mut *self.later.get()) }
    }

    /// Lets go of everything that was met, which may run destructors. Says if the value may be kept, and why encoding
    /// it stopped, if it did.
    pub fn finish(self) -> (Sharing, Option<ValueError>) {
        let sharing = if self.depth.was_deep() { Sharing::Fresh } else { self.sharing.get() };
        self.identity.finish();
        (sharing, self.failure.into_inner())
    }

    /// The value contains what others may change, or what decoding makes something else of.
    #[inline]
    pub fn not_shareable(&self) {
        self.sharing.set(Sharing::Fresh);
    }

    /// Looks if an array goes on as a decoded one would, for `$a[] =` and for `current($a)`; `next` is
    /// the int after its highest key, or the engine's mark for "no number yet", in the place of which an array may have 0.
    ///
    /// # Safety
    /// `array` is alive.
    #[inline]
    pub unsafe fn goes_on(&self, array: *const HashTable, next: i64) {
        // SAFETY: the caller's array is alive.
        let (position, given) = unsafe { ((*array).nInternalPointer, (*array).nNextFreeElement) };
        if position != 0 || given != next && (given, next) != (0, i64::MIN) {
            self.not_shareable();
        }
    }

    /// The class's `__sleep`, or null.
    ///
    /// # Safety
    /// `class` is a class of this request.
    #[inline]
    pub unsafe fn sleep(&self, class: *mut zend_class_entry) -> *mut zend_function {
        let (last, sleep) = self.sleep.get();
        if last == class {
            return sleep;
        }
        // SAFETY: the caller's class is one of this request.
        let sleep = unsafe { zend::method(class, "__sleep") };
        self.sleep.set((class, sleep));
        sleep
    }

    /// Stops with a reason for the caller to throw.
    #[cold]
    pub fn refuse<E: serde::ser::Error>(&self, why: String) -> E {
        self.failure.set(Some(ValueError::Refused(why)));
        E::custom("")
    }

    /// Stops for an exception of the engine's that is pending.
    #[cold]
    pub fn refused_by_engine<E: serde::ser::Error>(&self) -> E {
        self.failure.set(Some(ValueError::ByEngine));
        E::custom("")
    }

    /// Stops for an exception that is pending.
    #[cold]
    pub fn thrown<E: serde::ser::Error>(&self) -> E {
        self.failure.set(Some(ValueError::Thrown));
        E::custom("")
    }

    /// Runs `f` one level deeper, if that is not too deep.
    #[inline]
    pub fn deeper<T, E: serde::ser::Error>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if let Err(why) = self.depth.enter() {
            return Err(self.refuse(why));
        }
        let result = f();
        self.depth.leave();
        result
    }
}

/// Stops if a string or name is longer than MessagePack can say.
#[inline]
pub fn check_length<E: serde::ser::Error>(encoder: &Encoder, len: usize) -> Result<(), E> {
    if len > MAX_LENGTH {
        return Err(encoder.refuse(format!("A string of {len} bytes is longer than the 4 GiB that can be stored.")));
    }
    Ok(())
}

/// Stops because user code has changed an object while it was being written, whose number of
/// properties is written already.
#[cold]
pub fn changed_meanwhile<E: serde::ser::Error>(encoder: &Encoder) -> E {
    encoder.refuse(
        "An object was changed by its own __serialize(), __sleep() or serialize() while it was being stored.".into(),
    )
}
