//! Files that are written to past the store: a backup that is restored in place, say. The file's times tell of it, or a
//! log that ends before what was seen of it.

use super::check::{Report, check_all};
use super::clock::now;
use super::error::Failure;
use super::file::File;
use super::format::MAX_POSITION;
use super::header::HELD;
use super::inode::Status;
use super::lock::WriteGuard;
use super::log::segments::Segments;
use super::machine::random;
use super::named::NamedLocks;
use super::opening::Due;
use super::space::Space;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How much later than the store's own last change a file may say that it was changed, in nanoseconds: the first store
/// to a page changes the file's times, whenever in an operation that is, and a process may be kept from running
/// before it.
const SLACK: u64 = 1_000_000_000;

/// How long a file that somebody else writes to has to be left alone before it is put right, and how long that is
/// waited for.
const QUIET: Duration = Duration::from_millis(100);
const NEVER_QUIET: Duration = Duration::from_secs(2);
/// How long one call waits for that.
const PAUSE: Duration = Duration::from_millis(20);

impl File {
    /// Looks whether another program has written to the file past the store, as a lease is new; if not, notes that the
    /// store is about to.
    pub fn begin_to_write(&self) -> Result<(), Failure> {
        let status = self.status()?;
        if self.is_foreign(status.modified) {
            self.set_due(Due::Examination);
        } else {
            self.touch();
        }
        self.is_changed_since_last(&status);
        self.set_due(Due::Jump);
        Ok(())
    }

    /// Whether a time at which the file was changed is later than the store's own last change: somebody else has
    /// written to it, as restoring a backup in place does.
    pub fn is_foreign(&self, time: u64) -> bool {
        let header = self.map.header();
        let later = time.saturating_sub(header.touched.get());
        // (In an empty store nothing can be wrong, and making one takes its time.)
        later > SLACK && header.directory.get() != 0
    }

    /// As [`File::is_foreign`], before the file is used: also where the time at which its content was changed was
    /// changed as well. (A file that has got another name or mode some time after it was used is looked at, too.)
    pub fn is_overwritten(&self, status: &Status) -> bool {
        self.is_foreign(status.modified) || self.is_foreign(status.changed.saturating_sub(SLACK))
    }
}

/// How far the log's end jumps at most, and when the file's times have changed, of which there are many.
const JUMP: u64 = 1 << 33;
const NUDGE: u64 = 1 << 20;

impl WriteGuard<'_> {
    /// Lets the log go on at a position that nobody can have seen.
    pub fn jump(&self) {
        self.skip(JUMP);
    }

    /// Lets the log go on by a random number of bytes farther on.
    fn skip(&self, at_most: u64) {
        // Less and less far, so that there is always some way left.
        let left = MAX_POSITION.saturating_sub(self.end());
        let far = (left / ((1 << 61) / at_most)).clamp(16, at_most);
        if left > far {
            self.move_end((random() % far).max(8) & !7);
            self.header().indexed.store(self.end(), Ordering::Release);
        }
    }

    /// Moves the log's end on, with nothing to be found up to there: a version that nobody has seen. The index
    /// has yet to be told.
    pub fn move_end(&self, by: u64) {
        let header = self.header();
        // A record that was not published behind the last one is not to be taken for one that was.
        Segments::of(self).end_walks_at_tail();
        // Before the end moves: should this process die then, there is nothing to apply.
        header.pending.set(0);
        header.commit.store(header.commit.get() & HELD | (self.end() + by), Ordering::Release);
    }
}

/// Does what is due before anything is written. An error where the file is not what it was.
#[cold]
pub fn catch_up(guard: WriteGuard) -> Result<WriteGuard, Failure> {
    let file = guard.file;
    if guard.end() < file.seen() {
        return Err(renounce(guard));
    }
    if file.is_due(Due::Examination) {
        let status = file.status()?;
        // Perhaps it has been found whole meanwhile.
        if file.is_foreign(status.modified) {
            if status.size < file.told_length() {
                // It was cut short, which opening it anew will tell.
                file.map.poison();
                return Err(Failure::Stale);
            }
            if !is_whole(&guard)? {
                return Err(renounce(guard));
            }
            file.distrust_slots();
            guard.jump();
            guard.header().touched.set(now().max(status.modified));
        }
        file.set_done(Due::Examination);
    }
    if file.is_due(Due::Jump) {
        guard.jump();
        file.set_done(Due::Jump);
    }
    if file.is_due(Due::Slots) {
        file.set_done(Due::Slots);
        // Leases work without slots, too.
        let _ = Space::of(&guard).make_slots();
    }
    if file.is_due(Due::EndedLocks) {
        NamedLocks::of(&guard).end_all(&file.take_ended());
    }
    if file.is_due(Due::Nudge) {
        guard.skip(NUDGE);
        file.set_done(Due::Nudge);
    }
    Ok(guard)
}

/// Whether everything in the file agrees with everything else.
fn is_whole(guard: &WriteGuard) -> Result<bool, Failure> {
    let mut report = Report::default();
    let looked = match guard.header().directory.get() {
        0 => Ok(()),
        _ => check_all(guard, &mut report),
    };
    match looked.and_then(|()| guard.file.check_sound()) {
        Ok(()) => Ok(report.problems.is_empty()),
        // Something in it leads to where there is nothing.
        Err(Failure::Damaged(_) | Failure::Stale) => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Lets the file be adopted by the process that opens it next, though it is in use: its users open it anew. Not
/// while somebody still writes to it.
fn renounce(guard: WriteGuard) -> Failure {
    let file = guard.file;
    let quiet = file.status().is_ok_and(|status| now() > status.modified.saturating_add(QUIET.as_nanos() as u64));
    if !quiet && file.gone_back_for() < NEVER_QUIET {
        drop(guard);
        std::thread::sleep(PAUSE);
        return Failure::Busy;
    }
    guard.header().incarnation.store(0, Ordering::Release);
    Failure::Stale
}
