//! Looking at all keys and values, as they were at one moment, without the lock.

use crate::format::*;
use crate::header::{HELD, REMOVAL, Root};
use crate::index::IndexView;
use crate::log::pieces::Pieces;
use crate::log::record::{Layout, Span};
use crate::log::unindexed::Unindexed;
use crate::memory::fence;
use crate::reference::Ref;
use crate::torture::meanwhile;
use crate::view::View;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::Ordering;
use sync_backend::{Entry, Facts, Now, Room, Snapshot, Unread};

/// The first records in insertion order of those that are added, however many these are.
pub struct Page {
    records: Vec<(u64, Ref)>,
    /// The place from which on records are wanted.
    least: u64,
    limit: usize,
}

impl Page {
    /// An empty one, for so many records from a place on.
    pub fn new(least: u64, limit: u64) -> Self {
        Self { records: Vec::new(), least, limit: usize::try_from(limit).unwrap_or(usize::MAX) }
    }

    fn add(&mut self, order: u64, record: Ref) {
        /// The number of records beyond the limit from which on those are left out that are not wanted.
        const MORE: usize = 1024;
        if order < self.least || self.limit == 0 {
            return;
        }
        self.records.push((order, record));
        if self.records.len() >= self.limit.saturating_mul(2).saturating_add(MORE) {
            self.records.select_nth_unstable_by_key(self.limit - 1, |&(order, _)| order);
            self.records.truncate(self.limit);
        }
    }

    /// The records, in order.
    pub fn records(&mut self) -> &[(u64, Ref)] {
        self.records.sort_unstable_by_key(|&(order, _)| order);
        self.records.truncate(self.limit);
        &self.records
    }
}

/// All that a view of a file shows.
#[derive(Clone, Copy)]
pub struct All<'f> {
    index: IndexView<'f>,
}

impl<'f> Deref for All<'f> {
    type Target = IndexView<'f>;

    #[inline(always)]
    fn deref(&self) -> &IndexView<'f> {
        &self.index
    }
}

impl<'f> All<'f> {
    #[inline(always)]
    pub fn of(view: View<'f>) -> Self {
        Self { index: IndexView::of(view) }
    }

    /// Runs `look`, which gives `None` where something moved; `None`, too, if the log or the index has changed meanwhile, so that it
    /// may have seen two moments.
    pub fn at_rest<T>(&self, look: impl FnOnce() -> Option<T>) -> Option<T> {
        let header = self.header();
        let commit = header.commit.load(Ordering::Acquire);
        let epoch = header.index_epoch.load(Ordering::Acquire);
        let seen = look()?;
        meanwhile("having looked at several keys");
        fence(Ordering::Acquire);
        let quiet = header.commit.load(Ordering::Relaxed) & !HELD == commit & !HELD
            && header.index_epoch.load(Ordering::Relaxed) == epoch
            && self.file.check_sound().is_ok();
        quiet.then_some(seen)
    }

    /// Adds a record to a page, if its key begins with a prefix. `None`: it makes no sense.
    pub fn is_named(&self, record: Ref, prefix: &[u8], page: &mut Page) -> Option<()> {
        if !prefix.is_empty() {
            let key = self.layout(record, self.record_head(record)?)?.key;
            if key.length < prefix.len() as u64 || !self.equals(key.at, prefix) {
                return Some(());
            }
        }
        page.add(self.order_of(record)?, record);
        Some(())
    }

    /// The place of a record's key in insertion order.
    fn order_of(&self, record: Ref) -> Option<u64> {
        let whole = match self.record_head(record)?.op {
            Op::Append => Pieces::of(***self, record, None)?.whole,
            _ => record,
        };
        Some(self.word(whole.offset() + RECORD_ORDER)?.get())
    }

    /// The facts about the value that ends with a record.
    pub fn facts_of(&self, record: Ref) -> Option<Facts> {
        let head = self.record_head(record)?;
        let (bytes, pieces) = match head.op {
            Op::Append => {
                let pieces = Pieces::of(***self, record, None)?;
                (pieces.length, pieces.count())
            }
            _ => (self.layout(record, head)?.value.length, 1),
        };
        let whole = head.op == Op::Set && head.cursor() == 0;
        Some(Facts { place: self.order_of(record)?, bytes, pieces, whole, expiry: self.expiry(record, head)? })
    }

    /// Visits the newest record of each key whose value has not expired, as they were at one moment; no items in consumption. `None`: they changed meanwhile,
    /// or one of them was not what the visitor expected.
    pub fn visit_all(&self, visit: &mut dyn FnMut(Ref) -> bool) -> Option<()> {
        let header = self.header();
        meanwhile("beginning to visit all");
        let commit = header.commit.load(Ordering::Acquire);
        let epoch = header.index_epoch.load(Ordering::Acquire);
        let indexed = header.indexed.load(Ordering::Acquire);
        let mut root = Root::open(header.directory.load(Ordering::Acquire));
        // The records that the index does not know yet: their writer is about to tell it, or has died.
        let mut pending = HashMap::new();
        if indexed != commit & !HELD
            && let Some(replaced) = self.collect_pending(indexed, commit & !HELD, &mut pending)?
        {
            root = replaced;
        }
        let mut whole = true;
        // One reading of the clock, after `commit`: a value that was published by then has told the header when it expires.
        let due = header.due();
        // As long as it is 0 there are none, as it grows before the first one is published.
        let are_items = header.consuming.load(Ordering::Acquire) != 0;
        let mut visit = |record| {
            match are_items.then(|| self.is_item(record)) {
                None | Some(Some(false)) => {}
                Some(Some(true)) => return true,
                Some(None) => return false,
            }
            let whole = match due.map_or(Some(false), |now| self.has_expired(record, now)) {
                Some(false) => visit(record),
                Some(true) => true,
                None => false,
            };
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

    /// Visits the newest record of each key, and of each item in consumption, with the slot that names it, if one does yet: as they were at
    /// some moment each. `None`: there is no whole index.
    pub fn visit_loosely(&self, visit: &mut dyn FnMut(Option<Ref>, Ref)) -> Option<()> {
        let header = self.header();
        let commit = header.commit.load(Ordering::Acquire) & !HELD;
        let indexed = header.indexed.load(Ordering::Acquire);
        let mut root = Root::open(header.directory.load(Ordering::Acquire));
        let mut pending = HashMap::new();
        // (Where these cannot be read, as they are being indexed at this moment, the slots tell of them.)
        if indexed != commit
            && let Some(Some(replaced)) = self.collect_pending(indexed, commit, &mut pending)
        {
            root = replaced;
        }
        self.for_each_slot_of(root, |slot, _, record| {
            if pending.is_empty() || self.key_of(record).is_none_or(|key| !pending.contains_key(&key)) {
                visit(Some(slot), record);
            }
        })?;
        pending.into_values().flatten().for_each(|record| visit(None, record));
        Some(())
    }

    /// The records between two positions: each key's newest, `None` where that removes it. Returns
    /// the root of the index that holds for the rest, if they replace everything; `None` if they
    /// cannot be read.
    fn collect_pending(
        &self,
        indexed: u64,
        end: u64,
        keys: &mut HashMap<Vec<u8>, Option<Ref>>,
    ) -> Option<Option<Root>> {
        let pending = self.header().pending.load(Ordering::Acquire);
        if pending & REMOVAL != 0 {
            // Where it has been freed since, the index does not name it any more.
            keys.extend(self.key_of(Ref::of_word(pending & !REMOVAL)).map(|key| (key, None)));
            return Some(None);
        }
        if pending == 0 {
            // The log's end has moved on alone.
            return Some(None);
        }
        let mut unindexed = Unindexed::of(***self, Ref::of_word(pending), indexed, end)?;
        while let Some((record, head)) = unindexed.next()? {
            if head.op == Op::Clear {
                return self.prepared_root(record, head).map(Some);
            }
            keys.insert(self.key_of(record)?, head.op.holds_value().then_some(record));
        }
        Some(None)
    }

    /// Whether the value that ends with a record has expired. `None`: what is there makes no sense.
    pub fn has_expired(&self, record: Ref, now: Now) -> Option<bool> {
        let expiry = self.expiry(record, self.record_head(record)?)?;
        Some(expiry.is_some_and(|expiry| expiry.has_come(now)))
    }

    /// All bytes of a record's key, with its head.
    fn key_of(&self, record: Ref) -> Option<Vec<u8>> {
        let key = self.layout(record, self.record_head(record)?)?.key;
        let start = record.offset() + RECORD_HEAD;
        let mut encoded: Vec<u8> = Vec::new();
        self.copy(start, key.at + key.length - start, &mut encoded)?;
        Some(encoded)
    }

    pub fn copy_entry<B: Room<u8>, E: Room<Entry>>(&self, record: Ref, snapshot: &mut Snapshot<B, E>) -> Option<()> {
        let head = self.record_head(record)?;
        let Layout { key, value: Span { at: value, length } } = self.layout(record, head)?;
        let pieces = if head.op == Op::Append { Some(Pieces::of(***self, record, None)?) } else { None };
        let (whole, length) = pieces.as_ref().map_or((record, length), |value| (value.whole, value.length));
        let order = self.word(whole.offset() + RECORD_ORDER)?.get();
        if snapshot.count(key.length + length) > self.end() {
            // More than the file holds: its index names something time and again.
            return None;
        }
        let copy_key = |bytes: &mut B| self.copy(key.at, key.length, bytes);
        if length >= snapshot.limit() {
            let generation = self.generation(record)?.load(Ordering::Acquire);
            let place = [self.file.life(), record.word(), self.position(record)?, generation];
            return snapshot.add_left(order, (key.length, copy_key), Unread { length, place });
        }
        let copy_value = |bytes: &mut B| match &pieces {
            Some(value) => value.copy(***self, bytes),
            None => self.copy(value, length, bytes),
        };
        snapshot.add(order, (key.length, copy_key), (length, copy_value))
    }
}
