//! Leases: what tells whether a thread that writes to the file is alive.
//!
//! A *lease* is a byte far past the end of the file that a thread keeps locked with `F_OFD_SETLK` for as
//! long as its descriptor is open. The kernel drops that lock with the process, whatever killed it. A lease's
//! *slot* in the file says whose it is.

use super::file::{File, Trouble};
use super::format::{LEASE_SLOT, LEASE_SLOTS, LEASES_AT};
use super::header::{HEADER_SLOTS, LeaseSlot};
use super::lock::{Owner, WAITERS, lease_of, taken_by};
use super::machine::{Fate, Process};
use std::sync::atomic::Ordering;

/// Where the lease bytes are: beyond any size a file can have in practice.
const LEASE_BASE: i64 = 1 << 62;
/// More leases than processes can be.
const LEASES: u32 = 1 << 20;

impl LeaseSlot {
    /// Writes down whose lease it is.
    fn sign(&self, process: &Process) {
        self.pid.set(0);
        self.pidfs.set(process.pidfs);
        self.start.set(process.start);
        self.namespaces.set(process.namespaces);
        self.pid.store(process.pid, Ordering::Release);
    }

    /// Whose lease it is.
    fn process(&self) -> Process {
        let pid = self.pid.load(Ordering::Acquire);
        Process { pid, pidfs: self.pidfs.get(), start: self.start.get(), namespaces: self.namespaces.get() }
    }
}

impl File {
    /// This thread's lease on the file; claims one at the first call.
    #[inline]
    pub fn lease(&self) -> Result<u32, Trouble> {
        match self.my_lease() {
            Some(lease) => Ok(lease),
            None => self.claim_lease(),
        }
    }

    #[cold]
    fn claim_lease(&self) -> Result<u32, Trouble> {
        self.set_lease(None);
        let fd = self.writable_fd()?;
        let start = std::process::id().wrapping_mul(0x9e37_79b1) % LEASE_SLOTS as u32;
        let near = (0..LEASE_SLOTS as u32).map(|n| (start + n) % LEASE_SLOTS as u32);
        for lease in near.chain(LEASE_SLOTS as u32..LEASES) {
            let mut range = lease_range(lease, libc::F_WRLCK);
            // SAFETY: `range` is a valid `flock`, `fd` an open descriptor.
            if unsafe { libc::fcntl(fd, libc::F_OFD_SETLK, &mut range) } == 0 {
                self.sign_lease(lease);
                return self.succeed(lease);
            }
            let error = std::io::Error::last_os_error();
            if !matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) {
                return Err(Trouble::CannotDo("lock", error));
            }
        }
        Err(Trouble::CannotDo("lock", std::io::Error::other("too many processes write to it")))
    }

    /// The slot of a lease; `None` where it has none. An empty store has those of its header page alone.
    pub fn lease_slot(&self, lease: u32) -> Option<&LeaseSlot> {
        let header = self.map.header();
        if (lease as usize) < HEADER_SLOTS {
            return Some(&header.leases[lease as usize]);
        }
        if u64::from(lease) >= LEASE_SLOTS || header.directory.get() == 0 {
            return None;
        }
        self.map.lease_slot(header.system.count() + LEASES_AT + u64::from(lease) * LEASE_SLOT)
    }

    /// Writes down whose lease it is: a second proof of death, for those in the same pid namespace, should
    /// a child that was stopped between `fork` and its first instruction keep the kernel's lock alive.
    pub(super) fn sign_lease(&self, lease: u32) {
        if let Some(slot) = self.lease_slot(lease) {
            slot.sign(&Process::this());
        }
    }

    /// A recycled lease number may still be recorded in the lock or in the hold: the thread that claims it
    /// takes over what its predecessor left, as any waiter would have.
    fn succeed(&self, lease: u32) -> Result<u32, Trouble> {
        let header = self.map.header();
        let mut word = header.lock.get();
        // Again where somebody has only marked that it waits: who else should take it over? To all
        // others its owner lives now.
        while lease_of(word) == Some(lease) {
            let new = taken_by(lease, word) | u64::from(word as u32 & WAITERS);
            match header.lock.compare_exchange(word, new) {
                Ok(()) => {
                    drop(Owner { file: self }.recovered()?);
                    break;
                }
                Err(now) => word = now,
            }
        }
        self.set_lease(Some(lease));
        let result = self.end_inherited_hold(lease);
        if result.is_err() {
            // Claimed again at the next try: a hold that another process left must not pass for
            // one of this thread's own.
            self.set_lease(None);
        }
        result.map(|()| lease)
    }

    fn end_inherited_hold(&self, lease: u32) -> Result<(), Trouble> {
        let header = self.map.header();
        if lease_of(header.hold.get()) == Some(lease) {
            let owner = self.own()?;
            if lease_of(header.hold.get()) == Some(lease) {
                owner.end_hold();
            }
        }
        Ok(())
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
        let Some(fd) = self.any_fd() else { return true };
        // Asking for a read lock: a read lock of somebody else's must not pass for a life.
        let mut range = lease_range(lease, libc::F_RDLCK);
        // SAFETY: as in `claim_lease`.
        if unsafe { libc::fcntl(fd, libc::F_OFD_GETLK, &mut range) } != 0 {
            return true;
        }
        if range.l_type == libc::F_UNLCK as i16 {
            return false;
        }
        // The kernel says that a descriptor lives. Only a certain proof that its owner does not says more: a
        // child that shares it has not closed it yet.
        let slot = if thoroughly { self.lease_slot(lease) } else { None };
        slot.is_none_or(|slot| slot.process().fate() != Fate::Died)
    }
}

fn lease_range(lease: u32, kind: i32) -> libc::flock {
    // SAFETY: all zeros is a valid `flock`; `l_pid` has to be 0.
    let mut range: libc::flock = unsafe { std::mem::zeroed() };
    range.l_type = kind as i16;
    range.l_whence = libc::SEEK_SET as i16;
    range.l_start = LEASE_BASE + i64::from(lease);
    range.l_len = 1;
    range
}
