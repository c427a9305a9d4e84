//! References to the engine's counted structures.

use std::ops::Deref;
use std::ptr::NonNull;

/// A structure that counts its owners. `Self` stands for it behind a reference: `&Self` is only made of one that is
/// alive for as long as the reference.
///
/// # Safety
/// `Self` is `#[repr(transparent)]` over an `UnsafeCell` of `Raw`, and the functions count as the engine does.
pub unsafe trait Counted: Sized {
    /// The engine's structure.
    type Raw;

    /// Takes a count.
    ///
    /// # Safety
    /// `raw` is alive.
    unsafe fn hold(raw: *mut Self::Raw);

    /// Gives up a count. May run destructors, that is, user code.
    ///
    /// # Safety
    /// The caller owns the count.
    unsafe fn release(raw: *mut Self::Raw);
}

/// An owned count of a structure, given back on drop.
pub struct Held<T: Counted>(NonNull<T>);

impl<T: Counted> Held<T> {
    /// One more count.
    #[inline]
    pub fn of(counted: &T) -> Self {
        let raw: *const T = counted;
        // SAFETY: there is a reference to it, so it is alive.
        unsafe { Self::share(raw.cast_mut().cast()) }
    }

    /// One more count.
    ///
    /// # Safety
    /// `raw` is alive.
    #[inline]
    pub unsafe fn share(raw: *mut T::Raw) -> Self {
        // SAFETY: the caller promises that it is alive.
        unsafe {
            T::hold(raw);
            Self::from_owned(raw)
        }
    }

    /// Takes over a count.
    ///
    /// # Safety
    /// `raw` is alive, and the caller gives a count away.
    #[inline]
    pub unsafe fn from_owned(raw: *mut T::Raw) -> Self {
        // SAFETY: the caller promises a live structure, whose address is not null.
        Self(unsafe { NonNull::new_unchecked(raw.cast()) })
    }

    /// The structure, still owned by `self`.
    #[inline]
    pub fn as_ptr(&self) -> *mut T::Raw {
        self.0.as_ptr().cast()
    }

    /// The structure, and the duty to release it.
    #[inline]
    pub fn into_raw(self) -> *mut T::Raw {
        std::mem::ManuallyDrop::new(self).as_ptr()
    }
}

impl<T: Counted> Deref for Held<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: `self` owns a count, so it is alive for as long as the borrow.
        unsafe { self.0.as_ref() }
    }
}

impl<T: Counted> Clone for Held<T> {
    #[inline]
    fn clone(&self) -> Self {
        Self::of(self)
    }
}

impl<T: Counted> Drop for Held<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `self` owns a count, and is not used again.
        unsafe { T::release(self.as_ptr()) };
    }
}
