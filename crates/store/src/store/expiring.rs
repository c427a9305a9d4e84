//! Values that expire: storing one, storing one where none is, and giving one another time.

use super::{Existence, Store};
use crate::error::Result;
use crate::format::{self, EncodedKey, Value};
use crate::index::Search;
use crate::log::append::{Effect, Log};
use crate::log::compact::Compactor;
use crate::log::values::Values;
use crate::read::Reader;
use crate::version::Version;
use sync_backend::{Expiry, Now};

impl Store {
    /// As [`Store::put_parts`], for a value that expires then. One that has expired by now is not stored: what was there is removed.
    pub fn put_until(
        &self,
        key: &[u8],
        (head, body): (&[u8], &[u8]),
        expiry: Option<Expiry>,
        seen: &mut Version,
    ) -> Result<()> {
        let Some(expiry) = expiry else { return self.put_value(key, Value { head, body }, seen) };
        let value = Value { head, body };
        let encoded = self.encoded(key, value.len())?;
        if expiry.has_come(Now::read()) {
            *seen = Version::default();
            return self.remove(key).map(drop);
        }
        self.write(|file, owner| {
            let hint = Reader::of(file).hint(seen);
            self.put_locked(file, owner, &encoded, (value, Some(expiry)), seen, hint)
        })
    }

    /// As [`Store::put_until`], but only if there is no value, or one that has expired. False: there is one, and nothing has
    /// happened.
    pub fn add(
        &self,
        key: &[u8],
        (head, body): (&[u8], &[u8]),
        expiry: Option<Expiry>,
        seen: &mut Version,
    ) -> Result<bool> {
        let value = Value { head, body };
        let encoded = self.encoded(key, value.len())?;
        self.write(|file, owner| {
            let log = Log::of(owner);
            let hash = format::hash(file.identity.hash_seed, key);
            if let Search::Hit(hit) = log.search(hash, &encoded)
                && !log.has_expired(hit.record)
            {
                return Ok(false);
            }
            *seen = Version::default();
            if expiry.is_none_or(|expiry| !expiry.has_come(Now::read())) {
                self.put_locked(file, owner, &encoded, (value, expiry), seen, None)?;
            }
            Ok(true)
        })
    }

    /// Lets a value expire at another time; `None`: never. False: there is none, and nothing has happened. Does not create a file.
    /// A version of the value stands for it afterwards, too.
    pub fn touch(&self, key: &[u8], expiry: Option<Expiry>, seen: &mut Version) -> Result<bool> {
        let Some(encoded) = EncodedKey::new(key) else { return Ok(false) };
        if self.exists_or_held()? == Existence::Missing {
            return Ok(false);
        }
        self.write(|file, owner| {
            let log = Log::of(owner);
            let hash = format::hash(file.identity.hash_seed, key);
            let Search::Hit(hit) = log.search(hash, &encoded) else { return Ok(false) };
            if log.has_expired(hit.record) {
                return log.remove_hit(&encoded, hit, Effect::None).map(|()| false);
            }
            if expiry.is_some_and(|expiry| expiry.has_come(Now::read())) {
                log.remove_hit(&encoded, hit, log.change_of(hit))?;
                self.follower.notes.note(hash, owner.end(), false);
                return Ok(true);
            }
            let is_known = Reader::of(file).hint(seen).is_some();
            let receipt = Values::of(owner).touch(&encoded, hit, expiry)?;
            // It is no other value. But waiters for it sleep until it expires.
            file.watching().change(hash);
            if is_known {
                let epoch = owner.header().index_epoch.get();
                *seen = Version::stored(file.life(), hash, &receipt, epoch, owner.end()).until(expiry);
            }
            Compactor::of(owner).clean();
            Ok(true)
        })
    }
}
