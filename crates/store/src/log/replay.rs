//! Telling the index of a change that was published and not applied, as its owner did not live to finish it.

use super::replace::Replace;
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

    /// Applies to the index what was published and not applied: the records from `pending` on.
    /// Doing it twice does no harm. (That it is done the caller says, in `indexed`.)
    pub fn finish_pending(&self) -> Result<(), Failure> {
        let header = self.header();
        let (mut position, end) = (header.indexed.get(), self.end());
        let pending = header.pending.get();
        if pending == 0 || position >= end {
            // The log's end has moved on alone.
            return Ok(());
        }
        if pending & REMOVAL != 0 {
            self.finish_removal(Ref::of_word(pending & !REMOVAL));
            return Ok(());
        }
        let mut record = Ref::of_word(pending);
        while position < end {
            let damaged = || Failure::Damaged("the end of its log is damaged".into());
            let head = self.view().record_head(record).ok_or_else(damaged)?;
            if self.view().position(record) != Some(position) {
                return Err(damaged());
            }
            if head.op == Op::Clear {
                let root = self.view().prepared_root(record, head).ok_or_else(damaged)?;
                self.finish_clear(root, record, None);
                return Ok(());
            }
            let (name, hash) = self.view().read_key(record, head).ok_or_else(damaged)?;
            let key = name.encoded();
            match (head.op, self.search(hash, &key)) {
                (_, Search::Hit(hit)) if head.op.holds_value() && hit.record == record => {}
                (Op::Set | Op::United, Search::Hit(hit)) => self.replace_record(hit, record, Ref::NONE),
                (Op::Append, Search::Hit(hit)) => self.follow(hit, record, self.before(record)),
                (Op::Append, Search::Miss(_)) => return Err(damaged()),
                (_, Search::Miss(None)) => {}
                (Op::Set | Op::United, Search::Miss(Some(slot))) => {
                    self.numbers().count_name(key.bytes());
                    self.insert(hash, slot, record);
                }
                (_, Search::Hit(hit)) => self.forget(hit),
                (_, Search::Miss(_)) => {}
            }
            position += head.length;
            record = record.plus(head.length);
        }
        Ok(())
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
