//! PHP values as MessagePack, and back: `$sync->x` gives what `unserialize(serialize($v))` would.
//!
//! Both directions go through serde: `encode` is a `Serialize` over a zval, `decode` a
//! `DeserializeSeed` that fills one, with the MessagePack of [`writer`] and [`reader`] between them
//! and the bytes. There is no tree of values in between: strings and arrays are read from and built
//! in the engine's own memory.
//!
//! | PHP | MessagePack |
//! | --- | --- |
//! | null, bool, int, float | nil, bool, int, float 64 |
//! | string | str where it is UTF-8, else bin |
//! | array with keys 0, 1, 2 … | array |
//! | other array | map |
//! | object, enum case, what was met before | ext types, see [`wire`] |
//!
//! **User code and `longjmp`.** Autoloaders, `__serialize` and its kin run in the middle of either
//! direction. They may throw ([`ValueError::Thrown`]), and they may make the engine leave by
//! `longjmp` (a fatal error, a time limit), over these frames: so all working memory comes from
//! Zend's allocator, which the end of the request empties, and nothing waits for a `Drop`. They may
//! also use Sync themselves: nothing here is global, so both directions are reentrant.

mod classes;
mod decode;
mod delayed;
mod depth;
mod encode;
mod engine;
mod identity;
mod object_decode;
mod object_encode;
mod plain;
mod reader;
pub mod scalar;
mod serializable;
mod slots;
mod stack;
mod vec;
mod wire;
mod writer;

use std::collections::HashSet;
use std::rc::Rc;

use ext_php_rs::types::Zval;

pub use engine::{forget_tables, has_memory, memory_left, watch_fibers};
pub use stack::is_short as is_stack_short;
pub use vec::ZendVec;

/// Which classes' objects may come out of a file, as `unserialize`'s option `allowed_classes`.
/// Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AllowedClasses {
    /// Any class.
    #[default]
    All,
    /// Those with these names, in lower case; the others become `__PHP_Incomplete_Class`, and enum
    /// cases an error. Subclasses are not implied. Empty: none.
    Only(Rc<HashSet<Vec<u8>>>),
}

impl Policy {
    /// The trust that both put in the file.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self { allowed_classes: self.allowed_classes.and(&other.allowed_classes) }
    }
}

impl AllowedClasses {
    /// Only the classes with these names, in any case.
    pub fn only<N: AsRef<[u8]>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::Only(Rc::new(names.into_iter().map(|name| name.as_ref().to_ascii_lowercase()).collect()))
    }

    /// The classes that both allow.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        match (self, other) {
            (all, Self::All) => all,
            (Self::All, some) => some.clone(),
            (Self::Only(ours), Self::Only(theirs)) => Self::Only(Rc::new(ours.intersection(theirs).cloned().collect())),
        }
    }

    /// As the engine's `unserialize()` wants to know it: null for any class, else a table that `holder` holds.
    fn table(&self, holder: &mut engine::Scratch) -> *mut engine::HashTable {
        let Self::Only(names) = self else { return std::ptr::null_mut() };
        let table = engine::new_map(names.len());
        for name in names.iter() {
            let name = engine::new_string(name);
            // SAFETY: the table is ours, and takes a count of the name.
            unsafe {
                engine::place_of_string(table, name);
                engine::release_string(name);
            }
        }
        // SAFETY: the caller's zval, which has no value.
        unsafe { engine::set_array(&raw mut **holder, table) };
        table
    }

    fn contains(&self, lower_case_name: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(lower_case_name),
        }
    }
}

/// What a reader trusts the file with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    pub allowed_classes: AllowedClasses,
}

/// What may be done with a value that was encoded or decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// A scalar, a string or an array free of objects and references: nobody can change it in
    /// place, so it may be kept and returned again by reference count.
    Shareable,
    /// It contains an object or a reference, which its receiver may change; or it is nested so deeply that
    /// freeing it takes much of a stack. Decode it anew each time.
    Fresh,
}

/// Why a value could not be encoded or decoded.
#[derive(Debug)]
pub enum ValueError {
    /// User code has thrown: the exception is pending.
    Thrown,
    /// The engine refuses it: its exception is pending, which knows neither property nor file.
    ByEngine,
    /// The value cannot be stored, or the bytes are not one: the text of an exception that the
    /// caller throws.
    Refused(String),
}

/// Appends `value` as MessagePack to `out`. Says if the value itself may be kept, and returned by
/// reference count, in place of what decoding these bytes would give. It is going to lie within so many
/// containers, which count for how deep it may be.
///
/// May run user code (`__serialize`, `__sleep`, `serialize`, error handlers).
///
/// # Errors
/// The refusals of `serialize`, as the exceptions that it throws, and what user code throws;
/// [`ValueError::Refused`] for what is nested deeper than `unserialize_max_depth`, since it could
/// not be read back. Then `out` holds a part of the value, or nothing: cut it back.
#[inline]
pub fn encode(value: &Zval, within: usize, out: &mut ZendVec<u8>) -> Result<Sharing, ValueError> {
    let value = value.dereference();
    if scalar::encode(value, out) {
        return Ok(Sharing::Shareable);
    }
    encode::encode(value, within, out)
}

/// Whether a value may lie within so many containers.
///
/// # Errors
/// [`ValueError::Refused`] as for [`encode`].
pub fn check_depth(levels: usize) -> Result<(), ValueError> {
    depth::check(levels).map_err(ValueError::Refused)
}

/// Splits off the int or the string that `bytes` start with: its bytes, and what follows. `None` where they
/// start with anything else.
pub fn split_key(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    plain::split_key(bytes)
}

/// Whether the value that starts with these bytes (16, or all) is an array, and, if it is a list, how many elements it
/// has. `None`, too, for some arrays.
pub fn array_at(start: &[u8]) -> Option<Option<u32>> {
    let (count, rest) = match *start {
        [first @ 0x90..=0x9f, ref rest @ ..] => (u32::from(first & 0xf), rest),
        [0xdc, a, b, ref rest @ ..] => (u32::from(u16::from_be_bytes([a, b])), rest),
        [0xdd, a, b, c, d, ref rest @ ..] => (u32::from_be_bytes([a, b, c, d]), rest),
        [0x80..=0x8f | 0xde..=0xdf, ..] => return Some(None),
        _ => return None,
    };
    // An object is an array of two, the first of which is an ext.
    let is_ext = matches!(rest, [0xc7..=0xc9 | 0xd4..=0xd8, ..]);
    if count == 2 && is_ext { serializable::array_behind(start) } else { Some(Some(count)) }
}

/// Appends an int as MessagePack to `out`.
#[inline]
pub fn write_int(out: &mut ZendVec<u8>, value: i64) {
    let int = writer::Scalar::int(value);
    out.extend_from_slice(int.bytes());
}

/// Whether there is neither an object nor a reference in the values that `bytes` consist of: then decoding them
/// runs no user code. False, too, where they are no values.
pub fn is_plain(bytes: &[u8]) -> bool {
    plain::is_plain(bytes)
}

/// Decodes the MessagePack value that `bytes` start with into `into`, which is overwritten without
/// being released, and holds null after an error. Returns how many bytes there are behind it, too. `within`: as
/// for [`encode`].
///
/// May run user code (autoloaders, `__unserialize`, `__wakeup`, `unserialize`, error handlers).
///
/// # Errors
/// [`ValueError::Refused`] if the bytes are no such value, contain what `policy` forbids, or are
/// nested deeper than `unserialize_max_depth`; [`ValueError::Thrown`] if user code throws. No
/// destructor runs for what had been made until then.
#[inline]
pub fn decode(bytes: &[u8], within: usize, policy: &Policy, into: &mut Zval) -> Result<(Sharing, usize), ValueError> {
    if scalar::decode(bytes, into) {
        return Ok((Sharing::Shareable, 0));
    }
    decode::decode(bytes, within, policy, into)
}
