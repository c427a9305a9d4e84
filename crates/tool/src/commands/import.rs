//! `import`.

use std::collections::HashSet;
use std::io::{BufReader, ErrorKind, Read};

use rmp_serde::decode::Error;
use serde::Deserialize;
use sync_backend::{Appended, Change, Expiry, Rewrite};

use super::edit::{check_name, encoded, note, put};
use super::item::{End, Item, Part};
use super::summed::Summed;
use crate::file::{self, Shared};
use crate::location::{Location, with_store};
use crate::members::Members;
use crate::memory;
use crate::outcome::{Failure, Outcome, Status};
use crate::output::widen;
use crate::printable::Printable;
use crate::progress::{Progress, spinner};
use crate::readable;
use crate::spool::Spool;
use crate::standard::Input;
use crate::value::{Unread, Value};
use crate::words;

/// A commit is of so many bytes, and those of one more name.
const BATCH: usize = 1 << 20;
/// And of so many names.
const NAMES: usize = 1_000;

/// The form of the input.
#[derive(Clone, Copy)]
enum Form {
    Json,
    MessagePack,
}

/// Reads names and values from standard input.
pub fn import(location: &Location, msgpack: bool, replace: bool) -> Outcome {
    let form = if msgpack { Form::MessagePack } else { Form::Json };
    with_store!(location.any()?, store => read_into(&*store, form, replace))
}

fn read_into<B: Shared>(store: &B, form: Form, replace: bool) -> Outcome {
    let progress = spinner("names:");
    let mut importer = Importer::new(store, replace);
    let done = if replace {
        import_whole(&mut importer, form, &progress)
    } else {
        widen(rustix::stdio::stdin());
        read(form, Input, &mut |part| importer.add_part(part, &progress)).map(drop)
    };
    let done = done.and_then(|()| importer.flush()).and_then(|()| importer.make_file());
    progress.end();
    done.map_err(|failure| importer.told_with(failure))?;
    importer.end()
}

/// Removes everything for the input's sake, which is read to its end before: where it was cut off, or is none, nothing is changed.
fn import_whole<B: Shared>(importer: &mut Importer<B>, form: Form, progress: &Progress) -> Outcome<()> {
    let (mut spool, mut unreadable) = (Spool::new()?, None);
    spool.read_first(|input| {
        let proof = read(form, input, &mut |part| {
            if let Incoming::Stored(Item(name, stored, _)) = part
                && unreadable.is_none()
            {
                unreadable = readable::check(&stored).err().map(|why| (name, why));
            }
            Ok(())
        })?;
        match unreadable.take() {
            Some((name, why)) if proof == Proof::Count => {
                let text = format!(
                    "The value of '{}' can't be read: {why}. The input has no checksum that would tell whether it is what was exported. \
                     Nothing was changed.",
                    Printable(&name)
                );
                Err(Failure::new(Status::Usage, text))
            }
            _ => Ok(()),
        }
    })?;
    read(form, spool.again()?, &mut |part| importer.add_part(part, progress)).map(drop)
}

/// A name in the input.
enum Incoming<'v> {
    Value(Vec<u8>, Value<'v>),
    /// In the form in which it was stored.
    Stored(Item),
}

/// How it is known that an input was whole.
#[derive(Debug, PartialEq, Eq)]
enum Proof {
    /// It has an end: the brackets of JSON; or behind MessagePack, from before there were checksums, the number of names.
    Count,
    Checksum,
}

/// Reads all of an input. Only when that has returned without a failure, the input was whole.
fn read(form: Form, input: impl Read, each: &mut dyn FnMut(Incoming) -> Outcome<()>) -> Outcome<Proof> {
    match form {
        Form::Json => {
            let mut members = Members::new(input);
            while let Some((name, value)) = members.next()? {
                each(Incoming::Value(name, value))?;
            }
            Ok(Proof::Count)
        }
        Form::MessagePack => read_msgpack(BufReader::with_capacity(1 << 20, input), each),
    }
}

fn read_msgpack(input: BufReader<impl Read>, each: &mut dyn FnMut(Incoming) -> Outcome<()>) -> Outcome<Proof> {
    let wrong =
        |why: &str| Failure::new(Status::Usage, format!("The input is not what `export --msgpack` writes: {why}."));
    let mut input = rmp_serde::Deserializer::new(Summed::new(input));
    let mut names = 0u64;
    loop {
        let cut_off = || wrong(&format!("it was cut off after {}", words::count(names, "name", "names")));
        if input.get_mut().has_ended().map_err(|error| Failure::of_input(&error))? {
            return Err(cut_off());
        }
        let sum = input.get_ref().sum();
        let part = Part::deserialize(&mut input).map_err(|error| match error {
            Error::InvalidMarkerRead(error) | Error::InvalidDataRead(error) => match error.kind() {
                ErrorKind::UnexpectedEof => cut_off(),
                _ => Failure::of_input(&error),
            },
            error => wrong(&error.to_string()),
        });
        match part? {
            Part::Name(item) => each(Incoming::Stored(item))?,
            Part::End(End { names: count, .. }) if count != names => {
                return Err(wrong(&format!("it had {count} names, and {names} of them have come")));
            }
            Part::End(End { crc32c: Some(said), .. }) if said != sum => {
                return Err(wrong("it is damaged: its checksum is another one"));
            }
            Part::End(end) => {
                return match input.get_mut().has_ended().map_err(|error| Failure::of_input(&error))? {
                    true => Ok(end.crc32c.map_or(Proof::Count, |_| Proof::Checksum)),
                    false => Err(wrong("something follows behind its end")),
                };
            }
        }
        names += 1;
    }
}

fn encode(name: &[u8], value: &Value) -> Outcome<Vec<u8>> {
    encoded(value).map_err(|why| Failure::new(Status::Usage, format!("'{}' can't be stored: {why}.", Printable(name))))
}

fn unreadable(name: &[u8], why: Unread) -> Failure {
    Failure::new(Status::Usage, format!("The value of '{}' can't be read: {why}.", Printable(name)))
}

/// A name to be stored.
pub struct Put {
    pub name: Vec<u8>,
    pub bytes: Vec<u8>,
    pub note: Option<i64>,
    pub expiry: Option<Expiry>,
}

/// Names and values on their way in. (Values of one commit are of one moment, and at most some MB.)
pub struct Importer<'s, B> {
    store: &'s B,
    batch: Vec<Put>,
    bytes: usize,
    /// The names that are in the batch: those of one commit differ from each other.
    names: HashSet<Vec<u8>>,
    /// The next commit is the first one, and removes everything before.
    replace: bool,
    /// It has.
    has_replaced: bool,
    /// The names that have been stored, and those that could not be carried over.
    stored: u64,
    left_out: u64,
}

impl<'s, B: Shared> Importer<'s, B> {
    pub fn new(store: &'s B, replace: bool) -> Self {
        Self {
            store,
            batch: Vec::new(),
            bytes: 0,
            names: HashSet::new(),
            replace,
            has_replaced: false,
            stored: 0,
            left_out: 0,
        }
    }

    /// A failure, with what has been changed before it.
    pub fn told_with(&self, mut failure: Failure) -> Failure {
        if self.stored > 0 {
            let names = words::count(self.stored, "name before that was", "names before that were");
            let instead = if self.has_replaced { ", in place of all that was there" } else { "" };
            // (That is so of one commit, the last one.)
            if let Some((before, remedy)) = failure.text.split_once("Nothing was changed; ") {
                let mut rest = remedy.chars();
                let first = rest.next().into_iter().flat_map(char::to_uppercase);
                failure.text = before.chars().chain(first).chain(rest).collect();
            }
            failure.text = format!("{}. {names} stored{instead}.", failure.text.trim_end_matches('.'));
        }
        failure
    }

    /// All of it has been stored.
    pub fn end(&self) -> Outcome {
        match self.left_out {
            0 => Ok(Status::Fine),
            left_out => {
                let names = words::count(left_out, "name is", "names are");
                Err(Failure::new(Status::NotCarried, format!("{names} left out.")))
            }
        }
    }

    fn add_part(&mut self, part: Incoming, progress: &Progress) -> Outcome<()> {
        progress.count();
        let name = match &part {
            Incoming::Value(name, _) | Incoming::Stored(Item(name, ..)) => name,
        };
        let readable = || match &part {
            Incoming::Value(..) => Ok(()),
            Incoming::Stored(Item(_, stored, _)) => readable::check(stored),
        };
        if let Err(why) = check_name(name).map_err(str::to_owned).and_then(|()| readable()) {
            self.left_out += 1;
            progress.say(&format!("'{}' is left out: {why}.", Printable(name)));
            return Ok(());
        }
        match part {
            Incoming::Value(name, value) => {
                let bytes = encode(&name, &value)?;
                self.add(Put { name, bytes, note: note(&value), expiry: None })
            }
            Incoming::Stored(item) => self.add_stored(item),
        }
    }

    pub fn add(&mut self, put: Put) -> Outcome<()> {
        if !self.names.insert(put.name.clone()) {
            self.flush()?;
            self.names.insert(put.name.clone());
        }
        self.bytes += put.name.len() + put.bytes.len();
        self.batch.push(put);
        if self.bytes >= BATCH || self.batch.len() >= NAMES { self.flush() } else { Ok(()) }
    }

    pub fn flush(&mut self) -> Outcome<()> {
        let puts = self.batch.iter().map(|it| put(&it.name, &it.bytes, it.note, it.expiry));
        let changes: Vec<_> = self.replace.then_some(Change::Clear).into_iter().chain(puts).collect();
        if changes.is_empty() && self.stored > 0 {
            return Ok(());
        }
        file::retry(self.store, |store| store.commit(&changes, None))?;
        drop(changes);
        self.stored += self.batch.len() as u64;
        memory::has_stored(self.stored);
        self.has_replaced |= std::mem::take(&mut self.replace);
        self.batch.clear();
        self.names.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Makes the file, if there was nothing to be stored in it.
    pub fn make_file(&self) -> Outcome<()> {
        if self.stored > 0 || self.has_replaced {
            return Ok(());
        }
        file::retry(self.store, |store| store.lock_writers().map(|hold| store.unlock_writers(hold)))
    }

    /// Sets a name to a value as it was stored, in whatever form.
    pub fn add_stored(&mut self, Item(name, stored, expiry): Item) -> Outcome<()> {
        let expiry = expiry.map(Expiry::at);
        if let Ok(value) = Value::decode(&stored)
            && let Ok(bytes) = encoded(&value)
        {
            let note = note(&value);
            return self.add(Put { name, bytes, note, expiry });
        }
        // It goes on as it is.
        let first = Value::first(&stored).map_err(|why| unreadable(&name, why))?;
        self.add(Put { name: name.clone(), bytes: first.to_vec(), note: None, expiry })?;
        let changes = &stored[first.len()..];
        if changes.is_empty() {
            return Ok(());
        }
        // Objects that were changed in part: the changes follow.
        self.flush()?;
        let mut version = B::Version::default();
        let is_done = file::retry(self.store, |store| {
            store.get(&name, &mut version, &mut Vec::new())?;
            store.append(&name, changes, i64::MIN, Rewrite::Store, &mut version)
        })?;
        match is_done {
            Appended::Done => Ok(()),
            _ => Err(Failure::new(
                Status::NotCarried,
                format!("'{}' was changed by somebody else meanwhile.", Printable(&name)),
            )),
        }
    }
}
