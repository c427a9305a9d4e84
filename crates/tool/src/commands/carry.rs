//! `export` and `import`.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write, stdin};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sync_backend::Expiry;
use sync_store::{Appended, Patience, Store, Version};

use super::edit::{encoded, note, put};
use super::look::output;
use crate::file;
use crate::json;
use crate::outcome::{Failure, Outcome, Status};
use crate::progress::{bar, spinner};
use crate::value::{Printable, Value};

/// A commit of an import is of so many bytes, and a few more.
const BATCH: usize = 1 << 20;
/// And of so many names.
const NAMES: usize = 1_000;

/// Writes names and values to standard output.
pub fn export(path: &Path, prefix: &OsStr, msgpack: bool, lock: bool) -> Outcome {
    let store = file::existing(path)?;
    if lock {
        store.retry(|store| store.lock(Patience::default()))?;
    }
    let prefix = prefix.as_bytes();
    let status = if msgpack { export_msgpack(&store, prefix) } else { export_json(&store, prefix) };
    store.unlock();
    status
}

fn export_json(store: &Store, prefix: &[u8]) -> Outcome {
    let (mut out, mut left_out, mut is_first) = (output(), 0u64, true);
    let bar = bar(store.retry(|store| store.len())?, "names");
    out.write_all(b"{")?;
    file::each(store, prefix, |name, bytes| {
        bar.inc(1);
        match plain(name, bytes) {
            Ok((name, value)) => {
                out.write_all(if is_first { b"\n" } else { b",\n" })?;
                is_first = false;
                serde_json::to_writer(&mut out, name).map_err(std::io::Error::from)?;
                out.write_all(b":")?;
                json::write(&value, false, &mut out)?;
            }
            Err(why) => {
                left_out += 1;
                bar.suspend(|| eprintln!("syncctl: '{}' is left out: {why}.", Printable(name)));
            }
        }
        Ok(())
    })?;
    out.write_all(b"\n}\n")?;
    out.flush()?;
    bar.finish_and_clear();
    if left_out == 0 {
        return Ok(Status::Fine);
    }
    Err(Failure::new(
        Status::NotCarried,
        format!("{left_out} left out, for which there is no JSON; --msgpack carries them."),
    ))
}

/// A name and its value, if there is JSON for both.
fn plain<'a>(name: &'a [u8], bytes: &'a [u8]) -> Result<(&'a str, Value<'a>), String> {
    let name = std::str::from_utf8(name).map_err(|_| "its name is not UTF-8".to_owned())?;
    let value = Value::decode(bytes).map_err(|error| format!("it is damaged: {error}"))?;
    match json::obstacle(&value) {
        None => Ok((name, value)),
        Some(why) => Err(format!("it has {why}")),
    }
}

/// A name of `export --msgpack`: an array of three.
#[derive(Serialize, Deserialize)]
struct Item(
    #[serde(with = "bin")] Vec<u8>,
    /// The value as it is stored: its first form, and all changes to it.
    #[serde(with = "bin")]
    Vec<u8>,
    /// When it expires (ms since 1970).
    Option<u64>,
);

/// Bytes as a bin.
mod bin {
    use serde::de::{Deserializer, Visitor};
    use serde::ser::Serializer;
    use std::fmt;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }

            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }

            fn visit_str<E>(self, text: &str) -> Result<Vec<u8>, E> {
                Ok(text.as_bytes().to_vec())
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

fn export_msgpack(store: &Store, prefix: &[u8]) -> Outcome {
    let mut out = output();
    let bar = bar(store.retry(|store| store.len())?, "names");
    file::each(store, prefix, |name, bytes| {
        bar.inc(1);
        let Some(facts) = store.retry(|store| store.facts(name))? else { return Ok(()) };
        let item = Item(name.to_vec(), bytes.to_vec(), facts.expiry.map(Expiry::milliseconds));
        rmp_serde::encode::write(&mut out, &item).map_err(|error| Failure::new(Status::CannotOpen, error.to_string()))
    })?;
    out.flush()?;
    bar.finish_and_clear();
    Ok(Status::Fine)
}

/// A name to be stored.
struct Put {
    name: Vec<u8>,
    value: Vec<u8>,
    note: Option<i64>,
    expiry: Option<Expiry>,
}

/// Names and values on their way in. (Values of one commit are of one moment, and at most some MB.)
struct Importer {
    store: Store,
    batch: Vec<Put>,
    bytes: usize,
    /// The names that are in the batch: those of one commit differ from each other.
    names: HashSet<Vec<u8>>,
}

impl Importer {
    fn add(&mut self, name: Vec<u8>, value: Vec<u8>, note: Option<i64>, expiry: Option<Expiry>) -> Outcome<()> {
        if !self.names.insert(name.clone()) {
            self.flush()?;
            self.names.insert(name.clone());
        }
        self.bytes += name.len() + value.len();
        self.batch.push(Put { name, value, note, expiry });
        if self.bytes >= BATCH || self.batch.len() >= NAMES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Outcome<()> {
        let changes: Vec<_> = self.batch.iter().map(|it| put(&it.name, &it.value, it.note, it.expiry)).collect();
        self.store.retry(|store| store.commit(&changes, None))?;
        self.batch.clear();
        self.names.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Sets a name to a value as it was stored, in whatever form.
    fn add_stored(&mut self, Item(name, stored, expiry): Item) -> Outcome<()> {
        let expiry = expiry.map(Expiry::at);
        let damaged = |why: &str| {
            Failure::new(Status::NotThere, format!("The value of '{}' is damaged: {why}.", Printable(&name)))
        };
        let value = Value::decode(&stored).map_err(|error| damaged(&error.to_string()))?;
        if let Ok(bytes) = encoded(&value) {
            let note = note(&value);
            return self.add(name, bytes, note, expiry);
        }
        let first = Value::first(&stored).map_err(|error| damaged(&error.to_string()))?;
        self.add(name.clone(), first.to_vec(), None, expiry)?;
        self.flush()?;
        let changes = &stored[first.len()..];
        if changes.is_empty() {
            return Ok(());
        }
        // Objects that were changed in part: the changes follow.
        let mut version = Version::default();
        let is_done = self.store.retry(|store| {
            store.get(&name, &mut version, &mut Vec::new())?;
            store.append(&name, changes, i64::MIN, &mut version)
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

/// Reads names and values from standard input.
pub fn import(path: &Path, msgpack: bool, replace: bool) -> Outcome {
    let mut importer = Importer { store: file::any(path), batch: Vec::new(), bytes: 0, names: HashSet::new() };
    if replace {
        importer.store.retry(|store| store.replace(&[]))?;
    }
    let spinner = spinner("names:");
    let input = BufReader::with_capacity(1 << 20, stdin().lock());
    if msgpack {
        let mut input = rmp_serde::Deserializer::new(input);
        loop {
            if input.get_mut().fill_buf()?.is_empty() {
                break;
            }
            let item = Item::deserialize(&mut input).map_err(|error| {
                Failure::new(Status::Usage, format!("The input is not what `export --msgpack` writes: {error}."))
            })?;
            importer.add_stored(item)?;
            spinner.inc(1);
        }
    } else {
        let mut failure = None;
        json::each(input, |name, value| {
            spinner.inc(1);
            let note = note(&value);
            let added = encoded(&value).map_err(|why| Failure::new(Status::Usage, why));
            added.and_then(|bytes| importer.add(name, bytes, note, None)).map_err(|why| {
                let text = why.text.clone();
                failure = Some(why);
                text
            })
        })
        .map_err(|text| failure.take().unwrap_or_else(|| Failure::new(Status::Usage, text)))?;
    }
    importer.flush()?;
    spinner.finish_and_clear();
    Ok(Status::Fine)
}
