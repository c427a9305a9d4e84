//! Changes to a part of a shared array, stored as what they change.
//!
//! `$sync->list[] = 1` on a list of ten thousand appends a *patch* to the list's record, instead of
//! writing the list again ([`super::stored`] has the format). Patches that another process appended are applied to the
//! copy that the cache keeps.
//!
//! An element that is put in the first level of an array needs nothing of what is there: so an array that
//! the cache does not keep (none has read it yet, it is too long, or there are objects in it) is not read
//! for it, however long it is. All that has to be known is where it ends ([`End`]); the process that appended
//! last has noted that in the store.

use ext_php_rs::ffi::{self, IS_ARRAY, IS_DOUBLE, IS_FALSE, IS_LONG, IS_NULL, IS_STRING, IS_TRUE, zval};

use super::cache::LARGEST_VALUE;
use super::edit::{ATTEMPTS, Attempt, Edit};
use super::exclusive::{Standing, Turn, after_parent, exclusive};
use super::globals::GLOBALS;
use super::legacy::retry_importing;
use super::object::SyncObject;
use super::property;
use super::refusal::cannot_store;
use super::step::{self, ArrayKey, Step, array_key};
use super::stored::{Encoded, write_head, write_name, write_number};
use super::value::{self, ZendVec};
use super::walk::{self, Act};
use super::zend::{self, Str, Thrown};
use crate::store::{Appended, Outline, Seen, Store};

/// Does it by appending a patch, where this is the way.
///
/// # Safety
/// The object and the values in `deed` are valid, and held by the caller.
pub unsafe fn change<'o>(this: &SyncObject, name: &Str, steps: &[Step], deed: Edit<'o>) -> Result<Attempt<'o>, Thrown> {
    if steps.is_empty() {
        return Ok(Attempt::Declined(deed));
    }
    // SAFETY: valid by contract.
    unsafe {
        match (steps, change_cached(this, name, steps, deed)?) {
            ([step], Attempt::Declined(Edit::Assign(value))) => assign_unread(this, name, step, value),
            (_, tried) => Ok(tried),
        }
    }
}

/// As [`change`], for an array that the cache knows, where no user code runs and nothing is warned of: so it may be
/// done on an array that turns out not to be the newest, and again on the next.
unsafe fn change_cached<'o>(
    this: &SyncObject,
    name: &Str,
    steps: &[Step],
    mut deed: Edit<'o>,
) -> Result<Attempt<'o>, Thrown> {
    // SAFETY: as for `change`. What is looked at in the cache is used before anything else can happen to it.
    unsafe {
        for _ in 0..ATTEMPTS {
            let Some(entry) = this.cache().look_up(name.as_ptr()) else { break };
            let before = entry.seen;
            let value = match &mut deed {
                Edit::Assign(value) if is_plain(*value, DEPTH) => Some(*value),
                Edit::Unset => None,
                Edit::Operate(due) => match scalar_at(&raw const entry.value, steps) {
                    Some(old) => match due.silently(old)? {
                        Some(new) => Some(new),
                        None => break,
                    },
                    None => break,
                },
                Edit::Assign(_) => break,
            };
            let mut patch = GLOBALS.get().buffers.take();
            let Some(end) = encode(this, name, &raw const entry.value, steps, value, &mut patch)? else { break };
            let mut seen = before;
            let Some(instance) = this.constructed() else { break };
            match instance.store.append(name.bytes(), &patch, end.0, &mut seen) {
                Ok(Appended::Done) => {
                    if let Some(array) = follow(this, name, before, steps, value)? {
                        this.cache().store(name.as_ptr(), Some(&raw const array), seen, patch.len());
                    }
                    return Ok(Attempt::Done);
                }
                Ok(Appended::Changed) => {}
                // As much has been appended as there was: time to write it whole.
                Ok(Appended::Full) => {
                    let Some(array) = follow(this, name, before, steps, value)? else { break };
                    patch.clear();
                    value::encode(&array, 0, &mut patch)
                        .map_err(|error| cannot_store(this, Some(name.bytes()), error))?;
                    match instance.store.put_if_unchanged(name.bytes(), &patch, &mut seen) {
                        Ok(true) => {
                            this.cache().store(name.as_ptr(), Some(&raw const array), seen, patch.len());
                            return Ok(Attempt::Done);
                        }
                        Ok(false) => {}
                        Err(_) => break,
                    }
                }
                // Held, busy, full: the long way waits, or says what is wrong.
                Err(_) => break,
            }
            // Another process was faster.
            if !property::refresh(this, name.as_ptr())? {
                break;
            }
        }
        Ok(Attempt::Declined(deed))
    }
}

/// Takes an array out of the cache and changes it like the one in the store. `None`: the cache does not know it.
unsafe fn follow(
    this: &SyncObject,
    name: &Str,
    seen: Seen,
    steps: &[Step],
    value: Option<*mut zval>,
) -> Result<Option<zval>, Thrown> {
    // SAFETY: as for `change`. The array is this frame's own, and plain.
    unsafe {
        let Some(mut array) = this.cache().take(name.as_ptr(), seen) else { return Ok(None) };
        walk::act(&raw mut array, steps, value.map_or(Act::Unset, Act::Assign))?;
        Ok(Some(array))
    }
}

/// Where an array ends: the number that `[] =` would use next. The note that the store keeps for who
/// appends next.
#[derive(Clone, Copy, PartialEq, Eq)]
struct End(i64);

impl End {
    /// Of an array of which that cannot be said without reading it.
    const UNKNOWN: Self = Self(i64::MIN);

    /// Of an array in memory.
    unsafe fn of(table: *const ffi::zend_array) -> Self {
        // SAFETY: callers pass a valid array.
        match unsafe { (*table).nNextFreeElement } {
            // The engine's mark for "no number yet".
            i64::MIN => Self(0),
            next if next >= 0 => Self(next),
            _ => Self::UNKNOWN,
        }
    }

    /// Of an array that starts with these bytes, and has no patches; `None` if it is no array.
    fn of_encoded(start: &[u8]) -> Option<Self> {
        Some(value::array_at(start)?.map_or(Self::UNKNOWN, |count| Self(count.into())))
    }

    /// What it is when there is an element with this number.
    fn after(self, number: i64) -> Self {
        match self {
            // From PHP 8.3 on an array without numbers goes on behind a negative one.
            Self(0) if number < 0 => Self::UNKNOWN,
            Self::UNKNOWN => Self::UNKNOWN,
            Self(next) => Self(next.max(number.saturating_add(1))),
        }
    }

    /// The number that `[] =` uses; `None` if it is not known, or there is none left.
    fn number(self) -> Option<i64> {
        (0..i64::MAX).contains(&self.0).then_some(self.0)
    }
}

/// Puts a value into an array that is not read.
unsafe fn assign_unread<'o>(
    this: &SyncObject,
    name: &Str,
    step: &Step,
    value: *mut zval,
) -> Result<Attempt<'o>, Thrown> {
    // SAFETY: as for `change`. Waiting may run signal handlers: nothing is kept across it but what the caller holds.
    unsafe {
        let key = match step {
            Step::Append => None,
            Step::Element(key) if key.is_plain() => Some(array_key(key, false)?),
            _ => return Ok(Attempt::Declined(Edit::Assign(value))),
        };
        let unread = Unread { this, name, key };
        if unread.end()?.is_none() {
            return Ok(Attempt::Declined(Edit::Assign(value)));
        }
        let done = if is_plain(value, DEPTH) {
            let encoded = Encoded::within(this, name.as_ptr(), value, 1)?;
            match unread.put(&encoded, ATTEMPTS)? {
                Put::Lost => exclusive(this, |_| unread.put(&encoded, ATTEMPTS))?,
                put => put,
            }
        } else {
            // Encoding it runs user code, which is not to run again because another process was faster.
            exclusive(this, |turn| unread.put_object(turn, value))?
        };
        Ok(match done {
            Put::Done => Attempt::Done,
            Put::Impossible | Put::Full | Put::Lost => Attempt::Declined(Edit::Assign(value)),
        })
    }
}

/// A place in the first level of an array that is not read.
struct Unread<'s> {
    this: &'s SyncObject,
    name: &'s Str,
    /// `None`: at its end.
    key: Option<ArrayKey>,
}

/// What came of putting a value there.
enum Put {
    Done,
    /// There is no array, or none whose end is known.
    Impossible,
    /// So much has been appended to it that it is time to write it whole.
    Full,
    /// Others are always faster.
    Lost,
}

impl Unread<'_> {
    /// Where the array ends, if that is enough to know.
    unsafe fn end(&self) -> Result<Option<End>, Thrown> {
        // SAFETY: whoever made this holds what is in it.
        let end = unsafe { observe_end(self.this, self.name)? };
        Ok(end.filter(|end| self.key.is_some() || end.number().is_some()))
    }

    /// Puts an encoded value there. Runs no user code but signal handlers.
    unsafe fn put(&self, value: &Encoded, attempts: usize) -> Result<Put, Thrown> {
        // SAFETY: as above.
        unsafe {
            for _ in 0..attempts {
                let Some(end) = self.end()? else { return Ok(Put::Impossible) };
                match self.append(end, value, Room::AsLeft)? {
                    Appended::Done => return Ok(Put::Done),
                    Appended::Full => return Ok(Put::Full),
                    Appended::Changed => {}
                }
            }
        }
        Ok(Put::Lost)
    }

    /// Puts a value there that it takes user code to encode: that runs once.
    unsafe fn put_object(&self, turn: &Turn, value: *mut zval) -> Result<Put, Thrown> {
        // SAFETY: as above.
        unsafe {
            let Some(end) = self.end()? else { return Ok(Put::Impossible) };
            let encoded = Encoded::within(self.this, self.name.as_ptr(), value, 1)?;
            if turn.standing() == Standing::Forked {
                return self.put_after_parent(end, &encoded);
            }
            match self.put(&encoded, ATTEMPTS)? {
                Put::Full => {}
                // (Where user code has put something else in its place, that is what it is put into.)
                put => return Ok(put),
            }
            self.write_whole(turn)?;
            if turn.standing() == Standing::Forked {
                return self.put_after_parent(end, &encoded);
            }
            for _ in 0..ATTEMPTS {
                let Some(end) = self.end()? else { return Ok(Put::Impossible) };
                if let Appended::Done = self.append(end, &encoded, Room::Always)? {
                    return Ok(Put::Done);
                }
            }
        }
        Ok(Put::Lost)
    }

    /// In a child that was forked in the middle of its parent's statement: puts the value there only where the parent has
    /// not. The array is then still the one that was seen before.
    unsafe fn put_after_parent(&self, end: End, value: &Encoded) -> Result<Put, Thrown> {
        // SAFETY: as above.
        after_parent(self.this, |_| unsafe { self.append(end, value, Room::Always) })?;
        Ok(Put::Done)
    }

    /// Writes the array as it is, without what has been written over in it; [`Unread::end`] then knows its end.
    unsafe fn write_whole(&self, turn: &Turn) -> Result<(), Thrown> {
        let name = self.name.as_ptr();
        let mut array = zend::empty();
        // SAFETY: as above; the array is this frame's own.
        unsafe {
            let known = property::observe(self.this, name, &raw mut array)?;
            let encoded = Encoded::of(self.this, name, &raw mut array)?;
            if turn.standing() == Standing::Forked {
                return Ok(());
            }
            let stored =
                encoded.store(self.this, name, &raw mut array, |store| known.is_newest(store, self.name.bytes()))?;
            if let Some(seen) = stored
                && zend::kind(&raw const array) == IS_ARRAY
            {
                remember_end(self.this, self.name, End::of(array.value.arr), seen);
            }
        }
        Ok(())
    }
}

impl Unread<'_> {
    /// Appends the patch that puts an encoded value there, in the array that [`observe_end`] saw.
    unsafe fn append(&self, end: End, value: &Encoded, room: Room) -> Result<Appended, Thrown> {
        let Self { this, name, key } = self;
        // SAFETY: as for `observe_end`.
        unsafe {
            let Some(entry) = this.ends().look_up(name.as_ptr()) else { return Ok(Appended::Changed) };
            let mut seen = entry.seen;
            let mut patch = GLOBALS.get().buffers.take();
            write_head(&mut patch, 1, true);
            let end = match key {
                None => {
                    let Some(number) = end.number() else { return Ok(Appended::Changed) };
                    write_number(&mut patch, number);
                    end.after(number)
                }
                Some(ArrayKey::Index(number)) => {
                    write_number(&mut patch, *number);
                    end.after(*number)
                }
                Some(ArrayKey::Name(key)) => {
                    write_name(&mut patch, key).map_err(|error| cannot_store(this, Some(name.bytes()), error))?;
                    end
                }
            };
            value.write_to(&mut patch).map_err(|error| cannot_store(this, Some(name.bytes()), error))?;
            let appended = retry_importing(this, |store| {
                let appended = store.append(name.bytes(), &patch, end.0, &mut seen)?;
                Ok(match (appended, room) {
                    (Appended::Full, Room::Always) if store.append_whole(name.bytes(), &patch, end.0, &mut seen)? => {
                        Appended::Done
                    }
                    (Appended::Full, Room::Always) => Appended::Changed,
                    _ => appended,
                })
            })?;
            match appended {
                Appended::Done => remember_end(this, name, end, seen),
                // A long value stays as it is, with one more piece.
                Appended::Full => {
                    let unites = |store: &Store| store.unite(name.bytes(), LARGEST_VALUE as u64, &mut seen);
                    if retry_importing(this, unites)? {
                        return Ok(Appended::Changed);
                    }
                }
                Appended::Changed => {}
            }
            Ok(appended)
        }
    }
}

/// Where the array under `name` ends, as of now; `None` where there is none. The store then knows which
/// value is appended to.
unsafe fn observe_end(this: &SyncObject, name: &Str) -> Result<Option<End>, Thrown> {
    // SAFETY: the caller holds the name; entries are not kept across calls.
    unsafe {
        let mut seen = this.ends().look_up(name.as_ptr()).map_or(Seen::default(), |entry| entry.seen);
        let mut start = GLOBALS.get().buffers.take();
        start.reserve(16);
        let outline = retry_importing(this, |store| store.outline(name.bytes(), &mut seen, &mut *start))?;
        let end = match outline {
            Outline::Unchanged => match this.ends().look_up(name.as_ptr()) {
                Some(entry) => Some(End(entry.value.value.lval)),
                None => None,
            },
            Outline::Whole => End::of_encoded(&start),
            Outline::Noted(end) => Some(End(end)),
            Outline::Missing => None,
        };
        match end {
            Some(end) => remember_end(this, name, end, seen),
            None => this.ends().forget(name.as_ptr()),
        }
        Ok(end)
    }
}

unsafe fn remember_end(this: &SyncObject, name: &Str, end: End, seen: Seen) {
    let mut number = zend::empty();
    // SAFETY: the caller holds the name; the int is a slot of this frame.
    unsafe {
        zend::set_long(&raw mut number, end.0);
        this.ends().store(name.as_ptr(), Some(&raw const number), seen, 0);
    }
}

/// What to do where an array has no room for one more patch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    /// Leave it at that. (A long array is never written whole: its pieces are united.)
    AsLeft,
    /// Write all that there is, and the patch, as one record.
    Always,
}

/// Values nested deeper than this go the long way.
const DEPTH: usize = 32;

/// Whether a value is free of objects and references: encoding it runs no user code.
unsafe fn is_plain(value: *const zval, depth: usize) -> bool {
    // SAFETY: callers pass a valid value; nothing changes it meanwhile.
    unsafe {
        match zend::kind(value) {
            IS_NULL | IS_FALSE | IS_TRUE | IS_LONG | IS_DOUBLE | IS_STRING => true,
            IS_ARRAY => depth > 0 && (*(*value).value.arr).values().all(|element| is_plain(element, depth - 1)),
            _ => false,
        }
    }
}

/// The scalar that steps lead to in an array, if they lead to one.
unsafe fn scalar_at(array: *const zval, steps: &[Step]) -> Option<*const zval> {
    if !steps.iter().all(|step| matches!(step, Step::Element(key) if key.is_plain())) {
        return None;
    }
    // SAFETY: callers pass a valid value; nothing changes it meanwhile.
    unsafe {
        let at = step::find(array, steps)?;
        (zend::kind(at) != IS_ARRAY && is_plain(at, 0)).then_some(at)
    }
}

/// Appends the patch for a change to `array` to `out`, and tells where the array ends then; `None` where a
/// patch cannot say it, or where PHP would do more than change one element.
unsafe fn encode(
    this: &SyncObject,
    name: &Str,
    array: *const zval,
    steps: &[Step],
    value: Option<*mut zval>,
    out: &mut ZendVec<u8>,
) -> Result<Option<End>, Thrown> {
    let refuse = |error| cannot_store(this, Some(name.bytes()), error);
    write_head(out, steps.len(), value.is_some());
    let mut at = array;
    let mut end = End::UNKNOWN;
    // SAFETY: callers pass valid values; elements are looked at while nothing can change them.
    unsafe {
        for (n, step) in steps.iter().enumerate() {
            let last = n + 1 == steps.len();
            if zend::kind(at) != IS_ARRAY {
                return Ok(None);
            }
            let table = (*at).value.arr;
            if n == 0 {
                end = End::of(table);
            }
            let first = n == 0 && value.is_some();
            let element = match step {
                Step::Element(key) if key.is_plain() => {
                    match array_key(key, false)? {
                        // A decoded array counts on from its highest key, one in memory from the
                        // highest that it ever had: who comes after must not see the difference.
                        ArrayKey::Index(index) if last && value.is_none() && index + 1 == (*table).nNextFreeElement => {
                            return Ok(None);
                        }
                        ArrayKey::Index(index) => {
                            write_number(out, index);
                            if first {
                                end = end.after(index);
                            }
                            ffi::zend_hash_index_find(table, index as u64)
                        }
                        ArrayKey::Name(key) => {
                            write_name(out, &key).map_err(refuse)?;
                            ffi::zend_hash_find(table, key.as_ptr())
                        }
                    }
                }
                // The number itself: every reader comes to the same, whatever it has unset before.
                Step::Append if last && value.is_some() => match (*table).nNextFreeElement {
                    i64::MAX => return Ok(None),
                    next => {
                        // The engine's mark for "no number yet"; below zero it counts on from there.
                        let next = if next == i64::MIN { 0 } else { next };
                        write_number(out, next);
                        if first {
                            end = end.after(next);
                        }
                        break;
                    }
                },
                _ => return Ok(None),
            };
            // What is not there is PHP's business: a new array, a warning, or nothing to do.
            if element.is_null() && (!last || value.is_none()) {
                return Ok(None);
            }
            at = element;
        }
        if let Some(value) = value {
            value::check_depth(steps.len()).and_then(|()| value::encode(&*value, steps.len(), out)).map_err(refuse)?;
        }
        Ok(Some(end))
    }
}
