//! `set` and `rm`.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use sync_backend::{Backend, Change, Expiry, Now, list_note};

use crate::file::{self, Shared};
use crate::json;
use crate::location::{Location, with_store};
use crate::outcome::{Failure, Outcome, Status, say};
use crate::printable::Printable;
use crate::standard::Input;
use crate::value::Value;

/// Sets a name to a value.
pub fn set(location: &Location, name: &OsStr, value: &OsStr, string: bool, ttl: Option<f64>) -> Outcome {
    check_name(name.as_bytes())
        .map_err(|why| Failure::new(Status::Usage, format!("The name can't be stored: {why}.")))?;
    let mut text = value.to_owned().into_vec();
    if text == b"-" {
        text.clear();
        Input.read_to_end(&mut text).map_err(|error| Failure::of_input(&error))?;
    }
    let value = if string {
        Value::String(text.as_slice().into())
    } else {
        json::parse(&mut text).map_err(|error| {
            let error = json::told(&error);
            let text =
                format!("The value is no JSON that PHP could read: {error}. For a string write '\"…\"', or --string.");
            Failure::new(Status::Usage, text)
        })?
    };
    let expiry = ttl.map_or(Ok(None), expiry)?;
    let bytes =
        encoded(&value).map_err(|why| Failure::new(Status::Usage, format!("The value can't be stored: {why}.")))?;
    let (name, note) = (name.as_bytes(), note(&value));
    with_store!(location.any()?, store => {
        file::retry(&*store, |store| store.commit(&[put(name, &bytes, note, expiry)], None))?;
    });
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

/// When a value expires that stays for so many seconds, as PHP counts them: it is over for 0 and less, a part of a millisecond is one, and
/// more than can be counted is for ever.
fn expiry(seconds: f64) -> Outcome<Option<Expiry>> {
    const FOR_EVER: f64 = i64::MAX as f64;
    match (seconds * 1e3).ceil() {
        nan if nan.is_nan() => Err(Failure::new(Status::Usage, "--ttl takes a number of seconds.")),
        FOR_EVER.. => Ok(None),
        milliseconds @ 1.0.. => Ok(Now::read().after(milliseconds as u64)),
        _ => Ok(Some(Expiry::PAST)),
    }
}

/// Refuses names that no property of PHP can have, so that no script could use or remove them.
pub fn check_name(name: &[u8]) -> Result<(), &'static str> {
    if name.first() == Some(&0) { Err("no name begins with a NUL, as no property of PHP does") } else { Ok(()) }
}

/// Removes names, one after the other.
pub fn rm(location: &Location, names: &[OsString], force: bool) -> Outcome {
    with_store!(location.existing()?, store => remove(&*store, location, names, force))
}

fn remove<B: Shared>(store: &B, location: &Location, names: &[OsString], force: bool) -> Outcome {
    let mut status = Status::Fine;
    for name in names {
        let was_there = file::retry(store, |store| store.remove(name.as_bytes()))?;
        if !was_there && !force {
            let text = format!("There is no '{}' in '{location}'.", Printable(name.as_bytes()));
            say(&text);
            status = Status::NotThere;
        }
    }
    Ok(status)
}
