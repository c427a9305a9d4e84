//! Objects that read themselves by a string of their own (`Serializable`), when all else is there.

use std::alloc::Layout;
use std::cell::Cell;
use std::ptr;

use super::numbered::Numbered;
use crate::php::value::importing;
use crate::php::value::policy::Policy;
use crate::php::value::vec::ZendVec;
use crate::php::zend::{self, RawValue, Str, zend_object, zend_unserialize_data};

/// An object that is going to read its string.
#[derive(Clone, Copy)]
struct Reads<'de> {
    object: *mut zend_object,
    bytes: &'de [u8],
}

/// All that is known of them while a value is decoded: nothing, for nearly all values.
pub struct Among<'de> {
    known: Cell<*mut Known<'de>>,
}

struct Known<'de> {
    references: &'de [u8],
    /// The strings; nothing for objects that chose to be null.
    strings: ZendVec<Option<&'de [u8]>>,
    used: usize,
    later: ZendVec<Reads<'de>>,
    /// The numbers of objects that chose to be null, in order.
    nulls: ZendVec<u32>,
}

impl<'de> Among<'de> {
    pub const fn new() -> Self {
        Self { known: Cell::new(ptr::null_mut()) }
    }

    /// There are strings before the value.
    pub fn begin(&self, references: &'de [u8]) {
        let known = ext_php_rs::alloc::emalloc(Layout::new::<Known>()).cast::<Known>();
        let (strings, later, nulls) = (ZendVec::new(), ZendVec::new(), ZendVec::new());
        // SAFETY: new memory, that `drop` frees.
        unsafe { known.write(Known { references, strings, used: 0, later, nulls }) };
        self.known.set(known);
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut Known<'de>) -> R) -> Option<R> {
        // SAFETY: no `f` in here runs user code, or comes back to this.
        unsafe { self.known.get().as_mut() }.map(f)
    }

    /// Adds one of the strings, or notes that there is none.
    pub fn add(&self, string: Option<&'de [u8]>) {
        self.with(|known| known.strings.push(string));
    }

    /// The next of the strings.
    pub fn next(&self) -> Option<Option<&'de [u8]>> {
        self.with(|known| {
            known.used += 1;
            known.strings.get(known.used - 1).copied()
        })?
    }

    /// Whether all strings have been asked for.
    pub fn is_used_up(&self) -> bool {
        self.with(|known| known.used == known.strings.len()).unwrap_or(true)
    }

    /// Has an object read its string when all else is there.
    pub fn read_later(&self, object: *mut zend_object, bytes: &'de [u8]) {
        self.with(|known| known.later.push(Reads { object, bytes }));
    }

    /// Notes that what has this number is null, though it was an object.
    pub fn is_null(&self, number: usize) {
        self.with(|known| known.nulls.push(number as u32));
    }

    /// Whether it is.
    #[inline]
    pub fn became_null(&self, number: u32) -> bool {
        self.with(|known| known.nulls.binary_search(&number).is_ok()).unwrap_or(false)
    }

    /// Whether there are objects that have to read their strings.
    #[inline]
    pub fn is_used(&self) -> bool {
        self.with(|known| !known.later.is_empty()).unwrap_or(false)
    }

    /// Has the objects read their strings, until one of them throws; whether none has.
    ///
    /// # Safety
    /// The objects are held. The places hold live zvals; they may be anywhere afterwards.
    pub unsafe fn read(&self, policy: &Policy, numbered: &Numbered) -> bool {
        // SAFETY: the caller holds the objects, and the places hold live zvals until user code runs. That cannot get to this decoder.
        unsafe {
            let known = self.with(|known| (known.references, std::mem::take(&mut known.later)));
            let Some((references, later)) = known else { return true };
            for number in references.chunks_exact(4) {
                numbered.make_reference(u32::from_be_bytes(number.try_into().expect("chunks of four")));
            }
            let is_known = |at: *mut _| matches!(zend::kind(at), zend::OBJECT | zend::REFERENCE);
            let mut known = ZendVec::new();
            known.reserve(numbered.all().filter(|&at| is_known(at)).count() + 1);
            for (n, at) in numbered.all().enumerate().filter(|&(_, at)| is_known(at)) {
                let mut value = zend::scratch();
                zend::copy(&raw mut *value, at);
                known.push((n + 1, RawValue::of(&raw const *value)));
            }
            unserialize_among(policy, numbered.given(), known, |_| {
                for &Reads { object, bytes } in later.iter() {
                    let mut data = zend::scratch();
                    zend::set_string(&raw mut *data, Str::new(bytes));
                    let mut result = zend::scratch();
                    let method = zend::method((*object).ce, "unserialize");
                    zend::call_method(object, method, &raw mut *result, &raw mut *data);
                    zend::release(&raw mut *result);
                    zend::release(&raw mut *data);
                    if zend::exception_pending() {
                        break;
                    }
                }
            });
        }
        !zend::exception_pending()
    }
}

impl Drop for Among<'_> {
    #[inline]
    fn drop(&mut self) {
        let known = self.known.get();
        if !known.is_null() {
            // SAFETY: made by `begin`, and not used any more.
            unsafe {
                drop(known.read());
                ext_php_rs::alloc::efree(known.cast());
            }
        }
    }
}

/// Runs `call`, in which the engine's `unserialize()` has met these values, by their numbers, and trusts what it reads
/// as `policy` says.
///
/// # Safety
/// [`zend::can_share`] has said so. The values are owned, and released by this.
pub unsafe fn unserialize_among<R>(
    policy: &Policy,
    numbers: usize,
    mut known: ZendVec<(usize, RawValue)>,
    call: impl FnOnce(*mut zend_unserialize_data) -> R,
) -> R {
    let mut classes = zend::scratch();
    let allowed = policy.allowed_classes.table(&mut classes);
    known.push((0, RawValue::NULL));
    // A handle that is found in a string leads where the author of that string wanted.
    // SAFETY: the caller has asked `can_share`, and owns the values.
    let result = importing::under(policy, || unsafe { zend::unserialize_among(numbers, &mut known, allowed, call) });
    // SAFETY: a zval of this frame, which nothing uses any more.
    unsafe { zend::release(&raw mut *classes) };
    result
}
