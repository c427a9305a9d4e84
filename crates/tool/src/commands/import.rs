//! `import`.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, stdin};
use std::path::Path;

use serde::Deserialize;
use sync_backend::{Appended, Change, Expiry, Rewrite};

use super::edit::{encoded, note, put};
use super::item::Item;
use crate::file::{self, Shared};
use crate::members::Members;
use crate::outcome::{Failure, Outcome, Status};
use crate::output::widen;
use crate::printable::Printable;
use crate::progress::{Progress, spinner};
use crate::value::Value;

/// A commit is of so many bytes, and those of one more name.
const BATCH: usize = 1 << 20;
/// And of so many names.
const NAMES: usize = 1_000;

/// Reads names and values from standard input.
pub fn import(path: &Path, msgpack: bool, replace: bool) -> Outcome {
    let progress = spinner("names:");
    let store = file::any(path);
    widen(rustix::stdio::stdin());
    let mut importer = Importer { store: &store, batch: Vec::new(), bytes: 0, names: HashSet::new(), replace };
    let done = if msgpack { import_msgpack(&mut importer, &progress) } else { import_json(&mut importer, &progress) };
    progress.end();
    done?;
    importer.flush()?;
    Ok(Status::Fine)
}

fn import_json<B: Shared>(importer: &mut Importer<B>, progress: &Progress) -> Outcome<()> {
    let mut members = Members::new(stdin().lock());
    let usage = |why: String| Failure::new(Status::Usage, why);
    while let Some((name, value)) = members.next().map_err(usage)? {
        let bytes = encoded(&value).map_err(|why| usage(format!("'{}' can't be stored: {why}.", Printable(&name))))?;
        importer.add(Put { name, bytes, note: note(&value), expiry: None })?;
        progress.count();
    }
    Ok(())
}

fn import_msgpack<B: Shared>(importer: &mut Importer<B>, progress: &Progress) -> Outcome<()> {
    let mut input = rmp_serde::Deserializer::new(BufReader::with_capacity(1 << 20, stdin().lock()));
    while !input.get_mut().fill_buf()?.is_empty() {
        let item = Item::deserialize(&mut input).map_err(|error| {
            Failure::new(Status::Usage, format!("The input is not what `export --msgpack` writes: {error}."))
        })?;
        importer.add_stored(item)?;
        progress.count();
    }
    Ok(())
}

/// A name to be stored.
struct Put {
    name: Vec<u8>,
    bytes: Vec<u8>,
    note: Option<i64>,
    expiry: Option<Expiry>,
}

/// Names and values on their way in. (Values of one commit are of one moment, and at most some MB.)
struct Importer<'s, B> {
    store: &'s B,
    batch: Vec<Put>,
    bytes: usize,
    /// The names that are in the batch: those of one commit differ from each other.
    names: HashSet<Vec<u8>>,
    /// The next commit is the first one, and removes everything before.
    replace: bool,
}

impl<B: Shared> Importer<'_, B> {
    fn add(&mut self, put: Put) -> Outcome<()> {
        if !self.names.insert(put.name.clone()) {
            self.flush()?;
            self.names.insert(put.name.clone());
        }
        self.bytes += put.name.len() + put.bytes.len();
        self.batch.push(put);
        if self.bytes >= BATCH || self.batch.len() >= NAMES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Outcome<()> {
        let puts = self.batch.iter().map(|it| put(&it.name, &it.bytes, it.note, it.expiry));
        let changes: Vec<_> = self.replace.then_some(Change::Clear).into_iter().chain(puts).collect();
        file::retry(self.store, |store| store.commit(&changes, None))?;
        drop(changes);
        self.replace = false;
        self.batch.clear();
        self.names.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Sets a name to a value as it was stored, in whatever form.
    fn add_stored(&mut self, Item(name, stored, expiry): Item) -> Outcome<()> {
        let expiry = expiry.map(Expiry::at);
        let damaged =
            |why| Failure::new(Status::Usage, format!("The value of '{}' is damaged: {why}.", Printable(&name)));
        let value = Value::decode(&stored).map_err(damaged)?;
        if let Ok(bytes) = encoded(&value) {
            let note = note(&value);
            return self.add(Put { name, bytes, note, expiry });
        }
        let first = Value::first(&stored).map_err(damaged)?;
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
