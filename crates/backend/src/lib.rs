//! The seam between the users of a shared, ordered map and the store behind it, be that a file or a server.
//!
//! [`Backend`] is the trait. It knows no PHP, no file and no connection: an address is bytes, a [`Backend::Version`]
//! is opaque, and a value that was left in the store ([`Unread`]) is found again by words of the store's own.

mod backend;
mod change;
mod expiry;
pub mod list;
mod locks;
pub mod number;
pub mod opening;
mod outcome;
mod overlay;
mod room;
mod selection;
mod snapshot;
mod spare;
mod stats;
#[cfg(feature = "testing")]
pub mod testing;
mod transactional;
mod wait;
mod wanted;

pub use backend::Backend;
pub use change::Change;
#[cfg(feature = "testing")]
pub use expiry::testing as clock;
pub use expiry::{Expiry, Now};
pub use locks::{LockName, LockSpace, Occupied, Taking};
pub use outcome::{
    Appended, BackendError, Found, PEEK, Peeked, Remedy, Rewrite, Shifted, Standing, Taken, list_note, listed,
};
pub use overlay::Overlay;
pub use room::{Places, Room};
pub use selection::{Content, Facts, Selection};
pub use snapshot::{Entry, Snapshot, Stored, Unread};
pub use spare::Spare;
pub use stats::{Connected, Consumer, HeldLock, Stats};
pub use transactional::{Committed, Surroundings, Transactional};
pub use wait::{Held, Patience, Waiting};
pub use wanted::{Since, Wanted};
