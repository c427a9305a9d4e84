//! `set` and `rm`.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::time::Duration;

use sync_backend::{Change, Expiry, Now, list_note};

use crate::file;
use crate::json;
use crate::outcome::{Failure, Outcome, Status};
use crate::printable::{Harmless, Printable};
use crate::value::Value;

/// Sets a name to a value.
pub fn set(path: &Path, name: &OsStr, value: &OsStr, string: bool, ttl: Option<f64>) -> Outcome {
    let mut text = value.to_owned().into_vec();
    if !string && text == b"-" {
        text.clear();
        std::io::stdin().read_to_end(&mut text)?;
    }
    let value = if string {
        Value::String(text.as_slice().into())
    } else {
        json::parse(&text).map_err(|error| {
            let text = format!("The value is no JSON: {error}. For a string write '\"…\"', or --string.");
            Failure::new(Status::Usage, text)
        })?
    };
    let expiry = ttl.map(expiry).transpose()?;
    let bytes =
        encoded(&value).map_err(|why| Failure::new(Status::Usage, format!("The value can't be stored: {why}.")))?;
    let change = put(name.as_bytes(), &bytes, note(&value), expiry);
    file::retry(&file::any(path), |store| store.commit(&[change], None))?;
    Ok(Status::Fine)
}

/// The bytes of a value.
pub fn encoded(value: &Value) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes).map(|()| bytes)
}

/// The note with which the store appends to a value without reading it: the length of a list.
pub fn note(value: &Value) -> Option<i64> {
    match value {
        Value::List(list) => Some(list_note(list.len() as u64)),
        _ => None,
    }
}

pub fn put<'a, V>(key: &'a [u8], body: &'a [u8], note: Option<i64>, expiry: Option<Expiry>) -> Change<'a, V> {
    Change::Put { key, head: &[], body, note, expiry, anew: false }
}

fn expiry(seconds: f64) -> Outcome<Expiry> {
    let no_seconds = || Failure::new(Status::Usage, "--ttl takes a number of seconds.");
    // (The greater one of NAN and 0 is 0.)
    let seconds = if seconds.is_nan() { Err(no_seconds()) } else { Ok(seconds.max(0.0)) }?;
    let left = Duration::try_from_secs_f64(seconds).map_err(|_| no_seconds())?;
    match u64::try_from(left.as_millis()) {
        Ok(0) => Ok(Expiry::PAST),
        Ok(left) => Now::read().after(left).ok_or_else(|| Failure::new(Status::Usage, "--ttl is too long.")),
        Err(_) => Err(Failure::new(Status::Usage, "--ttl is too long.")),
    }
}

/// Removes names, one after the other.
pub fn rm(path: &Path, names: &[OsString], force: bool) -> Outcome {
    file::must_exist(path)?;
    let store = file::any(path);
    let mut status = Status::Fine;
    for name in names {
        let was_there = file::retry(&store, |store| store.remove(name.as_bytes()))?;
        if !was_there && !force {
            let text = format!("There is no '{}' in '{}'.", Printable(name.as_bytes()), path.display());
            eprintln!("syncctl: {}", Harmless(&text));
            status = Status::NotThere;
        }
    }
    Ok(status)
}
