//! The log: appending a record, publishing it, letting the index know; and the cleaner.
//!
//! A change goes through four steps, each of which a process that takes over from a dead owner can finish
//! or ignore:
//!
//! 1. *append*: the record lies behind the log's end, where nobody looks;
//! 2. *publish*: one store of `commit`. Before it nothing has happened, after it everything;
//! 3. *apply*: the index names the record, the one it supersedes is marked dead and counted;
//! 4. *mark indexed*: `indexed` catches up with `commit`, the tail moves on.

pub mod append;
pub mod batch;
pub mod compact;
pub mod consume;
pub mod expire;
pub mod list;
pub mod pieces;
pub mod queue;
pub mod record;
pub mod replace;
pub mod replay;
pub mod segments;
pub mod unindexed;
pub mod values;
