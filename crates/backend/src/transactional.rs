//! A handle that can keep its changes to itself until they are made at one moment.

use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;
use std::time::Duration;

use super::overlay::Overlay;
use super::{
    Appended, Backend, Change, Content, Entry, Expiry, Facts, Found, Held, LockName, Occupied, Patience, Peeked,
    Rewrite, Room, Selection, Shifted, Since, Snapshot, Standing, Stats, Taken, Taking, Unread, Wanted,
};
use crate::list::Item;

/// A handle whose operations can be parts of a transaction.
///
/// A transaction keeps other writers out from its beginning to its end. Its operations see what it has written, which nobody else
/// does: another handle, another fiber of the thread and a forked child have the store as it was before.
pub struct Transactional<B: Backend> {
    store: B,
    surroundings: Surroundings,
    /// Whether there is a transaction, as a quick answer.
    runs: Cell<bool>,
    running: RefCell<Option<Running<B>>>,
    /// An overlay without changes, for the next transaction.
    next: Cell<Option<Overlay<B::Version>>>,
}

/// The functions by which the program around a handle is asked.
#[derive(Clone, Copy)]
pub struct Surroundings {
    /// Tells which fiber of the thread runs.
    pub fiber: fn() -> usize,
    /// Tells whether the program may have so many bytes of memory.
    pub has_memory: fn(usize) -> bool,
}

/// Bytes that a program may have in any case.
const LITTLE: u64 = 64 << 10;

/// A transaction under way.
struct Running<B: Backend> {
    overlay: Overlay<B::Version>,
    hold: B::WriterHold,
    fiber: usize,
    /// The changes as they were when parts of it began that can be taken back.
    before: Vec<Overlay<B::Version>>,
}

/// The outcome of a transaction that was to be committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// All changes have happened.
    Done,
    /// None has: the store was destroyed, or is another one by now.
    Lost,
    /// None has: the transaction is that of the parent of this process.
    Forked,
}

impl<B: Backend> Transactional<B> {
    /// A handle without a transaction.
    pub fn new(store: B, surroundings: Surroundings) -> Self {
        Self { store, surroundings, runs: Cell::new(false), running: RefCell::new(None), next: Cell::new(None) }
    }

    /// The store itself, for operations that no transaction is asked about: only as long as [`Backend::opening`] of that is not 0.
    #[inline(always)]
    pub fn store(&self) -> &B {
        &self.store
    }

    /// Whether there is a transaction, of whichever fiber.
    #[inline]
    pub fn has_transaction(&self) -> bool {
        self.runs.get()
    }

    /// Whether what runs now is a part of a transaction.
    #[inline]
    pub fn in_transaction(&self) -> bool {
        self.runs.get() && self.is_own()
    }

    #[cold]
    fn is_own(&self) -> bool {
        self.running.borrow().as_ref().is_some_and(|running| self.is_of(running))
    }

    /// Whether what runs now is a part of this transaction.
    #[inline(always)]
    fn is_of(&self, running: &Running<B>) -> bool {
        running.fiber == (self.surroundings.fiber)() && self.store.standing(&running.hold) != Standing::Forked
    }

    /// Begins a transaction. There is none yet.
    pub fn begin(&self) -> Result<(), B::Error> {
        let hold = self.store.lock_writers()?;
        let fiber = (self.surroundings.fiber)();
        let overlay = self.next.take().unwrap_or_else(Overlay::over::<B>);
        self.running.replace(Some(Running { overlay, hold, fiber, before: Vec::new() }));
        self.runs.set(true);
        self.store.step_aside(true);
        Ok(())
    }

    /// Makes the changes of the transaction; [`Transactional::end`] is to follow in any case. On an error none of them has happened.
    pub fn commit_transaction(&self) -> Result<Committed, B::Error> {
        let mut running = self.running.borrow_mut();
        let Some(Running { overlay, hold, .. }) = running.as_mut() else { return Ok(Committed::Lost) };
        if self.store.standing(hold) == Standing::Forked {
            return Ok(Committed::Forked);
        }
        Ok(if overlay.commit(&self.store, hold)? { Committed::Done } else { Committed::Lost })
    }

    /// Ends the transaction. Changes that were not committed are forgotten.
    pub fn end(&self) {
        let running = self.running.take();
        self.runs.set(false);
        self.store.step_aside(false);
        if let Some(Running { overlay, hold, .. }) = running {
            self.store.unlock_writers(hold);
            self.next.set(overlay.renew());
        }
    }

    /// Begins a part of the transaction that can be taken back by itself; [`Transactional::end_part`] is to follow.
    pub fn begin_part(&self) -> Result<(), B::Error> {
        let Some(bytes) = self.own(|overlay, _| overlay.bytes) else { return Ok(()) };
        if bytes >= LITTLE && !(self.surroundings.has_memory)(bytes as usize) {
            return Err(self.store.no_memory(bytes));
        }
        if let Some(running) = &mut *self.running.borrow_mut() {
            running.before.push(running.overlay.copy());
        }
        Ok(())
    }

    /// Ends the part that began last. `keeps`: its changes are those of the transaction; else they are forgotten.
    pub fn end_part(&self, keeps: bool) {
        if let Some(running) = self.running.borrow_mut().as_mut().filter(|running| self.is_of(running))
            && let Some(before) = running.before.pop()
            && !keeps
        {
            running.overlay.go_back(before);
        }
    }

    /// Runs an operation on the changes of the transaction that it is a part of; `None`: it is a part of none.
    #[inline(always)]
    fn own<T>(&self, operation: impl FnOnce(&mut Overlay<B::Version>, &B) -> T) -> Option<T> {
        if self.runs.get() { self.own_if_its(operation) } else { None }
    }

    #[cold]
    #[inline(never)]
    fn own_if_its<T>(&self, operation: impl FnOnce(&mut Overlay<B::Version>, &B) -> T) -> Option<T> {
        let mut running = self.running.borrow_mut();
        let running = running.as_mut().filter(|running| self.is_of(running))?;
        Some(operation(&mut running.overlay, &self.store))
    }

    /// Stores a value, as [`Backend::put`] does, in the transaction that the running code is a part of. `None`: it is a part of none, and
    /// nothing has happened.
    #[inline]
    pub fn put_within(&self, key: &[u8], value: &[u8], version: &mut B::Version) -> Option<Result<(), B::Error>> {
        self.own_keeping(key.len() + value.len(), |overlay, store| overlay.put_whole(store, key, value, version))
    }

    /// As [`own`](Self::own), for an operation that has so many bytes more to be kept.
    #[inline(always)]
    fn own_keeping<T>(
        &self,
        bytes: usize,
        operation: impl FnOnce(&mut Overlay<B::Version>, &B) -> Result<T, B::Error>,
    ) -> Option<Result<T, B::Error>> {
        self.own(|overlay, store| {
            let kept = overlay.bytes + bytes as u64;
            // (Little is not asked about.)
            let has_memory = kept < LITTLE || (self.surroundings.has_memory)(kept as usize);
            if has_memory { operation(overlay, store) } else { Err(store.no_memory(kept)) }
        })
    }
}

impl<B: Backend> Backend for Transactional<B> {
    type Version = B::Version;
    type WriterHold = B::WriterHold;
    type Waiter = B::Waiter;
    type Watch = B::Watch;
    type Error = B::Error;

    const OPENINGS: u64 = B::OPENINGS;

    #[inline]
    fn address(&self) -> &[u8] {
        self.store.address()
    }

    fn another(&self) -> Self {
        Self::new(self.store.another(), self.surroundings)
    }

    #[inline]
    fn is_current(&self, version: &B::Version) -> bool {
        self.store.is_current(version)
    }

    #[inline]
    fn is_current_at_once(&self, version: &B::Version) -> Option<bool> {
        self.store.is_current_at_once(version)
    }

    #[inline]
    fn confirm(&self, version: &mut B::Version) -> bool {
        self.store.confirm(version)
    }

    #[inline]
    fn opening(&self) -> u64 {
        match self.own(|overlay, _| overlay.opening) {
            Some(opening) => opening,
            None => self.store.opening(),
        }
    }

    fn enter(&self) -> u64 {
        match self.own(|overlay, _| overlay.opening) {
            Some(opening) => opening,
            None => self.store.enter(),
        }
    }

    #[inline]
    fn opening_of(version: &B::Version) -> u64 {
        B::opening_of(version)
    }

    #[inline]
    fn record_of(version: &B::Version) -> u64 {
        B::record_of(version)
    }

    fn vicinity_of(version: &B::Version) -> u64 {
        B::vicinity_of(version)
    }

    fn version_of(opening: u64, record: u64, expiry: Option<Expiry>) -> B::Version {
        B::version_of(opening, record, expiry)
    }

    fn is_open(opening: u64) -> bool {
        B::is_open(opening)
    }

    fn step_aside(&self, aside: bool) {
        self.store.step_aside(aside);
    }

    #[inline]
    fn get_short(
        &self,
        key: &[u8],
        limit: u64,
        version: &mut B::Version,
        out: &mut impl Room<u8>,
    ) -> Result<Found, B::Error> {
        match self.own(|overlay, store| overlay.get_short(store, key, limit, version, out)) {
            Some(done) => done,
            None => self.store.get_short(key, limit, version, out),
        }
    }

    fn read_unread(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> Result<bool, B::Error> {
        // (An overlay leaves in the store only values of that.)
        self.store.read_unread(value, from, target)
    }

    #[inline]
    fn peek(&self, key: &[u8], version: &mut B::Version, start: &mut impl Room<u8>) -> Result<Peeked, B::Error> {
        match self.own(|overlay, store| overlay.peek(store, key, version, start)) {
            Some(done) => done,
            None => self.store.peek(key, version, start),
        }
    }

    #[inline]
    fn len(&self) -> Result<u64, B::Error> {
        match self.own(|overlay, store| overlay.len(store)) {
            Some(done) => done,
            None => self.store.len(),
        }
    }

    #[inline]
    fn expected_len(&self) -> Result<u64, B::Error> {
        match self.own(|overlay, store| overlay.len(store)) {
            Some(done) => done,
            None => self.store.expected_len(),
        }
    }

    fn select<R: Room<u8>, E: Room<Entry>>(
        &self,
        selection: &Selection,
        snapshot: &mut Snapshot<R, E>,
        limit: u64,
    ) -> Result<(), B::Error> {
        match self.own(|overlay, store| overlay.select(store, selection, snapshot, limit)) {
            Some(done) => done,
            None => self.store.select(selection, snapshot, limit),
        }
    }

    fn facts(&self, key: &[u8]) -> Result<Option<Facts>, B::Error> {
        match self.own(|overlay, store| overlay.facts(store, key)) {
            Some(done) => done,
            None => self.store.facts(key),
        }
    }

    #[inline]
    fn put(&self, key: &[u8], value: &[u8], version: &mut B::Version) -> Result<(), B::Error> {
        match self.put_within(key, value, version) {
            Some(done) => done,
            None => self.store.put(key, value, version),
        }
    }

    #[inline]
    fn put_parts(&self, key: &[u8], head: &[u8], body: &[u8], version: &mut B::Version) -> Result<(), B::Error> {
        match self.own_keeping(key.len() + head.len() + body.len(), |overlay, store| {
            overlay.put(store, key, ((head, body), None, None), version)
        }) {
            Some(done) => done,
            None => self.store.put_parts(key, head, body, version),
        }
    }

    fn put_first(&self, key: &[u8], value: &[u8], note: i64, version: &mut B::Version) -> Result<bool, B::Error> {
        match self
            .own_keeping(key.len() + value.len(), |overlay, store| overlay.put_first(store, key, value, note, version))
        {
            Some(done) => done,
            None => self.store.put_first(key, value, note, version),
        }
    }

    fn add_number(&self, key: &[u8], by: i64, version: &mut B::Version) -> Result<Option<i64>, B::Error> {
        // (Within a transaction nobody else adds.)
        if self.own(|_, _| ()).is_some() { Ok(None) } else { self.store.add_number(key, by, version) }
    }

    #[inline]
    fn put_if_unchanged(&self, key: &[u8], value: &[u8], version: &mut B::Version) -> Result<bool, B::Error> {
        match self
            .own_keeping(key.len() + value.len(), |overlay, store| overlay.put_if_unchanged(store, key, value, version))
        {
            Some(done) => done,
            None => self.store.put_if_unchanged(key, value, version),
        }
    }

    #[inline]
    fn append(
        &self,
        key: &[u8],
        bytes: &[u8],
        note: i64,
        rewrite: Rewrite,
        version: &mut B::Version,
    ) -> Result<Appended, B::Error> {
        match self.own_keeping(key.len() + bytes.len(), |overlay, store| {
            overlay.append(store, (key, bytes), note, rewrite, version)
        }) {
            Some(done) => done,
            None => self.store.append(key, bytes, note, rewrite, version),
        }
    }

    #[inline]
    fn expiry_of(version: &B::Version) -> Option<Expiry> {
        B::expiry_of(version)
    }

    fn put_until(
        &self,
        key: &[u8],
        parts: (&[u8], &[u8]),
        expiry: Option<Expiry>,
        version: &mut B::Version,
    ) -> Result<(), B::Error> {
        let bytes = key.len() + parts.0.len() + parts.1.len();
        match self.own_keeping(bytes, |overlay, store| overlay.put(store, key, (parts, None, expiry), version)) {
            Some(done) => done,
            None => self.store.put_until(key, parts, expiry, version),
        }
    }

    fn add(
        &self,
        key: &[u8],
        parts: (&[u8], &[u8]),
        expiry: Option<Expiry>,
        version: &mut B::Version,
    ) -> Result<bool, B::Error> {
        let bytes = key.len() + parts.0.len() + parts.1.len();
        match self.own_keeping(bytes, |overlay, store| overlay.add(store, key, (parts, None, expiry), version)) {
            Some(done) => done,
            None => self.store.add(key, parts, expiry, version),
        }
    }

    fn touch(&self, key: &[u8], expiry: Option<Expiry>, version: &mut B::Version) -> Result<bool, B::Error> {
        match self.own(|overlay, store| overlay.touch(store, key, expiry, version)) {
            Some(done) => done,
            None => self.store.touch(key, expiry, version),
        }
    }

    fn push(&self, key: &[u8], elements: &[u8], count: u64, version: &mut B::Version) -> Result<Option<u64>, B::Error> {
        // (Within a transaction nobody else appends.)
        if self.own(|_, _| ()).is_some() { Ok(None) } else { self.store.push(key, elements, count, version) }
    }

    fn shift(&self, key: &[u8], version: &mut B::Version, out: &mut impl Room<u8>) -> Result<Shifted, B::Error> {
        // (What is left is a change that the caller can make. Nobody else waits for less of it.)
        match self.own(|overlay, store| overlay.peek(store, key, &mut B::Version::default(), &mut Vec::new())) {
            Some(Ok(Peeked::Missing)) => Ok(Shifted::Nothing),
            Some(peeked) => peeked.map(|_| Shifted::Whole),
            None => self.store.shift(key, version, out),
        }
    }

    fn take(&self, key: &[u8], out: &mut impl Room<u8>) -> Result<Taken, B::Error> {
        // (A transaction that takes nothing has nothing to give back, should it come to nothing.)
        self.own(|_, _| Ok(Taken::Nothing)).unwrap_or_else(|| self.store.take(key, out))
    }

    fn take_read(
        &self,
        key: &[u8],
        first: Item,
        rest: (&[u8], &[u8]),
        version: &mut B::Version,
    ) -> Result<Option<u64>, B::Error> {
        self.own(|_, _| Ok(None)).unwrap_or_else(|| self.store.take_read(key, first, rest, version))
    }

    fn finish(&self, item: u64) -> Result<bool, B::Error> {
        self.store.finish(item)
    }

    fn has_gone_back(&self) -> bool {
        self.store.has_gone_back()
    }

    fn give_back(&self, item: u64) {
        self.store.give_back(item);
    }

    fn put_next(
        &self,
        head: &[u8],
        body: &[u8],
        least: i64,
        version: &mut B::Version,
    ) -> Result<Option<i64>, B::Error> {
        let own = self.own_keeping(head.len() + body.len(), |overlay, store| {
            let Some(number) = overlay.next_number(store, least)? else { return Ok(None) };
            overlay.put(store, number.to_string().as_bytes(), ((head, body), None, None), version)?;
            Ok(Some(number))
        });
        match own {
            Some(done) => done,
            None => self.store.put_next(head, body, least, version),
        }
    }

    fn next_number(&self, least: i64) -> Result<Option<i64>, B::Error> {
        match self.own(|overlay, store| overlay.next_number(store, least)) {
            Some(done) => done,
            None => self.store.next_number(least),
        }
    }

    #[inline]
    fn remove(&self, key: &[u8]) -> Result<bool, B::Error> {
        match self.own(|overlay, store| overlay.remove(store, key)) {
            Some(done) => done,
            None => self.store.remove(key),
        }
    }

    fn replace(&self, entries: &[(&[u8], &[u8])]) -> Result<(), B::Error> {
        match self.own_keeping(entries.iter().map(|(key, value)| key.len() + value.len()).sum(), |overlay, store| {
            overlay.replace(store, entries)
        }) {
            Some(done) => done,
            None => self.store.replace(entries),
        }
    }

    fn commit(&self, changes: &[Change<'_, B::Version>], hold: Option<&B::WriterHold>) -> Result<bool, B::Error> {
        let bytes = changes.iter().map(|change| change.length() as usize).sum();
        match self.own_keeping(bytes, |overlay, store| overlay.make(store, changes)) {
            Some(done) => done,
            None => self.store.commit(changes, hold),
        }
    }

    #[inline]
    fn destroy(&self) -> Result<(), B::Error> {
        self.store.destroy()
    }

    #[inline]
    fn lock(&self, patience: Patience) -> Result<(), B::Error> {
        self.store.lock(patience)
    }

    #[inline]
    fn unlock(&self) {
        self.store.unlock();
    }

    #[inline]
    fn lock_writers(&self) -> Result<B::WriterHold, B::Error> {
        self.store.lock_writers()
    }

    #[inline]
    fn unlock_writers(&self, hold: B::WriterHold) {
        self.store.unlock_writers(hold);
    }

    #[inline]
    fn standing(&self, hold: &B::WriterHold) -> Standing {
        self.store.standing(hold)
    }

    #[inline]
    fn wait(&self, waiter: &mut B::Waiter, held: &Held, at_most: Duration) {
        self.store.wait(waiter, held, at_most);
    }

    #[inline]
    fn stop_waiting(&self) {
        self.store.stop_waiting();
    }

    #[inline]
    fn format_version() -> String {
        B::format_version()
    }

    #[inline]
    fn take_warning(&self) -> Option<String> {
        self.store.take_warning()
    }

    #[inline]
    fn copy_legacy(&self, out: &mut impl Room<u8>) -> Result<bool, B::Error> {
        self.store.copy_legacy(out)
    }

    #[inline]
    fn import(&self, old: &[u8], entries: &[(&[u8], &[u8])]) -> Result<bool, B::Error> {
        self.store.import(old, entries)
    }

    #[inline]
    fn no_room(&self, bytes: u64) -> B::Error {
        self.store.no_room(bytes)
    }

    #[inline]
    fn no_memory(&self, bytes: u64) -> B::Error {
        self.store.no_memory(bytes)
    }

    fn enter_lock(&self) -> Result<u64, B::Error> {
        self.store.enter_lock()
    }

    fn leave_lock(&self) -> bool {
        self.store.leave_lock()
    }

    fn entered_lock(&self) -> Option<(u64, u32)> {
        self.store.entered_lock()
    }

    fn take_lock(&self, lock: LockName, wait: bool) -> Result<Taking, B::Error> {
        self.store.take_lock(lock, wait)
    }

    fn release_lock(&self, lock: LockName) -> bool {
        self.store.release_lock(lock)
    }

    fn has_lost_lock(&self, lock: Option<LockName>, token: u64) -> bool {
        self.store.has_lost_lock(lock, token)
    }

    fn held_lock(&self, lock: LockName) -> Option<(u64, u32)> {
        self.store.held_lock(lock)
    }

    fn is_computing(&self) -> bool {
        self.store.is_computing()
    }

    fn keeps_others_out(&self) -> bool {
        self.store.keeps_others_out()
    }

    fn content(&self) -> Option<Content> {
        if self.own(|_, _| ()).is_some() { None } else { self.store.content() }
    }

    fn has_content(&self, content: &Content) -> bool {
        self.own(|_, _| ()).is_none() && self.store.has_content(content)
    }

    // (The state is that before the transaction, whose changes nobody has seen, and no wait begins in one.)
    fn state(&self) -> Result<u64, B::Error> {
        self.store.state()
    }

    #[inline]
    fn see(&self, key: &[u8], version: &B::Version) {
        self.store.see(key, version);
    }

    fn keeps_all_from_writing(&self) -> bool {
        self.store.keeps_all_from_writing()
    }

    fn watch(&self, wanted: &mut [Wanted<B::Watch>], since: Since) -> Result<(), B::Error> {
        self.store.watch(wanted, since)
    }

    fn has_changed(&self, wanted: &mut [Wanted<B::Watch>], at_most: Duration) -> Result<bool, B::Error> {
        self.store.has_changed(wanted, at_most)
    }

    fn wait_for_lock(&self, lock: LockName, by: &Occupied, at_most: Duration) {
        self.store.wait_for_lock(lock, by, at_most);
    }

    fn stop_waiting_for_lock(&self, lock: LockName) {
        self.store.stop_waiting_for_lock(lock);
    }

    fn stats(&self) -> Result<Stats, B::Error> {
        self.store.stats()
    }

    fn set_idle_limit(stores: u64) {
        B::set_idle_limit(stores);
    }

    fn close_idle() {
        B::close_idle();
    }
}
