//! `export`.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::Serialize;
use sync_backend::Expiry;

use super::item::Item;
use crate::file::{Look, read};
use crate::json;
use crate::outcome::{Failure, Outcome, Status};
use crate::output::Output;
use crate::printable::Printable;
use crate::progress::{Progress, bar};
use crate::value::{Unread, Value};
use crate::words::count;

/// Writes names and values to standard output.
pub fn export(path: &Path, prefix: &OsStr, msgpack: bool, lock: bool) -> Outcome {
    let look = if lock { Look::alone(path)? } else { Look::at(path)? };
    let out = Output::of_much();
    let progress = bar(look.len()?, "names", &out);
    let prefix = prefix.as_bytes();
    if msgpack { export_msgpack(look, out, prefix, &progress) } else { export_json(look, out, prefix, &progress) }
}

fn export_json(mut look: Look, mut out: Output, prefix: &[u8], progress: &Progress) -> Outcome {
    let (mut left_out, mut damaged, mut is_first) = (0u64, 0u64, true);
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
                *match why {
                    Obstacle::Damage(_) => &mut damaged,
                    Obstacle::NoJson(_) => &mut left_out,
                } += 1;
                progress.say(&format!("'{}' is left out: {why}.", Printable(name)));
            }
        }
        Ok(())
    })?;
    out.write_all(b"\n}\n")?;
    out.flush()?;
    progress.end();
    if damaged != 0 {
        let names = count(damaged, "value is", "values are");
        return Err(Failure::new(Status::NotThere, format!("{names} damaged: the file is not sound.")));
    }
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

/// Why a name is left out.
enum Obstacle {
    NoJson(String),
    Damage(Unread),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJson(why) => f.write_str(why),
            Self::Damage(why) => why.fmt(f),
        }
    }
}

/// A name and its value, if there is JSON for both.
fn plain<'a>(name: &'a [u8], bytes: &'a [u8]) -> Result<(&'a str, Plain<'a>), Obstacle> {
    let name = std::str::from_utf8(name).map_err(|_| Obstacle::NoJson("its name is not UTF-8".into()))?;
    let value = Value::decode(bytes).map_err(|error| match error {
        Unread::TooDeep => Obstacle::NoJson(error.to_string()),
        Unread::Damaged(_) => Obstacle::Damage(error),
    })?;
    if let Value::String(Cow::Borrowed(text)) = value
        && let Ok(text) = std::str::from_utf8(text)
    {
        return Ok((name, Plain::String(text)));
    }
    match json::obstacle(&value) {
        None => Ok((name, Plain::Other(value))),
        Some(why) => Err(Obstacle::NoJson(format!("it has {why}"))),
    }
}

fn export_msgpack(mut look: Look, mut out: Output, prefix: &[u8], progress: &Progress) -> Outcome {
    if out.is_terminal() {
        return Err(Failure::new(Status::Usage, "MessagePack is not for a terminal: export --msgpack FILE >x.msgpack"));
    }
    let mut names = 0u64;
    look.names(prefix, |store, name| {
        progress.count();
        // Value and expiry by one look.
        let Some((bytes, expiry)) = read(store, name, &mut Default::default())? else { return Ok(()) };
        let item = Item(name.to_vec(), bytes, expiry.map(Expiry::milliseconds));
        names += 1;
        write_part(&mut out, &item)
    })?;
    // Only so those who read it can tell that it is whole.
    write_part(&mut out, &names)?;
    out.flush()?;
    progress.end();
    Ok(Status::Fine)
}

fn write_part(out: &mut Output, part: &impl Serialize) -> Outcome<()> {
    rmp_serde::encode::write(out, part).map_err(|error| match error {
        rmp_serde::encode::Error::InvalidValueWrite(error) => Failure::from(std::io::Error::from(error)),
        error => Failure::new(Status::CannotOpen, error.to_string()),
    })
}
