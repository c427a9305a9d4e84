//! How a store is opened, and the durability it promises.

use super::file_system::FileSystems;

/// The promise of an operation that has returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Survives any crash of processes.
    #[default]
    None,
    /// Survives power loss: what returned is on the disk. Belongs to the file: as soon as one store
    /// asks for it, all who write to the file do so.
    Commit,
}

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Permission bits of a file that is created (the umask applies).
    pub file_mode: u32,
    /// The promise of writes through this store.
    pub durability: Durability,
    /// Tells which one runs of the fibers that take turns in this thread (PHP's fibers): each has
    /// changes of its own ([`Store::lock_writers`](super::Store::lock_writers)).
    pub fiber: fn() -> usize,
    /// On which file systems it may lie.
    pub file_systems: FileSystems,
    /// The file is opened to be read, even where it might be written to: nothing of it is changed, no lock is taken, and no program
    /// waits for this store. Writes are refused. Reads of everything at one moment wait for a pause of those who write.
    pub read_only: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            file_mode: 0o666,
            durability: Durability::None,
            fiber: || 0,
            file_systems: FileSystems::default(),
            read_only: false,
        }
    }
}
