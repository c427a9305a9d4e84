//! A look, now and then, at the table in which a server notes of whose reads it is to tell: one that is full forgets some, and says so, but not to the
//! connection whose own request has filled it (that has asked not to be told of what it does itself). What such a process has read would
//! be the newest to it for ever. So it asks for everything while the table is nearly full, as with `?cache=0`.

use crate::batch::Batch;
use crate::message::Value;
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
    looked: u64,
    /// Whether the server refuses to say how many keys it may have.
    is_refused: bool,
}

impl Tracked {
    /// Something is asked for.
    pub fn asks(&mut self) {
        self.has_asked = true;
    }

    #[inline]
    pub fn is_due(&self) -> bool {
        self.has_asked && Now::read().milliseconds().abs_diff(self.looked) >= BETWEEN
    }

    /// The questions of a look that begins now. `None`: it is the first, and asks nothing, as most processes end soon.
    pub fn questions(&mut self) -> Option<Batch<'static>> {
        let is_first = self.looked == 0;
        self.looked = Now::read().milliseconds();
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

    /// Whether the table is nearly full, by the answers to the questions; `is_full`: it was by the last look. (A user that may not ask is taken for one of a
    /// server that tells of everything.)
    pub fn look(&mut self, answers: &[Value], is_full: bool) -> bool {
        let most = answers.get(1).and_then(|config| config.get("tracking-table-max-keys")).and_then(Value::number);
        self.is_refused = most.is_none();
        let most = most.unwrap_or(USUAL);
        let keys = answers.first().and_then(|info| number(info, "tracking_total_keys")).unwrap_or(0);
        // (The two are apart from each other, so that it does not go to and fro.)
        let is_full = most != 0 && keys >= if is_full { most - most / 4 } else { most - most / 8 };
        self.has_asked = is_full;
        is_full
    }
}

/// The number behind a name, in an answer to `INFO`.
fn number(info: &Value, name: &str) -> Option<u64> {
    let text = std::str::from_utf8(info.text()?).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok())
}
