//! Lists that are pushed to and taken from.

use super::Store;
use crate::error::Result;
use crate::file::File;
use crate::format::{self, EncodedKey};
use crate::index::Search;
use crate::lock::WriteGuard;
use crate::log::append::Log;
use crate::log::compact::Compactor;
use crate::log::consume::{Consumer, Consuming, Looking};
use crate::log::queue::{Queue, Shifting};
use crate::log::values::Values;
use crate::read::Reader;
use crate::version::Version;
use sync_backend::list::Item;
use sync_backend::{Room, Shifted, Taken};

impl Store {
    /// Stores a value with a note for the next append ([`Store::append`]), if there is none under the key. False: there is one.
    pub fn put_first(&self, key: &[u8], value: &[u8], note: i64, seen: &mut Version) -> Result<bool> {
        let encoded = self.encoded(key, value.len() as u64 + format::UNITED_HEAD)?;
        self.write(|file, owner| {
            let hash = format::hash(file.identity.hash_seed, key);
            let Some(receipt) = Values::of(owner).put_first(&encoded, hash, note, value)? else { return Ok(false) };
            self.see_own(file, owner, key);
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
            self.take_back(owner);
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
                    self.see_own(file, owner, key);
                    Compactor::of(owner).clean();
                    Ok(Shifted::Element(left.into()))
                }
                Shifting::Empty => Ok(Shifted::Nothing),
                Shifting::Objects => Ok(Shifted::Objects),
                Shifting::Whole => Ok(Shifted::Whole),
            }
        })
    }

    /// Takes the first element off a list for consumption, as [`sync_backend::Backend::take`] says; its bytes replace what is in `out`. Does not
    /// create a file.
    pub fn take(&self, key: &[u8], out: &mut impl Room<u8>) -> Result<Taken> {
        if !self.has_content()? {
            return Ok(Taken::Nothing);
        }
        let by = Consumer { object: self.session().object(), list: key };
        let taken = self.write(|file, owner| {
            self.take_back(owner);
            let taken = Consuming::of(owner).take(by, out)?;
            if let Taken::Item(_) = taken {
                self.see_own(file, owner, key);
            }
            Compactor::of(owner).clean();
            Ok(taken)
        })?;
        if let Taken::Item(token) = taken {
            self.session().items.took(token, key);
        }
        Ok(taken)
    }

    /// As [`Store::take`], of an array that was read and taken apart, as [`sync_backend::Backend::take_read`] says. `None`: it is another one
    /// by now, or the cleaner has moved it; nothing has happened.
    pub fn take_read(&self, key: &[u8], first: Item, rest: (&[u8], &[u8]), seen: &mut Version) -> Result<Option<u64>> {
        self.check_length((key.len() + rest.0.len() + rest.1.len()) as u64)?;
        let by = Consumer { object: self.session().object(), list: key };
        let token = self.write(|file, owner| {
            let Some(hit) = Reader::of(file).hint(seen) else { return Ok(None) };
            let token = Consuming::of(owner).take_read(by, hit, first, rest)?;
            self.see_own(file, owner, key);
            *seen = Version::default();
            Compactor::of(owner).clean();
            Ok(Some(token))
        })?;
        if let Some(token) = token {
            self.session().items.took(token, key);
        }
        Ok(token)
    }

    /// Notes that a change of this store's own was seen.
    fn see_own(&self, file: &File, owner: &WriteGuard, key: &[u8]) {
        self.follower.notes.note(format::hash(file.identity.hash_seed, key), owner.end(), true);
    }

    /// Forgets an item that this store has taken. False: it has none with this token any more. Does not create a file.
    pub fn finish(&self, token: u64) -> Result<bool> {
        let items = &self.session().items;
        if !items.has(token) {
            return Ok(false);
        }
        let is_done = self.has_content()?
            && self.write(|_, owner| {
                let is_done = Consuming::of(owner).finish(self.session().object(), token)?;
                Compactor::of(owner).clean();
                Ok(is_done)
            })?;
        items.forget(token);
        Ok(is_done)
    }

    /// Puts an item that this store has taken at the head of its list again, at once or later; nothing happens where it has none with this
    /// token.
    pub fn give_back(&self, token: u64) {
        let session = self.session();
        session.items.give_back(
            token,
            session.object(),
            || session.check_fiber().is_ok(),
            || self.follower.safe_file(),
        );
    }

    /// Lets items go back before one is taken, unless the store is held: then they did when that began. (What cannot go back to its list
    /// now does later.)
    fn take_back(&self, owner: &WriteGuard) {
        if !owner.is_in_a_hold(self.session().object()) {
            let _ = Consuming::of(owner).give_back_abandoned(Looking::Some);
        }
    }
}
