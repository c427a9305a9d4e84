//! The face of the library: one object's view of the store at a path.

mod commit;
mod consumed;
mod expiring;
mod lists;
mod whole;

use super::check::{Report, check_all};
use super::clock::announce_change;
use super::error::{Error, Failure, Result};
use super::file::File;
use super::follow::Follower;
use super::format::{self, EncodedKey, Value};
use super::hold::Strength;
use super::index::Hit;
use super::lock::WriteGuard;
use super::log::append::Log;
use super::log::compact::Compactor;
use super::log::consume::Looking;
use super::log::replace::{Item, Replace};
use super::log::values::{Appending, Values};
use super::number::{self, Numbers};
use super::options::{Durability, Options};
use super::own_items::let_go_back;
use super::read::{Reader, Want};
use super::rebuild::initialize;
use super::session::{Session, WriterHold};
use super::space::Space;
use super::version::Version;
use super::wait::Waiter;
use super::{import, registry};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
#[cfg(test)]
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sync_backend::{Appended, Backend, Expiry, Found, Held, Patience, Peeked, Room, Standing, Unread};

/// One object's view of the store at a path. Opens at first use, follows the path when it comes
/// to mean another file. Not `Send`: a thread is like a process of its own.
///
/// Every operation may return [`ErrorKind::Held`](super::ErrorKind::Held) or [`ErrorKind::Busy`](super::ErrorKind::Busy): nothing has happened,
/// call [`Store::wait`] (for `Held`) and try again, as [`Store::retry`] does. Dropping a `Store` releases its
/// `lock()`.
pub struct Store {
    pub(super) follower: Follower,
}

impl Store {
    /// Names a store; touches nothing.
    pub fn new(path: PathBuf, options: Options) -> Self {
        Self { follower: Follower::new(path, options) }
    }

    /// The path, as it was given.
    pub fn path(&self) -> &Path {
        &self.follower.path
    }

    /// True if the key that `seen` belongs to has certainly not changed since. No system call
    /// (one a clock tick, to see whether the path still means this file); this is the whole cost
    /// of reading an unchanged value.
    #[inline]
    pub fn is_current(&self, seen: &Version) -> bool {
        self.follower.is_current(seen)
    }

    /// As [`Store::is_current`], where a few loads tell; false also where something else does. `None`: only the clock has moved on.
    #[inline]
    pub fn is_current_at_once(&self, seen: &Version) -> Option<bool> {
        self.follower.is_current_at_once(seen)
    }

    /// As [`Store::is_current`], also where other keys were changed since: looks whether the index still names the key's record.
    /// A few loads. `seen` is brought up to date, or left as it was.
    #[inline]
    pub fn confirm(&self, seen: &mut Version) -> bool {
        self.follower.confirm(seen)
    }

    /// The number of the opening of the file that is open; 0: none is.
    #[inline]
    pub fn opening(&self) -> u64 {
        self.follower.opening()
    }

    /// As [`Store::opening`], after opening a file that is there.
    pub fn enter(&self) -> u64 {
        self.follower.enter()
    }

    /// See [`Backend::step_aside`].
    pub(super) fn step_aside(&self, aside: bool) {
        self.follower.step_aside(aside);
    }

    /// Looks a key up. On `Found::Value`, `out` is cleared and filled with the value's bytes; where it has
    /// no room for them, [`ErrorKind::NoRoom`](super::ErrorKind::NoRoom) says how much they take. `seen` is brought up to date.
    pub fn get(&self, key: &[u8], seen: &mut Version, out: &mut impl Room<u8>) -> Result<Found> {
        self.get_short(key, u64::MAX, seen, out)
    }

    /// As [`Store::get`], but a value in one piece of at least `limit` bytes is left where it is:
    /// `Found::Long`, with its first bytes (up to 16) in `out`. [`Store::read_unread`] copies it to where it
    /// shall go.
    pub fn get_short(&self, key: &[u8], limit: u64, seen: &mut Version, out: &mut impl Room<u8>) -> Result<Found> {
        let want = Want::Value { limit };
        self.look_up(key, want, seen, out)
    }

    /// The facts that an append to a value needs, without reading it. `seen` is brought
    /// up to date, so that [`Store::append`] may follow; `start` is overwritten, and has room for
    /// `PEEK` bytes.
    pub fn peek(&self, key: &[u8], seen: &mut Version, start: &mut impl Room<u8>) -> Result<Peeked> {
        Ok(match self.look_up(key, Want::Peek, seen, start)? {
            Found::Missing => Peeked::Missing,
            Found::Unchanged => Peeked::Unchanged,
            Found::Appended => {
                let note = start.items().try_into().expect("a note is eight bytes");
                Peeked::Noted(i64::from_ne_bytes(note))
            }
            Found::Long(_) | Found::Value => Peeked::Whole,
        })
    }

    #[inline]
    fn look_up(&self, key: &[u8], want: Want, seen: &mut Version, out: &mut impl Room<u8>) -> Result<Found> {
        let found = self.follower.with_file(false, |file| {
            let found = Reader::of(file).get(self.session().object(), key, want, seen, out)?;
            // (A key that is too long for any store never changes, and takes long to hash.)
            if key.len() as u64 <= format::MAX_NAME {
                self.follower.notes.note(seen.hash_in(file, key), seen.end(), found != Found::Missing);
            }
            Ok(found)
        })?;
        Ok(found.unwrap_or_else(|| {
            // No version: the key counts as missing only as long as there is no file.
            *seen = Version::default();
            self.follower.notes.note_nothing(key);
            Found::Missing
        }))
    }

    /// Copies a value that was found and left where it is, from its byte `from` on, to fill `target`.
    /// False: it is not there any more; get it again.
    pub fn read_unread(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> Result<bool> {
        let read = self.follower.with_file(false, |file| Ok(Reader::of(file).read_unread(value, from, target)))?;
        Ok(read.unwrap_or(false))
    }

    /// Stores a value; creates the file if need be. `seen` then stands for the value just stored.
    #[inline]
    pub fn put(&self, key: &[u8], value: &[u8], seen: &mut Version) -> Result<()> {
        self.put_value(key, Value::whole(value), seen)
    }

    /// As [`Store::put`], for a value in two pieces: a long string need not be copied behind its
    /// head first.
    pub fn put_parts(&self, key: &[u8], head: &[u8], body: &[u8], seen: &mut Version) -> Result<()> {
        self.put_value(key, Value { head, body }, seen)
    }

    /// As [`Store::put`], but only if the key's record is still the one that `seen` tells of: compare and
    /// swap. False: its value has changed, or the cleaner has moved it, or it was never looked at;
    /// nothing has happened. Look again, and try again.
    #[inline]
    pub fn put_if_unchanged(&self, key: &[u8], value: &[u8], seen: &mut Version) -> Result<bool> {
        let encoded = self.encoded(key, value.len() as u64)?;
        self.write(|file, owner| {
            // The index knows everything while the lock is held: what is the same record is the newest.
            let Some(hit) = Reader::of(file).hint(seen) else { return Ok(false) };
            let expiry = seen.expiry();
            self.put_locked(file, owner, &encoded, (Value::whole(value), expiry), seen, Some(hit)).map(|()| true)
        })
    }

    /// Appends `bytes` to the value of a key, if it is still the one that `seen` tells of: the cost depends on `bytes`
    /// alone. A reader that knows the value up to then gets these bytes alone ([`Found::Appended`]), any other reader the
    /// value and the bytes behind it. `note` is stored for the next append ([`Store::peek`]).
    #[inline]
    pub fn append(&self, key: &[u8], bytes: &[u8], note: i64, seen: &mut Version) -> Result<Appended> {
        let encoded = self.encoded(key, bytes.len() as u64)?;
        self.write(|file, owner| {
            let Some(hit) = Reader::of(file).hint(seen) else { return Ok(Appended::Changed) };
            let Appending::Done(receipt) = Values::of(owner).append_to(&encoded, hit, note, bytes)? else {
                return Ok(Appended::Full);
            };
            seen.follow(&receipt, owner.end());
            self.follower.notes.note(seen.hash_in(file, key), owner.end(), true);
            Compactor::of(owner).clean();
            Ok(Appended::Done)
        })
    }

    /// Makes room for more to be appended to a value of at least `length` bytes, if it is still the one
    /// that `seen` tells of, by merging what was appended to it last. False: it is shorter, or
    /// another one; nothing has happened.
    pub(crate) fn merge_pieces(&self, key: &[u8], length: u64, seen: &mut Version) -> Result<bool> {
        let encoded = self.encoded(key, 0)?;
        self.write(|file, owner| {
            let Some(hit) = Reader::of(file).hint(seen) else { return Ok(false) };
            let values = Values::of(owner);
            if values.length(hit).is_none_or(|it| it < length) {
                return Ok(false);
            }
            match values.merge_pieces(&encoded, hit)? {
                Some(receipt) => seen.follow(&receipt, owner.end()),
                None => seen.confirm(owner.end()),
            }
            Compactor::of(owner).clean();
            Ok(true)
        })
    }

    /// For tests of the store's layout, whatever the length: a program merges by [`Backend::append`], where that is due.
    #[cfg(feature = "testing")]
    pub fn merge_all_pieces(&self, key: &[u8], seen: &mut Version) -> Result<bool> {
        self.merge_pieces(key, 0, seen)
    }

    /// As [`Store::append`], whatever room there is: the value and all that was appended to it become one
    /// record. False: it is another value by now; nothing has happened. For short values, as it is copied.
    pub(crate) fn append_whole(&self, key: &[u8], bytes: &[u8], note: i64, seen: &mut Version) -> Result<bool> {
        let encoded = self.encoded(key, bytes.len() as u64)?;
        self.write(|file, owner| {
            let Some(hit) = Reader::of(file).hint(seen) else { return Ok(false) };
            let receipt = Values::of(owner).append_whole(&encoded, hit, note, bytes)?;
            seen.follow(&receipt, owner.end());
            self.follower.notes.note(seen.hash_in(file, key), owner.end(), true);
            Compactor::of(owner).clean();
            Ok(true)
        })
    }

    #[inline]
    fn put_value(&self, key: &[u8], value: Value, seen: &mut Version) -> Result<()> {
        let encoded = self.encoded(key, value.len())?;
        self.write(|file, owner| {
            self.put_locked(file, owner, &encoded, (value, None), seen, Reader::of(file).hint(seen))
        })
    }

    /// Stores a value under the write lock. (Six parameters: it is a part of two hot functions, inlined, and a struct would
    /// only carry them here.)
    #[inline(always)]
    fn put_locked(
        &self,
        file: &File,
        owner: &WriteGuard,
        key: &EncodedKey,
        (value, expiry): (Value, Option<Expiry>),
        seen: &mut Version,
        hint: Option<Hit>,
    ) -> std::result::Result<(), Failure> {
        let (life, seed) = (file.life(), file.identity.hash_seed);
        let known = if seen.is_of(life) { seen.hash() } else { None };
        let hash = known.unwrap_or_else(|| format::hash(seed, key.bytes()));
        let receipt = Log::of(owner).put(key, hash, (value, expiry), hint)?;
        let stored = Version::stored(life, hash, &receipt, owner.header().index_epoch.get(), receipt.end());
        *seen = stored.until(expiry);
        self.follower.notes.note(hash, receipt.end(), true);
        Compactor::of(owner).clean();
        Ok(())
    }

    /// Stores a value (in two pieces, as [`Store::put_parts`]) under the number that comes after the highest of the
    /// names that are numbers, or have been since everything was last replaced; 0 where none was. Finding the
    /// number and storing are one step. Gives the number; `None`: the highest there is, is in use, and nothing
    /// has happened. Creates the file if need be. `least`: no lower number than this one is used.
    pub fn put_next(&self, head: &[u8], body: &[u8], least: i64, seen: &mut Version) -> Result<Option<i64>> {
        let value = Value { head, body };
        self.check_length(number::LONGEST + value.len())?;
        self.write(|file, owner| {
            let Some(number) = Numbers::of(owner).next_number(least)? else { return Ok(None) };
            *seen = Version::default();
            let mut digits = itoa::Buffer::new();
            self.put_locked(file, owner, &number::key_of(number, &mut digits), (value, None), seen, None)?;
            Ok(Some(number))
        })
    }

    /// The number under which [`Store::put_next`] would store a value now. Nobody else takes it as long as this
    /// store keeps other writers out ([`Store::lock_writers`]).
    pub fn next_number(&self, least: i64) -> Result<Option<i64>> {
        self.write(|_, owner| Numbers::of(owner).next_number(least))
    }

    /// Removes a key; tells whether it was there. Does not create a file.
    pub fn remove(&self, key: &[u8]) -> Result<bool> {
        let Some(encoded) = EncodedKey::new(key) else { return Ok(false) };
        if !self.has_content()? {
            return Ok(false);
        }
        self.write(|file, owner| {
            let hash = format::hash(file.identity.hash_seed, key);
            let removed = Log::of(owner).remove(&encoded, hash)?;
            self.follower.notes.note(hash, owner.end(), false);
            Compactor::of(owner).clean();
            Ok(removed)
        })
    }

    /// Replaces everything, at one moment. Keys must differ from each other.
    pub fn replace(&self, entries: &[(&[u8], &[u8])]) -> Result<()> {
        self.check_lengths(entries)?;
        let items = Item::of_all(entries).map_err(|failure| self.error(failure))?;
        self.write(|_, owner| {
            Replace::of(owner).replace(&items)?;
            self.follower.notes.note_all(owner.end(), owner.header().changed.get());
            Ok(())
        })
    }

    /// Makes every other `Store` on this file wait at any access until [`Store::unlock`], or until
    /// this `Store` or its process ends. Locking again while holding updates the others' patience. Creates
    /// the file.
    ///
    /// The lock is on the file: should somebody delete, replace or cut it short meanwhile, every access is
    /// [`ErrorKind::LockLost`](super::ErrorKind::LockLost) until [`Store::unlock`].
    pub fn lock(&self, patience: Patience) -> Result<()> {
        self.hold(Strength::All, patience)?;
        self.session().lock();
        Ok(())
    }

    /// Gives the lock back; nothing happens where this `Store` does not hold it. Changes that are
    /// under way keep other writers out until they end.
    pub fn unlock(&self) {
        self.follower.release(|session, file| session.unlock(file));
    }

    /// As [`Store::unlock`], in the way of a holder that cannot have the write lock: for `tests/loom.rs`.
    #[cfg(feature = "loom")]
    pub fn unlock_without_the_write_lock(&self) {
        self.follower.open_file().inspect(|file| file.leave_hold());
        self.session().leave();
    }

    /// True between `lock` and `unlock`, in the process that called it.
    pub fn holds_lock(&self) -> bool {
        self.session().is_locked()
    }

    /// Keeps other writers out, not readers, until [`Store::unlock_writers`]: for a change that reads and
    /// writes back within a moment. It may have others inside of it. Other fibers of this thread are
    /// kept out as other stores are.
    pub fn lock_writers(&self) -> Result<WriterHold> {
        if self.session().is_changing() {
            self.session().check_fiber().map_err(|failure| self.error(failure))?;
        }
        if !self.session().is_held() {
            self.hold(Strength::Writers, Patience::default())?;
        }
        Ok(self.session().begin_change())
    }

    /// Ends a change. Nothing happens where that was another store's, or the parent's of this process.
    pub fn unlock_writers(&self, change: WriterHold) {
        self.follower.release(|session, file| session.end_change(&change, file));
    }

    /// Whether a change still keeps other writers out.
    pub fn standing(&self, change: &WriterHold) -> Standing {
        self.session().standing(change)
    }

    pub(super) fn session(&self) -> &Session {
        &self.follower.session
    }

    /// The options that it was opened with.
    pub(super) fn options(&self) -> &Options {
        &self.follower.options
    }

    /// The file that is open.
    #[cfg(test)]
    pub(super) fn file(&self) -> Rc<File> {
        self.follower.open_file().expect("a file is open")
    }

    pub(super) fn follower(&self) -> &Follower {
        &self.follower
    }

    pub(super) fn hold(&self, strength: Strength, patience: Patience) -> Result<()> {
        let keeps_readers_out = strength == Strength::All && !self.session().is_locked();
        let mut rested = None;
        while let Some(holds) = self.hold_unless_due_to_rest(strength, patience, keeps_readers_out, rested)? {
            rested = Some(holds);
            self.follower.open_file().inspect(|file| file.rest());
        }
        self.session().hold();
        Ok(())
    }

    /// `None`: done. Else how many holds there have been, and this one has to rest first; `rested`: it did, when
    /// there had been so many.
    fn hold_unless_due_to_rest(
        &self,
        strength: Strength,
        patience: Patience,
        keeps_readers_out: bool,
        rested: Option<u64>,
    ) -> Result<Option<u64>> {
        let outcome = self.follower.with_file(true, |file| {
            let mut owner = self.begin_change(file)?;
            let holds = owner.header().holds.get();
            if keeps_readers_out && rested == Some(holds) {
                owner.begin_chain();
            } else if keeps_readers_out && owner.should_rest() {
                return Ok(Some(holds));
            }
            if !self.session().is_held() {
                // From here on the holder sees changes of its own alone. (What cannot go back to its list now does later.)
                owner = let_go_back(owner, Looking::All).ok_or(Failure::Stale)?;
            }
            owner.hold(self.session().object(), strength, patience);
            Ok(None)
        })?;
        outcome.ok_or_else(|| self.error(Failure::Stale))
    }

    /// Sleeps until the lock that `held` tells of may have been given back, or this store's turn may have come; else
    /// `at_most`, the holder's interval, or until a signal comes. Returns no result: try again. A waiter that has waited
    /// for a moment stands in line until the operation is done, or [`Store::stop_waiting`] is called.
    pub fn wait(&self, waiter: &mut Waiter, held: &Held, at_most: Duration) {
        if let Some(file) = self.follower.open_file() {
            self.session().wait(&file, waiter, held, at_most);
        }
    }

    /// Ends a wait: the operation is done, or given up.
    #[inline]
    pub fn stop_waiting(&self) {
        self.session().stop_waiting(|| self.follower.open_file());
    }

    /// Removes the file and releases the lock. No error if it is missing.
    pub fn destroy(&self) -> Result<()> {
        if self.exists_or_held()? == Existence::Missing {
            return Ok(());
        }
        let id = self.write(|file, owner| file.destroy(owner, self.path()).map(|()| file.id))?;
        self.session().destroy();
        self.follower.close();
        self.follower.notes.clear();
        // Its memory is free when the last one has closed it.
        registry::close_destroyed(id);
        Self::paths_have_changed();
        Ok(())
    }

    /// Forgets what is known about which file the path means: the next access looks.
    /// For callers that have just deleted or renamed files.
    pub fn paths_have_changed() {
        announce_change();
    }

    /// The next access looks whether a file that is cut short still kills nobody: for callers that have just
    /// changed what is done with SIGBUS, or are about to run code with signals blocked. (Where nobody says so
    /// it is looked at every 100 ms of accesses.)
    pub fn signals_have_changed() {
        announce_change();
    }

    /// Stores that are made from here on ask the kernel, once, about what this thread has open: whether its path means it, and this
    /// process may open it. For callers that have heard from another process, which may have had its turn.
    pub fn ask_anew() {
        registry::ask_anew();
    }

    /// Stores that are made from here on ask the kernel, once, whether this process may open what this thread has open. For callers
    /// that begin to work for somebody else, perhaps with other rights than before.
    pub fn ask_for_rights() {
        registry::ask_for_rights();
    }

    /// A message for the user about how the file was found: once.
    pub fn take_warning(&self) -> Option<String> {
        self.follower.take_warning()
    }

    /// As [`Backend::retry`]. For Rust programs: PHP waits in its own way, looking for signals.
    pub fn retry<T>(&self, operation: impl FnMut(&Self) -> Result<T>) -> Result<T> {
        Backend::retry(self, operation)
    }

    /// Gives back the room of all that is no longer there, as far as that is worth moving the rest. A missing file has none.
    pub fn compact(&self) -> Result<()> {
        if self.exists_or_held()? == Existence::Missing {
            return Ok(());
        }
        self.write(|_, owner| {
            let compactor = Compactor::of(owner);
            compactor.compact_all();
            // (Also where nothing has changed since the last time: a reader on tmpfs may have put memory behind free pages.)
            compactor.reclaim_all();
            Ok(())
        })
    }

    /// Checks everything that the file says, under the write lock: the stream of exts, every
    /// record's CRC, the index and the counters. A missing file is sound. Of a file that was put right in a private copy, as it may
    /// only be read, that copy is checked; [`Store::take_warning`] tells what was wrong.
    pub fn check(&self) -> Result<Report> {
        let report = self.follower.with_file(false, |file| {
            if file.map.header().directory.get() == 0 {
                return Ok(Report::default());
            }
            let owner = if file.is_private_copy() { WriteGuard::of_unshared(file) } else { file.lock()? };
            let mut report = Report::default();
            check_all(&owner, &mut report)?;
            report.allocated = file.allocated()?;
            Ok(report)
        })?;
        Ok(report.unwrap_or_default())
    }

    // ---- files of the pure-PHP class ------------------------------------------------------------

    /// After [`ErrorKind::Legacy`](super::ErrorKind::Legacy): the whole file of the pure-PHP class, or `None` if it is
    /// no longer one (try the operation again).
    pub fn legacy(&self) -> Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        Ok(self.copy_legacy(&mut bytes)?.then_some(bytes))
    }

    /// As [`Store::legacy`], into memory of the caller's; false if it is no longer such a file.
    pub fn copy_legacy(&self, out: &mut impl Room<u8>) -> Result<bool> {
        import::read(self.path(), out).map_err(|failure| self.error(failure))
    }

    /// Turns a file of the pure-PHP class into a store that holds `entries`. `old` is the result of
    /// [`Store::legacy`]; false if the file has changed since (start over).
    pub fn import(&self, old: &[u8], entries: &[(&[u8], &[u8])]) -> Result<bool> {
        self.check_lengths(entries)?;
        import::import(self.path(), &self.follower.options, old, entries).map_err(|failure| self.error(failure))
    }

    // ---- the way to the file -----------------------------------------------------------------

    pub(super) fn error(&self, failure: Failure) -> Error {
        self.follower.error(failure)
    }

    /// Refuses a key and value that are too long, taken together, for a record.
    fn check_length(&self, length: u64) -> Result<()> {
        if length <= format::MAX_NAME { Ok(()) } else { Err(self.too_large()) }
    }

    #[cold]
    fn too_large(&self) -> Error {
        self.error(Failure::TooLarge)
    }

    fn check_lengths(&self, entries: &[(&[u8], &[u8])]) -> Result<()> {
        entries.iter().try_for_each(|(key, value)| self.check_length((key.len() + value.len()) as u64))
    }

    /// A key as it stands in the file, if it and a value of `length` bytes are not too long for a record.
    #[inline(always)]
    fn encoded<'k>(&self, key: &'k [u8], length: u64) -> Result<EncodedKey<'k>> {
        match EncodedKey::new(key) {
            Some(encoded) if key.len() as u64 + length <= format::MAX_NAME => Ok(encoded),
            _ => Err(self.too_large()),
        }
    }

    /// Runs a change under the write lock; creates the file if need be.
    #[inline]
    fn write<T>(&self, mut change: impl FnMut(&File, &WriteGuard) -> std::result::Result<T, Failure>) -> Result<T> {
        let result = self.follower.with_file(true, |file| {
            let owner = self.begin_change(file)?;
            let before = owner.header().changed.get();
            let result = match change(file, &owner) {
                // Dead records and free blocks still have memory behind them that they could give.
                Err(Failure::NoSpace | Failure::SizeLimit) if Compactor::of(&owner).compact_all() => {
                    change(file, &owner)
                }
                result => result,
            };
            if result.is_err() && file.map.is_poisoned() {
                // A part of the change may have been written behind the end of the file that was cut short.
                owner.abandon();
            } else if result.is_ok() {
                self.follower.notes.follow(before, owner.header().changed.get());
                if owner.is_held() {
                    owner.finish_under_hold();
                }
            }
            result
        })?;
        result.ok_or_else(|| self.error(Failure::Stale))
    }

    /// Takes the write lock for a change, unless somebody else holds the store.
    #[inline(always)]
    pub(super) fn begin_change<'f>(&self, file: &'f File) -> std::result::Result<WriteGuard<'f>, Failure> {
        let owner = file.lock()?;
        if owner.is_held() {
            owner.check_hold(self.session().object())?;
            self.session().check_fiber()?;
        }
        self.furnish(&owner)?;
        if self.follower.options.durability == Durability::Commit && !owner.is_durable() {
            Space::of(&owner).make_durable()?;
        }
        Ok(owner)
    }

    /// Lets a file that was just made have all that a store needs. It is empty as before to this store, which has seen that.
    #[inline(always)]
    pub(super) fn furnish(&self, owner: &WriteGuard) -> std::result::Result<(), Failure> {
        if owner.header().directory.get() == 0 {
            let before = owner.header().changed.get();
            initialize(owner)?;
            self.follower.notes.follow(before, owner.header().changed.get());
        }
        Ok(())
    }

    /// Whether anything has ever been stored. A file that was made while the disk was full is a header page alone: making room
    /// in it for nothing would fail.
    fn has_content(&self) -> Result<bool> {
        let content = self.follower.with_file(false, |file| {
            let is_furnished = || file.map.header().directory.load(Ordering::Acquire) != 0;
            // (A file that is furnished will not be bare again; where something moves underneath, the write notices.)
            Ok(is_furnished() || Reader::of(file).look_at_all(self.session().object(), || Some(is_furnished()))?)
        })?;
        Ok(content.unwrap_or(false))
    }

    /// Whether there is a store; for operations that do not create one.
    fn exists_or_held(&self) -> Result<Existence> {
        let there = self.follower.with_file(false, |_| Ok(()))?;
        Ok(if there.is_some() { Existence::There } else { Existence::Missing })
    }
}

#[derive(PartialEq, Eq)]
enum Existence {
    There,
    Missing,
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop_waiting();
        self.session().end(|| self.follower.safe_file());
    }
}
