//! The store against a plain ordered map: after any operations on both, through several handles of two
//! threads (which the store treats like processes), they agree.

use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use sync_store::testing::{TemporaryPath, assert_in_proportion, assert_sound, entries, entries_of};
use sync_store::{Appended, Change, Error, ErrorKind, Found, Options, Patience, Store, Version};

// ---- the model ---------------------------------------------------------------------------------

/// The model of a store: a map in insertion order, which overwriting does not change.
#[derive(Default)]
struct Model {
    entries: BTreeMap<Vec<u8>, (u64, Vec<u8>)>,
    next_place: u64,
    /// The number after the highest name that has been one.
    next_number: i64,
    /// The handle that holds `lock()`.
    holder: Option<usize>,
    /// Whether there is a file.
    exists: bool,
}

impl Model {
    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.next_place += 1;
        let place = self.next_place;
        if let Some(number) = std::str::from_utf8(&key).ok().and_then(|key| key.parse::<i64>().ok()) {
            self.next_number = self.next_number.max(number.saturating_add(1));
        }
        self.entries.entry(key).or_insert((place, Vec::new())).1 = value;
        self.exists = true;
    }

    fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.entries.get(key).map(|(_, value)| &value[..])
    }

    fn in_order(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(|(_, (place, _))| *place);
        entries.into_iter().map(|(key, (_, value))| (key.clone(), value.clone())).collect()
    }

    fn vanish(&mut self) {
        self.clear();
        self.holder = None;
        self.exists = false;
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.next_number = 0;
    }

    fn keeps_out(&self, handle: usize) -> bool {
        self.holder.is_some_and(|holder| holder != handle)
    }
}

// ---- the operations ----------------------------------------------------------------------------

/// A key: from a small set, so that keys meet again, or of an unusual shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Common(u8),
    Numbered(u16),
    /// A number, like an integer key of an array.
    Index(i16),
    Empty,
    Bytes(u8),
    Long(u8),
}

impl Key {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Common(n) => format!("key{n}").into_bytes(),
            Self::Numbered(n) => format!("number {n}").into_bytes(),
            Self::Index(n) => n.to_string().into_bytes(),
            Self::Empty => Vec::new(),
            Self::Bytes(n) => vec![n | 0x80; 3],
            Self::Long(n) => vec![b'a' + n % 26; 40_000],
        }
    }
}

/// A value, by its length and the seed of its bytes.
#[derive(Debug, Clone, Copy)]
struct Value {
    length: usize,
    salt: u8,
}

impl Value {
    fn bytes(self) -> Vec<u8> {
        (0..self.length).map(|n| (n as u8).wrapping_mul(31).wrapping_add((n >> 8) as u8) ^ self.salt).collect()
    }
}

#[derive(Debug, Clone)]
enum Operation {
    Put(usize, Key, Value),
    /// Puts under the next number, several times.
    PutNext(usize, Value, u8),
    /// The same key over and over, which makes dead records for compaction.
    Overwrite(usize, Key, Value, u16),
    /// Appends to a value, many times.
    Append(usize, Key, Value, u16),
    /// Puts many keys, which makes index blocks split.
    Fill(usize, u16, u16),
    /// Removes many keys, which makes index blocks merge.
    Drain(usize, u16, u16),
    Get(usize, Key),
    Remove(usize, Key),
    Replace(usize, Vec<(Key, Value)>),
    /// Changes several keys at one moment: a put (at the end of the order or not), an append or a removal each; and puts and
    /// removals of so many numbered ones.
    Commit(usize, Vec<(Key, Value, u8)>, u16, u16),
    Snapshot(usize),
    Len(usize),
    Lock(usize),
    Unlock(usize),
    Destroy(usize),
    /// The handle is dropped and made anew.
    Reopen(usize),
    /// Another program deletes the file.
    Unlink,
    /// The file is copied, and the copy is a store too.
    Copy,
}

const HANDLES: usize = 4;

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        8 => (0..10u8).prop_map(Key::Common),
        3 => (0..3000u16).prop_map(Key::Numbered),
        2 => (-9..200i16).prop_map(Key::Index),
        1 => Just(Key::Empty),
        1 => (0..4u8).prop_map(Key::Bytes),
        1 => (0..2u8).prop_map(Key::Long),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let length = prop_oneof![
        10 => 0..64usize,
        5 => 64..4096usize,
        3 => 4096..16_000usize,
        // The length at which a record stops sharing its segment.
        2 => 16_250..16_450usize,
        // The length at which a run of its own needs another block.
        1 => 65_300..65_600usize,
        1 => 16_450..200_000usize,
    ];
    (length, any::<u8>()).prop_map(|(length, salt)| Value { length, salt })
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let handle = || 0..HANDLES;
    prop_oneof![
        20 => (handle(), key(), value()).prop_map(|(h, k, v)| Put(h, k, v)),
        5 => (handle(), value(), 1..9u8).prop_map(|(h, v, n)| PutNext(h, v, n)),
        5 => (handle(), key(), value(), 1..400u16).prop_map(|(h, k, v, n)| Overwrite(h, k, v, n)),
        8 => (handle(), key(), value(), 1..300u16).prop_map(|(h, k, v, n)| Append(h, k, v, n)),
        2 => (handle(), 0..3000u16, 1..3000u16).prop_map(|(h, from, n)| Fill(h, from, n)),
        2 => (handle(), 0..3000u16, 1..3000u16).prop_map(|(h, from, n)| Drain(h, from, n)),
        20 => (handle(), key()).prop_map(|(h, k)| Get(h, k)),
        8 => (handle(), key()).prop_map(|(h, k)| Remove(h, k)),
        3 => (handle(), prop::collection::hash_map(key().prop_map(Key::bytes), value(), 0..40)
            .prop_map(|map| map.into_iter().collect::<Vec<_>>()))
            .prop_map(|(h, entries)| Replace(h, entries.into_iter().map(|(k, v)| (name_of(&k), v)).collect())),
        4 => handle().prop_map(Snapshot),
        3 => handle().prop_map(Len),
        4 => handle().prop_map(Lock),
        5 => handle().prop_map(Unlock),
        1 => handle().prop_map(Destroy),
        3 => handle().prop_map(Reopen),
        1 => Just(Unlink),
        2 => Just(Copy),
    ]
}

/// Also changes to several keys at one moment.
fn operation_or_commit() -> impl Strategy<Value = Operation> {
    let handle = || 0..HANDLES;
    let parts = prop::collection::vec((key(), value(), 0..4u8), 0..20);
    let commit = (handle(), parts, 0..3000u16, prop_oneof![Just(0), 0..2000u16])
        .prop_map(|(h, parts, from, n)| Operation::Commit(h, parts, from, n));
    prop_oneof![10 => operation(), 1 => commit]
}

/// The key that [`Key::bytes`] made: entries of a replacement must differ, as bytes.
fn name_of(bytes: &[u8]) -> Key {
    match bytes {
        [] => Key::Empty,
        [b, ..] if *b >= 0x80 => Key::Bytes(*b & 0x7f),
        _ if bytes.len() == 40_000 => Key::Long(bytes[0] - b'a'),
        _ => {
            let text = std::str::from_utf8(bytes).expect("a key of ours");
            match text.strip_prefix("number ") {
                Some(number) => Key::Numbered(number.parse().expect("a number")),
                None if !text.starts_with('k') => Key::Index(text.parse().expect("a number")),
                None => Key::Common(text["key".len()..].parse().expect("a number")),
            }
        }
    }
}

// ---- the handles -------------------------------------------------------------------------------

/// The result of looking up a key.
struct Answer {
    /// The cached value, if [`Store::is_current`] says that it is current.
    shortcut: Option<Option<Vec<u8>>>,
    found: Result<Option<Vec<u8>>, Error>,
}

/// One `Store` and its user's cached values.
struct Client {
    store: Store,
    seen: HashMap<Vec<u8>, (Version, Option<Vec<u8>>)>,
}

type Work = Box<dyn FnOnce(&mut Vec<Client>) + Send>;

/// A thread with stores of its own.
struct Worker {
    work: Option<Sender<Work>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    fn new(path: &Path, stores: usize) -> Self {
        let (work, jobs): (Sender<Work>, Receiver<Work>) = channel();
        let path = path.to_owned();
        let thread = std::thread::spawn(move || {
            let mut clients: Vec<_> = (0..stores).map(|_| Client::new(&path)).collect();
            for job in jobs {
                job(&mut clients);
            }
        });
        Self { work: Some(work), thread: Some(thread) }
    }

    /// Runs something in the thread; its panics are the caller's.
    fn run<T: Send + 'static>(&self, job: impl FnOnce(&mut Vec<Client>) -> T + Send + 'static) -> T {
        let (send, receive) = channel();
        let work: Work = Box::new(move |clients| {
            let _ = send.send(catch_unwind(AssertUnwindSafe(|| job(clients))));
        });
        self.work.as_ref().expect("until it is dropped").send(work).expect("the thread lives");
        match receive.recv().expect("the thread lives") {
            Ok(result) => result,
            Err(panic) => resume_unwind(panic),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.work.take());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Client {
    fn new(path: &Path) -> Self {
        Self { store: Store::new(path.to_owned(), Options::default()), seen: HashMap::new() }
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        let (seen, known) = self.seen.entry(key.to_vec()).or_default();
        self.store.put(key, value, seen)?;
        *known = Some(value.to_vec());
        Ok(())
    }

    /// Appends to the value of a key, or, if it has become long, puts it anew; returns the new value.
    fn append(&mut self, key: &[u8], bytes: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.get(key).found?;
        let (seen, known) = self.seen.get_mut(key).expect("just looked at");
        let Some(value) = known else { return Ok(None) };
        // When an append is refused, merging and putting anew are both allowed; merging is allowed at any time.
        let unites = value.len() % 3 != 0;
        if value.len() % 16 == 1 {
            assert!(self.store.merge_all_pieces(key, seen)?);
        }
        let mut done = self.store.append(key, bytes, value.len() as i64, seen)?;
        if done == Appended::Full && unites {
            assert!(self.store.merge_all_pieces(key, seen)?);
            done = self.store.append(key, bytes, value.len() as i64, seen)?;
        }
        value.extend_from_slice(bytes);
        match done {
            Appended::Done => {}
            Appended::Full => assert!(self.store.put_if_unchanged(key, value, seen)?),
            Appended::Changed => panic!("nobody else writes"),
        }
        Ok(Some(value.clone()))
    }

    fn commit(&mut self, parts: &[(Vec<u8>, Vec<u8>, u8)]) -> Result<(), Error> {
        // The store may take a value for changed that is not, where making room has moved it, or the index: once.
        for _ in 0..2 {
            if self.try_to_commit(parts)? {
                return Ok(());
            }
        }
        panic!("nobody else writes");
    }

    fn try_to_commit(&mut self, parts: &[(Vec<u8>, Vec<u8>, u8)]) -> Result<bool, Error> {
        let mut changes = Vec::new();
        for (key, bytes, kind) in parts {
            changes.push(match kind {
                0 | 1 => Change::Put {
                    key,
                    head: &bytes[..bytes.len() / 2],
                    body: &bytes[bytes.len() / 2..],
                    note: None,
                    expiry: None,
                    anew: *kind == 1,
                },
                2 => {
                    let known = self.get(key).found?.expect("the model has it");
                    Change::Append { key, bytes, note: known.len() as i64, version: self.seen[key].0 }
                }
                _ => Change::Remove { key },
            });
        }
        self.store.commit(&changes, None)
    }

    fn get(&mut self, key: &[u8]) -> Answer {
        let (seen, known) = self.seen.entry(key.to_vec()).or_default();
        let shortcut = self.store.is_current(seen).then(|| known.clone());
        let mut out = Vec::new();
        let found = self.store.get(key, seen, &mut out).map(|found| {
            match found {
                Found::Value => *known = Some(out),
                Found::Missing => *known = None,
                Found::Appended => known.as_mut().expect("goes on what is known").extend(out),
                Found::Long(_) => unreachable!("`get` copies"),
                Found::Unchanged => assert!(known.is_some(), "unchanged since it was missing"),
            }
            known.clone()
        });
        Answer { shortcut, found }
    }
}

struct Playground {
    path: TemporaryPath,
    workers: [Worker; 2],
    model: Model,
}

impl Playground {
    fn new() -> Self {
        let path = TemporaryPath::new();
        let workers = [Worker::new(&path.0, HANDLES / 2), Worker::new(&path.0, HANDLES / 2)];
        Self { path, workers, model: Model::default() }
    }

    fn with<T: Send + 'static>(&self, handle: usize, job: impl FnOnce(&mut Client) -> T + Send + 'static) -> T {
        self.workers[handle % 2].run(move |clients| job(&mut clients[handle / 2]))
    }

    /// Checks that a change was done, or kept out exactly when another handle holds the lock.
    fn settle<T: std::fmt::Debug>(&self, handle: usize, result: Result<T, Error>) -> Option<T> {
        match (result, self.model.keeps_out(handle)) {
            (Ok(value), false) => Some(value),
            (Err(Error { kind: ErrorKind::Held(held), .. }), true) => {
                let same_thread = self.model.holder.is_some_and(|holder| holder % 2 == handle % 2);
                assert_eq!(held.same_thread, same_thread);
                None
            }
            (other, keeps_out) => panic!("handle {handle}, kept out: {keeps_out}, got {other:?}"),
        }
    }

    fn put(&mut self, handle: usize, key: Vec<u8>, value: Vec<u8>) {
        let (k, v) = (key.clone(), value.clone());
        let result = self.with(handle, move |client| client.put(&k, &v));
        if self.settle(handle, result).is_some() {
            self.model.put(key, value);
        }
    }

    fn commit(&mut self, handle: usize, parts: Vec<(Key, Value, u8)>, from: u16, count: u16) {
        let mut parts: Vec<_> =
            parts.into_iter().map(|(key, value, kind)| (key.bytes(), value.bytes(), kind)).collect();
        // One in three of them goes.
        let kind = |n: u16| if n.is_multiple_of(3) { 3 } else { 0 };
        parts.extend((from..from + count).map(|n| (Key::Numbered(n).bytes(), n.to_be_bytes().to_vec(), kind(n))));
        let mut known = HashSet::new();
        parts.retain(|(key, _, kind)| known.insert(key.clone()) && (*kind != 2 || self.model.get(key).is_some()));
        let changes = parts.clone();
        let result = self.with(handle, move |client| client.commit(&changes));
        if self.settle(handle, result).is_none() {
            return;
        }
        for (key, bytes, kind) in parts {
            let value = match kind {
                2 => [self.model.get(&key).expect("looked at before"), &bytes[..]].concat(),
                _ => bytes,
            };
            if matches!(kind, 1 | 3) {
                self.model.entries.remove(&key);
            }
            if kind != 3 {
                self.model.put(key, value);
            }
        }
    }

    /// Does an operation on the store and on the model. (One arm for each operation: more than sixty lines.)
    fn apply(&mut self, operation: Operation) {
        match operation {
            Operation::Put(handle, key, value) => self.put(handle, key.bytes(), value.bytes()),
            Operation::PutNext(handle, value, times) => {
                for _ in 0..times {
                    let bytes = value.bytes();
                    let put = bytes.clone();
                    let result = self.with(handle, move |client| {
                        let (head, body) = put.split_at(put.len() / 2);
                        client.store.put_next(head, body, 0, &mut Version::default())
                    });
                    let Some(number) = self.settle(handle, result) else { break };
                    let number = number.expect("there are more");
                    assert_eq!(number, self.model.next_number);
                    self.model.put(number.to_string().into_bytes(), bytes);
                }
            }
            Operation::Overwrite(handle, key, value, times) => {
                // Large values less often: the number of dead bytes matters.
                let times = times.min((2_000_000 / (value.length + 100)) as u16);
                for n in 0..times {
                    let value = Value { salt: value.salt.wrapping_add(n as u8), ..value };
                    self.put(handle, key.bytes(), value.bytes());
                }
            }
            Operation::Append(handle, key, value, times) => {
                // Mostly short pieces, since their number matters. Some get a run of their own.
                let length = if value.salt.is_multiple_of(8) { value.length % 40_000 } else { value.length % 600 };
                let times = if length > 600 { times % 20 } else { times };
                let (key, piece) = (key.bytes(), Value { length, ..value }.bytes());
                for _ in 0..times {
                    let (k, p) = (key.clone(), piece.clone());
                    let result = self.with(handle, move |client| client.append(&k, &p));
                    let Some(Some(value)) = self.settle(handle, result) else { break };
                    if value.len() > 400_000 {
                        self.put(handle, key.clone(), value);
                        break;
                    }
                    self.model.put(key.clone(), value);
                }
            }
            Operation::Fill(handle, from, count) => {
                for n in from..from + count {
                    self.put(handle, Key::Numbered(n).bytes(), n.to_le_bytes().to_vec());
                }
            }
            Operation::Drain(handle, from, count) => {
                for n in from..from + count {
                    self.remove(handle, Key::Numbered(n).bytes());
                }
            }
            Operation::Get(handle, key) => {
                let key = key.bytes();
                let asked = key.clone();
                let Answer { shortcut, found } = self.with(handle, move |client| client.get(&asked));
                if let Some(known) = shortcut {
                    assert!(!self.model.keeps_out(handle), "is_current while another holds the store");
                    assert_eq!(known.as_deref(), self.model.get(&key), "is_current");
                }
                if let Some(value) = self.settle(handle, found) {
                    assert_eq!(value.as_deref(), self.model.get(&key), "get");
                }
            }
            Operation::Remove(handle, key) => self.remove(handle, key.bytes()),
            Operation::Replace(handle, entries) => {
                let entries: Vec<_> = entries.into_iter().map(|(key, value)| (key.bytes(), value.bytes())).collect();
                let new = entries.clone();
                let result = self.with(handle, move |client| {
                    let entries: Vec<(&[u8], &[u8])> =
                        entries.iter().map(|(key, value)| (&key[..], &value[..])).collect();
                    client.store.replace(&entries)
                });
                if self.settle(handle, result).is_some() {
                    self.model.clear();
                    self.model.exists = true;
                    new.into_iter().for_each(|(key, value)| self.model.put(key, value));
                }
            }
            Operation::Commit(handle, parts, from, count) => self.commit(handle, parts, from, count),
            Operation::Snapshot(handle) => {
                let result = self.with(handle, |client| client.store.snapshot().map(|snapshot| entries_of(&snapshot)));
                if let Some(entries) = self.settle(handle, result) {
                    assert_eq!(entries, self.model.in_order());
                }
            }
            Operation::Len(handle) => {
                let result = self.with(handle, |client| client.store.len());
                if let Some(length) = self.settle(handle, result) {
                    assert_eq!(length, self.model.entries.len() as u64);
                }
            }
            Operation::Lock(handle) => {
                let result = self.with(handle, |client| client.store.lock(Patience::until(Duration::from_secs(7))));
                if self.settle(handle, result).is_some() {
                    self.model.holder = Some(handle);
                    self.model.exists = true;
                }
            }
            Operation::Unlock(handle) => {
                self.with(handle, |client| client.store.unlock());
                if self.model.holder == Some(handle) {
                    self.model.holder = None;
                }
            }
            Operation::Destroy(handle) => {
                let result = self.with(handle, |client| client.store.destroy());
                if self.settle(handle, result).is_some() {
                    self.model.vanish();
                    assert!(!self.path.0.exists());
                }
            }
            Operation::Reopen(handle) => {
                let path = self.path.0.clone();
                self.with(handle, move |client| *client = Client::new(&path));
                if self.model.holder == Some(handle) {
                    self.model.holder = None;
                }
            }
            Operation::Unlink => {
                let _ = std::fs::remove_file(&self.path.0);
                Store::paths_have_changed();
                if let Some(holder) = self.model.holder {
                    // The holder is told so, and continues without a lock.
                    let result = self.with(holder, |client| (client.store.len(), client.store.unlock()).0);
                    assert!(matches!(result, Err(Error { kind: ErrorKind::LockLost, .. })), "{result:?}");
                }
                self.model.vanish();
            }
            Operation::Copy => self.copy(),
        }
    }

    fn remove(&mut self, handle: usize, key: Vec<u8>) {
        let name = key.clone();
        let result = self.with(handle, move |client| client.store.remove(&name));
        if let Some(removed) = self.settle(handle, result) {
            assert_eq!(removed, self.model.entries.remove(&key).is_some());
        }
    }

    /// A copy holds the same, is sound, and can be written to.
    fn copy(&self) {
        if !self.model.exists {
            return;
        }
        let copy = self.path.copy();
        let store = copy.store();
        assert_eq!(entries(&store), self.model.in_order());
        assert_eq!(store.take_warning(), None);
        assert_sound(&store);
        store.put(b"new in the copy", b"1", &mut Version::default()).unwrap();
        assert_in_proportion(&store);
    }

    /// The file is consistent, and takes no more space than promised.
    fn check(&self) {
        self.with(self.model.holder.unwrap_or(0), |client| assert_in_proportion(&client.store));
    }

    /// Everything, through every handle.
    fn check_everything(&mut self) {
        if let Some(holder) = self.model.holder {
            self.apply(Operation::Unlock(holder));
        }
        for handle in 0..HANDLES {
            self.apply(Operation::Snapshot(handle));
            for key in self.model.entries.keys().take(50).cloned().collect::<Vec<_>>() {
                self.apply(Operation::Get(handle, name_of(&key)));
            }
        }
        self.check();
    }
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(60)
}

/// Applies the operations to a store and to the model, and compares them.
fn try_all(operations: Vec<Operation>) {
    let mut playground = Playground::new();
    for (n, operation) in operations.into_iter().enumerate() {
        playground.apply(operation);
        if n % 5 == 4 {
            playground.check();
        }
    }
    playground.check_everything();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_is_an_ordered_map(operations in prop::collection::vec(operation(), 1..80)) {
        try_all(operations);
    }

    #[test]
    fn a_store_with_commits_is_an_ordered_map(operations in prop::collection::vec(operation_or_commit(), 1..80)) {
        try_all(operations);
    }
}

// ---- faults found by the search above -----------------------------------------------------------

#[test]
fn a_removed_key_of_any_length_leaves_no_run_behind() {
    let path = TemporaryPath::new();
    let mut client = Client::new(&path.0);
    for n in 0..50u8 {
        client.put(&[n; 40_000], b"1").unwrap();
        assert!(client.store.remove(&[n; 40_000]).unwrap());
        assert_in_proportion(&client.store);
    }
}

#[test]
fn a_large_run_is_counted_by_its_one_record_whatever_its_space_held_before() {
    // Lengths at which the record ends where a smaller one (they have 48 bytes) had started.
    for record in (20_000..60_000).step_by(4_800).map(|length| length / 48 * 48) {
        let path = TemporaryPath::new();
        let mut client = Client::new(&path.0);
        client.store.replace(&[]).unwrap();
        for n in 0..1300u32 {
            client.put(format!("number {n}").as_bytes(), &n.to_le_bytes()).unwrap();
        }
        client.store.replace(&[]).unwrap();
        client.put(b"large", &vec![0; record - 32 - 1 - "large".len()]).unwrap();
        assert_in_proportion(&client.store);
    }
}
