//! How deeply values may nest: as `unserialize_max_depth` says, and never deeper than the stack
//! can bear, whatever it says.

use std::cell::{Cell, OnceCell};

use super::engine;

/// How much of a stack is left alone, for what the engine and user code do at the deepest point.
const RESERVE: usize = 256 << 10;

/// Looking at the stack can wait until so many levels are in use.
const SHALLOW: i64 = 64;

/// Counts the containers that the value at hand is in.
pub struct Depth {
    now: Cell<i64>,
    max: OnceCell<i64>,
    floor: OnceCell<usize>,
}

impl Depth {
    pub fn new() -> Self {
        Self { now: Cell::new(0), max: OnceCell::new(), floor: OnceCell::new() }
    }

    /// Enters a container.
    ///
    /// # Errors
    /// The reason, as a text for the user, why this one is too deep; then it has not been entered.
    #[inline]
    pub fn enter(&self) -> Result<(), String> {
        let depth = self.now.get() + 1;
        // The first level is within any limit.
        if depth > 1 {
            self.check(depth)?;
        }
        self.now.set(depth);
        Ok(())
    }

    /// Leaves the container that was entered last.
    #[inline]
    pub fn leave(&self) {
        self.now.set(self.now.get() - 1);
    }

    fn check(&self, depth: i64) -> Result<(), String> {
        let max = *self.max.get_or_init(|| engine::ini_long("unserialize_max_depth"));
        if max > 0 && depth > max {
            return Err(format!(
                "Maximum depth of {max} exceeded. The depth limit can be changed using the unserialize_max_depth ini setting."
            ));
        }
        if depth > SHALLOW && address() < *self.floor.get_or_init(floor) {
            return Err(format!("A value is nested {depth} levels deep, more than the stack of this thread can bear."));
        }
        Ok(())
    }
}

/// Where the stack is at this moment.
#[inline(always)]
fn address() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(&here).addr()
}

/// The address below which the stack must not grow (stacks grow downwards on all platforms of
/// Sync).
fn floor() -> usize {
    thread_local! {
        static STACK: (usize, usize) = thread_stack().unwrap_or((0, 0));
    }
    let here = address();
    let (low, high) = STACK.with(|&stack| stack);
    if (low..high).contains(&here) {
        return low + RESERVE;
    }
    // In a fiber, whose stack the engine does not tell. It has gone a small part of it so far.
    here.saturating_sub(engine::fiber_stack_size() / 4 * 3)
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
