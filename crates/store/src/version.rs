//! The version of a key's value: when it was last seen, and where.

use super::index::Hit;
use super::log::append::Receipt;
use super::reference::Ref;

/// When and where a key was last seen: lets [`Store::is_current`](super::Store::is_current) and
/// [`Store::get`](super::Store::get) answer "nothing has changed" without touching the value. Starts as
/// `Version::default()` ("never"); belongs to one key of one file, for as long as that is open: where a file has been
/// away, or another one in its place, nothing of it is believed.
///
/// In this order, as the first two words answer most questions: whoever keeps many has those beside the value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Version {
    /// Which opening of which file the rest is about (`File::life`); 0: none.
    life: u64,
    /// `commit` when it was last known to be right.
    commit: u64,
    hash: u64,
    /// The position of the key's record, 0 where there was none; where it is, and its slot.
    position: u64,
    record: Ref,
    slot: Ref,
    epoch: u64,
}

impl Version {
    /// Of a key that was not looked at yet.
    #[inline]
    pub(super) fn of_key(life: u64, hash: u64) -> Self {
        Self { life, hash, ..Self::default() }
    }

    /// Of a value that was just stored, in an index of this epoch; `commit` is the log's end behind it.
    #[inline]
    pub(super) fn stored(life: u64, hash: u64, receipt: &Receipt, epoch: u64, commit: u64) -> Self {
        let Hit { slot, record } = receipt.hit();
        Self { life, hash, commit, position: receipt.position(), record, slot, epoch }
    }

    /// The log's end when it was last known to be right, for `tests/loom.rs`.
    #[cfg(feature = "loom")]
    pub fn version(&self) -> u64 {
        self.commit
    }

    /// Which opening of which file it is about; 0: none.
    #[inline]
    pub(super) fn life(&self) -> u64 {
        self.life
    }

    /// Whether it is about this opening of a file.
    #[inline]
    pub(super) fn is_of(&self, life: u64) -> bool {
        self.life == life
    }

    /// Whether nothing has been committed since to this opening of a file.
    #[inline]
    pub(super) fn is_at(&self, commit: u64, life: u64) -> bool {
        self.commit == commit && self.life == life
    }

    #[inline]
    pub(super) fn is_of_epoch(&self, epoch: u64) -> bool {
        self.epoch == epoch
    }

    /// The key's hash in the file that it is about.
    #[inline]
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// The position of the key's record, if there was one.
    #[inline]
    pub(super) fn position(&self) -> Option<u64> {
        (self.position != 0).then_some(self.position)
    }

    /// Where that record was, and the slot that named it.
    #[inline]
    pub(super) fn hit(&self) -> Hit {
        Hit { slot: self.slot, record: self.record }
    }

    /// The value is still the same, with this end of the log.
    #[inline]
    pub(super) fn confirm(&mut self, commit: u64) {
        self.commit = commit;
    }

    /// The key has this record.
    #[inline]
    pub(super) fn find(&mut self, hit: Hit, position: u64, epoch: u64, commit: u64) {
        (self.slot, self.record, self.position) = (hit.slot, hit.record, position);
        (self.epoch, self.commit) = (epoch, commit);
    }

    /// The key has no record.
    #[inline]
    pub(super) fn miss(&mut self, epoch: u64, commit: u64) {
        (self.position, self.epoch, self.commit) = (0, epoch, commit);
    }

    /// The key's newest record is another one now, in the same slot.
    pub(super) fn follow(&mut self, receipt: &Receipt, end: u64) {
        (self.position, self.record, self.commit) = (receipt.position(), receipt.hit().record, end);
    }
}
