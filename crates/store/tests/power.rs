//! Power losses, with `durability = commit`: the effects of operations that returned are there afterwards.
//!
//! The disk is a model. Each sync puts all of the file on it; after that, any page may reach it in any of its later
//! states, and so may the file's length and the punched holes. A power loss leaves a
//! mixture: for each page one of its states since the last sync. Operations of all kinds run on a real file. At some
//! points of each a loss is simulated, the image is opened as after another boot, and has to hold the effects of all
//! operations that had returned, and of the operation under way either nothing or all.
//!
//!     cargo test -p sync-store --features torture --test power
//!     SYNC_POWER_SEEDS=1000..1040 cargo test -p sync-store --features torture --test power
//!
//! Without `SYNC_POWER_SEEDS` in the environment: few cases, the same ones each time, which is what `make test` runs. `SYNC_POWER_KEEP=path`:
//! the path for an image that failed.
#![cfg(feature = "torture")]

use std::cell::{Cell, RefCell};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use sync_store::testing::{Random, TemporaryPath, assert_sound, draw_identities_from};
use sync_store::{Appended, Change, Durability, Found, Options, Peeked, Store, Version, torture};

// ---- the expected content ------------------------------------------------------------------------

#[derive(Debug, Clone, PartialEq)]
struct Value {
    bytes: Vec<u8>,
    /// The note of the last append.
    note: Option<i64>,
}

/// Keys and values, in the order in which they were first set.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model(Vec<(Vec<u8>, Value)>);

impl Model {
    fn get(&mut self, key: &[u8]) -> Option<&mut Value> {
        self.0.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    fn put(&mut self, key: &[u8], bytes: Vec<u8>) {
        let value = Value { bytes, note: None };
        match self.get(key) {
            Some(old) => *old = value,
            None => self.0.push((key.to_vec(), value)),
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Put(Vec<u8>, Vec<u8>),
    /// Puts many small values under names that begin with this letter.
    Fill(u8, u32),
    Append(Vec<u8>, Vec<u8>, i64),
    Unite(Vec<u8>),
    Remove(Vec<u8>),
    /// Removes many of these values.
    Drain(u8, u32),
    Replace(Vec<(Vec<u8>, Vec<u8>)>),
    /// Puts, appends and removals at one moment.
    Commit(Vec<Step>),
}

/// Performs a step; calls `returned` after each part of it that has returned.
fn apply(store: &Store, model: &mut Model, step: &Step, returned: &mut dyn FnMut(&Model)) {
    let mut seen = Version::default();
    match step {
        Step::Put(key, bytes) => {
            model.put(key, bytes.clone());
            start(model);
            store.put(key, bytes, &mut seen).unwrap();
        }
        Step::Fill(letter, count) => {
            for n in 0..*count {
                apply(store, model, &Step::Put(name(*letter, n), vec![n as u8; n as usize % 40]), returned);
            }
            return;
        }
        Step::Drain(letter, count) => {
            for n in 0..*count {
                apply(store, model, &Step::Remove(name(*letter, n)), returned);
            }
            return;
        }
        Step::Append(key, bytes, note) => {
            let Some(value) = model.get(key) else { return };
            value.bytes.extend_from_slice(bytes);
            value.note = Some(*note);
            start(model);
            store.get(key, &mut seen, &mut Vec::new()).unwrap();
            if store.append(key, bytes, *note, &mut seen).unwrap() == Appended::Full {
                // The value has to be written as a whole again.
                value_of(model, key).note = None;
                start(model);
                assert!(store.put_if_unchanged(key, &value_of(model, key).bytes.clone(), &mut seen).unwrap());
            }
        }
        Step::Unite(key) => {
            if model.get(key).is_none() {
                return;
            }
            start(model);
            store.get(key, &mut seen, &mut Vec::new()).unwrap();
            assert!(store.merge_all_pieces(key, &mut seen).unwrap());
        }
        Step::Remove(key) => {
            model.0.retain(|(name, _)| name != key);
            start(model);
            store.remove(key).unwrap();
        }
        Step::Commit(steps) => commit(store, model, steps),
        Step::Replace(entries) => {
            *model = Model::default();
            entries.iter().for_each(|(key, bytes)| model.put(key, bytes.clone()));
            start(model);
            let entries: Vec<(&[u8], &[u8])> = entries.iter().map(|(key, value)| (&key[..], &value[..])).collect();
            store.replace(&entries).unwrap();
        }
    }
    returned(model);
}

/// Makes changes of different keys at one moment. (Some appends are not: what of them is due comes in a way of the store's own.)
fn commit(store: &Store, model: &mut Model, steps: &[Step]) {
    let (mut names, mut changes, mut next) = (Vec::new(), Vec::new(), model.clone());
    for step in steps {
        let (Step::Put(key, bytes) | Step::Append(key, bytes, _)) = step else {
            if let Step::Remove(key) = step
                && !names.contains(key)
            {
                names.push(key.clone());
                next.0.retain(|(name, _)| name != key);
                changes.push(Change::Remove { key });
            }
            continue;
        };
        if names.contains(key) {
            continue;
        }
        names.push(key.clone());
        let mut version = Version::default();
        match step {
            Step::Append(_, _, note) if next.get(key).is_some() => {
                store.get(key, &mut version, &mut Vec::new()).unwrap();
                let value = value_of(&mut next, key);
                value.bytes.extend_from_slice(bytes);
                value.note = Some(*note);
                changes.push(Change::Append { key, bytes, note: *note, version });
            }
            Step::Append(..) => {}
            _ => {
                next.put(key, bytes.clone());
                changes.push(Change::Put { key, head: b"", body: bytes, note: None, expiry: None, anew: false });
            }
        }
    }
    *model = next;
    start(model);
    assert!(store.commit(&changes, None).unwrap());
}

fn value_of<'m>(model: &'m mut Model, key: &[u8]) -> &'m mut Value {
    model.get(key).expect("it was looked up before")
}

fn name(letter: u8, n: u32) -> Vec<u8> {
    format!("{}{n}", letter as char).into_bytes()
}

// ---- chance --------------------------------------------------------------------------------------

fn any_bytes(random: &mut Random) -> Vec<u8> {
    let length = match random.below(20) {
        0..10 => random.below(60),
        10..15 => random.below(3000),
        15..17 => 16_000 + random.below(800),
        17 | 18 => random.below(70_000),
        _ => random.below(300_000),
    };
    let salt = random.below(256);
    (0..length).map(|n| (n ^ n >> 8 ^ salt) as u8).collect()
}

fn any_key(random: &mut Random) -> Vec<u8> {
    match random.below(40) {
        0 => vec![b'k'; 20_000],
        n => name(b'k', n as u32 % 12),
    }
}

fn any_step(random: &mut Random) -> Step {
    match random.below(36) {
        30..36 => {
            let most = if random.once_in(5) { 40 } else { 6 };
            let count = 1 + random.below(most);
            let steps = (0..count).map(|_| match random.below(6) {
                0..3 => Step::Put(any_key(random), any_bytes(random)),
                3 => Step::Append(any_key(random), any_bytes(random), random.below(1000) as i64),
                4 => Step::Put(name(b'f', random.below(60) as u32), any_bytes(random)),
                _ => Step::Remove(any_key(random)),
            });
            Step::Commit(steps.collect())
        }
        0..12 => Step::Put(any_key(random), any_bytes(random)),
        12..18 => Step::Append(any_key(random), any_bytes(random), random.below(1000) as i64),
        18 | 19 => Step::Unite(any_key(random)),
        20..24 => Step::Remove(any_key(random)),
        24 => Step::Fill(b'f', random.below(60) as u32),
        25 => Step::Drain(b'f', random.below(60) as u32),
        26 | 27 => {
            let count = random.below(20) as u32;
            Step::Replace((0..count).map(|n| (name(b'k', n), any_bytes(random))).collect())
        }
        // The same name over and over, which makes dead records for compaction.
        _ => Step::Fill(b'k', 12),
    }
}

// ---- the disk ------------------------------------------------------------------------------------

/// All of a file at one moment.
type Image = Vec<u8>;

/// Bytes that reach the disk together or not at all: a page, or a sector of the disk.
const UNITS: [usize; 2] = [4096, 512];

/// A file, its last sync and what was written since.
struct Disk {
    path: PathBuf,
    random: Random,
    /// The file at its last sync, and at some moments since.
    synced: Image,
    since: Vec<Image>,
    /// The numbers of changes until the next capture and the next loss.
    until_capture: usize,
    until_loss: usize,
    /// The approximate number of changes between two losses.
    rarely: usize,
    /// The values after all operations that have returned, and those after the one under way returns.
    before: Model,
    after: Option<Model>,
    losses: u32,
    /// Whether the repair after a loss is to be interrupted, too.
    again: bool,
}

thread_local! {
    static DISK: RefCell<Option<Disk>> = const { RefCell::new(None) };
}

fn observe(moment: torture::Moment) {
    if moment == torture::Moment::SyncedName {
        NAMES_SYNCED.set(NAMES_SYNCED.get() + 1);
    }
    DISK.with_borrow_mut(|disk| {
        if let Some(disk) = disk {
            disk.pass(moment);
        }
    });
}

/// Notes that an operation begins after which the store holds this.
fn start(model: &Model) {
    DISK.with_borrow_mut(|disk| {
        if let Some(disk) = disk {
            disk.after = Some(model.clone());
        }
    });
}

impl Disk {
    fn new(path: &Path, random: Random, rarely: usize) -> Self {
        Self {
            path: path.to_owned(),
            random,
            synced: Image::new(),
            since: Vec::new(),
            until_capture: 0,
            until_loss: 0,
            rarely,
            before: Model::default(),
            after: None,
            losses: 0,
            again: true,
        }
    }

    fn content(&self) -> Image {
        std::fs::read(&self.path).unwrap_or_default()
    }

    fn pass(&mut self, moment: torture::Moment) {
        match moment {
            torture::Moment::Synced => {
                self.synced = self.content();
                self.since.clear();
                return;
            }
            torture::Moment::SyncedName => return,
            torture::Moment::Change => {}
        }
        if self.until_capture == 0 {
            self.until_capture = 1 + self.random.index(self.rarely / 3 + 1);
            let now = self.content();
            self.since.push(now);
            if self.since.len() > 4 {
                let one = self.random.index(4);
                self.since.remove(one);
            }
        }
        self.until_capture -= 1;
        if self.until_loss == 0 {
            self.until_loss = 1 + self.random.index(2 * self.rarely);
            self.lose();
        }
        self.until_loss -= 1;
    }

    /// Makes images that a loss of power may leave now, and checks each.
    fn lose(&mut self) {
        let now = self.content();
        self.since.push(now);
        let legal: Vec<Model> = [Some(&self.before), self.after.as_ref()].into_iter().flatten().cloned().collect();
        for _ in 0..2 {
            let image = self.mix();
            self.losses += 1;
            let (again, seed) = (self.again, self.random.below(1 << 30));
            let legal = Legal { models: &legal, nothing: self.synced.is_empty() };
            // In a thread that has no file open.
            std::thread::scope(|scope| scope.spawn(|| check(&image, legal, seed, again)).join())
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        self.since.pop();
    }

    fn mix(&mut self) -> Image {
        let states: Vec<&Image> = std::iter::once(&self.synced).chain(&self.since).collect();
        let random = &mut self.random;
        let unit = UNITS[random.index(2)];
        let (first, last) = (0, states.len() - 1);
        let length = states[random.index(states.len())].len();
        // The writes since the sync: none; all; nearly all; nearly none; any mixture, by pages or by header and rest.
        let way = random.below(6);
        let odd = 1 + random.below(12);
        let mut image = vec![0; length];
        for at in (0..length).step_by(unit) {
            let state = match way {
                0 => first,
                1 => last,
                2 if random.once_in(odd) => random.index(states.len()),
                2 => last,
                3 if random.once_in(odd) => random.index(states.len()),
                3 => first,
                // The header and the rest do not agree.
                4 if at < 4096 => [first, last][odd as usize % 2],
                4 => [last, first][odd as usize % 2],
                _ => random.index(states.len()),
            };
            let end = length.min(at + unit).min(states[state].len());
            if at < end {
                image[at..end].copy_from_slice(&states[state][at..end]);
            }
        }
        image
    }
}

// ---- the file after a loss -----------------------------------------------------------------------

fn durable(file: &TemporaryPath) -> Store {
    file.store_with(Options { durability: Durability::Commit, ..Options::default() })
}

fn read_all(store: &Store) -> Model {
    let snapshot = store.snapshot().unwrap();
    // Of many keys, only some are read one by one.
    let every = 1 + snapshot.iter().count() / 200;
    let values = snapshot.iter().enumerate().map(|(n, (key, bytes))| {
        if n % every != 0 && !key.starts_with(b"k") {
            return (key.to_vec(), Value { bytes: bytes.to_vec(), note: None });
        }
        let (mut found, mut start) = (Vec::new(), Vec::new());
        assert_eq!(store.get(key, &mut Version::default(), &mut found).unwrap(), Found::Value);
        assert!(found == bytes, "a value reads otherwise by itself");
        let note = match store.peek(key, &mut Version::default(), &mut start).unwrap() {
            Peeked::Noted(note) => Some(note),
            _ => None,
        };
        (key.to_vec(), Value { bytes: found, note })
    });
    Model(values.collect())
}

/// The differences in words.
fn differences(found: &Model, expected: &Model) -> Vec<String> {
    let describe = |value: Option<&Value>| match value {
        Some(value) => format!("{} bytes like {:?}, {:?}", value.bytes.len(), value.bytes.first(), value.note),
        None => "nothing".into(),
    };
    let get = |model: &Model, key: &[u8]| model.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
    let keys = expected.0.iter().chain(&found.0).map(|(key, _)| key);
    let mut all: Vec<String> = keys
        .filter(|key| get(found, key) != get(expected, key))
        .map(|key| {
            let name = String::from_utf8_lossy(&key[..key.len().min(10)]).into_owned();
            format!("{name}: {}, not {}", describe(get(found, key).as_ref()), describe(get(expected, key).as_ref()))
        })
        .collect();
    all.dedup();
    if all.is_empty() && found != expected {
        all.push("another order".into());
    }
    all
}

/// The contents that are allowed after a loss.
#[derive(Clone, Copy)]
struct Legal<'m> {
    models: &'m [Model],
    /// Also a file that is no store is allowed, as nothing has ever been synced.
    nothing: bool,
}

/// Opens an image as after another boot.
fn check(image: &[u8], legal: Legal, seed: u64, again: bool) {
    let file = TemporaryPath::new();
    // Pages of zeros become holes.
    let target = std::fs::File::create(&file.0).unwrap();
    for (n, page) in image.chunks(4096).enumerate().filter(|(_, page)| page.iter().any(|&byte| byte != 0)) {
        target.write_all_at(page, n as u64 * 4096).unwrap();
    }
    target.set_len(image.len() as u64).unwrap();

    let adopting = again && seed.is_multiple_of(3);
    if adopting {
        // The repair writes to the file, and power may fail in the middle of it.
        let mut disk = Disk::new(&file.0, Random::new(seed), 150);
        disk.synced = image.to_vec();
        disk.before = legal.models[0].clone();
        disk.after = legal.models.get(1).cloned();
        disk.until_loss = 1 + seed as usize / 3 % 200;
        disk.again = false;
        DISK.set(Some(disk));
    }
    let store = durable(&file);
    if legal.nothing && store.len().is_err() {
        DISK.take();
        return;
    }
    let found = read_all(&store);
    DISK.take();
    let legal = legal.models;
    if let (false, Some(path)) = (legal.contains(&found), std::env::var_os("SYNC_POWER_KEEP")) {
        std::fs::write(path, image).unwrap();
    }
    assert!(
        legal.contains(&found),
        "differs from before, {:?}, and after, {:?}",
        differences(&found, &legal[0]),
        legal.get(1).map(|model| differences(&found, model))
    );
    // The only warning allowed is that the file ends early.
    let warning = store.take_warning();
    assert!(warning.as_ref().is_none_or(|text| text.contains("it ends before")), "{warning:?}");
    if found.0.is_empty() {
        return;
    }
    assert_sound(&store);
    // The store works as usual afterwards.
    let mut model = found;
    let mut random = Random::new(seed);
    for _ in 0..4 {
        apply(&store, &mut model, &any_step(&mut random), &mut |_| {});
    }
    let found = read_all(&store);
    assert!(found == model, "later: {:?}", differences(&found, &model));
    assert_sound(&store);
}

// ---- the name ----------------------------------------------------------------------------------------

thread_local! {
    static NAMES_SYNCED: Cell<u32> = const { Cell::new(0) };
}

/// How often an action waited until the name of a file, or its removal, was on the disk.
fn names_synced(action: impl FnOnce()) -> u32 {
    torture::observe(observe);
    NAMES_SYNCED.set(0);
    action();
    NAMES_SYNCED.get()
}

/// Without its name in the directory, the file is lost with everything that was synced.
#[test]
fn the_name_of_a_file_is_on_the_disk_before_a_write_to_it_has_returned() {
    let file = TemporaryPath::new();
    let put = |store: &Store| store.put(b"a", b"1", &mut Version::default()).unwrap();
    let store = durable(&file);
    let other = file.store();
    assert_eq!(names_synced(|| put(&other)), 0, "nobody has asked for it");
    assert_eq!(names_synced(|| put(&store)), 1);
    assert_eq!(names_synced(|| put(&store)), 0, "once is enough");
    assert_eq!(names_synced(|| put(&durable(&file))), 0);

    let copy = file.copy();
    assert_eq!(names_synced(|| put(&durable(&copy))), 1, "a copy says of itself that it is durable");
    assert_eq!(names_synced(|| put(&durable(&copy))), 0);
}

thread_local! {
    /// The lengths that files had at each sync: of one that is being made, which need not have a name by then.
    static SYNCED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Notes, at each sync, how long the file at this path is; 0: there is none.
fn note_lengths(file: &TemporaryPath) -> Vec<u64> {
    thread_local! {
        static PATH: RefCell<PathBuf> = RefCell::default();
    }
    PATH.set(file.0.clone());
    SYNCED.take();
    torture::observe(|moment| {
        if moment == torture::Moment::Synced {
            let length = PATH.with_borrow(|path| std::fs::metadata(path).map_or(0, |metadata| metadata.len()));
            SYNCED.with_borrow_mut(|lengths| lengths.push(length));
        }
    });
    file.store().put(b"a", b"1", &mut Version::default()).unwrap();
    torture::observe(observe);
    SYNCED.take()
}

/// A file system may put a new length on the disk before the bytes: a file whose name was there, and whose header was not, would be
/// no store for ever.
#[test]
fn the_header_of_a_file_is_on_the_disk_before_its_name_can_be() {
    assert_eq!(note_lengths(&TemporaryPath::new()), [0], "once, while it has no name");
    let empty = TemporaryPath::new();
    std::fs::write(&empty.0, b"").unwrap();
    assert_eq!(note_lengths(&empty), [4096], "before it grows, where somebody else has made it");
}

#[test]
fn a_durable_file_that_was_destroyed_does_not_come_back_after_a_power_loss() {
    let (file, other) = (TemporaryPath::new(), TemporaryPath::new());
    let store = durable(&file);
    store.put(b"a", b"1", &mut Version::default()).unwrap();
    assert_eq!(names_synced(|| store.destroy().map(drop).unwrap()), 1);
    let store = other.store();
    store.put(b"a", b"1", &mut Version::default()).unwrap();
    assert_eq!(names_synced(|| store.destroy().map(drop).unwrap()), 0);
}

// ---- the cases -----------------------------------------------------------------------------------

/// Runs steps on a durable file; returns the number of losses that were checked.
fn run(name: &str, seed: u64, rarely: usize, prepare: &[Step], steps: &[Step]) -> u32 {
    // The slack of compaction is one setting for all threads.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // Long preparations run with the usual slack, or compaction would take most of the time.
    torture::set_slack(if prepare.is_empty() && seed.is_multiple_of(2) { 0 } else { u64::MAX });
    torture::observe(observe);
    draw_identities_from(seed);
    let file = TemporaryPath::new();
    let store = durable(&file);
    let mut model = Model::default();
    prepare.iter().for_each(|step| apply(&store, &mut model, step, &mut |_| {}));
    let mut disk = Disk::new(&file.0, Random::new(seed.wrapping_mul(2)), rarely);
    disk.before = model.clone();
    if !prepare.is_empty() {
        disk.synced = disk.content();
    }
    DISK.set(Some(disk));
    for step in steps {
        apply(&store, &mut model, step, &mut |model| {
            DISK.with_borrow_mut(|disk| {
                let disk = disk.as_mut().expect("it runs");
                (disk.before, disk.after) = (model.clone(), None);
            });
        });
    }
    assert_eq!(read_all(&store), model, "{name}, seed {seed}: without any loss");
    DISK.take().expect("it ran").losses
}

fn seeds(usual: u64) -> std::ops::Range<u64> {
    let Some(text) = std::env::var_os("SYNC_POWER_SEEDS") else { return 0..usual };
    let text = text.into_string().expect("a range");
    let (from, to) = text.split_once("..").expect("a range");
    from.parse().expect("a number")..to.parse().expect("a number")
}

#[test]
fn values_that_have_returned_are_there_after_a_power_loss() {
    let (cases, mut losses) = (seeds(10), 0);
    let count = cases.end - cases.start;
    for seed in cases {
        let mut random = Random::new(seed);
        let steps: Vec<Step> = (0..40).map(|_| any_step(&mut random)).collect();
        eprintln!("seed {seed}");
        losses += run("random", seed, 300, &[], &steps);
    }
    eprintln!("{losses} losses");
    assert!(u64::from(losses) > 2 * count, "{losses} losses in {count} cases");
}

/// Runs the same steps in several cases; some of their losses come while the index or the file are rebuilt.
fn run_all(name: &str, cases: u64, rarely: usize, prepare: &[Step], steps: &[Step]) {
    let losses: u32 = seeds(cases).map(|seed| run(name, seed, rarely, prepare, steps)).sum();
    eprintln!("{name}: {losses} losses");
    assert!(losses > 0, "{name}");
}

#[test]
fn a_power_loss_while_the_index_splits_and_merges() {
    let prepare = [Step::Fill(b'f', 3050)];
    run_all("split", 1, 1500, &prepare, &[Step::Fill(b'g', 40), Step::Drain(b'g', 20)]);
    let prepare = [Step::Fill(b'f', 3080), Step::Drain(b'f', 2060)];
    let steps: Vec<Step> = (2060..2120).map(|n| Step::Remove(name(b'f', n))).collect();
    run_all("merge", 1, 1500, &prepare, &steps);
}

#[test]
fn a_power_loss_while_a_directory_with_a_run_of_its_own_doubles() {
    let entries = (0..3060).map(|n| (name(b'f', n), vec![1])).collect();
    let prepare = [Step::Replace(entries)];
    run_all("double", 1, 8000, &prepare, &[Step::Fill(b'g', 20)]);
}

#[test]
fn a_power_loss_while_the_table_of_pages_moves() {
    // Out of the header page.
    let prepare: Vec<Step> = (0..20).map(|n| Step::Put(name(b't', n), vec![n as u8; 16_400])).collect();
    let steps: Vec<Step> = (20..28).map(|n| Step::Put(name(b't', n), vec![n as u8; 16_400])).collect();
    run_all("table", 1, 400, &prepare, &steps);
}

/// Indexes and segments of the smallest classes.
#[test]
fn a_power_loss_while_a_store_is_small() {
    let prepare = [Step::Fill(b'f', 185)];
    run_all("small", 2, 60, &[], &[Step::Fill(b'f', 4), Step::Put(name(b'l', 0), vec![1; 6000]), Step::Drain(b'f', 3)]);
    run_all(
        "grow",
        2,
        200,
        &prepare,
        &[Step::Fill(b'g', 8), Step::Drain(b'f', 100), Step::Put(name(b'l', 0), vec![1; 9000])],
    );
}

#[test]
fn a_power_loss_while_everything_is_replaced() {
    let prepare: Vec<Step> = (0..30).map(|n| Step::Put(name(b'k', n), vec![n as u8; 3000])).collect();
    let entries = |salt: u8| (0..40).map(|n| (name(b'k', n), vec![n as u8 ^ salt; 100 * n as usize])).collect();
    let large = |salt: u8| (0..4).map(|n| (name(b'l', n), vec![salt; 30_000 * (n as usize + 1)])).collect();
    let steps = [Step::Replace(entries(1)), Step::Replace(large(2)), Step::Replace(entries(3)), Step::Replace(vec![])];
    run_all("replace", 2, 60, &prepare, &steps);
}

#[test]
fn a_power_loss_while_pieces_are_appended_and_merged() {
    let list = || name(b'l', 0);
    let prepare = [Step::Put(list(), vec![7; 90_000]), Step::Append(list(), vec![1; 9], 1)];
    let appends = (0..12).map(|n| Step::Append(list(), vec![n; 3000 * n as usize], i64::from(n)));
    let steps: Vec<Step> = appends.flat_map(|append| [append, Step::Unite(list())]).collect();
    run_all("unite", 2, 60, &prepare, &[&steps[..], &[Step::Remove(list())]].concat());
}
