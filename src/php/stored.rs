//! Values as the store keeps them: the bytes of a zval, with the patches that were appended to an array.
//!
//! A patch is a MessagePack array: the way (an array of keys) and the value to put there; or the way exclusive, to unset
//! the element there. A value with patches is read by applying them in order.

use ext_php_rs::ffi::{IS_ARRAY, zend_string, zval};
use serde::ser::Serializer as _;

use super::buffers::Buffer;
use super::globals::GLOBALS;
use super::handle::{self, Backend, Handle, Version};
use super::legacy::retry_importing;
use super::object::SyncObject;
use super::refusal::{cannot_read, cannot_store};
use super::step::{Key, Step};
use super::value::{self, Sharing, ValueError, ZendVec, scalar};
use super::walk::{self, Act};
use super::zend::{self, Local, Slot, Str, Thrown, ZStr};

/// A value on its way to the store. Making it may run user code, storing it does not: so it is made once, and
/// stored when the time has come.
pub struct Encoded {
    bytes: Buffer,
    /// The rest of a long string, whose bytes go to the file from where they are.
    body: Option<*const [u8]>,
    sharing: Sharing,
}

impl Encoded {
    /// Encodes a value of the property with this name. May run user code.
    ///
    /// # Safety
    /// Name and value are valid, and held by the caller for as long as the result lives.
    #[inline(always)]
    pub unsafe fn of(this: &SyncObject, name: *mut zend_string, value: *mut zval) -> Result<Self, Thrown> {
        // SAFETY: valid by contract.
        unsafe { Self::within(this, name, value, 0) }
    }

    /// Encodes a value that is going to lie within so many containers. May run user code.
    ///
    /// # Safety
    /// As for [`of`](Self::of).
    #[inline(always)]
    pub unsafe fn within(
        this: &SyncObject,
        name: *mut zend_string,
        value: *mut zval,
        within: usize,
    ) -> Result<Self, Thrown> {
        let mut bytes = GLOBALS.get().buffers.take();
        // SAFETY: valid by contract.
        unsafe {
            if scalar::encode_short(&*value, &mut bytes) {
                return Ok(Self { bytes, body: None, sharing: Sharing::Shareable });
            }
            Self::of_any(this, name, value, within, bytes)
        }
    }

    /// As [`within`](Self::within), for what is not encoded at once; into `bytes`, which are empty.
    ///
    /// # Safety
    /// As for [`of`](Self::of).
    unsafe fn of_any(
        this: &SyncObject,
        name: *mut zend_string,
        value: *mut zval,
        within: usize,
        mut bytes: Buffer,
    ) -> Result<Self, Thrown> {
        // SAFETY: valid by contract.
        unsafe {
            if let Some(body) = scalar::encode_long(&*value, &mut bytes) {
                return Ok(Self { bytes, body: Some(body), sharing: Sharing::Shareable });
            }
            let sharing = value::encode(&*value, within, &mut bytes)
                .map_err(|error| cannot_store(this, Some(zend::bytes(name)), error))?;
            Ok(Self { bytes, body: None, sharing })
        }
    }

    /// Appends its bytes to others.
    ///
    /// # Safety
    /// The value that was encoded is still there.
    pub unsafe fn write_to(&self, bytes: &mut ZendVec<u8>) -> Result<(), ValueError> {
        let length = self.bytes.len() + self.body.map_or(0, |body| body.len());
        if !bytes.try_reserve(length) {
            return Err(ValueError::Refused(format!("it takes {length} bytes, more than memory_limit leaves.")));
        }
        bytes.extend_from_slice(&self.bytes);
        if let Some(body) = self.body {
            // SAFETY: valid by contract.
            bytes.extend_from_slice(unsafe { &*body });
        }
        Ok(())
    }

    /// Stores it under `name`, unless `may` says no at the last moment: then `None`, else where it is now. Runs no
    /// user code but signal handlers.
    ///
    /// # Safety
    /// `name` is valid; `value` is the one that was encoded.
    #[inline(always)]
    pub unsafe fn store(
        &self,
        this: &SyncObject,
        name: *mut zend_string,
        value: *mut zval,
        mut may: impl FnMut(&Handle) -> handle::Result<bool>,
    ) -> Result<Option<Version>, Thrown> {
        // SAFETY: valid by contract.
        unsafe {
            // The place where the name was seen last spares the store the search for it.
            let mut version = this.cache().look_up(name).map_or(Version::default(), |entry| entry.version);
            let stored = retry_importing(this, |store| {
                if !may(store)? {
                    return Ok(false);
                }
                match self.body {
                    Some(body) => store.put_parts(zend::bytes(name), &self.bytes, &*body, &mut version)?,
                    None => store.put(zend::bytes(name), &self.bytes, &mut version)?,
                }
                Ok(true)
            })?;
            if !stored {
                return Ok(None);
            }
            let length = self.body.map_or(self.bytes.len(), |body| body.len());
            this.cache().keep(self.sharing, name, value, version, length);
            Ok(Some(version))
        }
    }
}

/// Decodes a value of the property with this name as the object's policy allows; `into` is overwritten.
///
/// # Safety
/// `into` is a slot of the caller's.
pub unsafe fn decode(this: &SyncObject, name: &[u8], bytes: &[u8], into: *mut zval) -> Result<Sharing, Thrown> {
    // SAFETY: callers pass a slot that is theirs.
    let decoded = value::decode(bytes, 0, this.policy()?, unsafe { &mut *into });
    let (sharing, rest) = decoded.map_err(|error| cannot_read(this, Some(name), error))?;
    if rest == 0 {
        return Ok(sharing);
    }
    // SAFETY: as above.
    match unsafe { apply_patches(this, name, &bytes[bytes.len() - rest..], into) } {
        Ok(Sharing::Shareable) => Ok(sharing),
        Ok(Sharing::Fresh) => Ok(Sharing::Fresh),
        Err(Thrown) => {
            // SAFETY: as above.
            unsafe {
                zend::release(into);
                zend::set_null(into);
            }
            Err(Thrown)
        }
    }
}

/// Applies the patches that `bytes` consist of, in order, to the value in `at`, which is the property's with this name.
///
/// # Safety
/// `at` holds a valid value that nothing else changes.
pub unsafe fn apply_patches(this: &SyncObject, name: &[u8], bytes: &[u8], at: *mut zval) -> Result<Sharing, Thrown> {
    let refuse = |error| cannot_read(this, Some(name), error);
    let mut rest = bytes;
    let mut sharing = Sharing::Shareable;
    while !rest.is_empty() {
        let patch = Patch::of(rest).map_err(refuse)?;
        // SAFETY: valid by contract.
        if unsafe { zend::kind(at) } != IS_ARRAY {
            return Err(refuse(damaged()));
        }
        let (mut value, mut left) = (Local::new(), patch.rest.len());
        if patch.assigns {
            // The numbers in it refer to its own objects.
            let (its_sharing, behind) =
                value::decode(patch.rest, patch.steps, this.policy()?, value.zval()).map_err(refuse)?;
            if its_sharing == Sharing::Fresh {
                sharing = Sharing::Fresh;
            }
            left = behind;
        }
        let act = if patch.assigns { Act::Assign(&value) } else { Act::Unset };
        // SAFETY: the caller promises a live value that nobody else changes.
        let at = unsafe { Slot::new(at) };
        match patch.only_step() {
            Some(step) => walk::act(at, &[step], act)?,
            None => walk::act(at, &patch.way().map_err(refuse)?, act)?,
        };
        rest = &rest[rest.len() - left..];
    }
    Ok(sharing)
}

/// A patch, as far as it is read without running user code.
struct Patch<'a> {
    assigns: bool,
    /// How many steps its way has, and their bytes.
    steps: usize,
    way: &'a [u8],
    /// The value that it assigns, and what follows.
    rest: &'a [u8],
}

impl<'a> Patch<'a> {
    /// Reads the start of `bytes`.
    fn of(bytes: &'a [u8]) -> Result<Self, ValueError> {
        let mut rest = bytes;
        let (Ok(parts @ 1..=2), Ok(steps @ 1..)) =
            (rmp::decode::read_array_len(&mut rest), rmp::decode::read_array_len(&mut rest))
        else {
            return Err(damaged());
        };
        let steps = steps as usize;
        value::check_depth(steps)?;
        let start = rest;
        for _ in 0..steps {
            rest = value::split_key(rest).ok_or_else(damaged)?.1;
        }
        Ok(Self { assigns: parts == 2, steps, way: &start[..start.len() - rest.len()], rest })
    }

    /// The step, if it is one and that is an int, as of nearly all patches.
    fn only_step(&self) -> Option<Step> {
        let number = if self.steps == 1 { rmp::decode::read_int(&mut &*self.way).ok()? } else { return None };
        Some(Step::Element(Key::int(number)))
    }

    /// All steps.
    fn way(&self) -> Result<Vec<Step>, ValueError> {
        let (mut steps, mut rest) = (Vec::with_capacity(self.steps), self.way);
        while let Some((key, behind)) = value::split_key(rest) {
            let mut value = Local::new();
            if !value::scalar::decode(key, value.zval()) {
                return Err(damaged());
            }
            let key = Key::new(&value);
            if !key.is_plain() {
                return Err(damaged());
            }
            steps.push(Step::Element(key));
            rest = behind;
        }
        Ok(steps)
    }
}

/// Starts a patch: announces the steps of its way, and a value, if it assigns.
pub fn write_head(out: &mut ZendVec<u8>, steps: usize, assigns: bool) {
    let mut serializer = value::Serializer::new(out);
    // Writing into a vector cannot fail.
    let _ = serializer.serialize_tuple(1 + usize::from(assigns)).map(drop);
    let _ = serializer.serialize_seq(Some(steps)).map(drop);
}

pub fn write_number(out: &mut ZendVec<u8>, number: i64) {
    value::write_int(out, number);
}

pub fn write_name(out: &mut ZendVec<u8>, name: &ZStr) -> Result<(), ValueError> {
    // (Encoding a string runs no user code.)
    value::encode(&Local::of_string(Str::of(name)).into_inner(), 0, out).map(drop)
}

#[cold]
fn damaged() -> ValueError {
    ValueError::Refused("A stored value is damaged: it has bytes after its end.".into())
}
