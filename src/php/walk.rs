//! Assigning, changing and unsetting in the depth of a value: the meaning that `$a['b']->c[] = 1` has to PHP,
//! done to a value in memory, with PHP's own errors and warnings.

use ext_php_rs::ffi::{BP_VAR_R, BP_VAR_RW, BP_VAR_UNSET, BP_VAR_W};

use super::act::Act;
use super::errors::throw_error as throw;
use super::merge::Part;
use super::object::SyncObject;
use super::operation::Running;
use super::plain_path::{is_silent, leads_away};
use super::step::{Step, array_key};
use super::string_offset::{put_byte, string_offset};
use super::zend::{self, Array, Declaration, Held, Local, Missing, Object, Own, Slot, Str, Table, Thrown, Value};

/// The outcome of an act.
pub struct Acted<'a, 's> {
    /// Whether anything may have changed.
    pub changed: bool,
    /// How many of the steps, the last ones, lead from arrays that were made for it, where there was null, false or nothing.
    pub made: usize,
    /// It has not been done: the steps lead into the store of a handle.
    pub continuation: Option<Continuation<'a, 's>>,
}

impl Acted<'_, '_> {
    fn here(changed: bool) -> Self {
        Self { changed, made: 0, continuation: None }
    }
}

/// An act that is still to be done, in another store: not before this one's writers may go on, or two
/// processes that go opposite ways would wait for each other.
pub struct Continuation<'a, 's> {
    /// The handle, a Sync object.
    pub handle: Held<Object>,
    /// The step into its store.
    pub step: &'s Step,
    /// The steps that follow.
    pub rest: &'s [Step],
    pub act: Act<'a>,
}

/// Walks from `place` by `steps` and acts there.
pub fn act<'a, 's>(place: Own, steps: &'s [Step], act: Act<'a>) -> Result<Acted<'a, 's>, Thrown> {
    if let [step, rest @ ..] = steps
        && let Some(handle) = handle(place.value().dereference(), step)
    {
        let continuation = Some(Continuation { handle, step, rest, act });
        return Ok(Acted { continuation, ..Acted::here(false) });
    }
    if place.value().kind() == zend::REFERENCE && !steps.is_empty() {
        return act_behind(Local::copy_of(place.value()), steps, act);
    }
    let makes = makes_array(place.value(), steps, act.fetch());
    let acted = match steps {
        [] => at_end(place, act).map(Acted::here),
        [step] => last(place, step, act).map(Acted::here),
        [step, rest @ ..] => inner(place, step, rest, act),
    }?;
    Ok(if makes { Acted { made: steps.len(), ..acted } } else { acted })
}

/// As [`act`], behind a reference, which is held.
fn act_behind<'a, 's>(mut reference: Local, steps: &'s [Step], act: Act<'a>) -> Result<Acted<'a, 's>, Thrown> {
    if makes_array(reference.dereference(), steps, act.fetch()) {
        reference.slot().check_array()?;
    }
    match (steps, act) {
        ([], Act::Assign(value)) => {
            reference.slot().assign(Local::copy_of(value.dereference()))?;
            zend::check().map(|()| Acted::here(true))
        }
        ([], Act::Operate(operation)) if reference.is_typed_reference() => {
            let mut new = Local::copy_of(reference.dereference());
            let limit = Limit::of(&reference, None, &operation);
            operation.run(new.own())?;
            Limit::check(limit, &new)?;
            reference.slot().assign(new).map(|()| Acted::here(true))
        }
        (_, act) => {
            let place = || Ok(reference.behind_reference());
            act_in_reach(place()?, place, steps, act)
        }
    }
}

/// As [`act`], in a place that user code can reach as well: an error handler, `__toString` or a hook may change what it is in, or free it.
/// Where any of these may run on the way, the statement acts in a copy, and its part of that is put into the place then, if `again` still
/// finds it: in place of the old value, or into the one that is there now.
fn act_in_reach<'a, 's, 'p>(
    place: Option<Slot<'p>>,
    again: impl Fn() -> Result<Option<Slot<'p>>, Thrown>,
    steps: &'s [Step],
    then: Act<'a>,
) -> Result<Acted<'a, 's>, Thrown> {
    let Some(place) = place else { return Ok(Acted::here(false)) };
    if is_silent(place.value(), steps, &then) {
        // SAFETY: no user code runs while it is in use, as was just seen.
        return act(unsafe { Own::new(place) }, steps, then);
    }
    let old = Local::copy_of(place.value());
    let mut new = Local::copy_of(&old);
    let done = then.done();
    let acted = act(new.own(), steps, then)?;
    if !acted.changed || leads_away(&new, steps) {
        return Ok(acted);
    }
    let Some(place) = again()?.map(Slot::dereference) else { return Ok(acted) };
    let newer = Local::copy_of(place.value());
    if newer.is_same(&old) {
        put(place, new);
        return Ok(acted);
    }
    let Some(part) = Part::find(&new, steps, steps.len() - acted.made, &newer)? else { return Ok(acted) };
    let mut merged = Local::copy_of(&newer);
    let put_in = part.act(done)?;
    zend::without_warnings(|| act(merged.own(), &steps[..part.depth], put_in).map(drop))?;
    // (Converting a value to the type of a reference may have run user code once more: then that has the last word.)
    if let Some(place) = again()?.map(Slot::dereference)
        && place.value().is_same(&newer)
    {
        put(place, merged);
    }
    Ok(acted)
}

/// Puts a value into a place. (What it gives up is given up last.)
fn put(mut place: Slot, mut value: Local) {
    place.swap(&mut value.slot());
}

/// The Sync object that a value is, where a step from it leads into its store, not to a property that its
/// class declares.
fn handle(value: &Value, step: &Step) -> Option<Held<Object>> {
    let object = value.object()?;
    let this = SyncObject::find(object)?;
    let is_shared = match step {
        Step::Property(name) => !this.has_own(name),
        // Its class may do anything with these.
        _ => !this.overrides.offsets,
    };
    is_shared.then(|| Held::of(object))
}

/// Acts on the place itself.
fn at_end(place: Own, act: Act) -> Result<bool, Thrown> {
    match act {
        Act::Assign(_) | Act::Operate(_) if place.value().kind() == zend::REFERENCE => {
            return act_behind(Local::copy_of(place.value()), &[], act).map(|acted| acted.changed);
        }
        Act::Assign(value) => place.into_slot().assign(Local::copy_of(value.dereference()))?,
        Act::Operate(operation) => operation.run(place)?,
        Act::Unset => place.into_slot().release(),
    }
    zend::check().map(|()| true)
}

/// The end of the ints, beyond which `++` and `--` make floats of them: a typed property without floats refuses that in words of its own.
struct Limit<'a> {
    declaration: Declaration<'a>,
    is_behind_reference: bool,
    is_increment: bool,
}

impl<'a> Limit<'a> {
    /// That of an int, before an operation: of a property, whose declaration is given, or behind a reference. `None`: there is none.
    fn of(value: &'a Local, declaration: Option<Declaration<'a>>, operation: &Running) -> Option<Self> {
        if !operation.is_step() || value.dereference().kind() != zend::LONG {
            return None;
        }
        let is_behind_reference = value.sources().next().is_some();
        let declaration = value.sources().chain(declaration).find(|declaration| !declaration.takes(zend::DOUBLE))?;
        Some(Self { declaration, is_behind_reference, is_increment: operation.is_increment() })
    }

    /// Throws where the result of the operation is beyond it.
    fn check(limit: Option<Self>, new: &Value) -> Result<(), Thrown> {
        match limit {
            Some(limit) if new.kind() == zend::DOUBLE => {
                Err(limit.declaration.throw_past_limit(limit.is_increment, limit.is_behind_reference))
            }
            _ => Ok(()),
        }
    }
}

/// Whether walking from a place makes it an array first ([`become_array`]).
fn makes_array(value: &Value, steps: &[Step], fetch: u32) -> bool {
    fetch != BP_VAR_UNSET
        && matches!(steps.first(), Some(Step::Element(_) | Step::Append))
        && matches!(value.dereference().kind(), zend::UNDEF | zend::NULL | zend::FALSE)
}

/// Makes the place an array, as PHP does where there is null, false or nothing.
fn become_array(place: &mut Own) -> Result<(), Thrown> {
    let was_false = place.value().kind() == zend::FALSE;
    place.set_array(Held::<Array>::new());
    if was_false { zend::deprecate_false_to_array() } else { Ok(()) }
}

/// Unsets something in a place without a container.
fn unset_in_nothing(place: &Slot) -> Result<(), Thrown> {
    if place.value().kind() == zend::FALSE { zend::deprecate_false_to_array() } else { Ok(()) }
}

/// Walks one step that is not the last. The place holds no reference.
fn inner<'a, 's>(mut place: Own, step: &Step, rest: &'s [Step], then: Act<'a>) -> Result<Acted<'a, 's>, Thrown> {
    let fetch = then.fetch();
    let object = place.value().object().map(Held::of);
    match (step, object) {
        (Step::Property(name), Some(object)) => {
            let acted = match object.property_place(name, fetch)? {
                Some(slot) => {
                    if makes_array(slot.value(), rest, fetch) {
                        object.check_array_at(&slot)?;
                    }
                    act_in_reach(Some(slot), || object.property_place_again(name, fetch), rest, then)
                }
                None => act(object.read_property(name, fetch)?.own(), rest, then),
            }?;
            Ok(Acted { changed: true, ..acted })
        }
        (Step::Property(_), None) if fetch == BP_VAR_UNSET => Ok(Acted::here(false)),
        (Step::Property(name), None) => Err(no_object(c"Attempt to modify property \"%s\" on %s", name, place.value())),
        (_, Some(object)) => {
            let mut element = object.fetch_element(step.offset(), fetch)?;
            Ok(Acted { changed: true, ..act(element.own(), rest, then)? })
        }
        (_, None) => match place.value().kind() {
            zend::UNDEF | zend::NULL | zend::FALSE => {
                if fetch == BP_VAR_UNSET {
                    return unset_in_nothing(&place).map(|()| Acted::here(false));
                }
                become_array(&mut place)?;
                inner(place, step, rest, then)
            }
            zend::ARRAY => match element_slot(place, step, fetch)? {
                Some(slot) => act(slot, rest, then),
                None => Ok(Acted::here(false)),
            },
            zend::STRING => Err(match step {
                Step::Append => throw("[] operator not supported for strings"),
                Step::Element(key) if string_offset(key, fetch).is_err() => Thrown,
                _ if matches!(rest.first(), Some(Step::Property(_))) => throw("Cannot use string offset as an object"),
                _ => throw("Cannot use string offset as an array"),
            }),
            _ => Err(no_array(fetch)),
        },
    }
}

/// Walks the last step, and acts. The place holds no reference.
fn last(mut place: Own, step: &Step, act: Act) -> Result<bool, Thrown> {
    let object = place.value().object().map(Held::of);
    let done = match (step, object) {
        (Step::Property(name), Some(object)) => last_property(&object, name, act).map(|()| true),
        (Step::Property(name), None) => no_property(name, place.value(), &act),
        (_, Some(object)) => last_element_of_object(&object, step, act).map(|()| true),
        (_, None) => match place.value().kind() {
            zend::UNDEF | zend::NULL | zend::FALSE => {
                if let Act::Unset = act {
                    return unset_in_nothing(&place).map(|()| false);
                }
                become_array(&mut place)?;
                last(place, step, act)
            }
            zend::ARRAY => last_element(place, step, act),
            zend::STRING => last_of_string(place, step, act),
            _ => Err(no_array(act.fetch())),
        },
    }?;
    zend::check().map(|()| done)
}

fn last_property(object: &Held<Object>, name: &Str, act: Act) -> Result<(), Thrown> {
    match act {
        Act::Assign(value) => copy_back(value, object.write_property(name, value)?),
        Act::Operate(operation) => operate_on_property(object, name, operation)?,
        Act::Unset => object.unset_property(name)?,
    }
    Ok(())
}

/// Applies an operator to a property, by the handlers that the engine asks, in its order: first for the place, which makes a property that
/// is missing, and may say no; where there is none to have, because a method of the class, a hook or `readonly` has a say, the property is
/// read and written.
fn operate_on_property(object: &Held<Object>, name: &Str, operation: Running) -> Result<(), Thrown> {
    let (result, is_step) = (operation.result(), operation.is_step());
    let place = object.property_place(name, BP_VAR_RW)?;
    let Some(place) = place else {
        let mut new = Local::copy_of(object.read_property(name, BP_VAR_R)?.dereference());
        let outcome = operation.run(new.own());
        if outcome.is_err() && !is_step {
            return outcome;
        }
        // (After a `++` that has failed the engine writes all the same: the exception is that of writing, then, if this fails as well.)
        let written = object.write_property(name, &new)?;
        copy_back(result, written);
        return Ok(());
    };
    // A copy: the operator may run user code, which may take the place away.
    let (old, declaration) = (Local::copy_of(place.value()), object.declaration_at(&place));
    let mut new = Local::copy_of(old.dereference());
    let limit = Limit::of(&old, declaration, &operation);
    operation.run(new.own())?;
    Limit::check(limit, &new)?;
    copy_back(result, object.write_property(name, &new)?);
    Ok(())
}

/// The result of an assignment is the value as a typed property has converted it.
fn copy_back(value: &Local, written: Local) {
    // SAFETY: a statement's value or result, which only the statement refers to, and as a whole.
    drop(unsafe { value.replace(written) });
}

fn last_element(place: Own, step: &Step, act: Act) -> Result<bool, Thrown> {
    if let Act::Unset = act {
        let Step::Element(key) = step else { return Ok(false) };
        let key = array_key(key, true)?;
        return Ok(Table::of(place).is_some_and(|table| table.remove(key)));
    }
    match element_slot(place, step, act.fetch())? {
        Some(element) => at_end(element, act),
        None => Ok(false),
    }
}

fn last_element_of_object(object: &Held<Object>, step: &Step, act: Act) -> Result<(), Thrown> {
    let offset = step.offset();
    match act {
        Act::Assign(value) => object.write_element(offset, value),
        // The engine fetches the element, and changes its copy.
        Act::Operate(operation) if operation.is_step() => {
            let mut element = object.fetch_element(offset, BP_VAR_RW)?;
            at_end(element.own(), Act::Operate(operation)).map(drop)
        }
        Act::Operate(operation) => {
            let mut new = Local::new();
            if let Some(old) = object.read_element(offset, BP_VAR_R)? {
                new.slot().copy(old.dereference());
            }
            operation.run(new.own())?;
            object.write_element(offset, &new)
        }
        Act::Unset => object.unset_element(offset),
    }
}

/// `$string[0] = 'x'`, and all that cannot be done to a string.
fn last_of_string(place: Own, step: &Step, act: Act) -> Result<bool, Thrown> {
    let Step::Element(key) = step else { return Err(throw("[] operator not supported for strings")) };
    match act {
        Act::Assign(value) => put_byte(place, key, value),
        Act::Operate(operation) => {
            string_offset(key, BP_VAR_RW)?;
            Err(throw(if operation.is_step() {
                "Cannot increment/decrement string offsets"
            } else {
                "Cannot use assign-op operators with string offsets"
            }))
        }
        Act::Unset => Err(throw("Cannot unset string offsets")),
    }
}

/// The slot of an array's element; made where it is missing, except for unsetting.
fn element_slot<'p>(place: Own<'p>, step: &Step, fetch: u32) -> Result<Option<Own<'p>>, Thrown> {
    let key = match step {
        Step::Element(key) => Some(array_key(key, false)?),
        _ => None,
    };
    let Some(table) = Table::of(place) else { return Ok(None) };
    match key {
        Some(key) => table.element(
            key,
            match fetch {
                BP_VAR_W => Missing::Null,
                BP_VAR_RW => Missing::Warned,
                _ => Missing::None,
            },
        ),
        None => table.append().map(Some),
    }
}

#[cold]
fn no_array(fetch: u32) -> Thrown {
    throw(if fetch == BP_VAR_UNSET {
        "Cannot unset offset in a non-array variable"
    } else {
        "Cannot use a scalar value as an array"
    })
}

/// Acts on a property of a value that is no object.
fn no_property(name: &Str, value: &Value, act: &Act) -> Result<bool, Thrown> {
    let message = match act {
        Act::Operate(operation) if operation.is_step() => c"Attempt to increment/decrement property \"%s\" on %s",
        Act::Assign(_) | Act::Operate(_) => c"Attempt to assign property \"%s\" on %s",
        Act::Unset => return Ok(false),
    };
    Err(no_object(message, name, value))
}

#[cold]
fn no_object(message: &std::ffi::CStr, name: &Str, value: &Value) -> Thrown {
    zend::throw_error(message, name.bytes(), value.type_name().to_bytes());
    Thrown
}
