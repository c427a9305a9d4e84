//! `$sync->a['b'][] = 1`, `$sync->n .= $x`, `unset($sync->a['b'])`, to any depth, each as one step
//! to all other processes.
//!
//! The value is read, changed ([`super::walk`]) and stored again, while other writers are kept out ([`exclusive`]); where a
//! patch says it all, that is appended instead ([`super::patch`]).

use super::accessors::{get, put_changed};
use super::act::Applied;
use super::edit::{Attempt, Edit};
use super::exclusive::{Standing, Turn, after_parent, exclusive};
use super::handle::{self, Handle};
use super::legacy::retry_importing;
use super::merge::Part;
use super::names::offset_name;
use super::object::SyncObject;
use super::patch;
use super::property::{self, Observed};
use super::refusal::cannot_store;
use super::step::Step;
use super::stored::Encoded;
use super::value::ValueError;
use super::walk::{self, Continuation};
use super::zend::{self, Local, Slot, Str, Thrown, Value};

/// Acts in the depth of the value of `name`, as one step to all others. The caller holds the object.
pub fn change(this: &SyncObject, name: &Str, steps: &[Step], edit: Edit) -> Result<(), Thrown> {
    if let ([], Edit::Unset) = (steps, &edit) {
        return this.hold().unset_property(name);
    }
    let edit = if this.overrides.accessors() {
        edit
    } else {
        match patch::change(this, name, steps, edit)? {
            Attempt::Done => return Ok(()),
            Attempt::Declined(edit) => edit,
        }
    };
    let Some(Continuation { handle, step, rest, act }) = exclusive(this, |turn| compute(turn, name, steps, edit))?
    else {
        return Ok(());
    };
    // SAFETY: `walk` has found a Sync object, which is held until this function returns.
    change_element(unsafe { SyncObject::of(handle.as_ptr()) }, step, rest, Edit::defer(act))
}

/// Acts in the depth of the value to which a step leads in a store.
fn change_element(this: &SyncObject, step: &Step, rest: &[Step], edit: Edit) -> Result<(), Thrown> {
    match step {
        Step::Property(name) => change(this, name, rest, edit),
        Step::Element(key) => {
            let name = offset_name(this, key.value(), edit.fetch())?;
            change(this, &name, rest, edit)
        }
        Step::Append => change_next(this, rest, edit),
    }
}

/// Acts in the depth of a new value, under the next free number.
pub fn change_next(this: &SyncObject, steps: &[Step], edit: Edit) -> Result<(), Thrown> {
    match (steps, edit) {
        ([], Edit::Assign(value)) if !this.overrides.accessors() => property::append(this, value),
        // No other process may take the number between finding and using it.
        (steps, edit) => exclusive(this, |_| change(this, &property::next_number(this)?, steps, edit)),
    }
}

/// Reads the value of `name`, acts in it, and stores it, while other writers are kept out. Steps behind a handle are
/// returned to the caller, which takes them when other writers may go on.
fn compute<'o, 's>(
    turn: &Turn,
    name: &Str,
    steps: &'s [Step],
    edit: Edit<'o>,
) -> Result<Option<Continuation<'o, 's>>, Thrown> {
    let mut value = Local::new();
    let observed = read(turn, name, value.slot())?;
    // The cache lets go of it, so that an array is changed in place, not copied.
    turn.object().forget(name);
    let act = edit.during(turn);
    let done = act.done();
    let acted = walk::act(value.own(), steps, act)?;
    if acted.changed {
        Made { name, observed, steps, there: steps.len() - acted.made, done }.store(turn, &value, MERGES)?;
    }
    Ok(acted.continuation)
}

/// Reads the value of `name` for a statement, while other writers are kept out, and tells the version in whose place the
/// statement's result may come.
///
/// User code that runs for reading it may store another one. A method of the class has then given the value that the statement
/// is about, and is not asked again. Objects in the value have not: it is read once more. (Objects that store something each time
/// that they are made would go on for ever: the second time, the statement's result comes in place of that.)
fn read(turn: &Turn, name: &Str, mut value: Slot) -> Result<Observed, Thrown> {
    let this = turn.object();
    let is_newest = |observed: Observed| retry_importing(this, |store| observed.is_newest(store, name.bytes()));
    let mut observed = get(this, name, value.reborrow())?;
    if is_newest(observed)? {
        return Ok(observed);
    }
    if !this.overrides.accessors() {
        value.reborrow().release();
        observed = get(this, name, value)?;
        if is_newest(observed)? {
            return Ok(observed);
        }
    }
    // (Where others may have written meanwhile, what they have written is not in the value.)
    if turn.standing() == Standing::Kept { property::peek(this, name.bytes()) } else { Ok(observed) }
}

/// Stores what a method has made of the value of a name, which was read while other writers were kept out: in place of what user
/// code has stored there meanwhile.
pub fn store_changed(turn: &Turn, name: &Str, observed: Observed, value: &Local) -> Result<(), Thrown> {
    turn.object().forget(name);
    Made { name, observed, steps: &[], there: 0, done: Applied::Put(value) }.store(turn, value, MERGES)
}

/// A value that a statement has changed, on its way back to the store: only in place of the version that it was made of.
struct Made<'s> {
    name: &'s Str,
    /// When the value that was changed was read.
    observed: Observed,
    /// Where in it the statement has acted.
    steps: &'s [Step],
    /// How many of the steps, the first ones, lead from arrays and objects that were there.
    there: usize,
    done: Applied<'s>,
}

/// The number of times that a result is put into the value that was stored meanwhile. (Code that runs while values are encoded can make it more than
/// one; so can others that remove the file, with which the hold ends, each time.)
const MERGES: u32 = 20;

impl Made<'_> {
    /// Stores it.
    ///
    /// User code that has run for the statement may have changed the same value, destroyed the store or called
    /// `setFile()`. Then the statement's own part is put into what is there now ([`Made::merge`]).
    ///
    /// It may also have forked. The statement is then the parent's, which is in the middle of it; the child
    /// does it only where the parent has not.
    fn store(&self, turn: &Turn, value: &Local, merges: u32) -> Result<(), Thrown> {
        let this = turn.object();
        // Methods of the class, or else bytes that are ready to be stored.
        let encoded = if this.overrides.accessors() { None } else { Some(Encoded::of(this, self.name, value)?) };
        let lifetime = self.observed.lifetime();
        let put = |may: &dyn Fn(&Handle) -> handle::Result<bool>| match &encoded {
            Some(encoded) => encoded.store(this, self.name, (value, lifetime), may).map(|stored| stored.is_some()),
            None if retry_importing(this, may)? => put_changed(this, self.name, value, self.observed).map(|()| true),
            None => Ok(false),
        };
        let is_newest = |store: &Handle| self.is_newest(store);
        match turn.standing() {
            Standing::Forked => {
                // (Only methods of the class know whether they have stored anything.)
                let is_left = |store: &Handle| Ok(encoded.is_some() && self.is_newest(store)?);
                return after_parent(this, |_| put(&is_left)).map(drop);
            }
            Standing::Kept if put(&is_newest)? => return Ok(()),
            Standing::Kept | Standing::Ended => {}
        }
        match merges {
            0 => Err(self.refuse(this, "code that runs while it is stored changes it each time")),
            merges => exclusive(this, |turn| self.merge(turn, value, merges - 1)),
        }
    }

    /// Whether the value in the store is the one that it was made of.
    fn is_newest(&self, store: &Handle) -> handle::Result<bool> {
        self.observed.is_newest(store, self.name.bytes())
    }

    /// Puts the statement's part of `made` into what is there now ([`Part`]).
    fn merge(&self, turn: &Turn, made: &Value, merges: u32) -> Result<(), Thrown> {
        let this = turn.object();
        let mut newer = Local::new();
        let observed = read(turn, self.name, newer.slot())?;
        this.forget(self.name);
        let Some(part) = Part::find(made, self.steps, self.there, &newer)? else { return Ok(()) };
        // (The hold may have ended without any change.)
        if part.depth == 0
            && part.whole.as_ref().is_some_and(|whole| whole.object().is_some())
            && !retry_importing(this, |store| self.is_newest(store))?
        {
            return Err(self.refuse(
                this,
                "code that the statement has run has stored it meanwhile, and only the object's own methods could tell what \
                 becomes of both",
            ));
        }
        let act = part.act(self.done)?;
        zend::without_warnings(|| walk::act(newer.own(), &self.steps[..part.depth], act))?;
        Made { observed, ..*self }.store(turn, &newer, merges)
    }

    fn refuse(&self, this: &SyncObject, why: &str) -> Thrown {
        cannot_store(this, Some(self.name.bytes()), ValueError::Refused(why.into()))
    }
}
