//! The hooks of the torture tests: to die between any two steps of a change, and to clean
//! all the time. Without the feature `torture` nothing of it is compiled in.

/// A place at which the torture tests may kill the process: before every store to the shared
/// file, around every system call that changes it. Unit tests may let something else happen there. Nothing in any
/// other build.
#[inline(always)]
#[cfg_attr(feature = "torture", track_caller)]
pub(super) fn crash_point() {
    #[cfg(test)]
    super::tests::halfway::pass();
    #[cfg(feature = "torture")]
    hooks::pass(std::panic::Location::caller());
}

/// Whether the disk fails now, as a unit test says. Never in any other build.
#[inline(always)]
pub(super) fn disk_fails() -> bool {
    #[cfg(test)]
    return super::tests::halfway::disk_fails();
    #[cfg(not(test))]
    false
}

/// Says that all that was written to a file so far is on the disk. Nothing in any other build.
#[inline(always)]
pub(super) fn synced() {
    #[cfg(feature = "torture")]
    hooks::observe_now(Moment::Synced);
}

/// Says that the name of a file, or that it has none any more, is on the disk. Nothing in any other build.
#[inline(always)]
pub(super) fn synced_name() {
    #[cfg(feature = "torture")]
    hooks::observe_now(Moment::SyncedName);
}

/// The moments that an observer is told of.
#[cfg(feature = "torture")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A store to a file, or a system call that changes it, is about to come, or has just come.
    Change,
    /// All that was written so far is on the disk.
    Synced,
    /// So is the name that the file has, or that it has none any more.
    SyncedName,
}

/// A place between two looks of a reader, at which a unit test may let a writer do something. Nothing in
/// any other build.
#[inline(always)]
pub(super) fn meanwhile(_place: &str) {
    #[cfg(test)]
    super::tests::meanwhile(_place);
}

/// How many dead bytes the cleaner leaves alone, if a test says so.
#[inline(always)]
pub(super) fn slack() -> Option<u64> {
    #[cfg(feature = "torture")]
    return hooks::slack();
    #[cfg(not(feature = "torture"))]
    None
}

#[cfg(feature = "torture")]
pub use hooks::{crash_after, observe, passed, set_slack, trace_into};

#[cfg(feature = "torture")]
mod hooks {
    use crate::torture::Moment;
    use std::panic::Location;
    use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

    static COUNTDOWN: AtomicI64 = AtomicI64::new(i64::MAX);
    static PASSED: AtomicU64 = AtomicU64::new(0);
    static SLACK: AtomicU64 = AtomicU64::new(u64::MAX);
    static TRACE: AtomicPtr<AtomicU32> = AtomicPtr::new(std::ptr::null_mut());
    static TRACE_LENGTH: AtomicUsize = AtomicUsize::new(0);
    static OBSERVER: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

    /// Lets the process die by SIGKILL at the crash point that is passed `after` others; none of
    /// them with `u64::MAX`.
    pub fn crash_after(after: u64) {
        COUNTDOWN.store(i64::try_from(after).unwrap_or(i64::MAX), Ordering::Relaxed);
        PASSED.store(0, Ordering::Relaxed);
    }

    /// How many crash points this process has passed since [`crash_after`].
    pub fn passed() -> u64 {
        PASSED.load(Ordering::Relaxed)
    }

    /// Notes at which lines of the source the crash points that are passed from now on lie: a
    /// number for each, as many as fit.
    pub fn trace_into(trace: &'static [AtomicU32]) {
        TRACE_LENGTH.store(trace.len(), Ordering::Relaxed);
        TRACE.store(trace.as_ptr().cast_mut(), Ordering::Release);
    }

    /// Lets the cleaner start when that many bytes are dead, instead of the usual number.
    pub fn set_slack(bytes: u64) {
        SLACK.store(bytes, Ordering::Relaxed);
    }

    pub fn slack() -> Option<u64> {
        let slack = SLACK.load(Ordering::Relaxed);
        (slack != u64::MAX).then_some(slack)
    }

    /// Tells `observer` of each crash point and of each sync from now on, in the thread that passes it.
    pub fn observe(observer: fn(Moment)) {
        OBSERVER.store(observer as *mut (), Ordering::Release);
    }

    pub fn observe_now(moment: Moment) {
        let observer = OBSERVER.load(Ordering::Acquire);
        if !observer.is_null() {
            // SAFETY: what is in there is null or what `observe` put there, a function of this type.
            unsafe { std::mem::transmute::<*mut (), fn(Moment)>(observer)(moment) };
        }
    }

    pub fn pass(place: &Location) {
        observe_now(Moment::Change);
        let passed = PASSED.fetch_add(1, Ordering::Relaxed) as usize;
        let trace = TRACE.load(Ordering::Acquire);
        if !trace.is_null() && passed < TRACE_LENGTH.load(Ordering::Relaxed) {
            let file = place.file().bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
            // SAFETY: within the slice that `trace_into` was given, which lives for ever.
            unsafe { &*trace.add(passed) }.store(file << 16 ^ place.line(), Ordering::Relaxed);
        }
        if COUNTDOWN.fetch_sub(1, Ordering::Relaxed) == 0 {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}
