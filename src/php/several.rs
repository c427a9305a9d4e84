//! Methods about several names, and about values that are not read: `getMultiple`, `keys`, `describe`.

use ext_php_rs::ffi::{self, zval};
use ext_php_rs::zend::ExecuteData;

use super::accessors;
use super::call::{arguments, run};
use super::errors;
use super::exclusive::exclusive;
use super::expiring::seconds_left;
use super::globals::GLOBALS;
use super::handle::{Backend, Entry, Facts, Found, Handle, Selection, Snapshot, Version};
use super::legacy;
use super::moment::{Extent, Moment};
use super::names::{check_name, listed_name};
use super::object::{LastPage, SyncObject};
use super::refusal::throw_no_memory;
use super::retry::{Stop, retry, retry_into, retry_making_room};
use super::stored::Encoded;
use super::value::{self, Summary, ZendVec};
use super::wait::Rounds;
use super::zend::{self, Array, Held, Key, Local, Str, Thrown, Value, ZStr, int_argument};

pub extern "C" fn get_multiple(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"a|z", names: Value; default: Value);
        let this = call.this();
        let mut wanted = Held::<Array>::new();
        // (Held, so that user code changes a copy.)
        let given = Local::copy_of(names);
        for name in given.array().unwrap_or(Array::empty()).values() {
            let name = listed_name(name.dereference())?;
            check_name(&name)?;
            wanted.set(array_key(&name), Local::of_string(name.clone()));
        }
        let default = default.map_or_else(Local::null, |default| Local::copy_of(default.dereference()));
        let values = values_of(this, &wanted, &default)?;
        call.result().set_array(values);
        Ok(())
    });
}

/// The key under which an array has a name.
fn array_key(name: &Str) -> Key<'_> {
    name.numeric().map_or(Key::String(name), Key::Int)
}

/// How often names are read one after the other, in the hope that nobody writes meanwhile, before it takes more.
const HOPEFUL_READINGS: u32 = 2;

/// The values of the names that `wanted` has as its values, under its keys, as they were at one moment.
fn values_of(this: &SyncObject, wanted: &Held<Array>, default: &Local) -> Result<Held<Array>, Thrown> {
    for _ in 0..HOPEFUL_READINGS {
        if let Some(values) = read_each(this, wanted, default)? {
            return Ok(values);
        }
    }
    if this.overrides.get {
        // Its values come from a method of the class, one after the other.
        let read = || read_each_once(this, wanted, default).map(|(values, _)| values);
        return if has_file(this) { exclusive(this, |_| read()) } else { read() };
    }
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        let mut values = Held::<Array>::new();
        for (key, _) in wanted.entries() {
            values.set(key, Local::copy_of(default));
        }
        let mut put = |name: Str, value: Local| {
            if wanted.find(array_key(&name)).is_some() {
                values.set(array_key(&name), value);
            }
            Ok(())
        };
        let mut names = ZendVec::new();
        for name in wanted.values().filter_map(|name| name.string()) {
            names.push(name.bytes());
        }
        match Moment::of(this, &Selection::Keys(&names), Extent::All) {
            Ok(mut moment) => drop(moment.each(this, &mut put)?),
            Err(Stop::Legacy) if legacy::each(this, &mut put)? => {}
            Err(Stop::Legacy) => continue,
            Err(Stop::Thrown) => return Err(Thrown),
        }
        return Ok(values);
    }
}

/// Whether there is a file.
fn has_file(this: &SyncObject) -> bool {
    this.enter();
    this.constructed().is_some_and(|instance| instance.store.opening() != 0)
}

/// Reads one name after the other. `None`: the log has moved on meanwhile, so that they may be of several moments.
fn read_each(this: &SyncObject, wanted: &Held<Array>, default: &Local) -> Result<Option<Held<Array>>, Thrown> {
    let (values, versions) = read_each_once(this, wanted, default)?;
    let store = &this.instance()?.store;
    Ok(versions.iter().all(|version| store.is_current(version)).then_some(values))
}

/// Reads one name after the other; with the version of each.
fn read_each_once(
    this: &SyncObject,
    wanted: &Held<Array>,
    default: &Local,
) -> Result<(Held<Array>, ZendVec<Version>), Thrown> {
    let (mut values, mut versions) = (Held::<Array>::new(), ZendVec::new());
    for (key, name) in wanted.entries() {
        let Some(name) = name.string() else { continue };
        let mut value = Local::new();
        let observed = accessors::get(this, &Str::of(name), value.slot())?;
        versions.push(observed.version);
        let is_there = observed.there || value.kind() != zend::NULL;
        values.set(key, if is_there { value } else { Local::copy_of(default) });
    }
    Ok((values, versions))
}

pub extern "C" fn keys(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"|SS!z"; prefix: ZStr, after: ZStr, limit: Value);
        let limit = match limit.map(|limit| int_argument(limit, 3)).transpose()?.flatten() {
            None => u64::MAX,
            Some(limit) => u64::try_from(limit).map_err(|_| {
                // SAFETY: the engine copies the words, a C string without arguments.
                unsafe { ffi::zend_argument_value_error(3, c"must be greater than or equal to 0".as_ptr()) };
                Thrown
            })?,
        };
        let prefix = prefix.map_or(&b""[..], ZStr::bytes);
        let names = page(call.this(), prefix, after, limit)?;
        call.result().set_array(names);
        Ok(())
    });
}

/// A page of names.
pub fn page(this: &SyncObject, prefix: &[u8], after: Option<&ZStr>, limit: u64) -> Result<Held<Array>, Thrown> {
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        match page_of_store(this, prefix, after, limit) {
            Ok(names) => return Ok(names),
            Err(Stop::Thrown) => return Err(Thrown),
            Err(Stop::Legacy) => {
                let (mut names, mut is_behind) = (Held::<Array>::new(), after.is_none());
                let answered = legacy::each(this, &mut |name, _| {
                    if is_behind && name.bytes().starts_with(prefix) && (names.len() as u64) < limit {
                        names.push(Local::of_string(name.clone()));
                    }
                    is_behind = is_behind || after.is_some_and(|after| after.bytes() == name.bytes());
                    Ok(())
                })?;
                match after {
                    _ if !answered => {}
                    Some(after) if !is_behind => return Err(no_such_name(after)),
                    _ => return Ok(names),
                }
            }
        }
    }
}

fn page_of_store(this: &SyncObject, prefix: &[u8], after: Option<&ZStr>, limit: u64) -> Result<Held<Array>, Stop> {
    let after = after.map(|after| place_behind(this, after)).transpose()?;
    let selection = Selection::Page { prefix, after, limit };
    let mut snapshot: Snapshot<ZendVec<u8>, ZendVec<Entry>> = Snapshot::new(ZendVec::new(), ZendVec::new());
    // No value is copied.
    retry_making_room(
        this,
        &mut snapshot,
        |snapshot, _| {
            let (bytes, entries) = snapshot.wanted();
            let room = snapshot.room();
            room.0.clear();
            room.1.clear();
            room.0.try_reserve_exact((bytes + bytes / 16) as usize)
                && room.1.try_reserve_exact((entries + entries / 16) as usize)
        },
        |store, snapshot| store.select(&selection, snapshot, 0),
    )?;
    // The strings come beside it: where they have no room, that is an exception, as everywhere, and no fatal error.
    let wanted = snapshot.keys().map(room_of_string).sum();
    if !zend::has_memory(wanted) {
        return Err(throw_no_memory(this, None, wanted as u64).into());
    }
    let mut names = Held::<Array>::new();
    for name in snapshot.keys() {
        names.push(Local::of_string(Str::new(name)));
    }
    if let (Some(place), Some(name)) = (snapshot.last_place(), snapshot.keys().last()) {
        this.add_last_page(LastPage { opening: this.instance()?.store.opening(), place, name: name.to_vec() });
    }
    Ok(names)
}

/// The memory that a string with these bytes takes from PHP, and an array for it, at most.
fn room_of_string(bytes: &[u8]) -> usize {
    /// Of a string and its place in an array, beside its bytes.
    const OVERHEAD: usize = 64;
    match bytes.len() {
        // Such strings lie in chunks of 2 MiB, of which they may waste half.
        length @ 0x8_0000..=0x20_0000 => 2 * length,
        length => length + OVERHEAD,
    }
}

/// The place of a name in the order: of the last one of a page that this object has given, also where it is gone by now.
fn place_behind(this: &SyncObject, name: &ZStr) -> Result<u64, Stop> {
    if let Some(place) = this.place_of_last_page(name.bytes()) {
        return Ok(place);
    }
    match retry(this, |store| store.facts(name.bytes()))? {
        Some(facts) => Ok(facts.place),
        None => Err(no_such_name(name).into()),
    }
}

#[cold]
fn no_such_name(name: &ZStr) -> Thrown {
    errors::throw_sync(&format!(
        "Can't list the names after '{}': there is no such property (any more). Begin again without $after.",
        String::from_utf8_lossy(name.bytes())
    ))
}

pub extern "C" fn describe(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"S", name: ZStr);
        let (this, name) = (call.this(), Str::of(name));
        check_name(&name)?;
        let Some((facts, summary)) = description(this, &name)? else { return Ok(()) };
        let mut description = Held::<Array>::new();
        let mut put = |key: &[u8], value: Local| description.update(&Str::new(key), value);
        let number = |number: u64| Local::of_long(number as i64);
        put(b"type", Local::of_string(Str::new(&summary.kind)));
        put(b"bytes", number(facts.bytes));
        put(b"count", summary.count.map_or_else(Local::null, number));
        put(b"ttl", seconds_left(facts.expiry));
        put(b"pieces", number(facts.pieces));
        call.result().set_array(description);
        Ok(())
    });
}

/// Looks at a value, without making an object of it. `None`: there is none.
fn description(this: &SyncObject, name: &Str) -> Result<Option<(Facts, Summary)>, Thrown> {
    /// Bytes of the longest value that is read as a whole for this, unless it takes all of it.
    const SHORT: u64 = 64 * 1024;
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        let mut bytes = GLOBALS.get().buffers.take();
        let described = match facts_and_bytes(this, name, SHORT, &mut bytes) {
            Ok(None) => return Ok(None),
            Ok(Some(Seen { facts, is_whole })) => match value::summarize(&bytes) {
                Some(summary) if is_whole || facts.whole => Some((facts, summary)),
                // Its first bytes do not tell.
                _ if !is_whole => facts_and_bytes(this, name, u64::MAX, &mut bytes)
                    .map_err(|_| Thrown)?
                    .and_then(|seen| Some((seen.facts, value::summarize(&bytes)?))),
                _ => return Err(errors::throw_sync("A stored value is damaged: its bytes are no value.")),
            },
            Err(Stop::Thrown) => return Err(Thrown),
            Err(Stop::Legacy) => match legacy_description(this, name)? {
                Some(described) => return Ok(described),
                None => None,
            },
        };
        if described.is_some() {
            return Ok(described);
        }
    }
}

/// A value that was looked at.
struct Seen {
    facts: Facts,
    /// Whether all of its bytes are there, not only the first ones.
    is_whole: bool,
}

/// The facts about a value, and its bytes; of one of at least `limit` bytes, the first ones.
fn facts_and_bytes(this: &SyncObject, name: &Str, limit: u64, bytes: &mut ZendVec<u8>) -> Result<Option<Seen>, Stop> {
    loop {
        let Some(facts) = retry(this, |store: &Handle| store.facts(name.bytes()))? else { return Ok(None) };
        let mut version = Version::default();
        let found = retry_into(this, bytes, |store, bytes| store.get_short(name.bytes(), limit, &mut version, bytes))?;
        let is_whole = !matches!(found, Found::Long(_));
        if let Found::Long(left) = &found {
            let length = (limit.min(left.length)) as usize;
            bytes.clear();
            bytes.reserve(length);
            let room = &mut bytes.spare_capacity_mut()[..length];
            if !retry(this, |store| store.read_unread(left, 0, room))? {
                continue;
            }
            // SAFETY: the store has filled the room.
            unsafe { bytes.advance(length) };
        }
        // Else it has changed in between.
        if retry(this, |store: &Handle| store.facts(name.bytes()))? == Some(facts) {
            return Ok(Some(Seen { facts, is_whole }));
        }
    }
}

/// As [`description`], in a file of the pure-PHP class. The outer `None`: it is none any more.
fn legacy_description(this: &SyncObject, name: &Str) -> Result<Option<Option<(Facts, Summary)>>, Thrown> {
    let mut described = None;
    let answered = legacy::each(this, &mut |other, value| {
        if other.bytes() == name.bytes() {
            let mut bytes = GLOBALS.get().buffers.take();
            Encoded::of(this, name, &value)?.write_to(&mut bytes).map_err(|_| Thrown)?;
            let facts = Facts { place: 0, bytes: bytes.len() as u64, pieces: 1, whole: true, expiry: None };
            described = value::summarize(&bytes).map(|summary| (facts, summary));
        }
        Ok(())
    })?;
    Ok(answered.then_some(described))
}
