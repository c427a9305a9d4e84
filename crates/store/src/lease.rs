//! Leases: what tells whether a thread that writes to the file is alive.
//!
//! A *lease* is a byte far past the end of the file that a thread keeps locked with `F_OFD_SETLK` for as
//! long as its descriptor is open. The kernel drops that lock with the process, whatever killed it. A lease's
//! *slot* in the file says whose it is.
//!
//! A user who may only read the file can lock these bytes for reading, and so keep others from locking them. A thread
//! that meets such a lock goes on with a *lockless* lease: a slot alone, which tells whose it is, so that others can
//! ask whether that process lives.

use super::byte_lock::{LEASES, Locked, is_locked, lock_byte, unlock_byte};
use super::clock::now;
use super::error::Failure;
use super::file::File;
use super::format::{BLOCK_HEAD, LEASE_SLOT, LEASE_SLOTS, PAGE, page_offset};
use super::header::{HEADER_SLOTS, LeaseSlot, Word};
use super::lock_word::lease_of;
use super::machine::{Fate, Process, are_identities_drawn};
use super::opening::Due;
use std::io;
use std::os::fd::RawFd;
use std::sync::atomic::Ordering;

/// The number of the lockless lease that has the first slot.
const LOCKLESS_LEASES: u32 = LEASES;
/// How many slots are in a run of their own, and how many bytes they take with the words that tell since when they have
/// their owners.
const MORE_SLOTS: u64 = LEASE_SLOTS - HEADER_SLOTS as u64;
pub const MORE_LEASES: u64 = MORE_SLOTS * (LEASE_SLOT + 8);
/// How many bytes that are locked for reading a thread tries before it takes a lockless lease.
const TRIES: u32 = 2;

/// In a slot's first word, beside the pid: its lease is a lockless one.
pub(super) const LOCKLESS: u64 = 1 << 63;
/// Its owner is writing its identity down, and has no lease yet.
const BEING_SIGNED: u64 = 1 << 62;
/// Its owner has no lease: it is a claimant, or about to be one ([`super::claim`]).
pub(super) const DECIDING: u64 = 1 << 61;

/// Which of so many slots this process tries first. (Where a test wants the same stores each time, always the same: bytes that name a lease
/// as an owner would name one of this process's in some runs alone.)
pub(super) fn first_choice(slots: u32) -> u32 {
    if are_identities_drawn() { 1 % slots } else { std::process::id().wrapping_mul(0x9e37_79b1) % slots }
}

impl LeaseSlot {
    /// Writes down whose lease it is, unless the slot has changed since its first word was `old`.
    fn sign(&self, old: u64, process: &Process, flags: u64) -> bool {
        if self.pid.compare_exchange(old, process.pid | flags | BEING_SIGNED).is_err() {
            return false;
        }
        self.pidfs.set(process.pidfs);
        self.start.set(process.start);
        self.namespaces.set(process.namespaces);
        self.pid.store(process.pid | flags, Ordering::Release);
        true
    }

    /// Gives a slot back that this process has signed with these flags.
    pub(super) fn leave(&self, flags: u64) {
        let _ = self.pid.compare_exchange(u64::from(std::process::id()) | flags, 0);
    }

    /// The process whose lease it is. Nobody's, as far as one can tell, while it is being signed.
    fn process(&self) -> Process {
        let word = self.pid.load(Ordering::Acquire);
        let pid = if word & BEING_SIGNED == 0 { word & !(LOCKLESS | DECIDING) } else { 0 };
        Process { pid, pidfs: self.pidfs.get(), start: self.start.get(), namespaces: self.namespaces.get() }
    }

    /// Whether a lockless lease has this slot whose owner may live, or somebody is about to have one.
    fn is_taken_without_lock(&self) -> bool {
        self.pid.load(Ordering::Acquire) & LOCKLESS != 0 && self.process().fate() != Fate::Died
    }

    /// Whether a lockless lease has this slot whose owner may live. While the slot is being signed its last owner
    /// has died, and the next one has yet to take over what that left.
    fn has_lockless_owner(&self) -> bool {
        self.pid.load(Ordering::Acquire) & (BEING_SIGNED | DECIDING) == 0 && self.is_taken_without_lock()
    }

    /// Whether a claimant has this slot that may live.
    pub(super) fn is_of_a_decider(&self) -> bool {
        let word = self.pid.load(Ordering::Acquire);
        word & BEING_SIGNED == 0 && word & DECIDING != 0 && self.is_taken_without_lock()
    }
}

impl File {
    /// Finds a lease that nobody has, and takes it.
    pub fn free_lease(&self) -> Result<u32, Failure> {
        let lease = self.any_free_lease()?;
        if let Some(slot) = self.lease_slot(lease) {
            slot.waits.set(0);
        }
        if let Some(since) = self.lease_since(Self::slot_of(lease)) {
            since.set(now());
        }
        Ok(lease)
    }

    fn any_free_lease(&self) -> Result<u32, Failure> {
        let fd = self.writable_fd()?;
        // Those that have a slot come first; none that will have one later, which others may take unsigned.
        let slots = self.lease_slots();
        let near = (0..slots).map(|n| (first_choice(slots) + n) % slots);
        let mut readers = 0;
        for lease in near.chain(LEASE_SLOTS as u32..LEASES) {
            match lock_byte(fd, lease).map_err(|error| Failure::CannotDo("lock", error))? {
                Locked::Yes if self.publish_lease(lease) => {
                    if lease >= LEASE_SLOTS as u32 {
                        self.want_slots();
                    }
                    return Ok(lease);
                }
                // The slot belongs to a lockless lease.
                Locked::Yes => unlock_byte(fd, lease),
                Locked::NoForWriter => {}
                Locked::NoForReader if readers < TRIES => readers += 1,
                Locked::NoForReader => break,
            }
        }
        self.free_lockless_lease(fd)
    }

    /// Takes a slot that nobody has, without a lock.
    #[cold]
    fn free_lockless_lease(&self, fd: RawFd) -> Result<u32, Failure> {
        let me = Process::this();
        // Asking the kernel takes the longer the more locks there are: first those that nobody ever had. (A thread
        // that has locked such a slot's byte just now, and not signed yet, makes way.)
        for unused in [true, false] {
            for lease in 0..self.lease_slots() {
                let Some(slot) = self.lease_slot(lease) else { break };
                if unused == (slot.pid.get() == 0) && take_slot(slot, lease, &me, LOCKLESS, fd) {
                    if lease >= HEADER_SLOTS as u32 / 2 {
                        // Such a lease needs one.
                        self.want_slots();
                    }
                    return Ok(LOCKLESS_LEASES + lease);
                }
            }
        }
        Err(Failure::CannotDo("lock", io::Error::other("too many processes write to it")))
    }

    /// Those of the header page run short: this thread makes others with its first write.
    fn want_slots(&self) {
        if self.map.header().more_leases.get() == 0 {
            self.set_due(Due::Slots);
        }
    }

    /// Gives back a lease that this thread has just taken.
    pub fn give_back(&self, lease: u32) {
        self.set_lease(None);
        match self.lease_slot(lease) {
            Some(slot) if lease >= LOCKLESS_LEASES => slot.leave(LOCKLESS),
            _ => {
                if let Ok(fd) = self.writable_fd() {
                    unlock_byte(fd, lease);
                }
            }
        }
    }

    /// Gives this thread's lease up, so that all that names it in the file is a dead thread's, unless the hold does, or the line, or the
    /// thread waits for a change (and this runs in a signal handler). False: nothing has happened.
    #[cold]
    pub fn leave_lease(&self) -> bool {
        let Some(lease) = self.my_lease() else { return true };
        let has_hold = lease_of(self.map.header().hold.load(Ordering::Acquire)) == Some(lease);
        let waits = self.lease_slot(Self::slot_of(lease)).is_some_and(|slot| slot.waits.get() != 0);
        if has_hold || waits || self.place_note().get().is_some() {
            return false;
        }
        self.give_back(lease);
        true
    }

    /// Gives this thread's lease back, as far as the kernel does not when the descriptor is closed.
    pub fn release_lease(&self) {
        if let Some(lease) = self.my_lease().filter(|&lease| lease >= LOCKLESS_LEASES) {
            self.give_back(lease);
        }
    }

    /// This thread ends without having ended its stores: to all others it is as dead as a killed process. (They are never used again; if they
    /// were, they would find the file as a child does.)
    pub fn abandon(&self) {
        // The mapping is part of the description, too: closing the descriptor alone would end no lock.
        if let Some(lease) = self.my_lease() {
            self.give_back(lease);
        }
        self.close();
    }

    /// A process that may be using the file without the kernel knowing, by its pid where that means something here.
    pub fn lockless_user(&self) -> Option<Option<u32>> {
        // One that is not as long as it tells may lack the others.
        let is_whole = self.length().is_ok_and(|length| self.told_length() <= length);
        let count = if is_whole { self.lease_slots() } else { HEADER_SLOTS as u32 };
        let mut slots = (0..count).filter_map(|lease| self.lease_slot(lease));
        slots.find(|slot| slot.has_lockless_owner()).map(|slot| slot.process().pid_here())
    }

    /// Nobody has a lease: frees the slots, but for those of processes that wait for the claim.
    pub fn forget_leases(&self) {
        let slots = (0..self.lease_slots()).filter_map(|lease| self.lease_slot(lease));
        for slot in slots.filter(|slot| !slot.is_of_a_decider()) {
            slot.pid.set(0);
        }
    }

    /// The slots may be older than the leases: leaves those of leases that the kernel knows of to nobody, so that the
    /// kernel alone says whether these live.
    pub fn distrust_slots(&self) {
        let slots = (0..self.lease_slots()).filter_map(|lease| self.lease_slot(lease));
        for slot in slots {
            let word = slot.pid.get();
            if word & LOCKLESS == 0 {
                let _ = slot.pid.compare_exchange(word, 0);
            }
        }
    }

    /// How many leases have a slot: as many as the header page has, until more threads than that write.
    pub(super) fn lease_slots(&self) -> u32 {
        if self.more_leases().is_some() { LEASE_SLOTS as u32 } else { HEADER_SLOTS as u32 }
    }

    /// Where the slots are that the header page has no room for, if there are any. (A header may tell of anything.)
    fn more_leases(&self) -> Option<u64> {
        let run = self.map.header().more_leases.load(Ordering::Acquire);
        let end = run.checked_add(BLOCK_HEAD + MORE_LEASES)?;
        (run >= PAGE && run.is_multiple_of(PAGE) && end <= page_offset(self.pages())).then_some(run + BLOCK_HEAD)
    }

    /// The slot of a lease, if it has one.
    pub fn lease_slot(&self, lease: u32) -> Option<&LeaseSlot> {
        let header = self.map.header();
        let number = Self::slot_of(lease);
        if (number as usize) < HEADER_SLOTS {
            return Some(&header.leases[number as usize]);
        }
        let more = self.more_leases().filter(|_| u64::from(number) < LEASE_SLOTS)?;
        self.map.lease_slot(more + (u64::from(number) - HEADER_SLOTS as u64) * LEASE_SLOT)
    }

    /// Writes down whose lease it is: a second proof of death, for those in the same pid namespace, should
    /// a child that was stopped between `fork` and its first instruction keep the kernel's lock alive. The
    /// caller has locked the lease's byte. False: its slot belongs to a lockless lease.
    fn publish_lease(&self, lease: u32) -> bool {
        let Some(slot) = self.lease_slot(lease) else { return true };
        let me = Process::this();
        loop {
            let old = slot.pid.load(Ordering::Acquire);
            if old & LOCKLESS != 0 && slot.is_taken_without_lock() {
                return false;
            }
            if slot.sign(old, &me, 0) {
                return true;
            }
        }
    }

    /// The pid of the process that has a lease, wherever that is valid; 0: not known.
    pub fn slot_pid(&self, lease: u32) -> u64 {
        self.lease_slot(lease).map_or(0, |slot| slot.process().pid)
    }

    /// Since when the lease with this slot has its owner (ns since 1970).
    pub fn lease_since(&self, slot: u32) -> Option<&Word> {
        if let Some(since) = self.map.header().lease_since.get(slot as usize) {
            return Some(since);
        }
        let more = self.more_leases().filter(|_| u64::from(slot) < LEASE_SLOTS)?;
        Some(self.map.word(more + MORE_SLOTS * LEASE_SLOT + (u64::from(slot) - HEADER_SLOTS as u64) * 8))
    }

    /// The leases that have a slot, and an owner that lives.
    pub fn living_leases(&self) -> impl Iterator<Item = u32> {
        (0..self.lease_slots()).filter_map(|number| {
            let word = self.lease_slot(number)?.pid.load(Ordering::Acquire);
            let lease = if word & LOCKLESS == 0 { number } else { LOCKLESS_LEASES + number };
            (word != 0 && word & (DECIDING | BEING_SIGNED) == 0 && self.is_alive(lease, true)).then_some(lease)
        })
    }

    /// The number of the slot of a lease.
    pub fn slot_of(lease: u32) -> u32 {
        lease.checked_sub(LOCKLESS_LEASES).unwrap_or(lease)
    }

    /// The process that has a lease, where its pid means the same to this one.
    pub fn process_of(&self, lease: u32) -> Option<u32> {
        self.lease_slot(lease)?.process().pid_here()
    }

    /// Whether the process that has this lease lives. `thoroughly`: also as its lock can mislead, which is
    /// rare, and takes ten times as long to find out.
    pub fn is_alive(&self, lease: u32, thoroughly: bool) -> bool {
        // On the description that holds a lock, GETLK says "unlocked".
        if self.my_lease() == Some(lease) {
            return true;
        }
        if lease >= LOCKLESS_LEASES {
            return self.lease_slot(lease).is_some_and(LeaseSlot::has_lockless_owner);
        }
        let Some(fd) = self.any_fd() else { return true };
        if !is_locked(fd, lease) {
            return false;
        }
        // The kernel says that a descriptor lives. Only a certain proof that its owner does not says more: a
        // child that shares it has not closed it yet.
        let slot = if thoroughly { self.lease_slot(lease) } else { None };
        slot.is_none_or(|slot| slot.pid.get() & LOCKLESS != 0 || slot.process().fate() != Fate::Died)
    }
}

/// Takes a slot by signing it, unless it is that of a process that may live.
pub(super) fn take_slot(slot: &LeaseSlot, lease: u32, me: &Process, flags: u64, fd: RawFd) -> bool {
    let old = slot.pid.load(Ordering::Acquire);
    let is_free = match old {
        0 => true,
        _ if old & LOCKLESS != 0 => !slot.is_taken_without_lock(),
        _ => !is_locked(fd, lease),
    };
    is_free && slot.sign(old, me, flags)
}
