//! Declares classes to the engine from constant tables, as the engine's own extensions do. The tables are in
//! [`super::signatures`].

use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;
use std::ptr;

use ext_php_rs::error::{Error, Result};
use ext_php_rs::ffi::{
    self, _ZEND_IS_TENTATIVE_BIT, _ZEND_IS_VARIADIC_BIT, zend_class_entry, zend_function_entry, zend_internal_arg_info,
    zend_type, zif_handler,
};
use ext_php_rs::types::Zval;
use ext_php_rs::zend::ExecuteData;

/// The types that need no name, as bits of a mask.
#[allow(dead_code, reason = "all that PHP has, whether or not the stub uses it")]
pub mod mask {
    use ext_php_rs::ffi::{
        IS_ARRAY, IS_CALLABLE, IS_DOUBLE, IS_FALSE, IS_LONG, IS_NULL, IS_OBJECT, IS_STRING, IS_TRUE, IS_VOID,
        MAY_BE_ANY, MAY_BE_BOOL,
    };

    pub const ARRAY: u32 = 1 << IS_ARRAY;
    pub const BOOL: u32 = MAY_BE_BOOL;
    pub const CALLABLE: u32 = 1 << IS_CALLABLE;
    pub const FALSE: u32 = 1 << IS_FALSE;
    pub const FLOAT: u32 = 1 << IS_DOUBLE;
    pub const INT: u32 = 1 << IS_LONG;
    pub const MIXED: u32 = MAY_BE_ANY;
    pub const NULL: u32 = 1 << IS_NULL;
    pub const OBJECT: u32 = 1 << IS_OBJECT;
    /// `IS_STATIC` and `IS_NEVER` have kept their numbers since PHP 8.0 and 8.1.
    pub const STATIC: u32 = 1 << 15;
    pub const NEVER: u32 = 1 << 17;
    pub const STRING: u32 = 1 << IS_STRING;
    pub const TRUE: u32 = 1 << IS_TRUE;
    pub const VOID: u32 = 1 << IS_VOID;
}

/// The type of a parameter or of a result.
pub struct Type(zend_type);

impl Type {
    /// No declared type.
    pub const NONE: Self = Self::of(0);

    /// One of the types in the mask.
    pub const fn of(mask: u32) -> Self {
        Self(zend_type { ptr: ptr::null_mut(), type_mask: mask })
    }

    /// An object of this class, or one of the types in the mask.
    pub const fn class(name: &'static CStr, mask: u32) -> Self {
        const NAMED: u32 = super::zend::series::NAMED_BY_LITERAL;
        // The engine reads the name, and replaces the pointer in a copy of the table.
        Self(zend_type { ptr: name.as_ptr().cast_mut().cast::<c_void>(), type_mask: mask | NAMED })
    }

    /// A return type that an override in a subclass may leave out, at the price of a deprecation only where the
    /// interface is the engine's.
    pub const fn tentative(self) -> Self {
        self.with(_ZEND_IS_TENTATIVE_BIT)
    }

    /// The last parameter, which takes all further arguments.
    #[allow(dead_code, reason = "for stubs that have one")]
    pub const fn variadic(self) -> Self {
        self.with(_ZEND_IS_VARIADIC_BIT)
    }

    const fn with(self, bit: u32) -> Self {
        Self(zend_type { ptr: self.0.ptr, type_mask: self.0.type_mask | bit })
    }
}

/// The first entry of a method's table: its return type, and the number of arguments that it needs.
pub const fn result(required: usize, of: Type) -> zend_internal_arg_info {
    zend_internal_arg_info { name: ptr::without_provenance(required), type_: of.0, default_value: ptr::null() }
}

/// A parameter without a default.
pub const fn parameter(name: &'static CStr, of: Type) -> zend_internal_arg_info {
    zend_internal_arg_info { name: name.as_ptr(), type_: of.0, default_value: ptr::null() }
}

/// A parameter with a default, which is text that the engine evaluates for reflection and named arguments.
pub const fn optional(name: &'static CStr, of: Type, default: &'static CStr) -> zend_internal_arg_info {
    zend_internal_arg_info { name: name.as_ptr(), type_: of.0, default_value: default.as_ptr() }
}

/// The function that the engine calls for a method: with its frame, and a slot for the result that is null.
pub type Method = extern "C" fn(&mut ExecuteData, &mut Zval);

/// A method, whose signature begins with [`result`].
pub const fn method(
    name: &'static CStr,
    handler: Method,
    signature: &'static [zend_internal_arg_info],
    flags: u32,
) -> zend_function_entry {
    let mut entry = end_of_methods();
    entry.fname = name.as_ptr();
    // SAFETY: both are functions of two pointers; the engine's are valid, and nobody else's while the call runs.
    entry.handler = unsafe { std::mem::transmute::<Method, zif_handler>(handler) };
    entry.arg_info = signature.as_ptr();
    entry.num_args = signature.len() as u32 - 1;
    entry.flags = flags;
    entry
}

/// The entry after the last method.
pub const fn end_of_methods() -> zend_function_entry {
    // SAFETY: a C struct of pointers and numbers, for which all zeros is a value: the one that ends a table.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// A class that is registered, for as long as the process lives.
#[derive(Clone, Copy)]
pub struct Class(*mut zend_class_entry);

impl Class {
    pub const fn as_ptr(self) -> *mut zend_class_entry {
        self.0
    }
}

unsafe extern "C" {
    /// Exported by PHP's core, and not among what ext-php-rs binds.
    fn zend_add_attribute(
        attributes: *mut *mut ffi::HashTable,
        name: *mut ffi::zend_string,
        arguments: u32,
        flags: u32,
        offset: u32,
        line: u32,
    ) -> *mut c_void;
}

/// Keeps an argument of a method out of stack traces, as `#[\SensitiveParameter]` does. The name of the method is in small letters.
///
/// # Safety
/// As for [`class`], of one that it has registered.
pub unsafe fn hide(class: Class, method: &'static CStr, position: u32) -> Result<()> {
    /// `ZEND_ATTRIBUTE_PERSISTENT`: of an internal function.
    const PERSISTENT: u32 = 1;
    const NAME: &CStr = c"SensitiveParameter";
    // SAFETY: the module starts, so that the engine's tables are there; the class is one of its. The engine copies the attribute, or
    // holds its interned name. Parameters count from 1.
    unsafe {
        let methods = &raw mut (*class.0).function_table;
        let found = ffi::zend_hash_str_find(methods, method.as_ptr(), method.count_bytes());
        let function = found.as_ref().ok_or(Error::InvalidPointer)?.value.func;
        let intern = ffi::zend_string_init_interned.ok_or(Error::InvalidPointer)?;
        let name = intern(NAME.as_ptr(), NAME.count_bytes(), true);
        zend_add_attribute(&raw mut (*function).common.attributes, name, 0, PERSISTENT, position + 1, 0);
    }
    Ok(())
}

/// Registers a class. Called during the startup of the module alone, which is when the engine has one thread.
///
/// # Safety
/// The methods end with [`end_of_methods`], and may be called on any object of the class; the parent is null or a
/// registered class, the interfaces are registered interfaces.
pub unsafe fn class(
    name: &'static CStr,
    parent: *mut zend_class_entry,
    interfaces: &[*mut zend_class_entry],
    methods: &[zend_function_entry],
    flags: u32,
) -> Result<Class> {
    let bytes = name.to_bytes();
    // SAFETY: the module starts, so that the engine's tables are there. The engine copies the class entry and those of
    // the methods; the signatures, into which it goes on pointing, are constants.
    unsafe {
        let classes = (*ffi::ext_php_rs_compiler_globals()).class_table;
        if !ffi::zend_hash_str_find_ptr_lc(classes, name.as_ptr(), bytes.len()).is_null() {
            return Err(Error::DuplicateClass { class: name.to_string_lossy().into_owned() });
        }
        let mut entry: zend_class_entry = MaybeUninit::zeroed().assume_init();
        let intern = ffi::zend_string_init_interned.ok_or(Error::InvalidPointer)?;
        entry.name = intern(name.as_ptr(), bytes.len(), true);
        entry.info.internal.builtin_functions = methods.as_ptr();
        let class = ffi::zend_register_internal_class_ex(&raw mut entry, parent);
        (*class).info.internal.builtin_functions = ptr::null();
        (*class).ce_flags |= flags;
        for &interface in interfaces {
            ffi::zend_do_implement_interface(class, interface);
        }
        Ok(Class(class))
    }
}
