//! Putting the part of a value that a statement has changed into another value, which has come in the place of the first one meanwhile.

use super::act::{Act, Applied};
use super::plain_path::{End, changed_part, find_end};
use super::step::Step;
use super::string_offset::is_one_byte_away;
use super::zend::{self, Local, Thrown, Value};

/// The part of a value that a statement has changed, and its place in the newer value.
///
/// Putting it there ([`Part::act`]) runs no user code again, and warns of nothing again: the elements that user code wrote into an
/// array or an object stay beside it, and the arrays that were made for it are made there. Where user code has taken away, or replaced,
/// an array or an object in which the statement has acted, that stays so, as with any array.
pub struct Part {
    /// How many of the statement's steps lead to it.
    pub depth: usize,
    /// It is one value, which changes as a whole. `None`: the statement's operand.
    pub whole: Option<Local>,
    /// The place in the newer value. (Held, as its destructor may run: until warnings are given again.)
    end: End,
}

impl Part {
    /// That of a statement which took the steps and made `made`; the first `there` of them lead from arrays and objects that were
    /// there. `None`: nothing of it has a place in `newer`.
    pub fn find(made: &Value, steps: &[Step], there: usize, newer: &Value) -> Result<Option<Self>, Thrown> {
        let part = zend::without_warnings(|| changed_part(made, steps))?;
        let end = zend::without_warnings(|| find_end(newer, &steps[..part.depth], there))?;
        let has_place = match (&part.whole, &end) {
            (_, End::Unreachable) | (Some(_), End::Missing) => false,
            (Some(whole), End::There(end)) => may_come_of(whole, end),
            (None, _) => true,
        };
        Ok(has_place.then_some(Self { depth: part.depth, whole: part.whole, end }))
    }

    /// The act that puts it there, with warnings off.
    pub fn act<'p>(&'p self, done: Applied<'p>) -> Result<Act<'p>, Thrown> {
        Ok(match (&self.whole, done, &self.end) {
            (Some(whole), ..) => Act::Assign(whole),
            (None, Applied::Put(value), _) => Act::Assign(value),
            (None, Applied::Operated(operation), end) => {
                if let End::There(end) = end {
                    operation.follow(end)?;
                }
                Act::Assign(operation.result())
            }
            (None, Applied::Removed, _) => Act::Unset,
        })
    }
}

/// Whether a value that changes as a whole may be what a statement has made of `old`.
fn may_come_of(whole: &Value, old: &Value) -> bool {
    match (whole.object(), old.object(), whole.string(), old.string()) {
        (Some(whole), Some(old), ..) => whole.class() == old.class(),
        (.., Some(whole), Some(old)) => is_one_byte_away(old.bytes(), whole.bytes()),
        _ => false,
    }
}
