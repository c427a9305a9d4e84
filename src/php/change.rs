//! `$sync->a['b'][] = 1`, `$sync->n .= $x`, `unset($sync->a['b'])`, to any depth, each as one step
//! to all other processes.
//!
//! The value is read, changed ([`super::walk`]) and stored again, while other writers are kept out ([`exclusive`]); where a
//! patch says it all, that is appended instead ([`super::patch`]).

use super::accessors::{get, put_for};
use super::edit::{Applied, Attempt, Edit};
use super::exclusive::{Standing, Turn, after_parent, exclusive};
use super::globals::GLOBALS;
use super::handle::{self, Handle};
use super::legacy::retry_importing;
use super::names::offset_name;
use super::object::SyncObject;
use super::patch;
use super::plain_path::is_plain_path;
use super::property::{self, Observed};
use super::step::{self, Step};
use super::stored::Encoded;
use super::walk::{self, Act, Continuation};
use super::zend::{Local, Str, Thrown, Value};

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
    let this = turn.object();
    let mut value = Local::new();
    let mut observed = get(this, name, value.slot())?;
    for _ in 0..MERGES {
        if retry_importing(this, |store| observed.is_newest(store, name.bytes()))? {
            break;
        }
        // Reading it has run user code, which has changed it.
        value.slot().release();
        observed = get(this, name, value.slot())?;
    }
    // The cache lets go of it, so that an array is changed in place, not copied.
    this.forget(name);
    let done = edit.done();
    let acted = walk::act(value.slot(), steps, edit.during(turn))?;
    if acted.changed {
        Made { name, observed, steps, done }.store(turn, &value, MERGES)?;
    }
    Ok(acted.continuation)
}

/// Stores what a method has made of the value of a name, which was read while other writers were kept out: in place of what user
/// code has stored there meanwhile.
pub fn store_changed(turn: &Turn, name: &Str, observed: Observed, value: &Local) -> Result<(), Thrown> {
    turn.object().forget(name);
    Made { name, observed, steps: &[], done: Applied::Put(value) }.store(turn, value, MERGES)
}

/// A value that a statement has changed, on its way back to the store.
struct Made<'s> {
    name: &'s Str,
    /// When the value that was changed was read.
    observed: Observed,
    /// Where in it the statement has acted.
    steps: &'s [Step],
    done: Applied<'s>,
}

/// The number of times that a value is read again which user code has changed meanwhile, before it is overwritten.
const MERGES: u32 = 3;

impl Made<'_> {
    /// Stores it.
    ///
    /// User code that has run for the statement may have changed the same value, destroyed the store or called
    /// `setFile()`. Elements that it wrote into an array or an object stay, beside the one that the statement has put there.
    /// Where it has put something else in place of the array, that stays, as with any array. Where user code has a say in the
    /// way, it is not asked again: the value that it wrote is overwritten.
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
            None if retry_importing(this, may)? => put_for(this, self.name, value, lifetime).map(|()| true),
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
        let steps = GLOBALS.get().buffers.park(step::normalized(self.steps));
        if merges == 0 || !is_plain_path(value, &steps, &mut |_| Ok(()))? {
            return put(&|_| Ok(true)).map(drop);
        }
        exclusive(this, |turn| self.merge(turn, &steps, merges - 1))
    }

    /// Whether the value in the store is the one that it was made of.
    fn is_newest(&self, store: &Handle) -> handle::Result<bool> {
        self.observed.is_newest(store, self.name.bytes())
    }

    /// Puts the result into what is there now.
    fn merge(&self, turn: &Turn, steps: &[Step], merges: u32) -> Result<(), Thrown> {
        let Self { name, done, .. } = *self;
        let this = turn.object();
        let mut value = Local::new();
        let observed = get(this, name, value.slot())?;
        this.forget(name);
        let mut follow = |newer: &Value| match done {
            Applied::Operated(operation) => operation.follow(newer),
            Applied::Put(_) | Applied::Removed => Ok(()),
        };
        if !is_plain_path(&value, steps, &mut follow)? {
            return Ok(());
        }
        let act = match done {
            Applied::Put(value) => Act::Assign(value),
            Applied::Operated(operation) => Act::Assign(operation.result()),
            Applied::Removed => Act::Unset,
        };
        walk::act(value.slot(), steps, act)?;
        Made { name, observed, steps, done }.store(turn, &value, merges)
    }
}
