//! A shared, ordered map from key to bytes, in one file. There is no PHP in here.
//!
//! SCAFFOLD: a deliberately naive body behind the final public face, so that the PHP side can be
//! built while the real store is written. Every operation reads and rewrites the file under flock.

mod error;

pub use error::{Error, ErrorKind, Held, Result};

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What "it returned" promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Survives any crash of processes.
    #[default]
    None,
    /// Survives power loss: what returned is on the disk.
    Commit,
}

/// How a store is opened.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Permission bits of a file that is created (the umask applies).
    pub file_mode: u32,
    pub durability: Durability,
}

impl Default for Options {
    fn default() -> Self {
        Self { file_mode: 0o666, durability: Durability::None }
    }
}

/// When and where a key was last seen: lets [`Store::is_current`] and [`Store::get`] answer
/// "nothing has changed" without touching the value. Starts as `Seen::default()` ("never");
/// belongs to one key of one `Store`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    version: u64,
}

/// What [`Store::get`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// No such key (or no file).
    Missing,
    /// The same value as when `seen` was last brought up to date; the buffer was not touched.
    Unchanged,
    /// A value; its bytes are in the buffer.
    Value,
}

/// Every key and value at one moment, in insertion order.
#[derive(Debug, Default)]
pub struct Snapshot {
    bytes: Vec<u8>,
    entries: Vec<(std::ops::Range<usize>, std::ops::Range<usize>)>,
}

impl Snapshot {
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// `(key, value)` in insertion order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.entries.iter().map(|(k, v)| (&self.bytes[k.clone()], &self.bytes[v.clone()]))
    }
}

/// One object's view of the store at a path. Opens at first use, follows the path when it comes
/// to mean another file. Not `Send`: a thread is like a process of its own.
///
/// Every operation may return [`ErrorKind::Held`] or [`ErrorKind::Busy`]: nothing has happened,
/// call [`Store::wait`] (for `Held`) and try again. Dropping a `Store` releases its `lock()`.
pub struct Store {
    path: PathBuf,
    options: Options,
    me: u64,
    locked: Cell<bool>,
    _not_send: std::marker::PhantomData<*const ()>,
}

#[derive(Default)]
struct State {
    holder: u64,
    timeout: u64,
    interval: u64,
    entries: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Store {
    /// Names a store; touches nothing.
    pub fn new(path: PathBuf, options: Options) -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let me = (u64::from(std::process::id()) << 32) | NEXT.fetch_add(1, Ordering::Relaxed);
        Self { path, options, me, locked: Cell::new(false), _not_send: std::marker::PhantomData }
    }

    /// The path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True if the key that `seen` belongs to has certainly not changed since. No system call;
    /// this is the whole cost of reading an unchanged value.
    #[inline]
    pub fn is_current(&self, _seen: &Seen) -> bool {
        false
    }

    /// Looks a key up. On `Found::Value`, `out` is cleared and filled with the value's bytes.
    pub fn get(&self, key: &[u8], seen: &mut Seen, out: &mut Vec<u8>) -> Result<Found> {
        let Some((_, state)) = self.open(false)? else { return Ok(Found::Missing) };
        seen.version = 1;
        match state.entries.iter().find(|(k, _)| k == key) {
            None => Ok(Found::Missing),
            Some((_, v)) => {
                out.clear();
                out.extend_from_slice(v);
                Ok(Found::Value)
            }
        }
    }

    /// Stores a value; creates the file if need be. `seen` then stands for the value just stored.
    pub fn put(&self, key: &[u8], value: &[u8], seen: &mut Seen) -> Result<()> {
        seen.version = 1;
        self.change(|state| match state.entries.iter_mut().find(|(k, _)| k == key) {
            Some((_, v)) => *v = value.to_vec(),
            None => state.entries.push((key.to_vec(), value.to_vec())),
        })
    }

    /// Removes a key; tells whether it was there. Does not create a file.
    pub fn remove(&self, key: &[u8]) -> Result<bool> {
        if self.open(false)?.is_none() {
            return Ok(false);
        }
        let mut there = false;
        self.change(|state| {
            there = state.entries.iter().any(|(k, _)| k == key);
            state.entries.retain(|(k, _)| k != key);
        })?;
        Ok(there)
    }

    /// How many keys there are.
    pub fn len(&self) -> Result<u64> {
        Ok(self.open(false)?.map_or(0, |(_, s)| s.entries.len() as u64))
    }

    /// True if there is no key.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Everything, at one moment. A missing file is an empty snapshot.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let mut snapshot = Snapshot::default();
        if let Some((_, state)) = self.open(false)? {
            for (k, v) in state.entries {
                let a = snapshot.bytes.len();
                snapshot.bytes.extend_from_slice(&k);
                let b = snapshot.bytes.len();
                snapshot.bytes.extend_from_slice(&v);
                snapshot.entries.push((a..b, b..snapshot.bytes.len()));
            }
        }
        Ok(snapshot)
    }

    /// Replaces everything, at one moment. Keys must differ from each other.
    pub fn replace(&self, entries: &[(&[u8], &[u8])]) -> Result<()> {
        self.change(|state| {
            state.entries = entries.iter().map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
        })
    }

    /// Makes every other `Store` on this file wait at any access until [`Store::unlock`], or until
    /// this `Store` or its process ends. Locking again while holding updates timeout and interval.
    /// `timeout`: seconds others wait at most (0: for ever); `interval`: microseconds they may
    /// sleep between looks. Creates the file.
    pub fn lock(&self, timeout: u64, interval: u64) -> Result<()> {
        let me = self.me;
        self.change(|state| {
            state.holder = me;
            state.timeout = timeout;
            state.interval = interval;
        })?;
        self.locked.set(true);
        Ok(())
    }

    /// Gives the lock back; nothing happens where this `Store` does not hold it.
    pub fn unlock(&self) {
        if self.locked.replace(false) {
            let _ = self.change(|state| state.holder = 0);
        }
    }

    /// True between `lock` and `unlock`.
    pub fn holds_lock(&self) -> bool {
        self.locked.get()
    }

    /// Sleeps until the lock that `held` tells of may have been given back: its end wakes the
    /// sleeper; else `at_most`, the holder's interval, or a signal, whichever comes first. Says
    /// nothing: look again.
    pub fn wait(&self, held: &Held, at_most: Duration) {
        std::thread::sleep(at_most.min(Duration::from_micros(held.interval)).min(Duration::from_millis(5)));
    }

    /// Removes the file and releases the lock. No error if it is missing.
    pub fn destroy(&self) -> Result<()> {
        if self.open(false)?.is_some() {
            self.locked.set(false);
            std::fs::remove_file(&self.path).map_err(|e| self.error(ErrorKind::CannotOpen(e)))?;
        }
        Ok(())
    }

    /// Forgets what is known about which file the path means: the next access looks.
    /// For callers that have just deleted or renamed files.
    pub fn paths_have_changed() {}

    /// After [`ErrorKind::Legacy`]: the whole file of the pure-PHP class, or `None` if it is no
    /// longer one (try the operation again).
    pub fn legacy(&self) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    /// Turns a file of the pure-PHP class into a store. `old` is what [`Store::legacy`] returned;
    /// false if the file has changed since (start over).
    pub fn import(&self, _old: &[u8], _entries: &[(&[u8], &[u8])]) -> Result<bool> {
        Ok(false)
    }

    /// Calls `operation` until it neither finds the store held nor busy; gives up as the holder's
    /// timeout says. For Rust programs: PHP waits in its own way, looking for signals.
    pub fn patiently<T>(&self, mut operation: impl FnMut(&Self) -> Result<T>) -> Result<T> {
        let start = std::time::Instant::now();
        loop {
            match operation(self) {
                Err(Error { kind: ErrorKind::Held(held), .. })
                    if !(held.same_thread && held.timeout == 0)
                        && (held.timeout == 0 || start.elapsed().as_secs() < held.timeout) =>
                {
                    self.wait(&held, Duration::from_micros(held.interval));
                }
                Err(Error { kind: ErrorKind::Busy, .. }) => {}
                other => return other,
            }
        }
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(&self.path, kind)
    }

    fn open(&self, write: bool) -> Result<Option<(File, State)>> {
        let dir = match self.path.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        let mut file = match OpenOptions::new().read(true).write(write).open(&self.path) {
            Ok(f) => f,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !write => return Ok(None),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&self.path).map_err(|_| {
                    let _ = dir;
                    self.error(ErrorKind::NoDirectory)
                })?
            }
            Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(self.error(if write { ErrorKind::NotWritable } else { ErrorKind::NotReadable }));
            }
            Err(e) => return Err(self.error(ErrorKind::CannotOpen(e))),
        };
        let _ = self.options;
        if write {
            fs2::FileExt::lock_exclusive(&file)
        } else {
            fs2::FileExt::lock_shared(&file)
        }
        .map_err(|e| self.error(ErrorKind::CannotOpen(e)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| self.error(ErrorKind::CannotOpen(e)))?;
        let mut state = State::default();
        if !bytes.is_empty() {
            if !bytes.starts_with(b"SYNCSCAF") {
                return Err(self.error(ErrorKind::NotAStore("it does not start with a store's header".into())));
            }
            let mut rest = &bytes[8..];
            let mut number = || {
                let n = u64::from_le_bytes(rest[..8].try_into().unwrap());
                rest = &rest[8..];
                n
            };
            state.holder = number();
            state.timeout = number();
            state.interval = number();
            let count = number();
            let lengths: Vec<(u64, u64)> = (0..count).map(|_| (number(), number())).collect();
            for (k, v) in lengths {
                let (key, tail) = rest.split_at(k as usize);
                let (value, tail) = tail.split_at(v as usize);
                state.entries.push((key.to_vec(), value.to_vec()));
                rest = tail;
            }
        }
        // SAFETY: kill with signal 0 only asks whether the process exists.
        let alive = state.holder != 0 && unsafe { libc::kill((state.holder >> 32) as i32, 0) } == 0;
        if alive && state.holder != self.me {
            return Err(self.error(ErrorKind::Held(Held {
                timeout: state.timeout,
                interval: state.interval,
                same_thread: (state.holder >> 32) == u64::from(std::process::id()),
                ticket: 0,
            })));
        }
        Ok(Some((file, state)))
    }

    fn change(&self, edit: impl FnOnce(&mut State)) -> Result<()> {
        let (mut file, mut state) = self.open(true)?.expect("open for writing creates");
        edit(&mut state);
        let mut bytes = b"SYNCSCAF".to_vec();
        for n in [state.holder, state.timeout, state.interval, state.entries.len() as u64] {
            bytes.extend_from_slice(&n.to_le_bytes());
        }
        for (k, v) in &state.entries {
            bytes.extend_from_slice(&(k.len() as u64).to_le_bytes());
            bytes.extend_from_slice(&(v.len() as u64).to_le_bytes());
        }
        for (k, v) in &state.entries {
            bytes.extend_from_slice(k);
            bytes.extend_from_slice(v);
        }
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.set_len(0))
            .and_then(|()| file.write_all(&bytes))
            .map_err(|e| self.error(ErrorKind::CannotOpen(e)))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.unlock();
    }
}
