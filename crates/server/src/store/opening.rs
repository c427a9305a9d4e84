//! Pauses before something is tried again, and the connection that is opened so.

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
    next: Duration,
}

impl Pause {
    /// Of an operation that begins now. (There are none in what may be left for later.)
    pub fn new(place: &Place) -> Self {
        let timeout = if place.is_at_once() { Duration::ZERO } else { place.address.server.timeout };
        Self { deadline: Instant::now() + timeout, next: PAUSE }
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
/// is waited for as one that answers nothing.
pub fn open(place: &Place, last: Option<&(i64, Vec<u8>)>) -> Result<Link, NoConnection> {
    let mut pause = Pause::new(place);
    let mut attempt = 1;
    loop {
        let opened = route::open(&place.address, &place.keys).and_then(|mut link| {
            if let Some(last) = last {
                link.end_lock_of(&place.keys, last)?;
            }
            Ok(link)
        });
        match opened {
            Err(NoConnection::Lost(Cause::Closed | Cause::System(_)) | NoConnection::HungUp(_)) if attempt < OPENS => {
                std::thread::sleep(LONGEST_PAUSE.min(PAUSE * 2_u32.pow(attempt)));
                attempt += 1;
            }
            Err(error) if error.may_pass() && pause.wait() => {}
            opened => return opened,
        }
    }
}
