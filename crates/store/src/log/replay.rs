//! Telling the index of a change that was published and not applied, as its owner did not live to finish it.

use super::replace::Replace;
use super::unindexed::Unindexed;
use crate::error::Failure;
use crate::format::*;
use crate::header::REMOVAL;
use crate::index::Search;
use crate::lock::WriteGuard;
use crate::reference::Ref;
use std::ops::Deref;

/// The pending change of a file whose write lock is held.
#[derive(Clone, Copy)]
pub struct Replay<'g> {
    all: Replace<'g>,
}

impl<'g> Deref for Replay<'g> {
    type Target = Replace<'g>;

    #[inline(always)]
    fn deref(&self) -> &Replace<'g> {
        &self.all
    }
}

impl<'g> Replay<'g> {
    #[inline(always)]
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { all: Replace::of(guard) }
    }

    /// Applies to the index what was published and not applied. Doing it twice does no harm. (That it is done the
    /// caller says, in `indexed`.)
    pub fn finish_pending(&self) -> Result<(), Failure> {
        let pending = self.header().pending.get();
        if pending & REMOVAL != 0 && self.header().indexed.get() < self.end() {
            self.finish_removal(Ref::of_word(pending & !REMOVAL));
            return Ok(());
        }
        self.apply_unindexed().ok_or_else(|| Failure::Damaged("the end of its log is damaged".into()))
    }

    /// The records that are published and that the index does not know; `None` where there are none. (The log's end may have
    /// moved on alone. A record that was published as removed is none of them.) `Some(None)`: they make no sense.
    pub fn unindexed(&self) -> Option<Option<Unindexed<'g>>> {
        let header = self.header();
        let (pending, indexed, end) = (header.pending.get(), header.indexed.get(), self.end());
        let are_there = pending != 0 && pending & REMOVAL == 0 && indexed < end;
        are_there.then(|| Unindexed::of(*self.view(), Ref::of_word(pending), indexed, end))
    }

    fn apply_unindexed(&self) -> Option<()> {
        // Removals come last, as when they were made: one may let a block of the index shrink in which there is just
        // enough room for the others.
        for removals in [false, true] {
            let Some(unindexed) = self.unindexed() else { return Some(()) };
            let mut unindexed = unindexed?;
            while let Some((record, head)) = unindexed.next()? {
                match head.op {
                    Op::Clear => {
                        self.finish_clear(self.view().prepared_root(record, head)?, record, None);
                        return Some(());
                    }
                    Op::Batch => {}
                    _ if head.op.holds_value() != removals => self.apply(record, head)?,
                    _ => {}
                }
            }
        }
        Some(())
    }

    /// Tells the index of one record, unless it knows.
    fn apply(&self, record: Ref, head: RecordHead) -> Option<()> {
        let (name, hash) = self.view().read_key(record, head)?;
        let key = name.encoded();
        match (head.op, self.search(hash, &key)) {
            (_, Search::Hit(hit)) if head.op.holds_value() && hit.record == record => {}
            (Op::Set | Op::United, Search::Hit(hit)) => self.replace_record(hit, record, Ref::NONE),
            (Op::Append, Search::Hit(hit)) => self.follow(hit, record, self.before(record)),
            (Op::Append, Search::Miss(_)) => return None,
            (_, Search::Miss(None)) => {}
            (Op::Set | Op::United, Search::Miss(Some(slot))) => {
                self.numbers().count_name(key.bytes());
                self.insert(hash, slot, record);
            }
            (_, Search::Hit(hit)) => self.forget(hit),
            (_, Search::Miss(_)) => {}
        }
        Some(())
    }

    /// As [`Replay::finish_pending`], where a record was published as removed. It may be gone by now.
    fn finish_removal(&self, record: Ref) {
        let key = self.view().record_head(record).and_then(|head| self.view().read_key(record, head));
        if let Some((name, hash)) = key
            && let Search::Hit(hit) = self.search(hash, &name.encoded())
            && hit.record == record
        {
            self.forget(hit);
        }
    }
}
