//! Lists that are pushed to and taken from.

use super::Store;
use crate::error::Result;
use crate::format::{self, EncodedKey};
use crate::index::Search;
use crate::log::append::Log;
use crate::log::compact::Compactor;
use crate::log::queue::{Queue, Shifting};
use crate::log::values::Values;
use crate::read::Reader;
use crate::version::Version;
use sync_backend::{Room, Shifted};

impl Store {
    /// Stores a value with a note for the next append ([`Store::append`]), if there is none under the key. False: there is one.
    pub fn put_first(&self, key: &[u8], value: &[u8], note: i64, seen: &mut Version) -> Result<bool> {
        let encoded = self.encoded(key, value.len() as u64 + format::UNITED_HEAD)?;
        self.write(|file, owner| {
            let hash = format::hash(file.identity.hash_seed, key);
            let Some(receipt) = Values::of(owner).put_first(&encoded, hash, note, value)? else { return Ok(false) };
            *seen = Version::stored(file.life(), hash, &receipt, owner.header().index_epoch.get(), owner.end());
            Compactor::of(owner).clean();
            Ok(true)
        })
    }

    /// Takes the first element off a list; its bytes replace what is in `out`. Does not create a file.
    pub fn shift(&self, key: &[u8], seen: &mut Version, out: &mut impl Room<u8>) -> Result<Shifted> {
        let Some(encoded) = EncodedKey::new(key) else { return Ok(Shifted::Nothing) };
        if !self.has_content()? {
            return Ok(Shifted::Nothing);
        }
        self.write(|file, owner| {
            let hit = match Reader::of(file).hint(seen) {
                Some(hit) => hit,
                None => {
                    let hash = format::hash(file.identity.hash_seed, key);
                    let hit = match Log::of(owner).search(hash, &encoded) {
                        Search::Hit(hit) if !Log::of(owner).has_expired(hit.record) => hit,
                        _ => return Ok(Shifted::Nothing),
                    };
                    *seen = Version::default();
                    hit
                }
            };
            match Queue::of(owner).shift(&encoded, hit, out)? {
                Shifting::Done(receipt, left) => {
                    if seen.is_of(file.life()) {
                        seen.follow(&receipt, owner.end());
                    } else {
                        let (hash, epoch) =
                            (format::hash(file.identity.hash_seed, key), owner.header().index_epoch.get());
                        let expiry = Values::of(owner).expiry(receipt.hit())?;
                        *seen = Version::stored(file.life(), hash, &receipt, epoch, owner.end()).until(expiry);
                    }
                    Compactor::of(owner).clean();
                    Ok(Shifted::Element(left.into()))
                }
                Shifting::Empty => Ok(Shifted::Nothing),
                Shifting::Whole => Ok(Shifted::Whole),
            }
        })
    }
}
