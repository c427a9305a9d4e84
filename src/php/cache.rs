//! Values decoded in this request: what makes reading an unchanged property as cheap as looking
//! at one word of shared memory.
//!
//! Each object has a small direct-mapped table from property name to decoded value. A value in it
//! is free of objects and references (`Sharing::Shareable`), so that it can be handed out by counting
//! one more owner; PHP copies on write. Whether it is still right is the store's business:
//! [`Version`] is asked at every read.

use std::alloc::Layout;
use std::ptr;

use ext_php_rs::alloc::{efree, emalloc};
use ext_php_rs::ffi::{zend_string, zval};

use super::handle::Version;
use super::value::Sharing;
use super::zend::{self, Local, Slot, Str, Value, ZStr};

/// A name, what was last seen under it, and when.
#[repr(C)]
pub struct Entry {
    /// Holds a reference; null in an empty entry.
    name: *mut zend_string,
    /// When the store was last asked about this name.
    pub version: Version,
    /// The value; undefined where the name is known to be missing.
    pub value: zval,
}

/// Entries of a table at its start, and when it has grown. Powers of two.
const INITIAL: usize = 16;
const LARGEST: usize = 1024;

/// Encoded bytes of one value, and of all, that a table keeps. Decoded, an array of small ints is
/// sixteen times larger.
pub const LARGEST_VALUE: usize = 4 << 20;
const LARGEST_TOTAL: usize = 8 << 20;

/// The table of one object.
#[repr(C)]
pub struct Cache {
    entries: *mut Entry,
    mask: usize,
    /// Encoded bytes of the values stored since the table was last emptied: an upper bound.
    bytes: usize,
}

/// The entry that an unused table points to, so that a lookup needs no check. Its name is null; a lookup reads nothing
/// else of it.
#[repr(C, align(16))]
struct NoEntry([u8; size_of::<Entry>()]);
static NO_ENTRY: NoEntry = NoEntry([0; size_of::<Entry>()]);

impl Entry {
    /// The value.
    #[inline]
    pub fn value(&self) -> &Value {
        Value::of(&self.value)
    }

    /// Puts another plain value in place of the old one.
    #[inline]
    pub fn set_value(&mut self, value: &Value) {
        // SAFETY: the entry owns its value, and has had a plain one: releasing that runs no user code.
        unsafe {
            zend::release(&raw mut self.value);
            zend::copy(&raw mut self.value, value.as_ptr());
        }
    }

    /// Copies the value; `false` (and null) where the name is known to be missing.
    #[inline]
    pub fn copy_to(&self, into: &mut Slot) -> bool {
        let is_there = self.value().kind() != zend::UNDEF;
        if is_there {
            into.copy(self.value());
        } else {
            into.set_null();
        }
        is_there
    }
}

impl Cache {
    /// A table that has not been allocated yet.
    pub const fn new() -> Self {
        Self { entries: (&raw const NO_ENTRY).cast_mut().cast(), mask: 0, bytes: 0 }
    }

    /// The entry of a name, where the name is the very string that it was stored under: this is
    /// the hot path, and names in programs are interned.
    ///
    /// # Safety
    /// The entry is not used after anything else was done to the table.
    #[inline]
    #[expect(clippy::mut_from_ref, reason = "the table is shared, and the caller promises to use one entry at a time")]
    pub unsafe fn find(&self, name: &ZStr) -> Option<&mut Entry> {
        let name = name.as_ptr();
        // SAFETY: the mask keeps the index inside of the table.
        unsafe {
            let entry = self.entries.add((*name).h as usize & self.mask);
            if (*entry).name == name { Some(&mut *entry) } else { None }
        }
    }

    /// The entry of a name, by its bytes.
    ///
    /// # Safety
    /// As for [`Cache::find`].
    #[inline]
    #[expect(clippy::mut_from_ref, reason = "as for `find`")]
    pub unsafe fn look_up(&self, name: &ZStr) -> Option<&mut Entry> {
        let (name, hash) = (name.as_ptr(), name.hash());
        // SAFETY: the mask keeps the index inside of the table; entries hold their names.
        unsafe {
            let entry = self.entries.add(hash as usize & self.mask);
            let held = (*entry).name;
            let same = held == name || (!held.is_null() && (*held).h == hash && zend::bytes(held) == zend::bytes(name));
            if same { Some(&mut *entry) } else { None }
        }
    }

    /// Keeps `value` (or, with `None`, that there is none) for `name`, as of `version`.
    /// `size`: bytes of the encoded value.
    ///
    /// # Safety
    /// The value is `Sharing::Shareable`.
    pub unsafe fn store(&mut self, name: &ZStr, value: Option<&Value>, version: Version, size: usize) {
        // SAFETY: `entry_for` returns an entry of the table. The caller promises a value that can be released without
        // running user code.
        unsafe {
            if size > LARGEST_VALUE {
                return self.forget(name);
            }
            self.bytes += size;
            if self.bytes > LARGEST_TOTAL {
                self.clear();
                self.bytes = size;
            }
            let entry = self.entry_for(name);
            zend::release(&raw mut (*entry).value);
            if let Some(value) = value {
                zend::copy(&raw mut (*entry).value, value.as_ptr());
            }
            (*entry).version = version;
        }
    }

    /// Keeps a value that may be kept, and forgets the name of another.
    ///
    /// # Safety
    /// As for [`Cache::store`]; `sharing` is the value's.
    #[inline]
    pub unsafe fn keep(&mut self, sharing: Sharing, name: &ZStr, value: &Value, version: Version, size: usize) {
        // SAFETY: the caller promises that a value is shareable if `sharing` says so.
        unsafe {
            match sharing {
                Sharing::Shareable => self.store(name, Some(value), version, size),
                Sharing::Fresh => self.forget(name),
            }
        }
    }

    /// Makes room for a name: its own entry, an empty one, or another name's.
    fn entry_for(&mut self, name: &ZStr) -> *mut Entry {
        // SAFETY: the mask keeps the index inside of the table; entries hold their names.
        unsafe {
            if self.mask == 0 {
                self.grow(INITIAL);
            }
            let hash = name.hash() as usize;
            if self.look_up(name).is_none() {
                while !(*self.entries.add(hash & self.mask)).name.is_null() && self.mask + 1 < LARGEST {
                    self.grow(2 * (self.mask + 1));
                }
            }
            let entry = self.entries.add(hash & self.mask);
            if (*entry).name != name.as_ptr() {
                // The newest string for a name is the one that will be asked for again.
                Self::empty(entry);
                (*entry).name = Str::of(name).into_raw();
            }
            entry
        }
    }

    /// Hands over the value of a name, if it is an array of this version, and forgets it.
    pub fn take(&mut self, name: &ZStr, version: Version) -> Option<Local> {
        // SAFETY: nothing else is done to the table before the entry is out of use.
        let entry = unsafe { self.look_up(name) }.filter(|entry| entry.version == version)?;
        entry.value().array()?;
        entry.version = Version::default();
        Some(std::mem::replace(&mut entry.value, zend::empty()).into())
    }

    /// Forgets a name.
    pub fn forget(&mut self, name: &ZStr) {
        // SAFETY: nothing else is done to the table before the entry is out of use.
        unsafe {
            if let Some(entry) = self.look_up(name) {
                Self::empty(entry);
            }
        }
    }

    /// Forgets all, and keeps the table.
    pub fn clear(&mut self) {
        if self.mask != 0 {
            for i in 0..=self.mask {
                // SAFETY: the table has `mask + 1` entries.
                unsafe { Self::empty(self.entries.add(i)) };
            }
        }
        self.bytes = 0;
    }

    /// Empties an entry.
    ///
    /// # Safety
    /// `entry` is one of the table, and no reference to it is in use.
    unsafe fn empty(entry: *mut Entry) {
        // SAFETY: the entry owns its value and a reference to its name.
        unsafe {
            zend::release(&raw mut (*entry).value);
            let name = std::mem::replace(&mut (*entry).name, ptr::null_mut());
            if !name.is_null() {
                zend::release_string(name);
            }
            (*entry).version = Version::default();
        }
    }

    fn grow(&mut self, size: usize) {
        let layout = Self::layout(size);
        // SAFETY: the engine's memory, which goes with the object, or does not return. Every entry is
        // initialised before it is used; old ones are moved, or emptied where two meet.
        unsafe {
            let fresh = emalloc(layout).cast::<Entry>();
            for i in 0..size {
                fresh.add(i).write(Entry { name: ptr::null_mut(), version: Version::default(), value: zend::empty() });
            }
            if self.mask != 0 {
                for i in 0..=self.mask {
                    let old = self.entries.add(i);
                    if !(*old).name.is_null() {
                        let new = fresh.add((*(*old).name).h as usize & (size - 1));
                        if (*new).name.is_null() {
                            ptr::copy_nonoverlapping(old, new, 1);
                        } else {
                            Self::empty(old);
                        }
                    }
                }
                efree(self.entries.cast());
            }
            self.entries = fresh;
            self.mask = size - 1;
        }
    }

    fn layout(size: usize) -> Layout {
        Layout::array::<Entry>(size).expect("a small table")
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        if self.mask != 0 {
            self.clear();
            // SAFETY: allocated by `grow`, freed once.
            unsafe { efree(self.entries.cast()) };
        }
    }
}
