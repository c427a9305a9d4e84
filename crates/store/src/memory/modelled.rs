//! Shared memory under loom: the words of one file's mappings, while a model runs.
//!
//! A word is watched by loom if two threads of the model touch it and one of them writes; the others are
//! plain memory, which makes a model of the whole store small enough to be searched. Which words have to be
//! watched is found out on the way: [`Conflicts`] that come to light in an execution are watched from the
//! next exploration on, until there are none left. Bytes are copied word by word, as relaxed accesses.
//!
//! Time stands still: nobody becomes impatient. A process that sleeps is woken, or sleeps for ever, which loom
//! reports as a deadlock.

use crate::sigbus;
use loom::sync::{Condvar, Mutex};
use loom::thread::ThreadId;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::Location;
use std::rc::Rc;
use std::sync::atomic::{self, Ordering};
use std::time::Duration;

/// The words to watch, by their offset in the file.
pub type Conflicts = BTreeSet<u64>;

/// An order of some access, weakened: to see whether the model notices.
#[derive(Debug, Clone)]
pub struct Weaker {
    /// Where the access stands in the source.
    pub file: String,
    pub line: u32,
    /// The order that remains of it; a relaxed fence is none.
    pub order: Ordering,
}

/// All that loom knows in one execution.
struct Model {
    watched: Vec<loom::sync::atomic::AtomicU64>,
    /// For each word of the file: 1 + which of these it is.
    number: Vec<u16>,
    /// Several threads are running.
    parallel: Cell<bool>,
    threads: RefCell<Vec<ThreadId>>,
    /// Which threads have read a word that is not watched, and which have written to it.
    touched: RefCell<Vec<(u8, u8)>>,
    conflicts: RefCell<Conflicts>,
    /// The accesses to words that are watched: by whom, at which offset, from where.
    trace: RefCell<Vec<(ThreadId, u64, bool, &'static Location<'static>)>>,
    /// The sleepers: on which word each is, and the how many-th sleeper it is.
    sleepers: Mutex<Vec<(u64, u64)>>,
    count: Cell<u64>,
    woken: Condvar,
}

thread_local! {
    static MODEL: RefCell<Option<Rc<Model>>> = const { RefCell::new(None) };
    /// With what each was met.
    static WEAKER: RefCell<Vec<(Weaker, bool)>> = const { RefCell::new(Vec::new()) };
}

/// Begins an execution, in the model's first thread: these words of `image`, which is what the file holds now,
/// are watched.
pub fn begin(image: &[u8], watched: &Conflicts) {
    let word = |offset: u64| {
        let bytes = image.get(offset as usize..offset as usize + 8).map_or([0; 8], |bytes| bytes.try_into().unwrap());
        loom::sync::atomic::AtomicU64::new(u64::from_ne_bytes(bytes))
    };
    let words = watched.last().map_or(0, |&last| last as usize / 8 + 1);
    let mut number = vec![0; words];
    for (n, &offset) in watched.iter().enumerate() {
        number[offset as usize / 8] = n as u16 + 1;
    }
    let model = Model {
        watched: watched.iter().map(|&offset| word(offset)).collect(),
        number,
        parallel: Cell::new(false),
        threads: RefCell::default(),
        touched: RefCell::new(vec![(0, 0); image.len() / 8]),
        conflicts: RefCell::default(),
        trace: RefCell::default(),
        sleepers: Mutex::new(Vec::new()),
        count: Cell::new(0),
        woken: Condvar::new(),
    };
    MODEL.set(Some(Rc::new(model)));
}

/// Says whether more than one thread is running now.
pub fn set_parallel(parallel: bool) {
    model().expect("an execution has begun").parallel.set(parallel);
}

/// Ends an execution; tells which words should have been watched, too.
pub fn end() -> Conflicts {
    MODEL.take().map(|model| model.conflicts.take()).unwrap_or_default()
}

/// How the execution came to where it is: its accesses to the words that are watched.
pub fn trace() -> String {
    let Some(model) = model() else { return String::new() };
    let line = |(thread, offset, write, place): &(ThreadId, u64, bool, &Location)| {
        format!("{thread:?} {} the word at {offset}: {place}", if *write { "writes" } else { "reads" })
    };
    model.trace.borrow().iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Weakens the orders of these accesses from now on, and of no others.
pub fn weaken(weaker: &[Weaker]) {
    WEAKER.set(weaker.iter().map(|weaker| (weaker.clone(), false)).collect());
}

/// How many of them have been made.
pub fn weakened() -> usize {
    WEAKER.with_borrow(|all| all.iter().filter(|(_, met)| *met).count())
}

fn model() -> Option<Rc<Model>> {
    MODEL.with_borrow(Clone::clone)
}

fn order(order: Ordering, place: &Location) -> Ordering {
    WEAKER.with_borrow_mut(|all| {
        let weak = |weaker: &Weaker| weaker.line == place.line() && place.file().ends_with(&weaker.file);
        match all.iter_mut().find(|(weaker, _)| weak(weaker)) {
            None => order,
            Some((weaker, met)) => {
                *met = true;
                weaker.order
            }
        }
    })
}

impl Model {
    fn note(&self, offset: u64, write: bool) {
        if !self.parallel.get() {
            return;
        }
        let mut threads = self.threads.borrow_mut();
        let id = loom::thread::current().id();
        let n = threads.iter().position(|&known| known == id).unwrap_or_else(|| {
            threads.push(id);
            threads.len() - 1
        });
        let mut touched = self.touched.borrow_mut();
        let at = offset as usize / 8;
        if touched.len() <= at {
            touched.resize(at + 1, (0, 0));
        }
        let (readers, writers) = &mut touched[at];
        *(if write { &mut *writers } else { &mut *readers }) |= 1 << n;
        if *writers != 0 && (*readers | *writers).count_ones() > 1 {
            self.conflicts.borrow_mut().insert(offset);
        }
    }
}

/// A word, as `std`'s; that of a file's mapping may be watched by loom.
#[repr(transparent)]
#[derive(Debug)]
pub struct AtomicU64(atomic::AtomicU64);

impl AtomicU64 {
    /// As `std`'s.
    pub const fn new(value: u64) -> Self {
        Self(atomic::AtomicU64::new(value))
    }

    #[track_caller]
    fn access<T>(
        &self,
        write: bool,
        plain: impl FnOnce(&atomic::AtomicU64) -> T,
        watched: impl FnOnce(&loom::sync::atomic::AtomicU64) -> T,
    ) -> T {
        let address = std::ptr::from_ref(self) as usize;
        let Some((model, offset)) = model().zip(sigbus::offset_of(address)) else { return plain(&self.0) };
        let number = model.number.get(offset as usize / 8).map_or(0, |&number| usize::from(number));
        if let Some(word) = number.checked_sub(1).and_then(|n| model.watched.get(n)) {
            model.trace.borrow_mut().push((loom::thread::current().id(), offset, write, Location::caller()));
            return watched(word);
        }
        model.note(offset, write);
        plain(&self.0)
    }

    /// As `std`'s.
    #[track_caller]
    pub fn load(&self, kind: Ordering) -> u64 {
        let kind = order(kind, Location::caller());
        self.access(false, |word| word.load(kind), |word| word.load(kind))
    }

    /// As `std`'s.
    #[track_caller]
    pub fn store(&self, value: u64, kind: Ordering) {
        let kind = order(kind, Location::caller());
        self.access(true, |word| word.store(value, kind), |word| word.store(value, kind));
    }

    /// As `std`'s.
    #[track_caller]
    pub fn compare_exchange(&self, current: u64, new: u64, kind: Ordering, fails: Ordering) -> Result<u64, u64> {
        let kind = order(kind, Location::caller());
        self.access(
            true,
            |word| word.compare_exchange(current, new, kind, fails),
            |word| word.compare_exchange(current, new, kind, fails),
        )
    }

    /// As `std`'s.
    #[track_caller]
    pub fn swap(&self, value: u64, kind: Ordering) -> u64 {
        let kind = order(kind, Location::caller());
        self.access(true, |word| word.swap(value, kind), |word| word.swap(value, kind))
    }

    /// The newest value, as the kernel sees it.
    fn newest(&self) -> u64 {
        self.access(false, |word| word.load(Ordering::Relaxed), |word| word.fetch_add(0, Ordering::Relaxed))
    }
}

/// As `std`'s.
#[track_caller]
pub fn fence(kind: Ordering) {
    let kind = order(kind, Location::caller());
    if model().is_some() && kind != Ordering::Relaxed {
        loom::sync::atomic::fence(kind);
    }
}

/// Lets others go on.
pub fn spin_loop() {
    if model().is_some() {
        loom::hint::spin_loop();
    }
}

/// A reader starts over. From here on other orders of steps are not tried: one that begins at this moment goes
/// through them.
pub fn again() {
    if model().is_some() {
        loom::skip_branch();
        loom::hint::spin_loop();
    }
}

/// A moment: all are the same one.
#[derive(Debug, Clone, Copy)]
pub struct Instant;

impl Instant {
    /// This moment.
    pub fn now() -> Self {
        Self
    }

    /// No time passes.
    pub fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

// ---- the kernel's part ---------------------------------------------------------------------------

/// `FUTEX_WAIT` on the low half of a word. (The kernel looks at the word under a lock that waking takes, too.)
pub fn futex_wait(word: &AtomicU64, expected: u32) {
    let Some(model) = model() else { return };
    let offset = sigbus::offset_of(std::ptr::from_ref(word) as usize).expect("a word of the file");
    let mut sleepers = model.sleepers.lock().unwrap();
    if u64::from_le(word.newest()) as u32 != expected {
        return;
    }
    let me = model.count.replace(model.count.get() + 1);
    sleepers.push((offset, me));
    while sleepers.contains(&(offset, me)) {
        sleepers = model.woken.wait(sleepers).unwrap();
    }
}

/// `FUTEX_WAKE`: those that have slept longest.
pub fn futex_wake(word: &AtomicU64, mut count: i32) {
    let Some(model) = model() else { return };
    let offset = sigbus::offset_of(std::ptr::from_ref(word) as usize).expect("a word of the file");
    let mut sleepers = model.sleepers.lock().unwrap();
    sleepers.retain(|&(on, _)| {
        let wakes = on == offset && count > 0;
        count -= i32::from(wakes);
        !wakes
    });
    model.woken.notify_all();
}

// ---- bytes ---------------------------------------------------------------------------------------

/// The word around an address, and which of its bytes that is.
///
/// # Safety
/// The address can be read.
unsafe fn word_around<'a>(address: *const u8) -> (&'a AtomicU64, usize) {
    let byte = address as usize % 8;
    // SAFETY: mappings begin and end at multiples of eight; atomics, for which any bytes are valid.
    (unsafe { &*address.sub(byte).cast::<AtomicU64>() }, byte)
}

/// # Safety
/// As `bytes::copy`, of which this is the model.
pub unsafe fn copy(from: *const u8, to: *mut u8, length: usize) {
    let mut at = 0;
    while at < length {
        // SAFETY: one of the `length` bytes that the caller says can be read at `from`.
        let (word, byte) = unsafe { word_around(from.add(at)) };
        let bytes = word.load(Ordering::Relaxed).to_ne_bytes();
        let part = (8 - byte).min(length - at);
        // SAFETY: `part` bytes are left of the word and of the room that the caller has at `to`.
        unsafe { std::ptr::copy_nonoverlapping(bytes[byte..].as_ptr(), to.add(at), part) };
        at += part;
    }
}

/// # Safety
/// As `bytes::write`.
pub unsafe fn write(bytes: &[u8], to: *mut u8) {
    let mut at = 0;
    while at < bytes.len() {
        // SAFETY: one of the bytes for which the caller has room at `to`.
        let (word, byte) = unsafe { word_around(to.add(at)) };
        let part = (8 - byte).min(bytes.len() - at);
        // Of a word that is written in part the rest is the owner's own, too.
        let mut whole = if part < 8 { word.load(Ordering::Relaxed).to_ne_bytes() } else { [0; 8] };
        whole[byte..byte + part].copy_from_slice(&bytes[at..at + part]);
        word.store(u64::from_ne_bytes(whole), Ordering::Relaxed);
        at += part;
    }
}

/// # Safety
/// As `bytes::move_within`.
pub unsafe fn move_within(from: *const u8, to: *mut u8, length: usize) {
    let mut bytes = vec![0; length];
    // SAFETY: the caller has `length` bytes at both; the vector in between is as long.
    unsafe {
        copy(from, bytes.as_mut_ptr(), length);
        write(&bytes, to);
    }
}

/// # Safety
/// As `bytes::zero`.
pub unsafe fn zero(to: *mut u8, length: usize) {
    // SAFETY: the caller has room for `length` bytes at `to`.
    unsafe { write(&vec![0; length], to) };
}

/// # Safety
/// As `bytes::equals`.
pub unsafe fn equals(shared: *const u8, bytes: &[u8]) -> bool {
    // SAFETY: the caller says that as many can be read there; they are copied before they are looked at.
    unsafe { view(shared, bytes.len(), |shared| shared == bytes) }
}

/// # Safety
/// As `bytes::view`.
pub unsafe fn view<T>(shared: *const u8, length: usize, look: impl FnOnce(&[u8]) -> T) -> T {
    let mut bytes = vec![0; length];
    // SAFETY: the caller says that `length` bytes can be read there; the vector is as long.
    unsafe { copy(shared, bytes.as_mut_ptr(), length) };
    look(&bytes)
}
