//! Exceptions for values that cannot be stored or read, which name the property and the file.

use super::errors::throw_sync;
use super::object::SyncObject;
use super::value::ValueError;
use super::zend::{self, Thrown};

/// Throws the reason why a value cannot be stored: what refuses it knows neither the property nor the file. `None`: the
/// property has no name yet.
#[cold]
pub fn cannot_store(this: &SyncObject, name: Option<&[u8]>, error: ValueError) -> Thrown {
    let name =
        name.map_or_else(|| "a new property".into(), |name| format!("property '{}'", String::from_utf8_lossy(name)));
    throw_value(&format!("Can't store {name} in"), this, error, "")
}

/// As [`cannot_store`], where a value was only to be compared with the one of a property, as bytes.
#[cold]
pub fn cannot_compare(this: &SyncObject, name: &[u8], error: ValueError) -> Thrown {
    let what = format!("Can't compare property '{}' of", String::from_utf8_lossy(name));
    throw_value(
        &what,
        this,
        error,
        "No value in a store can be equal to the expected one: expect a value that can be stored.",
    )
}

/// As [`cannot_store`], where a stored value cannot be read, and tells the ways out. `None`: it is not known which, or there are several.
#[cold]
pub fn cannot_read(this: &SyncObject, name: Option<&[u8]>, error: ValueError) -> Thrown {
    let name = name.map_or_else(String::new, |name| format!(" property '{}' of", String::from_utf8_lossy(name)));
    let remedy = match error {
        ValueError::ByEngine | ValueError::OfClass(_) => {
            "It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class."
        }
        ValueError::Unknown(_) => "It stays until it is set anew or removed, or the store is restored from a copy.",
        // (A limit names itself.)
        ValueError::Refused(_) | ValueError::At(_) | ValueError::Thrown => "",
    };
    throw_value(&format!("Can't read{name}"), this, error, remedy)
}

/// An exception of the engine's is what a SyncException says and has as its previous one. One of user code's goes on
/// as it is.
fn throw_value(what: &str, this: &SyncObject, error: ValueError, remedy: &str) -> Thrown {
    let mut why = match error {
        ValueError::Thrown => return Thrown,
        ValueError::ByEngine => zend::pending_message(),
        ValueError::At(place) => format!("{}: {place}", zend::pending_message()),
        ValueError::Refused(why) | ValueError::OfClass(why) | ValueError::Unknown(why) => why,
    };
    if !remedy.is_empty() {
        // (The engine's words end without a full stop.)
        why = format!("{}. {remedy}", why.trim_end_matches('.'));
    }
    match this.constructed() {
        Some(instance) => throw_sync(&format!("{what} '{}': {why}", instance.store.display_address())),
        None => throw_sync(&why),
    }
}

/// Throws where reading a property, or something else in the file, takes more memory than the limit leaves.
#[cold]
pub fn throw_no_memory(this: &SyncObject, name: Option<&[u8]>, wanted: u64) -> Thrown {
    let why = format!("it takes {wanted} bytes, more than memory_limit leaves.");
    cannot_read(this, name, ValueError::Refused(why))
}

/// Throws where the object cannot be another file's: within a transaction, and while a function has an element of an array.
pub fn refuse_to_move(this: &SyncObject, method: &str) -> Result<(), Thrown> {
    if this.taken.get() > 0 {
        return Err(throw_sync(&format!(
            "{method}() can't be called on this object within consume() or shift(): the element, which it has taken, would go back. Use another \
             Sync object."
        )));
    }
    refuse_in_transaction(this, method)
}

/// Throws where a transaction of the object is under way, of whichever fiber: this method cannot be called then.
pub fn refuse_in_transaction(this: &SyncObject, method: &str) -> Result<(), Thrown> {
    if !this.constructed().is_some_and(|instance| instance.store.has_transaction()) {
        return Ok(());
    }
    Err(throw_sync(&format!("{method}() can't be called within a transaction: call it before or after.")))
}
