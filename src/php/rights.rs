//! Whether this thread may come to have other rights than it has.
//!
//! A server that runs each site as a user of its own changes its user between requests, and says so to nobody. Most servers
//! cannot: their workers have become an ordinary user for good. Asking once what a thread is able to costs less than asking the
//! kernel about a file in each request.

use std::ptr;

/// Whether this thread has its user and its groups for good: it has one of each, no other to go back to, and no capability, such as
/// the one to change them. Then this holds for as long as it lives. (Unless it gets capabilities in a user namespace of its own; what
/// PHP's functions do there they announce.)
pub fn are_final() -> bool {
    // (The one question that settles it in servers whose workers stay root.)
    if !has_no_capability() {
        return false;
    }
    let (mut real, mut effective, mut saved) = (0, 0, 0);
    // SAFETY: the kernel writes three numbers.
    let has_one_user = unsafe { libc::getresuid(&raw mut real, &raw mut effective, &raw mut saved) } == 0
        && real == effective
        && real == saved;
    // SAFETY: the kernel writes three numbers.
    let has_one_group = unsafe { libc::getresgid(&raw mut real, &raw mut effective, &raw mut saved) } == 0
        && real == effective
        && real == saved;
    has_one_user && has_one_group
}

/// As the kernel takes and gives them, 32 capabilities at a time.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Capabilities {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Whether this thread has no capability, and may take none.
fn has_no_capability() -> bool {
    /// `_LINUX_CAPABILITY_VERSION_3`: 64 of them.
    const VERSION: u32 = 0x2008_0522;
    #[repr(C)]
    struct Header {
        version: u32,
        thread: i32,
    }
    let mut header = Header { version: VERSION, thread: 0 };
    let mut all = [Capabilities::default(); 2];
    // SAFETY: this version of the kernel's structures has one header and two sets; thread 0 is the one that asks.
    let outcome = unsafe { libc::syscall(libc::SYS_capget, ptr::from_mut(&mut header), all.as_mut_ptr()) };
    outcome == 0 && all.iter().all(|set| set.permitted == 0 && set.effective == 0)
}
