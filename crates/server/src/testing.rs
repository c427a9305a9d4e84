//! Help for tests: a server of a test's own, several that belong together, and a network with faults.

use super::store::{ServerError, ServerStore, ServerVersion};
use sync_backend::{Backend, Found};

#[cfg(feature = "testing-tls")]
mod certificates;
mod cluster;
mod proxy;
mod redis;
mod steps;
mod watched;

#[cfg(feature = "testing-tls")]
pub use certificates::{Authority, Certificate, EncryptedRedis, Validity};
pub use cluster::Cluster;
pub use proxy::{Faults, Proxy};
pub use redis::{Encryption, Ending, Redis, until};
pub use steps::Steps;
pub use watched::Watched;

/// Reads a value, as somebody who has not seen it.
pub fn read(store: &ServerStore, key: &[u8]) -> Result<Option<Vec<u8>>, ServerError> {
    let (mut version, mut bytes) = (ServerVersion::default(), Vec::new());
    Ok(match store.retry(|store| store.get(key, &mut version, &mut bytes))? {
        Found::Missing => None,
        Found::Value => Some(bytes),
        found => panic!("{found:?}"),
    })
}

/// Stores a value, whatever was there.
pub fn put(store: &ServerStore, key: &[u8], value: &[u8]) -> ServerVersion {
    let mut version = ServerVersion::default();
    store.retry(|store| store.put(key, value, &mut version)).unwrap();
    version
}
