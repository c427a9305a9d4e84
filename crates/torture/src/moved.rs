//! The file goes away and comes back: it is renamed, or its folder is, or a link on the way leads elsewhere for a
//! moment, or its folder may not be searched. No process writes meanwhile (that would make a new file), but all read;
//! once the file is back they have to find the values that were written last.

use super::herd::{self, Bell, Herd, Torment};
use super::{Ground, Outcome, Random};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};
use sync_store::testing::shared_memory;
use sync_store::{Appended, Found, Options, Peeked, Store, Version};

const WRITERS: usize = 6;
const READERS: usize = 4;
const PROCESSES: usize = WRITERS + READERS;

struct Arena {
    bell: Bell,
    /// Moves when the file goes and when it has come back: odd while it is away.
    moves: AtomicU64,
    /// Whether beginning to write is forbidden.
    closed: AtomicU64,
    writing: AtomicU64,
    /// Each writer's number, returned and begun; the number of entries in its list, and of times it has begun or
    /// finished emptying it.
    numbers: [[AtomicU64; 4]; WRITERS],
    /// How often the common counter was incremented.
    increments: AtomicU64,
}

/// Moves the file away and back under its writers. (More than sixty lines: one story, told in its order.)
pub fn run(mut ground: Ground) -> Outcome {
    let (real, link) = (ground.folder.join("real"), ground.folder.join("link"));
    std::fs::create_dir(&real).unwrap();
    symlink("real", &link).unwrap();
    let path = link.join("store.sync");
    // SAFETY: made of atomics.
    let arena: &'static Arena = unsafe { shared_memory() };
    herd::apart(&arena.bell.failures, || {
        let store = Store::new(path.clone(), Options::default());
        store.put(b"counter", &0u64.to_le_bytes(), &mut Version::default()).unwrap();
        for n in 0..WRITERS {
            store.put(&name("number", n), &0u64.to_le_bytes(), &mut Version::default()).unwrap();
            store.put(&name("list", n), b"", &mut Version::default()).unwrap();
        }
    });
    let body = |n: usize, random: Random| work(n, &path, arena, random);
    let mut herd = Herd::new(PROCESSES, &arena.bell, &mut ground.random, &body);
    let mut moves = 0;
    while Instant::now() < ground.until && arena.bell.failures.are_none() {
        let random = &mut ground.random;
        let pause = Duration::from_micros(random.below(5000));
        // Some processes are stopped for a moment, and miss the move.
        herd.torment(Torment { pause: 2, kills: false }, Instant::now() + pause, random);
        herd.resume();
        arena.closed.store(1, SeqCst);
        let deadline = Instant::now() + herd::PATIENCE;
        while arena.writing.load(SeqCst) != 0 {
            if Instant::now() > deadline {
                arena.bell.failures.add("a writer does not come to an end");
                break;
            }
            std::thread::yield_now();
        }
        arena.moves.fetch_add(1, SeqCst);
        let away = Duration::from_micros(random.below(8000));
        let way = random.below(4);
        let result = go(way, ground.folder, || std::thread::sleep(away));
        if let Err(error) = result {
            arena.bell.failures.add(&format!("moving, in way {way}: {error}"));
        }
        arena.moves.fetch_add(1, SeqCst);
        arena.closed.store(0, SeqCst);
        moves += 1;
    }
    let blows = herd.finish();
    herd::apart(&arena.bell.failures, || {
        let store = Store::new(path.clone(), Options::default());
        let (mut seen, mut out) = (Version::default(), Vec::new());
        store.get(b"counter", &mut seen, &mut out).unwrap();
        let counter = u64::from_le_bytes(out[..].try_into().unwrap());
        let increments = arena.increments.load(SeqCst);
        assert_eq!(counter, increments, "the counter, and how often it was incremented");
        for n in 0..WRITERS {
            Eyes::default().look(&store, arena, n);
        }
        super::check(&store, |problem| arena.bell.failures.add(problem));
    });
    let beats: u64 = arena.bell.beats.iter().map(|count| count.load(Relaxed)).sum();
    Outcome {
        blows,
        done: format!("{moves} times away and back, {beats} operations"),
        failures: arena.bell.failures.all(),
    }
}

/// Takes the file away in one of several ways, and brings it back.
fn go(way: u64, folder: &Path, meanwhile: impl FnOnce()) -> std::io::Result<()> {
    let (real, link, away) = (folder.join("real"), folder.join("link"), folder.join("away"));
    let store = real.join("store.sync");
    match way {
        0 => {
            std::fs::rename(&store, &away)?;
            meanwhile();
            std::fs::rename(&away, &store)
        }
        1 => {
            std::fs::rename(&real, &away)?;
            meanwhile();
            std::fs::rename(&away, &real)
        }
        2 => {
            // The link leads to a folder without such a file.
            let (other, new) = (folder.join("other"), folder.join("new-link"));
            std::fs::create_dir_all(&other)?;
            symlink("other", &new)?;
            std::fs::rename(&new, &link)?;
            meanwhile();
            symlink("real", &new)?;
            std::fs::rename(&new, &link)
        }
        _ => {
            std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o000))?;
            meanwhile();
            std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o755))
        }
    }
}

fn name(what: &str, n: usize) -> Vec<u8> {
    format!("{what}{n}").into_bytes()
}

fn work(n: usize, path: &Path, arena: &'static Arena, mut random: Random) {
    if n >= WRITERS && herd::is_root() {
        // As another user: root may search every folder.
        herd::become_nobody();
    }
    let store = Store::new(path.to_owned(), Options::default());
    let mut eyes: Vec<Eyes> = (0..WRITERS).map(|_| Eyes::default()).collect();
    while !arena.bell.rings() {
        let other = random.below(WRITERS as u64) as usize;
        if n < WRITERS && random.once_in(2) {
            arena.writing.fetch_add(1, SeqCst);
            if arena.closed.load(SeqCst) == 0 {
                eyes[n].write(&store, arena, n, &mut random);
            }
            arena.writing.fetch_sub(1, SeqCst);
        } else {
            eyes[other].look(&store, arena, other);
        }
        arena.bell.beats[n].fetch_add(1, Relaxed);
    }
    std::mem::forget(store);
}

/// A process's cached values of one writer, and of the common counter.
#[derive(Default)]
struct Eyes {
    number: (Version, Option<u64>),
    list: (Version, Vec<u8>),
    counter: (Version, Option<u64>),
}

/// Reads a number that may be cached.
fn read(store: &Store, name: &[u8], (seen, known): &mut (Version, Option<u64>)) -> sync_store::Result<Option<u64>> {
    let mut out = Vec::new();
    match store.get(name, seen, &mut out)? {
        Found::Missing => *known = None,
        Found::Unchanged => {}
        _ => *known = Some(u64::from_le_bytes(out[..].try_into().unwrap())),
    }
    Ok(*known)
}

/// Brings the cached content of a list up to date.
fn read_list(store: &Store, name: &[u8], (seen, known): &mut (Version, Vec<u8>)) -> sync_store::Result<Found> {
    let mut out = Vec::new();
    let found = store.get(name, seen, &mut out)?;
    match found {
        Found::Missing => known.clear(),
        Found::Unchanged => {}
        Found::Appended => known.extend(&out),
        _ => *known = out,
    }
    Ok(found)
}

impl Eyes {
    /// The values that are there must be no older than those that had returned before; they may only be missing, or
    /// out of reach, while the file is away.
    fn look(&mut self, store: &Store, arena: &Arena, n: usize) {
        let moves = arena.moves.load(SeqCst);
        let [returned, begun, entries, emptied] = &arena.numbers[n];
        let empties = emptied.load(SeqCst);
        let (before, before_entries) = (returned.load(SeqCst), entries.load(SeqCst));
        let number = store.retry(|store| read(store, &name("number", n), &mut self.number));
        let list = store.retry(|store| read_list(store, &name("list", n), &mut self.list));
        if !moves.is_multiple_of(2) || arena.moves.load(SeqCst) != moves {
            // The file was away, or may have been.
            return;
        }
        let number = number.unwrap_or_else(|error| panic!("number{n}, which is there: {error}"));
        list.unwrap_or_else(|error| panic!("list{n}, which is there: {error}"));
        let after = begun.load(SeqCst);
        assert!(
            number.is_some_and(|number| (before..=after).contains(&number)),
            "number{n} is {number:?}; {before} had returned, {after} is begun"
        );
        let known: Vec<u64> =
            self.list.1.chunks(8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap())).collect();
        let in_order = known.iter().enumerate().all(|(at, &entry)| entry == at as u64);
        let was_emptied = !empties.is_multiple_of(2) || emptied.load(SeqCst) != empties;
        assert!(
            in_order && (known.len() as u64 >= before_entries || was_emptied),
            "list{n} has {} entries (in order: {in_order}), {before_entries} were appended",
            known.len()
        );
    }

    fn write(&mut self, store: &Store, arena: &Arena, n: usize, random: &mut Random) {
        let [returned, begun, entries, emptied] = &arena.numbers[n];
        match random.below(3) {
            0 => {
                let number = begun.load(SeqCst) + 1;
                begun.store(number, SeqCst);
                let seen = &mut self.number.0;
                store.retry(|store| store.put(&name("number", n), &number.to_le_bytes(), seen)).unwrap();
                self.number.1 = Some(number);
                returned.store(number, SeqCst);
            }
            1 if self.list.1.len() > 40_000 => {
                emptied.fetch_add(1, SeqCst);
                store.retry(|store| store.put(&name("list", n), b"", &mut self.list.0)).unwrap();
                self.list.1.clear();
                entries.store(0, SeqCst);
                emptied.fetch_add(1, SeqCst);
            }
            1 => self.append(store, entries, n, random),
            _ => {
                // Like `++`: computed from the cached value, as long as that is current.
                let change = store.retry(Store::lock_writers).unwrap();
                let counter = store.retry(|store| read(store, b"counter", &mut self.counter)).unwrap();
                let next = counter.unwrap_or(0) + 1;
                let seen = &mut self.counter.0;
                store.retry(|store| store.put(b"counter", &next.to_le_bytes(), seen)).unwrap();
                self.counter.1 = Some(next);
                store.unlock_writers(change);
                arena.increments.fetch_add(1, SeqCst);
            }
        }
    }

    /// Appends the next entry, to the cached list or without having read it.
    fn append(&mut self, store: &Store, entries: &AtomicU64, n: usize, random: &mut Random) {
        let name = name("list", n);
        let entry = entries.load(SeqCst).to_le_bytes();
        loop {
            let unread = random.once_in(2);
            let (mut fresh, mut start) = (Version::default(), Vec::new());
            let seen = if unread {
                let peeked = store.retry(|store| store.peek(&name, &mut fresh, &mut start)).unwrap();
                assert!(peeked != Peeked::Missing, "list{n}, which is there, is missing");
                &mut fresh
            } else {
                store.retry(|store| read_list(store, &name, &mut self.list)).unwrap();
                &mut self.list.0
            };
            match store.retry(|store| store.append(&name, &entry, 0, seen)).unwrap() {
                Appended::Changed => continue,
                Appended::Full => {
                    store.retry(|store| store.merge_all_pieces(&name, seen)).unwrap();
                    continue;
                }
                Appended::Done if unread => {}
                Appended::Done => self.list.1.extend(entry),
            }
            break;
        }
        entries.fetch_add(1, SeqCst);
    }
}
