//! Hostile files: a case of the fuzzer, and (a few thousand of them) of `cargo test`.
//!
//! A case is a string of bytes, read as a list of choices: the valid store to start from, the
//! changes to it, whether to correct the checksums afterwards, so that the code behind the checks
//! is reached, and the operations on the file then. Nothing in a file may crash a process, keep
//! it busy or make it use memory without bounds; a file that is not a store stays as it is.
//!
//! The same bytes are the same case each time, in every process: no byte of a starting file
//! depends on chance, on its creator or on the time ([`draw_identities_from`], `Base::normalize`).
//!
//! This file has its own definitions of the format, after `docs/format.md`: the code under test
//! is not its own witness.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use sync_store::testing::{TemporaryPath, draw_identities_from};
use sync_store::{Change, ErrorKind, Found, LockName, Options, Patience, Result, Store, Taken, Version};

mod base;

pub use base::fingerprint;
use base::{Base, bases};

const PAGE: usize = 4096;

/// Words of the header page, by their number.
mod header {
    pub const MAGIC: usize = 1;
    pub const VERSION: usize = 2;
    pub const STORE_ID: usize = 3;
    pub const HASH_SEED: usize = 4;
    pub const IDENTITY_CHECK: usize = 5;
    /// Boot and file, two and three words.
    pub const BOOT: usize = 8;
    pub const FILE: usize = 10;
    pub const PAGES: usize = 14;
    pub const MORE_LEASES: usize = 15;
    pub const COMMIT: usize = 16;
    pub const INDEXED: usize = 17;
    pub const DIRECTORY: usize = 19;
    pub const PENDING: usize = 20;
    pub const LOCK: usize = 24;
    pub const SUPERSEDING: usize = 26;
    pub const HOLD: usize = 32;
    pub const HOLD_OBJECT: usize = 33;
    pub const HOLD_SINCE: usize = 34;
    pub const HOLD_STRENGTH: usize = 37;
    pub const HOLD_ENDED_AT: usize = 42;
    /// 0: a repair was under way.
    pub const INCARNATION: usize = 46;
    pub const TABLE: usize = 48;
    pub const TOUCHED: usize = 61;
    pub const CONSUMING: usize = 391;
    pub const LOCK_TABLE: usize = 392;
    pub const LOCK_TOKENS: usize = 393;
    pub const ORPHANS: usize = 396;
    /// Of the first lease slots.
    pub const SINCE: usize = 400;
    pub const PAGE_END: usize = 511;
    /// Words that mean something.
    pub const USED: usize = 64;
}

const MAGIC: u64 = u64::from_le_bytes(*b"SyncPHP\x03");
const VERSION: u64 = 3 | 3 << 32;
const HELD: u64 = 1 << 63;

/// CPU time that a case may take: far more than it needs, far less than a walk through the bytes that
/// a lying length promises.
const CPU_SECONDS: f64 = 3.0;
/// Space that a case may add to a file.
const ROOM: u64 = 16 << 20;

// ---- a case ------------------------------------------------------------------------------------

/// Runs one case; panics if the store breaks a rule.
pub fn run(data: &[u8]) {
    let mut choices = Choices { data, at: 0 };
    let path = TemporaryPath::new();
    let mut case = Case::draw(&mut choices);
    // The identities of the stores that the case creates.
    draw_identities_from(u64::MAX);
    let started = cpu_seconds();
    sync_store::set_idle_limit(0);

    let mut clients = [Client::new(&path.0), Client::new(&path.0)];
    if case.in_place {
        // A file that is in use gets overwritten.
        std::fs::write(&path.0, &case.base.image).unwrap();
        clients[0].get(&case.base.key(0));
        clients[1].put(b"mine", b"1");
    }
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path.0).unwrap();
    case.sign(&path.0, &file);
    file.write_all_at(&case.image, 0).unwrap();
    file.set_len(case.length).unwrap();
    let room = file.metadata().unwrap().blocks() * 512;
    let before = case.image.clone();

    let ours = case.is_ours();
    let mut outcome = Outcome::default();
    let operations = 2 + choices.below(12);
    for _ in 0..operations {
        let which = choices.below(2) as usize;
        case.operate(&mut choices, &mut clients[which], &mut outcome);
    }
    drop(clients);
    sync_store::close_idle();
    look_on(&path.0);

    if !ours && !case.in_place && case.length > 0 {
        assert!(!outcome.succeeded, "a file that is no store was used as one");
        assert!(is(&file, &before, case.length), "a file that is no store was changed");
    }
    // A file from another boot is repaired before it is used.
    if ours && !case.adopted && !case.in_place && outcome.succeeded && path.0.exists() {
        let problems = retry(|| Store::new(path.0.clone(), Options::default()).check()).unwrap().problems;
        assert!(problems.is_empty(), "after having been put right: {problems:?}");
    }
    let grown = file.metadata().unwrap().blocks() * 512;
    assert!(grown <= room.max(case.base.image.len() as u64) * 2 + ROOM, "from {room} to {grown} bytes");
    let took = cpu_seconds() - started;
    assert!(took < CPU_SECONDS, "{took} seconds");
}

/// Goes through all that is there, as one that may only read.
fn look_on(path: &Path) {
    let store = Store::new(path.to_owned(), Options { read_only: true, ..Options::default() });
    let seen = store.survey(|bytes: &mut u64, sight| *bytes += sight.bytes.min(sight.name.len() as u64));
    if let Ok((_, true)) = seen {
        let _ = store.stats();
    }
    let (mut seen, mut bytes) = (Version::default(), Vec::new());
    for list in store.consumption().map(|consumption| consumption.lists).unwrap_or_default() {
        let _ = store.get_with_items(&list, &mut seen, &mut bytes);
    }
    let mut from = Some(0);
    while let Some(at) = from {
        let part = store.survey_part(at, |names: &mut u64, _| *names += 1);
        from = part.ok().and_then(|(_, next, _)| next);
        assert!(from.is_none_or(|next| next > at), "a survey that goes back does not end");
    }
    drop(store);
    sync_store::close_idle();
}

/// Makes the file of a case, for a program that is to be tried on it. True: it is a copy, which nobody has used yet.
pub fn make(data: &[u8], path: &Path) -> bool {
    let mut case = Case::draw(&mut Choices { data, at: 0 });
    draw_identities_from(u64::MAX);
    sync_store::set_idle_limit(0);
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path).unwrap();
    case.sign(path, &file);
    file.write_all_at(&case.image, 0).unwrap();
    file.set_len(case.length).unwrap();
    !case.adopted
}

/// The results of a case.
#[derive(Default)]
struct Outcome {
    /// Some operation that needs a store did not fail.
    succeeded: bool,
    /// The values that were put, successfully or not.
    put: Vec<Vec<u8>>,
}

struct Case {
    base: &'static Base,
    image: Vec<u8>,
    /// The file's length: zeros follow the image.
    length: u64,
    /// Whether boot id and file id say that index and counters can be trusted.
    adopted: bool,
    /// Whether the bytes replace those of a store that is open.
    in_place: bool,
    /// Whether some record's checksum was corrected: values may be forged then.
    forged: bool,
}

impl Case {
    fn draw(choices: &mut Choices) -> Self {
        let base = &bases()[choices.below(bases().len() as u64) as usize];
        let flags = choices.byte();
        let mut case = Self {
            base,
            image: base.image.clone(),
            length: 0,
            adopted: flags & 1 != 0,
            in_place: flags & 0x70 == 0x70,
            forged: false,
        };
        if flags & 0x0e == 0x0e {
            // No store at all.
            let length = choices.below(3 * PAGE as u64) as usize;
            case.image = (0..length).map(|_| choices.byte()).collect();
        } else {
            for _ in 0..choices.below(8) {
                case.mutate(choices);
            }
            case.fix_checksums(choices.byte());
        }
        case.length = match choices.byte() {
            0 => choices.below(case.image.len() as u64 + 1),
            1 => case.image.len() as u64 + choices.below(64 * PAGE as u64),
            // A long file that is nearly all hole.
            2 if case.image.len() >= PAGE => {
                let pages = choices.below(1 << 18) + 1;
                case.set(header::PAGES * 8, pages);
                (pages * PAGE as u64).max(case.image.len() as u64)
            }
            _ => case.image.len() as u64,
        };
        case.image.truncate(case.length as usize);
        case
    }

    fn word(&self, at: usize) -> u64 {
        let bytes = self.image.get(at..at + 8);
        bytes.map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().expect("eight bytes")))
    }

    fn set(&mut self, at: usize, word: u64) {
        if let Some(bytes) = self.image.get_mut(at..at + 8) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
    }

    fn mutate(&mut self, choices: &mut Choices) {
        let targets = &self.base.targets;
        let at = match choices.byte() % 16 {
            0..=3 => choices.below(header::USED as u64) as usize * 8,
            4 => choices.below(self.image.len() as u64 / 8) as usize * 8,
            // Some pages in others' place.
            5 if self.image.len() > 2 * PAGE => {
                let pages = self.image.len() as u64 / PAGE as u64;
                let (from, to) = (choices.below(pages), choices.below(pages));
                let count = (1 << choices.below(5)).min(pages - from.max(to)) as usize;
                let from = from as usize * PAGE;
                return self.image.copy_within(from..from + count * PAGE, to as usize * PAGE);
            }
            _ if targets.is_empty() => return,
            _ => targets[choices.below(targets.len() as u64) as usize],
        };
        let now = self.word(at);
        let known = |choices: &mut Choices| {
            if targets.is_empty() { 0 } else { targets[choices.below(targets.len() as u64) as usize] as u64 }
        };
        let word = match choices.byte() % 16 {
            0 => 0,
            1 => 1,
            2 => u64::MAX,
            3 => u64::MAX - choices.below(1 << 17),
            4 => 1 << choices.below(64),
            5 | 6 => now ^ 1 << choices.below(64),
            7 => now.wrapping_add(choices.below(1 << 17)).wrapping_sub(1 << 16),
            8 => known(choices),
            9 => self.word(known(choices) as usize),
            // A root somewhere, of any depth.
            10 => self.seal(((known(choices) / 8) << 6) | choices.below(64)),
            // An ext of any kind and length.
            11 => ext(16 + choices.byte() % 10, choices.below(1 << 32) as u32, choices.byte() % 4, choices.byte()),
            12 => ext(16 + choices.byte() % 10, choices.below(1 << 18) as u32, 0, choices.byte() % 32),
            13 => choices.below(1 << 32),
            _ => choices.word(),
        };
        self.set(at, word);
    }

    /// Corrects the checksums that the bits select, so that the damage is found further in, or not at all.
    fn fix_checksums(&mut self, which: u8) {
        if which & 1 != 0 {
            self.set(header::IDENTITY_CHECK * 8, self.identity_check());
        }
        for (bit, root) in [(2, header::DIRECTORY), (4, header::TABLE)] {
            if which & bit != 0 && self.word(root * 8) != 0 {
                self.set(root * 8, self.seal(self.word(root * 8)));
            }
        }
        if which & 24 == 24 {
            self.forged = true;
            for at in self.base.records.clone() {
                self.fix_record(at);
            }
        }
    }

    fn identity_check(&self) -> u64 {
        let words = [MAGIC, VERSION, self.word(header::STORE_ID * 8), self.word(header::HASH_SEED * 8)];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        u64::from(crc32c::crc32c(&bytes))
    }

    fn seal(&self, word: u64) -> u64 {
        let body = word & ((1 << 42) - 1);
        body | (body ^ self.word(header::STORE_ID * 8)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 42 << 42
    }

    fn fix_record(&mut self, at: usize) {
        let Some(length) = self.image.get(at + 1..at + 5) else { return };
        let length = u32::from_be_bytes(length.try_into().expect("four bytes")) as usize + 6;
        let Some(bytes) = self.image.get(at..at + length).filter(|bytes| bytes.len() > 12) else { return };
        let generation = self.word(self.base.run_of(at) + 8);
        let mix = |word: u64| word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = mix(self.word(header::STORE_ID * 8) ^ generation.rotate_left(32) ^ at as u64);
        let seed = mix(place ^ self.word(at) & !(0xff << 48)) >> 32;
        let crc = u64::from(crc32c::crc32c_append(seed as u32, &bytes[12..]));
        self.set(at + 8, self.word(at + 8) >> 32 << 32 | crc);
    }

    /// Marks in the image whether this very file was last used in this boot, and by no other process.
    fn sign(&mut self, path: &Path, file: &File) {
        if !self.adopted || self.image.len() < PAGE {
            if self.image.len() >= PAGE {
                self.image[header::FILE * 8..header::FILE * 8 + 24].fill(0);
            }
            return;
        }
        let is_new = file.metadata().unwrap().len() == 0;
        if is_new {
            Client::new(path).put(b"mine", b"1");
            sync_store::close_idle();
        }
        // Copied from a store that was made in this very file.
        let about = header::BOOT * 8..header::FILE * 8 + 24;
        file.read_exact_at(&mut self.image[about], header::BOOT as u64 * 8).unwrap();
        self.set(header::TOUCHED * 8, u64::MAX);
        if is_new {
            file.set_len(0).unwrap();
        }
    }

    /// Whether the header page is that of a store.
    fn is_ours(&self) -> bool {
        let (size, word) = (self.length, |number: usize| self.word(number * 8));
        let [0xc9, a, b, c, d, 16, 0, 0] = word(0).to_le_bytes() else { return false };
        let reach = u64::from(u32::from_be_bytes([a, b, c, d])) + 6;
        let commit = word(header::COMMIT) & !HELD;
        self.image.len() >= PAGE
            && word(header::MAGIC) == MAGIC
            && word(header::VERSION) == VERSION
            && word(header::STORE_ID) != 0
            && word(header::PAGE_END) == MAGIC
            && word(header::IDENTITY_CHECK) == self.identity_check()
            && reach >= PAGE as u64
            && reach <= size
            && reach.is_multiple_of(PAGE as u64)
            && (1..1 << 62).contains(&commit)
            && word(header::PAGES) > 0
            && (!self.adopted || word(header::INCARNATION) == 0 || self.is_as_it_was_left())
    }

    /// Whether the header's remaining words, which a repair would compute anew, are consistent.
    fn is_as_it_was_left(&self) -> bool {
        let (size, word) = (self.length, |number: usize| self.word(number * 8));
        let end = word(header::PAGES).checked_mul(PAGE as u64);
        let roots = [header::DIRECTORY, header::TABLE].map(word);
        end.is_some_and(|end| end <= size)
            && (1..=word(header::COMMIT) & !HELD).contains(&word(header::INDEXED))
            && (roots[0] == 0 || roots.iter().all(|&root| self.seal(root) == root))
    }

    // ---- operations on the file ------------------------------------------------------------------

    fn operate(&self, choices: &mut Choices, client: &mut Client, outcome: &mut Outcome) {
        let key = match choices.byte() % 4 {
            0 => b"new".to_vec(),
            _ => self.base.key(choices.byte() as usize),
        };
        outcome.succeeded |= match choices.byte() % 22 {
            0..=3 => match client.get(&key) {
                Some(Some(value)) => {
                    let genuine = self.base.values.get(&key).is_some_and(|values| values.contains(&value));
                    let expected =
                        self.adopted || self.in_place || self.forged || genuine || outcome.put.contains(&value);
                    assert!(expected, "{key:?} has a value that nobody stored, of {} bytes", value.len());
                    true
                }
                // A missing file gives the same.
                Some(None) | None => false,
            },
            n @ 4..=7 => {
                let value = vec![choices.byte(); choices.below(if n == 7 { 200_000 } else { 300 }) as usize];
                outcome.put.push(value.clone());
                client.put(&key, &value)
            }
            8 | 9 => client.tell(|store| store.remove(&key)),
            10 => {
                outcome.put.push(b"1".to_vec());
                client.tell(|store| store.replace(&[(&key, b"1"), (b"other", b"2")]))
            }
            11 => client.tell(Store::snapshot),
            12 => client.tell(Store::len),
            13 => {
                let locked = client.tell(|store| store.lock(Patience::until(Duration::from_secs(1))));
                client.store.unlock();
                locked
            }
            14 => {
                client.tell(Store::check);
                false
            }
            15 => {
                outcome.put.push(b"next".to_vec());
                client.tell(|store| store.put_next(b"ne", b"xt", i64::MIN, &mut Version::default()))
            }
            16 => {
                let lock = LockName::named(&key);
                let (wait, release) = (choices.byte() & 1 != 0, choices.byte() & 1 != 0);
                let taken = client.tell(|store| store.take_lock(lock, wait));
                client.store.stop_waiting_for_lock(lock);
                taken && (!release || client.store.release_lock(lock))
            }
            17 => client.tell(Store::stats),
            18 => {
                outcome.put.extend([b"1".to_vec(), vec![3; 9_000], vec![4; 20_000]]);
                let put = |key, body| Change::Put { key, head: b"", body, note: None, expiry: None, anew: true };
                let (short, long) = (&[3; 9_000], &[4; 20_000]);
                client.tell(|store| {
                    store.commit(&[put(&key, b"1"), put(b"x", short), put(b"y", long), put(b"z", short)], None)
                })
            }
            19 => client.tell(|store| store.shift(b"list", &mut Version::default(), &mut Vec::new())),
            20 => {
                let mut taken = Taken::Nothing;
                let done = retry(|| client.store.take(b"list", &mut Vec::new()).map(|item| taken = item)).is_ok();
                if let Taken::Item(item) = taken {
                    match choices.byte() % 3 {
                        0 => drop(client.tell(|store| store.finish(item))),
                        1 => client.store.give_back(item),
                        _ => {}
                    }
                }
                done
            }
            _ => {
                *client = Client::new(&client.path.clone());
                false
            }
        };
    }
}

// ---- the file's users --------------------------------------------------------------------------

struct Client {
    path: PathBuf,
    store: Store,
    seen: HashMap<Vec<u8>, (Version, Vec<u8>)>,
}

impl Client {
    fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), store: Store::new(path.to_owned(), Options::default()), seen: HashMap::new() }
    }

    /// `None` if the operation failed.
    fn get(&mut self, key: &[u8]) -> Option<Option<Vec<u8>>> {
        let (seen, known) = self.seen.entry(key.to_vec()).or_default();
        match retry(|| self.store.get(key, seen, known)) {
            Ok(Found::Missing) => Some(None),
            Ok(_) => Some(Some(known.clone())),
            Err(_) => None,
        }
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> bool {
        let (seen, known) = self.seen.entry(key.to_vec()).or_default();
        let done = retry(|| self.store.put(key, value, seen)).is_ok();
        if done {
            *known = value.to_vec();
        }
        done
    }

    fn tell<T>(&self, operation: impl Fn(&Store) -> Result<T>) -> bool {
        retry(|| operation(&self.store)).is_ok()
    }
}

/// Tries again while the store is busy: there is no other process, so that it must not stay busy for long.
fn retry<T>(mut operation: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 0..100 {
        match operation() {
            Err(error) if matches!(error.kind, ErrorKind::Busy) => {}
            result => return result,
        }
    }
    panic!("busy, with nobody there");
}

// ---- small things ------------------------------------------------------------------------------

/// A string of bytes as a list of choices; zeros behind its end.
struct Choices<'a> {
    data: &'a [u8],
    at: usize,
}

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let byte = self.data.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// A number below `end`, from no more bytes than that needs.
    fn below(&mut self, end: u64) -> u64 {
        let bytes = (64 - end.saturating_sub(1).leading_zeros()).div_ceil(8);
        let number = (0..bytes).fold(0, |number, _| number << 8 | u64::from(self.byte()));
        if end == 0 { 0 } else { number % end }
    }
}

fn ext(kind: u8, content: u32, a: u8, b: u8) -> u64 {
    let length = content.to_be_bytes();
    u64::from_le_bytes([0xc9, length[0], length[1], length[2], length[3], kind, a, b])
}

/// Whether a file has these bytes, zeros behind them, and this length.
fn is(file: &File, image: &[u8], length: u64) -> bool {
    let mut bytes = vec![0; length.min(4 << 20) as usize];
    let read = file.read_exact_at(&mut bytes, 0).is_ok();
    let (start, rest) = bytes.split_at(image.len());
    read && start == image && rest.iter().all(|&byte| byte == 0) && file.metadata().unwrap().len() == length
}

fn cpu_seconds() -> f64 {
    // SAFETY: a valid clock and a place for the answer.
    unsafe {
        let mut now: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now);
        now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
    }
}
