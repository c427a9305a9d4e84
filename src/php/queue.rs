//! Arrays as queues: `push()` and `shift()`.
//!
//! An element that is appended needs nothing of what is there but the array's end ([`super::end`]): a list that this process
//! has not decoded is not read for it, however long it is.

use super::accessors;
use super::act::Act;
use super::buffers::Buffer;
use super::edit::ATTEMPTS;
use super::end::{End, Observed, observe, remember_end};
use super::errors::throw_sync;
use super::exclusive::{Standing, Turn, exclusive};
use super::globals::GLOBALS;
use super::handle::{Appended, Backend, Handle, Rewrite, Shifted, Taken, Version};
use super::legacy::retry_importing;
use super::names::{check_name, name_of_number};
use super::object::SyncObject;
use super::property;
use super::refusal::cannot_store;
use super::step::Step;
use super::stored::{self, Encoded, write_head, write_number};
use super::taken::{Finished, finish_after, take_into};
use super::timeout::Timeout;
use super::value::{self, ValueError};
use super::wait::Rounds;
use super::walk;
use super::watching::{refuse_if_others_are_kept_out, until};
use super::zend::{self, Array, Held, Key, Local, Slot, Str, Thrown, Value};

/// Appends values to the array under `name`, in one step; the new length. A missing name becomes a list. The caller holds the
/// object.
pub fn push(this: &SyncObject, name: &Str, values: &[Local]) -> Result<i64, Thrown> {
    check_name(name)?;
    if this.overrides.accessors() {
        return push_by_methods(this, name, values);
    }
    // Another object on the file may have read the array.
    this.enter();
    if values.is_empty() {
        return length(this, name);
    }
    // (This may run user code, which is not to run again because another process was faster.)
    let encoded = EncodedValues::of(this, name, values)?;
    let queue = Queue { this, name };
    for _ in 0..ATTEMPTS {
        match queue.push_once(&encoded)? {
            Pushed::Done(length) => return Ok(length),
            Pushed::Lost => {}
            Pushed::Rewrite => break,
        }
    }
    exclusive(this, |turn| {
        loop {
            match queue.push_once(&encoded)? {
                Pushed::Done(length) => return Ok(length),
                Pushed::Lost => {}
                Pushed::Rewrite => return rewrite(turn, name, values),
            }
        }
    })
}

/// Values that were encoded one by one: each counts its objects by itself.
struct EncodedValues {
    bytes: Buffer,
    /// How many bytes each of them has.
    lengths: Buffer,
}

impl EncodedValues {
    /// Encodes values that are going to lie in the array under `name`. May run user code.
    fn of(this: &SyncObject, name: &Str, values: &[Local]) -> Result<Self, Thrown> {
        let buffers = &GLOBALS.get().buffers;
        let mut encoded = Self { bytes: buffers.take(), lengths: buffers.take() };
        for value in values {
            let start = encoded.bytes.len();
            value::encode(value.as_zval(), 1, &mut encoded.bytes)
                .map_err(|error| cannot_store(this, Some(name.bytes()), error))?;
            let length = (encoded.bytes.len() - start) as u64;
            encoded.lengths.extend_from_slice(&length.to_ne_bytes());
        }
        Ok(encoded)
    }

    /// How many there are.
    fn len(&self) -> i64 {
        (self.lengths.len() / size_of::<u64>()) as i64
    }

    /// The patches that put them under the numbers from `first` on, behind `start`.
    fn patches(&self, this: &SyncObject, name: &Str, first: i64, start: &[u8]) -> Result<Buffer, Thrown> {
        let mut patches = GLOBALS.get().buffers.take();
        if !patches.try_reserve(start.len() + self.bytes.len() + 11 * self.len() as usize) {
            let why = format!("they take {} bytes, more than memory_limit leaves.", self.bytes.len());
            return Err(cannot_store(this, Some(name.bytes()), ValueError::Refused(why)));
        }
        patches.extend_from_slice(start);
        let mut rest = &self.bytes[..];
        for (number, length) in (first..).zip(self.lengths.chunks_exact(size_of::<u64>())) {
            let length = u64::from_ne_bytes(length.try_into().expect("eight bytes")) as usize;
            let (value, behind) = rest.split_at(length);
            write_head(&mut patches, 1, true);
            write_number(&mut patches, number);
            patches.extend_from_slice(value);
            rest = behind;
        }
        Ok(patches)
    }
}

/// The array under a name.
struct Queue<'s> {
    this: &'s SyncObject,
    name: &'s Str,
}

/// The outcome of trying to push.
enum Pushed {
    /// The new length.
    Done(i64),
    /// Another process was faster.
    Lost,
    /// Null is there, which becomes an array as it does for `[] =`.
    Rewrite,
}

impl Queue<'_> {
    /// Appends the values to what is there now. Runs no user code but signal handlers, and what decoding a map runs that this
    /// process does not know.
    fn push_once(&self, values: &EncodedValues) -> Result<Pushed, Thrown> {
        let Self { this, name } = *self;
        let (mut version, count) = (Version::default(), values.len());
        let pushed =
            retry_importing(this, |store| store.push(name.bytes(), &values.bytes, count as u64, &mut version))?;
        if let Some(length) = pushed {
            remember_end(this, name, End::List(length as i64), version);
            return Ok(Pushed::Done(length as i64));
        }
        match observe(this, name)? {
            Observed::Missing => self.begin(values),
            Observed::Array(End::List(length), version) => {
                self.append(values, length, End::List(length + values.len()), length, version)
            }
            Observed::Array(end, version) => self.push_decoded(values, end, Some(version)),
            Observed::NoArray => self.push_decoded(values, End::Unknown, None),
        }
    }

    /// Makes a list of the values, if there still is nothing.
    fn begin(&self, values: &EncodedValues) -> Result<Pushed, Thrown> {
        /// An array without elements.
        const EMPTY: &[u8] = &[0x90];
        let Self { this, name } = *self;
        let (end, mut version) = (End::List(values.len()), Version::default());
        let list = values.patches(this, name, 0, EMPTY)?;
        let begun = retry_importing(this, |store| store.put_first(name.bytes(), &list, end.note(), &mut version))?;
        if !begun {
            return Ok(Pushed::Lost);
        }
        remember_end(this, name, end, version);
        Ok(Pushed::Done(values.len()))
    }

    /// As [`push_once`](Self::push_once), to an array of which the store cannot tell how long it is: so that is read. `end`: where
    /// it ends, as far as the store knows that of this version.
    fn push_decoded(&self, values: &EncodedValues, end: End, of: Option<Version>) -> Result<Pushed, Thrown> {
        let Self { this, name } = *self;
        let mut value = Local::new();
        let observed = property::observe(this, name, value.slot())?;
        if of.is_some_and(|of| Handle::record_of(&of) != Handle::record_of(&observed.version)) {
            // Somebody has been faster: the end is that of an array which is no more.
            return Ok(Pushed::Lost);
        }
        let Some(array) = value.array() else {
            return match (observed.there, value.kind()) {
                (false, _) => Ok(Pushed::Lost),
                (true, zend::NULL) => Ok(Pushed::Rewrite),
                _ => Err(no_array(this, name, &value)),
            };
        };
        // (A decoded array counts on from its highest key, one in the memory of a program from the highest that it ever had.)
        let first = match (end, array.next_free()) {
            (End::Next(next), _) if next < i64::MAX => next,
            // The engine's mark for "no number yet".
            (_, i64::MIN) => 0,
            (_, next) => next,
        };
        let last = first.checked_add(values.len() - 1);
        if last.is_none() || array.find(Key::Int(first)).is_some() {
            return name_of_number(None).map(|_| Pushed::Lost);
        }
        let length = array.len() as i64;
        let end = match (End::of(array), last) {
            (End::Unknown, _) | (_, None) => End::Unknown,
            (End::List(_), Some(_)) if first == length => End::List(length + values.len()),
            (_, Some(last)) => End::Next(last.saturating_add(1).max(0)),
        };
        self.append(values, first, end, length, observed.version)
    }

    /// Appends the values from number `first` on, to an array of `length` elements that the store knows by this version.
    fn append(
        &self,
        values: &EncodedValues,
        first: i64,
        end: End,
        length: i64,
        mut version: Version,
    ) -> Result<Pushed, Thrown> {
        let Self { this, name } = *self;
        let patches = values.patches(this, name, first, &[])?;
        let appended = retry_importing(this, |store| {
            store.append(name.bytes(), &patches, end.note(), Rewrite::Store, &mut version)
        })?;
        if appended != Appended::Done {
            // The version that is known is not good for another attempt.
            // SAFETY: the reference to the cache ends here, and an int is plain.
            unsafe { this.ends() }.forget(name);
            this.forget(name);
            return Ok(Pushed::Lost);
        }
        remember_end(this, name, end, version);
        Ok(Pushed::Done(length + values.len()))
    }
}

/// How many elements the array under `name` has.
fn length(this: &SyncObject, name: &Str) -> Result<i64, Thrown> {
    if let Observed::Array(End::List(length), _) = observe(this, name)? {
        return Ok(length);
    }
    let mut value = Local::new();
    property::read(this, name, value.slot())?;
    count(this, name, &value)
}

/// How many elements a value has that was read: null has none.
pub fn count(this: &SyncObject, name: &Str, value: &Value) -> Result<i64, Thrown> {
    match value.array() {
        Some(array) => Ok(array.len() as i64),
        None if value.kind() == zend::NULL => Ok(0),
        None => Err(no_array(this, name, value)),
    }
}

/// Stores the array with the values in place of the null that is there.
fn rewrite(turn: &Turn, name: &Str, values: &[Local]) -> Result<i64, Thrown> {
    let this = turn.object();
    let mut value = Local::new();
    let observed = property::observe(this, name, value.slot())?;
    let length = append_to(this, name, &mut value, values)?;
    Encoded::of(this, name, &value)?.store(this, name, (&value, observed.lifetime()), |_| Ok(true))?;
    Ok(length)
}

/// As [`push`], by the methods that the object's class overrides: the array is read, changed and written, while other writers
/// are kept out.
fn push_by_methods(this: &SyncObject, name: &Str, values: &[Local]) -> Result<i64, Thrown> {
    exclusive(this, |_| {
        let mut value = Local::new();
        let observed = accessors::get(this, name, value.slot())?;
        if values.is_empty() {
            return count(this, name, &value);
        }
        let length = append_to(this, name, &mut value, values)?;
        accessors::put_changed(this, name, &value, observed)?;
        Ok(length)
    })
}

/// Appends values to an array in memory; its new length.
fn append_to(this: &SyncObject, name: &Str, into: &mut Local, values: &[Local]) -> Result<i64, Thrown> {
    count(this, name, into)?;
    if into.array().is_none() {
        into.slot().set_array(Held::<Array>::new());
    }
    for value in values {
        walk::act(into.own(), &[Step::Append], Act::Assign(value))?;
    }
    count(this, name, into)
}

/// Takes the first element off the array under `name`, in one step, into `into`; waits for one as long as `timeout` says. False:
/// none came. The caller holds the object.
pub fn shift(this: &SyncObject, name: &Str, timeout: Timeout, mut into: Slot) -> Result<bool, Thrown> {
    check_name(name)?;
    let patience = timeout.for_others();
    let element = awaited(this, name, timeout, || {
        let mut element = Local::new();
        let is_taken = if this.overrides.accessors() {
            take_by_reading(this, name, &mut element)?
        } else {
            this.enter();
            take(this, name, patience, &mut element)?
        };
        Ok(is_taken.then_some(element))
    })?;
    let is_taken = element.is_some();
    if let Some(mut element) = element {
        into.swap(&mut element.slot());
    }
    Ok(is_taken)
}

/// Attempts to take an element of the array under `name`, again and again as long as `timeout` says. `None`: none came.
pub fn awaited<T>(
    this: &SyncObject,
    name: &Str,
    timeout: Timeout,
    mut attempt: impl FnMut() -> Result<Option<T>, Thrown>,
) -> Result<Option<T>, Thrown> {
    if timeout.is_over() {
        return attempt();
    }
    refuse_if_others_are_kept_out(this)?;
    match attempt()? {
        None => until(this, name.bytes(), timeout, attempt),
        taken => Ok(taken),
    }
}

/// Takes the first element off what is there now. False: there is none.
fn take(this: &SyncObject, name: &Str, patience: Timeout, into: &mut Local) -> Result<bool, Thrown> {
    // SAFETY: nothing runs before the entry is out of use.
    let mut version = unsafe { this.ends().find(name) }.map_or(Version::default(), |entry| entry.version);
    let mut bytes = GLOBALS.get().buffers.take();
    match take_into(this, &mut bytes, patience, |store, bytes| store.shift(name.bytes(), &mut version, bytes))? {
        None | Some(Shifted::Nothing) => Ok(false),
        Some(Shifted::Element(left)) => {
            remember_end(this, name, End::List(left as i64), version);
            stored::decode(this, name.bytes(), &bytes, into.slot())?;
            Ok(true)
        }
        Some(Shifted::Objects) => take_objects(this, name, patience, (&mut bytes, into)),
        Some(Shifted::Whole) => take_by_reading(this, name, into),
    }
}

/// Takes the first element off, for good only when it is made: the class of an object may refuse that, or not be there.
fn take_objects(
    this: &SyncObject,
    name: &Str,
    patience: Timeout,
    (bytes, into): (&mut Buffer, &mut Local),
) -> Result<bool, Thrown> {
    loop {
        match take_into(this, bytes, patience, |store, bytes| store.take(name.bytes(), bytes))? {
            None | Some(Taken::Nothing) => return Ok(false),
            Some(Taken::Item(token)) => {
                let made = || stored::decode(this, name.bytes(), bytes, into.slot());
                match finish_after(this, token, made)? {
                    Finished::Done(_) | Finished::Gone(_) => return Ok(true),
                    // (It was not this call's for good: another caller may have it by now.)
                    Finished::Back => *into = Local::new(),
                }
            }
            Some(Taken::Whole) => return take_by_reading(this, name, into),
        }
    }
}

/// As [`shift_by_reading`], until it has succeeded.
fn take_by_reading(this: &SyncObject, name: &Str, into: &mut Local) -> Result<bool, Thrown> {
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        // (`None`: another process, a method or a hook of a class, or this process's child was faster.)
        if let Some(is_taken) = exclusive(this, |turn| shift_by_reading(turn, name, into))? {
            return Ok(is_taken);
        }
    }
}

/// Reads the array, takes the first element off, and writes what is left, while other writers are kept out. `None`: it is
/// another array by now; nothing has happened.
fn shift_by_reading(turn: &Turn, name: &Str, into: &mut Local) -> Result<Option<bool>, Thrown> {
    let this = turn.object();
    let mut value = Local::new();
    let observed = accessors::get(this, name, value.slot())?;
    if count(this, name, &value)? == 0 {
        return Ok(Some(false));
    }
    let (first, rest) = split_first(&value);
    if this.overrides.accessors() {
        // (An element that was made may have changed the array itself.)
        if !retry_importing(this, |store| observed.is_newest(store, name.bytes()))? {
            return Ok(None);
        }
        accessors::put_changed(this, name, &rest, observed)?;
    } else {
        let encoded = Encoded::of(this, name, &rest)?;
        let is_kept = turn.standing() == Standing::Kept;
        let may = |store: &Handle| Ok(is_kept && observed.is_newest(store, name.bytes())?);
        let stored = encoded.store(this, name, (&rest, observed.lifetime()), may)?;
        if stored.is_none() {
            return Ok(None);
        }
    }
    *into = first;
    Ok(Some(true))
}

/// The first element of an array that has one, and an array of the others: numbers begin at 0 again, other keys stay.
pub fn split_first(value: &Value) -> (Local, Local) {
    let mut entries = value.array().unwrap_or(Array::empty()).entries();
    let first = entries.next().map_or_else(Local::null, |(_, first)| Local::copy_of(first.dereference()));
    let mut rest = Held::<Array>::new();
    for (key, value) in entries {
        match key {
            Key::Int(_) => rest.push(Local::copy_of(value)),
            Key::String(key) => rest.update(key, Local::copy_of(value)),
        }
    }
    (first, Local::of_array(rest))
}

#[cold]
fn no_array(this: &SyncObject, name: &Str, value: &Value) -> Thrown {
    let file = this.constructed().map(|instance| instance.store.display_address()).unwrap_or_default();
    throw_sync(&format!(
        "Can't use property '{}' in '{file}' as a queue: it is no array, but of type {}.",
        String::from_utf8_lossy(name.bytes()),
        value.type_name().to_string_lossy()
    ))
}
