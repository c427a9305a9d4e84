//! Help for tests: a server of a test's own, and a network with faults.

mod proxy;
mod redis;

pub use proxy::{Faults, Proxy};
pub use redis::Redis;
