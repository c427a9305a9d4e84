//! Waiting for a change of a [`Memory`] store: what each handle has seen.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::failure::MemoryError;
use super::memory::{Content, Memory, MemoryVersion};
use crate::{Since, Wanted};

/// The keys that a handle has seen.
#[derive(Default)]
pub struct MemoryNotes {
    keys: RefCell<HashMap<Vec<u8>, MemoryVersion>>,
    /// When it saw everything, if it did.
    whole: Cell<Option<MemoryVersion>>,
    /// The life and the state up to which it knows of all changes.
    all: Cell<Option<(u64, u64)>>,
}

/// A waiter's knowledge of a key, or of everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemoryWatch {
    known: Known,
    by_notes: bool,
}

#[derive(Debug, Clone, Copy, Default)]
enum Known {
    #[default]
    Nothing,
    /// It had the value of this version.
    Value(MemoryVersion),
    /// It had whatever it had in that life, at that state.
    At(u64, u64),
    /// The life and the state of everything.
    All(u64, u64),
}

impl MemoryNotes {
    /// A key was seen as this version tells.
    pub fn see(&self, key: &[u8], version: MemoryVersion) {
        self.keys.borrow_mut().insert(key.to_vec(), version);
    }

    /// Everything was seen.
    pub fn see_whole(&self, content: &Content) {
        self.keys.borrow_mut().clear();
        self.whole.set(Some(content.version(0, None)));
        self.see_all(content);
    }

    /// All changes are known.
    pub fn see_all(&self, content: &Content) {
        self.all.set(Some((content.life(), content.state())));
    }

    /// The handle begins an operation: what was before its first one does not count.
    pub fn begin(&self, content: &Content) {
        if self.all.get().is_none() {
            self.see_all(content);
        }
    }

    /// A change of the handle's own: `before` was the state before it.
    pub fn follow(&self, before: (u64, u64), content: &Content) {
        if self.all.get() == Some(before) {
            self.see_all(content);
        }
    }

    /// Nothing was seen.
    pub fn clear(&self) {
        self.keys.borrow_mut().clear();
        self.whole.set(None);
        self.all.set(None);
    }

    fn known(&self, key: &[u8]) -> Option<Known> {
        let whole = self.whole.get().map(|seen| Known::At(seen.life, seen.commit));
        self.keys.borrow().get(key).map(|&version| Known::Value(version)).or(whole)
    }
}

impl Memory {
    pub(super) fn begin_to_watch(&self, wanted: &mut [Wanted<MemoryWatch>], since: Since) -> Result<(), MemoryError> {
        let content = self.read()?;
        self.notes.begin(&content);
        for Wanted { key, watch } in wanted {
            let now = Known::All(content.life(), content.state());
            watch.by_notes = since == Since::Seen;
            watch.known = match (key, since) {
                (None, Since::Now) => now,
                (None, Since::State(state)) => Known::All(if state == 0 { 0 } else { content.life() }, state),
                (None, Since::Seen) => self.notes.all.get().map_or(now, |(life, state)| Known::All(life, state)),
                // A state that this store has not had yet is another one's.
                (Some(_), Since::State(state)) if state > content.state() => Known::At(u64::MAX, 0),
                (Some(_), Since::State(0)) => Known::Value(MemoryVersion::default()),
                (Some(_), Since::State(state)) => Known::At(content.life(), state),
                (Some(key), Since::Now) => Known::Value(content.version_of(key)),
                (Some(key), Since::Seen) => self.notes.known(key).unwrap_or_else(|| {
                    self.notes.see(key, content.version_of(key));
                    Known::Value(content.version_of(key))
                }),
            };
        }
        Ok(())
    }

    pub(super) fn look_for_changes(&self, wanted: &mut [Wanted<MemoryWatch>]) -> Result<bool, MemoryError> {
        let content = self.read()?;
        for Wanted { key, watch } in wanted {
            let now = content.version_of(key.unwrap_or_default());
            let has_changed = match watch.known {
                Known::Nothing => false,
                Known::Value(seen) if seen.value == 0 => now.value != 0,
                Known::Value(seen) => {
                    now.value == 0 || seen.life != now.life || content.changed_at(key.unwrap_or_default()) > seen.commit
                }
                Known::At(life, state) => life != now.life || content.changed_at(key.unwrap_or_default()) > state,
                Known::All(life, state) => (life, state) != (content.life(), content.state()),
            };
            if has_changed {
                match key {
                    _ if !watch.by_notes => {}
                    None => self.notes.see_all(&content),
                    Some(key) => self.notes.see(key, now),
                }
                return Ok(true);
            }
        }
        Ok(false)
    }
}
