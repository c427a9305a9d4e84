//! A zval as serde's `Serialize`.

use ext_php_rs::types::Zval;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use sync_msgpack::{Ext, Text};

use super::encoder::{Encoder, changed_meanwhile, check_length};
use super::identity::Met;
use super::object;
use super::refused::find_refused;
use super::serializable;
use crate::php::value::error::ValueError;
use crate::php::value::scalar;
use crate::php::value::sharing::Sharing;
use crate::php::value::vec::ZendVec;
use crate::php::value::wire::{self, Number};
use crate::php::zend::{self, Elements, HashTable, Key};

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
    encode_any(value, within, out)
}

/// The failure of a value that the engine refuses, with the place of the object that it refuses, where that can be seen and lies inside.
#[cold]
fn where_refused(value: &Zval, within: usize) -> ValueError {
    match find_refused(zend::Value::of(value)) {
        Some((way, class))
            if !way.is_empty() && zend::pending_message() == format!("Serialization of '{class}' is not allowed") =>
        {
            // (Of a part of a value it is not known here which one it is.)
            ValueError::At(format!("{}{way} is a {class}", if within > 0 { "…" } else { "" }))
        }
        _ => ValueError::ByEngine,
    }
}

/// Encodes any value.
fn encode_any(value: &Zval, within: usize, out: &mut ZendVec<u8>) -> Result<Sharing, ValueError> {
    let encoder = Encoder::new(within);
    let at: *const Zval = value;
    let root = Value { at: at.cast_mut(), encoder: &encoder, within: None, shared: false, root: true, guarded: false };
    let start = out.len();
    let mut written = root.serialize(&mut wire::Serializer::new(&mut *out));
    if written.is_ok() && encoder.has_more() {
        written = serializable::write_before(&encoder, start, out);
    }
    let (sharing, failure) = encoder.finish();
    match written {
        Ok(()) if out.is_cut() => {
            Err(ValueError::Refused("encoding it takes more memory than memory_limit leaves.".into()))
        }
        Ok(()) => Ok(sharing),
        Err(_) if zend::exception_pending() => Err(match failure {
            Some(ValueError::ByEngine) => where_refused(value, within),
            _ => ValueError::Thrown,
        }),
        Err(error) => Err(failure.unwrap_or_else(|| ValueError::Refused(error.to_string()))),
    }
}

/// The arrays that a value is in, innermost first: an array that contains itself without a
/// reference between (its last variable is gone) has to end somewhere. As in `serialize`, they are
/// those that are themselves elements or properties.
pub struct Within<'a> {
    array: *const HashTable,
    outer: Option<&'a Within<'a>>,
}

impl Within<'_> {
    fn contains(within: Option<&Self>, array: *const HashTable) -> bool {
        std::iter::successors(within, |within| within.outer).any(|within| within.array == array)
    }
}

/// A zval to write.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    pub at: *mut Zval,
    pub encoder: &'a Encoder,
    pub within: Option<&'a Within<'a>>,
    /// In an array with several owners: see `Identity::meet`.
    pub shared: bool,
    pub root: bool,
    /// An array that [`Within`] has to know.
    pub guarded: bool,
}

impl Serialize for Value<'_> {
    #[inline(always)]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // SAFETY: the maker of a `Value` holds the zval until it is written.
        unsafe {
            let kind = zend::kind(self.at);
            if kind > zend::STRING {
                return self.serialize_compound(kind, serializer);
            }
            self.encoder.identity.count();
            match kind {
                zend::STRING => self.serialize_string(serializer),
                zend::LONG => serializer.serialize_i64((*self.at).value.lval),
                zend::FALSE => serializer.serialize_bool(false),
                zend::TRUE => serializer.serialize_bool(true),
                zend::DOUBLE => serializer.serialize_f64((*self.at).value.dval),
                // Null, and what has no value.
                _ => serializer.serialize_unit(),
            }
        }
    }
}

impl Value<'_> {
    /// Arrays, objects, references and resources. Apart from the rest, so that the rest, of which
    /// most arrays are made, becomes part of the loop over them.
    ///
    /// # Safety
    /// `kind` is that of the zval, which is alive.
    #[inline(never)]
    unsafe fn serialize_compound<S: Serializer>(&self, kind: u32, serializer: S) -> Result<S::Ok, S::Error> {
        // SAFETY: as in `serialize`.
        unsafe {
            if matches!(kind, zend::OBJECT | zend::REFERENCE) {
                match self.encoder.identity.meet(self.at, self.shared) {
                    Met::Never => {}
                    met => return self.serialize_met(met, serializer),
                }
            } else {
                self.encoder.identity.count();
            }
            match kind {
                zend::ARRAY => self.serialize_array(serializer),
                zend::OBJECT => {
                    self.encoder.not_shareable();
                    object::serialize(self, serializer)
                }
                zend::REFERENCE => self.serialize_reference(serializer),
                // A resource: what `serialize` makes of it.
                _ => {
                    self.encoder.not_shareable();
                    serializer.serialize_i64(0)
                }
            }
        }
    }

    #[cold]
    fn serialize_met<S: Serializer>(&self, met: Met, serializer: S) -> Result<S::Ok, S::Error> {
        let (code, number) = match met {
            Met::Object(number) => (wire::SAME_OBJECT, number),
            Met::Reference(number) => (wire::SAME_REFERENCE, number),
            Met::AsNull | Met::Never => return serializer.serialize_unit(),
        };
        Ext { code, body: Number::new(number).as_bytes() }.serialize(serializer)
    }

    /// Writes a string.
    ///
    /// # Safety
    /// The zval is a string.
    #[inline]
    unsafe fn serialize_string<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // SAFETY: called for a string; writing it runs no user code.
        let bytes = unsafe { zend::bytes(zend::string_of(self.at)) };
        check_length(self.encoder, bytes.len())?;
        Text(bytes).serialize(serializer)
    }

    /// Writes the target of a reference.
    ///
    /// # Safety
    /// The zval is a reference, which the identity holds.
    unsafe fn serialize_reference<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // SAFETY: called for a reference, which the identity holds until the end. Its target may
        // be assigned to meanwhile: each of these functions holds the array or the object that it writes.
        unsafe {
            let target = Value { at: &raw mut (*zend::reference_of(self.at)).val, guarded: false, ..*self };
            match zend::kind(target.at) {
                zend::ARRAY => target.serialize_array(serializer),
                zend::OBJECT => object::serialize(&target, serializer),
                zend::STRING => target.serialize_string(serializer),
                zend::LONG => serializer.serialize_i64((*target.at).value.lval),
                zend::DOUBLE => serializer.serialize_f64((*target.at).value.dval),
                zend::NULL | zend::UNDEF => serializer.serialize_unit(),
                zend::FALSE => serializer.serialize_bool(false),
                zend::TRUE => serializer.serialize_bool(true),
                _ => serializer.serialize_i64(0),
            }
        }
    }

    /// Writes an array: as a list where its keys are 0, 1, 2 …, else as a map.
    ///
    /// # Safety
    /// The zval is an array.
    unsafe fn serialize_array<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // SAFETY: called for an array. While it is held, user code that changes it changes a copy.
        unsafe {
            let array = zend::array_of(self.at);
            if (*array).nNumOfElements == 0 {
                self.encoder.goes_on(array, i64::MIN);
                return serializer.serialize_seq(Some(0))?.end();
            }
            let shared = !self.root && (self.shared || (*array).gc.refcount > 1);
            zend::hold_array(array);
            let within = Within { array, outer: self.within };
            let elements = Members {
                table: array,
                skip: None,
                nested: true,
                value: Value {
                    within: if self.guarded { Some(&within) } else { self.within },
                    shared,
                    root: false,
                    ..*self
                },
            };
            let result = self.encoder.deeper(|| {
                if zend::is_list(array) { elements.serialize_list(serializer) } else { elements.serialize(serializer) }
            });
            zend::release_array(array);
            result
        }
    }
}

/// The elements of an array, or the properties in a table, which the maker of this holds. As a map, they are
/// `Serialize`.
pub struct Members<'a> {
    pub table: *mut HashTable,
    /// A key to leave out.
    pub skip: Option<&'static [u8]>,
    /// Arrays among them may contain themselves: not so in what `__serialize` has returned.
    pub nested: bool,
    /// The settings that the elements have in common; its own zval is not used.
    pub value: Value<'a>,
}

impl Members<'_> {
    /// Writes the elements of a list.
    ///
    /// # Safety
    /// The table is held, and a list.
    unsafe fn serialize_list<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // SAFETY: the table is held.
        unsafe {
            let count = zend::count(self.table);
            let mut list = serializer.serialize_seq(Some(count))?;
            let encoder = self.value.encoder;
            let mut elements = Elements::of(self.table);
            loop {
                // Of ints, of which many lists are made, nothing has to be known but what they are.
                while let Some(int) = elements.next_int() {
                    encoder.identity.count();
                    list.serialize_element(&Long(int))?;
                }
                let Some((_, at)) = elements.next() else { break };
                list.serialize_element(&self.member(at))?;
            }
            encoder.goes_on(self.table, count as i64);
            list.end()
        }
    }

    fn is_skipped(&self, key: Key) -> bool {
        match (self.skip, key) {
            // SAFETY: the table owns its keys, and is held.
            (Some(skip), Key::String(key)) => key.bytes() == skip,
            _ => false,
        }
    }

    /// # Safety
    /// `at` is in the table.
    #[inline]
    unsafe fn member(&self, at: *mut Zval) -> Member<'_> {
        // SAFETY: the caller's zval is in the table, which is held.
        unsafe {
            if zend::kind(at) == zend::REFERENCE {
                self.value.encoder.not_shareable();
            }
            let at = sole_target(at);
            let guarded = self.nested && zend::kind(at) == zend::ARRAY;
            let recursive = guarded && {
                let array = zend::array_of(at);
                array == self.table || Within::contains(self.value.within, array)
            };
            Member { value: Value { at, guarded, ..self.value }, recursive }
        }
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // SAFETY: the table is held, so it does not change; what its declared properties point to
        // may, and is counted.
        unsafe {
            let count = match self.skip {
                None => zend::count(self.table),
                Some(_) => Elements::of(self.table).filter(|&(key, _)| !self.is_skipped(key)).count(),
            };
            let mut map = serializer.serialize_map(Some(count))?;
            let mut written = 0;
            let mut next = i64::MIN;
            for (key, at) in Elements::of(self.table) {
                if self.is_skipped(key) {
                    continue;
                }
                match key {
                    Key::Int(key) => {
                        next = next.max(key.saturating_add(1));
                        map.serialize_key(&key)?;
                    }
                    Key::String(key) => map.serialize_key(&Text(key.bytes()))?,
                }
                map.serialize_value(&self.member(at))?;
                written += 1;
            }
            if written != count {
                return Err(changed_meanwhile(self.value.encoder));
            }
            self.value.encoder.goes_on(self.table, next);
            map.end()
        }
    }
}

/// An int, as serde has it but for being part of the loop that writes it.
struct Long(i64);

impl Serialize for Long {
    #[inline(always)]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

/// An element or property: as a [`Value`], but for arrays that contain themselves.
struct Member<'a> {
    value: Value<'a>,
    recursive: bool,
}

impl Serialize for Member<'_> {
    #[inline(always)]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.recursive {
            // As `serialize` does: it takes a number, and is null.
            self.value.encoder.not_shareable();
            self.value.encoder.identity.count();
            return serializer.serialize_unit();
        }
        self.value.serialize(serializer)
    }
}

/// The target of a reference with a single owner, which is as good as a value, as it is not shared; else `at` itself.
///
/// # Safety
/// `at` is a live zval.
#[inline]
pub unsafe fn sole_target(at: *mut Zval) -> *mut Zval {
    // SAFETY: the caller's zval is alive, and read as the type that it says.
    unsafe {
        if zend::kind(at) == zend::REFERENCE && (*zend::reference_of(at)).gc.refcount == 1 {
            return &raw mut (*zend::reference_of(at)).val;
        }
        at
    }
}
