//! Reading, without a lock and without a system call.
//!
//! A reader loads `commit` first: what it then finds is at least as new. It follows the index to a
//! record, copies it, and looks afterwards whether what it went through was still there: the
//! segment's generation, the index's epoch, the mapping's poison. If not, it starts over.

use super::error::Failure;
use super::file::File;
use super::format::*;
use super::header::{HELD, Root};
use super::index::{Hit, Search};
use super::lock::WriteGuard;
use super::memory::{again, fence, spin_loop};
use super::torture::meanwhile;
use super::version::Version;
use super::view::View;
use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use sync_backend::{Entry, Found, PEEK, Places, Room, Snapshot, Unread};

/// How long a reader gives a writer that is between publishing and indexing, before it looks
/// through the unindexed records itself.
const SPINS: u32 = if cfg!(feature = "loom") { 1 } else { 200 };
/// How often a reader starts over before it asks for quiet. (Each time somebody must have written that very
/// key, or have made room, within a few instructions.)
const ATTEMPTS: u32 = 1_000;
/// As many bytes, copied in vain, count as an attempt.
const BYTES_PER_ATTEMPT: usize = 256 << 10;
/// How often where it looks at everything, which any write disturbs.
const ATTEMPTS_AT_ALL: u32 = 3;
/// How long a reader that cannot ask for quiet, as it may only read, starts over at once; how long it then
/// pauses, at first and at most, and for how many times as long as an attempt takes; after which time its
/// caller looks for signals.
const AT_ONCE: Duration = Duration::from_millis(1);
const FIRST_PAUSE: Duration = Duration::from_micros(250);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
const PAUSE_FACTOR: u32 = 3;
const BUSY_AFTER: Duration = Duration::from_millis(50);

/// The outcome of copying a value out.
#[derive(PartialEq, Eq)]
enum Copied {
    /// It is what was found; `seen` tells of it.
    Is(Found),
    /// It takes so many bytes, and there is no room for them; `seen` is as it was.
    NoRoom(u64),
}

/// What a search without a lock gave.
enum Lookup {
    Found(Candidate),
    Missing,
    /// Something moved underneath: start over.
    Again,
}

/// What a reader wants of a value.
#[derive(Debug, Clone, Copy)]
pub enum Want {
    /// All of it; of one of at least `limit` bytes, its first bytes.
    Value { limit: u64 },
    /// What is to be known of it to append something.
    Peek,
}

/// The pieces of a value, the newest first.
pub struct ValueParts {
    parts: Vec<Part>,
    /// Bytes of all of them.
    pub length: u64,
    /// The record that all others were appended to; 0 if only those after a known one are here.
    pub whole: u64,
}

impl ValueParts {
    /// The newest pieces, down to the first one at which to stop, and the record of that, if there is
    /// one. `stop` is asked for a record's length and how long the newer ones are, taken together.
    pub fn split_where(&self, stop: impl Fn(u64, u64) -> bool) -> (&[Part], Option<u64>) {
        let mut newer = 0;
        for (n, part) in self.parts.iter().enumerate() {
            if stop(part.size, newer) {
                return (&self.parts[..n], Some(part.record));
            }
            newer += part.size;
        }
        (&self.parts, None)
    }
}

/// A piece of a value, and what shows that it stands still.
pub struct Part {
    /// The record, and how long that is.
    record: u64,
    size: u64,
    /// What it says of the value.
    at: u64,
    pub length: u64,
    generation: u64,
}

/// The attempts of a reader to find everything standing still.
struct Attempts {
    /// Whether it may ask for quiet when they are over.
    writable: bool,
    most: u32,
    made: u32,
    /// When the first one had failed, and when the last one began.
    since: Option<Instant>,
    last: Option<Instant>,
    pause: Duration,
}

impl Attempts {
    fn new(most: u32, writable: bool) -> Self {
        Self { writable, most, made: 0, since: None, last: None, pause: FIRST_PAUSE }
    }

    /// Whether to make one (more). A reader that cannot ask for quiet needs luck, and pauses longer and
    /// longer meanwhile: more attempts would take time from those who write.
    #[inline]
    fn go_on(&mut self) -> bool {
        self.made += 1;
        if self.made > 1 {
            again();
        }
        self.made == 1 || if self.writable { self.made <= self.most } else { self.go_on_reading() }
    }

    /// Counts what an attempt copied in vain: an attempt that takes milliseconds is not made a thousand times.
    fn have_copied(&mut self, bytes: usize) {
        self.made += u32::try_from(bytes / BYTES_PER_ATTEMPT).unwrap_or(self.most);
    }

    #[cold]
    fn go_on_reading(&mut self) -> bool {
        let now = Instant::now();
        let elapsed = now - *self.since.get_or_insert(now);
        let attempt = now - self.last.replace(now).unwrap_or(now);
        if elapsed < AT_ONCE {
            return true;
        }
        // Before its caller looks for signals, too: that one tries again at once.
        pause(self.pause.max(PAUSE_FACTOR * attempt).min(LONGEST_PAUSE));
        self.pause = 2 * self.pause;
        self.last = Some(Instant::now());
        elapsed < BUSY_AFTER
    }
}

/// What lets a reader conclude something from an attempt that has failed.
enum Stillness<'f> {
    /// It owned the write lock.
    Owned(#[expect(dead_code, reason = "held, not looked at")] WriteGuard<'f>),
    /// As it may only read, it has seen that nobody did. `None`: somebody did.
    Watched(Option<Rest<'f>>),
}

/// The lock had no living owner, as this word of it says. Meanwhile the file's views take it that nothing is freed: the
/// block table, which tells otherwise, may be half made by an owner that died while it made it anew. A result found so is
/// good only if the word has not moved ([`File::stood_still`]).
struct Rest<'f> {
    file: &'f File,
    word: u64,
}

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.file.resting.set(false);
    }
}

/// Sleeps, until a signal comes at the latest.
fn pause(time: Duration) {
    let time = libc::timespec { tv_sec: time.as_secs() as libc::time_t, tv_nsec: time.subsec_nanos() as libc::c_long };
    // SAFETY: a valid time; nobody wants to know the rest.
    unsafe { libc::nanosleep(&time, std::ptr::null_mut()) };
}

/// A record that is the key's, as long as its segment's generation does not move.
struct Candidate {
    hit: Hit,
    head: RecordHead,
    generation: u64,
}

/// The outcome of comparing the key of a record.
enum Compared {
    Same(Candidate),
    Another,
    /// The segment was freed, and perhaps used again, while it was looked at: whatever the bytes said, the key may
    /// be somewhere else.
    Moved,
}

impl File {
    /// Looks a key up for `object`; see [`super::Store::get_short`] and [`super::Store::peek`].
    #[inline]
    pub fn get(
        &self,
        object: u64,
        key: &[u8],
        want: Want,
        seen: &mut Version,
        out: &mut impl Room<u8>,
    ) -> Result<Found, Failure> {
        match self.attempt(object, key, want, seen, out)? {
            Some(found) => Ok(found),
            None => self.get_in_the_end(object, key, want, seen, out),
        }
    }

    /// As [`File::get`], where the first attempt has failed.
    #[cold]
    fn get_in_the_end(
        &self,
        object: u64,
        key: &[u8],
        want: Want,
        seen: &mut Version,
        out: &mut impl Room<u8>,
    ) -> Result<Found, Failure> {
        let mut attempts = Attempts::new(ATTEMPTS, self.writable);
        // The one that has failed.
        let _ = attempts.go_on();
        loop {
            attempts.have_copied(out.items().len());
            let stillness = if attempts.go_on() { None } else { Some(self.stillness(object)?) };
            let known = seen.record;
            let found = self.attempt(object, key, want, seen, out)?;
            match (found, stillness) {
                (Some(found), None) => return Ok(found),
                (Some(found), Some(stillness)) if self.stood_still(&stillness) => return Ok(found),
                (Some(_), Some(_)) => {
                    seen.record = known;
                    return Err(Failure::Busy);
                }
                (None, None) => {}
                (None, Some(stillness)) => {
                    return Err(self.failed_in(stillness, "what it says of a key makes no sense"));
                }
            }
        }
    }

    /// One attempt to look a key up. `None`: something moved meanwhile, or makes no sense.
    fn attempt(
        &self,
        object: u64,
        key: &[u8],
        want: Want,
        seen: &mut Version,
        out: &mut impl Room<u8>,
    ) -> Result<Option<Found>, Failure> {
        let header = self.map.header();
        // Its version is without the mark of a hold: whoever reads under a hold looks every time.
        let looking = self.begin_looking(object)?;
        if seen.life != self.life() {
            *seen = Version::default();
            self.check_ours()?;
            // A name that is too long for any record has none.
            if header.directory.load(Ordering::Acquire) == 0 || key.len() as u64 > MAX_NAME {
                return Ok(Some(Found::Missing));
            }
            *seen = Version { life: self.life(), hash: hash(self.identity.hash_seed, key), ..Version::default() };
        } else if seen.record != 0 && self.is_unchanged(seen, looking.commit) {
            // Nobody held the store when the log's end was loaded, and the slot named this record then.
            if self.map.is_poisoned() || header.incarnation.load(Ordering::Relaxed) != self.incarnation() {
                return Err(Failure::Stale);
            }
            seen.version = looking.commit;
            return Ok(Some(Found::Unchanged));
        }
        let epoch = header.index_epoch.load(Ordering::Acquire);
        let Some(encoded) = EncodedKey::new(key) else { return Ok(Some(Found::Missing)) };
        let view = self.view_since(looking.commit);
        // The caller's knowledge stays as it is until it is certain that it gets something else.
        let known = seen.record;
        let found = match view.look_up(seen.hash, &encoded, looking.commit) {
            Lookup::Found(candidate) => view.copy_out(&encoded, &candidate, want, seen, out),
            Lookup::Missing => Some(Copied::Is(Found::Missing)),
            Lookup::Again => None,
        };
        let undisturbed = self.has_seen_no_section(looking) && header.index_epoch.load(Ordering::Relaxed) == epoch;
        let ours = self.check_ours();
        let (Some(found), true, Ok(())) = (found, undisturbed, &ours) else {
            seen.record = known;
            return ours.map(|()| None);
        };
        let found = match found {
            Copied::Is(found) => found,
            Copied::NoRoom(length) => return Err(Failure::NoRoom(length)),
        };
        if found == Found::Missing {
            seen.record = 0;
        }
        seen.epoch = epoch;
        seen.version = looking.commit;
        Ok(Some(found))
    }

    /// Looks at all of the file, for `object`, until it has stood still meanwhile: `look` gives `None` where
    /// it has not.
    pub fn look_at_all<T>(&self, object: u64, mut look: impl FnMut() -> Option<T>) -> Result<T, Failure> {
        let mut attempts = Attempts::new(ATTEMPTS_AT_ALL, self.writable);
        while attempts.go_on() {
            let looking = self.begin_looking(object)?;
            self.check_ours()?;
            let seen = look().filter(|_| self.has_seen_no_section(looking));
            self.check_ours()?;
            if let Some(seen) = seen {
                return Ok(seen);
            }
        }
        let stillness = self.stillness(object)?;
        let looking = self.begin_looking(object)?;
        let seen = look().filter(|_| self.has_seen_no_section(looking));
        self.check_ours()?;
        match seen {
            Some(seen) if self.stood_still(&stillness) => Ok(seen),
            _ => Err(self.failed_in(stillness, "its index and its log do not agree")),
        }
    }

    /// Sees to it that nothing moves, or at least that a movement is noticed.
    #[cold]
    fn stillness(&self, object: u64) -> Result<Stillness<'_>, Failure> {
        if self.writable {
            return Ok(Stillness::Owned(self.quiet(object)?));
        }
        Ok(Stillness::Watched(self.at_rest().map(|word| {
            self.resting.set(true);
            Rest { file: self, word }
        })))
    }

    /// Why an attempt failed: only where nothing can have moved meanwhile is the file to blame.
    #[cold]
    fn failed_in(&self, stillness: Stillness, why: &str) -> Failure {
        if self.stood_still(&stillness) { Failure::Damaged(why.into()) } else { Failure::Busy }
    }

    /// Whether nothing can have moved.
    fn stood_still(&self, stillness: &Stillness) -> bool {
        match stillness {
            Stillness::Owned(_) => true,
            Stillness::Watched(rest) => {
                fence(Ordering::Acquire);
                rest.as_ref().is_some_and(|rest| self.at_rest() == Some(rest.word))
            }
        }
    }

    /// Keeps writers away, as a writer that writes nothing; what the last one left undone is then done.
    /// Refuses where another holds the store, who may be between two writes of one section.
    #[cold]
    fn quiet(&self, object: u64) -> Result<WriteGuard<'_>, Failure> {
        let owner = self.lock()?;
        owner.check_hold_on_readers(object)?;
        Ok(owner)
    }

    /// Whether the value that `seen` tells of is still the newest, or was when `commit` was the log's end.
    #[inline]
    fn is_unchanged(&self, seen: &Version, commit: u64) -> bool {
        // Only if the log ends where it did is it certain that nothing was freed, and that the position was one.
        self.is_same_record(seen, commit) && self.map.header().commit.load(Ordering::Relaxed) & !HELD == commit
    }

    /// Whether the slot still names the very record that `seen` tells of. Positions are never used
    /// twice, so there is no other record with this position at this offset.
    #[inline]
    fn is_same_record(&self, seen: &Version, commit: u64) -> bool {
        let (header, view) = (self.map.header(), self.view());
        header.indexed.load(Ordering::Acquire) >= commit
            && view.word(seen.slot + 8).is_some_and(|slot| slot.load(Ordering::Acquire) == seen.offset)
            && {
                meanwhile("looking at a position");
                true
            }
            && view.position(seen.offset) == Some(seen.record)
            && header.index_epoch.load(Ordering::Acquire) == seen.epoch
    }

    /// What a writer may take from `seen`: the slot that names the record, if it still does.
    #[inline]
    pub fn hint(&self, seen: &Version) -> Option<Hit> {
        let good = seen.life == self.life() && seen.record != 0 && self.is_same_record(seen, 0);
        good.then_some(Hit { slot: seen.slot, record: seen.offset })
    }

    /// Copies a part of a value that was left where it is, to fill `target`; false if it is gone. (Nobody
    /// looks whether the key has a newer one: this was the newest when it was found.)
    pub fn read_unread(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> bool {
        let [life, ..] = value.place;
        let is_known = life == self.life();
        is_known && self.view().copy_unread(value, from, target).is_some() && self.check_ours().is_ok()
    }

    /// How many keys there are. Waits for nobody: where a writer has stopped or died before it has
    /// counted what it published, the index and that are gone through instead.
    pub fn count(&self) -> u64 {
        let header = self.map.header();
        for _ in 0..3 {
            let commit = header.commit.load(Ordering::Acquire) & !HELD;
            for _ in 0..SPINS {
                if header.indexed.load(Ordering::Acquire) >= commit {
                    return header.keys.load(Ordering::Acquire);
                }
                spin_loop();
            }
            let mut keys = 0;
            let mut count = |_| {
                keys += 1;
                true
            };
            if self.view().visit_all(&mut count).is_some() {
                return keys;
            }
        }
        // Somebody is writing all the time, and counting.
        header.keys.load(Ordering::Acquire)
    }

    /// Copies everything, as it was at one moment, as far as there is room. `None`: it changed meanwhile.
    pub fn copy_all<B: Room<u8>, E: Room<Entry>>(&self, snapshot: &mut Snapshot<B, E>) -> Option<()> {
        snapshot.clear();
        let view = self.view();
        view.visit_all(&mut |record| view.copy_entry(record, snapshot).is_some())?;
        snapshot.sort();
        Some(())
    }
}

impl View<'_> {
    #[inline]
    fn look_up(&self, hash: u64, key: &EncodedKey, commit: u64) -> Lookup {
        let header = self.header();
        let mut root = Root::open(header.directory.load(Ordering::Acquire));
        if !self.was_indexed() {
            match self.look_among_pending(key, commit) {
                Pending::Indexed | Pending::NotThere => {}
                Pending::Replaced(new) => root = new,
                Pending::Last(lookup) => return lookup,
            }
        }
        meanwhile("following the directory");
        let Some(block) = self.index_block(hash, root) else { return Lookup::Again };
        let mut compared = Compared::Another;
        meanwhile("searching a block of the index");
        let search = self.search_block(block, hash, |hit| {
            compared = self.compare(hit, key);
            // One that moved while it was looked at ends the search, too.
            !matches!(compared, Compared::Another)
        });
        match (search, compared) {
            (Some(Search::Miss(_)), _) => Lookup::Missing,
            (Some(Search::Hit(_)), Compared::Same(candidate)) => Lookup::Found(candidate),
            (Some(Search::Hit(_)), _) | (None, _) => Lookup::Again,
        }
    }

    /// Compares the key of the record that a slot names.
    #[inline]
    fn compare(&self, hit: Hit, key: &EncodedKey) -> Compared {
        let Some(generation) = self.generation(hit.record).map(|word| word.load(Ordering::Acquire)) else {
            return Compared::Moved;
        };
        // Only now is it certain that the record belongs to this generation: the slot still names
        // it, and it is taken out of the slot before its segment is freed.
        let named = self.word(hit.slot + 8).map(|slot| slot.load(Ordering::Acquire));
        if generation == 0 || named != Some(hit.record) {
            return Compared::Moved;
        }
        if let Some(head) = self.head_of(hit.record, key) {
            return Compared::Same(Candidate { hit, head, generation });
        }
        fence(Ordering::Acquire);
        if self.has_stood(hit.record, generation) { Compared::Another } else { Compared::Moved }
    }

    /// The index does not know all that is committed: its writer is about to tell it, or has died.
    #[cold]
    fn look_among_pending(&self, key: &EncodedKey, commit: u64) -> Pending {
        let header = self.header();
        for _ in 0..SPINS {
            if header.indexed.load(Ordering::Acquire) >= commit {
                return Pending::Indexed;
            }
            spin_loop();
        }
        let indexed = header.indexed.load(Ordering::Acquire);
        let mut position = indexed;
        let mut record = header.pending.load(Ordering::Acquire);
        let mut last = Pending::NotThere;
        // With no record the log's end has moved on alone.
        while record != 0 && position < commit {
            let head = self.record_head(record).filter(|_| self.position(record) == Some(position));
            let (Some(head), Some(generation)) = (head, self.generation(record)) else {
                return Pending::Last(Lookup::Again);
            };
            match head.op {
                Op::Clear => {
                    return match self.prepared_root(record, head) {
                        Some(root) => Pending::Replaced(root),
                        None => Pending::Last(Lookup::Again),
                    };
                }
                _ if !self.is_record_of(record, key) => {}
                Op::Set | Op::Append | Op::United => {
                    let generation = generation.load(Ordering::Acquire);
                    last = Pending::Last(Lookup::Found(Candidate { hit: Hit { slot: 0, record }, head, generation }));
                }
                Op::Remove => last = Pending::Last(Lookup::Missing),
            }
            position += head.length;
            record += head.length;
        }
        // Records that the index does not know are not freed: what was read was theirs.
        fence(Ordering::Acquire);
        if header.indexed.load(Ordering::Relaxed) == indexed { last } else { Pending::Last(Lookup::Again) }
    }

    /// The pieces of the value that ends with the record at `last`, back to the record at position
    /// `known`, if it is one of them. `None`: something moved meanwhile, or makes no sense.
    ///
    /// What was appended to is freed no earlier than what was appended, and each append tells the
    /// position, which is never used twice, of the record before it: a record with that position
    /// whose segment's generation stands still is the right one.
    pub fn parts_of_value(&self, last: u64, known: Option<u64>) -> Option<ValueParts> {
        let mut parts = Vec::new();
        let (mut record, mut expected, mut total, mut sizes) = (last, None, 0, 0);
        while parts.len() <= MAX_APPENDS {
            let generation = self.generation(record)?.load(Ordering::Acquire);
            let head = self.record_head(record)?;
            let position = self.position(record)?;
            if generation == 0 || expected.is_some_and(|expected| expected != position) {
                return None;
            }
            if known == Some(position) && !parts.is_empty() {
                return Some(ValueParts { parts, length: total, whole: 0 });
            }
            let (_, _, at, length) = self.parts(record, head)?;
            match head.op {
                Op::Set | Op::United => {
                    parts.push(Part { record, size: head.length, at, length, generation });
                    total += length;
                    return Some(ValueParts { parts, length: total, whole: record });
                }
                Op::Append => {
                    let link = AppendHead::parse(self.read(at - APPEND_HEAD)?);
                    parts.push(Part { record, size: head.length, at, length, generation });
                    total += length;
                    sizes += head.length;
                    if sizes > self.end() {
                        // More than the file holds: the pieces lead in circles.
                        return None;
                    }
                    expected = Some(link.before);
                    record = self.word(record + APPEND_BEFORE)?.load(Ordering::Acquire);
                    meanwhile("collecting pieces");
                }
                _ => return None,
            }
        }
        None
    }

    /// Appends a value's pieces to `out`, which has room for them, the oldest first. `None`: they are not
    /// there any more.
    pub fn copy_value(&self, value: &ValueParts, out: &mut impl Room<u8>) -> Option<()> {
        self.copy_parts(&value.parts, out)
    }

    /// As [`File::copy_value`], for some of a value's pieces.
    pub fn copy_parts(&self, parts: &[Part], out: &mut impl Room<u8>) -> Option<()> {
        meanwhile("copying pieces");
        for part in parts.iter().rev() {
            self.copy(part.at, part.length, out)?;
        }
        self.have_stood(parts)
    }

    /// Fills `target` with what a value's pieces say, from byte `from` on.
    fn copy_from_parts(&self, parts: &[Part], from: u64, target: &mut [MaybeUninit<u8>]) -> Option<()> {
        let (mut skip, mut left) = (from, target.len() as u64);
        let mut out = Places::new(target);
        for part in parts.iter().rev() {
            let start = skip.min(part.length);
            let length = left.min(part.length - start);
            self.copy(part.at + start, length, &mut out)?;
            skip -= start;
            left -= length;
        }
        self.have_stood(parts)?;
        (left == 0).then_some(())
    }

    /// `None`: pieces are not, or no longer, those of the value. Else what was concluded from them holds.
    fn have_stood(&self, parts: &[Part]) -> Option<()> {
        fence(Ordering::Acquire);
        parts.iter().all(|part| self.has_stood(part.record, part.generation)).then_some(())
    }

    /// Whether the run that a record lies in is still in the life with this generation; after a fence.
    #[inline]
    fn has_stood(&self, record: u64, generation: u64) -> bool {
        let stands = self.generation(record).is_some_and(|word| word.load(Ordering::Acquire) == generation);
        stands && (self.is_nothing_freed() || self.is_alive(record, generation) == Some(true))
    }

    /// Copies out a value in several pieces; only those that are new, where some are known.
    #[cold]
    fn copy_pieces(&self, candidate: &Candidate, seen: &mut Version, out: &mut impl Room<u8>) -> Option<Copied> {
        let Candidate { hit, generation, .. } = *candidate;
        let position = self.position(hit.record)?;
        let known = (seen.record != 0).then_some(seen.record);
        let found = if known == Some(position) {
            fence(Ordering::Acquire);
            self.has_stood(hit.record, generation).then_some(Found::Unchanged)?
        } else {
            let value = self.parts_of_value(hit.record, known)?;
            if value.parts.first()?.generation != generation {
                return None;
            }
            out.clear();
            if !out.has_room(value.length) {
                self.have_stood(&value.parts)?;
                return Some(Copied::NoRoom(value.length));
            }
            self.copy_value(&value, out)?;
            if value.whole == 0 { Found::Appended } else { Found::Value }
        };
        seen.record = position;
        seen.slot = hit.slot;
        seen.offset = hit.record;
        Some(Copied::Is(found))
    }

    /// Copies a value out. `None`: it was not there any more.
    #[inline]
    fn copy_out(
        &self,
        key: &EncodedKey,
        candidate: &Candidate,
        want: Want,
        seen: &mut Version,
        out: &mut impl Room<u8>,
    ) -> Option<Copied> {
        let limit = match want {
            Want::Value { limit } => limit,
            Want::Peek => return self.copy_peek(key, candidate, seen, out),
        };
        let Candidate { hit, head, generation } = *candidate;
        if head.op == Op::Append {
            return self.copy_pieces(candidate, seen, out);
        }
        let position = self.position(hit.record)?;
        let (value, length) = self.value_behind(key, hit.record, head)?;
        let unchanged = seen.record == position;
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
        seen.record = position;
        seen.slot = hit.slot;
        seen.offset = hit.record;
        Some(Copied::Is(match unchanged {
            true => Found::Unchanged,
            false if length < limit => Found::Value,
            false => {
                let place = [self.file.life(), hit.record, position, generation];
                Found::Long(Box::new(Unread { length, place }))
            }
        }))
    }

    /// Copies the facts of a value that an append to it needs: the note of its last append (`Appended`), else
    /// its first bytes (`Value`).
    #[cold]
    fn copy_peek(
        &self,
        key: &EncodedKey,
        candidate: &Candidate,
        seen: &mut Version,
        out: &mut impl Room<u8>,
    ) -> Option<Copied> {
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
            let (value, length) = self.value_behind(key, hit.record, head)?;
            self.copy(value, length.min(PEEK as u64), out)?;
            Found::Value
        };
        fence(Ordering::Acquire);
        self.has_stood(hit.record, generation).then_some(())?;
        (seen.record, seen.slot, seen.offset) = (position, hit.slot, hit.record);
        Some(Copied::Is(found))
    }

    /// See [`File::read_unread`].
    fn copy_unread(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> Option<()> {
        let [_, record, position, generation] = value.place;
        // The generation tells that this is the start of a run, and the one that it was; only then what lies
        // in it is a record.
        (self.generation(record)?.load(Ordering::Acquire) == generation).then_some(())?;
        (self.position(record)? == position).then_some(())?;
        let head = self.record_head(record)?;
        meanwhile("copying a long value");
        if head.op == Op::Append {
            let parts = self.parts_of_value(record, None).filter(|parts| parts.length == value.length)?;
            self.copy_from_parts(&parts.parts, from, target)?;
        } else {
            let (_, _, at, length) = self.parts(record, head)?;
            (from <= length && target.len() as u64 <= length - from).then_some(())?;
            self.copy(at + from, target.len() as u64, &mut Places::new(target))?;
        }
        fence(Ordering::Acquire);
        self.has_stood(record, generation).then_some(())
    }

    /// Visits the newest record of each key, as they were at one moment. `None`: they changed meanwhile,
    /// or one of them was not what the visitor expected.
    fn visit_all(&self, visit: &mut dyn FnMut(u64) -> bool) -> Option<()> {
        let header = self.header();
        meanwhile("beginning to visit all");
        let commit = header.commit.load(Ordering::Acquire);
        let epoch = header.index_epoch.load(Ordering::Acquire);
        let indexed = header.indexed.load(Ordering::Acquire);
        let mut root = Root::open(header.directory.load(Ordering::Acquire));
        // What the index does not know yet: its writer is about to tell it, or has died.
        let mut pending = HashMap::new();
        if indexed != commit & !HELD
            && let Some(replaced) = self.collect_pending(indexed, commit & !HELD, &mut pending)?
        {
            root = replaced;
        }
        let mut whole = true;
        let mut visit = |record| {
            let whole = visit(record);
            meanwhile("visiting all");
            whole
        };
        self.for_each_slot_of(root, |_, _, record| {
            if pending.is_empty() || self.key_of(record).is_none_or(|key| !pending.contains_key(&key)) {
                whole = whole && visit(record);
            }
        })?;
        for record in pending.into_values().flatten() {
            whole = whole && visit(record);
        }
        fence(Ordering::Acquire);
        let quiet = header.commit.load(Ordering::Relaxed) & !HELD == commit & !HELD
            && header.indexed.load(Ordering::Relaxed) == indexed
            && header.index_epoch.load(Ordering::Relaxed) == epoch
            && self.file.check_sound().is_ok();
        (whole && quiet).then_some(())
    }

    /// The records between two positions: each key's newest, `None` where that removes it. Returns
    /// the root of the index that holds for the rest, if they replace everything; `None` if they
    /// cannot be read.
    fn collect_pending(
        &self,
        mut position: u64,
        end: u64,
        keys: &mut HashMap<Vec<u8>, Option<u64>>,
    ) -> Option<Option<Root>> {
        let mut record = self.header().pending.load(Ordering::Acquire);
        while record != 0 && position < end {
            let head = self.record_head(record).filter(|_| self.position(record) == Some(position))?;
            if head.op == Op::Clear {
                return self.prepared_root(record, head).map(Some);
            }
            keys.insert(self.key_of(record)?, head.op.holds_value().then_some(record));
            position += head.length;
            record += head.length;
        }
        Some(None)
    }

    fn key_of(&self, record: u64) -> Option<Vec<u8>> {
        let (key, length, ..) = self.parts(record, self.record_head(record)?)?;
        let mut name: Vec<u8> = Vec::new();
        self.copy(key, length, &mut name)?;
        Some(name)
    }

    fn copy_entry<B: Room<u8>, E: Room<Entry>>(&self, record: u64, snapshot: &mut Snapshot<B, E>) -> Option<()> {
        let head = self.record_head(record)?;
        let (key, key_length, value, length) = self.parts(record, head)?;
        let pieces = if head.op == Op::Append { Some(self.parts_of_value(record, None)?) } else { None };
        let (whole, length) = pieces.as_ref().map_or((record, length), |value| (value.whole, value.length));
        let order = self.word(whole + RECORD_PLACE)?.get();
        if snapshot.count(key_length + length) > self.end() {
            // More than the file holds: its index names something time and again.
            return None;
        }
        let copy_key = |bytes: &mut B| self.copy(key, key_length, bytes);
        if length >= snapshot.limit() {
            let generation = self.generation(record)?.load(Ordering::Acquire);
            let place = [self.file.life(), record, self.position(record)?, generation];
            return snapshot.add_left(order, (key_length, copy_key), Unread { length, place });
        }
        let copy_value = |bytes: &mut B| match &pieces {
            Some(value) => self.copy_value(value, bytes),
            None => self.copy(value, length, bytes),
        };
        snapshot.add(order, (key_length, copy_key), (length, copy_value))
    }
}

enum Pending {
    /// By now the index knows.
    Indexed,
    /// None of the unindexed records is about this key.
    NotThere,
    /// Everything was replaced: this is the index to use.
    Replaced(Root),
    /// The newest record about this key was among them.
    Last(Lookup),
}

#[cfg(test)]
mod model;

#[cfg(test)]
mod tests {
    use super::*;

    /// Time that this thread has had a processor.
    fn worked() -> Duration {
        // SAFETY: a valid clock and a valid place for the answer.
        unsafe {
            let mut time: libc::timespec = std::mem::zeroed();
            libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time);
            Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
        }
    }

    #[test]
    fn a_reader_that_cannot_ask_for_quiet_pauses_between_its_attempts() {
        for attempt in [0, 300, 2_000, 40_000].map(Duration::from_micros) {
            let (start, before, mut calls) = (Instant::now(), worked(), 0);
            while start.elapsed() < Duration::from_millis(1500) {
                let mut attempts = Attempts::new(3, false);
                while attempts.go_on() {
                    let from = worked();
                    while worked() - from < attempt {}
                }
                calls += 1;
            }
            let (elapsed, worked) = (start.elapsed(), worked() - before);
            assert!(2 * worked < elapsed, "{attempt:?}: at work for {worked:?} of {elapsed:?}");
            // So that its caller can look for signals. (Each takes some 50 ms, or two long attempts.)
            assert!(calls > 1, "{attempt:?}: {calls} calls in {elapsed:?}");
        }
    }

    #[test]
    fn a_reader_that_can_ask_for_quiet_does_not_pause() {
        let mut attempts = Attempts::new(3, true);
        assert_eq!(std::iter::from_fn(|| attempts.go_on().then_some(())).count(), 3);
    }
}
