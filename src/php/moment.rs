//! All of a store at one moment, in the engine's memory.
//!
//! Names and short values are copied at once. Long values are in runs of their own, in which they can be
//! found until they are replaced: they are copied one after the other, strings to where
//! they stay, so that nothing is there twice. Either all of them at once; or, for a loop that needs one at
//! a time and where all would take much of what `memory_limit` leaves, each when its turn comes.

use ext_php_rs::ffi::zend_string;

use super::globals::GLOBALS;
use super::handle::{Backend, Entry, Handle, Selection, Snapshot, Stored, Unread};
use super::object::SyncObject;
use super::property;
use super::refusal::throw_no_memory;
use super::retry::{Stop, retry, retry_making_room};
use super::stored;
use super::value::{self, Sharing, ZendVec, scalar};
use super::zend::{self, Local, Slot, Str, Thrown, ZStr};

/// How much of the memory that is left the values may take that a loop does not need yet.
const SHARE: u64 = 4;

/// Bytes of most names and values.
const USUAL: usize = 128;

/// How often the long values are looked for, each time anew, before everything is copied in one go.
const ATTEMPTS: usize = 3;

/// The values that are taken along.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All values.
    All,
    /// Those that leave room for the rest of the program. A long one that is left behind is read when it is
    /// asked for: should it have been replaced by then, the newer one takes its place.
    Fitting,
}

/// Names and values, in order.
pub struct Moment {
    snapshot: Snapshot<ZendVec<u8>, ZendVec<Entry>>,
    /// The long values that were taken along, in order.
    long: ZendVec<Long>,
}

/// A long value: a string of the engine's.
#[derive(Clone, Copy)]
struct Long {
    at: usize,
    /// The moment owns a count of it; the empty string has none.
    string: *mut zend_string,
    /// It holds the value's MessagePack, and is not the value.
    encoded: bool,
}

impl Long {
    /// Another owner of the string; and whether that holds the value's MessagePack.
    fn share(&self) -> (Str, bool) {
        // SAFETY: the moment owns a count, which only `empty` gives up.
        (unsafe { Str::share(self.string) }, self.encoded)
    }

    /// Gives up the string.
    fn empty(&mut self) {
        // SAFETY: the moment owns the count, which goes with the pointer; the empty string takes its place.
        drop(unsafe { Str::from_owned(std::mem::replace(&mut self.string, ZStr::empty().as_ptr())) });
    }
}

impl Moment {
    /// This moment.
    pub fn of(this: &SyncObject, selection: &Selection, extent: Extent) -> Result<Self, Stop> {
        let names = match selection {
            Selection::Keys(keys) => keys.len(),
            _ => retry(this, Handle::expected_len)? as usize,
        };
        let mut moment = Self { snapshot: Snapshot::new(ZendVec::new(), ZendVec::new()), long: ZendVec::new() };
        let room = moment.snapshot.room();
        // Enough for most; else it is tried again with as much as it takes.
        let _ = room.1.try_reserve_exact(names) && room.0.try_reserve_exact((names * USUAL).min(1 << 20));
        for _ in 0..ATTEMPTS {
            moment.fill(this, selection, scalar::LONG as u64)?;
            if extent == Extent::Fitting && moment.snapshot.left() > zend::memory_left() as u64 / SHARE {
                return Ok(moment);
            }
            if moment.fetch_long(this)? {
                return Ok(moment);
            }
        }
        moment.fill(this, selection, u64::MAX)?;
        Ok(moment)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.snapshot.len()
    }

    /// The name at a place.
    pub fn name(&self, at: usize) -> Option<Str> {
        self.snapshot.get(at).map(|(name, _)| Str::new(name))
    }

    /// Whether the value at a place is a long one that was left behind.
    pub fn is_behind(&self, at: usize) -> bool {
        self.snapshot.is_left(at) && self.taken(at).is_none()
    }

    /// The long value at a place, if it was taken along.
    fn taken(&self, at: usize) -> Option<usize> {
        self.long.binary_search_by_key(&at, |long| long.at).ok()
    }

    /// The value at a place, into `into`, which is overwritten, and whether it may be kept; `None` if there is none any more. Decoding may
    /// run user code, which may let go of this very moment: nothing of it is used from there on.
    pub fn value(&self, this: &SyncObject, at: usize, mut into: Slot) -> Result<Option<Sharing>, Thrown> {
        into.set_null();
        let Some((name, value)) = self.snapshot.get(at) else { return Ok(None) };
        match value {
            Stored::Bytes(bytes) => {
                let mut copy = GLOBALS.get().buffers.take();
                copy.extend_from_slice(name);
                copy.extend_from_slice(bytes);
                let (name, bytes) = copy.split_at(name.len());
                stored::decode(this, name, bytes, into).map(Some)
            }
            Stored::Left(left) => {
                let name = Str::new(name);
                let long = match self.taken(at) {
                    Some(n) => Some(self.long[n].share()),
                    None => fetch(this, &left)?,
                };
                match long {
                    Some((string, false)) => {
                        into.set_string(string);
                        Ok(Some(Sharing::Shareable))
                    }
                    Some((string, true)) => stored::decode(this, name.bytes(), string.bytes(), into).map(Some),
                    // Replaced meanwhile.
                    None => Ok(property::read(this, &name, into)?.then_some(Sharing::Fresh)),
                }
            }
        }
    }

    /// The bytes of names and values.
    pub fn bytes(&self) -> u64 {
        self.snapshot.wanted().0 + self.snapshot.left()
    }

    /// Calls `each` with each name and its value, decoded, in order; whether all of them may be kept.
    pub fn each(
        &mut self,
        this: &SyncObject,
        each: &mut dyn FnMut(Str, Local) -> Result<(), Thrown>,
    ) -> Result<Sharing, Thrown> {
        let mut all = Sharing::Shareable;
        for at in 0..self.len() {
            let mut value = Local::new();
            let sharing = self.value(this, at, value.slot())?;
            self.forget(at);
            let (Some(name), Some(sharing)) = (self.name(at), sharing) else { continue };
            if sharing == Sharing::Fresh {
                all = sharing;
            }
            each(name, value)?;
        }
        Ok(all)
    }

    /// Lets go of a value that will not be asked for again.
    pub fn forget(&mut self, at: usize) {
        if let Some(n) = self.taken(at) {
            self.long[n].empty();
        }
    }

    /// Copies names and values of up to `limit` bytes.
    fn fill(&mut self, this: &SyncObject, selection: &Selection, limit: u64) -> Result<(), Stop> {
        self.let_go();
        retry_making_room(
            this,
            &mut self.snapshot,
            |snapshot, _| {
                let (bytes, entries) = snapshot.wanted();
                let room = snapshot.room();
                // Somewhat more, as another process may be adding to it.
                room.0.clear();
                room.1.clear();
                room.0.try_reserve_exact((bytes + bytes / 16) as usize)
                    && room.1.try_reserve_exact((entries + entries / 16) as usize)
            },
            |store, snapshot| store.select(selection, snapshot, limit),
        )
    }

    /// Copies the long values; false if one of them is gone.
    fn fetch_long(&mut self, this: &SyncObject) -> Result<bool, Stop> {
        if self.snapshot.left() == 0 {
            return Ok(true);
        }
        for at in 0..self.len() {
            let Some((_, Stored::Left(left))) = self.snapshot.get(at) else { continue };
            self.long.reserve(1);
            match fetch(this, &left)? {
                Some((string, encoded)) => self.long.push(Long { at, string: string.into_raw(), encoded }),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn let_go(&mut self) {
        self.long.iter_mut().for_each(Long::empty);
        self.long.clear();
    }
}

impl Drop for Moment {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// Copies a long value to a new string, and tells whether that holds its MessagePack; `None` if it is gone.
fn fetch(this: &SyncObject, left: &Unread) -> Result<Option<(Str, bool)>, Thrown> {
    let mut start = [std::mem::MaybeUninit::uninit(); 16];
    if !read(this, left, 0, &mut start)? {
        return Ok(None);
    }
    // SAFETY: all of it has just been written.
    let start = start.map(|byte| unsafe { byte.assume_init() });
    let head = value::long_head(&start, left.length);
    let from = head.unwrap_or(0);
    if !zend::has_memory(left.length as usize) {
        return Err(throw_no_memory(this, None, left.length));
    }
    let mut string = Local::new();
    // (All of the room is filled, or the string is dropped unread.)
    if !read(this, left, from as u64, string.slot().set_unwritten_string(left.length as usize - from))? {
        return Ok(None);
    }
    Ok(string.string().map(|string| (Str::of(string), head.is_none())))
}

fn read(this: &SyncObject, left: &Unread, from: u64, room: &mut [std::mem::MaybeUninit<u8>]) -> Result<bool, Thrown> {
    match retry(this, |store| store.read_unread(left, from, room)) {
        Ok(read) => Ok(read),
        Err(Stop::Legacy) => Ok(false),
        Err(Stop::Thrown) => Err(Thrown),
    }
}
