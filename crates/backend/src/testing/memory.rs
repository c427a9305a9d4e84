//! A store in the memory of one thread: the simplest one that keeps the promises of [`Backend`].

use std::cell::{Cell, RefCell, RefMut};
use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::failure::{ADDRESS, MemoryError};
use super::locks::Locks;
use super::split::{Split, split};
use super::waiting::{MemoryNotes, MemoryWatch};
use super::{Fixture, fiber};
use crate::list::{self, Item as First, Kind};
use crate::number::number_of;
use crate::{
    Appended, Backend, Change, Consumer, Entry, Expiry, Facts, Found, Held, HeldLock, LockName, Now, Occupied,
    Patience, Peeked, Rewrite, Room, Selection, Shifted, Since, Snapshot, Standing, Stats, Taken, Taking, Unread,
    Waiting, Wanted, list_note,
};

/// The number of pieces that a value may have before it is written as a whole.
const PIECES: usize = 4;
/// The number of bytes from which on the store rewrites a value even if the caller had offered to.
const LONG: usize = 1 << 20;

/// A place for one store.
#[derive(Default)]
pub struct MemoryPlace(Rc<Shared>);

#[derive(Default)]
struct Shared {
    content: RefCell<Content>,
    hold: Cell<Option<Hold>>,
    handles: Cell<u64>,
    tickets: Cell<u64>,
    locks: RefCell<Locks>,
    items: RefCell<Vec<Kept>>,
}

/// An item in consumption.
struct Kept {
    token: u64,
    handle: u64,
    list: Vec<u8>,
    key: Option<Vec<u8>>,
    element: Vec<u8>,
    /// When the list was to expire.
    expiry: Option<Expiry>,
}

/// A handle on the store of a [`MemoryPlace`].
pub struct Memory {
    shared: Rc<Shared>,
    handle: u64,
    aside: Cell<bool>,
    pub(super) notes: MemoryNotes,
}

/// The version of a value: the store's life, its last change, the value's own number (0: none), and when it expires.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryVersion {
    pub(super) life: u64,
    pub(super) commit: u64,
    pub(super) value: u64,
    expiry: Option<Expiry>,
}

impl MemoryVersion {
    fn has_expired(&self) -> bool {
        has_come(self.expiry)
    }
}

fn has_come(expiry: Option<Expiry>) -> bool {
    expiry.is_some_and(|expiry| expiry.has_come(Now::read()))
}

#[derive(Default)]
pub struct Content {
    /// The number of times that the store was destroyed, counted from 1 if it exists.
    life: u64,
    exists: bool,
    /// Grows with each change.
    commit: u64,
    /// The commit of the last change of a value; and of that of each key, removals included.
    changed: u64,
    changes: HashMap<Vec<u8>, u64>,
    /// Keys that were changed since a handle looked here last.
    touched: Vec<Vec<u8>>,
    items: Vec<Item>,
    /// The highest number that has been a name since everything was replaced.
    highest: Option<i64>,
}

/// A key and its value: a whole one, and the pieces appended to it.
struct Item {
    key: Vec<u8>,
    /// The commit that brought the key.
    place: u64,
    pieces: Vec<Piece>,
    expiry: Option<Expiry>,
}

struct Piece {
    /// The commit that made it, which no other one has.
    made: u64,
    bytes: Vec<u8>,
    note: Option<i64>,
}

#[derive(Clone, Copy)]
struct Hold {
    handle: u64,
    ticket: u64,
    /// `lock()` was called.
    locked: Option<Patience>,
    /// The number of holds on writers, and of `enter_lock`s, and the fiber of each; the token of these.
    writers: u32,
    writers_in: usize,
    entered: u32,
    entered_in: usize,
    token: Option<u64>,
}

/// A hold on writers.
pub struct MemoryWriterHold {
    handle: u64,
    ticket: u64,
}

/// The notes of a waiter: the lock it waits for, and since when.
#[derive(Default)]
pub struct MemoryWaiter(Option<(u64, Instant)>);

impl Waiting for MemoryWaiter {
    fn left(&mut self, held: &Held) -> Option<Duration> {
        let known = self.0.filter(|(ticket, _)| *ticket == held.ticket);
        let (_, since) = *self.0.insert(known.unwrap_or_else(|| (held.ticket, Instant::now())));
        let left = held.patience.timeout.map_or(Duration::MAX, |timeout| timeout.saturating_sub(since.elapsed()));
        (!left.is_zero()).then_some(left)
    }
}

impl Fixture for MemoryPlace {
    type Store = Memory;

    fn new() -> Self {
        Self::default()
    }

    fn handle(&self) -> Memory {
        Memory::on(&self.0)
    }
}

impl Item {
    fn length(&self) -> usize {
        self.pieces.iter().map(|piece| piece.bytes.len()).sum()
    }

    fn newest(&self) -> &Piece {
        self.pieces.last().expect("a value has a piece")
    }

    /// The bytes that were appended after a piece.
    fn after(&self, made: u64) -> Option<Vec<u8>> {
        let at = self.pieces.iter().position(|piece| piece.made == made)?;
        Some(self.pieces[at + 1..].iter().flat_map(|piece| piece.bytes.iter().copied()).collect())
    }

    fn bytes(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|piece| piece.bytes.iter().copied()).collect()
    }
}

impl Content {
    /// Removes the values that have expired: before anything is looked at.
    fn clean(&mut self) {
        self.items.retain(|item| !has_come(item.expiry));
    }

    fn find(&self, key: &[u8]) -> Option<&Item> {
        self.items.iter().find(|item| item.key == key)
    }

    /// Begins a change, which makes the store.
    fn change(&mut self) -> u64 {
        if !self.exists {
            self.exists = true;
            self.life += 1;
        }
        self.commit += 1;
        self.commit
    }

    /// Begins a change of the value of a key.
    fn change_value(&mut self, key: &[u8]) -> u64 {
        self.changed = self.change();
        self.touched.push(key.to_vec());
        self.changes.insert(key.to_vec(), self.changed);
        self.changed
    }

    /// Takes a key out.
    fn remove(&mut self, at: usize) {
        let key = self.items.remove(at).key;
        self.change_value(&key);
    }

    /// The number of its life, 0 if it does not exist.
    pub fn life(&self) -> u64 {
        if self.exists { self.life } else { 0 }
    }

    /// See [`Backend::state`].
    pub fn state(&self) -> u64 {
        if self.exists { self.changed.max(1) } else { 0 }
    }

    /// The version of a key.
    pub fn version_of(&self, key: &[u8]) -> MemoryVersion {
        let value = self.find(key).map_or(0, |item| item.newest().made);
        let expiry = self.find(key).and_then(|item| item.expiry);
        MemoryVersion { life: self.life(), commit: self.commit, value, expiry }
    }

    /// The commit that changed a key last. (A touch is no change.)
    pub fn changed_at(&self, key: &[u8]) -> u64 {
        self.changes.get(key).copied().unwrap_or(0)
    }

    pub fn version(&self, value: u64, expiry: Option<Expiry>) -> MemoryVersion {
        MemoryVersion { life: self.life, commit: self.commit, value, expiry }
    }

    fn put(&mut self, key: &[u8], bytes: Vec<u8>, expiry: Option<Expiry>) -> MemoryVersion {
        let made = self.change_value(key);
        self.highest = self.highest.max(number_of(key));
        let pieces = vec![Piece { made, bytes, note: None }];
        match self.items.iter_mut().find(|item| item.key == key) {
            Some(item) => (item.pieces, item.expiry) = (pieces, expiry),
            None => self.items.push(Item { key: key.to_vec(), place: made, pieces, expiry }),
        }
        self.version(made, expiry)
    }

    /// The item of a key, if the version stands for its newest value.
    fn unchanged(&mut self, key: &[u8], version: &MemoryVersion) -> Option<&mut Item> {
        let known = *version;
        let item = self.items.iter_mut().find(|item| item.key == key)?;
        (known.life == self.life && item.newest().made == known.value).then_some(item)
    }

    /// Appends to a value that is there, and writes it as a whole where it has too many pieces.
    fn append(&mut self, key: &[u8], bytes: &[u8], note: i64) {
        let made = self.change_value(key);
        let item = self.items.iter_mut().find(|item| item.key == key).expect("it was there");
        let piece = Piece { made, bytes: bytes.to_vec(), note: Some(note) };
        if item.pieces.len() > PIECES {
            let bytes = [item.bytes(), piece.bytes].concat();
            item.pieces = vec![Piece { bytes, ..piece }];
        } else {
            item.pieces.push(piece);
        }
    }

    /// Puts an item at the head of its list. False: something else is there.
    fn give_back(&mut self, item: &Kept) -> bool {
        let first = First { key: item.key.as_deref(), element: &item.element };
        let patch = list::put_first(first).expect("there is memory");
        let is_plain = first.key.is_none() && list::refers(first.element) == Some(false);
        let new = match is_plain {
            true => [list::Head::of_list(1).bytes(), first.element].concat(),
            false => [&list::empty_list()[..], &patch].concat(),
        };
        let Some(bytes) = self.find(&item.list).map(Item::bytes) else {
            if !has_come(item.expiry) {
                self.put(&item.list, new, item.expiry);
                self.note(&item.list, if first.key.is_some() { i64::MIN } else { list_note(1) });
            }
            return true;
        };
        let expiry = self.find(&item.list).and_then(|item| item.expiry);
        let length = split(&bytes).map(|split| split.length + u64::from(split.first.is_some()));
        match (list::kind(&bytes), length) {
            (Kind::Other, _) => return false,
            (Kind::Null, _) => drop(self.put(&item.list, new, expiry)),
            (_, Some(length)) if is_plain => {
                let all = list::unshift(&bytes, 0, (first.element, 1)).expect("it can be taken apart");
                self.put(&item.list, all, expiry);
                self.note(&item.list, list_note(length + 1));
            }
            (_, length) => {
                let length = length.filter(|_| first.key.is_none());
                self.append(&item.list, &patch, length.map_or(i64::MIN, |length| list_note(length + 1)));
            }
        }
        true
    }

    fn note(&mut self, key: &[u8], note: i64) {
        let item = self.items.iter_mut().find(|item| item.key == key).expect("it was just put");
        item.pieces.last_mut().expect("a value has a piece").note = Some(note);
    }

    fn next_number(&self, least: i64) -> Option<i64> {
        match self.highest {
            None => Some(0),
            Some(i64::MAX) => self.find(i64::MAX.to_string().as_bytes()).is_none().then_some(i64::MAX),
            Some(highest) => Some((highest + 1).max(least)),
        }
    }
}

impl Memory {
    fn on(shared: &Rc<Shared>) -> Self {
        let handle = shared.handles.get() + 1;
        shared.handles.set(handle);
        Self { shared: shared.clone(), handle, aside: Cell::new(false), notes: MemoryNotes::default() }
    }

    fn check(&self, reading: bool) -> Result<(), MemoryError> {
        let Some(hold) = self.shared.hold.get() else { return Ok(()) };
        let is_free = if hold.handle == self.handle {
            reading || hold.writers == 0 || hold.writers_in == fiber()
        } else {
            reading && !hold.is_locked()
        };
        if is_free { Ok(()) } else { Err(hold.failure(reading)) }
    }

    /// The content, for a read.
    pub(super) fn read(&self) -> Result<std::cell::Ref<'_, Content>, MemoryError> {
        self.check(true)?;
        self.shared.content.borrow_mut().clean();
        let content = self.shared.content.borrow();
        self.notes.begin(&content);
        Ok(content)
    }

    /// The content, for a change.
    fn write(&self) -> Result<Writing<'_>, MemoryError> {
        self.check(false)?;
        let mut content = self.shared.content.borrow_mut();
        content.clean();
        self.notes.begin(&content);
        Ok(Writing { before: (content.life(), content.state()), notes: &self.notes, content })
    }

    fn my_hold(&self) -> Option<Hold> {
        self.shared.hold.get().filter(|hold| hold.handle == self.handle)
    }

    /// Holds as before, or anew.
    fn hold(&self) -> Hold {
        self.my_hold().unwrap_or_else(|| {
            self.shared.tickets.set(self.shared.tickets.get() + 1);
            Hold {
                handle: self.handle,
                ticket: self.shared.tickets.get(),
                locked: None,
                writers: 0,
                writers_in: 0,
                entered: 0,
                entered_in: 0,
                token: None,
            }
        })
    }

    fn keep(&self, hold: Hold) {
        self.shared.hold.set((hold.is_locked() || hold.writers > 0).then_some(hold));
    }
}

impl Hold {
    fn is_locked(&self) -> bool {
        self.locked.is_some() || self.entered > 0
    }

    /// Whether another fiber is between `enter_lock` and `leave_lock`.
    fn is_entered_elsewhere(&self) -> bool {
        self.entered > 0 && self.entered_in != fiber()
    }

    /// The failure of one that it keeps out.
    fn failure(&self, reading: bool) -> MemoryError {
        MemoryError::Held(Held {
            patience: self.locked.unwrap_or_default(),
            same_thread: true,
            change: !self.is_locked(),
            holder: None,
            reading,
            ticket: self.ticket,
        })
    }
}

/// The content while a handle changes it.
struct Writing<'m> {
    content: RefMut<'m, Content>,
    notes: &'m MemoryNotes,
    /// The life and the state before.
    before: (u64, u64),
}

impl Deref for Writing<'_> {
    type Target = Content;

    fn deref(&self) -> &Content {
        &self.content
    }
}

impl DerefMut for Writing<'_> {
    fn deref_mut(&mut self) -> &mut Content {
        &mut self.content
    }
}

impl Drop for Writing<'_> {
    /// Own changes are seen.
    fn drop(&mut self) {
        for key in std::mem::take(&mut self.content.touched) {
            self.notes.see(&key, self.content.version_of(&key));
        }
        self.notes.follow(self.before, &self.content);
    }
}

impl Memory {
    /// Takes the first element off a list; one with objects only `with_objects`.
    fn take_off(
        &self,
        key: &[u8],
        version: &mut MemoryVersion,
        out: &mut impl Room<u8>,
        with_objects: bool,
    ) -> Result<Shifted, MemoryError> {
        let mut content = self.write()?;
        let Some(item) = content.find(key) else { return Ok(Shifted::Nothing) };
        let Some(Split { first, rest, length }) = split(&item.bytes()) else { return Ok(Shifted::Whole) };
        let Some(first) = first else { return Ok(Shifted::Nothing) };
        if !with_objects && list::has_objects(&first) {
            return Ok(Shifted::Objects);
        }
        fill(out, &first)?;
        let made = content.change_value(key);
        let item = content.items.iter_mut().find(|item| item.key == key).expect("it was there");
        item.pieces = vec![Piece { made, bytes: rest, note: Some(list_note(length)) }];
        let expiry = item.expiry;
        *version = content.version(made, expiry);
        Ok(Shifted::Element(length))
    }

    /// Keeps an item for this handle; its token.
    fn keep_item(&self, list: &[u8], first: First, expiry: Option<Expiry>) -> u64 {
        let token = self.shared.locks.borrow_mut().token();
        let (list, key, element) = (list.to_vec(), first.key.map(<[u8]>::to_vec), first.element.to_vec());
        self.shared.items.borrow_mut().push(Kept { token, handle: self.handle, list, key, element, expiry });
        token
    }

    fn consumers(&self) -> Vec<Consumer> {
        let items = self.shared.items.borrow();
        let kept = items.iter().filter(|item| item.handle != NOBODY);
        kept.map(|item| Consumer { name: item.list.clone(), pid: None }).collect()
    }

    /// Lets the items go back that have been given up, the last one first, unless somebody else holds the store.
    fn give_items_back(&self) {
        let Ok(mut content) = self.write() else { return };
        let mut items = self.shared.items.borrow_mut();
        for at in (0..items.len()).rev() {
            if items[at].handle == NOBODY && content.give_back(&items[at]) {
                items.remove(at);
            }
        }
    }
}

/// The handle of items that were given up.
const NOBODY: u64 = 0;

impl Drop for Memory {
    fn drop(&mut self) {
        let its = |item: &&mut Kept| item.handle == self.handle;
        self.shared.items.borrow_mut().iter_mut().filter(its).for_each(|item| item.handle = NOBODY);
        self.give_items_back();
        self.shared.locks.borrow_mut().end(self.handle);
        if self.my_hold().is_some() {
            self.shared.hold.set(None);
        }
    }
}

fn fill(out: &mut impl Room<u8>, bytes: &[u8]) -> Result<(), MemoryError> {
    let wanted = bytes.len() as u64;
    if !out.has_room(wanted) {
        out.clear();
    }
    if !out.has_room(wanted) {
        return Err(MemoryError::NoRoom(wanted));
    }
    out.clear();
    if out.extend(bytes) { Ok(()) } else { Err(MemoryError::NoRoom(wanted)) }
}

impl Backend for Memory {
    type Version = MemoryVersion;
    type WriterHold = MemoryWriterHold;
    type Waiter = MemoryWaiter;
    type Watch = MemoryWatch;
    type Error = MemoryError;

    const OPENINGS: u64 = 0;

    fn address(&self) -> &[u8] {
        ADDRESS
    }

    fn another(&self) -> Self {
        Self::on(&self.shared)
    }

    fn is_current(&self, version: &MemoryVersion) -> bool {
        let content = self.shared.content.borrow();
        !self.aside.get()
            && self.check(true).is_ok()
            && content.exists
            && *version == content.version(version.value, version.expiry)
            && !version.has_expired()
    }

    fn confirm(&self, version: &mut MemoryVersion) -> bool {
        let content = self.shared.content.borrow();
        let is_newest = !self.aside.get()
            && self.check(true).is_ok()
            && content.exists
            && version.life == content.life
            && content.items.iter().any(|item| item.newest().made == version.value)
            && !version.has_expired();
        if is_newest {
            *version = content.version(version.value, version.expiry);
        }
        is_newest
    }

    fn opening(&self) -> u64 {
        let content = self.shared.content.borrow();
        if content.exists && !self.aside.get() { content.life } else { 0 }
    }

    fn enter(&self) -> u64 {
        self.opening()
    }

    fn opening_of(version: &MemoryVersion) -> u64 {
        version.life
    }

    fn record_of(version: &MemoryVersion) -> u64 {
        version.value
    }

    fn expiry_of(version: &MemoryVersion) -> Option<Expiry> {
        version.expiry
    }

    fn version_of(opening: u64, record: u64, expiry: Option<Expiry>) -> MemoryVersion {
        MemoryVersion { life: opening, commit: 0, value: record, expiry }
    }

    fn step_aside(&self, aside: bool) {
        self.aside.set(aside);
    }

    fn no_room(&self, bytes: u64) -> MemoryError {
        MemoryError::NoRoom(bytes)
    }

    fn no_memory(&self, bytes: u64) -> MemoryError {
        MemoryError::NoMemory(bytes)
    }

    fn get_short(
        &self,
        key: &[u8],
        limit: u64,
        version: &mut MemoryVersion,
        out: &mut impl Room<u8>,
    ) -> Result<Found, MemoryError> {
        let content = self.read()?;
        self.notes.see(key, content.version_of(key));
        let Some(item) = content.find(key) else {
            *version = if content.exists { content.version(0, None) } else { MemoryVersion::default() };
            return Ok(Found::Missing);
        };
        let made = item.newest().made;
        let after = if version.life == content.life { item.after(version.value) } else { None };
        let found = match after {
            // (Something may have been appended that has no bytes.)
            Some(_) if version.value == made => Found::Unchanged,
            Some(bytes) => {
                fill(out, &bytes)?;
                Found::Appended
            }
            None => match &item.pieces[..] {
                [whole] if whole.bytes.len() as u64 >= limit => {
                    fill(out, &whole.bytes[..whole.bytes.len().min(16)])?;
                    let place = [content.life, made, 0, 0];
                    Found::Long(Box::new(Unread { length: whole.bytes.len() as u64, place }))
                }
                _ => {
                    fill(out, &item.bytes())?;
                    Found::Value
                }
            },
        };
        *version = content.version(made, item.expiry);
        Ok(found)
    }

    fn read_unread(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> Result<bool, MemoryError> {
        let content = self.read()?;
        let [life, made, ..] = value.place;
        let bytes = (content.items.iter())
            .find(|item| life == content.life && item.newest().made == made)
            .and_then(|item| item.bytes().get(from as usize..from as usize + target.len()).map(<[u8]>::to_vec));
        let Some(bytes) = bytes else { return Ok(false) };
        for (place, byte) in target.iter_mut().zip(bytes) {
            place.write(byte);
        }
        Ok(true)
    }

    fn peek(&self, key: &[u8], version: &mut MemoryVersion, start: &mut impl Room<u8>) -> Result<Peeked, MemoryError> {
        let content = self.read()?;
        self.notes.see(key, content.version_of(key));
        let Some(item) = content.find(key) else {
            *version = if content.exists { content.version(0, None) } else { MemoryVersion::default() };
            return Ok(Peeked::Missing);
        };
        let newest = item.newest();
        let unchanged = version.life == content.life && version.value == newest.made;
        let peeked = match newest.note {
            _ if unchanged => Peeked::Unchanged,
            Some(note) => Peeked::Noted(note),
            None => {
                fill(start, &newest.bytes[..newest.bytes.len().min(16)])?;
                Peeked::Whole
            }
        };
        *version = content.version(newest.made, item.expiry);
        Ok(peeked)
    }

    fn len(&self) -> Result<u64, MemoryError> {
        Ok(self.read()?.items.len() as u64)
    }

    fn facts(&self, key: &[u8]) -> Result<Option<Facts>, MemoryError> {
        let content = self.read()?;
        let item = content.find(key);
        Ok(item.map(|item| Facts {
            place: item.place,
            bytes: item.length() as u64,
            pieces: item.pieces.len() as u64,
            whole: item.pieces.len() == 1,
            expiry: item.expiry,
        }))
    }

    fn select<B: Room<u8>, E: Room<Entry>>(
        &self,
        selection: &Selection,
        snapshot: &mut Snapshot<B, E>,
        limit: u64,
    ) -> Result<(), MemoryError> {
        snapshot.begin(limit);
        let content = self.read()?;
        let selected = |item: &&Item| match *selection {
            Selection::All => true,
            Selection::Keys(keys) => keys.contains(&&item.key[..]),
            Selection::Page { prefix, after, .. } => {
                item.key.starts_with(prefix) && after.is_none_or(|after| item.place > after)
            }
        };
        let most = if let Selection::Page { limit, .. } = *selection { limit as usize } else { usize::MAX };
        for item in content.items.iter().filter(selected).take(most) {
            let order = item.place;
            let key = (item.key.len() as u64, |out: &mut B| out.extend(&item.key).then_some(()));
            let length = item.length() as u64;
            let added = if length >= limit && item.pieces.len() == 1 {
                let place = [content.life, item.newest().made, 0, 0];
                snapshot.add_left(order, key, Unread { length, place })
            } else {
                let bytes = item.bytes();
                snapshot.add(order, key, (length, |out: &mut B| out.extend(&bytes).then_some(())))
            };
            added.ok_or(MemoryError::NoRoom(length))?;
        }
        snapshot.sort();
        match selection {
            Selection::All => self.notes.see_whole(&content),
            Selection::Keys(keys) => keys.iter().for_each(|key| self.notes.see(key, content.version_of(key))),
            Selection::Page { .. } => {}
        }
        if snapshot.fits() { Ok(()) } else { Err(MemoryError::NoRoom(snapshot.wanted().0)) }
    }

    fn put_parts(&self, key: &[u8], head: &[u8], body: &[u8], version: &mut MemoryVersion) -> Result<(), MemoryError> {
        *version = self.write()?.put(key, [head, body].concat(), None);
        Ok(())
    }

    fn put_first(&self, key: &[u8], value: &[u8], note: i64, version: &mut MemoryVersion) -> Result<bool, MemoryError> {
        let mut content = self.write()?;
        if content.find(key).is_some() {
            return Ok(false);
        }
        *version = content.put(key, value.to_vec(), None);
        content.items.last_mut().expect("it was just stored").pieces[0].note = Some(note);
        Ok(true)
    }

    fn put_if_unchanged(&self, key: &[u8], value: &[u8], version: &mut MemoryVersion) -> Result<bool, MemoryError> {
        let mut content = self.write()?;
        let Some(item) = content.unchanged(key, version) else { return Ok(false) };
        let expiry = item.expiry;
        *version = content.put(key, value.to_vec(), expiry);
        Ok(true)
    }

    fn put_until(
        &self,
        key: &[u8],
        (head, body): (&[u8], &[u8]),
        expiry: Option<Expiry>,
        version: &mut MemoryVersion,
    ) -> Result<(), MemoryError> {
        if has_come(expiry) {
            *version = MemoryVersion::default();
            return self.remove(key).map(drop);
        }
        *version = self.write()?.put(key, [head, body].concat(), expiry);
        Ok(())
    }

    fn add(
        &self,
        key: &[u8],
        parts: (&[u8], &[u8]),
        expiry: Option<Expiry>,
        version: &mut MemoryVersion,
    ) -> Result<bool, MemoryError> {
        if self.write()?.find(key).is_some() {
            return Ok(false);
        }
        self.put_until(key, parts, expiry, version).map(|()| true)
    }

    fn touch(&self, key: &[u8], expiry: Option<Expiry>, version: &mut MemoryVersion) -> Result<bool, MemoryError> {
        let mut content = self.write()?;
        if content.find(key).is_none() {
            return Ok(false);
        }
        let is_known = content.unchanged(key, version).is_some();
        let made = content.change();
        let item = content.items.iter_mut().find(|item| item.key == key).expect("it was there");
        item.expiry = expiry;
        item.pieces.last_mut().expect("a value has a piece").made = made;
        if is_known {
            *version = content.version(made, expiry);
        }
        Ok(true)
    }

    fn append(
        &self,
        key: &[u8],
        bytes: &[u8],
        note: i64,
        rewrite: Rewrite,
        version: &mut MemoryVersion,
    ) -> Result<Appended, MemoryError> {
        let mut content = self.write()?;
        let Some(item) = content.unchanged(key, version) else { return Ok(Appended::Changed) };
        let full = item.pieces.len() > PIECES;
        let short = item.length() < LONG;
        if full && (rewrite == Rewrite::Caller || rewrite == Rewrite::CallerIfShort && short) {
            return Ok(Appended::Full);
        }
        content.append(key, bytes, note);
        let expiry = content.find(key).and_then(|item| item.expiry);
        *version = content.version(content.commit, expiry);
        Ok(Appended::Done)
    }

    fn shift(&self, key: &[u8], version: &mut MemoryVersion, out: &mut impl Room<u8>) -> Result<Shifted, MemoryError> {
        self.take_off(key, version, out, false)
    }

    fn take(&self, key: &[u8], out: &mut impl Room<u8>) -> Result<Taken, MemoryError> {
        self.write()?;
        self.give_items_back();
        let mut version = MemoryVersion::default();
        Ok(match self.take_off(key, &mut version, out, true)? {
            Shifted::Nothing => Taken::Nothing,
            Shifted::Whole | Shifted::Objects => Taken::Whole,
            Shifted::Element(_) => {
                let first = First { key: None, element: out.items() };
                Taken::Item(self.keep_item(key, first, version.expiry))
            }
        })
    }

    fn take_read(
        &self,
        key: &[u8],
        first: First,
        rest: (&[u8], &[u8]),
        version: &mut MemoryVersion,
    ) -> Result<Option<u64>, MemoryError> {
        if !self.put_if_unchanged(key, &[rest.0, rest.1].concat(), version)? {
            return Ok(None);
        }
        Ok(Some(self.keep_item(key, first, version.expiry)))
    }

    fn finish(&self, item: u64) -> Result<bool, MemoryError> {
        let is_its = |kept: &Kept| kept.token == item && kept.handle == self.handle;
        if !self.shared.items.borrow().iter().any(is_its) {
            return Ok(false);
        }
        self.write()?.change();
        self.shared.items.borrow_mut().retain(|kept| !is_its(kept));
        Ok(true)
    }

    fn give_back(&self, item: u64) {
        let is_its = |kept: &&mut Kept| kept.token == item && kept.handle == self.handle;
        if let Some(kept) = self.shared.items.borrow_mut().iter_mut().find(is_its) {
            kept.handle = NOBODY;
        }
        self.give_items_back();
    }

    fn put_next(
        &self,
        head: &[u8],
        body: &[u8],
        least: i64,
        version: &mut MemoryVersion,
    ) -> Result<Option<i64>, MemoryError> {
        let mut content = self.write()?;
        let Some(number) = content.next_number(least) else { return Ok(None) };
        *version = content.put(number.to_string().as_bytes(), [head, body].concat(), None);
        Ok(Some(number))
    }

    fn next_number(&self, least: i64) -> Result<Option<i64>, MemoryError> {
        Ok(self.write()?.next_number(least))
    }

    fn remove(&self, key: &[u8]) -> Result<bool, MemoryError> {
        let mut content = self.write()?;
        let Some(at) = content.items.iter().position(|item| item.key == key) else { return Ok(false) };
        content.remove(at);
        Ok(true)
    }

    fn replace(&self, entries: &[(&[u8], &[u8])]) -> Result<(), MemoryError> {
        let mut content = self.write()?;
        content.change();
        while !content.items.is_empty() {
            content.remove(0);
        }
        content.highest = None;
        self.shared.items.borrow_mut().clear();
        for (key, value) in entries {
            content.put(key, value.to_vec(), None);
        }
        content.changed = content.commit;
        self.notes.see_whole(&content);
        Ok(())
    }

    fn commit(
        &self,
        changes: &[Change<'_, MemoryVersion>],
        hold: Option<&MemoryWriterHold>,
    ) -> Result<bool, MemoryError> {
        let mut content = self.write()?;
        if hold.is_some_and(|hold| self.standing(hold) != Standing::Kept) {
            return Ok(false);
        }
        let are_unchanged = changes.iter().all(|change| match change {
            Change::Append { key, version, .. } => content.unchanged(key, version).is_some(),
            Change::Clear | Change::Put { .. } | Change::Remove { .. } => true,
        });
        if !are_unchanged {
            return Ok(false);
        }
        for change in changes {
            match *change {
                Change::Clear => {
                    content.change();
                    content.items.clear();
                    content.highest = None;
                    self.shared.items.borrow_mut().clear();
                }
                Change::Put { key, head, body, note, expiry, anew } if !has_come(expiry) => {
                    if anew {
                        content.items.retain(|item| item.key != key);
                    }
                    content.put(key, [head, body].concat(), expiry);
                    if let Some(item) = content.items.iter_mut().find(|item| item.key == key) {
                        item.pieces[0].note = note;
                    }
                }
                Change::Append { key, bytes, note, .. } => content.append(key, bytes, note),
                Change::Put { key, .. } | Change::Remove { key } => {
                    if let Some(at) = content.items.iter().position(|item| item.key == key) {
                        content.remove(at);
                    }
                }
            }
        }
        Ok(true)
    }

    fn destroy(&self) -> Result<(), MemoryError> {
        let mut content = self.write()?;
        let Content { life, commit, .. } = *content;
        *content = Content { life, commit, ..Content::default() };
        self.notes.clear();
        self.shared.hold.set(None);
        self.shared.locks.borrow_mut().forget_all();
        self.shared.items.borrow_mut().clear();
        Ok(())
    }

    fn lock(&self, patience: Patience) -> Result<(), MemoryError> {
        self.write()?.change();
        self.keep(Hold { locked: Some(patience), ..self.hold() });
        Ok(())
    }

    fn unlock(&self) {
        if let Some(hold) = self.my_hold() {
            self.keep(Hold { locked: None, entered: 0, token: None, ..hold });
        }
    }

    fn enter_lock(&self) -> Result<u64, MemoryError> {
        self.write()?.change();
        let hold = self.hold();
        if hold.is_entered_elsewhere() {
            return Err(hold.failure(false));
        }
        let token = hold.token.unwrap_or_else(|| self.shared.locks.borrow_mut().token());
        self.keep(Hold { entered: hold.entered + 1, entered_in: fiber(), token: Some(token), ..hold });
        Ok(token)
    }

    fn leave_lock(&self) -> bool {
        let Some(hold) = self.my_hold().filter(|hold| hold.entered > 0 && !hold.is_entered_elsewhere()) else {
            return false;
        };
        let token = hold.token.filter(|_| hold.entered > 1 || hold.locked.is_some());
        self.keep(Hold { entered: hold.entered - 1, token, ..hold });
        true
    }

    fn entered_lock(&self) -> Option<(u64, u32)> {
        let hold = self.my_hold().filter(|hold| hold.entered > 0 && !hold.is_entered_elsewhere())?;
        Some((hold.token?, hold.entered))
    }

    fn keeps_others_out(&self) -> bool {
        self.my_hold().is_some()
    }

    fn take_lock(&self, lock: LockName, wait: bool) -> Result<Taking, MemoryError> {
        Ok(self.shared.locks.borrow_mut().take(lock, self.handle, wait))
    }

    fn release_lock(&self, lock: LockName) -> bool {
        self.shared.locks.borrow_mut().release(lock, self.handle)
    }

    fn held_lock(&self, lock: LockName) -> Option<(u64, u32)> {
        self.shared.locks.borrow().held(lock, self.handle)
    }

    fn is_computing(&self) -> bool {
        // One thread has all of them.
        self.shared.locks.borrow().is_computing()
    }

    fn wait_for_lock(&self, _: LockName, _: &Occupied, at_most: Duration) {
        // The owner is of this very thread: nothing can happen meanwhile.
        std::thread::sleep(at_most);
    }

    fn stop_waiting_for_lock(&self, lock: LockName) {
        self.shared.locks.borrow_mut().leave(lock, self.handle);
    }

    fn stats(&self) -> Result<Stats, MemoryError> {
        let (content, locks) = (self.shared.content.borrow(), self.shared.locks.borrow());
        let bytes = content.items.iter().map(|item| (item.key.len() + item.length()) as u64).sum();
        let hold = self.shared.hold.get().filter(Hold::is_locked);
        let whole = hold.map(|hold| HeldLock { name: None, pid: None, since: 0, token: hold.token });
        Ok(Stats {
            keys: content.items.len() as u64,
            live_bytes: bytes,
            memory_bytes: bytes,
            commits: content.commit,
            locks: whole.into_iter().chain(locks.named()).collect(),
            waiters: locks.waiters(),
            consuming: self.consumers(),
            ..Stats::default()
        })
    }

    fn lock_writers(&self) -> Result<MemoryWriterHold, MemoryError> {
        self.write()?;
        let hold = self.hold();
        self.keep(Hold { writers: hold.writers + 1, writers_in: fiber(), ..hold });
        Ok(MemoryWriterHold { handle: self.handle, ticket: hold.ticket })
    }

    fn unlock_writers(&self, ended: MemoryWriterHold) {
        if let Some(hold) = self.my_hold().filter(|hold| hold.ticket == ended.ticket && hold.writers > 0) {
            self.keep(Hold { writers: hold.writers - 1, ..hold });
        }
    }

    fn standing(&self, kept: &MemoryWriterHold) -> Standing {
        match self.my_hold() {
            Some(hold) if kept.handle == self.handle && kept.ticket == hold.ticket => Standing::Kept,
            _ => Standing::Ended,
        }
    }

    fn wait(&self, _: &mut MemoryWaiter, held: &Held, at_most: Duration) {
        // The holder is of this very thread: nothing can happen meanwhile.
        std::thread::sleep(at_most.min(held.patience.interval));
    }

    fn stop_waiting(&self) {}

    fn state(&self) -> Result<u64, MemoryError> {
        Ok(self.read()?.state())
    }

    fn see(&self, key: &[u8], version: &MemoryVersion) {
        self.notes.see(key, *version);
    }

    fn keeps_all_from_writing(&self) -> bool {
        self.shared.hold.get().is_some()
    }

    fn watch(&self, wanted: &mut [Wanted<MemoryWatch>], since: Since) -> Result<(), MemoryError> {
        self.begin_to_watch(wanted, since)
    }

    fn has_changed(&self, wanted: &mut [Wanted<MemoryWatch>], at_most: Duration) -> Result<bool, MemoryError> {
        let has_changed = self.look_for_changes(wanted)?;
        if !has_changed {
            // All other handles are of this very thread: nothing can happen meanwhile.
            std::thread::sleep(at_most);
        }
        Ok(has_changed)
    }

    fn format_version() -> String {
        "1".into()
    }
}
