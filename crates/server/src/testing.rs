//! Help for tests: a server of a test's own, several that belong together, and a network with faults.

#[cfg(feature = "testing-tls")]
mod certificates;
mod cluster;
mod proxy;
mod redis;
mod watched;

#[cfg(feature = "testing-tls")]
pub use certificates::{Authority, Certificate, EncryptedRedis, Validity};
pub use cluster::Cluster;
pub use proxy::{Faults, Proxy};
pub use redis::{Ending, Redis, until};
pub use watched::Watched;
