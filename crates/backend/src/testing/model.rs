//! Any sequence of operations by two handles, beside a list that does the same.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::Fixture;
use crate::{
    Appended, Backend, Change, Committed, Expiry, Found, Rewrite, Selection, Since, Snapshot, Surroundings,
    Transactional, Wanted, clock,
};

#[derive(Debug, Clone)]
enum Operation {
    Get(u8),
    Put(u8, Vec<u8>),
    PutIfUnchanged(u8, Vec<u8>),
    PutFirst(u8, Vec<u8>),
    Append(u8, Vec<u8>, bool),
    PutUntil(u8, Vec<u8>, Option<u64>),
    Add(u8, Vec<u8>, Option<u64>),
    Touch(u8, Option<u64>),
    /// Time passes; or the clock is set back, by so much.
    Clock(i64),
    PutNext(Vec<u8>),
    Remove(u8),
    Replace(Vec<(u8, Vec<u8>)>),
    /// Puts (at the end of the order or not), appends or removals.
    Commit(Vec<(u8, Vec<u8>, u8)>),
    Snapshot,
    Destroy,
    /// Begins to wait for a key.
    Watch(u8),
    /// Whether the keys have changed that are waited for, and others since a state that was noted.
    Look,
    /// Notes the state.
    State,
}

fn operation() -> impl Strategy<Value = Operation> {
    let key = || 0..6u8;
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    let ttl = || prop::option::weighted(0.8, 0..60u64);
    prop_oneof![
        8 => key().prop_map(Operation::Get),
        6 => (key(), bytes()).prop_map(|(key, value)| Operation::Put(key, value)),
        4 => (key(), bytes()).prop_map(|(key, value)| Operation::PutIfUnchanged(key, value)),
        2 => (key(), bytes()).prop_map(|(key, value)| Operation::PutFirst(key, value)),
        8 => (key(), bytes(), any::<bool>()).prop_map(|(key, value, store)| Operation::Append(key, value, store)),
        4 => (key(), bytes(), ttl()).prop_map(|(key, value, ttl)| Operation::PutUntil(key, value, ttl)),
        3 => (key(), bytes(), ttl()).prop_map(|(key, value, ttl)| Operation::Add(key, value, ttl)),
        3 => (key(), ttl()).prop_map(|(key, ttl)| Operation::Touch(key, ttl)),
        6 => (-3..30i64).prop_map(Operation::Clock),
        2 => bytes().prop_map(Operation::PutNext),
        2 => key().prop_map(Operation::Remove),
        1 => prop::collection::vec((key(), bytes()), 0..5).prop_map(Operation::Replace),
        4 => prop::collection::vec((key(), bytes(), 0..4u8), 0..6).prop_map(Operation::Commit),
        3 => Just(Operation::Snapshot),
        1 => Just(Operation::Destroy),
        4 => key().prop_map(Operation::Watch),
        6 => Just(Operation::Look),
        1 => Just(Operation::State),
    ]
}

/// The time at which each sequence begins.
const START: u64 = 1_700_000_000_000;

/// After how many milliseconds a value expires that is stored with others: its first byte decides, so that half of them do not.
fn ttl_of(bytes: &[u8]) -> Option<u64> {
    bytes.first().filter(|first| **first < 128).map(|first| u64::from(*first))
}

/// The list, with a number for each state of a value, and the next number; when values expire, and the time.
#[derive(Default, Clone)]
struct Model {
    items: Vec<(Vec<u8>, Vec<u8>, u64)>,
    changes: u64,
    highest: Option<i64>,
    expiries: HashMap<Vec<u8>, u64>,
    /// For each key, the number of the last change that stored a value, and of the last that may have.
    writes: HashMap<Vec<u8>, (u64, u64)>,
    /// How often the store was destroyed.
    ends: u64,
    shown: u64,
    now: u64,
}

/// A key at one moment.
#[derive(Debug, Clone, Copy)]
struct Was {
    is_there: bool,
    written: (u64, u64),
}

impl Was {
    /// Whether a waiter has to be told of a change since then; `None`: it may be.
    fn has_changed(self, now: Self) -> Option<bool> {
        if self.is_there != now.is_there || now.is_there && self.written.0 != now.written.0 {
            Some(true)
        } else {
            (self.written == now.written).then_some(false)
        }
    }
}

impl Model {
    fn find(&self, key: &[u8]) -> Option<&(Vec<u8>, Vec<u8>, u64)> {
        self.items.iter().find(|item| item.0 == key)
    }

    /// Whether a version of this state stands for the newest value: the value, not when it expires, which a store may take for a change of it.
    fn stands(&self, key: &[u8], state: u64) -> bool {
        let written = self.writes.get(key).map_or(0, |written| written.0);
        state != 0 && state >= written && self.find(key).is_some()
    }

    fn put(&mut self, key: &[u8], value: Vec<u8>) -> u64 {
        self.changes += 1;
        self.writes.insert(key.to_vec(), (self.changes, self.changes));
        self.highest = self.highest.max(std::str::from_utf8(key).unwrap().parse().ok());
        match self.items.iter_mut().find(|item| item.0 == key) {
            Some(item) => (item.1, item.2) = (value, self.changes),
            None => self.items.push((key.to_vec(), value, self.changes)),
        }
        self.changes
    }

    fn was(&self, key: &[u8]) -> Was {
        Was { is_there: self.find(key).is_some(), written: self.writes.get(key).copied().unwrap_or_default() }
    }

    /// The moment so many milliseconds from now.
    fn after(&self, ttl: Option<u64>) -> Option<Expiry> {
        ttl.map(|ttl| Expiry::at(START + self.now + ttl))
    }

    /// Lets a value expire at another time. What has expired is gone.
    fn expire_at(&mut self, key: &[u8], expiry: Option<Expiry>) {
        match expiry {
            Some(expiry) => self.expiries.insert(key.to_vec(), expiry.milliseconds() - START),
            None => self.expiries.remove(key),
        };
        self.expire();
    }

    fn expire(&mut self) {
        let Self { items, expiries, now, .. } = self;
        items.retain(|(key, ..)| expiries.get(key).is_none_or(|expiry| expiry > now));
        expiries.retain(|_, expiry| *expiry > *now);
    }

    fn remove(&mut self, key: &[u8]) {
        self.items.retain(|item| item.0 != key);
        self.expiries.remove(key);
    }

    fn clear(&mut self) {
        self.items.clear();
        self.expiries.clear();
        self.highest = None;
    }
}

/// A handle with its notes: of each key the version, and the value and the state of the model that it stands for.
struct Handle<B: Backend> {
    store: B,
    notes: HashMap<Vec<u8>, (B::Version, Vec<u8>, u64)>,
    /// The keys that it waits for, and how each was when that began.
    waits: Vec<(Vec<u8>, B::Watch, Was)>,
    /// A state, and the model as it was then.
    state: Option<(u64, Model)>,
    /// Whether it is in a transaction, in which it takes no version for current.
    is_aside: bool,
}

impl<B: Backend> Handle<B> {
    fn new(store: B) -> Self {
        Self { store, notes: HashMap::new(), waits: Vec::new(), state: None, is_aside: false }
    }

    /// The version of a key, and the state that it stands for (0: none).
    fn note(&self, key: &[u8]) -> (B::Version, u64) {
        self.notes.get(key).map_or_else(Default::default, |(version, _, state)| (*version, *state))
    }

    fn get(&mut self, model: &Model, key: &[u8]) {
        let (mut version, mut known, state) = self.notes.remove(key).unwrap_or_default();
        let item = model.find(key);
        if state != 0 && self.store.is_current(&version) {
            // (One that expires at another time, and then as before, is the same again.)
            let expiry = model.expiries.get(key).map(|ms| START + ms);
            assert!(model.stands(key, state), "a current value is the newest");
            assert!(self.is_aside || B::expiry_of(&version).map(Expiry::milliseconds) == expiry, "and expires then");
        }
        let mut out = Vec::new();
        match self.store.get(key, &mut version, &mut out).unwrap() {
            Found::Missing => assert!(item.is_none(), "missing"),
            Found::Unchanged => assert!(model.stands(key, state), "unchanged"),
            Found::Value => known = out,
            Found::Appended => known.extend(out),
            Found::Long(_) => unreachable!("there is no limit"),
        }
        if let Some((_, value, state)) = item {
            assert_eq!(&known, value);
            // (A store asks others now and then whether all is as it was, and wants to once more where this process was not run for a while.)
            let mut looks = 0;
            while !self.is_aside && !self.store.is_current(&version) {
                assert!(looks < 100, "what was just read is never current");
                assert_eq!(self.store.get(key, &mut version, &mut Vec::new()).unwrap(), Found::Unchanged);
                looks += 1;
            }
            let expiry = model.expiries.get(key).map(|ms| START + ms);
            assert!(self.is_aside || B::expiry_of(&version).map(Expiry::milliseconds) == expiry);
            self.notes.insert(key.to_vec(), (version, known, *state));
        }
    }

    fn apply(&mut self, model: &mut Model, operation: Operation) {
        let name = |key: u8| key.to_string().into_bytes();
        match operation {
            Operation::Get(key) => self.get(model, &name(key)),
            Operation::Put(key, value) => {
                let (key, (mut version, _)) = (name(key), self.note(&name(key)));
                self.store.put(&key, &value, &mut version).unwrap();
                let state = model.put(&key, value.clone());
                model.expire_at(&key, None);
                self.notes.insert(key, (version, value, state));
            }
            Operation::PutUntil(key, value, ttl) => self.put_until(model, name(key), value, ttl),
            Operation::Add(key, value, ttl) => self.add(model, name(key), value, ttl),
            Operation::Touch(key, ttl) => self.touch(model, name(key), ttl),
            Operation::Clock(by) => {
                model.shown = model.shown.saturating_add_signed(by);
                model.now = model.now.max(model.shown);
                clock::set(START + model.shown);
                // (A time that nobody has used does not count.)
                assert_eq!(clock::now(), START + model.now);
                model.expire();
            }
            Operation::PutIfUnchanged(key, value) => {
                let (key, (mut version, state)) = (name(key), self.note(&name(key)));
                let newest = model.stands(&key, state);
                // (A store may take a value for changed that is not: its cleaner has moved it.)
                let done = self.store.put_if_unchanged(&key, &value, &mut version).unwrap();
                assert!(newest || !done);
                if done {
                    let state = model.put(&key, value.clone());
                    self.notes.insert(key, (version, value, state));
                }
            }
            Operation::PutFirst(key, value) => {
                let (key, mut version) = (name(key), B::Version::default());
                let done = self.store.put_first(&key, &value, 0, &mut version).unwrap();
                assert_eq!(done, model.find(&key).is_none());
                if done {
                    let state = model.put(&key, value.clone());
                    self.notes.insert(key, (version, value, state));
                }
            }
            Operation::Append(key, bytes, by_store) => self.append(model, name(key), &bytes, by_store),
            Operation::PutNext(value) => {
                let mut version = B::Version::default();
                let number = self.store.put_next(&value, b"", 0, &mut version).unwrap().unwrap();
                assert_eq!(number, model.highest.map_or(0, |highest| highest + 1));
                let key = number.to_string().into_bytes();
                let state = model.put(&key, value.clone());
                self.notes.insert(key, (version, value, state));
            }
            Operation::Remove(key) => {
                let was_there = model.find(&name(key)).is_some();
                assert_eq!(self.store.remove(&name(key)).unwrap(), was_there);
                model.remove(&name(key));
            }
            Operation::Replace(entries) => {
                let entries: Vec<_> = entries.into_iter().collect::<HashMap<_, _>>().into_iter().collect();
                let named: Vec<_> = entries.iter().map(|(key, value)| (name(*key), value.clone())).collect();
                let borrowed: Vec<_> = named.iter().map(|(key, value)| (&key[..], &value[..])).collect();
                self.store.replace(&borrowed).unwrap();
                model.clear();
                for (key, value) in named {
                    model.put(&key, value);
                }
            }
            Operation::Commit(parts) => self.commit(model, parts),
            Operation::Snapshot => {
                let snapshot = self.store.snapshot().unwrap();
                let expected: Vec<_> = model.items.iter().map(|item| (&item.0[..], &item.1[..])).collect();
                assert_eq!(snapshot.iter().collect::<Vec<_>>(), expected);
                assert_eq!(self.store.len().unwrap(), expected.len() as u64);
                self.check_selections(&expected);
            }
            Operation::Destroy => {
                self.store.destroy().unwrap();
                model.clear();
                model.ends += 1;
            }
            Operation::Watch(key) => {
                let key = name(key);
                let mut wanted = [Wanted::key(&key[..])];
                self.store.watch(&mut wanted, Since::Now).unwrap();
                let (watch, was) = (wanted[0].watch, model.was(&key));
                self.waits.push((key, watch, was));
            }
            Operation::Look => self.look(model),
            Operation::State => self.state = Some((self.store.state().unwrap(), model.clone())),
        }
    }

    fn look(&mut self, model: &Model) {
        let mut waits = std::mem::take(&mut self.waits);
        waits.retain_mut(|(key, watch, was)| {
            let mut wanted = [Wanted { key: Some(key), watch: *watch }];
            let has_changed = self.store.has_changed(&mut wanted, Duration::ZERO).unwrap();
            let expected = was.has_changed(model.was(key));
            assert!(
                expected.is_none_or(|expected| expected == has_changed),
                "{has_changed}: {was:?} {:?}",
                model.was(key)
            );
            *watch = wanted[0].watch;
            // One that was there for a moment, and was not noticed, is as before.
            *was = model.was(key);
            !has_changed
        });
        self.waits = waits;
        // (A store that was destroyed goes on anywhere.)
        let Some((state, before)) = self.state.as_ref().filter(|(_, before)| before.ends == model.ends) else { return };
        let now = self.store.state().unwrap();
        assert!(now >= *state, "{now} after {state}");
        for key in 0..6u8 {
            let key = key.to_string().into_bytes();
            let mut wanted = [Wanted::key(&key[..])];
            self.store.watch(&mut wanted, Since::State(*state)).unwrap();
            let has_changed = self.store.has_changed(&mut wanted, Duration::ZERO).unwrap();
            let (was, is) = (before.was(&key), model.was(&key));
            // (Expiry is no change of the state; and a removal may be another key's.)
            let expected = was.has_changed(is).filter(|_| is.is_there);
            assert!(expected.is_none_or(|expected| expected == has_changed), "since {state}: {was:?} {is:?}");
            assert!(!has_changed || now > *state || *state == 0, "{state} is still the newest state");
        }
    }

    /// Page after page makes everything; some of the keys are those of them that are there.
    fn check_selections(&self, expected: &[(&[u8], &[u8])]) {
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let mut page = Snapshot::default();
            self.store.select(&Selection::Page { prefix: b"", after, limit: 2 }, &mut page, u64::MAX).unwrap();
            if page.is_empty() {
                break;
            }
            after = page.last_place();
            pages.extend(page.iter().map(|(key, value)| (key.to_vec(), value.to_vec())));
        }
        let owned = |(key, value): &(&[u8], &[u8])| (key.to_vec(), value.to_vec());
        assert_eq!(pages, expected.iter().map(owned).collect::<Vec<_>>());
        let (wanted, mut some): (&[&[u8]], _) = (&[b"4", b"1", b"nobody"], Snapshot::default());
        self.store.select(&Selection::Keys(wanted), &mut some, u64::MAX).unwrap();
        let expected: BTreeSet<_> = expected.iter().filter(|(key, _)| wanted.contains(key)).copied().collect();
        assert_eq!((some.len(), some.iter().collect::<BTreeSet<_>>()), (expected.len(), expected));
    }

    fn commit(&mut self, model: &mut Model, parts: Vec<(u8, Vec<u8>, u8)>) {
        let mut seen = HashSet::new();
        let parts: Vec<_> = parts.into_iter().filter(|(key, ..)| seen.insert(*key)).collect();
        let parts: Vec<_> =
            parts.into_iter().map(|(key, bytes, kind)| (key.to_string().into_bytes(), bytes, kind)).collect();
        let changes: Vec<_> = parts
            .iter()
            .map(|(key, bytes, kind)| match kind {
                0 | 1 => Change::Put {
                    key,
                    head: &bytes[..bytes.len() / 2],
                    body: &bytes[bytes.len() / 2..],
                    note: None,
                    expiry: model.after(ttl_of(bytes)),
                    anew: *kind == 1,
                },
                2 => Change::Append { key, bytes, note: 0, version: self.note(key).0 },
                _ => Change::Remove { key },
            })
            .collect();
        let are_newest = parts.iter().filter(|(.., kind)| *kind == 2).all(|(key, ..)| {
            let state = self.note(key).1;
            model.stands(key, state)
        });
        // (A store may take a value for changed that is not.)
        let done = self.store.commit(&changes, None).unwrap();
        assert!(are_newest || !done);
        if !done {
            return;
        }
        for (key, bytes, kind) in parts {
            let known = model.find(&key).map(|item| item.1.clone());
            match kind {
                0 | 1 if ttl_of(&bytes) == Some(0) => model.remove(&key),
                0 | 1 => {
                    if kind == 1 {
                        model.remove(&key);
                    }
                    model.put(&key, bytes.clone());
                    model.expire_at(&key, model.after(ttl_of(&bytes)));
                }
                2 => drop(model.put(&key, [known.unwrap(), bytes].concat())),
                _ => model.remove(&key),
            }
        }
    }

    fn put_until(&mut self, model: &mut Model, key: Vec<u8>, value: Vec<u8>, ttl: Option<u64>) {
        let ((mut version, _), expiry) = (self.note(&key), model.after(ttl));
        self.store.put_until(&key, (&value, b""), expiry, &mut version).unwrap();
        if ttl == Some(0) {
            model.remove(&key);
            self.notes.remove(&key);
            return;
        }
        let state = model.put(&key, value.clone());
        model.expire_at(&key, expiry);
        assert_eq!(B::expiry_of(&version), expiry);
        self.notes.insert(key, (version, value, state));
    }

    fn add(&mut self, model: &mut Model, key: Vec<u8>, value: Vec<u8>, ttl: Option<u64>) {
        let (mut version, expiry) = (B::Version::default(), model.after(ttl));
        let added = self.store.add(&key, (&value, b""), expiry, &mut version).unwrap();
        assert_eq!(added, model.find(&key).is_none(), "what is there is not replaced");
        if added && ttl != Some(0) {
            let state = model.put(&key, value.clone());
            model.expire_at(&key, expiry);
            self.notes.insert(key, (version, value, state));
        }
    }

    fn touch(&mut self, model: &mut Model, key: Vec<u8>, ttl: Option<u64>) {
        let (mut version, known, state) = self.notes.get(&key).cloned().unwrap_or_default();
        let newest = model.stands(&key, state);
        let expiry = model.after(ttl);
        assert_eq!(self.store.touch(&key, expiry, &mut version).unwrap(), model.find(&key).is_some());
        let Some(item) = model.items.iter_mut().find(|item| item.0 == key) else { return };
        // (Where it expires when it did before, nothing has changed, and a store may know that. A transaction stores the value anew.)
        if self.is_aside || model.expiries.get(&key).copied() != ttl.map(|ttl| model.now + ttl) {
            model.changes += 1;
            item.2 = model.changes;
            // (So may a store that has no room for an expiry beside it.)
            model.writes.entry(key.clone()).or_default().1 = model.changes;
        }
        let touched = item.2;
        model.expire_at(&key, expiry);
        if self.store.is_current(&version) {
            assert!(newest, "a version of an older value stands for that");
            self.notes.insert(key, (version, known, touched));
        }
    }

    fn append(&mut self, model: &mut Model, key: Vec<u8>, bytes: &[u8], by_store: bool) {
        let Some((mut version, known, state)) = self.notes.get(&key).cloned() else { return };
        let newest = model.stands(&key, state);
        let rewrite = if by_store { Rewrite::Store } else { Rewrite::CallerIfShort };
        match self.store.append(&key, bytes, 0, rewrite, &mut version).unwrap() {
            Appended::Done => {
                assert!(newest, "an append goes on from the newest value");
                let value = [&known[..], bytes].concat();
                let state = model.put(&key, value.clone());
                self.notes.insert(key, (version, value, state));
            }
            Appended::Full => assert!(newest && !by_store),
            Appended::Changed => {}
        }
    }
}

/// Checks transactions on one kind of store: operations outside of it, operations inside, a part that may be taken back, and whether it is committed.
pub fn check_transactions<F: Fixture>() {
    let inside = || {
        operation().prop_filter("none that a program may not use there", |it| {
            use Operation::*;
            !matches!(it, Destroy | Clock(_) | Watch(_) | Look | State)
        })
    };
    let transaction = (
        prop::collection::vec((any::<bool>(), operation()), 0..20),
        prop::collection::vec(inside(), 0..40),
        // A part of it, which is kept or taken back, and then more.
        prop::option::weighted(0.5, (prop::collection::vec(inside(), 0..15), any::<bool>())),
        prop::collection::vec(inside(), 0..15),
        prop::bool::weighted(0.7),
    );
    let steps = prop::collection::vec(transaction, 1..5);
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&steps, |steps| {
        clock::start_at(START);
        let (place, mut model) = (F::new(), Model::default());
        let surroundings = Surroundings { fiber: || 1, has_memory: |_| true };
        let mut handle = Handle::new(Transactional::new(place.handle(), surroundings));
        let mut other = Handle::new(place.handle());
        for (outside, inside, part, behind, is_committed) in steps {
            for (second, operation) in outside {
                if second { other.apply(&mut model, operation) } else { handle.apply(&mut model, operation) }
            }
            let before = model.clone();
            handle.store.begin().unwrap();
            (handle.is_aside, handle.notes) = (true, HashMap::new());
            assert!(handle.store.in_transaction() && handle.store.has_transaction());
            for operation in inside {
                handle.apply(&mut model, operation);
                // Others see the state before.
                other.apply(&mut before.clone(), Operation::Snapshot);
            }
            if let Some((part, is_kept)) = part {
                let at_its_begin = model.clone();
                handle.store.begin_part().unwrap();
                for operation in part {
                    handle.apply(&mut model, operation);
                }
                handle.store.end_part(is_kept);
                if !is_kept {
                    // (The states that were seen meanwhile are those of no value any more.)
                    model = Model { changes: model.changes, ..at_its_begin };
                }
            }
            for operation in behind {
                handle.apply(&mut model, operation);
            }
            if is_committed {
                assert_eq!(handle.store.commit_transaction().unwrap(), Committed::Done);
            } else {
                model = before;
            }
            handle.store.end();
            if is_committed {
                // A number that was a name within the transaction alone does not count.
                let next = other.store.next_number(0).unwrap().unwrap();
                let highest = (next > 0).then_some(next - 1);
                let is_there = |number: i64| model.find(number.to_string().as_bytes()).is_some();
                assert!(highest <= model.highest && (next..10).all(|number| !is_there(number)));
                model.highest = highest;
            }
            (handle.is_aside, handle.notes) = (false, HashMap::new());
            for operation in [Operation::Snapshot, Operation::Look] {
                handle.apply(&mut model, operation.clone());
                other.apply(&mut model, operation);
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Checks one kind of store.
pub fn check<F: Fixture>() {
    let steps = prop::collection::vec((any::<bool>(), operation()), 1..80);
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&steps, |steps| {
        clock::start_at(START);
        let (place, mut model) = (F::new(), Model::default());
        let mut handles = [Handle::new(place.handle()), Handle::new(place.handle())];
        for (second, operation) in steps {
            handles[usize::from(second)].apply(&mut model, operation);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
