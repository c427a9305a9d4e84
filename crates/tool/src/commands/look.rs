//! `ls` and `get`.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;

use crate::facts::Facts;
use crate::file::{self, Look, Readable, Shared};
use crate::json;
use crate::location::{Location, with_store};
use crate::outcome::{Failure, Outcome, Status};
use crate::output::Output;
use crate::printable::Printable;
use crate::value::{Unread, Value};
use crate::words::{name as shown_name, seconds_left};

/// Lists names.
pub fn ls(location: &Location, prefix: &OsStr, long: bool, null: bool) -> Outcome {
    with_store!(location.looked_at()?, store => list(Look::at(store), prefix, long, null))
}

fn list<B: Readable>(mut look: Look<B>, prefix: &OsStr, long: bool, null: bool) -> Outcome {
    let mut out = Output::new();
    look.names(prefix.as_bytes(), |store, name| {
        if null {
            out.bytes(name)?;
            out.write_all(b"\0")?;
        } else if !long {
            writeln!(out, "{}", Printable(name))?;
        } else if let Some(facts) = Facts::of(store, name)? {
            let left = seconds_left(facts.expiry).map_or("-".into(), |left| format!("{left:.1}"));
            writeln!(out, "{:<12} {:>12} {left:>10}  {}", facts.kind, facts.bytes, shown_name(name))?;
        }
        Ok(())
    })?;
    out.flush()?;
    Ok(Status::Fine)
}

/// Prints a value.
pub fn get(location: &Location, name: &OsStr, raw: bool, pretty: bool) -> Outcome {
    with_store!(location.looked_at()?, store => print(&*store, location, name, raw, pretty))
}

fn print<B: Shared>(store: &B, location: &Location, name: &OsStr, raw: bool, pretty: bool) -> Outcome {
    let shown = Printable(name.as_bytes());
    let Some((bytes, _)) = file::read(store, name.as_bytes(), &mut Default::default())? else {
        let text = format!("There is no '{shown}' in '{location}'.");
        return Err(Failure::new(Status::NotThere, text));
    };
    let mut out = Output::new();
    let value = Value::decode(&bytes).map_err(|why| {
        let status = match why {
            Unread::TooDeep => Status::NotCarried,
            Unread::Damaged(_) => Status::NotThere,
        };
        Failure::new(status, format!("The value of '{shown}' can't be read: {why}."))
    })?;
    match &value {
        Value::String(text) if raw => {
            out.bytes(text)?;
            if out.is_terminal() {
                writeln!(out)?;
            }
        }
        _ => {
            if let Some(why) = json::obstacle(&value) {
                return Err(Failure::new(Status::NotCarried, format!("There is no JSON for '{shown}': it has {why}.")));
            }
            out.json(&value, pretty)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(Status::Fine)
}
