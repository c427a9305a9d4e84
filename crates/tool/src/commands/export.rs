//! `export`.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sync_backend::Expiry;

use super::item::Item;
use crate::file::{Look, read};
use crate::json;
use crate::outcome::{Failure, Outcome, Status};
use crate::output::Output;
use crate::printable::Printable;
use crate::progress::{Progress, bar};
use crate::value::Value;
use crate::words::count;

/// Writes names and values to standard output.
pub fn export(path: &Path, prefix: &OsStr, msgpack: bool, lock: bool) -> Outcome {
    let look = if lock { Look::alone(path)? } else { Look::at(path)? };
    let progress = bar(look.len()?, "names");
    let prefix = prefix.as_bytes();
    if msgpack { export_msgpack(look, prefix, &progress) } else { export_json(look, prefix, &progress) }
}

fn export_json(mut look: Look, prefix: &[u8], progress: &Progress) -> Outcome {
    let (mut out, mut left_out, mut is_first) = (Output::of_much(), 0u64, true);
    out.write_all(b"{")?;
    look.values(prefix, |name, bytes| {
        progress.count();
        match plain(name, bytes) {
            Ok((name, value)) => {
                out.write_all(if is_first { b"\n" } else { b",\n" })?;
                is_first = false;
                out.json_string(name)?;
                out.write_all(b":")?;
                match &value {
                    Plain::String(text) => out.json_string(text)?,
                    Plain::Other(value) => out.json(value, false)?,
                }
            }
            Err(why) => {
                left_out += 1;
                progress.say(&format!("'{}' is left out: {why}.", Printable(name)));
            }
        }
        Ok(())
    })?;
    out.write_all(b"\n}\n")?;
    out.flush()?;
    progress.end();
    if left_out == 0 {
        return Ok(Status::Fine);
    }
    let names = count(left_out, "name is", "names are");
    Err(Failure::new(
        Status::NotCarried,
        format!("{names} left out, without JSON for it; --msgpack carries everything."),
    ))
}

/// A value for which there is JSON.
enum Plain<'a> {
    String(&'a str),
    Other(Value<'a>),
}

/// A name and its value, if there is JSON for both.
fn plain<'a>(name: &'a [u8], bytes: &'a [u8]) -> Result<(&'a str, Plain<'a>), String> {
    let name = std::str::from_utf8(name).map_err(|_| "its name is not UTF-8".to_owned())?;
    let value = Value::decode(bytes).map_err(|error| format!("it is damaged: {error}"))?;
    if let Value::String(Cow::Borrowed(text)) = value
        && let Ok(text) = std::str::from_utf8(text)
    {
        return Ok((name, Plain::String(text)));
    }
    match json::obstacle(&value) {
        None => Ok((name, Plain::Other(value))),
        Some(why) => Err(format!("it has {why}")),
    }
}

fn export_msgpack(mut look: Look, prefix: &[u8], progress: &Progress) -> Outcome {
    let mut out = Output::of_much();
    if out.is_terminal() {
        return Err(Failure::new(Status::Usage, "MessagePack is not for a terminal: export --msgpack FILE >x.msgpack"));
    }
    look.names(prefix, |store, name| {
        progress.count();
        // Value and expiry by one look.
        let Some((bytes, expiry)) = read(store, name, &mut Default::default())? else { return Ok(()) };
        let item = Item(name.to_vec(), bytes, expiry.map(Expiry::milliseconds));
        rmp_serde::encode::write(&mut out, &item).map_err(|error| match error {
            rmp_serde::encode::Error::InvalidValueWrite(error) => Failure::from(std::io::Error::from(error)),
            error => Failure::new(Status::CannotOpen, error.to_string()),
        })
    })?;
    out.flush()?;
    progress.end();
    Ok(Status::Fine)
}
