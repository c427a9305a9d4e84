//! The store in a file as a [`Backend`]: where the users of any store ask for something, and who decides when pieces that were
//! appended become one record.

use super::error::{Error, ErrorKind, Result};
use super::format;
use super::log::values::LONG;
use super::registry::{close_idle, is_open, set_idle_limit};
use super::session::WriterHold;
use super::store::Store;
use super::version::Version;
use super::wait::Waiter;
use super::waiting::Watch;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;
use sync_backend::list::Item;
use sync_backend::{
    Appended, Backend, BackendError, Change, Entry, Expiry, Facts, Found, Held, LockName, Occupied, Patience, Peeked,
    Remedy, Rewrite, Room, Selection, Shifted, Since, Snapshot, Standing, Stats, Taken, Taking, Unread, Wanted,
};

/// Bytes of a log in which there are a few short records.
const FEW_RECORDS: u64 = 256;

impl BackendError for Error {
    fn address(&self) -> &[u8] {
        self.path.as_os_str().as_bytes()
    }

    fn remedy(&self) -> Remedy {
        match self.kind {
            ErrorKind::Held(held) => Remedy::Wait(held),
            ErrorKind::Busy => Remedy::Retry,
            ErrorKind::NoRoom(bytes) => Remedy::MakeRoom(bytes),
            ErrorKind::Legacy => Remedy::Import,
            ErrorKind::LockLost => Remedy::Unlock,
            _ => Remedy::Report,
        }
    }
}

/// As [`Backend::append`], where as much has been appended as there was. (The parameters are those of the trait. It is apart, so that
/// the append that everybody makes is inlined where it is called.)
#[cold]
#[inline(never)]
fn append_to_full(
    store: &Store,
    key: &[u8],
    bytes: &[u8],
    note: i64,
    rewrite: Rewrite,
    version: &mut Version,
) -> Result<Appended> {
    match rewrite {
        // Room is made by copying little; where there is nothing to copy, the value as a whole is.
        Rewrite::Store if store.merge_pieces(key, LONG, version)? => match store.append(key, bytes, note, version)? {
            Appended::Full if store.append_whole(key, bytes, note, version)? => Ok(Appended::Done),
            Appended::Full => Ok(Appended::Changed),
            appended => Ok(appended),
        },
        Rewrite::Store if store.append_whole(key, bytes, note, version)? => Ok(Appended::Done),
        Rewrite::CallerIfShort if store.merge_pieces(key, LONG, version)? => Ok(Appended::Changed),
        Rewrite::Caller | Rewrite::CallerIfShort => Ok(Appended::Full),
        // Another value by now.
        Rewrite::Store => Ok(Appended::Changed),
    }
}

impl Backend for Store {
    type Version = Version;
    type WriterHold = WriterHold;
    type Waiter = Waiter;
    type Watch = Watch;
    type Error = Error;

    const OPENINGS: u64 = 0;

    #[inline]
    fn address(&self) -> &[u8] {
        self.path().as_os_str().as_bytes()
    }

    fn another(&self) -> Self {
        Self::new(self.path().to_owned(), self.options().clone())
    }

    #[inline]
    fn is_current(&self, version: &Version) -> bool {
        self.is_current(version)
    }

    #[inline]
    fn is_current_at_once(&self, version: &Version) -> Option<bool> {
        self.is_current_at_once(version)
    }

    #[inline]
    fn confirm(&self, version: &mut Version) -> bool {
        self.confirm(version)
    }

    #[inline]
    fn opening(&self) -> u64 {
        self.opening()
    }

    fn enter(&self) -> u64 {
        self.enter()
    }

    #[inline]
    fn opening_of(version: &Version) -> u64 {
        version.life()
    }

    #[inline]
    fn record_of(version: &Version) -> u64 {
        version.position().unwrap_or(0)
    }

    #[inline]
    fn vicinity_of(version: &Version) -> u64 {
        Self::record_of(version) / FEW_RECORDS
    }

    #[inline]
    fn expiry_of(version: &Version) -> Option<Expiry> {
        version.expiry()
    }

    fn version_of(opening: u64, record: u64, expiry: Option<Expiry>) -> Version {
        Version::of_overlay(opening, record).until(expiry)
    }

    fn step_aside(&self, aside: bool) {
        self.step_aside(aside);
    }

    fn no_room(&self, bytes: u64) -> Error {
        Error::new(self.path(), ErrorKind::NoRoom(bytes))
    }

    fn no_memory(&self, bytes: u64) -> Error {
        Error::new(self.path(), ErrorKind::NoMemory(bytes))
    }

    fn is_open(opening: u64) -> bool {
        is_open(opening)
    }

    fn get_short(&self, key: &[u8], limit: u64, version: &mut Version, out: &mut impl Room<u8>) -> Result<Found> {
        self.get_short(key, limit, version, out)
    }

    fn read_unread(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> Result<bool> {
        self.read_unread(value, from, target)
    }

    fn peek(&self, key: &[u8], version: &mut Version, start: &mut impl Room<u8>) -> Result<Peeked> {
        self.peek(key, version, start)
    }

    fn len(&self) -> Result<u64> {
        self.len()
    }

    fn select<B: Room<u8>, E: Room<Entry>>(
        &self,
        selection: &Selection,
        snapshot: &mut Snapshot<B, E>,
        limit: u64,
    ) -> Result<()> {
        self.select(selection, snapshot, limit)
    }

    fn facts(&self, key: &[u8]) -> Result<Option<Facts>> {
        self.facts(key)
    }

    #[inline]
    fn put(&self, key: &[u8], value: &[u8], version: &mut Version) -> Result<()> {
        self.put(key, value, version)
    }

    fn put_parts(&self, key: &[u8], head: &[u8], body: &[u8], version: &mut Version) -> Result<()> {
        self.put_parts(key, head, body, version)
    }

    fn put_first(&self, key: &[u8], value: &[u8], note: i64, version: &mut Version) -> Result<bool> {
        self.put_first(key, value, note, version)
    }

    fn put_until(
        &self,
        key: &[u8],
        parts: (&[u8], &[u8]),
        expiry: Option<Expiry>,
        version: &mut Version,
    ) -> Result<()> {
        self.put_until(key, parts, expiry, version)
    }

    fn add(&self, key: &[u8], parts: (&[u8], &[u8]), expiry: Option<Expiry>, version: &mut Version) -> Result<bool> {
        self.add(key, parts, expiry, version)
    }

    fn touch(&self, key: &[u8], expiry: Option<Expiry>, version: &mut Version) -> Result<bool> {
        self.touch(key, expiry, version)
    }

    #[inline]
    fn put_if_unchanged(&self, key: &[u8], value: &[u8], version: &mut Version) -> Result<bool> {
        self.put_if_unchanged(key, value, version)
    }

    #[inline]
    fn append(&self, key: &[u8], bytes: &[u8], note: i64, rewrite: Rewrite, version: &mut Version) -> Result<Appended> {
        match self.append(key, bytes, note, version) {
            Ok(Appended::Full) if rewrite != Rewrite::Caller => {
                append_to_full(self, key, bytes, note, rewrite, version)
            }
            appended => appended,
        }
    }

    #[inline]
    fn shift(&self, key: &[u8], version: &mut Version, out: &mut impl Room<u8>) -> Result<Shifted> {
        self.shift(key, version, out)
    }

    fn take(&self, key: &[u8], out: &mut impl Room<u8>) -> Result<Taken> {
        self.take(key, out)
    }

    fn take_read(&self, key: &[u8], first: Item, rest: (&[u8], &[u8]), version: &mut Version) -> Result<Option<u64>> {
        self.take_read(key, first, rest, version)
    }

    fn finish(&self, item: u64) -> Result<bool> {
        self.finish(item)
    }

    fn give_back(&self, item: u64) {
        self.give_back(item);
    }

    fn put_next(&self, head: &[u8], body: &[u8], least: i64, version: &mut Version) -> Result<Option<i64>> {
        self.put_next(head, body, least, version)
    }

    fn next_number(&self, least: i64) -> Result<Option<i64>> {
        self.next_number(least)
    }

    fn remove(&self, key: &[u8]) -> Result<bool> {
        self.remove(key)
    }

    fn replace(&self, entries: &[(&[u8], &[u8])]) -> Result<()> {
        self.replace(entries)
    }

    fn commit(&self, changes: &[Change<'_, Version>], hold: Option<&WriterHold>) -> Result<bool> {
        self.commit(changes, hold)
    }

    fn destroy(&self) -> Result<()> {
        self.destroy()
    }

    fn lock(&self, patience: Patience) -> Result<()> {
        self.lock(patience)
    }

    fn unlock(&self) {
        self.unlock();
    }

    fn enter_lock(&self) -> Result<u64> {
        self.enter_lock()
    }

    fn leave_lock(&self) -> bool {
        self.leave_lock()
    }

    fn entered_lock(&self) -> Option<(u64, u32)> {
        self.entered_lock()
    }

    fn keeps_others_out(&self) -> bool {
        self.keeps_others_out()
    }

    fn take_lock(&self, lock: LockName, wait: bool) -> Result<Taking> {
        self.take_lock(lock, wait)
    }

    fn release_lock(&self, lock: LockName) -> bool {
        self.release_lock(lock)
    }

    fn held_lock(&self, lock: LockName) -> Option<(u64, u32)> {
        self.held_lock(lock)
    }

    fn is_computing(&self) -> bool {
        self.is_computing()
    }

    fn wait_for_lock(&self, lock: LockName, by: &Occupied, at_most: Duration) {
        self.wait_for_lock(lock, by, at_most);
    }

    fn stop_waiting_for_lock(&self, lock: LockName) {
        self.stop_waiting_for_lock(lock);
    }

    fn stats(&self) -> Result<Stats> {
        self.stats()
    }

    fn lock_writers(&self) -> Result<WriterHold> {
        self.lock_writers()
    }

    fn unlock_writers(&self, hold: WriterHold) {
        self.unlock_writers(hold);
    }

    fn standing(&self, hold: &WriterHold) -> Standing {
        self.standing(hold)
    }

    fn wait(&self, waiter: &mut Waiter, held: &Held, at_most: Duration) {
        self.wait(waiter, held, at_most);
    }

    #[inline]
    fn stop_waiting(&self) {
        self.stop_waiting();
    }

    fn state(&self) -> Result<u64> {
        self.state()
    }

    #[inline]
    fn see(&self, key: &[u8], version: &Version) {
        self.see(key, version);
    }

    fn keeps_all_from_writing(&self) -> bool {
        self.keeps_all_from_writing()
    }

    fn watch(&self, wanted: &mut [Wanted<Watch>], since: Since) -> Result<()> {
        self.watch(wanted, since)
    }

    fn has_changed(&self, wanted: &mut [Wanted<Watch>], at_most: Duration) -> Result<bool> {
        self.has_changed(wanted, at_most)
    }

    fn format_version() -> String {
        format::version_text(format::VERSION)
    }

    fn take_warning(&self) -> Option<String> {
        self.take_warning()
    }

    fn copy_legacy(&self, out: &mut impl Room<u8>) -> Result<bool> {
        self.copy_legacy(out)
    }

    fn import(&self, old: &[u8], entries: &[(&[u8], &[u8])]) -> Result<bool> {
        self.import(old, entries)
    }

    fn set_idle_limit(stores: u64) {
        set_idle_limit(stores);
    }

    fn close_idle() {
        close_idle();
    }
}
