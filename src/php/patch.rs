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

use super::act::Act;
use super::edit::{ATTEMPTS, Attempt, Edit, Swap};
use super::end::{End, observe_end, remember_end};
use super::exclusive::{Standing, Turn, after_parent, exclusive};
use super::globals::GLOBALS;
use super::handle::{Appended, Backend, Rewrite, Version};
use super::legacy::retry_importing;
use super::object::SyncObject;
use super::property;
use super::refusal::cannot_store;
use super::retry::leave_to_the_long_way;
use super::step::{self, Step, array_key};
use super::stored::{Encoded, write_head, write_name, write_number};
use super::value::{self, Sharing, ValueError, ZendVec};
use super::walk;
use super::zend::{Array, Key, Local, Str, Thrown, Value};

/// Changes an array by appending a patch, where that is enough. The caller holds the object.
pub fn change<'o>(this: &SyncObject, name: &Str, steps: &[Step], edit: Edit<'o>) -> Result<Attempt<'o>, Thrown> {
    if steps.is_empty() {
        return Ok(Attempt::Declined(edit));
    }
    // Another object on the file may have read the array.
    this.enter();
    match (steps, Cached { this, name, steps }.change(edit)?) {
        ([step], Attempt::Declined(Edit::Assign(value))) => assign_unread(this, name, step, value),
        (_, attempt) => Ok(attempt),
    }
}

/// A change to an array that the cache knows. The caller of [`change`] holds all of it.
struct Cached<'s> {
    this: &'s SyncObject,
    name: &'s Str,
    steps: &'s [Step],
}

/// A step into an array.
struct Stepped<'a> {
    /// The key, if it is a number.
    number: Option<i64>,
    /// The element under it.
    element: Option<&'a Value>,
}

impl Cached<'_> {
    /// As [`change`], where no user code runs and nothing is warned of: so it may be
    /// done on an array that turns out not to be the newest, and again on the next.
    fn change<'o>(&self, edit: Edit<'o>) -> Result<Attempt<'o>, Thrown> {
        for _ in 0..ATTEMPTS {
            match self.change_once(&edit)? {
                Swap::Done => return Ok(Attempt::Done),
                Swap::Lost if property::refresh(self.this, self.name)? => {}
                Swap::Lost | Swap::Impossible => break,
            }
        }
        Ok(Attempt::Declined(edit))
    }

    /// Appends the patch to the array that the cache knows, if the store has no newer one.
    fn change_once(&self, edit: &Edit) -> Result<Swap, Thrown> {
        let Self { this, name, .. } = *self;
        // SAFETY: nothing runs before the table and its entry are out of use: encoding a plain value, an operator without side
        // effects, and changing a plain array run no user code.
        let table = unsafe { this.cache() };
        // SAFETY: the entry is out of use before anything else is done to the cache.
        let Some(entry) = (unsafe { table.find(name) }) else { return Ok(Swap::Impossible) };
        let value = match edit {
            Edit::Assign(value) if is_plain(value, DEPTH) => Some(*value),
            Edit::Assign(_) => return Ok(Swap::Impossible),
            Edit::Operate(due) => {
                let Some(old) = scalar_at(entry.value(), self.steps) else { return Ok(Swap::Impossible) };
                let Some(new) = due.silently(old)? else { return Ok(Swap::Impossible) };
                Some(new)
            }
            Edit::Unset => None,
        };
        let mut patch = GLOBALS.get().buffers.take();
        let Some(end) = self.encode(entry.value(), value, &mut patch)? else {
            return Ok(Swap::Impossible);
        };
        let mut version = entry.version;
        let Some(instance) = this.constructed() else { return Ok(Swap::Impossible) };
        match instance.store.append(name.bytes(), &patch, end.note(), Rewrite::Caller, &mut version) {
            Ok(Appended::Done) => {
                if let Some((array, size)) = table.take_from(entry) {
                    let array = self.follow(array, value)?;
                    entry.version = version;
                    // SAFETY: a plain array with a plain element is plain.
                    unsafe { table.put(entry, &array, size + patch.len()) };
                }
                Ok(Swap::Done)
            }
            Ok(Appended::Changed) => Ok(Swap::Lost),
            // As much has been appended as there was: time to write it whole.
            Ok(Appended::Full) => match table.take_from(entry) {
                Some((array, _)) => {
                    let array = self.follow(array, value)?;
                    self.put_whole(&array, version, &mut patch)
                }
                None => Ok(Swap::Impossible),
            },
            // Held, busy, full: the long way waits, or says what is wrong.
            Err(error) => leave_to_the_long_way(&error).map(|()| Swap::Impossible),
        }
    }

    /// Stores the array with the change as one record, if the store's is still the one that was seen.
    fn put_whole(&self, array: &Value, mut version: Version, bytes: &mut ZendVec<u8>) -> Result<Swap, Thrown> {
        let Self { this, name, .. } = *self;
        bytes.clear();
        value::encode(array.as_zval(), 0, bytes).map_err(|error| self.refuse(error))?;
        let Some(instance) = this.constructed() else { return Ok(Swap::Impossible) };
        match instance.store.put_if_unchanged(name.bytes(), bytes, &mut version) {
            Ok(true) => {
                // SAFETY: nothing runs meanwhile; a plain array with a plain element is plain.
                unsafe { this.cache().store(name, array, version, bytes.len()) };
                Ok(Swap::Done)
            }
            Ok(false) => Ok(Swap::Lost),
            Err(error) => leave_to_the_long_way(&error).map(|()| Swap::Impossible),
        }
    }

    /// Changes an array that was taken out of the cache like the one in the store.
    fn follow(&self, mut array: Local, value: Option<&Local>) -> Result<Local, Thrown> {
        walk::act(array.own(), self.steps, value.map_or(Act::Unset, Act::Assign))?;
        Ok(array)
    }

    /// Appends the patch for a change to `array` to `out`, and tells where the array ends then; `None` where a
    /// patch cannot say it, or where PHP would do more than change one element.
    fn encode(&self, array: &Value, value: Option<&Local>, out: &mut ZendVec<u8>) -> Result<Option<End>, Thrown> {
        let depth = self.steps.len();
        write_head(out, depth, value.is_some());
        let mut at = Some(array);
        let mut end = End::Unknown;
        for n in 0..depth {
            let Some(array) = at.and_then(Value::array) else { return Ok(None) };
            let Some(Stepped { number, element }) = self.encode_step(n, array, value.is_some(), out)? else {
                return Ok(None);
            };
            if n == 0 {
                end = match (End::of(array), number) {
                    (end, Some(number)) if value.is_some() => end.after(number),
                    // An element that is there, in which something changes.
                    (end, _) if depth > 1 => end,
                    (end, _) => end.of_no_list(),
                };
            }
            at = element;
        }
        if let Some(value) = value {
            let sharing = value::check_depth(depth)
                .and_then(|()| value::encode(value.as_zval(), depth, out))
                .map_err(|error| self.refuse(error))?;
            // A decoded one is not quite like it: an array of the program's may go on behind a number that has gone from it. So the
            // cached array does not take it over.
            if sharing == Sharing::Fresh {
                return Ok(None);
            }
        }
        Ok(Some(end))
    }

    /// Appends the `n`th step, from `array` on.
    fn encode_step<'a>(
        &self,
        n: usize,
        array: &'a Array,
        assigns: bool,
        out: &mut ZendVec<u8>,
    ) -> Result<Option<Stepped<'a>>, Thrown> {
        let last = n + 1 == self.steps.len();
        let (number, element) = match &self.steps[n] {
            Step::Element(key) if key.is_plain() => match array_key(key, false)? {
                // A decoded array counts on from its highest key, one in memory from the
                // highest that it ever had: the next process must not see the difference.
                Key::Int(index) if last && !assigns && index.saturating_add(1) == array.next_free() => {
                    return Ok(None);
                }
                Key::Int(index) => {
                    write_number(out, index);
                    (Some(index), array.find(Key::Int(index)))
                }
                Key::String(key) => {
                    write_name(out, key).map_err(|error| self.refuse(error))?;
                    (None, array.find(Key::String(key)))
                }
            },
            // The number itself: every reader comes to the same, whatever it has unset before.
            Step::Append if last && assigns => match array.next_free() {
                i64::MAX => return Ok(None),
                next => {
                    // The engine's mark for "no number yet"; below zero it counts on from there.
                    let next = if next == i64::MIN { 0 } else { next };
                    write_number(out, next);
                    (Some(next), None)
                }
            },
            _ => return Ok(None),
        };
        // A missing element is PHP's business: a new array, a warning, or nothing to do.
        if element.is_none() && !(last && assigns) {
            return Ok(None);
        }
        Ok(Some(Stepped { number, element }))
    }

    fn refuse(&self, error: ValueError) -> Thrown {
        cannot_store(self.this, Some(self.name.bytes()), error)
    }
}

/// Puts a value into an array that is not read.
fn assign_unread<'o>(this: &SyncObject, name: &Str, step: &Step, value: &'o Local) -> Result<Attempt<'o>, Thrown> {
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
        let encoded = Encoded::within(this, name, value, 1)?;
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

/// A place in the first level of an array that is not read.
struct Unread<'s> {
    this: &'s SyncObject,
    name: &'s Str,
    /// `None`: at its end.
    key: Option<Key<'s>>,
}

/// The outcome of putting a value there.
enum Put {
    Done,
    /// There is no array, or none whose end is known.
    Impossible,
    /// So much has been appended to it that it is time to write it whole.
    Full,
    /// Other processes were faster each time.
    Lost,
}

impl Unread<'_> {
    /// Where the array ends, if that is enough to know.
    fn end(&self) -> Result<Option<End>, Thrown> {
        let end = observe_end(self.this, self.name)?;
        Ok(end.filter(|end| self.key.is_some() || end.number().is_some()))
    }

    /// Puts an encoded value there. Runs no user code but signal handlers.
    fn put(&self, value: &Encoded, attempts: usize) -> Result<Put, Thrown> {
        for _ in 0..attempts {
            let Some(end) = self.end()? else { return Ok(Put::Impossible) };
            match self.append(end, value, Rewrite::CallerIfShort)? {
                Appended::Done => return Ok(Put::Done),
                Appended::Full => return Ok(Put::Full),
                Appended::Changed => {}
            }
        }
        Ok(Put::Lost)
    }

    /// Puts a value there that it takes user code to encode: that runs once.
    fn put_object(&self, turn: &Turn, value: &Value) -> Result<Put, Thrown> {
        let Some(end) = self.end()? else { return Ok(Put::Impossible) };
        let encoded = Encoded::within(self.this, self.name, value, 1)?;
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
            if let Appended::Done = self.append(end, &encoded, Rewrite::Store)? {
                return Ok(Put::Done);
            }
        }
        Ok(Put::Lost)
    }

    /// In a child that was forked in the middle of its parent's statement: puts the value there only where the parent has
    /// not. The array is then still the one that was seen before.
    fn put_after_parent(&self, end: End, value: &Encoded) -> Result<Put, Thrown> {
        after_parent(self.this, |_| self.append(end, value, Rewrite::Store))?;
        Ok(Put::Done)
    }

    /// Writes the array as it is, without what has been written over in it; [`Unread::end`] then knows its end.
    fn write_whole(&self, turn: &Turn) -> Result<(), Thrown> {
        let mut array = Local::new();
        let known = property::observe(self.this, self.name, array.slot())?;
        let encoded = Encoded::of(self.this, self.name, &array)?;
        if turn.standing() == Standing::Forked {
            return Ok(());
        }
        let stored = encoded.store(self.this, self.name, (&array, known.lifetime()), |store| {
            known.is_newest(store, self.name.bytes())
        })?;
        if let (Some(version), Some(array)) = (stored, array.array()) {
            remember_end(self.this, self.name, End::of(array), version);
        }
        Ok(())
    }
}

impl Unread<'_> {
    /// Appends the patch that puts an encoded value there, in the array that [`observe_end`] saw.
    fn append(&self, end: End, value: &Encoded, rewrite: Rewrite) -> Result<Appended, Thrown> {
        let Self { this, name, key } = self;
        // SAFETY: nothing runs before the entry is out of use.
        let Some(entry) = (unsafe { this.ends().find(name) }) else { return Ok(Appended::Changed) };
        let mut version = entry.version;
        let mut patch = GLOBALS.get().buffers.take();
        write_head(&mut patch, 1, true);
        let end = match key {
            None => {
                let Some(number) = end.number() else { return Ok(Appended::Changed) };
                write_number(&mut patch, number);
                end.after(number)
            }
            Some(Key::Int(number)) => {
                write_number(&mut patch, *number);
                end.after(*number)
            }
            Some(Key::String(key)) => {
                write_name(&mut patch, key).map_err(|error| cannot_store(this, Some(name.bytes()), error))?;
                end.of_no_list()
            }
        };
        value.write_to(&mut patch).map_err(|error| cannot_store(this, Some(name.bytes()), error))?;
        let appended =
            retry_importing(this, |store| store.append(name.bytes(), &patch, end.note(), rewrite, &mut version))?;
        if appended == Appended::Done {
            remember_end(this, name, end, version);
        }
        Ok(appended)
    }
}

/// Values nested deeper than this go the long way.
const DEPTH: usize = 32;

/// Whether a value is free of objects and references: encoding it runs no user code.
fn is_plain(value: &Value, depth: usize) -> bool {
    match value.array() {
        Some(array) => depth > 0 && array.values().all(|element| is_plain(element, depth - 1)),
        None => value.is_scalar(),
    }
}

/// The scalar that steps lead to in an array, if they lead to one.
fn scalar_at<'a>(array: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    if !steps.iter().all(|step| matches!(step, Step::Element(key) if key.is_plain())) {
        return None;
    }
    step::find(array, steps).filter(|value| value.is_scalar())
}
