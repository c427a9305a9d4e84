//! `$string[0] = 'x'`, in the depth of a value.

use std::mem::MaybeUninit;

use ext_php_rs::ffi::{BP_VAR_UNSET, BP_VAR_W, E_WARNING};
use sync_msgpack::MAX_LENGTH;

use super::errors;
use super::names::illegal_offset;
use super::step::Key;
use super::zend::{self, Local, Number, Own, Slot, Str, Thrown, Value, ZStr};

/// Puts the first byte of a value into the string in `place`; false (with a warning) where the offset is before its
/// start.
pub fn put_byte(mut place: Own, key: &Key, value: &Value) -> Result<bool, Thrown> {
    let length = length(&place) as i64;
    let offset = string_offset(key, BP_VAR_W)?;
    if offset < -length {
        errors::warn(&format!("Illegal string offset {offset}"))?;
        return Ok(false);
    }
    let offset = if offset < 0 { offset + length } else { offset } as usize;
    let new = value.dereference().to_string()?;
    let [first, rest @ ..] = new.bytes() else {
        return Err(errors::throw_error("Cannot assign an empty string to a string offset"));
    };
    if !rest.is_empty() {
        errors::warn("Only the first byte will be assigned to the string offset")?;
    }
    if place.set_byte(offset, *first) {
        return Ok(true);
    }
    let mut changed = with_byte(place.value().string().map_or(b"", |old| old.bytes()), offset, *first)?;
    place.swap(&mut changed.slot());
    Ok(true)
}

/// Whether that is sure to warn of nothing and to run no user code.
pub fn is_put_silently(old: &ZStr, key: &Key, value: &Value) -> bool {
    let length = old.bytes().len() as i64;
    key.value().long().is_some_and(|offset| offset >= -length)
        && value.dereference().string().is_some_and(|new| new.bytes().len() == 1)
}

fn length(place: &Slot) -> usize {
    place.value().string().map_or(0, |string| string.bytes().len())
}

/// A string with one byte changed or added; spaces fill the gap.
fn with_byte(old: &[u8], offset: usize, byte: u8) -> Result<Local, Thrown> {
    if old.len() < 2 && offset == 0 {
        return Ok(Local::of_string(Str::new(&[byte])));
    }
    let length = old.len().max(offset + 1);
    if !zend::has_memory(length) {
        return Err(errors::throw_sync(&format!(
            "Can't change a string: it takes {length} bytes, more than memory_limit leaves."
        )));
    }
    if length > MAX_LENGTH {
        return Err(errors::throw_sync(&format!(
            "Can't change a string: it takes {length} bytes, more than the 4 GiB that can be stored."
        )));
    }
    let mut changed = Local::new();
    let mut slot = changed.slot();
    let room = slot.set_unwritten_string(length);
    room.fill(MaybeUninit::new(b' '));
    for (to, &byte) in room.iter_mut().zip(old) {
        to.write(byte);
    }
    room[offset].write(byte);
    Ok(changed)
}

/// Whether putting one byte into `old` may make it `new`.
pub fn is_one_byte_away(old: &[u8], new: &[u8]) -> bool {
    let Some((kept, added)) = new.split_at_checked(old.len()) else { return false };
    let changed = old.iter().zip(kept).filter(|(old, new)| old != new).count();
    match added {
        [] => changed <= 1,
        [gap @ .., _] => changed == 0 && gap.iter().all(|&byte| byte == b' '),
    }
}

/// The offset in a string that a key means, with PHP's own warnings.
pub fn string_offset(key: &Key, fetch: u32) -> Result<i64, Thrown> {
    let value = key.value();
    if let Some(offset) = value.long() {
        return Ok(offset);
    }
    if let Some(string) = value.string()
        && let Some((Number::Int(offset), trailing)) = string.number(true)
    {
        if trailing && fetch != BP_VAR_UNSET {
            zend::raise(E_WARNING, c"Illegal string offset \"%s\"", string.bytes(), b"");
        }
        return zend::check().map(|()| offset);
    }
    if value.is_scalar() && value.string().is_none() || value.kind() == zend::UNDEF {
        errors::warn("String offset cast occurred")?;
        return Ok(value.to_long());
    }
    Err(illegal_offset(b"string", value, fetch))
}
