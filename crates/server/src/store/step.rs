//! Changes, as they are sent to the server, and what comes of them.

use crate::message::Value;

/// A change of one name, of those that a script makes at one moment.
#[derive(Debug, Default, Clone)]
pub struct Step<'a> {
    /// `put`, `append`, `next`, `remove`, `touch`, `clear`, `keep` or `finish`.
    pub kind: &'static str,
    pub name: &'a [u8],
    /// The mark of the value that is to be there; `!`: none is to be; empty: any may be.
    pub mark: &'a [u8],
    /// Its stored length.
    pub length: u64,
    pub bytes: &'a [u8],
    pub note: Option<i64>,
    /// When the value expires, by the server's clock; 0: never.
    pub due: u64,
    /// `a`: the name goes to the end of the order. `n`: it is a number. `k`: it expires when the value before it did.
    pub flags: &'static str,
    /// Of a put: the value as digits, where that is what it is. Of a `next`: the least number.
    pub more: String,
}

impl Step<'_> {
    /// Whether it is about the value of its name.
    pub fn is_of_value(&self) -> bool {
        !matches!(self.kind, "next" | "clear" | "keep" | "finish")
    }
}

/// The outcome of changes.
#[derive(Debug)]
pub enum Changed {
    /// They have been made: under this number (0: no value has changed), with a result for each step.
    Done(u64, Vec<Value>),
    /// There is no store, and none was made.
    NoStore,
    /// None has: a value is not as was believed.
    Differs,
}
