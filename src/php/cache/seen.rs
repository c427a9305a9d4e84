//! The records that were met once: they take four bytes each, where a name that is kept takes some hundred.
//!
//! Most of what a request reads or writes it reads or writes once, and much of that is never met again. Memory that nobody has
//! used before costs more than to decode a short value: so a name is kept from its second time on.
//!
//! This is a memory for guesses. It may forget a record, and takes one in some dozens for another at worst: then a name is kept later,
//! or sooner, than it would have been.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::Cell;
use std::ptr;

use super::account::Account;
use super::places::SPREAD;

/// When a record was met before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Never, as far as is known.
    First,
    /// In this request.
    Again,
    /// In an earlier one.
    Earlier,
}

/// The notes of one place, the free ones last. A note has 24 bits of what was met, never 0, and 8 of the request.
#[repr(C, align(32))]
struct Line([u32; NOTES]);

const NOTES: usize = 8;
/// Lines at the start, and at most, as powers of two.
const INITIAL: u32 = 3;
const MOST: u32 = 15;
/// Bits of a note that are of one thing alone. The others choose its line.
const OWN: u32 = 24 - MOST;
/// The part of the cache's limit that the notes may take.
const SHARE: usize = 8;

/// The records that a thread has met.
pub struct Seen {
    lines: Cell<*mut Line>,
    /// How many lines there are, as a power of two.
    bits: Cell<u32>,
    used: Cell<usize>,
    /// The note of a full line that goes next.
    hand: Cell<usize>,
}

/// Requests after which a note may be forgotten.
const OLD: u32 = 32;

/// Whether a place has a note that is not to be forgotten in this request.
fn is_young(note: u32, now: u32) -> bool {
    note != 0 && (now.wrapping_sub(note) & 0xFF) <= OLD
}

impl Default for Seen {
    fn default() -> Self {
        Self { lines: Cell::new(ptr::null_mut()), bits: Cell::new(INITIAL), used: Cell::new(0), hand: Cell::new(0) }
    }
}

impl Seen {
    /// Tells when something was met before, and notes that it was met now: a number, and one that it shares with a few others, which
    /// are likely to be met with it.
    #[inline]
    pub fn meet(&self, what: u64, among: u64, account: &Account) -> Sight {
        let now = account.now() & 0xFF;
        // (Turned round: where both numbers are one, the bits that choose the line would else be the thing's own, too.)
        let own = what.rotate_left(32).wrapping_mul(SPREAD) >> (64 - OWN);
        let mark = ((among.wrapping_mul(SPREAD) >> (64 - MOST)) << OWN | own).max(1) as u32;
        if self.lines.get().is_null() && !self.resize(INITIAL, account) {
            return Sight::First;
        }
        // SAFETY: there are lines, and a mark's highest bits number one of them; no other reference to it is in use.
        let line = unsafe { &mut *self.lines.get().add(self.place(mark)) };
        let note = mark << 8 | now;
        for known in &mut line.0 {
            if *known >> 8 == mark {
                return if *known == note { Sight::Again } else { Sight::Earlier };
            }
            if *known == 0 {
                *known = note;
                self.used.set(self.used.get() + 1);
                // (Once: where it cannot grow, lines fill, and new notes take the place of old ones.)
                if 2 * self.used.get() == NOTES << self.bits.get() {
                    self.grow(account);
                }
                return Sight::First;
            }
        }
        line.0[self.hand.get() % NOTES] = note;
        self.hand.set(self.hand.get() + 1);
        Sight::First
    }

    /// The line of a mark.
    #[inline]
    fn place(&self, mark: u32) -> usize {
        (mark >> (24 - self.bits.get())) as usize
    }

    /// Makes room: forgets what was met last some requests ago, and grows where that is not much.
    #[cold]
    fn grow(&self, account: &Account) {
        let (now, bits) = (account.now(), self.bits.get());
        // SAFETY: there are so many lines, and no other reference to one is in use.
        let lines = unsafe { std::slice::from_raw_parts(self.lines.get(), 1 << bits) };
        let young = lines.iter().flat_map(|line| line.0).filter(|&note| is_young(note, now)).count();
        let more = if 4 * young > NOTES << bits && bits < MOST { 2 } else { 0 };
        self.resize(bits + more, account);
    }

    /// Makes it so many lines, with what was met not long ago; false where there is no memory for that, or more than its share.
    fn resize(&self, bits: u32, account: &Account) -> bool {
        let size = Self::layout(bits).size();
        let limit = if account.outlives() { account.limit() } else { account.may_pass() };
        if SHARE * size > limit || !account.has_room_for(size) {
            return false;
        }
        // SAFETY: the layout is not empty; all bits zero are free places.
        let lines: *mut Line = unsafe { alloc_zeroed(Self::layout(bits)) }.cast();
        if lines.is_null() {
            return false;
        }
        account.keep(size);
        let (old, old_bits) = (self.lines.replace(lines), self.bits.replace(bits));
        self.used.set(0);
        if old.is_null() {
            return true;
        }
        for at in 0..1 << old_bits {
            // SAFETY: the old lines, which are this function's now.
            for note in unsafe { (*old.add(at)).0 }.into_iter().filter(|&note| is_young(note, account.now())) {
                // SAFETY: as in `meet`. The notes of one line have room in it, or in the four that it becomes.
                if let Some(free) = unsafe { (*lines.add(self.place(note >> 8))).0.iter_mut().find(|note| **note == 0) }
                {
                    *free = note;
                    self.used.set(self.used.get() + 1);
                }
            }
        }
        account.free(Self::layout(old_bits).size());
        // SAFETY: allocated here, with this layout; nothing refers to it any more.
        unsafe { dealloc(old.cast(), Self::layout(old_bits)) };
        true
    }

    /// Forgets all.
    pub fn clear(&self, account: &Account) {
        account.free(self.free());
    }

    /// Gives its memory back: so many bytes.
    fn free(&self) -> usize {
        let (lines, layout) = (self.lines.replace(ptr::null_mut()), Self::layout(self.bits.replace(INITIAL)));
        self.used.set(0);
        if lines.is_null() {
            return 0;
        }
        // SAFETY: allocated by `resize`, with this layout; nothing refers to it any more.
        unsafe { dealloc(lines.cast(), layout) };
        layout.size()
    }

    fn layout(bits: u32) -> Layout {
        Layout::array::<Line>(1 << bits).expect("a small table")
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.free();
    }
}
