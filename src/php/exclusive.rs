//! Keeping other writers out while a statement is computed.
//!
//! Computing may run user code (`__toString`, hooks, error handlers), which cannot be taken back and is not to
//! run twice: so where it may, others are kept out first ([`exclusive`]), the value is read, computed once, and
//! stored. Before the result is stored, [`Turn::standing`] tells whether user code has given up the hold meanwhile.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use ext_php_rs::zend::{CatchError, bailout, try_catch};

pub use super::handle::Standing;
use super::handle::{Backend, Handle, WriterHold};
use super::legacy::{retry_importing, retry_importing_for};
use super::object::SyncObject;
use super::zend::Thrown;

/// Proof that other writers are kept out: what may run user code for a statement asks for it.
pub struct Turn<'t> {
    this: &'t SyncObject,
    hold: &'t WriterHold,
}

impl<'t> Turn<'t> {
    /// The object whose store it is about.
    pub fn object(&self) -> &'t SyncObject {
        self.this
    }

    /// Whether others are still kept out, after user code has run.
    pub fn standing(&self) -> Standing {
        self.this.constructed().map_or(Standing::Ended, |instance| instance.store.standing(self.hold))
    }
}

/// Runs `body` while no other process, object or fiber writes to the store; readers go on.
///
/// Other writers go on when `body` is through, whichever way: it returns, throws, or the engine
/// leaves it by `longjmp` (a fatal error in user code that it runs). A fiber that is destroyed is
/// thrown out of it.
pub fn exclusive<T>(this: &SyncObject, body: impl FnOnce(&Turn) -> Result<T, Thrown>) -> Result<T, Thrown> {
    let hold = retry_importing(this, Handle::lock_writers)?;
    run(this, hold, body)
}

/// How long a child that was forked in the middle of a statement waits for its parent to be through with it.
///
/// Nothing is lost where that is too short, as the statement is the parent's. It is for the child to see what the
/// parent makes of it; for ever it cannot be, since the parent may be waiting for the child to end.
const PARENT: Duration = Duration::from_secs(1);

/// As [`exclusive`], in a child that was forked in the middle of its parent's turn: when the parent has ended it.
/// `None` if that takes too long.
pub fn after_parent<T>(this: &SyncObject, body: impl FnOnce(&Turn) -> Result<T, Thrown>) -> Result<Option<T>, Thrown> {
    match retry_importing_for(this, PARENT, Handle::lock_writers)? {
        Some(hold) => run(this, hold, body).map(Some),
        None => Ok(None),
    }
}

fn run<T>(this: &SyncObject, hold: WriterHold, body: impl FnOnce(&Turn) -> Result<T, Thrown>) -> Result<T, Thrown> {
    let turn = Turn { this, hold: &hold };
    let outcome = try_catch(AssertUnwindSafe(|| body(&turn)));
    // Of another store, where the body has called `setFile`: the first one's hold has ended then.
    if let Some(instance) = this.constructed() {
        instance.store.unlock_writers(hold);
    }
    match outcome {
        Ok(result) => result,
        // SAFETY: the engine catches it further out; nothing in this frame needs dropping.
        Err(CatchError::Bailout) => unsafe { bailout() },
        Err(defect) => panic!("{defect}"),
    }
}
