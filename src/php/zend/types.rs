//! The engine's structures under their C names, and the numbers of its types.

use ext_php_rs::ffi;

pub use ext_php_rs::ffi::{
    HashTable, zend_class_constant, zend_class_entry, zend_function, zend_object, zend_property_info,
    zend_serialize_data, zend_string, zend_unserialize_data,
};

/// The body of a PHP reference; not among the types that `ext-php-rs` exports under their C name.
pub type ZendReference = ffi::_zend_reference;

// Types of a zval (Zend/zend_types.h).
pub const UNDEF: u32 = ffi::IS_UNDEF;
pub const NULL: u32 = ffi::IS_NULL;
pub const FALSE: u32 = ffi::IS_FALSE;
pub const TRUE: u32 = ffi::IS_TRUE;
pub const LONG: u32 = ffi::IS_LONG;
pub const DOUBLE: u32 = ffi::IS_DOUBLE;
pub const STRING: u32 = ffi::IS_STRING;
pub const ARRAY: u32 = ffi::IS_ARRAY;
pub const OBJECT: u32 = ffi::IS_OBJECT;
pub const RESOURCE: u32 = ffi::IS_RESOURCE;
pub const REFERENCE: u32 = ffi::IS_REFERENCE;
pub const INDIRECT: u32 = ffi::IS_INDIRECT;

/// Flag of counted things that the cycle collector leaves alone.
pub const GC_NOT_COLLECTABLE: u32 = 1 << 4;
/// Flag of arrays and strings that are shared by all and not counted: immutable arrays, interned strings.
pub const GC_IMMUTABLE: u32 = 1 << 6;
