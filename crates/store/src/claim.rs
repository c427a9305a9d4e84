//! Claims: one process at a time decides whether a file may be used as it is, and puts it right.
//!
//! The claim is a word of the header that is taken by compare-and-swap and names its *claimant*, which is known to
//! be alive as the owner of a lease is: by a byte that it has locked, or, where a reader's lock keeps it from
//! that, by a lease slot of the header page. A process that finds a dead claimant takes over from it. (The write lock will
//! not do: in a file that comes from another boot, or is a copy, it means nothing.)

use super::byte_lock::{CLAIMS_AT, Locked, is_locked, lock_byte, unlock_byte};
use super::error::Failure;
use super::file::File;
use super::header::HEADER_SLOTS;
use super::lease::{DECIDING, LOCKLESS, take_slot};
use super::machine::{Boot, Process, random};
use super::memory::fence;
use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// More claimants than may wait at one time for a compare-and-swap.
const BYTES: u32 = 1 << 10;
/// The number of the claimant that has the header's first slot, and no byte.
const SLOTS: u32 = 1 << 20;

/// How long a process waits for another one's claim before it lets its caller look for signals.
const BUSY_AFTER: Duration = Duration::from_millis(50);
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// By what others see that a claimant lives.
enum Seat {
    /// This byte's lock.
    Byte(u32),
    /// This slot of the header page.
    Slot(u32),
}

impl Seat {
    fn number(&self) -> u32 {
        match self {
            Self::Byte(byte) => *byte,
            Self::Slot(slot) => SLOTS + slot,
        }
    }
}

/// A claim word. Low half: the claimant's number + 1; then 16 bits that tell boots apart, and 16 random ones, so
/// that no two claims of one number are the same word.
#[derive(Clone, Copy)]
struct Word(u64);

impl Word {
    fn new(seat: &Seat, boot: Boot) -> Self {
        Self(u64::from(seat.number() + 1) | u64::from(boot.digest()) << 32 | random() << 48)
    }

    fn number(self) -> Option<u32> {
        (self.0 as u32).checked_sub(1)
    }

    /// Whether it was certainly written in another boot.
    fn is_from_another_boot(self, boot: Boot) -> bool {
        let digest = (self.0 >> 32) as u16;
        digest != 0 && boot.digest() != 0 && digest != boot.digest()
    }
}

impl File {
    /// Runs `action` while this thread has the claim. [`Failure::Busy`] where another one has it for long.
    pub fn under_claim<T>(&mut self, action: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        let (seat, word) = self.take_claim()?;
        let result = action(self);
        // (Dying before this leaves the claim to the next claimant.)
        let _ = self.map.header().claim.compare_exchange(word.0, 0);
        self.leave(seat);
        result
    }

    fn take_claim(&self) -> Result<(Seat, Word), Failure> {
        let boot = Boot::current()?;
        let claim = &self.map.header().claim;
        let start = Instant::now();
        loop {
            let found = claim.load(Ordering::Acquire);
            if self.is_claimed_by_the_living(Word(found), boot) {
                if start.elapsed() >= BUSY_AFTER {
                    return Err(Failure::Busy);
                }
                std::thread::sleep(LOOK_AGAIN);
                continue;
            }
            let seat = self.take_seat()?;
            let word = Word::new(&seat, boot);
            if claim.compare_exchange(found, word.0).is_ok() {
                // Next, the claimant looks for leases; a thread that claims one looks then for a claim. One of them sees
                // the other.
                fence(Ordering::SeqCst);
                return Ok((seat, word));
            }
            self.leave(seat);
        }
    }

    /// Waits, not for long, while another thread has the claim. False: it still has.
    pub fn wait_for_claim(&self) -> Result<bool, Failure> {
        let boot = Boot::current()?;
        let start = Instant::now();
        fence(Ordering::SeqCst);
        while self.is_claimed_by_the_living(Word(self.map.header().claim.load(Ordering::Acquire)), boot) {
            if start.elapsed() >= BUSY_AFTER {
                return Ok(false);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(true)
    }

    /// Whether another thread that may live has the claim.
    pub fn is_claimed(&self) -> Result<bool, Failure> {
        Ok(self.is_claimed_by_the_living(Word(self.map.header().claim.load(Ordering::Acquire)), Boot::current()?))
    }

    fn is_claimed_by_the_living(&self, word: Word, boot: Boot) -> bool {
        let Some(number) = word.number() else { return false };
        if let Some(slot) = number.checked_sub(SLOTS) {
            let slot = self.map.header().leases.get(slot as usize);
            return !word.is_from_another_boot(boot) && slot.is_some_and(|slot| slot.is_of_a_decider());
        }
        // Where nothing can be asked it is taken for alive.
        self.any_fd().is_none_or(|fd| number < BYTES && is_locked(fd, CLAIMS_AT + number))
    }

    fn take_seat(&self) -> Result<Seat, Failure> {
        let fd = self.writable_fd()?;
        let start = std::process::id().wrapping_mul(0x9e37_79b1) % BYTES;
        for byte in (0..BYTES).map(|n| (start + n) % BYTES) {
            match lock_byte(fd, CLAIMS_AT + byte).map_err(|error| Failure::CannotDo("lock", error))? {
                Locked::Yes => return Ok(Seat::Byte(byte)),
                Locked::NoForWriter => {}
                Locked::NoForReader => break,
            }
        }
        let me = Process::this();
        let leases = &self.map.header().leases;
        let is_taken = |slot: u32| take_slot(&leases[slot as usize], slot, &me, LOCKLESS | DECIDING, fd);
        let slot = (0..HEADER_SLOTS as u32).find(|&slot| is_taken(slot));
        let crowded = || Failure::CannotDo("lock", io::Error::other("too many processes write to it"));
        slot.map(Seat::Slot).ok_or_else(crowded)
    }

    fn leave(&self, seat: Seat) {
        match seat {
            Seat::Byte(byte) => {
                if let Ok(fd) = self.writable_fd() {
                    unlock_byte(fd, CLAIMS_AT + byte);
                }
            }
            Seat::Slot(slot) => self.map.header().leases[slot as usize].leave(LOCKLESS | DECIDING),
        }
    }
}
