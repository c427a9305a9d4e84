//! Sync: one object, shared by PHP programs that know nothing of each other.

mod php;
