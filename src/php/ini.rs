//! Settings.

use super::value::Policy;
use crate::store::Durability;

/// `sync.file_mode`: permission bits of new files.
pub fn file_mode() -> u32 {
    0o666
}

/// `sync.durability`: what "it returned" promises.
pub fn durability() -> Durability {
    Durability::None
}

/// `sync.allowed_classes`: which classes values may contain.
pub fn policy() -> Policy {
    Policy::default()
}
