//! A shared, ordered map from key to bytes, in one file. There is no PHP in here.
//!
//! [`Store`] is the face. Behind it: `file` opens and maps ([`map`](self) survives files cut short),
//! `lock` serialises writers, `hold` is `lock()`, `named` are the locks with names, `log` appends and cleans, `index` finds, `space` manages blocks,
//! `read` reads without any lock, `recover` follows a death. `docs/design.md` tells why it is so,
//! `docs/format.md` what the bytes are.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("Sync needs Linux on a 64-bit machine: it relies on futexes, OFD locks and a large address space");

mod adopt;
mod backend;
mod block_table;
mod body;
mod byte_lock;
mod changes;
pub mod check;
mod claim;
mod clock;
mod crc;
mod diagnosis;
mod eager;
mod error;
mod file;
mod file_system;
mod follow;
mod foreign;
mod format;
mod futex;
mod header;
mod hold;
mod import;
mod index;
mod inode;
mod lease;
mod legacy;
mod line;
mod lock;
mod lock_table;
mod lock_word;
mod locking;
mod log;
mod look;
mod machine;
mod map;
mod marker;
#[cfg(not(feature = "loom"))]
mod memory;
#[cfg(feature = "loom")]
pub mod memory;
mod named;
mod notes;
mod number;
mod open;
mod opening;
mod options;
mod own_items;
mod own_locks;
mod pages;
mod read;
mod rebuild;
mod recover;
mod reference;
mod registry;
mod runs;
mod session;
mod sigbus;
mod size_limit;
mod space;
mod stats;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
#[cfg(not(feature = "torture"))]
mod torture;
#[cfg(feature = "torture")]
pub mod torture;
mod version;
mod view;
mod wait;
mod waiting;
mod watch;
mod watchers;
mod watching;
mod writer;

pub use clock::Moment;
pub use error::{Error, ErrorKind, Refused, Result};
pub use file_system::FileSystems;
pub use format::VERSION as FORMAT_VERSION;
pub use options::{Durability, Options};
pub use read::{Consumption, Sight, WithItems};
pub use registry::{close_idle, open_files, set_idle_limit};
pub use session::WriterHold;
pub use store::Store;
pub use sync_backend::{
    Appended, Change, Connected, Entry, Expiry, Found, Held, HeldLock, LockName, LockSpace, Now, Occupied, PEEK,
    Patience, Peeked, Places, Room, Shifted, Since, Snapshot, Standing, Stats, Stored, Taken, Taking, Unread, Waiting,
    Wanted,
};
pub use version::{OTHER_WORDS, Version};
pub use wait::Waiter;
pub use waiting::Watch;
