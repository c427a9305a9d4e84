//! Help for tests: of this crate, and of those that are built upon it. Behind the feature `testing`, which no build for
//! users has.

mod chance;
mod content;
mod disk;
mod path;
mod process;

pub use super::machine::draw_identities_from;
pub use chance::Random;
pub use content::{
    assert_in_proportion, assert_sound, entries, entries_of, get, is_in_proportion, put, uses_in_proportion,
};
pub use disk::SmallDisk;
pub use path::TemporaryPath;
pub use process::{Child, as_a_reader, become_a_reader, fork, in_child, shared, shared_memory, until};
