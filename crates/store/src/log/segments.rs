//! Segments and large runs: where records go, and what lives there.

use crate::error::Failure;
use crate::format::*;
use crate::lock::WriteGuard;
use crate::log::record::Records;
use crate::space::{Purpose, Space};
use std::ops::Deref;

/// The segments of a file whose write lock is held.
#[derive(Clone, Copy)]
pub struct Segments<'g> {
    space: Space<'g>,
}

impl<'g> Deref for Segments<'g> {
    type Target = Space<'g>;

    #[inline(always)]
    fn deref(&self) -> &Space<'g> {
        &self.space
    }
}

impl<'g> Segments<'g> {
    #[inline(always)]
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { space: Space::of(guard) }
    }

    #[inline(always)]
    pub fn in_space(space: Space<'g>) -> Self {
        Self { space }
    }

    /// The records in them.
    #[inline]
    pub fn view(&self) -> Records<'g> {
        Records::of(self.space.view())
    }

    /// Room for a record of this length: the offset at which it goes. The tail has not moved yet.
    #[inline]
    pub fn space_for(&self, length: u64, purpose: Purpose) -> Result<u64, Failure> {
        if length > MAX_SMALL {
            return self.large_run(length, purpose);
        }
        let tail = self.tail();
        if fits(tail, length) { Ok(tail) } else { self.new_segment(purpose) }
    }

    #[cold]
    pub fn large_run(&self, length: u64, purpose: Purpose) -> Result<u64, Failure> {
        if length > MAX_RECORD {
            return Err(Failure::TooLarge);
        }
        let blocks = (BLOCK_HEAD + length).div_ceil(BLOCK);
        let block = self.allocate(Kind::Large, blocks, BLOCK_HEAD + length, purpose)?;
        self.begin(block);
        Ok(block_offset(block) + BLOCK_HEAD)
    }

    #[cold]
    pub fn new_segment(&self, purpose: Purpose) -> Result<u64, Failure> {
        let header = self.header();
        let offset = self.empty_segment(purpose)?;
        let old = self.tail();
        header.tail.set(offset);
        if old != 0 {
            let block = block_of(old - 1);
            if self.entry(block).is(Kind::Segment) && self.entry(block).number() == 0 {
                self.release(block);
            }
        }
        Ok(offset)
    }

    /// A segment without records; returns where its first one goes.
    pub fn empty_segment(&self, purpose: Purpose) -> Result<u64, Failure> {
        let block = self.allocate(Kind::Segment, 1, BLOCK, purpose)?;
        let offset = block_offset(block) + BLOCK_HEAD;
        // A walk finds no record behind the last one.
        self.file.map.word(offset).set(0);
        self.begin(block);
        Ok(offset)
    }

    /// Where the next small record goes; 0: into a new segment, also where the header points to
    /// somewhere outside the blocks.
    #[inline]
    pub fn tail(&self) -> u64 {
        let tail = self.header().tail.get();
        if tail > PAGE && tail <= block_offset(self.file.blocks()) { tail } else { 0 }
    }

    /// Marks a record dead and frees its segment, if it was the last that lived there.
    #[inline]
    pub fn mark_dead(&self, record: u64) {
        let word = self.file.map.word(record);
        let value = word.get();
        let Some(head) = parse_record_word(value, MAX_RECORD) else { return };
        if value & DEAD != 0 {
            return;
        }
        word.set(value | DEAD);
        let block = block_of(record);
        self.add_live(block, -(head.length as i64));
        if self.entry(block).number() == 0 && !self.is_tail(block) {
            self.release(block);
        }
    }

    pub fn is_tail(&self, block: u64) -> bool {
        let tail = self.tail();
        tail != 0 && block_of(tail - 1) == block
    }

    pub fn release_segments(&self, goes: impl Fn(u64) -> bool) {
        let mut block = 0;
        while block < self.file.blocks() {
            let entry = self.entry(block);
            // Free blocks are not even looked at: that would put memory behind them.
            let is_ours = entry.is(Kind::Segment) || entry.is(Kind::Large);
            let run = if is_ours { self.run(block).map_or(1, |(_, blocks)| blocks) } else { 1 };
            if is_ours && self.view().generation_of(block).is_none_or(&goes) {
                self.release(block);
            }
            block += run;
        }
    }

    /// Live bytes of a run, counted.
    pub fn count_live(&self, block: u64) -> u64 {
        let mut live = 0;
        self.for_each_record(block, |record, head| {
            let dead = self.file.map.word(record).get() & DEAD != 0;
            if head.op.holds_value() && !dead {
                live += head.length;
            }
        });
        live
    }

    /// Every record of the run at `block` that lies before the log's end.
    pub fn for_each_record(&self, block: u64, mut visit: impl FnMut(u64, RecordHead)) {
        let Some((kind, blocks)) = self.run(block) else { return };
        let mut record = block_offset(block) + BLOCK_HEAD;
        while record < block_offset(block + blocks)
            && let Some(head) = self.view().record_head(record)
            && self.view().position(record).is_some_and(|position| position < self.end())
        {
            visit(record, head);
            if kind == Kind::Large {
                // It holds one record; what lies behind that was left by an earlier life.
                break;
            }
            record += head.length;
        }
    }
}

/// Whether a record of this length fits behind a tail. One that ends its segment (or 0, before
/// there is any) has no room.
#[inline]
pub fn fits(tail: u64, length: u64) -> bool {
    let used = tail.wrapping_sub(PAGE) % BLOCK;
    tail != 0 && used != 0 && used + length <= BLOCK
}
