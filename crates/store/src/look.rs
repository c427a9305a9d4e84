//! A look at the store: it begins where no other object's `lock()` keeps it out, and tells in the end whether it has seen
//! the inside of a locked section.

use super::error::Failure;
use super::file::File;
use super::header::HELD;
use super::hold::Hold;
use super::memory::fence;
use super::torture::meanwhile;
use std::sync::atomic::Ordering;
use sync_backend::Held;

/// A look at the store that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Looking {
    /// The log's end, without the mark of a hold.
    pub commit: u64,
    /// The number of holds that keep readers out, up to then.
    holds: u64,
}

impl File {
    /// Whether `object` may go on with a read, as far as holds are concerned. A reader that finds a hold that is
    /// over ends it, if it may write.
    #[cold]
    pub fn check_hold(&self, object: u64) -> Result<(), Failure> {
        match self.hold_seen_by(object) {
            Hold::Other(held) if !held.change => Err(Failure::Held(Held { reading: true, ..held })),
            Hold::Over if self.writable => self.end_hold_that_is_over(object),
            _ => Ok(()),
        }
    }

    fn end_hold_that_is_over(&self, object: u64) -> Result<(), Failure> {
        let header = self.map.header();
        let hold = header.hold.get();
        if self.over().get() == hold && header.lock.get() as u32 != 0 {
            // It waited for the lock once: the holder left it to a process that is stopped.
            return Ok(());
        }
        match self.lock() {
            Ok(owner) => owner.check_hold_on_readers(object),
            Err(_) => {
                self.over().set(hold);
                Ok(())
            }
        }
    }

    /// Begins to look at the store for `object`, unless another's `lock()` keeps it out. See
    /// [`File::has_seen_no_section`].
    #[inline]
    pub fn begin_looking(&self, object: u64) -> Result<Looking, Failure> {
        let header = self.map.header();
        let holds = header.holds.load(Ordering::Acquire);
        let mut commit = header.commit.load(Ordering::Acquire);
        if commit & HELD != 0 {
            self.check_hold(object)?;
            // The holder may have gone on after that was loaded, and ended or died since: the end of its work is
            // what has to be seen.
            commit = header.commit.load(Ordering::Acquire);
        }
        let commit = commit & !HELD;
        if commit < self.seen() {
            return Err(self.went_back());
        }
        self.see(commit);
        meanwhile("beginning to look");
        Ok(Looking { commit, holds })
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
}
