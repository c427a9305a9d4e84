//! The question whether another connection of the server stands, for users who may not list the connections.
//!
//! A server that is asked to redirect invalidations (`CLIENT TRACKING ON REDIRECT`), which every user of a store may ask, first looks for the
//! connection to which they are to go. Behind its number stands a word that is no option, so that nothing is ever redirected: the refusal tells.

use crate::message::Value;
use crate::refusal::Refusal;

/// The number of no connection.
pub const NOBODY: i64 = i64::MAX;

/// The words that ask whether a connection stands.
pub fn probe(client: &[u8]) -> [&[u8]; 6] {
    [b"CLIENT", b"TRACKING", b"ON", b"REDIRECT", client, b"?"]
}

/// Whether the answer is that of a connection which does not stand.
pub fn is_gone(answer: &Result<Value, Refusal>) -> bool {
    matches!(answer, Err(refusal) if refusal.text.contains("does not exist"))
}
