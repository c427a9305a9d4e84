//! Looking a key up without the lock.

use crate::format::*;
use crate::header::{REMOVAL, Root};
use crate::index::{Hit, IndexView, Search};
use crate::log::unindexed::Unindexed;
use crate::memory::{fence, spin_loop};
use crate::reference::Ref;
use crate::torture::meanwhile;
use crate::view::View;
use std::ops::Deref;
use std::sync::atomic::Ordering;

/// How long a reader gives a writer that is between publishing and indexing, before it looks
/// through the unindexed records itself.
pub const SPINS: u32 = if cfg!(feature = "loom") { 1 } else { 200 };

/// The outcome of a search without a lock.
pub enum Lookup {
    Found(Candidate),
    Missing,
    /// Something moved underneath: start over.
    Again,
}

/// A record that is the key's, as long as its segment's generation does not move.
pub struct Candidate {
    pub hit: Hit,
    pub head: RecordHead,
    pub generation: u64,
}

/// The outcome of comparing the key of a record.
enum Compared {
    Same(Candidate),
    Another,
    /// The segment was freed, and perhaps used again, while it was looked at: whatever the bytes said, the key may
    /// be somewhere else.
    Moved,
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

/// Keys in a view of a file.
#[derive(Clone, Copy)]
pub struct Keys<'f> {
    index: IndexView<'f>,
}

impl<'f> Deref for Keys<'f> {
    type Target = IndexView<'f>;

    #[inline(always)]
    fn deref(&self) -> &IndexView<'f> {
        &self.index
    }
}

impl<'f> Keys<'f> {
    #[inline(always)]
    pub fn of(view: View<'f>) -> Self {
        Self { index: IndexView::of(view) }
    }

    #[inline]
    pub fn look_up(&self, hash: u64, key: &EncodedKey, commit: u64) -> Lookup {
        let header = self.header();
        let mut root = Root::open(header.directory.load(Ordering::Acquire));
        if !self.was_indexed() {
            match self.look_among_pending(key, hash, commit) {
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
        let named = self.word(hit.slot.offset() + 8).map(|slot| slot.load(Ordering::Acquire));
        if generation == 0 || named != Some(hit.record.word()) {
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
    fn look_among_pending(&self, key: &EncodedKey, hash: u64, commit: u64) -> Pending {
        let header = self.header();
        for _ in 0..SPINS {
            if header.indexed.load(Ordering::Acquire) >= commit {
                return Pending::Indexed;
            }
            spin_loop();
        }
        let indexed = header.indexed.load(Ordering::Acquire);
        let pending = header.pending.load(Ordering::Acquire);
        let removed = Ref::of_word(pending & !REMOVAL);
        let last = if pending & REMOVAL != 0 && self.is_record_of(removed, key) {
            Pending::Last(Lookup::Missing)
        } else if pending & REMOVAL != 0 || pending == 0 {
            // It is another key's, or it has been freed, after it was taken out of the index; or the log's end has moved
            // on alone.
            Pending::NotThere
        } else {
            self.last_of_key(removed, key, hash, indexed, commit).unwrap_or(Pending::Last(Lookup::Again))
        };
        // Records that the index does not know are not freed: what was read was theirs. (One that was removed without a
        // record may be, but what was there is not used for anything else before the index knows.)
        fence(Ordering::Acquire);
        if header.indexed.load(Ordering::Relaxed) == indexed { last } else { Pending::Last(Lookup::Again) }
    }

    /// The newest record of a key among those between two positions, the first of which `pending` names. `None`: they cannot be read.
    fn last_of_key(&self, pending: Ref, key: &EncodedKey, hash: u64, indexed: u64, end: u64) -> Option<Pending> {
        let mut unindexed = Unindexed::of(***self, pending, indexed, end)?;
        unindexed.narrow_to(hash)?;
        let mut last = Pending::NotThere;
        while let Some((record, head)) = unindexed.next()? {
            let generation = self.generation(record)?;
            match head.op {
                Op::Clear => return self.prepared_root(record, head).map(Pending::Replaced),
                _ if !self.is_record_of(record, key) => {}
                Op::Set | Op::Append | Op::United => {
                    let generation = generation.load(Ordering::Acquire);
                    let hit = Hit { slot: Ref::NONE, record };
                    last = Pending::Last(Lookup::Found(Candidate { hit, head, generation }));
                }
                Op::Remove => last = Pending::Last(Lookup::Missing),
                Op::Batch => {}
            }
        }
        Some(last)
    }
}
