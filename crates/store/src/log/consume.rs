//! Items in consumption: taken off a list, and not done with yet.
//!
//! An item is a record under a key that is no name, but its token, and a slot in the table of locks, which tells whose it is. The record
//! and the list without the item are one publication; so are the removal of the record and the list with the item at its head again.
//! The slot is filled before the first of these, and freed after the last: a record without one is of a file that was adopted,
//! a slot without a record of a thread that died in between.

use super::append::Effect;
use super::batch::{Batches, Member};
use super::queue::{Finding, Queue, Removal};
use super::record::Newest;
use super::record::Span;
use super::values::{Grown, NewPiece};
use crate::clock::tick;
use crate::error::Failure;
use crate::format::*;
use crate::header::Word;
use crate::index::{Hit, Search};
use crate::lock::WriteGuard;
use crate::lock_table::{LockKey, item_name};
use crate::named::NamedLocks;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ops::{Deref, Range};
use sync_backend::list::{self, Item, Kind as ValueKind};
use sync_backend::{Expiry, LockName, LockSpace, Now, PEEK, Room, Taken, list_note, listed};

/// So many consumers are looked after with each item that is taken; all of them, where there are more, once in a tick of the clock.
const AT_ONCE: usize = 8;

/// How long an item that could not go back stays where it is, in nanoseconds.
const REST: u64 = 100_000_000;

/// Parts of an item's value.
const PARTS: u8 = 0x95;
const UINT64: u8 = 0xcf;
const BIN8: u8 = 0xc4;
const NIL: u8 = 0xc0;

/// Tells whose an item is.
#[derive(Clone, Copy)]
pub struct Consumer<'a> {
    /// The object that takes it.
    pub object: u64,
    /// The list's key.
    pub list: &'a [u8],
}

/// The record of an item.
struct Stored {
    token: u64,
    hit: Hit,
    /// Its value, and where in it the parts are.
    bytes: Vec<u8>,
    list: Range<usize>,
    key: Option<Range<usize>>,
    element: usize,
    /// When its list expires, as that said.
    expiry: Option<Expiry>,
    /// Where the first element of its list lay before it was taken, and after.
    places: Option<[Place; 2]>,
}

impl Stored {
    fn list(&self) -> &[u8] {
        &self.bytes[self.list.clone()]
    }

    fn item(&self) -> Item<'_> {
        Item { key: self.key.clone().map(|key| &self.bytes[key]), element: &self.bytes[self.element..] }
    }

    /// Whether it can lie in the array of a list.
    fn is_plain(&self) -> bool {
        self.key.is_none() && list::refers(self.item().element) == Some(false)
    }

    fn has_expired(&self, now: Now) -> bool {
        self.expiry.is_some_and(|expiry| expiry.has_come(now))
    }
}

/// The start of an item's value: the list's key, when that expires, where its first element lay before and after, and the key of the
/// element, if it is a string. The element follows.
fn item_head(list: &[u8], expiry: Option<Expiry>, places: Option<[Place; 2]>, key: Option<&[u8]>) -> Vec<u8> {
    let mut head = vec![PARTS];
    list::write_key(&mut head, Some(list));
    match expiry {
        None => head.push(NIL),
        Some(expiry) => {
            head.push(UINT64);
            head.extend_from_slice(&expiry.milliseconds().to_be_bytes());
        }
    }
    match places {
        None => head.push(NIL),
        Some([before, after]) => {
            head.extend_from_slice(&[BIN8, 2 * PLACE as u8]);
            head.extend_from_slice(&before.encoded());
            head.extend_from_slice(&after.encoded());
        }
    }
    list::write_key(&mut head, key);
    head
}

/// Reads what [`item_head`] wrote, and the element behind it.
fn parse_item(token: u64, hit: Hit, bytes: Vec<u8>) -> Option<Stored> {
    let rest = bytes.strip_prefix(&[PARTS])?;
    let (list, rest) = list::read_key(rest)?;
    let list = list?.len();
    let list_end = bytes.len() - rest.len();
    let (expiry, rest) = match rest.split_first()? {
        (&NIL, rest) => (None, rest),
        (&UINT64, rest) => {
            let (time, rest) = rest.split_first_chunk()?;
            (Some(Expiry::at(u64::from_be_bytes(*time))), rest)
        }
        _ => return None,
    };
    let (places, rest) = match rest.split_first()? {
        (&NIL, rest) => (None, rest),
        (&BIN8, rest) => {
            let (before, rest) = rest.strip_prefix(&[2 * PLACE as u8])?.split_first_chunk()?;
            let (after, rest) = rest.split_first_chunk()?;
            (Some([Place::parse(*before), Place::parse(*after)]), rest)
        }
        _ => return None,
    };
    let (key, rest) = list::read_key(rest)?;
    let element = bytes.len() - rest.len();
    let key = key.map(|key| element - key.len()..element);
    list::refers(rest)?;
    Some(Stored { token, hit, list: list_end - list..list_end, key, element, expiry, places, bytes })
}

fn damaged_item() -> Failure {
    Failure::Damaged("an item that was being consumed makes no sense".into())
}

/// The items of a file whose write lock is held.
#[derive(Clone, Copy)]
pub struct Consuming<'g> {
    batches: Batches<'g>,
    queue: Queue<'g>,
    locks: NamedLocks<'g>,
}

impl<'g> Deref for Consuming<'g> {
    type Target = Batches<'g>;

    fn deref(&self) -> &Batches<'g> {
        &self.batches
    }
}

impl<'g> Consuming<'g> {
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { batches: Batches::of(guard), queue: Queue::of(guard), locks: NamedLocks::of(guard) }
    }

    // ---- taking ------------------------------------------------------------------------------------

    /// Takes the first element off a list, which replaces what is in `out`, and keeps it for its consumer. On an error nothing has
    /// happened.
    pub fn take(&self, by: Consumer, out: &mut impl Room<u8>) -> Result<Taken, Failure> {
        let Some((key, hash)) = self.key_of(by.list) else { return Ok(Taken::Nothing) };
        let mut hit = match self.search(hash, &key) {
            Search::Hit(hit) if !self.has_expired(hit.record) => hit,
            _ => return Ok(Taken::Nothing),
        };
        let (grown, body, places) = match self.queue.find_first(&key, &mut hit, out)? {
            Finding::Element { removal: Removal::Piece(piece, _, before), .. } => {
                (self.grown_by(piece)?, piece.body, piece.cursor.map(|next| [before, next.place()]))
            }
            Finding::Element { removal: Removal::Last, .. } => (self.emptied(hit)?, &[][..], None),
            Finding::Empty => return Ok(Taken::Nothing),
            Finding::Whole => return Ok(Taken::Whole),
        };
        let list = Member::grown(key, hash, (hit, grown), body);
        self.keep(by, list, Item { key: None, element: out.items() }, places).map(Taken::Item)
    }

    /// As [`Consuming::take`], of an array that its consumer has read and taken apart: the record of that, the first element, and the array
    /// without it.
    pub fn take_read(&self, by: Consumer, hit: Hit, first: Item, rest: (&[u8], &[u8])) -> Result<u64, Failure> {
        let (key, hash) = self.key_of(by.list).ok_or(Failure::TooLarge)?;
        let mut list = Member::new(key, hash);
        (list.head, list.body) = (Cow::Borrowed(rest.0), rest.1);
        (list.hit, list.order, list.expiry) = (Some(hit), Some(self.order(hit.record)), self.expiry(hit)?);
        self.keep(by, list, first, None)
    }

    /// Publishes a list without its first element, and that as an item.
    fn keep(&self, by: Consumer, list: Member, first: Item, places: Option<[Place; 2]>) -> Result<u64, Failure> {
        let token = self.locks.next_token();
        let name = item_name(token, by.list);
        let lock = LockName { space: LockSpace::Consumed, name: &name };
        let bytes = token.to_be_bytes();
        let (key, hash) = self.item_key(&bytes);
        let head = item_head(by.list, list.expiry, places, first.key);
        if head.len() as u64 + first.element.len() as u64 > MAX_NAME {
            return Err(Failure::TooLarge);
        }
        let mut item = Member::new(key, hash);
        (item.head, item.body) = (Cow::Owned(head), first.element);
        self.locks.keep_item(&LockKey::new(self.file.identity.hash_seed, lock), Some(by.object), token)?;
        self.consuming().add(1);
        let made = self.make(vec![list, item]);
        if made.is_err() && !self.file.map.is_poisoned() {
            self.consuming().add(-1);
            self.locks.forget_item(token);
        }
        made.map(|()| token)
    }

    fn consuming(&self) -> &Word {
        &self.header().consuming
    }

    fn key_of<'k>(&self, list: &'k [u8]) -> Option<(EncodedKey<'k>, u64)> {
        Some((EncodedKey::new(list)?, hash(self.file.identity.hash_seed, list)))
    }

    fn item_key<'k>(&self, token: &'k [u8; 8]) -> (EncodedKey<'k>, u64) {
        (EncodedKey::of_item(token), hash(self.file.identity.hash_seed, token))
    }

    fn find_item(&self, token: u64) -> Option<Hit> {
        let bytes = token.to_be_bytes();
        let (key, hash) = self.item_key(&bytes);
        match self.search(hash, &key) {
            Search::Hit(hit) => Some(hit),
            Search::Miss(_) => None,
        }
    }

    // ---- the end -------------------------------------------------------------------------------------

    /// Forgets an item. False: this object does not have it any more, and nothing has happened.
    pub fn finish(&self, object: u64, token: u64) -> Result<bool, Failure> {
        if !self.locks.has_item(object, token) {
            return Ok(false);
        }
        let hit = self.find_item(token);
        if let Some(hit) = hit {
            let bytes = token.to_be_bytes();
            let (key, hash) = self.item_key(&bytes);
            self.remove_hit(&key, hit, Effect::Value(hash))?;
        }
        self.locks.forget_item(token);
        Ok(hit.is_some())
    }

    /// Lets items go back whose consumers are dead or have given them up, all at once that are of one list, in their order. On an error
    /// some may have. Not in the middle of a hold, but for its holder's own items: the holder may be about to store a list that it has
    /// read.
    pub fn give_back_abandoned(&self, how_many: Looking) -> Result<(), Failure> {
        if self.consuming().get() == 0 {
            return Ok(());
        }
        self.name_orphans()?;
        let abandoned = self.abandoned(how_many);
        let (since, stuck) = self.file.stuck.get();
        if abandoned.is_empty() || abandoned.len() == stuck && tick().wrapping_sub(since) < REST {
            return Ok(());
        }
        let mut lists: BTreeMap<Vec<u8>, Vec<Stored>> = BTreeMap::new();
        let (mut outcome, mut left) = (Ok(()), 0);
        for token in abandoned {
            match self.read_item(token) {
                Ok(Some(item)) => lists.entry(item.list().to_vec()).or_default().push(item),
                Ok(None) => self.locks.forget_item(token),
                Err(failure) => (left, outcome) = (left + 1, Err(failure)),
            }
        }
        for (list, items) in lists {
            match self.give_back(&list, &items) {
                Ok(true) => items.iter().for_each(|item| self.locks.forget_item(item.token)),
                Ok(false) => left += items.len(),
                Err(failure) => (left, outcome) = (left + items.len(), Err(failure)),
            }
        }
        self.file.stuck.set((tick(), left));
        outcome
    }

    /// The tokens of items whose consumers are dead, in their order.
    fn abandoned(&self, how_many: Looking) -> Vec<u64> {
        let most = match how_many {
            Looking::Some if !self.file.is_due_to_look() => AT_ONCE,
            _ => usize::MAX,
        };
        let is_meant = |token| !matches!(how_many, Looking::These(tokens) if !tokens.contains(&token));
        let slots = self.locks.items().take(most).filter(|slot| is_meant(slot.token().get()));
        let slots = slots.filter(|&slot| self.file.is_abandoned(slot));
        let mut tokens: Vec<u64> = slots.map(|slot| slot.token().get()).collect();
        tokens.sort_unstable();
        tokens
    }

    /// Gives items that have no slot one that is nobody's.
    fn name_orphans(&self) -> Result<(), Failure> {
        let header = self.header();
        if header.orphans.get() == 0 {
            return Ok(());
        }
        let known: HashSet<u64> = self.locks.items().map(|slot| slot.token().get()).collect();
        let mut tokens = Vec::new();
        self.for_each_slot(|_, _, record| {
            if self.view().is_item(record) == Some(true) {
                let token = self.view().read(record.offset() + RECORD_HEAD + 2);
                tokens.extend_from_slice(token.map(u64::from_be_bytes).as_slice());
            }
        });
        for token in tokens.into_iter().filter(|token| !known.contains(token)) {
            let name = item_name(token, &[]);
            let lock = LockName { space: LockSpace::Consumed, name: &name };
            self.locks.keep_item(&LockKey::new(self.file.identity.hash_seed, lock), None, token)?;
        }
        header.orphans.set(0);
        Ok(())
    }

    fn read_item(&self, token: u64) -> Result<Option<Stored>, Failure> {
        let Some(hit) = self.find_item(token) else { return Ok(None) };
        let view = *self.view();
        let span = view.record_head(hit.record).filter(|head| head.op == Op::Set);
        let span = span.and_then(|head| Some(view.layout(hit.record, head)?.value));
        let Span { at, length } = span.ok_or_else(damaged_item)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length as usize).map_err(|_| Failure::NoMemory(length))?;
        view.copy(at, length, &mut bytes).ok_or_else(damaged_item)?;
        parse_item(token, hit, bytes).map(Some).ok_or_else(damaged_item)
    }

    /// Puts items at the head of their list, in their order. False: what is under its key is no array. On an error nothing has happened.
    fn give_back(&self, list: &[u8], items: &[Stored]) -> Result<bool, Failure> {
        let (key, hash) = self.key_of(list).ok_or_else(damaged_item)?;
        let tokens: Vec<_> = items.iter().map(|item| item.token.to_be_bytes()).collect();
        let (found, now) = (self.search(hash, &key), Now::read());
        let (mut members, patches) = (Vec::new(), self.patches(items)?);
        match found {
            Search::Hit(hit) if !self.has_expired(hit.record) => {
                let Some(member) = self.list_with(key, hash, hit, (items, &patches))? else { return Ok(false) };
                members.push(member);
            }
            found => {
                // (With their list they have expired.)
                let items: Vec<&Stored> = items.iter().filter(|item| !item.has_expired(now)).collect();
                if let Some(last) = items.last() {
                    let mut member = Member::new(key, hash);
                    (member.op, member.head) = (Op::United, Cow::Owned(self.new_list(&items)?));
                    member.expiry = last.expiry;
                    if let Search::Hit(hit) = found {
                        member.hit = Some(hit);
                    }
                    members.push(member);
                }
            }
        }
        for (item, token) in items.iter().zip(&tokens) {
            let (key, hash) = self.item_key(token);
            members.push(Member::removal(key, hash, item.hit, self.order(item.hit.record)));
        }
        self.make(members).map(|()| true)
    }

    /// The patches that put items before all other elements.
    fn patches(&self, items: &[Stored]) -> Result<Vec<u8>, Failure> {
        let mut patches = Vec::new();
        for item in items.iter().rev() {
            let patch = list::put_first(item.item()).ok_or(Failure::NoMemory(item.bytes.len() as u64))?;
            patches.try_reserve(patch.len()).map_err(|_| Failure::NoMemory(patch.len() as u64))?;
            patches.extend_from_slice(&patch);
        }
        Ok(patches)
    }

    /// A united value: the list of these items.
    fn new_list(&self, items: &[&Stored]) -> Result<Vec<u8>, Failure> {
        let has_keys = items.iter().any(|item| item.key.is_some());
        let note = if has_keys { i64::MIN } else { list_note(items.len() as u64) };
        let mut bytes = united_head(note).to_vec();
        if items.iter().all(|item| item.is_plain()) {
            bytes.extend_from_slice(list::Head::of_list(items.len() as u32).bytes());
            items.iter().for_each(|item| bytes.extend_from_slice(item.item().element));
            return Ok(bytes);
        }
        bytes.extend_from_slice(&list::empty_list());
        for item in items.iter().rev() {
            let patch = list::put_first(item.item()).ok_or(Failure::NoMemory(item.bytes.len() as u64))?;
            bytes.extend_from_slice(&patch);
        }
        Ok(bytes)
    }

    /// The list at `hit` with items, whose patches are at hand, at its head. `None`: it is no array.
    fn list_with<'c>(
        &self,
        key: EncodedKey<'c>,
        hash: u64,
        hit: Hit,
        (items, patches): (&[Stored], &'c [u8]),
    ) -> Result<Option<Member<'c>>, Failure> {
        let lost = || Failure::Damaged("a value in it has lost a piece".into());
        let value = self.pieces(hit)?;
        let first = value.spans().next().ok_or_else(lost)?;
        let mut start: Vec<u8> = Vec::new();
        self.view().copy(first.at, first.length.min(PEEK as u64), &mut start).ok_or_else(lost)?;
        let note = self.view().note(hit.record).ok_or_else(lost)?;
        let length = match (note, list::kind(&start)) {
            (_, ValueKind::Other) => return Ok(None),
            (None, ValueKind::Null) => {
                let head = self.new_list(&items.iter().collect::<Vec<_>>())?;
                return Ok(Some(Member::grown(key, hash, (hit, self.instead_of(hit, head)?), &[])));
            }
            // (Nothing is appended to null.)
            (Some(_), ValueKind::Null) => return Ok(None),
            (Some(note), _) => listed(note),
            (None, ValueKind::List(count)) => Some(count.into()),
            (None, ValueKind::Map) => None,
        };
        let length = length.filter(|_| items.iter().all(|item| item.key.is_none()));
        let note = length.map_or(i64::MIN, |length| list_note(length + items.len() as u64));
        if let Some(grown) = self.moved_back(&key, hit, value.cursor(), (items, patches))? {
            return Ok(Some(Member::grown(key, hash, (hit, grown), patches)));
        }
        let cursor = value.cursor().or_else(|| self.queue.scan(&value));
        if let Some(cursor) = cursor
            && items.iter().all(Stored::is_plain)
        {
            let value = value.from(*self.view(), cursor).ok_or_else(lost)?;
            let elements: Vec<&[u8]> = items.iter().map(|item| item.item().element).collect();
            let others = (&elements.concat()[..], items.len() as u32);
            if let Some(mut head) = self.unshifted(&value, others)? {
                head[..UNITED_HEAD as usize].copy_from_slice(&united_head(note));
                return Ok(Some(Member::grown(key, hash, (hit, self.instead_of(hit, head)?), &[])));
            }
        }
        let grown = self.grow(&key, hit, note, patches)?;
        Ok(Some(Member::grown(key, hash, grown, patches)))
    }
}

impl Consuming<'_> {
    /// The list at `hit` with items, whose patches are at hand, at its head, where these lie right before its first element: nobody has
    /// taken any since. `None`: they do not, or enough has been appended to it.
    fn moved_back(
        &self,
        key: &EncodedKey,
        hit: Hit,
        cursor: Option<Cursor>,
        (items, patches): (&[Stored], &[u8]),
    ) -> Result<Option<Grown>, Failure> {
        let Some(cursor) = cursor else { return Ok(None) };
        let mut place = cursor.place();
        for item in items.iter().rev() {
            match item.places {
                Some([before, after]) if after == place => place = before,
                _ => return Ok(None),
            }
        }
        let bytes: usize = items.iter().map(|item| item.item().element.len()).sum();
        let Some(length) = cursor.length.checked_add(items.len() as u32) else { return Ok(None) };
        let back = Cursor { length, bytes: cursor.bytes + bytes as u64, ..cursor.at(place) };
        let lost = || Failure::Damaged("a value in it has lost a piece".into());
        // (An item that lies may name any place.)
        let is_there = self.queue.leads_to(hit, back, cursor, items.iter().map(|item| item.item().element));
        let Newest { budget, expiry, .. } = self.view().newest(hit.record).ok_or_else(lost)?;
        let (kept, note) = (hit.record, list_note(length.into()));
        let piece = NewPiece { kept, left: 0, note, expiry, cursor: Some(back), body: patches, origin: None };
        let length = piece.length(key);
        if !is_there || length > MAX_SMALL || budget < length {
            return Ok(None);
        }
        self.grown_by(NewPiece { left: (budget - length) as u32, ..piece }).map(Some)
    }
}

/// Which consumers are looked after.
#[derive(Clone, Copy)]
pub enum Looking<'a> {
    /// A few, or all once in a tick of the clock.
    Some,
    All,
    /// Those that had these tokens.
    These(&'a [u64]),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Ref;

    #[test]
    fn an_item_is_read_back_as_it_was_written() {
        let hit = Hit { slot: Ref::NONE, record: Ref::NONE };
        let place = |position| Place { position, record: u64::MAX, byte: 1 << 31, inside: 7 };
        let places = [place(1), place(1 << 60)];
        let lists: [&[u8]; 4] = [b"", b"jobs", &[b'a'; 300], &[0xff; 70_000]];
        for list in lists {
            for key in [None, Some(&b"key"[..]), Some(&[0xfe; 40])] {
                for (expiry, places) in [(None, Some(places)), (Some(Expiry::at(1 << 50)), None)] {
                    let element = b"\x92\x01\xa1x";
                    let bytes = [&item_head(list, expiry, places, key)[..], element].concat();
                    let item = parse_item(7, hit, bytes.clone()).unwrap();
                    assert_eq!((item.list(), item.item()), (list, Item { key, element }));
                    assert_eq!((item.expiry, item.places), (expiry, places));
                    assert!(parse_item(7, hit, bytes[..bytes.len() - 1].to_vec()).is_none(), "half an element");
                    assert!(parse_item(7, hit, [&bytes[..], &[0]].concat()).is_none(), "more than one");
                }
            }
        }
        for damaged in [
            &b""[..],
            b"\x95",
            b"\x95\xc0\xc0\xc0\xc0\x01",
            b"\x94\xa1a\xc0\xc0\x01",
            b"\x95\xa9a\xc0\xc0\xc0\x01",
            b"\x95\xa1a\xc0\xc4\x30\xc0\x01",
        ] {
            assert!(parse_item(7, hit, damaged.to_vec()).is_none(), "{damaged:x?}");
        }
    }
}
