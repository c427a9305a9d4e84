//! Rebuilding a file from its records, after a boot or as a copy: any page may be old or torn. Every CRC is checked, and
//! index, table and counters are made anew.

use super::error::Failure;
use super::format::*;
use super::header::{HELD, Root};
use super::index::{Search, directory_in_system_block};
use super::lock::WriteGuard;
use super::log::append::Log;
use super::log::record::Records;
use super::space::Space;
use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::sync::atomic::Ordering;

/// More generations than can be given to runs before the disk knows of any.
const GENERATIONS_APART: u64 = 1 << 32;

/// The records that make up the longest valid log.
struct ValidLog {
    /// By position.
    kept: Vec<Survivor>,
    /// The first record of each segment that does not belong to it; last, where the log was cut.
    unwanted: Vec<u64>,
    /// How many records were lost.
    dropped: usize,
}

/// The records that make up the newest values.
struct Newest {
    /// The last of each: what its key's slot names.
    named: HashSet<u64>,
    /// All of them.
    pieces: HashSet<u64>,
}

/// A record that holds a part of a value.
struct Piece {
    offset: u64,
    position: u64,
}

/// Where a segment stops making sense.
struct Damage {
    offset: u64,
    /// The position of what was there, as far as one can tell.
    position: u64,
    /// Whether there was a record of this life of the segment for certain.
    was_record: bool,
}

/// A record that a check found whole.
struct Survivor {
    offset: u64,
    head: RecordHead,
    position: u64,
    dead: bool,
    company: Company,
}

/// Makes everything but the records anew. The caller keeps all other processes away.
pub fn put_right(guard: &WriteGuard) -> Result<(), Failure> {
    Rebuild { log: Log::of(guard) }.put_right(guard)
}

/// A file of which nothing but the records is believed.
struct Rebuild<'g> {
    log: Log<'g>,
}

impl<'g> Deref for Rebuild<'g> {
    type Target = Log<'g>;

    fn deref(&self) -> &Log<'g> {
        &self.log
    }
}

impl Rebuild<'_> {
    fn put_right(&self, guard: &WriteGuard) -> Result<(), Failure> {
        let header = self.header();
        let missing = header.fit(self.file.length()?).map_err(Failure::Damaged)?;
        // Nothing refers to what lies there, and growing takes it for zeros.
        self.file.cut_behind(block_offset(header.blocks.get()));
        header.lock.set(0);
        header.hold.set(0);
        guard.clear_line();
        let commit = header.commit.get() & !HELD;
        header.commit.set(commit);
        self.file.forget_leases();
        if header.directory.get() == 0 {
            header.indexed.set(commit);
        } else {
            let log = self.longest_valid_log()?;
            self.cut_off(&log.unwanted);
            self.start_over(&log.kept)?;
            if log.dropped > 0 {
                let dropped = log.dropped;
                self.file.warning.set(Some(match self.file.is_durable() {
                    true => format!("{dropped} damaged record(s) were dropped, everything else is there."),
                    false => format!(
                        "it was not closed in order (power loss?): {dropped} damaged or incomplete record(s) at the end \
                         of its log were dropped, everything before them is there."
                    ),
                }));
            }
        }
        if missing > 0 {
            let durable = "After a power loss that is nothing that had returned. ";
            self.file.warning.set(Some(format!(
                "it ends before all that it tells of (a power loss, or an incomplete copy?): what its last {missing} \
                 block(s) held is not there. {}{}",
                if self.file.is_durable() { durable } else { "" },
                self.file.warning.take().unwrap_or_default()
            )));
        }
        self.file.check_sound()
    }

    /// Reads all records of the file and finds out how far the log is whole.
    fn longest_valid_log(&self) -> Result<ValidLog, Failure> {
        let system = block_of(self.header().system.count());
        let mut has_system = false;
        let view = Records::of(self.file.view());
        let commit = self.header().commit.get() & !HELD;
        let mut found = Vec::new();
        let mut damage = Vec::new();
        let blocks = self.file.blocks();
        let mut block = self.file.first_block();
        while block < blocks {
            let (kind, run) = self.file.run_or_gap(block, blocks);
            let holds_records = matches!(kind, Kind::Segment | Kind::Large);
            has_system |= block == system && !holds_records;
            let begun = view.generation_of(block).is_some_and(|number| number < MAX_GENERATION);
            if holds_records && begun {
                damage.extend(self.survey(kind, block_offset(block), block_offset(block + run), &mut found));
            }
            block += run;
        }
        if !has_system {
            return Err(Failure::Damaged("its header is damaged (no system block)".into()));
        }
        found.sort_unstable_by_key(|record| record.position);
        // Damage beyond the end that the header tells of is a torn operation that never returned: nothing is lost.
        // Damage before that end cuts the log there, unless each operation was synced before the next one: then
        // every whole record is valid, and a torn one was under way, or is left of a run that was freed.
        let durable = self.file.is_durable();
        let counts = |damage: &&Damage| damage.position < commit && (damage.was_record || !durable);
        let mut dropped = damage.iter().filter(counts).count();
        let cut = if durable { None } else { damage.iter().filter(counts).map(|damage| damage.position).min() };
        let batch = if durable { None } else { incomplete_replacement(&found, commit) };
        let cut = cut.into_iter().chain(batch).min().unwrap_or(u64::MAX);
        let mut behind = found.split_off(found.partition_point(|record| record.position < cut));
        dropped += behind.len();
        behind.extend(take_unfinished(&mut found, commit));

        // A walk through a run ends at the first record that is cut off.
        let mut unwanted: HashMap<u64, (u64, u64)> = HashMap::new();
        let behind = behind.iter().map(|record| (record.offset, record.position));
        for (offset, position) in behind.chain(damage.iter().map(|damage| (damage.offset, 0))) {
            let first = unwanted.entry(block_of(offset)).or_insert((position, offset));
            *first = (first.0.min(position), first.1.min(offset));
        }
        let mut unwanted: Vec<_> = unwanted.into_values().collect();
        unwanted.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ValidLog { kept: found, unwanted: unwanted.into_iter().map(|(_, offset)| offset).collect(), dropped })
    }

    /// Collects the whole records of a run; where it finds damage, it says so.
    fn survey(&self, kind: Kind, run: u64, end: u64, found: &mut Vec<Survivor>) -> Option<Damage> {
        let mut offset = run + BLOCK_HEAD;
        // Positions grow within a segment: where a damaged one is no guide, this is.
        let mut least = 0;
        while offset < end && self.file.map.word(offset).get() != 0 {
            let view = Records::of(self.file.view());
            let position = view.position(offset).unwrap_or(0);
            let whole = |head: &RecordHead| {
                (least..MAX_POSITION).contains(&position)
                    && view.is_whole(offset, *head)
                    && self.has_canonical_key(offset, *head)
            };
            let Some(head) = view.record_head(offset).filter(whole) else {
                // Where the next record was to go, without a position yet: it was never published, and what
                // has been stored elsewhere since the record before it stays.
                let torn = position < least && offset == self.header().tail.get();
                return Some(Damage {
                    offset,
                    position: if torn { MAX_POSITION } else { position.max(least) },
                    was_record: least > 0 && position >= least,
                });
            };
            let dead = self.file.map.word(offset).get() & DEAD != 0;
            let company = Company::parse((self.file.map.word(offset + RECORD_CRC).get() >> 32) as u32);
            found.push(Survivor { offset, head, position, dead, company });
            if kind == Kind::Large {
                break;
            }
            least = position + head.length;
            offset += head.length;
        }
        None
    }

    /// Whether a record's key is written as this code writes it: no search finds any other.
    fn has_canonical_key(&self, record: u64, head: RecordHead) -> bool {
        let name = self.view().read_key(record, head).map(|(name, _)| name);
        name.is_some_and(|name| Records::of(self.file.view()).is_record_of(record, &name.encoded()))
    }

    /// Makes the records at these offsets, and those behind them in their segments, as if they had
    /// never been: what will be written now has later positions, and must not be taken for something
    /// behind the damage when the file is next put right.
    fn cut_off(&self, unwanted: &[u64]) {
        for (n, &offset) in unwanted.iter().enumerate() {
            if n + 1 == unwanted.len() {
                // The last one shows where the log ends: the others are gone before it is. (Where
                // syncing fails, that order is the best that can be done.)
                let _ = self.file.sync();
            }
            self.file.map.word(offset).store(0, Ordering::Release);
        }
    }
}

/// Takes out the records of publications that did not all make it, and of which the header (which tells of `commit`)
/// knows nothing: they never returned. (Of one that it knows of records may have been superseded since, and cleaned.
/// Its successor is published after it, and the sync of that puts a header on the disk that knows of both.)
fn take_unfinished(found: &mut Vec<Survivor>, commit: u64) -> Vec<Survivor> {
    let follows = |pair: &[Survivor]| {
        pair[1].position == pair[0].position + pair[0].head.length
            && pair[1].company == Company { followers: pair[0].company.followers.wrapping_sub(1), follows: true }
    };
    let unknown = found.split_off(found.partition_point(|record| record.position < commit));
    let mut taken = Vec::new();
    // How many records of a whole publication are still to come.
    let mut whole = 0;
    let finished: Vec<bool> = (0..unknown.len())
        .map(|at| {
            if whole == 0 && !unknown[at].company.follows {
                let count = 1 + unknown[at].company.followers as usize;
                let together = unknown.get(at..at.saturating_add(count));
                whole = if together.is_some_and(|records| records.windows(2).all(follows)) { count } else { 0 };
            }
            let is_finished = whole > 0;
            whole = whole.saturating_sub(1);
            is_finished
        })
        .collect();
    for (record, is_finished) in unknown.into_iter().zip(finished) {
        if is_finished { found.push(record) } else { taken.push(record) }
    }
    taken
}

/// Where the last replacement of everything starts, if it was published and its last records did not make it.
fn incomplete_replacement(found: &[Survivor], commit: u64) -> Option<u64> {
    let at = found.iter().rposition(|record| record.head.op == Op::Clear)?;
    let mut end = found[at].position + found[at].head.length;
    let mut missing = found[at].company.followers;
    for record in &found[at + 1..] {
        if missing == 0 || record.position != end {
            // A gap with something behind it: records that were superseded since, and cleaned.
            return None;
        }
        end += record.head.length;
        missing -= 1;
    }
    (missing > 0 && found[at].position < commit).then(|| found[at].position)
}

impl Rebuild<'_> {
    /// Builds table, index and counters anew around the surviving records.
    fn start_over(&self, survivors: &[Survivor]) -> Result<(), Failure> {
        let header = self.header();
        let map = &self.file.map;
        let commit = survivors.last().map_or(0, |last| last.position + last.head.length).max(self.end());
        header.commit.set(commit);
        header.indexed.set(commit);
        for word in [&header.tail, &header.pending, &header.superseding, &header.clean_cursor, &header.durable] {
            word.set(0);
        }
        for word in header.replacing.iter().chain(&header.replacements).chain(&header.reserve) {
            word.set(0);
        }
        header.keys.set(0);
        header.next_number.set(0);
        header.index_epoch.add(1);

        let newest = self.newest(survivors);
        let mut live: HashMap<u64, u64> = HashMap::new();
        let mut generation = header.generation.get().min(MAX_GENERATION);
        for record in survivors {
            let block = block_of(record.offset);
            generation = generation.max(self.view().generation_of(block).unwrap_or(0));
            if newest.pieces.contains(&record.offset) {
                *live.entry(block).or_default() += record.head.length;
            } else {
                let word = map.word(record.offset);
                word.set(word.get() | DEAD);
            }
        }
        // Others may have been given that the disk knows nothing of, and what was written under them may be there: it
        // must not come to life again with their numbers.
        header.generation.set(generation.saturating_add(GENERATIONS_APART));

        // A removal, or a replacement by nothing, may be freed below: the marks that it has left have to be on the disk
        // by then, or power lost once more brings back what it removed.
        self.file.sync()?;
        self.allocate_data(&live)?;
        self.new_table()?;
        let table = block_of(Root::open(header.table.get()).offset);
        self.rebuild_table(|block, kind| match kind {
            Kind::System => (block == block_of(header.system.count())).then_some(0),
            Kind::Table => (block == table).then_some(0),
            Kind::Segment | Kind::Large => live.get(&block).copied(),
            _ => None,
        })?;

        let root = Root { offset: header.system.count() + directory_in_system_block(0), log2: 0 };
        let first = self.first_index_block()?;
        map.word(root.offset).set(first);
        header.directory.store(root.seal(self.file.identity.store_id), Ordering::Release);
        for record in survivors.iter().filter(|record| newest.named.contains(&record.offset)) {
            let Some((name, hash)) = self.view().read_key(record.offset, record.head) else { continue };
            self.make_room(hash)?;
            if let Search::Miss(Some(slot)) = self.search(hash, &name.encoded()) {
                self.numbers().count_name(name.encoded().bytes());
                self.insert(hash, slot, record.offset);
            }
        }
        Ok(())
    }

    /// Finds the records that make up each key's value, and links what was appended to what it was
    /// appended to.
    fn newest(&self, survivors: &[Survivor]) -> Newest {
        let start = survivors.iter().rposition(|record| record.head.op == Op::Clear).map_or(0, |at| at + 1);
        // The pieces of each key's value.
        let mut values: HashMap<Vec<u8>, Vec<Piece>> = HashMap::new();
        for record in &survivors[start..] {
            let Some((name, _)) = self.view().read_key(record.offset, record.head) else { continue };
            let pieces = values.entry(name.into_bytes()).or_default();
            match record.head.op {
                // Appended to what is there, not to something that is gone. It may also unite what
                // came after the piece that it follows.
                Op::Append if !record.dead => {
                    let Some(link) = self.view().append_head(record.offset) else { continue };
                    let Some(at) = pieces.iter().rposition(|piece| piece.position == link.before) else { continue };
                    self.file.map.word(record.offset + APPEND_BEFORE).set(pieces[at].offset);
                    pieces.truncate(at + 1);
                }
                // United with others, which says nothing of what they go on from.
                Op::Append => continue,
                _ => pieces.clear(),
            }
            // A dead record whose successor is gone: a removal, cleaned away since. (Where it
            // matters, a record is on the disk before the one it supersedes is marked.)
            if record.head.op.holds_value() && !record.dead {
                pieces.push(Piece { offset: record.offset, position: record.position });
            }
        }
        Newest {
            named: values.values().filter_map(|pieces| Some(pieces.last()?.offset)).collect(),
            pieces: values.values().flatten().map(|piece| piece.offset).collect(),
        }
    }

    /// Puts memory behind the runs that hold data: a copy may have come with holes.
    fn allocate_data(&self, live: &HashMap<u64, u64>) -> Result<(), Failure> {
        self.file.allocate(self.header().system.count(), BLOCK)?;
        for (&block, &bytes) in live {
            let large = self.run(block).is_some_and(|(kind, _)| kind == Kind::Large);
            let bytes = if large { (BLOCK_HEAD + bytes).next_multiple_of(PAGE) } else { BLOCK };
            self.file.allocate(block_offset(block), bytes)?;
        }
        Ok(())
    }

    /// An empty block table: in the system block, or, for a long file, at its end.
    fn new_table(&self) -> Result<(), Failure> {
        let header = self.header();
        let map = &self.file.map;
        let system = header.system.count();
        map.word(system).set(ext_word(Kind::System, BLOCK, 0, 0));
        map.word(system + GENERATION).set(1);
        map.zero(system + LEASES_AT, LEASE_SLOTS * LEASE_SLOT);
        let blocks = self.file.blocks();
        let root = if blocks <= 1 << FIRST_TABLE_LOG2 {
            map.zero(system + FIRST_TABLE_AT, 8 << FIRST_TABLE_LOG2);
            Root { offset: system + FIRST_TABLE_AT, log2: FIRST_TABLE_LOG2 }
        } else {
            let log2 = (blocks * 2).next_power_of_two().trailing_zeros();
            let bytes = 8u64 << log2;
            let run = (PAGE + bytes).div_ceil(BLOCK);
            self.file.extend(block_offset(blocks), run * BLOCK)?;
            map.zero(block_offset(blocks) + PAGE, bytes);
            map.word(block_offset(blocks)).set(ext_word(Kind::Table, run * BLOCK, 0, 0));
            header.blocks.set(blocks + run);
            Root { offset: block_offset(blocks) + PAGE, log2 }
        };
        header.table.store(root.seal(self.file.identity.store_id), Ordering::Release);
        Ok(())
    }
}

/// Gives an empty store (a header page alone) its system block, directory and table. What
/// says that it is done is the directory's root, stored last.
#[inline]
pub fn initialize(guard: &WriteGuard) -> Result<(), Failure> {
    if guard.header().directory.get() != 0 { Ok(()) } else { initialize_behind(guard, 0) }
}

/// As [`initialize`], leaving the first `filler` blocks of the file alone.
#[cold]
pub fn initialize_behind(guard: &WriteGuard, filler: u64) -> Result<(), Failure> {
    let header = guard.header();
    let system = block_offset(filler);
    guard.file.extend(system, BLOCK)?;
    guard.file.check_sound()?;
    guard.file.map.zero(system, BLOCK);
    header.system.set(system);
    Space::of(guard).set_filler(filler);
    header.blocks.set(filler + 1);
    let rebuild = Rebuild { log: Log::of(guard) };
    rebuild.new_table()?;
    rebuild.start_over(&[])?;
    guard.file.check_sound()
}
