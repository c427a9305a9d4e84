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
