//! The version of a key's value: when it was last seen, and where.

use super::file::File;
use super::format::hash;
use super::index::Hit;
use super::log::append::Receipt;
use super::reference::Ref;
use sync_backend::{Expiry, Now, opening};

/// The number of words that a version has beside its opening.
pub const OTHER_WORDS: usize = 6;

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
    /// `commit` when it was last known to be right, and [`EXPIRES`].
    commit: u64,
    /// The key's hash; of a value that expires, when it does, in its place.
    hash_or_expiry: u64,
    /// The position of the key's record, 0 where there was none; where it is, and its slot.
    position: u64,
    record: Ref,
    slot: Ref,
    epoch: u64,
}

/// In `commit`: the value expires. (Ends of a log are multiples of eight. With this bit the word is equal to none of them, so that
/// a value that does not expire is confirmed by the one comparison that tells that nothing was committed.)
const EXPIRES: u64 = 1;

impl Version {
    /// Of a key that was not looked at yet.
    #[inline]
    pub(super) fn of_key(life: u64, hash: u64) -> Self {
        Self { life, hash_or_expiry: hash, ..Self::default() }
    }

    /// Of no value in any file: an overlay's.
    #[inline]
    pub(super) fn of_overlay(life: u64, position: u64) -> Self {
        Self { life, position, ..Self::default() }
    }

    /// Of another kind of store, by its opening and whatever its version is made of. It is about no file, and current in none.
    ///
    /// # Panics
    /// The opening is one that a file may have.
    #[inline]
    pub fn of_other(opening: u64, words: [u64; OTHER_WORDS]) -> Self {
        assert!(opening & !opening::COUNTED != 0);
        let [commit, hash_or_expiry, position, record, slot, epoch] = words;
        let [record, slot] = [record, slot].map(Ref::of_word);
        Self { life: opening, commit, hash_or_expiry, position, record, slot, epoch }
    }

    /// The words of [`Version::of_other`]; those of a version of a file mean nothing to anybody else.
    #[inline]
    pub fn words_of_other(&self) -> [u64; OTHER_WORDS] {
        [self.commit, self.hash_or_expiry, self.position, self.record.word(), self.slot.word(), self.epoch]
    }

    /// Of a value that was just stored, in an index of this epoch; `commit` is the log's end behind it.
    #[inline]
    pub(super) fn stored(life: u64, hash: u64, receipt: &Receipt, epoch: u64, commit: u64) -> Self {
        let Hit { slot, record } = receipt.hit();
        Self { life, hash_or_expiry: hash, commit, position: receipt.position(), record, slot, epoch }
    }

    /// The same, of a value that expires.
    #[inline]
    pub(super) fn until(self, expiry: Option<Expiry>) -> Self {
        match expiry {
            Some(expiry) => Self { commit: self.commit | EXPIRES, hash_or_expiry: expiry.milliseconds(), ..self },
            None => self,
        }
    }

    /// Whether the value expires.
    #[inline(always)]
    pub(super) fn expires(&self) -> bool {
        self.commit & EXPIRES != 0
    }

    /// When the value expires.
    #[inline]
    pub fn expiry(&self) -> Option<Expiry> {
        (self.commit & EXPIRES != 0).then(|| Expiry::at(self.hash_or_expiry))
    }

    /// Whether the value has expired by now.
    #[inline(always)]
    pub(super) fn has_expired(&self) -> bool {
        self.commit & EXPIRES != 0 && self.has_come()
    }

    /// (Apart, so that values that never expire do not pay for the registers that a look at the clock takes.)
    #[cold]
    #[inline(never)]
    fn has_come(&self) -> bool {
        Expiry::at(self.hash_or_expiry).has_come(Now::read())
    }

    /// The log's end when it was last known to be right, for `tests/loom.rs`.
    #[cfg(feature = "loom")]
    pub fn version(&self) -> u64 {
        self.commit & !EXPIRES
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

    /// As [`Version::is_at`], for a value that expires, and may have done so.
    #[inline(always)]
    pub(super) fn is_at_or_expired(&self, commit: u64, life: u64) -> bool {
        self.commit == commit | EXPIRES && self.life == life
    }

    #[inline]
    pub(super) fn is_of_epoch(&self, epoch: u64) -> bool {
        self.epoch == epoch
    }

    /// Up to where in the log all changes of the key are known: to its end when this was last known to be right, and to the key's
    /// record, which may have been published while that was loaded.
    #[inline]
    pub(super) fn end(&self) -> u64 {
        (self.commit & !EXPIRES).max(self.position + 1)
    }

    /// The key's hash in the file that it is about, if that is known.
    #[inline]
    pub(super) fn hash(&self) -> Option<u64> {
        (self.commit & EXPIRES == 0).then_some(self.hash_or_expiry)
    }

    /// The hash in a file of the key that it belongs to.
    #[inline]
    pub(super) fn hash_in(&self, file: &File, key: &[u8]) -> u64 {
        let known = if self.is_of(file.life()) { self.hash() } else { None };
        known.unwrap_or_else(|| hash(file.identity.hash_seed, key))
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
        self.commit = commit | self.commit & EXPIRES;
    }

    /// The key, which has this hash, has this record. Where the index does not name it yet, the version is not current as long as
    /// that is so: a change that goes by it would be refused, and whoever takes it for current would try for ever.
    #[inline]
    pub(super) fn find(&mut self, hash: u64, (hit, position): (Hit, u64), epoch: u64, commit: u64) {
        /// The end of no log.
        const NEVER: u64 = 0;
        let commit = if hit.slot.is_none() { NEVER } else { commit };
        (self.slot, self.record, self.position) = (hit.slot, hit.record, position);
        (self.epoch, self.commit, self.hash_or_expiry) = (epoch, commit, hash);
    }

    /// The key, which has this hash, has no record.
    #[inline]
    pub(super) fn miss(&mut self, hash: u64, epoch: u64, commit: u64) {
        (self.position, self.epoch, self.commit, self.hash_or_expiry) = (0, epoch, commit, hash);
    }

    /// The key's newest record is another one now, in the same slot. The value expires when it did.
    pub(super) fn follow(&mut self, receipt: &Receipt, end: u64) {
        (self.position, self.record) = (receipt.position(), receipt.hit().record);
        self.confirm(end);
    }
}
