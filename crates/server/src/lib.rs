//! Stores on a server, which is Redis or Valkey: without any PHP, for the extension and for the command.
//!
//! [`Address`] is the store's name, as a program writes it. [`Connection`] is one to a server: [`Connection::ask`] sends a request
//! and waits for its answer, and [`Connection::look`] takes what the server has said meanwhile.

#![forbid(unsafe_code)]

mod address;
mod batch;
mod connection;
mod extent;
mod failure;
mod inbox;
mod message;
mod refusal;
mod secret;
mod socket;
mod store;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tls")]
mod tls;

pub use address::{Address, AddressError, Host, Place, Server, TlsFiles};
pub use batch::{Batch, Word};
pub use connection::{Connection, Endpoint, Greeting};
pub use extent::Malformed;
pub use failure::{Cause, Delivery, Failure, Lost, NoConnection, TlsFailure};
pub use message::{Message, Push, Value};
pub use refusal::{Node, Reason, Refusal};
pub use secret::Secret;
pub use store::{
    ChangedName, Changes, ErrorKind, SeenName, ServerError, ServerStore, ServerVersion, ServerWaiter, ServerWatch,
    ServerWriterHold,
};

/// Whether this build can encrypt connections (`rediss://`).
pub const HAS_TLS: bool = cfg!(feature = "tls");
