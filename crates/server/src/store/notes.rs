//! The things that a handle has seen, for those that wait for a change.

use super::cache::Moment;
use super::order::Everything;
use std::collections::HashMap;

/// The number of names that are noted. Of those that had to go, a change is assumed rather than missed.
const MOST_NAMES: usize = if cfg!(test) { 1 << 10 } else { 1 << 16 };

/// The things that a handle has seen.
#[derive(Debug, Default)]
pub struct Notes {
    /// The values by the names that were seen.
    names: HashMap<Box<[u8]>, (u32, Sight)>,
    /// Whether others were seen, which are not noted any more.
    has_forgotten: bool,
    /// All that was there when everything was seen, and when that was: it also says of all other names that they were not there.
    pub whole: Option<(Vec<(u32, u64)>, Moment)>,
    /// Up to which change everything is known.
    pub state: Option<u64>,
}

/// The value of a name when it was seen.
#[derive(Debug, Clone, Copy)]
pub struct Sight {
    /// Its number; 0: there was none.
    pub record: u64,
    pub at: Moment,
}

impl Sight {
    /// That of a name of which it is not known any more how it was seen. No value has this number.
    const FORGOTTEN: Self = Self { record: u64::MAX, at: Moment::START };
}

/// A waiter's knowledge of a name, or of everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServerWatch {
    pub known: Known,
    pub by_notes: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub enum Known {
    #[default]
    Nothing,
    /// It had this value, or none.
    Value(Sight),
    /// It had whatever it had at that change.
    At(u64),
    /// It was another store.
    Another,
    /// The number of the last change of anything.
    All(u64),
    /// Everything was as the notes of the handle say.
    Whole,
}

/// A state that a store never is in: that of one that was not there when all was seen, and has been there since, whether it is now or not.
const PASSED: u64 = u64::MAX;

impl Notes {
    /// A name was seen with this value, or without one.
    pub fn see(&mut self, name: &[u8], slot: u32, sight: Sight) {
        if sight.record != 0 && self.state == Some(0) {
            self.state = Some(PASSED);
        }
        match self.names.get_mut(name) {
            Some(seen) => *seen = (slot, sight),
            None => {
                if self.names.len() == MOST_NAMES {
                    self.names.clear();
                    self.has_forgotten = true;
                }
                self.names.insert(name.into(), (slot, sight));
            }
        }
    }

    /// Everything was seen.
    pub fn see_whole(&mut self, all: &Everything, at: Moment) {
        (self.names, self.has_forgotten) = (HashMap::new(), false);
        self.whole = Some((all.iter().map(|(_, known)| (known.slot, known.record)).collect(), at));
        self.state = None;
    }

    /// Everything was seen up to this change.
    pub fn see_state(&mut self, state: u64, at: Moment) {
        (self.names, self.has_forgotten) = (HashMap::new(), false);
        (self.whole, self.state) = (Some((Vec::new(), at)), Some(state));
    }

    /// Nothing was seen.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// A change of the handle's own was made under this number, and all before it were known. The changes of this store are counted from `first`:
    /// that is its state before any, as 0 is where there is no store.
    pub fn follow(&mut self, change: u64, first: u64) {
        let Some(before) = change.checked_sub(1) else { return };
        match self.state {
            // (It is the first use of the store.)
            None if self.is_empty() => self.state = Some(change),
            Some(state) if state == before || state == 0 && first == before => self.state = Some(change),
            // (Others have made the store, and changed it.)
            Some(0) => self.state = Some(PASSED),
            _ => {}
        }
    }

    /// Whether nothing was seen yet.
    pub fn is_empty(&self) -> bool {
        self.state.is_none() && self.whole.is_none() && self.names.is_empty()
    }

    /// Whether more names were seen than are noted.
    pub fn has_forgotten(&self) -> bool {
        self.has_forgotten
    }

    /// The names that were seen, each by itself.
    pub fn names(&self) -> Vec<(Box<[u8]>, Sight)> {
        self.names.iter().map(|(name, (_, sight))| (name.clone(), *sight)).collect()
    }

    /// The value that was seen of a name. `begun`: the moment from which on names have their numbers.
    pub fn seen(&self, name: &[u8], slot: u32, begun: Moment) -> Option<Sight> {
        let in_whole = || {
            let (whole, at) = match &self.whole {
                Some((_, at)) if *at < begun => return Some(Sight::FORGOTTEN),
                Some(whole) => whole,
                None => return self.has_forgotten.then_some(Sight::FORGOTTEN),
            };
            let record = whole.iter().find(|(its, _)| *its == slot).map_or(0, |(_, record)| *record);
            Some(Sight { record, at: *at })
        };
        self.names.get(name).map(|(_, sight)| *sight).or_else(in_whole)
    }

    /// Whether everything is as it was seen, as far as that is known. `begun`: the moment from which on names have their numbers.
    pub fn is_whole(&self, all: &Everything, begun: Moment) -> bool {
        let Some((whole, _)) = self.whole.as_ref().filter(|(_, at)| *at >= begun) else { return false };
        let mut seen: HashMap<u32, u64> = whole.iter().copied().collect();
        seen.extend(self.names.values().map(|(slot, sight)| (*slot, sight.record)));
        seen.retain(|_, record| *record != 0);
        let now: HashMap<u32, u64> = all.iter().map(|(_, known)| (known.slot, known.record)).collect();
        seen == now
    }
}
