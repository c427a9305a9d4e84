//! The mapping of a file, and everything that touches its bytes.
//!
//! A mapping reserves some address space beyond the file's end, so that a file that grows, through
//! whichever process, is simply there; a file that outgrows it is mapped anew, between two operations. What lies beyond the end, or was
//! cut off, raises SIGBUS when touched (`sigbus`).

use super::error::Failure;
use super::format::PAGE;
use super::header::{Header, LeaseSlot, Word};
use super::memory;
use super::sigbus::{self, Watched};
use super::torture::crash_point;
use memmap2::{MmapOptions, MmapRaw, RemapOptions};
use rustix::process::{Resource, getrlimit};
use std::io;
use std::os::fd::BorrowedFd;
use std::ptr::{self, NonNull};
use sync_backend::Room;

/// Mappings are as long as a multiple of this: of the largest page that Linux uses.
const UNIT: u64 = 64 << 10;
/// The shortest mapping that is asked for at first.
const SHORTEST: u64 = 1 << 20;

/// How long a mapping of a file of `size` bytes should be. A machine that refuses it gives less.
fn desired_length(size: u64) -> u64 {
    #[cfg(test)]
    if let Some(length) = tests::DESIRED.get() {
        return length.max(shortest_length(size));
    }
    // A process whose address space is limited has other uses for it.
    let ahead = match address_space_limit() {
        Some(limit) => size.saturating_mul(3).min(limit / 64),
        None => size.saturating_mul(3),
    };
    size.saturating_add(ahead).max(SHORTEST).next_multiple_of(UNIT)
}

/// The shortest mapping that shows `size` bytes.
fn shortest_length(size: u64) -> u64 {
    size.max(PAGE).next_multiple_of(UNIT)
}

/// Bytes of address space that this process may have, if that is limited (`ulimit -v`).
fn address_space_limit() -> Option<u64> {
    getrlimit(Resource::As).current
}

/// Bytes of address space that a new or longer mapping leaves to this process, where that is limited: a process without
/// any cannot even report that. PHP takes memory by chunks of 2 MiB, and to place one asks for twice as much; the C library
/// takes 1 MiB.
const HEADROOM: usize = 8 << 20;

/// Address space that is set aside for the process while the store asks for some, and given back then.
struct Headroom(NonNull<libc::c_void>);

impl Headroom {
    /// `None`: there is no limit, and nothing to set aside. An error: less than that is left.
    fn set_aside() -> io::Result<Option<Self>> {
        if address_space_limit().is_none() {
            return Ok(None);
        }
        // SAFETY: a mapping of its own, at an address of the kernel's choice, which nobody can access.
        let address = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
            libc::mmap(ptr::null_mut(), HEADROOM, libc::PROT_NONE, flags, -1, 0)
        };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(NonNull::new(address).map(Self))
    }
}

impl Drop for Headroom {
    fn drop(&mut self) {
        // SAFETY: the mapping that `set_aside` made, which nothing else knows.
        unsafe { libc::munmap(self.0.as_ptr(), HEADROOM) };
    }
}

/// Tries lengths from the desired one down to the shortest that will do, until one is to be had:
/// `attempt` is given a length.
fn map_as_long_as_possible<T>(size: u64, mut attempt: impl FnMut(usize) -> io::Result<T>) -> Result<T, Failure> {
    let shortest = shortest_length(size);
    let mut length = desired_length(size);
    let refused = |error: &io::Error| {
        // EAGAIN: more than may be locked into memory (`mlockall`).
        matches!(error.raw_os_error(), Some(libc::ENOMEM | libc::EAGAIN))
    };
    let _headroom = match Headroom::set_aside() {
        Ok(headroom) => headroom,
        Err(error) if refused(&error) => return Err(Failure::NoAddressSpace(shortest)),
        Err(error) => return Err(Failure::Io(error)),
    };
    loop {
        #[cfg(test)]
        let is_refused = length > tests::AVAILABLE.get();
        #[cfg(not(test))]
        let is_refused = false;
        if !is_refused {
            match attempt(length as usize) {
                Ok(mapped) => return Ok(mapped),
                Err(error) if refused(&error) => {}
                Err(error) => return Err(Failure::Io(error)),
            }
        }
        if length == shortest {
            return Err(Failure::NoAddressSpace(length));
        }
        // Each is shorter than the one before, as it is longer than the shortest, which is one unit at least.
        length = (length / 2).next_multiple_of(UNIT).max(shortest);
    }
}

/// Where a mapping begins, and how long it is.
fn range_of(raw: &MmapRaw) -> (NonNull<u8>, u64) {
    (NonNull::new(raw.as_mut_ptr()).expect("mmap does not map address 0"), raw.len() as u64)
}

/// A shared mapping of a whole file.
pub struct Map {
    raw: MmapRaw,
    /// Where it begins.
    base: NonNull<u8>,
    /// The file's first page, or (while a file is being imported) one that will be.
    header: NonNull<Header>,
    draft: Option<NonNull<Draft>>,
    length: u64,
    /// By which the handler of SIGBUS knows it.
    slot: &'static Watched,
}

impl Map {
    /// Maps a file of `size` bytes.
    pub fn new(file: BorrowedFd, size: u64, writable: bool) -> Result<Self, Failure> {
        sigbus::stand_ready();
        let raw = map_as_long_as_possible(size, |length| {
            let mut options = MmapOptions::new();
            options.len(length);
            if writable { options.map_raw(&file) } else { options.map_raw_read_only(&file) }
        })?;
        let (base, length) = range_of(&raw);
        let slot = Watched::new();
        slot.cover(base, length);
        Ok(Self { raw, base, header: base.cast(), draft: None, length, slot })
    }

    /// Makes the mapping long enough for `size` bytes of the file. It may move: no reference into it
    /// lives, which the borrow checker sees to. On an error it is what it was.
    pub fn grow(&mut self, size: u64) -> Result<(), Failure> {
        debug_assert!(self.draft.is_none(), "a header in memory is that of a file that is being imported");
        sigbus::stand_ready();
        if self.is_poisoned() {
            return Err(Failure::Stale);
        }
        // While it moves, nobody looks at it. The range that it leaves may become another thread's
        // mapping at once: its faults are not this one's.
        self.slot.uncover();
        let moved = map_as_long_as_possible(size, |length| {
            // SAFETY: `&mut self` is the one way to the range, so that no reference into it is left. It has one
            // protection and one file behind it. (Where a handler has put zeros into it, which would make two of it, it
            // is poisoned.)
            unsafe { self.raw.remap(length, RemapOptions::new().may_move(true)) }
        });
        (self.base, self.length) = range_of(&self.raw);
        self.header = self.base.cast();
        self.slot.cover(self.base, self.length);
        moved
    }

    /// A mapping whose header is a page in memory, not yet the file's.
    pub fn with_draft(mut self, page: &[u8; PAGE as usize]) -> Self {
        // From here on there are pointers to it and no box: moving one would end what they may be used for.
        let draft = NonNull::from(Box::leak(Box::new(Draft(*page))));
        self.header = draft.cast();
        self.draft = Some(draft);
        self
    }

    /// Whether the header is a page in memory, and the mapping's first page something else.
    pub fn is_draft(&self) -> bool {
        self.draft.is_some()
    }

    /// The header page as it is now.
    pub fn header_page(&self) -> Box<[u8; PAGE as usize]> {
        let mut page = Box::new([0; PAGE as usize]);
        // SAFETY: `new` maps a page at least, `with_draft` allocates one; one of the two is what `header` points to.
        unsafe { ptr::copy_nonoverlapping(self.header.as_ptr().cast::<u8>(), page.as_mut_ptr(), PAGE as usize) };
        page
    }

    /// Bytes of address space; offsets below it can be accessed (and give zeros where there is no
    /// file).
    #[inline]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether some access found no file behind it: nothing read since is to be believed.
    #[inline]
    pub fn is_poisoned(&self) -> bool {
        self.slot.is_poisoned()
    }

    /// Whether that was a signal. The file may be whole all the same: then it is mapped anew.
    pub fn has_faulted(&self) -> bool {
        self.slot.has_faulted()
    }

    /// Does to the mapping what touching a page that is gone does.
    pub fn poison(&self) {
        self.slot.poison();
    }

    #[inline]
    pub fn header(&self) -> &Header {
        // SAFETY: the mapping (or the draft) is aligned, at least a page long and lives as long as
        // `self`; `Header` is made of atomics, for which any bytes are valid.
        unsafe { self.header.as_ref() }
    }

    /// The word at an offset, which is rounded down to a multiple of eight; outside the mapping it
    /// is a word of zeros that belongs to nobody (a hostile offset must not be a fault).
    #[inline]
    pub fn word(&self, offset: u64) -> &Word {
        if offset > self.length - 8 {
            return self.outside();
        }
        // SAFETY: inside the mapping, as was just checked.
        unsafe { self.word_inside(offset) }
    }

    /// As [`Map::word`], without a look at where the mapping ends.
    ///
    /// # Safety
    /// Eight bytes from `offset` on are inside of the mapping.
    #[inline]
    pub unsafe fn word_inside(&self, offset: u64) -> &Word {
        debug_assert!(offset <= self.length - 8);
        // SAFETY: the caller has seen to it that the word is inside the mapping, which lives as long as `self` and begins
        // with a page; the word is aligned, and atomic: any bytes are valid.
        unsafe { self.base.add((offset & !7) as usize).cast::<Word>().as_ref() }
    }

    /// The lease slot at an offset, which is rounded down to a multiple of its size; `None` outside the mapping.
    pub fn lease_slot(&self, offset: u64) -> Option<&LeaseSlot> {
        const SIZE: u64 = size_of::<LeaseSlot>() as u64;
        let offset = offset / SIZE * SIZE;
        // SAFETY: inside the mapping, aligned (the mapping begins with a page), made of atomics.
        self.is_inside(offset, SIZE).then(|| unsafe { self.base.add(offset as usize).cast::<LeaseSlot>().as_ref() })
    }

    #[cold]
    fn outside(&self) -> &Word {
        self.poison();
        // SAFETY: a spare word of the header page, which every mapping has; poisoned, so nobody believes it.
        unsafe { self.base.add(std::mem::offset_of!(Header, spare)).cast::<Word>().as_ref() }
    }

    /// Whether so many bytes from an offset on are inside of the mapping.
    #[inline]
    pub fn is_inside(&self, offset: u64, length: u64) -> bool {
        offset <= self.length && length <= self.length - offset
    }

    /// Appends `length` bytes at `offset` to `out`; false where that has no room for them. They may change while
    /// they are copied: the caller checks the generation afterwards.
    ///
    /// # Safety
    /// `length` bytes from `offset` on are inside of the mapping.
    #[inline]
    pub unsafe fn copy_inside(&self, offset: u64, length: u64, out: &mut impl Room<u8>) -> bool {
        debug_assert!(self.is_inside(offset, length));
        let Some(to) = out.spare(length as usize).and_then(|spare| spare.get_mut(..length as usize)) else {
            return false;
        };
        // SAFETY: the caller has seen to it that the source is inside the mapping; the target is a slice of that length, and
        // not in the mapping, which no `Room` is. A torn copy is discarded by the caller's look at the generation.
        unsafe {
            memory::copy(self.base.as_ptr().add(offset as usize), to.as_mut_ptr().cast(), length as usize);
            out.take(length as usize);
        }
        true
    }

    /// Tells the kernel that all of a range is about to be written: one system call instead of a
    /// fault a page. Where the kernel does not know that, it faults.
    pub fn populate(&self, offset: u64, length: u64) {
        /// `MADV_POPULATE_WRITE`, since Linux 5.14.
        const POPULATE_WRITE: i32 = 23;
        if self.is_inside(offset, length) {
            // SAFETY: inside the mapping; it changes nothing but page tables. The address is made
            // a multiple of the page size, which may be larger than ours.
            unsafe {
                let page = libc::sysconf(libc::_SC_PAGESIZE) as u64;
                let start = offset / page * page;
                let address = self.base.as_ptr().add(start as usize).cast();
                libc::madvise(address, (offset + length - start) as usize, POPULATE_WRITE);
            }
        }
    }

    /// Reads a few bytes at `offset`.
    ///
    /// # Safety
    /// `N` bytes from `offset` on are inside of the mapping.
    #[inline]
    pub unsafe fn read_inside<const N: usize>(&self, offset: u64) -> [u8; N] {
        debug_assert!(self.is_inside(offset, N as u64));
        let mut bytes = [0; N];
        // SAFETY: the caller has seen to it that the source is inside the mapping; the target is `N` bytes of this frame.
        unsafe { memory::copy(self.base.as_ptr().add(offset as usize), bytes.as_mut_ptr(), N) };
        bytes
    }

    /// Whether the bytes at `offset` are these. The file may change meanwhile: as in [`Map::copy_inside`].
    ///
    /// # Safety
    /// As many bytes from `offset` on are inside of the mapping.
    #[inline]
    pub unsafe fn equals_inside(&self, offset: u64, bytes: &[u8]) -> bool {
        debug_assert!(self.is_inside(offset, bytes.len() as u64));
        // SAFETY: the caller has seen to it that as many bytes as are compared are inside the mapping.
        unsafe { memory::equals(self.base.as_ptr().add(offset as usize), bytes) }
    }

    /// Looks at bytes of a record, for the owner of the write lock: `None` where they are not all inside of the mapping.
    #[inline(always)]
    pub fn look<T>(&self, offset: u64, length: u64, look: impl FnOnce(&[u8]) -> T) -> Option<T> {
        if !self.is_inside(offset, length) {
            return None;
        }
        // SAFETY: inside the mapping, as was just checked. Only the owner of the write lock, which the caller is,
        // writes to records (but for a flag that nobody looks at so), so the bytes behind the slice are quiet; should
        // a hostile process change them all the same, a wrong answer is the worst to come.
        Some(unsafe { memory::view(self.base.as_ptr().add(offset as usize), length as usize, look) })
    }

    /// Writes bytes into the file, for the owner of the write lock, into space that is its own.
    #[inline]
    #[cfg_attr(feature = "torture", track_caller)]
    pub fn write(&self, offset: u64, bytes: &[u8]) {
        if !self.is_inside(offset, bytes.len() as u64) {
            return self.poison();
        }
        // SAFETY: inside the mapping, as was just checked.
        unsafe { self.write_inside(offset, bytes) };
    }

    /// As [`Map::write`], without a look at where the mapping ends.
    ///
    /// # Safety
    /// As many bytes from `offset` on are inside of the mapping.
    #[inline]
    #[cfg_attr(feature = "torture", track_caller)]
    pub unsafe fn write_inside(&self, offset: u64, bytes: &[u8]) {
        crash_point();
        debug_assert!(self.is_inside(offset, bytes.len() as u64));
        // SAFETY: the caller has seen to it that the target is inside the mapping; `bytes` are memory of this process, as
        // nobody makes a slice of the mapping that outlives a look ([`Map::record_crc`]).
        unsafe { memory::write(bytes, self.base.as_ptr().add(offset as usize)) };
    }

    /// Copies inside the file, for the owner of the write lock.
    #[cfg_attr(feature = "torture", track_caller)]
    pub fn copy_within(&self, from: u64, to: u64, length: u64) {
        crash_point();
        if !self.is_inside(from, length) || !self.is_inside(to, length) {
            return self.poison();
        }
        // SAFETY: both ranges are inside the mapping, as was just checked.
        unsafe {
            let (from, to) = (self.base.as_ptr().add(from as usize), self.base.as_ptr().add(to as usize));
            memory::move_within(from, to, length as usize);
        }
    }

    /// Fills with zeros, for the owner of the write lock.
    #[cfg_attr(feature = "torture", track_caller)]
    pub fn zero(&self, offset: u64, length: u64) {
        crash_point();
        if !self.is_inside(offset, length) {
            return self.poison();
        }
        // SAFETY: inside the mapping, as was just checked.
        unsafe { memory::zero(self.base.as_ptr().add(offset as usize), length as usize) };
    }

    /// The CRC of what a record says behind its CRC, `length` bytes at `offset`, computed where it
    /// lies; the caller owns the write lock.
    #[inline]
    pub fn record_crc(&self, seed: u32, offset: u64, length: u64) -> Option<u32> {
        self.look(offset, length, |bytes| super::crc::append(seed, bytes))
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        self.slot.uncover();
        self.slot.free();
        if let Some(draft) = self.draft {
            // SAFETY: `with_draft` took it out of a box, and nothing else frees it; references to it, too,
            // have borrowed `self`.
            drop(unsafe { Box::from_raw(draft.as_ptr()) });
        }
    }
}

/// A header page in memory, aligned as the header asks for.
#[repr(C, align(64))]
struct Draft([u8; PAGE as usize]);

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::cell::Cell;
    use std::os::fd::AsFd;

    thread_local! {
        /// How long this thread wants its mappings, instead of the usual length.
        pub static DESIRED: Cell<Option<u64>> = const { Cell::new(None) };
        /// The longest mapping that this thread can get.
        pub static AVAILABLE: Cell<u64> = const { Cell::new(u64::MAX) };
    }

    #[test]
    fn a_file_cut_short_reads_as_zeros_and_poisons_the_mapping() {
        let file = crate::tests::temporary_file();
        file.set_len(8192).unwrap();
        let map = Map::new(file.as_fd(), 8192, true).unwrap();
        map.word(4096).set(42);
        assert!(!map.is_poisoned());
        file.set_len(0).unwrap();
        assert_eq!(map.word(4096).get(), 0);
        assert!(map.is_poisoned());
    }

    #[test]
    fn a_walk_far_beyond_the_end_of_a_file_survives() {
        DESIRED.set(Some(2 << 30));
        let file = crate::tests::temporary_file();
        file.set_len(4096).unwrap();
        let map = Map::new(file.as_fd(), 4096, true).unwrap();
        DESIRED.set(None);
        // More pages apart from each other than a process may have mappings.
        for page in 0..100_000 {
            map.word(8192 + page * 16384).set(1);
        }
        assert!(map.is_poisoned());
        assert_eq!(map.word(0).get(), 0);
    }

    #[test]
    fn a_file_that_grows_is_visible_through_the_old_mapping() {
        let file = crate::tests::temporary_file();
        file.set_len(4096).unwrap();
        let map = Map::new(file.as_fd(), 4096, true).unwrap();
        file.set_len(1 << 20).unwrap();
        map.word((1 << 20) - 8).set(7);
        assert_eq!(map.word((1 << 20) - 8).get(), 7);
        assert!(!map.is_poisoned());
    }

    #[test]
    fn an_offset_outside_the_mapping_is_no_fault() {
        let file = crate::tests::temporary_file();
        file.set_len(4096).unwrap();
        let map = Map::new(file.as_fd(), 4096, true).unwrap();
        assert_eq!(map.word(u64::MAX).get(), 0);
        assert!(map.is_poisoned());
    }
}
