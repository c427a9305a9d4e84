//! Items in consumption, as far as a thread knows of them: whose they are, and the lists to which they belong.

use super::cache::Cache;
use super::mark::{ASKS, Owner};
use crate::message::Value;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The longest time between two looks.
const LONGEST: Duration = Duration::from_millis(100);

/// An item in consumption.
#[derive(Debug)]
pub struct Consumed {
    pub token: u64,
    pub owner: Owner,
    pub list: Box<[u8]>,
    /// The number of the list's name.
    slot: u32,
}

impl Consumed {
    /// As the server keeps it under the item's token.
    pub fn text(owner: &Owner, list: &[u8]) -> Vec<u8> {
        [owner.text().as_bytes(), b" ", list].concat()
    }

    fn read(token: &Value, text: &Value, cache: &mut Cache) -> Option<Self> {
        let text = text.text()?;
        let end = text.iter().position(|byte| *byte == b' ')?;
        let owner = Owner::of(&text[..end])?;
        let list = &text[end + 1..];
        Some(Self { token: token.number()?, owner, list: list.into(), slot: cache.slot(list) })
    }
}

/// The lists that somebody is about to use.
#[derive(Debug, Clone, Copy)]
pub enum Lists<'a> {
    All,
    /// Those with these names.
    Named(&'a [&'a [u8]]),
    /// That whose name has this number.
    Slot(u32),
}

impl Lists<'_> {
    pub fn have(self, item: &Consumed) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(&&*item.list),
            Self::Slot(slot) => item.slot == slot,
        }
    }
}

/// All items in consumption, the first that was taken first.
#[derive(Debug, Default)]
pub struct Consuming {
    known: Option<Rc<[Consumed]>>,
    /// When they were asked for, and when their owners were.
    fetched: Option<Instant>,
    looked: Option<Instant>,
    /// The time until the next look, which grows while the server takes nothing.
    pause: Pause,
}

/// The time between two looks.
#[derive(Debug)]
struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(ASKS)
    }
}

impl Consuming {
    /// They may be others by now.
    pub fn doubt(&mut self) {
        self.known = None;
    }

    /// The next one is to look at once.
    pub fn hurry(&mut self) {
        (self.fetched, self.looked, self.pause) = (None, None, Pause::default());
    }

    /// The owners have been asked for. `takes`: the server takes what has to be done then.
    pub fn has_looked(&mut self, takes: bool) {
        self.looked = Some(Instant::now());
        self.pause = if takes { Pause::default() } else { Pause(LONGEST.min(self.pause.0 * 2)) };
    }

    pub fn known(&self) -> Option<Rc<[Consumed]>> {
        self.known.clone()
    }

    /// The server has told of them. `stays`: it tells of changes, too.
    pub fn learn(&mut self, all: Value, stays: bool, cache: &mut Cache) -> Option<Rc<[Consumed]>> {
        let pairs = match all {
            Value::Map(pairs) => pairs,
            _ => return None,
        };
        let mut items: Vec<_> = pairs.iter().filter_map(|(token, text)| Consumed::read(token, text, cache)).collect();
        items.sort_by_key(|item| item.token);
        let items: Rc<[Consumed]> = items.into();
        self.known = stays.then(|| items.clone());
        self.fetched = Some(Instant::now());
        Some(items)
    }

    /// Whether there may be items of these lists.
    pub fn may_have(&self, lists: Lists) -> bool {
        self.known.as_ref().is_none_or(|items| items.iter().any(|item| lists.have(item)))
    }

    /// The same, and nobody has looked after them for a while.
    #[inline]
    pub fn are_due(&self, lists: Lists) -> bool {
        if self.known.as_ref().is_some_and(|items| items.is_empty()) {
            return false;
        }
        let last = if self.known.is_some() { self.looked } else { self.fetched };
        let pause = if self.known.is_some() { self.pause.0 } else { ASKS };
        last.is_none_or(|last| last.elapsed() >= pause) && self.may_have(lists)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_its_own_items_to_look_after_until_somebody_has_looked() {
        let owner = Owner { client: 7, run: b"ab".to_vec(), object: 2, fiber: 0 };
        let item = |token: &str, list: &[u8]| (Value::Text(token.into()), Value::Text(Consumed::text(&owner, list)));
        let (mut cache, mut consuming) = (Cache::default(), Consuming::default());
        let (list, other): ([&[u8]; 1], [&[u8]; 1]) = ([b"a \xff"], [b"a"]);
        assert!(consuming.are_due(Lists::Named(&other)), "nothing is known yet");
        let all = Value::Map(vec![item("9", b"b"), item("8", b"a \xff")]);
        let items = consuming.learn(all, true, &mut cache).unwrap();
        assert_eq!(items.iter().map(|item| item.token).collect::<Vec<_>>(), [8, 9]);
        assert_eq!(items[0].owner, owner);
        assert!(consuming.are_due(Lists::All) && consuming.are_due(Lists::Named(&list)));
        assert!(consuming.are_due(Lists::Slot(cache.slot(list[0]))));
        assert!(!consuming.may_have(Lists::Named(&other)) && !consuming.are_due(Lists::Slot(cache.slot(other[0]))));
        consuming.has_looked(true);
        assert!(consuming.may_have(Lists::All) && !consuming.are_due(Lists::All));
        consuming.hurry();
        assert!(consuming.are_due(Lists::All));
        consuming.learn(Value::Map(Vec::new()), true, &mut cache).unwrap();
        assert!(!consuming.are_due(Lists::All) && !consuming.may_have(Lists::All));
        consuming.learn(Value::Map(Vec::new()), false, &mut cache).unwrap();
        assert!(consuming.may_have(Lists::All), "the server does not tell when there is one");
    }
}
