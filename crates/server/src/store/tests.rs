//! The tests that every store has to pass, on a server of their own.

use super::ServerStore;
use crate::testing::Redis;
use sync_backend::testing::Fixture;

/// A store on a server.
struct Place {
    redis: Redis,
}

impl Fixture for Place {
    type Store = ServerStore;

    fn new() -> Self {
        Self { redis: Redis::start(&[]) }
    }

    fn handle(&self) -> ServerStore {
        ServerStore::new(&self.redis.address("", ""), || 0)
    }
}

sync_backend::backend_tests!(Place);

/// The same, over encrypted connections.
#[cfg(feature = "tls")]
mod encrypted {
    use super::super::ServerStore;
    use crate::testing::{Authority, EncryptedRedis, Validity};
    use sync_backend::testing::Fixture;

    /// A store on a server.
    struct Place {
        authority: Authority,
        server: EncryptedRedis,
    }

    impl Fixture for Place {
        type Store = ServerStore;

        fn new() -> Self {
            let authority = Authority::new();
            let certificate = authority.certify("server", &["localhost"], Validity::Now);
            let server = EncryptedRedis::start(&authority, &certificate, &[]);
            Self { authority, server }
        }

        fn handle(&self) -> ServerStore {
            let address = self.server.address("localhost", &format!("?ca={}", self.authority.ca().display()));
            ServerStore::new(&address, || 0)
        }
    }

    sync_backend::backend_tests!(Place);
}
