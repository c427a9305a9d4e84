//! The write lock, the leases that tell whether its owner lives, and `lock()`'s hold.
//!
//! Each thread that writes owns a *lease*: a byte far past the end of the file, kept locked with
//! `F_OFD_SETLK` for as long as its descriptor is open. The kernel drops it with the process,
//! whatever killed it. The lock word names the owner's lease, so a waiter that has waited for
//! milliseconds asks the kernel whether that byte is still locked, and takes over if not.
//!
//! The word also counts how often it was taken: without that, a waiter that found lease 7 dead
//! could swap away the word of a *new* owner who was given number 7 in between.

use super::error::{Held, Patience};
use super::file::{File, Trouble};
use super::format::{LEASE_NAMESPACES, LEASE_PID, LEASE_SLOT, LEASE_SLOTS, LEASE_START, LEASES_AT, MAGIC};
use super::header::{DESTROYED, HELD, Header, Word};
use super::torture::meanwhile;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::{Duration, Instant};

/// Where the lease bytes are: beyond any size a file can have in practice.
const LEASE_BASE: i64 = 1 << 62;
/// More leases than processes can be.
const LEASES: u32 = 1 << 20;
/// The lease that nobody ever has: who leaves the lock to it leaves it to whoever comes next, as if he
/// had died.
const NOBODY: u32 = LEASES;
/// Somebody sleeps on the lock word.
const WAITERS: u32 = 1 << 31;
/// How often a waiter looks at the word before it sleeps.
const SPINS: u32 = 60;
/// How long a waiter sleeps before it asks whether the owner lives, and how long at most when it has been told
/// that it does: an owner that waits for a processor is not to wait for a hundred others who ask.
const LOOK_AFTER: Duration = Duration::from_millis(2);
const LOOK_AGAIN: Duration = Duration::from_millis(16);
/// How long one call waits before it lets its caller look for signals.
const BUSY_AFTER: Duration = Duration::from_millis(50);

/// The write lock, held. Dropping it gives the lock back.
pub struct Owner<'f> {
    pub(super) file: &'f File,
}

/// How strong a hold is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// Writers wait.
    Writers = 0,
    /// Everybody waits: `lock()`.
    All = 1,
}

/// A look at the store that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Looking {
    /// The log's end, without the mark of a hold.
    pub commit: u64,
    /// The number of holds that keep readers out, up to then.
    holds: u64,
}

/// What an object sees when it looks for a hold.
enum Hold {
    None,
    Mine,
    /// Its holder has died.
    Dead,
    Other(Held),
}

fn lease_of(word: u64) -> Option<u32> {
    (word as u32 & !WAITERS).checked_sub(1)
}

fn taken_by(lease: u32, previous: u64) -> u64 {
    ((previous >> 32) + 1) << 32 | u64::from(lease + 1)
}

impl File {
    /// Takes the write lock, from a dead owner too (then everything it left half done has been
    /// completed). [`Trouble::Busy`] after some milliseconds with a live owner.
    #[inline]
    pub fn own(&self) -> Result<Owner<'_>, Trouble> {
        let lease = self.lease()?;
        let header = self.map.header();
        self.check_ours()?;
        let word = header.lock.get();
        let owner = if word as u32 == 0 && header.lock.compare_exchange(word, taken_by(lease, word)).is_ok() {
            Owner { file: self }
        } else {
            self.own_slowly(lease)?
        };
        // What was true before the lock was taken may no longer be.
        match self.check_ours() {
            // A takeover that could not finish (a full disk, say) is tried again.
            Ok(()) if header.indexed.get() != header.commit.get() & !HELD => owner.recovered(),
            Ok(()) => Ok(owner),
            // `owner` gives the lock back: should only some other page have been poisoned, others
            // must not wait until this thread closes the file.
            Err(trouble) => Err(trouble),
        }
    }

    /// Whether the mapping still shows the store that was opened.
    #[inline]
    pub fn check_ours(&self) -> Result<(), Trouble> {
        if self.shows_our_header() && !self.map.is_poisoned() { Ok(()) } else { Err(Trouble::Stale) }
    }

    #[inline]
    pub fn shows_our_header(&self) -> bool {
        let header = self.map.header();
        header.flags.get() & DESTROYED == 0
            && header.magic.get() == MAGIC
            && header.page_end.get() == MAGIC
            && header.store_id.get() == self.identity.store_id
    }

    #[cold]
    fn own_slowly(&self, lease: u32) -> Result<Owner<'_>, Trouble> {
        let lock = &self.map.header().lock;
        let start = Instant::now();
        let mut looked = start;
        let mut patience = LOOK_AFTER;
        let mut kept_by = lock.get();
        let mut slept = 0;
        loop {
            for _ in 0..SPINS {
                let word = lock.get();
                if word as u32 == 0 {
                    // Whoever slept does not know who else sleeps: let unlock() wake the next.
                    let new = taken_by(lease, word) | if slept > 0 { u64::from(WAITERS) } else { 0 };
                    if lock.compare_exchange(word, new).is_ok() {
                        return Ok(Owner { file: self });
                    }
                }
                std::hint::spin_loop();
            }
            let word = lock.get();
            if word as u32 == 0 {
                continue;
            }
            if word as u32 & WAITERS == 0 && lock.compare_exchange(word, word | u64::from(WAITERS)).is_err() {
                continue;
            }
            let woken = futex_wait(lock, word as u32 | WAITERS, patience);
            slept += 1;
            self.check_ours()?;
            if woken == Woken::Fault {
                return Err(Trouble::Stale);
            }
            // By the clock, not by what ended the sleep: signals that come all the time must not
            // keep anybody from looking.
            if looked.elapsed() >= patience {
                looked = Instant::now();
                let word = lock.get();
                let moves_on = (word ^ kept_by) & !u64::from(WAITERS) != 0;
                // Waiters without an owner: nobody leaves that, but a file may say anything.
                if !moves_on
                    && word as u32 != 0
                    && lease_of(word).is_none_or(|owner| !self.is_alive(owner, patience > LOOK_AFTER))
                    && lock.compare_exchange(word, taken_by(lease, word) | u64::from(WAITERS)).is_ok()
                {
                    return Owner { file: self }.recovered();
                }
                patience = if moves_on { LOOK_AFTER } else { (2 * patience).min(LOOK_AGAIN) };
                kept_by = word;
            }
            if start.elapsed() >= BUSY_AFTER {
                return Err(Trouble::Busy);
            }
        }
    }

    /// This thread's lease on the file; claims one at the first call.
    #[inline]
    fn lease(&self) -> Result<u32, Trouble> {
        match self.my_lease() {
            Some(lease) => Ok(lease),
            None => self.claim_lease(),
        }
    }

    #[cold]
    fn claim_lease(&self) -> Result<u32, Trouble> {
        self.set_lease(None);
        let fd = self.writable_fd()?;
        let me = Process::this();
        let start = (me.pid as u32).wrapping_mul(0x9e37_79b1) % LEASE_SLOTS as u32;
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

    /// Writes down whose lease it is: a second proof of death, for those in the same pid
    /// namespace, should a child that was stopped between `fork` and its first instruction keep
    /// the kernel's lock alive.
    pub(super) fn sign_lease(&self, lease: u32) {
        if u64::from(lease) < LEASE_SLOTS && self.map.header().directory.get() != 0 {
            let me = Process::this();
            let at = self.map.header().system.count() + LEASES_AT + u64::from(lease) * LEASE_SLOT;
            self.map.word(at + LEASE_PID).set(0);
            self.map.word(at + LEASE_START).set(me.start);
            self.map.word(at + LEASE_NAMESPACES).set(me.namespace);
            self.map.word(at + LEASE_PID).store(me.pid, Ordering::Release);
        }
    }

    /// A number whose last owner died may still stand in the lock or in the hold: whoever gets it
    /// takes over what he left, as any waiter would have.
    fn succeed(&self, lease: u32) -> Result<u32, Trouble> {
        let header = self.map.header();
        let mut word = header.lock.get();
        // Again where somebody has only marked that he waits: who else should take it over? To all
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

    /// Whether the process that has this lease lives. `thoroughly`: also as its lock can mislead, which is
    /// rare, and takes ten times as long to find out.
    fn is_alive(&self, lease: u32, thoroughly: bool) -> bool {
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
        if !thoroughly || u64::from(lease) >= LEASE_SLOTS || self.map.header().directory.get() == 0 {
            return true;
        }
        let at = self.map.header().system.count() + LEASES_AT + u64::from(lease) * LEASE_SLOT;
        let pid = self.map.word(at + LEASE_PID).load(Ordering::Acquire);
        let start = self.map.word(at + LEASE_START).get();
        let namespace = self.map.word(at + LEASE_NAMESPACES).get();
        pid == 0 || start == 0 || namespace == 0 || namespace != self::namespace() || !Process::has_died(pid, start)
    }

    /// Whether `object` may go on with a read, as far as holds are concerned. Who finds that the
    /// holder has died, ends the hold, if he may write.
    #[cold]
    pub fn check_hold(&self, object: u64) -> Result<(), Trouble> {
        match self.hold_seen_by(object) {
            Hold::Other(held) if !held.change => Err(Trouble::Held(held)),
            Hold::Dead if self.writable => match self.own() {
                Ok(owner) => owner.check_hold_on_readers(object),
                Err(_) => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Begins to look at the store for `object`, unless another's `lock()` keeps it out. See
    /// [`File::has_seen_no_section`].
    #[inline]
    pub fn begin_looking(&self, object: u64) -> Result<Looking, Trouble> {
        let header = self.map.header();
        let holds = header.holds.load(Ordering::Acquire);
        let mut commit = header.commit.load(Ordering::Acquire);
        if commit & HELD != 0 {
            self.check_hold(object)?;
            // The holder may have gone on after that was loaded, and died since: the end of its work is what
            // has to be seen.
            commit = header.commit.load(Ordering::Acquire);
        }
        meanwhile("beginning to look");
        Ok(Looking { commit: commit & !HELD, holds })
    }

    /// Whether all that was loaded since [`File::begin_looking`] is from outside of the sections that others
    /// hold `lock()` for. A holder moves `holds` after setting [`HELD`] and before its first write. A look
    /// that sees a write of such a section sees the section's number at its end; if it saw that number at its
    /// start already, it saw the mark, too, or the section's end.
    #[inline]
    pub fn has_seen_no_section(&self, looking: Looking) -> bool {
        fence(Ordering::Acquire);
        self.map.header().holds.load(Ordering::Relaxed) == looking.holds
    }

    fn hold_seen_by(&self, object: u64) -> Hold {
        let header = self.map.header();
        let word = header.hold.load(Ordering::Acquire);
        let Some(lease) = lease_of(word) else { return Hold::None };
        let same_thread = self.my_lease() == Some(lease);
        if same_thread && header.hold_object.get() == object {
            return Hold::Mine;
        }
        if !same_thread && !self.is_alive(lease, true) {
            return Hold::Dead;
        }
        Hold::Other(Held {
            patience: self.hold_patience(),
            same_thread,
            change: header.hold_strength.get() == Strength::Writers as u64,
            holder: self.process_of(lease),
            ticket: word,
        })
    }

    fn hold_patience(&self) -> Patience {
        let header = self.map.header();
        Patience::from_words([header.hold_timeout.get(), header.hold_interval.get()])
    }

    /// The process that has a lease, where its pid is of this process's pid namespace.
    fn process_of(&self, lease: u32) -> Option<u32> {
        if u64::from(lease) >= LEASE_SLOTS || self.map.header().directory.get() == 0 {
            return None;
        }
        let at = self.map.header().system.count() + LEASES_AT + u64::from(lease) * LEASE_SLOT;
        let pid = self.map.word(at + LEASE_PID).load(Ordering::Acquire);
        let namespace = self.map.word(at + LEASE_NAMESPACES).get();
        let is_ours = pid != 0 && namespace != 0 && namespace == self::namespace();
        u32::try_from(pid).ok().filter(|_| is_ours)
    }

    /// Sleeps until the hold with this ticket ends, at most for `at_most`.
    pub fn wait_for_hold(&self, ticket: u64, at_most: Duration) {
        let header = self.map.header();
        let ended = header.hold_ended.load(Ordering::Acquire) as u32;
        if self.writable {
            header.hold_waiters.set(1);
        }
        // Says that it waits, then looks; who ends the hold says so, then looks who waits. With a fence
        // in between on both sides (tests/loom.rs) one of them sees the other.
        fence(Ordering::SeqCst);
        if header.hold.load(Ordering::Relaxed) == ticket
            && futex_wait(&header.hold_ended, ended, at_most) == Woken::Fault
        {
            self.map.poison();
        }
    }
}

impl Owner<'_> {
    #[inline]
    pub fn header(&self) -> &Header {
        self.file.map.header()
    }

    /// Whether anybody holds the store.
    #[inline]
    pub fn is_held(&self) -> bool {
        self.header().hold.get() != 0
    }

    /// Refuses where another object holds the store. A hold whose holder died is ended.
    #[cold]
    pub fn check_hold(&self, object: u64) -> Result<(), Trouble> {
        match self.file.hold_seen_by(object) {
            Hold::Other(held) => Err(Trouble::Held(held)),
            Hold::Dead => {
                self.end_hold();
                Ok(())
            }
            Hold::None | Hold::Mine => Ok(()),
        }
    }

    /// As [`Owner::check_hold`], for an access that only reads.
    #[cold]
    pub fn check_hold_on_readers(&self, object: u64) -> Result<(), Trouble> {
        match self.check_hold(object) {
            Err(Trouble::Held(held)) if held.change => Ok(()),
            result => result,
        }
    }

    /// Begins a hold, or gives the one that this object has another strength and other times.
    pub fn hold(&self, object: u64, strength: Strength, patience: Patience) {
        let header = self.header();
        header.hold_object.set(object);
        header.hold_since.set(boot_time());
        let [timeout, interval] = patience.words();
        header.hold_timeout.set(timeout);
        header.hold_interval.set(interval);
        header.hold_strength.set(strength as u64);
        let lease = self.file.my_lease().expect("the owner of the lock has a lease");
        let counter = header.lock.get() >> 32;
        header.hold.store(counter << 32 | u64::from(lease + 1), Ordering::Release);
        let commit = header.commit.get() & !HELD;
        header.commit.store(if strength == Strength::All { commit | HELD } else { commit }, Ordering::Release);
        if strength == Strength::All {
            // As `File::has_seen_no_section` says: after the mark, before the section's first write.
            header.holds.store(header.holds.get().wrapping_add(1), Ordering::Release);
            fence(Ordering::Release);
        }
    }

    /// Gives the hold of this object to the lease that this file has, from the one that it has as it was
    /// mapped before. False: it has none.
    pub fn take_hold_from(&self, old: &File, object: u64) -> bool {
        let header = self.header();
        let held = old.my_hold() == Some(object) && self.file.identity == old.identity;
        if held {
            let strength = if header.hold_strength.get() == 0 { Strength::Writers } else { Strength::All };
            self.hold(object, strength, self.file.hold_patience());
        }
        held
    }

    /// Ends whatever hold there is and wakes those who wait for it.
    pub fn end_hold(&self) {
        let header = self.header();
        header.commit.store(header.commit.get() & !HELD, Ordering::Release);
        header.hold.store(0, Ordering::Release);
        header.hold_ended.add(1);
        // As in `wait_for_hold`.
        fence(Ordering::SeqCst);
        if header.hold_waiters.swap(0) != 0 {
            futex_wake(&header.hold_ended, i32::MAX);
        }
    }

    /// Completes what a dead owner left, as the new owner. Where that breaks off, as this process's
    /// mapping shows too little of the file, say, somebody else has to try again. (So he will where the
    /// log's end is damaged, as the index does not know that.)
    fn recovered(self) -> Result<Self, Trouble> {
        match self.recover() {
            Ok(()) => Ok(self),
            Err(trouble) => {
                if self.file.map.is_poisoned() {
                    self.abandon();
                }
                Err(trouble)
            }
        }
    }

    /// Gives the lock up in the middle of a change: the next owner takes it over, and recovers.
    #[cold]
    pub fn abandon(self) {
        let lock = &self.header().lock;
        lock.swap(taken_by(NOBODY, lock.get()));
        std::mem::forget(self);
    }
}

impl File {
    /// The object of this thread that holds the store.
    pub fn my_hold(&self) -> Option<u64> {
        let header = self.map.header();
        let lease = lease_of(header.hold.load(Ordering::Acquire))?;
        (self.my_lease() == Some(lease)).then(|| header.hold_object.get())
    }
}

impl Drop for Owner<'_> {
    #[inline]
    fn drop(&mut self) {
        let lock = &self.header().lock;
        // The counter stays: it is what makes every taking different.
        let word = lock.swap(lock.get() & !u64::from(u32::MAX));
        if word as u32 & WAITERS != 0 {
            futex_wake(lock, 1);
        }
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

// ---- who a process is --------------------------------------------------------------------------

/// What tells a process from another one that was later given the same pid.
struct Process {
    pid: u64,
    /// Clock ticks after boot.
    start: u64,
    /// The inode of its pid namespace.
    namespace: u64,
}

impl Process {
    fn this() -> Self {
        let pid = u64::from(std::process::id());
        Self { pid, start: Self::start_of(pid).unwrap_or(0), namespace: namespace() }
    }

    /// Whether the process that had this pid and started then is certainly dead. In doubt it is
    /// not: /proc may hide other users' processes.
    fn has_died(pid: u64, start: u64) -> bool {
        // SAFETY: signal 0 only asks.
        let gone = unsafe { libc::kill(pid as libc::pid_t, 0) } != 0
            && std::io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH);
        gone || Self::stat_of(pid).is_some_and(|stat| stat.start != start || stat.is_zombie)
    }

    /// When the process with this pid started; `None` if that cannot be seen.
    fn start_of(pid: u64) -> Option<u64> {
        Self::stat_of(pid).map(|stat| stat.start)
    }

    fn stat_of(pid: u64) -> Option<Stat> {
        let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may hold anything; the state, field 3, is the first after it.
        let after = &stat[stat.iter().rposition(|&b| b == b')')? + 1..];
        let fields: Vec<&str> = std::str::from_utf8(after).ok()?.split_ascii_whitespace().collect();
        // The first thread may have ended before the others: that looks like a zombie, too.
        let is_zombie = *fields.first()? == "Z" && fields.get(17)?.parse::<u64>().ok()? <= 1;
        Some(Stat { start: fields.get(19)?.parse().ok()?, is_zombie })
    }
}

/// What /proc says of a process.
struct Stat {
    start: u64,
    /// Dead, and not yet waited for by its parent.
    is_zombie: bool,
}

/// The inode of this process's pid namespace; 0 where /proc speaks of another namespace's pids.
fn namespace() -> u64 {
    use std::os::unix::fs::MetadataExt;
    const UNKNOWN: u64 = u64::MAX;
    static NAMESPACE: AtomicU64 = AtomicU64::new(UNKNOWN);
    // No `OnceLock`, which a child might find in the middle of what another thread did when it was
    // forked, and wait for ever.
    if NAMESPACE.load(Ordering::Relaxed) == UNKNOWN {
        let speaks_of_us = std::fs::read_link("/proc/self")
            .is_ok_and(|target| target.to_str() == Some(&std::process::id().to_string()));
        let inode = if speaks_of_us { std::fs::metadata("/proc/self/ns/pid").map_or(0, |m| m.ino()) } else { 0 };
        NAMESPACE.store(inode, Ordering::Relaxed);
    }
    NAMESPACE.load(Ordering::Relaxed)
}

/// Nanoseconds since boot, sleep included.
fn boot_time() -> u64 {
    // SAFETY: a valid clock and a valid place for the answer.
    unsafe {
        let mut now: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut now);
        now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
    }
}

// ---- futex -------------------------------------------------------------------------------------

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Woken {
    /// By somebody, by a signal, or because the word had changed: look again.
    Maybe,
    TimedOut,
    /// There is no file behind the word any more.
    Fault,
}

/// Sleeps while the low half of `word` is `expected`.
fn futex_wait(word: &Word, expected: u32, at_most: Duration) -> Woken {
    let timeout =
        libc::timespec { tv_sec: at_most.as_secs() as libc::time_t, tv_nsec: at_most.subsec_nanos() as libc::c_long };
    // SAFETY: the word is in a live mapping; shared between processes, so not FUTEX_PRIVATE.
    let result = unsafe {
        libc::syscall(libc::SYS_futex, word.low_half().as_ptr(), libc::FUTEX_WAIT, expected.to_le(), &raw const timeout)
    };
    if result == 0 {
        return Woken::Maybe;
    }
    match std::io::Error::last_os_error().raw_os_error() {
        Some(libc::ETIMEDOUT) => Woken::TimedOut,
        Some(libc::EFAULT) => Woken::Fault,
        _ => Woken::Maybe,
    }
}

fn futex_wake(word: &Word, count: i32) {
    // SAFETY: as in `futex_wait`.
    unsafe { libc::syscall(libc::SYS_futex, word.low_half().as_ptr(), libc::FUTEX_WAKE, count) };
}

#[cfg(test)]
pub(super) mod model;
