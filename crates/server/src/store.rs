//! Stores on a server, behind the seam.

mod backend;
mod cache;
mod changing;
mod checkup;
mod consuming;
mod entries;
mod error;
mod handle;
mod holds;
mod inner;
mod items;
mod layout;
mod link;
mod listing;
mod living;
mod lock;
mod mark;
mod name;
mod named;
mod notes;
mod opening;
mod order;
mod outside;
mod own;
mod place;
mod probe;
mod queue;
mod reading;
mod record;
mod remains;
mod route;
mod script;
mod settle;
mod space;
mod spaces;
mod step;
mod survey;
mod thread;
mod tracked;
mod values;
mod version;
mod watching;

pub use backend::ServerWaiter;
pub use error::{ErrorKind, ServerError};
pub use handle::ServerStore;
pub use notes::ServerWatch;
pub use own::ServerWriterHold;
pub use survey::{ChangedName, Changes, SeenName};
pub use version::ServerVersion;

#[cfg(test)]
mod tests;
