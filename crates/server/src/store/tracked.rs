//! A look, now and then, at the table in which a server notes of whose reads it is to tell: one that is full forgets some, and says so, but not to the
//! connection whose own request has filled it (that has asked not to be told of what it does itself). What such a process has read would
//! be the newest to it for ever. So it asks for everything while the table is nearly full, as with `?cache=0`.

use crate::batch::Batch;
use crate::message::Value;
use crate::refusal::Refusal;
use std::time::{Duration, Instant};
use sync_backend::Now;

/// The time between two looks, in milliseconds: so long may a change remain untold where the table has become full.
const BETWEEN: u64 = 1_000;
/// The number of keys in the table of a server that does not say how many it may have (`tracking-table-max-keys`).
const USUAL: u64 = 1_000_000;

/// When the table is to be looked at.
#[derive(Debug, Default)]
pub struct Tracked {
    /// Whether something was asked for since the last look: only one's own requests can lose something.
    has_asked: bool,
    /// The last look, by the clock and by the time that has passed: a clock that was set back stands still for as long.
    looked: u64,
    looked_at: Option<Instant>,
    /// The number of keys that it may have, as the server has said it last.
    most: Option<u64>,
    /// Whether the server never says that to this user.
    is_refused: bool,
}

/// The outcome of a look.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whether the table is nearly full.
    pub is_full: bool,
    /// Whether it may have been so since the look before: it may have another number of keys now.
    pub was_another: bool,
}

impl Tracked {
    /// Something is asked for.
    pub fn asks(&mut self) {
        self.has_asked = true;
    }

    /// Whether a look is due; `always`: also where nothing was asked for since the last one.
    #[inline]
    pub fn is_due(&self, always: bool) -> bool {
        (self.has_asked || always)
            && (Now::read().milliseconds().abs_diff(self.looked) >= BETWEEN
                || self.looked_at.is_some_and(|looked| looked.elapsed() >= Duration::from_millis(BETWEEN)))
    }

    /// The questions of a look that begins now. `None`: it is the first, and asks nothing, as most processes end soon.
    pub fn questions(&mut self) -> Option<Batch<'static>> {
        let is_first = self.looked == 0;
        self.looked = Now::read().milliseconds();
        self.looked_at = Some(Instant::now());
        if is_first {
            return None;
        }
        let mut batch = Batch::new();
        batch.add(&[b"INFO", b"stats"]);
        // (Each time: somebody may change it.)
        if !self.is_refused {
            batch.add(&[b"CONFIG", b"GET", b"tracking-table-max-keys"]);
        }
        Some(batch)
    }

    /// The table, by the answers to the questions; `is_full`: it was nearly full by the last look. `None`: they say nothing, and it is to be believed what was. (A
    /// user that may not ask is taken for one of a server that tells of everything.)
    pub fn look(&mut self, answers: &[Result<Value, Refusal>], is_full: bool) -> Option<Seen> {
        let [Ok(info), config @ ..] = answers else { return None };
        let said = match config {
            [Err(refusal), ..] if refusal.may_pass() => return None,
            [Err(refusal), ..] => {
                self.is_refused = refusal.is_for_good();
                self.most
            }
            [Ok(config), ..] => config.get("tracking-table-max-keys").and_then(Value::number),
            [] => self.most,
        };
        let was_another = self.most.is_some() && said != self.most;
        self.most = said;
        let most = said.unwrap_or(USUAL);
        let keys = number(info, "tracking_total_keys").unwrap_or(0);
        // (The two are apart from each other, so that it does not go to and fro.)
        let is_full = most != 0 && keys >= if is_full { most - most / 4 } else { most - most / 8 };
        self.has_asked = is_full;
        Some(Seen { is_full, was_another })
    }
}

/// The number behind a name, in an answer to `INFO`.
fn number(info: &Value, name: &str) -> Option<u64> {
    let text = std::str::from_utf8(info.text()?).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(keys: u64) -> Result<Value, Refusal> {
        Ok(Value::Text(format!("# Stats\r\ntracking_total_keys:{keys}\r\n").into_bytes()))
    }

    fn most(most: u64) -> Result<Value, Refusal> {
        let text = |text: &str| Value::Text(text.as_bytes().to_vec());
        Ok(Value::Map(vec![(text("tracking-table-max-keys"), text(&most.to_string()))]))
    }

    fn refused(text: &str) -> Result<Value, Refusal> {
        Err(Refusal::read(text.as_bytes()))
    }

    /// The number of questions of the next look.
    fn questions(tracked: &mut Tracked) -> usize {
        tracked.looked = 1;
        tracked.questions().expect("it is not the first").len()
    }

    #[test]
    fn what_says_nothing_leaves_the_belief_as_it_was() {
        let mut tracked = Tracked::default();
        assert_eq!(tracked.look(&[keys(99), most(100)], false), Some(Seen { is_full: true, was_another: false }));
        for refusal in ["BUSY Redis is busy", "LOADING Redis is loading", "NOPERM no", "ERR unknown command 'INFO'"] {
            tracked.has_asked = true;
            assert_eq!(tracked.look(&[refused(refusal), refused(refusal)], true), None);
            assert!(tracked.has_asked, "the next look asks again");
        }
        assert_eq!(tracked.look(&[keys(1), refused("BUSY Redis is busy")], true), None);
        assert_eq!(questions(&mut tracked), 2, "it passes");
        let full = Some(Seen { is_full: true, was_another: false });
        assert_eq!(tracked.look(&[keys(99), refused("ERR something else")], true), full);
        assert_eq!(questions(&mut tracked), 2, "it may pass");
        for refusal in ["NOPERM this user has no permissions", "ERR unknown command 'CONFIG'"] {
            let mut tracked = Tracked::default();
            let usual = Some(Seen { is_full: false, was_another: false });
            assert_eq!(tracked.look(&[keys(99), refused(refusal)], false), usual);
            assert_eq!(questions(&mut tracked), 1, "{refusal}");
        }
    }

    #[test]
    fn a_table_that_may_have_another_number_of_keys_was_another() {
        let mut tracked = Tracked::default();
        for (number, was_another) in [(100, false), (100, false), (1_000, true), (1_000, false), (0, true)] {
            let seen = Some(Seen { is_full: false, was_another });
            assert_eq!(tracked.look(&[keys(10), most(number)], false), seen, "{number}");
        }
    }
}
