//! The state that each thread that runs PHP has of its own.

use std::cell::{Cell, UnsafeCell};

use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ModuleGlobal, ModuleGlobals};

use super::buffers::Buffers;
use super::cache::Caches;
use super::paths::Paths;
use super::provenance::Showing;
use super::servers::Logins;

/// The state of one thread.
#[derive(Default)]
pub struct Globals {
    pub buffers: Buffers,
    /// The values that were decoded before.
    pub caches: Caches,
    /// The value that the engine operates on for `$sync->n += 1`.
    pub scratch: UnsafeCell<Zval>,
    /// The Sync objects whose values are being read to show them as a whole.
    pub showing: Showing,
    /// The paths that were found out within this tick of the clock.
    pub paths: Paths,
    /// The servers to which this request's program has logged in.
    pub logins: Logins,
    /// Functions of this thread's table announce what they change ([`super::announced`]).
    pub announces: Cell<bool>,
    /// The thread has its rights for good ([`super::rights`]).
    pub has_final_rights: Cell<bool>,
}

impl ModuleGlobal for Globals {}

/// This thread's [`Globals`].
pub static GLOBALS: ModuleGlobals<Globals> = ModuleGlobals::new();
