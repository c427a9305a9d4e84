//! Changes of several steps that fail where others change the value meanwhile.

use super::error::ErrorKind;
use super::handle::{Result, ServerStore};

/// How often such a change is tried while others may write.
const TRIES: usize = 8;

impl ServerStore {
    /// Makes a change of which each attempt gives `None` where others were faster: first as it comes, then while the others wait, so that it
    /// comes to an end however fast they are.
    pub(super) fn settle<T>(&self, mut attempt: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        for _ in 0..TRIES {
            if let Some(done) = attempt()? {
                return Ok(done);
            }
        }
        let hold = self.hold_writers()?;
        let outcome = attempt();
        self.let_writers_go_on(hold);
        // (A value may have expired in between.)
        outcome?.ok_or_else(|| self.error(ErrorKind::Busy))
    }
}
