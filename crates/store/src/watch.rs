//! Looks, once a clock tick, whether the file is still what the store made of it.

use super::error::Failure;
use super::file::File;
use super::inode::Status;
use super::machine::are_identities_drawn;
use super::opening::Due;

impl File {
    /// Looks whether somebody has written to the file past the store; if not, and a lease is there, notes that the
    /// store is about to. Once a clock tick. [`Failure::Stale`]: the file is to be opened anew.
    pub fn watch(&self, status: &Status) -> Result<(), Failure> {
        if self.is_private_copy() {
            return Ok(());
        }
        if self.is_foreign(status.modified) {
            self.set_due(Due::Examination);
            return if self.writable { self.lock().map(drop) } else { Err(Failure::Stale) };
        }
        if self.my_lease().is_some() {
            if self.is_changed_since_last(status) && !are_identities_drawn() {
                self.set_due(Due::Nudge);
            }
            self.touch();
        }
        Ok(())
    }

    /// The log's end lies before what this thread has seen of it: somebody has put older content in this one's place.
    #[cold]
    pub fn went_back(&self) -> Failure {
        if !self.writable || self.is_private_copy() {
            return Failure::Stale;
        }
        match self.lock() {
            Ok(_) => Failure::Stale,
            Err(failure) => failure,
        }
    }
}
