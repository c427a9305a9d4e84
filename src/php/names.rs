//! Names of properties: made of offsets and numbers, and checked.

#[cfg(not(php83))]
use ext_php_rs::ffi::BP_VAR_IS;
use ext_php_rs::ffi::{self, BP_VAR_UNSET, E_WARNING, zend_string, zval};

use super::errors;
use super::object::SyncObject;
use super::zend::{self, Str, Thrown};

/// A string from the engine's pool for a name given as any value: `$s[5]`, `get(1.5)`.
///
/// # Safety
/// `value` is valid.
pub unsafe fn name_of(value: *mut ffi::zval) -> Result<Str, Thrown> {
    // SAFETY: valid by contract.
    unsafe { zend::to_string(zend::deref(value)) }
}

/// The name that an offset means, `$sync[5]`: what `(string)` makes of it, as for `$sync->{5}`. `fetch`: how the engine
/// fetches it.
///
/// # Safety
/// `offset` is valid.
pub unsafe fn offset_name(this: &SyncObject, offset: *mut ffi::zval, fetch: u32) -> Result<Str, Thrown> {
    // SAFETY: valid by contract; the value is held while it is converted.
    unsafe {
        let mut legal = legal_offset(this, offset, fetch)?;
        name_of(&raw mut legal)
    }
}

/// An offset of which a name can be made. Throws for an array, and for an object that is no string either: to an array,
/// too, these are illegal. A resource is its number, with a warning, as to an array.
///
/// # Safety
/// `offset` is valid.
pub unsafe fn legal_offset(this: &SyncObject, offset: *mut ffi::zval, fetch: u32) -> Result<ffi::zval, Thrown> {
    // SAFETY: valid by contract.
    unsafe {
        let offset = zend::deref(offset);
        let mut legal = zend::empty();
        let is_legal = match zend::kind(offset) {
            ffi::IS_ARRAY => false,
            ffi::IS_OBJECT => !(*(*(*offset).value.obj).ce).__tostring.is_null(),
            _ => true,
        };
        if !is_legal {
            return Err(illegal_offset(zend::bytes((*(*this.zend()).ce).name), offset, fetch));
        }
        match zend::kind(offset) {
            ffi::IS_RESOURCE => zend::set_long(&raw mut legal, resource_number(offset)?),
            _ => zend::copy(&raw mut legal, offset),
        }
        Ok(legal)
    }
}

/// Throws for a name that a property cannot have.
///
/// # Safety
/// `name` is valid.
#[inline]
pub unsafe fn check_name(name: *mut zend_string) -> Result<(), Thrown> {
    // SAFETY: valid by contract.
    if unsafe { is_bad_name(name) } { Err(errors::throw_bad_name()) } else { Ok(()) }
}

/// Whether no property can have this name.
///
/// # Safety
/// `name` is valid.
#[inline]
pub unsafe fn is_bad_name(name: *mut zend_string) -> bool {
    // SAFETY: valid by contract.
    unsafe { zend::bytes(name) }.first() == Some(&0)
}

pub fn name_of_number(number: Option<i64>) -> Result<Str, Thrown> {
    match number {
        Some(number) => Ok(Str::new(number.to_string().as_bytes())),
        None => Err(errors::throw_error("Cannot add element to the array as the next element is already occupied")),
    }
}

/// The number that a resource is as an offset, with the warning that arrays have for it.
///
/// # Safety
/// `value` is a resource.
pub unsafe fn resource_number(value: *const zval) -> Result<i64, Thrown> {
    // SAFETY: valid by contract.
    unsafe {
        let handle = (*(*value).value.res).handle;
        ffi::zend_error(
            E_WARNING as i32,
            c"Resource ID#%ld used as offset, casting to integer (%ld)".as_ptr(),
            handle,
            handle,
        );
        zend::check().map(|()| handle)
    }
}

/// The TypeError for an offset of a kind that its container (`array`, `string`, a class) does not take.
///
/// # Safety
/// `offset` is valid.
#[cold]
pub unsafe fn illegal_offset(container: &[u8], offset: *mut zval, fetch: u32) -> Thrown {
    // SAFETY: valid by contract; a message without directives, or with one `%s`.
    #[cfg(not(php83))]
    unsafe {
        match (container, fetch) {
            (b"string", _) => ffi::zend_type_error(
                c"Cannot access offset of type %s on string".as_ptr(),
                ffi::zend_zval_type_name(offset),
            ),
            (_, BP_VAR_UNSET) => ffi::zend_type_error(c"Illegal offset type in unset".as_ptr()),
            (_, BP_VAR_IS) => ffi::zend_type_error(c"Illegal offset type in isset or empty".as_ptr()),
            _ => ffi::zend_type_error(c"Illegal offset type".as_ptr()),
        }
    }
    #[cfg(php83)]
    if container == b"string" && fetch == BP_VAR_UNSET {
        return errors::throw_error("Cannot unset string offsets");
    }
    // SAFETY: valid by contract.
    #[cfg(php83)]
    unsafe {
        zend_illegal_container_offset(Str::new(container).as_ptr(), offset, fetch as i32);
    }
    Thrown
}

#[cfg(php83)]
unsafe extern "C" {
    fn zend_illegal_container_offset(container: *const zend_string, offset: *const zval, fetch: i32);
}
