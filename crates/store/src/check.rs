//! The full check: whether everything in a file agrees with everything else.

use super::error::Failure;
use super::format::*;
use super::header::Root;
use super::index::Search;
use super::lock::WriteGuard;
use super::log::append::Log;
use super::log::pieces::Pieces;
use std::collections::{HashMap, HashSet};
use std::ops::Deref;

/// The findings of a full check.
#[derive(Debug, Default)]
pub struct Report {
    /// The disagreements; none in a sound store.
    pub problems: Vec<String>,
    /// Keys in the index.
    pub keys: u64,
    /// Bytes of live records, framing included.
    pub live: u64,
    /// Bytes of the index: its blocks and its directory, where that has a run of its own.
    pub index: u64,
    /// Bytes of the file's blocks that are in use for anything.
    pub used: u64,
    /// Bytes of memory or disk behind the file.
    pub allocated: u64,
}

/// Checks everything that the file of this guard says.
pub fn check_all(guard: &WriteGuard, report: &mut Report) -> Result<(), Failure> {
    let check = Check { log: Log::of(guard) };
    check.check_runs(report)?;
    check.check_index(report);
    Ok(())
}

/// A file to be checked, whose write lock is held.
struct Check<'g> {
    log: Log<'g>,
}

impl<'g> Deref for Check<'g> {
    type Target = Log<'g>;

    fn deref(&self) -> &Log<'g> {
        &self.log
    }
}

impl Check<'_> {
    /// The stream of runs, the block table, and the content of the segments. (More than sixty lines: one walk, which compares
    /// all three at each run.)
    fn check_runs(&self, report: &mut Report) -> Result<(), Failure> {
        let header = self.header();
        let blocks = self.file.blocks();
        let mut problem = |text: String| report.problems.push(text);
        if header.indexed.get() != self.end() {
            problem("the index lags behind the log".into());
        }
        if header.superseding.get() != 0 || header.replacing[0].get() != 0 {
            problem("an operation was not finished".into());
        }
        let referred = self.referred();
        let (mut live, mut live_large, mut segments, mut free, mut backed, mut reserved) = (0, 0, 0, 0, 0, 0);
        let mut block = self.file.first_block();
        while block < blocks {
            let Some((kind, run)) = self.run(block) else {
                problem(format!("block {block} does not start a run"));
                break;
            };
            let entry = self.entry(block);
            match kind {
                Kind::Free => {
                    let kept = header.reserve.iter().any(|slot| slot.get() == block + 1);
                    reserved += u64::from(kept);
                    if !kept {
                        free += run;
                        backed += (block..block + run).filter(|&block| self.entry(block).has_memory()).count() as u64;
                        if !entry.is(Kind::Free) || entry.number() != run {
                            problem(format!("block {block}: a free run of {run}, the table says {entry:?}"));
                        }
                    }
                }
                Kind::Segment | Kind::Large => {
                    let counted = self.segments().count_live(block);
                    let total = if kind == Kind::Large { &mut live_large } else { &mut live };
                    *total += counted;
                    segments += u64::from(kind == Kind::Segment);
                    self.check_records(block, kind, counted, &mut problem);
                }
                _ if !referred.contains(&block) => problem(format!("block {block} ({kind:?}) is used by nobody")),
                _ => {}
            }
            if kind != Kind::Free {
                report.used += run * BLOCK;
            }
            block += run;
        }
        for (name, word, counted) in [
            ("live bytes", &header.live, live),
            ("live bytes in large runs", &header.live_large, live_large),
            ("segments", &header.segments, segments),
            ("free blocks", &header.free, free),
            ("free blocks with memory", &header.free_backed, backed),
        ] {
            if word.get() != counted {
                problem(format!("{counted} {name}, the header says {}", word.get()));
            }
        }
        if reserved != header.reserve.iter().filter(|slot| slot.get() != 0).count() as u64 {
            problem("the reserve is not free".into());
        }
        report.live = live + live_large;
        self.file.check_sound()
    }

    /// The records of a run, of which `counted` bytes live.
    fn check_records(&self, block: u64, kind: Kind, counted: u64, problem: &mut impl FnMut(String)) {
        if self.file.map.word(block_offset(block) + GENERATION).get() == 0 {
            problem(format!("block {block}: a {kind:?} that was never begun"));
        }
        let entry = self.entry(block);
        let generation = self.view().generation_of(block).unwrap_or(0);
        if !entry.is(kind) || entry.number() != counted || !entry.holds_records_of(generation) {
            problem(format!("block {block}: {counted} live bytes, the table says {entry:?}"));
        }
        let tail = self.segments().tail();
        if counted == 0 && (tail == 0 || block_of(tail - 1) != block) && kind == Kind::Large {
            problem(format!("block {block}: nothing lives there and it is not free"));
        }
        self.segments().for_each_record(block, |record, head| {
            if !self.view().is_whole(record, head) {
                problem(format!("the record at {record} has a wrong CRC"));
            }
        });
    }

    /// Blocks that hold the index or a table.
    fn referred(&self) -> HashSet<u64> {
        let header = self.header();
        let mut blocks: HashSet<u64> = [header.system.count(), Root::open(header.table.get()).offset]
            .into_iter()
            .chain([Root::open(header.directory.get()).offset])
            .map(block_of)
            .collect();
        self.for_each_index_block(|block| {
            blocks.insert(block_of(block));
        });
        blocks
    }

    /// Every slot names a whole, live record that is found by its key, and every live record has
    /// a slot.
    fn check_index(&self, report: &mut Report) {
        let mut slots: HashMap<u64, u64> = HashMap::new();
        let mut bytes = 0;
        self.for_each_slot(|slot, hash, record| {
            if let Some(other) = slots.insert(record, slot) {
                report.problems.push(format!("slots {slot} and {other} name the same record"));
            }
            let Some(head) = self.view().record_head(record) else {
                report.problems.push(format!("slot {slot} names no record"));
                return;
            };
            bytes += head.length;
            let mut piece = self.before(record);
            for _ in 0..MAX_APPENDS {
                let Some(head) = self.view().record_head(piece).filter(|_| piece != 0) else { break };
                bytes += head.length;
                piece = self.before(piece);
            }
            if head.op == Op::Append && Pieces::of(*self.view(), record, None).is_none() {
                report.problems.push(format!("the value of slot {slot} has lost a piece"));
            }
            let Some((name, real_hash)) = self.view().read_key(record, head) else {
                report.problems.push(format!("the record at {record} has no key"));
                return;
            };
            if real_hash != hash {
                report.problems.push(format!("slot {slot} has another hash than its key"));
            }
            match self.search(hash, &name.encoded()) {
                Search::Hit(hit) if hit.slot == slot && hit.record == record => {}
                other => report.problems.push(format!("the key of slot {slot} is found as {other:?}")),
            }
        });
        report.keys = slots.len() as u64;
        let (next, counted) = (self.header().next_number.get(), self.numbers().counted_next_number().word());
        if next < counted {
            report.problems.push(format!("the next number is {next:#x}, one is in use below {counted:#x}"));
        }
        if bytes != report.live {
            report.problems.push(format!("{} bytes live, the index knows of {bytes}", report.live));
        }
        if self.header().keys.get() != report.keys {
            report.problems.push(format!("{} keys, the header says {}", report.keys, self.header().keys.get()));
        }
        self.for_each_index_block(|_| report.index += BLOCK);
        let directory = Root::open(self.header().directory.get()).offset;
        if block_of(directory) != block_of(self.header().system.count()) {
            report.index += self.run(block_of(directory)).map_or(0, |(_, blocks)| blocks * BLOCK);
        }
    }
}
