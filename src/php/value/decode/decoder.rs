//! The state of one call of [`decode`](super::decode).

use std::cell::{Cell, UnsafeCell};

use ext_php_rs::types::Zval;
use serde::de::Error;
use sync_msgpack::ReadError;

use super::among::Among;
use super::class::LastClass;
use super::delayed::Delayed;
use super::numbered::Numbered;
use crate::php::value::depth::Depth;
use crate::php::value::error::ValueError;
use crate::php::value::policy::Policy;
use crate::php::value::sharing::Sharing;
use crate::php::value::vec::ZendVec;
use crate::php::zend::{self, HashTable, RawValue, zend_object};

/// After so many elements the memory is looked at; before a string of 64 times as many bytes, too.
pub const MANY: usize = 1024;

/// Decoding cannot go on; the [`Decoder`] keeps the reason.
pub struct Stop;

impl Stop {
    /// As serde wants it.
    #[cold]
    pub fn into<E: Error>(self) -> E {
        E::custom("")
    }
}

/// The state of one call of [`decode`](super::decode).
pub struct Decoder<'de, 'p> {
    pub policy: &'p Policy,
    pub last_class: LastClass<'de>,
    pub numbered: Numbered,
    pub delayed: Delayed,
    pub depth: Depth,
    /// The number of elements that may still be announced: an element takes a byte at least, so bytes that
    /// announce more than they are lie, and get no memory for it.
    budget: Cell<usize>,
    /// Values that others have taken the place of. They go at the end: no user code before.
    replaced: UnsafeCell<ZendVec<RawValue>>,
    /// The strings before the value, and the objects that read them.
    pub among: Among<'de>,
    /// All objects, none of them held: no code that could let go of them runs before the end.
    objects: UnsafeCell<ZendVec<*mut zend_object>>,
    sharing: Cell<Sharing>,
    failure: Cell<Option<ValueError>>,
}

impl<'p> Decoder<'_, 'p> {
    pub fn new(len: usize, within: usize, policy: &'p Policy) -> Self {
        Self {
            policy,
            last_class: LastClass::new(),
            numbered: Numbered::new(),
            delayed: Delayed::new(),
            depth: Depth::new(within),
            budget: Cell::new(len),
            replaced: UnsafeCell::new(ZendVec::new()),
            among: Among::new(),
            objects: UnsafeCell::new(ZendVec::new()),
            sharing: Cell::new(Sharing::Shareable),
            failure: Cell::new(None),
        }
    }

    /// Stops with a reason for the caller to throw.
    #[cold]
    pub fn refuse(&self, why: String) -> Stop {
        self.failure.set(Some(ValueError::Refused(why)));
        Stop
    }

    /// As [`refuse`](Self::refuse), because of a class or an enum that is not there, or not as it was.
    #[cold]
    pub fn refuse_class(&self, why: String) -> Stop {
        self.failure.set(Some(ValueError::OfClass(why)));
        Stop
    }

    /// As [`refuse`](Self::refuse), because of bytes that this version does not know.
    #[cold]
    pub fn unknown(&self, why: String) -> Stop {
        self.failure.set(Some(ValueError::Unknown(why)));
        Stop
    }

    /// Stops for bytes that no encoder wrote.
    #[cold]
    pub fn damaged(&self, what: &str) -> Stop {
        self.unknown(format!("A stored value is damaged: it has {what}."))
    }

    /// Stops for an exception of the engine's that is pending.
    #[cold]
    pub fn refused_by_engine(&self) -> Stop {
        self.failure.set(Some(ValueError::ByEngine));
        Stop
    }

    /// Stops for an exception that is pending.
    #[cold]
    pub fn thrown(&self) -> Stop {
        self.failure.set(Some(ValueError::Thrown));
        Stop
    }

    /// Announces `elements` more elements.
    #[inline]
    pub fn expect(&self, elements: usize) -> Result<(), Stop> {
        let budget = self.budget.get();
        match budget.checked_sub(elements) {
            Some(left) if elements <= zend::MAX_ELEMENTS => {
                self.budget.set(left);
                if left / MANY == budget / MANY { Ok(()) } else { self.check_memory(elements * size_of::<Zval>()) }
            }
            _ => Err(self.damaged("a length beyond its end")),
        }
    }

    /// Stops where there is no memory for a block of this size.
    #[cold]
    pub fn check_memory(&self, size: usize) -> Result<(), Stop> {
        if zend::has_memory(size) {
            return Ok(());
        }
        Err(self.refuse("it takes more memory than memory_limit leaves.".into()))
    }

    /// Runs `f` one level deeper, if that is not too deep.
    #[inline]
    pub fn deeper<T, E: Error>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if let Err(why) = self.depth.enter() {
            return Err(self.refuse(why).into());
        }
        let result = f();
        self.depth.leave();
        result
    }

    /// The value is not one that may be returned twice.
    pub fn not_shareable(&self) {
        self.sharing.set(Sharing::Fresh);
    }

    /// Notes an object that was made, at `at`.
    ///
    /// # Safety
    /// There is an object.
    pub unsafe fn made_object(&self, at: *const Zval) {
        self.not_shareable();
        // SAFETY: the caller has an object there; no reference to the vector outlives the statement.
        unsafe { (*self.objects.get()).push(zend::object_of(at)) };
    }

    /// Empties a place that has a value already.
    ///
    /// # Safety
    /// `at` is a live zval.
    #[inline]
    pub unsafe fn replace(&self, at: *mut Zval) {
        // SAFETY: the caller has a live zval there; its value moves, so it still has one owner.
        unsafe {
            if zend::is_refcounted(at) {
                (*self.replaced.get()).push(RawValue::of(at));
            }
            zend::set_null(at);
        }
    }

    /// Keeps an array that is of no use any more until the end, since its places have numbers.
    pub fn keep_until_the_end(&self, array: *mut HashTable) {
        let mut holder = zend::scratch();
        // SAFETY: the count of the array moves along.
        unsafe {
            zend::set_array(&raw mut *holder, array);
            self.replace(&raw mut *holder);
        }
    }

    /// Makes the delayed calls if all went well, and clears up.
    ///
    /// # Safety
    /// `at` is where the value was decoded to.
    pub unsafe fn finish(self, read: Result<(), ReadError>, at: *mut Zval) -> Result<Sharing, ValueError> {
        let mut failed = read.is_err();
        let objects = self.objects.into_inner();
        let mut held = false;
        if !failed && self.among.is_used() {
            // From here on user code may let go of any of them.
            for &object in objects.iter() {
                // SAFETY: still alive, see `objects`.
                unsafe { zend::hold_object(object) };
            }
            held = true;
            // SAFETY: the value is whole, and its places are where they were made.
            failed = unsafe { !self.among.read(self.policy, &self.numbered) };
        }
        if failed || held {
            for &object in objects.iter() {
                // SAFETY: still alive, see `objects`, or held above.
                unsafe {
                    if failed {
                        zend::forbid_destructor(object);
                    }
                    if held {
                        zend::release_object(object);
                    }
                }
            }
        }
        drop(objects);
        drop(self.numbered);
        let called = self.delayed.finish(failed);
        let replaced = self.replaced.into_inner();
        for value in replaced.iter() {
            value.release();
        }
        drop(replaced);
        // SAFETY: the caller has decoded to `at`, which therefore holds a value, whole or in part.
        unsafe {
            if called && !zend::exception_pending() {
                zend::unwrap_reference(at);
                zend::possible_root(at);
                return Ok(if self.depth.was_deep() { Sharing::Fresh } else { self.sharing.get() });
            }
            zend::release(at);
            zend::set_null(at);
        }
        if zend::exception_pending() {
            return Err(match self.failure.into_inner() {
                Some(ValueError::ByEngine) => ValueError::ByEngine,
                _ => ValueError::Thrown,
            });
        }
        let why = read.err().unwrap_or(ReadError::Stopped);
        Err(self
            .failure
            .into_inner()
            .unwrap_or_else(|| ValueError::Unknown(format!("A stored value is damaged: {why}."))))
    }
}
