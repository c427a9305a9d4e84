//! Changes of several steps that fail where others change the value meanwhile.

use super::error::ErrorKind;
use super::handle::{Result, ServerStore};

/// How often such a change is tried while others may write.
const TRIES: usize = 8;

/// Tries it while others may write. `None`: they were faster each time.
pub(super) fn several_times<T>(mut attempt: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    for _ in 0..TRIES {
        if let Some(done) = attempt()? {
            return Ok(Some(done));
        }
    }
    Ok(None)
}

impl ServerStore {
    /// Makes a change of which each attempt gives `None` where others were faster: first as it comes, then while the others wait, so that it
    /// comes to an end however fast they are.
    pub(super) fn settle<T>(&self, mut attempt: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        if let Some(done) = several_times(&mut attempt)? {
            return Ok(done);
        }
        let is_within = self.my_hold().is_some();
        let hold = self.hold_writers()?;
        let outcome = attempt();
        self.let_writers_go_on(hold);
        match outcome {
            Ok(Some(done)) => Ok(done),
            // (A value may have expired in between.)
            Ok(None) => Err(self.error(ErrorKind::Busy)),
            // (The caller has not asked for this hold.)
            Err(error) if !is_within && matches!(error.kind(), ErrorKind::LockGone) => Err(self.interrupted()),
            Err(error) => Err(error),
        }
    }
}
