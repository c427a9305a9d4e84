//! The edge to the Zend engine: the handful of macros and functions of its C API that the mapping
//! needs and `ext-php-rs` does not bind. Nothing here knows about MessagePack.
//!
//! Everything that allocates goes through Zend's allocator, and nothing relies on `Drop`: the
//! engine may leave any of its functions by `longjmp`, and then the end of the request frees it.

mod arrays;
mod errors;
mod memory;
mod objects;
mod serialization;
mod strings;
mod zvals;

use ext_php_rs::ffi;

pub use arrays::*;
pub use errors::*;
pub use memory::*;
pub use objects::*;
pub use serialization::*;
pub use strings::*;
pub use zvals::*;

pub use ext_php_rs::ffi::{
    HashTable, zend_class_constant, zend_class_entry, zend_function, zend_object, zend_property_info,
    zend_serialize_data, zend_string, zend_unserialize_data,
};

/// The body of a PHP reference; not among the types that `ext-php-rs` exports under their C name.
pub type ZendReference = ffi::_zend_reference;

// Types and flags of a zval (Zend/zend_types.h), in the width in which `u1.type_info` holds them.
pub const UNDEF: u8 = 0;
pub const NULL: u8 = 1;
pub const FALSE: u8 = 2;
pub const TRUE: u8 = 3;
pub const LONG: u8 = 4;
pub const DOUBLE: u8 = 5;
pub const STRING: u8 = 6;
pub const ARRAY: u8 = 7;
pub const OBJECT: u8 = 8;
pub const REFERENCE: u8 = 10;

const GC_NOT_COLLECTABLE: u32 = 1 << 4;
const GC_IMMUTABLE: u32 = 1 << 6;
