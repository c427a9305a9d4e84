//! The seam's operations on a store of a server.

use super::consuming::Lists;
use super::error::{ErrorKind, ServerError};
use super::handle::{Result, ServerStore};
use super::named;
use super::notes::ServerWatch;
use super::own::ServerWriterHold;
use super::space::Space;
use super::version::ServerVersion;
use crate::batch::Word;
use std::mem::MaybeUninit;
use std::time::{Duration, Instant};
use sync_backend::list::Item;
use sync_backend::{
    Appended, Backend, Change, Content, Entry, Expiry, Facts, Found, Held, LockName, Occupied, Patience, Peeked,
    Rewrite, Room, Selection, Shifted, Since, Snapshot, Standing, Stats, Taken, Taking, Unread, Waiting, Wanted,
    opening,
};

/// The notes of a waiter: the lock it waits for, and since when.
#[derive(Debug, Default)]
pub struct ServerWaiter(Option<(u64, Instant)>);

impl Waiting for ServerWaiter {
    fn left(&mut self, held: &Held) -> Option<Duration> {
        let known = self.0.filter(|(ticket, _)| *ticket == held.ticket);
        let (_, since) = *self.0.insert(known.unwrap_or_else(|| (held.ticket, Instant::now())));
        let left = held.patience.timeout.map_or(Duration::MAX, |timeout| timeout.saturating_sub(since.elapsed()));
        (!left.is_zero()).then_some(left)
    }
}

impl Drop for ServerStore {
    fn drop(&mut self) {
        self.leave_waiters();
        self.end_items();
        self.end_locks();
        self.end_hold();
        self.space.leave();
    }
}

impl Backend for ServerStore {
    type Version = ServerVersion;
    type WriterHold = ServerWriterHold;
    type Waiter = ServerWaiter;
    type Watch = ServerWatch;
    type Error = ServerError;

    const OPENINGS: u64 = opening::SERVER;

    fn address(&self) -> &[u8] {
        &self.space.text
    }

    fn another(&self) -> Self {
        Self::on(self.space.clone(), self.fiber)
    }

    #[inline]
    fn is_current(&self, version: &ServerVersion) -> bool {
        !self.aside.get()
            && !version.has_expired()
            && self.space.is_current(version, self.asker())
            && !self.are_items_due(Lists::Slot(version.slot()))
    }

    fn confirm(&self, version: &mut ServerVersion) -> bool {
        self.is_current(version)
    }

    fn opening(&self) -> u64 {
        if self.aside.get() { 0 } else { self.space.opening() }
    }

    fn enter(&self) -> u64 {
        if self.aside.get() { 0 } else { self.space.enter() }
    }

    fn opening_of(version: &ServerVersion) -> u64 {
        version.opening()
    }

    fn record_of(version: &ServerVersion) -> u64 {
        version.record()
    }

    fn expiry_of(version: &ServerVersion) -> Option<Expiry> {
        version.expiry()
    }

    fn version_of(opening: u64, record: u64, expiry: Option<Expiry>) -> ServerVersion {
        ServerVersion::of_overlay(opening, record, expiry)
    }

    fn is_open(opening: u64) -> bool {
        opening & Self::OPENINGS != 0 && Space::is_open(opening)
    }

    fn get_short(&self, key: &[u8], limit: u64, version: &mut ServerVersion, out: &mut impl Room<u8>) -> Result<Found> {
        self.get_value(key, limit, version, out)
    }

    fn read_unread(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> Result<bool> {
        Ok(self.copy_left(value, from, target))
    }

    fn peek(&self, key: &[u8], version: &mut ServerVersion, start: &mut impl Room<u8>) -> Result<Peeked> {
        self.peek_at(key, version, start)
    }

    fn len(&self) -> Result<u64> {
        self.with_items(Lists::All, || self.space.count(self.asker()).map_err(|kind| self.error(kind)))
    }

    fn expected_len(&self) -> Result<u64> {
        Ok(self.space.last_count())
    }

    fn select<B: Room<u8>, E: Room<Entry>>(
        &self,
        selection: &Selection,
        snapshot: &mut Snapshot<B, E>,
        limit: u64,
    ) -> Result<()> {
        self.fill_selected(selection, snapshot, limit)
    }

    fn facts(&self, key: &[u8]) -> Result<Option<Facts>> {
        self.facts_of(key)
    }

    fn put_parts(&self, key: &[u8], head: &[u8], body: &[u8], version: &mut ServerVersion) -> Result<()> {
        self.put_value(key, Word::new(head, body), None, version)
    }

    fn put_first(&self, key: &[u8], value: &[u8], note: i64, version: &mut ServerVersion) -> Result<bool> {
        self.put_where_none_is(key, value.into(), Some(note), None, version)
    }

    fn put_until(
        &self,
        key: &[u8],
        (head, body): (&[u8], &[u8]),
        expiry: Option<Expiry>,
        version: &mut ServerVersion,
    ) -> Result<()> {
        self.put_value(key, Word::new(head, body), expiry, version)
    }

    fn add(
        &self,
        key: &[u8],
        (head, body): (&[u8], &[u8]),
        expiry: Option<Expiry>,
        version: &mut ServerVersion,
    ) -> Result<bool> {
        self.put_where_none_is(key, Word::new(head, body), None, expiry, version)
    }

    fn touch(&self, key: &[u8], expiry: Option<Expiry>, version: &mut ServerVersion) -> Result<bool> {
        self.touch_value(key, expiry, version)
    }

    fn add_number(&self, key: &[u8], by: i64, version: &mut ServerVersion) -> Result<Option<i64>> {
        self.add_to_number(key, by, version)
    }

    fn put_if_unchanged(&self, key: &[u8], value: &[u8], version: &mut ServerVersion) -> Result<bool> {
        self.put_unchanged(key, value.into(), None, version)
    }

    fn append(
        &self,
        key: &[u8],
        bytes: &[u8],
        note: i64,
        rewrite: Rewrite,
        version: &mut ServerVersion,
    ) -> Result<Appended> {
        self.append_to(key, bytes, note, rewrite, version)
    }

    fn push(&self, key: &[u8], elements: &[u8], count: u64, version: &mut ServerVersion) -> Result<Option<u64>> {
        self.push_onto(key, elements, count, version)
    }

    fn shift(&self, key: &[u8], version: &mut ServerVersion, out: &mut impl Room<u8>) -> Result<Shifted> {
        self.shift_off(key, version, out)
    }

    fn take(&self, key: &[u8], out: &mut impl Room<u8>) -> Result<Taken> {
        self.take_off(key, out)
    }

    fn take_read(
        &self,
        key: &[u8],
        first: Item,
        rest: (&[u8], &[u8]),
        version: &mut ServerVersion,
    ) -> Result<Option<u64>> {
        self.take_known(key, first, Word::new(rest.0, rest.1), version)
    }

    fn finish(&self, item: u64) -> Result<bool> {
        self.finish_item(item)
    }

    fn has_gone_back(&self) -> bool {
        self.has_gone_back.get()
    }

    fn give_back(&self, item: u64) {
        self.give_item_back(item);
    }

    fn put_next(&self, head: &[u8], body: &[u8], least: i64, version: &mut ServerVersion) -> Result<Option<i64>> {
        self.put_at_next(Word::new(head, body), least, version)
    }

    fn next_number(&self, least: i64) -> Result<Option<i64>> {
        self.following_number(least)
    }

    fn remove(&self, key: &[u8]) -> Result<bool> {
        self.remove_value(key)
    }

    fn replace(&self, entries: &[(&[u8], &[u8])]) -> Result<()> {
        self.replace_all(entries)
    }

    fn commit(&self, changes: &[Change<'_, ServerVersion>], hold: Option<&ServerWriterHold>) -> Result<bool> {
        self.commit_all(changes, hold)
    }

    fn destroy(&self) -> Result<()> {
        self.destroy_store()
    }

    fn lock(&self, patience: Patience) -> Result<()> {
        self.lock_all(patience)
    }

    fn unlock(&self) {
        self.unlock_all();
    }

    fn lock_writers(&self) -> Result<ServerWriterHold> {
        self.hold_writers()
    }

    fn step_aside(&self, aside: bool) {
        self.aside.set(aside);
    }

    fn unlock_writers(&self, hold: ServerWriterHold) {
        self.let_writers_go_on(hold);
    }

    fn standing(&self, hold: &ServerWriterHold) -> Standing {
        self.standing_of(hold)
    }

    fn enter_lock(&self) -> Result<u64> {
        self.enter_all()
    }

    fn leave_lock(&self) -> bool {
        self.leave_all()
    }

    fn entered_lock(&self) -> Option<(u64, u32)> {
        self.entered()
    }

    fn keeps_others_out(&self) -> bool {
        self.my_hold().is_some()
    }

    fn take_lock(&self, lock: LockName, wait: bool) -> Result<Taking> {
        self.take_named(lock, wait)
    }

    fn release_lock(&self, lock: LockName) -> bool {
        self.release_named(lock)
    }

    fn has_lost_lock(&self, lock: Option<LockName>, token: u64) -> bool {
        match lock {
            Some(lock) => self.has_lost_named(lock, token),
            None => self.has_lost_all(token),
        }
    }

    fn held_lock(&self, lock: LockName) -> Option<(u64, u32)> {
        self.held_named(lock)
    }

    fn is_computing(&self) -> bool {
        named::is_computing()
    }

    fn wait_for_lock(&self, lock: LockName, by: &Occupied, at_most: Duration) {
        self.wait_for_named(lock, by, at_most);
    }

    fn stop_waiting_for_lock(&self, lock: LockName) {
        self.leave_line(lock);
    }

    fn stats(&self) -> Result<Stats> {
        self.look_from_outside()
    }

    fn wait(&self, _: &mut ServerWaiter, held: &Held, at_most: Duration) {
        self.wait_for_hold(held, at_most);
    }

    #[inline]
    fn stop_waiting(&self) {
        self.leave_waiters();
    }

    fn no_room(&self, bytes: u64) -> ServerError {
        self.error(ErrorKind::NoRoom(bytes))
    }

    fn no_memory(&self, bytes: u64) -> ServerError {
        self.error(ErrorKind::NoMemory(bytes))
    }

    fn content(&self) -> Option<Content> {
        self.content.get()
    }

    fn has_content(&self, content: &Content) -> bool {
        self.space.has_content(content, self.asker()) && !self.are_items_due(Lists::All)
    }

    fn state(&self) -> Result<u64> {
        let state = self.state_now()?;
        let mut notes = self.notes.borrow_mut();
        if notes.is_empty() {
            notes.state = Some(state);
        }
        Ok(state)
    }

    fn see(&self, key: &[u8], version: &ServerVersion) {
        self.sees(key, version.slot(), version.record());
    }

    fn keeps_all_from_writing(&self) -> bool {
        self.space.is_held_by_thread()
    }

    fn watch(&self, wanted: &mut [Wanted<ServerWatch>], since: Since) -> Result<()> {
        self.begin_to_watch(wanted, since)
    }

    fn has_changed(&self, wanted: &mut [Wanted<ServerWatch>], at_most: Duration) -> Result<bool> {
        self.look_for_changes(wanted, at_most)
    }

    fn take_warning(&self) -> Option<String> {
        self.space.take_warning()
    }

    fn format_version() -> String {
        "1".into()
    }

    fn set_idle_limit(stores: u64) {
        Space::set_idle_limit(usize::try_from(stores).unwrap_or(usize::MAX));
    }

    fn close_idle() {
        Space::close_idle();
    }
}
