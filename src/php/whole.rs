//! All of a shared object at once: counted, read, replaced.

use std::rc::Rc;

use super::entries::with_entries;
use super::errors;
use super::globals::GLOBALS;
use super::handle::{Backend, Content, Handle, Selection};
use super::legacy::{self, retry_importing};
use super::moment::{Extent, Moment};
use super::object::{Kept, SyncObject};
use super::provenance::Provenance;
use super::retry::{Stop, retry};
use super::value::{self, Sharing};
use super::wait::Rounds;
use super::zend::{Array, Held, Local, Object, Str, Thrown};

/// How many names there are.
pub fn count(this: &SyncObject) -> Result<i64, Thrown> {
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        match retry(this, Handle::len) {
            Ok(names) => return Ok(names as i64),
            Err(Stop::Thrown) => return Err(Thrown),
            Err(Stop::Legacy) => {
                let mut names = 0;
                let counted = legacy::each(this, &mut |_, _| {
                    names += 1;
                    Ok(())
                })?;
                if counted {
                    return Ok(names);
                }
            }
        }
    }
}

/// The most bytes of names and values that are kept as a table.
const MOST_KEPT: u64 = 1 << 20;

/// Everything at one moment, in order, decoded: `each` is called with each name and its value. Gives the content, if what was made of it may be
/// kept for as long as the store has that.
pub fn each(
    this: &SyncObject,
    each: &mut dyn FnMut(Str, Local) -> Result<(), Thrown>,
) -> Result<Option<Content>, Thrown> {
    // Handles may lead from one store to another, and a function that follows all of them, on and on.
    if value::is_stack_short() {
        return Err(errors::throw_sync("A Sync object is inside of more others than the stack that is left can bear."));
    }
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        return match Moment::of(this, &Selection::All, Extent::All) {
            Ok(mut moment) => {
                let content = this.instance()?.store.content().filter(|_| moment.bytes() <= MOST_KEPT);
                let sharing = moment.each(this, each)?;
                Ok(content.filter(|_| sharing == Sharing::Shareable))
            }
            Err(Stop::Legacy) if legacy::each(this, each)? => Ok(None),
            Err(Stop::Legacy) => continue,
            Err(Stop::Thrown) => Err(Thrown),
        };
    }
}

/// Replaces everything by the entries of `array`.
pub fn replace(this: &SyncObject, array: &Held<Array>) -> Result<(), Thrown> {
    with_entries(this, array, |entries| retry_importing(this, |store| store.replace(entries)))?;
    // SAFETY: plain values, so that nothing runs while the cache is emptied.
    unsafe { this.cache() }.clear();
    Ok(())
}

/// Everything as a stdClass.
pub fn as_std_class(this: &SyncObject) -> Result<Held<Object>, Thrown> {
    if let Some(table) = kept_table(this) {
        return Ok(Held::std_class(table));
    }
    let mut properties = Held::<Array>::new();
    let content = add_shared(this, &mut properties)?;
    if let Some(content) = content {
        // (The engine copies a table that has several owners before it changes it, as that of `(object) $array`.)
        this.kept.replace(Some(Kept { content, table: properties.clone() }));
    }
    Ok(Held::std_class(properties))
}

/// The table of everything that was made last, if nothing has changed since.
fn kept_table(this: &SyncObject) -> Option<Held<Array>> {
    let kept = this.kept.take()?;
    if !this.constructed()?.store.has_content(&kept.content) {
        return None;
    }
    let table = kept.table.clone();
    this.kept.replace(Some(kept));
    Some(table)
}

/// As [`as_std_class`], for a caller that goes on into handles that it finds.
pub fn shown_as_std_class(this: &SyncObject) -> Result<Held<Object>, Thrown> {
    let mut properties = Held::<Array>::new();
    add_shown(this, &mut properties)?;
    Ok(Held::std_class(properties))
}

/// Adds the shared names and values to a table of properties, whose own have precedence. The table has no other owner.
pub fn add_shared(this: &SyncObject, table: &mut Held<Array>) -> Result<Option<Content>, Thrown> {
    each(this, &mut |name, value| {
        table.add(&name, value);
        Ok(())
    })
}

/// As [`add_shared`], for a caller that goes on into handles that it finds. A store may lead to itself through
/// these: one inside of itself is shown as the handle that it is.
pub fn add_shown(this: &SyncObject, table: &mut Held<Array>) -> Result<(), Thrown> {
    let instance = this.instance()?;
    if !this.is_inside_itself() {
        return with_provenance(this, || add_shared(this, table).map(drop));
    }
    table.update(&Str::new(b"file"), Local::of_string(Str::new(instance.file())));
    Ok(())
}

/// Lets handles that `read` makes know that they come out of this one.
fn with_provenance<T>(this: &SyncObject, read: impl FnOnce() -> Result<T, Thrown>) -> Result<T, Thrown> {
    let address = this.instance()?.store.address().to_vec();
    let provenance = Rc::new(Provenance { address, outer: this.provenance() });
    GLOBALS.get().showing.with(provenance, read)
}
