//! Help for tests: a server of a test's own, and a network with faults.

#[cfg(feature = "testing-tls")]
mod certificates;
mod proxy;
mod redis;

#[cfg(feature = "testing-tls")]
pub use certificates::{Authority, Certificate, EncryptedRedis, Validity};
pub use proxy::{Faults, Proxy};
pub use redis::Redis;
