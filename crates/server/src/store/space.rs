//! A store as one thread knows it: its connection, what has been read over it, and the way in which both are kept right.

use super::cache::{Known, Look, Moment};
use super::consuming::{Consumed, Lists};
use super::error::{ErrorKind, ServerError};
use super::inner::{Inner, Lock, Outcome};
use super::layout::{Key, Stored};
use super::link::Link;
use super::mark::{Mark, Owner};
use super::place::{Asker, Place};
use super::script::Script;
use super::version::ServerVersion;
use crate::address::Address;
use crate::batch::Batch;
use crate::message::Value;
use std::cell::{Cell, RefCell, RefMut};
use std::ops::Deref;
use std::rc::Rc;
use std::time::{Duration, Instant};
use sync_backend::{Content, Held, Now, Patience};

/// In the place of a hold: it is the turn of somebody who has waited for one to end. That takes no longer than a moment.
const CALLED: Held = Held {
    patience: Patience { timeout: None, interval: Duration::from_millis(50) },
    same_thread: false,
    change: true,
    holder: None,
    reading: false,
    ticket: 0,
};

/// All that a thread knows of a store.
#[derive(Debug)]
pub struct Space {
    place: Place,
    inner: RefCell<Inner>,
    objects: Cell<u64>,
    tickets: Cell<u64>,
    /// The number of the connection over which the marks of the dead were looked at.
    cleared: Cell<i64>,
}

impl Deref for Space {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

impl Space {
    /// Of a store of which nothing is known yet.
    pub fn new(address: Address) -> Self {
        Self {
            place: Place::new(address),
            inner: RefCell::default(),
            objects: Cell::new(0),
            tickets: Cell::new(0),
            cleared: Cell::new(0),
        }
    }

    /// All that is known, by this process itself.
    #[inline]
    pub(super) fn inner(&self) -> RefMut<'_, Inner> {
        let mut inner = self.inner.borrow_mut();
        inner.begin(&self.place);
        inner
    }

    pub fn error(&self, kind: ErrorKind) -> ServerError {
        ServerError::new(&self.text, kind)
    }

    /// A number that no other object of this store has in this process.
    pub fn object(&self) -> u64 {
        self.objects.set(self.objects.get() + 1);
        self.objects.get()
    }

    /// A number that no other hold has in this process.
    pub fn ticket(&self) -> u64 {
        self.tickets.set(self.tickets.get() + 1);
        self.tickets.get()
    }

    /// The opening, if the connection stands as far as is known; 0: it does not.
    pub fn opening(&self) -> u64 {
        self.place.opening()
    }

    /// Opens the connection, where it does not stand. The next operation tells of a failure.
    pub fn enter(&self) -> u64 {
        let mut inner = self.inner();
        if inner.untold.is_true() {
            return self.opening();
        }
        let mut entered = inner.look(&self.place);
        if entered.is_ok() && inner.life.is_none() {
            entered = inner.fetch(&self.place, &[]);
        }
        if let Err(failure @ ErrorKind::NoConnection(_)) = entered {
            inner.untold.set(failure);
        }
        self.opening()
    }

    /// In a cluster, sees to it that the server tells of the end of the store's life there.
    pub fn listen_for_life(&self) {
        if self.inner().link.as_ref().is_some_and(Link::is_of_cluster) {
            self.enter();
        }
    }

    /// Whether the store may come to be without a word of that.
    pub fn may_come_unheard(&self) -> bool {
        self.inner().may_come_unheard()
    }

    /// Whether a value is still the newest of its name, and nobody but this object keeps readers out.
    #[inline]
    pub fn is_current(&self, version: &ServerVersion, asker: Asker) -> bool {
        let opening = version.opening();
        if opening != self.opening() || opening == 0 || !self.caches() {
            return false;
        }
        let mut inner = self.inner();
        inner.look_at_once(&self.place)
            && self.opening() == opening
            && inner.life.is_some()
            && inner.cache.is_newest(version.slot(), version.record(), version.expiry())
            && inner.may_read(asker)
    }

    /// Whether everything is as it was, as far as the server has told, and nobody but this object keeps readers out.
    pub fn has_content(&self, content: &Content, asker: Asker) -> bool {
        if content.opening != self.opening() || content.opening == 0 {
            return false;
        }
        let mut inner = self.inner();
        inner.look_at_once(&self.place)
            && self.opening() == content.opening
            && inner.content == content.number
            && inner.life.is_some()
            && inner.may_read(asker)
            && content.until.is_none_or(|until| !until.has_come(Now::read()))
    }

    /// Whether a connection stands, as far as is known.
    pub fn is_connected(&self) -> bool {
        self.inner().link.is_some()
    }

    /// Heeds what the server has told, over a connection that stands.
    pub fn heed(&self) -> Outcome<()> {
        self.inner().look(&self.place)
    }

    /// Whether somebody has to look after the items of these lists now.
    #[inline]
    pub fn are_items_due(&self, lists: Lists) -> bool {
        self.inner().consuming.are_due(lists)
    }

    /// Whether there may be items of these lists, as far as is known.
    pub fn may_have_items(&self, lists: Lists) -> bool {
        self.inner().consuming.may_have(lists)
    }

    /// The items in consumption may be others by now.
    pub fn doubt_items(&self) {
        self.inner().consuming.doubt();
    }

    /// The next user of a list is to look after its items at once.
    pub fn hurry_items(&self) {
        self.inner().consuming.hurry();
    }

    /// The items in consumption, as the server has them.
    pub fn items(&self) -> Outcome<Rc<[Consumed]>> {
        if let Some(items) = self.inner().consuming.known() {
            return Ok(items);
        }
        let mut batch = Batch::new();
        batch.add(&[b"HGETALL", self.keys.kind(Key::Consumers)]);
        let mut items = None;
        self.inner().exchange(&self.place, &batch, &mut |_, answer, inner| {
            let all = answer.map_err(ErrorKind::Refused)?;
            let Inner { consuming, cache, .. } = inner;
            items = consuming.learn(all, self.caches(), cache);
            Ok(())
        })?;
        items.ok_or(ErrorKind::Senseless)
    }

    /// The owners of items have been asked for. `takes`: the server takes what has to be done then.
    pub fn has_looked_after_items(&self, takes: bool) {
        self.inner().consuming.has_looked(takes);
    }

    /// Whether nobody of this thread has taken away what the dead have left, over this connection.
    pub fn is_first_to_clear(&self) -> bool {
        let client = self.inner().link.as_ref().map_or(0, |link| link.client);
        self.cleared.replace(client) != client
    }

    /// The client's number, and the server's run.
    pub fn identity(&self) -> Outcome<(i64, Vec<u8>)> {
        let mut inner = self.inner();
        let link = inner.connected(&self.place)?;
        Ok((link.client, link.run.clone()))
    }

    /// Closes the connection, if it is this owner's: all that others know by it ends then, without a word to the server. True: it was, and stood until
    /// now, as far as is known.
    pub fn hang_up(&self, owner: &Owner) -> bool {
        let mut inner = self.inner();
        let stood = inner.link.as_ref().is_some_and(|link| link.is_of(owner));
        if stood {
            inner.lose(&self.place);
        }
        stood
    }

    /// Whether the server has refused to list its connections.
    pub fn hides_clients(&self) -> bool {
        self.inner().link.as_ref().is_some_and(|link| link.hides_clients)
    }

    /// The server has refused to list its connections.
    pub fn remember_hidden_clients(&self) {
        if let Some(link) = &mut self.inner().link {
            link.hides_clients = true;
        }
    }

    /// A warning about the server; once.
    pub fn take_warning(&self) -> Option<String> {
        self.inner().warning.take()
    }

    /// By how many milliseconds the server's clock is before that of this process.
    pub fn ahead(&self) -> i64 {
        self.inner().ahead()
    }

    /// The number from which the changes of the store are counted, as far as it is known; 0: there is none.
    pub fn first(&self) -> u64 {
        let inner = self.inner();
        inner.last_life.as_ref().and_then(|life| Value::Text(life.clone()).number()).unwrap_or(0)
    }

    /// The number of a name.
    pub fn slot(&self, name: &[u8]) -> u32 {
        self.inner().cache.slot(name)
    }

    /// The moment that it is, as far as values are known.
    pub fn moment(&self) -> Moment {
        self.inner().cache.moment()
    }

    /// See [`Cache::was_there`](super::cache::Cache::was_there).
    pub fn was_there(&self, slot: u32, since: Moment) -> bool {
        self.inner().cache.was_there(slot, since)
    }

    /// Takes, changes or ends a hold. Gives its token (0: none) and its mark.
    pub fn hold(&self, before: &[u8], after: &[u8], all: bool, token: bool) -> Outcome<(u64, Vec<u8>)> {
        let mut inner = self.inner();
        let words: [&[u8]; 5] =
            [before, after, if all { b"all" } else { b"" }, if token { b"token" } else { b"" }, self.keys.start()];
        let answer = inner.run_on_all(&self.place, Script::Hold, &words)?;
        let Value::List(parts) = answer else { return Err(ErrorKind::Senseless) };
        match parts.first().and_then(Value::text) {
            Some(b"done") => {
                let token = parts.get(1).and_then(Value::integer).unwrap_or(0) as u64;
                let mark = parts.get(2).and_then(Value::text).unwrap_or_default().to_vec();
                if let Some(Value::Text(life)) = parts.get(3) {
                    inner.set_life(&self.place, Some(life.clone()));
                }
                inner.lock = match Mark::read(&mark) {
                    Some(mark) if mark.all => Lock::Held(Rc::new(mark)),
                    _ => Lock::Free,
                };
                drop(inner);
                self.others_fall_behind();
                Ok((token, mark))
            }
            Some(b"held") => Err(inner.held(parts.get(1), false)?),
            Some(answer @ (b"called" | b"ended")) => {
                // (The script may have ended one without a hold, which the server does not tell those who have run it.)
                inner.lock = Lock::Unknown;
                Err(if answer == b"called" { ErrorKind::Held(CALLED) } else { ErrorKind::LockGone })
            }
            _ => Err(ErrorKind::Senseless),
        }
    }

    /// Stands in the line of those that wait for a hold to end, unless the asker is in it.
    pub fn stand_in_line(&self, asker: &str) -> Outcome<()> {
        let words = [asker.as_bytes(), self.keys.start()];
        self.inner().run_on_all(&self.place, Script::Line, &words).map(drop)
    }

    /// Asks about a named lock. See `named.lua`.
    pub fn named(&self, [what, lock, asker, wait, more]: [&[u8]; 5]) -> Outcome<Vec<Value>> {
        let mut inner = self.inner();
        let words = [what, lock, asker, wait, more, self.keys.start()];
        match inner.run_on_all(&self.place, Script::Named, &words)? {
            Value::List(parts) => {
                if let Some(Value::Text(life)) = parts.get(3) {
                    inner.set_life(&self.place, Some(life.clone()));
                }
                Ok(parts)
            }
            _ => Err(ErrorKind::Senseless),
        }
    }

    /// Ends the store.
    pub fn destroy(&self, hold: &[u8]) -> Outcome<()> {
        let mut inner = self.inner();
        let words = [hold, self.keys.start()];
        let answer = inner.run_on_all_once(&self.place, Script::Destroy, &words).map_err(|error| match error {
            // (To be asked once more, it would remove what others have stored since.)
            ErrorKind::Interrupted(cause) => ErrorKind::NotKnown(cause),
            error => error,
        })?;
        let Value::List(parts) = answer else { return Err(ErrorKind::Senseless) };
        match parts.first().and_then(Value::text) {
            Some(b"done") => {
                inner.doubt_all();
                inner.set_life(&self.place, None);
                drop(inner);
                self.others_fall_behind();
                Ok(())
            }
            Some(b"held") => Err(inner.held(parts.get(1), false)?),
            Some(b"ended") => Err(ErrorKind::LockGone),
            _ => Err(ErrorKind::Senseless),
        }
    }

    /// Asks the server something that changes nothing.
    pub fn ask(&self, words: &[&[u8]]) -> Outcome<Value> {
        let mut inner = self.inner();
        let mut batch = Batch::new();
        batch.add(words);
        let mut answer = None;
        inner.exchange(&self.place, &batch, &mut |_, value, _| {
            answer = Some(value);
            Ok(())
        })?;
        match answer.ok_or(ErrorKind::Senseless)? {
            Ok(value) => Ok(value),
            Err(refusal) => Err(ErrorKind::Refused(refusal)),
        }
    }

    /// Waits until something arrives that may end a wait, or the deadline, or a signal.
    pub fn wait(&self, deadline: Instant) -> Outcome<()> {
        let mut inner = self.inner();
        let Some(link) = &mut inner.link else { return Ok(()) };
        let mut pushes = Vec::new();
        let result = link.connection.wait(deadline, &mut |push| pushes.push(push));
        pushes.into_iter().for_each(|push| inner.heed(&self.place, push));
        if result.is_err() {
            inner.lose(&self.place);
        }
        Ok(())
    }

    /// Readers pass a lock from now on: its owner is gone, and the server refuses to end it.
    pub fn pass(&self, dead: Mark) {
        self.inner().passed = Some(dead);
    }

    /// The moment from which on names have the numbers that they have.
    pub fn begun(&self) -> Moment {
        self.inner().cache.begun()
    }

    /// A number that all moves on that the server tells.
    pub fn heard(&self) -> u64 {
        self.inner().heard
    }

    /// Asks for a key so that the server tells when it changes; the answer.
    pub fn arm(&self, which: Key, words: &[&[u8]]) -> Outcome<Value> {
        let answer = self.ask(words)?;
        let mut inner = self.inner();
        match which {
            Key::Hold => inner.hold_known = true,
            Key::Counters => inner.counters_known = true,
            _ => inner.named_known = true,
        }
        Ok(answer)
    }

    /// Whether these may have changed since they were asked for.
    pub fn may_have_changed(&self, which: Key) -> bool {
        let mut inner = self.inner();
        let stands = inner.look_at_once(&self.place);
        let known = match which {
            Key::Counters => inner.counters_known,
            Key::Lock => inner.lock != Lock::Unknown,
            Key::Hold => inner.hold_known,
            _ => inner.named_known,
        };
        !stands || !known
    }

    /// The value of a name as far as that is known here: only its first bytes may be.
    pub fn known_head(&self, name: &[u8]) -> Look {
        self.inner().cache.look_for_head(name)
    }

    /// The number of the change that made the value with this number, if the server tells of no later one.
    pub fn untold_since(&self, slot: u32, record: u64) -> Option<u64> {
        self.inner().cache.untold_since(slot, record)
    }

    /// The value with this number, of the name with that one, as long as it is the newest one and is kept here.
    pub fn kept(&self, slot: u32, record: u64) -> Option<Rc<Stored>> {
        let mut inner = self.inner();
        inner.look_at_once(&self.place);
        match inner.cache.look_at(slot) {
            Look::Known(known) if known.record == record => Some(known.value),
            _ => None,
        }
    }

    /// The number of a name, and the value that was last known of it.
    pub fn last(&self, name: &[u8]) -> (u32, Option<Known>) {
        self.inner().cache.last(name)
    }

    /// See [`Cache::last_marked`](super::cache::Cache::last_marked).
    pub fn last_marked(&self, name: &[u8]) -> Option<Known> {
        self.inner().cache.last_marked(name)
    }
}
