//! Copying a value out without the lock.

use super::lookup::Candidate;
use crate::format::*;
use crate::index::Hit;
use crate::log::pieces::Pieces;
use crate::log::record::{Records, Span};
use crate::memory::fence;
use crate::reference::Ref;
use crate::torture::meanwhile;
use crate::version::Version;
use crate::view::View;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::sync::atomic::Ordering;
use sync_backend::{Expiry, Found, Now, PEEK, Places, Room, Unread};

/// The part of a value that a reader asks for.
#[derive(Debug, Clone, Copy)]
pub enum Want {
    /// All of it; of one of at least `limit` bytes, its first bytes.
    Value { limit: u64 },
    /// The facts that an append to it needs.
    Peek,
}

/// The outcome of copying a value out.
pub enum Copied {
    /// It is what was found; the record, and its position.
    Is { found: Found, hit: Hit, position: u64 },
    /// It takes so many bytes, and there is no room for them.
    NoRoom(u64),
    /// There is none.
    Missing,
}

/// Values in a view of a file.
#[derive(Clone, Copy)]
pub struct Bytes<'f> {
    records: Records<'f>,
}

impl<'f> Deref for Bytes<'f> {
    type Target = Records<'f>;

    #[inline(always)]
    fn deref(&self) -> &Records<'f> {
        &self.records
    }
}

impl<'f> Bytes<'f> {
    #[inline(always)]
    pub fn of(view: View<'f>) -> Self {
        Self { records: Records::of(view) }
    }

    /// Whether a value has expired; else `expiry` is when it will. What was read for that is the candidate's if that has stood still.
    #[inline]
    pub fn has_expired(&self, candidate: &Candidate, expiry: &mut Option<Expiry>) -> bool {
        // (Copying finds out, too, that a record makes no sense.)
        *expiry = self.expiry(candidate.hit.record, candidate.head).flatten();
        let has_expired = expiry.is_some_and(|expiry| expiry.has_come(Now::read()));
        if has_expired {
            fence(Ordering::Acquire);
        }
        has_expired
    }

    /// Copies out a value in several pieces; only those that are new, where some are known.
    #[cold]
    fn copy_pieces(&self, candidate: &Candidate, seen: &Version, out: &mut impl Room<u8>) -> Option<Copied> {
        let Candidate { hit, generation, .. } = *candidate;
        let position = self.position(hit.record)?;
        let known = seen.position();
        let found = if known == Some(position) {
            fence(Ordering::Acquire);
            self.has_stood(hit.record, generation).then_some(Found::Unchanged)?
        } else {
            let value = Pieces::of(self.records, hit.record, known)?;
            if value.generation()? != generation {
                return None;
            }
            out.clear();
            if !out.has_room(value.length) {
                value.have_stood(self.records)?;
                return Some(Copied::NoRoom(value.length));
            }
            value.copy(self.records, out)?;
            if value.whole.is_none() { Found::Appended } else { Found::Value }
        };
        Some(Copied::Is { found, hit, position })
    }

    /// Copies a value out. `None`: it was not there any more.
    #[inline]
    pub fn copy_out(
        &self,
        key: &EncodedKey,
        candidate: &Candidate,
        want: Want,
        seen: &Version,
        out: &mut impl Room<u8>,
    ) -> Option<Copied> {
        let limit = match want {
            Want::Value { limit } => limit,
            Want::Peek => return self.copy_peek(key, candidate, out),
        };
        let Candidate { hit, head, generation } = *candidate;
        if head.op == Op::Append {
            return self.copy_pieces(candidate, seen, out);
        }
        let position = self.position(hit.record)?;
        let Span { at: value, length } = self.value_behind(key, hit.record, head)?;
        let unchanged = seen.position() == Some(position);
        let wanted = if length < limit { length } else { length.min(PEEK as u64) };
        let mut fits = true;
        if !unchanged {
            out.clear();
            meanwhile("copying a value");
            fits = out.has_room(wanted);
            if fits {
                self.copy(value, wanted, out)?;
            }
        }
        fence(Ordering::Acquire);
        self.has_stood(hit.record, generation).then_some(())?;
        if !fits {
            return Some(Copied::NoRoom(wanted));
        }
        let found = match unchanged {
            true => Found::Unchanged,
            false if length < limit => Found::Value,
            false => {
                let place = [self.file.life(), hit.record.word(), position, generation];
                Found::Long(Box::new(Unread { length, place }))
            }
        };
        Some(Copied::Is { found, hit, position })
    }

    /// Copies the facts of a value that an append to it needs: the note of its last append (`Appended`), else
    /// its first bytes (`Value`).
    #[cold]
    fn copy_peek(&self, key: &EncodedKey, candidate: &Candidate, out: &mut impl Room<u8>) -> Option<Copied> {
        let Candidate { hit, head, generation } = *candidate;
        let position = self.position(hit.record)?;
        out.clear();
        if !out.has_room(PEEK as u64) {
            return Some(Copied::NoRoom(PEEK as u64));
        }
        let found = if let Some(note) = self.note(hit.record)? {
            out.extend(&note.to_ne_bytes()).then_some(())?;
            Found::Appended
        } else {
            let Span { at: value, length } = self.value_behind(key, hit.record, head)?;
            self.copy(value, length.min(PEEK as u64), out)?;
            Found::Value
        };
        fence(Ordering::Acquire);
        self.has_stood(hit.record, generation).then_some(())?;
        Some(Copied::Is { found, hit, position })
    }

    /// Copies a part of a value that was left where it is, from its byte `from` on, to fill `target`. `None`: it is gone.
    pub fn copy_unread(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> Option<()> {
        let [_, record, position, generation] = value.place;
        let record = Ref::of_word(record);
        // The generation tells that this is the start of a run, and the one that it was; only then what lies
        // in it is a record.
        (self.generation(record)?.load(Ordering::Acquire) == generation).then_some(())?;
        (self.position(record)? == position).then_some(())?;
        let head = self.record_head(record)?;
        meanwhile("copying a long value");
        if head.op == Op::Append {
            let pieces = Pieces::of(self.records, record, None).filter(|pieces| pieces.length == value.length)?;
            pieces.copy_from(self.records, from, target)?;
        } else {
            let Span { at, length } = self.layout(record, head)?.value;
            (from <= length && target.len() as u64 <= length - from).then_some(())?;
            self.copy(at + from, target.len() as u64, &mut Places::new(target))?;
        }
        fence(Ordering::Acquire);
        self.has_stood(record, generation).then_some(())
    }
}
