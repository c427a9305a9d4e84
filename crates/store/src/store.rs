//! The face of the library: one object's view of the store at a path.

use super::check::{Report, check_all};
use super::clock::{Moment, announce_change};
use super::error::{Error, ErrorKind, Failure, Result};
use super::file::File;
use super::fork::fork_generation;
use super::format::{self, EncodedKey, Value};
use super::header::{Header, Word};
use super::hold::Strength;
use super::index::Hit;
use super::lock::WriteGuard;
use super::log::append::Log;
use super::log::compact::Compactor;
use super::log::replace::Replace;
use super::log::values::{Appending, Values};
use super::number::{NumberName, Numbers};
use super::options::{Durability, Options};
use super::read::{Reader, Want};
use super::rebuild::initialize;
use super::space::Space;
use super::version::Version;
use super::wait::Waiter;
use super::{diagnosis, import, inode, memory, registry, sigbus};
use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use sync_backend::{Appended, Backend, Entry, Found, Held, Patience, Peeked, Room, Snapshot, Standing, Unread};

/// What a store keeps others out for.
#[derive(Debug, Clone, Copy, Default)]
struct Holding {
    /// In which process: a forked child holds nothing.
    generation: u64,
    /// The file says so.
    held: bool,
    /// `lock` was called.
    locked: bool,
    /// That was lost with the file, and `unlock` not called since.
    lost: bool,
    /// How many changes of `lock_writers` are under way, one inside of the other.
    changes: u32,
    /// In which fiber they are.
    fiber: usize,
}

/// A change that [`Store::lock_writers`] began, for [`Store::unlock_writers`] to end.
#[derive(Debug)]
#[must_use]
pub struct WriterHold {
    /// Which store's it is, in which process.
    pub(super) object: u64,
    generation: u64,
}

/// One object's view of the store at a path. Opens at first use, follows the path when it comes
/// to mean another file. Not `Send`: a thread is like a process of its own.
///
/// Every operation may return [`ErrorKind::Held`] or [`ErrorKind::Busy`]: nothing has happened,
/// call [`Store::wait`] (for `Held`) and try again, as [`Store::retry`] does. Dropping a `Store` releases its
/// `lock()`.
pub struct Store {
    pub(super) path: PathBuf,
    pub(super) options: Options,
    /// Tells this store from others of its thread.
    pub(super) object: u64,
    pub(super) file: RefCell<Option<Rc<File>>>,
    /// The open file's `commit`, or [`NOWHERE`]; and its [`File::life`], or 0.
    commit: Cell<*const Word>,
    life: Cell<u64>,
    /// When the path was last looked at.
    pub(super) looked: Cell<Moment>,
    holding: Cell<Holding>,
    /// Whether it waits in line: in which generation of forks, or 0.
    in_line: Cell<u64>,
    warning: RefCell<Option<String>>,
}

/// How often an operation is started over because its file was exchanged or cut short meanwhile.
const ATTEMPTS: usize = 50;
/// How many of these at once; the others pause.
const AT_ONCE: usize = 10;
const PAUSE: Duration = Duration::from_micros(200);
/// How often with one and the same file.
const SAME_FILE: usize = 3;

/// What `commit` is where no file is open: a version that nothing was ever seen at.
fn nowhere() -> *const Word {
    static NOWHERE: memory::AtomicU64 = memory::AtomicU64::new(u64::MAX);
    std::ptr::from_ref(&NOWHERE).cast()
}

impl Store {
    /// Names a store; touches nothing.
    pub fn new(path: PathBuf, options: Options) -> Self {
        static OBJECTS: AtomicU64 = AtomicU64::new(1);
        Self {
            path,
            options,
            object: OBJECTS.fetch_add(1, Ordering::Relaxed),
            file: RefCell::new(None),
            commit: Cell::new(nowhere()),
            life: Cell::new(0),
            looked: Cell::new(Moment::NEVER),
            holding: Cell::new(Holding::default()),
            in_line: Cell::new(0),
            warning: RefCell::new(None),
        }
    }

    /// The path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True if the key that `seen` belongs to has certainly not changed since. No system call
    /// (one a clock tick, to see whether the path still means this file); this is the whole cost
    /// of reading an unchanged value.
    #[inline]
    pub fn is_current(&self, seen: &Version) -> bool {
        let looked = self.looked.get();
        if looked.precedes_a_change() {
            // Before anything of the file is touched: the signal of a file that was cut short may be somebody
            // else's by now.
            return self.look_again(seen);
        }
        // SAFETY: `commit` points to `NOWHERE`, or into the mapping of the file that `self.file`
        // keeps alive.
        let commit = unsafe { &*self.commit.get() };
        seen.is_at(commit.load(Ordering::Acquire), self.life.get()) && (looked.is_this_tick() || self.look_again(seen))
    }

    #[cold]
    fn look_again(&self, seen: &Version) -> bool {
        matches!(self.current_file(), Ok(Some(_)))
            // SAFETY: as in `is_current`.
            && seen.is_at(unsafe { &*self.commit.get() }.load(Ordering::Acquire), self.life.get())
    }

    /// Looks a key up. On `Found::Value`, `out` is cleared and filled with the value's bytes; where it has
    /// no room for them, [`ErrorKind::NoRoom`] says how much they take. `seen` is brought up to date.
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

    /// What is to be known of a value to append something to it, without reading it. `seen` is brought
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
        let found = self.with_file(false, |file| Reader::of(file).get(self.object, key, want, seen, out))?;
        Ok(found.unwrap_or_else(|| {
            // Nor is it "missing" for longer than there is no file.
            *seen = Version::default();
            Found::Missing
        }))
    }

    /// Copies a value that was found and left where it is, from its byte `from` on, to fill `target`.
    /// False: it is not there any more; get it again.
    pub fn read_unread(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> Result<bool> {
        let read = self.with_file(false, |file| Ok(Reader::of(file).read_unread(value, from, target)))?;
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
            self.put_locked(file, owner, &encoded, Value::whole(value), seen, Some(hit)).map(|()| true)
        })
    }

    /// Lets the value of a key go on with `bytes`, if it is still the one that `seen` tells of: this
    /// costs what it adds, not what is there. Whoever knows the value up to then gets these bytes
    /// alone ([`Found::Appended`]), everybody else all of it, one behind the other. `note` is for who
    /// appends next ([`Store::peek`]).
    pub fn append(&self, key: &[u8], bytes: &[u8], note: i64, seen: &mut Version) -> Result<Appended> {
        let encoded = self.encoded(key, bytes.len() as u64)?;
        self.write(|file, owner| {
            let Some(hit) = Reader::of(file).hint(seen) else { return Ok(Appended::Changed) };
            let Appending::Done(receipt) = Values::of(owner).append_to(&encoded, hit, note, bytes)? else {
                return Ok(Appended::Full);
            };
            seen.follow(&receipt, owner.end());
            Compactor::of(owner).clean();
            Ok(Appended::Done)
        })
    }

    /// Makes room for more to be appended to a value of at least `length` bytes, if it is still the one
    /// that `seen` tells of, by uniting what was appended to it last. False: it is shorter, or
    /// another one; nothing has happened.
    pub fn unite(&self, key: &[u8], length: u64, seen: &mut Version) -> Result<bool> {
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

    /// As [`Store::append`], whatever room there is: the value and all that was appended to it become one
    /// record. False: it is another value by now; nothing has happened. For short values, as it is copied.
    pub fn append_whole(&self, key: &[u8], bytes: &[u8], note: i64, seen: &mut Version) -> Result<bool> {
        let encoded = self.encoded(key, bytes.len() as u64)?;
        self.write(|file, owner| {
            let Some(hit) = Reader::of(file).hint(seen) else { return Ok(false) };
            let receipt = Values::of(owner).append_whole(&encoded, hit, note, bytes)?;
            seen.follow(&receipt, owner.end());
            Compactor::of(owner).clean();
            Ok(true)
        })
    }

    #[inline]
    fn put_value(&self, key: &[u8], value: Value, seen: &mut Version) -> Result<()> {
        let encoded = self.encoded(key, value.len())?;
        self.write(|file, owner| self.put_locked(file, owner, &encoded, value, seen, Reader::of(file).hint(seen)))
    }

    #[inline(always)]
    fn put_locked(
        &self,
        file: &File,
        owner: &WriteGuard,
        key: &EncodedKey,
        value: Value,
        seen: &mut Version,
        hint: Option<Hit>,
    ) -> std::result::Result<(), Failure> {
        let (life, seed) = (file.life(), file.identity.hash_seed);
        let hash = if seen.is_of(life) { seen.hash() } else { format::hash(seed, key.bytes()) };
        let receipt = Log::of(owner).put(key, hash, value, hint)?;
        *seen = Version::stored(life, hash, &receipt, owner.header().index_epoch.get(), owner.end());
        Compactor::of(owner).clean();
        Ok(())
    }

    /// Stores a value (in two pieces, as [`Store::put_parts`]) under the number that comes after the highest of the
    /// names that are numbers, or have been since everything was last replaced; 0 where none was. Finding the
    /// number and storing are one step. Gives the number; `None`: the highest there is, is in use, and nothing
    /// has happened. Creates the file if need be. `least`: no lower number than this one is used.
    pub fn put_next(&self, head: &[u8], body: &[u8], least: i64, seen: &mut Version) -> Result<Option<i64>> {
        let value = Value { head, body };
        self.check_length(NumberName::MAX_LENGTH + value.len())?;
        self.write(|file, owner| {
            let Some(name) = Numbers::of(owner).next_number(least)? else { return Ok(None) };
            *seen = Version::default();
            let key = name.encoded();
            self.put_locked(file, owner, &key, value, seen, None)?;
            Ok(Some(name.number()))
        })
    }

    /// The number under which [`Store::put_next`] would store a value now. Nobody else takes it as long as this
    /// store keeps other writers out ([`Store::lock_writers`]).
    pub fn next_number(&self, least: i64) -> Result<Option<i64>> {
        self.write(|_, owner| Ok(Numbers::of(owner).next_number(least)?.map(|name| name.number())))
    }

    /// Removes a key; tells whether it was there. Does not create a file.
    pub fn remove(&self, key: &[u8]) -> Result<bool> {
        let Some(encoded) = EncodedKey::new(key) else { return Ok(false) };
        if self.exists_or_held()? == Existence::Missing {
            return Ok(false);
        }
        self.write(|file, owner| {
            let removed = Log::of(owner).remove(&encoded, format::hash(file.identity.hash_seed, key))?;
            Compactor::of(owner).clean();
            Ok(removed)
        })
    }

    /// How many keys there are.
    pub fn len(&self) -> Result<u64> {
        let keys = self.with_file(false, |file| {
            Reader::of(file).look_at_all(self.object, || {
                Some(if file.map.header().directory.load(Ordering::Acquire) == 0 {
                    0
                } else {
                    Reader::of(file).count()
                })
            })
        })?;
        Ok(keys.unwrap_or(0))
    }

    /// True if there is no key.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Everything, at one moment. A missing file is an empty snapshot.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let mut snapshot = Snapshot::default();
        self.fill(&mut snapshot, u64::MAX)?;
        Ok(snapshot)
    }

    /// Fills a snapshot anew. Values of at least `limit` bytes are left where they are. Where there is too
    /// little room, [`ErrorKind::NoRoom`]: [`Snapshot::wanted`] says how much it takes.
    pub fn fill<B: Room<u8>, E: Room<Entry>>(&self, snapshot: &mut Snapshot<B, E>, limit: u64) -> Result<()> {
        snapshot.begin(limit);
        let filled = self.with_file(false, |file| {
            Reader::of(file).look_at_all(self.object, || {
                if file.map.header().directory.load(Ordering::Acquire) == 0 {
                    snapshot.clear();
                    return Some(());
                }
                Reader::of(file).copy_all(snapshot)
            })?;
            if snapshot.fits() { Ok(()) } else { Err(Failure::NoRoom(snapshot.wanted().0)) }
        })?;
        if filled.is_none() {
            // There is no file any more: what was copied of it meanwhile is no moment's content.
            snapshot.clear();
        }
        Ok(())
    }

    /// Replaces everything, at one moment. Keys must differ from each other.
    pub fn replace(&self, entries: &[(&[u8], &[u8])]) -> Result<()> {
        self.check_lengths(entries)?;
        self.write(|_, owner| Replace::of(owner).replace(entries))
    }

    /// Makes every other `Store` on this file wait at any access until [`Store::unlock`], or until
    /// this `Store` or its process ends. Locking again while holding updates the others' patience. Creates
    /// the file.
    ///
    /// The lock is on the file: should somebody delete, replace or cut it short meanwhile, every access is
    /// [`ErrorKind::LockLost`] until [`Store::unlock`].
    pub fn lock(&self, patience: Patience) -> Result<()> {
        self.hold(Strength::All, patience)?;
        self.holding.set(Holding { locked: true, ..self.holding() });
        Ok(())
    }

    /// Gives the lock back; nothing happens where this `Store` does not hold it. Changes that are
    /// under way keep other writers out until they end.
    pub fn unlock(&self) {
        let holding = self.holding();
        if holding.locked || holding.lost {
            self.weaken_hold(Holding { locked: false, lost: false, ..holding });
        }
    }

    /// As [`Store::unlock`], in the way of a holder that cannot have the write lock: for `tests/loom.rs`.
    #[cfg(feature = "loom")]
    pub fn unlock_without_the_write_lock(&self) {
        let file = self.file.borrow().clone();
        file.inspect(|file| file.leave_hold());
        self.holding.set(Holding { held: false, locked: false, ..self.holding() });
    }

    /// True between `lock` and `unlock`, in the process that called it.
    pub fn holds_lock(&self) -> bool {
        self.holding().locked
    }

    /// Keeps other writers out, not readers, until [`Store::unlock_writers`]: for a change that reads and
    /// writes back within a moment. It may have others inside of it. Other fibers of this thread are
    /// kept out as other stores are.
    pub fn lock_writers(&self) -> Result<WriterHold> {
        let mut holding = self.holding();
        if holding.changes > 0 {
            self.check_strand().map_err(|failure| self.error(failure))?;
        }
        if !holding.held {
            self.hold(Strength::Writers, Patience::default())?;
            holding = self.holding();
        }
        self.holding.set(Holding { changes: holding.changes + 1, fiber: (self.options.fiber)(), ..holding });
        Ok(WriterHold { object: self.object, generation: holding.generation })
    }

    /// Ends a change. Nothing happens where that was another store's, or the parent's of this process.
    pub fn unlock_writers(&self, change: WriterHold) {
        let mut holding = self.holding();
        if change.object == self.object && change.generation == holding.generation && holding.changes > 0 {
            holding.changes -= 1;
            if holding.changes == 0 && !holding.locked { self.weaken_hold(holding) } else { self.holding.set(holding) }
        }
    }

    /// Whether a change still keeps other writers out.
    pub fn standing(&self, change: &WriterHold) -> Standing {
        if change.generation != fork_generation() {
            Standing::Forked
        } else if change.object == self.object && self.holding().held {
            Standing::Kept
        } else {
            Standing::Ended
        }
    }

    fn holding(&self) -> Holding {
        let (holding, generation) = (self.holding.get(), fork_generation());
        if holding.generation == generation { holding } else { Holding { generation, ..Holding::default() } }
    }

    fn hold(&self, strength: Strength, patience: Patience) -> Result<()> {
        let keeps_readers_out = strength == Strength::All && !self.holding().locked;
        let mut rested = None;
        while let Some(holds) = self.hold_unless_due_to_rest(strength, patience, keeps_readers_out, rested)? {
            rested = Some(holds);
            let file = self.file.borrow().clone();
            file.inspect(|file| file.rest());
        }
        self.holding.set(Holding { held: true, ..self.holding() });
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
        let outcome = self.with_file(true, |file| {
            let owner = self.begin_change(file)?;
            let holds = owner.header().holds.get();
            if keeps_readers_out && rested == Some(holds) {
                owner.begin_chain();
            } else if keeps_readers_out && owner.should_rest() {
                return Ok(Some(holds));
            }
            owner.hold(self.object, strength, patience);
            Ok(None)
        })?;
        outcome.ok_or_else(|| self.error(Failure::Stale))
    }

    /// Keeps nobody out any more, for whatever reason.
    fn end_hold(&self) {
        if self.holding().held {
            self.end_hold_unless(0);
        }
        self.holding.set(Holding { held: false, locked: false, ..self.holding() });
    }

    /// Makes the hold as weak as what goes on needs: changes, or nothing.
    fn weaken_hold(&self, holding: Holding) {
        if holding.held {
            self.end_hold_unless(holding.changes);
        }
        self.holding.set(Holding { held: holding.held && holding.changes > 0, ..holding });
    }

    /// Ends the hold in the file; while there are `changes`, it goes on keeping writers out.
    fn end_hold_unless(&self, changes: u32) {
        let file = self.file.borrow().clone();
        if self.looked.get().precedes_a_change() {
            sigbus::stand_ready();
        }
        file.inspect(|file| file.give_hold_back(self.object, changes > 0));
    }

    /// Fails while another fiber is in the middle of a change.
    fn check_strand(&self) -> std::result::Result<(), Failure> {
        let Holding { changes, fiber, .. } = self.holding();
        if changes == 0 || fiber == (self.options.fiber)() {
            return Ok(());
        }
        let patience = Patience::default();
        Err(Failure::Held(Held { patience, same_thread: true, change: true, holder: None, reading: false, ticket: 0 }))
    }

    /// Sleeps until the lock that `held` tells of may have been given back, or this store's turn may have come; else
    /// `at_most`, the holder's interval, or until a signal comes. Returns no result: try again. A waiter that has waited
    /// for a moment stands in line until the operation is done, or [`Store::stop_waiting`] is called.
    pub fn wait(&self, waiter: &mut Waiter, held: &Held, at_most: Duration) {
        let file = self.file.borrow().clone();
        if let Some(file) = file {
            file.wait(self.object, waiter, held, at_most);
            self.in_line.set(if file.is_in_line() { fork_generation() } else { 0 });
        }
    }

    /// Ends a wait: the operation is done, or given up.
    #[inline]
    pub fn stop_waiting(&self) {
        if self.in_line.get() != 0 {
            self.leave_line();
        }
    }

    #[cold]
    fn leave_line(&self) {
        let file = self.file.borrow().clone();
        if self.in_line.replace(0) == fork_generation() {
            file.inspect(|file| file.leave_line());
        }
    }

    /// Removes the file and releases the lock. No error if it is missing.
    pub fn destroy(&self) -> Result<()> {
        if self.exists_or_held()? == Existence::Missing {
            return Ok(());
        }
        self.write(|file, owner| file.destroy(owner, &self.path))?;
        self.holding.set(Holding { locked: false, ..self.holding() });
        self.close();
        // Its memory is free when the last one has closed it.
        registry::close_destroyed();
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
    /// it is looked at with each look at the path, once a clock tick.)
    pub fn signals_have_changed() {
        announce_change();
    }

    /// What the user should be told of how the file was found: once.
    pub fn take_warning(&self) -> Option<String> {
        self.warning.borrow_mut().take()
    }

    /// As [`Backend::retry`]. For Rust programs: PHP waits in its own way, looking for signals.
    pub fn retry<T>(&self, operation: impl FnMut(&Self) -> Result<T>) -> Result<T> {
        Backend::retry(self, operation)
    }

    /// Checks everything that the file says, under the write lock: the stream of exts, every
    /// record's CRC, the index and the counters. A missing file is sound.
    pub fn check(&self) -> Result<Report> {
        let report = self.with_file(false, |file| {
            if file.map.header().directory.get() == 0 {
                return Ok(Report::default());
            }
            let owner = file.lock()?;
            let mut report = Report::default();
            check_all(&owner, &mut report)?;
            report.allocated = file.allocated()?;
            Ok(report)
        })?;
        Ok(report.unwrap_or_default())
    }

    // ---- files of the pure-PHP class ------------------------------------------------------------

    /// After [`ErrorKind::Legacy`]: the whole file of the pure-PHP class, or `None` if it is
    /// no longer one (try the operation again).
    pub fn legacy(&self) -> Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        Ok(self.copy_legacy(&mut bytes)?.then_some(bytes))
    }

    /// As [`Store::legacy`], into memory of the caller's; false if it is no longer such a file.
    pub fn copy_legacy(&self, out: &mut impl Room<u8>) -> Result<bool> {
        import::read(&self.path, out).map_err(|failure| self.error(failure))
    }

    /// Turns a file of the pure-PHP class into a store that holds `entries`. `old` is the result of
    /// [`Store::legacy`]; false if the file has changed since (start over).
    pub fn import(&self, old: &[u8], entries: &[(&[u8], &[u8])]) -> Result<bool> {
        self.check_lengths(entries)?;
        import::import(&self.path, &self.options, old, entries).map_err(|failure| self.error(failure))
    }

    // ---- the way to the file -----------------------------------------------------------------

    fn error(&self, failure: Failure) -> Error {
        let kind = match failure {
            Failure::Stale => ErrorKind::NotAStore("it is damaged, or somebody keeps changing it".into()),
            Failure::Busy => ErrorKind::Busy,
            Failure::Held(held) => ErrorKind::Held(held),
            Failure::NoSpace => ErrorKind::NoSpace,
            Failure::SizeLimit => ErrorKind::SizeLimit,
            Failure::NoRoom(bytes) => ErrorKind::NoRoom(bytes),
            Failure::NoMemory(bytes) => ErrorKind::NoMemory(bytes),
            // The one that runs operations gives it a longer mapping first.
            Failure::Outgrown(bytes) | Failure::NoAddressSpace(bytes) => ErrorKind::NoAddressSpace(bytes),
            Failure::TooLarge => ErrorKind::TooLarge,
            Failure::Damaged(why) => ErrorKind::NotAStore(why),
            Failure::Legacy => ErrorKind::Legacy,
            Failure::NotReadable => ErrorKind::NotReadable(diagnosis::of_file(&self.path, false)),
            Failure::NotWritable => ErrorKind::NotWritable(diagnosis::of_file(&self.path, true)),
            Failure::NoDirectory => {
                let (directory, why) = diagnosis::of_directory(&self.path);
                ErrorKind::NoDirectory(directory, why)
            }
            Failure::FileSystem(refused) => ErrorKind::FileSystem(refused),
            Failure::MayBeInUse(process) => ErrorKind::MayBeInUse(process),
            Failure::Io(error) => ErrorKind::CannotOpen(error),
            Failure::CannotDo(what, error) => ErrorKind::CannotDo(what, error),
        };
        Error::new(&self.path, kind)
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

    /// The file that the path means now, if it is open: looks at the path once a clock tick.
    #[inline]
    pub(super) fn current_file(&self) -> std::result::Result<Option<Rc<File>>, Failure> {
        let now = Moment::now();
        let file = self.file.borrow().clone();
        let Some(file) = file else { return Ok(None) };
        if self.looked.get() != now {
            sigbus::stand_ready();
            // (A process that destroys it says so with a new `commit`, too, if it lives that long.)
            let Some(status) = file.look_at(&self.path).filter(|_| !file.is_destroyed()) else {
                // Nobody may look (the folder is closed, say): that is not to say that the file is gone.
                if let Some(failure) = inode::hidden(&self.path)
                    && !file.is_destroyed()
                {
                    return Err(failure);
                }
                drop(file);
                self.close();
                return Ok(None);
            };
            match file.watch(&status) {
                // (Its mapping is too short: whoever runs the operation gives it a longer one first.)
                Ok(()) | Err(Failure::Outgrown(_)) => {}
                Err(Failure::Stale) => {
                    drop(file);
                    self.close();
                    return Ok(None);
                }
                Err(failure) => return Err(failure),
            }
            if self.holding().locked && file.my_hold() != Some(self.object) {
                // The file is one from before that: it was restored.
                drop(file);
                self.close();
                return Ok(None);
            }
            file.reopen(&self.path);
            self.looked.set(now);
            if let Some(longest) = registry::longest(&file) {
                self.point_to(longest.clone());
                return Ok(Some(longest));
            }
        }
        Ok(Some(file))
    }

    /// Forgets the file; a hold on it ends. Where that was `lock()`, its holder will be told.
    fn close(&self) {
        let holding = self.holding();
        self.stop_waiting();
        self.end_hold();
        self.holding.set(Holding { lost: holding.lost || holding.locked, ..self.holding() });
        self.looked.set(Moment::NEVER);
        self.point_nowhere();
    }

    /// Lets the file that is open show `size` bytes. A hold on it stays.
    fn reach(&self, mut file: Rc<File>, size: u64) -> std::result::Result<(), Failure> {
        // The mapping may go, or move, if this store is the only one in it.
        self.point_nowhere();
        let result = registry::reach(&mut file, size);
        self.point_to(file);
        result
    }

    /// From here on this is the store's file.
    fn point_to(&self, file: Rc<File>) {
        let header: *const Header = file.map.header();
        // SAFETY: `header` is valid as long as `file` lives, which is put beside it.
        self.commit.set(unsafe { &raw const (*header).commit });
        self.life.set(file.life());
        *self.file.borrow_mut() = Some(file);
    }

    fn point_nowhere(&self) {
        self.commit.set(nowhere());
        self.life.set(0);
        *self.file.borrow_mut() = None;
    }

    fn open(&self, write: bool) -> std::result::Result<Option<Rc<File>>, Failure> {
        let now = Moment::now();
        let Some(file) = File::open(&self.path, &self.options, write)? else { return Ok(None) };
        self.looked.set(now);
        if let Some(why) = file.warning.take() {
            *self.warning.borrow_mut() = Some(format!("Sync file '{}': {why}", self.path.display()));
        }
        self.point_to(file.clone());
        Ok(Some(file))
    }

    /// Runs an operation on the file, opening it first, and again where it turned out to be another
    /// one. `None`: there is none, and `write` does not ask for one.
    fn with_file<T>(
        &self,
        write: bool,
        mut operation: impl FnMut(&File) -> std::result::Result<T, Failure>,
    ) -> Result<Option<T>> {
        let (mut last, mut same) = (None, 0);
        for attempt in 0..ATTEMPTS {
            if attempt > AT_ONCE {
                std::thread::sleep(PAUSE);
            }
            let file = match self.current_file() {
                Ok(Some(file)) if !write || file.writable => Ok(Some(file)),
                Ok(_) if self.holding().lost => return Err(Error::new(&self.path, ErrorKind::LockLost)),
                Ok(_) => self.open(write),
                Err(failure) => Err(failure),
            };
            let Some(file) = file.map_err(|failure| self.error(failure))? else { return Ok(None) };
            let turn = !write && self.in_line.get() != 0 && file.take_turn();
            let outcome = operation(&file);
            if turn && outcome.is_err() {
                file.put_turn_off();
            }
            let failure = match outcome {
                Ok(result) => return Ok(Some(result)),
                Err(failure) => failure,
            };
            let which = (file.id, file.identity);
            let reached = match failure {
                Failure::Outgrown(size) => self.reach(file, size),
                failure => Err(failure),
            };
            match reached {
                Ok(()) => continue,
                Err(Failure::Stale) => self.close(),
                Err(failure) => return Err(self.error(failure)),
            }
            // Somebody else's doing is over when the file is opened anew; damage is still there. (The next file may
            // have the number of one that was deleted; its store is another one.)
            same = if last.replace(which) == Some(which) { same + 1 } else { 0 };
            if same == SAME_FILE {
                return Err(self.error(Failure::Stale));
            }
        }
        // Each time it was another one: others delete or replace it faster than this process gets its turn.
        Err(self.error(Failure::Busy))
    }

    /// Runs a change under the write lock; creates the file if need be.
    #[inline]
    fn write<T>(&self, mut change: impl FnMut(&File, &WriteGuard) -> std::result::Result<T, Failure>) -> Result<T> {
        let result = self.with_file(true, |file| {
            let owner = self.begin_change(file)?;
            let result = match change(file, &owner) {
                // What is dead or free still has memory behind it that it could give.
                Err(Failure::NoSpace | Failure::SizeLimit) if Compactor::of(&owner).compact_all() => {
                    change(file, &owner)
                }
                result => result,
            };
            if result.is_err() && file.map.is_poisoned() {
                // What was done up to there may have gone nowhere, in part.
                owner.abandon();
            } else if result.is_ok() && owner.is_held() && owner.has_turn() {
                // This was all that it waited for.
                owner.end_hold();
            }
            result
        })?;
        result.ok_or_else(|| self.error(Failure::Stale))
    }

    /// Takes the write lock for a change, unless somebody else holds the store.
    #[inline(always)]
    fn begin_change<'f>(&self, file: &'f File) -> std::result::Result<WriteGuard<'f>, Failure> {
        let owner = file.lock()?;
        if owner.is_held() {
            owner.check_hold(self.object)?;
            self.check_strand()?;
        }
        initialize(&owner)?;
        if self.options.durability == Durability::Commit && !owner.is_durable() {
            Space::of(&owner).make_durable()?;
        }
        Ok(owner)
    }

    /// Whether there is a store; for operations that do not create one.
    fn exists_or_held(&self) -> Result<Existence> {
        let there = self.with_file(false, |_| Ok(()))?;
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
        self.end_hold();
    }
}
