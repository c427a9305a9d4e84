//! All that a thread knows of a store, and the ways in which it asks for more: each part holds until the server says that it has changed.

use super::cache::Cache;
use super::consuming::Consuming;
use super::error::ErrorKind;
use super::layout::{Key, Stored, Told, Unreadable};
use super::link::{self, Link};
use super::mark::Mark;
use super::opening::{Interruptions, Pause, Untold, open};
use super::order::{Count, Order};
use super::place::{OPENING, Place};
use super::queue::NoMemory;
use super::record::{self, Doubt, Sent};
use super::script::Script;
use super::thread::Entry;
use super::tracked::Tracked;
use crate::batch::{Batch, Word};
use crate::failure::{Cause, Delivery, Failure, Lost, NoConnection};
use crate::message::{Message, Push, Value};
use crate::refusal::{Reason, Refusal};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use sync_backend::Now;
use sync_fork::fork_generation;

/// The failure where it is not known whether the server has run something.
fn not_known(unknown: Option<Doubt>) -> ErrorKind {
    ErrorKind::NotKnown(unknown.map_or(Cause::Closed, |doubt| doubt.cause))
}

/// How often a script may be sent.
pub enum Sending {
    /// Once: a caller is told where it is not known whether it was run.
    Once,
    /// Until it is answered, and first perhaps by another one of the same number, at or after a moment.
    Again(Sent, Option<Doubt>),
}

/// The number of the last opening.
static OPENINGS: AtomicU64 = AtomicU64::new(0);

/// The outcome of a question to the server.
pub type Outcome<T> = Result<T, ErrorKind>;

/// A receiver of answers by their numbers.
type Each<'a> = &'a mut dyn FnMut(usize, Result<Value, Refusal>, &mut Inner) -> Outcome<()>;

/// The lock of the whole, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    Unknown,
    Free,
    Held(Rc<Mark>),
}

#[derive(Debug)]
pub struct Inner {
    pub link: Option<Link>,
    entry: Option<Entry>,
    pub cache: Cache,
    pub lock: Lock,
    /// The mark of an owner that is gone, and whose lock the server refuses to end.
    pub passed: Option<Mark>,
    /// The names in their order.
    pub order: Option<Order>,
    /// The same, as they were when they were last known.
    pub last_order: Option<Order>,
    pub count: Option<Count>,
    /// A number that each change of a value or of the order moves on, as far as they are known.
    pub content: u64,
    /// The life of the store; the inner `None`: there is none. The outer one: it is not known.
    pub life: Option<Option<Vec<u8>>>,
    /// The number of the last connection of this process, and the run of the server.
    pub last: Option<(i64, Vec<u8>)>,
    /// The history of the server's data at the last connection.
    pub history: Vec<u8>,
    /// The life, as it was last known over this connection.
    pub last_life: Option<Vec<u8>>,
    /// The last opening, and of which life in which run of the server it was.
    last_opening: Option<(u64, Vec<u8>, Vec<u8>)>,
    /// The items in consumption.
    pub consuming: Consuming,
    /// Whether the counters, and the named locks, are as they were when they were last asked for.
    pub counters_known: bool,
    pub named_known: bool,
    pub hold_known: bool,
    /// The key in which the server keeps the number and the answer of the last change of this process; empty before the first connection.
    pub process: Rc<[u8]>,
    /// The number of its last change.
    pub requests: u64,
    /// The look at what the server keeps to tell of changes.
    pub tracked: Tracked,
    /// A number that everything moves on that the server tells, and the end of a connection.
    pub heard: u64,
    /// The failure of an opening.
    pub untold: Untold,
    /// The scripts that change nothing, and have been lost.
    interruptions: Interruptions,
    /// A warning about the server, which was not told yet.
    pub warning: Option<String>,
    /// Which of the forked ones this process is.
    generation: u64,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            link: None,
            entry: None,
            cache: Cache::default(),
            lock: Lock::Unknown,
            passed: None,
            order: None,
            last_order: None,
            count: None,
            content: 0,
            life: None,
            last: None,
            history: Vec::new(),
            last_life: None,
            last_opening: None,
            consuming: Consuming::default(),
            counters_known: false,
            named_known: false,
            hold_known: false,
            process: Rc::default(),
            requests: 0,
            tracked: Tracked::default(),
            heard: 0,
            untold: Untold::default(),
            interruptions: Interruptions::default(),
            warning: None,
            generation: fork_generation(),
        }
    }
}

impl Inner {
    /// By how many milliseconds the server's clock is before that of this process.
    pub fn ahead(&self) -> i64 {
        self.link.as_ref().map_or(0, |link| link.ahead)
    }

    /// The server's time (ms).
    pub fn now(&self) -> u64 {
        Now::read().milliseconds().saturating_add_signed(self.ahead())
    }

    /// The store has this life, or is not there.
    pub fn set_life(&mut self, place: &Place, life: Option<Vec<u8>>) {
        let is_new = self.last_life != life || place.opening() == 0;
        if self.last_life != life {
            // (Places begin anew.)
            self.last_order = None;
        }
        if life.is_none() {
            place.set_opening(0);
        } else if is_new {
            place.set_opening(self.opening_of(life.as_deref().unwrap_or_default()));
        }
        self.last_life.clone_from(&life);
        self.life = Some(life);
    }

    /// The number of the opening of a store with this life. It is the last one's after a connection has only ended, also in a forked child: the values of
    /// one life in one run of the server are told apart by their marks, and those that were seen before count as seen.
    fn opening_of(&mut self, life: &[u8]) -> u64 {
        if let Some((opening, history, last)) = &self.last_opening
            && !history.is_empty()
            && (&history[..], &last[..]) == (&self.history[..], life)
        {
            return *opening;
        }
        let opening = OPENING | (OPENINGS.fetch_add(1, Ordering::Relaxed) + 1);
        self.last_opening = Some((opening, self.history.clone(), life.to_vec()));
        opening
    }

    pub fn doubt_all(&mut self) {
        self.content += 1;
        self.cache.doubt_all();
        self.lock = Lock::Unknown;
        (self.order, self.count) = (None, None);
        self.life = None;
        self.consuming.doubt();
        (self.counters_known, self.named_known, self.hold_known) = (false, false, false);
    }

    /// The connection is no more: nothing that was read over it is known any longer.
    pub fn lose(&mut self, place: &Place) {
        (self.link, self.entry) = (None, None);
        self.last_life = None;
        self.heard += 1;
        self.doubt_all();
        self.consuming.hurry();
        place.set_opening(0);
    }

    /// Once in a forked child: neither the connection nor the name is its own, so that it knows nothing. (Values that turn out to be the same
    /// ones are not read anew.)
    #[inline]
    pub fn begin(&mut self, place: &Place) {
        let generation = fork_generation();
        if self.generation != generation {
            self.generation = generation;
            self.lose(place);
            (self.process, self.requests, self.last) = (Rc::default(), 0, None);
            self.untold = Untold::default();
        }
    }

    /// The connection; opens it where there is none.
    pub fn connected(&mut self, place: &Place) -> Outcome<&mut Link> {
        self.connected_within(place, &Pause::new(place))
    }

    /// The same within the time of an operation.
    fn connected_within(&mut self, place: &Place, pause: &Pause) -> Outcome<&mut Link> {
        if self.link.as_ref().is_none_or(|link| !link.connection.is_open()) {
            self.lose(place);
            self.untold.take().map_or(Ok(()), Err)?;
            let mut link = open(place, self.last.as_ref(), pause).map_err(ErrorKind::NoConnection)?;
            self.last = Some((link.client, link.run.clone()));
            if let Some(warning) = link.warning.take() {
                self.warning = Some(warning);
            }
            if self.process.is_empty() {
                // The server's own number makes the name of a process one of its own, beside the time.
                let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                let name = format!(
                    "{}-{}-{}-{:x}",
                    String::from_utf8_lossy(&link.run),
                    link.client,
                    std::process::id(),
                    time.map_or(0, |time| time.as_nanos())
                );
                self.process = place.keys.process(name.as_bytes()).into();
            }
            if self.history != link.history || link.history.is_empty() {
                self.cache.take_none_for_the_same();
            }
            self.history.clone_from(&link.history);
            if let Some(consumers) = link.consumers.take() {
                self.consuming.learn(consumers, true, &mut self.cache);
            }
            self.entry = Some(Entry::new(link.client, &link.run));
            self.link = Some(link);
        }
        Ok(self.link.as_mut().expect("it was just opened"))
    }

    /// Heeds what has arrived. False: there is no connection.
    pub fn look_at_once(&mut self, place: &Place) -> bool {
        if place.address.caches && self.link.is_some() {
            self.look_at_tracking_in_time(place);
        }
        if place.was_behind() && self.link.is_some() {
            // (A connection that ends meanwhile has lost all that was known over it.)
            let _ = self.fetch(place, &[b""]);
        }
        let Some(link) = &mut self.link else { return false };
        let mut pushes = Vec::new();
        let result = link.connection.look(&mut |push| pushes.push(push));
        pushes.into_iter().for_each(|push| self.heed(place, push));
        if result.is_err() {
            self.lose(place);
        }
        result.is_ok()
    }

    /// Heeds what has arrived, over a connection that stands.
    pub fn look(&mut self, place: &Place) -> Outcome<()> {
        if !self.look_at_once(place) {
            self.connected(place)?;
        }
        Ok(())
    }

    /// Forgets all names, where they have become too many. Between two operations: versions that were given before are those of another opening then.
    pub fn trim_names(&mut self, place: &Place) {
        if self.cache.has_too_many_names(self.last_order.as_ref().map_or(0, |order| order.len())) {
            self.cache.forget_names();
            (self.last_order, self.last_opening) = (None, None);
            self.doubt_all();
            place.set_opening(0);
        }
    }

    /// Begins to read: without a cache nothing that was read before counts.
    pub fn begin_reading(&mut self, place: &Place) {
        self.cache.trim();
        self.trim_names(place);
        if place.is_untold() {
            self.look_at_tracking_in_time(place);
        }
        if !place.caches() || self.may_come_unheard() {
            self.doubt_all();
        }
    }

    /// Heeds what has arrived, before the next request of those who read. Without a cache the server tells of nothing by itself, and an end shows
    /// with the request, which can be sent again.
    pub fn look_to_read(&mut self, place: &Place) -> Outcome<()> {
        if place.caches() { self.look(place) } else { self.connected(place).map(drop) }
    }

    /// Whether the store may come to be without a word of that. A node of a cluster does not tell that a key is there which was not, once its slot has moved
    /// to another node; and of a key that is there it tells when that moves. So of a store that is there the server tells, as long as its life is known.
    pub fn may_come_unheard(&self) -> bool {
        self.life == Some(None) && self.link.as_ref().is_some_and(Link::is_of_cluster)
    }

    /// Heeds a push.
    pub fn heed(&mut self, place: &Place, push: Push) {
        self.heard += 1;
        match push {
            Push::AllChanged => {
                // (It may have read its data anew, and give numbers once more.)
                self.cache.take_none_for_the_same();
                self.doubt_all();
            }
            Push::Changed(keys) => keys.iter().for_each(|key| self.doubt(place, key)),
            Push::Other(..) => {}
        }
    }

    pub fn doubt(&mut self, place: &Place, key: &[u8]) {
        match place.keys.tell(key) {
            Told::Value(name) => {
                self.content += 1;
                self.cache.told(name);
            }
            Told::Kind(Key::Lock) => self.lock = Lock::Unknown,
            Told::Kind(Key::Hold | Key::Waiting) => self.hold_known = false,
            Told::Kind(Key::Order) => {
                self.content += 1;
                (self.order, self.count) = (None, None);
            }
            Told::Kind(Key::Due) => self.count = None,
            Told::Kind(Key::Life) => self.life = None,
            Told::Kind(Key::Counters) => self.counters_known = false,
            Told::Kind(Key::Named | Key::Lines) => self.named_known = false,
            Told::Kind(Key::Consumers) => self.consuming.doubt(),
            Told::Kind(Key::Changes | Key::Items | Key::Calls | Key::Watching) | Told::Foreign => {}
        }
    }

    /// The server has told its time (ms), since our clock showed another one: the two may differ by something else than was known.
    pub fn learn_time(&mut self, time: Option<u64>, before: Now) {
        let Some((time, link)) = time.zip(self.link.as_mut()) else { return };
        if link.learn_time(time, before) {
            // (It was reckoned by the other clock when each value expires.)
            self.doubt_all();
        }
    }

    /// Asks for the time, where the server has told of something that it has, and that has expired, as far as is known: its clock may have been set back. All that
    /// was reckoned by the former one is unknown then.
    pub fn make_sure_of_expired(&mut self, place: &Place) -> Outcome<()> {
        if std::mem::take(&mut self.cache.found_expired) {
            self.link.iter_mut().for_each(|link| link.timed = None);
            let mut batch = Batch::new();
            batch.add(&[b"GET", place.keys.never()]);
            self.exchange(place, &batch, &mut |_, _, _| Ok(()))?;
        }
        Ok(())
    }

    /// A script has found names that had expired, and has removed them: of its own connection's changes the server does not tell, and from then on
    /// of no later ones, until they are asked for again.
    pub fn learn_gone(&mut self, gone: Option<Value>) -> Outcome<()> {
        let Some(Value::List(names)) = gone else { return Err(ErrorKind::Senseless) };
        if !names.is_empty() {
            self.content += 1;
            (self.order, self.count) = (None, None);
            names.iter().filter_map(Value::text).for_each(|name| self.cache.doubt(name));
        }
        Ok(())
    }

    /// A name has this value now, if that is known, and there is memory for it.
    pub fn stored(&mut self, name: &[u8], value: Option<Stored>) {
        let ahead = self.ahead();
        match value {
            Some(value) => self.cache.learn(name, Some(value), ahead),
            None => self.cache.forget(name),
        }
    }

    /// Sends requests that change nothing, and hands each answer on with its number, in the server's order with what it tells meanwhile. A
    /// connection that ends is opened again.
    pub fn exchange(&mut self, place: &Place, batch: &Batch, each: Each<'_>) -> Outcome<()> {
        let mut pause = Pause::new(place);
        self.tracked.asks();
        loop {
            let link = self.connected_within(place, &pause)?;
            // (Before all else: no push is between the answers that are learned and the last one.)
            let mut asked = link.is_to_tell_time().then(Now::read);
            let with_time = asked.map(|_| {
                let mut all = Batch::new();
                all.add(&[b"TIME"]);
                if place.is_watched() {
                    all.add(&[b"HELLO"]);
                }
                all.add_batch(batch);
                all
            });
            let mut asks_for_role = with_time.is_some() && place.is_watched();
            let batch = with_time.as_ref().unwrap_or(batch);
            let mut messages = Vec::new();
            match link.connection.ask_all_at_once(batch, &mut |message| messages.push(message)) {
                Ok(()) => {
                    // (What is not done may be so of all: the answer to a transaction follows from those in it.)
                    let refusals = || {
                        messages.iter().filter_map(|message| match message {
                            Message::Answer(Err(refusal)) => Some(refusal),
                            _ => None,
                        })
                    };
                    let is_former = asks_for_role && is_former(&messages);
                    let is_elsewhere =
                        (is_former || refusals().any(|refusal| place.is_elsewhere(refusal))) && pause.is_left();
                    let begins_anew = is_elsewhere || refusals().any(Refusal::may_pass) && pause.is_left();
                    let mut outcome = Ok(());
                    let mut numbers = 0..;
                    for message in messages {
                        match message {
                            // (Also behind a failure: the server tells of each change once.)
                            Message::Push(push) => self.heed(place, push),
                            Message::Answer(answer) if asked.is_some() => {
                                let time = answer.ok().as_ref().and_then(link::milliseconds);
                                asked.take().into_iter().for_each(|before| self.learn_time(time, before));
                            }
                            Message::Answer(_) if std::mem::take(&mut asks_for_role) => {}
                            Message::Answer(_) if begins_anew || outcome.is_err() => {}
                            Message::Answer(_) if is_former => {
                                outcome = Err(ErrorKind::NoConnection(NoConnection::NotMaster));
                            }
                            Message::Answer(Err(Refusal { reason: Reason::NoMemory(bytes), .. })) => {
                                outcome = Err(ErrorKind::NoMemory(bytes));
                            }
                            Message::Answer(answer) => {
                                let number = numbers.next().expect("a batch has fewer requests than there are numbers");
                                outcome = each(number, answer, self);
                            }
                        }
                    }
                    if is_former {
                        self.lose(place);
                    }
                    if !begins_anew || outcome.is_err() {
                        return outcome;
                    }
                    if is_elsewhere {
                        self.lose(place);
                    }
                    pause.wait();
                }
                Err(lost) => {
                    if let Cause::NoMemory(bytes) = lost.cause {
                        return Err(ErrorKind::NoMemory(bytes));
                    }
                    self.lose(place);
                    if !pause.wait() {
                        return Err(ErrorKind::Lost(lost.cause));
                    }
                }
            }
        }
    }

    /// Asks for the lock, where it is not known, and for the values of names: all of it at one moment.
    pub fn fetch(&mut self, place: &Place, names: &[&[u8]]) -> Outcome<()> {
        let asks_for_lock = !self.is_sure();
        let own: &[Key] = if asks_for_lock { &[Key::Lock, Key::Life] } else { &[] };
        let keys: Vec<Vec<u8>> = names.iter().map(|name| place.keys.value(name)).collect();
        let words = own.iter().map(|key| place.keys.kind(*key)).chain(keys.iter().map(|key| &key[..]));
        let mut batch = Batch::new();
        match own.len() + keys.len() {
            0 => return Ok(()),
            1 => batch.add(&[b"GET", &keys[0]]),
            _ => batch.add_all(std::iter::once(&b"MGET"[..]).chain(words)),
        }
        self.exchange(place, &batch, &mut |_, answer, inner| {
            let mut values = match answer.map_err(ErrorKind::Refused)? {
                Value::List(values) if own.len() + names.len() > 1 => values,
                value => vec![value],
            };
            if values.len() != own.len() + names.len() {
                return Err(ErrorKind::Senseless);
            }
            if asks_for_lock {
                inner.learn_lock(place, &values[0], &values[1])?;
            }
            for (name, value) in names.iter().zip(values.drain(own.len()..)) {
                let slot = inner.cache.slot(name);
                inner.learn_at(place, slot, name, value)?;
            }
            Ok(())
        })
    }

    /// The server has told of the lock, and of the life of the store.
    pub fn learn_lock(&mut self, place: &Place, lock: &Value, life: &Value) -> Outcome<()> {
        self.lock = lock_of(lock)?;
        self.set_life(place, life.text().map(<[u8]>::to_vec));
        Ok(())
    }

    /// The server has told what a name has, of which this is the number.
    pub fn learn_at(&mut self, place: &Place, slot: u32, name: &[u8], value: Value) -> Outcome<()> {
        let foreign = || ErrorKind::Foreign(place.keys.value(name));
        let ahead = self.ahead();
        let stored = match value {
            Value::Nil => None,
            Value::Text(raw) if self.cache.confirm(slot, &raw, ahead) => return Ok(()),
            Value::Text(raw) => Some(Stored::read(raw).map_err(|unreadable| match unreadable {
                Unreadable::Foreign => foreign(),
                Unreadable::NoMemory(NoMemory(bytes)) => ErrorKind::NoMemory(bytes),
            })?),
            _ => return Err(foreign()),
        };
        self.cache.learn_at(slot, stored, ahead);
        Ok(())
    }

    /// Looks at the connection, and runs a script that has no values, and of which nothing is left where its answer is lost: it changes nothing, or
    /// what ends with the connection. It is to be run again then, unless that has gone on for too long.
    pub fn run_on_all(&mut self, place: &Place, script: Script, words: &[&[u8]]) -> Outcome<Value> {
        self.interruptions.begin();
        match self.run_on_all_once(place, script, words) {
            Err(ErrorKind::Interrupted(cause)) if !self.interruptions.may_go_on(place.address.server.timeout) => {
                Err(ErrorKind::Lost(cause))
            }
            outcome @ Err(ErrorKind::Interrupted(_)) => outcome,
            outcome => {
                self.interruptions = Interruptions::default();
                outcome
            }
        }
    }

    /// As [`Inner::run_on_all`], of a script that may change something for good.
    pub fn run_on_all_once(&mut self, place: &Place, script: Script, words: &[&[u8]]) -> Outcome<Value> {
        self.look(place)?;
        let keys = [Key::Lock, Key::Life].map(|key| place.keys.kind(key));
        let words: Vec<Word> = words.iter().copied().map(Word::from).collect();
        self.run(place, script, &keys, &words, Sending::Once)
    }

    /// Runs a script, after a look. Where the connection ends meanwhile, one that knows by its number whether it has been run is sent again, as
    /// long as the server's data is the same; of any other the caller is told.
    pub fn run(
        &mut self,
        place: &Place,
        script: Script,
        keys: &[&[u8]],
        words: &[Word],
        sending: Sending,
    ) -> Outcome<Value> {
        let mut pause = Pause::new(place);
        self.tracked.asks();
        let (first, mut unknown) = match sending {
            Sending::Once => (None, None),
            Sending::Again(first, unknown) => (Some(first), unknown),
        };
        loop {
            let link = match (self.connected_within(place, &pause), &unknown) {
                (Ok(link), _) => link,
                (Err(error), None) => return Err(error),
                // (It may be starting anew.)
                (Err(_), Some(_)) if pause.wait() => continue,
                (Err(_), Some(_)) => return Err(not_known(unknown)),
            };
            if unknown.as_ref().is_some_and(|doubt| doubt.history != link.history || !place.records.last_for(doubt)) {
                return Err(not_known(unknown));
            }
            let mut pushes = Vec::new();
            let resent = unknown.as_ref().map(|_| record::again(words));
            let words = resent.as_deref().unwrap_or(words);
            let result = link.run_script(script, keys, words, &mut |push| pushes.push(push));
            pushes.into_iter().for_each(|push| self.heed(place, push));
            match result {
                Ok(value) => return Ok(value),
                Err(Failure::Refused(Refusal { reason: Reason::NoMemory(bytes), .. })) => {
                    if script.only_reads() {
                        return Err(ErrorKind::NoMemory(bytes));
                    }
                    // (The script has been run. What it may have taken is given up, as nobody knows of it, and what it has changed is asked for anew.)
                    self.lose(place);
                    return Err(match script {
                        Script::Hold | Script::Line | Script::Named => ErrorKind::NoMemory(bytes),
                        _ => ErrorKind::NotKnown(Cause::NoMemory(bytes)),
                    });
                }
                Err(Failure::Refused(refusal)) => {
                    let is_elsewhere = refusal.is_elsewhere();
                    if !(is_elsewhere || refusal.may_pass()) || !pause.wait() {
                        if place.is_elsewhere(&refusal) {
                            self.lose(place);
                        }
                        if refusal.may_be_half() {
                            // (As above.)
                            self.doubt_all();
                        }
                        // (It says nothing of the time before.)
                        return Err(if unknown.is_some() { not_known(unknown) } else { ErrorKind::Refused(refusal) });
                    }
                    if is_elsewhere {
                        self.lose(place);
                    }
                }
                Err(Failure::Lost(Lost { cause: Cause::Refused(refusal), .. }))
                    if refusal.reason == Reason::TooLong && unknown.is_none() =>
                {
                    // (It would be, over any connection; nothing of the script has been run.)
                    self.lose(place);
                    return Err(ErrorKind::Refused(refusal));
                }
                Err(Failure::Lost(lost)) => {
                    if let (Cause::NoMemory(bytes), Delivery::NotSent) = (&lost.cause, lost.delivery(0))
                        && unknown.is_none()
                    {
                        return Err(ErrorKind::NoMemory(*bytes));
                    }
                    self.lose(place);
                    if lost.delivery(0) == Delivery::Unknown {
                        let Some(first) = first else { return Err(ErrorKind::Interrupted(lost.cause)) };
                        // (It was that of the last connection.)
                        unknown = Some(Doubt { cause: lost.cause, history: self.history.clone(), first });
                        if !pause.wait() {
                            return Err(not_known(unknown));
                        }
                    } else if !pause.wait() {
                        return Err(if unknown.is_some() { not_known(unknown) } else { ErrorKind::Lost(lost.cause) });
                    }
                }
            }
        }
    }
}

/// Whether the server says, in the second answer, that it is a master no longer.
fn is_former(messages: &[Message]) -> bool {
    let mut answers = messages.iter().filter_map(|message| match message {
        Message::Answer(answer) => Some(answer),
        Message::Push(_) => None,
    });
    let role = answers.nth(1).and_then(|answer| answer.as_ref().ok()?.get("role")?.text());
    role.is_some_and(|role| role != b"master")
}

/// The lock that a key tells of.
pub fn lock_of(value: &Value) -> Outcome<Lock> {
    match value {
        Value::Nil => Ok(Lock::Free),
        Value::Text(mark) => Mark::read(mark).map(|mark| Lock::Held(Rc::new(mark))).ok_or(ErrorKind::Senseless),
        _ => Err(ErrorKind::Senseless),
    }
}
