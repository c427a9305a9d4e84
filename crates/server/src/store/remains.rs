//! The marks of those that were killed: of named locks that nobody asks for any more, and of those who waited. Nothing depends on them, but that they are counted and take
//! room. Whoever leaves such marks itself looks at some of them, once over each connection: so they go about as fast as they come.

use super::error::ErrorKind;
use super::handle::ServerStore;
use super::inner::Outcome;
use super::layout::Key;
use super::mark::Owner;
use super::space::Space;
use crate::batch::Batch;
use crate::message::Value;

/// The number of marks of each kind that are looked at, any of them.
const SOME: &[u8] = b"16";

/// The fields of a hash with their values, as it gives some of them.
fn pairs(answer: &Value) -> impl Iterator<Item = (&[u8], &[u8])> {
    let pairs = if let Value::List(pairs) = answer { &pairs[..] } else { &[] };
    pairs.iter().filter_map(|pair| match pair {
        Value::List(pair) => Some((pair.first()?.text()?, pair.get(1)?.text()?)),
        _ => None,
    })
}

/// The members of a set, as it gives some of them.
fn members(answer: &Value) -> impl Iterator<Item = &[u8]> {
    let members = if let Value::List(members) = answer { &members[..] } else { &[] };
    members.iter().filter_map(Value::text)
}

/// The owner of a named lock, by its mark.
fn owner_of(mark: &[u8]) -> Option<Owner> {
    Owner::of(mark.split(|byte| *byte == b' ').next()?)
}

/// Those that stand in a line.
fn askers(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b';').filter(|asker| !asker.is_empty())
}

impl ServerStore {
    /// Takes some marks away whose owners are gone, once over each connection. Where that cannot be, others do.
    pub(super) fn clear_remains(&self) {
        if self.space.is_first_to_clear() {
            let _ = self.space.at_once(|| self.clear_some());
        }
    }

    fn clear_some(&self) -> Outcome<()> {
        let [locks, lines, waiting, watching] = self.space.some_marks()?;
        let in_lines = pairs(&lines).flat_map(|(_, line)| askers(line)).filter_map(Owner::of);
        let waiters = members(&waiting).chain(members(&watching)).filter_map(Owner::of);
        let owners: Vec<Owner> =
            pairs(&locks).filter_map(|(_, mark)| owner_of(mark)).chain(in_lines).chain(waiters).collect();
        let dead = self.dead(owners.iter());
        let is_dead = |owner: Option<Owner>| owner.is_some_and(|owner| dead.contains(&&owner));
        for (lock, mark) in pairs(&locks).filter(|(_, mark)| is_dead(owner_of(mark))) {
            self.space.named([b"release", lock, mark, b"", b""])?;
        }
        for (lock, line) in pairs(&lines) {
            for asker in askers(line).filter(|asker| is_dead(Owner::of(asker))) {
                self.space.named([b"leave", lock, asker, b"", b""])?;
            }
        }
        for (which, all) in [(Key::Waiting, &waiting), (Key::Watching, &watching)] {
            let gone = members(all).filter(|waiter| is_dead(Owner::of(waiter)));
            let words: Vec<&[u8]> = [b"ZREM", self.space.keys.kind(which)].into_iter().chain(gone).collect();
            if words.len() > 2 {
                self.space.ask(&words)?;
            }
        }
        Ok(())
    }
}

impl Space {
    /// Some named locks, some lines for them, and some of those that wait for a hold to end, and for a change.
    fn some_marks(&self) -> Outcome<[Value; 4]> {
        let mut batch = Batch::new();
        for which in [Key::Named, Key::Lines] {
            batch.add(&[b"HRANDFIELD", self.keys.kind(which), SOME, b"WITHVALUES"]);
        }
        for which in [Key::Waiting, Key::Watching] {
            batch.add(&[b"ZRANDMEMBER", self.keys.kind(which), SOME]);
        }
        let mut marks = Vec::with_capacity(batch.len());
        self.inner().exchange(self, &batch, &mut |_, answer, _| {
            marks.push(answer.map_err(ErrorKind::Refused)?);
            Ok(())
        })?;
        marks.try_into().map_err(|_| ErrorKind::Senseless)
    }
}
