//! `export`.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;

use serde::Serialize;
use sync_backend::Expiry;

use super::item::{End, Item};
use super::summed::Summed;
use crate::file::{Look, Opened, Readable};
use crate::json;
use crate::location::{Location, with_store};
use crate::outcome::{Failure, Outcome, Status, say};
use crate::output::Output;
use crate::printable::Printable;
use crate::progress::{Progress, bar};
use crate::value::{Unread, Value};
use crate::words::count;

/// Writes names and values to standard output.
pub fn export(location: &Location, prefix: &OsStr, msgpack: bool, lock: bool) -> Outcome {
    with_store!(location.looked_at()?, store => write(store, prefix, msgpack, lock))
}

fn write<B: Readable>(store: Opened<B>, prefix: &OsStr, msgpack: bool, lock: bool) -> Outcome {
    let look = if lock { Look::alone(store)? } else { Look::at(store) };
    let out = Output::of_much();
    let progress = bar(look.len()?, "names", &out);
    let prefix = prefix.as_bytes();
    if msgpack { export_msgpack(look, out, prefix, &progress) } else { export_json(look, out, prefix, &progress) }
}

fn export_json<B: Readable>(mut look: Look<B>, mut out: Output, prefix: &[u8], progress: &Progress) -> Outcome {
    let (mut left_out, mut is_first) = (LeftOut::default(), true);
    out.write_all(b"{")?;
    look.values(prefix, |name, value| {
        progress.count();
        left_out.tell_items(name, value.left_out, B::LEFT_OUT, progress);
        match plain(name, value.bytes) {
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
                    Obstacle::Damage(_) => &mut left_out.damaged,
                    Obstacle::NoJson(_) => &mut left_out.names,
                } += 1;
                progress.say(&format!("'{}' is left out: {why}.", Printable(name)));
            }
        }
        Ok(())
    })?;
    out.write_all(b"\n}\n")?;
    out.flush()?;
    progress.end();
    let expiring = look.expiring(prefix)?;
    if expiring > 0 {
        let values = count(expiring, "value expires", "values expire");
        say(&format!("{values}, which JSON has no room for; --msgpack carries when."));
    }
    left_out.status(", without JSON for it; --msgpack carries everything")
}

/// The parts of a store that an export does not have.
#[derive(Default)]
struct LeftOut {
    names: u64,
    damaged: u64,
    items: u64,
}

impl LeftOut {
    /// Tells of items that cannot go back to where they were taken from.
    fn tell_items(&mut self, name: &[u8], items: usize, why: &str, progress: &Progress) {
        if items > 0 {
            self.items += items as u64;
            tell_items(name, items, why, progress);
        }
    }

    /// The end of the export; `why` names are left out.
    fn status(&self, why: &str) -> Outcome {
        if self.damaged != 0 {
            let values = count(self.damaged, "value is", "values are");
            return Err(Failure::new(Status::NotThere, format!("{values} damaged: the file is not sound.")));
        }
        match (self.names, self.items) {
            (0, 0) => Ok(Status::Fine),
            (0, items) => {
                Err(Failure::new(Status::NotCarried, format!("{} left out.", count(items, "item is", "items are"))))
            }
            (names, _) => Err(Failure::new(
                Status::NotCarried,
                format!("{} left out{why}.", count(names, "name is", "names are")),
            )),
        }
    }
}

/// Tells of items that are left out.
pub fn tell_items(name: &[u8], items: usize, why: &str, progress: &Progress) {
    let items = count(items as u64, "item", "items");
    let name = Printable(name);
    progress.say(&format!("{items} that '{name}' had, and that are being consumed, are left out: {why}."));
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

fn export_msgpack<B: Readable>(mut look: Look<B>, out: Output, prefix: &[u8], progress: &Progress) -> Outcome {
    if out.is_terminal() {
        return Err(Failure::new(Status::Usage, "MessagePack is not for a terminal: export --msgpack FILE >x.msgpack"));
    }
    let mut out = Summed::new(out);
    let (mut names, mut left_out) = (0u64, LeftOut::default());
    look.wholes(prefix, |name, bytes, value| {
        progress.count();
        names += 1;
        left_out.tell_items(name, value.left_out, B::LEFT_OUT, progress);
        write_part(&mut out, &Item(name.to_vec(), bytes, value.expiry.map(Expiry::milliseconds)))
    })?;
    // Only so those who read it can tell that it is whole.
    let end = End { names, crc32c: Some(out.sum()) };
    write_part(&mut out, &end)?;
    out.flush()?;
    progress.end();
    left_out.status("")
}

fn write_part(out: &mut impl Write, part: &impl Serialize) -> Outcome<()> {
    // (Structs with names are maps.)
    part.serialize(&mut rmp_serde::Serializer::new(out).with_struct_map()).map_err(|error| match error {
        rmp_serde::encode::Error::InvalidValueWrite(error) => Failure::from(std::io::Error::from(error)),
        error => Failure::new(Status::CannotOpen, error.to_string()),
    })
}
