//! When a key was last seen, and where: the version that its value had then.

use super::log::Written;

/// When and where a key was last seen: lets [`Store::is_current`] and [`Store::get`] answer
/// "nothing has changed" without touching the value. Starts as `Version::default()` ("never");
/// belongs to one key of one file, for as long as that is open: where a file has been away, or another one in its
/// place, nothing of it is believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Version {
    /// Which opening of which file the rest is about ([`File::life`]); 0: none.
    pub(super) life: u64,
    pub(super) hash: u64,
    /// `commit` when it was last known to be right.
    pub(super) version: u64,
    /// The position of the key's record, 0 where there was none; its offset and its slot's.
    pub(super) record: u64,
    pub(super) offset: u64,
    pub(super) slot: u64,
    pub(super) epoch: u64,
}

impl Version {
    /// The log's end when it was last known to be right, for `tests/loom.rs`.
    #[cfg(feature = "loom")]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The key's newest record is another one now, in the same slot.
    pub(super) fn follow(&mut self, written: &Written, end: u64) {
        (self.record, self.offset, self.version) = (written.position, written.record, end);
    }
}
