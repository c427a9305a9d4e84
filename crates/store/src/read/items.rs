//! The items in consumption, to look at without the lock.

use super::attempts::Attempts;
use super::lookup::{Keys, Lookup};
use super::reader::{ATTEMPTS, Reader};
use super::snapshot::All;
use super::stillness::Stillness;
use crate::error::Failure;
use crate::format::*;
use crate::lock_table::{ITEM_TOKEN, LockSlot, LockTable};
use crate::memory::fence;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use sync_backend::list::{self, Walk};
use sync_backend::{Expiry, LockSpace};

/// The lists of which items are in consumption.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consumption {
    /// Their keys.
    pub lists: BTreeSet<Vec<u8>>,
    /// Another number with each item that is taken.
    pub taken: u64,
}

/// A value with its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WithItems {
    /// Whether there is any of it.
    pub is_there: bool,
    pub expiry: Option<Expiry>,
    /// The number of items that are in it, and of those that cannot be, as it is no list any more.
    pub items: usize,
    pub left_out: usize,
}

/// An item in consumption.
pub struct ConsumedItem {
    /// The key of its list.
    pub list: Vec<u8>,
    /// Its key in the list, if that was a string.
    key: Option<Vec<u8>>,
    element: Vec<u8>,
    /// When its list expires, as that said.
    pub expiry: Option<Expiry>,
}

impl ConsumedItem {
    /// Reads the value of an item's record: an array of the list's key, when that expires, places, the key of the element, and the
    /// element.
    fn parse(bytes: &[u8]) -> Option<Self> {
        const PARTS: u8 = 0x95;
        let (list, rest) = list::read_key(bytes.strip_prefix(&[PARTS])?)?;
        let (expiry, rest) = split_value(rest)?;
        let expiry = match expiry {
            [_] => None,
            mut expiry => Some(Expiry::at(rmp::decode::read_u64(&mut expiry).ok()?)),
        };
        let (_, rest) = split_value(rest)?;
        let (key, element) = list::read_key(rest)?;
        list::refers(element)?;
        Some(Self { list: list?.to_vec(), key: key.map(<[u8]>::to_vec), element: element.to_vec(), expiry })
    }

    /// Itself, to be put into an array.
    pub fn item(&self) -> list::Item<'_> {
        list::Item { key: self.key.as_deref(), element: &self.element }
    }
}

/// The value with which these bytes begin, and what follows.
fn split_value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut walk = Walk::new(bytes, 0, bytes.len() as u64);
    walk.skip()?;
    bytes.split_at_checked(walk.at() as usize)
}

impl Reader<'_> {
    /// The items in consumption, of one list or of all, in the order in which they were taken. Of each that is there all the time it is
    /// certain that it is among them; no others are but those that are there at some moment.
    pub fn items(&self, object: u64, list: Option<&[u8]>) -> Result<Vec<ConsumedItem>, Failure> {
        let mut attempts = Attempts::new(ATTEMPTS, self.file().writable);
        while attempts.go_on() {
            if let Some(items) = self.attempt_items(object, list)? {
                return Ok(items);
            }
        }
        let stillness = Stillness::of(self.file(), object)?;
        match self.attempt_items(object, list)? {
            Some(items) if stillness.held() => Ok(items),
            Some(_) => Err(Failure::Busy),
            None => Err(stillness.blame("an item that is being consumed makes no sense")),
        }
    }

    /// One attempt. `None`: something has moved meanwhile, or makes no sense.
    fn attempt_items(&self, object: u64, list: Option<&[u8]>) -> Result<Option<Vec<ConsumedItem>>, Failure> {
        let (file, header) = (self.file(), self.file().map.header());
        let looking = file.begin_looking(object)?;
        file.check_ours()?;
        // As long as it is 0 there are none, as it grows before the first one is published.
        if header.consuming.load(Ordering::Acquire) == 0 || header.directory.load(Ordering::Acquire) == 0 {
            return Ok(Some(Vec::new()));
        }
        let items = self.tokens(list).and_then(|tokens| {
            let read = tokens.into_iter().map(|token| self.item(token, looking.commit));
            read.collect::<Option<Vec<_>>>()
        });
        let undisturbed = file.has_seen_no_section(looking);
        file.check_ours()?;
        let of_list = |item: &ConsumedItem| list.is_none_or(|list| item.list == list);
        Ok(items.filter(|_| undisturbed).map(|items| items.into_iter().flatten().filter(of_list).collect()))
    }

    /// The tokens of all items that may be of a list. `None`: the table has moved meanwhile.
    fn tokens(&self, list: Option<&[u8]>) -> Option<Vec<u64>> {
        let header = self.file().map.header();
        // (Of a long name only the beginning is kept.)
        let may_be_of = |slot: LockSlot, list: &[u8]| match slot.read_name() {
            Some((LockSpace::Consumed, _, name)) => {
                name.get(ITEM_TOKEN..).is_some_and(|kept| kept.is_empty() || list.starts_with(kept))
            }
            _ => true,
        };
        LockTable::look(self.file(), |table| {
            let items = table.into_iter().flat_map(LockTable::items).map(|slot| (slot, slot.token().get()));
            let may_be = |slot| list.is_none_or(|list| may_be_of(slot, list));
            let mut tokens: Vec<u64> = items.filter(|&(slot, _)| may_be(slot)).map(|(_, token)| token).collect();
            // Those of a file that was put right have no slots yet, where they could not go back to their lists.
            if header.orphans.load(Ordering::Acquire) != 0 {
                let view = All::of(self.file().view());
                view.visit_loosely(&mut |_, record| {
                    if view.is_item(record) == Some(true)
                        && let Some(token) = view.read(record.offset() + RECORD_HEAD + 2)
                    {
                        tokens.push(u64::from_be_bytes(token));
                    }
                })?;
            }
            tokens.sort_unstable();
            tokens.dedup();
            Some(tokens)
        })
        .flatten()
    }

    /// The item with a token; the inner `None`: it is there no more. `None`: something has moved, or makes no sense.
    fn item(&self, token: u64, commit: u64) -> Option<Option<ConsumedItem>> {
        let bytes = token.to_be_bytes();
        let hash = hash(self.file().identity.hash_seed, &bytes);
        let view = Keys::of(self.file().view_since(commit));
        let candidate = match view.look_up(hash, &EncodedKey::of_item(&bytes), commit) {
            Lookup::Found(candidate) => candidate,
            Lookup::Missing => return Some(None),
            Lookup::Again => return None,
        };
        let value = view.layout(candidate.hit.record, candidate.head)?.value;
        let mut copied: Vec<u8> = Vec::new();
        view.copy(value.at, value.length, &mut copied)?;
        fence(Ordering::Acquire);
        view.has_stood(candidate.hit.record, candidate.generation).then_some(())?;
        ConsumedItem::parse(&copied).map(Some)
    }
}
