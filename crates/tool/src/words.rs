//! Numbers and facts, in words for people.

use std::time::{SystemTime, UNIX_EPOCH};

use sync_backend::{Expiry, HeldLock, Now};

use crate::printable::Printable;

/// A name within a text for people, who would not see an empty one: that is shown as no other name is, and as `--escaped` takes it.
pub fn name(name: &[u8]) -> String {
    if name.is_empty() { "\\&".into() } else { Printable(name).to_string() }
}

/// The name of a lock.
pub fn lock_name(lock: &HeldLock) -> String {
    lock.name.as_ref().map_or("the whole object".into(), |name| format!("\"{}\"", Printable(name)))
}

/// A process.
pub fn process(pid: Option<u32>) -> String {
    pid.map_or("a process of another container".into(), |pid| format!("process {pid}"))
}

/// The time since something began, which is told in nanoseconds since 1970.
pub fn since(nanoseconds: u64) -> String {
    match nanoseconds {
        0 => "since an unknown time".into(),
        _ => format!("for {}", age(nanoseconds)),
    }
}

/// As [`since`], in as few words as possible.
pub fn age(nanoseconds: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as u64);
    match nanoseconds {
        0 => "?".into(),
        _ => seconds(now.saturating_sub(nanoseconds) as f64 / 1e9),
    }
}

/// A time in seconds.
pub fn seconds(seconds: f64) -> String {
    match seconds {
        ..100.0 => format!("{seconds:.1} s"),
        ..6_000.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.0} h", seconds / 3_600.0),
        _ => format!("{:.0} days", seconds / 86_400.0),
    }
}

/// The seconds until something expires, as a number.
pub fn seconds_left(expiry: Option<Expiry>) -> Option<f64> {
    expiry.map(|expiry| expiry.left(Now::read()).as_secs_f64())
}

/// A number of bytes.
pub fn bytes(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}

/// So many of something.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", indicatif::HumanCount(number), if number == 1 { one } else { many })
}
