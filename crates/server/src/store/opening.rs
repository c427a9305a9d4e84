//! Pauses before something is tried again, and the connection that is opened so.

use super::error::ErrorKind;
use super::link::Link;
use super::place::Place;
use super::route;
use crate::failure::{Cause, NoConnection};
use std::time::{Duration, Instant};

/// The first pause before something is tried again; each one is twice as long, up to the longest.
const PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// The pauses of one operation, up to its deadline.
pub struct Pause {
    deadline: Instant,
    /// A connection that is opened in between stands by then.
    until: Instant,
    next: Duration,
}

impl Pause {
    /// Of an operation that begins now. (There are none in what may be left for later.)
    pub fn new(place: &Place) -> Self {
        let timeout = if place.is_at_once() { Duration::ZERO } else { place.address.server.timeout };
        let deadline = Instant::now() + timeout;
        Self { deadline, until: deadline + place.address.server.connect_timeout, next: PAUSE }
    }

    /// Whether there is time for another one.
    pub fn is_left(&self) -> bool {
        Instant::now() < self.deadline
    }

    /// Pauses. False: the time is over.
    pub fn wait(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        std::thread::sleep(left.min(self.next));
        self.next = LONGEST_PAUSE.min(self.next * 2);
        !left.is_zero()
    }
}

/// How often a connection is opened that ends before it stands: somebody may be ending connections one by one.
const OPENS: u32 = 10;

/// Opens a connection, and ends the lock that the `last` one of this process had (its number and the run). A server that is only late, or whose place another one is about to take,
/// is waited for as one that answers nothing; all of it within the time of an operation.
pub fn open(place: &Place, last: Option<&(i64, Vec<u8>)>, within: &Pause) -> Result<Link, NoConnection> {
    let mut pause = Pause { next: PAUSE, ..*within };
    let mut attempt = 1;
    loop {
        let opened = route::open(&place.address, &place.keys, pause.until).and_then(|mut link| {
            if let Some(last) = last {
                link.end_lock_of(&place.keys, last)?;
            }
            link.connection.is_ready();
            Ok(link)
        });
        match opened {
            Err(NoConnection::Lost(Cause::Closed | Cause::System(_)) | NoConnection::HungUp(_))
                if attempt < OPENS && pause.wait() =>
            {
                attempt += 1;
            }
            Err(error) if error.may_pass() && pause.wait() => {}
            opened => return opened,
        }
    }
}

/// The time for which the failure of an opening is true of the next operation.
const TRUE_FOR: Duration = Duration::from_millis(100);

/// The failure of an opening of which nobody has been told: the operation that comes right behind it does not open a connection in vain once more.
#[derive(Debug, Default)]
pub struct Untold(Option<(Instant, ErrorKind)>);

impl Untold {
    pub fn set(&mut self, failure: ErrorKind) {
        self.0 = Some((Instant::now(), failure));
    }

    /// Whether there is one that is still true.
    pub fn is_true(&self) -> bool {
        self.0.as_ref().is_some_and(|(at, _)| at.elapsed() < TRUE_FOR)
    }

    /// That one, once.
    pub fn take(&mut self) -> Option<ErrorKind> {
        let is_true = self.is_true();
        self.0.take().filter(|_| is_true).map(|(_, failure)| failure)
    }
}

/// The time within which an attempt begins that follows one that was interrupted.
const RIGHT_BEHIND: Duration = Duration::from_secs(1);

/// Attempts that have ended with their connections, each one right behind the other: since when, and the end of the last one.
#[derive(Debug, Default)]
pub struct Interruptions(Option<(Instant, Instant)>);

impl Interruptions {
    /// An attempt begins. (Nobody asks again for what is over by itself, as a lock that was given up: the next one to be interrupted has nothing to do with it.)
    pub fn begin(&mut self) {
        self.0.take_if(|(_, last)| last.elapsed() >= RIGHT_BEHIND);
    }

    /// It was interrupted. False: they have been for so long by now.
    pub fn may_go_on(&mut self, timeout: Duration) -> bool {
        let now = Instant::now();
        let since = self.0.map_or(now, |(since, _)| since);
        let may = now - since < timeout;
        self.0 = may.then_some((since, now));
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(5);

    /// As if so much time had passed.
    fn pass(interruptions: &mut Interruptions, time: Duration) {
        interruptions.0 = interruptions.0.map(|(since, last)| (since - time, last - time));
    }

    #[test]
    fn interruptions_go_on_for_a_time_if_each_one_is_right_behind_the_last() {
        let mut interruptions = Interruptions::default();
        let mut interrupted = |after: Duration| {
            pass(&mut interruptions, after);
            interruptions.begin();
            interruptions.may_go_on(TIMEOUT)
        };
        assert!(interrupted(Duration::ZERO));
        for _ in 0..6 {
            assert!(interrupted(Duration::from_millis(800)));
        }
        assert!(!interrupted(Duration::from_millis(800)), "for longer than they may");
        assert!(interrupted(Duration::ZERO), "that was told");
        for _ in 0..3 {
            assert!(interrupted(Duration::from_secs(60)), "much later");
        }
    }
}
