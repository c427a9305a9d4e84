//! The names that one store has seen: up to which end of the log it knows each that it has read or written.
//!
//! The notes tell whether a name has changed since. They are kept for as many names as there is room for: of one whose note had to
//! go, a change is assumed rather than missed.

use super::format::hash;
use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use sync_backend::{Expiry, Now};

/// Which file notes are about, in which of its incarnations. The default: none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Which {
    pub store_id: u64,
    pub incarnation: u64,
    /// The seed of its hashes.
    pub hash_seed: u64,
}

/// When a name was seen, and whether there was a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The log's end, then.
    pub end: u64,
    pub there: bool,
}

/// The state of knowledge about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It was seen in the file that is open.
    Here(Seen),
    /// So it was, or may have been, when the log ended there or later; whether there was a value is not known.
    Since(u64),
    /// It was seen, or may have been, in another file; whether there was a value, where that is known.
    Before(Option<bool>),
    /// It was neither read nor written.
    No,
}

/// Four notes: each a name's hash, and the log's end times two, with a bit for "there was a value". The one that was used
/// last comes first. (Atomics only as there is one that no thread owns: to the processor they are plain words.)
struct Line([AtomicU64; 8]);

impl Line {
    const fn empty() -> Self {
        Self([const { AtomicU64::new(0) }; 8])
    }

    fn get(&self, at: usize) -> u64 {
        self.0[at].load(Ordering::Relaxed)
    }

    fn set(&self, at: usize, value: u64) {
        self.0[at].store(value, Ordering::Relaxed);
    }
}

/// The line of notes that are not there yet. Nothing is written to it but for a name whose hash is 0, of which nothing is known then.
static NOWHERE: Line = Line::empty();

const FIRST_LINES: usize = 1;
const MOST_LINES: usize = 1 << 10;

/// A table of notes.
struct Table {
    lines: Cell<*const Line>,
    /// The number of lines less one; lines are a power of two.
    mask: Cell<usize>,
    /// The earliest end of those whose notes had to go; `u64::MAX`: none had to.
    forgotten: Cell<u64>,
}

// The lines are the table's own, but for `NOWHERE`.
impl Drop for Table {
    fn drop(&mut self) {
        if !ptr::eq(self.lines.get(), &raw const NOWHERE) {
            let lines = ptr::slice_from_raw_parts_mut(self.lines.get().cast_mut(), self.mask.get() + 1);
            // SAFETY: from `Box::into_raw` in `grow`, of as many lines; nothing refers to them any more.
            drop(unsafe { Box::from_raw(lines) });
        }
    }
}

impl Table {
    fn new() -> Self {
        Self { lines: Cell::new(&raw const NOWHERE), mask: Cell::new(0), forgotten: Cell::new(u64::MAX) }
    }

    /// The line that a hash belongs to.
    #[inline(always)]
    fn line(&self, hash: u64) -> &Line {
        // SAFETY: `lines` points to `mask + 1` lines, which live as long as the table or until it grows, which nobody does who
        // has one.
        unsafe { &*self.lines.get().add(hash as usize & self.mask.get()) }
    }

    #[inline(always)]
    fn note(&self, hash: u64, seen: u64) {
        let line = self.line(hash);
        if line.get(0) == hash {
            line.set(1, seen);
        } else {
            self.note_slowly(hash, seen);
        }
    }

    #[cold]
    #[inline(never)]
    fn note_slowly(&self, hash: u64, seen: u64) {
        if ptr::eq(self.lines.get(), &raw const NOWHERE) {
            self.grow(FIRST_LINES);
        }
        loop {
            let line = self.line(hash);
            let known = (0..8).step_by(2).find(|&at| line.get(at) == hash || line.get(at) == 0);
            if known.is_none() && self.mask.get() + 1 < MOST_LINES {
                self.grow(4 * (self.mask.get() + 1));
                continue;
            }
            let last = known.unwrap_or(6);
            if known.is_none() {
                self.forgotten.set(self.forgotten.get().min(line.get(7) >> 1));
            }
            // Those before it move on by one.
            for at in (2..last + 2).rev() {
                line.set(at, line.get(at - 2));
            }
            line.set(0, hash);
            line.set(1, seen);
            return;
        }
    }

    /// Makes it so many lines.
    fn grow(&self, lines: usize) {
        let new: Box<[Line]> = (0..lines).map(|_| Line::empty()).collect();
        let forgotten = self.forgotten.get();
        let old = self.take();
        self.forgotten.set(forgotten);
        self.lines.set(Box::into_raw(new).cast());
        self.mask.set(lines - 1);
        for place in 0..=old.mask.get() {
            let line = old.line(place as u64);
            // (From the last on, so that they come to be in the same order. A line has room for those of one that it replaces.)
            for at in (0..8).step_by(2).rev().filter(|&at| line.get(at) != 0) {
                self.note_slowly(line.get(at), line.get(at + 1));
            }
        }
    }

    fn get(&self, hash: u64) -> Option<Seen> {
        let line = self.line(hash);
        let at = (0..8).step_by(2).find(|&at| hash != 0 && line.get(at) == hash)?;
        Some(Seen { end: line.get(at + 1) >> 1, there: line.get(at + 1) & 1 != 0 })
    }

    /// Its content; it is empty then.
    fn take(&self) -> Self {
        let empty = Self::new();
        self.lines.swap(&empty.lines);
        self.mask.swap(&empty.mask);
        self.forgotten.swap(&empty.forgotten);
        empty
    }

    fn is_empty(&self) -> bool {
        ptr::eq(self.lines.get(), &raw const NOWHERE)
    }
}

/// Notes on a file that is not there any more.
struct Before {
    which: Which,
    table: Table,
    floor: u64,
}

impl Before {
    fn known(&self, name: &[u8]) -> Option<Known> {
        match self.table.get(hash(self.which.hash_seed, name)) {
            Some(seen) if seen.end >= self.floor => Some(Known::Before(Some(seen.there))),
            _ => (self.floor > 0).then_some(Known::Before(None)),
        }
    }
}

/// The notes of one store.
pub struct Notes {
    which: Cell<Which>,
    /// Whether it has looked at a file, or seen that there is none.
    begun: Cell<bool>,
    table: Table,
    /// The log's end when all names were seen at once, in this file; 0: they were not. And by the clock (ms).
    floor: Cell<u64>,
    floor_at: Cell<u64>,
    /// The log's last change, up to which all is known; `u64::MAX`: that of another file.
    all: Cell<u64>,
    /// The notes on the file that was there before, if there were any; whether there were notes on still another one.
    before: RefCell<Option<Before>>,
    lost: Cell<bool>,
}

impl Default for Notes {
    fn default() -> Self {
        Self {
            which: Cell::default(),
            begun: Cell::new(false),
            table: Table::new(),
            floor: Cell::new(0),
            floor_at: Cell::new(0),
            all: Cell::new(0),
            before: RefCell::new(None),
            lost: Cell::new(false),
        }
    }
}

impl Notes {
    /// From here on they are about this file, whose last change is at `changed`; the default: about there being none.
    pub fn enter(&self, which: Which, changed: u64) {
        if self.begun.get() && self.which.get() == which {
            return;
        }
        self.all.set(if self.begun.replace(true) { u64::MAX } else { changed });
        let old = Before { which: self.which.replace(which), table: self.table.take(), floor: self.floor.replace(0) };
        let is_any = old.floor > 0 || !old.table.is_empty();
        if is_any && self.before.replace(Some(old)).is_some() {
            self.lost.set(true);
        }
    }

    /// As [`Notes::enter`], into a file that has nothing in it yet, not even what a store needs: where there was none before, that is no
    /// change. (The first one may be one's own.)
    pub fn enter_bare(&self, which: Which, changed: u64) {
        let was_none = self.which.get() == Which::default();
        self.enter(which, changed);
        if was_none {
            self.all.set(changed);
        }
    }

    /// Nothing was ever seen.
    pub fn clear(&self) {
        drop(self.table.take());
        drop(self.before.take());
        self.begun.set(false);
        self.floor.set(0);
        self.lost.set(false);
    }

    /// A name was seen, at this end of the log.
    #[inline(always)]
    pub fn note(&self, hash: u64, end: u64, there: bool) {
        self.table.note(hash, end << 1 | u64::from(there));
    }

    /// A name was looked up, and there was no file.
    pub fn note_nothing(&self, name: &[u8]) {
        self.enter(Which::default(), 0);
        self.note(hash(0, name), 0, false);
    }

    /// All names were seen, at this end of the log, which had changed last at `changed`.
    pub fn note_all(&self, end: u64, changed: u64) {
        self.floor.set(self.floor.get().max(end));
        self.floor_at.set(Now::read().milliseconds());
        self.see_all(changed);
    }

    /// Whether a value that expires then was there when all names were seen, in this file.
    pub fn was_there(&self, expiry: Expiry) -> bool {
        self.floor.get() > 0 && expiry.milliseconds() > self.floor_at.get()
    }

    /// All is known up to a change.
    pub fn see_all(&self, changed: u64) {
        self.all.set(changed);
    }

    /// The change up to which all is known.
    pub fn all(&self) -> u64 {
        self.all.get()
    }

    /// A change of one's own: it was seen. `before`: the one before it.
    #[inline(always)]
    pub fn follow(&self, before: u64, changed: u64) {
        if self.all.get() == before {
            self.all.set(changed);
        }
    }

    /// Tells when a name was seen, of the file that they are about.
    pub fn known(&self, name: &[u8]) -> Known {
        let (here, floor) = (self.table.get(hash(self.which.get().hash_seed, name)), self.floor.get());
        if let Some(seen) = here.filter(|seen| seen.end >= floor) {
            return Known::Here(seen);
        }
        if floor > 0 {
            return Known::Since(floor);
        }
        if let Some(known) = self.before.borrow().as_ref().and_then(|before| before.known(name)) {
            return known;
        }
        match self.table.forgotten.get() {
            _ if self.lost.get() => Known::Before(None),
            u64::MAX => Known::No,
            forgotten => Known::Since(forgotten),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Which = Which { store_id: 1, incarnation: 2, hash_seed: 3 };
    const OTHER: Which = Which { store_id: 4, incarnation: 5, hash_seed: 6 };

    fn note(notes: &Notes, name: &[u8], end: u64, there: bool) {
        notes.note(hash(notes.which.get().hash_seed, name), end, there);
    }

    #[test]
    fn names_are_known_as_they_were_seen_last() {
        let notes = Notes::default();
        notes.enter(FILE, 8);
        assert_eq!(notes.known(b"x"), Known::No);
        note(&notes, b"x", 16, true);
        note(&notes, b"y", 24, false);
        assert_eq!(notes.known(b"x"), Known::Here(Seen { end: 16, there: true }));
        assert_eq!(notes.known(b"y"), Known::Here(Seen { end: 24, there: false }));
        note(&notes, b"x", 32, false);
        assert_eq!(notes.known(b"x"), Known::Here(Seen { end: 32, there: false }));
        notes.note_all(40, 40);
        assert_eq!(notes.known(b"x"), Known::Since(40));
        assert_eq!(notes.known(b"never"), Known::Since(40));
        note(&notes, b"x", 48, true);
        assert_eq!(notes.known(b"x"), Known::Here(Seen { end: 48, there: true }));
    }

    #[test]
    fn no_name_is_taken_for_one_that_was_not_seen_however_many_there_are() {
        let notes = Notes::default();
        notes.enter(FILE, 0);
        for n in 1..=20_000u64 {
            note(&notes, &n.to_le_bytes(), 8 * n, true);
        }
        let mut kept = 0;
        for n in 1..=20_000u64 {
            match notes.known(&n.to_le_bytes()) {
                Known::Here(seen) => {
                    kept += 1;
                    assert_eq!(seen, Seen { end: 8 * n, there: true });
                }
                Known::Since(end) => assert!(end <= 8 * n),
                other => panic!("{n}: {other:?}"),
            }
        }
        assert!((3_000..=4_096).contains(&kept), "{kept}");
    }

    #[test]
    fn a_few_names_are_all_kept() {
        let notes = Notes::default();
        notes.enter(FILE, 0);
        for n in 1..=300u64 {
            note(&notes, &n.to_le_bytes(), 8 * n, true);
        }
        for n in 1..=300u64 {
            assert_eq!(notes.known(&n.to_le_bytes()), Known::Here(Seen { end: 8 * n, there: true }));
        }
    }

    #[test]
    fn the_notes_of_the_file_before_stay() {
        let notes = Notes::default();
        notes.note_nothing(b"x");
        notes.enter(FILE, 8);
        assert_eq!(notes.all(), u64::MAX, "it was not there");
        notes.clear();
        notes.note_nothing(b"x");
        notes.enter_bare(FILE, 8);
        assert_eq!(notes.all(), 8, "there is nothing in it");
        assert_eq!(notes.known(b"x"), Known::Before(Some(false)));
        assert_eq!(notes.known(b"y"), Known::No);
        note(&notes, b"x", 16, true);
        notes.enter(OTHER, 8);
        assert_eq!(notes.known(b"x"), Known::Before(Some(true)));
        assert_eq!(notes.known(b"y"), Known::Before(None), "there were others");
        notes.enter(OTHER, 16);
        assert_eq!(notes.known(b"x"), Known::Before(Some(true)));
    }

    #[test]
    fn the_names_of_a_file_of_which_all_were_seen_are_not_taken_for_unseen_in_the_next_one() {
        let notes = Notes::default();
        notes.enter(FILE, 8);
        note(&notes, b"x", 16, true);
        notes.note_all(24, 24);
        note(&notes, b"y", 32, false);
        notes.enter(OTHER, 8);
        assert_eq!(notes.known(b"x"), Known::Before(None), "it was seen at the end, whatever it was then");
        assert_eq!(notes.known(b"y"), Known::Before(Some(false)));
        assert_eq!(notes.known(b"z"), Known::Before(None));
        note(&notes, b"z", 16, false);
        assert_eq!(notes.known(b"z"), Known::Here(Seen { end: 16, there: false }));
    }

    #[test]
    fn a_change_of_ones_own_is_known_where_there_is_none_of_others_before_it() {
        let notes = Notes::default();
        notes.enter(FILE, 8);
        notes.follow(8, 16);
        assert_eq!(notes.all(), 16);
        notes.follow(24, 32);
        assert_eq!(notes.all(), 16);
        notes.see_all(32);
        notes.follow(32, 40);
        assert_eq!(notes.all(), 40);
    }
}
