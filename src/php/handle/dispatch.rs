//! [`Backend`] for a handle: each operation is that of the store that it is on.

use std::mem::MaybeUninit;
use std::time::Duration;

use sync_backend::list::Item;
use sync_backend::{
    Appended, Backend, Change, Content, Entry, Expiry, Facts, Found, Held, LockName, Occupied, Patience, Peeked,
    Rewrite, Room, Selection, Shifted, Since, Snapshot, Standing, Stats, Taken, Taking, Unread, Wanted, opening,
};
use sync_server::ServerStore;
use sync_store::Store;

use super::either::{Handle, either, seen};
use super::sums::{Error, Result, Version, Waiter, Watch, WriterHold, for_server, noting, of_server, server_version};

impl Handle {
    /// Whether a version is current that is not seen to be at once to be one of the file's.
    #[inline(never)]
    fn is_current_after_all(&self, version: &Version) -> bool {
        match &self.server {
            None => self.file.is_current(version),
            Some(_) => self.is_current_at_server(version),
        }
    }

    #[cold]
    #[inline(never)]
    fn is_current_at_server(&self, version: &Version) -> bool {
        let (Some(store), Some(version)) = (&self.server, server_version(version)) else { return false };
        store.is_current(&version)
    }

    #[cold]
    #[inline(never)]
    fn confirm_at_server(&self, version: &mut Version) -> bool {
        let (Some(store), Some(mut its)) = (&self.server, server_version(version)) else { return false };
        let is_current = store.confirm(&mut its);
        *version = of_server(&its);
        is_current
    }

    #[cold]
    #[inline(never)]
    fn opening_of_server(&self) -> u64 {
        self.server.as_ref().map_or(0, |store| store.opening())
    }
}

impl Backend for Handle {
    type Version = Version;
    type WriterHold = WriterHold;
    type Waiter = Waiter;
    type Watch = Watch;
    type Error = Error;

    const OPENINGS: u64 = 0;

    #[inline]
    fn address(&self) -> &[u8] {
        either!(self, store => store.address())
    }

    fn another(&self) -> Self {
        Self { file: self.file.another(), server: self.server.as_ref().map(|store| Box::new(store.another())) }
    }

    // (These four ask the file first, of whichever handle: in one that is never opened nothing is current.)

    #[inline]
    fn is_current(&self, version: &Version) -> bool {
        self.file.is_current_at_once(version) == Some(true) || self.is_current_after_all(version)
    }

    #[inline]
    fn is_current_at_once(&self, version: &Version) -> Option<bool> {
        // (A server is looked at, which takes more than a few loads.)
        self.file.is_current_at_once(version)
    }

    #[inline]
    fn confirm(&self, version: &mut Version) -> bool {
        self.file.confirm(version) || self.confirm_at_server(version)
    }

    #[inline]
    fn opening(&self) -> u64 {
        match self.file.opening() {
            0 => self.opening_of_server(),
            opening => opening,
        }
    }

    fn enter(&self) -> u64 {
        either!(self, store => store.enter())
    }

    fn version_of(opening: u64, record: u64, expiry: Option<Expiry>) -> Version {
        match opening & opening::SERVER {
            0 => Store::version_of(opening, record, expiry),
            _ => of_server(&ServerStore::version_of(opening, record, expiry)),
        }
    }

    fn step_aside(&self, aside: bool) {
        either!(self, store => store.step_aside(aside));
    }

    fn no_room(&self, bytes: u64) -> Error {
        either!(self, store => store.no_room(bytes).into())
    }

    fn no_memory(&self, bytes: u64) -> Error {
        either!(self, store => store.no_memory(bytes).into())
    }

    #[inline]
    fn opening_of(version: &Version) -> u64 {
        Store::opening_of(version)
    }

    #[inline]
    fn record_of(version: &Version) -> u64 {
        match server_version(version) {
            None => Store::record_of(version),
            Some(version) => ServerStore::record_of(&version),
        }
    }

    #[inline]
    fn vicinity_of(version: &Version) -> u64 {
        match server_version(version) {
            None => Store::vicinity_of(version),
            Some(version) => ServerStore::vicinity_of(&version),
        }
    }

    #[inline]
    fn expiry_of(version: &Version) -> Option<Expiry> {
        match server_version(version) {
            None => Store::expiry_of(version),
            Some(version) => ServerStore::expiry_of(&version),
        }
    }

    fn is_open(opening: u64) -> bool {
        match opening & opening::SERVER {
            0 => Store::is_open(opening),
            _ => ServerStore::is_open(opening),
        }
    }

    #[inline]
    fn get_short(&self, key: &[u8], limit: u64, version: &mut Version, out: &mut impl Room<u8>) -> Result<Found> {
        seen!(self, store, version => store.get_short(key, limit, version, out).map_err(Error::from))
    }

    fn read_unread(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> Result<bool> {
        either!(self, store => store.read_unread(value, from, target).map_err(Error::from))
    }

    #[inline]
    fn peek(&self, key: &[u8], version: &mut Version, start: &mut impl Room<u8>) -> Result<Peeked> {
        seen!(self, store, version => store.peek(key, version, start).map_err(Error::from))
    }

    #[inline]
    fn len(&self) -> Result<u64> {
        either!(self, store => store.len().map_err(Error::from))
    }

    #[inline]
    fn expected_len(&self) -> Result<u64> {
        either!(self, store => store.expected_len().map_err(Error::from))
    }

    fn select<B: Room<u8>, E: Room<Entry>>(
        &self,
        selection: &Selection,
        snapshot: &mut Snapshot<B, E>,
        limit: u64,
    ) -> Result<()> {
        either!(self, store => store.select(selection, snapshot, limit).map_err(Error::from))
    }

    fn facts(&self, key: &[u8]) -> Result<Option<Facts>> {
        either!(self, store => store.facts(key).map_err(Error::from))
    }

    #[inline]
    fn put(&self, key: &[u8], value: &[u8], version: &mut Version) -> Result<()> {
        seen!(self, store, version => store.put(key, value, version).map_err(Error::from))
    }

    #[inline]
    fn put_parts(&self, key: &[u8], head: &[u8], body: &[u8], version: &mut Version) -> Result<()> {
        seen!(self, store, version => store.put_parts(key, head, body, version).map_err(Error::from))
    }

    fn put_first(&self, key: &[u8], value: &[u8], note: i64, version: &mut Version) -> Result<bool> {
        seen!(self, store, version => store.put_first(key, value, note, version).map_err(Error::from))
    }

    fn put_until(
        &self,
        key: &[u8],
        parts: (&[u8], &[u8]),
        expiry: Option<Expiry>,
        version: &mut Version,
    ) -> Result<()> {
        seen!(self, store, version => store.put_until(key, parts, expiry, version).map_err(Error::from))
    }

    fn add(&self, key: &[u8], parts: (&[u8], &[u8]), expiry: Option<Expiry>, version: &mut Version) -> Result<bool> {
        seen!(self, store, version => store.add(key, parts, expiry, version).map_err(Error::from))
    }

    fn touch(&self, key: &[u8], expiry: Option<Expiry>, version: &mut Version) -> Result<bool> {
        seen!(self, store, version => store.touch(key, expiry, version).map_err(Error::from))
    }

    #[inline]
    fn add_number(&self, key: &[u8], by: i64, version: &mut Version) -> Result<Option<i64>> {
        match &self.server {
            None => Ok(None),
            Some(_) => seen!(self, store, version => store.add_number(key, by, version).map_err(Error::from)),
        }
    }

    #[inline]
    fn put_if_unchanged(&self, key: &[u8], value: &[u8], version: &mut Version) -> Result<bool> {
        seen!(self, store, version => store.put_if_unchanged(key, value, version).map_err(Error::from))
    }

    #[inline]
    fn append(&self, key: &[u8], bytes: &[u8], note: i64, rewrite: Rewrite, version: &mut Version) -> Result<Appended> {
        seen!(self, store, version => store.append(key, bytes, note, rewrite, version).map_err(Error::from))
    }

    #[inline]
    fn push(&self, key: &[u8], elements: &[u8], count: u64, version: &mut Version) -> Result<Option<u64>> {
        match &self.server {
            None => Ok(None),
            Some(_) => seen!(self, store, version => store.push(key, elements, count, version).map_err(Error::from)),
        }
    }

    #[inline]
    fn shift(&self, key: &[u8], version: &mut Version, out: &mut impl Room<u8>) -> Result<Shifted> {
        seen!(self, store, version => store.shift(key, version, out).map_err(Error::from))
    }

    fn take(&self, key: &[u8], out: &mut impl Room<u8>) -> Result<Taken> {
        either!(self, store => store.take(key, out).map_err(Error::from))
    }

    fn take_read(&self, key: &[u8], first: Item, rest: (&[u8], &[u8]), version: &mut Version) -> Result<Option<u64>> {
        seen!(self, store, version => store.take_read(key, first, rest, version).map_err(Error::from))
    }

    fn finish(&self, item: u64) -> Result<bool> {
        either!(self, store => store.finish(item).map_err(Error::from))
    }

    fn has_gone_back(&self) -> bool {
        either!(self, store => store.has_gone_back())
    }

    fn give_back(&self, item: u64) {
        either!(self, store => store.give_back(item));
    }

    #[inline]
    fn put_next(&self, head: &[u8], body: &[u8], least: i64, version: &mut Version) -> Result<Option<i64>> {
        seen!(self, store, version => store.put_next(head, body, least, version).map_err(Error::from))
    }

    fn next_number(&self, least: i64) -> Result<Option<i64>> {
        either!(self, store => store.next_number(least).map_err(Error::from))
    }

    #[inline]
    fn remove(&self, key: &[u8]) -> Result<bool> {
        either!(self, store => store.remove(key).map_err(Error::from))
    }

    fn replace(&self, entries: &[(&[u8], &[u8])]) -> Result<()> {
        either!(self, store => store.replace(entries).map_err(Error::from))
    }

    fn commit(&self, changes: &[Change<'_, Version>], hold: Option<&WriterHold>) -> Result<bool> {
        match &self.server {
            None => match hold.map(WriterHold::of_file) {
                Some(None) => Ok(false),
                hold => self.file.commit(changes, hold.flatten()).map_err(Error::from),
            },
            Some(store) => match hold.map(WriterHold::of_server) {
                Some(None) => Ok(false),
                hold => {
                    let changes: Vec<_> = changes.iter().map(for_server).collect();
                    store.commit(&changes, hold.flatten()).map_err(Error::from)
                }
            },
        }
    }

    fn destroy(&self) -> Result<()> {
        either!(self, store => store.destroy().map_err(Error::from))
    }

    fn lock(&self, patience: Patience) -> Result<()> {
        either!(self, store => store.lock(patience).map_err(Error::from))
    }

    fn unlock(&self) {
        either!(self, store => store.unlock());
    }

    fn enter_lock(&self) -> Result<u64> {
        either!(self, store => store.enter_lock().map_err(Error::from))
    }

    fn leave_lock(&self) -> bool {
        either!(self, store => store.leave_lock())
    }

    fn entered_lock(&self) -> Option<(u64, u32)> {
        either!(self, store => store.entered_lock())
    }

    fn keeps_others_out(&self) -> bool {
        either!(self, store => store.keeps_others_out())
    }

    fn take_lock(&self, lock: LockName, wait: bool) -> Result<Taking> {
        either!(self, store => store.take_lock(lock, wait).map_err(Error::from))
    }

    fn release_lock(&self, lock: LockName) -> bool {
        either!(self, store => store.release_lock(lock))
    }

    fn has_lost_lock(&self, lock: Option<LockName>, token: u64) -> bool {
        either!(self, store => store.has_lost_lock(lock, token))
    }

    fn held_lock(&self, lock: LockName) -> Option<(u64, u32)> {
        either!(self, store => store.held_lock(lock))
    }

    fn is_computing(&self) -> bool {
        either!(self, store => store.is_computing())
    }

    fn wait_for_lock(&self, lock: LockName, by: &Occupied, at_most: Duration) {
        either!(self, store => store.wait_for_lock(lock, by, at_most));
    }

    fn stop_waiting_for_lock(&self, lock: LockName) {
        either!(self, store => store.stop_waiting_for_lock(lock));
    }

    fn stats(&self) -> Result<Stats> {
        either!(self, store => store.stats().map_err(Error::from))
    }

    #[inline]
    fn lock_writers(&self) -> Result<WriterHold> {
        either!(self, store => store.lock_writers().map(WriterHold::from).map_err(Error::from))
    }

    #[inline]
    fn unlock_writers(&self, hold: WriterHold) {
        match (&self.server, hold) {
            (None, WriterHold::File(hold)) => self.file.unlock_writers(hold),
            (Some(store), WriterHold::Server(hold)) => store.unlock_writers(hold),
            _ => {}
        }
    }

    #[inline]
    fn standing(&self, hold: &WriterHold) -> Standing {
        match (&self.server, hold) {
            (None, WriterHold::File(hold)) => self.file.standing(hold),
            (Some(store), WriterHold::Server(hold)) => store.standing(hold),
            _ => Standing::Ended,
        }
    }

    fn wait(&self, waiter: &mut Waiter, held: &Held, at_most: Duration) {
        match &self.server {
            None => self.file.wait(waiter.for_file(), held, at_most),
            Some(store) => store.wait(waiter.for_server(), held, at_most),
        }
    }

    #[inline]
    fn stop_waiting(&self) {
        either!(self, store => store.stop_waiting());
    }

    fn content(&self) -> Option<Content> {
        either!(self, store => store.content())
    }

    fn has_content(&self, content: &Content) -> bool {
        either!(self, store => store.has_content(content))
    }

    fn state(&self) -> Result<u64> {
        either!(self, store => store.state().map_err(Error::from))
    }

    #[inline]
    fn see(&self, key: &[u8], version: &Version) {
        match &self.server {
            None => self.file.see(key, version),
            Some(store) => store.see(key, &server_version(version).unwrap_or_default()),
        }
    }

    fn keeps_all_from_writing(&self) -> bool {
        either!(self, store => store.keeps_all_from_writing())
    }

    fn watch(&self, wanted: &mut [Wanted<Watch>], since: Since) -> Result<()> {
        match &self.server {
            None => noting(wanted, |wanted| self.file.watch(wanted, since).map_err(Error::from)),
            Some(store) => noting(wanted, |wanted| store.watch(wanted, since).map_err(Error::from)),
        }
    }

    fn has_changed(&self, wanted: &mut [Wanted<Watch>], at_most: Duration) -> Result<bool> {
        match &self.server {
            None => noting(wanted, |wanted| self.file.has_changed(wanted, at_most).map_err(Error::from)),
            Some(store) => noting(wanted, |wanted| store.has_changed(wanted, at_most).map_err(Error::from)),
        }
    }

    fn format_version() -> String {
        Store::format_version()
    }

    #[inline]
    fn take_warning(&self) -> Option<String> {
        either!(self, store => store.take_warning())
    }

    fn copy_legacy(&self, out: &mut impl Room<u8>) -> Result<bool> {
        either!(self, store => store.copy_legacy(out).map_err(Error::from))
    }

    fn import(&self, old: &[u8], entries: &[(&[u8], &[u8])]) -> Result<bool> {
        either!(self, store => store.import(old, entries).map_err(Error::from))
    }

    fn set_idle_limit(stores: u64) {
        Store::set_idle_limit(stores);
        ServerStore::set_idle_limit(stores);
    }

    fn close_idle() {
        Store::close_idle();
        ServerStore::close_idle();
    }
}
