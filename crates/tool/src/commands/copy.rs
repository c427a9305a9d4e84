//! `copy`.

use std::collections::BTreeMap;
use std::time::Instant;

use sync_backend::{Expiry, Peeked, Snapshot, Stored};

use super::export::tell_items;
use super::import::{Importer, Put};
use super::item::Item;
use crate::file::{Readable, Shared, WITHOUT_A_TURN, retry, whole};
use crate::location::{Location, with_store};
use crate::outcome::{Failure, Outcome, Status};
use crate::progress::{Progress, spinner, steps};
use crate::words::count;

/// Sets the names of one store in another one.
pub fn copy(from: &Location, to: &Location, replace: bool) -> Outcome {
    if from.is(to) {
        return Err(Failure::new(Status::Usage, format!("'{from}' and '{to}' are the same store.")));
    }
    let reading = spinner("reading names:");
    let read = from
        .looked_at()
        .and_then(|from| with_store!(from, store => read(&*store, &reading).map(|all| (all, why_left_out(&*store)))));
    reading.end();
    let (all, why) = read?;
    with_store!(to.any()?, store => write(&*store, &all, why, replace))
}

/// All of a store, as of one moment.
struct All {
    snapshot: Snapshot,
    /// In the order of the snapshot.
    notes: Vec<Note>,
    /// Lists with the items of them that are in consumption, in place of what the snapshot has of them, or behind it.
    lists: BTreeMap<Vec<u8>, Item>,
    /// Lists, and how many of such items are left out of them.
    left_out: BTreeMap<Vec<u8>, usize>,
}

/// A part of a value that a snapshot does not have.
#[derive(Clone, Copy, PartialEq)]
struct Note {
    /// The note for the next append.
    note: Option<i64>,
    expiry: Option<Expiry>,
    /// It has expired since the snapshot.
    is_gone: bool,
}

/// Reads a store while others go on. Writers that never pause for long enough wait for that, once.
fn read<B: Readable>(store: &B, progress: &Progress) -> Outcome<All> {
    let start = Instant::now();
    while start.elapsed() < WITHOUT_A_TURN {
        let state = |store: &B| retry(store, |store| Ok((store.state()?, store.enter())));
        let before = state(store)?;
        let (all, versions) = look(store, progress)?;
        if has_stayed(store, &all, versions)? && state(store)? == before {
            return Ok(all);
        }
    }
    let store = store.in_turn()?;
    let hold = retry(&*store, |store| store.lock_writers())?;
    let all = look(&*store, progress);
    store.unlock_writers(hold);
    all.map(|(all, _)| all)
}

/// One look at a store, of which the parts are of different moments where others write; with the versions of the values, in their order.
fn look<B: Readable>(store: &B, progress: &Progress) -> Outcome<(All, Vec<B::Version>)> {
    let mut snapshot = Snapshot::default();
    retry(store, |store| store.fill(&mut snapshot, u64::MAX))?;
    let (mut notes, mut versions) = (Vec::with_capacity(snapshot.len()), Vec::with_capacity(snapshot.len()));
    for name in snapshot.keys() {
        progress.count();
        let mut version = B::Version::default();
        let peeked = retry(store, |store| {
            version = B::Version::default();
            store.peek(name, &mut version, &mut Vec::new())
        })?;
        notes.push(Note {
            note: if let Peeked::Noted(note) = peeked { Some(note) } else { None },
            expiry: B::expiry_of(&version),
            is_gone: matches!(peeked, Peeked::Missing),
        });
        versions.push(version);
    }
    let (mut lists, mut left_out) = (BTreeMap::new(), BTreeMap::new());
    for name in retry(store, |store| store.consumption())?.lists {
        let (bytes, value) = whole(store, &name)?;
        if value.left_out > 0 {
            left_out.insert(name.clone(), value.left_out);
        }
        if value.items > 0 {
            lists.insert(name.clone(), Item(name, bytes, value.expiry.map(Expiry::milliseconds)));
        }
    }
    Ok((All { snapshot, notes, lists, left_out }, versions))
}

/// Whether no value has changed since a look, nor the time at which it expires, which is no change of the store's state.
fn has_stayed<B: Shared>(store: &B, all: &All, versions: Vec<B::Version>) -> Outcome<bool> {
    for ((name, note), mut version) in all.snapshot.keys().zip(&all.notes).zip(versions) {
        let peeked = retry(store, |store| store.peek(name, &mut version, &mut Vec::new()))?;
        let is_same = matches!(peeked, Peeked::Unchanged) || note.is_gone && matches!(peeked, Peeked::Missing);
        if !is_same || B::expiry_of(&version) != note.expiry {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Why items of a store can be left out.
fn why_left_out<B: Readable>(_: &B) -> &'static str {
    B::LEFT_OUT
}

fn write<B: Shared>(store: &B, all: &All, why_left_out: &str, replace: bool) -> Outcome {
    let progress = steps(all.snapshot.len() as u64, "names");
    let mut importer = Importer::new(store, replace);
    let done = write_all(&mut importer, all, &progress);
    let done = done.and_then(|()| importer.flush()).and_then(|()| importer.make_file());
    for (name, items) in &all.left_out {
        tell_items(name, *items, why_left_out, &progress);
    }
    progress.end();
    done.map_err(|failure| importer.told_with(failure))?;
    match all.left_out.values().sum::<usize>() {
        0 => importer.end(),
        items => {
            let items = count(items as u64, "item is", "items are");
            Err(Failure::new(Status::NotCarried, format!("{items} left out.")))
        }
    }
}

fn write_all<B: Shared>(importer: &mut Importer<B>, all: &All, progress: &Progress) -> Outcome<()> {
    let mut lists = all.lists.clone();
    for (index, note) in all.notes.iter().enumerate() {
        progress.count();
        let Some((name, Stored::Bytes(bytes))) = all.snapshot.get(index) else { continue };
        if let Some(item) = lists.remove(name) {
            importer.add_stored(item)?;
        } else if !note.is_gone {
            let Note { note, expiry, .. } = *note;
            importer.add(Put { name: name.to_vec(), bytes: bytes.to_vec(), note, expiry })?;
        }
    }
    // Lists of which there is nothing else.
    lists.into_values().try_for_each(|item| importer.add_stored(item))
}
