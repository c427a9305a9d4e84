//! A name, what was last seen under it, and when.

use std::alloc::{Layout, alloc, dealloc};
use std::mem::offset_of;
use std::ptr::{self, NonNull};

use ext_php_rs::ffi::zval;
use sync_short as short;

use super::block::{Block, Head};
use crate::php::handle::{Backend, Handle, Version};
use crate::php::zend::{self, Local, Slot, Value, ZStr};

/// A name, what was last seen under it, and when.
///
/// One of three things is known of a name, and the version tells which: there is a value, or there was none, as of the
/// version; or no more than which record an earlier request read, and the version is the default one, which is current
/// nowhere.
///
/// All that a read needs that finds nothing changed lies in the first 64 bytes, which are one line of the processor's cache: to the
/// second word of the version.
#[repr(C, align(64))]
pub struct Entry {
    /// The value; undefined where the name is known to be missing. Where only the record is known: undefined, with the
    /// record's number as its content. (Its `u2`, which belongs to the place, is the request that looked the name up last.)
    value: zval,
    /// The bytes of the name, if they are few; else their address first.
    name: [u8; SHORT],
    length: u8,
    flags: u8,
    /// The entry that was looked up after this one, or null: see [`super::table`].
    pub(super) next: *mut Self,
    /// When the store was last asked about this name.
    pub version: Version,
    /// Tells this use of the entry from all others, in any entry; 0: it is free. See [`super::slot`].
    pub(super) stamp: u64,
    /// The memory of a value that outlives the request; null where it has none.
    block: *mut Head,
    /// Encoded bytes of a value that goes with the request.
    size: u32,
    /// The request that decoded the value or the record; 0: none has.
    decoded: u32,
}

/// Flag of an entry whose value goes with the request.
const PASSES: u8 = 1;
/// Flag of a place that the thread has in its list of those whose value does, or did.
const LISTED: u8 = 2;
/// Flag of an entry of a table that is no table of values.
const OTHER: u8 = 4;

/// Bytes of the longest name that lies in its entry.
const SHORT: usize = 22;
/// Bytes of the longest name that is kept.
pub const LONGEST: usize = 255;

const _: () = assert!(size_of::<Entry>() == 128 && offset_of!(Entry, version) == 48);

impl Entry {
    /// Makes a free place an entry that knows nothing but its name, for a table of values or another one. False: the name is too
    /// long, or there is no memory for it, and the place is still free. (Field by field: this is a part of each first read and
    /// write.)
    ///
    /// # Safety
    /// The place is one of the pool's, which is free.
    pub(super) unsafe fn write(place: NonNull<Self>, name: &[u8], is_value: bool, stamp: u64, now: u32) -> bool {
        let at = place.as_ptr();
        // SAFETY: the caller promises a place that nothing refers to, whose flags were written; all other fields are written before
        // they are read. The name is as long as is compared.
        unsafe {
            let to = (&raw mut (*at).name).cast::<u8>();
            if name.len() <= SHORT {
                ptr::copy_nonoverlapping(name.as_ptr(), to, name.len());
            } else {
                let bytes = if name.len() <= LONGEST { alloc(Self::layout(name.len())) } else { ptr::null_mut() };
                if bytes.is_null() {
                    return false;
                }
                ptr::copy_nonoverlapping(name.as_ptr(), bytes, name.len());
                to.cast::<*mut u8>().write_unaligned(bytes);
            }
            (&raw mut (*at).length).write(name.len() as u8);
            let listed = (*at).flags & LISTED;
            (&raw mut (*at).flags).write(if is_value { listed } else { listed | OTHER });
            (&raw mut (*at).next).write(ptr::null_mut());
            (&raw mut (*at).version).write(Version::default());
            (&raw mut (*at).stamp).write(stamp);
            (&raw mut (*at).value).write(zend::empty());
            (&raw mut (*at).block).write(ptr::null_mut());
            (&raw mut (*at).size).write(0);
            (&raw mut (*at).decoded).write(0);
            (*at).set_used(now);
            (*at).note_record(0);
        }
        true
    }

    /// Makes a new place of the pool's one that can be written to: it is in no list.
    ///
    /// # Safety
    /// The place is writable, and nothing refers to it.
    pub(super) unsafe fn prepare(place: *mut Self) {
        // SAFETY: the caller promises a writable place to which nothing refers; each field is written without being read.
        unsafe {
            (&raw mut (*place).stamp).write(0);
            (&raw mut (*place).flags).write(0);
            (&raw mut (*place).length).write(0);
            (&raw mut (*place).version).write(Version::default());
        }
    }

    /// Makes it a free place, which no slot and no other entry takes for one in use. It has given up its value.
    pub(super) fn leave(&mut self) {
        let length = std::mem::take(&mut self.length).into();
        if length > SHORT {
            // SAFETY: allocated by `write`, with this layout; the length says that it is gone.
            unsafe { dealloc(self.long_name(), Self::layout(length)) };
        }
        self.stamp = 0;
        self.version = Version::default();
    }

    /// The address of a long name.
    #[inline]
    fn long_name(&self) -> *mut u8 {
        // SAFETY: `write` has put it there.
        unsafe { self.name.as_ptr().cast::<*mut u8>().read_unaligned() }
    }

    /// The request that looked the name up last.
    pub(super) fn used(&self) -> u32 {
        // SAFETY: all views of this part are an int, and it was written.
        unsafe { self.value.u2.next }
    }

    #[inline]
    pub(super) fn set_used(&mut self, now: u32) {
        self.value.u2.next = now;
    }

    /// Whether it is this name's, in the table of values of an opening of a file.
    #[inline]
    pub(super) fn is_of(&self, name: &ZStr, opening: u64) -> bool {
        Handle::opening_of(&self.version) == opening && self.flags & OTHER == 0 && self.is_named(name)
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
        let bytes = if length <= SHORT { self.name.as_ptr() } else { self.long_name().cast_const() };
        // SAFETY: `write` has put a name of this length there.
        unsafe { std::slice::from_raw_parts(bytes, length) }
    }

    /// Whether it is the entry of a name, whose hash is the same.
    #[inline]
    pub(super) fn is_named(&self, name: &ZStr) -> bool {
        short::equal(self.name(), name.bytes())
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
        self.block.is_null() && self.flags & PASSES == 0
    }

    /// Takes a value that goes with the request.
    pub(super) fn set_passing(&mut self, value: &Value, size: u32) {
        // SAFETY: the place owned nothing; the value is alive.
        unsafe { zend::copy(&raw mut self.value, value.as_ptr()) };
        self.flags |= PASSES;
        self.size = size;
    }

    /// Hands over a value that goes with the request, and the encoded bytes of it.
    pub(super) fn take_passing(&mut self) -> (Local, usize) {
        let mut value = Local::new();
        // SAFETY: both places are live; what the value owns moves from one to the other.
        unsafe {
            zend::copy_value(value.zval(), &raw const self.value);
            zend::set_undef(&raw mut self.value);
        }
        self.flags &= !PASSES;
        (value, std::mem::take(&mut self.size) as usize)
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
        self.flags &= !PASSES;
        (block, std::mem::take(&mut self.size) as usize)
    }

    /// Whether the value goes with the request.
    pub(super) fn passes(&self) -> bool {
        self.flags & PASSES != 0
    }

    /// Whether the thread has this place in its list of those whose value goes with the request, or did.
    pub(super) fn is_listed(&self) -> bool {
        self.flags & LISTED != 0
    }

    pub(super) fn set_listed(&mut self, listed: bool) {
        self.flags = if listed { self.flags | LISTED } else { self.flags & !LISTED };
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

    /// Whether a request has looked it up after the one that decoded the value.
    pub(super) fn was_met_again(&self) -> bool {
        self.decoded != 0 && self.decoded != self.used()
    }

    /// Notes which request has decoded the value; 0: none has.
    pub(super) fn set_decoded(&mut self, request: u32) {
        self.decoded = request;
    }
}
