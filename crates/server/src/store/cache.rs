//! The values that a process has read, for as long as the server does not say that they have changed.

use super::layout::{First, Stored};
use std::collections::HashMap;
use std::rc::Rc;
use sync_backend::{Expiry, Now};

/// Bytes of values that are kept from one reading to the next.
const MOST: u64 = 64 << 20;
/// The number of names that are kept from one operation to the next, and how many times the number of those that are in the store, if that is more.
const MOST_NAMES: usize = if cfg!(test) { 1 << 10 } else { 1 << 16 };
const TIMES: usize = 2;

/// The value of a name, as far as it is known.
#[derive(Debug, Default)]
pub struct Slot {
    /// The round of the cache in which it is known to be the newest; of an earlier one: it is not.
    known: u64,
    /// The number of the value, which no other one has in this process; 0: there is none.
    record: u64,
    /// `None`: there is none, or its bytes are not kept.
    value: Option<Rc<Stored>>,
    /// The form in which the value was stored, kept even where its bytes are not.
    identity: Option<Identity>,
    expiry: Option<Expiry>,
    /// The moment from which on it was missing again, if it is missing.
    gone: Moment,
    /// The number of the change that made the value, if the server does not tell of later ones; else 0.
    untold: u64,
}

/// A point in a process's knowledge of a store: the number of the last value that it has learned of, or of the last one that was gone before it
/// could be learned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// Before all others.
    pub const START: Self = Self(0);
}

impl Slot {
    /// The value is missing from a moment on, if it was not missing before: one that has expired has been since then.
    fn go(&mut self, at: Moment) {
        if self.record != 0 && !self.is_over() {
            self.gone = at;
        }
    }

    /// Whether the value has expired, as far as is known.
    fn is_over(&self) -> bool {
        self.expiry.is_some_and(|expiry| expiry.has_come(Now::read()))
    }
}

/// The parts by which values are told apart.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    mark: First,
    stored: u64,
}

impl Identity {
    /// Whether it is an integer, in digits.
    fn is_plain(&self) -> bool {
        self.mark.len() as u64 == self.stored
    }
}

/// A value that is known.
#[derive(Debug, Clone)]
pub struct Known {
    /// The number of its name.
    pub slot: u32,
    /// The number of the value.
    pub record: u64,
    /// Itself.
    pub value: Rc<Stored>,
    /// When it expires.
    pub expiry: Option<Expiry>,
}

/// The outcome of a look at the cache.
#[derive(Debug)]
pub enum Look {
    /// The server has to be asked.
    Unknown,
    /// There is no value, under the name of this number.
    Missing(u32),
    /// It is known.
    Known(Known),
}

/// How much is to be known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Whole,
    /// The first bytes, and how long it is.
    Head,
}

/// Values by name.
#[derive(Debug)]
pub struct Cache {
    names: HashMap<Box<[u8]>, u32>,
    slots: Vec<Slot>,
    records: u64,
    bytes: u64,
    /// A number that moves on when all values may be others by now.
    round: u64,
    /// The moment from which on names have the numbers that they have.
    begun: Moment,
    /// Whether a value that a server has told of since this was asked last had expired by then, as far as is known: it has it still.
    pub found_expired: bool,
}

impl Default for Cache {
    fn default() -> Self {
        let (names, slots) = Default::default();
        Self { names, slots, records: 0, bytes: 0, round: 1, begun: Moment::default(), found_expired: false }
    }
}

impl Cache {
    /// The number of a name.
    pub fn slot(&mut self, name: &[u8]) -> u32 {
        if let Some(slot) = self.names.get(name) {
            return *slot;
        }
        let slot = u32::try_from(self.slots.len()).expect("a process has fewer than 2^32 names");
        self.slots.push(Slot::default());
        self.names.insert(name.into(), slot);
        slot
    }

    /// Looks for the value of a name.
    pub fn look(&self, name: &[u8]) -> Look {
        self.names.get(name).map_or(Look::Unknown, |number| self.look_at(*number))
    }

    /// Looks for the value of the name with this number.
    pub fn look_at(&self, number: u32) -> Look {
        match self.look_at_head(number) {
            Look::Known(known) if !known.value.is_read => Look::Unknown,
            look => look,
        }
    }

    /// Looks for so much of the value of the name with this number.
    pub fn look_at_as(&self, number: u32, wish: Wish) -> Look {
        match wish {
            Wish::Whole => self.look_at(number),
            Wish::Head => self.look_at_head(number),
        }
    }

    /// Looks for the value of a name, of which only the first bytes may be known.
    pub fn look_for_head(&self, name: &[u8]) -> Look {
        self.names.get(name).map_or(Look::Unknown, |number| self.look_at_head(*number))
    }

    fn look_at_head(&self, number: u32) -> Look {
        let Some(slot) = self.slots.get(number as usize) else { return Look::Unknown };
        if slot.known != self.round {
            return Look::Unknown;
        }
        if slot.record == 0 || slot.is_over() {
            return Look::Missing(number);
        }
        match &slot.value {
            Some(value) => {
                Look::Known(Known { slot: number, record: slot.record, value: value.clone(), expiry: slot.expiry })
            }
            None => Look::Unknown,
        }
    }

    /// The moment that it is.
    pub fn moment(&self) -> Moment {
        Moment(self.records)
    }

    /// Whether the name with this number, which was missing at a moment and is missing now, has had a value in between, or may have had.
    pub fn was_there(&self, number: u32, since: Moment) -> bool {
        since < self.begun || self.slots.get(number as usize).is_some_and(|slot| slot.gone > since)
    }

    /// The moment from which on names have the numbers that they have.
    pub fn begun(&self) -> Moment {
        self.begun
    }

    /// Whether there are so many names that they are to be forgotten: a process that goes on asking for others would never stop growing. `there`: as
    /// many are in the store, as far as is known.
    pub fn has_too_many_names(&self, there: usize) -> bool {
        self.slots.len() > MOST_NAMES.max(there.saturating_mul(TIMES))
    }

    /// The number of names.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.slots.len()
    }

    /// Nothing is known of any name, and names get other numbers. (Those of values do not come again.)
    pub fn forget_names(&mut self) {
        self.records += 1;
        *self = Self { records: self.records, round: self.round, begun: Moment(self.records), ..Self::default() };
    }

    /// The number of a name, and the value that was last known of it, which may be another one by now.
    pub fn last(&mut self, name: &[u8]) -> (u32, Option<Known>) {
        let number = self.slot(name);
        let slot = &self.slots[number as usize];
        let known =
            |value: &Rc<Stored>| Known { slot: number, record: slot.record, value: value.clone(), expiry: slot.expiry };
        (number, slot.value.as_ref().map(known))
    }

    /// The value that was last known of a name, where its mark tells it apart from all that may have taken its place meanwhile.
    pub fn last_marked(&mut self, name: &[u8]) -> Option<Known> {
        let (number, known) = self.last(name);
        known.filter(|_| self.slots[number as usize].identity.is_some())
    }

    /// Whether the value that was last known of a name was stored in so many bytes, at least.
    pub fn is_last_longer(&self, name: &[u8], than: u64) -> bool {
        let slot = self.names.get(name).and_then(|number| self.slots.get(*number as usize));
        slot.and_then(|slot| slot.identity.as_ref()).is_some_and(|identity| identity.stored >= than)
    }

    /// Whether a value is still the newest of its name, and expires then.
    #[inline]
    pub fn is_newest(&self, slot: u32, record: u64, expiry: Option<Expiry>) -> bool {
        self.slots
            .get(slot as usize)
            .is_some_and(|slot| slot.known == self.round && slot.record == record && slot.expiry == expiry)
    }

    /// The server has told what a name has. `ahead`: its clock is so many milliseconds before that of this process.
    pub fn learn(&mut self, name: &[u8], value: Option<Stored>, ahead: i64) {
        let number = self.slot(name);
        self.learn_at(number, value, ahead);
    }

    /// The same, of the name with this number.
    pub fn learn_at(&mut self, number: u32, value: Option<Stored>, ahead: i64) {
        let slot = &mut self.slots[number as usize];
        if value.is_none() {
            self.records += 1;
            slot.go(Moment(self.records));
        }
        self.bytes -= slot.value.as_ref().map_or(0, |value| value.kept());
        (slot.known, slot.untold) = (self.round, 0);
        match value {
            None => (slot.record, slot.value, slot.identity, slot.expiry) = (0, None, None, None),
            Some(value) => {
                let identity = Identity { mark: First::from_slice(&value.mark), stored: value.stored };
                if slot.record == 0 || slot.identity.as_ref() != Some(&identity) {
                    self.records += 1;
                    slot.record = self.records;
                }
                slot.expiry = value.expiry(ahead);
                self.found_expired |= slot.is_over();
                // (Of one whose bytes are known, nothing but when it expires is learned by the first ones.)
                let is_same = !value.is_read && slot.identity.as_ref() == Some(&identity);
                let kept = slot.value.as_mut().filter(|kept| is_same && kept.is_read);
                match kept.and_then(Rc::get_mut) {
                    Some(kept) => kept.due = value.due,
                    None => slot.value = Some(Rc::new(value)),
                }
                slot.identity = Some(identity);
            }
        }
        self.bytes += slot.value.as_ref().map_or(0, |value| value.kept());
    }

    /// The server has told what the name with this number has. True: it is the value that was last known, down to its bytes, which is known again.
    pub fn confirm(&mut self, number: u32, raw: &[u8], ahead: i64) -> bool {
        let slot = &mut self.slots[number as usize];
        let Some(value) = slot.value.as_ref().filter(|value| value.is_of(raw) && slot.identity.is_some()) else {
            return false;
        };
        (slot.known, slot.untold, slot.expiry) = (self.round, 0, value.expiry(ahead));
        self.found_expired |= slot.is_over();
        true
    }

    /// It is to be asked whether the value of a name is still the same.
    pub fn ask_again(&mut self, name: &[u8]) {
        if let Some(slot) = self.names.get(name).and_then(|number| self.slots.get_mut(*number as usize)) {
            slot.known = 0;
        }
    }

    /// The value of a name was made by this change, and the server does not tell of later ones.
    pub fn is_not_told(&mut self, name: &[u8], change: u64) {
        if let Some(slot) = self.names.get(name).and_then(|number| self.slots.get_mut(*number as usize)) {
            (slot.known, slot.untold) = (0, change);
        }
    }

    /// The number of the change that made the value with this number, if the server does not tell of later ones.
    pub fn untold_since(&self, number: u32, record: u64) -> Option<u64> {
        let slot = self.slots.get(number as usize)?;
        (slot.untold != 0 && slot.record == record).then_some(slot.untold)
    }

    /// The value of a name is another one by now.
    pub fn doubt(&mut self, name: &[u8]) {
        if let Some(slot) = self.names.get(name).and_then(|number| self.slots.get_mut(*number as usize)) {
            slot.known = 0;
            // Two integers with the same digits look the same.
            slot.identity.take_if(|identity| identity.is_plain());
        }
    }

    /// Gives away the value of a name, or what is known of it, if that is known. It is to be learned anew then.
    pub fn take(&mut self, name: &[u8]) -> Option<Rc<Stored>> {
        let Look::Known(Known { slot, .. }) = self.look_for_head(name) else { return None };
        self.take_last(slot)
    }

    /// Gives away the value that was last known of the name with this number.
    pub fn take_last(&mut self, number: u32) -> Option<Rc<Stored>> {
        let slot = &mut self.slots[number as usize];
        slot.known = 0;
        let value = slot.value.take()?;
        self.bytes -= value.kept();
        Some(value)
    }

    /// The value of a name is another one, which is not known.
    pub fn forget(&mut self, name: &[u8]) {
        if let Some(slot) = self.names.get(name).and_then(|number| self.slots.get_mut(*number as usize)) {
            self.bytes -= slot.value.take().map_or(0, |value| value.kept());
            (slot.known, slot.identity) = (0, None);
        }
    }

    /// The server says that a name has another value by now, or has none, or had one.
    pub fn told(&mut self, name: &[u8]) {
        if let Some(slot) = self.names.get(name).and_then(|number| self.slots.get_mut(*number as usize))
            && slot.record == 0
        {
            self.records += 1;
            slot.gone = Moment(self.records);
        }
        self.doubt(name);
    }

    /// All values were removed by this process itself. (Of what comes then the server may not tell.)
    pub fn clear(&mut self) {
        self.records += 1;
        for slot in &mut self.slots {
            slot.go(Moment(self.records));
            *slot = Slot { gone: slot.gone, ..Slot::default() };
        }
        self.bytes = 0;
    }

    /// All values may be others by now.
    pub fn doubt_all(&mut self) {
        self.round += 1;
    }

    /// No value is taken for the same one as before: by another server, or one that was started anew, the numbers of changes may be given once more, where the last
    /// ones have got lost.
    pub fn take_none_for_the_same(&mut self) {
        self.slots.iter_mut().for_each(|slot| (slot.known, slot.identity, slot.untold) = (0, None, 0));
    }

    /// Gives the memory of values back, if it is more than is kept. What they are is still known. (Between two readings: one reading keeps all
    /// that it needs.)
    pub fn trim(&mut self) {
        if self.bytes <= MOST {
            return;
        }
        for slot in &mut self.slots {
            (slot.known, slot.value) = (0, None);
        }
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Word;

    #[test]
    fn a_value_that_is_read_again_is_the_same_only_down_to_its_bytes() {
        const DUE: u64 = u64::MAX / 4;
        let raw = |base: u64, bytes: &[u8], due: u64| {
            let head = Stored::put(base, Word::from(bytes), None, due).unwrap();
            // (The facts, and the value behind them.)
            [&head.mark[..], &due.to_be_bytes(), &(bytes.len() as u32).to_be_bytes(), bytes].concat()
        };
        let mut cache = Cache::default();
        cache.doubt_all();
        let slot = cache.slot(b"n");
        let first = raw(7, b"value", DUE);
        assert!(!cache.confirm(slot, &first, 0), "nothing is known yet");
        cache.learn_at(slot, Some(Stored::read(first.clone()).unwrap()), 0);
        let Look::Known(before) = cache.look(b"n") else { panic!("it is known") };
        cache.doubt(b"n");
        assert!(!cache.confirm(slot, &raw(7, b"other", DUE), 0));
        assert!(!cache.confirm(slot, &raw(8, b"value", DUE), 0));
        assert!(!cache.confirm(slot, &raw(7, b"value", DUE + 1), 0));
        assert!(matches!(cache.look(b"n"), Look::Unknown));
        // The server's clock may be further ahead by now.
        assert!(cache.confirm(slot, &first, 1_000));
        let Look::Known(known) = cache.look(b"n") else { panic!("it is known again") };
        assert_eq!((known.record, known.expiry), (before.record, Some(Expiry::at(DUE - 1_000))));
        assert_eq!(before.expiry, Some(Expiry::at(DUE)));
        cache.take_none_for_the_same();
        assert!(!cache.confirm(slot, &first, 0), "a number of another life of the store");
    }

    #[test]
    fn an_integer_that_is_read_again_is_the_same_unless_it_was_another_one_meanwhile() {
        let mut cache = Cache::default();
        cache.doubt_all();
        let slot = cache.slot(b"n");
        cache.learn_at(slot, Some(Stored::read(b"-12".to_vec()).unwrap()), 0);
        let Look::Known(before) = cache.look(b"n") else { panic!("it is known") };
        cache.ask_again(b"n");
        for other in ["-1", "-123", "12", ""] {
            assert!(!cache.confirm(slot, other.as_bytes(), 0), "{other}");
        }
        assert!(cache.confirm(slot, b"-12", 0));
        let Look::Known(known) = cache.look(b"n") else { panic!("it is known again") };
        assert_eq!(known.record, before.record);
        cache.doubt(b"n");
        assert!(!cache.confirm(slot, b"-12", 0), "the server has told of a change");
    }
}
