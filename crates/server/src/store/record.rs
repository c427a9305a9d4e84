//! A server keeps the number and the answer of the last request of a process: one that is sent again is not done twice, as long as that is there.

use crate::batch::Word;
use crate::failure::Cause;
use std::time::{Duration, Instant, SystemTime};

/// The time that a request may lie in a network, or at a server that is stopped, after it was sent for the last time.
const SLACK: Duration = Duration::from_secs(60);
/// For so many time-outs a request is sent again: each attempt has one, and so has each connection that is opened for one.
const TIMEOUTS: u32 = 4;

/// How long such records are kept.
#[derive(Debug)]
pub struct Records {
    /// In milliseconds, as scripts are told.
    pub life: String,
    /// The time after which nothing is sent again.
    again: Duration,
}

impl Records {
    /// Of those who wait for so long for an answer.
    pub fn new(timeout: Duration) -> Self {
        let again = timeout * TIMEOUTS + SLACK;
        Self { life: (again + SLACK).as_millis().to_string(), again }
    }

    /// Whether a request of which the fate is not known can be sent again: its record would be there.
    pub fn last_for(&self, doubt: &Doubt) -> bool {
        doubt.first.elapsed() <= self.again
    }
}

/// The place of the wishes among the words of a request to `change.lua`, and the one for the answer to be noted also where it says that nothing was done: should
/// the same request have been sent before, and arrive later, it is not to find that it can be done by then.
const WISHES: usize = 3;
const NOTED: &[u8] = b"a";

/// The words of a request that is sent again.
pub fn again<'w>(words: &[Word<'w>]) -> Vec<Word<'w>> {
    let mut words = words.to_vec();
    // (The others are one word, or none.)
    words[WISHES] = Word::new(NOTED, words[WISHES].head);
    words
}

/// The moment at which a request was sent for the first time, or before that.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// Stands still while the machine sleeps.
    at: Instant,
    /// May be set.
    by_clock: SystemTime,
}

impl Sent {
    /// It is about to be sent.
    pub fn now() -> Self {
        Self { at: Instant::now(), by_clock: SystemTime::now() }
    }

    fn elapsed(self) -> Duration {
        self.at.elapsed().max(self.by_clock.elapsed().unwrap_or_default())
    }
}

/// A request of which it is not known whether the server has run it.
#[derive(Debug)]
pub struct Doubt {
    pub cause: Cause,
    /// The history of the server's data.
    pub history: Vec<u8>,
    pub first: Sent,
}

#[cfg(test)]
mod tests {
    use super::super::error::ErrorKind;
    use super::super::inner::{Outcome, Sending};
    use super::super::layout::Key;
    use super::super::script::Script;
    use super::super::{ServerStore, ServerVersion};
    use super::*;
    use crate::message::Value;
    use crate::testing::Redis;
    use sync_backend::Backend;

    /// Sends a change of nothing again, which was sent first so long ago.
    fn send_again(store: &ServerStore, ago: Duration) -> Outcome<Value> {
        let mut inner = store.space.inner();
        let (place, process) = (&**store.space, inner.process.clone());
        let first = Sent { at: Instant::now(), by_clock: SystemTime::now() - ago };
        let doubt = Doubt { cause: Cause::Closed, history: inner.history.clone(), first };
        let words = [b"9", &b""[..], place.keys.start(), b"", &process, place.records.life.as_bytes()];
        let own = [Key::Lock, Key::Life].map(|key| place.keys.kind(key));
        inner.run(place, Script::Change, &own, &words.map(Into::into), Sending::Again(first, Some(doubt)))
    }

    #[test]
    fn a_request_is_not_sent_again_once_its_record_may_be_gone() {
        let redis = Redis::start(&[]);
        let store = ServerStore::new(&redis.address("", "?timeout=30"), || 0);
        store.put(b"n", &[0], &mut ServerVersion::default()).unwrap();
        send_again(&store, Duration::from_secs(120)).unwrap();
        let late = send_again(&store, Duration::from_secs(200));
        assert!(matches!(late, Err(ErrorKind::NotKnown(_))), "{late:?}");
    }
}
