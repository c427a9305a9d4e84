//! The ground on which a reader that starts over in vain comes to a conclusion.

use crate::error::Failure;
use crate::file::File;
use crate::lock::WriteGuard;
use crate::memory::fence;
use std::sync::atomic::Ordering;

/// The ground for concluding something from an attempt that has failed.
pub enum Stillness<'f> {
    /// It owned the write lock.
    Owned(#[expect(dead_code, reason = "held, not looked at")] WriteGuard<'f>),
    /// As it may only read, it has seen that nobody did. `None`: somebody did.
    Watched(Option<Rest<'f>>),
}

/// The lock had no living owner, as this word of it says. Meanwhile the file's views take it that nothing is freed: the
/// table of pages, which tells otherwise, may be half made by an owner that died while it made it anew. A result found so is
/// good only if the word has not moved ([`Stillness::held`]).
pub struct Rest<'f> {
    file: &'f File,
    word: u64,
}

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.file.resting.set(false);
    }
}

impl<'f> Stillness<'f> {
    /// Sees to it that nothing moves, or at least that a movement is noticed.
    #[cold]
    pub fn of(file: &'f File, object: u64) -> Result<Self, Failure> {
        if file.writable {
            return Ok(Self::Owned(quiet(file, object)?));
        }
        Ok(Self::Watched(file.at_rest().map(|word| {
            file.resting.set(true);
            Rest { file, word }
        })))
    }

    /// Why an attempt failed: only where nothing can have moved meanwhile is the file to blame.
    #[cold]
    pub fn blame(self, why: &str) -> Failure {
        if self.held() { Failure::Damaged(why.into()) } else { Failure::Busy }
    }

    /// Whether nothing can have moved.
    pub fn held(&self) -> bool {
        match self {
            Self::Owned(_) => true,
            Self::Watched(rest) => {
                fence(Ordering::Acquire);
                rest.as_ref().is_some_and(|rest| rest.file.at_rest() == Some(rest.word))
            }
        }
    }
}

/// Keeps writers away, as a writer that writes nothing; what the last one left undone is then done.
/// Refuses where another holds the store: it may be between two writes of one section.
#[cold]
fn quiet(file: &File, object: u64) -> Result<WriteGuard<'_>, Failure> {
    let owner = file.lock()?;
    owner.check_hold_on_readers(object)?;
    Ok(owner)
}
