//! Stores on a server, which is Redis or Valkey: without any PHP, for the extension and for the command.
//!
//! [`Address`] is the store's name, as a program writes it.

#![forbid(unsafe_code)]

mod address;
mod secret;

pub use address::{Address, AddressError, Host, Place, Server};
pub use secret::Secret;
