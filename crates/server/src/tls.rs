//! Encrypted connections, by rustls: a session over a socket, and the files that it needs.

mod config;
mod encrypted;

pub(crate) use config::config;
pub(crate) use encrypted::Encrypted;
