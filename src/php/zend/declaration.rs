//! Types of declared properties, as PHP's messages about them speak.

use std::marker::PhantomData;
use std::slice;

use ext_php_rs::ffi;

use super::classes::{class_name, unmangle};
use super::errors::throw_type_error;
use super::executor::Thrown;
use super::strings::{Str, bytes};
use super::types::{ZendReference, zend_property_info, zend_string};

unsafe extern "C" {
    fn zend_type_to_string(type_: ffi::zend_type) -> *mut zend_string;
}

/// A list of declarations, as the engine has it: so many pointers.
#[repr(C)]
struct List {
    len: usize,
    capacity: usize,
    first: *const zend_property_info,
}

/// The declaration of a property that has a type. It lives as long as its class, and so as long as what it was found by.
#[derive(Clone, Copy)]
pub struct Declaration<'a> {
    info: *const zend_property_info,
    lives: PhantomData<&'a zend_property_info>,
}

impl<'a> Declaration<'a> {
    /// `None`: there is none.
    ///
    /// # Safety
    /// `info` is null, or a declaration whose class lives for `'a`.
    pub unsafe fn of(info: *const zend_property_info) -> Option<Self> {
        (!info.is_null()).then_some(Self { info, lives: PhantomData })
    }

    /// The declarations of the typed properties that share a reference.
    ///
    /// # Safety
    /// `reference` is alive for `'a`, and nothing is bound to it or released from it meanwhile.
    pub unsafe fn of_reference(reference: *const ZendReference) -> impl Iterator<Item = Self> {
        /// The bit of the pointer that says that it leads to a list.
        const IS_LIST: usize = 1;
        // SAFETY: the caller promises a live reference. Its sources are null, or lead to one declaration, or to a list that
        // begins with its length; all of them live as long as their objects, of which each is a property.
        let sources: &[*const zend_property_info] = unsafe {
            let sources = &raw const (*reference).sources;
            let at = (*sources).list;
            if (*sources).ptr.is_null() {
                &[]
            } else if at & IS_LIST == 0 {
                slice::from_ref(&*sources.cast())
            } else {
                let list = (at & !IS_LIST) as *const List;
                slice::from_raw_parts(&raw const (*list).first, (*list).len)
            }
        };
        // SAFETY: each source is the declaration of a property of a live object, whose class has it.
        sources.iter().filter_map(|&info| unsafe { Self::of(info) })
    }

    /// Whether values of this kind ([`ARRAY`](super::ARRAY) and its kin) are of its type as they are.
    pub fn takes(self, kind: u32) -> bool {
        // SAFETY: `of` was promised a live declaration. The bit of a plain type in the mask is its number.
        unsafe { (*self.info).type_.type_mask & 1 << kind != 0 }
    }

    /// `Class::$name of type ?int`
    pub fn description(self) -> Vec<u8> {
        // SAFETY: `of` was promised a live declaration, which owns its name and its type.
        unsafe {
            let info = &*self.info;
            let name = unmangle(info.name).map_or(bytes(info.name), |(_, name)| name);
            let type_name = Str::from_owned(zend_type_to_string(info.type_));
            [class_name(info.ce), b"::$", name, b" of type ", type_name.bytes()].concat()
        }
    }
    /// Throws that a value of another kind must not become an array here.
    #[cold]
    pub fn throw_no_array(self) -> Thrown {
        throw_type_error(c"Cannot auto-initialize an array inside property %s", &self.description());
        Thrown
    }

    /// Throws that `++`, or `--`, would make a float of an int that is the last one: in the property itself, or behind a reference that it
    /// shares.
    #[cold]
    pub fn throw_past_limit(self, is_increment: bool, is_behind_reference: bool) -> Thrown {
        let (verb, limit) = if is_increment { ("increment", "maximal") } else { ("decrement", "minimal") };
        let through = if is_behind_reference { "a reference held by " } else { "" };
        let property = String::from_utf8_lossy(&self.description()).into_owned();
        let message = format!("Cannot {verb} {through}property {property} past its {limit} value");
        throw_type_error(c"%s", message.as_bytes());
        Thrown
    }
}
