//! The engine's runtime cache of an instruction: `$sync->name` leads from there to its entry, without a search.
//!
//! An instruction that names a property has a slot of three words, in which the engine's standard handlers keep a class, the
//! property's offset in its objects, and its type. They believe the others only where the first one is the class of the object at
//! hand. For Sync objects the slot has an entry's stamp, mixed with the number of the object, and its address. A stamp's highest bit is set, so that it is no class, and
//! no class is a stamp. An entry with that stamp is the one of this name: another use of its memory has another stamp. The
//! memory of an entry stays readable for as long as there are slots ([`super::pool`]): they are empty at a request's start.

use std::os::raw::c_void;
use std::ptr;

use super::entry::Entry;

/// The slot of an instruction, if it has one.
#[derive(Clone, Copy)]
pub struct CacheSlot(*mut *mut c_void);

impl CacheSlot {
    /// None.
    pub const NONE: Self = Self(ptr::null_mut());

    /// # Safety
    /// `slot` is the engine's, for one property name, or null, and is used no longer than the handler runs to which the engine
    /// has given it.
    #[inline(always)]
    pub unsafe fn new(slot: *mut *mut c_void) -> Self {
        Self(slot)
    }

    /// The entry of the name that the instruction has met before, on the object with this number. Whether it is about the file that is
    /// open, the version says.
    ///
    /// # Safety
    /// As for [`Table::find`](super::Table::find).
    #[inline(always)]
    pub unsafe fn entry<'a>(self, object: u64) -> Option<&'a mut Entry> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: `new` was promised a slot, which has three words. Where the first is a stamp, `lead_to` has put the address of
        // an entry into the second, in this request and thread.
        unsafe {
            let stamp = (*self.0).addr() as u64;
            if stamp & STAMPED == 0 {
                return None;
            }
            let entry: *mut Entry = (*self.0.add(1)).cast();
            ((*entry).stamp ^ object == stamp).then(|| &mut *entry)
        }
    }

    /// Lets the slot lead to an entry, for the object with this number.
    #[inline]
    pub fn lead_to(self, entry: &mut Entry, object: u64) {
        if !self.0.is_null() {
            let at: *mut Entry = entry;
            // SAFETY: `new` was promised a slot, which has three words.
            unsafe {
                *self.0 = ptr::without_provenance_mut((entry.stamp ^ object) as usize);
                *self.0.add(1) = at.cast();
            }
        }
    }

    /// Makes the engine forget the type of the property that it met at this instruction before, on an object of another class.
    pub fn forget_type(self) {
        if !self.0.is_null() {
            // SAFETY: `new` was promised a slot, which has three words.
            unsafe {
                if (*self.0).addr() as u64 & STAMPED == 0 {
                    *self.0 = ptr::null_mut();
                }
                *self.0.add(2) = ptr::null_mut();
            }
        }
    }
}

/// The bit that all stamps have.
pub const STAMPED: u64 = 1 << 63;
