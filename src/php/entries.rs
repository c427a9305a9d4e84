//! The entries of a PHP array, encoded for an operation of the store that takes all of them.

use super::globals::GLOBALS;
use super::names::check_name;
use super::object::SyncObject;
use super::refusal::cannot_store;
use super::value::{self, ZendVec};
use super::zend::{Array, Held, Key, Thrown};

/// Runs `operation` with the names and encoded values of an array: held, so that user code that encoding runs changes a
/// copy.
pub fn with_entries(
    this: &SyncObject,
    array: &Held<Array>,
    operation: impl FnOnce(&[(&[u8], &[u8])]) -> Result<(), Thrown>,
) -> Result<(), Thrown> {
    // Where names and values end in `bytes`.
    let mut ends = ZendVec::new();
    ends.reserve(array.len());
    let mut bytes = GLOBALS.get().buffers.take();
    for (key, value) in array.entries() {
        if let Key::String(name) = key {
            check_name(name)?;
        }
        let text = key.text();
        bytes.extend_from_slice(text.bytes());
        let name = bytes.len();
        if let Err(error) = value::encode(value.as_zval(), 0, &mut bytes) {
            // (Where there was no memory, the bytes are cut.)
            return Err(cannot_store(this, Some(text.bytes()), error));
        }
        ends.push((name, bytes.len()));
    }
    let mut entries = ZendVec::new();
    entries.reserve(ends.len());
    let mut start = 0;
    for &(name, value) in ends.iter() {
        entries.push((&bytes[start..name], &bytes[name..value]));
        start = value;
    }
    operation(&entries)
}
