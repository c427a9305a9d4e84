//! A name, what was last seen under it, and when.

use std::alloc::{Layout, alloc, dealloc};
use std::ptr::{self, NonNull};

use ext_php_rs::ffi::zval;
use sync_short as short;

use super::block::{Block, Head};
use crate::php::handle::{Backend, Handle, Version};
use crate::php::zend::{self, Slot, Value, ZStr};

/// A name, what was last seen under it, and when.
///
/// One of three things is known of a name, and the version tells which: there is a value, or there was none, as of the
/// version; or no more than which record an earlier request read, and the version is the default one, which is current
/// nowhere.
#[repr(C, align(64))]
pub struct Entry {
    /// When the store was last asked about this name.
    pub version: Version,
    /// Tells this use of the entry from all others, in any entry; 0: it is free. See [`super::slot`].
    pub(super) stamp: u64,
    /// The value; undefined where the name is known to be missing. Where only the record is known: undefined, with the
    /// record's number as its content.
    value: zval,
    /// The memory of a value that outlives the request; null where it has none.
    block: *mut Head,
    /// Encoded bytes of a value that goes with the request.
    size: u32,
    /// The request that decoded the value or the record; 0: none has.
    decoded: u32,
    /// The request that looked the name up last.
    pub(super) used: u32,
    length: u16,
    /// Whether the value goes with the request.
    pub(super) passes: bool,
    /// Whether the thread has this place in its list of those whose value does, or did.
    pub(super) listed: bool,
    name: Name,
}

/// The bytes of a name: here, if they are few.
#[repr(C)]
union Name {
    short: [u8; SHORT],
    long: *mut u8,
}

/// Bytes of the longest name that lies in its entry.
const SHORT: usize = 24;
/// Bytes of the longest name that is kept.
pub const LONGEST: usize = 255;

const _: () = assert!(size_of::<Entry>() == 128);

impl Entry {
    /// Makes a free place an entry that knows nothing but its name. False: the name is too long, or there is no memory for it, and
    /// the place is still free. (Field by field: this is a part of each first read and write.)
    ///
    /// # Safety
    /// The place is one of the pool's, which is free.
    pub(super) unsafe fn write(place: NonNull<Self>, name: &[u8], stamp: u64, now: u32) -> bool {
        let at = place.as_ptr();
        // SAFETY: the caller promises a place that nothing refers to; all fields but `listed`, which stays, are written before
        // it is read. The name is as long as is compared.
        unsafe {
            if name.len() <= SHORT {
                let to = (&raw mut (*at).name).cast::<u8>();
                ptr::copy_nonoverlapping(name.as_ptr(), to, name.len());
            } else {
                let bytes = if name.len() <= LONGEST { alloc(Self::layout(name.len())) } else { ptr::null_mut() };
                if bytes.is_null() {
                    return false;
                }
                ptr::copy_nonoverlapping(name.as_ptr(), bytes, name.len());
                (&raw mut (*at).name).write(Name { long: bytes });
            }
            (&raw mut (*at).version).write(Version::default());
            (&raw mut (*at).stamp).write(stamp);
            (&raw mut (*at).value).write(zend::empty());
            (&raw mut (*at).block).write(ptr::null_mut());
            (&raw mut (*at).size).write(0);
            (&raw mut (*at).decoded).write(0);
            (&raw mut (*at).used).write(now);
            (&raw mut (*at).length).write(name.len() as u16);
            (&raw mut (*at).passes).write(false);
            (*at).note_record(0);
        }
        true
    }

    fn layout(length: usize) -> Layout {
        Layout::array::<u8>(length).expect("a short name")
    }

    /// Bytes of memory that an entry of a name of this length takes.
    pub(super) fn cost(length: usize) -> usize {
        size_of::<Self>() + if length > SHORT { length } else { 0 }
    }

    /// Bytes of memory that it takes, the value's included.
    pub(super) fn weight(&self) -> usize {
        // SAFETY: the entry's own block, which stays its own.
        let block = unsafe { Block::from_raw(self.block) }.map(std::mem::ManuallyDrop::new);
        Self::cost(self.length.into()) + block.map_or(0, |block| block.size())
    }

    /// The name.
    #[inline]
    pub(super) fn name(&self) -> &[u8] {
        let length = usize::from(self.length);
        // SAFETY: `new` has put a name of this length there.
        unsafe {
            let bytes = if length <= SHORT { (&raw const self.name).cast::<u8>() } else { self.name.long };
            std::slice::from_raw_parts(bytes, length)
        }
    }

    /// Whether it is the entry of a name, whose hash is the same.
    #[inline]
    pub(super) fn is_named(&self, name: &ZStr) -> bool {
        short::equal(self.name(), name.bytes())
    }

    /// Frees the name's memory. The entry is not used any more.
    pub(super) fn free_name(&mut self) {
        let length = std::mem::take(&mut self.length).into();
        if length > SHORT {
            // SAFETY: allocated by `new`, with this layout; the length says that it is gone.
            unsafe { dealloc(self.name.long, Self::layout(length)) };
        }
    }

    /// The value.
    #[inline]
    pub fn value(&self) -> &Value {
        Value::of(&self.value)
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

    /// Whether there is a value, and it is not null.
    #[inline]
    pub fn is_set(&self) -> bool {
        !matches!(self.value().kind(), zend::UNDEF | zend::NULL)
    }

    /// Puts a scalar that is no string in place of another ([`is_plain`](Self::is_plain)).
    #[inline]
    pub fn set_scalar(&mut self, value: &Value) {
        // SAFETY: neither is counted.
        unsafe { zend::copy_value(&raw mut self.value, value.as_ptr()) };
        self.decoded = 0;
    }

    /// Whether its value is nobody's: a scalar, or none.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.block.is_null() && !self.passes
    }

    /// Takes a value that goes with the request.
    pub(super) fn set_passing(&mut self, value: &Value, size: u32) {
        // SAFETY: the place owned nothing; the value is alive.
        unsafe { zend::copy(&raw mut self.value, value.as_ptr()) };
        (self.passes, self.size) = (true, size);
    }

    /// Takes a value that outlives the request, out of `value`, which is not counted.
    pub(super) fn set_lasting(&mut self, value: &Value, block: Option<Block>) {
        // SAFETY: the place owned nothing.
        unsafe { zend::copy_value(&raw mut self.value, value.as_ptr()) };
        self.block = block.map_or(ptr::null_mut(), Block::into_raw);
    }

    /// Gives up the value: its block, which the request may still use, and encoded bytes of one that goes with the request.
    pub(super) fn clear(&mut self) -> (Option<Block>, usize) {
        // SAFETY: the entry owns its value, a plain one: giving it up runs no user code. The block is taken once.
        let block = unsafe {
            zend::release(&raw mut self.value);
            Block::from_raw(std::mem::replace(&mut self.block, ptr::null_mut()))
        };
        self.passes = false;
        (block, std::mem::take(&mut self.size) as usize)
    }

    /// Encoded bytes of a value that goes with the request.
    pub(super) fn size(&self) -> usize {
        self.size as usize
    }

    /// Whether its value outlives the request, in memory of its own.
    pub(super) fn has_block(&self) -> bool {
        !self.block.is_null()
    }

    /// Whether the name was found missing.
    pub(super) fn is_missing(&self) -> bool {
        self.is_plain() && self.value().kind() == zend::UNDEF && !self.knows_record_alone()
    }

    /// Whether no more is known than which record was read.
    fn knows_record_alone(&self) -> bool {
        Handle::opening_of(&self.version) == 0
    }

    /// Keeps no more than which record it was. The value has been given up.
    pub(super) fn note_record(&mut self, record: u64) {
        self.version = Version::default();
        self.value.value.lval = record as i64;
    }

    /// Whether an earlier request decoded this very record.
    pub(super) fn was_decoded_before(&self, version: &Version, now: u32) -> bool {
        let record = Handle::record_of(version);
        // SAFETY: an int was written there.
        let known = unsafe { self.value.value.lval } as u64;
        self.knows_record_alone() && record != 0 && known == record && self.decoded != 0 && self.decoded != now
    }

    /// Notes which request has decoded the value; 0: none has.
    pub(super) fn set_decoded(&mut self, request: u32) {
        self.decoded = request;
    }
}
