//! SIGBUS, which a mapped file raises where somebody has cut it short; and one in memory (tmpfs) that is whole, where a page
//! has nothing behind it, is touched, and there is no room for it.
//!
//! The handler puts zeros where the file is missing, marks the mapping *poisoned* and lets the access finish;
//! code that works on the mapping checks the mark before it uses a result. Faults of other mappings,
//! and signals that somebody has sent, go to the handler that was there before.
//!
//! A program may install a handler of its own at any time, or ignore or block the signal: then an access to
//! a file that was cut short would kill it, or be repeated for ever. So the store looks whose handler it is:
//!
//! * with each mapping, new or changed ([`stand_ready`]),
//! * after each change that was announced (PHP's functions for signals all announce theirs), at the next access,
//! * where a look at the path finds a file shorter than it was, before anything of it is touched,
//! * and else each [`PERIOD`] of accesses ([`stand_ready_at_times`]): native code, which announces nothing, may take the
//!   signal unnoticed for so long. A file must then be cut short between a look at its path and an access in the same
//!   tick to do harm.

use super::clock::Moment;
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use sync_fork::{StaticTable, Unused};

// ---- the mappings that are watched ---------------------------------------------------------------

/// The handler's knowledge of a mapping: plain atomics, as it may run at any instruction.
pub struct Watched {
    taken: AtomicBool,
    poisoned: AtomicBool,
    faulted: AtomicBool,
    base: AtomicUsize,
    length: AtomicUsize,
}

impl Unused for Watched {
    const UNUSED: Self = Self {
        taken: AtomicBool::new(false),
        poisoned: AtomicBool::new(false),
        faulted: AtomicBool::new(false),
        base: AtomicUsize::new(0),
        length: AtomicUsize::new(0),
    };
}

static WATCHED: StaticTable<Watched> = StaticTable::new();

impl Watched {
    /// A place for a mapping. It covers nothing yet, and is given back by [`Watched::free`].
    pub fn new() -> &'static Self {
        let slot = WATCHED.take(|slot| !slot.taken.swap(true, Ordering::AcqRel));
        slot.poisoned.store(false, Ordering::Relaxed);
        slot.faulted.store(false, Ordering::Relaxed);
        slot
    }

    /// The mapping is gone.
    pub fn free(&self) {
        self.taken.store(false, Ordering::Release);
    }

    /// From here on faults in this range are this mapping's.
    pub fn cover(&self, base: NonNull<u8>, length: u64) {
        // Released, as the handler may still be looking at the mapping that was here before: if it sees this
        // length, it also sees that the base is another one.
        self.length.store(length as usize, Ordering::Release);
        self.base.store(base.as_ptr() as usize, Ordering::Release);
    }

    /// The range is about to be somebody else's.
    pub fn uncover(&self) {
        self.base.store(0, Ordering::Release);
    }

    /// Whether an access raised the signal. (Else what poisoned the mapping is what the file says, or how long it is.)
    pub fn has_faulted(&self) -> bool {
        self.faulted.load(Ordering::Acquire)
    }

    /// Whether some access found no file behind the mapping.
    #[inline]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    /// Does to the mapping what touching a page that is gone does.
    pub fn poison(&self) {
        self.poisoned.store(true, Ordering::Release);
    }

    /// Where the mapping begins and how long it is, if it has this address.
    fn around(&self, address: usize) -> Option<(usize, usize)> {
        let base = self.base.load(Ordering::Acquire);
        let length = self.length.load(Ordering::Acquire);
        // Another thread may have given the slot to another mapping in between.
        let same = self.base.load(Ordering::Acquire) == base;
        (same && base != 0 && address >= base && address - base < length).then_some((base, length))
    }
}

/// Where in its file a mapped address lies.
#[cfg(feature = "loom")]
pub(super) fn offset_of(address: usize) -> Option<u64> {
    WATCHED.iter().find_map(|mapping| mapping.around(address)).map(|(base, _)| (address - base) as u64)
}

// ---- the owner of a signal --------------------------------------------------------------------------

/// For how long this thread does not look whose handler it is, where nobody has announced a change: nanoseconds. Some
/// dozens of ticks, so that the two system calls hardly count beside the one that looks at the path.
pub const PERIOD: u64 = 100_000_000;

thread_local! {
    /// When this thread last looked whose handler it is.
    static LAST: Cell<Option<Moment>> = const { Cell::new(None) };
}

/// Makes sure that a fault of this thread comes to the handler here, even if another library has taken the signal since. Two
/// system calls.
#[cold]
pub fn stand_ready() {
    // Before it looks: a change that is announced meanwhile is none that it has seen.
    LAST.set(Some(Moment::now()));
    // SAFETY: asks; valid places for the answers.
    let (current, mask) = unsafe {
        let mut current = MaybeUninit::<libc::sigaction>::zeroed();
        libc::sigaction(libc::SIGBUS, ptr::null(), current.as_mut_ptr());
        let mut mask = MaybeUninit::<libc::sigset_t>::zeroed();
        libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), mask.as_mut_ptr());
        (current.assume_init(), mask.assume_init())
    };
    if current.sa_sigaction != ours() {
        install(&current);
    }
    // SAFETY: the kernel has just filled the set in.
    if unsafe { libc::sigismember(&mask, libc::SIGBUS) } == 1 {
        unblock();
    }
}

/// As [`stand_ready`], unless this thread has looked within this [`PERIOD`], and nobody has announced a change since.
pub fn stand_ready_at_times() {
    if !LAST.get().is_some_and(|last| last.is_at_most_ago(PERIOD)) {
        stand_ready();
    }
}

fn ours() -> usize {
    handle as *const () as usize
}

/// Several threads may do this at the same time, and none waits for another: a child that is forked
/// meanwhile has no such other.
#[cold]
fn install(current: &libc::sigaction) {
    // Before it is needed.
    Link::remember(current);
    // SAFETY: all zeros is a valid `sigaction`. `handle` has the signature that SA_SIGINFO asks for,
    // and does nothing that a signal handler may not do. The shared object stays loaded
    // (`-z nodelete`).
    unsafe {
        let mut action = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
        action.sa_sigaction = ours();
        // Deferred, a fault of the handler that it is passed on to would kill.
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER | current.sa_flags & libc::SA_RESTART;
        libc::sigemptyset(&mut action.sa_mask);
        let mut replaced = MaybeUninit::<libc::sigaction>::zeroed();
        libc::sigaction(libc::SIGBUS, &action, replaced.as_mut_ptr());
        let replaced = replaced.assume_init();
        if replaced.sa_sigaction != ours() && !is_same(&replaced, current) {
            // Another thread was in between.
            Link::remember(&replaced);
        }
    }
}

/// A fault while the signal is blocked kills. One that somebody has sent and that waits stays where it is: to
/// let it through could kill, too.
#[cold]
fn unblock() {
    // SAFETY: valid sets of signals; changes this thread's mask alone.
    unsafe {
        let mut set = MaybeUninit::<libc::sigset_t>::zeroed().assume_init();
        libc::sigpending(&mut set);
        if libc::sigismember(&set, libc::SIGBUS) == 1 {
            return;
        }
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGBUS);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &set, ptr::null_mut());
    }
}

// ---- earlier handlers ---------------------------------------------------------------------------

/// A program's own handling of the signal: its `sigaction`, leaked, as handlers need it for ever.
struct Link {
    action: AtomicPtr<libc::sigaction>,
    /// The greatest is what was installed last.
    order: AtomicU64,
}

/// Most programs have one; two that each restore what they found, and a few that do not know of each other,
/// have some more.
static CHAIN: [Link; 16] = [const { Link { action: AtomicPtr::new(ptr::null_mut()), order: AtomicU64::new(0) } }; 16];

impl Link {
    /// Makes an action the newest of the chain.
    fn remember(action: &libc::sigaction) {
        static ORDER: AtomicU64 = AtomicU64::new(1);
        let order = ORDER.fetch_add(1, Ordering::Relaxed);
        if let Some(link) = CHAIN.iter().find(|link| link.action().is_some_and(|known| is_same(known, action))) {
            return link.order.store(order, Ordering::Release);
        }
        let action = Box::into_raw(Box::new(*action));
        let is_free = |link: &&Link| {
            link.action.compare_exchange(ptr::null_mut(), action, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        let link = CHAIN.iter().find(is_free).unwrap_or_else(|| {
            let oldest = CHAIN.iter().min_by_key(|link| link.order.load(Ordering::Relaxed)).expect("there are some");
            // The handler may be looking at the one before: that stays in memory.
            oldest.action.store(action, Ordering::Release);
            oldest
        });
        link.order.store(order, Ordering::Release);
    }

    fn action(&self) -> Option<&'static libc::sigaction> {
        // SAFETY: null, or leaked by `remember`.
        unsafe { self.action.load(Ordering::Acquire).as_ref() }
    }

    /// The newest that is older than `order`, and its own.
    fn before(order: u64) -> Option<(&'static Self, u64)> {
        CHAIN
            .iter()
            .map(|link| (link, link.order.load(Ordering::Acquire)))
            .filter(|(_, its)| *its != 0 && *its < order)
            .max_by_key(|(_, order)| *order)
    }

    /// Does what the action says, as the kernel would.
    fn call(&self, signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        let Some(action) = self.action() else { return die(signal, info) };
        match action.sa_sigaction {
            libc::SIG_DFL => return die(signal, info),
            // As the kernel has it, a fault cannot be ignored.
            libc::SIG_IGN if is_fault(info) => return die(signal, info),
            libc::SIG_IGN => return,
            _ => {}
        }
        if action.sa_flags & libc::SA_RESETHAND != 0 {
            self.action.store((&raw const DEFAULT).cast_mut(), Ordering::Release);
        }
        // SAFETY: the action was a program's: a handler in it has the signature that its flags tell. The mask is
        // this thread's; all of this is async-signal-safe.
        unsafe {
            let mut mask = action.sa_mask;
            if action.sa_flags & libc::SA_NODEFER == 0 {
                libc::sigaddset(&mut mask, signal);
            }
            let mut before = MaybeUninit::<libc::sigset_t>::zeroed();
            libc::pthread_sigmask(libc::SIG_BLOCK, &mask, before.as_mut_ptr());
            if action.sa_flags & libc::SA_SIGINFO != 0 {
                let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) =
                    std::mem::transmute(action.sa_sigaction);
                handler(signal, info, context);
            } else {
                let handler: extern "C" fn(i32) = std::mem::transmute(action.sa_sigaction);
                handler(signal);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut());
        }
    }
}

/// `SIG_DFL`.
// SAFETY: all zeros is a valid `sigaction`.
static DEFAULT: libc::sigaction = unsafe { std::mem::zeroed() };

fn is_same(one: &libc::sigaction, other: &libc::sigaction) -> bool {
    one.sa_sigaction == other.sa_sigaction && one.sa_flags == other.sa_flags
}

// ---- the handler ---------------------------------------------------------------------------------

/// The kernel's code for "no such page behind this mapping", and the last of those for an access that is at fault.
const BUS_ADRERR: i32 = 2;
const BUS_MCEERR_AR: i32 = 4;

extern "C" fn handle(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid siginfo for SIGBUS; errno is this thread's.
    unsafe {
        // Put back, as the interrupted code may be about to read it.
        let errno = *libc::__errno_location();
        if (*info).si_code != BUS_ADRERR || !fill_with_zeros((*info).si_addr() as usize) {
            pass_on(signal, info, context);
        }
        *libc::__errno_location() = errno;
    }
}

/// Puts zeros where a file is missing behind a mapping of ours; false where there is none.
fn fill_with_zeros(address: usize) -> bool {
    for slot in WATCHED.iter() {
        let Some((base, length)) = slot.around(address) else { continue };
        // SAFETY: sysconf and mmap are async-signal-safe in practice (plain system calls); the
        // pages lie inside our own mapping.
        unsafe {
            let page = libc::sysconf(libc::_SC_PAGESIZE) as usize;
            let start = address & !(page - 1);
            let zeros = |length| {
                let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE;
                let access = libc::PROT_READ | libc::PROT_WRITE;
                libc::mmap(start as *mut libc::c_void, length, access, flags, -1, 0) != libc::MAP_FAILED
            };
            // All of what follows: where the file ends here it has nothing there either (and where it does not, nothing
            // of it is believed until it is mapped anew), and a
            // walk through it must not need a signal and a mapping a page, of which there is a
            // limited number. (A machine that lets nobody ask for so much gets a page.)
            let rest = base + length - start;
            if zeros(rest) || zeros(page) {
                // In this order: whoever finds it poisoned knows why.
                slot.faulted.store(true, Ordering::Release);
                slot.poison();
                return true;
            }
        }
    }
    false
}

/// The state of a thread that passes a signal on, and how it passed on the last one.
struct Thread {
    /// Its number; 0: nobody's.
    number: AtomicI32,
    /// The kernel's account of the interrupted code, and where on the stack it passes that on.
    context: AtomicUsize,
    frame: AtomicUsize,
    /// To which link of the chain.
    order: AtomicU64,
    /// The address of the last fault, and how often in a row it was that one.
    address: AtomicUsize,
    times: AtomicU32,
}

/// By a thread's number, modulo how many there are. (That two share one, each with somebody else's signal at the
/// same time, is nothing to provide for.)
static THREADS: [Thread; 64] = [const {
    Thread {
        number: AtomicI32::new(0),
        context: AtomicUsize::new(0),
        frame: AtomicUsize::new(0),
        order: AtomicU64::new(0),
        address: AtomicUsize::new(0),
        times: AtomicU32::new(0),
    }
}; 64];

/// How often one and the same access may fault before a handler that always returns is taken to have no remedy.
const REPEATS: u32 = 1000;

impl Thread {
    fn this() -> &'static Self {
        // SAFETY: the call takes nothing and changes nothing.
        let number = unsafe { libc::syscall(libc::SYS_gettid) as i32 };
        let this = &THREADS[number as usize % THREADS.len()];
        if this.number.swap(number, Ordering::Relaxed) != number {
            this.frame.store(0, Ordering::Relaxed);
            this.times.store(0, Ordering::Relaxed);
        }
        this
    }

    /// How often this fault has now come, one time after the other.
    fn count(&self, address: usize) -> u32 {
        if self.address.swap(address, Ordering::Relaxed) != address {
            self.times.store(0, Ordering::Relaxed);
        }
        self.times.fetch_add(1, Ordering::Relaxed)
    }
}

/// Somebody else's SIGBUS: does what would have been done without us. A handler that was installed after this
/// one may in turn pass on to this one: then it is the turn of those that were there before both. One that
/// returns, whereupon the fault is repeated, has so many tries.
fn pass_on(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let thread = Thread::this();
    let frame = (&raw const thread).addr();
    // The same signal, further down the stack. (A handler may also have left by a jump.)
    let is_passed_back =
        thread.context.load(Ordering::Relaxed) == context.addr() && thread.frame.load(Ordering::Relaxed) > frame;
    let mut next = Link::before(if is_passed_back { thread.order.load(Ordering::Relaxed) } else { u64::MAX });
    if !is_passed_back && is_fault(info) {
        // SAFETY: `handle` passes on what the kernel gave it, which lives until it returns.
        for _ in 0..thread.count(unsafe { (*info).si_addr() }.addr()) / REPEATS {
            next = next.and_then(|(_, order)| Link::before(order));
        }
    }
    let Some((link, order)) = next else { return die(signal, info) };
    let before = (
        thread.context.swap(context.addr(), Ordering::Relaxed),
        thread.frame.swap(frame, Ordering::Relaxed),
        thread.order.swap(order, Ordering::Relaxed),
    );
    link.call(signal, info, context);
    thread.context.store(before.0, Ordering::Relaxed);
    thread.frame.store(before.1, Ordering::Relaxed);
    thread.order.store(before.2, Ordering::Relaxed);
}

/// Whether an access is at fault, and will be repeated: not a signal that somebody has sent.
fn is_fault(info: *mut libc::siginfo_t) -> bool {
    // SAFETY: `handle` passes on what the kernel gave it, which lives until it returns.
    (1..=BUS_MCEERR_AR).contains(&unsafe { (*info).si_code })
}

/// Nobody handles it.
fn die(signal: i32, info: *mut libc::siginfo_t) {
    // SAFETY: the default action of SIGBUS ends the process. A fault is repeated when the handler returns, and
    // dies where it should; a signal that was sent has to be sent again (it is not blocked here).
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        if !is_fault(info) {
            libc::raise(signal);
        }
    }
}
