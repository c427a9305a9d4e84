//! Waiting until a name has changed, in a file that may come, go, and be another one meanwhile.

use super::error::Failure;
use super::file::File;
use super::format::hash;
use super::notes::{Known, Notes, Seen, Which};
use super::read::{Origin, Reader};
use super::watching::Mark;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sync_backend::{Expiry, Now, Since, Wanted};

/// How long a waiter sleeps at most before it looks that nobody wakes, as it may only read, there is no file, or no room in it.
const NAP: Duration = Duration::from_millis(10);
/// The clock by which values expire moves every few milliseconds.
const TICK: Duration = Duration::from_millis(1);
/// Names of one waiter that are told apart from others; with more it is woken by every change.
const MOST: usize = 16;

/// A waiter's knowledge of a name, or of all. Plain data.
#[derive(Debug, Clone, Copy, Default)]
pub struct Watch {
    /// The file that the rest is about; the default: there was none.
    which: Which,
    /// The end of the log (of all: the last change) up to which all is known.
    end: u64,
    /// Whether there was a value, where that is known.
    there: There,
    /// A change is noted as seen.
    by_notes: bool,
    /// The state of the futex when what is waited for was written down in the header.
    written_down: Option<u32>,
    /// When the value expires, which nobody tells.
    expiry: Option<Expiry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum There {
    Yes,
    #[default]
    No,
    Unknown,
    /// Whatever there is now, it is another store's.
    Elsewhere,
}

impl From<bool> for There {
    fn from(there: bool) -> Self {
        if there { Self::Yes } else { Self::No }
    }
}

/// The names that one store waits for, with what it knows.
pub struct Waiting<'a> {
    /// The number of the store.
    pub object: u64,
    pub notes: &'a Notes,
}

impl Waiting<'_> {
    /// Whether this has not been slept on yet.
    pub fn begins(one: &Wanted<Watch>) -> bool {
        one.watch.written_down.is_none()
    }

    /// Notes since when a change counts. `file`: the one that is open, if there is one.
    pub fn begin(&self, file: Option<&File>, wanted: &mut [Wanted<Watch>], since: Since) -> Result<(), Failure> {
        let which = file.map_or(Which::default(), File::which);
        let changed = file.map_or(Ok(0), |file| Reader::of(file).last_change(self.object))?;
        self.notes.enter(which, changed);
        for Wanted { key, watch } in wanted {
            *watch = Watch { which, by_notes: since == Since::Seen, ..Watch::default() };
            match key {
                None => {
                    watch.end = match since {
                        Since::Now => changed,
                        Since::State(state) => state,
                        Since::Seen => self.notes.all(),
                    }
                }
                Some(key) => self.begin_name(file, key, watch, (changed, since))?,
            }
        }
        Ok(())
    }

    fn begin_name(
        &self,
        file: Option<&File>,
        key: &[u8],
        watch: &mut Watch,
        (changed, since): (u64, Since),
    ) -> Result<(), Failure> {
        let hash = hash(watch.which.hash_seed, key);
        let known = match since {
            Since::Seen => self.notes.known(key),
            Since::Now => Known::No,
            // Of a file that goes on elsewhere, or was not there, or is not there any more.
            Since::State(0) if file.is_none() => Known::Here(Seen { end: 0, there: false }),
            Since::State(0) => Known::Before(Some(false)),
            Since::State(state) if state > changed => {
                watch.there = There::Elsewhere;
                return Ok(());
            }
            Since::State(state) => Known::Since(state),
        };
        (watch.end, watch.there) = match known {
            Known::Here(seen) => (seen.end, seen.there.into()),
            Known::Since(end) => match file {
                // (Nobody writes down that a value has expired.)
                Some(file) if since == Since::Seen => {
                    let origin = Reader::of(file).origin(self.object, key, hash)?;
                    let was_there = origin.expiry.is_some_and(|expiry| self.notes.was_there(expiry));
                    (end, if origin.stored.is_none() && was_there { There::Yes } else { There::Unknown })
                }
                _ => (end, There::Unknown),
            },
            Known::Before(there) => {
                watch.which = Which { incarnation: !watch.which.incarnation, ..watch.which };
                (0, there.map_or(There::Unknown, There::from))
            }
            Known::No => match file {
                None => (0, There::No),
                Some(file) => {
                    let origin = Reader::of(file).origin(self.object, key, hash)?;
                    (origin.end, origin.stored.is_some().into())
                }
            },
        };
        if watch.by_notes && known == Known::No {
            self.notes.note(hash, watch.end, watch.there == There::Yes);
        }
        Ok(())
    }

    /// Whether one of these has changed.
    pub fn look(&self, file: Option<&File>, wanted: &mut [Wanted<Watch>]) -> Result<bool, Failure> {
        for Wanted { key, watch } in wanted {
            let has_changed = match key {
                None => self.look_at_all(file, watch)?,
                Some(key) => self.look_at_name(file, key, watch)?,
            };
            if has_changed {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn look_at_all(&self, file: Option<&File>, watch: &mut Watch) -> Result<bool, Failure> {
        let which = file.map_or(Which::default(), File::which);
        let changed = file.map_or(Ok(0), |file| Reader::of(file).last_change(self.object))?;
        let has_changed = watch.which != which || watch.end != changed;
        if has_changed && watch.by_notes {
            self.notes.enter(which, changed);
            self.notes.see_all(changed);
        }
        Ok(has_changed)
    }

    fn look_at_name(&self, file: Option<&File>, key: &[u8], watch: &mut Watch) -> Result<bool, Failure> {
        let which = file.map_or(Which::default(), File::which);
        let hash = hash(which.hash_seed, key);
        let origin = file.map_or(Ok(Origin::NOWHERE), |file| Reader::of(file).origin(self.object, key, hash))?;
        let has_changed = match (watch.there, origin.stored) {
            (There::Elsewhere, _) => true,
            (There::No, stored) => stored.is_some(),
            (There::Yes, None) => true,
            (_, stored) if watch.which == which => stored.unwrap_or(origin.removed) >= watch.end,
            // Another file, that may have nothing of the kind, or another value.
            _ => true,
        };
        if !has_changed {
            watch.there = origin.stored.is_some().into();
            watch.expiry = origin.expiry.filter(|_| origin.stored.is_some());
        } else if watch.by_notes {
            self.notes.enter(which, file.map_or(0, |file| file.map.header().changed.load(Ordering::Acquire)));
            self.notes.note(hash, origin.end, origin.stored.is_some());
        }
        Ok(has_changed)
    }

    /// Whether one of these has changed. If not, this sleeps until somebody says so, or one expires, at most for `at_most`. `lease`:
    /// this thread's.
    pub fn look_or_sleep(
        &self,
        file: Option<&File>,
        lease: Option<u32>,
        wanted: &mut [Wanted<Watch>],
        at_most: Duration,
    ) -> Result<bool, Failure> {
        // (First without writing anything down, as after a sleep most find what they wait for.)
        if self.look(file, wanted)? {
            return Ok(true);
        }
        let Some(file) = file.filter(|file| file.writable) else {
            nap(until_expiry(wanted, at_most).min(NAP));
            return Ok(false);
        };
        let mut marks = [Mark::OF_ANY; MOST];
        let marks = self.marks(file, wanted, &mut marks);
        let before = wanted.first().and_then(|one| one.watch.written_down);
        let Some((word, state)) = file.wait_for(marks, before) else {
            nap(until_expiry(wanted, at_most).min(NAP));
            return Ok(false);
        };
        wanted.iter_mut().for_each(|one| one.watch.written_down = Some(state));
        // Nobody may have told of a change that has happened by now.
        if self.look(Some(file), wanted)? {
            return Ok(true);
        }
        if before.is_some_and(|before| before != state) && self.has_come_and_gone(file, wanted)? {
            return Ok(true);
        }
        // (Before the first sleep of a wait: one that has begun to last costs nothing but its looks.)
        if before.is_none() && !at_most.is_zero() && file.has_looked_for_change(word, state) {
            return Ok(false);
        }
        let slot = lease.and_then(|lease| file.lease_slot(lease));
        slot.inspect(|slot| slot.waits.set(1));
        file.sleep_until_changed(word, state, until_expiry(wanted, at_most));
        slot.inspect(|slot| slot.waits.set(0));
        Ok(false)
    }

    /// Whether one of these was there for a moment, and was removed again, for a waiter that was told of a change. (That it was one of
    /// this name is not certain: a sixteenth of all names are removed at the same place. Without the telling, that would be too many.)
    fn has_come_and_gone(&self, file: &File, wanted: &mut [Wanted<Watch>]) -> Result<bool, Failure> {
        for Wanted { key, watch } in wanted {
            let Some(key) = key.filter(|_| watch.there == There::No && watch.which == file.which()) else { continue };
            let hash = hash(watch.which.hash_seed, key);
            let origin = Reader::of(file).origin(self.object, key, hash)?;
            if origin.removed >= watch.end {
                if watch.by_notes {
                    self.notes.note(hash, origin.end, origin.stored.is_some());
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The marks of what is waited for.
    fn marks<'m>(&self, file: &File, wanted: &[Wanted<Watch>], marks: &'m mut [Mark; MOST]) -> &'m [Mark] {
        let are_few = wanted.len() <= MOST && wanted.iter().all(|one| one.key.is_some());
        if !are_few {
            return &marks[..1];
        }
        // Waiters for several names have a futex of their own, as a thread can sleep on one alone.
        let own = (wanted.len() > 1).then(|| std::process::id() ^ self.object as u32);
        for (mark, one) in marks.iter_mut().zip(wanted) {
            *mark = Mark::of_name(hash(file.identity.hash_seed, one.key.unwrap_or_default()), own);
        }
        &marks[..wanted.len()]
    }
}

/// The time until the first of these expires, if that is less than `at_most`. (Nobody tells of it.)
fn until_expiry(wanted: &[Wanted<Watch>], at_most: Duration) -> Duration {
    let expiries = wanted.iter().filter_map(|one| one.watch.expiry);
    let now = Now::read();
    expiries.map(|expiry| expiry.left(now).max(TICK)).fold(at_most, Duration::min)
}

/// Sleeps for a moment, or until a signal comes.
fn nap(time: Duration) {
    let time = libc::timespec { tv_sec: time.as_secs() as libc::time_t, tv_nsec: time.subsec_nanos() as libc::c_long };
    // SAFETY: `time` lives on this stack during the call; a null pointer for the rest is allowed.
    unsafe { libc::nanosleep(&time, std::ptr::null_mut()) };
}
