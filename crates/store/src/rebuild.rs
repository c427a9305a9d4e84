//! Rebuilding a file from its records, after a boot or as a copy: any page may be old or torn. Every CRC is checked, and
//! index, table and counters are made anew.

use super::error::Failure;
use super::format::*;
use super::header::{HELD, Root};
use super::index::Search;
use super::lock::WriteGuard;
use super::log::append::Log;
use super::log::consume::{Consuming, Looking};
use super::log::record::Records;
use super::log::segments::first_record;
use super::machine::Boot;
use super::named::NamedLocks;
use super::reference::Ref;
use super::runs::Run;
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
    /// The runs that may hold records, in their order.
    runs: Vec<Run>,
    /// The first record of each segment that does not belong to it; last, where the log was cut.
    unwanted: Vec<Ref>,
    /// How many records were lost.
    dropped: usize,
    /// Whether there is anything from beyond the end that the header tells of: somebody went on to write.
    goes_beyond: bool,
}

/// How much a header says that its store holds.
struct Told {
    keys: u64,
    live: u64,
}

/// The records that make up the newest values.
struct Newest {
    /// The last of each: what its key's slot names.
    named: HashSet<Ref>,
    /// All of them.
    pieces: HashSet<Ref>,
}

/// A record that holds a part of a value.
struct Piece {
    record: Ref,
    position: u64,
}

/// Where a segment stops making sense.
struct Damage {
    record: Ref,
    /// The position of what was there, as far as one can tell.
    position: u64,
    /// Whether there was a record of this life of the segment for certain.
    was_record: bool,
}

/// A record that a check found whole.
struct Survivor {
    record: Ref,
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
        self.file.cut_behind(page_offset(header.pages.get()));
        let told = self.told();
        // From here on the header tells of nothing.
        header.set_boot(Boot::UNKNOWN);
        header.lock.set(0);
        header.hold.set(0);
        guard.clear_line();
        NamedLocks::forget_all(guard);
        let commit = header.commit.get() & !HELD;
        header.commit.set(commit);
        self.file.forget_leases();
        if header.directory.get() == 0 {
            header.indexed.set(commit);
        } else {
            let log = self.longest_valid_log()?;
            self.cut_off(&log.unwanted);
            self.start_over(&log.runs, &log.kept)?;
            let shortfall = told.filter(|_| !log.goes_beyond).and_then(|told| self.shortfall(&told));
            // Nobody has counted the memory behind free pages: a copy that was made byte by byte has some behind all of them.
            // (In a durable file the disk has to know first that they are free.)
            if !self.is_durable() || self.sync().is_ok() {
                self.reclaim_all();
            }
            // Nobody that lives is consuming anything. (Where there is no space for it now, it happens later.)
            if Consuming::of(guard).give_back_abandoned(Looking::All).is_err() {
                self.file.check_sound()?;
            }
            let dropped = log.dropped;
            self.file.warning.set(match shortfall {
                _ if dropped > 0 && self.file.is_durable() => {
                    Some(format!("{dropped} damaged record(s) were dropped, everything else is there."))
                }
                _ if dropped > 0 => Some(format!(
                    "it was not closed in order (power loss?): {dropped} damaged or incomplete record(s) at the end \
                     of its log were dropped, everything before them is there."
                )),
                Some(shortfall) => Some(format!("it is damaged (power loss, or a bad copy?): {shortfall}")),
                None => None,
            });
        }
        if missing > 0 {
            let durable = "After a power loss that is nothing that had returned. ";
            // The sentence that follows another one begins as one.
            let mut other = self.file.warning.take().unwrap_or_default();
            if let Some(first) = other.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            self.file.warning.set(Some(format!(
                "it ends before all that it tells of (a power loss, or an incomplete copy?): what its last {missing} \
                 page(s) held is not there. {}{other}",
                if self.file.is_durable() { durable } else { "" },
            )));
        }
        self.file.check_sound()
    }

    /// How much the header tells of, unless that was written in the middle of an operation, or when the file was being put right. (Of a durable
    /// file it counts nothing before the disk knows it.)
    fn told(&self) -> Option<Told> {
        let header = self.header();
        let commit = header.commit.get() & !HELD;
        let is_quiet = header.boot().is_known()
            && header.lock.get() as u32 == 0
            && header.indexed.get() == commit
            && [&header.superseding, &header.replacing[0]].iter().all(|word| word.get() == 0);
        is_quiet.then(|| Told { keys: header.keys.get(), live: header.live.get() + header.live_large.get() })
    }

    /// How the content that was found falls short of what was told: a damaged word may hide a record as if it had never been.
    fn shortfall(&self, told: &Told) -> Option<String> {
        let header = self.header();
        let keys = header.keys.get();
        if keys < told.keys {
            return Some(format!("{} of the {} names that it tells of are not there.", told.keys - keys, told.keys));
        }
        let live = header.live.get() + header.live_large.get();
        (live < told.live)
            .then(|| format!("{} of the {} bytes that it tells of are not there.", told.live - live, told.live))
    }

    /// Reads all records of the file and finds out how far the log is whole.
    fn longest_valid_log(&self) -> Result<ValidLog, Failure> {
        let view = Records::of(self.file.view());
        let commit = self.header().commit.get() & !HELD;
        let durable = self.file.is_durable();
        let (mut found, mut damage, mut runs) = (Vec::new(), Vec::new(), Vec::new());
        let pages = self.file.pages();
        let mut page = self.file.first_page();
        while page < pages {
            let mut run = self.file.run_or_gap(page, pages);
            let begun = view.generation_of(page).is_some_and(|number| number < MAX_GENERATION);
            if let Some(first) = first_record(run).filter(|_| begun) {
                let before = found.len();
                damage.extend(self.survey(first, &mut found));
                if durable && found.len() == before {
                    run.pages = 1;
                } else {
                    runs.push(run);
                }
            } else if durable {
                // Of a run that took a part of a free one, only what was behind it may have reached the disk: bytes of a
                // value that was there before. What these say is not to be believed, whether they come as a free run or as
                // any other. A whole record is: no value knows the seeds of its CRC.
                run.pages = 1;
            }
            page = self.next_page(run.end(), durable);
        }
        found.sort_unstable_by_key(|record| record.position);
        let goes_beyond = found.last().is_some_and(|last| last.position >= commit);
        // Damage beyond the end that the header tells of is a torn operation that never returned: nothing is lost.
        // Damage before that end cuts the log there, unless each operation was synced before the next one: then
        // every whole record is valid, and a torn one was under way, or is left of a run that was freed.
        let counts = |damage: &&Damage| damage.position < commit && (damage.was_record || !durable);
        let mut dropped = damage.iter().filter(counts).count();
        let cut = if durable { None } else { damage.iter().filter(counts).map(|damage| damage.position).min() };
        let batch = if durable { None } else { incomplete_replacement(&found, commit) };
        let cut = cut.into_iter().chain(batch).min().unwrap_or(u64::MAX);
        let mut behind = found.split_off(found.partition_point(|record| record.position < cut));
        if !durable && let Some(first) = incomplete_batch(&found, cut, self.header().pending.reference()) {
            behind.splice(..0, found.drain(first..));
        }
        dropped += behind.len();
        behind.extend(take_unfinished(&mut found, commit));

        // A walk through a run ends at the first record that is cut off.
        let mut unwanted: HashMap<u64, (u64, Ref)> = HashMap::new();
        let behind = behind.iter().map(|record| (record.record, record.position));
        for (record, position) in behind.chain(damage.iter().map(|damage| (damage.record, 0))) {
            let first = unwanted.entry(record.page()).or_insert((position, record));
            *first = (first.0.min(position), first.1.min(record));
        }
        let mut unwanted: Vec<_> = unwanted.into_values().collect();
        unwanted.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ValidLog {
            kept: found,
            runs,
            unwanted: unwanted.into_iter().map(|(_, record)| record).collect(),
            dropped,
            goes_beyond,
        })
    }

    /// The page itself, or, where the file has nothing there and is gone through page by page, the next one that has.
    fn next_page(&self, page: u64, one_by_one: bool) -> u64 {
        if one_by_one { page.max(page_of(self.file.next_data(page_offset(page)))) } else { page }
    }

    /// Collects the whole records of the run that begins with this one; where it finds damage, it says so.
    fn survey(&self, first: Ref, found: &mut Vec<Survivor>) -> Option<Damage> {
        let mut record = first;
        // Positions grow within a segment: where a damaged one is no guide, this is.
        let mut least = 0;
        let view = Records::of(self.file.view());
        while record.page() == first.page() && self.file.map.word(record.offset()).get() != 0 {
            let position = view.position(record).unwrap_or(0);
            let whole = |head: &RecordHead| {
                (least..MAX_POSITION).contains(&position)
                    && view.is_whole(record, *head)
                    && self.has_canonical_key(record, *head)
            };
            let Some(head) = view.record_head(record).filter(whole) else {
                // Where the next record was to go, without a position yet: it was never published, and what
                // has been stored elsewhere since the record before it stays.
                let torn = position < least && record.word() == self.header().tail.get();
                return Some(Damage {
                    record,
                    position: if torn { MAX_POSITION } else { position.max(least) },
                    was_record: least > 0 && position >= least,
                });
            };
            let first = self.file.map.word(record.offset()).get();
            let dead = first & DEAD != 0;
            let company = match first & MOVED {
                0 => Company::parse((self.file.map.word(record.offset() + RECORD_CRC).get() >> 32) as u32),
                _ => Company::NONE,
            };
            found.push(Survivor { record, head, position, dead, company });
            if record.is_large() {
                break;
            }
            least = position + head.length;
            record = record.plus(head.length);
        }
        None
    }

    /// Whether a record's key is written as this code writes it: no search finds any other.
    fn has_canonical_key(&self, record: Ref, head: RecordHead) -> bool {
        let name = self.view().read_key(record, head).map(|(name, _)| name);
        name.is_some_and(|name| Records::of(self.file.view()).is_record_of(record, &name.encoded()))
    }

    /// Makes these records, and those behind them in their segments, as if they had
    /// never been: what will be written now has later positions, and must not be taken for something
    /// behind the damage when the file is next put right.
    fn cut_off(&self, unwanted: &[Ref]) {
        for (n, record) in unwanted.iter().enumerate() {
            if n + 1 == unwanted.len() {
                // The last one shows where the log ends: the others are gone before it is. (Where
                // syncing fails, that order is the best that can be done.)
                let _ = self.file.sync();
            }
            self.file.map.word(record.offset()).store(0, Ordering::Release);
        }
    }
}

/// Takes out the records of publications that did not all make it, and of which the header (which tells of `commit`)
/// knows nothing: they never returned. (Of one that it knows of records may have been superseded since, and cleaned.
/// Its successor is published after it, and the sync of that puts a header on the disk that knows of both.)
fn take_unfinished(found: &mut Vec<Survivor>, commit: u64) -> Vec<Survivor> {
    let follows = |pair: &[Survivor]| follows(&pair[0], &pair[1]);
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

/// Whether a record comes right behind another one of the same publication.
fn follows(one: &Survivor, next: &Survivor) -> bool {
    next.position == one.position + one.head.length
        && next.company == Company { followers: one.company.followers.wrapping_sub(1), follows: true }
}

/// Which of the records is the first of the publication that they end with, if some of that are missing: because the log was cut in
/// the middle of it, or, as `pending` names one of its records, because they did not make it. (Else something came after it,
/// and what is missing was superseded, and cleaned.)
fn incomplete_batch(found: &[Survivor], cut: u64, pending: Ref) -> Option<usize> {
    let is_list = found.last()?.head.op == Op::Batch;
    let members = &found[..found.len() - usize::from(is_list)];
    let last = members.last()?;
    let mut first = members.len() - 1;
    let mut is_whole = last.company.followers == 0;
    while members[first].company.follows {
        let followers = members[first].company.followers;
        let before = first.checked_sub(1).filter(|&before| members[before].company.followers > followers);
        is_whole &= before.is_some_and(|before| follows(&members[before], &members[first]));
        match before {
            Some(before) => first = before,
            None => break,
        }
    }
    let is_cut = last.company.followers > 0 && last.position + last.head.length == cut;
    let is_last = found[first..].iter().any(|record| record.record == pending);
    (!is_whole && (is_cut || is_last)).then_some(first)
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
    /// Builds table, index and counters anew around the surviving records, which lie in some of these runs.
    fn start_over(&self, runs: &[Run], survivors: &[Survivor]) -> Result<(), Failure> {
        let header = self.header();
        let map = &self.file.map;
        let commit = survivors.last().map_or(0, |last| last.position + last.head.length).max(self.end());
        header.commit.set(commit);
        header.indexed.set(commit);
        for word in [&header.tail, &header.pending, &header.superseding, &header.clean_cursor, &header.durable] {
            word.set(0);
        }
        let reserve = [&header.more_leases, &header.lock_table, &header.reserve, &header.reserve_class];
        for word in header.replacing.iter().chain(&header.replacements).chain(reserve) {
            word.set(0);
        }
        header.keys.set(0);
        header.next_number.set(0);
        for word in [&header.expires, &header.expires_next, &header.expiry_cursor] {
            word.set(0);
        }
        header.index_epoch.add(1);

        let newest = self.newest(survivors);
        let mut live: HashMap<u64, u64> = HashMap::new();
        let mut generation = header.generation.get().min(MAX_GENERATION);
        for record in survivors {
            let page = record.record.page();
            generation = generation.max(self.view().generation_of(page).unwrap_or(0));
            if newest.pieces.contains(&record.record) {
                *live.entry(page).or_insert_with(|| {
                    map.word(page_offset(page) + SEGMENT_EXPIRES).set(0);
                    0
                }) += record.head.length;
                if let Some(Some(expiry)) = self.view().expiry(record.record, record.head) {
                    self.segments().note_expiry(record.record, 0, expiry);
                }
            } else {
                let word = map.word(record.record.offset());
                word.set(word.get() | DEAD);
            }
        }
        // Others may have been given that the disk knows nothing of, and what was written under them may be there: it
        // must not come to life again with their numbers.
        header.generation.set(generation.saturating_add(GENERATIONS_APART));

        // A removal, or a replacement by nothing, may be freed below: the marks that it has left have to be on the disk
        // by then, or power lost once more brings back what it removed.
        if !survivors.is_empty() {
            self.file.sync()?;
        }
        self.new_table()?;
        // Memory behind the runs that hold data: a copy may have come with holes.
        let used: Vec<Run> = runs.iter().copied().filter(|run| live.contains_key(&run.page)).collect();
        for run in &used {
            self.file.allocate(page_offset(run.page), run.pages * PAGE)?;
        }
        let table = page_of(Root::open(header.table.get()).offset);
        let last = self.run(table).filter(|run| run.kind == Kind::Table);
        self.rebuild_table(runs.iter().copied().chain(last), |run| match run.kind {
            Kind::Table => Some(0),
            _ => live.get(&run.page).copied(),
        })?;
        self.make_first_index()?;
        let are_items = |record: &&Survivor| newest.named.contains(&record.record) && self.is_of_item(record.record);
        header.consuming.set(survivors.iter().filter(are_items).count() as u64);
        header.orphans.set(u64::from(header.consuming.get() > 0));
        for record in survivors.iter().filter(|record| newest.named.contains(&record.record)) {
            let Some((name, hash)) = self.view().read_key(record.record, record.head) else { continue };
            self.make_room(hash)?;
            if let Search::Miss(Some(slot)) = self.search(hash, &name.encoded()) {
                self.numbers().count_name(name.encoded().bytes());
                self.insert(hash, slot, record.record);
            }
        }
        Ok(())
    }

    fn is_of_item(&self, record: Ref) -> bool {
        self.view().is_item(record) == Some(true)
    }

    /// Finds the records that make up each key's value, and links what was appended to what it was
    /// appended to.
    fn newest(&self, survivors: &[Survivor]) -> Newest {
        let start = survivors.iter().rposition(|record| record.head.op == Op::Clear).map_or(0, |at| at + 1);
        // The pieces of each key's value.
        let mut values: HashMap<Vec<u8>, Vec<Piece>> = HashMap::new();
        for record in &survivors[start..] {
            if record.head.op == Op::Batch {
                // Its members tell of themselves.
                continue;
            }
            let Some((name, _)) = self.view().read_key(record.record, record.head) else { continue };
            let pieces = values.entry(name.to_encoded()).or_default();
            match record.head.op {
                // Appended to what is there, not to something that is gone. It may also unite what
                // came after the piece that it follows.
                Op::Append if !record.dead => {
                    let Some(link) = self.view().append_head(record.record) else { continue };
                    let Some(at) = pieces.iter().rposition(|piece| piece.position == link.before) else { continue };
                    self.file.map.word(record.record.offset() + APPEND_BEFORE).set(pieces[at].record.word());
                    pieces.truncate(at + 1);
                }
                // United with others, which says nothing of what they go on from.
                Op::Append => continue,
                _ => pieces.clear(),
            }
            // A dead record whose successor is gone: a removal, cleaned away since. (Where it
            // matters, a record is on the disk before the one it supersedes is marked.)
            if record.head.op.holds_value() && !record.dead {
                pieces.push(Piece { record: record.record, position: record.position });
            }
        }
        Newest {
            named: values.values().filter_map(|pieces| Some(pieces.last()?.record)).collect(),
            pieces: values.values().flatten().map(|piece| piece.record).collect(),
        }
    }
}

/// Gives an empty store (a header page alone) its directory and table. What
/// says that it is done is the directory's root, stored last.
#[inline]
pub fn initialize(guard: &WriteGuard) -> Result<(), Failure> {
    if guard.header().directory.get() != 0 { Ok(()) } else { furnish(guard) }
}

#[cold]
fn furnish(guard: &WriteGuard) -> Result<(), Failure> {
    let rebuild = Rebuild { log: Log::of(guard) };
    guard.header().pages.set(1);
    Space::of(guard).set_filler(1);
    rebuild.start_over(&[], &[])?;
    guard.file.check_sound()
}

/// As [`initialize`], for a header in memory, leaving the first `filler` pages of the file alone.
pub fn furnish_behind(guard: &WriteGuard, filler: u64) -> Result<(), Failure> {
    let rebuild = Rebuild { log: Log::of(guard) };
    guard.header().pages.set(filler);
    Space::of(guard).set_filler(filler);
    rebuild.start_over(&[], &[])?;
    guard.file.check_sound()
}
