//! Taking elements off lists, and items in consumption.

use super::cache::{Known, Look};
use super::consuming::{Consumed, Lists};
use super::entries;
use super::error::{ErrorKind, ServerError};
use super::handle::{Result, ServerStore};
use super::layout::{Key, Stored};
use super::mark::{Owner, machine, visible};
use super::own::OwnItem;
use super::queue::{NoMemory, Queue};
use super::settle::several_times;
use super::step::{Changed, Due, Step};
use super::values::append;
use super::version::ServerVersion;
use crate::batch::Word;
use crate::inbox::has_memory_for;
use crate::message::Value;
use sync_backend::list::{self, Item, Kind};
use sync_backend::{Consumer, Expiry, Now, Room, Shifted, Taken, list_note};

/// The room for an element that is tried first before one is taken off a queue: two to the power of this. (A longer one takes a request more.)
const MOST_ROOM: u32 = 16;

/// The outcome of taking an element off a queue.
enum Queued {
    /// There is none.
    Nothing,
    /// There may be objects in it.
    Objects,
    /// It is gone from the queue; with the token under which it is kept, if it is.
    Taken { token: Option<u64> },
}

/// A list, as far as that is known.
enum List {
    /// It has no elements, or is not there.
    Empty,
    /// A queue with elements.
    Queue,
    /// Anything else.
    Other(Known),
}

/// A step that makes a queue of what is behind the first element of a list.
fn become_queue<'a>(name: &'a [u8], list: &'a Stored, rest: &'a Vec<u8>, left: u64) -> Step<'a> {
    Step {
        kind: "put",
        name,
        mark: &list.mark,
        length: list.stored,
        bytes: rest.into(),
        note: Some(list_note(left)),
        due: Due::at(list.due),
        flags: "kqr",
        ..Step::default()
    }
}

/// An item, as the server keeps it.
struct Kept<'k> {
    owner: Owner,
    process: u32,
    machine: String,
    /// When the list was to expire, by the server's clock; 0: never.
    due: u64,
    list: &'k [u8],
    key: Option<&'k [u8]>,
    element: &'k [u8],
}

impl<'k> Kept<'k> {
    /// All that is written before the element.
    fn head(&self) -> Vec<u8> {
        let key = self.key.map_or("-".to_owned(), |key| key.len().to_string());
        let head =
            format!("{} {} {} {} {} {key}\n", self.owner.text(), self.process, self.machine, self.due, self.list.len());
        [head.as_bytes(), self.list, self.key.unwrap_or_default()].concat()
    }

    fn read(bytes: &'k [u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let mut words = std::str::from_utf8(&bytes[..end]).ok()?.split(' ');
        let mut next = || words.next();
        let (owner, process, machine) = (Owner::read(next()?)?, next()?.parse().ok()?, next()?.to_owned());
        let (due, list, key) = (next()?.parse().ok()?, next()?.parse::<usize>().ok()?, next()?);
        let (list, rest) = bytes[end + 1..].split_at_checked(list)?;
        let (key, element) = match key {
            "-" => (None, rest),
            length => {
                let (key, element) = rest.split_at_checked(length.parse().ok()?)?;
                (Some(key), element)
            }
        };
        Some(Self { owner, process, machine, due, list, key, element })
    }
}

/// The first words of an owner's items.
fn start(owner: &Owner) -> Vec<u8> {
    format!("{} ", owner.text()).into_bytes()
}

/// The owner of items that are nobody's.
fn nobody() -> Owner {
    Owner { client: 0, run: Vec::new(), object: 0, fiber: 0 }
}

impl ServerStore {
    /// A list, taken apart; `None`: it is none.
    fn queue<'q>(&self, bytes: &'q [u8]) -> Result<Option<Queue<'q>>> {
        Queue::read(bytes).map_err(|no_memory| self.no_queue(no_memory))
    }

    pub(super) fn no_queue(&self, NoMemory(bytes): NoMemory) -> ServerError {
        self.error(ErrorKind::NoMemory(bytes))
    }

    pub(super) fn push_onto(
        &self,
        key: &[u8],
        elements: &[u8],
        count: u64,
        version: &mut ServerVersion,
    ) -> Result<Option<u64>> {
        if !self.space.last(key).1.is_some_and(|known| known.value.is_queue) {
            return Ok(None);
        }
        let Some(bytes) = entries::of_values(elements).map_err(|no_memory| self.no_queue(no_memory))? else {
            return Ok(None);
        };
        let (bytes, more) = ((&bytes).into(), count.to_string());
        let Changed::Done(_, results) =
            self.make(false, &[Step { kind: "push", name: key, bytes, more, ..Step::default() }])?
        else {
            return Ok(None);
        };
        let Some(Value::List(parts)) = results.first() else { return Err(self.error(ErrorKind::Senseless)) };
        if parts.first().and_then(Value::text) != Some(b"done") {
            return Ok(None);
        }
        *version = self.stored(key);
        Ok(Some(self.queued(key)))
    }

    /// Whether a script that takes an element off a queue is likely to find one: a queue that is not known to be empty is not read for it.
    fn may_be_queue(&self, key: &[u8]) -> bool {
        match self.space.known_head(key) {
            Look::Known(known) => known.value.queued().is_some_and(|queued| queued > 0),
            Look::Missing(_) => false,
            Look::Unknown => true,
        }
    }

    /// Takes the first element off a queue, by a script. `None`: there is no queue.
    fn take_queued(&self, step: Step, out: &mut impl Room<u8>) -> Result<Option<Queued>> {
        let name = step.name;
        out.clear();
        // (An element is gone once the script has been run: there have to be room and memory for it before.)
        let mut most = (0..=MOST_ROOM).rev().map(|bit| 1 << bit).find(|room| out.has_room(*room)).unwrap_or(0);
        loop {
            if !has_memory_for(most) {
                return Err(self.error(ErrorKind::NoMemory(most)));
            }
            let Changed::Done(_, results) = self.make(false, &[Step { length: most, ..step.clone() }])? else {
                return Ok(Some(Queued::Nothing));
            };
            let Some(Value::List(parts)) = results.first() else { return Err(self.error(ErrorKind::Senseless)) };
            return Ok(match (parts.first().and_then(Value::text), parts.get(3)) {
                (Some(b"done"), Some(Value::Text(element))) => {
                    self.fill_room(out, element)?;
                    Some(Queued::Taken { token: parts.get(4).and_then(Value::integer).map(|token| token as u64) })
                }
                (Some(b"long"), Some(length)) => {
                    most = length
                        .integer()
                        .and_then(|most| u64::try_from(most).ok())
                        .ok_or_else(|| self.error(ErrorKind::Senseless))?;
                    if !out.has_room(most) {
                        return Err(self.error(ErrorKind::NoRoom(most)));
                    }
                    continue;
                }
                (Some(b"nothing"), _) => {
                    // (That is seen.)
                    self.stored(name);
                    Some(Queued::Nothing)
                }
                (Some(b"objects"), _) => Some(Queued::Objects),
                _ => None,
            });
        }
    }

    pub(super) fn shift_off(
        &self,
        key: &[u8],
        version: &mut ServerVersion,
        out: &mut impl Room<u8>,
    ) -> Result<Shifted> {
        self.look_after_items_at_once(Lists::Named(&[key]))?;
        self.settle(|| self.try_to_shift(key, version, out))
    }

    /// `None`: another list is there by now.
    fn try_to_shift(
        &self,
        key: &[u8],
        version: &mut ServerVersion,
        out: &mut impl Room<u8>,
    ) -> Result<Option<Shifted>> {
        if self.may_be_queue(key) {
            match self.take_queued(Step { kind: "shift", name: key, ..Step::default() }, out)? {
                Some(Queued::Nothing) => return Ok(Some(Shifted::Nothing)),
                Some(Queued::Objects) => return Ok(Some(Shifted::Objects)),
                Some(Queued::Taken { .. }) => {
                    *version = self.stored(key);
                    return Ok(Some(Shifted::Element(self.queued(key))));
                }
                None => {}
            }
        }
        let known = match self.see_list(key)? {
            List::Empty => return Ok(Some(Shifted::Nothing)),
            List::Queue => return Ok(None),
            List::Other(known) => known,
        };
        let Some(queue) = self.queue(known.value.bytes())? else { return Ok(Some(Shifted::Whole)) };
        let Some(first) = queue.first() else {
            self.check_hold()?;
            return Ok(Some(Shifted::Nothing));
        };
        if list::has_objects(first) {
            return Ok(Some(Shifted::Objects));
        }
        self.fill_room(out, first)?;
        let left = queue.len() - 1;
        let Some(rest) = self.rest(&queue)? else { return Ok(Some(Shifted::Whole)) };
        if self.makes(true, &[become_queue(key, &known.value, &rest, left)])? {
            *version = self.stored(key);
            return Ok(Some(Shifted::Element(left)));
        }
        Ok(None)
    }

    /// The elements of a list that are behind its first one, as a queue keeps them. `None`: it cannot be one.
    fn rest(&self, queue: &Queue) -> Result<Option<Vec<u8>>> {
        entries::behind_first(queue).map_err(|no_memory| self.no_queue(no_memory))
    }

    /// The number of elements of a queue that this handle has just changed.
    fn queued(&self, key: &[u8]) -> u64 {
        let (_, last) = self.space.last(key);
        last.and_then(|known| known.value.queued()).unwrap_or(0)
    }

    /// The list under a name, of which a queue is not read.
    fn see_list(&self, key: &[u8]) -> Result<List> {
        let mut known = self.see_head(key)?.1;
        if known.as_ref().is_some_and(|known| !known.value.is_read && !known.value.is_queue) {
            known = self.see_value(key)?.1;
        }
        match known {
            Some(known) if known.value.queued() == Some(0) => {}
            Some(known) if known.value.is_queue => return Ok(List::Queue),
            Some(known) => return Ok(List::Other(known)),
            None => {}
        }
        self.check_hold()?;
        Ok(List::Empty)
    }

    /// Takes an element, of which these steps are the rest, and keeps it. `None`: the list is another one by now.
    fn keep_item(&self, step: Step, item: Kept) -> Result<Option<u64>> {
        let (head, name) = (item.head(), Consumed::text(&item.owner, item.list));
        let keep = Step { kind: "keep", name: &name, bytes: Word::new(&head, item.element), ..Step::default() };
        let Changed::Done(_, results) = self.make(true, &[step, keep])? else { return Ok(None) };
        let token = results.get(1).and_then(Value::integer).ok_or_else(|| self.error(ErrorKind::Senseless))? as u64;
        Ok(self.owns(OwnItem { token, owner: item.owner }).then_some(token))
    }

    /// Whether an item that was taken is this handle's. Where the answer was lost, and given again over the next connection, it is that of one that is
    /// gone: it goes back, as it would by anybody else.
    fn owns(&self, item: OwnItem) -> bool {
        if !self.is_own(&item.owner) {
            self.let_own_item_go_back(item.token);
            return false;
        }
        self.items.borrow_mut().push(item);
        self.space.count_kept(1);
        true
    }

    fn kept<'k>(&self, list: &'k [u8], due: u64, first: Item<'k>) -> Result<Kept<'k>> {
        Ok(Kept {
            owner: self.owner_to_be()?,
            process: std::process::id(),
            machine: machine().to_string(),
            due,
            list,
            key: first.key,
            element: first.element,
        })
    }

    pub(super) fn take_off(&self, key: &[u8], out: &mut impl Room<u8>) -> Result<Taken> {
        self.look_after_items_at_once(Lists::Named(&[key]))?;
        self.settle(|| self.try_to_take(key, out))
    }

    /// `None`: another list is there by now.
    fn try_to_take(&self, key: &[u8], out: &mut impl Room<u8>) -> Result<Option<Taken>> {
        if self.may_be_queue(key) {
            let owner = self.owner_to_be()?;
            let head = format!("{} {} {} ", owner.text(), std::process::id(), machine());
            let (bytes, more) = (head.as_bytes().into(), owner.text());
            match self.take_queued(Step { kind: "take", name: key, bytes, more, ..Step::default() }, out)? {
                Some(Queued::Nothing) => return Ok(Some(Taken::Nothing)),
                Some(Queued::Taken { token: Some(token) }) => {
                    if !self.owns(OwnItem { token, owner }) {
                        return Ok(None);
                    }
                    self.stored(key);
                    return Ok(Some(Taken::Item(token)));
                }
                Some(Queued::Taken { token: None } | Queued::Objects) => {
                    return Err(self.error(ErrorKind::Senseless));
                }
                None => {}
            }
        }
        let known = match self.see_list(key)? {
            List::Empty => return Ok(Some(Taken::Nothing)),
            List::Queue => return Ok(None),
            List::Other(known) => known,
        };
        let value = &known.value;
        let Some(queue) = self.queue(value.bytes())? else { return Ok(Some(Taken::Whole)) };
        let Some(first) = queue.first() else {
            self.check_hold()?;
            return Ok(Some(Taken::Nothing));
        };
        self.fill_room(out, first)?;
        let item = self.kept(key, value.due, Item { key: None, element: first })?;
        let Some(rest) = self.rest(&queue)? else { return Ok(Some(Taken::Whole)) };
        if let Some(token) = self.keep_item(become_queue(key, value, &rest, queue.len() - 1), item)? {
            self.stored(key);
            return Ok(Some(Taken::Item(token)));
        }
        Ok(None)
    }

    pub(super) fn take_known(
        &self,
        key: &[u8],
        first: Item,
        rest: Word,
        version: &mut ServerVersion,
    ) -> Result<Option<u64>> {
        let known = match self.space.known_head(key) {
            Look::Known(known) => Some(known),
            _ => None,
        };
        let Some(known) = known.filter(|known| version.is_of(self.space.opening(), known)) else {
            self.check_hold()?;
            return Ok(None);
        };
        let value = &known.value;
        let item = self.kept(key, value.due, first)?;
        let (mark, length) = (&value.mark[..], value.stored);
        let step = Step {
            kind: "put",
            name: key,
            mark,
            length,
            bytes: rest,
            due: Due::at(value.due),
            flags: "kr",
            ..Step::default()
        };
        let token = self.keep_item(step, item)?;
        if token.is_some() {
            *version = self.stored(key);
        }
        Ok(token)
    }

    fn own_item(&self, token: u64) -> Option<usize> {
        self.items.borrow().iter().position(|item| item.token == token)
    }

    pub(super) fn finish_item(&self, token: u64) -> Result<bool> {
        self.has_gone_back.set(false);
        let Some(at) = self.own_item(token) else { return Ok(false) };
        let (mark, client) = {
            let owner = &self.items.borrow()[at].owner;
            (start(owner), (owner.client, owner.run.clone()))
        };
        let name = token.to_string();
        let step = Step { kind: "finish", name: name.as_bytes(), mark: &mark, ..Step::default() };
        let done = self.make(false, &[step])?;
        // (In their order: those that are left go back so.)
        self.items.borrow_mut().remove(at);
        self.space.count_kept(-1);
        if matches!(done, Changed::Done(..)) {
            return Ok(true);
        }
        // (As long as its connection stands, nobody gives it back: then everything was replaced.)
        let (client_now, run_now) = self.space.identity().map_err(|kind| self.error(kind))?;
        self.has_gone_back.set(client != (client_now, run_now));
        Ok(false)
    }

    pub(super) fn give_item_back(&self, token: u64) {
        let Some(at) = self.own_item(token) else { return };
        let item = self.items.borrow_mut().remove(at);
        self.space.count_kept(-1);
        if self.disown(&item) {
            // It is nobody's, and goes back by whoever comes next where it cannot at once.
            self.let_own_item_go_back(token);
        }
    }

    /// Lets an item be nobody's. False: that cannot be, and it goes back with the end of the connection.
    fn disown(&self, item: &OwnItem) -> bool {
        let (token, its) = (item.token.to_string(), start(&item.owner));
        let nobody = start(&nobody());
        // Where the server refuses, the item goes back with the end of the connection; where it cannot be told, that has ended already.
        let is_done = self.space.named([b"disown", token.as_bytes(), &its, &nobody, b""]).is_ok();
        if !is_done {
            self.space.hang_up(&item.owner);
        }
        self.space.doubt_items();
        is_done
    }

    /// The handle ends.
    pub(super) fn end_items(&self) {
        let items = self.items.take();
        self.space.count_kept(-(items.len() as isize));
        // (Behind one that cannot be they all go back with the end of the connection.)
        let disowned: Vec<_> = items.iter().take_while(|item| self.disown(item)).collect();
        for item in disowned.into_iter().rev() {
            self.let_own_item_go_back(item.token);
        }
    }

    /// The consumers that live, in the order in which they have begun.
    pub(super) fn consumers(&self) -> Result<Vec<Consumer>> {
        let all = self.space.ask(&[b"HGETALL", self.space.keys.kind(Key::Items)]).map_err(|kind| self.error(kind))?;
        let Value::Map(pairs) = all else { return Ok(Vec::new()) };
        let mut living: Vec<(u64, Kept)> =
            pairs.iter().filter_map(|(token, item)| Some((token.number()?, Kept::read(item.text()?)?))).collect();
        living.sort_by_key(|(token, _)| *token);
        living.retain(|(_, item)| !self.is_dead(&item.owner));
        let pid = |item: &Kept| visible(&item.machine, item.process);
        Ok(living.iter().map(|(_, item)| Consumer { pid: pid(item), name: item.list.to_vec() }).collect())
    }

    /// Whether somebody has to look after the items of these lists now. (Not while this handle has a hold: it may be about to store a list that
    /// it has read without them.)
    #[inline]
    pub(super) fn are_items_due(&self, lists: Lists) -> bool {
        self.space.are_items_due(lists) && self.hold.borrow().is_none()
    }

    /// Reads lists, to which the items of consumers that are gone have gone back.
    pub(super) fn with_items<T>(&self, lists: Lists, read: impl Fn() -> Result<T>) -> Result<T> {
        let found = read()?;
        // (Now everything is known of which the server has told before.)
        if self.are_items_due(lists) && self.let_items_go_back(lists) { read() } else { Ok(found) }
    }

    /// Lets the items of these lists go back whose consumers are gone, if nobody has looked after them for a while.
    pub(super) fn look_after_items(&self, lists: Lists) -> Result<()> {
        self.space.heed().map_err(|kind| self.error(kind))?;
        if self.are_items_due(lists) {
            self.let_items_go_back(lists);
        }
        Ok(())
    }

    /// The same, whenever somebody has looked last.
    fn look_after_items_at_once(&self, lists: Lists) -> Result<()> {
        self.space.heed().map_err(|kind| self.error(kind))?;
        if self.space.may_have_items(lists) && self.hold.borrow().is_none() {
            self.let_items_go_back(lists);
        }
        Ok(())
    }

    /// Lets the items of these lists go back whose consumers have given them up, or are gone: the last one first. Where that cannot be, they wait
    /// for the next look, which is as good: nobody but their consumers has known that they are there. False: there were no such items.
    pub(super) fn let_items_go_back(&self, lists: Lists) -> bool {
        let Ok(all) = self.space.at_once(|| self.space.items()) else { return false };
        let items: Vec<&Consumed> = all.iter().filter(|item| lists.have(item)).collect();
        if items.is_empty() {
            return false;
        }
        let outcome = self.space.at_once(|| self.let_those_go_back(&items));
        // (It is no answer to the operation at hand.)
        self.refused.take();
        self.space.has_looked_after_items(outcome.is_ok());
        outcome.unwrap_or(true)
    }

    /// Lets those among these items go back whose consumers are gone, if their lists take them. Fails where the server takes nothing.
    fn let_those_go_back(&self, items: &[&Consumed]) -> Result<bool> {
        let dead = self.dead(items.iter().map(|item| &item.owner));
        if dead.is_empty() {
            return Ok(false);
        }
        // (An item may be long: it is not fetched before it can go. The lists are known, as long as they do not change.)
        let is_ready =
            |item: &&&Consumed| dead.contains(&&item.owner) && !matches!(self.takes_back(&item.list), Ok(false));
        let ready: Vec<_> = items.iter().filter(is_ready).collect();
        if ready.is_empty() || !self.may_change()? {
            return Ok(false);
        }
        let mut have_gone = false;
        for item in ready.into_iter().rev() {
            match self.let_item_go_back(item.token, false) {
                Ok(()) => have_gone = true,
                Err(error) if matches!(error.kind(), ErrorKind::Held(_)) => return Ok(have_gone),
                Err(error) if matches!(error.kind(), ErrorKind::Refused(refusal) if refusal.takes_nothing()) => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        Ok(have_gone)
    }

    /// Whether a change of nobody's can be made now: nobody who lives keeps others out.
    fn may_change(&self) -> Result<bool> {
        let attempt = || match self.space.change(&self.mark_for_change()?, false, &[]) {
            Ok(_) => Ok(true),
            Err(ErrorKind::Held(_)) => Ok(false),
            Err(kind) => Err(self.error(kind)),
        };
        if attempt()? {
            return Ok(true);
        }
        // The hold of one that is gone is none.
        self.break_the_dead();
        attempt()
    }

    /// Whether an item can go back to a list: not while something else has its name. Only the first bytes of that are read.
    fn takes_back(&self, list: &[u8]) -> Result<bool> {
        let (_, known) = self.space.read_head(list, self.asker()).map_err(|kind| self.error(kind))?;
        let is_other = |value: &Stored| !value.is_queue && matches!(list::kind(value.bytes()), Kind::Other);
        Ok(!known.is_some_and(|known| is_other(&known.value)))
    }

    /// Lets an item go back that this handle has given up, also within its own hold.
    fn let_own_item_go_back(&self, token: u64) {
        let _ = self.let_item_go_back(token, true);
    }

    /// Lets an item go back, if it is still there. `own`: it is this handle's change.
    fn let_item_go_back(&self, token: u64, own: bool) -> Result<()> {
        let name = token.to_string();
        let answer = self.space.ask(&[b"HGET", self.space.keys.kind(Key::Items), name.as_bytes()]);
        let answer = answer.map_err(|kind| self.error(kind))?;
        if let Some(item) = answer.text().and_then(Kept::read) {
            let attempt = || Ok(self.let_go_back(token, &item, own)?.then_some(()));
            // (Of others' items there is a next look.)
            return if own { self.settle(attempt) } else { several_times(attempt).map(drop) };
        }
        Ok(())
    }

    /// Puts an item at the head of its list, if the item is still there. False: the list has changed meanwhile.
    fn let_go_back(&self, token: u64, item: &Kept, own: bool) -> Result<bool> {
        let mark = start(&item.owner);
        let name = token.to_string();
        let finish = Step { kind: "finish", name: name.as_bytes(), mark: &mark, ..Step::default() };
        let first = Item { key: item.key, element: item.element };
        let Some(patch) = list::put_first(first) else { return Ok(true) };
        if first.key.is_none()
            && let Some(before) = entries::before(first.element)
        {
            let bytes = Word::new(&before, first.element);
            let step = Step { kind: "unshift", name: item.list, bytes, ..Step::default() };
            if self.is_gone_or_made(&[step, finish.clone()], own)? {
                if own {
                    self.stored(item.list);
                }
                return Ok(true);
            }
            // It is another list, or none.
        }
        let is_plain = first.key.is_none() && list::refers(first.element) == Some(false);
        let (one, none) = (list::Head::of_list(1), list::empty_list());
        let alone = if is_plain { Word::new(one.bytes(), first.element) } else { Word::new(&none, &patch) };
        let (_, known) = self.known_now(item.list)?;
        let (with_first, appending);
        let put = Step { kind: "put", name: item.list, ..Step::default() };
        let step = match &known {
            None => {
                let expiry = (item.due != 0).then(|| Expiry::at(item.due.saturating_add_signed(-self.space.ahead())));
                if expiry.is_some_and(|expiry| expiry.has_come(Now::read())) {
                    return self.is_gone_or_made(&[finish], own);
                }
                let note = Some(if first.key.is_some() { i64::MIN } else { list_note(1) });
                Step { mark: b"!", bytes: alone, note, due: Due::at(item.due), ..put }
            }
            Some(known) => {
                let value = &known.value;
                let put = Step { mark: &value.mark, length: value.stored, due: Due::at(value.due), flags: "k", ..put };
                match (list::kind(value.bytes()), self.queue(value.bytes())?) {
                    // It waits until a list is there again.
                    (Kind::Other, _) => return Ok(true),
                    (Kind::Null, _) => Step { bytes: alone, note: (first.key.is_none()).then(|| list_note(1)), ..put },
                    (_, Some(queue)) if is_plain => {
                        with_first = queue.with_first(first.element).map_err(|no_memory| self.no_queue(no_memory))?;
                        Step { bytes: Word::from(&with_first), note: Some(list_note(queue.len() + 1)), ..put }
                    }
                    (_, queue) => {
                        let length = queue.filter(|_| first.key.is_none()).map(|queue| queue.len());
                        let note = length.map_or(i64::MIN, |length| list_note(length + 1));
                        let Some(its) = self.appending(item.list, known, &patch, note)? else { return Ok(false) };
                        appending = its;
                        append(item.list, value, (&appending, &patch), note)
                    }
                }
            }
        };
        let is_over = self.is_gone_or_made(&[step, finish], own)?;
        if is_over && own {
            self.stored(item.list);
        }
        Ok(is_over)
    }

    /// Makes changes, of which the last one ends an item. True: they are made, or the item was gone.
    fn is_gone_or_made(&self, steps: &[Step], own: bool) -> Result<bool> {
        let made = if own {
            self.make_now(true, steps)
        } else {
            // (A change of nobody's, which this handle has not seen: those who wait for one by this handle are to meet it.)
            self.space.change(&self.mark_for_change()?, true, steps).map_err(|kind| self.error(kind))
        };
        if !matches!(made?, Changed::Differs) {
            return Ok(true);
        }
        let Some(finish) = steps.last() else { return Ok(true) };
        let answer = self.space.ask(&[b"HGET", self.space.keys.kind(Key::Items), finish.name]);
        let there = answer.map_err(|kind| self.error(kind))?;
        Ok(!there.text().is_some_and(|item| item.starts_with(finish.mark)))
    }
}
