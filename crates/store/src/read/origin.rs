//! Looking whether, and when, a key was stored, without its value.

use super::attempts::Attempts;
use super::lookup::{Keys, Lookup};
use super::reader::{ATTEMPTS, Reader};
use super::stillness::Stillness;
use super::value::Bytes;
use crate::error::Failure;
use crate::format::*;
use crate::memory::{again, fence};
use std::sync::atomic::Ordering;
use sync_backend::Expiry;

/// How often a reader looks whether a publication is indexed, which takes less than a microsecond.
const UNINDEXED: u32 = 100;

/// A key, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The position at which its value was stored ([`Records::origin`](crate::log::record::Records::origin)); `None`: it has none.
    pub stored: Option<u64>,
    /// Where a key of the same part of all hashes was removed last.
    pub removed: u64,
    /// Up to where in the log all changes of it are known.
    pub end: u64,
    /// When the value expires.
    pub expiry: Option<Expiry>,
}

impl Origin {
    /// Of a key where there is no file.
    pub const NOWHERE: Self = Self { stored: None, removed: 0, end: 0, expiry: None };
}

impl Reader<'_> {
    /// Where the last record ends that has changed a value, for `object`.
    pub fn last_change(&self, object: u64) -> Result<u64, Failure> {
        let (file, header) = (self.file(), self.file().map.header());
        let mut attempts = 0;
        loop {
            let looking = file.begin_looking(object)?;
            // In this order: a publication whose change is not noted yet is not indexed either.
            let is_indexed = header.indexed.load(Ordering::Acquire) == looking.commit;
            let changed = header.changed.load(Ordering::Acquire);
            let undisturbed = file.has_seen_no_section(looking);
            file.check_ours()?;
            attempts += 1;
            match (undisturbed, is_indexed) {
                (true, true) => return Ok(changed),
                // Its writer has stopped in the middle. It is a change, or passes for one.
                (true, false) if attempts > UNINDEXED => return Ok(looking.commit),
                _ if attempts > ATTEMPTS => return Err(Failure::Busy),
                _ => again(),
            }
        }
    }

    /// Looks when a key was stored, for `object`.
    pub fn origin(&self, object: u64, key: &[u8], hash: u64) -> Result<Origin, Failure> {
        let mut attempts = Attempts::new(ATTEMPTS, self.file().writable);
        while attempts.go_on() {
            if let Some(origin) = self.attempt_origin(object, key, hash)? {
                return Ok(origin);
            }
        }
        let stillness = Stillness::of(self.file(), object)?;
        match self.attempt_origin(object, key, hash)? {
            Some(origin) if stillness.held() => Ok(origin),
            Some(_) => Err(Failure::Busy),
            None => Err(stillness.blame("what it says of a key makes no sense")),
        }
    }

    fn attempt_origin(&self, object: u64, key: &[u8], hash: u64) -> Result<Option<Origin>, Failure> {
        let (file, header) = (self.file(), self.file().map.header());
        let looking = file.begin_looking(object)?;
        file.check_ours()?;
        let epoch = header.index_epoch.load(Ordering::Acquire);
        let view = file.view_since(looking.commit);
        let keys = Keys::of(view);
        let encoded = EncodedKey::new(key).filter(|_| header.directory.load(Ordering::Acquire) != 0);
        let lookup = encoded.as_ref().map_or(Lookup::Missing, |key| keys.look_up(hash, key, looking.commit));
        let mut expiry = None;
        let stored = match lookup {
            Lookup::Missing => Some(None),
            Lookup::Again => None,
            Lookup::Found(candidate) => {
                let has_expired = Bytes::of(view).has_expired(&candidate, &mut expiry);
                let stored = keys.origin(candidate.hit.record);
                fence(Ordering::Acquire);
                let has_stood = keys.has_stood(candidate.hit.record, candidate.generation);
                stored.filter(|_| has_stood).map(|stored| Some(stored).filter(|_| !has_expired))
            }
        };
        // A removal is noted before it can be seen.
        let removed = header.removed_at(hash).load(Ordering::Acquire);
        let undisturbed = file.has_seen_no_section(looking) && header.index_epoch.load(Ordering::Relaxed) == epoch;
        file.check_ours()?;
        Ok(stored.filter(|_| undisturbed).map(|stored| {
            // (It may have been published since this look began.)
            let end = stored.map_or(0, |stored| stored + 1).max(looking.commit);
            Origin { stored, removed, end, expiry }
        }))
    }
}
