//! Stores that a command follows while others use them, all names of one or some.

use std::collections::HashMap;

use sync_backend::{Backend, Expiry, Found, Peeked, Stats, listed};
use sync_server::{ChangedName, ServerStore};
use sync_store::Store;

use crate::facts::Facts;
use crate::file::Shared;
use crate::value::{elements, kind};

/// A store whose names are followed. None of these takes a lock, and only a `lock()` of others is waited for.
pub trait Followed: Shared {
    /// Whether it is a file, with all that only a file has.
    const IS_FILE: bool;

    /// Whether a sleep until something has changed ends when it has. Else the store is asked time and again.
    fn is_told(&self) -> bool;

    /// A number that a store has in common with its copies alone; 0: it is not there. The numbers of the changes of two with the same one
    /// can be compared.
    fn lineage(&self) -> Result<u64, Self::Error>;

    /// The number of the change that made the value of a name which was got with this version. `None`: there is a newer one by now.
    fn change_of(&self, name: &[u8], version: &Self::Version) -> Result<Option<u64>, Self::Error>;

    /// As [`Followed::change_of`], a number that no other value of the name has in one opening: that of a value is the same where it was only
    /// moved.
    fn identity_of(&self, name: &[u8], version: &Self::Version) -> Result<Option<u64>, Self::Error>;

    /// Looks at all names once more, of which these are known, and makes them known as they are now. Gives those that have changed since a state
    /// of the store, which is a state of the known names or before that; `None`: since always. The outer `None`: the look was not whole, and
    /// nothing is known anew.
    fn look_for_news(&self, known: &mut Known, since: Option<u64>) -> Result<Option<News>, Self::Error>;

    /// When the first one of all values expires that are known to be there, as it was when they were made known, or as it is now.
    fn soonest(&self, known: &Known) -> Result<Option<Expiry>, Self::Error>;

    /// The state of the store at a cost that does not depend on how much is stored.
    fn glance(&self) -> Result<Stats, Self::Error>;

    /// The number of elements of a list, if it is known without reading that.
    fn elements(&self, name: &[u8]) -> Result<Option<u64>, Self::Error>;

    /// Shows some names, which begin with 0, or where the part before has ended.
    fn survey_part<T: Default>(&self, from: u64, see: impl FnMut(&mut T, Sight)) -> Result<(T, Part), Self::Error>;
}

/// All names that are known.
#[derive(Default)]
pub struct Known {
    /// With the number of the change that made the value.
    names: HashMap<Box<[u8]>, u64>,
    soonest: Option<Expiry>,
    /// When they were looked at, by a server's clock.
    time: u64,
}

/// The names that have changed.
#[derive(Default)]
pub struct News {
    /// In their order.
    pub changed: Vec<Changed>,
    /// Those that were known, and are gone.
    pub gone: Vec<Box<[u8]>>,
}

/// A name that has changed.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Changed {
    place: u64,
    pub name: Box<[u8]>,
    /// The number of the change, and that of the one that was known.
    pub change: u64,
    pub before: Option<u64>,
}

/// A name, as a look at many has seen it.
pub struct Sight<'n> {
    pub name: &'n [u8],
    pub bytes: u64,
    pub expiry: Option<Expiry>,
    /// The shape of its value, where that has come with it.
    pub shape: Option<Shape>,
}

/// The shape of a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    /// As in [`Facts`].
    pub kind: String,
    pub elements: Option<u64>,
}

impl From<Facts> for Shape {
    fn from(facts: Facts) -> Self {
        Self { kind: facts.kind, elements: facts.elements }
    }
}

/// The end of a part of all names.
#[derive(Default)]
pub struct Part {
    /// Where the next one begins; `None`: this was the last one.
    pub next: Option<u64>,
    /// The number of names that could not be read.
    pub unread: u64,
}

impl Followed for Store {
    const IS_FILE: bool = true;

    fn is_told(&self) -> bool {
        true
    }

    fn lineage(&self) -> Result<u64, Self::Error> {
        self.lineage()
    }

    fn change_of(&self, name: &[u8], version: &Self::Version) -> Result<Option<u64>, Self::Error> {
        let is_of_it =
            |&stored: &u64| stored <= Self::record_of(version) && Self::opening_of(version) == self.opening();
        Ok(self.stored(name)?.filter(is_of_it))
    }

    fn identity_of(&self, name: &[u8], version: &Self::Version) -> Result<Option<u64>, Self::Error> {
        self.change_of(name, version)
    }

    fn look_for_news(&self, known: &mut Known, since: Option<u64>) -> Result<Option<News>, Self::Error> {
        let since = since.unwrap_or(0);
        let ((now, mut changed), is_whole) = self.survey(|(now, changed): &mut (Known, Vec<Changed>), sight| {
            let before = known.names.get(sight.name).copied();
            now.names.insert(sight.name.into(), sight.stored);
            if sight.stored >= since {
                changed.push(Changed { place: sight.place, name: sight.name.into(), change: sight.stored, before });
            }
            now.soonest = now.soonest.into_iter().chain(sight.expiry).min();
        })?;
        if !is_whole {
            return Ok(None);
        }
        changed.sort_unstable();
        Ok(Some(News { changed, gone: known.become_all(now) }))
    }

    fn soonest(&self, known: &Known) -> Result<Option<Expiry>, Self::Error> {
        Ok(known.soonest)
    }

    fn glance(&self) -> Result<Stats, Self::Error> {
        self.glance()
    }

    fn elements(&self, name: &[u8]) -> Result<Option<u64>, Self::Error> {
        Ok(Facts::look(self, name)?.and_then(|facts| facts.elements))
    }

    fn survey_part<T: Default>(&self, from: u64, mut see: impl FnMut(&mut T, Sight)) -> Result<(T, Part), Self::Error> {
        let (seen, next, unread) = self.survey_part(from, |seen: &mut T, sight| {
            see(seen, Sight { name: sight.name, bytes: sight.bytes, expiry: sight.expiry, shape: None });
        })?;
        Ok((seen, Part { next, unread }))
    }
}

impl Followed for ServerStore {
    const IS_FILE: bool = false;

    fn is_told(&self) -> bool {
        self.server_address().caches
    }

    fn lineage(&self) -> Result<u64, Self::Error> {
        self.life()
    }

    fn change_of(&self, name: &[u8], version: &Self::Version) -> Result<Option<u64>, Self::Error> {
        // (The number is of the same value where that is the newest one behind it, by a look of its own.)
        let (change, mut now) = (self.last_change(name)?, *version);
        let found = self.get_short(name, 1, &mut now, &mut Vec::new())?;
        let is_newest = matches!(found, Found::Unchanged);
        Ok(is_newest.then(|| change.unwrap_or(0)))
    }

    fn identity_of(&self, _: &[u8], version: &Self::Version) -> Result<Option<u64>, Self::Error> {
        Ok(Some(Self::record_of(version)))
    }

    fn look_for_news(&self, known: &mut Known, since: Option<u64>) -> Result<Option<News>, Self::Error> {
        let is_known = known.time != 0;
        let changes = self.changes(since.filter(|_| is_known).map(|change| (change, known.time)))?;
        let with_before = |known: &Known, ChangedName { name, place, change }| {
            let before = known.names.get(&name).copied();
            Changed { place, name, change, before }
        };
        let mut changed: Vec<_> = changes.there.into_iter().map(|name| with_before(known, name)).collect();
        changed.sort_unstable();
        let names = changed.iter().map(|changed| (changed.name.clone(), changed.change));
        let gone = if changes.is_all {
            known.become_all(Known { names: names.collect(), ..Known::default() })
        } else {
            known.names.extend(names);
            changes.gone.into_iter().filter(|name| known.names.remove(name).is_some()).collect()
        };
        known.time = changes.time;
        if changes.is_all
            && let Some(since) = since
        {
            changed.retain(|changed| changed.change > since);
        }
        Ok(Some(News { changed, gone }))
    }

    fn soonest(&self, known: &Known) -> Result<Option<Expiry>, Self::Error> {
        // (That a value expires at another time is no change.)
        self.next_expiry(known.time)
    }

    fn glance(&self) -> Result<Stats, Self::Error> {
        self.glance()
    }

    fn elements(&self, name: &[u8]) -> Result<Option<u64>, Self::Error> {
        // (Its facts would be told after reading it.)
        let mut start = Vec::new();
        Ok(match self.peek(name, &mut Self::Version::default(), &mut start)? {
            Peeked::Noted(note) => listed(note),
            _ => elements(&start),
        })
    }

    fn survey_part<T: Default>(&self, from: u64, mut see: impl FnMut(&mut T, Sight)) -> Result<(T, Part), Self::Error> {
        let (names, next) = self.survey_part(from)?;
        let mut seen = T::default();
        for it in &names {
            let shape = match it.listed {
                Some(listed) => Shape { kind: "array".into(), elements: Some(listed) },
                None => Shape { kind: kind(&it.start), elements: elements(&it.start) },
            };
            see(&mut seen, Sight { name: &it.name, bytes: it.bytes, expiry: it.expiry, shape: Some(shape) });
        }
        Ok((seen, Part { next, unread: 0 }))
    }
}

impl Known {
    /// These are all from here on. Gives those that are gone.
    fn become_all(&mut self, now: Self) -> Vec<Box<[u8]>> {
        let before = std::mem::replace(self, now);
        before.names.into_keys().filter(|name| !self.names.contains_key(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_server::testing::Redis;

    fn finds_a_newer_value<B: Followed>(store: &B, other: &B) {
        for value in [b"\x01", b"\xc0"] {
            other.put(b"x", value, &mut Default::default()).unwrap();
            let got = || {
                let mut version = Default::default();
                store.get(b"x", &mut version, &mut Vec::new()).unwrap();
                version
            };
            let before = got();
            let change = store.change_of(b"x", &before).unwrap();
            assert!(change.is_some() && store.identity_of(b"x", &before).unwrap().is_some());
            other.put(b"y", b"\x01", &mut Default::default()).unwrap();
            assert_eq!(store.change_of(b"x", &before).unwrap(), change);
            other.put(b"x", b"\xc3", &mut Default::default()).unwrap();
            assert_eq!(store.change_of(b"x", &before).unwrap(), None);
            assert!(store.change_of(b"x", &got()).unwrap() > change);
        }
    }

    #[test]
    fn the_change_of_a_value_is_never_that_of_a_newer_one() {
        let redis = Redis::start(&[]);
        for options in ["", "?cache=0"] {
            let [store, other] = [options, ""].map(|options| ServerStore::new(&redis.address("", options), || 0));
            finds_a_newer_value(&store, &other);
        }
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let [store, other] = [0; 2].map(|_| Store::new(folder.path().join("x.sync"), Default::default()));
        finds_a_newer_value(&store, &other);
    }
}
