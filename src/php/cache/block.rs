//! The memory of a value that outlives the request: one block of the process's.

use std::alloc::{Layout, alloc, dealloc};
use std::ptr::NonNull;

use ext_php_rs::ffi::zval;

use crate::php::value::{self, SharedKeys};
use crate::php::zend::{self, Value, zend_string};

/// The start of a block; the value follows.
#[repr(C, align(8))]
pub struct Head {
    /// Bytes of all of it.
    size: usize,
}

/// A block. It owns its memory, and values in it are not counted: so it is dropped only where no PHP code can have one of
/// them any more ([`super::keeper`]).
pub struct Block(NonNull<Head>);

impl Block {
    /// An immutable copy of a value, in a block of at most `limit` bytes: the value, and its block, if it needs one. `None`: it
    /// takes more, or there is no memory for it.
    ///
    /// # Safety
    /// `value` is free of objects and references, and no deeper than values may be that are kept. `into` owns nothing, and its
    /// value is used no longer than the block stays.
    pub unsafe fn copy(value: &Value, into: *mut zval, limit: usize) -> Option<Option<Self>> {
        // SAFETY: the caller promises a live, plain value.
        let size = unsafe { zend::immutable_size(value.as_ptr(), limit.checked_sub(size_of::<Head>())?)? };
        let mut block = None;
        let mut at = NonNull::<u8>::dangling().as_ptr();
        if size > 0 {
            let made = Self::new(size_of::<Head>() + size)?;
            // SAFETY: the head is followed by `size` bytes.
            at = unsafe { made.0.as_ptr().add(1).cast() };
            block = Some(made);
        }
        // SAFETY: the block is as large as was said, and aligned.
        unsafe { zend::set_immutable(into, value.as_ptr(), at) };
        Some(block)
    }

    /// A value out of its bytes, as an immutable one, in a block of at most `limit` bytes. `None`: it takes more, is none of those
    /// that can be decoded so, or there is no memory for it. `find` tells which immutable string a key is already.
    ///
    /// # Safety
    /// `into` owns nothing, and its value is used no longer than the block stays, and the keys.
    pub unsafe fn decode(
        bytes: &[u8],
        into: &mut zval,
        limit: usize,
        keys: &mut SharedKeys,
        find: impl Fn(&[u8]) -> Option<NonNull<zend_string>>,
    ) -> Option<Self> {
        keys.clear();
        let size = value::immutable_size(bytes, limit.checked_sub(size_of::<Head>())?, keys, find)?;
        let block = Self::new(size_of::<Head>() + size)?;
        // SAFETY: the head is followed by `size` bytes, which lie as it does; the rest is as the caller promises.
        unsafe { value::decode_immutable(bytes, keys, block.0.as_ptr().add(1).cast(), into) }.then_some(block)
    }

    fn new(size: usize) -> Option<Self> {
        // SAFETY: the size is not 0.
        let head = NonNull::new(unsafe { alloc(Self::layout(size)?) }.cast::<Head>())?;
        // SAFETY: just allocated, with room for a head.
        unsafe { head.write(Head { size }) };
        Some(Self(head))
    }

    fn layout(size: usize) -> Option<Layout> {
        Layout::from_size_align(size, align_of::<Head>()).ok()
    }

    /// Its bytes.
    pub fn size(&self) -> usize {
        // SAFETY: a block has a head.
        unsafe { self.0.as_ref().size }
    }

    /// Its address, and the duty to free it.
    pub fn into_raw(self) -> *mut Head {
        std::mem::ManuallyDrop::new(self).0.as_ptr()
    }

    /// The block at an address, or none at null.
    ///
    /// # Safety
    /// The address is from [`Block::into_raw`], and is used once.
    pub unsafe fn from_raw(at: *mut Head) -> Option<Self> {
        NonNull::new(at).map(Self)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let layout = Self::layout(self.size()).expect("it was allocated so");
        // SAFETY: allocated by `new`, with this layout; freed once.
        unsafe { dealloc(self.0.as_ptr().cast(), layout) };
    }
}
