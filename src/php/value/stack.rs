//! How far the stack reaches that this code runs on: a thread's, a fiber's, or any other one.
//!
//! Stacks grow downwards on all platforms of Sync.

use std::cell::Cell;

use crate::php::zend;

/// How much of a stack is left alone, for what the engine and user code do at the deepest point; of a small one,
/// which is made for less, a part.
const RESERVE: usize = 256 << 10;
const PART: usize = 4;

/// The bytes of an unknown stack that are probed at a time, and the distance of the probes: pages, of which the one
/// behind a stack's end, at least, cannot be read.
const LOOK_AHEAD: usize = 64 << 10;
const PAGE: usize = 4096;

/// The address below which no more of the stack is to be used.
#[derive(Clone, Copy)]
pub struct Floor {
    address: usize,
    /// It is only the end of the part that has been probed.
    provisional: bool,
}

impl Floor {
    /// That of the stack that this call runs on.
    pub fn here() -> Self {
        thread_local! {
            static THREAD: (usize, usize) = thread_stack().unwrap_or((0, 0));
        }
        let here = address();
        let known = |(low, high): (usize, usize)| (low..high).contains(&here).then(|| reserve(low, high));
        if let Some(address) = known(THREAD.with(|&stack| stack)).or_else(|| known(zend::fiber_stack()?)) {
            return Self { address, provisional: false };
        }
        Self { address: here, provisional: true }
    }

    /// Whether there is little left of it.
    #[inline]
    pub fn is_near(this: &Cell<Self>) -> bool {
        address() < this.get().address && Self::look_ahead(this)
    }

    /// Whether less than so many bytes are left of it.
    pub fn is_within(self, bytes: usize) -> bool {
        let end = address().saturating_sub(bytes);
        if !self.provisional {
            return end < self.address;
        }
        let mut page = address();
        while page > end {
            page = page.saturating_sub(PAGE).max(end);
            if !is_readable(page) {
                return true;
            }
        }
        false
    }

    #[cold]
    fn look_ahead(this: &Cell<Self>) -> bool {
        let Self { address: floor, provisional } = this.get();
        if !provisional {
            return true;
        }
        // Twice as far as it then counts: what is looked at is what is left.
        let low = address().saturating_sub(2 * LOOK_AHEAD);
        let mut page = floor;
        while page > low {
            page = page.saturating_sub(PAGE).max(low);
            if !is_readable(page) {
                return true;
            }
        }
        this.set(Self { address: low + LOOK_AHEAD, provisional });
        false
    }
}

/// Whether there is so little left of the stack that no more nested calls should be made.
pub fn is_short() -> bool {
    Floor::is_near(&Cell::new(Floor::here()))
}

/// The floor of a stack from `low` to `high`.
fn reserve(low: usize, high: usize) -> usize {
    low + RESERVE.min((high - low) / PART)
}

/// Where the stack is at this moment.
#[inline(always)]
fn address() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(&here).addr()
}

/// The stack of this thread, from its lowest to its highest address.
fn thread_stack() -> Option<(usize, usize)> {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut low, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the attributes are initialised by the first call, read by the second if it succeeded,
    // and destroyed once.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let outcome = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut low, &raw mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        (outcome == 0).then(|| (low.addr(), low.addr() + size))
    }
}

/// Whether a byte can be read. The kernel tries: a system call that wants to read a signal set there, and
/// then finds that it was not told what to do with it.
fn is_readable(address: usize) -> bool {
    const NOTHING: libc::c_int = -1;
    // The kernel's signal set, not the library's.
    const SET: usize = 8;
    // SAFETY: the address is the kernel's to try; whatever is there, no mask is changed.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            NOTHING,
            std::ptr::without_provenance::<u8>(address & !(SET - 1)),
            std::ptr::null_mut::<u8>(),
            SET,
        );
        *libc::__errno_location() != libc::EFAULT
    }
}
