//! The seam: a handle on the store of an object, wherever that is. Nothing above this file knows more of a store than
//! [`Backend`] says.

use std::mem::MaybeUninit;
use std::path::PathBuf;
use std::time::Duration;

pub use sync_backend::list::{Item, read_key};
pub use sync_backend::{
    Appended, Backend, BackendError, Change, Committed, Connected, Consumer, Entry, Expiry, Facts, Found, Held,
    HeldLock, LockName, Now, Occupied, PEEK, Patience, Peeked, Places, Remedy, Rewrite, Room, Selection, Shifted,
    Since, Snapshot, Standing, Stats, Stored, Surroundings, Taken, Taking, Transactional, Unread, Waiting, Wanted,
    list_note, listed,
};
pub use sync_store::{Durability, FileSystems, Moment, Options};
use sync_store::{ErrorKind, Store};

/// A handle on a store.
///
/// There is one kind so far. A store on a server becomes a variant beside it (its crate knows neither PHP nor files, and
/// implements [`Backend`]); the types below become sums then, and each method a match: a branch that is always predicted,
/// so that the read of an unchanged value stays what it is.
pub enum Handle {
    /// A store in a file.
    File(Transactional<Store>),
}

/// When and where a value was last seen.
pub type Version = <Store as Backend>::Version;
/// A hold on other writers.
pub type WriterHold = <Store as Backend>::WriterHold;
/// The notes on something that is waited for.
pub type Watch = <Store as Backend>::Watch;
/// The notes of a waiter.
pub type Waiter = <Store as Backend>::Waiter;
/// A failure.
pub type Error = <Store as Backend>::Error;
/// The outcome of every operation.
pub type Result<T> = std::result::Result<T, Error>;

impl Handle {
    /// A handle on the store in a file; touches nothing.
    pub fn on_file(path: PathBuf, options: Options, surroundings: Surroundings) -> Self {
        Self::File(Transactional::new(Store::new(path, options), surroundings))
    }

    /// As [`Backend::opening`], for the short ways of access, which do not look at a transaction: 0 while there is one.
    #[inline(always)]
    pub fn short_opening(&self) -> u64 {
        let Self::File(store) = self;
        store.store().opening()
    }

    /// As [`Backend::put`], where [`Handle::short_opening`] is not 0.
    #[inline(always)]
    pub fn put_short(&self, key: &[u8], value: &[u8], version: &mut Version) -> Result<()> {
        let Self::File(store) = self;
        store.store().put(key, value, version)
    }

    /// As [`Backend::put`], in a transaction that the running code is a part of. `None`: it is a part of none, and nothing has happened.
    #[inline]
    pub fn put_within(&self, key: &[u8], value: &[u8], version: &mut Version) -> Option<Result<()>> {
        let Self::File(store) = self;
        store.put_within(key, value, version)
    }

    /// Whether there is a transaction, of whichever fiber.
    #[inline]
    pub fn has_transaction(&self) -> bool {
        let Self::File(store) = self;
        store.has_transaction()
    }

    /// Whether a transaction is under way of which the running code is a part.
    #[inline]
    pub fn in_transaction(&self) -> bool {
        let Self::File(store) = self;
        store.in_transaction()
    }

    /// Begins a transaction; there is none.
    pub fn begin(&self) -> Result<()> {
        let Self::File(store) = self;
        store.begin()
    }

    /// Makes the changes of the transaction; [`Handle::end`] follows in any case.
    pub fn commit_transaction(&self) -> Result<Committed> {
        let Self::File(store) = self;
        store.commit_transaction()
    }

    /// Ends the transaction. Changes that were not committed are forgotten.
    pub fn end(&self) {
        let Self::File(store) = self;
        store.end();
    }

    /// The next access looks whether its path still means the same file, and a new handle whether this process may open it: for
    /// callers that have just deleted or renamed files, or have another user, root or permissions than before.
    pub fn paths_have_changed() {
        Store::paths_have_changed();
    }

    /// The next access looks whether a file that is cut short still kills nobody: for callers that have just changed what is
    /// done with SIGBUS, or are about to run code with signals blocked.
    pub fn signals_have_changed() {
        Store::signals_have_changed();
    }

    /// New handles ask whether their path means what is open, and whether this process may open it: another process has told this
    /// one something.
    pub fn ask_anew() {
        Store::ask_anew();
    }

    /// New handles ask whether this process may open what is open: a request begins, perhaps for somebody else.
    pub fn ask_for_rights() {
        Store::ask_for_rights();
    }

    /// The address, for a sentence.
    pub fn display_address(&self) -> String {
        String::from_utf8_lossy(self.address()).into_owned()
    }
}

/// The file system that kept a store from being opened, because it is none of [`Options::file_systems`].
pub fn refused_file_system(error: &Error) -> Option<&str> {
    match &error.kind {
        ErrorKind::FileSystem(refused) => Some(&refused.name),
        _ => None,
    }
}

impl Backend for Handle {
    type Version = Version;
    type WriterHold = WriterHold;
    type Waiter = Waiter;
    type Watch = Watch;
    type Error = Error;

    #[inline]
    fn address(&self) -> &[u8] {
        let Self::File(store) = self;
        store.address()
    }

    fn another(&self) -> Self {
        let Self::File(store) = self;
        Self::File(store.another())
    }

    #[inline]
    fn is_current(&self, version: &Version) -> bool {
        let Self::File(store) = self;
        store.is_current(version)
    }

    #[inline]
    fn is_current_at_once(&self, version: &Version) -> Option<bool> {
        let Self::File(store) = self;
        store.is_current_at_once(version)
    }

    #[inline]
    fn confirm(&self, version: &mut Version) -> bool {
        let Self::File(store) = self;
        store.confirm(version)
    }

    #[inline]
    fn opening(&self) -> u64 {
        let Self::File(store) = self;
        store.opening()
    }

    fn enter(&self) -> u64 {
        let Self::File(store) = self;
        store.enter()
    }

    fn version_of(opening: u64, record: u64, expiry: Option<Expiry>) -> Version {
        Store::version_of(opening, record, expiry)
    }

    fn step_aside(&self, aside: bool) {
        let Self::File(store) = self;
        store.step_aside(aside);
    }

    fn no_room(&self, bytes: u64) -> Error {
        let Self::File(store) = self;
        store.no_room(bytes)
    }

    fn no_memory(&self, bytes: u64) -> Error {
        let Self::File(store) = self;
        store.no_memory(bytes)
    }

    #[inline]
    fn opening_of(version: &Version) -> u64 {
        Store::opening_of(version)
    }

    #[inline]
    fn record_of(version: &Version) -> u64 {
        Store::record_of(version)
    }

    #[inline]
    fn expiry_of(version: &Version) -> Option<Expiry> {
        Store::expiry_of(version)
    }

    fn is_open(opening: u64) -> bool {
        Store::is_open(opening)
    }

    #[inline]
    fn get_short(&self, key: &[u8], limit: u64, version: &mut Version, out: &mut impl Room<u8>) -> Result<Found> {
        let Self::File(store) = self;
        store.get_short(key, limit, version, out)
    }

    fn read_unread(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> Result<bool> {
        let Self::File(store) = self;
        store.read_unread(value, from, target)
    }

    #[inline]
    fn peek(&self, key: &[u8], version: &mut Version, start: &mut impl Room<u8>) -> Result<Peeked> {
        let Self::File(store) = self;
        store.peek(key, version, start)
    }

    #[inline]
    fn len(&self) -> Result<u64> {
        let Self::File(store) = self;
        store.len()
    }

    fn select<B: Room<u8>, E: Room<Entry>>(
        &self,
        selection: &Selection,
        snapshot: &mut Snapshot<B, E>,
        limit: u64,
    ) -> Result<()> {
        let Self::File(store) = self;
        store.select(selection, snapshot, limit)
    }

    fn facts(&self, key: &[u8]) -> Result<Option<Facts>> {
        let Self::File(store) = self;
        store.facts(key)
    }

    #[inline]
    fn put(&self, key: &[u8], value: &[u8], version: &mut Version) -> Result<()> {
        let Self::File(store) = self;
        store.put(key, value, version)
    }

    #[inline]
    fn put_parts(&self, key: &[u8], head: &[u8], body: &[u8], version: &mut Version) -> Result<()> {
        let Self::File(store) = self;
        store.put_parts(key, head, body, version)
    }

    fn put_first(&self, key: &[u8], value: &[u8], note: i64, version: &mut Version) -> Result<bool> {
        let Self::File(store) = self;
        store.put_first(key, value, note, version)
    }

    fn put_until(
        &self,
        key: &[u8],
        parts: (&[u8], &[u8]),
        expiry: Option<Expiry>,
        version: &mut Version,
    ) -> Result<()> {
        let Self::File(store) = self;
        store.put_until(key, parts, expiry, version)
    }

    fn add(&self, key: &[u8], parts: (&[u8], &[u8]), expiry: Option<Expiry>, version: &mut Version) -> Result<bool> {
        let Self::File(store) = self;
        store.add(key, parts, expiry, version)
    }

    fn touch(&self, key: &[u8], expiry: Option<Expiry>, version: &mut Version) -> Result<bool> {
        let Self::File(store) = self;
        store.touch(key, expiry, version)
    }

    #[inline]
    fn put_if_unchanged(&self, key: &[u8], value: &[u8], version: &mut Version) -> Result<bool> {
        let Self::File(store) = self;
        store.put_if_unchanged(key, value, version)
    }

    #[inline]
    fn append(&self, key: &[u8], bytes: &[u8], note: i64, rewrite: Rewrite, version: &mut Version) -> Result<Appended> {
        let Self::File(store) = self;
        Backend::append(store, key, bytes, note, rewrite, version)
    }

    #[inline]
    fn shift(&self, key: &[u8], version: &mut Version, out: &mut impl Room<u8>) -> Result<Shifted> {
        let Self::File(store) = self;
        store.shift(key, version, out)
    }

    fn take(&self, key: &[u8], out: &mut impl Room<u8>) -> Result<Taken> {
        let Self::File(store) = self;
        store.take(key, out)
    }

    fn take_read(&self, key: &[u8], first: Item, rest: (&[u8], &[u8]), version: &mut Version) -> Result<Option<u64>> {
        let Self::File(store) = self;
        store.take_read(key, first, rest, version)
    }

    fn finish(&self, item: u64) -> Result<bool> {
        let Self::File(store) = self;
        store.finish(item)
    }

    fn give_back(&self, item: u64) {
        let Self::File(store) = self;
        store.give_back(item);
    }

    #[inline]
    fn put_next(&self, head: &[u8], body: &[u8], least: i64, version: &mut Version) -> Result<Option<i64>> {
        let Self::File(store) = self;
        store.put_next(head, body, least, version)
    }

    fn next_number(&self, least: i64) -> Result<Option<i64>> {
        let Self::File(store) = self;
        store.next_number(least)
    }

    #[inline]
    fn remove(&self, key: &[u8]) -> Result<bool> {
        let Self::File(store) = self;
        store.remove(key)
    }

    fn replace(&self, entries: &[(&[u8], &[u8])]) -> Result<()> {
        let Self::File(store) = self;
        store.replace(entries)
    }

    fn commit(&self, changes: &[Change<'_, Version>], hold: Option<&WriterHold>) -> Result<bool> {
        let Self::File(store) = self;
        store.commit(changes, hold)
    }

    fn destroy(&self) -> Result<()> {
        let Self::File(store) = self;
        store.destroy()
    }

    fn lock(&self, patience: Patience) -> Result<()> {
        let Self::File(store) = self;
        store.lock(patience)
    }

    fn unlock(&self) {
        let Self::File(store) = self;
        store.unlock();
    }

    fn enter_lock(&self) -> Result<u64> {
        let Self::File(store) = self;
        store.enter_lock()
    }

    fn leave_lock(&self) -> bool {
        let Self::File(store) = self;
        store.leave_lock()
    }

    fn entered_lock(&self) -> Option<(u64, u32)> {
        let Self::File(store) = self;
        store.entered_lock()
    }

    fn keeps_others_out(&self) -> bool {
        let Self::File(store) = self;
        store.keeps_others_out()
    }

    fn take_lock(&self, lock: LockName, wait: bool) -> Result<Taking> {
        let Self::File(store) = self;
        store.take_lock(lock, wait)
    }

    fn release_lock(&self, lock: LockName) -> bool {
        let Self::File(store) = self;
        store.release_lock(lock)
    }

    fn held_lock(&self, lock: LockName) -> Option<(u64, u32)> {
        let Self::File(store) = self;
        store.held_lock(lock)
    }

    fn is_computing(&self) -> bool {
        let Self::File(store) = self;
        store.is_computing()
    }

    fn wait_for_lock(&self, lock: LockName, by: &Occupied, at_most: Duration) {
        let Self::File(store) = self;
        store.wait_for_lock(lock, by, at_most);
    }

    fn stop_waiting_for_lock(&self, lock: LockName) {
        let Self::File(store) = self;
        store.stop_waiting_for_lock(lock);
    }

    fn stats(&self) -> Result<Stats> {
        let Self::File(store) = self;
        store.stats()
    }

    #[inline]
    fn lock_writers(&self) -> Result<WriterHold> {
        let Self::File(store) = self;
        store.lock_writers()
    }

    #[inline]
    fn unlock_writers(&self, hold: WriterHold) {
        let Self::File(store) = self;
        store.unlock_writers(hold);
    }

    #[inline]
    fn standing(&self, hold: &WriterHold) -> Standing {
        let Self::File(store) = self;
        store.standing(hold)
    }

    fn wait(&self, waiter: &mut Waiter, held: &Held, at_most: Duration) {
        let Self::File(store) = self;
        store.wait(waiter, held, at_most);
    }

    #[inline]
    fn stop_waiting(&self) {
        let Self::File(store) = self;
        store.stop_waiting();
    }

    fn state(&self) -> Result<u64> {
        let Self::File(store) = self;
        store.state()
    }

    #[inline]
    fn see(&self, key: &[u8], version: &Version) {
        let Self::File(store) = self;
        store.see(key, version);
    }

    fn keeps_all_from_writing(&self) -> bool {
        let Self::File(store) = self;
        store.keeps_all_from_writing()
    }

    fn watch(&self, wanted: &mut [Wanted<Watch>], since: Since) -> Result<()> {
        let Self::File(store) = self;
        store.watch(wanted, since)
    }

    fn has_changed(&self, wanted: &mut [Wanted<Watch>], at_most: Duration) -> Result<bool> {
        let Self::File(store) = self;
        store.has_changed(wanted, at_most)
    }

    fn format_version() -> String {
        Store::format_version()
    }

    #[inline]
    fn take_warning(&self) -> Option<String> {
        let Self::File(store) = self;
        store.take_warning()
    }

    fn copy_legacy(&self, out: &mut impl Room<u8>) -> Result<bool> {
        let Self::File(store) = self;
        store.copy_legacy(out)
    }

    fn import(&self, old: &[u8], entries: &[(&[u8], &[u8])]) -> Result<bool> {
        let Self::File(store) = self;
        store.import(old, entries)
    }

    fn set_idle_limit(stores: u64) {
        Store::set_idle_limit(stores);
    }

    fn close_idle() {
        Store::close_idle();
    }
}
