//! The trait that every store implements.

use std::fmt::Debug;
use std::mem::MaybeUninit;
use std::time::Duration;

use super::{
    Appended, BackendError, Change, Content, Entry, Expiry, Facts, Found, Held, LockName, Occupied, Patience, Peeked,
    Remedy, Rewrite, Room, Selection, Shifted, Since, Snapshot, Standing, Stats, Taken, Taking, Unread, Waiting,
    Wanted,
};
use crate::list::Item;

/// A handle on a shared, ordered map from key to bytes: one object's view of the store at an address.
///
/// The rules for all operations:
/// - The store is not touched before the first one. A handle follows its address when that names another store.
/// - No operation waits for another handle's lock. An operation that would have to wait fails with [`Remedy::Wait`], and has
///   done nothing; the caller waits as long as it likes ([`wait`](Self::wait) has a deadline) and calls it again, as
///   [`retry`](Self::retry) does. So no operation takes a callback that the store would have to run twice: the
///   caller's closure runs again. A request to a server has a time-out, and is [`Remedy::Retry`] where nothing is left of it.
/// - An operation that failed has changed nothing.
/// - A [`Version`](Self::Version) belongs to one key and one handle. Its default stands for a value never seen. Operations
///   that take one as `&mut` bring it up to date.
/// - A value that has expired is missing for every operation, and the clock is that of [`Now`](super::Now).
/// - The result of an operation, everything that [`fill`](Self::fill) finds included, is the state as of one moment.
///
/// Dropping a handle releases its locks.
pub trait Backend: Sized {
    /// The time and place at which a value was last seen. Plain data, which only the store understands.
    type Version: Copy + Default + PartialEq + Debug;
    /// A hold on other writers, which [`unlock_writers`](Self::unlock_writers) ends.
    type WriterHold;
    /// The notes of a waiter.
    type Waiter: Waiting;
    /// The notes on something that is waited for.
    type Watch: Copy + Default + Debug;
    /// A failure.
    type Error: BackendError;

    /// The bits that the numbers of all its openings have beyond those of [`COUNTED`](crate::opening::COUNTED): they tell which kind of store an
    /// opening is of.
    const OPENINGS: u64;

    /// The address, as it was given.
    fn address(&self) -> &[u8];

    /// Another handle on the same address, with the same settings; it holds no lock.
    fn another(&self) -> Self;

    // ---- reading -----------------------------------------------------------------------------------

    /// True if the value that the version stands for is certainly the newest. This is the whole cost of reading an unchanged
    /// value.
    fn is_current(&self, version: &Self::Version) -> bool;

    /// As [`is_current`](Self::is_current), where a few loads tell; false also where something else does, as of a value that expires.
    /// `None`: only the clock has moved on.
    #[inline]
    fn is_current_at_once(&self, version: &Self::Version) -> Option<bool> {
        Some(self.is_current(version))
    }

    /// As [`is_current`](Self::is_current), also where other values were stored since: the version is brought up to date. It costs
    /// a few loads. False: the value may have changed, or that takes more to find out; the version is as it was.
    fn confirm(&self, version: &mut Self::Version) -> bool;

    /// The opening of the store that reads see now: a number that no other opening of any store has in this process, with the bits of
    /// [`OPENINGS`](Self::OPENINGS). 0: it has not been opened yet, or is not there.
    fn opening(&self) -> u64;

    /// As [`opening`](Self::opening), after opening a store that is there and has not been opened yet. An operation tells of
    /// failures.
    fn enter(&self) -> u64;

    /// The opening that a version is about; 0: none. It is current in no other.
    fn opening_of(version: &Self::Version) -> u64;

    /// A number that no other value of its key has in the version's opening; 0 where there was no value.
    fn record_of(version: &Self::Version) -> u64;

    /// A number that a value shares with a few others: with those that were stored, or seen, just before it and after it, and so are likely
    /// to be read with it. As it is, for stores that count their records one by one.
    fn vicinity_of(version: &Self::Version) -> u64 {
        Self::record_of(version) / 4
    }

    /// When the value expires that a version stands for; `None`: never, or there was none. From then on it is missing for every
    /// operation, and the version is not current.
    fn expiry_of(version: &Self::Version) -> Option<Expiry>;
    /// A version of no value in the store, for an [`Overlay`](super::Overlay): of this opening and record, both above those of all
    /// stores; 0 as a record stands for no value.
    fn version_of(opening: u64, record: u64, expiry: Option<Expiry>) -> Self::Version;

    /// Whether this thread still has an opening of a store. False where that is not known.
    fn is_open(opening: u64) -> bool {
        let _ = opening;
        false
    }

    /// Looks a key up. On [`Found::Value`], `out` is cleared and filled with the value's bytes.
    fn get(&self, key: &[u8], version: &mut Self::Version, out: &mut impl Room<u8>) -> Result<Found, Self::Error> {
        self.get_short(key, u64::MAX, version, out)
    }

    /// As [`get`](Self::get), but a value of at least `limit` bytes may be left where it is: [`Found::Long`], with its first
    /// bytes (up to [`PEEK`](super::PEEK)) in `out`.
    fn get_short(
        &self,
        key: &[u8],
        limit: u64,
        version: &mut Self::Version,
        out: &mut impl Room<u8>,
    ) -> Result<Found, Self::Error>;

    /// Copies a value that was left in the store, from its byte `from` on, to fill `target`. False: it is not there any
    /// more; get it again.
    fn read_unread(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> Result<bool, Self::Error>;

    /// Looks at a value without reading it: its first bytes (up to [`PEEK`](super::PEEK)) or the note of its last append. [`append`](Self::append)
    /// may follow.
    fn peek(&self, key: &[u8], version: &mut Self::Version, start: &mut impl Room<u8>) -> Result<Peeked, Self::Error>;

    /// The number of keys.
    fn len(&self) -> Result<u64, Self::Error>;

    /// About how many keys there are, for a caller that makes room for them: as many as there were last, where others would have to be asked.
    fn expected_len(&self) -> Result<u64, Self::Error> {
        self.len()
    }

    /// True if there is no key.
    fn is_empty(&self) -> Result<bool, Self::Error> {
        Ok(self.len()? == 0)
    }

    /// Fills a snapshot with the keys that are selected, and their values; values of at least `limit` bytes may be left where they
    /// are. Where there is too little room, [`Snapshot::wanted`] says how much it takes.
    fn select<B: Room<u8>, E: Room<Entry>>(
        &self,
        selection: &Selection,
        snapshot: &mut Snapshot<B, E>,
        limit: u64,
    ) -> Result<(), Self::Error>;

    /// As [`select`](Self::select), everything.
    fn fill<B: Room<u8>, E: Room<Entry>>(&self, snapshot: &mut Snapshot<B, E>, limit: u64) -> Result<(), Self::Error> {
        self.select(&Selection::All, snapshot, limit)
    }

    /// The facts about the value of a key; `None` if there is none.
    fn facts(&self, key: &[u8]) -> Result<Option<Facts>, Self::Error>;

    /// Everything, in memory of its own.
    fn snapshot(&self) -> Result<Snapshot, Self::Error> {
        let mut snapshot = Snapshot::default();
        self.fill(&mut snapshot, u64::MAX)?;
        Ok(snapshot)
    }

    // ---- writing -----------------------------------------------------------------------------------

    /// Stores a value, which does not expire; makes the store if need be.
    fn put(&self, key: &[u8], value: &[u8], version: &mut Self::Version) -> Result<(), Self::Error> {
        self.put_parts(key, value, &[], version)
    }

    /// As [`put`](Self::put), for a value in two pieces: a long string need not be copied behind its head first.
    fn put_parts(&self, key: &[u8], head: &[u8], body: &[u8], version: &mut Self::Version) -> Result<(), Self::Error>;

    /// Stores a value with a note for the next append, as if all but the start of it had been appended, if there is none under
    /// the key. False: there is one, and nothing has happened. Makes the store if need be.
    fn put_first(&self, key: &[u8], value: &[u8], note: i64, version: &mut Self::Version) -> Result<bool, Self::Error>;

    /// As [`put_parts`](Self::put_parts), for a value that expires then; `None`: never. One that has expired by now is not stored, and
    /// what was there is removed.
    fn put_until(
        &self,
        key: &[u8],
        parts: (&[u8], &[u8]),
        expiry: Option<Expiry>,
        version: &mut Self::Version,
    ) -> Result<(), Self::Error>;

    /// As [`put_until`](Self::put_until), if there is no value: finding out and storing are one step. False: there is one, and nothing
    /// has happened; the version is as it was.
    fn add(
        &self,
        key: &[u8],
        parts: (&[u8], &[u8]),
        expiry: Option<Expiry>,
        version: &mut Self::Version,
    ) -> Result<bool, Self::Error>;

    /// Lets a value expire at another time; `None`: never. False: there is no value. A version that stood for the newest value does so
    /// afterwards, where the store can tell. Does not make a store.
    fn touch(&self, key: &[u8], expiry: Option<Expiry>, version: &mut Self::Version) -> Result<bool, Self::Error>;

    /// Compare and set: stores the value if the version still stands for the newest one of the key, which is there. False: it
    /// does not, or may not, and nothing has happened. The caller must read again, and retry. The value expires when the old one did.
    fn put_if_unchanged(&self, key: &[u8], value: &[u8], version: &mut Self::Version) -> Result<bool, Self::Error>;

    /// Adds to a value that is an integer, where the store can do so in one step, whoever else adds meanwhile; gives the sum, of which the
    /// version then is. `None`: it cannot, there is no such value, or the sum is none; nothing has happened.
    fn add_number(&self, key: &[u8], by: i64, version: &mut Self::Version) -> Result<Option<i64>, Self::Error> {
        let _ = (key, by, version);
        Ok(None)
    }

    /// Appends `bytes` to the value of a key, if the version still stands for it: the cost depends on `bytes` alone. The value expires
    /// when it did.
    /// `note` is for the next append ([`peek`](Self::peek), [`list_note`](super::list_note)). The store decides when the pieces become one value
    /// again; `rewrite` tells it whether the caller would rather do that.
    fn append(
        &self,
        key: &[u8],
        bytes: &[u8],
        note: i64,
        rewrite: Rewrite,
        version: &mut Self::Version,
    ) -> Result<Appended, Self::Error>;

    /// Appends elements, so many values one behind the other, at the end of a list, where the store can do so in one step, whoever else appends
    /// meanwhile; gives the list's new length. `None`: it cannot, or there is no list of which it knows that; nothing has happened.
    fn push(
        &self,
        key: &[u8],
        elements: &[u8],
        count: u64,
        version: &mut Self::Version,
    ) -> Result<Option<u64>, Self::Error> {
        let _ = (key, elements, count, version);
        Ok(None)
    }

    /// Takes the first element off a list, whatever its length, in one step; `out` is cleared and filled with its bytes. Each element
    /// goes to exactly one caller. A reader that knows the value up to then gets [`Found::Appended`] with a patch that says so
    /// ([`list`](super::list)); the note becomes that of the list that is left. Where there is too little room, nothing has happened.
    fn shift(&self, key: &[u8], version: &mut Self::Version, out: &mut impl Room<u8>) -> Result<Shifted, Self::Error>;

    /// Takes the first element off a list as [`shift`](Self::shift) does, for consumption: the store keeps it for this handle until
    /// [`finish`](Self::finish), or puts it at the head again: by [`give_back`](Self::give_back), and where the handle ends, or its
    /// process, however that ends. Until then it is not in the list, nor a key, nor in a snapshot. A list that is not there any more is made
    /// again for it; one that has expired by then has expired with it. It is gone where everything is replaced or the store destroyed, and
    /// is kept as long as something else than a list, another array or null is under the key. Where there is too little room, nothing has
    /// happened. In a transaction of this handle nothing is taken.
    fn take(&self, key: &[u8], out: &mut impl Room<u8>) -> Result<Taken, Self::Error>;

    /// As [`take`](Self::take), for an array that the caller has read at this version, and taken apart: the first element, and the array
    /// without it, in two pieces. `None`: it is another one by now, and nothing has happened. An array without elements keeps its key.
    fn take_read(
        &self,
        key: &[u8],
        first: Item,
        rest: (&[u8], &[u8]),
        version: &mut Self::Version,
    ) -> Result<Option<u64>, Self::Error>;

    /// Forgets an item that was taken. False: this handle has none with this token (any more), and nothing has happened. Does not make a
    /// store.
    fn finish(&self, item: u64) -> Result<bool, Self::Error>;

    /// Whether the item that could not be finished last was put at the head of its list again: the store has taken its handle for gone, though it is not.
    fn has_gone_back(&self) -> bool {
        false
    }

    /// Puts an item that was taken at the head of its list again; nothing happens where this handle has none with this token. It never
    /// fails: where the store cannot be told at once, or has no space, it is later.
    fn give_back(&self, item: u64);

    /// Stores a value (in two pieces) under the number that comes after the highest of the names that are numbers, or have been
    /// since everything was last replaced; 0 where none was. Finding the number and storing are one step. Returns the number;
    /// `None`: the highest possible number is in use, and nothing has happened. No lower number than `least` is used.
    fn put_next(
        &self,
        head: &[u8],
        body: &[u8],
        least: i64,
        version: &mut Self::Version,
    ) -> Result<Option<i64>, Self::Error>;

    /// The number under which [`put_next`](Self::put_next) would store a value now.
    fn next_number(&self, least: i64) -> Result<Option<i64>, Self::Error>;

    /// Removes a key; tells whether it was there. Does not make a store.
    fn remove(&self, key: &[u8]) -> Result<bool, Self::Error>;

    /// Replaces everything, at one moment. Keys must differ from each other.
    fn replace(&self, entries: &[(&[u8], &[u8])]) -> Result<(), Self::Error>;

    /// Makes several changes at one moment, to keys that differ from each other; keys that are new come in this order, behind all
    /// others. False: the value of a [`Change::Append`] is another one by now, or may be, or the hold has not lasted until now; and
    /// nothing has happened. Makes the store, unless there is nothing to store.
    fn commit(
        &self,
        changes: &[Change<'_, Self::Version>],
        hold: Option<&Self::WriterHold>,
    ) -> Result<bool, Self::Error>;

    /// Removes the store, and releases the lock. No error if it is missing.
    fn destroy(&self) -> Result<(), Self::Error>;

    // ---- locks -------------------------------------------------------------------------------------

    /// Makes every other handle on this store wait at any access until [`unlock`](Self::unlock), or until this handle or its
    /// process ends. Locking again updates the others' patience. Makes the store.
    fn lock(&self, patience: Patience) -> Result<(), Self::Error>;

    /// Releases the lock; does nothing if this handle does not hold it. Holds on writers continue.
    fn unlock(&self);

    /// Makes other writers wait, not readers, until [`unlock_writers`](Self::unlock_writers): for a change that reads and writes
    /// back within a moment. Such holds may be nested. Other fibers of this thread wait like other handles.
    fn lock_writers(&self) -> Result<Self::WriterHold, Self::Error>;

    /// While it is aside, a handle takes no version for current, nor does it confirm one, and its opening is 0: for a caller that has
    /// changes of its own to look at first. All operations are as before.
    fn step_aside(&self, aside: bool);

    /// Ends a hold on writers. Nothing happens where that was another handle's, or the parent's of this process.
    fn unlock_writers(&self, hold: Self::WriterHold);

    /// Whether a hold still makes other writers wait.
    fn standing(&self, hold: &Self::WriterHold) -> Standing;

    /// As [`lock`](Self::lock), for others without end, but counted, for [`leave_lock`](Self::leave_lock), and with a token: a number
    /// greater than 0 and than those of all locks that were taken before. It is the same while the lock is held. Other fibers of this
    /// thread wait like other handles.
    fn enter_lock(&self) -> Result<u64, Self::Error>;

    /// Ends one [`enter_lock`](Self::enter_lock) of this fiber; with the last one the lock, unless [`lock`](Self::lock) was called as
    /// well. False: there is none, or it has ended by itself meanwhile, and nothing has happened. ([`unlock`](Self::unlock) ends all of them.)
    fn leave_lock(&self) -> bool;

    /// The token of [`enter_lock`](Self::enter_lock), and how often that was called in this fiber, and not
    /// [`leave_lock`](Self::leave_lock). `None`: it is over, or another fiber's.
    fn entered_lock(&self) -> Option<(u64, u32)>;

    /// Whether this handle makes others wait: by a lock of the whole, or by a hold on writers.
    fn keeps_others_out(&self) -> bool;

    // ---- named locks -------------------------------------------------------------------------------

    /// Takes a lock, unless another handle, or another fiber of this thread, has it. Such locks are no content, no obstacle to any
    /// other operation, and are not in the way of a holder of the store, nor it of them. They end with their handle, with its process,
    /// however that ends, and with the store. Taking a lock again counts, and gives the same token.
    ///
    /// [`Taking::Occupied`] means that nothing has happened. With `wait`, the caller stands in line then until it has the lock or
    /// calls [`stop_waiting_for_lock`](Self::stop_waiting_for_lock): the lock goes to the one that has waited longest. Makes the store.
    fn take_lock(&self, lock: LockName, wait: bool) -> Result<Taking, Self::Error>;

    /// Gives a lock back that was taken in this fiber; if it was taken several times, when that was done as often. False: it was
    /// not taken, or has ended by itself meanwhile, and nothing has happened. It never fails: where the store cannot be told at once, it is later.
    fn release_lock(&self, lock: LockName) -> bool;

    /// Whether a lock that this handle took in this fiber, with this token, has ended without its doing, so that others may have had it since. `None`: that of the
    /// whole, by [`enter_lock`](Self::enter_lock). (In a file none does while its owner lives.)
    fn has_lost_lock(&self, lock: Option<LockName>, token: u64) -> bool {
        let _ = (lock, token);
        false
    }

    /// The token of a lock, and how often it was taken in this fiber, and not given back. `None`: this handle does not have it, or in another
    /// fiber.
    fn held_lock(&self, lock: LockName) -> Option<(u64, u32)>;

    /// Whether this thread has any lock of a value that is being computed ([`LockSpace::Computed`](super::LockSpace)), by any handle.
    fn is_computing(&self) -> bool;

    /// Sleeps until a lock that `by` describes may have been given back, or this handle's turn may have come; at most `at_most`, or
    /// until a signal comes. Returns no result: the caller must retry.
    fn wait_for_lock(&self, lock: LockName, by: &Occupied, at_most: Duration);

    /// Leaves the line for a lock; if it is this handle's turn, the next one has it.
    fn stop_waiting_for_lock(&self, lock: LockName);

    // ---- looking from outside ----------------------------------------------------------------------

    /// The state of the store, about now. No lock of others is waited for. A missing store is an empty one.
    fn stats(&self) -> Result<Stats, Self::Error>;

    // ---- waiting -----------------------------------------------------------------------------------

    /// Sleeps until the lock that `held` describes may have been released, or this handle's turn may have come; at most
    /// `at_most`, or the holder's interval, or until a signal comes. Returns no result: the caller must retry. A waiter
    /// may stay in the queue until the operation is done, or [`stop_waiting`](Self::stop_waiting) is called.
    fn wait(&self, waiter: &mut Self::Waiter, held: &Held, at_most: Duration);

    /// Ends a wait: the operation is done, or given up.
    fn stop_waiting(&self);

    /// Calls `operation` until it no longer finds the store held or busy, or the holder's patience with waiters is over.
    fn retry<T>(&self, mut operation: impl FnMut(&Self) -> Result<T, Self::Error>) -> Result<T, Self::Error> {
        let mut waiter = Self::Waiter::default();
        let result = loop {
            let error = match operation(self) {
                Ok(done) => break Ok(done),
                Err(error) => error,
            };
            match error.remedy() {
                Remedy::Wait(held) => {
                    let for_ever = held.same_thread && held.patience.timeout.is_none();
                    match waiter.left(&held).filter(|_| !for_ever) {
                        Some(left) => self.wait(&mut waiter, &held, left),
                        None => break Err(error),
                    }
                }
                Remedy::Retry => {}
                _ => break Err(error),
            }
        };
        self.stop_waiting();
        result
    }

    // ---- failures ----------------------------------------------------------------------------------

    /// The failure of an operation that wants so many bytes of the caller's memory ([`Remedy::MakeRoom`]).
    fn no_room(&self, bytes: u64) -> Self::Error;

    /// The failure of an operation for which the process has no memory of so many bytes.
    fn no_memory(&self, bytes: u64) -> Self::Error;

    // ---- waiting for a change ----------------------------------------------------------------------

    /// The content that a snapshot of everything just had, where the store can tell at little cost whether it is still the newest
    /// ([`has_content`](Self::has_content)); else `None`.
    fn content(&self) -> Option<Content> {
        None
    }

    /// Whether the store still has this content, and lets its user read it.
    fn has_content(&self, content: &Content) -> bool {
        let _ = content;
        false
    }

    /// The state of the store as a number, which moves on with each change of a value, and with nothing else if that can be had. 0:
    /// there is no store. Of two states of one store the later one is the higher; a store that was destroyed, replaced or
    /// restored may go on anywhere.
    fn state(&self) -> Result<u64, Self::Error>;

    /// Notes that the handle's user has been given what this version tells of, without asking the handle: another handle had
    /// looked. [`Since::Seen`] counts from there.
    fn see(&self, key: &[u8], version: &Self::Version);

    /// Whether this handle, or another one of its thread, keeps others out, or keeps them from writing: then no wait for a change
    /// would end.
    fn keeps_all_from_writing(&self) -> bool;

    /// Begins to wait for a change of any of these: notes since when it counts. Each watch may then be used for one wait, with this
    /// handle.
    fn watch(&self, wanted: &mut [Wanted<Self::Watch>], since: Since) -> Result<(), Self::Error>;

    /// Whether one of these has changed. If not, this sleeps until one may have, at most for `at_most`, or until a signal comes. It
    /// may sleep for a shorter time: a caller goes on until it is told of a change, or its own clock says that it is time, and then
    /// looks once more, with an `at_most` of 0. A value that was the same before and after, and one that was there for a moment alone,
    /// count where the store notices; moving a value inside the store never does.
    ///
    /// A change that is told so is seen ([`Since::Seen`]), if the wait began there.
    fn has_changed(&self, wanted: &mut [Wanted<Self::Watch>], at_most: Duration) -> Result<bool, Self::Error>;

    // ---- hooks -------------------------------------------------------------------------------------

    /// The version of the format in which the store keeps its content, as its users see it: `3`, or `3.1` for a draft.
    fn format_version() -> String;

    /// A warning for the user about the state in which the store was found; returned once.
    fn take_warning(&self) -> Option<String> {
        None
    }

    /// After [`Remedy::Import`]: copies the content in its old format; false if it is no longer in that format.
    fn copy_legacy(&self, out: &mut impl Room<u8>) -> Result<bool, Self::Error> {
        out.clear();
        Ok(false)
    }

    /// Turns the old content into a store that holds `entries`. False: it is no longer `old`; the caller must retry.
    fn import(&self, old: &[u8], entries: &[(&[u8], &[u8])]) -> Result<bool, Self::Error> {
        let _ = (old, entries);
        Ok(false)
    }

    /// Sets the number of stores without a handle that this thread keeps open, or connected.
    fn set_idle_limit(stores: u64) {
        let _ = stores;
    }

    /// Closes the stores beyond that number.
    fn close_idle() {}
}
