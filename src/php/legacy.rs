//! Files that the pure-PHP class wrote: read as they are, and turned into a store by the first
//! write.
//!
//! Version 1.5 serialized a stdClass, 2.x a `Fuz\Component\SharedMemory\Entity\StoredEntity`; both
//! have a property `data` with the shared object, and others that tell of its lock. A lock in such
//! a file means nothing: it does not say whether its owner is alive.

use std::time::{Duration, Instant};

use ext_php_rs::ffi;

use super::entries::with_entries;
use super::errors;
use super::globals::GLOBALS;
use super::handle::{self, Backend, Handle};
use super::object::SyncObject;
use super::retry::{Stop, retry_change, retry_into, unless_over};
use super::value::{AllowedClasses, ZendVec, importing};
use super::wait::Rounds;
use super::zend::{self, Array, Held, Key, Local, Object, Str, Thrown, Value};

/// Calls `each` with the names and values of a legacy file, in order; `false` if the file is no
/// longer one: start over.
pub fn each(this: &SyncObject, each: &mut dyn FnMut(Str, Local) -> Result<(), Thrown>) -> Result<bool, Thrown> {
    let mut file = GLOBALS.get().buffers.take();
    if !content(this, &mut file)? {
        return Ok(false);
    }
    let data = unserialize(this, &file)?;
    // (Held, so that user code changes a copy.)
    for (key, value) in Held::of(properties(&data)).entries() {
        each(key.text(), Local::copy_of(value.dereference()))?;
    }
    Ok(true)
}

/// Turns the file into a store with the same content, at once and for good.
pub fn import(this: &SyncObject) -> Result<(), Thrown> {
    let mut file = GLOBALS.get().buffers.take();
    if !content(this, &mut file)? {
        return Ok(());
    }
    let data = unserialize(this, &file)?;
    with_entries(this, &Held::of(properties(&data)), |entries| {
        match retry_change(this, |store| store.import(&file, entries)) {
            // Done, or another process was faster: the operation starts over in any case.
            Ok(_) | Err(Stop::Legacy) => Ok(()),
            Err(Stop::Thrown) => Err(Thrown),
        }
    })
}

/// Copies the file into `file`; false if it is no longer one of these.
fn content(this: &SyncObject, file: &mut ZendVec<u8>) -> Result<bool, Thrown> {
    match retry_into(this, file, |store, file| store.copy_legacy(file)) {
        Ok(copied) => Ok(copied),
        Err(Stop::Legacy) => Ok(false),
        Err(Stop::Thrown) => Err(Thrown),
    }
}

/// The shared object in the file: an object or an array.
fn unserialize(this: &SyncObject, bytes: &[u8]) -> Result<Local, Thrown> {
    let damaged = |why: &str| -> Thrown {
        let file = this.instance().map(|instance| String::from_utf8_lossy(instance.file()).into_owned());
        errors::throw_sync(&format!(
            "File '{}' is not a Sync store: it looks like one of the pure-PHP class, but {why}. It was left untouched; move it away or choose another file.",
            file.unwrap_or_default()
        ))
    };
    let mut whole = Local::new();
    let policy = this.policy()?;
    let classes = class_table(&policy.allowed_classes);
    let into = whole.slot();
    // SAFETY: the bytes and the classes outlive the call; the engine's table of what was met is given back.
    let complete = importing::under(policy, || unsafe {
        let mut table = ffi::php_var_unserialize_init();
        if let Some(classes) = &classes {
            ffi::php_var_unserialize_set_allowed_classes(table, classes.as_ptr());
        }
        let mut at = bytes.as_ptr();
        let done = ffi::php_var_unserialize(into.as_ptr(), &raw mut at, bytes.as_ptr_range().end, &raw mut table);
        ffi::php_var_unserialize_destroy(table);
        done != 0
    });
    zend::check()?;
    if !complete {
        return Err(damaged("it is damaged"));
    }
    let Some(data) = property(&whole, b"data").filter(|data| data.object().is_some()) else {
        return Err(damaged("it has no object with the data"));
    };
    // Any other serialized object is not to be turned into a store.
    if [b"timeout".as_slice(), b"interval"].iter().any(|name| property(&whole, name).is_none()) {
        return Err(damaged("it tells nothing of a lock"));
    }
    Ok(Local::copy_of(data))
}

/// The classes that values may contain, as `unserialize` wants to know it: `None` for any. The
/// stdClass that the data itself is in is always allowed.
fn class_table(allowed: &AllowedClasses) -> Option<Held<Array>> {
    let AllowedClasses::Only(names) = allowed else { return None };
    let mut table = Held::<Array>::new();
    for name in names.iter().map(Vec::as_slice).chain([b"stdclass".as_slice()]) {
        table.update(&Str::new(name), Local::null());
    }
    Some(table)
}

/// The properties of an object, or the entries of an array.
fn properties(data: &Value) -> &Array {
    let properties = || data.object().map(Object::properties);
    data.array().or_else(properties).unwrap_or(Array::empty())
}

/// A property by its name, whatever its visibility.
fn property<'a>(object: &'a Value, name: &[u8]) -> Option<&'a Value> {
    // Private and protected names are stored as "\0class\0name".
    let is_named = |key: &Key| matches!(key, Key::String(key) if key.bytes().rsplit(|&b| b == 0).next() == Some(name));
    properties(object).entries().find(|(key, _)| is_named(key)).map(|(_, value)| value.dereference())
}

/// Runs an operation of the store, and again while another process holds the lock, until it is done
/// or the waiting is over. A file of the pure-PHP class is turned into a store first.
///
/// The operation may change something: once it is done, no user code runs before the caller has the result.
pub fn retry_importing<T>(
    this: &SyncObject,
    mut operation: impl FnMut(&Handle) -> handle::Result<T>,
) -> Result<T, Thrown> {
    and_import(this, || retry_change(this, &mut operation))
}

/// Makes an attempt, and others once a file of the pure-PHP class has been turned into a store.
pub fn and_import<T>(this: &SyncObject, mut attempt: impl FnMut() -> Result<T, Stop>) -> Result<T, Thrown> {
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        match attempt() {
            Ok(done) => return Ok(done),
            Err(Stop::Thrown) => return Err(Thrown),
            Err(Stop::Legacy) => import(this)?,
        }
    }
}

/// As [`retry_importing`], but waits no longer than this; then `None`.
pub fn retry_importing_for<T>(
    this: &SyncObject,
    patience: Duration,
    mut operation: impl FnMut(&Handle) -> handle::Result<T>,
) -> Result<Option<T>, Thrown> {
    let start = Instant::now();
    retry_importing(this, |store| unless_over(operation(store), || start.elapsed() >= patience))
}
