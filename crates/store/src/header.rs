//! The shared header: one page of words, read and written by all processes at once.
//!
//! Words that change together lie on the cache line of their users: what a reader loads
//! (`commit` and its neighbours) on one, what only writers touch on others.

use super::format::{
    Generations, Kind, LEASE_SLOT, MAGIC, MAX_FILE, MAX_POSITION, PAGE, SMALL_DEPTH, SMALL_TABLE_LOG2, VERSION,
    ext_word, page_of, parse_ext_word, version_text,
};
use super::inode::Mark;
use super::machine::Boot;
use super::memory::AtomicU64;
use super::reference::{Class, Ref};
use super::torture::{crash_point, meanwhile};
use std::io;
use std::mem::offset_of;
#[cfg(not(feature = "loom"))]
use std::sync::atomic::AtomicU32;
use std::sync::atomic::{Ordering, compiler_fence};
use sync_backend::{Expiry, Now};

/// An 8-byte word of the file: little-endian, whatever the machine is.
#[repr(transparent)]
pub struct Word(AtomicU64);

impl Word {
    #[inline]
    #[cfg_attr(feature = "loom", track_caller)]
    pub fn load(&self, order: Ordering) -> u64 {
        u64::from_le(self.0.load(order))
    }

    #[inline]
    #[cfg_attr(any(feature = "torture", feature = "loom"), track_caller)]
    pub fn store(&self, value: u64, order: Ordering) {
        crash_point();
        self.0.store(value.to_le(), order);
    }

    /// For words that only the owner of the write lock touches, and for numbers that never change.
    #[inline]
    #[cfg_attr(feature = "loom", track_caller)]
    pub fn get(&self) -> u64 {
        self.load(Ordering::Relaxed)
    }

    /// The reference that the word is, for the owner of the write lock.
    #[inline]
    pub fn reference(&self) -> Ref {
        Ref::of_word(self.get())
    }

    /// A word that counts bytes or pages of a file: whatever stands there, sums and products of
    /// such numbers are numbers.
    #[inline]
    pub fn count(&self) -> u64 {
        self.get().min(2 * MAX_FILE)
    }

    /// Counterpart of [`Word::get`]. The compiler may not move it before what the program did
    /// first: the process that takes over from one that was killed finds the stores in their order.
    #[inline]
    #[cfg_attr(any(feature = "torture", feature = "loom"), track_caller)]
    pub fn set(&self, value: u64) {
        compiler_fence(Ordering::Release);
        self.store(value, Ordering::Relaxed);
    }

    /// Adds, for the owner of the write lock (no atomic read-modify-write).
    #[inline]
    #[cfg_attr(any(feature = "torture", feature = "loom"), track_caller)]
    pub fn add(&self, difference: i64) {
        self.set(self.get().wrapping_add_signed(difference));
    }

    #[inline]
    #[cfg_attr(any(feature = "torture", feature = "loom"), track_caller)]
    pub fn compare_exchange(&self, current: u64, new: u64) -> Result<(), u64> {
        crash_point();
        self.0
            .compare_exchange(current.to_le(), new.to_le(), Ordering::AcqRel, Ordering::Relaxed)
            .map(|_| ())
            .map_err(u64::from_le)
    }

    #[inline]
    #[cfg_attr(any(feature = "torture", feature = "loom"), track_caller)]
    pub fn swap(&self, new: u64) -> u64 {
        crash_point();
        u64::from_le(self.0.swap(new.to_le(), Ordering::AcqRel))
    }

    /// The word itself, for loom.
    #[cfg(feature = "loom")]
    pub fn atomic(&self) -> &AtomicU64 {
        &self.0
    }

    /// The half that holds the low 32 bits, as a futex; its raw value is little-endian too.
    #[cfg(not(feature = "loom"))]
    pub fn low_half(&self) -> &AtomicU32 {
        // SAFETY: the low half of a little-endian word is its first four bytes, on every machine;
        // they are aligned and live as long as the word. The kernel, not Rust, accesses it as 32
        // bits (futex), besides loads of it.
        unsafe { &*std::ptr::from_ref(&self.0).cast::<AtomicU32>() }
    }
}

/// The top bit of `commit`: some process holds `lock()`.
pub const HELD: u64 = 1 << 63;

/// The entry of a thread that writes to the file: a cache line, so that threads that wait on their own
/// slots do not disturb each other.
#[repr(C, align(64))]
pub struct LeaseSlot {
    /// The pid of its process; 0: nobody's.
    pub pid: Word,
    /// The numbers that tell that process from others ([`super::machine::Process`]).
    pub pidfs: Word,
    pub start: Word,
    pub namespaces: Word,
    /// The other words are a place in the line for the hold, of any thread: its ticket,
    pub ticket: Word,
    /// its state (low half, a futex) and what tells one use of the place from the next; 0: nobody is in it;
    pub wait: Word,
    /// and its lease + 1 (low half), and, of a thread that waits for a named lock, half of that one's hash (high half).
    pub lease: Word,
    /// Not 0: the thread that has the lease sleeps until something changes.
    pub waits: Word,
}

/// The parts of all hashes of which it is noted when a name was last removed.
const REMOVED_PARTS: usize = 16;

/// Lease slots of the header page. The others are in a run of their own, once more threads than that write.
pub const HEADER_SLOTS: usize = 16;

const _: () = assert!(size_of::<LeaseSlot>() == LEASE_SLOT as usize);

/// The header page. Each group of eight words is a cache line.
#[repr(C, align(64))]
pub struct Header {
    // -- line 0: written once ------------------------------------------------------------------
    /// The ext that the page is.
    pub ext: Word,
    pub magic: Word,
    pub version: Word,
    /// Tells stores apart; seeds the CRCs. Never 0, which stands for "no store".
    pub store_id: Word,
    /// Seeds the hash of keys: they may come from strangers.
    pub hash_seed: Word,
    /// Checksum of the four words before it.
    pub identity_check: Word,
    spare0: [Word; 2],

    // -- line 1: written when the file is first used on a machine, after a boot, after a copy -----
    /// The boot (two halves of the kernel's boot id) and the file (device, and a digest of what the file
    /// system calls it) for which the index, the table and the words below are known to be right.
    /// Anything else: check every CRC, rebuild.
    boot_id: [Word; 2],
    file_id: [Word; 3],
    /// Bit 0: `destroyed`, bit 1: some object has asked for durability.
    pub flags: Word,
    /// Pages of the file, this one included.
    pub pages: Word,
    /// The offset of the run with the lease slots that do not fit this page; 0: there is none.
    pub more_leases: Word,

    // -- line 2: what readers load -------------------------------------------------------------
    /// The truth: the end of the log as a position that only ever grows, and [`HELD`].
    pub commit: Word,
    /// Up to where the index knows the log.
    pub indexed: Word,
    /// Moves before a block of the index is freed.
    pub index_epoch: Word,
    /// Where the directory is ([`Root`]); 0: nothing has been stored yet.
    pub directory: Word,
    /// The first record that the index may not know, or one that was removed ([`REMOVAL`]); 0: none, the log's end has
    /// moved on alone.
    pub pending: Word,
    /// How many keys there are.
    pub keys: Word,
    /// Moves with each hold that keeps readers out: a reader that sees it unmoved around a copy has seen
    /// nothing of the inside of a locked section.
    pub holds: Word,
    /// When the first value expires, at the earliest (ms since 1970); 0: none does.
    pub expires: Word,

    // -- line 3: what a writer writes ----------------------------------------------------------
    /// High half: how often it was taken. Low half: lease of the owner + 1, and a waiters' bit.
    pub lock: Word,
    /// Where the next small record goes.
    pub tail: Word,
    /// The record that is just being superseded; 0 between operations.
    pub superseding: Word,
    /// Bytes of live records in segments, and in large runs.
    pub live: Word,
    pub live_large: Word,
    /// Pages of segments.
    pub segments: Word,
    /// The number of the generation given last ([`Generations`]).
    pub generation: Word,
    /// The position up to which everything is known to be on the disk.
    pub durable: Word,

    // -- line 4: `lock()` ----------------------------------------------------------------------
    /// Its holder: as in `lock`, but bit 31 says that it is over; 0: nobody.
    pub hold: Word,
    /// Which object of the holder; of a turn, which place in line.
    pub hold_object: Word,
    /// Since when, if it has kept readers out (`CLOCK_MONOTONIC_COARSE`, ns).
    pub hold_since: Word,
    /// How long others wait for it at most, how long they may sleep between two looks: microseconds.
    pub hold_timeout: Word,
    pub hold_interval: Word,
    /// 1: keeps readers out too, 0: writers only; 2: a turn that nobody has taken up, which keeps writers out.
    pub hold_strength: Word,
    /// Low half: moves when a hold ends; a futex.
    pub hold_ended: Word,
    /// Whether somebody sleeps on it.
    pub hold_waiters: Word,

    // -- line 5: the line for the hold, the claim, the next number ---------------------------------
    /// The ticket given last to an access that waits in line for the hold.
    pub tickets: Word,
    /// 1: somebody may stand in line.
    pub queue: Word,
    /// When the last hold ended that kept readers out, and when the chain of holds that follow each other closely
    /// began (`CLOCK_MONOTONIC_COARSE`, ns).
    pub hold_ended_at: Word,
    pub chain_since: Word,
    /// The number that `[] =` uses next ([`super::number::NextNumber`]).
    pub next_number: Word,
    /// The claimant that decides whether the file may be used as it is, puts it right, or finishes destroying it
    /// ([`super::claim`]).
    pub claim: Word,
    /// Another number after each adoption; 0 while it is being adopted.
    pub incarnation: Word,
    /// Moves with each name that a thread begins to wait for ([`super::watchers`]).
    pub watchers: Word,

    // -- line 6: space ---------------------------------------------------------------------------
    /// Where the table of pages is ([`Root`]).
    pub table: Word,
    /// Free extents, the pages in them, and how many of these have memory behind them.
    pub free_extents: Word,
    pub free: Word,
    pub free_backed: Word,
    /// How many changes were published since the store was made. (On this line, as a write that replaces a value writes to
    /// it anyway.)
    pub commits: Word,
    /// Index blocks that are being replaced, and what replaces them; 0 between operations.
    pub replacing: [Word; 2],
    /// The record that is superseded after the one in `superseding`: the one it was appended to.
    pub superseding_rest: Word,
    // -- line 7
    pub replacements: [Word; 2],
    /// A free run, as large as the largest segment, kept for cleaning on a full disk: a reference to its start; 0: there
    /// is none. And the number of the class that it should have.
    pub reserve: Word,
    pub reserve_class: Word,
    /// How many segments the cleaner has emptied.
    pub compactions: Word,
    /// When the store last changed the file, more or less (ns since 1970): a file that was written to much later
    /// was written to by somebody else.
    pub touched: Word,
    /// The page at which the cleaner looks next.
    pub clean_cursor: Word,
    /// When the first value expires, at the earliest, of those that the search for what has expired has seen, and those stored since it
    /// began.
    pub expires_next: Word,

    // -- the rest of the page: drawn for what is to come, `docs/format.md` has the budget -----------
    /// Low halves: futexes on which threads sleep that wait for a change ([`super::watchers`]).
    pub waits: [Word; 32],
    /// The directories of depths 0 to 4: depth d at word 2^d.
    directories: [Word; 32],
    /// The table of a store of up to 128 pages.
    small_table: [Word; 128],
    /// The first lease slots.
    pub leases: [LeaseSlot; HEADER_SLOTS],
    /// A page for each class below which no free extent has room for such a run.
    pub free_hints: [Word; Class::COUNT],
    /// The page at which the search for what has expired goes on; 0: it begins.
    pub expiry_cursor: Word,
    /// The position behind the last record that has changed a value: it does not move where records are only moved.
    pub changed: Word,
    /// How many items in consumption there are. It grows before one is published.
    pub consuming: Word,

    // -- named locks -----------------------------------------------------------------------------
    /// The offset of the run with the table of named locks; 0: there is none.
    pub lock_table: Word,
    /// The token that was given last.
    pub lock_tokens: Word,
    /// The token of `hold`; 0: it was taken without one.
    pub hold_token: Word,
    /// 1: somebody may stand in line for a named lock.
    pub lock_queue: Word,
    /// 1: some items in consumption may have no owner in the table.
    pub orphans: Word,
    spare_locks: [Word; 3],
    /// Since when the leases have their owners that have the first slots (ns since 1970).
    pub lease_since: [Word; HEADER_SLOTS],

    // -- waiting for a change ----------------------------------------------------------------------
    /// For each part of all hashes, by their highest bits: where a name with one was last removed.
    pub removed: [Word; REMOVED_PARTS],
    /// The names that are waited for, two to a word ([`super::watchers`]).
    pub watched: [Word; 64],
    /// Free. An access that a damaged file leads outside of the mapping ends here.
    pub spare: [Word; 15],
    /// [`MAGIC`] again: a page that was cut short by somebody does not have it.
    pub page_end: Word,
}

const _: () = assert!(size_of::<Header>() == PAGE as usize);
/// Lines begin where the comments say.
const _: () = assert!(
    offset_of!(Header, commit) == 128
        && offset_of!(Header, lock) == 192
        && offset_of!(Header, hold) == 256
        && offset_of!(Header, tickets) == 320
        && offset_of!(Header, table) == 384
        && offset_of!(Header, waits) == 512
        && offset_of!(Header, leases) == 2048
        && offset_of!(Header, lock_table) == 3136
        && offset_of!(Header, page_end) == 4088
);

/// The words of a header that change only when somebody uses the file, or puts it right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State([u64; Header::STATE.len()]);

impl State {
    /// Those of a header page.
    pub fn of(page: &[u8; PAGE as usize]) -> Self {
        Self(Header::STATE.map(|at| u64::from_le_bytes(*page[at..].first_chunk().expect("within the page"))))
    }
}

/// The time now, if that has come.
#[cold]
fn due_at(expiry: Expiry) -> Option<Now> {
    let now = Now::read();
    expiry.has_come(now).then_some(now)
}

impl Header {
    /// The time now, if a value may have expired by then that nobody has removed.
    #[inline]
    pub fn due(&self) -> Option<Now> {
        let expires = self.expires.load(Ordering::Acquire);
        if expires == 0 { None } else { due_at(Expiry::at(expires)) }
    }

    /// The log's end.
    #[inline]
    pub fn end(&self) -> u64 {
        // Not `!HELD`: should somebody scribble over the header, this still adds up.
        self.commit.get() & (MAX_POSITION - 1)
    }

    /// Where a name was last removed that is of the same part of all as one with this hash.
    #[inline]
    pub fn removed_at(&self, hash: u64) -> &Word {
        &self.removed[hash as usize >> (usize::BITS - REMOVED_PARTS.ilog2())]
    }

    /// Whether all that returns is to be on the disk.
    #[inline]
    pub fn is_durable(&self) -> bool {
        self.flags.get() & DURABLE != 0
    }

    /// The offsets of the words that change when a file that nobody uses is put right, or used.
    const STATE: [usize; 7] = {
        let (boot, file) = (offset_of!(Self, boot_id), offset_of!(Self, file_id));
        [boot, boot + 8, file, file + 8, file + 16, offset_of!(Self, incarnation), offset_of!(Self, commit)]
    };

    /// Where these words are.
    pub fn state(&self) -> State {
        let ([a, b], [c, d, e]) = (self.boot().words(), self.mark().words());
        State([a, b, c, d, e, self.incarnation.get(), self.commit.get()])
    }

    /// The file for which the header says that all is right.
    pub fn mark(&self) -> Mark {
        Mark::from_words(self.file_id.each_ref().map(Word::get))
    }

    pub fn set_mark(&self, mark: Mark) {
        for (word, part) in self.file_id.iter().zip(mark.words()) {
            word.set(part);
        }
    }

    /// The boot for which the header says that all is right.
    pub fn boot(&self) -> Boot {
        Boot::from_words(self.boot_id.each_ref().map(Word::get))
    }

    /// Notes a boot; an unknown one as nothing.
    pub fn set_boot(&self, boot: Boot) {
        for (word, half) in self.boot_id.iter().zip(boot.words()) {
            word.set(half);
        }
    }
}

/// Where a directory of up to [`SMALL_DEPTH`] lies in the header page, and a table of up to 2^[`SMALL_TABLE_LOG2`] pages.
pub const fn small_directory(depth: u32) -> u64 {
    offset_of!(Header, directories) as u64 + (8 << depth)
}
pub const SMALL_TABLE: u64 = offset_of!(Header, small_table) as u64;
const _: () = assert!(small_directory(SMALL_DEPTH + 1) == SMALL_TABLE);
const _: () = assert!(SMALL_TABLE + (8 << SMALL_TABLE_LOG2) == offset_of!(Header, leases) as u64);

/// In `pending`: the record that it names was removed, and nothing was appended that says so.
pub const REMOVAL: u64 = 1 << 63;

pub const DESTROYED: u64 = 1;
pub const DURABLE: u64 = 2;

/// An array of words that fills the longest file.
const MAX_LOG2: u32 = MAX_FILE.ilog2() - 3;

/// Where an array is that grows by moving: its offset, the logarithm of its length, and a check
/// that tells a root from chance bytes. One word, so that it changes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Root {
    pub offset: u64,
    pub log2: u32,
}

impl Root {
    pub fn seal(self, store_id: u64) -> u64 {
        let body = (self.offset / 8) << 6 | u64::from(self.log2);
        body | Self::check(body, store_id) << 42
    }

    #[inline]
    pub fn open(word: u64) -> Self {
        Self { offset: (word >> 6 & 0xf_ffff_ffff) * 8, log2: ((word & 63) as u32).min(MAX_LOG2) }
    }

    pub fn is_sealed(word: u64, store_id: u64) -> bool {
        Self::check(word & ((1 << 42) - 1), store_id) == word >> 42
    }

    fn check(body: u64, store_id: u64) -> u64 {
        (body ^ store_id).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 42
    }
}

/// A header page that was read and not looked at yet.
pub struct UncheckedHeader(pub Box<[u8; PAGE as usize]>);

/// The identity that a valid header page gives its store for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    pub store_id: u64,
    pub hash_seed: u64,
}

impl Identity {
    /// The generations of this store.
    pub fn generations(&self) -> Generations {
        Generations::new(self.store_id, self.hash_seed)
    }

    fn check(&self) -> u64 {
        let words = [MAGIC, VERSION, self.store_id, self.hash_seed];
        u64::from(words.iter().fold(0, |crc, word| crc32c::crc32c_append(crc, &word.to_le_bytes())))
    }
}

impl UncheckedHeader {
    /// The word at an offset of the page.
    fn word(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.0[offset..offset + 8].try_into().expect("eight bytes"))
    }

    /// Whether this is a store that this code can use, as far as words tell that never change; if not, why not.
    pub fn check(&self) -> Result<Identity, String> {
        let magic = self.word(offset_of!(Header, magic));
        if magic & 0x00ff_ffff_ffff_ffff != MAGIC & 0x00ff_ffff_ffff_ffff {
            return Err("it does not start with a store's header (bad magic)".into());
        }
        let version = self.word(offset_of!(Header, version));
        if magic != MAGIC || version != VERSION {
            let (its, ours) = (version_text(version), version_text(VERSION));
            return Err(format!("its format is version {its}, and this extension knows version {ours}"));
        }
        let identity = Identity {
            store_id: self.word(offset_of!(Header, store_id)),
            hash_seed: self.word(offset_of!(Header, hash_seed)),
        };
        if identity.check() != self.word(offset_of!(Header, identity_check))
            || identity.store_id == 0
            || self.word(offset_of!(Header, page_end)) != MAGIC
        {
            return Err("its header is damaged (bad checksum)".into());
        }
        Ok(identity)
    }
}

impl Header {
    /// Whether the words that change make sense; if not, why not. Others may be writing meanwhile: each word is
    /// loaded at once, and those that have to agree are loaded in an order in which those of a healthy file do. (A
    /// copy of the page would not be made at one moment.) `size` tells how long the file is.
    pub fn check_layout(
        &self,
        identity: Identity,
        size: impl FnOnce() -> io::Result<u64>,
    ) -> io::Result<Option<String>> {
        // Stored last, when a store is given its first blocks: all that these need is there before it.
        let directory = self.directory.load(Ordering::Acquire);
        meanwhile("checking whether a store is furnished");
        // A file is made longer before it tells so.
        let pages = self.pages.load(Ordering::Acquire);
        meanwhile("checking how long a file is");
        let size = size()?;
        if pages.checked_mul(PAGE).is_none_or(|needs| needs > size) {
            return Ok(Some(format!("it is cut short ({size} bytes, its header tells of {pages} pages)")));
        }
        let bad = |what: &str| Ok(Some(format!("its header is damaged (bad {what})")));
        if pages == 0 || !self.has_whole_ext(size) {
            return bad("layout");
        }
        // Only committed records are indexed.
        let indexed = self.indexed.load(Ordering::Acquire);
        meanwhile("checking where a log ends");
        let commit = self.commit.load(Ordering::Acquire) & !HELD;
        if commit >= MAX_POSITION || indexed == 0 || indexed > commit {
            return bad("log end");
        }
        if directory != 0 {
            meanwhile("checking where things are");
            let table = self.table.load(Ordering::Acquire);
            if [directory, table].iter().any(|root| !Root::is_sealed(*root, identity.store_id)) {
                return bad("root");
            }
        }
        Ok(None)
    }

    /// Lets the words that change tell of no more than there is, before a file is put right that was last used before
    /// this boot, or is a copy; nobody else uses it. A page that is newer than the file's length on the disk is no
    /// damage: what a returned write needs was synced, and its length with it. Returns how many pages are missing; on
    /// an error nothing has changed.
    pub fn fit(&self, size: u64) -> Result<u64, String> {
        let missing = self.missing(size)?;
        if missing > 0 {
            self.pages.set(self.pages.get() - missing);
        }
        Ok(missing)
    }

    /// Whether the page's own ext is one of a file of this size. (What it takes more than a page for is on the disk before
    /// it is.)
    fn has_whole_ext(&self, size: u64) -> bool {
        matches!(parse_ext_word(self.ext.load(Ordering::Acquire)), Some((Kind::Header, length, 0, 0))
            if length >= PAGE && length <= size && length.is_multiple_of(PAGE))
    }

    /// How many of the pages that the header tells of a file of this size does not have; an error tells why the file
    /// is none that can be put right.
    pub fn missing(&self, size: u64) -> Result<u64, String> {
        let commit = self.commit.get() & !HELD;
        if commit == 0 || commit >= MAX_POSITION {
            return Err("its header is damaged (bad log end)".into());
        }
        if self.pages.get() == 0 || !self.has_whole_ext(size) {
            return Err("its header is damaged (bad layout)".into());
        }
        Ok(self.pages.get().saturating_sub(page_of(size)))
    }
}

/// A new, empty store.
pub struct NewStore {
    pub identity: Identity,
    /// The first position.
    pub start: u64,
    pub incarnation: u64,
    pub boot: Boot,
    pub mark: Mark,
    pub touched: u64,
}

impl NewStore {
    /// Its header page, which is all there is of it.
    pub fn page(&self) -> Box<[u8; PAGE as usize]> {
        let mut page = Box::new([0; PAGE as usize]);
        let mut put = |offset: usize, value: u64| page[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
        put(offset_of!(Header, ext), ext_word(Kind::Header, PAGE, 0, 0));
        put(offset_of!(Header, magic), MAGIC);
        put(offset_of!(Header, version), VERSION);
        put(offset_of!(Header, store_id), self.identity.store_id);
        put(offset_of!(Header, hash_seed), self.identity.hash_seed);
        put(offset_of!(Header, identity_check), self.identity.check());
        for (n, half) in self.boot.words().into_iter().enumerate() {
            put(offset_of!(Header, boot_id) + 8 * n, half);
        }
        for (n, part) in self.mark.words().into_iter().enumerate() {
            put(offset_of!(Header, file_id) + 8 * n, part);
        }
        put(offset_of!(Header, pages), 1);
        put(offset_of!(Header, commit), self.start);
        put(offset_of!(Header, indexed), self.start);
        put(offset_of!(Header, changed), self.start);
        put(offset_of!(Header, incarnation), self.incarnation);
        put(offset_of!(Header, touched), self.touched);
        put(offset_of!(Header, page_end), MAGIC);
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Box<[u8; PAGE as usize]> {
        let identity = Identity { store_id: 7, hash_seed: 8 };
        let (boot, mark) = (Boot::from_words([1, 2]), Mark::from_words([3, 4, 5]));
        NewStore { identity, start: 64, incarnation: 6, boot, mark, touched: 7 }.page()
    }

    #[test]
    fn a_new_page_is_a_valid_empty_store() {
        let identity = UncheckedHeader(page()).check().unwrap();
        assert_eq!((identity.store_id, identity.hash_seed), (7, 8));
    }

    #[test]
    fn a_header_with_any_identity_byte_damaged_is_refused() {
        for at in 8..48 {
            let mut damaged = page();
            damaged[at] ^= 0x10;
            assert!(UncheckedHeader(damaged).check().is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_root_with_a_flipped_bit_is_no_root() {
        let word = Root { offset: 12 * PAGE, log2: 3 }.seal(99);
        assert!(Root::is_sealed(word, 99));
        assert_eq!(Root::open(word), Root { offset: 12 * PAGE, log2: 3 });
        for bit in 0..64 {
            assert!(!Root::is_sealed(word ^ 1 << bit, 99), "bit {bit}");
        }
    }
}
